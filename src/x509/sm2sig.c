#include "x509/sm2sig.h"

static const struct hf_der_field sig_fields[] = {
	HF_DER_FIELD(struct hf_sm2sig, R, &hf_der_Integer),
	HF_DER_FIELD(struct hf_sm2sig, S, &hf_der_Integer),
};
const struct hf_der_type hf_SM2Signature = HF_DER_SEQUENCE_TYPE("SM2Signature", struct hf_sm2sig, sig_fields);

static bool is_zero(const uint8_t number[HF_SM2_SCALAR])
{
	for (size_t i = 0; i < HF_SM2_SCALAR; i++)
		if (number[i] != 0)
			return false;
	return true;
}

bool hf_sm2sig_parse(struct hf_bytes der, uint8_t sig[HF_SM2_SIG], struct hf_err *err)
{
	struct hf_sm2sig numbers;

	if (!hf_der_decode(&hf_SM2Signature, der, &numbers, err))
		return false;
	if (!hf_der_unsigned(numbers.R, sig, HF_SM2_SCALAR) ||
		!hf_der_unsigned(numbers.S, sig + HF_SM2_SCALAR, HF_SM2_SCALAR) || is_zero(sig) ||
		is_zero(sig + HF_SM2_SCALAR))
		return hf_fail(err, HF_E_INPUT,
			"SM2Signature: R and S must be positive and at most 32 octets (GM/T 0009 7.3)");
	return true;
}

bool hf_sm2sig_encode(const uint8_t sig[HF_SM2_SIG], struct hf_buf *out, struct hf_err *err)
{
	uint8_t r[HF_SM2_SCALAR + 1], s[HF_SM2_SCALAR + 1];
	struct hf_sm2sig numbers = {
		.R = hf_der_positive(sig, HF_SM2_SCALAR, r),
		.S = hf_der_positive(sig + HF_SM2_SCALAR, HF_SM2_SCALAR, s),
	};

	return hf_der_encode(&hf_SM2Signature, &numbers, out, err);
}
