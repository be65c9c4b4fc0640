#include "api/caller.h"

#include "api/json.h"
#include "base/hex.h"
#include "base/str.h"
#include "crypto/rand.h"

bool hf_caller_open(struct hf_caller *caller, struct hf_err *err)
{
	return hf_http_client_new(&caller->http, NULL, err);
}

void hf_caller_close(struct hf_caller *caller)
{
	hf_http_client_free(caller->http);
	caller->http = NULL;
}

static bool sign(struct hf_caller *caller, struct hf_call *call, struct hf_err *err)
{
	uint8_t sig[1][HF_SM2_SIG];
	struct hf_bytes tbs;

	if (!hf_call_seal(call, err))
		return false;
	tbs = hf_call_canonical(call);
	if (!hf_dev_sign(caller->dev, caller->key, &tbs, 1, sig, err))
		return false;
	for (size_t i = 0; i < HF_SM2_SIG; i++)
		call->signature[i] = sig[0][i];
	return true;
}

static bool send_call(struct hf_caller *caller, const struct hf_call *call, struct hf_http_answer *head,
	struct hf_buf *answer, struct hf_err *err)
{
	char lines[4][192], url[512], sig[HF_CALL_SIG_TEXT];
	const char *headers[] = {lines[0], lines[1], lines[2], lines[3], NULL};
	const struct hf_http_request request = {
		.method = call->method, .url = url, .headers = headers, .type = "application/json", .body = call->body};

	hf_call_signature_text(call->signature, sig);
	if (!hf_fmt(url, sizeof(url), "%s%s", caller->url, call->path) ||
		!hf_fmt(lines[0], sizeof(lines[0]), HF_CALL_HEADER_OPERATOR ": %s", call->operator_id) ||
		!hf_fmt(lines[1], sizeof(lines[1]), HF_CALL_HEADER_OPERATION ": %s", call->operation_id) ||
		!hf_fmt(lines[2], sizeof(lines[2]), HF_CALL_HEADER_TIME ": %s", call->time) ||
		!hf_fmt(lines[3], sizeof(lines[3]), HF_CALL_HEADER_SIGNATURE ": %s", sig))
		return hf_fail(err, HF_E_LIMIT, "call of the %s service: URL or header too long", call->service);
	return hf_http_call(caller->http, &request, head, answer, err);
}

/* {"error":…,"text":…} as our error. */
static bool refusal(const struct hf_caller *caller, unsigned status, struct hf_buf *answer, struct hf_err *err)
{
	const char *code = NULL, *text = NULL;
	struct hf_err why = {0};
	struct hf_json doc;

	if (hf_json_parse(hf_buf_bytes(answer), &doc, &why) && hf_json_str(&doc, "error", 32, &code, &why) &&
		hf_json_str(&doc, "text", HF_ERR_TEXT_MAX, &text, &why))
		(void)hf_fail(err, hf_code_named(code), "the %s service: %s", caller->service, text);
	else
		(void)hf_fail(err, HF_E_PEER, "the %s service answered with status %u and no reason", caller->service,
			status);
	hf_json_free(&doc);
	return false;
}

bool hf_caller_call(struct hf_caller *caller, const char *method, const char *path, struct hf_bytes body,
	struct hf_buf *answer, struct hf_err *err)
{
	char id[33], time[HF_TIME_TEXT_MAX];
	uint8_t random[16];
	struct hf_http_answer head;
	struct hf_call call = {.service = caller->service,
		.method = method,
		.path = path,
		.body = body,
		.operation_id = id,
		.time = time,
		.operator_id = caller->operator_id};

	if (!hf_rand(random, sizeof(random), err))
		return false;
	hf_hex(HF_BYTES_OF(random), id);
	hf_time_text(hf_now(caller->clock), true, time);
	if (!sign(caller, &call, err) || !send_call(caller, &call, &head, answer, err))
		return false;
	return (head.status >= 200 && head.status < 300) || refusal(caller, head.status, answer, err);
}
