#include "token_int.h"

#include "base/alloc.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

static bool refused(const struct hf_token *token, ULONG rv, const char *call, const char *container, struct hf_err *err)
{
	if (rv == SAR_OK)
		return true;
	hf_sar_fail(err, rv, call, token->where);
	return hf_fail_in(err, "container %s", container);
}

static void forget_container(struct hf_token *token)
{
	if (token->con)
		token->lib->SKF_CloseContainer(token->con);
	token->con = NULL;
	token->con_name[0] = '\0';
}

/* Opens the container, or takes the one that is open. */
static ULONG use_container(struct hf_token *token, const char *name)
{
	if (token->con && hf_str_equal(token->con_name, name))
		return SAR_OK;
	forget_container(token);
	if (!hf_fmt(token->con_name, sizeof(token->con_name), "%s", name))
		return SAR_NAMELENERR;
	ULONG rv = token->lib->SKF_OpenContainer(token->app, hf_skf_text(name), &token->con);
	if (rv != SAR_OK)
		token->con = NULL;
	return rv;
}

static bool need_container(struct hf_token *token, const char *name, struct hf_err *err)
{
	return refused(token, use_container(token, name), "SKF_OpenContainer", name, err);
}

#define LIST_MAX 65536

bool hf_token_containers(struct hf_token *token, struct hf_buf *names, struct hf_err *err)
{
	ULONG len = LIST_MAX;
	char *list = hf_alloc(LIST_MAX, 1);
	bool ok = false;

	ULONG rv = token->lib->SKF_EnumContainer(token->app, list, &len);
	if (!refused(token, rv, "SKF_EnumContainer", "(all)", err))
		goto out;
	for (size_t at = 0; at < len && at < LIST_MAX && list[at];) {
		size_t n = strnlen(list + at, LIST_MAX - at);
		hf_buf_put(names, list + at, n);
		hf_buf_put_u8(names, 0);
		at += n + 1;
	}
	ok = hf_buf_ok(names) || hf_fail(err, HF_E_LIMIT, "%s: too many containers", token->where);
out:
	free(list);
	return ok;
}

/* Zeros in front of the coordinates, as the standard places them. */
static bool point_from(const ECCPUBLICKEYBLOB *blob, uint8_t pub[HF_SM2_POINT], struct hf_err *err)
{
	if (blob->BitLen != 256)
		return hf_fail(err, HF_E_DEVICE, "the token gives a public key of %u bits: SM2 has 256",
			(unsigned)blob->BitLen);
	memcpy(pub, blob->XCoordinate + 32, 32);
	memcpy(pub + 32, blob->YCoordinate + 32, 32);
	return hf_sm2_point_check(pub, err) || hf_fail_in(err, "the token's public key");
}

static ULONG ask_public(struct hf_token *token, enum hf_token_use use, ECCPUBLICKEYBLOB *blob)
{
	ULONG len = sizeof(*blob);

	memset(blob, 0, sizeof(*blob));
	return token->lib->SKF_ExportPublicKey(token->con, use == HF_TOKEN_SIGN, (BYTE *)blob, &len);
}

bool hf_token_public(struct hf_token *token, const char *container, enum hf_token_use use, uint8_t pub[HF_SM2_POINT],
	struct hf_err *err)
{
	ECCPUBLICKEYBLOB blob;

	return need_container(token, container, err) &&
	       refused(token, ask_public(token, use, &blob), "SKF_ExportPublicKey", container, err) &&
	       point_from(&blob, pub, err);
}

bool hf_token_make_pair(struct hf_token *token, const char *container, uint8_t pub[HF_SM2_POINT], struct hf_err *err)
{
	ECCPUBLICKEYBLOB blob;

	if (use_container(token, container) != SAR_OK) {
		ULONG rv = token->lib->SKF_CreateContainer(token->app, hf_skf_text(container), &token->con);
		if (rv != SAR_OK)
			token->con = NULL;
		if (!refused(token, rv, "SKF_CreateContainer", container, err))
			return false;
		hf_fmt_cut(token->con_name, sizeof(token->con_name), "%s", container);
	}
	if (ask_public(token, HF_TOKEN_SIGN, &blob) == SAR_OK)
		return hf_fail(err, HF_E_EXISTS,
			"%s: container %s has a signing pair: use it, or delete the container first", token->where,
			container);
	ULONG rv = token->lib->SKF_GenECCKeyPair(token->con, SGD_SM2_1, &blob);
	return refused(token, rv, "SKF_GenECCKeyPair", container, err) && point_from(&blob, pub, err);
}

bool hf_token_delete_container(struct hf_token *token, const char *container, struct hf_err *err)
{
	forget_container(token);
	ULONG rv = token->lib->SKF_DeleteContainer(token->app, hf_skf_text(container));
	return refused(token, rv, "SKF_DeleteContainer", container, err);
}

bool hf_token_sign_digest(struct hf_token *token, const char *container, const uint8_t e[HF_SM3_LEN],
	uint8_t sig[HF_SM2_SIG], struct hf_err *err)
{
	ECCSIGNATUREBLOB blob;

	if (!need_container(token, container, err))
		return false;
	ULONG rv = token->lib->SKF_ECCSignData(token->con, hf_skf_bytes(e), HF_SM3_LEN, &blob);
	if (!refused(token, rv, "SKF_ECCSignData", container, err))
		return false;
	memcpy(sig, blob.r + 32, 32);
	memcpy(sig + 32, blob.s + 32, 32);
	return true;
}

bool hf_token_sign_message(struct hf_token *token, const char *container, struct hf_bytes message,
	uint8_t sig[HF_SM2_SIG], struct hf_err *err)
{
	uint8_t pub[HF_SM2_POINT], z[HF_SM3_LEN], e[HF_SM3_LEN];

	if (!hf_token_public(token, container, HF_TOKEN_SIGN, pub, err))
		return false;
	hf_sm2_z(pub, HF_SM2_DEFAULT_ID, z);
	hf_sm2_digest(z, message, e);
	/* A digest of the wrong key would make a signature that nobody can verify: looked at before it leaves. */
	return hf_token_sign_digest(token, container, e, sig, err) &&
	       (hf_sm2_verify(pub, e, sig, err) || hf_fail_in(err, "%s: the token's own signature", token->where));
}

bool hf_token_import_cert(
	struct hf_token *token, const char *container, enum hf_token_use use, struct hf_bytes der, struct hf_err *err)
{
	uint8_t pub[HF_SM2_POINT];
	const char *what = use == HF_TOKEN_SIGN ? "signing" : "encryption";

	if (der.len == 0 || der.len > 65536)
		return hf_fail(err, HF_E_LIMIT, "%s: a certificate of %zu octets", token->where, der.len);
	if (!hf_token_public(token, container, use, pub, err))
		return false;
	if (!memmem(der.p, der.len, pub, sizeof(pub)))
		return hf_fail(err, HF_E_INPUT,
			"%s: container %s: this %s certificate does not hold the container's public key", token->where,
			container, what);
	ULONG rv = token->lib->SKF_ImportCertificate(
		token->con, use == HF_TOKEN_SIGN, hf_skf_bytes(der.p), (ULONG)der.len);
	return refused(token, rv, "SKF_ImportCertificate", container, err);
}

bool hf_token_export_cert(
	struct hf_token *token, const char *container, enum hf_token_use use, struct hf_buf *der, struct hf_err *err)
{
	uint8_t cert[65536];
	ULONG len = sizeof(cert);

	if (!need_container(token, container, err))
		return false;
	ULONG rv = token->lib->SKF_ExportCertificate(token->con, use == HF_TOKEN_SIGN, cert, &len);
	if (!refused(token, rv, "SKF_ExportCertificate", container, err))
		return false;
	/* Some libraries say SAR_OK with nothing where the standard has an error. */
	if (len == 0 || len > sizeof(cert))
		return hf_fail(
			err, HF_E_MISSING, "%s: container %s holds no such certificate", token->where, container);
	return hf_buf_put(der, cert, len) ||
	       hf_fail(err, HF_E_LIMIT, "%s: a certificate of %u octets", token->where, (unsigned)len);
}

/* C1 ‖ C3 ‖ C2 into the standard's structure, which has room for len octets of C2. */
static void cipher_to(const uint8_t *in, size_t len, ECCCIPHERBLOB *blob)
{
	memset(blob->XCoordinate, 0, sizeof(blob->XCoordinate));
	memset(blob->YCoordinate, 0, sizeof(blob->YCoordinate));
	memcpy(blob->XCoordinate + 32, in, 32);
	memcpy(blob->YCoordinate + 32, in + 32, 32);
	memcpy(blob->HASH, in + HF_SM2_POINT, HF_SM3_LEN);
	blob->CipherLen = (ULONG)len;
	memcpy((uint8_t *)blob + sizeof(*blob) - 1, in + HF_SM2_CIPHER_EXTRA, len);
}

//= GM/T 0016 6.4.10
bool hf_token_import_pair(
	struct hf_token *token, const char *container, const struct hf_token_envelope *envelope, struct hf_err *err)
{
	uint8_t room[sizeof(ENVELOPEDKEYBLOB) - 1 + 16] = {0};
	ENVELOPEDKEYBLOB *blob = (ENVELOPEDKEYBLOB *)room;
	size_t place = envelope->place == HF_TOKEN_PLACE_END ? 32 : 0;

	if (!need_container(token, container, err))
		return false;
	blob->Version = 1;
	blob->ulSymmAlgID = SGD_SM4_ECB;
	blob->ulBits = 256;
	memcpy(blob->cbEncryptedPriKey + place, envelope->enc_priv, sizeof(envelope->enc_priv));
	blob->PubKey.BitLen = 256;
	memcpy(blob->PubKey.XCoordinate + 32, envelope->pub, 32);
	memcpy(blob->PubKey.YCoordinate + 32, envelope->pub + 32, 32);
	cipher_to(envelope->key_cipher, 16, &blob->ECCCipherBlob);
	ULONG rv = token->lib->SKF_ImportECCKeyPair(token->con, blob);
	return refused(token, rv, "SKF_ImportECCKeyPair", container, err);
}

static bool decrypt_with(struct hf_token *token, HANDLE key, const struct hf_token_sealed *sealed, struct hf_buf *plain,
	const char *container, struct hf_err *err)
{
	BLOCKCIPHERPARAM param = {.PaddingType = sealed->padded ? SKF_PADDING_PKCS5 : SKF_PADDING_NONE};
	size_t was = plain->len;

	if (sealed->cipher == HF_TOKEN_SM4_CBC) {
		memcpy(param.IV, sealed->iv, sizeof(sealed->iv));
		param.IVLen = sizeof(sealed->iv);
	}
	if (!refused(token, token->lib->SKF_DecryptInit(key, param), "SKF_DecryptInit", container, err))
		return false;
	uint8_t *out = hf_buf_extend(plain, sealed->data.len);
	if (!out)
		return hf_fail(err, HF_E_LIMIT, "%s: %zu octets to decrypt", token->where, sealed->data.len);
	ULONG len = (ULONG)sealed->data.len;
	ULONG rv = token->lib->SKF_Decrypt(key, hf_skf_bytes(sealed->data.p), len, out, &len);
	plain->len = rv == SAR_OK && len <= sealed->data.len ? was + len : was;
	return refused(token, rv, "SKF_Decrypt", container, err);
}

bool hf_token_open_sealed(struct hf_token *token, const char *container, const struct hf_token_sealed *sealed,
	struct hf_buf *plain, struct hf_err *err)
{
	uint8_t room[sizeof(ECCCIPHERBLOB) - 1 + 16] = {0};
	HANDLE key;

	if (sealed->data.len == 0 || sealed->data.len % 16 != 0 || sealed->data.len > UINT32_MAX / 2)
		return hf_fail(err, HF_E_INPUT, "%s: %zu octets of SM4 blocks: a multiple of 16 is needed",
			token->where, sealed->data.len);
	if (!need_container(token, container, err))
		return false;
	cipher_to(sealed->key_cipher, 16, (ECCCIPHERBLOB *)room);
	ULONG alg = sealed->cipher == HF_TOKEN_SM4_CBC ? SGD_SM4_CBC : SGD_SM4_ECB;
	ULONG rv = token->lib->SKF_ImportSessionKey(token->con, alg, room, sizeof(room), &key);
	if (!refused(token, rv, "SKF_ImportSessionKey", container, err))
		return false;
	bool ok = decrypt_with(token, key, sealed, plain, container, err);
	token->lib->SKF_CloseHandle(key);
	return ok;
}

bool hf_token_decrypt(
	struct hf_token *token, const char *container, struct hf_bytes in, struct hf_buf *plain, struct hf_err *err)
{
	uint8_t room[sizeof(ECCCIPHERBLOB) - 1 + HF_SM2_PLAIN_MAX] = {0};
	size_t was = plain->len;

	if (!hf_token_lib_decrypts(token->lib))
		return hf_fail(err, HF_E_DEVICE,
			"%s: this library has no SKF_ECCPrvKeyDecrypt: data come under a session key instead",
			token->where);
	if (in.len <= HF_SM2_CIPHER_EXTRA || in.len - HF_SM2_CIPHER_EXTRA > HF_SM2_PLAIN_MAX)
		return hf_fail(err, HF_E_INPUT, "%s: an SM2 ciphertext of %zu octets", token->where, in.len);
	if (!need_container(token, container, err))
		return false;
	ULONG len = (ULONG)(in.len - HF_SM2_CIPHER_EXTRA);
	uint8_t *out = hf_buf_extend(plain, len);
	if (!out)
		return hf_fail(err, HF_E_LIMIT, "%s: no room for %u octets", token->where, (unsigned)len);
	cipher_to(in.p, len, (ECCCIPHERBLOB *)room);
	ULONG rv = token->lib->SKF_ECCPrvKeyDecrypt(token->con, FALSE, (ECCCIPHERBLOB *)room, out, &len);
	plain->len = rv == SAR_OK && len <= in.len - HF_SM2_CIPHER_EXTRA ? was + len : was;
	return refused(token, rv, "SKF_ECCPrvKeyDecrypt", container, err);
}
