#include "base/hex.h"

#include "base/str.h"

#include <string.h>

static const char hex_digits[] = "0123456789abcdef";
static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void hf_hex(struct hf_bytes in, char *out)
{
	for (size_t i = 0; i < in.len; i++) {
		out[2 * i] = hex_digits[in.p[i] >> 4];
		out[2 * i + 1] = hex_digits[in.p[i] & 15];
	}
	out[2 * in.len] = '\0';
}

bool hf_hex_put(struct hf_buf *out, struct hf_bytes in)
{
	for (size_t i = 0; i < in.len; i++) {
		hf_buf_put_u8(out, (uint8_t)hex_digits[in.p[i] >> 4]);
		hf_buf_put_u8(out, (uint8_t)hex_digits[in.p[i] & 15]);
	}
	return hf_buf_ok(out);
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool unhex(const char *text, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		int high = hex_value(text[2 * i]);
		int low = high < 0 ? -1 : hex_value(text[2 * i + 1]);
		if (low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

bool hf_unhex(const char *text, uint8_t *out, size_t len)
{
	return strlen(text) == 2 * len && unhex(text, out, len);
}

bool hf_unhex_buf(struct hf_bytes text, struct hf_buf *out)
{
	if (text.len % 2 != 0)
		return false;
	uint8_t *to = hf_buf_extend(out, text.len / 2);
	return to && unhex((const char *)text.p, to, text.len / 2);
}

bool hf_base64_put(struct hf_buf *out, struct hf_bytes in)
{
	for (size_t i = 0; i < in.len; i += 3) {
		size_t left = in.len - i;
		uint32_t v = (uint32_t)in.p[i] << 16 | (left > 1 ? (uint32_t)in.p[i + 1] << 8 : 0) |
			     (left > 2 ? in.p[i + 2] : 0);
		char four[4] = {base64_digits[v >> 18], base64_digits[v >> 12 & 63],
			left > 1 ? base64_digits[v >> 6 & 63] : '=', left > 2 ? base64_digits[v & 63] : '='};
		hf_buf_put(out, four, sizeof(four));
	}
	return hf_buf_ok(out);
}

static int base64_value(uint8_t c, bool url)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || (url && c == '-'))
		return 62;
	if (c == '/' || (url && c == '_'))
		return 63;
	return -1;
}

bool hf_base64_get(struct hf_buf *out, struct hf_bytes text, bool url)
{
	size_t len = text.len;

	if (!url && len % 4 != 0)
		return false;
	for (int i = 0; i < 2 && len % 4 != 1 && len > 0 && text.p[len - 1] == '='; i++)
		len--;
	if (len % 4 == 1 || (len < text.len && text.len % 4 != 0))
		return false;
	for (size_t i = 0; i < len; i += 4) {
		size_t num = len - i < 4 ? len - i : 4;
		uint32_t v = 0;
		for (size_t j = 0; j < 4; j++) {
			int d = j < num ? base64_value(text.p[i + j], url) : 0;
			if (d < 0)
				return false;
			v = v << 6 | (uint32_t)d;
		}
		uint8_t three[3] = {(uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
		if ((num == 2 && (v & 0xFFFF) != 0) || (num == 3 && (v & 0xFF) != 0))
			return false;
		hf_buf_put(out, three, num - 1);
	}
	return hf_buf_ok(out);
}

bool hf_pem_put(struct hf_buf *out, const char *label, struct hf_bytes der)
{
	hf_buf_printf(out, "-----BEGIN %s-----\n", label);
	for (size_t i = 0; i < der.len; i += 48) {
		size_t n = der.len - i < 48 ? der.len - i : 48;
		hf_base64_put(out, (struct hf_bytes){der.p + i, n});
		hf_buf_put_u8(out, '\n');
	}
	return hf_buf_printf(out, "-----END %s-----\n", label);
}

static const uint8_t *find(struct hf_bytes in, const char *what)
{
	return in.len == 0 ? NULL : memmem(in.p, in.len, what, strlen(what));
}

bool hf_pem_next(struct hf_bytes *text, const char *label, struct hf_buf *out, struct hf_err *err)
{
	char begin[80];
	char end[80];
	struct hf_buf clean;
	bool ok = false;

	HF_ASSERT(strlen(label) < 48);
	hf_fmt_cut(begin, sizeof(begin), "-----BEGIN %s-----", label);
	hf_fmt_cut(end, sizeof(end), "-----END %s-----", label);
	const uint8_t *from = find(*text, begin);
	if (!from)
		return hf_fail(err, HF_E_MISSING, "no PEM block \"%s\" (RFC 7468)", label);
	from += strlen(begin);
	struct hf_bytes rest = {from, (size_t)(text->p + text->len - from)};
	const uint8_t *to = find(rest, end);
	if (!to)
		return hf_fail(err, HF_E_INPUT, "PEM block \"%s\" has no end line (RFC 7468)", label);
	hf_buf_init(&clean, rest.len);
	for (const uint8_t *p = from; p < to; p++)
		if (*p != '\n' && *p != '\r' && *p != ' ' && *p != '\t')
			hf_buf_put_u8(&clean, *p);
	ok = hf_base64_get(out, hf_buf_bytes(&clean), false);
	hf_buf_clear(&clean);
	if (!ok)
		return hf_fail(err, HF_E_INPUT, "PEM block \"%s\" is not base64 (RFC 7468)", label);
	to += strlen(end);
	*text = (struct hf_bytes){to, (size_t)(text->p + text->len - to)};
	return true;
}
