/*
 * The file "a-…" of an application (docs/token-format.md): the master key under each PIN, and the retry counts, which
 * are written in place, two slots in turn, so that one more sync is all that a PIN costs.
 */
#ifndef HUFU_SKF_APP_FILE_H
#define HUFU_SKF_APP_FILE_H

#include "skf_int.h"

#define SKF_MASTER 32

/* The master key under one PIN. */
struct skf_wrap {
	uint8_t salt[16];
	uint32_t iterations;
	uint8_t iv[HF_SM4_BLOCK];
	uint8_t sealed[SKF_MASTER];
	uint8_t tag[HF_SM3_LEN];
};

struct skf_tries {
	uint64_t seq;
	uint32_t max[2], left[2]; /* SKF_ADMIN_TYPE, SKF_USER_TYPE */
};

struct skf_app_file {
	char name[SKF_NAME_MAX + 1];
	uint8_t id[16];
	uint32_t create_rights;
	struct skf_wrap wrap[2];
	bool first_pin[2]; /* still the PIN that the application was made with */
	uint8_t tag[HF_SM3_LEN];
	struct skf_tries tries;
};

/* SAR_APPLICATION_NOT_EXISTS, SAR_FILEERR. */
ULONG skf_app_file_read(int dir, const char *name, struct skf_app_file *file);
/* With a fresh tag under the master key's mac key. */
ULONG skf_app_file_write(int dir, struct skf_app_file *file, const uint8_t mac[HF_SM3_LEN]);
/* Is the tag right under this key? */
bool skf_app_file_whole(const struct skf_app_file *file, const uint8_t mac[HF_SM3_LEN]);
/* Writes file->tries into the older slot; sync makes it durable. */
ULONG skf_app_file_count(int dir, struct skf_app_file *file, bool sync);

/* A fresh salt and the master key under this PIN. */
ULONG skf_wrap_make(struct skf_app_file *file, ULONG type, struct hf_bytes pin, uint32_t iterations,
	const uint8_t master[SKF_MASTER]);
/* False: the PIN is wrong (or the wrap was changed). */
bool skf_wrap_open(const struct skf_app_file *file, ULONG type, struct hf_bytes pin, uint8_t master[SKF_MASTER]);
void skf_app_entry(char entry[SKF_ENTRY_MAX], const char *name);

#endif
