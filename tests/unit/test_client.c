/*
 * The client against a small RA in this program: calls that are signed once and sent until they are answered, and a
 * whole production into a software token (the real libhufuskf.so), with each thing that a wrong answer can be.
 */
#include "test.h"

#include "access/operation.h"
#include "api/json.h"
#include "base/alloc.h"
#include "base/hex.h"
#include "base/str.h"
#include "cmd/produce.h"
#include "net/http_server.h"
#include "pki_rig.h"
#include "x509/cms.h"
#include "x509/sm2sig.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define ID     "01a20311b34700000227dbb19832"
#define TICKET "00112233445566778899aabbccddeeff"

enum trouble {
	NOTHING_WRONG,
	OTHER_SIGN_KEY,
	OTHER_ENC_KEY,
	OTHER_SUBJECT,
	OTHER_CA,
	SWAPPED,
	OTHER_CHAIN,
	OTHER_ENVELOPE, /* another pair inside than the certificate's */
	BROKEN_ENVELOPE,
	NO_JSON,
};

struct ra {
	struct hf_loop *loop;
	struct hf_http_server *server;
	pthread_t thread;
	char home[64], conf[128], skf[HF_PATH_MAX];
	struct rig_cert root, ca, stranger;
	struct hf_sm2_key enc;
	struct hf_buf subject, other_subject;
	struct hf_client client;
	uint8_t operator_pub[HF_SM2_POINT];

	/* what it does */
	enum trouble trouble;
	int fail_first;   /* so many calls are answered 503 */
	int state_first;  /* so many CSRs are answered "being issued" */
	bool kill_answer; /* the act is done, and the first answer is a 500 */

	/* what it saw */
	int calls, signed_well, csrs, receipts;
	char signature[HF_CALL_SIG_TEXT], operation[80];
	bool changed; /* a repeated call was not the identical one */
	uint8_t pub[HF_SM2_POINT];
	char sign_serial[HF_SERIAL_TEXT_MAX], enc_serial[HF_SERIAL_TEXT_MAX];
	uint8_t sign_hash[HF_SM3_LEN], enc_hash[HF_SM3_LEN];
	bool receipt_good;
};

/* ---- the RA ----------------------------------------------------------------------------------------------------- */

/* Says whether it was answered already: a refusal that must be asked again. */
static bool look(struct ra *ra, struct hf_exchange *ex)
{
	struct hf_operator op = {.id = "zhizheng", .role = HF_ROLE_RA_PRODUCE, .active = true, .not_after = INT64_MAX};
	struct hf_call call = {
		.service = "ra", .method = ex->method, .path = ex->whole, .body = hf_buf_bytes(&ex->body)};
	const char *operation = hf_exchange_header(ex, HF_CALL_HEADER_OPERATION);
	const char *signature = hf_exchange_header(ex, HF_CALL_HEADER_SIGNATURE);
	struct hf_err err;

	memcpy(op.pub, ra->operator_pub, sizeof(op.pub));
	if (hf_call_read(&call, hf_exchange_header(ex, HF_CALL_HEADER_OPERATOR), operation,
		    hf_exchange_header(ex, HF_CALL_HEADER_TIME), signature, &err) &&
		hf_call_verify(&call, &op, HF_ROLES_ALL, hf_now(&hf_clock_system), &err))
		ra->signed_well++;
	if (ra->calls++ > 0 && operation && signature)
		ra->changed =
			ra->changed || strcmp(ra->operation, operation) != 0 || strcmp(ra->signature, signature) != 0;
	hf_fmt_cut(ra->operation, sizeof(ra->operation), "%s", operation ? operation : "");
	hf_fmt_cut(ra->signature, sizeof(ra->signature), "%s", signature ? signature : "");
	if (ra->calls > ra->fail_first)
		return false;
	hf_exchange_refuse(ex, 503, "store", "the disk is full");
	return true;
}

static void serve_list(void *service, struct hf_exchange *const *list, size_t num)
{
	struct ra *ra = service;

	(void)num;
	if (!look(ra, list[0]))
		hf_exchange_answer(list[0], 200, "application/json", HF_BYTES_LIT("{\"requests\":[]}"));
}

static void serve_denied(void *service, struct hf_exchange *const *list, size_t num)
{
	(void)num;
	((struct ra *)service)->calls++;
	hf_exchange_refuse(list[0], 403, "denied", "role auditor may not");
}

static void serve_claim(void *service, struct hf_exchange *const *list, size_t num)
{
	struct ra *ra = service;
	struct hf_exchange *ex = list[0];
	struct hf_json_writer w;

	(void)num;
	if (look(ra, ex))
		return;
	hf_json_writer_init(&w, &ex->answer);
	hf_json_write_object(&w, NULL);
	hf_json_write_array(&w, "claims");
	hf_json_write_object(&w, NULL);
	hf_json_write_str(&w, "id", ID);
	hf_json_write_str(&w, "ticket", TICKET);
	hf_json_write_str(&w, "template", "person");
	hf_json_write_base64(&w, "subject", hf_buf_bytes(&ra->subject));
	hf_json_write_str(&w, "token_label", ID);
	hf_json_write_end(&w);
	hf_json_write_end(&w);
	hf_json_write_array(&w, "refused");
	hf_json_write_object(&w, NULL);
	hf_json_write_str(&w, "id", "absent");
	hf_json_write_str(&w, "error", "missing");
	hf_json_write_str(&w, "text", "no such application");
	hf_json_write_end(&w);
	hf_json_write_end(&w);
	hf_json_write_end(&w);
	hf_exchange_done(ex, 200, "application/json");
}

/* A certificate for a key that somebody else has. */
static void issue_for(struct ra *ra, enum hf_profile profile, const uint8_t pub[HF_SM2_POINT], struct hf_buf *der)
{
	struct rig_cert *issuer = ra->trouble == OTHER_CA ? &ra->stranger : &ra->ca;
	uint8_t random[HF_SERIAL_RANDOM], serial[HF_SERIAL_LEN];
	struct hf_signer signer = rig_signer(&issuer->key);
	struct hf_err err;
	struct hf_buf tbs;

	hf_buf_init(&tbs, HF_TBS_MAX);
	HF_ASSERT(hf_rand(random, sizeof(random), &err) && hf_serial_make(RIG_NOW, 0, random, serial, &err));
	struct hf_tbs_params params = {.profile = profile,
		.serial = HF_BYTES_OF(serial),
		.issuer = issuer->cert.tbs.subject,
		.subject = hf_buf_bytes(ra->trouble == OTHER_SUBJECT ? &ra->other_subject : &ra->subject),
		.not_before = RIG_NOW,
		.not_after = RIG_NOW + HF_DAY,
		.path_len = -1,
		.issuer_key_id = issuer->cert.subject_key_id,
		.crl_uri = "http://ca.example/ca.crl"};
	memcpy(params.pub, pub, sizeof(params.pub));
	HF_ASSERT(hf_tbs_build(&params, &tbs, &err));
	const struct hf_bytes view = hf_buf_bytes(&tbs);
	HF_ASSERT(hf_signed_make(&signer, &view, 1, der, &err));
	hf_buf_clear(&tbs);
}

static void make_envelope(struct ra *ra, struct hf_buf *out)
{
	struct hf_sm2_key other;
	struct hf_sealed_key key = {.recipient = {ra->ca.cert.tbs.subject, ra->ca.cert.tbs.serialNumber},
		.signer = {ra->root.cert.tbs.subject, ra->root.cert.tbs.serialNumber}};
	uint8_t sm4[HF_SM4_KEY];
	struct hf_err err;

	HF_ASSERT(hf_rand(sm4, sizeof(sm4), &err) && hf_sm2_generate(&other, &err));
	hf_sm4_ecb_encrypt(sm4, ra->trouble == OTHER_ENVELOPE ? other.d : ra->enc.d, key.enc_private, HF_SM2_SCALAR);
	HF_ASSERT(hf_sm2_encrypt(ra->pub, HF_BYTES_OF(sm4), key.sym_cipher, &err));
	memset(key.signature, 1, sizeof(key.signature));
	HF_ASSERT(hf_sealed_key_encode(&key, out, &err));
	if (ra->trouble == BROKEN_ENVELOPE)
		out->len--;
}

static void remember(struct ra *ra, struct hf_bytes sign, struct hf_bytes enc)
{
	struct hf_cert cert;
	struct hf_err err;

	HF_ASSERT(hf_decode_cert(sign, &cert, &err));
	hf_serial_text(cert.tbs.serialNumber, ra->sign_serial);
	HF_ASSERT(hf_decode_cert(enc, &cert, &err));
	hf_serial_text(cert.tbs.serialNumber, ra->enc_serial);
	hf_sm3(sign, ra->sign_hash);
	hf_sm3(enc, ra->enc_hash);
}

static void answer_csr(struct ra *ra, struct hf_exchange *ex)
{
	const bool swapped = ra->trouble == SWAPPED;
	struct hf_buf sign, enc, envelope;
	struct hf_sm2_key other;
	struct hf_json_writer w;
	struct hf_err err;

	hf_buf_init(&sign, HF_CERT_MAX);
	hf_buf_init(&enc, HF_CERT_MAX);
	hf_buf_init(&envelope, 4096);
	HF_ASSERT(hf_sm2_generate(&other, &err));
	issue_for(ra, swapped ? HF_PROFILE_USER_ENC : HF_PROFILE_USER_SIGN,
		ra->trouble == OTHER_SIGN_KEY ? other.pub : ra->pub, &sign);
	issue_for(ra, swapped ? HF_PROFILE_USER_SIGN : HF_PROFILE_USER_ENC,
		ra->trouble == OTHER_ENC_KEY ? other.pub : ra->enc.pub, &enc);
	make_envelope(ra, &envelope);
	remember(ra, hf_buf_bytes(&sign), hf_buf_bytes(&enc));
	hf_json_writer_init(&w, &ex->answer);
	hf_json_write_object(&w, NULL);
	hf_json_write_base64(&w, "sign_cert", hf_buf_bytes(&sign));
	hf_json_write_base64(&w, "enc_cert", hf_buf_bytes(&enc));
	hf_json_write_array(&w, "chain");
	hf_json_write_base64(&w, NULL, ra->trouble == OTHER_CHAIN ? ra->root.cert.der : ra->ca.cert.der);
	hf_json_write_base64(&w, NULL, ra->root.cert.der);
	hf_json_write_end(&w);
	hf_json_write_base64(&w, "envelope", hf_buf_bytes(&envelope));
	hf_json_write_hex(&w, "enc_public", HF_BYTES_OF(ra->enc.pub));
	hf_json_write_end(&w);
	hf_exchange_done(ex, 200, ra->trouble == NO_JSON ? "text/html" : "application/json");
	hf_buf_clear(&envelope);
	hf_buf_clear(&enc);
	hf_buf_clear(&sign);
}

static void serve_csr(void *service, struct hf_exchange *const *list, size_t num)
{
	struct ra *ra = service;
	struct hf_exchange *ex = list[0];
	struct hf_json doc = {0};
	struct hf_csr csr;
	struct hf_buf der;
	struct hf_err err;
	const char *ticket;

	(void)num;
	hf_buf_init(&der, HF_CSR_MAX);
	ra->csrs++;
	if (!hf_json_parse(hf_buf_bytes(&ex->body), &doc, &err) || !hf_json_str(&doc, "ticket", 64, &ticket, &err) ||
		strcmp(ticket, TICKET) != 0 || !hf_json_base64(&doc, "pkcs10", &der, &err) ||
		!hf_decode_csr(hf_buf_bytes(&der), &csr, &err) || !hf_csr_verify(&csr, &err) ||
		!hf_name_equal(csr.info.subject, hf_buf_bytes(&ra->subject))) {
		hf_exchange_refuse(ex, 400, "input", "the request: %s", err.text);
	} else if (ra->csrs <= ra->state_first) {
		hf_exchange_refuse(ex, 409, "state", "this request is being issued: ask again");
	} else {
		memcpy(ra->pub, csr.pub, sizeof(ra->pub));
		if (ra->trouble == NO_JSON)
			hf_exchange_answer(ex, 200, "text/html", HF_BYTES_LIT("<html>"));
		else
			answer_csr(ra, ex);
	}
	hf_json_free(&doc);
	hf_buf_clear(&der);
}

/* The protocol's text, made here from its description and not with the client's function. */
static bool receipt_fits(struct ra *ra, const struct hf_json *doc)
{
	uint8_t sig[HF_SM2_SIG], z[HF_SM3_LEN], e[HF_SM3_LEN];
	char sign_hash[2 * HF_SM3_LEN + 1], enc_hash[2 * HF_SM3_LEN + 1], text[1024];
	const char *at, *token, *ticket;
	struct hf_buf der;
	struct hf_err err;
	bool ok;

	hf_buf_init(&der, 256);
	ok = hf_json_str(doc, "at", 64, &at, &err) && hf_json_str(doc, "token", 64, &token, &err) &&
	     hf_json_str(doc, "ticket", 64, &ticket, &err) && strcmp(ticket, TICKET) == 0 &&
	     hf_json_base64(doc, "signature", &der, &err) && hf_sm2sig_parse(hf_buf_bytes(&der), sig, &err);
	if (ok) {
		hf_hex(HF_BYTES_OF(ra->sign_hash), sign_hash);
		hf_hex(HF_BYTES_OF(ra->enc_hash), enc_hash);
		hf_fmt_cut(text, sizeof(text), "HUFU-RECEIPT-1\n%s\n%s\n%s\n%s\n%s\n%s\n%s\n", ID, ra->sign_serial,
			ra->enc_serial, sign_hash, enc_hash, token, at);
		hf_sm2_z(ra->pub, HF_SM2_DEFAULT_ID, z);
		hf_sm2_digest(z, hf_bytes_str(text), e);
		ok = hf_sm2_verify(ra->pub, e, sig, &err);
	}
	hf_buf_clear(&der);
	return ok;
}

static void serve_receipt(void *service, struct hf_exchange *const *list, size_t num)
{
	struct ra *ra = service;
	struct hf_json doc = {0};
	struct hf_err err;

	(void)num;
	ra->receipts++;
	ra->receipt_good = hf_json_parse(hf_buf_bytes(&list[0]->body), &doc, &err) && receipt_fits(ra, &doc);
	hf_json_free(&doc);
	if (ra->kill_answer && ra->receipts == 1)
		hf_exchange_refuse(list[0], 500, "internal", "the answer is lost");
	else
		hf_exchange_answer(list[0], 200, "application/json", HF_BYTES_LIT("{\"state\":\"installed\"}"));
}

static const struct hf_route routes[] = {
	{"GET", "/v1/requests", 0, 0, serve_list, "", NULL},
	{"GET", "/v1/denied", 0, 0, serve_denied, "", NULL},
	{"POST", "/v1/produce/claim", 1 << 20, 0, serve_claim, "", NULL},
	{"POST", "/v1/produce/{id}/csr", 1 << 20, 0, serve_csr, "", NULL},
	{"POST", "/v1/produce/{id}/receipt", 1 << 20, 0, serve_receipt, "", NULL},
};

static void *run_loop(void *ctx)
{
	struct ra *ra = ctx;

	hf_loop_run(ra->loop);
	hf_http_server_stop(ra->server, true, 1000);
	return NULL;
}

/* ---- the home --------------------------------------------------------------------------------------------------- */

static void make_home(struct ra *ra)
{
	const struct hf_name_parts who = {.C = "CN", .O = "测试", .CN = "张虎"}, other = {.C = "CN", .CN = "李符"};
	const char *build = getenv("HUFU_BUILD_ROOT");
	char path[128], conf[128];
	struct hf_err err;
	struct hf_buf pem;

	hf_fmt_cut(ra->home, sizeof(ra->home), "/tmp/hufu-client-XXXXXX");
	assert_non_null(mkdtemp(ra->home));
	hf_fmt_cut(ra->skf, sizeof(ra->skf), "%s/src/skf/libhufuskf.so", build ? build : ".");
	hf_fmt_cut(path, sizeof(path), "%s/hufu.conf", ra->home);
	hf_fmt_cut(conf, sizeof(conf), "[network]\nra_port = %u\n[device]\npbkdf2 = 1000\n",
		hf_http_server_port(ra->server));
	assert_ok(hf_file_write(path, hf_bytes_str(conf), 0644, &err));
	rig_issue(&ra->root, HF_PROFILE_ROOT, "a root", NULL, -HF_DAY, HF_DAY);
	rig_issue(&ra->ca, HF_PROFILE_SUB_CA, "a CA", &ra->root, -HF_DAY, HF_DAY);
	rig_issue(&ra->stranger, HF_PROFILE_SUB_CA, "a CA", &ra->root, -HF_DAY, HF_DAY);
	assert_ok(hf_sm2_generate(&ra->enc, &err));
	hf_buf_init(&ra->subject, HF_NAME_MAX);
	hf_buf_init(&ra->other_subject, HF_NAME_MAX);
	assert_ok(hf_name_build(&who, &ra->subject, &err));
	assert_ok(hf_name_build(&other, &ra->other_subject, &err));
	hf_buf_init(&pem, 65536);
	(void)hf_pem_put(&pem, "CERTIFICATE", ra->ca.cert.der);
	hf_fmt_cut(path, sizeof(path), "%s/ca.crt", ra->home);
	assert_ok(hf_file_write(path, hf_buf_bytes(&pem), 0644, &err));
	hf_buf_clear(&pem);
}

static int setup(void **state)
{
	struct ra *ra = hf_alloc(1, sizeof(*ra));
	const struct hf_http_server_opts opts = {.address = "127.0.0.1",
		.routes = routes,
		.num_routes = sizeof(routes) / sizeof(routes[0]),
		.service = ra};
	struct hf_token *token;
	struct hf_err err;

	assert_ok(hf_loop_new(&ra->loop, &err));
	assert_ok(hf_http_server_new(&ra->server, ra->loop, &opts, &err));
	assert_ok(hf_http_server_start(ra->server, &err));
	make_home(ra);
	assert_int_equal(pthread_create(&ra->thread, NULL, run_loop, ra), 0);
	assert_ok(hf_client_open(&ra->client, ra->home, ra->skf, NULL, &err));
	assert_ok(hf_client_desk(&ra->client, &err));
	assert_ok(hf_desk_make_operator(&ra->client.desk, "zhizheng", ra->operator_pub, &token, &err));
	hf_token_close(token);
	assert_ok(hf_client_operator(&ra->client, "zhizheng", &err));
	*state = ra;
	return 0;
}

static int teardown(void **state)
{
	struct ra *ra = *state;
	char command[128];

	hf_client_close(&ra->client);
	hf_loop_stop(ra->loop);
	(void)pthread_join(ra->thread, NULL);
	hf_http_server_free(ra->server);
	hf_loop_free(ra->loop);
	rig_clear(&ra->root);
	rig_clear(&ra->ca);
	rig_clear(&ra->stranger);
	hf_buf_clear(&ra->subject);
	hf_buf_clear(&ra->other_subject);
	hf_fmt_cut(command, sizeof(command), "rm -rf '%s'", ra->home);
	free(ra);
	return system(command) == 0 ? 0 : -1;
}

/* ---- calls ------------------------------------------------------------------------------------------------------ */

static bool ask(struct ra *ra, const char *path, struct hf_err *err)
{
	const struct hf_client_ask what = {.service = "ra", .method = "GET", .path = path};
	struct hf_buf answer;
	bool ok;

	hf_buf_init(&answer, 65536);
	ok = hf_client_call(&ra->client, &what, &answer, err);
	hf_buf_clear(&answer);
	return ok;
}

static void a_call_is_signed_once_and_sent_until_it_is_answered(void **state)
{
	struct ra *ra = *state;
	struct hf_err err;

	ra->fail_first = 3;
	assert_ok(ask(ra, "/v1/requests?limit=5", &err));
	assert_int_equal(ra->calls, 4);
	assert_int_equal(ra->signed_well, 4);
	assert_false(ra->changed);
	assert_ok(ask(ra, "/v1/requests", &err));
	assert_true(ra->changed); /* another act has another id */
}

static void patience_ends_with_the_services_own_words(void **state)
{
	struct ra *ra = *state;
	struct hf_err err;

	ra->fail_first = 1000;
	ra->client.patience_ms = 300;
	assert_refused(ask(ra, "/v1/requests", &err), HF_E_STORE, "the disk is full");
	assert_true(ra->calls > 1);
}

static void a_refusal_is_not_asked_again(void **state)
{
	struct ra *ra = *state;
	struct hf_err err;

	assert_refused(ask(ra, "/v1/denied", &err), HF_E_DENIED, "role auditor may not");
	assert_int_equal(ra->calls, 1);
	assert_refused(ask(ra, "/v1/nowhere", &err), HF_E_MISSING, "");
}

static void nobody_signs_without_a_pin(void **state)
{
	struct ra *ra = *state;
	struct hf_client other = {0};
	char wrong[128];
	struct hf_err err;

	hf_fmt_cut(wrong, sizeof(wrong), "%s/wrong", ra->home);
	assert_ok(hf_file_write(wrong, HF_BYTES_LIT("000000\n"), 0600, &err));
	assert_ok(hf_client_open(&other, ra->home, ra->skf, wrong, &err));
	assert_refused(hf_client_operator(&other, "zhizheng", &err), HF_E_DENIED, "tries left");
	assert_refused(hf_client_operator(&other, "../zhizheng", &err), HF_E_INPUT, "A-Z");
	assert_refused(ask(&(struct ra){.client = other}, "/v1/requests", &err), HF_E_STATE, "no operator");
	hf_client_close(&other);
}

/* ---- production ------------------------------------------------------------------------------------------------- */

struct kept {
	size_t num;
	bool csr_good;
};

static bool keep(void *ctx, const struct hf_produced *produced, struct hf_err *err)
{
	struct kept *kept = ctx;
	struct hf_csr csr;

	kept->num++;
	kept->csr_good = hf_decode_csr(produced->csr, &csr, err) && produced->num_chain == 2;
	return true;
}

static bool produce(struct ra *ra, struct hf_produce_result results[2], struct kept *kept)
{
	static const char *const ids[] = {ID, "absent"};
	const struct hf_produce how = {.jobs = 2, .keep = keep, .ctx = kept};
	struct hf_produce_sum sum;
	struct hf_err err;

	assert_ok(hf_produce(&ra->client, &how, ids, 2, results, &sum, &err));
	assert_int_equal(sum.installed, results[0].installed ? 1 : 0);
	assert_int_equal(hf_code_named("missing"), results[1].err.code);
	return results[0].installed;
}

static void a_token_gets_both_certificates_and_the_pair(void **state)
{
	struct ra *ra = *state;
	struct hf_produce_result results[2];
	struct kept kept = {0};
	uint8_t first[HF_SM2_POINT], pub[HF_SM2_POINT];
	struct hf_token *token;
	struct hf_buf der;
	struct hf_err err;

	ra->fail_first = 1;
	ra->state_first = 2;
	ra->kill_answer = true;
	assert_true(produce(ra, results, &kept));
	assert_true(results[0].issued && results[0].err.code == HF_OK);
	assert_string_equal(results[0].sign_serial, ra->sign_serial);
	assert_string_equal(results[0].enc_serial, ra->enc_serial);
	assert_string_equal(results[0].device, "subject-" ID);
	assert_true(kept.num == 1 && kept.csr_good);
	assert_true(ra->receipt_good);
	assert_int_equal(ra->receipts, 2);
	assert_int_equal(ra->csrs, 3);
	memcpy(first, ra->pub, sizeof(first));
	hf_buf_init(&der, HF_CERT_MAX);
	assert_ok(hf_desk_subject(&ra->client.desk, ID, pub, &token, &err));
	assert_memory_equal(pub, first, sizeof(pub));
	assert_ok(hf_token_public(token, HF_DESK_SUBJECT, HF_TOKEN_ENC, pub, &err));
	assert_memory_equal(pub, ra->enc.pub, sizeof(pub));
	assert_ok(hf_token_export_cert(token, HF_DESK_SUBJECT, HF_TOKEN_ENC, &der, &err));
	hf_token_close(token);
	hf_buf_clear(&der);
	/* Again, as after a crash: the same key, and it ends well. */
	assert_true(produce(ra, results, &kept));
	assert_memory_equal(ra->pub, first, sizeof(first));
}

static void a_wrong_answer_gets_no_receipt(void **state)
{
	static const struct {
		enum trouble trouble;
		enum hf_code code;
		const char *word;
	} cases[] = {
		{OTHER_SIGN_KEY, HF_E_VERIFY, "signing certificate is for another public key"},
		{OTHER_ENC_KEY, HF_E_VERIFY, "encryption certificate is for another public key"},
		{OTHER_SUBJECT, HF_E_VERIFY, "another subject"},
		{OTHER_CA, HF_E_VERIFY, "signing certificate"},
		{SWAPPED, HF_E_VERIFY, "keyUsage"},
		{OTHER_CHAIN, HF_E_VERIFY, "ca.crt"},
		{OTHER_ENVELOPE, HF_E_INPUT, "SKF_ImportECCKeyPair"},
		{BROKEN_ENVELOPE, HF_E_INPUT, ""},
		{NO_JSON, HF_E_INPUT, "JSON"},
	};
	struct ra *ra = *state;
	struct hf_produce_result results[2];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct kept kept = {0};

		ra->trouble = cases[i].trouble;
		assert_false(produce(ra, results, &kept));
		assert_string_equal(hf_code_name(results[0].err.code), hf_code_name(cases[i].code));
		if (!strstr(results[0].err.text, cases[i].word))
			fail_msg("\"%s\" does not say \"%s\"", results[0].err.text, cases[i].word);
		assert_int_equal(kept.num, 0);
	}
	assert_int_equal(ra->receipts, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_call_is_signed_once_and_sent_until_it_is_answered, setup, teardown),
		cmocka_unit_test_setup_teardown(patience_ends_with_the_services_own_words, setup, teardown),
		cmocka_unit_test_setup_teardown(a_refusal_is_not_asked_again, setup, teardown),
		cmocka_unit_test_setup_teardown(nobody_signs_without_a_pin, setup, teardown),
		cmocka_unit_test_setup_teardown(a_token_gets_both_certificates_and_the_pair, setup, teardown),
		cmocka_unit_test_setup_teardown(a_wrong_answer_gets_no_receipt, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
