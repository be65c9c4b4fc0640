/*
 * An application (申请): one applicant's way to a dual certificate. Its life cycle is the table in application.c,
 * walked by hf_application_move and printed into the docs:
 *
 *     entered ─approve─► approved ─claim─► claimed ─issue─► issued ─install─► installed
 *        └─reject─► rejected         claim ┘ ▲ (again)         └─revoke─► revoked
 *
 * "issued" is "issued, not installed": the certificates exist, nobody has proven that they are in the token. After
 * ra.receipt_days they are revoked.
 */
#ifndef HUFU_RA_APPLICATION_H
#define HUFU_RA_APPLICATION_H

#include "base/buf.h"
#include "base/lifecycle.h"
#include "crypto/sm2.h"
#include "crypto/sm3.h"
#include "ra/applicant.h"
#include "store/store.h"

enum hf_application_state {
	HF_APP_ENTERED,
	HF_APP_APPROVED,
	HF_APP_REJECTED,
	HF_APP_CLAIMED,
	HF_APP_ISSUED,
	HF_APP_INSTALLED,
	HF_APP_REVOKED,
	HF_APP_NUM_STATES
};

enum hf_application_event {
	HF_APP_APPROVE,
	HF_APP_REJECT,
	HF_APP_CLAIM,
	HF_APP_ISSUE,
	HF_APP_INSTALL,
	HF_APP_REVOKE,
	HF_APP_NUM_EVENTS
};

extern const struct hf_lifecycle hf_application_lifecycle;
extern const struct hf_schema hf_ra_schema;

const char *hf_application_state_name(enum hf_application_state state);
/* Errors: HF_E_INPUT. */
HF_MUST_USE bool hf_application_state_named(const char *name, enum hf_application_state *state, struct hf_err *err);

/* 28 hex digits: milliseconds (6 octets), row (3), random (5): ordered by time, then by row. */
#define HF_APP_ID_LEN 28
HF_MUST_USE bool hf_application_id(int64_t at, int64_t row, char out[HF_APP_ID_LEN + 1], struct hf_err *err);
/* Could be an id: exactly as hf_application_id writes it. */
bool hf_application_id_ok(const char *id);

#define HF_BATCH_ID_MAX    64  /* [A-Za-z0-9._-] */
#define HF_APP_REASON_MAX  200 /* characters */
#define HF_APP_TOKEN_MAX   64  /* characters of a token's label or serial number */
#define HF_APP_SERIAL_TEXT 42

/* What a listing shows. */
struct hf_application {
	char id[HF_APP_ID_LEN + 1];
	enum hf_application_state state;
	char batch[HF_BATCH_ID_MAX + 1]; /* "" without */
	int64_t row;
	struct hf_applicant applicant;
	char entered_by[65], reviewed_by[65], claimed_by[65]; /* "" as long as nobody has */
	int64_t entered_at, changed_at, issued_at, installed_at, not_after;
	char reason[HF_APP_REASON_MAX * 4 + 1];
	char sign_serial[HF_APP_SERIAL_TEXT], enc_serial[HF_APP_SERIAL_TEXT]; /* hex, "" before issuing */
	char token[HF_APP_TOKEN_MAX * 4 + 1];

	/* for production */
	bool has_ticket, has_csr;
	uint8_t ticket[HF_SM3_LEN];
	uint8_t csr_key[HF_SM2_POINT];
};

/* A new application in state entered. key: hf_applicant_key. */
HF_MUST_USE bool hf_application_put(struct hf_tx *tx, const struct hf_application *app, struct hf_err *err);
/* Errors: HF_E_MISSING (also for what cannot be an id). */
HF_MUST_USE bool hf_application_load(struct hf_tx *tx, const char *id, struct hf_application *app, struct hf_err *err);

/*
 * Who stands in the way of entering this applicant: the id of an application that is open, or installed and not yet
 * expired; "" when nobody does. One that has expired meanwhile lets go (this writes).
 */
HF_MUST_USE bool hf_application_rival(
	struct hf_tx *tx, const struct hf_applicant *a, int64_t now, char id[HF_APP_ID_LEN + 1], struct hf_err *err);

/*
 * Takes the event by the table: state and changed_at, and the applicant is free again where the table ends the
 * application. app->state moves. Errors: HF_E_STATE, HF_E_CONFLICT (somebody else moved it).
 */
HF_MUST_USE bool hf_application_move(
	struct hf_tx *tx, struct hf_application *app, enum hf_application_event event, int64_t at, struct hf_err *err);

HF_MUST_USE bool hf_application_set_review(
	struct hf_tx *tx, const char *id, const char *by, int64_t at, const char *reason, struct hf_err *err);
/* ticket: SM3 of its text. */
HF_MUST_USE bool hf_application_set_claim(struct hf_tx *tx, const char *id, const char *by, int64_t at,
	const uint8_t ticket[HF_SM3_LEN], struct hf_err *err);
HF_MUST_USE bool hf_application_set_csr(struct hf_tx *tx, const char *id, struct hf_bytes csr,
	const uint8_t key[HF_SM2_POINT], int64_t at, struct hf_err *err);
HF_MUST_USE bool hf_application_csr(struct hf_tx *tx, const char *id, struct hf_buf *csr, struct hf_err *err);

/* What the CA gave. The buffers belong to whoever initialised it. */
struct hf_ra_issued {
	struct hf_buf sign_cert, enc_cert;
	struct hf_buf chain;    /* the CA's certificates from below, DER one behind the other */
	struct hf_buf envelope; /* SignedAndEnvelopedData */
	uint8_t enc_public[HF_SM2_POINT];
};
void hf_ra_issued_init(struct hf_ra_issued *issued);
void hf_ra_issued_clear(struct hf_ra_issued *issued);

struct hf_ra_serials {
	char sign[HF_APP_SERIAL_TEXT], enc[HF_APP_SERIAL_TEXT];
	int64_t not_after;
};
HF_MUST_USE bool hf_application_set_issued(struct hf_tx *tx, const char *id, const struct hf_ra_issued *issued,
	const struct hf_ra_serials *serials, int64_t at, struct hf_err *err);
/* Replaces the content of issued. Errors: HF_E_STATE (nothing was issued yet). */
HF_MUST_USE bool hf_application_issued(
	struct hf_tx *tx, const char *id, struct hf_ra_issued *issued, struct hf_err *err);
HF_MUST_USE bool hf_application_set_receipt(struct hf_tx *tx, const char *id, const char *token, const char *text,
	const uint8_t signature[HF_SM2_SIG], int64_t at, struct hf_err *err);

/* A page of applications by id. Texts "" match all. */
struct hf_application_filter {
	const char *state, *batch, *after;
	int64_t limit;
};
HF_MUST_USE bool hf_application_list(struct hf_tx *tx, const struct hf_application_filter *filter,
	bool (*fn)(void *ctx, const struct hf_application *app, struct hf_err *err), void *ctx, struct hf_err *err);

/* How many there are in a state. */
HF_MUST_USE bool hf_application_count(
	struct hf_tx *tx, enum hf_application_state state, int64_t *num, struct hf_err *err);

/*
 * Ids of applications that are in this state since before `before`, oldest first, at most max; *num is how many.
 * Claimed ones count only with a CSR: those without have nothing at the CA.
 */
HF_MUST_USE bool hf_application_stale(struct hf_tx *tx, enum hf_application_state state, int64_t before,
	char (*ids)[HF_APP_ID_LEN + 1], size_t max, size_t *num, struct hf_err *err);

/* Revoked ones of which the CA has not said that it knows: ids, and both serials of each. */
HF_MUST_USE bool hf_application_unrevoked(struct hf_tx *tx, char (*ids)[HF_APP_ID_LEN + 1],
	char (*serials)[HF_APP_SERIAL_TEXT], size_t max, size_t *num, struct hf_err *err);
HF_MUST_USE bool hf_application_set_revoked(struct hf_tx *tx, const char *id, int64_t at, struct hf_err *err);

#endif
