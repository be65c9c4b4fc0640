#include "sdf/sdf_int.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"
#include "crypto/rand.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* --- Opening --- */

static void destroy(struct hf_sdf_object *object)
{
	struct hf_sdf_device *device = (struct hf_sdf_device *)object;

	hf_sdf_pool_clear(&device->pool);
	pthread_rwlock_destroy(&device->lock);
	pthread_mutex_destroy(&device->file_lock);
	hf_sdf_keep_clear(&device->keep);
	close(device->folder_fd);
	free(device);
}

/* Our own absolute name of a folder that is there. */
static bool resolve(const char *path, char out[HF_SDF_FOLDER_MAX])
{
	char *whole = realpath(path, NULL);
	bool ok = whole && hf_fmt(out, HF_SDF_FOLDER_MAX, "%s", whole);

	free(whole);
	return ok;
}

/* The folder, held against other processes and other opens of this one until the descriptor is closed; -1. */
static int hold_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool is_key_file(const char *name)
{
	size_t len = strlen(name);

	return len > 4 && strcmp(name + len - 4, ".key") == 0;
}

bool hf_sdf_is_ours(const char *name)
{
	return is_key_file(name) || hf_sdf_is_user_file(name);
}

/* Every key file, the integrity of each checked. */
static int load(struct hf_sdf_device *device)
{
	struct dirent *entry;
	uint8_t *tail;
	int rc = hf_sdf_store_read(device->folder_fd, "device.key", &device->self, &tail);

	free(tail);
	if (rc != SDR_OK)
		return rc == SDR_FILENOEXIST ? SDR_OPENDEVICE : rc;
	DIR *dir = opendir(device->folder);
	if (!dir)
		return SDR_OPENDEVICE;
	while (rc == SDR_OK && (entry = readdir(dir)) != NULL) {
		struct hf_sdf_record record;
		if (!is_key_file(entry->d_name) || strcmp(entry->d_name, "device.key") == 0)
			continue;
		rc = hf_sdf_store_read(device->folder_fd, entry->d_name, &record, &tail);
		if (rc == SDR_OK && record.kind == HF_SDF_RECORD_FILE)
			rc = SDR_HARDFAIL;
		if (rc == SDR_OK)
			rc = hf_sdf_keep_add(&device->keep, &record, NULL, tail);
		if (rc != SDR_OK)
			free(tail);
	}
	closedir(dir);
	return rc;
}

struct hf_sdf_device *hf_sdf_device_get(void *handle)
{
	return (struct hf_sdf_device *)hf_sdf_object_get(handle, HF_SDF_DEVICE);
}

void hf_sdf_device_put(struct hf_sdf_device *device)
{
	hf_sdf_object_put(&device->object);
}

int hf_sdf_device_ready(struct hf_sdf_device *device)
{
	switch (atomic_load(&device->state)) {
	case SDFX_STATE_READY:
		return SDR_OK;
	case SDFX_STATE_INITIAL:
		return SDR_STEPERR;
	default:
		return SDR_HARDFAIL;
	}
}

/* What its own record says. Nobody else knows the device yet, or it is in its initial state, or the lock is held. */
static void enter_state(struct hf_sdf_device *device)
{
	bool blank = (device->self.use & HF_SDF_SELF_BLANK) != 0;

	atomic_store(&device->debug, (device->self.use & HF_SDF_SELF_DEBUG) != 0);
	atomic_store(&device->state, blank ? SDFX_STATE_INITIAL : SDFX_STATE_READY);
}

int hf_sdf_device_reload(struct hf_sdf_device *device)
{
	hf_sdf_keep_clear(&device->keep);
	int rc = load(device);
	if (rc == SDR_OK)
		enter_state(device);
	return rc;
}

int hf_sdf_device_open(const char *path, void **handle)
{
	int rc = hf_sdf_selftest();

	if (rc != SDR_OK)
		return rc;
	struct hf_sdf_device *device = hf_try_alloc(1, sizeof(*device));
	if (!device)
		return SDR_NOBUFFER;
	device->object = (struct hf_sdf_object){.kind = HF_SDF_DEVICE, .destroy = destroy};
	device->folder_fd = resolve(path, device->folder) ? hold_folder(device->folder) : -1;
	if (device->folder_fd < 0) {
		free(device);
		return SDR_OPENDEVICE;
	}
	if (!hf_sdf_pool_init(&device->pool) || pthread_rwlock_init(&device->lock, NULL) != 0 ||
		pthread_mutex_init(&device->file_lock, NULL) != 0) {
		close(device->folder_fd);
		free(device);
		return SDR_NOBUFFER;
	}
	rc = load(device);
	enter_state(device);
	if (rc == SDR_OK)
		rc = hf_sdf_object_add(&device->object, NULL, handle);
	if (rc != SDR_OK)
		destroy(&device->object);
	return rc;
}

/* --- Making --- */

static bool is_empty(int folder_fd)
{
	int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;
	bool empty = dir != NULL;

	while (empty && (entry = readdir(dir)) != NULL)
		empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
	return empty;
}

/* Date (8 digits), batch (3), number (5), as GM/T 0006 has device numbers. SDR_RANDERR. */
static int make_serial(uint8_t out[HF_SM2_POINT])
{
	struct hf_civil now = hf_civil_from(hf_now(&hf_clock_system));
	uint8_t random[4];
	char text[32];

	if (!hf_rand(random, sizeof(random), NULL))
		return SDR_RANDERR;
	hf_fmt_cut(text, sizeof(text), "%04d%02d%02d001%05u", now.year, now.month, now.day,
		(unsigned)(hf_get_u32(random) % 100000));
	memset(out, 0, HF_SM2_POINT);
	memcpy(out, text, 16);
	return SDR_OK;
}

/* A fresh management key under password, in a record whose serial number is set. */
static int seal_self(struct hf_sdf_record *self, struct hf_bytes password, uint32_t iterations)
{
	uint8_t management[HF_SDF_SECRET];
	int rc = SDR_OK;

	self->use = 0;
	self->iterations = iterations;
	if (!hf_rand(management, sizeof(management), NULL))
		rc = SDR_RANDERR;
	if (rc == SDR_OK)
		rc = hf_sdf_record_seal(self, password, management);
	hf_wipe(management, sizeof(management));
	return rc;
}

static int make_self(const char *folder, struct hf_bytes password, uint32_t iterations)
{
	struct hf_sdf_record self = {.kind = HF_SDF_RECORD_DEVICE, .use = HF_SDF_SELF_BLANK};
	int rc = make_serial(self.pub);

	if (rc == SDR_OK && iterations > 0)
		rc = seal_self(&self, password, iterations);
	return rc == SDR_OK ? hf_sdf_store_write(folder, &self, NULL) : rc;
}

int hf_sdf_device_create(const char *path, struct hf_bytes password, uint32_t iterations)
{
	char folder[HF_SDF_FOLDER_MAX];
	int rc = hf_sdf_selftest();

	if (rc != SDR_OK)
		return rc;
	if (!hf_dir_make(path, 0700, NULL) || !resolve(path, folder))
		return SDR_FILEWERR;
	int fd = hold_folder(folder);
	if (fd < 0)
		return SDR_OPENDEVICE;
	rc = is_empty(fd) ? make_self(folder, password, iterations) : SDR_FILEEXISTS;
	close(fd);
	return rc;
}

/* The lock is held for writing. */
static int start(struct hf_sdf_device *device, struct hf_bytes password, uint32_t iterations)
{
	struct hf_sdf_record self = device->self;

	if (atomic_load(&device->state) != SDFX_STATE_INITIAL)
		return SDR_STEPERR;
	int rc = seal_self(&self, password, iterations);
	if (rc == SDR_OK)
		rc = hf_sdf_store_write(device->folder, &self, NULL);
	if (rc != SDR_OK)
		return rc;
	device->self = self;
	enter_state(device);
	return SDR_OK;
}

int hf_sdf_device_start(struct hf_sdf_device *device, struct hf_bytes password, uint32_t iterations)
{
	pthread_rwlock_wrlock(&device->lock);
	int rc = start(device, password, iterations);
	pthread_rwlock_unlock(&device->lock);
	return rc;
}

static struct hf_sdf_record self_of(struct hf_sdf_device *device)
{
	pthread_rwlock_rdlock(&device->lock);
	struct hf_sdf_record self = device->self;
	pthread_rwlock_unlock(&device->lock);
	return self;
}

uint32_t hf_sdf_device_iterations(struct hf_sdf_device *device)
{
	return self_of(device).iterations;
}

void hf_sdf_device_serial(struct hf_sdf_device *device, unsigned char out[16])
{
	struct hf_sdf_record self = self_of(device);

	memcpy(out, self.pub, 16);
}

/* --- The management key --- */

/* The lock is held for writing. */
static int open_keks(struct hf_sdf_device *device, const uint8_t *management)
{
	struct hf_sdf_kept *kept = NULL;

	while ((kept = hf_sdf_keep_next(&device->keep, kept)) != NULL) {
		if (kept->record.kind != HF_SDF_RECORD_KEK || kept->kek)
			continue;
		kept->kek = hf_sdf_secret_take(&device->pool);
		if (!kept->kek)
			return SDR_NOBUFFER;
		if (hf_sdf_record_open(&kept->record, (struct hf_bytes){management, HF_SDF_SECRET}, kept->kek) !=
			SDR_OK)
			return SDR_HARDFAIL;
	}
	return SDR_OK;
}

static void forget_keks(struct hf_sdf_device *device)
{
	struct hf_sdf_kept *kept = NULL;

	while ((kept = hf_sdf_keep_next(&device->keep, kept)) != NULL) {
		hf_sdf_secret_give(&device->pool, kept->kek);
		kept->kek = NULL;
	}
}

int hf_sdf_device_unlock(struct hf_sdf_device *device, struct hf_bytes password)
{
	uint8_t *management = hf_sdf_secret_take(&device->pool);

	if (!management)
		return SDR_NOBUFFER;
	struct hf_sdf_record self = self_of(device);
	int rc = hf_sdf_record_open(&self, password, management);
	if (rc == SDR_OK) {
		pthread_rwlock_wrlock(&device->lock);
		if (!device->management) {
			rc = open_keks(device, management);
			if (rc == SDR_OK) {
				device->management = management;
				management = NULL;
			} else {
				forget_keks(device);
			}
		}
		pthread_rwlock_unlock(&device->lock);
	}
	hf_sdf_secret_give(&device->pool, management);
	return rc;
}

int hf_sdf_device_allow_debug(struct hf_sdf_device *device, struct hf_bytes password, bool allow)
{
	struct hf_sdf_record self = self_of(device);
	uint8_t management[HF_SDF_SECRET];
	int rc = hf_sdf_record_open(&self, password, management);

	self.use = allow ? HF_SDF_SELF_DEBUG : 0;
	if (rc == SDR_OK)
		rc = hf_sdf_record_seal(&self, password, management);
	hf_wipe(management, sizeof(management));
	if (rc != SDR_OK)
		return rc;
	pthread_rwlock_wrlock(&device->lock);
	rc = hf_sdf_store_write(device->folder, &self, NULL);
	if (rc == SDR_OK) {
		device->self = self;
		atomic_store(&device->debug, allow);
	}
	pthread_rwlock_unlock(&device->lock);
	return rc;
}

int hf_sdf_device_management(struct hf_sdf_device *device, uint8_t out[HF_SDF_SECRET])
{
	pthread_rwlock_rdlock(&device->lock);
	bool open = device->management != NULL;
	if (open)
		memcpy(out, device->management, HF_SDF_SECRET);
	pthread_rwlock_unlock(&device->lock);
	return open ? SDR_OK : SDR_PRKRERR;
}

/* --- Kept keys --- */

static void copy_out(const struct hf_sdf_kept *kept, struct hf_sdf_kept *out)
{
	*out = *kept;
	out->kek = out->tail = NULL;
	out->next = NULL;
}

int hf_sdf_device_find_tail(struct hf_sdf_device *device, uint32_t index, uint32_t use, struct hf_sdf_kept *out,
	uint8_t tail[HF_SDF_RSA_TAIL])
{
	pthread_rwlock_rdlock(&device->lock);
	const struct hf_sdf_kept *kept = hf_sdf_keep_find(&device->keep, HF_SDF_RECORD_RSA, index, use);
	if (kept) {
		copy_out(kept, out);
		memcpy(tail, kept->tail, HF_SDF_RSA_TAIL);
	}
	pthread_rwlock_unlock(&device->lock);
	return kept ? SDR_OK : SDR_KEYNOTEXIST;
}

int hf_sdf_device_find_other(struct hf_sdf_device *device, enum hf_sdf_record_kind kind, uint32_t index, uint32_t use,
	struct hf_sdf_kept *out)
{
	static const enum hf_sdf_record_kind kinds[] = {HF_SDF_RECORD_PAIR, HF_SDF_RECORD_RSA};

	for (size_t i = 0; i < 4; i++) {
		enum hf_sdf_record_kind other = kinds[i / 2];
		uint32_t other_use = i % 2 == 0 ? SDFX_USE_SIGN : SDFX_USE_ENC;
		if ((other != kind || other_use != use) &&
			hf_sdf_device_find(device, other, index, other_use, out) == SDR_OK)
			return SDR_OK;
	}
	return SDR_KEYNOTEXIST;
}

int hf_sdf_device_find(struct hf_sdf_device *device, enum hf_sdf_record_kind kind, uint32_t index, uint32_t use,
	struct hf_sdf_kept *out)
{
	pthread_rwlock_rdlock(&device->lock);
	const struct hf_sdf_kept *kept = hf_sdf_keep_find(&device->keep, kind, index, use);
	if (kept)
		copy_out(kept, out);
	pthread_rwlock_unlock(&device->lock);
	return kept ? SDR_OK : SDR_KEYNOTEXIST;
}

int hf_sdf_device_kek(struct hf_sdf_device *device, uint32_t index, uint8_t kek[HF_SM4_KEY])
{
	int rc = SDR_PRKRERR;

	pthread_rwlock_rdlock(&device->lock);
	if (device->management) {
		const struct hf_sdf_kept *kept = hf_sdf_keep_find(&device->keep, HF_SDF_RECORD_KEK, index, 0);
		rc = kept ? SDR_OK : SDR_KEYNOTEXIST;
		if (kept)
			memcpy(kek, kept->kek, HF_SM4_KEY);
	}
	pthread_rwlock_unlock(&device->lock);
	return rc;
}

static bool remove_file(struct hf_sdf_device *device, const struct hf_sdf_record *record)
{
	char name[HF_SDF_NAME_MAX];

	hf_sdf_record_name(record, name);
	return (unlinkat(device->folder_fd, name, 0) == 0 || errno == ENOENT) && fsync(device->folder_fd) == 0;
}

/* The lock is held for writing. The key is usable only when its file is durable. */
static int keep(struct hf_sdf_device *device, const struct hf_sdf_record *record, uint8_t *kek, uint8_t *tail)
{
	if (hf_sdf_keep_find(&device->keep, record->kind, record->index, record->use))
		return SDR_KEYERR;
	int rc = hf_sdf_store_write(device->folder, record, tail);
	if (rc != SDR_OK)
		return rc;
	rc = hf_sdf_keep_add(&device->keep, record, kek, tail);
	if (rc != SDR_OK)
		remove_file(device, record);
	return rc;
}

int hf_sdf_device_keep(
	struct hf_sdf_device *device, const struct hf_sdf_record *record, const uint8_t *kek, const uint8_t *tail)
{
	uint8_t *secret = kek ? hf_sdf_secret_take(&device->pool) : NULL;
	uint8_t *behind = tail ? hf_try_alloc(hf_sdf_record_tail(record), 1) : NULL;
	int rc = (kek && !secret) || (tail && !behind) ? SDR_NOBUFFER : SDR_OK;

	if (rc == SDR_OK) {
		if (kek)
			memcpy(secret, kek, HF_SM4_KEY);
		if (tail)
			memcpy(behind, tail, hf_sdf_record_tail(record));
		pthread_rwlock_wrlock(&device->lock);
		rc = keep(device, record, secret, behind);
		pthread_rwlock_unlock(&device->lock);
	}
	if (rc != SDR_OK) {
		hf_sdf_secret_give(&device->pool, secret);
		free(behind);
	}
	return rc;
}

/* The lock is held for writing. */
static int forget(struct hf_sdf_device *device, struct hf_sdf_kept *kept)
{
	if (!remove_file(device, &kept->record))
		return SDR_FILEWERR;
	hf_sdf_secret_give(&device->pool, kept->kek);
	hf_sdf_keep_remove(&device->keep, kept);
	return SDR_OK;
}

int hf_sdf_device_forget(struct hf_sdf_device *device, uint64_t id)
{
	pthread_rwlock_wrlock(&device->lock);
	struct hf_sdf_kept *kept = hf_sdf_keep_by_id(&device->keep, id);
	int rc = kept ? forget(device, kept) : SDR_KEYNOTEXIST;
	pthread_rwlock_unlock(&device->lock);
	return rc;
}
