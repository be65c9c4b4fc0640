/*
 * The 15 randomness tests of GM/T 0005-2021, and the sets of them that GM/T 0062-2018 and GM/T 0030 ask of a device:
 *
 *     set          bits of a group   groups   tests
 *     power-on        1,000,000        20     15
 *     periodic           20,000        20     12 (not linear complexity, Maurer, DFT); at most 12 hours apart
 *     light              10,000        20     poker, for devices that must start at once
 *
 * Each test yields one statistic or two; each statistic has a P-value, and fails a group when that is below alpha,
 * 0.01. By chance one group in a hundred fails. A set takes that into account (a statistic fails when 2 of its 20
 * groups do), and still a healthy source meets such a statistic in every third or fourth run of the periodic set. So
 * what failed, and only that, is repeated once on fresh bits; a second failure of the same statistic is a defect:
 * output must stop and somebody must be told. hf_randtest_chance says how often even that happens to a healthy source.
 *
 * Memory comes from hf_try_alloc: nothing here aborts.
 */
#ifndef HUFU_CRYPTO_RANDTEST_H
#define HUFU_CRYPTO_RANDTEST_H

#include "base/buf.h"

#define HF_RANDTEST_ALPHA         0.01
#define HF_RANDTEST_ALPHA_UNIFORM 0.0001  /* of the distribution of Q over the groups */
#define HF_RANDTEST_MAX           32      /* statistics of a set */
#define HF_RANDTEST_GROUP_MAX     1000000 /* bits */

struct hf_randtest_result {
	double statistic; /* V, or what the standard calls it */
	double p, q;
};

struct hf_randtest_bits;

/* One statistic: a test with its parameter (m, k, d, L; 0: none) and, of those with two, which. */
struct hf_randtest {
	const char *name; /* "serial_m3_P1" */
	const char *zh;
	bool (*run)(
		const struct hf_randtest_bits *bits, unsigned param, unsigned which, struct hf_randtest_result *out);
	unsigned param, which;
};

struct hf_randtest_set {
	const char *name, *zh;
	const struct hf_randtest *tests;
	size_t num_tests;
	size_t num_bits, num_groups;
};

extern const struct hf_randtest_set hf_randtest_power_on, hf_randtest_periodic, hf_randtest_light;

/* The statistic of this name, of any parameter that is known ("poker_m8"), or NULL. */
const struct hf_randtest *hf_randtest_named(const char *name);

/*
 * One statistic of the first num_bits of data, most significant bit first.
 * Errors: HF_E_INPUT (too few bits for this test; for the spectrum, also a number of bits with a prime factor beyond
 * 61), HF_E_MEMORY.
 */
HF_MUST_USE bool hf_randtest_run(const struct hf_randtest *test, struct hf_bytes data, size_t num_bits,
	struct hf_randtest_result *out, struct hf_err *err);

/* What gives the bits: a generator, or a file that ends. */
struct hf_randtest_source {
	bool (*draw)(void *ctx, uint8_t *out, size_t len, struct hf_err *err);
	void *ctx;
};

struct hf_randtest_row {
	size_t num_failed;   /* groups */
	size_t num_repeated; /* groups that failed in the repetition; 0 when there was none */
	size_t bins[10];     /* of Q */
	double uniform_p;
	bool passed;
};

struct hf_randtest_report {
	const struct hf_randtest_set *set;
	size_t num_groups;
	bool repeated; /* something failed at first and was repeated */
	bool passed;
	struct hf_randtest_row rows[HF_RANDTEST_MAX];
};

/*
 * A device's test: the set's groups, then what failed once more. False with HF_E_DEVICE when a statistic failed twice:
 * the source must not be used. report, filled either way, says which. Other errors: HF_E_MEMORY, and the source's.
 */
HF_MUST_USE bool hf_randtest_device(const struct hf_randtest_set *set, const struct hf_randtest_source *source,
	struct hf_randtest_report *report, struct hf_err *err);

/*
 * GM/T 0005: a sample of num_groups groups of the set's length, judged by the number that passes and, from 55
 * groups on, by the distribution of Q; nothing is repeated. True whatever the verdict, which is report->passed.
 * Errors: HF_E_MEMORY, and the source's.
 */
HF_MUST_USE bool hf_randtest_sample(const struct hf_randtest_set *set, size_t num_groups,
	const struct hf_randtest_source *source, struct hf_randtest_report *report, struct hf_err *err);

/* How many of num groups must pass: num (1 - a - 3 sqrt(a (1 - a) / num)), rounded up. */
size_t hf_randtest_must_pass(size_t num_groups);
/* The P-value of ten counts being a uniform distribution. */
double hf_randtest_uniform(const size_t bins[10]);

/* What happens to a perfect source, if statistics are independent: probabilities for one run of the set. */
struct hf_randtest_chance {
	double one;    /* a given statistic fails */
	double repeat; /* something must be repeated */
	double stop;   /* a false alarm: the same statistic fails twice */
};
struct hf_randtest_chance hf_randtest_chance(const struct hf_randtest_set *set);

/* The report for people: one line a statistic, the verdict, and the computed rate of false alarms. */
void hf_randtest_print(const struct hf_randtest_report *report, struct hf_buf *out);

/*
 * GM/T 0030 6.2: the test of a single draw, before it is used: poker on 16 octets or more (m = 2 below 320 bits, 4
 * below 10240, else 8). At alpha = 0.01 every hundredth draw of a healthy source would fail, and every ten-thousandth
 * twice, so that no device would last a day; the level here is 10^-6, twice in a row 10^-12, and a source that is stuck
 * or biased still fails at once. Shorter draws pass.
 */
#define HF_RANDTEST_SINGLE_ALPHA 1e-6
bool hf_randtest_single(struct hf_bytes draw);

#endif
