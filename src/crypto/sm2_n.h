/*
 * Numbers modulo n, the order of the base point (GM/T 0003.5), as plain limbs below n unless said otherwise. Constant
 * time.
 */
#ifndef HUFU_CRYPTO_SM2_N_H
#define HUFU_CRYPTO_SM2_N_H

#include "crypto/sm2_limbs.h"

#define HF_SM2_N 0x53bbf40939d54123, 0x7203df6b21c6052b, 0xffffffffffffffff, 0xfffffffeffffffff

/* r = a mod n, for any a. */
void hf_sm2_n_fold(uint64_t r[4], const uint64_t a[4]);
void hf_sm2_n_add(uint64_t r[4], const uint64_t a[4], const uint64_t b[4]);
void hf_sm2_n_sub(uint64_t r[4], const uint64_t a[4], const uint64_t b[4]);
/* r = a·b/2^256 mod n (Montgomery). */
void hf_sm2_n_mul(uint64_t r[4], const uint64_t a[4], const uint64_t b[4]);
/* r = 2^256/a mod n: a factor for hf_sm2_n_mul that divides by a. 0 for 0. */
void hf_sm2_n_invert(uint64_t r[4], const uint64_t a[4]);
/* All ones if 1 <= a <= n - 1 - less (less < 2^32), or 0. */
uint64_t hf_sm2_n_in_range(const uint64_t a[4], uint64_t less);
uint64_t hf_sm2_n_zero(const uint64_t a[4]);

#endif
