#include "crypto/rand.h"
#include "crypto/sm2_ifma.h"
#include "crypto/sm2_int.h"

const char *hf_sm2_batch_name(void)
{
	return hf_sm2_has_lanes() ? "ifma" : hf_sm2_curve()->name;
}

static size_t next_part(size_t left)
{
	return left < HF_SM2_MANY ? left : HF_SM2_MANY;
}

/* out[i] = k[i]·G; num <= HF_SM2_MANY. */
static void base_many(uint8_t out[][HF_SM2_POINT], const uint64_t k[][4], size_t num)
{
	/* eight lanes cost as much as two or three single ones */
	if (num > 2 && hf_sm2_has_lanes()) {
		hf_sm2_ifma_base(out, k, num);
		return;
	}
	for (size_t i = 0; i < num; i++)
		hf_sm2_curve()->base(out[i], k[i]);
}

/* Numbers in [1, n-1-less], by one question to the generator if none has to be drawn again. */
static bool random_many(uint64_t k[][4], size_t num, uint64_t less, struct hf_err *err)
{
	uint8_t octets[HF_SM2_MANY][HF_SM2_SCALAR];
	bool ok = hf_rand(octets, num * HF_SM2_SCALAR, err);

	for (size_t i = 0; ok && i < num; i++) {
		hf_limbs_in(k[i], octets[i]);
		if (!hf_declassify(hf_sm2_n_in_range(k[i], less)))
			ok = hf_sm2_random(k[i], less, err);
	}
	hf_wipe(octets, sizeof(octets));
	return ok;
}

static bool generate_part(struct hf_sm2_key *keys, size_t num, struct hf_err *err)
{
	uint8_t points[HF_SM2_MANY][HF_SM2_POINT];
	uint64_t d[HF_SM2_MANY][4];
	bool ok = random_many(d, num, 1, err);

	if (ok)
		base_many(points, (const uint64_t(*)[4])d, num);
	for (size_t i = 0; ok && i < num; i++) {
		hf_limbs_out(keys[i].d, d[i]);
		for (size_t j = 0; j < HF_SM2_POINT; j++)
			keys[i].pub[j] = points[i][j];
	}
	hf_wipe(d, sizeof(d));
	return ok;
}

bool hf_sm2_generate_batch(struct hf_sm2_key *keys, size_t num, struct hf_err *err)
{
	for (size_t done = 0, part; done < num; done += part) {
		part = next_part(num - done);
		if (!generate_part(keys + done, part, err)) {
			hf_wipe(keys, num * sizeof(*keys));
			return false;
		}
	}
	return true;
}

bool hf_sm2_public_batch(
	const uint8_t (*d)[HF_SM2_SCALAR], uint8_t (*pub)[HF_SM2_POINT], size_t num, struct hf_err *err)
{
	uint64_t k[HF_SM2_MANY][4];
	bool ok = true;

	for (size_t done = 0, part; ok && done < num; done += part) {
		part = next_part(num - done);
		for (size_t i = 0; ok && i < part; i++)
			ok = hf_sm2_private_in(k[i], d[done + i], err);
		if (ok)
			base_many(pub + done, (const uint64_t(*)[4])k, part);
	}
	if (!ok)
		hf_wipe(pub, num * HF_SM2_POINT);
	hf_wipe(k, sizeof(k));
	return ok;
}

static bool sign_part(const struct hf_sm2_signer *signer, const uint8_t (*e)[HF_SM3_LEN], uint8_t (*sig)[HF_SM2_SIG],
	size_t num, struct hf_err *err)
{
	uint8_t points[HF_SM2_MANY][HF_SM2_POINT];
	uint64_t k[HF_SM2_MANY][4];
	bool ok = random_many(k, num, 0, err);

	if (ok)
		base_many(points, (const uint64_t(*)[4])k, num);
	for (size_t i = 0; ok && i < num; i++)
		ok = hf_sm2_sign_finish(signer->inverse, e[i], k[i], points[i], sig[i]) ||
		     hf_sm2_signer_sign(signer, e[i], sig[i], err);
	hf_wipe(k, sizeof(k));
	hf_wipe(points, sizeof(points));
	return ok;
}

bool hf_sm2_sign_batch(const struct hf_sm2_signer *signer, const uint8_t (*e)[HF_SM3_LEN], uint8_t (*sig)[HF_SM2_SIG],
	size_t num, struct hf_err *err)
{
	for (size_t done = 0, part; done < num; done += part) {
		part = next_part(num - done);
		if (!sign_part(signer, e + done, sig + done, part, err)) {
			hf_wipe(sig, num * HF_SM2_SIG);
			return false;
		}
	}
	return true;
}

/* What the lanes are to show; false if that is not needed, as the signature is refused anyway. */
static bool sum_of(const struct hf_sm2_signed *in, struct hf_sm2_sum *sum)
{
	uint64_t r[4];

	return hf_sm2_affine_in(&sum->p, in->pub, NULL) &&
	       hf_sm2_verify_begin(in->e, in->sig, r, sum->s, sum->t, sum->x);
}

/* The lanes say yes; what they do not confirm is asked again, alone. */
static unsigned confirmed(const struct hf_sm2_signed *in, size_t num)
{
	struct hf_sm2_sum sums[8];
	size_t which[8], filled = 0;
	unsigned yes = 0;

	for (size_t i = 0; i < num; i++) {
		if (sum_of(&in[i], &sums[filled]))
			which[filled++] = i;
	}
	unsigned found = filled > 2 ? hf_sm2_ifma_match(sums, filled) : 0;
	for (size_t i = 0; i < filled; i++)
		yes |= (found >> i & 1) << which[i];
	return yes;
}

size_t hf_sm2_verify_batch(const struct hf_sm2_signed *in, bool *valid, size_t num)
{
	size_t good = 0;

	for (size_t done = 0; done < num; done += 8) {
		size_t part = num - done < 8 ? num - done : 8;
		unsigned yes = hf_sm2_has_lanes() ? confirmed(in + done, part) : 0;
		for (size_t i = 0; i < part; i++) {
			const struct hf_sm2_signed *one = &in[done + i];
			valid[done + i] = (yes >> i & 1) || hf_sm2_verify(one->pub, one->e, one->sig, NULL);
			good += valid[done + i];
		}
	}
	return good;
}

#define ENCRYPT_PART 8

static bool encrypt_part(const struct hf_sm2_plain *plains, size_t num, struct hf_err *err)
{
	uint8_t c1[ENCRYPT_PART][HF_SM2_POINT], shared[ENCRYPT_PART][HF_SM2_POINT];
	struct hf_sm2_affine points[ENCRYPT_PART];
	uint64_t k[ENCRYPT_PART][4];
	bool ok = true;

	for (size_t i = 0; ok && i < num; i++) {
		if (plains[i].in.len < 1 || plains[i].in.len > HF_SM2_PLAIN_MAX)
			return hf_fail(err, HF_E_INPUT, "SM2 encryption takes 1 to %d octets, not %zu",
				HF_SM2_PLAIN_MAX, plains[i].in.len);
		ok = hf_sm2_affine_in(&points[i], plains[i].pub, err);
	}
	ok = ok && random_many(k, num, 0, err);
	if (ok)
		hf_sm2_ifma_both(c1, shared, (const uint64_t(*)[4])k, points, num);
	for (size_t i = 0; ok && i < num; i++) {
		for (size_t j = 0; j < HF_SM2_POINT; j++)
			plains[i].out[j] = c1[i][j];
		ok = hf_sm2_encrypt_finish(shared[i], plains[i].in, plains[i].out) ||
		     hf_sm2_encrypt(plains[i].pub, plains[i].in, plains[i].out, err);
	}
	hf_wipe(k, sizeof(k));
	hf_wipe(shared, sizeof(shared));
	return ok;
}

bool hf_sm2_encrypt_batch(const struct hf_sm2_plain *plains, size_t num, struct hf_err *err)
{
	size_t done = 0;
	bool ok = true;

	for (size_t part; ok && hf_sm2_has_lanes() && num - done > 2; done += part) {
		part = num - done < ENCRYPT_PART ? num - done : ENCRYPT_PART;
		ok = encrypt_part(plains + done, part, err);
	}
	for (; ok && done < num; done++)
		ok = hf_sm2_encrypt(plains[done].pub, plains[done].in, plains[done].out, err);
	return ok;
}
