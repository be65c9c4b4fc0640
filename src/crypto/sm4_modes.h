/*
 * SM4-XTS (GB/T 17964-2021 and IEEE 1619) for stored sectors, and SM4-CMAC (SP 800-38B).
 */
#ifndef HUFU_CRYPTO_SM4_MODES_H
#define HUFU_CRYPTO_SM4_MODES_H

#include "base/err.h"
#include "crypto/sm4.h"

/*
 * The two standards multiply the tweak by x in opposite orders of bits; from the second block on they differ. GB/T
 * 17964-2021 takes 16 octets as in GHASH (right shift, E1h into the first), IEEE 1619 little-endian (left shift, 87h).
 */
enum hf_xts { HF_XTS_GB, HF_XTS_IEEE };

struct hf_sm4_xts {
	const uint8_t *key;   /* 2 * HF_SM4_KEY octets: for the data, then for the tweak */
	const uint8_t *tweak; /* HF_SM4_BLOCK octets, encrypted as they are */
	enum hf_xts standard;
};

/* At least one block; a last part of a block steals from the one before. Errors: HF_E_INPUT (shorter; equal keys). */
HF_MUST_USE bool hf_sm4_xts_encrypt(
	const struct hf_sm4_xts *xts, const uint8_t *in, uint8_t *out, size_t len, struct hf_err *err);
HF_MUST_USE bool hf_sm4_xts_decrypt(
	const struct hf_sm4_xts *xts, const uint8_t *in, uint8_t *out, size_t len, struct hf_err *err);

struct hf_sm4_cmac {
	struct hf_sm4 sm4;
	uint8_t y[HF_SM4_BLOCK];
	uint8_t rest[HF_SM4_BLOCK]; /* the last block waits here: it is treated otherwise */
	size_t num_rest;
};

void hf_sm4_cmac_init(struct hf_sm4_cmac *cmac, const uint8_t key[HF_SM4_KEY]);
void hf_sm4_cmac_update(struct hf_sm4_cmac *cmac, struct hf_bytes data);
void hf_sm4_cmac_final(struct hf_sm4_cmac *cmac, uint8_t out[HF_SM4_BLOCK]); /* wipes cmac */
void hf_sm4_cmac(const uint8_t key[HF_SM4_KEY], struct hf_bytes data, uint8_t out[HF_SM4_BLOCK]);

#endif
