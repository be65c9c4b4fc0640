/*
 * SM4 on AVX2 with AES-NI. AESENCLAST inverts in the field of AES, adds AES's affine map and shifts rows; tables of 16
 * entries for each half octet (PSHUFB: in registers, not in memory) lead there from SM4's field and back; undoing the
 * shift of rows costs nothing, because the turns by whole octets shuffle anyway.
 */
#include "crypto/sm4_int.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET __attribute__((target("avx2,aes")))
#define INLINE static inline __attribute__((always_inline)) TARGET

/* The linear maps with their constants, by low and by high half octet. */
static const uint8_t pre_low[16] = {
	0x3e, 0xb2, 0x0e, 0x82, 0xbb, 0x37, 0x8b, 0x07, 0xa1, 0x2d, 0x91, 0x1d, 0x24, 0xa8, 0x14, 0x98};
static const uint8_t pre_high[16] = {
	0x00, 0xdc, 0x2e, 0xf2, 0xc5, 0x19, 0xeb, 0x37, 0x08, 0xd4, 0x26, 0xfa, 0xcd, 0x11, 0xe3, 0x3f};
static const uint8_t post_low[16] = {
	0x6c, 0xd4, 0xa6, 0x1e, 0x52, 0xea, 0x98, 0x20, 0x0b, 0xb3, 0xc1, 0x79, 0x35, 0x8d, 0xff, 0x47};
static const uint8_t post_high[16] = {
	0x00, 0xe0, 0x50, 0xb0, 0x9d, 0x7d, 0xcd, 0x2d, 0xc0, 0x20, 0x90, 0x70, 0x5d, 0xbd, 0x0d, 0xed};
/* Rows shifted back, then each word turned left by 0, 8, 16, 24 bits. */
static const uint8_t turns[4][16] = {
	{0, 13, 10, 7, 4, 1, 14, 11, 8, 5, 2, 15, 12, 9, 6, 3},
	{7, 0, 13, 10, 11, 4, 1, 14, 15, 8, 5, 2, 3, 12, 9, 6},
	{10, 7, 0, 13, 14, 11, 4, 1, 2, 15, 8, 5, 6, 3, 12, 9},
	{13, 10, 7, 0, 1, 14, 11, 4, 5, 2, 15, 8, 9, 6, 3, 12},
};

INLINE __m256i both(const uint8_t table[16])
{
	return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)table));
}

INLINE __m256i map(__m256i x, const uint8_t low[16], const uint8_t high[16])
{
	__m256i half = _mm256_set1_epi8(15);

	return _mm256_xor_si256(_mm256_shuffle_epi8(both(low), _mm256_and_si256(x, half)),
		_mm256_shuffle_epi8(both(high), _mm256_and_si256(_mm256_srli_epi16(x, 4), half)));
}

/* S(x), its octets in the order that AESENCLAST leaves. */
INLINE __m256i substitute(__m256i x)
{
	__m128i a, b;

	x = map(x, pre_low, pre_high);
	a = _mm_aesenclast_si128(_mm256_castsi256_si128(x), _mm_setzero_si128());
	b = _mm_aesenclast_si128(_mm256_extracti128_si256(x, 1), _mm_setzero_si128());
	return map(_mm256_inserti128_si256(_mm256_castsi128_si256(a), b, 1), post_low, post_high);
}

INLINE __m256i turn(__m256i x, int by)
{
	return _mm256_or_si256(_mm256_slli_epi32(x, by), _mm256_srli_epi32(x, 32 - by));
}

INLINE __m256i xor3(__m256i a, __m256i b, __m256i c)
{
	return _mm256_xor_si256(_mm256_xor_si256(a, b), c);
}

/* a ^ L(S(b ^ c ^ d ^ k)) */
INLINE __m256i round_of(__m256i a, __m256i b, __m256i c, __m256i d, __m256i k)
{
	__m256i t = substitute(_mm256_xor_si256(xor3(b, c, k), d));
	__m256i t0 = _mm256_shuffle_epi8(t, both(turns[0])), t8 = _mm256_shuffle_epi8(t, both(turns[1]));
	__m256i t16 = _mm256_shuffle_epi8(t, both(turns[2])), t24 = _mm256_shuffle_epi8(t, both(turns[3]));

	return _mm256_xor_si256(xor3(a, t0, t24), turn(xor3(t0, t8, t16), 2));
}

INLINE __m256i swap_octets(__m256i x)
{
	return _mm256_shuffle_epi8(
		x, _mm256_broadcastsi128_si256(_mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3)));
}

/* Transposes the 4 by 4 words of each 128 bits; its own inverse. */
INLINE void transpose(__m256i x[4])
{
	__m256i a = _mm256_unpacklo_epi32(x[0], x[1]), b = _mm256_unpackhi_epi32(x[0], x[1]);
	__m256i c = _mm256_unpacklo_epi32(x[2], x[3]), d = _mm256_unpackhi_epi32(x[2], x[3]);

	x[0] = _mm256_unpacklo_epi64(a, c);
	x[1] = _mm256_unpackhi_epi64(a, c);
	x[2] = _mm256_unpacklo_epi64(b, d);
	x[3] = _mm256_unpackhi_epi64(b, d);
}

/* Eight blocks are four vectors. groups is a constant where it is called. */
INLINE void crypt_wide(const struct hf_sm4 *sm4, const uint8_t *in, uint8_t *out, size_t groups)
{
	__m256i x[2][4];

#pragma GCC unroll 2
	for (size_t g = 0; g < groups; g++) {
#pragma GCC unroll 4
		for (size_t j = 0; j < 4; j++)
			x[g][j] = swap_octets(_mm256_loadu_si256((const __m256i *)(in + 128 * g + 32 * j)));
		transpose(x[g]);
	}
	for (size_t i = 0; i < HF_SM4_ROUNDS; i += 4) {
#pragma GCC unroll 4
		for (size_t j = 0; j < 4; j++) {
			__m256i k = _mm256_set1_epi32((int)sm4->rk[i + j]);
#pragma GCC unroll 2
			for (size_t g = 0; g < groups; g++)
				x[g][j] = round_of(x[g][j], x[g][(j + 1) % 4], x[g][(j + 2) % 4], x[g][(j + 3) % 4], k);
		}
	}
#pragma GCC unroll 2
	for (size_t g = 0; g < groups; g++) {
		__m256i y[4] = {x[g][3], x[g][2], x[g][1], x[g][0]};
		transpose(y);
#pragma GCC unroll 4
		for (size_t j = 0; j < 4; j++)
			_mm256_storeu_si256((__m256i *)(out + 128 * g + 32 * j), swap_octets(y[j]));
	}
}

TARGET static void blocks(const struct hf_sm4 *sm4, const uint8_t *in, uint8_t *out, size_t num)
{
	uint8_t rest[128] = {0};

	for (; num >= 16; num -= 16, in += 256, out += 256)
		crypt_wide(sm4, in, out, 2);
	for (; num >= 8; num -= 8, in += 128, out += 128)
		crypt_wide(sm4, in, out, 1);
	if (num == 0)
		return;
	for (size_t i = 0; i < 16 * num; i++)
		rest[i] = in[i];
	crypt_wide(sm4, rest, rest, 1);
	for (size_t i = 0; i < 16 * num; i++)
		out[i] = rest[i];
	hf_wipe(rest, sizeof(rest));
}

INLINE __m256i load(const uint32_t *p)
{
	return _mm256_loadu_si256((const __m256i *)p);
}

TARGET static void lanes(struct hf_sm4_lanes *l)
{
	for (size_t at = 0; at < HF_SM4_LANES; at += 8) {
		__m256i x[4];
		for (size_t j = 0; j < 4; j++)
			x[j] = load(l->x[j] + at);
		for (size_t i = 0; i < HF_SM4_ROUNDS; i += 4) {
			x[0] = round_of(x[0], x[1], x[2], x[3], load(l->rk[i] + at));
			x[1] = round_of(x[1], x[2], x[3], x[0], load(l->rk[i + 1] + at));
			x[2] = round_of(x[2], x[3], x[0], x[1], load(l->rk[i + 2] + at));
			x[3] = round_of(x[3], x[0], x[1], x[2], load(l->rk[i + 3] + at));
		}
		for (size_t j = 0; j < 4; j++)
			_mm256_storeu_si256((__m256i *)(l->x[j] + at), x[3 - j]);
	}
}

static uint32_t rotate(uint32_t x, unsigned n)
{
	return x << n | x >> (32 - n);
}

//= GM/T 0002 7.3
TARGET static void schedule(struct hf_sm4 *sm4, const uint8_t key[HF_SM4_KEY])
{
	static const uint32_t fk[4] = HF_SM4_FK;
	uint32_t k[4];

	for (size_t i = 0; i < 4; i++)
		k[i] = hf_load32(key + 4 * i) ^ fk[i];
	for (uint32_t i = 0; i < HF_SM4_ROUNDS; i++) {
		uint32_t t = k[(i + 1) % 4] ^ k[(i + 2) % 4] ^ k[(i + 3) % 4] ^ hf_sm4_ck(i);
		__m256i s = _mm256_shuffle_epi8(substitute(_mm256_set1_epi32((int)t)), both(turns[0]));
		t = (uint32_t)_mm256_cvtsi256_si32(s);
		k[i % 4] ^= t ^ rotate(t, 13) ^ rotate(t, 23);
		sm4->rk[i] = k[i % 4];
	}
	hf_wipe(k, sizeof(k));
}

const struct hf_sm4_kernel hf_sm4_avx2 = {"avx2", HF_CPU_AVX2 | HF_CPU_AES, schedule, blocks, NULL, lanes};

#endif
