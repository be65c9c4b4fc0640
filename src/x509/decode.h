/*
 * The door in: octets from outside become objects here and nowhere else.
 *
 *     size cap → strict DER by the type's table → nothing left over → what the standards ask of the values
 *
 * The values: the algorithm inside equals the one outside, the version allows what is there, the serial is positive and
 * at most 20 octets, no extension twice, known extensions decode as their type, an SM2 key lies on its curve. An
 * unknown critical extension is flagged, not refused: whoever relies on the object decides. What a good CA should have
 * written besides is lint's business (lint.h), since the real world is laxer.
 *
 * Objects are views into the given octets, which must outlive them. Errors: HF_E_INPUT, HF_E_LIMIT; the text is the
 * path to the field, and the rule.
 */
#ifndef HUFU_X509_DECODE_H
#define HUFU_X509_DECODE_H

#include "x509/cert.h"
#include "x509/crl.h"
#include "x509/csr.h"

#define HF_CERT_MAX ((size_t)64 << 10)
#define HF_CSR_MAX  ((size_t)64 << 10)
#define HF_CRL_MAX  ((size_t)64 << 20)

HF_MUST_USE bool hf_decode_cert(struct hf_bytes der, struct hf_cert *cert, struct hf_err *err);
HF_MUST_USE bool hf_decode_csr(struct hf_bytes der, struct hf_csr *csr, struct hf_err *err);
HF_MUST_USE bool hf_decode_crl(struct hf_bytes der, struct hf_crl *crl, struct hf_err *err);

/*
 * The same for reading and verifying what others issued long ago: serial numbers that are zero or negative are taken,
 * since RFC 5280 4.1.2.2 asks certificate users to handle them. For path.h; never for what enters our own services.
 */
HF_MUST_USE bool hf_decode_cert_foreign(struct hf_bytes der, struct hf_cert *cert, struct hf_err *err);
HF_MUST_USE bool hf_decode_crl_foreign(struct hf_bytes der, struct hf_crl *crl, struct hf_err *err);

/* The same of what is to be signed: how the device process reads what it is asked to sign. */
HF_MUST_USE bool hf_decode_tbs_cert(struct hf_bytes tbs, struct hf_cert *cert, struct hf_err *err);
HF_MUST_USE bool hf_decode_tbs_csr(struct hf_bytes info, struct hf_csr *csr, struct hf_err *err);
HF_MUST_USE bool hf_decode_tbs_crl(struct hf_bytes tbs, struct hf_crl *crl, struct hf_err *err);

/*
 * A file's content, DER or PEM with this label ("CERTIFICATE", "CERTIFICATE REQUEST", "X509 CRL"): the DER is put into
 * der (initialised by the caller). Errors: HF_E_INPUT, HF_E_MISSING.
 */
HF_MUST_USE bool hf_decode_armour(struct hf_bytes file, const char *label, struct hf_buf *der, struct hf_err *err);

#endif
