#include "km/km_int.h"

#include "base/hex.h"
#include "base/str.h"

#include <string.h>

bool hf_km_task_find(struct hf_tx *tx, const char *ca, struct hf_bytes number, const uint8_t hash[HF_SM3_LEN],
	struct km_known *known, struct hf_buf *respond, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "SELECT hash, respond FROM km_task WHERE ca = ? AND number = ?");

	*known = (struct km_known){0};
	hf_query_text(q, ca);
	hf_query_bytes(q, number);
	bool ok = hf_query_next(q, &known->there, err);
	if (ok && known->there) {
		known->same = hf_bytes_equal(hf_query_col_bytes(q, 0), (struct hf_bytes){hash, HF_SM3_LEN});
		known->answered = !hf_query_col_null(q, 1);
	}
	hf_buf_reset(respond);
	if (ok && known->same && known->answered)
		ok = hf_buf_put_bytes(respond, hf_query_col_bytes(q, 1)) ||
		     hf_fail(err, HF_E_INTERNAL, "a kept KMRespond is longer than it may be");
	hf_query_done(q);
	return ok;
}

bool hf_km_task_put(struct hf_tx *tx, const char *ca, struct hf_bytes number, const uint8_t hash[HF_SM3_LEN],
	struct hf_bytes request, int64_t now, struct hf_err *err)
{
	struct hf_query *q =
		hf_query(tx, "INSERT INTO km_task (ca, number, hash, request, asked_at) VALUES (?, ?, ?, ?, ?)");

	hf_query_text(q, ca);
	hf_query_bytes(q, number);
	hf_query_bytes(q, (struct hf_bytes){hash, HF_SM3_LEN});
	hf_query_bytes(q, request);
	hf_query_i64(q, now);
	return hf_query_run(q, NULL, err);
}

bool hf_km_task_done(struct hf_tx *tx, const char *ca, struct hf_bytes number, struct hf_bytes respond, int64_t now,
	bool *first, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "UPDATE km_task SET respond = ?, answered_at = ? WHERE ca = ? AND number = ? "
					  "AND respond IS NULL");
	int64_t changed = 0;

	hf_query_bytes(q, respond);
	hf_query_i64(q, now);
	hf_query_text(q, ca);
	hf_query_bytes(q, number);
	bool ok = hf_query_run(q, &changed, err);
	*first = changed == 1;
	return ok;
}

/* ---- for people ------------------------------------------------------------------------------------------------- */

void hf_km_task_text(struct hf_bytes number, char out[HF_KM_TASK_TEXT_MAX])
{
	uint8_t octets[8];

	if (hf_der_unsigned(number, octets, sizeof(octets)) && !(octets[0] & 0x80)) {
		hf_fmt_cut(out, HF_KM_TASK_TEXT_MAX, "%llu", (unsigned long long)hf_get_u64(octets));
		return;
	}
	if (number.len > HF_SERIAL_MAX)
		number.len = HF_SERIAL_MAX;
	hf_fmt_cut(out, HF_KM_TASK_TEXT_MAX, "0x");
	hf_hex(number, out + 2);
}

bool hf_km_task_read(const char *text, uint8_t octets[HF_SERIAL_MAX], struct hf_bytes *number)
{
	uint8_t plain[8];
	int64_t v;
	size_t len = strlen(text);

	*number = (struct hf_bytes){octets, 0};
	if (strncmp(text, "0x", 2) == 0) {
		number->len = (len - 2) / 2;
		return len % 2 == 0 && number->len >= 1 && number->len <= HF_SERIAL_MAX &&
		       hf_unhex(text + 2, octets, number->len);
	}
	if (!hf_parse_i64(text, 0, INT64_MAX, &v))
		return false;
	hf_put_u64(plain, (uint64_t)v);
	*number = hf_der_positive(plain, sizeof(plain), octets);
	return true;
}

static bool each(struct hf_query *q, bool whole,
	bool (*fn)(void *ctx, const struct hf_km_task *task, struct hf_err *err), void *ctx, struct hf_err *err)
{
	bool row = false;
	bool ok = true;

	while (ok && (ok = hf_query_next(q, &row, err)) && row) {
		const struct hf_km_task task = {
			.ca = hf_query_col_text(q, 0),
			.number = hf_query_col_bytes(q, 1),
			.asked_at = hf_query_col_i64(q, 2),
			.answered_at = hf_query_col_i64(q, 3),
			.request = whole ? hf_query_col_bytes(q, 4) : HF_BYTES_NONE,
			.respond = whole ? hf_query_col_bytes(q, 5) : HF_BYTES_NONE,
		};
		ok = fn(ctx, &task, err);
	}
	hf_query_done(q);
	return ok;
}

bool hf_km_task_get(struct hf_tx *tx, const char *ca, struct hf_bytes number,
	bool (*fn)(void *ctx, const struct hf_km_task *task, struct hf_err *err), void *ctx, struct hf_err *err)
{
	struct hf_query *q = ca ? hf_query(tx, "SELECT ca, number, asked_at, answered_at, request, respond "
					       "FROM km_task WHERE number = ? AND ca = ? ORDER BY ca")
				: hf_query(tx, "SELECT ca, number, asked_at, answered_at, request, respond "
					       "FROM km_task WHERE number = ? ORDER BY ca");

	hf_query_bytes(q, number);
	if (ca)
		hf_query_text(q, ca);
	return each(q, true, fn, ctx, err);
}

bool hf_km_task_list(struct hf_tx *tx, int64_t before, int64_t max,
	bool (*fn)(void *ctx, const struct hf_km_task *task, struct hf_err *err), void *ctx, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "SELECT ca, number, asked_at, answered_at FROM km_task WHERE asked_at < ? "
					  "ORDER BY asked_at DESC, ca, number LIMIT ?");

	hf_query_i64(q, before);
	hf_query_i64(q, max);
	return each(q, false, fn, ctx, err);
}
