#include "cmd/client.h"

#include "access/operation.h"
#include "api/json.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/str.h"
#include "crypto/rand.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PAUSE_FIRST_MS 50
#define PAUSE_MAX_MS   2000
#define TELL_MS        800 /* the pause before which somebody is told */

static const char *const services[] = {"ca", "ra", "km", "ocsp"};
#define NUM_SERVICES (sizeof(services) / sizeof(services[0]))

static bool make_urls(struct hf_client *client, struct hf_err *err)
{
	const struct hf_settings *s = &client->settings;
	const char *address = s->address;
	char(*urls)[sizeof(client->urls[0])] = client->urls;
	const size_t size = sizeof(client->urls[0]);

	/* A service that listens on every address is found on this machine. */
	if (strcmp(address, "0.0.0.0") == 0)
		address = "127.0.0.1";
	const bool v6 = strchr(address, ':') != NULL;
	const char *open = v6 ? "[" : "", *close = v6 ? "]" : "";
	const bool ok = hf_fmt(urls[0], size, "%s", s->ca_url) &&
			hf_fmt(urls[1], size, "http://%s%s%s:%lld", open, address, close, (long long)s->ra_port) &&
			hf_fmt(urls[2], size, "%s", s->km_url) &&
			hf_fmt(urls[3], size, "http://%s%s%s:%lld", open, address, close, (long long)s->ocsp_port);
	return ok || hf_fail(err, HF_E_LIMIT, "%s/%s: an address is too long", client->home, HF_SETTINGS_FILE);
}

bool hf_client_open(
	struct hf_client *client, const char *home, const char *skf, const char *pin_file, struct hf_err *err)
{
	*client = (struct hf_client){.skf = skf, .pin_file = pin_file, .patience_ms = HF_CLIENT_PATIENCE_MS};
	if (!hf_fmt(client->home, sizeof(client->home), "%s", home))
		return hf_fail(err, HF_E_LIMIT, "--home: the path is too long");
	return hf_settings_read(home, &client->settings, err) && make_urls(client, err) && hf_http_setup(err) &&
	       hf_http_client_new(&client->http, NULL, err);
}

void hf_client_close(struct hf_client *client)
{
	hf_token_close(client->token);
	if (client->desk_open)
		hf_desk_close(&client->desk);
	hf_http_client_free(client->http);
	*client = (struct hf_client){0};
}

bool hf_client_desk(struct hf_client *client, struct hf_err *err)
{
	if (client->desk_open)
		return true;
	if (!hf_desk_open(&client->desk, client->home, client->skf, (uint32_t)client->settings.pbkdf2, err)) {
		hf_desk_close(&client->desk);
		return false;
	}
	client->desk.pin_file = client->pin_file;
	client->desk_open = true;
	return true;
}

bool hf_client_operator(struct hf_client *client, const char *name, struct hf_err *err)
{
	if (hf_str_equal(client->operator_id, name) && client->token)
		return true;
	hf_token_close(client->token);
	client->token = NULL;
	client->operator_id[0] = '\0';
	if (!hf_client_desk(client, err) || !hf_desk_operator(&client->desk, name, &client->token, err) ||
		!hf_token_public(client->token, HF_DESK_OPERATOR, HF_TOKEN_SIGN, client->pub, err))
		return false;
	hf_fmt_cut(client->operator_id, sizeof(client->operator_id), "%s", name);
	return true;
}

static int service_index(const char *service)
{
	for (size_t i = 0; i < NUM_SERVICES; i++)
		if (strcmp(services[i], service) == 0)
			return (int)i;
	return -1;
}

const char *hf_client_url(const struct hf_client *client, const char *service)
{
	const int i = service_index(service);

	return i < 0 ? NULL : client->urls[i];
}

void hf_query_add(struct hf_buf *path, const char *name, const char *value)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

	if (!value)
		return;
	(void)hf_buf_put_u8(path, path->len > 0 && memchr(path->p, '?', path->len) ? '&' : '?');
	(void)hf_buf_put_str(path, name);
	(void)hf_buf_put_u8(path, '=');
	for (; *value; value++) {
		if (strchr(plain, *value))
			(void)hf_buf_put_u8(path, (uint8_t)*value);
		else
			(void)hf_buf_printf(path, "%%%02X", (unsigned char)*value);
	}
}

/* ---- one call --------------------------------------------------------------------------------------------------- */

#define HEADER_MAX 256

struct headers {
	char lines[4][HEADER_MAX];
	const char *list[5];
};

static bool random_operation(char out[HF_CLIENT_OPERATION], struct hf_err *err)
{
	uint8_t octets[(HF_CLIENT_OPERATION - 1) / 2];

	if (!hf_rand(octets, sizeof(octets), err))
		return false;
	hf_hex(HF_BYTES_OF(octets), out);
	return true;
}

/* The four headers: signed once, sent as often as it takes. */
static bool sign(struct hf_client *client, const struct hf_client_ask *ask, struct headers *headers, struct hf_err *err)
{
	char fresh[HF_CLIENT_OPERATION], at[HF_TIME_TEXT_MAX], signature[HF_CALL_SIG_TEXT];
	uint8_t e[HF_SM3_LEN];
	struct hf_call call = {.service = ask->service, .method = ask->method, .path = ask->path, .body = ask->body};
	bool ok = true;

	if (!client->token)
		return hf_fail(err, HF_E_STATE, "%s %s: no operator signs this", ask->method, ask->path);
	if (!ask->operation_id && !random_operation(fresh, err))
		return false;
	hf_time_text(hf_now(&hf_clock_system), true, at);
	call.operation_id = ask->operation_id ? ask->operation_id : fresh;
	call.time = at;
	call.operator_id = client->operator_id;
	if (!hf_call_seal(&call, err))
		return false;
	hf_call_digest(&call, client->pub, e);
	if (!hf_token_sign_digest(client->token, HF_DESK_OPERATOR, e, call.signature, err))
		return false;
	hf_call_signature_text(call.signature, signature);
	const char *const pairs[][2] = {
		{HF_CALL_HEADER_OPERATOR, call.operator_id},
		{HF_CALL_HEADER_OPERATION, call.operation_id},
		{HF_CALL_HEADER_TIME, at},
		{HF_CALL_HEADER_SIGNATURE, signature},
	};
	for (size_t i = 0; ok && i < 4; i++) {
		ok = hf_fmt(headers->lines[i], HEADER_MAX, "%s: %s", pairs[i][0], pairs[i][1]);
		headers->list[i] = headers->lines[i];
	}
	headers->list[4] = NULL;
	return ok || hf_fail(err, HF_E_INTERNAL, "a header of a signed call does not fit");
}

/* The service's own words; where there are none (not JSON), the status alone. */
static bool refused(const struct hf_client_ask *ask, unsigned status, struct hf_bytes body, struct hf_err *err)
{
	const char *code = NULL, *text = NULL;
	struct hf_json doc = {0};
	struct hf_err unused;

	if (hf_json_parse(body, &doc, &unused) && hf_json_str(&doc, "error", 32, &code, &unused) &&
		hf_json_text_opt(&doc, "text", HF_ERR_TEXT_MAX, &text, &unused))
		hf_fail(err, hf_code_named(code), "%s: %s", ask->service, text ? text : code);
	else
		hf_fail(err, HF_E_PEER, "%s: %s %.*s: answered with status %u", ask->service, ask->method,
			(int)strcspn(ask->path, "?"), ask->path, status);
	hf_json_free(&doc);
	return false;
}

static void pause_ms(int64_t ms)
{
	struct timespec rest = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};

	while (nanosleep(&rest, &rest) != 0)
		;
}

/* Sends until there is an answer that will not change by asking again. */
static bool send_patiently(const struct hf_client *client, struct hf_http_client *http, const struct hf_client_ask *ask,
	const struct hf_http_request *request, struct hf_buf *answer, struct hf_err *err)
{
	const int64_t until = hf_ticks() + client->patience_ms * 1000;
	int64_t wait = PAUSE_FIRST_MS;
	bool told = false;

	for (;;) {
		struct hf_http_answer head;
		bool again;

		if (hf_http_call(http, request, &head, answer, err)) {
			if (head.status >= 200 && head.status < 300)
				return true;
			refused(ask, head.status, hf_buf_bytes(answer), err);
			again = head.status >= 500 || (ask->wait_code != HF_OK && err->code == ask->wait_code);
		} else {
			again = err->code == HF_E_PEER;
		}
		if (!again)
			return false;
		if (hf_ticks() + wait * 1000 > until)
			return hf_fail_in(err, "tried again for %lld s", (long long)(client->patience_ms / 1000));
		if (!told && client->waiting && wait >= TELL_MS) {
			client->waiting(client->waiting_ctx, ask->service, err);
			told = true;
		}
		pause_ms(wait);
		wait = wait * 2 < PAUSE_MAX_MS ? wait * 2 : PAUSE_MAX_MS;
	}
}

static bool call_with(const struct hf_client *client, struct hf_http_client *http, const struct hf_client_ask *ask,
	const struct headers *headers, struct hf_buf *answer, struct hf_err *err)
{
	const char *base = hf_client_url(client, ask->service);
	char url[HF_CLIENT_PATH_MAX + 256];
	struct hf_http_request request = {
		.method = ask->method,
		.url = url,
		.headers = headers ? headers->list : NULL,
		.body = ask->body,
	};

	if (!base || !hf_fmt(url, sizeof(url), "%s%s", base, ask->path))
		return hf_fail(err, HF_E_INPUT, "%s: no such service, or the path is too long", ask->service);
	if (ask->body.len > 0)
		request.type = ask->type ? ask->type : "application/json";
	hf_buf_reset(answer);
	return send_patiently(client, http, ask, &request, answer, err);
}

bool hf_client_call(
	struct hf_client *client, const struct hf_client_ask *ask, struct hf_buf *answer, struct hf_err *err)
{
	struct headers headers;

	if (ask->unsigned_call)
		return call_with(client, client->http, ask, NULL, answer, err);
	return sign(client, ask, &headers, err) && call_with(client, client->http, ask, &headers, answer, err);
}

bool hf_client_call_on(const struct hf_client *client, struct hf_http_client *http, const struct hf_client_ask *ask,
	struct hf_buf *answer, struct hf_err *err)
{
	if (!ask->unsigned_call)
		return hf_fail(err, HF_E_INTERNAL, "only unsigned calls go over another connection");
	return call_with(client, http, ask, NULL, answer, err);
}
