/*
 * The running log of a process: one line a record on standard error,
 *   2026-11-22T10:31:09.123456Z cad warn: peer km: connection refused
 * It tells engineers what happens; who did what with authority is the audit trail's business (audit/). Never a secret.
 */
#ifndef HUFU_BASE_LOG_H
#define HUFU_BASE_LOG_H

#include "base/clock.h"

enum hf_log_level { HF_LOG_DEBUG, HF_LOG_INFO, HF_LOG_WARN, HF_LOG_ERROR };

struct hf_log {
	const char *name; /* of the process; borrowed */
	enum hf_log_level least;
	int fd;
	const struct hf_clock *clock;
};

/* Control characters in the text are written as '?', so that no input can forge a line. One write(2) a line. */
void hf_log(const struct hf_log *log, enum hf_log_level level, const char *fmt, ...) HF_PRINTF(3, 4);

#endif
