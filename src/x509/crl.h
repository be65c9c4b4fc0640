/*
 * Certificate revocation lists, v2 (RFC 5280 5, GM/T 0015).
 *
 *     TBSCertList ::= SEQUENCE { version INTEGER (1), signature, issuer Name, thisUpdate Time, nextUpdate Time,
 *         revokedCertificates SEQUENCE OF SEQUENCE { userCertificate INTEGER, revocationDate Time,
 *             crlEntryExtensions OPTIONAL } OPTIONAL, crlExtensions [0] EXPLICIT }
 */
#ifndef HUFU_X509_CRL_H
#define HUFU_X509_CRL_H

#include "x509/alg.h"
#include "x509/ext.h"
#include "x509/name.h"

struct hf_tbs_crl {
	bool has_version, has_next_update;
	int64_t version;
	struct hf_alg signature;
	struct hf_bytes issuer;
	int64_t thisUpdate, nextUpdate;
	struct hf_der_list revokedCertificates; /* of hf_RevokedCertificate; walk it with hf_crl_next */
	struct hf_der_list crlExtensions;
};
struct hf_revoked {
	struct hf_bytes userCertificate;
	int64_t revocationDate;
	struct hf_der_list crlEntryExtensions;
};
extern const struct hf_der_type hf_TBSCertList, hf_RevokedCertificate;

struct hf_crl {
	struct hf_bytes der; /* none when only a TBS was decoded */
	struct hf_bytes tbs_der;
	struct hf_tbs_crl tbs;
	struct hf_alg signatureAlgorithm;
	struct hf_bytes signature;
	struct hf_bytes authority_key_id; /* NULL when absent */
	struct hf_bytes number;           /* INTEGER content; NULL when absent */
	bool is_delta, has_idp;
	bool unknown_critical; /* of the list or of an entry */
};

struct hf_crl_entry {
	struct hf_bytes serial; /* INTEGER content */
	int64_t revoked_at;
	int reason; /* enum hf_reason; HF_REASON_UNSPECIFIED is not written */
	bool has_invalidity;
	int64_t invalid_since; /* invalidityDate */
};

/* Takes the next entry off *rest, a copy of tbs.revokedCertificates of a decoded list. False when none is left. */
bool hf_crl_next(struct hf_der_list *rest, struct hf_crl_entry *entry);
/* Calls each entry until it returns false; true when all were seen. */
bool hf_crl_walk(const struct hf_crl *crl, bool (*each)(void *ctx, const struct hf_crl_entry *entry), void *ctx);
/* Reads from the start; entry may be NULL. False when the serial is not listed. */
bool hf_crl_find(const struct hf_crl *crl, struct hf_bytes serial, struct hf_crl_entry *entry);

struct hf_cert;
/* The list is from this issuer (names byte-equal, key identifiers, cRLSign, signature). Errors: HF_E_VERIFY. */
HF_MUST_USE bool hf_crl_verify(const struct hf_crl *crl, const struct hf_cert *issuer, struct hf_err *err);
/* thisUpdate <= at <= nextUpdate. Errors: HF_E_VERIFY. */
HF_MUST_USE bool hf_crl_valid_at(const struct hf_crl *crl, int64_t at, struct hf_err *err);

struct hf_crl_params {
	struct hf_bytes issuer;        /* the issuer's subject Name, byte for byte */
	struct hf_bytes issuer_key_id; /* its subjectKeyIdentifier */
	int64_t this_update, next_update;
	uint64_t number;
	const struct hf_crl_entry *entries; /* written in this order */
	size_t num_entries;
	const char *idp_uri;            /* NULL = no issuingDistributionPoint: the list holds all */
	bool only_user_certs, only_cas; /* with idp_uri; not both */
};
/* Appends the TBSCertList. Errors: HF_E_INPUT, HF_E_LIMIT (out's maximum). */
HF_MUST_USE bool hf_crl_build(const struct hf_crl_params *params, struct hf_buf *out, struct hf_err *err);
void hf_crl_print(const struct hf_crl *crl, struct hf_buf *out);

#endif
