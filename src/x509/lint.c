#include "x509/lint.h"

#include "x509/decode.h"

#include <string.h>

unsigned hf_lint_kinds(enum hf_profile profile)
{
	const struct hf_profile_row *row = hf_profile_row(profile);

	if (row->is_root)
		return HF_LINT_ROOT;
	if (row->is_ca)
		return HF_LINT_CA;
	if (row->nocheck)
		return HF_LINT_SIGN | HF_LINT_OCSP;
	return row->key_usage == HF_KU_ENCRYPT ? HF_LINT_ENC : HF_LINT_SIGN;
}

unsigned hf_lint_kinds_of(const struct hf_cert *cert)
{
	if (cert->is_ca)
		return hf_cert_is_self_issued(cert) ? HF_LINT_ROOT : HF_LINT_CA;
	if (hf_ext_has_purpose(&cert->tbs.extensions, HF_OID_KP_OCSP_SIGNING))
		return HF_LINT_SIGN | HF_LINT_OCSP;
	return (cert->key_usage & HF_KU_ENCRYPT) && !(cert->key_usage & HF_KU_SIGN) ? HF_LINT_ENC : HF_LINT_SIGN;
}

static bool run(
	const struct hf_lint_subject *subject, unsigned kinds, const struct hf_lint_report *report, struct hf_err *err)
{
	const struct hf_lint_rule *first = NULL;
	size_t num;
	const struct hf_lint_rule *rules = hf_lint_rules(&num);

	for (size_t i = 0; i < num; i++) {
		if (!(rules[i].kinds & kinds) || (rules[i].except & kinds) || rules[i].check(subject))
			continue;
		if (report && report->finding)
			report->finding(report->ctx, &rules[i]);
		if (!first && rules[i].severity == HF_LINT_ERROR)
			first = &rules[i];
	}
	if (first)
		return hf_fail(err, HF_E_INPUT, "lint %s: %s (%s)", first->id, first->text, first->clause);
	return true;
}

bool hf_lint_cert(const struct hf_cert *cert, unsigned kinds, const struct hf_lint_report *report, struct hf_err *err)
{
	const struct hf_lint_subject subject = {.cert = cert};

	return run(&subject, kinds & (HF_LINT_CERT | HF_LINT_OCSP), report, err);
}

bool hf_lint_crl(const struct hf_crl *crl, const struct hf_lint_report *report, struct hf_err *err)
{
	const struct hf_lint_subject subject = {.crl = crl};

	return run(&subject, HF_LINT_CRL, report, err);
}

bool hf_lint_csr(const struct hf_csr *csr, const struct hf_lint_report *report, struct hf_err *err)
{
	const struct hf_lint_subject subject = {.csr = csr};

	return run(&subject, HF_LINT_CSR, report, err);
}

bool hf_lint_tbs(struct hf_bytes tbs, enum hf_profile profile, const struct hf_lint_report *report, struct hf_err *err)
{
	const struct hf_profile_row *row = hf_profile_row(profile);
	struct hf_cert cert;

	if (!hf_decode_tbs_cert(tbs, &cert, err) || !hf_lint_cert(&cert, hf_lint_kinds(profile), report, err))
		return hf_fail_in(err, "profile %s", row->name);
	return true;
}

bool hf_lint_pair(const struct hf_cert *sign, const struct hf_cert *enc, struct hf_err *err)
{
	//= GM/T 0043-2015 6.3: the subjects of the two are identical
	if (!hf_name_equal(sign->tbs.subject, enc->tbs.subject))
		return hf_fail(err, HF_E_INPUT, "dual certificate: the two subjects differ (GM/T 0043-2015 6.3)");
	if (!hf_name_equal(sign->tbs.issuer, enc->tbs.issuer))
		return hf_fail(err, HF_E_INPUT, "dual certificate: the two issuers differ");
	if (hf_bytes_equal(sign->tbs.serialNumber, enc->tbs.serialNumber))
		return hf_fail(err, HF_E_INPUT, "dual certificate: one serial number for both");
	if (memcmp(sign->pub, enc->pub, HF_SM2_POINT) == 0)
		return hf_fail(err, HF_E_INPUT, "dual certificate: one key for both (GM/T 0034)");
	if (sign->key_usage != HF_KU_SIGN || enc->key_usage != HF_KU_ENCRYPT)
		return hf_fail(err, HF_E_INPUT,
			"dual certificate: keyUsage is not one signing and one encryption certificate's (GM/T "
			"0043-2015 "
			"6.3)");
	return true;
}
