#include "crypto/octets.h"
#include "crypto/sm4_modes.h"

#define CHUNK 64 /* blocks */

//= GB/T 17964-2021 B.7
static void double_gb(uint8_t t[HF_SM4_BLOCK])
{
	uint64_t high = hf_load64(t), low = hf_load64(t + 8), carry = -(low & 1);

	hf_store64(t + 8, low >> 1 | high << 63);
	hf_store64(t, high >> 1 ^ (carry & UINT64_C(0xe1) << 56));
}

/* IEEE 1619 5.2 */
static void double_ieee(uint8_t t[HF_SM4_BLOCK])
{
	unsigned carry = 0;

	for (size_t i = 0; i < HF_SM4_BLOCK; i++) {
		unsigned v = (unsigned)t[i] << 1 | carry;
		t[i] = (uint8_t)v;
		carry = v >> 8;
	}
	t[0] ^= (uint8_t)(0x87 & -carry);
}

struct xts {
	struct hf_sm4 sm4;
	void (*next)(uint8_t t[HF_SM4_BLOCK]);
	uint8_t tweak[HF_SM4_BLOCK];
};

static void blocks(struct xts *xts, const uint8_t *in, uint8_t *out, size_t num)
{
	uint8_t tweaks[CHUNK * HF_SM4_BLOCK];

	while (num > 0) {
		size_t now = num < CHUNK ? num : CHUNK, len = now * HF_SM4_BLOCK;
		for (size_t i = 0; i < now; i++) {
			memcpy(tweaks + i * HF_SM4_BLOCK, xts->tweak, HF_SM4_BLOCK);
			xts->next(xts->tweak);
		}
		hf_xor(out, in, tweaks, len);
		hf_sm4_blocks(&xts->sm4, out, out, now);
		hf_xor(out, out, tweaks, len);
		in += len;
		out += len;
		num -= now;
	}
	hf_wipe(tweaks, sizeof(tweaks));
}

static bool start(struct xts *xts, const struct hf_sm4_xts *how, size_t len, struct hf_err *err)
{
	if (len < HF_SM4_BLOCK)
		return hf_fail(err, HF_E_INPUT, "SM4-XTS: %zu octets: at least one block of 16 (GB/T 17964)", len);
	if (hf_secret_equal(how->key, how->key + HF_SM4_KEY, HF_SM4_KEY))
		return hf_fail(err, HF_E_INPUT, "SM4-XTS: the two keys are the same (FIPS 140-2 IG A.9): make two");
	xts->next = how->standard == HF_XTS_GB ? double_gb : double_ieee;
	hf_sm4_init_encrypt(&xts->sm4, how->key + HF_SM4_KEY);
	hf_sm4_blocks(&xts->sm4, how->tweak, xts->tweak, 1);
	return true;
}

/* The last whole block and the num_rest octets behind it, under the tweaks first and second, in that order. */
static void steal(struct xts *xts, uint8_t tweaks[2][HF_SM4_BLOCK], const uint8_t *in, uint8_t *out, size_t num_rest)
{
	uint8_t block[HF_SM4_BLOCK], last[HF_SM4_BLOCK];

	memcpy(xts->tweak, tweaks[0], HF_SM4_BLOCK);
	blocks(xts, in, block, 1);
	memcpy(last, block, HF_SM4_BLOCK);
	memcpy(last, in + HF_SM4_BLOCK, num_rest);
	memcpy(out + HF_SM4_BLOCK, block, num_rest);
	memcpy(xts->tweak, tweaks[1], HF_SM4_BLOCK);
	blocks(xts, last, out, 1);
	hf_wipe(block, sizeof(block));
	hf_wipe(last, sizeof(last));
}

bool hf_sm4_xts_encrypt(const struct hf_sm4_xts *how, const uint8_t *in, uint8_t *out, size_t len, struct hf_err *err)
{
	size_t num_rest = len % HF_SM4_BLOCK, whole = len / HF_SM4_BLOCK - (num_rest > 0);
	uint8_t tweaks[2][HF_SM4_BLOCK];
	struct xts xts;

	if (!start(&xts, how, len, err))
		return false;
	hf_sm4_init_encrypt(&xts.sm4, how->key);
	blocks(&xts, in, out, whole);
	if (num_rest > 0) {
		memcpy(tweaks[0], xts.tweak, HF_SM4_BLOCK);
		xts.next(xts.tweak);
		memcpy(tweaks[1], xts.tweak, HF_SM4_BLOCK);
		steal(&xts, tweaks, in + whole * HF_SM4_BLOCK, out + whole * HF_SM4_BLOCK, num_rest);
	}
	hf_wipe(&xts, sizeof(xts));
	return true;
}

bool hf_sm4_xts_decrypt(const struct hf_sm4_xts *how, const uint8_t *in, uint8_t *out, size_t len, struct hf_err *err)
{
	size_t num_rest = len % HF_SM4_BLOCK, whole = len / HF_SM4_BLOCK - (num_rest > 0);
	uint8_t tweaks[2][HF_SM4_BLOCK];
	struct xts xts;

	if (!start(&xts, how, len, err))
		return false;
	hf_sm4_init_decrypt(&xts.sm4, how->key);
	blocks(&xts, in, out, whole);
	if (num_rest > 0) {
		memcpy(tweaks[1], xts.tweak, HF_SM4_BLOCK);
		xts.next(xts.tweak);
		memcpy(tweaks[0], xts.tweak, HF_SM4_BLOCK);
		steal(&xts, tweaks, in + whole * HF_SM4_BLOCK, out + whole * HF_SM4_BLOCK, num_rest);
	}
	hf_wipe(&xts, sizeof(xts));
	return true;
}
