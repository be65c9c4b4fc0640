#include "ra/csv.h"

#include "base/alloc.h"
#include "base/str.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

/* ---- character sets -------------------------------------------------------------------------------------------- */

struct hf_gb18030 {
	iconv_t cd;
};

bool hf_gb18030_new(struct hf_gb18030 **gb, struct hf_err *err)
{
	iconv_t cd = iconv_open("UTF-8", "GB18030");

	/* iconv_open says (iconv_t)-1 */
	if ((intptr_t)cd == -1)
		return hf_fail(err, HF_E_MISSING, "the C library has no GB18030 converter (gconv modules): %s",
			strerror(errno));
	*gb = hf_alloc(1, sizeof(**gb));
	(*gb)->cd = cd;
	return true;
}

void hf_gb18030_free(struct hf_gb18030 *gb)
{
	if (!gb)
		return;
	(void)iconv_close(gb->cd);
	free(gb);
}

static bool convert(struct hf_gb18030 *gb, struct hf_bytes in, struct hf_buf *room, struct hf_err *err)
{
	/* iconv's input is not const by its prototype, but is not written */
	char *from = (char *)(uintptr_t)in.p;
	size_t left = in.len;
	/* GB18030's two-octet characters become three octets, one octet stays one */
	const size_t most = in.len + in.len / 2 + 4;
	char *to;
	size_t space = most;

	hf_buf_reset(room);
	to = (char *)hf_buf_extend(room, most);
	if (!to)
		return hf_fail(err, HF_E_LIMIT, "the file is longer than %zu octets in UTF-8", room->max);
	(void)iconv(gb->cd, NULL, NULL, NULL, NULL);
	if (iconv(gb->cd, &from, &left, &to, &space) != 0 || left > 0)
		return hf_fail(err, HF_E_INPUT,
			"the file is neither UTF-8 nor GB18030: octet %zu begins no character. Save it as UTF-8",
			in.len - left);
	room->len = most - space;
	return true;
}

bool hf_csv_text(
	struct hf_gb18030 *gb, struct hf_bytes in, struct hf_buf *room, struct hf_bytes *text, struct hf_err *err)
{
	if (in.len >= 2 && ((in.p[0] == 0xFF && in.p[1] == 0xFE) || (in.p[0] == 0xFE && in.p[1] == 0xFF)))
		return hf_fail(err, HF_E_INPUT, "the file is UTF-16: save it as UTF-8 or GB18030");
	if (hf_bytes_start_with(in, HF_BYTES_LIT("\xEF\xBB\xBF")))
		in = (struct hf_bytes){in.p + 3, in.len - 3};
	*text = in;
	if (hf_utf8_valid(in))
		return true;
	if (!convert(gb, in, room, err))
		return false;
	*text = hf_buf_bytes(room);
	return true;
}

/* ---- rows ------------------------------------------------------------------------------------------------------ */

void hf_csv_init(struct hf_csv *csv, struct hf_bytes text)
{
	*csv = (struct hf_csv){.rest = text, .next_row = 1, .next_line = 1};
	hf_buf_init(&csv->room, text.len + 1);
}

void hf_csv_clear(struct hf_csv *csv)
{
	hf_buf_clear(&csv->room);
}

static bool bad(const struct hf_csv *csv, const char *what, struct hf_err *err)
{
	return hf_fail(err, HF_E_INPUT, "row %lld (line %lld): %s (RFC 4180 2)", (long long)csv->row,
		(long long)csv->line, what);
}

static void skip(struct hf_csv *csv, size_t len)
{
	csv->rest.p += len;
	csv->rest.len -= len;
}

/* The field behind its opening quote; its text goes to the room, which never moves within a row (see hf_csv_next). */
static bool quoted(struct hf_csv *csv, struct hf_bytes *field, struct hf_err *err)
{
	const size_t start = csv->room.len;

	for (;;) {
		uint8_t c;

		if (csv->rest.len == 0)
			return bad(csv, "a quote is opened and never closed", err);
		c = csv->rest.p[0];
		skip(csv, 1);
		if (c == '"') {
			if (csv->rest.len == 0 || csv->rest.p[0] != '"')
				break;
			skip(csv, 1);
		}
		csv->next_line += c == '\n' ? 1 : 0;
		(void)hf_buf_put_u8(&csv->room, c);
	}
	*field = (struct hf_bytes){csv->room.p + start, csv->room.len - start};
	return true;
}

static bool plain(struct hf_csv *csv, struct hf_bytes *field, struct hf_err *err)
{
	size_t len = 0;

	while (len < csv->rest.len && csv->rest.p[len] != ',' && csv->rest.p[len] != '\n' && csv->rest.p[len] != '\r') {
		if (csv->rest.p[len] == '"')
			return bad(csv, "a quote inside a field that is not quoted", err);
		len++;
	}
	*field = (struct hf_bytes){csv->rest.p, len};
	skip(csv, len);
	return true;
}

/* What follows a field: a comma (more), the end of the row, or nothing that may stand there. */
static bool after_field(struct hf_csv *csv, bool *more, struct hf_err *err)
{
	*more = false;
	if (csv->rest.len == 0)
		return true;
	if (csv->rest.p[0] == ',') {
		*more = true;
		skip(csv, 1);
		return true;
	}
	if (csv->rest.p[0] == '\r' && csv->rest.len > 1 && csv->rest.p[1] == '\n')
		skip(csv, 1);
	if (csv->rest.p[0] != '\n')
		return bad(csv, "text behind a closing quote, or a carriage return without line feed", err);
	skip(csv, 1);
	csv->next_line++;
	return true;
}

static bool read_row(struct hf_csv *csv, struct hf_err *err)
{
	bool more = true;

	csv->row = csv->next_row++;
	csv->line = csv->next_line;
	csv->num_fields = 0;
	hf_buf_reset(&csv->room);
	while (more) {
		struct hf_bytes *field = &csv->fields[csv->num_fields];
		const bool quote = csv->rest.len > 0 && csv->rest.p[0] == '"';

		if (csv->num_fields == HF_CSV_COLUMNS_MAX)
			return hf_fail(err, HF_E_LIMIT, "row %lld: more than %d columns", (long long)csv->row,
				HF_CSV_COLUMNS_MAX);
		if (quote)
			skip(csv, 1);
		if (!(quote ? quoted : plain)(csv, field, err) || !after_field(csv, &more, err))
			return false;
		csv->num_fields++;
	}
	return true;
}

static bool is_empty(const struct hf_csv *csv)
{
	for (size_t i = 0; i < csv->num_fields; i++)
		if (csv->fields[i].len > 0)
			return false;
	return true;
}

bool hf_csv_next(struct hf_csv *csv, bool *there, struct hf_err *err)
{
	/* all of the room at once: fields are views into it, so it must not move */
	if (csv->room.cap < csv->room.max) {
		(void)hf_buf_extend(&csv->room, csv->room.max);
		hf_buf_reset(&csv->room);
	}
	do {
		*there = csv->rest.len > 0;
		if (*there && !read_row(csv, err))
			return false;
	} while (*there && is_empty(csv));
	return true;
}
