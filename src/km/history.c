/*
 * What is in which library: counting, and moving the expired on.
 */
#include "km/km_int.h"

#include "base/alloc.h"
#include "base/str.h"

#include <stdlib.h>

#define EXPIRE_AT_ONCE 256

bool hf_km_count_spare(struct hf_tx *tx, int64_t *num, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "SELECT COUNT(*) FROM escrow_key WHERE state = ?");
	bool row = false;

	hf_query_i64(q, HF_ESCROW_SPARE);
	bool ok = hf_query_next(q, &row, err);
	*num = ok && row ? hf_query_col_i64(q, 0) : 0;
	hf_query_done(q);
	return ok;
}

static void add(struct hf_km_counts *counts, int64_t state, int64_t num)
{
	if (state == HF_ESCROW_SPARE)
		counts->spare += num;
	else if (state == HF_ESCROW_IN_USE)
		counts->in_use += num;
	else
		counts->history += num;
}

bool hf_km_count(struct hf_tx *tx, struct hf_km_counts *counts, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "SELECT state, COUNT(*) FROM escrow_key GROUP BY state");
	bool row = false;
	bool ok = true;

	*counts = (struct hf_km_counts){0};
	while (ok && (ok = hf_query_next(q, &row, err)) && row)
		add(counts, hf_query_col_i64(q, 0), hf_query_col_i64(q, 1));
	hf_query_done(q);
	return ok;
}

/* A CA that has no keys yet is listed with zeros. */
bool hf_km_count_by_ca(struct hf_tx *tx,
	bool (*fn)(void *ctx, const char *ca, const struct hf_km_counts *counts, struct hf_err *err), void *ctx,
	struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "SELECT p.id, COALESCE(SUM(CASE WHEN k.state = 1 THEN 1 ELSE 0 END), 0), "
					  "COALESCE(SUM(CASE WHEN k.state = 2 THEN 1 ELSE 0 END), 0) FROM ca_peer p "
					  "LEFT JOIN escrow_key k ON k.ca = p.id GROUP BY p.id ORDER BY p.id");
	bool row = false;
	bool ok = true;

	while (ok && (ok = hf_query_next(q, &row, err)) && row) {
		const struct hf_km_counts counts = {
			.in_use = hf_query_col_i64(q, 1), .history = hf_query_col_i64(q, 2)};
		ok = fn(ctx, hf_query_col_text(q, 0), &counts, err);
	}
	hf_query_done(q);
	return ok;
}
_Static_assert(HF_ESCROW_IN_USE == 1 && HF_ESCROW_HISTORY == 2, "the SQL above says so");

/* ---- expiry ----------------------------------------------------------------------------------------------------- */

struct expired {
	struct km_key key;
	uint8_t serial[HF_SERIAL_MAX];
	size_t serial_len;
	char ca[HF_KM_PEER_ID_MAX + 1];
};

struct expiring {
	struct hf_km *km;
	int64_t now;
	struct expired *rows;
	size_t num;
	struct hf_journal_batch audit;
};

static bool take_row(struct hf_query *q, struct expired *row, struct hf_err *err)
{
	struct hf_bytes serial = hf_query_col_bytes(q, 2);

	if (serial.len > sizeof(row->serial))
		return hf_fail(err, HF_E_STORE, "escrow_key: a serial of %zu octets", serial.len);
	*row = (struct expired){.serial_len = serial.len};
	row->key.id = hf_query_col_i64(q, 0);
	row->key.state = HF_ESCROW_IN_USE;
	for (size_t i = 0; i < serial.len; i++)
		row->serial[i] = serial.p[i];
	return hf_query_col_copy(q, 1, row->ca, sizeof(row->ca), err);
}

static bool find_expired(struct hf_tx *tx, struct expiring *e, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx,
		"SELECT id, ca, serial FROM escrow_key WHERE state = ? AND not_after < ? ORDER BY not_after LIMIT ?");
	bool row = false;
	bool ok = true;

	hf_query_i64(q, HF_ESCROW_IN_USE);
	hf_query_i64(q, e->now);
	hf_query_i64(q, EXPIRE_AT_ONCE);
	e->num = 0;
	while (ok && (ok = hf_query_next(q, &row, err)) && row)
		ok = take_row(q, &e->rows[e->num++], err);
	hf_query_done(q);
	return ok;
}

static bool note_expired(struct expiring *e, const struct expired *row, struct hf_err *err)
{
	const struct km_note note = {.code = HF_AUDIT_MODIFY,
		.operation = "key.expire",
		.object = row->ca,
		.text = "to the history",
		.serial = {row->serial, row->serial_len},
		.began_at = e->now};

	return hf_km_note(e->km->clock, &e->audit, &note, err);
}

static bool expire(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct expiring *e = ctx;

	hf_journal_batch_reset(&e->audit);
	if (!find_expired(tx, e, err))
		return false;
	for (size_t i = 0; i < e->num; i++)
		if (!hf_km_key_close(tx, &e->rows[i].key, HF_ESCROW_EXPIRE, HF_BYTES_NONE, e->now, err) ||
			!note_expired(e, &e->rows[i], err))
			return false;
	return hf_km_append(tx, e->km->clock, &e->audit, err);
}

//= GM/T 0034 6.3.4
bool hf_km_expire_due(struct hf_km *km, size_t *moved, struct hf_err *err)
{
	struct expiring e = {.km = km, .now = hf_now(km->clock), .rows = hf_alloc(EXPIRE_AT_ONCE, sizeof(*e.rows))};
	size_t total = 0;
	bool ok;

	hf_journal_batch_init(&e.audit);
	do {
		ok = hf_store_write(km->store, expire, &e, err);
		total += ok ? e.num : 0;
	} while (ok && e.num == EXPIRE_AT_ONCE);
	hf_journal_batch_clear(&e.audit);
	free(e.rows);
	if (moved)
		*moved = total;
	return ok;
}
