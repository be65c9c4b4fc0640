#include "x509/sm2obj.h"

#include "x509/alg.h"

#include <string.h>

/* SM2EnvelopedKey; members are spelt as in GM/T 0009 7.4. */
struct enveloped_key {
	struct hf_alg symAlgID;
	struct hf_sm2_cipher symEncryptedKey;
	struct hf_der_bits Sm2PublicKey, Sm2EncryptedPrivateKey;
};

//= GM/T 0009 7.2
static const struct hf_der_field cipher_fields[] = {
	HF_DER_FIELD(struct hf_sm2_cipher, XCoordinate, &hf_der_Integer),
	HF_DER_FIELD(struct hf_sm2_cipher, YCoordinate, &hf_der_Integer),
	HF_DER_FIELD(struct hf_sm2_cipher, HASH, &hf_der_OctetString),
	HF_DER_FIELD(struct hf_sm2_cipher, CipherText, &hf_der_OctetString),
};
const struct hf_der_type hf_SM2Cipher = HF_DER_SEQUENCE_TYPE("SM2Cipher", struct hf_sm2_cipher, cipher_fields);

//= GM/T 0009 7.4
static const struct hf_der_field enveloped_key_fields[] = {
	HF_DER_FIELD(struct enveloped_key, symAlgID, &hf_AlgorithmIdentifier),
	HF_DER_FIELD(struct enveloped_key, symEncryptedKey, &hf_SM2Cipher),
	HF_DER_FIELD(struct enveloped_key, Sm2PublicKey, &hf_der_BitString),
	HF_DER_FIELD(struct enveloped_key, Sm2EncryptedPrivateKey, &hf_der_BitString),
};
static const struct hf_der_type SM2EnvelopedKey =
	HF_DER_SEQUENCE_TYPE("SM2EnvelopedKey", struct enveloped_key, enveloped_key_fields);

/* Octets that the coordinates of an object being written lie in. */
struct coordinates {
	uint8_t x[HF_SM2_SCALAR + 1], y[HF_SM2_SCALAR + 1];
};

static struct hf_sm2_cipher cipher_of(struct hf_bytes raw, struct coordinates *room)
{
	return (struct hf_sm2_cipher){
		.XCoordinate = hf_der_positive(raw.p, HF_SM2_SCALAR, room->x),
		.YCoordinate = hf_der_positive(raw.p + HF_SM2_SCALAR, HF_SM2_SCALAR, room->y),
		.HASH = {raw.p + HF_SM2_POINT, HF_SM3_LEN},
		.CipherText = {raw.p + HF_SM2_CIPHER_EXTRA, raw.len - HF_SM2_CIPHER_EXTRA},
	};
}

bool hf_sm2_cipher_encode(struct hf_bytes raw, struct hf_buf *out, struct hf_err *err)
{
	struct coordinates room;

	if (raw.len <= HF_SM2_CIPHER_EXTRA || raw.len > HF_SM2_CIPHER_MAX)
		return hf_fail(err, HF_E_INPUT, "SM2Cipher: %zu octets of C1 C3 C2, expected %d to %d", raw.len,
			HF_SM2_CIPHER_EXTRA + 1, HF_SM2_CIPHER_MAX);
	struct hf_sm2_cipher cipher = cipher_of(raw, &room);
	return hf_der_encode(&hf_SM2Cipher, &cipher, out, err);
}

bool hf_sm2_cipher_raw(const struct hf_sm2_cipher *cipher, uint8_t *raw, struct hf_err *err)
{
	if (cipher->HASH.len != HF_SM3_LEN)
		return hf_fail(
			err, HF_E_INPUT, "SM2Cipher: HASH has %zu octets, not 32 (GM/T 0009 7.2)", cipher->HASH.len);
	if (cipher->CipherText.len == 0 || cipher->CipherText.len > HF_SM2_PLAIN_MAX)
		return hf_fail(err, HF_E_INPUT, "SM2Cipher: CipherText has %zu octets, expected 1 to %d",
			cipher->CipherText.len, HF_SM2_PLAIN_MAX);
	if (!hf_der_unsigned(cipher->XCoordinate, raw, HF_SM2_SCALAR) ||
		!hf_der_unsigned(cipher->YCoordinate, raw + HF_SM2_SCALAR, HF_SM2_SCALAR))
		return hf_fail(err, HF_E_INPUT, "SM2Cipher: a coordinate is negative or longer than 32 octets");
	memcpy(raw + HF_SM2_POINT, cipher->HASH.p, HF_SM3_LEN);
	memcpy(raw + HF_SM2_CIPHER_EXTRA, cipher->CipherText.p, cipher->CipherText.len);
	return true;
}

bool hf_sm2_cipher_parse(struct hf_bytes der, struct hf_buf *raw, struct hf_err *err)
{
	uint8_t octets[HF_SM2_CIPHER_MAX];
	struct hf_sm2_cipher cipher;

	if (!hf_der_decode(&hf_SM2Cipher, der, &cipher, err) || !hf_sm2_cipher_raw(&cipher, octets, err))
		return false;
	if (!hf_buf_put(raw, octets, HF_SM2_CIPHER_EXTRA + cipher.CipherText.len))
		return hf_fail(err, HF_E_LIMIT, "SM2Cipher: larger than %zu octets", raw->max);
	return true;
}

bool hf_enveloped_key_encode(const struct hf_wrapped_key *key, struct hf_buf *out, struct hf_err *err)
{
	struct coordinates room;
	uint8_t point[HF_SM2_POINT_DER];
	struct enveloped_key object = {
		.symAlgID = hf_alg_of(HF_OID_SM4_ECB),
		.symEncryptedKey = cipher_of(HF_BYTES_OF(key->sym_cipher), &room),
		.Sm2PublicKey = hf_spki_of(key->pub, point).subjectPublicKey,
		.Sm2EncryptedPrivateKey = {.bytes = HF_BYTES_OF(key->enc_private)},
	};

	return hf_der_encode(&SM2EnvelopedKey, &object, out, err);
}

static bool check_enveloped_key(const struct enveloped_key *object, struct hf_err *err)
{
	if (!hf_alg_is(&object->symAlgID, HF_OID_SM4_ECB) && !hf_alg_is(&object->symAlgID, HF_OID_SM4))
		return hf_fail(err, HF_E_INPUT, "SM2EnvelopedKey: symAlgID is not SM4 in ECB mode (GM/T 0009 7.4)");
	if (object->symEncryptedKey.CipherText.len != HF_SM4_KEY)
		return hf_fail(err, HF_E_INPUT, "SM2EnvelopedKey: symEncryptedKey holds %zu octets, an SM4 key has 16",
			object->symEncryptedKey.CipherText.len);
	const struct hf_der_bits *priv = &object->Sm2EncryptedPrivateKey;
	if (priv->unused != 0 || priv->bytes.len != HF_SM2_SCALAR)
		return hf_fail(err, HF_E_INPUT,
			"SM2EnvelopedKey: Sm2EncryptedPrivateKey has %zu octets, expected two SM4 blocks (32)",
			priv->bytes.len);
	return true;
}

bool hf_enveloped_key_parse(struct hf_bytes der, struct hf_wrapped_key *key, struct hf_err *err)
{
	struct enveloped_key object;

	if (!hf_der_decode(&SM2EnvelopedKey, der, &object, err) || !check_enveloped_key(&object, err))
		return false;
	uint8_t point[HF_SM2_POINT_DER];
	static const uint8_t any[HF_SM2_POINT];
	struct hf_spki spki = hf_spki_of(any, point);
	spki.subjectPublicKey = object.Sm2PublicKey;
	if (!hf_spki_sm2(&spki, key->pub, err))
		return hf_fail_in(err, "SM2EnvelopedKey: Sm2PublicKey");
	memcpy(key->enc_private, object.Sm2EncryptedPrivateKey.bytes.p, sizeof(key->enc_private));
	return hf_sm2_cipher_raw(&object.symEncryptedKey, key->sym_cipher, err);
}

//= GM/T 0009 7.1
bool hf_sm2_private_encode(const uint8_t d[HF_SM2_SCALAR], struct hf_buf *out, struct hf_err *err)
{
	uint8_t room[HF_SM2_SCALAR + 1];
	struct hf_bytes number = hf_der_positive(d, HF_SM2_SCALAR, room);
	bool ok = hf_der_encode(&hf_der_Integer, &number, out, err);

	hf_wipe(room, sizeof(room));
	return ok;
}

bool hf_sm2_private_parse(struct hf_bytes der, uint8_t d[HF_SM2_SCALAR], struct hf_err *err)
{
	static const uint8_t zero[HF_SM2_SCALAR];
	struct hf_bytes number;

	if (!hf_der_decode(&hf_der_Integer, der, &number, err))
		return hf_fail_in(err, "SM2PrivateKey");
	if (!hf_der_unsigned(number, d, HF_SM2_SCALAR) || hf_secret_equal(d, zero, HF_SM2_SCALAR)) {
		hf_wipe(d, HF_SM2_SCALAR);
		return hf_fail(
			err, HF_E_INPUT, "SM2PrivateKey: not a positive number of at most 32 octets (GM/T 0009 7.1)");
	}
	return true;
}
