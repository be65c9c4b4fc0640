/*
 * Production (制证), four repeatable messages from the workstation where the token is:
 *
 *     claim     signed by the producer: gives a ticket, the subject's Name and the token's label
 *     csr       by ticket: PKCS#10 of the key that the token made → both certificates, chain, envelope
 *     receipt   by ticket: what was installed where, signed by the new signing key → "installed"
 *
 * A ticket is 16 random octets in hex, kept as its SM3. Claimed again by the same producer, an application gets a new
 * ticket and the old one ends. Every step is durable before it is answered and may be asked again: the CA knows an
 * application by its id, so a CSR whose answer was lost is asked again and brings the same certificates.
 *
 * The first CSR that leads to certificates fixes the public key: another key is a conflict from then on.
 */
#ifndef HUFU_RA_PRODUCE_H
#define HUFU_RA_PRODUCE_H

#include "ra/ra.h"

#define HF_RA_TICKET_LEN   32   /* hex digits */
#define HF_RA_SUBJECT_MAX  2048 /* octets of a Name */
#define HF_RA_RECEIPT_TEXT 768  /* octets of what a receipt signs */

struct hf_ra_claim {
	char id[HF_APP_ID_LEN + 1]; /* given */
	char ticket[HF_RA_TICKET_LEN + 1];
	char template[16];
	char token_label[HF_APP_ID_LEN + 1];
	struct hf_buf subject; /* DER; the caller's, as hf_ra_claim_init made it */
	struct hf_err err;
};
void hf_ra_claim_init(struct hf_ra_claim *claim, const char *id);
void hf_ra_claim_clear(struct hf_ra_claim *claim);
/* Each claim gets its ticket or its err. Errors: as hf_ra_review. */
HF_MUST_USE bool hf_ra_claim(
	struct hf_tx *tx, const struct hf_ra_actor *actor, struct hf_ra_claim *claims, size_t num, struct hf_err *err);

/*
 * One certification request. hf_ra_csr works on many at once: two transactions and one question to the CA for all; it
 * has its own transactions because the CA is asked between them. Each job ends ok (issued is filled) or with its err:
 * HF_E_MISSING, HF_E_DENIED (ticket), HF_E_INPUT, HF_E_VERIFY (the request), HF_E_CONFLICT (another key), HF_E_STATE,
 * HF_E_PEER (the CA is away: ask again), or what the CA refused.
 */
struct hf_ra_csr_job {
	const char *id, *ticket; /* given */
	struct hf_bytes pkcs10;

	bool ok;
	struct hf_ra_issued issued; /* the caller's, initialised */
	struct hf_err err;

	struct hf_application app; /* inside */
	struct hf_buf subject;
	struct hf_ra_serials serials;
	uint8_t key[HF_SM2_POINT];
	bool ask, any_key;
	const struct hf_ra_csr_job *twin; /* the same request, earlier in the list */
};
void hf_ra_csr_job_init(struct hf_ra_csr_job *job, const char *id, const char *ticket, struct hf_bytes pkcs10);
void hf_ra_csr_job_clear(struct hf_ra_csr_job *job);
void hf_ra_csr(const struct hf_ra *ra, struct hf_ra_csr_job *jobs, size_t num);

/* One receipt: at is the workstation's time as text, token the token's label or serial, signature DER SM2Signature. */
struct hf_ra_receipt_job {
	const char *id, *ticket, *at, *token;
	struct hf_bytes signature;

	bool ok;
	struct hf_err err;

	struct hf_buf text; /* inside */
	uint8_t pub[HF_SM2_POINT], sig[HF_SM2_SIG];
};
void hf_ra_receipt_job_init(struct hf_ra_receipt_job *job, const char *id, const char *ticket, const char *at,
	const char *token, struct hf_bytes signature);
void hf_ra_receipt_job_clear(struct hf_ra_receipt_job *job);
/* What the new signing key signs. Errors: HF_E_LIMIT. */
HF_MUST_USE bool hf_ra_receipt_text(const char *id, const char *sign_serial, const char *enc_serial,
	struct hf_bytes sign_cert, struct hf_bytes enc_cert, const char *token, const char *at, struct hf_buf *out,
	struct hf_err *err);
/* All are kept in one transaction, their signatures verified before it; each ends ok or with its err (HF_E_VERIFY: not
 * signed by the new key). */
void hf_ra_receipts(const struct hf_ra *ra, struct hf_ra_receipt_job *jobs, size_t num);

#endif
