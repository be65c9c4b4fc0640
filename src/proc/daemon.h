/*
 * The skeleton of every process that the supervisor starts. A main is:
 *
 *     struct hf_daemon d;
 *     if (!hf_daemon_init(&d, argc, argv, &spec, &err)) return hf_daemon_fail(&d, &err);
 *     … open: library, database, listener …
 *     if (!hf_daemon_jail(&d, NULL, &extra, &err)) return hf_daemon_fail(&d, &err);     (from here on: --probe-jail
 * ends here) if (!hf_daemon_wait_peers(&d, 10000, &err)) return hf_daemon_fail(&d, &err); … start threads, if any …
 *     hf_daemon_ready(&d);
 *     for (;;) { wait for d.wake_fd and own work; if (!hf_daemon_poll(&d)) break; … }
 *     hf_daemon_clear(&d);
 *
 * Layout of a home: <home>/SERVICE is the folder of cad, rad, kmd, ocspd (SERVICE: ca, ra, km, ocsp) and
 * <home>/keyd-SERVICE that of its device process: two folders, so that neither can read the other's.
 */
#ifndef HUFU_PROC_DAEMON_H
#define HUFU_PROC_DAEMON_H

#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"

#include "proc/jail.h"
#include "proc/metrics.h"

#define HF_DAEMON_CONTROL_FD 3
#define HF_DAEMON_LOCK_FD    4

/* One end of a channel of the process graph. */
struct hf_peer {
	const char *channel; /* "keyd" */
	const char *process; /* at the other end: "keyd-ca", "cad" */
	bool serve;          /* we are the server's side */
	int fd;              /* now the callee's */
};

struct hf_daemon_spec {
	const char *program; /* "hufu-cad" */
	const char *manual;  /* what --help prints: the one-screen page of the main */
	const char *profile; /* of the jail; NULL: "keyd" */
	const char *service; /* the only service it can be ("ca"), or NULL: --service must name one of ca ra km ocsp */
	bool device;         /* a device process: its name and folder are keyd-SERVICE */
	const char *name;    /* "cad"; of a device process NULL */
	const struct hf_metric *metrics;
	size_t num_metrics;
	/*
	 * The supervisor hands over a channel: at the start, and again whenever the other end was started anew; the old
	 * one is dead then. Called from hf_daemon_poll and hf_daemon_wait_peers only. NULL: none is expected.
	 */
	void (*on_peer)(void *ctx, const struct hf_peer *peer);
	void *ctx;
};

struct hf_daemon {
	const struct hf_daemon_spec *spec;
	char name[32];            /* "cad", "keyd-ca" */
	char service[16];         /* "ca" */
	char home[HF_PATH_MAX];   /* absolute */
	char folder[HF_PATH_MAX]; /* its own: <home>/ca, <home>/keyd-ca */
	char probe[32];           /* the act of --probe-jail, "" for all */
	bool probing;             /* --probe-jail was given: open as usual, but wait for nobody */
	const struct hf_clock *clock;
	struct hf_log log;
	int control_fd; /* -1 when started by hand (only --probe-jail works then) */
	int wake_fd;    /* an epoll descriptor: readable when hf_daemon_poll has something to do */
	int signal_fd;
	size_t num_peers; /* channels received so far */
	struct hf_jail_report jail;
	struct hf_metrics *metrics; /* NULL without a table */
};

/*
 * Reads the arguments --home DIR, --service NAME, --probe-jail[=ACT], --help (which prints and exits 0) and makes the
 * process safe: umask 077, no core, not dumpable, no-new-privs, SIGPIPE ignored, SIGTERM and SIGINT taken by a
 * descriptor, every descriptor above 4 closed (and said so). d is usable by hf_daemon_fail and _clear even on failure.
 * Errors: HF_E_INPUT (arguments), HF_E_MISSING (no such home), HF_E_INTERNAL.
 */
HF_MUST_USE bool hf_daemon_init(
	struct hf_daemon *d, int argc, char **argv, const struct hf_daemon_spec *spec, struct hf_err *err);
void hf_daemon_clear(struct hf_daemon *d);

/* Enters the jail of the profile (profile_name overrides the spec's unless NULL) and logs the report. extra may be
 * NULL. */
HF_MUST_USE bool hf_daemon_jail(
	struct hf_daemon *d, const char *profile_name, const struct hf_jail_extra *extra, struct hf_err *err);

/* Waits until at least one channel has come. Errors: HF_E_PEER (time-out, or told to stop meanwhile). */
HF_MUST_USE bool hf_daemon_wait_peers(struct hf_daemon *d, int timeout_ms, struct hf_err *err);

/* Tells the supervisor that work can begin, with the jail's report. */
void hf_daemon_ready(struct hf_daemon *d);
/* One line for `hufu status`: "3 applications waiting". Cut if long; never a secret. */
void hf_daemon_status(struct hf_daemon *d, const char *fmt, ...) HF_PRINTF(2, 3);

/*
 * Takes what the supervisor and the signals say, without blocking: new channels go to on_peer. False: finish and leave
 * (SHUTDOWN, SIGTERM, SIGINT). If the supervisor is gone it does not return: a process that nobody watches ends at
 * once.
 */
HF_MUST_USE bool hf_daemon_poll(struct hf_daemon *d);

/* Logs the error, sends it as last words, and gives the exit status 1. */
int hf_daemon_fail(struct hf_daemon *d, const struct hf_err *err);

#endif
