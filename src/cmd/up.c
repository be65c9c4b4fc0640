/*
 * hufu init, up, status, down: a home's beginning, its processes, and how they are.
 *
 *     hufu up:   home missing? ─► init ─► fork ─┬─ this process: the supervisor, until Ctrl-C or "stop"
 *                                              └─ child: waits until all are ready, then runs the demonstration
 *                                                 (--once, or a home that was just made) and says "stop" (--once)
 */
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/demo.h"
#include "cmd/init.h"
#include "net/http.h"
#include "proc/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define STOP_MS   30000
#define STATUS_MS 5000

static void say_step(void *ctx, enum hf_message step)
{
	hf_cmd_note(ctx, HF_MSG_INIT_STEP, hf_cmd_text(ctx, step));
}

/* Neither "var/" nor a relative path that changes its meaning in a child. */
static bool home_of(const struct hf_cmd *cmd, char out[HF_PATH_MAX], struct hf_err *err)
{
	char here[HF_PATH_MAX] = "";

	if (cmd->home[0] != '/' && !getcwd(here, sizeof(here)))
		return hf_fail(err, HF_E_STORE, "the working directory: %s", strerror(errno));
	if (!hf_fmt(out, HF_PATH_MAX, "%s%s%s", here, here[0] ? "/" : "", cmd->home))
		return hf_fail(err, HF_E_LIMIT, "--home: the path is too long");
	for (size_t len = strlen(out); len > 1 && out[len - 1] == '/'; len--)
		out[len - 1] = '\0';
	return true;
}

/* --port BASE moves the four services to BASE+1 … BASE+4, so that several homes can run beside each other. */
static void move_ports(struct hf_settings *settings, int64_t port)
{
	settings->ca_port = port + 1;
	settings->ra_port = port + 2;
	settings->km_port = port + 3;
	settings->ocsp_port = port + 4;
	hf_fmt_cut(settings->ca_url, sizeof(settings->ca_url), "http://127.0.0.1:%lld", (long long)settings->ca_port);
	hf_fmt_cut(settings->km_url, sizeof(settings->km_url), "http://127.0.0.1:%lld", (long long)settings->km_port);
	hf_fmt_cut(settings->url, sizeof(settings->url), "http://127.0.0.1:%lld", (long long)settings->ocsp_port);
}

/* A new home's settings: the defaults, then --config FILE, then the other options. */
static bool settings_of(const struct hf_cmd *cmd, struct hf_settings *settings, struct hf_err *err)
{
	const char *config = hf_cmd_opt(cmd, "config");
	int64_t port = 0;

	hf_settings_init(settings);
	if (config && !hf_settings_read_file(config, settings, err))
		return false;
	if (!hf_cmd_opt_i64(cmd, "port", 1024, 65000, 0, &port, err) ||
		!hf_cmd_opt_i64(cmd, "iterations", 1000, 10000000, settings->pbkdf2, &settings->pbkdf2, err))
		return false;
	if (port > 0)
		move_ports(settings, port);
	return true;
}

static bool make_home(struct hf_cmd *cmd, const char *home, struct hf_err *err)
{
	struct hf_settings settings;

	if (!settings_of(cmd, &settings, err) ||
		!hf_home_make(home, &settings, hf_cmd_opt(cmd, "skf"), say_step, cmd, err))
		return false;
	hf_cmd_say(cmd, HF_MSG_INIT_DONE, home);
	return true;
}

int hf_cmd_init(struct hf_cmd *cmd, int argc, char **argv)
{
	char home[HF_PATH_MAX];
	struct hf_err err = {0};

	(void)argc;
	(void)argv;
	return home_of(cmd, home, &err) && make_home(cmd, home, &err) ? HF_EXIT_OK : hf_cmd_fail(cmd, &err);
}

static void tell_ready(void *ctx)
{
	const int *pipe_end = ctx;

	if (write(*pipe_end, "r", 1) != 1)
		return; /* nobody waits any more */
}

/* The child of `up`: gives the exit status of the whole. */
static int follow(struct hf_cmd *cmd, const char *home, int ready, bool demo)
{
	bool once = hf_cmd_opt(cmd, "once") != NULL;
	struct hf_err err = {0};
	struct hf_buf answer;
	char c;

	if (read(ready, &c, 1) != 1)
		return HF_EXIT_REFUSED; /* the supervisor ended first, and has said why */
	hf_cmd_say(cmd, HF_MSG_UP_READY);
	bool ok = !demo || hf_demo_run(cmd, home, hf_cmd_opt(cmd, "skf"), &err);
	if (ok && demo)
		hf_cmd_say(cmd, HF_MSG_DEMO_DONE, home);
	else if (!ok)
		hf_cmd_fail(cmd, &err);
	if (!once && ok)
		hf_cmd_say(cmd, HF_MSG_UP_STAY);
	fflush(NULL);
	if (once) {
		hf_buf_init(&answer, 65536);
		if (!hf_supervisor_ask(home, "stop", STOP_MS, &answer, &err))
			hf_cmd_fail(cmd, &err);
		hf_buf_clear(&answer);
	}
	return ok ? HF_EXIT_OK : HF_EXIT_REFUSED;
}

static pid_t start_follower(struct hf_cmd *cmd, const char *home, const int ends[2], bool demo)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	close(ends[1]);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(HF_EXIT_REFUSED);
	int status = follow(cmd, home, ends[0], demo);
	fflush(NULL);
	_exit(status);
}

static bool supervise(struct hf_cmd *cmd, const char *home, int *ready, struct hf_err *err)
{
	char programs[HF_PATH_MAX];
	const struct hf_log log = {.name = "supervisor", .least = HF_LOG_INFO, .fd = 2, .clock = &hf_clock_system};
	const struct hf_supervisor_spec spec = {
		.home = home, .programs = programs, .log = &log, .on_all_ready = tell_ready, .ctx = ready};

	(void)cmd;
	return hf_program_folder(programs, err) && hf_supervisor_run(&spec, err);
}

int hf_cmd_up(struct hf_cmd *cmd, int argc, char **argv)
{
	bool once = hf_cmd_opt(cmd, "once") != NULL;
	char home[HF_PATH_MAX];
	struct hf_err err = {0};
	int status = HF_EXIT_OK;
	int ends[2];

	(void)argc;
	(void)argv;
	if (!home_of(cmd, home, &err))
		return hf_cmd_fail(cmd, &err);
	bool fresh = !hf_home_is(home);
	if ((fresh && !make_home(cmd, home, &err)) || pipe2(ends, O_CLOEXEC) != 0)
		return hf_cmd_fail(cmd, &err);
	hf_cmd_say(cmd, HF_MSG_UP_STARTING, home);
	fflush(NULL);
	pid_t follower = start_follower(cmd, home, ends, fresh || once);
	close(ends[0]);
	bool ok = follower > 0 && supervise(cmd, home, &ends[1], &err);
	close(ends[1]);
	if (!ok)
		status = hf_cmd_fail(cmd, &err);
	if (follower > 0 && (!ok || !once))
		kill(follower, SIGTERM);
	int ended = 0;
	if (follower > 0 && waitpid(follower, &ended, 0) == follower && once && ok)
		status = WIFEXITED(ended) ? WEXITSTATUS(ended) : HF_EXIT_REFUSED;
	return status;
}

int hf_cmd_down(struct hf_cmd *cmd, int argc, char **argv)
{
	char home[HF_PATH_MAX];
	struct hf_err err = {0};
	struct hf_buf answer;

	(void)argc;
	(void)argv;
	hf_buf_init(&answer, 65536);
	bool ok = home_of(cmd, home, &err) && hf_supervisor_ask(home, "stop", STOP_MS, &answer, &err);
	hf_buf_clear(&answer);
	return ok ? HF_EXIT_OK : hf_cmd_fail(cmd, &err);
}

/* One line a process, in the columns of supervisor.h. */
static void put_line(const struct hf_cmd *cmd, struct hf_buf *out, char *line, bool first, bool *all_ready)
{
	static const char *const names[] = {"name", "pid", "state", "restarts", "since", "last"};
	char *fields[6] = {"", "", "", "", "", ""};
	char *rest = line;

	for (size_t i = 0; i < 6 && rest; i++)
		fields[i] = i < 5 ? strsep(&rest, "\t") : rest;
	*all_ready = *all_ready && strcmp(fields[2], "ready") == 0;
	if (!cmd->json) {
		hf_buf_printf(out, "%-10s %-8s %-9s %-4s %-24s %s\n", fields[0], fields[1], fields[2], fields[3],
			fields[4], fields[5]);
		return;
	}
	hf_buf_put_str(out, first ? "{" : ",{");
	for (size_t i = 0; i < 6; i++) {
		hf_buf_printf(out, "%s\"%s\":", i > 0 ? "," : "", names[i]);
		hf_json_put_string(out, fields[i]);
	}
	hf_buf_put_str(out, "}");
}

int hf_cmd_status(struct hf_cmd *cmd, int argc, char **argv)
{
	char home[HF_PATH_MAX];
	struct hf_err err = {0};
	struct hf_buf answer, out;
	bool all_ready = true;
	bool first = true;

	(void)argc;
	(void)argv;
	hf_buf_init(&answer, 65536);
	hf_buf_init(&out, 131072);
	bool ok = home_of(cmd, home, &err) && hf_supervisor_ask(home, "status", STATUS_MS, &answer, &err);
	if (ok) {
		char *rest = (char *)(uintptr_t)hf_buf_cstr(&answer);
		hf_buf_put_str(&out, cmd->json ? "[" : "");
		for (char *line; (line = strsep(&rest, "\n")) && *line; first = false)
			put_line(cmd, &out, line, first, &all_ready);
		hf_buf_put_str(&out, cmd->json ? "]\n" : "");
		ok = hf_cmd_print(&out, &err);
	}
	hf_buf_clear(&answer);
	hf_buf_clear(&out);
	if (!ok)
		return hf_cmd_fail(cmd, &err);
	return all_ready ? HF_EXIT_OK : HF_EXIT_REFUSED;
}
