#include "token_int.h"

#include "base/alloc.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

static bool refused(const struct hf_token *token, ULONG rv, const char *call, struct hf_err *err)
{
	return rv == SAR_OK || hf_sar_fail(err, rv, call, token->where);
}

/* A refused PIN: how many tries are left, which decides what the holder does next. */
static bool pin_refused(const struct hf_token *token, ULONG rv, const char *call, ULONG left, struct hf_err *err)
{
	if (rv == SAR_OK)
		return true;
	hf_sar_fail(err, rv, call, token->where);
	if (rv == SAR_PIN_INCORRECT && err) {
		size_t len = strlen(err->text);
		hf_fmt_cut(err->text + len, sizeof(err->text) - len, " (%u tries left)", (unsigned)left);
	}
	return false;
}

static bool give_pin(struct hf_token *token, struct hf_bytes pin, struct hf_err *err)
{
	char text[HF_TOKEN_PIN_MAX];
	ULONG left = 0;

	if (!hf_token_pin_copy(pin, text, err))
		return false;
	ULONG rv = token->lib->SKF_VerifyPIN(token->app, SKF_USER_TYPE, text, &left);
	hf_wipe(text, sizeof(text));
	return pin_refused(token, rv, "SKF_VerifyPIN", left, err);
}

bool hf_token_open(const struct hf_token_lib *lib, const char *device, const char *application, struct hf_bytes pin,
	struct hf_token **out, struct hf_err *err)
{
	struct hf_token *token = hf_alloc(1, sizeof(*token));

	token->lib = lib;
	hf_fmt_cut(token->where, sizeof(token->where), "token %s", device);
	ULONG rv = lib->SKF_ConnectDev(hf_skf_text(device), &token->dev);
	if (rv != SAR_OK) {
		hf_sar_fail(err, rv, "SKF_ConnectDev", token->where);
		if (rv == SAR_DEVICE_REMOVED && err)
			err->code = HF_E_MISSING;
		free(token);
		return false;
	}
	rv = lib->SKF_OpenApplication(token->dev, hf_skf_text(application), &token->app);
	if (!refused(token, rv, "SKF_OpenApplication", err) || (pin.len > 0 && !give_pin(token, pin, err))) {
		hf_token_close(token);
		return false;
	}
	*out = token;
	return true;
}

void hf_token_close(struct hf_token *token)
{
	if (!token)
		return;
	if (token->con)
		token->lib->SKF_CloseContainer(token->con);
	if (token->app)
		token->lib->SKF_CloseApplication(token->app);
	token->lib->SKF_DisConnectDev(token->dev);
	free(token);
}

bool hf_token_info(struct hf_token *token, struct hf_token_info *out, struct hf_err *err)
{
	DEVINFO info;
	ULONG max = 0, left = 0;
	BOOL first = FALSE;

	memset(out, 0, sizeof(*out));
	if (!refused(token, token->lib->SKF_GetDevInfo(token->dev, &info), "SKF_GetDevInfo", err))
		return false;
	memcpy(out->label, info.Label, sizeof(info.Label));
	memcpy(out->serial, info.SerialNumber, sizeof(info.SerialNumber));
	memcpy(out->manufacturer, info.Manufacturer, sizeof(info.Manufacturer));
	out->hardware_major = info.HWVersion.major;
	out->hardware_minor = info.HWVersion.minor;
	out->firmware_major = info.FirmwareVersion.major;
	out->firmware_minor = info.FirmwareVersion.minor;
	ULONG rv = token->lib->SKF_GetPINInfo(token->app, SKF_USER_TYPE, &max, &left, &first);
	if (!refused(token, rv, "SKF_GetPINInfo", err))
		return false;
	out->user_tries = left;
	out->user_tries_max = max;
	out->first_user_pin = first != FALSE;
	rv = token->lib->SKF_GetPINInfo(token->app, SKF_ADMIN_TYPE, &max, &left, &first);
	out->admin_tries = left;
	out->admin_tries_max = max;
	return refused(token, rv, "SKF_GetPINInfo", err);
}

/* Both calls that set a PIN take two PINs: the one that allows it, and the new one. */
static bool set_pin(struct hf_token *token, int type, struct hf_bytes by, struct hf_bytes new_pin, struct hf_err *err)
{
	char first[HF_TOKEN_PIN_MAX] = {0}, second[HF_TOKEN_PIN_MAX] = {0};
	bool unblock = type < 0;
	ULONG left = 0, rv;
	bool ok = false;

	if (!hf_token_pin_copy(by, first, err) || !hf_token_pin_copy(new_pin, second, err))
		goto out;
	if (unblock)
		rv = token->lib->SKF_UnblockPIN(token->app, first, second, &left);
	else
		rv = token->lib->SKF_ChangePIN(token->app, (ULONG)type, first, second, &left);
	ok = pin_refused(token, rv, unblock ? "SKF_UnblockPIN" : "SKF_ChangePIN", left, err);
out:
	hf_wipe(first, sizeof(first));
	hf_wipe(second, sizeof(second));
	return ok;
}

bool hf_token_change_pin(
	struct hf_token *token, bool admin, struct hf_bytes old_pin, struct hf_bytes new_pin, struct hf_err *err)
{
	return set_pin(token, admin ? SKF_ADMIN_TYPE : SKF_USER_TYPE, old_pin, new_pin, err);
}

bool hf_token_unblock(struct hf_token *token, struct hf_bytes admin_pin, struct hf_bytes new_pin, struct hf_err *err)
{
	return set_pin(token, -1, admin_pin, new_pin, err);
}

bool hf_token_random(struct hf_token *token, void *out, size_t len, struct hf_err *err)
{
	if (len == 0 || len > 65536)
		return hf_fail(err, HF_E_LIMIT, "%s: 1 to 65536 random octets at once", token->where);
	ULONG rv = token->lib->SKF_GenRandom(token->dev, out, (ULONG)len);
	return refused(token, rv, "SKF_GenRandom", err);
}

/* Makes a file of the size, or keeps one that has it. */
static bool file_ready(struct hf_token *token, const char *name, ULONG size, struct hf_err *err)
{
	FILEATTRIBUTE info;

	ULONG rv = token->lib->SKF_GetFileInfo(token->app, hf_skf_text(name), &info);
	if (rv == SAR_OK && info.FileSize == size)
		return true;
	if (rv == SAR_OK) {
		rv = token->lib->SKF_DeleteFile(token->app, hf_skf_text(name));
		if (!refused(token, rv, "SKF_DeleteFile", err))
			return false;
	} else if (rv != SAR_FILE_NOT_EXIST) {
		return refused(token, rv, "SKF_GetFileInfo", err);
	}
	rv = token->lib->SKF_CreateFile(token->app, hf_skf_text(name), size, SKF_RIGHT_USER, SKF_RIGHT_USER);
	return refused(token, rv, "SKF_CreateFile", err);
}

#define FILE_CAP 262144

bool hf_token_file_put(struct hf_token *token, const char *name, struct hf_bytes content, struct hf_err *err)
{
	if (content.len == 0 || content.len > FILE_CAP)
		return hf_fail(err, HF_E_LIMIT, "%s: file %s: 1 to %d octets", token->where, name, FILE_CAP);
	ULONG size = (ULONG)content.len;
	if (!file_ready(token, name, size, err))
		return false;
	ULONG rv = token->lib->SKF_WriteFile(token->app, hf_skf_text(name), 0, hf_skf_bytes(content.p), size);
	return refused(token, rv, "SKF_WriteFile", err);
}

bool hf_token_file_get(struct hf_token *token, const char *name, struct hf_buf *out, struct hf_err *err)
{
	FILEATTRIBUTE info;

	ULONG rv = token->lib->SKF_GetFileInfo(token->app, hf_skf_text(name), &info);
	if (!refused(token, rv, "SKF_GetFileInfo", err))
		return false;
	ULONG len = info.FileSize;
	size_t was = out->len;
	uint8_t *room = len <= FILE_CAP ? hf_buf_extend(out, len) : NULL;
	if (!room)
		return hf_fail(err, HF_E_LIMIT, "%s: file %s has %u octets", token->where, name, (unsigned)len);
	rv = token->lib->SKF_ReadFile(token->app, hf_skf_text(name), 0, len, room, &len);
	out->len = rv == SAR_OK && len <= info.FileSize ? was + len : was;
	return refused(token, rv, "SKF_ReadFile", err);
}
