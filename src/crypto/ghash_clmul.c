/*
 * GHASH by carry-less multiplication: PCLMULQDQ takes 8 blocks before it reduces, VPCLMULQDQ 16 on AVX-512.
 */
#include "crypto/cpu.h"
#include "crypto/ghash.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET     __attribute__((target("pclmul,ssse3")))
#define INLINE     static inline __attribute__((always_inline)) TARGET
#define WIDE       __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,vpclmulqdq,pclmul")))
#define WIDEINLINE static inline __attribute__((always_inline)) WIDE

INLINE __m128i load(const void *p)
{
	return _mm_loadu_si128(p);
}

INLINE __m128i swap(__m128i x)
{
	return _mm_shuffle_epi8(x, _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
}

/* The 256 bits of a product, not yet reduced: high, low, and what lies across both. */
struct sum {
	__m128i low, mid, high;
};

INLINE void add_product(struct sum *s, __m128i a, __m128i b)
{
	s->low = _mm_xor_si128(s->low, _mm_clmulepi64_si128(a, b, 0x00));
	s->high = _mm_xor_si128(s->high, _mm_clmulepi64_si128(a, b, 0x11));
	s->mid = _mm_xor_si128(
		s->mid, _mm_xor_si128(_mm_clmulepi64_si128(a, b, 0x01), _mm_clmulepi64_si128(a, b, 0x10)));
}

INLINE __m128i reduce(struct sum s)
{
	__m128i poly = _mm_set1_epi64x((int64_t)UINT64_C(0xc200000000000000));

	s.mid = _mm_xor_si128(s.mid, _mm_shuffle_epi32(s.low, 0x4e));
	s.mid = _mm_xor_si128(s.mid, _mm_clmulepi64_si128(s.low, poly, 0x00));
	s.high = _mm_xor_si128(s.high, _mm_shuffle_epi32(s.mid, 0x4e));
	return _mm_xor_si128(s.high, _mm_clmulepi64_si128(s.mid, poly, 0x00));
}

TARGET static void multiply(uint64_t a[2], const uint64_t b[2])
{
	struct sum s = {_mm_setzero_si128(), _mm_setzero_si128(), _mm_setzero_si128()};

	add_product(&s, load(a), load(b));
	_mm_storeu_si128((__m128i *)a, reduce(s));
}

/* num <= 8 blocks: (y + p0) H^num + p1 H^(num - 1) + … */
INLINE __m128i few(const struct hf_ghash *hash, __m128i y, const uint8_t *p, size_t num)
{
	struct sum s = {_mm_setzero_si128(), _mm_setzero_si128(), _mm_setzero_si128()};

	for (size_t i = 0; i < num; i++) {
		__m128i x = swap(load(p + 16 * i));
		add_product(&s, i == 0 ? _mm_xor_si128(x, y) : x, load(hash->powers[HF_GHASH_POWERS - num + i]));
	}
	return reduce(s);
}

TARGET static void blocks(struct hf_ghash *hash, const uint8_t *p, size_t num)
{
	__m128i y = swap(load(hash->y));

	for (; num >= 8; num -= 8, p += 128)
		y = few(hash, y, p, 8);
	if (num > 0)
		y = few(hash, y, p, num);
	_mm_storeu_si128((__m128i *)hash->y, swap(y));
}

WIDEINLINE __m128i add_lanes(__m512i x)
{
	__m256i y = _mm256_xor_si256(_mm512_castsi512_si256(x), _mm512_extracti64x4_epi64(x, 1));

	return _mm_xor_si128(_mm256_castsi256_si128(y), _mm256_extracti128_si256(y, 1));
}

/* 16 blocks: (y + p0) H^16 + p1 H^15 + … */
WIDEINLINE __m128i sixteen(const struct hf_ghash *hash, __m128i y, const uint8_t *p)
{
	__m512i order = _mm512_broadcast_i32x4(_mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
	__m512i low = _mm512_setzero_si512(), mid = low, high = low, first = _mm512_zextsi128_si512(y);

#pragma GCC unroll 4
	for (size_t i = 0; i < 4; i++) {
		__m512i x = _mm512_shuffle_epi8(_mm512_loadu_si512(p + 64 * i), order);
		__m512i h = _mm512_loadu_si512(hash->powers[4 * i]);
		x = i == 0 ? _mm512_xor_si512(x, first) : x;
		low = _mm512_xor_si512(low, _mm512_clmulepi64_epi128(x, h, 0x00));
		high = _mm512_xor_si512(high, _mm512_clmulepi64_epi128(x, h, 0x11));
		mid = _mm512_ternarylogic_epi64(
			mid, _mm512_clmulepi64_epi128(x, h, 0x01), _mm512_clmulepi64_epi128(x, h, 0x10), 0x96);
	}
	return reduce((struct sum){add_lanes(low), add_lanes(mid), add_lanes(high)});
}

WIDE static void blocks_wide(struct hf_ghash *hash, const uint8_t *p, size_t num)
{
	__m128i y = swap(load(hash->y));

	for (; num >= 16; num -= 16, p += 256)
		y = sixteen(hash, y, p);
	for (; num >= 8; num -= 8, p += 128)
		y = few(hash, y, p, 8);
	if (num > 0)
		y = few(hash, y, p, num);
	_mm_storeu_si128((__m128i *)hash->y, swap(y));
}

const struct hf_ghash_kernel hf_ghash_pclmul = {"pclmul", HF_CPU_PCLMUL, 8, multiply, blocks};
const struct hf_ghash_kernel hf_ghash_vpclmul = {
	"vpclmul", HF_CPU_AVX512 | HF_CPU_PCLMUL | HF_CPU_VPCLMUL, 16, multiply, blocks_wide};

#endif
