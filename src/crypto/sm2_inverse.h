/*
 * Inversion modulo an odd number of 256 bits, by Bernstein and Yang's constant-time division steps (safegcd, 2019, in
 * the form that starts at delta = 1/2: 590 steps suffice for 256 bits), 59 steps at a time on the low limbs.
 */
#ifndef HUFU_CRYPTO_SM2_INVERSE_H
#define HUFU_CRYPTO_SM2_INVERSE_H

#include "crypto/sm2_limbs.h"

/* A number as five signed limbs of 62 bits; all but the last are in [0, 2^62) when it is normal. */
struct hf_limbs62 {
	int64_t v[5];
};

struct hf_modulus62 {
	struct hf_limbs62 m;
	uint64_t inverse; /* of m modulo 2^62 */
};

/* r = 1/a mod m, a < m; 0 for 0. In a time that depends on nothing. r may be a. */
void hf_limbs_invert(uint64_t r[4], const uint64_t a[4], const struct hf_modulus62 *modulus);

#endif
