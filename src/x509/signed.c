#include "x509/signed.h"

#include "base/alloc.h"
#include "x509/cert.h"
#include "x509/sm2sig.h"

#include <stdlib.h>

static const struct hf_der_field signed_fields[] = {
	HF_DER_FIELD(struct hf_signed, toBeSigned, &hf_der_Any),
	HF_DER_FIELD(struct hf_signed, signatureAlgorithm, &hf_AlgorithmIdentifier),
	HF_DER_FIELD(struct hf_signed, signature, &hf_der_BitString),
};
const struct hf_der_type hf_Signed = HF_DER_SEQUENCE_TYPE("SIGNED", struct hf_signed, signed_fields);

struct signed_octets {
	struct hf_bytes toBeSigned;
	struct hf_alg signatureAlgorithm;
	struct hf_bytes signature;
};
static const struct hf_der_field signed_octets_fields[] = {
	HF_DER_FIELD(struct signed_octets, toBeSigned, &hf_der_Any),
	HF_DER_FIELD(struct signed_octets, signatureAlgorithm, &hf_AlgorithmIdentifier),
	HF_DER_FIELD(struct signed_octets, signature, &hf_der_OctetString),
};
static const struct hf_der_type signed_octets =
	HF_DER_SEQUENCE_TYPE("SIGNED", struct signed_octets, signed_octets_fields);

static bool verify_raw(
	const uint8_t pub[HF_SM2_POINT], struct hf_bytes tbs, const uint8_t sig[HF_SM2_SIG], struct hf_err *err)
{
	uint8_t z[HF_SM3_LEN], e[HF_SM3_LEN];

	hf_sm2_z(pub, HF_SM2_DEFAULT_ID, z);
	hf_sm2_digest(z, tbs, e);
	return hf_sm2_verify(pub, e, sig, err);
}

static bool assemble(
	struct hf_bytes tbs, const uint8_t sig[HF_SM2_SIG], bool as_octets, struct hf_buf *out, struct hf_err *err)
{

	struct hf_buf der;
	bool ok = false;

	hf_buf_init(&der, HF_SM2SIG_DER_MAX);
	if (!hf_sm2sig_encode(sig, &der, err))
		goto out;
	if (as_octets) {
		struct signed_octets object = {
			.toBeSigned = tbs,
			.signatureAlgorithm = hf_alg_of(HF_OID_SM2_SM3),
			.signature = hf_buf_bytes(&der),
		};
		ok = hf_der_encode(&signed_octets, &object, out, err);
	} else {
		struct hf_signed object = {
			.toBeSigned = tbs,
			.signatureAlgorithm = hf_alg_of(HF_OID_SM2_SM3),
			.signature = {.bytes = hf_buf_bytes(&der)},
		};
		ok = hf_der_encode(&hf_Signed, &object, out, err);
	}
out:
	hf_buf_clear(&der);
	return ok;
}

static bool check_inputs(const struct hf_bytes *tbs, size_t num, struct hf_err *err)
{
	for (size_t i = 0; i < num; i++) {
		struct hf_bytes rest = tbs[i];
		struct hf_der_tlv tlv;
		if (!hf_der_next(&rest, &tlv, err))
			return hf_fail_in(err, "to be signed %zu", i);
		if (rest.len > 0)
			return hf_fail(err, HF_E_INPUT, "to be signed %zu: %zu octets are left over", i, rest.len);
	}
	return true;
}

/* Signs, checks, and appends; some of out may be written when it fails. */
static bool make_all(const struct hf_signer *signer, const struct hf_bytes *tbs, size_t num, bool as_octets,
	uint8_t (*sigs)[HF_SM2_SIG], struct hf_buf *out, struct hf_err *err)
{
	if (!signer->sign(signer->ctx, tbs, num, sigs, err))
		return false;
	for (size_t i = 0; signer->check && i < num; i++)
		if (!verify_raw(signer->pub, tbs[i], sigs[i], err))
			return hf_fail_in(err, "signature %zu made by the device", i);
	for (size_t i = 0; i < num; i++)
		if (!assemble(tbs[i], sigs[i], as_octets, &out[i], err))
			return hf_fail_in(err, "signed object %zu", i);
	return true;
}

static bool make(const struct hf_signer *signer, const struct hf_bytes *tbs, size_t num, bool as_octets,
	struct hf_buf *out, struct hf_err *err)
{
	if (!check_inputs(tbs, num, err))
		return false;
	if (num == 0)
		return true;
	uint8_t(*sigs)[HF_SM2_SIG] = hf_alloc(num, sizeof(*sigs));
	size_t *before = hf_alloc(num, sizeof(*before));
	for (size_t i = 0; i < num; i++)
		before[i] = out[i].len;
	bool ok = make_all(signer, tbs, num, as_octets, sigs, out, err);
	for (size_t i = 0; !ok && i < num; i++)
		out[i].len = before[i];
	free(before);
	free(sigs);
	return ok;
}

bool hf_signed_make(
	const struct hf_signer *signer, const struct hf_bytes *tbs, size_t num, struct hf_buf *out, struct hf_err *err)
{
	return make(signer, tbs, num, false, out, err);
}

bool hf_signed_make_octets(
	const struct hf_signer *signer, const struct hf_bytes *tbs, size_t num, struct hf_buf *out, struct hf_err *err)
{
	return make(signer, tbs, num, true, out, err);
}

bool hf_signed_verify(
	const uint8_t pub[HF_SM2_POINT], struct hf_bytes tbs, struct hf_bytes der_signature, struct hf_err *err)
{
	uint8_t sig[HF_SM2_SIG];

	if (!hf_sm2sig_parse(der_signature, sig, err))
		return hf_fail_in(err, "signature");
	return verify_raw(pub, tbs, sig, err);
}
