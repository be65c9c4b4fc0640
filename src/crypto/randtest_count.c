/* The tests that count bits and patterns. The numbers are the standard's. */
#include "crypto/randtest_int.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PATTERNS 512 /* the longest pattern has 9 bits */

static size_t ones(const uint8_t *bit, size_t num)
{
	size_t sum = 0;

	for (size_t i = 0; i < num; i++)
		sum += bit[i];
	return sum;
}

/* GM/T 0005-2021, test 1. */
HF_RANDTEST(hf_randtest_monobit)
{
	double n = (double)bits->num;

	(void)param;
	(void)which;
	if (bits->num < 1)
		return false;
	hf_randtest_normal(out, (2 * (double)ones(bits->bit, bits->num) - n) / sqrt(n));
	return true;
}

/* GM/T 0005-2021, test 2. */
HF_RANDTEST(hf_randtest_block_frequency)
{
	size_t num = bits->num / param;
	double sum = 0;

	(void)which;
	for (size_t i = 0; i < num; i++) {
		double part = (double)ones(bits->bit + i * param, param) / param - 0.5;
		sum += part * part;
	}
	if (num == 0)
		return false;
	hf_randtest_chi(out, 4 * (double)param * sum, (double)num);
	return true;
}

/* Sum of the squares of how often each of the patterns of m bits occurs. */
static double squares(const uint32_t count[PATTERNS], unsigned m)
{
	double sum = 0;

	for (size_t i = 0; i < (size_t)1 << m; i++)
		sum += (double)count[i] * count[i];
	return sum;
}

/* GM/T 0005-2021, test 3. */
HF_RANDTEST(hf_randtest_poker)
{
	uint32_t count[PATTERNS] = {0};
	size_t num = bits->num / param;
	double n = (double)num, patterns = (double)(1u << param);

	(void)which;
	for (size_t i = 0; i < num; i++) {
		unsigned pattern = 0;
		for (size_t j = 0; j < param; j++)
			pattern = pattern << 1 | bits->bit[i * param + j];
		count[pattern]++;
	}
	if (num == 0)
		return false;
	hf_randtest_chi(out, patterns / n * squares(count, param) - n, patterns - 1);
	return true;
}

/* Patterns of m bits that begin at each bit; the end goes on with the beginning. */
static void overlapping(const struct hf_randtest_bits *bits, unsigned m, uint32_t count[PATTERNS])
{
	unsigned pattern = 0, mask = (1u << m) - 1;

	memset(count, 0, PATTERNS * sizeof(count[0]));
	for (size_t i = 0; i + 1 < m; i++)
		pattern = pattern << 1 | bits->bit[i];
	for (size_t i = 0, j = m - 1; i < bits->num; i++) {
		pattern = (pattern << 1 | bits->bit[j]) & mask;
		count[pattern]++;
		j = j + 1 == bits->num ? 0 : j + 1;
	}
}

static double psi(const struct hf_randtest_bits *bits, unsigned m)
{
	uint32_t count[PATTERNS];
	double n = (double)bits->num;

	if (m == 0)
		return 0;
	overlapping(bits, m, count);
	return (double)(1u << m) / n * squares(count, m) - n;
}

/* GM/T 0005-2021, test 4. */
HF_RANDTEST(hf_randtest_serial)
{
	double a, b, c;

	if (bits->num < param)
		return false;
	a = psi(bits, param);
	b = psi(bits, param - 1);
	c = psi(bits, param - 2);
	if (which == 1)
		hf_randtest_chi(out, a - b, ldexp(1, (int)param - 1));
	else
		hf_randtest_chi(out, a - 2 * b + c, ldexp(1, (int)param - 2));
	return true;
}

/* GM/T 0005-2021, test 5. */
HF_RANDTEST(hf_randtest_runs)
{
	double n = (double)bits->num, pi = (double)ones(bits->bit, bits->num) / n, r = 1;

	(void)param;
	(void)which;
	for (size_t i = 1; i < bits->num; i++)
		r += bits->bit[i] != bits->bit[i - 1];
	if (bits->num == 0)
		return false;
	if (pi <= 0 || pi >= 1)
		*out = (struct hf_randtest_result){-INFINITY, 0, 1};
	else
		hf_randtest_normal(out, (r - 2 * n * pi * (1 - pi)) / (2 * sqrt(n) * pi * (1 - pi)));
	return true;
}

/* GM/T 0005-2021, test 6. */
HF_RANDTEST(hf_randtest_runs_distribution)
{
	double counts[2][64] = {{0}}, n = (double)bits->num, total = 0, v = 0;
	size_t k = 0;

	(void)param;
	(void)which;
	for (size_t i = 1; i < 60 && (n - (double)i + 3) / ldexp(1, (int)i + 2) >= 5; i++)
		k = i;
	if (k < 2)
		return false;
	for (size_t i = 0, len; i < bits->num; i += len, total++) {
		for (len = 1; i + len < bits->num && bits->bit[i + len] == bits->bit[i]; len++)
			;
		counts[bits->bit[i]][len < k ? len : k]++;
	}
	for (size_t i = 1; i <= k; i++) {
		double e = ldexp(total, -(int)(i < k ? i + 1 : k));
		double one = counts[1][i] - e, zero = counts[0][i] - e;
		v += (one * one + zero * zero) / e;
	}
	hf_randtest_chi(out, v, 2 * (double)(k - 1));
	return true;
}

struct longest {
	size_t least_bits, block, num_classes;
	size_t first; /* the first class is this long or shorter */
	double p[7];
};

static const struct longest longests[] = {
	{750000, 10000, 7, 10, {0.086632, 0.208201, 0.248419, 0.193913, 0.121458, 0.068011, 0.073366}},
	{6272, 128, 6, 4, {0.1174, 0.2430, 0.2494, 0.1752, 0.1027, 0.1124}},
	{128, 8, 4, 1, {0.2148, 0.3672, 0.2305, 0.1875}},
};

static size_t longest_run(const uint8_t *bit, size_t num, unsigned of)
{
	size_t most = 0, now = 0;

	for (size_t i = 0; i < num; i++) {
		now = bit[i] == of ? now + 1 : 0;
		most = now > most ? now : most;
	}
	return most;
}

/* GM/T 0005-2021, test 7. */
HF_RANDTEST(hf_randtest_longest_run)
{
	const struct longest *l = longests;
	double counts[7] = {0}, num, v = 0;

	(void)param;
	if (bits->num < 128)
		return false;
	while (bits->num < l->least_bits)
		l++;
	num = (double)(bits->num / l->block);
	for (size_t i = 0; i < bits->num / l->block; i++) {
		size_t len = longest_run(bits->bit + i * l->block, l->block, which);
		size_t class = len <= l->first ? 0 : len - l->first;
		counts[class < l->num_classes ? class : l->num_classes - 1]++;
	}
	for (size_t i = 0; i < l->num_classes; i++)
		v += (counts[i] - num * l->p[i]) * (counts[i] - num * l->p[i]) / (num * l->p[i]);
	hf_randtest_chi(out, v, (double)(l->num_classes - 1));
	return true;
}

/* GM/T 0005-2021, test 8. */
HF_RANDTEST(hf_randtest_binary_derivative)
{
	uint8_t *work = bits->work;
	size_t num = bits->num;
	double n;

	(void)which;
	if (num <= param)
		return false;
	memcpy(work, bits->bit, num);
	for (unsigned k = 0; k < param; k++) {
		num--;
		for (size_t i = 0; i < num; i++)
			work[i] ^= work[i + 1];
	}
	n = (double)num;
	hf_randtest_normal(out, (2 * (double)ones(work, num) - n) / sqrt(n));
	return true;
}

/* GM/T 0005-2021, test 9. */
HF_RANDTEST(hf_randtest_autocorrelation)
{
	double n, a = 0;

	(void)which;
	if (bits->num <= param)
		return false;
	for (size_t i = 0; i + param < bits->num; i++)
		a += bits->bit[i] ^ bits->bit[i + param];
	n = (double)(bits->num - param);
	hf_randtest_normal(out, 2 * (a - n / 2) / sqrt(n));
	return true;
}

static double phi(double x)
{
	return erfc(-x / sqrt(2)) / 2;
}

/* GM/T 0005-2021, test 11. */
HF_RANDTEST(hf_randtest_cusum)
{
	double n = (double)bits->num, root = sqrt(n), p = 1;
	long sum = 0, z = 0;

	(void)param;
	for (size_t i = 0; i < bits->num; i++) {
		sum += 2 * bits->bit[which == 1 ? i : bits->num - 1 - i] - 1;
		z = labs(sum) > z ? labs(sum) : z;
	}
	if (z == 0)
		return false;
	for (double i = ceil((-n / (double)z + 1) / 4); i <= floor((n / (double)z - 1) / 4); i++)
		p -= phi((4 * i + 1) * (double)z / root) - phi((4 * i - 1) * (double)z / root);
	for (double i = ceil((-n / (double)z - 3) / 4); i <= floor((n / (double)z - 1) / 4); i++)
		p += phi((4 * i + 3) * (double)z / root) - phi((4 * i + 1) * (double)z / root);
	*out = (struct hf_randtest_result){(double)z, p, p};
	return true;
}

static double entropy(const struct hf_randtest_bits *bits, unsigned m)
{
	uint32_t count[PATTERNS];
	double n = (double)bits->num, sum = 0;

	overlapping(bits, m, count);
	for (size_t i = 0; i < (size_t)1 << m; i++) {
		if (count[i] > 0)
			sum += count[i] / n * log(count[i] / n);
	}
	return sum;
}

/* GM/T 0005-2021, test 12. */
HF_RANDTEST(hf_randtest_approx_entropy)
{
	double apen;

	(void)which;
	if (bits->num <= param)
		return false;
	apen = entropy(bits, param) - entropy(bits, param + 1);
	hf_randtest_chi(out, 2 * (double)bits->num * (log(2) - apen), ldexp(1, (int)param));
	return true;
}
