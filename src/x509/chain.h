/*
 * A straight chain: each certificate against the next one's, and against its CRL. Path building and the full algorithm
 * of RFC 5280 6 (policies, name constraints, folding of names) are a later issue; what this does not understand (a
 * critical extension that it does not know, a foreign algorithm) it refuses.
 */
#ifndef HUFU_X509_CHAIN_H
#define HUFU_X509_CHAIN_H

#include "x509/cert.h"
#include "x509/crl.h"

#define HF_CHAIN_MAX 10 /* certificates */

/*
 * cert is issued by issuer: names byte-equal, AKI = SKI where both are there, issuer is a CA that may sign
 * certificates, the signature verifies. Times are not looked at. Errors: HF_E_VERIFY, which says what does not fit.
 */
HF_MUST_USE bool hf_cert_verify(const struct hf_cert *cert, const struct hf_cert *issuer, struct hf_err *err);

/*
 * certs[0] is the one to be checked, each following one the issuer of the one before; the last is issued by anchor,
 * which is trusted as it stands (its own signature and times are not looked at), or is anchor itself, byte for byte.
 * Every certificate must be valid at `at`, have no unknown critical extension, and pathLen must allow the length. Where
 * crls has a list of a certificate's issuer, the list must verify, be current at `at`, and not name the certificate; a
 * certificate without a list is not refused when require_crl is false. Errors: HF_E_VERIFY, HF_E_LIMIT.
 */
struct hf_chain {
	const struct hf_cert *certs;
	size_t num_certs;
	const struct hf_cert *anchor;
	const struct hf_crl *crls;
	size_t num_crls;
	bool require_crl;
	int64_t at;
};
HF_MUST_USE bool hf_chain_verify(const struct hf_chain *chain, struct hf_err *err);

#endif
