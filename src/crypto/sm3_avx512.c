/* SM3 of 16 messages at once. */
#include "crypto/sm3_int.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET       __attribute__((target("avx512f,avx512bw,avx512vl")))
#define LANES_INLINE static inline __attribute__((always_inline)) TARGET

typedef __m512i V;
#define ADD(a, b)         _mm512_add_epi32(a, b)
#define XOR(a, b)         _mm512_xor_si512(a, b)
#define XOR3(a, b, c)     _mm512_ternarylogic_epi32(a, b, c, 0x96)
#define CHOOSE(e, f, g)   _mm512_ternarylogic_epi32(e, f, g, 0xca)
#define MAJORITY(a, b, c) _mm512_ternarylogic_epi32(a, b, c, 0xe8)
#define ROTATE(a, n)      _mm512_rol_epi32(a, n)
#define ALL(w)            _mm512_set1_epi32((int)(w))
#define LOAD(p)           _mm512_loadu_si512(p)
#define STORE(p, x)       _mm512_storeu_si512(p, x)

#include "crypto/sm3_lanes.h"

/* Transposes the 4 by 4 words of each 128 bits. */
LANES_INLINE void transpose_words(V x[4])
{
	V a = _mm512_unpacklo_epi32(x[0], x[1]), b = _mm512_unpackhi_epi32(x[0], x[1]);
	V c = _mm512_unpacklo_epi32(x[2], x[3]), d = _mm512_unpackhi_epi32(x[2], x[3]);

	x[0] = _mm512_unpacklo_epi64(a, c);
	x[1] = _mm512_unpackhi_epi64(a, c);
	x[2] = _mm512_unpacklo_epi64(b, d);
	x[3] = _mm512_unpackhi_epi64(b, d);
}

/* Transposes the 4 by 4 quarters of four registers that lie step apart. */
LANES_INLINE void transpose_quarters(V *x, size_t step)
{
	V a = _mm512_shuffle_i32x4(x[0], x[step], 0x88), b = _mm512_shuffle_i32x4(x[0], x[step], 0xdd);
	V c = _mm512_shuffle_i32x4(x[2 * step], x[3 * step], 0x88);
	V d = _mm512_shuffle_i32x4(x[2 * step], x[3 * step], 0xdd);

	x[0] = _mm512_shuffle_i32x4(a, c, 0x88);
	x[step] = _mm512_shuffle_i32x4(b, d, 0x88);
	x[2 * step] = _mm512_shuffle_i32x4(a, c, 0xdd);
	x[3 * step] = _mm512_shuffle_i32x4(b, d, 0xdd);
}

/* w[i] = word i of the block at each p[lane] + at. */
LANES_INLINE void read(V w[16], const uint8_t *const p[HF_SM3_LANES], size_t at)
{
	V order = _mm512_broadcast_i32x4(_mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3)), x[16];

#pragma GCC unroll 16
	for (size_t i = 0; i < 16; i++)
		x[i] = _mm512_shuffle_epi8(_mm512_loadu_si512(p[i] + at), order);
#pragma GCC unroll 4
	for (size_t i = 0; i < 16; i += 4)
		transpose_words(x + i);
		/* x[4i + j] has, in quarter q, word 4q + j of lanes 4i to 4i + 3 */
#pragma GCC unroll 4
	for (size_t j = 0; j < 4; j++)
		transpose_quarters(x + j, 4);
#pragma GCC unroll 16
	for (size_t i = 0; i < 16; i++)
		w[i] = x[i];
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

const struct hf_sm3_lanes_kernel hf_sm3_avx512 = {"avx512", HF_CPU_AVX512, 16, take_blocks};

#endif
