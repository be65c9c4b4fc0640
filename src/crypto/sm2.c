#include "crypto/sm2_int.h"

#include "crypto/rand.h"

/* a ‖ b ‖ G of GM/T 0003.5, as Z wants them. */
static const uint8_t curve_abg[128] = {0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xfc, 0x28, 0xe9, 0xfa, 0x9e, 0x9d, 0x9f, 0x5e, 0x34, 0x4d, 0x5a, 0x9e, 0x4b, 0xcf, 0x65, 0x09, 0xa7, 0xf3,
	0x97, 0x89, 0xf5, 0x15, 0xab, 0x8f, 0x92, 0xdd, 0xbc, 0xbd, 0x41, 0x4d, 0x94, 0x0e, 0x93, 0x32, 0xc4, 0xae,
	0x2c, 0x1f, 0x19, 0x81, 0x19, 0x5f, 0x99, 0x04, 0x46, 0x6a, 0x39, 0xc9, 0x94, 0x8f, 0xe3, 0x0b, 0xbf, 0xf2,
	0x66, 0x0b, 0xe1, 0x71, 0x5a, 0x45, 0x89, 0x33, 0x4c, 0x74, 0xc7, 0xbc, 0x37, 0x36, 0xa2, 0xf4, 0xf6, 0x77,
	0x9c, 0x59, 0xbd, 0xce, 0xe3, 0x6b, 0x69, 0x21, 0x53, 0xd0, 0xa9, 0x87, 0x7c, 0xc6, 0x2a, 0x47, 0x40, 0x02,
	0xdf, 0x32, 0xe5, 0x21, 0x39, 0xf0, 0xa0};

bool hf_sm2_private_in(uint64_t out[4], const uint8_t d[HF_SM2_SCALAR], struct hf_err *err)
{
	hf_limbs_in(out, d);
	if (!hf_declassify(hf_sm2_n_in_range(out, 1)))
		return hf_fail(err, HF_E_INPUT, "SM2 private key is not in [1, n-2] (GM/T 0003.1)");
	return true;
}

bool hf_sm2_random(uint64_t k[4], uint64_t less, struct hf_err *err)
{
	uint8_t octets[HF_SM2_SCALAR];
	bool ok;

	do {
		ok = hf_rand(octets, sizeof(octets), err);
		hf_limbs_in(k, octets);
	} while (ok && !hf_declassify(hf_sm2_n_in_range(k, less)));
	hf_wipe(octets, sizeof(octets));
	return ok;
}

bool hf_sm2_public(const uint8_t d[HF_SM2_SCALAR], uint8_t pub[HF_SM2_POINT], struct hf_err *err)
{
	uint64_t k[4];
	bool ok = hf_sm2_private_in(k, d, err);

	if (ok)
		hf_sm2_curve()->base(pub, k);
	hf_wipe(k, sizeof(k));
	return ok;
}

//= GM/T 0003.1 6.1
bool hf_sm2_generate(struct hf_sm2_key *key, struct hf_err *err)
{
	uint64_t d[4];
	bool ok = hf_sm2_random(d, 1, err);

	if (ok) {
		hf_limbs_out(key->d, d);
		hf_sm2_curve()->base(key->pub, d);
	} else {
		hf_wipe(key, sizeof(*key));
	}
	hf_wipe(d, sizeof(d));
	return ok;
}

//= GM/T 0003.1 6.2
bool hf_sm2_point_check(const uint8_t pub[HF_SM2_POINT], struct hf_err *err)
{
	struct hf_sm2_affine point;

	return hf_sm2_affine_in(&point, pub, err);
}

//= GM/T 0009 8.1
void hf_sm2_z(const uint8_t pub[HF_SM2_POINT], struct hf_bytes id, uint8_t z[HF_SM3_LEN])
{
	struct hf_sm3 ctx;
	uint8_t bits[2];

	hf_put_u16(bits, (uint16_t)(id.len * 8));
	hf_sm3_init(&ctx);
	hf_sm3_update(&ctx, bits, sizeof(bits));
	hf_sm3_update(&ctx, id.p, id.len);
	hf_sm3_update(&ctx, curve_abg, sizeof(curve_abg));
	hf_sm3_update(&ctx, pub, HF_SM2_POINT);
	hf_sm3_final(&ctx, z);
}

//= GM/T 0009 8.2
void hf_sm2_digest(const uint8_t z[HF_SM3_LEN], struct hf_bytes message, uint8_t e[HF_SM3_LEN])
{
	struct hf_sm3 ctx;

	hf_sm3_init(&ctx);
	hf_sm3_update(&ctx, z, HF_SM3_LEN);
	hf_sm3_update(&ctx, message.p, message.len);
	hf_sm3_final(&ctx, e);
}
