#include "sdf/sdf_int.h"

#include "crypto/rand.h"

#include <stdlib.h>

int SDF_OpenDevice(void **phDeviceHandle)
{
	const char *home = getenv("HUFU_SDF_HOME");

	return home ? SDFX_OpenDevice(home, phDeviceHandle) : SDR_OPENDEVICE;
}

int SDFX_OpenDevice(const char *path, void **phDeviceHandle)
{
	if (!path)
		return SDR_INARGERR;
	return phDeviceHandle ? hf_sdf_device_open(path, phDeviceHandle) : SDR_OUTARGERR;
}

int SDF_CloseDevice(void *hDeviceHandle)
{
	return hf_sdf_object_close(hDeviceHandle, HF_SDF_DEVICE) ? SDR_OK : SDR_INARGERR;
}

int SDF_OpenSession(void *hDeviceHandle, void **phSessionHandle)
{
	if (!phSessionHandle)
		return SDR_OUTARGERR;
	struct hf_sdf_object *device = hf_sdf_object_get(hDeviceHandle, HF_SDF_DEVICE);
	if (!device)
		return SDR_INARGERR;
	int rc = hf_sdf_session_open((struct hf_sdf_device *)device, phSessionHandle);
	hf_sdf_object_put(device);
	return rc;
}

int SDF_CloseSession(void *hSessionHandle)
{
	return hf_sdf_object_close(hSessionHandle, HF_SDF_SESSION) ? SDR_OK : SDR_INARGERR;
}

int SDF_GetDeviceInfo(void *hSessionHandle, DEVICEINFO *pstDeviceInfo)
{
	if (!pstDeviceInfo)
		return SDR_OUTARGERR;
	struct hf_sdf_session *session = hf_sdf_session_get(hSessionHandle);
	if (!session)
		return SDR_INARGERR;
	*pstDeviceInfo = (DEVICEINFO){
		.IssuerName = "Hufu",
		.DeviceName = "libhufusdf",
		.DeviceVersion = 1,
		.StandardVersion = 2, /* the second edition, of 2023 */
		.AsymAlgAbility = {SGD_SM2_1 | SGD_SM2_2 | SGD_SM2_3 | SGD_RSA, 2048},
		.SymAlgAbility = SGD_SM4_ECB | SGD_SM4_CBC | SGD_SM4_CFB | SGD_SM4_OFB | SGD_SM4_MAC | SGD_SM4_CTR |
				 SGD_SM4_GCM | SGD_SM4_CCM,
		.HashAlgAbility = SGD_SM3,
		.BufferSize = HF_SDF_USER_SIZE_MAX * HF_SDF_USER_FILES_MAX,
	};
	hf_sdf_device_serial(session->device, pstDeviceInfo->DeviceSerial);
	hf_sdf_session_put(session);
	return SDR_OK;
}

int SDF_GenerateRandom(void *hSessionHandle, unsigned int uiLength, unsigned char *pucRandom)
{
	if (!pucRandom)
		return SDR_OUTARGERR;
	struct hf_sdf_session *session;
	int rc = hf_sdf_session_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	hf_sdf_session_put(session);
	return hf_rand(pucRandom, uiLength, NULL) ? SDR_OK : SDR_RANDERR;
}

/* --- Access rights --- */

/* Opens a kept key with the code, slowly, and gives the session its right. */
static int open_and_grant(struct hf_sdf_session *session, const struct hf_sdf_kept *kept, struct hf_bytes code)
{
	struct hf_sdf_pool *pool = &session->device->pool;
	uint8_t *d = hf_sdf_secret_take(pool);

	if (!d)
		return SDR_NOBUFFER;
	int rc = hf_sdf_record_open(&kept->record, code, d);
	if (rc == SDR_OK)
		rc = hf_sdf_session_grant(session, kept, d);
	if (rc != SDR_OK)
		hf_sdf_secret_give(pool, d);
	return rc;
}

/* All pairs of the index have one code, so whichever opens first has proved it. */
static int get_right(struct hf_sdf_session *session, uint32_t index, struct hf_bytes code)
{
	static const enum hf_sdf_record_kind kinds[] = {HF_SDF_RECORD_PAIR, HF_SDF_RECORD_RSA};
	int rc = SDR_KEYNOTEXIST;

	for (size_t i = 0; i < 4; i++) {
		struct hf_sdf_kept kept;
		uint32_t use = i % 2 == 0 ? SDFX_USE_SIGN : SDFX_USE_ENC;
		if (hf_sdf_device_find(session->device, kinds[i / 2], index, use, &kept) != SDR_OK)
			continue;
		rc = open_and_grant(session, &kept, code);
		if (rc != SDR_OK)
			break;
	}
	if (rc != SDR_OK)
		hf_sdf_session_release(session, index);
	return rc;
}

int SDF_GetPrivateKeyAccessRight(
	void *hSessionHandle, unsigned int uiKeyIndex, unsigned char *pucPassword, unsigned int uiPwdLength)
{
	if (!pucPassword)
		return SDR_INARGERR;
	struct hf_sdf_session *session;
	int rc = hf_sdf_session_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	rc = uiPwdLength >= SDFX_CODE_MIN && uiPwdLength <= SDFX_CODE_MAX
		     ? get_right(session, uiKeyIndex, (struct hf_bytes){pucPassword, uiPwdLength})
		     : SDR_PRKRERR;
	hf_sdf_session_put(session);
	return rc;
}

int SDF_ReleasePrivateKeyAccessRight(void *hSessionHandle, unsigned int uiKeyIndex)
{
	struct hf_sdf_session *session;
	struct hf_sdf_kept kept;
	int rc = hf_sdf_session_enter(hSessionHandle, &session);

	if (rc != SDR_OK)
		return rc;
	hf_sdf_session_release(session, uiKeyIndex);
	/* of no kind and use, so that any pair counts */
	rc = hf_sdf_device_find_other(session->device, HF_SDF_RECORD_DEVICE, uiKeyIndex, 0, &kept);
	hf_sdf_session_put(session);
	return rc;
}
