#include "sdf/sdf_int.h"

#include <string.h>

int hf_sdf_cipher_once(const struct hf_sdf_job *job, const uint8_t key[HF_SM4_KEY])
{
	struct hf_sdf_cipher c;
	size_t made;
	bool is_mac = job->alg == SGD_SM4_MAC;

	if (is_mac != (job->work == HF_SDF_MAC))
		return hf_sdf_cipher_refuse(job->alg);
	int rc = hf_sdf_cipher_start(&c, job->alg, job->work == HF_SDF_DECRYPT, key, job->iv);
	if (rc == SDR_OK && hf_sdf_cipher_is_blockwise(job->alg) && job->len % HF_SM4_BLOCK != 0)
		rc = SDR_INARGERR;
	if (rc == SDR_OK)
		rc = hf_sdf_cipher_update(&c, job->in, job->len, is_mac ? NULL : job->out, &made);
	if (rc == SDR_OK && job->alg != SGD_SM4_ECB)
		memcpy(job->iv, c.iv, HF_SM4_BLOCK);
	if (rc == SDR_OK && is_mac)
		memcpy(job->out, c.iv, HF_SM4_BLOCK);
	hf_wipe(&c, sizeof(c));
	return rc;
}

static int run(void *session_handle, void *key_handle, const struct hf_sdf_job *job, unsigned int *out_len)
{
	uint8_t key[HF_SM4_KEY];

	if (!job->out || !out_len)
		return SDR_OUTARGERR;
	if (!job->in || job->len == 0)
		return SDR_INARGERR;
	struct hf_sdf_session *session;
	int rc = hf_sdf_session_enter(session_handle, &session);
	if (rc != SDR_OK)
		return rc;
	rc = hf_sdf_key_copy(session, key_handle, key);
	if (rc == SDR_OK)
		rc = hf_sdf_cipher_once(job, key);
	if (rc == SDR_OK)
		*out_len = job->work == HF_SDF_MAC ? HF_SM4_BLOCK : job->len;
	hf_wipe(key, sizeof(key));
	hf_sdf_session_put(session);
	return rc;
}

int SDF_Encrypt(void *hSessionHandle, void *hKeyHandle, unsigned int uiAlgID, unsigned char *pucIV,
	unsigned char *pucData, unsigned int uiDataLength, unsigned char *pucEncData, unsigned int *puiEncDataLength)
{
	struct hf_sdf_job job = {HF_SDF_ENCRYPT, uiAlgID, pucIV, pucData, pucEncData, uiDataLength};

	return run(hSessionHandle, hKeyHandle, &job, puiEncDataLength);
}

int SDF_Decrypt(void *hSessionHandle, void *hKeyHandle, unsigned int uiAlgID, unsigned char *pucIV,
	unsigned char *pucEncData, unsigned int uiEncDataLength, unsigned char *pucData, unsigned int *puiDataLength)
{
	struct hf_sdf_job job = {HF_SDF_DECRYPT, uiAlgID, pucIV, pucEncData, pucData, uiEncDataLength};

	return run(hSessionHandle, hKeyHandle, &job, puiDataLength);
}

int SDF_CalculateMAC(void *hSessionHandle, void *hKeyHandle, unsigned int uiAlgID, unsigned char *pucIV,
	unsigned char *pucData, unsigned int uiDataLength, unsigned char *pucMAC, unsigned int *puiMACLength)
{
	struct hf_sdf_job job = {HF_SDF_MAC, uiAlgID, pucIV, pucData, pucMAC, uiDataLength};

	return run(hSessionHandle, hKeyHandle, &job, puiMACLength);
}
