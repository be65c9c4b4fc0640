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
		pthread_mutex_lock(&session->lock);
		session->hash = hash;
		session->hashing = true;
		pthread_mutex_unlock(&session->lock);
	}
	hf_sdf_session_put(session);
	return rc;
}

int SDF_HashUpdate(void *hSessionHandle, unsigned char *pucData, unsigned int uiDataLength)
{
	if (!pucData && uiDataLength > 0)
		return SDR_INARGERR;
	struct hf_sdf_session *session;
	int rc = hf_sdf_session_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	pthread_mutex_lock(&session->lock);
	rc = session->hashing ? SDR_OK : SDR_STEPERR;
	if (rc == SDR_OK)
		hf_sm3_update(&session->hash, pucData, uiDataLength);
	pthread_mutex_unlock(&session->lock);
	hf_sdf_session_put(session);
	return rc;
}

int SDF_HashFinal(void *hSessionHandle, unsigned char *pucHash, unsigned int *puiHashLength)
{
	if (!pucHash || !puiHashLength)
		return SDR_OUTARGERR;
	struct hf_sdf_session *session;
	int rc = hf_sdf_session_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	pthread_mutex_lock(&session->lock);
	rc = session->hashing ? SDR_OK : SDR_STEPERR;
	if (rc == SDR_OK) {
		hf_sm3_final(&session->hash, pucHash);
		*puiHashLength = HF_SM3_LEN;
		session->hashing = false;
		hf_wipe(&session->hash, sizeof(session->hash));
	}
	pthread_mutex_unlock(&session->lock);
	hf_sdf_session_put(session);
	return rc;
}
