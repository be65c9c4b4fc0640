/*
 * The two halves of a jail: files and ports (Landlock), system calls (seccomp).
 */
#ifndef HUFU_PROC_JAIL_INT_H
#define HUFU_PROC_JAIL_INT_H

#include "proc/jail.h"

/* Built with AddressSanitizer, whose run-time needs what every jail forbids. */
bool hf_jail_sanitized(void);

/* Installs the filter in all threads. report->calls says whether the kernel has it. */
HF_MUST_USE bool hf_jail_calls(const struct hf_jail_profile *profile, const struct hf_jail_extra *extra,
	struct hf_jail_report *report, struct hf_err *err);

/* Binds the calling thread and those it makes later. num_threads is what runs now. */
HF_MUST_USE bool hf_jail_landlock(const struct hf_jail_profile *profile, const char *folder,
	const struct hf_jail_extra *extra, size_t num_threads, struct hf_jail_report *report, struct hf_err *err);

#endif
