/*
 * What every benchmark prints: a table for people, or with --json one object a line:
 *
 *     {"bench":"issue","case":"64 clients","value":812.4,"unit":"1/s","yardstick":48210.0,"ratio":0.01685}
 *
 * The yardstick is measured in the same run, so that figures of different machines can be compared as ratios.
 */
#ifndef HUFU_BENCH_REPORT_H
#define HUFU_BENCH_REPORT_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct hf_bench {
	const char *name; /* "issue" */
	bool json;
};

struct hf_bench_figure {
	const char *of; /* the case: "64 clients" */
	double value;
	const char *unit;
	double yardstick;         /* > 0; in the same unit */
	const char *yardstick_of; /* for people: "P-256 signatures of OpenSSL, one core" */
};

/* The machine, the commit, what is measured and what is left out: for people only. */
void hf_bench_head(const struct hf_bench *bench, const char *measures, const char *leaves_out);
void hf_bench_print(const struct hf_bench *bench, const struct hf_bench_figure *figure);

/* Of num values, num > 0; sorts them. part is 0.5 for the median, 0.99, … */
double hf_bench_quantile(double *values, size_t num, double part);

/* OpenSSL's P-256 signatures a second on one core: the yardstick that is on every machine. Errors: HF_E_INTERNAL. */
HF_MUST_USE bool hf_bench_p256(double *per_second, struct hf_err *err);

#endif
