#include "proc/supervisor_int.h"

#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define BACKOFF_FIRST_MS 100
#define BACKOFF_MAX_MS   10000
#define HEALTHY_AFTER    (30 * HF_SECOND)
#define TICK_MS          1000 /* the longest sleep: askers that say nothing are closed */

static void set_state(struct hf_supervisor *s, struct hf_child *child, enum hf_child_state state)
{
	child->state = state;
	child->since = hf_now(s->clock);
}

/* ---- wiring ---------------------------------------------------------------------------------------------------- */

static bool send_peer(struct hf_child *to, const struct hf_edge *edge, bool serve, int fd, struct hf_err *err)
{
	struct hf_buf packet;

	hf_buf_init(&packet, HF_IPC_PACKET_MAX);
	hf_ipc_put_u8(&packet, HF_CONTROL_PEER);
	hf_ipc_put_str(&packet, edge->channel);
	hf_ipc_put_str(&packet, serve ? edge->client : edge->server);
	hf_ipc_put_bool(&packet, serve);
	bool ok = hf_ipc_packet_send(to->control, hf_buf_bytes(&packet), fd, err);
	hf_buf_clear(&packet);
	return ok;
}

/* A child that does not even read its control channel hangs: it is killed, and started again like any that died. */
static void hand_over(struct hf_supervisor *s, struct hf_child *to, const struct hf_edge *edge, bool serve, int fd)
{
	struct hf_err err;

	if (send_peer(to, edge, serve, fd, &err))
		return;
	hf_log(s->spec->log, HF_LOG_WARN, "%s: %s; killed", to->process->name, err.text);
	kill(to->pid, SIGKILL);
}

static void wire(struct hf_supervisor *s, const struct hf_edge *edge)
{
	struct hf_child *client = &s->children[hf_graph_find(s->graph, edge->client)];
	struct hf_child *server = &s->children[hf_graph_find(s->graph, edge->server)];
	struct hf_err err;
	int pair[2];

	if (client->pid == 0 || server->pid == 0)
		return; /* when the other one is started */
	if (!hf_ipc_pair(pair, &err)) {
		hf_log(s->spec->log, HF_LOG_ERROR, "%s", err.text);
		kill(client->pid, SIGKILL); /* it is wired again when it is started again */
		return;
	}
	hand_over(s, server, edge, true, pair[1]);
	hand_over(s, client, edge, false, pair[0]);
	close(pair[0]);
	close(pair[1]);
}

/* ---- starting and ending --------------------------------------------------------------------------------------- */

static void wait_before_start(struct hf_supervisor *s, struct hf_child *child)
{
	set_state(s, child, HF_CHILD_WAITING);
	child->due = hf_ticks() + (int64_t)child->backoff_ms * 1000;
	child->backoff_ms = child->backoff_ms * 2 < BACKOFF_MAX_MS ? child->backoff_ms * 2 : BACKOFF_MAX_MS;
}

static void start(struct hf_supervisor *s, struct hf_child *child)
{
	struct hf_err err;

	if (!hf_child_spawn(s, child, &err)) {
		hf_log(s->spec->log, HF_LOG_ERROR, "%s: %s", child->process->name, err.text);
		hf_fmt_cut(child->words, sizeof(child->words), "%s", err.text);
		wait_before_start(s, child);
		return;
	}
	child->started = hf_ticks();
	child->words[0] = '\0';
	set_state(s, child, HF_CHILD_STARTING);
	for (size_t i = 0; i < s->graph->num_edges; i++) {
		const struct hf_edge *edge = &s->graph->edges[i];
		if (hf_str_equal(edge->client, child->process->name) ||
			hf_str_equal(edge->server, child->process->name))
			wire(s, edge);
	}
}

/* Words are shown on one line with tabs between the fields. */
static void keep_words(struct hf_child *child, const char *words)
{
	hf_fmt_cut(child->words, sizeof(child->words), "%s", words);
	for (char *p = child->words; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7F)
			*p = '?';
}

static void take_words(struct hf_supervisor *s, struct hf_child *child, struct hf_bytes packet)
{
	struct hf_ipc_reader in = hf_ipc_reader(packet);
	char words[HF_CONTROL_WORDS_MAX];
	uint8_t what = hf_ipc_get_u8(&in);

	hf_ipc_get_str(&in, words, sizeof(words));
	if (!hf_ipc_get_end(&in, "control", NULL) || (what != HF_CONTROL_READY && what != HF_CONTROL_STATUS)) {
		hf_log(s->spec->log, HF_LOG_ERROR, "%s sent nonsense; killed", child->process->name);
		kill(child->pid, SIGKILL);
		return;
	}
	keep_words(child, words);
	if (what == HF_CONTROL_READY && child->state == HF_CHILD_STARTING) {
		set_state(s, child, HF_CHILD_READY);
		hf_log(s->spec->log, HF_LOG_INFO, "%s is ready: %s", child->process->name, child->words);
	}
}

static void listen_to(struct hf_supervisor *s, struct hf_child *child)
{
	struct hf_buf packet;
	int fd;

	hf_buf_init(&packet, HF_IPC_PACKET_MAX);
	while (child->control >= 0) {
		enum hf_ipc_got got = hf_ipc_packet_recv(child->control, &packet, &fd);
		if (fd >= 0)
			close(fd); /* children pass none */
		if (got == HF_IPC_GOT_NOTHING)
			break;
		if (got == HF_IPC_GOT_PACKET) {
			take_words(s, child, hf_buf_bytes(&packet));
			continue;
		}
		close(child->control); /* it is ending; SIGCHLD follows */
		child->control = -1;
	}
	hf_buf_clear(&packet);
}

static void describe_end(struct hf_supervisor *s, struct hf_child *child, int status)
{
	char how[64], words[HF_CONTROL_WORDS_MAX];

	if (WIFSIGNALED(status))
		hf_fmt_cut(how, sizeof(how), "killed by signal %d", WTERMSIG(status));
	else
		hf_fmt_cut(how, sizeof(how), "ended with %d", WEXITSTATUS(status));
	bool said = strncmp(child->words, "failed: ", 8) == 0;
	hf_fmt_cut(words, sizeof(words), "%s%s%s", how, said ? "; " : "", said ? child->words : "");
	keep_words(child, words);
	hf_log(s->spec->log, s->stopping ? HF_LOG_INFO : HF_LOG_WARN, "%s: %s", child->process->name, child->words);
}

static void reap(struct hf_supervisor *s, struct hf_child *child)
{
	int status;

	if (child->pid == 0 || waitpid(child->pid, &status, WNOHANG) != child->pid)
		return;
	listen_to(s, child); /* its last words */
	if (child->control >= 0)
		close(child->control);
	child->control = -1;
	child->pid = 0;
	describe_end(s, child, status);
	if (s->stopping) {
		set_state(s, child, HF_CHILD_GONE);
		return;
	}
	if (hf_ticks() - child->started >= HEALTHY_AFTER)
		child->backoff_ms = BACKOFF_FIRST_MS;
	child->restarts++;
	wait_before_start(s, child);
}

/* ---- stopping -------------------------------------------------------------------------------------------------- */

static bool has_living_client(const struct hf_supervisor *s, const struct hf_child *child)
{
	for (size_t i = 0; i < s->graph->num_edges; i++) {
		const struct hf_edge *edge = &s->graph->edges[i];
		if (hf_str_equal(edge->server, child->process->name) &&
			s->children[hf_graph_find(s->graph, edge->client)].pid != 0)
			return true;
	}
	return false;
}

static void stop_child(struct hf_supervisor *s, struct hf_child *child)
{
	static const uint8_t shutdown_packet[] = {HF_CONTROL_SHUTDOWN};
	struct hf_err err;

	if (child->pid == 0) {
		if (child->state != HF_CHILD_GONE)
			set_state(s, child, HF_CHILD_GONE);
	} else if (child->state != HF_CHILD_STOPPING) {
		if (has_living_client(s, child))
			return;
		set_state(s, child, HF_CHILD_STOPPING);
		child->due = hf_ticks() + (int64_t)(s->spec->grace_ms ? s->spec->grace_ms : 5000) * 1000;
		/* A full or dead channel does not matter here: the signal says the same. */
		(void)!hf_ipc_packet_send(child->control, HF_BYTES_OF(shutdown_packet), -1, &err);
		kill(child->pid, SIGTERM);
	} else if (hf_ticks() >= child->due) {
		hf_log(s->spec->log, HF_LOG_WARN, "%s does not end; killed", child->process->name);
		kill(child->pid, SIGKILL);
		child->due = INT64_MAX;
	}
}

/* ---- the loop -------------------------------------------------------------------------------------------------- */

/* Does what time asks for. */
static void tend(struct hf_supervisor *s)
{
	bool all_ready = true;

	for (size_t i = 0; i < s->graph->num_processes; i++) {
		struct hf_child *child = &s->children[i];
		if (s->stopping)
			stop_child(s, child);
		else if (child->state == HF_CHILD_WAITING && hf_ticks() >= child->due)
			start(s, child);
		all_ready = all_ready && child->state == HF_CHILD_READY;
	}
	if (all_ready && !s->was_ready && !s->stopping) {
		s->was_ready = true;
		if (s->spec->on_all_ready)
			s->spec->on_all_ready(s->spec->ctx);
	}
}

static bool all_gone(const struct hf_supervisor *s)
{
	for (size_t i = 0; i < s->graph->num_processes; i++)
		if (s->children[i].state != HF_CHILD_GONE)
			return false;
	return true;
}

static int ms_to_next(const struct hf_supervisor *s)
{
	int64_t now = hf_ticks(), next = now + TICK_MS * 1000;

	for (size_t i = 0; i < s->graph->num_processes; i++) {
		const struct hf_child *c = &s->children[i];
		if ((c->state == HF_CHILD_WAITING || c->state == HF_CHILD_STOPPING) && c->due < next)
			next = c->due;
	}
	return next <= now ? 0 : (int)((next - now + 999) / 1000);
}

static void take_signals(struct hf_supervisor *s)
{
	struct signalfd_siginfo info;

	while (read(s->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		if (info.ssi_signo != SIGCHLD)
			s->stopping = true;
}

static void turn(struct hf_supervisor *s)
{
	struct pollfd fds[1 + 1 + HF_SUPERVISOR_ASKERS + HF_GRAPH_MAX];
	nfds_t num = 0;

	fds[num++] = (struct pollfd){.fd = s->signal_fd, .events = POLLIN};
	num += hf_supervisor_askers_watch(s, fds + num);
	for (size_t i = 0; i < s->graph->num_processes; i++)
		if (s->children[i].control >= 0)
			fds[num++] = (struct pollfd){.fd = s->children[i].control, .events = POLLIN};
	poll(fds, num, ms_to_next(s));
	take_signals(s);
	/* All of it is tried without blocking; with so few processes nothing is won by looking who was ready. */
	for (size_t i = 0; i < s->graph->num_processes; i++) {
		listen_to(s, &s->children[i]);
		reap(s, &s->children[i]);
	}
	hf_supervisor_askers_serve(s);
	tend(s);
}

/* ---- the lock and the rest of the opening ---------------------------------------------------------------------- */

static bool take_lock(struct hf_supervisor *s, struct hf_err *err)
{
	int wait_ms = s->spec->lock_wait_ms ? s->spec->lock_wait_ms : 15000;
	int64_t deadline = hf_ticks() + (int64_t)wait_ms * 1000;
	char pid[16] = "";

	s->lock_fd = openat(s->run_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->lock_fd < 0)
		return hf_fail(err, HF_E_STORE, "%s/run/lock: %s", s->home, strerror(errno));
	for (bool said = false; flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0; said = true) {
		if (pread(s->lock_fd, pid, sizeof(pid) - 1, 0) < 0)
			pid[0] = '\0';
		pid[strcspn(pid, "\n")] = '\0';
		if (!said)
			hf_log(s->spec->log, HF_LOG_WARN,
				"%s is held by processes of the supervisor %s; waiting up to %d ms", s->home, pid,
				wait_ms);
		if (hf_ticks() >= deadline)
			return hf_fail(err, HF_E_STATE,
				"%s is in use: the supervisor %s, or a process it left, still runs; `hufu down` stops "
				"it",
				s->home, pid);
		usleep(50000);
	}
	hf_fmt_cut(pid, sizeof(pid), "%d\n", (int)getpid());
	if (ftruncate(s->lock_fd, 0) != 0 || pwrite(s->lock_fd, pid, strlen(pid), 0) < 0)
		return hf_fail(err, HF_E_STORE, "%s/run/lock: %s", s->home, strerror(errno));
	return true;
}

static bool open_home(struct hf_supervisor *s, struct hf_err *err)
{
	char path[HF_PATH_MAX];
	char *whole = realpath(s->spec->home, NULL);

	if (!whole)
		return hf_fail(err, HF_E_MISSING, "%s: %s; `hufu init` makes a home", s->spec->home, strerror(errno));
	bool ok = hf_fmt(s->home, sizeof(s->home), "%s", whole) && hf_fmt(path, sizeof(path), "%s/log", whole);
	free(whole);
	if (!ok)
		return hf_fail(err, HF_E_LIMIT, "%s: the path is too long", s->spec->home);
	if (!hf_dir_make(path, 0700, err))
		return false;
	hf_fmt_cut(path, sizeof(path), "%s/run", s->home);
	if (!hf_dir_make(path, 0700, err))
		return false;
	s->run_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return s->run_fd >= 0 || hf_fail(err, HF_E_STORE, "%s: %s", path, strerror(errno));
}

static bool open_all(struct hf_supervisor *s, const sigset_t *signals, struct hf_err *err)
{
	char path[HF_PATH_MAX];

	if (!hf_graph_check(s->graph, err))
		return false;
	for (size_t i = 0; i < s->graph->num_processes; i++) {
		s->children[i] = (struct hf_child){.process = &s->graph->processes[i],
			.state = HF_CHILD_WAITING,
			.control = -1,
			.since = hf_now(s->clock),
			.backoff_ms = BACKOFF_FIRST_MS};
		if (!hf_child_program(s, &s->children[i], path, err))
			return false;
	}
	s->signal_fd = signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->signal_fd < 0)
		return hf_fail(err, HF_E_INTERNAL, "signalfd: %s", strerror(errno));
	return open_home(s, err) && take_lock(s, err) && hf_supervisor_listen(s, err);
}

/* The lock goes before the askers: who waited for the end may start anew at once. */
static void close_all(struct hf_supervisor *s)
{
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	hf_supervisor_unlisten(s);
	if (s->signal_fd >= 0)
		close(s->signal_fd);
	if (s->run_fd >= 0)
		close(s->run_fd);
}

bool hf_supervisor_run(const struct hf_supervisor_spec *spec, struct hf_err *err)
{
	struct hf_supervisor s = {
		.spec = spec,
		.graph = spec->graph ? spec->graph : &hf_graph,
		.clock = spec->log ? spec->log->clock : &hf_clock_system,
		.lock_fd = -1,
		.run_fd = -1,
		.signal_fd = -1,
		.listen_fd = -1,
	};
	sigset_t signals, before;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, &before);
	bool ok = open_all(&s, &signals, err);
	if (ok)
		tend(&s);
	while (ok && !(s.stopping && all_gone(&s)))
		turn(&s);
	close_all(&s);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return ok;
}
