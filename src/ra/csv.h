/*
 * A reader of comma-separated values (RFC 4180), strict: rows end with CRLF or LF, a field is either free of quotes or
 * wholly quoted with inner quotes doubled. Anything else, and a quote that never closes, means that nobody can say
 * where the fields are: the file is refused, naming the row.
 *
 * Rows are numbered as a spreadsheet shows them: the header is row 1, the first applicant row 2. A line break inside
 * quotes does not begin a row; `line` counts as a text editor does. Rows whose fields are all empty (spreadsheets leave
 * them at the end) are stepped over, but counted.
 *
 * Text comes as UTF-8 with or without a byte-order mark, or as GB18030 as Chinese spreadsheets save it: what is
 * well-formed UTF-8 is UTF-8.
 */
#ifndef HUFU_RA_CSV_H
#define HUFU_RA_CSV_H

#include "base/buf.h"

#define HF_CSV_COLUMNS_MAX 64

/* Converts texts in GB18030. Made before the jail: the C library loads its table then. Not for two threads at once. */
struct hf_gb18030;
HF_MUST_USE bool hf_gb18030_new(struct hf_gb18030 **gb, struct hf_err *err);
void hf_gb18030_free(struct hf_gb18030 *gb);

/*
 * *text: the file's content in UTF-8 without byte-order mark, a view into in or, when it was converted, into room.
 * Errors: HF_E_INPUT (UTF-16; a sequence that is neither UTF-8 nor GB18030, with its offset), HF_E_LIMIT.
 */
HF_MUST_USE bool hf_csv_text(
	struct hf_gb18030 *gb, struct hf_bytes in, struct hf_buf *room, struct hf_bytes *text, struct hf_err *err);

struct hf_csv {
	struct hf_bytes rest;
	int64_t next_row, next_line;
	struct hf_buf room; /* of quoted fields with quotes or conversions inside */

	/* the current row */
	int64_t row, line;
	struct hf_bytes fields[HF_CSV_COLUMNS_MAX]; /* views, until the next call */
	size_t num_fields;
};

/* text must outlive the reader. */
void hf_csv_init(struct hf_csv *csv, struct hf_bytes text);
void hf_csv_clear(struct hf_csv *csv);
/* *there is false behind the last row. Errors: HF_E_INPUT, HF_E_LIMIT (more columns than HF_CSV_COLUMNS_MAX). */
HF_MUST_USE bool hf_csv_next(struct hf_csv *csv, bool *there, struct hf_err *err);

#endif
