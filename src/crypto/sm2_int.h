/*
 * What the SM2 files share, and the fixed-k doors through which the standard's examples are checked.
 */
#ifndef HUFU_CRYPTO_SM2_INT_H
#define HUFU_CRYPTO_SM2_INT_H

#include "crypto/sm2.h"
#include "crypto/sm2_n.h"
#include "crypto/sm2_point.h"

/*
 * A mask made from secrets that the standard lets out: that a key is out of range, that a k was refused and is drawn
 * anew. The constant-time test learns from this that a branch on it is right.
 */
uint64_t hf_declassify(uint64_t mask);

/* d as limbs, 1 <= d <= n-2. Errors: HF_E_INPUT. */
HF_MUST_USE bool hf_sm2_private_in(uint64_t out[4], const uint8_t d[HF_SM2_SCALAR], struct hf_err *err);
/* A random number in [1, n-1-less]. Errors: HF_E_DEVICE. */
HF_MUST_USE bool hf_sm2_random(uint64_t k[4], uint64_t less, struct hf_err *err);

/*
 * r and s from point = k·G and inverse = 2^256/(1+d). False when k must be drawn anew.
 */
HF_MUST_USE bool hf_sm2_sign_finish(const uint64_t inverse[4], const uint8_t e[HF_SM3_LEN], const uint64_t k[4],
	const uint8_t point[HF_SM2_POINT], uint8_t sig[HF_SM2_SIG]);
/* t = r + s and x = r - e, modulo n; false when r, s or t is not in [1, n-1]. */
HF_MUST_USE bool hf_sm2_verify_begin(const uint8_t e[HF_SM3_LEN], const uint8_t sig[HF_SM2_SIG], uint64_t r[4],
	uint64_t s[4], uint64_t t[4], uint64_t x[4]);

/* C3 and C2, given k·P; C1 is in out. False when k must be drawn anew. */
HF_MUST_USE bool hf_sm2_encrypt_finish(const uint8_t shared[HF_SM2_POINT], struct hf_bytes in, uint8_t *out);

/* One try with a given k in [1, n-1]; *again is set when the standard says that k must be drawn anew. */
HF_MUST_USE bool hf_sm2_sign_with(const uint8_t d[HF_SM2_SCALAR], const uint8_t e[HF_SM3_LEN],
	const uint8_t k[HF_SM2_SCALAR], uint8_t sig[HF_SM2_SIG], bool *again, struct hf_err *err);
HF_MUST_USE bool hf_sm2_encrypt_with(const uint8_t pub[HF_SM2_POINT], struct hf_bytes in,
	const uint8_t k[HF_SM2_SCALAR], uint8_t *out, bool *again, struct hf_err *err);

#endif
