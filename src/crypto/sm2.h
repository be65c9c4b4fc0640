/*
 * SM2 (GB/T 32918, GM/T 0003) on the curve of GM/T 0003.5. Numbers are 32 octets, big-endian; a point is x ‖ y, 64
 * octets; a signature is r ‖ s. DER forms (GM/T 0009) are x509's business.
 *
 * Calls that take a private key run in a time that does not depend on it. Every received point is checked to be on the
 * curve and not at infinity, every scalar to be in its range. Nothing here allocates.
 */
#ifndef HUFU_CRYPTO_SM2_H
#define HUFU_CRYPTO_SM2_H

#include "base/bytes.h"
#include "base/err.h"
#include "crypto/sm3.h"

#define HF_SM2_SCALAR 32
#define HF_SM2_POINT  64
#define HF_SM2_SIG    64

/* The distinguishing id that GM/T 0009 clause 10 sets when none is agreed: "1234567812345678". */
#define HF_SM2_DEFAULT_ID HF_BYTES_LIT("1234567812345678")
#define HF_SM2_ID_MAX     8191 /* octets: its length in bits must fit 16 bits */

struct hf_sm2_key {
	uint8_t d[HF_SM2_SCALAR]; /* secret: 1 <= d <= n-2 */
	uint8_t pub[HF_SM2_POINT];
};

/* A new pair from the process's generator (rand.h). Errors: HF_E_DEVICE (no randomness). */
HF_MUST_USE bool hf_sm2_generate(struct hf_sm2_key *key, struct hf_err *err);
/* pub from d. Errors: HF_E_INPUT (d out of range). */
HF_MUST_USE bool hf_sm2_public(const uint8_t d[HF_SM2_SCALAR], uint8_t pub[HF_SM2_POINT], struct hf_err *err);
/* On the curve, coordinates below p, not infinity. Errors: HF_E_INPUT. */
HF_MUST_USE bool hf_sm2_point_check(const uint8_t pub[HF_SM2_POINT], struct hf_err *err);

/* Z = SM3(ENTL ‖ id ‖ a ‖ b ‖ G ‖ pub), GM/T 0009 8.1; id.len <= HF_SM2_ID_MAX. */
void hf_sm2_z(const uint8_t pub[HF_SM2_POINT], struct hf_bytes id, uint8_t z[HF_SM3_LEN]);
/* e = SM3(Z ‖ message), GM/T 0009 8.2: what is signed. */
void hf_sm2_digest(const uint8_t z[HF_SM3_LEN], struct hf_bytes message, uint8_t e[HF_SM3_LEN]);

/* Errors: HF_E_INPUT (d out of range), HF_E_DEVICE (no randomness). */
HF_MUST_USE bool hf_sm2_sign(
	const uint8_t d[HF_SM2_SCALAR], const uint8_t e[HF_SM3_LEN], uint8_t sig[HF_SM2_SIG], struct hf_err *err);
/* Errors: HF_E_VERIFY (the signature is wrong), HF_E_INPUT (the key or r, s are not what they may be). */
HF_MUST_USE bool hf_sm2_verify(const uint8_t pub[HF_SM2_POINT], const uint8_t e[HF_SM3_LEN],
	const uint8_t sig[HF_SM2_SIG], struct hf_err *err);

/*
 * A key made ready to sign often: what depends on the key only is computed once. Signs like hf_sm2_sign, faster.
 * Clear it after use: it is as secret as the key.
 */
struct hf_sm2_signer {
	uint64_t inverse[4]; /* 2^256/(1+d) mod n, all of d that signing needs */
	uint8_t pub[HF_SM2_POINT];
	uint8_t z[HF_SM3_LEN];
};

/* id is for Z. Errors: HF_E_INPUT (d out of range, pub no point); that pub belongs to d is not checked. */
HF_MUST_USE bool hf_sm2_signer_init(
	struct hf_sm2_signer *signer, const struct hf_sm2_key *key, struct hf_bytes id, struct hf_err *err);
/* Errors: HF_E_DEVICE (no randomness). */
HF_MUST_USE bool hf_sm2_signer_sign(
	const struct hf_sm2_signer *signer, const uint8_t e[HF_SM3_LEN], uint8_t sig[HF_SM2_SIG], struct hf_err *err);
void hf_sm2_signer_clear(struct hf_sm2_signer *signer);

/*
 * Many at once: where the processor has AVX-512 IFMA eight go together, elsewhere one after the other. All or nothing:
 * on an error nothing is given out. Any num; multiples of 64 are best, fewer than 3 gain nothing.
 */
/* Errors: HF_E_DEVICE. */
HF_MUST_USE bool hf_sm2_generate_batch(struct hf_sm2_key *keys, size_t num, struct hf_err *err);
/* Errors: HF_E_INPUT (a d is out of range). */
HF_MUST_USE bool hf_sm2_public_batch(
	const uint8_t (*d)[HF_SM2_SCALAR], uint8_t (*pub)[HF_SM2_POINT], size_t num, struct hf_err *err);
/* Errors: HF_E_DEVICE. */
HF_MUST_USE bool hf_sm2_sign_batch(const struct hf_sm2_signer *signer, const uint8_t (*e)[HF_SM3_LEN],
	uint8_t (*sig)[HF_SM2_SIG], size_t num, struct hf_err *err);

struct hf_sm2_signed {
	const uint8_t *pub, *e, *sig; /* HF_SM2_POINT, HF_SM3_LEN, HF_SM2_SIG octets; borrowed */
};
/* valid[i] is what hf_sm2_verify says of in[i]; returns how many are true. Ask hf_sm2_verify why one is not. */
HF_MUST_USE size_t hf_sm2_verify_batch(const struct hf_sm2_signed *in, bool *valid, size_t num);
/* How the calls above run here: "ifma", "adx", "portable". */
const char *hf_sm2_batch_name(void);

/*
 * Encryption (GM/T 0003.4): out is C1 (64 octets x ‖ y, no 04) ‖ C3 (32) ‖ C2 (in.len): HF_SM2_CIPHER_EXTRA more than
 * in. in is 1 to HF_SM2_PLAIN_MAX octets.
 */
#define HF_SM2_CIPHER_EXTRA 96
#define HF_SM2_PLAIN_MAX    4096
HF_MUST_USE bool hf_sm2_encrypt(const uint8_t pub[HF_SM2_POINT], struct hf_bytes in, uint8_t *out, struct hf_err *err);
/* in is C1 ‖ C3 ‖ C2; out has room for in.len - HF_SM2_CIPHER_EXTRA. Errors: HF_E_INPUT, HF_E_VERIFY (C3). */
HF_MUST_USE bool hf_sm2_decrypt(const uint8_t d[HF_SM2_SCALAR], struct hf_bytes in, uint8_t *out, struct hf_err *err);

/* One of many encryptions: as hf_sm2_encrypt's arguments. */
struct hf_sm2_plain {
	const uint8_t *pub; /* HF_SM2_POINT octets; borrowed */
	struct hf_bytes in;
	uint8_t *out;
};
/* As the other batches; on an error no out is of use. Errors: as hf_sm2_encrypt. */
HF_MUST_USE bool hf_sm2_encrypt_batch(const struct hf_sm2_plain *plains, size_t num, struct hf_err *err);

#endif
