#include "sdf/sdf_int.h"

#include "base/alloc.h"
#include "crypto/rand.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_AT    2
#define CONTENT_AT HF_SDF_USER_HEAD

/* A user's file, open: the record says where it lies, clear is length of the name ‖ name ‖ content. */
struct user_file {
	struct hf_sdf_record record;
	uint8_t *clear;
	size_t clear_len;
};

static void clear_file(struct user_file *file)
{
	if (file->clear)
		hf_wipe(file->clear, file->clear_len);
	free(file->clear);
	file->clear = NULL;
}

/* Where a name lies: nobody without the management key can tell which name it is. */
static void place(struct hf_sdf_record *record, const uint8_t management[HF_SDF_SECRET], struct hf_bytes name)
{
	struct hf_hmac_sm3 mac;

	hf_hmac_sm3_init(&mac, (struct hf_bytes){management, HF_SDF_SECRET});
	hf_hmac_sm3_update(&mac, "hufu sdf file name 1", 20);
	hf_hmac_sm3_update(&mac, name.p, name.len);
	hf_hmac_sm3_final(&mac, record->pub + HF_SM3_LEN);
}

/* secret is 16 octets of SM4 key and the first counter; the same call there and back. */
static void cipher_with(const uint8_t secret[HF_SDF_SECRET], const uint8_t *in, uint8_t *out, size_t len)
{
	uint8_t counter[HF_SM4_BLOCK];

	memcpy(counter, secret + HF_SM4_KEY, sizeof(counter));
	hf_sm4_ctr(secret, counter, in, out, len);
}

/* A fresh key each time: a counter is never used twice. */
static int save(struct hf_sdf_device *device, const uint8_t management[HF_SDF_SECRET], struct user_file *file)
{
	uint8_t secret[HF_SDF_SECRET];
	uint8_t *tail = hf_try_alloc(file->clear_len, 1);
	int rc = tail ? SDR_OK : SDR_NOBUFFER;

	if (rc == SDR_OK && !hf_rand(secret, sizeof(secret), NULL))
		rc = SDR_RANDERR;
	if (rc == SDR_OK) {
		cipher_with(secret, file->clear, tail, file->clear_len);
		hf_sm3((struct hf_bytes){tail, file->clear_len}, file->record.pub);
		rc = hf_sdf_record_seal(&file->record, (struct hf_bytes){management, HF_SDF_SECRET}, secret);
	}
	if (rc == SDR_OK)
		rc = hf_sdf_store_write(device->folder, &file->record, tail);
	hf_wipe(secret, sizeof(secret));
	free(tail);
	return rc;
}

static int open_tail(
	struct user_file *file, const uint8_t management[HF_SDF_SECRET], struct hf_bytes name, const uint8_t *tail)
{
	uint8_t secret[HF_SDF_SECRET];
	struct hf_sdf_record want = {.kind = HF_SDF_RECORD_FILE};

	place(&want, management, name);
	if (memcmp(want.pub + HF_SM3_LEN, file->record.pub + HF_SM3_LEN, HF_SM3_LEN) != 0 ||
		hf_sdf_record_open(&file->record, (struct hf_bytes){management, HF_SDF_SECRET}, secret) != SDR_OK)
		return SDR_HARDFAIL;
	file->clear_len = hf_sdf_record_tail(&file->record);
	file->clear = hf_try_alloc(file->clear_len, 1);
	if (file->clear)
		cipher_with(secret, tail, file->clear, file->clear_len);
	hf_wipe(secret, sizeof(secret));
	return file->clear ? SDR_OK : SDR_NOBUFFER;
}

/* SDR_FILENOEXIST; SDR_HARDFAIL: damaged, or not sealed by this device. */
static int load(struct hf_sdf_device *device, const uint8_t management[HF_SDF_SECRET], struct hf_bytes name,
	struct user_file *file)
{
	struct hf_sdf_record where = {.kind = HF_SDF_RECORD_FILE};
	char path[HF_SDF_NAME_MAX];
	uint8_t *tail;

	*file = (struct user_file){0};
	place(&where, management, name);
	hf_sdf_record_name(&where, path);
	int rc = hf_sdf_store_read(device->folder_fd, path, &file->record, &tail);
	if (rc == SDR_OK)
		rc = open_tail(file, management, name, tail);
	free(tail);
	return rc;
}

/* --- The four operations, the device's file_lock being held --- */

bool hf_sdf_is_user_file(const char *name)
{
	size_t len = strlen(name);

	return len > 9 && strncmp(name, "file-", 5) == 0 && strcmp(name + len - 4, ".dat") == 0;
}

static bool is_full(struct hf_sdf_device *device)
{
	DIR *dir = opendir(device->folder);
	struct dirent *entry;
	size_t num = 0;

	if (!dir)
		return true;
	while ((entry = readdir(dir)) != NULL)
		num += hf_sdf_is_user_file(entry->d_name);
	closedir(dir);
	return num >= HF_SDF_USER_FILES_MAX;
}

static int create(
	struct hf_sdf_device *device, const uint8_t management[HF_SDF_SECRET], const struct hf_sdf_file_job *job)
{
	struct user_file file;
	int rc = load(device, management, job->name, &file);

	clear_file(&file);
	if (rc != SDR_FILENOEXIST)
		return rc == SDR_OK ? SDR_FILEEXISTS : rc;
	if (is_full(device))
		return SDR_FILESIZEERR;
	file = (struct user_file){.clear_len = CONTENT_AT + job->len};
	file.record = (struct hf_sdf_record){.kind = HF_SDF_RECORD_FILE, .use = (uint32_t)file.clear_len};
	file.clear = hf_try_alloc(file.clear_len, 1);
	if (!file.clear)
		return SDR_NOBUFFER;
	place(&file.record, management, job->name);
	hf_put_u16(file.clear, (uint16_t)job->name.len);
	memcpy(file.clear + NAME_AT, job->name.p, job->name.len);
	rc = save(device, management, &file);
	clear_file(&file);
	return rc;
}

static int change(
	struct hf_sdf_device *device, const uint8_t management[HF_SDF_SECRET], const struct hf_sdf_file_job *job)
{
	struct user_file file;
	int rc = load(device, management, job->name, &file);
	size_t size = file.clear_len - (rc == SDR_OK ? CONTENT_AT : 0);

	if (rc == SDR_OK && job->offset > size)
		rc = SDR_FILEOFSERR;
	if (rc == SDR_OK && job->len > size - job->offset)
		rc = SDR_FILESIZEERR;
	if (rc == SDR_OK && job->len > 0) {
		memcpy(file.clear + CONTENT_AT + job->offset, job->in, job->len);
		rc = save(device, management, &file);
	}
	clear_file(&file);
	return rc;
}

static int fetch(struct hf_sdf_device *device, const uint8_t management[HF_SDF_SECRET], struct hf_sdf_file_job *job)
{
	struct user_file file;
	int rc = load(device, management, job->name, &file);
	size_t size = file.clear_len - (rc == SDR_OK ? CONTENT_AT : 0);

	if (rc == SDR_OK && job->offset > size)
		rc = SDR_FILEOFSERR;
	if (rc == SDR_OK) {
		job->len = job->len < size - job->offset ? job->len : size - job->offset;
		memcpy(job->out, file.clear + CONTENT_AT + job->offset, job->len);
	}
	clear_file(&file);
	return rc;
}

static int destroy(
	struct hf_sdf_device *device, const uint8_t management[HF_SDF_SECRET], const struct hf_sdf_file_job *job)
{
	struct hf_sdf_record where = {.kind = HF_SDF_RECORD_FILE};
	char path[HF_SDF_NAME_MAX];

	place(&where, management, job->name);
	hf_sdf_record_name(&where, path);
	if (unlinkat(device->folder_fd, path, 0) != 0)
		return errno == ENOENT ? SDR_FILENOEXIST : SDR_FILEWERR;
	return fsync(device->folder_fd) == 0 ? SDR_OK : SDR_FILEWERR;
}

int hf_sdf_file_do(struct hf_sdf_device *device, enum hf_sdf_file_what what, struct hf_sdf_file_job *job)
{
	uint8_t management[HF_SDF_SECRET];
	int rc = hf_sdf_device_management(device, management);

	if (rc != SDR_OK)
		return SDR_PARDENY;
	pthread_mutex_lock(&device->file_lock);
	switch (what) {
	case HF_SDF_FILE_CREATE:
		rc = create(device, management, job);
		break;
	case HF_SDF_FILE_READ:
		rc = fetch(device, management, job);
		break;
	case HF_SDF_FILE_WRITE:
		rc = change(device, management, job);
		break;
	case HF_SDF_FILE_DELETE:
		rc = destroy(device, management, job);
		break;
	}
	pthread_mutex_unlock(&device->file_lock);
	hf_wipe(management, sizeof(management));
	return rc;
}
