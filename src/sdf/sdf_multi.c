#include "sdf/sdf_int.h"

#include <string.h>

int hf_sdf_cipher_begin(struct hf_sdf_session *session, enum hf_sdf_work work, unsigned int alg,
	const uint8_t key[HF_SM4_KEY], struct hf_bytes iv)
{
	bool is_mac = alg == SGD_SM4_MAC;

	if (is_mac != (work == HF_SDF_MAC))
		return hf_sdf_cipher_refuse(alg);
	if (alg != SGD_SM4_ECB && (!iv.p || iv.len != HF_SM4_BLOCK))
		return hf_sdf_cipher_is_blockwise(alg) || alg == SGD_SM4_CFB || alg == SGD_SM4_OFB || alg == SGD_SM4_CTR
			       ? SDR_INARGERR
			       : hf_sdf_cipher_refuse(alg);
	struct hf_sdf_cipher *c = hf_sdf_work_begin(session, work, sizeof(*c));
	if (!c)
		return SDR_NOBUFFER;
	int rc = hf_sdf_cipher_start(c, alg, work == HF_SDF_DECRYPT, key, iv.p);
	if (rc != SDR_OK)
		hf_sdf_work_end(session, work);
	return rc;
}

static int init(void *session_handle, void *key_handle, enum hf_sdf_work work, unsigned int alg, struct hf_bytes iv)
{
	struct hf_sdf_session *session;
	uint8_t key[HF_SM4_KEY];
	int rc = hf_sdf_work_enter(session_handle, &session);

	if (rc != SDR_OK)
		return rc;
	rc = hf_sdf_key_copy(session, key_handle, key);
	if (rc == SDR_OK)
		rc = hf_sdf_cipher_begin(session, work, alg, key, iv);
	hf_wipe(key, sizeof(key));
	hf_sdf_work_leave(session);
	return rc;
}

static int update(void *session_handle, enum hf_sdf_work work, struct hf_bytes in, uint8_t *out, unsigned int *out_len)
{
	struct hf_sdf_session *session;
	size_t made = 0;

	if (!in.p && in.len > 0)
		return SDR_INARGERR;
	int rc = hf_sdf_work_enter(session_handle, &session);
	if (rc != SDR_OK)
		return rc;
	struct hf_sdf_cipher *c = hf_sdf_work_get(session, work);
	rc = c ? hf_sdf_cipher_update(c, in.p, in.len, out, &made) : SDR_STEPERR;
	if (rc == SDR_OK && out_len)
		*out_len = (unsigned int)made;
	hf_sdf_work_leave(session);
	return rc;
}

/* Ends the work also when it fails: what was begun cannot be mended. mac is NULL but for a MAC. */
static int final(void *session_handle, enum hf_sdf_work work, uint8_t *mac)
{
	struct hf_sdf_session *session;
	int rc = hf_sdf_work_enter(session_handle, &session);

	if (rc != SDR_OK)
		return rc;
	const struct hf_sdf_cipher *c = hf_sdf_work_get(session, work);
	rc = c ? hf_sdf_cipher_end(c) : SDR_STEPERR;
	if (rc == SDR_OK && mac)
		memcpy(mac, c->iv, HF_SM4_BLOCK);
	hf_sdf_work_end(session, work);
	hf_sdf_work_leave(session);
	return rc;
}

/* --- Encryption --- */

int SDF_EncryptInit(
	void *hSessionHandle, void *hKeyHandle, unsigned int uiAlgID, unsigned char *pucIV, unsigned int uiIVLength)
{
	return init(hSessionHandle, hKeyHandle, HF_SDF_ENCRYPT, uiAlgID, (struct hf_bytes){pucIV, uiIVLength});
}

int SDF_EncryptUpdate(void *hSessionHandle, unsigned char *pucData, unsigned int uiDataLength,
	unsigned char *pucEncData, unsigned int *puiEncDataLength)
{
	if (!pucEncData || !puiEncDataLength)
		return SDR_OUTARGERR;
	return update(
		hSessionHandle, HF_SDF_ENCRYPT, (struct hf_bytes){pucData, uiDataLength}, pucEncData, puiEncDataLength);
}

int SDF_EncryptFinal(void *hSessionHandle, unsigned char *pucLastEncData, unsigned int *puiLastEncDataLength)
{
	(void)pucLastEncData;
	if (!puiLastEncDataLength)
		return SDR_OUTARGERR;
	int rc = final(hSessionHandle, HF_SDF_ENCRYPT, NULL);
	if (rc == SDR_OK)
		*puiLastEncDataLength = 0;
	return rc;
}

/* --- Decryption --- */

int SDF_DecryptInit(
	void *hSessionHandle, void *hKeyHandle, unsigned int uiAlgID, unsigned char *pucIV, unsigned int uiIVLength)
{
	return init(hSessionHandle, hKeyHandle, HF_SDF_DECRYPT, uiAlgID, (struct hf_bytes){pucIV, uiIVLength});
}

int SDF_DecryptUpdate(void *hSessionHandle, unsigned char *pucEncData, unsigned int uiEncDataLength,
	unsigned char *pucData, unsigned int *puiDataLength)
{
	if (!pucData || !puiDataLength)
		return SDR_OUTARGERR;
	return update(
		hSessionHandle, HF_SDF_DECRYPT, (struct hf_bytes){pucEncData, uiEncDataLength}, pucData, puiDataLength);
}

int SDF_DecryptFinal(void *hSessionHandle, unsigned char *pucLastData, unsigned int *puiLastDataLength)
{
	(void)pucLastData;
	if (!puiLastDataLength)
		return SDR_OUTARGERR;
	int rc = final(hSessionHandle, HF_SDF_DECRYPT, NULL);
	if (rc == SDR_OK)
		*puiLastDataLength = 0;
	return rc;
}

/* --- MAC --- */

int SDF_CalculateMACInit(
	void *hSessionHandle, void *hKeyHandle, unsigned int uiAlgID, unsigned char *pucIV, unsigned int uiIVLength)
{
	return init(hSessionHandle, hKeyHandle, HF_SDF_MAC, uiAlgID, (struct hf_bytes){pucIV, uiIVLength});
}

int SDF_CalculateMACUpdate(void *hSessionHandle, unsigned char *pucData, unsigned int uiDataLength)
{
	return update(hSessionHandle, HF_SDF_MAC, (struct hf_bytes){pucData, uiDataLength}, NULL, NULL);
}

int SDF_CalculateMACFinal(void *hSessionHandle, unsigned char *pucMac, unsigned int *puiMacLength)
{
	if (!pucMac || !puiMacLength)
		return SDR_OUTARGERR;
	int rc = final(hSessionHandle, HF_SDF_MAC, pucMac);
	if (rc == SDR_OK)
		*puiMacLength = HF_SM4_BLOCK;
	return rc;
}
