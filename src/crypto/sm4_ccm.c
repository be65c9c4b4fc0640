#include "crypto/octets.h"
#include "crypto/sm4_aead.h"
#include "crypto/sm4_int.h"

/* A CBC-MAC that pads with zeros at the end of each part. */
struct mac {
	const struct hf_sm4 *sm4;
	uint8_t y[HF_SM4_BLOCK];
	size_t used; /* octets of the block that are in y already */
};

static void mac_update(struct mac *mac, const uint8_t *p, size_t len)
{
	while (len > 0) {
		if (mac->used == 0 && len >= HF_SM4_BLOCK) {
			hf_sm4_chain(mac->sm4, mac->y, p, NULL, len / HF_SM4_BLOCK);
			p += len / HF_SM4_BLOCK * HF_SM4_BLOCK;
			len %= HF_SM4_BLOCK;
			continue;
		}
		size_t now = HF_SM4_BLOCK - mac->used < len ? HF_SM4_BLOCK - mac->used : len;
		hf_xor(mac->y + mac->used, mac->y + mac->used, p, now);
		mac->used = (mac->used + now) % HF_SM4_BLOCK;
		if (mac->used == 0)
			hf_sm4_blocks(mac->sm4, mac->y, mac->y, 1);
		p += now;
		len -= now;
	}
}

static void mac_pad(struct mac *mac)
{
	if (mac->used > 0)
		hf_sm4_blocks(mac->sm4, mac->y, mac->y, 1);
	mac->used = 0;
}

//= SP 800-38C A.2.1
static void first_block(const struct hf_sm4_aead *aead, size_t len, uint8_t b[HF_SM4_BLOCK])
{
	size_t num_len = 15 - aead->nonce.len;
	uint64_t rest = len;

	b[0] = (uint8_t)((aead->aad.len > 0 ? 0x40 : 0) | (aead->tag_len - 2) / 2 << 3 | (num_len - 1));
	memcpy(b + 1, aead->nonce.p, aead->nonce.len);
	for (size_t i = 0; i < num_len; i++) {
		b[15 - i] = (uint8_t)rest;
		rest >>= 8;
	}
}

//= SP 800-38C A.2.2
static void mac_aad(struct mac *mac, struct hf_bytes aad)
{
	uint8_t len[10] = {0xff, 0xff};

	if (aad.len == 0)
		return;
	if (aad.len < 0xff00) {
		hf_store32(len, (uint32_t)aad.len);
		mac_update(mac, len + 2, 2);
	} else if ((uint64_t)aad.len <= UINT32_MAX) {
		len[1] = 0xfe;
		hf_store32(len + 2, (uint32_t)aad.len);
		mac_update(mac, len, 6);
	} else {
		hf_store64(len + 2, aad.len);
		mac_update(mac, len, 10);
	}
	mac_update(mac, aad.p, aad.len);
	mac_pad(mac);
}

struct ccm {
	struct hf_sm4 sm4;
	struct mac mac;
	uint8_t counter[HF_SM4_BLOCK], mask[HF_SM4_BLOCK];
};

static void start(struct ccm *ccm, const struct hf_sm4_aead *aead, size_t len)
{
	uint8_t b[HF_SM4_BLOCK];

	*ccm = (struct ccm){.mac = {.sm4 = &ccm->sm4}};
	hf_sm4_init_encrypt(&ccm->sm4, aead->key);
	first_block(aead, len, b);
	mac_update(&ccm->mac, b, sizeof(b));
	mac_aad(&ccm->mac, aead->aad);
	ccm->counter[0] = (uint8_t)(14 - aead->nonce.len);
	memcpy(ccm->counter + 1, aead->nonce.p, aead->nonce.len);
	hf_sm4_counter_blocks(&ccm->sm4, ccm->counter, false, ccm->mask, 1);
}

static void finish(struct ccm *ccm, uint8_t tag[HF_SM4_TAG_MAX])
{
	mac_pad(&ccm->mac);
	hf_xor(tag, ccm->mac.y, ccm->mask, HF_SM4_BLOCK);
	hf_wipe(ccm, sizeof(*ccm));
}

static bool check(const struct hf_sm4_aead *aead, size_t len, struct hf_err *err)
{
	if (aead->nonce.len < 7 || aead->nonce.len > 13)
		return hf_fail(
			err, HF_E_INPUT, "SM4-CCM: a nonce of %zu octets: 7 to 13 (SP 800-38C A.1)", aead->nonce.len);
	if (aead->tag_len < 4 || aead->tag_len > HF_SM4_TAG_MAX || aead->tag_len % 2 != 0)
		return hf_fail(
			err, HF_E_INPUT, "SM4-CCM: a tag of %zu octets: 4, 6, … 16 (SP 800-38C A.1)", aead->tag_len);
	if (aead->nonce.len > 7 && (uint64_t)len >> 8 * (15 - aead->nonce.len) != 0)
		return hf_fail(err, HF_E_LIMIT,
			"SM4-CCM: the length %zu needs a shorter nonce than %zu octets (SP 800-38C A.1)", len,
			aead->nonce.len);
	return true;
}

bool hf_sm4_ccm_seal(
	const struct hf_sm4_aead *aead, struct hf_bytes plain, uint8_t *out, uint8_t *tag, struct hf_err *err)
{
	uint8_t full[HF_SM4_TAG_MAX];
	struct ccm ccm;

	if (!check(aead, plain.len, err))
		return false;
	start(&ccm, aead, plain.len);
	mac_update(&ccm.mac, plain.p, plain.len);
	hf_sm4_ctr_run(&ccm.sm4, ccm.counter, false, plain.p, out, plain.len);
	finish(&ccm, full);
	memcpy(tag, full, aead->tag_len);
	return true;
}

bool hf_sm4_ccm_open(
	const struct hf_sm4_aead *aead, struct hf_bytes cipher, const uint8_t *tag, uint8_t *out, struct hf_err *err)
{
	uint8_t full[HF_SM4_TAG_MAX];
	struct ccm ccm;

	if (!check(aead, cipher.len, err))
		return false;
	start(&ccm, aead, cipher.len);
	hf_sm4_ctr_run(&ccm.sm4, ccm.counter, false, cipher.p, out, cipher.len);
	mac_update(&ccm.mac, out, cipher.len);
	finish(&ccm, full);
	if (hf_secret_equal(full, tag, aead->tag_len))
		return true;
	hf_wipe(out, cipher.len);
	return hf_fail(err, HF_E_VERIFY, "SM4-CCM: the tag does not fit: wrong key, nonce or octets");
}
