/*
 * Big-endian words in octets for the inner loops of this folder: what base/bytes.h offers, but in line, and spelt so
 * that no compiler makes more of it than one load or store.
 */
#ifndef HUFU_CRYPTO_OCTETS_H
#define HUFU_CRYPTO_OCTETS_H

#include <stdint.h>
#include <string.h>

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define HF_BIG32(v) __builtin_bswap32(v)
#define HF_BIG64(v) __builtin_bswap64(v)
#else
#define HF_BIG32(v) (v)
#define HF_BIG64(v) (v)
#endif

static inline uint32_t hf_load32(const uint8_t p[4])
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return HF_BIG32(v);
}

static inline uint64_t hf_load64(const uint8_t p[8])
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return HF_BIG64(v);
}

static inline void hf_store32(uint8_t p[4], uint32_t v)
{
	v = HF_BIG32(v);
	memcpy(p, &v, sizeof(v));
}

static inline void hf_store64(uint8_t p[8], uint64_t v)
{
	v = HF_BIG64(v);
	memcpy(p, &v, sizeof(v));
}

/* out = a ^ b; they may be the same memory. Goes by 16 octets as long as it can. */
static inline void hf_xor(uint8_t *out, const uint8_t *a, const uint8_t *b, size_t len)
{
	typedef uint64_t pair __attribute__((vector_size(16)));
	size_t i = 0;

	for (; i + 16 <= len; i += 16) {
		pair x, y;
		memcpy(&x, a + i, 16);
		memcpy(&y, b + i, 16);
		x ^= y;
		memcpy(out + i, &x, 16);
	}
	for (; i < len; i++)
		out[i] = a[i] ^ b[i];
}

#endif
