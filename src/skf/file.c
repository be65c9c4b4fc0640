#include "skf_int.h"

#include "base/alloc.h"
#include "base/str.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAGIC "HUFUFIL1"

/*
 * A file that not everybody may read is sealed: its content under the application's key, the whole with a tag. One that
 * everybody may read is in clear, and tagged when it was written by somebody who had given a PIN.
 */
enum {
	AT_READ = 8,
	AT_WRITE = 12,
	AT_FLAGS = 16, /* 1: sealed, 2: tagged */
	AT_IV = 20,
	AT_TAG = 36,
	AT_DATA = AT_TAG + HF_SM3_LEN,
	SEALED = 1,
	TAGGED = 2
};

struct skf_file {
	ULONG read, write, len;
	uint8_t data[SKF_FILE_MAX];
};

static void file_entry(char entry[SKF_ENTRY_MAX], const struct skf_app *app, const char *name)
{
	char prefix[SKF_PREFIX_MAX];

	skf_prefix(prefix, 'f', app->id);
	skf_entry(entry, prefix, name);
}

static void file_tag(
	const struct skf_app *app, const char *name, const uint8_t *in, size_t len, uint8_t tag[HF_SM3_LEN])
{
	struct hf_hmac_sm3 mac;

	hf_hmac_sm3_init(&mac, HF_BYTES_OF(app->mac));
	hf_hmac_sm3_update(&mac, app->id, sizeof(app->id));
	hf_hmac_sm3_update(&mac, name, strlen(name) + 1);
	hf_hmac_sm3_update(&mac, in, AT_TAG);
	hf_hmac_sm3_update(&mac, in + AT_DATA, len - AT_DATA);
	hf_hmac_sm3_final(&mac, tag);
}

/* The content is opened when it can be: file->data of a sealed file is zeros for whoever has given no PIN. */
static ULONG decode(const struct skf_app *app, const char *name, uint8_t *in, size_t len, struct skf_file *file)
{
	uint8_t tag[HF_SM3_LEN];

	if (len < AT_DATA || memcmp(in, MAGIC, 8) != 0)
		return SAR_FILEERR;
	file->read = hf_get_u32(in + AT_READ);
	file->write = hf_get_u32(in + AT_WRITE);
	file->len = (ULONG)(len - AT_DATA);
	uint32_t flags = hf_get_u32(in + AT_FLAGS);
	if (file->read != SKF_RIGHT_ANYONE && flags != (SEALED | TAGGED))
		return SAR_FILEERR;
	if (app->rights != 0 && (flags & TAGGED)) {
		file_tag(app, name, in, len, tag);
		if (!hf_secret_equal(tag, in + AT_TAG, sizeof(tag)))
			return SAR_FILEERR;
	}
	if (!(flags & SEALED))
		memcpy(file->data, in + AT_DATA, file->len);
	else if (app->rights != 0)
		hf_sm4_ctr(app->enc, in + AT_IV, in + AT_DATA, file->data, file->len);
	return SAR_OK;
}

/* A new skf_file, which the caller wipes and frees with file_free. */
static ULONG file_read(const struct skf_call *call, const char *name, struct skf_file **out)
{
	char entry[SKF_ENTRY_MAX];
	size_t len = 0;
	uint8_t *in = hf_try_alloc(AT_DATA + SKF_FILE_MAX, 1);
	struct skf_file *file = hf_try_alloc(1, sizeof(*file));

	ULONG rv = in && file ? SAR_OK : SAR_MEMORYERR;
	if (rv == SAR_OK) {
		file_entry(entry, call->app, name);
		rv = skf_read(call->dev->dir, entry, in, AT_DATA + SKF_FILE_MAX, &len);
	}
	if (rv == SAR_OK)
		rv = decode(call->app, name, in, len, file);
	free(in);
	if (rv != SAR_OK) {
		free(file);
		file = NULL;
	}
	*out = file;
	return rv;
}

static void file_free(struct skf_file *file)
{
	if (file)
		hf_wipe(file->data, file->len);
	free(file);
}

static ULONG file_write(const struct skf_call *call, const char *name, const struct skf_file *file)
{
	const struct skf_app *app = call->app;
	char entry[SKF_ENTRY_MAX];
	uint8_t iv[HF_SM4_BLOCK];
	bool sealed = file->read != SKF_RIGHT_ANYONE;
	size_t len = AT_DATA + file->len;

	/* The tag and the seal need a key that only a PIN gives. */
	if (sealed && app->rights == 0)
		return SAR_USER_NOT_LOGGED_IN;
	if (skf_rand(iv, sizeof(iv)) != SAR_OK)
		return SAR_GENRANDERR;
	uint8_t *out = hf_try_alloc(len, 1);
	if (!out)
		return SAR_MEMORYERR;
	memcpy(out, MAGIC, 8);
	hf_put_u32(out + AT_READ, file->read);
	hf_put_u32(out + AT_WRITE, file->write);
	hf_put_u32(out + AT_FLAGS, (sealed ? SEALED : 0) | (app->rights != 0 ? TAGGED : 0));
	memcpy(out + AT_IV, iv, sizeof(iv));
	if (sealed)
		hf_sm4_ctr(app->enc, iv, file->data, out + AT_DATA, file->len);
	else
		memcpy(out + AT_DATA, file->data, file->len);
	if (app->rights != 0)
		file_tag(app, name, out, len, out + AT_TAG);
	file_entry(entry, app, name);
	ULONG rv = skf_replace(call->dev->dir, entry, (struct hf_bytes){out, len});
	free(out);
	return rv;
}

static bool rights_known(ULONG rights)
{
	return rights == SKF_RIGHT_ANYONE || (rights & ~(ULONG)(SKF_RIGHT_ADMIN | SKF_RIGHT_USER)) == 0;
}

ULONG DEVAPI SKF_CreateFile(
	HAPPLICATION hApplication, LPSTR szFileName, ULONG ulFileSize, ULONG ulReadRights, ULONG ulWriteRights)
{
	struct skf_call call;
	char entry[SKF_ENTRY_MAX];

	if (!skf_name_ok(szFileName, SKF_FILE_NAME_MAX))
		return SAR_NAMELENERR;
	/* Written by everybody yet not read by everybody would need a key nobody has given. */
	if (!rights_known(ulReadRights) || !rights_known(ulWriteRights) || ulFileSize == 0 ||
		(ulWriteRights == SKF_RIGHT_ANYONE && ulReadRights != SKF_RIGHT_ANYONE))
		return SAR_INVALIDPARAMERR;
	if (ulFileSize > SKF_FILE_MAX)
		return SAR_NO_ROOM;
	ULONG rv = skf_enter(hApplication, SKF_APP, &call);
	if (rv != SAR_OK)
		return rv;
	file_entry(entry, call.app, szFileName);
	rv = skf_need(call.app, call.app->create_rights);
	if (rv == SAR_OK && faccessat(call.dev->dir, entry, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		rv = SAR_FILE_ALREADY_EXIST;
	struct skf_file *file = hf_try_alloc(1, sizeof(*file));
	if (rv == SAR_OK && !file)
		rv = SAR_MEMORYERR;
	if (rv == SAR_OK) {
		file->read = ulReadRights;
		file->write = ulWriteRights;
		file->len = ulFileSize;
		rv = file_write(&call, szFileName, file);
	}
	free(file);
	skf_leave(&call);
	return rv;
}

ULONG DEVAPI SKF_DeleteFile(HAPPLICATION hApplication, LPSTR szFileName)
{
	struct skf_call call;
	char entry[SKF_ENTRY_MAX];

	if (!skf_name_ok(szFileName, SKF_FILE_NAME_MAX))
		return SAR_NAMELENERR;
	ULONG rv = skf_enter(hApplication, SKF_APP, &call);
	if (rv != SAR_OK)
		return rv;
	file_entry(entry, call.app, szFileName);
	rv = skf_need(call.app, call.app->create_rights);
	if (rv == SAR_OK)
		rv = skf_remove(call.dev->dir, entry);
	skf_leave(&call);
	return rv;
}

ULONG DEVAPI SKF_EnumFiles(HAPPLICATION hApplication, LPSTR szFileList, ULONG *pulSize)
{
	struct skf_call call;
	char prefix[SKF_PREFIX_MAX];

	ULONG rv = skf_enter(hApplication, SKF_APP, &call);
	if (rv != SAR_OK)
		return rv;
	skf_prefix(prefix, 'f', call.app->id);
	rv = skf_list(call.dev->dir, prefix, szFileList, pulSize);
	skf_leave(&call);
	return rv;
}

/* Into the application with the file read. */
static ULONG enter_file(HAPPLICATION handle, const char *name, struct skf_call *call, struct skf_file **file)
{
	if (!skf_name_ok(name, SKF_FILE_NAME_MAX))
		return SAR_NAMELENERR;
	ULONG rv = skf_enter(handle, SKF_APP, call);
	if (rv != SAR_OK)
		return rv;
	rv = file_read(call, name, file);
	if (rv != SAR_OK)
		skf_leave(call);
	return rv;
}

ULONG DEVAPI SKF_GetFileInfo(HAPPLICATION hApplication, LPSTR szFileName, FILEATTRIBUTE *pFileInfo)
{
	struct skf_call call;
	struct skf_file *file;

	if (!pFileInfo)
		return SAR_INVALIDPARAMERR;
	ULONG rv = enter_file(hApplication, szFileName, &call, &file);
	if (rv != SAR_OK)
		return rv;
	memset(pFileInfo, 0, sizeof(*pFileInfo));
	hf_fmt_cut(pFileInfo->FileName, sizeof(pFileInfo->FileName), "%s", szFileName);
	pFileInfo->FileSize = file->len;
	pFileInfo->ReadRights = file->read;
	pFileInfo->WriteRights = file->write;
	file_free(file);
	skf_leave(&call);
	return SAR_OK;
}

ULONG DEVAPI SKF_ReadFile(
	HAPPLICATION hApplication, LPSTR szFileName, ULONG ulOffset, ULONG ulSize, BYTE *pbOutData, ULONG *pulOutLen)
{
	struct skf_call call;
	struct skf_file *file;

	if (!pulOutLen)
		return SAR_INVALIDPARAMERR;
	ULONG rv = enter_file(hApplication, szFileName, &call, &file);
	if (rv != SAR_OK)
		return rv;
	rv = skf_need(call.app, file->read);
	if (rv == SAR_OK && ulOffset > file->len)
		rv = SAR_INVALIDPARAMERR;
	if (rv == SAR_OK) {
		ULONG left = file->len - ulOffset;
		rv = skf_give(file->data + ulOffset, ulSize < left ? ulSize : left, pbOutData, pulOutLen);
	}
	file_free(file);
	skf_leave(&call);
	return rv;
}

ULONG DEVAPI SKF_WriteFile(HAPPLICATION hApplication, LPSTR szFileName, ULONG ulOffset, BYTE *pbData, ULONG ulSize)
{
	struct skf_call call;
	struct skf_file *file;

	if (!pbData || ulSize == 0)
		return SAR_INVALIDPARAMERR;
	ULONG rv = enter_file(hApplication, szFileName, &call, &file);
	if (rv != SAR_OK)
		return rv;
	rv = skf_need(call.app, file->write);
	if (rv == SAR_OK && (ulOffset > file->len || ulSize > file->len - ulOffset))
		rv = SAR_NO_ROOM;
	if (rv == SAR_OK) {
		memcpy(file->data + ulOffset, pbData, ulSize);
		rv = file_write(&call, szFileName, file);
	}
	file_free(file);
	skf_leave(&call);
	return rv;
}
