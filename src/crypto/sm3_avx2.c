/* SM3 of 8 messages at once. */
#include "crypto/sm3_int.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET       __attribute__((target("avx2")))
#define LANES_INLINE static inline __attribute__((always_inline)) TARGET

typedef __m256i V;
#define ADD(a, b)         _mm256_add_epi32(a, b)
#define XOR(a, b)         _mm256_xor_si256(a, b)
#define XOR3(a, b, c)     XOR(XOR(a, b), c)
#define CHOOSE(e, f, g)   XOR(g, _mm256_and_si256(e, XOR(f, g)))
#define MAJORITY(a, b, c) _mm256_or_si256(_mm256_and_si256(a, b), _mm256_and_si256(_mm256_or_si256(a, b), c))
#define ROTATE(a, n)      _mm256_or_si256(_mm256_slli_epi32(a, n), _mm256_srli_epi32(a, 32 - (n)))
#define ALL(w)            _mm256_set1_epi32((int)(w))
#define LOAD(p)           _mm256_loadu_si256((const __m256i *)(p))
#define STORE(p, x)       _mm256_storeu_si256((__m256i *)(p), x)

#include "crypto/sm3_lanes.h"

/* Transposes the 4 by 4 words of each 128 bits. */
LANES_INLINE void transpose_words(V x[4])
{
	V a = _mm256_unpacklo_epi32(x[0], x[1]), b = _mm256_unpackhi_epi32(x[0], x[1]);
	V c = _mm256_unpacklo_epi32(x[2], x[3]), d = _mm256_unpackhi_epi32(x[2], x[3]);

	x[0] = _mm256_unpacklo_epi64(a, c);
	x[1] = _mm256_unpackhi_epi64(a, c);
	x[2] = _mm256_unpacklo_epi64(b, d);
	x[3] = _mm256_unpackhi_epi64(b, d);
}

/* Eight of the 16 words: w[i] = word i at each p[lane] + at. */
LANES_INLINE void read_half(V w[8], const uint8_t *const p[HF_SM3_LANES], size_t at)
{
	V order = _mm256_broadcastsi128_si256(_mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
	V x[8];

#pragma GCC unroll 8
	for (size_t i = 0; i < 8; i++)
		x[i] = _mm256_shuffle_epi8(LOAD(p[i] + at), order);
	transpose_words(x);
	transpose_words(x + 4);
#pragma GCC unroll 4
	for (size_t i = 0; i < 4; i++) {
		w[i] = _mm256_permute2x128_si256(x[i], x[i + 4], 0x20);
		w[i + 4] = _mm256_permute2x128_si256(x[i], x[i + 4], 0x31);
	}
}

LANES_INLINE void read(V w[16], const uint8_t *const p[HF_SM3_LANES], size_t at)
{
	read_half(w, p, at);
	read_half(w + 8, p, at + 32);
}

TARGET static void take_blocks(uint32_t state[8][HF_SM3_LANES], const uint8_t *const p[HF_SM3_LANES], size_t num)
{
	V s[8];

	for (size_t i = 0; i < 8; i++)
		s[i] = LOAD(state[i]);
	for (size_t n = 0; n < num; n++) {
		V v[8], w[16];
#pragma GCC unroll 8
		for (size_t i = 0; i < 8; i++)
			v[i] = s[i];
		read(w, p, HF_SM3_BLOCK * n);
		rounds(v, w);
#pragma GCC unroll 8
		for (size_t i = 0; i < 8; i++)
			s[i] = XOR(s[i], v[i]);
	}
	for (size_t i = 0; i < 8; i++)
		STORE(state[i], s[i]);
}

const struct hf_sm3_lanes_kernel hf_sm3_avx2 = {"avx2", HF_CPU_AVX2, 8, take_blocks};

#endif
