#include "net/http.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"
#include "net/http_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct hf_exchange *hf_exchange_new(void)
{
	struct hf_exchange *ex = hf_alloc(1, sizeof(*ex));

	ex->began_at = hf_ticks();
	hf_buf_init(&ex->body, 0);
	hf_buf_init(&ex->answer, HF_HTTP_ANSWER_MAX);
	return ex;
}

static void free_pairs(struct hf_http_pair *pairs, size_t num)
{
	for (size_t i = 0; i < num; i++) {
		free(pairs[i].name);
		free(pairs[i].value);
	}
}

void hf_exchange_free(struct hf_exchange *ex)
{
	if (!ex)
		return;
	free_pairs(ex->params, ex->num_params);
	free_pairs(ex->query, ex->num_query);
	free_pairs(ex->headers, ex->num_headers);
	free_pairs(ex->extra, ex->num_extra);
	free(ex->path);
	free(ex->target);
	free(ex->whole);
	hf_buf_clear(&ex->body);
	hf_buf_clear(&ex->answer);
	free(ex);
}

static bool is_token(const char *text)
{
	/* RFC 9110 5.6.2 */
	static const char marks[] = "!#$%&'*+-.^_`|~0123456789";

	if (!*text)
		return false;
	for (; *text; text++)
		if (!((*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') || strchr(marks, *text)))
			return false;
	return true;
}

bool hf_exchange_set_request(struct hf_exchange *ex, const char *method, const char *target, struct hf_err *err)
{
	const char *mark = strchr(target, '?');
	const struct hf_bytes all = hf_bytes_str(target);
	const struct hf_bytes path = {all.p, mark ? (size_t)(mark - target) : all.len};

	if (!is_token(method) || !hf_fmt(ex->method, sizeof(ex->method), "%s", method))
		return hf_fail(err, HF_E_INPUT, "request method is not a token of at most %zu characters",
			sizeof(ex->method) - 1);
	if (all.len > HF_HTTP_TARGET_MAX)
		return hf_fail(err, HF_E_LIMIT, "request target has %zu octets, at most %d are taken", all.len,
			HF_HTTP_TARGET_MAX);
	if (!hf_target_path(path, &ex->path, err))
		return false;
	ex->target = hf_strndup((const char *)path.p, path.len);
	ex->whole = hf_strdup(target);
	return !mark || hf_target_query(hf_bytes_str(mark + 1), ex, err);
}

bool hf_exchange_add_header(struct hf_exchange *ex, const char *name, const char *value, struct hf_err *err)
{
	if (!is_token(name))
		return hf_fail(err, HF_E_INPUT, "a field name is not a token (RFC 9110 5.1)");
	for (const char *p = value; *p; p++)
		if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7F)
			return hf_fail(err, HF_E_INPUT, "field %s has a control character (RFC 9110 5.5)", name);
	if (ex->num_headers == HF_HTTP_HEADERS_MAX)
		return hf_fail(err, HF_E_LIMIT, "more than %d header fields", HF_HTTP_HEADERS_MAX);
	ex->headers[ex->num_headers++] = (struct hf_http_pair){hf_strdup(name), hf_strdup(value)};
	return true;
}

static const char *find(const struct hf_http_pair *pairs, size_t num, const char *name, bool any_case)
{
	for (size_t i = 0; i < num; i++)
		if (!(any_case ? strcasecmp : strcmp)(pairs[i].name, name))
			return pairs[i].value;
	return NULL;
}

const char *hf_exchange_param(const struct hf_exchange *ex, const char *name)
{
	return find(ex->params, ex->num_params, name, false);
}

const char *hf_exchange_query(const struct hf_exchange *ex, const char *name)
{
	return find(ex->query, ex->num_query, name, false);
}

const char *hf_exchange_header(const struct hf_exchange *ex, const char *name)
{
	return find(ex->headers, ex->num_headers, name, true);
}

bool hf_exchange_is_type(const struct hf_exchange *ex, const char *type)
{
	const char *given = hf_exchange_header(ex, "Content-Type");
	size_t len;

	if (!given)
		return false;
	len = strcspn(given, "; \t");
	return len == strlen(type) && !strncasecmp(given, type, len);
}

void hf_exchange_answer(struct hf_exchange *ex, unsigned status, const char *type, struct hf_bytes body)
{
	hf_buf_reset(&ex->answer);
	(void)hf_buf_put_bytes(&ex->answer, body);
	hf_exchange_done(ex, status, type);
}

void hf_exchange_done(struct hf_exchange *ex, unsigned status, const char *type)
{
	HF_ASSERT(!ex->status);
	HF_ASSERT(status >= 200 && status <= 599);
	if (!hf_buf_ok(&ex->answer)) {
		hf_exchange_refuse(ex, 500, "limit", "the answer is longer than %zu octets", ex->answer.max);
		return;
	}
	ex->status = status;
	HF_ASSERT(hf_fmt(ex->type, sizeof(ex->type), "%s", type ? type : ""));
}

void hf_exchange_refuse(struct hf_exchange *ex, unsigned status, const char *code, const char *fmt, ...)
{
	char text[HF_ERR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	hf_buf_reset(&ex->answer);
	(void)hf_buf_put_str(&ex->answer, "{\"error\":");
	(void)hf_json_put_string(&ex->answer, code);
	(void)hf_buf_put_str(&ex->answer, ",\"text\":");
	(void)hf_json_put_string(&ex->answer, text);
	(void)hf_buf_put_str(&ex->answer, "}");
	if (status == 503)
		hf_exchange_answer_header(ex, "Retry-After", "1");
	hf_exchange_done(ex, status, "application/json");
}

void hf_exchange_refuse_err(struct hf_exchange *ex, const struct hf_err *err)
{
	hf_exchange_refuse(ex, hf_http_status_of(err->code), hf_code_name(err->code), "%s", err->text);
}

void hf_exchange_answer_header(struct hf_exchange *ex, const char *name, const char *value)
{
	HF_ASSERT(ex->num_extra < HF_HTTP_EXTRA_MAX);
	HF_ASSERT(is_token(name) && hf_utf8_is_line(hf_bytes_str(value)));
	ex->extra[ex->num_extra++] = (struct hf_http_pair){hf_strdup(name), hf_strdup(value)};
}

unsigned hf_http_status_of(enum hf_code code)
{
	static const unsigned short status[HF_NUM_CODES] = {
		[HF_OK] = 200,
		[HF_E_INPUT] = 400,
		[HF_E_LIMIT] = 413,
		[HF_E_STATE] = 409,
		[HF_E_EXISTS] = 409,
		[HF_E_MISSING] = 404,
		[HF_E_DENIED] = 403,
		[HF_E_CONFLICT] = 409,
		[HF_E_DEVICE] = 503,
		[HF_E_STORE] = 503,
		[HF_E_PEER] = 502,
		[HF_E_CLOCK] = 503,
		[HF_E_VERIFY] = 403,
		[HF_E_MEMORY] = 500,
		[HF_E_INTERNAL] = 500,
	};

	return (unsigned)code < HF_NUM_CODES && status[code] ? status[code] : 500;
}

bool hf_json_put_string(struct hf_buf *out, const char *text)
{
	const bool utf8 = hf_utf8_valid(hf_bytes_str(text));

	(void)hf_buf_put_u8(out, '"');
	for (; *text; text++) {
		const unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			(void)hf_buf_printf(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7F)
			(void)hf_buf_printf(out, "\\u%04x", c);
		else
			(void)hf_buf_put_u8(out, c >= 0x80 && !utf8 ? (uint8_t)'?' : c);
	}
	return hf_buf_put_u8(out, '"');
}
