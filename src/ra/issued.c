#include "ra/produce_int.h"

#include "base/hex.h"
#include "base/str.h"
#include "x509/decode.h"
#include "x509/lint.h"

#include <string.h>

bool hf_ra_check_csr(struct hf_bytes pkcs10, struct hf_bytes subject, uint8_t key[HF_SM2_POINT], struct hf_err *err)
{
	struct hf_csr csr;

	if (!hf_decode_csr(pkcs10, &csr, err) || !hf_csr_verify(&csr, err))
		return hf_fail_in(err, "pkcs10");
	if (!hf_name_equal(csr.info.subject, subject))
		return hf_fail(err, HF_E_INPUT,
			"pkcs10: its subject is not the approved one (take the Name that the claim gave, octet by "
			"octet)");
	memcpy(key, csr.pub, HF_SM2_POINT);
	return true;
}

struct pair {
	struct hf_cert sign, enc, ca;
};

static bool decode_pair(const struct hf_ra_issued *issued, struct pair *pair, struct hf_err *err)
{
	struct hf_bytes chain = hf_buf_bytes(&issued->chain);
	struct hf_der_tlv first;

	return hf_decode_cert(hf_buf_bytes(&issued->sign_cert), &pair->sign, err) &&
	       hf_decode_cert(hf_buf_bytes(&issued->enc_cert), &pair->enc, err) && hf_der_next(&chain, &first, err) &&
	       hf_decode_cert(first.whole, &pair->ca, err);
}

static bool signed_by(const struct hf_cert *cert, const struct hf_cert *ca, struct hf_err *err)
{
	if (!ca->is_ca || !ca->is_sm2 || !hf_name_equal(cert->tbs.issuer, ca->tbs.subject))
		return hf_fail(err, HF_E_VERIFY, "the first of the chain is not its issuer");
	return hf_cert_verify_signature(cert, ca->pub, err);
}

static bool check_pair(const struct pair *pair, struct hf_bytes subject, struct hf_err *err)
{
	if (!hf_name_equal(pair->sign.tbs.subject, subject))
		return hf_fail(err, HF_E_VERIFY, "the certificates name another subject than the approved one");
	if (!pair->sign.is_sm2 || !pair->enc.is_sm2)
		return hf_fail(err, HF_E_VERIFY, "the certificates do not hold SM2 keys");
	if (!(pair->sign.key_usage & HF_KU_DIGITAL_SIGNATURE) || (pair->enc.key_usage & HF_KU_DIGITAL_SIGNATURE))
		return hf_fail(
			err, HF_E_VERIFY, "signing and encryption certificate are not what their key usages say");
	return hf_lint_pair(&pair->sign, &pair->enc, err) && signed_by(&pair->sign, &pair->ca, err) &&
	       signed_by(&pair->enc, &pair->ca, err);
}

bool hf_ra_check_issued(const struct hf_ra_issued *issued, struct hf_bytes subject, const uint8_t key[HF_SM2_POINT],
	bool any_key, struct hf_ra_serials *serials, struct hf_err *err)
{
	struct pair pair;

	if (!decode_pair(issued, &pair, err) || !check_pair(&pair, subject, err)) {
		/* not the asker's fault, whatever the text says */
		err->code = HF_E_PEER;
		return hf_fail_in(err, "the CA's answer");
	}
	if (!any_key && memcmp(pair.sign.pub, key, HF_SM2_POINT) != 0)
		return hf_fail(err, HF_E_CONFLICT, "the CA has issued for another public key: that one is fixed now");
	if (memcmp(pair.enc.pub, issued->enc_public, HF_SM2_POINT) != 0)
		return hf_fail(
			err, HF_E_PEER, "the CA's answer: enc_public is not the key of the encryption certificate");
	hf_serial_text(pair.sign.tbs.serialNumber, serials->sign);
	hf_serial_text(pair.enc.tbs.serialNumber, serials->enc);
	serials->not_after = pair.sign.tbs.validity.notAfter;
	return true;
}
