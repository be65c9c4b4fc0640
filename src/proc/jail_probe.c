/* Tries from inside what a jail must refuse. */
#include "proc/jail_int.h"

#include "base/file.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum outcome { REFUSED, ALLOWED, NOT_TRIED };

struct probe {
	const char *home, *folder;
	char why[128]; /* of NOT_TRIED */
};

static enum outcome judge(struct probe *probe, bool done)
{
	if (done)
		return ALLOWED;
	if (errno == EACCES || errno == EPERM)
		return REFUSED;
	hf_fmt_cut(probe->why, sizeof(probe->why), "%s", strerror(errno));
	return NOT_TRIED;
}

static enum outcome judge_fd(struct probe *probe, int fd)
{
	enum outcome outcome = judge(probe, fd >= 0);

	if (fd >= 0)
		close(fd);
	return outcome;
}

static enum outcome try_read_outside(struct probe *probe)
{
	return judge_fd(probe, open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static enum outcome try_write_outside(struct probe *probe)
{
	char path[HF_PATH_MAX];

	hf_fmt_cut(path, sizeof(path), "%s/probe-of-a-jail", probe->home);
	enum outcome outcome = judge_fd(probe, open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
	if (outcome == ALLOWED)
		unlink(path);
	return outcome;
}

/* Looking for a name is not what Landlock forbids, so a folder that is not there can be told from a refusal. */
static enum outcome try_read_neighbour(struct probe *probe)
{
	static const char *const folders[] = {
		"ca", "ra", "km", "ocsp", "keyd-ca", "keyd-ra", "keyd-km", "keyd-ocsp", "run", "log", NULL};
	enum outcome outcome = NOT_TRIED;
	char path[HF_PATH_MAX];
	struct stat st;

	hf_fmt_cut(probe->why, sizeof(probe->why), "no other folder is in this home");
	for (size_t i = 0; folders[i] && outcome != ALLOWED; i++) {
		hf_fmt_cut(path, sizeof(path), "%s/%s", probe->home, folders[i]);
		if (!hf_str_equal(path, probe->folder) && stat(path, &st) == 0)
			outcome = judge_fd(probe, open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	}
	return outcome;
}

static enum outcome try_udp(struct probe *probe)
{
	return judge_fd(probe, socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

static enum outcome try_mptcp(struct probe *probe)
{
	return judge_fd(probe, socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 262));
}

static enum outcome try_unix(struct probe *probe)
{
	return judge_fd(probe, socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static enum outcome try_netlink(struct probe *probe)
{
	return judge_fd(probe, socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0));
}

static enum outcome try_tcp(struct probe *probe)
{
	return judge_fd(probe, socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static enum outcome try_port(
	struct probe *probe, uint16_t port, int (*call)(int fd, const struct sockaddr *addr, socklen_t len))
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0)
		return judge(probe, false);
	int rc = call(fd, (const struct sockaddr *)&addr, sizeof(addr));
	enum outcome outcome = judge(probe, rc == 0 || errno == ECONNREFUSED);
	close(fd);
	return outcome;
}

static enum outcome try_bind(struct probe *probe)
{
	return try_port(probe, 0, bind);
}

static enum outcome try_connect(struct probe *probe)
{
	return try_port(probe, 9, connect);
}

static enum outcome try_listen(struct probe *probe)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return judge(probe, false);
	int rc = listen(fd, 1);
	enum outcome outcome = judge(probe, rc == 0);
	close(fd);
	return outcome;
}

static enum outcome try_map_executable(struct probe *probe)
{
	return judge(probe, mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
}

static enum outcome try_signal(struct probe *probe)
{
	return judge(probe, kill(getppid(), 0) == 0);
}

static enum outcome try_limit(struct probe *probe)
{
	struct rlimit limit = {0, 0};

	return judge(probe, setrlimit(RLIMIT_CORE, &limit) == 0);
}

static enum outcome try_exec(struct probe *probe)
{
	return judge(probe, execl("/bin/true", "true", (char *)NULL) == 0);
}

static enum outcome try_fork(struct probe *probe)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return judge(probe, pid > 0);
}

/* The others by number, with arguments that do nothing: whatever the kernel then answers, the call was let in. */
static enum outcome try_call(long number)
{
	syscall(number, 0L, 0L, 0L, 0L, 0L, 0L);
	return ALLOWED;
}

static enum outcome try_ptrace(struct probe *probe)
{
	(void)probe;
	return try_call(SYS_ptrace);
}

static enum outcome try_mount(struct probe *probe)
{
	(void)probe;
	return try_call(SYS_mount);
}

static enum outcome try_unshare(struct probe *probe)
{
	(void)probe;
	return try_call(SYS_unshare);
}

static enum outcome try_bpf(struct probe *probe)
{
	(void)probe;
	return try_call(SYS_bpf);
}

static enum outcome try_io_uring(struct probe *probe)
{
	(void)probe;
	return try_call(SYS_io_uring_setup);
}

static enum outcome try_module(struct probe *probe)
{
	(void)probe;
	return try_call(SYS_init_module);
}

static enum outcome try_kexec(struct probe *probe)
{
	(void)probe;
	return try_call(SYS_kexec_load);
}

/* One row an act. unless: sets of calls of which a profile that has one may do it. */
static const struct {
	const char *name;
	bool kills;
	unsigned unless;
	enum outcome (*act)(struct probe *probe);
} acts[] = {
	{"read-outside", false, 0, try_read_outside},
	{"write-outside", false, 0, try_write_outside},
	{"read-neighbour", false, 0, try_read_neighbour},
	{"udp-socket", false, HF_JAIL_VENDOR, try_udp},
	{"mptcp-socket", false, HF_JAIL_VENDOR, try_mptcp},
	{"unix-socket", false, HF_JAIL_VENDOR, try_unix},
	{"netlink-socket", false, 0, try_netlink},
	{"tcp-socket", false, HF_JAIL_TCP_CLIENT | HF_JAIL_TCP_SERVER, try_tcp},
	{"bind-port", false, 0, try_bind},
	{"listen", false, HF_JAIL_TCP_SERVER, try_listen},
	{"connect-port", false, 0, try_connect},
	{"map-executable", false, HF_JAIL_VENDOR, try_map_executable},
	{"signal-others", false, 0, try_signal},
	{"set-limit", false, 0, try_limit},
	{"exec", true, 0, try_exec},
	{"fork", true, 0, try_fork},
	{"ptrace", true, 0, try_ptrace},
	{"mount", true, 0, try_mount},
	{"unshare", true, 0, try_unshare},
	{"bpf", true, 0, try_bpf},
	{"io-uring", true, 0, try_io_uring},
	{"load-module", true, 0, try_module},
	{"kexec", true, 0, try_kexec},
};
#define NUM_ACTS (sizeof(acts) / sizeof(acts[0]))

static int list_acts(const struct hf_jail_profile *profile)
{
	for (size_t i = 0; i < NUM_ACTS; i++)
		if (!(profile->calls & acts[i].unless))
			printf("%s\t%s\n", acts[i].name, acts[i].kills ? "killed" : "refused");
	fflush(stdout);
	return 0;
}

static enum outcome try_one(struct probe *probe, size_t i)
{
	enum outcome outcome = acts[i].act(probe);

	printf("%s\t%s%s\n", acts[i].name,
		outcome == REFUSED   ? "refused"
		: outcome == ALLOWED ? "ALLOWED"
				     : "not tried: ",
		outcome == NOT_TRIED ? probe->why : "");
	fflush(stdout);
	return outcome;
}

int hf_jail_probe(const struct hf_jail_profile *profile, const struct hf_jail_report *report, const char *home,
	const char *folder, const char *act)
{
	struct probe probe = {home, folder, ""};
	size_t num = 0, refused = 0;

	if (hf_str_equal(act, "list"))
		return list_acts(profile);
	if (report->off) {
		printf("%s\n", report->text);
		fflush(stdout);
		return 2;
	}
	for (size_t i = 0; i < NUM_ACTS; i++) {
		bool chosen = *act ? hf_str_equal(act, acts[i].name) : !acts[i].kills;
		if (!chosen || (profile->calls & acts[i].unless))
			continue;
		num++;
		refused += try_one(&probe, i) == REFUSED;
	}
	return num == 0 ? 3 : refused == num ? 0 : 1;
}
