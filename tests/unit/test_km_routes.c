/* The KM over HTTP, without sockets: who may ask for what (api/km_routes.h). */
#include "km_rig.h"

#include "access/operation.h"
#include "api/json.h"
#include "api/km_routes.h"

#include <stdlib.h>

static const struct hf_schema *const schemas[] = {&hf_journal_schema, &hf_km_schema, &hf_access_schema};

struct web {
	struct km_rig rig;
	struct hf_km_role role;
	struct hf_log log;
	struct hf_api api;
	struct hf_sm2_key operator_key, entry_key;
};
static struct web *web;

static bool add_operators(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct hf_operator op = {.id = "kmczy",
		.name = "KM业务操作员",
		.role = HF_ROLE_KM_OPERATOR,
		.active = true,
		.not_before = RIG_NOW - HF_DAY,
		.not_after = RIG_NOW + HF_DAY};
	struct hf_operator other = op;

	(void)ctx;
	memcpy(op.pub, web->operator_key.pub, sizeof(op.pub));
	hf_fmt_cut(other.id, sizeof(other.id), "luru");
	other.role = HF_ROLE_RA_ENTRY;
	memcpy(other.pub, web->entry_key.pub, sizeof(other.pub));
	return hf_operator_add(tx, &op, HF_BYTES_NONE, err) && hf_operator_add(tx, &other, HF_BYTES_NONE, err);
}

static int set_up(void **state)
{
	struct hf_err err;

	(void)state;
	web = calloc(1, sizeof(*web));
	km_rig_set_up(&web->rig, schemas, 3);
	assert_ok(hf_sm2_generate(&web->operator_key, &err));
	assert_ok(hf_sm2_generate(&web->entry_key, &err));
	assert_ok(hf_store_write(web->rig.km.store, add_operators, NULL, &err));
	web->role.km = web->rig.km;
	web->log = (struct hf_log){.name = "kmd", .least = HF_LOG_ERROR, .fd = 2, .clock = &web->rig.clock};
	web->api = (struct hf_api){.service = "km",
		.store = web->rig.km.store,
		.clock = &web->rig.clock,
		.log = &web->log,
		.role = &web->role};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	km_rig_tear_down(&web->rig);
	free(web);
	return 0;
}

static struct hf_exchange *exchange(const char *method, const char *target, struct hf_bytes body)
{
	struct hf_err err;
	struct hf_exchange *ex = hf_exchange_new();

	assert_ok(hf_exchange_set_request(ex, method, target, &err));
	hf_buf_init(&ex->body, body.len); /* as the server does, to the route's maximum */
	hf_buf_put_bytes(&ex->body, body);
	return ex;
}

static void run(struct hf_exchange *ex)
{
	hf_routes_serve(hf_km_routes, hf_num_km_routes, &web->api, ex);
}

/* Signs as this operator and asks. */
static struct hf_exchange *get(const char *target, const char *who, const struct hf_sm2_key *key)
{
	struct hf_err err;
	struct hf_exchange *ex = exchange("GET", target, HF_BYTES_NONE);
	char time[HF_TIME_TEXT_MAX], signature[HF_CALL_SIG_TEXT];
	uint8_t e[HF_SM3_LEN];
	struct hf_call call = {.service = "km",
		.method = "GET",
		.path = target,
		.operation_id = "operation-1",
		.time = time,
		.operator_id = who};

	hf_time_text(web->rig.now, false, time);
	assert_ok(hf_call_seal(&call, &err));
	hf_call_digest(&call, key->pub, e);
	assert_ok(hf_sm2_sign(key->d, e, call.signature, &err));
	hf_call_signature_text(call.signature, signature);
	assert_ok(hf_exchange_add_header(ex, HF_CALL_HEADER_OPERATOR, who, &err));
	assert_ok(hf_exchange_add_header(ex, HF_CALL_HEADER_OPERATION, call.operation_id, &err));
	assert_ok(hf_exchange_add_header(ex, HF_CALL_HEADER_TIME, time, &err));
	assert_ok(hf_exchange_add_header(ex, HF_CALL_HEADER_SIGNATURE, signature, &err));
	run(ex);
	return ex;
}

static struct hf_exchange *post(struct rig_cert *ca, int64_t task, struct hf_buf *request)
{
	struct serial serial = serial_of((uint64_t)task);
	const struct hf_km_ask ask = ask_for(HF_KM_APPLY, &serial, &web->rig.user);

	make_request(&web->rig, ca, task, &ask, 1, request);
	struct hf_exchange *ex = exchange("POST", "/gmt0014", hf_buf_bytes(request));
	run(ex);
	return ex;
}

static void a_registered_ca_is_answered_without_an_operator(void **state)
{
	struct hf_km_message message;
	struct hf_buf request;
	struct hf_err err;

	(void)state;
	struct hf_exchange *ex = post(&web->rig.ca, 7, &request);
	assert_int_equal(ex->status, 200);
	assert_string_equal(ex->type, "application/octet-stream");
	assert_ok(hf_km_respond_parse(hf_buf_bytes(&ex->answer), &message, &err));
	assert_ok(hf_km_message_verify(&message, &web->rig.km_cert.cert, &err));
	hf_exchange_free(ex);
	hf_buf_clear(&request);
	ex = post(&web->rig.stranger, 8, &request);
	assert_int_equal(ex->status, 403);
	assert_non_null(strstr(hf_buf_cstr(&ex->answer), "\"denied\""));
	hf_exchange_free(ex);
	hf_buf_clear(&request);
}

static void statistics_need_the_right_role(void **state)
{
	struct hf_buf request;
	struct hf_json doc;
	struct hf_err err;
	int64_t in_use = 9, spare = 9;

	(void)state;
	hf_exchange_free(post(&web->rig.ca, 7, &request));
	struct hf_exchange *ex = exchange("GET", "/v1/keys", HF_BYTES_NONE);
	run(ex);
	assert_int_equal(ex->status, 403);
	hf_exchange_free(ex);
	ex = get("/v1/keys", "luru", &web->entry_key);
	assert_int_equal(ex->status, 403);
	hf_exchange_free(ex);
	ex = get("/v1/keys", "kmczy", &web->entry_key);
	assert_int_not_equal(ex->status, 200);
	hf_exchange_free(ex);
	ex = get("/v1/keys", "kmczy", &web->operator_key);
	assert_int_equal(ex->status, 200);
	assert_ok(hf_json_parse(hf_buf_bytes(&ex->answer), &doc, &err));
	assert_ok(hf_json_i64(&doc, "in_use", 0, 100, &in_use, &err));
	assert_ok(hf_json_i64(&doc, "spare", 0, 100, &spare, &err));
	assert_int_equal(in_use, 1);
	assert_int_equal(spare, 0);
	hf_json_free(&doc);
	hf_exchange_free(ex);
	hf_buf_clear(&request);
}

static void a_task_is_shown_with_both_messages(void **state)
{
	struct hf_buf request, second, shown;
	struct hf_json doc;
	struct hf_err err;

	(void)state;
	hf_buf_init(&shown, HF_KM_MESSAGE_MAX);
	struct hf_exchange *asked = post(&web->rig.ca, 7, &request);
	struct hf_exchange *ex = get("/v1/tasks/7", "kmczy", &web->operator_key);
	assert_int_equal(ex->status, 200);
	assert_ok(hf_json_parse(hf_buf_bytes(&ex->answer), &doc, &err));
	assert_ok(hf_json_base64(&doc, "request", &shown, &err));
	assert_true(hf_bytes_equal(hf_buf_bytes(&shown), hf_buf_bytes(&request)));
	assert_ok(hf_json_base64(&doc, "respond", &shown, &err));
	assert_true(hf_bytes_equal(hf_buf_bytes(&shown), hf_buf_bytes(&asked->answer)));
	hf_json_free(&doc);
	hf_exchange_free(ex);
	ex = get("/v1/tasks/8", "kmczy", &web->operator_key);
	assert_int_equal(ex->status, 404);
	hf_exchange_free(ex);
	hf_exchange_free(post(&web->rig.ca2, 7, &second));
	ex = get("/v1/tasks/7", "kmczy", &web->operator_key);
	assert_int_equal(ex->status, 400);
	hf_exchange_free(ex);
	ex = get("/v1/tasks/7?ca=ca2", "kmczy", &web->operator_key);
	assert_int_equal(ex->status, 200);
	hf_exchange_free(ex);
	ex = get("/v1/tasks?limit=5", "kmczy", &web->operator_key);
	assert_int_equal(ex->status, 200);
	assert_non_null(strstr(hf_buf_cstr(&ex->answer), "\"ca2\""));
	hf_exchange_free(ex);
	hf_exchange_free(asked);
	hf_buf_clear(&request);
	hf_buf_clear(&second);
	hf_buf_clear(&shown);
}

static void the_route_table_is_well_formed(void **state)
{
	struct hf_err err;

	(void)state;
	assert_ok(hf_routes_check(hf_km_routes, hf_num_km_routes, &err));
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_route_table_is_well_formed),
		test(a_registered_ca_is_answered_without_an_operator),
		test(statistics_need_the_right_role),
		test(a_task_is_shown_with_both_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
