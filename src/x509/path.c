/* RFC 5280 6.1: one path, from the anchor down. */
#include "x509/path.h"

#include "base/clock.h"
#include "x509/path_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool hf_path_refuse(struct hf_path_state *s, const char *clause, const char *fmt, ...)
{
	char text[HF_ERR_TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	s->result->clause = clause;
	s->result->at_cert = s->certs[s->i];
	return hf_fail(s->err, HF_E_VERIFY, "certificate %zu: %s (%s)", s->num - 1 - s->i, text, clause);
}

bool hf_path_spend(struct hf_path_work *work, size_t cost, struct hf_err *err)
{
	if (work->left <= cost) {
		work->left = 0;
		return hf_fail(err, HF_E_LIMIT,
			"path validation costs more work than is allowed: fewer candidates, "
			"constraints or policies are needed");
	}
	work->left -= cost;
	return true;
}

bool hf_path_self_issued(const struct hf_cert *cert)
{
	return hf_name_match(cert->tbs.issuer, cert->tbs.subject);
}

const struct hf_cert *hf_path_issuer(const struct hf_path_state *s)
{
	return s->i == 0 ? s->anchor : s->certs[s->i - 1];
}

static bool check_signature(struct hf_path_state *s, const struct hf_cert *cert, const struct hf_cert *issuer)
{
	struct hf_err why = {0};

	if (s->signatures_known)
		return true;
	if (!hf_path_spend(s->work, HF_PATH_WORK_SIGN, s->err))
		return false;
	if (!issuer->is_sm2)
		return hf_path_refuse(s, "RFC 5280 6.1.3 a.1", "issuer's key is no SM2 key");
	if (!hf_cert_verify_signature(cert, issuer->pub, &why))
		return hf_path_refuse(s, "RFC 5280 6.1.3 a.1", "%s", why.text);
	return true;
}

/* 6.1.3 a */
static bool check_basic(struct hf_path_state *s)
{
	const struct hf_cert *cert = s->certs[s->i], *issuer = hf_path_issuer(s);
	struct hf_err why = {0};

	if (!hf_name_match(cert->tbs.issuer, issuer->tbs.subject))
		return hf_path_refuse(s, "RFC 5280 6.1.3 a.4", "its issuer is not the subject of the next one");
	if (!check_signature(s, cert, issuer))
		return false;
	if (!hf_cert_valid_at(cert, s->params->at, &why))
		return hf_path_refuse(s, "RFC 5280 6.1.3 a.2", "%s", why.text);
	return hf_path_check_revocation(s);
}

/* 6.1.4 k to n, of whoever signs certificates. */
static bool check_issuing(struct hf_path_state *s, const struct hf_cert *cert, bool is_anchor)
{
	/* An anchor is a name and a key; a v1 root says nothing of itself. */
	if (!cert->is_ca && !(is_anchor && !cert->has_constraints))
		return hf_path_refuse(s, "RFC 5280 6.1.4 k", "%s basicConstraints does not say cA",
			is_anchor ? "the anchor's" : "its");
	if (cert->has_key_usage && !(cert->key_usage & HF_KU_KEY_CERT_SIGN))
		return hf_path_refuse(
			s, "RFC 5280 6.1.4 n", "%s keyUsage has no keyCertSign", is_anchor ? "the anchor's" : "its");
	return true;
}

/* 6.1.4 */
static bool prepare_next(struct hf_path_state *s)
{
	const struct hf_cert *cert = s->certs[s->i];

	if (!hf_path_policy_prepare(s) || !check_issuing(s, cert, false))
		return false;
	if (!hf_path_self_issued(cert)) {
		if (s->max_path_length == 0)
			return hf_path_refuse(
				s, "RFC 5280 6.1.4 l", "the path is longer than a pathLenConstraint above it allows");
		s->max_path_length--;
	}
	if (cert->path_len >= 0 && (size_t)cert->path_len < s->max_path_length)
		s->max_path_length = (size_t)cert->path_len;
	return true;
}

/* 6.1.4 o, 6.1.5 f */
static bool check_critical(struct hf_path_state *s)
{
	const struct hf_cert *cert = s->certs[s->i];

	if (cert->unknown_critical && hf_ext_unknown_to_path(&cert->tbs.extensions))
		return hf_path_refuse(s, s->i + 1 < s->num ? "RFC 5280 6.1.4 o" : "RFC 5280 6.1.5 f",
			"it has a critical extension that is not known");
	return true;
}

static bool run(struct hf_path_state *s)
{
	if (!check_issuing(s, s->anchor, true))
		return false;
	for (s->i = 0; s->i < s->num; s->i++) {
		if (!check_basic(s) || !hf_path_check_names(s) || !hf_path_policy_step(s) || !check_critical(s))
			return false;
		if (s->i + 1 < s->num && !prepare_next(s))
			return false;
	}
	s->i = s->num - 1;
	return hf_path_policy_finish(s);
}

bool hf_path_run(struct hf_path_state *s)
{
	bool ok;

	s->i = 0;
	s->max_path_length = s->num;
	if (s->anchor->path_len >= 0 && (size_t)s->anchor->path_len < s->num)
		s->max_path_length = (size_t)s->anchor->path_len;
	hf_path_policy_start(s);
	ok = run(s);
	hf_path_policy_clear(s);
	for (size_t i = 0; i < s->num; i++)
		s->result->certs[s->num - 1 - i] = s->certs[i];
	s->result->num_certs = s->num;
	s->result->anchor = s->anchor;
	return ok;
}

bool hf_path_validate(const struct hf_path_params *params, const struct hf_cert *const *certs, size_t num_certs,
	struct hf_path_result *result, struct hf_err *err)
{
	struct hf_path_work work = {.left = params->max_work ? params->max_work : HF_PATH_WORK};
	size_t before = work.left;
	struct hf_path_state s = {.params = params,
		.work = &work,
		.result = result,
		.anchor = params->anchors,
		.num = num_certs,
		.err = err};
	bool ok;

	memset(result, 0, sizeof(*result));
	if (params->num_anchors == 0)
		return hf_fail(err, HF_E_VERIFY, "no trust anchor is given (RFC 5280 6.1.1 d)");
	if (num_certs == 0 || num_certs > HF_PATH_CERTS_MAX)
		return hf_fail(
			err, HF_E_LIMIT, "a path of %zu certificates, 1 to %d are taken", num_certs, HF_PATH_CERTS_MAX);
	for (size_t i = 0; i < num_certs; i++)
		s.certs[num_certs - 1 - i] = certs[i];
	ok = hf_path_run(&s);
	result->work = before - work.left;
	return ok;
}
