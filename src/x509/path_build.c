/*
 * The search: depth first from the target upwards, candidates ordered as RFC 4158 3.2 advises, no certificate and no
 * (name, key) twice in a path (RFC 4158 5.2), every signature verified before a link is followed.
 */
#include "base/clock.h"
#include "x509/path_int.h"

#include <string.h>

#define CANDIDATES_MAX 64 /* issuers of one certificate that are tried */

/* How far a refusal came: links count from 1. */
enum { TOO_LONG = 500, WHOLE_PATH = 1000, NO_WORK_LEFT = 1 << 20 };

struct search {
	const struct hf_path_params *params;
	struct hf_path_work *work;
	struct hf_path_result *result; /* of the path that came furthest */
	struct hf_err *err;
	const struct hf_cert *path[HF_PATH_CERTS_MAX]; /* the target first */
	size_t num, max;
	int best; /* how far the refusal in err came: the enum above */
	bool over;
};

/* A refusal replaces one that came less far: a whole path that fails says more than a link that does not fit. */
static void note(struct search *s, int how_far, const struct hf_err *why, const struct hf_path_result *result)
{
	if (why->code == HF_E_LIMIT) {
		s->over = true;
		how_far = NO_WORK_LEFT;
	}
	if (how_far <= s->best)
		return;
	s->best = how_far;
	*s->err = *why;
	*s->result = result ? *result : (struct hf_path_result){.clause = s->over ? NULL : HF_PATH_CLAUSE_NO_PATH};
}

static bool same_entity(const struct hf_cert *a, const struct hf_cert *b)
{
	return hf_bytes_equal(a->tbs.subjectPublicKeyInfo.subjectPublicKey.bytes,
		       b->tbs.subjectPublicKeyInfo.subjectPublicKey.bytes) &&
	       hf_name_match(a->tbs.subject, b->tbs.subject);
}

static bool in_path(const struct search *s, const struct hf_cert *cert)
{
	for (size_t i = 0; i < s->num; i++)
		if (hf_bytes_equal(s->path[i]->der, cert->der) || same_entity(s->path[i], cert))
			return true;
	return false;
}

/* Key identifiers are hints, not rules: what they say orders the candidates (RFC 5280 4.2.1.1). */
static int score(const struct search *s, const struct hf_cert *cert, const struct hf_cert *issuer)
{
	int points = 0;

	if (cert->authority_key_id.p && issuer->subject_key_id.p)
		points += hf_bytes_equal(cert->authority_key_id, issuer->subject_key_id) ? 4 : -4;
	points += hf_cert_valid_at(issuer, s->params->at, NULL) ? 2 : 0;
	points += issuer->is_ca ? 1 : 0;
	return points;
}

static bool verify_link(struct search *s, const struct hf_cert *cert, const struct hf_cert *issuer)
{
	struct hf_path_result result = {
		.clause = "RFC 5280 6.1.3 a.1", .at_cert = cert, .num_certs = s->num, .anchor = NULL};
	struct hf_err why = {0};
	bool ok;

	ok = hf_path_spend(s->work, HF_PATH_WORK_SIGN, &why) &&
	     (issuer->is_sm2 ? hf_cert_verify_signature(cert, issuer->pub, &why)
			     : hf_fail(&why, HF_E_VERIFY, "issuer's key is no SM2 key"));
	if (ok)
		return true;
	if (why.code != HF_E_LIMIT) {
		struct hf_err because = why;
		hf_fail(&why, HF_E_VERIFY, "certificate %zu: %.400s (RFC 5280 6.1.3 a.1)", s->num - 1, because.text);
	}
	memcpy(result.certs, s->path, s->num * sizeof(s->path[0]));
	note(s, 1 + (int)s->num, &why, &result);
	return false;
}

static bool try_anchor(struct search *s, const struct hf_cert *anchor)
{
	struct hf_path_result result = {0};
	struct hf_err why = {0};
	struct hf_path_state state = {
		.params = s->params,
		.work = s->work,
		.result = &result,
		.anchor = anchor,
		.num = s->num,
		.signatures_known = true,
		.err = &why,
	};

	if (!verify_link(s, s->path[s->num - 1], anchor))
		return false;
	for (size_t i = 0; i < s->num; i++)
		state.certs[i] = s->path[s->num - 1 - i];
	if (hf_path_run(&state)) {
		*s->result = result;
		return true;
	}
	note(s, WHOLE_PATH + (int)state.i, &why, &result);
	return false;
}

/* An anchor in the pool leads nowhere that the anchor itself does not. */
static bool is_anchor(const struct search *s, const struct hf_cert *cert)
{
	for (size_t i = 0; i < s->params->num_anchors; i++)
		if (hf_bytes_equal(s->params->anchors[i].der, cert->der))
			return true;
	return false;
}

/* Those whose subject is the issuer, the best ones first; equal ones as they were given. */
static size_t find_candidates(struct search *s, const struct hf_cert **out)
{
	const struct hf_cert *cert = s->path[s->num - 1];
	int points[CANDIDATES_MAX];
	struct hf_err why;
	size_t num = 0;

	for (size_t i = 0; i < s->params->num_pool && num < CANDIDATES_MAX; i++) {
		const struct hf_cert *one = &s->params->pool[i];
		if (!hf_path_spend(s->work, 1, &why)) {
			note(s, NO_WORK_LEFT, &why, NULL);
			break;
		}
		if (!hf_name_match(one->tbs.subject, cert->tbs.issuer) || in_path(s, one) || is_anchor(s, one))
			continue;
		size_t at = num++;
		int mine = score(s, cert, one);
		for (; at > 0 && points[at - 1] < mine; at--) {
			points[at] = points[at - 1];
			out[at] = out[at - 1];
		}
		points[at] = mine;
		out[at] = one;
	}
	return num;
}

/* Extends the path at its upper end. Recursion is as deep as a path is long. */
static bool climb(struct search *s)
{
	const struct hf_cert *candidates[CANDIDATES_MAX];
	const struct hf_cert *cert = s->path[s->num - 1];
	struct hf_err why = {0};

	for (size_t i = 0; i < s->params->num_anchors && !s->over; i++)
		if (hf_name_match(s->params->anchors[i].tbs.subject, cert->tbs.issuer) &&
			try_anchor(s, &s->params->anchors[i]))
			return true;
	size_t num = find_candidates(s, candidates);
	if (num > 0 && s->num == s->max) {
		hf_fail(&why, HF_E_VERIFY, "no path of at most %zu certificates reaches a trust anchor", s->max);
		note(s, TOO_LONG, &why, NULL);
		return false;
	}
	for (size_t i = 0; i < num && !s->over; i++) {
		if (!verify_link(s, cert, candidates[i]))
			continue;
		s->path[s->num++] = candidates[i];
		bool found = climb(s);
		s->num--;
		if (found)
			return true;
	}
	hf_fail(&why, HF_E_VERIFY,
		"certificate %zu: no certificate of its issuer is at hand that leads to a trust anchor "
		"(" HF_PATH_CLAUSE_NO_PATH ")",
		s->num - 1);
	note(s, (int)s->num, &why, NULL);
	return false;
}

bool hf_path_search(const struct hf_path_params *params, struct hf_path_work *work, const struct hf_cert *target,
	struct hf_path_result *result, struct hf_err *err)
{
	size_t max =
		params->max_certs > 0 && params->max_certs < HF_PATH_CERTS_MAX ? params->max_certs : HF_PATH_CERTS_MAX;
	struct hf_err own = {0};
	struct search s = {.params = params,
		.work = work,
		.result = result,
		.err = err ? err : &own,
		.path = {target},
		.num = 1,
		.max = max};

	memset(result, 0, sizeof(*result));
	/* An anchor is trusted as it stands (RFC 5280 6.1.1 d): the path to it has no certificate. */
	for (size_t i = 0; i < params->num_anchors; i++)
		if (target->der.len > 0 && hf_bytes_equal(params->anchors[i].der, target->der)) {
			result->anchor = &params->anchors[i];
			result->any_policy = true;
			return true;
		}
	return climb(&s);
}

bool hf_path_find(const struct hf_path_params *params, const struct hf_cert *target, struct hf_path_result *result,
	struct hf_err *err)
{
	struct hf_path_work work = {.left = params->max_work ? params->max_work : HF_PATH_WORK};
	size_t before = work.left;
	bool ok = hf_path_search(params, &work, target, result, err);

	result->work = before - work.left;
	return ok;
}
