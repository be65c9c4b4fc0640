#include "crypto/sm3_int.h"

const uint32_t hf_sm3_iv[8] = {
	0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e};

//= GM/T 0004 5.3.3
const uint32_t hf_sm3_t[64] = {0x79cc4519, 0xf3988a32, 0xe7311465, 0xce6228cb, 0x9cc45197, 0x3988a32f, 0x7311465e,
	0xe6228cbc, 0xcc451979, 0x988a32f3, 0x311465e7, 0x6228cbce, 0xc451979c, 0x88a32f39, 0x11465e73, 0x228cbce6,
	0x9d8a7a87, 0x3b14f50f, 0x7629ea1e, 0xec53d43c, 0xd8a7a879, 0xb14f50f3, 0x629ea1e7, 0xc53d43ce, 0x8a7a879d,
	0x14f50f3b, 0x29ea1e76, 0x53d43cec, 0xa7a879d8, 0x4f50f3b1, 0x9ea1e762, 0x3d43cec5, 0x7a879d8a, 0xf50f3b14,
	0xea1e7629, 0xd43cec53, 0xa879d8a7, 0x50f3b14f, 0xa1e7629e, 0x43cec53d, 0x879d8a7a, 0x0f3b14f5, 0x1e7629ea,
	0x3cec53d4, 0x79d8a7a8, 0xf3b14f50, 0xe7629ea1, 0xcec53d43, 0x9d8a7a87, 0x3b14f50f, 0x7629ea1e, 0xec53d43c,
	0xd8a7a879, 0xb14f50f3, 0x629ea1e7, 0xc53d43ce, 0x8a7a879d, 0x14f50f3b, 0x29ea1e76, 0x53d43cec, 0xa7a879d8,
	0x4f50f3b1, 0x9ea1e762, 0x3d43cec5};

#define SM3_TARGET
#include "crypto/sm3_body.h"

static const struct hf_sm3_kernel portable = {"portable", 0, take_blocks};

const struct hf_sm3_kernel *const hf_sm3_kernels[] = {
#if defined(__x86_64__)
	&hf_sm3_bmi2,
#endif
	&portable, NULL};

const struct hf_sm3_kernel *hf_sm3_kernel(void)
{
	size_t i = 0;

	while (!hf_cpu_has(hf_sm3_kernels[i]->needs))
		i++;
	return hf_sm3_kernels[i];
}

void hf_sm3_init(struct hf_sm3 *ctx)
{
	memcpy(ctx->state, hf_sm3_iv, sizeof(hf_sm3_iv));
	ctx->total = 0;
	memset(ctx->block, 0, sizeof(ctx->block));
}

void hf_sm3_update(struct hf_sm3 *ctx, const void *data, size_t len)
{
	const struct hf_sm3_kernel *kernel = hf_sm3_kernel();
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
		kernel->blocks(ctx->state, ctx->block, 1);
		p += take;
		len -= take;
	}
	kernel->blocks(ctx->state, p, len / HF_SM3_BLOCK);
	memcpy(ctx->block, p + len / HF_SM3_BLOCK * HF_SM3_BLOCK, len % HF_SM3_BLOCK);
}

//= GM/T 0004 5.2
void hf_sm3_final(struct hf_sm3 *ctx, uint8_t out[HF_SM3_LEN])
{
	const struct hf_sm3_kernel *kernel = hf_sm3_kernel();
	size_t have = (size_t)(ctx->total % HF_SM3_BLOCK);

	ctx->block[have++] = 0x80;
	memset(ctx->block + have, 0, HF_SM3_BLOCK - have);
	if (have > HF_SM3_BLOCK - 8) {
		kernel->blocks(ctx->state, ctx->block, 1);
		memset(ctx->block, 0, HF_SM3_BLOCK);
	}
	hf_store64(ctx->block + HF_SM3_BLOCK - 8, ctx->total * 8);
	kernel->blocks(ctx->state, ctx->block, 1);
	for (size_t i = 0; i < 8; i++)
		hf_store32(out + 4 * i, ctx->state[i]);
}

void hf_sm3(struct hf_bytes data, uint8_t out[HF_SM3_LEN])
{
	struct hf_sm3 ctx;

	hf_sm3_init(&ctx);
	hf_sm3_update(&ctx, data.p, data.len);
	hf_sm3_final(&ctx, out);
	hf_wipe(&ctx, sizeof(ctx));
}
