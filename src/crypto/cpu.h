/*
 * What this processor can do, so that a kernel is chosen when the program runs, not when it is built. Asked of the
 * processor once and remembered.
 *
 * The environment's HUFU_CPU narrows the answer, for tests and for finding faults: "portable" (none of it) or a list of
 * the names below ("avx2,aes,pclmul"). A name that the processor lacks, or that nobody knows, adds nothing. It is not
 * read by programs that run with raised rights.
 */
#ifndef HUFU_CRYPTO_CPU_H
#define HUFU_CRYPTO_CPU_H

#include <stdbool.h>

enum hf_cpu_feature {
	HF_CPU_AVX2 = 1 << 0,    /* "avx2" */
	HF_CPU_BMI2 = 1 << 1,    /* "bmi2": BMI1 and BMI2 (andn, rorx, mulx) */
	HF_CPU_ADX = 1 << 2,     /* "adx": adcx, adox */
	HF_CPU_AES = 1 << 3,     /* "aes": AES-NI */
	HF_CPU_PCLMUL = 1 << 4,  /* "pclmul": with SSSE3 */
	HF_CPU_AVX512 = 1 << 5,  /* "avx512": F, BW, DQ and VL */
	HF_CPU_IFMA = 1 << 6,    /* "ifma": AVX-512 IFMA */
	HF_CPU_GFNI = 1 << 7,    /* "gfni" */
	HF_CPU_VPCLMUL = 1 << 8, /* "vpclmul": VPCLMULQDQ */
	HF_NUM_CPU_FEATURES = 9
};

/* A set of hf_cpu_feature: the processor's, narrowed by HUFU_CPU and by hf_cpu_limit. */
unsigned hf_cpu_features(void);
/* All of these are there. */
bool hf_cpu_has(unsigned features);
/*
 * For tests: from now on only features of this set are reported (~0u: all again), in all threads. Never gives more than
 * the processor and HUFU_CPU.
 */
void hf_cpu_limit(unsigned features);

#endif
