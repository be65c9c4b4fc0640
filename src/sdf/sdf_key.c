#include "sdf/sdf_int.h"

#include "crypto/rand.h"

#include <string.h>

#define KEY_BITS (HF_SM4_KEY * 8)

static int export_public(void *handle, unsigned int index, uint32_t use, ECCrefPublicKey *out)
{
	struct hf_sdf_kept kept;

	if (!out)
		return SDR_OUTARGERR;
	struct hf_sdf_session *session;
	int rc = hf_sdf_session_enter(handle, &session);
	if (rc != SDR_OK)
		return rc;
	rc = hf_sdf_device_find(session->device, HF_SDF_RECORD_PAIR, index, use, &kept);
	if (rc == SDR_OK)
		hf_sdf_point_out(kept.record.pub, out);
	hf_sdf_session_put(session);
	return rc;
}

int SDF_ExportSignPublicKey_ECC(void *hSessionHandle, unsigned int uiKeyIndex, ECCrefPublicKey *pucPublicKey)
{
	return export_public(hSessionHandle, uiKeyIndex, SDFX_USE_SIGN, pucPublicKey);
}

int SDF_ExportEncPublicKey_ECC(void *hSessionHandle, unsigned int uiKeyIndex, ECCrefPublicKey *pucPublicKey)
{
	return export_public(hSessionHandle, uiKeyIndex, SDFX_USE_ENC, pucPublicKey);
}

/* --- Session keys --- */

/* A fresh session key, its handle, and its form encrypted to pub. */
static int generate_for(
	struct hf_sdf_session *session, const uint8_t pub[HF_SM2_POINT], ECCCipher *cipher, void **key_handle)
{
	uint8_t key[HF_SM4_KEY], flat[HF_SM2_CIPHER_EXTRA + HF_SM4_KEY];
	struct hf_err err;
	int rc = SDR_OK;

	if (!hf_rand(key, sizeof(key), &err) || !hf_sm2_encrypt(pub, HF_BYTES_OF(key), flat, &err))
		rc = hf_sdf_code(&err, SDR_PKOPERR);
	if (rc == SDR_OK)
		rc = hf_sdf_key_add(session, key, key_handle);
	if (rc == SDR_OK)
		hf_sdf_cipher_out(flat, sizeof(key), cipher);
	hf_wipe(key, sizeof(key));
	return rc;
}

int SDF_GenerateKeyWithIPK_ECC(
	void *hSessionHandle, unsigned int uiIPKIndex, unsigned int uiKeyBits, ECCCipher *pucKey, void **phKeyHandle)
{
	struct hf_sdf_kept kept;

	if (!pucKey || !phKeyHandle)
		return SDR_OUTARGERR;
	if (uiKeyBits != KEY_BITS)
		return SDR_INARGERR;
	struct hf_sdf_session *session;
	int rc = hf_sdf_session_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	rc = hf_sdf_device_find(session->device, HF_SDF_RECORD_PAIR, uiIPKIndex, SDFX_USE_ENC, &kept);
	if (rc == SDR_OK)
		rc = generate_for(session, kept.record.pub, pucKey, phKeyHandle);
	hf_sdf_session_put(session);
	return rc;
}

int SDF_GenerateKeyWithEPK_ECC(void *hSessionHandle, unsigned int uiKeyBits, unsigned int uiAlgID,
	ECCrefPublicKey *pucPublicKey, ECCCipher *pucKey, void **phKeyHandle)
{
	uint8_t pub[HF_SM2_POINT];

	if (!pucKey || !phKeyHandle)
		return SDR_OUTARGERR;
	if (!pucPublicKey || uiKeyBits != KEY_BITS)
		return SDR_INARGERR;
	struct hf_sdf_session *session;
	int rc = hf_sdf_session_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	rc = uiAlgID == SGD_SM2_3 ? hf_sdf_point_in(pucPublicKey, pub) : SDR_ALGNOTSUPPORT;
	if (rc == SDR_OK)
		rc = generate_for(session, pub, pucKey, phKeyHandle);
	hf_sdf_session_put(session);
	return rc;
}

static int import_with(struct hf_sdf_session *session, uint32_t index, const ECCCipher *cipher, void **key_handle)
{
	uint8_t flat[HF_SM2_CIPHER_EXTRA + HF_SM4_KEY], bytes[HF_SM4_KEY];
	struct hf_sm2_key pair;
	struct hf_err err;

	if (cipher->L != HF_SM4_KEY || !hf_sdf_cipher_in(cipher, flat))
		return SDR_ENCDATAERR;
	int rc = hf_sdf_session_private(session, index, SDFX_USE_ENC, &pair);
	if (rc == SDR_OK && !hf_sm2_decrypt(pair.d, HF_BYTES_OF(flat), bytes, &err))
		rc = hf_sdf_code(&err, SDR_SKOPERR);
	if (rc == SDR_OK)
		rc = hf_sdf_key_add(session, bytes, key_handle);
	hf_wipe(bytes, sizeof(bytes));
	hf_wipe(&pair, sizeof(pair));
	return rc;
}

int SDF_ImportKeyWithISK_ECC(void *hSessionHandle, unsigned int uiISKIndex, ECCCipher *pucKey, void **phKeyHandle)
{
	if (!phKeyHandle)
		return SDR_OUTARGERR;
	if (!pucKey)
		return SDR_INARGERR;
	struct hf_sdf_session *session;
	int rc = hf_sdf_session_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	rc = import_with(session, uiISKIndex, pucKey, phKeyHandle);
	hf_sdf_session_put(session);
	return rc;
}

/* --- Under a KEK --- */

static int generate_with_kek(
	struct hf_sdf_session *session, uint32_t index, unsigned char wrapped[HF_SM4_KEY], void **key_handle)
{
	uint8_t kek[HF_SM4_KEY], key[HF_SM4_KEY];
	int rc = hf_sdf_device_kek(session->device, index, kek);

	if (rc == SDR_OK && !hf_rand(key, sizeof(key), NULL))
		rc = SDR_RANDERR;
	if (rc == SDR_OK)
		rc = hf_sdf_key_add(session, key, key_handle);
	if (rc == SDR_OK)
		hf_sm4_ecb_encrypt(kek, key, wrapped, sizeof(key));
	hf_wipe(kek, sizeof(kek));
	hf_wipe(key, sizeof(key));
	return rc;
}

int SDF_GenerateKeyWithKEK(void *hSessionHandle, unsigned int uiKeyBits, unsigned int uiAlgID, unsigned int uiKEKIndex,
	unsigned char *pucKey, unsigned int *puiKeyLength, void **phKeyHandle)
{
	if (!pucKey || !puiKeyLength || !phKeyHandle)
		return SDR_OUTARGERR;
	if (uiKeyBits != KEY_BITS)
		return SDR_INARGERR;
	struct hf_sdf_session *session;
	int rc = hf_sdf_session_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	rc = uiAlgID == SGD_SM4_ECB ? generate_with_kek(session, uiKEKIndex, pucKey, phKeyHandle) : SDR_ALGNOTSUPPORT;
	if (rc == SDR_OK)
		*puiKeyLength = HF_SM4_KEY;
	hf_sdf_session_put(session);
	return rc;
}

static int import_with_kek(
	struct hf_sdf_session *session, uint32_t index, const unsigned char wrapped[HF_SM4_KEY], void **key_handle)
{
	uint8_t kek[HF_SM4_KEY], key[HF_SM4_KEY];
	int rc = hf_sdf_device_kek(session->device, index, kek);

	if (rc == SDR_OK) {
		hf_sm4_ecb_decrypt(kek, wrapped, key, sizeof(key));
		rc = hf_sdf_key_add(session, key, key_handle);
	}
	hf_wipe(kek, sizeof(kek));
	hf_wipe(key, sizeof(key));
	return rc;
}

int SDF_ImportKeyWithKEK(void *hSessionHandle, unsigned int uiAlgID, unsigned int uiKEKIndex, unsigned char *pucKey,
	unsigned int uiKeyLength, void **phKeyHandle)
{
	if (!phKeyHandle)
		return SDR_OUTARGERR;
	if (!pucKey || uiKeyLength != HF_SM4_KEY)
		return SDR_INARGERR;
	struct hf_sdf_session *session;
	int rc = hf_sdf_session_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	rc = uiAlgID == SGD_SM4_ECB ? import_with_kek(session, uiKEKIndex, pucKey, phKeyHandle) : SDR_ALGNOTSUPPORT;
	hf_sdf_session_put(session);
	return rc;
}

int SDF_DestroyKey(void *hSessionHandle, void *hKeyHandle)
{
	struct hf_sdf_session *session;
	uint8_t key[HF_SM4_KEY];
	int rc = hf_sdf_session_enter(hSessionHandle, &session);

	if (rc != SDR_OK)
		return rc;
	rc = hf_sdf_key_copy(session, hKeyHandle, key);
	hf_wipe(key, sizeof(key));
	if (rc == SDR_OK && !hf_sdf_object_close(hKeyHandle, HF_SDF_KEY))
		rc = SDR_INARGERR;
	hf_sdf_session_put(session);
	return rc;
}
