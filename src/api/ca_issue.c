/*
 * POST /v1/issue: the orders of all calls that wait together become one batch of the CA (ca/issue.c), and their answers
 * are remembered in the transaction that issues.
 */
#include "api/ca_int.h"

#include "api/json.h"
#include "base/alloc.h"
#include "base/str.h"
#include "ca/ca.h"

#include <stdlib.h>
#include <string.h>

/* One call with its orders; texts of the orders are borrowed from doc. */
struct issue_call {
	struct hf_api_call c;
	struct hf_json doc;
	struct hf_order *orders;
	struct hf_buf *subjects, *requests; /* decoded base64, one each */
	size_t num;
	bool answered; /* the exchange was dealt with already */
	bool found;    /* asked before: the first answer lies in the exchange */
	unsigned status;
};

struct issue_batch {
	struct hf_ca *ca;
	struct issue_call **calls;
	size_t num;
	struct hf_order *orders; /* all, in the order of calls */
};

static const struct {
	const char *member;
	enum hf_identity_kind kind;
} identity_members[] = {
	{"resident", HF_IDENTITY_RESIDENT},
	{"military", HF_IDENTITY_MILITARY},
	{"passport", HF_IDENTITY_PASSPORT},
	{"insurance", HF_IDENTITY_INSURANCE},
	{"registration", HF_IDENTITY_REGISTRATION},
	{"organization", HF_IDENTITY_ORGANIZATION},
	{"taxation", HF_IDENTITY_TAXATION},
	{"uscc", HF_IDENTITY_USCC},
};

/* {"resident": "…", "uscc": "…"}: the member's name is the kind. */
static bool read_identities(const struct hf_json *item, struct hf_order *order, struct hf_err *err)
{
	static const char *const names[] = {"resident", "military", "passport", "insurance", "registration",
		"organization", "taxation", "uscc", NULL};
	struct hf_json identity;

	if (!hf_json_has(item, "identity"))
		return true;
	if (!hf_json_object(item, "identity", &identity, err) || !hf_json_only(&identity, names, err))
		return false;
	for (size_t i = 0; i < sizeof(identity_members) / sizeof(identity_members[0]); i++) {
		const char *value = NULL;
		if (!hf_json_str_opt(&identity, identity_members[i].member, 64, &value, err))
			return false;
		if (!value)
			continue;
		if (order->num_identities == HF_IDENTITIES_MAX)
			return hf_json_refuse(item, "identity", err, HF_E_LIMIT, "more than %d", HF_IDENTITIES_MAX);
		order->identities[order->num_identities++] = (struct hf_identity){identity_members[i].kind, value};
	}
	return true;
}

static bool read_order(struct issue_call *call, const struct hf_json *item, size_t i, struct hf_err *err)
{
	static const char *const names[] = {
		"request_id", "template", "subject", "identity", "validity_days", "email", "pkcs10", NULL};
	struct hf_order *order = &call->orders[i];

	hf_order_init(order);
	hf_buf_init(&call->subjects[i], HF_NAME_MAX);
	hf_buf_init(&call->requests[i], HF_CSR_MAX);
	if (!hf_json_only(item, names, err) || !hf_json_str(item, "request_id", 64, &order->request_id, err) ||
		!hf_json_str(item, "template", 32, &order->template, err) ||
		!hf_json_base64(item, "subject", &call->subjects[i], err) ||
		!hf_json_base64(item, "pkcs10", &call->requests[i], err) ||
		!hf_json_i64(item, "validity_days", 1, 36500, &order->validity_days, err) ||
		!hf_json_str_opt(item, "email", 255, &order->email, err) || !read_identities(item, order, err))
		return false;
	order->subject = hf_buf_bytes(&call->subjects[i]);
	order->pkcs10 = hf_buf_bytes(&call->requests[i]);
	return true;
}

static bool read_orders(struct issue_call *call, struct hf_err *err)
{
	static const char *const names[] = {"items", NULL};
	struct hf_json items, item;
	size_t num = 0;

	if (!hf_json_parse(hf_buf_bytes(&call->c.ex->body), &call->doc, err) || !hf_json_only(&call->doc, names, err) ||
		!hf_json_array(&call->doc, "items", HF_CA_BATCH_MAX, &items, &num, err))
		return false;
	call->orders = hf_alloc(num, sizeof(*call->orders));
	call->subjects = hf_alloc(num, sizeof(*call->subjects));
	call->requests = hf_alloc(num, sizeof(*call->requests));
	for (size_t i = 0; i < num; i++) {
		hf_json_at(&items, i, &item);
		call->num = i + 1;
		if (!read_order(call, &item, i, err))
			return false;
	}
	return true;
}

static void free_call(struct issue_call *call)
{
	for (size_t i = 0; i < call->num; i++) {
		hf_order_clear(&call->orders[i]);
		hf_buf_clear(&call->subjects[i]);
		hf_buf_clear(&call->requests[i]);
	}
	free(call->orders);
	free(call->subjects);
	free(call->requests);
	hf_json_free(&call->doc);
	free(call);
}

static bool find_known(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct issue_call *call = ctx;

	return hf_api_find(tx, &call->c, &call->found, &call->status, err);
}

/* Everything about one call that needs no other: false when it was answered. */
static struct issue_call *take_call(struct hf_api *api, struct hf_exchange *ex)
{
	struct issue_call *call = hf_alloc(1, sizeof(*call));
	struct hf_err err = {0};

	if (!hf_api_check(&call->c, api, ex)) {
		free_call(call);
		return NULL;
	}
	if (!hf_store_read(api->store, find_known, call, &err) || (!call->found && !read_orders(call, &err))) {
		hf_api_refuse(&call->c, "issue", &err);
		free_call(call);
		return NULL;
	}
	if (call->found) {
		hf_exchange_done(ex, call->status, "application/json");
		free_call(call);
		return NULL;
	}
	return call;
}

static void write_order(const struct hf_ca *ca, struct hf_json_writer *w, const struct hf_order *order)
{
	hf_json_write_object(w, NULL);
	hf_json_write_str(w, "request_id", order->request_id);
	if (order->done) {
		hf_json_write_base64(w, "sign_cert", hf_buf_bytes(&order->sign_cert));
		hf_json_write_base64(w, "enc_cert", hf_buf_bytes(&order->enc_cert));
		hf_json_write_array(w, "chain");
		hf_json_write_base64(w, NULL, hf_buf_bytes(&ca->ca.der));
		hf_json_write_base64(w, NULL, hf_buf_bytes(&ca->root.der));
		hf_json_write_end(w);
		hf_json_write_base64(w, "envelope", hf_buf_bytes(&order->envelope));
		hf_json_write_hex(w, "enc_public", HF_BYTES_OF(order->enc_pub));
	} else {
		hf_json_write_str(w, "error", hf_code_name(order->err.code));
		hf_json_write_str(w, "text", order->err.text);
	}
	hf_json_write_end(w);
}

/* The answer of one call, from its orders as they stand in the batch. */
static size_t write_answer(const struct hf_ca *ca, struct issue_call *call, const struct hf_order *orders)
{
	struct hf_json_writer w;
	size_t num_done = 0;

	hf_buf_reset(&call->c.ex->answer);
	hf_json_writer_init(&w, &call->c.ex->answer);
	hf_json_write_object(&w, NULL);
	hf_json_write_array(&w, "items");
	for (size_t i = 0; i < call->num; i++) {
		write_order(ca, &w, &orders[i]);
		num_done += orders[i].done;
	}
	hf_json_write_end(&w);
	hf_json_write_end(&w);
	return num_done;
}

/* The answer is remembered with what failed in it: who asks again for that takes a new operation id, the request ids
 * stay. */
static bool add_within(void *ctx, struct hf_tx *tx, struct hf_journal_batch *audit, struct hf_err *err)
{
	struct issue_batch *b = ctx;
	const struct hf_order *orders = b->orders;

	for (size_t i = 0; i < b->num; i++) {
		struct issue_call *call = b->calls[i];
		struct hf_api_done done = {
			.answer = &call->c.ex->answer, .audit = audit, .status = 200, .type = "application/json"};
		if (!hf_api_find(tx, &call->c, &call->found, &call->status, err))
			return false;
		if (!call->found) {
			size_t num_done = write_answer(b->ca, call, orders);
			hf_fmt_cut(done.object, sizeof(done.object), "issue/%zu", call->num);
			hf_fmt_cut(done.text, sizeof(done.text), "%zu issued, %zu not", num_done, call->num - num_done);
			if (!hf_api_done(tx, &call->c, &done, err))
				return false;
		}
		orders += call->num;
	}
	return true;
}

static void run_batch(struct hf_ca *ca, struct issue_call **calls, size_t num, size_t num_orders)
{
	struct issue_batch b = {.ca = ca, .calls = calls, .num = num};
	const struct hf_ca_within within = {add_within, &b};
	struct hf_err err = {0};
	size_t at = 0;

	b.orders = hf_alloc(num_orders, sizeof(*b.orders));
	for (size_t i = 0; i < num; i++) {
		memcpy(b.orders + at, calls[i]->orders, calls[i]->num * sizeof(*b.orders));
		at += calls[i]->num;
	}
	bool ok = hf_ca_issue(ca, b.orders, num_orders, &within, &err);
	/* The orders' buffers have grown in the copy: give them back to the calls, which free them. */
	at = 0;
	for (size_t i = 0; i < num; at += calls[i]->num, i++) {
		memcpy(calls[i]->orders, b.orders + at, calls[i]->num * sizeof(*b.orders));
		if (ok)
			hf_exchange_done(calls[i]->c.ex, calls[i]->found ? calls[i]->status : 200, "application/json");
		else
			hf_api_refuse(&calls[i]->c, "issue", &err);
	}
	free(b.orders);
}

void hf_ca_serve_issue(void *service, struct hf_exchange *const *list, size_t num)
{
	struct hf_api *api = service;
	struct issue_call **calls = hf_alloc(num, sizeof(struct issue_call *));
	size_t from = 0;
	size_t num_calls = 0;
	size_t num_orders = 0;

	for (size_t i = 0; i < num; i++) {
		struct issue_call *call = take_call(api, list[i]);
		if (!call)
			continue;
		if (num_orders + call->num > HF_CA_BATCH_MAX) {
			run_batch(api->role, calls + from, num_calls - from, num_orders);
			from = num_calls;
			num_orders = 0;
		}
		calls[num_calls++] = call;
		num_orders += call->num;
	}
	if (num_orders > 0)
		run_batch(api->role, calls + from, num_calls - from, num_orders);
	for (size_t i = 0; i < num_calls; i++)
		free_call(calls[i]);
	free(calls);
}
