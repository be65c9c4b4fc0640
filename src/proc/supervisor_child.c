#include "proc/supervisor_int.h"

#include "base/str.h"

#include "proc/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

bool hf_child_program(
	const struct hf_supervisor *s, const struct hf_child *child, char path[HF_PATH_MAX], struct hf_err *err)
{
	if (!hf_fmt(path, HF_PATH_MAX, "%s/%s", s->spec->programs, child->process->program))
		return hf_fail(err, HF_E_LIMIT, "%s: the path is too long", s->spec->programs);
	if (access(path, X_OK) != 0)
		return hf_fail(err, HF_E_MISSING, "%s: %s", path, strerror(errno));
	return true;
}

/* Puts them at 0 to 4. They are moved up first: one may lie where another must go. */
static bool place(int null, int log, int control, int lock)
{
	null = fcntl(null, F_DUPFD, 16);
	log = fcntl(log, F_DUPFD, 16);
	control = fcntl(control, F_DUPFD, 16);
	lock = fcntl(lock, F_DUPFD, 16);
	return dup2(null, 0) == 0 && dup2(log, 1) == 1 && dup2(log, 2) == 2 &&
	       dup2(control, HF_DAEMON_CONTROL_FD) == HF_DAEMON_CONTROL_FD &&
	       dup2(lock, HF_DAEMON_LOCK_FD) == HF_DAEMON_LOCK_FD && close_range(HF_DAEMON_LOCK_FD + 1, ~0U, 0) == 0;
}

/* In the child. A session of its own: Ctrl-C at the terminal is for the supervisor, which then stops all in order. */
static _Noreturn void become(struct hf_supervisor *s, const struct hf_child *child, const char *path, int null, int log,
	int control, pid_t parent)
{
	const char *argv[4 + sizeof(child->process->args) / sizeof(child->process->args[0])] = {
		path, "--home", s->home};
	sigset_t none;

	for (size_t i = 0; child->process->args[i]; i++)
		argv[3 + i] = child->process->args[i];
	sigemptyset(&none);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != parent || setsid() < 0 ||
		sigprocmask(SIG_SETMASK, &none, NULL) != 0 || !place(null, log, control, s->lock_fd) || chdir("/") != 0)
		_exit(126);
	execv(path, (char *const *)(uintptr_t)argv);
	perror(path);
	_exit(127);
}

bool hf_child_spawn(struct hf_supervisor *s, struct hf_child *child, struct hf_err *err)
{
	char path[HF_PATH_MAX], log_path[HF_PATH_MAX];
	int pair[2] = {-1, -1}, null = -1, log = -1;
	pid_t parent = getpid();
	bool ok = false;

	if (!hf_child_program(s, child, path, err))
		return false;
	if (!hf_fmt(log_path, sizeof(log_path), "%s/log/%s.log", s->home, child->process->name))
		return hf_fail(err, HF_E_LIMIT, "%s: the path is too long", s->home);
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (null < 0 || log < 0) {
		hf_fail(err, HF_E_STORE, "%s: %s", log < 0 ? log_path : "/dev/null", strerror(errno));
		goto out;
	}
	if (!hf_ipc_packet_pair(pair, err))
		goto out;
	child->pid = fork();
	if (child->pid == 0)
		become(s, child, path, null, log, pair[1], parent);
	if (child->pid < 0) {
		child->pid = 0;
		hf_fail(err, HF_E_INTERNAL, "fork: %s", strerror(errno));
		close(pair[0]);
		goto out;
	}
	child->control = pair[0];
	ok = true;
out:
	if (pair[1] >= 0)
		close(pair[1]);
	if (log >= 0)
		close(log);
	if (null >= 0)
		close(null);
	return ok;
}
