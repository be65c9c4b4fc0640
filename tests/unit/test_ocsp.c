/* OCSP (x509/ocsp.h): requests, answers, refusals, and what a client must not believe. */
#include "pki_rig.h"

#include "x509/ocsp.h"
#include "x509/sm2sig.h"

#include <openssl/ocsp.h>

static const uint8_t serial_bytes[] = {0x12, 0x34, 0x56}, other_bytes[] = {0x00, 0xFF};
static const uint8_t nonce_bytes[16] = {1, 2, 3};
#define SERIAL HF_BYTES_OF(serial_bytes)
#define NONCE  HF_BYTES_OF(nonce_bytes)

struct rig {
	struct rig_cert ca, other_ca, responder, foreign, plain, late;
	struct hf_ocsp_issuer issuer;
};
static struct rig *rig;

static int set_up(void **state)
{
	static struct rig the_rig;
	struct hf_err err;

	(void)state;
	rig = &the_rig;
	rig_issue(&rig->ca, HF_PROFILE_ROOT, "ca", NULL, -HF_DAY, 365 * HF_DAY);
	rig_issue(&rig->other_ca, HF_PROFILE_ROOT, "other ca", NULL, -HF_DAY, 365 * HF_DAY);
	rig_issue(&rig->responder, HF_PROFILE_OCSP, "responder", &rig->ca, -HF_DAY, 30 * HF_DAY);
	rig_issue(&rig->foreign, HF_PROFILE_OCSP, "foreign responder", &rig->other_ca, -HF_DAY, 30 * HF_DAY);
	rig_issue(&rig->plain, HF_PROFILE_USER_SIGN, "no responder", &rig->ca, -HF_DAY, 30 * HF_DAY);
	rig_issue(&rig->late, HF_PROFILE_OCSP, "expired responder", &rig->ca, -2 * HF_DAY, -HF_DAY);
	assert_ok(hf_ocsp_issuer_init(&rig->issuer, &rig->ca.cert, &err));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rig_clear(&rig->ca);
	rig_clear(&rig->other_ca);
	rig_clear(&rig->responder);
	rig_clear(&rig->foreign);
	rig_clear(&rig->plain);
	rig_clear(&rig->late);
	return 0;
}

static struct hf_ocsp_single good_single(enum hf_oid hash)
{
	return (struct hf_ocsp_single){
		.id = hf_certid_make(&rig->issuer, hash, SERIAL),
		.state = HF_OCSP_GOOD,
		.reason = -1,
		.this_update = RIG_NOW,
		.next_update = RIG_NOW + HF_DAY,
	};
}

/* A whole response about one certificate, signed and named by who; certs holds who's certificate if who is not the CA.
 */
static void respond(struct hf_buf *out, const struct hf_ocsp_single *single, struct rig_cert *who, bool by_key,
	struct hf_bytes nonce)
{
	struct hf_err err;
	struct hf_buf tbs;
	uint8_t sig[HF_SM2_SIG];
	struct hf_bytes der = hf_buf_bytes(&who->der);
	struct hf_ocsp_answer answer = {
		.responder = by_key ? HF_BYTES_NONE : who->cert.tbs.subject,
		.produced_at = RIG_NOW + 123456,
		.singles = single,
		.num = 1,
		.nonce = nonce,
	};

	assert_ok(hf_key_id(who->key.pub, answer.responder_key, &err));
	hf_buf_init(&tbs, HF_OCSP_RESPONSE_MAX);
	hf_buf_init(out, HF_OCSP_RESPONSE_MAX);
	assert_ok(hf_ocsp_tbs(&answer, &tbs, &err));
	rig_sign_one(&who->key, hf_buf_bytes(&tbs), sig);
	assert_ok(hf_ocsp_respond(hf_buf_bytes(&tbs), sig, &der, who == &rig->ca ? 0 : 1, out, &err));
	hf_buf_clear(&tbs);
}

static struct hf_ocsp_expect expectation(void)
{
	return (struct hf_ocsp_expect){
		.issuer = &rig->ca.cert,
		.serial = SERIAL,
		.nonce = NONCE,
		.now = RIG_NOW + HF_MINUTE,
		.skew = 5 * HF_MINUTE,
		.max_age = HF_HOUR,
	};
}

static void a_request_is_read_as_it_was_asked(void **state)
{
	struct hf_err err;
	struct hf_buf der;
	struct hf_ocsp_request request;
	struct hf_certid ids[2] = {hf_certid_make(&rig->issuer, HF_OID_SM3, SERIAL),
		hf_certid_make(&rig->issuer, HF_OID_SHA1, HF_BYTES_OF(other_bytes))};
	struct hf_certid got;

	(void)state;
	hf_buf_init(&der, HF_OCSP_REQUEST_MAX);
	assert_ok(hf_ocsp_ask(ids, 2, NONCE, &der, &err));
	assert_ok(hf_ocsp_request_parse(hf_buf_bytes(&der), &request, &err));
	assert_int_equal(request.requestList.num, 2);
	assert_true(hf_bytes_equal(request.nonce, NONCE));
	for (size_t i = 0; i < 2; i++) {
		assert_true(hf_ocsp_request_next(&request.requestList, &got));
		assert_true(hf_certid_equal(&got, &ids[i]));
		assert_true(hf_ocsp_issuer_is(&rig->issuer, &got));
	}
	assert_false(hf_ocsp_request_next(&request.requestList, &got));
	hf_buf_clear(&der);
}

static void a_certid_is_about_one_issuer_only(void **state)
{
	struct hf_err err;
	struct hf_ocsp_issuer other;
	uint8_t hash[HF_SM3_LEN];
	struct hf_certid id = hf_certid_make(&rig->issuer, HF_OID_SM3, SERIAL);

	(void)state;
	assert_ok(hf_ocsp_issuer_init(&other, &rig->other_ca.cert, &err));
	assert_false(hf_ocsp_issuer_is(&other, &id));
	memcpy(hash, id.issuerKeyHash.p, sizeof(hash));
	hash[31] ^= 1;
	id.issuerKeyHash = HF_BYTES_OF(hash);
	assert_false(hf_ocsp_issuer_is(&rig->issuer, &id));
	id = hf_certid_make(&rig->issuer, HF_OID_SHA1, SERIAL);
	id.hashAlgorithm = hf_alg_of(HF_OID_SM3);
	assert_false(hf_ocsp_issuer_is(&rig->issuer, &id));
	id.hashAlgorithm = hf_alg_of(HF_OID_SHA256);
	assert_false(hf_ocsp_issuer_is(&rig->issuer, &id));
}

static void bad_requests_are_refused(void **state)
{
	struct hf_err err;
	struct hf_buf der;
	struct hf_ocsp_request request;
	struct hf_certid ids[HF_OCSP_SINGLES_MAX + 1];
	uint8_t large[HF_OCSP_NONCE_MAX + 1] = {0};

	(void)state;
	for (size_t i = 0; i <= HF_OCSP_SINGLES_MAX; i++)
		ids[i] = hf_certid_make(&rig->issuer, HF_OID_SHA1, SERIAL);
	hf_buf_init(&der, HF_OCSP_REQUEST_MAX);
	assert_refused(hf_ocsp_ask(ids, 1, HF_BYTES_OF(large), &der, &err), HF_E_INPUT, "nonce");
	assert_refused(hf_ocsp_ask(ids, 0, NONCE, &der, &err), HF_E_INPUT, "at least 1");
	assert_ok(hf_ocsp_ask(ids, HF_OCSP_SINGLES_MAX + 1, NONCE, &der, &err));
	assert_refused(hf_ocsp_request_parse(hf_buf_bytes(&der), &request, &err), HF_E_LIMIT, "at most 64");
	hf_buf_reset(&der);
	assert_ok(hf_ocsp_ask(ids, 1, NONCE, &der, &err));
	for (size_t len = 0; len < der.len; len++)
		assert_false(hf_ocsp_request_parse((struct hf_bytes){der.p, len}, &request, &err));
	hf_buf_put_u8(&der, 0);
	assert_refused(hf_ocsp_request_parse(hf_buf_bytes(&der), &request, &err), HF_E_INPUT, "left over");
	hf_buf_clear(&der);
}

static void openssl_reads_our_request_and_we_read_its_own(void **state)
{
	struct hf_err err;
	struct hf_buf der;
	struct hf_certid id = hf_certid_make(&rig->issuer, HF_OID_SHA1, SERIAL), got;
	struct hf_ocsp_request parsed;

	(void)state;
	hf_buf_init(&der, HF_OCSP_REQUEST_MAX);
	assert_ok(hf_ocsp_ask(&id, 1, NONCE, &der, &err));
	const unsigned char *p = der.p;
	OCSP_REQUEST *request = d2i_OCSP_REQUEST(NULL, &p, (long)der.len);
	assert_non_null(request);
	assert_int_equal(OCSP_request_onereq_count(request), 1);

	p = rig->ca.der.p;
	X509 *issuer = d2i_X509(NULL, &p, (long)rig->ca.der.len);
	ASN1_INTEGER *serial = ASN1_INTEGER_new();
	assert_int_equal(ASN1_INTEGER_set_uint64(serial, 0x123456), 1);
	OCSP_CERTID *made =
		OCSP_cert_id_new(EVP_sha1(), X509_get_subject_name(issuer), X509_get0_pubkey_bitstr(issuer), serial);
	assert_int_equal(OCSP_id_cmp(OCSP_onereq_get0_id(OCSP_request_onereq_get0(request, 0)), made), 0);

	OCSP_REQUEST *own = OCSP_REQUEST_new();
	assert_non_null(OCSP_request_add0_id(own, made));
	assert_int_equal(OCSP_request_add1_nonce(own, NULL, 16), 1);
	unsigned char *octets = NULL;
	int len = i2d_OCSP_REQUEST(own, &octets);
	assert_ok(hf_ocsp_request_parse((struct hf_bytes){octets, (size_t)len}, &parsed, &err));
	assert_int_equal(parsed.nonce.len, 16);
	assert_true(hf_ocsp_request_next(&parsed.requestList, &got));
	assert_true(hf_certid_equal(&got, &id));
	OPENSSL_free(octets);
	OCSP_REQUEST_free(own);
	ASN1_INTEGER_free(serial);
	X509_free(issuer);
	OCSP_REQUEST_free(request);
	hf_buf_clear(&der);
}

static void every_state_comes_back_as_it_was_said(void **state)
{
	static const struct {
		enum hf_ocsp_state state;
		int reason, want_reason;
	} rows[] = {
		{HF_OCSP_GOOD, -1, -1},
		{HF_OCSP_REVOKED, HF_REASON_KEY_COMPROMISE, HF_REASON_KEY_COMPROMISE},
		{HF_OCSP_REVOKED, HF_REASON_CERTIFICATE_HOLD, HF_REASON_CERTIFICATE_HOLD},
		{HF_OCSP_REVOKED, HF_REASON_UNSPECIFIED, -1},
		{HF_OCSP_UNKNOWN, -1, -1},
	};
	struct hf_err err;
	struct hf_ocsp_expect expect = expectation();
	struct hf_ocsp_result result;

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		struct hf_buf der;
		struct hf_ocsp_single single = good_single(i % 2 ? HF_OID_SHA1 : HF_OID_SM3);
		single.state = rows[i / 2].state;
		single.reason = rows[i / 2].reason;
		single.revoked_at = RIG_NOW - HF_HOUR;
		respond(&der, &single, i % 2 ? &rig->ca : &rig->responder, i % 2, NONCE);
		assert_ok(hf_ocsp_check(hf_buf_bytes(&der), &expect, &result, &err));
		assert_int_equal(result.state, rows[i / 2].state);
		assert_int_equal(result.reason, rows[i / 2].want_reason);
		if (result.state == HF_OCSP_REVOKED)
			assert_int_equal(result.revoked_at, RIG_NOW - HF_HOUR);
		assert_int_equal(result.produced_at, RIG_NOW);
		assert_int_equal(result.this_update, RIG_NOW);
		assert_int_equal(result.next_update, RIG_NOW + HF_DAY);
		assert_int_equal(result.delegated, i % 2 == 0);
		assert_int_equal(result.nocheck, i % 2 == 0);
		hf_buf_clear(&der);
	}
}

static void openssl_takes_our_response_apart_and_verifies_it(void **state)
{
	struct hf_err err;
	struct hf_buf der;
	struct hf_ocsp_single single = good_single(HF_OID_SHA1);
	struct hf_ocsp_response parsed;
	int reason;
	ASN1_GENERALIZEDTIME *revoked, *this_update, *next_update;

	(void)state;
	single.state = HF_OCSP_REVOKED;
	single.reason = HF_REASON_SUPERSEDED;
	single.revoked_at = RIG_NOW;
	respond(&der, &single, &rig->responder, true, NONCE);
	const unsigned char *p = der.p;
	OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &p, (long)der.len);
	assert_non_null(response);
	assert_int_equal(OCSP_response_status(response), OCSP_RESPONSE_STATUS_SUCCESSFUL);
	OCSP_BASICRESP *basic = OCSP_response_get1_basic(response);
	assert_non_null(basic);
	assert_int_equal(OCSP_resp_count(basic), 1);
	assert_int_equal(
		OCSP_single_get0_status(OCSP_resp_get0(basic, 0), &reason, &revoked, &this_update, &next_update),
		V_OCSP_CERTSTATUS_REVOKED);
	assert_int_equal(reason, OCSP_REVOKED_STATUS_SUPERSEDED);
	assert_string_equal((const char *)ASN1_STRING_get0_data(this_update), "20251124160000Z");
	assert_int_equal(sk_X509_num(OCSP_resp_get0_certs(basic)), 1);
	unsigned char *again = NULL;
	assert_int_equal(i2d_OCSP_RESPONSE(response, &again), (int)der.len);
	assert_memory_equal(again, der.p, der.len);
	OPENSSL_free(again);
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(response);

	assert_ok(hf_ocsp_response_parse(hf_buf_bytes(&der), &parsed, &err));
	assert_true(rig_openssl_verifies(rig->responder.key.pub, parsed.tbs, parsed.signature));
	hf_buf_clear(&der);
}

static void only_the_issuer_and_who_it_delegated_may_answer(void **state)
{
	struct hf_err err;
	struct hf_buf der;
	struct hf_ocsp_single single = good_single(HF_OID_SM3);
	struct hf_ocsp_expect expect = expectation();
	struct hf_ocsp_result result;
	struct {
		struct rig_cert *who;
		const char *word;
	} rows[] = {
		{&rig->foreign, "responder's certificate"},
		{&rig->plain, "OCSPSigning"},
		{&rig->late, "responder's certificate"},
		{&rig->other_ca, "responder's certificate"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		respond(&der, &single, rows[i].who, i % 2, NONCE);
		assert_refused(hf_ocsp_check(hf_buf_bytes(&der), &expect, &result, &err), HF_E_VERIFY, rows[i].word);
		hf_buf_clear(&der);
	}
	/* the CA's name in front of another's signature */
	struct rig_cert liar = rig->other_ca;
	liar.cert.tbs.subject = rig->ca.cert.tbs.subject;
	respond(&der, &single, &liar, false, NONCE);
	assert_refused(hf_ocsp_check(hf_buf_bytes(&der), &expect, &result, &err), HF_E_VERIFY, "");
	hf_buf_clear(&der);
}

static void an_answer_to_another_question_is_refused(void **state)
{
	struct hf_err err;
	struct hf_buf der;
	struct hf_ocsp_single single = good_single(HF_OID_SM3);
	struct hf_ocsp_expect expect = expectation();
	struct hf_ocsp_result result;

	(void)state;
	respond(&der, &single, &rig->responder, false, HF_BYTES_NONE);
	assert_refused(hf_ocsp_check(hf_buf_bytes(&der), &expect, &result, &err), HF_E_VERIFY, "nonce is missing");
	expect.nonce = HF_BYTES_NONE;
	assert_ok(hf_ocsp_check(hf_buf_bytes(&der), &expect, &result, &err));
	expect.serial = HF_BYTES_OF(other_bytes);
	assert_refused(hf_ocsp_check(hf_buf_bytes(&der), &expect, &result, &err), HF_E_MISSING, "CertID");
	hf_buf_clear(&der);
	expect = expectation();
	respond(&der, &single, &rig->responder, false, HF_BYTES_OF(serial_bytes));
	assert_refused(hf_ocsp_check(hf_buf_bytes(&der), &expect, &result, &err), HF_E_VERIFY, "nonce is not");
	hf_buf_clear(&der);
}

static void an_answer_is_believed_in_its_time_only(void **state)
{
	static const struct {
		int64_t now;
		bool has_next, ok;
	} rows[] = {
		{-5 * HF_MINUTE, true, true},
		{-5 * HF_MINUTE - HF_SECOND, true, false},
		{HF_DAY + 5 * HF_MINUTE, true, true},
		{HF_DAY + 5 * HF_MINUTE + HF_SECOND, true, false},
		{HF_HOUR + 5 * HF_MINUTE, false, true},
		{HF_HOUR + 5 * HF_MINUTE + HF_SECOND, false, false},
	};
	struct hf_err err;
	struct hf_ocsp_expect expect = expectation();
	struct hf_ocsp_result result;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hf_buf der;
		struct hf_ocsp_single single = good_single(HF_OID_SM3);
		if (!rows[i].has_next)
			single.next_update = 0;
		respond(&der, &single, &rig->responder, false, NONCE);
		expect.now = RIG_NOW + rows[i].now;
		if (rows[i].ok)
			assert_ok(hf_ocsp_check(hf_buf_bytes(&der), &expect, &result, &err));
		else
			assert_refused(hf_ocsp_check(hf_buf_bytes(&der), &expect, &result, &err), HF_E_CLOCK, "now");
		hf_buf_clear(&der);
	}
}

static void error_answers_are_told_by_name(void **state)
{
	static const enum hf_ocsp_status rows[] = {HF_OCSP_MALFORMED_REQUEST, HF_OCSP_INTERNAL_ERROR, HF_OCSP_TRY_LATER,
		HF_OCSP_SIG_REQUIRED, HF_OCSP_UNAUTHORIZED};
	struct hf_err err;
	struct hf_ocsp_expect expect = expectation();
	struct hf_ocsp_result result;
	struct hf_ocsp_response response;
	uint8_t four[] = {0x30, 0x03, 0x0A, 0x01, 0x04}, empty[] = {0x30, 0x03, 0x0A, 0x01, 0x00};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hf_buf der;
		hf_buf_init(&der, HF_OCSP_RESPONSE_MAX);
		assert_ok(hf_ocsp_refuse(rows[i], &der, &err));
		assert_int_equal(der.len, 5);
		assert_refused(hf_ocsp_check(hf_buf_bytes(&der), &expect, &result, &err), HF_E_PEER,
			hf_ocsp_status_name(rows[i]));
		const unsigned char *p = der.p;
		OCSP_RESPONSE *other = d2i_OCSP_RESPONSE(NULL, &p, (long)der.len);
		assert_int_equal(OCSP_response_status(other), rows[i]);
		OCSP_RESPONSE_free(other);
		hf_buf_clear(&der);
	}
	assert_refused(hf_ocsp_response_parse(HF_BYTES_OF(four), &response, &err), HF_E_INPUT, "responseStatus");
	assert_refused(hf_ocsp_response_parse(HF_BYTES_OF(empty), &response, &err), HF_E_INPUT, "responseBytes");
}

static void no_flipped_bit_of_a_response_is_accepted(void **state)
{
	struct hf_err err;
	struct hf_buf der;
	struct hf_ocsp_single single = good_single(HF_OID_SM3);
	struct hf_ocsp_expect expect = expectation();
	struct hf_ocsp_result result;

	(void)state;
	respond(&der, &single, &rig->responder, true, NONCE);
	assert_ok(hf_ocsp_check(hf_buf_bytes(&der), &expect, &result, &err));
	for (size_t i = 0; i < der.len; i++) {
		uint8_t was = der.p[i];
		der.p[i] ^= (uint8_t)(1 << i % 8);
		if (hf_ocsp_check(hf_buf_bytes(&der), &expect, &result, &err))
			fail_msg("octet %zu of %zu", i, der.len);
		der.p[i] = was;
	}
	hf_buf_clear(&der);
}

static void both_messages_can_be_read_by_people(void **state)
{
	struct hf_err err;
	struct hf_buf der, text;
	struct hf_ocsp_single single = good_single(HF_OID_SM3);
	struct hf_certid id = single.id;

	(void)state;
	hf_buf_init(&text, 65536);
	respond(&der, &single, &rig->responder, false, NONCE);
	assert_ok(hf_ocsp_response_print(hf_buf_bytes(&der), &text, &err));
	assert_non_null(strstr(hf_buf_cstr(&text), "thisUpdate: 2025-11-24T16:00:00Z"));
	assert_non_null(strstr(hf_buf_cstr(&text), "serialNumber: 123456"));
	hf_buf_reset(&text);
	hf_buf_reset(&der);
	assert_ok(hf_ocsp_ask(&id, 1, NONCE, &der, &err));
	assert_ok(hf_ocsp_request_print(hf_buf_bytes(&der), &text, &err));
	assert_non_null(strstr(hf_buf_cstr(&text), "SM3"));
	hf_buf_clear(&der);
	hf_buf_clear(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_read_as_it_was_asked),
		cmocka_unit_test(a_certid_is_about_one_issuer_only),
		cmocka_unit_test(bad_requests_are_refused),
		cmocka_unit_test(openssl_reads_our_request_and_we_read_its_own),
		cmocka_unit_test(every_state_comes_back_as_it_was_said),
		cmocka_unit_test(openssl_takes_our_response_apart_and_verifies_it),
		cmocka_unit_test(only_the_issuer_and_who_it_delegated_may_answer),
		cmocka_unit_test(an_answer_to_another_question_is_refused),
		cmocka_unit_test(an_answer_is_believed_in_its_time_only),
		cmocka_unit_test(error_answers_are_told_by_name),
		cmocka_unit_test(no_flipped_bit_of_a_response_is_accepted),
		cmocka_unit_test(both_messages_can_be_read_by_people),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
