#include "x509/csr.h"

#include "x509/cert.h"
#include "x509/decode.h"

static const struct hf_der_type attribute_values = HF_DER_OF_TYPE("values", HF_DER_SET_OF, &hf_der_Any, 1);
static const struct hf_der_field attribute_fields[] = {
	HF_DER_FIELD(struct hf_attribute, type, &hf_der_Oid),
	HF_DER_FIELD(struct hf_attribute, values, &attribute_values),
};
const struct hf_der_type hf_Attribute = HF_DER_SEQUENCE_TYPE("Attribute", struct hf_attribute, attribute_fields);
const struct hf_der_type hf_Attributes = HF_DER_OF_TYPE("Attributes", HF_DER_SET_OF, &hf_Attribute, 0);

static const struct hf_der_field info_fields[] = {
	HF_DER_FIELD(struct hf_csr_info, version, &hf_der_Small),
	HF_DER_FIELD(struct hf_csr_info, subject, &hf_Name),
	HF_DER_FIELD(struct hf_csr_info, subjectPKInfo, &hf_SubjectPublicKeyInfo),
	HF_DER_FIELD(struct hf_csr_info, attributes, &hf_Attributes, .tag = HF_DER_CTX(0), .flags = HF_DER_OPTIONAL),
};
const struct hf_der_type hf_CertificationRequestInfo =
	HF_DER_SEQUENCE_TYPE("CertificationRequestInfo", struct hf_csr_info, info_fields);

bool hf_csr_verify(const struct hf_csr *csr, struct hf_err *err)
{
	if (!hf_alg_check_sm2_sm3(&csr->signatureAlgorithm, err) ||
		!hf_signed_verify(csr->pub, csr->info_der, csr->signature, err))
		return hf_fail_in(err, "certification request: proof of possession");
	return true;
}

bool hf_csr_build_info(struct hf_bytes subject, const uint8_t pub[HF_SM2_POINT], struct hf_buf *out, struct hf_err *err)
{
	uint8_t point[HF_SM2_POINT_DER];
	struct hf_csr_info info = {
		.subject = subject,
		.subjectPKInfo = hf_spki_of(pub, point),
		.attributes = {.content = HF_BYTES_LIT("")},
	};

	if (!hf_sm2_point_check(pub, err))
		return hf_fail_in(err, "certification request");
	return hf_der_encode(&hf_CertificationRequestInfo, &info, out, err);
}

bool hf_csr_make(const struct hf_signer *signer, struct hf_bytes subject, struct hf_buf *out, struct hf_err *err)
{
	struct hf_buf info;

	hf_buf_init(&info, HF_CSR_MAX);
	bool ok = hf_csr_build_info(subject, signer->pub, &info, err);
	struct hf_bytes tbs = hf_buf_bytes(&info);
	ok = ok && hf_signed_make(signer, &tbs, 1, out, err);
	hf_buf_clear(&info);
	return ok;
}
