#include "base/alloc.h"
#include "base/str.h"
#include "net/http_int.h"

#include <stdlib.h>
#include <string.h>

static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", NULL};

/* One step along a path or a pattern: the segment behind the '/' at *at, which moves to the next '/' or the end. */
static struct hf_bytes next_segment(const char **at)
{
	const char *from = *at + 1;
	const size_t len = strcspn(from, "/");

	*at = from + len;
	return (struct hf_bytes){(const uint8_t *)from, len};
}

static bool is_param(struct hf_bytes segment)
{
	return segment.len > 2 && segment.p[0] == '{' && segment.p[segment.len - 1] == '}';
}

static bool is_tail(struct hf_bytes segment)
{
	return is_param(segment) && segment.len > 5 && !memcmp(segment.p + segment.len - 4, "...", 3);
}

static bool decode(struct hf_bytes raw, char **out)
{
	return hf_percent_decode(raw, HF_PATH_MARKS, false, "path", out, NULL);
}

static bool take_param(struct hf_exchange *ex, struct hf_bytes segment, struct hf_bytes raw)
{
	const bool tail = is_tail(segment);
	char *value;

	HF_ASSERT(ex->num_params < HF_HTTP_PARAMS_MAX);
	if (!raw.len || !decode(raw, &value))
		return false;
	if (!tail && strchr(value, '/')) {
		free(value);
		return false;
	}
	ex->params[ex->num_params++] =
		(struct hf_http_pair){hf_strndup((const char *)segment.p + 1, segment.len - (tail ? 5 : 2)), value};
	return true;
}

static bool is_literal(struct hf_bytes segment, struct hf_bytes raw)
{
	char *value;
	bool same;

	if (!decode(raw, &value))
		return false;
	same = hf_bytes_equal(segment, hf_bytes_str(value));
	free(value);
	return same;
}

static void drop_params(struct hf_exchange *ex)
{
	while (ex->num_params) {
		ex->num_params--;
		free(ex->params[ex->num_params].name);
		free(ex->params[ex->num_params].value);
	}
}

static bool fits(const char *pattern, struct hf_exchange *ex)
{
	const char *at = ex->target;

	drop_params(ex);
	while (*pattern && *at) {
		const struct hf_bytes segment = next_segment(&pattern);
		const char *from = at + 1;
		const struct hf_bytes raw = next_segment(&at);

		if (is_tail(segment))
			return take_param(ex, segment, hf_bytes_str(from));
		if (is_param(segment) ? !take_param(ex, segment, raw) : !is_literal(segment, raw))
			return false;
	}
	return !*pattern && !*at;
}

static bool serves_method(const struct hf_route *route, const char *method)
{
	return !strcmp(route->method, method) || (!strcmp(method, "HEAD") && !strcmp(route->method, "GET"));
}

static void refuse_method(const struct hf_route *routes, size_t num_routes, struct hf_exchange *ex)
{
	char allow[96] = "";

	for (size_t m = 0; methods[m]; m++) {
		bool any = false;

		for (size_t i = 0; i < num_routes && !any; i++)
			any = serves_method(&routes[i], methods[m]) && fits(routes[i].pattern, ex);
		if (any) {
			const size_t len = strlen(allow);
			hf_fmt_cut(allow + len, sizeof(allow) - len, "%s%s", len ? ", " : "", methods[m]);
		}
	}
	drop_params(ex);
	hf_exchange_answer_header(ex, "Allow", allow);
	hf_exchange_refuse(ex, 405, "method", "%s is not served here, only %s", ex->method, allow);
}

bool hf_routes_find(const struct hf_route *routes, size_t num_routes, struct hf_exchange *ex)
{
	bool path_known = false;

	for (size_t i = 0; i < num_routes; i++) {
		if (!fits(routes[i].pattern, ex))
			continue;
		path_known = true;
		if (!serves_method(&routes[i], ex->method))
			continue;
		ex->route = &routes[i];
		return true;
	}
	drop_params(ex);
	if (path_known)
		refuse_method(routes, num_routes, ex);
	else
		hf_exchange_refuse(ex, 404, "missing", "nothing is served at %.200s", ex->path);
	return false;
}

void hf_routes_serve(const struct hf_route *routes, size_t num_routes, void *service, struct hf_exchange *ex)
{
	if (!hf_routes_find(routes, num_routes, ex))
		return;
	if (ex->body.len > ex->route->body_max) {
		hf_exchange_refuse(ex, 413, "limit", "the body is longer than %zu octets", ex->route->body_max);
		return;
	}
	ex->route->serve(service, &ex, 1);
	if (!ex->status)
		hf_exchange_refuse(ex, 500, "internal", "%s gave no answer", ex->route->pattern);
}

static bool check_pattern(const char *pattern, struct hf_err *err)
{
	const char *at = pattern;
	size_t num_params = 0;

	if (*pattern != '/')
		return hf_fail(err, HF_E_INTERNAL, "route %s does not begin with '/'", pattern);
	while (*at) {
		const struct hf_bytes segment = next_segment(&at);

		num_params += is_param(segment);
		if (!segment.len && pattern[1])
			return hf_fail(err, HF_E_INTERNAL, "route %s has an empty segment", pattern);
		if (!is_param(segment) && (memchr(segment.p, '{', segment.len) || memchr(segment.p, '}', segment.len)))
			return hf_fail(err, HF_E_INTERNAL, "route %s: a parameter must be a whole segment", pattern);
		if (is_tail(segment) && *at)
			return hf_fail(err, HF_E_INTERNAL, "route %s: {name...} must be last", pattern);
	}
	if (num_params > HF_HTTP_PARAMS_MAX)
		return hf_fail(err, HF_E_INTERNAL, "route %s has more than %d parameters", pattern, HF_HTTP_PARAMS_MAX);
	return true;
}

bool hf_routes_check(const struct hf_route *routes, size_t num_routes, struct hf_err *err)
{
	for (size_t i = 0; i < num_routes; i++) {
		const struct hf_route *route = &routes[i];

		if (!hf_str_in(route->method, methods) || !route->serve)
			return hf_fail(err, HF_E_INTERNAL, "route %s %s: unknown method, or nobody serves it",
				route->method, route->pattern);
		if (!check_pattern(route->pattern, err))
			return false;
		for (size_t k = 0; k < i; k++)
			if (!strcmp(route->method, routes[k].method) && !strcmp(route->pattern, routes[k].pattern))
				return hf_fail(err, HF_E_INTERNAL, "route %s %s is in the table twice", route->method,
					route->pattern);
	}
	return true;
}
