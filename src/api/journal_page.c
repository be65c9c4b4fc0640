#include "api/journal_page.h"

#define ENOUGH ((size_t)8 << 20)

struct page_row {
	int64_t number, at;
	struct hf_bytes previous, hash, frame, head;
};

static const struct hf_der_field row_fields[] = {
	HF_DER_FIELD(struct page_row, number, &hf_der_Small),
	HF_DER_FIELD(struct page_row, at, &hf_der_Small),
	HF_DER_FIELD(struct page_row, previous, &hf_der_OctetString),
	HF_DER_FIELD(struct page_row, hash, &hf_der_OctetString),
	HF_DER_FIELD(struct page_row, frame, &hf_der_OctetString),
	HF_DER_FIELD(struct page_row, head, &hf_der_OctetString, .flags = HF_DER_OPTIONAL),
};
static const struct hf_der_type JournalPageRow = HF_DER_SEQUENCE_TYPE("JournalPageRow", struct page_row, row_fields);
static const struct hf_der_type JournalPage = HF_DER_OF_TYPE("JournalPage", HF_DER_SEQUENCE_OF, &JournalPageRow, 0);

struct making {
	struct hf_tx *tx;
	const struct hf_journal *journal;
	struct hf_buf rows, head;
	int64_t next_head; /* the first frame not before the current that has one; 0: none */
};

static bool seek_head(struct making *m, int64_t after, struct hf_err *err)
{
	hf_buf_reset(&m->head);
	return hf_journal_head_get(m->tx, m->journal, after, false, &m->next_head, &m->head, err);
}

static bool take_row(void *ctx, const struct hf_journal_row *row, struct hf_err *err)
{
	struct making *m = ctx;
	struct page_row out = {.number = row->number,
		.at = row->at,
		.previous = row->previous,
		.hash = row->hash,
		.frame = row->frame};

	if (m->rows.len > ENOUGH)
		return false;
	if (m->next_head == row->number)
		out.head = hf_buf_bytes(&m->head);
	if (!hf_der_list_add(&m->rows, &JournalPageRow, &out, err))
		return false;
	return m->next_head != row->number || seek_head(m, row->number, err);
}

bool hf_journal_page(struct hf_tx *tx, const struct hf_journal *journal, int64_t after, int64_t max, struct hf_buf *out,
	struct hf_err *err)
{
	struct making m = {.tx = tx, .journal = journal};
	bool ok;

	hf_buf_init(&m.rows, HF_JOURNAL_PAGE_MAX);
	hf_buf_init(&m.head, HF_JOURNAL_HEAD_MAX);
	ok = seek_head(&m, after, err) && hf_journal_read(tx, journal, after, max, take_row, &m, err);
	if (ok && !hf_der_put(out, 0x30, hf_buf_bytes(&m.rows)))
		ok = hf_fail(err, HF_E_LIMIT, "journal page: longer than %zu octets", out->max);
	hf_buf_clear(&m.rows);
	hf_buf_clear(&m.head);
	return ok;
}

bool hf_journal_page_verify(
	struct hf_bytes page, struct hf_journal_verifier *verifier, int64_t *last, struct hf_err *err)
{
	struct hf_der_list rows;
	struct page_row in;

	if (!hf_der_decode(&JournalPage, page, &rows, err))
		return hf_fail_in(err, "journal page");
	while (hf_der_list_next(&rows, &JournalPageRow, &in)) {
		const struct hf_journal_row row = {in.number, in.at, in.previous, in.hash, in.frame};

		if (in.hash.len != HF_SM3_LEN || in.previous.len != HF_SM3_LEN || in.number <= *last)
			return hf_fail(err, HF_E_INPUT, "journal page: the row behind frame %lld is not its successor",
				(long long)*last);
		hf_journal_verifier_frame(verifier, &row);
		if (in.head.p)
			hf_journal_verifier_head(verifier, in.number, in.head);
		*last = in.number;
	}
	return true;
}
