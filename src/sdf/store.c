#include "sdf/sdf_int.h"

#include "base/alloc.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

size_t hf_sdf_record_tail(const struct hf_sdf_record *record)
{
	switch (record->kind) {
	case HF_SDF_RECORD_RSA:
		return HF_SDF_RSA_TAIL;
	case HF_SDF_RECORD_FILE:
		return record->use;
	default:
		return 0;
	}
}

/* The tail is whole and is what the record speaks of; *tail is NULL when there is none. */
static int read_tail(int fd, const struct hf_sdf_record *record, uint8_t **tail)
{
	size_t len = hf_sdf_record_tail(record);
	uint8_t digest[HF_SM3_LEN], more;
	int rc = SDR_HARDFAIL;

	*tail = len > 0 ? hf_try_alloc(len, 1) : NULL;
	if (len > 0 && !*tail)
		return SDR_NOBUFFER;
	if ((len == 0 || hf_read_all(fd, *tail, len)) && read(fd, &more, 1) == 0) {
		hf_sm3((struct hf_bytes){*tail, len}, digest);
		if (len == 0 || memcmp(digest, record->pub, sizeof(digest)) == 0)
			rc = SDR_OK;
	}
	if (rc != SDR_OK) {
		free(*tail);
		*tail = NULL;
	}
	return rc;
}

int hf_sdf_store_read(int folder_fd, const char *name, struct hf_sdf_record *record, uint8_t **tail)
{
	char right_name[HF_SDF_NAME_MAX];
	uint8_t file[HF_SDF_FILE_LEN];
	int fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	*tail = NULL;
	if (fd < 0)
		return errno == ENOENT ? SDR_FILENOEXIST : SDR_HARDFAIL;
	int rc = hf_read_all(fd, file, sizeof(file)) ? hf_sdf_record_parse(file, record) : SDR_HARDFAIL;
	if (rc == SDR_OK) {
		hf_sdf_record_name(record, right_name);
		rc = strcmp(name, right_name) == 0 ? read_tail(fd, record, tail) : SDR_HARDFAIL;
	}
	close(fd);
	return rc;
}

int hf_sdf_store_write(const char *folder, const struct hf_sdf_record *record, const uint8_t *tail)
{
	char name[HF_SDF_NAME_MAX], path[HF_PATH_MAX];
	size_t tail_len = hf_sdf_record_tail(record);
	uint8_t *file = hf_try_alloc(HF_SDF_FILE_LEN + tail_len, 1);

	if (!file)
		return SDR_NOBUFFER;
	hf_sdf_record_name(record, name);
	hf_sdf_record_encode(record, file);
	if (tail_len > 0)
		memcpy(file + HF_SDF_FILE_LEN, tail, tail_len);
	bool ok = hf_fmt(path, sizeof(path), "%s/%s", folder, name) &&
		  hf_file_write(path, (struct hf_bytes){file, HF_SDF_FILE_LEN + tail_len}, 0600, NULL);
	free(file);
	return ok ? SDR_OK : SDR_FILEWERR;
}
