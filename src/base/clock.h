/*
 * Time: int64_t microseconds since 1970-01-01T00:00:00Z, named _at. The clock comes in through the context, so that a
 * test can fix it; only hf_clock_system reads the machine's.
 */
#ifndef HUFU_BASE_CLOCK_H
#define HUFU_BASE_CLOCK_H

#include "base/err.h"

#include <stdint.h>

#define HF_SECOND INT64_C(1000000)
#define HF_MINUTE (60 * HF_SECOND)
#define HF_HOUR   (60 * HF_MINUTE)
#define HF_DAY    (24 * HF_HOUR)

struct hf_clock {
	int64_t (*now)(void *ctx);
	void *ctx;
};

extern const struct hf_clock hf_clock_system;
int64_t hf_now(const struct hf_clock *clock);
/* Microseconds of a clock that never jumps, for measuring. */
int64_t hf_ticks(void);

struct hf_civil {
	int year, month, day, hour, minute, second; /* month and day from 1; UTC */
};

/* Whole seconds; years 0001 to 9999. */
struct hf_civil hf_civil_from(int64_t at);
/* False when a field is out of its range (leap days are known; second 60 is refused). */
HF_MUST_USE bool hf_civil_to(const struct hf_civil *civil, int64_t *at);

#define HF_TIME_TEXT_MAX 32
/* "2026-11-22T10:31:09Z"; with_micros adds ".123456" before the Z. */
void hf_time_text(int64_t at, bool with_micros, char out[HF_TIME_TEXT_MAX]);
/* Reads what hf_time_text writes, with or without the fraction (1 to 6 digits). */
HF_MUST_USE bool hf_time_read(const char *text, int64_t *at);

#endif
