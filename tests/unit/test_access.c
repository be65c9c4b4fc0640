#include "test.h"

#include "access/operation.h"
#include "scratch.h"

#define NOW INT64_C(1800000000000000) /* 2027-01-15T08:00:00Z */

static const struct hf_schema *const schemas[] = {&hf_journal_schema, &hf_access_schema};

struct fixture {
	struct scratch s;
	struct hf_store *store;
	struct hf_sm2_key key;
	struct hf_operator op;
};

static struct hf_operator operator_of(const char *id, enum hf_role role, const struct hf_sm2_key *key)
{
	struct hf_operator op = {
		.name = "张三", .role = role, .active = true, .not_before = NOW - HF_DAY, .not_after = NOW + HF_DAY};

	hf_fmt_cut(op.id, sizeof(op.id), "%s", id);
	memcpy(op.pub, key->pub, sizeof(op.pub));
	return op;
}

static bool add(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	return hf_operator_add(tx, ctx, HF_BYTES_LIT("a certificate"), err);
}

static int setup(void **state)
{
	static struct fixture fixture;
	struct fixture *f = &fixture;
	struct hf_err err;

	memset(f, 0, sizeof(*f));
	scratch_init(&f->s, schemas, 2);
	assert_ok(scratch_open(&f->s, &f->store, &err));
	assert_ok(hf_sm2_generate(&f->key, &err));
	f->op = operator_of("review1", HF_ROLE_RA_REVIEW, &f->key);
	assert_ok(hf_store_write(f->store, add, &f->op, &err));
	hf_sm3(HF_BYTES_LIT("a certificate"), f->op.cert_hash);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	hf_store_close(f->store);
	scratch_clear(&f->s);
	return 0;
}

/* A sealed and signed call, as the client makes it. */
static struct hf_call call_of(const struct hf_sm2_key *key, const char *id, const char *body, const char *time)
{
	struct hf_call call = {.service = "ra",
		.method = "POST",
		.path = "/requests/R-1/review?verdict=approve",
		.body = hf_bytes_str(body),
		.operation_id = id,
		.time = time,
		.operator_id = "review1"};
	uint8_t e[HF_SM3_LEN];
	struct hf_err err;

	assert_ok(hf_call_seal(&call, &err));
	hf_call_digest(&call, key->pub, e);
	assert_ok(hf_sm2_sign(key->d, e, call.signature, &err));
	return call;
}

static void roles_are_whole(void **state)
{
	struct hf_err err;
	enum hf_role role;

	(void)state;
	for (int i = 0; i < HF_NUM_ROLES; i++) {
		const struct hf_role_info *info = hf_role_info((enum hf_role)i);

		assert_true(info->name && info->zh && info->en);
		assert_ok(hf_role_named(info->name, &role, &err));
		assert_int_equal(role, i);
		assert_true(HF_ROLES_ALL & HF_ROLES(i));
	}
	assert_refused(hf_role_named("root", &role, &err), HF_E_INPUT, "root");
	assert_refused(hf_role_named(NULL, &role, &err), HF_E_INPUT, "no role");
}

static void the_canonical_form_is_fixed(void **state)
{
	struct fixture *f = *state;
	struct hf_call call = call_of(&f->key, "op-12345", "abc", "2027-01-15T08:00:00Z");

	assert_string_equal(call.canonical, "HUFU-OPERATION-1\n"
					    "ra\n"
					    "POST /requests/R-1/review?verdict=approve\n"
					    "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0\n"
					    "op-12345\n"
					    "2027-01-15T08:00:00Z\n"
					    "review1\n");
	assert_true(call.at == NOW);
}

static void what_could_run_into_another_line_is_refused(void **state)
{
	static const struct {
		const char *service, *method, *path, *operation, *time, *who, *word;
	} cases[] = {
		{"r\na", "POST", "/x", "op-12345", "2027-01-15T08:00:00Z", "review1", "service"},
		{"ra", "TRACE", "/x", "op-12345", "2027-01-15T08:00:00Z", "review1", "method"},
		{"ra", "POST", "x", "op-12345", "2027-01-15T08:00:00Z", "review1", "path"},
		{"ra", "POST", "/x y", "op-12345", "2027-01-15T08:00:00Z", "review1", "path"},
		{"ra", "POST", "/x\n", "op-12345", "2027-01-15T08:00:00Z", "review1", "path"},
		{"ra", "POST", "/虎", "op-12345", "2027-01-15T08:00:00Z", "review1", "path"},
		{"ra", "POST", "/x", "op-1234", "2027-01-15T08:00:00Z", "review1", "Hufu-Operation"},
		{"ra", "POST", "/x", "0123456789012345678901234567890123456789012345678901234567890123x",
			"2027-01-15T08:00:00Z", "review1", "Hufu-Operation"},
		{"ra", "POST", "/x", "op 12345", "2027-01-15T08:00:00Z", "review1", "Hufu-Operation"},
		{"ra", "POST", "/x", "op-12345", "2027-01-15 08:00:00", "review1", "Hufu-Time"},
		{"ra", "POST", "/x", "op-12345", "2027-02-30T08:00:00Z", "review1", "Hufu-Time"},
		{"ra", "POST", "/x", "op-12345", "", "review1", "Hufu-Time"},
		{"ra", "POST", "/x", "op-12345", "2027-01-15T08:00:00Z", "", "Hufu-Operator"},
		{"ra", "POST", "/x", "op-12345", "2027-01-15T08:00:00Z", "a/b", "Hufu-Operator"},
	};
	struct hf_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hf_call call = {.service = cases[i].service,
			.method = cases[i].method,
			.path = cases[i].path,
			.operation_id = cases[i].operation,
			.time = cases[i].time,
			.operator_id = cases[i].who};

		assert_refused(hf_call_seal(&call, &err), HF_E_INPUT, cases[i].word);
	}
}

static void headers_carry_the_call(void **state)
{
	struct fixture *f = *state;
	struct hf_call call = call_of(&f->key, "op-12345", "abc", "2027-01-15T08:00:00Z");
	struct hf_call got = {.service = "ra", .method = "POST", .path = call.path, .body = call.body};
	char text[HF_CALL_SIG_TEXT];
	struct hf_err err;

	hf_call_signature_text(call.signature, text);
	assert_ok(hf_call_read(&got, "review1", "op-12345", "2027-01-15T08:00:00Z", text, &err));
	assert_memory_equal(got.hash, call.hash, sizeof(got.hash));
	assert_memory_equal(got.signature, call.signature, sizeof(got.signature));
	assert_refused(
		hf_call_read(&got, NULL, "op-12345", "2027-01-15T08:00:00Z", text, &err), HF_E_DENIED, "Hufu-Operator");
	assert_refused(
		hf_call_read(&got, "review1", NULL, "2027-01-15T08:00:00Z", text, &err), HF_E_DENIED, "Hufu-Operation");
	assert_refused(hf_call_read(&got, "review1", "op-12345", NULL, text, &err), HF_E_DENIED, "Hufu-Time");
	assert_refused(hf_call_read(&got, "review1", "op-12345", "2027-01-15T08:00:00Z", NULL, &err), HF_E_DENIED,
		"Hufu-Signature");
}

static void a_signature_text_is_read_strictly(void **state)
{
	/* SEQUENCE { 1, 2 } and what is nearly that */
	static const char *const bad[] = {"", "?", "MAYCAQECAQ", "MAYCAQECAQIA", "MIEGAgEBAgEC",
		"MAYCAQECAf8=", "MAcCAgABAgEC", "MAkCAQECAQICAQM=", "MAMCAQE=", " MAYCAQECAQI=", NULL};
	uint8_t sig[HF_SM2_SIG], back[HF_SM2_SIG];
	char text[HF_CALL_SIG_TEXT];
	struct hf_err err;

	(void)state;
	assert_ok(hf_call_signature_read("MAYCAQECAQI=", sig, &err));
	assert_true(sig[31] == 1 && sig[63] == 2 && sig[0] == 0);
	for (size_t i = 0; bad[i]; i++)
		assert_refused(hf_call_signature_read(bad[i], sig, &err), HF_E_INPUT, "GM/T 0009 7.3");
	memset(sig, 0xFF, sizeof(sig));
	hf_call_signature_text(sig, text);
	assert_ok(hf_call_signature_read(text, back, &err));
	assert_memory_equal(sig, back, sizeof(sig));
}

static void only_the_right_signer_in_the_right_role_at_the_right_time(void **state)
{
	struct fixture *f = *state;
	struct hf_call good = call_of(&f->key, "op-12345", "abc", "2027-01-15T08:00:00Z"), call;
	uint32_t roles = HF_ROLES(HF_ROLE_RA_REVIEW);
	struct hf_sm2_key other;
	struct hf_operator op;
	struct hf_err err;

	assert_ok(hf_call_verify(&good, &f->op, roles, NOW, &err));
	assert_ok(hf_call_verify(&good, &f->op, roles | HF_ROLES(HF_ROLE_AUDITOR), NOW, &err));
	assert_refused(
		hf_call_verify(&good, &f->op, HF_ROLES(HF_ROLE_RA_ENTRY), NOW, &err), HF_E_DENIED, "role ra-review");
	assert_refused(hf_call_verify(&good, &f->op, roles, f->op.not_after + 1, &err), HF_E_DENIED, "not valid");
	assert_refused(hf_call_verify(&good, &f->op, roles, f->op.not_before - 1, &err), HF_E_DENIED, "not valid");
	op = f->op;
	op.active = false;
	assert_refused(hf_call_verify(&good, &op, roles, NOW, &err), HF_E_DENIED, "stopped");
	for (size_t i = 0; i < HF_SM2_SIG; i += 21) {
		call = good;
		call.signature[i] ^= 4;
		assert_refused(hf_call_verify(&call, &f->op, roles, NOW, &err), HF_E_VERIFY, "signature");
	}
	call = good;
	memset(call.signature, 0, sizeof(call.signature));
	assert_refused(hf_call_verify(&call, &f->op, roles, NOW, &err), HF_E_VERIFY, "signature");
	assert_ok(hf_sm2_generate(&other, &err));
	call = call_of(&other, "op-12345", "abc", "2027-01-15T08:00:00Z");
	assert_refused(hf_call_verify(&call, &f->op, roles, NOW, &err), HF_E_VERIFY, "signature");
	/* another body under the same signature */
	call = good;
	call.body = HF_BYTES_LIT("abd");
	assert_ok(hf_call_seal(&call, &err));
	assert_refused(hf_call_verify(&call, &f->op, roles, NOW, &err), HF_E_VERIFY, "signature");
	op = f->op;
	hf_fmt_cut(op.id, sizeof(op.id), "other");
	assert_refused(hf_call_verify(&good, &op, roles, NOW, &err), HF_E_INTERNAL, "against other");
}

struct doing {
	struct fixture *f;
	const struct hf_call *call;
	int64_t now;
	bool found, die;
	int num_acts;
	struct hf_answer answer;
};

/* A business transaction by the rule: find, act with its record, remember. */
static bool act(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct doing *d = ctx;
	struct hf_audit_record record = {
		.code = HF_AUDIT_AUTHORIZE, .operation = HF_BYTES_LIT("request.review"), .endedAt = d->now};
	struct hf_journal_batch batch;
	bool ok;

	if (!hf_operation_find(tx, d->call, d->now, &d->found, &d->answer, err))
		return false;
	if (d->found)
		return true;
	d->num_acts++;
	hf_call_record(d->call, &d->f->op, &record);
	hf_audit_result(&record, NULL);
	hf_journal_batch_init(&batch);
	ok = hf_audit_add(&batch, &record, err) &&
	     hf_journal_append(tx, &(struct hf_journal){"ra", HF_AUDIT_NAME}, d->now, &batch, NULL, err) &&
	     hf_operation_remember(tx, d->call, 201, HF_BYTES_LIT("{\"done\":1}"), err);
	hf_journal_batch_clear(&batch);
	return ok;
}

static struct doing doing_of(struct fixture *f, const struct hf_call *call, int64_t now)
{
	struct doing d = {.f = f, .call = call, .now = now};

	hf_answer_init(&d.answer);
	return d;
}

static void the_identical_call_gets_its_first_answer_again(void **state)
{
	struct fixture *f = *state;
	struct hf_call call = call_of(&f->key, "op-12345", "abc", "2027-01-15T08:00:00Z"),
		       again = call_of(&f->key, "op-12345", "abc", "2027-01-15T08:00:00Z"),
		       other = call_of(&f->key, "op-12345", "abd", "2027-01-15T08:00:00Z"),
		       later = call_of(&f->key, "op-12345", "abc", "2027-01-15T08:00:01Z");
	struct doing d = doing_of(f, &call, NOW);
	struct hf_err err;

	assert_ok(hf_store_write(f->store, act, &d, &err));
	assert_true(!d.found && d.num_acts == 1);
	d.call = &again;
	d.now = NOW + 365 * HF_DAY; /* however late */
	assert_ok(hf_store_write(f->store, act, &d, &err));
	assert_true(d.found && d.num_acts == 1 && d.answer.status == 201);
	assert_true(hf_bytes_equal(hf_buf_bytes(&d.answer.body), HF_BYTES_LIT("{\"done\":1}")));
	d.call = &other;
	d.now = NOW;
	assert_refused(hf_store_write(f->store, act, &d, &err), HF_E_CONFLICT, "op-12345");
	d.call = &later;
	assert_refused(hf_store_write(f->store, act, &d, &err), HF_E_CONFLICT, "op-12345");
	assert_int_equal(d.num_acts, 1);
	hf_answer_clear(&d.answer);
}

static void an_unknown_call_must_be_fresh(void **state)
{
	static const struct {
		int64_t off;
		bool ok;
	} cases[] = {{-HF_CALL_AGE_MAX, true}, {-HF_CALL_AGE_MAX - 1, false}, {HF_CALL_AGE_MAX, true},
		{HF_CALL_AGE_MAX + 1, false}};
	struct fixture *f = *state;
	struct hf_err err;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char id[16];
		struct hf_call call;
		struct doing d;

		hf_fmt_cut(id, sizeof(id), "op-fresh-%zu", i);
		call = call_of(&f->key, id, "", "2027-01-15T08:00:00Z");
		d = doing_of(f, &call, NOW - cases[i].off);
		if (cases[i].ok) {
			assert_ok(hf_store_write(f->store, act, &d, &err));
			assert_ok(hf_call_fresh(&call, d.now, &err));
		} else {
			assert_refused(hf_store_write(f->store, act, &d, &err), HF_E_DENIED, "five minutes");
			assert_int_equal(d.num_acts, 0);
		}
		hf_answer_clear(&d.answer);
	}
}

static bool die_at(void *ctx, const char *point)
{
	if (strcmp(ctx, point) == 0)
		_exit(42);
	return true;
}

static void act_in_child(void *ctx)
{
	struct doing *d = ctx;
	struct hf_store *store;
	struct hf_err err;

	if (scratch_open(&d->f->s, &store, &err))
		(void)!hf_store_write(store, act, d, &err);
}

static void after_a_death_an_act_is_done_once(void **state)
{
	static const struct {
		const char *point;
		bool found;
	} cases[] = {{"before commit", false}, {"after commit", true}};
	struct fixture *f = *state;
	struct hf_call call = call_of(&f->key, "op-12345", "abc", "2027-01-15T08:00:00Z");
	struct hf_err err;

	for (size_t i = 0; i < 2; i++) {
		struct doing d = doing_of(f, &call, NOW);

		hf_store_close(f->store);
		f->s.fault = die_at;
		f->s.fault_ctx = (void *)cases[i].point;
		assert_int_equal(in_child(act_in_child, &d), 42);
		f->s.fault = NULL;
		assert_ok(scratch_open(&f->s, &f->store, &err));
		if (cases[i].found) {
			assert_ok(hf_store_write(f->store, act, &d, &err));
			assert_true(d.found && d.num_acts == 0 && d.answer.status == 201);
		}
		hf_answer_clear(&d.answer);
	}
}

static bool listed(void *ctx, int64_t number, const struct hf_audit_record *record, struct hf_err *err)
{
	struct fixture *f = ctx;
	struct hf_call call = call_of(&f->key, "op-12345", "abc", "2027-01-15T08:00:00Z");
	uint8_t z[HF_SM3_LEN], e[HF_SM3_LEN];

	(void)number;
	assert_true(hf_bytes_equal(record->call, hf_call_canonical(&call)));
	assert_true(hf_bytes_equal(record->role, HF_BYTES_LIT("ra-review")));
	assert_true(hf_bytes_equal(record->operationId, HF_BYTES_LIT("op-12345")));
	assert_true(hf_bytes_equal(record->certificate, HF_BYTES_OF(f->op.cert_hash)));
	assert_int_equal(record->signature.len, HF_SM2_SIG);
	hf_sm2_z(f->key.pub, HF_SM2_DEFAULT_ID, z);
	hf_sm2_digest(z, record->call, e);
	return hf_sm2_verify(f->key.pub, e, record->signature.p, err);
}

static void the_signature_stays_with_the_record(void **state)
{
	struct fixture *f = *state;
	struct hf_call call = call_of(&f->key, "op-12345", "abc", "2027-01-15T08:00:00Z"),
		       broken = {.operation_id = "x"};
	struct doing d = doing_of(f, &call, NOW);
	struct hf_audit_record record = {.code = HF_AUDIT_AUTHORIZE};
	struct hf_err err;
	int64_t last;

	assert_ok(hf_store_write(f->store, act, &d, &err));
	assert_ok(hf_audit_list(f->store, "ra", &(struct hf_audit_filter){0}, listed, f, &last, &err));
	assert_int_equal(last, 1);
	hf_answer_clear(&d.answer);
	/* a call that has no form, of nobody, can be recorded as well */
	hf_call_record(&broken, NULL, &record);
	assert_true(!record.call.p && !record.signature.p && !record.certificate.p && record.role.len == 0);
	assert_ok(hf_audit_write(f->store, "ra", NOW, &record, &err));
}

static bool load(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct hf_operator *op = ctx;

	return hf_operator_load(tx, op->id, op, err);
}

static bool stop(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	return hf_operator_set_active(tx, ctx, false, err);
}

static bool count_one(void *ctx, const struct hf_operator *op, struct hf_err *err)
{
	(void)err;
	assert_true(op->id[0] != '\0');
	++*(int *)ctx;
	return true;
}

static bool list(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	return hf_operator_list(tx, count_one, ctx, err);
}

static bool certificate(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	return hf_operator_certificate(tx, "review1", ctx, err);
}

static void operators_are_kept_one_role_each(void **state)
{
	struct fixture *f = *state;
	struct hf_operator op = {.id = "review1"}, second;
	struct hf_sm2_key key;
	struct hf_buf der;
	struct hf_err err;
	int num = 0;

	assert_ok(hf_store_read(f->store, load, &op, &err));
	assert_string_equal(op.name, "张三");
	assert_memory_equal(op.pub, f->key.pub, sizeof(op.pub));
	assert_memory_equal(op.cert_hash, f->op.cert_hash, sizeof(op.cert_hash));
	assert_true(op.active && op.role == HF_ROLE_RA_REVIEW && op.not_before == f->op.not_before &&
		    op.not_after == f->op.not_after);
	hf_buf_init(&der, HF_OPERATOR_CERT_MAX);
	assert_ok(hf_store_read(f->store, certificate, &der, &err));
	assert_true(hf_bytes_equal(hf_buf_bytes(&der), HF_BYTES_LIT("a certificate")));
	hf_buf_clear(&der);
	/* the same key under another id and role */
	second = operator_of("entry1", HF_ROLE_RA_ENTRY, &f->key);
	assert_refused(hf_store_write(f->store, add, &second, &err), HF_E_EXISTS, "one person, one role");
	assert_ok(hf_sm2_generate(&key, &err));
	second = operator_of("review1", HF_ROLE_RA_ENTRY, &key);
	assert_refused(hf_store_write(f->store, add, &second, &err), HF_E_EXISTS, "review1");
	second = operator_of("entry1", HF_ROLE_RA_ENTRY, &key);
	assert_ok(hf_store_write(f->store, add, &second, &err));
	assert_ok(hf_store_read(f->store, list, &num, &err));
	assert_int_equal(num, 2);
	second = operator_of("a b", HF_ROLE_RA_ENTRY, &key);
	assert_refused(hf_store_write(f->store, add, &second, &err), HF_E_INPUT, "operator id");
	second = operator_of("entry2", HF_ROLE_RA_ENTRY, &key);
	second.pub[3] ^= 1;
	assert_refused(hf_store_write(f->store, add, &second, &err), HF_E_INPUT, "public key");
	second = operator_of("nobody", HF_ROLE_RA_ENTRY, &key);
	assert_refused(hf_store_read(f->store, load, &second, &err), HF_E_MISSING, "nobody");
	assert_ok(hf_store_write(f->store, stop, "review1", &err));
	assert_ok(hf_store_read(f->store, load, &op, &err));
	assert_false(op.active);
	assert_refused(hf_store_write(f->store, stop, "review1", &err), HF_E_STATE, "stopped already");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roles_are_whole),
		cmocka_unit_test_setup_teardown(the_canonical_form_is_fixed, setup, teardown),
		cmocka_unit_test(what_could_run_into_another_line_is_refused),
		cmocka_unit_test_setup_teardown(headers_carry_the_call, setup, teardown),
		cmocka_unit_test(a_signature_text_is_read_strictly),
		cmocka_unit_test_setup_teardown(
			only_the_right_signer_in_the_right_role_at_the_right_time, setup, teardown),
		cmocka_unit_test_setup_teardown(the_identical_call_gets_its_first_answer_again, setup, teardown),
		cmocka_unit_test_setup_teardown(an_unknown_call_must_be_fresh, setup, teardown),
		cmocka_unit_test_setup_teardown(after_a_death_an_act_is_done_once, setup, teardown),
		cmocka_unit_test_setup_teardown(the_signature_stays_with_the_record, setup, teardown),
		cmocka_unit_test_setup_teardown(operators_are_kept_one_role_each, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
