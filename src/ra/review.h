/*
 * Reviewing (审核): one signed decision over an ordered list of applications.
 */
#ifndef HUFU_RA_REVIEW_H
#define HUFU_RA_REVIEW_H

#include "ra/ra.h"

struct hf_review {
	bool approve;
	const char *reason; /* required for a rejection; NULL or "" otherwise */
};

/*
 * results[i].id is given, results[i].err is set. One that cannot be reviewed (not there, in another state, entered by
 * the same person) does not keep the others from it. Errors: HF_E_INPUT (a rejection without a reason), HF_E_STORE.
 */
HF_MUST_USE bool hf_ra_review(struct hf_tx *tx, const struct hf_ra_actor *actor, const struct hf_review *review,
	struct hf_ra_result *results, size_t num, struct hf_err *err);

#endif
