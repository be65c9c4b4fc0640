#include "test.h"

#include "ocsp/lifecycle.h"
#include "ocspd_rig.h"

#define NONCE HF_BYTES_LIT("sixteen octets..")

static int setup(void **state)
{
	static struct rig rig;

	rig_init(&rig);
	*state = &rig;
	return 0;
}

static int teardown(void **state)
{
	rig_clear(*state);
	return 0;
}

/* ---- asking --------------------------------------------------------------------------------------------------------
 */

struct asked {
	struct hf_buf request, answer;
	struct hf_ocsp_job job;
};

static void asked_init(struct asked *a)
{
	*a = (struct asked){0};
	hf_buf_init(&a->request, HF_OCSP_REQUEST_MAX);
	hf_buf_init(&a->answer, HF_OCSP_RESPONSE_MAX);
}

static void asked_clear(struct asked *a)
{
	hf_buf_clear(&a->request);
	hf_buf_clear(&a->answer);
}

static void make_request(struct asked *a, const struct rig_party *issuer, enum hf_oid hash, const char *const *serials,
	struct hf_bytes nonce)
{
	struct hf_ocsp_issuer hashes;
	struct hf_certid ids[HF_OCSP_SINGLES_MAX];
	struct hf_err err = {0};
	size_t num = 0;

	asked_init(a);
	assert_ok(hf_ocsp_issuer_init(&hashes, &issuer->cert, &err));
	for (; serials[num]; num++)
		ids[num] = hf_certid_make(&hashes, hash, rig_serial(serials[num]));
	assert_ok(hf_ocsp_ask(ids, num, nonce, &a->request, &err));
	a->job = (struct hf_ocsp_job){.request = hf_buf_bytes(&a->request), .answer = &a->answer};
}

static void ask_about(struct rig *r, struct asked *a, const char *serial, enum hf_oid hash, struct hf_bytes nonce)
{
	const char *const serials[] = {serial, NULL};

	make_request(a, &r->ca, hash, serials, nonce);
	a->job.answer = &a->answer;
	hf_ocsp_answer_batch(r->ocsp, &a->job, 1);
}

static bool check(struct rig *r, const struct asked *a, const char *serial, struct hf_bytes nonce,
	struct hf_ocsp_result *result, struct hf_err *err)
{
	const struct hf_ocsp_expect expect = {
		.issuer = &r->ca.cert, .serial = rig_serial(serial), .nonce = nonce, .now = r->now};

	return hf_ocsp_check(hf_buf_bytes(&a->answer), &expect, result, err);
}

static struct hf_ocsp_result result_of(struct rig *r, const char *serial)
{
	struct hf_ocsp_result result;
	struct asked a;
	struct hf_err err = {0};

	ask_about(r, &a, serial, HF_OID_SM3, HF_BYTES_NONE);
	assert_ok(check(r, &a, serial, HF_BYTES_NONE, &result, &err));
	asked_clear(&a);
	return result;
}

static void assert_state(struct rig *r, const char *serial, const char *state, int reason)
{
	struct hf_ocsp_result result = result_of(r, serial);

	assert_string_equal(hf_ocsp_state_name(result.state), state);
	assert_int_equal(result.reason, reason);
	assert_true(result.delegated && result.nocheck);
	if (result.state == HF_OCSP_REVOKED)
		assert_int_equal(result.revoked_at, RIG_NOW - RIG_NOW % HF_SECOND - HF_MINUTE);
}

static enum hf_ocsp_status status_of(struct rig *r, const char *serial)
{
	enum hf_ocsp_status status;
	struct hf_ocsp_response response;
	struct asked a;
	struct hf_err err = {0};

	ask_about(r, &a, serial, HF_OID_SM3, HF_BYTES_NONE);
	status = a.job.status;
	assert_ok(hf_ocsp_response_parse(hf_buf_bytes(&a.answer), &response, &err));
	assert_int_equal(response.status, status);
	asked_clear(&a);
	return status;
}

static int64_t number_of(struct rig *r)
{
	struct hf_ocsp_state_info info;
	struct hf_err err = {0};

	assert_ok(hf_ocsp_info(r->ocsp, &info, &err));
	return info.feed_number;
}

/* ---- answers -------------------------------------------------------------------------------------------------------
 */

static void each_state_of_the_feed_has_its_answer(void **state)
{
	struct rig *r = *state;

	rig_issue(r, "\x01good");
	rig_issue(r, "\x01revoked");
	rig_issue(r, "\x01held");
	rig_issue(r, "\x01thawed");
	rig_issue(r, "\x01held, revoked");
	rig_void(r, "\x01void");
	rig_frame(r, true);
	rig_status(r, "\x01revoked", HF_FEED_REVOKED, HF_REASON_KEY_COMPROMISE);
	rig_status(r, "\x01held", HF_FEED_HELD, HF_REASON_CERTIFICATE_HOLD);
	rig_status(r, "\x01thawed", HF_FEED_HELD, HF_REASON_CERTIFICATE_HOLD);
	rig_status(r, "\x01held, revoked", HF_FEED_HELD, HF_REASON_CERTIFICATE_HOLD);
	rig_frame(r, true);
	rig_poll(r);
	assert_state(r, "\x01thawed", "revoked", HF_REASON_CERTIFICATE_HOLD);
	rig_status(r, "\x01thawed", HF_FEED_GOOD, 0);
	rig_status(r, "\x01held, revoked", HF_FEED_REVOKED, HF_REASON_UNSPECIFIED);
	rig_frame(r, true);
	rig_poll(r);
	assert_state(r, "\x01good", "good", -1);
	assert_state(r, "\x01revoked", "revoked", HF_REASON_KEY_COMPROMISE);
	assert_state(r, "\x01held", "revoked", HF_REASON_CERTIFICATE_HOLD);
	assert_state(r, "\x01thawed", "good", -1);
	assert_state(r, "\x01held, revoked", "revoked", -1);
	assert_state(r, "\x01void", "revoked", HF_REASON_CESSATION_OF_OPERATION);
	assert_state(r, "\x01nobody's", "unknown", -1);
}

static void both_hashes_and_the_nonce_are_taken(void **state)
{
	static const enum hf_oid hashes[] = {HF_OID_SHA1, HF_OID_SM3};
	struct rig *r = *state;
	struct hf_ocsp_result result;
	struct asked a;
	struct hf_err err = {0};

	rig_issue(r, "\x01good");
	rig_frame(r, true);
	rig_poll(r);
	for (size_t i = 0; i < 2; i++) {
		ask_about(r, &a, "\x01good", hashes[i], NONCE);
		assert_ok(check(r, &a, "\x01good", NONCE, &result, &err));
		assert_int_equal(result.state, HF_OCSP_GOOD);
		assert_true(a.job.has_nonce && a.job.all_known);
		assert_refused(check(r, &a, "\x01good", HF_BYTES_LIT("another"), &result, &err), HF_E_VERIFY, "nonce");
		asked_clear(&a);
	}
	ask_about(r, &a, "\x01none", HF_OID_SM3, HF_BYTES_NONE);
	assert_false(a.job.has_nonce || a.job.all_known);
	asked_clear(&a);
}

static void one_request_may_ask_about_many(void **state)
{
	static const char *const serials[] = {"\x01good", "\x01none", "\x01revoked", "\x01good", NULL};
	static const enum hf_ocsp_state states[] = {HF_OCSP_GOOD, HF_OCSP_UNKNOWN, HF_OCSP_REVOKED, HF_OCSP_GOOD};
	struct rig *r = *state;
	struct hf_ocsp_response response;
	struct hf_ocsp_single single;
	struct asked a;
	struct hf_err err = {0};
	size_t num = 0;

	rig_issue(r, "\x01good");
	rig_issue(r, "\x01revoked");
	rig_status(r, "\x01revoked", HF_FEED_REVOKED, 1);
	rig_frame(r, true);
	rig_poll(r);
	make_request(&a, &r->ca, HF_OID_SM3, serials, HF_BYTES_NONE);
	hf_ocsp_answer_batch(r->ocsp, &a.job, 1);
	assert_ok(hf_ocsp_response_parse(hf_buf_bytes(&a.answer), &response, &err));
	for (struct hf_der_list rest = response.data.responses; hf_ocsp_single_next(&rest, &single); num++) {
		assert_true(hf_bytes_equal(single.id.serialNumber, rig_serial(serials[num])));
		assert_int_equal(single.state, states[num]);
	}
	assert_int_equal(num, 4);
	asked_clear(&a);
}

static void each_flipped_octet_of_the_signature_is_seen(void **state)
{
	struct rig *r = *state;
	struct hf_ocsp_response response;
	struct hf_ocsp_result result;
	struct asked a;
	struct hf_err err = {0};

	rig_issue(r, "\x01good");
	rig_frame(r, true);
	rig_poll(r);
	ask_about(r, &a, "\x01good", HF_OID_SM3, HF_BYTES_NONE);
	assert_ok(check(r, &a, "\x01good", HF_BYTES_NONE, &result, &err));
	assert_ok(hf_ocsp_response_parse(hf_buf_bytes(&a.answer), &response, &err));
	size_t at = (size_t)(response.signature.p - a.answer.p);
	for (size_t i = at; i < at + response.signature.len; i++) {
		a.answer.p[i] ^= 1;
		assert_false(check(r, &a, "\x01good", HF_BYTES_NONE, &result, &err));
		a.answer.p[i] ^= 1;
	}
	asked_clear(&a);
}

static void a_foreign_issuer_is_unknown_and_the_root_is_not_ours(void **state)
{
	static const char *const serials[] = {"\x01good", NULL};
	struct rig *r = *state;
	struct hf_ocsp_response response;
	struct hf_ocsp_single single;
	struct rig_party foreign;
	struct asked a;
	struct hf_err err = {0};

	rig_party_make(&foreign, NULL, HF_PROFILE_ROOT, "CA", r->now);
	rig_issue(r, "\x01good");
	rig_frame(r, true);
	rig_poll(r);
	make_request(&a, &foreign, HF_OID_SHA1, serials, HF_BYTES_NONE);
	hf_ocsp_answer_batch(r->ocsp, &a.job, 1);
	assert_ok(hf_ocsp_response_parse(hf_buf_bytes(&a.answer), &response, &err));
	assert_int_equal(response.status, HF_OCSP_SUCCESSFUL);
	assert_true(hf_ocsp_single_next(&response.data.responses, &single));
	assert_int_equal(single.state, HF_OCSP_UNKNOWN);
	asked_clear(&a);
	make_request(&a, &r->root, HF_OID_SM3, serials, HF_BYTES_NONE);
	hf_ocsp_answer_batch(r->ocsp, &a.job, 1);
	assert_int_equal(a.job.status, HF_OCSP_UNAUTHORIZED);
	asked_clear(&a);
	hf_buf_clear(&foreign.der);
}

static void what_is_no_request_is_malformed(void **state)
{
	static const struct hf_bytes cases[] = {{(const uint8_t *)"", 0}, {(const uint8_t *)"\x30\x00", 2},
		{(const uint8_t *)"hello", 5}, {(const uint8_t *)"\x30\x84\xff\xff\xff\xff", 6}};
	struct rig *r = *state;
	struct asked a;

	rig_issue(r, "\x01good");
	rig_frame(r, true);
	rig_poll(r);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		asked_init(&a);
		a.job = (struct hf_ocsp_job){.request = cases[i], .answer = &a.answer};
		hf_ocsp_answer_batch(r->ocsp, &a.job, 1);
		assert_int_equal(a.job.status, HF_OCSP_MALFORMED_REQUEST);
		assert_true(hf_bytes_equal(hf_buf_bytes(&a.answer), HF_BYTES_LIT("\x30\x03\x0a\x01\x01")));
		asked_clear(&a);
	}
	ask_about(r, &a, "\x01good", HF_OID_SM3, HF_BYTES_NONE);
	for (size_t len = 0; len < a.request.len; len++) {
		a.job.request.len = len;
		hf_buf_reset(&a.answer);
		hf_ocsp_answer_batch(r->ocsp, &a.job, 1);
		assert_int_equal(a.job.status, HF_OCSP_MALFORMED_REQUEST);
	}
	asked_clear(&a);
}

#define CROWD 40

static void a_crowd_shares_one_signing_batch(void **state)
{
	static const char *const serials[] = {"\x01good", NULL};
	static struct asked crowd[CROWD];
	static struct hf_ocsp_job jobs[CROWD];
	struct rig *r = *state;
	struct hf_ocsp_result result;
	struct hf_err err = {0};

	rig_issue(r, "\x01good");
	rig_frame(r, true);
	rig_poll(r);
	for (uint8_t i = 0; i < CROWD; i++) {
		make_request(&crowd[i], &r->ca, i % 2 ? HF_OID_SHA1 : HF_OID_SM3, serials, (struct hf_bytes){&i, 1});
		jobs[i] = crowd[i].job;
	}
	jobs[7].request.len--;
	r->calls = r->messages = 0;
	hf_ocsp_answer_batch(r->ocsp, jobs, CROWD);
	assert_int_equal(r->calls, 1);
	assert_int_equal(r->messages, CROWD - 1);
	for (uint8_t i = 0; i < CROWD; i++) {
		if (i == 7)
			assert_int_equal(jobs[i].status, HF_OCSP_MALFORMED_REQUEST);
		else
			assert_ok(check(r, &crowd[i], "\x01good", (struct hf_bytes){&i, 1}, &result, &err));
		asked_clear(&crowd[i]);
	}
}

static void one_that_the_device_denies_does_not_spoil_its_neighbours(void **state)
{
	static const char *const serials[3][2] = {{"\x01"
						   "a"},
		{"\x01poison"},
		{"\x01"
		 "b"}};
	struct rig *r = *state;
	struct asked a[3];
	struct hf_ocsp_job jobs[3];

	rig_issue(r, "\x01good");
	rig_frame(r, true);
	rig_poll(r);
	for (size_t i = 0; i < 3; i++) {
		make_request(&a[i], &r->ca, HF_OID_SM3, serials[i], HF_BYTES_NONE);
		jobs[i] = a[i].job;
	}
	r->denied = HF_BYTES_LIT("poison");
	hf_ocsp_answer_batch(r->ocsp, jobs, 3);
	assert_int_equal(jobs[0].status, HF_OCSP_SUCCESSFUL);
	assert_int_equal(jobs[1].status, HF_OCSP_INTERNAL_ERROR);
	assert_int_equal(jobs[2].status, HF_OCSP_SUCCESSFUL);
	for (size_t i = 0; i < 3; i++)
		asked_clear(&a[i]);
}

static void a_device_that_fails_gives_no_false_answers(void **state)
{
	static const struct {
		enum hf_code code;
		enum hf_ocsp_status status;
	} cases[] = {{HF_E_PEER, HF_OCSP_TRY_LATER}, {HF_E_DEVICE, HF_OCSP_TRY_LATER}, {HF_E_CLOCK, HF_OCSP_TRY_LATER},
		{HF_E_DENIED, HF_OCSP_INTERNAL_ERROR}, {HF_E_MISSING, HF_OCSP_INTERNAL_ERROR}};
	struct rig *r = *state;

	rig_issue(r, "\x01good");
	rig_frame(r, true);
	rig_poll(r);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		r->refuse = cases[i].code;
		assert_int_equal(status_of(r, "\x01good"), cases[i].status);
	}
	r->refuse = HF_OK;
	r->wrong_signature = true;
	assert_int_equal(status_of(r, "\x01good"), HF_OCSP_INTERNAL_ERROR);
	r->wrong_signature = false;
	assert_int_equal(status_of(r, "\x01good"), HF_OCSP_SUCCESSFUL);
}

/* ---- how old -------------------------------------------------------------------------------------------------------
 */

static void the_times_say_when_the_ca_was_heard_last(void **state)
{
	struct rig *r = *state;
	struct hf_ocsp_result result;

	rig_issue(r, "\x01good");
	rig_frame(r, true);
	rig_poll(r);
	result = result_of(r, "\x01good");
	assert_int_equal(result.this_update, RIG_NOW - RIG_NOW % HF_SECOND);
	assert_int_equal(result.next_update, result.this_update + RIG_MINUTES * HF_MINUTE);
	r->now += 3 * HF_MINUTE; /* nobody polls */
	result = result_of(r, "\x01good");
	assert_int_equal(result.this_update, RIG_NOW - RIG_NOW % HF_SECOND);
	assert_int_equal(result.produced_at, r->now - r->now % HF_SECOND);
	rig_poll(r); /* nothing newer */
	result = result_of(r, "\x01good");
	assert_int_equal(result.this_update, r->now - r->now % HF_SECOND);
}

static void without_the_ca_it_goes_on_until_next_update_and_then_says_try_later(void **state)
{
	struct rig *r = *state;
	struct hf_err err = {0};

	assert_int_equal(status_of(r, "\x01good"), HF_OCSP_TRY_LATER); /* nothing is known yet */
	assert_refused(hf_ocsp_healthy(r->ocsp, &err), HF_E_STATE, "not told");
	rig_issue(r, "\x01good");
	rig_frame(r, true);
	rig_poll(r);
	assert_ok(hf_ocsp_healthy(r->ocsp, &err));
	r->cut_off = HF_E_PEER;
	r->now += RIG_MINUTES * HF_MINUTE - HF_SECOND;
	assert_refused(hf_ocsp_poll(r->ocsp, &err), HF_E_PEER, "cut");
	assert_int_equal(status_of(r, "\x01good"), HF_OCSP_SUCCESSFUL);
	rig_restart(r); /* what it knew is still there */
	assert_int_equal(status_of(r, "\x01good"), HF_OCSP_SUCCESSFUL);
	r->now += HF_SECOND;
	assert_int_equal(status_of(r, "\x01good"), HF_OCSP_TRY_LATER);
	assert_refused(hf_ocsp_healthy(r->ocsp, &err), HF_E_STATE, "too old");
	rig_restart(r);
	assert_int_equal(status_of(r, "\x01good"), HF_OCSP_TRY_LATER);
	r->cut_off = HF_OK;
	rig_poll(r);
	assert_int_equal(status_of(r, "\x01good"), HF_OCSP_SUCCESSFUL);
	r->now -= HF_HOUR; /* whatever is answered would be dated ahead of the clock */
	assert_int_equal(status_of(r, "\x01good"), HF_OCSP_TRY_LATER);
	rig_poll(r);
	assert_int_equal(status_of(r, "\x01good"), HF_OCSP_SUCCESSFUL);
	r->now += 200 * HF_DAY;
	rig_poll(r);
	assert_int_equal(status_of(r, "\x01good"), HF_OCSP_TRY_LATER);
	assert_refused(hf_ocsp_healthy(r->ocsp, &err), HF_E_STATE, "ocsp.crt");
}

static void a_reader_far_behind_does_not_answer_from_old_frames(void **state)
{
	struct rig *r = *state;
	struct hf_buf page;
	struct hf_err err = {0};

	rig_issue(r, "\x01good");
	rig_frame(r, true);
	r->now += HF_HOUR;
	rig_status(r, "\x01good", HF_FEED_REVOKED, 1);
	rig_frame(r, true);
	hf_buf_init(&page, HF_FEED_PAGE_MAX);
	r->max_frames = 1;
	assert_ok(rig_fetch(r, 0, &page, &err));
	assert_ok(hf_ocsp_feed_take(r->ocsp, hf_buf_bytes(&page), r->now, NULL, &err));
	assert_int_equal(number_of(r), 2);
	assert_int_equal(status_of(r, "\x01good"), HF_OCSP_TRY_LATER);
	rig_poll(r);
	assert_int_equal(number_of(r), 3);
	assert_int_equal(result_of(r, "\x01good").state, HF_OCSP_REVOKED);
	hf_buf_clear(&page);
}

/* ---- the feed -------------------------------------------------------------------------------------------------------
 */

static void a_tampered_page_is_not_taken_at_all(void **state)
{
	struct rig *r = *state;
	struct hf_buf page;
	struct hf_err err = {0};

	rig_issue(r, "\x01good");
	rig_frame(r, true);
	rig_poll(r);
	rig_status(r, "\x01good", HF_FEED_REVOKED, 1);
	rig_frame(r, false);
	rig_issue(r, "\x01more");
	rig_frame(r, true);
	hf_buf_init(&page, HF_FEED_PAGE_MAX);
	assert_ok(rig_fetch(r, 2, &page, &err));
	for (size_t i = 0; i < page.len; i += 3) {
		page.p[i] ^= 0x10;
		assert_false(hf_ocsp_feed_take(r->ocsp, hf_buf_bytes(&page), r->now, NULL, &err));
		page.p[i] ^= 0x10;
	}
	assert_int_equal(number_of(r), 2);
	assert_state(r, "\x01good", "good", -1);
	assert_state(r, "\x01more", "unknown", -1);
	r->flip = 100;
	assert_refused(hf_ocsp_poll(r->ocsp, &err), HF_E_INPUT, "NOT TAKEN");
	r->flip = 0;
	rig_poll(r);
	assert_state(r, "\x01good", "revoked", 1);
	hf_buf_clear(&page);
}

static void a_gap_is_refused_and_a_page_twice_changes_nothing(void **state)
{
	struct rig *r = *state;
	struct hf_buf page;
	struct hf_err err = {0};

	hf_buf_init(&page, HF_FEED_PAGE_MAX);
	for (int i = 0; i < 3; i++) {
		rig_issue(r, (const char *[]){"\x01one", "\x01two", "\x01three"}[i]);
		rig_frame(r, true);
	}
	assert_ok(rig_fetch(r, 3, &page, &err));
	assert_refused(hf_ocsp_feed_take(r->ocsp, hf_buf_bytes(&page), r->now, NULL, &err), HF_E_VERIFY, "missing");
	assert_int_equal(number_of(r), 0);
	rig_poll(r);
	assert_int_equal(number_of(r), 4);
	assert_refused(hf_ocsp_feed_take(r->ocsp, hf_buf_bytes(&page), r->now, NULL, &err), HF_E_VERIFY, "taken");
	assert_int_equal(number_of(r), 4);
	assert_state(r, "\x01three", "good", -1);
	hf_buf_clear(&page);
}

static void records_that_contradict_the_snapshot_are_refused(void **state)
{
	struct rig *r = *state;
	struct hf_err err = {0};

	rig_issue(r, "\x01good");
	rig_frame(r, true);
	rig_status(r, "\x01good", HF_FEED_REVOKED, 1);
	rig_frame(r, true);
	rig_poll(r);
	rig_issue(r, "\x01new");
	rig_status(r, "\x01good", HF_FEED_GOOD, 0); /* revoked is for ever */
	rig_frame(r, true);
	assert_refused(hf_ocsp_poll(r->ocsp, &err), HF_E_STATE, "status");
	assert_int_equal(number_of(r), 3);
	assert_state(r, "\x01good", "revoked", 1);
	assert_state(r, "\x01new", "unknown", -1);
}

static void a_status_of_what_was_never_issued_is_refused(void **state)
{
	struct rig *r = *state;
	struct hf_err err = {0};

	rig_status(r, "\x01nobody's", HF_FEED_GOOD, 0);
	rig_frame(r, true);
	assert_refused(hf_ocsp_poll(r->ocsp, &err), HF_E_STATE, "frame 2");
	assert_int_equal(number_of(r), 0);
}

/* ---- crashes --------------------------------------------------------------------------------------------------------
 */

struct fault {
	const char *point;
	bool crash;
	int left; /* times that it is passed by */
};

static bool strike(void *ctx, const char *point)
{
	struct fault *f = ctx;

	if (!f->point || strcmp(point, f->point) != 0 || f->left-- > 0)
		return true;
	if (f->crash)
		_exit(9);
	return false;
}

static void poll_in_child(void *ctx)
{
	struct rig *r = ctx;
	struct hf_err err = {0};

	if (!scratch_open(&r->ocsp_dir, &r->store, &err) || !rig_open(r, &err))
		_exit(1);
	_exit(hf_ocsp_poll(r->ocsp, &err) ? 0 : 2);
}

static void after_a_crash_anywhere_it_resumes(void **state)
{
	static const char *const points[] = {"begin", "before commit", "after commit"};
	static const int64_t frames[] = {0, 0, 2};
	struct rig *r = *state;
	struct fault fault = {0};
	struct hf_err err = {0};

	r->max_frames = 1;
	rig_issue(r, "\x01one");
	rig_frame(r, true);
	rig_issue(r, "\x01two");
	rig_frame(r, true);
	r->ocsp_dir.fault = strike;
	r->ocsp_dir.fault_ctx = &fault;
	rig_restart(r);
	rig_close(r);
	hf_store_close(r->store);
	for (size_t i = 0; i < 3; i++) {
		r->store = NULL;
		/* the opening's own transactions pass; the child's first page is struck */
		fault = (struct fault){.point = NULL};
		assert_ok(scratch_open(&r->ocsp_dir, &r->store, &err));
		hf_store_close(r->store);
		r->store = NULL;
		fault = (struct fault){.point = points[i], .crash = true, .left = 0};
		assert_int_equal(in_child(poll_in_child, r), 9);
		fault = (struct fault){.point = NULL};
		assert_ok(scratch_open(&r->ocsp_dir, &r->store, &err));
		assert_ok(rig_open(r, &err));
		assert_int_equal(number_of(r), frames[i]);
		if (i == 2)
			break;
		rig_close(r);
		hf_store_close(r->store);
	}
	rig_poll(r);
	assert_int_equal(number_of(r), 3);
	assert_state(r, "\x01one", "good", -1);
	assert_state(r, "\x01two", "good", -1);
}

static void a_disk_that_fails_leaves_position_and_content_together(void **state)
{
	static const char *const points[] = {"begin", "before commit", "after commit"};
	struct rig *r = *state;
	struct fault fault = {0};
	struct hf_err err = {0};

	r->ocsp_dir.fault = strike;
	r->ocsp_dir.fault_ctx = &fault;
	rig_restart(r);
	rig_issue(r, "\x01one");
	rig_frame(r, true);
	for (size_t i = 0; i < 3; i++) {
		fault = (struct fault){.point = points[i]};
		assert_refused(hf_ocsp_poll(r->ocsp, &err), HF_E_STORE, "");
		assert_int_equal(number_of(r), i == 2 ? 2 : 0);
	}
	fault.point = NULL;
	rig_poll(r); /* also the CA's certificate, which came with the page whose commit was not heard of */
	assert_state(r, "\x01one", "good", -1);
}

/* ---- what else is served -------------------------------------------------------------------------------------------
 */

static void the_newest_crl_and_the_ca_certificates_are_served(void **state)
{
	struct rig *r = *state;
	struct hf_ocsp_state_info info;
	struct hf_buf der;
	struct hf_err err = {0};

	hf_buf_init(&der, HF_CRL_MAX);
	assert_refused(hf_ocsp_crl_get(r->ocsp, "ca", &der, &err), HF_E_MISSING, "CRL of \"ca\"");
	assert_refused(hf_ocsp_cert_get(r->ocsp, "root", &der, &err), HF_E_MISSING, "certificate of \"root\"");
	rig_crl(r, "root", 1, "root 1");
	rig_crl(r, "ca", 8, "ca 8");
	rig_crl(r, "ca", 7, "ca 7");
	rig_frame(r, true);
	rig_poll(r);
	assert_ok(hf_ocsp_crl_get(r->ocsp, "ca", &der, &err));
	assert_true(hf_bytes_equal(hf_buf_bytes(&der), HF_BYTES_LIT("ca 8")));
	rig_crl(r, "ca", 9, "ca 9");
	rig_frame(r, true);
	rig_poll(r);
	assert_ok(hf_ocsp_crl_get(r->ocsp, "ca", &der, &err));
	assert_true(hf_bytes_equal(hf_buf_bytes(&der), HF_BYTES_LIT("ca 9")));
	assert_ok(hf_ocsp_cert_get(r->ocsp, "root", &der, &err));
	assert_true(hf_bytes_equal(hf_buf_bytes(&der), hf_buf_bytes(&r->root.der)));
	assert_refused(hf_ocsp_crl_get(r->ocsp, "' OR 1", &der, &err), HF_E_MISSING, "");
	assert_ok(hf_ocsp_info(r->ocsp, &info, &err));
	assert_int_equal(info.num_crls, 2);
	assert_string_equal(info.crls[0].ca, "ca");
	assert_int_equal(info.crls[0].number, 9);
	assert_int_equal(info.fresh_at, r->now);
	hf_buf_clear(&der);
}

static void files_that_do_not_fit_are_refused_at_the_start(void **state)
{
	struct rig *r = *state;
	struct hf_err err = {0};

	rig_close(r);
	rig_write(r, "feed.pub", HF_BYTES_LIT("0123\n"));
	assert_refused(rig_open(r, &err), HF_E_INPUT, "feed.pub");
	rig_write_files(r);
	rig_write(r, "ocsp.crt", hf_buf_bytes(&r->ca.der));
	assert_refused(rig_open(r, &err), HF_E_INPUT, "OCSPSigning");
	rig_write_files(r);
	assert_ok(hf_sm2_generate(&r->responder.key, &err)); /* the device has another key than the certificate */
	assert_refused(rig_open(r, &err), HF_E_STATE, "ocsp.crt");
}

static void a_certificate_of_another_ca_answers_nothing(void **state)
{
	struct rig *r = *state;
	struct rig_party other;

	rig_party_make(&other, &r->root, HF_PROFILE_SUB_CA, "CA", r->now);
	rig_authority(r, "ca", &other);
	rig_frame(r, true);
	rig_poll(r);
	assert_int_equal(status_of(r, "\x01good"), HF_OCSP_TRY_LATER);
	hf_buf_clear(&other.der);
}

static void the_table_of_what_is_known_has_no_holes(void **state)
{
	struct hf_err err = {0};

	(void)state;
	assert_ok(hf_lifecycle_check(&hf_ocsp_lifecycle, &err));
	assert_int_equal(hf_ocsp_lifecycle.num_states, HF_OCSP_NUM_KNOWN);
}

#define RIGGED(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIGGED(each_state_of_the_feed_has_its_answer),
		RIGGED(both_hashes_and_the_nonce_are_taken),
		RIGGED(one_request_may_ask_about_many),
		RIGGED(each_flipped_octet_of_the_signature_is_seen),
		RIGGED(a_foreign_issuer_is_unknown_and_the_root_is_not_ours),
		RIGGED(what_is_no_request_is_malformed),
		RIGGED(a_crowd_shares_one_signing_batch),
		RIGGED(one_that_the_device_denies_does_not_spoil_its_neighbours),
		RIGGED(a_device_that_fails_gives_no_false_answers),
		RIGGED(the_times_say_when_the_ca_was_heard_last),
		RIGGED(without_the_ca_it_goes_on_until_next_update_and_then_says_try_later),
		RIGGED(a_reader_far_behind_does_not_answer_from_old_frames),
		RIGGED(a_tampered_page_is_not_taken_at_all),
		RIGGED(a_gap_is_refused_and_a_page_twice_changes_nothing),
		RIGGED(records_that_contradict_the_snapshot_are_refused),
		RIGGED(a_status_of_what_was_never_issued_is_refused),
		RIGGED(after_a_crash_anywhere_it_resumes),
		RIGGED(a_disk_that_fails_leaves_position_and_content_together),
		RIGGED(the_newest_crl_and_the_ca_certificates_are_served),
		RIGGED(files_that_do_not_fit_are_refused_at_the_start),
		RIGGED(a_certificate_of_another_ca_answers_nothing),
		cmocka_unit_test(the_table_of_what_is_known_has_no_holes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
