#include "place.h"

#include "base/clock.h"
#include "ipc/ipc.h"
#include "proc/daemon.h"
#include "proc/supervisor.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#define CALL_PID 1

/* ---- children: this program under other names ------------------------------------------------------------------ */

static int num_strays(void)
{
	int num = 0;

	for (int fd = 5; fd < 256; fd++)
		num += fcntl(fd, F_GETFD) >= 0;
	return num;
}

static bool holds_lock(const struct hf_daemon *d)
{
	char path[HF_PATH_MAX];
	struct stat named, held;

	return hf_fmt(path, sizeof(path), "%s/run/lock", d->home) && stat(path, &named) == 0 &&
	       fstat(HF_DAEMON_LOCK_FD, &held) == 0 && named.st_ino == held.st_ino && named.st_dev == held.st_dev;
}

struct keyd {
	struct hf_ipc_server *server;
};

static void keyd_handle(void *ctx, struct hf_ipc_server *server, struct hf_ipc_request *requests, size_t num)
{
	char pid[16];

	(void)ctx;
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	for (size_t i = 0; i < num; i++)
		hf_ipc_answer(server, &requests[i], hf_bytes_str(pid));
}

static void keyd_peer(void *ctx, const struct hf_peer *peer)
{
	struct keyd *keyd = ctx;

	hf_ipc_server_drop(keyd->server, peer->process);
	hf_ipc_server_add(keyd->server, peer->fd, peer->process);
}

/* Answers with its pid. */
static int keyd_main(int argc, char **argv)
{
	struct hf_ipc_handler handler = {.handle = keyd_handle};
	struct keyd keyd = {NULL};
	struct hf_daemon_spec spec = {.program = "hufu-tkeyd",
		.manual = "manual of tkeyd\n",
		.device = true,
		.on_peer = keyd_peer,
		.ctx = &keyd};
	struct hf_daemon d;
	struct hf_err err;
	int strays = num_strays();

	if (!hf_daemon_init(&d, argc, argv, &spec, &err))
		return hf_daemon_fail(&d, &err);
	keyd.server = hf_ipc_server_new(1000, &handler);
	if (strays > 0 || (!d.probing && !holds_lock(&d)))
		return hf_daemon_fail(&d, &(struct hf_err){HF_E_INTERNAL, "strays, or no lock"});
	if (!hf_daemon_jail(&d, NULL, NULL, &err) || !hf_daemon_wait_peers(&d, 5000, &err))
		return hf_daemon_fail(&d, &err);
	hf_daemon_ready(&d);
	while (hf_daemon_poll(&d)) {
		struct pollfd fds[] = {{d.wake_fd, POLLIN, 0}, {hf_ipc_server_fd(keyd.server), POLLIN, 0}};
		poll(fds, NUM(fds), -1);
		if (!hf_ipc_server_run(keyd.server, 0, &err))
			return hf_daemon_fail(&d, &err);
	}
	hf_ipc_server_free(keyd.server);
	hf_daemon_clear(&d);
	return 0;
}

static void cad_peer(void *ctx, const struct hf_peer *peer)
{
	struct hf_ipc_conn **conn = ctx;

	if (!*conn)
		*conn = hf_ipc_conn_new(peer->fd, peer->process, 1000);
	else
		hf_ipc_conn_replace(*conn, peer->fd);
}

static bool ask_pid(struct hf_ipc_conn *conn, char pid[16], struct hf_err *err)
{
	struct hf_buf reply;

	hf_buf_init(&reply, 1000);
	bool ok = hf_ipc_call(conn, CALL_PID, HF_BYTES_NONE, &reply, 1000, err);
	if (ok)
		hf_fmt_cut(pid, 16, "%.*s", (int)reply.len, reply.p);
	hf_buf_clear(&reply);
	return ok;
}

/* Asks its keyd's pid again and again and shows it as its status. Asked to stop, it asks once more, a little later. */
static int cad_main(int argc, char **argv)
{
	struct hf_ipc_conn *conn = NULL;
	struct hf_daemon_spec spec = {.program = "hufu-tcad",
		.manual = "manual of tcad\n",
		.name = "cad",
		.service = "ca",
		.profile = "cad",
		.on_peer = cad_peer,
		.ctx = &conn};
	struct hf_daemon d;
	struct hf_err err;
	char pid[16];

	if (!hf_daemon_init(&d, argc, argv, &spec, &err) || !hf_daemon_jail(&d, NULL, NULL, &err) ||
		!hf_daemon_wait_peers(&d, 5000, &err))
		return hf_daemon_fail(&d, &err);
	hf_daemon_ready(&d);
	while (hf_daemon_poll(&d)) {
		struct pollfd p = {d.wake_fd, POLLIN, 0};
		if (hf_ipc_conn_usable(conn) && ask_pid(conn, pid, &err))
			hf_daemon_status(&d, "keyd is %s\t%d", pid, (int)getppid());
		poll(&p, 1, 20);
	}
	usleep(200000);
	hf_log(&d.log, HF_LOG_INFO, "last question: %s", ask_pid(conn, pid, &err) ? "answered" : err.text);
	hf_ipc_conn_free(conn);
	hf_daemon_clear(&d);
	return 0;
}

static int fail_main(int argc, char **argv)
{
	struct hf_daemon_spec spec = {.program = "hufu-tfail", .manual = "", .name = "failing", .service = "ra"};
	struct hf_daemon d;
	struct hf_err err;

	if (hf_daemon_init(&d, argc, argv, &spec, &err))
		hf_fail(&err, HF_E_STORE, "the disk\tis\nfull");
	return hf_daemon_fail(&d, &err);
}

/* Is ready, and then deaf. */
static int deaf_main(int argc, char **argv)
{
	struct hf_daemon_spec spec = {.program = "hufu-tdeaf", .manual = "", .name = "deaf", .service = "km"};
	struct hf_daemon d;
	struct hf_err err;

	if (!hf_daemon_init(&d, argc, argv, &spec, &err))
		return hf_daemon_fail(&d, &err);
	hf_daemon_ready(&d);
	for (;;)
		pause();
}

static const struct program programs[] = {
	{"hufu-tkeyd", keyd_main},
	{"hufu-tcad", cad_main},
	{"hufu-tfail", fail_main},
	{"hufu-tdeaf", deaf_main},
};

static int place_make(void **state)
{
	return place_new(state, programs, NUM(programs));
}

/* ---- a home and its supervisor --------------------------------------------------------------------------------- */

static const struct hf_process two[] = {{"keyd-ca", "hufu-tkeyd", {"--service", "ca"}}, {"cad", "hufu-tcad", {NULL}}};
static const struct hf_edge two_edges[] = {{"cad", "keyd-ca", "keyd"}};
static const struct hf_graph two_graph = {two, 2, two_edges, 1};
static const struct hf_process three[] = {
	{"keyd-ca", "hufu-tkeyd", {"--service", "ca"}}, {"cad", "hufu-tcad", {NULL}}, {"deaf", "hufu-tdeaf", {NULL}}};
static const struct hf_graph three_graph = {three, 3, two_edges, 1};
static const struct hf_process failing[] = {{"failing", "hufu-tfail", {NULL}}};
static const struct hf_graph failing_graph = {failing, 1, NULL, 0};
static const struct hf_process deaf[] = {{"deaf", "hufu-tdeaf", {NULL}}};
static const struct hf_graph deaf_graph = {deaf, 1, NULL, 0};

static void tell_ready(void *ctx)
{
	ssize_t n = write(*(int *)ctx, "r", 1);

	(void)n;
}

/* A supervisor in a process of its own, with a stray descriptor that children must not see. */
static void launch(struct place *place, const struct hf_graph *graph)
{
	int pipes[2];

	assert_int_equal(pipe(pipes), 0);
	place->supervisor = fork();
	assert_true(place->supervisor >= 0);
	if (place->supervisor == 0) {
		struct hf_log log = {"supervisor", HF_LOG_ERROR, STDERR_FILENO, &hf_clock_system};
		struct hf_supervisor_spec spec = {
			place->home, place->programs, graph, &log, 400, 5000, tell_ready, &pipes[1]};
		struct hf_err err = {0};
		bool ok = hf_supervisor_run(&spec, &err);
		if (!ok)
			fprintf(stderr, "supervisor: %s\n", err.text);
		_exit(ok ? 0 : 1);
	}
	close(pipes[1]);
	place->ready_pipe = pipes[0];
}

static void wait_ready(struct place *place)
{
	struct pollfd p = {place->ready_pipe, POLLIN, 0};
	char octet;

	assert_int_equal(poll(&p, 1, 10000), 1);
	assert_int_equal(read(place->ready_pipe, &octet, 1), 1);
	close(place->ready_pipe);
	place->ready_pipe = -1;
}

static void stop(struct place *place)
{
	struct hf_buf answer;
	struct hf_err err;
	int status;

	hf_buf_init(&answer, 1000);
	assert_ok(hf_supervisor_ask(place->home, "stop", 10000, &answer, &err));
	hf_buf_clear(&answer);
	assert_int_equal(waitpid(place->supervisor, &status, 0), place->supervisor);
	place->supervisor = 0;
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

struct line {
	int pid;
	char state[16], words[300];
	unsigned restarts;
};

/* The status line of a process. */
static struct line look(struct place *place, const char *name)
{
	struct line line = {0};
	struct hf_buf answer;
	struct hf_err err;
	char fields[6][300] = {{0}};

	hf_buf_init(&answer, 100000);
	assert_ok(hf_supervisor_ask(place->home, "status", 5000, &answer, &err));
	for (const char *p = hf_buf_cstr(&answer); *p;) {
		for (size_t i = 0; i < 6; i++) {
			size_t len = strcspn(p, i < 5 ? "\t" : "\n");
			hf_fmt_cut(fields[i], sizeof(fields[i]), "%.*s", (int)len, p);
			p += len + 1;
		}
		if (strcmp(fields[0], name) != 0)
			continue;
		line.pid = (int)strtol(fields[1], NULL, 10);
		line.restarts = (unsigned)strtoul(fields[3], NULL, 10);
		hf_fmt_cut(line.state, sizeof(line.state), "%s", fields[2]);
		hf_fmt_cut(line.words, sizeof(line.words), "%s", fields[5]);
	}
	hf_buf_clear(&answer);
	return line;
}

/* Until cad says that it speaks with the keyd that runs now. */
static void wait_wired(struct place *place, unsigned restarts_cad, unsigned restarts_keyd)
{
	struct line cad = {0}, keyd = {0};
	char want[32];

	for (int i = 0; i < 200; i++) {
		cad = look(place, "cad");
		keyd = look(place, "keyd-ca");
		snprintf(want, sizeof(want), "keyd is %d?", keyd.pid);
		if (cad.restarts == restarts_cad && keyd.restarts == restarts_keyd && keyd.pid != 0 &&
			strncmp(cad.words, want, strlen(want)) == 0)
			return;
		usleep(50000);
	}
	fail_msg("cad %s, %u restarts, says \"%s\"; keyd is %d, %s, %u restarts, says \"%s\"", cad.state, cad.restarts,
		cad.words, keyd.pid, keyd.state, keyd.restarts, keyd.words);
}

static bool log_has(struct place *place, const char *name, const char *word)
{
	char path[HF_PATH_MAX];
	struct hf_buf in;
	struct hf_err err;

	snprintf(path, sizeof(path), "%s/log/%s.log", place->home, name);
	hf_buf_init(&in, 1000000);
	assert_ok(hf_file_read(path, &in, &err));
	bool has = strstr(hf_buf_cstr(&in), word) != NULL;
	hf_buf_clear(&in);
	return has;
}

/* ---- the graph ------------------------------------------------------------------------------------------------- */

static void the_graph_has_no_holes(void **state)
{
	static const struct hf_process p[] = {{"a", "x", {NULL}}, {"b", "x", {NULL}}, {"c", "x", {NULL}},
		{"a", "x", {NULL}}, {"../d", "x", {NULL}}, {"e", NULL, {NULL}}, {"f", "x", {"1", "2", "3", "4", "5"}}};
	static const struct {
		const struct hf_process *processes;
		size_t num;
		struct hf_edge edges[3];
		size_t num_edges;
		const char *why;
	} bad[] = {
		{p, 4, {{0}}, 0, "a is there twice"},
		{p + 4, 1, {{0}}, 0, "not a word"},
		{p + 5, 1, {{0}}, 0, "not a word"},
		{p + 6, 1, {{0}}, 0, "do not end"},
		{p, 3, {{"a", "z", "k"}}, 1, "no process named z"},
		{p, 3, {{"a", "a", "k"}}, 1, "itself"},
		{p, 3, {{"a", "b", "k l"}}, 1, "channel"},
		{p, 3, {{"a", "b", "k"}, {"a", "c", "k"}}, 2, "two channels named k"},
		{p, 3, {{"a", "b", "k"}, {"b", "c", "k"}, {"c", "a", "k"}}, 3, "its own client"},
	};
	struct hf_err err;

	(void)state;
	assert_ok(hf_graph_check(&hf_graph, &err));
	assert_int_equal(hf_graph.num_processes, 8);
	assert_true(hf_graph_find(&hf_graph, "keyd-ocsp") >= 0);
	for (size_t i = 0; i < NUM(bad); i++) {
		struct hf_graph graph = {bad[i].processes, bad[i].num, bad[i].edges, bad[i].num_edges};
		assert_refused(hf_graph_check(&graph, &err), HF_E_INTERNAL, bad[i].why);
	}
}

/* ---- metrics --------------------------------------------------------------------------------------------------- */

static void metrics_print_as_prometheus_reads(void **state)
{
	static const struct hf_metric table[] = {
		{"hufu_ca_issued_total", "Certificates issued", HF_METRIC_COUNTER, "use=\"sign\""},
		{"hufu_ca_issued_total", "Certificates issued", HF_METRIC_COUNTER, "use=\"enc\""},
		{"hufu_ca_waiting", "Requests that wait", HF_METRIC_GAUGE, NULL},
		{"hufu_ca_issue_seconds", "From request to answer", HF_METRIC_HISTOGRAM, NULL},
		{"hufu_ca_call_seconds", "Calls", HF_METRIC_HISTOGRAM, "to=\"km\""},
	};
	static const char want[] = "# HELP hufu_ca_issued_total Certificates issued\n"
				   "# TYPE hufu_ca_issued_total counter\n"
				   "hufu_ca_issued_total{use=\"sign\"} 3\n"
				   "hufu_ca_issued_total{use=\"enc\"} 0\n"
				   "# HELP hufu_ca_waiting Requests that wait\n"
				   "# TYPE hufu_ca_waiting gauge\n"
				   "hufu_ca_waiting -5\n"
				   "# HELP hufu_ca_issue_seconds From request to answer\n"
				   "# TYPE hufu_ca_issue_seconds histogram\n"
				   "hufu_ca_issue_seconds_bucket{le=\"0.0001\"} 2\n"
				   "hufu_ca_issue_seconds_bucket{le=\"0.00025\"} 3\n"
				   "hufu_ca_issue_seconds_bucket{le=\"0.0005\"} 3\n";
	static const char want_end[] = "hufu_ca_issue_seconds_bucket{le=\"10\"} 3\n"
				       "hufu_ca_issue_seconds_bucket{le=\"+Inf\"} 4\n"
				       "hufu_ca_issue_seconds_sum 11.000201\n"
				       "hufu_ca_issue_seconds_count 4\n"
				       "# HELP hufu_ca_call_seconds Calls\n"
				       "# TYPE hufu_ca_call_seconds histogram\n"
				       "hufu_ca_call_seconds_bucket{to=\"km\",le=\"0.0001\"} 0\n";
	struct hf_metrics *m = hf_metrics_new(table, NUM(table));
	struct hf_buf out;

	(void)state;
	hf_metrics_add(m, 0, 1);
	hf_metrics_add(m, 0, 2);
	hf_metrics_set(m, 2, 7);
	hf_metrics_set(m, 2, -5);
	hf_metrics_time(m, 3, -1);
	hf_metrics_time(m, 3, 100);
	hf_metrics_time(m, 3, 101);
	hf_metrics_time(m, 3, 11000000);
	hf_metrics_add(NULL, 0, 1);
	hf_buf_init(&out, 10000);
	hf_metrics_print(m, &out);
	const char *text = hf_buf_cstr(&out);
	assert_memory_equal(text, want, sizeof(want) - 1);
	assert_non_null(strstr(text, want_end));
	assert_non_null(strstr(text, "hufu_ca_call_seconds_sum{to=\"km\"} 0.000000\n"));
	hf_buf_clear(&out);
	hf_metrics_free(m);
}

/* ---- supervisor ------------------------------------------------------------------------------------------------ */

static void processes_start_are_wired_and_stop_in_order(void **state)
{
	struct place *place = *state;
	char path[HF_PATH_MAX];
	struct stat st;

	launch(place, &two_graph);
	wait_ready(place);
	wait_wired(place, 0, 0);
	assert_string_equal(look(place, "cad").state, "ready");
	assert_string_equal(look(place, "keyd-ca").state, "ready");
	assert_non_null(strcasestr(look(place, "keyd-ca").words, "jailed"));
	snprintf(path, sizeof(path), "%s/run/supervisor.sock", place->home);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	snprintf(path, sizeof(path), "%s/log/cad.log", place->home);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	stop(place);
	/* The client was told first, and its server still answered it. */
	assert_true(log_has(place, "cad", "last question: answered"));
	assert_true(log_has(place, "keyd-ca", "told to stop"));
	assert_false(log_has(place, "keyd-ca", "left open"));
}

static void both_ends_get_a_new_pair_after_a_kill(void **state)
{
	struct place *place = *state;

	launch(place, &two_graph);
	wait_ready(place);
	wait_wired(place, 0, 0);
	assert_int_equal(kill(look(place, "keyd-ca").pid, SIGKILL), 0);
	wait_wired(place, 0, 1);
	assert_int_equal(kill(look(place, "cad").pid, SIGKILL), 0);
	wait_wired(place, 1, 1);
	kill(look(place, "cad").pid, SIGKILL);
	kill(look(place, "keyd-ca").pid, SIGKILL);
	wait_wired(place, 2, 2);
	stop(place);
}

static void a_failing_process_is_retried_more_and_more_slowly(void **state)
{
	struct place *place = *state;
	struct line line = {0};

	int64_t start = hf_ticks();
	launch(place, &failing_graph);
	usleep(100000);
	for (int i = 0; i < 400 && !(line.restarts >= 4 && strcmp(line.state, "waiting") == 0); i++) {
		usleep(20000);
		line = look(place, "failing");
	}
	/* 100 + 200 + 400 ms lie before the fourth end; without back-off hundreds would have been by then. */
	assert_true(line.restarts == 4 || line.restarts == 5);
	assert_true(hf_ticks() - start >= 700000);
	assert_string_equal(line.words, "ended with 1; failed: the disk?is?full");
	stop(place);
}

static void a_process_that_does_not_stop_is_killed_after_the_grace(void **state)
{
	struct place *place = *state;

	launch(place, &deaf_graph);
	wait_ready(place);
	int64_t start = hf_ticks();
	stop(place);
	assert_true(hf_ticks() - start >= 390000 && hf_ticks() - start < 5 * HF_SECOND);
}

/* Gone, or a zombie that init has not collected yet. */
static bool is_dead(int pid)
{
	char path[64], text[512];
	ssize_t n = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return true;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n <= 0 || strstr(text, ") Z ") != NULL;
}

static void when_the_supervisor_is_killed_its_children_are_gone_and_the_lock_is_free(void **state)
{
	struct place *place = *state;
	struct hf_buf answer;
	struct hf_err err;
	int pids[3];

	launch(place, &three_graph);
	wait_ready(place);
	pids[0] = look(place, "cad").pid;
	pids[1] = look(place, "keyd-ca").pid;
	pids[2] = look(place, "deaf").pid; /* which would not notice by itself */
	kill(place->supervisor, SIGKILL);
	waitpid(place->supervisor, NULL, 0);
	place->supervisor = 0;
	hf_buf_init(&answer, 1000);
	assert_refused(hf_supervisor_ask(place->home, "status", 1000, &answer, &err), HF_E_MISSING, "hufu up");
	hf_buf_clear(&answer);
	launch(place, &three_graph);
	wait_ready(place);
	for (size_t i = 0; i < 3; i++)
		assert_true(is_dead(pids[i]));
	wait_wired(place, 0, 0);
	stop(place);
}

static void a_home_has_one_supervisor(void **state)
{
	struct place *place = *state;
	struct hf_supervisor_spec spec = {
		.home = place->home, .programs = place->programs, .graph = &deaf_graph, .lock_wait_ms = 200};
	struct hf_err err;
	char pid[16];

	launch(place, &deaf_graph);
	wait_ready(place);
	snprintf(pid, sizeof(pid), "%d", (int)place->supervisor);
	assert_refused(hf_supervisor_run(&spec, &err), HF_E_STATE, pid);
	assert_string_equal(look(place, "deaf").state, "ready");
	stop(place);
	spec.programs = "/nowhere";
	assert_refused(hf_supervisor_run(&spec, &err), HF_E_MISSING, "/nowhere/hufu-tdeaf");
	spec.home = "/nowhere";
	spec.programs = place->programs;
	assert_refused(hf_supervisor_run(&spec, &err), HF_E_MISSING, "hufu init");
	assert_refused(hf_supervisor_ask(place->home, "dance", 100, NULL, &err), HF_E_INPUT, "dance");
}

static void an_asker_that_says_nothing_or_nonsense_holds_nobody_up(void **state)
{
	struct place *place = *state;
	char path[HF_PATH_MAX];
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	char octet;
	int silent, rude;

	launch(place, &deaf_graph);
	wait_ready(place);
	snprintf(path, sizeof(path), "%s/run/supervisor.sock", place->home);
	hf_fmt_cut(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	silent = socket(AF_UNIX, SOCK_STREAM, 0);
	rude = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(connect(silent, (const struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(connect(rude, (const struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(send(rude, "0123456789abcdef0123456789", 26, MSG_NOSIGNAL), 26);
	assert_true(recv(rude, &octet, 1, 0) <= 0);
	assert_string_equal(look(place, "deaf").state, "ready");
	close(silent);
	close(rude);
	stop(place);
}

/* ---- daemons -------------------------------------------------------------------------------------------------- */

static void daemons_say_what_is_wrong_with_their_arguments(void **state)
{
	struct place *place = *state;
	static const char *const bad[][5] = {
		{NULL},
		{"--home", NULL},
		{"--home", "/nowhere", "--service", "ca", NULL},
		{"--home", "/", NULL},                    /* no service */
		{"--home", "/", "--service", "xx", NULL}, /* no such service */
		{"--home", "/", "--service", "ca", NULL}, /* by hand */
		{"--what", "x", NULL},
	};
	char out[1000];

	for (size_t i = 0; i < NUM(bad); i++)
		assert_int_equal(WEXITSTATUS(run(place, "hufu-tkeyd", bad[i], "A=", out, sizeof(out))), 1);
	assert_int_equal(run(place, "hufu-tkeyd", (const char *const[]){"--help", NULL}, "A=", out, sizeof(out)), 0);
	assert_string_equal(out, "manual of tkeyd\n");
}

/* Runs keyd with one end of a control channel; sends it something, or hangs up at once. */
static int run_controlled(struct place *place, const char *say)
{
	char path[HF_PATH_MAX];
	struct hf_err err;
	int pair[2], status;

	assert_ok(hf_ipc_packet_pair(pair, &err));
	snprintf(path, sizeof(path), "%s/run", place->home);
	assert_ok(hf_dir_make(path, 0700, &err));
	snprintf(path, sizeof(path), "%s/run/lock", place->home);
	int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	snprintf(path, sizeof(path), "%s/hufu-tkeyd", place->programs);
	pid_t pid = fork();
	if (pid == 0) {
		int quiet = open("/dev/null", O_WRONLY);
		int control = fcntl(pair[1], F_DUPFD, 16);
		dup2(quiet, STDERR_FILENO);
		int held = fcntl(lock, F_DUPFD, 16);
		dup2(control, HF_DAEMON_CONTROL_FD);
		dup2(held, HF_DAEMON_LOCK_FD);
		close_range(HF_DAEMON_LOCK_FD + 1, ~0U, 0);
		execl(path, path, "--home", place->home, "--service", "ca", (char *)NULL);
		_exit(127);
	}
	close(pair[1]);
	close(lock);
	if (say)
		assert_ok(hf_ipc_packet_send(pair[0], hf_bytes_str(say), -1, &err));
	else
		close(pair[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (say)
		close(pair[0]);
	return status;
}

static void a_daemon_without_a_supervisor_ends_at_once(void **state)
{
	struct place *place = *state;
	int64_t start = hf_ticks();
	int status = run_controlled(place, NULL);

	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 3);
	status = run_controlled(place, "\x01nonsense");
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 3);
	status = run_controlled(place, "\x02"); /* SHUTDOWN while it waits for its channel */
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	assert_true(hf_ticks() - start < 4 * HF_SECOND);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_graph_has_no_holes),
		cmocka_unit_test(metrics_print_as_prometheus_reads),
		cmocka_unit_test_setup_teardown(processes_start_are_wired_and_stop_in_order, place_make, place_drop),
		cmocka_unit_test_setup_teardown(both_ends_get_a_new_pair_after_a_kill, place_make, place_drop),
		cmocka_unit_test_setup_teardown(
			a_failing_process_is_retried_more_and_more_slowly, place_make, place_drop),
		cmocka_unit_test_setup_teardown(
			a_process_that_does_not_stop_is_killed_after_the_grace, place_make, place_drop),
		cmocka_unit_test_setup_teardown(
			when_the_supervisor_is_killed_its_children_are_gone_and_the_lock_is_free, place_make,
			place_drop),
		cmocka_unit_test_setup_teardown(a_home_has_one_supervisor, place_make, place_drop),
		cmocka_unit_test_setup_teardown(
			an_asker_that_says_nothing_or_nonsense_holds_nobody_up, place_make, place_drop),
		cmocka_unit_test_setup_teardown(daemons_say_what_is_wrong_with_their_arguments, place_make, place_drop),
		cmocka_unit_test_setup_teardown(a_daemon_without_a_supervisor_ends_at_once, place_make, place_drop),
	};
	const struct program *program = program_named(programs, NUM(programs), argv[0]);

	if (program)
		return program->main(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
