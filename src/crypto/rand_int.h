/* Where hf_rand's seeds come from: its test puts other sources there. */
#ifndef HUFU_CRYPTO_RAND_INT_H
#define HUFU_CRYPTO_RAND_INT_H

#include "crypto/drbg.h"
#include "crypto/rand.h"

/* 64 octets of entropy, of which we claim half, and a nonce of 16. */
#define HF_RAND_SEED 80

struct hf_rand_source {
	bool (*draw)(void *ctx, uint8_t *out, size_t len, struct hf_err *err);
	void *ctx;
};

bool hf_rand_kernel(void *ctx, uint8_t *out, size_t len, struct hf_err *err);
/* One seed that passes the tests, or HF_E_DEVICE after the second that does not. */
HF_MUST_USE bool hf_rand_seed(const struct hf_rand_source *source, struct hf_entropy_test *test,
	uint8_t seed[HF_RAND_SEED], struct hf_err *err);

#endif
