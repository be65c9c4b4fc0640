/*
 * SM3 on every kernel, one stream and many messages: OpenSSL's digests at every length and split; HMAC's agreed
 * answers.
 */
#include "kat.h"

#include "crypto/rand.h"
#include "crypto/sm3_int.h"

#include <openssl/evp.h>

static void openssl_digest(const uint8_t *p, size_t len, uint8_t out[HF_SM3_LEN])
{
	unsigned n = 0;

	assert_int_equal(EVP_Digest(p, len, out, &n, EVP_sm3(), NULL), 1);
	assert_int_equal(n, HF_SM3_LEN);
}

/* The features of a kernel's, or false, with a word, when this processor lacks them. */
static bool limit_to(const char *name, unsigned needs)
{
	hf_cpu_limit(~0u);
	if (!hf_cpu_has(needs)) {
		print_message("skipped: this processor does not run the kernel %s\n", name);
		return false;
	}
	hf_cpu_limit(needs);
	return true;
}

static int reset(void **state)
{
	(void)state;
	hf_cpu_limit(~0u);
	return 0;
}

static void every_kernel_agrees_with_openssl_at_every_length_and_split(void **state)
{
	static uint8_t data[5 * 64 + 3];
	uint8_t want[HF_SM3_LEN], got[HF_SM3_LEN];
	struct hf_sm3 ctx;

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + 1);
	for (size_t k = 0; hf_sm3_kernels[k]; k++) {
		if (!limit_to(hf_sm3_kernels[k]->name, hf_sm3_kernels[k]->needs))
			continue;
		assert_string_equal(hf_sm3_kernel()->name, hf_sm3_kernels[k]->name);
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
}

static void check_many(const uint8_t *data, size_t most, size_t num, size_t factor)
{
	enum { MOST_MESSAGES = 60 };
	static struct hf_bytes messages[MOST_MESSAGES];
	static uint8_t got[MOST_MESSAGES + 1][HF_SM3_LEN];
	uint8_t want[HF_SM3_LEN];

	assert_true(num <= MOST_MESSAGES);
	memset(got, 0x5a, sizeof(got));
	for (size_t i = 0; i < num; i++) {
		size_t len = (i * factor + num) % (most / 2);
		messages[i] = (struct hf_bytes){data + i * 11, len};
	}
	hf_sm3_many(messages, num, got);
	for (size_t i = 0; i < num; i++) {
		openssl_digest(messages[i].p, messages[i].len, want);
		assert_memory_equal(got[i], want, sizeof(want));
	}
	for (size_t i = 0; i < HF_SM3_LEN; i++)
		assert_int_equal(got[num][i], 0x5a);
}

static void many_messages_of_all_lengths_agree_with_openssl(void **state)
{
	static uint8_t data[4000];
	struct hf_err err;

	(void)state;
	assert_ok(hf_rand(data, sizeof(data), &err));
	for (size_t k = 0; hf_sm3_lanes_kernels[k]; k++) {
		if (!limit_to(hf_sm3_lanes_kernels[k]->name, hf_sm3_lanes_kernels[k]->needs))
			continue;
		assert_string_equal(hf_sm3_lanes_kernel()->name, hf_sm3_lanes_kernels[k]->name);
		for (size_t num = 0; num <= 60; num++) {
			check_many(data, sizeof(data), num, 0);
			check_many(data, sizeof(data), num, 1);
			check_many(data, sizeof(data), num, 37);
			check_many(data, sizeof(data), num, 631);
		}
	}
}

static void many_messages_of_each_length_around_a_block(void **state)
{
	static const uint8_t data[2000];
	struct hf_bytes messages[16];
	uint8_t got[16][HF_SM3_LEN], want[HF_SM3_LEN];

	(void)state;
	for (size_t len = 0; len < 200; len++) {
		for (size_t i = 0; i < 16; i++)
			messages[i] = (struct hf_bytes){data, len};
		hf_sm3_many(messages, 16, got);
		openssl_digest(data, len, want);
		for (size_t i = 0; i < 16; i++)
			assert_memory_equal(got[i], want, sizeof(want));
	}
}

static void check_hmac(const json_t *vector, const char *answer, bool valid)
{
	struct hf_buf key, msg, mac;
	uint8_t got[HF_SM3_LEN];

	kat_bytes(vector, "key", &key);
	kat_bytes(vector, "msg", &msg);
	kat_bytes(vector, answer, &mac);
	hf_hmac_sm3(hf_buf_bytes(&key), hf_buf_bytes(&msg), got);
	assert_true(mac.len > 0 && mac.len <= sizeof(got));
	assert_int_equal(hf_secret_equal(got, mac.p, mac.len), valid);
	hf_buf_clear(&key);
	hf_buf_clear(&msg);
	hf_buf_clear(&mac);
}

static void hmac_gives_the_agreed_answers(void **state)
{
	json_t *file = kat_load("kat/hmac_sm3.json"), *vector;
	size_t i;

	(void)state;
	assert_non_null(file);
	json_array_foreach(json_object_get(file, "vectors"), i, vector) check_hmac(vector, "mac", true);
	assert_int_equal(i, 27);
	json_decref(file);
}

static void hmac_gives_wycheproofs_verdicts(void **state)
{
	json_t *file = kat_load("wycheproof/hmac_sm3_test.json"), *group, *test;
	size_t i, j, num = 0;

	(void)state;
	if (!file)
		skip();
	json_array_foreach(json_object_get(file, "testGroups"), i, group)
	{
		json_array_foreach(json_object_get(group, "tests"), j, test)
		{
			check_hmac(test, "tag", strcmp(kat_text(test, "result"), "valid") == 0);
			num++;
		}
	}
	assert_int_equal(num, 174);
	json_decref(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(every_kernel_agrees_with_openssl_at_every_length_and_split, reset),
		cmocka_unit_test_teardown(many_messages_of_all_lengths_agree_with_openssl, reset),
		cmocka_unit_test(many_messages_of_each_length_around_a_block),
		cmocka_unit_test(hmac_gives_the_agreed_answers),
		cmocka_unit_test(hmac_gives_wycheproofs_verdicts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
