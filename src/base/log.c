#include "base/log.h"

#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const level_names[] = {"debug", "info", "warn", "error"};

void hf_log(const struct hf_log *log, enum hf_log_level level, const char *fmt, ...)
{
	char line[1024];
	char when[HF_TIME_TEXT_MAX];
	va_list ap;

	if (!log || level < log->least)
		return;
	hf_time_text(hf_now(log->clock), true, when);
	hf_fmt_cut(line, sizeof(line) - 1, "%s %s %s: ", when, log->name, level_names[level]);
	size_t head = strlen(line);
	va_start(ap, fmt);
	vsnprintf(line + head, sizeof(line) - 1 - head, fmt, ap);
	va_end(ap);
	size_t len = strlen(line);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7F)
			line[i] = '?';
	line[len++] = '\n';
	ssize_t n = write(log->fd, line, len);
	(void)n; /* a log that cannot be written must not stop the work; the audit trail is what fails closed */
}
