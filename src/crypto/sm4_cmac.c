#include "crypto/octets.h"
#include "crypto/sm4_modes.h"

void hf_sm4_cmac_init(struct hf_sm4_cmac *cmac, const uint8_t key[HF_SM4_KEY])
{
	*cmac = (struct hf_sm4_cmac){.num_rest = 0};
	hf_sm4_init_encrypt(&cmac->sm4, key);
}

static void absorb(struct hf_sm4_cmac *cmac, const uint8_t block[HF_SM4_BLOCK])
{
	hf_xor(cmac->y, cmac->y, block, HF_SM4_BLOCK);
	hf_sm4_blocks(&cmac->sm4, cmac->y, cmac->y, 1);
}

void hf_sm4_cmac_update(struct hf_sm4_cmac *cmac, struct hf_bytes data)
{
	while (data.len > 0) {
		size_t room = HF_SM4_BLOCK - cmac->num_rest, take = data.len < room ? data.len : room;
		if (room == 0) {
			absorb(cmac, cmac->rest);
			cmac->num_rest = 0;
			continue;
		}
		memcpy(cmac->rest + cmac->num_rest, data.p, take);
		cmac->num_rest += take;
		data.p += take;
		data.len -= take;
	}
}

/* Big-endian left shift, 87h into the last octet. */
static void double_key(uint8_t k[HF_SM4_BLOCK])
{
	uint64_t high = hf_load64(k), low = hf_load64(k + 8), carry = -(high >> 63);

	hf_store64(k, high << 1 | low >> 63);
	hf_store64(k + 8, low << 1 ^ (carry & 0x87));
}

//= SP 800-38B 6.2
void hf_sm4_cmac_final(struct hf_sm4_cmac *cmac, uint8_t out[HF_SM4_BLOCK])
{
	uint8_t k[HF_SM4_BLOCK] = {0};

	hf_sm4_blocks(&cmac->sm4, k, k, 1);
	double_key(k);
	if (cmac->num_rest < HF_SM4_BLOCK) {
		double_key(k);
		cmac->rest[cmac->num_rest] = 0x80;
		memset(cmac->rest + cmac->num_rest + 1, 0, HF_SM4_BLOCK - cmac->num_rest - 1);
	}
	hf_xor(cmac->rest, cmac->rest, k, HF_SM4_BLOCK);
	absorb(cmac, cmac->rest);
	memcpy(out, cmac->y, HF_SM4_BLOCK);
	hf_wipe(k, sizeof(k));
	hf_wipe(cmac, sizeof(*cmac));
}

void hf_sm4_cmac(const uint8_t key[HF_SM4_KEY], struct hf_bytes data, uint8_t out[HF_SM4_BLOCK])
{
	struct hf_sm4_cmac cmac;

	hf_sm4_cmac_init(&cmac, key);
	hf_sm4_cmac_update(&cmac, data);
	hf_sm4_cmac_final(&cmac, out);
}
