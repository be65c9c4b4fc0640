#include "x509/alg.h"

#include <string.h>

static const struct hf_der_field alg_fields[] = {
	HF_DER_FIELD(struct hf_alg, algorithm, &hf_der_Oid),
	HF_DER_FIELD(struct hf_alg, parameters, &hf_der_Any, .flags = HF_DER_OPTIONAL),
};
const struct hf_der_type hf_AlgorithmIdentifier =
	HF_DER_SEQUENCE_TYPE("AlgorithmIdentifier", struct hf_alg, alg_fields);

static const struct hf_der_field spki_fields[] = {
	HF_DER_FIELD(struct hf_spki, algorithm, &hf_AlgorithmIdentifier),
	HF_DER_FIELD(struct hf_spki, subjectPublicKey, &hf_der_BitString),
};
const struct hf_der_type hf_SubjectPublicKeyInfo =
	HF_DER_SEQUENCE_TYPE("SubjectPublicKeyInfo", struct hf_spki, spki_fields);

static const uint8_t null_tlv[] = {0x05, 0x00};
/* OBJECT IDENTIFIER 1.2.156.10197.1.301 */
static const uint8_t curve_tlv[] = {0x06, 0x08, 0x2A, 0x81, 0x1C, 0xCF, 0x55, 0x01, 0x82, 0x2D};

struct hf_alg hf_alg_of(enum hf_oid oid)
{
	return (struct hf_alg){.algorithm = hf_oid_bytes(oid)};
}

struct hf_alg hf_alg_null(enum hf_oid oid)
{
	return (struct hf_alg){.algorithm = hf_oid_bytes(oid), .parameters = HF_BYTES_OF(null_tlv)};
}

bool hf_alg_is(const struct hf_alg *alg, enum hf_oid oid)
{
	if (!hf_oid_is(alg->algorithm, oid))
		return false;
	return !alg->parameters.p || hf_bytes_equal(alg->parameters, HF_BYTES_OF(null_tlv));
}

bool hf_alg_equal(const struct hf_alg *a, const struct hf_alg *b)
{
	if (!hf_bytes_equal(a->algorithm, b->algorithm) || !a->parameters.p != !b->parameters.p)
		return false;
	return !a->parameters.p || hf_bytes_equal(a->parameters, b->parameters);
}

bool hf_alg_check_sm2_sm3(const struct hf_alg *alg, struct hf_err *err)
{
	char text[HF_OID_TEXT_MAX];

	if (hf_alg_is(alg, HF_OID_SM2_SM3))
		return true;
	hf_oid_text(alg->algorithm, text);
	return hf_fail(err, HF_E_INPUT,
		"signature algorithm %s is not SM2-with-SM3 1.2.156.10197.1.501 without parameters (GM/T 0015)", text);
}

struct hf_spki hf_spki_of(const uint8_t pub[HF_SM2_POINT], uint8_t point[HF_SM2_POINT_DER])
{
	point[0] = 0x04;
	memcpy(point + 1, pub, HF_SM2_POINT);
	return (struct hf_spki){
		.algorithm = {hf_oid_bytes(HF_OID_EC_PUBLIC_KEY), HF_BYTES_OF(curve_tlv)},
		.subjectPublicKey = {.bytes = {point, HF_SM2_POINT_DER}},
	};
}

bool hf_spki_is_sm2(const struct hf_spki *spki)
{
	const struct hf_alg *alg = &spki->algorithm;

	if (hf_oid_is(alg->algorithm, HF_OID_EC_PUBLIC_KEY))
		return hf_bytes_equal(alg->parameters, HF_BYTES_OF(curve_tlv));
	//= GM/T 0043-2015 Annex A: the curve's identifier as the algorithm; tools add NULL or the curve once more
	return hf_alg_is(alg, HF_OID_SM2) ||
	       (hf_oid_is(alg->algorithm, HF_OID_SM2) && hf_bytes_equal(alg->parameters, HF_BYTES_OF(curve_tlv)));
}

bool hf_spki_sm2(const struct hf_spki *spki, uint8_t pub[HF_SM2_POINT], struct hf_err *err)
{
	const struct hf_der_bits *bits = &spki->subjectPublicKey;
	char text[HF_OID_TEXT_MAX];

	if (!hf_spki_is_sm2(spki)) {
		hf_oid_text(spki->algorithm.algorithm, text);
		return hf_fail(err, HF_E_INPUT, "key of algorithm %s is no SM2 key (GM/T 0015)", text);
	}
	if (bits->unused != 0 || bits->bytes.len != HF_SM2_POINT_DER || bits->bytes.p[0] != 0x04)
		return hf_fail(err, HF_E_INPUT, "SM2 key is not 04 and 64 octets x, y (GM/T 0009 7.1)");
	memcpy(pub, bits->bytes.p + 1, HF_SM2_POINT);
	return hf_sm2_point_check(pub, err);
}
