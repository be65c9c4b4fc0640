/*
 * Many multiplications of points at once, eight in the lanes of AVX-512 IFMA. Only on processors that have it; the
 * callers (sm2_batch.c) ask hf_sm2_has_lanes first.
 */
#ifndef HUFU_CRYPTO_SM2_IFMA_H
#define HUFU_CRYPTO_SM2_IFMA_H

#include "crypto/sm2_point.h"

bool hf_sm2_has_lanes(void);

/* At most so many in a call: they share one inversion. */
#define HF_SM2_MANY 64

/* out[i] = k[i]·G, for 1 <= k[i] <= n-1. Constant time. */
void hf_sm2_ifma_base(uint8_t out[][HF_SM2_POINT], const uint64_t k[][4], size_t num);

/* base[i] = k[i]·G, product[i] = k[i]·p[i], for 1 <= k[i] <= n-1 and num <= 8. Constant time, but for k = n-6. */
void hf_sm2_ifma_both(uint8_t base[][HF_SM2_POINT], uint8_t product[][HF_SM2_POINT], const uint64_t k[][4],
	const struct hf_sm2_affine *p, size_t num);

struct hf_sm2_sum {
	uint64_t s[4], t[4]; /* [1, n-1] */
	struct hf_sm2_affine p;
	uint64_t x[4]; /* below n */
};

/*
 * Bit i is set if x of s·G + t·P is sums[i].x. That it is not set says nothing: the rare meetings of points for which
 * the lanes have no formula are left to hf_sm2_curve()->match. num <= 8.
 */
unsigned hf_sm2_ifma_match(const struct hf_sm2_sum *sums, size_t num);

/*
 * For tests: an operation of sm2_lanes.h on numbers as they lie in the lanes, five limbs of eight lanes each. r = a·b,
 * a², a + b, a - b, a - b - 2a.
 */
enum hf_lanes_op { HF_LANES_MUL, HF_LANES_SQR, HF_LANES_ADD, HF_LANES_SUB, HF_LANES_SUB3 };
void hf_sm2_ifma_try(enum hf_lanes_op op, uint64_t r[5][8], uint64_t a[5][8], uint64_t b[5][8]);

/* Row i, limb l of x ‖ y, column j: the base table for lanes. Made by sm2_table.py. */
extern const uint64_t hf_sm2_lanes_table[HF_SM2_BASE_ROWS][8][HF_SM2_BASE_COLUMNS];

#endif
