/*
 * hufu device init|info|keys|generate|export-public|backup|restore|self-test|bench: any GM/T 0018 library by --sdf.
 * What GM/T 0018 leaves out (init, generate, backup, restore, self-test, --device) is in sdfx.h; a library without it
 * is told so by the function's name. hufu device test-random judges a file by GM/T 0005 and needs no device.
 */
#include "base/clock.h"
#include "base/hex.h"
#include "base/str.h"
#include "cmd/hufu_gm.h"
#include "cmd/show.h"
#include "x509/alg.h"

#include <inttypes.h>
#include <string.h>

#define OUT_MAX     ((size_t)64 << 20)
#define BENCH_BATCH 64
#define ITERATIONS  20000

/* Prints the JSON, or the text, of a result that is there. */
static bool print_one(const struct hf_cmd *cmd, struct hf_buf *json, const struct hf_buf *text, struct hf_err *err)
{
	(void)hf_buf_put_u8(json, '\n');
	return hf_cmd_print(cmd->json ? json : text, err);
}

static int done(const struct hf_cmd *cmd, enum hf_message text)
{
	if (cmd->json)
		hf_cmd_say(cmd, HF_MSG_JSON_OK);
	else
		hf_cmd_say(cmd, text);
	return HF_EXIT_OK;
}

/* --use: signing unless it says enc or, where allowed, kek. */
static bool read_use(const struct hf_cmd *cmd, bool kek, unsigned *use, struct hf_err *err)
{
	const char *text = hf_cmd_opt(cmd, "use");

	*use = SDFX_USE_SIGN;
	if (!text || strcmp(text, "sign") == 0)
		return true;
	*use = strcmp(text, "enc") == 0 ? SDFX_USE_ENC : SDFX_USE_KEK;
	return *use == SDFX_USE_ENC || (kek && strcmp(text, "kek") == 0) ||
	       hf_fail(err, HF_E_INPUT, "--use %.20s: sign%s", text, kek ? ", enc or kek" : " or enc");
}

static bool read_index(const char *text, unsigned *index, struct hf_err *err)
{
	int64_t value;

	if (!hf_parse_i64(text, 1, SDFX_INDEX_MAX, &value))
		return hf_fail(err, HF_E_INPUT, "%.20s: a key's index is 1 to %d", text, SDFX_INDEX_MAX);
	*index = (unsigned)value;
	return true;
}

static bool unlock(const struct hf_cmd *cmd, struct hf_gm_device *dev, struct hf_err *err)
{
	char password[HF_GM_SECRET_MAX] = "";
	bool ok = hf_gm_need(dev, SDFX_UnlockDevice, err) && hf_gm_secret(cmd, "device", false, password, err);

	if (ok) {
		const int code = dev->lib.SDFX_UnlockDevice(
			dev->device, (const unsigned char *)password, (unsigned)strlen(password));

		if (code == (int)SDR_PRKRERR)
			ok = hf_fail(err, HF_E_DENIED, "the device's password is wrong (SDR_PRKRERR)");
		else if (code != SDR_OK)
			ok = hf_sdf_fail(err, "SDFX_UnlockDevice", code);
	}
	hf_wipe(password, sizeof(password));
	return ok;
}

/* ---- init ------------------------------------------------------------------------------------------------------- */

int hf_cmd_device_init(struct hf_cmd *cmd, int argc, char **argv)
{
	const char *folder = hf_cmd_opt(cmd, "device");
	struct hf_gm_device dev = {0};
	char password[HF_GM_SECRET_MAX] = "";
	struct hf_err err = {0};
	int64_t iterations;
	bool ok;

	(void)argc, (void)argv;
	ok = folder || hf_fail(&err, HF_E_INPUT, "--device DIR is needed");
	if (!ok || !hf_cmd_opt_i64(cmd, "iterations", 1, SDFX_ITERATIONS_MAX, ITERATIONS, &iterations, &err))
		return hf_cmd_misuse(cmd, &err);
	ok = hf_gm_library(cmd, &dev, &err) && hf_gm_need(&dev, SDFX_InitDevice, &err) &&
	     hf_gm_secret(cmd, "device", true, password, &err);
	if (ok) {
		const int code = dev.lib.SDFX_InitDevice(
			folder, (const unsigned char *)password, (unsigned)strlen(password), (unsigned)iterations);

		if (code != SDR_OK) {
			ok = hf_sdf_fail(&err, "SDFX_InitDevice", code);
			ok = hf_fail_in(&err, "%.200s", folder);
		}
	}
	hf_wipe(password, sizeof(password));
	hf_gm_device_close(&dev);
	return ok ? done(cmd, HF_MSG_DEVICE_MADE) : hf_cmd_fail(cmd, &err);
}

/* ---- info, keys ------------------------------------------------------------------------------------------------- */

static const char *state_name(unsigned state)
{
	if (state == SDFX_STATE_INITIAL)
		return "initial";
	return state == SDFX_STATE_READY ? "ready" : "stopped";
}

/* Fixed fields that need no NUL at their end, and a vendor's octets. */
static void field(const unsigned char *from, size_t len, char *out)
{
	memcpy(out, from, len);
	out[len] = '\0';
	hf_show_safe(out);
}

static bool put_info(const struct hf_cmd *cmd, struct hf_gm_device *dev, struct hf_err *err)
{
	char maker[41], name[17], serial[17];
	struct hf_json_writer w;
	struct hf_buf json, text;
	DEVICEINFO info = {0};
	unsigned state = 0;
	int code = dev->lib.SDF_GetDeviceInfo(dev->session, &info);
	bool ok;

	if (code != SDR_OK)
		return hf_sdf_fail(err, "SDF_GetDeviceInfo", code);
	if (dev->lib.SDFX_GetDeviceState && dev->lib.SDFX_GetDeviceState(dev->device, &state) != SDR_OK)
		state = SDFX_STATE_STOPPED;
	field(info.IssuerName, sizeof(info.IssuerName), maker);
	field(info.DeviceName, sizeof(info.DeviceName), name);
	field(info.DeviceSerial, sizeof(info.DeviceSerial), serial);
	hf_buf_init(&json, 65536);
	hf_buf_init(&text, 65536);
	hf_json_writer_init(&w, &json);
	hf_json_write_object(&w, NULL);
	hf_json_write_str(&w, "manufacturer", maker);
	hf_json_write_str(&w, "device", name);
	hf_json_write_str(&w, "serial", serial);
	hf_json_write_str(&w, "state", state ? state_name(state) : NULL);
	hf_json_write_i64(&w, "version", info.DeviceVersion);
	hf_json_write_i64(&w, "standard_version", info.StandardVersion);
	hf_json_write_i64(&w, "asymmetric", info.AsymAlgAbility[0]);
	hf_json_write_i64(&w, "symmetric", info.SymAlgAbility);
	hf_json_write_i64(&w, "hash", info.HashAlgAbility);
	hf_json_write_i64(&w, "file_octets", info.BufferSize);
	hf_json_write_end(&w);
	(void)hf_buf_printf(&text, "%s: %s\n%s: %s\n%s: %s\n%s: %s\n", hf_cmd_text(cmd, HF_MSG_COL_MAKER), maker,
		hf_cmd_text(cmd, HF_MSG_COL_DEVICE), name, hf_cmd_text(cmd, HF_MSG_COL_SERIAL), serial,
		hf_cmd_text(cmd, HF_MSG_COL_STATE), state ? state_name(state) : "-");
	ok = print_one(cmd, &json, &text, err);
	hf_buf_clear(&json);
	hf_buf_clear(&text);
	return ok;
}

int hf_cmd_device_info(struct hf_cmd *cmd, int argc, char **argv)
{
	struct hf_gm_device dev = {0};
	struct hf_err err = {0};
	bool ok;

	(void)argc, (void)argv;
	ok = hf_gm_device_open(cmd, &dev, &err) && put_info(cmd, &dev, &err);
	hf_gm_device_close(&dev);
	return ok ? HF_EXIT_OK : hf_cmd_fail(cmd, &err);
}

struct listing {
	const struct hf_cmd *cmd;
	struct hf_json_writer w;
	struct hf_table *table;
};

static bool list_key(struct listing *l, struct hf_gm_device *dev, unsigned index, bool sign, struct hf_err *err)
{
	char hex[2 * HF_SM2_POINT + 1], number[16];
	uint8_t pub[HF_SM2_POINT];

	if (!hf_gm_device_public(dev, index, sign, pub, err))
		return err->code == HF_E_MISSING;
	hf_hex(HF_BYTES_OF(pub), hex);
	hf_fmt_cut(number, sizeof(number), "%u", index);
	hf_json_write_object(&l->w, NULL);
	hf_json_write_i64(&l->w, "index", index);
	hf_json_write_str(&l->w, "use", sign ? "sign" : "enc");
	hf_json_write_str(&l->w, "public", hex);
	hf_json_write_end(&l->w);
	hf_table_cell(l->table, number);
	hf_table_cell(l->table, hf_cmd_text(l->cmd, sign ? HF_MSG_USE_SIGN : HF_MSG_USE_ENC));
	hf_table_cell(l->table, hex);
	return true;
}

int hf_cmd_device_keys(struct hf_cmd *cmd, int argc, char **argv)
{
	struct listing l = {.cmd = cmd};
	struct hf_gm_device dev = {0};
	struct hf_err err = {0};
	struct hf_buf json, text;
	int64_t limit;
	bool ok;

	(void)argc, (void)argv;
	if (!hf_cmd_opt_i64(cmd, "limit", 1, SDFX_INDEX_MAX, 1024, &limit, &err))
		return hf_cmd_misuse(cmd, &err);
	hf_buf_init(&json, OUT_MAX);
	hf_buf_init(&text, OUT_MAX);
	hf_json_writer_init(&l.w, &json);
	hf_json_write_object(&l.w, NULL);
	hf_json_write_array(&l.w, "keys");
	l.table = hf_table_new(3);
	hf_table_cell(l.table, hf_cmd_text(cmd, HF_MSG_COL_INDEX));
	hf_table_cell(l.table, hf_cmd_text(cmd, HF_MSG_COL_USE));
	hf_table_cell(l.table, hf_cmd_text(cmd, HF_MSG_COL_PUBLIC));
	ok = hf_gm_device_open(cmd, &dev, &err) && hf_gm_need(&dev, SDF_ExportEncPublicKey_ECC, &err);
	for (unsigned i = 1; ok && i <= (unsigned)limit; i++)
		ok = list_key(&l, &dev, i, true, &err) && list_key(&l, &dev, i, false, &err);
	hf_gm_device_close(&dev);
	hf_json_write_end(&l.w);
	hf_json_write_end(&l.w);
	hf_table_print(l.table, &text);
	hf_table_free(l.table);
	ok = ok && print_one(cmd, &json, &text, &err);
	hf_buf_clear(&json);
	hf_buf_clear(&text);
	return ok ? HF_EXIT_OK : hf_cmd_fail(cmd, &err);
}

/* ---- generate, export-public ------------------------------------------------------------------------------------ */

static bool generate_kek(const struct hf_cmd *cmd, struct hf_gm_device *dev, unsigned index, struct hf_err *err)
{
	int code;

	if (!hf_gm_need(dev, SDFX_GenerateKEK, err) || !unlock(cmd, dev, err))
		return false;
	code = dev->lib.SDFX_GenerateKEK(dev->session, index);
	return code == SDR_OK || hf_sdf_fail(err, "SDFX_GenerateKEK", code);
}

static bool generate_pair(
	const struct hf_cmd *cmd, struct hf_gm_device *dev, unsigned index, unsigned use, struct hf_err *err)
{
	char code[HF_GM_SECRET_MAX] = "";
	ECCrefPublicKey pub;
	bool ok = hf_gm_need(dev, SDFX_GenerateInternalKeyPair_ECC, err) && hf_gm_secret(cmd, "keys", true, code, err);

	if (ok) {
		const int got = dev->lib.SDFX_GenerateInternalKeyPair_ECC(
			dev->session, index, use, (const unsigned char *)code, (unsigned)strlen(code), &pub);

		ok = got == SDR_OK || hf_sdf_fail(err, "SDFX_GenerateInternalKeyPair_ECC", got);
	}
	hf_wipe(code, sizeof(code));
	return ok;
}

int hf_cmd_device_generate(struct hf_cmd *cmd, int argc, char **argv)
{
	struct hf_gm_device dev = {0};
	struct hf_err err = {0};
	unsigned index = 0, use = 0;
	bool ok;

	(void)argc;
	if (!read_index(argv[0], &index, &err) || !read_use(cmd, true, &use, &err))
		return hf_cmd_misuse(cmd, &err);
	ok = hf_gm_device_open(cmd, &dev, &err) &&
	     (use == SDFX_USE_KEK ? generate_kek(cmd, &dev, index, &err) : generate_pair(cmd, &dev, index, use, &err));
	hf_gm_device_close(&dev);
	return ok ? done(cmd, HF_MSG_KEY_MADE) : hf_cmd_fail(cmd, &err);
}

int hf_cmd_device_export_public(struct hf_cmd *cmd, int argc, char **argv)
{
	uint8_t pub[HF_SM2_POINT], point[HF_SM2_POINT_DER];
	struct hf_gm_device dev = {0};
	struct hf_err err = {0};
	struct hf_buf der, pem;
	struct hf_spki spki;
	unsigned index = 0, use = 0;
	bool ok;

	(void)argc;
	if (!read_index(argv[0], &index, &err) || !read_use(cmd, false, &use, &err) || !hf_gm_out_ok(cmd, &err))
		return hf_cmd_misuse(cmd, &err);
	hf_buf_init(&der, 4096);
	hf_buf_init(&pem, 4096);
	ok = hf_gm_device_open(cmd, &dev, &err) && hf_gm_device_public(&dev, index, use == SDFX_USE_SIGN, pub, &err);
	hf_gm_device_close(&dev);
	if (ok) {
		struct hf_buf *what = hf_cmd_opt(cmd, "der") ? &der : &pem;

		spki = hf_spki_of(pub, point);
		ok = hf_der_encode(&hf_SubjectPublicKeyInfo, &spki, &der, &err);
		(void)hf_pem_put(&pem, "PUBLIC KEY", hf_buf_bytes(&der));
		ok = ok && hf_cmd_write(hf_cmd_opt(cmd, "out"), hf_buf_bytes(what), &err);
		if (ok)
			hf_gm_wrote(cmd, what->len);
	}
	hf_buf_clear(&der);
	hf_buf_clear(&pem);
	return ok ? HF_EXIT_OK : hf_cmd_fail(cmd, &err);
}

/* ---- backup, restore, self-test --------------------------------------------------------------------------------- */

int hf_cmd_device_backup(struct hf_cmd *cmd, int argc, char **argv)
{
	char password[HF_GM_SECRET_MAX] = "";
	struct hf_gm_device dev = {0};
	struct hf_err err = {0};
	bool ok;

	(void)argc;
	ok = hf_gm_device_open(cmd, &dev, &err) && hf_gm_need(&dev, SDFX_BackupDevice, &err) &&
	     unlock(cmd, &dev, &err) && hf_gm_secret(cmd, "backup", true, password, &err);
	if (ok) {
		const int code = dev.lib.SDFX_BackupDevice(
			dev.device, argv[0], (const unsigned char *)password, (unsigned)strlen(password));

		ok = code == SDR_OK || hf_sdf_fail(&err, "SDFX_BackupDevice", code);
	}
	hf_wipe(password, sizeof(password));
	hf_gm_device_close(&dev);
	return ok ? done(cmd, HF_MSG_BACKUP_MADE) : hf_cmd_fail(cmd, &err);
}

/* A new folder becomes a device in its initial state; one that is there must be in it. */
static bool make_blank(const struct hf_cmd *cmd, const char *folder, struct hf_err *err)
{
	struct hf_gm_device dev = {0};
	bool ok = hf_gm_library(cmd, &dev, err) && hf_gm_need(&dev, SDFX_MakeBlankDevice, err);

	if (ok) {
		const int code = dev.lib.SDFX_MakeBlankDevice(folder);

		ok = code == SDR_OK || code == (int)SDR_FILEEXISTS || hf_sdf_fail(err, "SDFX_MakeBlankDevice", code);
	}
	hf_gm_device_close(&dev);
	return ok;
}

int hf_cmd_device_restore(struct hf_cmd *cmd, int argc, char **argv)
{
	const char *folder = hf_cmd_opt(cmd, "device");
	char password[HF_GM_SECRET_MAX] = "";
	struct hf_gm_device dev = {0};
	struct hf_err err = {0};
	bool ok;

	(void)argc;
	ok = (!folder || make_blank(cmd, folder, &err)) && hf_gm_device_open(cmd, &dev, &err) &&
	     hf_gm_need(&dev, SDFX_RestoreDevice, &err) && hf_gm_secret(cmd, "backup", false, password, &err);
	if (ok) {
		const int code = dev.lib.SDFX_RestoreDevice(
			dev.device, argv[0], (const unsigned char *)password, (unsigned)strlen(password));

		if (code == (int)SDR_STEPERR)
			ok = hf_fail(
				&err, HF_E_STATE, "the device is in use: only a new one takes a backup (SDR_STEPERR)");
		else if (code == (int)SDR_PRKRERR)
			ok = hf_fail(&err, HF_E_DENIED,
				"the backup's password is wrong, or the file was changed (SDR_PRKRERR)");
		else if (code != SDR_OK)
			ok = hf_sdf_fail(&err, "SDFX_RestoreDevice", code);
	}
	hf_wipe(password, sizeof(password));
	hf_gm_device_close(&dev);
	return ok ? done(cmd, HF_MSG_RESTORED) : hf_cmd_fail(cmd, &err);
}

int hf_cmd_device_self_test(struct hf_cmd *cmd, int argc, char **argv)
{
	struct hf_gm_device dev = {0};
	struct hf_err err = {0};
	bool ok;

	(void)argc, (void)argv;
	ok = hf_gm_device_open(cmd, &dev, &err) && hf_gm_need(&dev, SDFX_SelfTest, &err);
	if (ok) {
		const int code = dev.lib.SDFX_SelfTest(dev.device);

		ok = code == SDR_OK || hf_sdf_fail(&err, "SDFX_SelfTest", code);
	}
	hf_gm_device_close(&dev);
	return ok ? done(cmd, HF_MSG_SELF_TEST_PASSED) : hf_cmd_fail(cmd, &err);
}

/* ---- bench ------------------------------------------------------------------------------------------------------ */

struct bench {
	struct hf_gm_device dev;
	unsigned index;
	uint8_t octets[BENCH_BATCH * HF_SM3_LEN];
	ECCSignature sigs[BENCH_BATCH];
};

static int bench_random(struct bench *b)
{
	return b->dev.lib.SDF_GenerateRandom(b->dev.session, sizeof(b->octets), b->octets);
}

static int bench_sign(struct bench *b)
{
	return b->dev.lib.SDF_InternalSign_ECC(b->dev.session, b->index, b->octets, HF_SM3_LEN, b->sigs);
}

static int bench_batch(struct bench *b)
{
	return b->dev.lib.SDFX_InternalSignBatch_ECC(b->dev.session, b->index, BENCH_BATCH, b->octets, b->sigs);
}

static const struct {
	const char *name, *unit;
	int (*run)(struct bench *b);
	double per_call;
	bool needs_key, needs_batch;
} benches[] = {
	{"random", "octets", bench_random, BENCH_BATCH *HF_SM3_LEN, false, false},
	{"sign", "signatures", bench_sign, 1, true, false},
	{"sign in batches of 64", "signatures", bench_batch, BENCH_BATCH, true, true},
};

static bool measure(struct bench *b, size_t which, int64_t seconds, struct listing *l, struct hf_err *err)
{
	const int64_t begin = hf_ticks();
	char rate[32];
	double calls = 0;
	int64_t took;

	do {
		const int code = benches[which].run(b);

		if (code != SDR_OK)
			return hf_sdf_fail(err, benches[which].name, code);
		calls++;
		took = hf_ticks() - begin;
	} while (took < seconds * HF_SECOND);
	const double per_second = calls * benches[which].per_call * (double)HF_SECOND / (double)took;
	hf_fmt_cut(rate, sizeof(rate), "%.0f", per_second);
	hf_json_write_object(&l->w, NULL);
	hf_json_write_str(&l->w, "operation", benches[which].name);
	hf_json_write_str(&l->w, "unit", benches[which].unit);
	hf_json_write_i64(&l->w, "per_second", (int64_t)per_second);
	hf_json_write_end(&l->w);
	hf_table_cell(l->table, benches[which].name);
	hf_table_cell(l->table, rate);
	hf_table_cell(l->table, benches[which].unit);
	return true;
}

static bool bench_all(const struct hf_cmd *cmd, struct bench *b, int64_t seconds, struct listing *l, struct hf_err *err)
{
	const bool key = hf_cmd_opt(cmd, "index") != NULL;

	if (!hf_gm_device_open(cmd, &b->dev, err) || (key && !hf_gm_device_right(cmd, &b->dev, b->index, err)))
		return false;
	for (size_t i = 0; i < sizeof(benches) / sizeof(benches[0]); i++) {
		if ((benches[i].needs_key && !key) ||
			(benches[i].needs_batch && !b->dev.lib.SDFX_InternalSignBatch_ECC))
			continue;
		if (!measure(b, i, seconds, l, err))
			return false;
	}
	return true;
}

int hf_cmd_device_bench(struct hf_cmd *cmd, int argc, char **argv)
{
	static const enum hf_message heads[] = {HF_MSG_COL_OPERATION, HF_MSG_COL_PER_SECOND, HF_MSG_COL_UNIT};
	struct listing l = {.cmd = cmd};
	struct bench b = {0};
	struct hf_err err = {0};
	struct hf_buf json, text;
	int64_t seconds;
	bool ok;

	(void)argc, (void)argv;
	if (!hf_cmd_opt_i64(cmd, "seconds", 1, 3600, 1, &seconds, &err) || !hf_gm_index(cmd, &b.index, &err))
		return hf_cmd_misuse(cmd, &err);
	hf_buf_init(&json, OUT_MAX);
	hf_buf_init(&text, OUT_MAX);
	hf_json_writer_init(&l.w, &json);
	hf_json_write_object(&l.w, NULL);
	hf_json_write_array(&l.w, "bench");
	l.table = hf_table_new(3);
	for (size_t i = 0; i < 3; i++)
		hf_table_cell(l.table, hf_cmd_text(cmd, heads[i]));
	ok = bench_all(cmd, &b, seconds, &l, &err);
	hf_gm_device_close(&b.dev);
	hf_json_write_end(&l.w);
	hf_json_write_end(&l.w);
	hf_table_print(l.table, &text);
	hf_table_free(l.table);
	ok = ok && print_one(cmd, &json, &text, &err);
	hf_buf_clear(&json);
	hf_buf_clear(&text);
	return ok ? HF_EXIT_OK : hf_cmd_fail(cmd, &err);
}
