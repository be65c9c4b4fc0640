/*
 * Authenticated encryption with SM4: GCM (SP 800-38D, RFC 8998) and CCM (SP 800-38C, RFC 3610, RFC 8998).
 *
 * Sealing writes as many octets as it reads, and a tag; opening gives either what was sealed or nothing: on a wrong tag
 * the output is zeros and the call says HF_E_VERIFY. in and out may be the same memory. A nonce must never come twice
 * under a key: with GCM one repetition gives the authentication key away.
 */
#ifndef HUFU_CRYPTO_SM4_AEAD_H
#define HUFU_CRYPTO_SM4_AEAD_H

#include "base/err.h"
#include "crypto/ghash.h"
#include "crypto/sm4.h"

#define HF_SM4_TAG_MAX 16

struct hf_sm4_aead {
	const uint8_t *key; /* HF_SM4_KEY octets */
	struct hf_bytes nonce, aad;
	size_t tag_len;
};

/*
 * GCM: nonce of 1 octet or more (12 is the usual), tag of 4, 8 or 12 to 16 octets (SP 800-38D 5.2.1.2).
 * Errors: HF_E_INPUT (nonce or tag length), HF_E_LIMIT (longer than 2^36 - 32 octets); open also HF_E_VERIFY.
 */
HF_MUST_USE bool hf_sm4_gcm_seal(
	const struct hf_sm4_aead *aead, struct hf_bytes plain, uint8_t *out, uint8_t *tag, struct hf_err *err);
HF_MUST_USE bool hf_sm4_gcm_open(
	const struct hf_sm4_aead *aead, struct hf_bytes cipher, const uint8_t *tag, uint8_t *out, struct hf_err *err);

/*
 * CCM: nonce of 7 to 13 octets, tag of 4, 6, … 16. Errors as above; HF_E_LIMIT when the length does not fit into the
 * 15 - nonce octets that are left for it.
 */
HF_MUST_USE bool hf_sm4_ccm_seal(
	const struct hf_sm4_aead *aead, struct hf_bytes plain, uint8_t *out, uint8_t *tag, struct hf_err *err);
HF_MUST_USE bool hf_sm4_ccm_open(
	const struct hf_sm4_aead *aead, struct hf_bytes cipher, const uint8_t *tag, uint8_t *out, struct hf_err *err);

/*
 * GCM in pieces: init, then aad (any number of times), then encrypt or decrypt (one of them, likewise), then final,
 * which wipes. Who decrypts in pieces holds plaintext that nobody has vouched for until final's tag is compared, with
 * hf_secret_equal.
 */
struct hf_sm4_gcm {
	struct hf_sm4 sm4;
	struct hf_ghash hash;
	uint8_t counter[HF_SM4_BLOCK], mask[HF_SM4_BLOCK]; /* the next counter block; what hides the tag */
	uint8_t stream[HF_SM4_BLOCK];                      /* of the block that is begun */
	uint64_t aad_len, len;
};

/* nonce.len > 0. */
void hf_sm4_gcm_init(struct hf_sm4_gcm *gcm, const uint8_t key[HF_SM4_KEY], struct hf_bytes nonce);
void hf_sm4_gcm_aad(struct hf_sm4_gcm *gcm, struct hf_bytes aad);
void hf_sm4_gcm_encrypt(struct hf_sm4_gcm *gcm, const uint8_t *in, uint8_t *out, size_t len);
void hf_sm4_gcm_decrypt(struct hf_sm4_gcm *gcm, const uint8_t *in, uint8_t *out, size_t len);
void hf_sm4_gcm_final(struct hf_sm4_gcm *gcm, uint8_t tag[HF_SM4_TAG_MAX]);

#endif
