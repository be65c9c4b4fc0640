/*
 * SM4 on AVX-512 with GFNI. The instruction inverts in the field of AES and applies a matrix: S(v) = Q inverse(P v + c)
 * + d, where P leads there from SM4's field (polynomial 1F5h) with SM4's own matrix, and Q back. Words are kept as P x
 * all the time, so that nothing comes before the inverse. The linear map L turns words by 2 more than whole octets; as
 * a matrix for each of the four octets that an octet goes to (R0 … R3, R1 = R2), it enters the same instruction: P
 * L(S(v)) = m0 ^ (m1 <<< 8) ^ (m1 <<< 16) ^ (m3 <<< 24),   mi = P Ri (Q inverse(v') + d),   v' = P v + c. So a round is
 * three inversions side by side instead of two steps one after the other.
 */
#include "crypto/sm4_int.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,gfni")))
#define INLINE static inline __attribute__((always_inline)) TARGET

/* Matrices as the instruction wants them, each with what it adds. */
#define P       INT64_C(0x4c287db91a22505d)
#define P_CONST 0x3e
#define P_BACK  ((int64_t)UINT64_C(0xb3a4f5863284728b))
#define M0      INT64_C(0x040db891e9a481b7)
#define M0_ADDS 0x72
#define M1      INT64_C(0x2c020425162040ad)
#define M1_ADDS 0x63
#define M3      INT64_C(0x280fbcb4ff84c11a)
#define M3_ADDS 0x11
/* The S-box by itself, for the schedule. */
#define Q       ((int64_t)UINT64_C(0xf3ab34a974a6b589))
#define Q_CONST 0xd3
#define XOR3    0x96

/* a + P L(S(…)); k is P of the round key, with c. d, the newest, comes in last so that little waits for it. */
INLINE __m512i round_of(__m512i a, __m512i b, __m512i c, __m512i d, __m512i k)
{
	__m512i v = _mm512_xor_si512(_mm512_ternarylogic_epi64(b, c, k, XOR3), d);
	__m512i m0 = _mm512_gf2p8affineinv_epi64_epi8(v, _mm512_set1_epi64(M0), M0_ADDS);
	__m512i m1 = _mm512_gf2p8affineinv_epi64_epi8(v, _mm512_set1_epi64(M1), M1_ADDS);
	__m512i m3 = _mm512_gf2p8affineinv_epi64_epi8(v, _mm512_set1_epi64(M3), M3_ADDS);

	a = _mm512_ternarylogic_epi64(a, m0, _mm512_rol_epi32(m1, 8), XOR3);
	return _mm512_ternarylogic_epi64(a, _mm512_rol_epi32(m1, 16), _mm512_rol_epi32(m3, 24), XOR3);
}

INLINE __m512i enter(__m512i x)
{
	return _mm512_gf2p8affine_epi64_epi8(x, _mm512_set1_epi64(P), 0);
}

INLINE __m512i leave(__m512i x)
{
	return _mm512_gf2p8affine_epi64_epi8(x, _mm512_set1_epi64(P_BACK), 0);
}

INLINE __m512i enter_key(__m512i k)
{
	return _mm512_gf2p8affine_epi64_epi8(k, _mm512_set1_epi64(P), P_CONST);
}

struct round_keys {
	uint32_t k[HF_SM4_ROUNDS];
};

INLINE void enter_keys(struct round_keys *keys, const struct hf_sm4 *sm4)
{
	_mm512_storeu_si512(keys->k, enter_key(_mm512_loadu_si512(sm4->rk)));
	_mm512_storeu_si512(keys->k + 16, enter_key(_mm512_loadu_si512(sm4->rk + 16)));
}

INLINE __m512i swap_octets(__m512i x)
{
	return _mm512_shuffle_epi8(
		x, _mm512_broadcast_i32x4(_mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3)));
}

/* Transposes the 4 by 4 words of each 128 bits; its own inverse. */
INLINE void transpose(__m512i x[4])
{
	__m512i a = _mm512_unpacklo_epi32(x[0], x[1]), b = _mm512_unpackhi_epi32(x[0], x[1]);
	__m512i c = _mm512_unpacklo_epi32(x[2], x[3]), d = _mm512_unpackhi_epi32(x[2], x[3]);

	x[0] = _mm512_unpacklo_epi64(a, c);
	x[1] = _mm512_unpackhi_epi64(a, c);
	x[2] = _mm512_unpacklo_epi64(b, d);
	x[3] = _mm512_unpackhi_epi64(b, d);
}

/* 16 blocks are four vectors. groups is a constant where it is called, and the loops over it vanish. */
INLINE void rounds(__m512i x[][4], size_t groups, const struct round_keys *keys)
{
	for (size_t i = 0; i < HF_SM4_ROUNDS; i += 4) {
#pragma GCC unroll 4
		for (size_t j = 0; j < 4; j++) {
			__m512i k = _mm512_set1_epi32((int)keys->k[i + j]);
#pragma GCC unroll 4
			for (size_t g = 0; g < groups; g++)
				x[g][j] = round_of(x[g][j], x[g][(j + 1) % 4], x[g][(j + 2) % 4], x[g][(j + 3) % 4], k);
		}
	}
}

INLINE void crypt_wide(const struct round_keys *keys, const uint8_t *in, uint8_t *out, size_t groups)
{
	__m512i x[4][4];

#pragma GCC unroll 4
	for (size_t g = 0; g < groups; g++) {
#pragma GCC unroll 4
		for (size_t j = 0; j < 4; j++)
			x[g][j] = enter(swap_octets(_mm512_loadu_si512(in + 256 * g + 64 * j)));
		transpose(x[g]);
	}
	rounds(x, groups, keys);
#pragma GCC unroll 4
	for (size_t g = 0; g < groups; g++) {
		__m512i y[4] = {x[g][3], x[g][2], x[g][1], x[g][0]};
		transpose(y);
#pragma GCC unroll 4
		for (size_t j = 0; j < 4; j++)
			_mm512_storeu_si512(out + 256 * g + 64 * j, swap_octets(leave(y[j])));
	}
}

/* Fewer than 16 blocks: the rest of the vectors is neither read nor written. */
TARGET static void crypt_rest(const struct round_keys *keys, const uint8_t *in, uint8_t *out, size_t num)
{
	uint32_t mask = num < 16 ? (UINT32_C(1) << 2 * num) - 1 : ~UINT32_C(0);
	__m512i x[1][4], y[4];

#pragma GCC unroll 4
	for (size_t j = 0; j < 4; j++)
		x[0][j] = enter(swap_octets(_mm512_maskz_loadu_epi64((__mmask8)(mask >> 8 * j), in + 64 * j)));
	transpose(x[0]);
	rounds(x, 1, keys);
	for (size_t j = 0; j < 4; j++)
		y[j] = x[0][3 - j];
	transpose(y);
#pragma GCC unroll 4
	for (size_t j = 0; j < 4; j++)
		_mm512_mask_storeu_epi64(out + 64 * j, (__mmask8)(mask >> 8 * j), swap_octets(leave(y[j])));
}

/* The rounds of one block, its words in the lowest places of x[0] … x[3]. */
INLINE void rounds_one(__m128i x[4], const struct round_keys *keys)
{
	for (size_t i = 0; i < HF_SM4_ROUNDS; i += 4) {
#pragma GCC unroll 4
		for (size_t j = 0; j < 4; j++) {
			__m128i k = _mm_set1_epi32((int)keys->k[i + j]);
			__m128i v = _mm_ternarylogic_epi64(x[(j + 1) % 4], x[(j + 2) % 4], k, XOR3);
			v = _mm_xor_si128(v, x[(j + 3) % 4]);
			__m128i m0 = _mm_gf2p8affineinv_epi64_epi8(v, _mm_set1_epi64x(M0), M0_ADDS);
			__m128i m1 = _mm_gf2p8affineinv_epi64_epi8(v, _mm_set1_epi64x(M1), M1_ADDS);
			__m128i m3 = _mm_gf2p8affineinv_epi64_epi8(v, _mm_set1_epi64x(M3), M3_ADDS);
			x[j] = _mm_ternarylogic_epi64(x[j], m0, _mm_rol_epi32(m1, 8), XOR3);
			x[j] = _mm_ternarylogic_epi64(x[j], _mm_rol_epi32(m1, 16), _mm_rol_epi32(m3, 24), XOR3);
		}
	}
}

/* One block; its octets and the result's in reverse, which puts the last word lowest. */
INLINE __m128i crypt_one(const struct round_keys *keys, __m128i block)
{
	__m128i x[4];

	x[3] = _mm_gf2p8affine_epi64_epi8(block, _mm_set1_epi64x(P), 0);
	x[2] = _mm_shuffle_epi32(x[3], 0x55);
	x[1] = _mm_shuffle_epi32(x[3], 0xaa);
	x[0] = _mm_shuffle_epi32(x[3], 0xff);
	rounds_one(x, keys);
	x[0] = _mm_unpacklo_epi64(_mm_unpacklo_epi32(x[0], x[1]), _mm_unpacklo_epi32(x[2], x[3]));
	return _mm_gf2p8affine_epi64_epi8(x[0], _mm_set1_epi64x(P_BACK), 0);
}

INLINE __m128i load_reversed(const uint8_t *p)
{
	return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)p),
		_mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
}

INLINE void store_reversed(uint8_t *p, __m128i x)
{
	_mm_storeu_si128(
		(__m128i *)p, _mm_shuffle_epi8(x, _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)));
}

TARGET static void blocks(const struct hf_sm4 *sm4, const uint8_t *in, uint8_t *out, size_t num)
{
	struct round_keys keys;

	enter_keys(&keys, sm4);
	for (; num >= 64; num -= 64, in += 1024, out += 1024)
		crypt_wide(&keys, in, out, 4);
	for (; num >= 32; num -= 32, in += 512, out += 512)
		crypt_wide(&keys, in, out, 2);
	for (; num >= 16; num -= 16, in += 256, out += 256)
		crypt_wide(&keys, in, out, 1);
	if (num == 1)
		store_reversed(out, crypt_one(&keys, load_reversed(in)));
	else if (num > 0)
		crypt_rest(&keys, in, out, num);
	hf_wipe(&keys, sizeof(keys));
}

TARGET static void chain(
	const struct hf_sm4 *sm4, uint8_t iv[HF_SM4_BLOCK], const uint8_t *in, uint8_t *out, size_t num)
{
	__m128i y = load_reversed(iv);
	struct round_keys keys;

	enter_keys(&keys, sm4);
	for (size_t i = 0; i < num; i++) {
		y = crypt_one(&keys, _mm_xor_si128(y, load_reversed(in + HF_SM4_BLOCK * i)));
		if (out)
			store_reversed(out + HF_SM4_BLOCK * i, y);
	}
	store_reversed(iv, y);
	hf_wipe(&keys, sizeof(keys));
}

TARGET static void lanes(struct hf_sm4_lanes *l)
{
	__m512i x[2][4];

	for (size_t g = 0; g < 2; g++) {
		for (size_t j = 0; j < 4; j++)
			x[g][j] = enter(_mm512_loadu_si512(l->x[j] + 16 * g));
	}
	for (size_t i = 0; i < HF_SM4_ROUNDS; i += 4) {
#pragma GCC unroll 4
		for (size_t j = 0; j < 4; j++) {
#pragma GCC unroll 2
			for (size_t g = 0; g < 2; g++)
				x[g][j] = round_of(x[g][j], x[g][(j + 1) % 4], x[g][(j + 2) % 4], x[g][(j + 3) % 4],
					enter_key(_mm512_loadu_si512(l->rk[i + j] + 16 * g)));
		}
	}
	for (size_t g = 0; g < 2; g++) {
		for (size_t j = 0; j < 4; j++)
			_mm512_storeu_si512(l->x[j] + 16 * g, leave(x[g][3 - j]));
	}
}

//= GM/T 0002 7.3
TARGET static void schedule(struct hf_sm4 *sm4, const uint8_t key[HF_SM4_KEY])
{
	static const uint32_t fk[4] = HF_SM4_FK;
	__m128i k[4];

	for (size_t i = 0; i < 4; i++)
		k[i] = _mm_cvtsi32_si128((int)(hf_load32(key + 4 * i) ^ fk[i]));
	for (uint32_t i = 0; i < HF_SM4_ROUNDS; i += 4) {
#pragma GCC unroll 4
		for (uint32_t j = 0; j < 4; j++) {
			__m128i ck = _mm_cvtsi32_si128((int)hf_sm4_ck(i + j));
			__m128i t = _mm_ternarylogic_epi64(k[(j + 1) % 4], k[(j + 2) % 4], ck, XOR3);
			t = _mm_xor_si128(t, k[(j + 3) % 4]);
			t = _mm_gf2p8affine_epi64_epi8(t, _mm_set1_epi64x(P), P_CONST);
			t = _mm_gf2p8affineinv_epi64_epi8(t, _mm_set1_epi64x(Q), Q_CONST);
			k[j] = _mm_xor_si128(
				k[j], _mm_ternarylogic_epi64(t, _mm_rol_epi32(t, 13), _mm_rol_epi32(t, 23), XOR3));
			sm4->rk[i + j] = (uint32_t)_mm_cvtsi128_si32(k[j]);
		}
	}
}

const struct hf_sm4_kernel hf_sm4_gfni = {"gfni", HF_CPU_AVX512 | HF_CPU_GFNI, schedule, blocks, chain, lanes};

#endif
