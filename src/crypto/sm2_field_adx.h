/*
 * What sm2_point_body.h wants of a field, on mulx, adcx and adox (sm2_field_adx.S). Only for files compiled for them.
 */
#ifndef HUFU_CRYPTO_SM2_FIELD_ADX_H
#define HUFU_CRYPTO_SM2_FIELD_ADX_H

#include "crypto/sm2_field.h"

/* sm2_field_adx.S */
void hf_sm2_fe_mul_adx(struct hf_sm2_fe *r, const struct hf_sm2_fe *a, const struct hf_sm2_fe *b);
void hf_sm2_fe_sqr_adx(struct hf_sm2_fe *r, const struct hf_sm2_fe *a);

static inline void mul(struct hf_sm2_fe *r, const struct hf_sm2_fe *a, const struct hf_sm2_fe *b)
{
	hf_sm2_fe_mul_adx(r, a, b);
}

static inline void sqr(struct hf_sm2_fe *r, const struct hf_sm2_fe *a)
{
	hf_sm2_fe_sqr_adx(r, a);
}

/* The compiler keeps no carry in a flag across a loop of limbs; a sum is as frequent as a product. */
static inline void add(struct hf_sm2_fe *r, const struct hf_sm2_fe *a, const struct hf_sm2_fe *b)
{
	uint64_t x0 = a->v[0], x1 = a->v[1], x2 = a->v[2], x3 = a->v[3], top = 0, y0, y1, y2, y3;

	__asm__("addq	%[b0], %[x0]\n\t"
		"adcq	%[b1], %[x1]\n\t"
		"adcq	%[b2], %[x2]\n\t"
		"adcq	%[b3], %[x3]\n\t"
		"adcq	$0, %[top]\n\t"
		"movq	%[x0], %[y0]\n\t"
		"movq	%[x1], %[y1]\n\t"
		"movq	%[x2], %[y2]\n\t"
		"movq	%[x3], %[y3]\n\t"
		"subq	$-1, %[y0]\n\t"
		"sbbq	%[p1], %[y1]\n\t"
		"sbbq	$-1, %[y2]\n\t"
		"sbbq	%[p3], %[y3]\n\t"
		"sbbq	$0, %[top]\n\t"
		"cmovcq	%[x0], %[y0]\n\t"
		"cmovcq	%[x1], %[y1]\n\t"
		"cmovcq	%[x2], %[y2]\n\t"
		"cmovcq	%[x3], %[y3]"
		: [x0] "+&r"(x0), [x1] "+&r"(x1), [x2] "+&r"(x2), [x3] "+&r"(x3), [top] "+&r"(top), [y0] "=&r"(y0),
		[y1] "=&r"(y1), [y2] "=&r"(y2), [y3] "=&r"(y3)
		: [b0] "m"(b->v[0]), [b1] "m"(b->v[1]), [b2] "m"(b->v[2]), [b3] "m"(b->v[3]),
		[p1] "m"(hf_sm2_fe_p.v[1]), [p3] "m"(hf_sm2_fe_p.v[3])
		: "cc");
	*r = (struct hf_sm2_fe){{y0, y1, y2, y3}};
}

static inline void sub(struct hf_sm2_fe *r, const struct hf_sm2_fe *a, const struct hf_sm2_fe *b)
{
	uint64_t x0 = a->v[0], x1 = a->v[1], x2 = a->v[2], x3 = a->v[3], mask, m1 = hf_sm2_fe_p.v[1],
		 m3 = hf_sm2_fe_p.v[3];

	__asm__("subq	%[b0], %[x0]\n\t"
		"sbbq	%[b1], %[x1]\n\t"
		"sbbq	%[b2], %[x2]\n\t"
		"sbbq	%[b3], %[x3]\n\t"
		"sbbq	%[mask], %[mask]\n\t"
		"andq	%[mask], %[m1]\n\t"
		"andq	%[mask], %[m3]\n\t"
		"addq	%[mask], %[x0]\n\t"
		"adcq	%[m1], %[x1]\n\t"
		"adcq	%[mask], %[x2]\n\t"
		"adcq	%[m3], %[x3]"
		: [x0] "+&r"(x0), [x1] "+&r"(x1), [x2] "+&r"(x2), [x3] "+&r"(x3), [mask] "=&r"(mask), [m1] "+&r"(m1),
		[m3] "+&r"(m3)
		: [b0] "m"(b->v[0]), [b1] "m"(b->v[1]), [b2] "m"(b->v[2]), [b3] "m"(b->v[3])
		: "cc");
	*r = (struct hf_sm2_fe){{x0, x1, x2, x3}};
}

#endif
