#include "sdf/sdf_int.h"

#include <string.h>

static bool is_place(unsigned int index, const unsigned char *code, unsigned int code_len)
{
	return index >= 1 && index <= SDFX_INDEX_MAX && code && code_len >= SDFX_CODE_MIN && code_len <= SDFX_CODE_MAX;
}

/* --- A pair that was wrapped under a KEK of this device --- */

static int import_wrapped(struct hf_sdf_session *session, uint32_t kek_index, const ECCrefPublicKey *pub,
	const unsigned char *wrapped, const struct hf_sdf_place *place)
{
	struct hf_sm2_key pair = {0};
	uint8_t kek[HF_SM4_KEY];
	int rc = hf_sdf_device_kek(session->device, kek_index, kek);

	if (rc == SDR_OK)
		rc = hf_sdf_point_in(pub, pair.pub);
	if (rc == SDR_OK)
		rc = hf_sdf_unwrap(kek, wrapped, &pair);
	if (rc == SDR_OK)
		rc = hf_sdf_keep_pair(session->device, place, &pair);
	hf_wipe(kek, sizeof(kek));
	hf_wipe(&pair, sizeof(pair));
	return rc;
}

int SDFX_ImportWrappedKeyPair_ECC(void *hSessionHandle, unsigned int uiKEKIndex, const ECCrefPublicKey *pucPublicKey,
	const unsigned char *pucWrapped, unsigned int uiWrappedSize, unsigned int uiKeyIndex, unsigned int uiUse,
	const unsigned char *pucAccessCode, unsigned int uiCodeLength)
{
	if (!pucPublicKey || !pucWrapped || uiWrappedSize != SDFX_WRAPPED_SIZE ||
		!is_place(uiKeyIndex, pucAccessCode, uiCodeLength) || (uiUse != SDFX_USE_SIGN && uiUse != SDFX_USE_ENC))
		return SDR_INARGERR;
	struct hf_sdf_place place = {uiKeyIndex, uiUse, {pucAccessCode, uiCodeLength}};
	struct hf_sdf_session *session;
	int rc = hf_sdf_session_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	rc = import_wrapped(session, uiKEKIndex, pucPublicKey, pucWrapped, &place);
	hf_sdf_session_put(session);
	return rc;
}

/* --- A pair that another device's re-wrap released to a signing pair of this one --- */

/* d in pair, proved to belong to in->pub and signed by signer. */
static int open_released(const struct hf_sm2_key *recipient, const uint8_t signer[HF_SM2_POINT],
	const SDFX_REWRAP_OUT *in, struct hf_sm2_key *pair)
{
	uint8_t flat[HF_SM2_CIPHER_EXTRA + HF_SM4_KEY], key[HF_SM4_KEY], pub[HF_SM2_POINT];
	uint8_t z[HF_SM3_LEN], e[HF_SM3_LEN], sig[HF_SM2_SIG];
	struct hf_err err;
	int rc = hf_sdf_point_in(&in->pub, pair->pub);

	if (rc == SDR_OK &&
		(in->keyCipher.L != HF_SM4_KEY || !hf_sdf_cipher_in((const ECCCipher *)&in->keyCipher, flat)))
		rc = SDR_ENCDATAERR;
	if (rc == SDR_OK && !hf_sm2_decrypt(recipient->d, HF_BYTES_OF(flat), key, &err))
		rc = hf_sdf_code(&err, SDR_SKOPERR);
	if (rc != SDR_OK)
		return rc;
	hf_sm4_ecb_decrypt(key, in->encPriv, pair->d, HF_SM2_SCALAR);
	hf_sm2_z(signer, HF_SM2_DEFAULT_ID, z);
	hf_sm2_digest(z, HF_BYTES_OF(pair->d), e);
	if (!hf_sdf_sig_in(&in->signature, sig) || !hf_sm2_verify(signer, e, sig, &err))
		rc = SDR_VERIFYERR;
	else if (!hf_sm2_public(pair->d, pub, &err) || memcmp(pub, pair->pub, sizeof(pub)) != 0)
		rc = SDR_ENCDATAERR;
	hf_wipe(key, sizeof(key));
	hf_wipe(e, sizeof(e));
	return rc;
}

static int import_released(struct hf_sdf_session *session, const ECCrefPublicKey *signer, const SDFX_REWRAP_OUT *in,
	const struct hf_sdf_place *place)
{
	struct hf_sm2_key pair = {0}, recipient = {0};
	uint8_t signer_pub[HF_SM2_POINT];
	int rc = hf_sdf_session_private(session, place->index, SDFX_USE_SIGN, &recipient);

	if (rc == SDR_OK)
		rc = hf_sdf_point_in(signer, signer_pub);
	if (rc == SDR_OK)
		rc = open_released(&recipient, signer_pub, in, &pair);
	if (rc == SDR_OK)
		rc = hf_sdf_keep_pair(session->device, place, &pair);
	hf_wipe(&pair, sizeof(pair));
	hf_wipe(&recipient, sizeof(recipient));
	return rc;
}

int SDFX_ImportReleasedKeyPair_ECC(void *hSessionHandle, unsigned int uiKeyIndex, const unsigned char *pucAccessCode,
	unsigned int uiCodeLength, const SDFX_REWRAP_OUT *pIn, const ECCrefPublicKey *pucSigner)
{
	if (!pIn || !pucSigner || !is_place(uiKeyIndex, pucAccessCode, uiCodeLength))
		return SDR_INARGERR;
	struct hf_sdf_place place = {uiKeyIndex, SDFX_USE_ENC, {pucAccessCode, uiCodeLength}};
	struct hf_sdf_session *session;
	int rc = hf_sdf_session_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	rc = import_released(session, pucSigner, pIn, &place);
	hf_sdf_session_put(session);
	return rc;
}
