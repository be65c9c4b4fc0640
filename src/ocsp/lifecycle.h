/*
 * What the responder knows of one serial, and how the feed's records move it. The CA has a table of its own for its
 * acts; this one is a reader's: a record that does not fit what is known is not believed, and its page not taken.
 *
 * Frozen certificates (GM/T 0034 12.6) come back; revoked ones and void serials never do.
 */
#ifndef HUFU_OCSP_LIFECYCLE_H
#define HUFU_OCSP_LIFECYCLE_H

#include "base/lifecycle.h"

/* The numbers are kept in the database. UNKNOWN is what has no row. */
enum hf_ocsp_known {
	HF_OCSP_KNOWN_UNKNOWN,
	HF_OCSP_KNOWN_GOOD,
	HF_OCSP_KNOWN_HELD,
	HF_OCSP_KNOWN_REVOKED,
	HF_OCSP_KNOWN_VOID,
	HF_OCSP_NUM_KNOWN
};

enum hf_ocsp_told {
	HF_OCSP_TOLD_ISSUED,
	HF_OCSP_TOLD_GOOD,
	HF_OCSP_TOLD_HELD,
	HF_OCSP_TOLD_REVOKED,
	HF_OCSP_TOLD_VOIDED
};

extern const struct hf_lifecycle hf_ocsp_lifecycle;

#endif
