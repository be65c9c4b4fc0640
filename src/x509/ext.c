#include "x509/ext.h"

#include "base/str.h"
#include "crypto/sha1.h"
#include "crypto/sm2.h"

#include <stdalign.h>
#include <string.h>

#define EXTENSIONS_MAX 64    /* in one object; no real one has twenty */
#define VALUE_MAX      65536 /* octets of one value that we make */

/* What we understand: each must decode as its type, and one that is critical need not stop anybody. */
static const struct known {
	enum hf_oid oid;
	const struct hf_der_type *type;
} known[] = {
	{HF_OID_AUTHORITY_KEY_IDENTIFIER, &hf_AuthorityKeyIdentifier},
	{HF_OID_SUBJECT_KEY_IDENTIFIER, &hf_SubjectKeyIdentifier},
	{HF_OID_KEY_USAGE, &hf_KeyUsage},
	{HF_OID_PRIVATE_KEY_USAGE_PERIOD, &hf_PrivateKeyUsagePeriod},
	{HF_OID_SUBJECT_ALT_NAME, &hf_SubjectAltName},
	{HF_OID_ISSUER_ALT_NAME, &hf_SubjectAltName},
	{HF_OID_BASIC_CONSTRAINTS, &hf_BasicConstraints},
	{HF_OID_CRL_NUMBER, &hf_CRLNumber},
	{HF_OID_REASON_CODE, &hf_CRLReason},
	{HF_OID_INVALIDITY_DATE, &hf_InvalidityDate},
	{HF_OID_ISSUING_DISTRIBUTION_POINT, &hf_IssuingDistributionPoint},
	{HF_OID_CRL_DISTRIBUTION_POINTS, &hf_CRLDistributionPoints},
	{HF_OID_FRESHEST_CRL, &hf_CRLDistributionPoints},
	{HF_OID_CERTIFICATE_POLICIES, &hf_CertificatePolicies},
	{HF_OID_EXT_KEY_USAGE, &hf_ExtKeyUsage},
	{HF_OID_AUTHORITY_INFO_ACCESS, &hf_AuthorityInfoAccess},
	{HF_OID_SUBJECT_INFO_ACCESS, &hf_AuthorityInfoAccess},
	{HF_OID_OCSP_NOCHECK, &hf_OcspNoCheck},
	{HF_OID_NAME_CONSTRAINTS, &hf_NameConstraints},
	{HF_OID_POLICY_MAPPINGS, &hf_PolicyMappings},
	{HF_OID_POLICY_CONSTRAINTS, &hf_PolicyConstraints},
	{HF_OID_INHIBIT_ANY_POLICY, &hf_InhibitAnyPolicy},
	{HF_OID_DELTA_CRL_INDICATOR, &hf_CRLNumber},
	{HF_OID_CERTIFICATE_ISSUER, &hf_GeneralNames},
	/* The identity extensions occur in several shapes: see hf_identity_get. */
	{HF_OID_IDENTIFY_CODE, &hf_der_Any},
	{HF_OID_RESIDENT_ID, &hf_der_Any},
	{HF_OID_PASSPORT, &hf_der_Any},
	{HF_OID_INSURANCE_NUMBER, &hf_der_Any},
	{HF_OID_IC_REGISTRATION_NUMBER, &hf_der_Any},
	{HF_OID_ORGANIZATION_CODE, &hf_der_Any},
	{HF_OID_TAXATION_NUMBER, &hf_der_Any},
	{HF_OID_UNIFIED_SOCIAL_CREDIT_CODE, &hf_der_Any},
};
/* Obeyed by path validation and by nobody else. */
static const enum hf_oid path_only[] = {HF_OID_NAME_CONSTRAINTS, HF_OID_POLICY_MAPPINGS, HF_OID_POLICY_CONSTRAINTS,
	HF_OID_INHIBIT_ANY_POLICY, HF_OID_DELTA_CRL_INDICATOR, HF_OID_CERTIFICATE_ISSUER};

#define NUM_KNOWN (sizeof(known) / sizeof(known[0]))

static const struct known *find_known(struct hf_bytes oid)
{
	for (size_t i = 0; i < NUM_KNOWN; i++)
		if (hf_oid_is(oid, known[i].oid))
			return &known[i];
	return NULL;
}

static bool is_path_only(enum hf_oid oid)
{
	for (size_t i = 0; i < sizeof(path_only) / sizeof(path_only[0]); i++)
		if (path_only[i] == oid)
			return true;
	return false;
}

const struct hf_der_type *hf_ext_type(struct hf_bytes oid)
{
	const struct known *row = find_known(oid);

	return row ? row->type : NULL;
}

bool hf_ext_unknown_to_path(const struct hf_der_list *extensions)
{
	struct hf_der_list rest = *extensions;
	struct hf_extension extension;

	while (hf_der_list_next(&rest, &hf_Extension, &extension))
		if (extension.critical && !find_known(extension.extnID))
			return true;
	return false;
}

bool hf_key_usage_of(const struct hf_der_bits *bits, unsigned *usage, struct hf_err *err)
{
	const uint8_t *p = bits->bytes.p;
	size_t len = bits->bytes.len;

	*usage = 0;
	if (len < 1 || len > 2 || !(p[len - 1] & (1u << bits->unused)))
		return hf_fail(err, HF_E_INPUT,
			"keyUsage: a list of 1 to 9 named bits that ends with a one bit is needed (X.690 11.2.2)");
	for (unsigned bit = 0; bit < 8 * len; bit++)
		if (p[bit / 8] & (0x80u >> bit % 8))
			*usage |= 1u << bit;
	if (*usage > 0x1FF)
		return hf_fail(err, HF_E_INPUT, "keyUsage: a bit behind decipherOnly (RFC 5280 4.2.1.3)");
	return true;
}

struct hf_der_bits hf_key_usage_bits(unsigned usage, uint8_t octets[2])
{
	unsigned last = 0;

	memset(octets, 0, 2);
	for (unsigned bit = 0; bit < 9; bit++)
		if (usage & 1u << bit) {
			octets[bit / 8] |= (uint8_t)(0x80u >> bit % 8);
			last = bit;
		}
	return (struct hf_der_bits){.bytes = {octets, last / 8 + 1}, .unused = (uint8_t)(7 - last % 8)};
}

static const char *const reasons[HF_REASON_MAX + 1] = {
	[HF_REASON_UNSPECIFIED] = "unspecified",
	[HF_REASON_KEY_COMPROMISE] = "keyCompromise",
	[HF_REASON_CA_COMPROMISE] = "cACompromise",
	[HF_REASON_AFFILIATION_CHANGED] = "affiliationChanged",
	[HF_REASON_SUPERSEDED] = "superseded",
	[HF_REASON_CESSATION_OF_OPERATION] = "cessationOfOperation",
	[HF_REASON_CERTIFICATE_HOLD] = "certificateHold",
	[HF_REASON_REMOVE_FROM_CRL] = "removeFromCRL",
	[HF_REASON_PRIVILEGE_WITHDRAWN] = "privilegeWithdrawn",
	[HF_REASON_AA_COMPROMISE] = "aACompromise",
};

const char *hf_reason_name(int64_t reason)
{
	return reason < 0 || reason > HF_REASON_MAX ? NULL : reasons[reason];
}

int hf_reason_named(const char *name)
{
	for (int i = 0; i <= HF_REASON_MAX; i++)
		if (reasons[i] && hf_str_equal(reasons[i], name))
			return i;
	return -1;
}

bool hf_ext_find(const struct hf_der_list *extensions, enum hf_oid oid, struct hf_extension *out)
{
	struct hf_der_list rest = *extensions;
	struct hf_extension extension;

	while (hf_der_list_next(&rest, &hf_Extension, &extension))
		if (hf_oid_is(extension.extnID, oid)) {
			*out = extension;
			return true;
		}
	return false;
}

bool hf_ext_get(const struct hf_der_list *extensions, enum hf_oid oid, const struct hf_der_type *type, void *value,
	bool *there, struct hf_err *err)
{
	struct hf_extension extension;

	*there = hf_ext_find(extensions, oid, &extension);
	memset(value, 0, type->size);
	if (*there && !hf_der_decode(type, extension.extnValue, value, err))
		return hf_fail_in(err, "extension %s", hf_oid_name(extension.extnID));
	return true;
}

bool hf_ext_has_purpose(const struct hf_der_list *extensions, enum hf_oid purpose)
{
	struct hf_der_list purposes;
	struct hf_bytes oid;
	bool there;

	if (!hf_ext_get(extensions, HF_OID_EXT_KEY_USAGE, &hf_ExtKeyUsage, &purposes, &there, NULL) || !there)
		return false;
	while (hf_der_list_next(&purposes, &hf_der_Oid, &oid))
		if (hf_oid_is(oid, purpose))
			return true;
	return false;
}

static bool first_uri(struct hf_der_list names, struct hf_bytes *uri)
{
	struct hf_general_name name;

	while (hf_der_list_next(&names, &hf_GeneralName, &name))
		if (name.which == HF_GN_URI) {
			*uri = name.value;
			return true;
		}
	return false;
}

bool hf_ext_crl_uri(const struct hf_der_list *extensions, struct hf_bytes *uri)
{
	struct hf_distribution_point point;
	struct hf_der_list points;
	bool there;

	if (!hf_ext_get(extensions, HF_OID_CRL_DISTRIBUTION_POINTS, &hf_CRLDistributionPoints, &points, &there, NULL))
		return false;
	while (there && hf_der_list_next(&points, &hf_DistributionPoint, &point))
		if (point.has_name && point.distributionPoint.which == HF_DPN_FULL_NAME &&
			first_uri(point.distributionPoint.name, uri))
			return true;
	return false;
}

bool hf_ext_access_uri(const struct hf_der_list *extensions, enum hf_oid method, struct hf_bytes *uri)
{
	struct hf_access_description access;
	struct hf_der_list list;
	bool there;

	if (!hf_ext_get(extensions, HF_OID_AUTHORITY_INFO_ACCESS, &hf_AuthorityInfoAccess, &list, &there, NULL))
		return false;
	while (there && hf_der_list_next(&list, &hf_AccessDescription, &access))
		if (hf_oid_is(access.accessMethod, method) && access.accessLocation.which == HF_GN_URI) {
			*uri = access.accessLocation.value;
			return true;
		}
	return false;
}

/* The value decodes, and says something that its standard knows. */
static bool check_value(const struct hf_extension *extension, const struct hf_der_type *type, struct hf_err *err)
{
	union {
		max_align_t align;
		struct hf_der_bits bits;
		struct hf_basic_constraints constraints;
		struct hf_policy_constraints policies;
		int64_t number;
		uint8_t octets[256];
	} value;
	unsigned usage;

	HF_ASSERT(type->size <= sizeof(value));
	if (!hf_der_decode(type, extension->extnValue, &value, err))
		return false;
	if (type == &hf_KeyUsage)
		return hf_key_usage_of(&value.bits, &usage, err);
	if (type == &hf_CRLReason && !hf_reason_name(value.number))
		return hf_fail(
			err, HF_E_INPUT, "no reason has the number %lld (RFC 5280 5.3.1)", (long long)value.number);
	if (type == &hf_BasicConstraints && value.constraints.has_path_len &&
		(value.constraints.pathLenConstraint < 0 || value.constraints.pathLenConstraint > INT32_MAX))
		return hf_fail(err, HF_E_INPUT, "pathLenConstraint out of range (RFC 5280 4.2.1.9)");
	if ((type == &hf_InhibitAnyPolicy && value.number < 0) ||
		(type == &hf_PolicyConstraints &&
			(value.policies.requireExplicitPolicy < 0 || value.policies.inhibitPolicyMapping < 0)))
		return hf_fail(err, HF_E_INPUT, "a negative SkipCerts (RFC 5280 4.2.1.11)");
	return true;
}

bool hf_ext_check(const struct hf_der_list *extensions, bool *unknown_critical, struct hf_err *err)
{
	struct hf_bytes seen[EXTENSIONS_MAX];
	struct hf_der_list rest = *extensions;
	struct hf_extension extension;
	char text[HF_OID_TEXT_MAX];

	*unknown_critical = false;
	for (size_t num = 0; hf_der_list_next(&rest, &hf_Extension, &extension); num++) {
		if (num == EXTENSIONS_MAX)
			return hf_fail(err, HF_E_LIMIT, "more than %d extensions", EXTENSIONS_MAX);
		hf_oid_text(extension.extnID, text);
		for (size_t i = 0; i < num; i++)
			if (hf_bytes_equal(seen[i], extension.extnID))
				return hf_fail(err, HF_E_INPUT, "extension %s is there twice (RFC 5280 4.2)", text);
		seen[num] = extension.extnID;
		const struct known *row = find_known(extension.extnID);
		if (!row || is_path_only(row->oid))
			*unknown_critical |= extension.critical;
		if (row && !check_value(&extension, row->type, err))
			return hf_fail_in(err, "extension %s", hf_oid_name(extension.extnID));
	}
	return true;
}

bool hf_ext_put(struct hf_buf *content, enum hf_oid oid, bool critical, const struct hf_der_type *type,
	const void *value, struct hf_err *err)
{
	struct hf_buf der;

	hf_buf_init(&der, VALUE_MAX);
	bool ok = hf_der_encode(type, value, &der, err);
	if (ok) {
		struct hf_extension extension = {
			.extnID = hf_oid_bytes(oid), .critical = critical, .extnValue = hf_buf_bytes(&der)};
		ok = hf_der_list_add(content, &hf_Extension, &extension, err);
	} else {
		hf_fail_in(err, "extension %s", hf_oid_name(hf_oid_bytes(oid)));
	}
	hf_buf_clear(&der);
	return ok;
}

bool hf_ext_put_aki(struct hf_buf *content, struct hf_bytes key_id, struct hf_err *err)
{
	struct hf_aki aki = {.keyIdentifier = key_id};

	return hf_ext_put(content, HF_OID_AUTHORITY_KEY_IDENTIFIER, false, &hf_AuthorityKeyIdentifier, &aki, err);
}

bool hf_ext_put_ski(struct hf_buf *content, struct hf_bytes key_id, struct hf_err *err)
{
	return hf_ext_put(content, HF_OID_SUBJECT_KEY_IDENTIFIER, false, &hf_SubjectKeyIdentifier, &key_id, err);
}

bool hf_ext_put_key_usage(struct hf_buf *content, unsigned usage, struct hf_err *err)
{
	uint8_t octets[2];
	struct hf_der_bits bits = hf_key_usage_bits(usage, octets);

	return hf_ext_put(content, HF_OID_KEY_USAGE, true, &hf_KeyUsage, &bits, err);
}

static struct hf_general_name uri_name(const char *uri)
{
	return (struct hf_general_name){.which = HF_GN_URI, .value = hf_bytes_str(uri)};
}

bool hf_ext_put_crldp(struct hf_buf *content, const char *uri, struct hf_err *err)
{
	struct hf_general_name name = uri_name(uri);
	struct hf_buf names, points;
	bool ok = false;

	hf_buf_init(&names, VALUE_MAX);
	hf_buf_init(&points, VALUE_MAX);
	if (!hf_der_list_add(&names, &hf_GeneralName, &name, err))
		goto out;
	struct hf_distribution_point point = {
		.has_name = true, .distributionPoint = {HF_DPN_FULL_NAME, hf_der_list_of(&names)}};
	if (!hf_der_list_add(&points, &hf_DistributionPoint, &point, err))
		goto out;
	struct hf_der_list list = hf_der_list_of(&points);
	ok = hf_ext_put(content, HF_OID_CRL_DISTRIBUTION_POINTS, false, &hf_CRLDistributionPoints, &list, err);
out:
	hf_buf_clear(&points);
	hf_buf_clear(&names);
	return ok;
}

bool hf_ext_put_aia(struct hf_buf *content, const char *ocsp, const char *ca_issuers, struct hf_err *err)
{
	const struct {
		enum hf_oid method;
		const char *uri;
	} rows[] = {{HF_OID_AD_OCSP, ocsp}, {HF_OID_AD_CA_ISSUERS, ca_issuers}};
	struct hf_buf list;
	bool ok = true;

	hf_buf_init(&list, VALUE_MAX);
	for (size_t i = 0; ok && i < 2; i++) {
		if (!rows[i].uri)
			continue;
		struct hf_access_description access = {
			.accessMethod = hf_oid_bytes(rows[i].method), .accessLocation = uri_name(rows[i].uri)};
		ok = hf_der_list_add(&list, &hf_AccessDescription, &access, err);
	}
	struct hf_der_list value = hf_der_list_of(&list);
	ok = ok && hf_ext_put(content, HF_OID_AUTHORITY_INFO_ACCESS, false, &hf_AuthorityInfoAccess, &value, err);
	hf_buf_clear(&list);
	return ok;
}

bool hf_ext_put_purposes(struct hf_buf *content, const enum hf_oid *purposes, size_t num, struct hf_err *err)
{
	struct hf_buf list;
	bool ok = true;

	hf_buf_init(&list, VALUE_MAX);
	for (size_t i = 0; ok && i < num; i++) {
		struct hf_bytes oid = hf_oid_bytes(purposes[i]);
		ok = hf_der_list_add(&list, &hf_der_Oid, &oid, err);
	}
	struct hf_der_list value = hf_der_list_of(&list);
	ok = ok && hf_ext_put(content, HF_OID_EXT_KEY_USAGE, false, &hf_ExtKeyUsage, &value, err);
	hf_buf_clear(&list);
	return ok;
}

bool hf_ext_put_number(struct hf_buf *content, enum hf_oid oid, uint64_t number, struct hf_err *err)
{
	uint8_t octets[8], scratch[9];

	hf_put_u64(octets, number);
	struct hf_bytes value = hf_der_positive(octets, sizeof(octets), scratch);
	return hf_ext_put(content, oid, false, &hf_CRLNumber, &value, err);
}

bool hf_key_id(const uint8_t pub[64], uint8_t id[HF_KEY_ID_LEN], struct hf_err *err)
{
	uint8_t point[1 + HF_SM2_POINT] = {0x04};

	memcpy(point + 1, pub, HF_SM2_POINT);
	return hf_sha1(HF_BYTES_OF(point), id, err);
}
