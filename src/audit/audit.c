#include "audit/audit.h"

#include "base/clock.h"
#include "base/hex.h"
#include "base/str.h"

#include <string.h>

static const struct hf_der_field record_fields[] = {
	HF_DER_FIELD(struct hf_audit_record, operationId, &hf_der_Utf8String),
	HF_DER_FIELD(struct hf_audit_record, operatorId, &hf_der_Utf8String),
	HF_DER_FIELD(struct hf_audit_record, role, &hf_der_Utf8String),
	HF_DER_FIELD(struct hf_audit_record, code, &hf_der_Small),
	HF_DER_FIELD(struct hf_audit_record, operation, &hf_der_Utf8String),
	HF_DER_FIELD(struct hf_audit_record, object, &hf_der_Utf8String),
	HF_DER_FIELD(struct hf_audit_record, serial, &hf_der_Integer, .tag = HF_DER_CTX(0), .flags = HF_DER_OPTIONAL),
	HF_DER_FIELD(struct hf_audit_record, startedAt, &hf_der_Small),
	HF_DER_FIELD(struct hf_audit_record, endedAt, &hf_der_Small),
	HF_DER_FIELD(struct hf_audit_record, result, &hf_der_Utf8String),
	HF_DER_FIELD(struct hf_audit_record, text, &hf_der_Utf8String),
	HF_DER_FIELD(struct hf_audit_record, call, &hf_der_OctetString, .tag = HF_DER_CTX(1), .flags = HF_DER_OPTIONAL),
	HF_DER_FIELD(
		struct hf_audit_record, signature, &hf_der_OctetString, .tag = HF_DER_CTX(2), .flags = HF_DER_OPTIONAL),
	HF_DER_FIELD(struct hf_audit_record, certificate, &hf_der_OctetString, .tag = HF_DER_CTX(3),
		.flags = HF_DER_OPTIONAL),
};
const struct hf_der_type hf_AuditRecord = HF_DER_SEQUENCE_TYPE("AuditRecord", struct hf_audit_record, record_fields);

static const struct {
	int64_t code;
	const char *name;
} codes[] = {
	{HF_AUDIT_SIGN_IN, "sign-in"},
	{HF_AUDIT_SIGN_OUT, "sign-out"},
	{HF_AUDIT_CREATE, "create"},
	{HF_AUDIT_DELETE, "delete"},
	{HF_AUDIT_MODIFY, "modify"},
	{HF_AUDIT_CHANGE_PASSWORD, "change-password"},
	{HF_AUDIT_AUTHORIZE, "authorize"},
	{HF_AUDIT_KEY_GENERATE, "key-generate"},
	{HF_AUDIT_KEY_DISPENSE, "key-dispense"},
	{HF_AUDIT_KEY_IMPORT, "key-import"},
	{HF_AUDIT_KEY_EXPORT, "key-export"},
	{HF_AUDIT_KEY_DIVIDE, "key-divide"},
	{HF_AUDIT_KEY_COMPOSE, "key-compose"},
	{HF_AUDIT_KEY_RENEW, "key-renew"},
	{HF_AUDIT_KEY_BACKUP, "key-backup"},
	{HF_AUDIT_KEY_RESTORE, "key-restore"},
	{HF_AUDIT_KEY_DESTROY, "key-destroy"},
	{HF_AUDIT_SYSTEM_INIT, "system-init"},
	{HF_AUDIT_SYSTEM_START, "system-start"},
	{HF_AUDIT_SYSTEM_SHUT, "system-shut"},
	{HF_AUDIT_SYSTEM_RESTART, "system-restart"},
	{HF_AUDIT_SYSTEM_QUERY, "system-query"},
	{HF_AUDIT_SYSTEM_BACKUP, "system-backup"},
	{HF_AUDIT_SYSTEM_RESTORE, "system-restore"},
};

const char *hf_audit_code_name(int64_t code)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].code == code)
			return codes[i].name;
	return "other";
}

/* Octets of the character at p by its first one; 1 for what cannot begin one. */
static size_t char_len(struct hf_bytes rest)
{
	size_t len = rest.p[0] >= 0xF0 ? 4 : rest.p[0] >= 0xE0 ? 3 : rest.p[0] >= 0xC0 ? 2 : 1;

	return len <= rest.len ? len : 1;
}

/* A copy of text, in out, that is a line of UTF-8 of at most HF_AUDIT_TEXT_MAX octets. */
static struct hf_bytes clean(struct hf_bytes text, uint8_t out[HF_AUDIT_TEXT_MAX])
{
	size_t n = 0;

	while (text.len > 0) {
		size_t len = char_len(text);
		bool good = hf_utf8_is_line((struct hf_bytes){text.p, len});

		if (!good)
			len = 1;
		if (n + len > HF_AUDIT_TEXT_MAX)
			break;
		if (good)
			memcpy(out + n, text.p, len);
		else
			out[n] = '?';
		n += len;
		text.p += len;
		text.len -= len;
	}
	return (struct hf_bytes){out, n};
}

bool hf_audit_add(struct hf_journal_batch *batch, const struct hf_audit_record *record, struct hf_err *err)
{
	struct hf_audit_record r = *record;
	struct hf_bytes *texts[] = {
		&r.operationId, &r.operatorId, &r.role, &r.operation, &r.object, &r.result, &r.text};
	uint8_t room[sizeof(texts) / sizeof(texts[0])][HF_AUDIT_TEXT_MAX];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		*texts[i] = clean(*texts[i], room[i]);
	return hf_journal_batch_add(batch, &hf_AuditRecord, &r, err);
}

void hf_audit_result(struct hf_audit_record *record, const struct hf_err *err)
{
	if (!err || err->code == HF_OK) {
		record->result = HF_BYTES_LIT("ok");
		return;
	}
	record->result = hf_bytes_str(hf_code_name(err->code));
	record->text = hf_bytes_str(err->text);
}

struct append {
	struct hf_journal journal;
	int64_t at;
	const struct hf_journal_batch *batch;
};

static bool append(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	const struct append *a = ctx;

	return hf_journal_append(tx, &a->journal, a->at, a->batch, NULL, err);
}

bool hf_audit_write(struct hf_store *store, const char *service, int64_t at, const struct hf_audit_record *record,
	struct hf_err *err)
{
	struct hf_journal_batch batch;
	struct append a = {{service, HF_AUDIT_NAME}, at, &batch};
	bool ok;

	hf_journal_batch_init(&batch);
	ok = hf_audit_add(&batch, record, err) && hf_store_write(store, append, &a, err);
	hf_journal_batch_clear(&batch);
	return ok;
}

bool hf_audit_decode(struct hf_bytes der, struct hf_audit_record *record, struct hf_err *err)
{
	return hf_der_decode(&hf_AuditRecord, der, record, err);
}

bool hf_audit_record_check(void *ctx, struct hf_bytes record, struct hf_err *err)
{
	struct hf_audit_record r;

	(void)ctx;
	return hf_audit_decode(record, &r, err);
}

static void put_text(struct hf_buf *out, const char *before, struct hf_bytes text)
{
	uint8_t room[HF_AUDIT_TEXT_MAX];

	if (text.len == 0)
		return;
	hf_buf_put_str(out, before);
	hf_buf_put_bytes(out, clean(text, room));
}

void hf_audit_print(int64_t number, const struct hf_audit_record *record, struct hf_buf *out)
{
	char started[HF_TIME_TEXT_MAX];

	hf_time_text(record->startedAt, true, started);
	hf_buf_printf(out, "%lld %s", (long long)number, started);
	put_text(out, " ", record->operatorId);
	put_text(out, "/", record->role);
	put_text(out, " ", record->operation);
	hf_buf_printf(out, " (%s)", hf_audit_code_name(record->code));
	put_text(out, " ", record->object);
	if (record->serial.p) {
		hf_buf_put_str(out, " serial ");
		hf_hex_put(out, record->serial);
	}
	hf_buf_printf(out, " %lldms", (long long)((record->endedAt - record->startedAt) / 1000));
	put_text(out, " ", record->result);
	put_text(out, ": ", record->text);
	put_text(out, " op=", record->operationId);
	hf_buf_put_str(out, record->signature.p ? " signed\n" : "\n");
}
