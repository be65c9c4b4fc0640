#include "skf_int.h"

#include "base/alloc.h"
#include "base/hex.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One name for all: the folder's lock is held, and what a crash left is overwritten. */
#define TEMP_ENTRY ".new"

ULONG skf_read(int dir, const char *entry, uint8_t *out, size_t max, size_t *len)
{
	struct stat st;
	ULONG rv = SAR_FILEERR;
	int fd = openat(dir, entry, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return errno == ENOENT ? SAR_FILE_NOT_EXIST : SAR_FILEERR;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size < 0 || (uint64_t)st.st_size > max)
		goto out;
	if (!hf_read_all(fd, out, (size_t)st.st_size))
		goto out;
	*len = (size_t)st.st_size;
	rv = SAR_OK;
out:
	close(fd);
	return rv;
}

ULONG skf_replace(int dir, const char *entry, struct hf_bytes content)
{
	int fd = openat(dir, TEMP_ENTRY, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return SAR_WRITEFILEERR;
	bool ok = hf_write_all(fd, content) && fsync(fd) == 0;
	ok = close(fd) == 0 && ok;
	ok = ok && renameat(dir, TEMP_ENTRY, dir, entry) == 0 && fsync(dir) == 0;
	if (!ok)
		(void)unlinkat(dir, TEMP_ENTRY, 0);
	return ok ? SAR_OK : SAR_WRITEFILEERR;
}

ULONG skf_touch(int dir, const char *entry)
{
	int fd = openat(dir, entry, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return errno == EEXIST ? SAR_FILE_ALREADY_EXIST : SAR_WRITEFILEERR;
	close(fd);
	return SAR_OK;
}

ULONG skf_remove(int dir, const char *entry)
{
	if (unlinkat(dir, entry, 0) != 0)
		return errno == ENOENT ? SAR_FILE_NOT_EXIST : SAR_FILEERR;
	return fsync(dir) == 0 ? SAR_OK : SAR_FILEERR;
}

ULONG skf_each(int dir, const char *prefix, bool (*take)(const char *rest, void *ctx), void *ctx)
{
	size_t prefix_len = strlen(prefix);
	struct dirent *e;
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd >= 0 ? fdopendir(fd) : NULL;

	if (!list) {
		if (fd >= 0)
			close(fd);
		return SAR_FILEERR;
	}
	while ((e = readdir(list)) != NULL)
		if (strncmp(e->d_name, prefix, prefix_len) == 0 && !take(e->d_name + prefix_len, ctx))
			break;
	closedir(list);
	return SAR_OK;
}

struct space {
	int dir;
	uint64_t used;
};

static bool add_space(const char *rest, void *ctx)
{
	struct space *space = ctx;
	struct stat st;

	if (rest[0] != '.' && fstatat(space->dir, rest, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_size > 0)
		space->used += (uint64_t)st.st_size;
	return true;
}

uint64_t skf_space_used(int dir)
{
	struct space space = {dir, 0};

	(void)skf_each(dir, "", add_space, &space);
	return space.used;
}

void skf_entry(char entry[SKF_ENTRY_MAX], const char *prefix, const char *name)
{
	char hex[2 * SKF_NAME_MAX + 1];
	struct hf_bytes bytes = hf_bytes_str(name);

	bytes.len = bytes.len < SKF_NAME_MAX ? bytes.len : SKF_NAME_MAX;
	hf_hex(bytes, hex);
	hf_fmt_cut(entry, SKF_ENTRY_MAX, "%s%s", prefix, hex);
}

struct names {
	char *out; /* NULL: count only */
	size_t room, len;
	unsigned num;
};

/* Appends the name that this hex spells; an entry that is not ours is passed over. */
static bool add_name(const char *rest, void *ctx)
{
	struct names *names = ctx;
	uint8_t name[SKF_NAME_MAX];
	size_t len = strlen(rest) / 2;

	if (len == 0 || len > sizeof(name) || strlen(rest) % 2 != 0 || !hf_unhex(rest, name, len) ||
		memchr(name, 0, len))
		return true;
	if (names->out && names->len + len + 1 < names->room) {
		memcpy(names->out + names->len, name, len);
		names->out[names->len + len] = '\0';
	}
	names->len += len + 1;
	names->num++;
	return true;
}

ULONG skf_list(int dir, const char *prefix, LPSTR out, ULONG *size)
{
	struct names names = {.out = out, .room = out && size ? *size : 0};

	if (!size)
		return SAR_INVALIDPARAMERR;
	if (skf_each(dir, prefix, add_name, &names) != SAR_OK)
		return SAR_FILEERR;
	/* An empty list is two NULs as well. */
	size_t need = names.len > 0 ? names.len + 1 : 2;
	*size = (ULONG)need;
	if (!out)
		return SAR_OK;
	if (need > names.room)
		return SAR_BUFFER_TOO_SMALL;
	out[need - 1] = '\0';
	if (names.len == 0)
		out[0] = '\0';
	return SAR_OK;
}

unsigned skf_count(int dir, const char *prefix)
{
	struct names names = {0};

	(void)skf_each(dir, prefix, add_name, &names);
	return names.num;
}
