/*
 * The kernels of SM4: what turns words into words, chosen at run time; the modes (sm4.c, sm4_gcm.c, …) do the rest and
 * know of no processor. No kernel indexes memory by a secret nor branches on one.
 *
 * A schedule is 32 round keys in the order of use, so decryption is encryption with the reversed schedule, and a
 * schedule made by one kernel serves all.
 */
#ifndef HUFU_CRYPTO_SM4_INT_H
#define HUFU_CRYPTO_SM4_INT_H

#include "crypto/cpu.h"
#include "crypto/octets.h"
#include "crypto/sm4.h"

#define HF_SM4_ROUNDS 32
#define HF_SM4_LANES  32 /* independent blocks, each under its own key */

//= GM/T 0002 7.3
#define HF_SM4_FK                                                                                                      \
	{                                                                                                              \
		0xa3b1bac6, 0x56aa3350, 0x677d9197, 0xb27022dc                                                         \
	}

struct hf_sm4_lanes {
	uint32_t rk[HF_SM4_ROUNDS][HF_SM4_LANES];
	uint32_t x[4][HF_SM4_LANES]; /* the blocks as words: read big-endian from octets, in and out */
};

struct hf_sm4_kernel {
	const char *name;
	unsigned needs; /* set of hf_cpu_feature */
	void (*schedule)(struct hf_sm4 *sm4, const uint8_t key[HF_SM4_KEY]);
	/* num blocks under one key; in and out may be the same. */
	void (*blocks)(const struct hf_sm4 *sm4, const uint8_t *in, uint8_t *out, size_t num);
	/* num blocks of CBC encryption; iv advances. out may be NULL: only iv is wanted. NULL: blocks() is as good. */
	void (*chain)(const struct hf_sm4 *sm4, uint8_t iv[HF_SM4_BLOCK], const uint8_t *in, uint8_t *out, size_t num);
	/* One block in every lane. */
	void (*lanes)(struct hf_sm4_lanes *lanes);
};

extern const struct hf_sm4_kernel hf_sm4_portable;
#if defined(__x86_64__)
extern const struct hf_sm4_kernel hf_sm4_avx2, hf_sm4_gfni;
#endif
/* Best first, ending with NULL; the last one needs nothing. */
extern const struct hf_sm4_kernel *const hf_sm4_kernels[];
/* The best that this processor may run now. */
const struct hf_sm4_kernel *hf_sm4_kernel(void);

/* The constant CK of a round: octet j is (4 round + j) * 7 mod 256. */
uint32_t hf_sm4_ck(uint32_t round);

/* CBC encryption under a schedule, as the kernel's chain. */
void hf_sm4_chain(const struct hf_sm4 *sm4, uint8_t iv[HF_SM4_BLOCK], const uint8_t *in, uint8_t *out, size_t num);
/* Encrypts num blocks of a counter, counting its low 32 bits only (GCM) or all 128, into out; advances the counter. */
void hf_sm4_counter_blocks(
	const struct hf_sm4 *sm4, uint8_t counter[HF_SM4_BLOCK], bool only_32, uint8_t *out, size_t num);
/* CTR under a schedule; counter as above. */
void hf_sm4_ctr_run(const struct hf_sm4 *sm4, uint8_t counter[HF_SM4_BLOCK], bool only_32, const uint8_t *in,
	uint8_t *out, size_t len);

#endif
