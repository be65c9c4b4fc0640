#include "sdf/sdf_int.h"

#include "base/alloc.h"
#include "crypto/sm2_exchange.h"

#include <stdlib.h>
#include <string.h>

#define KEY_BITS (HF_SM4_KEY * 8)

/* What a sponsor holds between its two calls. */
struct agreement {
	struct hf_sdf_object object;
	struct hf_sdf_device *device; /* held */
	struct hf_sm2_side self;
	uint32_t index;
	uint64_t id; /* of the internal key at index */
	uint8_t *r;  /* of the device's pool */
	atomic_bool used;
};

static void destroy(struct hf_sdf_object *object)
{
	struct agreement *agreement = (struct agreement *)object;

	hf_sdf_secret_give(&agreement->device->pool, agreement->r);
	hf_sdf_device_put(agreement->device);
	free(agreement);
}

static bool is_id(const unsigned char *id, unsigned int len)
{
	return id && len >= 1 && len <= HF_SM2_ID_MAX;
}

static void fill(
	struct hf_sm2_side *side, const uint8_t pub[HF_SM2_POINT], const uint8_t tmp[HF_SM2_POINT], struct hf_bytes id)
{
	memcpy(side->pub, pub, HF_SM2_POINT);
	memcpy(side->tmp, tmp, HF_SM2_POINT);
	hf_sm2_z(pub, id, side->z);
}

static int side_in(struct hf_sm2_side *side, const ECCrefPublicKey *pub, const ECCrefPublicKey *tmp, struct hf_bytes id)
{
	uint8_t p[HF_SM2_POINT], r[HF_SM2_POINT];
	int rc = hf_sdf_point_in(pub, p);

	if (rc == SDR_OK)
		rc = hf_sdf_point_in(tmp, r);
	if (rc == SDR_OK)
		fill(side, p, r, id);
	return rc;
}

/* The internal pair of an index that agreement uses, and a pair for this exchange. The caller wipes both. */
static int draw(struct hf_sdf_session *session, uint32_t index, struct hf_sm2_key *pair, struct hf_sm2_key *tmp)
{
	struct hf_err err;
	int rc = hf_sdf_session_private(session, index, SDFX_USE_ENC, pair);

	if (rc == SDR_OK && !hf_sm2_generate(tmp, &err))
		rc = hf_sdf_code(&err, SDR_PKOPERR);
	return rc;
}

/* --- The sponsor speaks --- */

static int add(
	struct hf_sdf_session *session, const struct agreement *from, const uint8_t r[HF_SM2_SCALAR], void **handle)
{
	struct agreement *agreement = hf_try_alloc(1, sizeof(*agreement));
	uint8_t *secret = agreement ? hf_sdf_secret_take(&session->device->pool) : NULL;

	if (!secret) {
		free(agreement);
		return SDR_NOBUFFER;
	}
	memcpy(secret, r, HF_SM2_SCALAR);
	agreement->object = (struct hf_sdf_object){.kind = HF_SDF_AGREEMENT, .destroy = destroy};
	agreement->device = session->device;
	agreement->self = from->self;
	agreement->index = from->index;
	agreement->id = from->id;
	agreement->r = secret;
	atomic_init(&agreement->used, false);
	hf_sdf_object_hold(&session->device->object);
	int rc = hf_sdf_object_add(&agreement->object, session->object.handle, handle);
	if (rc != SDR_OK)
		destroy(&agreement->object);
	return rc;
}

static int sponsor(struct hf_sdf_session *session, uint32_t index, struct hf_bytes id, ECCrefPublicKey *pub,
	ECCrefPublicKey *tmp_pub, void **handle)
{
	struct agreement agreement = {.index = index};
	struct hf_sm2_key pair = {0}, tmp = {0};
	struct hf_sdf_kept kept;
	int rc = draw(session, index, &pair, &tmp);

	if (rc == SDR_OK)
		rc = hf_sdf_device_find(session->device, HF_SDF_RECORD_PAIR, index, SDFX_USE_ENC, &kept);
	if (rc == SDR_OK) {
		agreement.id = kept.id;
		fill(&agreement.self, pair.pub, tmp.pub, id);
		rc = add(session, &agreement, tmp.d, handle);
	}
	if (rc == SDR_OK) {
		hf_sdf_point_out(pair.pub, pub);
		hf_sdf_point_out(tmp.pub, tmp_pub);
	}
	hf_wipe(&pair, sizeof(pair));
	hf_wipe(&tmp, sizeof(tmp));
	return rc;
}

int SDF_GenerateAgreementDataWithECC(void *hSessionHandle, unsigned int uiISKIndex, unsigned int uiKeyBits,
	unsigned char *pucSponsorID, unsigned int uiSponsorIDLength, ECCrefPublicKey *pucSponsorPublicKey,
	ECCrefPublicKey *pucSponsorTmpPublicKey, void **phAgreementHandle)
{
	if (!pucSponsorPublicKey || !pucSponsorTmpPublicKey || !phAgreementHandle)
		return SDR_OUTARGERR;
	if (uiKeyBits != KEY_BITS || !is_id(pucSponsorID, uiSponsorIDLength))
		return SDR_INARGERR;
	struct hf_sdf_session *session;
	int rc = hf_sdf_session_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	rc = sponsor(session, uiISKIndex, (struct hf_bytes){pucSponsorID, uiSponsorIDLength}, pucSponsorPublicKey,
		pucSponsorTmpPublicKey, phAgreementHandle);
	hf_sdf_session_put(session);
	return rc;
}

/* --- The sponsor hears the answer --- */

static int conclude(struct hf_sdf_session *session, struct agreement *agreement, const struct hf_sm2_side *responder,
	void **key_handle)
{
	struct hf_sm2_key pair = {0};
	struct hf_sdf_kept kept;
	uint8_t key[HF_SM4_KEY];
	struct hf_err err;
	int rc = hf_sdf_session_private(session, agreement->index, SDFX_USE_ENC, &pair);

	if (rc == SDR_OK)
		rc = hf_sdf_device_find(session->device, HF_SDF_RECORD_PAIR, agreement->index, SDFX_USE_ENC, &kept);
	if (rc == SDR_OK && kept.id != agreement->id)
		rc = SDR_KEYNOTEXIST;
	/* r is used once: two answers to it would tell about d. */
	if (rc == SDR_OK && atomic_exchange(&agreement->used, true))
		rc = SDR_STEPERR;
	if (rc == SDR_OK &&
		!hf_sm2_exchange(&agreement->self, responder, true, pair.d, agreement->r, key, sizeof(key), NULL, &err))
		rc = hf_sdf_code(&err, SDR_KEYERR);
	if (rc == SDR_OK)
		rc = hf_sdf_key_add(session, key, key_handle);
	hf_wipe(&pair, sizeof(pair));
	hf_wipe(key, sizeof(key));
	return rc;
}

int SDF_GenerateKeyWithECC(void *hSessionHandle, unsigned char *pucResponseID, unsigned int uiResponseIDLength,
	ECCrefPublicKey *pucResponsePublicKey, ECCrefPublicKey *pucResponseTmpPublicKey, void *hAgreementHandle,
	void **phKeyHandle)
{
	struct hf_sm2_side responder;

	if (!phKeyHandle)
		return SDR_OUTARGERR;
	if (!pucResponsePublicKey || !pucResponseTmpPublicKey || !is_id(pucResponseID, uiResponseIDLength))
		return SDR_INARGERR;
	struct hf_sdf_session *session;
	int rc = hf_sdf_session_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	struct hf_sdf_object *agreement = hf_sdf_object_get(hAgreementHandle, HF_SDF_AGREEMENT);
	if (!agreement || agreement->owner != session->object.handle)
		rc = SDR_INARGERR;
	if (rc == SDR_OK)
		rc = side_in(&responder, pucResponsePublicKey, pucResponseTmpPublicKey,
			(struct hf_bytes){pucResponseID, uiResponseIDLength});
	if (rc == SDR_OK)
		rc = conclude(session, (struct agreement *)agreement, &responder, phKeyHandle);
	if (rc == SDR_OK)
		hf_sdf_object_close(hAgreementHandle, HF_SDF_AGREEMENT);
	if (agreement)
		hf_sdf_object_put(agreement);
	hf_sdf_session_put(session);
	return rc;
}

/* --- The responder --- */

static int respond(struct hf_sdf_session *session, uint32_t index, struct hf_bytes id,
	const struct hf_sm2_side *sponsor_side, struct hf_sm2_side *self, void **key_handle)
{
	struct hf_sm2_key pair = {0}, tmp = {0};
	uint8_t key[HF_SM4_KEY];
	struct hf_err err;
	int rc = draw(session, index, &pair, &tmp);

	if (rc == SDR_OK) {
		fill(self, pair.pub, tmp.pub, id);
		if (!hf_sm2_exchange(sponsor_side, self, false, pair.d, tmp.d, key, sizeof(key), NULL, &err))
			rc = hf_sdf_code(&err, SDR_KEYERR);
	}
	if (rc == SDR_OK)
		rc = hf_sdf_key_add(session, key, key_handle);
	hf_wipe(&pair, sizeof(pair));
	hf_wipe(&tmp, sizeof(tmp));
	hf_wipe(key, sizeof(key));
	return rc;
}

int SDF_GenerateAgreementDataAndKeyWithECC(void *hSessionHandle, unsigned int uiISKIndex, unsigned int uiKeyBits,
	unsigned char *pucResponseID, unsigned int uiResponseIDLength, unsigned char *pucSponsorID,
	unsigned int uiSponsorIDLength, ECCrefPublicKey *pucSponsorPublicKey, ECCrefPublicKey *pucSponsorTmpPublicKey,
	ECCrefPublicKey *pucResponsePublicKey, ECCrefPublicKey *pucResponseTmpPublicKey, void **phKeyHandle)
{
	struct hf_sm2_side sponsor_side, self;

	if (!pucResponsePublicKey || !pucResponseTmpPublicKey || !phKeyHandle)
		return SDR_OUTARGERR;
	if (uiKeyBits != KEY_BITS || !pucSponsorPublicKey || !pucSponsorTmpPublicKey ||
		!is_id(pucResponseID, uiResponseIDLength) || !is_id(pucSponsorID, uiSponsorIDLength))
		return SDR_INARGERR;
	struct hf_sdf_session *session;
	int rc = hf_sdf_session_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	rc = side_in(&sponsor_side, pucSponsorPublicKey, pucSponsorTmpPublicKey,
		(struct hf_bytes){pucSponsorID, uiSponsorIDLength});
	if (rc == SDR_OK)
		rc = respond(session, uiISKIndex, (struct hf_bytes){pucResponseID, uiResponseIDLength}, &sponsor_side,
			&self, phKeyHandle);
	if (rc == SDR_OK) {
		hf_sdf_point_out(self.pub, pucResponsePublicKey);
		hf_sdf_point_out(self.tmp, pucResponseTmpPublicKey);
	}
	hf_sdf_session_put(session);
	return rc;
}

/* --- Digital envelopes --- */

/* Whatever the ciphertext holds goes from one key to the other; it never leaves in clear. */
static int exchange(struct hf_sdf_session *session, uint32_t index, const uint8_t pub[HF_SM2_POINT],
	const ECCCipher *in, ECCCipher *out)
{
	uint8_t flat[HF_SM2_CIPHER_EXTRA + HF_SM2_PLAIN_MAX], plain[HF_SM2_PLAIN_MAX];
	struct hf_sm2_key pair = {0};
	struct hf_err err;
	uint32_t len = in->L;

	if (len < 1 || len > HF_SM2_PLAIN_MAX || !hf_sdf_cipher_in(in, flat))
		return SDR_ENCDATAERR;
	int rc = hf_sdf_session_private(session, index, SDFX_USE_ENC, &pair);
	if (rc == SDR_OK && !hf_sm2_decrypt(pair.d, (struct hf_bytes){flat, HF_SM2_CIPHER_EXTRA + len}, plain, &err))
		rc = hf_sdf_code(&err, SDR_SKOPERR);
	if (rc == SDR_OK && !hf_sm2_encrypt(pub, (struct hf_bytes){plain, len}, flat, &err))
		rc = hf_sdf_code(&err, SDR_PKOPERR);
	if (rc == SDR_OK)
		hf_sdf_cipher_out(flat, len, out);
	hf_wipe(&pair, sizeof(pair));
	hf_wipe(plain, sizeof(plain));
	return rc;
}

int SDF_ExchangeDigitEnvelopeBaseOnECC(void *hSessionHandle, unsigned int uiKeyIndex, unsigned int uiAlgID,
	ECCrefPublicKey *pucPublicKey, ECCCipher *pucEncDataIn, ECCCipher *pucEncDataOut)
{
	uint8_t pub[HF_SM2_POINT];

	if (!pucEncDataOut)
		return SDR_OUTARGERR;
	if (!pucPublicKey || !pucEncDataIn)
		return SDR_INARGERR;
	struct hf_sdf_session *session;
	int rc = hf_sdf_session_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	rc = uiAlgID == SGD_SM2_3 ? hf_sdf_point_in(pucPublicKey, pub) : SDR_ALGNOTSUPPORT;
	if (rc == SDR_OK)
		rc = exchange(session, uiKeyIndex, pub, pucEncDataIn, pucEncDataOut);
	hf_sdf_session_put(session);
	return rc;
}
