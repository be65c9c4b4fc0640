#include "sdf/sdf_int.h"

static bool is_code(const unsigned char *code, unsigned int len)
{
	return code && len >= SDFX_CODE_MIN && len <= SDFX_CODE_MAX;
}

static bool is_cost(unsigned int iterations)
{
	return iterations >= 1 && iterations <= SDFX_ITERATIONS_MAX;
}

int SDFX_InitDevice(
	const char *path, const unsigned char *pucPassword, unsigned int uiPwdLength, unsigned int uiIterations)
{
	if (!path || !is_code(pucPassword, uiPwdLength) || !is_cost(uiIterations))
		return SDR_INARGERR;
	return hf_sdf_device_create(path, (struct hf_bytes){pucPassword, uiPwdLength}, uiIterations);
}

int SDFX_MakeBlankDevice(const char *path)
{
	return path ? hf_sdf_device_create(path, HF_BYTES_NONE, 0) : SDR_INARGERR;
}

int SDFX_GetDeviceState(void *hDeviceHandle, unsigned int *puiState)
{
	if (!puiState)
		return SDR_OUTARGERR;
	struct hf_sdf_device *device = hf_sdf_device_get(hDeviceHandle);
	if (!device)
		return SDR_INARGERR;
	*puiState = (unsigned int)atomic_load(&device->state);
	hf_sdf_device_put(device);
	return SDR_OK;
}

int SDFX_StartDevice(
	void *hDeviceHandle, const unsigned char *pucPassword, unsigned int uiPwdLength, unsigned int uiIterations)
{
	if (!is_code(pucPassword, uiPwdLength) || !is_cost(uiIterations))
		return SDR_INARGERR;
	struct hf_sdf_device *device = hf_sdf_device_get(hDeviceHandle);
	if (!device)
		return SDR_INARGERR;
	int rc = hf_sdf_device_start(device, (struct hf_bytes){pucPassword, uiPwdLength}, uiIterations);
	hf_sdf_device_put(device);
	return rc;
}

int SDFX_UnlockDevice(void *hDeviceHandle, const unsigned char *pucPassword, unsigned int uiPwdLength)
{
	struct hf_sdf_device *device = pucPassword ? hf_sdf_device_get(hDeviceHandle) : NULL;

	if (!device)
		return SDR_INARGERR;
	int rc = hf_sdf_device_ready(device);
	if (rc == SDR_OK)
		rc = is_code(pucPassword, uiPwdLength)
			     ? hf_sdf_device_unlock(device, (struct hf_bytes){pucPassword, uiPwdLength})
			     : SDR_PRKRERR;
	hf_sdf_device_put(device);
	return rc;
}

int SDFX_AllowDebug(
	void *hDeviceHandle, const unsigned char *pucPassword, unsigned int uiPwdLength, unsigned int uiAllow)
{
	if (!pucPassword || uiAllow > 1)
		return SDR_INARGERR;
	struct hf_sdf_device *device = hf_sdf_device_get(hDeviceHandle);
	if (!device)
		return SDR_INARGERR;
	int rc = hf_sdf_device_ready(device);
	if (rc == SDR_OK)
		rc = is_code(pucPassword, uiPwdLength)
			     ? hf_sdf_device_allow_debug(
				       device, (struct hf_bytes){pucPassword, uiPwdLength}, uiAllow == 1)
			     : SDR_PRKRERR;
	hf_sdf_device_put(device);
	return rc;
}

/* --- Self-test on command --- */

/* SDR_NOBUFFER says nothing about the device; everything else stops it. */
static int test(struct hf_sdf_device *device)
{
	int rc = hf_sdf_selftest();

	if (rc == SDR_OK)
		rc = hf_sdf_selftest_random();
	if (rc == SDR_OK)
		rc = hf_sdf_check_store(device);
	if (rc != SDR_OK && rc != SDR_NOBUFFER)
		atomic_store(&device->state, SDFX_STATE_STOPPED);
	return rc;
}

int SDFX_SelfTest(void *hDeviceHandle)
{
	struct hf_sdf_device *device = hf_sdf_device_get(hDeviceHandle);

	if (!device)
		return SDR_INARGERR;
	int rc = atomic_load(&device->state) == SDFX_STATE_STOPPED ? SDR_HARDFAIL : test(device);
	hf_sdf_device_put(device);
	return rc;
}

/* --- Backup --- */

int SDFX_BackupDevice(void *hDeviceHandle, const char *path, const unsigned char *pucPassword, unsigned int uiPwdLength)
{
	if (!path || !is_code(pucPassword, uiPwdLength))
		return SDR_INARGERR;
	struct hf_sdf_device *device = hf_sdf_device_get(hDeviceHandle);
	if (!device)
		return SDR_INARGERR;
	int rc = hf_sdf_device_ready(device);
	if (rc == SDR_OK)
		rc = hf_sdf_backup(device, path, (struct hf_bytes){pucPassword, uiPwdLength});
	hf_sdf_device_put(device);
	return rc;
}

int SDFX_RestoreDevice(
	void *hDeviceHandle, const char *path, const unsigned char *pucPassword, unsigned int uiPwdLength)
{
	if (!path || !is_code(pucPassword, uiPwdLength))
		return SDR_INARGERR;
	struct hf_sdf_device *device = hf_sdf_device_get(hDeviceHandle);
	if (!device)
		return SDR_INARGERR;
	int rc = atomic_load(&device->state) == SDFX_STATE_INITIAL ? SDR_OK : SDR_STEPERR;
	if (rc == SDR_OK)
		rc = hf_sdf_restore(device, path, (struct hf_bytes){pucPassword, uiPwdLength});
	hf_sdf_device_put(device);
	return rc;
}
