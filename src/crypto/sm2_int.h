/*
 * What the SM2 files share, and the fixed-k doors through which the standard's examples are checked. The curve's
 * arithmetic is OpenSSL's: the point multiplications that see a secret take its Montgomery ladder (a scalar on one
 * point, never two), the inversion modulo n is a constant-time power.
 */
#ifndef HUFU_CRYPTO_SM2_INT_H
#define HUFU_CRYPTO_SM2_INT_H

#include "crypto/sm2.h"

#include <openssl/bn.h>
#include <openssl/ec.h>

/* One call's tools: the shared group, and a BN_CTX whose numbers are wiped when it ends. */
struct hf_sm2_work {
	const EC_GROUP *group;
	const BIGNUM *n, *p; /* of the group */
	BN_CTX *ctx;
};

/* Errors: HF_E_MEMORY. hf_sm2_end takes a work whose begin failed, too. */
HF_MUST_USE bool hf_sm2_begin(struct hf_sm2_work *work, struct hf_err *err);
void hf_sm2_end(struct hf_sm2_work *work);
bool hf_sm2_no_memory(struct hf_err *err);

/* A number of work->ctx, from 32 octets; NULL when memory is out. Marked constant-time. */
BIGNUM *hf_sm2_number(struct hf_sm2_work *work, const uint8_t in[HF_SM2_SCALAR]);
/* 1 <= d <= n-2. Errors: HF_E_INPUT. NULL on errors. */
BIGNUM *hf_sm2_private(struct hf_sm2_work *work, const uint8_t d[HF_SM2_SCALAR], struct hf_err *err);
/* Checked to be on the curve. The caller frees. Errors: HF_E_INPUT, HF_E_MEMORY. NULL on errors. */
EC_POINT *hf_sm2_point(struct hf_sm2_work *work, const uint8_t pub[HF_SM2_POINT], struct hf_err *err);
HF_MUST_USE bool hf_sm2_point_out(
	struct hf_sm2_work *work, const EC_POINT *point, uint8_t out[HF_SM2_POINT], struct hf_err *err);
/* out = scalar * point, or scalar * G when point is NULL. Errors: HF_E_MEMORY. */
HF_MUST_USE bool hf_sm2_multiply(struct hf_sm2_work *work, const BIGNUM *scalar, const EC_POINT *point,
	uint8_t out[HF_SM2_POINT], struct hf_err *err);
/* A random number in [1, n-1], as octets. Errors: HF_E_DEVICE. */
HF_MUST_USE bool hf_sm2_random(uint8_t k[HF_SM2_SCALAR], struct hf_err *err);

/* One try with a given k; *again is set when the standard says that k must be drawn anew. */
HF_MUST_USE bool hf_sm2_sign_with(const uint8_t d[HF_SM2_SCALAR], const uint8_t e[HF_SM3_LEN],
	const uint8_t k[HF_SM2_SCALAR], uint8_t sig[HF_SM2_SIG], bool *again, struct hf_err *err);
HF_MUST_USE bool hf_sm2_encrypt_with(const uint8_t pub[HF_SM2_POINT], struct hf_bytes in,
	const uint8_t k[HF_SM2_SCALAR], uint8_t *out, bool *again, struct hf_err *err);

#endif
