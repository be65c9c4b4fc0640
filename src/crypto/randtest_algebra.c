/* The tests that compute: ranks, shift registers, compression, spectrum. */
#include "crypto/randtest_int.h"

#include <math.h>
#include <string.h>

static unsigned rank(uint32_t row[32])
{
	unsigned r = 0;

	for (unsigned bit = 0; bit < 32; bit++) {
		uint32_t mask = UINT32_C(1) << bit;
		unsigned pivot = r;
		while (pivot < 32 && !(row[pivot] & mask))
			pivot++;
		if (pivot == 32)
			continue;
		uint32_t t = row[pivot];
		row[pivot] = row[r];
		row[r] = t;
		for (unsigned i = r + 1; i < 32; i++)
			row[i] ^= row[i] & mask ? row[r] : 0;
		r++;
	}
	return r;
}

/* GM/T 0005-2021, test 10. */
HF_RANDTEST(hf_randtest_matrix_rank)
{
	static const double p[3] = {0.2888, 0.5776, 0.1336};
	size_t num = bits->num / 1024;
	double counts[3] = {0}, v = 0;

	(void)param;
	(void)which;
	if (num == 0)
		return false;
	for (size_t i = 0; i < num; i++) {
		uint32_t row[32] = {0};
		for (size_t j = 0; j < 1024; j++)
			row[j / 32] = row[j / 32] << 1 | bits->bit[1024 * i + j];
		unsigned r = rank(row);
		counts[r == 32 ? 0 : r == 31 ? 1 : 2]++;
	}
	for (size_t i = 0; i < 3; i++) {
		double e = (double)num * p[i];
		v += (counts[i] - e) * (counts[i] - e) / e;
	}
	hf_randtest_chi(out, v, 2);
	return true;
}

#define LFSR_MAX   5000
#define LFSR_WORDS (LFSR_MAX / 64 + 1)

/* Polynomials and the last bits of the sequence, newest first, as rows of words. */
struct lfsr {
	uint64_t c[LFSR_WORDS], b[LFSR_WORDS], seen[LFSR_WORDS];
	size_t num_words;
};

/* Multiplies by x: moves every bit up by one. */
static void shift(uint64_t *x, size_t num_words)
{
	for (size_t i = num_words - 1; i > 0; i--)
		x[i] = x[i] << 1 | x[i - 1] >> 63;
	x[0] <<= 1;
}

/* Berlekamp and Massey: the length of the shortest register that makes these bits. */
static size_t complexity(const uint8_t *bit, size_t num)
{
	struct lfsr l = {.c = {1}, .b = {1}, .num_words = num / 64 + 1};
	size_t len = 0;

	for (size_t n = 0; n < num; n++) {
		uint64_t sum = 0, old[LFSR_WORDS];
		shift(l.seen, l.num_words);
		l.seen[0] |= bit[n];
		shift(l.b, l.num_words);
		for (size_t i = 0; i < l.num_words; i++)
			sum ^= l.c[i] & l.seen[i];
		if (!__builtin_parityll(sum))
			continue;
		bool longer = 2 * len <= n;
		memcpy(old, l.c, sizeof(old));
		for (size_t i = 0; i < l.num_words; i++)
			l.c[i] ^= l.b[i];
		if (!longer)
			continue;
		len = n + 1 - len;
		memcpy(l.b, old, sizeof(old));
	}
	return len;
}

/* GM/T 0005-2021, test 13. */
HF_RANDTEST(hf_randtest_linear_complexity)
{
	static const double p[7] = {0.010417, 0.03125, 0.125, 0.5, 0.25, 0.0625, 0.020833};
	double m = param, sign = param % 2 ? -1 : 1, counts[7] = {0}, v = 0;
	double mean = m / 2 + (9 - sign) / 36 - (m / 3 + 2.0 / 9) / exp2(m);
	size_t num = bits->num / param;

	(void)which;
	if (num == 0 || param > LFSR_MAX)
		return false;
	for (size_t i = 0; i < num; i++) {
		double t = sign * ((double)complexity(bits->bit + i * param, param) - mean) + 2.0 / 9;
		size_t class = 0;
		while (class < 6 && t > -2.5 + (double)class)
			class ++;
		counts[class]++;
	}
	for (size_t i = 0; i < 7; i++) {
		double e = (double)num * p[i];
		v += (counts[i] - e) * (counts[i] - e) / e;
	}
	hf_randtest_chi(out, v, 6);
	return true;
}

#define MAURER_L     7
#define MAURER_Q     1280
#define MAURER_MEAN  6.1962507
#define MAURER_SIGMA 3.125 /* squared, of one distance */

static unsigned pattern_at(const uint8_t *bit)
{
	unsigned pattern = 0;

	for (size_t j = 0; j < MAURER_L; j++)
		pattern = pattern << 1 | bit[j];
	return pattern;
}

/* GM/T 0005-2021, test 14. */
HF_RANDTEST(hf_randtest_maurer)
{
	size_t last[1 << MAURER_L] = {0}, blocks = bits->num / MAURER_L;
	double l = MAURER_L, k, sum = 0, c;

	(void)param;
	(void)which;
	if (blocks <= MAURER_Q)
		return false;
	for (size_t i = 0; i < blocks; i++) {
		unsigned pattern = pattern_at(bits->bit + MAURER_L * i);
		if (i >= MAURER_Q)
			sum += log2((double)(i + 1 - last[pattern]));
		last[pattern] = i + 1;
	}
	k = (double)(blocks - MAURER_Q);
	c = 0.7 - 0.8 / l + (4 + 32 / l) * pow(k, -3 / l) / 15;
	hf_randtest_normal(out, (sum / k - MAURER_MEAN) / (c * sqrt(MAURER_SIGMA / k)));
	return true;
}

struct point {
	double re, im;
};

static struct point times(struct point a, struct point b)
{
	return (struct point){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

#define RADIX_MAX 61 /* the largest prime that a number of bits may have as a factor */

/* One pass of a transform of num points: what is left of it has length r * m, and s of those lie interleaved. */
struct pass {
	size_t r, m, s;
	const struct point *roots; /* exp(-2 pi i k / num), k < num */
	size_t num;
};

static void pass_two(const struct pass *f, const struct point *x, struct point *y)
{
	for (size_t p = 0; p < f->m; p++) {
		struct point w = f->roots[p * f->s];
		for (size_t q = 0; q < f->s; q++) {
			struct point a = x[q + f->s * p], b = x[q + f->s * (p + f->m)];
			y[q + f->s * 2 * p] = (struct point){a.re + b.re, a.im + b.im};
			y[q + f->s * (2 * p + 1)] = times((struct point){a.re - b.re, a.im - b.im}, w);
		}
	}
}

static void pass_any(const struct pass *f, const struct point *x, struct point *y)
{
	size_t r = f->r;
	struct point small[RADIX_MAX], in[RADIX_MAX];

	for (size_t i = 0; i < r; i++)
		small[i] = f->roots[f->num / r * i];
	for (size_t p = 0; p < f->m; p++) {
		for (size_t q = 0; q < f->s; q++) {
			for (size_t u = 0; u < r; u++)
				in[u] = x[q + f->s * (p + f->m * u)];
			for (size_t t = 0; t < r; t++) {
				struct point sum = in[0];
				for (size_t u = 1, k = t; u < r; u++, k = k + t < r ? k + t : k + t - r) {
					struct point term = times(in[u], small[k]);
					sum = (struct point){sum.re + term.re, sum.im + term.im};
				}
				y[q + f->s * (r * p + t)] = times(sum, f->roots[p * t * f->s]);
			}
		}
	}
}

/* The smallest factor of num beside 1. */
static size_t factor(size_t num)
{
	size_t r = 2;

	while (num % r != 0)
		r++;
	return r;
}

/*
 * The transform of exactly num points (Stockham, by any small factors), from and to x, with y to work in. Where the
 * result is, x or y, is returned. Padding the sequence to a power of two instead gives another spectrum.
 */
static const struct point *transform(struct point *x, struct point *y, const struct point *roots, size_t num)
{
	struct pass f = {.s = 1, .roots = roots, .num = num};

	for (size_t left = num; left > 1; left /= f.r) {
		f.r = factor(left);
		f.m = left / f.r;
		if (f.r == 2)
			pass_two(&f, x, y);
		else
			pass_any(&f, x, y);
		struct point *t = x;
		x = y;
		y = t;
		f.s *= f.r;
	}
	return x;
}

size_t hf_randtest_work(size_t num_bits)
{
	return 3 * num_bits * sizeof(struct point);
}

static bool has_small_factors(size_t num)
{
	for (size_t r = 2; r <= RADIX_MAX && num > 1; r++) {
		while (num % r == 0)
			num /= r;
	}
	return num == 1;
}

/* GM/T 0005-2021, test 15. */
HF_RANDTEST(hf_randtest_dft)
{
	double n = (double)bits->num, threshold = 2.995732274 * n, below = 0;
	size_t num = bits->num;
	struct point *x = bits->work, *y = x + num, *roots = y + num;
	const struct point *spectrum;

	(void)param;
	(void)which;
	if (num < 2 || bits->work_len < hf_randtest_work(num) || !has_small_factors(num))
		return false;
	for (size_t i = 0; i < num; i++) {
		double angle = 2 * M_PI * (double)i / n;
		roots[i] = (struct point){cos(angle), -sin(angle)};
		x[i] = (struct point){bits->bit[i] ? 1 : -1, 0};
	}
	spectrum = transform(x, y, roots, num);
	for (size_t i = 0; i < num / 2; i++)
		below += spectrum[i].re * spectrum[i].re + spectrum[i].im * spectrum[i].im < threshold;
	hf_randtest_normal(out, (below - 0.95 * n / 2) / sqrt(0.95 * 0.05 * n / 3.8));
	return true;
}
