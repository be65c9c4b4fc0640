/*
 * The compression of SM3 for one stream, to be compiled for a processor: the including file defines SM3_TARGET, an
 * attribute or nothing, and gets take_blocks().
 */
#define SM3_INLINE static inline __attribute__((always_inline)) SM3_TARGET

SM3_INLINE uint32_t rotate(uint32_t x, unsigned n)
{
	return x << n | x >> (32 - n);
}

SM3_INLINE uint32_t expanded(const uint32_t w[16], size_t i)
{
	uint32_t x = w[i & 15] ^ w[(i + 7) & 15] ^ rotate(w[(i + 13) & 15], 15);

	return x ^ rotate(x, 15) ^ rotate(x, 23) ^ rotate(w[(i + 3) & 15], 7) ^ w[(i + 10) & 15];
}

/* Round j on v[0..7] = A … H, counted from an offset that moves by -1 each round instead of moving the words. */
SM3_INLINE void round_of(uint32_t v[8], size_t j, uint32_t w0, uint32_t w4)
{
	uint32_t *a = &v[(0 - j) & 3], *b = &v[(1 - j) & 3], *c = &v[(2 - j) & 3], *d = &v[(3 - j) & 3];
	uint32_t *e = &v[4 + ((0 - j) & 3)], *f = &v[4 + ((1 - j) & 3)], *g = &v[4 + ((2 - j) & 3)],
		 *h = &v[4 + ((3 - j) & 3)];
	uint32_t a12 = rotate(*a, 12), ss1 = rotate((a12 + hf_sm3_t[j]) + *e, 7);
	uint32_t ff = j < 16 ? *a ^ *b ^ *c : (*a & *b) | ((*a | *b) & *c);
	uint32_t gg = j < 16 ? *e ^ *f ^ *g : (*e & *f) | (~*e & *g);

	*d = ((*d + (w0 ^ w4)) + ff) + (ss1 ^ a12);
	*h = ((*h + w0) + gg) + ss1;
	*h ^= rotate(*h, 9) ^ rotate(*h, 17);
	*b = rotate(*b, 9);
	*f = rotate(*f, 19);
}

/* The schedule is 16 words that roll: words are made when they are needed, between the rounds. */
SM3_TARGET static void take_blocks(uint32_t state[8], const uint8_t *p, size_t num)
{
	for (; num > 0; num--, p += HF_SM3_BLOCK) {
		uint32_t w[16], v[8];
		for (size_t i = 0; i < 8; i++)
			v[i] = state[i];
		for (size_t i = 0; i < 16; i++)
			w[i] = hf_load32(p + 4 * i);
#pragma GCC unroll 64
		for (size_t j = 0; j < 64; j++) {
			if (j >= 12)
				w[(j + 4) & 15] = expanded(w, (j + 4) & 15);
			round_of(v, j, w[j & 15], w[(j + 4) & 15]);
		}
		for (size_t i = 0; i < 8; i++)
			state[i] ^= v[i];
	}
}
