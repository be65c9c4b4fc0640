#include "proc/graph.h"

#include "base/str.h"

#include <string.h>

#define NUM(array) (sizeof(array) / sizeof((array)[0]))

static const struct hf_process processes[] = {
	{"keyd-ca", "hufu-keyd", {"--service", "ca"}},
	{"keyd-ra", "hufu-keyd", {"--service", "ra"}},
	{"keyd-km", "hufu-keyd", {"--service", "km"}},
	{"keyd-ocsp", "hufu-keyd", {"--service", "ocsp"}},
	{"cad", "hufu-cad", {NULL}},
	{"rad", "hufu-rad", {NULL}},
	{"kmd", "hufu-kmd", {NULL}},
	{"ocspd", "hufu-ocspd", {NULL}},
};

static const struct hf_edge edges[] = {
	{"cad", "keyd-ca", "keyd"},
	{"rad", "keyd-ra", "keyd"},
	{"kmd", "keyd-km", "keyd"},
	{"ocspd", "keyd-ocsp", "keyd"},
};

const struct hf_graph hf_graph = {processes, NUM(processes), edges, NUM(edges)};

int hf_graph_find(const struct hf_graph *graph, const char *name)
{
	for (size_t i = 0; i < graph->num_processes; i++)
		if (hf_str_equal(graph->processes[i].name, name))
			return (int)i;
	return -1;
}

/* Names become file names and fields of a line. */
static bool is_word(const char *text)
{
	return text && *text && strlen(text) < 32 &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(text);
}

static bool check_process(const struct hf_graph *graph, size_t i, struct hf_err *err)
{
	const struct hf_process *p = &graph->processes[i];

	if (!is_word(p->name) || !is_word(p->program))
		return hf_fail(err, HF_E_INTERNAL, "process graph: process %zu: a name or program is not a word", i);
	if (hf_graph_find(graph, p->name) != (int)i)
		return hf_fail(err, HF_E_INTERNAL, "process graph: process %s is there twice", p->name);
	if (p->args[NUM(p->args) - 1])
		return hf_fail(err, HF_E_INTERNAL, "process graph: process %s: its arguments do not end", p->name);
	return true;
}

static bool check_edge(const struct hf_graph *graph, size_t i, struct hf_err *err)
{
	const struct hf_edge *e = &graph->edges[i];
	int client = hf_graph_find(graph, e->client), server = hf_graph_find(graph, e->server);

	if (client < 0 || server < 0)
		return hf_fail(err, HF_E_INTERNAL, "process graph: edge %zu: no process named %s", i,
			client < 0 ? e->client : e->server);
	if (client == server)
		return hf_fail(err, HF_E_INTERNAL, "process graph: %s has an edge to itself", e->client);
	if (!is_word(e->channel))
		return hf_fail(err, HF_E_INTERNAL, "process graph: edge %zu: its channel is not a word", i);
	for (size_t k = 0; k < i; k++)
		if (hf_str_equal(graph->edges[k].client, e->client) &&
			hf_str_equal(graph->edges[k].channel, e->channel))
			return hf_fail(err, HF_E_INTERNAL, "process graph: %s has two channels named %s", e->client,
				e->channel);
	return true;
}

/* Takes away processes without clients again and again, as stopping does; a ring is what stays. */
static bool check_rings(const struct hf_graph *graph, struct hf_err *err)
{
	bool gone[HF_GRAPH_MAX] = {false};

	for (size_t round = 0; round < graph->num_processes; round++) {
		bool used[HF_GRAPH_MAX] = {false};
		for (size_t i = 0; i < graph->num_edges; i++)
			if (!gone[hf_graph_find(graph, graph->edges[i].client)])
				used[hf_graph_find(graph, graph->edges[i].server)] = true;
		for (size_t i = 0; i < graph->num_processes; i++)
			gone[i] = gone[i] || !used[i];
	}
	for (size_t i = 0; i < graph->num_processes; i++)
		if (!gone[i])
			return hf_fail(err, HF_E_INTERNAL, "process graph: %s is its own client, through others",
				graph->processes[i].name);
	return true;
}

bool hf_graph_check(const struct hf_graph *graph, struct hf_err *err)
{
	if (graph->num_processes > HF_GRAPH_MAX || graph->num_edges > HF_GRAPH_MAX)
		return hf_fail(err, HF_E_INTERNAL, "process graph: more than %d rows", HF_GRAPH_MAX);
	for (size_t i = 0; i < graph->num_processes; i++)
		if (!check_process(graph, i, err))
			return false;
	for (size_t i = 0; i < graph->num_edges; i++)
		if (!check_edge(graph, i, err))
			return false;
	return check_rings(graph, err);
}
