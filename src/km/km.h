/*
 * The key management system's work, without network: it keeps pairs that the device made and wrapped, gives them to
 * CAs over GM/T 0014, and remembers what it gave. A user's private key is here only as octets that the device alone can
 * open.
 *
 *     CARequest ─► decode ─► the CA by caName ─► its signature ─┐
 *                                                               ▼
 *     T1 durable: task known? each request decided: pair set aside (spare → in-use), pair revoked; audit
 *        │                                                      a task that breaks here finds its very pairs again
 *        ├──► device: re-wrap for the users' signing keys; sign all KSRespond as one batch
 *        ▼
 *     T2 durable: KMRespond kept with its task; audit ─► answer     asked again: the same octets
 *
 * Requests that wait together share T1, the device's batches and T2. Several threads may call anything here.
 */
#ifndef HUFU_KM_KM_H
#define HUFU_KM_KM_H

#include "audit/audit.h"
#include "base/clock.h"
#include "base/log.h"
#include "dev/dev.h"
#include "x509/decode.h"
#include "x509/kmproto.h"

#include <stdatomic.h>

#define HF_KM_FILE     "km.crt" /* the KM's certificate (PEM), in its folder */
#define HF_KM_JOBS_MAX 16       /* messages of one batch */
#define HF_KM_ASKS_MAX 512      /* requests of one message: the answer must fit HF_KM_MESSAGE_MAX */
#define HF_KM_REFILL   256      /* pairs made at once */

extern const struct hf_schema hf_km_schema;

struct hf_km {
	/* set by the caller before hf_km_open */
	struct hf_store *store;
	const struct hf_dev *dev;
	const struct hf_clock *clock;
	const struct hf_log *log;        /* may be NULL */
	int64_t spare_low, spare_target; /* refill below low, up to target (GM/T 0034 6.3.3) */

	struct hf_buf der;
	struct hf_cert cert; /* of the key "km"; views into der */
	atomic_bool filling; /* a refill has begun that has not reached its target */
};

/* Reads folder/km.crt. Errors: HF_E_MISSING (not initialised), HF_E_INPUT, HF_E_STORE. */
HF_MUST_USE bool hf_km_open(struct hf_km *km, const char *folder, struct hf_err *err);
/* The device is there: is its key "km" the certificate's? Errors: HF_E_STATE, the device's. */
HF_MUST_USE bool hf_km_check_key(struct hf_km *km, struct hf_err *err);
void hf_km_close(struct hf_km *km);

/* ---- the CAs that are served (peer.c) --------------------------------------------------------------------------- */

/*
 * Registers a CA by the certificate of its message key (DER). id: 1 to 64 of [A-Za-z0-9._-]. Not audited: the caller's
 * transaction does that. Errors: HF_E_INPUT (the certificate cannot sign messages), HF_E_EXISTS, HF_E_STORE.
 */
HF_MUST_USE bool hf_km_peer_add(
	struct hf_tx *tx, const char *id, struct hf_bytes certificate, int64_t now, struct hf_err *err);

/* For `hufu init`: registers them in one audited transaction. */
struct hf_km_peer {
	const char *id;
	struct hf_bytes certificate;
};
HF_MUST_USE bool hf_km_init(struct hf_store *store, const struct hf_clock *clock, const struct hf_km_peer *peers,
	size_t num, struct hf_err *err);

/* ---- GM/T 0014 (serve.c) ---------------------------------------------------------------------------------------- */

struct hf_km_job {
	struct hf_bytes request; /* in, borrowed: CARequest */

	/* out */
	bool done;                                  /* respond is signed and durable */
	struct hf_buf respond;                      /* KMRespond */
	struct hf_err err;                          /* when not done; refusals are audited already */
	size_t applied, restored, revoked, refused; /* of this call; all zero when it was answered before */
};

void hf_km_job_init(struct hf_km_job *job);
void hf_km_job_clear(struct hf_km_job *job);

/*
 * Answers each of at most HF_KM_JOBS_MAX messages. A single request that is refused gets its error packet and does not
 * harm the others of its message. A message is refused as a whole (job->err) with HF_E_INPUT or HF_E_LIMIT (its form),
 * HF_E_DENIED (unknown CA), HF_E_VERIFY (signature), HF_E_CLOCK (requestTime lies ahead), HF_E_CONFLICT (taskNO used
 * with another body); HF_E_DEVICE, HF_E_PEER, HF_E_STORE: ask again with the same octets.
 */
void hf_km_serve(struct hf_km *km, struct hf_km_job *jobs, size_t num);

/* ---- the libraries (spare.c, history.c) ------------------------------------------------------------------------- */

/* Makes num pairs, HF_KM_REFILL at a time, each time durable. Errors: HF_E_STORE, the device's. */
HF_MUST_USE bool hf_km_refill(struct hf_km *km, size_t num, struct hf_err *err);
/* The timer's: makes at most 4 * HF_KM_REFILL pairs if they are due; *made (may be NULL) says how many. */
HF_MUST_USE bool hf_km_refill_due(struct hf_km *km, size_t *made, struct hf_err *err);
/* The timer's: moves pairs in use whose certificate has expired to the history. */
HF_MUST_USE bool hf_km_expire_due(struct hf_km *km, size_t *moved, struct hf_err *err);

/* Exact numbers of one moment (GM/T 0038 7.6.2.5). */
struct hf_km_counts {
	int64_t spare, in_use, history;
};
HF_MUST_USE bool hf_km_count(struct hf_tx *tx, struct hf_km_counts *counts, struct hf_err *err);
/* The same by CA (spare is 0). fn fails to stop. */
HF_MUST_USE bool hf_km_count_by_ca(struct hf_tx *tx,
	bool (*fn)(void *ctx, const char *ca, const struct hf_km_counts *counts, struct hf_err *err), void *ctx,
	struct hf_err *err);
HF_MUST_USE bool hf_km_count_spare(struct hf_tx *tx, int64_t *num, struct hf_err *err);

/* ---- tasks (task.c) --------------------------------------------------------------------------------------------- */

#define HF_KM_TASK_TEXT_MAX 48
/* taskNO for people: decimal up to 63 bits, else 0x and its octets in hex; and back (false: neither). */
void hf_km_task_text(struct hf_bytes number, char out[HF_KM_TASK_TEXT_MAX]);
HF_MUST_USE bool hf_km_task_read(const char *text, uint8_t octets[HF_SERIAL_MAX], struct hf_bytes *number);

struct hf_km_task {
	const char *ca;
	struct hf_bytes number, request, respond; /* respond.p NULL: not answered yet */
	int64_t asked_at, answered_at;
};
/* Calls fn for the tasks with this number, of one CA or (ca NULL) of all. Views last as long as the call. */
HF_MUST_USE bool hf_km_task_get(struct hf_tx *tx, const char *ca, struct hf_bytes number,
	bool (*fn)(void *ctx, const struct hf_km_task *task, struct hf_err *err), void *ctx, struct hf_err *err);
/* The newest first, at most max, asked before this time; request and respond are not read. */
HF_MUST_USE bool hf_km_task_list(struct hf_tx *tx, int64_t before, int64_t max,
	bool (*fn)(void *ctx, const struct hf_km_task *task, struct hf_err *err), void *ctx, struct hf_err *err);

#endif
