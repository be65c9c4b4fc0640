#include "skf_int.h"

#include "base/alloc.h"
#include "base/hex.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "device_file.h"

bool skf_device_name_ok(const char *name)
{
	size_t len = name ? strnlen(name, SKF_NAME_MAX + 1) : 0;

	if (len == 0 || len > SKF_NAME_MAX || name[0] == '.')
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = name[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
			    c == '_' || c == '-'))
			return false;
	}
	return true;
}

/* "<home>/<name>" with home made absolute, so that a later chdir does not pull the token. */
static ULONG device_path(const char *name, char out[HF_PATH_MAX])
{
	const char *home = getenv("HUFU_SKF_HOME");
	char real[PATH_MAX];

	if (!home || !home[0])
		return SAR_NOTINITIALIZEERR;
	if (!skf_device_name_ok(name))
		return SAR_NAMELENERR;
	if (!realpath(home, real))
		return SAR_DEVICE_REMOVED;
	return hf_fmt(out, HF_PATH_MAX, "%s/%s", real, name) ? SAR_OK : SAR_NAMELENERR;
}

struct dev_names {
	char (*names)[SKF_NAME_MAX + 1];
	size_t num, cap;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static bool add_device(struct dev_names *list, const char *name)
{
	if (list->num == list->cap) {
		size_t cap = list->cap ? 2 * list->cap : 64;
		char(*more)[SKF_NAME_MAX + 1] = hf_try_alloc(cap, sizeof(*more));
		if (!more)
			return false;
		if (list->num > 0)
			memcpy(more, list->names, list->num * sizeof(*more));
		free(list->names);
		list->names = more;
		list->cap = cap;
	}
	hf_fmt_cut(list->names[list->num++], sizeof(*list->names), "%s", name);
	return true;
}

/* All subfolders with a device's name, sorted. */
static ULONG collect(const char *home, struct dev_names *list)
{
	struct dirent *e;
	ULONG rv = SAR_OK;
	DIR *dir = opendir(home);

	if (!dir)
		return errno == ENOENT ? SAR_OK : SAR_FILEERR;
	while (rv == SAR_OK && (e = readdir(dir)) != NULL) {
		bool folder = e->d_type == DT_DIR || e->d_type == DT_UNKNOWN;
		if (folder && skf_device_name_ok(e->d_name) && !add_device(list, e->d_name))
			rv = SAR_MEMORYERR;
	}
	closedir(dir);
	if (rv == SAR_OK && list->num > 0)
		qsort(list->names, list->num, sizeof(*list->names), by_name);
	return rv;
}

ULONG DEVAPI SKF_EnumDev(BOOL bPresent, LPSTR szNameList, ULONG *pulSize)
{
	const char *home = getenv("HUFU_SKF_HOME");
	struct dev_names list = {0};
	size_t need = 1;

	(void)bPresent; /* a software token that is known is present */
	if (!pulSize)
		return SAR_INVALIDPARAMERR;
	if (!home || !home[0])
		return SAR_NOTINITIALIZEERR;
	ULONG rv = collect(home, &list);
	if (rv != SAR_OK)
		goto out;
	for (size_t i = 0; i < list.num; i++)
		need += strlen(list.names[i]) + 1;
	need = list.num > 0 ? need : 2;
	ULONG room = *pulSize;
	*pulSize = (ULONG)need;
	if (!szNameList)
		goto out;
	if (room < need) {
		rv = SAR_BUFFER_TOO_SMALL;
		goto out;
	}
	memset(szNameList, 0, need);
	for (size_t i = 0, at = 0; i < list.num; i++) {
		size_t len = strlen(list.names[i]) + 1;
		memcpy(szNameList + at, list.names[i], len);
		at += len;
	}
out:
	free(list.names);
	return rv;
}

ULONG DEVAPI SKF_ConnectDev(LPSTR szName, DEVHANDLE *phDev)
{
	struct skf_device_file file;
	struct stat st;

	if (!phDev)
		return SAR_INVALIDPARAMERR;
	struct skf_dev *dev = skf_obj_new(SKF_DEV, sizeof(*dev), NULL);
	if (!dev)
		return SAR_MEMORYERR;
	dev->dir = -1;
	pthread_mutex_init(&dev->lock, NULL);
	ULONG rv = device_path(szName, dev->path);
	if (rv != SAR_OK)
		goto refuse;
	rv = SAR_DEVICE_REMOVED;
	dev->dir = open(dev->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (dev->dir < 0 || fstat(dev->dir, &st) != 0)
		goto refuse;
	dev->st_dev = st.st_dev;
	dev->st_ino = st.st_ino;
	rv = skf_device_file_read(dev->dir, &file);
	hf_wipe(&file, sizeof(file));
	if (rv != SAR_OK)
		goto refuse;
	return skf_handle_new(&dev->obj, phDev);
refuse:
	skf_obj_drop(&dev->obj);
	return rv;
}

ULONG DEVAPI SKF_DisConnectDev(DEVHANDLE hDev)
{
	return skf_handle_close(hDev, 1u << SKF_DEV);
}

ULONG DEVAPI SKF_GetDevState(LPSTR szDevName, ULONG *pulDevState)
{
	char path[HF_PATH_MAX];
	struct stat st;

	if (!pulDevState)
		return SAR_INVALIDPARAMERR;
	ULONG rv = device_path(szDevName, path);
	if (rv != SAR_OK && rv != SAR_DEVICE_REMOVED)
		return rv;
	bool there = rv == SAR_OK && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
	*pulDevState = there ? SKF_DEV_PRESENT : SKF_DEV_ABSENT;
	return SAR_OK;
}

ULONG DEVAPI SKF_SetLabel(DEVHANDLE hDev, LPSTR szLabel)
{
	struct skf_call call;
	struct skf_device_file file;

	if (!szLabel || strnlen(szLabel, SKF_LABEL_MAX + 1) > SKF_LABEL_MAX)
		return SAR_NAMELENERR;
	ULONG rv = skf_enter(hDev, SKF_DEV, &call);
	if (rv != SAR_OK)
		return rv;
	rv = skf_device_file_read(call.dev->dir, &file);
	if (rv == SAR_OK) {
		memset(file.label, 0, sizeof(file.label));
		hf_fmt_cut(file.label, sizeof(file.label), "%s", szLabel);
		rv = skf_device_file_write(call.dev->dir, &file);
	}
	hf_wipe(&file, sizeof(file));
	skf_leave(&call);
	return rv;
}

ULONG DEVAPI SKF_GetDevInfo(DEVHANDLE hDev, DEVINFO *pDevInfo)
{
	struct skf_call call;
	struct skf_device_file file;

	if (!pDevInfo)
		return SAR_INVALIDPARAMERR;
	ULONG rv = skf_enter(hDev, SKF_DEV, &call);
	if (rv != SAR_OK)
		return rv;
	rv = skf_device_file_read(call.dev->dir, &file);
	uint64_t used = skf_space_used(call.dev->dir);
	skf_leave(&call);
	if (rv != SAR_OK)
		return rv;
	memset(pDevInfo, 0, sizeof(*pDevInfo));
	pDevInfo->Version = pDevInfo->FirmwareVersion = (VERSION){1, 0};
	hf_fmt_cut(pDevInfo->Manufacturer, sizeof(pDevInfo->Manufacturer), "Hufu");
	hf_fmt_cut(pDevInfo->Issuer, sizeof(pDevInfo->Issuer), "Hufu software token");
	memcpy(pDevInfo->Label, file.label, sizeof(file.label));
	memcpy(pDevInfo->SerialNumber, file.serial, sizeof(file.serial));
	hf_wipe(&file, sizeof(file));
	pDevInfo->AlgSymCap = SGD_SM4_ECB | SGD_SM4_CBC;
	pDevInfo->AlgAsymCap = SGD_SM2_1 | SGD_SM2_3;
	pDevInfo->AlgHashCap = SGD_SM3;
	pDevInfo->DevAuthAlgId = SGD_SM4_ECB;
	pDevInfo->TotalSpace = SKF_SPACE;
	pDevInfo->FreeSpace = used < SKF_SPACE ? (ULONG)(SKF_SPACE - used) : 0;
	pDevInfo->MaxECCBufferSize = HF_SM2_PLAIN_MAX;
	pDevInfo->MaxBufferSize = SKF_FILE_MAX;
	return SAR_OK;
}

/* Waits for the folder's lock, looking every few ms, until the time is over. */
static ULONG wait_alone(int dir, ULONG timeout_ms)
{
	const struct timespec nap = {.tv_nsec = 5000000};

	for (uint64_t waited = 0;; waited += 5) {
		if (flock(dir, LOCK_EX | LOCK_NB) == 0)
			return SAR_OK;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return SAR_FAIL;
		if (timeout_ms != 0xFFFFFFFF && waited >= timeout_ms)
			return SAR_TIMEOUTERR;
		nanosleep(&nap, NULL);
	}
}

ULONG DEVAPI SKF_LockDev(DEVHANDLE hDev, ULONG ulTimeOut)
{
	struct skf_dev *dev;

	ULONG rv = skf_device_hold(hDev, &dev);
	if (rv != SAR_OK)
		return rv;
	pthread_mutex_lock(&dev->lock);
	rv = dev->alone ? SAR_OK : wait_alone(dev->dir, ulTimeOut);
	dev->alone = dev->alone || rv == SAR_OK;
	pthread_mutex_unlock(&dev->lock);
	skf_obj_drop(&dev->obj);
	return rv;
}

ULONG DEVAPI SKF_UnlockDev(DEVHANDLE hDev)
{
	struct skf_call call;

	ULONG rv = skf_enter(hDev, SKF_DEV, &call);
	if (rv != SAR_OK)
		return rv;
	call.dev->alone = false; /* and skf_leave gives the lock back */
	skf_leave(&call);
	return SAR_OK;
}

ULONG DEVAPI SKF_GenRandom(DEVHANDLE hDev, BYTE *pbRandom, ULONG ulRandomLen)
{
	struct skf_call call;

	if (!pbRandom || ulRandomLen == 0)
		return SAR_INVALIDPARAMERR;
	ULONG rv = skf_enter(hDev, SKF_DEV, &call);
	if (rv != SAR_OK)
		return rv;
	rv = skf_rand(pbRandom, ulRandomLen);
	if (rv == SAR_OK && ulRandomLen == sizeof(call.dev->challenge)) {
		memcpy(call.dev->challenge, pbRandom, ulRandomLen);
		call.dev->challenged = true;
	}
	skf_leave(&call);
	return rv;
}

//= GM/T 0016 8.2 device authentication
ULONG DEVAPI SKF_DevAuth(DEVHANDLE hDev, BYTE *pbAuthData, ULONG ulLen)
{
	struct skf_call call;
	struct skf_device_file file;
	uint8_t block[HF_SM4_BLOCK] = {0};

	if (!pbAuthData || ulLen != HF_SM4_BLOCK)
		return SAR_INDATALENERR;
	ULONG rv = skf_enter(hDev, SKF_DEV, &call);
	if (rv != SAR_OK)
		return rv;
	rv = skf_device_file_read(call.dev->dir, &file);
	if (rv == SAR_OK) {
		memcpy(block, call.dev->challenge, sizeof(call.dev->challenge));
		hf_sm4_ecb_encrypt(file.auth_key, block, block, sizeof(block));
		call.dev->authed = call.dev->challenged && hf_secret_equal(block, pbAuthData, sizeof(block));
		rv = call.dev->authed ? SAR_OK : SAR_FAIL;
	}
	call.dev->challenged = false;
	hf_wipe(&file, sizeof(file));
	hf_wipe(block, sizeof(block));
	skf_leave(&call);
	return rv;
}

ULONG DEVAPI SKF_ChangeDevAuthKey(DEVHANDLE hDev, BYTE *pbKeyValue, ULONG ulKeyLen)
{
	struct skf_call call;
	struct skf_device_file file;

	if (!pbKeyValue || ulKeyLen != SKFX_DEV_AUTH_KEY_LEN)
		return SAR_INDATALENERR;
	ULONG rv = skf_enter(hDev, SKF_DEV, &call);
	if (rv != SAR_OK)
		return rv;
	rv = call.dev->authed ? skf_device_file_read(call.dev->dir, &file) : SAR_USER_NOT_LOGGED_IN;
	if (rv == SAR_OK) {
		memcpy(file.auth_key, pbKeyValue, ulKeyLen);
		rv = skf_device_file_write(call.dev->dir, &file);
		hf_wipe(&file, sizeof(file));
	}
	skf_leave(&call);
	return rv;
}
