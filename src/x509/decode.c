#include "x509/decode.h"

#include "base/hex.h"

#include <string.h>

static bool check_size(struct hf_bytes der, size_t max, struct hf_err *err)
{
	if (der.len > max)
		return hf_fail(err, HF_E_LIMIT, "%zu octets, at most %zu are taken", der.len, max);
	return true;
}

static bool open_signed(struct hf_bytes der, struct hf_signed *object, struct hf_err *err)
{
	if (!hf_der_decode(&hf_Signed, der, object, err))
		return false;
	if (object->signature.unused != 0)
		return hf_fail(err, HF_E_INPUT, "signature is not a whole number of octets");
	return true;
}

static bool check_same_alg(const struct hf_alg *inner, const struct hf_alg *outer, struct hf_err *err)
{
	if (!hf_alg_equal(inner, outer))
		return hf_fail(err, HF_E_INPUT,
			"signatureAlgorithm: not the same inside and outside what is signed (RFC 5280 4.1.1.2)");
	return true;
}

enum serials { SERIALS_STRICT, SERIALS_ANY };

static bool check_serial(struct hf_bytes serial, enum serials serials, struct hf_err *err)
{
	if (serials == SERIALS_ANY && serial.len <= HF_SERIAL_MAX)
		return true;
	if (serial.len > HF_SERIAL_MAX || (serial.p[0] & 0x80) || (serial.len == 1 && serial.p[0] == 0))
		return hf_fail(err, HF_E_INPUT,
			"serialNumber: must be positive and at most %d octets (RFC 5280 4.1.2.2)", HF_SERIAL_MAX);
	return true;
}

static bool check_cert_version(const struct hf_tbs_cert *tbs, struct hf_err *err)
{
	if (tbs->version < 0 || tbs->version > 2)
		return hf_fail(err, HF_E_INPUT, "version: %lld is none of v1, v2, v3", (long long)tbs->version);
	if (tbs->extensions.content.p && tbs->version != 2)
		return hf_fail(err, HF_E_INPUT, "version: extensions need v3 (RFC 5280 4.1.2.1)");
	if ((tbs->issuerUniqueID.bytes.p || tbs->subjectUniqueID.bytes.p) && tbs->version == 0)
		return hf_fail(err, HF_E_INPUT, "version: unique identifiers need v2 or v3 (RFC 5280 4.1.2.1)");
	return true;
}

/* What every reader asks for. The extensions have been checked, but that is no reason to trust a decoder's answer. */
static bool read_cert_extensions(struct hf_cert *cert, struct hf_err *err)
{
	const struct hf_der_list *extensions = &cert->tbs.extensions;
	struct hf_basic_constraints constraints;
	struct hf_der_bits usage;
	struct hf_bytes ski;
	struct hf_aki aki;
	bool there;

	if (!hf_ext_check(extensions, &cert->unknown_critical, err) ||
		!hf_ext_get(extensions, HF_OID_SUBJECT_KEY_IDENTIFIER, &hf_SubjectKeyIdentifier, &ski, &there, err) ||
		!hf_ext_get(
			extensions, HF_OID_AUTHORITY_KEY_IDENTIFIER, &hf_AuthorityKeyIdentifier, &aki, &there, err) ||
		!hf_ext_get(extensions, HF_OID_KEY_USAGE, &hf_KeyUsage, &usage, &cert->has_key_usage, err) ||
		!hf_ext_get(extensions, HF_OID_BASIC_CONSTRAINTS, &hf_BasicConstraints, &constraints,
			&cert->has_constraints, err))
		return false;
	if (cert->has_key_usage && !hf_key_usage_of(&usage, &cert->key_usage, err))
		return false;
	cert->subject_key_id = ski;
	cert->authority_key_id = aki.keyIdentifier;
	cert->is_ca = constraints.cA;
	cert->path_len = constraints.has_path_len ? constraints.pathLenConstraint : -1;
	return true;
}

static bool read_tbs_cert(struct hf_bytes tbs, enum serials serials, struct hf_cert *cert, struct hf_err *err)
{
	cert->tbs_der = tbs;
	if (!hf_der_decode(&hf_TBSCertificate, tbs, &cert->tbs, err) || !check_cert_version(&cert->tbs, err) ||
		!check_serial(cert->tbs.serialNumber, serials, err) || !read_cert_extensions(cert, err))
		return false;
	cert->is_sm2 = hf_spki_is_sm2(&cert->tbs.subjectPublicKeyInfo);
	if (cert->is_sm2 && !hf_spki_sm2(&cert->tbs.subjectPublicKeyInfo, cert->pub, err))
		return hf_fail_in(err, "subjectPublicKeyInfo");
	return true;
}

bool hf_decode_tbs_cert(struct hf_bytes tbs, struct hf_cert *cert, struct hf_err *err)
{
	memset(cert, 0, sizeof(*cert));
	return (check_size(tbs, HF_CERT_MAX, err) && read_tbs_cert(tbs, SERIALS_STRICT, cert, err)) ||
	       hf_fail_in(err, "certificate to be signed");
}

static bool decode_cert(struct hf_bytes der, enum serials serials, struct hf_cert *cert, struct hf_err *err)
{
	struct hf_signed object;

	memset(cert, 0, sizeof(*cert));
	if (!check_size(der, HF_CERT_MAX, err) || !open_signed(der, &object, err) ||
		!read_tbs_cert(object.toBeSigned, serials, cert, err) ||
		!check_same_alg(&cert->tbs.signature, &object.signatureAlgorithm, err))
		return hf_fail_in(err, "certificate");
	cert->der = der;
	cert->signatureAlgorithm = object.signatureAlgorithm;
	cert->signature = object.signature.bytes;
	return true;
}

bool hf_decode_cert(struct hf_bytes der, struct hf_cert *cert, struct hf_err *err)
{
	return decode_cert(der, SERIALS_STRICT, cert, err);
}

bool hf_decode_cert_foreign(struct hf_bytes der, struct hf_cert *cert, struct hf_err *err)
{
	return decode_cert(der, SERIALS_ANY, cert, err);
}

/* extensionRequest (RFC 2985 5.4.2): one value, a list of extensions; and no attribute twice. */
static bool read_attributes(struct hf_csr *csr, struct hf_err *err)
{
	struct hf_der_list rest = csr->info.attributes;
	struct hf_attribute attribute;
	struct hf_bytes value;
	bool unknown_critical;

	while (hf_der_list_next(&rest, &hf_Attribute, &attribute)) {
		if (!hf_oid_is(attribute.type, HF_OID_EXTENSION_REQUEST))
			continue;
		if (csr->extensions.content.p || attribute.values.num != 1)
			return hf_fail(
				err, HF_E_INPUT, "extensionRequest: exactly one value is needed (RFC 2985 5.4.2)");
		(void)!hf_der_list_next(&attribute.values, &hf_der_Any, &value);
		if (!hf_der_decode(&hf_Extensions, value, &csr->extensions, err) ||
			!hf_ext_check(&csr->extensions, &unknown_critical, err))
			return hf_fail_in(err, "extensionRequest");
	}
	return true;
}

static bool read_tbs_csr(struct hf_bytes info, struct hf_csr *csr, struct hf_err *err)
{
	csr->info_der = info;
	if (!hf_der_decode(&hf_CertificationRequestInfo, info, &csr->info, err))
		return false;
	if (csr->info.version != 0)
		return hf_fail(
			err, HF_E_INPUT, "version: %lld, must be v1(0) (RFC 2986 4.1)", (long long)csr->info.version);
	if (!hf_spki_sm2(&csr->info.subjectPKInfo, csr->pub, err))
		return hf_fail_in(err, "subjectPKInfo");
	return read_attributes(csr, err);
}

bool hf_decode_tbs_csr(struct hf_bytes info, struct hf_csr *csr, struct hf_err *err)
{
	memset(csr, 0, sizeof(*csr));
	return (check_size(info, HF_CSR_MAX, err) && read_tbs_csr(info, csr, err)) ||
	       hf_fail_in(err, "certification request to be signed");
}

bool hf_decode_csr(struct hf_bytes der, struct hf_csr *csr, struct hf_err *err)
{
	struct hf_signed object;

	memset(csr, 0, sizeof(*csr));
	if (!check_size(der, HF_CSR_MAX, err) || !open_signed(der, &object, err) ||
		!read_tbs_csr(object.toBeSigned, csr, err))
		return hf_fail_in(err, "certification request");
	csr->der = der;
	csr->signatureAlgorithm = object.signatureAlgorithm;
	csr->signature = object.signature.bytes;
	return true;
}

/* Every entry is checked here once, so that walking the list cannot fail. */
static bool read_entries(struct hf_crl *crl, enum serials serials, struct hf_err *err)
{
	struct hf_der_list rest = crl->tbs.revokedCertificates;
	struct hf_revoked revoked;
	bool unknown;

	for (size_t i = 0; hf_der_list_next(&rest, &hf_RevokedCertificate, &revoked); i++) {
		if (!check_serial(revoked.userCertificate, serials, err) ||
			!hf_ext_check(&revoked.crlEntryExtensions, &unknown, err))
			return hf_fail_in(err, "revokedCertificates: element %zu", i);
		if (revoked.crlEntryExtensions.content.p && crl->tbs.version != 1)
			return hf_fail(err, HF_E_INPUT, "version: entry extensions need v2 (RFC 5280 5.1.2.1)");
		crl->unknown_critical |= unknown;
	}
	return true;
}

static bool read_crl_extensions(struct hf_crl *crl, struct hf_err *err)
{
	const struct hf_der_list *extensions = &crl->tbs.crlExtensions;
	struct hf_extension extension;
	struct hf_aki aki;
	bool there;

	if (!hf_ext_check(extensions, &crl->unknown_critical, err) ||
		!hf_ext_get(
			extensions, HF_OID_AUTHORITY_KEY_IDENTIFIER, &hf_AuthorityKeyIdentifier, &aki, &there, err) ||
		!hf_ext_get(extensions, HF_OID_CRL_NUMBER, &hf_CRLNumber, &crl->number, &there, err))
		return false;
	crl->authority_key_id = aki.keyIdentifier;
	if (there && (crl->number.len > HF_SERIAL_MAX || (crl->number.p[0] & 0x80)))
		return hf_fail(err, HF_E_INPUT,
			"cRLNumber: must not be negative nor longer than 20 octets (RFC 5280 "
			"5.2.3)");
	crl->is_delta = hf_ext_find(extensions, HF_OID_DELTA_CRL_INDICATOR, &extension);
	crl->has_idp = hf_ext_find(extensions, HF_OID_ISSUING_DISTRIBUTION_POINT, &extension);
	return true;
}

static bool read_tbs_crl(struct hf_bytes tbs, enum serials serials, struct hf_crl *crl, struct hf_err *err)
{
	crl->tbs_der = tbs;
	if (!hf_der_decode(&hf_TBSCertList, tbs, &crl->tbs, err))
		return false;
	if (crl->tbs.has_version && crl->tbs.version != 1)
		return hf_fail(
			err, HF_E_INPUT, "version: %lld is not v2(1) (RFC 5280 5.1.2.1)", (long long)crl->tbs.version);
	if (crl->tbs.crlExtensions.content.p && !crl->tbs.has_version)
		return hf_fail(err, HF_E_INPUT, "version: extensions need v2 (RFC 5280 5.1.2.1)");
	return read_crl_extensions(crl, err) && read_entries(crl, serials, err);
}

bool hf_decode_tbs_crl(struct hf_bytes tbs, struct hf_crl *crl, struct hf_err *err)
{
	memset(crl, 0, sizeof(*crl));
	return (check_size(tbs, HF_CRL_MAX, err) && read_tbs_crl(tbs, SERIALS_STRICT, crl, err)) ||
	       hf_fail_in(err, "CRL to be signed");
}

static bool decode_crl(struct hf_bytes der, enum serials serials, struct hf_crl *crl, struct hf_err *err)
{
	struct hf_signed object;

	memset(crl, 0, sizeof(*crl));
	if (!check_size(der, HF_CRL_MAX, err) || !open_signed(der, &object, err) ||
		!read_tbs_crl(object.toBeSigned, serials, crl, err) ||
		!check_same_alg(&crl->tbs.signature, &object.signatureAlgorithm, err))
		return hf_fail_in(err, "CRL");
	crl->der = der;
	crl->signatureAlgorithm = object.signatureAlgorithm;
	crl->signature = object.signature.bytes;
	return true;
}

bool hf_decode_crl(struct hf_bytes der, struct hf_crl *crl, struct hf_err *err)
{
	return decode_crl(der, SERIALS_STRICT, crl, err);
}

bool hf_decode_crl_foreign(struct hf_bytes der, struct hf_crl *crl, struct hf_err *err)
{
	return decode_crl(der, SERIALS_ANY, crl, err);
}

bool hf_decode_armour(struct hf_bytes file, const char *label, struct hf_buf *der, struct hf_err *err)
{
	if (file.len > 0 && file.p[0] == 0x30) {
		if (!hf_buf_put_bytes(der, file))
			return hf_fail(err, HF_E_LIMIT, "%zu octets, at most %zu are taken", file.len, der->max);
		return true;
	}
	return hf_pem_next(&file, label, der, err);
}
