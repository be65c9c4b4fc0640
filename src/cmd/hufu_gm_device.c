#include "cmd/hufu_gm.h"

#include "base/str.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* ---- secrets ---------------------------------------------------------------------------------------------------- */

static bool take(struct hf_bytes value, const char *path, char out[HF_GM_SECRET_MAX], struct hf_err *err)
{
	if (value.len == 0 || value.len >= HF_GM_SECRET_MAX)
		return hf_fail(err, HF_E_INPUT, "%s: a secret has 1 to %d octets", path, SDFX_CODE_MAX);
	memcpy(out, value.p, value.len);
	out[value.len] = '\0';
	return true;
}

/* Lines "NAME SECRET", or one line that is the secret. */
static bool find_secret(
	struct hf_bytes text, const char *name, const char *path, char out[HF_GM_SECRET_MAX], struct hf_err *err)
{
	const size_t name_len = strlen(name);
	size_t num = 0;
	struct hf_bytes line = HF_BYTES_NONE, rest = text;

	while (rest.len > 0) {
		const uint8_t *end = memchr(rest.p, '\n', rest.len);
		const size_t len = end ? (size_t)(end - rest.p) : rest.len;

		line = (struct hf_bytes){rest.p, len - (len > 0 && rest.p[len - 1] == '\r')};
		rest = (struct hf_bytes){rest.p + len + (end != NULL), rest.len - len - (end != NULL)};
		num++;
		if (line.len > name_len && memcmp(line.p, name, name_len) == 0 && line.p[name_len] == ' ')
			return take((struct hf_bytes){line.p + name_len + 1, line.len - name_len - 1}, path, out, err);
	}
	if (num == 1 && !memchr(line.p, ' ', line.len))
		return take(line, path, out, err);
	return hf_fail(err, HF_E_MISSING, "%s: neither a line \"%s SECRET\" nor a secret alone", path, name);
}

static bool ask(const struct hf_cmd *cmd, const char *name, bool fresh, char out[HF_GM_SECRET_MAX], struct hf_err *err)
{
	char prompt[160], first[HF_DESK_PIN_MAX] = "", again[HF_DESK_PIN_MAX] = "";
	bool ok;

	hf_fmt_cut(prompt, sizeof(prompt), hf_cmd_text(cmd, HF_MSG_SECRET_PROMPT), name);
	ok = hf_desk_ask_pin(prompt, first, err);
	if (ok && fresh) {
		hf_fmt_cut(prompt, sizeof(prompt), hf_cmd_text(cmd, HF_MSG_SECRET_AGAIN), name);
		ok = hf_desk_ask_pin(prompt, again, err) &&
		     (strcmp(first, again) == 0 || hf_fail(err, HF_E_INPUT, "the two entries differ"));
	}
	hf_fmt_cut(out, HF_GM_SECRET_MAX, "%s", first);
	hf_wipe(first, sizeof(first));
	hf_wipe(again, sizeof(again));
	return ok;
}

bool hf_gm_secret(
	const struct hf_cmd *cmd, const char *name, bool fresh, char out[HF_GM_SECRET_MAX], struct hf_err *err)
{
	const char *path = hf_cmd_opt(cmd, "pin-file");
	struct hf_buf text;
	bool ok;

	if (!path)
		return ask(cmd, name, fresh, out, err);
	hf_buf_init_secret(&text, 65536);
	ok = hf_file_read(path, &text, err) && find_secret(hf_buf_bytes(&text), name, path, out, err);
	hf_buf_clear(&text);
	return ok;
}

/* ---- the device ------------------------------------------------------------------------------------------------- */

bool hf_gm_library(const struct hf_cmd *cmd, struct hf_gm_device *dev, struct hf_err *err)
{
	const char *name = hf_cmd_opt(cmd, "sdf");
	char self[HF_PATH_MAX], path[HF_PATH_MAX + 32];
	ssize_t len;
	char *slash;

	*dev = (struct hf_gm_device){0};
	if (name)
		return hf_sdf_lib_open(&dev->lib, name, err);
	len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (len <= 0)
		return hf_fail(err, HF_E_INTERNAL, "/proc/self/exe: %s: name the library by --sdf", strerror(errno));
	self[len] = '\0';
	slash = strrchr(self, '/');
	if (slash)
		*slash = '\0';
	hf_fmt_cut(path, sizeof(path), "%s/libhufusdf.so", self);
	return hf_sdf_lib_open(&dev->lib, path, err);
}

bool hf_gm_needed(bool there, const char *function, struct hf_err *err)
{
	return there || hf_fail(err, HF_E_DEVICE, "this SDF library has no %s, which this verb needs (include/sdfx.h)",
				function);
}

bool hf_gm_device_open(const struct hf_cmd *cmd, struct hf_gm_device *dev, struct hf_err *err)
{
	const char *folder = hf_cmd_opt(cmd, "device");
	int code;

	if (!hf_gm_library(cmd, dev, err))
		return false;
	if (folder && !hf_gm_need(dev, SDFX_OpenDevice, err))
		return hf_fail_in(err, "--device");
	code = folder ? dev->lib.SDFX_OpenDevice(folder, &dev->device) : dev->lib.SDF_OpenDevice(&dev->device);
	if (code != SDR_OK) {
		dev->device = NULL;
		hf_sdf_fail(err, folder ? "SDFX_OpenDevice" : "SDF_OpenDevice", code);
		return hf_fail_in(err, "%.200s", folder ? folder : "--device is not given");
	}
	code = dev->lib.SDF_OpenSession(dev->device, &dev->session);
	if (code == SDR_OK)
		return true;
	dev->session = NULL;
	return hf_sdf_fail(err, "SDF_OpenSession", code);
}

void hf_gm_device_close(struct hf_gm_device *dev)
{
	if (dev->session)
		(void)dev->lib.SDF_CloseSession(dev->session);
	if (dev->device)
		(void)dev->lib.SDF_CloseDevice(dev->device);
	hf_sdf_lib_close(&dev->lib);
	*dev = (struct hf_gm_device){0};
}

bool hf_gm_device_public(
	struct hf_gm_device *dev, unsigned index, bool sign, uint8_t pub[HF_SM2_POINT], struct hf_err *err)
{
	ECCrefPublicKey key = {0};
	int code;

	if (!sign && !hf_gm_need(dev, SDF_ExportEncPublicKey_ECC, err))
		return false;
	code = sign ? dev->lib.SDF_ExportSignPublicKey_ECC(dev->session, index, &key)
		    : dev->lib.SDF_ExportEncPublicKey_ECC(dev->session, index, &key);
	if (code == (int)SDR_KEYNOTEXIST)
		return hf_fail(err, HF_E_MISSING, "index %u has no %s pair", index, sign ? "signing" : "encryption");
	if (code != SDR_OK)
		return hf_sdf_fail(err, sign ? "SDF_ExportSignPublicKey_ECC" : "SDF_ExportEncPublicKey_ECC", code);
	memcpy(pub, key.x + 32, 32);
	memcpy(pub + 32, key.y + 32, 32);
	return hf_sm2_point_check(pub, err) || hf_fail_in(err, "the device's public key");
}

bool hf_gm_device_right(const struct hf_cmd *cmd, struct hf_gm_device *dev, unsigned index, struct hf_err *err)
{
	char code[HF_GM_SECRET_MAX] = "";
	bool ok = hf_gm_secret(cmd, "keys", false, code, err);
	int got = 0;

	if (ok) {
		got = dev->lib.SDF_GetPrivateKeyAccessRight(
			dev->session, index, (unsigned char *)code, (unsigned)strlen(code));
		if (got == (int)SDR_PRKRERR)
			ok = hf_fail(err, HF_E_DENIED, "index %u: the access code is wrong (SDR_PRKRERR)", index);
		else if (got != SDR_OK)
			ok = hf_sdf_fail(err, "SDF_GetPrivateKeyAccessRight", got);
	}
	hf_wipe(code, sizeof(code));
	return ok;
}

bool hf_gm_index(const struct hf_cmd *cmd, unsigned *index, struct hf_err *err)
{
	int64_t value;

	if (!hf_cmd_opt_i64(cmd, "index", 1, SDFX_INDEX_MAX, 1, &value, err))
		return false;
	*index = (unsigned)value;
	return true;
}
