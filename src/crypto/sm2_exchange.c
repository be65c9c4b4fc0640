#include "crypto/sm2_exchange.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <string.h>

/* --- t = d + x̄·r mod n: x̄ is public, d and r are not --- */

#define LIMBS 8

/* n, the least limb first. */
static const uint32_t order[LIMBS] = {
	0x39d54123, 0x53bbf409, 0x21c6052b, 0x7203df6b, 0xffffffff, 0xffffffff, 0xffffffff, 0xfffffffe};

static void load(const uint8_t in[HF_SM2_SCALAR], uint32_t out[LIMBS])
{
	for (size_t i = 0; i < LIMBS; i++)
		out[i] = hf_get_u32(in + HF_SM2_SCALAR - 4 * (i + 1));
}

static void store(const uint32_t in[LIMBS], uint8_t out[HF_SM2_SCALAR])
{
	for (size_t i = 0; i < LIMBS; i++)
		hf_put_u32(out + HF_SM2_SCALAR - 4 * (i + 1), in[i]);
}

/* out = a - b; the borrow, 0 or 1. */
static uint32_t subtract(uint32_t out[LIMBS], const uint32_t a[LIMBS], const uint32_t b[LIMBS])
{
	uint32_t borrow = 0;

	for (size_t i = 0; i < LIMBS; i++) {
		uint64_t difference = (uint64_t)a[i] - b[i] - borrow;
		out[i] = (uint32_t)difference;
		borrow = (uint32_t)(difference >> 32) & 1;
	}
	return borrow;
}

/* a = a + b mod n, for a, b below n. */
static void add(uint32_t a[LIMBS], const uint32_t b[LIMBS])
{
	uint32_t sum[LIMBS], less[LIMBS], carry = 0;

	for (size_t i = 0; i < LIMBS; i++) {
		uint64_t s = (uint64_t)a[i] + b[i] + carry;
		sum[i] = (uint32_t)s;
		carry = (uint32_t)(s >> 32);
	}
	uint32_t borrow = subtract(less, sum, order);
	/* All ones when the sum is below n: no carry out, and n could not be taken away. */
	uint32_t below = (uint32_t)0 - (borrow & (carry ^ 1));
	for (size_t i = 0; i < LIMBS; i++)
		a[i] = (sum[i] & below) | (less[i] & ~below);
	hf_wipe(sum, sizeof(sum));
	hf_wipe(less, sizeof(less));
}

/* 2^127 + (x mod 2^127), 16 octets: w = 127 for this curve. */
static void shorten(const uint8_t point[HF_SM2_POINT], uint8_t out[16])
{
	memcpy(out, point + 16, 16);
	out[0] |= 0x80;
}

/* Bits of the public x̄, the highest first: doubling and adding, each in constant time. */
static void combine(const uint8_t d[HF_SM2_SCALAR], const uint8_t own_tmp[HF_SM2_POINT], const uint8_t r[HF_SM2_SCALAR],
	uint8_t t[HF_SM2_SCALAR])
{
	uint32_t sum[LIMBS] = {0}, number[LIMBS];
	uint8_t x[16];

	shorten(own_tmp, x);
	load(r, number);
	for (size_t bit = 0; bit < 128; bit++) {
		add(sum, sum);
		if (x[bit / 8] >> (7 - bit % 8) & 1)
			add(sum, number);
	}
	load(d, number);
	add(sum, number);
	store(sum, t);
	hf_wipe(sum, sizeof(sum));
	hf_wipe(number, sizeof(number));
}

/* 1 <= in <= n-1; only the verdict leaves. */
static bool in_range(const uint8_t in[HF_SM2_SCALAR])
{
	uint32_t number[LIMBS], less[LIMBS], any = 0;

	load(in, number);
	for (size_t i = 0; i < LIMBS; i++)
		any |= number[i];
	uint32_t below = subtract(less, number, order);
	hf_wipe(number, sizeof(number));
	hf_wipe(less, sizeof(less));
	return any != 0 && below != 0;
}

/* --- U = [t](P + [x̄]R) --- */

static bool no_memory(struct hf_err *err)
{
	return hf_fail(err, HF_E_MEMORY, "SM2 key exchange: out of memory");
}

struct curve {
	EC_GROUP *group;
	BN_CTX *ctx;
	EC_POINT *p, *r, *u;
	BIGNUM *x, *y, *number;
};

static bool begin(struct curve *c)
{
	*c = (struct curve){.group = EC_GROUP_new_by_curve_name(NID_sm2), .ctx = BN_CTX_new()};
	if (!c->group || !c->ctx)
		return false;
	c->p = EC_POINT_new(c->group);
	c->r = EC_POINT_new(c->group);
	c->u = EC_POINT_new(c->group);
	c->x = BN_new();
	c->y = BN_new();
	c->number = BN_new();
	return c->p && c->r && c->u && c->x && c->y && c->number;
}

static void end(struct curve *c)
{
	BN_clear_free(c->x);
	BN_clear_free(c->y);
	BN_clear_free(c->number);
	EC_POINT_clear_free(c->u);
	EC_POINT_free(c->r);
	EC_POINT_free(c->p);
	BN_CTX_free(c->ctx);
	EC_GROUP_free(c->group);
}

static bool set(struct curve *c, EC_POINT *point, const uint8_t in[HF_SM2_POINT])
{
	return BN_bin2bn(in, 32, c->x) && BN_bin2bn(in + 32, 32, c->y) &&
	       EC_POINT_set_affine_coordinates(c->group, point, c->x, c->y, c->ctx) == 1;
}

/* P + [x̄]R, of public numbers. */
static bool meet(struct curve *c, const struct hf_sm2_side *other)
{
	uint8_t x[16];

	shorten(other->tmp, x);
	return set(c, c->p, other->pub) && set(c, c->r, other->tmp) && BN_bin2bn(x, sizeof(x), c->number) &&
	       EC_POINT_mul(c->group, c->r, NULL, c->r, c->number, c->ctx) == 1 &&
	       EC_POINT_add(c->group, c->p, c->p, c->r, c->ctx) == 1;
}

/* The one multiplication by a secret: a scalar on one point takes OpenSSL's constant-time ladder. */
static bool multiply(struct curve *c, const uint8_t t[HF_SM2_SCALAR], uint8_t u[HF_SM2_POINT])
{
	if (!BN_bin2bn(t, HF_SM2_SCALAR, c->number))
		return false;
	BN_set_flags(c->number, BN_FLG_CONSTTIME);
	return EC_POINT_mul(c->group, c->u, NULL, c->p, c->number, c->ctx) == 1 &&
	       EC_POINT_get_affine_coordinates(c->group, c->u, c->x, c->y, c->ctx) == 1 &&
	       BN_bn2binpad(c->x, u, 32) == 32 && BN_bn2binpad(c->y, u + 32, 32) == 32;
}

static bool agree(
	const struct hf_sm2_side *other, const uint8_t t[HF_SM2_SCALAR], uint8_t u[HF_SM2_POINT], struct hf_err *err)
{
	struct curve c;
	bool ok = begin(&c) && meet(&c, other);

	if (!ok)
		no_memory(err);
	else if (!in_range(t) || EC_POINT_is_at_infinity(c.group, c.p) == 1)
		ok = hf_fail(err, HF_E_INPUT, "SM2 key exchange: U is at infinity (GM/T 0003.3 6.1 A7, B6)");
	else if (!multiply(&c, t, u))
		ok = no_memory(err);
	end(&c);
	return ok;
}

/* --- The key and its proofs --- */

static void derive(const uint8_t u[HF_SM2_POINT], const struct hf_sm2_side *a, const struct hf_sm2_side *b,
	uint8_t *key, size_t key_len)
{
	uint8_t z[HF_SM2_POINT + 2 * HF_SM3_LEN];

	memcpy(z, u, HF_SM2_POINT);
	memcpy(z + HF_SM2_POINT, a->z, HF_SM3_LEN);
	memcpy(z + HF_SM2_POINT + HF_SM3_LEN, b->z, HF_SM3_LEN);
	hf_sm3_kdf(HF_BYTES_OF(z), key, key_len);
	hf_wipe(z, sizeof(z));
}

static void prove(
	uint8_t prefix, const uint8_t u[HF_SM2_POINT], const uint8_t inner[HF_SM3_LEN], uint8_t out[HF_SM3_LEN])
{
	struct hf_sm3 hash;

	hf_sm3_init(&hash);
	hf_sm3_update(&hash, &prefix, 1);
	hf_sm3_update(&hash, u + 32, 32);
	hf_sm3_update(&hash, inner, HF_SM3_LEN);
	hf_sm3_final(&hash, out);
	hf_wipe(&hash, sizeof(hash));
}

static void confirm_both(const uint8_t u[HF_SM2_POINT], const struct hf_sm2_side *a, const struct hf_sm2_side *b,
	struct hf_sm2_confirm *confirm)
{
	uint8_t inner[HF_SM3_LEN];
	struct hf_sm3 hash;

	hf_sm3_init(&hash);
	hf_sm3_update(&hash, u, 32);
	hf_sm3_update(&hash, a->z, HF_SM3_LEN);
	hf_sm3_update(&hash, b->z, HF_SM3_LEN);
	hf_sm3_update(&hash, a->tmp, HF_SM2_POINT);
	hf_sm3_update(&hash, b->tmp, HF_SM2_POINT);
	hf_sm3_final(&hash, inner);
	prove(0x02, u, inner, confirm->s_responder);
	prove(0x03, u, inner, confirm->s_sponsor);
	hf_wipe(&hash, sizeof(hash));
	hf_wipe(inner, sizeof(inner));
}

bool hf_sm2_exchange(const struct hf_sm2_side *sponsor, const struct hf_sm2_side *responder, bool as_sponsor,
	const uint8_t d[HF_SM2_SCALAR], const uint8_t r[HF_SM2_SCALAR], uint8_t *key, size_t key_len,
	struct hf_sm2_confirm *confirm, struct hf_err *err)
{
	const struct hf_sm2_side *own = as_sponsor ? sponsor : responder;
	const struct hf_sm2_side *other = as_sponsor ? responder : sponsor;
	uint8_t t[HF_SM2_SCALAR], u[HF_SM2_POINT];

	if (!in_range(d) || !in_range(r))
		return hf_fail(err, HF_E_INPUT, "SM2 key exchange: a private number is not in [1, n-1] (GM/T 0003.3)");
	if (!hf_sm2_point_check(other->pub, err) || !hf_sm2_point_check(other->tmp, err))
		return hf_fail_in(err, "SM2 key exchange, the other side's point");
	combine(d, own->tmp, r, t);
	bool ok = agree(other, t, u, err);
	if (ok)
		derive(u, sponsor, responder, key, key_len);
	if (ok && confirm)
		confirm_both(u, sponsor, responder, confirm);
	hf_wipe(t, sizeof(t));
	hf_wipe(u, sizeof(u));
	return ok;
}
