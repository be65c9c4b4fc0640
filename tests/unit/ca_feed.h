/*
 * The feed of the CA under test as its readers get it: heads signed, one page, proven, taken apart.
 */
#ifndef HUFU_TESTS_UNIT_CA_FEED_H
#define HUFU_TESTS_UNIT_CA_FEED_H

#include "ca_rig.h"

#define FEED_SEEN_MAX 64

struct heading {
	struct hf_journal journal;
	int64_t at;
	bool due;
	struct hf_buf der;
	uint8_t sig[1][64];
	const uint8_t *pub;
};

static inline bool head_due(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct heading *h = ctx;

	hf_buf_reset(&h->der);
	return hf_journal_head_due(tx, &h->journal, h->at, &h->due, &h->der, err);
}

static inline bool head_put(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct heading *h = ctx;

	return hf_journal_head_put(tx, &h->journal, hf_buf_bytes(&h->der), h->sig[0], h->pub, err);
}

/* What the service's timer does, with the key that may sign heads and nothing else. */
static inline void sign_head(struct ca_rig *r, const char *name)
{
	struct hf_err err;
	struct heading h = {.journal = {"ca", name}, .at = r->now, .pub = r->audit_pub};

	hf_buf_init(&h.der, HF_JOURNAL_HEAD_MAX);
	assert_ok(hf_store_read(r->store, head_due, &h, &err));
	assert_true(h.due);
	const struct hf_bytes view = hf_buf_bytes(&h.der);
	assert_ok(hf_dev_sign(&r->dev, "audit", &view, 1, h.sig, &err));
	assert_ok(hf_store_write(r->store, head_put, &h, &err));
	hf_buf_clear(&h.der);
}

/* All records; views into page. */
struct feed_seen {
	struct hf_buf page;
	struct hf_feed_record records[FEED_SEEN_MAX];
	size_t num;
	int num_of[HF_FEED_AUTHORITY + 1];
};

static inline bool feed_take(
	void *ctx, int64_t number, int64_t at, const struct hf_feed_record *record, struct hf_err *err)
{
	struct feed_seen *seen = ctx;

	(void)number;
	(void)at;
	(void)err;
	assert_true(seen->num < FEED_SEEN_MAX);
	seen->records[seen->num++] = *record;
	seen->num_of[record->which]++;
	return true;
}

static inline bool feed_page(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	return hf_feed_page(tx, "ca", 0, 1000, ctx, err);
}

static inline void read_feed(struct ca_rig *r, struct feed_seen *seen)
{
	struct hf_err err;
	struct hf_feed_reader reader;
	const struct hf_feed_events events = {.record = feed_take, .ctx = seen};
	int64_t num = 0;

	*seen = (struct feed_seen){0};
	sign_head(r, HF_FEED_NAME);
	hf_buf_init(&seen->page, HF_FEED_PAGE_MAX);
	assert_ok(hf_store_read(r->store, feed_page, &seen->page, &err));
	hf_feed_reader_init(&reader, "ca", r->audit_pub, 0, NULL);
	assert_ok(hf_feed_reader_take(&reader, hf_buf_bytes(&seen->page), &events, &num, &err));
}

static inline void feed_seen_clear(struct feed_seen *seen)
{
	hf_buf_clear(&seen->page);
}

#endif
