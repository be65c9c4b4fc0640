#include "token_int.h"

#include "base/alloc.h"
#include "base/str.h"
#include "crypto/sm4.h"

#include <string.h>

/* Appends the names of a list as SKF gives it ("a\0b\0\0"), which len octets hold. */
static bool put_names(struct hf_buf *out, const char *list, size_t len)
{
	for (size_t at = 0; at < len && list[at];) {
		size_t n = strnlen(list + at, len - at);
		if (!hf_buf_put(out, list + at, n) || !hf_buf_put_u8(out, 0))
			return false;
		at += n + 1;
	}
	return true;
}

#define LIST_MAX (4u << 20)
#define ASK_MAX  4 /* a list may grow between asking for its length and for itself */

bool hf_token_list(const struct hf_token_lib *lib, struct hf_buf *names, struct hf_err *err)
{
	struct hf_buf list;
	ULONG len = 0;
	bool ok = false;

	hf_buf_init(&list, LIST_MAX);
	ULONG rv = lib->SKF_EnumDev(TRUE, NULL, &len);
	for (int i = 0; i < ASK_MAX; i++) {
		if (rv != SAR_OK && rv != SAR_BUFFER_TOO_SMALL)
			break;
		hf_buf_reset(&list);
		uint8_t *room = hf_buf_extend(&list, len ? len : 1);
		if (!room) {
			hf_fail(err, HF_E_LIMIT, "SKF_EnumDev: the list of devices is larger than %u octets", LIST_MAX);
			goto out;
		}
		rv = lib->SKF_EnumDev(TRUE, (LPSTR)room, &len);
		if (rv == SAR_OK)
			break;
	}
	if (rv != SAR_OK)
		hf_sar_fail(err, rv, "SKF_EnumDev", "devices");
	else if (!put_names(names, (const char *)list.p, len < list.len ? len : list.len))
		hf_fail(err, HF_E_LIMIT, "the list of devices is larger than %zu octets", names->max);
	else
		ok = true;
out:
	hf_buf_clear(&list);
	return ok;
}

//= GM/T 0016 8.2 device authentication
static ULONG authenticate(const struct hf_token_lib *lib, DEVHANDLE dev, const uint8_t key[16])
{
	uint8_t block[HF_SM4_BLOCK] = {0};

	ULONG rv = lib->SKF_GenRandom(dev, block, 8);
	if (rv == SAR_OK) {
		hf_sm4_ecb_encrypt(key, block, block, sizeof(block));
		rv = lib->SKF_DevAuth(dev, block, sizeof(block));
	}
	hf_wipe(block, sizeof(block));
	return rv;
}

static bool make_application(
	const struct hf_token_lib *lib, DEVHANDLE dev, const struct hf_token_new *what, struct hf_err *err)
{
	char admin[HF_TOKEN_PIN_MAX], user[HF_TOKEN_PIN_MAX];
	HAPPLICATION app;
	bool ok = false;

	if (!hf_token_pin_copy(what->admin_pin, admin, err) || !hf_token_pin_copy(what->user_pin, user, err))
		goto out;
	ULONG rv = authenticate(lib, dev, what->auth_key);
	if (rv != SAR_OK) {
		hf_sar_fail(err, rv, "SKF_DevAuth", what->device);
		goto out;
	}
	rv = lib->SKF_CreateApplication(dev, hf_skf_text(what->application), admin,
		what->admin_tries ? what->admin_tries : 10, user, what->user_tries ? what->user_tries : 10,
		SKF_RIGHT_USER, &app);
	if (rv != SAR_OK) {
		hf_sar_fail(err, rv, "SKF_CreateApplication", what->device);
		goto out;
	}
	lib->SKF_CloseApplication(app);
	ok = true;
out:
	hf_wipe(admin, sizeof(admin));
	hf_wipe(user, sizeof(user));
	return ok;
}

bool hf_token_create(const struct hf_token_lib *lib, const struct hf_token_new *what, struct hf_err *err)
{
	uint8_t key[16];
	DEVHANDLE dev;

	if (!hf_token_lib_makes(lib))
		return hf_fail(err, HF_E_DEVICE,
			"%s: this library cannot make tokens (it has no SKFX_CreateDevice): initialise the token with "
			"its "
			"maker's tool",
			what->device);
	memcpy(key, what->auth_key, sizeof(key));
	ULONG rv = lib->SKFX_CreateDevice(hf_skf_text(what->device), hf_skf_text(what->label), key, what->iterations);
	hf_wipe(key, sizeof(key));
	/* A maker that was killed after this step goes on with the next. */
	if (rv != SAR_OK && rv != SAR_FILE_ALREADY_EXIST)
		return hf_sar_fail(err, rv, "SKFX_CreateDevice", what->device);
	rv = lib->SKF_ConnectDev(hf_skf_text(what->device), &dev);
	if (rv != SAR_OK)
		return hf_sar_fail(err, rv, "SKF_ConnectDev", what->device);
	bool ok = make_application(lib, dev, what, err);
	lib->SKF_DisConnectDev(dev);
	return ok;
}

bool hf_token_destroy(
	const struct hf_token_lib *lib, const char *device, const uint8_t auth_key[16], struct hf_err *err)
{
	if (!lib->SKFX_DeleteDevice)
		return hf_fail(err, HF_E_DEVICE, "%s: this library cannot delete tokens (it has no SKFX_DeleteDevice)",
			device);
	ULONG rv = lib->SKFX_DeleteDevice(hf_skf_text(device), hf_skf_bytes(auth_key));
	return rv == SAR_OK || hf_sar_fail(err, rv, "SKFX_DeleteDevice", device);
}
