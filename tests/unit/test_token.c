/* The software token through the workstation's client: the real libhufuskf.so, loaded by path. */
#include "test.h"

#include "base/clock.h"
#include "base/hex.h"
#include "base/str.h"
#include "crypto/rand.h"
#include "crypto/sm2.h"
#include "crypto/sm4.h"
#include "skf/token.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define ADMIN HF_BYTES_LIT("admin-pin-1")
#define USER  HF_BYTES_LIT("user-pin-1")
#define CON   "SM2"

static char home[] = "/tmp/hufu-token-XXXXXX";
static struct hf_token_lib *lib;

static struct hf_token_new plain_token(const char *device)
{
	return (struct hf_token_new){.device = device,
		.label = "a label",
		.auth_key = "0123456789abcde",
		.iterations = 1000,
		.application = "HUFU",
		.admin_pin = ADMIN,
		.user_pin = USER,
		.admin_tries = 3,
		.user_tries = 4};
}

static int setup(void **state)
{
	char path[HF_ERR_TEXT_MAX];
	const char *build = getenv("HUFU_BUILD_ROOT");
	struct hf_err err = {0};

	(void)state;
	if (!mkdtemp(home) || setenv("HUFU_SKF_HOME", home, 1) != 0)
		return -1;
	hf_fmt_cut(path, sizeof(path), "%s/src/skf/libhufuskf.so", build ? build : ".");
	if (!hf_token_lib_open(path, &lib, &err)) {
		print_error("%s\n", err.text);
		return -1;
	}
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	hf_token_lib_close(lib);
	hf_fmt_cut(command, sizeof(command), "rm -rf '%s'", home);
	return system(command) == 0 ? 0 : -1;
}

static struct hf_token *fresh(const char *device)
{
	struct hf_token_new what = plain_token(device);
	struct hf_token *token = NULL;
	struct hf_err err = {0};

	assert_ok(hf_token_create(lib, &what, &err));
	assert_ok(hf_token_open(lib, device, "HUFU", USER, &token, &err));
	return token;
}

/* What a KM makes: a pair, its private key under an SM4 key, that key under the holder's signing key. */
static void envelope_for(const uint8_t sign_pub[64], struct hf_sm2_key *pair, struct hf_token_envelope *out)
{
	struct hf_err err = {0};
	uint8_t sm4[16];

	assert_ok(hf_rand(sm4, sizeof(sm4), &err));
	assert_ok(hf_sm2_generate(pair, &err));
	hf_sm4_ecb_encrypt(sm4, pair->d, out->enc_priv, 32);
	assert_ok(hf_sm2_encrypt(sign_pub, HF_BYTES_OF(sm4), out->key_cipher, &err));
	memcpy(out->pub, pair->pub, 64);
	out->place = HF_TOKEN_PLACE_END;
}

/* Bytes with the public key inside, as a certificate has it. */
static struct hf_bytes fake_cert(const uint8_t pub[64], uint8_t tone, uint8_t out[700])
{
	memset(out, tone, 700);
	memcpy(out + 300, pub, 64);
	return (struct hf_bytes){out, 700};
}

static void a_token_lives_its_whole_life(void **state)
{
	struct hf_token *token = fresh("life");
	struct hf_err err = {0};
	struct hf_token_envelope envelope;
	struct hf_sm2_key pair;
	uint8_t pub[64], got[64], sig[64], z[32], e[32], cert[700];
	struct hf_buf out;

	(void)state;
	hf_buf_init(&out, 70000);
	assert_ok(hf_token_make_pair(token, CON, pub, &err));
	assert_ok(hf_token_sign_message(token, CON, HF_BYTES_LIT("to be signed"), sig, &err));
	hf_sm2_z(pub, HF_SM2_DEFAULT_ID, z);
	hf_sm2_digest(z, HF_BYTES_LIT("to be signed"), e);
	assert_ok(hf_sm2_verify(pub, e, sig, &err));

	assert_ok(hf_token_import_cert(token, CON, HF_TOKEN_SIGN, fake_cert(pub, 1, cert), &err));
	envelope_for(pub, &pair, &envelope);
	assert_ok(hf_token_import_pair(token, CON, &envelope, &err));
	assert_ok(hf_token_import_cert(token, CON, HF_TOKEN_ENC, fake_cert(pair.pub, 2, cert), &err));
	hf_token_close(token);

	assert_ok(hf_token_open(lib, "life", "HUFU", HF_BYTES_NONE, &token, &err));
	assert_ok(hf_token_public(token, CON, HF_TOKEN_SIGN, got, &err));
	assert_memory_equal(got, pub, 64);
	assert_ok(hf_token_public(token, CON, HF_TOKEN_ENC, got, &err));
	assert_memory_equal(got, pair.pub, 64);
	assert_ok(hf_token_export_cert(token, CON, HF_TOKEN_SIGN, &out, &err));
	assert_true(hf_bytes_equal(hf_buf_bytes(&out), fake_cert(pub, 1, cert)));
	hf_buf_reset(&out);
	assert_ok(hf_token_export_cert(token, CON, HF_TOKEN_ENC, &out, &err));
	assert_true(hf_bytes_equal(hf_buf_bytes(&out), fake_cert(pair.pub, 2, cert)));
	hf_buf_reset(&out);
	assert_ok(hf_token_containers(token, &out, &err));
	assert_memory_equal(out.p, CON "\0", 4);
	assert_refused(hf_token_sign_digest(token, CON, e, sig, &err), HF_E_DENIED, "SAR_USER_NOT_LOGGED_IN");
	hf_token_close(token);
	hf_buf_clear(&out);
}

static void what_was_encrypted_to_the_token_opens(void **state)
{
	struct hf_token *token = fresh("open");
	struct hf_err err = {0};
	struct hf_token_envelope envelope;
	struct hf_token_sealed sealed = {.cipher = HF_TOKEN_SM4_CBC, .iv = "fifteen octets.", .padded = true};
	struct hf_sm2_key pair;
	uint8_t pub[64], sm4[16] = "the session key", iv[16], data[48], wrapped[96 + 5];
	struct hf_buf out;

	(void)state;
	hf_buf_init_secret(&out, 1000);
	assert_ok(hf_token_make_pair(token, CON, pub, &err));
	envelope_for(pub, &pair, &envelope);
	envelope.place = HF_TOKEN_PLACE_START; /* ours takes either place */
	assert_ok(hf_token_import_pair(token, CON, &envelope, &err));
	assert_ok(hf_sm2_encrypt(pair.pub, HF_BYTES_OF(sm4), sealed.key_cipher, &err));
	memset(data, 'x', 40);
	memset(data + 40, 8, 8);
	memcpy(iv, sealed.iv, sizeof(iv));
	hf_sm4_cbc_encrypt(sm4, iv, data, data, sizeof(data));
	sealed.data = HF_BYTES_OF(data);
	assert_ok(hf_token_open_sealed(token, CON, &sealed, &out, &err));
	assert_int_equal(out.len, 40);
	assert_int_equal(out.p[39], 'x');

	hf_buf_reset(&out);
	data[47] ^= 1;
	assert_refused(hf_token_open_sealed(token, CON, &sealed, &out, &err), HF_E_INPUT, "SAR_DECRYPTPADERR");
	assert_int_equal(out.len, 0);
	sealed.key_cipher[100] ^= 1;
	assert_refused(hf_token_open_sealed(token, CON, &sealed, &out, &err), HF_E_INPUT, "SAR_INDATAERR");

	assert_true(hf_token_lib_decrypts(lib));
	assert_ok(hf_sm2_encrypt(pair.pub, HF_BYTES_LIT("short"), wrapped, &err));
	assert_ok(hf_token_decrypt(token, CON, HF_BYTES_OF(wrapped), &out, &err));
	assert_true(hf_bytes_equal(hf_buf_bytes(&out), HF_BYTES_LIT("short")));
	/* Under the signing key's public key nothing opens: or encryption keys could be had in clear. */
	assert_ok(hf_sm2_encrypt(pub, HF_BYTES_LIT("short"), wrapped, &err));
	assert_refused(hf_token_decrypt(token, CON, HF_BYTES_OF(wrapped), &out, &err), HF_E_INPUT, "SAR_INDATAERR");
	hf_buf_clear(&out);
	hf_token_close(token);
}

static void wrong_envelopes_are_refused(void **state)
{
	struct hf_token *token = fresh("envelope");
	struct hf_err err = {0};
	struct hf_token_envelope good, bad;
	struct hf_sm2_key pair, other;
	uint8_t pub[64], got[64];

	(void)state;
	assert_ok(hf_token_make_pair(token, CON, pub, &err));
	envelope_for(pub, &pair, &good);
	assert_ok(hf_sm2_generate(&other, &err));

	bad = good; /* another public key */
	memcpy(bad.pub, other.pub, 64);
	assert_refused(hf_token_import_pair(token, CON, &bad, &err), HF_E_INPUT, "SAR_INDATAERR");
	bad = good; /* a changed private key */
	bad.enc_priv[31] ^= 1;
	assert_refused(hf_token_import_pair(token, CON, &bad, &err), HF_E_INPUT, "SAR_INDATAERR");
	bad = good; /* a changed SM4 key */
	bad.key_cipher[111] ^= 1;
	assert_refused(hf_token_import_pair(token, CON, &bad, &err), HF_E_INPUT, "SAR_INDATAERR");
	envelope_for(other.pub, &pair, &bad); /* for another token */
	assert_refused(hf_token_import_pair(token, CON, &bad, &err), HF_E_INPUT, "SAR_INDATAERR");
	assert_refused(hf_token_public(token, CON, HF_TOKEN_ENC, got, &err), HF_E_MISSING, "SAR_KEYNOTFOUNTERR");
	assert_ok(hf_token_import_pair(token, CON, &good, &err));
	assert_ok(hf_token_import_pair(token, CON, &good, &err)); /* again, as after an interruption */
	hf_token_close(token);
}

static void making_a_pair_again_keeps_the_first(void **state)
{
	struct hf_token *token = fresh("again");
	struct hf_err err = {0};
	uint8_t pub[64], got[64], cert[700];

	(void)state;
	assert_ok(hf_token_make_pair(token, CON, pub, &err));
	assert_refused(hf_token_make_pair(token, CON, got, &err), HF_E_EXISTS, "has a signing pair");
	assert_ok(hf_token_public(token, CON, HF_TOKEN_SIGN, got, &err));
	assert_memory_equal(got, pub, 64);
	pub[0] ^= 1;
	assert_refused(hf_token_import_cert(token, CON, HF_TOKEN_SIGN, fake_cert(pub, 0, cert), &err), HF_E_INPUT,
		"does not hold");
	assert_refused(hf_token_public(token, "none", HF_TOKEN_SIGN, got, &err), HF_E_MISSING, "SAR_OBJERR");
	assert_ok(hf_token_delete_container(token, CON, &err));
	assert_refused(hf_token_public(token, CON, HF_TOKEN_SIGN, got, &err), HF_E_MISSING, "SAR_OBJERR");
	hf_token_close(token);
}

static void pins_count_down_lock_and_are_unblocked(void **state)
{
	struct hf_token *token = fresh("pins");
	struct hf_err err = {0};
	struct hf_token_info info;

	(void)state;
	hf_token_close(token);
	for (int left = 3; left >= 0; left--) {
		char word[32];
		hf_fmt_cut(word, sizeof(word), "%d tries left", left);
		assert_refused(
			hf_token_open(lib, "pins", "HUFU", HF_BYTES_LIT("wrong-pin"), &token, &err), HF_E_DENIED, word);
	}
	assert_refused(hf_token_open(lib, "pins", "HUFU", USER, &token, &err), HF_E_DENIED, "SAR_PIN_LOCKED");
	assert_ok(hf_token_open(lib, "pins", "HUFU", HF_BYTES_NONE, &token, &err));
	assert_ok(hf_token_info(token, &info, &err));
	assert_int_equal(info.user_tries, 0);
	assert_int_equal(info.user_tries_max, 4);
	assert_int_equal(info.admin_tries, 3);
	assert_true(info.first_user_pin);
	assert_string_equal(info.label, "a label");
	assert_refused(hf_token_unblock(token, USER, HF_BYTES_LIT("second-pin"), &err), HF_E_DENIED, "2 tries left");
	assert_ok(hf_token_unblock(token, ADMIN, HF_BYTES_LIT("second-pin"), &err));
	hf_token_close(token);
	assert_ok(hf_token_open(lib, "pins", "HUFU", HF_BYTES_LIT("second-pin"), &token, &err));
	assert_refused(hf_token_change_pin(token, false, HF_BYTES_LIT("second-pin"), HF_BYTES_LIT("short"), &err),
		HF_E_INPUT, "6 to 64");
	assert_ok(hf_token_change_pin(token, false, HF_BYTES_LIT("second-pin"), HF_BYTES_LIT("third-pin"), &err));
	assert_ok(hf_token_info(token, &info, &err));
	assert_int_equal(info.user_tries, 4);
	assert_int_equal(info.admin_tries, 3);
	assert_false(info.first_user_pin);
	hf_token_close(token);
}

static void making_a_token_goes_on_after_a_crash(void **state)
{
	struct hf_token_new what = plain_token("crash");
	struct hf_token_new other = plain_token("crash");
	struct hf_token *token;
	struct hf_err err = {0};

	(void)state;
	what.user_pin = HF_BYTES_LIT("short"); /* the device is made, its application is not */
	assert_refused(hf_token_create(lib, &what, &err), HF_E_INPUT, "SAR_PIN_LEN_RANGE");
	assert_refused(hf_token_open(lib, "crash", "HUFU", USER, &token, &err), HF_E_MISSING, "APPLICATION_NOT_EXISTS");
	other.auth_key[0] ^= 1;
	assert_refused(hf_token_create(lib, &other, &err), HF_E_DEVICE, "SKF_DevAuth");
	other.auth_key[0] ^= 1;
	assert_ok(hf_token_create(lib, &other, &err));
	assert_refused(hf_token_create(lib, &other, &err), HF_E_EXISTS, "SAR_APPLICATION_EXISTS");
	assert_ok(hf_token_open(lib, "crash", "HUFU", USER, &token, &err));
	hf_token_close(token);
	other.auth_key[0] ^= 1;
	assert_refused(hf_token_destroy(lib, "crash", other.auth_key, &err), HF_E_DEVICE, "SAR_FAIL");
	other.auth_key[0] ^= 1;
	assert_ok(hf_token_destroy(lib, "crash", other.auth_key, &err));
	assert_refused(hf_token_open(lib, "crash", "HUFU", USER, &token, &err), HF_E_MISSING, "SAR_DEVICE_REMOVED");
}

static void files_are_put_and_got(void **state)
{
	struct hf_token *token = fresh("files");
	struct hf_err err = {0};
	struct hf_buf out;

	(void)state;
	hf_buf_init(&out, 1000);
	assert_refused(hf_token_file_get(token, "receipt", &out, &err), HF_E_MISSING, "SAR_FILE_NOT_EXIST");
	assert_ok(hf_token_file_put(token, "receipt", HF_BYTES_LIT("first"), &err));
	assert_ok(hf_token_file_put(token, "receipt", HF_BYTES_LIT("FIRST"), &err));
	assert_ok(hf_token_file_get(token, "receipt", &out, &err));
	assert_true(hf_bytes_equal(hf_buf_bytes(&out), HF_BYTES_LIT("FIRST")));
	assert_ok(hf_token_file_put(token, "receipt", HF_BYTES_LIT("a longer one"), &err));
	hf_buf_reset(&out);
	assert_ok(hf_token_file_get(token, "receipt", &out, &err));
	assert_true(hf_bytes_equal(hf_buf_bytes(&out), HF_BYTES_LIT("a longer one")));
	hf_token_close(token);
	assert_ok(hf_token_open(lib, "files", "HUFU", HF_BYTES_NONE, &token, &err));
	assert_refused(hf_token_file_get(token, "receipt", &out, &err), HF_E_DENIED, "SAR_USER_NOT_LOGGED_IN");
	hf_token_close(token);
	hf_buf_clear(&out);
}

static void devices_are_listed_in_order(void **state)
{
	struct hf_err err = {0};
	struct hf_buf names;
	size_t num = 0, at = 0;

	(void)state;
	hf_token_close(fresh("list-2"));
	hf_token_close(fresh("list-1"));
	hf_buf_init(&names, 10000);
	assert_ok(hf_token_list(lib, &names, &err));
	for (const char *last = ""; at < names.len; num++) {
		const char *name = (const char *)names.p + at;
		assert_true(strcmp(last, name) < 0);
		last = name;
		at += strlen(name) + 1;
	}
	assert_true(num >= 2);
	hf_buf_clear(&names);
}

static void what_is_no_token_library_is_refused(void **state)
{
	struct hf_token_lib *other;
	struct hf_err err = {0};

	(void)state;
	assert_refused(hf_token_lib_open("/nowhere/lib.so", &other, &err), HF_E_DEVICE, "/nowhere/lib.so");
	assert_refused(hf_token_lib_open("libm.so.6", &other, &err), HF_E_DEVICE, "SKF_EnumDev");
}

static double cpu_ms(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

/* Not a benchmark: it prints, and refuses only what is far off, for machines and sanitizers differ. */
static void a_whole_life_is_cheap(void **state)
{
	enum { LIVES = 10 };
	double before = cpu_ms();
	int64_t start = hf_ticks();
	struct hf_err err = {0};

	(void)state;
	for (int i = 0; i < LIVES; i++) {
		char name[16];
		struct hf_token_envelope envelope;
		struct hf_sm2_key pair;
		uint8_t pub[64], sig[64], cert[700];

		hf_fmt_cut(name, sizeof(name), "cheap-%d", i);
		struct hf_token *token = fresh(name);
		assert_ok(hf_token_make_pair(token, CON, pub, &err));
		for (int n = 0; n < 3; n++)
			assert_ok(hf_token_sign_message(token, CON, HF_BYTES_OF(pub), sig, &err));
		assert_ok(hf_token_import_cert(token, CON, HF_TOKEN_SIGN, fake_cert(pub, 1, cert), &err));
		envelope_for(pub, &pair, &envelope);
		assert_ok(hf_token_import_pair(token, CON, &envelope, &err));
		assert_ok(hf_token_import_cert(token, CON, HF_TOKEN_ENC, fake_cert(pair.pub, 2, cert), &err));
		hf_token_close(token);
	}
	double ms = (cpu_ms() - before) / LIVES;
	print_message(
		"a token's life: %.1f ms of CPU, %.1f ms in all\n", ms, (double)(hf_ticks() - start) / 1e3 / LIVES);
	assert_true(ms < 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_lives_its_whole_life),
		cmocka_unit_test(what_was_encrypted_to_the_token_opens),
		cmocka_unit_test(wrong_envelopes_are_refused),
		cmocka_unit_test(making_a_pair_again_keeps_the_first),
		cmocka_unit_test(pins_count_down_lock_and_are_unblocked),
		cmocka_unit_test(making_a_token_goes_on_after_a_crash),
		cmocka_unit_test(files_are_put_and_got),
		cmocka_unit_test(devices_are_listed_in_order),
		cmocka_unit_test(what_is_no_token_library_is_refused),
		cmocka_unit_test(a_whole_life_is_cheap),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
