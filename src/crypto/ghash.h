/*
 * GHASH (SP 800-38D 6.4), the universal hash of GCM: octets in, 16 octets of state; in constant time on every kernel.
 *
 * Blocks are polynomials with the first bit as x^0. Read as a big-endian number, that is a reflected polynomial, and a
 * carry-less product of two of those lacks one factor x; so the key is kept multiplied by x once and for all, and
 * reducing is two multiplications by C2h 00h … (the reflected x^128 + x^7 + x^2 + x + 1).
 */
#ifndef HUFU_CRYPTO_GHASH_H
#define HUFU_CRYPTO_GHASH_H

#include <stddef.h>
#include <stdint.h>

#define HF_GHASH_BLOCK  16
#define HF_GHASH_POWERS 16

struct hf_ghash_kernel;

struct hf_ghash {
	const struct hf_ghash_kernel *kernel; /* chosen at init: the powers are as it wants them */
	uint64_t powers[HF_GHASH_POWERS][2];  /* low word first; H^16 x … H x */
	uint8_t y[HF_GHASH_BLOCK];
	uint8_t rest[HF_GHASH_BLOCK]; /* octets that are no whole block yet */
	size_t num_rest;
};

void hf_ghash_init(struct hf_ghash *hash, const uint8_t h[HF_GHASH_BLOCK]);
void hf_ghash_update(struct hf_ghash *hash, const uint8_t *p, size_t len);
/* Fills the last block with zeros: where one part ends and the next begins. */
void hf_ghash_pad(struct hf_ghash *hash);

struct hf_ghash_kernel {
	const char *name;
	unsigned needs;    /* set of hf_cpu_feature */
	size_t num_powers; /* how many of the last powers[] it reads */
	/* a = a b / x, reduced; numbers are {low, high}. */
	void (*multiply)(uint64_t a[2], const uint64_t b[2]);
	void (*blocks)(struct hf_ghash *hash, const uint8_t *p, size_t num);
};

/* Best first, ending with NULL; the last one needs nothing. */
extern const struct hf_ghash_kernel *const hf_ghash_kernels[];
#if defined(__x86_64__)
extern const struct hf_ghash_kernel hf_ghash_vpclmul, hf_ghash_pclmul;
#endif
const struct hf_ghash_kernel *hf_ghash_kernel(void);

#endif
