/* Revocation lists: whatever comes through the door prints, lints, and finds each serial that it lists. */
#include "x509/decode.h"
#include "x509/lint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hf_bytes in = {data, size};
	struct hf_crl_entry entry;
	struct hf_buf out;
	struct hf_crl crl;
	struct hf_err err;

	if (size > (1 << 16) || (!hf_decode_crl(in, &crl, &err) && !hf_decode_tbs_crl(in, &crl, &err)))
		return 0;
	hf_buf_init(&out, 1 << 22);
	hf_crl_print(&crl, &out);
	(void)!hf_lint_crl(&crl, NULL, &err);
	struct hf_der_list rest = crl.tbs.revokedCertificates;
	for (unsigned i = 0; i < 16 && hf_crl_next(&rest, &entry); i++)
		HF_ASSERT(hf_crl_find(&crl, entry.serial, NULL));
	hf_buf_clear(&out);
	return 0;
}
