#include "sdf/sdf_int.h"

static int run(void *session_handle, enum hf_sdf_file_what what, struct hf_sdf_file_job *job)
{
	struct hf_sdf_session *session;

	if (!job->name.p || job->name.len < 1 || job->name.len > HF_SDF_USER_NAME_MAX)
		return SDR_INARGERR;
	int rc = hf_sdf_session_enter(session_handle, &session);
	if (rc != SDR_OK)
		return rc;
	rc = hf_sdf_file_do(session->device, what, job);
	hf_sdf_session_put(session);
	return rc;
}

int SDF_CreateFile(void *hSessionHandle, unsigned char *pucFileName, unsigned int uiNameLen, unsigned int uiFileSize)
{
	struct hf_sdf_file_job job = {.name = {pucFileName, uiNameLen}, .len = uiFileSize};

	return uiFileSize <= HF_SDF_USER_SIZE_MAX ? run(hSessionHandle, HF_SDF_FILE_CREATE, &job) : SDR_FILESIZEERR;
}

int SDF_ReadFile(void *hSessionHandle, unsigned char *pucFileName, unsigned int uiNameLen, unsigned int uiOffset,
	unsigned int *puiReadLength, unsigned char *pucBuffer)
{
	if (!puiReadLength || !pucBuffer)
		return SDR_OUTARGERR;
	struct hf_sdf_file_job job = {
		.name = {pucFileName, uiNameLen}, .offset = uiOffset, .len = *puiReadLength, .out = pucBuffer};
	int rc = run(hSessionHandle, HF_SDF_FILE_READ, &job);
	if (rc == SDR_OK)
		*puiReadLength = (unsigned int)job.len;
	return rc;
}

int SDF_WriteFile(void *hSessionHandle, unsigned char *pucFileName, unsigned int uiNameLen, unsigned int uiOffset,
	unsigned int uiWriteLength, unsigned char *pucBuffer)
{
	struct hf_sdf_file_job job = {
		.name = {pucFileName, uiNameLen}, .offset = uiOffset, .len = uiWriteLength, .in = pucBuffer};

	return pucBuffer || uiWriteLength == 0 ? run(hSessionHandle, HF_SDF_FILE_WRITE, &job) : SDR_INARGERR;
}

int SDF_DeleteFile(void *hSessionHandle, unsigned char *pucFileName, unsigned int uiNameLen)
{
	struct hf_sdf_file_job job = {.name = {pucFileName, uiNameLen}};

	return run(hSessionHandle, HF_SDF_FILE_DELETE, &job);
}
