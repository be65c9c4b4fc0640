#include "crypto/octets.h"
#include "crypto/sm4_aead.h"
#include "crypto/sm4_int.h"

#define CHUNK 4096 /* octets that are still in the nearest cache when the second pass comes */

//= SP 800-38D 7.1
void hf_sm4_gcm_init(struct hf_sm4_gcm *gcm, const uint8_t key[HF_SM4_KEY], struct hf_bytes nonce)
{
	uint8_t h[HF_SM4_BLOCK] = {0}, lengths[HF_SM4_BLOCK] = {0};

	*gcm = (struct hf_sm4_gcm){.len = 0};
	hf_sm4_init_encrypt(&gcm->sm4, key);
	hf_sm4_blocks(&gcm->sm4, h, h, 1);
	hf_ghash_init(&gcm->hash, h);
	if (nonce.len == 12) {
		memcpy(gcm->counter, nonce.p, 12);
		gcm->counter[15] = 1;
	} else {
		hf_ghash_update(&gcm->hash, nonce.p, nonce.len);
		hf_ghash_pad(&gcm->hash);
		hf_store64(lengths + 8, (uint64_t)nonce.len * 8);
		hf_ghash_update(&gcm->hash, lengths, sizeof(lengths));
		memcpy(gcm->counter, gcm->hash.y, HF_SM4_BLOCK);
		memset(gcm->hash.y, 0, sizeof(gcm->hash.y));
	}
	hf_sm4_counter_blocks(&gcm->sm4, gcm->counter, true, gcm->mask, 1);
	hf_wipe(h, sizeof(h));
}

void hf_sm4_gcm_aad(struct hf_sm4_gcm *gcm, struct hf_bytes aad)
{
	hf_ghash_update(&gcm->hash, aad.p, aad.len);
	gcm->aad_len += aad.len;
}

/* CTR that goes on within a block. */
static void stream(struct hf_sm4_gcm *gcm, const uint8_t *in, uint8_t *out, size_t len)
{
	size_t used = gcm->len % HF_SM4_BLOCK, whole;

	gcm->len += len;
	for (; used > 0 && len > 0; len--) {
		*out++ = *in++ ^ gcm->stream[used];
		used = (used + 1) % HF_SM4_BLOCK;
	}
	whole = len - len % HF_SM4_BLOCK;
	hf_sm4_ctr_run(&gcm->sm4, gcm->counter, true, in, out, whole);
	if (len == whole)
		return;
	hf_sm4_counter_blocks(&gcm->sm4, gcm->counter, true, gcm->stream, 1);
	hf_xor(out + whole, in + whole, gcm->stream, len - whole);
}

void hf_sm4_gcm_encrypt(struct hf_sm4_gcm *gcm, const uint8_t *in, uint8_t *out, size_t len)
{
	if (gcm->len == 0)
		hf_ghash_pad(&gcm->hash);
	while (len > 0) {
		size_t now = len < CHUNK ? len : CHUNK;
		stream(gcm, in, out, now);
		hf_ghash_update(&gcm->hash, out, now);
		in += now;
		out += now;
		len -= now;
	}
}

void hf_sm4_gcm_decrypt(struct hf_sm4_gcm *gcm, const uint8_t *in, uint8_t *out, size_t len)
{
	if (gcm->len == 0)
		hf_ghash_pad(&gcm->hash);
	while (len > 0) {
		size_t now = len < CHUNK ? len : CHUNK;
		hf_ghash_update(&gcm->hash, in, now);
		stream(gcm, in, out, now);
		in += now;
		out += now;
		len -= now;
	}
}

void hf_sm4_gcm_final(struct hf_sm4_gcm *gcm, uint8_t tag[HF_SM4_TAG_MAX])
{
	uint8_t lengths[HF_SM4_BLOCK];

	hf_ghash_pad(&gcm->hash);
	hf_store64(lengths, gcm->aad_len * 8);
	hf_store64(lengths + 8, gcm->len * 8);
	hf_ghash_update(&gcm->hash, lengths, sizeof(lengths));
	hf_xor(tag, gcm->hash.y, gcm->mask, HF_SM4_BLOCK);
	hf_wipe(gcm, sizeof(*gcm));
}

static bool check(const struct hf_sm4_aead *aead, size_t len, struct hf_err *err)
{
	if (aead->nonce.len == 0)
		return hf_fail(err, HF_E_INPUT, "SM4-GCM: the nonce is empty (SP 800-38D 5.2.1.1)");
	if (aead->tag_len != 4 && aead->tag_len != 8 && (aead->tag_len < 12 || aead->tag_len > HF_SM4_TAG_MAX))
		return hf_fail(err, HF_E_INPUT, "SM4-GCM: a tag of %zu octets: 4, 8 or 12 to 16 (SP 800-38D 5.2.1.2)",
			aead->tag_len);
	if (len > (UINT64_C(1) << 36) - 32)
		return hf_fail(err, HF_E_LIMIT, "SM4-GCM: more than 2^36 - 32 octets (SP 800-38D 5.2.1.1)");
	return true;
}

bool hf_sm4_gcm_seal(
	const struct hf_sm4_aead *aead, struct hf_bytes plain, uint8_t *out, uint8_t *tag, struct hf_err *err)
{
	uint8_t full[HF_SM4_TAG_MAX];
	struct hf_sm4_gcm gcm;

	if (!check(aead, plain.len, err))
		return false;
	hf_sm4_gcm_init(&gcm, aead->key, aead->nonce);
	hf_sm4_gcm_aad(&gcm, aead->aad);
	hf_sm4_gcm_encrypt(&gcm, plain.p, out, plain.len);
	hf_sm4_gcm_final(&gcm, full);
	memcpy(tag, full, aead->tag_len);
	return true;
}

bool hf_sm4_gcm_open(
	const struct hf_sm4_aead *aead, struct hf_bytes cipher, const uint8_t *tag, uint8_t *out, struct hf_err *err)
{
	uint8_t full[HF_SM4_TAG_MAX];
	struct hf_sm4_gcm gcm;

	if (!check(aead, cipher.len, err))
		return false;
	hf_sm4_gcm_init(&gcm, aead->key, aead->nonce);
	hf_sm4_gcm_aad(&gcm, aead->aad);
	hf_sm4_gcm_decrypt(&gcm, cipher.p, out, cipher.len);
	hf_sm4_gcm_final(&gcm, full);
	if (hf_secret_equal(full, tag, aead->tag_len))
		return true;
	hf_wipe(out, cipher.len);
	return hf_fail(err, HF_E_VERIFY, "SM4-GCM: the tag does not fit: wrong key, nonce or octets");
}
