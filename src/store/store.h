/*
 * The database of one service, whatever engine is behind it (SQLite now; the PostgreSQL family later).
 *
 * All work happens in transactions that are functions: hf_store_write runs fn(tx) and returns true only when what it
 * did is durable; when fn returns false, nothing happened. fn may be run again from its start (a busy or lost engine),
 * so it sets whatever it gives back afresh and touches nothing outside but through tx.
 *
 *     static bool put(struct hf_tx *tx, void *ctx, struct hf_err *err)
 *     {
 *             struct hf_query *q = hf_query(tx, "INSERT INTO thing (id, at, body) VALUES (?, ?, ?)");
 *
 *             hf_query_text(q, "t1");
 *             hf_query_i64(q, at);
 *             hf_query_bytes(q, body);
 *             return hf_query_run(q, NULL, err);
 *     }
 *     …
 *     if (!hf_store_write(store, put, &ctx, err)) … nothing is there
 *
 * SQL is the common subset of both engines (docs/architecture.md): BIGINT, TEXT, BYTEA; `?` parameters; ids made by the
 * application; times BIGINT microseconds UTC; no sequences, no ON CONFLICT, no engine functions; compare-and-set by
 * `UPDATE … WHERE state = ?` and the number of rows changed. A statement that fails ends its transaction: fn then
 * returns false (if it does not, the commit is refused all the same).
 *
 * Several threads may use one store: a mutex lets one transaction in at a time. A transaction inside a transaction is a
 * bug and aborts. One process has a database: another that opens it gets HF_E_STORE.
 */
#ifndef HUFU_STORE_STORE_H
#define HUFU_STORE_STORE_H

#include "base/bytes.h"
#include "base/err.h"

struct hf_store;
struct hf_tx;
struct hf_query;

/* One step of a schema: schema/NNN-name.sql of a module, embedded at build by tools/embed.py. */
struct hf_migration {
	int number; /* from 1, without holes */
	const char *name;
	const char *sql;
};

/* All steps of one module (journal, access, ca, …). A database holds the schemas of several modules. */
struct hf_schema {
	const char *module;
	const struct hf_migration *migrations;
	size_t num_migrations;
};

struct hf_store_options {
	const char *path;                       /* made, mode 0600, if it is not there */
	const struct hf_schema *const *schemas; /* in the order in which they are applied */
	size_t num_schemas;
	int wait_ms;      /* how long to wait for another process to let go; 0 is 5000 */
	bool check_whole; /* read every page at the start and refuse a damaged database */
	/*
	 * For tests: called at the points "begin", "before commit" and "after commit" of every writing transaction.
	 * Where it returns false the store behaves as if the disk had failed there; after the commit that means:
	 * durable, but the caller is told HF_E_STORE. It may also _exit. NULL: never called.
	 */
	bool (*fault)(void *ctx, const char *point);
	void *fault_ctx;
};

/*
 * Opens the database and brings its schemas up to date, each step once, in one transaction. The caller frees *store
 * with hf_store_close. options is not needed afterwards, but for fault and fault_ctx.
 * Errors: HF_E_STORE (disk, another process has it, damaged, newer than this program knows), HF_E_INTERNAL (a schema
 * table with holes, SQL that does not parse).
 */
HF_MUST_USE bool hf_store_open(const struct hf_store_options *options, struct hf_store **store, struct hf_err *err);
void hf_store_close(struct hf_store *store); /* NULL is fine */

/*
 * True: what fn did is durable. False: nothing of it happened, and err says what fn or the store said (but see fault).
 * Errors of the store itself: HF_E_STORE; it can be used again when the disk can.
 */
HF_MUST_USE bool hf_store_write(struct hf_store *store, bool (*fn)(struct hf_tx *tx, void *ctx, struct hf_err *err),
	void *ctx, struct hf_err *err);
/* One consistent view; a statement that writes is refused with HF_E_INTERNAL. */
HF_MUST_USE bool hf_store_read(struct hf_store *store, bool (*fn)(struct hf_tx *tx, void *ctx, struct hf_err *err),
	void *ctx, struct hf_err *err);

/*
 * A statement, prepared once in the life of the store and kept by its text. Never NULL: what is wrong with the SQL or
 * with a bound value is said by hf_query_run or hf_query_next. It lives until hf_query_run, hf_query_done or the end of
 * the transaction. sql must be a literal (or live as long as the store).
 */
struct hf_query *hf_query(struct hf_tx *tx, const char *sql);

/* Each call gives the next `?` its value; the value is copied. All must be given. */
void hf_query_i64(struct hf_query *q, int64_t v);
void hf_query_bool(struct hf_query *q, bool v);             /* 1 or 0 in a BIGINT */
void hf_query_text(struct hf_query *q, const char *v);      /* UTF-8; NULL is SQL NULL */
void hf_query_str(struct hf_query *q, struct hf_bytes v);   /* text that is not terminated; v.p NULL is SQL NULL */
void hf_query_bytes(struct hf_query *q, struct hf_bytes v); /* v.p NULL is SQL NULL */
void hf_query_null(struct hf_query *q);

/*
 * Runs a statement that gives no rows, and is done with it. changed (may be NULL) is the number of rows.
 * Errors: HF_E_EXISTS (a unique key is there already), HF_E_STATE (another constraint), HF_E_STORE, HF_E_INTERNAL.
 */
HF_MUST_USE bool hf_query_run(struct hf_query *q, int64_t *changed, struct hf_err *err);
/* Compare-and-set: the statement must change exactly one row, otherwise HF_E_CONFLICT naming what. Done with q. */
HF_MUST_USE bool hf_query_run_one(struct hf_query *q, const char *what, struct hf_err *err);

/* The next row, or *row = false behind the last. Call hf_query_done afterwards, on success and failure alike. */
HF_MUST_USE bool hf_query_next(struct hf_query *q, bool *row, struct hf_err *err);
void hf_query_done(struct hf_query *q);

/* Columns of the current row, from 0. Views last until the next hf_query_next or hf_query_done. */
bool hf_query_col_null(struct hf_query *q, int col);
int64_t hf_query_col_i64(struct hf_query *q, int col);           /* 0 for NULL */
const char *hf_query_col_text(struct hf_query *q, int col);      /* NULL for NULL */
struct hf_bytes hf_query_col_bytes(struct hf_query *q, int col); /* HF_BYTES_NONE for NULL; text as its octets */
/* Copies a text that must fit, octets that must be exactly len. NULL is "" and refused respectively. HF_E_STORE. */
HF_MUST_USE bool hf_query_col_copy(struct hf_query *q, int col, char *out, size_t size, struct hf_err *err);
HF_MUST_USE bool hf_query_col_octets(struct hf_query *q, int col, uint8_t *out, size_t len, struct hf_err *err);

#endif
