#include "x509/crl.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "x509/cert.h"
#include "x509/signed.h"

#include <stdlib.h>

static const struct hf_der_field revoked_fields[] = {
	HF_DER_FIELD(struct hf_revoked, userCertificate, &hf_der_Integer),
	HF_DER_FIELD(struct hf_revoked, revocationDate, &hf_der_Time),
	HF_DER_FIELD(struct hf_revoked, crlEntryExtensions, &hf_Extensions, .flags = HF_DER_OPTIONAL),
};
const struct hf_der_type hf_RevokedCertificate =
	HF_DER_SEQUENCE_TYPE("revokedCertificate", struct hf_revoked, revoked_fields);
static const struct hf_der_type revoked_list =
	HF_DER_OF_TYPE("revokedCertificates", HF_DER_SEQUENCE_OF, &hf_RevokedCertificate, 1);

static const struct hf_der_field tbs_fields[] = {
	HF_DER_FIELD(struct hf_tbs_crl, version, &hf_der_Small, .flags = HF_DER_OPTIONAL,
		.has = HF_DER_HAS(struct hf_tbs_crl, has_version)),
	HF_DER_FIELD(struct hf_tbs_crl, signature, &hf_AlgorithmIdentifier),
	HF_DER_FIELD(struct hf_tbs_crl, issuer, &hf_Name),
	HF_DER_FIELD(struct hf_tbs_crl, thisUpdate, &hf_der_Time),
	HF_DER_FIELD(struct hf_tbs_crl, nextUpdate, &hf_der_Time, .flags = HF_DER_OPTIONAL,
		.has = HF_DER_HAS(struct hf_tbs_crl, has_next_update)),
	HF_DER_FIELD(struct hf_tbs_crl, revokedCertificates, &revoked_list, .flags = HF_DER_OPTIONAL),
	HF_DER_FIELD(struct hf_tbs_crl, crlExtensions, &hf_Extensions, .tag = HF_DER_CTX(0),
		.flags = HF_DER_OPTIONAL | HF_DER_EXPLICIT),
};
const struct hf_der_type hf_TBSCertList = HF_DER_SEQUENCE_TYPE("TBSCertList", struct hf_tbs_crl, tbs_fields);

bool hf_crl_next(struct hf_der_list *rest, struct hf_crl_entry *entry)
{
	struct hf_revoked revoked;
	int64_t reason;
	bool there;

	if (!hf_der_list_next(rest, &hf_RevokedCertificate, &revoked))
		return false;
	*entry = (struct hf_crl_entry){.serial = revoked.userCertificate, .revoked_at = revoked.revocationDate};
	if (hf_ext_get(&revoked.crlEntryExtensions, HF_OID_REASON_CODE, &hf_CRLReason, &reason, &there, NULL) && there)
		entry->reason = (int)reason;
	if (!hf_ext_get(&revoked.crlEntryExtensions, HF_OID_INVALIDITY_DATE, &hf_InvalidityDate, &entry->invalid_since,
		    &entry->has_invalidity, NULL))
		entry->has_invalidity = false;
	return true;
}

bool hf_crl_walk(const struct hf_crl *crl, bool (*each)(void *ctx, const struct hf_crl_entry *entry), void *ctx)
{
	struct hf_der_list rest = crl->tbs.revokedCertificates;
	struct hf_crl_entry entry;

	while (hf_crl_next(&rest, &entry))
		if (!each(ctx, &entry))
			return false;
	return true;
}

bool hf_crl_find(const struct hf_crl *crl, struct hf_bytes serial, struct hf_crl_entry *entry)
{
	struct hf_der_list rest = crl->tbs.revokedCertificates;
	struct hf_crl_entry each;

	while (hf_crl_next(&rest, &each))
		if (hf_bytes_equal(each.serial, serial)) {
			if (entry)
				*entry = each;
			return true;
		}
	return false;
}

bool hf_crl_verify(const struct hf_crl *crl, const struct hf_cert *issuer, struct hf_err *err)
{
	if (!hf_name_equal(crl->tbs.issuer, issuer->tbs.subject))
		return hf_fail(err, HF_E_VERIFY,
			"CRL: its issuer is not the certificate's subject, byte for byte "
			"(GM/T 0043-2015 6.4)");
	if (crl->authority_key_id.p && issuer->subject_key_id.p &&
		!hf_bytes_equal(crl->authority_key_id, issuer->subject_key_id))
		return hf_fail(err, HF_E_VERIFY,
			"CRL: its authorityKeyIdentifier is not the issuer's "
			"subjectKeyIdentifier");
	if (issuer->has_key_usage && !(issuer->key_usage & HF_KU_CRL_SIGN))
		return hf_fail(err, HF_E_VERIFY, "CRL: the issuer's keyUsage has no cRLSign (RFC 5280 6.3.3)");
	if (!issuer->is_sm2)
		return hf_fail(err, HF_E_VERIFY, "CRL: the issuer's key is no SM2 key");
	if (!hf_alg_check_sm2_sm3(&crl->signatureAlgorithm, err) ||
		!hf_signed_verify(issuer->pub, crl->tbs_der, crl->signature, err))
		return hf_fail_in(err, "CRL");
	return true;
}

bool hf_crl_valid_at(const struct hf_crl *crl, int64_t at, struct hf_err *err)
{
	char limit[HF_TIME_TEXT_MAX], now[HF_TIME_TEXT_MAX];

	hf_time_text(at, false, now);
	if (!crl->tbs.has_next_update)
		return hf_fail(err, HF_E_VERIFY, "CRL has no nextUpdate (RFC 5280 5.1.2.5)");
	if (at < crl->tbs.thisUpdate) {
		hf_time_text(crl->tbs.thisUpdate, false, limit);
		return hf_fail(err, HF_E_VERIFY, "CRL is of %s, it is %s", limit, now);
	}
	if (at >= crl->tbs.nextUpdate + HF_SECOND) {
		hf_time_text(crl->tbs.nextUpdate, false, limit);
		return hf_fail(err, HF_E_VERIFY, "CRL should have been replaced by %s, it is %s", limit, now);
	}
	return true;
}

static int64_t whole_second(int64_t at)
{
	int64_t part = at % HF_SECOND;

	return at - (part < 0 ? part + HF_SECOND : part);
}

static int order_serials(const void *a, const void *b)
{
	return hf_bytes_order(*(const struct hf_bytes *)a, *(const struct hf_bytes *)b);
}

/* A list that names a serial twice has two answers for it. */
static bool check_unique(const struct hf_crl_entry *entries, size_t num, struct hf_err *err)
{
	struct hf_bytes *serials = hf_alloc(num, sizeof(*serials));
	char text[HF_SERIAL_TEXT_MAX];
	bool ok = true;

	for (size_t i = 0; i < num; i++)
		serials[i] = entries[i].serial;
	qsort(serials, num, sizeof(*serials), order_serials);
	for (size_t i = 1; ok && i < num; i++)
		if (hf_bytes_equal(serials[i - 1], serials[i])) {
			hf_serial_text(serials[i], text);
			ok = hf_fail(err, HF_E_INPUT, "CRL: serial %s is given twice", text);
		}
	free(serials);
	return ok;
}

static bool put_entry(
	const struct hf_crl_entry *entry, struct hf_buf *extensions, struct hf_buf *list, struct hf_err *err)
{
	struct hf_revoked revoked = {
		.userCertificate = entry->serial,
		.revocationDate = whole_second(entry->revoked_at),
	};
	int64_t reason = entry->reason;
	int64_t invalid_since = whole_second(entry->invalid_since);

	hf_buf_reset(extensions);
	if (reason != HF_REASON_UNSPECIFIED) {
		if (!hf_reason_name(reason))
			return hf_fail(err, HF_E_INPUT, "no reason has the number %d (RFC 5280 5.3.1)", entry->reason);
		if (!hf_ext_put(extensions, HF_OID_REASON_CODE, false, &hf_CRLReason, &reason, err))
			return false;
	}
	if (entry->has_invalidity &&
		!hf_ext_put(extensions, HF_OID_INVALIDITY_DATE, false, &hf_InvalidityDate, &invalid_since, err))
		return false;
	if (extensions->len > 0)
		revoked.crlEntryExtensions = hf_der_list_of(extensions);
	return hf_der_list_add(list, &hf_RevokedCertificate, &revoked, err);
}

static bool put_entries(const struct hf_crl_params *params, struct hf_buf *list, struct hf_err *err)
{
	struct hf_buf extensions;
	char text[HF_SERIAL_TEXT_MAX];
	bool ok = true;

	hf_buf_init(&extensions, 256);
	for (size_t i = 0; ok && i < params->num_entries; i++) {
		ok = put_entry(&params->entries[i], &extensions, list, err);
		if (!ok) {
			hf_serial_text(params->entries[i].serial, text);
			hf_fail_in(err, "CRL entry %s", text);
		}
	}
	hf_buf_clear(&extensions);
	return ok;
}

/* AKI, cRLNumber (GM/T 0015 C.5), and the scope where the list does not hold everything. */
static bool put_extensions(const struct hf_crl_params *params, struct hf_buf *extensions, struct hf_err *err)
{
	struct hf_buf names;
	bool ok;

	if (!hf_ext_put_aki(extensions, params->issuer_key_id, err) ||
		!hf_ext_put_number(extensions, HF_OID_CRL_NUMBER, params->number, err))
		return false;
	if (!params->idp_uri)
		return true;
	hf_buf_init(&names, 2048);
	struct hf_general_name uri = {.which = HF_GN_URI, .value = hf_bytes_str(params->idp_uri)};
	ok = hf_der_list_add(&names, &hf_GeneralName, &uri, err);
	struct hf_issuing_distribution_point idp = {
		.has_name = true,
		.distributionPoint = {HF_DPN_FULL_NAME, hf_der_list_of(&names)},
		.onlyContainsUserCerts = params->only_user_certs,
		.onlyContainsCACerts = params->only_cas,
	};
	ok = ok &&
	     hf_ext_put(extensions, HF_OID_ISSUING_DISTRIBUTION_POINT, true, &hf_IssuingDistributionPoint, &idp, err);
	hf_buf_clear(&names);
	return ok;
}

bool hf_crl_build(const struct hf_crl_params *params, struct hf_buf *out, struct hf_err *err)
{
	struct hf_buf list, extensions;
	bool ok = false;

	hf_buf_init(&list, out->max);
	hf_buf_init(&extensions, 4096);
	if ((params->only_user_certs || params->only_cas) &&
		(!params->idp_uri || (params->only_user_certs && params->only_cas))) {
		hf_fail(err, HF_E_INPUT, "CRL: a scope needs an issuingDistributionPoint, and one kind of certificate");
		goto out;
	}
	if (!check_unique(params->entries, params->num_entries, err) || !put_entries(params, &list, err) ||
		!put_extensions(params, &extensions, err))
		goto out;
	struct hf_tbs_crl tbs = {
		.has_version = true,
		.version = 1,
		.signature = hf_alg_of(HF_OID_SM2_SM3),
		.issuer = params->issuer,
		.thisUpdate = whole_second(params->this_update),
		.has_next_update = true,
		.nextUpdate = whole_second(params->next_update),
		.crlExtensions = hf_der_list_of(&extensions),
	};
	if (list.len > 0)
		tbs.revokedCertificates = hf_der_list_of(&list);
	ok = hf_der_encode(&hf_TBSCertList, &tbs, out, err);
out:
	hf_buf_clear(&extensions);
	hf_buf_clear(&list);
	return ok;
}
