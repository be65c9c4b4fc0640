/*
 * The CA's work, without network and without keys: it builds what is to be signed, has it signed by keyd (struct
 * hf_dev), and writes what happened into its database, its audit trail and its feed, in one transaction.
 *
 * The life of a dual certificate here (design §2; issue.c):
 *
 *     orders that wait together
 *        │  template, PKCS#10, subject checked
 *        ▼
 *     T1 durable: request id, both serials, taskNO, the KM request          the signing certificate is decided here
 *        │
 *        ├──► KM: ApplyKeyReq for all of them in one CARequest (GM/T 0014)    km.c
 *        ▼
 *     both TBS of each ─► lint ─► keyd: ledger, signatures ─► verified
 *        │
 *        ▼
 *     T2, one transaction: certificates + feed + audit + what the caller adds ─► answers
 *
 * Whatever breaks between T1 and T2, the same request id asked again resumes: the KM gives the same octets for the same
 * task, and serials that reached the ledger are voided first (reconcile.c).
 *
 * Issuing is done by one thread (the HTTP lane sees to it); status changes, CRLs and timers may run beside it. Between
 * the ledger and the database only one of them works at a time: ledger_lock.
 */
#ifndef HUFU_CA_CA_H
#define HUFU_CA_CA_H

#include "audit/audit.h"
#include "base/log.h"
#include "ca/template.h"
#include "dev/dev.h"
#include "feed/feed.h"
#include "x509/decode.h"

#include <pthread.h>
#include <stdatomic.h>

#define HF_CA_BATCH_MAX 256 /* orders of one batch */

extern const struct hf_schema hf_ca_schema;

/* A CA key with its certificate. */
struct hf_authority {
	char id[HF_DEV_NAME_MAX]; /* "root", "ca": also its key's name in keyd */
	struct hf_buf der;
	struct hf_cert cert; /* views into der */
};

/* How the KM is reached: one GM/T 0014 exchange. Errors: HF_E_PEER; the task stays open and is sent again. */
struct hf_km_port {
	bool (*exchange)(void *ctx, struct hf_bytes request, struct hf_buf *respond, struct hf_err *err);
	void *ctx;
};

struct hf_ca_settings {
	char crl_uri[256];    /* folder of CRLDP: "http://127.0.0.1:8444/crl" + "/ca.crl" */
	char ocsp_uri[256];   /* AIA */
	char issuer_uri[256]; /* folder of AIA caIssuers: "http://127.0.0.1:8444/ca" + "/ca.crt" */
	int64_t crl_hours;    /* nextUpdate - thisUpdate */
	int64_t max_days;     /* longest validity of a user's certificate, beside the template's */
	bool identity_2023;   /* which edition's identity extensions are written (docs/decisions/0002) */
};

struct hf_ca {
	struct hf_store *store;
	const struct hf_dev *dev;
	const struct hf_clock *clock;
	const struct hf_log *log;
	struct hf_ca_settings settings;
	struct hf_km_port km;
	struct hf_authority root, ca; /* ca signs users; root signs CAs and the KM */
	struct hf_buf service_der;    /* certificate of the message key: who we are to the KM */
	struct hf_cert service;
	struct hf_buf km_der; /* the KM's certificate, which signs its answers */
	struct hf_cert km_cert;
	pthread_mutex_t ledger_lock; /* held from before something is ledgered until it is in the database */
	bool reconciled;             /* under the lock: the ledger and the database agree */
	atomic_bool able;            /* the last try to reconcile succeeded */
};

/*
 * Fills authorities and peers from the database and the files of folder (service.crt, km.crt). The members above them
 * are set by the caller before. hf_ca_close afterwards, also when this fails. Errors: HF_E_STORE, HF_E_MISSING (not
 * initialised), HF_E_INPUT.
 */
HF_MUST_USE bool hf_ca_open(struct hf_ca *ca, const char *folder, struct hf_err *err);
void hf_ca_close(struct hf_ca *ca);
const struct hf_authority *hf_ca_authority(const struct hf_ca *ca, const char *id); /* NULL when unknown */
/* The audit record of what the CA does by itself, in batch. serial may be HF_BYTES_NONE. */
HF_MUST_USE bool hf_ca_audit_system(struct hf_ca *ca, struct hf_journal_batch *batch, int64_t code,
	const char *operation, const char *object, struct hf_bytes serial, const char *text, struct hf_err *err);

/* What the caller adds to a transaction: its operations' answers, its own audit records. May run again. */
struct hf_ca_within {
	bool (*add)(void *ctx, struct hf_tx *tx, struct hf_journal_batch *audit, struct hf_err *err);
	void *ctx;
};

/* ---- issuing (issue.c) ------------------------------------------------------------------------------------------ */

struct hf_order {
	/* in, borrowed */
	const char *request_id, *template;
	struct hf_bytes subject; /* Name */
	struct hf_bytes pkcs10;
	int64_t validity_days;
	const char *email; /* or NULL */
	struct hf_identity identities[HF_IDENTITIES_MAX];
	size_t num_identities;

	/* out */
	bool done;
	struct hf_err err; /* when not done; asking again may help with HF_E_PEER, HF_E_STORE, HF_E_STATE */
	struct hf_buf sign_cert, enc_cert; /* DER */
	struct hf_buf envelope;            /* SignedAndEnvelopedData */
	uint8_t enc_pub[64];
};

void hf_order_init(struct hf_order *order);
void hf_order_clear(struct hf_order *order);

/*
 * Issues all orders that can be; each says how it ended. within is called in T2 when the outcome is known (done and err
 * are set), or in a transaction of its own when nothing was issued. False (err): the outcome could not be written, and
 * every order that was not issued before says so.
 */
HF_MUST_USE bool hf_ca_issue(
	struct hf_ca *ca, struct hf_order *orders, size_t num, const struct hf_ca_within *within, struct hf_err *err);

/* ---- status (status.c) ------------------------------------------------------------------------------------------ */

struct hf_status_item {
	uint8_t serial[20]; /* in: content octets of the INTEGER */
	size_t serial_len;
	bool done;
	struct hf_err err;
};

/*
 * Revokes, freezes or unfreezes (event: enum hf_cert_event) each certificate of the CA "ca", in one transaction with
 * feed, audit (by within) and the KM's tasks. reason counts for revocations. Then a new CRL is issued; if that fails it
 * is tried again by the timer, and the acts stay done.
 */
HF_MUST_USE bool hf_ca_change(struct hf_ca *ca, int event, int reason, struct hf_status_item *items, size_t num,
	const struct hf_ca_within *within, struct hf_err *err);

/* ---- CRLs (crl.c) ----------------------------------------------------------------------------------------------- */

/* Signs and publishes the next CRL of this authority. within may be NULL. */
HF_MUST_USE bool hf_ca_crl_issue(
	struct hf_ca *ca, const struct hf_authority *authority, const struct hf_ca_within *within, struct hf_err *err);
/* Issues what is due: none yet, half of its time gone, or something changed since the last. The timer's call. */
HF_MUST_USE bool hf_ca_crl_due(struct hf_ca *ca, struct hf_err *err);
HF_MUST_USE bool hf_ca_crl_get(struct hf_ca *ca, const char *id, struct hf_buf *der, struct hf_err *err);

/* ---- KM tasks (km.c) -------------------------------------------------------------------------------------------- */

/* Tells the KM which encryption keys are revoked, as far as it has not been told. The timer's call. */
HF_MUST_USE bool hf_ca_km_revoke_due(struct hf_ca *ca, struct hf_err *err);

/* ---- the ledger (reconcile.c) ------------------------------------------------------------------------------------ */

/*
 * Makes the database account for every ledger entry: what it lacks becomes void, is listed and revoked. Until this has
 * succeeded nothing is issued. Errors: HF_E_STATE (the ledger is older than the database, or another one), HF_E_VERIFY
 * (its entry is not the one that the database saw), HF_E_PEER.
 */
HF_MUST_USE bool hf_ca_reconcile(struct hf_ca *ca, struct hf_err *err);
/* Can it issue, as far as the last try tells? Never blocks. Errors: HF_E_STATE. */
HF_MUST_USE bool hf_ca_able(const struct hf_ca *ca, struct hf_err *err);
/* keyd was started anew: what was asked of the old one may or may not be in the ledger. */
void hf_ca_keyd_changed(struct hf_ca *ca);

#endif
