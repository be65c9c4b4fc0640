#include "base/clock.h"

#include "base/str.h"

#include <string.h>
#include <time.h>

static int64_t system_now(void *ctx)
{
	struct timespec ts;

	(void)ctx;
	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * HF_SECOND + ts.tv_nsec / 1000;
}

const struct hf_clock hf_clock_system = {.now = system_now};

int64_t hf_now(const struct hf_clock *clock)
{
	return clock->now(clock->ctx);
}

int64_t hf_ticks(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * HF_SECOND + ts.tv_nsec / 1000;
}

/* Days since 1970-01-01 of a proleptic Gregorian date, by eras of 400 years that begin on 1 March. */
static int64_t days_from_civil(int64_t y, int m, int d)
{
	y -= m <= 2;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return era * 146097 + doe - 719468;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

struct hf_civil hf_civil_from(int64_t at)
{
	int64_t seconds = floor_div(at, HF_SECOND);
	int64_t days = floor_div(seconds, 86400);
	int64_t rest = seconds - days * 86400;

	days += 719468;
	int64_t era = floor_div(days, 146097);
	int64_t doe = days - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	int64_t month = mp < 10 ? mp + 3 : mp - 9;
	return (struct hf_civil){
		.year = (int)(yoe + era * 400 + (month <= 2)),
		.month = (int)month,
		.day = (int)(doy - (153 * mp + 2) / 5 + 1),
		.hour = (int)(rest / 3600),
		.minute = (int)(rest / 60 % 60),
		.second = (int)(rest % 60),
	};
}

bool hf_civil_to(const struct hf_civil *c, int64_t *at)
{
	static const int month_days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (c->year < 1 || c->year > 9999 || c->month < 1 || c->month > 12 || c->day < 1)
		return false;
	bool leap = (c->year % 4 == 0 && c->year % 100 != 0) || c->year % 400 == 0;
	if (c->day > month_days[c->month - 1] + (leap && c->month == 2))
		return false;
	if (c->hour < 0 || c->hour > 23 || c->minute < 0 || c->minute > 59 || c->second < 0 || c->second > 59)
		return false;
	int64_t seconds = days_from_civil(c->year, c->month, c->day) * 86400;
	*at = (seconds + c->hour * 3600 + c->minute * 60 + c->second) * HF_SECOND;
	return true;
}

void hf_time_text(int64_t at, bool with_micros, char out[HF_TIME_TEXT_MAX])
{
	struct hf_civil c = hf_civil_from(at);
	int micros = (int)(at - floor_div(at, HF_SECOND) * HF_SECOND);
	char fraction[8] = "";

	if (with_micros)
		hf_fmt_cut(fraction, sizeof(fraction), ".%06d", micros % 1000000);
	hf_fmt_cut(out, HF_TIME_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d%sZ", c.year % 10000, c.month, c.day, c.hour,
		c.minute, c.second, fraction);
}

/* Reads exactly n digits. */
static bool digits(const char **p, int n, int *out)
{
	int v = 0;

	for (int i = 0; i < n; i++, (*p)++) {
		if (**p < '0' || **p > '9')
			return false;
		v = v * 10 + (**p - '0');
	}
	*out = v;
	return true;
}

static bool literal(const char **p, char c)
{
	if (**p != c)
		return false;
	(*p)++;
	return true;
}

bool hf_time_read(const char *text, int64_t *at)
{
	struct hf_civil c;
	const char *p = text;
	int64_t micros = 0;

	if (!digits(&p, 4, &c.year) || !literal(&p, '-') || !digits(&p, 2, &c.month) || !literal(&p, '-') ||
		!digits(&p, 2, &c.day) || !literal(&p, 'T') || !digits(&p, 2, &c.hour) || !literal(&p, ':') ||
		!digits(&p, 2, &c.minute) || !literal(&p, ':') || !digits(&p, 2, &c.second))
		return false;
	if (*p == '.') {
		int64_t unit = 100000;
		for (p++; *p >= '0' && *p <= '9' && unit > 0; p++, unit /= 10)
			micros += unit * (*p - '0');
	}
	if (strcmp(p, "Z") != 0 || !hf_civil_to(&c, at))
		return false;
	*at += micros;
	return true;
}
