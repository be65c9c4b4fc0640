/*
 * The inside of libhufuskf.so.
 *
 * A handle names a row of one table: number of the row, kind of object, and a count that never repeats, so a stale,
 * foreign or invented handle is told from a live one. Objects form a chain (container → application → device) and are
 * counted; closing one closes all that came from it. Each call goes through skf_enter(): the handle is looked up, its
 * device locked against threads (mutex) and against other handles and processes (flock on the device's folder), and the
 * folder is looked for, so that a pulled token says SAR_DEVICE_REMOVED. Nothing here aborts: no memory is
 * SAR_MEMORYERR.
 */
#ifndef HUFU_SKF_INT_H
#define HUFU_SKF_INT_H

#include "base/bytes.h"
#include "base/file.h"
#include "crypto/sm2.h"
#include "crypto/sm3.h"
#include "crypto/sm4.h"
#include "skf.h"
#include "skfx.h"

#include <pthread.h>
#include <stdbool.h>
#include <sys/stat.h>

#define SKF_NAME_MAX      64 /* octets of a device, application or container name */
#define SKF_FILE_NAME_MAX 31
#define SKF_LABEL_MAX     31
#define SKF_PIN_MIN       6
#define SKF_PIN_MAX       64
#define SKF_CERT_MAX      16384
#define SKF_FILE_MAX      262144
#define SKF_CONTAINER_CAP 64 /* containers of an application */
#define SKF_APP_CAP       16 /* applications of a device */
#define SKF_RETRY_MAX     255

enum skf_type { SKF_DEV = 1, SKF_APP, SKF_CON, SKF_KEY, SKF_HASH };

struct skf_obj {
	enum skf_type type;
	unsigned refs; /* under the table's lock */
	bool closed;   /* under the table's lock */
	struct skf_obj *parent;
};

struct skf_dev {
	struct skf_obj obj;
	pthread_mutex_t lock;
	int dir;
	dev_t st_dev;
	ino_t st_ino;
	char path[HF_PATH_MAX];
	bool authed;     /* has device permission */
	bool alone;      /* SKF_LockDev holds the flock */
	bool challenged; /* challenge is waiting for SKF_DevAuth */
	uint8_t challenge[8];
};

struct skf_app {
	struct skf_obj obj;
	char name[SKF_NAME_MAX + 1];
	uint8_t id[16];
	uint32_t create_rights;
	uint32_t rights; /* what the PIN given so far allows: 0, SKF_RIGHT_ADMIN or SKF_RIGHT_USER */
	uint8_t enc[16]; /* derived from the application's master key; only when rights != 0 */
	uint8_t mac[32];
};

struct skf_con {
	struct skf_obj obj;
	char name[SKF_NAME_MAX + 1];
};

struct skf_key {
	struct skf_obj obj;
	uint8_t key[HF_SM4_KEY];
	uint32_t alg;
	bool encrypting, running, padded;
	uint8_t iv[HF_SM4_BLOCK];
	uint8_t rest[HF_SM4_BLOCK];
	size_t rest_len;
};

struct skf_hash {
	struct skf_obj obj;
	struct hf_sm3 sm3;
	bool started;
};

/* --- handle.c --- */
/* An object of size octets on locked memory of its own, with one reference, which is the caller's. NULL: no memory. */
void *skf_obj_new(enum skf_type type, size_t size, struct skf_obj *parent);
/* Drops a reference; the last one closes files, wipes, frees, and drops the parent's. NULL is fine. */
void skf_obj_drop(struct skf_obj *obj);
/* Gives the object a handle, which takes over the caller's reference; on failure it is dropped. */
ULONG skf_handle_new(struct skf_obj *obj, HANDLE *out);
/* Takes the handle, and those of all objects that came from its object, out of the table. */
ULONG skf_handle_close(HANDLE handle, unsigned type_mask);

/* What a call works on; filled along the chain. */
struct skf_call {
	struct skf_obj *obj;
	struct skf_dev *dev;
	struct skf_app *app; /* NULL for a device's own objects */
	struct skf_con *con;
};

ULONG skf_enter(HANDLE handle, enum skf_type type, struct skf_call *call);
void skf_leave(struct skf_call *call);
/* The device of a handle with one more reference, not locked. */
ULONG skf_device_hold(HANDLE handle, struct skf_dev **dev);

/* --- store.c: files of a device folder; the caller is inside skf_enter() --- */
/* Room for "k-" + 8 digits of the application's id + "-" + a name in hex. */
#define SKF_ENTRY_MAX (2 + 32 + 1 + 2 * SKF_NAME_MAX + 1)

/* The whole file. SAR_FILE_NOT_EXIST, SAR_FILEERR (also: larger than max). */
ULONG skf_read(int dir, const char *entry, uint8_t *out, size_t max, size_t *len);
/* New content, durable when it returns: the old or the new is there after a crash. */
ULONG skf_replace(int dir, const char *entry, struct hf_bytes content);
/* An empty file that was not there. Not synced: it means nothing yet, and whatever fills it syncs. */
ULONG skf_touch(int dir, const char *entry);
ULONG skf_remove(int dir, const char *entry);
/* Calls take(name without prefix, ctx) for each entry that starts with prefix, until it returns false. */
ULONG skf_each(int dir, const char *prefix, bool (*take)(const char *rest, void *ctx), void *ctx);
uint64_t skf_space_used(int dir);
/* entry = prefix + hex(name). */
void skf_entry(char entry[SKF_ENTRY_MAX], const char *prefix, const char *name);
/* The names of all entries with prefix as SKF wants lists. */
ULONG skf_list(int dir, const char *prefix, LPSTR out, ULONG *size);
unsigned skf_count(int dir, const char *prefix);

/* --- seal.c: secrets at rest --- */
struct skf_seal_keys {
	uint8_t enc[HF_SM4_KEY];
	uint8_t mac[HF_SM3_LEN];
};

/* Two keys from one secret. */
void skf_seal_keys(struct hf_bytes secret, struct skf_seal_keys *out);
ULONG skf_rand(void *out, size_t len);
ULONG skf_sar(const struct hf_err *err);

/* --- blob.c --- */
/* A blob's 64-octet fields hold 32-octet numbers at their end; anything in front is refused. */
bool skf_point_get(const BYTE x[64], const BYTE y[64], uint8_t out[HF_SM2_POINT]);
void skf_point_put(const uint8_t in[HF_SM2_POINT], BYTE x[64], BYTE y[64]);
ULONG skf_pub_get(const ECCPUBLICKEYBLOB *blob, uint8_t out[HF_SM2_POINT]); /* also checks that it is on the curve */
void skf_pub_put(const uint8_t in[HF_SM2_POINT], ECCPUBLICKEYBLOB *blob);
void skf_cipher_put(const uint8_t *c1c3c2, size_t plain_len, ECCCIPHERBLOB *blob);
#define SKF_CIPHER_HEAD (sizeof(ECCCIPHERBLOB) - 1)
/* Decrypts the blob (CipherLen at most max) with d into out. */
ULONG skf_cipher_open(const uint8_t d[32], const ECCCIPHERBLOB *blob, size_t max, uint8_t *out);
bool skf_name_ok(const char *name, size_t max);
/* Copies len octets to the caller as the standard has it: NULL asks for the length, too little room is refused. */
ULONG skf_give(const void *data, size_t len, void *out, ULONG *out_len);

/* --- app.c --- */
/* Has the application's login one of these rights? SAR_USER_NOT_LOGGED_IN otherwise. */
ULONG skf_need(const struct skf_app *app, uint32_t rights);
/* "c-<app id>-" for containers, "f-<app id>-" for files. */
#define SKF_PREFIX_MAX (2 + 32 + 2)
void skf_prefix(char out[SKF_PREFIX_MAX], char kind, const uint8_t app_id[16]);

/* --- container_file.c --- */
struct skf_pair {
	bool there;
	uint8_t pub[HF_SM2_POINT];
	uint8_t iv[HF_SM4_BLOCK];
	uint8_t sealed[HF_SM2_SCALAR];
};

enum { SKF_SIGN, SKF_ENC };

struct skf_content {
	struct skf_pair pair[2]; /* SKF_SIGN, SKF_ENC */
	uint32_t cert_len[2];
	uint8_t cert[2][SKF_CERT_MAX];
};

/* A new skf_content, which the caller frees; when somebody is logged in, the file's tag is checked. */
ULONG skf_content_read(const struct skf_call *call, struct skf_content **out);
ULONG skf_content_write(const struct skf_call *call, const struct skf_content *content);
ULONG skf_pair_seal(const struct skf_app *app, const struct hf_sm2_key *key, struct skf_pair *pair);
void skf_pair_open(const struct skf_app *app, const struct skf_pair *pair, uint8_t d[HF_SM2_SCALAR]);
/* "c-…" of a name. */
void skf_container_entry(char entry[SKF_ENTRY_MAX], const struct skf_app *app, const char *name);

#endif
