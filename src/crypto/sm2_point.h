/*
 * The curve y² = x³ - 3x + b of GM/T 0003.5: multiplications of points. The same formulas (sm2_point_body.h) stand on
 * more than one field arithmetic; hf_sm2_curve() gives the fastest that this processor runs.
 *
 * Scalars are plain limbs in [1, n-1], points out are x ‖ y, big-endian. Constant time but where it says otherwise.
 */
#ifndef HUFU_CRYPTO_SM2_POINT_H
#define HUFU_CRYPTO_SM2_POINT_H

#include "crypto/sm2.h"
#include "crypto/sm2_field.h"

/* Not infinity, which has no coordinates. */
struct hf_sm2_affine {
	struct hf_sm2_fe x, y;
};

struct hf_sm2_curve {
	const char *name;
	/* out = k·G */
	void (*base)(uint8_t out[HF_SM2_POINT], const uint64_t k[4]);
	/* out = k·p */
	void (*multiply)(uint8_t out[HF_SM2_POINT], const uint64_t k[4], const struct hf_sm2_affine *p);
	/* base = k·G, product = k·p */
	void (*both)(uint8_t base[HF_SM2_POINT], uint8_t product[HF_SM2_POINT], const uint64_t k[4],
		const struct hf_sm2_affine *p);
	/*
	 * The x of s·G + t·p is want modulo n (want < n); false at infinity. s and t are in [0, n-1]. Not constant
	 * time: for signatures and public keys.
	 */
	bool (*match)(const uint64_t s[4], const uint64_t t[4], const struct hf_sm2_affine *p, const uint64_t want[4]);
};

extern const struct hf_sm2_curve hf_sm2_curve_portable;
/* Field in assembly with mulx, adcx and adox; x86-64 only. */
extern const struct hf_sm2_curve hf_sm2_curve_adx;
/* The same, reading tables 64 octets at a time. */
extern const struct hf_sm2_curve hf_sm2_curve_avx512;
const struct hf_sm2_curve *hf_sm2_curve(void);

/* From x ‖ y, checked. Errors: HF_E_INPUT. */
HF_MUST_USE bool hf_sm2_affine_in(struct hf_sm2_affine *p, const uint8_t in[HF_SM2_POINT], struct hf_err *err);

/* Row i, column j: (j + 1)·2^(7·i)·G. Made by sm2_table.py. */
#define HF_SM2_BASE_ROWS    37
#define HF_SM2_BASE_COLUMNS 64
extern const struct hf_sm2_affine hf_sm2_base_table[HF_SM2_BASE_ROWS][HF_SM2_BASE_COLUMNS];

#endif
