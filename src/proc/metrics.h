/*
 * Metrics of a service: one static table of what is counted, atomics behind it, printed in the Prometheus text format
 * 0.0.4. Counting takes no lock and no memory.
 *
 *     enum { M_ISSUED, M_REFUSED, M_ISSUE_TIME, NUM_M };
 *     static const struct hf_metric table[NUM_M] = {
 *             [M_ISSUED] = {"hufu_ca_issued_total", "Certificates issued", HF_METRIC_COUNTER},
 *             [M_ISSUE_TIME] = {"hufu_ca_issue_seconds", "From request to answer", HF_METRIC_HISTOGRAM}, …
 *     };
 *     hf_metrics_add(d->metrics, M_ISSUED, 1);
 *
 * Rows of the same name (with different labels) stand beside each other and share HELP and TYPE.
 */
#ifndef HUFU_PROC_METRICS_H
#define HUFU_PROC_METRICS_H

#include "base/buf.h"

#define HF_METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum hf_metric_kind { HF_METRIC_COUNTER, HF_METRIC_GAUGE, HF_METRIC_HISTOGRAM };

struct hf_metric {
	const char *name, *help;
	enum hf_metric_kind kind;
	const char *labels; /* as printed inside the braces: result="ok"; NULL for none */
};

/*
 * Histograms hold times in microseconds and print seconds, in these fixed buckets: 100 and 250 and 500 µs, 1, 2.5, 5,
 * 10, 25, 50, 100, 250, 500 ms, 1, 2.5, 5, 10 s, and the rest.
 */
#define HF_METRIC_NUM_BOUNDS 16

struct hf_metrics;

/* The table is borrowed and must outlive it. A hole in the table (name, help, order, a label broken) is a bug: aborts.
 */
struct hf_metrics *hf_metrics_new(const struct hf_metric *table, size_t num);
void hf_metrics_free(struct hf_metrics *metrics);

/* index is a row of the table of the right kind. metrics may be NULL (then nothing is counted). Any thread. */
void hf_metrics_add(struct hf_metrics *metrics, size_t index, uint64_t n);      /* counter */
void hf_metrics_set(struct hf_metrics *metrics, size_t index, int64_t value);   /* gauge */
void hf_metrics_time(struct hf_metrics *metrics, size_t index, int64_t micros); /* histogram */

/* Appends the text. Each number is read by itself: a histogram may be one event ahead of its sum. */
void hf_metrics_print(const struct hf_metrics *metrics, struct hf_buf *out);

#endif
