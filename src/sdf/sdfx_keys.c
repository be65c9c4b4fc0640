#include "sdf/sdf_int.h"

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

/* An index has one access code: that of its other pair, if there is one. */
static int check_code(struct hf_sdf_device *device, uint32_t index, uint32_t use, struct hf_bytes code)
{
	uint8_t d[HF_SDF_SECRET];
	struct hf_sdf_kept other;
	uint32_t other_use = use == SDFX_USE_SIGN ? SDFX_USE_ENC : SDFX_USE_SIGN;

	if (hf_sdf_device_find(device, HF_SDF_RECORD_PAIR, index, use, &other) == SDR_OK)
		return SDR_KEYERR;
	if (hf_sdf_device_find(device, HF_SDF_RECORD_PAIR, index, other_use, &other) != SDR_OK)
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

static int generate_pair(
	struct hf_sdf_device *device, uint32_t index, uint32_t use, struct hf_bytes code, ECCrefPublicKey *out)
{
	struct hf_sdf_record record = {
		.kind = HF_SDF_RECORD_PAIR, .index = index, .use = use, .iterations = hf_sdf_device_iterations(device)};
	struct hf_sm2_key pair = {0};
	int rc = check_code(device, index, use, code);

	if (rc == SDR_OK)
		rc = make_pair(&pair);
	if (rc == SDR_OK) {
		memcpy(record.pub, pair.pub, sizeof(record.pub));
		rc = hf_sdf_record_seal(&record, code, pair.d);
	}
	if (rc == SDR_OK)
		rc = hf_sdf_device_keep(device, &record, NULL);
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
	rc = generate_pair(
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
		rc = hf_sdf_device_keep(device, &record, secret);
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

static int destroy_pair(struct hf_sdf_session *session, uint32_t index, uint32_t use)
{
	struct hf_sm2_key pair;
	struct hf_sdf_kept kept;
	int rc = hf_sdf_session_private(session, index, use, &pair);

	hf_wipe(&pair, sizeof(pair));
	if (rc == SDR_OK)
		rc = hf_sdf_device_find(session->device, HF_SDF_RECORD_PAIR, index, use, &kept);
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
	if (uiUse < SDFX_USE_SIGN || uiUse > SDFX_USE_KEK)
		return SDR_INARGERR;
	struct hf_sdf_session *session;
	int rc = hf_sdf_session_enter(hSessionHandle, &session);
	if (rc != SDR_OK)
		return rc;
	rc = uiUse == SDFX_USE_KEK ? destroy_kek(session, uiKeyIndex) : destroy_pair(session, uiKeyIndex, uiUse);
	hf_sdf_session_put(session);
	return rc;
}
