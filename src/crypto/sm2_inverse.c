#include "crypto/sm2_inverse.h"

#include "base/bytes.h"

#define LOW62  ((int64_t)(UINT64_MAX >> 2))
#define ROUNDS 10
#define STEPS  59

/* What STEPS division steps do to (f, g), times 2^62. */
struct matrix {
	int64_t u, v, q, r;
};

/* All ones for a negative v, or 0. */
static int64_t sign_mask(int64_t v)
{
	v >>= 63;
	__asm__("" : "+r"(v));
	return v;
}

/*
 * num <= 30 steps; zeta is -(delta + 1/2), and the new one is returned. by is times 2^num. Its rows are kept as u +
 * v·2^32 and q + r·2^32, on which the steps, being linear, work as on two numbers.
 */
static int64_t half(int64_t zeta, uint64_t *f, uint64_t *g, unsigned num, struct matrix *by)
{
	uint64_t uv = 1, qr = (uint64_t)1 << 32;

	for (unsigned i = 0; i < num; i++) {
		uint64_t swap = (uint64_t)sign_mask(zeta), odd = hf_mask(*g & 1), both = swap & odd;
		uint64_t next_f = *f ^ ((*f ^ *g) & both), next_uv = uv ^ ((uv ^ qr) & both);
		*g += ((*f ^ swap) - swap) & odd;
		qr += ((uv ^ swap) - swap) & odd;
		zeta = (zeta ^ (int64_t)both) - 1;
		*f = next_f;
		uv = next_uv;
		*g >>= 1;
		uv <<= 1;
	}
	by->u = (int32_t)uv;
	by->v = (int64_t)(uv - (uint64_t)by->u) >> 32;
	by->q = (int32_t)qr;
	by->r = (int64_t)(qr - (uint64_t)by->q) >> 32;
	return zeta;
}

/* STEPS steps on the low limbs. */
static int64_t divide(int64_t zeta, uint64_t f, uint64_t g, struct matrix *by)
{
	struct matrix a, b;

	zeta = half(zeta, &f, &g, STEPS / 2 + 1, &a);
	zeta = half(zeta, &f, &g, STEPS / 2, &b);
	by->u = 8 * (b.u * a.u + b.v * a.q);
	by->v = 8 * (b.u * a.v + b.v * a.r);
	by->q = 8 * (b.q * a.u + b.r * a.q);
	by->r = 8 * (b.q * a.v + b.r * a.r);
	return zeta;
}

/* (f, g) = by · (f, g) / 2^62, which divides without rest. */
static void apply(struct hf_limbs62 *f, struct hf_limbs62 *g, const struct matrix *by)
{
	hf_i128 a = 0, b = 0;

	for (size_t i = 0; i < 5; i++) {
		a += (hf_i128)by->u * f->v[i] + (hf_i128)by->v * g->v[i];
		b += (hf_i128)by->q * f->v[i] + (hf_i128)by->r * g->v[i];
		if (i > 0) {
			f->v[i - 1] = (int64_t)a & LOW62;
			g->v[i - 1] = (int64_t)b & LOW62;
		}
		a >>= 62;
		b >>= 62;
	}
	f->v[4] = (int64_t)a;
	g->v[4] = (int64_t)b;
}

/* (d, e) = by · (d, e) / 2^62 mod m: as many m are added as make it divide. Both stay in (-2m, m). */
static void apply_mod(
	struct hf_limbs62 *d, struct hf_limbs62 *e, const struct matrix *by, const struct hf_modulus62 *modulus)
{
	int64_t d_sign = sign_mask(d->v[4]), e_sign = sign_mask(e->v[4]);
	int64_t md = (by->u & d_sign) + (by->v & e_sign), me = (by->q & d_sign) + (by->r & e_sign);
	hf_i128 a = (hf_i128)by->u * d->v[0] + (hf_i128)by->v * e->v[0];
	hf_i128 b = (hf_i128)by->q * d->v[0] + (hf_i128)by->r * e->v[0];

	md -= (int64_t)(modulus->inverse * (uint64_t)a + (uint64_t)md) & LOW62;
	me -= (int64_t)(modulus->inverse * (uint64_t)b + (uint64_t)me) & LOW62;
	a = (a + (hf_i128)modulus->m.v[0] * md) >> 62;
	b = (b + (hf_i128)modulus->m.v[0] * me) >> 62;
	for (size_t i = 1; i < 5; i++) {
		a += (hf_i128)by->u * d->v[i] + (hf_i128)by->v * e->v[i] + (hf_i128)modulus->m.v[i] * md;
		b += (hf_i128)by->q * d->v[i] + (hf_i128)by->r * e->v[i] + (hf_i128)modulus->m.v[i] * me;
		d->v[i - 1] = (int64_t)a & LOW62;
		e->v[i - 1] = (int64_t)b & LOW62;
		a >>= 62;
		b >>= 62;
	}
	d->v[4] = (int64_t)a;
	e->v[4] = (int64_t)b;
}

static void add_if_negative(struct hf_limbs62 *d, const struct hf_limbs62 *m, int64_t negate)
{
	int64_t negative = sign_mask(d->v[4]);

	for (size_t i = 0; i < 5; i++)
		d->v[i] = ((d->v[i] + (m->v[i] & negative)) ^ negate) - negate;
	for (size_t i = 0; i < 4; i++) {
		d->v[i + 1] += d->v[i] >> 62;
		d->v[i] &= LOW62;
	}
}

void hf_limbs_invert(uint64_t r[4], const uint64_t a[4], const struct hf_modulus62 *modulus)
{
	struct {
		struct hf_limbs62 d, e, f, g;
		struct matrix by;
	} w = {.e = {{1}}, .f = modulus->m};
	int64_t zeta = -1;

	w.g = (struct hf_limbs62){{(int64_t)a[0] & LOW62, (int64_t)(a[0] >> 62 | a[1] << 2) & LOW62,
		(int64_t)(a[1] >> 60 | a[2] << 4) & LOW62, (int64_t)(a[2] >> 58 | a[3] << 6) & LOW62,
		(int64_t)(a[3] >> 56)}};
	for (size_t i = 0; i < ROUNDS; i++) {
		zeta = divide(zeta, (uint64_t)w.f.v[0], (uint64_t)w.g.v[0], &w.by);
		apply_mod(&w.d, &w.e, &w.by, modulus);
		apply(&w.f, &w.g, &w.by);
	}
	/* Now g = 0 and f = ±gcd = ±1: d is the inverse, but for that sign, in (-2m, m). */
	add_if_negative(&w.d, &modulus->m, sign_mask(w.f.v[4]));
	add_if_negative(&w.d, &modulus->m, 0);
	const int64_t *d = w.d.v;
	r[0] = (uint64_t)d[0] | (uint64_t)d[1] << 62;
	r[1] = (uint64_t)d[1] >> 2 | (uint64_t)d[2] << 60;
	r[2] = (uint64_t)d[2] >> 4 | (uint64_t)d[3] << 58;
	r[3] = (uint64_t)d[3] >> 6 | (uint64_t)d[4] << 56;
	hf_wipe(&w, sizeof(w));
}
