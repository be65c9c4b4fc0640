/*
 * Certificates (RFC 5280 4.1, GM/T 0015), taken apart. All members are views into the octets that were decoded.
 *
 *     Certificate ::= SEQUENCE { tbsCertificate TBSCertificate, signatureAlgorithm, signatureValue BIT STRING }
 */
#ifndef HUFU_X509_CERT_H
#define HUFU_X509_CERT_H

#include "x509/alg.h"
#include "x509/ext.h"
#include "x509/name.h"

#define HF_SERIAL_MAX 20 /* content octets (RFC 5280 4.1.2.2) */

struct hf_validity {
	int64_t notBefore, notAfter; /* both inclusive, whole seconds */
};
struct hf_tbs_cert {
	int64_t version; /* 0 = v1, 2 = v3 */
	struct hf_bytes serialNumber;
	struct hf_alg signature;
	struct hf_bytes issuer; /* Name */
	struct hf_validity validity;
	struct hf_bytes subject; /* Name */
	struct hf_spki subjectPublicKeyInfo;
	struct hf_der_bits issuerUniqueID, subjectUniqueID;
	struct hf_der_list extensions;
};
extern const struct hf_der_type hf_TBSCertificate, hf_Validity;

/* The outer shape, which certificates, CRLs and requests share: three members, the first as it stands. */
struct hf_signed {
	struct hf_bytes toBeSigned; /* TLV */
	struct hf_alg signatureAlgorithm;
	struct hf_der_bits signature;
};
extern const struct hf_der_type hf_Signed;

struct hf_cert {
	struct hf_bytes der;     /* the whole certificate; none when only a TBS was decoded */
	struct hf_bytes tbs_der; /* what is signed */
	struct hf_tbs_cert tbs;
	struct hf_alg signatureAlgorithm; /* equal to tbs.signature */
	struct hf_bytes signature;        /* octets of the BIT STRING */

	/* What decode found in it, so that nobody decodes again. */
	bool is_sm2; /* the subject's key is SM2, and pub is its point, on the curve */
	uint8_t pub[HF_SM2_POINT];
	struct hf_bytes subject_key_id, authority_key_id; /* NULL when absent */
	bool has_key_usage;
	unsigned key_usage;    /* enum hf_key_usage bits; 0 when absent */
	bool has_constraints;  /* basicConstraints is there */
	bool is_ca;            /* basicConstraints says cA */
	int64_t path_len;      /* -1 = no limit */
	bool unknown_critical; /* a critical extension that we do not know: do not rely on this certificate */
};

/* notBefore <= at <= notAfter. Errors: HF_E_VERIFY, whose text says when. */
HF_MUST_USE bool hf_cert_valid_at(const struct hf_cert *cert, int64_t at, struct hf_err *err);
/* Issued by itself by its names. */
bool hf_cert_is_self_issued(const struct hf_cert *cert);
/* The signature only. Errors: HF_E_VERIFY; HF_E_INPUT (not SM2-with-SM3). */
HF_MUST_USE bool hf_cert_verify_signature(
	const struct hf_cert *cert, const uint8_t issuer_pub[HF_SM2_POINT], struct hf_err *err);

/*
 * One link of what we issue ourselves: cert is issued by issuer, names byte-equal, AKI = SKI where both are there,
 * issuer is a CA that may sign certificates, the signature verifies. Times are not looked at; a whole chain, and
 * others', is path.h's business. Errors: HF_E_VERIFY, which says what does not fit.
 */
HF_MUST_USE bool hf_cert_verify(const struct hf_cert *cert, const struct hf_cert *issuer, struct hf_err *err);

/* "3a0f…" lower-case hex of the serial's content octets, NUL-terminated. */
#define HF_SERIAL_TEXT_MAX (2 * HF_SERIAL_MAX + 1)
void hf_serial_text(struct hf_bytes serial, char out[HF_SERIAL_TEXT_MAX]);

/* For people (x509_print.c). */
void hf_cert_print(const struct hf_cert *cert, struct hf_buf *out);

#endif
