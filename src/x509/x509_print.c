/*
 * Certificates, requests and lists for people: one line a field, names small first, times in UTC, known extensions by
 * what they mean and unknown ones in hex. What the objects say is never taken as it stands: names, URIs and identities
 * pass the escapes of name_text.c and der_print.c.
 */
#include "x509/decode.h"

#include "base/clock.h"
#include "base/hex.h"
#include "base/str.h"

#include <stdalign.h>
#include <string.h>

static void pad(struct hf_buf *out, unsigned indent)
{
	for (unsigned i = 0; i < indent; i++)
		hf_buf_put_str(out, "    ");
}

static void put_time(const char *label, int64_t at, struct hf_buf *out)
{
	char text[HF_TIME_TEXT_MAX];

	hf_time_text(at, false, text);
	hf_buf_printf(out, "    %s: %s\n", label, text);
}

static void put_name(const char *label, struct hf_bytes name, struct hf_buf *out)
{
	hf_buf_printf(out, "    %s: ", label);
	hf_name_text(name, HF_NAME_SMALL_FIRST, out);
	hf_buf_put_str(out, "\n");
}

static void put_hex(const char *label, struct hf_bytes octets, struct hf_buf *out)
{
	hf_buf_printf(out, "    %s: ", label);
	hf_hex_put(out, octets);
	hf_buf_put_str(out, "\n");
}

static void put_oid(struct hf_bytes oid, struct hf_buf *out)
{
	char text[HF_OID_TEXT_MAX];
	const char *name = hf_oid_name(oid);

	hf_oid_text(oid, text);
	hf_buf_put_str(out, name ? name : text);
}

static void put_alg(const char *label, const struct hf_alg *alg, struct hf_buf *out)
{
	hf_buf_printf(out, "    %s: ", label);
	put_oid(alg->algorithm, out);
	if (alg->parameters.p) {
		hf_buf_put_str(out, alg->parameters.len == 2 ? " with NULL" : " with ");
		if (alg->parameters.len != 2)
			hf_hex_put(out, alg->parameters);
	}
	hf_buf_put_str(out, "\n");
}

static void put_key(const struct hf_spki *spki, struct hf_buf *out)
{
	hf_buf_put_str(out, "    key: ");
	put_oid(spki->algorithm.algorithm, out);
	hf_buf_put_str(out, hf_spki_is_sm2(spki) ? " on the SM2 curve " : " ");
	hf_hex_put(out, spki->subjectPublicKey.bytes);
	hf_buf_put_str(out, "\n");
}

static void print_usage(const void *value, struct hf_buf *out)
{
	static const char *const names[] = {"digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment",
		"keyAgreement", "keyCertSign", "cRLSign", "encipherOnly", "decipherOnly"};
	const char *separator = "";
	unsigned usage;

	if (!hf_key_usage_of(value, &usage, NULL))
		return;
	for (unsigned bit = 0; bit < 9; bit++)
		if (usage & 1u << bit) {
			hf_buf_printf(out, "%s%s", separator, names[bit]);
			separator = ", ";
		}
}

static void print_octets(const void *value, struct hf_buf *out)
{
	hf_hex_put(out, *(const struct hf_bytes *)value);
}

static void print_names(struct hf_der_list names, struct hf_buf *out)
{
	struct hf_general_name name;

	for (bool first = true; hf_der_list_next(&names, &hf_GeneralName, &name); first = false) {
		hf_buf_put_str(out, first ? "" : ", ");
		hf_general_name_text(&name, out);
	}
}

static void print_aki(const void *value, struct hf_buf *out)
{
	const struct hf_aki *aki = value;

	hf_hex_put(out, aki->keyIdentifier);
	if (aki->authorityCertIssuer.content.p) {
		hf_buf_put_str(out, " issuer ");
		print_names(aki->authorityCertIssuer, out);
	}
	if (aki->authorityCertSerialNumber.p) {
		hf_buf_put_str(out, " serial ");
		hf_hex_put(out, aki->authorityCertSerialNumber);
	}
}

static void print_constraints(const void *value, struct hf_buf *out)
{
	const struct hf_basic_constraints *constraints = value;

	hf_buf_put_str(out, constraints->cA ? "cA" : "no CA");
	if (constraints->has_path_len)
		hf_buf_printf(out, ", pathLenConstraint %lld", (long long)constraints->pathLenConstraint);
}

static void print_purposes(const void *value, struct hf_buf *out)
{
	struct hf_der_list rest = *(const struct hf_der_list *)value;
	struct hf_bytes oid;

	for (bool first = true; hf_der_list_next(&rest, &hf_der_Oid, &oid); first = false) {
		hf_buf_put_str(out, first ? "" : ", ");
		put_oid(oid, out);
	}
}

static void print_alt_names(const void *value, struct hf_buf *out)
{
	print_names(*(const struct hf_der_list *)value, out);
}

static void print_point_name(const struct hf_distribution_point_name *name, struct hf_buf *out)
{
	if (name->which == HF_DPN_FULL_NAME) {
		print_names(name->name, out);
	} else {
		hf_buf_put_str(out, "relative #");
		hf_hex_put(out, name->name.content);
	}
}

static void print_points(const void *value, struct hf_buf *out)
{
	struct hf_der_list rest = *(const struct hf_der_list *)value;
	struct hf_distribution_point point;

	for (bool first = true; hf_der_list_next(&rest, &hf_DistributionPoint, &point); first = false) {
		hf_buf_put_str(out, first ? "" : "; ");
		if (point.has_name)
			print_point_name(&point.distributionPoint, out);
		if (point.reasons.bytes.p) {
			hf_buf_put_str(out, " reasons ");
			hf_hex_put(out, point.reasons.bytes);
		}
		if (point.cRLIssuer.content.p) {
			hf_buf_put_str(out, " issuer ");
			print_names(point.cRLIssuer, out);
		}
	}
}

static void print_access(const void *value, struct hf_buf *out)
{
	struct hf_der_list rest = *(const struct hf_der_list *)value;
	struct hf_access_description access;

	for (bool first = true; hf_der_list_next(&rest, &hf_AccessDescription, &access); first = false) {
		hf_buf_put_str(out, first ? "" : ", ");
		put_oid(access.accessMethod, out);
		hf_buf_put_str(out, " ");
		hf_general_name_text(&access.accessLocation, out);
	}
}

static void print_policies(const void *value, struct hf_buf *out)
{
	struct hf_der_list rest = *(const struct hf_der_list *)value;
	struct hf_policy_information policy;
	struct hf_policy_qualifier qualifier;

	for (bool first = true; hf_der_list_next(&rest, &hf_PolicyInformation, &policy); first = false) {
		hf_buf_put_str(out, first ? "" : ", ");
		put_oid(policy.policyIdentifier, out);
		while (hf_der_list_next(&policy.policyQualifiers, &hf_PolicyQualifierInfo, &qualifier)) {
			struct hf_bytes rest_of = qualifier.qualifier;
			struct hf_der_tlv tlv;
			bool text =
				hf_der_next(&rest_of, &tlv, NULL) && tlv.tag == 0x16 && hf_utf8_is_line(tlv.content);
			hf_buf_put_str(out, " ");
			put_oid(qualifier.policyQualifierId, out);
			hf_buf_put_str(out, text ? " " : " #");
			if (text)
				hf_buf_put_bytes(out, tlv.content);
			else
				hf_hex_put(out, qualifier.qualifier);
		}
	}
}

static void print_reason(const void *value, struct hf_buf *out)
{
	const char *name = hf_reason_name(*(const int64_t *)value);

	hf_buf_put_str(out, name ? name : "?");
}

static void print_date(const void *value, struct hf_buf *out)
{
	char text[HF_TIME_TEXT_MAX];

	hf_time_text(*(const int64_t *)value, false, text);
	hf_buf_put_str(out, text);
}

static void print_scope(const void *value, struct hf_buf *out)
{
	const struct hf_issuing_distribution_point *idp = value;

	if (idp->has_name)
		print_point_name(&idp->distributionPoint, out);
	hf_buf_put_str(out, idp->onlyContainsUserCerts ? " onlyContainsUserCerts" : "");
	hf_buf_put_str(out, idp->onlyContainsCACerts ? " onlyContainsCACerts" : "");
	hf_buf_put_str(out, idp->onlySomeReasons.bytes.p ? " onlySomeReasons" : "");
	hf_buf_put_str(out, idp->indirectCRL ? " indirectCRL" : "");
	hf_buf_put_str(out, idp->onlyContainsAttributeCerts ? " onlyContainsAttributeCerts" : "");
}

static void print_nothing(const void *value, struct hf_buf *out)
{
	(void)value;
	hf_buf_put_str(out, "NULL");
}

static const struct {
	const struct hf_der_type *type;
	void (*print)(const void *value, struct hf_buf *out);
} printers[] = {
	{&hf_KeyUsage, print_usage},
	{&hf_SubjectKeyIdentifier, print_octets},
	{&hf_AuthorityKeyIdentifier, print_aki},
	{&hf_BasicConstraints, print_constraints},
	{&hf_ExtKeyUsage, print_purposes},
	{&hf_SubjectAltName, print_alt_names},
	{&hf_CRLDistributionPoints, print_points},
	{&hf_AuthorityInfoAccess, print_access},
	{&hf_CertificatePolicies, print_policies},
	{&hf_CRLNumber, print_octets},
	{&hf_CRLReason, print_reason},
	{&hf_InvalidityDate, print_date},
	{&hf_IssuingDistributionPoint, print_scope},
	{&hf_OcspNoCheck, print_nothing},
};

/* An identity: a bare string, or an alternative of IdentifyCode by its number. */
static bool print_identity(struct hf_bytes value, struct hf_buf *out)
{
	struct hf_bytes rest = value;
	struct hf_der_tlv tlv;

	if (!hf_der_next(&rest, &tlv, NULL) || tlv.tag < HF_DER_CTX(0) || tlv.tag > HF_DER_CTX(2) ||
		!hf_utf8_is_line(tlv.content))
		return false;
	hf_buf_printf(out, "[%u] \"", tlv.tag & 0x1Fu);
	hf_buf_put_bytes(out, tlv.content);
	hf_buf_put_str(out, "\"\n");
	return true;
}

static void print_value(const struct hf_der_type *type, const void *value, struct hf_buf *out, unsigned indent)
{
	for (size_t i = 0; i < sizeof(printers) / sizeof(printers[0]); i++)
		if (printers[i].type == type) {
			printers[i].print(value, out);
			hf_buf_put_str(out, "\n");
			return;
		}
	/* The codec's own printer, on the same line. */
	struct hf_buf text;
	hf_buf_init(&text, 1 << 20);
	hf_der_print(type, value, &text, indent);
	struct hf_bytes line = hf_buf_bytes(&text);
	for (; line.len > 0 && line.p[0] == ' '; line.p++, line.len--)
		;
	hf_buf_put_bytes(out, line);
	hf_buf_clear(&text);
}

void hf_ext_print(const struct hf_extension *extension, struct hf_buf *out, unsigned indent)
{
	const struct hf_der_type *type = hf_ext_type(extension->extnID);
	alignas(max_align_t) uint8_t value[HF_DER_ELEMENT_MAX];

	pad(out, indent);
	put_oid(extension->extnID, out);
	hf_buf_put_str(out, extension->critical ? " (critical): " : ": ");
	if (type == &hf_der_Any && print_identity(extension->extnValue, out))
		return;
	if (type && hf_der_decode(type, extension->extnValue, value, NULL)) {
		print_value(type, value, out, indent);
		return;
	}
	hf_hex_put(out, extension->extnValue);
	hf_buf_put_str(out, "\n");
}

static void print_extensions(const struct hf_der_list *extensions, struct hf_buf *out, unsigned indent)
{
	struct hf_der_list rest = *extensions;
	struct hf_extension extension;

	if (rest.num == 0)
		return;
	pad(out, indent);
	hf_buf_put_str(out, "extensions:\n");
	while (hf_der_list_next(&rest, &hf_Extension, &extension))
		hf_ext_print(&extension, out, indent + 1);
}

void hf_cert_print(const struct hf_cert *cert, struct hf_buf *out)
{
	const struct hf_tbs_cert *tbs = &cert->tbs;

	hf_buf_printf(out, "Certificate v%lld\n", (long long)tbs->version + 1);
	put_hex("serialNumber", tbs->serialNumber, out);
	put_alg("signature algorithm", &tbs->signature, out);
	put_name("issuer", tbs->issuer, out);
	put_time("notBefore", tbs->validity.notBefore, out);
	put_time("notAfter", tbs->validity.notAfter, out);
	put_name("subject", tbs->subject, out);
	put_key(&tbs->subjectPublicKeyInfo, out);
	if (tbs->issuerUniqueID.bytes.p)
		put_hex("issuerUniqueID", tbs->issuerUniqueID.bytes, out);
	if (tbs->subjectUniqueID.bytes.p)
		put_hex("subjectUniqueID", tbs->subjectUniqueID.bytes, out);
	print_extensions(&tbs->extensions, out, 1);
	if (cert->signature.p)
		put_hex("signature", cert->signature, out);
}

void hf_csr_print(const struct hf_csr *csr, struct hf_buf *out)
{
	struct hf_der_list rest = csr->info.attributes;
	struct hf_attribute attribute;

	hf_buf_printf(out, "Certification request v%lld\n", (long long)csr->info.version + 1);
	put_name("subject", csr->info.subject, out);
	put_key(&csr->info.subjectPKInfo, out);
	while (hf_der_list_next(&rest, &hf_Attribute, &attribute)) {
		hf_buf_put_str(out, "    attribute: ");
		put_oid(attribute.type, out);
		/* A challenge password is somebody's secret. */
		hf_buf_printf(out, ", %zu value%s\n", attribute.values.num, attribute.values.num == 1 ? "" : "s");
	}
	print_extensions(&csr->extensions, out, 1);
	if (csr->signature.p) {
		put_alg("signature algorithm", &csr->signatureAlgorithm, out);
		put_hex("signature", csr->signature, out);
	}
}

void hf_crl_print(const struct hf_crl *crl, struct hf_buf *out)
{
	struct hf_der_list rest = crl->tbs.revokedCertificates;
	char when[HF_TIME_TEXT_MAX];
	struct hf_crl_entry entry;

	hf_buf_printf(out, "CRL v%lld\n", (long long)crl->tbs.version + 1);
	put_alg("signature algorithm", &crl->tbs.signature, out);
	put_name("issuer", crl->tbs.issuer, out);
	put_time("thisUpdate", crl->tbs.thisUpdate, out);
	if (crl->tbs.has_next_update)
		put_time("nextUpdate", crl->tbs.nextUpdate, out);
	print_extensions(&crl->tbs.crlExtensions, out, 1);
	hf_buf_printf(out, "    revoked: %zu\n", rest.num);
	while (hf_crl_next(&rest, &entry)) {
		hf_time_text(entry.revoked_at, false, when);
		hf_buf_put_str(out, "        ");
		hf_hex_put(out, entry.serial);
		hf_buf_printf(out, " %s %s", when, hf_reason_name(entry.reason));
		if (entry.has_invalidity) {
			hf_time_text(entry.invalid_since, false, when);
			hf_buf_printf(out, " invalid since %s", when);
		}
		hf_buf_put_str(out, "\n");
	}
	if (crl->signature.p)
		put_hex("signature", crl->signature, out);
}
