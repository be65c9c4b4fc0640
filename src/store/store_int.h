/*
 * What an engine is to store.c: a const table of functions over one connection. store.c checks arguments, keeps the
 * mutex, the statements and the migrations; an engine only talks to its library.
 */
#ifndef HUFU_STORE_STORE_INT_H
#define HUFU_STORE_STORE_INT_H

#include "store/store.h"

enum hf_value_kind { HF_VALUE_NULL, HF_VALUE_I64, HF_VALUE_TEXT, HF_VALUE_BYTES };

struct hf_value {
	enum hf_value_kind kind;
	int64_t i64;
	struct hf_bytes bytes;
};

struct hf_store_driver {
	const char *name;
	/* One connection that no other process shares. The caller closes it. */
	bool (*open)(const struct hf_store_options *options, void **conn, struct hf_err *err);
	void (*close)(void *conn);
	bool (*begin)(void *conn, bool write, struct hf_err *err);
	bool (*commit)(void *conn, struct hf_err *err);
	/* Leaves no transaction open; false when the connection cannot be used any more. */
	bool (*rollback)(void *conn);
	/* The last failure would not happen again if the transaction were run afresh. */
	bool (*again)(void *conn);
	/* Several statements without parameters: a migration. */
	bool (*script)(void *conn, const char *sql, struct hf_err *err);
	/* readonly tells whether the statement writes. */
	bool (*prepare)(void *conn, const char *sql, void **stmt, bool *readonly, struct hf_err *err);
	void (*finalize)(void *stmt);
	/* Forgets values and rows; the statement can be used again. */
	void (*reset)(void *stmt);
	int (*num_params)(void *stmt);
	bool (*bind)(void *conn, void *stmt, int position, const struct hf_value *value, struct hf_err *err);
	bool (*step)(void *conn, void *stmt, bool *row, struct hf_err *err);
	int64_t (*changed)(void *conn);
	int (*num_cols)(void *stmt);
	struct hf_value (*col)(void *stmt, int col);
};

extern const struct hf_store_driver hf_store_sqlite;

/* store_migrate.c: applies what is missing of the schemas, inside tx. */
HF_MUST_USE bool hf_store_migrate(struct hf_tx *tx, const struct hf_store_options *options, struct hf_err *err);
/* Runs a script inside tx. */
HF_MUST_USE bool hf_tx_script(struct hf_tx *tx, const char *sql, struct hf_err *err);

#endif
