/*
 * SM3 of one stream on AVX2 machines: the rounds in ordinary registers with three-operand turns and and-not (BMI1,
 * BMI2), the schedule three words at a time in a vector register beside them.
 */
#include "crypto/sm3_int.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET __attribute__((target("avx2,bmi,bmi2")))
#define INLINE static inline __attribute__((always_inline)) TARGET

INLINE uint32_t rotate(uint32_t x, unsigned n)
{
	return x << n | x >> (32 - n);
}

INLINE __m128i rotate4(__m128i x, int n)
{
	return _mm_or_si128(_mm_slli_epi32(x, n), _mm_srli_epi32(x, 32 - n));
}

/* The last word of a triple and the first two of the next. */
INLINE __m128i astride(__m128i triple, __m128i next)
{
	return _mm_alignr_epi8(next, _mm_slli_si128(triple, 4), 12);
}

/*
 * The words from 16 on, three at a time: the third-next needs the first. t[] are the six triples before, oldest first,
 * each in the lower three words of its register; where they lie is known when the loop is unrolled.
 */
INLINE __m128i expanded(const __m128i t[6])
{
	__m128i x = _mm_xor_si128(_mm_xor_si128(astride(t[0], t[1]), t[3]), rotate4(t[5], 15));

	x = _mm_xor_si128(x, _mm_xor_si128(rotate4(x, 15), rotate4(x, 23)));
	return _mm_xor_si128(x, _mm_xor_si128(rotate4(astride(t[1], t[2]), 7), t[4]));
}

/* As in sm3_body.h: the words stay, their names move. */
INLINE void round_of(uint32_t v[8], size_t j, const uint32_t *w)
{
	uint32_t *a = &v[(0 - j) & 3], *b = &v[(1 - j) & 3], *c = &v[(2 - j) & 3], *d = &v[(3 - j) & 3];
	uint32_t *e = &v[4 + ((0 - j) & 3)], *f = &v[4 + ((1 - j) & 3)], *g = &v[4 + ((2 - j) & 3)],
		 *h = &v[4 + ((3 - j) & 3)];
	uint32_t a12 = rotate(*a, 12), ss1 = rotate((a12 + hf_sm3_t[j]) + *e, 7);
	uint32_t ff = j < 16 ? *a ^ *b ^ *c : (*a & *b) | ((*a | *b) & *c);
	uint32_t gg = j < 16 ? *e ^ *f ^ *g : (*e & *f) | (~*e & *g);

	*d = ((*d + (w[j] ^ w[j + 4])) + ff) + (ss1 ^ a12);
	*h = ((*h + w[j]) + gg) + ss1;
	*h ^= rotate(*h, 9) ^ rotate(*h, 17);
	*b = rotate(*b, 9);
	*f = rotate(*f, 19);
}

/* Twelve rounds lie between a word's making and its first use, so that neither waits for the other. */
INLINE void rounds(uint32_t v[8], uint32_t w[72])
{
	__m128i t[6];

	/* words -2 to 15: the first two do not count */
	t[0] = _mm_slli_si128(_mm_loadu_si128((const __m128i *)w), 8);
#pragma GCC unroll 5
	for (size_t i = 1; i < 6; i++)
		t[i] = _mm_loadu_si128((const __m128i *)(w + 3 * i - 2));
#pragma GCC unroll 64
	for (size_t j = 0; j < 64; j++) {
		if (j % 3 == 0 && j < 52) {
			__m128i x = expanded(t);
			_mm_storeu_si128((__m128i *)(w + j + 16), x);
#pragma GCC unroll 5
			for (size_t i = 0; i < 5; i++)
				t[i] = t[i + 1];
			t[5] = x;
		}
		round_of(v, j, w);
	}
}

TARGET static void take_blocks(uint32_t state[8], const uint8_t *p, size_t num)
{
	const __m128i order = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
	uint32_t w[72], v[8];

	for (; num > 0; num--, p += HF_SM3_BLOCK) {
		for (size_t i = 0; i < 8; i++)
			v[i] = state[i];
		for (size_t i = 0; i < 16; i += 4)
			_mm_storeu_si128((__m128i *)(w + i),
				_mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(p + 4 * i)), order));
		rounds(v, w);
		for (size_t i = 0; i < 8; i++)
			state[i] ^= v[i];
	}
	hf_wipe(w, sizeof(w));
}

const struct hf_sm3_kernel hf_sm3_bmi2 = {"bmi2", HF_CPU_AVX2 | HF_CPU_BMI2, take_blocks};

#endif
