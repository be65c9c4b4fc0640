#include "ocsp/responder.h"

#include "ocsp/responder_int.h"

#include <string.h>

#define FEED_SERVICE   "ca"
#define PAGES_A_POLL   64 /* a reader far behind lets others have the thread in between */
#define FRESH_KEEP     (30 * HF_SECOND)
#define PAGE_KEEP_SIZE ((size_t)1 << 20)

struct taking {
	struct hf_ocsp *ocsp;
	struct hf_bytes page;
	struct position from;
	int64_t asked_at;

	struct hf_tx *tx;
	int64_t num; /* frames */
	struct position to;
};

/* ---- records ----------------------------------------------------------------------------------------------------- */

/* What a record says of one serial. */
struct told {
	struct hf_bytes ca, serial;
	enum hf_ocsp_told event;
	int64_t reason, at, not_after;
};

static bool get_known(struct hf_tx *tx, const struct told *told, int *state, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "SELECT state FROM status WHERE ca = ? AND serial = ?");
	bool row = false;

	*state = HF_OCSP_KNOWN_UNKNOWN;
	hf_query_str(q, told->ca);
	hf_query_bytes(q, told->serial);
	bool ok = hf_query_next(q, &row, err);
	if (ok && row)
		*state = (int)hf_query_col_i64(q, 0);
	hf_query_done(q);
	return ok;
}

static bool insert_status(struct hf_tx *tx, const struct told *told, int state, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "INSERT INTO status (state, reason, at, ca, serial, not_after) "
					  "VALUES (?, ?, ?, ?, ?, ?)");

	hf_query_i64(q, state);
	hf_query_i64(q, told->reason);
	hf_query_i64(q, told->at);
	hf_query_str(q, told->ca);
	hf_query_bytes(q, told->serial);
	hf_query_i64(q, told->not_after);
	return hf_query_run(q, NULL, err);
}

static bool update_status(struct hf_tx *tx, const struct told *told, int from, int to, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "UPDATE status SET state = ?, reason = ?, at = ? "
					  "WHERE ca = ? AND serial = ? AND state = ?");

	hf_query_i64(q, to);
	hf_query_i64(q, told->reason);
	hf_query_i64(q, told->at);
	hf_query_str(q, told->ca);
	hf_query_bytes(q, told->serial);
	hf_query_i64(q, from);
	return hf_query_run_one(q, "status", err);
}

static bool take_told(struct taking *t, const struct told *told, struct hf_err *err)
{
	char serial[HF_SERIAL_TEXT_MAX] = "";
	int from, to;

	if (told->serial.len > HF_SERIAL_MAX)
		return hf_fail(err, HF_E_INPUT, "a serial of %zu octets (RFC 5280 4.1.2.2)", told->serial.len);
	if (!get_known(t->tx, told, &from, err))
		return false;
	if (!hf_lifecycle_next(&hf_ocsp_lifecycle, from, (int)told->event, &to, err)) {
		hf_serial_text(told->serial, serial);
		return hf_fail_in(err, "serial %s of \"%.*s\"", serial, (int)told->ca.len, (const char *)told->ca.p);
	}
	return from == HF_OCSP_KNOWN_UNKNOWN ? insert_status(t->tx, told, to, err)
					     : update_status(t->tx, told, from, to, err);
}

static bool take_status(struct taking *t, const struct hf_feed_status *status, struct hf_err *err)
{
	static const enum hf_ocsp_told events[] = {
		[HF_FEED_GOOD] = HF_OCSP_TOLD_GOOD,
		[HF_FEED_REVOKED] = HF_OCSP_TOLD_REVOKED,
		[HF_FEED_HELD] = HF_OCSP_TOLD_HELD,
	};
	struct told told = {.ca = status->ca, .serial = status->serial, .reason = status->reason, .at = status->at};

	if (status->state < HF_FEED_GOOD || status->state > HF_FEED_HELD)
		return hf_fail(err, HF_E_INPUT, "state %lld is not known here", (long long)status->state);
	if (!hf_reason_name(status->reason))
		return hf_fail(err, HF_E_INPUT, "reason %lld is unknown (RFC 5280 5.3.1)", (long long)status->reason);
	told.event = events[status->state];
	if (told.event == HF_OCSP_TOLD_HELD)
		told.reason = HF_REASON_CERTIFICATE_HOLD;
	return take_told(t, &told, err);
}

/* Of the CRLs of one shard only the newest is kept. */
static bool take_crl(struct taking *t, const struct hf_feed_crl *crl, struct hf_err *err)
{
	struct hf_query *q = hf_query(t->tx, "SELECT number FROM crl WHERE ca = ? AND shard = ?");
	bool row = false;

	hf_query_str(q, crl->ca);
	hf_query_str(q, crl->shard);
	bool ok = hf_query_next(q, &row, err);
	bool older = ok && row && hf_query_col_i64(q, 0) >= crl->number;
	hf_query_done(q);
	if (!ok || older)
		return ok;
	q = row ? hf_query(t->tx, "UPDATE crl SET number = ?, der = ? WHERE ca = ? AND shard = ?")
		: hf_query(t->tx, "INSERT INTO crl (number, der, ca, shard) VALUES (?, ?, ?, ?)");
	hf_query_i64(q, crl->number);
	hf_query_bytes(q, crl->crl);
	hf_query_str(q, crl->ca);
	hf_query_str(q, crl->shard);
	return hf_query_run(q, NULL, err);
}

static bool take_authority(struct taking *t, const struct hf_feed_authority *authority, struct hf_err *err)
{
	static const char *const sql[] = {"UPDATE authority SET der = ? WHERE ca = ? AND use = ?",
		"INSERT INTO authority (der, ca, use) VALUES (?, ?, ?)"};
	int64_t changed = 0;

	t->ocsp->reload = true;
	for (size_t i = 0; i < 2 && changed == 0; i++) {
		struct hf_query *q = hf_query(t->tx, sql[i]);
		hf_query_bytes(q, authority->certificate);
		hf_query_str(q, authority->ca);
		hf_query_str(q, authority->use);
		if (!hf_query_run(q, &changed, err))
			return false;
	}
	return true;
}

static bool take_record(struct taking *t, const struct hf_feed_record *record, struct hf_err *err)
{
	switch ((enum hf_feed_kind)record->which) {
	case HF_FEED_ISSUED:
		return take_told(t,
			&(struct told){.ca = record->issued.ca,
				.serial = record->issued.serial,
				.event = HF_OCSP_TOLD_ISSUED,
				.at = record->issued.notBefore,
				.not_after = record->issued.notAfter},
			err);
	case HF_FEED_STATUS:
		return take_status(t, &record->status, err);
	case HF_FEED_VOIDED:
		return take_told(t,
			&(struct told){.ca = record->voided.ca,
				.serial = record->voided.serial,
				.event = HF_OCSP_TOLD_VOIDED,
				.reason = HF_REASON_CESSATION_OF_OPERATION,
				.at = record->voided.at},
			err);
	case HF_FEED_CRL:
		return take_crl(t, &record->crl, err);
	case HF_FEED_AUTHORITY:
		return take_authority(t, &record->authority, err);
	}
	return hf_fail(err, HF_E_INPUT, "a record of a kind that is not known here");
}

static bool on_record(void *ctx, int64_t number, int64_t at, const struct hf_feed_record *record, struct hf_err *err)
{
	(void)at;
	return take_record(ctx, record, err) ||
	       hf_fail_in(err, "feed frame %lld: %s", (long long)number, hf_feed_kind_name(record->which));
}

/* ---- the page -----------------------------------------------------------------------------------------------------
 */

static bool put_position(struct hf_tx *tx, const struct position *position, bool first, struct hf_err *err)
{
	struct hf_query *q = first ? hf_query(tx, "INSERT INTO feed_position (number, hash, fresh_at) VALUES (?, ?, ?)")
				   : hf_query(tx, "UPDATE feed_position SET number = ?, hash = ?, fresh_at = ?");

	hf_query_i64(q, position->number);
	hf_query_bytes(q, HF_BYTES_OF(position->hash));
	hf_query_i64(q, position->fresh_at);
	return hf_query_run_one(q, "feed_position", err);
}

/* fresh_at never goes back, unless the clock did. */
static int64_t later_fresh(const struct taking *t, int64_t at)
{
	int64_t now = hf_now(t->ocsp->options.clock);
	int64_t old = atomic_load(&t->ocsp->fresh_at);

	if (at > now)
		at = now;
	return old > now || old < at ? at : old;
}

/* When the page's head was signed; it was proven by then. What the CA committed before that is in the page. */
static bool head_date(struct hf_bytes page_der, int64_t *at, struct hf_err *err)
{
	struct hf_feed_page page;
	struct hf_signed_head signed_head;
	struct hf_journal_head head;

	if (!hf_der_decode(&hf_FeedPage, page_der, &page, err) ||
		!hf_der_decode(&hf_SignedHead, page.head, &signed_head, err) ||
		!hf_der_decode(&hf_JournalHead, signed_head.head, &head, err))
		return false;
	*at = head.at;
	return true;
}

static bool prove_and_take(struct taking *t, struct hf_err *err)
{
	struct hf_feed_events events = {.record = on_record, .ctx = t};
	struct hf_feed_reader reader;

	hf_feed_reader_init(
		&reader, FEED_SERVICE, t->ocsp->feed_pub, t->from.number, t->from.number > 0 ? t->from.hash : NULL);
	if (!hf_feed_reader_take(&reader, t->page, &events, &t->num, err))
		return false;
	t->to.number = reader.number;
	memcpy(t->to.hash, reader.hash, sizeof(t->to.hash));
	return true;
}

static bool take_frames(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct taking *t = ctx;
	int64_t at;

	t->tx = tx;
	if (!prove_and_take(t, err) || !head_date(t->page, &at, err))
		return false;
	t->to.fresh_at = later_fresh(t, at);
	return put_position(tx, &t->to, t->from.number == 0, err);
}

static bool keep_fresh(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct taking *t = ctx;

	return put_position(tx, &t->to, false, err);
}

/*
 * Nothing newer: what is known is all there was when it was asked. The disk hears of that now and then; if it cannot,
 * only a restart without the CA would be the worse for it.
 */
static bool take_none(struct taking *t, struct hf_err *err)
{
	struct hf_err why = {0};

	if (!prove_and_take(t, err))
		return false;
	t->to.fresh_at = later_fresh(t, t->asked_at);
	int64_t ahead = t->to.fresh_at - t->from.fresh_at;
	bool due = ahead < 0 || ahead >= FRESH_KEEP;
	if (t->to.number > 0 && due && !hf_store_write(t->ocsp->options.store, keep_fresh, t, &why))
		hf_ocsp_complain(t->ocsp, &t->ocsp->disk_said, HF_LOG_WARN, &why);
	return true;
}

static void tell_metrics(const struct taking *t)
{
	const struct hf_ocsp_options *o = &t->ocsp->options;

	hf_ocsp_count(t->ocsp, HF_OCSP_M_FEED_FRAMES, (uint64_t)t->num);
	hf_metrics_set(o->metrics, o->first_metric + HF_OCSP_M_FEED_NUMBER, t->to.number);
}

bool hf_ocsp_feed_take(struct hf_ocsp *ocsp, struct hf_bytes page, int64_t asked_at, int64_t *num, struct hf_err *err)
{
	struct taking t = {.ocsp = ocsp, .page = page, .asked_at = asked_at};
	struct hf_feed_page parts;

	if (num)
		*num = 0;
	if (page.len > HF_FEED_PAGE_MAX)
		return hf_fail(err, HF_E_LIMIT, "feed: a page of %zu octets", page.len);
	if (!hf_der_decode(&hf_FeedPage, page, &parts, err) ||
		!hf_store_read(ocsp->options.store, hf_ocsp_position_get, &t.from, err))
		return false;
	bool ok = parts.frames.num > 0 ? hf_store_write(ocsp->options.store, take_frames, &t, err) : take_none(&t, err);
	if (!ok)
		return false;
	/* The issuers first: an answer that is fresh enough must not miss its CA. */
	if (ocsp->reload && !hf_ocsp_issuers_load(ocsp, err))
		return false;
	ocsp->reload = false;
	atomic_store(&ocsp->fresh_at, t.to.fresh_at);
	tell_metrics(&t);
	if (num)
		*num = t.num;
	return true;
}

/* ---- the poll -----------------------------------------------------------------------------------------------------
 */

static bool poll_page(struct hf_ocsp *ocsp, int64_t *num, struct hf_err *err)
{
	const struct hf_ocsp_options *o = &ocsp->options;
	struct position position;
	int64_t asked_at = hf_now(o->clock);

	hf_buf_reset(&ocsp->page);
	if (!hf_store_read(o->store, hf_ocsp_position_get, &position, err))
		return false;
	if (!o->feed.fetch(o->feed.ctx, position.number, &ocsp->page, err)) {
		hf_ocsp_complain(ocsp, &ocsp->poll_said, HF_LOG_WARN, err);
		return false;
	}
	if (!hf_ocsp_feed_take(ocsp, hf_buf_bytes(&ocsp->page), asked_at, num, err)) {
		hf_fail_in(err, "the feed is NOT TAKEN, the snapshot stays at frame %lld", (long long)position.number);
		hf_ocsp_complain(ocsp, &ocsp->poll_said, HF_LOG_ERROR, err);
		hf_ocsp_count(ocsp, HF_OCSP_M_FEED_REFUSED, 1);
		return false;
	}
	return true;
}

bool hf_ocsp_poll(struct hf_ocsp *ocsp, struct hf_err *err)
{
	const struct hf_ocsp_options *o = &ocsp->options;
	int64_t num = 1;
	bool ok = true;

	for (int i = 0; ok && num > 0 && i < PAGES_A_POLL; i++)
		ok = poll_page(ocsp, &num, err);
	if (ok && ocsp->poll_said.at != 0) {
		ocsp->poll_said.at = 0;
		hf_log(o->log, HF_LOG_INFO, "the feed is taken again");
	}
	if (ocsp->page.cap > PAGE_KEEP_SIZE)
		hf_buf_clear(&ocsp->page);
	int64_t fresh = atomic_load(&ocsp->fresh_at);
	if (fresh != 0)
		hf_metrics_set(o->metrics, o->first_metric + HF_OCSP_M_FEED_AGE, (hf_now(o->clock) - fresh) / 1000);
	return ok;
}
