/*
 * What the files of the KM share: rows of its tables, and its audit records.
 */
#ifndef HUFU_KM_KM_INT_H
#define HUFU_KM_KM_INT_H

#include "km/km.h"
#include "km/lifecycle.h"

#define HF_KM_PEER_ID_MAX 64
#define HF_KM_NAME_MAX    512 /* octets of a CA's or the KM's name: an answer repeats both for every key */

/* A CA as it is registered. */
struct km_peer {
	char id[HF_KM_PEER_ID_MAX + 1];
	struct hf_buf der;
	struct hf_cert cert; /* views into der */
};
/* The CA that this EntName names; *there is false when it is nobody's. peer->der must be initialised. */
bool hf_km_peer_find(
	struct hf_tx *tx, const struct hf_ent_name *name, struct km_peer *peer, bool *there, struct hf_err *err);

/* A row of escrow_key. */
struct km_key {
	int64_t id;
	int state;
	struct hf_dev_pair pair;
	uint8_t user_pub[HF_SM2_POINT];
	bool of_task, closed_by_task; /* this task applied for it, revoked it */
};
/* Whom a pair is given to. */
struct km_user {
	const char *ca;
	struct hf_bytes task;
	const struct hf_km_ask *ask;
	int64_t now;
};
bool hf_km_key_find(struct hf_tx *tx, const struct km_user *user, struct km_key *key, bool *there, struct hf_err *err);
/* Takes a spare pair for the user; *there is false when none is left. */
bool hf_km_key_take(struct hf_tx *tx, const struct km_user *user, struct km_key *key, bool *there, struct hf_err *err);
/* in-use → in-use, now protected for the ask's user key. HF_E_STATE: the life cycle does not allow it. */
bool hf_km_key_restore(struct hf_tx *tx, const struct km_user *user, const struct km_key *key, struct hf_err *err);
/* in-use → history. task HF_BYTES_NONE: it expired. */
bool hf_km_key_close(struct hf_tx *tx, const struct km_key *key, enum hf_escrow_event event, struct hf_bytes task,
	int64_t now, struct hf_err *err);
/* Is it the public key of an escrowed pair? */
bool hf_km_key_is_ours(struct hf_tx *tx, const uint8_t pub[HF_SM2_POINT], bool *ours, struct hf_err *err);
bool hf_km_key_put(struct hf_tx *tx, const struct hf_dev_pair *pairs, size_t num, int64_t now, struct hf_err *err);

/* What km_task knows of a task. */
struct km_known {
	bool there, same, answered;
};
/* respond is filled when answered and same. */
bool hf_km_task_find(struct hf_tx *tx, const char *ca, struct hf_bytes number, const uint8_t hash[HF_SM3_LEN],
	struct km_known *known, struct hf_buf *respond, struct hf_err *err);
bool hf_km_task_put(struct hf_tx *tx, const char *ca, struct hf_bytes number, const uint8_t hash[HF_SM3_LEN],
	struct hf_bytes request, int64_t now, struct hf_err *err);
/* *first is false when it has its answer already. */
bool hf_km_task_done(struct hf_tx *tx, const char *ca, struct hf_bytes number, struct hf_bytes respond, int64_t now,
	bool *first, struct hf_err *err);

/* An audit record. Texts may be NULL, serial HF_BYTES_NONE, why NULL. */
struct km_note {
	const char *peer; /* the CA's id; NULL: the KM by itself */
	const char *task; /* as text */
	int64_t code;
	const char *operation, *object, *text;
	struct hf_bytes serial;
	const struct hf_err *why; /* of a refusal */
	int64_t began_at;
};
bool hf_km_note(
	const struct hf_clock *clock, struct hf_journal_batch *batch, const struct km_note *note, struct hf_err *err);
/* Appends the batch as a frame of the audit journal; an empty one is fine. */
bool hf_km_append(
	struct hf_tx *tx, const struct hf_clock *clock, const struct hf_journal_batch *batch, struct hf_err *err);

#endif
