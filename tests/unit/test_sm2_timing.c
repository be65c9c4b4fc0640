/*
 * Time shows no secret, for the variants that valgrind cannot run (AVX-512): calls with one fixed scalar and with
 * random ones take turns at random, and Welch's t-test says whether their times differ (as dudect does it: Reparaz,
 * Balasch, Verbauwhede 2017). |t| of a leak grows without end, of noise it stays below 5; the limit is 10, and noise
 * has three tries. The same test must see a leak that is planted.
 */
#include "test.h"

#include "crypto/cpu.h"
#include "crypto/rand.h"
#include "crypto/sm2_ifma.h"
#include "crypto/sm2_int.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

#define NUM   4000
#define TRIES 3
#define LIMIT 10.0

typedef void (*work_fn)(uint64_t k[8][4]);

struct sample {
	double ns;
	bool fixed;
};

static double now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int by_time(const void *a, const void *b)
{
	double x = ((const struct sample *)a)->ns, y = ((const struct sample *)b)->ns;

	return (x > y) - (x < y);
}

/* Both classes lose the slowest fifth of all, where interrupts are. */
static double welch(struct sample *samples)
{
	double sum[2] = {0}, squares[2] = {0}, num[2] = {0};

	qsort(samples, NUM, sizeof(samples[0]), by_time);
	for (size_t i = 0; i < NUM / 5 * 4; i++) {
		sum[samples[i].fixed] += samples[i].ns - samples[0].ns;
		squares[samples[i].fixed] += pow(samples[i].ns - samples[0].ns, 2);
		num[samples[i].fixed]++;
	}
	assert_true(num[0] > 2 && num[1] > 2);
	double mean[2], part[2];
	for (size_t c = 0; c < 2; c++) {
		mean[c] = sum[c] / num[c];
		part[c] = (squares[c] / num[c] - mean[c] * mean[c]) / num[c];
	}
	return fabs(mean[0] - mean[1]) / sqrt(part[0] + part[1] + 1e-9);
}

/* 1 in every lane has nothing but zeros above its lowest digit. */
static void draw(uint64_t k[8][4], bool fixed)
{
	for (size_t j = 0; j < 8; j++) {
		assert_true(hf_sm2_random(k[j], 0, NULL));
		if (fixed)
			memcpy(k[j], (const uint64_t[4]){1}, sizeof(k[j]));
	}
}

static double difference(work_fn work)
{
	static struct sample samples[NUM];
	uint64_t k[8][4];
	uint8_t coins[NUM];

	assert_true(hf_rand(coins, sizeof(coins), NULL));
	for (size_t i = 0; i < NUM; i++) {
		samples[i].fixed = coins[i] & 1;
		draw(k, samples[i].fixed);
		double start = now_ns();
		work(k);
		samples[i].ns = now_ns() - start;
	}
	return welch(samples);
}

static void in_lanes(uint64_t k[8][4])
{
	uint8_t out[8][HF_SM2_POINT];

	hf_sm2_ifma_base(out, (const uint64_t(*)[4])k, 8);
}

static void one_by_one(uint64_t k[8][4])
{
	uint8_t out[HF_SM2_POINT];

	hf_sm2_curve()->base(out, k[0]);
}

/* Does for a set bit what it does not for another: some nanoseconds in some microseconds. */
static void leaking(uint64_t k[8][4])
{
	uint64_t product[4] = {3};

	one_by_one(k);
	for (size_t bit = 0; bit < 64; bit++) {
		if (k[0][1] >> bit & 1)
			hf_sm2_n_mul(product, product, product);
	}
	__asm__ volatile("" : : "r"(product) : "memory");
}

static void assert_no_difference(work_fn work)
{
	double t = 0;

	for (size_t i = 0; i < TRIES; i++) {
		t = difference(work);
		if (t < LIMIT)
			return;
	}
	fail_msg("the time depends on the scalar: t = %.1f", t);
}

static void lanes_take_as_long_for_any_scalar(void **state)
{
	(void)state;
	if (!hf_sm2_has_lanes()) {
		print_message("no AVX-512 IFMA on this processor\n");
		skip();
	}
	assert_no_difference(in_lanes);
}

static void the_scalar_variant_takes_as_long_for_any_scalar(void **state)
{
	(void)state;
	assert_no_difference(one_by_one);
	hf_cpu_limit(0);
	assert_no_difference(one_by_one);
	hf_cpu_limit(~0u);
}

static void a_planted_leak_is_seen(void **state)
{
	(void)state;
	double t = difference(leaking);
	if (t < LIMIT)
		fail_msg("t = %.1f only", t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lanes_take_as_long_for_any_scalar),
		cmocka_unit_test(the_scalar_variant_takes_as_long_for_any_scalar),
		cmocka_unit_test(a_planted_leak_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
