/*
 * Revocation by CRLs (RFC 5280 6.3.3) for one certificate of a path. Letters in comments are that clause's steps.
 *
 * Every list that is given and may speak of the certificate is obeyed: the first one that revokes decides, and all
 * together must cover all reasons. A CRL issuer that is not in the path is validated to the same anchor; while that
 * happens, lists of its own key are accepted about itself, since PKIs exist whose CRL issuer appears on its own list
 * alone.
 */
#include "x509/path_int.h"

#include "base/clock.h"
#include "x509/decode.h"
#include "x509/signed.h"

#include <string.h>

#define ALL_REASONS      0x1FEu           /* keyCompromise(1) to aACompromise(8) */
#define NAMES_MAX        (2 * HF_CRL_MAX) /* octets: never reached, since names are parts of what was decoded */
#define ENTRIES_PER_WORK 64
#define CLAUSE_NOT_KNOWN "RFC 5280 6.3.3"
#define CLAUSE_REVOKED   "RFC 5280 6.1.3 a.3"

/* A DistributionPoint, with what it says by leaving things out. */
struct point {
	const struct hf_distribution_point *dp; /* NULL: the one that every certificate has, named as its issuer */
	struct hf_der_list names;               /* GeneralNames; none when dp has no name */
	struct hf_der_list crl_issuers;
	unsigned reasons;
};

struct scan {
	struct hf_path_state *s;
	const struct hf_cert *cert;
	unsigned covered;  /* reasons_mask */
	bool seen;         /* a list of the right issuer was there */
	struct hf_err why; /* why the last list was of no use */
};

/* ---- names of points -------------------------------------------------------------------------------------------- */

/* GeneralNames of one directoryName; buf owns them. */
static struct hf_der_list one_name(struct hf_bytes name, struct hf_buf *buf)
{
	hf_buf_reset(buf);
	hf_der_put(buf, HF_DER_CTX(0x20 | HF_GN_DIRECTORY_NAME), name);
	return (struct hf_der_list){.content = hf_buf_bytes(buf), .num = 1};
}

/* nameRelativeToCRLIssuer: one RDN behind the issuer's. */
static struct hf_der_list relative_name(struct hf_bytes issuer, struct hf_der_list rdn, struct hf_buf *buf)
{
	struct hf_der_tlv tlv = {0};
	struct hf_buf rdns, name;

	hf_buf_init(&rdns, buf->max);
	hf_buf_init(&name, buf->max);
	(void)!hf_der_next(&issuer, &tlv, NULL);
	hf_buf_put_bytes(&rdns, tlv.content);
	hf_der_put(&rdns, 0x31, rdn.content);
	hf_der_put(&name, 0x30, hf_buf_bytes(&rdns));
	struct hf_der_list list = one_name(hf_buf_bytes(&name), buf);
	hf_buf_clear(&name);
	hf_buf_clear(&rdns);
	return list;
}

static struct hf_der_list names_of(
	const struct hf_distribution_point_name *point, struct hf_bytes issuer, struct hf_buf *buf)
{
	return point->which == HF_DPN_FULL_NAME ? point->name : relative_name(issuer, point->name, buf);
}

static bool has_directory_name(struct hf_der_list names, struct hf_bytes name)
{
	struct hf_general_name one;

	while (hf_der_list_next(&names, &hf_GeneralName, &one))
		if (one.which == HF_GN_DIRECTORY_NAME && hf_name_match(one.value, name))
			return true;
	return false;
}

static bool share_name(struct scan *scan, struct hf_der_list a, struct hf_der_list b)
{
	struct hf_general_name x, y;

	while (hf_der_list_next(&a, &hf_GeneralName, &x)) {
		struct hf_der_list rest = b;

		while (hf_der_list_next(&rest, &hf_GeneralName, &y))
			if (!hf_path_spend(scan->s->work, 1, scan->s->err))
				return false;
			else if (x.which == y.which &&
				 (x.which == HF_GN_DIRECTORY_NAME ? hf_name_match(x.value, y.value)
								  : hf_bytes_equal(x.value, y.value)))
				return true;
	}
	return false;
}

static unsigned reasons_of(const struct hf_der_bits *bits)
{
	unsigned reasons = 0;

	if (!bits->bytes.p)
		return ALL_REASONS;
	for (unsigned bit = 1; bit <= 8 && bit < 8 * bits->bytes.len; bit++)
		if (bits->bytes.p[bit / 8] & (0x80u >> bit % 8))
			reasons |= 1u << bit;
	return reasons;
}

/* ---- does the list speak of the certificate? -------------------------------------------------------------------- */

/* a, b.1 */
static bool right_issuer(const struct scan *scan, const struct point *point, const struct hf_crl *crl)
{
	if (point->crl_issuers.content.p)
		return has_directory_name(point->crl_issuers, crl->tbs.issuer);
	return hf_name_match(crl->tbs.issuer, scan->cert->tbs.issuer);
}

static bool useless(struct scan *scan, const char *what)
{
	return hf_fail(&scan->why, HF_E_VERIFY, "%s", what);
}

/* b.2 */
static bool right_scope(struct scan *scan, const struct point *point, const struct hf_crl *crl,
	const struct hf_issuing_distribution_point *idp)
{
	const struct hf_cert *cert = scan->cert;
	bool ok = true;

	if (point->crl_issuers.content.p && !idp->indirectCRL)
		return useless(scan, "the list of the named cRLIssuer is not an indirect CRL (b.1)");
	if ((idp->onlyContainsUserCerts && cert->is_ca) || (idp->onlyContainsCACerts && !cert->is_ca) ||
		idp->onlyContainsAttributeCerts)
		return useless(scan, "the list is of another kind of certificate (b.2)");
	if (idp->has_name) {
		struct hf_buf buf;

		hf_buf_init(&buf, NAMES_MAX);
		ok = share_name(scan, names_of(&idp->distributionPoint, crl->tbs.issuer, &buf),
			point->names.content.p ? point->names : point->crl_issuers);
		hf_buf_clear(&buf);
	}
	return ok || useless(scan, "the list's issuingDistributionPoint is another one (b.2.i)");
}

static bool list_extensions_known(const struct hf_crl *crl)
{
	struct hf_der_list rest = crl->tbs.revokedCertificates;
	struct hf_revoked revoked;

	/* unknown_critical counts what only we obey: look again, at what nobody knows. */
	if (!crl->unknown_critical)
		return true;
	if (hf_ext_unknown_to_path(&crl->tbs.crlExtensions))
		return false;
	while (hf_der_list_next(&rest, &hf_RevokedCertificate, &revoked))
		if (hf_ext_unknown_to_path(&revoked.crlEntryExtensions))
			return false;
	return true;
}

/* ---- who signed the list ---------------------------------------------------------------------------------------- */

static bool signed_by(struct scan *scan, const struct hf_crl *crl, const struct hf_cert *issuer)
{
	if (!hf_name_match(issuer->tbs.subject, crl->tbs.issuer) || !issuer->is_sm2)
		return false;
	if (issuer->has_key_usage && !(issuer->key_usage & HF_KU_CRL_SIGN))
		return useless(scan, "the keyUsage of the list's issuer has no cRLSign (f)");
	if (!hf_path_spend(scan->s->work, HF_PATH_WORK_SIGN, scan->s->err))
		return false;
	return hf_alg_check_sm2_sm3(&crl->signatureAlgorithm, &scan->why) &&
	       hf_signed_verify(issuer->pub, crl->tbs_der, crl->signature, &scan->why);
}

/* f: a CRL issuer beside the path, to the same anchor. */
static bool vouch(struct scan *scan, const struct hf_cert *signer)
{
	struct hf_path_state *s = scan->s;
	struct hf_path_params params = *s->params;
	struct hf_path_result result;
	bool ok;

	for (size_t i = 0; i < s->work->num_signers; i++)
		if (s->work->signers[i] == signer)
			return true;
	if (s->work->num_signers == HF_PATH_SIGNERS_MAX)
		return useless(scan, "too many CRL issuers vouch for each other (f)");
	params.anchors = s->anchor;
	params.num_anchors = 1;
	params.num_policies = 0;
	params.explicit_policy = params.inhibit_mapping = params.inhibit_any = false;
	s->work->signers[s->work->num_signers++] = signer;
	ok = hf_path_search(&params, s->work, signer, &result, &scan->why);
	s->work->num_signers--;
	return ok || hf_fail_in(&scan->why, "the issuer of the list");
}

/* f, g: the key that the list verifies with, or NULL. */
static const struct hf_cert *find_signer(struct scan *scan, const struct hf_crl *crl)
{
	struct hf_path_state *s = scan->s;

	for (size_t i = s->i; i > 0; i--)
		if (signed_by(scan, crl, s->certs[i - 1]))
			return s->certs[i - 1];
	if (signed_by(scan, crl, s->anchor))
		return s->anchor;
	for (size_t i = 0; i < s->params->num_pool && s->work->left > 0; i++)
		if (signed_by(scan, crl, &s->params->pool[i]) && vouch(scan, &s->params->pool[i]))
			return &s->params->pool[i];
	return NULL;
}

/* ---- deltas ----------------------------------------------------------------------------------------------------- */

static int order_numbers(struct hf_bytes a, struct hf_bytes b)
{
	if (a.len != b.len)
		return a.len < b.len ? -1 : 1;
	return hf_bytes_order(a, b);
}

static bool same_extension(const struct hf_crl *a, const struct hf_crl *b, enum hf_oid oid)
{
	struct hf_extension x, y;
	bool in_a = hf_ext_find(&a->tbs.crlExtensions, oid, &x);
	bool in_b = hf_ext_find(&b->tbs.crlExtensions, oid, &y);

	return in_a == in_b && (!in_a || hf_bytes_equal(x.extnValue, y.extnValue));
}

/* c, h, and 5.2.4: base number <= the complete list's number < the delta's. */
static bool fits(struct scan *scan, const struct hf_crl *delta, const struct hf_crl *crl, const struct hf_cert *signer)
{
	struct hf_bytes base;
	bool there;

	if (!hf_ext_get(&delta->tbs.crlExtensions, HF_OID_DELTA_CRL_INDICATOR, &hf_CRLNumber, &base, &there, NULL) ||
		!there || !delta->number.p || !crl->number.p || (base.p[0] & 0x80))
		return false;
	return hf_name_match(delta->tbs.issuer, crl->tbs.issuer) && order_numbers(base, crl->number) <= 0 &&
	       order_numbers(crl->number, delta->number) < 0 &&
	       same_extension(delta, crl, HF_OID_ISSUING_DISTRIBUTION_POINT) &&
	       same_extension(delta, crl, HF_OID_AUTHORITY_KEY_IDENTIFIER) &&
	       hf_crl_valid_at(delta, scan->s->params->at, NULL) && list_extensions_known(delta) &&
	       signed_by(scan, delta, signer);
}

static const struct hf_crl *find_delta(struct scan *scan, const struct hf_crl *crl, const struct hf_cert *signer)
{
	const struct hf_path_params *params = scan->s->params;
	const struct hf_crl *best = NULL;

	for (size_t i = 0; i < params->num_crls; i++) {
		const struct hf_crl *delta = &params->crls[i];

		if (delta->is_delta && (!best || order_numbers(best->number, delta->number) < 0) &&
			fits(scan, delta, crl, signer))
			best = delta;
	}
	return best;
}

/* ---- entries ---------------------------------------------------------------------------------------------------- */

/* i, j: certificateIssuer holds for its entry and those behind it (5.3.3), in an indirect list only. */
static bool find_entry(struct scan *scan, const struct hf_crl *crl, bool indirect, int64_t *reason)
{
	struct hf_der_list rest = crl->tbs.revokedCertificates, names;
	bool ours = hf_name_match(crl->tbs.issuer, scan->cert->tbs.issuer) || !indirect, there;
	struct hf_revoked revoked;

	while (hf_der_list_next(&rest, &hf_RevokedCertificate, &revoked)) {
		if (indirect && revoked.crlEntryExtensions.content.p &&
			hf_ext_get(&revoked.crlEntryExtensions, HF_OID_CERTIFICATE_ISSUER, &hf_GeneralNames, &names,
				&there, NULL) &&
			there)
			ours = has_directory_name(names, scan->cert->tbs.issuer);
		if (!ours || !hf_bytes_equal(revoked.userCertificate, scan->cert->tbs.serialNumber))
			continue;
		return hf_ext_get(&revoked.crlEntryExtensions, HF_OID_REASON_CODE, &hf_CRLReason, reason, &there, NULL);
	}
	return false;
}

static bool check_entry(struct scan *scan, const struct hf_crl *crl, const struct hf_cert *signer, bool indirect)
{
	const struct hf_crl *delta = find_delta(scan, crl, signer);
	int64_t reason = HF_REASON_UNSPECIFIED;

	if (!(delta && find_entry(scan, delta, indirect, &reason)) && !find_entry(scan, crl, indirect, &reason))
		return true;
	/* k */
	if (reason == HF_REASON_REMOVE_FROM_CRL)
		return true;
	return hf_path_refuse(scan->s, CLAUSE_REVOKED, "it is revoked: %s", hf_reason_name(reason));
}

/* ---- one list, one point, one certificate ----------------------------------------------------------------------- */

/* False only when the certificate is to be refused; a list of no use leaves scan->covered as it is. */
static bool apply_list(struct scan *scan, const struct point *point, const struct hf_crl *crl)
{
	struct hf_issuing_distribution_point idp;
	struct hf_path_state *s = scan->s;
	const struct hf_cert *signer;
	bool there;

	if (crl->is_delta || !right_issuer(scan, point, crl))
		return true;
	scan->seen = true;
	if (!hf_path_spend(s->work, 1 + crl->tbs.revokedCertificates.num / ENTRIES_PER_WORK, s->err))
		return false;
	if (!hf_ext_get(&crl->tbs.crlExtensions, HF_OID_ISSUING_DISTRIBUTION_POINT, &hf_IssuingDistributionPoint, &idp,
		    &there, &scan->why) ||
		!right_scope(scan, point, crl, &idp) || !hf_crl_valid_at(crl, s->params->at, &scan->why))
		return true;
	if (!list_extensions_known(crl) && !useless(scan, "the list has a critical extension that is not known (5.2)"))
		return true;
	/* d */
	unsigned covers = point->reasons & reasons_of(&idp.onlySomeReasons);
	if (covers == 0)
		return true;
	signer = find_signer(scan, crl);
	/* What a CRL issuer's own path costs is noted there; here it ends this one. */
	if (!signer)
		return s->work->left > 0 || hf_path_spend(s->work, 1, s->err);
	if (!check_entry(scan, crl, signer, idp.indirectCRL))
		return false;
	scan->covered |= covers;
	return true;
}

static bool apply_lists(struct scan *scan, const struct point *point)
{
	for (size_t i = 0; i < scan->s->params->num_crls; i++)
		if (!apply_list(scan, point, &scan->s->params->crls[i]))
			return false;
	return true;
}

static bool apply_points(struct scan *scan, struct hf_der_list points, struct hf_buf *buf)
{
	struct hf_distribution_point dp;

	while (hf_der_list_next(&points, &hf_DistributionPoint, &dp)) {
		struct point point = {.dp = &dp, .crl_issuers = dp.cRLIssuer, .reasons = reasons_of(&dp.reasons)};
		struct hf_general_name first = {.which = -1};
		struct hf_der_list issuers = dp.cRLIssuer;
		struct hf_bytes base = scan->cert->tbs.issuer;

		if (hf_der_list_next(&issuers, &hf_GeneralName, &first) && first.which == HF_GN_DIRECTORY_NAME)
			base = first.value;
		if (dp.has_name)
			point.names = names_of(&dp.distributionPoint, base, buf);
		if (!apply_lists(scan, &point))
			return false;
	}
	return true;
}

bool hf_path_check_revocation(struct hf_path_state *s)
{
	struct scan scan = {.s = s, .cert = s->certs[s->i]};
	struct hf_der_list points;
	struct hf_buf buf;
	bool there, ok = false;

	if (s->params->revocation == HF_PATH_REVOCATION_NONE)
		return true;
	if (!hf_ext_get(&scan.cert->tbs.extensions, HF_OID_CRL_DISTRIBUTION_POINTS, &hf_CRLDistributionPoints, &points,
		    &there, s->err))
		return false;
	hf_buf_init(&buf, NAMES_MAX);
	if (there && !apply_points(&scan, points, &buf))
		goto out;
	/* Lists of the issuer that no point names (6.3.3, its last paragraph). */
	struct point own = {.names = one_name(scan.cert->tbs.issuer, &buf), .reasons = ALL_REASONS};
	if (!apply_lists(&scan, &own))
		goto out;
	ok = scan.covered == ALL_REASONS || (!scan.seen && s->params->revocation == HF_PATH_REVOCATION_GIVEN);
	if (ok)
		goto out;
	if (!scan.seen)
		hf_path_refuse(s, CLAUSE_NOT_KNOWN, "no CRL that is given is of its issuer");
	else
		hf_path_refuse(s, CLAUSE_NOT_KNOWN, "whether it is revoked cannot be told: %s",
			scan.why.text[0] ? scan.why.text : "the lists do not cover all reasons");
out:
	hf_buf_clear(&buf);
	return ok;
}
