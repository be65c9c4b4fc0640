#include "crypto/randtest_int.h"

#include "base/alloc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROW(name_, zh_, run_, param_, which_)                                                                          \
	{                                                                                                              \
		.name = (name_), .zh = (zh_), .run = (run_), .param = (param_), .which = (which_)                      \
	}
#define MONOBIT            ROW("monobit", "单比特频数", hf_randtest_monobit, 0, 0)
#define BLOCK_FREQUENCY(m) ROW("block_frequency_m" #m, "块内频数", hf_randtest_block_frequency, m, 0)
#define POKER(m)           ROW("poker_m" #m, "扑克", hf_randtest_poker, m, 0)
#define SERIAL(m)                                                                                                      \
	ROW("serial_m" #m "_P1", "重叠子序列", hf_randtest_serial, m, 1),                                              \
		ROW("serial_m" #m "_P2", "重叠子序列", hf_randtest_serial, m, 2)
#define RUNS              ROW("runs", "游程总数", hf_randtest_runs, 0, 0)
#define RUNS_DISTRIBUTION ROW("runs_distribution", "游程分布", hf_randtest_runs_distribution, 0, 0)
#define LONGEST_RUN                                                                                                    \
	ROW("longest_run_1", "块内最大1游程", hf_randtest_longest_run, 0, 1),                                          \
		ROW("longest_run_0", "块内最大0游程", hf_randtest_longest_run, 0, 0)
#define BINARY_DERIVATIVE(k) ROW("binary_derivative_k" #k, "二元推导", hf_randtest_binary_derivative, k, 0)
#define AUTOCORRELATION(d)   ROW("autocorrelation_d" #d, "自相关", hf_randtest_autocorrelation, d, 0)
#define MATRIX_RANK          ROW("matrix_rank", "矩阵秩", hf_randtest_matrix_rank, 0, 0)
#define CUSUM                                                                                                          \
	ROW("cusum_forward", "累加和", hf_randtest_cusum, 0, 1),                                                       \
		ROW("cusum_backward", "累加和", hf_randtest_cusum, 0, 2)
#define APPROX_ENTROPY(m)    ROW("approx_entropy_m" #m, "近似熵", hf_randtest_approx_entropy, m, 0)
#define LINEAR_COMPLEXITY(m) ROW("linear_complexity_m" #m, "线性复杂度", hf_randtest_linear_complexity, m, 0)
#define MAURER               ROW("maurer_L7_Q1280", "Maurer 通用统计", hf_randtest_maurer, 7, 0)
#define DFT                  ROW("dft", "离散傅里叶", hf_randtest_dft, 0, 0)

static const struct hf_randtest long_tests[] = {MONOBIT, BLOCK_FREQUENCY(10000), POKER(4), POKER(8), SERIAL(3),
	SERIAL(5), RUNS, RUNS_DISTRIBUTION, LONGEST_RUN, BINARY_DERIVATIVE(3), BINARY_DERIVATIVE(7), AUTOCORRELATION(1),
	AUTOCORRELATION(2), AUTOCORRELATION(8), AUTOCORRELATION(16), MATRIX_RANK, CUSUM, APPROX_ENTROPY(2),
	APPROX_ENTROPY(5), LINEAR_COMPLEXITY(500), LINEAR_COMPLEXITY(1000), MAURER, DFT};
static const struct hf_randtest short_tests[] = {MONOBIT, BLOCK_FREQUENCY(1000), POKER(4), POKER(8), SERIAL(3),
	SERIAL(5), RUNS, RUNS_DISTRIBUTION, LONGEST_RUN, BINARY_DERIVATIVE(3), BINARY_DERIVATIVE(7), AUTOCORRELATION(2),
	AUTOCORRELATION(8), AUTOCORRELATION(16), MATRIX_RANK, CUSUM, APPROX_ENTROPY(2), APPROX_ENTROPY(5)};
static const struct hf_randtest light_tests[] = {POKER(2)};
/* Parameters that no set of ours uses; for other lengths. */
static const struct hf_randtest other_tests[] = {BLOCK_FREQUENCY(10), BLOCK_FREQUENCY(100), BLOCK_FREQUENCY(100000),
	SERIAL(2), SERIAL(7), BINARY_DERIVATIVE(15), AUTOCORRELATION(32), APPROX_ENTROPY(7), LINEAR_COMPLEXITY(5000)};

#define NUM(array) (sizeof(array) / sizeof((array)[0]))
_Static_assert(NUM(long_tests) <= HF_RANDTEST_MAX && NUM(short_tests) <= HF_RANDTEST_MAX, "a report has room");
_Static_assert(NUM(short_tests) == 22, "the statistics of the 12 tests");

//= GM/T 0062-2018 class E
const struct hf_randtest_set hf_randtest_power_on = {"power-on", "上电检测", long_tests, NUM(long_tests), 1000000, 20};
//= GM/T 0030 6.2
const struct hf_randtest_set hf_randtest_periodic = {"periodic", "周期检测", short_tests, NUM(short_tests), 20000, 20};
const struct hf_randtest_set hf_randtest_light = {"light", "快速上电检测", light_tests, NUM(light_tests), 10000, 20};

const struct hf_randtest *hf_randtest_named(const char *name)
{
	static const struct {
		const struct hf_randtest *tests;
		size_t num;
	} all[] = {{long_tests, NUM(long_tests)}, {short_tests, NUM(short_tests)}, {light_tests, NUM(light_tests)},
		{other_tests, NUM(other_tests)}};

	for (size_t i = 0; i < NUM(all); i++) {
		for (size_t j = 0; j < all[i].num; j++) {
			if (strcmp(all[i].tests[j].name, name) == 0)
				return &all[i].tests[j];
		}
	}
	return NULL;
}

/* Memory for one group: its octets, its bits, and what a test works in. */
struct room {
	size_t num_bits;
	uint8_t *octets, *bits;
	void *work;
	size_t work_len;
};

static void room_clear(struct room *room)
{
	if (room->octets)
		hf_wipe(room->octets, (room->num_bits + 7) / 8);
	if (room->bits)
		hf_wipe(room->bits, room->num_bits);
	if (room->work)
		hf_wipe(room->work, room->work_len);
	free(room->octets);
	free(room->bits);
	free(room->work);
}

/* A spectrum wants much more than the others. */
static bool room_init(struct room *room, size_t num_bits, bool spectrum, struct hf_err *err)
{
	*room = (struct room){.num_bits = num_bits, .work_len = spectrum ? hf_randtest_work(num_bits) : num_bits + 1};
	room->octets = hf_try_alloc(num_bits / 8 + 1, 1);
	room->bits = hf_try_alloc(num_bits + 1, 1);
	room->work = hf_try_alloc(room->work_len, 1);
	if (room->octets && room->bits && room->work)
		return true;
	room_clear(room);
	return hf_fail(err, HF_E_MEMORY, "randomness test: no memory for %zu bits", num_bits);
}

static void unpack(struct room *room, const uint8_t *octets)
{
	for (size_t i = 0; i < room->num_bits; i++)
		room->bits[i] = octets[i / 8] >> (7 - i % 8) & 1;
}

static bool run_in(
	const struct hf_randtest *test, struct room *room, struct hf_randtest_result *out, struct hf_err *err)
{
	struct hf_randtest_bits bits = {room->bits, room->num_bits, room->work, room->work_len};

	if (!test->run(&bits, test->param, test->which, out))
		return hf_fail(err, HF_E_INPUT,
			"randomness test %s: %zu bits are too few for it (GM/T 0005), or no product of small numbers",
			test->name, room->num_bits);
	return true;
}

bool hf_randtest_run(const struct hf_randtest *test, struct hf_bytes data, size_t num_bits,
	struct hf_randtest_result *out, struct hf_err *err)
{
	struct room room;
	bool ok;

	if (num_bits > 8 * data.len)
		return hf_fail(
			err, HF_E_INPUT, "randomness test %s: %zu bits of %zu octets", test->name, num_bits, data.len);
	if (!room_init(&room, num_bits, test->run == hf_randtest_dft, err))
		return false;
	unpack(&room, data.p);
	ok = run_in(test, &room, out, err);
	room_clear(&room);
	return ok;
}

static bool wants_spectrum(const struct hf_randtest_set *set)
{
	for (size_t i = 0; i < set->num_tests; i++) {
		if (set->tests[i].run == hf_randtest_dft)
			return true;
	}
	return false;
}

/* One group: failed[i] counts, for the statistics that are wanted (NULL: all). */
static bool judge_group(struct room *room, const struct hf_randtest_set *set, const bool *wanted,
	size_t failed[HF_RANDTEST_MAX], size_t (*bins)[10], struct hf_err *err)
{
	unpack(room, room->octets);
	for (size_t i = 0; i < set->num_tests; i++) {
		struct hf_randtest_result r;
		if (wanted && !wanted[i])
			continue;
		if (!run_in(&set->tests[i], room, &r, err))
			return false;
		failed[i] += !(r.p >= HF_RANDTEST_ALPHA);
		if (bins)
			bins[i][r.q >= 1 ? 9 : r.q <= 0 ? 0 : (size_t)(r.q * 10)]++;
	}
	return true;
}

static bool judge_groups(const struct hf_randtest_set *set, size_t num_groups, const struct hf_randtest_source *source,
	const bool *wanted, size_t failed[HF_RANDTEST_MAX], size_t (*bins)[10], struct hf_err *err)
{
	struct room room;
	bool ok;

	if (!room_init(&room, set->num_bits, wants_spectrum(set), err))
		return false;
	ok = true;
	for (size_t i = 0; i < num_groups && ok; i++)
		ok = source->draw(source->ctx, room.octets, set->num_bits / 8, err) &&
		     judge_group(&room, set, wanted, failed, bins, err);
	room_clear(&room);
	return ok;
}

size_t hf_randtest_must_pass(size_t num_groups)
{
	double s = (double)num_groups, a = HF_RANDTEST_ALPHA;

	return (size_t)ceil(s * (1 - a - 3 * sqrt(a * (1 - a) / s)));
}

double hf_randtest_uniform(const size_t bins[10])
{
	double sum = 0, v = 0;

	for (size_t i = 0; i < 10; i++)
		sum += (double)bins[i];
	if (sum <= 0)
		return 1;
	for (size_t i = 0; i < 10; i++)
		v += ((double)bins[i] - sum / 10) * ((double)bins[i] - sum / 10) / (sum / 10);
	return hf_igamc(4.5, v / 2);
}

/* The first run of a set into report; whether every statistic passes. */
static bool first_run(const struct hf_randtest_set *set, size_t num_groups, const struct hf_randtest_source *source,
	struct hf_randtest_report *report, struct hf_err *err)
{
	size_t failed[HF_RANDTEST_MAX] = {0}, bins[HF_RANDTEST_MAX][10] = {{0}};

	*report = (struct hf_randtest_report){.set = set, .num_groups = num_groups, .passed = true};
	if (!judge_groups(set, num_groups, source, NULL, failed, bins, err))
		return false;
	for (size_t i = 0; i < set->num_tests; i++) {
		struct hf_randtest_row *row = &report->rows[i];
		row->num_failed = failed[i];
		memcpy(row->bins, bins[i], sizeof(row->bins));
		row->uniform_p = hf_randtest_uniform(bins[i]);
		row->passed = num_groups - failed[i] >= hf_randtest_must_pass(num_groups);
		report->passed = report->passed && row->passed;
	}
	return true;
}

//= GM/T 0030 6.2
bool hf_randtest_device(const struct hf_randtest_set *set, const struct hf_randtest_source *source,
	struct hf_randtest_report *report, struct hf_err *err)
{
	size_t failed[HF_RANDTEST_MAX] = {0};
	bool again[HF_RANDTEST_MAX];

	if (!first_run(set, set->num_groups, source, report, err))
		return false;
	if (report->passed)
		return true;
	for (size_t i = 0; i < set->num_tests; i++)
		again[i] = !report->rows[i].passed;
	report->repeated = report->passed = true;
	if (!judge_groups(set, set->num_groups, source, again, failed, NULL, err)) {
		report->passed = false;
		return false;
	}
	for (size_t i = 0; i < set->num_tests; i++) {
		if (!again[i])
			continue;
		report->rows[i].num_repeated = failed[i];
		report->rows[i].passed = set->num_groups - failed[i] >= hf_randtest_must_pass(set->num_groups);
		report->passed = report->passed && report->rows[i].passed;
		if (!report->rows[i].passed)
			hf_fail(err, HF_E_DEVICE,
				"randomness (%s set): %s failed %zu of %zu groups, and %zu when it was repeated (GM/T "
				"0030 6.2): "
				"the generator must not be used",
				set->name, set->tests[i].name, report->rows[i].num_failed, set->num_groups, failed[i]);
	}
	return report->passed;
}

bool hf_randtest_sample(const struct hf_randtest_set *set, size_t num_groups, const struct hf_randtest_source *source,
	struct hf_randtest_report *report, struct hf_err *err)
{
	if (!first_run(set, num_groups, source, report, err))
		return false;
	for (size_t i = 0; i < set->num_tests && num_groups >= 55; i++) {
		struct hf_randtest_row *row = &report->rows[i];
		row->passed = row->passed && row->uniform_p >= HF_RANDTEST_ALPHA_UNIFORM;
		report->passed = report->passed && row->passed;
	}
	return true;
}

struct hf_randtest_chance hf_randtest_chance(const struct hf_randtest_set *set)
{
	double n = (double)set->num_groups, num = (double)set->num_tests, a = HF_RANDTEST_ALPHA, passes = 0, term;
	size_t allowed = set->num_groups - hf_randtest_must_pass(set->num_groups);
	struct hf_randtest_chance c;

	term = pow(1 - a, n);
	for (size_t i = 0; i <= allowed; i++) {
		passes += term;
		term *= (n - (double)i) / ((double)i + 1) * a / (1 - a);
	}
	c.one = 1 - passes;
	c.repeat = 1 - pow(1 - c.one, num);
	c.stop = 1 - pow(1 - c.one * c.one, num);
	return c;
}

void hf_randtest_print(const struct hf_randtest_report *report, struct hf_buf *out)
{
	struct hf_randtest_chance chance = hf_randtest_chance(report->set);

	hf_buf_printf(out, "%s: %zu groups of %zu bits; each statistic must pass %zu (alpha %.2f)\n", report->set->name,
		report->num_groups, report->set->num_bits, hf_randtest_must_pass(report->num_groups),
		HF_RANDTEST_ALPHA);
	for (size_t i = 0; i < report->set->num_tests; i++) {
		const struct hf_randtest_row *row = &report->rows[i];
		hf_buf_printf(out, "  %-26s %6zu passed  uniform %.4f", report->set->tests[i].name,
			report->num_groups - row->num_failed, row->uniform_p);
		if (report->repeated && row->num_repeated > 0)
			hf_buf_printf(out, "  repeated: %zu failed", row->num_repeated);
		hf_buf_printf(out, "  %s\n", row->passed ? "ok" : "FAILED");
	}
	hf_buf_printf(out, "%s\n", report->passed ? "passed" : "FAILED");
	if (report->num_groups == report->set->num_groups)
		hf_buf_printf(out,
			"a perfect generator repeats something in %.1f %% of such runs, and stops falsely in %.3f %%\n",
			100 * chance.repeat, 100 * chance.stop);
}

//= GM/T 0030 6.2
bool hf_randtest_single(struct hf_bytes draw)
{
	size_t num_bits = 8 * draw.len, m = num_bits < 320 ? 2 : num_bits < 10240 ? 4 : 8;
	double counts[256] = {0}, sum = 0, num = (double)(num_bits / m), patterns = (double)(1u << m);

	if (num_bits < 128)
		return true;
	for (size_t i = 0; i < draw.len; i++) {
		for (size_t j = 0; j < 8; j += m)
			counts[draw.p[i] >> (8 - m - j) & ((1u << m) - 1)]++;
	}
	for (size_t i = 0; i < (size_t)1 << m; i++)
		sum += counts[i] * counts[i];
	hf_wipe(counts, sizeof(counts));
	return hf_igamc((patterns - 1) / 2, (patterns / num * sum - num) / 2) >= HF_RANDTEST_SINGLE_ALPHA;
}
