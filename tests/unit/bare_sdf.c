/*
 * A vendor's library that has nothing beyond GM/T 0018: the ten functions that keyd needs, and one key. Loaded by
 * test_keyd.c.
 */
#include "crypto/sm2.h"

#include <sdf.h>
#include <string.h>

static struct hf_sm2_key key; /* a library keeps its own state, as a real one does */
static int place;

int SDF_OpenDevice(void **phDeviceHandle)
{
	if (!hf_sm2_generate(&key, NULL))
		return SDR_HARDFAIL;
	*phDeviceHandle = &place;
	return SDR_OK;
}

int SDF_CloseDevice(void *hDeviceHandle)
{
	(void)hDeviceHandle;
	return SDR_OK;
}

int SDF_OpenSession(void *hDeviceHandle, void **phSessionHandle)
{
	*phSessionHandle = hDeviceHandle;
	return SDR_OK;
}

int SDF_CloseSession(void *hSessionHandle)
{
	(void)hSessionHandle;
	return SDR_OK;
}

int SDF_GetDeviceInfo(void *hSessionHandle, DEVICEINFO *pstDeviceInfo)
{
	(void)hSessionHandle;
	memset(pstDeviceInfo, 0, sizeof(*pstDeviceInfo));
	return SDR_OK;
}

int SDF_GenerateRandom(void *hSessionHandle, unsigned int uiLength, unsigned char *pucRandom)
{
	(void)hSessionHandle;
	memset(pucRandom, 0, uiLength);
	return SDR_NOTSUPPORT;
}

int SDF_GetPrivateKeyAccessRight(
	void *hSessionHandle, unsigned int uiKeyIndex, unsigned char *pucPassword, unsigned int uiPwdLength)
{
	(void)hSessionHandle;
	(void)pucPassword;
	(void)uiPwdLength;
	return uiKeyIndex == 1 ? SDR_OK : SDR_KEYNOTEXIST;
}

int SDF_ReleasePrivateKeyAccessRight(void *hSessionHandle, unsigned int uiKeyIndex)
{
	(void)hSessionHandle;
	(void)uiKeyIndex;
	return SDR_OK;
}

int SDF_ExportSignPublicKey_ECC(void *hSessionHandle, unsigned int uiKeyIndex, ECCrefPublicKey *pucPublicKey)
{
	(void)hSessionHandle;
	(void)uiKeyIndex;
	memset(pucPublicKey, 0, sizeof(*pucPublicKey));
	pucPublicKey->bits = 256;
	memcpy(pucPublicKey->x + 32, key.pub, 32);
	memcpy(pucPublicKey->y + 32, key.pub + 32, 32);
	return SDR_OK;
}

int SDF_InternalSign_ECC(void *hSessionHandle, unsigned int uiISKIndex, unsigned char *pucData,
	unsigned int uiDataLength, ECCSignature *pucSignature)
{
	uint8_t sig[HF_SM2_SIG];

	(void)hSessionHandle;
	if (uiISKIndex != 1 || uiDataLength != 32)
		return SDR_INARGERR;
	if (!hf_sm2_sign(key.d, pucData, sig, NULL))
		return SDR_SIGNERR;
	memset(pucSignature, 0, sizeof(*pucSignature));
	memcpy(pucSignature->r + 32, sig, 32);
	memcpy(pucSignature->s + 32, sig + 32, 32);
	return SDR_OK;
}
