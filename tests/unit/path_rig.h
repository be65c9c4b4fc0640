/*
 * Certificates and lists of any shape for tests of path validation: the extensions are the test's own, the keys are
 * fixed (x509_fixture.h), the encoder and the decoder are ours.
 */
#ifndef HUFU_TESTS_UNIT_PATH_RIG_H
#define HUFU_TESTS_UNIT_PATH_RIG_H

#include "x509_fixture.h"

#include "base/str.h"
#include "x509/path.h"

struct path_cert {
	struct hf_sm2_key key;
	uint8_t serial;
	struct hf_buf name, extensions, tbs, der;
	struct hf_cert cert;
};

static inline struct hf_bytes path_oid(const char *dotted, struct hf_buf *buf)
{
	struct hf_err err;

	hf_buf_init(buf, 64);
	assert_ok(hf_oid_parse(dotted, buf, &err));
	return hf_buf_bytes(buf);
}

/* Starts a certificate: key n, subject "CN=cn,O=虎符,C=CN"; extensions are put before it is issued. */
static inline void path_begin(struct path_cert *c, uint8_t n, const char *cn)
{
	*c = (struct path_cert){.key = fix_key(n), .serial = n};
	fix_name(cn, &c->name);
	hf_buf_init(&c->extensions, HF_CERT_MAX);
}

static inline void path_put(
	struct path_cert *c, enum hf_oid oid, bool critical, const struct hf_der_type *type, const void *value)
{
	struct hf_err err;

	assert_ok(hf_ext_put(&c->extensions, oid, critical, type, value, &err));
}

static inline void path_put_ca(struct path_cert *c, int path_len)
{
	struct hf_basic_constraints constraints = {
		.cA = true, .has_path_len = path_len >= 0, .pathLenConstraint = path_len};
	struct hf_err err;

	path_put(c, HF_OID_BASIC_CONSTRAINTS, true, &hf_BasicConstraints, &constraints);
	assert_ok(hf_ext_put_key_usage(&c->extensions, HF_KU_CA, &err));
}

/* "1.2.3 1.2.4", at most eight. */
static inline void path_put_policies(struct path_cert *c, const char *dotted)
{
	char one[64];
	struct hf_buf list, oid;
	struct hf_err err;

	hf_buf_init(&list, HF_CERT_MAX);
	while (*dotted) {
		size_t len = strcspn(dotted, " ");

		hf_fmt_cut(one, sizeof(one), "%.*s", (int)len, dotted);
		struct hf_policy_information policy = {.policyIdentifier = path_oid(one, &oid)};
		assert_ok(hf_der_list_add(&list, &hf_PolicyInformation, &policy, &err));
		hf_buf_clear(&oid);
		dotted += len + (dotted[len] == ' ');
	}
	struct hf_der_list value = hf_der_list_of(&list);
	path_put(c, HF_OID_CERTIFICATE_POLICIES, false, &hf_CertificatePolicies, &value);
	hf_buf_clear(&list);
}

static inline void path_put_mapping(struct path_cert *c, const char *from, const char *to)
{
	struct hf_buf list, x, y;
	struct hf_err err;

	hf_buf_init(&list, 1024);
	struct hf_policy_mapping mapping = {path_oid(from, &x), path_oid(to, &y)};
	assert_ok(hf_der_list_add(&list, &hf_PolicyMapping, &mapping, &err));
	struct hf_der_list value = hf_der_list_of(&list);
	path_put(c, HF_OID_POLICY_MAPPINGS, true, &hf_PolicyMappings, &value);
	hf_buf_clear(&list);
	hf_buf_clear(&x);
	hf_buf_clear(&y);
}

static inline void path_put_san(struct path_cert *c, const struct hf_general_name *name)
{
	struct hf_buf list;
	struct hf_err err;

	hf_buf_init(&list, 1024);
	assert_ok(hf_der_list_add(&list, &hf_GeneralName, name, &err));
	struct hf_der_list value = hf_der_list_of(&list);
	path_put(c, HF_OID_SUBJECT_ALT_NAME, false, &hf_SubjectAltName, &value);
	hf_buf_clear(&list);
}

static inline void path_put_constraint(struct path_cert *c, bool permitted, const struct hf_general_subtree *tree)
{
	struct hf_name_constraints constraints = {.permittedSubtrees = {.num = 0}};
	struct hf_buf list;
	struct hf_err err;

	hf_buf_init(&list, 1024);
	assert_ok(hf_der_list_add(&list, &hf_GeneralSubtree, tree, &err));
	*(permitted ? &constraints.permittedSubtrees : &constraints.excludedSubtrees) = hf_der_list_of(&list);
	path_put(c, HF_OID_NAME_CONSTRAINTS, true, &hf_NameConstraints, &constraints);
	hf_buf_clear(&list);
}

/* issuer NULL: self-signed. */
static inline void path_issue_as(struct path_cert *c, struct hf_bytes issuer_name, struct hf_sm2_key *issuer_key)
{
	struct hf_signer signer = fix_signer(issuer_key);
	uint8_t point[HF_SM2_POINT_DER];
	struct hf_err err;
	struct hf_tbs_cert tbs = {
		.version = 2,
		.serialNumber = {&c->serial, 1},
		.signature = hf_alg_of(HF_OID_SM2_SM3),
		.issuer = issuer_name,
		.validity = {FIX_NOW - HF_DAY, FIX_NOW + 365 * HF_DAY},
		.subject = hf_buf_bytes(&c->name),
		.subjectPublicKeyInfo = hf_spki_of(c->key.pub, point),
		.extensions = c->extensions.len ? hf_der_list_of(&c->extensions) : (struct hf_der_list){{0}, 0},
	};

	hf_buf_init(&c->tbs, HF_CERT_MAX);
	hf_buf_init(&c->der, HF_CERT_MAX);
	assert_ok(hf_der_encode(&hf_TBSCertificate, &tbs, &c->tbs, &err));
	struct hf_bytes view = hf_buf_bytes(&c->tbs);
	assert_ok(hf_signed_make(&signer, &view, 1, &c->der, &err));
	assert_ok(hf_decode_cert_foreign(hf_buf_bytes(&c->der), &c->cert, &err));
}

static inline void path_issue(struct path_cert *c, struct path_cert *issuer)
{
	path_issue_as(c, hf_buf_bytes(issuer ? &issuer->name : &c->name), issuer ? &issuer->key : &c->key);
}

/* A CA with nothing special. */
static inline void path_ca(struct path_cert *c, uint8_t n, const char *cn, struct path_cert *issuer)
{
	path_begin(c, n, cn);
	path_put_ca(c, -1);
	path_issue(c, issuer);
}

static inline void path_leaf(struct path_cert *c, uint8_t n, const char *cn, struct path_cert *issuer)
{
	path_begin(c, n, cn);
	path_issue(c, issuer);
}

static inline void path_clear(struct path_cert *c)
{
	hf_buf_clear(&c->name);
	hf_buf_clear(&c->extensions);
	hf_buf_clear(&c->tbs);
	hf_buf_clear(&c->der);
}

struct path_crl {
	struct hf_buf entries, extensions, entry, tbs, der;
	struct hf_crl crl;
};

static inline void path_crl_begin(struct path_crl *c, uint64_t number)
{
	struct hf_err err;

	*c = (struct path_crl){0};
	hf_buf_init(&c->entries, HF_CERT_MAX);
	hf_buf_init(&c->extensions, HF_CERT_MAX);
	hf_buf_init(&c->entry, HF_CERT_MAX);
	assert_ok(hf_ext_put_number(&c->extensions, HF_OID_CRL_NUMBER, number, &err));
}

/* reason 0: none; issuer: certificateIssuer, or none. */
static inline void path_crl_entry(struct path_crl *c, uint8_t serial, int64_t reason, struct hf_bytes issuer)
{
	struct hf_revoked revoked = {.userCertificate = {&serial, 1}, .revocationDate = FIX_NOW - HF_HOUR};
	struct hf_buf names;
	struct hf_err err;

	hf_buf_reset(&c->entry);
	hf_buf_init(&names, HF_CERT_MAX);
	if (reason)
		assert_ok(hf_ext_put(&c->entry, HF_OID_REASON_CODE, false, &hf_CRLReason, &reason, &err));
	if (issuer.p) {
		struct hf_general_name name = {.which = HF_GN_DIRECTORY_NAME, .value = issuer};

		assert_ok(hf_der_list_add(&names, &hf_GeneralName, &name, &err));
		struct hf_der_list list = hf_der_list_of(&names);
		assert_ok(hf_ext_put(&c->entry, HF_OID_CERTIFICATE_ISSUER, true, &hf_GeneralNames, &list, &err));
	}
	if (c->entry.len)
		revoked.crlEntryExtensions = hf_der_list_of(&c->entry);
	assert_ok(hf_der_list_add(&c->entries, &hf_RevokedCertificate, &revoked, &err));
	hf_buf_clear(&names);
}

static inline void path_crl_idp(struct path_crl *c, const struct hf_issuing_distribution_point *idp)
{
	struct hf_err err;

	assert_ok(hf_ext_put(
		&c->extensions, HF_OID_ISSUING_DISTRIBUTION_POINT, true, &hf_IssuingDistributionPoint, idp, &err));
}

static inline void path_crl_delta(struct path_crl *c, uint64_t base)
{
	uint8_t octets[8], scratch[9];
	struct hf_err err;

	hf_put_u64(octets, base);
	struct hf_bytes number = hf_der_positive(octets, sizeof(octets), scratch);
	assert_ok(hf_ext_put(&c->extensions, HF_OID_DELTA_CRL_INDICATOR, true, &hf_CRLNumber, &number, &err));
}

static inline void path_crl_issue(struct path_crl *c, struct path_cert *issuer)
{
	struct hf_signer signer = fix_signer(&issuer->key);
	struct hf_err err;
	struct hf_tbs_crl tbs = {
		.has_version = true,
		.version = 1,
		.signature = hf_alg_of(HF_OID_SM2_SM3),
		.issuer = hf_buf_bytes(&issuer->name),
		.thisUpdate = FIX_NOW - HF_HOUR,
		.has_next_update = true,
		.nextUpdate = FIX_NOW + HF_DAY,
		.crlExtensions = hf_der_list_of(&c->extensions),
	};

	if (c->entries.len)
		tbs.revokedCertificates = hf_der_list_of(&c->entries);
	hf_buf_init(&c->tbs, HF_CERT_MAX);
	hf_buf_init(&c->der, HF_CERT_MAX);
	assert_ok(hf_der_encode(&hf_TBSCertList, &tbs, &c->tbs, &err));
	struct hf_bytes view = hf_buf_bytes(&c->tbs);
	assert_ok(hf_signed_make(&signer, &view, 1, &c->der, &err));
	assert_ok(hf_decode_crl_foreign(hf_buf_bytes(&c->der), &c->crl, &err));
}

static inline void path_crl_clear(struct path_crl *c)
{
	hf_buf_clear(&c->entries);
	hf_buf_clear(&c->extensions);
	hf_buf_clear(&c->entry);
	hf_buf_clear(&c->tbs);
	hf_buf_clear(&c->der);
}

#endif
