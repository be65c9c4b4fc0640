/*
 * SM2Signature ::= SEQUENCE { R INTEGER, S INTEGER } (GM/T 0009 7.3), and r ‖ s as the device gives it.
 */
#ifndef HUFU_X509_SM2SIG_H
#define HUFU_X509_SM2SIG_H

#include "crypto/sm2.h"
#include "der/der.h"

#define HF_SM2SIG_DER_MAX 72 /* octets */

struct hf_sm2sig {
	struct hf_bytes R, S; /* INTEGER content */
};
extern const struct hf_der_type hf_SM2Signature;

/* Errors: HF_E_INPUT (not DER, a number that is negative, zero or longer than 32 octets, something left over). */
HF_MUST_USE bool hf_sm2sig_parse(struct hf_bytes der, uint8_t sig[HF_SM2_SIG], struct hf_err *err);
/* Appends the DER. Errors: HF_E_LIMIT. */
HF_MUST_USE bool hf_sm2sig_encode(const uint8_t sig[HF_SM2_SIG], struct hf_buf *out, struct hf_err *err);

#endif
