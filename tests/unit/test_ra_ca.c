#include "ra_fixture.h"

#include "access/operation.h"
#include "api/ra_ca.h"
#include "base/hex.h"
#include "net/http_server.h"

#include <pthread.h>

/* A CA that checks who calls, keeps what it was asked, and says what the test has prepared. */
struct house {
	struct hf_loop *loop;
	struct hf_http_server *server;
	pthread_t thread;
	struct hf_sm2_key key; /* of the RA service */
	char url[64];
	struct hf_dev dev;
	struct hf_caller caller;
	struct hf_ca_port port;

	unsigned status;
	const char *answer;
	struct hf_buf asked;
	struct hf_err refused; /* the call was not signed as it must be */
};

static void serve(void *service, struct hf_exchange *const *list, size_t num)
{
	struct house *house = service;
	struct hf_operator op = {.id = "ra", .role = HF_ROLE_SERVICE, .active = true, .not_after = INT64_MAX};
	struct hf_exchange *ex = list[0];
	struct hf_call call = {
		.service = "ca", .method = ex->method, .path = ex->whole, .body = hf_buf_bytes(&ex->body)};

	assert_int_equal(num, 1);
	memcpy(op.pub, house->key.pub, sizeof(op.pub));
	hf_buf_reset(&house->asked);
	(void)hf_buf_put_bytes(&house->asked, hf_buf_bytes(&ex->body));
	if (!hf_call_read(&call, hf_exchange_header(ex, HF_CALL_HEADER_OPERATOR),
		    hf_exchange_header(ex, HF_CALL_HEADER_OPERATION), hf_exchange_header(ex, HF_CALL_HEADER_TIME),
		    hf_exchange_header(ex, HF_CALL_HEADER_SIGNATURE), &house->refused) ||
		!hf_call_verify(&call, &op, HF_ROLES(HF_ROLE_SERVICE), hf_now(&hf_clock_system), &house->refused) ||
		!hf_call_fresh(&call, hf_now(&hf_clock_system), &house->refused))
		hf_exchange_refuse_err(ex, &house->refused);
	else
		hf_exchange_answer(ex, house->status, "application/json", hf_bytes_str(house->answer));
}

static const struct hf_route routes[] = {
	{"POST", "/v1/issue", 1 << 20, 0, serve, "", NULL},
	{"POST", "/v1/status", 1 << 20, 0, serve, "", NULL},
};

static void *run_loop(void *ctx)
{
	struct house *house = ctx;

	hf_loop_run(house->loop);
	hf_http_server_stop(house->server, true, 1000);
	return NULL;
}

static bool dev_sign(
	void *ctx, const char *key, const struct hf_bytes *tbs, size_t num, uint8_t (*sigs)[64], struct hf_err *err)
{
	struct house *house = ctx;

	if (!hf_str_equal(key, "service"))
		return hf_fail(err, HF_E_MISSING, "no such key: %s", key);
	return fake_sign(&house->key, tbs, num, sigs, err);
}

static const struct hf_dev_ops dev_ops = {.sign = dev_sign};

static int setup(void **state)
{
	struct house *house = hf_alloc(1, sizeof(*house));
	const struct hf_http_server_opts opts = {
		.address = "127.0.0.1", .routes = routes, .num_routes = 2, .service = house};
	struct hf_err err;

	assert_ok(hf_http_setup(&err));
	assert_ok(hf_sm2_generate(&house->key, &err));
	assert_ok(hf_loop_new(&house->loop, &err));
	assert_ok(hf_http_server_new(&house->server, house->loop, &opts, &err));
	assert_ok(hf_http_server_start(house->server, &err));
	assert_int_equal(pthread_create(&house->thread, NULL, run_loop, house), 0);
	hf_fmt_cut(house->url, sizeof(house->url), "http://127.0.0.1:%u", hf_http_server_port(house->server));
	hf_buf_init(&house->asked, 1 << 20);
	house->status = 200;
	house->dev = (struct hf_dev){&dev_ops, house};
	house->caller = (struct hf_caller){.dev = &house->dev,
		.clock = &hf_clock_system,
		.operator_id = "ra",
		.key = "service",
		.service = "ca",
		.url = house->url};
	assert_ok(hf_caller_open(&house->caller, &err));
	house->port = hf_ra_ca(&house->caller);
	*state = house;
	return 0;
}

static int teardown(void **state)
{
	struct house *house = *state;

	hf_loop_stop(house->loop);
	(void)pthread_join(house->thread, NULL);
	hf_http_server_free(house->server);
	hf_loop_free(house->loop);
	hf_caller_close(&house->caller);
	hf_buf_clear(&house->asked);
	free(house);
	return 0;
}

static const struct hf_applicant person = {.template = "person",
	.common_name = "曹英霞",
	.id_type = "resident",
	.id_number = "370202197612238255",
	.uscc = "113702023690060231",
	.email = "a@x.cn",
	.days = 365};

/* Two asks, "A1" and "A2". */
static bool issue(struct house *house, struct hf_ra_ask *asks, struct hf_ra_issued *issued, struct hf_err *err)
{
	for (size_t i = 0; i < 2; i++)
		asks[i] = (struct hf_ra_ask){.id = i == 0 ? "A1" : "A2",
			.applicant = &person,
			.subject = HF_BYTES_LIT("\x30\x00"),
			.pkcs10 = HF_BYTES_LIT("request"),
			.issued = &issued[i]};
	return house->port.issue(house->port.ctx, asks, 2, err);
}

#define POINT                                                                                                          \
	"000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f"             \
	"000102030405060708090a0b0c0d0e0f"
#define GIVEN(id)                                                                                                      \
	"{\"request_id\":\"" id "\",\"sign_cert\":\"AAE=\",\"enc_cert\":\"AgM=\",\"chain\":[\"BAU=\",\"Bgc=\"],"       \
	"\"envelope\":\"CAk=\",\"enc_public\":\"" POINT "\"}"

static void a_question_is_signed_and_each_answer_finds_its_asker(void **state)
{
	struct house *house = *state;
	struct hf_ra_issued issued[2];
	struct hf_ra_ask asks[2];
	struct hf_err err = {0};

	hf_ra_issued_init(&issued[0]);
	hf_ra_issued_init(&issued[1]);
	house->answer = "{\"items\":[" GIVEN("A2") ",{\"request_id\":\"A1\",\"error\":\"conflict\",\"text\":\"why\"}]}";
	assert_ok(issue(house, asks, issued, &err));
	assert_int_equal(house->refused.code, HF_OK);
	assert_string_equal(hf_buf_cstr(&house->asked),
		"{\"items\":[{\"request_id\":\"A1\",\"template\":\"person\",\"subject\":\"MAA=\",\"identity\":"
		"{\"resident\":\"370202197612238255\",\"uscc\":\"113702023690060231\"},\"email\":\"a@x.cn\","
		"\"validity_days\":365,\"pkcs10\":\"cmVxdWVzdA==\"},{\"request_id\":\"A2\",\"template\":\"person\","
		"\"subject\":\"MAA=\",\"identity\":{\"resident\":\"370202197612238255\",\"uscc\":"
		"\"113702023690060231\"},\"email\":\"a@x.cn\",\"validity_days\":365,\"pkcs10\":\"cmVxdWVzdA==\"}]}");
	assert_true(!asks[0].ok && asks[1].ok);
	assert_int_equal(asks[0].err.code, HF_E_CONFLICT);
	assert_non_null(strstr(asks[0].err.text, "why"));
	assert_true(hf_bytes_equal(hf_buf_bytes(&issued[1].chain), HF_BYTES_LIT("\x04\x05\x06\x07")));
	assert_true(hf_bytes_equal(hf_buf_bytes(&issued[1].envelope), HF_BYTES_LIT("\x08\x09")));
	assert_int_equal(issued[1].enc_public[63], 15);
	hf_ra_issued_clear(&issued[0]);
	hf_ra_issued_clear(&issued[1]);
}

static void an_answer_that_is_none_is_the_peers_fault(void **state)
{
	static const struct {
		unsigned status;
		const char *answer;
		enum hf_code code;
		const char *word;
	} cases[] = {
		{200, "nonsense", HF_E_PEER, "JSON"},
		{200, "{\"items\":[" GIVEN("A3") "]}", HF_E_PEER, "items[0].request_id: not asked for"},
		{200, "{\"items\":[" GIVEN("A1") "," GIVEN("A1") "]}", HF_E_PEER, "answered twice"},
		{200, "{\"items\":[{\"request_id\":\"A1\"}]}", HF_E_PEER, "sign_cert"},
		{503, "{\"error\":\"store\",\"text\":\"disk full\"}", HF_E_STORE, "the ca service: disk full"},
		{403, "{\"error\":\"denied\",\"text\":\"who are you\"}", HF_E_DENIED, "who are you"},
		{500, "<html>", HF_E_PEER, "status 500"},
	};
	struct house *house = *state;
	struct hf_ra_issued issued[2];
	struct hf_ra_ask asks[2];
	struct hf_err err;

	hf_ra_issued_init(&issued[0]);
	hf_ra_issued_init(&issued[1]);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		house->status = cases[i].status;
		house->answer = cases[i].answer;
		assert_refused(issue(house, asks, issued, &err), cases[i].code, cases[i].word);
	}
	house->status = 200;
	house->answer = "{\"items\":[" GIVEN("A1") "]}";
	err = (struct hf_err){0};
	assert_ok(issue(house, asks, issued, &err));
	assert_true(asks[0].ok && !asks[1].ok);
	assert_non_null(strstr(asks[1].err.text, "left this one out"));
	house->key.d[31] ^= 1;
	assert_refused(issue(house, asks, issued, &err), HF_E_VERIFY, "signature");
	house->caller.url = "http://127.0.0.1:1";
	assert_refused(issue(house, asks, issued, &err), HF_E_PEER, "127.0.0.1:1");
	hf_ra_issued_clear(&issued[0]);
	hf_ra_issued_clear(&issued[1]);
}

static void what_was_revoked_before_counts_as_revoked(void **state)
{
	static const char *const serials[] = {"01", "02", "03", "04"};
	struct house *house = *state;
	bool done[4] = {false};
	struct hf_err err;

	house->answer = "{\"done\":[\"02\"],\"refused\":[{\"serial\":\"03\",\"error\":\"state\",\"text\":\"revoked\"},"
			"{\"serial\":\"04\",\"error\":\"missing\",\"text\":\"not there\"}]}";
	assert_ok(house->port.revoke(house->port.ctx, serials, done, 4, &err));
	assert_string_equal(hf_buf_cstr(&house->asked),
		"{\"action\":\"revoke\",\"reason\":\"cessationOfOperation\",\"items\":[\"01\",\"02\",\"03\",\"04\"]}");
	assert_true(!done[0] && done[1] && done[2] && !done[3]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_question_is_signed_and_each_answer_finds_its_asker, setup, teardown),
		cmocka_unit_test_setup_teardown(an_answer_that_is_none_is_the_peers_fault, setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_revoked_before_counts_as_revoked, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
