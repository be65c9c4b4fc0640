/* The feed's pages: whatever a reader reads encodes again to the same octets, and no page moves it without a head. */
#include "feed/feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OUT_MAX ((size_t)4 << 20)

static void same_again(const struct hf_der_type *type, const void *object, struct hf_bytes want)
{
	struct hf_buf out;

	hf_buf_init(&out, OUT_MAX);
	HF_ASSERT(hf_der_encode(type, object, &out, NULL));
	HF_ASSERT(hf_bytes_equal(hf_buf_bytes(&out), want));
	hf_buf_clear(&out);
}

static void frame(struct hf_bytes der)
{
	static const struct hf_journal feed = {"ca", HF_FEED_NAME};
	struct hf_journal_frame parsed;
	struct hf_feed_record record;
	struct hf_bytes raw;

	if (!hf_journal_frame_decode(&feed, der, &parsed, NULL))
		return;
	HF_ASSERT(parsed.number > 0 && parsed.previous.len == HF_SM3_LEN);
	same_again(&hf_JournalFrame, &parsed, der);
	while (hf_der_list_next_raw(&parsed.records, &raw)) {
		if (!hf_der_decode(&hf_FeedRecord, raw, &record, NULL))
			continue;
		HF_ASSERT(hf_feed_kind_name(record.which)[0] != 'u');
		same_again(&hf_FeedRecord, &record, raw);
	}
}

static bool on_record(void *ctx, int64_t number, int64_t at, const struct hf_feed_record *record, struct hf_err *err)
{
	(void)at;
	(void)record;
	(void)err;
	HF_ASSERT(number > *(int64_t *)ctx - 1);
	*(int64_t *)ctx = number;
	return true;
}

/* The key that signed the seeds is not in them, so a page may only be believed if it says nothing. */
static void reader(struct hf_bytes in)
{
	static const uint8_t pub[HF_SM2_POINT] = {1};
	struct hf_feed_reader reader;
	int64_t last = 0, num = 0;
	struct hf_feed_events events = {.record = on_record, .ctx = &last};

	hf_feed_reader_init(&reader, "ca", pub, 0, NULL);
	if (hf_feed_reader_take(&reader, in, &events, &num, NULL))
		HF_ASSERT(num == 0);
	HF_ASSERT(reader.number == 0 && last == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hf_bytes in = {data, size}, der;
	struct hf_feed_page page;

	frame(in);
	reader(in);
	if (!hf_der_decode(&hf_FeedPage, in, &page, NULL))
		return 0;
	same_again(&hf_FeedPage, &page, in);
	while (hf_der_list_next_raw(&page.frames, &der))
		frame(der);
	return 0;
}
