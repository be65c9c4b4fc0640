/*
 * The life of a certificate (GM/T 0034 12): good → held → good, good or held → revoked. Expiry is not a state: it is
 * read off the clock.
 */
#ifndef HUFU_CA_LIFECYCLE_H
#define HUFU_CA_LIFECYCLE_H

#include "base/lifecycle.h"

enum hf_cert_state { HF_CERT_GOOD, HF_CERT_HELD, HF_CERT_REVOKED };
enum hf_cert_event { HF_CERT_FREEZE, HF_CERT_UNFREEZE, HF_CERT_REVOKE };

extern const struct hf_lifecycle hf_cert_lifecycle;

#endif
