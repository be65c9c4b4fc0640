/*
 * hufu sm3 hash|hmac: SM3 (GB/T 32905) and HMAC-SM3 of files of any size, and whether they are what is expected.
 */
#include "base/hex.h"
#include "base/str.h"
#include "cmd/hufu_gm.h"

#include <string.h>

#define OUT_MAX ((size_t)64 << 20)

static bool hash_part(void *ctx, struct hf_bytes part, struct hf_err *err)
{
	(void)err;
	hf_sm3_update(ctx, part.p, part.len);
	return true;
}

static bool hmac_part(void *ctx, struct hf_bytes part, struct hf_err *err)
{
	(void)err;
	hf_hmac_sm3_update(ctx, part.p, part.len);
	return true;
}

struct digest {
	const struct hf_cmd *cmd;
	const char *member; /* "sm3", "hmac" */
	bool expects, valid;
	uint8_t expected[HF_SM3_LEN];
	struct hf_json_writer w;
	struct hf_buf json, text;
};

/* --expect goes with one file. */
static bool digest_init(struct digest *d, const struct hf_cmd *cmd, const char *member, int argc, struct hf_err *err)
{
	const char *expect = hf_cmd_opt(cmd, "expect");

	*d = (struct digest){.cmd = cmd, .member = member, .expects = expect != NULL, .valid = true};
	if (expect && argc != 1)
		return hf_fail(err, HF_E_INPUT, "--expect goes with one file");
	if (expect && (strlen(expect) != 2 * HF_SM3_LEN || !hf_unhex(expect, d->expected, HF_SM3_LEN)))
		return hf_fail(err, HF_E_INPUT, "--expect: 64 hex digits are needed");
	hf_buf_init(&d->json, OUT_MAX);
	hf_buf_init(&d->text, OUT_MAX);
	hf_json_writer_init(&d->w, &d->json);
	hf_json_write_object(&d->w, NULL);
	hf_json_write_array(&d->w, "files");
	return true;
}

static void digest_put(struct digest *d, const char *path, const uint8_t value[HF_SM3_LEN])
{
	char hex[2 * HF_SM3_LEN + 1];

	hf_hex((struct hf_bytes){value, HF_SM3_LEN}, hex);
	if (d->expects)
		d->valid = hf_secret_equal(value, d->expected, HF_SM3_LEN);
	hf_json_write_object(&d->w, NULL);
	hf_json_write_str(&d->w, "file", path);
	hf_json_write_str(&d->w, d->member, hex);
	if (d->expects)
		hf_json_write_bool(&d->w, "valid", d->valid);
	hf_json_write_end(&d->w);
	(void)hf_buf_printf(&d->text, "%s  %s\n", hex, path);
}

static int digest_end(struct digest *d, bool ok, const char *path, struct hf_err *err)
{
	hf_json_write_end(&d->w);
	hf_json_write_end(&d->w);
	(void)hf_buf_put_u8(&d->json, '\n');
	if (ok && (d->cmd->json || !d->expects))
		ok = hf_cmd_print(d->cmd->json ? &d->json : &d->text, err);
	else if (ok)
		hf_cmd_say(d->cmd, d->valid ? HF_MSG_VALID : HF_MSG_NOT_VALID, path);
	hf_buf_clear(&d->json);
	hf_buf_clear(&d->text);
	if (!ok)
		return hf_cmd_fail(d->cmd, err);
	return d->valid ? HF_EXIT_OK : HF_EXIT_REFUSED;
}

int hf_cmd_sm3_hash(struct hf_cmd *cmd, int argc, char **argv)
{
	uint8_t value[HF_SM3_LEN];
	struct digest d;
	struct hf_err err = {0};
	bool ok = true;

	if (!digest_init(&d, cmd, "sm3", argc, &err))
		return hf_cmd_misuse(cmd, &err);
	for (int i = 0; ok && i < argc; i++) {
		struct hf_sm3 ctx;

		hf_sm3_init(&ctx);
		ok = hf_gm_read(argv[i], hash_part, &ctx, &err);
		hf_sm3_final(&ctx, value);
		if (ok)
			digest_put(&d, argv[i], value);
	}
	return digest_end(&d, ok, argv[0], &err);
}

int hf_cmd_sm3_hmac(struct hf_cmd *cmd, int argc, char **argv)
{
	uint8_t value[HF_SM3_LEN];
	struct hf_err err = {0};
	struct hf_buf key;
	struct digest d;
	bool ok;

	if (!hf_cmd_opt(cmd, "key-file")) {
		hf_fail(&err, HF_E_INPUT, "--key-file FILE is needed");
		return hf_cmd_misuse(cmd, &err);
	}
	if (!digest_init(&d, cmd, "hmac", argc, &err))
		return hf_cmd_misuse(cmd, &err);
	hf_buf_init_secret(&key, 65536);
	ok = hf_gm_key_file(cmd, &key, &err);
	for (int i = 0; ok && i < argc; i++) {
		struct hf_hmac_sm3 ctx;

		hf_hmac_sm3_init(&ctx, hf_buf_bytes(&key));
		ok = hf_gm_read(argv[i], hmac_part, &ctx, &err);
		hf_hmac_sm3_final(&ctx, value);
		if (ok)
			digest_put(&d, argv[i], value);
	}
	hf_buf_clear(&key);
	return digest_end(&d, ok, argv[0], &err);
}
