/*
 * Jails: open, then jail, then parse. A process opens what it needs (library, database, listener), enters the jail of
 * its kind, and only then reads the first byte from outside. The profiles are ONE table (jails.c).
 *
 * A jail is no-new-privileges, Landlock (files, TCP ports, signals, abstract sockets) and a seccomp allow-list:
 * - exec*, fork, ptrace, mount, bpf, kexec, modules, namespaces, io_uring and their like KILL the process: no bug of
 * ours reaches them, so whoever calls one has taken the process over, and nothing it says afterwards may be believed.
 * - Every other call that is not on the list is refused with EPERM and shown in the kernel's log: libraries probe
 *   harmless things (and change between releases), and a CA must not die of a new libc. clone3 answers ENOSYS, so that
 *   glibc falls back to clone, whose flags a filter can see (only threads are let through).
 * - A socket is TCP or nothing: Landlock's port rules know TCP only, so UDP, SCTP, MPTCP, UNIX and netlink sockets are
 *   refused by seccomp. keyd can make none at all.
 * - Memory cannot be made executable (no dlopen after the jail), except in the profile for a vendor's library.
 *
 * It degrades loudly, never silently: the report says which parts are in force; it is logged at the start, shown by
 * `hufu status`. Under AddressSanitizer, or with HUFU_JAIL=off in the environment, there is no jail, and the report
 * says that.
 */
#ifndef HUFU_PROC_JAIL_H
#define HUFU_PROC_JAIL_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum hf_jail_access { HF_JAIL_READ, HF_JAIL_WRITE }; /* WRITE: read, write, make, rename and remove below it */

struct hf_jail_path {
	const char *path; /* in a profile: "@" is the process's own folder, "@/x" below it, "/x" as it stands */
	enum hf_jail_access access;
	bool optional; /* may be missing (a system's file) */
};

/* Sets of system calls beside the common base. */
enum hf_jail_calls {
	HF_JAIL_FILES = 1,      /* regular files: open, sync, rename, remove, locks (SQLite, the ledger) */
	HF_JAIL_THREADS = 2,    /* more threads of this process */
	HF_JAIL_TCP_SERVER = 4, /* socket, bind, listen, accept: TCP only */
	HF_JAIL_TCP_CLIENT = 8, /* socket, connect: TCP only */
	HF_JAIL_VENDOR = 16,    /* what a vendor's SDF library is known to want: UDP, ioctl, shared memory, dlopen */
};

#define HF_JAIL_MAX_PATHS 8

struct hf_jail_profile {
	const char *name;
	unsigned calls;
	struct hf_jail_path paths[HF_JAIL_MAX_PATHS];
};

/* By name: "keyd", "keyd-vendor", "cad", "rad", "kmd", "ocspd". NULL when there is none. */
const struct hf_jail_profile *hf_jail_find(const char *name);
extern const struct hf_jail_profile hf_jails[];
extern const size_t hf_num_jails;

/* What is known at run time only. */
struct hf_jail_extra {
	const struct hf_jail_path *paths; /* absolute: a vendor's library and its settings */
	size_t num_paths;
	const uint16_t *listen_ports; /* may be bound (a listener opened before the jail needs none) */
	size_t num_listen_ports;
	const uint16_t *connect_ports;
	size_t num_connect_ports;
};

struct hf_jail_report {
	bool off;          /* nothing at all is in force */
	bool no_new_privs; /* each: is it in force? */
	bool files, tcp, scope, calls;
	int landlock_abi;
	char text[200]; /* one line for people: "no-new-privs, landlock 7 (files, tcp, scope), seccomp" */
};

/*
 * Enters the jail, for good; folder is the process's own (what "@" stands for). Must be called while there is one
 * thread only, or Landlock would bind just the caller (with more it is refused: HF_E_STATE; the vendor profile says it
 * in the report instead). A part that the kernel lacks is left out and the report says so; a part that it has and
 * refuses is an error. Errors: HF_E_STATE, HF_E_MISSING (a path), HF_E_INTERNAL.
 */
HF_MUST_USE bool hf_jail_enter(const struct hf_jail_profile *profile, const char *folder,
	const struct hf_jail_extra *extra, struct hf_jail_report *report, struct hf_err *err);

/*
 * Tries forbidden acts from inside; call it after hf_jail_enter in place of the work and give its value to exit().
 * act: "" tries every act that is answered with a refusal; a name tries that one (a killing act ends the process by
 * SIGSYS: run one a process); "list" prints the names, one a line, with "refused" or "killed" behind a tab.
 * Prints "NAME<tab>refused", "NAME<tab>ALLOWED" or "NAME<tab>not tried: why" on standard output.
 * Returns 0 only if every act was refused; 1 if one was allowed or could not be tried; 2 if the jail is off; 3 no such
 * act. home is the system's folder, whose other services' folders it tries to read.
 */
int hf_jail_probe(const struct hf_jail_profile *profile, const struct hf_jail_report *report, const char *home,
	const char *folder, const char *act);

#endif
