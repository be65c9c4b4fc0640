/*
 * Algorithms and public keys.
 *
 *     AlgorithmIdentifier  ::= SEQUENCE { algorithm OBJECT IDENTIFIER, parameters ANY OPTIONAL }
 *     SubjectPublicKeyInfo ::= SEQUENCE { algorithm AlgorithmIdentifier, subjectPublicKey BIT STRING }
 *
 * SM2-with-SM3 (1.2.156.10197.1.501) is written without parameters and read with NULL or none: all certificates of the
 * operating Chinese CAs carry NULL, their CRLs none. An SM2 key is written as ecPublicKey with the curve
 * 1.2.156.10197.1.301 as its parameter; 1.2.156.10197.1.301 as the algorithm itself is read too (GM/T 0043 Annex A, and
 * GM/T 0015-2023 admits both).
 */
#ifndef HUFU_X509_ALG_H
#define HUFU_X509_ALG_H

#include "crypto/sm2.h"
#include "der/der.h"
#include "der/oid.h"

struct hf_alg {
	struct hf_bytes algorithm;  /* OID content octets */
	struct hf_bytes parameters; /* a TLV; NULL when absent */
};
extern const struct hf_der_type hf_AlgorithmIdentifier;

struct hf_spki {
	struct hf_alg algorithm;
	struct hf_der_bits subjectPublicKey;
};
extern const struct hf_der_type hf_SubjectPublicKeyInfo;

/* Without parameters. */
struct hf_alg hf_alg_of(enum hf_oid oid);
/* With NULL as parameters: what old peers want to see of digest algorithms. */
struct hf_alg hf_alg_null(enum hf_oid oid);
/* This algorithm, with NULL or no parameters. */
bool hf_alg_is(const struct hf_alg *alg, enum hf_oid oid);
/* Same algorithm and the same parameters, where NULL and absent count as different (RFC 5280 4.1.1.2). */
bool hf_alg_equal(const struct hf_alg *a, const struct hf_alg *b);
/* SM2-with-SM3 with NULL or no parameters, or HF_E_INPUT that names what it is. */
HF_MUST_USE bool hf_alg_check_sm2_sm3(const struct hf_alg *alg, struct hf_err *err);

#define HF_SM2_POINT_DER (1 + HF_SM2_POINT) /* 04 ‖ x ‖ y */

/* What to encode for a key. point is filled and must outlive the result. */
struct hf_spki hf_spki_of(const uint8_t pub[HF_SM2_POINT], uint8_t point[HF_SM2_POINT_DER]);
/*
 * The key as x ‖ y, checked to be on the curve. Errors: HF_E_INPUT (another algorithm or curve, a compressed point, a
 * point off the curve).
 */
HF_MUST_USE bool hf_spki_sm2(const struct hf_spki *spki, uint8_t pub[HF_SM2_POINT], struct hf_err *err);
/* Is it an SM2 key by its identifiers? (Other keys occur in others' chains.) */
bool hf_spki_is_sm2(const struct hf_spki *spki);

#endif
