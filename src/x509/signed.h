/*
 * The door out: everything that Hufu signs leaves through here, whatever the device.
 *
 *     SIGNED { ToBeSigned } ::= SEQUENCE { toBeSigned ANY, algorithm AlgorithmIdentifier, signature BIT STRING }
 *
 * The algorithm is SM2-with-SM3 without parameters, the signature a DER SM2Signature (GM/T 0009 7.3) over the octets of
 * toBeSigned with the default id "1234567812345678" (GM/T 0009 clause 10).
 *
 *     struct hf_signer signer = {.pub = …, .check = true, .sign = device_sign, .ctx = device};
 *     hf_signed_make(&signer, tbs, 2, out, err)        one call to the device, two certificates
 */
#ifndef HUFU_X509_SIGNED_H
#define HUFU_X509_SIGNED_H

#include "base/buf.h"
#include "crypto/sm2.h"

#define HF_SIGNED_EXTRA 100 /* a signed object is at most this much longer than its toBeSigned */

struct hf_signer {
	uint8_t pub[HF_SM2_POINT];
	bool check; /* verify each signature before it is used: certificates, CRLs, KM answers (design rule 5) */
	/*
	 * Makes num signatures r ‖ s, in order, over the messages (not digests: the other side parses what it signs).
	 * All or none. Errors are the device's and are passed on.
	 */
	bool (*sign)(
		void *ctx, const struct hf_bytes *tbs, size_t num, uint8_t (*sigs)[HF_SM2_SIG], struct hf_err *err);
	void *ctx;
};

/*
 * Appends to out[i] the signed object of tbs[i], each one DER TLV. All or none: on failure the buffers are as they
 * were. Errors: HF_E_INPUT (tbs is not one TLV), HF_E_VERIFY (a signature does not verify with pub), HF_E_LIMIT (a
 * buffer is full), the device's.
 */
HF_MUST_USE bool hf_signed_make(
	const struct hf_signer *signer, const struct hf_bytes *tbs, size_t num, struct hf_buf *out, struct hf_err *err);
/* The same with the signature in an OCTET STRING: the messages of GM/T 0014. */
HF_MUST_USE bool hf_signed_make_octets(
	const struct hf_signer *signer, const struct hf_bytes *tbs, size_t num, struct hf_buf *out, struct hf_err *err);

/*
 * der_signature is an SM2Signature, strict, with nothing left over. Errors: HF_E_VERIFY (wrong), HF_E_INPUT (no
 * signature, or pub is no key).
 */
HF_MUST_USE bool hf_signed_verify(
	const uint8_t pub[HF_SM2_POINT], struct hf_bytes tbs, struct hf_bytes der_signature, struct hf_err *err);

#endif
