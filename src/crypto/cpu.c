/*
 * The two words below remember a property of the machine; they are the only mutable globals of this folder beside the
 * pool of random generators, and atomic. A race at the start computes the same value twice.
 */
#include "crypto/cpu.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define ASKED (1u << 31)

static _Atomic unsigned features_of_this_cpu;
static _Atomic unsigned limit = ~0u;

static const char *const names[HF_NUM_CPU_FEATURES] = {
	"avx2", "bmi2", "adx", "aes", "pclmul", "avx512", "ifma", "gfni", "vpclmul"};

#if defined(__x86_64__)
#include <cpuid.h>

/* The compiler's own table also asks whether the system saves the wide registers; it has no word for ADX in clang. */
static unsigned ask(void)
{
	unsigned a, b, c, d, have = 0;
	bool adx = __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & 1u << 19);

	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx2"))
		have |= HF_CPU_AVX2;
	if (__builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2"))
		have |= HF_CPU_BMI2;
	if (adx)
		have |= HF_CPU_ADX;
	if (__builtin_cpu_supports("aes") && __builtin_cpu_supports("ssse3"))
		have |= HF_CPU_AES;
	if (__builtin_cpu_supports("pclmul") && __builtin_cpu_supports("ssse3"))
		have |= HF_CPU_PCLMUL;
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
		__builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
		have |= HF_CPU_AVX512;
	if (__builtin_cpu_supports("avx512ifma"))
		have |= HF_CPU_IFMA;
	if (__builtin_cpu_supports("gfni"))
		have |= HF_CPU_GFNI;
	if (__builtin_cpu_supports("vpclmulqdq"))
		have |= HF_CPU_VPCLMUL;
	return have;
}
#else
static unsigned ask(void)
{
	return 0;
}
#endif

/* The features that a comma-separated list names. */
static unsigned named(const char *list)
{
	unsigned set = 0;

	while (*list) {
		size_t len = strcspn(list, ",");
		for (unsigned i = 0; i < HF_NUM_CPU_FEATURES; i++) {
			if (strlen(names[i]) == len && strncmp(names[i], list, len) == 0)
				set |= 1u << i;
		}
		list += len + (list[len] == ',');
	}
	return set;
}

unsigned hf_cpu_features(void)
{
	unsigned have = atomic_load_explicit(&features_of_this_cpu, memory_order_relaxed);

	if (!(have & ASKED)) {
		const char *only = secure_getenv("HUFU_CPU");
		have = (only ? ask() & named(only) : ask()) | ASKED;
		atomic_store_explicit(&features_of_this_cpu, have, memory_order_relaxed);
	}
	return have & ~ASKED & atomic_load_explicit(&limit, memory_order_relaxed);
}

bool hf_cpu_has(unsigned features)
{
	return (hf_cpu_features() & features) == features;
}

void hf_cpu_limit(unsigned features)
{
	atomic_store_explicit(&limit, features, memory_order_relaxed);
}
