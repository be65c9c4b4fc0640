/*
 * hufu request add|list|show|review|produce (import: hufu_import.c)
 */
#include "api/json.h"
#include "base/alloc.h"
#include "base/str.h"
#include "cmd/hufu_int.h"
#include "cmd/produce.h"
#include "cmd/request_int.h"
#include "cmd/show.h"

#include <stdlib.h>
#include <string.h>

/* ---- add -------------------------------------------------------------------------------------------------------- */

/* clang-format off */
const struct hf_option hf_request_add_options[] = {
	{"template", "person|organization|device", HF_MSG_OPT_FIELD},
	{"common-name", "TEXT", HF_MSG_OPT_FIELD},
	{"id-type", "resident|passport|uscc", HF_MSG_OPT_FIELD},
	{"id-number", "TEXT", HF_MSG_OPT_FIELD},
	{"organization", "TEXT", HF_MSG_OPT_FIELD},
	{"organizational-unit", "TEXT", HF_MSG_OPT_FIELD},
	{"state", "TEXT", HF_MSG_OPT_FIELD},
	{"locality", "TEXT", HF_MSG_OPT_FIELD},
	{"uscc", "TEXT", HF_MSG_OPT_FIELD},
	{"email", "TEXT", HF_MSG_OPT_FIELD},
	{"phone", "TEXT", HF_MSG_OPT_FIELD},
	{"validity-days", "N", HF_MSG_OPT_FIELD},
	{"key-algorithm", "SM2", HF_MSG_OPT_FIELD},
	{"from", "FILE", HF_MSG_OPT_FIELDS_JSON},
	{NULL, NULL, HF_MSG_OPT_FIELD},
};
/* clang-format on */

void hf_request_field_name(const char *option, char out[HF_REQUEST_FIELD_MAX])
{
	hf_fmt_cut(out, HF_REQUEST_FIELD_MAX, "%s", option);
	for (char *p = out; *p; p++)
		if (*p == '-')
			*p = '_';
}

static bool put_fields(const struct hf_cmd *cmd, struct hf_buf *body, struct hf_err *err)
{
	char name[HF_REQUEST_FIELD_MAX];
	struct hf_json_writer w;
	int64_t days;

	hf_json_writer_init(&w, body);
	hf_json_write_object(&w, NULL);
	for (const struct hf_option *o = hf_request_add_options; strcmp(o->name, "from") != 0; o++) {
		const char *value = hf_cmd_opt(cmd, o->name);

		hf_request_field_name(o->name, name);
		if (!value && strcmp(name, "key_algorithm") == 0)
			value = "SM2";
		if (strcmp(name, "validity_days") == 0) {
			if (!hf_cmd_opt_i64(cmd, o->name, INT64_MIN, INT64_MAX, 365, &days, err))
				return false;
			hf_json_write_i64(&w, name, days);
		} else if (value) {
			hf_json_write_str(&w, name, value);
		}
	}
	hf_json_write_end(&w);
	return hf_buf_ok(body) ||
	       hf_fail(err, HF_E_LIMIT, "the applicant's data are longer than %zu octets", body->max);
}

int hf_cmd_request_add(struct hf_cmd *cmd, int argc, char **argv)
{
	const char *from = hf_cmd_opt(cmd, "from");
	struct hf_client client;
	struct hf_buf body, answer;
	struct hf_json doc = {0};
	struct hf_err err = {0};
	const char *id;
	bool ok;

	(void)argc, (void)argv;
	hf_buf_init(&body, 16384);
	hf_buf_init(&answer, 65536);
	ok = hf_cmd_client(cmd, &client, HF_OPERATOR_ENTRY, &err) &&
	     (from ? hf_load_file(from, &body, &err) : put_fields(cmd, &body, &err));
	const struct hf_client_ask ask = {
		.service = "ra", .method = "POST", .path = "/v1/requests", .body = hf_buf_bytes(&body)};
	ok = ok && hf_client_call(&client, &ask, &answer, &err) && hf_json_parse(hf_buf_bytes(&answer), &doc, &err) &&
	     hf_json_str(&doc, "id", 64, &id, &err);
	if (ok && cmd->json)
		ok = hf_buf_put_u8(&answer, '\n') && hf_cmd_print(&answer, &err);
	else if (ok)
		hf_cmd_say(cmd, HF_MSG_ENTERED, id);
	hf_json_free(&doc);
	hf_buf_clear(&answer);
	hf_buf_clear(&body);
	hf_client_close(&client);
	return ok ? HF_EXIT_OK : hf_cmd_fail(cmd, &err);
}

/* ---- list, show ------------------------------------------------------------------------------------------------- */

/* clang-format off */
static const struct hf_column columns[] = {
	{"id", HF_COLUMN_TEXT, HF_MSG_COL_ID, true},
	{"state", HF_COLUMN_TEXT, HF_MSG_COL_STATE, true},
	{"applicant.template", HF_COLUMN_TEXT, HF_MSG_COL_TEMPLATE, true},
	{"applicant.common_name", HF_COLUMN_TEXT, HF_MSG_COL_NAME, true},
	{"applicant.organization", HF_COLUMN_TEXT, HF_MSG_COL_ORGANIZATION, true},
	{"entered_at", HF_COLUMN_TIME, HF_MSG_COL_ENTERED, true},
	{"batch", HF_COLUMN_TEXT, HF_MSG_COL_BATCH, false},
	{"row", HF_COLUMN_NUMBER, HF_MSG_ROW, false},
	{"applicant.id_type", HF_COLUMN_TEXT, HF_MSG_COL_TEXT, false},
	{"applicant.id_number", HF_COLUMN_TEXT, HF_MSG_COL_TEXT, false},
	{"applicant.organizational_unit", HF_COLUMN_TEXT, HF_MSG_COL_TEXT, false},
	{"applicant.state", HF_COLUMN_TEXT, HF_MSG_COL_TEXT, false},
	{"applicant.locality", HF_COLUMN_TEXT, HF_MSG_COL_TEXT, false},
	{"applicant.uscc", HF_COLUMN_TEXT, HF_MSG_COL_TEXT, false},
	{"applicant.email", HF_COLUMN_TEXT, HF_MSG_COL_TEXT, false},
	{"applicant.phone", HF_COLUMN_TEXT, HF_MSG_COL_TEXT, false},
	{"applicant.validity_days", HF_COLUMN_NUMBER, HF_MSG_COL_TEXT, false},
	{"applicant.key_algorithm", HF_COLUMN_TEXT, HF_MSG_COL_TEXT, false},
	{"entered_by", HF_COLUMN_TEXT, HF_MSG_COL_ENTERED_BY, false},
	{"reviewed_by", HF_COLUMN_TEXT, HF_MSG_COL_TEXT, false},
	{"reason", HF_COLUMN_TEXT, HF_MSG_REASON, false},
	{"claimed_by", HF_COLUMN_TEXT, HF_MSG_COL_TEXT, false},
	{"sign_serial", HF_COLUMN_TEXT, HF_MSG_COL_SERIAL, false},
	{"enc_serial", HF_COLUMN_TEXT, HF_MSG_COL_SERIAL, false},
	{"issued_at", HF_COLUMN_TIME, HF_MSG_COL_AT, false},
	{"not_after", HF_COLUMN_TIME, HF_MSG_COL_NOT_AFTER, false},
	{"token", HF_COLUMN_TEXT, HF_MSG_COL_TEXT, false},
	{"installed_at", HF_COLUMN_TIME, HF_MSG_COL_AT, false},
	{"changed_at", HF_COLUMN_TIME, HF_MSG_COL_AT, false},
};
/* clang-format on */
#define NUM_COLUMNS (sizeof(columns) / sizeof(columns[0]))

int hf_cmd_request_list(struct hf_cmd *cmd, int argc, char **argv)
{
	static const struct hf_filter filters[] = {{"state", "state"}, {"batch", "batch"}, {NULL, NULL}};
	const struct hf_listing listing = {.service = "ra",
		.path = "/v1/requests",
		.filters = filters,
		.array = "requests",
		.next = "next",
		.columns = columns,
		.num_columns = NUM_COLUMNS,
		.operator_id = HF_OPERATOR_ENTRY};

	(void)argc, (void)argv;
	return hf_show_listing(cmd, &listing);
}

int hf_cmd_request_show(struct hf_cmd *cmd, int argc, char **argv)
{
	char path[HF_CLIENT_PATH_MAX];
	const struct hf_client_ask ask = {.service = "ra", .method = "GET", .path = path};
	struct hf_client client = {0};
	struct hf_err err = {0};
	struct hf_buf answer;
	bool ok;

	(void)argc;
	hf_buf_init(&answer, 1 << 20);
	ok = (hf_request_id_ok(argv[0]) || hf_fail(&err, HF_E_INPUT, "%.64s is not an application's id", argv[0])) &&
	     hf_fmt(path, sizeof(path), "/v1/requests/%s", argv[0]) &&
	     hf_cmd_client(cmd, &client, HF_OPERATOR_ENTRY, &err) && hf_client_call(&client, &ask, &answer, &err) &&
	     hf_show_object(cmd, hf_buf_bytes(&answer), columns, NUM_COLUMNS, &err);
	hf_buf_clear(&answer);
	hf_client_close(&client);
	return ok ? HF_EXIT_OK : hf_cmd_fail(cmd, &err);
}

/* ---- review ----------------------------------------------------------------------------------------------------- */

bool hf_request_id_ok(const char *id)
{
	const size_t len = strlen(id);

	return len > 0 && len < HF_PRODUCE_ID_MAX &&
	       strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

static bool read_review(struct hf_bytes answer, struct hf_request_review *review, struct hf_err *err)
{
	struct hf_json doc, list, one;
	const char *id, *text;
	size_t num = 0;
	bool ok;

	if (!hf_json_parse(answer, &doc, err))
		return false;
	ok = hf_json_array_opt(&doc, "done", SIZE_MAX, &list, &num, err);
	review->done += ok ? num : 0;
	ok = ok && hf_json_array_opt(&doc, "refused", SIZE_MAX, &list, &num, err);
	for (size_t i = 0; ok && i < num; i++) {
		hf_json_at(&list, i, &one);
		ok = hf_json_str(&one, "id", 64, &id, err) && hf_json_text_opt(&one, "text", 1024, &text, err);
		if (ok && review->refused)
			review->refused(review->ctx, id, text ? text : "");
		review->num_refused++;
	}
	hf_json_free(&doc);
	return ok;
}

bool hf_request_review(struct hf_client *client, struct hf_request_review *review, const char *const *ids, size_t num,
	struct hf_err *err)
{
	struct hf_buf body, answer;
	bool ok = true;

	hf_buf_init(&body, 1 << 20);
	hf_buf_init(&answer, 8 << 20);
	for (size_t at = 0; ok && at < num; at += HF_REVIEW_MAX) {
		struct hf_json_writer w;

		hf_buf_reset(&body);
		hf_json_writer_init(&w, &body);
		hf_json_write_object(&w, NULL);
		hf_json_write_str(&w, "decision", review->reject ? "reject" : "approve");
		if (review->reason)
			hf_json_write_str(&w, "reason", review->reason);
		hf_json_write_array(&w, "requests");
		for (size_t i = at; i < num && i < at + HF_REVIEW_MAX; i++)
			hf_json_write_str(&w, NULL, ids[i]);
		hf_json_write_end(&w);
		hf_json_write_end(&w);
		const struct hf_client_ask ask = {
			.service = "ra", .method = "POST", .path = "/v1/review", .body = hf_buf_bytes(&body)};
		ok = hf_client_call(client, &ask, &answer, err) && read_review(hf_buf_bytes(&answer), review, err);
	}
	hf_buf_clear(&answer);
	hf_buf_clear(&body);
	return ok;
}

struct review_out {
	const struct hf_cmd *cmd;
	struct hf_json_writer w;
};

static void note_refused(void *ctx, const char *id, const char *text)
{
	struct review_out *out = ctx;

	if (!out->cmd->json) {
		hf_cmd_note(out->cmd, HF_MSG_PRODUCE_FAILED, id, text);
		return;
	}
	hf_json_write_object(&out->w, NULL);
	hf_json_write_str(&out->w, "id", id);
	hf_json_write_str(&out->w, "text", text);
	hf_json_write_end(&out->w);
}

static bool end_review(
	struct review_out *out, struct hf_buf *json, const struct hf_request_review *review, struct hf_err *err)
{
	if (!out->cmd->json) {
		hf_cmd_say(out->cmd, review->reject ? HF_MSG_REJECTED : HF_MSG_REVIEWED, review->done,
			review->num_refused);
		return true;
	}
	hf_json_write_end(&out->w);
	hf_json_write_i64(&out->w, "done", (int64_t)review->done);
	hf_json_write_end(&out->w);
	return hf_buf_put_u8(json, '\n') && hf_cmd_print(json, err);
}

int hf_cmd_request_review(struct hf_cmd *cmd, int argc, char **argv)
{
	struct review_out out = {.cmd = cmd};
	struct hf_request_review review = {
		.reject = hf_cmd_opt(cmd, "reject") != NULL,
		.reason = hf_cmd_opt(cmd, "reason"),
		.refused = note_refused,
		.ctx = &out,
	};
	struct hf_client client = {0};
	struct hf_err err = {0};
	struct hf_buf json;
	bool ok;

	if (review.reject && !review.reason) {
		hf_fail(&err, HF_E_INPUT, "--reject needs --reason TEXT: the applicant is told why");
		return hf_cmd_misuse(cmd, &err);
	}
	hf_buf_init(&json, 8 << 20);
	hf_json_writer_init(&out.w, &json);
	hf_json_write_object(&out.w, NULL);
	hf_json_write_array(&out.w, "refused");
	ok = hf_cmd_client(cmd, &client, HF_OPERATOR_REVIEW, &err) &&
	     hf_request_review(&client, &review, (const char *const *)argv, (size_t)argc, &err) &&
	     end_review(&out, &json, &review, &err);
	hf_client_close(&client);
	hf_buf_clear(&json);
	if (!ok)
		return hf_cmd_fail(cmd, &err);
	return review.num_refused ? HF_EXIT_REFUSED : HF_EXIT_OK;
}

/* ---- produce ---------------------------------------------------------------------------------------------------- */

void hf_request_put_results(struct hf_json_writer *w, const char *name, const struct hf_produce_result *results,
	size_t num, bool failed_only)
{
	hf_json_write_array(w, name);
	for (size_t i = 0; i < num; i++) {
		const struct hf_produce_result *r = &results[i];

		if (failed_only && r->installed)
			continue;
		hf_json_write_object(w, NULL);
		hf_json_write_str(w, "id", r->id);
		hf_json_write_bool(w, "issued", r->issued);
		hf_json_write_bool(w, "installed", r->installed);
		hf_json_write_str(w, "sign_serial", r->sign_serial[0] ? r->sign_serial : NULL);
		hf_json_write_str(w, "enc_serial", r->enc_serial[0] ? r->enc_serial : NULL);
		hf_json_write_str(w, "token", r->device[0] ? r->device : NULL);
		hf_json_write_i64(w, "issue_us", r->issue_us);
		if (r->err.code != HF_OK) {
			hf_json_write_str(w, "error", hf_code_name(r->err.code));
			hf_json_write_str(w, "text", r->err.text);
		}
		hf_json_write_end(w);
	}
	hf_json_write_end(w);
}

double hf_request_rate(size_t num, int64_t elapsed_us)
{
	return elapsed_us > 0 ? (double)num * 1e6 / (double)elapsed_us : 0;
}

void hf_request_say_results(
	const struct hf_cmd *cmd, const struct hf_produce_result *results, size_t num, const struct hf_produce_sum *sum)
{
	for (size_t i = 0; i < num; i++)
		if (!results[i].installed)
			hf_cmd_note(cmd, HF_MSG_PRODUCE_FAILED, results[i].id, results[i].err.text);
	hf_cmd_say(cmd, HF_MSG_PRODUCE_SUM, sum->issued, sum->installed, sum->failed, (double)sum->elapsed_us / 1e6,
		hf_request_rate(sum->issued, sum->elapsed_us));
}

static bool token_pin(const struct hf_cmd *cmd, const char *device, char pin[HF_DESK_PIN_MAX], struct hf_err *err)
{
	const char *file = hf_cmd_opt(cmd, "token-pin");
	char prompt[128];
	struct hf_buf text;
	bool ok;

	if (!file) {
		hf_fmt_cut(prompt, sizeof(prompt), hf_cmd_text(cmd, HF_MSG_PIN_PROMPT), device);
		return hf_desk_ask_pin(prompt, pin, err);
	}
	hf_buf_init_secret(&text, HF_DESK_PIN_MAX + 1);
	ok = hf_file_read(file, &text, err);
	if (ok) {
		const char *line = hf_buf_cstr(&text);

		hf_fmt_cut(pin, HF_DESK_PIN_MAX, "%.*s", line ? (int)strcspn(line, "\r\n") : 0, line ? line : "");
	}
	hf_buf_clear(&text);
	return ok;
}

/* --token: the subject's own token, which is at the workstation already. */
static bool own_token(const struct hf_cmd *cmd, struct hf_client *client, struct hf_produce *how, struct hf_err *err)
{
	const char *application = hf_cmd_opt(cmd, "application"), *container = hf_cmd_opt(cmd, "container");
	char pin[HF_DESK_PIN_MAX];
	bool ok;

	how->token_device = hf_cmd_opt(cmd, "token");
	if (!how->token_device)
		return true;
	how->container = container ? container : HF_DESK_SUBJECT;
	ok = hf_client_desk(client, err) && token_pin(cmd, how->token_device, pin, err) &&
	     hf_token_open(client->desk.lib, how->token_device, application ? application : HF_DESK_APPLICATION,
		     hf_bytes_str(pin), &how->token, err);
	hf_wipe(pin, sizeof(pin));
	return ok;
}

static bool say_produced(const struct hf_cmd *cmd, const struct hf_produce_result *results, size_t num,
	const struct hf_produce_sum *sum, struct hf_err *err)
{
	struct hf_json_writer w;
	struct hf_buf json;
	bool ok;

	if (!cmd->json) {
		hf_request_say_results(cmd, results, num, sum);
		return true;
	}
	hf_buf_init(&json, 64 << 20);
	hf_json_writer_init(&w, &json);
	hf_json_write_object(&w, NULL);
	hf_request_put_results(&w, "requests", results, num, false);
	hf_json_write_end(&w);
	ok = hf_buf_put_u8(&json, '\n') && hf_cmd_print(&json, err);
	hf_buf_clear(&json);
	return ok;
}

int hf_cmd_request_produce(struct hf_cmd *cmd, int argc, char **argv)
{
	struct hf_produce_result *results = hf_alloc((size_t)argc, sizeof(*results));
	struct hf_produce how = {.progress = hf_request_progress, .ctx = cmd};
	struct hf_produce_sum sum = {0};
	struct hf_client client = {0};
	struct hf_err err = {0};
	int64_t jobs;
	bool ok;

	if (!hf_cmd_opt_i64(cmd, "jobs", 1, HF_PRODUCE_JOBS_MAX, HF_PRODUCE_JOBS, &jobs, &err)) {
		free(results);
		return hf_cmd_misuse(cmd, &err);
	}
	how.jobs = (size_t)jobs;
	ok = hf_cmd_client(cmd, &client, HF_OPERATOR_PRODUCE, &err) && own_token(cmd, &client, &how, &err) &&
	     hf_produce(&client, &how, (const char *const *)argv, (size_t)argc, results, &sum, &err) &&
	     say_produced(cmd, results, (size_t)argc, &sum, &err);
	hf_token_close(how.token);
	hf_client_close(&client);
	free(results);
	if (!ok)
		return hf_cmd_fail(cmd, &err);
	return sum.failed ? HF_EXIT_REFUSED : HF_EXIT_OK;
}
