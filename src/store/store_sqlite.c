/*
 * SQLite behind store_int.h: the only file that knows it.
 *
 * WAL with synchronous=FULL: a commit is on the disk before it returns. locking_mode=EXCLUSIVE: one process has the
 * database, and no shared memory file lies beside it. The database is treated as hostile (defensive, untrusted schema,
 * cell checks): a page that a stranger wrote must not run code.
 */
#include "store/store_int.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WAIT_MS_DEFAULT 5000

struct sqlite_conn {
	sqlite3 *db;
	bool again;
	char path[HF_PATH_MAX];
};

static enum hf_code code_of(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_CONSTRAINT:
		return rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_PRIMARYKEY ? HF_E_EXISTS : HF_E_STATE;
	case SQLITE_ERROR:
	case SQLITE_MISUSE:
	case SQLITE_RANGE:
	case SQLITE_MISMATCH:
		return HF_E_INTERNAL;
	default:
		return HF_E_STORE;
	}
}

static bool sql_fail(struct sqlite_conn *conn, int rc, const char *what, struct hf_err *err)
{
	conn->again = (rc & 0xff) == SQLITE_BUSY || (rc & 0xff) == SQLITE_LOCKED;
	return hf_fail(err, code_of(rc), "database %s: %s: %s", conn->path, what,
		conn->db ? sqlite3_errmsg(conn->db) : sqlite3_errstr(rc));
}

static bool conn_script(void *ctx, const char *sql, struct hf_err *err)
{
	struct sqlite_conn *conn = ctx;
	int rc = sqlite3_exec(conn->db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK || sql_fail(conn, rc, "cannot run a script", err);
}

/* SQLite would make the file readable for all that umask lets. */
static bool file_make(const char *path, struct hf_err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	char dir[HF_PATH_MAX];
	char *slash;

	if (fd < 0)
		return hf_fail(err, HF_E_STORE, "database %s: cannot open: %s", path, strerror(errno));
	close(fd);
	if (!hf_fmt(dir, sizeof(dir), "%s", path))
		return hf_fail(err, HF_E_STORE, "database: the path is longer than %d octets", HF_PATH_MAX);
	slash = strrchr(dir, '/');
	if (slash)
		slash[slash == dir ? 1 : 0] = '\0';
	return hf_dir_sync(slash ? dir : ".", err);
}

static bool db_harden(struct sqlite_conn *conn, struct hf_err *err)
{
	static const struct {
		int option, value;
	} options[] = {
		{SQLITE_DBCONFIG_DEFENSIVE, 1},
		{SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
		{SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
		{SQLITE_DBCONFIG_ENABLE_FKEY, 1},
		{SQLITE_DBCONFIG_DQS_DML, 0},
		{SQLITE_DBCONFIG_DQS_DDL, 0},
	};

	sqlite3_extended_result_codes(conn->db, 1);
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		int rc = sqlite3_db_config(conn->db, options[i].option, options[i].value, NULL);

		if (rc != SQLITE_OK)
			return sql_fail(conn, rc, "cannot set an option", err);
	}
	sqlite3_limit(conn->db, SQLITE_LIMIT_ATTACHED, 0);
	return true;
}

/* A pragma may refuse in silence, so what it answers is looked at; want NULL takes any answer. */
static bool pragma(struct sqlite_conn *conn, const char *sql, const char *want, struct hf_err *err)
{
	sqlite3_stmt *stmt = NULL;
	const char *got = NULL;
	bool ok = false;
	int rc = sqlite3_prepare_v2(conn->db, sql, -1, &stmt, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
		sql_fail(conn, rc, sql, err);
		goto out;
	}
	if (rc == SQLITE_ROW)
		got = (const char *)sqlite3_column_text(stmt, 0);
	if (want && !hf_str_equal(got, want)) {
		hf_fail(err, HF_E_STORE, "database %s: %s: expected %s, got %s", conn->path, sql, want,
			got ? got : "nothing");
		goto out;
	}
	ok = true;
out:
	sqlite3_finalize(stmt);
	return ok;
}

/* The first write takes the lock, which EXCLUSIVE then keeps until the connection is closed. */
static bool lock_take(struct sqlite_conn *conn, struct hf_err *err)
{
	int rc = sqlite3_exec(conn->db, "PRAGMA locking_mode = EXCLUSIVE", NULL, NULL, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_exec(conn->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(conn->db, "BEGIN IMMEDIATE; COMMIT", NULL, NULL, NULL);
	if ((rc & 0xff) == SQLITE_BUSY)
		return hf_fail(err, HF_E_STORE,
			"database %s: another process has it open; one process opens each database, ask that one",
			conn->path);
	return rc == SQLITE_OK || sql_fail(conn, rc, "cannot open", err);
}

static bool conn_setup(struct sqlite_conn *conn, const struct hf_store_options *options, struct hf_err *err)
{
	int rc = sqlite3_open_v2(options->path, &conn->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

	if (rc != SQLITE_OK)
		return sql_fail(conn, rc, "cannot open", err);
	if (!db_harden(conn, err))
		return false;
	sqlite3_busy_timeout(conn->db, options->wait_ms > 0 ? options->wait_ms : WAIT_MS_DEFAULT);
	return lock_take(conn, err) && pragma(conn, "PRAGMA journal_mode", "wal", err) &&
	       pragma(conn, "PRAGMA locking_mode", "exclusive", err) &&
	       pragma(conn, "PRAGMA synchronous = FULL", NULL, err) && pragma(conn, "PRAGMA synchronous", "2", err) &&
	       pragma(conn, "PRAGMA foreign_keys", "1", err) &&
	       pragma(conn, "PRAGMA cell_size_check = ON", NULL, err) &&
	       pragma(conn, "PRAGMA temp_store = MEMORY", NULL, err) &&
	       pragma(conn, "PRAGMA journal_size_limit = 67108864", NULL, err) &&
	       (!options->check_whole || pragma(conn, "PRAGMA quick_check(1)", "ok", err));
}

static void conn_close(void *ctx)
{
	struct sqlite_conn *conn = ctx;

	if (!conn)
		return;
	sqlite3_close(conn->db);
	free(conn);
}

static bool conn_open(const struct hf_store_options *options, void **out, struct hf_err *err)
{
	struct sqlite_conn *conn;

	if (!file_make(options->path, err))
		return false;
	conn = hf_alloc(1, sizeof(*conn));
	hf_fmt_cut(conn->path, sizeof(conn->path), "%s", options->path);
	if (!conn_setup(conn, options, err)) {
		conn_close(conn);
		return false;
	}
	*out = conn;
	return true;
}

static bool conn_begin(void *ctx, bool write, struct hf_err *err)
{
	struct sqlite_conn *conn = ctx;
	int rc = sqlite3_exec(conn->db, write ? "BEGIN IMMEDIATE" : "BEGIN", NULL, NULL, NULL);

	conn->again = false;
	return rc == SQLITE_OK || sql_fail(conn, rc, "cannot begin", err);
}

static bool conn_commit(void *ctx, struct hf_err *err)
{
	struct sqlite_conn *conn = ctx;
	int rc = sqlite3_exec(conn->db, "COMMIT", NULL, NULL, NULL);

	return rc == SQLITE_OK || sql_fail(conn, rc, "cannot commit", err);
}

static bool conn_rollback(void *ctx)
{
	struct sqlite_conn *conn = ctx;

	/* Some failures (disk full, I/O) have rolled back already. */
	if (!sqlite3_get_autocommit(conn->db))
		sqlite3_exec(conn->db, "ROLLBACK", NULL, NULL, NULL);
	return sqlite3_get_autocommit(conn->db) != 0;
}

static bool conn_again(void *ctx)
{
	return ((struct sqlite_conn *)ctx)->again;
}

static bool stmt_prepare(void *ctx, const char *sql, void **out, bool *readonly, struct hf_err *err)
{
	struct sqlite_conn *conn = ctx;
	sqlite3_stmt *stmt = NULL;
	const char *tail = NULL;
	int rc = sqlite3_prepare_v3(conn->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, &tail);

	if (rc != SQLITE_OK)
		return sql_fail(conn, rc, sql, err);
	if (!stmt || tail[strspn(tail, " \t\r\n;")]) {
		sqlite3_finalize(stmt);
		return hf_fail(err, HF_E_INTERNAL, "database %s: not one statement: %s", conn->path, sql);
	}
	*readonly = sqlite3_stmt_readonly(stmt) != 0;
	*out = stmt;
	return true;
}

static void stmt_finalize(void *stmt)
{
	sqlite3_finalize(stmt);
}

static void stmt_reset(void *stmt)
{
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
}

static int stmt_num_params(void *stmt)
{
	return sqlite3_bind_parameter_count(stmt);
}

static bool stmt_bind(void *ctx, void *stmt, int position, const struct hf_value *value, struct hf_err *err)
{
	struct sqlite_conn *conn = ctx;
	const char *text = (const char *)value->bytes.p;
	int rc;

	switch (value->kind) {
	case HF_VALUE_I64:
		rc = sqlite3_bind_int64(stmt, position, value->i64);
		break;
	case HF_VALUE_TEXT:
		rc = sqlite3_bind_text64(stmt, position, text, value->bytes.len, SQLITE_TRANSIENT, SQLITE_UTF8);
		break;
	case HF_VALUE_BYTES:
		rc = sqlite3_bind_blob64(stmt, position, value->bytes.p, value->bytes.len, SQLITE_TRANSIENT);
		break;
	default:
		rc = sqlite3_bind_null(stmt, position);
		break;
	}
	return rc == SQLITE_OK || sql_fail(conn, rc, sqlite3_sql(stmt), err);
}

static bool stmt_step(void *ctx, void *stmt, bool *row, struct hf_err *err)
{
	struct sqlite_conn *conn = ctx;
	int rc = sqlite3_step(stmt);

	*row = rc == SQLITE_ROW;
	return rc == SQLITE_ROW || rc == SQLITE_DONE || sql_fail(conn, rc, sqlite3_sql(stmt), err);
}

static int64_t conn_changed(void *ctx)
{
	return sqlite3_changes64(((struct sqlite_conn *)ctx)->db);
}

static int stmt_num_cols(void *stmt)
{
	return sqlite3_data_count(stmt);
}

static struct hf_value stmt_col(void *stmt, int col)
{
	struct hf_value v = {.kind = HF_VALUE_NULL};

	switch (sqlite3_column_type(stmt, col)) {
	case SQLITE_INTEGER:
		v.kind = HF_VALUE_I64;
		v.i64 = sqlite3_column_int64(stmt, col);
		break;
	case SQLITE_TEXT:
		v.kind = HF_VALUE_TEXT;
		v.bytes.p = sqlite3_column_text(stmt, col);
		v.bytes.len = (size_t)sqlite3_column_bytes(stmt, col);
		break;
	case SQLITE_BLOB:
		v.kind = HF_VALUE_BYTES;
		v.bytes.p = sqlite3_column_blob(stmt, col);
		v.bytes.len = (size_t)sqlite3_column_bytes(stmt, col);
		if (!v.bytes.p)
			v.bytes = HF_BYTES_LIT("");
		break;
	default:
		break;
	}
	return v;
}

const struct hf_store_driver hf_store_sqlite = {
	.name = "sqlite",
	.open = conn_open,
	.close = conn_close,
	.begin = conn_begin,
	.commit = conn_commit,
	.rollback = conn_rollback,
	.again = conn_again,
	.script = conn_script,
	.prepare = stmt_prepare,
	.finalize = stmt_finalize,
	.reset = stmt_reset,
	.num_params = stmt_num_params,
	.bind = stmt_bind,
	.step = stmt_step,
	.changed = conn_changed,
	.num_cols = stmt_num_cols,
	.col = stmt_col,
};
