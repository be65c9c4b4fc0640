/*
 * POST /v1/status {action: revoke|freeze|unfreeze, reason, items: [serial hex …]}, POST /v1/crl {ca: "ca"|"root"}.
 */
#include "api/ca_int.h"

#include "api/json.h"
#include "base/alloc.h"
#include "base/hex.h"
#include "base/str.h"
#include "ca/ca.h"
#include "ca/lifecycle.h"

#include <stdlib.h>
#include <string.h>

#define ITEMS_MAX 1000

struct status_call {
	struct hf_api_call c;
	struct hf_json doc;
	int event, reason;
	struct hf_status_item *items;
	size_t num;
	bool found;
	unsigned status;
};

static bool read_action(struct status_call *call, struct hf_err *err)
{
	const char *action = NULL;
	const char *reason = NULL;

	if (!hf_json_str(&call->doc, "action", 16, &action, err) ||
		!hf_json_str_opt(&call->doc, "reason", 32, &reason, err))
		return false;
	for (call->event = 0; (size_t)call->event < hf_cert_lifecycle.num_events; call->event++)
		if (strcmp(action, hf_cert_lifecycle.events[call->event].name) == 0)
			break;
	if ((size_t)call->event == hf_cert_lifecycle.num_events)
		return hf_json_refuse(&call->doc, "action", err, HF_E_INPUT, "not revoke, freeze or unfreeze");
	call->reason = reason ? hf_reason_named(reason) : HF_REASON_UNSPECIFIED;
	if (call->reason < 0)
		return hf_json_refuse(&call->doc, "reason", err, HF_E_INPUT, "no such reason (RFC 5280 5.3.1)");
	return true;
}

static bool read_items(struct status_call *call, struct hf_err *err)
{
	struct hf_json items;
	struct hf_buf serial;
	bool ok = true;

	if (!hf_json_array(&call->doc, "items", ITEMS_MAX, &items, &call->num, err))
		return false;
	call->items = hf_alloc(call->num, sizeof(*call->items));
	hf_buf_init(&serial, sizeof(call->items->serial));
	for (size_t i = 0; ok && i < call->num; i++) {
		const char *text;
		hf_buf_reset(&serial);
		ok = hf_json_item_str(&items, i, 40, &text, err);
		if (ok && (!hf_unhex_buf(hf_bytes_str(text), &serial) || serial.len == 0))
			ok = hf_json_refuse(&items, NULL, err, HF_E_INPUT, "\"%.40s\" is no serial in hex", text);
		if (!ok)
			break;
		memcpy(call->items[i].serial, serial.p, serial.len);
		call->items[i].serial_len = serial.len;
	}
	hf_buf_clear(&serial);
	return ok;
}

static void write_status_answer(const struct status_call *call, struct hf_buf *out, size_t *num_done)
{
	struct hf_json_writer w;
	char serial[41];

	*num_done = 0;
	hf_buf_reset(out);
	hf_json_writer_init(&w, out);
	hf_json_write_object(&w, NULL);
	hf_json_write_array(&w, "done");
	for (size_t i = 0; i < call->num; i++)
		if (call->items[i].done) {
			hf_json_write_hex(
				&w, NULL, (struct hf_bytes){call->items[i].serial, call->items[i].serial_len});
			(*num_done)++;
		}
	hf_json_write_end(&w);
	hf_json_write_array(&w, "refused");
	for (size_t i = 0; i < call->num; i++) {
		if (call->items[i].done)
			continue;
		hf_hex((struct hf_bytes){call->items[i].serial, call->items[i].serial_len}, serial);
		hf_json_write_object(&w, NULL);
		hf_json_write_str(&w, "serial", serial);
		hf_json_write_str(&w, "error", hf_code_name(call->items[i].err.code));
		hf_json_write_str(&w, "text", call->items[i].err.text);
		hf_json_write_end(&w);
	}
	hf_json_write_end(&w);
	hf_json_write_end(&w);
}

/* One record an item, beside the call's own: an auditor asks by serial. */
static bool record_items(struct status_call *call, struct hf_journal_batch *audit, struct hf_err *err)
{
	for (size_t i = 0; i < call->num; i++) {
		const struct hf_status_item *item = &call->items[i];
		struct hf_audit_record record = {0};
		char object[48];
		hf_api_record(&call->c, &record);
		hf_fmt_cut(object, sizeof(object), "cert.%s", hf_cert_lifecycle.events[call->event].name);
		record.operation = hf_bytes_str(object);
		record.serial = (struct hf_bytes){item->serial, item->serial_len};
		record.endedAt = hf_now(call->c.api->clock);
		hf_audit_result(&record, item->done ? NULL : &item->err);
		if (!hf_audit_add(audit, &record, err))
			return false;
	}
	return true;
}

static bool add_status(void *ctx, struct hf_tx *tx, struct hf_journal_batch *audit, struct hf_err *err)
{
	struct status_call *call = ctx;
	struct hf_api_done done = {
		.answer = &call->c.ex->answer, .audit = audit, .status = 200, .type = "application/json"};
	size_t num_done;

	write_status_answer(call, &call->c.ex->answer, &num_done);
	hf_fmt_cut(done.object, sizeof(done.object), "certs/%zu", call->num);
	hf_fmt_cut(done.text, sizeof(done.text), "%s: %zu done, %zu not", hf_cert_lifecycle.events[call->event].name,
		num_done, call->num - num_done);
	return record_items(call, audit, err) && hf_api_done(tx, &call->c, &done, err);
}

static bool find_known(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct status_call *call = ctx;

	return hf_api_find(tx, &call->c, &call->found, &call->status, err);
}

static bool run_status(struct status_call *call, struct hf_err *err)
{
	static const char *const names[] = {"action", "reason", "items", NULL};
	const struct hf_ca_within within = {add_status, call};

	if (!hf_store_read(call->c.api->store, find_known, call, err))
		return false;
	if (call->found)
		return true;
	call->status = 200;
	return hf_json_parse(hf_buf_bytes(&call->c.ex->body), &call->doc, err) &&
	       hf_json_only(&call->doc, names, err) && read_action(call, err) && read_items(call, err) &&
	       hf_ca_change(call->c.api->role, call->event, call->reason, call->items, call->num, &within, err);
}

static void serve_status(struct hf_api *api, struct hf_exchange *ex)
{
	struct status_call *call = hf_alloc(1, sizeof(*call));
	struct hf_err err = {0};

	if (hf_api_check(&call->c, api, ex)) {
		if (run_status(call, &err))
			hf_exchange_done(ex, call->status, "application/json");
		else
			hf_api_refuse(&call->c, "certs", &err);
	}
	hf_json_free(&call->doc);
	free(call->items);
	free(call);
}

void hf_ca_serve_status(void *service, struct hf_exchange *const *list, size_t num)
{
	for (size_t i = 0; i < num; i++)
		serve_status(service, list[i]);
}

/* ---- CRLs -------------------------------------------------------------------------------------------------------- */

struct crl_call {
	struct hf_api_call c;
	const char *id;
	bool found;
	unsigned status;
};

static bool find_known_crl(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct crl_call *call = ctx;

	return hf_api_find(tx, &call->c, &call->found, &call->status, err);
}

static bool add_crl(void *ctx, struct hf_tx *tx, struct hf_journal_batch *audit, struct hf_err *err)
{
	struct crl_call *call = ctx;
	struct hf_api_done done = {
		.answer = &call->c.ex->answer, .audit = audit, .status = 200, .type = "application/json"};
	struct hf_json_writer w;

	hf_buf_reset(done.answer);
	hf_json_writer_init(&w, done.answer);
	hf_json_write_object(&w, NULL);
	hf_json_write_str(&w, "issued", call->id);
	hf_json_write_end(&w);
	hf_fmt_cut(done.object, sizeof(done.object), "crl/%s", call->id);
	return hf_api_done(tx, &call->c, &done, err);
}

static bool run_crl(struct crl_call *call, struct hf_json *doc, struct hf_err *err)
{
	static const char *const names[] = {"ca", NULL};
	const struct hf_ca_within within = {add_crl, call};
	struct hf_ca *ca = call->c.api->role;

	if (!hf_store_read(call->c.api->store, find_known_crl, call, err))
		return false;
	if (call->found)
		return true;
	call->status = 200;
	if (!hf_json_parse(hf_buf_bytes(&call->c.ex->body), doc, err) || !hf_json_only(doc, names, err) ||
		!hf_json_str(doc, "ca", 16, &call->id, err))
		return false;
	const struct hf_authority *authority = hf_ca_authority(ca, call->id);
	if (!authority)
		return hf_json_refuse(doc, "ca", err, HF_E_MISSING, "no such CA here");
	return hf_ca_crl_issue(ca, authority, &within, err);
}

void hf_ca_serve_crl_issue(void *service, struct hf_exchange *const *list, size_t num)
{
	for (size_t i = 0; i < num; i++) {
		struct crl_call *call = hf_alloc(1, sizeof(*call));
		struct hf_json doc = {0};
		struct hf_err err = {0};
		if (hf_api_check(&call->c, service, list[i])) {
			if (run_crl(call, &doc, &err))
				hf_exchange_done(list[i], call->status, "application/json");
			else
				hf_api_refuse(&call->c, "crl", &err);
		}
		hf_json_free(&doc);
		free(call);
	}
}

void hf_ca_serve_crl(void *service, struct hf_exchange *const *list, size_t num)
{
	struct hf_api *api = service;

	for (size_t i = 0; i < num; i++) {
		struct hf_err err = {0};
		if (hf_ca_crl_get(api->role, hf_exchange_param(list[i], "id"), &list[i]->answer, &err))
			hf_exchange_done(list[i], 200, "application/pkix-crl");
		else
			hf_exchange_refuse_err(list[i], &err);
	}
}
