#include "app_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define MAGIC     "HUFUAPP1"
#define WRAP_LEN  100 /* salt 16, iterations 4, iv 16, sealed 32, tag 32 */
#define TRIES_LEN 40  /* seq 8, max and left of both 16, zero 8, sum 8 */

enum {
	AT_NAME = 8,
	AT_ID = AT_NAME + SKF_NAME_MAX,
	AT_RIGHTS = AT_ID + 16,
	AT_WRAP = AT_RIGHTS + 4,
	AT_FIRST = AT_WRAP + 2 * WRAP_LEN,
	AT_TAG = AT_FIRST + 4,
	AT_TRIES = 512, /* a sector each, so that a torn write spoils one slot only */
	SLOT_STEP = 512,
	FILE_LEN = AT_TRIES + 2 * SLOT_STEP
};

void skf_app_entry(char entry[SKF_ENTRY_MAX], const char *name)
{
	skf_entry(entry, "a-", name);
}

static void put_wrap(const struct skf_wrap *wrap, uint8_t out[WRAP_LEN])
{
	memcpy(out, wrap->salt, 16);
	hf_put_u32(out + 16, wrap->iterations);
	memcpy(out + 20, wrap->iv, 16);
	memcpy(out + 36, wrap->sealed, SKF_MASTER);
	memcpy(out + 68, wrap->tag, HF_SM3_LEN);
}

static bool get_wrap(const uint8_t in[WRAP_LEN], struct skf_wrap *wrap)
{
	memcpy(wrap->salt, in, 16);
	wrap->iterations = hf_get_u32(in + 16);
	memcpy(wrap->iv, in + 20, 16);
	memcpy(wrap->sealed, in + 36, SKF_MASTER);
	memcpy(wrap->tag, in + 68, HF_SM3_LEN);
	return wrap->iterations >= 1 && wrap->iterations <= SKFX_MAX_ITERATIONS;
}

static void put_tries(const struct skf_tries *tries, uint8_t out[TRIES_LEN])
{
	uint8_t sum[HF_SM3_LEN];

	memset(out, 0, TRIES_LEN);
	hf_put_u64(out, tries->seq);
	for (int i = 0; i < 2; i++) {
		hf_put_u32(out + 8 + 8 * i, tries->max[i]);
		hf_put_u32(out + 12 + 8 * i, tries->left[i]);
	}
	hf_sm3((struct hf_bytes){out, TRIES_LEN - 8}, sum);
	memcpy(out + TRIES_LEN - 8, sum, 8);
}

static bool get_tries(const uint8_t in[TRIES_LEN], struct skf_tries *tries)
{
	uint8_t sum[HF_SM3_LEN];

	hf_sm3((struct hf_bytes){in, TRIES_LEN - 8}, sum);
	if (!hf_secret_equal(sum, in + TRIES_LEN - 8, 8))
		return false;
	tries->seq = hf_get_u64(in);
	for (int i = 0; i < 2; i++) {
		tries->max[i] = hf_get_u32(in + 8 + 8 * i);
		tries->left[i] = hf_get_u32(in + 12 + 8 * i);
		if (tries->max[i] > SKF_RETRY_MAX || tries->left[i] > tries->max[i])
			return false;
	}
	return true;
}

/* The newer of the slots that are whole. */
static bool newest_tries(const uint8_t in[FILE_LEN], struct skf_tries *out)
{
	struct skf_tries slot;
	bool found = false;

	for (int i = 0; i < 2; i++)
		if (get_tries(in + AT_TRIES + i * SLOT_STEP, &slot) && (!found || slot.seq > out->seq)) {
			*out = slot;
			found = true;
		}
	return found;
}

/* All in front of the retry counts but the tag. */
static void put_head(const struct skf_app_file *file, uint8_t out[AT_TAG])
{
	memset(out, 0, AT_TAG);
	memcpy(out, MAGIC, 8);
	memcpy(out + AT_NAME, file->name, strnlen(file->name, SKF_NAME_MAX));
	memcpy(out + AT_ID, file->id, sizeof(file->id));
	hf_put_u32(out + AT_RIGHTS, file->create_rights);
	for (int i = 0; i < 2; i++) {
		put_wrap(&file->wrap[i], out + AT_WRAP + i * WRAP_LEN);
		out[AT_FIRST + i] = file->first_pin[i];
	}
}

ULONG skf_app_file_read(int dir, const char *name, struct skf_app_file *file)
{
	uint8_t in[FILE_LEN];
	char entry[SKF_ENTRY_MAX];
	size_t len = 0;

	memset(file, 0, sizeof(*file));
	skf_app_entry(entry, name);
	ULONG rv = skf_read(dir, entry, in, sizeof(in), &len);
	if (rv != SAR_OK)
		return rv == SAR_FILE_NOT_EXIST ? SAR_APPLICATION_NOT_EXISTS : rv;
	if (len != FILE_LEN || memcmp(in, MAGIC, 8) != 0)
		return SAR_FILEERR;
	memcpy(file->name, in + AT_NAME, SKF_NAME_MAX);
	memcpy(file->id, in + AT_ID, sizeof(file->id));
	file->create_rights = hf_get_u32(in + AT_RIGHTS);
	for (int i = 0; i < 2; i++) {
		if (!get_wrap(in + AT_WRAP + i * WRAP_LEN, &file->wrap[i]))
			return SAR_FILEERR;
		file->first_pin[i] = in[AT_FIRST + i] == 1;
	}
	memcpy(file->tag, in + AT_TAG, HF_SM3_LEN);
	/* No slot is whole, or the file is another application's: nothing may be tried. */
	if (!newest_tries(in, &file->tries) || strcmp(file->name, name) != 0)
		return SAR_FILEERR;
	return SAR_OK;
}

ULONG skf_app_file_write(int dir, struct skf_app_file *file, const uint8_t mac[HF_SM3_LEN])
{
	uint8_t out[FILE_LEN] = {0};
	char entry[SKF_ENTRY_MAX];

	put_head(file, out);
	hf_hmac_sm3((struct hf_bytes){mac, HF_SM3_LEN}, (struct hf_bytes){out, AT_TAG}, file->tag);
	memcpy(out + AT_TAG, file->tag, HF_SM3_LEN);
	file->tries.seq++;
	put_tries(&file->tries, out + AT_TRIES + (file->tries.seq % 2) * SLOT_STEP);
	skf_app_entry(entry, file->name);
	return skf_replace(dir, entry, HF_BYTES_OF(out));
}

bool skf_app_file_whole(const struct skf_app_file *file, const uint8_t mac[HF_SM3_LEN])
{
	uint8_t head[AT_TAG], tag[HF_SM3_LEN];

	put_head(file, head);
	hf_hmac_sm3((struct hf_bytes){mac, HF_SM3_LEN}, HF_BYTES_OF(head), tag);
	return hf_secret_equal(tag, file->tag, sizeof(tag));
}

ULONG skf_app_file_count(int dir, struct skf_app_file *file, bool sync)
{
	uint8_t slot[TRIES_LEN];
	char entry[SKF_ENTRY_MAX];

	skf_app_entry(entry, file->name);
	int fd = openat(dir, entry, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return SAR_WRITEFILEERR;
	file->tries.seq++;
	put_tries(&file->tries, slot);
	off_t at = AT_TRIES + (off_t)(file->tries.seq % 2) * SLOT_STEP;
	bool ok = pwrite(fd, slot, sizeof(slot), at) == (ssize_t)sizeof(slot) && (!sync || fdatasync(fd) == 0);
	close(fd);
	return ok ? SAR_OK : SAR_WRITEFILEERR;
}

/* The keys of one PIN: PBKDF2 for the cost, then two keys. */
static void pin_keys(const struct skf_wrap *wrap, struct hf_bytes pin, struct skf_seal_keys *keys)
{
	uint8_t root[HF_SM3_LEN];

	hf_pbkdf2_sm3(pin, HF_BYTES_OF(wrap->salt), wrap->iterations, root, sizeof(root));
	skf_seal_keys(HF_BYTES_OF(root), keys);
	hf_wipe(root, sizeof(root));
}

/* Over what the wrap is for and all of it, so that one cannot stand in another's place. */
static void wrap_tag(
	const struct skf_app_file *file, ULONG type, const struct skf_seal_keys *keys, uint8_t tag[HF_SM3_LEN])
{
	const struct skf_wrap *wrap = &file->wrap[type];
	uint8_t numbers[8];
	struct hf_hmac_sm3 mac;

	hf_put_u32(numbers, type);
	hf_put_u32(numbers + 4, wrap->iterations);
	hf_hmac_sm3_init(&mac, HF_BYTES_OF(keys->mac));
	hf_hmac_sm3_update(&mac, file->id, sizeof(file->id));
	hf_hmac_sm3_update(&mac, numbers, sizeof(numbers));
	hf_hmac_sm3_update(&mac, wrap->salt, sizeof(wrap->salt));
	hf_hmac_sm3_update(&mac, wrap->iv, sizeof(wrap->iv));
	hf_hmac_sm3_update(&mac, wrap->sealed, sizeof(wrap->sealed));
	hf_hmac_sm3_final(&mac, tag);
}

ULONG skf_wrap_make(struct skf_app_file *file, ULONG type, struct hf_bytes pin, uint32_t iterations,
	const uint8_t master[SKF_MASTER])
{
	struct skf_wrap *wrap = &file->wrap[type];
	struct skf_seal_keys keys;
	uint8_t iv[HF_SM4_BLOCK];

	if (skf_rand(wrap->salt, sizeof(wrap->salt)) != SAR_OK || skf_rand(wrap->iv, sizeof(wrap->iv)) != SAR_OK)
		return SAR_GENRANDERR;
	wrap->iterations = iterations;
	pin_keys(wrap, pin, &keys);
	memcpy(iv, wrap->iv, sizeof(iv));
	hf_sm4_cbc_encrypt(keys.enc, iv, master, wrap->sealed, SKF_MASTER);
	wrap_tag(file, type, &keys, wrap->tag);
	hf_wipe(&keys, sizeof(keys));
	return SAR_OK;
}

bool skf_wrap_open(const struct skf_app_file *file, ULONG type, struct hf_bytes pin, uint8_t master[SKF_MASTER])
{
	const struct skf_wrap *wrap = &file->wrap[type];
	struct skf_seal_keys keys;
	uint8_t iv[HF_SM4_BLOCK], tag[HF_SM3_LEN];

	pin_keys(wrap, pin, &keys);
	wrap_tag(file, type, &keys, tag);
	bool right = hf_secret_equal(tag, wrap->tag, sizeof(tag));
	if (right) {
		memcpy(iv, wrap->iv, sizeof(iv));
		hf_sm4_cbc_decrypt(keys.enc, iv, wrap->sealed, master, SKF_MASTER);
	}
	hf_wipe(&keys, sizeof(keys));
	hf_wipe(tag, sizeof(tag));
	return right;
}
