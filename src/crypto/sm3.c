#include "crypto/sm3.h"

#include <string.h>

static uint32_t rotate(uint32_t x, unsigned n)
{
	n &= 31;
	return x << n | x >> ((32 - n) & 31);
}

static uint32_t p0(uint32_t x)
{
	return x ^ rotate(x, 9) ^ rotate(x, 17);
}

static uint32_t p1(uint32_t x)
{
	return x ^ rotate(x, 15) ^ rotate(x, 23);
}

//= GM/T 0004 5.3.2
static void expand(uint32_t w[68], const uint8_t block[HF_SM3_BLOCK])
{
	for (size_t i = 0; i < 16; i++)
		w[i] = hf_get_u32(block + 4 * i);
	for (size_t i = 16; i < 68; i++)
		w[i] = p1(w[i - 16] ^ w[i - 9] ^ rotate(w[i - 3], 15)) ^ rotate(w[i - 13], 7) ^ w[i - 6];
}

//= GM/T 0004 5.3.3
static void compress(uint32_t state[8], const uint8_t block[HF_SM3_BLOCK])
{
	uint32_t w[68], v[8];

	expand(w, block);
	memcpy(v, state, sizeof(v));
	for (unsigned j = 0; j < 64; j++) {
		uint32_t t = j < 16 ? UINT32_C(0x79cc4519) : UINT32_C(0x7a879d8a);
		uint32_t ss1 = rotate(rotate(v[0], 12) + v[4] + rotate(t, j), 7);
		uint32_t ss2 = ss1 ^ rotate(v[0], 12);
		uint32_t ff = j < 16 ? v[0] ^ v[1] ^ v[2] : (v[0] & v[1]) | (v[0] & v[2]) | (v[1] & v[2]);
		uint32_t gg = j < 16 ? v[4] ^ v[5] ^ v[6] : (v[4] & v[5]) | (~v[4] & v[6]);
		uint32_t tt1 = ff + v[3] + ss2 + (w[j] ^ w[j + 4]);
		uint32_t tt2 = gg + v[7] + ss1 + w[j];

		v[3] = v[2];
		v[2] = rotate(v[1], 9);
		v[1] = v[0];
		v[0] = tt1;
		v[7] = v[6];
		v[6] = rotate(v[5], 19);
		v[5] = v[4];
		v[4] = p0(tt2);
	}
	for (size_t i = 0; i < 8; i++)
		state[i] ^= v[i];
}

void hf_sm3_init(struct hf_sm3 *ctx)
{
	static const uint32_t iv[8] = {
		0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e};

	memcpy(ctx->state, iv, sizeof(iv));
	ctx->total = 0;
	memset(ctx->block, 0, sizeof(ctx->block));
}

void hf_sm3_update(struct hf_sm3 *ctx, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t have = (size_t)(ctx->total % HF_SM3_BLOCK);

	if (len == 0)
		return;
	ctx->total += len;
	if (have > 0) {
		size_t take = HF_SM3_BLOCK - have < len ? HF_SM3_BLOCK - have : len;
		memcpy(ctx->block + have, p, take);
		if (have + take < HF_SM3_BLOCK)
			return;
		compress(ctx->state, ctx->block);
		p += take;
		len -= take;
	}
	for (; len >= HF_SM3_BLOCK; p += HF_SM3_BLOCK, len -= HF_SM3_BLOCK)
		compress(ctx->state, p);
	memcpy(ctx->block, p, len);
}

//= GM/T 0004 5.2
void hf_sm3_final(struct hf_sm3 *ctx, uint8_t out[HF_SM3_LEN])
{
	size_t have = (size_t)(ctx->total % HF_SM3_BLOCK);

	ctx->block[have++] = 0x80;
	memset(ctx->block + have, 0, HF_SM3_BLOCK - have);
	if (have > HF_SM3_BLOCK - 8) {
		compress(ctx->state, ctx->block);
		memset(ctx->block, 0, HF_SM3_BLOCK);
	}
	hf_put_u64(ctx->block + HF_SM3_BLOCK - 8, ctx->total * 8);
	compress(ctx->state, ctx->block);
	for (size_t i = 0; i < 8; i++)
		hf_put_u32(out + 4 * i, ctx->state[i]);
}

void hf_sm3(struct hf_bytes data, uint8_t out[HF_SM3_LEN])
{
	struct hf_sm3 ctx;

	hf_sm3_init(&ctx);
	hf_sm3_update(&ctx, data.p, data.len);
	hf_sm3_final(&ctx, out);
	hf_wipe(&ctx, sizeof(ctx));
}
