#include "ra/batch.h"

#include "base/alloc.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

bool hf_batch_id_check(const char *id, struct hf_err *err)
{
	const size_t len = strlen(id);

	if (len < 1 || len > HF_BATCH_ID_MAX ||
		strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") != len)
		return hf_fail(err, HF_E_INPUT, "batch id: expected 1 to %d of A-Z a-z 0-9 . _ -", HF_BATCH_ID_MAX);
	return true;
}

/* ---- the header ------------------------------------------------------------------------------------------------ */

struct columns {
	int field[HF_CSV_COLUMNS_MAX]; /* enum hf_applicant_field, -1: ignored */
	size_t num;
};

static bool note_ignored(struct hf_batch_file *file, struct hf_bytes name, size_t column)
{
	if (name.len == 0 || !hf_utf8_is_line(name) || name.len > 100)
		return hf_buf_printf(&file->ignored, "column %zu\n", column + 1);
	(void)hf_buf_put_bytes(&file->ignored, name);
	return hf_buf_put_u8(&file->ignored, '\n');
}

static bool read_header(
	const struct hf_csv *csv, struct columns *columns, struct hf_batch_file *file, struct hf_err *err)
{
	bool seen[HF_APPLICANT_NUM_FIELDS] = {false};

	columns->num = csv->num_fields;
	for (size_t i = 0; i < csv->num_fields; i++) {
		const int field = hf_applicant_field_named(csv->fields[i]);

		columns->field[i] = field;
		if (field < 0)
			(void)note_ignored(file, csv->fields[i], i);
		else if (seen[field])
			return hf_fail(err, HF_E_INPUT, "row %lld: the column %s is there twice", (long long)csv->row,
				hf_applicant_field_name((enum hf_applicant_field)field));
		else
			seen[field] = true;
	}
	for (int i = 0; i < HF_APPLICANT_NUM_FIELDS; i++)
		if (!seen[i] && hf_applicant_field_required((enum hf_applicant_field)i))
			return hf_fail(err, HF_E_INPUT,
				"row %lld, the header: the column %s is missing (columns are told by their names)",
				(long long)csv->row, hf_applicant_field_name((enum hf_applicant_field)i));
	return true;
}

/* ---- rows ------------------------------------------------------------------------------------------------------ */

static bool row_problem(struct hf_problem *problem, const char *reason)
{
	hf_fmt_cut(problem->field, sizeof(problem->field), "(row)");
	hf_fmt_cut(problem->reason, sizeof(problem->reason), "%s", reason);
	return false;
}

static bool take_fields(
	const struct hf_csv *csv, const struct columns *columns, struct hf_applicant *a, struct hf_problem *problem)
{
	bool ok = true;

	if (csv->num_fields != columns->num)
		return row_problem(problem, "it has another number of fields than the header");
	/* in the order of the table, so that the refusal does not depend on the order of the columns */
	for (int field = 0; ok && field < HF_APPLICANT_NUM_FIELDS; field++)
		for (size_t i = 0; ok && i < columns->num; i++)
			if (columns->field[i] == field)
				ok = hf_applicant_set(a, (enum hf_applicant_field)field, csv->fields[i], problem);
	return ok;
}

static void take_row(
	const struct hf_ra *ra, const struct hf_csv *csv, const struct columns *columns, struct hf_batch_file *file)
{
	struct hf_batch_row *row = &file->rows[file->num_rows++];

	memset(row, 0, sizeof(*row));
	row->row = csv->row;
	row->line = csv->line;
	row->refused = !take_fields(csv, columns, &row->applicant, &row->problem) ||
		       !hf_applicant_check(&row->applicant, ra->max_days, hf_now(ra->clock), &row->problem);
	/* nothing of a refused row is kept */
	if (row->refused)
		hf_wipe(&row->applicant, sizeof(row->applicant));
}

static bool read_rows(const struct hf_ra *ra, struct hf_csv *csv, struct hf_batch_file *file, struct hf_err *err)
{
	struct columns columns;
	size_t room = 0;
	bool there;

	if (!hf_csv_next(csv, &there, err))
		return false;
	if (!there)
		return hf_fail(err, HF_E_INPUT, "the file is empty: expected a header and one applicant a row");
	if (!read_header(csv, &columns, file, err))
		return false;
	for (;;) {
		if (!hf_csv_next(csv, &there, err))
			return false;
		if (!there)
			break;
		if (file->num_rows == HF_BATCH_ROWS_MAX)
			return hf_fail(
				err, HF_E_LIMIT, "more than %d applicants in one file: split it", HF_BATCH_ROWS_MAX);
		if (file->num_rows == room) {
			room = room > 0 ? room * 2 : 256;
			file->rows = hf_resize(file->rows, room, sizeof(*file->rows));
		}
		take_row(ra, csv, &columns, file);
	}
	return file->num_rows > 0 || hf_fail(err, HF_E_INPUT, "the file has a header and no applicants");
}

/* ---- the same applicant twice ---------------------------------------------------------------------------------- */

static int by_applicant(const void *left, const void *right)
{
	const struct hf_applicant *a = &(*(struct hf_batch_row *const *)left)->applicant;
	const struct hf_applicant *b = &(*(struct hf_batch_row *const *)right)->applicant;
	int order = strcmp(a->id_number, b->id_number);

	order = order ? order : strcmp(a->common_name, b->common_name);
	order = order ? order : strcmp(a->template, b->template);
	return order ? order : strcmp(a->id_type, b->id_type);
}

static void refuse_twins(struct hf_batch_file *file)
{
	struct hf_batch_row **good = hf_alloc(file->num_rows, sizeof(*good));
	size_t num = 0, end;

	for (size_t i = 0; i < file->num_rows; i++)
		if (!file->rows[i].refused)
			good[num++] = &file->rows[i];
	qsort(good, num, sizeof(*good), by_applicant);
	for (size_t i = 0; i < num; i = end) {
		for (end = i + 1; end < num && by_applicant(&good[i], &good[end]) == 0; end++)
			;
		for (size_t k = i; end - i > 1 && k < end; k++) {
			good[k]->refused = true;
			(void)row_problem(&good[k]->problem, "the same applicant (template, id_type, id_number, "
							     "common_name) more than once in this file");
		}
	}
	free(good);
}

bool hf_batch_read(const struct hf_ra *ra, struct hf_bytes octets, struct hf_batch_file *file, struct hf_err *err)
{
	struct hf_bytes text;
	struct hf_buf room;
	struct hf_csv csv;
	bool ok;

	*file = (struct hf_batch_file){0};
	hf_buf_init(&file->ignored, HF_CSV_COLUMNS_MAX * 128);
	hf_buf_init(&room, HF_BATCH_FILE_MAX * 2);
	hf_sm3(octets, file->hash);
	ok = hf_csv_text(ra->gb, octets, &room, &text, err);
	if (ok) {
		hf_csv_init(&csv, text);
		ok = read_rows(ra, &csv, file, err);
		hf_csv_clear(&csv);
	}
	if (ok)
		refuse_twins(file);
	hf_buf_clear(&room);
	return ok;
}

void hf_batch_clear(struct hf_batch_file *file)
{
	free(file->rows);
	hf_buf_clear(&file->ignored);
	*file = (struct hf_batch_file){0};
}
