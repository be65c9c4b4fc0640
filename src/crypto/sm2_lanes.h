/*
 * Numbers modulo p in eight lanes at once (AVX-512 IFMA): five limbs of 52 bits a number, Montgomery form with
 * R = 2^260. Only for files compiled with those instructions.
 *
 * Numbers are not kept below p: every function takes and gives numbers below 2.1·2^256 whose limbs are below 2^52, but
 * where it says otherwise. A product of a and b is below a·b/2^260 + p. Nothing branches on a value.
 */
#ifndef HUFU_CRYPTO_SM2_LANES_H
#define HUFU_CRYPTO_SM2_LANES_H

#include "crypto/sm2_field.h"

#include <immintrin.h>

#define HF_LANES 8

struct hf_fe8 {
	__m512i v[5];
};

static inline __m512i hf_lanes_all(uint64_t v)
{
	return _mm512_set1_epi64((long long)v);
}

#define HF_LOW52 hf_lanes_all((UINT64_C(1) << 52) - 1)

/* Carries; the limbs may be negative, the number may not. */
static inline void hf_fe8_carry(struct hf_fe8 *r, __m512i c[5])
{
	for (size_t i = 0; i < 4; i++) {
		c[i + 1] = _mm512_add_epi64(c[i + 1], _mm512_srai_epi64(c[i], 52));
		r->v[i] = _mm512_and_si512(c[i], HF_LOW52);
	}
	r->v[4] = c[4];
}

/*
 * From limbs that are sums and differences of a few: takes away (h - 1)·p where h is what stands above 2^256, so that
 * the rest is positive and below 2^257 + 2^230.
 */
static inline void hf_fe8_weak(struct hf_fe8 *r, __m512i c[5])
{
	__m512i h = _mm512_srai_epi64(c[4], 48), less = _mm512_sub_epi64(h, hf_lanes_all(1));

	/* less·p = less·2^256 - less·(2^224 + 2^96 - 2^64 + 1) */
	c[4] = _mm512_sub_epi64(c[4], _mm512_slli_epi64(less, 48));
	c[4] = _mm512_add_epi64(c[4], _mm512_slli_epi64(less, 16));
	c[1] = _mm512_add_epi64(c[1], _mm512_slli_epi64(less, 44));
	c[1] = _mm512_sub_epi64(c[1], _mm512_slli_epi64(less, 12));
	c[0] = _mm512_add_epi64(c[0], less);
	hf_fe8_carry(r, c);
}

static inline void hf_fe8_add(struct hf_fe8 *r, const struct hf_fe8 *a, const struct hf_fe8 *b)
{
	__m512i c[5];

	for (size_t i = 0; i < 5; i++)
		c[i] = _mm512_add_epi64(a->v[i], b->v[i]);
	hf_fe8_weak(r, c);
}

static inline void hf_fe8_sub(struct hf_fe8 *r, const struct hf_fe8 *a, const struct hf_fe8 *b)
{
	__m512i c[5];

	for (size_t i = 0; i < 5; i++)
		c[i] = _mm512_sub_epi64(a->v[i], b->v[i]);
	hf_fe8_weak(r, c);
}

/* r = a - b - 2c */
static inline void hf_fe8_sub3(
	struct hf_fe8 *r, const struct hf_fe8 *a, const struct hf_fe8 *b, const struct hf_fe8 *twice)
{
	__m512i c[5];

	for (size_t i = 0; i < 5; i++)
		c[i] = _mm512_sub_epi64(_mm512_sub_epi64(a->v[i], b->v[i]), _mm512_slli_epi64(twice->v[i], 1));
	hf_fe8_weak(r, c);
}

/*
 * The ten columns of a product, divided by 2^260 modulo p. As p = -1 modulo 2^52, the quotient's limb m is the column's
 * low part, and m·(p + 1) = m·(2^256 - 2^224) + m·(2^64 - 2^96) has two places: limb 4 times 2^48 - 2^16, and limb 1
 * times 2^12 - 2^44, a negative number to which 2^52 is lent.
 */
static inline void hf_fe8_reduce(struct hf_fe8 *r, __m512i c[10])
{
	const __m512i high = hf_lanes_all((UINT64_C(1) << 48) - (UINT64_C(1) << 16));
	const __m512i low = hf_lanes_all((UINT64_C(1) << 52) - (UINT64_C(1) << 44) + (UINT64_C(1) << 12));

#pragma GCC unroll 5
	for (size_t i = 0; i < 5; i++) {
		__m512i m = _mm512_and_si512(c[i], HF_LOW52);
		c[i + 1] = _mm512_add_epi64(c[i + 1], _mm512_srai_epi64(c[i], 52));
		c[i + 1] = _mm512_madd52lo_epu64(c[i + 1], m, low);
		c[i + 2] = _mm512_sub_epi64(_mm512_madd52hi_epu64(c[i + 2], m, low), m);
		c[i + 4] = _mm512_madd52lo_epu64(c[i + 4], m, high);
		c[i + 5] = _mm512_madd52hi_epu64(c[i + 5], m, high);
	}
	hf_fe8_carry(r, c + 5);
}

static inline void hf_fe8_mul(struct hf_fe8 *r, const struct hf_fe8 *a, const struct hf_fe8 *b)
{
	__m512i c[10];

	for (size_t i = 0; i < 10; i++)
		c[i] = _mm512_setzero_si512();
#pragma GCC unroll 5
	for (size_t i = 0; i < 5; i++) {
#pragma GCC unroll 5
		for (size_t j = 0; j < 5; j++)
			c[i + j] = _mm512_madd52lo_epu64(c[i + j], a->v[i], b->v[j]);
#pragma GCC unroll 5
		for (size_t j = 0; j < 5; j++)
			c[i + j + 1] = _mm512_madd52hi_epu64(c[i + j + 1], a->v[i], b->v[j]);
	}
	hf_fe8_reduce(r, c);
}

static inline void hf_fe8_sqr(struct hf_fe8 *r, const struct hf_fe8 *a)
{
	__m512i c[10];

	for (size_t i = 0; i < 10; i++)
		c[i] = _mm512_setzero_si512();
#pragma GCC unroll 5
	for (size_t i = 0; i < 5; i++) {
#pragma GCC unroll 5
		for (size_t j = i + 1; j < 5; j++) {
			c[i + j] = _mm512_madd52lo_epu64(c[i + j], a->v[i], a->v[j]);
			c[i + j + 1] = _mm512_madd52hi_epu64(c[i + j + 1], a->v[i], a->v[j]);
		}
	}
#pragma GCC unroll 10
	for (size_t i = 0; i < 10; i++)
		c[i] = _mm512_add_epi64(c[i], c[i]);
#pragma GCC unroll 5
	for (size_t i = 0; i < 5; i++) {
		c[2 * i] = _mm512_madd52lo_epu64(c[2 * i], a->v[i], a->v[i]);
		c[2 * i + 1] = _mm512_madd52hi_epu64(c[2 * i + 1], a->v[i], a->v[i]);
	}
	hf_fe8_reduce(r, c);
}

/* r = mask ? a : r */
static inline void hf_fe8_move(struct hf_fe8 *r, __mmask8 mask, const struct hf_fe8 *a)
{
	for (size_t i = 0; i < 5; i++)
		r->v[i] = _mm512_mask_mov_epi64(r->v[i], mask, a->v[i]);
}

/* Four limbs of 64 bits below p, in Montgomery form with 2^256, times 16: the other form, but up to 16·2^256. */
static inline void hf_fe8_split(struct hf_fe8 *r, const __m512i x[4])
{
	r->v[0] = _mm512_and_si512(_mm512_slli_epi64(x[0], 4), HF_LOW52);
	r->v[1] = _mm512_and_si512(_mm512_or_si512(_mm512_srli_epi64(x[0], 48), _mm512_slli_epi64(x[1], 16)), HF_LOW52);
	r->v[2] = _mm512_and_si512(_mm512_or_si512(_mm512_srli_epi64(x[1], 36), _mm512_slli_epi64(x[2], 28)), HF_LOW52);
	r->v[3] = _mm512_and_si512(_mm512_or_si512(_mm512_srli_epi64(x[2], 24), _mm512_slli_epi64(x[3], 40)), HF_LOW52);
	r->v[4] = _mm512_srli_epi64(x[3], 12);
}

/* The same number in every lane, from limbs of 52 bits. */
static inline void hf_fe8_all(struct hf_fe8 *r, const uint64_t limbs[5])
{
	for (size_t i = 0; i < 5; i++)
		r->v[i] = hf_lanes_all(limbs[i]);
}

/* 1, in Montgomery form: 2^260 mod p. */
static const uint64_t hf_fe8_one[5] = {0x10, 0xffffffff0000, 0x0, 0x0, 0x100000};

/* From and to the scalar form. */
static inline void hf_fe8_in(struct hf_fe8 *r, const struct hf_sm2_fe in[HF_LANES])
{
	uint64_t limbs[4][HF_LANES];
	struct hf_fe8 one;
	__m512i x[4];

	for (size_t i = 0; i < 4; i++) {
		for (size_t j = 0; j < HF_LANES; j++)
			limbs[i][j] = in[j].v[i];
		x[i] = _mm512_loadu_si512(limbs[i]);
	}
	hf_fe8_split(r, x);
	hf_fe8_all(&one, hf_fe8_one);
	hf_fe8_mul(r, r, &one); /* below 2·2^256 again */
}

/* factor is what a lane's product with it, divided by 2^260, is to give: see hf_fe8_out and hf_fe8_plain. */
static inline void hf_fe8_out_by(struct hf_sm2_fe out[HF_LANES], const struct hf_fe8 *a, const uint64_t factor[5])
{
	uint64_t limbs[5][HF_LANES], v[4];
	struct hf_fe8 r;

	hf_fe8_all(&r, factor);
	hf_fe8_mul(&r, &r, a); /* below 1.2·p, or p if factor is 1 */
	for (size_t i = 0; i < 5; i++)
		_mm512_storeu_si512(limbs[i], r.v[i]);
	for (size_t j = 0; j < HF_LANES; j++) {
		v[0] = limbs[0][j] | limbs[1][j] << 52;
		v[1] = limbs[1][j] >> 12 | limbs[2][j] << 40;
		v[2] = limbs[2][j] >> 24 | limbs[3][j] << 28;
		v[3] = limbs[3][j] >> 36 | limbs[4][j] << 16;
		hf_sm2_fe_fold(&out[j], v, limbs[4][j] >> 48);
	}
}

/* Scalar Montgomery form. */
static inline void hf_fe8_out(struct hf_sm2_fe out[HF_LANES], const struct hf_fe8 *a)
{
	/* 2^256 mod p */
	static const uint64_t factor[5] = {0x1, 0xffffffff000, 0x0, 0x0, 0x10000};

	hf_fe8_out_by(out, a, factor);
}

/* Plain numbers. */
static inline void hf_fe8_plain(struct hf_sm2_fe out[HF_LANES], const struct hf_fe8 *a)
{
	static const uint64_t factor[5] = {1};

	hf_fe8_out_by(out, a, factor);
}

#endif
