/*
 * What `hufu device`, `hufu sm2`, `hufu sm3` and `hufu sm4` share: files that are read in pieces and written whole or
 * not at all, secrets from files or the terminal, SM2 keys from files, and a GM/T 0018 device.
 *
 * Key files: a public key is a certificate or a SubjectPublicKeyInfo (PEM "PUBLIC KEY" or DER); a private one is an
 * RFC 5958 PrivateKeyInfo (PEM "PRIVATE KEY" or DER) or an RFC 5915 ECPrivateKey (PEM "EC PRIVATE KEY", "SM2 PRIVATE
 * KEY", or DER) on the SM2 curve, which is what other tools write, in clear. Encrypted ones are not read: such keys
 * belong in a device.
 */
#ifndef HUFU_CMD_HUFU_GM_H
#define HUFU_CMD_HUFU_GM_H

#include "api/json.h"
#include "cmd/hufu_int.h"
#include "crypto/sm2.h"
#include "dev/sdf_lib.h"

/* ---- the command line ------------------------------------------------------------------------------------------- */

/* Exactly one of these options is given (the list ends with NULL). Errors: HF_E_INPUT. */
HF_MUST_USE bool hf_gm_one_of(const struct hf_cmd *cmd, const char *const *names, struct hf_err *err);
/* --json puts the result on standard output, so that what is made needs --out. Errors: HF_E_INPUT. */
HF_MUST_USE bool hf_gm_out_ok(const struct hf_cmd *cmd, struct hf_err *err);
/* The --id, or the default of GM/T 0009. */
struct hf_bytes hf_gm_id(const struct hf_cmd *cmd);
/* {"out":…,"octets":…} with --json, a remark on standard error without; nothing when it went to standard output. */
void hf_gm_wrote(const struct hf_cmd *cmd, uint64_t octets);

/* ---- files ------------------------------------------------------------------------------------------------------ */

#define HF_GM_PART ((size_t)1 << 20)

/* Calls each with the file's octets in order, HF_GM_PART of them until the last piece. "-" is standard input. */
HF_MUST_USE bool hf_gm_read(const char *path, bool (*each)(void *ctx, struct hf_bytes part, struct hf_err *err),
	void *ctx, struct hf_err *err);

/* A file that appears under its name when it is whole, readable by its owner only; or standard output. */
struct hf_gm_out {
	const char *path; /* NULL: standard output */
	char temporary[HF_PATH_MAX + 32];
	int fd;
	uint64_t octets;
};
/* path NULL or "-" is standard output. Errors: HF_E_STORE. */
HF_MUST_USE bool hf_gm_out_open(struct hf_gm_out *out, const char *path, struct hf_err *err);
HF_MUST_USE bool hf_gm_out_put(struct hf_gm_out *out, struct hf_bytes octets, struct hf_err *err);
/* Puts it in its place; when ok is false, or when that fails, nothing stays. Gives whether it is there. */
HF_MUST_USE bool hf_gm_out_end(struct hf_gm_out *out, bool ok, struct hf_err *err);

/* A symmetric key: the whole file, or with --hex the hex digits in it. out is a secret buffer. */
HF_MUST_USE bool hf_gm_key_file(const struct hf_cmd *cmd, struct hf_buf *out, struct hf_err *err);

/* ---- SM2 keys --------------------------------------------------------------------------------------------------- */

/* Of --cert, --public, --key, or the device's --index for sign or encryption. Errors say which file. */
HF_MUST_USE bool hf_gm_public(const struct hf_cmd *cmd, bool sign, uint8_t pub[HF_SM2_POINT], struct hf_err *err);
/* Of --key. Wipe it. */
HF_MUST_USE bool hf_gm_private(const char *path, struct hf_sm2_key *key, struct hf_err *err);

/* ---- the device ------------------------------------------------------------------------------------------------- */

#define HF_GM_SECRET_MAX (SDFX_CODE_MAX + 1)

/*
 * "device" (its password), "keys" (the access code) or "backup" (a backup's password): a line "NAME SECRET" of
 * --pin-file, as keyd's own file has them, or its only line; otherwise asked on the terminal, twice when it is a new
 * one. Wipe it.
 */
HF_MUST_USE bool hf_gm_secret(
	const struct hf_cmd *cmd, const char *name, bool fresh, char out[HF_GM_SECRET_MAX], struct hf_err *err);

struct hf_gm_device {
	struct hf_sdf_lib lib;
	void *device, *session;
};

/* The library only: --sdf, otherwise libhufusdf.so beside the program. */
HF_MUST_USE bool hf_gm_library(const struct hf_cmd *cmd, struct hf_gm_device *dev, struct hf_err *err);
/* And the device of --device (otherwise the library's own idea of it), and a session. */
HF_MUST_USE bool hf_gm_device_open(const struct hf_cmd *cmd, struct hf_gm_device *dev, struct hf_err *err);
/* An all-zero one is fine. */
void hf_gm_device_close(struct hf_gm_device *dev);
/* HF_E_DEVICE: this library has no such extension. */
#define hf_gm_need(dev, function, err) hf_gm_needed((dev)->lib.function != NULL, #function, err)
HF_MUST_USE bool hf_gm_needed(bool there, const char *function, struct hf_err *err);
/* Errors: HF_E_DEVICE; HF_E_MISSING (no such key). */
HF_MUST_USE bool hf_gm_device_public(
	struct hf_gm_device *dev, unsigned index, bool sign, uint8_t pub[HF_SM2_POINT], struct hf_err *err);
/* The access right, by the secret "keys". */
HF_MUST_USE bool hf_gm_device_right(
	const struct hf_cmd *cmd, struct hf_gm_device *dev, unsigned index, struct hf_err *err);
HF_MUST_USE bool hf_gm_index(const struct hf_cmd *cmd, unsigned *index, struct hf_err *err);

#endif
