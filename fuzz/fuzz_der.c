/* The codec: the first octet chooses a type; whatever it takes prints, and encodes again to the same octets. */
#include "x509/decode.h"
#include "x509/sm2sig.h"

#include <stdalign.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* No type with Time: it has two spellings for one value. */
static const struct hf_der_type *const types[] = {
	&hf_GeneralNames,
	&hf_CRLDistributionPoints,
	&hf_IssuingDistributionPoint,
	&hf_CertificatePolicies,
	&hf_AuthorityKeyIdentifier,
	&hf_BasicConstraints,
	&hf_PrivateKeyUsagePeriod,
	&hf_AuthorityInfoAccess,
	&hf_Attributes,
	&hf_Extensions,
	&hf_SM2Signature,
	&hf_SubjectPublicKeyInfo,
	&hf_CertificationRequestInfo,
	&hf_IssuerAndSerialNumber,
	&hf_IdentifyCode,
	&hf_Signed,
	&hf_der_Integer,
	&hf_der_Small,
	&hf_der_Oid,
	&hf_der_BitString,
	&hf_der_GeneralizedTime,
	&hf_der_Any,
};
#define NUM_TYPES (sizeof(types) / sizeof(types[0]))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	alignas(max_align_t) uint8_t object[HF_DER_ELEMENT_MAX];
	struct hf_buf out;

	if (size < 1)
		return 0;
	const struct hf_der_type *type = types[data[0] % NUM_TYPES];
	struct hf_bytes in = {data + 1, size - 1};
	struct hf_err err;
	if (!hf_der_decode(type, in, object, &err))
		return 0;
	hf_buf_init(&out, 16 * in.len + 65536);
	hf_der_print(type, object, &out, 0);
	HF_ASSERT(hf_buf_ok(&out));
	hf_buf_reset(&out);
	HF_ASSERT(hf_der_encode(type, object, &out, &err));
	HF_ASSERT(hf_bytes_equal(hf_buf_bytes(&out), in));
	hf_buf_clear(&out);
	return 0;
}
