#include "test.h"

#include "scratch.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

static const struct hf_migration steps[] = {
	{1, "things", "CREATE TABLE thing (id TEXT NOT NULL PRIMARY KEY, n BIGINT, body BYTEA);"},
	{2, "notes",
		"CREATE TABLE note (id TEXT NOT NULL PRIMARY KEY, thing TEXT NOT NULL REFERENCES thing (id));\n"
		"INSERT INTO thing (id, n) VALUES ('counter', 0);"},
};
static const struct hf_schema first_only = {"test", steps, 1};
static const struct hf_schema both = {"test", steps, 2};
static const struct hf_schema *const schemas[] = {&both};

static int setup(void **state)
{
	static struct scratch s;

	scratch_init(&s, schemas, 1);
	*state = &s;
	return 0;
}

static int teardown(void **state)
{
	scratch_clear(*state);
	return 0;
}

struct thing {
	const char *id;
	int64_t n;
	struct hf_bytes body;
	bool there, then_fail;
};

static bool thing_put(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	const struct thing *t = ctx;
	struct hf_query *q = hf_query(tx, "INSERT INTO thing (id, n, body) VALUES (?, ?, ?)");

	hf_query_text(q, t->id);
	hf_query_i64(q, t->n);
	hf_query_bytes(q, t->body);
	if (!hf_query_run(q, NULL, err))
		return false;
	return t->then_fail ? hf_fail(err, HF_E_STATE, "changed my mind") : true;
}

static bool thing_count(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct thing *t = ctx;
	struct hf_query *q = hf_query(tx, "SELECT COUNT(*) FROM thing WHERE id <> 'counter'");
	bool row, ok = hf_query_next(q, &row, err);

	if (ok)
		t->n = hf_query_col_i64(q, 0);
	hf_query_done(q);
	return ok;
}

static int64_t count(struct hf_store *store)
{
	struct thing t = {.n = -1};
	struct hf_err err;

	assert_ok(hf_store_read(store, thing_count, &t, &err));
	return t.n;
}

static bool values_check(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "SELECT id, n, body, NULL FROM thing WHERE id IN (?, ?) ORDER BY id");
	uint8_t octets[3];
	char text[8];
	bool row;

	(void)ctx;
	hf_query_str(q, (struct hf_bytes){(const uint8_t *)"ab", 1});
	hf_query_text(q, "虎");
	assert_true(hf_query_next(q, &row, err) && row);
	assert_string_equal(hf_query_col_text(q, 0), "a");
	assert_true(hf_query_col_i64(q, 1) == INT64_MIN);
	assert_true(hf_query_col_octets(q, 2, octets, 3, err));
	assert_memory_equal(octets, "x\0y", 3);
	assert_false(hf_query_col_octets(q, 2, octets, 2, err));
	assert_true(hf_query_col_null(q, 3) && !hf_query_col_text(q, 3) && !hf_query_col_bytes(q, 3).p);
	assert_true(hf_query_next(q, &row, err) && row);
	assert_true(hf_query_col_copy(q, 0, text, sizeof(text), err));
	assert_string_equal(text, "虎");
	assert_false(hf_query_col_copy(q, 0, text, 3, err));
	assert_true(hf_query_col_bytes(q, 2).p && hf_query_col_bytes(q, 2).len == 0);
	assert_true(hf_query_next(q, &row, err) && !row);
	hf_query_done(q);
	return true;
}

static void values_come_back_as_they_went_in(void **state)
{
	struct thing a = {"a", INT64_MIN, HF_BYTES_LIT("x\0y"), false, false};
	struct thing b = {"虎", INT64_MAX, HF_BYTES_LIT(""), false, false};
	struct hf_store *store;
	struct hf_err err;
	struct stat st;

	assert_ok(scratch_open(*state, &store, &err));
	assert_ok(hf_store_write(store, thing_put, &a, &err));
	assert_ok(hf_store_write(store, thing_put, &b, &err));
	assert_ok(hf_store_read(store, values_check, NULL, &err));
	assert_int_equal(stat(((struct scratch *)*state)->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	hf_store_close(store);
}

static void a_failed_transaction_leaves_nothing(void **state)
{
	struct thing t = {"a", 1, HF_BYTES_NONE, false, true};
	struct hf_store *store;
	struct hf_err err;

	assert_ok(scratch_open(*state, &store, &err));
	assert_refused(hf_store_write(store, thing_put, &t, &err), HF_E_STATE, "changed my mind");
	assert_int_equal(count(store), 0);
	t.then_fail = false;
	assert_ok(hf_store_write(store, thing_put, &t, &err));
	assert_refused(hf_store_write(store, thing_put, &t, &err), HF_E_EXISTS, "UNIQUE");
	assert_int_equal(count(store), 1);
	hf_store_close(store);
}

/* Ignores the failure of its first statement, and says that all went well. */
static bool careless(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct thing again = {"counter", 1, HF_BYTES_NONE, false, false};

	(void)thing_put(tx, &again, err);
	return thing_put(tx, ctx, err);
}

static bool wrong_sql(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, ctx);

	hf_query_text(q, "a");
	return hf_query_run(q, NULL, err);
}

static void wrong_use_is_refused_and_says_so(void **state)
{
	struct thing t = {"a", 1, HF_BYTES_NONE, false, false};
	struct hf_store *store;
	struct hf_err err;

	assert_ok(scratch_open(*state, &store, &err));
	assert_refused(hf_store_write(store, careless, &t, &err), HF_E_EXISTS, "passed over");
	assert_refused(hf_store_read(store, thing_put, &t, &err), HF_E_INTERNAL, "would write");
	assert_refused(hf_store_write(store, wrong_sql, "SELEC id", &err), HF_E_INTERNAL, "syntax");
	assert_refused(hf_store_write(store, wrong_sql, "DELETE FROM thing WHERE id = ? AND n = ?", &err),
		HF_E_INTERNAL, "1 values for 2 parameters");
	assert_refused(hf_store_write(store, wrong_sql, "DELETE FROM thing", &err), HF_E_INTERNAL, "range");
	assert_refused(hf_store_write(store, wrong_sql, "DELETE FROM thing WHERE id = ?; DELETE FROM note", &err),
		HF_E_INTERNAL, "not one statement");
	assert_refused(
		hf_store_write(store, wrong_sql, "INSERT INTO note (id, thing) VALUES (?, 'no such thing')", &err),
		HF_E_STATE, "FOREIGN KEY");
	assert_refused(hf_store_write(store, wrong_sql, "SELECT id FROM thing WHERE id <> ?", &err), HF_E_INTERNAL,
		"hf_query_next");
	assert_int_equal(count(store), 0);
	hf_store_close(store);
}

static bool count_up(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "SELECT n FROM thing WHERE id = 'counter'");
	bool row, ok = hf_query_next(q, &row, err);
	int64_t n = ok ? hf_query_col_i64(q, 0) : 0;

	(void)ctx;
	hf_query_done(q);
	if (!ok)
		return false;
	q = hf_query(tx, "UPDATE thing SET n = ? WHERE id = 'counter' AND n = ?");
	hf_query_i64(q, n + 1);
	hf_query_i64(q, n);
	return hf_query_run_one(q, "the counter", err);
}

static bool lose(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	(void)ctx;
	return hf_query_run_one(hf_query(tx, "UPDATE thing SET n = 0 WHERE n = -5"), "the counter", err);
}

static void *count_many(void *ctx)
{
	struct hf_err err;

	for (int i = 0; i < 50; i++)
		if (!hf_store_write(ctx, count_up, NULL, &err))
			return "failed";
	return NULL;
}

static bool counter_get(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "SELECT n FROM thing WHERE id = 'counter'");
	bool row, ok = hf_query_next(q, &row, err);

	if (ok)
		*(int64_t *)ctx = hf_query_col_i64(q, 0);
	hf_query_done(q);
	return ok;
}

static void threads_take_turns(void **state)
{
	struct hf_store *store;
	struct hf_err err;
	pthread_t threads[4];
	int64_t n = 0;

	assert_ok(scratch_open(*state, &store, &err));
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count_many, store), 0);
	for (int i = 0; i < 4; i++) {
		void *failed;

		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
	assert_ok(hf_store_read(store, counter_get, &n, &err));
	assert_int_equal(n, 200);
	assert_refused(hf_store_write(store, lose, NULL, &err), HF_E_CONFLICT, "the counter");
	hf_store_close(store);
}

static bool die_at(void *ctx, const char *point)
{
	if (strcmp(ctx, point) == 0)
		_exit(42);
	return true;
}

static void put_in_child(void *ctx)
{
	struct thing t = {"a", 1, HF_BYTES_LIT("whole"), false, false};
	struct hf_store *store;
	struct hf_err err;

	if (scratch_open(ctx, &store, &err))
		(void)!hf_store_write(store, thing_put, &t, &err);
}

static void a_death_leaves_everything_or_nothing(void **state)
{
	static const struct {
		const char *point;
		int64_t there;
	} cases[] = {{"begin", 0}, {"before commit", 0}, {"after commit", 1}};
	struct scratch *s = *state;
	struct hf_store *store;
	struct hf_err err;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		s->fault = die_at;
		s->fault_ctx = (void *)cases[i].point;
		assert_int_equal(in_child(put_in_child, s), 42);
		s->fault = NULL;
		assert_ok(scratch_open(s, &store, &err));
		assert_int_equal(count(store), cases[i].there);
		hf_store_close(store);
	}
}

static bool fail_at(void *ctx, const char *point)
{
	return strcmp(*(const char **)ctx, point) != 0;
}

static void a_failing_disk_is_told_and_survived(void **state)
{
	struct thing t = {"a", 1, HF_BYTES_NONE, false, false};
	struct scratch *s = *state;
	const char *point = "before commit";
	struct hf_store *store;
	struct hf_err err;

	s->fault = fail_at;
	s->fault_ctx = &point;
	assert_ok(scratch_open(s, &store, &err));
	assert_refused(hf_store_write(store, thing_put, &t, &err), HF_E_STORE, "before commit");
	assert_int_equal(count(store), 0);
	point = "after commit";
	assert_refused(hf_store_write(store, thing_put, &t, &err), HF_E_STORE, "after commit");
	assert_int_equal(count(store), 1);
	point = "";
	t.id = "b";
	assert_ok(hf_store_write(store, thing_put, &t, &err));
	assert_int_equal(count(store), 2);
	hf_store_close(store);
}

/* Exits with the number of the check that failed. */
static void fill_the_disk(void *ctx)
{
	static uint8_t large[1 << 20];
	struct rlimit limit = {256 << 10, RLIM_INFINITY};
	struct thing t = {"large", 1, HF_BYTES_OF(large), false, false},
		     small = {"small", 1, HF_BYTES_NONE, false, false};
	struct hf_err err = {.code = HF_OK};
	struct hf_store *store;

	signal(SIGXFSZ, SIG_IGN);
	if (!scratch_open(ctx, &store, &err))
		_exit(1);
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		_exit(2);
	if (hf_store_write(store, thing_put, &t, &err) || err.code != HF_E_STORE)
		_exit(3);
	limit.rlim_cur = RLIM_INFINITY;
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		_exit(4);
	if (!hf_store_write(store, thing_put, &small, &err) || !hf_store_write(store, thing_put, &t, &err))
		_exit(5);
	hf_store_close(store);
}

static void a_full_disk_is_told_and_survived(void **state)
{
	struct hf_store *store;
	struct hf_err err;

	assert_int_equal(in_child(fill_the_disk, *state), 0);
	assert_ok(scratch_open(*state, &store, &err));
	assert_int_equal(count(store), 2);
	hf_store_close(store);
}

static void try_to_open(void *ctx)
{
	struct hf_err err = {.code = HF_OK};
	struct hf_store *store;

	if (scratch_open(ctx, &store, &err))
		_exit(1);
	_exit(err.code == HF_E_STORE && strstr(err.text, "another process") ? 0 : 2);
}

static void one_process_has_a_database(void **state)
{
	struct hf_store *store;
	struct hf_err err;

	assert_ok(scratch_open(*state, &store, &err));
	assert_int_equal(in_child(try_to_open, *state), 0);
	hf_store_close(store);
	assert_ok(scratch_open(*state, &store, &err));
	hf_store_close(store);
}

static void schemas_are_applied_once_and_never_guessed(void **state)
{
	static const struct hf_migration renamed_steps[] = {{1, "other", "SELECT 1"}, {2, "notes", "SELECT 1"}};
	static const struct hf_migration holed_steps[] = {{1, "things", "SELECT 1"}, {3, "notes", "SELECT 1"}};
	static const struct hf_migration broken_steps[] = {
		{1, "a", "CREATE TABLE halfway (id TEXT)"}, {2, "b", "CREATE TABLE halfway (id TEXT)"}};
	static const struct hf_schema renamed = {"test", renamed_steps, 2}, stranger = {"other", steps, 1},
				      holed = {"test", holed_steps, 2}, broken = {"broken", broken_steps, 2};
	static const struct hf_schema *const old_set[] = {&first_only}, *const renamed_set[] = {&renamed},
					     *const stranger_set[] = {&stranger}, *const holed_set[] = {&holed},
					     *const broken_set[] = {&both, &broken};
	struct scratch *s = *state;
	struct hf_store *store;
	struct hf_err err;

	s->schemas = old_set;
	assert_ok(scratch_open(s, &store, &err));
	hf_store_close(store);
	s->schemas = holed_set;
	assert_refused(scratch_open(s, &store, &err), HF_E_INTERNAL, "step 3 stands at place 2");
	s->schemas = schemas;
	assert_ok(scratch_open(s, &store, &err));
	hf_store_close(store);
	s->schemas = old_set;
	assert_refused(scratch_open(s, &store, &err), HF_E_STORE, "newer version");
	s->schemas = renamed_set;
	assert_refused(scratch_open(s, &store, &err), HF_E_STORE, "\"things\" here and \"other\"");
	s->schemas = stranger_set;
	assert_refused(scratch_open(s, &store, &err), HF_E_STORE, "does not know");
	s->schemas = broken_set;
	s->num_schemas = 2;
	assert_refused(scratch_open(s, &store, &err), HF_E_INTERNAL, "step 2 b");
	s->schemas = schemas;
	s->num_schemas = 1;
	assert_ok(scratch_open(s, &store, &err));
	hf_store_close(store);
}

static void a_damaged_file_is_refused(void **state)
{
	struct scratch *s = *state;
	struct hf_store *store;
	struct hf_err err;

	assert_ok(hf_file_write(
		s->path, HF_BYTES_LIT("this is not a database, but it is long enough to look"), 0600, &err));
	assert_refused(scratch_open(s, &store, &err), HF_E_STORE, s->path);
	hf_fmt_cut(s->path, sizeof(s->path), "%s/no/such/folder.db", s->dir);
	assert_refused(scratch_open(s, &store, &err), HF_E_STORE, "cannot open");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(values_come_back_as_they_went_in, setup, teardown),
		cmocka_unit_test_setup_teardown(a_failed_transaction_leaves_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(wrong_use_is_refused_and_says_so, setup, teardown),
		cmocka_unit_test_setup_teardown(threads_take_turns, setup, teardown),
		cmocka_unit_test_setup_teardown(a_death_leaves_everything_or_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(a_failing_disk_is_told_and_survived, setup, teardown),
		cmocka_unit_test_setup_teardown(a_full_disk_is_told_and_survived, setup, teardown),
		cmocka_unit_test_setup_teardown(one_process_has_a_database, setup, teardown),
		cmocka_unit_test_setup_teardown(schemas_are_applied_once_and_never_guessed, setup, teardown),
		cmocka_unit_test_setup_teardown(a_damaged_file_is_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
