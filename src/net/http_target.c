#include "base/alloc.h"
#include "base/hex.h"
#include "base/str.h"
#include "net/http_int.h"

#include <stdlib.h>
#include <string.h>

#define QUERY_MARKS "-._~!$'()*,;:@/?"

static bool stands_for_itself(uint8_t c, const char *only)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr(only, c));
}

bool hf_percent_decode(
	struct hf_bytes in, const char *only, bool plus_is_blank, const char *what, char **out, struct hf_err *err)
{
	uint8_t *text = hf_alloc(in.len + 1, 1);
	size_t len = 0;

	for (size_t i = 0; i < in.len; i++) {
		const uint8_t c = in.p[i];

		if (c == '%') {
			char digits[3] = {0};

			if (in.len - i > 2)
				memcpy(digits, in.p + i + 1, 2);
			if (!hf_unhex(digits, &text[len], 1)) {
				hf_fail(err, HF_E_INPUT, "%s: '%%' is not followed by two hex digits (RFC 3986 2.1)",
					what);
				goto bad;
			}
			i += 2;
			len++;
		} else if (c == '+' && plus_is_blank) {
			text[len++] = ' ';
		} else if (stands_for_itself(c, only)) {
			text[len++] = c;
		} else {
			hf_fail(err, HF_E_INPUT, "%s: octet 0x%02X must be percent-encoded (RFC 3986 2)", what, c);
			goto bad;
		}
	}
	if (!hf_utf8_is_line((struct hf_bytes){text, len})) {
		hf_fail(err, HF_E_INPUT, "%s: not UTF-8 text without control characters", what);
		goto bad;
	}
	*out = (char *)text;
	return true;
bad:
	free(text);
	return false;
}

static bool has_dot_segment(const char *path)
{
	for (const char *at = path; at; at = strchr(at, '/')) {
		size_t len;

		at += *at == '/';
		len = strcspn(at, "/");
		if ((len == 1 && at[0] == '.') || (len == 2 && at[0] == '.' && at[1] == '.'))
			return true;
	}
	return false;
}

bool hf_target_path(struct hf_bytes raw, char **path, struct hf_err *err)
{
	char *text;

	if (!raw.len || raw.p[0] != '/')
		return hf_fail(err, HF_E_INPUT, "request target does not begin with '/' (RFC 9112 3.2.1)");
	if (!hf_percent_decode(raw, HF_PATH_MARKS, false, "path", &text, err))
		return false;
	if (has_dot_segment(text)) {
		free(text);
		return hf_fail(err, HF_E_INPUT, "path has a \".\" or \"..\" segment");
	}
	*path = text;
	return true;
}

static bool take_pair(struct hf_bytes raw, struct hf_exchange *ex, struct hf_err *err)
{
	const uint8_t *mark = memchr(raw.p, '=', raw.len);
	struct hf_http_pair pair = {NULL, NULL};
	struct hf_bytes name, value;

	if (!mark || mark == raw.p)
		return hf_fail(err, HF_E_INPUT, "query: a part is not name=value");
	if (ex->num_query == HF_HTTP_QUERY_MAX)
		return hf_fail(err, HF_E_LIMIT, "query: more than %d parts", HF_HTTP_QUERY_MAX);
	name = (struct hf_bytes){raw.p, (size_t)(mark - raw.p)};
	value = (struct hf_bytes){mark + 1, raw.len - name.len - 1};
	/* '=' may stand in a value (base64), not in a name, which ends there. */
	if (!hf_percent_decode(name, QUERY_MARKS, true, "query", &pair.name, err) ||
		!hf_percent_decode(value, QUERY_MARKS "=", true, "query", &pair.value, err))
		goto bad;
	if (hf_exchange_query(ex, pair.name)) {
		hf_fail(err, HF_E_INPUT, "query: \"%.64s\" is given twice", pair.name);
		goto bad;
	}
	ex->query[ex->num_query++] = pair;
	return true;
bad:
	free(pair.name);
	free(pair.value);
	return false;
}

bool hf_target_query(struct hf_bytes raw, struct hf_exchange *ex, struct hf_err *err)
{
	size_t from = 0;

	if (!raw.len)
		return true;
	for (size_t i = 0; i <= raw.len; i++) {
		if (i < raw.len && raw.p[i] != '&')
			continue;
		if (!take_pair((struct hf_bytes){raw.p + from, i - from}, ex, err))
			return false;
		from = i + 1;
	}
	return true;
}
