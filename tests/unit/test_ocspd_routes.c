#include "test.h"

#include "api/json.h"
#include "api/ocsp_routes.h"
#include "ocspd_rig.h"

static int setup(void **state)
{
	static struct rig rig;

	rig_init(&rig);
	rig_issue(&rig, "\x01good");
	rig_crl(&rig, "ca", 3, "the CRL");
	rig_frame(&rig, true);
	rig_poll(&rig);
	*state = &rig;
	return 0;
}

static int teardown(void **state)
{
	rig_clear(*state);
	return 0;
}

static struct hf_exchange *serve(
	struct rig *r, const char *method, const char *target, const char *type, struct hf_bytes body)
{
	struct hf_api api = {.service = "ocsp", .store = r->store, .clock = &r->clock, .log = &r->log, .role = r->ocsp};
	struct hf_exchange *ex = hf_exchange_new();
	struct hf_err err = {0};

	assert_ok(hf_exchange_set_request(ex, method, target, &err));
	if (type)
		assert_ok(hf_exchange_add_header(ex, "Content-Type", type, &err));
	hf_buf_init(&ex->body, HF_OCSP_REQUEST_MAX);
	hf_buf_put_bytes(&ex->body, body);
	hf_routes_serve(hf_ocsp_routes, hf_num_ocsp_routes, &api, ex);
	return ex;
}

static const char *said(const struct hf_exchange *ex, const char *name)
{
	for (size_t i = 0; i < ex->num_extra; i++)
		if (strcmp(ex->extra[i].name, name) == 0)
			return ex->extra[i].value;
	return "";
}

static struct hf_buf request_about(struct rig *r, const char *serial, struct hf_bytes nonce)
{
	struct hf_ocsp_issuer issuer;
	struct hf_buf request;
	struct hf_err err = {0};

	hf_buf_init(&request, HF_OCSP_REQUEST_MAX);
	assert_ok(hf_ocsp_issuer_init(&issuer, &r->ca.cert, &err));
	struct hf_certid id = hf_certid_make(&issuer, HF_OID_SHA1, rig_serial(serial));
	assert_ok(hf_ocsp_ask(&id, 1, nonce, &request, &err));
	return request;
}

static enum hf_ocsp_state state_in(
	struct rig *r, const struct hf_exchange *ex, const char *serial, struct hf_bytes nonce)
{
	const struct hf_ocsp_expect expect = {
		.issuer = &r->ca.cert, .serial = rig_serial(serial), .nonce = nonce, .now = r->now};
	struct hf_ocsp_result result;
	struct hf_err err = {0};

	assert_int_equal(ex->status, 200);
	assert_string_equal(ex->type, "application/ocsp-response");
	assert_ok(hf_ocsp_check(hf_buf_bytes(&ex->answer), &expect, &result, &err));
	return result.state;
}

/* "/ocsp/" and the request in base64, with every mark that a URL minds escaped. */
static struct hf_exchange *get(struct rig *r, struct hf_bytes request)
{
	struct hf_buf base64, target;

	hf_buf_init(&base64, HF_HTTP_TARGET_MAX);
	hf_buf_init(&target, HF_HTTP_TARGET_MAX);
	hf_base64_put(&base64, request);
	hf_buf_put_str(&target, "/ocsp/");
	for (size_t i = 0; i < base64.len; i++)
		if (strchr("+/=", base64.p[i]))
			hf_buf_printf(&target, "%%%02X", base64.p[i]);
		else
			hf_buf_put_u8(&target, base64.p[i]);
	struct hf_exchange *ex = serve(r, "GET", hf_buf_cstr(&target), NULL, HF_BYTES_NONE);
	hf_buf_clear(&base64);
	hf_buf_clear(&target);
	return ex;
}

static void the_routes_are_well_formed(void **state)
{
	struct hf_err err = {0};

	(void)state;
	assert_ok(hf_routes_check(hf_ocsp_routes, hf_num_ocsp_routes, &err));
}

static void a_posted_request_is_answered_and_not_cached(void **state)
{
	struct rig *r = *state;
	struct hf_buf request = request_about(r, "\x01good", HF_BYTES_LIT("nonce"));
	struct hf_exchange *ex = serve(r, "POST", "/ocsp", "application/ocsp-request", hf_buf_bytes(&request));

	assert_int_equal(state_in(r, ex, "\x01good", HF_BYTES_LIT("nonce")), HF_OCSP_GOOD);
	assert_string_equal(said(ex, "Cache-Control"), "no-store");
	hf_exchange_free(ex);
	ex = serve(r, "POST", "/ocsp", "text/plain", hf_buf_bytes(&request));
	assert_int_equal(ex->status, 415);
	hf_exchange_free(ex);
	ex = serve(r, "POST", "/ocsp", "application/ocsp-request", HF_BYTES_LIT("rubbish"));
	assert_int_equal(ex->status, 200);
	assert_true(hf_bytes_equal(hf_buf_bytes(&ex->answer), HF_BYTES_LIT("\x30\x03\x0a\x01\x01")));
	hf_exchange_free(ex);
	hf_buf_clear(&request);
}

static void an_answer_to_get_may_be_cached_for_a_minute_but_not_with_a_nonce(void **state)
{
	struct rig *r = *state;
	struct hf_buf plain = request_about(r, "\x01good", HF_BYTES_NONE);
	struct hf_buf nonced = request_about(r, "\x01good", HF_BYTES_LIT("\xfb\xff\xbf"));
	struct hf_buf unknown = request_about(r, "\x01none", HF_BYTES_NONE);
	struct hf_exchange *ex = get(r, hf_buf_bytes(&plain));

	assert_int_equal(state_in(r, ex, "\x01good", HF_BYTES_NONE), HF_OCSP_GOOD);
	assert_string_equal(said(ex, "Cache-Control"), "max-age=60, public, no-transform, must-revalidate");
	assert_string_equal(said(ex, "Last-Modified"), "Sat, 21 Nov 2026 22:26:40 GMT");
	assert_string_equal(said(ex, "Expires"), "Sat, 21 Nov 2026 22:27:40 GMT");
	hf_exchange_free(ex);
	r->now += RIG_MINUTES * HF_MINUTE - 20 * HF_SECOND; /* nextUpdate is near */
	ex = get(r, hf_buf_bytes(&plain));
	assert_string_equal(said(ex, "Cache-Control"), "max-age=19, public, no-transform, must-revalidate");
	hf_exchange_free(ex);
	r->now = RIG_NOW;
	ex = get(r, hf_buf_bytes(&nonced));
	assert_int_equal(state_in(r, ex, "\x01good", HF_BYTES_LIT("\xfb\xff\xbf")), HF_OCSP_GOOD);
	assert_string_equal(said(ex, "Cache-Control"), "no-store");
	hf_exchange_free(ex);
	ex = get(r, hf_buf_bytes(&unknown));
	assert_int_equal(state_in(r, ex, "\x01none", HF_BYTES_NONE), HF_OCSP_UNKNOWN);
	assert_string_equal(said(ex, "Cache-Control"), "no-store");
	hf_exchange_free(ex);
	ex = serve(r, "GET", "/ocsp/no*base64", NULL, HF_BYTES_NONE);
	assert_true(hf_bytes_equal(hf_buf_bytes(&ex->answer), HF_BYTES_LIT("\x30\x03\x0a\x01\x01")));
	assert_string_equal(said(ex, "Cache-Control"), "no-store");
	hf_exchange_free(ex);
	hf_buf_clear(&plain);
	hf_buf_clear(&nonced);
	hf_buf_clear(&unknown);
}

static void a_group_of_exchanges_is_one_signing_batch(void **state)
{
	struct rig *r = *state;
	struct hf_api api = {.service = "ocsp", .store = r->store, .clock = &r->clock, .log = &r->log, .role = r->ocsp};
	struct hf_buf request = request_about(r, "\x01good", HF_BYTES_NONE);
	struct hf_exchange *list[5];
	struct hf_err err = {0};

	for (size_t i = 0; i < 5; i++) {
		list[i] = hf_exchange_new();
		assert_ok(
			hf_exchange_set_request(list[i], "POST", "/ocsp", &err) &&
			(i == 2 || hf_exchange_add_header(list[i], "content-type", "application/ocsp-request", &err)));
		hf_buf_init(&list[i]->body, HF_OCSP_REQUEST_MAX);
		hf_buf_put_bytes(&list[i]->body, hf_buf_bytes(&request));
		assert_true(hf_routes_find(hf_ocsp_routes, hf_num_ocsp_routes, list[i]));
	}
	r->calls = 0;
	list[0]->route->serve(&api, list, 5);
	assert_int_equal(r->calls, 1);
	for (size_t i = 0; i < 5; i++) {
		if (i == 2)
			assert_int_equal(list[i]->status, 415);
		else
			assert_int_equal(state_in(r, list[i], "\x01good", HF_BYTES_NONE), HF_OCSP_GOOD);
		hf_exchange_free(list[i]);
	}
	hf_buf_clear(&request);
}

static void crls_and_certificates_are_files(void **state)
{
	static const struct {
		const char *target;
		unsigned status;
		const char *type;
	} cases[] = {
		{"/crl/ca.crl", 200, "application/pkix-crl"},
		{"/crl/root.crl", 404, "application/json"},
		{"/crl/ca.crt", 404, "application/json"},
		{"/crl/.crl", 404, "application/json"},
		{"/crl/a-name-that-is-too-long.crl", 404, "application/json"},
		{"/ca/ca.crt", 200, "application/pkix-cert"},
		{"/ca/root.crt", 200, "application/pkix-cert"},
		{"/ca/ca.crl", 404, "application/json"},
	};
	struct rig *r = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hf_exchange *ex = serve(r, "GET", cases[i].target, NULL, HF_BYTES_NONE);
		assert_int_equal(ex->status, cases[i].status);
		assert_string_equal(ex->type, cases[i].type);
		if (i == 0)
			assert_true(hf_bytes_equal(hf_buf_bytes(&ex->answer), HF_BYTES_LIT("the CRL")));
		if (i == 6)
			assert_true(hf_bytes_equal(hf_buf_bytes(&ex->answer), hf_buf_bytes(&r->root.der)));
		hf_exchange_free(ex);
	}
}

static void the_status_says_how_far_the_feed_was_taken(void **state)
{
	struct rig *r = *state;
	struct hf_exchange *ex = serve(r, "GET", "/v1/status", NULL, HF_BYTES_NONE);

	assert_int_equal(ex->status, 200);
	assert_string_equal(hf_buf_cstr(&ex->answer), "{\"feed_number\":2,\"fresh_at\":\"2026-11-21T22:26:40.250000Z\","
						      "\"crls\":[{\"ca\":\"ca\",\"number\":3}]}");
	hf_exchange_free(ex);
}

#define RIGGED(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_routes_are_well_formed),
		RIGGED(a_posted_request_is_answered_and_not_cached),
		RIGGED(an_answer_to_get_may_be_cached_for_a_minute_but_not_with_a_nonce),
		RIGGED(a_group_of_exchanges_is_one_signing_batch),
		RIGGED(crls_and_certificates_are_files),
		RIGGED(the_status_says_how_far_the_feed_was_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
