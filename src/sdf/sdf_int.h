/*
 * What the files of libhufusdf share.
 *
 *     sdf_*.c sdfx_*.c   the exported functions: check arguments, find the session, answer an SDR_ code
 *     device.c           a folder opened as a device: its lock, its states, the management key and KEKs
 *     kept.c             the keys that a device keeps, found by kind, index and use
 *     record.c           one key file: sealed, opened, encoded, parsed
 *     object.c           the handle table, the library's one mutable global
 *     store.c file.c     records as files, users' files
 *     backup.c           all of a folder in one encrypted file, and back; is the folder still what it was?
 *     cipher.c ccm.c     SM4 in pieces of any length
 *     secret.c           locked memory for keys in clear
 *
 * The library lives in strangers' processes: it never aborts, allocates with hf_try_alloc only, and answers
 * SDR_NOBUFFER. Functions here return an SDR_ code unless they say otherwise.
 */
#ifndef HUFU_SDF_SDF_INT_H
#define HUFU_SDF_SDF_INT_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/file.h"
#include "crypto/sm2.h"
#include "crypto/sm3.h"
#include "crypto/sm4.h"
#include "sdf.h"
#include "sdfx.h"

#include <pthread.h>
#include <stdatomic.h>

/* --- secret.c --- */

#define HF_SDF_SECRET 32

/* Pages that are locked, kept out of core dumps, and wiped. Slots of 32 octets. */
struct hf_sdf_pool {
	pthread_mutex_t lock;
	struct hf_sdf_page *first;
};

HF_MUST_USE bool hf_sdf_pool_init(struct hf_sdf_pool *pool);
void hf_sdf_pool_clear(struct hf_sdf_pool *pool);
/* NULL when there is no memory, or none that may be locked (RLIMIT_MEMLOCK). */
uint8_t *hf_sdf_secret_take(struct hf_sdf_pool *pool);
/* Wipes it; NULL is fine. */
void hf_sdf_secret_give(struct hf_sdf_pool *pool, uint8_t *secret);

/* Pages of their own of such memory, zeroed, for more than a key; NULL as above. */
void *hf_sdf_locked_new(size_t size);
/* Wipes it; p may be NULL. */
void hf_sdf_locked_free(void *p, size_t size);

/* --- object.c --- */

enum hf_sdf_kind { HF_SDF_DEVICE, HF_SDF_SESSION, HF_SDF_KEY, HF_SDF_AGREEMENT, HF_SDF_NUM_KINDS };

/* First member of whatever a handle means. A handle is a number that is never followed as a pointer. */
struct hf_sdf_object {
	enum hf_sdf_kind kind;
	unsigned refs;                                 /* the table's lock guards it; the handle itself counts as one */
	void *handle, *owner;                          /* do not change once given */
	struct hf_sdf_object *next;                    /* of those being closed */
	void (*destroy)(struct hf_sdf_object *object); /* when the last reference goes */
};

/*
 * Gives object a handle, valid while owner (NULL for none) is. Afterwards any thread may close it: do not touch object.
 * SDR_INARGERR: owner is closed; SDR_NOBUFFER.
 */
int hf_sdf_object_add(struct hf_sdf_object *object, void *owner, void **handle);
/* The live object of this handle and kind, with a reference more; NULL for anything else. */
struct hf_sdf_object *hf_sdf_object_get(void *handle, enum hf_sdf_kind kind);
void hf_sdf_object_hold(struct hf_sdf_object *object);
void hf_sdf_object_put(struct hf_sdf_object *object);
/* Ends the handle and those it owns, downwards. False when there is none such. */
bool hf_sdf_object_close(void *handle, enum hf_sdf_kind kind);

/* --- record.c --- */

#define HF_SDF_FILE_LEN 200
#define HF_SDF_SALT     16

enum hf_sdf_record_kind {
	HF_SDF_RECORD_DEVICE = 1,
	HF_SDF_RECORD_PAIR,
	HF_SDF_RECORD_KEK,
	HF_SDF_RECORD_RSA,
	HF_SDF_RECORD_FILE
};

struct hf_sdf_record {
	enum hf_sdf_record_kind kind;
	uint32_t index, use; /* use: SDFX_USE_ of a pair; 0 otherwise */
	uint32_t iterations; /* 0: the root is the management key, no password */
	uint8_t salt[HF_SDF_SALT];
	uint8_t pub[HF_SM2_POINT]; /* docs/device-format.md */
	uint8_t cipher[HF_SDF_SECRET];
	uint8_t mac[HF_SM3_LEN];
};

/* Encrypts secret under root and makes the MAC; kind, index, use, iterations and pub are set. SDR_RANDERR. */
int hf_sdf_record_seal(struct hf_sdf_record *record, struct hf_bytes root, const uint8_t secret[HF_SDF_SECRET]);
/* SDR_PRKRERR: root is wrong, or anything in the record is not what was sealed. */
int hf_sdf_record_open(const struct hf_sdf_record *record, struct hf_bytes root, uint8_t secret[HF_SDF_SECRET]);
void hf_sdf_record_encode(const struct hf_sdf_record *record, uint8_t out[HF_SDF_FILE_LEN]);
/* SDR_HARDFAIL: not a whole, undamaged file of ours. */
int hf_sdf_record_parse(const uint8_t in[HF_SDF_FILE_LEN], struct hf_sdf_record *record);
/* "sign-00001.key"; out has HF_SDF_NAME_MAX octets. */
#define HF_SDF_NAME_MAX 48
void hf_sdf_record_name(const struct hf_sdf_record *record, char out[HF_SDF_NAME_MAX]);

/* --- store.c: a record's file, and what stands behind the record in it --- */

#define HF_SDF_RSA_TAIL       1156
#define HF_SDF_USER_NAME_MAX  128
#define HF_SDF_USER_SIZE_MAX  65536
#define HF_SDF_USER_FILES_MAX 256
#define HF_SDF_USER_HEAD      (2 + HF_SDF_USER_NAME_MAX) /* length of the name ‖ name; then the content */

/* Octets behind the record: of an RSA pair and of a user's file. */
size_t hf_sdf_record_tail(const struct hf_sdf_record *record);
/* *tail is the caller's to free; NULL when there is none. SDR_FILENOEXIST; SDR_HARDFAIL: damaged, or another's name. */
int hf_sdf_store_read(int folder_fd, const char *name, struct hf_sdf_record *record, uint8_t **tail);
/* SDR_FILEWERR, SDR_NOBUFFER. */
int hf_sdf_store_write(const char *folder, const struct hf_sdf_record *record, const uint8_t *tail);

/* --- file.c: the users' files --- */

enum hf_sdf_file_what { HF_SDF_FILE_CREATE, HF_SDF_FILE_READ, HF_SDF_FILE_WRITE, HF_SDF_FILE_DELETE };

struct hf_sdf_file_job {
	struct hf_bytes name; /* 1 to HF_SDF_USER_NAME_MAX octets */
	size_t offset, len;   /* len: the size to create; of a read, what was read comes out */
	const uint8_t *in;
	uint8_t *out;
};

struct hf_sdf_device;
/* SDR_PARDENY: the device is locked; SDR_FILE… as sdf.h says; SDR_HARDFAIL: the file is damaged. */
int hf_sdf_file_do(struct hf_sdf_device *device, enum hf_sdf_file_what what, struct hf_sdf_file_job *job);
/* "file-….dat" */
bool hf_sdf_is_user_file(const char *name);

/* --- kept.c --- */

/* A key kept inside. id is never used again, so that a right to a destroyed key opens no later one. */
struct hf_sdf_kept {
	struct hf_sdf_record record;
	uint64_t id;
	uint8_t *kek;  /* of the pool, when unlocked; 16 octets of use */
	uint8_t *tail; /* what stands behind the record in its file; NULL in copies */
	struct hf_sdf_kept *next;
};

#define HF_SDF_KEPT_MAX     65536
#define HF_SDF_KEPT_BUCKETS 4096

/* The device's lock guards it. */
struct hf_sdf_keep {
	struct hf_sdf_kept *buckets[HF_SDF_KEPT_BUCKETS];
	size_t num;
	uint64_t last_id;
};

/* NULL when there is none. */
struct hf_sdf_kept *hf_sdf_keep_find(
	const struct hf_sdf_keep *keep, enum hf_sdf_record_kind kind, uint32_t index, uint32_t use);
struct hf_sdf_kept *hf_sdf_keep_by_id(const struct hf_sdf_keep *keep, uint64_t id);
/* Takes over kek (of the pool, or NULL) and tail (or NULL) on success. SDR_KEYERR: the place is taken; SDR_NOBUFFER. */
int hf_sdf_keep_add(struct hf_sdf_keep *keep, const struct hf_sdf_record *record, uint8_t *kek, uint8_t *tail);
/* kept->kek is the caller's to give back. */
void hf_sdf_keep_remove(struct hf_sdf_keep *keep, struct hf_sdf_kept *kept);
/* The first (kept is NULL) and the next of all, in no order; NULL at the end. */
struct hf_sdf_kept *hf_sdf_keep_next(const struct hf_sdf_keep *keep, const struct hf_sdf_kept *kept);
/* Forgets all; KEKs lie in a pool that is cleared by its owner. */
void hf_sdf_keep_clear(struct hf_sdf_keep *keep);

/* --- device.c --- */

#define HF_SDF_FOLDER_MAX (HF_PATH_MAX - 96)

/* Flags of a device's own record, in its use. */
#define HF_SDF_SELF_DEBUG 1 /* the functions for debugging are allowed */
#define HF_SDF_SELF_BLANK 2 /* no management key yet */

struct hf_sdf_device {
	struct hf_sdf_object object;
	char folder[HF_SDF_FOLDER_MAX]; /* absolute */
	int folder_fd;                  /* holds the flock */
	atomic_int state;               /* SDFX_STATE_ */
	atomic_bool debug;
	struct hf_sdf_pool pool;
	pthread_mutex_t file_lock; /* guards the users' files */
	pthread_rwlock_t lock;     /* guards what follows */
	struct hf_sdf_record self;
	struct hf_sdf_keep keep;
	uint8_t *management; /* of the pool; NULL while locked */
};

/* The device of a handle, held; NULL when there is none. */
struct hf_sdf_device *hf_sdf_device_get(void *handle);
void hf_sdf_device_put(struct hf_sdf_device *device);
/* SDR_STEPERR: no management key yet; SDR_HARDFAIL: stopped. */
int hf_sdf_device_ready(struct hf_sdf_device *device);

/* A device whose management key is under password; iterations 0: without one, in its initial state. */
int hf_sdf_device_create(const char *path, struct hf_bytes password, uint32_t iterations);
int hf_sdf_device_open(const char *path, void **handle);
/* The management key of a device in its initial state, which is ready then. SDR_STEPERR: it has one. */
int hf_sdf_device_start(struct hf_sdf_device *device, struct hf_bytes password, uint32_t iterations);
int hf_sdf_device_unlock(struct hf_sdf_device *device, struct hf_bytes password);
/* SDR_PRKRERR: the password is wrong. */
int hf_sdf_device_allow_debug(struct hf_sdf_device *device, struct hf_bytes password, bool allow);
/* Reads its folder anew; the lock is held for writing, the state is initial. */
int hf_sdf_device_reload(struct hf_sdf_device *device);
/* The cost of access codes; its serial number, 16 digits. */
uint32_t hf_sdf_device_iterations(struct hf_sdf_device *device);
void hf_sdf_device_serial(struct hf_sdf_device *device, unsigned char out[16]);
/* A copy of the kept key. SDR_KEYNOTEXIST. */
int hf_sdf_device_find(struct hf_sdf_device *device, enum hf_sdf_record_kind kind, uint32_t index, uint32_t use,
	struct hf_sdf_kept *out);
/* SDR_PRKRERR: not unlocked; SDR_KEYNOTEXIST. The caller wipes kek. */
int hf_sdf_device_kek(struct hf_sdf_device *device, uint32_t index, uint8_t kek[HF_SM4_KEY]);
/* An RSA pair and its tail. SDR_KEYNOTEXIST. */
int hf_sdf_device_find_tail(struct hf_sdf_device *device, uint32_t index, uint32_t use, struct hf_sdf_kept *out,
	uint8_t tail[HF_SDF_RSA_TAIL]);
/* Writes the file and keeps the record. kek is NULL but for a KEK, tail but for an RSA pair. SDR_KEYERR: taken;
 * SDR_FILEWERR. */
int hf_sdf_device_keep(
	struct hf_sdf_device *device, const struct hf_sdf_record *record, const uint8_t *kek, const uint8_t *tail);
/* What pairs an index has: the first of them that is there, but for the one of kind and use. SDR_KEYNOTEXIST. */
int hf_sdf_device_find_other(struct hf_sdf_device *device, enum hf_sdf_record_kind kind, uint32_t index, uint32_t use,
	struct hf_sdf_kept *out);
int hf_sdf_device_forget(struct hf_sdf_device *device, uint64_t id);
/* A copy of the management key; SDR_PRKRERR. The caller wipes it. */
int hf_sdf_device_management(struct hf_sdf_device *device, uint8_t out[HF_SDF_SECRET]);

/* --- backup.c --- */

/* SDR_PRKRERR: the device is locked; SDR_FILEWERR. */
int hf_sdf_backup(struct hf_sdf_device *device, const char *path, struct hf_bytes password);
/* SDR_STEPERR: not in its initial state; SDR_FILENOEXIST; SDR_ENCDATAERR: no backup; SDR_PRKRERR: password, or damage.
 */
int hf_sdf_restore(struct hf_sdf_device *device, const char *path, struct hf_bytes password);
/* Every file is what was read when the device was opened. SDR_HARDFAIL. */
int hf_sdf_check_store(struct hf_sdf_device *device);
/* "….key" or a user's file. */
bool hf_sdf_is_ours(const char *name);

/* --- selftest.c --- */

/* Known answers of SM2, SM3, SM4. SDR_HARDFAIL. */
int hf_sdf_selftest(void);
/* The light set of GM/T 0005 over what the generator gives now. SDR_RANDERR. */
int hf_sdf_selftest_random(void);

/* --- sdfx_keys.c, sdfx_batch.c --- */

struct hf_sdf_place {
	uint32_t index, use; /* SDFX_USE_ of a pair */
	struct hf_bytes code;
};

/* Keeps a pair under its code. SDR_KEYERR: the place is taken; SDR_PRKRERR: not the code of the index. */
int hf_sdf_keep_pair(struct hf_sdf_device *device, const struct hf_sdf_place *place, const struct hf_sm2_key *pair);
/*
 * pair->pub is given, pair->d comes out, proved to belong to it twice: by the tag and by the curve. SDR_ENCDATAERR.
 */
int hf_sdf_unwrap(const uint8_t kek[HF_SM4_KEY], const uint8_t wrapped[SDFX_WRAPPED_SIZE], struct hf_sm2_key *pair);

/* --- cipher.c --- */

/* One run of ECB, CBC, CFB, OFB, CTR or CBC-MAC over pieces of any length. */
struct hf_sdf_cipher {
	unsigned int alg;
	bool decrypt;
	struct hf_sm4 sm4; /* in the direction that the mode wants */
	uint8_t key[HF_SM4_KEY];
	uint8_t iv[HF_SM4_BLOCK];   /* chaining value, feedback or counter */
	uint8_t rest[HF_SM4_BLOCK]; /* input that is no block yet; of CFB, OFB and CTR the key stream of the block begun
				     */
	size_t num_rest;            /* octets waiting; of key stream those used */
};

/* iv (16 octets) may be NULL for ECB only. SDR_ALGNOTSUPPORT, SDR_ALGMODNOTSUPPORT; SDR_INARGERR: no iv. */
int hf_sdf_cipher_start(
	struct hf_sdf_cipher *c, unsigned int alg, bool decrypt, const uint8_t key[HF_SM4_KEY], const uint8_t *iv);
/*
 * out has room for len octets and, of ECB and CBC, for 15 more; it is in or elsewhere, and elsewhere while octets are
 * waiting (SDR_INARGERR). Of CBC-MAC out is not touched and may be NULL.
 */
int hf_sdf_cipher_update(struct hf_sdf_cipher *c, const uint8_t *in, size_t len, uint8_t *out, size_t *out_len);
/* SDR_SYMOPERR: ECB, CBC or MAC over what is not whole blocks. */
int hf_sdf_cipher_end(const struct hf_sdf_cipher *c);
/* ECB, CBC and MAC: nothing is padded here. */
bool hf_sdf_cipher_is_blockwise(unsigned int alg);
/* SDR_ALGMODNOTSUPPORT for a mode of SM4, SDR_ALGNOTSUPPORT for anything else. */
int hf_sdf_cipher_refuse(unsigned int alg);
/* in and out are the same, or share nothing. */
bool hf_sdf_cipher_apart(const void *in, size_t in_len, const void *out, size_t out_len);

/* --- ccm.c --- */

/* CCM in pieces (crypto/sm4_aead.h has it whole): the length of all is known at the start. */
struct hf_sdf_ccm {
	struct hf_sdf_cipher stream, mac;
	uint8_t mask[HF_SM4_BLOCK];
	uint64_t rest; /* octets still to come */
};

/* SDR_INARGERR: nonce (7 to 13 octets), tag length, or a length that does not fit. */
int hf_sdf_ccm_start(struct hf_sdf_ccm *ccm, const uint8_t key[HF_SM4_KEY], struct hf_bytes nonce, struct hf_bytes aad,
	uint64_t len, size_t tag_len);
/* SDR_INARGERR: more than was said. in and out may be the same. */
int hf_sdf_ccm_encrypt(struct hf_sdf_ccm *ccm, const uint8_t *in, size_t len, uint8_t *out);
int hf_sdf_ccm_decrypt(struct hf_sdf_ccm *ccm, const uint8_t *in, size_t len, uint8_t *out);
/* SDR_SYMOPERR: less than was said. */
int hf_sdf_ccm_final(struct hf_sdf_ccm *ccm, uint8_t tag[HF_SM4_BLOCK]);

/* --- session.c --- */

/* What may be between its Init and its Final, one of each in a session. */
enum hf_sdf_work {
	HF_SDF_ENCRYPT,
	HF_SDF_DECRYPT,
	HF_SDF_MAC,
	HF_SDF_HMAC,
	HF_SDF_AUTH_ENC,
	HF_SDF_AUTH_DEC,
	HF_SDF_NUM_WORKS
};

#define HF_SDF_RIGHTS_MAX 256

struct hf_sdf_right {
	uint64_t id; /* of the kept key */
	enum hf_sdf_record_kind kind;
	uint32_t index, use;
	uint8_t *d;       /* of the device's pool */
	uint8_t *inverse; /* likewise: what signing wants of d (struct hf_sm2_signer); NULL but of a signing pair */
};

struct hf_sdf_session {
	struct hf_sdf_object object;
	struct hf_sdf_device *device; /* held */
	pthread_mutex_t lock;         /* guards what follows */
	struct hf_sdf_right rights[HF_SDF_RIGHTS_MAX];
	size_t num_rights;
	pthread_mutex_t work_lock; /* guards what follows: long data shall not keep signatures waiting */
	struct hf_sm3 hash;
	bool hashing;
	struct {
		void *state; /* locked memory; NULL: not begun */
		size_t size;
	} work[HF_SDF_NUM_WORKS];
};

/*
 * The session of a handle, for work: hf_sdf_session_put when done. SDR_INARGERR: no such session; SDR_STEPERR: the
 * device has no key yet; SDR_HARDFAIL: a self-test failed, and the device has stopped.
 */
int hf_sdf_session_enter(void *handle, struct hf_sdf_session **session);
/* In whatever state the device is; NULL when there is no such session. */
struct hf_sdf_session *hf_sdf_session_get(void *handle);
void hf_sdf_session_put(struct hf_sdf_session *session);
int hf_sdf_session_open(struct hf_sdf_device *device, void **handle);
/* Takes over d (of the pool), replacing an older right to the same key. SDR_NOBUFFER: too many; d stays the caller's.
 */
int hf_sdf_session_grant(struct hf_sdf_session *session, const struct hf_sdf_kept *kept, uint8_t *d);
void hf_sdf_session_release(struct hf_sdf_session *session, uint32_t index);
/* The secret of a kept pair, if the session has the right; else SDR_PRKRERR. The caller wipes it. */
int hf_sdf_session_secret(
	struct hf_sdf_session *session, const struct hf_sdf_kept *kept, uint8_t secret[HF_SDF_SECRET]);
/* A signing pair made ready, if the session has the right; its z is not set. The caller clears it. */
int hf_sdf_session_signer(struct hf_sdf_session *session, uint32_t index, struct hf_sm2_signer *signer);
/* The private key of an internal pair and its record, if the session has the right. The caller wipes key->d. */
int hf_sdf_session_private(struct hf_sdf_session *session, uint32_t index, uint32_t use, struct hf_sm2_key *key);

/*
 * A work's state, work_lock being held: begun anew (zeroed; one that was begun is thrown away), fetched (NULL: not
 * begun, SDR_STEPERR), ended.
 */
void *hf_sdf_work_begin(struct hf_sdf_session *session, enum hf_sdf_work work, size_t size);
void *hf_sdf_work_get(struct hf_sdf_session *session, enum hf_sdf_work work);
void hf_sdf_work_end(struct hf_sdf_session *session, enum hf_sdf_work work);
/* hf_sdf_session_enter with work_lock held, and out of both. */
int hf_sdf_work_enter(void *handle, struct hf_sdf_session **session);
void hf_sdf_work_leave(struct hf_sdf_session *session);

/* sdf_hash.c, sdf_multi.c: Inits with a key at hand, work_lock being held. SDR_ALGNOTSUPPORT, SDR_INARGERR,
 * SDR_NOBUFFER */
int hf_sdf_hmac_begin(struct hf_sdf_session *session, unsigned int alg, struct hf_bytes key);
int hf_sdf_cipher_begin(struct hf_sdf_session *session, enum hf_sdf_work work, unsigned int alg,
	const uint8_t key[HF_SM4_KEY], struct hf_bytes iv);

/* sdf_sym.c: one message in one piece. */
struct hf_sdf_job {
	enum hf_sdf_work work;
	unsigned int alg;
	unsigned char *iv; /* moved on */
	const unsigned char *in;
	unsigned char *out;
	unsigned int len;
};
int hf_sdf_cipher_once(const struct hf_sdf_job *job, const uint8_t key[HF_SM4_KEY]);
/* sdf_debug.c: hf_sdf_session_enter, but SDR_NOTSUPPORT unless the device allows debugging. */
int hf_sdf_debug_enter(void *handle, struct hf_sdf_session **session);

/* A session key behind a handle. */
struct hf_sdf_key {
	struct hf_sdf_object object;
	struct hf_sdf_device *device; /* held */
	uint8_t *secret;              /* of its pool; 16 octets of use */
};

int hf_sdf_key_add(struct hf_sdf_session *session, const uint8_t key[HF_SM4_KEY], void **handle);
/* A copy of a key of this session. SDR_INARGERR. The caller wipes it. */
int hf_sdf_key_copy(struct hf_sdf_session *session, void *handle, uint8_t key[HF_SM4_KEY]);

/* --- convert.c: the standard's structs and ours --- */

/* SDR_KEYERR: not 256 bits, not right-aligned, or not a point of the curve. */
int hf_sdf_point_in(const ECCrefPublicKey *in, uint8_t pub[HF_SM2_POINT]);
void hf_sdf_point_out(const uint8_t pub[HF_SM2_POINT], ECCrefPublicKey *out);
/* False when it is not right-aligned. */
HF_MUST_USE bool hf_sdf_sig_in(const ECCSignature *in, uint8_t sig[HF_SM2_SIG]);
void hf_sdf_sig_out(const uint8_t sig[HF_SM2_SIG], ECCSignature *out);
/* flat is C1 ‖ C3 ‖ C2 (sm2.h), extra + plain_len octets; the fixed part of ECCCipher and its tail at c. */
void hf_sdf_cipher_out(const uint8_t *flat, size_t plain_len, ECCCipher *out);
HF_MUST_USE bool hf_sdf_cipher_in(const ECCCipher *in, uint8_t *flat);
/* Memory and randomness keep their own codes; everything else is otherwise. */
int hf_sdf_code(const struct hf_err *err, int otherwise);

#endif
