/*
 * T1: what becomes of each single request. All that changes here is durable before the device is asked; a task that
 * comes again after a crash finds by (ca, serial, task) what was set aside for it.
 */
#include "km/serve_int.h"

#include "base/str.h"

#include <string.h>

bool hf_km_item_gives(const struct km_item *item)
{
	return item->error == HF_KM_ERR_NONE && item->ask.verb != HF_KM_REVOKE;
}

bool hf_km_note_item(struct km_batch *b, const struct km_work *w, const struct km_item *item, const struct hf_err *why,
	struct hf_err *err)
{
	static const struct {
		int64_t code;
		const char *operation;
	} rows[] = {
		[HF_KM_APPLY] = {HF_AUDIT_KEY_DISPENSE, "key.apply"},
		[HF_KM_RESTORE] = {HF_AUDIT_KEY_RESTORE, "key.restore"},
		[HF_KM_REVOKE] = {HF_AUDIT_MODIFY, "key.revoke"},
	};
	char object[80];
	const struct km_note note = {.peer = w->peer.id,
		.task = w->number,
		.code = rows[item->ask.verb].code,
		.operation = rows[item->ask.verb].operation,
		.object = object,
		.serial = item->ask.userCertNo,
		.why = why,
		.began_at = b->now};

	hf_fmt_cut(object, sizeof(object), "task/%s", w->number);
	return hf_km_note(b->km->clock, &b->audit, &note, err);
}

static bool refuse_item(struct km_item *item, enum hf_km_error error)
{
	item->error = error;
	return true;
}

/* The same serial applied for twice in one message: only the first one may have a key. */
static bool asked_before(const struct km_work *w, const struct km_item *item)
{
	for (const struct km_item *other = w->items; other < item; other++)
		if (other->ask.verb == HF_KM_APPLY && hf_bytes_equal(other->ask.userCertNo, item->ask.userCertNo))
			return true;
	return false;
}

/* A key of the KM's own as the user's would give the pair to nobody, or to whoever holds the other one. */
static bool check_recipient(struct hf_tx *tx, struct km_batch *b, struct km_item *item, struct hf_err *err)
{
	bool ours = memcmp(item->ask.userPubKey, b->km->cert.pub, HF_SM2_POINT) == 0;

	if (!ours && !hf_km_key_is_ours(tx, item->ask.userPubKey, &ours, err))
		return false;
	if (ours)
		item->error = HF_KM_ERR_USER_KEY;
	return true;
}

/* The pair that this very task was given before it broke: it goes on with it. */
static bool is_resumed(const struct km_key *key, const struct km_item *item)
{
	return key->of_task && (key->state == HF_ESCROW_IN_USE || key->closed_by_task) &&
	       memcmp(key->user_pub, item->ask.userPubKey, HF_SM2_POINT) == 0;
}

static bool apply(struct hf_tx *tx, struct km_batch *b, struct km_work *w, struct km_item *item, struct hf_err *err)
{
	const struct km_user user = {w->peer.id, w->message.taskNO, &item->ask, b->now};
	struct km_key key;
	bool there = false;

	if (item->ask.notAfter < b->now)
		return refuse_item(item, HF_KM_ERR_VALIDITY);
	if (!hf_km_key_find(tx, &user, &key, &there, err))
		return false;
	if (asked_before(w, item) || (there && !is_resumed(&key, item)))
		return refuse_item(item, HF_KM_ERR_CERT_NO_USED);
	if (!check_recipient(tx, b, item, err))
		return false;
	if (item->error != HF_KM_ERR_NONE)
		return true;
	if (!there) {
		if (!hf_km_key_take(tx, &user, &key, &there, err))
			return false;
		if (!there) {
			b->short_of_pairs = true;
			return hf_fail(err, HF_E_STATE, "too few spare pairs");
		}
		item->taken = true;
	}
	item->pair = key.pair;
	return true;
}

static bool restore(struct hf_tx *tx, struct km_batch *b, struct km_work *w, struct km_item *item, struct hf_err *err)
{
	const struct km_user user = {w->peer.id, w->message.taskNO, &item->ask, b->now};
	struct km_key key;
	bool there = false;

	if (!hf_km_key_find(tx, &user, &key, &there, err))
		return false;
	if (!there)
		return refuse_item(item, HF_KM_ERR_NO_SUCH_KEY);
	if (!hf_lifecycle_move(&hf_escrow_lifecycle, key.state, HF_ESCROW_RESTORE))
		return refuse_item(item, HF_KM_ERR_KEY_STATE);
	if (!check_recipient(tx, b, item, err))
		return false;
	if (item->error != HF_KM_ERR_NONE)
		return true;
	item->pair = key.pair;
	item->taken = true;
	return hf_km_key_restore(tx, &user, &key, err);
}

static bool revoke(struct hf_tx *tx, struct km_batch *b, struct km_work *w, struct km_item *item, struct hf_err *err)
{
	const struct km_user user = {w->peer.id, w->message.taskNO, &item->ask, b->now};
	struct km_key key;
	bool there = false;

	if (!hf_km_key_find(tx, &user, &key, &there, err))
		return false;
	if (!there)
		return refuse_item(item, HF_KM_ERR_NO_SUCH_KEY);
	if (key.closed_by_task)
		return true;
	if (!hf_lifecycle_move(&hf_escrow_lifecycle, key.state, HF_ESCROW_REVOKE))
		return refuse_item(item, HF_KM_ERR_KEY_STATE);
	item->revoked = true;
	return hf_km_key_close(tx, &key, HF_ESCROW_REVOKE, w->message.taskNO, b->now, err);
}

static bool decide_item(
	struct hf_tx *tx, struct km_batch *b, struct km_work *w, struct km_item *item, struct hf_err *err)
{
	bool ok = true;

	item->error = item->ask.error;
	item->taken = item->revoked = false;
	if (item->error != HF_KM_ERR_NONE)
		return true;
	if (item->ask.verb == HF_KM_APPLY)
		ok = apply(tx, b, w, item, err);
	else if (item->ask.verb == HF_KM_RESTORE)
		ok = restore(tx, b, w, item, err);
	else
		ok = revoke(tx, b, w, item, err);
	if (ok && (item->taken || item->revoked))
		ok = hf_km_note_item(b, w, item, NULL, err);
	return ok;
}

//= GM/T 0014 5.2.3
bool hf_km_decide(struct hf_tx *tx, struct km_batch *b, struct km_work *w, struct hf_err *err)
{
	struct hf_err why;
	struct km_known known;

	if (!hf_km_task_find(tx, w->peer.id, w->message.taskNO, w->hash, &known, &w->job->respond, err))
		return false;
	if (known.there && !known.same) {
		hf_fail(&why, HF_E_CONFLICT, "taskNO %s was used with another body (GM/T 0014 5.2.3): take a new one",
			w->number);
		hf_km_work_refuse(w, &why);
		return true;
	}
	if (known.answered) {
		w->stage = KM_KNOWN;
		return true;
	}
	if (!known.there && !hf_km_task_put(tx, w->peer.id, w->message.taskNO, w->hash, w->job->request, b->now, err))
		return false;
	for (size_t i = 0; i < w->num; i++)
		if (!decide_item(tx, b, w, &w->items[i], err))
			return false;
	return true;
}
