/*
 * The ledger against the database (design rule 5): set(signed) = set(issued) + set(void).
 */
#include "ca/ca_int.h"

#include "base/alloc.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

#define PAGE 512

struct reconciling {
	struct hf_ca *ca;
	struct frames frames;
	const struct hf_ledger_state *now; /* of the ledger */
	const struct hf_ledger_entry *entries;
	size_t num;
	size_t num_void; /* out */
};

/* The serial without the zero octets that the ledger puts in front, but positive as an INTEGER. */
static struct hf_bytes serial_of(const struct hf_ledger_entry *entry, uint8_t scratch[21])
{
	return hf_der_positive(entry->serial, sizeof(entry->serial), scratch);
}

static bool is_issued(struct hf_tx *tx, const struct hf_ledger_entry *entry, bool *issued, struct hf_err *err)
{
	uint8_t scratch[21];
	struct hf_query *q;

	if (entry->is_crl) {
		q = hf_query(tx, "SELECT tbs_hash FROM crl WHERE ca = ? AND number = ?");
		hf_query_text(q, entry->key);
		hf_query_i64(q, (int64_t)hf_get_u64(entry->serial + 12));
	} else {
		q = hf_query(tx, "SELECT tbs_hash FROM certificate WHERE ca = ? AND serial = ?");
		hf_query_text(q, entry->key);
		hf_query_bytes(q, serial_of(entry, scratch));
	}
	bool ok = hf_query_next(q, issued, err);
	if (ok && *issued)
		*issued = hf_bytes_equal(hf_query_col_bytes(q, 0), HF_BYTES_OF(entry->tbs_hash));
	hf_query_done(q);
	return ok;
}

static bool tell_void(
	struct reconciling *r, const struct hf_ledger_entry *entry, struct hf_bytes serial, struct hf_err *err)
{
	struct hf_feed_record record = {.which = HF_FEED_VOIDED,
		.voided = {.ca = hf_bytes_str(entry->key), .serial = serial, .at = hf_now(r->ca->clock)}};
	char object[64];

	hf_fmt_cut(object, sizeof(object), "ledger/%llu", (unsigned long long)entry->number);
	if (!entry->is_crl && !hf_feed_add(&r->frames.feed, &record, err))
		return false;
	return hf_ca_audit_system(r->ca, &r->frames.audit, HF_AUDIT_DELETE, entry->is_crl ? "crl.void" : "cert.void",
		object, serial, "signed perhaps, issued never", err);
}

static bool make_void(struct hf_tx *tx, struct reconciling *r, const struct hf_ledger_entry *entry, struct hf_err *err)
{
	uint8_t scratch[21];
	struct hf_bytes serial = serial_of(entry, scratch);
	struct hf_query *q = hf_query(tx, "INSERT INTO void_serial (ca, serial, is_crl, at) VALUES (?, ?, ?, ?)");

	hf_query_text(q, entry->key);
	hf_query_bytes(q, serial);
	hf_query_bool(q, entry->is_crl);
	hf_query_i64(q, hf_now(r->ca->clock));
	r->num_void++;
	return hf_query_run(q, NULL, err) && (entry->is_crl || hf_ca_issuance_void(tx, entry->key, serial, err)) &&
	       tell_void(r, entry, serial, err);
}

static bool take_page(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct reconciling *r = ctx;
	struct hf_ledger_state seen = *r->now;

	hf_ca_frames_reset(&r->frames);
	r->num_void = 0;
	for (size_t i = 0; i < r->num; i++) {
		bool issued = false;
		if (!is_issued(tx, &r->entries[i], &issued, err) || (!issued && !make_void(tx, r, &r->entries[i], err)))
			return false;
		seen.number = r->entries[i].number;
		memcpy(seen.chain, r->entries[i].chain, sizeof(seen.chain));
	}
	return hf_ca_seen_put(tx, &seen, err) && hf_ca_frames_append(r->ca, &r->frames, NULL, tx, err);
}

struct seen {
	struct hf_ledger_state state;
	bool there;
};

static bool read_seen(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct seen *seen = ctx;

	return hf_ca_seen_get(tx, &seen->state, &seen->there, err);
}

/* The ledger must hold what the database saw of it: the same ledger, and the same entry at the same number. */
static bool check_same(struct hf_ca *ca, const struct seen *seen, const struct hf_ledger_state *now, struct hf_err *err)
{
	struct hf_ledger_entry entry;
	size_t num = 0;

	if (!seen->there)
		return true;
	if (memcmp(seen->state.id, now->id, sizeof(now->id)) != 0 || seen->state.epoch != now->epoch)
		return hf_fail(err, HF_E_STATE,
			"the device's ledger is not the one that this database knows; nothing is "
			"issued until two people open a new epoch");
	if (seen->state.number > now->number)
		return hf_fail(err, HF_E_STATE,
			"the ledger ends at %llu, this database has seen %llu: the ledger is older; "
			"restore it, or two people open a new epoch",
			(unsigned long long)now->number, (unsigned long long)seen->state.number);
	if (seen->state.number == 0)
		return true;
	if (!hf_dev_ledger_read(ca->dev, seen->state.number - 1, &entry, 1, &num, err))
		return false;
	if (num != 1 || memcmp(entry.chain, seen->state.chain, sizeof(entry.chain)) != 0)
		return hf_fail(err, HF_E_VERIFY, "ledger entry %llu is not the one that this database saw",
			(unsigned long long)seen->state.number);
	return true;
}

static bool take_all(
	struct hf_ca *ca, uint64_t after, const struct hf_ledger_state *now, size_t *num_void, struct hf_err *err)
{
	struct hf_ledger_entry *entries = hf_alloc(PAGE, sizeof(*entries));
	struct reconciling r = {.ca = ca, .now = now, .entries = entries};
	bool ok = true;

	hf_ca_frames_init(&r.frames);
	while (ok && after < now->number) {
		ok = hf_dev_ledger_read(ca->dev, after, entries, PAGE, &r.num, err);
		if (ok && r.num == 0)
			ok = hf_fail(
				err, HF_E_PEER, "keyd gives no ledger entries behind %llu", (unsigned long long)after);
		ok = ok && hf_store_write(ca->store, take_page, &r, err);
		*num_void += ok ? r.num_void : 0;
		after += r.num;
	}
	hf_ca_frames_clear(&r.frames);
	free(entries);
	return ok;
}

static bool reconcile(struct hf_ca *ca, struct hf_err *err)
{
	struct hf_ledger_state now;
	struct seen seen = {0};
	size_t num_void = 0;

	if (!hf_dev_ledger_state(ca->dev, &now, err) || !hf_store_read(ca->store, read_seen, &seen, err) ||
		!check_same(ca, &seen, &now, err) ||
		!take_all(ca, seen.there ? seen.state.number : 0, &now, &num_void, err))
		return hf_fail_in(err, "reconciling with the ledger");
	if (num_void > 0)
		hf_log(ca->log, HF_LOG_WARN, "%zu ledger entries were never issued: now void and revoked", num_void);
	return true;
}

bool hf_ca_ledger_begin(struct hf_ca *ca, struct hf_err *err)
{
	pthread_mutex_lock(&ca->ledger_lock);
	ca->reconciled = ca->reconciled || reconcile(ca, err);
	atomic_store(&ca->able, ca->reconciled);
	if (ca->reconciled)
		return true;
	pthread_mutex_unlock(&ca->ledger_lock);
	return false;
}

void hf_ca_ledger_end(struct hf_ca *ca, bool accounted)
{
	ca->reconciled = ca->reconciled && accounted;
	pthread_mutex_unlock(&ca->ledger_lock);
}

bool hf_ca_reconcile(struct hf_ca *ca, struct hf_err *err)
{
	if (!hf_ca_ledger_begin(ca, err))
		return false;
	hf_ca_ledger_end(ca, true);
	return true;
}

bool hf_ca_able(const struct hf_ca *ca, struct hf_err *err)
{
	return atomic_load(&ca->able) || hf_fail(err, HF_E_STATE,
						 "nothing is issued: the ledger and the database do not agree, or keyd "
						 "is away; the log says more");
}

void hf_ca_keyd_changed(struct hf_ca *ca)
{
	pthread_mutex_lock(&ca->ledger_lock);
	ca->reconciled = false;
	pthread_mutex_unlock(&ca->ledger_lock);
}
