#include "cmd/show.h"

#include "base/alloc.h"
#include "base/str.h"
#include "cmd/hufu_int.h"

#include <stdlib.h>
#include <string.h>

#define PAGE_MAX  1000
#define TEXT_MAX  4096
#define PRINT_MAX ((size_t)256 << 20)

/* ---- text ------------------------------------------------------------------------------------------------------- */

/* Octets of the character at p of well-formed text. */
static size_t char_len(unsigned char c)
{
	return c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
}

void hf_show_safe(char *text)
{
	const size_t len = strlen(text);

	for (size_t i = 0; i < len;) {
		size_t n = char_len((unsigned char)text[i]);
		const struct hf_bytes one = {(const uint8_t *)text + i, n};

		if (i + n <= len && hf_utf8_is_line(one)) {
			i += n;
			continue;
		}
		/* Not the whole of a broken or forbidden character at once: what follows it may be good. */
		if (i + n > len || !hf_utf8_valid(one))
			n = 1;
		for (size_t j = 0; j < n; j++)
			text[i + j] = '?';
		i += n;
	}
}

static uint32_t code_point(const unsigned char *p, size_t n)
{
	static const unsigned char mask[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
	uint32_t c = p[0] & mask[n];

	for (size_t i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3F);
	return c;
}

/* East Asian Wide and Fullwidth (UAX #11), by blocks. */
static bool is_wide(uint32_t c)
{
	return (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF && c != 0x303F) ||
	       (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFE30 && c <= 0xFE6F) ||
	       (c >= 0xFF00 && c <= 0xFF60) || (c >= 0xFFE0 && c <= 0xFFE6) || (c >= 0x1F300 && c <= 0x1F64F) ||
	       (c >= 0x20000 && c <= 0x3FFFD);
}

size_t hf_show_width(const char *text)
{
	const size_t len = strlen(text);
	size_t width = 0;

	for (size_t i = 0; i < len;) {
		size_t n = char_len((unsigned char)text[i]);

		if (i + n > len)
			n = 1;
		width += is_wide(code_point((const unsigned char *)text + i, n)) ? 2 : 1;
		i += n;
	}
	return width;
}

void hf_show_error(const struct hf_err *err, struct hf_buf *out)
{
	struct hf_json_writer w;

	hf_json_writer_init(&w, out);
	hf_json_write_object(&w, NULL);
	hf_json_write_str(&w, "error", hf_code_name(err->code));
	hf_json_write_str(&w, "text", err->text);
	hf_json_write_end(&w);
}

/* ---- tables ----------------------------------------------------------------------------------------------------- */

struct hf_table {
	size_t num_columns, num_cells, cap;
	char **cells;
	size_t *widths;
};

struct hf_table *hf_table_new(size_t num_columns)
{
	struct hf_table *table = hf_alloc(1, sizeof(*table));

	table->num_columns = num_columns;
	table->widths = hf_alloc(num_columns, sizeof(*table->widths));
	return table;
}

void hf_table_free(struct hf_table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->num_cells; i++)
		free(table->cells[i]);
	free(table->cells);
	free(table->widths);
	free(table);
}

void hf_table_cell(struct hf_table *table, const char *text)
{
	if (table->num_cells == table->cap) {
		table->cap = table->cap ? 2 * table->cap : 64;
		table->cells = hf_resize(table->cells, table->cap, sizeof(*table->cells));
	}
	char *cell = hf_strdup(text ? text : "");
	hf_show_safe(cell);
	const size_t width = hf_show_width(cell), column = table->num_cells % table->num_columns;
	if (width > table->widths[column])
		table->widths[column] = width;
	table->cells[table->num_cells++] = cell;
}

void hf_table_print(const struct hf_table *table, struct hf_buf *out)
{
	for (size_t i = 0; i < table->num_cells; i++) {
		const size_t column = i % table->num_columns;
		const bool last = column == table->num_columns - 1;

		(void)hf_buf_put_str(out, table->cells[i]);
		if (!last)
			for (size_t w = hf_show_width(table->cells[i]); w < table->widths[column] + 2; w++)
				(void)hf_buf_put_u8(out, ' ');
		else
			(void)hf_buf_put_u8(out, '\n');
	}
}

/* ---- records ---------------------------------------------------------------------------------------------------- */

/* "applicant.common_name": the object, and the member's name in it. *there is false when it is missing or null. */
static bool find_member(const struct hf_json *record, const struct hf_column *column, struct hf_json *inner,
	struct hf_json *place, const char **name, bool *there, struct hf_err *err)
{
	const char *dot = strchr(column->name, '.');
	char outer[64];

	*place = *record;
	*name = dot ? dot + 1 : column->name;
	if (dot) {
		hf_fmt_cut(outer, sizeof(outer), "%.*s", (int)(dot - column->name), column->name);
		if (!hf_json_object(record, outer, inner, err))
			return false;
		*place = *inner;
	}
	*there = hf_json_has(place, *name);
	return true;
}

/* The member as text for people; "" when it is missing or null. */
static bool member_text(
	const struct hf_json *record, const struct hf_column *column, char out[TEXT_MAX], struct hf_err *err)
{
	struct hf_json inner, place;
	const char *text = NULL, *name;
	int64_t number = 0;
	bool yes = false, there;

	out[0] = '\0';
	if (!find_member(record, column, &inner, &place, &name, &there, err))
		return false;
	if (!there)
		return true;
	switch (column->kind) {
	case HF_COLUMN_NUMBER:
		if (!hf_json_i64_opt(&place, name, INT64_MIN, INT64_MAX, &number, err))
			return false;
		hf_fmt_cut(out, TEXT_MAX, "%lld", (long long)number);
		return true;
	case HF_COLUMN_BOOL:
		if (!hf_json_bool(&place, name, &yes, err))
			return false;
		hf_fmt_cut(out, TEXT_MAX, "%s", yes ? "true" : "false");
		return true;
	case HF_COLUMN_TEXT:
	case HF_COLUMN_TIME:
		break;
	}
	if (!hf_json_text_opt(&place, name, TEXT_MAX - 1, &text, err))
		return false;
	hf_fmt_cut(out, TEXT_MAX, "%s", text ? text : "");
	/* Seconds are enough for people. */
	char *dot = column->kind == HF_COLUMN_TIME ? strchr(out, '.') : NULL;
	if (dot)
		memcpy(dot, "Z", 2);
	return true;
}

static bool member_json(
	struct hf_json_writer *w, const struct hf_json *record, const struct hf_column *column, struct hf_err *err)
{
	struct hf_json inner, place;
	const char *text = NULL, *name;
	int64_t number = 0;
	bool yes = false, there;

	if (!find_member(record, column, &inner, &place, &name, &there, err))
		return false;
	if (!there) {
		hf_json_write_null(w, name);
		return true;
	}
	switch (column->kind) {
	case HF_COLUMN_NUMBER:
		if (!hf_json_i64_opt(&place, name, INT64_MIN, INT64_MAX, &number, err))
			return false;
		hf_json_write_i64(w, name, number);
		return true;
	case HF_COLUMN_BOOL:
		if (!hf_json_bool(&place, name, &yes, err))
			return false;
		hf_json_write_bool(w, name, yes);
		return true;
	case HF_COLUMN_TEXT:
	case HF_COLUMN_TIME:
		break;
	}
	if (!hf_json_text_opt(&place, name, TEXT_MAX, &text, err))
		return false;
	hf_json_write_str(w, name, text);
	return true;
}

bool hf_show_object(
	const struct hf_cmd *cmd, struct hf_bytes json, const struct hf_column *columns, size_t num, struct hf_err *err)
{
	char text[TEXT_MAX];
	struct hf_json doc;
	struct hf_buf out;
	bool ok;

	if (!hf_json_parse(json, &doc, err))
		return false;
	hf_buf_init(&out, PRINT_MAX);
	ok = true;
	if (cmd->json) {
		(void)hf_buf_put_bytes(&out, json);
		(void)hf_buf_put_u8(&out, '\n');
	}
	for (size_t i = 0; ok && !cmd->json && i < num; i++) {
		ok = member_text(&doc, &columns[i], text, err);
		hf_show_safe(text);
		if (ok && text[0])
			(void)hf_buf_printf(&out, "%s: %s\n", columns[i].name, text);
	}
	ok = ok && hf_cmd_print(&out, err);
	hf_buf_clear(&out);
	hf_json_free(&doc);
	return ok;
}

/* ---- pages ------------------------------------------------------------------------------------------------------ */

struct pages {
	const struct hf_cmd *cmd;
	const struct hf_listing *listing;
	struct hf_json_writer w;
	struct hf_table *table;
	int64_t num;     /* records so far */
	char after[128]; /* "" : from the start */
	int64_t limit;   /* records in all */
};

/* The outer member's name of "applicant.common_name", as a length; 0 when there is none. */
static size_t outer_len(const struct hf_column *column)
{
	const char *dot = strchr(column->name, '.');

	return dot ? (size_t)(dot - column->name) : 0;
}

/* The whole inner object at its first column: all columns with the same outer name. */
static bool put_inner(struct pages *p, const struct hf_json *record, size_t first, struct hf_err *err)
{
	const struct hf_column *columns = p->listing->columns;
	const size_t len = outer_len(&columns[first]);
	char outer[64];

	for (size_t i = 0; i < first; i++)
		if (outer_len(&columns[i]) == len && strncmp(columns[i].name, columns[first].name, len) == 0)
			return true;
	hf_fmt_cut(outer, sizeof(outer), "%.*s", (int)len, columns[first].name);
	hf_json_write_object(&p->w, outer);
	for (size_t i = first; i < p->listing->num_columns; i++)
		if (outer_len(&columns[i]) == len && strncmp(columns[i].name, outer, len) == 0 &&
			!member_json(&p->w, record, &columns[i], err))
			return false;
	hf_json_write_end(&p->w);
	return true;
}

static bool put_json_record(struct pages *p, const struct hf_json *record, struct hf_err *err)
{
	hf_json_write_object(&p->w, NULL);
	for (size_t i = 0; i < p->listing->num_columns; i++)
		if (outer_len(&p->listing->columns[i]) > 0 ? !put_inner(p, record, i, err)
							   : !member_json(&p->w, record, &p->listing->columns[i], err))
			return false;
	hf_json_write_end(&p->w);
	return true;
}

static bool put_record(struct pages *p, const struct hf_json *record, struct hf_err *err)
{
	char text[TEXT_MAX];

	p->num++;
	if (p->cmd->json)
		return put_json_record(p, record, err);
	for (size_t i = 0; i < p->listing->num_columns; i++) {
		if (!p->listing->columns[i].in_table)
			continue;
		if (!member_text(record, &p->listing->columns[i], text, err))
			return false;
		hf_table_cell(p->table, text);
	}
	return true;
}

/* Where the next page begins; *more is false when this was the last. */
static bool next_page(struct pages *p, const struct hf_json *doc, bool *more, struct hf_err *err)
{
	char was[sizeof(p->after)], text[TEXT_MAX];
	struct hf_column column = {.name = p->listing->next, .kind = HF_COLUMN_TEXT};
	struct hf_err unused;

	memcpy(was, p->after, sizeof(was));
	/* An id, or the number of a frame. */
	if (!member_text(doc, &column, text, &unused)) {
		column.kind = HF_COLUMN_NUMBER;
		if (!member_text(doc, &column, text, err))
			return false;
	}
	*more = text[0] && strcmp(text, was) != 0;
	return hf_fmt(p->after, sizeof(p->after), "%s", text) ||
	       hf_fail(err, HF_E_PEER, "the answer's \"%s\" is too long", p->listing->next);
}

static bool read_page(struct pages *p, struct hf_bytes body, bool *more, struct hf_err *err)
{
	struct hf_json doc, list, record;
	size_t num;
	bool ok;

	if (!hf_json_parse(body, &doc, err))
		return false;
	ok = hf_json_array_opt(&doc, p->listing->array, SIZE_MAX, &list, &num, err);
	for (size_t i = 0; ok && i < num; i++) {
		hf_json_at(&list, i, &record);
		ok = put_record(p, &record, err);
	}
	ok = ok && next_page(p, &doc, more, err);
	hf_json_free(&doc);
	return ok;
}

static bool fetch_pages(struct pages *p, struct hf_client *client, struct hf_err *err)
{
	struct hf_buf path, answer;
	char limit[32];
	bool more = true, ok = true;

	hf_buf_init(&path, HF_CLIENT_PATH_MAX);
	hf_buf_init(&answer, HF_CLIENT_ANSWER_MAX);
	while (ok && more && p->num < p->limit) {
		const int64_t left = p->limit - p->num;

		hf_buf_reset(&path);
		(void)hf_buf_put_str(&path, p->listing->path);
		for (const struct hf_filter *f = p->listing->filters; f->query; f++)
			hf_query_add(&path, f->query, hf_cmd_opt(p->cmd, f->option));
		hf_query_add(&path, "after", p->after[0] ? p->after : NULL);
		hf_fmt_cut(limit, sizeof(limit), "%lld", (long long)(left < PAGE_MAX ? left : PAGE_MAX));
		hf_query_add(&path, "limit", limit);
		const struct hf_client_ask ask = {
			.service = p->listing->service, .method = "GET", .path = hf_buf_cstr(&path)};
		ok = (ask.path || hf_fail(err, HF_E_LIMIT, "the filters are too long")) &&
		     hf_client_call(client, &ask, &answer, err) && read_page(p, hf_buf_bytes(&answer), &more, err);
	}
	hf_buf_clear(&answer);
	hf_buf_clear(&path);
	return ok;
}

static void begin(struct pages *p, struct hf_buf *out)
{
	size_t num = 0;

	hf_json_writer_init(&p->w, out);
	if (p->cmd->json) {
		hf_json_write_object(&p->w, NULL);
		hf_json_write_array(&p->w, p->listing->array);
		return;
	}
	for (size_t i = 0; i < p->listing->num_columns; i++)
		num += p->listing->columns[i].in_table;
	p->table = hf_table_new(num);
	for (size_t i = 0; i < p->listing->num_columns; i++)
		if (p->listing->columns[i].in_table)
			hf_table_cell(p->table, hf_cmd_text(p->cmd, p->listing->columns[i].head));
}

static void end(struct pages *p, struct hf_buf *out)
{
	if (!p->cmd->json) {
		hf_table_print(p->table, out);
		return;
	}
	hf_json_write_end(&p->w);
	hf_json_write_str(&p->w, "next", p->after[0] ? p->after : NULL);
	hf_json_write_end(&p->w);
	(void)hf_buf_put_u8(out, '\n');
}

int hf_show_listing(struct hf_cmd *cmd, const struct hf_listing *listing)
{
	const char *after = hf_cmd_opt(cmd, "after");
	struct pages p = {.cmd = cmd, .listing = listing};
	struct hf_client client = {0};
	struct hf_err err = {0};
	struct hf_buf out;
	bool ok;

	if (!hf_cmd_opt_i64(cmd, "limit", 1, 10000000, 100, &p.limit, &err))
		return hf_cmd_misuse(cmd, &err);
	hf_buf_init(&out, PRINT_MAX);
	hf_fmt_cut(p.after, sizeof(p.after), "%s", after ? after : "");
	begin(&p, &out);
	ok = hf_cmd_client(cmd, &client, listing->operator_id, &err) && fetch_pages(&p, &client, &err);
	if (ok) {
		end(&p, &out);
		ok = hf_cmd_print(&out, &err);
	}
	if (ok && !cmd->json && p.num == 0)
		hf_cmd_note(cmd, HF_MSG_NONE_FOUND);
	if (ok && !cmd->json && p.num > 0 && p.num == p.limit)
		hf_cmd_note(cmd, HF_MSG_MORE_BEHIND, p.after);
	hf_client_close(&client);
	hf_table_free(p.table);
	hf_buf_clear(&out);
	return ok ? HF_EXIT_OK : hf_cmd_fail(cmd, &err);
}
