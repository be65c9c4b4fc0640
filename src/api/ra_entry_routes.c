#include "api/ra_routes_int.h"

#include "base/alloc.h"
#include "base/str.h"
#include "ra/batch.h"

#include <stdlib.h>
#include <string.h>

/* ---- a file ---------------------------------------------------------------------------------------------------- */

struct batch_work {
	const char *id;
	struct hf_batch_file file;
};

static void put_request(void *ctx, const char *id)
{
	hf_json_write_str(ctx, NULL, id);
}

static void put_refusal(void *ctx, const struct hf_batch_refusal *refusal)
{
	struct hf_json_writer *w = ctx;

	hf_json_write_object(w, NULL);
	hf_json_write_i64(w, "row", refusal->row);
	hf_json_write_i64(w, "line", refusal->line);
	hf_json_write_str(w, "field", refusal->field);
	hf_json_write_str(w, "reason", refusal->reason);
	hf_json_write_end(w);
}

static void put_lines(struct hf_json_writer *w, const char *name, struct hf_bytes lines)
{
	hf_json_write_array(w, name);
	while (lines.len > 0) {
		const uint8_t *end = memchr(lines.p, '\n', lines.len);
		const size_t len = end ? (size_t)(end - lines.p) : lines.len;

		hf_json_write_text(w, NULL, (struct hf_bytes){lines.p, len});
		lines.p += len + (end ? 1 : 0);
		lines.len -= len + (end ? 1 : 0);
	}
	hf_json_write_end(w);
}

/* The answer is what the database has: the same for the first call and for every later one. */
static bool put_outcome(struct hf_tx *tx, const char *id, struct hf_api_done *done, struct hf_err *err)
{
	struct hf_batch_outcome outcome = {0};
	struct hf_json_writer w;
	bool ok;

	hf_buf_init(&outcome.ignored, 65536);
	hf_json_writer_init(&w, done->answer);
	ok = hf_batch_outcome(tx, id, &outcome, err);
	if (ok) {
		hf_json_write_object(&w, NULL);
		hf_json_write_str(&w, "batch", id);
		hf_json_write_i64(&w, "rows", outcome.num_rows);
		hf_json_write_i64(&w, "accepted", outcome.num_accepted);
		hf_json_write_array(&w, "requests");
		ok = hf_batch_requests(tx, id, put_request, &w, err);
		hf_json_write_end(&w);
		hf_json_write_array(&w, "refused");
		ok = ok && hf_batch_refusals(tx, id, put_refusal, &w, err);
		hf_json_write_end(&w);
		put_lines(&w, "ignored_columns", hf_buf_bytes(&outcome.ignored));
		hf_json_write_end(&w);
		hf_fmt_cut(done->text, sizeof(done->text), "%lld rows, %lld accepted, %lld refused",
			(long long)outcome.num_rows, (long long)outcome.num_accepted,
			(long long)(outcome.num_rows - outcome.num_accepted));
	}
	hf_buf_clear(&outcome.ignored);
	return ok;
}

static bool batch_act(struct hf_tx *tx, struct hf_api_call *c, struct hf_api_done *done, void *ctx, struct hf_err *err)
{
	const struct batch_work *work = ctx;
	const struct hf_ra_actor actor = hf_ra_actor_of(c, done);
	bool found;

	hf_fmt_cut(done->object, sizeof(done->object), "batch/%s", work->id);
	if (!hf_batch_find(tx, work->id, work->file.hash, &found, err))
		return false;
	return (found || hf_batch_put(tx, &actor, work->id, &work->file, err)) && put_outcome(tx, work->id, done, err);
}

static void serve_batch(struct hf_api *api, struct hf_exchange *ex)
{
	struct batch_work work = {.id = hf_exchange_param(ex, "batch")};
	struct hf_api_call c;
	struct hf_err err = {0};

	if (!hf_api_check(&c, api, ex))
		return;
	if (!hf_exchange_is_type(ex, "text/csv"))
		(void)hf_fail(&err, HF_E_INPUT, "Content-Type: expected text/csv");
	else if (hf_batch_id_check(work.id, &err) &&
		 hf_batch_read(api->role, hf_buf_bytes(&ex->body), &work.file, &err))
		hf_api_write(&c, batch_act, &work);
	if (err.code != HF_OK)
		hf_api_refuse(&c, NULL, &err);
	hf_batch_clear(&work.file);
}

void hf_ra_serve_batch(void *api, struct hf_exchange *const *list, size_t num)
{
	for (size_t i = 0; i < num; i++)
		serve_batch(api, list[i]);
}

/* ---- one applicant --------------------------------------------------------------------------------------------- */

static bool enter_act(struct hf_tx *tx, struct hf_api_call *c, struct hf_api_done *done, void *ctx, struct hf_err *err)
{
	const struct hf_ra_actor actor = hf_ra_actor_of(c, done);
	char id[HF_APP_ID_LEN + 1];
	struct hf_json_writer w;

	if (!hf_ra_enter(tx, &actor, ctx, id, err))
		return false;
	hf_fmt_cut(done->object, sizeof(done->object), "request/%s", id);
	hf_json_writer_init(&w, done->answer);
	hf_json_write_object(&w, NULL);
	hf_json_write_str(&w, "id", id);
	hf_json_write_str(&w, "state", hf_application_state_name(HF_APP_ENTERED));
	hf_json_write_end(&w);
	return true;
}

/* Numbers are texts in a CSV; in JSON validity_days is a number. */
static bool read_field(const struct hf_json *doc, enum hf_applicant_field field, struct hf_applicant *a,
	struct hf_problem *problem, struct hf_err *err)
{
	const char *name = hf_applicant_field_name(field);
	const char *text = NULL;
	char digits[24];
	int64_t v = 0;

	if (field == HF_APPLICANT_VALIDITY_DAYS && hf_json_has(doc, name)) {
		if (!hf_json_i64(doc, name, INT64_MIN, INT64_MAX, &v, err))
			return false;
		hf_fmt_cut(digits, sizeof(digits), "%lld", (long long)v);
		text = digits;
	} else if (!hf_json_text_opt(doc, name, 4096, &text, err)) {
		return false;
	}
	return hf_applicant_set(a, field, hf_bytes_str(text ? text : ""), problem) ||
	       hf_fail(err, HF_E_INPUT, "%s: %s", problem->field, problem->reason);
}

static bool read_applicant(const struct hf_ra *ra, struct hf_bytes body, struct hf_applicant *a, struct hf_err *err)
{
	const char *names[HF_APPLICANT_NUM_FIELDS + 1] = {NULL};
	struct hf_problem problem;
	struct hf_json doc;
	bool ok;

	for (int i = 0; i < HF_APPLICANT_NUM_FIELDS; i++)
		names[i] = hf_applicant_field_name((enum hf_applicant_field)i);
	ok = hf_json_parse(body, &doc, err) && hf_json_only(&doc, names, err);
	for (int i = 0; ok && i < HF_APPLICANT_NUM_FIELDS; i++)
		ok = read_field(&doc, (enum hf_applicant_field)i, a, &problem, err);
	if (ok && !hf_applicant_check(a, ra->max_days, hf_now(ra->clock), &problem))
		ok = hf_fail(err, HF_E_INPUT, "%s: %s", problem.field, problem.reason);
	hf_json_free(&doc);
	return ok;
}

void hf_ra_serve_enter(void *api, struct hf_exchange *const *list, size_t num)
{
	for (size_t i = 0; i < num; i++) {
		struct hf_applicant a = {0};
		struct hf_api_call c;
		struct hf_err err = {0};

		if (!hf_api_check(&c, api, list[i]))
			continue;
		if (read_applicant(c.api->role, hf_buf_bytes(&list[i]->body), &a, &err))
			hf_api_write(&c, enter_act, &a);
		else
			hf_api_refuse(&c, NULL, &err);
	}
}

/* ---- listing --------------------------------------------------------------------------------------------------- */

static void put_time(struct hf_json_writer *w, const char *name, int64_t at)
{
	if (at > 0)
		hf_json_write_time(w, name, at);
}

static void put_text(struct hf_json_writer *w, const char *name, const char *text)
{
	if (*text)
		hf_json_write_str(w, name, text);
}

static bool put_application(void *ctx, const struct hf_application *app, struct hf_err *err)
{
	struct hf_json_writer *w = ctx;

	hf_json_write_object(w, NULL);
	hf_json_write_str(w, "id", app->id);
	hf_json_write_str(w, "state", hf_application_state_name(app->state));
	put_text(w, "batch", app->batch);
	if (app->row > 0)
		hf_json_write_i64(w, "row", app->row);
	hf_json_write_object(w, "applicant");
	for (int i = 0; i < HF_APPLICANT_NUM_FIELDS; i++) {
		const enum hf_applicant_field field = (enum hf_applicant_field)i;

		if (field == HF_APPLICANT_VALIDITY_DAYS)
			hf_json_write_i64(w, hf_applicant_field_name(field), app->applicant.days);
		else
			put_text(w, hf_applicant_field_name(field), hf_applicant_get(&app->applicant, field));
	}
	hf_json_write_end(w);
	put_text(w, "entered_by", app->entered_by);
	put_time(w, "entered_at", app->entered_at);
	put_text(w, "reviewed_by", app->reviewed_by);
	put_text(w, "reason", app->reason);
	put_text(w, "claimed_by", app->claimed_by);
	put_text(w, "sign_serial", app->sign_serial);
	put_text(w, "enc_serial", app->enc_serial);
	put_time(w, "issued_at", app->issued_at);
	put_time(w, "not_after", app->not_after);
	put_text(w, "token", app->token);
	put_time(w, "installed_at", app->installed_at);
	put_time(w, "changed_at", app->changed_at);
	hf_json_write_end(w);
	return hf_buf_ok(w->out) || hf_fail(err, HF_E_LIMIT, "the answer is too long: ask for fewer");
}

struct listing {
	struct hf_json_writer w;
	struct hf_application_filter filter;
	int64_t num;
	char last[HF_APP_ID_LEN + 1];
};

static bool put_listed(void *ctx, const struct hf_application *app, struct hf_err *err)
{
	struct listing *l = ctx;

	l->num++;
	memcpy(l->last, app->id, sizeof(l->last));
	return put_application(&l->w, app, err);
}

static bool list_read(struct hf_tx *tx, struct hf_api_call *c, struct hf_buf *answer, void *ctx, struct hf_err *err)
{
	struct listing *l = ctx;

	(void)c;
	l->num = 0;
	hf_json_writer_init(&l->w, answer);
	hf_json_write_object(&l->w, NULL);
	hf_json_write_array(&l->w, "requests");
	if (!hf_application_list(tx, &l->filter, put_listed, l, err))
		return false;
	hf_json_write_end(&l->w);
	/* a full page: there may be more behind it */
	hf_json_write_str(&l->w, "next", l->num == l->filter.limit ? l->last : NULL);
	hf_json_write_end(&l->w);
	return true;
}

static bool read_filter(const struct hf_exchange *ex, struct hf_application_filter *filter, struct hf_err *err)
{
	const char *state = hf_exchange_query(ex, "state");
	const char *batch = hf_exchange_query(ex, "batch");
	const char *after = hf_exchange_query(ex, "after");
	enum hf_application_state known;

	*filter = (struct hf_application_filter){state ? state : "", batch ? batch : "", after ? after : "", 0};
	return (!state || hf_application_state_named(state, &known, err)) &&
	       hf_api_query_i64(ex, "limit", 1, 10000, 100, &filter->limit, err);
}

void hf_ra_serve_list(void *api, struct hf_exchange *const *list, size_t num)
{
	for (size_t i = 0; i < num; i++) {
		struct listing l = {0};
		struct hf_api_call c;
		struct hf_err err = {0};

		if (!hf_api_check(&c, api, list[i]))
			continue;
		if (read_filter(list[i], &l.filter, &err))
			hf_api_read(&c, list_read, &l);
		else
			hf_exchange_refuse_err(list[i], &err);
	}
}

static bool show_read(struct hf_tx *tx, struct hf_api_call *c, struct hf_buf *answer, void *ctx, struct hf_err *err)
{
	struct hf_application app;
	struct hf_json_writer w;

	(void)ctx;
	hf_json_writer_init(&w, answer);
	return hf_application_load(tx, hf_exchange_param(c->ex, "id"), &app, err) && put_application(&w, &app, err);
}

void hf_ra_serve_show(void *api, struct hf_exchange *const *list, size_t num)
{
	for (size_t i = 0; i < num; i++) {
		struct hf_api_call c;

		if (hf_api_check(&c, api, list[i]))
			hf_api_read(&c, show_read, NULL);
	}
}
