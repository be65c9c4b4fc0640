#include "cmd/pinbook.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/str.h"
#include "crypto/rand.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define BOOK_MAX      ((size_t)64 << 20)
#define BOOK_NAME_MAX 65
#define PIN_OCTETS    16
#define PIN_LEAST     6

struct line {
	char name[BOOK_NAME_MAX];
	struct hf_pin_pair pins;
};

struct hf_pinbook {
	char path[HF_PATH_MAX];
	pthread_mutex_t lock;
	struct line *lines; /* sorted by name */
	size_t num, cap;
	off_t read; /* octets of the file that are in lines */
};

struct hf_pinbook *hf_pinbook_new(const char *path)
{
	struct hf_pinbook *book = hf_alloc(1, sizeof(*book));

	hf_fmt_cut(book->path, sizeof(book->path), "%s", path);
	pthread_mutex_init(&book->lock, NULL);
	return book;
}

void hf_pinbook_free(struct hf_pinbook *book)
{
	if (!book)
		return;
	hf_wipe(book->lines, book->cap * sizeof(*book->lines));
	free(book->lines);
	pthread_mutex_destroy(&book->lock);
	free(book);
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct line *)a)->name, ((const struct line *)b)->name);
}

static const struct line *find(const struct hf_pinbook *book, const char *name)
{
	struct line key;

	if (!hf_fmt(key.name, sizeof(key.name), "%s", name) || book->num == 0)
		return NULL;
	return bsearch(&key, book->lines, book->num, sizeof(*book->lines), by_name);
}

/* Old memory is wiped, not only given back. */
static struct line *add_line(struct hf_pinbook *book)
{
	if (book->num == book->cap) {
		const size_t cap = book->cap ? 2 * book->cap : 64;
		struct line *more = hf_alloc(cap, sizeof(*more));

		if (book->num > 0)
			memcpy(more, book->lines, book->num * sizeof(*more));
		hf_wipe(book->lines, book->cap * sizeof(*book->lines));
		free(book->lines);
		book->lines = more;
		book->cap = cap;
	}
	return &book->lines[book->num++];
}

/* The next word of a line, up to a blank or the end. */
static bool take_word(struct hf_bytes *text, char *out, size_t size)
{
	size_t len = 0;

	while (len < text->len && text->p[len] != ' ')
		len++;
	if (len == 0 || len >= size)
		return false;
	memcpy(out, text->p, len);
	out[len] = '\0';
	len += len < text->len;
	*text = (struct hf_bytes){text->p + len, text->len - len};
	return true;
}

static bool read_line(struct hf_pinbook *book, struct hf_bytes text)
{
	struct line *line = add_line(book);

	return take_word(&text, line->name, sizeof(line->name)) &&
	       take_word(&text, line->pins.user, sizeof(line->pins.user)) &&
	       take_word(&text, line->pins.admin, sizeof(line->pins.admin)) && text.len == 0 &&
	       strlen(line->pins.user) >= PIN_LEAST && strlen(line->pins.admin) >= PIN_LEAST;
}

static bool read_lines(struct hf_pinbook *book, struct hf_bytes text, struct hf_err *err)
{
	const uint8_t *end;

	while (text.len > 0 && (end = memchr(text.p, '\n', text.len)) != NULL) {
		const size_t len = (size_t)(end - text.p);

		if (!read_line(book, (struct hf_bytes){text.p, len}))
			return hf_fail(err, HF_E_INPUT,
				"%s: expected lines \"NAME PIN ADMINPIN\" with PINs of 6 to 64 characters (GM/T 0016 "
				"8.2)",
				book->path);
		book->read += (off_t)len + 1;
		text = (struct hf_bytes){end + 1, text.len - len - 1};
	}
	qsort(book->lines, book->num, sizeof(*book->lines), by_name);
	return true;
}

/* What others have appended since. */
static bool catch_up(struct hf_pinbook *book, int fd, struct hf_err *err)
{
	struct hf_buf text;
	struct stat st;
	bool ok = false;

	hf_buf_init_secret(&text, BOOK_MAX);
	if (fstat(fd, &st) < 0 || lseek(fd, book->read, SEEK_SET) < 0) {
		hf_fail(err, HF_E_STORE, "%s: %s", book->path, strerror(errno));
	} else if (st.st_size <= book->read) {
		ok = true;
	} else {
		const size_t len = (size_t)(st.st_size - book->read);
		uint8_t *room = len <= BOOK_MAX ? hf_buf_extend(&text, len) : NULL;

		if (!room)
			hf_fail(err, HF_E_LIMIT, "%s: larger than %zu octets", book->path, BOOK_MAX);
		else if (!hf_read_all(fd, room, len))
			hf_fail(err, HF_E_STORE, "%s: cannot be read: %s", book->path, strerror(errno));
		else
			ok = read_lines(book, hf_buf_bytes(&text), err);
	}
	hf_buf_clear(&text);
	return ok;
}

bool hf_pinbook_find(struct hf_pinbook *book, const char *name, struct hf_pin_pair *pins, struct hf_err *err)
{
	const struct line *line;
	bool ok = true;

	pthread_mutex_lock(&book->lock);
	line = find(book, name);
	if (!line) {
		const int fd = open(book->path, O_RDONLY | O_CLOEXEC);

		if (fd < 0 && errno != ENOENT)
			ok = hf_fail(err, HF_E_STORE, "%s: %s", book->path, strerror(errno));
		else if (fd >= 0)
			ok = catch_up(book, fd, err);
		if (fd >= 0)
			close(fd);
		line = ok ? find(book, name) : NULL;
	}
	if (line)
		*pins = line->pins;
	else if (ok)
		ok = hf_fail(err, HF_E_MISSING, "%s: no line for %s", book->path, name);
	pthread_mutex_unlock(&book->lock);
	return ok;
}

/* ---- writing ---------------------------------------------------------------------------------------------------- */

static bool random_pin(char out[HF_PIN_TEXT_MAX], struct hf_err *err)
{
	uint8_t octets[PIN_OCTETS];

	if (!hf_rand(octets, sizeof(octets), err))
		return false;
	hf_hex(HF_BYTES_OF(octets), out);
	hf_wipe(octets, sizeof(octets));
	return true;
}

static bool put_line(struct hf_buf *text, const char *name, struct hf_err *err)
{
	struct hf_pin_pair pins = {{0}, {0}};
	bool ok = random_pin(pins.user, err) && random_pin(pins.admin, err);

	if (ok)
		ok = hf_buf_printf(text, "%s %s %s\n", name, pins.user, pins.admin) ||
		     hf_fail(err, HF_E_LIMIT, "too many PINs at once");
	hf_wipe(&pins, sizeof(pins));
	return ok;
}

static bool put_missing(
	struct hf_pinbook *book, const char *const *names, size_t num, struct hf_buf *text, struct hf_err *err)
{
	for (size_t i = 0; i < num; i++) {
		if (!names[i][0] || strpbrk(names[i], " \n") || strlen(names[i]) >= BOOK_NAME_MAX)
			return hf_fail(err, HF_E_INPUT, "%s: a name without blanks is needed", book->path);
		if (!find(book, names[i]) && !put_line(text, names[i], err))
			return false;
	}
	return true;
}

/* fd is locked, and everything whole in it is in lines. */
static bool append(
	struct hf_pinbook *book, int fd, const char *const *names, size_t num, struct hf_buf *text, struct hf_err *err)
{
	char folder[HF_PATH_MAX];

	if (!put_missing(book, names, num, text, err))
		return false;
	if (text->len == 0)
		return true;
	if (ftruncate(fd, book->read) < 0 || lseek(fd, book->read, SEEK_SET) < 0 ||
		!hf_write_all(fd, hf_buf_bytes(text)) || fsync(fd) < 0)
		return hf_fail(err, HF_E_STORE, "%s: %s", book->path, strerror(errno));
	hf_fmt_cut(folder, sizeof(folder), "%s", book->path);
	char *slash = strrchr(folder, '/');
	if (slash)
		*slash = '\0';
	return hf_dir_sync(slash ? folder : ".", err) && read_lines(book, hf_buf_bytes(text), err);
}

bool hf_pinbook_ensure(struct hf_pinbook *book, const char *const *names, size_t num, struct hf_err *err)
{
	struct hf_buf text;
	bool ok = false;
	int fd;

	hf_buf_init_secret(&text, BOOK_MAX);
	pthread_mutex_lock(&book->lock);
	fd = open(book->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || flock(fd, LOCK_EX) < 0)
		hf_fail(err, HF_E_STORE, "%s: %s", book->path, strerror(errno));
	else
		ok = catch_up(book, fd, err) && append(book, fd, names, num, &text, err);
	if (fd >= 0)
		close(fd);
	pthread_mutex_unlock(&book->lock);
	hf_buf_clear(&text);
	return ok;
}
