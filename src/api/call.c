#include "api/call.h"

#include "base/str.h"

#include <string.h>

static const struct hf_api_rule no_rule = {HF_API_OPEN, 0, "unknown", 0};

static bool read_operator(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct hf_api_call *c = ctx;

	c->known = hf_operator_load(tx, c->call.operator_id, &c->op, err);
	return c->known;
}

static bool check(struct hf_api_call *c, struct hf_err *err)
{
	const struct hf_exchange *ex = c->ex;

	c->sealed = hf_call_read(&c->call, hf_exchange_header(ex, HF_CALL_HEADER_OPERATOR),
		hf_exchange_header(ex, HF_CALL_HEADER_OPERATION), hf_exchange_header(ex, HF_CALL_HEADER_TIME),
		hf_exchange_header(ex, HF_CALL_HEADER_SIGNATURE), err);
	if (!c->sealed)
		return false;
	if (!hf_store_read(c->api->store, read_operator, c, err)) {
		if (err->code == HF_E_MISSING)
			return hf_fail(err, HF_E_DENIED, "operator %s is not registered at the %s service",
				c->call.operator_id, c->api->service);
		return false;
	}
	if (!hf_call_verify(&c->call, &c->op, c->rule->roles, c->at, err))
		return false;
	return c->rule->kind != HF_API_READ || hf_call_fresh(&c->call, c->at, err);
}

bool hf_api_check(struct hf_api_call *c, struct hf_api *api, struct hf_exchange *ex)
{
	struct hf_err err = {0};

	memset(c, 0, sizeof(*c));
	c->api = api;
	c->ex = ex;
	c->rule = ex->route && ex->route->extra ? ex->route->extra : &no_rule;
	c->at = hf_now(api->clock);
	c->call.service = api->service;
	c->call.method = ex->method;
	c->call.path = ex->whole;
	c->call.body = hf_buf_bytes(&ex->body);
	if (c->rule->kind == HF_API_OPEN)
		return true;
	c->verified = check(c, &err);
	if (!c->verified)
		hf_api_refuse(c, NULL, &err);
	return c->verified;
}

/* ---- records --------------------------------------------------------------------------------------------------- */

void hf_api_record(const struct hf_api_call *c, struct hf_audit_record *record)
{
	*record = (struct hf_audit_record){0};
	if (c->sealed)
		hf_call_record(&c->call, c->known ? &c->op : NULL, record);
	record->code = c->rule->code;
	record->operation = hf_bytes_str(c->rule->operation);
	record->startedAt = c->at;
	record->endedAt = hf_now(c->api->clock);
	record->result = HF_BYTES_LIT("ok");
}

/* Headers that are not well formed are still worth keeping: who claimed to be whom. */
static void record_claims(const struct hf_api_call *c, struct hf_audit_record *record)
{
	const char *who = hf_exchange_header(c->ex, HF_CALL_HEADER_OPERATOR);
	const char *what = hf_exchange_header(c->ex, HF_CALL_HEADER_OPERATION);

	if (c->sealed)
		return;
	record->operatorId = hf_bytes_str(who ? who : "");
	record->operationId = hf_bytes_str(what ? what : "");
}

void hf_api_refuse(struct hf_api_call *c, const char *object, const struct hf_err *why)
{
	struct hf_audit_record record;
	struct hf_err err = {0};

	hf_api_record(c, &record);
	record_claims(c, &record);
	record.object = hf_bytes_str(object ? object : c->ex->path);
	hf_audit_result(&record, why);
	if (!hf_audit_write(c->api->store, c->api->service, c->at, &record, &err))
		hf_log(c->api->log, HF_LOG_ERROR, "a refusal of %s could not be audited: %s", c->rule->operation,
			err.text);
	hf_exchange_refuse_err(c->ex, why);
}

/* ---- inside the transaction ------------------------------------------------------------------------------------ */

bool hf_api_find(struct hf_tx *tx, struct hf_api_call *c, bool *found, unsigned *status, struct hf_err *err)
{
	struct hf_answer answer;
	bool ok;

	hf_answer_init(&answer);
	ok = hf_operation_find(tx, &c->call, c->at, found, &answer, err);
	if (ok && *found) {
		hf_buf_reset(&c->ex->answer);
		(void)hf_buf_put_bytes(&c->ex->answer, hf_buf_bytes(&answer.body));
		*status = (unsigned)answer.status;
	}
	hf_answer_clear(&answer);
	return ok;
}

bool hf_api_done(struct hf_tx *tx, struct hf_api_call *c, const struct hf_api_done *done, struct hf_err *err)
{
	struct hf_audit_record record;

	if (!hf_buf_ok(done->answer))
		return hf_fail(err, HF_E_LIMIT, "the answer is longer than %zu octets: ask for less at once",
			done->answer->max);
	hf_api_record(c, &record);
	record.object = hf_bytes_str(done->object);
	record.text = hf_bytes_str(done->text);
	record.serial = done->serial;
	if (!hf_audit_add(done->audit, &record, err))
		return false;
	return hf_operation_remember(tx, &c->call, (int)done->status, hf_buf_bytes(done->answer), err);
}

bool hf_api_append(struct hf_tx *tx, const struct hf_api *api, const struct hf_journal_batch *batch, struct hf_err *err)
{
	const struct hf_journal journal = {api->service, HF_AUDIT_NAME};

	return batch->num == 0 || hf_journal_append(tx, &journal, hf_now(api->clock), batch, NULL, err);
}

/* ---- whole routes ---------------------------------------------------------------------------------------------- */

struct writing {
	struct hf_api_call *c;
	bool (*act)(struct hf_tx *tx, struct hf_api_call *c, struct hf_api_done *done, void *ctx, struct hf_err *err);
	void *ctx;
	struct hf_api_done done;
	struct hf_journal_batch audit;
	unsigned status;
};

static bool write_tx(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct writing *w = ctx;
	struct hf_api_call *c = w->c;
	bool found = false;

	hf_buf_reset(&c->ex->answer);
	hf_journal_batch_reset(&w->audit);
	w->done = (struct hf_api_done){
		.answer = &c->ex->answer, .audit = &w->audit, .status = 200, .type = "application/json"};
	if (c->rule->kind == HF_API_WRITE && !hf_api_find(tx, c, &found, &w->status, err))
		return false;
	if (found)
		return true;
	if (!w->act(tx, c, &w->done, w->ctx, err))
		return false;
	w->status = w->done.status;
	if (c->rule->kind == HF_API_WRITE && !hf_api_done(tx, c, &w->done, err))
		return false;
	return hf_api_append(tx, c->api, &w->audit, err);
}

void hf_api_write(struct hf_api_call *c,
	bool (*act)(struct hf_tx *tx, struct hf_api_call *c, struct hf_api_done *done, void *ctx, struct hf_err *err),
	void *ctx)
{
	struct writing w = {.c = c, .act = act, .ctx = ctx};
	char object[sizeof(w.done.object)];
	struct hf_err err = {0};
	bool ok;

	hf_journal_batch_init(&w.audit);
	ok = hf_store_write(c->api->store, write_tx, &w, &err);
	if (ok) {
		hf_exchange_done(c->ex, w.status, w.done.type);
	} else {
		hf_fmt_cut(object, sizeof(object), "%s", w.done.object);
		hf_api_refuse(c, object[0] ? object : NULL, &err);
	}
	hf_journal_batch_clear(&w.audit);
}

struct reading {
	struct hf_api_call *c;
	bool (*fn)(struct hf_tx *tx, struct hf_api_call *c, struct hf_buf *answer, void *ctx, struct hf_err *err);
	void *ctx;
};

static bool read_tx(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct reading *r = ctx;

	hf_buf_reset(&r->c->ex->answer);
	return r->fn(tx, r->c, &r->c->ex->answer, r->ctx, err);
}

void hf_api_read(struct hf_api_call *c,
	bool (*fn)(struct hf_tx *tx, struct hf_api_call *c, struct hf_buf *answer, void *ctx, struct hf_err *err),
	void *ctx)
{
	struct reading r = {c, fn, ctx};
	struct hf_err err = {0};

	/* a read that finds nothing is no refusal of authority: it is answered, not audited */
	if (hf_store_read(c->api->store, read_tx, &r, &err))
		hf_exchange_done(c->ex, 200, "application/json");
	else
		hf_exchange_refuse_err(c->ex, &err);
}

bool hf_api_query_i64(const struct hf_exchange *ex, const char *name, int64_t min, int64_t max, int64_t dflt,
	int64_t *out, struct hf_err *err)
{
	const char *text = hf_exchange_query(ex, name);

	*out = dflt;
	return !text || hf_parse_i64(text, min, max, out) ||
	       hf_fail(err, HF_E_INPUT, "query parameter %s: expected a whole number from %lld to %lld", name,
		       (long long)min, (long long)max);
}
