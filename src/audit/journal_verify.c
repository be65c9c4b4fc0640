#include "audit/journal_verify.h"

#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PAGE_FRAMES 128

static const char *const fault_names[HF_JOURNAL_NUM_FAULTS] = {
	[HF_JOURNAL_GAP] = "gap",
	[HF_JOURNAL_ALTERED] = "altered",
	[HF_JOURNAL_UNREADABLE] = "unreadable",
	[HF_JOURNAL_MISPLACED] = "misplaced",
	[HF_JOURNAL_BROKEN_LINK] = "broken-link",
	[HF_JOURNAL_BAD_RECORD] = "bad-record",
	[HF_JOURNAL_BAD_HEAD] = "bad-head",
	[HF_JOURNAL_HEAD_DIFFERS] = "head-differs",
	[HF_JOURNAL_TRUNCATED] = "truncated",
	[HF_JOURNAL_UNSIGNED] = "unsigned",
};

const char *hf_journal_fault_name(enum hf_journal_fault_kind kind)
{
	return kind < HF_JOURNAL_NUM_FAULTS ? fault_names[kind] : "unknown";
}

static void report(struct hf_journal_verifier *v, enum hf_journal_fault_kind kind, int64_t number, const char *fmt, ...)
	HF_PRINTF(4, 5);

static void report(struct hf_journal_verifier *v, enum hf_journal_fault_kind kind, int64_t number, const char *fmt, ...)
{
	char text[HF_ERR_TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	v->num_faults++;
	if (v->options->report)
		v->options->report(v->options->ctx, &(struct hf_journal_fault){kind, number, text});
}

void hf_journal_verifier_init(struct hf_journal_verifier *v, const struct hf_journal_verify_options *options)
{
	*v = (struct hf_journal_verifier){.options = options, .hash_known = true};
}

static void records_check(struct hf_journal_verifier *v, const struct hf_journal_frame *frame)
{
	struct hf_der_list rest = frame->records;
	struct hf_bytes record;

	for (size_t i = 1; hf_der_list_next_raw(&rest, &record); i++) {
		struct hf_err err = {.code = HF_OK};

		v->num_records++;
		if (v->options->record && !v->options->record(v->options->ctx, record, &err))
			report(v, HF_JOURNAL_BAD_RECORD, frame->number, "record %zu of frame %lld: %s", i,
				(long long)frame->number, err.text);
	}
}

/*
 * One fault, one report: behind an altered frame the stored hash is what the next one must name; behind a frame that is
 * not the one that belongs there, nothing is known.
 */
static bool frame_is_itself(
	struct hf_journal_verifier *v, const struct hf_journal_row *row, struct hf_journal_frame *frame)
{
	uint8_t hash[HF_SM3_LEN];
	struct hf_err err = {.code = HF_OK};

	hf_sm3(row->frame, hash);
	if (!hf_bytes_equal(HF_BYTES_OF(hash), row->hash)) {
		report(v, HF_JOURNAL_ALTERED, row->number, "frame %lld: its SM3 is not the hash stored with it",
			(long long)row->number);
		return false;
	}
	if (!hf_journal_frame_decode(v->options->journal, row->frame, frame, &err)) {
		report(v, HF_JOURNAL_UNREADABLE, row->number, "frame %lld: %s", (long long)row->number, err.text);
		return false;
	}
	if (frame->number != row->number) {
		report(v, HF_JOURNAL_MISPLACED, row->number, "in the place of frame %lld stands frame %lld",
			(long long)row->number, (long long)frame->number);
		v->hash_known = false;
		return false;
	}
	if (frame->at != row->at || !hf_bytes_equal(frame->previous, row->previous)) {
		report(v, HF_JOURNAL_ALTERED, row->number, "frame %lld: the columns beside it say something else",
			(long long)row->number);
		return false;
	}
	return true;
}

void hf_journal_verifier_frame(struct hf_journal_verifier *v, const struct hf_journal_row *row)
{
	struct hf_journal_frame frame;
	bool link_known = v->hash_known;
	uint8_t previous[HF_SM3_LEN];

	memcpy(previous, v->hash, sizeof(previous));
	if (row->number <= v->number) {
		report(v, HF_JOURNAL_MISPLACED, row->number, "frame %lld comes after frame %lld",
			(long long)row->number, (long long)v->number);
		return;
	}
	if (row->number > v->number + 1) {
		report(v, HF_JOURNAL_GAP, row->number, "frames %lld to %lld are missing", (long long)v->number + 1,
			(long long)row->number - 1);
		link_known = false;
	}
	v->number = row->number;
	v->at = row->at;
	if (v->unsigned_at == 0)
		v->unsigned_at = row->at;
	v->hash_known = row->hash.len == HF_SM3_LEN;
	if (v->hash_known)
		memcpy(v->hash, row->hash.p, HF_SM3_LEN);
	if (!frame_is_itself(v, row, &frame))
		return;
	if (link_known && memcmp(frame.previous.p, previous, HF_SM3_LEN) != 0)
		report(v, HF_JOURNAL_BROKEN_LINK, row->number, "frame %lld does not follow the frame before it",
			(long long)row->number);
	records_check(v, &frame);
}

/* Against the frame that was given last, if the head is that frame's. */
static void head_against_frame(struct hf_journal_verifier *v, int64_t number, struct hf_bytes hash, const char *whose)
{
	if (number > v->number) {
		if (number > v->truncated_at)
			v->truncated_at = number;
		return;
	}
	if (number == v->number && v->hash_known && !hf_bytes_equal(hash, HF_BYTES_OF(v->hash)))
		report(v, HF_JOURNAL_HEAD_DIFFERS, number,
			"%s names another frame %lld than the one that is there: it was rewritten", whose,
			(long long)number);
}

void hf_journal_verifier_head(struct hf_journal_verifier *v, int64_t number, struct hf_bytes der)
{
	struct hf_journal_head head;
	struct hf_err err = {.code = HF_OK};

	v->num_heads++;
	if (!hf_journal_head_verify(v->options->journal, der, v->options->pub, &head, &err)) {
		report(v, HF_JOURNAL_BAD_HEAD, number, "head %lld: %s", (long long)number, err.text);
		return;
	}
	if (head.number != number) {
		report(v, HF_JOURNAL_BAD_HEAD, number, "in the place of head %lld stands head %lld", (long long)number,
			(long long)head.number);
		return;
	}
	head_against_frame(v, number, head.hash, "the signed head");
	if (number <= v->number) {
		v->signed_number = number;
		v->unsigned_at = 0;
	}
}

bool hf_journal_verifier_end(struct hf_journal_verifier *v, struct hf_err *err)
{
	if (v->options->known_number > v->number && v->options->known_number > v->truncated_at)
		v->truncated_at = v->options->known_number;
	if (v->truncated_at > v->number)
		report(v, HF_JOURNAL_TRUNCATED, v->number + 1, "frames %lld to %lld were signed and are gone",
			(long long)v->number + 1, (long long)v->truncated_at);
	else if (v->signed_number < v->number && v->unsigned_at <= v->options->unsigned_since)
		report(v, HF_JOURNAL_UNSIGNED, v->signed_number + 1, "frames %lld to %lld have no signed head",
			(long long)v->signed_number + 1, (long long)v->number);
	if (v->num_faults > 0)
		return hf_fail(err, HF_E_VERIFY, "journal %s of %s: %llu faults in %lld frames",
			v->options->journal->name, v->options->journal->service, (unsigned long long)v->num_faults,
			(long long)v->number);
	return true;
}

/* --- A whole store ------------------------------------------------------------------------------------------------ */

struct page {
	struct hf_journal_verifier *v;
	int64_t head_number; /* the next head to give; 0: none is left */
	struct hf_buf head;
	int64_t num;
	struct hf_tx *tx;
};

static bool head_load(struct page *page, int64_t after, struct hf_err *err)
{
	hf_buf_reset(&page->head);
	return hf_journal_head_get(
		page->tx, page->v->options->journal, after, false, &page->head_number, &page->head, err);
}

/* Heads up to and with this frame's; number INT64_MAX: all that are left. */
static bool heads_give(struct page *page, int64_t number, struct hf_err *err)
{
	while (page->head_number != 0 && page->head_number <= number) {
		hf_journal_verifier_head(page->v, page->head_number, hf_buf_bytes(&page->head));
		if (!head_load(page, page->head_number, err))
			return false;
	}
	return true;
}

static bool page_frame(void *ctx, const struct hf_journal_row *row, struct hf_err *err)
{
	struct page *page = ctx;
	const struct hf_journal_verify_options *options = page->v->options;

	page->num++;
	/* A head in a gap is given before the frame behind it. */
	if (!heads_give(page, row->number - 1, err))
		return false;
	hf_journal_verifier_frame(page->v, row);
	if (row->number == options->known_number)
		head_against_frame(page->v, row->number, HF_BYTES_OF(options->known_hash), "the head kept elsewhere");
	return heads_give(page, row->number, err);
}

static bool page_read(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct page *page = ctx;

	page->tx = tx;
	page->num = 0;
	if (!head_load(page, page->v->number, err) ||
		!hf_journal_read(tx, page->v->options->journal, page->v->number, PAGE_FRAMES, page_frame, page, err))
		return false;
	/* The last page is short: what is left are heads without frames. */
	return page->num == PAGE_FRAMES || heads_give(page, INT64_MAX, err);
}

bool hf_journal_verify(struct hf_store *store, const struct hf_journal_verify_options *options,
	struct hf_journal_verifier *v, struct hf_err *err)
{
	struct page page = {.v = v, .num = PAGE_FRAMES};
	bool ok = true;

	hf_journal_verifier_init(v, options);
	hf_buf_init(&page.head, HF_JOURNAL_HEAD_MAX);
	while (ok && page.num == PAGE_FRAMES)
		ok = hf_store_read(store, page_read, &page, err);
	hf_buf_clear(&page.head);
	return ok && hf_journal_verifier_end(v, err);
}
