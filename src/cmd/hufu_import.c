/*
 * hufu request import: a file of applicants, from rows to certificates in tokens.
 *
 *     POST the file as one batch ─► what is in which state? ─► review what is entered ─► produce what is not installed
 *
 * Killed at any moment, the same command goes on: the batch's id is the file's SM3 unless --batch says otherwise, the
 * RA answers a batch that it has with what it has, and each later step asks for the states first instead of trusting
 * its own memory. Operation ids are fresh in every run: within a run a lost answer is asked for again with the
 * identical call (client.h); across runs the states tell what was done, and an old id under a new time would be
 * refused.
 */
#include "api/json.h"
#include "base/alloc.h"
#include "base/hex.h"
#include "base/str.h"
#include "cmd/hufu_int.h"
#include "cmd/request_int.h"
#include "cmd/show.h"
#include "crypto/sm3.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_CAP       ((size_t)8 << 20)
#define BATCH_ID_MAX   65
#define PAGE           1000
#define PROGRESS_LINES 200

enum state { ENTERED, REJECTED, TO_PRODUCE, INSTALLED, OTHER };

struct applicant {
	char id[HF_PRODUCE_ID_MAX];
	enum state state;
};

struct import {
	struct hf_cmd *cmd;
	struct hf_client client;
	struct hf_buf file, answer;
	char batch[BATCH_ID_MAX];
	struct hf_json outcome; /* of the batch */
	int64_t rows;
	size_t accepted, refused;

	struct applicant *list;
	size_t num, cap;
	size_t installed_before;
	struct hf_request_review review;
	struct hf_produce_result *results;
	size_t num_results;
	struct hf_produce_sum sum;
};

void hf_request_progress(void *ctx, size_t done, size_t total, int64_t elapsed_us)
{
	const struct hf_cmd *cmd = ctx;
	const size_t step = total / PROGRESS_LINES + 1;

	if (cmd->json || !isatty(STDERR_FILENO) || (done < total && done % step != 0))
		return;
	fprintf(stderr, "\r\x1b[K");
	fprintf(stderr, hf_cmd_text(cmd, HF_MSG_PRODUCE_PROGRESS), done, total, hf_request_rate(done, elapsed_us));
	if (done == total)
		fputc('\n', stderr);
	(void)fflush(stderr);
}

/* ---- entering --------------------------------------------------------------------------------------------------- */

static bool read_file(struct import *im, const char *path, struct hf_err *err)
{
	const char *batch = hf_cmd_opt(im->cmd, "batch");
	uint8_t hash[HF_SM3_LEN];

	if (!hf_load_file(path, &im->file, err))
		return false;
	hf_sm3(hf_buf_bytes(&im->file), hash);
	hf_hex(HF_BYTES_OF(hash), im->batch);
	if (batch && (!hf_request_id_ok(batch) || !hf_fmt(im->batch, sizeof(im->batch), "%s", batch)))
		return hf_fail(err, HF_E_INPUT, "--batch: 1 to 64 of [A-Za-z0-9._-]");
	return true;
}

static bool enter(struct import *im, struct hf_err *err)
{
	char path[128];
	const struct hf_client_ask ask = {
		.service = "ra", .method = "POST", .path = path, .type = "text/csv", .body = hf_buf_bytes(&im->file)};
	struct hf_json list;
	int64_t accepted;

	hf_fmt_cut(path, sizeof(path), "/v1/batches/%s", im->batch);
	if (!hf_client_call(&im->client, &ask, &im->answer, err) ||
		!hf_json_parse(hf_buf_bytes(&im->answer), &im->outcome, err) ||
		!hf_json_i64(&im->outcome, "rows", 0, INT64_MAX, &im->rows, err) ||
		!hf_json_i64(&im->outcome, "accepted", 0, INT32_MAX, &accepted, err) ||
		!hf_json_array_opt(&im->outcome, "refused", SIZE_MAX, &list, &im->refused, err))
		return false;
	im->accepted = (size_t)accepted;
	return true;
}

static bool say_refused(struct import *im, struct hf_err *err)
{
	struct hf_table *table = hf_table_new(3);
	struct hf_json list, one;
	const char *field, *reason;
	struct hf_buf out;
	char number[24];
	size_t num = 0;
	int64_t row;
	bool ok = hf_json_array_opt(&im->outcome, "refused", SIZE_MAX, &list, &num, err);

	hf_table_cell(table, hf_cmd_text(im->cmd, HF_MSG_ROW));
	hf_table_cell(table, hf_cmd_text(im->cmd, HF_MSG_FIELD));
	hf_table_cell(table, hf_cmd_text(im->cmd, HF_MSG_REASON));
	for (size_t i = 0; ok && i < num; i++) {
		hf_json_at(&list, i, &one);
		ok = hf_json_i64(&one, "row", 0, INT64_MAX, &row, err) &&
		     hf_json_text_opt(&one, "field", 64, &field, err) &&
		     hf_json_text_opt(&one, "reason", 1024, &reason, err);
		if (!ok)
			break;
		hf_fmt_cut(number, sizeof(number), "%lld", (long long)row);
		hf_table_cell(table, number);
		hf_table_cell(table, field);
		hf_table_cell(table, reason);
	}
	hf_buf_init(&out, 64 << 20);
	if (ok && num > 0)
		hf_table_print(table, &out);
	ok = ok && hf_cmd_print(&out, err);
	hf_buf_clear(&out);
	hf_table_free(table);
	return ok;
}

/* ---- where they stand ------------------------------------------------------------------------------------------- */

static enum state state_of(const char *name)
{
	static const struct {
		const char *name;
		enum state state;
	} states[] = {{"entered", ENTERED}, {"rejected", REJECTED}, {"approved", TO_PRODUCE}, {"claimed", TO_PRODUCE},
		{"issued", TO_PRODUCE}, {"installed", INSTALLED}};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(states[i].name, name) == 0)
			return states[i].state;
	return OTHER;
}

static bool read_states(struct import *im, char after[HF_PRODUCE_ID_MAX], struct hf_err *err)
{
	struct hf_json doc, list, one;
	const char *id, *state, *next;
	size_t num = 0;
	bool ok;

	if (!hf_json_parse(hf_buf_bytes(&im->answer), &doc, err))
		return false;
	ok = hf_json_array_opt(&doc, "requests", SIZE_MAX, &list, &num, err);
	for (size_t i = 0; ok && i < num; i++) {
		hf_json_at(&list, i, &one);
		ok = hf_json_str(&one, "id", HF_PRODUCE_ID_MAX - 1, &id, err) &&
		     hf_json_str(&one, "state", 32, &state, err) &&
		     (hf_request_id_ok(id) || hf_json_refuse(&one, "id", err, HF_E_PEER, "no application's id"));
		if (!ok)
			break;
		if (im->num == im->cap) {
			im->cap = im->cap ? 2 * im->cap : PAGE;
			im->list = hf_resize(im->list, im->cap, sizeof(*im->list));
		}
		hf_fmt_cut(im->list[im->num].id, HF_PRODUCE_ID_MAX, "%s", id);
		im->list[im->num++].state = state_of(state);
	}
	ok = ok && hf_json_str_opt(&doc, "next", HF_PRODUCE_ID_MAX - 1, &next, err);
	hf_fmt_cut(after, HF_PRODUCE_ID_MAX, "%s", ok && next ? next : "");
	hf_json_free(&doc);
	return ok;
}

static bool list_states(struct import *im, struct hf_err *err)
{
	char after[HF_PRODUCE_ID_MAX] = "", path[256];
	const struct hf_client_ask ask = {.service = "ra", .method = "GET", .path = path};

	im->num = 0;
	do {
		hf_fmt_cut(path, sizeof(path), "/v1/requests?batch=%s&limit=%d%s%s", im->batch, PAGE,
			after[0] ? "&after=" : "", after);
		if (!hf_client_call(&im->client, &ask, &im->answer, err) || !read_states(im, after, err))
			return false;
	} while (after[0]);
	return true;
}

static size_t pick(const struct import *im, enum state state, const char **ids)
{
	size_t num = 0;

	for (size_t i = 0; i < im->num; i++)
		if (im->list[i].state == state)
			ids[num++] = im->list[i].id;
	return num;
}

/* ---- the two acts ----------------------------------------------------------------------------------------------- */

static const char *named(const struct hf_cmd *cmd, const char *option, const char *dflt)
{
	const char *name = hf_cmd_opt(cmd, option);

	return name ? name : dflt;
}

static void note_refused(void *ctx, const char *id, const char *text)
{
	const struct import *im = ctx;

	if (!im->cmd->json)
		hf_cmd_note(im->cmd, HF_MSG_PRODUCE_FAILED, id, text);
}

static bool review(struct import *im, struct hf_err *err)
{
	const char **ids = hf_alloc(im->num, sizeof(*ids));
	const size_t num = pick(im, ENTERED, ids);
	bool ok = true;

	im->review = (struct hf_request_review){.refused = note_refused, .ctx = im};
	if (num > 0)
		ok = hf_client_operator(&im->client, named(im->cmd, "reviewer", HF_OPERATOR_REVIEW), err) &&
		     hf_request_review(&im->client, &im->review, ids, num, err) && list_states(im, err);
	free(ids);
	if (ok && num > 0 && !im->cmd->json)
		hf_cmd_say(im->cmd, HF_MSG_REVIEWED, im->review.done, im->review.num_refused);
	return ok;
}

static bool produce(struct import *im, int64_t jobs, struct hf_err *err)
{
	const struct hf_produce how = {.jobs = (size_t)jobs, .progress = hf_request_progress, .ctx = im->cmd};
	const char **ids = hf_alloc(im->num, sizeof(*ids));
	bool ok;

	im->installed_before = pick(im, INSTALLED, ids);
	im->num_results = pick(im, TO_PRODUCE, ids);
	im->results = hf_alloc(im->num_results, sizeof(*im->results));
	if (im->installed_before > 0 && !im->cmd->json)
		hf_cmd_say(im->cmd, HF_MSG_PRODUCE_GOING_ON, im->installed_before, im->num, im->num_results);
	ok = im->num_results == 0 ||
	     (hf_client_operator(&im->client, named(im->cmd, "producer", HF_OPERATOR_PRODUCE), err) &&
		     hf_produce(&im->client, &how, ids, im->num_results, im->results, &im->sum, err));
	free(ids);
	if (ok && !im->cmd->json && im->num_results > 0)
		hf_request_say_results(im->cmd, im->results, im->num_results, &im->sum);
	return ok;
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

static bool put_refused(struct hf_json_writer *w, const struct hf_json *outcome, struct hf_err *err)
{
	struct hf_json list, one;
	const char *field, *reason;
	size_t num = 0;
	int64_t row;

	hf_json_write_array(w, "refused");
	if (!hf_json_array_opt(outcome, "refused", SIZE_MAX, &list, &num, err))
		return false;
	for (size_t i = 0; i < num; i++) {
		hf_json_at(&list, i, &one);
		if (!hf_json_i64(&one, "row", 0, INT64_MAX, &row, err) ||
			!hf_json_text_opt(&one, "field", 64, &field, err) ||
			!hf_json_text_opt(&one, "reason", 1024, &reason, err))
			return false;
		hf_json_write_object(w, NULL);
		hf_json_write_i64(w, "row", row);
		hf_json_write_str(w, "field", field);
		hf_json_write_str(w, "reason", reason);
		hf_json_write_end(w);
	}
	hf_json_write_end(w);
	return true;
}

static bool put_json(struct import *im, struct hf_err *err)
{
	struct hf_json_writer w;
	struct hf_buf out;
	bool ok;

	hf_buf_init(&out, 64 << 20);
	hf_json_writer_init(&w, &out);
	hf_json_write_object(&w, NULL);
	hf_json_write_str(&w, "batch", im->batch);
	hf_json_write_i64(&w, "rows", im->rows);
	hf_json_write_i64(&w, "accepted", (int64_t)im->accepted);
	ok = put_refused(&w, &im->outcome, err);
	if (ok) {
		hf_json_write_i64(&w, "approved", (int64_t)im->review.done);
		hf_json_write_i64(&w, "installed_before", (int64_t)im->installed_before);
		hf_json_write_i64(&w, "issued", (int64_t)im->sum.issued);
		hf_json_write_i64(&w, "installed", (int64_t)im->sum.installed);
		hf_request_put_results(&w, "failed", im->results, im->num_results, true);
		hf_json_write_i64(&w, "elapsed_ms", im->sum.elapsed_us / 1000);
		hf_json_write_i64(&w, "per_second", (int64_t)hf_request_rate(im->sum.issued, im->sum.elapsed_us));
		hf_json_write_end(&w);
		ok = hf_buf_put_u8(&out, '\n') && hf_cmd_print(&out, err);
	}
	hf_buf_clear(&out);
	return ok;
}

static bool run(struct import *im, const char *path, int64_t jobs, struct hf_err *err)
{
	const bool no_produce = hf_cmd_opt(im->cmd, "no-produce") != NULL;

	if (!read_file(im, path, err) || !hf_cmd_client(im->cmd, &im->client, HF_OPERATOR_ENTRY, err))
		return false;
	im->client.patience_ms = HF_PRODUCE_PATIENCE_MS;
	if (!enter(im, err))
		return false;
	if (!im->cmd->json) {
		hf_cmd_say(im->cmd, HF_MSG_BATCH_DONE, im->batch, (long long)im->rows, im->accepted, im->refused);
		if (!say_refused(im, err))
			return false;
	}
	return list_states(im, err) && review(im, err) && (no_produce || produce(im, jobs, err)) &&
	       (!im->cmd->json || put_json(im, err));
}

int hf_cmd_request_import(struct hf_cmd *cmd, int argc, char **argv)
{
	struct import im = {.cmd = cmd};
	struct hf_err err = {0};
	int64_t jobs;
	bool ok;

	(void)argc;
	if (!hf_cmd_opt_i64(cmd, "jobs", 1, HF_PRODUCE_JOBS_MAX, HF_PRODUCE_JOBS, &jobs, &err))
		return hf_cmd_misuse(cmd, &err);
	hf_buf_init(&im.file, FILE_CAP);
	hf_buf_init(&im.answer, HF_CLIENT_ANSWER_MAX);
	ok = run(&im, argv[0], jobs, &err);
	const bool refused = im.refused > 0 || im.sum.failed > 0 || im.review.num_refused > 0;
	hf_client_close(&im.client);
	hf_json_free(&im.outcome);
	hf_buf_clear(&im.answer);
	hf_buf_clear(&im.file);
	free(im.results);
	free(im.list);
	if (!ok)
		return hf_cmd_fail(cmd, &err);
	return refused ? HF_EXIT_REFUSED : HF_EXIT_OK;
}
