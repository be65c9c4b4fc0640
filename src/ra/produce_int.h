/*
 * What the files of production share.
 */
#ifndef HUFU_RA_PRODUCE_INT_H
#define HUFU_RA_PRODUCE_INT_H

#include "ra/produce.h"

/* The application, if this is its newest ticket. Errors: HF_E_MISSING, HF_E_DENIED. */
HF_MUST_USE bool hf_ra_by_ticket(
	struct hf_tx *tx, const char *id, const char *ticket, struct hf_application *app, struct hf_err *err);

/*
 * Do these certificates answer this application: they decode, name the approved subject, belong together, carry the
 * right key usages, are signed by the first of the chain; the signing one holds key (unless any_key), the encryption
 * one enc_public. serials is filled. Errors: HF_E_PEER with what is wrong; HF_E_CONFLICT (another key).
 */
HF_MUST_USE bool hf_ra_check_issued(const struct hf_ra_issued *issued, struct hf_bytes subject,
	const uint8_t key[HF_SM2_POINT], bool any_key, struct hf_ra_serials *serials, struct hf_err *err);

/* The CSR proves possession of its key and names subject; key is set. Errors: HF_E_INPUT, HF_E_VERIFY. */
HF_MUST_USE bool hf_ra_check_csr(
	struct hf_bytes pkcs10, struct hf_bytes subject, uint8_t key[HF_SM2_POINT], struct hf_err *err);

/* The two steps of hf_ra_csr behind the check of tickets: ask the CA for the jobs marked ask, keep what came. */
void hf_ra_ask(const struct hf_ra *ra, struct hf_ra_csr_job *jobs, size_t num);
void hf_ra_keep(const struct hf_ra *ra, struct hf_ra_csr_job *jobs, size_t num);

#endif
