#include "sdf/sdf_int.h"

#include <string.h>

/* CBC-MAC of a part, filled with zeros to whole blocks. */
static void mac_part(struct hf_sdf_ccm *ccm, const uint8_t *p, size_t len)
{
	size_t none;

	(void)hf_sdf_cipher_update(&ccm->mac, p, len, NULL, &none);
}

static void mac_pad(struct hf_sdf_ccm *ccm)
{
	static const uint8_t zeros[HF_SM4_BLOCK];

	if (ccm->mac.num_rest > 0)
		mac_part(ccm, zeros, HF_SM4_BLOCK - ccm->mac.num_rest);
}

//= SP 800-38C A.2.2
static void mac_aad(struct hf_sdf_ccm *ccm, struct hf_bytes aad)
{
	uint8_t len[6] = {0xff, 0xfe};

	if (aad.len == 0)
		return;
	hf_put_u32(len + 2, (uint32_t)aad.len);
	if (aad.len < 0xff00)
		mac_part(ccm, len + 4, 2);
	else
		mac_part(ccm, len, 6);
	mac_part(ccm, aad.p, aad.len);
	mac_pad(ccm);
}

//= SP 800-38C A.2.1 A.3
int hf_sdf_ccm_start(struct hf_sdf_ccm *ccm, const uint8_t key[HF_SM4_KEY], struct hf_bytes nonce, struct hf_bytes aad,
	uint64_t len, size_t tag_len)
{
	static const uint8_t zeros[HF_SM4_BLOCK];
	uint8_t block[HF_SM4_BLOCK] = {0}, number[8];
	size_t num_len = 15 - nonce.len, none;

	if (nonce.len < 7 || nonce.len > 13 || tag_len < 4 || tag_len > 16 || tag_len % 2 != 0 ||
		aad.len > UINT32_MAX || (num_len < 8 && len >> (8 * num_len) != 0))
		return SDR_INARGERR;
	ccm->rest = len;
	hf_put_u64(number, len);
	block[0] = (uint8_t)(num_len - 1);
	memcpy(block + 1, nonce.p, nonce.len);
	int rc = hf_sdf_cipher_start(&ccm->stream, SGD_SM4_CTR, false, key, block);
	if (rc == SDR_OK)
		rc = hf_sdf_cipher_start(&ccm->mac, SGD_SM4_MAC, false, key, zeros);
	if (rc == SDR_OK)
		rc = hf_sdf_cipher_update(&ccm->stream, zeros, HF_SM4_BLOCK, ccm->mask, &none);
	if (rc != SDR_OK)
		return rc;
	block[0] = (uint8_t)((aad.len > 0 ? 0x40 : 0) | (tag_len - 2) / 2 << 3 | (num_len - 1));
	memcpy(block + 16 - num_len, number + 8 - num_len, num_len);
	mac_part(ccm, block, sizeof(block));
	mac_aad(ccm, aad);
	return SDR_OK;
}

int hf_sdf_ccm_encrypt(struct hf_sdf_ccm *ccm, const uint8_t *in, size_t len, uint8_t *out)
{
	size_t none;

	if (len > ccm->rest)
		return SDR_INARGERR;
	ccm->rest -= len;
	mac_part(ccm, in, len);
	return hf_sdf_cipher_update(&ccm->stream, in, len, out, &none);
}

int hf_sdf_ccm_decrypt(struct hf_sdf_ccm *ccm, const uint8_t *in, size_t len, uint8_t *out)
{
	size_t none;

	if (len > ccm->rest)
		return SDR_INARGERR;
	ccm->rest -= len;
	int rc = hf_sdf_cipher_update(&ccm->stream, in, len, out, &none);
	if (rc == SDR_OK)
		mac_part(ccm, out, len);
	return rc;
}

int hf_sdf_ccm_final(struct hf_sdf_ccm *ccm, uint8_t tag[HF_SM4_BLOCK])
{
	if (ccm->rest > 0)
		return SDR_SYMOPERR;
	mac_pad(ccm);
	for (size_t i = 0; i < HF_SM4_BLOCK; i++)
		tag[i] = ccm->mac.iv[i] ^ ccm->mask[i];
	return SDR_OK;
}
