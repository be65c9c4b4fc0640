/*
 * Certification paths by RFC 5280 6, whole: building with several candidates, the basic checks, name constraints,
 * policies, revocation by CRLs.
 *
 *     target ◄─ intermediates (pool: CAs, cross and bridge certificates, OldWithNew, NewWithOld) ◄─ anchor
 *                 depth first, best candidates first, each link's signature verified before it is followed
 *     then, from the anchor down to the target: 6.1.3, 6.1.4, 6.1.5, and 6.3.3 for every certificate
 *
 * path_names.c is 4.2.1.10, path_policy.c the policies (as a graph, RFC 9618, which says the same as the tree of RFC
 * 5280 and does not grow exponentially), path_crl.c is 6.3, path_build.c the search. Depth, signatures and comparisons
 * are bounded: hostile pools cost at most max_work.
 *
 * Names are matched by RFC 5280 7.1. Decode others' certificates with hf_decode_cert_foreign.
 */
#ifndef HUFU_X509_PATH_H
#define HUFU_X509_PATH_H

#include "x509/cert.h"
#include "x509/crl.h"

#define HF_PATH_CERTS_MAX    20      /* certificates of one path, the anchor not counted */
#define HF_PATH_WORK         1048576 /* what one call may cost: a comparison is 1 */
#define HF_PATH_WORK_SIGN    2048    /* and a signature is this */
#define HF_PATH_POLICIES_MAX 32      /* policies that are reported */

/* The clause of a refusal because nothing leads to an anchor. */
#define HF_PATH_CLAUSE_NO_PATH "RFC 5280 6.1"

enum hf_path_revocation {
	HF_PATH_REVOCATION_REQUIRED, /* each certificate needs CRLs that cover all reasons (RFC 5280 6.1.3 a.3) */
	HF_PATH_REVOCATION_GIVEN,    /* CRLs that are given are obeyed; an issuer without any is no reason to refuse */
	HF_PATH_REVOCATION_NONE,
};

struct hf_path_params {
	/*
	 * Trusted by name and key; own signature and times are not looked at. What an anchor says of itself (cA,
	 * keyUsage, pathLenConstraint, nameConstraints) is obeyed (RFC 5937).
	 */
	const struct hf_cert *anchors;
	size_t num_anchors;
	const struct hf_cert *pool; /* what may stand between, and certificates of CRL issuers; any order */
	size_t num_pool;
	const struct hf_crl *crls; /* complete, delta, partitioned, indirect; any order */
	size_t num_crls;
	enum hf_path_revocation revocation;
	int64_t at;
	/* The inputs of RFC 5280 6.1.1 c, e, f, g. No policies = any-policy. */
	const struct hf_bytes *policies; /* OID contents */
	size_t num_policies;
	bool explicit_policy, inhibit_mapping, inhibit_any;
	size_t max_certs; /* 0 = HF_PATH_CERTS_MAX, at most that */
	size_t max_work;  /* 0 = HF_PATH_WORK */
};

/* What was found; pointers are the caller's own objects. On refusal: of the path that came furthest. */
struct hf_path_result {
	const struct hf_cert *certs[HF_PATH_CERTS_MAX]; /* the target first; none when the target is an anchor itself */
	size_t num_certs;
	const struct hf_cert *anchor;                   /* NULL when none was reached */
	struct hf_bytes policies[HF_PATH_POLICIES_MAX]; /* the policies that are valid for the path and the user */
	size_t num_policies;
	bool any_policy;               /* and every other one */
	const char *clause;            /* "RFC 5280 6.1.3 a.2", why it is refused; NULL when it is valid */
	const struct hf_cert *at_cert; /* which certificate of the path, or NULL */
	size_t work;                   /* what it cost */
};

/*
 * Finds a valid path from target to an anchor. result is set in either case. Errors: HF_E_VERIFY, whose text is the
 * reason and its clause (that of the path that came furthest), HF_E_LIMIT (the work is used up).
 */
HF_MUST_USE bool hf_path_find(const struct hf_path_params *params, const struct hf_cert *target,
	struct hf_path_result *result, struct hf_err *err);

/*
 * Validates this path and no other: certs[0] is the target, each following one the issuer of the one before, the last
 * is issued by params->anchors[0], which is not among them. The pool is used for CRL issuers only. Errors: as above.
 */
HF_MUST_USE bool hf_path_validate(const struct hf_path_params *params, const struct hf_cert *const *certs,
	size_t num_certs, struct hf_path_result *result, struct hf_err *err);

#endif
