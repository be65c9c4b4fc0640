#include "base/file.h"

#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool hf_write_all(int fd, struct hf_bytes content)
{
	size_t done = 0;

	while (done < content.len) {
		ssize_t n = write(fd, content.p + done, content.len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

bool hf_read_all(int fd, void *out, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = read(fd, (uint8_t *)out + done, len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n == 0 ? 0 : errno;
			return false;
		}
		done += (size_t)n;
	}
	return true;
}

bool hf_file_there(const char *path)
{
	return access(path, F_OK) == 0;
}

bool hf_file_read(const char *path, struct hf_buf *out, struct hf_err *err)
{
	uint8_t block[16384];
	bool ok = false;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return hf_fail(err, errno == ENOENT ? HF_E_MISSING : HF_E_STORE, "%s: %s", path, strerror(errno));
	while ((n = read(fd, block, sizeof(block))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			hf_fail(err, HF_E_STORE, "%s: %s", path, strerror(errno));
			goto out;
		}
		if (!hf_buf_put(out, block, (size_t)n)) {
			hf_fail(err, HF_E_LIMIT, "%s: larger than %zu octets", path, out->max);
			goto out;
		}
	}
	ok = true;
out:
	hf_wipe(block, sizeof(block));
	close(fd);
	return ok;
}

bool hf_dir_sync(const char *path, struct hf_err *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return hf_fail(err, HF_E_STORE, "%s: %s", path, strerror(errno));
	bool ok = fsync(fd) == 0;
	if (!ok)
		hf_fail(err, HF_E_STORE, "%s: %s", path, strerror(errno));
	close(fd);
	return ok;
}

static bool sync_parent(const char *path, struct hf_err *err)
{
	char parent[HF_PATH_MAX];

	if (!hf_fmt(parent, sizeof(parent), "%s", path))
		return hf_fail(err, HF_E_LIMIT, "path is longer than %d", HF_PATH_MAX);
	char *slash = strrchr(parent, '/');
	if (!slash)
		return hf_dir_sync(".", err);
	slash[slash == parent] = '\0';
	return hf_dir_sync(parent, err);
}

bool hf_file_write(const char *path, struct hf_bytes content, mode_t mode, struct hf_err *err)
{
	char temp[HF_PATH_MAX];

	if (!hf_fmt(temp, sizeof(temp), "%s.%ld.new", path, (long)getpid()))
		return hf_fail(err, HF_E_LIMIT, "%s: path is longer than %d", path, HF_PATH_MAX);
	int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0)
		return hf_fail(err, HF_E_STORE, "%s: %s", temp, strerror(errno));
	bool ok = hf_write_all(fd, content) && fsync(fd) == 0;
	int why = errno;
	ok = close(fd) == 0 && ok;
	if (!ok || rename(temp, path) != 0) {
		why = ok ? errno : why;
		unlink(temp);
		return hf_fail(err, HF_E_STORE, "%s: %s", path, strerror(why));
	}
	return sync_parent(path, err);
}

bool hf_dir_make(const char *path, mode_t mode, struct hf_err *err)
{
	char part[HF_PATH_MAX];

	if (!hf_fmt(part, sizeof(part), "%s", path))
		return hf_fail(err, HF_E_LIMIT, "%s: path is longer than %d", path, HF_PATH_MAX);
	for (char *p = part + 1;; p++) {
		if (*p != '/' && *p != '\0')
			continue;
		char was = *p;
		*p = '\0';
		if (mkdir(part, mode) != 0 && errno != EEXIST)
			return hf_fail(err, HF_E_STORE, "%s: %s", part, strerror(errno));
		if (was == '\0')
			return true;
		*p = was;
	}
}
