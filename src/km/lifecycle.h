/*
 * The life of an escrowed key pair (GM/T 0034 6.3): 备用 → 在用 → 历史, and never back.
 */
#ifndef HUFU_KM_LIFECYCLE_H
#define HUFU_KM_LIFECYCLE_H

#include "base/lifecycle.h"

enum hf_escrow_state { HF_ESCROW_SPARE, HF_ESCROW_IN_USE, HF_ESCROW_HISTORY };
enum hf_escrow_event { HF_ESCROW_GIVE, HF_ESCROW_RESTORE, HF_ESCROW_REVOKE, HF_ESCROW_EXPIRE };

extern const struct hf_lifecycle hf_escrow_lifecycle;

#endif
