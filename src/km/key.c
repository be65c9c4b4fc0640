/*
 * Rows of escrow_key. Every change of state walks the life cycle and is a compare-and-set: two tasks can never take the
 * same pair, whatever they run in.
 */
#include "km/km_int.h"

static bool col_pair(struct hf_query *q, int pub, int wrapped, struct hf_dev_pair *pair, struct hf_err *err)
{
	return hf_query_col_octets(q, pub, pair->pub, sizeof(pair->pub), err) &&
	       hf_query_col_octets(q, wrapped, pair->wrapped, sizeof(pair->wrapped), err);
}

static bool col_is(struct hf_query *q, int col, struct hf_bytes task)
{
	return !hf_query_col_null(q, col) && hf_bytes_equal(hf_query_col_bytes(q, col), task);
}

bool hf_km_key_find(struct hf_tx *tx, const struct km_user *user, struct km_key *key, bool *there, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "SELECT id, state, pub, wrapped, user_pub, task, closed_by FROM escrow_key "
					  "WHERE ca = ? AND serial = ?");

	hf_query_text(q, user->ca);
	hf_query_bytes(q, user->ask->userCertNo);
	bool ok = hf_query_next(q, there, err);
	if (ok && *there) {
		key->id = hf_query_col_i64(q, 0);
		key->state = (int)hf_query_col_i64(q, 1);
		key->of_task = col_is(q, 5, user->task);
		key->closed_by_task = col_is(q, 6, user->task);
		ok = col_pair(q, 2, 3, &key->pair, err) &&
		     hf_query_col_octets(q, 4, key->user_pub, sizeof(key->user_pub), err);
	}
	hf_query_done(q);
	return ok;
}

static bool find_spare(struct hf_tx *tx, struct km_key *key, bool *there, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "SELECT id, pub, wrapped FROM escrow_key WHERE state = ? LIMIT 1");

	hf_query_i64(q, HF_ESCROW_SPARE);
	bool ok = hf_query_next(q, there, err);
	if (ok && *there) {
		*key = (struct km_key){.id = hf_query_col_i64(q, 0), .state = HF_ESCROW_SPARE, .of_task = true};
		ok = col_pair(q, 1, 2, &key->pair, err);
	}
	hf_query_done(q);
	return ok;
}

bool hf_km_key_take(struct hf_tx *tx, const struct km_user *user, struct km_key *key, bool *there, struct hf_err *err)
{
	const struct hf_km_ask *ask = user->ask;
	struct hf_query *q;
	int next;

	if (!find_spare(tx, key, there, err))
		return false;
	if (!*there)
		return true;
	if (!hf_lifecycle_next(&hf_escrow_lifecycle, key->state, HF_ESCROW_GIVE, &next, err))
		return false;
	q = hf_query(tx,
		"UPDATE escrow_key SET state = ?, ca = ?, serial = ?, task = ?, user_pub = ?, not_before = ?, "
		"not_after = ?, user_name = ?, ds_code = ?, extend_info = ?, given_at = ? WHERE id = ? AND state = ?");
	hf_query_i64(q, next);
	hf_query_text(q, user->ca);
	hf_query_bytes(q, ask->userCertNo);
	hf_query_bytes(q, user->task);
	hf_query_bytes(q, HF_BYTES_OF(ask->userPubKey));
	hf_query_i64(q, ask->notBefore);
	hf_query_i64(q, ask->notAfter);
	hf_query_bytes(q, ask->userName);
	hf_query_bytes(q, ask->dsCode);
	hf_query_bytes(q, ask->extendInfo);
	hf_query_i64(q, user->now);
	hf_query_i64(q, key->id);
	hf_query_i64(q, key->state);
	return hf_query_run_one(q, "spare pair", err);
}

bool hf_km_key_restore(struct hf_tx *tx, const struct km_user *user, const struct km_key *key, struct hf_err *err)
{
	struct hf_query *q;
	int next;

	if (!hf_lifecycle_next(&hf_escrow_lifecycle, key->state, HF_ESCROW_RESTORE, &next, err))
		return false;
	q = hf_query(tx, "UPDATE escrow_key SET state = ?, user_pub = ? WHERE id = ? AND state = ?");
	hf_query_i64(q, next);
	hf_query_bytes(q, HF_BYTES_OF(user->ask->userPubKey));
	hf_query_i64(q, key->id);
	hf_query_i64(q, key->state);
	return hf_query_run_one(q, "escrowed key", err);
}

bool hf_km_key_close(struct hf_tx *tx, const struct km_key *key, enum hf_escrow_event event, struct hf_bytes task,
	int64_t now, struct hf_err *err)
{
	struct hf_query *q;
	int next;

	if (!hf_lifecycle_next(&hf_escrow_lifecycle, key->state, (int)event, &next, err))
		return false;
	q = hf_query(tx, "UPDATE escrow_key SET state = ?, closed_at = ?, closed_by = ? WHERE id = ? AND state = ?");
	hf_query_i64(q, next);
	hf_query_i64(q, now);
	hf_query_bytes(q, task);
	hf_query_i64(q, key->id);
	hf_query_i64(q, key->state);
	return hf_query_run_one(q, "escrowed key", err);
}

bool hf_km_key_is_ours(struct hf_tx *tx, const uint8_t pub[HF_SM2_POINT], bool *ours, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "SELECT 1 FROM escrow_key WHERE pub = ?");

	hf_query_bytes(q, (struct hf_bytes){pub, HF_SM2_POINT});
	bool ok = hf_query_next(q, ours, err);
	hf_query_done(q);
	return ok;
}

static bool last_id(struct hf_tx *tx, int64_t *id, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "SELECT MAX(id) FROM escrow_key");
	bool row = false;

	bool ok = hf_query_next(q, &row, err);
	*id = ok && row ? hf_query_col_i64(q, 0) : 0;
	hf_query_done(q);
	return ok;
}

bool hf_km_key_put(struct hf_tx *tx, const struct hf_dev_pair *pairs, size_t num, int64_t now, struct hf_err *err)
{
	int64_t id;

	if (!last_id(tx, &id, err))
		return false;
	for (size_t i = 0; i < num; i++) {
		struct hf_query *q = hf_query(
			tx, "INSERT INTO escrow_key (id, state, pub, wrapped, made_at) VALUES (?, ?, ?, ?, ?)");
		hf_query_i64(q, ++id);
		hf_query_i64(q, hf_escrow_lifecycle.start);
		hf_query_bytes(q, HF_BYTES_OF(pairs[i].pub));
		hf_query_bytes(q, HF_BYTES_OF(pairs[i].wrapped));
		hf_query_i64(q, now);
		if (!hf_query_run(q, NULL, err))
			return false;
	}
	return true;
}
