#include "store/store_int.h"

#include "base/alloc.h"
#include "base/str.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define NUM_BUCKETS 128
#define TRIES_MAX   8

struct hf_query {
	struct hf_query *next; /* in its bucket */
	struct hf_store *store;
	const char *sql;
	void *stmt; /* NULL: it could not be prepared */
	bool readonly, in_use;
	int num_bound;
	struct hf_err err; /* the first thing that went wrong since hf_query() */
};

struct hf_tx {
	struct hf_store *store;
	bool write;
	struct hf_err err; /* why this transaction may no longer commit */
};

struct hf_store {
	const struct hf_store_driver *driver;
	void *conn;
	pthread_mutex_t mutex;
	struct hf_tx *tx; /* the one that runs */
	struct hf_query *buckets[NUM_BUCKETS];
	bool (*fault)(void *ctx, const char *point);
	void *fault_ctx;
};

/* FNV-1a */
static size_t bucket_of(const char *sql)
{
	uint32_t h = 2166136261u;

	for (; *sql; sql++)
		h = (h ^ (uint8_t)*sql) * 16777619u;
	return h % NUM_BUCKETS;
}

static struct hf_query *query_find(struct hf_store *store, const char *sql)
{
	size_t bucket = bucket_of(sql);
	struct hf_query *q;

	for (q = store->buckets[bucket]; q; q = q->next)
		if (!q->in_use && (q->sql == sql || strcmp(q->sql, sql) == 0))
			return q;
	q = hf_alloc(1, sizeof(*q));
	q->store = store;
	q->sql = sql;
	q->next = store->buckets[bucket];
	store->buckets[bucket] = q;
	return q;
}

/* A failed statement ends its transaction, whatever fn then says: both engines behave alike. */
static bool query_fail(struct hf_query *q, struct hf_err *err)
{
	if (q->store->tx->err.code == HF_OK)
		q->store->tx->err = q->err;
	if (err)
		*err = q->err;
	return false;
}

struct hf_query *hf_query(struct hf_tx *tx, const char *sql)
{
	struct hf_store *store = tx->store;
	struct hf_query *q;

	HF_ASSERT(store->tx == tx);
	q = query_find(store, sql);
	q->in_use = true;
	q->num_bound = 0;
	q->err = (struct hf_err){.code = HF_OK};
	if (!q->stmt && !store->driver->prepare(store->conn, sql, &q->stmt, &q->readonly, &q->err))
		return q;
	if (!q->readonly && !tx->write)
		hf_fail(&q->err, HF_E_INTERNAL, "a reading transaction would write: %s", sql);
	return q;
}

static void bind(struct hf_query *q, const struct hf_value *value)
{
	HF_ASSERT(q->in_use);
	if (q->err.code != HF_OK)
		return;
	(void)q->store->driver->bind(q->store->conn, q->stmt, ++q->num_bound, value, &q->err);
}

void hf_query_i64(struct hf_query *q, int64_t v)
{
	bind(q, &(struct hf_value){.kind = HF_VALUE_I64, .i64 = v});
}

void hf_query_bool(struct hf_query *q, bool v)
{
	hf_query_i64(q, v ? 1 : 0);
}

void hf_query_text(struct hf_query *q, const char *v)
{
	hf_query_str(q, v ? hf_bytes_str(v) : HF_BYTES_NONE);
}

void hf_query_str(struct hf_query *q, struct hf_bytes v)
{
	bind(q, &(struct hf_value){.kind = v.p ? HF_VALUE_TEXT : HF_VALUE_NULL, .bytes = v});
}

void hf_query_bytes(struct hf_query *q, struct hf_bytes v)
{
	bind(q, &(struct hf_value){.kind = v.p ? HF_VALUE_BYTES : HF_VALUE_NULL, .bytes = v});
}

void hf_query_null(struct hf_query *q)
{
	bind(q, &(struct hf_value){.kind = HF_VALUE_NULL});
}

void hf_query_done(struct hf_query *q)
{
	if (!q->in_use)
		return;
	if (q->stmt)
		q->store->driver->reset(q->stmt);
	q->in_use = false;
}

bool hf_query_next(struct hf_query *q, bool *row, struct hf_err *err)
{
	const struct hf_store_driver *driver = q->store->driver;

	HF_ASSERT(q->in_use && q->store->tx);
	*row = false;
	if (q->err.code == HF_OK && q->num_bound != driver->num_params(q->stmt))
		hf_fail(&q->err, HF_E_INTERNAL, "%d values for %d parameters: %s", q->num_bound,
			driver->num_params(q->stmt), q->sql);
	if (q->err.code != HF_OK || !driver->step(q->store->conn, q->stmt, row, &q->err))
		return query_fail(q, err);
	return true;
}

bool hf_query_run(struct hf_query *q, int64_t *changed, struct hf_err *err)
{
	bool row, ok = hf_query_next(q, &row, err);

	if (ok && row) {
		hf_fail(&q->err, HF_E_INTERNAL, "the statement gives rows, use hf_query_next: %s", q->sql);
		ok = query_fail(q, err);
	}
	if (ok && changed)
		*changed = q->store->driver->changed(q->store->conn);
	hf_query_done(q);
	return ok;
}

bool hf_query_run_one(struct hf_query *q, const char *what, struct hf_err *err)
{
	int64_t changed;

	if (!hf_query_run(q, &changed, err))
		return false;
	if (changed != 1)
		return hf_fail(err, HF_E_CONFLICT,
			"%s: somebody else was first (%lld rows changed, expected 1); look at it again", what,
			(long long)changed);
	return true;
}

static struct hf_value col_get(struct hf_query *q, int col)
{
	HF_ASSERT(q->in_use && q->stmt && col >= 0 && col < q->store->driver->num_cols(q->stmt));
	return q->store->driver->col(q->stmt, col);
}

bool hf_query_col_null(struct hf_query *q, int col)
{
	return col_get(q, col).kind == HF_VALUE_NULL;
}

int64_t hf_query_col_i64(struct hf_query *q, int col)
{
	return col_get(q, col).i64;
}

const char *hf_query_col_text(struct hf_query *q, int col)
{
	struct hf_value v = col_get(q, col);

	return v.kind == HF_VALUE_TEXT ? (const char *)v.bytes.p : NULL;
}

struct hf_bytes hf_query_col_bytes(struct hf_query *q, int col)
{
	return col_get(q, col).bytes;
}

bool hf_query_col_copy(struct hf_query *q, int col, char *out, size_t size, struct hf_err *err)
{
	struct hf_bytes v = col_get(q, col).bytes;

	if (v.len >= size || (v.len && memchr(v.p, 0, v.len)))
		return hf_fail(err, HF_E_STORE, "column %d holds a text of %zu octets, expected at most %zu: %s", col,
			v.len, size - 1, q->sql);
	if (v.len)
		memcpy(out, v.p, v.len);
	out[v.len] = '\0';
	return true;
}

bool hf_query_col_octets(struct hf_query *q, int col, uint8_t *out, size_t len, struct hf_err *err)
{
	struct hf_bytes v = col_get(q, col).bytes;

	if (!v.p || v.len != len)
		return hf_fail(
			err, HF_E_STORE, "column %d holds %zu octets, expected %zu: %s", col, v.len, len, q->sql);
	memcpy(out, v.p, len);
	return true;
}

bool hf_tx_script(struct hf_tx *tx, const char *sql, struct hf_err *err)
{
	return tx->store->driver->script(tx->store->conn, sql, err);
}

static void queries_reset(struct hf_store *store)
{
	for (size_t i = 0; i < NUM_BUCKETS; i++)
		for (struct hf_query *q = store->buckets[i]; q; q = q->next)
			hf_query_done(q);
}

static bool fault_at(struct hf_store *store, const struct hf_tx *tx, const char *point, struct hf_err *err)
{
	if (!tx->write || !store->fault || store->fault(store->fault_ctx, point))
		return true;
	return hf_fail(err, HF_E_STORE, "the store failed at \"%s\" (as its fault function asked)", point);
}

struct work {
	bool (*fn)(struct hf_tx *tx, void *ctx, struct hf_err *err);
	void *ctx;
};

/* One run of fn between begin and commit. */
static bool run_once(struct hf_store *store, struct hf_tx *tx, const struct work *work, struct hf_err *err)
{
	if (!fault_at(store, tx, "begin", err) || !store->driver->begin(store->conn, tx->write, err))
		return false;
	if (!work->fn(tx, work->ctx, err))
		return false;
	if (tx->err.code != HF_OK) {
		*err = tx->err;
		return hf_fail_in(err, "a failed statement was passed over");
	}
	queries_reset(store);
	return fault_at(store, tx, "before commit", err) && store->driver->commit(store->conn, err) &&
	       fault_at(store, tx, "after commit", err);
}

static bool run(struct hf_store *store, bool write, const struct work *work, struct hf_err *err)
{
	struct hf_tx tx = {.store = store, .write = write};
	struct hf_err local = {.code = HF_OK};
	bool ok = false, again = true;

	HF_ASSERT(pthread_mutex_lock(&store->mutex) == 0);
	for (int i = 0; i < TRIES_MAX && !ok && again; i++) {
		tx.err = local = (struct hf_err){.code = HF_OK};
		store->tx = &tx;
		ok = run_once(store, &tx, work, &local);
		again = !ok && local.code == HF_E_STORE && store->driver->again(store->conn);
		queries_reset(store);
		store->tx = NULL;
		/* A transaction that cannot be ended would swallow the next one: let the supervisor restart us. */
		HF_ASSERT(ok || store->driver->rollback(store->conn));
	}
	HF_ASSERT(pthread_mutex_unlock(&store->mutex) == 0);
	if (!ok && err)
		*err = local;
	return ok;
}

bool hf_store_write(struct hf_store *store, bool (*fn)(struct hf_tx *tx, void *ctx, struct hf_err *err), void *ctx,
	struct hf_err *err)
{
	return run(store, true, &(struct work){fn, ctx}, err);
}

bool hf_store_read(struct hf_store *store, bool (*fn)(struct hf_tx *tx, void *ctx, struct hf_err *err), void *ctx,
	struct hf_err *err)
{
	return run(store, false, &(struct work){fn, ctx}, err);
}

static bool migrate(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	return hf_store_migrate(tx, ctx, err);
}

bool hf_store_open(const struct hf_store_options *options, struct hf_store **out, struct hf_err *err)
{
	struct hf_store *store = hf_alloc(1, sizeof(*store));
	struct hf_store_options copy = *options;
	pthread_mutexattr_t attr;

	store->driver = &hf_store_sqlite;
	/* A transaction inside a transaction shows itself instead of waiting for ever. */
	HF_ASSERT(pthread_mutexattr_init(&attr) == 0);
	HF_ASSERT(pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK) == 0);
	HF_ASSERT(pthread_mutex_init(&store->mutex, &attr) == 0);
	pthread_mutexattr_destroy(&attr);
	if (!store->driver->open(options, &store->conn, err) || !hf_store_write(store, migrate, &copy, err)) {
		hf_store_close(store);
		return false;
	}
	store->fault = options->fault;
	store->fault_ctx = options->fault_ctx;
	*out = store;
	return true;
}

void hf_store_close(struct hf_store *store)
{
	if (!store)
		return;
	for (size_t i = 0; i < NUM_BUCKETS; i++)
		for (struct hf_query *q = store->buckets[i], *next; q; q = next) {
			next = q->next;
			if (q->stmt)
				store->driver->finalize(q->stmt);
			free(q);
		}
	if (store->conn)
		store->driver->close(store->conn);
	pthread_mutex_destroy(&store->mutex);
	free(store);
}
