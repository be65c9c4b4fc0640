#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool hf_fmt(char *out, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(out, size, fmt, ap);
	va_end(ap);
	return n >= 0 && (size_t)n < size;
}

void hf_fmt_cut(char *out, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(out, size, fmt, ap);
	va_end(ap);
}

bool hf_parse_i64(const char *text, int64_t min, int64_t max, int64_t *out)
{
	const char *p = text;
	bool negative = *p == '-';
	uint64_t v = 0;

	p += negative;
	if (*p == '\0' || (*p == '0' && (p[1] != '\0' || negative)))
		return false;
	for (; *p; p++) {
		if (*p < '0' || *p > '9' || v > (UINT64_MAX >> 1) / 10)
			return false;
		v = v * 10 + (uint64_t)(*p - '0');
	}
	if (v > INT64_MAX)
		return false;
	int64_t value = negative ? -(int64_t)v : (int64_t)v;
	if (value < min || value > max)
		return false;
	*out = value;
	return true;
}

bool hf_str_equal(const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	return strcmp(a, b) == 0;
}

bool hf_str_in(const char *text, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(text, *list) == 0)
			return true;
	return false;
}

/* Decodes one character at p; its length in octets, or 0 if it is malformed. */
static size_t utf8_next(const uint8_t *p, size_t len, uint32_t *out)
{
	static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = p[0] < 0x80             ? 1
		   : (p[0] & 0xE0) == 0xC0 ? 2
		   : (p[0] & 0xF0) == 0xE0 ? 3
		   : (p[0] & 0xF8) == 0xF0 ? 4
					   : 0;

	if (n == 0 || n > len)
		return 0;
	uint32_t c = n == 1 ? p[0] : p[0] & (0x7Fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3F);
	}
	if (c < least[n] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
		return 0;
	*out = c;
	return n;
}

bool hf_utf8_valid(struct hf_bytes text)
{
	uint32_t c;

	for (size_t i = 0, n; i < text.len; i += n) {
		n = utf8_next(text.p + i, text.len - i, &c);
		if (n == 0)
			return false;
	}
	return true;
}

size_t hf_utf8_len(struct hf_bytes text)
{
	size_t num = 0;

	for (size_t i = 0; i < text.len; i++)
		num += (text.p[i] & 0xC0) != 0x80;
	return num;
}

static bool is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029 || (c >= 0x202A && c <= 0x202E) ||
	       (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF || (c & 0xFFFE) == 0xFFFE;
}

bool hf_utf8_is_line(struct hf_bytes text)
{
	uint32_t c;

	for (size_t i = 0, n; i < text.len; i += n) {
		n = utf8_next(text.p + i, text.len - i, &c);
		if (n == 0 || is_control(c))
			return false;
	}
	return true;
}
