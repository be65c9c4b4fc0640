#include "device_file.h"

#include "base/hex.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define ENTRY "device"
#define MAGIC "HUFUDEV1"

/* Offsets of the file; the whole is followed by its SM3, against a torn or rotten disk. */
enum { AT_LABEL = 8, AT_SERIAL = 40, AT_AUTH = 72, AT_ITERATIONS = 88, AT_SUM = 96, FILE_LEN = AT_SUM + HF_SM3_LEN };

ULONG skf_device_file_read(int dir, struct skf_device_file *file)
{
	uint8_t in[FILE_LEN], sum[HF_SM3_LEN];
	size_t len = 0;

	ULONG rv = skf_read(dir, ENTRY, in, sizeof(in), &len);
	if (rv != SAR_OK) {
		rv = rv == SAR_FILE_NOT_EXIST ? SAR_DEVICE_REMOVED : rv;
		goto out;
	}
	rv = SAR_FILEERR;
	if (len != FILE_LEN || memcmp(in, MAGIC, 8) != 0)
		goto out;
	hf_sm3((struct hf_bytes){in, AT_SUM}, sum);
	if (!hf_secret_equal(sum, in + AT_SUM, sizeof(sum)))
		goto out;
	memcpy(file->label, in + AT_LABEL, sizeof(file->label));
	memcpy(file->serial, in + AT_SERIAL, sizeof(file->serial));
	memcpy(file->auth_key, in + AT_AUTH, sizeof(file->auth_key));
	file->iterations = hf_get_u32(in + AT_ITERATIONS);
	file->label[SKF_LABEL_MAX] = file->serial[31] = '\0';
	if (file->iterations >= 1 && file->iterations <= SKFX_MAX_ITERATIONS)
		rv = SAR_OK;
out:
	hf_wipe(in, sizeof(in));
	return rv;
}

static void encode(const struct skf_device_file *file, uint8_t out[FILE_LEN])
{
	memset(out, 0, FILE_LEN);
	memcpy(out, MAGIC, 8);
	memcpy(out + AT_LABEL, file->label, sizeof(file->label));
	memcpy(out + AT_SERIAL, file->serial, sizeof(file->serial));
	memcpy(out + AT_AUTH, file->auth_key, sizeof(file->auth_key));
	hf_put_u32(out + AT_ITERATIONS, file->iterations);
	hf_sm3((struct hf_bytes){out, AT_SUM}, out + AT_SUM);
}

ULONG skf_device_file_write(int dir, const struct skf_device_file *file)
{
	uint8_t out[FILE_LEN];

	encode(file, out);
	ULONG rv = skf_replace(dir, ENTRY, HF_BYTES_OF(out));
	hf_wipe(out, sizeof(out));
	return rv;
}

/* Empties and removes a folder of the home; one that is not there is fine. */
static bool sweep(int home, const char *name)
{
	struct dirent *e;
	int fd = openat(home, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return errno == ENOENT;
	DIR *dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return false;
	}
	while ((e = readdir(dir)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			(void)unlinkat(fd, e->d_name, 0);
	closedir(dir);
	return unlinkat(home, name, AT_REMOVEDIR) == 0;
}

static int home_open(ULONG *rv)
{
	const char *home = getenv("HUFU_SKF_HOME");

	*rv = SAR_NOTINITIALIZEERR;
	if (!home || !home[0])
		return -1;
	*rv = SAR_FILEERR;
	if (!hf_dir_make(home, 0700, NULL))
		return -1;
	int fd = open(home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*rv = fd >= 0 ? SAR_OK : SAR_FILEERR;
	return fd;
}

/*
 * ".new-NAME" beside the device to be: nobody sees it before its renaming, for no device has a dot in front. Two makers
 * of one name take turns by its lock; whoever waited finds it renamed, which is told by *gone.
 */
static int temp_open(int home, const char *temp, bool *gone)
{
	struct stat mine, there;

	*gone = false;
	if (mkdirat(home, temp, 0700) != 0 && errno != EEXIST)
		return -1;
	int dir = openat(home, temp, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (dir < 0) {
		*gone = errno == ENOENT;
		return -1;
	}
	bool ok = flock(dir, LOCK_EX) == 0 && fstat(dir, &mine) == 0;
	if (ok && (fstatat(home, temp, &there, AT_SYMLINK_NOFOLLOW) != 0 || there.st_ino != mine.st_ino))
		*gone = true;
	if (ok && !*gone)
		return dir;
	close(dir);
	return -1;
}

/* One sync of the file, one of its folder, one of the home after the renaming: a device that is seen is whole. */
static ULONG build(int home, const char *name, const struct skf_device_file *file)
{
	uint8_t out[FILE_LEN];
	char temp[SKF_NAME_MAX + 8];
	bool gone;

	hf_fmt_cut(temp, sizeof(temp), ".new-%s", name);
	int dir = temp_open(home, temp, &gone);
	if (dir < 0)
		return gone ? SAR_FILE_ALREADY_EXIST : SAR_FILEERR;
	int fd = openat(dir, ENTRY, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	encode(file, out);
	bool ok = fd >= 0 && hf_write_all(fd, HF_BYTES_OF(out)) && fsync(fd) == 0 && fsync(dir) == 0;
	hf_wipe(out, sizeof(out));
	if (fd >= 0)
		ok = close(fd) == 0 && ok;
	/* A device of this name that came meanwhile is not empty, so that rename(2) refuses it. */
	ULONG rv = ok && renameat(home, temp, home, name) == 0 && fsync(home) == 0 ? SAR_OK : SAR_FILEERR;
	if (rv != SAR_OK)
		(void)sweep(home, temp);
	close(dir);
	return rv;
}

static ULONG fill(struct skf_device_file *file, LPSTR label, const BYTE *key, ULONG iterations)
{
	uint8_t serial[15];

	if (!label || strnlen(label, SKF_LABEL_MAX + 1) > SKF_LABEL_MAX)
		return SAR_NAMELENERR;
	if (!key || (iterations != 0 && (iterations < SKFX_MIN_ITERATIONS || iterations > SKFX_MAX_ITERATIONS)))
		return SAR_INVALIDPARAMERR;
	ULONG rv = skf_rand(serial, sizeof(serial));
	if (rv != SAR_OK)
		return rv;
	memset(file, 0, sizeof(*file));
	hf_hex(HF_BYTES_OF(serial), file->serial);
	hf_fmt_cut(file->label, sizeof(file->label), "%s", label);
	memcpy(file->auth_key, key, sizeof(file->auth_key));
	file->iterations = iterations ? iterations : SKFX_DEFAULT_ITERATIONS;
	return SAR_OK;
}

ULONG DEVAPI SKFX_CreateDevice(
	LPSTR szName, LPSTR szLabel, BYTE pbDevAuthKey[SKFX_DEV_AUTH_KEY_LEN], ULONG ulIterations)
{
	struct skf_device_file file;

	if (!skf_device_name_ok(szName))
		return SAR_NAMELENERR;
	ULONG rv = fill(&file, szLabel, pbDevAuthKey, ulIterations);
	int home = rv == SAR_OK ? home_open(&rv) : -1;
	if (home >= 0) {
		bool there = faccessat(home, szName, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
		rv = there ? SAR_FILE_ALREADY_EXIST : build(home, szName, &file);
		close(home);
	}
	hf_wipe(&file, sizeof(file));
	return rv;
}

ULONG DEVAPI SKFX_DeleteDevice(LPSTR szName, BYTE pbDevAuthKey[SKFX_DEV_AUTH_KEY_LEN])
{
	struct skf_device_file file = {0};
	char temp[SKF_NAME_MAX + 8];
	ULONG rv;

	if (!skf_device_name_ok(szName) || !pbDevAuthKey)
		return SAR_INVALIDPARAMERR;
	int home = home_open(&rv);
	if (home < 0)
		return rv;
	int dir = openat(home, szName, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	rv = dir < 0 ? SAR_DEVICE_REMOVED : skf_device_file_read(dir, &file);
	if (rv == SAR_OK && !hf_secret_equal(file.auth_key, pbDevAuthKey, sizeof(file.auth_key)))
		rv = SAR_FAIL;
	hf_fmt_cut(temp, sizeof(temp), ".old-%s", szName);
	if (rv == SAR_OK) {
		/* Renamed first: half of it must never be taken for a device. */
		bool ok = sweep(home, temp) && renameat(home, szName, home, temp) == 0 && sweep(home, temp) &&
			  fsync(home) == 0;
		rv = ok ? SAR_OK : SAR_FILEERR;
	}
	hf_wipe(&file, sizeof(file));
	if (dir >= 0)
		close(dir);
	close(home);
	return rv;
}
