/*
 * Listings: one table of columns tells how a record of a service's answer is shown, as a row of a table, as lines
 * "name: value", and as JSON. Texts of others are made harmless for a terminal first (ESC and other control characters
 * become '?'); Chinese characters take two columns.
 */
#ifndef HUFU_CMD_SHOW_H
#define HUFU_CMD_SHOW_H

#include "api/json.h"
#include "cmd/client.h"
#include "cmd/cmd.h"

enum hf_column_kind { HF_COLUMN_TEXT, HF_COLUMN_NUMBER, HF_COLUMN_TIME, HF_COLUMN_BOOL };

struct hf_column {
	const char *name; /* the member */
	enum hf_column_kind kind;
	enum hf_message head; /* of its column */
	bool in_table;        /* false: in JSON only */
};

/* An option of the verb that becomes a query parameter of the route. */
struct hf_filter {
	const char *query, *option; /* query NULL ends a list */
};

/* What a listing asks for: pages of one array until `limit` records are there. */
struct hf_listing {
	const char *service, *path;      /* of the route */
	const struct hf_filter *filters; /* beside --limit and --after, which every listing has */
	const char *array;               /* the member that holds the records */
	const char *next;                /* the member that says where the next page begins, as "after" */
	const struct hf_column *columns;
	size_t num_columns;
	const char *operator_id; /* who signs, unless --operator says so */
};

/* Fetches (signed) and prints it; gives enum hf_exit. */
int hf_show_listing(struct hf_cmd *cmd, const struct hf_listing *listing);

/* One object of an answer: with --json as it came, else "name: value" for each member among columns. */
HF_MUST_USE bool hf_show_object(const struct hf_cmd *cmd, struct hf_bytes json, const struct hf_column *columns,
	size_t num, struct hf_err *err);

/* A table of texts: rows of num cells, the first row is the heads. */
struct hf_table;
struct hf_table *hf_table_new(size_t num_columns);
void hf_table_free(struct hf_table *table);
/* Copies one cell; after num_columns cells the next row begins. NULL is "". */
void hf_table_cell(struct hf_table *table, const char *text);
void hf_table_print(const struct hf_table *table, struct hf_buf *out);

/* Control characters, broken octets and bidirectional marks become '?', in place. */
void hf_show_safe(char *text);
/* Columns that a text takes on a terminal. */
size_t hf_show_width(const char *text);
/* {"error":…,"text":…} */
void hf_show_error(const struct hf_err *err, struct hf_buf *out);

#endif
