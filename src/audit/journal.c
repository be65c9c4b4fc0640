#include "audit/journal.h"

#include "base/str.h"

#include <string.h>

#define VERSION 1

static const struct hf_der_type records_type = HF_DER_OF_TYPE("SEQUENCE OF ANY", HF_DER_SEQUENCE_OF, &hf_der_Any, 1);

static const struct hf_der_field frame_fields[] = {
	HF_DER_FIELD(struct hf_journal_frame, version, &hf_der_Small),
	HF_DER_FIELD(struct hf_journal_frame, service, &hf_der_Utf8String),
	HF_DER_FIELD(struct hf_journal_frame, name, &hf_der_Utf8String),
	HF_DER_FIELD(struct hf_journal_frame, number, &hf_der_Small),
	HF_DER_FIELD(struct hf_journal_frame, at, &hf_der_Small),
	HF_DER_FIELD(struct hf_journal_frame, previous, &hf_der_OctetString),
	HF_DER_FIELD(struct hf_journal_frame, records, &records_type),
};
const struct hf_der_type hf_JournalFrame = HF_DER_SEQUENCE_TYPE("JournalFrame", struct hf_journal_frame, frame_fields);

static const struct hf_der_field head_fields[] = {
	HF_DER_FIELD(struct hf_journal_head, version, &hf_der_Small),
	HF_DER_FIELD(struct hf_journal_head, service, &hf_der_Utf8String),
	HF_DER_FIELD(struct hf_journal_head, name, &hf_der_Utf8String),
	HF_DER_FIELD(struct hf_journal_head, number, &hf_der_Small),
	HF_DER_FIELD(struct hf_journal_head, hash, &hf_der_OctetString),
	HF_DER_FIELD(struct hf_journal_head, at, &hf_der_Small),
};
const struct hf_der_type hf_JournalHead = HF_DER_SEQUENCE_TYPE("JournalHead", struct hf_journal_head, head_fields);

static const struct hf_der_field signed_head_fields[] = {
	HF_DER_FIELD(struct hf_signed_head, head, &hf_der_Any),
	HF_DER_FIELD(struct hf_signed_head, signer, &hf_der_OctetString),
	HF_DER_FIELD(struct hf_signed_head, signature, &hf_der_OctetString),
};
const struct hf_der_type hf_SignedHead = HF_DER_SEQUENCE_TYPE("SignedHead", struct hf_signed_head, signed_head_fields);

void hf_journal_batch_init(struct hf_journal_batch *batch)
{
	hf_buf_init(&batch->content, HF_JOURNAL_BATCH_MAX);
	batch->num = 0;
}

void hf_journal_batch_clear(struct hf_journal_batch *batch)
{
	hf_buf_clear(&batch->content);
	batch->num = 0;
}

void hf_journal_batch_reset(struct hf_journal_batch *batch)
{
	hf_buf_reset(&batch->content);
	batch->num = 0;
}

bool hf_journal_batch_add(
	struct hf_journal_batch *batch, const struct hf_der_type *type, const void *record, struct hf_err *err)
{
	if (!hf_der_list_add(&batch->content, type, record, err)) {
		batch->content.failed = true;
		return hf_fail_in(err, "record %zu of the batch", batch->num + 1);
	}
	batch->num++;
	return true;
}

bool hf_journal_last(struct hf_tx *tx, const struct hf_journal *journal, int64_t *number, uint8_t hash[HF_SM3_LEN],
	struct hf_err *err)
{
	struct hf_query *q =
		hf_query(tx, "SELECT number, hash FROM journal WHERE name = ? ORDER BY number DESC LIMIT 1");
	bool row, ok;

	*number = 0;
	memset(hash, 0, HF_SM3_LEN);
	hf_query_text(q, journal->name);
	ok = hf_query_next(q, &row, err);
	if (ok && row) {
		*number = hf_query_col_i64(q, 0);
		ok = hf_query_col_octets(q, 1, hash, HF_SM3_LEN, err);
	}
	hf_query_done(q);
	return ok;
}

static bool row_insert(
	struct hf_tx *tx, const struct hf_journal *journal, const struct hf_journal_row *row, struct hf_err *err)
{
	struct hf_query *q =
		hf_query(tx, "INSERT INTO journal (name, number, at, previous, hash, frame) VALUES (?, ?, ?, ?, ?, ?)");

	hf_query_text(q, journal->name);
	hf_query_i64(q, row->number);
	hf_query_i64(q, row->at);
	hf_query_bytes(q, row->previous);
	hf_query_bytes(q, row->hash);
	hf_query_bytes(q, row->frame);
	return hf_query_run(q, NULL, err);
}

static bool frame_append(
	struct hf_tx *tx, const struct hf_journal *journal, const struct hf_journal_frame *frame, struct hf_err *err)
{
	struct hf_journal_row row = {.number = frame->number, .at = frame->at, .previous = frame->previous};
	uint8_t hash[HF_SM3_LEN];
	struct hf_buf der;
	bool ok;

	hf_buf_init(&der, HF_JOURNAL_BATCH_MAX + 1024);
	ok = hf_der_encode(&hf_JournalFrame, frame, &der, err);
	if (ok) {
		row.frame = hf_buf_bytes(&der);
		hf_sm3(row.frame, hash);
		row.hash = HF_BYTES_OF(hash);
		ok = row_insert(tx, journal, &row, err);
	}
	hf_buf_clear(&der);
	return ok;
}

bool hf_journal_append(struct hf_tx *tx, const struct hf_journal *journal, int64_t at,
	const struct hf_journal_batch *batch, int64_t *number, struct hf_err *err)
{
	struct hf_journal_frame frame = {.version = VERSION, .at = at};
	uint8_t previous[HF_SM3_LEN];

	if (!hf_buf_ok(&batch->content))
		return hf_fail(err, HF_E_INTERNAL,
			"journal %s: a record of the batch could not be written, so nothing is", journal->name);
	if (batch->num == 0)
		return hf_fail(err, HF_E_INTERNAL, "journal %s: a commit without a record", journal->name);
	if (!hf_journal_last(tx, journal, &frame.number, previous, err))
		return false;
	frame.number++;
	frame.service = hf_bytes_str(journal->service);
	frame.name = hf_bytes_str(journal->name);
	frame.previous = HF_BYTES_OF(previous);
	frame.records = hf_der_list_of(&batch->content);
	if (!frame_append(tx, journal, &frame, err))
		return hf_fail_in(err, "journal %s, frame %lld", journal->name, (long long)frame.number);
	if (number)
		*number = frame.number;
	return true;
}

/* The fields that frames and heads share. */
static bool belongs(const struct hf_journal *journal, int64_t version, struct hf_bytes service, struct hf_bytes name,
	struct hf_err *err)
{
	if (version != VERSION)
		return hf_fail(err, HF_E_INPUT, "version: expected %d, got %lld", VERSION, (long long)version);
	if (!hf_bytes_equal(service, hf_bytes_str(journal->service)) ||
		!hf_bytes_equal(name, hf_bytes_str(journal->name)))
		return hf_fail(err, HF_E_INPUT, "it belongs to journal %.*s of %.*s, expected %s of %s", (int)name.len,
			(const char *)name.p, (int)service.len, (const char *)service.p, journal->name,
			journal->service);
	return true;
}

bool hf_journal_frame_decode(
	const struct hf_journal *journal, struct hf_bytes der, struct hf_journal_frame *frame, struct hf_err *err)
{
	if (!hf_der_decode(&hf_JournalFrame, der, frame, err))
		return false;
	if (!belongs(journal, frame->version, frame->service, frame->name, err))
		return false;
	if (frame->number < 1 || frame->previous.len != HF_SM3_LEN)
		return hf_fail(err, HF_E_INPUT,
			"JournalFrame: number %lld, previous of %zu octets; expected 1 or more, %d",
			(long long)frame->number, frame->previous.len, HF_SM3_LEN);
	return true;
}

bool hf_journal_read(struct hf_tx *tx, const struct hf_journal *journal, int64_t after, int64_t max,
	bool (*fn)(void *ctx, const struct hf_journal_row *row, struct hf_err *err), void *ctx, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "SELECT number, at, previous, hash, frame FROM journal "
					  "WHERE name = ? AND number > ? ORDER BY number LIMIT ?");
	struct hf_err local = {.code = HF_OK};
	bool there, ok;

	hf_query_text(q, journal->name);
	hf_query_i64(q, after);
	hf_query_i64(q, max);
	while ((ok = hf_query_next(q, &there, &local)) && there) {
		struct hf_journal_row row = {hf_query_col_i64(q, 0), hf_query_col_i64(q, 1), hf_query_col_bytes(q, 2),
			hf_query_col_bytes(q, 3), hf_query_col_bytes(q, 4)};

		if (!fn(ctx, &row, &local)) {
			ok = local.code == HF_OK;
			break;
		}
	}
	hf_query_done(q);
	if (!ok && err)
		*err = local;
	return ok;
}
