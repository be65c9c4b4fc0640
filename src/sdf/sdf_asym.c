#include "sdf/sdf_int.h"

static int verify(const uint8_t pub[HF_SM2_POINT], const unsigned char *digest, const ECCSignature *signature)
{
	uint8_t sig[HF_SM2_SIG];
	struct hf_err err;

	if (!hf_sdf_sig_in(signature, sig))
		return SDR_VERIFYERR;
	return hf_sm2_verify(pub, digest, sig, &err) ? SDR_OK : hf_sdf_code(&err, SDR_VERIFYERR);
}

int SDF_ExternalVerify_ECC(void *hSessionHandle, unsigned int uiAlgID, ECCrefPublicKey *pucPublicKey,
	unsigned char *pucDataInput, unsigned int uiInputLength, ECCSignature *pucSignature)
{
	uint8_t pub[HF_SM2_POINT];

	if (!pucPublicKey || !pucDataInput || !pucSignature || uiInputLength != HF_SM3_LEN)
		return SDR_INARGERR;
	struct hf_sdf_session *session;
	int rc = hf_sdf_session_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	rc = uiAlgID == SGD_SM2_1 ? hf_sdf_point_in(pucPublicKey, pub) : SDR_ALGNOTSUPPORT;
	if (rc == SDR_OK)
		rc = verify(pub, pucDataInput, pucSignature);
	hf_sdf_session_put(session);
	return rc;
}

int SDF_InternalSign_ECC(void *hSessionHandle, unsigned int uiISKIndex, unsigned char *pucData,
	unsigned int uiDataLength, ECCSignature *pucSignature)
{
	return uiDataLength == HF_SM3_LEN
		       ? SDFX_InternalSignBatch_ECC(hSessionHandle, uiISKIndex, 1, pucData, pucSignature)
		       : SDR_INARGERR;
}

int SDF_InternalVerify_ECC(void *hSessionHandle, unsigned int uiIPKIndex, unsigned char *pucData,
	unsigned int uiDataLength, ECCSignature *pucSignature)
{
	struct hf_sdf_kept kept;

	if (!pucData || !pucSignature || uiDataLength != HF_SM3_LEN)
		return SDR_INARGERR;
	struct hf_sdf_session *session;
	int rc = hf_sdf_session_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	rc = hf_sdf_device_find(session->device, HF_SDF_RECORD_PAIR, uiIPKIndex, SDFX_USE_SIGN, &kept);
	if (rc == SDR_OK)
		rc = verify(kept.record.pub, pucData, pucSignature);
	hf_sdf_session_put(session);
	return rc;
}

static int encrypt(const uint8_t pub[HF_SM2_POINT], struct hf_bytes in, ECCCipher *out)
{
	uint8_t flat[HF_SM2_CIPHER_EXTRA + HF_SM2_PLAIN_MAX];
	struct hf_err err;

	if (!hf_sm2_encrypt(pub, in, flat, &err))
		return hf_sdf_code(&err, SDR_PKOPERR);
	hf_sdf_cipher_out(flat, in.len, out);
	return SDR_OK;
}

static bool is_plain(const unsigned char *data, unsigned int len)
{
	return data && len >= 1 && len <= HF_SM2_PLAIN_MAX;
}

int SDF_ExternalEncrypt_ECC(void *hSessionHandle, unsigned int uiAlgID, ECCrefPublicKey *pucPublicKey,
	unsigned char *pucData, unsigned int uiDataLength, ECCCipher *pucEncData)
{
	uint8_t pub[HF_SM2_POINT];

	if (!pucEncData)
		return SDR_OUTARGERR;
	if (!pucPublicKey || !is_plain(pucData, uiDataLength))
		return SDR_INARGERR;
	struct hf_sdf_session *session;
	int rc = hf_sdf_session_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	rc = uiAlgID == SGD_SM2_3 ? hf_sdf_point_in(pucPublicKey, pub) : SDR_ALGNOTSUPPORT;
	if (rc == SDR_OK)
		rc = encrypt(pub, (struct hf_bytes){pucData, uiDataLength}, pucEncData);
	hf_sdf_session_put(session);
	return rc;
}

int SDF_InternalEncrypt_ECC(void *hSessionHandle, unsigned int uiIPKIndex, unsigned int uiAlgID, unsigned char *pucData,
	unsigned int uiDataLength, ECCCipher *pucEncData)
{
	struct hf_sdf_kept kept;

	if (!pucEncData)
		return SDR_OUTARGERR;
	if (!is_plain(pucData, uiDataLength))
		return SDR_INARGERR;
	struct hf_sdf_session *session;
	int rc = hf_sdf_session_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	rc = uiAlgID == SGD_SM2_3
		     ? hf_sdf_device_find(session->device, HF_SDF_RECORD_PAIR, uiIPKIndex, SDFX_USE_ENC, &kept)
		     : SDR_ALGNOTSUPPORT;
	if (rc == SDR_OK)
		rc = encrypt(kept.record.pub, (struct hf_bytes){pucData, uiDataLength}, pucEncData);
	hf_sdf_session_put(session);
	return rc;
}

static int decrypt(struct hf_sdf_session *session, uint32_t index, const ECCCipher *cipher, unsigned char *out)
{
	uint8_t flat[HF_SM2_CIPHER_EXTRA + HF_SM2_PLAIN_MAX];
	struct hf_sm2_key pair;
	struct hf_err err;

	if (cipher->L < 1 || cipher->L > HF_SM2_PLAIN_MAX || !hf_sdf_cipher_in(cipher, flat))
		return SDR_ENCDATAERR;
	int rc = hf_sdf_session_private(session, index, SDFX_USE_ENC, &pair);
	if (rc == SDR_OK &&
		!hf_sm2_decrypt(pair.d, (struct hf_bytes){flat, HF_SM2_CIPHER_EXTRA + cipher->L}, out, &err))
		rc = hf_sdf_code(&err, SDR_SKOPERR);
	hf_wipe(&pair, sizeof(pair));
	return rc;
}

int SDF_InternalDecrypt_ECC(void *hSessionHandle, unsigned int uiISKIndex, unsigned int uiAlgID, ECCCipher *pucEncData,
	unsigned char *pucData, unsigned int *puiDataLength)
{
	if (!pucData || !puiDataLength)
		return SDR_OUTARGERR;
	if (!pucEncData)
		return SDR_INARGERR;
	struct hf_sdf_session *session;
	int rc = hf_sdf_session_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	rc = uiAlgID == SGD_SM2_3 ? decrypt(session, uiISKIndex, pucEncData, pucData) : SDR_ALGNOTSUPPORT;
	if (rc == SDR_OK)
		*puiDataLength = pucEncData->L;
	hf_sdf_session_put(session);
	return rc;
}
