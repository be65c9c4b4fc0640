/* What the verbs of `hufu request` share. */
#ifndef HUFU_CMD_REQUEST_INT_H
#define HUFU_CMD_REQUEST_INT_H

#include "api/json.h"
#include "cmd/cmd.h"
#include "cmd/produce.h"

/* The options of `request add` are the fields of an applicant, with '-' for '_'; the last is "from". */
extern const struct hf_option hf_request_add_options[];
#define HF_REQUEST_FIELD_MAX 32
void hf_request_field_name(const char *option, char out[HF_REQUEST_FIELD_MAX]);
/* Could be an id, and is nothing that a path would read otherwise. */
bool hf_request_id_ok(const char *id);

#define HF_REVIEW_MAX 500 /* applications under one signature */

struct hf_request_review {
	bool reject;
	const char *reason;
	void (*refused)(void *ctx, const char *id, const char *text); /* may be NULL */
	void *ctx;
	size_t done, num_refused; /* added to */
};
/* In groups of HF_REVIEW_MAX, signed by the client's operator (an 审核员). */
HF_MUST_USE bool hf_request_review(struct hf_client *client, struct hf_request_review *review, const char *const *ids,
	size_t num, struct hf_err *err);

/* For struct hf_produce: a line on a terminal, a few times a second. ctx is the struct hf_cmd. */
void hf_request_progress(void *ctx, size_t done, size_t total, int64_t elapsed_us);
void hf_request_put_results(struct hf_json_writer *w, const char *name, const struct hf_produce_result *results,
	size_t num, bool failed_only);
void hf_request_say_results(const struct hf_cmd *cmd, const struct hf_produce_result *results, size_t num,
	const struct hf_produce_sum *sum);
double hf_request_rate(size_t num, int64_t elapsed_us);

#endif
