/*
 * What the files of the CA share: rows of its tables, and the frame that ends each of its transactions.
 */
#ifndef HUFU_CA_CA_INT_H
#define HUFU_CA_CA_INT_H

#include "ca/ca.h"
#include "ca/lifecycle.h"

#include "dev/signer.h"
#include "x509/kmproto.h"
#include "x509/lint.h"

enum issuance_state { ISSUANCE_PENDING, ISSUANCE_ISSUED, ISSUANCE_VOIDED };

struct issuance {
	enum issuance_state state;
	uint8_t order_hash[32];
	int64_t not_before, not_after, task;
	uint8_t sign_serial[HF_SERIAL_LEN], enc_serial[HF_SERIAL_LEN];
};

/* *there is false when nobody asked with this id. */
bool hf_ca_issuance_get(
	struct hf_tx *tx, const char *request_id, struct issuance *row, bool *there, struct hf_err *err);
bool hf_ca_issuance_put(struct hf_tx *tx, const char *request_id, const struct issuance *row, int64_t now, bool again,
	struct hf_err *err);
bool hf_ca_issuance_done(
	struct hf_tx *tx, const char *request_id, struct hf_bytes envelope, int64_t now, struct hf_err *err);
/* Voids the issuance, if any is pending, that drew this serial; the KM will then be told to revoke its key. */
bool hf_ca_issuance_void(struct hf_tx *tx, const char *ca, struct hf_bytes serial, struct hf_err *err);
/* Fills the order with what was issued for it before. */
bool hf_ca_issuance_answer(struct hf_tx *tx, struct hf_order *order, struct hf_err *err);

/* A new certificate: its row and its feed record. der was decoded as cert. */
bool hf_ca_certificate_put(struct hf_tx *tx, const char *ca, enum hf_profile profile, const char *request_id,
	const struct hf_cert *cert, int64_t now, struct hf_journal_batch *feed, struct hf_err *err);

/* The two journals of one transaction. */
struct frames {
	struct hf_journal_batch audit, feed;
};
void hf_ca_frames_init(struct frames *frames);
void hf_ca_frames_clear(struct frames *frames);
void hf_ca_frames_reset(struct frames *frames);
/* Lets the caller add (within may be NULL), then appends both, as far as they hold anything. */
bool hf_ca_frames_append(struct hf_ca *ca, struct frames *frames, const struct hf_ca_within *within, struct hf_tx *tx,
	struct hf_err *err);

/* This authority's key in the device. */
struct hf_dev_key hf_ca_key(const struct hf_ca *ca, const struct hf_authority *authority);

/*
 * Everything that is signed with a ledgered key happens between these two: begin waits for its turn and reconciles if
 * that is needed; end says whether all that was ledgered is now in the database. If not, the next begin reconciles.
 */
bool hf_ca_ledger_begin(struct hf_ca *ca, struct hf_err *err);
void hf_ca_ledger_end(struct hf_ca *ca, bool accounted);

/* After something was signed with a ledgered key: remembers in the same transaction how far the ledger went. */
bool hf_ca_seen_put(struct hf_tx *tx, const struct hf_ledger_state *seen, struct hf_err *err);
bool hf_ca_seen_get(struct hf_tx *tx, struct hf_ledger_state *seen, bool *there, struct hf_err *err);

/* Puts a serial on the list of those the KM must be told of. */
bool hf_ca_km_revoke_put(struct hf_tx *tx, struct hf_bytes enc_serial, struct hf_err *err);

/* What is asked of the KM for one order. */
struct km_ask {
	uint8_t enc_serial[HF_SERIAL_LEN];
	uint8_t user_pub[64];
	int64_t not_before, not_after;
};
/* A new taskNO: positive, 63 random bits. */
bool hf_ca_km_task_draw(int64_t *task, struct hf_err *err);
/* Builds and signs the CARequest of a new task. */
bool hf_ca_km_request(
	struct hf_ca *ca, int64_t task, const struct km_ask *asks, size_t num, struct hf_buf *der, struct hf_err *err);
bool hf_ca_km_task_put(
	struct hf_tx *tx, int64_t task, bool revoke, struct hf_bytes request, int64_t now, struct hf_err *err);
/* Sends the stored request of a task, and gives both when the answer is the KM's. Errors: HF_E_PEER, HF_E_VERIFY, … */
struct km_talk {
	struct hf_buf request, respond;
};
bool hf_ca_km_talk(struct hf_ca *ca, int64_t task, struct km_talk *talk, struct hf_err *err);
/* Calls fn for each request of the task with its answer; fn fails to stop. Errors: HF_E_PEER, fn's. */
bool hf_ca_km_walk(const struct km_talk *talk,
	bool (*fn)(void *ctx, const struct hf_km_ask *ask, const struct hf_km_answer *answer, struct hf_err *err),
	void *ctx, struct hf_err *err);

#endif
