#include "feed/feed.h"

#define PAGE_SOFT_MAX ((size_t)4 << 20) /* a page ends at the first head behind this many octets */

static const struct hf_der_field issued_fields[] = {
	HF_DER_FIELD(struct hf_feed_issued, ca, &hf_der_Utf8String),
	HF_DER_FIELD(struct hf_feed_issued, serial, &hf_der_Integer),
	HF_DER_FIELD(struct hf_feed_issued, notBefore, &hf_der_Small),
	HF_DER_FIELD(struct hf_feed_issued, notAfter, &hf_der_Small),
	HF_DER_FIELD(struct hf_feed_issued, certificate, &hf_der_OctetString),
};
static const struct hf_der_type issued_type = HF_DER_SEQUENCE_TYPE("FeedIssued", struct hf_feed_issued, issued_fields);

static const struct hf_der_field status_fields[] = {
	HF_DER_FIELD(struct hf_feed_status, ca, &hf_der_Utf8String),
	HF_DER_FIELD(struct hf_feed_status, serial, &hf_der_Integer),
	HF_DER_FIELD(struct hf_feed_status, state, &hf_der_Enumerated),
	HF_DER_FIELD(struct hf_feed_status, reason, &hf_der_Small),
	HF_DER_FIELD(struct hf_feed_status, at, &hf_der_Small),
	HF_DER_FIELD(struct hf_feed_status, invalidityDate, &hf_der_Small, .flags = HF_DER_OPTIONAL,
		.has = HF_DER_HAS(struct hf_feed_status, has_invalidityDate)),
};
static const struct hf_der_type status_type = HF_DER_SEQUENCE_TYPE("FeedStatus", struct hf_feed_status, status_fields);

static const struct hf_der_field voided_fields[] = {
	HF_DER_FIELD(struct hf_feed_voided, ca, &hf_der_Utf8String),
	HF_DER_FIELD(struct hf_feed_voided, serial, &hf_der_Integer),
	HF_DER_FIELD(struct hf_feed_voided, at, &hf_der_Small),
};
static const struct hf_der_type voided_type = HF_DER_SEQUENCE_TYPE("FeedVoided", struct hf_feed_voided, voided_fields);

static const struct hf_der_field crl_fields[] = {
	HF_DER_FIELD(struct hf_feed_crl, ca, &hf_der_Utf8String),
	HF_DER_FIELD(struct hf_feed_crl, shard, &hf_der_Utf8String),
	HF_DER_FIELD(struct hf_feed_crl, number, &hf_der_Small),
	HF_DER_FIELD(struct hf_feed_crl, crl, &hf_der_OctetString),
};
static const struct hf_der_type crl_type = HF_DER_SEQUENCE_TYPE("FeedCrl", struct hf_feed_crl, crl_fields);

static const struct hf_der_field authority_fields[] = {
	HF_DER_FIELD(struct hf_feed_authority, ca, &hf_der_Utf8String),
	HF_DER_FIELD(struct hf_feed_authority, use, &hf_der_Utf8String),
	HF_DER_FIELD(struct hf_feed_authority, certificate, &hf_der_OctetString),
};
static const struct hf_der_type authority_type =
	HF_DER_SEQUENCE_TYPE("FeedAuthority", struct hf_feed_authority, authority_fields);

static const struct hf_der_field record_fields[] = {
	HF_DER_FIELD(struct hf_feed_record, issued, &issued_type, .tag = HF_DER_CTX(0)),
	HF_DER_FIELD(struct hf_feed_record, status, &status_type, .tag = HF_DER_CTX(1)),
	HF_DER_FIELD(struct hf_feed_record, voided, &voided_type, .tag = HF_DER_CTX(2)),
	HF_DER_FIELD(struct hf_feed_record, crl, &crl_type, .tag = HF_DER_CTX(3)),
	HF_DER_FIELD(struct hf_feed_record, authority, &authority_type, .tag = HF_DER_CTX(4)),
};
const struct hf_der_type hf_FeedRecord = HF_DER_CHOICE_TYPE("FeedRecord", struct hf_feed_record, record_fields);

static const struct hf_der_type frames_type = HF_DER_OF_TYPE("SEQUENCE OF ANY", HF_DER_SEQUENCE_OF, &hf_der_Any, 0);

static const struct hf_der_field page_fields[] = {
	HF_DER_FIELD(struct hf_feed_page, frames, &frames_type),
	HF_DER_FIELD(struct hf_feed_page, head, &hf_der_Any, .flags = HF_DER_OPTIONAL),
};
const struct hf_der_type hf_FeedPage = HF_DER_SEQUENCE_TYPE("FeedPage", struct hf_feed_page, page_fields);

const char *hf_feed_kind_name(int kind)
{
	size_t num = sizeof(record_fields) / sizeof(record_fields[0]);

	return kind >= 0 && (size_t)kind < num ? record_fields[kind].name : "unknown";
}

const char *hf_feed_state_name(int64_t state)
{
	static const char *const names[] = {"good", "revoked", "held"};

	return state >= HF_FEED_GOOD && state <= HF_FEED_HELD ? names[state] : "unknown";
}

bool hf_feed_add(struct hf_journal_batch *batch, const struct hf_feed_record *record, struct hf_err *err)
{
	return hf_journal_batch_add(batch, &hf_FeedRecord, record, err);
}

/* --- A page ------------------------------------------------------------------------------------------------------- */

struct making {
	struct hf_tx *tx;
	struct hf_journal journal;
	int64_t number, num_frames;
	struct hf_buf frames, head;
};

static bool frame_put(void *ctx, const struct hf_journal_row *row, struct hf_err *err)
{
	struct making *m = ctx;

	if (row->number != m->number + 1)
		return hf_fail(
			err, HF_E_STORE, "feed: frame %lld is missing: verify the journal", (long long)m->number + 1);
	if (!hf_buf_put_bytes(&m->frames, row->frame))
		return hf_fail(err, HF_E_LIMIT, "feed: more than %zu octets up to the next signed head", m->frames.max);
	m->number = row->number;
	m->num_frames++;
	return true;
}

/* The frames up to the next signed head; *more is false when there is none. */
static bool stretch_put(struct making *m, bool *more, struct hf_err *err)
{
	int64_t head_number;
	struct hf_buf head;
	bool ok;

	hf_buf_init(&head, HF_JOURNAL_HEAD_MAX);
	ok = hf_journal_head_get(m->tx, &m->journal, m->number, false, &head_number, &head, err);
	*more = ok && head_number != 0;
	if (*more) {
		ok = hf_journal_read(m->tx, &m->journal, m->number, head_number - m->number, frame_put, m, err);
		if (ok && m->number != head_number)
			ok = hf_fail(err, HF_E_STORE, "feed: frame %lld is signed and gone: verify the journal",
				(long long)head_number);
		hf_buf_reset(&m->head);
		hf_buf_put_bytes(&m->head, hf_buf_bytes(&head));
	}
	hf_buf_clear(&head);
	return ok;
}

static bool page_fill(struct making *m, int64_t max_frames, struct hf_buf *out, struct hf_err *err)
{
	struct hf_feed_page page;
	int64_t newest;
	bool more = true;

	while (more && m->num_frames < max_frames && m->frames.len < PAGE_SOFT_MAX)
		if (!stretch_put(m, &more, err))
			return false;
	if (m->num_frames == 0 && !hf_journal_head_get(m->tx, &m->journal, 0, true, &newest, &m->head, err))
		return false;
	page.frames = hf_der_list_of(&m->frames);
	page.head = m->head.len > 0 ? hf_buf_bytes(&m->head) : HF_BYTES_NONE;
	return hf_der_encode(&hf_FeedPage, &page, out, err);
}

bool hf_feed_page(struct hf_tx *tx, const char *service, int64_t after, int64_t max_frames, struct hf_buf *out,
	struct hf_err *err)
{
	struct making m = {.tx = tx, .journal = {service, HF_FEED_NAME}, .number = after};
	bool ok;

	hf_buf_init(&m.frames, HF_FEED_PAGE_MAX - 1024);
	hf_buf_init(&m.head, HF_JOURNAL_HEAD_MAX);
	ok = page_fill(&m, max_frames > 0 ? max_frames : 1, out, err);
	hf_buf_clear(&m.head);
	hf_buf_clear(&m.frames);
	return ok;
}
