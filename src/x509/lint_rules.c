/* The rules of lint.h: first what each looks at, then the table. */
#include "x509/lint.h"

#include "base/alloc.h"
#include "x509/decode.h"

#include <stdlib.h>

#define ENTITY (HF_LINT_SIGN | HF_LINT_ENC)
#define ANY_CA (HF_LINT_ROOT | HF_LINT_CA)

/* The criticality of an extension; absent counts as kept (another rule asks for presence). */
static bool has_criticality(const struct hf_der_list *extensions, enum hf_oid oid, bool critical)
{
	struct hf_extension extension;

	return !hf_ext_find(extensions, oid, &extension) || extension.critical == critical;
}

static bool is_there(const struct hf_lint_subject *subject, enum hf_oid oid)
{
	struct hf_extension extension;

	return hf_ext_find(&subject->cert->tbs.extensions, oid, &extension);
}

static const struct hf_der_list *extensions_of(const struct hf_lint_subject *subject)
{
	return &subject->cert->tbs.extensions;
}

/* Encoding what was decoded gives the same octets: times of the right type, and whatever else has two spellings. */
static bool encodes_back(const struct hf_der_type *type, const void *object, struct hf_bytes der)
{
	struct hf_buf buf;

	hf_buf_init(&buf, der.len + 64);
	bool ok = hf_der_encode(type, object, &buf, NULL) && hf_bytes_equal(hf_buf_bytes(&buf), der);
	hf_buf_clear(&buf);
	return ok;
}

static bool has_no_parameters(const struct hf_alg *alg)
{
	return !alg->parameters.p;
}

static bool cert_version(const struct hf_lint_subject *subject)
{
	return subject->cert->tbs.version == 2;
}

static bool cert_alg(const struct hf_lint_subject *subject)
{
	return hf_alg_is(&subject->cert->tbs.signature, HF_OID_SM2_SM3);
}

static bool cert_alg_parameters(const struct hf_lint_subject *subject)
{
	return has_no_parameters(&subject->cert->tbs.signature);
}

static bool cert_serial_length(const struct hf_lint_subject *subject)
{
	return subject->cert->tbs.serialNumber.len >= 8;
}

static bool cert_encodes_back(const struct hf_lint_subject *subject)
{
	return encodes_back(&hf_TBSCertificate, &subject->cert->tbs, subject->cert->tbs_der);
}

static bool cert_validity(const struct hf_lint_subject *subject)
{
	return subject->cert->tbs.validity.notBefore < subject->cert->tbs.validity.notAfter;
}

static bool cert_subject(const struct hf_lint_subject *subject)
{
	return hf_name_check_rules(subject->cert->tbs.subject, NULL);
}

static bool cert_issuer(const struct hf_lint_subject *subject)
{
	return hf_name_check_rules(subject->cert->tbs.issuer, NULL);
}

static bool cert_root_names(const struct hf_lint_subject *subject)
{
	return hf_cert_is_self_issued(subject->cert);
}

static bool cert_not_self_issued(const struct hf_lint_subject *subject)
{
	return !hf_cert_is_self_issued(subject->cert);
}

static bool cert_key(const struct hf_lint_subject *subject)
{
	return subject->cert->is_sm2;
}

static bool cert_key_identifier_oid(const struct hf_lint_subject *subject)
{
	return hf_oid_is(subject->cert->tbs.subjectPublicKeyInfo.algorithm.algorithm, HF_OID_EC_PUBLIC_KEY);
}

static bool cert_no_unique_ids(const struct hf_lint_subject *subject)
{
	return !subject->cert->tbs.issuerUniqueID.bytes.p && !subject->cert->tbs.subjectUniqueID.bytes.p;
}

static bool cert_known_critical(const struct hf_lint_subject *subject)
{
	return !subject->cert->unknown_critical;
}

static bool cert_ski(const struct hf_lint_subject *subject)
{
	return subject->cert->subject_key_id.len > 0;
}

static bool cert_ski_recomputed(const struct hf_lint_subject *subject)
{
	uint8_t id[HF_KEY_ID_LEN];

	return subject->cert->is_sm2 && hf_key_id(subject->cert->pub, id, NULL) &&
	       hf_bytes_equal(subject->cert->subject_key_id, HF_BYTES_OF(id));
}

static bool cert_aki(const struct hf_lint_subject *subject)
{
	return subject->cert->authority_key_id.len > 0;
}

static bool cert_aki_only_key(const struct hf_lint_subject *subject)
{
	struct hf_aki aki;
	bool there;

	return hf_ext_get(extensions_of(subject), HF_OID_AUTHORITY_KEY_IDENTIFIER, &hf_AuthorityKeyIdentifier, &aki,
		       &there, NULL) &&
	       !aki.authorityCertIssuer.content.p && !aki.authorityCertSerialNumber.p;
}

static bool cert_aki_is_ski(const struct hf_lint_subject *subject)
{
	return hf_bytes_equal(subject->cert->authority_key_id, subject->cert->subject_key_id);
}

static bool cert_usage_critical(const struct hf_lint_subject *subject)
{
	return has_criticality(extensions_of(subject), HF_OID_KEY_USAGE, true);
}

static bool cert_usage_sign(const struct hf_lint_subject *subject)
{
	return subject->cert->key_usage == HF_KU_SIGN;
}

static bool cert_usage_enc(const struct hf_lint_subject *subject)
{
	return subject->cert->key_usage == HF_KU_ENCRYPT;
}

static bool cert_usage_ca(const struct hf_lint_subject *subject)
{
	return subject->cert->key_usage == HF_KU_CA;
}

static bool cert_constraints_ca(const struct hf_lint_subject *subject)
{
	return subject->cert->is_ca;
}

static bool cert_constraints_critical(const struct hf_lint_subject *subject)
{
	return has_criticality(extensions_of(subject), HF_OID_BASIC_CONSTRAINTS, true);
}

static bool cert_not_ca(const struct hf_lint_subject *subject)
{
	return !subject->cert->is_ca;
}

static bool cert_no_constraints(const struct hf_lint_subject *subject)
{
	return !subject->cert->has_constraints;
}

static bool cert_crldp(const struct hf_lint_subject *subject)
{
	return is_there(subject, HF_OID_CRL_DISTRIBUTION_POINTS);
}

static bool cert_crldp_uri(const struct hf_lint_subject *subject)
{
	struct hf_bytes uri;

	return !is_there(subject, HF_OID_CRL_DISTRIBUTION_POINTS) || hf_ext_crl_uri(extensions_of(subject), &uri);
}

static bool cert_aia_issuers(const struct hf_lint_subject *subject)
{
	struct hf_bytes uri;

	return !is_there(subject, HF_OID_AUTHORITY_INFO_ACCESS) ||
	       hf_ext_access_uri(extensions_of(subject), HF_OID_AD_CA_ISSUERS, &uri);
}

static bool cert_quiet_extensions(const struct hf_lint_subject *subject)
{
	static const enum hf_oid never_critical[] = {HF_OID_AUTHORITY_KEY_IDENTIFIER, HF_OID_SUBJECT_KEY_IDENTIFIER,
		HF_OID_CRL_DISTRIBUTION_POINTS, HF_OID_AUTHORITY_INFO_ACCESS, HF_OID_SUBJECT_ALT_NAME,
		HF_OID_CERTIFICATE_POLICIES, HF_OID_PRIVATE_KEY_USAGE_PERIOD, HF_OID_OCSP_NOCHECK, HF_OID_IDENTIFY_CODE,
		HF_OID_RESIDENT_ID, HF_OID_PASSPORT, HF_OID_INSURANCE_NUMBER, HF_OID_IC_REGISTRATION_NUMBER,
		HF_OID_ORGANIZATION_CODE, HF_OID_TAXATION_NUMBER, HF_OID_UNIFIED_SOCIAL_CREDIT_CODE};

	for (size_t i = 0; i < sizeof(never_critical) / sizeof(never_critical[0]); i++)
		if (!has_criticality(extensions_of(subject), never_critical[i], false))
			return false;
	return true;
}

static bool cert_no_ocsp_power(const struct hf_lint_subject *subject)
{
	return !hf_ext_has_purpose(extensions_of(subject), HF_OID_KP_OCSP_SIGNING) &&
	       !is_there(subject, HF_OID_OCSP_NOCHECK);
}

static bool cert_ocsp_power(const struct hf_lint_subject *subject)
{
	return hf_ext_has_purpose(extensions_of(subject), HF_OID_KP_OCSP_SIGNING) &&
	       is_there(subject, HF_OID_OCSP_NOCHECK);
}

static bool cert_enc_purposes(const struct hf_lint_subject *subject)
{
	return !hf_ext_has_purpose(extensions_of(subject), HF_OID_KP_CODE_SIGNING) &&
	       !hf_ext_has_purpose(extensions_of(subject), HF_OID_KP_TIME_STAMPING);
}

static bool cert_usage_period(const struct hf_lint_subject *subject)
{
	const struct hf_validity *validity = &subject->cert->tbs.validity;
	struct hf_private_key_usage_period period;
	bool there;

	return hf_ext_get(extensions_of(subject), HF_OID_PRIVATE_KEY_USAGE_PERIOD, &hf_PrivateKeyUsagePeriod, &period,
		       &there, NULL) &&
	       (!period.has_not_before || period.notBefore >= validity->notBefore) &&
	       (!period.has_not_after || period.notAfter <= validity->notAfter);
}

static bool crl_version(const struct hf_lint_subject *subject)
{
	return subject->crl->tbs.has_version;
}

static bool crl_alg(const struct hf_lint_subject *subject)
{
	return hf_alg_is(&subject->crl->tbs.signature, HF_OID_SM2_SM3);
}

static bool crl_alg_parameters(const struct hf_lint_subject *subject)
{
	return has_no_parameters(&subject->crl->tbs.signature);
}

static bool crl_encodes_back(const struct hf_lint_subject *subject)
{
	return encodes_back(&hf_TBSCertList, &subject->crl->tbs, subject->crl->tbs_der);
}

static bool crl_issuer(const struct hf_lint_subject *subject)
{
	return hf_name_check_rules(subject->crl->tbs.issuer, NULL);
}

static bool crl_next_update(const struct hf_lint_subject *subject)
{
	return subject->crl->tbs.has_next_update && subject->crl->tbs.nextUpdate > subject->crl->tbs.thisUpdate;
}

static bool crl_aki(const struct hf_lint_subject *subject)
{
	return subject->crl->authority_key_id.len > 0;
}

static bool crl_number(const struct hf_lint_subject *subject)
{
	return subject->crl->number.len > 0;
}

static bool crl_number_positive(const struct hf_lint_subject *subject)
{
	struct hf_bytes number = subject->crl->number;

	return number.len > 1 || (number.len == 1 && number.p[0] != 0);
}

static bool crl_known_critical(const struct hf_lint_subject *subject)
{
	return !subject->crl->unknown_critical;
}

static bool crl_entry_dates(const struct hf_lint_subject *subject)
{
	struct hf_der_list rest = subject->crl->tbs.revokedCertificates;
	struct hf_crl_entry entry;

	while (hf_crl_next(&rest, &entry))
		if (entry.revoked_at > subject->crl->tbs.thisUpdate)
			return false;
	return true;
}

static bool crl_entry_reasons(const struct hf_lint_subject *subject)
{
	struct hf_der_list rest = subject->crl->tbs.revokedCertificates;
	struct hf_crl_entry entry;

	while (hf_crl_next(&rest, &entry))
		if (entry.reason == HF_REASON_REMOVE_FROM_CRL && !subject->crl->is_delta)
			return false;
	return true;
}

static int order_serials(const void *a, const void *b)
{
	return hf_bytes_order(*(const struct hf_bytes *)a, *(const struct hf_bytes *)b);
}

static bool crl_unique(const struct hf_lint_subject *subject)
{
	struct hf_der_list rest = subject->crl->tbs.revokedCertificates;
	struct hf_bytes *serials = hf_alloc(rest.num, sizeof(*serials));
	struct hf_crl_entry entry;
	size_t num = 0;
	bool ok = true;

	while (hf_crl_next(&rest, &entry))
		serials[num++] = entry.serial;
	qsort(serials, num, sizeof(*serials), order_serials);
	for (size_t i = 1; ok && i < num; i++)
		ok = !hf_bytes_equal(serials[i - 1], serials[i]);
	free(serials);
	return ok;
}

static bool csr_subject(const struct hf_lint_subject *subject)
{
	return hf_name_check_rules(subject->csr->info.subject, NULL);
}

static bool csr_alg(const struct hf_lint_subject *subject)
{
	return !subject->csr->der.p || hf_alg_is(&subject->csr->signatureAlgorithm, HF_OID_SM2_SM3);
}

static bool csr_possession(const struct hf_lint_subject *subject)
{
	return !subject->csr->der.p || hf_csr_verify(subject->csr, NULL);
}

#define RULE(name, level, for_kinds, where, sentence, ...)                                                             \
	{                                                                                                              \
		.id = (name), .severity = HF_LINT_##level, .kinds = (for_kinds), .clause = (where),                    \
		.text = (sentence), .check = __VA_ARGS__                                                               \
	}
static const struct hf_lint_rule rules[] = {
	RULE("e_version", ERROR, HF_LINT_CERT, "GM/T 0043-2015 6.3", "the version is v3", cert_version),
	RULE("e_alg", ERROR, HF_LINT_CERT, "GM/T 0043-2015 6.3", "the signature algorithm is 1.2.156.10197.1.501",
		cert_alg),
	RULE("w_alg_parameters", WARNING, HF_LINT_CERT, "GM/T 0092 6.2", "the signature algorithm has no parameters",
		cert_alg_parameters),
	RULE("w_serial_length", WARNING, HF_LINT_CERT, "CA/Browser BR 7.1",
		"the serial number is at least 64 bits long", cert_serial_length),
	RULE("e_encoding", ERROR, HF_LINT_CERT, "RFC 5280 4.1.2.5",
		"times are UTCTime through 2049, and encoding again gives the same octets", cert_encodes_back),
	RULE("e_validity", ERROR, HF_LINT_CERT, "GM/T 0043-2015 6.3", "notBefore is before notAfter", cert_validity),
	RULE("e_subject", ERROR, HF_LINT_CERT, "GM/T 0043-2015 6.1",
		"the subject has C, ST, L, O, OU, CN in this order; C PrintableString, E IA5String, the rest "
		"UTF8String",
		cert_subject),
	RULE("w_issuer", WARNING, HF_LINT_CERT, "GM/T 0043-2015 6.1", "the issuer's name keeps the subject's rules",
		cert_issuer),
	RULE("e_root_names", ERROR, HF_LINT_ROOT, "GM/T 0015 C.1", "a root's issuer is its subject", cert_root_names),
	RULE("e_self_issued", ERROR, HF_LINT_CA | ENTITY, "RFC 5280 6.1", "only a root's subject is its issuer",
		cert_not_self_issued),
	RULE("e_key", ERROR, HF_LINT_CERT, "GM/T 0015", "the key is an SM2 key", cert_key),
	RULE("w_key_oid", WARNING, HF_LINT_CERT, "GM/T 0015",
		"the key's algorithm is ecPublicKey with the SM2 curve as its parameter", cert_key_identifier_oid),
	RULE("e_unique_ids", ERROR, HF_LINT_CERT, "RFC 5280 4.1.2.8", "there are no unique identifiers",
		cert_no_unique_ids),
	RULE("e_known_critical", ERROR, HF_LINT_CERT, "RFC 5280 4.2", "every critical extension is known",
		cert_known_critical),
	RULE("e_ski", ERROR, HF_LINT_CERT, "GM/T 0043-2015 6.3", "subjectKeyIdentifier is there", cert_ski),
	RULE("e_ski_value", ERROR, HF_LINT_CERT, "GM/T 0043-2015 6.3",
		"subjectKeyIdentifier is the SHA-1 of the key's bits", cert_ski_recomputed),
	RULE("e_aki", ERROR, HF_LINT_CERT, "GM/T 0043-2015 6.3",
		"authorityKeyIdentifier is there, with a keyIdentifier", cert_aki),
	RULE("w_aki_only_key", WARNING, HF_LINT_CERT, "GM/T 0015",
		"authorityKeyIdentifier holds the keyIdentifier only", cert_aki_only_key),
	RULE("e_root_aki", ERROR, HF_LINT_ROOT, "GM/T 0015 C.1",
		"a root's authorityKeyIdentifier is its subjectKeyIdentifier", cert_aki_is_ski),
	RULE("e_usage_critical", ERROR, HF_LINT_CERT, "GM/T 0015 A.3", "keyUsage is critical", cert_usage_critical),
	RULE("e_usage_sign", ERROR, HF_LINT_SIGN, "GM/T 0043-2015 6.3",
		"keyUsage is exactly digitalSignature and nonRepudiation", cert_usage_sign),
	RULE("e_usage_enc", ERROR, HF_LINT_ENC, "GM/T 0043-2015 6.3",
		"keyUsage is exactly keyEncipherment, dataEncipherment and keyAgreement", cert_usage_enc),
	RULE("e_usage_ca", ERROR, ANY_CA, "GM/T 0015 C.1, C.2", "keyUsage is exactly keyCertSign and cRLSign",
		cert_usage_ca),
	RULE("e_constraints_ca", ERROR, ANY_CA, "GM/T 0015 C.1, C.2", "basicConstraints says cA", cert_constraints_ca),
	RULE("e_constraints_critical", ERROR, ANY_CA, "GM/T 0015 A.3", "basicConstraints is critical",
		cert_constraints_critical),
	RULE("e_not_ca", ERROR, ENTITY, "RFC 5280 4.2.1.9", "only a CA's basicConstraints says cA", cert_not_ca),
	RULE("w_no_constraints", WARNING, ENTITY, "GM/T 0015",
		"an end entity has no basicConstraints (some readers refuse the empty one)", cert_no_constraints),
	RULE("e_crldp", ERROR, HF_LINT_CA | ENTITY, "GM/T 0043-2015 6.3", "cRLDistributionPoints is there", cert_crldp,
		.except = HF_LINT_OCSP),
	RULE("e_crldp_uri", ERROR, HF_LINT_CERT, "GM/T 0043-2015 6.3", "cRLDistributionPoints names a URI",
		cert_crldp_uri),
	RULE("w_aia_issuers", WARNING, HF_LINT_CA | ENTITY, "GM/T 0043-2015 6.3",
		"authorityInfoAccess, if there, says where the issuer's certificate is", cert_aia_issuers),
	RULE("e_quiet_extensions", ERROR, HF_LINT_CERT, "GM/T 0015 A.3",
		"identifiers, addresses, names, policies and identities are not critical", cert_quiet_extensions),
	RULE("e_no_ocsp_power", ERROR, HF_LINT_CERT, "RFC 6960 4.2.2.2",
		"only a responder's certificate has OCSPSigning or OCSP nocheck", cert_no_ocsp_power,
		.except = HF_LINT_OCSP),
	RULE("e_ocsp_power", ERROR, HF_LINT_OCSP, "RFC 6960 4.2.2.2",
		"a responder's certificate has OCSPSigning and OCSP nocheck", cert_ocsp_power),
	RULE("e_enc_purposes", ERROR, HF_LINT_ENC, "GM/T 0043-2015 6.3",
		"extKeyUsage of an encryption certificate names no signing purpose", cert_enc_purposes),
	RULE("e_usage_period", ERROR, HF_LINT_CERT, "GM/T 0043-2015 6.3",
		"privateKeyUsagePeriod lies within the validity", cert_usage_period),
	RULE("e_crl_version", ERROR, HF_LINT_CRL, "GM/T 0043-2015 6.4", "the version is v2", crl_version),
	RULE("e_crl_alg", ERROR, HF_LINT_CRL, "GM/T 0043-2015 6.4", "the signature algorithm is 1.2.156.10197.1.501",
		crl_alg),
	RULE("w_crl_alg_parameters", WARNING, HF_LINT_CRL, "GM/T 0092 6.2", "the signature algorithm has no parameters",
		crl_alg_parameters),
	RULE("e_crl_encoding", ERROR, HF_LINT_CRL, "RFC 5280 5.1.2.4",
		"times are UTCTime through 2049, and encoding again gives the same octets", crl_encodes_back),
	RULE("w_crl_issuer", WARNING, HF_LINT_CRL, "GM/T 0043-2015 6.4", "the issuer's name keeps the rules for names",
		crl_issuer),
	RULE("e_crl_next_update", ERROR, HF_LINT_CRL, "GM/T 0015 C.5", "nextUpdate is there, behind thisUpdate",
		crl_next_update),
	RULE("e_crl_aki", ERROR, HF_LINT_CRL, "GM/T 0015 C.5", "authorityKeyIdentifier is there", crl_aki),
	RULE("e_crl_number", ERROR, HF_LINT_CRL, "GM/T 0015 C.5", "cRLNumber is there", crl_number),
	RULE("w_crl_number_positive", WARNING, HF_LINT_CRL, "RFC 5280 5.2.3", "cRLNumber counts up from 1",
		crl_number_positive),
	RULE("e_crl_known_critical", ERROR, HF_LINT_CRL, "RFC 5280 5.2", "every critical extension is known",
		crl_known_critical),
	RULE("e_crl_entry_dates", ERROR, HF_LINT_CRL, "RFC 5280 5.1.2.6", "no entry is later than thisUpdate",
		crl_entry_dates),
	RULE("e_crl_entry_reasons", ERROR, HF_LINT_CRL, "RFC 5280 5.3.1", "removeFromCRL occurs in delta lists only",
		crl_entry_reasons),
	RULE("e_crl_unique", ERROR, HF_LINT_CRL, "RFC 5280 5.1.2.6", "no serial number is listed twice", crl_unique),
	RULE("e_csr_subject", ERROR, HF_LINT_CSR, "GM/T 0043-2015 6.1",
		"the subject has C, ST, L, O, OU, CN in this order; C PrintableString, E IA5String, the rest "
		"UTF8String",
		csr_subject),
	RULE("e_csr_alg", ERROR, HF_LINT_CSR, "GM/T 0043-2015 5", "the signature algorithm is 1.2.156.10197.1.501",
		csr_alg),
	RULE("e_csr_possession", ERROR, HF_LINT_CSR, "RFC 2986 4.2", "the request is signed with the key inside",
		csr_possession),
};

const struct hf_lint_rule *hf_lint_rules(size_t *num)
{
	*num = sizeof(rules) / sizeof(rules[0]);
	return rules;
}
