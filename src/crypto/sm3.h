/*
 * SM3 (GB/T 32905, GM/T 0004) and what is built on it: HMAC-SM3, the KDF of GM/T 0003.4 5.4.3, PBKDF2-HMAC-SM3 (GM/T
 * 0091).
 */
#ifndef HUFU_CRYPTO_SM3_H
#define HUFU_CRYPTO_SM3_H

#include "base/bytes.h"

#define HF_SM3_LEN   32 /* octets of a digest */
#define HF_SM3_BLOCK 64

struct hf_sm3 {
	uint32_t state[8];
	uint64_t total; /* octets so far */
	uint8_t block[HF_SM3_BLOCK];
};

/* Streaming. hf_sm3_final may be called once; wipe the context yourself if the data were secret. */
void hf_sm3_init(struct hf_sm3 *ctx);
void hf_sm3_update(struct hf_sm3 *ctx, const void *data, size_t len);
void hf_sm3_final(struct hf_sm3 *ctx, uint8_t out[HF_SM3_LEN]);
/* One message. */
void hf_sm3(struct hf_bytes data, uint8_t out[HF_SM3_LEN]);

/*
 * num messages at once, out[i] of messages[i]: side by side where the processor has wide registers, whatever their
 * lengths. It pays from three messages on.
 */
void hf_sm3_many(const struct hf_bytes *messages, size_t num, uint8_t (*out)[HF_SM3_LEN]);

struct hf_hmac_sm3 {
	struct hf_sm3 inner, outer;
};

void hf_hmac_sm3_init(struct hf_hmac_sm3 *ctx, struct hf_bytes key);
void hf_hmac_sm3_update(struct hf_hmac_sm3 *ctx, const void *data, size_t len);
void hf_hmac_sm3_final(struct hf_hmac_sm3 *ctx, uint8_t out[HF_SM3_LEN]); /* wipes ctx */
void hf_hmac_sm3(struct hf_bytes key, struct hf_bytes data, uint8_t out[HF_SM3_LEN]);

/* KDF of GM/T 0003.4 5.4.3: SM3(z ‖ counter) …, len octets. */
void hf_sm3_kdf(struct hf_bytes z, uint8_t *out, size_t len);
/* PBKDF2 (RFC 8018 5.2) with HMAC-SM3; iterations >= 1. */
void hf_pbkdf2_sm3(struct hf_bytes password, struct hf_bytes salt, uint32_t iterations, uint8_t *out, size_t len);

#endif
