#include "proc/supervisor_int.h"

#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET_NAME "supervisor.sock"
#define ASKER_WAITS (2 * HF_SECOND)
#define STATUS_MAX  (HF_GRAPH_MAX * 512)

static const char *const state_names[] = {"starting", "ready", "waiting", "stopping", "gone"};

/* Through the folder's descriptor: a socket's path has room for 107 octets, a home's may be longer. */
static struct sockaddr_un address_in(int run_fd)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	hf_fmt_cut(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/" SOCKET_NAME, run_fd);
	return addr;
}

bool hf_supervisor_listen(struct hf_supervisor *s, struct hf_err *err)
{
	struct sockaddr_un addr = address_in(s->run_fd);
	mode_t old = umask(0177);

	for (size_t i = 0; i < HF_SUPERVISOR_ASKERS; i++)
		s->askers[i].fd = -1;
	/* The lock is ours, so a socket that is there belongs to a dead supervisor. */
	unlinkat(s->run_fd, SOCKET_NAME, 0);
	s->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool ok = s->listen_fd >= 0 && bind(s->listen_fd, (struct sockaddr *)&addr, sizeof(addr)) == 0 &&
		  listen(s->listen_fd, HF_SUPERVISOR_ASKERS) == 0;
	umask(old);
	return ok || hf_fail(err, HF_E_STORE, "%s/run/" SOCKET_NAME ": %s", s->home, strerror(errno));
}

static void release(struct hf_asker *asker)
{
	if (asker->fd >= 0)
		close(asker->fd);
	*asker = (struct hf_asker){.fd = -1};
}

void hf_supervisor_unlisten(struct hf_supervisor *s)
{
	if (s->listen_fd >= 0) {
		close(s->listen_fd);
		unlinkat(s->run_fd, SOCKET_NAME, 0);
	}
	for (size_t i = 0; s->listen_fd >= 0 && i < HF_SUPERVISOR_ASKERS; i++)
		release(&s->askers[i]);
	s->listen_fd = -1;
}

size_t hf_supervisor_askers_watch(struct hf_supervisor *s, struct pollfd *fds)
{
	size_t num = 0;

	fds[num++] = (struct pollfd){.fd = s->listen_fd, .events = POLLIN};
	for (size_t i = 0; i < HF_SUPERVISOR_ASKERS; i++)
		if (s->askers[i].fd >= 0 && !s->askers[i].waits_for_end)
			fds[num++] = (struct pollfd){.fd = s->askers[i].fd, .events = POLLIN};
	return num;
}

static void accept_one(struct hf_supervisor *s)
{
	int fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct ucred who;
	socklen_t len = sizeof(who);

	if (fd < 0)
		return;
	bool ours = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0 && (who.uid == geteuid() || who.uid == 0);
	for (size_t i = 0; ours && i < HF_SUPERVISOR_ASKERS; i++) {
		if (s->askers[i].fd >= 0)
			continue;
		s->askers[i] = (struct hf_asker){.fd = fd, .until = hf_ticks() + ASKER_WAITS};
		return;
	}
	close(fd);
}

static void answer_status(struct hf_supervisor *s, int fd)
{
	char since[HF_TIME_TEXT_MAX];
	struct hf_buf out;

	hf_buf_init(&out, STATUS_MAX);
	for (size_t i = 0; i < s->graph->num_processes; i++) {
		const struct hf_child *c = &s->children[i];
		hf_time_text(c->since, false, since);
		hf_buf_printf(&out, "%s\t%d\t%s\t%u\t%s\t%s\n", c->process->name, (int)c->pid, state_names[c->state],
			c->restarts, since, c->words);
	}
	/* It fits into the socket's buffer; one who does not read cannot hold the supervisor up. */
	ssize_t n = send(fd, out.p, out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)n;
	hf_buf_clear(&out);
}

static void serve_line(struct hf_supervisor *s, struct hf_asker *asker)
{
	if (strcmp(asker->line, "status") == 0) {
		answer_status(s, asker->fd);
		release(asker);
	} else if (strcmp(asker->line, "stop") == 0) {
		s->stopping = true;
		asker->waits_for_end = true; /* closed when all is over */
	} else {
		release(asker);
	}
}

static void serve_one(struct hf_supervisor *s, struct hf_asker *asker)
{
	char *end;
	ssize_t n = recv(asker->fd, asker->line + asker->len, sizeof(asker->line) - 1 - asker->len, MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN && hf_ticks() < asker->until)
		return;
	if (n <= 0) {
		release(asker);
		return;
	}
	asker->len += (size_t)n;
	end = memchr(asker->line, '\n', asker->len);
	if (end) {
		*end = '\0';
		serve_line(s, asker);
	} else if (asker->len == sizeof(asker->line) - 1) {
		release(asker);
	}
}

void hf_supervisor_askers_serve(struct hf_supervisor *s)
{
	accept_one(s);
	for (size_t i = 0; i < HF_SUPERVISOR_ASKERS; i++)
		if (s->askers[i].fd >= 0 && !s->askers[i].waits_for_end)
			serve_one(s, &s->askers[i]);
}

static int connect_to(const char *home, struct hf_err *err)
{
	char path[HF_PATH_MAX];
	int fd, run_fd, rc = -1;

	if (!hf_fmt(path, sizeof(path), "%s/run", home)) {
		hf_fail(err, HF_E_LIMIT, "%s: the path is too long", home);
		return -1;
	}
	run_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (run_fd >= 0 && fd >= 0) {
		struct sockaddr_un addr = address_in(run_fd);
		rc = connect(fd, (struct sockaddr *)&addr, sizeof(addr));
	}
	if (rc != 0)
		hf_fail(err, errno == EACCES ? HF_E_DENIED : HF_E_MISSING,
			"%s: no supervisor answers here (%s); `hufu up` starts one", home, strerror(errno));
	if (run_fd >= 0)
		close(run_fd);
	if (rc != 0 && fd >= 0)
		close(fd);
	return rc == 0 ? fd : -1;
}

/* Until the other side closes. */
static bool read_answer(int fd, int64_t deadline, struct hf_buf *answer, struct hf_err *err)
{
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		char part[1024];
		int64_t left = deadline - hf_ticks();
		if (left <= 0)
			return hf_fail(err, HF_E_PEER, "the supervisor does not answer in time");
		if (poll(&p, 1, (int)((left + 999) / 1000)) <= 0)
			continue;
		ssize_t n = recv(fd, part, sizeof(part), MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno == ECONNRESET))
			return true;
		if (n > 0 && !hf_buf_put(answer, part, (size_t)n))
			return hf_fail(
				err, HF_E_LIMIT, "the supervisor's answer is longer than %zu octets", answer->max);
	}
}

bool hf_supervisor_ask(const char *home, const char *word, int timeout_ms, struct hf_buf *answer, struct hf_err *err)
{
	int64_t deadline = hf_ticks() + (int64_t)timeout_ms * 1000;
	char line[16];

	if ((!hf_str_equal(word, "status") && !hf_str_equal(word, "stop")) || !hf_fmt(line, sizeof(line), "%s\n", word))
		return hf_fail(err, HF_E_INPUT, "%s: the supervisor knows status and stop", word);
	int fd = connect_to(home, err);
	if (fd < 0)
		return false;
	bool ok = send(fd, line, strlen(line), MSG_NOSIGNAL) == (ssize_t)strlen(line) ||
		  hf_fail(err, HF_E_PEER, "the supervisor hung up");
	ok = ok && read_answer(fd, deadline, answer, err);
	close(fd);
	if (ok && answer->len == 0 && hf_str_equal(word, "status"))
		ok = hf_fail(err, HF_E_PEER, "the supervisor hung up");
	return ok;
}
