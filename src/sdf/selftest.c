#include "sdf/sdf_int.h"

#include "base/alloc.h"
#include "base/hex.h"
#include "crypto/rand.h"
#include "crypto/randtest.h"

#include <stdlib.h>
#include <string.h>

static bool sm3_knows(void)
{
	uint8_t want[HF_SM3_LEN], got[HF_SM3_LEN];

	hf_sm3(HF_BYTES_LIT("abc"), got);
	return hf_unhex("66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0", want, sizeof(want)) &&
	       memcmp(got, want, sizeof(want)) == 0;
}

static bool sm4_knows(void)
{
	uint8_t key[HF_SM4_KEY], want[HF_SM4_BLOCK], block[HF_SM4_BLOCK];

	if (!hf_unhex("0123456789abcdeffedcba9876543210", key, sizeof(key)) ||
		!hf_unhex("681edf34d206965e86b3e94f536e4246", want, sizeof(want)))
		return false;
	hf_sm4_ecb_encrypt(key, key, block, sizeof(block));
	if (memcmp(block, want, sizeof(want)) != 0)
		return false;
	hf_sm4_ecb_decrypt(key, block, block, sizeof(block));
	return memcmp(block, key, sizeof(key)) == 0;
}

/* The examples of GM/T 0003.5: the public key from d, a signature that is right and one that is not. */
static bool sm2_knows(void)
{
	uint8_t d[HF_SM2_SCALAR], pub[HF_SM2_POINT], want[HF_SM2_POINT], e[HF_SM3_LEN], sig[HF_SM2_SIG];
	uint8_t z[HF_SM3_LEN];

	if (!hf_unhex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8", d, sizeof(d)) ||
		!hf_unhex("09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
			  "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13",
			want, sizeof(want)) ||
		!hf_unhex("f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
			  "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa",
			sig, sizeof(sig)))
		return false;
	if (!hf_sm2_public(d, pub, NULL) || memcmp(pub, want, sizeof(want)) != 0)
		return false;
	hf_sm2_z(pub, HF_SM2_DEFAULT_ID, z);
	hf_sm2_digest(z, HF_BYTES_LIT("message digest"), e);
	if (!hf_sm2_verify(pub, e, sig, NULL) || !hf_sm2_sign(d, e, sig, NULL) || !hf_sm2_verify(pub, e, sig, NULL))
		return false;
	sig[HF_SM2_SIG - 1] ^= 1;
	return !hf_sm2_verify(pub, e, sig, NULL);
}

static bool sm2_opens(void)
{
	uint8_t d[HF_SM2_SCALAR], cipher[HF_SM2_CIPHER_EXTRA + 19], plain[19];

	return hf_unhex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8", d, sizeof(d)) &&
	       hf_unhex("04ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73"
			"e858f9d81e5430a57b36daab8f950a3c64e6ee6a63094d99283aff767e124df0"
			"59983c18f809e262923c53aec295d30383b54e39d609d160afcb1908d0bd8766"
			"21886ca989ca9c7d58087307ca93092d651efa",
		       cipher, sizeof(cipher)) &&
	       hf_sm2_decrypt(d, HF_BYTES_OF(cipher), plain, NULL) &&
	       memcmp(plain, "encryption standard", sizeof(plain)) == 0;
}

int hf_sdf_selftest(void)
{
	return sm3_knows() && sm4_knows() && sm2_knows() && sm2_opens() ? SDR_OK : SDR_HARDFAIL;
}

static bool draw(void *ctx, uint8_t *out, size_t len, struct hf_err *err)
{
	(void)ctx;
	return hf_rand(out, len, err);
}

/*
 * The light set: on command a device may be tested at any moment and often, and the periodic set, made for twice a day,
 * stops a healthy one in six runs of a thousand; the light one in three of ten thousand (hf_randtest_chance).
 */
//= GM/T 0030 6.2
int hf_sdf_selftest_random(void)
{
	const struct hf_randtest_source source = {.draw = draw};
	struct hf_randtest_report *report = hf_try_alloc(1, sizeof(*report));
	struct hf_err err;

	if (!report)
		return SDR_NOBUFFER;
	bool ok = hf_randtest_device(&hf_randtest_light, &source, report, &err);
	free(report);
	if (ok)
		return SDR_OK;
	return err.code == HF_E_MEMORY ? SDR_NOBUFFER : SDR_RANDERR;
}
