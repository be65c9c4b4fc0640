#include "skf_int.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

/* Into the container with user permission and its content. */
static ULONG enter_filled(HCONTAINER handle, struct skf_call *call, struct skf_content **content)
{
	ULONG rv = skf_enter(handle, SKF_CON, call);

	if (rv != SAR_OK)
		return rv;
	rv = skf_need(call->app, SKF_RIGHT_USER);
	if (rv == SAR_OK)
		rv = skf_content_read(call, content);
	if (rv != SAR_OK)
		skf_leave(call);
	return rv;
}

static void leave_filled(struct skf_call *call, struct skf_content *content)
{
	free(content);
	skf_leave(call);
}

/* Into the container with user permission: one private key of it, which the caller wipes. The call is left again. */
static ULONG take_private(HCONTAINER handle, int which, uint8_t d[HF_SM2_SCALAR])
{
	struct skf_call call;
	struct skf_content *content;

	ULONG rv = enter_filled(handle, &call, &content);
	if (rv != SAR_OK)
		return rv;
	if (content->pair[which].there)
		skf_pair_open(call.app, &content->pair[which], d);
	else
		rv = SAR_KEYNOTFOUNTERR;
	leave_filled(&call, content);
	return rv;
}

/* Puts a pair in; the certificate of another key that was there goes. */
static ULONG put_pair(const struct skf_call *call, struct skf_content *content, int which, const struct hf_sm2_key *key)
{
	struct skf_pair *pair = &content->pair[which];
	bool same = pair->there && memcmp(pair->pub, key->pub, sizeof(pair->pub)) == 0;

	if (!same)
		content->cert_len[which] = 0;
	ULONG rv = skf_pair_seal(call->app, key, pair);
	return rv == SAR_OK ? skf_content_write(call, content) : rv;
}

ULONG DEVAPI SKF_GenECCKeyPair(HCONTAINER hContainer, ULONG ulAlgId, ECCPUBLICKEYBLOB *pBlob)
{
	struct skf_call call;
	struct skf_content *content;
	struct hf_sm2_key key;
	struct hf_err err = {0};

	if (!pBlob)
		return SAR_INVALIDPARAMERR;
	if (ulAlgId != SGD_SM2_1)
		return SAR_NOTSUPPORTYETERR;
	ULONG rv = enter_filled(hContainer, &call, &content);
	if (rv != SAR_OK)
		return rv;
	rv = hf_sm2_generate(&key, &err) ? put_pair(&call, content, SKF_SIGN, &key) : skf_sar(&err);
	if (rv == SAR_OK)
		skf_pub_put(key.pub, pBlob);
	hf_wipe(&key, sizeof(key));
	leave_filled(&call, content);
	return rv;
}

/* The scalar of the envelope: from the end of the field or, failing that, from its start. */
static ULONG open_envelope(const ENVELOPEDKEYBLOB *blob, const uint8_t sm4[HF_SM4_KEY], struct hf_sm2_key *key)
{
	static const size_t places[] = {32, 0};
	uint8_t want[HF_SM2_POINT];

	ULONG rv = skf_pub_get(&blob->PubKey, want);
	if (rv != SAR_OK)
		return rv;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		hf_sm4_ecb_decrypt(sm4, blob->cbEncryptedPriKey + places[i], key->d, HF_SM2_SCALAR);
		if (hf_sm2_public(key->d, key->pub, NULL) && memcmp(key->pub, want, sizeof(want)) == 0)
			return SAR_OK;
	}
	return SAR_INDATAERR;
}

//= GM/T 0016 6.4.10
ULONG DEVAPI SKF_ImportECCKeyPair(HCONTAINER hContainer, ENVELOPEDKEYBLOB *pEnvelopedKeyBlob)
{
	struct skf_call call;
	struct skf_content *content;
	struct hf_sm2_key key = {0};
	uint8_t d[HF_SM2_SCALAR], sm4[HF_SM4_KEY];

	if (!pEnvelopedKeyBlob || pEnvelopedKeyBlob->Version != 1)
		return SAR_INVALIDPARAMERR;
	if (pEnvelopedKeyBlob->ulSymmAlgID != SGD_SM4_ECB)
		return SAR_NOTSUPPORTYETERR;
	if (pEnvelopedKeyBlob->ulBits != 256)
		return SAR_MODULUSLENERR;
	if (pEnvelopedKeyBlob->ECCCipherBlob.CipherLen != HF_SM4_KEY)
		return SAR_INDATALENERR;
	ULONG rv = enter_filled(hContainer, &call, &content);
	if (rv != SAR_OK)
		return rv;
	if (!content->pair[SKF_SIGN].there) {
		rv = SAR_KEYNOTFOUNTERR;
	} else {
		skf_pair_open(call.app, &content->pair[SKF_SIGN], d);
		rv = skf_cipher_open(d, &pEnvelopedKeyBlob->ECCCipherBlob, sizeof(sm4), sm4);
	}
	if (rv == SAR_OK)
		rv = open_envelope(pEnvelopedKeyBlob, sm4, &key);
	if (rv == SAR_OK)
		rv = put_pair(&call, content, SKF_ENC, &key);
	hf_wipe(&key, sizeof(key));
	hf_wipe(d, sizeof(d));
	hf_wipe(sm4, sizeof(sm4));
	leave_filled(&call, content);
	return rv;
}

ULONG DEVAPI SKF_ECCSignData(HCONTAINER hContainer, BYTE *pbDigest, ULONG ulDigestLen, ECCSIGNATUREBLOB *pSignature)
{
	uint8_t d[HF_SM2_SCALAR], sig[HF_SM2_SIG];
	struct hf_err err = {0};

	if (!pbDigest || !pSignature)
		return SAR_INVALIDPARAMERR;
	if (ulDigestLen != HF_SM3_LEN)
		return SAR_INDATALENERR;
	ULONG rv = take_private(hContainer, SKF_SIGN, d);
	if (rv == SAR_OK)
		rv = hf_sm2_sign(d, pbDigest, sig, &err) ? SAR_OK : skf_sar(&err);
	hf_wipe(d, sizeof(d));
	if (rv == SAR_OK)
		skf_point_put(sig, pSignature->r, pSignature->s);
	return rv;
}

/* Calls that need no key of the token still need the token. */
static ULONG device_there(HANDLE handle, enum skf_type type)
{
	struct skf_call call;

	ULONG rv = skf_enter(handle, type, &call);
	if (rv == SAR_OK)
		skf_leave(&call);
	return rv;
}

ULONG DEVAPI SKF_ECCVerify(
	DEVHANDLE hDev, ECCPUBLICKEYBLOB *pECCPubKeyBlob, BYTE *pbData, ULONG ulDataLen, ECCSIGNATUREBLOB *pSignature)
{
	uint8_t pub[HF_SM2_POINT], sig[HF_SM2_SIG];
	struct hf_err err = {0};

	if (!pECCPubKeyBlob || !pbData || !pSignature)
		return SAR_INVALIDPARAMERR;
	if (ulDataLen != HF_SM3_LEN)
		return SAR_INDATALENERR;
	ULONG rv = device_there(hDev, SKF_DEV);
	if (rv == SAR_OK)
		rv = skf_pub_get(pECCPubKeyBlob, pub);
	if (rv == SAR_OK && !skf_point_get(pSignature->r, pSignature->s, sig))
		rv = SAR_INDATAERR;
	if (rv == SAR_OK && !hf_sm2_verify(pub, pbData, sig, &err))
		rv = err.code == HF_E_MEMORY ? SAR_MEMORYERR : SAR_HASHNOTEQUALERR;
	return rv;
}

/* Encrypts to a public key that came as a blob. */
static ULONG encrypt_to(const ECCPUBLICKEYBLOB *to, struct hf_bytes plain, ECCCIPHERBLOB *out)
{
	uint8_t pub[HF_SM2_POINT];
	struct hf_err err = {0};

	ULONG rv = skf_pub_get(to, pub);
	if (rv != SAR_OK)
		return rv;
	uint8_t *cipher = hf_try_alloc(HF_SM2_CIPHER_EXTRA + plain.len, 1);
	if (!cipher)
		return SAR_MEMORYERR;
	if (hf_sm2_encrypt(pub, plain, cipher, &err))
		skf_cipher_put(cipher, plain.len, out);
	else
		rv = skf_sar(&err);
	free(cipher);
	return rv;
}

ULONG DEVAPI SKF_ExtECCEncrypt(DEVHANDLE hDev, ECCPUBLICKEYBLOB *pECCPubKeyBlob, BYTE *pbPlainText,
	ULONG ulPlainTextLen, ECCCIPHERBLOB *pCipherText)
{
	if (!pECCPubKeyBlob || !pbPlainText || !pCipherText)
		return SAR_INVALIDPARAMERR;
	if (ulPlainTextLen == 0 || ulPlainTextLen > HF_SM2_PLAIN_MAX)
		return SAR_INDATALENERR;
	ULONG rv = device_there(hDev, SKF_DEV);
	if (rv != SAR_OK)
		return rv;
	return encrypt_to(pECCPubKeyBlob, (struct hf_bytes){pbPlainText, ulPlainTextLen}, pCipherText);
}

/* A session key's handle; it lives as long as its application stays open. */
static ULONG key_handle(HCONTAINER container, ULONG alg, const uint8_t sm4[HF_SM4_KEY], HANDLE *out)
{
	struct skf_call call;

	ULONG rv = skf_enter(container, SKF_CON, &call);
	if (rv != SAR_OK)
		return rv;
	struct skf_key *key = skf_obj_new(SKF_KEY, sizeof(*key), &call.app->obj);
	if (key) {
		memcpy(key->key, sm4, HF_SM4_KEY);
		key->alg = alg;
		rv = skf_handle_new(&key->obj, out);
	} else {
		rv = SAR_MEMORYERR;
	}
	skf_leave(&call);
	return rv;
}

static bool cipher_known(ULONG alg)
{
	return alg == SGD_SM4_ECB || alg == SGD_SM4_CBC;
}

ULONG DEVAPI SKF_ECCExportSessionKey(
	HCONTAINER hContainer, ULONG ulAlgId, ECCPUBLICKEYBLOB *pPubKey, ECCCIPHERBLOB *pData, HANDLE *phSessionKey)
{
	uint8_t sm4[HF_SM4_KEY];

	if (!pPubKey || !pData || !phSessionKey)
		return SAR_INVALIDPARAMERR;
	if (!cipher_known(ulAlgId))
		return SAR_NOTSUPPORTYETERR;
	ULONG rv = device_there(hContainer, SKF_CON);
	if (rv == SAR_OK)
		rv = skf_rand(sm4, sizeof(sm4));
	if (rv == SAR_OK)
		rv = encrypt_to(pPubKey, HF_BYTES_OF(sm4), pData);
	if (rv == SAR_OK)
		rv = key_handle(hContainer, ulAlgId, sm4, phSessionKey);
	hf_wipe(sm4, sizeof(sm4));
	return rv;
}

ULONG DEVAPI SKF_ImportSessionKey(
	HCONTAINER hContainer, ULONG ulAlgId, BYTE *pbWrapedData, ULONG ulWrapedLen, HANDLE *phKey)
{
	uint8_t d[HF_SM2_SCALAR], sm4[HF_SM4_KEY];
	const ECCCIPHERBLOB *blob = (const ECCCIPHERBLOB *)pbWrapedData;

	if (!pbWrapedData || !phKey)
		return SAR_INVALIDPARAMERR;
	if (!cipher_known(ulAlgId))
		return SAR_NOTSUPPORTYETERR;
	if (ulWrapedLen < SKF_CIPHER_HEAD + HF_SM4_KEY || blob->CipherLen != HF_SM4_KEY)
		return SAR_INDATALENERR;
	ULONG rv = take_private(hContainer, SKF_ENC, d);
	if (rv == SAR_OK)
		rv = skf_cipher_open(d, blob, sizeof(sm4), sm4);
	if (rv == SAR_OK)
		rv = key_handle(hContainer, ulAlgId, sm4, phKey);
	hf_wipe(d, sizeof(d));
	hf_wipe(sm4, sizeof(sm4));
	return rv;
}

ULONG DEVAPI SKF_ECCPrvKeyDecrypt(
	HCONTAINER hContainer, BOOL bSignFlag, ECCCIPHERBLOB *pCipherText, BYTE *pbPlainText, ULONG *pulPlainTextLen)
{
	uint8_t d[HF_SM2_SCALAR];

	if (!pCipherText || !pulPlainTextLen)
		return SAR_INVALIDPARAMERR;
	/* The signing key opens envelopes of encryption keys; were they opened here, those keys could leave in clear.
	 */
	if (bSignFlag)
		return SAR_KEYUSAGEERR;
	ULONG room = *pulPlainTextLen;
	*pulPlainTextLen = pCipherText->CipherLen;
	if (!pbPlainText)
		return SAR_OK;
	if (room < pCipherText->CipherLen)
		return SAR_BUFFER_TOO_SMALL;
	ULONG rv = take_private(hContainer, SKF_ENC, d);
	if (rv == SAR_OK)
		rv = skf_cipher_open(d, pCipherText, room, pbPlainText);
	hf_wipe(d, sizeof(d));
	return rv;
}
