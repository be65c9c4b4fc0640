#include "ra_fixture.h"

#include "audit/journal_verify.h"
#include "ra/identity.h"
#include "x509/sm2sig.h"

static const struct hf_schema *const schemas[] = {&hf_journal_schema, &hf_ra_schema};

static int setup(void **state)
{
	struct ra_fixture *f = hf_alloc(1, sizeof(*f));

	ra_fixture_init(f, schemas, 2);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	ra_fixture_clear(*state);
	free(*state);
	return 0;
}

/* ---- applicants ------------------------------------------------------------------------------------------------ */

static void identity_numbers_are_told_from_typing_mistakes(void **state)
{
	static const struct {
		const char *(*check)(const char *text);
		const char *text, *word; /* word NULL: right */
	} cases[] = {
		{hf_uscc_check, "113702023690060231", NULL},
		{hf_uscc_check, "113702023690060232", "check character"},
		{hf_uscc_check, "I13702023690060231", "alphabet"},
		{hf_uscc_check, "11370202369006023", "18 characters"},
		{hf_passport_check, "E44375140", NULL},
		{hf_passport_check, "e44375140", "capital"},
		{hf_passport_check, "E443", "5 to 20"},
		{hf_passport_check, "ABCDEFG", "digits"},
		{hf_email_check, "user00000@gov.example.cn", NULL},
		{hf_email_check, "a.b+c@x.cn", NULL},
		{hf_email_check, "user@@gov.example.cn", "exactly one @"},
		{hf_email_check, "user", "exactly one @"},
		{hf_email_check, "用户@gov.example.cn", "IA5String"},
		{hf_email_check, "a..b@x.cn", "empty part"},
		{hf_email_check, ".a@x.cn", "empty part"},
		{hf_email_check, "a@x", "one label"},
		{hf_email_check, "a@-x.cn", "hyphen"},
		{hf_email_check, "a\"b@x.cn", "unquoted"},
		{hf_phone_check, "19452685969", NULL},
		{hf_phone_check, "+86 10-8888 6666", NULL},
		{hf_phone_check, "12345", "7 to 20"},
		{hf_phone_check, "1234567890123456789012", "7 to 20"},
		{hf_phone_check, "010--88886666", "single hyphens"},
		{hf_phone_check, "1234567x", "digits"},
		{hf_dns_check, "oa0063.gov.example.cn", NULL},
		{hf_dns_check, "*.example.cn", NULL},
		{hf_dns_check, "oa..gov.example.cn", "empty DNS label"},
		{hf_dns_check, "oa.example.cn.", "empty DNS label"},
		{hf_dns_check, "*.cn", "public suffix"},
		{hf_dns_check, "*.com.cn", "public suffix"},
		{hf_dns_check, "*.GOV.cn", "public suffix"},
		{hf_dns_check, "*.bj.cn", "public suffix"},
		{hf_dns_check, "*.*.example.cn", "character"},
		{hf_dns_check, "a.*.example.cn", "character"},
		{hf_dns_check, "10.0.0.1", "number"},
		{hf_dns_check, "localhost", "one label"},
		{hf_dns_check, "oa_1.example.cn", "character"},
		{hf_dns_check, "虎.example.cn", "character"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *why = cases[i].check(cases[i].text);

		if (!cases[i].word != !why || (why && !strstr(why, cases[i].word)))
			fail_msg("%s: %s", cases[i].text, why ? why : "accepted");
	}
}

static void resident_numbers_are_checked_with_their_birth_date(void **state)
{
	static const struct {
		const char *text, *word;
	} cases[] = {
		{"370202197612238255", NULL},
		{"11010519491231002X", NULL},
		{"11010519491231002x", "17 digits and"},
		{"370202197612238250", "check digit"},
		{"370202199013328255", "birth date"},
		{"370202199002308255", "birth date"},
		{"370202209001018255", "future"},
		{"37020219761223825", "18 characters"},
		{"37020219761223825５", "18 characters"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *why = hf_resident_check(cases[i].text, RA_NOW);

		if (!cases[i].word != !why || (why && !strstr(why, cases[i].word)))
			fail_msg("%s: %s", cases[i].text, why ? why : "accepted");
	}
}

static void the_life_cycle_has_no_holes(void **state)
{
	struct hf_err err;

	(void)state;
	assert_ok(hf_lifecycle_check(&hf_application_lifecycle, &err));
}

static void ids_are_ordered_by_time_and_row(void **state)
{
	char a[HF_APP_ID_LEN + 1], b[HF_APP_ID_LEN + 1], c[HF_APP_ID_LEN + 1];
	struct hf_err err;

	(void)state;
	assert_ok(hf_application_id(RA_NOW, 2, a, &err));
	assert_ok(hf_application_id(RA_NOW, 300, b, &err));
	assert_ok(hf_application_id(RA_NOW + 1000, 1, c, &err));
	assert_true(strcmp(a, b) < 0 && strcmp(b, c) < 0);
	assert_true(hf_application_id_ok(a));
	assert_false(hf_application_id_ok("../../etc/passwd"));
	assert_false(hf_application_id_ok("'; DROP TABLE application;--"));
}

/* ---- files ----------------------------------------------------------------------------------------------------- */

static void csv_is_read_strictly(void **state)
{
	static const struct {
		const char *text, *shown; /* fields joined by |, rows by / with their numbers; or the refusal's word */
		bool ok;
	} cases[] = {
		{"a,b\r\nc,d\r\n", "1:a|b/2:c|d/", true},
		{"a,b\nc,d", "1:a|b/2:c|d/", true},
		{"a,\"b,\"\"c\"\"\"\n", "1:a|b,\"c\"/", true},
		{"a,\"x\ny\"\nc,d\n", "1:a|x\ny/2:c|d/", true},
		{"a,b\n,\n\n\nc,d\n", "1:a|b/5:c|d/", true},
		{"a,\n", "1:a|/", true},
		{"\"\",a", "1:|a/", true},
		{"", "", true},
		{"a,\"b\n", "never closed", false},
		{"a,\"b\"c\n", "behind a closing quote", false},
		{"a,b\"c\n", "quote inside", false},
		{"a\rb\n", "carriage return", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hf_err err = {0};
		struct hf_csv csv;
		struct hf_buf shown;
		bool there = true, ok = true;

		hf_buf_init(&shown, 1000);
		hf_csv_init(&csv, hf_bytes_str(cases[i].text));
		while (ok && there) {
			ok = hf_csv_next(&csv, &there, &err);
			if (!ok || !there)
				break;
			(void)hf_buf_printf(&shown, "%d:", (int)csv.row);
			for (size_t k = 0; k < csv.num_fields; k++) {
				(void)hf_buf_put_str(&shown, k > 0 ? "|" : "");
				(void)hf_buf_put_bytes(&shown, csv.fields[k]);
			}
			(void)hf_buf_put_u8(&shown, '/');
		}
		assert_int_equal(ok, cases[i].ok);
		if (ok)
			assert_string_equal(hf_buf_cstr(&shown), cases[i].shown);
		else if (!strstr(err.text, cases[i].shown))
			fail_msg("%s", err.text);
		hf_csv_clear(&csv);
		hf_buf_clear(&shown);
	}
}

static void two_thousand_good_applicants_are_accepted(void **state)
{
	struct ra_fixture *f = *state;
	struct hf_batch_file file;
	struct hf_buf octets;
	struct hf_err err;

	read_applicants("applicants.csv", &octets);
	assert_ok(hf_batch_read(&f->ra, hf_buf_bytes(&octets), &file, &err));
	assert_int_equal(file.num_rows, 2000);
	for (size_t i = 0; i < file.num_rows; i++)
		if (file.rows[i].refused)
			fail_msg("row %d: %s: %s", (int)file.rows[i].row, file.rows[i].problem.field,
				file.rows[i].problem.reason);
	assert_int_equal(file.rows[0].row, 2);
	assert_int_equal(file.ignored.len, 0);
	hf_batch_clear(&file);
	hf_buf_clear(&octets);
}

static void gb18030_gives_the_same_people(void **state)
{
	struct ra_fixture *f = *state;
	struct hf_batch_file utf8, gb;
	struct hf_buf octets, gb_octets;
	struct hf_err err;

	read_applicants("applicants.csv", &octets);
	read_applicants("applicants-gb18030.csv", &gb_octets);
	assert_ok(hf_batch_read(&f->ra, hf_buf_bytes(&octets), &utf8, &err));
	assert_ok(hf_batch_read(&f->ra, hf_buf_bytes(&gb_octets), &gb, &err));
	assert_int_equal(gb.num_rows, 200);
	for (size_t i = 0; i < gb.num_rows; i++)
		assert_memory_equal(&gb.rows[i].applicant, &utf8.rows[i].applicant, sizeof(struct hf_applicant));
	hf_batch_clear(&utf8);
	hf_batch_clear(&gb);
	hf_buf_clear(&octets);
	hf_buf_clear(&gb_octets);
}

/* The file itself says which field is bad, in a column that the RA does not know. */
static void each_bad_row_is_refused_for_its_field(void **state)
{
	struct ra_fixture *f = *state;
	struct hf_batch_file file;
	struct hf_buf octets;
	struct hf_csv csv;
	struct hf_err err;
	size_t num_kept = 0;
	bool there;

	read_applicants("applicants-bad.csv", &octets);
	assert_ok(hf_batch_read(&f->ra, hf_buf_bytes(&octets), &file, &err));
	assert_string_equal(hf_buf_cstr(&file.ignored), "bad_field\nwhy\n");
	hf_csv_init(&csv, hf_buf_bytes(&octets));
	assert_ok(hf_csv_next(&csv, &there, &err));
	for (size_t i = 0; i < file.num_rows; i++) {
		const struct hf_batch_row *row = &file.rows[i];
		char why[200];

		assert_ok(hf_csv_next(&csv, &there, &err));
		assert_true(there && csv.row == row->row && csv.line == row->line);
		hf_fmt_cut(why, sizeof(why), "%.*s", (int)csv.fields[14].len, (const char *)csv.fields[14].p);
		if (!row->refused) {
			num_kept++;
			if (!strstr(why, "plain") && !strstr(why, "formula"))
				fail_msg("row %d is kept: %s", (int)row->row, why);
		} else if (!hf_bytes_equal(hf_bytes_str(row->problem.field), csv.fields[13])) {
			fail_msg("row %d: refused for %s (%s), but: %s", (int)row->row, row->problem.field,
				row->problem.reason, why);
		}
	}
	assert_int_equal(num_kept, 3);
	hf_csv_clear(&csv);
	hf_batch_clear(&file);
	hf_buf_clear(&octets);
}

#define HEAD                 "template,common_name,id_type,id_number,organization,state,uscc,email,phone,validity_days,key_algorithm\n"
#define PERSON(name, number) "person," name ",resident," number ",,,,a@x.cn,19452685969,365,SM2\n"
#define CAO                  PERSON("曹英霞", "370202197612238255")
#define FAN                  PERSON("范玉艳", "650102197911132719")
#define YUAN                 PERSON("袁强兰", "230102196707069879")

static void files_that_cannot_be_taken_as_a_whole_are_refused(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *word;
	} cases[] = {
		{"", 0, "empty"},
		{HEAD, 0, "no applicants"},
		{"common_name,id_type\nx,y\n", 0, "template is missing"},
		{"template,template\nx,y\n", 0, "twice"},
		{"\xFF\xFEt\0e\0", 6, "UTF-16"},
		{HEAD "\x81\xFF", 0, "neither UTF-8 nor GB18030"},
		{HEAD "person,\"曹\n", 0, "never closed"},
	};
	struct ra_fixture *f = *state;
	struct hf_batch_file file;
	struct hf_err err;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const size_t len = cases[i].len > 0 ? cases[i].len : strlen(cases[i].text);

		assert_refused(
			hf_batch_read(&f->ra, (struct hf_bytes){(const uint8_t *)cases[i].text, len}, &file, &err),
			HF_E_INPUT, cases[i].word);
		hf_batch_clear(&file);
	}
}

#define ODD HEAD CAO "person,x\n" PERSON("a\xE2\x80\xAEz", "650102197911132719") PERSON(" 范玉艳", "650102197911132719")

static void rows_of_another_length_and_odd_texts_are_refused(void **state)
{
	static const char *const words[] = {NULL, "number of fields", "direction", "blank"};
	struct ra_fixture *f = *state;
	struct hf_batch_file file;
	struct hf_err err;

	assert_ok(hf_batch_read(&f->ra, hf_bytes_str(ODD), &file, &err));
	assert_int_equal(file.num_rows, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(file.rows[i].refused, words[i] != NULL);
		if (words[i] && !strstr(file.rows[i].problem.reason, words[i]))
			fail_msg("%s", file.rows[i].problem.reason);
	}
	hf_batch_clear(&file);
}

/* ---- acts ------------------------------------------------------------------------------------------------------ */

/* One act in a transaction of its own with its audit frame, as the routes do it. */
struct act {
	struct ra_fixture *f;
	const char *who, *role;
	char operation[32];
	struct hf_journal_batch audit;
	bool (*fn)(struct hf_tx *tx, const struct hf_ra_actor *actor, void *ctx, struct hf_err *err);
	void *ctx;
};

static bool act_tx(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	const struct hf_journal journal = {"ra", "audit"};
	struct act *act = ctx;
	const struct hf_ra_actor actor = {.operator_id = act->who,
		.role = act->role,
		.operation_id = act->operation,
		.at = act->f->now,
		.call = HF_BYTES_LIT("call"),
		.signature = HF_BYTES_LIT("signature"),
		.body = HF_BYTES_LIT("body"),
		.audit = &act->audit};

	hf_journal_batch_reset(&act->audit);
	return act->fn(tx, &actor, act->ctx, err) &&
	       (act->audit.num == 0 || hf_journal_append(tx, &journal, act->f->now, &act->audit, NULL, err));
}

static bool do_act(struct ra_fixture *f, const char *who,
	bool (*fn)(struct hf_tx *tx, const struct hf_ra_actor *actor, void *ctx, struct hf_err *err), void *ctx,
	struct hf_err *err)
{
	struct act act = {.f = f, .who = who, .role = "role", .fn = fn, .ctx = ctx};
	bool ok;

	hf_fmt_cut(act.operation, sizeof(act.operation), "operation-%u", f->serial++);
	hf_journal_batch_init(&act.audit);
	ok = hf_store_write(f->store, act_tx, &act, err);
	hf_journal_batch_clear(&act.audit);
	return ok;
}

struct entering {
	const char *batch;
	struct hf_batch_file file;
	bool found;
};

static bool enter_fn(struct hf_tx *tx, const struct hf_ra_actor *actor, void *ctx, struct hf_err *err)
{
	struct entering *e = ctx;

	return hf_batch_find(tx, e->batch, e->file.hash, &e->found, err) &&
	       (e->found || hf_batch_put(tx, actor, e->batch, &e->file, err));
}

static bool enter(struct ra_fixture *f, const char *batch, const char *csv, bool *found, struct hf_err *err)
{
	struct entering e = {.batch = batch};
	bool ok = hf_batch_read(&f->ra, hf_bytes_str(csv), &e.file, err) && do_act(f, "luru", enter_fn, &e, err);

	*found = e.found;
	hf_batch_clear(&e.file);
	return ok;
}

struct outcome {
	const char *batch;
	struct hf_batch_outcome o;
	char ids[8][HF_APP_ID_LEN + 1];
	size_t num_ids, num_refused;
	char reason[200];
};

static void take_id(void *ctx, const char *id)
{
	struct outcome *o = ctx;

	hf_fmt_cut(o->ids[o->num_ids++], sizeof(o->ids[0]), "%s", id);
}

static void take_refusal(void *ctx, const struct hf_batch_refusal *refusal)
{
	struct outcome *o = ctx;

	o->num_refused++;
	hf_fmt_cut(o->reason, sizeof(o->reason), "%d %s %s", (int)refusal->row, refusal->field, refusal->reason);
}

static bool outcome_fn(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct outcome *o = ctx;

	o->num_ids = o->num_refused = 0;
	return hf_batch_outcome(tx, o->batch, &o->o, err) && hf_batch_requests(tx, o->batch, take_id, o, err) &&
	       hf_batch_refusals(tx, o->batch, take_refusal, o, err);
}

static struct outcome outcome_of(struct ra_fixture *f, const char *batch)
{
	struct outcome o = {.batch = batch};
	struct hf_err err;

	hf_buf_init(&o.o.ignored, 1000);
	assert_ok(hf_store_read(f->store, outcome_fn, &o, &err));
	hf_buf_clear(&o.o.ignored);
	return o;
}

struct loading {
	const char *id;
	struct hf_application app;
};

static bool load_fn(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct loading *l = ctx;

	return hf_application_load(tx, l->id, &l->app, err);
}

static enum hf_application_state state_of(struct ra_fixture *f, const char *id)
{
	struct loading l = {.id = id};
	struct hf_err err;

	assert_ok(hf_store_read(f->store, load_fn, &l, &err));
	return l.app.state;
}

static void a_batch_asked_again_is_the_same_batch(void **state)
{
	struct ra_fixture *f = *state;
	struct outcome first, again;
	struct hf_err err;
	bool found;

	assert_ok(enter(f, "B1", HEAD CAO FAN "person,,,,,,,,,,\n", &found, &err));
	assert_false(found);
	first = outcome_of(f, "B1");
	assert_int_equal(first.num_ids, 2);
	assert_int_equal(first.num_refused, 1);
	assert_string_equal(first.reason, "4 common_name missing");
	assert_true(strcmp(first.ids[0], first.ids[1]) < 0);
	assert_ok(enter(f, "B1", HEAD CAO FAN "person,,,,,,,,,,\n", &found, &err));
	assert_true(found);
	again = outcome_of(f, "B1");
	assert_memory_equal(first.ids, again.ids, sizeof(first.ids));
	assert_refused(enter(f, "B1", HEAD CAO, &found, &err), HF_E_CONFLICT, "other content");
}

static void one_applicant_has_one_open_application(void **state)
{
	struct ra_fixture *f = *state;
	struct outcome first, second;
	struct hf_err err;
	bool found;

	assert_ok(enter(f, "B1", HEAD CAO, &found, &err));
	first = outcome_of(f, "B1");
	assert_ok(enter(f, "B2", HEAD CAO FAN FAN YUAN, &found, &err));
	second = outcome_of(f, "B2");
	assert_int_equal(second.num_ids, 1);
	assert_int_equal(second.num_refused, 3);
	assert_ok(enter(f, "B3", HEAD CAO, &found, &err));
	second = outcome_of(f, "B3");
	assert_int_equal(second.num_ids, 0);
	if (!strstr(second.reason, first.ids[0]))
		fail_msg("\"%s\" does not name %s", second.reason, first.ids[0]);
}

/* ---- review ---------------------------------------------------------------------------------------------------- */

struct reviewing {
	struct hf_review review;
	struct hf_ra_result results[4];
	size_t num;
};

static bool review_fn(struct hf_tx *tx, const struct hf_ra_actor *actor, void *ctx, struct hf_err *err)
{
	struct reviewing *r = ctx;

	return hf_ra_review(tx, actor, &r->review, r->results, r->num, err);
}

static bool review(
	struct ra_fixture *f, const char *who, bool approve, const char *reason, const char *id, struct hf_err *err)
{
	struct reviewing r = {.review = {approve, reason}, .num = 1};

	hf_fmt_cut(r.results[0].id, sizeof(r.results[0].id), "%s", id);
	if (!do_act(f, who, review_fn, &r, err))
		return false;
	*err = r.results[0].err;
	return err->code == HF_OK;
}

static void review_refuses_what_it_must(void **state)
{
	struct ra_fixture *f = *state;
	struct outcome o;
	struct hf_err err;
	bool found;

	assert_ok(enter(f, "B1", HEAD CAO FAN, &found, &err));
	o = outcome_of(f, "B1");
	assert_refused(review(f, "luru", true, NULL, o.ids[0], &err), HF_E_DENIED, "somebody else");
	assert_refused(review(f, "shenhe", false, "", o.ids[0], &err), HF_E_INPUT, "reason");
	assert_refused(review(f, "shenhe", true, NULL, "0000", &err), HF_E_MISSING, "no such");
	assert_int_equal(state_of(f, o.ids[0]), HF_APP_ENTERED);
	assert_ok(review(f, "shenhe", true, NULL, o.ids[0], &err));
	assert_refused(review(f, "shenhe", true, NULL, o.ids[0], &err), HF_E_STATE, "approved");
	/* a rejection frees the applicant */
	assert_ok(review(f, "shenhe", false, "照片不清", o.ids[1], &err));
	assert_ok(enter(f, "B2", HEAD FAN, &found, &err));
	assert_int_equal(outcome_of(f, "B2").num_ids, 1);
}

/* ---- production ------------------------------------------------------------------------------------------------ */

static bool claim_fn(struct hf_tx *tx, const struct hf_ra_actor *actor, void *ctx, struct hf_err *err)
{
	return hf_ra_claim(tx, actor, ctx, 1, err);
}

static bool claim(struct ra_fixture *f, const char *who, struct hf_ra_claim *c, struct hf_err *err)
{
	if (!do_act(f, who, claim_fn, c, err))
		return false;
	*err = c->err;
	return err->code == HF_OK;
}

/* Enters and approves one applicant. */
static void approved(struct ra_fixture *f, struct hf_ra_claim *c)
{
	struct outcome o;
	struct hf_err err;
	bool found;

	assert_ok(enter(f, "B1", HEAD CAO, &found, &err));
	o = outcome_of(f, "B1");
	assert_ok(review(f, "shenhe", true, NULL, o.ids[0], &err));
	hf_ra_claim_init(c, o.ids[0]);
}

static bool send_csr(struct ra_fixture *f, const struct hf_ra_claim *c, struct hf_bytes csr,
	struct hf_ra_issued *issued, struct hf_err *err)
{
	struct hf_ra_csr_job job;
	bool ok;

	hf_ra_csr_job_init(&job, c->id, c->ticket, csr);
	hf_ra_csr(&f->ra, &job, 1);
	ok = job.ok;
	*err = job.err;
	if (ok && issued)
		fake_copy(&job.issued, issued);
	hf_ra_csr_job_clear(&job);
	return ok;
}

static bool send_receipt(struct ra_fixture *f, const struct hf_ra_claim *c, const struct hf_ra_issued *issued,
	struct hf_sm2_key *key, const char *token, struct hf_err *why)
{
	struct hf_err err;
	static const char at[] = "2027-01-15T08:00:00Z";
	char serials[2][HF_SERIAL_TEXT_MAX];
	uint8_t sig[1][HF_SM2_SIG];
	struct hf_ra_receipt_job job;
	struct hf_buf text, der;
	struct hf_bytes view;
	struct hf_cert cert;
	bool ok;

	hf_buf_init(&text, HF_RA_RECEIPT_TEXT);
	hf_buf_init(&der, 100);
	assert_ok(hf_decode_cert(hf_buf_bytes(&issued->sign_cert), &cert, &err));
	hf_serial_text(cert.tbs.serialNumber, serials[0]);
	assert_ok(hf_decode_cert(hf_buf_bytes(&issued->enc_cert), &cert, &err));
	hf_serial_text(cert.tbs.serialNumber, serials[1]);
	assert_ok(hf_ra_receipt_text(c->id, serials[0], serials[1], hf_buf_bytes(&issued->sign_cert),
		hf_buf_bytes(&issued->enc_cert), "T-1", at, &text, &err));
	view = hf_buf_bytes(&text);
	assert_ok(fake_sign(key, &view, 1, sig, &err));
	assert_ok(hf_sm2sig_encode(sig[0], &der, &err));
	hf_ra_receipt_job_init(&job, c->id, c->ticket, at, token, hf_buf_bytes(&der));
	hf_ra_receipts(&f->ra, &job, 1);
	ok = job.ok;
	*why = job.err;
	hf_ra_receipt_job_clear(&job);
	hf_buf_clear(&text);
	hf_buf_clear(&der);
	return ok;
}

struct production {
	struct hf_ra_claim claim;
	struct hf_sm2_key key, other;
	struct hf_buf csr, other_csr;
	struct hf_ra_issued issued;
	struct ra_fixture *fixture;
};

static void production_init(struct ra_fixture *f, struct production *p)
{
	struct hf_err err;

	approved(f, &p->claim);
	assert_ok(claim(f, "zhizheng", &p->claim, &err));
	assert_ok(hf_sm2_generate(&p->key, &err));
	assert_ok(hf_sm2_generate(&p->other, &err));
	make_csr(&p->key, hf_buf_bytes(&p->claim.subject), &p->csr);
	make_csr(&p->other, hf_buf_bytes(&p->claim.subject), &p->other_csr);
	hf_ra_issued_init(&p->issued);
}

static void production_clear(struct production *p)
{
	hf_ra_claim_clear(&p->claim);
	hf_buf_clear(&p->csr);
	hf_buf_clear(&p->other_csr);
	hf_ra_issued_clear(&p->issued);
}

static void an_application_is_walked_to_its_installed_certificate(void **state)
{
	struct ra_fixture *f = *state;
	struct production p;
	struct hf_err err;

	production_init(f, &p);
	assert_int_equal(state_of(f, p.claim.id), HF_APP_CLAIMED);
	assert_ok(send_csr(f, &p.claim, hf_buf_bytes(&p.csr), &p.issued, &err));
	assert_int_equal(state_of(f, p.claim.id), HF_APP_ISSUED);
	assert_ok(send_receipt(f, &p.claim, &p.issued, &p.key, "T-1", &err));
	assert_int_equal(state_of(f, p.claim.id), HF_APP_INSTALLED);
	/* every message may come again */
	assert_ok(send_csr(f, &p.claim, hf_buf_bytes(&p.csr), NULL, &err));
	assert_ok(send_receipt(f, &p.claim, &p.issued, &p.key, "T-1", &err));
	assert_int_equal(f->ca.num_calls, 1);
	production_clear(&p);
}

static void claims_are_for_one_producer_and_end_older_tickets(void **state)
{
	struct ra_fixture *f = *state;
	struct hf_ra_claim c, other;
	struct hf_buf csr;
	struct hf_sm2_key key;
	struct hf_err err;
	char old[HF_RA_TICKET_LEN + 1];

	approved(f, &c);
	hf_ra_claim_init(&other, c.id);
	assert_ok(claim(f, "zhizheng", &c, &err));
	memcpy(old, c.ticket, sizeof(old));
	assert_refused(claim(f, "another", &other, &err), HF_E_DENIED, "zhizheng");
	assert_ok(claim(f, "zhizheng", &c, &err));
	assert_string_not_equal(old, c.ticket);
	assert_ok(hf_sm2_generate(&key, &err));
	make_csr(&key, hf_buf_bytes(&c.subject), &csr);
	memcpy(other.ticket, old, sizeof(old));
	assert_refused(send_csr(f, &other, hf_buf_bytes(&csr), NULL, &err), HF_E_DENIED, "ticket");
	assert_ok(send_csr(f, &c, hf_buf_bytes(&csr), NULL, &err));
	hf_ra_claim_clear(&c);
	hf_ra_claim_clear(&other);
	hf_buf_clear(&csr);
}

static void what_is_not_approved_cannot_be_claimed(void **state)
{
	struct ra_fixture *f = *state;
	struct hf_ra_claim c;
	struct hf_err err;
	bool found;

	assert_ok(enter(f, "B1", HEAD CAO, &found, &err));
	hf_ra_claim_init(&c, outcome_of(f, "B1").ids[0]);
	assert_refused(claim(f, "zhizheng", &c, &err), HF_E_STATE, "entered");
	hf_ra_claim_clear(&c);
}

static void a_certification_request_must_fit_the_approval(void **state)
{
	struct ra_fixture *f = *state;
	struct production p;
	struct hf_buf csr;
	struct hf_err err;

	production_init(f, &p);
	/* another subject */
	make_csr(&p.key, hf_buf_bytes(&f->ca.name), &csr);
	assert_refused(send_csr(f, &p.claim, hf_buf_bytes(&csr), NULL, &err), HF_E_INPUT, "approved");
	hf_buf_clear(&csr);
	/* no proof of possession: the last octet of the signature */
	p.csr.p[p.csr.len - 1] ^= 1;
	assert_refused(send_csr(f, &p.claim, hf_buf_bytes(&p.csr), NULL, &err), HF_E_VERIFY, "pkcs10");
	p.csr.p[p.csr.len - 1] ^= 1;
	assert_refused(send_csr(f, &p.claim, HF_BYTES_LIT("nonsense"), NULL, &err), HF_E_INPUT, "pkcs10");
	assert_int_equal(f->ca.num_calls, 0);
	/* another key: free before issuing, a conflict afterwards */
	f->ca.away_before = true;
	assert_refused(send_csr(f, &p.claim, hf_buf_bytes(&p.other_csr), NULL, &err), HF_E_PEER, "away");
	f->ca.away_before = false;
	assert_ok(send_csr(f, &p.claim, hf_buf_bytes(&p.csr), NULL, &err));
	assert_refused(
		send_csr(f, &p.claim, hf_buf_bytes(&p.other_csr), NULL, &err), HF_E_CONFLICT, "another public key");
	production_clear(&p);
}

static void what_the_ca_answers_is_checked(void **state)
{
	struct ra_fixture *f = *state;
	struct production p;
	struct hf_err err;

	production_init(f, &p);
	f->ca.wrong_subject = true;
	assert_refused(send_csr(f, &p.claim, hf_buf_bytes(&p.csr), NULL, &err), HF_E_PEER, "another subject");
	assert_int_equal(state_of(f, p.claim.id), HF_APP_CLAIMED);
	hf_ra_issued_clear(&f->ca.known[0].issued);
	f->ca.num_known = 0;
	f->ca.wrong_subject = false;
	f->ca.wrong_key = true;
	assert_refused(send_csr(f, &p.claim, hf_buf_bytes(&p.csr), NULL, &err), HF_E_CONFLICT, "another public key");
	assert_int_equal(state_of(f, p.claim.id), HF_APP_CLAIMED);
	production_clear(&p);
}

static void a_receipt_must_be_signed_by_the_new_key_over_what_is_there(void **state)
{
	struct ra_fixture *f = *state;
	struct production p;
	struct hf_err err;

	production_init(f, &p);
	assert_ok(send_csr(f, &p.claim, hf_buf_bytes(&p.csr), &p.issued, &err));
	assert_refused(send_receipt(f, &p.claim, &p.issued, &p.other, "T-1", &err), HF_E_VERIFY, "new signing key");
	assert_refused(send_receipt(f, &p.claim, &p.issued, &p.key, "T-2", &err), HF_E_VERIFY, "new signing key");
	p.claim.ticket[0] = p.claim.ticket[0] == '0' ? '1' : '0';
	assert_refused(send_receipt(f, &p.claim, &p.issued, &p.key, "T-1", &err), HF_E_DENIED, "ticket");
	assert_int_equal(state_of(f, p.claim.id), HF_APP_ISSUED);
	production_clear(&p);
}

static void an_answer_that_was_lost_is_asked_for_again(void **state)
{
	struct ra_fixture *f = *state;
	struct production p;
	struct hf_err err;

	production_init(f, &p);
	f->ca.away_after = true;
	assert_refused(send_csr(f, &p.claim, hf_buf_bytes(&p.csr), NULL, &err), HF_E_PEER, "lost");
	assert_int_equal(state_of(f, p.claim.id), HF_APP_CLAIMED);
	assert_int_equal(f->ca.num_known, 1);
	f->ca.away_after = false;
	assert_ok(send_csr(f, &p.claim, hf_buf_bytes(&p.csr), &p.issued, &err));
	assert_int_equal(f->ca.num_known, 1);
	assert_true(hf_bytes_equal(hf_buf_bytes(&p.issued.sign_cert), hf_buf_bytes(&f->ca.known[0].issued.sign_cert)));
	production_clear(&p);
}

static void a_request_twice_in_one_group_is_asked_once(void **state)
{
	struct ra_fixture *f = *state;
	struct production p;
	struct hf_ra_csr_job jobs[3];

	production_init(f, &p);
	for (size_t i = 0; i < 3; i++)
		hf_ra_csr_job_init(&jobs[i], p.claim.id, p.claim.ticket, hf_buf_bytes(i == 2 ? &p.other_csr : &p.csr));
	hf_ra_csr(&f->ra, jobs, 3);
	assert_true(jobs[0].ok && jobs[1].ok && !jobs[2].ok);
	assert_int_equal(jobs[2].err.code, HF_E_CONFLICT);
	assert_true(hf_bytes_equal(hf_buf_bytes(&jobs[0].issued.sign_cert), hf_buf_bytes(&jobs[1].issued.sign_cert)));
	assert_int_equal(f->ca.num_known, 1);
	for (size_t i = 0; i < 3; i++)
		hf_ra_csr_job_clear(&jobs[i]);
	production_clear(&p);
}

/* While the CA is asked, another thread (the sweep) hears the same answer first. */
static bool issue_and_hear_twice(void *ctx, struct hf_ra_ask *asks, size_t num, struct hf_err *err)
{
	struct production *p = ctx;
	struct ra_fixture *f = p->fixture;

	f->ra.ca = (struct hf_ca_port){&f->ca, fake_issue, fake_revoke};
	assert_int_equal(num, 1);
	if (!send_csr(f, &p->claim, hf_buf_bytes(&p->csr), NULL, err))
		return false;
	return fake_issue(&f->ca, asks, num, err);
}

static void an_answer_that_comes_second_changes_nothing(void **state)
{
	struct ra_fixture *f = *state;
	struct production p;
	struct hf_err err;

	production_init(f, &p);
	p.fixture = f;
	f->ra.ca = (struct hf_ca_port){&p, issue_and_hear_twice, fake_revoke};
	assert_ok(send_csr(f, &p.claim, hf_buf_bytes(&p.csr), NULL, &err));
	assert_int_equal(state_of(f, p.claim.id), HF_APP_ISSUED);
	production_clear(&p);
}

/* ---- what was never installed ---------------------------------------------------------------------------------- */

static void what_is_not_installed_in_time_is_revoked(void **state)
{
	struct ra_fixture *f = *state;
	struct production p;
	struct hf_err err;
	size_t num;

	production_init(f, &p);
	assert_ok(send_csr(f, &p.claim, hf_buf_bytes(&p.csr), &p.issued, &err));
	f->now += 7 * HF_DAY;
	assert_ok(hf_ra_sweep(&f->ra, &num, &err));
	assert_int_equal(state_of(f, p.claim.id), HF_APP_ISSUED);
	f->now += HF_DAY;
	f->ca.away_before = true;
	assert_refused(hf_ra_sweep(&f->ra, &num, &err), HF_E_PEER, "away");
	assert_int_equal(state_of(f, p.claim.id), HF_APP_REVOKED);
	assert_refused(send_receipt(f, &p.claim, &p.issued, &p.key, "T-1", &err), HF_E_STATE, "revoked");
	f->ca.away_before = false;
	assert_ok(hf_ra_sweep(&f->ra, &num, &err));
	assert_int_equal(num, 1);
	assert_int_equal(f->ca.num_revoked, 2);
	assert_ok(hf_ra_sweep(&f->ra, &num, &err));
	assert_int_equal(num, 0);
	production_clear(&p);
}

static void what_the_ca_issued_unheard_is_found_and_revoked(void **state)
{
	struct ra_fixture *f = *state;
	struct production p;
	struct hf_err err;
	size_t num;

	production_init(f, &p);
	f->ca.away_after = true;
	assert_refused(send_csr(f, &p.claim, hf_buf_bytes(&p.other_csr), NULL, &err), HF_E_PEER, "lost");
	f->ca.away_after = false;
	assert_refused(send_csr(f, &p.claim, hf_buf_bytes(&p.csr), NULL, &err), HF_E_CONFLICT, "another public key");
	f->now += 8 * HF_DAY;
	assert_ok(hf_ra_sweep(&f->ra, &num, &err));
	assert_int_equal(state_of(f, p.claim.id), HF_APP_ISSUED);
	f->now += 8 * HF_DAY;
	assert_ok(hf_ra_sweep(&f->ra, &num, &err));
	assert_int_equal(num, 1);
	assert_int_equal(f->ca.num_revoked, 2);
	production_clear(&p);
}

static void an_expired_certificate_lets_its_holder_apply_again(void **state)
{
	struct ra_fixture *f = *state;
	struct production p;
	struct hf_err err;
	bool found;

	production_init(f, &p);
	assert_ok(send_csr(f, &p.claim, hf_buf_bytes(&p.csr), &p.issued, &err));
	assert_ok(send_receipt(f, &p.claim, &p.issued, &p.key, "T-1", &err));
	assert_ok(enter(f, "B2", HEAD CAO, &found, &err));
	assert_int_equal(outcome_of(f, "B2").num_ids, 0);
	f->now += 366 * HF_DAY;
	assert_ok(enter(f, "B3", HEAD CAO, &found, &err));
	assert_int_equal(outcome_of(f, "B3").num_ids, 1);
	production_clear(&p);
}

/* ---- crashes --------------------------------------------------------------------------------------------------- */

struct crash {
	const char *point;
	int skip; /* so many passages go well */
};

static bool crash_at(void *ctx, const char *point)
{
	struct crash *crash = ctx;

	if (!crash->point || strcmp(point, crash->point) != 0 || crash->skip-- > 0)
		return true;
	crash->point = NULL;
	return false;
}

/* The store fails once at each of its points in each transaction of production; asked again, all is as it should be. */
static void production_survives_a_failure_at_every_point(void **state)
{
	static const char *const points[] = {"begin", "before commit", "after commit"};
	struct crash crash = {0};
	struct hf_err err;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		for (int skip = 0; skip < 4; skip++) {
			struct ra_fixture *f = hf_alloc(1, sizeof(*f));
			struct production p;
			size_t tries = 0;

			ra_fixture_init(f, schemas, 2);
			hf_store_close(f->store);
			f->s.fault = crash_at;
			f->s.fault_ctx = &crash;
			assert_ok(scratch_open(&f->s, &f->store, &err));
			f->ra.store = f->store;
			production_init(f, &p);
			crash = (struct crash){points[i], skip};
			while (!send_csr(f, &p.claim, hf_buf_bytes(&p.csr), &p.issued, &err) && tries++ < 3)
				assert_int_equal(err.code, HF_E_STORE);
			while (!send_receipt(f, &p.claim, &p.issued, &p.key, "T-1", &err) && tries++ < 3)
				assert_int_equal(err.code, HF_E_STORE);
			assert_true(tries <= 1);
			assert_int_equal(state_of(f, p.claim.id), HF_APP_INSTALLED);
			assert_int_equal(f->ca.num_known, 1);
			crash.point = NULL;
			production_clear(&p);
			ra_fixture_clear(f);
			free(f);
		}
	}
}

/* The process is killed in the middle of a batch; asked again by its id, the batch is there once and whole. */
struct killing {
	struct ra_fixture *f;
	const char *point;
	bool armed;
};

static bool kill_at(void *ctx, const char *point)
{
	const struct killing *k = ctx;

	if (k->armed && !strcmp(point, k->point))
		_exit(7);
	return true;
}

static void kill_in_batch(void *ctx)
{
	struct killing *k = ctx;
	struct hf_err err;
	bool found;

	/* the store is opened in here: a database does not survive a fork */
	if (!scratch_open(&k->f->s, &k->f->store, &err))
		_exit(9);
	k->armed = true;
	k->f->ra.store = k->f->store;
	(void)!enter(k->f, "B1", HEAD CAO FAN, &found, &err);
}

static void a_batch_survives_a_kill_at_every_point(void **state)
{
	static const char *const points[] = {"begin", "before commit", "after commit"};
	struct ra_fixture *f = *state;
	struct hf_err err;
	bool found;

	for (size_t i = 0; i < 3; i++) {
		char name[16];
		struct killing k = {.f = f, .point = points[i]};
		struct outcome o;

		hf_store_close(f->store);
		f->store = NULL;
		hf_fmt_cut(name, sizeof(name), "K%zu.db", i);
		hf_fmt_cut(f->s.path, sizeof(f->s.path), "%s/%s", f->s.dir, name);
		f->s.fault = kill_at;
		f->s.fault_ctx = &k;
		assert_int_equal(in_child(kill_in_batch, &k), 7);
		f->s.fault = NULL;
		assert_ok(scratch_open(&f->s, &f->store, &err));
		f->ra.store = f->store;
		assert_ok(enter(f, "B1", HEAD CAO FAN, &found, &err));
		assert_int_equal(found, i == 2);
		o = outcome_of(f, "B1");
		assert_int_equal(o.num_ids, 2);
		assert_int_equal(o.num_refused, 0);
	}
}

static size_t num_faults;

static void report(void *ctx, const struct hf_journal_fault *fault)
{
	(void)ctx;
	(void)fault;
	num_faults++;
}

static void every_act_is_in_the_trail(void **state)
{
	static const struct hf_journal journal = {"ra", "audit"};
	struct ra_fixture *f = *state;
	const uint8_t pub[HF_SM2_POINT] = {0};
	struct hf_journal_verify_options options = {.journal = &journal,
		.pub = pub,
		.unsigned_since = INT64_MIN,
		.record = hf_audit_record_check,
		.report = report};
	struct hf_journal_verifier v;
	struct production p;
	struct hf_err err;

	production_init(f, &p);
	assert_ok(send_csr(f, &p.claim, hf_buf_bytes(&p.csr), &p.issued, &err));
	assert_ok(send_receipt(f, &p.claim, &p.issued, &p.key, "T-1", &err));
	num_faults = 0;
	assert_ok(hf_journal_verify(f->store, &options, &v, &err));
	/* enter, approve, claim, issue, install */
	assert_int_equal(v.num_records, 5);
	assert_int_equal(v.number, 5);
	assert_int_equal(num_faults, 0);
	production_clear(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(identity_numbers_are_told_from_typing_mistakes),
		cmocka_unit_test(resident_numbers_are_checked_with_their_birth_date),
		cmocka_unit_test(the_life_cycle_has_no_holes),
		cmocka_unit_test(ids_are_ordered_by_time_and_row),
		cmocka_unit_test(csv_is_read_strictly),
		cmocka_unit_test_setup_teardown(two_thousand_good_applicants_are_accepted, setup, teardown),
		cmocka_unit_test_setup_teardown(gb18030_gives_the_same_people, setup, teardown),
		cmocka_unit_test_setup_teardown(each_bad_row_is_refused_for_its_field, setup, teardown),
		cmocka_unit_test_setup_teardown(files_that_cannot_be_taken_as_a_whole_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(rows_of_another_length_and_odd_texts_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_batch_asked_again_is_the_same_batch, setup, teardown),
		cmocka_unit_test_setup_teardown(one_applicant_has_one_open_application, setup, teardown),
		cmocka_unit_test_setup_teardown(review_refuses_what_it_must, setup, teardown),
		cmocka_unit_test_setup_teardown(an_application_is_walked_to_its_installed_certificate, setup, teardown),
		cmocka_unit_test_setup_teardown(claims_are_for_one_producer_and_end_older_tickets, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_not_approved_cannot_be_claimed, setup, teardown),
		cmocka_unit_test_setup_teardown(a_certification_request_must_fit_the_approval, setup, teardown),
		cmocka_unit_test_setup_teardown(what_the_ca_answers_is_checked, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_receipt_must_be_signed_by_the_new_key_over_what_is_there, setup, teardown),
		cmocka_unit_test_setup_teardown(an_answer_that_was_lost_is_asked_for_again, setup, teardown),
		cmocka_unit_test_setup_teardown(a_request_twice_in_one_group_is_asked_once, setup, teardown),
		cmocka_unit_test_setup_teardown(an_answer_that_comes_second_changes_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_not_installed_in_time_is_revoked, setup, teardown),
		cmocka_unit_test_setup_teardown(what_the_ca_issued_unheard_is_found_and_revoked, setup, teardown),
		cmocka_unit_test_setup_teardown(an_expired_certificate_lets_its_holder_apply_again, setup, teardown),
		cmocka_unit_test(production_survives_a_failure_at_every_point),
		cmocka_unit_test_setup_teardown(a_batch_survives_a_kill_at_every_point, setup, teardown),
		cmocka_unit_test_setup_teardown(every_act_is_in_the_trail, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
