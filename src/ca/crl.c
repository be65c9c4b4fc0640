#include "ca/ca_int.h"

#include "base/alloc.h"
#include "crypto/sm3.h"

#include <stdlib.h>
#include <string.h>

#define CRL_MAX HF_CRL_MAX

/* The entries of one CRL; serials lie in their own memory. */
struct listing {
	const char *ca;
	int64_t now;
	struct hf_crl_entry *entries;
	size_t num, size;
	int64_t number; /* the next CRL's */
};

static void add_entry(struct listing *l, struct hf_bytes serial, int64_t at, int reason)
{
	if (l->num == l->size) {
		l->size = l->size > 0 ? 2 * l->size : 256;
		l->entries = hf_resize(l->entries, l->size, sizeof(*l->entries));
	}
	uint8_t *copy = hf_alloc(serial.len, 1);
	memcpy(copy, serial.p, serial.len);
	l->entries[l->num++] = (struct hf_crl_entry){
		.serial = {copy, serial.len}, .revoked_at = at - at % HF_SECOND, .reason = reason};
}

static void listing_clear(struct listing *l)
{
	for (size_t i = 0; i < l->num; i++)
		free((void *)(uintptr_t)l->entries[i].serial.p);
	free(l->entries);
	l->entries = NULL;
	l->num = l->size = 0;
}

/* Held and revoked certificates stay listed until a day behind their end (RFC 5280 3.3: one CRL beyond expiry). */
static bool list_certificates(struct hf_tx *tx, struct listing *l, struct hf_err *err)
{
	struct hf_query *q =
		hf_query(tx, "SELECT serial, state_at, reason FROM certificate WHERE ca = ? AND state <> 0 AND "
			     "not_after >= ? ORDER BY serial");
	bool row = true;
	bool ok = true;

	hf_query_text(q, l->ca);
	hf_query_i64(q, l->now - HF_DAY);
	while ((ok = hf_query_next(q, &row, err)) && row)
		add_entry(l, hf_query_col_bytes(q, 0), hf_query_col_i64(q, 1), (int)hf_query_col_i64(q, 2));
	hf_query_done(q);
	return ok;
}

static bool list_void(struct hf_tx *tx, struct listing *l, struct hf_err *err)
{
	struct hf_query *q =
		hf_query(tx, "SELECT serial, at FROM void_serial WHERE ca = ? AND is_crl = 0 ORDER BY serial");
	bool row = true;
	bool ok = true;

	hf_query_text(q, l->ca);
	while ((ok = hf_query_next(q, &row, err)) && row)
		add_entry(l, hf_query_col_bytes(q, 0), hf_query_col_i64(q, 1), HF_REASON_CESSATION_OF_OPERATION);
	hf_query_done(q);
	return ok;
}

/* Above every number that was issued or became void: the ledger takes none twice. */
static bool next_number(struct hf_tx *tx, struct listing *l, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "SELECT MAX(number) FROM crl WHERE ca = ?");
	bool row = true;
	bool ok;

	hf_query_text(q, l->ca);
	ok = hf_query_next(q, &row, err);
	l->number = ok ? hf_query_col_i64(q, 0) + 1 : 0;
	hf_query_done(q);
	if (!ok)
		return false;
	q = hf_query(tx, "SELECT serial FROM void_serial WHERE ca = ? AND is_crl = 1");
	hf_query_text(q, l->ca);
	while ((ok = hf_query_next(q, &row, err)) && row) {
		uint8_t number[8];
		if (hf_der_unsigned(hf_query_col_bytes(q, 0), number, sizeof(number)) &&
			(int64_t)hf_get_u64(number) >= l->number)
			l->number = (int64_t)hf_get_u64(number) + 1;
	}
	hf_query_done(q);
	return ok;
}

static bool list_all(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct listing *l = ctx;

	listing_clear(l);
	return list_certificates(tx, l, err) && list_void(tx, l, err) && next_number(tx, l, err);
}

struct publishing {
	struct hf_ca *ca;
	const struct hf_authority *authority;
	const struct hf_ca_within *within;
	struct frames frames;
	struct hf_crl crl; /* decoded again from what was signed */
	int64_t number, made_at;
	struct hf_ledger_state seen;
};

static bool put_crl(struct hf_tx *tx, struct publishing *p, struct hf_err *err)
{
	uint8_t tbs_hash[HF_SM3_LEN];
	struct hf_query *q =
		hf_query(tx, "INSERT INTO crl (ca, number, this_update, next_update, made_at, tbs_hash, der) "
			     "VALUES (?, ?, ?, ?, ?, ?, ?)");

	hf_sm3(p->crl.tbs_der, tbs_hash);
	hf_query_text(q, p->authority->id);
	hf_query_i64(q, p->number);
	hf_query_i64(q, p->crl.tbs.thisUpdate);
	hf_query_i64(q, p->crl.tbs.nextUpdate);
	hf_query_i64(q, p->made_at);
	hf_query_bytes(q, HF_BYTES_OF(tbs_hash));
	hf_query_bytes(q, p->crl.der);
	return hf_query_run(q, NULL, err);
}

static bool publish(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct publishing *p = ctx;
	struct hf_feed_record record = {.which = HF_FEED_CRL,
		.crl = {.ca = hf_bytes_str(p->authority->id),
			.shard = HF_BYTES_LIT(""),
			.number = p->number,
			.crl = p->crl.der}};

	hf_ca_frames_reset(&p->frames);
	return put_crl(tx, p, err) && hf_feed_add(&p->frames.feed, &record, err) &&
	       hf_ca_audit_system(p->ca, &p->frames.audit, HF_AUDIT_CREATE, "crl.issue", p->authority->id,
		       p->crl.number, "", err) &&
	       hf_ca_seen_put(tx, &p->seen, err) && hf_ca_frames_append(p->ca, &p->frames, p->within, tx, err);
}

static bool sign_crl(struct hf_ca *ca, const struct hf_authority *authority, const struct listing *l,
	struct hf_buf *der, struct hf_err *err)
{
	struct hf_crl_params params = {.issuer = authority->cert.tbs.subject,
		.issuer_key_id = authority->cert.subject_key_id,
		.this_update = l->now - l->now % HF_SECOND,
		.number = (uint64_t)l->number,
		.entries = l->entries,
		.num_entries = l->num};
	struct hf_dev_key key = hf_ca_key(ca, authority);
	struct hf_signer signer = hf_dev_signer(&key, true);
	struct hf_crl crl;
	struct hf_buf tbs;

	params.next_update = params.this_update + ca->settings.crl_hours * HF_HOUR;
	hf_buf_init(&tbs, CRL_MAX);
	bool ok = hf_crl_build(&params, &tbs, err) && hf_decode_tbs_crl(hf_buf_bytes(&tbs), &crl, err) &&
		  hf_lint_crl(&crl, NULL, err);
	if (ok) {
		struct hf_bytes bytes = hf_buf_bytes(&tbs);
		ok = hf_signed_make(&signer, &bytes, 1, der, err);
	}
	hf_buf_clear(&tbs);
	return ok;
}

static bool issue_listed(
	struct hf_ca *ca, struct publishing *p, struct listing *l, struct hf_buf *der, struct hf_err *err)
{
	if (!hf_store_read(ca->store, list_all, l, err) || !sign_crl(ca, p->authority, l, der, err) ||
		!hf_decode_crl(hf_buf_bytes(der), &p->crl, err) || !hf_dev_ledger_state(ca->dev, &p->seen, err))
		return false;
	p->number = l->number;
	p->made_at = l->now;
	return hf_store_write(ca->store, publish, p, err);
}

bool hf_ca_crl_issue(
	struct hf_ca *ca, const struct hf_authority *authority, const struct hf_ca_within *within, struct hf_err *err)
{
	struct publishing p = {.ca = ca, .authority = authority, .within = within};
	struct hf_buf der;

	if (!hf_ca_ledger_begin(ca, err))
		return hf_fail_in(err, "CRL of \"%s\"", authority->id);
	struct listing l = {.ca = authority->id, .now = hf_now(ca->clock)};
	hf_buf_init(&der, CRL_MAX);
	hf_ca_frames_init(&p.frames);
	bool ok = issue_listed(ca, &p, &l, &der, err);
	hf_ca_ledger_end(ca, ok);
	listing_clear(&l);
	hf_ca_frames_clear(&p.frames);
	hf_buf_clear(&der);
	return ok || hf_fail_in(err, "CRL of \"%s\"", authority->id);
}

struct due {
	const char *ca;
	int64_t now;
	bool due;
};

/* Did anything that the CRL lists change behind its reading? */
static bool look_changed(struct hf_tx *tx, struct due *d, int64_t made_at, struct hf_err *err)
{
	struct hf_query *q =
		hf_query(tx, "SELECT 1 FROM certificate WHERE ca = ? AND state_at > ? AND reason <> 0 "
			     "UNION ALL SELECT 1 FROM certificate WHERE ca = ? AND state_at > ? AND state <> 0 "
			     "UNION ALL SELECT 1 FROM void_serial WHERE ca = ? AND at > ? LIMIT 1");

	for (int i = 0; i < 3; i++) {
		hf_query_text(q, d->ca);
		hf_query_i64(q, made_at);
	}
	bool ok = hf_query_next(q, &d->due, err);
	hf_query_done(q);
	return ok;
}

static bool look_due(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct due *d = ctx;
	struct hf_query *q = hf_query(
		tx, "SELECT this_update, next_update, made_at FROM crl WHERE ca = ? ORDER BY number DESC LIMIT 1");
	int64_t made_at = 0;
	bool row = false;

	d->due = true;
	hf_query_text(q, d->ca);
	bool ok = hf_query_next(q, &row, err);
	if (ok && row) {
		int64_t span = hf_query_col_i64(q, 1) - hf_query_col_i64(q, 0);
		d->due = d->now - hf_query_col_i64(q, 0) > span / 2;
		made_at = hf_query_col_i64(q, 2);
	}
	hf_query_done(q);
	return ok && (d->due || look_changed(tx, d, made_at, err));
}

bool hf_ca_crl_due(struct hf_ca *ca, struct hf_err *err)
{
	const struct hf_authority *authorities[] = {&ca->root, &ca->ca};

	for (size_t i = 0; i < 2; i++) {
		struct due due = {.ca = authorities[i]->id, .now = hf_now(ca->clock)};
		if (!hf_store_read(ca->store, look_due, &due, err) ||
			(due.due && !hf_ca_crl_issue(ca, authorities[i], NULL, err)))
			return false;
	}
	return true;
}

struct getting {
	const char *id;
	struct hf_buf *der;
};

static bool get_crl(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct getting *g = ctx;
	struct hf_query *q = hf_query(tx, "SELECT der FROM crl WHERE ca = ? ORDER BY number DESC LIMIT 1");
	bool row = false;

	hf_query_text(q, g->id);
	bool ok = hf_query_next(q, &row, err);
	hf_buf_reset(g->der);
	if (ok && row)
		hf_buf_put_bytes(g->der, hf_query_col_bytes(q, 0));
	else if (ok)
		ok = hf_fail(err, HF_E_MISSING, "no CRL of \"%.32s\" yet", g->id);
	hf_query_done(q);
	return ok;
}

bool hf_ca_crl_get(struct hf_ca *ca, const char *id, struct hf_buf *der, struct hf_err *err)
{
	struct getting g = {id, der};

	return hf_store_read(ca->store, get_crl, &g, err);
}
