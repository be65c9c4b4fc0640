#include "proc/jail_int.h"

#include "base/file.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of <linux/landlock.h>, spelt out because Debian 12's header ends at the second version. */
#define LL_CREATE_VERSION 1U
#define LL_RULE_PATH      1
#define LL_RULE_PORT      2
#define LL_RESTRICT_TSYNC 8U /* version 8: all threads */
#define LL_NET_BIND       1ULL
#define LL_NET_CONNECT    2ULL
#define LL_SCOPE_ABSTRACT 1ULL
#define LL_SCOPE_SIGNAL   2ULL
#define LL_FS(bit)        (1ULL << (bit))
#define LL_FS_WRITE_FILE  LL_FS(1)
#define LL_FS_READ_FILE   LL_FS(2)
#define LL_FS_READ_DIR    LL_FS(3)
#define LL_FS_REMOVE_DIR  LL_FS(4)
#define LL_FS_REMOVE_FILE LL_FS(5)
#define LL_FS_MAKE_DIR    LL_FS(7)
#define LL_FS_MAKE_REG    LL_FS(8)
#define LL_FS_REFER       LL_FS(13)
#define LL_FS_TRUNCATE    LL_FS(14)
#define LL_FS_IOCTL_DEV   LL_FS(15)
#define LL_FS_OF_FILES    (LL_FS_WRITE_FILE | LL_FS_READ_FILE | LL_FS_TRUNCATE)
#define LL_FS_READ        (LL_FS_READ_FILE | LL_FS_READ_DIR)
#define LL_FS_WRITE                                                                                                    \
	(LL_FS_READ | LL_FS_WRITE_FILE | LL_FS_REMOVE_DIR | LL_FS_REMOVE_FILE | LL_FS_MAKE_DIR | LL_FS_MAKE_REG |      \
		LL_FS_REFER | LL_FS_TRUNCATE)

struct ll_ruleset {
	uint64_t fs, net, scope;
};

struct ll_path {
	uint64_t access;
	int32_t fd;
} __attribute__((packed));

struct ll_port {
	uint64_t access, port;
};

/* What libc and libcrypto look at, whoever runs them. */
static const struct hf_jail_path system_paths[] = {
	{"/dev/null", HF_JAIL_WRITE, true},
	{"/dev/urandom", HF_JAIL_READ, true},
	{"/etc/localtime", HF_JAIL_READ, true},
	{"/usr/share/zoneinfo", HF_JAIL_READ, true},
	{"/etc/ssl/openssl.cnf", HF_JAIL_READ, true},
	{"/sys/devices/system/cpu", HF_JAIL_READ, true},
};

static const struct hf_jail_path client_paths[] = {
	{"/etc/hosts", HF_JAIL_READ, true},
	{"/etc/host.conf", HF_JAIL_READ, true},
	{"/etc/resolv.conf", HF_JAIL_READ, true},
	{"/etc/nsswitch.conf", HF_JAIL_READ, true},
	{"/etc/gai.conf", HF_JAIL_READ, true},
	{"/etc/services", HF_JAIL_READ, true},
};

static uint64_t fs_known(int abi)
{
	uint64_t known = LL_FS(13) - 1;

	if (abi >= 2)
		known |= LL_FS_REFER;
	if (abi >= 3)
		known |= LL_FS_TRUNCATE;
	if (abi >= 5)
		known |= LL_FS_IOCTL_DEV;
	return known;
}

static bool allow_path(int ruleset, int abi, const char *path, const struct hf_jail_path *row, struct hf_err *err)
{
	struct ll_path rule = {row->access == HF_JAIL_WRITE ? LL_FS_WRITE : LL_FS_READ, -1};
	struct stat st;

	rule.fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.fd < 0 && row->optional)
		return true;
	if (rule.fd < 0 || fstat(rule.fd, &st) != 0)
		return hf_fail(err, HF_E_MISSING, "jail: %s: %s", path, strerror(errno));
	rule.access &= fs_known(abi);
	if (!S_ISDIR(st.st_mode))
		rule.access &= LL_FS_OF_FILES;
	long rc = syscall(SYS_landlock_add_rule, ruleset, LL_RULE_PATH, &rule, 0);
	int saved = errno;
	close(rule.fd);
	if (rc != 0)
		return hf_fail(err, HF_E_INTERNAL, "jail: Landlock refuses the path %s: %s", path, strerror(saved));
	return true;
}

static bool allow_paths(
	int ruleset, int abi, const char *folder, const struct hf_jail_path *rows, size_t num, struct hf_err *err)
{
	char path[HF_PATH_MAX];

	for (size_t i = 0; i < num && rows[i].path; i++) {
		bool own = rows[i].path[0] == '@';
		if (!hf_fmt(path, sizeof(path), "%s%s", own ? folder : "", rows[i].path + (own ? 1 : 0)))
			return hf_fail(err, HF_E_LIMIT, "jail: the path %s is too long", rows[i].path);
		if (!allow_path(ruleset, abi, path, &rows[i], err))
			return false;
	}
	return true;
}

static bool allow_ports(int ruleset, uint64_t access, const uint16_t *ports, size_t num, struct hf_err *err)
{
	for (size_t i = 0; i < num; i++) {
		struct ll_port rule = {access, ports[i]};
		if (syscall(SYS_landlock_add_rule, ruleset, LL_RULE_PORT, &rule, 0) != 0)
			return hf_fail(err, HF_E_INTERNAL, "jail: Landlock refuses the port %u: %s", ports[i],
				strerror(errno));
	}
	return true;
}

static bool allow_all(int ruleset, int abi, const struct hf_jail_profile *profile, const char *folder,
	const struct hf_jail_extra *extra, struct hf_err *err)
{
	size_t num_client = profile->calls & HF_JAIL_TCP_CLIENT ? sizeof(client_paths) / sizeof(client_paths[0]) : 0;

	return allow_paths(ruleset, abi, folder, profile->paths, HF_JAIL_MAX_PATHS, err) &&
	       allow_paths(ruleset, abi, folder, system_paths, sizeof(system_paths) / sizeof(system_paths[0]), err) &&
	       allow_paths(ruleset, abi, folder, client_paths, num_client, err) &&
	       allow_paths(ruleset, abi, folder, extra->paths, extra->num_paths, err) &&
	       (abi < 4 || (allow_ports(ruleset, LL_NET_BIND, extra->listen_ports, extra->num_listen_ports, err) &&
				   allow_ports(ruleset, LL_NET_CONNECT, extra->connect_ports, extra->num_connect_ports,
					   err)));
}

bool hf_jail_landlock(const struct hf_jail_profile *profile, const char *folder, const struct hf_jail_extra *extra,
	size_t num_threads, struct hf_jail_report *report, struct hf_err *err)
{
	int abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LL_CREATE_VERSION);
	struct ll_ruleset attr = {.fs = fs_known(abi)};
	unsigned flags = num_threads > 1 && abi >= 8 ? LL_RESTRICT_TSYNC : 0;

	if (abi < 1)
		return true; /* the kernel has none, or it is switched off: the report says so */
	if (abi >= 4)
		attr.net = LL_NET_BIND | LL_NET_CONNECT;
	if (abi >= 6)
		attr.scope = LL_SCOPE_SIGNAL | (profile->calls & HF_JAIL_VENDOR ? 0 : LL_SCOPE_ABSTRACT);
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (ruleset < 0)
		return hf_fail(err, HF_E_INTERNAL, "jail: Landlock: %s", strerror(errno));
	bool ok = allow_all(ruleset, abi, profile, folder, extra, err);
	if (ok && syscall(SYS_landlock_restrict_self, ruleset, flags) != 0)
		ok = hf_fail(err, HF_E_INTERNAL, "jail: Landlock does not close: %s", strerror(errno));
	close(ruleset);
	report->landlock_abi = abi;
	report->files = ok;
	report->tcp = ok && attr.net;
	report->scope = ok && attr.scope;
	return ok;
}

bool hf_jail_sanitized(void)
{
#if defined(__SANITIZE_ADDRESS__)
	return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
	return true;
#else
	return false;
#endif
#else
	return false;
#endif
}

static size_t count_threads(void)
{
	DIR *dir = opendir("/proc/self/task");
	size_t num = 0;

	if (!dir)
		return 0;
	for (struct dirent *e = readdir(dir); e; e = readdir(dir))
		num += e->d_name[0] != '.';
	closedir(dir);
	return num;
}

/* Loud: what is missing stands first. */
static void describe(struct hf_jail_report *r, size_t num_threads)
{
	bool whole = r->no_new_privs && r->files && r->tcp && r->scope && r->calls;

	hf_fmt_cut(r->text, sizeof(r->text), "%s%s%s%s%s%s: no-new-privs%s, Landlock %d%s%s%s%s, seccomp%s",
		whole ? "jailed" : "JAIL IS WEAK", r->files ? "" : ", NO FILE RULES", r->tcp ? "" : ", NO PORT RULES",
		r->scope ? "" : ", NO SIGNAL SCOPE", r->calls ? "" : ", NO CALL FILTER",
		num_threads > 1 && r->landlock_abi < 8 ? ", LANDLOCK BINDS NEW THREADS ONLY" : "",
		r->no_new_privs ? "" : " off", r->landlock_abi > 0 ? r->landlock_abi : 0, r->files ? " files" : "",
		r->tcp ? " ports" : "", r->scope ? " scope" : "", r->landlock_abi > 0 ? "" : " off",
		r->calls ? "" : " off");
}

static bool switched_off(struct hf_jail_report *report)
{
	const char *wish = getenv("HUFU_JAIL");
	const char *why = hf_jail_sanitized()         ? "this program was built with AddressSanitizer"
			  : hf_str_equal(wish, "off") ? "HUFU_JAIL=off is in the environment"
						      : NULL;

	if (!why)
		return false;
	report->off = true;
	hf_fmt_cut(report->text, sizeof(report->text), "NOT JAILED: %s", why);
	return true;
}

bool hf_jail_enter(const struct hf_jail_profile *profile, const char *folder, const struct hf_jail_extra *extra,
	struct hf_jail_report *report, struct hf_err *err)
{
	static const struct hf_jail_extra nothing;
	size_t num_threads;

	*report = (struct hf_jail_report){0};
	if (switched_off(report))
		return true;
	num_threads = count_threads();
	if (num_threads != 1 && !(profile->calls & HF_JAIL_VENDOR))
		return hf_fail(err, HF_E_STATE,
			"jail %s: %zu threads run already; Landlock would bind one of them only", profile->name,
			num_threads);
	report->no_new_privs = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
	if (!hf_jail_landlock(profile, folder, extra ? extra : &nothing, num_threads, report, err) ||
		!hf_jail_calls(profile, extra, report, err))
		return false;
	describe(report, num_threads);
	return true;
}
