#include "app_file.h"
#include "device_file.h"

#include "base/hex.h"
#include "base/str.h"

#include <string.h>

void skf_prefix(char out[SKF_PREFIX_MAX], char kind, const uint8_t app_id[16])
{
	char hex[33];

	/* Half of the id is enough to tell 16 applications apart, and leaves room for a long name in hex. */
	hf_hex((struct hf_bytes){app_id, 8}, hex);
	hf_fmt_cut(out, SKF_PREFIX_MAX, "%c-%s-", kind, hex);
}

ULONG skf_need(const struct skf_app *app, uint32_t rights)
{
	return rights == SKF_RIGHT_ANYONE || (app->rights & rights) != 0 ? SAR_OK : SAR_USER_NOT_LOGGED_IN;
}

static void log_out(struct skf_app *app)
{
	app->rights = 0;
	hf_wipe(app->enc, sizeof(app->enc));
	hf_wipe(app->mac, sizeof(app->mac));
}

static bool pin_get(LPSTR text, struct hf_bytes *pin)
{
	size_t len = text ? strnlen(text, SKF_PIN_MAX + 1) : 0;

	*pin = (struct hf_bytes){(const uint8_t *)text, len};
	return len >= SKF_PIN_MIN && len <= SKF_PIN_MAX;
}

/*
 * One try of a PIN. The count goes down, durably, before the PIN is looked at: whoever cuts the power or kills the
 * process has spent the try.
 */
static ULONG pin_try(int dir, struct skf_app_file *file, ULONG type, LPSTR text, uint8_t master[SKF_MASTER])
{
	struct skf_seal_keys keys;
	struct hf_bytes pin;
	uint32_t *left = &file->tries.left[type];

	if (*left == 0)
		return SAR_PIN_LOCKED;
	if (!pin_get(text, &pin))
		return SAR_PIN_LEN_RANGE;
	--*left;
	ULONG rv = skf_app_file_count(dir, file, true);
	if (rv != SAR_OK)
		return rv;
	if (!skf_wrap_open(file, type, pin, master))
		return SAR_PIN_INCORRECT;
	skf_seal_keys((struct hf_bytes){master, SKF_MASTER}, &keys);
	rv = skf_app_file_whole(file, keys.mac) ? SAR_OK : SAR_FILEERR;
	hf_wipe(&keys, sizeof(keys));
	if (rv != SAR_OK)
		return rv;
	*left = file->tries.max[type];
	/* Not synced: if it is lost, the holder has one try less until the next right PIN. */
	return skf_app_file_count(dir, file, false);
}

static void tell_left(const struct skf_app_file *file, ULONG type, ULONG *out)
{
	if (out)
		*out = file->tries.left[type];
}

/* --- applications --- */

/* A handle for an application of the call's device. */
static ULONG app_handle(const struct skf_call *call, const struct skf_app_file *file, HAPPLICATION *out)
{
	struct skf_app *app = skf_obj_new(SKF_APP, sizeof(*app), &call->dev->obj);

	if (!app)
		return SAR_MEMORYERR;
	memcpy(app->name, file->name, sizeof(app->name));
	memcpy(app->id, file->id, sizeof(app->id));
	app->create_rights = file->create_rights;
	return skf_handle_new(&app->obj, out);
}

static bool rights_known(DWORD rights)
{
	return rights == SKF_RIGHT_NEVER || rights == SKF_RIGHT_ANYONE ||
	       (rights & ~(DWORD)(SKF_RIGHT_ADMIN | SKF_RIGHT_USER)) == 0;
}

static ULONG app_make(
	const struct skf_call *call, struct skf_app_file *file, struct hf_bytes admin, struct hf_bytes user)
{
	struct skf_device_file device;
	struct skf_seal_keys keys;
	uint8_t master[SKF_MASTER];

	ULONG rv = skf_device_file_read(call->dev->dir, &device);
	if (rv == SAR_OK && skf_count(call->dev->dir, "a-") >= SKF_APP_CAP)
		rv = SAR_NO_ROOM;
	if (rv == SAR_OK)
		rv = skf_rand(file->id, sizeof(file->id));
	if (rv == SAR_OK)
		rv = skf_rand(master, sizeof(master));
	if (rv == SAR_OK)
		rv = skf_wrap_make(file, SKF_ADMIN_TYPE, admin, device.iterations, master);
	if (rv == SAR_OK)
		rv = skf_wrap_make(file, SKF_USER_TYPE, user, device.iterations, master);
	if (rv == SAR_OK) {
		skf_seal_keys(HF_BYTES_OF(master), &keys);
		rv = skf_app_file_write(call->dev->dir, file, keys.mac);
		hf_wipe(&keys, sizeof(keys));
	}
	hf_wipe(master, sizeof(master));
	hf_wipe(&device, sizeof(device));
	return rv;
}

ULONG DEVAPI SKF_CreateApplication(DEVHANDLE hDev, LPSTR szAppName, LPSTR szAdminPin, DWORD dwAdminPinRetryCount,
	LPSTR szUserPin, DWORD dwUserPinRetryCount, DWORD dwCreateFileRights, HAPPLICATION *phApplication)
{
	struct skf_call call;
	struct skf_app_file file, old;
	struct hf_bytes admin, user;

	if (!skf_name_ok(szAppName, SKF_NAME_MAX))
		return SAR_APPLICATION_NAME_INVALID;
	if (!pin_get(szAdminPin, &admin) || !pin_get(szUserPin, &user))
		return SAR_PIN_LEN_RANGE;
	if (!phApplication || !rights_known(dwCreateFileRights) || dwAdminPinRetryCount < 1 ||
		dwAdminPinRetryCount > SKF_RETRY_MAX || dwUserPinRetryCount < 1 || dwUserPinRetryCount > SKF_RETRY_MAX)
		return SAR_INVALIDPARAMERR;
	ULONG rv = skf_enter(hDev, SKF_DEV, &call);
	if (rv != SAR_OK)
		return rv;
	memset(&file, 0, sizeof(file));
	hf_fmt_cut(file.name, sizeof(file.name), "%s", szAppName);
	file.create_rights = dwCreateFileRights;
	file.first_pin[SKF_ADMIN_TYPE] = file.first_pin[SKF_USER_TYPE] = true;
	file.tries.max[SKF_ADMIN_TYPE] = file.tries.left[SKF_ADMIN_TYPE] = dwAdminPinRetryCount;
	file.tries.max[SKF_USER_TYPE] = file.tries.left[SKF_USER_TYPE] = dwUserPinRetryCount;
	if (!call.dev->authed)
		rv = SAR_USER_NOT_LOGGED_IN;
	else if (skf_app_file_read(call.dev->dir, szAppName, &old) != SAR_APPLICATION_NOT_EXISTS)
		rv = SAR_APPLICATION_EXISTS;
	else
		rv = app_make(&call, &file, admin, user);
	if (rv == SAR_OK)
		rv = app_handle(&call, &file, phApplication);
	skf_leave(&call);
	return rv;
}

ULONG DEVAPI SKF_EnumApplication(DEVHANDLE hDev, LPSTR szAppName, ULONG *pulSize)
{
	struct skf_call call;

	ULONG rv = skf_enter(hDev, SKF_DEV, &call);
	if (rv != SAR_OK)
		return rv;
	rv = skf_list(call.dev->dir, "a-", szAppName, pulSize);
	skf_leave(&call);
	return rv;
}

struct orphans {
	int dir;
	const char *prefix;
	bool found;
};

static bool drop_orphan(const char *rest, void *ctx)
{
	struct orphans *o = ctx;
	char entry[SKF_ENTRY_MAX];

	hf_fmt_cut(entry, sizeof(entry), "%s%s", o->prefix, rest);
	o->found = skf_remove(o->dir, entry) == SAR_OK;
	return !o->found; /* the listing is started anew after each removal */
}

/* Everything that hangs on the application; without its file, nobody could read it anyway. */
static void drop_all(int dir, const uint8_t app_id[16])
{
	for (const char *kind = "cf"; *kind; kind++) {
		char prefix[SKF_PREFIX_MAX];
		struct orphans o = {dir, prefix, true};

		skf_prefix(prefix, *kind, app_id);
		while (o.found) {
			o.found = false;
			if (skf_each(dir, prefix, drop_orphan, &o) != SAR_OK)
				break;
		}
	}
}

ULONG DEVAPI SKF_DeleteApplication(DEVHANDLE hDev, LPSTR szAppName)
{
	struct skf_call call;
	struct skf_app_file file;
	char entry[SKF_ENTRY_MAX];

	if (!skf_name_ok(szAppName, SKF_NAME_MAX))
		return SAR_APPLICATION_NAME_INVALID;
	ULONG rv = skf_enter(hDev, SKF_DEV, &call);
	if (rv != SAR_OK)
		return rv;
	rv = call.dev->authed ? skf_app_file_read(call.dev->dir, szAppName, &file) : SAR_USER_NOT_LOGGED_IN;
	if (rv == SAR_OK) {
		skf_app_entry(entry, szAppName);
		rv = skf_remove(call.dev->dir, entry);
		if (rv == SAR_OK)
			drop_all(call.dev->dir, file.id);
	}
	skf_leave(&call);
	return rv;
}

ULONG DEVAPI SKF_OpenApplication(DEVHANDLE hDev, LPSTR szAppName, HAPPLICATION *phApplication)
{
	struct skf_call call;
	struct skf_app_file file;

	if (!skf_name_ok(szAppName, SKF_NAME_MAX))
		return SAR_APPLICATION_NAME_INVALID;
	if (!phApplication)
		return SAR_INVALIDPARAMERR;
	ULONG rv = skf_enter(hDev, SKF_DEV, &call);
	if (rv != SAR_OK)
		return rv;
	rv = skf_app_file_read(call.dev->dir, szAppName, &file);
	if (rv == SAR_OK)
		rv = app_handle(&call, &file, phApplication);
	skf_leave(&call);
	return rv;
}

ULONG DEVAPI SKF_CloseApplication(HAPPLICATION hApplication)
{
	return skf_handle_close(hApplication, 1u << SKF_APP);
}

/* --- PINs --- */

/* Into the application's device, with its file read; an application that was made anew under its name is another one.
 */
static ULONG enter_app(HAPPLICATION handle, ULONG type, struct skf_call *call, struct skf_app_file *file)
{
	if (type != SKF_ADMIN_TYPE && type != SKF_USER_TYPE)
		return SAR_USER_TYPE_INVALID;
	ULONG rv = skf_enter(handle, SKF_APP, call);
	if (rv != SAR_OK)
		return rv;
	rv = skf_app_file_read(call->dev->dir, call->app->name, file);
	if (rv == SAR_OK && memcmp(file->id, call->app->id, sizeof(file->id)) != 0)
		rv = SAR_APPLICATION_NOT_EXISTS;
	if (rv != SAR_OK)
		skf_leave(call);
	return rv;
}

ULONG DEVAPI SKF_VerifyPIN(HAPPLICATION hApplication, ULONG ulPINType, LPSTR szPIN, ULONG *pulRetryCount)
{
	struct skf_call call;
	struct skf_app_file file;
	struct skf_seal_keys keys;
	uint8_t master[SKF_MASTER];

	ULONG rv = enter_app(hApplication, ulPINType, &call, &file);
	if (rv != SAR_OK)
		return rv;
	log_out(call.app);
	rv = pin_try(call.dev->dir, &file, ulPINType, szPIN, master);
	if (rv == SAR_OK) {
		skf_seal_keys(HF_BYTES_OF(master), &keys);
		memcpy(call.app->enc, keys.enc, sizeof(call.app->enc));
		memcpy(call.app->mac, keys.mac, sizeof(call.app->mac));
		call.app->rights = ulPINType == SKF_ADMIN_TYPE ? SKF_RIGHT_ADMIN : SKF_RIGHT_USER;
		hf_wipe(&keys, sizeof(keys));
	}
	tell_left(&file, ulPINType, pulRetryCount);
	hf_wipe(master, sizeof(master));
	skf_leave(&call);
	return rv;
}

/* The master key under a new PIN of this type, all its tries given back. */
static ULONG pin_set(const struct skf_call *call, struct skf_app_file *file, ULONG type, struct hf_bytes pin,
	const uint8_t master[SKF_MASTER])
{
	struct skf_seal_keys keys;

	ULONG rv = skf_wrap_make(file, type, pin, file->wrap[type].iterations, master);
	if (rv != SAR_OK)
		return rv;
	file->first_pin[type] = false;
	file->tries.left[type] = file->tries.max[type];
	skf_seal_keys((struct hf_bytes){master, SKF_MASTER}, &keys);
	rv = skf_app_file_write(call->dev->dir, file, keys.mac);
	hf_wipe(&keys, sizeof(keys));
	return rv;
}

ULONG DEVAPI SKF_ChangePIN(
	HAPPLICATION hApplication, ULONG ulPINType, LPSTR szOldPin, LPSTR szNewPin, ULONG *pulRetryCount)
{
	struct skf_call call;
	struct skf_app_file file;
	struct hf_bytes pin;
	uint8_t master[SKF_MASTER];

	if (!pin_get(szNewPin, &pin))
		return SAR_PIN_LEN_RANGE;
	ULONG rv = enter_app(hApplication, ulPINType, &call, &file);
	if (rv != SAR_OK)
		return rv;
	rv = pin_try(call.dev->dir, &file, ulPINType, szOldPin, master);
	if (rv == SAR_OK)
		rv = pin_set(&call, &file, ulPINType, pin, master);
	tell_left(&file, ulPINType, pulRetryCount);
	hf_wipe(master, sizeof(master));
	skf_leave(&call);
	return rv;
}

ULONG DEVAPI SKF_UnblockPIN(HAPPLICATION hApplication, LPSTR szAdminPIN, LPSTR szNewUserPIN, ULONG *pulRetryCount)
{
	struct skf_call call;
	struct skf_app_file file;
	struct hf_bytes pin;
	uint8_t master[SKF_MASTER];

	if (!pin_get(szNewUserPIN, &pin))
		return SAR_PIN_LEN_RANGE;
	ULONG rv = enter_app(hApplication, SKF_ADMIN_TYPE, &call, &file);
	if (rv != SAR_OK)
		return rv;
	rv = pin_try(call.dev->dir, &file, SKF_ADMIN_TYPE, szAdminPIN, master);
	if (rv == SAR_OK)
		rv = pin_set(&call, &file, SKF_USER_TYPE, pin, master);
	tell_left(&file, SKF_ADMIN_TYPE, pulRetryCount);
	hf_wipe(master, sizeof(master));
	skf_leave(&call);
	return rv;
}

ULONG DEVAPI SKF_GetPINInfo(HAPPLICATION hApplication, ULONG ulPINType, ULONG *pulMaxRetryCount,
	ULONG *pulRemainRetryCount, BOOL *pbDefaultPin)
{
	struct skf_call call;
	struct skf_app_file file;

	ULONG rv = enter_app(hApplication, ulPINType, &call, &file);
	if (rv != SAR_OK)
		return rv;
	if (pulMaxRetryCount)
		*pulMaxRetryCount = file.tries.max[ulPINType];
	tell_left(&file, ulPINType, pulRemainRetryCount);
	if (pbDefaultPin)
		*pbDefaultPin = file.first_pin[ulPINType] ? TRUE : FALSE;
	skf_leave(&call);
	return SAR_OK;
}

ULONG DEVAPI SKF_ClearSecureState(HAPPLICATION hApplication)
{
	struct skf_call call;

	ULONG rv = skf_enter(hApplication, SKF_APP, &call);
	if (rv != SAR_OK)
		return rv;
	log_out(call.app);
	skf_leave(&call);
	return SAR_OK;
}
