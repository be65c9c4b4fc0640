#include "test.h"

#include "audit/audit.h"
#include "audit/journal_verify.h"
#include "base/clock.h"
#include "scratch.h"

#define NUM_FRAMES 10
#define SIGNED     8 /* a head under frame 4 and one under frame 8 */

static const struct hf_schema *const schemas[] = {&hf_journal_schema};
static const struct hf_journal audit = {"ra", HF_AUDIT_NAME};

struct fixture {
	struct scratch s;
	struct hf_store *store;
	struct hf_sm2_key key;
	/* what the verifier said */
	int num;
	enum hf_journal_fault_kind kind[64];
	int64_t number[64];
};

static struct hf_audit_record record_of(int i)
{
	return (struct hf_audit_record){
		.operationId = HF_BYTES_LIT("op-00000001"),
		.operatorId = i % 2 ? HF_BYTES_LIT("entry1") : HF_BYTES_LIT("review1"),
		.role = i % 2 ? HF_BYTES_LIT("ra-entry") : HF_BYTES_LIT("ra-review"),
		.code = i % 2 ? HF_AUDIT_CREATE : HF_AUDIT_AUTHORIZE,
		.operation = i % 2 ? HF_BYTES_LIT("request.enter") : HF_BYTES_LIT("request.review"),
		.object = HF_BYTES_LIT("request/R-1"),
		.startedAt = i * HF_SECOND,
		.endedAt = i * HF_SECOND + 5000,
		.result = HF_BYTES_LIT("ok"),
	};
}

struct frames {
	int from, num;
};

static bool frames_append(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	const struct frames *f = ctx;
	struct hf_journal_batch batch;
	bool ok = true;

	hf_journal_batch_init(&batch);
	for (int i = f->from; ok && i < f->from + f->num; i++) {
		struct hf_audit_record record = record_of(i);
		int64_t number;

		hf_journal_batch_reset(&batch);
		ok = hf_audit_add(&batch, &record, err) && hf_audit_add(&batch, &record, err) &&
		     hf_journal_append(tx, &audit, i * HF_SECOND, &batch, &number, err);
		if (ok)
			assert_int_equal(number, i);
	}
	hf_journal_batch_clear(&batch);
	return ok;
}

static bool head_sign(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct fixture *f = ctx;
	uint8_t z[HF_SM3_LEN], e[HF_SM3_LEN], sig[HF_SM2_SIG];
	struct hf_buf der;
	bool due, ok;

	hf_buf_init(&der, 512);
	ok = hf_journal_head_due(tx, &audit, 100 * HF_SECOND, &due, &der, err);
	if (ok && due) {
		hf_sm2_z(f->key.pub, HF_SM2_DEFAULT_ID, z);
		hf_sm2_digest(z, hf_buf_bytes(&der), e);
		ok = hf_sm2_sign(f->key.d, e, sig, err) &&
		     hf_journal_head_put(tx, &audit, hf_buf_bytes(&der), sig, f->key.pub, err) &&
		     /* a second time changes nothing */
		     hf_journal_head_put(tx, &audit, hf_buf_bytes(&der), sig, f->key.pub, err);
		sig[40] ^= 1;
		assert_false(hf_journal_head_put(tx, &audit, hf_buf_bytes(&der), sig, f->key.pub, NULL));
	}
	hf_buf_clear(&der);
	return ok;
}

static int setup(void **state)
{
	static struct fixture fixture;
	struct fixture *f = &fixture;
	static const struct frames parts[] = {{1, 4}, {5, 4}, {9, 2}};
	struct hf_err err;

	memset(f, 0, sizeof(*f));
	scratch_init(&f->s, schemas, 1);
	assert_ok(scratch_open(&f->s, &f->store, &err));
	assert_ok(hf_sm2_generate(&f->key, &err));
	for (int i = 0; i < 3; i++) {
		struct frames part = parts[i];

		assert_ok(hf_store_write(f->store, frames_append, &part, &err));
		if (i < 2)
			assert_ok(hf_store_write(f->store, head_sign, f, &err));
	}
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

static void note(void *ctx, const struct hf_journal_fault *fault)
{
	struct fixture *f = ctx;

	assert_true(f->num < 64);
	f->kind[f->num] = fault->kind;
	f->number[f->num++] = fault->number;
	assert_true(strlen(fault->text) > 10);
}

static bool verify_with(struct fixture *f, const uint8_t *pub, int64_t unsigned_since, const uint8_t *known,
	int64_t known_number, struct hf_err *err)
{
	struct hf_journal_verify_options options = {.journal = &audit,
		.pub = pub,
		.unsigned_since = unsigned_since,
		.known_number = known_number,
		.record = hf_audit_record_check,
		.report = note,
		.ctx = f};
	struct hf_journal_verifier v;

	f->num = 0;
	if (known)
		memcpy(options.known_hash, known, HF_SM3_LEN);
	return hf_journal_verify(f->store, &options, &v, err);
}

/* With a tail of two frames that may still be without a head. */
static bool verify(struct fixture *f, struct hf_err *err)
{
	return verify_with(f, f->key.pub, SIGNED * HF_SECOND, NULL, 0, err);
}

static bool script(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	return hf_query_run(hf_query(tx, ctx), NULL, err);
}

static void sql(struct fixture *f, const char *text)
{
	struct hf_err err;

	assert_ok(hf_store_write(f->store, script, (void *)text, &err));
}

static void a_whole_journal_verifies(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;

	assert_ok(verify(f, &err));
	assert_int_equal(f->num, 0);
}

static void an_unsigned_tail_is_named_when_it_is_old(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;

	assert_refused(verify_with(f, f->key.pub, 9 * HF_SECOND, NULL, 0, &err), HF_E_VERIFY, "1 faults");
	assert_int_equal(f->kind[0], HF_JOURNAL_UNSIGNED);
	assert_int_equal(f->number[0], 9);
	assert_ok(hf_store_write(f->store, head_sign, f, &err));
	assert_ok(verify_with(f, f->key.pub, INT64_MAX, NULL, 0, &err));
}

/* Each kind of tampering, and what the verifier must say first; the number of faults when it is certain. */
static const struct {
	const char *what, *sql[4];
	enum hf_journal_fault_kind kind;
	int64_t number;
	int num;
} tamperings[] = {
	{"edit",
		{"UPDATE journal SET frame = CAST(replace(CAST(hex(frame) AS TEXT), '31', '32') AS BYTEA) WHERE number "
		 "= 3"},
		HF_JOURNAL_ALTERED, 3, 1},
	{"edit of a column", {"UPDATE journal SET at = at + 1 WHERE number = 3"}, HF_JOURNAL_ALTERED, 3, 1},
	{"delete", {"DELETE FROM journal WHERE number = 3"}, HF_JOURNAL_GAP, 4, 1},
	{"delete the first", {"DELETE FROM journal WHERE number = 1"}, HF_JOURNAL_GAP, 2, 1},
	{"delete under a head", {"DELETE FROM journal WHERE number IN (3, 4)"}, HF_JOURNAL_GAP, 5, 1},
	{"reorder",
		{"UPDATE journal SET number = 102 WHERE number = 2", "UPDATE journal SET number = 2 WHERE number = 3",
			"UPDATE journal SET number = 3 WHERE number = 102"},
		HF_JOURNAL_MISPLACED, 2, 2},
	{"duplicate",
		{"INSERT INTO journal (name, number, at, previous, hash, frame) "
		 "SELECT name, 11, at, previous, hash, frame FROM journal WHERE number = 10"},
		HF_JOURNAL_MISPLACED, 11, 1},
	{"insert",
		{"UPDATE journal SET number = number + 101 WHERE number > 9",
			"UPDATE journal SET number = number - 100 WHERE number > 100",
			"INSERT INTO journal (name, number, at, previous, hash, frame) "
			"SELECT name, 10, at, previous, hash, frame FROM journal WHERE number = 2"},
		HF_JOURNAL_MISPLACED, 10, 2},
	{"truncate", {"DELETE FROM journal WHERE number > 6"}, HF_JOURNAL_TRUNCATED, 7, 1},
	{"truncate all", {"DELETE FROM journal"}, HF_JOURNAL_TRUNCATED, 1, 1},
	{"a head of another frame", {"UPDATE journal_head SET number = 7 WHERE number = 8"}, HF_JOURNAL_BAD_HEAD, 7, 0},
	{"a broken head", {"UPDATE journal_head SET head = CAST('x' AS BYTEA) WHERE number = 4"}, HF_JOURNAL_BAD_HEAD,
		4, 1},
	{"another journal's frames", {"UPDATE journal SET name = 'feed' WHERE number = 5"}, HF_JOURNAL_GAP, 6, 1},
};

static void each_tampering_is_named(void **state)
{
	struct fixture *f;
	struct hf_err err;

	for (size_t i = 0; i < sizeof(tamperings) / sizeof(tamperings[0]); i++) {
		if (i > 0) {
			teardown(state);
			setup(state);
		}
		f = *state;
		for (int k = 0; k < 4 && tamperings[i].sql[k]; k++)
			sql(f, tamperings[i].sql[k]);
		err.code = HF_OK;
		if (verify(f, &err) || err.code != HF_E_VERIFY)
			fail_msg("%s: not seen", tamperings[i].what);
		if (f->kind[0] != tamperings[i].kind || f->number[0] != tamperings[i].number ||
			(tamperings[i].num && tamperings[i].num != f->num))
			fail_msg("%s: %d faults, the first is %s at %lld", tamperings[i].what, f->num,
				hf_journal_fault_name(f->kind[0]), (long long)f->number[0]);
	}
}

/* A forger who can compute hashes but has no key. */
struct forgery {
	int64_t number;
	bool bad_record;
};

static bool forge(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	const struct forgery *forgery = ctx;
	struct hf_audit_record record = record_of(1);
	struct hf_journal_frame frame = {
		1, HF_BYTES_LIT("ra"), HF_BYTES_LIT("audit"), forgery->number, 5, HF_BYTES_NONE, {HF_BYTES_NONE, 0}};
	struct hf_journal_batch batch;
	struct hf_buf der;
	struct hf_query *q = hf_query(tx, "SELECT hash FROM journal WHERE number = ?");
	uint8_t previous[HF_SM3_LEN], hash[HF_SM3_LEN];
	bool row;

	hf_query_i64(q, forgery->number - 1);
	assert_true(hf_query_next(q, &row, err) && row && hf_query_col_octets(q, 0, previous, HF_SM3_LEN, err));
	hf_query_done(q);
	hf_journal_batch_init(&batch);
	hf_buf_init(&der, 4096);
	if (forgery->bad_record)
		assert_true(hf_journal_batch_add(&batch, &hf_der_Small, &(int64_t){7}, err));
	else
		assert_true(hf_audit_add(&batch, &record, err));
	frame.previous = HF_BYTES_OF(previous);
	frame.records = hf_der_list_of(&batch.content);
	assert_true(hf_der_encode(&hf_JournalFrame, &frame, &der, err));
	hf_sm3(hf_buf_bytes(&der), hash);
	q = hf_query(tx, "UPDATE journal SET at = 5, hash = ?, frame = ? WHERE number = ?");
	hf_query_bytes(q, HF_BYTES_OF(hash));
	hf_query_bytes(q, hf_buf_bytes(&der));
	hf_query_i64(q, forgery->number);
	hf_buf_clear(&der);
	hf_journal_batch_clear(&batch);
	return hf_query_run_one(q, "frame", err);
}

static void a_forger_without_the_key_is_seen(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;

	assert_ok(hf_store_write(f->store, forge, &(struct forgery){3, false}, &err));
	assert_refused(verify(f, &err), HF_E_VERIFY, "1 faults");
	assert_int_equal(f->kind[0], HF_JOURNAL_BROKEN_LINK);
	assert_int_equal(f->number[0], 4);
	/* the frame right under a head */
	assert_ok(hf_store_write(f->store, forge, &(struct forgery){8, false}, &err));
	assert_refused(verify(f, &err), HF_E_VERIFY, "3 faults");
	assert_int_equal(f->kind[1], HF_JOURNAL_HEAD_DIFFERS);
	assert_int_equal(f->number[1], 8);
	/* behind the last head nothing but the form of its records tells */
	assert_ok(hf_store_write(f->store, forge, &(struct forgery){10, true}, &err));
	assert_refused(verify(f, &err), HF_E_VERIFY, "4 faults");
	assert_int_equal(f->kind[3], HF_JOURNAL_BAD_RECORD);
	assert_int_equal(f->number[3], 10);
}

static void another_keys_heads_do_not_count(void **state)
{
	struct fixture *f = *state;
	struct hf_sm2_key other;
	struct hf_err err;

	assert_ok(hf_sm2_generate(&other, &err));
	assert_refused(verify_with(f, other.pub, 0, NULL, 0, &err), HF_E_VERIFY, "2 faults");
	assert_int_equal(f->kind[0], HF_JOURNAL_BAD_HEAD);
	assert_int_equal(f->number[0], 4);
}

static bool last_hash(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	int64_t number;

	return hf_journal_last(tx, &audit, &number, ctx, err);
}

static void a_cut_with_its_heads_shows_against_a_head_kept_elsewhere(void **state)
{
	struct fixture *f = *state;
	uint8_t known[HF_SM3_LEN];
	struct hf_err err;

	assert_ok(hf_store_read(f->store, last_hash, known, &err));
	assert_ok(verify_with(f, f->key.pub, SIGNED * HF_SECOND, known, 10, &err));
	sql(f, "DELETE FROM journal WHERE number > 4");
	sql(f, "DELETE FROM journal_head WHERE number > 4");
	assert_ok(verify(f, &err));
	assert_refused(verify_with(f, f->key.pub, 0, known, 10, &err), HF_E_VERIFY, "1 faults");
	assert_int_equal(f->kind[0], HF_JOURNAL_TRUNCATED);
	/* and appended afresh */
	assert_ok(hf_store_write(f->store, frames_append, &(struct frames){5, 6}, &err));
	sql(f, "UPDATE journal_head SET number = 5 WHERE number = 99");
	known[0] ^= 1;
	assert_refused(verify_with(f, f->key.pub, 0, known, 10, &err), HF_E_VERIFY, "faults");
	assert_int_equal(f->kind[0], HF_JOURNAL_HEAD_DIFFERS);
	assert_int_equal(f->number[0], 10);
}

static bool append_nothing(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct hf_journal_batch batch;
	bool ok;

	(void)ctx;
	hf_journal_batch_init(&batch);
	ok = hf_journal_append(tx, &audit, 0, &batch, NULL, err);
	hf_journal_batch_clear(&batch);
	return ok;
}

static bool append_failed(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	static uint8_t large[HF_JOURNAL_BATCH_MAX];
	struct hf_audit_record record = record_of(1);
	struct hf_journal_batch batch;
	bool ok;

	(void)ctx;
	hf_journal_batch_init(&batch);
	assert_true(hf_audit_add(&batch, &record, err));
	record.call = HF_BYTES_OF(large);
	assert_false(hf_audit_add(&batch, &record, err));
	record.call = HF_BYTES_NONE;
	(void)!hf_audit_add(&batch, &record, err);
	ok = hf_journal_append(tx, &audit, 0, &batch, NULL, err);
	hf_journal_batch_clear(&batch);
	return ok;
}

/* The second record cannot be written: its serial is not an INTEGER. */
static bool append_bad(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct hf_audit_record record = record_of(1);
	struct hf_journal_batch batch;
	bool ok;

	(void)ctx;
	hf_journal_batch_init(&batch);
	assert_true(hf_audit_add(&batch, &record, err));
	record.serial = HF_BYTES_LIT("\0\1");
	assert_false(hf_audit_add(&batch, &record, err));
	ok = hf_journal_append(tx, &audit, 0, &batch, NULL, err);
	hf_journal_batch_clear(&batch);
	return ok;
}

static void what_cannot_be_recorded_does_not_happen(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;

	assert_refused(hf_store_write(f->store, append_nothing, NULL, &err), HF_E_INTERNAL, "without a record");
	assert_refused(hf_store_write(f->store, append_bad, NULL, &err), HF_E_INTERNAL, "so nothing is");
	assert_refused(hf_store_write(f->store, append_failed, NULL, &err), HF_E_INTERNAL, "so nothing is");
	assert_ok(verify(f, &err));
}

static bool die_before_commit(void *ctx, const char *point)
{
	(void)ctx;
	if (strcmp(point, "before commit") == 0)
		_exit(42);
	return true;
}

static void append_in_child(void *ctx)
{
	struct frames frames = {11, 3};
	struct hf_store *store;
	struct hf_err err;

	if (scratch_open(ctx, &store, &err))
		(void)!hf_store_write(store, frames_append, &frames, &err);
}

static void a_death_leaves_no_half_frame(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;

	hf_store_close(f->store);
	f->s.fault = die_before_commit;
	assert_int_equal(in_child(append_in_child, &f->s), 42);
	f->s.fault = NULL;
	assert_ok(scratch_open(&f->s, &f->store, &err));
	assert_ok(verify(f, &err));
	assert_ok(hf_store_write(f->store, frames_append, &(struct frames){11, 1}, &err));
	assert_ok(verify(f, &err));
}

struct listed {
	int num;
	int64_t first;
	char text[HF_AUDIT_TEXT_MAX + 1];
};

static bool listed(void *ctx, int64_t number, const struct hf_audit_record *record, struct hf_err *err)
{
	struct listed *l = ctx;

	(void)err;
	if (l->num++ == 0)
		l->first = number;
	hf_fmt_cut(l->text, sizeof(l->text), "%.*s", (int)record->text.len, (const char *)record->text.p);
	return true;
}

static void the_trail_is_listed_by_time_operator_and_operation(void **state)
{
	static const struct {
		struct hf_audit_filter filter;
		int num;
		int64_t first, last;
	} cases[] = {
		{{0}, 20, 1, 10},
		{{.operator_id = "entry1"}, 10, 1, 10},
		{{.operator_id = "entry1", .operation = "request.review"}, 0, 0, 10},
		{{.from = 3 * HF_SECOND, .to = 7 * HF_SECOND}, 8, 3, 10},
		{{.from = 3 * HF_SECOND, .to = 7 * HF_SECOND, .operation = "request.review"}, 4, 4, 10},
		{{.max = 5}, 6, 1, 3},
		{{.after = 3, .max = 5}, 6, 4, 6},
		{{.after = 10}, 0, 0, 10},
		{{.result = "denied"}, 0, 0, 10},
		{{.object = "request/R-1", .operator_id = "review1"}, 10, 2, 10},
	};
	struct fixture *f = *state;
	struct hf_err err;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct listed l = {0};
		int64_t last;

		assert_ok(hf_audit_list(f->store, "ra", &cases[i].filter, listed, &l, &last, &err));
		assert_int_equal(l.num, cases[i].num);
		assert_int_equal(l.first, cases[i].first);
		assert_int_equal(last, cases[i].last);
	}
}

static void a_hostile_text_cannot_keep_its_refusal_out(void **state)
{
	struct fixture *f = *state;
	struct hf_audit_record record = record_of(1), back;
	struct hf_err err = {HF_E_DENIED, "a\nb \xFF\xC3 虎\xE2\x80\xAE"};
	struct hf_journal_batch batch;
	struct listed l = {0};
	struct hf_buf out;
	int64_t last;

	hf_audit_result(&record, &err);
	record.serial = HF_BYTES_LIT("\x01\x02");
	record.signature = HF_BYTES_LIT("sig");
	assert_ok(hf_audit_write(f->store, "ra", 11 * HF_SECOND, &record, &err));
	assert_ok(
		hf_audit_list(f->store, "ra", &(struct hf_audit_filter){.result = "denied"}, listed, &l, &last, &err));
	assert_int_equal(l.num, 1);
	assert_int_equal(l.first, 11);
	assert_string_equal(l.text, "a?b ?? 虎???");

	hf_journal_batch_init(&batch);
	assert_ok(hf_audit_add(&batch, &record, &err));
	assert_ok(hf_audit_decode(hf_buf_bytes(&batch.content), &back, &err));
	hf_buf_init(&out, 4096);
	hf_audit_print(11, &back, &out);
	assert_string_equal(hf_buf_cstr(&out), "11 1970-01-01T00:00:01.000000Z entry1/ra-entry request.enter (create) "
					       "request/R-1 serial 0102 5ms denied: "
					       "a?b ?? 虎??? op=op-00000001 signed\n");
	hf_buf_clear(&out);
	hf_journal_batch_clear(&batch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_whole_journal_verifies, setup, teardown),
		cmocka_unit_test_setup_teardown(an_unsigned_tail_is_named_when_it_is_old, setup, teardown),
		cmocka_unit_test_setup_teardown(each_tampering_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(a_forger_without_the_key_is_seen, setup, teardown),
		cmocka_unit_test_setup_teardown(another_keys_heads_do_not_count, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_cut_with_its_heads_shows_against_a_head_kept_elsewhere, setup, teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_recorded_does_not_happen, setup, teardown),
		cmocka_unit_test_setup_teardown(a_death_leaves_no_half_frame, setup, teardown),
		cmocka_unit_test_setup_teardown(the_trail_is_listed_by_time_operator_and_operation, setup, teardown),
		cmocka_unit_test_setup_teardown(a_hostile_text_cannot_keep_its_refusal_out, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
