/*
 * Between the files of path validation. struct hf_path_state is the state of RFC 5280 6.1.2 for one path; the search
 * and the validation of CRL issuers share one struct hf_path_work.
 */
#ifndef HUFU_X509_PATH_INT_H
#define HUFU_X509_PATH_INT_H

#include "x509/path.h"

/* What is spent, and whose key is being vouched for right now (CRL issuers within CRL issuers). */
#define HF_PATH_SIGNERS_MAX 4
struct hf_path_work {
	size_t left;
	const struct hf_cert *signers[HF_PATH_SIGNERS_MAX];
	size_t num_signers;
};

/* The policy graph: at most one node a policy and depth (RFC 9618 4). */
struct hf_path_node {
	struct hf_bytes policy;
	size_t depth;
	size_t expected, num_expected; /* within .expected */
	bool gone;                     /* deleted by a mapping that is inhibited */
	bool reaches;                  /* the last depth, for the outcome */
};
struct hf_path_edge {
	size_t parent, child;
};
struct hf_path_graph {
	bool is_null;
	struct hf_path_node *nodes;
	size_t num_nodes;
	struct hf_path_edge *edges;
	size_t num_edges;
	struct hf_bytes *expected;
	size_t num_expected;
	size_t level; /* first node of the depth that was made last */
};

struct hf_path_state {
	const struct hf_path_params *params;
	struct hf_path_work *work;
	struct hf_path_result *result;
	const struct hf_cert *anchor;
	/* certs[0] is issued by the anchor, certs[num - 1] is the target: the order of RFC 5280 6.1. */
	const struct hf_cert *certs[HF_PATH_CERTS_MAX];
	size_t num;
	size_t i; /* the one that is looked at */
	bool signatures_known;
	size_t max_path_length;
	size_t explicit_policy, policy_mapping, inhibit_any;
	struct hf_path_graph graph;
	struct hf_err *err;
};

/* Notes clause and certificate, fills the error, and returns false. */
bool hf_path_refuse(struct hf_path_state *s, const char *clause, const char *fmt, ...) HF_PRINTF(3, 4);
/* Takes from the budget. Errors: HF_E_LIMIT. */
HF_MUST_USE bool hf_path_spend(struct hf_path_work *work, size_t cost, struct hf_err *err);
/* By its names, folded. */
bool hf_path_self_issued(const struct hf_cert *cert);
const struct hf_cert *hf_path_issuer(const struct hf_path_state *s);
/* One path whose certs and anchor are set. */
HF_MUST_USE bool hf_path_run(struct hf_path_state *s);
/* The search, within a budget that is shared; vetted is as hf_path_find. */
HF_MUST_USE bool hf_path_search(const struct hf_path_params *params, struct hf_path_work *work,
	const struct hf_cert *target, struct hf_path_result *result, struct hf_err *err);

/* RFC 5280 6.1.3 b, c: the names of certs[i] against the constraints of all above it. */
HF_MUST_USE bool hf_path_check_names(struct hf_path_state *s);

/* RFC 5280 6.1.2 a, d, e, f; 6.1.3 d, e, f; 6.1.4 a, b, h, i, j; 6.1.5 a, b, g. */
void hf_path_policy_start(struct hf_path_state *s);
HF_MUST_USE bool hf_path_policy_step(struct hf_path_state *s);
HF_MUST_USE bool hf_path_policy_prepare(struct hf_path_state *s);
HF_MUST_USE bool hf_path_policy_finish(struct hf_path_state *s);
void hf_path_policy_clear(struct hf_path_state *s);

/* RFC 5280 6.3.3 for certs[i]. */
HF_MUST_USE bool hf_path_check_revocation(struct hf_path_state *s);

#endif
