#include "sdf/rsa_key.h"

#include "crypto/rand.h"

#include <string.h>

static bool is_code(const unsigned char *code, unsigned int len)
{
	return code && len >= SDFX_CODE_MIN && len <= SDFX_CODE_MAX;
}

static bool is_index(unsigned int index)
{
	return index >= 1 && index <= SDFX_INDEX_MAX;
}

/* --- Pairs --- */

/* An index has one access code: that of its other pairs, if there are any. */
static int check_code(struct hf_sdf_device *device, const struct hf_sdf_record *record, struct hf_bytes code)
{
	uint8_t d[HF_SDF_SECRET];
	struct hf_sdf_kept other;

	if (hf_sdf_device_find(device, record->kind, record->index, record->use, &other) == SDR_OK)
		return SDR_KEYERR;
	if (hf_sdf_device_find_other(device, record->kind, record->index, record->use, &other) != SDR_OK)
		return SDR_OK;
	int rc = hf_sdf_record_open(&other.record, code, d);
	hf_wipe(d, sizeof(d));
	return rc;
}

/* A new pair that has proved that its halves belong together (GM/T 0028, pairwise consistency). */
static int make_pair(struct hf_sm2_key *pair)
{
	static const uint8_t e[HF_SM3_LEN] = {1};
	uint8_t sig[HF_SM2_SIG];
	struct hf_err err;

	if (!hf_sm2_generate(pair, &err) || !hf_sm2_sign(pair->d, e, sig, &err) ||
		!hf_sm2_verify(pair->pub, e, sig, &err))
		return hf_sdf_code(&err, SDR_HARDFAIL);
	return SDR_OK;
}

int hf_sdf_keep_pair(struct hf_sdf_device *device, const struct hf_sdf_place *place, const struct hf_sm2_key *pair)
{
	struct hf_sdf_record record = {.kind = HF_SDF_RECORD_PAIR,
		.index = place->index,
		.use = place->use,
		.iterations = hf_sdf_device_iterations(device)};
	int rc = check_code(device, &record, place->code);

	if (rc != SDR_OK)
		return rc;
	memcpy(record.pub, pair->pub, sizeof(record.pub));
	rc = hf_sdf_record_seal(&record, place->code, pair->d);
	return rc == SDR_OK ? hf_sdf_device_keep(device, &record, NULL, NULL) : rc;
}

static int generate_pair(struct hf_sdf_device *device, const struct hf_sdf_place *place, ECCrefPublicKey *out)
{
	struct hf_sm2_key pair = {0};
	int rc = make_pair(&pair);

	if (rc == SDR_OK)
		rc = hf_sdf_keep_pair(device, place, &pair);
	if (rc == SDR_OK)
		hf_sdf_point_out(pair.pub, out);
	hf_wipe(&pair, sizeof(pair));
	return rc;
}

int SDFX_GenerateInternalKeyPair_ECC(void *hSessionHandle, unsigned int uiKeyIndex, unsigned int uiUse,
	const unsigned char *pucAccessCode, unsigned int uiCodeLength, ECCrefPublicKey *pucPublicKey)
{
	if (!pucPublicKey)
		return SDR_OUTARGERR;
	if (!is_index(uiKeyIndex) || (uiUse != SDFX_USE_SIGN && uiUse != SDFX_USE_ENC) ||
		!is_code(pucAccessCode, uiCodeLength))
		return SDR_INARGERR;
	struct hf_sdf_session *session;
	int rc = hf_sdf_session_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	struct hf_sdf_place place = {uiKeyIndex, uiUse, {pucAccessCode, uiCodeLength}};
	rc = generate_pair(session->device, &place, pucPublicKey);
	hf_sdf_session_put(session);
	return rc;
}

/* --- RSA --- */

static int generate_rsa(
	struct hf_sdf_device *device, uint32_t index, uint32_t use, struct hf_bytes code, RSArefPublicKey *out)
{
	struct hf_sdf_record record = {
		.kind = HF_SDF_RECORD_RSA, .index = index, .use = use, .iterations = hf_sdf_device_iterations(device)};
	uint8_t secret[HF_SDF_SECRET], tail[HF_SDF_RSA_TAIL];
	RSArefPrivateKey key;
	struct hf_err err;
	int rc = check_code(device, &record, code);

	if (rc == SDR_OK && !hf_rand(secret, sizeof(secret), NULL))
		rc = SDR_RANDERR;
	if (rc == SDR_OK && !hf_rsa_generate(&key, &err))
		rc = hf_sdf_code(&err, SDR_PKOPERR);
	if (rc == SDR_OK) {
		hf_rsa_key_seal(&key, secret, tail);
		hf_sm3(HF_BYTES_OF(tail), record.pub);
		rc = hf_sdf_record_seal(&record, code, secret);
	}
	if (rc == SDR_OK)
		rc = hf_sdf_device_keep(device, &record, NULL, tail);
	if (rc == SDR_OK)
		hf_rsa_public_of(&key, out);
	hf_wipe(&key, sizeof(key));
	hf_wipe(secret, sizeof(secret));
	return rc;
}

int SDFX_GenerateInternalKeyPair_RSA(void *hSessionHandle, unsigned int uiKeyIndex, unsigned int uiUse,
	unsigned int uiKeyBits, const unsigned char *pucAccessCode, unsigned int uiCodeLength,
	RSArefPublicKey *pucPublicKey)
{
	if (!pucPublicKey)
		return SDR_OUTARGERR;
	if (!is_index(uiKeyIndex) || (uiUse != SDFX_USE_SIGN && uiUse != SDFX_USE_ENC) ||
		uiKeyBits != HF_SDF_RSA_LEN * 8 || !is_code(pucAccessCode, uiCodeLength))
		return SDR_INARGERR;
	struct hf_sdf_session *session;
	int rc = hf_sdf_session_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	rc = generate_rsa(
		session->device, uiKeyIndex, uiUse, (struct hf_bytes){pucAccessCode, uiCodeLength}, pucPublicKey);
	hf_sdf_session_put(session);
	return rc;
}

/* --- KEKs --- */

static int generate_kek(struct hf_sdf_device *device, uint32_t index)
{
	struct hf_sdf_record record = {.kind = HF_SDF_RECORD_KEK, .index = index};
	uint8_t management[HF_SDF_SECRET], secret[HF_SDF_SECRET] = {0};
	int rc = hf_sdf_device_management(device, management);

	if (rc == SDR_OK && !hf_rand(secret, HF_SM4_KEY, NULL))
		rc = SDR_RANDERR;
	if (rc == SDR_OK)
		rc = hf_sdf_record_seal(&record, HF_BYTES_OF(management), secret);
	if (rc == SDR_OK)
		rc = hf_sdf_device_keep(device, &record, secret, NULL);
	hf_wipe(management, sizeof(management));
	hf_wipe(secret, sizeof(secret));
	return rc;
}

int SDFX_GenerateKEK(void *hSessionHandle, unsigned int uiKEKIndex)
{
	if (!is_index(uiKEKIndex))
		return SDR_INARGERR;
	struct hf_sdf_session *session;
	int rc = hf_sdf_session_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	rc = generate_kek(session->device, uiKEKIndex);
	hf_sdf_session_put(session);
	return rc;
}

static int destroy_pair(struct hf_sdf_session *session, enum hf_sdf_record_kind kind, uint32_t index, uint32_t use)
{
	uint8_t secret[HF_SDF_SECRET];
	struct hf_sdf_kept kept;
	int rc = hf_sdf_device_find(session->device, kind, index, use, &kept);

	if (rc == SDR_OK)
		rc = hf_sdf_session_secret(session, &kept, secret);
	hf_wipe(secret, sizeof(secret));
	return rc == SDR_OK ? hf_sdf_device_forget(session->device, kept.id) : rc;
}

static int destroy_kek(struct hf_sdf_session *session, uint32_t index)
{
	uint8_t kek[HF_SM4_KEY];
	struct hf_sdf_kept kept;
	int rc = hf_sdf_device_kek(session->device, index, kek);

	hf_wipe(kek, sizeof(kek));
	if (rc == SDR_OK)
		rc = hf_sdf_device_find(session->device, HF_SDF_RECORD_KEK, index, 0, &kept);
	return rc == SDR_OK ? hf_sdf_device_forget(session->device, kept.id) : rc;
}

int SDFX_DestroyInternalKey(void *hSessionHandle, unsigned int uiKeyIndex, unsigned int uiUse)
{
	if (uiUse < SDFX_USE_SIGN || uiUse > SDFX_USE_ENC_RSA)
		return SDR_INARGERR;
	struct hf_sdf_session *session;
	int rc = hf_sdf_session_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	if (uiUse == SDFX_USE_KEK)
		rc = destroy_kek(session, uiKeyIndex);
	else if (uiUse < SDFX_USE_KEK)
		rc = destroy_pair(session, HF_SDF_RECORD_PAIR, uiKeyIndex, uiUse);
	else
		rc = destroy_pair(session, HF_SDF_RECORD_RSA, uiKeyIndex, uiUse - SDFX_USE_KEK);
	hf_sdf_session_put(session);
	return rc;
}
