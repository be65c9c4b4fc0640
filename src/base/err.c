#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const code_names[HF_NUM_CODES] = {
	[HF_OK] = "ok",
	[HF_E_INPUT] = "input",
	[HF_E_LIMIT] = "limit",
	[HF_E_STATE] = "state",
	[HF_E_EXISTS] = "exists",
	[HF_E_MISSING] = "missing",
	[HF_E_DENIED] = "denied",
	[HF_E_CONFLICT] = "conflict",
	[HF_E_DEVICE] = "device",
	[HF_E_STORE] = "store",
	[HF_E_PEER] = "peer",
	[HF_E_CLOCK] = "clock",
	[HF_E_VERIFY] = "verify",
	[HF_E_MEMORY] = "memory",
	[HF_E_INTERNAL] = "internal",
};

/* A text that was cut must not end inside a UTF-8 character. */
static void trim_utf8(char *text, size_t size)
{
	size_t len = strlen(text);
	size_t start = len;

	if (len + 1 < size)
		return;
	while (start > 0 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
		start--;
	if (start == 0)
		return;
	unsigned char lead = (unsigned char)text[start - 1];
	size_t want = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
	if (len - (start - 1) < want)
		text[start - 1] = '\0';
}

bool hf_fail(struct hf_err *err, enum hf_code code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return false;
	err->code = code;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	trim_utf8(err->text, sizeof(err->text));
	return false;
}

bool hf_fail_in(struct hf_err *err, const char *where_fmt, ...)
{
	char old[HF_ERR_TEXT_MAX];
	va_list ap;
	int n;

	if (!err)
		return false;
	memcpy(old, err->text, sizeof(old));
	va_start(ap, where_fmt);
	n = vsnprintf(err->text, sizeof(err->text), where_fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof(err->text))
		snprintf(err->text + n, sizeof(err->text) - (size_t)n, ": %s", old);
	trim_utf8(err->text, sizeof(err->text));
	return false;
}

const char *hf_code_name(enum hf_code code)
{
	if ((unsigned)code >= HF_NUM_CODES)
		return "unknown";
	return code_names[code];
}

enum hf_code hf_code_named(const char *name)
{
	for (unsigned i = 0; i < HF_NUM_CODES; i++)
		if (strcmp(code_names[i], name) == 0)
			return (enum hf_code)i;
	return HF_E_INTERNAL;
}

void hf_bug(const char *file, int line, const char *what)
{
	fprintf(stderr, "hufu: broken promise at %s:%d: %s\n", file, line, what);
	abort();
}
