#include "api/ra_ca.h"

#include "api/json.h"
#include "base/str.h"

#include <string.h>

#define REQUEST_MAX ((size_t)4 << 20)
#define ANSWER_MAX  ((size_t)16 << 20)

/* ---- issue ----------------------------------------------------------------------------------------------------- */

static void write_ask(struct hf_json_writer *w, const struct hf_ra_ask *ask)
{
	const struct hf_applicant *a = ask->applicant;

	hf_json_write_object(w, NULL);
	hf_json_write_str(w, "request_id", ask->id);
	hf_json_write_str(w, "template", a->template);
	hf_json_write_base64(w, "subject", ask->subject);
	hf_json_write_object(w, "identity");
	/* the kinds of identity have the same names here and there */
	hf_json_write_str(w, a->id_type, a->id_number);
	if (a->uscc[0] && strcmp(a->id_type, "uscc") != 0)
		hf_json_write_str(w, "uscc", a->uscc);
	hf_json_write_end(w);
	hf_json_write_str(w, "email", a->email);
	hf_json_write_i64(w, "validity_days", a->days);
	hf_json_write_base64(w, "pkcs10", ask->pkcs10);
	hf_json_write_end(w);
}

static void write_asks(struct hf_buf *out, const struct hf_ra_ask *asks, size_t num)
{
	struct hf_json_writer w;

	hf_json_writer_init(&w, out);
	hf_json_write_object(&w, NULL);
	hf_json_write_array(&w, "items");
	for (size_t i = 0; i < num; i++)
		write_ask(&w, &asks[i]);
	hf_json_write_end(&w);
	hf_json_write_end(&w);
}

static bool read_chain(const struct hf_json *item, struct hf_buf *chain, struct hf_err *err)
{
	struct hf_json list;
	struct hf_buf cert;
	size_t num;
	bool ok;

	hf_buf_reset(chain);
	hf_buf_init(&cert, 16384);
	ok = hf_json_array(item, "chain", 4, &list, &num, err);
	for (size_t i = 0; ok && i < num; i++)
		ok = hf_json_item_base64(&list, i, &cert, err) && hf_buf_put_bytes(chain, hf_buf_bytes(&cert));
	hf_buf_clear(&cert);
	return ok;
}

static bool read_issued(const struct hf_json *item, struct hf_ra_issued *issued, struct hf_err *err)
{
	return hf_json_base64(item, "sign_cert", &issued->sign_cert, err) &&
	       hf_json_base64(item, "enc_cert", &issued->enc_cert, err) && read_chain(item, &issued->chain, err) &&
	       hf_json_base64(item, "envelope", &issued->envelope, err) &&
	       hf_json_hex(item, "enc_public", issued->enc_public, sizeof(issued->enc_public), err);
}

static bool read_refusal(const struct hf_json *item, struct hf_err *why, struct hf_err *err)
{
	const char *code, *text;

	if (!hf_json_str(item, "error", 32, &code, err) || !hf_json_str(item, "text", HF_ERR_TEXT_MAX, &text, err))
		return false;
	(void)hf_fail(why, hf_code_named(code), "the ca service: %s", text);
	return true;
}

static bool read_item(const struct hf_json *item, struct hf_ra_ask *asks, size_t num, struct hf_err *err)
{
	struct hf_ra_ask *ask = NULL;
	const char *id;

	if (!hf_json_str(item, "request_id", 64, &id, err))
		return false;
	for (size_t i = 0; !ask && i < num; i++)
		if (hf_str_equal(asks[i].id, id))
			ask = &asks[i];
	if (!ask || ask->ok)
		return hf_json_refuse(item, "request_id", err, HF_E_INPUT, "not asked for, or answered twice");
	if (hf_json_has(item, "error"))
		return read_refusal(item, &ask->err, err);
	ask->ok = read_issued(item, ask->issued, err);
	return ask->ok;
}

static bool read_items(struct hf_bytes answer, struct hf_ra_ask *asks, size_t num, struct hf_err *err)
{
	struct hf_json doc, items, item;
	size_t num_items;
	bool ok;

	ok = hf_json_parse(answer, &doc, err) && hf_json_array(&doc, "items", num, &items, &num_items, err);
	for (size_t i = 0; ok && i < num_items; i++) {
		hf_json_at(&items, i, &item);
		ok = read_item(&item, asks, num, err);
	}
	hf_json_free(&doc);
	if (!ok) {
		err->code = HF_E_PEER;
		return hf_fail_in(err, "the CA's answer");
	}
	return true;
}

static bool issue(void *ctx, struct hf_ra_ask *asks, size_t num, struct hf_err *err)
{
	struct hf_buf body, answer;
	bool ok;

	hf_buf_init(&body, REQUEST_MAX);
	hf_buf_init(&answer, ANSWER_MAX);
	write_asks(&body, asks, num);
	ok = (hf_buf_ok(&body) || hf_fail(err, HF_E_LIMIT, "too many requests for the CA at once")) &&
	     hf_caller_call(ctx, "POST", "/v1/issue", hf_buf_bytes(&body), &answer, err) &&
	     read_items(hf_buf_bytes(&answer), asks, num, err);
	for (size_t i = 0; ok && i < num; i++)
		if (!asks[i].ok && asks[i].err.code == HF_OK)
			(void)hf_fail(&asks[i].err, HF_E_PEER, "the CA has left this one out of its answer");
	hf_buf_clear(&body);
	hf_buf_clear(&answer);
	return ok;
}

/* ---- revoke ---------------------------------------------------------------------------------------------------- */

static void mark(const char *const *serials, bool *done, size_t num, const char *serial)
{
	for (size_t i = 0; i < num; i++)
		if (hf_str_equal(serials[i], serial))
			done[i] = true;
}

static bool read_done(const struct hf_json *doc, const char *const *serials, bool *done, size_t num, struct hf_err *err)
{
	struct hf_json list, item;
	const char *serial, *code;
	size_t num_items;

	if (!hf_json_array_opt(doc, "done", num, &list, &num_items, err))
		return false;
	for (size_t i = 0; i < num_items; i++) {
		if (!hf_json_item_str(&list, i, 64, &serial, err))
			return false;
		mark(serials, done, num, serial);
	}
	if (!hf_json_array_opt(doc, "refused", num, &list, &num_items, err))
		return false;
	for (size_t i = 0; i < num_items; i++) {
		hf_json_at(&list, i, &item);
		if (!hf_json_str(&item, "serial", 64, &serial, err) || !hf_json_str(&item, "error", 32, &code, err))
			return false;
		/* revoked is the one state that cannot be revoked: somebody was there before us */
		if (hf_code_named(code) == HF_E_STATE)
			mark(serials, done, num, serial);
	}
	return true;
}

static bool revoke(void *ctx, const char *const *serials, bool *done, size_t num, struct hf_err *err)
{
	struct hf_buf body, answer;
	struct hf_json_writer w;
	struct hf_json doc = {0};
	bool ok;

	hf_buf_init(&body, REQUEST_MAX);
	hf_buf_init(&answer, ANSWER_MAX);
	hf_json_writer_init(&w, &body);
	hf_json_write_object(&w, NULL);
	hf_json_write_str(&w, "action", "revoke");
	hf_json_write_str(&w, "reason", "cessationOfOperation");
	hf_json_write_array(&w, "items");
	for (size_t i = 0; i < num; i++)
		hf_json_write_str(&w, NULL, serials[i]);
	hf_json_write_end(&w);
	hf_json_write_end(&w);
	ok = hf_caller_call(ctx, "POST", "/v1/status", hf_buf_bytes(&body), &answer, err) &&
	     hf_json_parse(hf_buf_bytes(&answer), &doc, err) && read_done(&doc, serials, done, num, err);
	hf_json_free(&doc);
	hf_buf_clear(&body);
	hf_buf_clear(&answer);
	return ok;
}

struct hf_ca_port hf_ra_ca(struct hf_caller *caller)
{
	return (struct hf_ca_port){caller, issue, revoke};
}
