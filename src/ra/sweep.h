/*
 * What was issued and never installed. A certificate whose receipt has not come within ra.receipt_days is revoked:
 * first here (no receipt is taken any more), then at the CA, asked again until it says so. A claimed application whose
 * CSR went out and whose answer never came is asked again first, so that nothing issued is forgotten.
 */
#ifndef HUFU_RA_SWEEP_H
#define HUFU_RA_SWEEP_H

#include "ra/ra.h"

/* One round. *num is how many applications were revoked at the CA. Errors: HF_E_STORE, HF_E_PEER. */
HF_MUST_USE bool hf_ra_sweep(const struct hf_ra *ra, size_t *num, struct hf_err *err);

#endif
