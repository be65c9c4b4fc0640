/*
 * The supervisor: starts the processes of the graph, wires them, restarts what dies, stops all.
 *
 *     supervisor ─┬─ control pair (fd 3) ─ keyd-ca ◄─┐ channel pair, one end handed to each side
 *                 └─ control pair (fd 3) ─ cad ──────┘ over its control channel (SCM_RIGHTS)
 *
 * - Each child is given: 0 from /dev/null; 1 and 2 to <home>/log/NAME.log (append); 3 the control channel; 4 the lock;
 *   nothing else.
 * - When either end of an edge is started again, both ends get a new pair.
 * - A child that ends is started again after 100 ms, doubling to 10 s; 30 s of health begin anew at 100 ms.
 * - Stopping: a process is told (SHUTDOWN on its control channel and SIGTERM) once no living process is its client, so
 *   that a CA can finish its batch; after the grace SIGKILL.
 * - If the supervisor dies, its children are killed by the kernel (PR_SET_PDEATHSIG) and see the end of fd 3.
 * - <home>/run/lock is locked (flock) by the supervisor and held by every child: a new supervisor waits until all
 *   processes of a killed one are gone, so that no database and no key has two owners.
 * - <home>/run/supervisor.sock (mode 0600, same user only) answers "status\n" and "stop\n".
 *
 * The supervisor handles no outside input and is single-threaded. It must be run from the main thread (PDEATHSIG
 * follows the thread that forked).
 */
#ifndef HUFU_PROC_SUPERVISOR_H
#define HUFU_PROC_SUPERVISOR_H

#include "base/buf.h"
#include "base/log.h"

#include "proc/graph.h"

struct hf_supervisor_spec {
	const char *home;             /* exists; run/ and log/ are made in it */
	const char *programs;         /* the folder of the programs */
	const struct hf_graph *graph; /* NULL: hf_graph */
	const struct hf_log *log;     /* may be NULL */
	int grace_ms;                 /* 0: 5000 */
	int lock_wait_ms;             /* 0: 15000 */
	/*
	 * Called once, when every process has reported ready for the first time. It runs inside the supervisor's loop:
	 * it must be short (print a line, write to a pipe); long work belongs to another process. May be NULL.
	 */
	void (*on_all_ready)(void *ctx);
	void *ctx;
};

/*
 * Runs until SIGTERM, SIGINT or a "stop" request, then stops all and returns true. SIGTERM, SIGINT and SIGCHLD are
 * blocked while it runs and restored afterwards.
 * Errors: HF_E_STATE (another supervisor holds the lock after the wait; its pid is named), HF_E_STORE (folders,
 * socket), HF_E_INTERNAL (a hole in the graph), HF_E_MISSING (a program is not there).
 */
HF_MUST_USE bool hf_supervisor_run(const struct hf_supervisor_spec *spec, struct hf_err *err);

/*
 * Asks the supervisor of this home: word is "status" or "stop". "status" appends one line a process, tab-separated:
 *     name  pid  state  restarts  since  last-words            state: starting, ready, waiting, stopping, gone
 * Only when every state is "ready" the system is up. "stop" returns when the supervisor has ended.
 * Errors: HF_E_MISSING (none runs here), HF_E_PEER (no answer in timeout_ms), HF_E_INPUT (no such word).
 */
HF_MUST_USE bool hf_supervisor_ask(
	const char *home, const char *word, int timeout_ms, struct hf_buf *answer, struct hf_err *err);

#endif
