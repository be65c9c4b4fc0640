/*
 * GM/T 0018-2023 6.8: functions for debugging, testing and inspection, not for service. They bring private and secret
 * keys into the caller's memory, which is what a device exists to prevent: so they say SDR_NOTSUPPORT unless the
 * device's keeper has allowed them (SDFX_AllowDebug).
 */
#include "sdf/sdf_int.h"

#include <string.h>

#define LEFT (ECCref_MAX_LEN - HF_SM2_SCALAR)

int hf_sdf_debug_enter(void *handle, struct hf_sdf_session **session)
{
	int rc = hf_sdf_session_enter(handle, session);

	if (rc == SDR_OK && !atomic_load(&(*session)->device->debug)) {
		hf_sdf_session_put(*session);
		rc = SDR_NOTSUPPORT;
	}
	return rc;
}

/* --- SM2 --- */

static bool private_in(const ECCrefPrivateKey *in, uint8_t d[HF_SM2_SCALAR])
{
	static const uint8_t zeros[LEFT];

	memcpy(d, in->K + LEFT, HF_SM2_SCALAR);
	return in->bits == 256 && memcmp(in->K, zeros, LEFT) == 0;
}

int SDF_GenerateKeyPair_ECC(void *hSessionHandle, unsigned int uiAlgID, unsigned int uiKeyBits,
	ECCrefPublicKey *pucPublicKey, ECCrefPrivateKey *pucPrivateKey)
{
	struct hf_sdf_session *session;
	struct hf_sm2_key pair;
	struct hf_err err;

	if (!pucPublicKey || !pucPrivateKey)
		return SDR_OUTARGERR;
	int rc = hf_sdf_debug_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	if (uiAlgID != SGD_SM2 && uiAlgID != SGD_SM2_1 && uiAlgID != SGD_SM2_2 && uiAlgID != SGD_SM2_3)
		rc = SDR_ALGNOTSUPPORT;
	else if (uiKeyBits != 256)
		rc = SDR_INARGERR;
	else if (!hf_sm2_generate(&pair, &err))
		rc = hf_sdf_code(&err, SDR_PKOPERR);
	if (rc == SDR_OK) {
		hf_sdf_point_out(pair.pub, pucPublicKey);
		memset(pucPrivateKey, 0, sizeof(*pucPrivateKey));
		pucPrivateKey->bits = 256;
		memcpy(pucPrivateKey->K + LEFT, pair.d, HF_SM2_SCALAR);
		hf_wipe(&pair, sizeof(pair));
	}
	hf_sdf_session_put(session);
	return rc;
}

int SDF_ExternalSign_ECC(void *hSessionHandle, unsigned int uiAlgID, ECCrefPrivateKey *pucPrivateKey,
	unsigned char *pucData, unsigned int uiDataLength, ECCSignature *pucSignature)
{
	uint8_t d[HF_SM2_SCALAR], sig[HF_SM2_SIG];
	struct hf_sdf_session *session;
	struct hf_err err;

	if (!pucSignature)
		return SDR_OUTARGERR;
	if (!pucPrivateKey || !pucData || uiDataLength != HF_SM3_LEN)
		return SDR_INARGERR;
	int rc = hf_sdf_debug_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	if (uiAlgID != SGD_SM2_1)
		rc = SDR_ALGNOTSUPPORT;
	else if (!private_in(pucPrivateKey, d))
		rc = SDR_KEYERR;
	else if (!hf_sm2_sign(d, pucData, sig, &err))
		rc = hf_sdf_code(&err, SDR_KEYERR);
	if (rc == SDR_OK)
		hf_sdf_sig_out(sig, pucSignature);
	hf_wipe(d, sizeof(d));
	hf_sdf_session_put(session);
	return rc;
}

static int decrypt(const ECCrefPrivateKey *key, const ECCCipher *cipher, unsigned char *out)
{
	uint8_t flat[HF_SM2_CIPHER_EXTRA + HF_SM2_PLAIN_MAX], d[HF_SM2_SCALAR];
	struct hf_err err;
	int rc = SDR_OK;

	if (cipher->L < 1 || cipher->L > HF_SM2_PLAIN_MAX || !hf_sdf_cipher_in(cipher, flat))
		return SDR_ENCDATAERR;
	if (!private_in(key, d))
		rc = SDR_KEYERR;
	else if (!hf_sm2_decrypt(d, (struct hf_bytes){flat, HF_SM2_CIPHER_EXTRA + cipher->L}, out, &err))
		rc = hf_sdf_code(&err, SDR_SKOPERR);
	hf_wipe(d, sizeof(d));
	return rc;
}

int SDF_ExternalDecrypt_ECC(void *hSessionHandle, unsigned int uiAlgID, ECCrefPrivateKey *pucPrivateKey,
	ECCCipher *pucEncData, unsigned char *pucData, unsigned int *puiDataLength)
{
	struct hf_sdf_session *session;

	if (!pucData || !puiDataLength)
		return SDR_OUTARGERR;
	if (!pucPrivateKey || !pucEncData)
		return SDR_INARGERR;
	int rc = hf_sdf_debug_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	rc = uiAlgID == SGD_SM2_3 ? decrypt(pucPrivateKey, pucEncData, pucData) : SDR_ALGNOTSUPPORT;
	if (rc == SDR_OK)
		*puiDataLength = pucEncData->L;
	hf_sdf_session_put(session);
	return rc;
}

/* --- SM4 and HMAC with keys from outside --- */

static int once(
	void *handle, const struct hf_sdf_job *job, struct hf_bytes key, unsigned int iv_len, unsigned int *out_len)
{
	struct hf_sdf_session *session;
	uint8_t iv[HF_SM4_BLOCK] = {0};
	struct hf_sdf_job own = *job;

	if (!job->out || !out_len)
		return SDR_OUTARGERR;
	if (!key.p || key.len != HF_SM4_KEY || !job->in || job->len == 0 ||
		(job->alg != SGD_SM4_ECB && (!job->iv || iv_len != HF_SM4_BLOCK)))
		return SDR_INARGERR;
	int rc = hf_sdf_debug_enter(handle, &session);
	if (rc != SDR_OK)
		return rc;
	if (job->alg != SGD_SM4_ECB)
		memcpy(iv, job->iv, sizeof(iv));
	own.iv = iv;
	rc = hf_sdf_cipher_once(&own, key.p);
	if (rc == SDR_OK)
		*out_len = job->len;
	hf_sdf_session_put(session);
	return rc;
}

int SDF_ExternalKeyEncrypt(void *hSessionHandle, unsigned int uiAlgID, unsigned char *pucKey, unsigned int uiKeyLength,
	unsigned char *pucIV, unsigned int uiIVLength, unsigned char *pucData, unsigned int uiDataLength,
	unsigned char *pucEncData, unsigned int *puiEncDataLength)
{
	struct hf_sdf_job job = {HF_SDF_ENCRYPT, uiAlgID, pucIV, pucData, pucEncData, uiDataLength};

	return once(hSessionHandle, &job, (struct hf_bytes){pucKey, uiKeyLength}, uiIVLength, puiEncDataLength);
}

int SDF_ExternalKeyDecrypt(void *hSessionHandle, unsigned int uiAlgID, unsigned char *pucKey, unsigned int uiKeyLength,
	unsigned char *pucIV, unsigned int uiIVLength, unsigned char *pucEncData, unsigned int uiEncDataLength,
	unsigned char *pucData, unsigned int *puiDataLength)
{
	struct hf_sdf_job job = {HF_SDF_DECRYPT, uiAlgID, pucIV, pucEncData, pucData, uiEncDataLength};

	return once(hSessionHandle, &job, (struct hf_bytes){pucKey, uiKeyLength}, uiIVLength, puiDataLength);
}

static int begin(void *handle, enum hf_sdf_work work, unsigned int alg, struct hf_bytes key, struct hf_bytes iv)
{
	struct hf_sdf_session *session;

	if (!key.p || key.len != HF_SM4_KEY)
		return SDR_INARGERR;
	int rc = hf_sdf_debug_enter(handle, &session);
	if (rc != SDR_OK)
		return rc;
	pthread_mutex_lock(&session->work_lock);
	rc = hf_sdf_cipher_begin(session, work, alg, key.p, iv);
	hf_sdf_work_leave(session);
	return rc;
}

int SDF_ExternalKeyEncryptInit(void *hSessionHandle, unsigned int uiAlgID, unsigned char *pucKey,
	unsigned int uiKeyLength, unsigned char *pucIV, unsigned int uiIVLength)
{
	return begin(hSessionHandle, HF_SDF_ENCRYPT, uiAlgID, (struct hf_bytes){pucKey, uiKeyLength},
		(struct hf_bytes){pucIV, uiIVLength});
}

int SDF_ExternalKeyDecryptInit(void *hSessionHandle, unsigned int uiAlgID, unsigned char *pucKey,
	unsigned int uiKeyLength, unsigned char *pucIV, unsigned int uiIVLength)
{
	return begin(hSessionHandle, HF_SDF_DECRYPT, uiAlgID, (struct hf_bytes){pucKey, uiKeyLength},
		(struct hf_bytes){pucIV, uiIVLength});
}

int SDF_ExternalKeyHMACInit(void *hSessionHandle, unsigned int uiAlgID, unsigned char *pucKey, unsigned int uiKeyLength)
{
	struct hf_sdf_session *session;

	if (!pucKey || uiKeyLength < 1)
		return SDR_INARGERR;
	int rc = hf_sdf_debug_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	pthread_mutex_lock(&session->work_lock);
	rc = hf_sdf_hmac_begin(session, uiAlgID, (struct hf_bytes){pucKey, uiKeyLength});
	hf_sdf_work_leave(session);
	return rc;
}
