/*
 * The supervisor's two other files: starting a child, and the socket that answers `hufu status`.
 */
#ifndef HUFU_PROC_SUPERVISOR_INT_H
#define HUFU_PROC_SUPERVISOR_INT_H

#include "base/file.h"

#include "proc/control_int.h"
#include "proc/supervisor.h"

#include <poll.h>
#include <sys/types.h>

enum hf_child_state { HF_CHILD_STARTING, HF_CHILD_READY, HF_CHILD_WAITING, HF_CHILD_STOPPING, HF_CHILD_GONE };

struct hf_child {
	const struct hf_process *process;
	enum hf_child_state state;
	pid_t pid; /* 0: not running */
	int control;
	unsigned restarts;
	int64_t since;   /* clock: of this state */
	int64_t started; /* ticks */
	int64_t due;     /* ticks: when to start again (waiting) or to kill (stopping) */
	int backoff_ms;
	char words[HF_CONTROL_WORDS_MAX]; /* the last it said, or how it ended */
};

#define HF_SUPERVISOR_ASKERS 8

struct hf_asker {
	int fd; /* -1: free */
	int64_t until;
	char line[16];
	size_t len;
	bool waits_for_end;
};

struct hf_supervisor {
	const struct hf_supervisor_spec *spec;
	const struct hf_graph *graph;
	const struct hf_clock *clock;
	char home[HF_PATH_MAX];
	struct hf_child children[HF_GRAPH_MAX];
	int lock_fd, run_fd, signal_fd, listen_fd;
	bool stopping, was_ready;
	struct hf_asker askers[HF_SUPERVISOR_ASKERS];
};

/* Forks and executes; sets pid and control. Errors: HF_E_STORE, HF_E_INTERNAL. */
HF_MUST_USE bool hf_child_spawn(struct hf_supervisor *s, struct hf_child *child, struct hf_err *err);
/* <programs>/<program> into path. */
HF_MUST_USE bool hf_child_program(
	const struct hf_supervisor *s, const struct hf_child *child, char path[HF_PATH_MAX], struct hf_err *err);

HF_MUST_USE bool hf_supervisor_listen(struct hf_supervisor *s, struct hf_err *err);
/* Closes the askers and removes the socket. */
void hf_supervisor_unlisten(struct hf_supervisor *s);
/* Adds what to watch to fds (room for HF_SUPERVISOR_ASKERS + 1); gives the number. */
size_t hf_supervisor_askers_watch(struct hf_supervisor *s, struct pollfd *fds);
/* Serves those that are ready; sets s->stopping on "stop". */
void hf_supervisor_askers_serve(struct hf_supervisor *s);

#endif
