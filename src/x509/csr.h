/*
 * Certification requests (PKCS#10, RFC 2986; GM/T 0092).
 *
 *     CertificationRequestInfo ::= SEQUENCE { version INTEGER (0), subject Name, subjectPKInfo SubjectPublicKeyInfo,
 *         attributes [0] IMPLICIT SET OF Attribute { type OID, values SET OF ANY } }
 *
 * attributes is written always and read also where it is missing, as some tools leave an empty one out.
 */
#ifndef HUFU_X509_CSR_H
#define HUFU_X509_CSR_H

#include "x509/alg.h"
#include "x509/ext.h"
#include "x509/name.h"
#include "x509/signed.h"

struct hf_attribute {
	struct hf_bytes type;
	struct hf_der_list values; /* TLVs */
};
extern const struct hf_der_type hf_Attribute, hf_Attributes;

struct hf_csr_info {
	int64_t version;
	struct hf_bytes subject;
	struct hf_spki subjectPKInfo;
	struct hf_der_list attributes;
};
extern const struct hf_der_type hf_CertificationRequestInfo;

struct hf_csr {
	struct hf_bytes der;      /* none when only the info was decoded */
	struct hf_bytes info_der; /* what is signed */
	struct hf_csr_info info;
	struct hf_alg signatureAlgorithm;
	struct hf_bytes signature;
	uint8_t pub[HF_SM2_POINT];     /* an SM2 key is required */
	struct hf_der_list extensions; /* of the attribute extensionRequest; none when absent */
};

/* Proof of possession: the signature verifies with the key inside. Errors: HF_E_VERIFY. */
HF_MUST_USE bool hf_csr_verify(const struct hf_csr *csr, struct hf_err *err);
/* Appends the CertificationRequestInfo to be signed. subject is a Name. Errors: HF_E_INPUT. */
HF_MUST_USE bool hf_csr_build_info(
	struct hf_bytes subject, const uint8_t pub[HF_SM2_POINT], struct hf_buf *out, struct hf_err *err);
/* The whole request, signed by signer, whose pub becomes the subject's key. Appended. */
HF_MUST_USE bool hf_csr_make(
	const struct hf_signer *signer, struct hf_bytes subject, struct hf_buf *out, struct hf_err *err);
void hf_csr_print(const struct hf_csr *csr, struct hf_buf *out);

#endif
