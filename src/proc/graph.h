/*
 * The process graph: ONE table of which processes there are and who may speak to whom. The supervisor starts what is in
 * it and wires what is in it, and nothing else; a channel that is not a row here does not exist.
 *
 *     cad ──keyd──► keyd-ca      rad ──keyd──► keyd-ra      kmd ──keyd──► keyd-km      ocspd ──keyd──► keyd-ocsp
 *
 * Between services (rad → cad, cad → kmd, …) messages are signed and go over HTTP: GM/T 0034's zones may lie on
 * different hosts. So no edge of this table joins two services.
 */
#ifndef HUFU_PROC_GRAPH_H
#define HUFU_PROC_GRAPH_H

#include "base/err.h"

#include <stddef.h>

#define HF_GRAPH_MAX 32 /* processes, and edges */

struct hf_process {
	const char *name;    /* unique; also the name of its log and in `hufu status` */
	const char *program; /* file name in the program folder */
	const char *args[5]; /* after "--home DIR"; ends with NULL */
};

struct hf_edge {
	const char *client, *server; /* names of processes */
	const char *channel;         /* the client's word for it; unique for each client */
};

struct hf_graph {
	const struct hf_process *processes;
	size_t num_processes;
	const struct hf_edge *edges;
	size_t num_edges;
};

extern const struct hf_graph hf_graph;

/* Index in processes, or -1. */
int hf_graph_find(const struct hf_graph *graph, const char *name);
/*
 * Looks for holes: a name missing, twice, or not a plain word; an edge with an unknown end, to itself, given twice; a
 * ring of edges (stopping would never end). Errors: HF_E_INTERNAL, naming the row.
 */
HF_MUST_USE bool hf_graph_check(const struct hf_graph *graph, struct hf_err *err);

#endif
