#include "sdf/sdf_int.h"

#include "crypto/rand.h"

#include <stddef.h>
#include <string.h>

static bool is_count(unsigned int count)
{
	return count >= 1 && count <= SDFX_BATCH_MAX;
}

/* --- Signing --- */

/* As many as one go of the kernel takes; count > 0. */
#define PART 64

static size_t part_of(size_t count)
{
	return count < PART ? count : PART;
}

static int sign_part(
	const struct hf_sm2_signer *signer, const unsigned char *digests, size_t count, ECCSignature *signatures)
{
	uint8_t sig[PART][HF_SM2_SIG];
	struct hf_err err;

	if (!hf_sm2_sign_batch(signer, (const uint8_t(*)[HF_SM3_LEN])digests, sig, count, &err))
		return hf_sdf_code(&err, SDR_SIGNERR);
	for (size_t i = 0; i < count; i++)
		hf_sdf_sig_out(sig[i], &signatures[i]);
	return SDR_OK;
}

int SDFX_InternalSignBatch_ECC(void *hSessionHandle, unsigned int uiISKIndex, unsigned int uiCount,
	const unsigned char *pucDigests, ECCSignature *pucSignatures)
{
	struct hf_sm2_signer signer = {0};

	if (!pucSignatures)
		return SDR_OUTARGERR;
	if (!pucDigests || !is_count(uiCount))
		return SDR_INARGERR;
	struct hf_sdf_session *session;
	int rc = hf_sdf_session_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	rc = hf_sdf_session_signer(session, uiISKIndex, &signer);
	for (size_t i = 0; rc == SDR_OK && i < uiCount; i += PART)
		rc = sign_part(&signer, pucDigests + i * HF_SM3_LEN, part_of(uiCount - i), &pucSignatures[i]);
	if (rc != SDR_OK)
		memset(pucSignatures, 0, uiCount * sizeof(*pucSignatures));
	hf_sm2_signer_clear(&signer);
	hf_sdf_session_put(session);
	return rc;
}

/* --- Wrapping: the format is sdfx.h's --- */

#define NONCE_AT  1
#define CIPHER_AT 17
#define TAG_AT    49

struct wrap_keys {
	uint8_t sm4[HF_SM4_KEY];
	uint8_t mac[32];
};

static void derive(const uint8_t kek[HF_SM4_KEY], const uint8_t nonce[16], struct wrap_keys *keys)
{
	static const uint8_t label[] = "hufu sdfx wrap 1";
	uint8_t z[HF_SM4_KEY + 16 + sizeof(label) - 1];

	memcpy(z, kek, HF_SM4_KEY);
	memcpy(z + HF_SM4_KEY, nonce, 16);
	memcpy(z + HF_SM4_KEY + 16, label, sizeof(label) - 1);
	hf_sm3_kdf(HF_BYTES_OF(z), (uint8_t *)keys, sizeof(*keys));
	hf_wipe(z, sizeof(z));
}

static void tag_of(const struct wrap_keys *keys, const uint8_t wrapped[SDFX_WRAPPED_SIZE],
	const uint8_t pub[HF_SM2_POINT], uint8_t tag[HF_SM3_LEN])
{
	struct hf_hmac_sm3 mac;

	hf_hmac_sm3_init(&mac, HF_BYTES_OF(keys->mac));
	hf_hmac_sm3_update(&mac, wrapped, CIPHER_AT);
	hf_hmac_sm3_update(&mac, pub, HF_SM2_POINT);
	hf_hmac_sm3_update(&mac, wrapped + CIPHER_AT, HF_SM2_SCALAR);
	hf_hmac_sm3_final(&mac, tag);
}

static int wrap(const uint8_t kek[HF_SM4_KEY], const struct hf_sm2_key *pair, uint8_t wrapped[SDFX_WRAPPED_SIZE])
{
	uint8_t counter[HF_SM4_BLOCK] = {0};
	struct wrap_keys keys;

	wrapped[0] = 1;
	if (!hf_rand(wrapped + NONCE_AT, 16, NULL))
		return SDR_RANDERR;
	derive(kek, wrapped + NONCE_AT, &keys);
	hf_sm4_ctr(keys.sm4, counter, pair->d, wrapped + CIPHER_AT, HF_SM2_SCALAR);
	tag_of(&keys, wrapped, pair->pub, wrapped + TAG_AT);
	hf_wipe(&keys, sizeof(keys));
	return SDR_OK;
}

int hf_sdf_unwrap(const uint8_t kek[HF_SM4_KEY], const uint8_t wrapped[SDFX_WRAPPED_SIZE], struct hf_sm2_key *pair)
{
	uint8_t counter[HF_SM4_BLOCK] = {0}, tag[HF_SM3_LEN], pub[HF_SM2_POINT];
	struct wrap_keys keys;
	struct hf_err err;

	if (wrapped[0] != 1)
		return SDR_ENCDATAERR;
	derive(kek, wrapped + NONCE_AT, &keys);
	tag_of(&keys, wrapped, pair->pub, tag);
	bool ok = hf_secret_equal(tag, wrapped + TAG_AT, sizeof(tag));
	if (ok)
		hf_sm4_ctr(keys.sm4, counter, wrapped + CIPHER_AT, pair->d, HF_SM2_SCALAR);
	hf_wipe(&keys, sizeof(keys));
	if (!ok)
		return SDR_ENCDATAERR;
	if (!hf_sm2_public(pair->d, pub, &err))
		return hf_sdf_code(&err, SDR_ENCDATAERR);
	return memcmp(pub, pair->pub, sizeof(pub)) == 0 ? SDR_OK : SDR_ENCDATAERR;
}

static int generate_part(const uint8_t kek[HF_SM4_KEY], size_t count, ECCrefPublicKey *pub, unsigned char *wrapped)
{
	struct hf_sm2_key pairs[PART];
	struct hf_err err;

	if (!hf_sm2_generate_batch(pairs, count, &err))
		return hf_sdf_code(&err, SDR_PKOPERR);
	int rc = SDR_OK;
	for (size_t i = 0; rc == SDR_OK && i < count; i++) {
		rc = wrap(kek, &pairs[i], wrapped + i * SDFX_WRAPPED_SIZE);
		hf_sdf_point_out(pairs[i].pub, &pub[i]);
	}
	hf_wipe(pairs, sizeof(pairs));
	return rc;
}

int SDFX_GenerateWrappedKeyPairs_ECC(void *hSessionHandle, unsigned int uiKEKIndex, unsigned int uiCount,
	ECCrefPublicKey *pucPublicKeys, unsigned char *pucWrapped, unsigned int uiWrappedSize)
{
	uint8_t kek[HF_SM4_KEY];

	if (!pucPublicKeys || !pucWrapped)
		return SDR_OUTARGERR;
	if (!is_count(uiCount) || uiWrappedSize < uiCount * SDFX_WRAPPED_SIZE)
		return SDR_INARGERR;
	struct hf_sdf_session *session;
	int rc = hf_sdf_session_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	rc = hf_sdf_device_kek(session->device, uiKEKIndex, kek);
	for (size_t i = 0; rc == SDR_OK && i < uiCount; i += PART)
		rc = generate_part(kek, part_of(uiCount - i), &pucPublicKeys[i], pucWrapped + i * SDFX_WRAPPED_SIZE);
	if (rc != SDR_OK) {
		memset(pucPublicKeys, 0, uiCount * sizeof(*pucPublicKeys));
		memset(pucWrapped, 0, uiCount * SDFX_WRAPPED_SIZE);
	}
	hf_wipe(kek, sizeof(kek));
	hf_sdf_session_put(session);
	return rc;
}

/* --- Re-wrapping --- */

/* The KEK, and the signer with its Z, fetched once for a batch. */
struct rewrapper {
	uint8_t kek[HF_SM4_KEY];
	struct hf_sm2_signer signer;
};

_Static_assert(offsetof(SDFX_KEYCIPHER, C) == offsetof(ECCCipher, C), "SDFX_KEYCIPHER is an ECCCipher");

/* What one go works on. Secrets: wiped by rewrap_part. */
struct rewrap_part {
	struct hf_sm2_key pairs[PART];
	uint8_t recipients[PART][HF_SM2_POINT];
	uint8_t keys[PART][HF_SM4_KEY]; /* fresh, one for each envelope */
	uint8_t e[PART][HF_SM3_LEN];
	ECCSignature signatures[PART];
};

static int open_pairs(struct rewrap_part *part, const struct rewrapper *by, const SDFX_REWRAP_IN *in, size_t count)
{
	int rc = SDR_OK;

	for (size_t i = 0; rc == SDR_OK && i < count; i++) {
		rc = hf_sdf_point_in(&in[i].pub, part->pairs[i].pub);
		if (rc == SDR_OK)
			rc = hf_sdf_point_in(&in[i].recipient, part->recipients[i]);
		if (rc == SDR_OK)
			rc = hf_sdf_unwrap(by->kek, in[i].wrapped, &part->pairs[i]);
	}
	return rc;
}

/* A fresh key, d under it, and it for the recipient. */
static int make_envelopes(struct rewrap_part *part, size_t count, SDFX_REWRAP_OUT *out)
{
	uint8_t flat[PART][HF_SM2_CIPHER_EXTRA + HF_SM4_KEY];
	struct hf_sm2_plain plains[PART];
	struct hf_err err;

	for (size_t i = 0; i < count; i++)
		plains[i] = (struct hf_sm2_plain){part->recipients[i], HF_BYTES_OF(part->keys[i]), flat[i]};
	if (!hf_rand(part->keys, count * HF_SM4_KEY, &err) || !hf_sm2_encrypt_batch(plains, count, &err))
		return hf_sdf_code(&err, SDR_PKOPERR);
	for (size_t i = 0; i < count; i++) {
		hf_sm4_ecb_encrypt(part->keys[i], part->pairs[i].d, out[i].encPriv, HF_SM2_SCALAR);
		hf_sdf_cipher_out(flat[i], HF_SM4_KEY, (ECCCipher *)&out[i].keyCipher);
	}
	return SDR_OK;
}

static int rewrap_part(const struct rewrapper *by, const SDFX_REWRAP_IN *in, size_t count, SDFX_REWRAP_OUT *out)
{
	struct rewrap_part part;
	int rc = open_pairs(&part, by, in, count);

	if (rc == SDR_OK)
		rc = make_envelopes(&part, count, out);
	for (size_t i = 0; rc == SDR_OK && i < count; i++)
		hf_sm2_digest(by->signer.z, HF_BYTES_OF(part.pairs[i].d), part.e[i]);
	if (rc == SDR_OK)
		rc = sign_part(&by->signer, part.e[0], count, part.signatures);
	for (size_t i = 0; rc == SDR_OK && i < count; i++) {
		out[i].signature = part.signatures[i];
		hf_sdf_point_out(part.pairs[i].pub, &out[i].pub);
	}
	hf_wipe(&part, sizeof(part));
	return rc;
}

int SDFX_RewrapKeyPairs_ECC(void *hSessionHandle, unsigned int uiKEKIndex, unsigned int uiISKIndex,
	unsigned int uiCount, const SDFX_REWRAP_IN *pIn, SDFX_REWRAP_OUT *pOut)
{
	struct rewrapper by;

	if (!pOut)
		return SDR_OUTARGERR;
	if (!pIn || !is_count(uiCount))
		return SDR_INARGERR;
	struct hf_sdf_session *session;
	int rc = hf_sdf_session_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	rc = hf_sdf_device_kek(session->device, uiKEKIndex, by.kek);
	if (rc == SDR_OK)
		rc = hf_sdf_session_signer(session, uiISKIndex, &by.signer);
	if (rc == SDR_OK)
		hf_sm2_z(by.signer.pub, HF_SM2_DEFAULT_ID, by.signer.z);
	for (size_t i = 0; rc == SDR_OK && i < uiCount; i += PART)
		rc = rewrap_part(&by, &pIn[i], part_of(uiCount - i), &pOut[i]);
	if (rc != SDR_OK)
		memset(pOut, 0, uiCount * sizeof(*pOut));
	hf_wipe(&by, sizeof(by));
	hf_sdf_session_put(session);
	return rc;
}
