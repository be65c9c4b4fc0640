#include "api/km_routes.h"

#include "api/json.h"

#define READERS  (HF_ROLES(HF_ROLE_KM_OPERATOR) | HF_ROLES(HF_ROLE_AUDITOR))
#define BODY_MAX ((size_t)2 << 20)

/* ---- GM/T 0014 -------------------------------------------------------------------------------------------------- */

static void count(const struct hf_api *api, const struct hf_km_job *job)
{
	const struct hf_km_role *role = api->role;

	hf_metrics_add(api->metrics, role->metrics + HF_KM_M_APPLIED, job->applied);
	hf_metrics_add(api->metrics, role->metrics + HF_KM_M_RESTORED, job->restored);
	hf_metrics_add(api->metrics, role->metrics + HF_KM_M_REVOKED, job->revoked);
	hf_metrics_add(api->metrics, role->metrics + HF_KM_M_REFUSED, job->refused);
	if (!job->done)
		hf_metrics_add(api->metrics, role->metrics + HF_KM_M_REFUSED_MESSAGES, 1);
}

static void serve_some(struct hf_api *api, struct hf_exchange *const *list, size_t num)
{
	struct hf_km_role *role = api->role;
	struct hf_km_job jobs[HF_KM_JOBS_MAX];

	for (size_t i = 0; i < num; i++) {
		hf_km_job_init(&jobs[i]);
		jobs[i].request = hf_buf_bytes(&list[i]->body);
	}
	hf_km_serve(&role->km, jobs, num);
	for (size_t i = 0; i < num; i++) {
		count(api, &jobs[i]);
		if (jobs[i].done)
			hf_exchange_answer(list[i], 200, "application/octet-stream", hf_buf_bytes(&jobs[i].respond));
		else
			hf_exchange_refuse_err(list[i], &jobs[i].err);
		hf_km_job_clear(&jobs[i]);
	}
}

static void serve_ask(void *api, struct hf_exchange *const *list, size_t num)
{
	for (size_t i = 0; i < num; i += HF_KM_JOBS_MAX)
		serve_some(api, list + i, num - i < HF_KM_JOBS_MAX ? num - i : HF_KM_JOBS_MAX);
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static void serve_read(struct hf_api *api, struct hf_exchange *const *list, size_t num,
	bool (*fn)(struct hf_tx *tx, struct hf_api_call *c, struct hf_buf *answer, void *ctx, struct hf_err *err))
{
	for (size_t i = 0; i < num; i++) {
		struct hf_api_call c;

		if (hf_api_check(&c, api, list[i]))
			hf_api_read(&c, fn, NULL);
	}
}

static bool put_ca(void *ctx, const char *ca, const struct hf_km_counts *counts, struct hf_err *err)
{
	struct hf_json_writer *w = ctx;

	(void)err;
	hf_json_write_object(w, NULL);
	hf_json_write_str(w, "ca", ca);
	hf_json_write_i64(w, "in_use", counts->in_use);
	hf_json_write_i64(w, "history", counts->history);
	hf_json_write_end(w);
	return true;
}

static bool read_keys(struct hf_tx *tx, struct hf_api_call *c, struct hf_buf *answer, void *ctx, struct hf_err *err)
{
	const struct hf_km_role *role = c->api->role;
	struct hf_km_counts counts;
	struct hf_json_writer w;

	(void)ctx;
	if (!hf_km_count(tx, &counts, err))
		return false;
	hf_json_writer_init(&w, answer);
	hf_json_write_object(&w, NULL);
	hf_json_write_i64(&w, "spare", counts.spare);
	hf_json_write_i64(&w, "in_use", counts.in_use);
	hf_json_write_i64(&w, "history", counts.history);
	hf_json_write_i64(&w, "spare_low", role->km.spare_low);
	hf_json_write_i64(&w, "spare_target", role->km.spare_target);
	hf_json_write_array(&w, "by_ca");
	if (!hf_km_count_by_ca(tx, put_ca, &w, err))
		return false;
	hf_json_write_end(&w);
	hf_json_write_end(&w);
	return true;
}

static void serve_keys(void *api, struct hf_exchange *const *list, size_t num)
{
	serve_read(api, list, num, read_keys);
}

static void write_task(struct hf_json_writer *w, const struct hf_km_task *task, bool whole)
{
	char number[HF_KM_TASK_TEXT_MAX];

	hf_km_task_text(task->number, number);
	hf_json_write_object(w, NULL);
	hf_json_write_str(w, "task", number);
	hf_json_write_str(w, "ca", task->ca);
	hf_json_write_time(w, "asked_at", task->asked_at);
	if (task->answered_at)
		hf_json_write_time(w, "answered_at", task->answered_at);
	if (whole) {
		hf_json_write_base64(w, "request", task->request);
		if (task->respond.p)
			hf_json_write_base64(w, "respond", task->respond);
		else
			hf_json_write_null(w, "respond");
	}
	hf_json_write_end(w);
}

struct showing {
	struct hf_json_writer w;
	size_t num;
};

static bool show_task(void *ctx, const struct hf_km_task *task, struct hf_err *err)
{
	struct showing *s = ctx;

	if (s->num++ > 0)
		return hf_fail(err, HF_E_INPUT, "several CAs have used this taskNO: name one with ?ca=");
	write_task(&s->w, task, true);
	return true;
}

static bool read_task(struct hf_tx *tx, struct hf_api_call *c, struct hf_buf *answer, void *ctx, struct hf_err *err)
{
	const char *text = hf_exchange_param(c->ex, "taskNO");
	uint8_t octets[HF_SERIAL_MAX];
	struct hf_bytes number;
	struct showing s = {.num = 0};

	(void)ctx;
	if (!text || !hf_km_task_read(text, octets, &number))
		return hf_fail(err, HF_E_INPUT, "taskNO: expected a decimal number, or 0x and hex digits");
	hf_json_writer_init(&s.w, answer);
	if (!hf_km_task_get(tx, hf_exchange_query(c->ex, "ca"), number, show_task, &s, err))
		return false;
	return s.num == 1 || hf_fail(err, HF_E_MISSING, "no task %s", text);
}

static void serve_task(void *api, struct hf_exchange *const *list, size_t num)
{
	serve_read(api, list, num, read_task);
}

static bool list_task(void *ctx, const struct hf_km_task *task, struct hf_err *err)
{
	(void)err;
	write_task(ctx, task, false);
	return true;
}

static bool read_tasks(struct hf_tx *tx, struct hf_api_call *c, struct hf_buf *answer, void *ctx, struct hf_err *err)
{
	const char *text = hf_exchange_query(c->ex, "before");
	int64_t before = INT64_MAX;
	int64_t limit = 0;
	struct hf_json_writer w;

	(void)ctx;
	if (!hf_api_query_i64(c->ex, "limit", 1, 1000, 100, &limit, err))
		return false;
	if (text && !hf_time_read(text, &before))
		return hf_fail(err, HF_E_INPUT, "query parameter before: expected a time like 2026-11-22T10:31:09Z");
	hf_json_writer_init(&w, answer);
	hf_json_write_object(&w, NULL);
	hf_json_write_array(&w, "tasks");
	if (!hf_km_task_list(tx, before, limit, list_task, &w, err))
		return false;
	hf_json_write_end(&w);
	hf_json_write_end(&w);
	return true;
}

static void serve_tasks(void *api, struct hf_exchange *const *list, size_t num)
{
	serve_read(api, list, num, read_tasks);
}

static const struct hf_api_rule ask = {HF_API_OPEN, 0, "km.answer", HF_AUDIT_KEY_DISPENSE};
static const struct hf_api_rule keys = {HF_API_READ, READERS, "key.count", HF_AUDIT_SYSTEM_QUERY};
static const struct hf_api_rule task = {HF_API_READ, READERS, "task.show", HF_AUDIT_SYSTEM_QUERY};
static const struct hf_api_rule tasks = {HF_API_READ, READERS, "task.list", HF_AUDIT_SYSTEM_QUERY};

const struct hf_route hf_km_routes[] = {
	{"POST", "/gmt0014", BODY_MAX, HF_KM_LANE_ASK, serve_ask, "CARequest in, KMRespond out (GM/T 0014 5.2)", &ask},
	{"GET", "/v1/keys", 0, HF_KM_LANE_READ, serve_keys, "How many keys are spare, in use, history", &keys},
	{"GET", "/v1/tasks", 0, HF_KM_LANE_READ, serve_tasks, "Tasks of CAs, the newest first", &tasks},
	{"GET", "/v1/tasks/{taskNO}", 0, HF_KM_LANE_READ, serve_task, "One task: request and respond", &task},
	HF_API_COMMON_ROUTES(HF_KM_LANE_READ),
};
const size_t hf_num_km_routes = sizeof(hf_km_routes) / sizeof(hf_km_routes[0]);
