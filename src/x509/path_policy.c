/*
 * Certificate policies: the valid_policy_tree of RFC 5280 6.1.2 to 6.1.5, kept as a graph (RFC 9618): one node a policy
 * and depth, with edges to all its parents. Where the tree prunes a node without children, the graph leaves it standing
 * and asks at the end which nodes reach the last depth.
 */
#include "x509/path_int.h"

#include "base/alloc.h"

#include <stdlib.h>

#define LINKS_MAX 65536 /* edges, expected policies: memory that a hostile path may take */
#define NONE      SIZE_MAX

static struct hf_bytes any_policy(void)
{
	return hf_oid_bytes(HF_OID_ANY_POLICY);
}

static bool is_any(struct hf_bytes policy)
{
	return hf_oid_is(policy, HF_OID_ANY_POLICY);
}

/* Room for one more, in steps that double. */
static void *grow(void *array, size_t num, size_t size)
{
	return num & (num - 1) ? array : hf_resize(array, num ? 2 * num : 1, size);
}

static bool too_many(struct hf_path_state *s, size_t num)
{
	if (num < LINKS_MAX && hf_path_spend(s->work, 1, s->err))
		return false;
	hf_fail(s->err, HF_E_LIMIT, "certificate %zu: its policies make a graph that is too large", s->num - 1 - s->i);
	return true;
}

static bool add_expected(struct hf_path_state *s, size_t node, struct hf_bytes policy)
{
	struct hf_path_graph *g = &s->graph;

	if (too_many(s, g->num_expected))
		return false;
	g->expected = grow(g->expected, g->num_expected, sizeof(*g->expected));
	g->expected[g->num_expected++] = policy;
	g->nodes[node].num_expected++;
	return true;
}

static bool add_edge(struct hf_path_state *s, size_t parent, size_t child)
{
	struct hf_path_graph *g = &s->graph;

	if (too_many(s, g->num_edges))
		return false;
	g->edges = grow(g->edges, g->num_edges, sizeof(*g->edges));
	g->edges[g->num_edges++] = (struct hf_path_edge){parent, child};
	return true;
}

/* A node that expects nothing yet. */
static bool add_node(struct hf_path_state *s, struct hf_bytes policy, size_t depth, size_t *node)
{
	struct hf_path_graph *g = &s->graph;

	if (too_many(s, g->num_nodes))
		return false;
	g->nodes = grow(g->nodes, g->num_nodes, sizeof(*g->nodes));
	*node = g->num_nodes++;
	g->nodes[*node] = (struct hf_path_node){.policy = policy, .depth = depth, .expected = g->num_expected};
	return true;
}

/* The node of this policy among [from, to), or NONE. */
static size_t find_node(struct hf_path_state *s, struct hf_bytes policy, size_t from, size_t to)
{
	const struct hf_path_graph *g = &s->graph;

	for (size_t i = from; i < to; i++) {
		if (!hf_path_spend(s->work, 1, s->err))
			return NONE;
		if (!g->nodes[i].gone && hf_bytes_equal(g->nodes[i].policy, policy))
			return i;
	}
	return NONE;
}

static bool expects(struct hf_path_state *s, size_t node, struct hf_bytes policy)
{
	const struct hf_path_node *n = &s->graph.nodes[node];

	for (size_t i = 0; i < n->num_expected; i++)
		if (hf_path_spend(s->work, 1, s->err) && hf_bytes_equal(s->graph.expected[n->expected + i], policy))
			return true;
	return false;
}

/* A node of the new depth under every node of the old one that expects it; *made says whether there was one. */
static bool add_under_expecting(struct hf_path_state *s, struct hf_bytes policy, size_t old, size_t level, bool *made)
{
	size_t node = NONE;

	*made = false;
	for (size_t i = old; i < level; i++) {
		if (s->graph.nodes[i].gone || !expects(s, i, policy))
			continue;
		if (!*made && (!add_node(s, policy, s->i + 1, &node) || !add_expected(s, node, policy)))
			return false;
		*made = true;
		if (!add_edge(s, i, node))
			return false;
	}
	return s->work->left > 0;
}

/* 6.1.3 d.1 */
static bool add_stated(struct hf_path_state *s, struct hf_bytes policy, size_t old, size_t level)
{
	size_t node, any;
	bool made;

	if (find_node(s, policy, level, s->graph.num_nodes) != NONE)
		return true; /* stated twice */
	if (!add_under_expecting(s, policy, old, level, &made))
		return false;
	if (made)
		return true;
	any = find_node(s, any_policy(), old, level);
	if (any == NONE)
		return s->work->left > 0;
	return add_node(s, policy, s->i + 1, &node) && add_expected(s, node, policy) && add_edge(s, any, node);
}

/* 6.1.3 d.2: anyPolicy stands for whatever the depth above expects. */
static bool add_unstated(struct hf_path_state *s, size_t old, size_t level)
{
	bool made;

	for (size_t i = old; i < level; i++)
		for (size_t k = 0; !s->graph.nodes[i].gone && k < s->graph.nodes[i].num_expected; k++) {
			struct hf_bytes policy = s->graph.expected[s->graph.nodes[i].expected + k];

			if (find_node(s, policy, level, s->graph.num_nodes) == NONE &&
				!add_under_expecting(s, policy, old, level, &made))
				return false;
		}
	return s->work->left > 0;
}

static bool is_target(const struct hf_path_state *s)
{
	return s->i + 1 == s->num;
}

/* 6.1.3 d */
static bool apply_policies(struct hf_path_state *s, struct hf_der_list policies)
{
	size_t old = s->graph.level, level = s->graph.num_nodes;
	struct hf_policy_information policy;
	bool any = false;

	while (hf_der_list_next(&policies, &hf_PolicyInformation, &policy)) {
		if (is_any(policy.policyIdentifier))
			any = true;
		else if (!add_stated(s, policy.policyIdentifier, old, level))
			return false;
	}
	if (any && (s->inhibit_any > 0 || (!is_target(s) && hf_path_self_issued(s->certs[s->i]))) &&
		!add_unstated(s, old, level))
		return false;
	s->graph.level = level;
	s->graph.is_null = s->graph.num_nodes == level;
	return true;
}

void hf_path_policy_start(struct hf_path_state *s)
{
	size_t root;

	s->explicit_policy = s->params->explicit_policy ? 0 : s->num + 1;
	s->policy_mapping = s->params->inhibit_mapping ? 0 : s->num + 1;
	s->inhibit_any = s->params->inhibit_any ? 0 : s->num + 1;
	/* Without budget for even this, the first step says so. */
	s->graph = (struct hf_path_graph){0};
	s->graph.is_null = !add_node(s, any_policy(), 0, &root) || !add_expected(s, root, any_policy());
}

bool hf_path_policy_step(struct hf_path_state *s)
{
	struct hf_der_list policies;
	bool there;

	if (!hf_ext_get(&s->certs[s->i]->tbs.extensions, HF_OID_CERTIFICATE_POLICIES, &hf_CertificatePolicies,
		    &policies, &there, s->err))
		return false;
	if (!there)
		s->graph.is_null = true;
	if (!s->graph.is_null && !apply_policies(s, policies))
		return false;
	if (s->explicit_policy == 0 && s->graph.is_null)
		return hf_path_refuse(s, "RFC 5280 6.1.3 f", "an explicit policy is required, and none is valid here");
	return true;
}

/* 6.1.4 b.1, for one issuerDomainPolicy and all that is mapped to it. */
static bool map_policy(struct hf_path_state *s, struct hf_bytes from, struct hf_der_list mappings)
{
	struct hf_path_graph *g = &s->graph;
	size_t node = find_node(s, from, g->level, g->num_nodes);
	struct hf_policy_mapping mapping;

	if (node == NONE) {
		size_t any = find_node(s, any_policy(), g->level, g->num_nodes), above = NONE;

		if (any == NONE)
			return s->work->left > 0;
		for (size_t i = 0; i < g->num_edges; i++)
			if (g->edges[i].child == any)
				above = g->edges[i].parent;
		if (!add_node(s, from, s->i + 1, &node) || (above != NONE && !add_edge(s, above, node)))
			return false;
	}
	g->nodes[node].expected = g->num_expected;
	g->nodes[node].num_expected = 0;
	while (hf_der_list_next(&mappings, &hf_PolicyMapping, &mapping))
		if (hf_bytes_equal(mapping.issuerDomainPolicy, from) &&
			!add_expected(s, node, mapping.subjectDomainPolicy))
			return false;
	return true;
}

/* 6.1.4 b.2 */
static bool drop_policy(struct hf_path_state *s, struct hf_bytes policy)
{
	struct hf_path_graph *g = &s->graph;
	size_t node = find_node(s, policy, g->level, g->num_nodes);

	if (node != NONE)
		g->nodes[node].gone = true;
	return s->work->left > 0;
}

static bool stated_before(struct hf_path_state *s, struct hf_der_list mappings, size_t until, struct hf_bytes policy)
{
	struct hf_policy_mapping mapping;

	for (size_t i = 0; i < until && hf_der_list_next(&mappings, &hf_PolicyMapping, &mapping); i++)
		if (!hf_path_spend(s->work, 1, s->err) || hf_bytes_equal(mapping.issuerDomainPolicy, policy))
			return true;
	return false;
}

/* 6.1.4 a, b */
static bool apply_mappings(struct hf_path_state *s)
{
	struct hf_der_list mappings, rest;
	struct hf_policy_mapping mapping;
	bool there;

	if (!hf_ext_get(&s->certs[s->i]->tbs.extensions, HF_OID_POLICY_MAPPINGS, &hf_PolicyMappings, &mappings, &there,
		    s->err))
		return false;
	rest = mappings;
	for (size_t i = 0; there && hf_der_list_next(&rest, &hf_PolicyMapping, &mapping); i++) {
		if (is_any(mapping.issuerDomainPolicy) || is_any(mapping.subjectDomainPolicy))
			return hf_path_refuse(s, "RFC 5280 6.1.4 a", "policyMappings maps from or to anyPolicy");
		if (s->graph.is_null || stated_before(s, mappings, i, mapping.issuerDomainPolicy))
			continue;
		if (!(s->policy_mapping > 0 ? map_policy(s, mapping.issuerDomainPolicy, mappings)
					    : drop_policy(s, mapping.issuerDomainPolicy)))
			return false;
	}
	bool left = false;
	for (size_t i = s->graph.level; i < s->graph.num_nodes; i++)
		left |= !s->graph.nodes[i].gone;
	s->graph.is_null |= !left;
	return s->work->left > 0;
}

static void lower(size_t *counter, bool there, int64_t value)
{
	if (there && (uint64_t)value < *counter)
		*counter = (size_t)value;
}

static void count_down(size_t *counter)
{
	if (*counter > 0)
		(*counter)--;
}

bool hf_path_policy_prepare(struct hf_path_state *s)
{
	const struct hf_der_list *extensions = &s->certs[s->i]->tbs.extensions;
	struct hf_policy_constraints constraints;
	int64_t skip;
	bool there, inhibits;

	if (!apply_mappings(s))
		return false;
	/* 6.1.4 h */
	if (!hf_path_self_issued(s->certs[s->i])) {
		count_down(&s->explicit_policy);
		count_down(&s->policy_mapping);
		count_down(&s->inhibit_any);
	}
	/* 6.1.4 i, j */
	if (!hf_ext_get(extensions, HF_OID_POLICY_CONSTRAINTS, &hf_PolicyConstraints, &constraints, &there, s->err) ||
		!hf_ext_get(extensions, HF_OID_INHIBIT_ANY_POLICY, &hf_InhibitAnyPolicy, &skip, &inhibits, s->err))
		return false;
	lower(&s->explicit_policy, constraints.has_require, constraints.requireExplicitPolicy);
	lower(&s->policy_mapping, constraints.has_inhibit, constraints.inhibitPolicyMapping);
	lower(&s->inhibit_any, inhibits, skip);
	return true;
}

/* Edges lead from lower to higher depths and were added in that order: one pass backwards is enough. */
static void mark_reaching(struct hf_path_graph *g)
{
	for (size_t i = g->level; i < g->num_nodes; i++)
		g->nodes[i].reaches = !g->nodes[i].gone;
	for (size_t i = g->num_edges; i > 0; i--)
		g->nodes[g->edges[i - 1].parent].reaches |= g->nodes[g->edges[i - 1].child].reaches;
}

static bool user_wants(const struct hf_path_params *params, struct hf_bytes policy)
{
	if (params->num_policies == 0)
		return true;
	for (size_t i = 0; i < params->num_policies; i++)
		if (is_any(params->policies[i]) || hf_bytes_equal(params->policies[i], policy))
			return true;
	return false;
}

static void report(struct hf_path_result *result, struct hf_bytes policy)
{
	for (size_t i = 0; i < result->num_policies; i++)
		if (hf_bytes_equal(result->policies[i], policy))
			return;
	if (result->num_policies < HF_PATH_POLICIES_MAX)
		result->policies[result->num_policies++] = policy;
}

/* 6.1.5 g: policies of the anchor's domain (their parent is anyPolicy) that reach the target, and the user wants. */
static void intersect(struct hf_path_state *s)
{
	const struct hf_path_graph *g = &s->graph;
	const struct hf_path_params *params = s->params;
	size_t any;

	mark_reaching(&s->graph);
	for (size_t i = 0; i < g->num_edges; i++) {
		const struct hf_path_node *parent = &g->nodes[g->edges[i].parent],
					  *child = &g->nodes[g->edges[i].child];

		if (child->reaches && is_any(parent->policy) && !is_any(child->policy) &&
			user_wants(params, child->policy))
			report(s->result, child->policy);
	}
	any = find_node(s, any_policy(), g->level, g->num_nodes);
	if (any == NONE)
		return;
	s->result->any_policy = user_wants(params, any_policy());
	for (size_t i = 0; i < params->num_policies; i++)
		if (!is_any(params->policies[i]))
			report(s->result, params->policies[i]);
}

bool hf_path_policy_finish(struct hf_path_state *s)
{
	struct hf_policy_constraints constraints;
	bool there;

	/* 6.1.5 a, b */
	count_down(&s->explicit_policy);
	if (!hf_ext_get(&s->certs[s->i]->tbs.extensions, HF_OID_POLICY_CONSTRAINTS, &hf_PolicyConstraints, &constraints,
		    &there, s->err))
		return false;
	if (constraints.has_require && constraints.requireExplicitPolicy == 0)
		s->explicit_policy = 0;
	if (!s->graph.is_null)
		intersect(s);
	if (s->explicit_policy == 0 && s->result->num_policies == 0 && !s->result->any_policy)
		return hf_path_refuse(s, "RFC 5280 6.1.5 g",
			"an explicit policy is required, and none that is wanted is valid for the path");
	return s->work->left > 0 || hf_path_spend(s->work, 1, s->err);
}

void hf_path_policy_clear(struct hf_path_state *s)
{
	free(s->graph.nodes);
	free(s->graph.edges);
	free(s->graph.expected);
	s->graph = (struct hf_path_graph){0};
}
