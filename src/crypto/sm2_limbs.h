/*
 * 256-bit numbers as four 64-bit limbs, least first, and masks (all ones or 0): what the fields of SM2 are built from.
 * Nothing here branches on a value.
 */
#ifndef HUFU_CRYPTO_SM2_LIMBS_H
#define HUFU_CRYPTO_SM2_LIMBS_H

#include <stddef.h>
#include <stdint.h>

__extension__ typedef unsigned __int128 hf_u128;
__extension__ typedef __int128 hf_i128;

/* All ones for 1, 0 for 0; hidden from the compiler, which would otherwise see a condition and may branch on it. */
static inline uint64_t hf_mask(uint64_t bit)
{
	__asm__("" : "+r"(bit));
	return 0 - bit;
}

static inline uint64_t hf_mask_zero(uint64_t v)
{
	return hf_mask(1 ^ ((v | (0 - v)) >> 63));
}

/* r = mask ? a : b */
static inline void hf_limbs_select(uint64_t r[4], const uint64_t a[4], const uint64_t b[4], uint64_t mask)
{
	for (size_t i = 0; i < 4; i++)
		r[i] = (a[i] & mask) | (b[i] & ~mask);
}

/* Both return what does not fit, 0 or 1. */
static inline uint64_t hf_limbs_add(uint64_t r[4], const uint64_t a[4], const uint64_t b[4])
{
	hf_u128 t = 0;

	for (size_t i = 0; i < 4; i++) {
		t += (hf_u128)a[i] + b[i];
		r[i] = (uint64_t)t;
		t >>= 64;
	}
	return (uint64_t)t;
}

static inline uint64_t hf_limbs_sub(uint64_t r[4], const uint64_t a[4], const uint64_t b[4])
{
	uint64_t borrow = 0;

	for (size_t i = 0; i < 4; i++) {
		hf_u128 t = (hf_u128)a[i] - b[i] - borrow;
		r[i] = (uint64_t)t;
		borrow = (uint64_t)(t >> 64) & 1;
	}
	return borrow;
}

/* r[0..3] += a·m; returns the fifth limb. */
static inline uint64_t hf_limbs_mul_add(uint64_t r[4], const uint64_t a[4], uint64_t m)
{
	hf_u128 t = (hf_u128)a[0] * m + r[0];

	r[0] = (uint64_t)t;
	t = (hf_u128)a[1] * m + r[1] + (uint64_t)(t >> 64);
	r[1] = (uint64_t)t;
	t = (hf_u128)a[2] * m + r[2] + (uint64_t)(t >> 64);
	r[2] = (uint64_t)t;
	t = (hf_u128)a[3] * m + r[3] + (uint64_t)(t >> 64);
	r[3] = (uint64_t)t;
	return (uint64_t)(t >> 64);
}

static inline void hf_limbs_mul(uint64_t t[8], const uint64_t a[4], const uint64_t b[4])
{
	t[0] = t[1] = t[2] = t[3] = 0;
	t[4] = hf_limbs_mul_add(t, a, b[0]);
	t[5] = hf_limbs_mul_add(t + 1, a, b[1]);
	t[6] = hf_limbs_mul_add(t + 2, a, b[2]);
	t[7] = hf_limbs_mul_add(t + 3, a, b[3]);
}

/* The six products of two different limbs, doubled, and the four squares. */
static inline void hf_limbs_sqr(uint64_t t[8], const uint64_t a[4])
{
	hf_u128 x = (hf_u128)a[0] * a[1];
	uint64_t carry;

	t[1] = (uint64_t)x;
	x = (hf_u128)a[0] * a[2] + (uint64_t)(x >> 64);
	t[2] = (uint64_t)x;
	x = (hf_u128)a[0] * a[3] + (uint64_t)(x >> 64);
	t[3] = (uint64_t)x;
	t[4] = (uint64_t)(x >> 64);
	x = (hf_u128)a[1] * a[2] + t[3];
	t[3] = (uint64_t)x;
	x = (hf_u128)a[1] * a[3] + t[4] + (uint64_t)(x >> 64);
	t[4] = (uint64_t)x;
	x = (hf_u128)a[2] * a[3] + (uint64_t)(x >> 64);
	t[5] = (uint64_t)x;
	t[6] = (uint64_t)(x >> 64);
	t[7] = t[6] >> 63;
	for (size_t i = 6; i > 1; i--)
		t[i] = t[i] << 1 | t[i - 1] >> 63;
	t[1] <<= 1;
	x = (hf_u128)a[0] * a[0];
	t[0] = (uint64_t)x;
	x = (hf_u128)t[1] + (uint64_t)(x >> 64);
	t[1] = (uint64_t)x;
	carry = (uint64_t)(x >> 64);
	for (size_t i = 1; i < 4; i++) {
		x = (hf_u128)a[i] * a[i] + t[2 * i] + carry;
		t[2 * i] = (uint64_t)x;
		x = (hf_u128)t[2 * i + 1] + (uint64_t)(x >> 64);
		t[2 * i + 1] = (uint64_t)x;
		carry = (uint64_t)(x >> 64);
	}
}

/* From and to 32 octets, big-endian. */
static inline void hf_limbs_in(uint64_t r[4], const uint8_t in[32])
{
	for (size_t i = 0; i < 4; i++) {
		const uint8_t *p = in + 8 * (3 - i);
		r[i] = (uint64_t)p[0] << 56 | (uint64_t)p[1] << 48 | (uint64_t)p[2] << 40 | (uint64_t)p[3] << 32 |
		       (uint64_t)p[4] << 24 | (uint64_t)p[5] << 16 | (uint64_t)p[6] << 8 | p[7];
	}
}

static inline void hf_limbs_out(uint8_t out[32], const uint64_t a[4])
{
	for (size_t i = 0; i < 4; i++) {
		uint8_t *p = out + 8 * (3 - i);
		p[0] = (uint8_t)(a[i] >> 56);
		p[1] = (uint8_t)(a[i] >> 48);
		p[2] = (uint8_t)(a[i] >> 40);
		p[3] = (uint8_t)(a[i] >> 32);
		p[4] = (uint8_t)(a[i] >> 24);
		p[5] = (uint8_t)(a[i] >> 16);
		p[6] = (uint8_t)(a[i] >> 8);
		p[7] = (uint8_t)a[i];
	}
}

#endif
