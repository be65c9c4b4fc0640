/*
 * The tests of GM/T 0005 against results that several implementations agree on; the sets, what repeats and what stops.
 */
#include "kat.h"

#include "crypto/rand.h"
#include "crypto/randtest.h"
#include "crypto/sm3.h"

#include <math.h>

static void close_to(const char *sequence, const char *name, const char *what, double got, double want)
{
	if (!(fabs(got - want) <= 1e-7 * (fabs(want) > 1 ? fabs(want) : 1)))
		fail_msg("%s %s: %s is %.12g, not %.12g", sequence, name, what, got, want);
}

/* SM3(0) ‖ SM3(1) ‖ … */
static void sm3_counter(struct hf_buf *out, size_t num_bits)
{
	uint8_t count[4], digest[HF_SM3_LEN];

	hf_buf_init(out, num_bits / 8 + HF_SM3_LEN);
	for (uint32_t i = 0; out->len < num_bits / 8; i++) {
		hf_put_u32(count, i);
		hf_sm3(HF_BYTES_OF(count), digest);
		assert_true(hf_buf_put(out, digest, sizeof(digest)));
	}
	out->len = num_bits / 8;
}

/* The octets of a sequence: given, or made as its description says. False for those that we cannot make (e). */
static bool sequence_octets(const json_t *sequence, struct hf_buf *out)
{
	size_t num_bits = (size_t)json_integer_value(json_object_get(sequence, "bits"));
	uint8_t digest[HF_SM3_LEN], want[HF_SM3_LEN];

	if (json_object_get(sequence, "hex"))
		kat_bytes(sequence, "hex", out);
	else if (strncmp(kat_text(sequence, "name"), "sm3ctr", 6) == 0)
		sm3_counter(out, num_bits);
	else
		return false;
	assert_true(hf_unhex(kat_text(sequence, "sm3_of_bytes"), want, sizeof(want)));
	hf_sm3(hf_buf_bytes(out), digest);
	assert_memory_equal(digest, want, sizeof(want));
	return true;
}

static size_t check_sequence(const json_t *sequence, struct hf_bytes data)
{
	const char *name = kat_text(sequence, "name"), *test_name;
	size_t num_bits = (size_t)json_integer_value(json_object_get(sequence, "bits")), num = 0;
	json_t *result;

	json_object_foreach(json_object_get(sequence, "results"), test_name, result)
	{
		const struct hf_randtest *test = hf_randtest_named(test_name);
		struct hf_randtest_result got;
		struct hf_err err;
		if (!test)
			fail_msg("no test is called %s", test_name);
		assert_ok(hf_randtest_run(test, data, num_bits, &got, &err));
		close_to(name, test_name, "statistic", got.statistic,
			json_number_value(json_object_get(result, "statistic")));
		close_to(name, test_name, "P", got.p, json_number_value(json_object_get(result, "P")));
		close_to(name, test_name, "Q", got.q, json_number_value(json_object_get(result, "Q")));
		num++;
	}
	return num;
}

static void every_test_gives_the_agreed_results(void **state)
{
	json_t *file = kat_load("kat/gmt0005-vectors.json"), *sequence;
	size_t i, num = 0;

	(void)state;
	assert_non_null(file);
	json_array_foreach(json_object_get(file, "sequences"), i, sequence)
	{
		struct hf_buf octets;
		if (!sequence_octets(sequence, &octets)) {
			print_message("left out: the sequence %s is not in the file\n", kat_text(sequence, "name"));
			continue;
		}
		num += check_sequence(sequence, hf_buf_bytes(&octets));
		hf_buf_clear(&octets);
	}
	print_message("%zu results agree\n", num);
	assert_true(num > 100);
	json_decref(file);
}

static void thresholds_and_uniformity_are_the_standards(void **state)
{
	json_t *file = kat_load("kat/gmt0005-vectors.json"), *example, *count, *value;
	const char *groups;
	size_t i, j;

	(void)state;
	assert_non_null(file);
	json_object_foreach(json_object_get(file, "pass_count_thresholds"), groups, value)
	{
		int64_t num;
		assert_true(hf_parse_i64(groups, 1, 100000, &num));
		assert_int_equal(hf_randtest_must_pass((size_t)num), json_integer_value(value));
	}
	json_array_foreach(json_object_get(file, "uniformity_examples"), i, example)
	{
		size_t bins[10];
		json_array_foreach(json_object_get(example, "bin_counts"), j, count) bins[j] =
			(size_t)json_integer_value(count);
		close_to("uniformity", "example", "P_T", hf_randtest_uniform(bins),
			json_number_value(json_object_get(example, "P_T")));
	}
	assert_true(i > 0);
	json_decref(file);
}

static void too_few_bits_are_refused(void **state)
{
	static const uint8_t octets[16];
	struct hf_randtest_result r;
	struct hf_err err;

	(void)state;
	assert_refused(hf_randtest_run(hf_randtest_named("maurer_L7_Q1280"), HF_BYTES_OF(octets), 128, &r, &err),
		HF_E_INPUT, "too few");
	assert_refused(hf_randtest_run(hf_randtest_named("matrix_rank"), HF_BYTES_OF(octets), 128, &r, &err),
		HF_E_INPUT, "too few");
	assert_refused(hf_randtest_run(hf_randtest_named("monobit"), HF_BYTES_OF(octets), 129, &r, &err), HF_E_INPUT,
		"octets");
	assert_refused(
		hf_randtest_run(hf_randtest_named("dft"), HF_BYTES_OF(octets), 127, &r, &err), HF_E_INPUT, "product");
	assert_ok(hf_randtest_run(hf_randtest_named("dft"), HF_BYTES_OF(octets), 3 * 7 * 5, &r, &err));
	assert_null(hf_randtest_named("poker_m3"));
}

/* Chance fails a statistic in every third run, so the place where the sequence begins is chosen: nothing fails here. */
#ifndef FIRST
#define FIRST 1000
#endif

/* A source that is SM3 of a counter, so that a run is always the same; it can be spoilt from some draw on. */
struct source {
	uint64_t count, spoilt_from, spoilt_to;
};

static bool draw(void *ctx, uint8_t *out, size_t len, struct hf_err *err)
{
	struct source *s = ctx;
	uint8_t seed[16] = {0}, digest[HF_SM3_LEN];

	if (s->count == UINT64_MAX)
		return hf_fail(err, HF_E_DEVICE, "no more bits");
	for (size_t at = 0; at < len; at += sizeof(digest)) {
		hf_put_u64(seed, s->count + FIRST);
		hf_put_u64(seed + 8, at);
		hf_sm3(HF_BYTES_OF(seed), digest);
		memcpy(out + at, digest, len - at < sizeof(digest) ? len - at : sizeof(digest));
	}
	/* one bit in eight is always set */
	for (size_t i = 0; i < len && s->count >= s->spoilt_from && s->count < s->spoilt_to; i++)
		out[i] |= 1;
	s->count++;
	return true;
}

static void a_good_source_passes_and_the_chance_is_printed(void **state)
{
	struct source ctx = {.spoilt_from = UINT64_MAX};
	struct hf_randtest_source source = {draw, &ctx};
	struct hf_randtest_report report;
	struct hf_buf text;
	struct hf_err err;

	(void)state;
	assert_ok(hf_randtest_device(&hf_randtest_periodic, &source, &report, &err));
	assert_true(report.passed);
	assert_ok(hf_randtest_device(&hf_randtest_light, &source, &report, &err));
	hf_buf_init(&text, 65536);
	hf_randtest_print(&report, &text);
	assert_non_null(strstr(hf_buf_cstr(&text), "poker_m2"));
	assert_non_null(strstr(hf_buf_cstr(&text), "stops falsely"));
	hf_buf_clear(&text);
}

static void a_source_that_fails_once_is_asked_again(void **state)
{
	struct source ctx = {.spoilt_from = 3, .spoilt_to = 20};
	struct hf_randtest_source source = {draw, &ctx};
	struct hf_randtest_report report;
	struct hf_err err;

	(void)state;
	assert_ok(hf_randtest_device(&hf_randtest_periodic, &source, &report, &err));
	assert_true(report.passed && report.repeated);
	assert_int_equal(ctx.count, 40);
	assert_true(report.rows[0].num_failed >= 2);
}

static void a_source_that_fails_twice_must_stop(void **state)
{
	struct source ctx = {.spoilt_to = UINT64_MAX};
	struct hf_randtest_source source = {draw, &ctx};
	struct hf_randtest_report report;
	struct hf_err err;

	(void)state;
	assert_refused(
		hf_randtest_device(&hf_randtest_periodic, &source, &report, &err), HF_E_DEVICE, "must not be used");
	assert_false(report.passed);
	assert_refused(hf_randtest_device(&hf_randtest_light, &source, &report, &err), HF_E_DEVICE, "poker_m2");
	ctx.count = UINT64_MAX;
	assert_refused(hf_randtest_device(&hf_randtest_light, &source, &report, &err), HF_E_DEVICE, "no more bits");
}

static void a_sample_is_judged_without_repetition(void **state)
{
	struct source ctx = {.spoilt_from = UINT64_MAX};
	struct hf_randtest_source source = {draw, &ctx};
	struct hf_randtest_report report;
	struct hf_err err;

	(void)state;
	assert_ok(hf_randtest_sample(&hf_randtest_periodic, 60, &source, &report, &err));
	assert_true(report.passed);
	assert_int_equal(ctx.count, 60);
	for (size_t i = 0, sum; i < report.set->num_tests; i++) {
		sum = 0;
		for (size_t j = 0; j < 10; j++)
			sum += report.rows[i].bins[j];
		assert_int_equal(sum, 60);
	}
	ctx = (struct source){.spoilt_to = UINT64_MAX};
	assert_ok(hf_randtest_sample(&hf_randtest_periodic, 60, &source, &report, &err));
	assert_false(report.passed);
}

static void the_chance_of_a_false_alarm_is_computed(void **state)
{
	struct hf_randtest_chance c = hf_randtest_chance(&hf_randtest_periodic);

	(void)state;
	/* 1 - 0.99^20 - 20 * 0.01 * 0.99^19 */
	close_to("periodic", "chance", "one", c.one, 0.0168593380);
	close_to("periodic", "chance", "repeat", c.repeat, 1 - pow(1 - c.one, 22));
	close_to("periodic", "chance", "stop", c.stop, 1 - pow(1 - c.one * c.one, 22));
	assert_true(c.stop > 0.006 && c.stop < 0.0064);
}

static void a_single_draw_that_is_stuck_fails(void **state)
{
	uint8_t draw_of[2000];
	struct hf_err err;

	(void)state;
	for (size_t len = 16; len <= sizeof(draw_of); len += 1 + len / 4) {
		memset(draw_of, 0, len);
		assert_false(hf_randtest_single((struct hf_bytes){draw_of, len}));
		memset(draw_of, 0x5a, len);
		assert_false(hf_randtest_single((struct hf_bytes){draw_of, len}));
		assert_ok(hf_rand(draw_of, len, &err));
		assert_true(hf_randtest_single((struct hf_bytes){draw_of, len}));
	}
	memset(draw_of, 0, 15);
	assert_true(hf_randtest_single((struct hf_bytes){draw_of, 15}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_test_gives_the_agreed_results),
		cmocka_unit_test(thresholds_and_uniformity_are_the_standards),
		cmocka_unit_test(too_few_bits_are_refused),
		cmocka_unit_test(a_good_source_passes_and_the_chance_is_printed),
		cmocka_unit_test(a_source_that_fails_once_is_asked_again),
		cmocka_unit_test(a_source_that_fails_twice_must_stop),
		cmocka_unit_test(a_sample_is_judged_without_repetition),
		cmocka_unit_test(the_chance_of_a_false_alarm_is_computed),
		cmocka_unit_test(a_single_draw_that_is_stuck_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
