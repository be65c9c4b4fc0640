#include "api/call.h"

#include "api/journal_page.h"
#include "api/json.h"
#include "base/str.h"

#include <string.h>

#define AUDITOR HF_ROLES(HF_ROLE_AUDITOR)

const struct hf_api_rule hf_api_rule_health = {HF_API_OPEN, 0, "health", 0};
const struct hf_api_rule hf_api_rule_metrics = {HF_API_OPEN, 0, "metrics", 0};
const struct hf_api_rule hf_api_rule_audit = {HF_API_READ, AUDITOR, "audit.list", HF_AUDIT_SYSTEM_QUERY};
const struct hf_api_rule hf_api_rule_journal = {HF_API_READ, AUDITOR, "audit.journal", HF_AUDIT_SYSTEM_QUERY};

static void serve_health(struct hf_api *api, struct hf_exchange *ex)
{
	struct hf_json_writer w;
	struct hf_err err = {0};

	if (api->healthy && !api->healthy(api, &err)) {
		hf_exchange_refuse_err(ex, &err);
		return;
	}
	hf_json_writer_init(&w, &ex->answer);
	hf_json_write_object(&w, NULL);
	hf_json_write_str(&w, "service", api->service);
	hf_json_write_str(&w, "state", "ok");
	hf_json_write_time(&w, "time", hf_now(api->clock));
	hf_json_write_end(&w);
	hf_exchange_done(ex, 200, "application/json");
}

void hf_api_serve_health(void *api, struct hf_exchange *const *list, size_t num)
{
	for (size_t i = 0; i < num; i++)
		serve_health(api, list[i]);
}

void hf_api_serve_metrics(void *api, struct hf_exchange *const *list, size_t num)
{
	const struct hf_api *a = api;

	for (size_t i = 0; i < num; i++) {
		if (a->metrics)
			hf_metrics_print(a->metrics, &list[i]->answer);
		hf_exchange_done(list[i], 200, HF_METRICS_CONTENT_TYPE);
	}
}

/* ---- audit ----------------------------------------------------------------------------------------------------- */

static bool put_record(void *ctx, int64_t number, const struct hf_audit_record *record, struct hf_err *err)
{
	struct hf_json_writer *w = ctx;

	hf_json_write_object(w, NULL);
	hf_json_write_i64(w, "frame", number);
	hf_json_write_text(w, "operation_id", record->operationId);
	hf_json_write_text(w, "operator", record->operatorId);
	hf_json_write_text(w, "role", record->role);
	hf_json_write_i64(w, "code", record->code);
	hf_json_write_str(w, "code_name", hf_audit_code_name(record->code));
	hf_json_write_text(w, "operation", record->operation);
	hf_json_write_text(w, "object", record->object);
	if (record->serial.p)
		hf_json_write_hex(w, "serial", record->serial);
	hf_json_write_time(w, "started_at", record->startedAt);
	hf_json_write_time(w, "ended_at", record->endedAt);
	hf_json_write_text(w, "result", record->result);
	hf_json_write_text(w, "text", record->text);
	hf_json_write_bool(w, "signed", record->signature.p != NULL);
	hf_json_write_end(w);
	return hf_buf_ok(w->out) || hf_fail(err, HF_E_LIMIT, "the answer is too long: ask for fewer records");
}

static bool time_param(const struct hf_exchange *ex, const char *name, int64_t *at, struct hf_err *err)
{
	const char *text = hf_exchange_query(ex, name);

	*at = 0;
	return !text || hf_time_read(text, at) ||
	       hf_fail(err, HF_E_INPUT, "query parameter %s: expected a time like 2026-11-22T10:31:09Z", name);
}

static bool read_filter(const struct hf_exchange *ex, struct hf_audit_filter *filter, struct hf_err *err)
{
	*filter = (struct hf_audit_filter){
		.operator_id = hf_exchange_query(ex, "operator"),
		.operation = hf_exchange_query(ex, "operation"),
		.result = hf_exchange_query(ex, "result"),
		.object = hf_exchange_query(ex, "object"),
	};
	return time_param(ex, "from", &filter->from, err) && time_param(ex, "to", &filter->to, err) &&
	       hf_api_query_i64(ex, "after", 0, INT64_MAX, 0, &filter->after, err) &&
	       hf_api_query_i64(ex, "limit", 1, 10000, 1000, &filter->max, err);
}

static bool list_audit(struct hf_api *api, struct hf_exchange *ex, struct hf_err *err)
{
	struct hf_audit_filter filter;
	struct hf_json_writer w;
	int64_t last;

	if (!read_filter(ex, &filter, err))
		return false;
	last = filter.after;
	hf_json_writer_init(&w, &ex->answer);
	hf_json_write_object(&w, NULL);
	hf_json_write_array(&w, "records");
	if (!hf_audit_list(api->store, api->service, &filter, put_record, &w, &last, err))
		return false;
	hf_json_write_end(&w);
	hf_json_write_i64(&w, "last", last);
	hf_json_write_end(&w);
	hf_exchange_done(ex, 200, "application/json");
	return true;
}

void hf_api_serve_audit(void *api, struct hf_exchange *const *list, size_t num)
{
	for (size_t i = 0; i < num; i++) {
		struct hf_api_call c;
		struct hf_err err = {0};

		if (hf_api_check(&c, api, list[i]) && !list_audit(api, list[i], &err))
			hf_exchange_refuse_err(list[i], &err);
	}
}

struct paging {
	const struct hf_api *api;
	int64_t after, max;
	struct hf_buf *out;
};

static bool page_tx(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	const struct paging *p = ctx;
	const struct hf_journal journal = {p->api->service, HF_AUDIT_NAME};

	hf_buf_reset(p->out);
	return hf_journal_page(tx, &journal, p->after, p->max, p->out, err);
}

static bool page_journal(struct hf_api *api, struct hf_exchange *ex, struct hf_err *err)
{
	struct paging p = {.api = api, .out = &ex->answer};

	if (!hf_api_query_i64(ex, "after", 0, INT64_MAX, 0, &p.after, err) ||
		!hf_api_query_i64(ex, "limit", 1, 10000, 1000, &p.max, err) ||
		!hf_store_read(api->store, page_tx, &p, err))
		return false;
	hf_exchange_done(ex, 200, "application/octet-stream");
	return true;
}

void hf_api_serve_journal(void *api, struct hf_exchange *const *list, size_t num)
{
	for (size_t i = 0; i < num; i++) {
		struct hf_api_call c;
		struct hf_err err = {0};

		if (hf_api_check(&c, api, list[i]) && !page_journal(api, list[i], &err))
			hf_exchange_refuse_err(list[i], &err);
	}
}
