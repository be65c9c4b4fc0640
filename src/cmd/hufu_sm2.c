/*
 * hufu sm2 sign|verify|encrypt|decrypt: files, with keys from files or a GM/T 0018 device.
 *
 * Signatures are SM2Signature, ciphertexts SM2Cipher, in DER (GM/T 0009 7.2, 7.3); what is signed is SM3(Z ‖ file),
 * with Z of --id. A file to be signed may be of any size; one to be encrypted has 1 to 4096 octets: encrypt a key, and
 * the data with `hufu sm4`.
 */
#include "base/str.h"
#include "cmd/hufu_gm.h"
#include "x509/sm2obj.h"
#include "x509/sm2sig.h"

#include <string.h>

static const char *const private_sources[] = {"key", "index", NULL};
static const char *const public_sources[] = {"cert", "public", "key", "index", NULL};

static bool hash_part(void *ctx, struct hf_bytes part, struct hf_err *err)
{
	(void)err;
	hf_sm3_update(ctx, part.p, part.len);
	return true;
}

//= GM/T 0009 8.2
static bool digest(const struct hf_cmd *cmd, const char *path, const uint8_t pub[HF_SM2_POINT], uint8_t e[HF_SM3_LEN],
	struct hf_err *err)
{
	uint8_t z[HF_SM3_LEN];
	struct hf_sm3 ctx;
	bool ok;

	hf_sm2_z(pub, hf_gm_id(cmd), z);
	hf_sm3_init(&ctx);
	hf_sm3_update(&ctx, z, sizeof(z));
	ok = hf_gm_read(path, hash_part, &ctx, err);
	hf_sm3_final(&ctx, e);
	return ok;
}

/* Exactly one key, an id that Z can take, and a place for the output. Errors are the command line's. */
static bool check(const struct hf_cmd *cmd, const char *const *sources, struct hf_err *err)
{
	unsigned index = 0;

	if (hf_gm_id(cmd).len > HF_SM2_ID_MAX)
		return hf_fail(err, HF_E_INPUT, "--id: at most %d octets", HF_SM2_ID_MAX);
	return hf_gm_one_of(cmd, sources, err) && hf_gm_index(cmd, &index, err);
}

/* One buffer to --out. */
static bool write_out(const struct hf_cmd *cmd, const struct hf_buf *content, struct hf_err *err)
{
	struct hf_gm_out out;
	bool ok = hf_gm_out_open(&out, hf_cmd_opt(cmd, "out"), err) && hf_gm_out_put(&out, hf_buf_bytes(content), err);

	ok = hf_gm_out_end(&out, ok, err);
	if (ok)
		hf_gm_wrote(cmd, out.octets);
	return ok;
}

/* ---- sign, verify ----------------------------------------------------------------------------------------------- */

static bool sign_by_file(const struct hf_cmd *cmd, const char *path, uint8_t sig[HF_SM2_SIG], struct hf_err *err)
{
	struct hf_sm2_key key = {0};
	uint8_t e[HF_SM3_LEN];
	const bool ok = hf_gm_private(hf_cmd_opt(cmd, "key"), &key, err) && digest(cmd, path, key.pub, e, err) &&
			hf_sm2_sign(key.d, e, sig, err);

	hf_wipe(&key, sizeof(key));
	return ok;
}

/* A device may err: its signature is verified before it is given out. */
static bool sign_in(const struct hf_cmd *cmd, struct hf_gm_device *dev, const char *path, uint8_t sig[HF_SM2_SIG],
	struct hf_err *err)
{
	uint8_t pub[HF_SM2_POINT], e[HF_SM3_LEN];
	ECCSignature got = {0};
	unsigned index = 0;
	int code;

	if (!hf_gm_index(cmd, &index, err) || !hf_gm_device_public(dev, index, true, pub, err) ||
		!digest(cmd, path, pub, e, err) || !hf_gm_device_right(cmd, dev, index, err))
		return false;
	code = dev->lib.SDF_InternalSign_ECC(dev->session, index, e, sizeof(e), &got);
	if (code != SDR_OK)
		return hf_sdf_fail(err, "SDF_InternalSign_ECC", code);
	memcpy(sig, got.r + 32, 32);
	memcpy(sig + 32, got.s + 32, 32);
	return hf_sm2_verify(pub, e, sig, err) || hf_fail_in(err, "the device's signature");
}

int hf_cmd_sm2_sign(struct hf_cmd *cmd, int argc, char **argv)
{
	struct hf_gm_device dev = {0};
	uint8_t sig[HF_SM2_SIG];
	struct hf_err err = {0};
	struct hf_buf der;
	bool ok;

	(void)argc;
	if (!check(cmd, private_sources, &err) || !hf_gm_out_ok(cmd, &err))
		return hf_cmd_misuse(cmd, &err);
	hf_buf_init(&der, HF_SM2SIG_DER_MAX);
	if (hf_cmd_opt(cmd, "key"))
		ok = sign_by_file(cmd, argv[0], sig, &err);
	else
		ok = hf_gm_device_open(cmd, &dev, &err) && sign_in(cmd, &dev, argv[0], sig, &err);
	hf_gm_device_close(&dev);
	ok = ok && hf_sm2sig_encode(sig, &der, &err) && write_out(cmd, &der, &err);
	hf_buf_clear(&der);
	return ok ? HF_EXIT_OK : hf_cmd_fail(cmd, &err);
}

/* {"valid":…,"text":…} */
static int verdict(const struct hf_cmd *cmd, bool valid, const char *path, const struct hf_err *why)
{
	struct hf_json_writer w;
	struct hf_err err = {0};
	struct hf_buf json;
	bool ok;

	if (!cmd->json) {
		hf_cmd_say(cmd, valid ? HF_MSG_VALID : HF_MSG_NOT_VALID, valid ? path : why->text);
		return valid ? HF_EXIT_OK : HF_EXIT_REFUSED;
	}
	hf_buf_init(&json, 65536);
	hf_json_writer_init(&w, &json);
	hf_json_write_object(&w, NULL);
	hf_json_write_str(&w, "file", path);
	hf_json_write_bool(&w, "valid", valid);
	hf_json_write_str(&w, "text", valid ? NULL : why->text);
	hf_json_write_end(&w);
	(void)hf_buf_put_u8(&json, '\n');
	ok = hf_cmd_print(&json, &err);
	hf_buf_clear(&json);
	if (!ok)
		return hf_cmd_fail(cmd, &err);
	return valid ? HF_EXIT_OK : HF_EXIT_REFUSED;
}

int hf_cmd_sm2_verify(struct hf_cmd *cmd, int argc, char **argv)
{
	uint8_t pub[HF_SM2_POINT], e[HF_SM3_LEN], sig[HF_SM2_SIG];
	struct hf_err err = {0};
	struct hf_buf der;
	bool ok, valid;

	(void)argc;
	if (!check(cmd, public_sources, &err))
		return hf_cmd_misuse(cmd, &err);
	if (!hf_cmd_opt(cmd, "signature")) {
		hf_fail(&err, HF_E_INPUT, "--signature FILE is needed");
		return hf_cmd_misuse(cmd, &err);
	}
	hf_buf_init(&der, 4096);
	ok = hf_gm_public(cmd, true, pub, &err) && digest(cmd, argv[0], pub, e, &err) &&
	     hf_load_file(hf_cmd_opt(cmd, "signature"), &der, &err);
	valid = ok && hf_sm2sig_parse(hf_buf_bytes(&der), sig, &err) && hf_sm2_verify(pub, e, sig, &err);
	hf_buf_clear(&der);
	return ok ? verdict(cmd, valid, argv[0], &err) : hf_cmd_fail(cmd, &err);
}

/* ---- encrypt, decrypt ------------------------------------------------------------------------------------------- */

int hf_cmd_sm2_encrypt(struct hf_cmd *cmd, int argc, char **argv)
{
	uint8_t pub[HF_SM2_POINT], raw[HF_SM2_CIPHER_MAX];
	struct hf_err err = {0};
	struct hf_buf in, der;
	bool ok;

	(void)argc;
	if (!check(cmd, public_sources, &err) || !hf_gm_out_ok(cmd, &err))
		return hf_cmd_misuse(cmd, &err);
	hf_buf_init_secret(&in, HF_SM2_PLAIN_MAX);
	hf_buf_init(&der, 2 * HF_SM2_CIPHER_MAX);
	ok = hf_gm_public(cmd, false, pub, &err) && hf_load_file(argv[0], &in, &err);
	if (ok && in.len == 0)
		ok = hf_fail(
			&err, HF_E_INPUT, "%.200s: empty; 1 to %d octets are encrypted", argv[0], HF_SM2_PLAIN_MAX);
	ok = ok && hf_sm2_encrypt(pub, hf_buf_bytes(&in), raw, &err) &&
	     hf_sm2_cipher_encode((struct hf_bytes){raw, HF_SM2_CIPHER_EXTRA + in.len}, &der, &err) &&
	     write_out(cmd, &der, &err);
	hf_buf_clear(&der);
	hf_buf_clear(&in);
	return ok ? HF_EXIT_OK : hf_cmd_fail(cmd, &err);
}

static bool decrypt_by_file(const struct hf_cmd *cmd, struct hf_bytes raw, struct hf_buf *plain, struct hf_err *err)
{
	struct hf_sm2_key key = {0};
	uint8_t *out = hf_buf_extend(plain, raw.len - HF_SM2_CIPHER_EXTRA);
	const bool ok = out && hf_gm_private(hf_cmd_opt(cmd, "key"), &key, err) && hf_sm2_decrypt(key.d, raw, out, err);

	hf_wipe(&key, sizeof(key));
	return ok;
}

static bool decrypt_in(const struct hf_cmd *cmd, struct hf_gm_device *dev, struct hf_bytes raw, struct hf_buf *plain,
	struct hf_err *err)
{
	union {
		ECCCipher cipher;
		uint8_t room[sizeof(ECCCipher) + HF_SM2_PLAIN_MAX];
	} in = {0};
	const size_t len = raw.len - HF_SM2_CIPHER_EXTRA;
	unsigned index = 0, got = (unsigned)len;
	uint8_t *out = hf_buf_extend(plain, len);
	int code;

	if (!out || !hf_gm_need(dev, SDF_InternalDecrypt_ECC, err) || !hf_gm_index(cmd, &index, err) ||
		!hf_gm_device_right(cmd, dev, index, err))
		return false;
	memcpy(in.cipher.x + 32, raw.p, 32);
	memcpy(in.cipher.y + 32, raw.p + 32, 32);
	memcpy(in.cipher.M, raw.p + 64, 32);
	in.cipher.L = (unsigned)len;
	memcpy(in.room + offsetof(ECCCipher, C), raw.p + HF_SM2_CIPHER_EXTRA, len);
	code = dev->lib.SDF_InternalDecrypt_ECC(dev->session, index, SGD_SM2_3, &in.cipher, out, &got);
	if (code != SDR_OK)
		return hf_sdf_fail(err, "SDF_InternalDecrypt_ECC", code);
	return got == len || hf_fail(err, HF_E_DEVICE, "SDF_InternalDecrypt_ECC gave %u octets of %zu", got, len);
}

int hf_cmd_sm2_decrypt(struct hf_cmd *cmd, int argc, char **argv)
{
	struct hf_gm_device dev = {0};
	struct hf_buf der, raw, plain;
	struct hf_err err = {0};
	bool ok;

	(void)argc;
	if (!check(cmd, private_sources, &err) || !hf_gm_out_ok(cmd, &err))
		return hf_cmd_misuse(cmd, &err);
	hf_buf_init(&der, 2 * HF_SM2_CIPHER_MAX);
	hf_buf_init(&raw, HF_SM2_CIPHER_MAX);
	hf_buf_init_secret(&plain, HF_SM2_PLAIN_MAX);
	ok = hf_load_file(argv[0], &der, &err) &&
	     (hf_sm2_cipher_parse(hf_buf_bytes(&der), &raw, &err) || hf_fail_in(&err, "%.200s", argv[0]));
	if (ok && hf_cmd_opt(cmd, "key"))
		ok = decrypt_by_file(cmd, hf_buf_bytes(&raw), &plain, &err);
	else
		ok = ok && hf_gm_device_open(cmd, &dev, &err) &&
		     decrypt_in(cmd, &dev, hf_buf_bytes(&raw), &plain, &err);
	hf_gm_device_close(&dev);
	ok = ok && write_out(cmd, &plain, &err);
	hf_buf_clear(&plain);
	hf_buf_clear(&raw);
	hf_buf_clear(&der);
	return ok ? HF_EXIT_OK : hf_cmd_fail(cmd, &err);
}
