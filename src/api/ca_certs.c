/*
 * GET /v1/certs, /v1/certs/{serial}, /v1/feed.
 */
#include "api/ca_int.h"

#include "api/json.h"
#include "base/alloc.h"
#include "base/hex.h"
#include "base/str.h"
#include "ca/lifecycle.h"
#include "ca/query.h"

#include <stdlib.h>
#include <string.h>

struct listing {
	struct hf_json_writer w;
	struct hf_cert_filter filter;
	struct hf_buf serial; /* of the filter */
	struct hf_buf last, pair;
	char request_id[72];
	size_t num;
	bool with_der;
};

static void write_members(struct hf_json_writer *w, const struct hf_cert_row *row)
{
	hf_json_write_str(w, "ca", row->ca);
	hf_json_write_hex(w, "serial", row->serial);
	hf_json_write_str(w, "kind", row->kind);
	hf_json_write_str(w, "request_id", row->request_id[0] ? row->request_id : NULL);
	hf_json_write_str(w, "subject", row->subject);
	hf_json_write_time(w, "not_before", row->not_before);
	hf_json_write_time(w, "not_after", row->not_after);
	hf_json_write_str(w, "state", hf_cert_lifecycle.states[row->state].name);
	hf_json_write_str(w, "reason", row->state == HF_CERT_GOOD ? NULL : hf_reason_name(row->reason));
	hf_json_write_time(w, "state_at", row->state_at);
}

static bool list_row(void *ctx, const struct hf_cert_row *row, struct hf_err *err)
{
	struct listing *l = ctx;

	(void)err;
	hf_json_write_object(&l->w, NULL);
	write_members(&l->w, row);
	hf_json_write_end(&l->w);
	hf_buf_reset(&l->last);
	hf_buf_put_bytes(&l->last, row->serial);
	l->num++;
	return true;
}

static bool read_filter(const struct hf_exchange *ex, struct listing *l, struct hf_err *err)
{
	const char *after = hf_exchange_query(ex, "after");

	l->filter.state = hf_exchange_query(ex, "state");
	l->filter.request_id = hf_exchange_query(ex, "request");
	l->filter.subject = hf_exchange_query(ex, "subject");
	if (l->filter.subject && strlen(l->filter.subject) > 256)
		return hf_fail(err, HF_E_LIMIT, "subject: more than 256 octets");
	if (after && after[0]) {
		if (!hf_unhex_buf(hf_bytes_str(after), &l->serial))
			return hf_fail(err, HF_E_INPUT, "after: no serial in hex");
		l->filter.serial = hf_buf_bytes(&l->serial);
		l->filter.after = true;
	}
	return hf_api_query_i64(ex, "limit", 1, 1000, 100, &l->filter.limit, err);
}

static bool list_certs(struct hf_tx *tx, struct hf_api_call *c, struct hf_buf *answer, void *ctx, struct hf_err *err)
{
	struct listing *l = ctx;

	hf_buf_reset(&l->serial);
	l->num = 0;
	hf_json_writer_init(&l->w, answer);
	hf_json_write_object(&l->w, NULL);
	hf_json_write_array(&l->w, "certs");
	if (!read_filter(c->ex, l, err) || !hf_ca_certs(tx, &l->filter, list_row, l, err))
		return false;
	hf_json_write_end(&l->w);
	if (!l->filter.request_id && (int64_t)l->num == l->filter.limit)
		hf_json_write_hex(&l->w, "next", hf_buf_bytes(&l->last));
	else
		hf_json_write_null(&l->w, "next");
	hf_json_write_end(&l->w);
	return true;
}

static bool note_pair(void *ctx, const struct hf_cert_row *row, struct hf_err *err)
{
	struct listing *l = ctx;

	(void)err;
	if (hf_bytes_equal(row->serial, hf_buf_bytes(&l->serial)))
		return true;
	hf_buf_reset(&l->pair);
	hf_buf_put_bytes(&l->pair, row->serial);
	return true;
}

static bool show_row(void *ctx, const struct hf_cert_row *row, struct hf_err *err)
{
	struct listing *l = ctx;

	(void)err;
	write_members(&l->w, row);
	hf_json_write_base64(&l->w, "der", row->der);
	hf_fmt_cut(l->request_id, sizeof(l->request_id), "%s", row->request_id);
	l->num++;
	return true;
}

/* A text, because a taskNO may be longer than what JSON's numbers hold everywhere. */
static bool write_task(struct hf_tx *tx, struct listing *l, struct hf_err *err)
{
	char text[32];
	int64_t task;

	if (!hf_ca_task_of(tx, l->request_id, &task, err))
		return false;
	hf_fmt_cut(text, sizeof(text), "%lld", (long long)task);
	hf_json_write_str(&l->w, "km_task", text);
	return true;
}

static bool show_cert(struct hf_tx *tx, struct hf_api_call *c, struct hf_buf *answer, void *ctx, struct hf_err *err)
{
	const char *text = hf_exchange_param(c->ex, "serial");
	struct hf_cert_filter pair = {0};
	struct listing *l = ctx;

	hf_buf_reset(&l->serial);
	hf_buf_reset(&l->pair);
	l->num = 0;
	if (!hf_unhex_buf(hf_bytes_str(text), &l->serial))
		return hf_fail(err, HF_E_INPUT, "\"%.40s\" is no serial in hex", text);
	l->filter = (struct hf_cert_filter){.serial = hf_buf_bytes(&l->serial)};
	hf_json_writer_init(&l->w, answer);
	hf_json_write_object(&l->w, NULL);
	if (!hf_ca_certs(tx, &l->filter, show_row, l, err))
		return false;
	if (l->num == 0)
		return hf_fail(err, HF_E_MISSING, "this CA has issued no certificate %.40s", text);
	pair.request_id = l->request_id;
	if (l->request_id[0] && !hf_ca_certs(tx, &pair, note_pair, l, err))
		return false;
	if (l->request_id[0] && !write_task(tx, l, err))
		return false;
	if (l->pair.len > 0)
		hf_json_write_hex(&l->w, "pair", hf_buf_bytes(&l->pair));
	else
		hf_json_write_null(&l->w, "pair");
	hf_json_write_end(&l->w);
	return true;
}

static void serve_read(struct hf_api *api, struct hf_exchange *ex,
	bool (*fn)(struct hf_tx *tx, struct hf_api_call *c, struct hf_buf *answer, void *ctx, struct hf_err *err))
{
	struct hf_api_call *c = hf_alloc(1, sizeof(*c));
	struct listing l = {0};

	hf_buf_init(&l.serial, 20);
	hf_buf_init(&l.last, 20);
	hf_buf_init(&l.pair, 20);
	if (hf_api_check(c, api, ex))
		hf_api_read(c, fn, &l);
	hf_buf_clear(&l.serial);
	hf_buf_clear(&l.last);
	hf_buf_clear(&l.pair);
	free(c);
}

void hf_ca_serve_certs(void *service, struct hf_exchange *const *list, size_t num)
{
	for (size_t i = 0; i < num; i++)
		serve_read(service, list[i], list_certs);
}

void hf_ca_serve_cert(void *service, struct hf_exchange *const *list, size_t num)
{
	for (size_t i = 0; i < num; i++)
		serve_read(service, list[i], show_cert);
}

/* ---- the feed ---------------------------------------------------------------------------------------------------- */

struct paging {
	struct hf_exchange *ex;
	int64_t after, limit;
};

static bool read_page(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct paging *p = ctx;

	hf_buf_reset(&p->ex->answer);
	return hf_feed_page(tx, "ca", p->after, p->limit, &p->ex->answer, err);
}

void hf_ca_serve_feed(void *service, struct hf_exchange *const *list, size_t num)
{
	struct hf_api *api = service;

	for (size_t i = 0; i < num; i++) {
		struct paging p = {.ex = list[i]};
		struct hf_err err = {0};
		if (hf_api_query_i64(list[i], "after", 0, INT64_MAX, 0, &p.after, &err) &&
			hf_api_query_i64(list[i], "limit", 1, 1000, 100, &p.limit, &err) &&
			hf_store_read(api->store, read_page, &p, &err))
			hf_exchange_done(list[i], 200, "application/octet-stream");
		else
			hf_exchange_refuse_err(list[i], &err);
	}
}
