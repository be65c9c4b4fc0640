/* SM4 in pieces, authenticated encryption, HMAC: cipher.c, ccm.c, sdf_multi.c, sdf_auth.c. OpenSSL is the second
 * opinion. */
#include "sdf_rig.h"

#include "crypto/sm2.h"
#include "crypto/sm3.h"

#include <openssl/evp.h>

#define MESSAGE 75

static const struct {
	unsigned int alg;
	const char *name;
	bool blockwise;
} modes[] = {{SGD_SM4_ECB, "SM4-ECB", true}, {SGD_SM4_CBC, "SM4-CBC", true}, {SGD_SM4_CFB, "SM4-CFB", false},
	{SGD_SM4_OFB, "SM4-OFB", false}, {SGD_SM4_CTR, "SM4-CTR", false}};

/* A session key and what it is: wrapped under the KEK, it opens under the same KEK in ECB. */
struct keyed {
	struct rig *rig;
	void *session, *key;
	uint8_t clear[16], message[MESSAGE];
};

/* The key in clear: encrypted to a pair of the test's own. */
static void make_key(struct keyed *k, struct rig *rig)
{
	uint8_t flat_cipher[112];
	union {
		ECCCipher cipher;
		unsigned char room[sizeof(ECCCipher) + 16];
	} c;
	struct hf_sm2_key pair;
	ECCrefPublicKey pub = {.bits = 256};
	struct hf_err err;

	*k = (struct keyed){.rig = rig, .session = rig->session};
	assert_ok(hf_sm2_generate(&pair, &err));
	memcpy(pub.x + 32, pair.pub, 32);
	memcpy(pub.y + 32, pair.pub + 32, 32);
	assert_sdr(SDF_GenerateKeyWithEPK_ECC(k->session, 128, SGD_SM2_3, &pub, &c.cipher, &k->key), SDR_OK);
	memcpy(flat_cipher, c.cipher.x + 32, 32);
	memcpy(flat_cipher + 32, c.cipher.y + 32, 32);
	memcpy(flat_cipher + 64, c.cipher.M, 32);
	memcpy(flat_cipher + 96, (uint8_t *)&c + offsetof(ECCCipher, C), 16);
	assert_ok(hf_sm2_decrypt(pair.d, HF_BYTES_OF(flat_cipher), k->clear, &err));
	for (size_t i = 0; i < MESSAGE; i++)
		k->message[i] = (uint8_t)(i * 37 + 5);
}

static void openssl_encrypts(const struct keyed *k, const char *name, const uint8_t iv[16], size_t len, uint8_t *out)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int made;

	assert_non_null(cipher);
	assert_int_equal(EVP_EncryptInit_ex2(ctx, cipher, k->clear, iv, NULL), 1);
	EVP_CIPHER_CTX_set_padding(ctx, 0);
	assert_int_equal(EVP_EncryptUpdate(ctx, out, &made, k->message, (int)len), 1);
	assert_int_equal(made, len);
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
}

/* In three pieces, cut at a and b. */
static void assert_pieces(const struct keyed *k, size_t mode, size_t len, size_t a, size_t b, const uint8_t *want)
{
	uint8_t out[MESSAGE + 16], back[MESSAGE + 16], iv[16] = {9, 0xff};
	size_t cuts[] = {0, a, b, len};
	unsigned int made, total = 0, again = 0;

	memset(iv + 1, 0xff, 15);
	assert_sdr(SDF_EncryptInit(k->session, k->key, modes[mode].alg, iv, 16), SDR_OK);
	assert_sdr(SDF_DecryptInit(k->session, k->key, modes[mode].alg, iv, 16), SDR_OK);
	for (size_t i = 0; i < 3; i++) {
		assert_sdr(SDF_EncryptUpdate(k->session, (unsigned char *)k->message + cuts[i],
				   (unsigned int)(cuts[i + 1] - cuts[i]), out + total, &made),
			SDR_OK);
		assert_sdr(SDF_DecryptUpdate(k->session, out + total, made, back + again, &made), SDR_OK);
		again += made;
		total = modes[mode].blockwise ? (unsigned int)(cuts[i + 1] / 16 * 16) : (unsigned int)cuts[i + 1];
	}
	assert_sdr(SDF_EncryptFinal(k->session, NULL, &made), SDR_OK);
	assert_int_equal(made, 0);
	assert_sdr(SDF_DecryptFinal(k->session, NULL, &made), SDR_OK);
	assert_int_equal(total, len);
	assert_int_equal(again, len);
	assert_memory_equal(out, want, len);
	assert_memory_equal(back, k->message, len);
}

static void every_mode_is_the_same_in_any_pieces(void **state)
{
	uint8_t want[MESSAGE], out[MESSAGE], iv[16];
	struct keyed k;
	unsigned int made;

	make_key(&k, *state);
	for (size_t mode = 0; mode < sizeof(modes) / sizeof(modes[0]); mode++) {
		size_t len = modes[mode].blockwise ? 64 : MESSAGE;
		memset(iv, 0xff, 16);
		iv[0] = 9;
		openssl_encrypts(&k, modes[mode].name, iv, len, want);
		assert_sdr(SDF_Encrypt(k.session, k.key, modes[mode].alg, iv, k.message, (unsigned int)len, out, &made),
			0);
		assert_memory_equal(out, want, len);
		memset(iv, 0xff, 16);
		iv[0] = 9;
		assert_sdr(
			SDF_Decrypt(k.session, k.key, modes[mode].alg, iv, out, (unsigned int)len, out, &made), SDR_OK);
		assert_memory_equal(out, k.message, len);
		for (size_t a = 0; a <= len; a += 3) {
			for (size_t b = a; b <= len; b += 5)
				assert_pieces(&k, mode, len, a, b, want);
		}
	}
}

static void a_mac_is_the_same_in_any_pieces(void **state)
{
	uint8_t want[16], mac[16], iv[16] = {3};
	struct keyed k;
	unsigned int len;

	make_key(&k, *state);
	assert_sdr(SDF_CalculateMAC(k.session, k.key, SGD_SM4_MAC, iv, k.message, 64, want, &len), SDR_OK);
	for (unsigned int a = 0; a <= 64; a++) {
		memset(iv, 0, 16);
		iv[0] = 3;
		assert_sdr(SDF_CalculateMACInit(k.session, k.key, SGD_SM4_MAC, iv, 16), SDR_OK);
		assert_sdr(SDF_CalculateMACUpdate(k.session, k.message, a), SDR_OK);
		assert_sdr(SDF_CalculateMACUpdate(k.session, k.message + a, 64 - a), SDR_OK);
		assert_sdr(SDF_CalculateMACFinal(k.session, mac, &len), SDR_OK);
		assert_int_equal(len, 16);
		assert_memory_equal(mac, want, 16);
	}
}

static void works_are_refused_out_of_step_and_out_of_shape(void **state)
{
	struct rig *rig = *state;
	uint8_t iv[16] = {0}, out[64], mac[32];
	void *s, *other;
	struct keyed k;
	unsigned int len;

	make_key(&k, rig);
	s = k.session;
	assert_sdr(SDF_EncryptUpdate(s, k.message, 16, out, &len), SDR_STEPERR);
	assert_sdr(SDF_EncryptFinal(s, out, &len), SDR_STEPERR);
	assert_sdr(SDF_DecryptUpdate(s, k.message, 16, out, &len), SDR_STEPERR);
	assert_sdr(SDF_CalculateMACFinal(s, mac, &len), SDR_STEPERR);
	assert_sdr(SDF_HMACUpdate(s, k.message, 16), SDR_STEPERR);
	assert_sdr(SDF_AuthEncUpdate(s, k.message, 16, out, &len), SDR_STEPERR);
	assert_sdr(SDF_AuthDecFinal(s, out, &len), SDR_STEPERR);
	assert_sdr(SDF_EncryptInit(s, k.key, SGD_SM4_CBC, NULL, 16), SDR_INARGERR);
	assert_sdr(SDF_EncryptInit(s, k.key, SGD_SM4_CBC, iv, 15), SDR_INARGERR);
	assert_sdr(SDF_EncryptInit(s, k.key, SGD_SM4_MAC, iv, 16), SDR_ALGMODNOTSUPPORT);
	assert_sdr(SDF_EncryptInit(s, k.key, SGD_SM4_GCM, iv, 16), SDR_ALGMODNOTSUPPORT);
	assert_sdr(SDF_EncryptInit(s, k.key, SGD_SM1_CBC, iv, 16), SDR_ALGNOTSUPPORT);
	assert_sdr(SDF_CalculateMACInit(s, k.key, SGD_SM4_CBC, iv, 16), SDR_ALGMODNOTSUPPORT);
	assert_sdr(SDF_EncryptInit(s, s, SGD_SM4_CBC, iv, 16), SDR_INARGERR);
	assert_sdr(SDF_OpenSession(rig->device, &other), SDR_OK);
	assert_sdr(SDF_EncryptInit(other, k.key, SGD_SM4_CBC, iv, 16), SDR_INARGERR);
	/* not whole blocks; the work is over then */
	assert_sdr(SDF_EncryptInit(s, k.key, SGD_SM4_ECB, NULL, 0), SDR_OK);
	assert_sdr(SDF_EncryptUpdate(s, k.message, 17, out, &len), SDR_OK);
	assert_int_equal(len, 16);
	assert_sdr(SDF_EncryptUpdate(s, out, 16, out, &len), SDR_INARGERR);
	assert_sdr(SDF_EncryptUpdate(s, NULL, 3, out, &len), SDR_INARGERR);
	assert_sdr(SDF_EncryptUpdate(s, k.message, 3, NULL, &len), SDR_OUTARGERR);
	assert_sdr(SDF_EncryptFinal(s, out, &len), SDR_SYMOPERR);
	assert_sdr(SDF_EncryptFinal(s, out, &len), SDR_STEPERR);
	/* one session's work is nobody else's */
	assert_sdr(SDF_EncryptInit(s, k.key, SGD_SM4_CTR, iv, 16), SDR_OK);
	assert_sdr(SDF_EncryptUpdate(other, k.message, 16, out, &len), SDR_STEPERR);
	/* the key may go: the work has its own */
	assert_sdr(SDF_DestroyKey(s, k.key), SDR_OK);
	assert_sdr(SDF_EncryptUpdate(s, k.message, 16, out, &len), SDR_OK);
	assert_sdr(SDF_EncryptFinal(s, NULL, &len), SDR_OK);
}

/* --- Authenticated --- */

struct auth_case {
	unsigned int alg, nonce_len, aad_len, len;
};

static void assert_auth(const struct keyed *k, const struct auth_case *c)
{
	uint8_t nonce[16] = {1, 2, 3}, aad[20] = "some more to vouch", out[MESSAGE], tag[16], again[MESSAGE], tag2[16];
	uint8_t bad[16];
	void *s = k->session;
	unsigned int len, tag_len, made;

	assert_sdr(SDF_AuthEnc(s, k->key, c->alg, nonce, c->nonce_len, aad, c->aad_len, (unsigned char *)k->message,
			   c->len, out, &len, tag, &tag_len),
		SDR_OK);
	assert_int_equal(len, c->len);
	assert_int_equal(tag_len, 16);
	assert_sdr(
		SDF_AuthDec(s, k->key, c->alg, nonce, c->nonce_len, aad, c->aad_len, tag, 16, out, len, again, &made),
		SDR_OK);
	assert_memory_equal(again, k->message, c->len);
	memcpy(bad, tag, 16);
	bad[11] ^= 1;
	assert_sdr(
		SDF_AuthDec(s, k->key, c->alg, nonce, c->nonce_len, aad, c->aad_len, bad, 16, out, len, again, &made),
		SDR_MACERR);
	for (unsigned int a = 0; a <= c->len; a += 4) {
		assert_sdr(SDF_AuthEncInit(s, k->key, c->alg, nonce, c->nonce_len, aad, c->aad_len, c->len), SDR_OK);
		assert_sdr(
			SDF_AuthDecInit(s, k->key, c->alg, nonce, c->nonce_len, aad, c->aad_len, tag, 16, c->len), 0);
		assert_sdr(SDF_AuthEncUpdate(s, (unsigned char *)k->message, a, again, &made), SDR_OK);
		assert_int_equal(made, a);
		assert_sdr(SDF_AuthEncUpdate(s, (unsigned char *)k->message + a, c->len - a, again + a, &made), SDR_OK);
		assert_sdr(SDF_AuthEncFinal(s, NULL, &made, tag2, &tag_len), SDR_OK);
		assert_memory_equal(again, out, c->len);
		assert_memory_equal(tag2, tag, 16);
		assert_sdr(SDF_AuthDecUpdate(s, out, a, again, &made), SDR_OK);
		assert_sdr(SDF_AuthDecUpdate(s, out + a, c->len - a, again + a, &made), SDR_OK);
		assert_sdr(SDF_AuthDecFinal(s, NULL, &made), SDR_OK);
		assert_memory_equal(again, k->message, c->len);
	}
	assert_sdr(SDF_AuthDecInit(s, k->key, c->alg, nonce, c->nonce_len, aad, c->aad_len, bad, 12, c->len), SDR_OK);
	assert_sdr(SDF_AuthDecUpdate(s, out, c->len, again, &made), SDR_OK);
	assert_sdr(SDF_AuthDecFinal(s, NULL, &made), SDR_MACERR);
	assert_sdr(SDF_AuthDecFinal(s, NULL, &made), SDR_STEPERR);
}

static void authenticated_encryption_is_the_same_in_any_pieces(void **state)
{
	static const struct auth_case cases[] = {{SGD_SM4_GCM, 12, 20, MESSAGE}, {SGD_SM4_GCM, 16, 0, 64},
		{SGD_SM4_GCM, 1, 5, 1}, {SGD_SM4_GCM, 12, 13, 0}, {SGD_SM4_CCM, 12, 20, MESSAGE},
		{SGD_SM4_CCM, 13, 0, 64}, {SGD_SM4_CCM, 7, 14, 33}, {SGD_SM4_CCM, 12, 3, 0}};
	struct keyed k;

	make_key(&k, *state);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_auth(&k, &cases[i]);
}

static void authenticated_encryption_refuses_bad_lengths(void **state)
{
	uint8_t nonce[16] = {0}, out[MESSAGE], tag[16];
	unsigned int len, tag_len;
	struct keyed k;
	void *s;

	make_key(&k, *state);
	s = k.session;
	assert_sdr(SDF_AuthEnc(s, k.key, SGD_SM4_CCM, nonce, 6, NULL, 0, k.message, 16, out, &len, tag, &tag_len),
		SDR_INARGERR);
	assert_sdr(SDF_AuthEnc(s, k.key, SGD_SM4_CCM, nonce, 14, NULL, 0, k.message, 16, out, &len, tag, &tag_len),
		SDR_INARGERR);
	assert_sdr(SDF_AuthEnc(s, k.key, SGD_SM4_GCM, nonce, 0, NULL, 0, k.message, 16, out, &len, tag, &tag_len),
		SDR_INARGERR);
	assert_sdr(SDF_AuthEnc(s, k.key, SGD_SM4_GCM, nonce, 12, NULL, 1, k.message, 16, out, &len, tag, &tag_len),
		SDR_INARGERR);
	assert_sdr(SDF_AuthEnc(s, k.key, SGD_SM4_CBC, nonce, 12, NULL, 0, k.message, 16, out, &len, tag, &tag_len),
		SDR_ALGMODNOTSUPPORT);
	assert_sdr(SDF_AuthEnc(s, k.key, SGD_SM4_GCM, nonce, 12, NULL, 0, k.message, 16, NULL, &len, tag, &tag_len),
		SDR_OUTARGERR);
	assert_sdr(SDF_AuthEnc(s, k.key, SGD_SM4_GCM, nonce, 12, NULL, 0, out, 16, out + 8, &len, tag, &tag_len),
		SDR_INARGERR);
	assert_sdr(SDF_AuthDec(s, k.key, SGD_SM4_GCM, nonce, 12, NULL, 0, tag, 11, out, 16, out, &len), SDR_INARGERR);
	assert_sdr(SDF_AuthDec(s, k.key, SGD_SM4_GCM, nonce, 12, NULL, 0, tag, 17, out, 16, out, &len), SDR_INARGERR);
	assert_sdr(SDF_AuthDecInit(s, k.key, SGD_SM4_CCM, nonce, 12, NULL, 0, tag, 13, 16), SDR_INARGERR);
	assert_sdr(SDF_AuthEncInit(s, k.key, SGD_SM4_CCM, nonce, 14, NULL, 0, 16), SDR_INARGERR);
	assert_sdr(SDF_AuthEncInit(s, k.key, SGD_SM4_CCM, nonce, 13, NULL, 0, 65536), SDR_INARGERR);
	/* more, and less, than was said */
	for (unsigned int i = 0; i < 2; i++) {
		unsigned int alg = i == 0 ? SGD_SM4_GCM : SGD_SM4_CCM;
		assert_sdr(SDF_AuthEncInit(s, k.key, alg, nonce, 12, NULL, 0, 16), SDR_OK);
		assert_sdr(SDF_AuthEncUpdate(s, k.message, 17, out, &len), SDR_INARGERR);
		assert_sdr(SDF_AuthEncUpdate(s, k.message, 15, out, &len), SDR_OK);
		assert_sdr(SDF_AuthEncFinal(s, NULL, &len, tag, &tag_len), SDR_SYMOPERR);
		assert_sdr(SDF_AuthEncFinal(s, NULL, &len, tag, &tag_len), SDR_STEPERR);
	}
}

static void hmac_is_that_of_the_session_key(void **state)
{
	uint8_t want[32], got[32];
	struct keyed k;
	unsigned int len;

	make_key(&k, *state);
	hf_hmac_sm3(HF_BYTES_OF(k.clear), HF_BYTES_OF(k.message), want);
	assert_sdr(SDF_HMACInit(k.session, k.key, SGD_SHA256), SDR_ALGNOTSUPPORT);
	assert_sdr(SDF_HMACInit(k.session, k.session, SGD_SM3), SDR_INARGERR);
	assert_sdr(SDF_HMACInit(k.session, k.key, SGD_SM3), SDR_OK);
	assert_sdr(SDF_HMACUpdate(k.session, k.message, 70), SDR_OK);
	assert_sdr(SDF_HMACUpdate(k.session, k.message + 70, MESSAGE - 70), SDR_OK);
	assert_sdr(SDF_HMACFinal(k.session, got, NULL), SDR_OUTARGERR);
	assert_sdr(SDF_HMACFinal(k.session, got, &len), SDR_OK);
	assert_int_equal(len, 32);
	assert_memory_equal(got, want, 32);
	assert_sdr(SDF_HMACFinal(k.session, got, &len), SDR_STEPERR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_rig(every_mode_is_the_same_in_any_pieces),
		with_rig(a_mac_is_the_same_in_any_pieces),
		with_rig(works_are_refused_out_of_step_and_out_of_shape),
		with_rig(authenticated_encryption_is_the_same_in_any_pieces),
		with_rig(authenticated_encryption_refuses_bad_lengths),
		with_rig(hmac_is_that_of_the_session_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
