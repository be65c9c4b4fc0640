#include "sdf/sdf_int.h"

#include "crypto/sm4_aead.h"

#include <string.h>

/* A shorter tag invites guessing; SDF_AuthEnc makes tags of 16 octets. */
#define TAG_MIN 12

struct auth {
	unsigned int alg;
	union {
		struct hf_sm4_gcm gcm;
		struct hf_sdf_ccm ccm;
	} u;
	uint64_t rest; /* octets still to come, as Init was told */
	uint8_t tag[HF_SM4_TAG_MAX];
	size_t tag_len; /* of AuthDec: what must come out */
};

static int check_alg(unsigned int alg)
{
	return alg == SGD_SM4_GCM || alg == SGD_SM4_CCM ? SDR_OK : hf_sdf_cipher_refuse(alg);
}

static bool is_given(struct hf_bytes bytes)
{
	return bytes.p || bytes.len == 0;
}

/* --- In one piece --- */

/* HF_E_VERIFY is a wrong tag; everything else was a length that the mode does not have. */
static int code_of(const struct hf_err *err)
{
	return err->code == HF_E_VERIFY ? SDR_MACERR : hf_sdf_code(err, SDR_INARGERR);
}

static int fetch(void *session_handle, void *key_handle, uint8_t key[HF_SM4_KEY])
{
	struct hf_sdf_session *session;
	int rc = hf_sdf_session_enter(session_handle, &session);

	if (rc != SDR_OK)
		return rc;
	rc = hf_sdf_key_copy(session, key_handle, key);
	hf_sdf_session_put(session);
	return rc;
}

int SDF_AuthEnc(void *hSessionHandle, void *hKeyHandle, unsigned int uiAlgID, unsigned char *pucStartVar,
	unsigned int uiStartVarLength, unsigned char *pucAad, unsigned int uiAadLength, unsigned char *pucData,
	unsigned int uiDataLength, unsigned char *pucEncData, unsigned int *puiEncDataLength,
	unsigned char *pucAuthData, unsigned int *puiAuthDataLength)
{
	struct hf_bytes nonce = {pucStartVar, uiStartVarLength}, aad = {pucAad, uiAadLength};
	struct hf_bytes in = {pucData, uiDataLength};
	uint8_t key[HF_SM4_KEY];
	struct hf_err err;

	if ((!pucEncData && in.len > 0) || !puiEncDataLength || !pucAuthData || !puiAuthDataLength)
		return SDR_OUTARGERR;
	if (!pucStartVar || nonce.len == 0 || !is_given(aad) || !is_given(in) ||
		!hf_sdf_cipher_apart(in.p, in.len, pucEncData, in.len))
		return SDR_INARGERR;
	int rc = fetch(hSessionHandle, hKeyHandle, key);
	if (rc == SDR_OK)
		rc = check_alg(uiAlgID);
	struct hf_sm4_aead aead = {.key = key, .nonce = nonce, .aad = aad, .tag_len = HF_SM4_TAG_MAX};
	if (rc == SDR_OK && !(uiAlgID == SGD_SM4_GCM ? hf_sm4_gcm_seal(&aead, in, pucEncData, pucAuthData, &err)
						     : hf_sm4_ccm_seal(&aead, in, pucEncData, pucAuthData, &err)))
		rc = code_of(&err);
	if (rc == SDR_OK) {
		*puiEncDataLength = uiDataLength;
		*puiAuthDataLength = HF_SM4_TAG_MAX;
	}
	hf_wipe(key, sizeof(key));
	return rc;
}

int SDF_AuthDec(void *hSessionHandle, void *hKeyHandle, unsigned int uiAlgID, unsigned char *pucStartVar,
	unsigned int uiStartVarLength, unsigned char *pucAad, unsigned int uiAadLength, unsigned char *pucAuthData,
	unsigned int uiAuthDataLength, unsigned char *pucEncData, unsigned int uiEncDataLength, unsigned char *pucData,
	unsigned int *puiDataLength)
{
	struct hf_bytes nonce = {pucStartVar, uiStartVarLength}, aad = {pucAad, uiAadLength};
	struct hf_bytes in = {pucEncData, uiEncDataLength};
	uint8_t key[HF_SM4_KEY];
	struct hf_err err;

	if ((!pucData && in.len > 0) || !puiDataLength)
		return SDR_OUTARGERR;
	if (!pucStartVar || nonce.len == 0 || !is_given(aad) || !is_given(in) || !pucAuthData ||
		uiAuthDataLength < TAG_MIN || uiAuthDataLength > HF_SM4_TAG_MAX ||
		!hf_sdf_cipher_apart(in.p, in.len, pucData, in.len))
		return SDR_INARGERR;
	int rc = fetch(hSessionHandle, hKeyHandle, key);
	if (rc == SDR_OK)
		rc = check_alg(uiAlgID);
	struct hf_sm4_aead aead = {.key = key, .nonce = nonce, .aad = aad, .tag_len = uiAuthDataLength};
	if (rc == SDR_OK && !(uiAlgID == SGD_SM4_GCM ? hf_sm4_gcm_open(&aead, in, pucAuthData, pucData, &err)
						     : hf_sm4_ccm_open(&aead, in, pucAuthData, pucData, &err)))
		rc = code_of(&err);
	if (rc == SDR_OK)
		*puiDataLength = uiEncDataLength;
	hf_wipe(key, sizeof(key));
	return rc;
}

/* --- In pieces --- */

/* What both Inits are told. */
struct auth_args {
	unsigned int alg;
	struct hf_bytes nonce, aad, tag; /* tag is empty to encrypt */
	uint64_t len;
};

static int start(struct auth *auth, const uint8_t key[HF_SM4_KEY], const struct auth_args *args)
{
	auth->alg = args->alg;
	auth->rest = args->len;
	auth->tag_len = args->tag.len > 0 ? args->tag.len : HF_SM4_TAG_MAX;
	if (args->tag.len > 0)
		memcpy(auth->tag, args->tag.p, args->tag.len);
	if (args->alg == SGD_SM4_CCM)
		return hf_sdf_ccm_start(&auth->u.ccm, key, args->nonce, args->aad, args->len, auth->tag_len);
	hf_sm4_gcm_init(&auth->u.gcm, key, args->nonce);
	if (args->aad.len > 0)
		hf_sm4_gcm_aad(&auth->u.gcm, args->aad);
	return SDR_OK;
}

static int init(void *session_handle, void *key_handle, enum hf_sdf_work work, const struct auth_args *args)
{
	struct hf_sdf_session *session;
	uint8_t key[HF_SM4_KEY];

	if (!args->nonce.p || args->nonce.len == 0 || !is_given(args->aad))
		return SDR_INARGERR;
	int rc = hf_sdf_work_enter(session_handle, &session);
	if (rc != SDR_OK)
		return rc;
	rc = hf_sdf_key_copy(session, key_handle, key);
	if (rc == SDR_OK)
		rc = check_alg(args->alg);
	if (rc == SDR_OK) {
		struct auth *auth = hf_sdf_work_begin(session, work, sizeof(*auth));
		rc = auth ? start(auth, key, args) : SDR_NOBUFFER;
		if (rc != SDR_OK)
			hf_sdf_work_end(session, work);
	}
	hf_wipe(key, sizeof(key));
	hf_sdf_work_leave(session);
	return rc;
}

static int run(struct auth *auth, enum hf_sdf_work work, struct hf_bytes in, uint8_t *out)
{
	if (in.len > auth->rest || !hf_sdf_cipher_apart(in.p, in.len, out, in.len))
		return SDR_INARGERR;
	auth->rest -= in.len;
	if (in.len == 0)
		return SDR_OK;
	if (auth->alg == SGD_SM4_CCM)
		return work == HF_SDF_AUTH_ENC ? hf_sdf_ccm_encrypt(&auth->u.ccm, in.p, in.len, out)
					       : hf_sdf_ccm_decrypt(&auth->u.ccm, in.p, in.len, out);
	if (work == HF_SDF_AUTH_ENC)
		hf_sm4_gcm_encrypt(&auth->u.gcm, in.p, out, in.len);
	else
		hf_sm4_gcm_decrypt(&auth->u.gcm, in.p, out, in.len);
	return SDR_OK;
}

static int update(void *session_handle, enum hf_sdf_work work, struct hf_bytes in, uint8_t *out, unsigned int *out_len)
{
	struct hf_sdf_session *session;

	if (!out || !out_len)
		return SDR_OUTARGERR;
	if (!is_given(in))
		return SDR_INARGERR;
	int rc = hf_sdf_work_enter(session_handle, &session);
	if (rc != SDR_OK)
		return rc;
	struct auth *auth = hf_sdf_work_get(session, work);
	rc = auth ? run(auth, work, in, out) : SDR_STEPERR;
	if (rc == SDR_OK)
		*out_len = (unsigned int)in.len;
	hf_sdf_work_leave(session);
	return rc;
}

static int make_tag(struct auth *auth, uint8_t tag[HF_SM4_TAG_MAX])
{
	if (auth->rest > 0)
		return SDR_SYMOPERR;
	if (auth->alg == SGD_SM4_CCM)
		return hf_sdf_ccm_final(&auth->u.ccm, tag);
	hf_sm4_gcm_final(&auth->u.gcm, tag);
	return SDR_OK;
}

/* Ends the work, whatever comes out; tag_out is NULL to compare with the tag that Init was given. */
static int final(void *session_handle, enum hf_sdf_work work, uint8_t *tag_out)
{
	struct hf_sdf_session *session;
	uint8_t tag[HF_SM4_TAG_MAX];
	int rc = hf_sdf_work_enter(session_handle, &session);

	if (rc != SDR_OK)
		return rc;
	struct auth *auth = hf_sdf_work_get(session, work);
	rc = auth ? make_tag(auth, tag) : SDR_STEPERR;
	if (rc == SDR_OK && tag_out)
		memcpy(tag_out, tag, sizeof(tag));
	else if (rc == SDR_OK && !hf_secret_equal(tag, auth->tag, auth->tag_len))
		rc = SDR_MACERR;
	hf_sdf_work_end(session, work);
	hf_sdf_work_leave(session);
	hf_wipe(tag, sizeof(tag));
	return rc;
}

int SDF_AuthEncInit(void *hSessionHandle, void *hKeyHandle, unsigned int uiAlgID, unsigned char *pucStartVar,
	unsigned int uiStartVarLength, unsigned char *pucAad, unsigned int uiAadLength, unsigned int uiDataLength)
{
	struct auth_args args = {.alg = uiAlgID,
		.nonce = {pucStartVar, uiStartVarLength},
		.aad = {pucAad, uiAadLength},
		.len = uiDataLength};

	return init(hSessionHandle, hKeyHandle, HF_SDF_AUTH_ENC, &args);
}

int SDF_AuthEncUpdate(void *hSessionHandle, unsigned char *pucData, unsigned int uiDataLength,
	unsigned char *pucEncData, unsigned int *puiEncDataLength)
{
	return update(hSessionHandle, HF_SDF_AUTH_ENC, (struct hf_bytes){pucData, uiDataLength}, pucEncData,
		puiEncDataLength);
}

int SDF_AuthEncFinal(void *hSessionHandle, unsigned char *pucLastEncData, unsigned int *puiLastEncDataLength,
	unsigned char *pucAuthData, unsigned int *puiAuthDataLength)
{
	(void)pucLastEncData;
	if (!puiLastEncDataLength || !pucAuthData || !puiAuthDataLength)
		return SDR_OUTARGERR;
	int rc = final(hSessionHandle, HF_SDF_AUTH_ENC, pucAuthData);
	if (rc == SDR_OK) {
		*puiLastEncDataLength = 0;
		*puiAuthDataLength = HF_SM4_TAG_MAX;
	}
	return rc;
}

int SDF_AuthDecInit(void *hSessionHandle, void *hKeyHandle, unsigned int uiAlgID, unsigned char *pucStartVar,
	unsigned int uiStartVarLength, unsigned char *pucAad, unsigned int uiAadLength, unsigned char *pucAuthData,
	unsigned int uiAuthDataLength, unsigned int uiDataLength)
{
	struct auth_args args = {.alg = uiAlgID,
		.nonce = {pucStartVar, uiStartVarLength},
		.aad = {pucAad, uiAadLength},
		.tag = {pucAuthData, uiAuthDataLength},
		.len = uiDataLength};

	if (!pucAuthData || uiAuthDataLength < TAG_MIN || uiAuthDataLength > HF_SM4_TAG_MAX)
		return SDR_INARGERR;
	return init(hSessionHandle, hKeyHandle, HF_SDF_AUTH_DEC, &args);
}

int SDF_AuthDecUpdate(void *hSessionHandle, unsigned char *pucEncData, unsigned int uiEncDataLength,
	unsigned char *pucData, unsigned int *puiDataLength)
{
	return update(hSessionHandle, HF_SDF_AUTH_DEC, (struct hf_bytes){pucEncData, uiEncDataLength}, pucData,
		puiDataLength);
}

int SDF_AuthDecFinal(void *hSessionHandle, unsigned char *pucLastData, unsigned int *puiLastDataLength)
{
	(void)pucLastData;
	if (!puiLastDataLength)
		return SDR_OUTARGERR;
	int rc = final(hSessionHandle, HF_SDF_AUTH_DEC, NULL);
	if (rc == SDR_OK)
		*puiLastDataLength = 0;
	return rc;
}
