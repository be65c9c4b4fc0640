#include "x509/cert.h"

#include "base/clock.h"
#include "base/hex.h"
#include "x509/signed.h"

static const struct hf_der_field validity_fields[] = {
	HF_DER_FIELD(struct hf_validity, notBefore, &hf_der_Time),
	HF_DER_FIELD(struct hf_validity, notAfter, &hf_der_Time),
};
const struct hf_der_type hf_Validity = HF_DER_SEQUENCE_TYPE("Validity", struct hf_validity, validity_fields);

static const struct hf_der_field tbs_fields[] = {
	HF_DER_FIELD(struct hf_tbs_cert, version, &hf_der_Small, .tag = HF_DER_CTX(0),
		.flags = HF_DER_DEFAULT | HF_DER_EXPLICIT),
	HF_DER_FIELD(struct hf_tbs_cert, serialNumber, &hf_der_Integer),
	HF_DER_FIELD(struct hf_tbs_cert, signature, &hf_AlgorithmIdentifier),
	HF_DER_FIELD(struct hf_tbs_cert, issuer, &hf_Name),
	HF_DER_FIELD(struct hf_tbs_cert, validity, &hf_Validity),
	HF_DER_FIELD(struct hf_tbs_cert, subject, &hf_Name),
	HF_DER_FIELD(struct hf_tbs_cert, subjectPublicKeyInfo, &hf_SubjectPublicKeyInfo),
	HF_DER_FIELD(
		struct hf_tbs_cert, issuerUniqueID, &hf_der_BitString, .tag = HF_DER_CTX(1), .flags = HF_DER_OPTIONAL),
	HF_DER_FIELD(
		struct hf_tbs_cert, subjectUniqueID, &hf_der_BitString, .tag = HF_DER_CTX(2), .flags = HF_DER_OPTIONAL),
	HF_DER_FIELD(struct hf_tbs_cert, extensions, &hf_Extensions, .tag = HF_DER_CTX(3),
		.flags = HF_DER_OPTIONAL | HF_DER_EXPLICIT),
};
const struct hf_der_type hf_TBSCertificate = HF_DER_SEQUENCE_TYPE("TBSCertificate", struct hf_tbs_cert, tbs_fields);

bool hf_cert_valid_at(const struct hf_cert *cert, int64_t at, struct hf_err *err)
{
	const struct hf_validity *validity = &cert->tbs.validity;
	char limit[HF_TIME_TEXT_MAX], now[HF_TIME_TEXT_MAX];

	hf_time_text(at, false, now);
	if (at < validity->notBefore) {
		hf_time_text(validity->notBefore, false, limit);
		return hf_fail(err, HF_E_VERIFY, "certificate is valid from %s, it is %s", limit, now);
	}
	/* notAfter is inclusive, and its second lasts a second (RFC 5280 4.1.2.5). */
	if (at >= validity->notAfter + HF_SECOND) {
		hf_time_text(validity->notAfter, false, limit);
		return hf_fail(err, HF_E_VERIFY, "certificate was valid until %s, it is %s", limit, now);
	}
	return true;
}

bool hf_cert_is_self_issued(const struct hf_cert *cert)
{
	return hf_name_equal(cert->tbs.issuer, cert->tbs.subject);
}

bool hf_cert_verify_signature(const struct hf_cert *cert, const uint8_t issuer_pub[HF_SM2_POINT], struct hf_err *err)
{
	if (!hf_alg_check_sm2_sm3(&cert->signatureAlgorithm, err))
		return hf_fail_in(err, "certificate");
	if (!hf_signed_verify(issuer_pub, cert->tbs_der, cert->signature, err))
		return hf_fail_in(err, "certificate");
	return true;
}

bool hf_cert_verify(const struct hf_cert *cert, const struct hf_cert *issuer, struct hf_err *err)
{
	//= GM/T 0043-2015 6.5
	if (!hf_name_equal(cert->tbs.issuer, issuer->tbs.subject))
		return hf_fail(err, HF_E_VERIFY, "certificate's issuer is not the issuer's subject, byte for byte");
	if (cert->authority_key_id.p && issuer->subject_key_id.p &&
		!hf_bytes_equal(cert->authority_key_id, issuer->subject_key_id))
		return hf_fail(err, HF_E_VERIFY,
			"certificate's authorityKeyIdentifier is not the issuer's subjectKeyIdentifier");
	if (!issuer->is_ca)
		return hf_fail(err, HF_E_VERIFY, "issuer's basicConstraints does not say cA (RFC 5280 6.1.4 k)");
	if (issuer->has_key_usage && !(issuer->key_usage & HF_KU_KEY_CERT_SIGN))
		return hf_fail(err, HF_E_VERIFY, "issuer's keyUsage has no keyCertSign (RFC 5280 6.1.4 n)");
	if (!issuer->is_sm2)
		return hf_fail(err, HF_E_VERIFY, "issuer's key is no SM2 key");
	return hf_cert_verify_signature(cert, issuer->pub, err);
}

void hf_serial_text(struct hf_bytes serial, char out[HF_SERIAL_TEXT_MAX])
{
	if (serial.len > HF_SERIAL_MAX)
		serial.len = HF_SERIAL_MAX;
	hf_hex(serial, out);
}
