#include "feed/feed.h"

#include <string.h>

void hf_feed_reader_init(struct hf_feed_reader *reader, const char *service, const uint8_t pub[HF_SM2_POINT],
	int64_t number, const uint8_t *hash)
{
	*reader = (struct hf_feed_reader){.journal = {service, HF_FEED_NAME}, .number = number};
	memcpy(reader->pub, pub, HF_SM2_POINT);
	if (hash)
		memcpy(reader->hash, hash, HF_SM3_LEN);
}

static bool records_prove(const struct hf_journal_frame *frame, struct hf_err *err)
{
	struct hf_der_list rest = frame->records;
	struct hf_feed_record record;
	struct hf_bytes der;

	while (hf_der_list_next_raw(&rest, &der)) {
		if (!hf_der_decode(&hf_FeedRecord, der, &record, err))
			return false;
		if (record.which == HF_FEED_STATUS &&
			(record.status.state < HF_FEED_GOOD || record.status.state > HF_FEED_HELD))
			return hf_fail(err, HF_E_INPUT, "FeedStatus.state: expected 0 to %d, got %lld", HF_FEED_HELD,
				(long long)record.status.state);
	}
	return true;
}

/* One frame behind the walk's place, which moves behind it. */
static bool frame_prove(struct hf_feed_reader *walk, struct hf_bytes der, struct hf_err *err)
{
	struct hf_journal_frame frame;

	if (!hf_journal_frame_decode(&walk->journal, der, &frame, err))
		return false;
	if (frame.number != walk->number + 1)
		return hf_fail(err, HF_E_VERIFY, "frame %lld was given, %lld is the next: %s", (long long)frame.number,
			(long long)walk->number + 1,
			frame.number > walk->number ? "frames are missing" : "it was taken");
	if (memcmp(frame.previous.p, walk->hash, HF_SM3_LEN) != 0)
		return hf_fail(err, HF_E_VERIFY, "frame %lld does not follow the frame that was taken before",
			(long long)frame.number);
	if (!records_prove(&frame, err))
		return false;
	walk->number = frame.number;
	hf_sm3(der, walk->hash);
	return true;
}

static bool head_prove(const struct hf_feed_reader *walk, struct hf_bytes der, bool empty, struct hf_err *err)
{
	struct hf_journal_head head;

	if (!der.p) {
		if (empty && walk->number == 0)
			return true;
		return hf_fail(err, HF_E_VERIFY, "there is no signed head for frame %lld", (long long)walk->number);
	}
	if (!hf_journal_head_verify(&walk->journal, der, walk->pub, &head, err))
		return false;
	if (head.number < walk->number)
		return hf_fail(err, HF_E_VERIFY,
			"the head names frame %lld, %lld was taken already: the feed went back (was a backup "
			"restored?)",
			(long long)head.number, (long long)walk->number);
	if (head.number > walk->number)
		return hf_fail(err, HF_E_VERIFY, "the head names frame %lld, the frames end at %lld: some are withheld",
			(long long)head.number, (long long)walk->number);
	if (!hf_bytes_equal(head.hash, HF_BYTES_OF(walk->hash)))
		return hf_fail(err, HF_E_VERIFY, "the head names another frame %lld: the feed was rewritten",
			(long long)head.number);
	return true;
}

/* The whole page, before anything is believed; on success the walk stands behind it. */
static bool page_prove(const struct hf_feed_reader *reader, const struct hf_feed_page *page, struct hf_err *err)
{
	struct hf_feed_reader walk = *reader;
	struct hf_der_list rest = page->frames;
	struct hf_bytes der;

	while (hf_der_list_next_raw(&rest, &der))
		if (!frame_prove(&walk, der, err))
			return hf_fail_in(
				err, "feed of %s, behind frame %lld", reader->journal.service, (long long)walk.number);
	if (!head_prove(&walk, page->head, page->frames.num == 0, err))
		return hf_fail_in(err, "feed of %s", reader->journal.service);
	return true;
}

static bool frame_take(
	struct hf_feed_reader *reader, struct hf_bytes der, const struct hf_feed_events *events, struct hf_err *err)
{
	struct hf_journal_frame frame;
	struct hf_feed_record record;
	struct hf_bytes raw;

	if (!hf_journal_frame_decode(&reader->journal, der, &frame, err))
		return false;
	while (hf_der_list_next_raw(&frame.records, &raw))
		if (!hf_der_decode(&hf_FeedRecord, raw, &record, err) ||
			!events->record(events->ctx, frame.number, frame.at, &record, err))
			return false;
	reader->number = frame.number;
	hf_sm3(der, reader->hash);
	return !events->frame || events->frame(events->ctx, frame.number, reader->hash, err);
}

bool hf_feed_reader_take(struct hf_feed_reader *reader, struct hf_bytes in, const struct hf_feed_events *events,
	int64_t *num, struct hf_err *err)
{
	struct hf_feed_page page;
	struct hf_bytes der;

	if (num)
		*num = 0;
	if (in.len > HF_FEED_PAGE_MAX)
		return hf_fail(err, HF_E_LIMIT, "feed of %s: a page of %zu octets", reader->journal.service, in.len);
	if (!hf_der_decode(&hf_FeedPage, in, &page, err) || !page_prove(reader, &page, err))
		return false;
	while (hf_der_list_next_raw(&page.frames, &der)) {
		if (!frame_take(reader, der, events, err))
			return false;
		if (num)
			++*num;
	}
	return true;
}
