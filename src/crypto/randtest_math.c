#include "crypto/randtest_int.h"

#include <float.h>
#include <math.h>

#define MOST_STEPS 1000000

static double log_gamma(double a)
{
	int sign;

	return lgamma_r(a, &sign);
}

/* Lower function, by its series: for x < a + 1. */
static double by_series(double a, double x, double factor)
{
	double term = 1 / a, sum = term;

	for (int i = 1; i < MOST_STEPS && term > sum * DBL_EPSILON; i++) {
		term *= x / (a + i);
		sum += term;
	}
	return sum * factor;
}

/* Upper function, by its continued fraction (Lentz's way of evaluating one): for x >= a + 1. */
static double by_fraction(double a, double x, double factor)
{
	const double tiny = 1e-300;
	double b = x + 1 - a, c = 1 / tiny, d = 1 / b, h = d;

	for (int i = 1; i < MOST_STEPS; i++) {
		double an = -i * (i - a), step;
		b += 2;
		d = an * d + b;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		c = b + an / c;
		c = fabs(c) < tiny ? tiny : c;
		step = d * c;
		h *= step;
		if (fabs(step - 1) < DBL_EPSILON)
			break;
	}
	return h * factor;
}

double hf_igamc(double a, double x)
{
	double factor;

	if (x <= 0)
		return 1;
	factor = exp(a * log(x) - x - log_gamma(a));
	return x < a + 1 ? 1 - by_series(a, x, factor) : by_fraction(a, x, factor);
}

void hf_randtest_chi(struct hf_randtest_result *out, double v, double freedom)
{
	out->statistic = v;
	out->p = out->q = hf_igamc(freedom / 2, v / 2);
}

void hf_randtest_normal(struct hf_randtest_result *out, double v)
{
	out->statistic = v;
	out->p = erfc(fabs(v) / sqrt(2));
	out->q = erfc(v / sqrt(2)) / 2;
}
