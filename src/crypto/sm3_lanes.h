/*
 * The compression of SM3 in lanes: the same word of many messages in one register. The including file defines
 *     V (the register), LANES_INLINE, ADD, XOR, XOR3, ROTATE (by a constant), ALL (a word in every lane), LOAD, STORE
 *     (a row of the state), CHOOSE (e ? f : g), MAJORITY
 * and its own read() of 16 words of each message, and gets rounds().
 */
LANES_INLINE V expanded(const V w[16], size_t i)
{
	V x = XOR3(w[i & 15], w[(i + 7) & 15], ROTATE(w[(i + 13) & 15], 15));

	x = XOR3(x, ROTATE(x, 15), ROTATE(x, 23));
	return XOR3(x, ROTATE(w[(i + 3) & 15], 7), w[(i + 10) & 15]);
}

/* As in sm3_body.h: the words stay, their names move. */
LANES_INLINE void round_of(V v[8], size_t j, V w0, V w4)
{
	V *a = &v[(0 - j) & 3], *b = &v[(1 - j) & 3], *c = &v[(2 - j) & 3], *d = &v[(3 - j) & 3];
	V *e = &v[4 + ((0 - j) & 3)], *f = &v[4 + ((1 - j) & 3)], *g = &v[4 + ((2 - j) & 3)],
	  *h = &v[4 + ((3 - j) & 3)];
	V a12 = ROTATE(*a, 12), ss1 = ADD(ADD(a12, ALL(hf_sm3_t[j])), *e);
	V ff = j < 16 ? XOR3(*a, *b, *c) : MAJORITY(*a, *b, *c);
	V gg = j < 16 ? XOR3(*e, *f, *g) : CHOOSE(*e, *f, *g);

	ss1 = ROTATE(ss1, 7);
	*d = ADD(ADD(ADD(*d, XOR(w0, w4)), ff), XOR(ss1, a12));
	*h = ADD(ADD(ADD(*h, w0), gg), ss1);
	*h = XOR3(*h, ROTATE(*h, 9), ROTATE(*h, 17));
	*b = ROTATE(*b, 9);
	*f = ROTATE(*f, 19);
}

LANES_INLINE void rounds(V v[8], V w[16])
{
#pragma GCC unroll 64
	for (size_t j = 0; j < 64; j++) {
		if (j >= 12)
			w[(j + 4) & 15] = expanded(w, (j + 4) & 15);
		round_of(v, j, w[j & 15], w[(j + 4) & 15]);
	}
}
