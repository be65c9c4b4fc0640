#include "proc/metrics.h"

#include "base/alloc.h"
#include "base/str.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	int64_t micros;
	const char *seconds;
} bounds[HF_METRIC_NUM_BOUNDS] = {
	{100, "0.0001"},
	{250, "0.00025"},
	{500, "0.0005"},
	{1000, "0.001"},
	{2500, "0.0025"},
	{5000, "0.005"},
	{10000, "0.01"},
	{25000, "0.025"},
	{50000, "0.05"},
	{100000, "0.1"},
	{250000, "0.25"},
	{500000, "0.5"},
	{1000000, "1"},
	{2500000, "2.5"},
	{5000000, "5"},
	{10000000, "10"},
};

struct cell {
	atomic_uint_least64_t value;    /* counter, gauge (as int64_t), sum of a histogram in microseconds */
	atomic_uint_least64_t *buckets; /* a histogram's, HF_METRIC_NUM_BOUNDS + 1 */
};

struct hf_metrics {
	const struct hf_metric *table;
	size_t num;
	struct cell *cells;
};

static bool name_ok(const char *name)
{
	return name && *name && (*name < '0' || *name > '9') &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:") == strlen(name);
}

static void check_row(const struct hf_metric *table, size_t i)
{
	const struct hf_metric *row = &table[i];

	HF_ASSERT(name_ok(row->name) && row->help && !strpbrk(row->help, "\n\\"));
	HF_ASSERT((unsigned)row->kind <= HF_METRIC_HISTOGRAM && (!row->labels || !strpbrk(row->labels, "\n\\{}")));
	bool beside = i > 0 && hf_str_equal(table[i - 1].name, row->name);
	HF_ASSERT(!beside || table[i - 1].kind == row->kind);
	for (size_t k = 0; k < i; k++)
		HF_ASSERT(!hf_str_equal(table[k].name, row->name) ||
			  (beside && !hf_str_equal(table[k].labels, row->labels)));
}

struct hf_metrics *hf_metrics_new(const struct hf_metric *table, size_t num)
{
	struct hf_metrics *metrics = hf_alloc(1, sizeof(*metrics));

	metrics->table = table;
	metrics->num = num;
	metrics->cells = hf_alloc(num, sizeof(*metrics->cells));
	for (size_t i = 0; i < num; i++) {
		check_row(table, i);
		if (table[i].kind == HF_METRIC_HISTOGRAM)
			metrics->cells[i].buckets = hf_alloc(HF_METRIC_NUM_BOUNDS + 1, sizeof(atomic_uint_least64_t));
	}
	return metrics;
}

void hf_metrics_free(struct hf_metrics *metrics)
{
	if (!metrics)
		return;
	for (size_t i = 0; i < metrics->num; i++)
		free(metrics->cells[i].buckets);
	free(metrics->cells);
	free(metrics);
}

static struct cell *cell_of(struct hf_metrics *metrics, size_t index, enum hf_metric_kind kind)
{
	HF_ASSERT(index < metrics->num && metrics->table[index].kind == kind);
	return &metrics->cells[index];
}

void hf_metrics_add(struct hf_metrics *metrics, size_t index, uint64_t n)
{
	if (metrics)
		atomic_fetch_add_explicit(&cell_of(metrics, index, HF_METRIC_COUNTER)->value, n, memory_order_relaxed);
}

void hf_metrics_set(struct hf_metrics *metrics, size_t index, int64_t value)
{
	if (metrics)
		atomic_store_explicit(
			&cell_of(metrics, index, HF_METRIC_GAUGE)->value, (uint64_t)value, memory_order_relaxed);
}

void hf_metrics_time(struct hf_metrics *metrics, size_t index, int64_t micros)
{
	size_t i = 0;

	if (!metrics)
		return;
	struct cell *cell = cell_of(metrics, index, HF_METRIC_HISTOGRAM);
	if (micros < 0)
		micros = 0;
	while (i < HF_METRIC_NUM_BOUNDS && micros > bounds[i].micros)
		i++;
	atomic_fetch_add_explicit(&cell->buckets[i], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&cell->value, (uint64_t)micros, memory_order_relaxed);
}

static void print_sample(struct hf_buf *out, const struct hf_metric *row, const char *suffix, const char *le)
{
	const char *labels = row->labels ? row->labels : "";

	hf_buf_printf(out, "%s%s", row->name, suffix);
	if (*labels || le)
		hf_buf_printf(out, "{%s%s%s%s%s}", labels, *labels && le ? "," : "", le ? "le=\"" : "", le ? le : "",
			le ? "\"" : "");
}

static void print_histogram(struct hf_buf *out, const struct hf_metric *row, const struct cell *cell)
{
	uint64_t sum = atomic_load_explicit(&cell->value, memory_order_relaxed), so_far = 0;

	for (size_t i = 0; i <= HF_METRIC_NUM_BOUNDS; i++) {
		so_far += atomic_load_explicit(&cell->buckets[i], memory_order_relaxed);
		print_sample(out, row, "_bucket", i < HF_METRIC_NUM_BOUNDS ? bounds[i].seconds : "+Inf");
		hf_buf_printf(out, " %" PRIu64 "\n", so_far);
	}
	print_sample(out, row, "_sum", NULL);
	hf_buf_printf(out, " %" PRIu64 ".%06" PRIu64 "\n", sum / 1000000, sum % 1000000);
	print_sample(out, row, "_count", NULL);
	hf_buf_printf(out, " %" PRIu64 "\n", so_far);
}

void hf_metrics_print(const struct hf_metrics *metrics, struct hf_buf *out)
{
	static const char *const kinds[] = {"counter", "gauge", "histogram"};

	for (size_t i = 0; metrics && i < metrics->num; i++) {
		const struct hf_metric *row = &metrics->table[i];
		const struct cell *cell = &metrics->cells[i];
		if (i == 0 || !hf_str_equal(metrics->table[i - 1].name, row->name))
			hf_buf_printf(
				out, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->help, row->name, kinds[row->kind]);
		if (row->kind == HF_METRIC_HISTOGRAM) {
			print_histogram(out, row, cell);
			continue;
		}
		uint64_t v = atomic_load_explicit(&cell->value, memory_order_relaxed);
		print_sample(out, row, "", NULL);
		if (row->kind == HF_METRIC_GAUGE)
			hf_buf_printf(out, " %" PRId64 "\n", (int64_t)v);
		else
			hf_buf_printf(out, " %" PRIu64 "\n", v);
	}
}
