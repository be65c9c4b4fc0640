#include "crypto/sm2_field.h"

#define CURVE      hf_sm2_curve_portable
#define CURVE_NAME "portable"
#define LANE_BYTES 16

static __attribute__((noinline)) void mul(struct hf_sm2_fe *r, const struct hf_sm2_fe *a, const struct hf_sm2_fe *b)
{
	hf_sm2_fe_mul(r, a, b);
}

static __attribute__((noinline)) void sqr(struct hf_sm2_fe *r, const struct hf_sm2_fe *a)
{
	hf_sm2_fe_sqr(r, a);
}

static inline void add(struct hf_sm2_fe *r, const struct hf_sm2_fe *a, const struct hf_sm2_fe *b)
{
	hf_sm2_fe_add(r, a, b);
}

static inline void sub(struct hf_sm2_fe *r, const struct hf_sm2_fe *a, const struct hf_sm2_fe *b)
{
	hf_sm2_fe_sub(r, a, b);
}

#include "crypto/sm2_point_body.h"
