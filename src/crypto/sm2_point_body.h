/*
 * The formulas of sm2_point.h, for one field arithmetic. The file that includes this one has defined mul, sqr, add and
 * sub (r, a, b: pointers to struct hf_sm2_fe; r may be an operand), LANE_BYTES (the width of the vectors that tables
 * are read with), CURVE (the struct hf_sm2_curve to define) and CURVE_NAME.
 *
 * k·G adds one point from each row of the base table, for signed digits of 7 bits; no doubling. k·P walks signed digits
 * of 5 bits from the top. Each choice from a table reads the whole table. The sum is kept as (x/zz, y/zzz), zz³ = zzz²,
 * which makes an addition cheapest (8 products, 2 squares), or in Jacobian coordinates, best at doubling. A zero zz or
 * z is infinity.
 *
 * The formulas for a + b fail if a = b. With 1 <= k < n:
 *  - k·G: row i adds d·2^(7i)·G, |d| <= 64, to a multiple of G below 2^(7i) in size; these differ modulo n as numbers
 *    do, except in the last row, where they could only meet for k > n.
 *  - k·P: before the last digit the same holds for 32·a and d <= 16; at the last digit, 32·a = d (mod n) is possible
 *    (k = n - 6), so the last addition also doubles and chooses.
 */
#ifndef HUFU_CRYPTO_SM2_POINT_BODY_H
#define HUFU_CRYPTO_SM2_POINT_BODY_H

#include "crypto/sm2_n.h"
#include "crypto/sm2_point.h"

#include <string.h>

typedef uint32_t lanes __attribute__((vector_size(LANE_BYTES)));

struct jacobian {
	struct hf_sm2_fe x, y, z;
} __attribute__((aligned(LANE_BYTES))); /* so that its size is a multiple, too */

struct xyzz {
	struct hf_sm2_fe x, y, zz, zzz;
};

#define TABLE_MAX 128 /* octets of the largest table entry */

/* out = entry index - 1 of num entries of size octets; zeros for index 0. */
static inline __attribute__((always_inline)) void pick(
	void *out, const void *table, size_t num, size_t size, uint32_t index)
{
	lanes sum[TABLE_MAX / LANE_BYTES] = {{0}}, entry, want = index - (lanes){0}, at = (lanes){0} + 1;
	const uint8_t *p = table;

	for (size_t i = 0; i < num; i++, p += size, at += 1) {
		lanes mask = (lanes)(at == want);
		for (size_t j = 0; j < size / LANE_BYTES; j++) {
			memcpy(&entry, p + j * LANE_BYTES, LANE_BYTES);
			sum[j] |= entry & mask;
		}
	}
	memcpy(out, sum, size);
}

/* The signed digit that `width` + 1 bits mean of which the lowest is the neighbour's highest (Booth). */
struct digit {
	uint32_t size;
	uint64_t minus; /* a mask */
};

static inline struct digit digit_at(const uint64_t twice[6], unsigned index, unsigned width)
{
	unsigned at = index * width;
	uint64_t in = twice[at / 64] >> at % 64;

	if (at % 64 > 64 - (width + 1))
		in |= twice[at / 64 + 1] << (64 - at % 64);
	in &= (2u << width) - 1;
	uint64_t minus = hf_mask(in >> width);
	uint64_t size = (in ^ minus) & ((2u << width) - 1);
	return (struct digit){(uint32_t)((size >> 1) + (size & 1)), minus};
}

static void twice_of(uint64_t twice[6], const uint64_t k[4])
{
	twice[0] = k[0] << 1;
	for (size_t i = 1; i < 4; i++)
		twice[i] = k[i] << 1 | k[i - 1] >> 63;
	twice[4] = k[3] >> 63;
	twice[5] = 0;
}

static inline void choose(struct hf_sm2_fe *r, const struct hf_sm2_fe *a, const struct hf_sm2_fe *b, uint64_t mask)
{
	hf_limbs_select(r->v, a->v, b->v, mask);
}

static inline void negate_if(struct hf_sm2_fe *y, uint64_t mask)
{
	static const struct hf_sm2_fe zero;
	struct hf_sm2_fe minus;

	sub(&minus, &zero, y);
	choose(y, &minus, y, mask);
}

/* --- k·G --- */

/* h = x2 - x1 and d = y2 - y1 (on one denominator) say whether the points are equal or opposite. */
struct difference {
	struct hf_sm2_fe h, d;
};

static void xyzz_compare(struct difference *diff, const struct xyzz *a, const struct hf_sm2_affine *b)
{
	mul(&diff->h, &b->x, &a->zz);
	mul(&diff->d, &b->y, &a->zzz);
	sub(&diff->h, &diff->h, &a->x);
	sub(&diff->d, &diff->d, &a->y);
}

/* r = a + b, given their difference; neither is infinity and they are not equal. */
static void xyzz_sum(struct xyzz *r, const struct xyzz *a, const struct difference *diff)
{
	struct hf_sm2_fe hh, hhh, q;

	sqr(&hh, &diff->h);
	mul(&hhh, &hh, &diff->h);
	mul(&q, &a->x, &hh);
	mul(&r->zz, &a->zz, &hh);
	mul(&r->zzz, &a->zzz, &hhh);
	mul(&r->y, &a->y, &hhh);
	sqr(&r->x, &diff->d);
	sub(&r->x, &r->x, &hhh);
	sub(&r->x, &r->x, &q);
	sub(&r->x, &r->x, &q);
	sub(&q, &q, &r->x);
	mul(&q, &q, &diff->d);
	sub(&r->y, &q, &r->y);
}

/* sum += b, or nothing if none. sum is not infinity. */
static void base_add(struct xyzz *sum, const struct hf_sm2_affine *b, uint64_t none)
{
	struct difference diff;
	struct xyzz r;

	xyzz_compare(&diff, sum, b);
	xyzz_sum(&r, sum, &diff);
	choose(&sum->x, &sum->x, &r.x, none);
	choose(&sum->y, &sum->y, &r.y, none);
	choose(&sum->zz, &sum->zz, &r.zz, none);
	choose(&sum->zzz, &sum->zzz, &r.zzz, none);
}

static void base_pick(struct hf_sm2_affine *point, struct digit digit, size_t row)
{
	pick(point, hf_sm2_base_table[row], HF_SM2_BASE_COLUMNS, sizeof(*point), digit.size);
	negate_if(&point->y, digit.minus);
}

/* For an even k it is -(n - k)·G: an odd number's lowest digit is not 0, so that the sum never is infinity. */
static void base_sum(struct xyzz *sum, const uint64_t k[4])
{
	static const uint64_t n[4] = {HF_SM2_N};
	uint64_t twice[6], other[4], even = hf_mask(~k[0] & 1);
	struct hf_sm2_affine point;

	(void)hf_limbs_sub(other, n, k);
	hf_limbs_select(other, other, k, even);
	twice_of(twice, other);
	base_pick(&point, digit_at(twice, 0, 7), 0);
	*sum = (struct xyzz){point.x, point.y, hf_sm2_fe_one, hf_sm2_fe_one};
	for (unsigned i = 1; i < HF_SM2_BASE_ROWS; i++) {
		struct digit digit = digit_at(twice, i, 7);
		base_pick(&point, digit, i);
		base_add(sum, &point, hf_mask_zero(digit.size));
	}
	negate_if(&sum->y, even);
	hf_wipe(&point, sizeof(point));
	hf_wipe(twice, sizeof(twice));
	hf_wipe(other, sizeof(other));
}

static void fe_octets(uint8_t out[32], const struct hf_sm2_fe *a)
{
	uint64_t plain[4];

	hf_sm2_fe_out(plain, a);
	hf_limbs_out(out, plain);
	hf_wipe(plain, sizeof(plain));
}

/* out = point, given 1/zzz. */
static void xyzz_octets(uint8_t out[HF_SM2_POINT], const struct xyzz *point, const struct hf_sm2_fe *inverse)
{
	struct hf_sm2_fe t;

	mul(&t, &point->y, inverse);
	fe_octets(out + 32, &t);
	mul(&t, &point->zz, inverse); /* 1/z */
	sqr(&t, &t);
	mul(&t, &t, &point->x);
	fe_octets(out, &t);
	hf_wipe(&t, sizeof(t));
}

static void base(uint8_t out[HF_SM2_POINT], const uint64_t k[4])
{
	struct xyzz sum;
	struct hf_sm2_fe inverse;

	base_sum(&sum, k);
	hf_sm2_fe_invert(&inverse, &sum.zzz);
	xyzz_octets(out, &sum, &inverse);
	hf_wipe(&sum, sizeof(sum));
	hf_wipe(&inverse, sizeof(inverse));
}

/* --- k·P --- */

static void jacobian_double(struct jacobian *r, const struct jacobian *a)
{
	struct hf_sm2_fe m, s, t, eight;

	sqr(&t, &a->z);
	add(&m, &a->x, &t);
	sub(&t, &a->x, &t);
	mul(&m, &m, &t);
	add(&t, &m, &m);
	add(&m, &m, &t); /* 3(x - z²)(x + z²) */
	add(&s, &a->y, &a->y);
	mul(&r->z, &s, &a->z);
	sqr(&s, &s);
	sqr(&eight, &s);
	hf_sm2_fe_half(&eight, &eight); /* 8y⁴ */
	mul(&s, &s, &a->x);
	add(&t, &s, &s);
	sqr(&r->x, &m);
	sub(&r->x, &r->x, &t);
	sub(&s, &s, &r->x);
	mul(&s, &s, &m);
	sub(&r->y, &s, &eight);
}

static void jacobian_choose(struct jacobian *r, const struct jacobian *a, uint64_t mask)
{
	choose(&r->x, &a->x, &r->x, mask);
	choose(&r->y, &a->y, &r->y, mask);
	choose(&r->z, &a->z, &r->z, mask);
}

/* sum += b. Either may be infinity; if equals, they may be equal. */
static void jacobian_add(struct jacobian *sum, const struct jacobian *b, bool equals)
{
	uint64_t empty = hf_sm2_fe_zero(&sum->z), none = hf_sm2_fe_zero(&b->z);
	struct jacobian r, twice;
	struct hf_sm2_fe zz1, zz2, u, s, h, d;

	sqr(&zz1, &sum->z);
	sqr(&zz2, &b->z);
	mul(&u, &sum->x, &zz2);
	mul(&h, &b->x, &zz1);
	mul(&zz1, &zz1, &sum->z);
	mul(&zz2, &zz2, &b->z);
	mul(&s, &sum->y, &zz2);
	mul(&d, &b->y, &zz1);
	sub(&h, &h, &u);
	sub(&d, &d, &s);
	mul(&r.z, &sum->z, &b->z);
	mul(&r.z, &r.z, &h);
	sqr(&zz1, &h);
	mul(&zz2, &zz1, &h);
	mul(&u, &u, &zz1);
	mul(&s, &s, &zz2);
	sqr(&r.x, &d);
	sub(&r.x, &r.x, &zz2);
	sub(&r.x, &r.x, &u);
	sub(&r.x, &r.x, &u);
	sub(&u, &u, &r.x);
	mul(&u, &u, &d);
	sub(&r.y, &u, &s);
	if (equals) {
		jacobian_double(&twice, sum);
		jacobian_choose(&r, &twice, hf_sm2_fe_zero(&h) & hf_sm2_fe_zero(&d) & ~empty & ~none);
	}
	jacobian_choose(&r, sum, none);
	jacobian_choose(&r, b, empty);
	*sum = r;
}

#define COLUMNS 16
#define DIGITS  52 /* of 5 bits, and one more for the carry of a signed one */

static void product_of(struct jacobian *sum, const uint64_t k[4], const struct hf_sm2_affine *p)
{
	struct jacobian table[COLUMNS] = {{p->x, p->y, hf_sm2_fe_one}}, point;
	uint64_t twice[6];

	for (size_t i = 1; i < COLUMNS; i++) {
		if (i % 2) {
			jacobian_double(&table[i], &table[i / 2]);
		} else {
			table[i] = table[i - 1];
			jacobian_add(&table[i], &table[0], false);
		}
	}
	twice_of(twice, k);
	memset(sum, 0, sizeof(*sum));
	for (unsigned i = DIGITS; i-- > 0;) {
		struct digit digit = digit_at(twice, i, 5);
		for (size_t j = 0; i < DIGITS - 1 && j < 5; j++)
			jacobian_double(sum, sum);
		pick(&point, table, COLUMNS, sizeof(point), digit.size);
		negate_if(&point.y, digit.minus);
		jacobian_add(sum, &point, i == 0);
	}
	hf_wipe(table, sizeof(table));
	hf_wipe(&point, sizeof(point));
	hf_wipe(twice, sizeof(twice));
}

static void xyzz_of(struct xyzz *r, const struct jacobian *a)
{
	r->x = a->x;
	r->y = a->y;
	sqr(&r->zz, &a->z);
	mul(&r->zzz, &r->zz, &a->z);
}

static void multiply(uint8_t out[HF_SM2_POINT], const uint64_t k[4], const struct hf_sm2_affine *p)
{
	struct jacobian product;
	struct xyzz sum;
	struct hf_sm2_fe inverse;

	product_of(&product, k, p);
	xyzz_of(&sum, &product);
	hf_sm2_fe_invert(&inverse, &sum.zzz);
	xyzz_octets(out, &sum, &inverse);
	hf_wipe(&product, sizeof(product));
	hf_wipe(&sum, sizeof(sum));
	hf_wipe(&inverse, sizeof(inverse));
}

/* Both at the price of one inversion. */
static void both(uint8_t base_out[HF_SM2_POINT], uint8_t product_out[HF_SM2_POINT], const uint64_t k[4],
	const struct hf_sm2_affine *p)
{
	struct jacobian product;
	struct xyzz sum[2];
	struct hf_sm2_fe inverse, one;

	base_sum(&sum[0], k);
	product_of(&product, k, p);
	xyzz_of(&sum[1], &product);
	mul(&inverse, &sum[0].zzz, &sum[1].zzz);
	hf_sm2_fe_invert(&inverse, &inverse);
	mul(&one, &inverse, &sum[1].zzz);
	xyzz_octets(base_out, &sum[0], &one);
	mul(&one, &inverse, &sum[0].zzz);
	xyzz_octets(product_out, &sum[1], &one);
	hf_wipe(&product, sizeof(product));
	hf_wipe(sum, sizeof(sum));
	hf_wipe(&inverse, sizeof(inverse));
	hf_wipe(&one, sizeof(one));
}

/* --- s·G + t·P, of public numbers: branches as it likes, and meets every exception --- */

#define ODD 8 /* P, 3P … 15P */

static bool is_zero(const struct hf_sm2_fe *a)
{
	return hf_sm2_fe_zero(a) != 0;
}

static void odd_multiples(struct hf_sm2_affine out[ODD], const struct hf_sm2_affine *p)
{
	struct jacobian twice, odd[ODD] = {{p->x, p->y, hf_sm2_fe_one}};
	struct hf_sm2_fe product[ODD], inverse, one, t;

	jacobian_double(&twice, &odd[0]);
	product[0] = odd[0].z;
	for (size_t i = 1; i < ODD; i++) {
		odd[i] = odd[i - 1];
		jacobian_add(&odd[i], &twice, false);
		mul(&product[i], &product[i - 1], &odd[i].z);
	}
	hf_sm2_fe_invert(&inverse, &product[ODD - 1]);
	for (size_t i = ODD; i-- > 1;) {
		mul(&one, &inverse, &product[i - 1]);
		mul(&inverse, &inverse, &odd[i].z);
		sqr(&t, &one);
		mul(&out[i].x, &odd[i].x, &t);
		mul(&t, &t, &one);
		mul(&out[i].y, &odd[i].y, &t);
	}
	out[0] = *p;
}

/* Digits 0, ±1, ±3 … ±15 of t, at most one of five neighbours not 0; returns how many. */
static size_t sparse_digits(int8_t digits[257], const uint64_t t[4])
{
	uint64_t rest[5] = {t[0], t[1], t[2], t[3], 0};
	size_t num = 0;

	while (rest[0] | rest[1] | rest[2] | rest[3] | rest[4]) {
		int64_t digit = 0;
		if (rest[0] & 1) {
			digit = (int64_t)(rest[0] & 31);
			digit -= digit > 16 ? 32 : 0;
			rest[0] -= (uint64_t)digit;
			/* taking away a negative one carries if it makes 0 */
			for (size_t i = 1; i < 5 && digit < 0 && rest[i - 1] == 0; i++)
				rest[i]++;
		}
		digits[num++] = (int8_t)digit;
		for (size_t i = 0; i < 4; i++)
			rest[i] = rest[i] >> 1 | rest[i + 1] << 63;
		rest[4] >>= 1;
	}
	return num;
}

static void public_add_odd(struct jacobian *sum, const struct hf_sm2_affine *odd, int digit)
{
	struct hf_sm2_affine point = odd[(digit < 0 ? -digit : digit) / 2];
	struct hf_sm2_fe h, d, hh, q;

	negate_if(&point.y, hf_mask(digit < 0));
	if (is_zero(&sum->z)) {
		*sum = (struct jacobian){point.x, point.y, hf_sm2_fe_one};
		return;
	}
	sqr(&hh, &sum->z);
	mul(&h, &point.x, &hh);
	mul(&hh, &hh, &sum->z);
	mul(&d, &point.y, &hh);
	sub(&h, &h, &sum->x);
	sub(&d, &d, &sum->y);
	if (is_zero(&h) && is_zero(&d)) {
		jacobian_double(sum, sum);
		return;
	}
	mul(&sum->z, &sum->z, &h); /* 0 if they are opposite */
	sqr(&hh, &h);
	mul(&h, &hh, &h);
	mul(&q, &sum->x, &hh);
	mul(&hh, &sum->y, &h);
	sqr(&sum->x, &d);
	sub(&sum->x, &sum->x, &h);
	sub(&sum->x, &sum->x, &q);
	sub(&sum->x, &sum->x, &q);
	sub(&q, &q, &sum->x);
	mul(&q, &q, &d);
	sub(&sum->y, &q, &hh);
}

/* r = 2b */
static void xyzz_double(struct xyzz *r, const struct hf_sm2_affine *b)
{
	struct hf_sm2_fe u, s, m;

	add(&u, &b->y, &b->y);
	sqr(&r->zz, &u);
	mul(&r->zzz, &r->zz, &u);
	mul(&s, &b->x, &r->zz);
	sqr(&m, &b->x);
	sub(&m, &m, &hf_sm2_fe_one);
	add(&u, &m, &m);
	add(&m, &m, &u);
	sqr(&r->x, &m);
	sub(&r->x, &r->x, &s);
	sub(&r->x, &r->x, &s);
	sub(&s, &s, &r->x);
	mul(&s, &s, &m);
	mul(&u, &r->zzz, &b->y);
	sub(&r->y, &s, &u);
}

static void public_add(struct xyzz *sum, const struct hf_sm2_affine *b)
{
	struct difference diff;

	if (is_zero(&sum->zz)) {
		*sum = (struct xyzz){b->x, b->y, hf_sm2_fe_one, hf_sm2_fe_one};
		return;
	}
	xyzz_compare(&diff, sum, b);
	if (!is_zero(&diff.h))
		xyzz_sum(sum, sum, &diff);
	else if (is_zero(&diff.d))
		xyzz_double(sum, b);
	else
		memset(sum, 0, sizeof(*sum));
}

static bool same_x(const struct xyzz *point, const uint64_t want[4])
{
	struct hf_sm2_fe x;

	hf_sm2_fe_in(&x, want);
	mul(&x, &x, &point->zz);
	sub(&x, &x, &point->x);
	return is_zero(&x);
}

static bool match(const uint64_t s[4], const uint64_t t[4], const struct hf_sm2_affine *p, const uint64_t want[4])
{
	static const uint64_t n[4] = {HF_SM2_N};
	struct jacobian product = {0};
	struct hf_sm2_affine odd[ODD], point;
	uint64_t twice[6], next[4];
	int8_t digits[257];
	struct xyzz sum;

	odd_multiples(odd, p);
	for (size_t i = sparse_digits(digits, t); i-- > 0;) {
		jacobian_double(&product, &product);
		if (digits[i])
			public_add_odd(&product, odd, digits[i]);
	}
	xyzz_of(&sum, &product);
	twice_of(twice, s);
	for (unsigned i = 0; i < HF_SM2_BASE_ROWS; i++) {
		struct digit digit = digit_at(twice, i, 7);
		if (digit.size == 0)
			continue;
		point = hf_sm2_base_table[i][digit.size - 1];
		negate_if(&point.y, digit.minus);
		public_add(&sum, &point);
	}
	if (is_zero(&sum.zz))
		return false;
	/* x is below p, and p - n > 0: two numbers below p may be the same modulo n. */
	return same_x(&sum, want) ||
	       (!hf_limbs_add(next, want, n) && hf_limbs_sub(twice, next, hf_sm2_fe_p.v) && same_x(&sum, next));
}

const struct hf_sm2_curve CURVE = {
	.name = CURVE_NAME, .base = base, .multiply = multiply, .both = both, .match = match};

#endif
