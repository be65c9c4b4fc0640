#include "sdf/sdf_int.h"

#include <string.h>

bool hf_sdf_cipher_is_blockwise(unsigned int alg)
{
	return alg == SGD_SM4_ECB || alg == SGD_SM4_CBC || alg == SGD_SM4_MAC;
}

int hf_sdf_cipher_refuse(unsigned int alg)
{
	return (alg & 0xFFFF00) == 0x400 ? SDR_ALGMODNOTSUPPORT : SDR_ALGNOTSUPPORT;
}

bool hf_sdf_cipher_apart(const void *in, size_t in_len, const void *out, size_t out_len)
{
	uintptr_t a = (uintptr_t)in, b = (uintptr_t)out;

	return a == b || in_len == 0 || out_len == 0 || (a < b ? b - a >= in_len : a - b >= out_len);
}

int hf_sdf_cipher_start(
	struct hf_sdf_cipher *c, unsigned int alg, bool decrypt, const uint8_t key[HF_SM4_KEY], const uint8_t *iv)
{
	static const unsigned int modes[] = {
		SGD_SM4_ECB, SGD_SM4_CBC, SGD_SM4_MAC, SGD_SM4_CFB, SGD_SM4_OFB, SGD_SM4_CTR};
	bool known = false;

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		known = known || alg == modes[i];
	if (!known)
		return hf_sdf_cipher_refuse(alg);
	if (!iv && alg != SGD_SM4_ECB)
		return SDR_INARGERR;
	*c = (struct hf_sdf_cipher){.alg = alg, .decrypt = decrypt};
	memcpy(c->key, key, sizeof(c->key));
	if (alg != SGD_SM4_ECB)
		memcpy(c->iv, iv, sizeof(c->iv));
	if (alg == SGD_SM4_ECB && decrypt)
		hf_sm4_init_decrypt(&c->sm4, key);
	else
		hf_sm4_init_encrypt(&c->sm4, key);
	if (!hf_sdf_cipher_is_blockwise(alg))
		c->num_rest = HF_SM4_BLOCK;
	return SDR_OK;
}

/* --- Whole blocks --- */

static void run_blocks(struct hf_sdf_cipher *c, const uint8_t *in, size_t len, uint8_t *out)
{
	if (len == 0)
		return;
	if (c->alg == SGD_SM4_ECB)
		hf_sm4_blocks(&c->sm4, in, out, len / HF_SM4_BLOCK);
	else if (c->alg == SGD_SM4_MAC)
		hf_sm4_mac(c->key, c->iv, in, len, c->iv);
	else if (c->decrypt)
		hf_sm4_cbc_decrypt(c->key, c->iv, in, out, len);
	else
		hf_sm4_cbc_encrypt(c->key, c->iv, in, out, len);
}

static int update_blocks(struct hf_sdf_cipher *c, const uint8_t *in, size_t len, uint8_t *out, size_t *out_len)
{
	size_t total = (c->num_rest + len) / HF_SM4_BLOCK * HF_SM4_BLOCK;

	*out_len = c->alg == SGD_SM4_MAC ? 0 : total;
	if (c->num_rest > 0) {
		size_t take = HF_SM4_BLOCK - c->num_rest < len ? HF_SM4_BLOCK - c->num_rest : len;
		if (out && !hf_sdf_cipher_apart(in, len, out, total))
			return SDR_INARGERR;
		if (out == in && total > 0)
			return SDR_INARGERR;
		if (take > 0)
			memcpy(c->rest + c->num_rest, in, take);
		c->num_rest += take;
		in += take;
		len -= take;
		if (c->num_rest < HF_SM4_BLOCK)
			return SDR_OK;
		run_blocks(c, c->rest, HF_SM4_BLOCK, out);
		out = out ? out + HF_SM4_BLOCK : NULL;
	}
	c->num_rest = len % HF_SM4_BLOCK;
	memcpy(c->rest, in + len - c->num_rest, c->num_rest);
	run_blocks(c, in, len - c->num_rest, out);
	return SDR_OK;
}

/* --- Key streams --- */

static void next_stream(struct hf_sdf_cipher *c)
{
	hf_sm4_blocks(&c->sm4, c->iv, c->rest, 1);
	if (c->alg == SGD_SM4_OFB)
		memcpy(c->iv, c->rest, HF_SM4_BLOCK);
	for (size_t i = HF_SM4_BLOCK; c->alg == SGD_SM4_CTR && i-- > 0;) {
		if (++c->iv[i] != 0)
			break;
	}
	c->num_rest = 0;
}

/* One octet of key stream; of CFB the ciphertext becomes the feedback. */
static uint8_t stream_octet(struct hf_sdf_cipher *c, uint8_t in)
{
	if (c->num_rest == HF_SM4_BLOCK)
		next_stream(c);
	uint8_t out = in ^ c->rest[c->num_rest];
	if (c->alg == SGD_SM4_CFB)
		c->iv[c->num_rest] = c->decrypt ? in : out;
	c->num_rest++;
	return out;
}

static void update_stream(struct hf_sdf_cipher *c, const uint8_t *in, size_t len, uint8_t *out)
{
	size_t i = 0;

	while (i < len && c->num_rest < HF_SM4_BLOCK) {
		out[i] = stream_octet(c, in[i]);
		i++;
	}
	size_t whole = c->alg == SGD_SM4_CTR ? (len - i) / HF_SM4_BLOCK * HF_SM4_BLOCK : 0;
	if (whole > 0)
		hf_sm4_ctr(c->key, c->iv, in + i, out + i, whole);
	for (i += whole; i < len; i++)
		out[i] = stream_octet(c, in[i]);
}

/* --- Both --- */

int hf_sdf_cipher_update(struct hf_sdf_cipher *c, const uint8_t *in, size_t len, uint8_t *out, size_t *out_len)
{
	*out_len = 0;
	if (len == 0)
		return SDR_OK;
	if (hf_sdf_cipher_is_blockwise(c->alg))
		return update_blocks(c, in, len, out, out_len);
	if (!hf_sdf_cipher_apart(in, len, out, len))
		return SDR_INARGERR;
	update_stream(c, in, len, out);
	*out_len = len;
	return SDR_OK;
}

int hf_sdf_cipher_end(const struct hf_sdf_cipher *c)
{
	return hf_sdf_cipher_is_blockwise(c->alg) && c->num_rest > 0 ? SDR_SYMOPERR : SDR_OK;
}
