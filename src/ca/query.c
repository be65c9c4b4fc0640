#include "ca/query.h"

#include "ca/lifecycle.h"

#include <string.h>

#define COLUMNS                                                                                                        \
	"SELECT ca, serial, kind, request_id, subject, not_before, not_after, state, reason, state_at, der "           \
	"FROM certificate WHERE ca = 'ca' "

/* One statement for every filter: an unset part matches all. */
static const char list_sql[] = COLUMNS "AND serial > ? AND (? IS NULL OR state = ?) AND (? IS NULL OR subject LIKE ? "
				       "ESCAPE '\\') ORDER BY serial LIMIT ?";
static const char request_sql[] = COLUMNS "AND request_id = ? ORDER BY serial";
static const char serial_sql[] = COLUMNS "AND serial = ?";

static bool read_row(struct hf_query *q, struct hf_cert_row *row, struct hf_err *err)
{
	*row = (struct hf_cert_row){.serial = hf_query_col_bytes(q, 1),
		.subject = hf_query_col_text(q, 4),
		.not_before = hf_query_col_i64(q, 5),
		.not_after = hf_query_col_i64(q, 6),
		.state = (int)hf_query_col_i64(q, 7),
		.reason = (int)hf_query_col_i64(q, 8),
		.state_at = hf_query_col_i64(q, 9),
		.der = hf_query_col_bytes(q, 10)};
	return hf_query_col_copy(q, 0, row->ca, sizeof(row->ca), err) &&
	       hf_query_col_copy(q, 2, row->kind, sizeof(row->kind), err) &&
	       hf_query_col_copy(q, 3, row->request_id, sizeof(row->request_id), err);
}

/* '%' and '_' in what people look for are themselves. */
static void like_of(const char *part, struct hf_buf *out)
{
	hf_buf_put_u8(out, '%');
	for (; *part; part++) {
		if (*part == '%' || *part == '_' || *part == '\\')
			hf_buf_put_u8(out, '\\');
		hf_buf_put_u8(out, (uint8_t)*part);
	}
	hf_buf_put_u8(out, '%');
}

static bool state_of(const char *name, int *state, struct hf_err *err)
{
	for (size_t i = 0; i < hf_cert_lifecycle.num_states; i++)
		if (strcmp(name, hf_cert_lifecycle.states[i].name) == 0) {
			*state = (int)i;
			return true;
		}
	return hf_fail(err, HF_E_INPUT, "state: \"%.32s\" is not good, held or revoked", name);
}

static void bind_list(struct hf_query *q, const struct hf_cert_filter *filter, int state, struct hf_buf *like)
{
	struct hf_bytes none = HF_BYTES_LIT("");

	hf_query_bytes(q, filter->after ? filter->serial : none);
	for (int i = 0; i < 2; i++) {
		if (filter->state)
			hf_query_i64(q, state);
		else
			hf_query_null(q);
	}
	if (filter->subject)
		like_of(filter->subject, like);
	for (int i = 0; i < 2; i++)
		hf_query_str(q, filter->subject ? hf_buf_bytes(like) : HF_BYTES_NONE);
	hf_query_i64(q, filter->limit);
}

bool hf_ca_certs(struct hf_tx *tx, const struct hf_cert_filter *filter,
	bool (*fn)(void *ctx, const struct hf_cert_row *row, struct hf_err *err), void *ctx, struct hf_err *err)
{
	struct hf_query *q;
	struct hf_buf like;
	bool there = false;
	int state = 0;
	bool ok;

	if (filter->state && !state_of(filter->state, &state, err))
		return false;
	hf_buf_init(&like, 1024);
	if (filter->request_id) {
		q = hf_query(tx, request_sql);
		hf_query_text(q, filter->request_id);
	} else if (filter->serial.p && !filter->after) {
		q = hf_query(tx, serial_sql);
		hf_query_bytes(q, filter->serial);
	} else {
		q = hf_query(tx, list_sql);
		bind_list(q, filter, state, &like);
	}
	while ((ok = hf_query_next(q, &there, err)) && there) {
		struct hf_cert_row row;
		ok = read_row(q, &row, err) && fn(ctx, &row, err);
		if (!ok)
			break;
	}
	hf_query_done(q);
	hf_buf_clear(&like);
	return ok;
}

bool hf_ca_task_of(struct hf_tx *tx, const char *request_id, int64_t *task, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "SELECT task FROM issuance WHERE request_id = ?");
	bool there = false;

	hf_query_text(q, request_id);
	bool ok = hf_query_next(q, &there, err);
	*task = ok && there ? hf_query_col_i64(q, 0) : 0;
	hf_query_done(q);
	return ok;
}
