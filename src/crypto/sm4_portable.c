/*
 * SM4 bit-sliced: no memory is indexed and nothing branches on a secret. It serves every processor, and is what the
 * others are compared with.
 *
 * A slice holds one bit of many octets. The same word of 32 blocks is 128 octets, so eight slices of 128 bits. Within
 * each 64-bit half (16 blocks), the bit of block j and octet k of the word (0 the lowest) is at
 *     8 * (2k + j / 8) + j % 8,
 * so that turning the word left by 8 turns a half left by 16, and turning by 2 renames slices.
 */
#include "crypto/sm4_int.h"

#include <string.h>

#define WIDE 32 /* blocks at once */

typedef uint64_t slice __attribute__((vector_size(16)));

/*
 * What the S-box adds to its input before the matrix, brought in front of it: S(v) = f(v + 75h) with f free of that
 * constant. It enters with the round key.
 */
#define SHIFTED 0x75

/*
 * f, on eight slices (x[0] the lowest bit). Inversion in GF(2^8) by the circuit of Boyar and Peralta ("A depth-16
 * circuit for the AES S-box", 2011); the linear maps around it lead from the field of SM4 (polynomial 1F5h) to that of
 * AES and back, with SM4's matrix, each made short by pairing common sums.
 */
static void substitute(slice x[8])
{
	slice x0 = x[0], x1 = x[1], x2 = x[2], x3 = x[3], x4 = x[4], x5 = x[5], x6 = x[6], x7 = x[7];

	slice a0 = x2 ^ x4;
	slice a1 = x0 ^ x3;
	slice a2 = x1 ^ a1;
	slice a3 = x5 ^ a0;
	slice a4 = x6 ^ x7;
	slice a5 = x2 ^ x6;
	slice a6 = x5 ^ a2;
	slice a7 = x1 ^ a3;
	slice a8 = x7 ^ a0;
	slice a9 = x3 ^ x7;
	slice a10 = x4 ^ a4;
	slice a11 = x7 ^ a2;
	slice a12 = a3 ^ a4;
	slice a13 = a0 ^ a4;
	slice a14 = x4 ^ a11;
	slice a15 = x3 ^ a3;
	slice a16 = x1 ^ a10;
	slice a17 = a6 ^ a10;
	slice a18 = x1 ^ a9;
	slice a19 = x2 ^ x7;
	slice a20 = x1 ^ a5;
	slice a21 = x0 ^ a8;
	slice a22 = x5 ^ a9;
	slice a23 = x7 ^ a7;
	slice a24 = a2 ^ a3;
	slice a25 = a1 ^ a13;
	slice a26 = a4 ^ a7;
	slice a27 = x0 ^ a16;
	slice a28 = a1 ^ a3;
	slice a29 = a0 ^ a2;
	slice a30 = a5 ^ a6;
	slice t2 = a26 & a23;
	slice t3 = a6 & a15;
	slice t4 = t3 ^ t2;
	slice t5 = a25 & a18;
	slice t6 = t5 ^ t2;
	slice t7 = x1 & a28;
	slice t8 = a5 & a22;
	slice t9 = t8 ^ t7;
	slice t10 = a20 & a21;
	slice t11 = t10 ^ t7;
	slice t12 = a14 & a29;
	slice t13 = a12 & a11;
	slice t14 = t13 ^ t12;
	slice t15 = a30 & a8;
	slice t16 = t15 ^ t12;
	slice t17 = t4 ^ t14;
	slice t18 = t6 ^ t16;
	slice t19 = t9 ^ t14;
	slice t20 = t11 ^ t16;
	slice t21 = t17 ^ a19;
	slice t22 = t18 ^ a17;
	slice t23 = t19 ^ a24;
	slice t24 = t20 ^ a27;
	slice t25 = t21 ^ t22;
	slice t26 = t21 & t23;
	slice t27 = t24 ^ t26;
	slice t28 = t25 & t27;
	slice t29 = t28 ^ t22;
	slice t30 = t23 ^ t24;
	slice t31 = t22 ^ t26;
	slice t32 = t31 & t30;
	slice t33 = t32 ^ t24;
	slice t34 = t23 ^ t33;
	slice t35 = t27 ^ t33;
	slice t36 = t24 & t35;
	slice t37 = t36 ^ t34;
	slice t38 = t27 ^ t36;
	slice t39 = t29 & t38;
	slice t40 = t25 ^ t39;
	slice t41 = t40 ^ t37;
	slice t42 = t29 ^ t33;
	slice t43 = t29 ^ t40;
	slice t44 = t33 ^ t37;
	slice t45 = t42 ^ t41;
	slice z0 = t44 & a23;
	slice z1 = t37 & a15;
	slice z2 = t33 & a18;
	slice z3 = t43 & a28;
	slice z4 = t40 & a22;
	slice z5 = t29 & a21;
	slice z6 = t42 & a29;
	slice z7 = t45 & a11;
	slice z8 = t41 & a8;
	slice z9 = t44 & a26;
	slice z10 = t37 & a6;
	slice z11 = t33 & a25;
	slice z12 = t43 & x1;
	slice z13 = t40 & a5;
	slice z14 = t29 & a20;
	slice z15 = t42 & a14;
	slice z16 = t45 & a12;
	slice z17 = t41 & a30;
	slice b0 = z9 ^ z15;
	slice b1 = z6 ^ z10;
	slice b2 = z13 ^ b1;
	slice b3 = z14 ^ b2;
	slice b4 = z0 ^ z5;
	slice b5 = z1 ^ b4;
	slice b6 = z7 ^ b3;
	slice b7 = z8 ^ b5;
	slice b8 = z17 ^ b0;
	slice b9 = z4 ^ z11;
	slice b10 = b0 ^ b7;
	slice b11 = b6 ^ b8;
	slice b12 = z16 ^ b10;
	slice b13 = z0 ^ b11;
	slice b14 = z3 ^ z7;
	slice b15 = z12 ^ z15;
	slice b16 = b6 ^ b9;
	slice b17 = b3 ^ b9;
	slice b18 = b4 ^ b16;
	slice b19 = z1 ^ b13;
	slice b20 = b12 ^ b14;
	slice b21 = z11 ^ b8;
	slice b22 = z3 ^ b11;
	slice b23 = z10 ^ b20;
	slice b24 = z4 ^ b12;
	slice b25 = b7 ^ b17;
	slice b26 = z13 ^ b15;
	slice b27 = z2 ^ b18;
	slice b28 = z16 ^ b26;
	slice b29 = b1 ^ b24;
	slice b30 = z4 ^ b22;
	x[0] = ~b23;
	x[1] = ~b25;
	x[2] = b30;
	x[3] = b21;
	x[4] = ~b29;
	x[5] = b19;
	x[6] = ~b27;
	x[7] = ~b28;
}

/* Octets of the word to the even octets of 64 bits. */
static uint64_t spread(uint32_t w)
{
	uint64_t x = w;

	x = (x | x << 16) & UINT64_C(0x0000ffff0000ffff);
	return (x | x << 8) & UINT64_C(0x00ff00ff00ff00ff);
}

static uint32_t gather(uint64_t x)
{
	x &= UINT64_C(0x00ff00ff00ff00ff);
	x = (x | x >> 8) & UINT64_C(0x0000ffff0000ffff);
	return (uint32_t)(x | x >> 16);
}

static void swap_bits(slice *a, slice *b, uint64_t mask, unsigned by)
{
	slice t = (*a >> by ^ *b) & mask;

	*b ^= t;
	*a ^= t << by;
}

/* Transposes the 8 by 8 bits that each octet of eight slices makes; its own inverse. */
static void transpose(slice q[8])
{
	for (size_t i = 0; i < 8; i += 2)
		swap_bits(&q[i], &q[i + 1], UINT64_C(0x5555555555555555), 1);
	for (size_t i = 0; i < 8; i += 4) {
		swap_bits(&q[i], &q[i + 2], UINT64_C(0x3333333333333333), 2);
		swap_bits(&q[i + 1], &q[i + 3], UINT64_C(0x3333333333333333), 2);
	}
	for (size_t i = 0; i < 4; i++)
		swap_bits(&q[i], &q[i + 4], UINT64_C(0x0f0f0f0f0f0f0f0f), 4);
}

/* One word of each of 32 blocks. */
static void pack(slice x[8], const uint32_t w[WIDE])
{
	for (size_t i = 0; i < 8; i++)
		x[i] = (slice){spread(w[i]) | spread(w[i + 8]) << 8, spread(w[i + 16]) | spread(w[i + 24]) << 8};
	transpose(x);
}

static void unpack(uint32_t w[WIDE], slice x[8])
{
	transpose(x);
	for (size_t i = 0; i < 8; i++) {
		w[i] = gather(x[i][0]);
		w[i + 8] = gather(x[i][0] >> 8);
		w[i + 16] = gather(x[i][1]);
		w[i + 24] = gather(x[i][1] >> 8);
	}
}

static slice turn(slice x, unsigned by)
{
	return x << by | x >> (64 - by);
}

/* a ^= L(S(b ^ c ^ d ^ k)). L(t) = t ^ (t <<< 24) ^ ((t ^ (t <<< 8) ^ (t <<< 16)) <<< 2). */
static void round_of(slice a[8], const slice b[8], const slice c[8], const slice d[8], const slice k[8])
{
	slice t[8], u[8];

	for (size_t i = 0; i < 8; i++)
		t[i] = b[i] ^ c[i] ^ d[i] ^ k[i];
	substitute(t);
	for (size_t i = 0; i < 8; i++)
		u[i] = t[i] ^ turn(t[i], 16) ^ turn(t[i], 32);
	a[0] ^= t[0] ^ turn(t[0], 48) ^ turn(u[6], 16);
	a[1] ^= t[1] ^ turn(t[1], 48) ^ turn(u[7], 16);
	for (size_t i = 2; i < 8; i++)
		a[i] ^= t[i] ^ turn(t[i], 48) ^ u[i - 2];
}

static void rounds(slice x[4][8], slice k[HF_SM4_ROUNDS][8])
{
	for (size_t i = 0; i < HF_SM4_ROUNDS; i += 4) {
		round_of(x[0], x[1], x[2], x[3], k[i]);
		round_of(x[1], x[2], x[3], x[0], k[i + 1]);
		round_of(x[2], x[3], x[0], x[1], k[i + 2]);
		round_of(x[3], x[0], x[1], x[2], k[i + 3]);
	}
}

/* A round key, the same for all blocks. */
static void spread_key(slice k[8], uint32_t rk)
{
	uint64_t q = spread(rk ^ SHIFTED * UINT32_C(0x01010101));

	q |= q << 8;
	for (size_t i = 0; i < 8; i++) {
		uint64_t m = q >> i & UINT64_C(0x0101010101010101);
		m *= 255;
		k[i] = (slice){m, m};
	}
}

static void crypt_wide(slice k[HF_SM4_ROUNDS][8], const uint8_t *in, uint8_t *out, size_t num)
{
	uint32_t w[4][WIDE] = {{0}};
	slice x[4][8];

	for (size_t i = 0; i < num; i++) {
		for (size_t j = 0; j < 4; j++)
			w[j][i] = hf_load32(in + 16 * i + 4 * j);
	}
	for (size_t j = 0; j < 4; j++)
		pack(x[j], w[j]);
	rounds(x, k);
	for (size_t j = 0; j < 4; j++)
		unpack(w[j], x[3 - j]);
	for (size_t i = 0; i < num; i++) {
		for (size_t j = 0; j < 4; j++)
			hf_store32(out + 16 * i + 4 * j, w[j][i]);
	}
	hf_wipe(w, sizeof(w));
	hf_wipe(x, sizeof(x));
}

static void blocks(const struct hf_sm4 *sm4, const uint8_t *in, uint8_t *out, size_t num)
{
	slice k[HF_SM4_ROUNDS][8];

	for (size_t i = 0; i < HF_SM4_ROUNDS; i++)
		spread_key(k[i], sm4->rk[i]);
	while (num > 0) {
		size_t now = num < WIDE ? num : WIDE;
		crypt_wide(k, in, out, now);
		in += 16 * now;
		out += 16 * now;
		num -= now;
	}
	hf_wipe(k, sizeof(k));
}

_Static_assert(HF_SM4_LANES == WIDE, "a lane a block");

static void lanes(struct hf_sm4_lanes *l)
{
	slice x[4][8], k[HF_SM4_ROUNDS][8];
	uint32_t rk[WIDE];

	for (size_t i = 0; i < HF_SM4_ROUNDS; i++) {
		for (size_t j = 0; j < WIDE; j++)
			rk[j] = l->rk[i][j] ^ SHIFTED * UINT32_C(0x01010101);
		pack(k[i], rk);
	}
	for (size_t j = 0; j < 4; j++)
		pack(x[j], l->x[j]);
	rounds(x, k);
	for (size_t j = 0; j < 4; j++)
		unpack(l->x[j], x[3 - j]);
	hf_wipe(rk, sizeof(rk));
	hf_wipe(x, sizeof(x));
	hf_wipe(k, sizeof(k));
}

static uint32_t rotate(uint32_t x, unsigned n)
{
	return x << n | x >> (32 - n);
}

static uint32_t substitute_word(uint32_t w)
{
	slice x[8];
	uint64_t out = 0;

	w ^= SHIFTED * UINT32_C(0x01010101);
	for (size_t i = 0; i < 8; i++)
		x[i] = (slice){w >> i & 0x01010101, 0};
	substitute(x);
	for (size_t i = 0; i < 8; i++)
		out |= (x[i][0] & 0x01010101) << i;
	return (uint32_t)out;
}

//= GM/T 0002 7.3
static void schedule(struct hf_sm4 *sm4, const uint8_t key[HF_SM4_KEY])
{
	static const uint32_t fk[4] = HF_SM4_FK;
	uint32_t k[4];

	for (size_t i = 0; i < 4; i++)
		k[i] = hf_load32(key + 4 * i) ^ fk[i];
	for (uint32_t i = 0; i < HF_SM4_ROUNDS; i++) {
		uint32_t t = substitute_word(k[(i + 1) % 4] ^ k[(i + 2) % 4] ^ k[(i + 3) % 4] ^ hf_sm4_ck(i));
		k[i % 4] ^= t ^ rotate(t, 13) ^ rotate(t, 23);
		sm4->rk[i] = k[i % 4];
	}
	hf_wipe(k, sizeof(k));
}

const struct hf_sm4_kernel hf_sm4_portable = {"portable", 0, schedule, blocks, NULL, lanes};
