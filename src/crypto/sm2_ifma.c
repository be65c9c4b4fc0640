#include "crypto/sm2_ifma.h"

#include "crypto/sm2_lanes.h"
#include "crypto/sm2_n.h"

#include <string.h>

#define mul  hf_fe8_mul
#define sqr  hf_fe8_sqr
#define add  hf_fe8_add
#define sub  hf_fe8_sub
#define sub3 hf_fe8_sub3
#define move hf_fe8_move

/* As in sm2_point_body.h, eight of each. */
struct jacobian8 {
	struct hf_fe8 x, y, z;
};

struct xyzz8 {
	struct hf_fe8 x, y, zz, zzz;
};

struct digits8 {
	__m512i size;
	__mmask8 none, minus;
};

static void set_one(struct hf_fe8 *r)
{
	hf_fe8_all(r, hf_fe8_one);
}

/* Twice each scalar, as limbs by lanes. */
static void twice_of(__m512i twice[6], const uint64_t k[HF_LANES][4])
{
	uint64_t limbs[4][HF_LANES];
	__m512i v[4];

	for (size_t i = 0; i < 4; i++) {
		for (size_t j = 0; j < HF_LANES; j++)
			limbs[i][j] = k[j][i];
		v[i] = _mm512_loadu_si512(limbs[i]);
	}
	twice[0] = _mm512_slli_epi64(v[0], 1);
	for (size_t i = 1; i < 4; i++)
		twice[i] = _mm512_or_si512(_mm512_slli_epi64(v[i], 1), _mm512_srli_epi64(v[i - 1], 63));
	twice[4] = _mm512_srli_epi64(v[3], 63);
	twice[5] = _mm512_setzero_si512();
	hf_wipe(limbs, sizeof(limbs));
}

/* Booth's signed digit of width bits, as digit_at does it. */
static inline struct digits8 digits_at(const __m512i twice[6], unsigned index, unsigned width)
{
	unsigned at = index * width;
	const __m512i all = hf_lanes_all((2u << width) - 1), top = hf_lanes_all(1u << width);
	struct digits8 r;

	/* a shift by 64 gives 0 */
	__m512i in = _mm512_or_si512(_mm512_srlv_epi64(twice[at / 64], hf_lanes_all(at % 64)),
		_mm512_sllv_epi64(twice[at / 64 + 1], hf_lanes_all(64 - at % 64)));
	r.minus = _mm512_test_epi64_mask(in, top);
	in = _mm512_mask_andnot_epi64(in, r.minus, in, all);
	in = _mm512_and_si512(in, all);
	r.size = _mm512_add_epi64(_mm512_srli_epi64(in, 1), _mm512_and_si512(in, hf_lanes_all(1)));
	r.none = _mm512_testn_epi64_mask(r.size, r.size);
	return r;
}

/* --- k·G --- */

/* One limb of each lane's entry: all 64 columns are read. */
static inline __m512i pick_limb(const uint64_t column[HF_SM2_BASE_COLUMNS], __m512i index)
{
	__mmask8 bit4 = _mm512_test_epi64_mask(index, hf_lanes_all(16));
	__mmask8 bit5 = _mm512_test_epi64_mask(index, hf_lanes_all(32));
	__m512i part[4];

	for (size_t i = 0; i < 4; i++)
		part[i] = _mm512_permutex2var_epi64(
			_mm512_loadu_si512(column + 16 * i), index, _mm512_loadu_si512(column + 16 * i + 8));
	part[0] = _mm512_mask_mov_epi64(part[0], bit4, part[1]);
	part[2] = _mm512_mask_mov_epi64(part[2], bit4, part[3]);
	return _mm512_mask_mov_epi64(part[0], bit5, part[2]);
}

/* Up to 16·2^256 each, and y without its sign. */
static inline void pick_base(struct hf_fe8 *x, struct hf_fe8 *y, size_t row, __m512i size)
{
	__m512i index = _mm512_sub_epi64(size, hf_lanes_all(1)), limbs[8];

	for (size_t i = 0; i < 8; i++)
		limbs[i] = pick_limb(hf_sm2_lanes_table[row][i], index);
	hf_fe8_split(x, limbs);
	hf_fe8_split(y, limbs + 4);
}

/* r = (minus ? -a : a) - b */
static inline void signed_sub(struct hf_fe8 *r, __mmask8 minus, const struct hf_fe8 *a, const struct hf_fe8 *b)
{
	__m512i c[5];

	for (size_t i = 0; i < 5; i++) {
		c[i] = _mm512_mask_sub_epi64(a->v[i], minus, _mm512_setzero_si512(), a->v[i]);
		c[i] = _mm512_sub_epi64(c[i], b->v[i]);
	}
	hf_fe8_weak(r, c);
}

/* sum += the row's points, but where the digit is 0. */
static void base_add(struct xyzz8 *sum, size_t row, const struct digits8 *digits)
{
	struct hf_fe8 x, y, h, d, hh, hhh, q;
	struct xyzz8 r;

	pick_base(&x, &y, row, digits->size);
	mul(&h, &x, &sum->zz);
	mul(&d, &y, &sum->zzz);
	sub(&h, &h, &sum->x);
	signed_sub(&d, digits->minus, &d, &sum->y);
	sqr(&hh, &h);
	mul(&hhh, &hh, &h);
	mul(&q, &sum->x, &hh);
	mul(&r.zz, &sum->zz, &hh);
	mul(&r.zzz, &sum->zzz, &hhh);
	mul(&r.y, &sum->y, &hhh);
	sqr(&r.x, &d);
	sub3(&r.x, &r.x, &hhh, &q);
	sub(&q, &q, &r.x);
	mul(&q, &q, &d);
	sub(&r.y, &q, &r.y);
	__mmask8 some = (__mmask8)~digits->none;
	move(&sum->x, some, &r.x);
	move(&sum->y, some, &r.y);
	move(&sum->zz, some, &r.zz);
	move(&sum->zzz, some, &r.zzz);
}

/* Odd numbers, as sm2_point_body.h has it: for an even k it is (n - k)·G, and y is negated. */
static void base_sum(struct xyzz8 *sum, const uint64_t k[HF_LANES][4])
{
	static const uint64_t n[4] = {HF_SM2_N};
	uint64_t odd[HF_LANES][4];
	struct digits8 digits;
	struct hf_fe8 one, zero;
	__m512i twice[6];
	unsigned minus = 0;

	for (unsigned j = 0; j < HF_LANES; j++) {
		uint64_t even = hf_mask(~k[j][0] & 1);
		(void)hf_limbs_sub(odd[j], n, k[j]);
		hf_limbs_select(odd[j], odd[j], k[j], even);
		minus |= (unsigned)(even & 1) << j;
	}
	twice_of(twice, (const uint64_t(*)[4])odd);
	digits = digits_at(twice, 0, 7);
	pick_base(&sum->x, &sum->y, 0, digits.size);
	set_one(&one);
	memset(&zero, 0, sizeof(zero));
	mul(&sum->x, &sum->x, &one);
	mul(&sum->y, &sum->y, &one);
	signed_sub(&sum->y, digits.minus, &sum->y, &zero);
	sum->zz = sum->zzz = one;
	for (unsigned i = 1; i < HF_SM2_BASE_ROWS; i++) {
		digits = digits_at(twice, i, 7);
		base_add(sum, i, &digits);
	}
	signed_sub(&sum->y, (__mmask8)minus, &sum->y, &zero);
	hf_wipe(odd, sizeof(odd));
	hf_wipe(twice, sizeof(twice));
}

/* Inverts each lane by one inversion: products up, inverses down. */
static void invert_lanes(struct hf_fe8 *a)
{
	struct hf_sm2_fe v[HF_LANES], product[HF_LANES], inverse, one;

	hf_fe8_out(v, a);
	product[0] = v[0];
	for (size_t j = 1; j < HF_LANES; j++)
		hf_sm2_fe_mul(&product[j], &product[j - 1], &v[j]);
	hf_sm2_fe_invert(&inverse, &product[HF_LANES - 1]);
	for (size_t j = HF_LANES; j-- > 1;) {
		hf_sm2_fe_mul(&one, &inverse, &product[j - 1]);
		hf_sm2_fe_mul(&inverse, &inverse, &v[j]);
		v[j] = one;
	}
	v[0] = inverse;
	hf_fe8_in(a, v);
	hf_wipe(v, sizeof(v));
	hf_wipe(product, sizeof(product));
	hf_wipe(&inverse, sizeof(inverse));
	hf_wipe(&one, sizeof(one));
}

/* Eight points, given 1/zzz; the first num are wanted. */
static void put_points(uint8_t out[][HF_SM2_POINT], const struct xyzz8 *sum, const struct hf_fe8 *inverse, size_t num)
{
	struct hf_sm2_fe plain[HF_LANES];
	struct hf_fe8 t;

	mul(&t, &sum->y, inverse);
	hf_fe8_plain(plain, &t);
	for (size_t j = 0; j < num; j++)
		hf_limbs_out(out[j] + 32, plain[j].v);
	mul(&t, &sum->zz, inverse); /* 1/z */
	sqr(&t, &t);
	mul(&t, &t, &sum->x);
	hf_fe8_plain(plain, &t);
	for (size_t j = 0; j < num; j++)
		hf_limbs_out(out[j], plain[j].v);
	hf_wipe(plain, sizeof(plain));
	hf_wipe(&t, sizeof(t));
}

#define GROUPS (HF_SM2_MANY / HF_LANES)

static size_t at_most(size_t num, size_t most)
{
	return num < most ? num : most;
}

void hf_sm2_ifma_base(uint8_t out[][HF_SM2_POINT], const uint64_t k[][4], size_t num)
{
	struct xyzz8 sum[GROUPS];
	struct hf_fe8 product[GROUPS], inverse, one;
	uint64_t eight[HF_LANES][4];
	size_t groups = (num + HF_LANES - 1) / HF_LANES;

	for (size_t g = 0; g < groups; g++) {
		for (size_t j = 0; j < HF_LANES; j++)
			memcpy(eight[j], k[at_most(g * HF_LANES + j, num - 1)], sizeof(eight[j]));
		base_sum(&sum[g], (const uint64_t(*)[4])eight);
		product[g] = sum[g].zzz;
		if (g > 0)
			mul(&product[g], &product[g - 1], &sum[g].zzz);
	}
	inverse = product[groups - 1];
	invert_lanes(&inverse);
	for (size_t g = groups; g-- > 0;) {
		one = inverse;
		if (g > 0) {
			mul(&one, &inverse, &product[g - 1]);
			mul(&inverse, &inverse, &sum[g].zzz);
		}
		put_points(out + g * HF_LANES, &sum[g], &one, at_most(num - g * HF_LANES, HF_LANES));
	}
	hf_wipe(eight, sizeof(eight));
	hf_wipe(sum, sizeof(sum));
	hf_wipe(product, sizeof(product));
	hf_wipe(&inverse, sizeof(inverse));
	hf_wipe(&one, sizeof(one));
}

/* --- t·P --- */

/* r = a·2^left - b·2^right */
static inline void scaled_sub(
	struct hf_fe8 *r, const struct hf_fe8 *a, unsigned left, const struct hf_fe8 *b, unsigned right)
{
	__m512i c[5];

	for (size_t i = 0; i < 5; i++)
		c[i] = _mm512_sub_epi64(_mm512_slli_epi64(a->v[i], left), _mm512_slli_epi64(b->v[i], right));
	hf_fe8_weak(r, c);
}

/* r = a·2^shift, plus a if and_one */
static inline void scale(struct hf_fe8 *r, const struct hf_fe8 *a, unsigned shift, bool and_one)
{
	__m512i c[5];

	for (size_t i = 0; i < 5; i++) {
		c[i] = _mm512_slli_epi64(a->v[i], shift);
		if (and_one)
			c[i] = _mm512_add_epi64(c[i], a->v[i]);
	}
	hf_fe8_weak(r, c);
}

static void jacobian_double(struct jacobian8 *r, const struct jacobian8 *a)
{
	struct hf_fe8 m, s, t, yy;

	sqr(&t, &a->z);
	sqr(&yy, &a->y);
	add(&m, &a->x, &t);
	sub(&t, &a->x, &t);
	mul(&m, &m, &t);
	scale(&m, &m, 1, true); /* 3(x - z²)(x + z²) */
	mul(&t, &a->y, &a->z);
	mul(&s, &a->x, &yy);
	sqr(&yy, &yy);
	scale(&r->z, &t, 1, false);
	sqr(&t, &m);
	scaled_sub(&r->x, &t, 0, &s, 3);
	scaled_sub(&s, &s, 2, &r->x, 0);
	mul(&s, &s, &m);
	scaled_sub(&r->y, &s, 0, &yy, 3);
}

/* r = a + b: neither infinity, nor equal; z becomes 0 if they are, or if they are opposite. */
static void jacobian_add(struct jacobian8 *r, const struct jacobian8 *a, const struct jacobian8 *b)
{
	struct hf_fe8 zz1, zz2, u, s, h, d, z;

	sqr(&zz1, &a->z);
	sqr(&zz2, &b->z);
	mul(&u, &a->x, &zz2);
	mul(&h, &b->x, &zz1);
	mul(&zz1, &zz1, &a->z);
	mul(&zz2, &zz2, &b->z);
	mul(&s, &a->y, &zz2);
	mul(&d, &b->y, &zz1);
	mul(&z, &a->z, &b->z);
	sub(&h, &h, &u);
	sub(&d, &d, &s);
	mul(&r->z, &z, &h);
	sqr(&zz1, &h);
	mul(&zz2, &zz1, &h);
	mul(&u, &u, &zz1);
	mul(&s, &s, &zz2);
	sqr(&r->x, &d);
	sub3(&r->x, &r->x, &zz2, &u);
	sub(&u, &u, &r->x);
	mul(&u, &u, &d);
	sub(&r->y, &u, &s);
}

static void jacobian_move(struct jacobian8 *r, __mmask8 mask, const struct jacobian8 *a)
{
	move(&r->x, mask, &a->x);
	move(&r->y, mask, &a->y);
	move(&r->z, mask, &a->z);
}

#define COLUMNS 16
#define DIGITS  52

static void multiples(struct jacobian8 table[COLUMNS], const struct hf_sm2_affine p[HF_LANES])
{
	struct hf_sm2_fe x[HF_LANES], y[HF_LANES];

	for (size_t j = 0; j < HF_LANES; j++) {
		x[j] = p[j].x;
		y[j] = p[j].y;
	}
	hf_fe8_in(&table[0].x, x);
	hf_fe8_in(&table[0].y, y);
	set_one(&table[0].z);
	for (size_t i = 1; i < COLUMNS; i++) {
		if (i % 2)
			jacobian_double(&table[i], &table[i / 2]);
		else
			jacobian_add(&table[i], &table[i - 1], &table[0]);
	}
}

/* As product_of of sm2_point_body.h; z is 0 in a lane whose last addition has no formula (k = n - 6). */
static void product_of(struct jacobian8 *sum, const uint64_t k[HF_LANES][4], const struct hf_sm2_affine p[HF_LANES])
{
	struct jacobian8 table[COLUMNS], point, r;
	struct hf_fe8 zero;
	__m512i twice[6];
	__mmask8 begun = 0;

	memset(&zero, 0, sizeof(zero));
	multiples(table, p);
	twice_of(twice, k);
	*sum = table[0];
	for (unsigned i = DIGITS; i-- > 0;) {
		struct digits8 digits = digits_at(twice, i, 5);
		for (size_t j = 0; i < DIGITS - 1 && j < 5; j++)
			jacobian_double(sum, sum);
		point = table[0];
		for (unsigned j = 1; j < COLUMNS; j++)
			jacobian_move(&point, _mm512_cmpeq_epi64_mask(digits.size, hf_lanes_all(j + 1)), &table[j]);
		signed_sub(&point.y, digits.minus, &point.y, &zero);
		jacobian_add(&r, sum, &point);
		__mmask8 some = (__mmask8)~digits.none;
		jacobian_move(sum, some & begun, &r);
		jacobian_move(sum, some & (__mmask8)~begun, &point);
		begun |= some;
	}
	hf_wipe(twice, sizeof(twice));
	hf_wipe(table, sizeof(table));
	hf_wipe(&point, sizeof(point));
}

/* Lanes that are 0 modulo p. */
static unsigned zeros(const struct hf_fe8 *a)
{
	struct hf_sm2_fe plain[HF_LANES];
	unsigned found = 0;

	hf_fe8_plain(plain, a);
	for (unsigned j = 0; j < HF_LANES; j++)
		found |= (unsigned)(hf_sm2_fe_zero(&plain[j]) & 1) << j;
	return found;
}

/* The points of a as struct xyzz8; those that product_of left open become something that can be inverted. */
static unsigned to_xyzz(struct xyzz8 *r, const struct jacobian8 *a)
{
	unsigned open = zeros(&a->z);
	struct hf_fe8 one;

	set_one(&one);
	r->x = a->x;
	r->y = a->y;
	sqr(&r->zz, &a->z);
	mul(&r->zzz, &r->zz, &a->z);
	move(&r->zzz, (__mmask8)open, &one);
	return open;
}

void hf_sm2_ifma_both(uint8_t base[][HF_SM2_POINT], uint8_t product[][HF_SM2_POINT], const uint64_t k[][4],
	const struct hf_sm2_affine *p, size_t num)
{
	uint64_t eight[HF_LANES][4];
	struct hf_sm2_affine points[HF_LANES];
	struct jacobian8 jacobian;
	struct hf_fe8 inverse, one;
	struct xyzz8 sum[2];

	for (size_t j = 0; j < HF_LANES; j++) {
		memcpy(eight[j], k[at_most(j, num - 1)], sizeof(eight[j]));
		points[j] = p[at_most(j, num - 1)];
	}
	base_sum(&sum[0], (const uint64_t(*)[4])eight);
	product_of(&jacobian, (const uint64_t(*)[4])eight, points);
	unsigned open = to_xyzz(&sum[1], &jacobian);
	mul(&inverse, &sum[0].zzz, &sum[1].zzz);
	invert_lanes(&inverse);
	mul(&one, &inverse, &sum[1].zzz);
	put_points(base, &sum[0], &one, num);
	mul(&one, &inverse, &sum[0].zzz);
	put_points(product, &sum[1], &one, num);
	for (size_t j = 0; j < num; j++) {
		if (open >> j & 1)
			hf_sm2_curve()->multiply(product[j], k[j], &p[j]);
	}
	hf_wipe(eight, sizeof(eight));
	hf_wipe(&jacobian, sizeof(jacobian));
	hf_wipe(sum, sizeof(sum));
	hf_wipe(&inverse, sizeof(inverse));
	hf_wipe(&one, sizeof(one));
}

/* --- s·G + t·P --- */

/* The sum's x and zz; zz is 0 where the points are equal, opposite or one is infinity. */
static void meet(struct hf_fe8 *x, struct hf_fe8 *zz, const struct xyzz8 *a, const struct jacobian8 *b)
{
	struct hf_fe8 zz2, u, h, d, hh;

	sqr(&zz2, &b->z);
	mul(&u, &a->x, &zz2);
	mul(&h, &b->x, &a->zz);
	sub(&h, &h, &u);
	sqr(&hh, &h);
	mul(zz, &a->zz, &zz2);
	mul(zz, zz, &hh);
	mul(&zz2, &zz2, &b->z);
	mul(&zz2, &zz2, &a->y);
	mul(&d, &b->y, &a->zzz);
	sub(&d, &d, &zz2);
	mul(&u, &u, &hh);
	mul(&hh, &hh, &h);
	sqr(x, &d);
	sub3(x, x, &hh, &u);
}

unsigned hf_sm2_ifma_match(const struct hf_sm2_sum *sums, size_t num)
{
	uint64_t s[HF_LANES][4], t[HF_LANES][4];
	struct hf_sm2_affine p[HF_LANES];
	struct hf_sm2_fe wanted[HF_LANES];
	struct hf_fe8 x, zz, want;
	struct jacobian8 product;
	struct xyzz8 base;

	for (size_t j = 0; j < HF_LANES; j++) {
		const struct hf_sm2_sum *sum = &sums[at_most(j, num - 1)];
		memcpy(s[j], sum->s, sizeof(s[j]));
		memcpy(t[j], sum->t, sizeof(t[j]));
		p[j] = sum->p;
		hf_sm2_fe_in(&wanted[j], sum->x);
	}
	base_sum(&base, (const uint64_t(*)[4])s);
	product_of(&product, (const uint64_t(*)[4])t, p);
	meet(&x, &zz, &base, &product);
	hf_fe8_in(&want, wanted);
	mul(&want, &want, &zz);
	sub(&x, &x, &want);
	return zeros(&x) & ~zeros(&zz) & ((1u << num) - 1);
}

void hf_sm2_ifma_try(enum hf_lanes_op op, uint64_t r[5][8], uint64_t a[5][8], uint64_t b[5][8])
{
	struct hf_fe8 av, bv, rv;

	for (size_t i = 0; i < 5; i++) {
		av.v[i] = _mm512_loadu_si512(a[i]);
		bv.v[i] = _mm512_loadu_si512(b[i]);
	}
	switch (op) {
	case HF_LANES_MUL:
		mul(&rv, &av, &bv);
		break;
	case HF_LANES_SQR:
		sqr(&rv, &av);
		break;
	case HF_LANES_ADD:
		add(&rv, &av, &bv);
		break;
	case HF_LANES_SUB:
		sub(&rv, &av, &bv);
		break;
	case HF_LANES_SUB3:
		sub3(&rv, &av, &bv, &av);
		break;
	}
	for (size_t i = 0; i < 5; i++)
		_mm512_storeu_si512(r[i], rv.v[i]);
}
