/*
 * GM/T 0016 annex A error codes, for people: name, our code, what to do.
 */
#ifndef HUFU_SKF_SAR_H
#define HUFU_SKF_SAR_H

#include "base/err.h"
#include "skf.h"

/* "SAR_PIN_LOCKED"; "SAR_?" for a code that the standard does not have. */
const char *hf_sar_name(ULONG code);
/* Fills err from a refusal of `call` ("SKF_VerifyPIN") at `where` and returns false. */
bool hf_sar_fail(struct hf_err *err, ULONG code, const char *call, const char *where);

#endif
