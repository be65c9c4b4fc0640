/* Journal frames, heads and audit records: whatever is read encodes again to the same octets. */
#include "audit/audit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OUT_MAX ((size_t)4 << 20)

static void same_again(const struct hf_der_type *type, const void *object, struct hf_bytes want)
{
	struct hf_buf out;

	hf_buf_init(&out, OUT_MAX);
	HF_ASSERT(hf_der_encode(type, object, &out, NULL));
	HF_ASSERT(hf_bytes_equal(hf_buf_bytes(&out), want));
	hf_buf_clear(&out);
}

static void record(struct hf_bytes in)
{
	struct hf_audit_record parsed;

	if (hf_der_decode(&hf_AuditRecord, in, &parsed, NULL))
		same_again(&hf_AuditRecord, &parsed, in);
}

static void frame(struct hf_bytes in)
{
	static const struct hf_journal journal = {"ca", HF_AUDIT_NAME};
	struct hf_journal_frame parsed;
	struct hf_bytes raw;

	if (!hf_journal_frame_decode(&journal, in, &parsed, NULL))
		return;
	same_again(&hf_JournalFrame, &parsed, in);
	while (hf_der_list_next_raw(&parsed.records, &raw))
		record(raw);
}

static void head(struct hf_bytes in)
{
	static const struct hf_journal journal = {"ca", HF_AUDIT_NAME};
	static const uint8_t pub[HF_SM2_POINT] = {1};
	struct hf_signed_head parsed;
	struct hf_journal_head inner;

	HF_ASSERT(!hf_journal_head_verify(&journal, in, pub, &inner, NULL));
	if (!hf_der_decode(&hf_SignedHead, in, &parsed, NULL))
		return;
	same_again(&hf_SignedHead, &parsed, in);
	if (hf_der_decode(&hf_JournalHead, parsed.head, &inner, NULL))
		same_again(&hf_JournalHead, &inner, parsed.head);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hf_bytes in = {data, size};

	frame(in);
	head(in);
	record(in);
	return 0;
}
