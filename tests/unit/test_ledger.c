/*
 * The ledger: what it takes, what it refuses, and what a crash or a hand on the disk does to it.
 */
#include "test.h"

#include "base/str.h"
#include "keyd/ledger.h"
#include "scratch.h"

#include <fcntl.h>
#include <sys/stat.h>

#define START (INT64_C(1764000000) * HF_SECOND)

struct fixture {
	struct scratch scratch;
	char path[400];
	int64_t now;
	struct hf_clock clock;
	struct hf_ledger *ledger;
};

static int64_t fixture_clock(void *ctx)
{
	return *(int64_t *)ctx;
}

static bool try_open(struct fixture *f, struct hf_err *err)
{
	return hf_ledger_open(f->path, &f->clock, &f->ledger, err);
}

static void shut(struct fixture *f)
{
	hf_ledger_close(f->ledger);
	f->ledger = NULL;
}

static int set_up(void **state)
{
	struct hf_err err;
	struct fixture *f = calloc(1, sizeof(*f));

	scratch_init(&f->scratch, NULL, 0);
	hf_fmt_cut(f->path, sizeof(f->path), "%s/ledger", f->scratch.dir);
	f->now = START;
	f->clock = (struct hf_clock){fixture_clock, &f->now};
	assert_ok(try_open(f, &err));
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	hf_ledger_close(f->ledger);
	scratch_clear(&f->scratch);
	free(f);
	return 0;
}

static struct hf_ledger_item item(bool is_crl, uint8_t n)
{
	struct hf_ledger_item made = {.is_crl = is_crl};

	made.serial[19] = n;
	memset(made.tbs_hash, n, sizeof(made.tbs_hash));
	return made;
}

/* Certificates n to n + num - 1 as one batch. */
static bool append(struct fixture *f, const char *key, uint8_t n, size_t num, struct hf_err *err)
{
	struct hf_ledger_item items[64];

	for (size_t i = 0; i < num; i++)
		items[i] = item(false, (uint8_t)(n + i));
	return hf_ledger_append(f->ledger, key, items, num, err);
}

static uint64_t number_of(const struct fixture *f)
{
	struct hf_ledger_state state;

	hf_ledger_state_of(f->ledger, &state);
	return state.number;
}

static off_t size_of(const struct fixture *f)
{
	struct stat st;

	assert_int_equal(stat(f->path, &st), 0);
	return st.st_size;
}

static void flip(const struct fixture *f, off_t at)
{
	uint8_t octet;
	int fd = open(f->path, O_RDWR);

	assert_int_equal(pread(fd, &octet, 1, at), 1);
	octet ^= 0x10;
	assert_int_equal(pwrite(fd, &octet, 1, at), 1);
	close(fd);
}

static void it_is_the_same_after_opening_again(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;
	struct hf_ledger_state before, after;
	struct hf_ledger_entry entries[8];
	const struct hf_ledger_item crl = item(true, 1);
	size_t num;

	assert_ok(append(f, "ca", 1, 3, &err));
	f->now += HF_MINUTE;
	assert_ok(hf_ledger_append(f->ledger, "root", &crl, 1, &err));
	hf_ledger_state_of(f->ledger, &before);
	shut(f);
	assert_ok(try_open(f, &err));
	hf_ledger_state_of(f->ledger, &after);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_int_equal(after.number, 4);
	assert_int_equal(after.epoch, 1);
	assert_ok(hf_ledger_entries(f->ledger, 0, entries, 8, &num, &err));
	assert_int_equal(num, 4);
	assert_string_equal(entries[1].key, "ca");
	assert_int_equal(entries[1].serial[19], 2);
	assert_int_equal(entries[1].at, START);
	assert_false(entries[1].is_crl);
	assert_string_equal(entries[3].key, "root");
	assert_true(entries[3].is_crl);
	assert_int_equal(entries[3].at, START + HF_MINUTE);
	assert_memory_equal(entries[3].chain, after.chain, sizeof(after.chain));
	assert_memory_equal(entries[0].tbs_hash, item(false, 1).tbs_hash, 32);
}

static void each_file_has_an_id_of_its_own(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;
	struct hf_ledger_state one, two;

	hf_ledger_state_of(f->ledger, &one);
	shut(f);
	assert_int_equal(unlink(f->path), 0);
	assert_ok(try_open(f, &err));
	hf_ledger_state_of(f->ledger, &two);
	assert_memory_not_equal(one.id, two.id, sizeof(one.id));
}

static void a_serial_is_taken_once_and_for_ever(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;
	struct hf_ledger_item items[2] = {item(false, 9), item(false, 9)};
	const struct hf_ledger_item crl = item(true, 5);

	assert_ok(append(f, "ca", 1, 5, &err));
	assert_refused(append(f, "ca", 5, 1, &err), HF_E_EXISTS, "serial was signed before");
	assert_refused(append(f, "ca", 4, 4, &err), HF_E_EXISTS, "message 0");
	items[1].tbs_hash[0] ^= 1;
	assert_refused(hf_ledger_append(f->ledger, "ca", items, 2, &err), HF_E_EXISTS, "message 1");
	assert_int_equal(number_of(f), 5);
	/* What was refused with others is free still. */
	assert_ok(append(f, "ca", 6, 4, &err));
	/* Another key's serials, and the numbers of CRLs, are others. */
	assert_ok(append(f, "root", 5, 1, &err));
	assert_ok(hf_ledger_append(f->ledger, "ca", &crl, 1, &err));
	assert_refused(hf_ledger_append(f->ledger, "ca", &crl, 1, &err), HF_E_EXISTS, "CRL number");
	shut(f);
	assert_ok(try_open(f, &err));
	assert_refused(append(f, "ca", 5, 1, &err), HF_E_EXISTS, "serial was signed before");
	assert_refused(hf_ledger_append(f->ledger, "ca", &crl, 1, &err), HF_E_EXISTS, "CRL number");
}

static void many_serials_are_remembered(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;
	struct hf_ledger_item items[1000];

	for (unsigned batch = 0; batch < 6; batch++) {
		for (unsigned i = 0; i < 1000; i++) {
			items[i] = item(false, 0);
			items[i].serial[0] = (uint8_t)batch;
			items[i].serial[5] = (uint8_t)(i >> 8);
			items[i].serial[6] = (uint8_t)i;
		}
		assert_ok(hf_ledger_append(f->ledger, "ca", items, 1000, &err));
	}
	for (unsigned i = 0; i < 1000; i += 37)
		assert_refused(hf_ledger_append(f->ledger, "ca", &items[i], 1, &err), HF_E_EXISTS, "before");
	assert_int_equal(number_of(f), 6000);
}

static void entries_come_in_pages(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;
	struct hf_ledger_entry entries[4];
	size_t num;
	uint64_t after = 0;

	assert_ok(append(f, "ca", 1, 10, &err));
	for (size_t want[] = {4, 4, 2, 0}, i = 0; i < 4; i++) {
		assert_ok(hf_ledger_entries(f->ledger, after, entries, 4, &num, &err));
		assert_int_equal(num, want[i]);
		for (size_t j = 0; j < num; j++)
			assert_int_equal(entries[j].number, after + j + 1);
		after += num;
	}
	assert_refused(hf_ledger_entries(f->ledger, 11, entries, 4, &num, &err), HF_E_STATE, "older than who asks");
	flip(f, 7 * HF_LEDGER_RECORD + 40);
	assert_refused(hf_ledger_entries(f->ledger, 0, entries, 4, &num, &err) &&
			       hf_ledger_entries(f->ledger, 4, entries, 4, &num, &err),
		HF_E_VERIFY, "record 7 is damaged");
}

/* A batch was being written when the power went: whatever is left of its last record, the rest stands. */
static void a_torn_end_is_cut_off_and_nothing_else(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;
	struct hf_ledger_state state_of_5, got;

	assert_ok(append(f, "ca", 1, 5, &err));
	hf_ledger_state_of(f->ledger, &state_of_5);
	for (off_t cut = 0; cut < HF_LEDGER_RECORD; cut++) {
		assert_ok(append(f, "ca", 6, 1, &err));
		shut(f);
		assert_int_equal(truncate(f->path, 6 * HF_LEDGER_RECORD + cut), 0);
		assert_ok(try_open(f, &err));
		hf_ledger_state_of(f->ledger, &got);
		assert_memory_equal(&got, &state_of_5, sizeof(got));
		assert_int_equal(size_of(f), 6 * HF_LEDGER_RECORD);
	}
	/* The serial was never signed: it may be used. */
	assert_ok(append(f, "ca", 6, 2, &err));
	shut(f);
	assert_ok(try_open(f, &err));
	assert_int_equal(number_of(f), 7);
}

static void zeros_at_the_end_are_cut_off(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;

	assert_ok(append(f, "ca", 1, 2, &err));
	shut(f);
	assert_int_equal(truncate(f->path, 6 * HF_LEDGER_RECORD + 17), 0);
	assert_ok(try_open(f, &err));
	assert_int_equal(number_of(f), 2);
	assert_int_equal(size_of(f), 3 * HF_LEDGER_RECORD);
}

static void any_flipped_octet_before_the_last_record_shuts_it(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;

	assert_ok(append(f, "ca", 1, 4, &err));
	shut(f);
	for (off_t at = 0; at < 4 * HF_LEDGER_RECORD; at++) {
		flip(f, at);
		assert_refused(try_open(f, &err), HF_E_VERIFY, at < HF_LEDGER_RECORD ? "head" : "does not follow");
		assert_int_equal(size_of(f), 5 * HF_LEDGER_RECORD);
		flip(f, at);
	}
	assert_ok(try_open(f, &err));
	assert_int_equal(number_of(f), 4);
}

static void a_record_taken_out_or_put_in_shuts_it(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;
	uint8_t file[6 * HF_LEDGER_RECORD];
	const size_t r = HF_LEDGER_RECORD;

	assert_ok(append(f, "ca", 1, 5, &err));
	shut(f);
	int fd = open(f->path, O_RDWR);
	assert_int_equal(pread(fd, file, sizeof(file), 0), sizeof(file));
	assert_int_equal(pwrite(fd, file + 3 * r, 3 * r, (off_t)(2 * r)), 3 * r);
	assert_refused(try_open(f, &err), HF_E_VERIFY, "record 2 does not follow");
	assert_int_equal(pwrite(fd, file + 1 * r, r, (off_t)(2 * r)), r);
	assert_refused(try_open(f, &err), HF_E_VERIFY, "record 2 does not follow");
	close(fd);
}

static void time_does_not_run_backwards(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;

	assert_ok(append(f, "ca", 1, 1, &err));
	f->now = START - HF_LEDGER_DRIFT;
	assert_ok(append(f, "ca", 2, 1, &err)); /* within the drift */
	f->now = START - HF_LEDGER_DRIFT - 1;
	assert_refused(append(f, "ca", 3, 1, &err), HF_E_CLOCK, "ran backwards");
	assert_refused(hf_ledger_check_clock(f->ledger, &err), HF_E_CLOCK, "2025-11-24T");
	shut(f);
	assert_refused(try_open(f, &err), HF_E_CLOCK, "mend the clock");
	f->now = START;
	assert_ok(try_open(f, &err));
	assert_int_equal(number_of(f), 2);
}

static void another_opener_is_kept_out(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;
	struct hf_ledger *second = NULL;

	assert_refused(hf_ledger_open(f->path, &f->clock, &second, &err), HF_E_STORE, "another process has it");
	shut(f);
	assert_ok(hf_ledger_open(f->path, &f->clock, &second, &err));
	hf_ledger_close(second);
}

static void a_failed_write_shuts_it_until_it_is_opened_again(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;
	char path[64];

	assert_ok(append(f, "ca", 1, 1, &err));
	/* Any descriptor of ours on the file, made one that cannot be written: as a disk that fails. */
	for (int fd = 3; fd < 64; fd++) {
		char link[400];
		hf_fmt_cut(path, sizeof(path), "/proc/self/fd/%d", fd);
		ssize_t n = readlink(path, link, sizeof(link) - 1);
		if (n > 0 && (link[n] = '\0', strcmp(link, f->path) == 0)) {
			int null = open("/dev/full", O_RDWR);
			assert_true(dup2(null, fd) == fd);
			close(null);
		}
	}
	assert_refused(append(f, "ca", 2, 1, &err), HF_E_STORE, "nothing was signed");
	assert_refused(append(f, "ca", 3, 1, &err), HF_E_STORE, "restart keyd");
	assert_int_equal(number_of(f), 1);
	shut(f);
	assert_ok(try_open(f, &err));
	assert_ok(append(f, "ca", 2, 1, &err));
}

static void a_key_name_must_fit_its_field(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;

	assert_ok(append(f, "exactly-fifteen", 1, 1, &err));
	assert_refused(append(f, "sixteen-octets-x", 1, 1, &err), HF_E_INPUT, "longer than 15");
}

#define with(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with(it_is_the_same_after_opening_again),
		with(each_file_has_an_id_of_its_own),
		with(a_serial_is_taken_once_and_for_ever),
		with(many_serials_are_remembered),
		with(entries_come_in_pages),
		with(a_torn_end_is_cut_off_and_nothing_else),
		with(zeros_at_the_end_are_cut_off),
		with(any_flipped_octet_before_the_last_record_shuts_it),
		with(a_record_taken_out_or_put_in_shuts_it),
		with(time_does_not_run_backwards),
		with(another_opener_is_kept_out),
		with(a_failed_write_shuts_it_until_it_is_opened_again),
		with(a_key_name_must_fit_its_field),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
