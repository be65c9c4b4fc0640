/*
 * SM4 on AVX-512 with GFNI. The instructions invert in the field of AES; the matrices below lead there from SM4's field
 * (polynomial 1F5h) and back, with SM4's own matrix, so that the S-box is two instructions:
 *     S(v) = POST * inverse(PRE * v + 3Eh) + D3h.
 */
#include "crypto/sm4_int.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,gfni")))
#define INLINE static inline __attribute__((always_inline)) TARGET

#define PRE        INT64_C(0x4c287db91a22505d)
#define PRE_CONST  0x3e
#define POST       ((int64_t)UINT64_C(0xf3ab34a974a6b589))
#define POST_CONST 0xd3
#define XOR3       0x96

INLINE __m512i substitute(__m512i x)
{
	x = _mm512_gf2p8affine_epi64_epi8(x, _mm512_set1_epi64(PRE), PRE_CONST);
	return _mm512_gf2p8affineinv_epi64_epi8(x, _mm512_set1_epi64(POST), POST_CONST);
}

/* a ^ L(S(b ^ c ^ d ^ k)); d, the newest, comes in last so that little waits for it. */
INLINE __m512i round_of(__m512i a, __m512i b, __m512i c, __m512i d, __m512i k)
{
	__m512i t = substitute(_mm512_xor_si512(_mm512_ternarylogic_epi64(b, c, k, XOR3), d));
	__m512i low = _mm512_ternarylogic_epi64(a, t, _mm512_rol_epi32(t, 2), XOR3);
	__m512i high = _mm512_ternarylogic_epi64(
		_mm512_rol_epi32(t, 10), _mm512_rol_epi32(t, 18), _mm512_rol_epi32(t, 24), XOR3);

	return _mm512_xor_si512(low, high);
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
INLINE void rounds(__m512i x[][4], size_t groups, const struct hf_sm4 *sm4)
{
	for (size_t i = 0; i < HF_SM4_ROUNDS; i += 4) {
#pragma GCC unroll 4
		for (size_t j = 0; j < 4; j++) {
			__m512i k = _mm512_set1_epi32((int)sm4->rk[i + j]);
#pragma GCC unroll 4
			for (size_t g = 0; g < groups; g++)
				x[g][j] = round_of(x[g][j], x[g][(j + 1) % 4], x[g][(j + 2) % 4], x[g][(j + 3) % 4], k);
		}
	}
}

INLINE void crypt_wide(const struct hf_sm4 *sm4, const uint8_t *in, uint8_t *out, size_t groups)
{
	__m512i x[4][4];

#pragma GCC unroll 4
	for (size_t g = 0; g < groups; g++) {
#pragma GCC unroll 4
		for (size_t j = 0; j < 4; j++)
			x[g][j] = swap_octets(_mm512_loadu_si512(in + 256 * g + 64 * j));
		transpose(x[g]);
	}
	rounds(x, groups, sm4);
#pragma GCC unroll 4
	for (size_t g = 0; g < groups; g++) {
		__m512i y[4] = {x[g][3], x[g][2], x[g][1], x[g][0]};
		transpose(y);
#pragma GCC unroll 4
		for (size_t j = 0; j < 4; j++)
			_mm512_storeu_si512(out + 256 * g + 64 * j, swap_octets(y[j]));
	}
}

/* Fewer than 16 blocks: the rest of the vectors is neither read nor written. */
TARGET static void crypt_rest(const struct hf_sm4 *sm4, const uint8_t *in, uint8_t *out, size_t num)
{
	uint32_t mask = num < 16 ? (UINT32_C(1) << 2 * num) - 1 : ~UINT32_C(0);
	__m512i x[1][4], y[4];

#pragma GCC unroll 4
	for (size_t j = 0; j < 4; j++)
		x[0][j] = swap_octets(_mm512_maskz_loadu_epi64((__mmask8)(mask >> 8 * j), in + 64 * j));
	transpose(x[0]);
	rounds(x, 1, sm4);
	for (size_t j = 0; j < 4; j++)
		y[j] = x[0][3 - j];
	transpose(y);
#pragma GCC unroll 4
	for (size_t j = 0; j < 4; j++)
		_mm512_mask_storeu_epi64(out + 64 * j, (__mmask8)(mask >> 8 * j), swap_octets(y[j]));
}

INLINE __m128i substitute_one(__m128i x)
{
	x = _mm_gf2p8affine_epi64_epi8(x, _mm_set1_epi64x(PRE), PRE_CONST);
	return _mm_gf2p8affineinv_epi64_epi8(x, _mm_set1_epi64x(POST), POST_CONST);
}

/* One block, as a chain has it: no transposition, nothing but the rounds to wait for. */
TARGET static void crypt_one(const struct hf_sm4 *sm4, const uint8_t *in, uint8_t *out)
{
	__m128i swap = _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), x[4];

	/* the last word comes lowest */
	x[3] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)in), swap);
	x[2] = _mm_shuffle_epi32(x[3], 0x55);
	x[1] = _mm_shuffle_epi32(x[3], 0xaa);
	x[0] = _mm_shuffle_epi32(x[3], 0xff);
	for (size_t i = 0; i < HF_SM4_ROUNDS; i += 4) {
#pragma GCC unroll 4
		for (size_t j = 0; j < 4; j++) {
			__m128i k = _mm_set1_epi32((int)sm4->rk[i + j]);
			__m128i t = _mm_ternarylogic_epi64(x[(j + 1) % 4], x[(j + 2) % 4], k, XOR3);
			t = substitute_one(_mm_xor_si128(t, x[(j + 3) % 4]));
			__m128i low = _mm_ternarylogic_epi64(x[j], t, _mm_rol_epi32(t, 2), XOR3);
			__m128i high = _mm_ternarylogic_epi64(
				_mm_rol_epi32(t, 10), _mm_rol_epi32(t, 18), _mm_rol_epi32(t, 24), XOR3);
			x[j] = _mm_xor_si128(low, high);
		}
	}
	x[0] = _mm_unpacklo_epi64(_mm_unpacklo_epi32(x[0], x[1]), _mm_unpacklo_epi32(x[2], x[3]));
	_mm_storeu_si128((__m128i *)out, _mm_shuffle_epi8(x[0], swap));
}

TARGET static void blocks(const struct hf_sm4 *sm4, const uint8_t *in, uint8_t *out, size_t num)
{
	for (; num >= 64; num -= 64, in += 1024, out += 1024)
		crypt_wide(sm4, in, out, 4);
	for (; num >= 32; num -= 32, in += 512, out += 512)
		crypt_wide(sm4, in, out, 2);
	for (; num >= 16; num -= 16, in += 256, out += 256)
		crypt_wide(sm4, in, out, 1);
	if (num == 1)
		crypt_one(sm4, in, out);
	else if (num > 0)
		crypt_rest(sm4, in, out, num);
}

TARGET static void lanes(struct hf_sm4_lanes *l)
{
	__m512i x[2][4];

	for (size_t g = 0; g < 2; g++) {
		for (size_t j = 0; j < 4; j++)
			x[g][j] = _mm512_loadu_si512(l->x[j] + 16 * g);
	}
	for (size_t i = 0; i < HF_SM4_ROUNDS; i += 4) {
#pragma GCC unroll 4
		for (size_t j = 0; j < 4; j++) {
#pragma GCC unroll 2
			for (size_t g = 0; g < 2; g++)
				x[g][j] = round_of(x[g][j], x[g][(j + 1) % 4], x[g][(j + 2) % 4], x[g][(j + 3) % 4],
					_mm512_loadu_si512(l->rk[i + j] + 16 * g));
		}
	}
	for (size_t g = 0; g < 2; g++) {
		for (size_t j = 0; j < 4; j++)
			_mm512_storeu_si512(l->x[j] + 16 * g, x[g][3 - j]);
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
			t = substitute_one(_mm_xor_si128(t, k[(j + 3) % 4]));
			k[j] = _mm_xor_si128(
				k[j], _mm_ternarylogic_epi64(t, _mm_rol_epi32(t, 13), _mm_rol_epi32(t, 23), XOR3));
			sm4->rk[i + j] = (uint32_t)_mm_cvtsi128_si32(k[j]);
		}
	}
}

const struct hf_sm4_kernel hf_sm4_gfni = {"gfni", HF_CPU_AVX512 | HF_CPU_GFNI, schedule, blocks, lanes};

#endif
