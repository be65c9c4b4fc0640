#include "test.h"

#include "base/clock.h"
#include "feed/feed.h"
#include "scratch.h"

static const struct hf_schema *const schemas[] = {&hf_journal_schema};
static const struct hf_journal feed = {"ca", HF_FEED_NAME};

struct fixture {
	struct scratch s;
	struct hf_store *store;
	struct hf_sm2_key key;
	int num_frames;
};

/* One frame: an issued certificate and something else of each kind in turn. */
static bool frame_write(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct fixture *f = ctx;
	uint8_t serial[2] = {1, (uint8_t)(f->num_frames + 1)};
	const struct hf_feed_record
		issued = {.which = HF_FEED_ISSUED,
			.issued = {HF_BYTES_LIT("ca"), HF_BYTES_OF(serial), 0, HF_DAY, HF_BYTES_LIT("cert")}},
		others[] = {
			{.which = HF_FEED_STATUS,
				.status = {HF_BYTES_LIT("ca"), HF_BYTES_OF(serial), HF_FEED_REVOKED, 1, 5, 3, true}},
			{.which = HF_FEED_STATUS,
				.status = {HF_BYTES_LIT("ca"), HF_BYTES_OF(serial), HF_FEED_HELD, 6, 5, 0, false}},
			{.which = HF_FEED_VOIDED, .voided = {HF_BYTES_LIT("ca"), HF_BYTES_OF(serial), 9}},
			{.which = HF_FEED_CRL, .crl = {HF_BYTES_LIT("root"), HF_BYTES_LIT(""), 7, HF_BYTES_LIT("crl")}},
			{.which = HF_FEED_AUTHORITY,
				.authority = {HF_BYTES_LIT("ca"), HF_BYTES_LIT("responder"),
					HF_BYTES_LIT("ocsp cert")}},
		};
	struct hf_journal_batch batch;
	bool ok;

	hf_journal_batch_init(&batch);
	ok = hf_feed_add(&batch, &issued, err) && hf_feed_add(&batch, &others[f->num_frames % 5], err) &&
	     hf_journal_append(tx, &feed, 1000 + f->num_frames, &batch, NULL, err);
	hf_journal_batch_clear(&batch);
	return ok;
}

static bool head_sign(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct fixture *f = ctx;
	uint8_t z[HF_SM3_LEN], e[HF_SM3_LEN], sig[HF_SM2_SIG];
	struct hf_buf der;
	bool due, ok;

	hf_buf_init(&der, 512);
	ok = hf_journal_head_due(tx, &feed, 2000, &due, &der, err);
	if (ok && due) {
		hf_sm2_z(f->key.pub, HF_SM2_DEFAULT_ID, z);
		hf_sm2_digest(z, hf_buf_bytes(&der), e);
		ok = hf_sm2_sign(f->key.d, e, sig, err) &&
		     hf_journal_head_put(tx, &feed, hf_buf_bytes(&der), sig, f->key.pub, err);
	}
	hf_buf_clear(&der);
	return ok;
}

static void frames_write(struct fixture *f, int num, bool sign)
{
	struct hf_err err;

	for (int i = 0; i < num; i++) {
		assert_ok(hf_store_write(f->store, frame_write, f, &err));
		f->num_frames++;
	}
	if (sign)
		assert_ok(hf_store_write(f->store, head_sign, f, &err));
}

static int setup(void **state)
{
	static struct fixture fixture;
	struct hf_err err;

	memset(&fixture, 0, sizeof(fixture));
	scratch_init(&fixture.s, schemas, 1);
	assert_ok(scratch_open(&fixture.s, &fixture.store, &err));
	assert_ok(hf_sm2_generate(&fixture.key, &err));
	*state = &fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	hf_store_close(f->store);
	scratch_clear(&f->s);
	return 0;
}

struct asking {
	int64_t after, max;
	struct hf_buf *out;
};

static bool ask(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	const struct asking *a = ctx;

	return hf_feed_page(tx, "ca", a->after, a->max, a->out, err);
}

static struct hf_buf page_of(struct fixture *f, int64_t after, int64_t max)
{
	struct hf_buf out;
	struct asking a = {after, max, &out};
	struct hf_err err;

	hf_buf_init(&out, HF_FEED_PAGE_MAX);
	assert_ok(hf_store_read(f->store, ask, &a, &err));
	return out;
}

struct seen {
	int records, frames, kinds[5], fail_at;
};

static bool on_record(void *ctx, int64_t number, int64_t at, const struct hf_feed_record *record, struct hf_err *err)
{
	struct seen *seen = ctx;

	if (seen->fail_at == number)
		return hf_fail(err, HF_E_STORE, "the reader's own disk");
	seen->records++;
	seen->kinds[record->which]++;
	assert_int_equal(at, 999 + number);
	if (record->which == HF_FEED_ISSUED)
		assert_int_equal(record->issued.serial.p[1], number);
	if (record->which == HF_FEED_STATUS && record->status.state == HF_FEED_REVOKED)
		assert_true(record->status.has_invalidityDate && record->status.invalidityDate == 3);
	return true;
}

static bool on_frame(void *ctx, int64_t number, const uint8_t hash[HF_SM3_LEN], struct hf_err *err)
{
	(void)number;
	(void)hash;
	(void)err;
	((struct seen *)ctx)->frames++;
	return true;
}

static bool take(
	struct hf_feed_reader *reader, struct hf_bytes page, struct seen *seen, int64_t *num, struct hf_err *err)
{
	struct hf_feed_events events = {on_record, on_frame, seen};

	return hf_feed_reader_take(reader, page, &events, num, err);
}

static bool take_from(struct fixture *f, struct hf_feed_reader *reader, int64_t max, struct seen *seen, int64_t *num,
	struct hf_err *err)
{
	struct hf_buf page = page_of(f, reader->number, max);
	bool ok = take(reader, hf_buf_bytes(&page), seen, num, err);

	hf_buf_clear(&page);
	return ok;
}

static void a_reader_gets_everything_in_order_page_by_page(void **state)
{
	struct fixture *f = *state;
	struct hf_feed_reader reader;
	struct seen seen = {0};
	struct hf_err err;
	int64_t num;

	hf_feed_reader_init(&reader, "ca", f->key.pub, 0, NULL);
	assert_ok(take_from(f, &reader, 10, &seen, &num, &err)); /* nothing at all yet */
	assert_int_equal(num, 0);
	frames_write(f, 3, true);
	frames_write(f, 4, true);
	frames_write(f, 5, true);
	frames_write(f, 2, false);
	assert_ok(take_from(f, &reader, 1, &seen, &num, &err)); /* as few as a head allows */
	assert_int_equal(num, 3);
	assert_ok(take_from(f, &reader, 5, &seen, &num, &err));
	assert_int_equal(num, 9);
	assert_ok(take_from(f, &reader, 5, &seen, &num, &err)); /* what is not signed is not given */
	assert_int_equal(num, 0);
	frames_write(f, 0, true);
	assert_ok(take_from(f, &reader, 5, &seen, &num, &err));
	assert_int_equal(num, 2);
	assert_int_equal(reader.number, 14);
	assert_int_equal(seen.frames, 14);
	assert_int_equal(seen.records, 28);
	assert_int_equal(seen.kinds[HF_FEED_ISSUED], 14);
	assert_int_equal(seen.kinds[HF_FEED_STATUS], 6);
	assert_int_equal(seen.kinds[HF_FEED_VOIDED], 3);
	assert_int_equal(seen.kinds[HF_FEED_CRL], 3);
	assert_int_equal(seen.kinds[HF_FEED_AUTHORITY], 2);
}

static void a_reader_that_failed_goes_on_behind_its_last_frame(void **state)
{
	struct fixture *f = *state;
	struct seen seen = {.fail_at = 4};
	struct hf_feed_reader reader, again;
	struct hf_err err;
	int64_t num;

	frames_write(f, 6, true);
	hf_feed_reader_init(&reader, "ca", f->key.pub, 0, NULL);
	assert_refused(take_from(f, &reader, 10, &seen, &num, &err), HF_E_STORE, "the reader's own disk");
	assert_int_equal(reader.number, 3);
	seen.fail_at = 0;
	hf_feed_reader_init(&again, "ca", f->key.pub, reader.number, reader.hash);
	assert_ok(take_from(f, &again, 10, &seen, &num, &err));
	assert_int_equal(num, 3);
	assert_int_equal(seen.records, 12);
}

/* A page made of some frames of another one, with its head or without: indices from 0, ended by -1. */
static struct hf_buf page_with(struct hf_bytes in, const int *indices, bool with_head)
{
	struct hf_bytes frames[32];
	struct hf_feed_page page;
	struct hf_buf content, out;
	struct hf_err err;
	size_t num = 0;

	assert_ok(hf_der_decode(&hf_FeedPage, in, &page, &err));
	while (hf_der_list_next_raw(&page.frames, &frames[num]))
		num++;
	hf_buf_init(&content, 1 << 20);
	hf_buf_init(&out, 1 << 20);
	for (; *indices >= 0; indices++)
		hf_buf_put_bytes(&content, frames[*indices]);
	page.frames = hf_der_list_of(&content);
	if (!with_head)
		page.head = HF_BYTES_NONE;
	assert_ok(hf_der_encode(&hf_FeedPage, &page, &out, &err));
	hf_buf_clear(&content);
	return out;
}

static void pages_with_something_wrong_are_refused_whole(void **state)
{
	static const struct {
		int indices[8];
		bool head;
		const char *word;
	} cases[] = {
		{{1, 2, 3, -1}, true, "frames are missing"},
		{{0, 2, 3, -1}, true, "frames are missing"},
		{{0, 1, 1, 2, 3, -1}, true, "it was taken"},
		{{1, 0, 2, 3, -1}, true, "frames are missing"},
		{{0, 1, 2, -1}, true, "withheld"},
		{{-1}, true, "withheld"},
		{{0, 1, 2, 3, -1}, false, "no signed head"},
	};
	struct fixture *f = *state;
	struct hf_feed_reader reader;
	struct seen seen = {0};
	struct hf_buf page, bad;
	struct hf_err err;
	int64_t num;

	frames_write(f, 4, true);
	page = page_of(f, 0, 10);
	hf_feed_reader_init(&reader, "ca", f->key.pub, 0, NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bad = page_with(hf_buf_bytes(&page), cases[i].indices, cases[i].head);
		assert_refused(take(&reader, hf_buf_bytes(&bad), &seen, &num, &err), HF_E_VERIFY, cases[i].word);
		hf_buf_clear(&bad);
	}
	/* one flipped bit anywhere is refused, and nothing of the page is believed */
	for (size_t i = 0; i < page.len; i += 7) {
		page.p[i] ^= 0x10;
		assert_false(take(&reader, hf_buf_bytes(&page), &seen, &num, &err));
		page.p[i] ^= 0x10;
	}
	assert_refused(take(&reader, (struct hf_bytes){page.p, page.len - 1}, &seen, &num, &err), HF_E_INPUT, "");
	assert_int_equal(seen.records, 0);
	assert_int_equal(reader.number, 0);
	assert_ok(take(&reader, hf_buf_bytes(&page), &seen, &num, &err));
	assert_refused(take(&reader, hf_buf_bytes(&page), &seen, &num, &err), HF_E_VERIFY, "it was taken");
	assert_int_equal(seen.records, 8);
	hf_buf_clear(&page);
}

static void another_key_or_service_is_refused(void **state)
{
	struct fixture *f = *state;
	struct hf_feed_reader reader;
	struct hf_sm2_key other;
	struct seen seen = {0};
	struct hf_err err;
	int64_t num;

	frames_write(f, 1, true);
	assert_ok(hf_sm2_generate(&other, &err));
	hf_feed_reader_init(&reader, "ca", other.pub, 0, NULL);
	assert_refused(take_from(f, &reader, 10, &seen, &num, &err), HF_E_VERIFY, "another key");
	hf_feed_reader_init(&reader, "ca2", f->key.pub, 0, NULL);
	assert_refused(take_from(f, &reader, 10, &seen, &num, &err), HF_E_INPUT, "belongs to");
	assert_int_equal(seen.records, 0);
}

static void a_feed_that_went_back_or_forked_shows(void **state)
{
	struct fixture *f = *state, other;
	struct hf_feed_reader reader;
	struct seen seen = {0};
	struct hf_err err;
	int64_t num;

	frames_write(f, 3, true);
	hf_feed_reader_init(&reader, "ca", f->key.pub, 0, NULL);
	assert_ok(take_from(f, &reader, 10, &seen, &num, &err));
	/* the same CA, its database lost and begun again under the same key */
	other = *f;
	other.num_frames = 0;
	scratch_init(&other.s, schemas, 1);
	assert_ok(scratch_open(&other.s, &other.store, &err));
	assert_refused(take_from(&other, &reader, 10, &seen, &num, &err), HF_E_VERIFY, "no signed head");
	frames_write(&other, 2, true);
	assert_refused(take_from(&other, &reader, 10, &seen, &num, &err), HF_E_VERIFY, "went back");
	other.num_frames = 7;
	frames_write(&other, 1, true);
	assert_refused(take_from(&other, &reader, 10, &seen, &num, &err), HF_E_VERIFY, "rewritten");
	frames_write(&other, 1, true);
	assert_refused(take_from(&other, &reader, 10, &seen, &num, &err), HF_E_VERIFY, "does not follow");
	assert_int_equal(seen.frames, 3);
	hf_store_close(other.store);
	scratch_clear(&other.s);
}

static bool wound(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	return hf_query_run(hf_query(tx, ctx), NULL, err);
}

static void a_wounded_journal_is_not_given_out(void **state)
{
	struct fixture *f = *state;
	struct hf_buf out;
	struct asking a = {0, 10, &out};
	struct hf_err err;

	frames_write(f, 4, true);
	hf_buf_init(&out, HF_FEED_PAGE_MAX);
	assert_ok(hf_store_write(f->store, wound, "DELETE FROM journal WHERE number = 4", &err));
	assert_refused(hf_store_read(f->store, ask, &a, &err), HF_E_STORE, "frame 4 is signed and gone");
	assert_ok(hf_store_write(f->store, wound, "DELETE FROM journal WHERE number = 2", &err));
	assert_refused(hf_store_read(f->store, ask, &a, &err), HF_E_STORE, "frame 2 is missing");
	hf_buf_clear(&out);
}

static void kinds_and_states_have_names(void **state)
{
	(void)state;
	assert_string_equal(hf_feed_kind_name(HF_FEED_ISSUED), "issued");
	assert_string_equal(hf_feed_kind_name(HF_FEED_AUTHORITY), "authority");
	assert_string_equal(hf_feed_kind_name(5), "unknown");
	assert_string_equal(hf_feed_state_name(HF_FEED_HELD), "held");
	assert_string_equal(hf_feed_state_name(-1), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_reader_gets_everything_in_order_page_by_page, setup, teardown),
		cmocka_unit_test_setup_teardown(a_reader_that_failed_goes_on_behind_its_last_frame, setup, teardown),
		cmocka_unit_test_setup_teardown(pages_with_something_wrong_are_refused_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(another_key_or_service_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_feed_that_went_back_or_forked_shows, setup, teardown),
		cmocka_unit_test_setup_teardown(a_wounded_journal_is_not_given_out, setup, teardown),
		cmocka_unit_test(kinds_and_states_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
