#include "x509/chain.h"

bool hf_cert_verify(const struct hf_cert *cert, const struct hf_cert *issuer, struct hf_err *err)
{
	//= GM/T 0043-2015 6.5
	if (!hf_name_equal(cert->tbs.issuer, issuer->tbs.subject))
		return hf_fail(err, HF_E_VERIFY, "certificate's issuer is not the issuer's subject, byte for byte");
	if (cert->authority_key_id.p && issuer->subject_key_id.p &&
		!hf_bytes_equal(cert->authority_key_id, issuer->subject_key_id))
		return hf_fail(err, HF_E_VERIFY,
			"certificate's authorityKeyIdentifier is not the issuer's subjectKeyIdentifier");
	if (!issuer->is_ca)
		return hf_fail(err, HF_E_VERIFY, "issuer's basicConstraints does not say cA (RFC 5280 6.1.4 k)");
	if (issuer->has_key_usage && !(issuer->key_usage & HF_KU_KEY_CERT_SIGN))
		return hf_fail(err, HF_E_VERIFY, "issuer's keyUsage has no keyCertSign (RFC 5280 6.1.4 n)");
	if (!issuer->is_sm2)
		return hf_fail(err, HF_E_VERIFY, "issuer's key is no SM2 key");
	return hf_cert_verify_signature(cert, issuer->pub, err);
}

/* May this list speak of this certificate? Lists by reason, of others' certificates and deltas are not for us yet. */
static bool check_scope(const struct hf_crl *crl, const struct hf_cert *cert, struct hf_err *err)
{
	struct hf_issuing_distribution_point idp;
	bool there;

	if (crl->unknown_critical || crl->is_delta)
		return hf_fail(err, HF_E_VERIFY, "CRL is a delta or has a critical extension that is not known");
	if (!hf_ext_get(&crl->tbs.crlExtensions, HF_OID_ISSUING_DISTRIBUTION_POINT, &hf_IssuingDistributionPoint, &idp,
		    &there, err))
		return false;
	if (idp.indirectCRL || idp.onlySomeReasons.bytes.p || idp.onlyContainsAttributeCerts ||
		(idp.onlyContainsUserCerts && cert->is_ca) || (idp.onlyContainsCACerts && !cert->is_ca))
		return hf_fail(err, HF_E_VERIFY, "CRL does not cover this certificate (RFC 5280 6.3.3 b)");
	return true;
}

/* *revoked is set only by a list that may speak of the certificate, verifies and is current. */
static bool check_against(const struct hf_chain *chain, const struct hf_crl *crl, const struct hf_cert *cert,
	const struct hf_cert *issuer, bool *revoked, struct hf_err *err)
{
	struct hf_crl_entry entry;

	if (!check_scope(crl, cert, err) || !hf_crl_verify(crl, issuer, err) || !hf_crl_valid_at(crl, chain->at, err))
		return false;
	if (!hf_crl_find(crl, cert->tbs.serialNumber, &entry) || entry.reason == HF_REASON_REMOVE_FROM_CRL)
		return true;
	*revoked = true;
	return hf_fail(err, HF_E_VERIFY, "certificate is revoked: %s", hf_reason_name(entry.reason));
}

/* One list that covers it is enough, unless another one revokes it; an unusable list says neither. */
static bool check_revocation(
	const struct hf_chain *chain, const struct hf_cert *cert, const struct hf_cert *issuer, struct hf_err *err)
{
	bool seen = false, covered = false, revoked = false;

	for (size_t i = 0; i < chain->num_crls && !revoked; i++) {
		const struct hf_crl *crl = &chain->crls[i];
		if (!hf_name_equal(crl->tbs.issuer, cert->tbs.issuer))
			continue;
		seen = true;
		covered |= check_against(chain, crl, cert, issuer, &revoked, err);
	}
	if (!revoked && (covered || (!seen && !chain->require_crl)))
		return true;
	return seen ? false : hf_fail(err, HF_E_VERIFY, "no CRL of the certificate's issuer is given");
}

static bool check_link(const struct hf_chain *chain, size_t i, size_t num_below, struct hf_err *err)
{
	const struct hf_cert *cert = &chain->certs[i];
	const struct hf_cert *issuer = i + 1 < chain->num_certs ? &chain->certs[i + 1] : chain->anchor;

	if (cert->unknown_critical)
		return hf_fail(
			err, HF_E_VERIFY, "certificate has a critical extension that is not known (RFC 5280 4.2)");
	if (!hf_cert_verify(cert, issuer, err) || !hf_cert_valid_at(cert, chain->at, err))
		return false;
	/* num_below counts what is between the issuer and certs[0] and is not self-issued (RFC 5280 4.2.1.9). */
	if (issuer->path_len >= 0 && (int64_t)num_below > issuer->path_len)
		return hf_fail(err, HF_E_VERIFY, "chain is longer than the issuer's pathLenConstraint %lld allows",
			(long long)issuer->path_len);
	return check_revocation(chain, cert, issuer, err);
}

bool hf_chain_verify(const struct hf_chain *chain, struct hf_err *err)
{
	size_t num = chain->num_certs;
	size_t num_below = 0;

	if (num == 0 || num > HF_CHAIN_MAX)
		return hf_fail(err, HF_E_LIMIT, "a chain of %zu certificates, 1 to %d are taken", num, HF_CHAIN_MAX);
	/* The anchor itself at the end is trusted as it stands. */
	if (chain->anchor->der.len > 0 && hf_bytes_equal(chain->certs[num - 1].der, chain->anchor->der))
		num--;
	for (size_t i = 0; i < num; i++) {
		if (i > 0 && !hf_cert_is_self_issued(&chain->certs[i]))
			num_below++;
		if (!check_link(chain, i, num_below, err))
			return hf_fail_in(err, "chain: certificate %zu", i);
	}
	return true;
}
