#include "place.h"

#include "proc/daemon.h"

#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>

/* Enters the jail that the environment names, and is probed. */
static int jail_main(int argc, char **argv)
{
	struct hf_daemon_spec spec = {.program = "hufu-tjail", .manual = "", .service = "ca", .name = "tjail"};
	const char *profile = getenv("HUFU_TEST_PROFILE");
	struct hf_daemon d;
	struct hf_err err;

	spec.device = profile && strncmp(profile, "keyd", 4) == 0;
	if (!hf_daemon_init(&d, argc, argv, &spec, &err) || !hf_daemon_jail(&d, profile, NULL, &err))
		return hf_daemon_fail(&d, &err);
	return 1;
}

static void *idle(void *arg)
{
	return arg;
}

static bool try_connect(uint16_t port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	bool ok = fd >= 0 && connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) == 0;
	if (fd >= 0)
		close(fd);
	return ok;
}

/* What a daemon must still be able to do in the jail of cad: argv[1] is its folder, argv[2] a port to talk to. */
static int work_main(int argc, char **argv)
{
	struct hf_jail_report report;
	uint16_t port = argc > 2 ? (uint16_t)strtoul(argv[2], NULL, 10) : 0;
	struct hf_jail_extra extra = {.connect_ports = &port, .num_connect_ports = 1};
	char path[HF_PATH_MAX];
	struct hf_err err;
	struct hf_buf in;
	pthread_t thread;

	if (argc < 3 || !hf_jail_enter(hf_jail_find("cad"), argv[1], &extra, &report, &err))
		return 2;
	if (!hf_fmt(path, sizeof(path), "%s/db", argv[1]) || !hf_file_write(path, HF_BYTES_LIT("row"), 0600, &err) ||
		unlink(path) != 0)
		return 3;
	if (pthread_create(&thread, NULL, idle, NULL) != 0 || pthread_join(thread, NULL) != 0)
		return 4;
	if (!try_connect(port))
		return 5;
	hf_buf_init(&in, 100);
	if (!report.off && (hf_file_read("/etc/passwd", &in, &err) || try_connect((uint16_t)(port ^ 1))))
		return 6;
	hf_buf_clear(&in);
	return 0;
}

static const struct program programs[] = {
	{"hufu-tjail", jail_main},
	{"hufu-twork", work_main},
};

static int place_make(void **state)
{
	return place_new(state, programs, NUM(programs));
}

static int probe(struct place *place, const char *profile, const char *act, char *out, size_t size)
{
	char option[64], env[64];

	snprintf(option, sizeof(option), "--probe-jail%s%s", *act ? "=" : "", act);
	snprintf(env, sizeof(env), "HUFU_TEST_PROFILE=%s", profile);
	return run(place, "hufu-tjail", (const char *const[]){"--home", place->home, option, NULL}, env, out, size);
}

static bool is_jailed_here(struct place *place)
{
	char out[4000];
	int status = probe(place, "keyd", "", out, sizeof(out));

	if (!WIFEXITED(status) || WEXITSTATUS(status) != 2)
		return true;
	assert_non_null(strstr(out, "NOT JAILED")); /* loudly */
	return false;
}

static void probe_act(struct place *place, const char *profile, char *line)
{
	char out[4000], want[100];
	char *how = strchr(line, '\t');

	assert_non_null(how);
	*how++ = '\0';
	int status = probe(place, profile, line, out, sizeof(out));
	snprintf(want, sizeof(want), "%s\trefused\n", line);
	if (strcmp(how, "killed") == 0 && !(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS))
		fail_msg("%s: %s did not kill: status %x, %s", profile, line, (unsigned)status, out);
	if (strcmp(how, "refused") == 0 && (status != 0 || strcmp(out, want) != 0))
		fail_msg("%s: %s: status %x, %s", profile, line, (unsigned)status, out);
}

static void every_forbidden_act_is_refused_in_every_jail(void **state)
{
	struct place *place = *state;
	char list[4000], out[4000];

	if (!is_jailed_here(place)) {
		print_message("no jails under AddressSanitizer\n");
		skip();
	}
	for (size_t i = 0; i < hf_num_jails; i++) {
		const char *profile = hf_jails[i].name;
		size_t num = 0;
		char *rest = list;
		assert_int_equal(probe(place, profile, "list", list, sizeof(list)), 0);
		for (char *line = strsep(&rest, "\n"); line && *line; line = strsep(&rest, "\n"), num++)
			probe_act(place, profile, line);
		assert_true(num >= 18);
		int status = probe(place, profile, "", out, sizeof(out));
		if (status != 0)
			fail_msg("%s: %s", profile, out);
		assert_null(strstr(out, "ALLOWED"));
		assert_int_equal(WEXITSTATUS(probe(place, profile, "dance", out, sizeof(out))), 3);
	}
}

/* Without a jail the probe must say so, or it proves nothing. */
static void the_probe_finds_what_is_allowed(void **state)
{
	static const char *const acts[] = {
		"read-outside", "write-outside", "read-neighbour", "udp-socket", "map-executable", "set-limit"};
	struct place *place = *state;
	struct hf_jail_report none = {0};
	char folder[96];

	snprintf(folder, sizeof(folder), "%s/keyd-ca", place->home);
	for (size_t i = 0; i < NUM(acts); i++)
		assert_int_equal(hf_jail_probe(hf_jail_find("keyd"), &none, place->home, folder, acts[i]), 1);
	none.off = true;
	assert_int_equal(hf_jail_probe(hf_jail_find("keyd"), &none, place->home, folder, ""), 2);
	assert_null(hf_jail_find("nobody"));
}

static void a_jail_leaves_room_for_the_work(void **state)
{
	struct place *place = *state;
	struct sockaddr_in addr = {.sin_family = AF_INET};
	socklen_t len = sizeof(addr);
	char port[8], folder[96], out[100];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (const struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 5), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	snprintf(port, sizeof(port), "%u", ntohs(addr.sin_port));
	snprintf(folder, sizeof(folder), "%s/ca", place->home);
	assert_int_equal(
		run(place, "hufu-twork", (const char *const[]){folder, port, NULL}, "A=", out, sizeof(out)), 0);
	close(fd);
}

static void a_jail_is_never_off_in_silence(void **state)
{
	struct place *place = *state;
	struct hf_jail_report report;
	struct hf_err err;
	char folder[96];

	snprintf(folder, sizeof(folder), "%s/ca", place->home);
	setenv("HUFU_JAIL", "off", 1);
	assert_ok(hf_jail_enter(hf_jail_find("cad"), folder, NULL, &report, &err));
	unsetenv("HUFU_JAIL");
	assert_true(report.off && !report.calls && !report.files);
	assert_non_null(strstr(report.text, "NOT JAILED"));
	if (!is_jailed_here(place))
		return;
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, (void *(*)(void *))(uintptr_t)sleep, (void *)(uintptr_t)1), 0);
	assert_refused(hf_jail_enter(hf_jail_find("cad"), folder, NULL, &report, &err), HF_E_STATE, "2 threads");
	pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_forbidden_act_is_refused_in_every_jail, place_make, place_drop),
		cmocka_unit_test_setup_teardown(the_probe_finds_what_is_allowed, place_make, place_drop),
		cmocka_unit_test_setup_teardown(a_jail_leaves_room_for_the_work, place_make, place_drop),
		cmocka_unit_test_setup_teardown(a_jail_is_never_off_in_silence, place_make, place_drop),
	};
	const struct program *program = program_named(programs, NUM(programs), argv[0]);

	if (program)
		return program->main(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
