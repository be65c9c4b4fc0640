#include "sdf/sdf_int.h"

#include <string.h>

/* What SDF_Encrypt, SDF_Decrypt and SDF_CalculateMAC have in common. */
struct job {
	unsigned char *iv;
	const unsigned char *in;
	unsigned char *out;
	unsigned int len;
};

static int encrypt(unsigned int alg, const uint8_t key[HF_SM4_KEY], const struct job *job)
{
	if (alg == SGD_SM4_ECB)
		hf_sm4_ecb_encrypt(key, job->in, job->out, job->len);
	else if (alg == SGD_SM4_CBC)
		hf_sm4_cbc_encrypt(key, job->iv, job->in, job->out, job->len);
	else
		return SDR_ALGNOTSUPPORT;
	return SDR_OK;
}

static int decrypt(unsigned int alg, const uint8_t key[HF_SM4_KEY], const struct job *job)
{
	if (alg == SGD_SM4_ECB)
		hf_sm4_ecb_decrypt(key, job->in, job->out, job->len);
	else if (alg == SGD_SM4_CBC)
		hf_sm4_cbc_decrypt(key, job->iv, job->in, job->out, job->len);
	else
		return SDR_ALGNOTSUPPORT;
	return SDR_OK;
}

static int authenticate(unsigned int alg, const uint8_t key[HF_SM4_KEY], const struct job *job)
{
	if (alg != SGD_SM4_MAC)
		return SDR_ALGNOTSUPPORT;
	hf_sm4_mac(key, job->iv, job->in, job->len, job->iv);
	memcpy(job->out, job->iv, HF_SM4_BLOCK);
	return SDR_OK;
}

static int run(void *session_handle, void *key_handle, unsigned int alg, const struct job *job,
	int (*what)(unsigned int alg, const uint8_t key[HF_SM4_KEY], const struct job *job))
{
	uint8_t key[HF_SM4_KEY];

	if (!job->out)
		return SDR_OUTARGERR;
	if (!job->in || job->len == 0 || job->len % HF_SM4_BLOCK != 0 || (alg != SGD_SM4_ECB && !job->iv))
		return SDR_INARGERR;
	struct hf_sdf_session *session;
	int rc = hf_sdf_session_enter(session_handle, &session);
	if (rc != SDR_OK)
		return rc;
	rc = hf_sdf_key_copy(session, key_handle, key);
	if (rc == SDR_OK)
		rc = what(alg, key, job);
	hf_wipe(key, sizeof(key));
	hf_sdf_session_put(session);
	return rc;
}

int SDF_Encrypt(void *hSessionHandle, void *hKeyHandle, unsigned int uiAlgID, unsigned char *pucIV,
	unsigned char *pucData, unsigned int uiDataLength, unsigned char *pucEncData, unsigned int *puiEncDataLength)
{
	struct job job = {.iv = pucIV, .in = pucData, .out = pucEncData, .len = uiDataLength};

	if (!puiEncDataLength)
		return SDR_OUTARGERR;
	int rc = run(hSessionHandle, hKeyHandle, uiAlgID, &job, encrypt);
	if (rc == SDR_OK)
		*puiEncDataLength = uiDataLength;
	return rc;
}

int SDF_Decrypt(void *hSessionHandle, void *hKeyHandle, unsigned int uiAlgID, unsigned char *pucIV,
	unsigned char *pucEncData, unsigned int uiEncDataLength, unsigned char *pucData, unsigned int *puiDataLength)
{
	struct job job = {.iv = pucIV, .in = pucEncData, .out = pucData, .len = uiEncDataLength};

	if (!puiDataLength)
		return SDR_OUTARGERR;
	int rc = run(hSessionHandle, hKeyHandle, uiAlgID, &job, decrypt);
	if (rc == SDR_OK)
		*puiDataLength = uiEncDataLength;
	return rc;
}

int SDF_CalculateMAC(void *hSessionHandle, void *hKeyHandle, unsigned int uiAlgID, unsigned char *pucIV,
	unsigned char *pucData, unsigned int uiDataLength, unsigned char *pucMAC, unsigned int *puiMACLength)
{
	struct job job = {.iv = pucIV, .in = pucData, .out = pucMAC, .len = uiDataLength};

	if (!puiMACLength)
		return SDR_OUTARGERR;
	int rc = run(hSessionHandle, hKeyHandle, uiAlgID, &job, authenticate);
	if (rc == SDR_OK)
		*puiMACLength = HF_SM4_BLOCK;
	return rc;
}
