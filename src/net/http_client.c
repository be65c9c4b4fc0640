#include "net/http_client.h"

#include "base/alloc.h"
#include "base/str.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CONNECT_MS  3000
#define TOTAL_MS    30000
#define HEADERS_MAX 65536 /* octets of the answer's head */

struct hf_http_client {
	CURL *curl;
	struct hf_http_client_opts opts;
	char reason[CURL_ERROR_SIZE];
	struct hf_http_answer *answer; /* of the call that runs */
	struct hf_buf *body;
	size_t head_len;
};

bool hf_http_setup(struct hf_err *err)
{
	const CURLcode rc = curl_global_init(CURL_GLOBAL_NOTHING);

	return !rc || hf_fail(err, HF_E_STATE, "HTTP client: libcurl does not start: %s", curl_easy_strerror(rc));
}

static size_t on_body(char *p, size_t one, size_t num, void *ctx)
{
	struct hf_http_client *client = ctx;

	/* Anything but num makes libcurl give up. */
	return hf_buf_put(client->body, p, one * num) ? one * num : 0;
}

static struct hf_bytes field_value(struct hf_bytes line, const char *name)
{
	const size_t name_len = strlen(name);

	if (line.len <= name_len || strncasecmp((const char *)line.p, name, name_len) != 0 || line.p[name_len] != ':')
		return HF_BYTES_NONE;
	line.p += name_len + 1;
	line.len -= name_len + 1;
	while (line.len && strchr(" \t", line.p[0])) {
		line.p++;
		line.len--;
	}
	while (line.len && strchr(" \t\r\n", line.p[line.len - 1]))
		line.len--;
	return line;
}

static size_t on_header(char *p, size_t one, size_t num, void *ctx)
{
	struct hf_http_client *client = ctx;
	const struct hf_bytes line = {(const uint8_t *)p, one * num};
	const struct hf_bytes type = field_value(line, "Content-Type"), retry = field_value(line, "Retry-After");
	char text[16];
	int64_t seconds;

	client->head_len += line.len;
	if (client->head_len > HEADERS_MAX)
		return 0;
	if (type.len)
		hf_fmt_cut(client->answer->type, sizeof(client->answer->type), "%.*s",
			(int)(type.len < 90 ? type.len : 90), (const char *)type.p);
	if (retry.len && retry.len < sizeof(text)) {
		hf_fmt_cut(text, sizeof(text), "%.*s", (int)retry.len, (const char *)retry.p);
		if (hf_parse_i64(text, 0, 86400, &seconds))
			client->answer->retry_after = (unsigned)seconds;
	}
	return line.len;
}

static bool set_up(struct hf_http_client *client)
{
	CURL *curl = client->curl;

	return !curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http") &&
	       !curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http") &&
	       !curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) && !curl_easy_setopt(curl, CURLOPT_PROXY, "") &&
	       !curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) &&
	       !curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) &&
	       !curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
	       !curl_easy_setopt(curl, CURLOPT_TCP_NODELAY, 1L) && !curl_easy_setopt(curl, CURLOPT_MAXCONNECTS, 1L) &&
	       !curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)client->opts.connect_ms) &&
	       !curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)client->opts.total_ms) &&
	       !curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->reason) &&
	       !curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body) &&
	       !curl_easy_setopt(curl, CURLOPT_WRITEDATA, client) &&
	       !curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header) &&
	       !curl_easy_setopt(curl, CURLOPT_HEADERDATA, client);
}

bool hf_http_client_new(struct hf_http_client **out, const struct hf_http_client_opts *opts, struct hf_err *err)
{
	struct hf_http_client *client = hf_alloc(1, sizeof(*client));

	if (opts)
		client->opts = *opts;
	if (!client->opts.connect_ms)
		client->opts.connect_ms = CONNECT_MS;
	if (!client->opts.total_ms)
		client->opts.total_ms = TOTAL_MS;
	client->curl = curl_easy_init();
	if (!client->curl || !set_up(client)) {
		hf_http_client_free(client);
		return hf_fail(err, HF_E_STATE, "HTTP client: libcurl refuses its settings");
	}
	*out = client;
	return true;
}

void hf_http_client_free(struct hf_http_client *client)
{
	if (!client)
		return;
	if (client->curl)
		curl_easy_cleanup(client->curl);
	free(client);
}

/* http://, a numeric address, a port: nothing that would need a name server, a password, or another protocol. */
static bool check_url(const char *url, struct hf_err *err)
{
	static const char scheme[] = "http://";
	const char *host = url + sizeof(scheme) - 1;
	size_t len;

	if (strncmp(url, scheme, sizeof(scheme) - 1) != 0)
		return hf_fail(err, HF_E_INPUT, "URL %.100s does not begin with http://", url);
	len = *host == '[' ? strspn(host + 1, "0123456789abcdefABCDEF:.") + 1 : strspn(host, "0123456789.");
	if (*host == '[')
		len = host[len] == ']' ? len + 1 : 0;
	if (!len || !strchr(":/?", host[len]))
		return hf_fail(err, HF_E_INPUT, "URL %.100s: the host is not a numeric address", url);
	for (const char *p = url; *p; p++)
		if (*p <= ' ' || *p == 0x7F || *p == '@' || *p == '#')
			return hf_fail(err, HF_E_INPUT, "URL %.100s has a character that must be encoded", url);
	return true;
}

static bool add_line(struct curl_slist **list, const char *line, struct hf_err *err)
{
	struct curl_slist *longer;

	if (!hf_utf8_is_line(hf_bytes_str(line)))
		return hf_fail(err, HF_E_INPUT, "a request header has control characters");
	longer = curl_slist_append(*list, line);
	if (!longer)
		return hf_fail(err, HF_E_INTERNAL, "HTTP client: libcurl is out of memory");
	*list = longer;
	return true;
}

static bool make_headers(const struct hf_http_request *request, struct curl_slist **list, struct hf_err *err)
{
	char type[128];

	/* No waiting for "100 Continue", and no Content-Type that nobody gave. */
	if (!add_line(list, "Expect:", err))
		return false;
	if (!hf_fmt(type, sizeof(type), "Content-Type:%s%s", request->type ? " " : "",
		    request->type ? request->type : ""))
		return hf_fail(err, HF_E_INPUT, "a request's Content-Type is too long");
	if (!add_line(list, type, err))
		return false;
	for (size_t i = 0; request->headers && request->headers[i]; i++)
		if (!add_line(list, request->headers[i], err))
			return false;
	return true;
}

static bool aim(CURL *curl, const struct hf_http_request *request, const struct curl_slist *headers)
{
	const bool head = !strcmp(request->method, "HEAD");
	const bool with_body = request->body.len || !strcmp(request->method, "POST") || !strcmp(request->method, "PUT");

	/* The order matters: each of these sets the method anew, the last word is ours. */
	return !curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L) &&
	       !curl_easy_setopt(curl, CURLOPT_NOBODY, head ? 1L : 0L) &&
	       (!with_body ||
		       (!curl_easy_setopt(curl, CURLOPT_POST, 1L) &&
			       !curl_easy_setopt(curl, CURLOPT_POSTFIELDS,
				       request->body.p ? (const char *)request->body.p : "") &&
			       !curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len))) &&
	       !curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, head ? NULL : request->method) &&
	       !curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) &&
	       !curl_easy_setopt(curl, CURLOPT_URL, request->url);
}

static bool explain(
	const struct hf_http_client *client, const struct hf_http_request *request, CURLcode rc, struct hf_err *err)
{
	const int len = (int)strcspn(request->url, "?");

	if (rc == CURLE_WRITE_ERROR && !hf_buf_ok(client->body))
		return hf_fail(err, HF_E_LIMIT, "%s %.*s: the answer is longer than %zu octets", request->method, len,
			request->url, client->body->max);
	return hf_fail(err, HF_E_PEER, "%s %.*s: %s", request->method, len, request->url,
		client->reason[0] ? client->reason : curl_easy_strerror(rc));
}

bool hf_http_call(struct hf_http_client *client, const struct hf_http_request *request, struct hf_http_answer *answer,
	struct hf_buf *body, struct hf_err *err)
{
	struct curl_slist *headers = NULL;
	long status = 0;
	CURLcode rc;
	bool ok = false;

	*answer = (struct hf_http_answer){0};
	hf_buf_reset(body);
	client->answer = answer;
	client->body = body;
	client->head_len = 0;
	client->reason[0] = 0;
	if (!check_url(request->url, err) || !make_headers(request, &headers, err))
		goto out;
	if (!aim(client->curl, request, headers)) {
		hf_fail(err, HF_E_INTERNAL, "HTTP client: libcurl refuses the request");
		goto out;
	}
	rc = curl_easy_perform(client->curl);
	if (rc) {
		explain(client, request, rc, err);
		goto out;
	}
	(void)curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
	answer->status = (unsigned)status;
	ok = true;
out:
	(void)curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(headers);
	client->answer = NULL;
	client->body = NULL;
	return ok;
}
