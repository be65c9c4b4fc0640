#include "crypto/sm3.h"

#include <string.h>

void hf_hmac_sm3_init(struct hf_hmac_sm3 *ctx, struct hf_bytes key)
{
	uint8_t pad[HF_SM3_BLOCK] = {0};

	if (key.len > HF_SM3_BLOCK)
		hf_sm3(key, pad);
	else if (key.len > 0)
		memcpy(pad, key.p, key.len);
	for (size_t i = 0; i < HF_SM3_BLOCK; i++)
		pad[i] ^= 0x36;
	hf_sm3_init(&ctx->inner);
	hf_sm3_update(&ctx->inner, pad, sizeof(pad));
	for (size_t i = 0; i < HF_SM3_BLOCK; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	hf_sm3_init(&ctx->outer);
	hf_sm3_update(&ctx->outer, pad, sizeof(pad));
	hf_wipe(pad, sizeof(pad));
}

void hf_hmac_sm3_update(struct hf_hmac_sm3 *ctx, const void *data, size_t len)
{
	hf_sm3_update(&ctx->inner, data, len);
}

void hf_hmac_sm3_final(struct hf_hmac_sm3 *ctx, uint8_t out[HF_SM3_LEN])
{
	uint8_t inner[HF_SM3_LEN];

	hf_sm3_final(&ctx->inner, inner);
	hf_sm3_update(&ctx->outer, inner, sizeof(inner));
	hf_sm3_final(&ctx->outer, out);
	hf_wipe(inner, sizeof(inner));
	hf_wipe(ctx, sizeof(*ctx));
}

void hf_hmac_sm3(struct hf_bytes key, struct hf_bytes data, uint8_t out[HF_SM3_LEN])
{
	struct hf_hmac_sm3 ctx;

	hf_hmac_sm3_init(&ctx, key);
	hf_hmac_sm3_update(&ctx, data.p, data.len);
	hf_hmac_sm3_final(&ctx, out);
}

//= GM/T 0003.4 5.4.3
void hf_sm3_kdf(struct hf_bytes z, uint8_t *out, size_t len)
{
	struct hf_sm3 start, ctx;
	uint8_t count[4], block[HF_SM3_LEN];

	hf_sm3_init(&start);
	hf_sm3_update(&start, z.p, z.len);
	for (uint32_t i = 1; len > 0; i++) {
		size_t take = len < sizeof(block) ? len : sizeof(block);
		ctx = start;
		hf_put_u32(count, i);
		hf_sm3_update(&ctx, count, sizeof(count));
		hf_sm3_final(&ctx, block);
		memcpy(out, block, take);
		out += take;
		len -= take;
	}
	hf_wipe(&start, sizeof(start));
	hf_wipe(&ctx, sizeof(ctx));
	hf_wipe(block, sizeof(block));
}

/* One block of PBKDF2. keyed holds the padded key already, so that an iteration costs two compressions, not four. */
static void pbkdf2_block(const struct hf_hmac_sm3 *keyed, struct hf_bytes salt, uint32_t index, uint32_t iterations,
	uint8_t out[HF_SM3_LEN])
{
	struct hf_hmac_sm3 ctx = *keyed;
	uint8_t count[4], u[HF_SM3_LEN];

	hf_put_u32(count, index);
	hf_hmac_sm3_update(&ctx, salt.p, salt.len);
	hf_hmac_sm3_update(&ctx, count, sizeof(count));
	hf_hmac_sm3_final(&ctx, u);
	memcpy(out, u, sizeof(u));
	for (uint32_t i = 1; i < iterations; i++) {
		ctx = *keyed;
		hf_sm3_update(&ctx.inner, u, sizeof(u));
		hf_sm3_final(&ctx.inner, u);
		hf_sm3_update(&ctx.outer, u, sizeof(u));
		hf_sm3_final(&ctx.outer, u);
		for (size_t j = 0; j < sizeof(u); j++)
			out[j] ^= u[j];
	}
	hf_wipe(&ctx, sizeof(ctx));
	hf_wipe(u, sizeof(u));
}

//= RFC 8018 5.2
void hf_pbkdf2_sm3(struct hf_bytes password, struct hf_bytes salt, uint32_t iterations, uint8_t *out, size_t len)
{
	struct hf_hmac_sm3 keyed;
	uint8_t block[HF_SM3_LEN];

	hf_hmac_sm3_init(&keyed, password);
	for (uint32_t i = 1; len > 0; i++) {
		size_t take = len < sizeof(block) ? len : sizeof(block);
		pbkdf2_block(&keyed, salt, i, iterations, block);
		memcpy(out, block, take);
		out += take;
		len -= take;
	}
	hf_wipe(&keyed, sizeof(keyed));
	hf_wipe(block, sizeof(block));
}
