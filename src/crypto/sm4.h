/*
 * SM4 (GB/T 32907, GM/T 0002) with 128-bit keys: ECB, CBC, CTR, CBC-MAC. No padding is added or removed here; lengths
 * of ECB, CBC and MAC input are multiples of 16. in and out may be the same memory. Time and memory access depend on
 * lengths only. GCM and CCM are in sm4_aead.h, XTS and CMAC in sm4_modes.h.
 */
#ifndef HUFU_CRYPTO_SM4_H
#define HUFU_CRYPTO_SM4_H

#include "base/bytes.h"

#define HF_SM4_KEY   16
#define HF_SM4_BLOCK 16

/* A key made ready: round keys in the order of use. Wipe it yourself. */
struct hf_sm4 {
	uint32_t rk[32];
};

void hf_sm4_init_encrypt(struct hf_sm4 *sm4, const uint8_t key[HF_SM4_KEY]);
void hf_sm4_init_decrypt(struct hf_sm4 *sm4, const uint8_t key[HF_SM4_KEY]);
/* num blocks one by one (ECB), in the direction of the schedule. */
void hf_sm4_blocks(const struct hf_sm4 *sm4, const uint8_t *in, uint8_t *out, size_t num);

/* len % 16 == 0, or the call is a bug and aborts in daemons; the shared libraries check before they call. */
void hf_sm4_ecb_encrypt(const uint8_t key[HF_SM4_KEY], const uint8_t *in, uint8_t *out, size_t len);
void hf_sm4_ecb_decrypt(const uint8_t key[HF_SM4_KEY], const uint8_t *in, uint8_t *out, size_t len);
/* iv is advanced to the last ciphertext block, so that a long message may come in pieces. */
void hf_sm4_cbc_encrypt(
	const uint8_t key[HF_SM4_KEY], uint8_t iv[HF_SM4_BLOCK], const uint8_t *in, uint8_t *out, size_t len);
void hf_sm4_cbc_decrypt(
	const uint8_t key[HF_SM4_KEY], uint8_t iv[HF_SM4_BLOCK], const uint8_t *in, uint8_t *out, size_t len);
/*
 * CBC encryption of many messages at once, each with its own key and IV (advanced likewise): a chain cannot be spread
 * over the lanes of a processor, but many chains can. No two jobs share memory that is written.
 */
struct hf_sm4_cbc_job {
	const uint8_t *key; /* HF_SM4_KEY octets */
	uint8_t *iv;        /* HF_SM4_BLOCK octets */
	const uint8_t *in;
	uint8_t *out;
	size_t len; /* % 16 == 0 */
};
void hf_sm4_cbc_encrypt_many(const struct hf_sm4_cbc_job *jobs, size_t num);
/* Any length; counter is a big-endian 128-bit number, advanced by the blocks used (the last one may be partial). */
void hf_sm4_ctr(
	const uint8_t key[HF_SM4_KEY], uint8_t counter[HF_SM4_BLOCK], const uint8_t *in, uint8_t *out, size_t len);
/* CBC-MAC without padding (SGD_SM4_MAC): the last CBC block. */
void hf_sm4_mac(
	const uint8_t key[HF_SM4_KEY], const uint8_t iv[HF_SM4_BLOCK], const uint8_t *in, size_t len, uint8_t out[16]);

#endif
