#include "ca/ca_int.h"

#include <string.h>

struct changing {
	struct hf_ca *ca;
	int event, reason;
	struct hf_status_item *items;
	size_t num;
	const struct hf_ca_within *within;
	struct frames frames;
	size_t num_done;
};

struct row {
	int state;
	char kind[32];
};

static bool get_row(struct hf_tx *tx, struct hf_bytes serial, struct row *row, bool *there, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "SELECT state, kind FROM certificate WHERE ca = 'ca' AND serial = ?");

	hf_query_bytes(q, serial);
	bool ok = hf_query_next(q, there, err);
	if (ok && *there) {
		row->state = (int)hf_query_col_i64(q, 0);
		ok = hf_query_col_copy(q, 1, row->kind, sizeof(row->kind), err);
	}
	hf_query_done(q);
	return ok;
}

static bool put_state(
	struct hf_tx *tx, struct hf_bytes serial, int from, int to, int reason, int64_t at, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "UPDATE certificate SET state = ?, reason = ?, state_at = ? "
					  "WHERE ca = 'ca' AND serial = ? AND state = ?");

	hf_query_i64(q, to);
	hf_query_i64(q, reason);
	hf_query_i64(q, at);
	hf_query_bytes(q, serial);
	hf_query_i64(q, from);
	return hf_query_run_one(q, "certificate", err);
}

static bool tell_feed(struct changing *c, struct hf_bytes serial, int state, int reason, int64_t at, struct hf_err *err)
{
	static const enum hf_feed_state states[] = {
		[HF_CERT_GOOD] = HF_FEED_GOOD,
		[HF_CERT_HELD] = HF_FEED_HELD,
		[HF_CERT_REVOKED] = HF_FEED_REVOKED,
	};
	struct hf_feed_record record = {.which = HF_FEED_STATUS,
		.status = {.ca = HF_BYTES_LIT("ca"),
			.serial = serial,
			.state = states[state],
			.reason = reason,
			.at = at}};

	return hf_feed_add(&c->frames.feed, &record, err);
}

/* Is it the encryption half of a dual certificate, whose key the KM keeps? */
static bool is_enc(const char *kind)
{
	enum hf_profile profile;

	return hf_profile_named(kind, &profile) && (profile == HF_PROFILE_USER_ENC || profile == HF_PROFILE_DEVICE_ENC);
}

/* False only when the store failed; what is wrong with the item is the item's. */
static bool change_one(struct hf_tx *tx, struct changing *c, struct hf_status_item *item, struct hf_err *err)
{
	struct hf_bytes serial = {item->serial, item->serial_len};
	int64_t at = hf_now(c->ca->clock);
	struct row row = {0};
	bool there = false;
	int next;

	item->done = false;
	item->err = (struct hf_err){0};
	if (!get_row(tx, serial, &row, &there, err))
		return false;
	if (!there) {
		hf_fail(&item->err, HF_E_MISSING, "this CA has issued no certificate with this serial");
		return true;
	}
	if (!hf_lifecycle_next(&hf_cert_lifecycle, row.state, c->event, &next, &item->err))
		return true;
	int reason = next == HF_CERT_HELD ? HF_REASON_CERTIFICATE_HOLD : next == HF_CERT_REVOKED ? c->reason : 0;
	/* A certificate that is good again keeps removeFromCRL as its reason: that is what makes a new CRL due. */
	int kept = next == HF_CERT_GOOD ? HF_REASON_REMOVE_FROM_CRL : reason;
	if (!put_state(tx, serial, row.state, next, kept, at, err) || !tell_feed(c, serial, next, reason, at, err))
		return false;
	if (next == HF_CERT_REVOKED && is_enc(row.kind) && !hf_ca_km_revoke_put(tx, serial, err))
		return false;
	item->done = true;
	c->num_done++;
	return true;
}

static bool change_all(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct changing *c = ctx;

	hf_ca_frames_reset(&c->frames);
	c->num_done = 0;
	for (size_t i = 0; i < c->num; i++)
		if (!change_one(tx, c, &c->items[i], err))
			return false;
	return hf_ca_frames_append(c->ca, &c->frames, c->within, tx, err);
}

bool hf_ca_change(struct hf_ca *ca, int event, int reason, struct hf_status_item *items, size_t num,
	const struct hf_ca_within *within, struct hf_err *err)
{
	struct changing c = {.ca = ca, .event = event, .reason = reason, .items = items, .num = num, .within = within};
	struct hf_err later = {0};

	if (event == HF_CERT_REVOKE && (reason == HF_REASON_CERTIFICATE_HOLD || reason == HF_REASON_REMOVE_FROM_CRL ||
					       !hf_reason_name(reason)))
		return hf_fail(err, HF_E_INPUT, "no reason to revoke for (RFC 5280 5.3.1)");
	hf_ca_frames_init(&c.frames);
	bool ok = hf_store_write(ca->store, change_all, &c, err);
	hf_ca_frames_clear(&c.frames);
	if (ok && c.num_done > 0 && !hf_ca_crl_issue(ca, &ca->ca, NULL, &later))
		hf_log(ca->log, HF_LOG_WARN, "the CRL will be tried again: %s", later.text);
	return ok;
}
