/*
 * A backup: "HUFUBAK1" ‖ iterations (4) ‖ salt (16) ‖ length of the body (8) ‖ SM4-CTR(K, body) ‖ HMAC-SM3(M, all
 * before). root = PBKDF2-HMAC-SM3(password, salt, iterations); K ‖ M = SM3-KDF(root ‖ salt ‖ "hufu sdf backup 1"). The
 * body is the device's files one behind the other, device.key first; each says by itself what it is and how long.
 * docs/device-format.md says the same for people.
 */
#include "sdf/sdf_int.h"

#include "base/alloc.h"
#include "base/str.h"
#include "crypto/rand.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD       36
#define BACKUP_MAX ((size_t)1 << 28)

static const uint8_t magic[8] = "HUFUBAK1";

struct backup_keys {
	uint8_t sm4[HF_SM4_KEY];
	uint8_t mac[32];
};

static void derive(const uint8_t head[HEAD], struct hf_bytes password, struct backup_keys *keys)
{
	static const uint8_t label[] = "hufu sdf backup 1";
	uint8_t z[32 + HF_SDF_SALT + sizeof(label) - 1];

	hf_pbkdf2_sm3(password, (struct hf_bytes){head + 12, HF_SDF_SALT}, hf_get_u32(head + 8), z, 32);
	memcpy(z + 32, head + 12, HF_SDF_SALT);
	memcpy(z + 32 + HF_SDF_SALT, label, sizeof(label) - 1);
	hf_sm3_kdf(HF_BYTES_OF(z), (uint8_t *)keys, sizeof(*keys));
	hf_wipe(z, sizeof(z));
}

/* --- Gathering --- */

struct gathered {
	uint8_t *p;
	size_t len, cap;
};

static bool make_room(struct gathered *all, size_t more)
{
	if (all->len + more <= all->cap)
		return true;
	size_t cap = (all->len + more) * 2;
	uint8_t *p = cap <= BACKUP_MAX ? hf_try_alloc(cap, 1) : NULL;
	if (!p)
		return false;
	if (all->len > 0)
		memcpy(p, all->p, all->len);
	free(all->p);
	all->p = p;
	all->cap = cap;
	return true;
}

static int gather_one(struct hf_sdf_device *device, const char *name, struct gathered *all)
{
	struct hf_sdf_record record;
	uint8_t *tail;
	int rc = hf_sdf_store_read(device->folder_fd, name, &record, &tail);

	if (rc != SDR_OK)
		return rc;
	size_t tail_len = hf_sdf_record_tail(&record);
	if (make_room(all, HF_SDF_FILE_LEN + tail_len)) {
		hf_sdf_record_encode(&record, all->p + all->len);
		if (tail_len > 0)
			memcpy(all->p + all->len + HF_SDF_FILE_LEN, tail, tail_len);
		all->len += HF_SDF_FILE_LEN + tail_len;
	} else {
		rc = SDR_NOBUFFER;
	}
	free(tail);
	return rc;
}

/* Head and files; both locks are held, so that they belong together. */
static int gather(struct hf_sdf_device *device, struct gathered *all)
{
	DIR *dir = make_room(all, 1 << 16) ? opendir(device->folder) : NULL;
	struct dirent *entry;

	if (!dir)
		return SDR_NOBUFFER;
	all->len = HEAD;
	int rc = gather_one(device, "device.key", all);
	while (rc == SDR_OK && (entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, "device.key") != 0 && hf_sdf_is_ours(entry->d_name))
			rc = gather_one(device, entry->d_name, all);
	}
	closedir(dir);
	return rc;
}

static int seal(struct gathered *all, struct hf_bytes password, uint32_t iterations)
{
	uint8_t counter[HF_SM4_BLOCK] = {0};
	struct backup_keys keys;

	if (!make_room(all, HF_SM3_LEN))
		return SDR_NOBUFFER;
	memcpy(all->p, magic, sizeof(magic));
	hf_put_u32(all->p + 8, iterations);
	if (!hf_rand(all->p + 12, HF_SDF_SALT, NULL))
		return SDR_RANDERR;
	hf_put_u64(all->p + 28, all->len - HEAD);
	derive(all->p, password, &keys);
	hf_sm4_ctr(keys.sm4, counter, all->p + HEAD, all->p + HEAD, all->len - HEAD);
	hf_hmac_sm3(HF_BYTES_OF(keys.mac), (struct hf_bytes){all->p, all->len}, all->p + all->len);
	all->len += HF_SM3_LEN;
	hf_wipe(&keys, sizeof(keys));
	return SDR_OK;
}

int hf_sdf_backup(struct hf_sdf_device *device, const char *path, struct hf_bytes password)
{
	uint8_t management[HF_SDF_SECRET];
	struct gathered all = {0};
	int rc = hf_sdf_device_management(device, management);

	hf_wipe(management, sizeof(management));
	if (rc != SDR_OK)
		return rc;
	pthread_mutex_lock(&device->file_lock);
	pthread_rwlock_rdlock(&device->lock);
	rc = gather(device, &all);
	pthread_rwlock_unlock(&device->lock);
	pthread_mutex_unlock(&device->file_lock);
	if (rc == SDR_OK)
		rc = seal(&all, password, hf_sdf_device_iterations(device));
	if (rc == SDR_OK && !hf_file_write(path, (struct hf_bytes){all.p, all.len}, 0600, NULL))
		rc = SDR_FILEWERR;
	free(all.p);
	return rc;
}

/* --- Bringing back --- */

static int read_whole(const char *path, struct gathered *all)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	int rc = SDR_ENCDATAERR;

	if (fd < 0)
		return errno == ENOENT ? SDR_FILENOEXIST : SDR_HARDFAIL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= HEAD + HF_SM3_LEN &&
		(uint64_t)st.st_size <= BACKUP_MAX) {
		all->len = (size_t)st.st_size;
		all->p = hf_try_alloc(all->len, 1);
		if (!all->p)
			rc = SDR_NOBUFFER;
		else if (hf_read_all(fd, all->p, all->len))
			rc = SDR_OK;
	}
	close(fd);
	return rc;
}

/* Leaves the body in clear between head and MAC. */
static int unseal(struct gathered *all, struct hf_bytes password)
{
	uint8_t counter[HF_SM4_BLOCK] = {0}, mac[HF_SM3_LEN];
	uint32_t iterations = hf_get_u32(all->p + 8);
	size_t body = all->len - HEAD - HF_SM3_LEN;
	struct backup_keys keys;

	if (memcmp(all->p, magic, sizeof(magic)) != 0 || hf_get_u64(all->p + 28) != body || iterations < 1 ||
		iterations > SDFX_ITERATIONS_MAX)
		return SDR_ENCDATAERR;
	derive(all->p, password, &keys);
	hf_hmac_sm3(HF_BYTES_OF(keys.mac), (struct hf_bytes){all->p, HEAD + body}, mac);
	bool ok = hf_secret_equal(mac, all->p + HEAD + body, sizeof(mac));
	if (ok)
		hf_sm4_ctr(keys.sm4, counter, all->p + HEAD, all->p + HEAD, body);
	hf_wipe(&keys, sizeof(keys));
	hf_wipe(mac, sizeof(mac));
	return ok ? SDR_OK : SDR_PRKRERR;
}

/* One file of the body: its record, and where its tail stands. SDR_ENCDATAERR. */
static int next_file(const struct gathered *all, size_t *at, struct hf_sdf_record *record, const uint8_t **tail)
{
	size_t end = all->len - HF_SM3_LEN;
	uint8_t digest[HF_SM3_LEN];

	if (end - *at < HF_SDF_FILE_LEN || hf_sdf_record_parse(all->p + *at, record) != SDR_OK)
		return SDR_ENCDATAERR;
	size_t tail_len = hf_sdf_record_tail(record);
	*at += HF_SDF_FILE_LEN;
	*tail = all->p + *at;
	if (end - *at < tail_len)
		return SDR_ENCDATAERR;
	*at += tail_len;
	hf_sm3((struct hf_bytes){*tail, tail_len}, digest);
	return tail_len == 0 || memcmp(digest, record->pub, sizeof(digest)) == 0 ? SDR_OK : SDR_ENCDATAERR;
}

/* The first is the device and no other is; all are checked, and but for the first written when folder is not NULL. */
static int walk(const struct gathered *all, const char *folder)
{
	struct hf_sdf_record record;
	const uint8_t *tail;
	size_t at = HEAD;
	int rc = next_file(all, &at, &record, &tail);

	if (rc == SDR_OK && (record.kind != HF_SDF_RECORD_DEVICE || record.use == HF_SDF_SELF_BLANK))
		rc = SDR_ENCDATAERR;
	while (rc == SDR_OK && at < all->len - HF_SM3_LEN) {
		rc = next_file(all, &at, &record, &tail);
		if (rc == SDR_OK && record.kind == HF_SDF_RECORD_DEVICE)
			rc = SDR_ENCDATAERR;
		if (rc == SDR_OK && folder)
			rc = hf_sdf_store_write(folder, &record, tail);
	}
	return rc;
}

/* What an attempt that was cut short may have left. */
static void sweep(struct hf_sdf_device *device)
{
	DIR *dir = opendir(device->folder);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, "device.key") != 0 && hf_sdf_is_ours(entry->d_name))
			(void)unlinkat(device->folder_fd, entry->d_name, 0);
	}
	if (dir)
		closedir(dir);
}

/* device.key comes last: until then the device is in its initial state, and may be restored anew. */
static int write_out(struct hf_sdf_device *device, const struct gathered *all)
{
	struct hf_sdf_record self;
	const uint8_t *tail;
	size_t at = HEAD;

	sweep(device);
	int rc = walk(all, device->folder);
	if (rc == SDR_OK)
		rc = next_file(all, &at, &self, &tail);
	if (rc == SDR_OK)
		rc = hf_sdf_store_write(device->folder, &self, NULL);
	return rc;
}

int hf_sdf_restore(struct hf_sdf_device *device, const char *path, struct hf_bytes password)
{
	struct gathered all = {0};
	int rc = read_whole(path, &all);

	if (rc == SDR_OK)
		rc = unseal(&all, password);
	if (rc == SDR_OK)
		rc = walk(&all, NULL);
	if (rc == SDR_OK) {
		pthread_rwlock_wrlock(&device->lock);
		if (atomic_load(&device->state) != SDFX_STATE_INITIAL)
			rc = SDR_STEPERR;
		if (rc == SDR_OK)
			rc = write_out(device, &all);
		if (rc == SDR_OK)
			rc = hf_sdf_device_reload(device);
		pthread_rwlock_unlock(&device->lock);
	}
	free(all.p);
	return rc;
}

/* --- Self-test of what is kept --- */

static int check_kept(struct hf_sdf_device *device, const struct hf_sdf_kept *kept)
{
	uint8_t now[HF_SDF_FILE_LEN], then[HF_SDF_FILE_LEN], secret[HF_SDF_SECRET];
	struct hf_sdf_record record;
	char name[HF_SDF_NAME_MAX];
	uint8_t *tail;

	hf_sdf_record_name(&kept->record, name);
	int rc = hf_sdf_store_read(device->folder_fd, name, &record, &tail);
	free(tail);
	if (rc != SDR_OK)
		return rc == SDR_NOBUFFER ? rc : SDR_HARDFAIL;
	hf_sdf_record_encode(&record, now);
	hf_sdf_record_encode(&kept->record, then);
	bool ok = memcmp(now, then, sizeof(now)) == 0;
	if (ok && kept->kek) {
		ok = hf_sdf_record_open(&record, (struct hf_bytes){device->management, HF_SDF_SECRET}, secret) ==
			     SDR_OK &&
		     hf_secret_equal(secret, kept->kek, HF_SM4_KEY);
		hf_wipe(secret, sizeof(secret));
	}
	return ok ? SDR_OK : SDR_HARDFAIL;
}

static int check_user_files(struct hf_sdf_device *device)
{
	DIR *dir = opendir(device->folder);
	struct dirent *entry;
	int rc = dir ? SDR_OK : SDR_HARDFAIL;

	while (rc == SDR_OK && (entry = readdir(dir)) != NULL) {
		struct hf_sdf_record record;
		uint8_t *tail;
		if (!hf_sdf_is_user_file(entry->d_name))
			continue;
		rc = hf_sdf_store_read(device->folder_fd, entry->d_name, &record, &tail);
		free(tail);
	}
	if (dir)
		closedir(dir);
	return rc;
}

int hf_sdf_check_store(struct hf_sdf_device *device)
{
	const struct hf_sdf_kept *kept = NULL;
	int rc = SDR_OK;

	pthread_mutex_lock(&device->file_lock);
	pthread_rwlock_rdlock(&device->lock);
	while (rc == SDR_OK && (kept = hf_sdf_keep_next(&device->keep, kept)) != NULL)
		rc = check_kept(device, kept);
	if (rc == SDR_OK)
		rc = check_user_files(device);
	pthread_rwlock_unlock(&device->lock);
	pthread_mutex_unlock(&device->file_lock);
	return rc;
}
