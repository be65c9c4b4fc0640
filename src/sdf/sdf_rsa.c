#include "sdf/rsa_key.h"

#include "crypto/rand.h"

#include <string.h>

#define KEY_BITS (HF_SM4_KEY * 8)

static int code_of(const struct hf_err *err, int input)
{
	switch (err->code) {
	case HF_E_INPUT:
		return input;
	case HF_E_MEMORY:
		return SDR_NOBUFFER;
	default:
		return SDR_PKOPERR;
	}
}

/* --- Public keys --- */

static int export_public(void *handle, unsigned int index, uint32_t use, RSArefPublicKey *out)
{
	struct hf_sdf_session *session;

	if (!out)
		return SDR_OUTARGERR;
	int rc = hf_sdf_session_enter(handle, &session);
	if (rc != SDR_OK)
		return rc;
	rc = hf_rsa_key_find(session->device, index, use, out);
	hf_sdf_session_put(session);
	return rc;
}

int SDF_ExportSignPublicKey_RSA(void *hSessionHandle, unsigned int uiKeyIndex, RSArefPublicKey *pucPublicKey)
{
	return export_public(hSessionHandle, uiKeyIndex, SDFX_USE_SIGN, pucPublicKey);
}

int SDF_ExportEncPublicKey_RSA(void *hSessionHandle, unsigned int uiKeyIndex, RSArefPublicKey *pucPublicKey)
{
	return export_public(hSessionHandle, uiKeyIndex, SDFX_USE_ENC, pucPublicKey);
}

/* --- Raw operations --- */

int SDF_ExternalPublicKeyOperation_RSA(void *hSessionHandle, RSArefPublicKey *pucPublicKey, unsigned char *pucDataInput,
	unsigned int uiInputLength, unsigned char *pucDataOutput, unsigned int *puiOutputLength)
{
	struct hf_sdf_session *session;
	struct hf_err err;

	if (!pucDataOutput || !puiOutputLength)
		return SDR_OUTARGERR;
	if (!pucPublicKey || !pucDataInput || uiInputLength != HF_SDF_RSA_LEN)
		return SDR_INARGERR;
	int rc = hf_sdf_session_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	if (!hf_rsa_check(pucPublicKey, &err))
		rc = SDR_KEYERR;
	else if (!hf_rsa_public(pucPublicKey, pucDataInput, pucDataOutput, &err))
		rc = code_of(&err, SDR_INARGERR);
	else
		*puiOutputLength = HF_SDF_RSA_LEN;
	hf_sdf_session_put(session);
	return rc;
}

int SDF_InternalPublicKeyOperation_RSA(void *hSessionHandle, unsigned int uiKeyIndex, unsigned char *pucDataInput,
	unsigned int uiInputLength, unsigned char *pucDataOutput, unsigned int *puiOutputLength)
{
	RSArefPublicKey key;

	if (!pucDataOutput || !puiOutputLength)
		return SDR_OUTARGERR;
	if (!pucDataInput || uiInputLength != HF_SDF_RSA_LEN)
		return SDR_INARGERR;
	int rc = export_public(hSessionHandle, uiKeyIndex, SDFX_USE_SIGN, &key);
	return rc == SDR_OK ? SDF_ExternalPublicKeyOperation_RSA(
				      hSessionHandle, &key, pucDataInput, uiInputLength, pucDataOutput, puiOutputLength)
			    : rc;
}

int SDF_InternalPrivateKeyOperation_RSA(void *hSessionHandle, unsigned int uiKeyIndex, unsigned char *pucDataInput,
	unsigned int uiInputLength, unsigned char *pucDataOutput, unsigned int *puiOutputLength)
{
	uint8_t secret[HF_SDF_SECRET];
	struct hf_sdf_session *session;
	RSArefPrivateKey key;
	struct hf_err err;

	if (!pucDataOutput || !puiOutputLength)
		return SDR_OUTARGERR;
	if (!pucDataInput || uiInputLength != HF_SDF_RSA_LEN)
		return SDR_INARGERR;
	int rc = hf_sdf_session_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	rc = hf_rsa_key_private(session, uiKeyIndex, SDFX_USE_SIGN, &key, secret);
	if (rc == SDR_OK && !hf_rsa_private(&key, pucDataInput, pucDataOutput, &err))
		rc = code_of(&err, SDR_INARGERR);
	if (rc == SDR_OK)
		*puiOutputLength = HF_SDF_RSA_LEN;
	hf_wipe(&key, sizeof(key));
	hf_wipe(secret, sizeof(secret));
	hf_sdf_session_put(session);
	return rc;
}

/* --- Session keys, PKCS #1 v1.5 --- */

/* 00 02, no zeros, 00, key. */
static int wrap(const RSArefPublicKey *pub, const uint8_t key[HF_SM4_KEY], unsigned char out[HF_SDF_RSA_LEN])
{
	uint8_t block[HF_SDF_RSA_LEN] = {0x00, 0x02};
	const size_t end = HF_SDF_RSA_LEN - HF_SM4_KEY - 1;
	struct hf_err err;
	bool ok = hf_rand(block + 2, end - 2, &err);

	for (size_t i = 2; ok && i < end; i++) {
		while (ok && block[i] == 0)
			ok = hf_rand(&block[i], 1, &err);
	}
	block[end] = 0;
	memcpy(block + end + 1, key, HF_SM4_KEY);
	int rc = ok ? SDR_OK : SDR_RANDERR;
	if (ok && !hf_rsa_public(pub, block, out, &err))
		rc = code_of(&err, SDR_KEYERR);
	hf_wipe(block, sizeof(block));
	return rc;
}

/*
 * What is not so padded, or holds no key of 16 octets, gives a key that only this device could tell (the same one each
 * time): an answer "the padding is wrong" would let a stranger open ciphertexts by asking often.
 */
static int unwrap(const RSArefPrivateKey *private, const uint8_t secret[HF_SDF_SECRET],
	const uint8_t in[HF_SDF_RSA_LEN], uint8_t key[HF_SM4_KEY])
{
	uint8_t block[HF_SDF_RSA_LEN], other[HF_SM3_LEN];
	const size_t end = HF_SDF_RSA_LEN - HF_SM4_KEY - 1;
	struct hf_err err;
	unsigned bad;

	if (!hf_rsa_private(private, in, block, &err))
		return code_of(&err, SDR_ENCDATAERR);
	hf_hmac_sm3((struct hf_bytes){secret, HF_SDF_SECRET}, (struct hf_bytes){in, HF_SDF_RSA_LEN}, other);
	bad = block[0] | (block[1] ^ 2u) | block[end];
	for (size_t i = 2; i < end; i++)
		bad |= ((unsigned)block[i] - 1) >> 8 & 1;
	/* All ones when anything is bad. */
	uint8_t mask = (uint8_t)(0 - ((bad | (0 - bad)) >> 31));
	for (size_t i = 0; i < HF_SM4_KEY; i++)
		key[i] = (uint8_t)((other[i] & mask) | (block[end + 1 + i] & ~mask));
	hf_wipe(block, sizeof(block));
	hf_wipe(other, sizeof(other));
	return SDR_OK;
}

static int generate_for(
	struct hf_sdf_session *session, const RSArefPublicKey *pub, unsigned char *out, void **key_handle)
{
	uint8_t key[HF_SM4_KEY];
	int rc = hf_rand(key, sizeof(key), NULL) ? wrap(pub, key, out) : SDR_RANDERR;

	if (rc == SDR_OK)
		rc = hf_sdf_key_add(session, key, key_handle);
	hf_wipe(key, sizeof(key));
	return rc;
}

int SDF_GenerateKeyWithEPK_RSA(void *hSessionHandle, unsigned int uiKeyBits, RSArefPublicKey *pucPublicKey,
	unsigned char *pucKey, unsigned int *puiKeyLength, void **phKeyHandle)
{
	struct hf_sdf_session *session;
	struct hf_err err;

	if (!pucKey || !puiKeyLength || !phKeyHandle)
		return SDR_OUTARGERR;
	if (!pucPublicKey || uiKeyBits != KEY_BITS)
		return SDR_INARGERR;
	int rc = hf_sdf_session_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	rc = hf_rsa_check(pucPublicKey, &err) ? generate_for(session, pucPublicKey, pucKey, phKeyHandle) : SDR_KEYERR;
	if (rc == SDR_OK)
		*puiKeyLength = HF_SDF_RSA_LEN;
	hf_sdf_session_put(session);
	return rc;
}

int SDF_GenerateKeyWithIPK_RSA(void *hSessionHandle, unsigned int uiIPKIndex, unsigned int uiKeyBits,
	unsigned char *pucKey, unsigned int *puiKeyLength, void **phKeyHandle)
{
	RSArefPublicKey pub;

	if (!pucKey || !puiKeyLength || !phKeyHandle)
		return SDR_OUTARGERR;
	if (uiKeyBits != KEY_BITS)
		return SDR_INARGERR;
	int rc = export_public(hSessionHandle, uiIPKIndex, SDFX_USE_ENC, &pub);
	return rc == SDR_OK
		       ? SDF_GenerateKeyWithEPK_RSA(hSessionHandle, uiKeyBits, &pub, pucKey, puiKeyLength, phKeyHandle)
		       : rc;
}

/* A key encrypted to the internal encryption pair, in clear. The caller wipes it. */
static int open_with(struct hf_sdf_session *session, uint32_t index, const unsigned char *in, uint8_t key[HF_SM4_KEY])
{
	uint8_t secret[HF_SDF_SECRET];
	RSArefPrivateKey private;
	int rc = hf_rsa_key_private(session, index, SDFX_USE_ENC, &private, secret);

	if (rc == SDR_OK)
		rc = unwrap(&private, secret, in, key);
	hf_wipe(&private, sizeof(private));
	hf_wipe(secret, sizeof(secret));
	return rc;
}

int SDF_ImportKeyWithISK_RSA(void *hSessionHandle, unsigned int uiISKIndex, unsigned char *pucKey,
	unsigned int uiKeyLength, void **phKeyHandle)
{
	struct hf_sdf_session *session;
	uint8_t key[HF_SM4_KEY];

	if (!phKeyHandle)
		return SDR_OUTARGERR;
	if (!pucKey || uiKeyLength != HF_SDF_RSA_LEN)
		return SDR_INARGERR;
	int rc = hf_sdf_session_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	rc = open_with(session, uiISKIndex, pucKey, key);
	if (rc == SDR_OK)
		rc = hf_sdf_key_add(session, key, phKeyHandle);
	hf_wipe(key, sizeof(key));
	hf_sdf_session_put(session);
	return rc;
}

int SDF_ExchangeDigitEnvelopeBaseOnRSA(void *hSessionHandle, unsigned int uiKeyIndex, RSArefPublicKey *pucPublicKey,
	unsigned char *pucDEInput, unsigned int uiDELength, unsigned char *pucDEOutput, unsigned int *puiDELength)
{
	struct hf_sdf_session *session;
	uint8_t key[HF_SM4_KEY];
	struct hf_err err;

	if (!pucDEOutput || !puiDELength)
		return SDR_OUTARGERR;
	if (!pucPublicKey || !pucDEInput || uiDELength != HF_SDF_RSA_LEN)
		return SDR_INARGERR;
	int rc = hf_sdf_session_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	rc = hf_rsa_check(pucPublicKey, &err) ? open_with(session, uiKeyIndex, pucDEInput, key) : SDR_KEYERR;
	if (rc == SDR_OK)
		rc = wrap(pucPublicKey, key, pucDEOutput);
	if (rc == SDR_OK)
		*puiDELength = HF_SDF_RSA_LEN;
	hf_wipe(key, sizeof(key));
	hf_sdf_session_put(session);
	return rc;
}

/* --- For debugging --- */

int SDF_GenerateKeyPair_RSA(
	void *hSessionHandle, unsigned int uiKeyBits, RSArefPublicKey *pucPublicKey, RSArefPrivateKey *pucPrivateKey)
{
	struct hf_sdf_session *session;
	RSArefPrivateKey key;
	struct hf_err err;

	if (!pucPublicKey || !pucPrivateKey)
		return SDR_OUTARGERR;
	int rc = hf_sdf_debug_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	if (uiKeyBits != HF_SDF_RSA_LEN * 8)
		rc = SDR_INARGERR;
	else if (!hf_rsa_generate(&key, &err))
		rc = code_of(&err, SDR_PKOPERR);
	if (rc == SDR_OK) {
		hf_rsa_public_of(&key, pucPublicKey);
		*pucPrivateKey = key;
		hf_wipe(&key, sizeof(key));
	}
	hf_sdf_session_put(session);
	return rc;
}

int SDF_ExternalPrivateKeyOperation_RSA(void *hSessionHandle, RSArefPrivateKey *pucPrivateKey,
	unsigned char *pucDataInput, unsigned int uiInputLength, unsigned char *pucDataOutput,
	unsigned int *puiOutputLength)
{
	struct hf_sdf_session *session;
	struct hf_err err;

	if (!pucDataOutput || !puiOutputLength)
		return SDR_OUTARGERR;
	if (!pucPrivateKey || !pucDataInput || uiInputLength != HF_SDF_RSA_LEN)
		return SDR_INARGERR;
	int rc = hf_sdf_debug_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	if (!hf_rsa_private(pucPrivateKey, pucDataInput, pucDataOutput, &err))
		rc = code_of(&err, SDR_KEYERR);
	else
		*puiOutputLength = HF_SDF_RSA_LEN;
	hf_sdf_session_put(session);
	return rc;
}
