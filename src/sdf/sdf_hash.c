#include "sdf/sdf_int.h"

#include <string.h>

/* Z of the signer, or nothing when no id is given. */
static int start(struct hf_sm3 *hash, const ECCrefPublicKey *signer, struct hf_bytes id)
{
	uint8_t pub[HF_SM2_POINT], z[HF_SM3_LEN];

	hf_sm3_init(hash);
	if (id.len == 0)
		return SDR_OK;
	if (!id.p || !signer || id.len > HF_SM2_ID_MAX)
		return SDR_INARGERR;
	int rc = hf_sdf_point_in(signer, pub);
	if (rc != SDR_OK)
		return rc;
	hf_sm2_z(pub, id, z);
	hf_sm3_update(hash, z, sizeof(z));
	return SDR_OK;
}

int SDF_HashInit(void *hSessionHandle, unsigned int uiAlgID, ECCrefPublicKey *pucPublicKey, unsigned char *pucID,
	unsigned int uiIDLength)
{
	struct hf_sdf_session *session;
	struct hf_sm3 hash;
	int rc = hf_sdf_session_enter(hSessionHandle, &session);

	if (rc != SDR_OK)
		return rc;
	rc = uiAlgID == SGD_SM3 ? start(&hash, pucPublicKey, (struct hf_bytes){pucID, uiIDLength}) : SDR_ALGNOTSUPPORT;
	if (rc == SDR_OK) {
		pthread_mutex_lock(&session->work_lock);
		session->hash = hash;
		session->hashing = true;
		pthread_mutex_unlock(&session->work_lock);
	}
	hf_sdf_session_put(session);
	return rc;
}

int SDF_HashUpdate(void *hSessionHandle, unsigned char *pucData, unsigned int uiDataLength)
{
	if (!pucData && uiDataLength > 0)
		return SDR_INARGERR;
	struct hf_sdf_session *session;
	int rc = hf_sdf_work_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	rc = session->hashing ? SDR_OK : SDR_STEPERR;
	if (rc == SDR_OK)
		hf_sm3_update(&session->hash, pucData, uiDataLength);
	hf_sdf_work_leave(session);
	return rc;
}

int SDF_HashFinal(void *hSessionHandle, unsigned char *pucHash, unsigned int *puiHashLength)
{
	if (!pucHash || !puiHashLength)
		return SDR_OUTARGERR;
	struct hf_sdf_session *session;
	int rc = hf_sdf_work_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	rc = session->hashing ? SDR_OK : SDR_STEPERR;
	if (rc == SDR_OK) {
		hf_sm3_final(&session->hash, pucHash);
		*puiHashLength = HF_SM3_LEN;
		session->hashing = false;
		hf_wipe(&session->hash, sizeof(session->hash));
	}
	hf_sdf_work_leave(session);
	return rc;
}

/* --- HMAC --- */

int SDF_HMACInit(void *hSessionHandle, void *hKeyHandle, unsigned int uiAlgID)
{
	struct hf_sdf_session *session;
	uint8_t key[HF_SM4_KEY];
	int rc = hf_sdf_work_enter(hSessionHandle, &session);

	if (rc != SDR_OK)
		return rc;
	rc = hf_sdf_key_copy(session, hKeyHandle, key);
	if (rc == SDR_OK)
		rc = hf_sdf_hmac_begin(session, uiAlgID, HF_BYTES_OF(key));
	hf_wipe(key, sizeof(key));
	hf_sdf_work_leave(session);
	return rc;
}

int hf_sdf_hmac_begin(struct hf_sdf_session *session, unsigned int alg, struct hf_bytes key)
{
	if (alg != SGD_SM3)
		return SDR_ALGNOTSUPPORT;
	struct hf_hmac_sm3 *mac = hf_sdf_work_begin(session, HF_SDF_HMAC, sizeof(*mac));
	if (!mac)
		return SDR_NOBUFFER;
	hf_hmac_sm3_init(mac, key);
	return SDR_OK;
}

int SDF_HMACUpdate(void *hSessionHandle, unsigned char *pucData, unsigned int uiDataLength)
{
	if (!pucData && uiDataLength > 0)
		return SDR_INARGERR;
	struct hf_sdf_session *session;
	int rc = hf_sdf_work_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	struct hf_hmac_sm3 *mac = hf_sdf_work_get(session, HF_SDF_HMAC);
	if (mac)
		hf_hmac_sm3_update(mac, pucData, uiDataLength);
	rc = mac ? SDR_OK : SDR_STEPERR;
	hf_sdf_work_leave(session);
	return rc;
}

int SDF_HMACFinal(void *hSessionHandle, unsigned char *pucHMac, unsigned int *puiHMacLength)
{
	if (!pucHMac || !puiHMacLength)
		return SDR_OUTARGERR;
	struct hf_sdf_session *session;
	int rc = hf_sdf_work_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	struct hf_hmac_sm3 *mac = hf_sdf_work_get(session, HF_SDF_HMAC);
	if (mac) {
		hf_hmac_sm3_final(mac, pucHMac);
		*puiHMacLength = HF_SM3_LEN;
		hf_sdf_work_end(session, HF_SDF_HMAC);
	}
	rc = mac ? SDR_OK : SDR_STEPERR;
	hf_sdf_work_leave(session);
	return rc;
}
