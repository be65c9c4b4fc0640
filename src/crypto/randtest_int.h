/* What the tests of randtest_*.c share. */
#ifndef HUFU_CRYPTO_RANDTEST_INT_H
#define HUFU_CRYPTO_RANDTEST_INT_H

#include "crypto/randtest.h"

struct hf_randtest_bits {
	const uint8_t *bit; /* 0 or 1, one an octet */
	size_t num;
	void *work; /* of work_len octets: for those who need memory */
	size_t work_len;
};

/* Regularized upper incomplete gamma function; a > 0, x >= 0. */
double hf_igamc(double a, double x);
/* The P- and Q-value of a chi-square statistic, and of a standard normal one. */
void hf_randtest_chi(struct hf_randtest_result *out, double v, double freedom);
void hf_randtest_normal(struct hf_randtest_result *out, double v);
/* Octets of work that a test may want for this many bits. */
size_t hf_randtest_work(size_t num_bits);

/* A test: false when there are too few bits. */
#define HF_RANDTEST(name)                                                                                              \
	bool name(const struct hf_randtest_bits *bits, unsigned param, unsigned which, struct hf_randtest_result *out)
HF_RANDTEST(hf_randtest_monobit);
HF_RANDTEST(hf_randtest_block_frequency);
HF_RANDTEST(hf_randtest_poker);
HF_RANDTEST(hf_randtest_serial);
HF_RANDTEST(hf_randtest_runs);
HF_RANDTEST(hf_randtest_runs_distribution);
HF_RANDTEST(hf_randtest_longest_run);
HF_RANDTEST(hf_randtest_binary_derivative);
HF_RANDTEST(hf_randtest_autocorrelation);
HF_RANDTEST(hf_randtest_matrix_rank);
HF_RANDTEST(hf_randtest_cusum);
HF_RANDTEST(hf_randtest_approx_entropy);
HF_RANDTEST(hf_randtest_linear_complexity);
HF_RANDTEST(hf_randtest_maurer);
HF_RANDTEST(hf_randtest_dft);

#endif
