/*
 * The kernels of SM3: one stream, and many messages side by side in the lanes of wide registers.
 */
#ifndef HUFU_CRYPTO_SM3_INT_H
#define HUFU_CRYPTO_SM3_INT_H

#include "crypto/cpu.h"
#include "crypto/octets.h"
#include "crypto/sm3.h"

#define HF_SM3_LANES 16 /* of the widest kernel */

struct hf_sm3_kernel {
	const char *name;
	unsigned needs; /* set of hf_cpu_feature */
	/* Takes num blocks into the state. */
	void (*blocks)(uint32_t state[8], const uint8_t *p, size_t num);
};

struct hf_sm3_lanes_kernel {
	const char *name;
	unsigned needs;
	size_t num_lanes; /* <= HF_SM3_LANES */
	/* Takes num blocks from p[i] into column i of the state, for each lane. */
	void (*blocks)(uint32_t state[8][HF_SM3_LANES], const uint8_t *const p[HF_SM3_LANES], size_t num);
};

/* Best first, ending with NULL; the last one needs nothing. */
extern const struct hf_sm3_kernel *const hf_sm3_kernels[];
extern const struct hf_sm3_lanes_kernel *const hf_sm3_lanes_kernels[];
#if defined(__x86_64__)
extern const struct hf_sm3_kernel hf_sm3_bmi2;
extern const struct hf_sm3_lanes_kernel hf_sm3_avx2, hf_sm3_avx512;
#endif
const struct hf_sm3_kernel *hf_sm3_kernel(void);
const struct hf_sm3_lanes_kernel *hf_sm3_lanes_kernel(void);

//= GM/T 0004 4.1
extern const uint32_t hf_sm3_iv[8];
/* The constants of GM/T 0004 4.2, each already turned left by its round. */
extern const uint32_t hf_sm3_t[64];

#endif
