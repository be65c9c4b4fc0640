#include "test.h"

#include "base/hex.h"
#include "base/str.h"
#include "crypto/rand.h"
#include "crypto/sm2_int.h"
#include "crypto/sm3.h"
#include "crypto/sm4.h"

#include <jansson.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <stdlib.h>

/* The example key of GM/T 0003.5. */
static const char example_d[] = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8";
static const char example_pub[] = "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
				  "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13";
static const char example_k[] = "59276e27d506861a16680f3ad9c02dccef3cc1fa3cdbe4ce6d54b80deac1bc21";
static const char order[] = "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123";

static void unhex(const char *text, uint8_t *out, size_t len)
{
	assert_int_equal(strlen(text), 2 * len);
	assert_true(hf_unhex(text, out, len));
}

static void assert_hex(const uint8_t *got, size_t len, const char *want)
{
	char text[1024];

	assert_true(2 * len < sizeof(text));
	hf_hex((struct hf_bytes){got, len}, text);
	assert_string_equal(text, want);
}

static void sm3_gives_the_standards_digests(void **state)
{
	uint8_t out[HF_SM3_LEN];

	(void)state;
	hf_sm3(HF_BYTES_LIT("abc"), out);
	assert_hex(out, sizeof(out), "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
	hf_sm3(HF_BYTES_LIT("abcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcd"), out);
	assert_hex(out, sizeof(out), "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732");
}

static void openssl_digest(const uint8_t *p, size_t len, uint8_t out[HF_SM3_LEN])
{
	unsigned n = 0;

	assert_int_equal(EVP_Digest(p, len, out, &n, EVP_sm3(), NULL), 1);
	assert_int_equal(n, HF_SM3_LEN);
}

static void sm3_agrees_with_openssl_at_every_length_and_split(void **state)
{
	uint8_t data[200], want[HF_SM3_LEN], got[HF_SM3_LEN];
	struct hf_sm3 ctx;

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + 1);
	for (size_t len = 0; len <= sizeof(data); len++) {
		openssl_digest(data, len, want);
		for (size_t split = 0; split <= len; split++) {
			hf_sm3_init(&ctx);
			hf_sm3_update(&ctx, data, split);
			hf_sm3_update(&ctx, data + split, len - split);
			hf_sm3_final(&ctx, got);
			assert_memory_equal(got, want, sizeof(want));
		}
	}
}

static json_t *vectors(const char *name)
{
	const char *folder = getenv("HUFU_VECTORS"), *root = getenv("HUFU_SOURCE_ROOT");
	char path[1024];

	if (folder)
		assert_true(hf_fmt(path, sizeof(path), "%s/%s", folder, name));
	else
		assert_true(hf_fmt(path, sizeof(path), "%s/../shared/vectors/%s", root ? root : ".", name));
	return json_load_file(path, 0, NULL);
}

static void hmac_gives_the_agreed_answers(void **state)
{
	json_t *file = vectors("kat/hmac_sm3.json"), *vector;
	size_t i, done = 0;

	(void)state;
	if (!file) {
		print_message("kat/hmac_sm3.json is not here (set HUFU_VECTORS)\n");
		skip();
	}
	json_array_foreach(json_object_get(file, "vectors"), i, vector)
	{
		struct hf_buf key, msg;
		uint8_t mac[HF_SM3_LEN];
		hf_buf_init(&key, 65536);
		hf_buf_init(&msg, 1 << 24);
		assert_true(hf_unhex_buf(hf_bytes_str(json_string_value(json_object_get(vector, "key"))), &key));
		assert_true(hf_unhex_buf(hf_bytes_str(json_string_value(json_object_get(vector, "msg"))), &msg));
		hf_hmac_sm3(hf_buf_bytes(&key), hf_buf_bytes(&msg), mac);
		assert_hex(mac, sizeof(mac), json_string_value(json_object_get(vector, "mac")));
		hf_buf_clear(&key);
		hf_buf_clear(&msg);
		done++;
	}
	assert_true(done > 0);
	json_decref(file);
}

static void pbkdf2_agrees_with_openssl(void **state)
{
	static const struct {
		const char *password, *salt;
		int iterations;
		size_t len;
	} cases[] = {{"", "", 1, 32}, {"a", "salt", 2, 16}, {"12345678", "sixteen octets..", 1000, 80},
		{"a password that is longer than one block of SM3, which is sixty-four octets", "s", 3, 33}};
	uint8_t got[80], want[80];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hf_bytes password = hf_bytes_str(cases[i].password), salt = hf_bytes_str(cases[i].salt);
		hf_pbkdf2_sm3(password, salt, (uint32_t)cases[i].iterations, got, cases[i].len);
		assert_int_equal(PKCS5_PBKDF2_HMAC(cases[i].password, (int)password.len, salt.p, (int)salt.len,
					 cases[i].iterations, EVP_sm3(), (int)cases[i].len, want),
			1);
		assert_memory_equal(got, want, cases[i].len);
	}
}

static void kdf_is_a_row_of_digests_cut_to_length(void **state)
{
	uint8_t long_one[100], short_one[100], first[HF_SM3_LEN];

	(void)state;
	hf_sm3_kdf(HF_BYTES_LIT("shared"), long_one, sizeof(long_one));
	hf_sm3(HF_BYTES_LIT("shared\0\0\0\1"), first);
	assert_memory_equal(long_one, first, sizeof(first));
	hf_sm3(HF_BYTES_LIT("shared\0\0\0\3"), first);
	assert_memory_equal(long_one + 64, first, sizeof(first));
	for (size_t len = 0; len <= sizeof(short_one); len++) {
		memset(short_one, 0, sizeof(short_one));
		hf_sm3_kdf(HF_BYTES_LIT("shared"), short_one, len);
		assert_memory_equal(short_one, long_one, len);
		assert_true(len == sizeof(short_one) || short_one[len] == 0);
	}
}

static void sm4_gives_the_standards_ciphertexts(void **state)
{
	uint8_t key[16], block[16];

	(void)state;
	unhex("0123456789abcdeffedcba9876543210", key, 16);
	memcpy(block, key, 16);
	hf_sm4_ecb_encrypt(key, block, block, 16);
	assert_hex(block, 16, "681edf34d206965e86b3e94f536e4246");
	hf_sm4_ecb_decrypt(key, block, block, 16);
	assert_memory_equal(block, key, 16);
	for (int i = 0; i < 1000000; i++)
		hf_sm4_ecb_encrypt(key, block, block, 16);
	assert_hex(block, 16, "595298c7c6fd271f0402f804c33d3f66");
}

static void openssl_sm4(
	const char *mode, bool encrypt, const uint8_t *key, const uint8_t *iv, const uint8_t *in, uint8_t *out, int len)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, mode, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0;

	assert_non_null(cipher);
	assert_int_equal(EVP_CipherInit_ex2(ctx, cipher, key, iv, encrypt, NULL), 1);
	assert_int_equal(EVP_CIPHER_CTX_set_padding(ctx, 0), 1);
	assert_int_equal(EVP_CipherUpdate(ctx, out, &n, in, len), 1);
	assert_int_equal(n, len);
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
}

static void sm4_modes_agree_with_openssl_whole_and_in_pieces(void **state)
{
	uint8_t key[16], iv[16], run[16], in[160], want[160], got[160], mac[16];
	struct hf_err err;

	(void)state;
	assert_ok(hf_rand(key, sizeof(key), &err) && hf_rand(in, sizeof(in), &err));
	/* the low 64 bits of the counter wrap inside the message */
	unhex("00112233445566fffffffffffffffffe", iv, 16);
	openssl_sm4("SM4-ECB", true, key, NULL, in, want, 160);
	hf_sm4_ecb_encrypt(key, in, got, 160);
	assert_memory_equal(got, want, 160);
	openssl_sm4("SM4-CBC", true, key, iv, in, want, 160);
	for (size_t split = 0; split <= 160; split += 16) {
		memcpy(run, iv, 16);
		hf_sm4_cbc_encrypt(key, run, in, got, split);
		hf_sm4_cbc_encrypt(key, run, in + split, got + split, 160 - split);
		assert_memory_equal(got, want, 160);
		memcpy(run, iv, 16);
		hf_sm4_cbc_decrypt(key, run, got, got, split);
		hf_sm4_cbc_decrypt(key, run, got + split, got + split, 160 - split);
		assert_memory_equal(got, in, 160);
		memcpy(run, iv, 16);
		hf_sm4_mac(key, run, in, split, mac);
		hf_sm4_mac(key, mac, in + split, 160 - split, mac);
		assert_memory_equal(mac, want + 144, 16);
	}
	openssl_sm4("SM4-CTR", true, key, iv, in, want, 160);
	for (size_t len = 0; len <= 160; len++) {
		memcpy(run, iv, 16);
		hf_sm4_ctr(key, run, in, got, len);
		assert_memory_equal(got, want, len);
	}
}

static void sm2_gives_the_standards_signature(void **state)
{
	uint8_t d[32], pub[64], k[32], z[32], e[32], sig[64];
	struct hf_err err;
	bool again;

	(void)state;
	unhex(example_d, d, 32);
	unhex(example_k, k, 32);
	assert_ok(hf_sm2_public(d, pub, &err));
	assert_hex(pub, 64, example_pub);
	hf_sm2_z(pub, HF_SM2_DEFAULT_ID, z);
	assert_hex(z, 32, "b2e14c5c79c6df5b85f4fe7ed8db7a262b9da7e07ccb0ea9f4747b8ccda8a4f3");
	hf_sm2_digest(z, HF_BYTES_LIT("message digest"), e);
	assert_hex(e, 32, "f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640");
	assert_ok(hf_sm2_sign_with(d, e, k, sig, &again, &err));
	assert_false(again);
	assert_hex(sig, 64,
		"f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
		"b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa");
	assert_ok(hf_sm2_verify(pub, e, sig, &err));
}

static void sm2_gives_the_standards_ciphertext(void **state)
{
	static const struct hf_bytes plain = {(const uint8_t *)"encryption standard", 19};
	uint8_t d[32], pub[64], k[32], out[HF_SM2_CIPHER_EXTRA + 19], back[19];
	struct hf_err err;
	bool again;

	(void)state;
	unhex(example_d, d, 32);
	unhex(example_pub, pub, 64);
	unhex(example_k, k, 32);
	assert_ok(hf_sm2_encrypt_with(pub, plain, k, out, &again, &err));
	assert_false(again);
	assert_hex(out, sizeof(out),
		"04ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73"
		"e858f9d81e5430a57b36daab8f950a3c64e6ee6a63094d99283aff767e124df0"
		"59983c18f809e262923c53aec295d30383b54e39d609d160afcb1908d0bd8766"
		"21886ca989ca9c7d58087307ca93092d651efa");
	assert_ok(hf_sm2_decrypt(d, HF_BYTES_OF(out), back, &err));
	assert_memory_equal(back, plain.p, plain.len);
}

static EVP_PKEY *openssl_key(const struct hf_sm2_key *key)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "SM2", NULL);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *d = BN_bin2bn(key->d, 32, NULL);
	uint8_t point[65] = {4};
	EVP_PKEY *pkey = NULL;

	memcpy(point + 1, key->pub, 64);
	assert_true(OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "SM2", 0));
	assert_true(OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)));
	assert_true(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, d));
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params), 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	BN_free(d);
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

/* SEQUENCE of two INTEGERs, from and to r ‖ s. */
static size_t sig_to_der(const uint8_t sig[64], uint8_t *der)
{
	size_t at = 2;

	for (size_t i = 0; i < 2; i++) {
		const uint8_t *v = sig + 32 * i;
		size_t skip_zeros = 0;
		while (v[skip_zeros] == 0)
			skip_zeros++;
		bool pad = v[skip_zeros] >= 0x80;
		der[at++] = 2;
		der[at++] = (uint8_t)(32 - skip_zeros + pad);
		if (pad)
			der[at++] = 0;
		memcpy(der + at, v + skip_zeros, 32 - skip_zeros);
		at += 32 - skip_zeros;
	}
	der[0] = 0x30;
	der[1] = (uint8_t)(at - 2);
	return at;
}

static void sig_from_der(const uint8_t *der, uint8_t sig[64])
{
	const uint8_t *p = der + 2;

	memset(sig, 0, 64);
	for (size_t i = 0; i < 2; i++) {
		size_t len = p[1];
		p += 2;
		while (len > 32) {
			p++;
			len--;
		}
		memcpy(sig + 32 * i + 32 - len, p, len);
		p += len;
	}
}

static EVP_MD_CTX *openssl_sign_ctx(EVP_PKEY *pkey, bool sign)
{
	EVP_PKEY_CTX *pctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	assert_int_equal(EVP_PKEY_CTX_set1_id(pctx, "1234567812345678", 16), 1);
	EVP_MD_CTX_set_pkey_ctx(ctx, pctx);
	if (sign)
		assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sm3(), NULL, pkey), 1);
	else
		assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, EVP_sm3(), NULL, pkey), 1);
	return ctx;
}

static void free_sign_ctx(EVP_MD_CTX *ctx)
{
	EVP_PKEY_CTX *pctx = EVP_MD_CTX_get_pkey_ctx(ctx);

	EVP_MD_CTX_free(ctx);
	EVP_PKEY_CTX_free(pctx);
}

static void sm2_signatures_and_openssls_are_the_same_thing(void **state)
{
	uint8_t z[32], e[32], sig[64], der[80];
	struct hf_sm2_key key;
	struct hf_err err;

	(void)state;
	for (size_t round = 0; round < 20; round++) {
		size_t len = sizeof(der);
		assert_ok(hf_sm2_generate(&key, &err));
		EVP_PKEY *pkey = openssl_key(&key);
		hf_sm2_z(key.pub, HF_SM2_DEFAULT_ID, z);
		hf_sm2_digest(z, (struct hf_bytes){key.pub, round}, e);
		assert_ok(hf_sm2_sign(key.d, e, sig, &err));
		EVP_MD_CTX *ctx = openssl_sign_ctx(pkey, false);
		assert_int_equal(EVP_DigestVerify(ctx, der, sig_to_der(sig, der), key.pub, round), 1);
		free_sign_ctx(ctx);
		ctx = openssl_sign_ctx(pkey, true);
		assert_int_equal(EVP_DigestSign(ctx, der, &len, key.pub, round), 1);
		free_sign_ctx(ctx);
		sig_from_der(der, sig);
		assert_ok(hf_sm2_verify(key.pub, e, sig, &err));
		EVP_PKEY_free(pkey);
	}
}

static void openssl_opens_what_we_encrypt(void **state)
{
	/* SEQUENCE { x, y INTEGER, C3, C2 OCTET STRING } (GM/T 0009 7.2), with room for the integers' padding */
	uint8_t cipher[HF_SM2_CIPHER_EXTRA + 16], xy[80], der[160], back[64], plain[16] = "sixteen octets.";
	struct hf_sm2_key key;
	struct hf_err err;

	(void)state;
	assert_ok(hf_sm2_generate(&key, &err));
	assert_ok(hf_sm2_encrypt(key.pub, HF_BYTES_OF(plain), cipher, &err));
	size_t num = sig_to_der(cipher, xy) - 2, len = sizeof(back);
	der[0] = 0x30;
	der[1] = (uint8_t)(num + 34 + 18);
	memcpy(der + 2, xy + 2, num);
	memcpy(der + 2 + num, "\x04\x20", 2);
	memcpy(der + 4 + num, cipher + 64, 32);
	memcpy(der + 36 + num, "\x04\x10", 2);
	memcpy(der + 38 + num, cipher + 96, 16);
	EVP_PKEY *pkey = openssl_key(&key);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	assert_int_equal(EVP_PKEY_decrypt_init(ctx), 1);
	assert_int_equal(EVP_PKEY_decrypt(ctx, back, &len, der, num + 54), 1);
	assert_int_equal(len, 16);
	assert_memory_equal(back, plain, 16);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(pkey);
}

static void a_wrong_signature_is_refused(void **state)
{
	uint8_t e[32] = {1, 2, 3}, sig[64], bad[64];
	struct hf_sm2_key key, other;
	struct hf_err err;

	(void)state;
	assert_ok(hf_sm2_generate(&key, &err) && hf_sm2_generate(&other, &err));
	assert_ok(hf_sm2_sign(key.d, e, sig, &err));
	for (size_t bit = 0; bit < 512; bit += 37) {
		memcpy(bad, sig, 64);
		bad[bit / 8] ^= (uint8_t)(1 << bit % 8);
		err = (struct hf_err){0};
		assert_false(hf_sm2_verify(key.pub, e, bad, &err));
		assert_true(err.code == HF_E_VERIFY || err.code == HF_E_INPUT);
	}
	assert_refused(hf_sm2_verify(other.pub, e, sig, &err), HF_E_VERIFY, "0003.2");
	e[31] ^= 1;
	assert_refused(hf_sm2_verify(key.pub, e, sig, &err), HF_E_VERIFY, "0003.2");
}

static void signature_numbers_out_of_range_are_refused(void **state)
{
	uint8_t e[32] = {1}, n[32], sig[64], bad[64];
	struct hf_sm2_key key;
	struct hf_err err;

	(void)state;
	unhex(order, n, 32);
	assert_ok(hf_sm2_generate(&key, &err) && hf_sm2_sign(key.d, e, sig, &err));
	for (size_t half = 0; half < 64; half += 32) {
		memcpy(bad, sig, 64);
		memset(bad + half, 0, 32);
		assert_refused(hf_sm2_verify(key.pub, e, bad, &err), HF_E_INPUT, "[1, n-1]");
		memcpy(bad + half, n, 32);
		assert_refused(hf_sm2_verify(key.pub, e, bad, &err), HF_E_INPUT, "[1, n-1]");
		memset(bad + half, 0xff, 32);
		assert_refused(hf_sm2_verify(key.pub, e, bad, &err), HF_E_INPUT, "[1, n-1]");
	}
}

/* out = a - b mod n */
static void subtract(const uint8_t a[32], const uint8_t b[32], uint8_t out[32])
{
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *n = NULL, *x = BN_bin2bn(a, 32, NULL), *y = BN_bin2bn(b, 32, NULL);

	assert_true(BN_hex2bn(&n, order) > 0 && BN_mod_sub(x, x, y, n, ctx) && BN_bn2binpad(x, out, 32) == 32);
	BN_free(n);
	BN_free(x);
	BN_free(y);
	BN_CTX_free(ctx);
}

/* With r + s = n the key plays no part: e = r - x(s·G) would make a forgery for anybody. */
static void a_forgery_that_cancels_the_key_is_refused(void **state)
{
	uint8_t pub[64], sig[64], point[64], e[32], zero[32] = {0};
	struct hf_err err;

	(void)state;
	unhex(example_pub, pub, 64);
	unhex(example_k, sig + 32, 32);
	subtract(zero, sig + 32, sig);
	assert_ok(hf_sm2_public(sig + 32, point, &err));
	subtract(sig, point, e);
	assert_refused(hf_sm2_verify(pub, e, sig, &err), HF_E_VERIFY, "0003.2");
}

static void bad_points_are_refused(void **state)
{
	uint8_t pub[64], bad[64], e[32] = {0}, sig[64] = {1}, out[HF_SM2_CIPHER_EXTRA + 1], d[32];
	struct hf_err err;

	(void)state;
	unhex(example_pub, pub, 64);
	unhex(example_d, d, 32);
	assert_ok(hf_sm2_point_check(pub, &err));
	memset(bad, 0, 64);
	assert_refused(hf_sm2_point_check(bad, &err), HF_E_INPUT, "curve");
	memcpy(bad, pub, 64);
	bad[63] ^= 1;
	assert_refused(hf_sm2_point_check(bad, &err), HF_E_INPUT, "curve");
	assert_refused(hf_sm2_verify(bad, e, sig, &err), HF_E_INPUT, "curve");
	assert_refused(hf_sm2_encrypt(bad, HF_BYTES_LIT("x"), out, &err), HF_E_INPUT, "curve");
	memcpy(out, bad, 64);
	assert_refused(hf_sm2_decrypt(d, HF_BYTES_OF(out), bad, &err), HF_E_INPUT, "curve");
	/* (0, √b) is a point; (p, √b) must not pass for it */
	unhex("0000000000000000000000000000000000000000000000000000000000000000"
	      "fd4511e81736a60f07e88a83d6cf5a167fae6d1a9c9330e76e232e00f5cdc154",
		bad, 64);
	assert_ok(hf_sm2_point_check(bad, &err));
	unhex("fffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffff", bad, 32);
	assert_refused(hf_sm2_point_check(bad, &err), HF_E_INPUT, "below p");
	memcpy(bad, pub, 32);
	memset(bad + 32, 0xff, 32);
	assert_refused(hf_sm2_point_check(bad, &err), HF_E_INPUT, "below p");
}

static void private_keys_out_of_range_are_refused(void **state)
{
	uint8_t d[32] = {0}, pub[64], e[32] = {0}, sig[64];
	struct hf_err err;

	(void)state;
	assert_refused(hf_sm2_public(d, pub, &err), HF_E_INPUT, "n-2");
	d[31] = 1;
	assert_ok(hf_sm2_public(d, pub, &err));
	unhex(order, d, 32);
	assert_refused(hf_sm2_sign(d, e, sig, &err), HF_E_INPUT, "n-2");
	d[31] -= 1;
	assert_refused(hf_sm2_sign(d, e, sig, &err), HF_E_INPUT, "n-2");
	d[31] -= 1;
	assert_ok(hf_sm2_sign(d, e, sig, &err));
	memset(d, 0xff, 32);
	assert_refused(hf_sm2_public(d, pub, &err), HF_E_INPUT, "n-2");
}

static void a_k_that_the_standard_refuses_is_drawn_again(void **state)
{
	uint8_t d[32], k[32], e[32], point[64], sig[64], zero[32] = {0};
	struct hf_err err;
	bool again;

	(void)state;
	unhex(example_d, d, 32);
	unhex(example_k, k, 32);
	assert_ok(hf_sm2_public(k, point, &err));
	/* e = -x1 makes r = 0, e = -x1 - k makes r + k = n */
	subtract(zero, point, e);
	assert_ok(hf_sm2_sign_with(d, e, k, sig, &again, &err));
	assert_true(again);
	subtract(e, k, e);
	assert_ok(hf_sm2_sign_with(d, e, k, sig, &again, &err));
	assert_true(again);
}

static void ciphertexts_that_were_touched_are_refused(void **state)
{
	static uint8_t plain[HF_SM2_PLAIN_MAX], cipher[HF_SM2_PLAIN_MAX + HF_SM2_CIPHER_EXTRA], back[HF_SM2_PLAIN_MAX];
	struct hf_sm2_key key;
	struct hf_err err;

	(void)state;
	assert_ok(hf_sm2_generate(&key, &err) && hf_rand(plain, sizeof(plain), &err));
	assert_ok(hf_sm2_encrypt(key.pub, HF_BYTES_OF(plain), cipher, &err));
	assert_ok(hf_sm2_decrypt(key.d, HF_BYTES_OF(cipher), back, &err));
	assert_memory_equal(plain, back, sizeof(plain));
	memset(back, 0, sizeof(back));
	for (size_t i = 64; i < sizeof(cipher); i += 999) {
		cipher[i] ^= 4;
		assert_refused(hf_sm2_decrypt(key.d, HF_BYTES_OF(cipher), back, &err), HF_E_VERIFY, "C3");
		assert_int_equal(back[0] | back[1] | back[2] | back[3], 0);
		cipher[i] ^= 4;
	}
	assert_refused(hf_sm2_decrypt(key.d, (struct hf_bytes){cipher, 96}, back, &err), HF_E_INPUT, "96");
	assert_refused(hf_sm2_encrypt(key.pub, HF_BYTES_NONE, cipher, &err), HF_E_INPUT, "4096");
	assert_refused(hf_sm2_encrypt(key.pub, (struct hf_bytes){plain, HF_SM2_PLAIN_MAX + 1}, cipher, &err),
		HF_E_INPUT, "4097");
}

static void random_octets_differ_and_fill(void **state)
{
	uint8_t a[300] = {0}, b[300] = {0}, any = 0;
	struct hf_err err;

	(void)state;
	assert_ok(hf_rand(a, sizeof(a), &err) && hf_rand(b, sizeof(b), &err));
	assert_memory_not_equal(a, b, sizeof(a));
	for (size_t i = 292; i < 300; i++)
		any |= a[i];
	assert_int_not_equal(any, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sm3_gives_the_standards_digests),
		cmocka_unit_test(sm3_agrees_with_openssl_at_every_length_and_split),
		cmocka_unit_test(hmac_gives_the_agreed_answers),
		cmocka_unit_test(pbkdf2_agrees_with_openssl),
		cmocka_unit_test(kdf_is_a_row_of_digests_cut_to_length),
		cmocka_unit_test(sm4_gives_the_standards_ciphertexts),
		cmocka_unit_test(sm4_modes_agree_with_openssl_whole_and_in_pieces),
		cmocka_unit_test(sm2_gives_the_standards_signature),
		cmocka_unit_test(sm2_gives_the_standards_ciphertext),
		cmocka_unit_test(sm2_signatures_and_openssls_are_the_same_thing),
		cmocka_unit_test(openssl_opens_what_we_encrypt),
		cmocka_unit_test(a_wrong_signature_is_refused),
		cmocka_unit_test(signature_numbers_out_of_range_are_refused),
		cmocka_unit_test(a_forgery_that_cancels_the_key_is_refused),
		cmocka_unit_test(bad_points_are_refused),
		cmocka_unit_test(private_keys_out_of_range_are_refused),
		cmocka_unit_test(a_k_that_the_standard_refuses_is_drawn_again),
		cmocka_unit_test(ciphertexts_that_were_touched_are_refused),
		cmocka_unit_test(random_octets_differ_and_fill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
