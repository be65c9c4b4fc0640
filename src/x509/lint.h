/*
 * Lint: the hard tests of GM/T 0015 and GM/T 0043 as one table of rules, run over what is about to be signed. A finding
 * of severity error stops the issuing: GM/T 0043 clause 8 fails a CA for any single item. A rule is one row and one
 * small function; to add one, add a row and a test that breaks it.
 */
#ifndef HUFU_X509_LINT_H
#define HUFU_X509_LINT_H

#include "x509/cert.h"
#include "x509/crl.h"
#include "x509/csr.h"
#include "x509/profile.h"

enum hf_severity { HF_LINT_WARNING, HF_LINT_ERROR };

/* What an object is held against; a rule names the kinds that it is for. */
enum hf_lint_kind {
	HF_LINT_ROOT = 1 << 0,
	HF_LINT_CA = 1 << 1,
	HF_LINT_SIGN = 1 << 2,
	HF_LINT_ENC = 1 << 3,
	HF_LINT_OCSP = 1 << 4, /* with HF_LINT_SIGN */
	HF_LINT_CRL = 1 << 5,
	HF_LINT_CSR = 1 << 6,
	HF_LINT_CERT = HF_LINT_ROOT | HF_LINT_CA | HF_LINT_SIGN | HF_LINT_ENC,
};

struct hf_lint_subject {
	const struct hf_cert *cert; /* the one of the three that the rule's kinds are of is set */
	const struct hf_crl *crl;
	const struct hf_csr *csr;
};

struct hf_lint_rule {
	const char *id; /* stable, "e_key_usage_sign" */
	enum hf_severity severity;
	unsigned kinds;  /* it is for these */
	unsigned except; /* but not where one of these is set too */
	const char *clause;
	const char *text;                                     /* the rule, as a sentence */
	bool (*check)(const struct hf_lint_subject *subject); /* true = kept */
};
/* The whole table, for docs and tests. */
const struct hf_lint_rule *hf_lint_rules(size_t *num);

struct hf_lint_report {
	void (*finding)(void *ctx, const struct hf_lint_rule *rule); /* NULL = nobody listens */
	void *ctx;
};

/* The kinds of a certificate of this profile. */
unsigned hf_lint_kinds(enum hf_profile profile);
/* The kinds that a certificate from elsewhere claims to be of, by its own extensions. */
unsigned hf_lint_kinds_of(const struct hf_cert *cert);

/* Every finding is reported; false with HF_E_INPUT and the first error's id and text if there is an error. */
HF_MUST_USE bool hf_lint_cert(
	const struct hf_cert *cert, unsigned kinds, const struct hf_lint_report *report, struct hf_err *err);
HF_MUST_USE bool hf_lint_crl(const struct hf_crl *crl, const struct hf_lint_report *report, struct hf_err *err);
HF_MUST_USE bool hf_lint_csr(const struct hf_csr *csr, const struct hf_lint_report *report, struct hf_err *err);
/* Decodes and lints an unsigned TBSCertificate: call it between hf_tbs_build and hf_signed_make. report may be NULL. */
HF_MUST_USE bool hf_lint_tbs(
	struct hf_bytes tbs, enum hf_profile profile, const struct hf_lint_report *report, struct hf_err *err);
/* A dual certificate: same subject, different serials and keys (GM/T 0043 6.3). Errors: HF_E_INPUT. */
HF_MUST_USE bool hf_lint_pair(const struct hf_cert *sign, const struct hf_cert *enc, struct hf_err *err);

#endif
