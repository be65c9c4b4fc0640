#include "proc/daemon.h"

#include "base/str.h"

#include "proc/control_int.h"
#include "proc/jail_int.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const services[] = {"ca", "ra", "km", "ocsp", NULL};

static bool take_option(struct hf_daemon *d, const char *name, const char *value, const char **home, struct hf_err *err)
{
	if (hf_str_equal(name, "--home")) {
		*home = value;
		return true;
	}
	if (hf_str_equal(name, "--service") && !d->spec->service) {
		if (!hf_str_in(value, services))
			return hf_fail(err, HF_E_INPUT, "--service %s: must be ca, ra, km or ocsp", value);
		hf_fmt_cut(d->service, sizeof(d->service), "%s", value);
		return true;
	}
	return hf_fail(err, HF_E_INPUT, "%s: no such option; see %s --help", name, d->spec->program);
}

static bool read_args(struct hf_daemon *d, int argc, char **argv, const char **home, struct hf_err *err)
{
	static const char probe[] = "--probe-jail";

	for (int i = 1; i < argc; i++) {
		if (hf_str_equal(argv[i], "--help")) {
			fputs(d->spec->manual, stdout);
			exit(fflush(stdout) == 0 ? 0 : 1);
		}
		if (hf_str_equal(argv[i], probe) || strncmp(argv[i], "--probe-jail=", sizeof(probe)) == 0) {
			d->probing = true;
			hf_fmt_cut(d->probe, sizeof(d->probe), "%s",
				argv[i][sizeof(probe) - 1] ? argv[i] + sizeof(probe) : "");
			continue;
		}
		if (i + 1 >= argc)
			return hf_fail(err, HF_E_INPUT, "%s: no such option, or its value is missing; see %s --help",
				argv[i], d->spec->program);
		if (!take_option(d, argv[i], argv[i + 1], home, err))
			return false;
		i++;
	}
	return true;
}

static bool set_places(struct hf_daemon *d, const char *home, struct hf_err *err)
{
	const struct hf_daemon_spec *spec = d->spec;

	if (spec->service)
		hf_fmt_cut(d->service, sizeof(d->service), "%s", spec->service);
	if (!d->service[0])
		return hf_fail(err, HF_E_INPUT, "--service is missing: ca, ra, km or ocsp");
	if (!home)
		return hf_fail(err, HF_E_INPUT, "--home is missing; `hufu up` gives it");
	char *whole = realpath(home, NULL);
	if (!whole)
		return hf_fail(err, HF_E_MISSING, "--home %s: %s; `hufu init` makes one", home, strerror(errno));
	bool ok = hf_fmt(d->home, sizeof(d->home), "%s", whole);
	free(whole);
	if (spec->device)
		hf_fmt_cut(d->name, sizeof(d->name), "keyd-%s", d->service);
	else
		hf_fmt_cut(d->name, sizeof(d->name), "%s", spec->name);
	ok = ok && hf_fmt(d->folder, sizeof(d->folder), "%s/%s", d->home, spec->device ? d->name : d->service);
	return ok || hf_fail(err, HF_E_LIMIT, "--home %s: the path is too long", home);
}

/* The supervisor's channel is known by its kind: a shell may have left anything at 3. */
static int find_control(void)
{
	int type = 0;
	socklen_t len = sizeof(type);

	if (getsockopt(HF_DAEMON_CONTROL_FD, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_SEQPACKET)
		return HF_DAEMON_CONTROL_FD;
	return -1;
}

/* The lock stays open on purpose: it is free when the last process of this home is gone. */
static void close_strays(struct hf_daemon *d)
{
	int first = d->control_fd >= 0 ? HF_DAEMON_LOCK_FD + 1 : 3, strays = 0;

	for (int fd = first; fd < 1024; fd++)
		strays += fcntl(fd, F_GETFD) >= 0;
	close_range((unsigned)first, ~0U, 0);
	if (strays > 0)
		hf_log(&d->log, HF_LOG_WARN, "%d descriptors were left open by the one who started this; closed",
			strays);
}

static bool make_safe(struct hf_err *err)
{
	struct rlimit none = {0, 0};

	umask(077);
	signal(SIGPIPE, SIG_IGN);
	if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return hf_fail(err, HF_E_INTERNAL, "prctl: %s", strerror(errno));
	/* LeakSanitizer looks at its own process by ptrace, which a process that is not dumpable refuses. */
	if (!hf_jail_sanitized() && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return hf_fail(err, HF_E_INTERNAL, "prctl: %s", strerror(errno));
	return true;
}

static bool open_wakers(struct hf_daemon *d, struct hf_err *err)
{
	struct epoll_event event = {.events = EPOLLIN};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return hf_fail(err, HF_E_INTERNAL, "sigprocmask: %s", strerror(errno));
	d->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	d->wake_fd = epoll_create1(EPOLL_CLOEXEC);
	if (d->signal_fd < 0 || d->wake_fd < 0 || epoll_ctl(d->wake_fd, EPOLL_CTL_ADD, d->signal_fd, &event) != 0)
		return hf_fail(err, HF_E_INTERNAL, "signalfd, epoll: %s", strerror(errno));
	if (d->control_fd >= 0 && epoll_ctl(d->wake_fd, EPOLL_CTL_ADD, d->control_fd, &event) != 0)
		return hf_fail(err, HF_E_INTERNAL, "epoll: %s", strerror(errno));
	return true;
}

bool hf_daemon_init(struct hf_daemon *d, int argc, char **argv, const struct hf_daemon_spec *spec, struct hf_err *err)
{
	const char *home = NULL;

	*d = (struct hf_daemon){.spec = spec, .clock = &hf_clock_system, .wake_fd = -1, .signal_fd = -1};
	d->log = (struct hf_log){d->name, HF_LOG_INFO, STDERR_FILENO, d->clock};
	hf_fmt_cut(d->name, sizeof(d->name), "%s", spec->name ? spec->name : spec->program);
	d->control_fd = find_control();
	if (!read_args(d, argc, argv, &home, err) || !set_places(d, home, err))
		return false;
	if (d->control_fd < 0 && !d->probing)
		return hf_fail(err, HF_E_STATE, "%s is started by `hufu up`, not by hand", spec->program);
	close_strays(d);
	if (!make_safe(err) || !open_wakers(d, err))
		return false;
	if (spec->num_metrics > 0)
		d->metrics = hf_metrics_new(spec->metrics, spec->num_metrics);
	return true;
}

void hf_daemon_clear(struct hf_daemon *d)
{
	if (d->wake_fd >= 0)
		close(d->wake_fd);
	if (d->signal_fd >= 0)
		close(d->signal_fd);
	hf_metrics_free(d->metrics);
	d->metrics = NULL;
	d->wake_fd = d->signal_fd = -1;
}

bool hf_daemon_jail(
	struct hf_daemon *d, const char *profile_name, const struct hf_jail_extra *extra, struct hf_err *err)
{
	const char *name = profile_name ? profile_name : d->spec->profile ? d->spec->profile : "keyd";
	const struct hf_jail_profile *profile = hf_jail_find(name);

	if (!profile)
		return hf_fail(err, HF_E_INTERNAL, "no jail is named %s", name);
	if (!hf_jail_enter(profile, d->folder, extra, &d->jail, err))
		return false;
	bool whole = strncmp(d->jail.text, "jailed", 6) == 0;
	hf_log(&d->log, whole ? HF_LOG_INFO : HF_LOG_WARN, "%s", d->jail.text);
	if (d->probing)
		exit(hf_jail_probe(profile, &d->jail, d->home, d->folder, d->probe));
	return true;
}

static void tell(struct hf_daemon *d, enum hf_control what, const char *words)
{
	struct hf_buf packet;
	struct hf_err err;

	if (d->control_fd < 0)
		return;
	hf_buf_init(&packet, HF_IPC_PACKET_MAX);
	hf_ipc_put_u8(&packet, (uint8_t)what);
	hf_ipc_put_str(&packet, words);
	/* A supervisor that is busy may miss a word; one that is gone is noticed by hf_daemon_poll. */
	if (!hf_ipc_packet_send(d->control_fd, hf_buf_bytes(&packet), -1, &err))
		hf_log(&d->log, HF_LOG_WARN, "the supervisor was not told: %s", err.text);
	hf_buf_clear(&packet);
}

void hf_daemon_ready(struct hf_daemon *d)
{
	hf_log(&d->log, HF_LOG_INFO, "ready");
	tell(d, HF_CONTROL_READY, d->jail.text);
}

void hf_daemon_status(struct hf_daemon *d, const char *fmt, ...)
{
	char words[HF_CONTROL_WORDS_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	tell(d, HF_CONTROL_STATUS, words);
}

int hf_daemon_fail(struct hf_daemon *d, const struct hf_err *err)
{
	hf_log(&d->log, HF_LOG_ERROR, "%s: %s", hf_code_name(err->code), err->text);
	hf_daemon_status(d, "failed: %s", err->text);
	return 1;
}

/* False: the packet is not one of ours. */
static bool take_peer(struct hf_daemon *d, struct hf_ipc_reader *in, int fd)
{
	char channel[32], process[32];

	hf_ipc_get_str(in, channel, sizeof(channel));
	hf_ipc_get_str(in, process, sizeof(process));
	struct hf_peer peer = {channel, process, hf_ipc_get_bool(in), fd};
	if (!hf_ipc_get_end(in, "control", NULL) || fd < 0)
		return false;
	d->num_peers++;
	hf_log(&d->log, HF_LOG_INFO, "channel %s with %s", channel, process);
	if (d->spec->on_peer)
		d->spec->on_peer(d->spec->ctx, &peer);
	else
		close(fd);
	return true;
}

/* One packet; *stop when it says so. False: there is none. */
static bool take_packet(struct hf_daemon *d, struct hf_buf *packet, bool *stop)
{
	int fd;
	enum hf_ipc_got got = hf_ipc_packet_recv(d->control_fd, packet, &fd);
	struct hf_ipc_reader in = hf_ipc_reader(hf_buf_bytes(packet));

	if (got == HF_IPC_GOT_NOTHING)
		return false;
	uint8_t what = got == HF_IPC_GOT_PACKET ? hf_ipc_get_u8(&in) : 0;
	if (what == HF_CONTROL_PEER && take_peer(d, &in, fd))
		return true;
	if (what == HF_CONTROL_SHUTDOWN) {
		*stop = true;
		return true;
	}
	hf_log(&d->log, HF_LOG_ERROR, "%s; leaving at once",
		got == HF_IPC_GOT_END ? "the supervisor is gone" : "the supervisor sent nonsense");
	_exit(3);
}

bool hf_daemon_poll(struct hf_daemon *d)
{
	struct signalfd_siginfo info;
	struct hf_buf packet;
	bool stop = false;

	while (read(d->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		stop = true;
	hf_buf_init(&packet, HF_IPC_PACKET_MAX);
	while (d->control_fd >= 0 && take_packet(d, &packet, &stop))
		;
	hf_buf_clear(&packet);
	if (stop)
		hf_log(&d->log, HF_LOG_INFO, "told to stop");
	return !stop;
}

bool hf_daemon_wait_peers(struct hf_daemon *d, int timeout_ms, struct hf_err *err)
{
	int64_t deadline = hf_ticks() + (int64_t)timeout_ms * 1000;
	struct pollfd p = {.fd = d->wake_fd, .events = POLLIN};

	for (;;) {
		if (!hf_daemon_poll(d))
			return hf_fail(err, HF_E_PEER, "told to stop before any channel came");
		if (d->num_peers > 0)
			return true;
		int64_t left = deadline - hf_ticks();
		if (left <= 0)
			return hf_fail(err, HF_E_PEER, "no channel came from the supervisor within %d ms", timeout_ms);
		poll(&p, 1, (int)((left + 999) / 1000));
	}
}
