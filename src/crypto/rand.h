/*
 * Random octets for keys, nonces and serials, from the kernel's generator (getrandom). The DRBG and the health tests of
 * GM/T 0005 come between the two in a later release; callers will not notice.
 */
#ifndef HUFU_CRYPTO_RAND_H
#define HUFU_CRYPTO_RAND_H

#include "base/err.h"

#include <stddef.h>

/* Errors: HF_E_DEVICE. */
HF_MUST_USE bool hf_rand(void *out, size_t len, struct hf_err *err);

#endif
