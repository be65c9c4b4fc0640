#include "ra_fixture.h"

#include "access/operation.h"
#include "api/call.h"
#include "api/journal_page.h"
#include "api/json.h"
#include "api/ra_routes.h"
#include "base/hex.h"
#include "x509/sm2sig.h"

/* ---- JSON ------------------------------------------------------------------------------------------------------ */

static void json_is_read_strictly(void **state)
{
	static const struct {
		const char *text, *word; /* word NULL: taken */
	} cases[] = {
		{"{\"a\":1}", NULL},
		{" [ ] ", NULL},
		{"", "empty"},
		{"{\"a\":1,\"a\":2}", "duplicate"},
		{"{\"a\":1} x", "line 1"},
		{"{\"a\":1}{}", "line 1"},
		{"{'a':1}", "line 1"},
		{"{\"a\":1,}", "line 1"},
		{"\"text\"", "'[' or '{'"},
		{"{\"a\":\"\\u0000\"}", "\\u0000"},
		{"{\"a\":\"\xC0\x80\"}", "decode byte"},
		{"{\"a\":99999999999999999999}", "too big"},
		{"{\"a\":NaN}", "line 1"},
		{"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", NULL},
		{"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", "deeper than 32"},
		{"{\"a\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[\"}", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hf_json doc;
		struct hf_err err = {0};
		const bool ok = hf_json_parse(hf_bytes_str(cases[i].text), &doc, &err);

		hf_json_free(&doc);
		if (ok != !cases[i].word || (!ok && !strstr(err.text, cases[i].word)))
			fail_msg("%s: %s", cases[i].text, ok ? "accepted" : err.text);
	}
}

static void a_syntax_error_does_not_repeat_the_input(void **state)
{
	struct hf_json doc;
	struct hf_err err = {0};

	(void)state;
	assert_refused(
		hf_json_parse(HF_BYTES_LIT("{\"id_number\" 370202197612238255}"), &doc, &err), HF_E_INPUT, "line 1");
	assert_null(strstr(err.text, "370202"));
}

static void getters_say_where_and_why(void **state)
{
	static const char text[] =
		"{\"n\":5,\"f\":1.5,\"s\":\"张三\",\"l\":\"a\\nb\",\"e\":\"\",\"b\":\"AAEC\",\"x\":\"0g\","
		"\"t\":true,\"z\":null,\"items\":[{\"id\":\"a\"},{\"id\":7}],\"none\":[]}";
	static const char *const names[] = {"n", "f", "s", NULL};
	struct hf_json doc, items, item;
	struct hf_err err = {0};
	struct hf_buf octets;
	const char *out;
	uint8_t two[1];
	int64_t v = 9;
	size_t num;
	bool b;

	(void)state;
	assert_ok(hf_json_parse(hf_bytes_str(text), &doc, &err));
	hf_buf_init(&octets, 3);
	assert_ok(hf_json_i64(&doc, "n", 0, 5, &v, &err));
	assert_refused(hf_json_i64(&doc, "n", 6, 9, &v, &err), HF_E_INPUT, "n: 5 is not in 6 to 9");
	assert_refused(
		hf_json_i64(&doc, "f", 0, 9, &v, &err), HF_E_INPUT, "f: expected a whole number, got a number with");
	assert_refused(hf_json_i64(&doc, "s", 0, 9, &v, &err), HF_E_INPUT, "got a string");
	assert_ok(hf_json_i64_opt(&doc, "z", 0, 9, &v, &err));
	assert_true(v == 5);
	assert_ok(hf_json_str(&doc, "s", 2, &out, &err));
	assert_string_equal(out, "张三");
	assert_refused(hf_json_str(&doc, "s", 1, &out, &err), HF_E_LIMIT, "s: 2 characters");
	assert_refused(hf_json_str(&doc, "l", 9, &out, &err), HF_E_INPUT, "l: it holds a control");
	assert_refused(hf_json_str(&doc, "e", 9, &out, &err), HF_E_INPUT, "e: it is empty");
	assert_refused(
		hf_json_str(&doc, "gone", 9, &out, &err), HF_E_INPUT, "gone: expected a string, got null or missing");
	assert_ok(hf_json_str_opt(&doc, "gone", 9, &out, &err));
	assert_null(out);
	assert_ok(hf_json_base64(&doc, "b", &octets, &err));
	assert_int_equal(octets.len, 3);
	octets.max = 2;
	assert_refused(hf_json_base64(&doc, "b", &octets, &err), HF_E_INPUT, "b: ");
	assert_refused(hf_json_base64(&doc, "s", &octets, &err), HF_E_INPUT, "s: not base64");
	assert_refused(hf_json_hex(&doc, "x", two, 1, &err), HF_E_INPUT, "x: expected 2 hex digits");
	assert_ok(hf_json_bool(&doc, "t", &b, &err));
	assert_refused(hf_json_bool(&doc, "n", &b, &err), HF_E_INPUT, "n: expected true or false");
	assert_ok(hf_json_array(&doc, "items", 2, &items, &num, &err));
	hf_json_at(&items, 1, &item);
	assert_refused(hf_json_str(&item, "id", 9, &out, &err), HF_E_INPUT, "items[1].id: expected a string");
	assert_refused(hf_json_array(&doc, "items", 1, &items, &num, &err), HF_E_LIMIT, "items: 2 elements");
	assert_refused(hf_json_array(&doc, "none", 1, &items, &num, &err), HF_E_INPUT, "none: it is empty");
	assert_ok(hf_json_array_opt(&doc, "none", 1, &items, &num, &err));
	assert_refused(hf_json_only(&doc, names, &err), HF_E_INPUT, "no such member");
	hf_json_free(&doc);
	hf_buf_clear(&octets);
}

static void what_is_written_can_be_read(void **state)
{
	struct hf_json_writer w;
	struct hf_buf out;

	(void)state;
	hf_buf_init(&out, 1000);
	hf_json_writer_init(&w, &out);
	hf_json_write_object(&w, NULL);
	hf_json_write_str(&w, "a", "<script>\"\\\n\x01张");
	hf_json_write_text(&w, "broken", HF_BYTES_LIT("x\xFFy"));
	hf_json_write_array(&w, "list");
	hf_json_write_i64(&w, NULL, -5);
	hf_json_write_bool(&w, NULL, true);
	hf_json_write_null(&w, NULL);
	hf_json_write_array(&w, NULL);
	hf_json_write_end(&w);
	hf_json_write_end(&w);
	hf_json_write_base64(&w, "b", HF_BYTES_LIT("\x00\x01\x02"));
	hf_json_write_hex(&w, "h", HF_BYTES_LIT("\xAB"));
	hf_json_write_time(&w, "t", RA_NOW);
	hf_json_write_end(&w);
	assert_string_equal(hf_buf_cstr(&out), "{\"a\":\"<script>\\\"\\\\\\u000a\\u0001张\",\"broken\":\"x?y\","
					       "\"list\":[-5,true,null,[]],\"b\":\"AAEC\","
					       "\"h\":\"ab\",\"t\":\"2027-01-15T08:00:00.000000Z\"}");
	hf_buf_clear(&out);
}

/* ---- signed calls ---------------------------------------------------------------------------------------------- */

static const struct hf_schema *const schemas[] = {&hf_journal_schema, &hf_access_schema, &hf_ra_schema};

enum { LURU, SHENHE, ZHIZHENG, SHENJI, NUM_PEOPLE };

struct fixture {
	struct ra_fixture ra;
	struct hf_api api;
	struct {
		const char *id;
		enum hf_role role;
		struct hf_sm2_key key;
	} people[NUM_PEOPLE];
	unsigned number;
};

static bool add_people(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct fixture *f = ctx;

	for (int i = 0; i < NUM_PEOPLE; i++) {
		struct hf_operator op = {.role = f->people[i].role,
			.active = true,
			.not_before = RA_NOW - HF_DAY,
			.not_after = RA_NOW + HF_DAY};

		hf_fmt_cut(op.id, sizeof(op.id), "%s", f->people[i].id);
		hf_fmt_cut(op.name, sizeof(op.name), "%s", f->people[i].id);
		memcpy(op.pub, f->people[i].key.pub, sizeof(op.pub));
		if (!hf_operator_add(tx, &op, HF_BYTES_NONE, err))
			return false;
	}
	return true;
}

static int setup(void **state)
{
	static const char *const ids[] = {"luru", "shenhe", "zhizheng", "shenji"};
	static const enum hf_role roles[] = {HF_ROLE_RA_ENTRY, HF_ROLE_RA_REVIEW, HF_ROLE_RA_PRODUCE, HF_ROLE_AUDITOR};
	struct fixture *f = hf_alloc(1, sizeof(*f));
	struct hf_err err;

	ra_fixture_init(&f->ra, schemas, 3);
	for (int i = 0; i < NUM_PEOPLE; i++) {
		f->people[i].id = ids[i];
		f->people[i].role = roles[i];
		assert_ok(hf_sm2_generate(&f->people[i].key, &err));
	}
	assert_ok(hf_store_write(f->ra.store, add_people, f, &err));
	f->api = (struct hf_api){
		.service = "ra", .store = f->ra.store, .clock = &f->ra.clock, .log = &f->ra.log, .role = &f->ra.ra};
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	ra_fixture_clear(&f->ra);
	free(f);
	return 0;
}

struct request {
	int who; /* -1: unsigned */
	const char *method, *target, *type, *body;
	const char *id, *time;                   /* NULL: a new one, now */
	const char *signed_target, *signed_body; /* what was signed, where it is not what is sent */
};

static struct hf_exchange *serve(struct fixture *f, const struct request *r)
{
	struct hf_exchange *ex = hf_exchange_new();
	char id[32], time[HF_TIME_TEXT_MAX], sig[HF_CALL_SIG_TEXT];
	struct hf_err err;

	assert_ok(hf_exchange_set_request(ex, r->method, r->target, &err));
	ex->body.max = HF_BATCH_FILE_MAX;
	assert_true(hf_buf_put_str(&ex->body, r->body ? r->body : ""));
	if (r->type)
		assert_ok(hf_exchange_add_header(ex, "Content-Type", r->type, &err));
	hf_fmt_cut(id, sizeof(id), "operation-%u", f->number++);
	hf_time_text(f->ra.now, false, time);
	if (r->who >= 0) {
		const struct hf_sm2_key *key = &f->people[r->who].key;
		struct hf_call call = {.service = "ra",
			.method = r->method,
			.path = r->signed_target ? r->signed_target : r->target,
			.body = hf_bytes_str(r->signed_body ? r->signed_body
					     : r->body      ? r->body
							    : ""),
			.operation_id = r->id ? r->id : id,
			.time = r->time ? r->time : time,
			.operator_id = f->people[r->who].id};
		uint8_t e[HF_SM3_LEN];

		assert_ok(hf_call_seal(&call, &err));
		hf_call_digest(&call, key->pub, e);
		assert_ok(hf_sm2_sign(key->d, e, call.signature, &err));
		hf_call_signature_text(call.signature, sig);
		assert_ok(hf_exchange_add_header(ex, "Hufu-Operator", call.operator_id, &err));
		assert_ok(hf_exchange_add_header(ex, "Hufu-Operation", call.operation_id, &err));
		assert_ok(hf_exchange_add_header(ex, "Hufu-Time", call.time, &err));
		assert_ok(hf_exchange_add_header(ex, "Hufu-Signature", sig, &err));
	}
	hf_routes_serve(hf_ra_routes, hf_num_ra_routes, &f->api, ex);
	return ex;
}

/* Serves; the answer must have this status and hold this word. Gives its body as a JSON document. */
static struct hf_json ask(struct fixture *f, const struct request *r, unsigned status, const char *word)
{
	struct hf_exchange *ex = serve(f, r);
	struct hf_json doc = {0};
	struct hf_err err;

	if (ex->status != status || !strstr(hf_buf_cstr(&ex->answer), word))
		fail_msg("%s %s: %u %s", r->method, r->target, ex->status, hf_buf_cstr(&ex->answer));
	assert_ok(hf_json_parse(hf_buf_bytes(&ex->answer), &doc, &err));
	hf_exchange_free(ex);
	return doc;
}

static void expect(struct fixture *f, const struct request *r, unsigned status, const char *word)
{
	struct hf_json doc = ask(f, r, status, word);

	hf_json_free(&doc);
}

#define HEAD                                                                                                           \
	"template,common_name,id_type,id_number,organization,state,uscc,email,phone,validity_days,key_algorithm,x\n"
#define CAO "person,曹英霞,resident,370202197612238255,,,,a@x.cn,19452685969,365,SM2,\n"
#define FAN "person,范玉艳,resident,650102197911132719,,,,a@x.cn,19452685969,365,SM2,\n"

#define BATCH                                                                                                          \
	{                                                                                                              \
		.who = LURU, .method = "POST", .target = "/v1/batches/B1", .type = "text/csv", .body = HEAD CAO FAN    \
	}

static void the_route_table_is_whole(void **state)
{
	struct hf_err err;

	(void)state;
	assert_ok(hf_routes_check(hf_ra_routes, hf_num_ra_routes, &err));
	for (size_t i = 0; i < hf_num_ra_routes; i++) {
		const struct hf_api_rule *rule = hf_ra_routes[i].extra;

		assert_non_null(rule);
		assert_non_null(rule->operation);
		assert_int_equal(rule->kind == HF_API_OPEN, rule->roles == 0);
	}
}

static void only_the_right_signature_passes(void **state)
{
	struct fixture *f = *state;
	struct request r = BATCH;

	r.who = -1;
	expect(f, &r, 403, "Hufu-Operator");
	r.who = SHENHE;
	expect(f, &r, 403, "role");
	r.who = LURU;
	r.signed_body = HEAD CAO;
	expect(f, &r, 403, "signature");
	r.signed_body = NULL;
	r.signed_target = "/v1/batches/B2";
	expect(f, &r, 403, "signature");
	r.signed_target = NULL;
	r.time = "2027-01-15T07:54:59Z";
	expect(f, &r, 403, "minutes");
	r.time = NULL;
	f->people[LURU].id = "nobody";
	expect(f, &r, 403, "not registered");
	f->people[LURU].id = "luru";
	r.target = "/v1/batches/B%20B1";
	r.signed_target = NULL;
	expect(f, &r, 400, "batch id");
	r.target = "/v1/batches/B1";
	r.type = "application/json";
	expect(f, &r, 400, "text/csv");
	r.type = "text/csv; charset=utf-8";
	expect(f, &r, 200, "\"accepted\":2");
}

static void the_identical_call_gets_its_first_answer_again(void **state)
{
	struct fixture *f = *state;
	struct request r = BATCH;
	struct hf_exchange *first, *again;

	r.id = "operation-x";
	r.time = "2027-01-15T08:00:00Z";
	first = serve(f, &r);
	again = serve(f, &r);
	assert_int_equal(first->status, 200);
	assert_string_equal(hf_buf_cstr(&first->answer), hf_buf_cstr(&again->answer));
	hf_exchange_free(again);
	/* also an hour later; a new call of that age would be refused */
	f->ra.now += HF_HOUR;
	again = serve(f, &r);
	assert_string_equal(hf_buf_cstr(&first->answer), hf_buf_cstr(&again->answer));
	hf_exchange_free(again);
	/* another body under a known operation id */
	r.body = HEAD CAO;
	expect(f, &r, 409, "conflict");
	/* the same batch by a new call: the same outcome; other octets under its id: a conflict */
	r = (struct request)BATCH;
	again = serve(f, &r);
	assert_string_equal(hf_buf_cstr(&first->answer), hf_buf_cstr(&again->answer));
	hf_exchange_free(again);
	r.body = HEAD CAO;
	expect(f, &r, 409, "other content");
	hf_exchange_free(first);
}

static void a_batch_answers_row_by_row(void **state)
{
	struct fixture *f = *state;
	struct request r = BATCH;

	r.body = HEAD CAO "person,,,,,,,,,,,\n" FAN FAN;
	expect(f, &r, 200,
		"\"refused\":[{\"row\":3,\"line\":3,\"field\":\"common_name\",\"reason\":\"missing\"},{\"row\":4,");
	expect(f, &r, 200, "\"rows\":4,\"accepted\":1,");
	expect(f, &r, 200, "\"ignored_columns\":[\"x\"]");
	r.target = "/v1/batches/B2";
	r.body = "nonsense";
	expect(f, &r, 400, "header");
}

static void one_applicant_is_entered_as_json(void **state)
{
	struct fixture *f = *state;
	struct request r = {.who = LURU, .method = "POST", .target = "/v1/requests"};

	r.body = "{\"template\":\"person\",\"common_name\":\"<script>alert(1)</script>\",\"id_type\":\"resident\","
		 "\"id_number\":\"370202197612238255\",\"email\":\"a@x.cn\",\"phone\":\"19452685969\","
		 "\"validity_days\":365,\"key_algorithm\":\"SM2\"}";
	expect(f, &r, 200, "\"state\":\"entered\"");
	expect(f, &r, 409, "under way");
	r.body = "{\"template\":\"person\",\"common_name\":\"a\\nb\"}";
	expect(f, &r, 400, "common_name: a line break");
	r.body = "{\"template\":\"person\",\"validity_days\":\"365\"}";
	expect(f, &r, 400, "validity_days: expected a whole number");
	r.body = "{\"template\":\"person\",\"colour\":\"red\"}";
	expect(f, &r, 400, "colour: no such member");
	r = (struct request){.who = SHENJI, .method = "GET", .target = "/v1/requests?state=entered"};
	expect(f, &r, 200, "<script>alert(1)</script>");
	r.target = "/v1/requests?state=nonsense";
	expect(f, &r, 400, "no such state");
	r.target = "/v1/requests?limit=0";
	expect(f, &r, 400, "limit");
}

static void listings_come_in_pages_and_are_signed(void **state)
{
	struct fixture *f = *state;
	struct request r = BATCH;
	char target[128];
	struct hf_json doc;
	struct hf_err err;
	const char *next;

	expect(f, &r, 200, "accepted");
	r = (struct request){.who = ZHIZHENG, .method = "GET", .target = "/v1/requests?batch=B1&limit=1"};
	doc = ask(f, &r, 200, "曹英霞");
	assert_ok(hf_json_str(&doc, "next", 64, &next, &err));
	hf_fmt_cut(target, sizeof(target), "/v1/requests?batch=B1&limit=2&after=%s", next);
	r.target = target;
	hf_json_free(&doc);
	expect(f, &r, 200, "范玉艳");
	expect(f, &r, 200, "\"next\":null");
	/* the query is part of what is signed; a read is fresh */
	r.signed_target = "/v1/requests";
	expect(f, &r, 403, "signature");
	r.signed_target = NULL;
	r.time = "2027-01-15T07:54:59Z";
	expect(f, &r, 403, "minutes");
	r.time = NULL;
	r.target = "/v1/requests/0123";
	expect(f, &r, 404, "missing");
	r.who = -1;
	expect(f, &r, 403, "Hufu-Operator");
}

/* ---- from a file to the receipt -------------------------------------------------------------------------------- */

static void id_of(struct fixture *f, const struct request *r, char id[HF_APP_ID_LEN + 1])
{
	struct hf_json doc = ask(f, r, 200, "requests"), list;
	const char *text;
	struct hf_err err;
	size_t num;

	assert_ok(hf_json_array(&doc, "requests", 10, &list, &num, &err));
	assert_ok(hf_json_item_str(&list, 0, HF_APP_ID_LEN, &text, &err));
	hf_fmt_cut(id, HF_APP_ID_LEN + 1, "%s", text);
	hf_json_free(&doc);
}

static void put_base64(struct hf_buf *out, const char *before, struct hf_bytes octets, const char *after)
{
	(void)hf_buf_put_str(out, before);
	(void)hf_base64_put(out, octets);
	(void)hf_buf_put_str(out, after);
}

/* Claims id; fills its ticket and subject. */
static void claim(struct fixture *f, const char *id, char ticket[HF_RA_TICKET_LEN + 1], struct hf_buf *subject)
{
	struct request r = {.who = ZHIZHENG, .method = "POST", .target = "/v1/produce/claim"};
	struct hf_json doc, list, item;
	char body[100];
	const char *text;
	struct hf_err err;
	size_t num;

	hf_fmt_cut(body, sizeof(body), "{\"requests\":[\"%s\"]}", id);
	r.body = body;
	doc = ask(f, &r, 200, "\"token_label\"");
	assert_ok(hf_json_array(&doc, "claims", 1, &list, &num, &err));
	hf_json_at(&list, 0, &item);
	assert_ok(hf_json_str(&item, "ticket", HF_RA_TICKET_LEN, &text, &err));
	hf_fmt_cut(ticket, HF_RA_TICKET_LEN + 1, "%s", text);
	hf_buf_init(subject, 2000);
	assert_ok(hf_json_base64(&item, "subject", subject, &err));
	hf_json_free(&doc);
}

/* Sends the request of key; fills what was issued. */
static void send_csr(struct fixture *f, const char *id, const char *ticket, struct hf_sm2_key *key,
	struct hf_bytes subject, struct hf_ra_issued *issued)
{
	struct request r = {.who = -1, .method = "POST"};
	struct hf_buf csr, body;
	struct hf_json doc, chain;
	char target[100];
	struct hf_err err;
	size_t num;

	make_csr(key, subject, &csr);
	hf_buf_init(&body, 20000);
	(void)hf_buf_printf(&body, "{\"ticket\":\"%s\"", ticket);
	put_base64(&body, ",\"pkcs10\":\"", hf_buf_bytes(&csr), "\"}");
	hf_fmt_cut(target, sizeof(target), "/v1/produce/%s/csr", id);
	r.target = target;
	r.body = hf_buf_cstr(&body);
	doc = ask(f, &r, 200, "envelope");
	assert_ok(hf_json_base64(&doc, "sign_cert", &issued->sign_cert, &err));
	assert_ok(hf_json_base64(&doc, "enc_cert", &issued->enc_cert, &err));
	assert_ok(hf_json_array(&doc, "chain", 3, &chain, &num, &err));
	hf_json_free(&doc);
	hf_buf_clear(&csr);
	hf_buf_clear(&body);
}

static void receipt_body(const char *id, const char *ticket, struct hf_sm2_key *key, const struct hf_ra_issued *issued,
	struct hf_buf *body)
{
	static const char at[] = "2027-01-15T08:00:00Z";
	char serials[2][HF_SERIAL_TEXT_MAX];
	uint8_t sig[1][HF_SM2_SIG];
	struct hf_buf text, der;
	struct hf_bytes view;
	struct hf_cert cert;
	struct hf_err err;

	hf_buf_init(&text, HF_RA_RECEIPT_TEXT);
	hf_buf_init(&der, 100);
	assert_ok(hf_decode_cert(hf_buf_bytes(&issued->sign_cert), &cert, &err));
	hf_serial_text(cert.tbs.serialNumber, serials[0]);
	assert_ok(hf_decode_cert(hf_buf_bytes(&issued->enc_cert), &cert, &err));
	hf_serial_text(cert.tbs.serialNumber, serials[1]);
	assert_ok(hf_ra_receipt_text(id, serials[0], serials[1], hf_buf_bytes(&issued->sign_cert),
		hf_buf_bytes(&issued->enc_cert), "T-1", at, &text, &err));
	view = hf_buf_bytes(&text);
	assert_ok(fake_sign(key, &view, 1, sig, &err));
	assert_ok(hf_sm2sig_encode(sig[0], &der, &err));
	hf_buf_init(body, 2000);
	(void)hf_buf_printf(body, "{\"ticket\":\"%s\",\"at\":\"%s\",\"token\":\"T-1\"", ticket, at);
	put_base64(body, ",\"signature\":\"", hf_buf_bytes(&der), "\"}");
	hf_buf_clear(&text);
	hf_buf_clear(&der);
}

static void from_a_file_to_the_receipt_over_http(void **state)
{
	struct fixture *f = *state;
	struct request r = BATCH;
	char id[HF_APP_ID_LEN + 1], ticket[HF_RA_TICKET_LEN + 1], text[200];
	struct hf_ra_issued issued;
	struct hf_buf subject, body;
	struct hf_sm2_key key;
	struct hf_err err;

	id_of(f, &r, id);
	hf_fmt_cut(text, sizeof(text), "{\"decision\":\"approve\",\"requests\":[\"%s\",\"0000\"]}", id);
	r = (struct request){.who = SHENHE, .method = "POST", .target = "/v1/review", .body = text};
	expect(f, &r, 200, "\"refused\":[{\"id\":\"0000\",\"error\":\"missing\"");
	claim(f, id, ticket, &subject);
	assert_ok(hf_sm2_generate(&key, &err));
	hf_ra_issued_init(&issued);
	send_csr(f, id, ticket, &key, hf_buf_bytes(&subject), &issued);
	receipt_body(id, ticket, &key, &issued, &body);
	hf_fmt_cut(text, sizeof(text), "/v1/produce/%s/receipt", id);
	r = (struct request){.who = -1, .method = "POST", .target = text, .body = hf_buf_cstr(&body)};
	expect(f, &r, 200, "{\"state\":\"installed\"}");
	r.body = "{\"ticket\":\"0123456789abcdef0123456789abcdef\",\"at\":\"2027-01-15T08:00:00Z\",\"token\":\"T-1\","
		 "\"signature\":\"AAAA\"}";
	expect(f, &r, 403, "ticket");
	hf_ra_issued_clear(&issued);
	hf_buf_clear(&subject);
	hf_buf_clear(&body);
}

/* ---- audit ----------------------------------------------------------------------------------------------------- */

static void refusals_are_in_the_trail_and_only_the_auditor_reads_it(void **state)
{
	struct fixture *f = *state;
	struct request r = BATCH;

	r.who = SHENHE;
	expect(f, &r, 403, "role");
	r.who = -1;
	expect(f, &r, 403, "Hufu-Operator");
	r.who = LURU;
	expect(f, &r, 200, "accepted");
	r = (struct request){.who = SHENJI, .method = "GET", .target = "/v1/audit?operation=batch.enter&result=denied"};
	expect(f, &r, 200, "\"operator\":\"shenhe\"");
	r.target = "/v1/audit?operator=luru&operation=batch.enter";
	expect(f, &r, 200, "\"text\":\"2 rows, 2 accepted, 0 refused\",\"signed\":true");
	r.target = "/v1/audit?operation=request.enter";
	expect(f, &r, 200, "\"object\":\"request/");
	r.target = "/v1/audit?from=yesterday";
	expect(f, &r, 400, "from");
	r.who = LURU;
	r.target = "/v1/audit";
	expect(f, &r, 403, "role");
}

static size_t num_faults;

static void report(void *ctx, const struct hf_journal_fault *fault)
{
	(void)ctx;
	(void)fault;
	num_faults++;
}

static bool verify_page(struct hf_bytes page, uint64_t *num_records)
{
	static const struct hf_journal journal = {"ra", "audit"};
	static const uint8_t pub[HF_SM2_POINT];
	const struct hf_journal_verify_options options = {.journal = &journal,
		.pub = pub,
		.unsigned_since = INT64_MIN,
		.record = hf_audit_record_check,
		.report = report};
	struct hf_journal_verifier v;
	struct hf_err err;
	int64_t last = 0;

	num_faults = 0;
	hf_journal_verifier_init(&v, &options);
	if (!hf_journal_page_verify(page, &v, &last, &err))
		return false;
	*num_records = v.num_records;
	return hf_journal_verifier_end(&v, &err) && num_faults == 0;
}

static void the_journal_is_verified_elsewhere(void **state)
{
	struct fixture *f = *state;
	struct request r = BATCH;
	struct hf_exchange *ex;
	uint64_t num;

	expect(f, &r, 200, "accepted");
	r.who = SHENHE;
	expect(f, &r, 403, "role");
	r = (struct request){.who = SHENJI, .method = "GET", .target = "/v1/audit/journal?after=0"};
	ex = serve(f, &r);
	assert_int_equal(ex->status, 200);
	assert_true(verify_page(hf_buf_bytes(&ex->answer), &num));
	/* two applicants, the batch, the refusal */
	assert_int_equal(num, 4);
	ex->answer.p[ex->answer.len / 2] ^= 1;
	assert_false(verify_page(hf_buf_bytes(&ex->answer), &num));
	hf_exchange_free(ex);
}

static void health_is_open_to_all(void **state)
{
	struct fixture *f = *state;
	struct request r = {.who = -1, .method = "GET", .target = "/v1/health"};

	expect(f, &r, 200, "\"state\":\"ok\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_is_read_strictly),
		cmocka_unit_test(a_syntax_error_does_not_repeat_the_input),
		cmocka_unit_test(getters_say_where_and_why),
		cmocka_unit_test(what_is_written_can_be_read),
		cmocka_unit_test(the_route_table_is_whole),
		cmocka_unit_test_setup_teardown(only_the_right_signature_passes, setup, teardown),
		cmocka_unit_test_setup_teardown(the_identical_call_gets_its_first_answer_again, setup, teardown),
		cmocka_unit_test_setup_teardown(a_batch_answers_row_by_row, setup, teardown),
		cmocka_unit_test_setup_teardown(one_applicant_is_entered_as_json, setup, teardown),
		cmocka_unit_test_setup_teardown(listings_come_in_pages_and_are_signed, setup, teardown),
		cmocka_unit_test_setup_teardown(from_a_file_to_the_receipt_over_http, setup, teardown),
		cmocka_unit_test_setup_teardown(
			refusals_are_in_the_trail_and_only_the_auditor_reads_it, setup, teardown),
		cmocka_unit_test_setup_teardown(the_journal_is_verified_elsewhere, setup, teardown),
		cmocka_unit_test_setup_teardown(health_is_open_to_all, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
