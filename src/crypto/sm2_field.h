/*
 * Numbers modulo p = 2^256 - 2^224 - 2^96 + 2^64 - 1 (GM/T 0003.5), in portable C: four 64-bit limbs, least first,
 * always below p, in Montgomery form (x stands for x·R mod p, R = 2^256). No branch and no address depends on a value.
 *
 * As p = -1 modulo 2^64, Montgomery's quotient is the low limb itself and its product with p is shifts and
 * subtractions.
 */
#ifndef HUFU_CRYPTO_SM2_FIELD_H
#define HUFU_CRYPTO_SM2_FIELD_H

#include "crypto/sm2_limbs.h"

struct hf_sm2_fe {
	uint64_t v[4];
};

#define HF_SM2_P 0xffffffffffffffff, 0xffffffff00000000, 0xffffffffffffffff, 0xfffffffeffffffff

static const struct hf_sm2_fe hf_sm2_fe_p = {{HF_SM2_P}};
/* 1, and the curve's b. */
static const struct hf_sm2_fe hf_sm2_fe_one = {{0x1, 0xffffffff, 0x0, 0x100000000}};
static const struct hf_sm2_fe hf_sm2_fe_b = {
	{0x90d230632bc0dd42, 0x71cf379ae9b537ab, 0x527981505ea51c3c, 0x240fe188ba20e2c8}};

/* r = t + carry·2^256, which is below 2p, modulo p. */
static inline void hf_sm2_fe_fold(struct hf_sm2_fe *r, const uint64_t t[4], uint64_t carry)
{
	uint64_t less[4], borrow = hf_limbs_sub(less, t, hf_sm2_fe_p.v);

	hf_limbs_select(r->v, t, less, hf_mask(borrow & (carry ^ 1)));
}

/* r = t/R mod p, t < p·R. */
static inline void hf_sm2_fe_reduce(struct hf_sm2_fe *r, const uint64_t t[8])
{
	hf_i128 a = (hf_i128)t[1] + t[0] - (hf_i128)(t[0] << 32);
	uint64_t out[4], m0 = t[0], m1 = (uint64_t)a, m2, m3;

	a = (a >> 64) + (hf_i128)t[2] + m1 - ((hf_i128)(m0 >> 32) + (m1 << 32));
	m2 = (uint64_t)a;
	a = (a >> 64) + (hf_i128)t[3] + m2 - ((hf_i128)(m0 << 32) + (m1 >> 32)) - (m2 << 32);
	m3 = (uint64_t)a;
	a = (a >> 64) + (hf_i128)t[4] + (m0 - (m0 >> 32)) + m3 - ((hf_i128)(m1 << 32) + (m2 >> 32)) - (m3 << 32);
	out[0] = (uint64_t)a;
	a = (a >> 64) + (hf_i128)t[5] + (m1 - (m1 >> 32)) - ((hf_i128)(m2 << 32) + (m3 >> 32));
	out[1] = (uint64_t)a;
	a = (a >> 64) + (hf_i128)t[6] + (m2 - (m2 >> 32)) - (m3 << 32);
	out[2] = (uint64_t)a;
	a = (a >> 64) + (hf_i128)t[7] + (m3 - (m3 >> 32));
	out[3] = (uint64_t)a;
	hf_sm2_fe_fold(r, out, (uint64_t)(a >> 64));
}

static inline void hf_sm2_fe_mul(struct hf_sm2_fe *r, const struct hf_sm2_fe *a, const struct hf_sm2_fe *b)
{
	uint64_t t[8];

	hf_limbs_mul(t, a->v, b->v);
	hf_sm2_fe_reduce(r, t);
}

static inline void hf_sm2_fe_sqr(struct hf_sm2_fe *r, const struct hf_sm2_fe *a)
{
	uint64_t t[8];

	hf_limbs_sqr(t, a->v);
	hf_sm2_fe_reduce(r, t);
}

static inline void hf_sm2_fe_add(struct hf_sm2_fe *r, const struct hf_sm2_fe *a, const struct hf_sm2_fe *b)
{
	uint64_t t[4], carry = hf_limbs_add(t, a->v, b->v);

	hf_sm2_fe_fold(r, t, carry);
}

static inline void hf_sm2_fe_sub(struct hf_sm2_fe *r, const struct hf_sm2_fe *a, const struct hf_sm2_fe *b)
{
	uint64_t t[4], p[4], mask = hf_mask(hf_limbs_sub(t, a->v, b->v));

	for (size_t i = 0; i < 4; i++)
		p[i] = hf_sm2_fe_p.v[i] & mask;
	(void)hf_limbs_add(r->v, t, p);
}

/* r = a/2 */
static inline void hf_sm2_fe_half(struct hf_sm2_fe *r, const struct hf_sm2_fe *a)
{
	uint64_t t[4], odd = hf_mask(a->v[0] & 1);

	for (size_t i = 0; i < 4; i++)
		t[i] = hf_sm2_fe_p.v[i] & odd;
	uint64_t carry = hf_limbs_add(t, t, a->v);
	for (size_t i = 0; i < 3; i++)
		r->v[i] = t[i] >> 1 | t[i + 1] << 63;
	r->v[3] = t[3] >> 1 | carry << 63;
}

/* All ones if a = 0, or 0. */
static inline uint64_t hf_sm2_fe_zero(const struct hf_sm2_fe *a)
{
	return hf_mask_zero(a->v[0] | a->v[1] | a->v[2] | a->v[3]);
}

/* To and from Montgomery form. */
static inline void hf_sm2_fe_in(struct hf_sm2_fe *r, const uint64_t plain[4])
{
	static const struct hf_sm2_fe r2 = {{0x200000003, 0x2ffffffff, 0x100000001, 0x400000002}};
	struct hf_sm2_fe a = {{plain[0], plain[1], plain[2], plain[3]}};

	hf_sm2_fe_mul(r, &a, &r2);
}

static inline void hf_sm2_fe_out(uint64_t plain[4], const struct hf_sm2_fe *a)
{
	uint64_t t[8] = {a->v[0], a->v[1], a->v[2], a->v[3]};
	struct hf_sm2_fe r;

	hf_sm2_fe_reduce(&r, t);
	for (size_t i = 0; i < 4; i++)
		plain[i] = r.v[i];
}

/* r = 1/a; 0 for 0. Constant time. */
void hf_sm2_fe_invert(struct hf_sm2_fe *r, const struct hf_sm2_fe *a);

#endif
