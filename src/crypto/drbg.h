/*
 * The random number generators of GM/T 0105-2021: SM3-RNG (Annex B: Hash_DRBG with SM3) and SM4-RNG (Annex E: CTR_DRBG
 * with SM4 and a derivation function). Only arithmetic: who seeds them, when, and with what, is rand_linux.c's
 * business.
 *
 * They differ from SP 800-90A: one request gives at most one block (256 and 128 bits), and reseeding SM3-RNG hashes
 * entropy before the old state.
 */
#ifndef HUFU_CRYPTO_DRBG_H
#define HUFU_CRYPTO_DRBG_H

#include "base/err.h"
#include "crypto/sm3.h"
#include "crypto/sm4.h"

#define HF_DRBG_ENTROPY_MIN 32 /* octets */
#define HF_DRBG_NONCE_MIN   16

#define HF_SM3_RNG_SEED 55         /* octets: 440 bits */
#define HF_SM3_RNG_MAX  HF_SM3_LEN /* of one request */

struct hf_sm3_rng {
	uint8_t v[HF_SM3_RNG_SEED], c[HF_SM3_RNG_SEED];
	uint64_t counter; /* requests since the last seed, plus 1 */
};

void hf_sm3_rng_init(
	struct hf_sm3_rng *rng, struct hf_bytes entropy, struct hf_bytes nonce, struct hf_bytes personalization);
void hf_sm3_rng_reseed(struct hf_sm3_rng *rng, struct hf_bytes entropy, struct hf_bytes additional);
/* len <= HF_SM3_RNG_MAX */
void hf_sm3_rng_generate(struct hf_sm3_rng *rng, struct hf_bytes additional, uint8_t *out, size_t len);

/* One request of HF_SM3_RNG_MAX octets to each of num <= HF_SM3_RNG_MANY generators, side by side. */
#define HF_SM3_RNG_MANY 16
void hf_sm3_rng_generate_many(struct hf_sm3_rng *rngs, size_t num, uint8_t (*out)[HF_SM3_RNG_MAX]);

#define HF_SM4_RNG_SEED 32
#define HF_SM4_RNG_MAX  HF_SM4_BLOCK

struct hf_sm4_rng {
	uint8_t key[HF_SM4_KEY], v[HF_SM4_BLOCK];
	uint64_t counter;
};

/* entropy, nonce, personalization and additional together are at most HF_SM4_RNG_INPUT octets. */
#define HF_SM4_RNG_INPUT 512
void hf_sm4_rng_init(
	struct hf_sm4_rng *rng, struct hf_bytes entropy, struct hf_bytes nonce, struct hf_bytes personalization);
void hf_sm4_rng_reseed(struct hf_sm4_rng *rng, struct hf_bytes entropy, struct hf_bytes additional);
/* len <= HF_SM4_RNG_MAX */
void hf_sm4_rng_generate(struct hf_sm4_rng *rng, struct hf_bytes additional, uint8_t *out, size_t len);

/* Known answers of both, for the start of a device. Errors: HF_E_INTERNAL. */
HF_MUST_USE bool hf_drbg_self_test(struct hf_err *err);

/*
 * The tests that run on every octet of raw entropy (GM/T 0105 Annex D; SP 800-90B 4.4), for a source of which we claim
 * half a bit of min-entropy a bit: the repetition count stops at 6 equal octets in a row (2^-20 for that claim, 2^-40
 * for a perfect source), the adaptive proportion at 62 of 512 equal to the first.
 */
struct hf_entropy_test {
	uint8_t last, first;
	unsigned repeated, seen, equal;
	bool started;
};
/* False when an octet trips one of them; the state is then as at the beginning. */
bool hf_entropy_test(struct hf_entropy_test *test, struct hf_bytes raw);

#endif
