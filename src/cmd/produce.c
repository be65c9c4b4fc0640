#include "cmd/produce.h"

#include "api/json.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/str.h"
#include "cmd/files.h"
#include "cmd/produce_int.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define CLAIM_MAX   500 /* applications in one signed claim */
#define TICKET_MAX  65
#define SUBJECT_MAX 4096

struct item {
	const char *id;
	struct hf_produce_result *result;
	char ticket[TICKET_MAX]; /* "": not claimed */
	struct hf_buf subject;
};

struct work {
	struct hf_client *client;
	const struct hf_produce *how;
	struct item *items;
	size_t num;
	struct hf_loaded_cert ca;
	int64_t began;

	pthread_mutex_t lock; /* of what follows, and of the callbacks */
	size_t next, done;
};

/* ---- claiming --------------------------------------------------------------------------------------------------- */

static struct item *item_of(struct item *items, size_t num, const char *id)
{
	for (size_t i = 0; i < num; i++)
		if (strcmp(items[i].id, id) == 0)
			return &items[i];
	return NULL;
}

static bool read_claim(const struct hf_json *claim, struct item *items, size_t num, struct hf_err *err)
{
	const char *id, *ticket;
	struct item *item;

	if (!hf_json_str(claim, "id", HF_PRODUCE_ID_MAX - 1, &id, err) ||
		!hf_json_str(claim, "ticket", TICKET_MAX - 1, &ticket, err))
		return false;
	item = item_of(items, num, id);
	if (!item)
		return hf_json_refuse(claim, "id", err, HF_E_PEER, "an application that was not claimed");
	if (!hf_json_base64(claim, "subject", &item->subject, err) || !hf_name_check(hf_buf_bytes(&item->subject), err))
		return false;
	hf_fmt_cut(item->ticket, sizeof(item->ticket), "%s", ticket);
	return true;
}

static bool read_refusal(const struct hf_json *refusal, struct item *items, size_t num, struct hf_err *err)
{
	const char *id, *code, *text;
	struct item *item;

	if (!hf_json_str(refusal, "id", HF_PRODUCE_ID_MAX - 1, &id, err) ||
		!hf_json_str(refusal, "error", 32, &code, err) ||
		!hf_json_text_opt(refusal, "text", HF_ERR_TEXT_MAX, &text, err))
		return false;
	item = item_of(items, num, id);
	if (item)
		hf_fail(&item->result->err, hf_code_named(code), "%s", text ? text : code);
	return true;
}

static bool read_claims(struct hf_bytes answer, struct item *items, size_t num, struct hf_err *err)
{
	struct hf_json doc, list, one;
	size_t num_list = 0;
	bool ok;

	if (!hf_json_parse(answer, &doc, err))
		return false;
	ok = hf_json_array_opt(&doc, "claims", num, &list, &num_list, err);
	for (size_t i = 0; ok && i < num_list; i++) {
		hf_json_at(&list, i, &one);
		ok = read_claim(&one, items, num, err);
	}
	ok = ok && hf_json_array_opt(&doc, "refused", num, &list, &num_list, err);
	for (size_t i = 0; ok && i < num_list; i++) {
		hf_json_at(&list, i, &one);
		ok = read_refusal(&one, items, num, err);
	}
	hf_json_free(&doc);
	return ok || hf_fail_in(err, "the RA's answer to the claim");
}

static bool claim_group(struct work *w, struct item *items, size_t num, struct hf_err *err)
{
	struct hf_buf body, answer;
	struct hf_json_writer json;
	bool ok;

	hf_buf_init(&body, 1 << 20);
	hf_buf_init(&answer, HF_CLIENT_ANSWER_MAX);
	hf_json_writer_init(&json, &body);
	hf_json_write_object(&json, NULL);
	hf_json_write_array(&json, "requests");
	for (size_t i = 0; i < num; i++)
		hf_json_write_str(&json, NULL, items[i].id);
	hf_json_write_end(&json);
	hf_json_write_end(&json);
	const struct hf_client_ask ask = {
		.service = "ra", .method = "POST", .path = "/v1/produce/claim", .body = hf_buf_bytes(&body)};
	ok = hf_client_call(w->client, &ask, &answer, err) && read_claims(hf_buf_bytes(&answer), items, num, err);
	hf_buf_clear(&answer);
	hf_buf_clear(&body);
	return ok;
}

static bool claim_all(struct work *w, struct hf_err *err)
{
	for (size_t at = 0; at < w->num; at += CLAIM_MAX) {
		const size_t num = w->num - at < CLAIM_MAX ? w->num - at : CLAIM_MAX;

		if (!claim_group(w, w->items + at, num, err))
			return false;
	}
	return true;
}

/* ---- one after the other, many at a time ------------------------------------------------------------------------ */

static bool keep(struct work *w, const struct hf_made *made, struct hf_err *err)
{
	struct hf_bytes chain[HF_MADE_CHAIN];
	struct hf_produced produced = {
		.id = made->id,
		.csr = hf_buf_bytes(&made->csr),
		.sign_cert = hf_buf_bytes(&made->sign_der),
		.enc_cert = hf_buf_bytes(&made->enc_der),
		.envelope = hf_buf_bytes(&made->envelope),
		.chain = chain,
		.num_chain = made->num_chain,
	};
	bool ok;

	if (!w->how->keep)
		return true;
	for (size_t i = 0; i < made->num_chain; i++)
		chain[i] = hf_buf_bytes(&made->chain[i]);
	memcpy(produced.enc_public, made->enc_public, sizeof(produced.enc_public));
	pthread_mutex_lock(&w->lock);
	ok = w->how->keep(w->how->ctx, &produced, err);
	pthread_mutex_unlock(&w->lock);
	return ok;
}

static bool open_token(struct work *w, struct hf_made *made, struct hf_produce_result *result, struct hf_err *err)
{
	if (!w->how->token)
		return hf_desk_device("subject", made->id, result->device, err) &&
		       hf_desk_subject(&w->client->desk, made->id, made->pub, &made->token, err);
	hf_fmt_cut(result->device, sizeof(result->device), "%s", w->how->token_device);
	made->token = w->how->token;
	made->container = w->how->container;
	return hf_token_make_pair(made->token, made->container, made->pub, err) ||
	       (err->code == HF_E_EXISTS &&
		       hf_token_public(made->token, made->container, HF_TOKEN_SIGN, made->pub, err));
}

static bool produce_one(struct work *w, struct item *item, struct hf_http_client *http, struct hf_err *err)
{
	struct hf_produce_result *result = item->result;
	struct hf_made made;
	bool ok = false;

	hf_made_init(&made);
	made.client = w->client;
	made.http = http;
	made.id = item->id;
	made.ticket = item->ticket;
	made.subject = hf_buf_bytes(&item->subject);
	made.ca = &w->ca.cert;
	made.container = HF_DESK_SUBJECT;
	if (open_token(w, &made, result, err) && hf_made_ask(&made, err)) {
		result->issued = true;
		result->issue_us = made.issue_us;
		hf_serial_text(made.sign_cert.tbs.serialNumber, result->sign_serial);
		hf_serial_text(made.enc_cert.tbs.serialNumber, result->enc_serial);
		ok = hf_made_import(&made, err) && keep(w, &made, err) && hf_made_confirm(&made, err);
	}
	if (!w->how->token)
		hf_token_close(made.token);
	hf_made_clear(&made);
	return ok;
}

/* One application for the thread that asks; false when none is left. */
static bool work_on(void *ctx, size_t n, struct hf_http_client *http)
{
	struct work *w = ctx;
	struct item *item = NULL;

	(void)n;
	pthread_mutex_lock(&w->lock);
	while (!item && w->next < w->num) {
		item = &w->items[w->next++];
		if (!item->ticket[0])
			item = NULL;
	}
	pthread_mutex_unlock(&w->lock);
	if (!item)
		return false;
	item->result->installed = produce_one(w, item, http, &item->result->err);
	/* What a step that was repeated, or a key that was there, has left behind is no error of the whole. */
	if (item->result->installed)
		item->result->err = (struct hf_err){0};
	pthread_mutex_lock(&w->lock);
	w->done++;
	if (w->how->progress)
		w->how->progress(w->how->ctx, w->done, w->num, hf_ticks() - w->began);
	pthread_mutex_unlock(&w->lock);
	return true;
}

static bool run(struct work *w, const char *const *ids, struct hf_err *err)
{
	struct hf_http_many many = {.num = w->how->jobs ? w->how->jobs : HF_PRODUCE_JOBS, .ctx = w, .work = work_on};

	if (many.num > w->num)
		many.num = w->num;
	if (w->how->token)
		many.num = 1;
	/* Issuing waits for the KM and two signing batches; under load that is longer than a query may take. */
	many.client.total_ms = HF_PRODUCE_ANSWER_MS;
	if (!hf_client_desk(w->client, err) ||
		(!w->how->token && !hf_desk_subject_pins(&w->client->desk, ids, w->num, err)) || !claim_all(w, err))
		return false;
	return hf_http_many_run(&many, err);
}

static void sum_up(const struct work *w, struct hf_produce_sum *sum)
{
	*sum = (struct hf_produce_sum){.elapsed_us = hf_ticks() - w->began};
	for (size_t i = 0; i < w->num; i++) {
		struct hf_produce_result *result = w->items[i].result;

		if (!result->installed && result->err.code == HF_OK)
			hf_fail(&result->err, HF_E_PEER, "the RA's answer to the claim has left this one out");
		sum->issued += result->issued;
		sum->installed += result->installed;
		sum->failed += !result->installed;
	}
}

bool hf_produce(struct hf_client *client, const struct hf_produce *how, const char *const *ids, size_t num,
	struct hf_produce_result *results, struct hf_produce_sum *sum, struct hf_err *err)
{
	struct work w = {.client = client, .how = how, .num = num, .began = hf_ticks()};
	const int64_t patience_ms = client->patience_ms;
	bool ok = false;

	*sum = (struct hf_produce_sum){0};
	memset(results, 0, num * sizeof(*results));
	if (num == 0)
		return true;
	if (how->token && num > 1)
		return hf_fail(err, HF_E_INPUT, "one token takes one application, not %zu", num);
	w.items = hf_alloc(num, sizeof(*w.items));
	for (size_t i = 0; i < num; i++) {
		w.items[i] = (struct item){.id = ids[i], .result = &results[i]};
		hf_fmt_cut(results[i].id, sizeof(results[i].id), "%s", ids[i]);
		hf_buf_init(&w.items[i].subject, SUBJECT_MAX);
	}
	pthread_mutex_init(&w.lock, NULL);
	if (client->patience_ms < HF_PRODUCE_PATIENCE_MS)
		client->patience_ms = HF_PRODUCE_PATIENCE_MS;
	if (hf_home_cert(client->home, "ca.crt", &w.ca, err))
		ok = run(&w, ids, err);
	sum_up(&w, sum);
	client->patience_ms = patience_ms;
	pthread_mutex_destroy(&w.lock);
	for (size_t i = 0; i < num; i++) {
		hf_wipe(w.items[i].ticket, sizeof(w.items[i].ticket));
		hf_buf_clear(&w.items[i].subject);
	}
	hf_loaded_cert_clear(&w.ca);
	free(w.items);
	return ok;
}
