/*
 * A key file, HF_SDF_FILE_LEN (200) octets, numbers big-endian:
 *
 *        0   8  "HUFUSDF1"
 *        8   2  version 1
 *       10   2  kind: 1 device, 2 key pair, 3 KEK
 *       12   4  index (0 of a device)
 *       16   4  use: 1 signing, 2 encryption; flags of a device (sdf_int.h); 0 of a KEK
 *       20   4  iterations of PBKDF2; 0 when the root is the management key
 *       24  16  salt
 *       40  64  public key x ‖ y; of a device its serial number (16 digits) and zeros; zeros of a KEK
 *      104  32  SM4-CTR of the secret: d; the management key; a KEK's 16 octets and 16 zeros
 *      136  32  HMAC-SM3 over octets 0 to 135
 *      168  32  SM3 over octets 0 to 167
 *
 * root = PBKDF2-HMAC-SM3(password, salt, iterations), 32 octets, or the management key; the SM4 key (16 octets) and the
 * HMAC key (32) are SM3-KDF(root ‖ salt ‖ "hufu sdf record 1"). The counter starts at zero: a salt is used once.
 * The last 32 octets find damage without any password, at power-on; the HMAC finds intent, when the key is opened.
 * docs/device-format.md says the same for people.
 */
#include "sdf/sdf_int.h"

#include "base/hex.h"
#include "base/str.h"
#include "crypto/rand.h"

#include <string.h>

#define MAC_AT    136
#define DIGEST_AT 168

static const uint8_t magic[8] = "HUFUSDF1";

struct record_keys {
	uint8_t sm4[HF_SM4_KEY];
	uint8_t mac[32];
};

static void derive(const struct hf_sdf_record *record, struct hf_bytes root, struct record_keys *keys)
{
	static const uint8_t label[] = "hufu sdf record 1";
	uint8_t z[HF_SDF_SECRET + HF_SDF_SALT + sizeof(label) - 1];

	if (record->iterations > 0)
		hf_pbkdf2_sm3(root, HF_BYTES_OF(record->salt), record->iterations, z, HF_SDF_SECRET);
	else
		memcpy(z, root.p, HF_SDF_SECRET);
	memcpy(z + HF_SDF_SECRET, record->salt, HF_SDF_SALT);
	memcpy(z + HF_SDF_SECRET + HF_SDF_SALT, label, sizeof(label) - 1);
	hf_sm3_kdf(HF_BYTES_OF(z), (uint8_t *)keys, sizeof(*keys));
	hf_wipe(z, sizeof(z));
}

static void mac_of(const struct hf_sdf_record *record, const struct record_keys *keys, uint8_t mac[HF_SM3_LEN])
{
	uint8_t file[HF_SDF_FILE_LEN];

	hf_sdf_record_encode(record, file);
	hf_hmac_sm3(HF_BYTES_OF(keys->mac), (struct hf_bytes){file, MAC_AT}, mac);
}

int hf_sdf_record_seal(struct hf_sdf_record *record, struct hf_bytes root, const uint8_t secret[HF_SDF_SECRET])
{
	uint8_t counter[HF_SM4_BLOCK] = {0};
	struct record_keys keys;

	if (!hf_rand(record->salt, sizeof(record->salt), NULL))
		return SDR_RANDERR;
	derive(record, root, &keys);
	hf_sm4_ctr(keys.sm4, counter, secret, record->cipher, HF_SDF_SECRET);
	mac_of(record, &keys, record->mac);
	hf_wipe(&keys, sizeof(keys));
	return SDR_OK;
}

int hf_sdf_record_open(const struct hf_sdf_record *record, struct hf_bytes root, uint8_t secret[HF_SDF_SECRET])
{
	uint8_t counter[HF_SM4_BLOCK] = {0}, mac[HF_SM3_LEN];
	struct record_keys keys;

	derive(record, root, &keys);
	mac_of(record, &keys, mac);
	bool ok = hf_secret_equal(mac, record->mac, sizeof(mac));
	if (ok)
		hf_sm4_ctr(keys.sm4, counter, record->cipher, secret, HF_SDF_SECRET);
	hf_wipe(&keys, sizeof(keys));
	hf_wipe(mac, sizeof(mac));
	return ok ? SDR_OK : SDR_PRKRERR;
}

void hf_sdf_record_encode(const struct hf_sdf_record *record, uint8_t out[HF_SDF_FILE_LEN])
{
	memcpy(out, magic, sizeof(magic));
	hf_put_u16(out + 8, 1);
	hf_put_u16(out + 10, (uint16_t)record->kind);
	hf_put_u32(out + 12, record->index);
	hf_put_u32(out + 16, record->use);
	hf_put_u32(out + 20, record->iterations);
	memcpy(out + 24, record->salt, HF_SDF_SALT);
	memcpy(out + 40, record->pub, HF_SM2_POINT);
	memcpy(out + 104, record->cipher, HF_SDF_SECRET);
	memcpy(out + MAC_AT, record->mac, HF_SM3_LEN);
	hf_sm3((struct hf_bytes){out, DIGEST_AT}, out + DIGEST_AT);
}

static bool is_sensible(const struct hf_sdf_record *record)
{
	bool indexed = record->index >= 1 && record->index <= SDFX_INDEX_MAX;
	bool costs = record->iterations >= 1 && record->iterations <= SDFX_ITERATIONS_MAX;

	switch (record->kind) {
	case HF_SDF_RECORD_DEVICE:
		return record->index == 0 &&
		       (record->use == HF_SDF_SELF_BLANK ? record->iterations == 0
							 : (record->use & ~(uint32_t)HF_SDF_SELF_DEBUG) == 0 && costs);
	case HF_SDF_RECORD_PAIR:
		return indexed && (record->use == SDFX_USE_SIGN || record->use == SDFX_USE_ENC) && costs &&
		       hf_sm2_point_check(record->pub, NULL);
	case HF_SDF_RECORD_KEK:
		return indexed && record->use == 0 && record->iterations == 0;
	case HF_SDF_RECORD_RSA:
		return indexed && (record->use == SDFX_USE_SIGN || record->use == SDFX_USE_ENC) && costs;
	case HF_SDF_RECORD_FILE:
		return record->index == 0 && record->iterations == 0 && record->use >= HF_SDF_USER_HEAD &&
		       record->use <= HF_SDF_USER_HEAD + HF_SDF_USER_SIZE_MAX;
	}
	return false;
}

int hf_sdf_record_parse(const uint8_t in[HF_SDF_FILE_LEN], struct hf_sdf_record *record)
{
	uint8_t digest[HF_SM3_LEN];

	hf_sm3((struct hf_bytes){in, DIGEST_AT}, digest);
	if (memcmp(in, magic, sizeof(magic)) != 0 || hf_get_u16(in + 8) != 1 ||
		memcmp(digest, in + DIGEST_AT, sizeof(digest)) != 0)
		return SDR_HARDFAIL;
	*record = (struct hf_sdf_record){
		.kind = (enum hf_sdf_record_kind)hf_get_u16(in + 10),
		.index = hf_get_u32(in + 12),
		.use = hf_get_u32(in + 16),
		.iterations = hf_get_u32(in + 20),
	};
	memcpy(record->salt, in + 24, HF_SDF_SALT);
	memcpy(record->pub, in + 40, HF_SM2_POINT);
	memcpy(record->cipher, in + 104, HF_SDF_SECRET);
	memcpy(record->mac, in + MAC_AT, HF_SM3_LEN);
	return is_sensible(record) ? SDR_OK : SDR_HARDFAIL;
}

void hf_sdf_record_name(const struct hf_sdf_record *record, char out[HF_SDF_NAME_MAX])
{
	const char *kind = record->kind == HF_SDF_RECORD_KEK ? "kek" : record->use == SDFX_USE_SIGN ? "sign" : "enc";
	const char *rsa = record->kind == HF_SDF_RECORD_RSA ? "rsa" : "";
	char hex[2 * 16 + 1];

	if (record->kind == HF_SDF_RECORD_DEVICE) {
		hf_fmt_cut(out, HF_SDF_NAME_MAX, "device.key");
	} else if (record->kind == HF_SDF_RECORD_FILE) {
		hf_hex((struct hf_bytes){record->pub + HF_SM3_LEN, 16}, hex);
		hf_fmt_cut(out, HF_SDF_NAME_MAX, "file-%s.dat", hex);
	} else {
		hf_fmt_cut(out, HF_SDF_NAME_MAX, "%s%s-%05u.key", rsa, kind, record->index);
	}
}
