#include "crypto/sm2_int.h"

#include <string.h>

/* C3 = SM3(x2 ‖ M ‖ y2) */
static void tag_of(const uint8_t shared[HF_SM2_POINT], struct hf_bytes plain, uint8_t tag[HF_SM3_LEN])
{
	struct hf_sm3 ctx;

	hf_sm3_init(&ctx);
	hf_sm3_update(&ctx, shared, 32);
	hf_sm3_update(&ctx, plain.p, plain.len);
	hf_sm3_update(&ctx, shared + 32, 32);
	hf_sm3_final(&ctx, tag);
	hf_wipe(&ctx, sizeof(ctx));
}

/* out = in ⊕ KDF(x2 ‖ y2); false when the key stream is all zero, which the standard refuses. */
static bool mask(const uint8_t shared[HF_SM2_POINT], const uint8_t *in, uint8_t *out, size_t len)
{
	uint8_t stream[HF_SM2_PLAIN_MAX], any = 0;

	hf_sm3_kdf((struct hf_bytes){shared, HF_SM2_POINT}, stream, len);
	for (size_t i = 0; i < len; i++) {
		any |= stream[i];
		out[i] = in[i] ^ stream[i];
	}
	hf_wipe(stream, len);
	return hf_declassify(~hf_mask_zero(any)) != 0;
}

//= GM/T 0003.4 6.1
bool hf_sm2_encrypt_finish(const uint8_t shared[HF_SM2_POINT], struct hf_bytes in, uint8_t *out)
{
	tag_of(shared, in, out + HF_SM2_POINT);
	return mask(shared, in.p, out + HF_SM2_CIPHER_EXTRA, in.len);
}

static bool encrypt_once(const struct hf_sm2_affine *point, struct hf_bytes in, const uint64_t k[4], uint8_t *out)
{
	uint8_t shared[HF_SM2_POINT];

	hf_sm2_curve()->both(out, shared, k, point);
	bool ok = hf_sm2_encrypt_finish(shared, in, out);
	hf_wipe(shared, sizeof(shared));
	return ok;
}

bool hf_sm2_encrypt_with(const uint8_t pub[HF_SM2_POINT], struct hf_bytes in, const uint8_t k[HF_SM2_SCALAR],
	uint8_t *out, bool *again, struct hf_err *err)
{
	struct hf_sm2_affine point;
	uint64_t kn[4];

	*again = false;
	if (!hf_sm2_affine_in(&point, pub, err))
		return false;
	hf_limbs_in(kn, k);
	*again = !encrypt_once(&point, in, kn, out);
	hf_wipe(kn, sizeof(kn));
	return true;
}

bool hf_sm2_encrypt(const uint8_t pub[HF_SM2_POINT], struct hf_bytes in, uint8_t *out, struct hf_err *err)
{
	struct hf_sm2_affine point;
	uint64_t k[4];
	bool ok;

	if (in.len < 1 || in.len > HF_SM2_PLAIN_MAX)
		return hf_fail(
			err, HF_E_INPUT, "SM2 encryption takes 1 to %d octets, not %zu", HF_SM2_PLAIN_MAX, in.len);
	if (!hf_sm2_affine_in(&point, pub, err))
		return false;
	do {
		ok = hf_sm2_random(k, 0, err);
	} while (ok && !encrypt_once(&point, in, k, out));
	hf_wipe(k, sizeof(k));
	return ok;
}

/* The plain text leaves for out only after C3 has proved it. */
static bool open_cipher(const uint8_t shared[HF_SM2_POINT], struct hf_bytes in, uint8_t *out, struct hf_err *err)
{
	uint8_t plain[HF_SM2_PLAIN_MAX], tag[HF_SM3_LEN];
	size_t len = in.len - HF_SM2_CIPHER_EXTRA;
	bool ok = mask(shared, in.p + HF_SM2_CIPHER_EXTRA, plain, len);

	tag_of(shared, (struct hf_bytes){plain, len}, tag);
	ok = hf_declassify(hf_secret_equal(tag, in.p + HF_SM2_POINT, sizeof(tag))) && ok;
	if (ok)
		memcpy(out, plain, len);
	else
		hf_fail(err, HF_E_VERIFY, "SM2 ciphertext does not match its C3 (GM/T 0003.4 7.1)");
	hf_wipe(plain, sizeof(plain));
	return ok;
}

//= GM/T 0003.4 7.1
bool hf_sm2_decrypt(const uint8_t d[HF_SM2_SCALAR], struct hf_bytes in, uint8_t *out, struct hf_err *err)
{
	uint8_t shared[HF_SM2_POINT];
	struct hf_sm2_affine point;
	uint64_t k[4];

	if (in.len <= HF_SM2_CIPHER_EXTRA || in.len > HF_SM2_CIPHER_EXTRA + HF_SM2_PLAIN_MAX)
		return hf_fail(err, HF_E_INPUT, "SM2 ciphertext of %zu octets; C1 ‖ C3 ‖ C2 has %d to %d", in.len,
			HF_SM2_CIPHER_EXTRA + 1, HF_SM2_CIPHER_EXTRA + HF_SM2_PLAIN_MAX);
	bool ok = hf_sm2_private_in(k, d, err) && hf_sm2_affine_in(&point, in.p, err);
	if (ok) {
		hf_sm2_curve()->multiply(shared, k, &point);
		ok = open_cipher(shared, in, out, err);
		hf_wipe(shared, sizeof(shared));
	}
	hf_wipe(k, sizeof(k));
	return ok;
}
