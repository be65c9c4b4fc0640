#include "cmd/hufu_gm.h"

#include "base/alloc.h"
#include "base/hex.h"
#include "base/str.h"
#include "x509/alg.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEY_FILE_MAX ((size_t)64 << 10)

/* ---- the command line ------------------------------------------------------------------------------------------- */

bool hf_gm_one_of(const struct hf_cmd *cmd, const char *const *names, struct hf_err *err)
{
	char list[128] = "";
	size_t num = 0, len = 0;

	for (size_t i = 0; names[i]; i++) {
		num += hf_cmd_opt(cmd, names[i]) != NULL;
		hf_fmt_cut(list + len, sizeof(list) - len, "%s--%s", i ? ", " : "", names[i]);
		len = strlen(list);
	}
	return num == 1 || hf_fail(err, HF_E_INPUT, "exactly one of %s is needed", list);
}

bool hf_gm_out_ok(const struct hf_cmd *cmd, struct hf_err *err)
{
	const char *out = hf_cmd_opt(cmd, "out");

	return !cmd->json || (out && strcmp(out, "-") != 0) ||
	       hf_fail(err, HF_E_INPUT, "--json needs --out FILE: standard output has the JSON");
}

struct hf_bytes hf_gm_id(const struct hf_cmd *cmd)
{
	const char *id = hf_cmd_opt(cmd, "id");

	return id ? hf_bytes_str(id) : HF_SM2_DEFAULT_ID;
}

void hf_gm_wrote(const struct hf_cmd *cmd, uint64_t octets)
{
	const char *path = hf_cmd_opt(cmd, "out");
	struct hf_json_writer w;
	struct hf_buf json;
	struct hf_err unused;

	if (!path || strcmp(path, "-") == 0)
		return;
	if (!cmd->json) {
		hf_cmd_note(cmd, HF_MSG_WROTE, path, (size_t)octets);
		return;
	}
	hf_buf_init(&json, 65536);
	hf_json_writer_init(&w, &json);
	hf_json_write_object(&w, NULL);
	hf_json_write_str(&w, "out", path);
	hf_json_write_i64(&w, "octets", (int64_t)octets);
	hf_json_write_end(&w);
	(void)hf_buf_put_u8(&json, '\n');
	(void)!hf_cmd_print(&json, &unused);
	hf_buf_clear(&json);
}

/* ---- files ------------------------------------------------------------------------------------------------------ */

/* As much as there is, up to a whole part. */
static bool read_part(int fd, uint8_t *part, size_t *len)
{
	*len = 0;
	while (*len < HF_GM_PART) {
		const ssize_t n = read(fd, part + *len, HF_GM_PART - *len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		if (n == 0)
			break;
		*len += (size_t)n;
	}
	return true;
}

bool hf_gm_read(const char *path, bool (*each)(void *ctx, struct hf_bytes part, struct hf_err *err), void *ctx,
	struct hf_err *err)
{
	const bool input = strcmp(path, "-") == 0;
	const int fd = input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	uint8_t *part;
	size_t len = 0;
	bool ok = true;

	if (fd < 0)
		return hf_fail(err, errno == ENOENT ? HF_E_MISSING : HF_E_STORE, "%s: %s", path, strerror(errno));
	part = hf_alloc(1, HF_GM_PART);
	do {
		ok = read_part(fd, part, &len) || hf_fail(err, HF_E_STORE, "%s: %s", path, strerror(errno));
		if (ok && len > 0)
			ok = each(ctx, (struct hf_bytes){part, len}, err);
	} while (ok && len == HF_GM_PART);
	hf_wipe(part, HF_GM_PART);
	free(part);
	if (!input)
		close(fd);
	return ok;
}

bool hf_gm_out_open(struct hf_gm_out *out, const char *path, struct hf_err *err)
{
	*out = (struct hf_gm_out){.fd = -1};
	if (!path || strcmp(path, "-") == 0)
		return true;
	out->path = path;
	if (!hf_fmt(out->temporary, sizeof(out->temporary), "%s.new-%ld", path, (long)getpid()))
		return hf_fail(err, HF_E_LIMIT, "--out: the path is too long");
	out->fd = open(out->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return out->fd >= 0 || hf_fail(err, HF_E_STORE, "%s: %s", out->temporary, strerror(errno));
}

bool hf_gm_out_put(struct hf_gm_out *out, struct hf_bytes octets, struct hf_err *err)
{
	out->octets += octets.len;
	if (!out->path)
		return hf_cmd_write(NULL, octets, err);
	return hf_write_all(out->fd, octets) || hf_fail(err, HF_E_STORE, "%s: %s", out->path, strerror(errno));
}

bool hf_gm_out_end(struct hf_gm_out *out, bool ok, struct hf_err *err)
{
	if (!out->path || out->fd < 0)
		return ok;
	if (ok && fsync(out->fd) < 0)
		ok = hf_fail(err, HF_E_STORE, "%s: %s", out->path, strerror(errno));
	close(out->fd);
	out->fd = -1;
	if (ok && rename(out->temporary, out->path) < 0)
		ok = hf_fail(err, HF_E_STORE, "%s: %s", out->path, strerror(errno));
	if (!ok)
		(void)unlink(out->temporary);
	return ok;
}

bool hf_gm_key_file(const struct hf_cmd *cmd, struct hf_buf *out, struct hf_err *err)
{
	const char *path = hf_cmd_opt(cmd, "key-file");
	struct hf_buf file;
	bool ok;

	hf_buf_init_secret(&file, KEY_FILE_MAX);
	ok = hf_load_file(path, &file, err);
	if (ok && !hf_cmd_opt(cmd, "hex"))
		ok = hf_buf_put_bytes(out, hf_buf_bytes(&file)) || hf_fail(err, HF_E_LIMIT, "%s: too long", path);
	if (ok && hf_cmd_opt(cmd, "hex")) {
		while (file.len > 0 && (file.p[file.len - 1] == '\n' || file.p[file.len - 1] == '\r'))
			file.len--;
		ok = hf_unhex_buf(hf_buf_bytes(&file), out) ||
		     hf_fail(err, HF_E_INPUT, "%s: not one line of hex digits (--hex)", path);
	}
	if (ok && out->len == 0)
		ok = hf_fail(err, HF_E_INPUT, "%s: an empty key", path);
	hf_buf_clear(&file);
	return ok;
}

/* ---- SM2 keys --------------------------------------------------------------------------------------------------- */

/* RFC 5915 3. */
struct ec_private {
	int64_t version;
	struct hf_bytes privateKey;
	struct hf_bytes parameters;
	struct hf_der_bits publicKey;
};
static const struct hf_der_field ec_private_fields[] = {
	HF_DER_FIELD(struct ec_private, version, &hf_der_Small),
	HF_DER_FIELD(struct ec_private, privateKey, &hf_der_OctetString),
	HF_DER_FIELD(struct ec_private, parameters, &hf_der_Any, .tag = HF_DER_CTX(0),
		.flags = HF_DER_OPTIONAL | HF_DER_EXPLICIT),
	HF_DER_FIELD(struct ec_private, publicKey, &hf_der_BitString, .tag = HF_DER_CTX(1),
		.flags = HF_DER_OPTIONAL | HF_DER_EXPLICIT),
};
static const struct hf_der_type ECPrivateKey =
	HF_DER_SEQUENCE_TYPE("ECPrivateKey", struct ec_private, ec_private_fields);

/* RFC 5958 2, version 1: without attributes. */
struct private_info {
	int64_t version;
	struct hf_alg privateKeyAlgorithm;
	struct hf_bytes privateKey;
};
static const struct hf_der_field private_info_fields[] = {
	HF_DER_FIELD(struct private_info, version, &hf_der_Small),
	HF_DER_FIELD(struct private_info, privateKeyAlgorithm, &hf_AlgorithmIdentifier),
	HF_DER_FIELD(struct private_info, privateKey, &hf_der_OctetString),
};
static const struct hf_der_type PrivateKeyInfo =
	HF_DER_SEQUENCE_TYPE("PrivateKeyInfo", struct private_info, private_info_fields);

static bool is_sm2_curve(struct hf_bytes parameters)
{
	static const uint8_t anything[HF_SM2_POINT] = {0};
	uint8_t point[HF_SM2_POINT_DER];

	return hf_bytes_equal(parameters, hf_spki_of(anything, point).algorithm.parameters);
}

/* named: the curve is known from outside. */
static bool read_ec_private(struct hf_bytes der, bool named, struct hf_sm2_key *key, struct hf_err *err)
{
	struct ec_private ec;

	if (!hf_der_decode(&ECPrivateKey, der, &ec, err))
		return false;
	if (ec.version != 1 || ec.privateKey.len != HF_SM2_SCALAR)
		return hf_fail(err, HF_E_INPUT, "ECPrivateKey: version 1 and 32 octets are expected (RFC 5915)");
	if (ec.parameters.p ? !is_sm2_curve(ec.parameters) : !named)
		return hf_fail(err, HF_E_INPUT, "ECPrivateKey: not on the SM2 curve 1.2.156.10197.1.301 (GM/T 0006)");
	memcpy(key->d, ec.privateKey.p, HF_SM2_SCALAR);
	if (!hf_sm2_public(key->d, key->pub, err))
		return false;
	if (ec.publicKey.bytes.p && (ec.publicKey.bytes.len != HF_SM2_POINT_DER || ec.publicKey.bytes.p[0] != 0x04 ||
					    memcmp(ec.publicKey.bytes.p + 1, key->pub, HF_SM2_POINT) != 0))
		return hf_fail(err, HF_E_INPUT, "ECPrivateKey: the public key beside it is another's");
	return true;
}

static bool read_private_info(struct hf_bytes der, struct hf_sm2_key *key, struct hf_err *err)
{
	struct private_info info;

	if (!hf_der_decode(&PrivateKeyInfo, der, &info, err))
		return false;
	if (info.version != 0 || !hf_spki_is_sm2(&(struct hf_spki){.algorithm = info.privateKeyAlgorithm}))
		return hf_fail(err, HF_E_INPUT, "PrivateKeyInfo: not version 1 with an SM2 key (RFC 5958)");
	return read_ec_private(info.privateKey, true, key, err);
}

bool hf_gm_private(const char *path, struct hf_sm2_key *key, struct hf_err *err)
{
	static const char *const labels[] = {"EC PRIVATE KEY", "SM2 PRIVATE KEY"};
	struct hf_buf file, der;
	struct hf_err why;
	bool ok;

	hf_buf_init_secret(&file, KEY_FILE_MAX);
	hf_buf_init_secret(&der, KEY_FILE_MAX);
	ok = hf_load_file(path, &file, err);
	if (ok) {
		ok = hf_decode_armour(hf_buf_bytes(&file), "PRIVATE KEY", &der, err) &&
		     read_private_info(hf_buf_bytes(&der), key, err);
		hf_buf_reset(&der);
		for (size_t i = 0; !ok && i < sizeof(labels) / sizeof(labels[0]); i++) {
			ok = hf_decode_armour(hf_buf_bytes(&file), labels[i], &der, &why) &&
			     read_ec_private(hf_buf_bytes(&der), false, key, &why);
			hf_buf_reset(&der);
		}
		if (!ok)
			hf_fail_in(err, "%.200s: no SM2 private key in clear (PRIVATE KEY, EC PRIVATE KEY)", path);
	}
	hf_buf_clear(&der);
	hf_buf_clear(&file);
	return ok;
}

static bool public_of_file(const char *path, uint8_t pub[HF_SM2_POINT], struct hf_err *err)
{
	struct hf_buf file, der;
	struct hf_spki spki;
	bool ok;

	hf_buf_init(&file, KEY_FILE_MAX);
	hf_buf_init(&der, KEY_FILE_MAX);
	ok = hf_load_file(path, &file, err) &&
	     ((hf_decode_armour(hf_buf_bytes(&file), "PUBLIC KEY", &der, err) &&
		      hf_der_decode(&hf_SubjectPublicKeyInfo, hf_buf_bytes(&der), &spki, err) &&
		      hf_spki_sm2(&spki, pub, err)) ||
		     hf_fail_in(err, "%.200s", path));
	hf_buf_clear(&der);
	hf_buf_clear(&file);
	return ok;
}

static bool public_of_cert(const char *path, uint8_t pub[HF_SM2_POINT], struct hf_err *err)
{
	struct hf_loaded_cert cert = {0};
	bool ok = hf_load_cert(path, &cert, err);

	if (ok && !cert.cert.is_sm2)
		ok = hf_fail(err, HF_E_INPUT, "%.200s: its key is no SM2 key", path);
	if (ok)
		memcpy(pub, cert.cert.pub, HF_SM2_POINT);
	hf_loaded_cert_clear(&cert);
	return ok;
}

bool hf_gm_public(const struct hf_cmd *cmd, bool sign, uint8_t pub[HF_SM2_POINT], struct hf_err *err)
{
	struct hf_gm_device dev = {0};
	struct hf_sm2_key key = {0};
	unsigned index = 0;
	bool ok;

	if (hf_cmd_opt(cmd, "cert"))
		return public_of_cert(hf_cmd_opt(cmd, "cert"), pub, err);
	if (hf_cmd_opt(cmd, "public"))
		return public_of_file(hf_cmd_opt(cmd, "public"), pub, err);
	if (hf_cmd_opt(cmd, "key")) {
		ok = hf_gm_private(hf_cmd_opt(cmd, "key"), &key, err);
		memcpy(pub, key.pub, HF_SM2_POINT);
		hf_wipe(&key, sizeof(key));
		return ok;
	}
	ok = hf_gm_index(cmd, &index, err) && hf_gm_device_open(cmd, &dev, err) &&
	     hf_gm_device_public(&dev, index, sign, pub, err);
	hf_gm_device_close(&dev);
	return ok;
}
