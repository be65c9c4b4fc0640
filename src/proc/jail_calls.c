/* The seccomp half of a jail: which set of calls holds what. */
#include "proc/jail_int.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <termios.h>
#include <unistd.h>

/* Conditions on argument n. libseccomp's own macros leave a field out, which clang does not like. */
#define EQ(n, value)           ((struct scmp_arg_cmp){(n), SCMP_CMP_EQ, (value), 0})
#define MASKED(n, mask, value) ((struct scmp_arg_cmp){(n), SCMP_CMP_MASKED_EQ, (mask), (value)})

/* Work on what is open, memory, time, waiting, and looking at files (Landlock says which may be opened). */
static const char *const base_calls[] = {"read", "write", "readv", "writev", "close", "close_range", "lseek", "open",
	"openat", "stat", "fstat", "lstat", "newfstatat", "statx", "statfs", "fstatfs", "access", "faccessat",
	"faccessat2", "readlink", "readlinkat", "getcwd", "getdents64", "dup", "dup2", "dup3", "fcntl", "pipe2",
	"eventfd2", "poll", "ppoll", "select", "pselect6", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait",
	"epoll_pwait2", "timerfd_create", "timerfd_settime", "timerfd_gettime", "signalfd4", "sendmsg", "recvmsg",
	"sendto", "recvfrom", "sendmmsg", "recvmmsg", "shutdown", "getsockopt", "getsockname", "getpeername", "munmap",
	"mremap", "madvise", "brk", "mlock", "mlock2", "munlock", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn",
	"rt_sigpending", "rt_sigtimedwait", "sigaltstack", "futex", "set_robust_list", "get_robust_list", "rseq",
	"membarrier", "sched_yield", "sched_getaffinity", "getcpu", "clock_gettime", "clock_getres", "clock_nanosleep",
	"nanosleep", "gettimeofday", "time", "restart_syscall", "getpid", "getppid", "gettid", "getuid", "geteuid",
	"getgid", "getegid", "getrusage", "getrlimit", "times", "uname", "sysinfo", "umask", "getrandom", "exit",
	"exit_group", NULL};

static const char *const file_calls[] = {"pread64", "pwrite64", "preadv", "pwritev", "fsync", "fdatasync",
	"sync_file_range", "ftruncate", "truncate", "fallocate", "fadvise64", "flock", "unlink", "unlinkat", "rename",
	"renameat", "renameat2", "mkdir", "mkdirat", "rmdir", "fchmod", "fchown", "link", "linkat", "msync", NULL};

static const char *const thread_calls[] = {"set_tid_address", "sched_setaffinity", "sched_getparam",
	"sched_getscheduler", "sched_get_priority_max", "sched_get_priority_min", NULL};

static const char *const tcp_calls[] = {"setsockopt", "socketpair", "sendfile", NULL};
static const char *const server_calls[] = {"accept", "accept4", NULL};
static const char *const listen_calls[] = {"bind", "listen", NULL};
static const char *const client_calls[] = {"connect", NULL};

static const char *const vendor_calls[] = {"ioctl", "mmap", "mprotect", "bind", "memfd_create", "shmget", "shmat",
	"shmdt", "shmctl", "semget", "semop", "semtimedop", "semctl", "timer_create", "timer_settime", "timer_delete",
	"setitimer", "alarm", "chmod", "utimensat", "inotify_init1", "inotify_add_watch", "inotify_rm_watch", NULL};

/* Who calls one of these has taken the process over. */
static const char *const killing_calls[] = {"execve", "execveat", "fork", "vfork", "ptrace", "process_vm_readv",
	"process_vm_writev", "pidfd_getfd", "kcmp", "mount", "umount2", "pivot_root", "chroot", "open_tree",
	"move_mount", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr", "unshare", "setns", "bpf",
	"kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module", "userfaultfd",
	"perf_event_open", "io_uring_setup", "io_uring_enter", "io_uring_register", "keyctl", "add_key", "request_key",
	"open_by_handle_at", "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setgroups",
	"setfsuid", "setfsgid", "capset", "personality", "swapon", "swapoff", "reboot", "iopl", "ioperm", "modify_ldt",
	"acct", "quotactl", "settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "sethostname",
	"setdomainname", "syslog", NULL};

static int add_all(scmp_filter_ctx filter, uint32_t action, const char *const *names)
{
	int rc = 0;

	for (size_t i = 0; names[i] && rc == 0; i++) {
		int nr = seccomp_syscall_resolve_name(names[i]);
		if (nr >=
			0) /* negative: this machine or this libseccomp does not have it; the default action answers */
			rc = seccomp_rule_add(filter, action, nr, 0);
		if (rc == -EEXIST) /* in another set, too */
			rc = 0;
	}
	return rc;
}

/* A new process is death, a new thread is fine. */
static int add_clone(scmp_filter_ctx filter, bool threads)
{
	int rc = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(clone), 1, MASKED(0, CLONE_THREAD, 0));

	if (rc == 0 && threads)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
			MASKED(0, CLONE_THREAD | CLONE_VM, CLONE_THREAD | CLONE_VM));
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	return rc;
}

/* TCP and nothing else: Landlock's ports know no UDP, SCTP or MPTCP. */
static int add_tcp_socket(scmp_filter_ctx filter)
{
	static const uint64_t families[] = {AF_INET, AF_INET6}, protocols[] = {0, IPPROTO_TCP};
	int rc = 0;

	for (size_t f = 0; f < 2; f++)
		for (size_t p = 0; p < 2 && rc == 0; p++)
			rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 3, EQ(0, families[f]),
				MASKED(1, 0xF, SOCK_STREAM), EQ(2, protocols[p]));
	return rc;
}

static int add_vendor(scmp_filter_ctx filter)
{
	static const uint64_t families[] = {AF_INET, AF_INET6, AF_UNIX};
	int rc = add_all(filter, SCMP_ACT_ALLOW, vendor_calls);

	for (size_t f = 0; f < 3 && rc == 0; f++)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, EQ(0, families[f]));
	return rc;
}

/* Calls that are fine with some arguments only. */
static int add_narrow(scmp_filter_ctx filter, bool vendor)
{
	static const unsigned long ioctls[] = {FIONBIO, FIONREAD, FIOCLEX, TCGETS};
	int rc = 0;

	if (!vendor) {
		rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, MASKED(2, PROT_EXEC, 0));
		rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, MASKED(2, PROT_EXEC, 0));
		for (size_t i = 0; i < sizeof(ioctls) / sizeof(ioctls[0]); i++)
			rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, EQ(1, ioctls[i]));
	}
	rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1, EQ(2, 0)); /* only reading */
	rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1, EQ(0, PR_SET_NAME));
	rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1, EQ(0, PR_GET_NAME));
	rc |= seccomp_rule_add(
		filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, EQ(0, (scmp_datum_t)getpid())); /* abort() */
	return rc;
}

static int fill(scmp_filter_ctx filter, unsigned calls, bool listens)
{
	int rc = add_all(filter, SCMP_ACT_KILL_PROCESS, killing_calls);

	rc = rc ? rc : add_clone(filter, calls & HF_JAIL_THREADS);
	rc = rc ? rc : add_narrow(filter, calls & HF_JAIL_VENDOR);
	rc = rc ? rc : add_all(filter, SCMP_ACT_ALLOW, base_calls);
	if (calls & HF_JAIL_FILES)
		rc = rc ? rc : add_all(filter, SCMP_ACT_ALLOW, file_calls);
	if (calls & HF_JAIL_THREADS)
		rc = rc ? rc : add_all(filter, SCMP_ACT_ALLOW, thread_calls);
	if (calls & (HF_JAIL_TCP_SERVER | HF_JAIL_TCP_CLIENT))
		rc = rc ? rc : add_all(filter, SCMP_ACT_ALLOW, tcp_calls);
	if (calls & HF_JAIL_TCP_SERVER)
		rc = rc ? rc : add_all(filter, SCMP_ACT_ALLOW, server_calls);
	/* listen() without bind() takes a free port past Landlock, so neither is there without need. */
	if (listens)
		rc = rc ? rc : add_all(filter, SCMP_ACT_ALLOW, listen_calls);
	if (calls & HF_JAIL_TCP_CLIENT)
		rc = rc ? rc : add_all(filter, SCMP_ACT_ALLOW, client_calls);
	if ((calls & HF_JAIL_TCP_CLIENT || listens) && !(calls & HF_JAIL_VENDOR))
		rc = rc ? rc : add_tcp_socket(filter);
	if (calls & HF_JAIL_VENDOR)
		rc = rc ? rc : add_vendor(filter);
	return rc;
}

bool hf_jail_calls(const struct hf_jail_profile *profile, const struct hf_jail_extra *extra,
	struct hf_jail_report *report, struct hf_err *err)
{
	scmp_filter_ctx filter;
	int rc;

	if (prctl(PR_GET_SECCOMP) < 0 && errno == EINVAL)
		return true; /* a kernel without it: the report says so */
	filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	HF_ASSERT(filter);
	rc = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	rc = rc ? rc : seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);      /* where the kernel can */
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a tree, not a list */
	rc = rc ? rc : fill(filter, profile->calls, extra && extra->num_listen_ports > 0);
	rc = rc ? rc : seccomp_load(filter);
	seccomp_release(filter);
	if (rc != 0)
		return hf_fail(err, HF_E_INTERNAL, "jail %s: seccomp: %s", profile->name, strerror(-rc));
	report->calls = true;
	return true;
}
