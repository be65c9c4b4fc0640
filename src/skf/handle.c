#include "skf_int.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * The one table. A handle is count (high) | kind (4 bits) | row + 1 (20 bits); the count is the process's own and goes
 * on when the table is given back, so that no handle of today equals one of yesterday.
 */
#define ROW_BITS  20
#define KIND_BITS 4
#define ROW_MASK  ((1u << ROW_BITS) - 1)
#define KIND_MASK ((1u << KIND_BITS) - 1)

struct row {
	struct skf_obj *obj;
	uintptr_t handle;
};

static struct {
	pthread_mutex_t lock;
	struct row *rows;
	size_t num_rows, num_live, hint;
	uintptr_t count;
} table = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Whole pages, so that wiping, locking and keeping out of core files touch nobody else's memory. */
static size_t page_round(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	return (size + page - 1) / page * page;
}

static size_t obj_size(enum skf_type type)
{
	static const size_t sizes[] = {
		[SKF_DEV] = sizeof(struct skf_dev),
		[SKF_APP] = sizeof(struct skf_app),
		[SKF_CON] = sizeof(struct skf_con),
		[SKF_KEY] = sizeof(struct skf_key),
		[SKF_HASH] = sizeof(struct skf_hash),
	};
	return sizes[type];
}

static bool holds_secrets(enum skf_type type)
{
	return type == SKF_APP || type == SKF_KEY || type == SKF_HASH;
}

void *skf_obj_new(enum skf_type type, size_t size, struct skf_obj *parent)
{
	struct skf_obj *obj;

	if (!holds_secrets(type)) {
		obj = hf_try_alloc(1, size);
	} else {
		size_t whole = page_round(size);
		obj = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (obj == MAP_FAILED)
			return NULL;
		/* Best effort: RLIMIT_MEMLOCK may be small, and the token must work all the same. */
		(void)mlock(obj, whole);
		(void)madvise(obj, whole, MADV_DONTDUMP);
	}
	if (!obj)
		return NULL;
	obj->type = type;
	obj->refs = 1;
	if (parent) {
		pthread_mutex_lock(&table.lock);
		parent->refs++;
		pthread_mutex_unlock(&table.lock);
	}
	obj->parent = parent;
	return obj;
}

static void obj_free(struct skf_obj *obj)
{
	size_t size = obj_size(obj->type);
	bool secret = holds_secrets(obj->type);

	if (obj->type == SKF_DEV) {
		struct skf_dev *dev = (struct skf_dev *)obj;
		if (dev->dir >= 0)
			close(dev->dir);
		pthread_mutex_destroy(&dev->lock);
	}
	hf_wipe(obj, size);
	if (secret)
		munmap(obj, page_round(size));
	else
		free(obj);
}

void skf_obj_drop(struct skf_obj *obj)
{
	while (obj) {
		struct skf_obj *parent = obj->parent;

		pthread_mutex_lock(&table.lock);
		bool last = --obj->refs == 0;
		pthread_mutex_unlock(&table.lock);
		if (!last)
			return;
		obj_free(obj);
		obj = parent;
	}
}

/* More rows, under the lock. */
static bool table_grow(void)
{
	size_t num = table.num_rows ? 2 * table.num_rows : 64;

	if (num > ROW_MASK)
		return false;
	struct row *rows = hf_try_alloc(num, sizeof(*rows));
	if (!rows)
		return false;
	if (table.num_rows > 0)
		memcpy(rows, table.rows, table.num_rows * sizeof(*rows));
	free(table.rows);
	table.rows = rows;
	table.hint = table.num_rows;
	table.num_rows = num;
	return true;
}

/* A free row's number, or num_rows. */
static size_t free_row(void)
{
	for (size_t i = 0; i < table.num_rows; i++) {
		size_t at = (table.hint + i) % table.num_rows;
		if (!table.rows[at].obj)
			return at;
	}
	return table.num_rows;
}

ULONG skf_handle_new(struct skf_obj *obj, HANDLE *out)
{
	pthread_mutex_lock(&table.lock);
	size_t at = table.num_live < table.num_rows ? free_row() : table.num_rows;
	/* The parent may have been closed by another thread since this call found it. */
	bool ok = !(obj->parent && obj->parent->closed) && (at < table.num_rows || table_grow());
	if (ok) {
		table.count++;
		table.rows[at].obj = obj;
		table.rows[at].handle =
			table.count << (ROW_BITS + KIND_BITS) | (uintptr_t)obj->type << ROW_BITS | (uintptr_t)(at + 1);
		table.hint = at + 1;
		table.num_live++;
		*out = (HANDLE)table.rows[at].handle; // NOLINT: a handle is a number in pointer's clothes
	}
	pthread_mutex_unlock(&table.lock);
	if (!ok)
		skf_obj_drop(obj);
	return ok ? SAR_OK : SAR_MEMORYERR;
}

/* The live row of a handle, under the lock, or NULL. */
static struct row *row_of(HANDLE handle)
{
	uintptr_t number = (uintptr_t)handle;
	size_t at = (size_t)(number & ROW_MASK);

	if (at == 0 || at > table.num_rows)
		return NULL;
	struct row *row = &table.rows[at - 1];
	return row->obj && row->handle == number ? row : NULL;
}

static bool comes_from(const struct skf_obj *obj, const struct skf_obj *root)
{
	for (; obj; obj = obj->parent)
		if (obj == root)
			return true;
	return false;
}

ULONG skf_handle_close(HANDLE handle, unsigned type_mask)
{
	pthread_mutex_lock(&table.lock);
	struct row *row = row_of(handle);
	if (!row || !(type_mask & 1u << row->obj->type)) {
		pthread_mutex_unlock(&table.lock);
		return SAR_INVALIDHANDLEERR;
	}
	struct skf_obj *root = row->obj;
	root->refs++;
	for (size_t i = 0; i < table.num_rows; i++) {
		struct skf_obj *obj = table.rows[i].obj;
		if (!obj || !comes_from(obj, root))
			continue;
		obj->closed = true;
		table.rows[i] = (struct row){0};
		table.num_live--;
		/* Dropped outside the lock, but only its own row may do so: the table's reference moves here. */
		pthread_mutex_unlock(&table.lock);
		skf_obj_drop(obj);
		pthread_mutex_lock(&table.lock);
	}
	if (table.num_live == 0) {
		free(table.rows);
		table.rows = NULL;
		table.num_rows = table.hint = 0;
	}
	pthread_mutex_unlock(&table.lock);
	skf_obj_drop(root);
	return SAR_OK;
}

/* The device's folder is still where it was. */
static bool present(const struct skf_dev *dev)
{
	struct stat st;

	return stat(dev->path, &st) == 0 && st.st_dev == dev->st_dev && st.st_ino == dev->st_ino;
}

static bool lock_folder(const struct skf_dev *dev)
{
	if (dev->alone)
		return true;
	while (flock(dev->dir, LOCK_EX) != 0)
		if (errno != EINTR)
			return false;
	return true;
}

static bool still_open(const struct skf_obj *obj)
{
	pthread_mutex_lock(&table.lock);
	bool open = !obj->closed;
	pthread_mutex_unlock(&table.lock);
	return open;
}

ULONG skf_device_hold(HANDLE handle, struct skf_dev **dev)
{
	pthread_mutex_lock(&table.lock);
	struct row *row = row_of(handle);
	*dev = row && row->obj->type == SKF_DEV ? (struct skf_dev *)row->obj : NULL;
	if (*dev)
		(*dev)->obj.refs++;
	pthread_mutex_unlock(&table.lock);
	return *dev ? SAR_OK : SAR_INVALIDHANDLEERR;
}

ULONG skf_enter(HANDLE handle, enum skf_type type, struct skf_call *call)
{
	*call = (struct skf_call){0};
	pthread_mutex_lock(&table.lock);
	struct row *row = row_of(handle);
	if (row && row->obj->type == type) {
		call->obj = row->obj;
		call->obj->refs++;
	}
	pthread_mutex_unlock(&table.lock);
	if (!call->obj)
		return SAR_INVALIDHANDLEERR;
	for (struct skf_obj *obj = call->obj; obj; obj = obj->parent) {
		if (obj->type == SKF_DEV)
			call->dev = (struct skf_dev *)obj;
		else if (obj->type == SKF_APP)
			call->app = (struct skf_app *)obj;
		else if (obj->type == SKF_CON)
			call->con = (struct skf_con *)obj;
	}
	pthread_mutex_lock(&call->dev->lock);
	ULONG rv = SAR_OK;
	if (!still_open(call->obj))
		rv = SAR_INVALIDHANDLEERR;
	else if (!present(call->dev) || !lock_folder(call->dev))
		rv = SAR_DEVICE_REMOVED;
	if (rv != SAR_OK) {
		pthread_mutex_unlock(&call->dev->lock);
		skf_obj_drop(call->obj);
	}
	return rv;
}

void skf_leave(struct skf_call *call)
{
	if (!call->dev->alone)
		(void)flock(call->dev->dir, LOCK_UN);
	pthread_mutex_unlock(&call->dev->lock);
	skf_obj_drop(call->obj);
}
