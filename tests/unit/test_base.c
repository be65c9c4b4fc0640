#include "test.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/lifecycle.h"
#include "base/str.h"

#include <stdlib.h>
#include <unistd.h>

static void buf_refuses_to_pass_its_maximum(void **state)
{
	struct hf_buf buf;

	(void)state;
	hf_buf_init(&buf, 8);
	assert_true(hf_buf_put_str(&buf, "12345"));
	assert_false(hf_buf_put_str(&buf, "6789"));
	assert_false(hf_buf_ok(&buf));
	assert_int_equal(buf.len, 5);
	assert_false(hf_buf_put_str(&buf, "6"));
	hf_buf_reset(&buf);
	assert_true(hf_buf_printf(&buf, "%s", "1234567"));
	assert_string_equal(hf_buf_cstr(&buf), "1234567");
	hf_buf_clear(&buf);
}

static void numbers_are_read_whole_or_not_at_all(void **state)
{
	static const char *const bad[] = {"", "-", "+1", " 1", "1 ", "01", "-0", "1.5", "0x1", "99999999999999999999",
		"9223372036854775808", "1e3", NULL};
	int64_t v;

	(void)state;
	for (size_t i = 0; bad[i]; i++)
		assert_false(hf_parse_i64(bad[i], INT64_MIN, INT64_MAX, &v));
	assert_true(hf_parse_i64("9223372036854775807", 0, INT64_MAX, &v));
	assert_true(v == INT64_MAX);
	assert_true(hf_parse_i64("-42", -42, 0, &v) && v == -42);
	assert_false(hf_parse_i64("-43", -42, 0, &v));
	assert_true(hf_parse_i64("0", 0, 0, &v) && v == 0);
}

static void utf8_knows_what_a_line_of_text_is(void **state)
{
	static const struct {
		const char *text;
		bool valid, line;
	} cases[] = {
		{"张三", true, true},
		{"a\nb", true, false},
		{"\xC0\x80", false, false},
		{"\xED\xA0\x80", false, false},
		{"\xF4\x90\x80\x80", false, false},
		{"\xE5\xBC", false, false},
		{"a\xE2\x80\xAE"
		 "b",
			true, false},
		{"\x7F", true, false},
		{"𠀀", true, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(hf_utf8_valid(hf_bytes_str(cases[i].text)), cases[i].valid);
		assert_int_equal(hf_utf8_is_line(hf_bytes_str(cases[i].text)), cases[i].line);
	}
	assert_false(hf_utf8_is_line((struct hf_bytes){(const uint8_t *)"a\0b", 3}));
	assert_int_equal(hf_utf8_len(hf_bytes_str("张三a")), 3);
}

static void civil_time_and_back(void **state)
{
	char text[HF_TIME_TEXT_MAX];
	int64_t at;

	(void)state;
	for (int64_t day = -719162; day < 2932896; day += 331) {
		struct hf_civil c = hf_civil_from(day * HF_DAY + 12345 * HF_SECOND);
		assert_true(hf_civil_to(&c, &at));
		assert_true(at == day * HF_DAY + 12345 * HF_SECOND);
	}
	hf_time_text(INT64_C(1795343469123456), true, text);
	assert_string_equal(text, "2026-11-22T10:31:09.123456Z");
	assert_true(hf_time_read(text, &at) && at == INT64_C(1795343469123456));
	assert_false(hf_time_read("2026-02-29T00:00:00Z", &at));
	assert_true(hf_time_read("2028-02-29T00:00:00Z", &at));
	assert_false(hf_time_read("2026-11-22T24:00:00Z", &at));
	assert_false(hf_time_read("2026-11-22T10:31:09", &at));
}

static void base64_is_strict(void **state)
{
	static const char *const bad[] = {
		"A", "AA", "AAA", "AB==", "AAB=", "AA=A", "====", "A===", "AA A", "AAAA=", NULL};
	struct hf_buf out;

	(void)state;
	hf_buf_init(&out, 100);
	for (size_t i = 0; bad[i]; i++) {
		hf_buf_reset(&out);
		assert_false(hf_base64_get(&out, hf_bytes_str(bad[i]), false));
	}
	for (size_t len = 0; len < 20; len++) {
		struct hf_buf text;
		uint8_t in[20];
		memset(in, 0xF7, sizeof(in));
		hf_buf_init(&text, 100);
		hf_buf_reset(&out);
		assert_true(hf_base64_put(&text, (struct hf_bytes){in, len}));
		assert_true(hf_base64_get(&out, hf_buf_bytes(&text), false));
		assert_true(hf_bytes_equal(hf_buf_bytes(&out), (struct hf_bytes){in, len}));
		hf_buf_clear(&text);
	}
	hf_buf_reset(&out);
	assert_true(hf_base64_get(&out, hf_bytes_str("-_8"), true));
	assert_int_equal(out.p[0], 0xFB);
	hf_buf_clear(&out);
}

static void pem_blocks_in_a_row(void **state)
{
	struct hf_buf pem, der;
	struct hf_err err;

	(void)state;
	hf_buf_init(&pem, 1000);
	hf_buf_init(&der, 1000);
	hf_pem_put(&pem, "CERTIFICATE", HF_BYTES_LIT("one"));
	hf_pem_put(&pem, "CERTIFICATE", HF_BYTES_LIT("two"));
	struct hf_bytes text = hf_buf_bytes(&pem);
	assert_ok(hf_pem_next(&text, "CERTIFICATE", &der, &err));
	assert_ok(hf_pem_next(&text, "CERTIFICATE", &der, &err));
	assert_true(hf_bytes_equal(hf_buf_bytes(&der), HF_BYTES_LIT("onetwo")));
	assert_refused(hf_pem_next(&text, "CERTIFICATE", &der, &err), HF_E_MISSING, "CERTIFICATE");
	text = HF_BYTES_LIT("-----BEGIN X-----\nAA\n-----END X-----\n");
	assert_refused(hf_pem_next(&text, "X", &der, &err), HF_E_INPUT, "base64");
	hf_buf_clear(&pem);
	hf_buf_clear(&der);
}

static void files_are_replaced_whole(void **state)
{
	char path[] = "/tmp/hufu-test-XXXXXX";
	struct hf_buf in;
	struct hf_err err;
	int fd = mkstemp(path);

	(void)state;
	close(fd);
	assert_ok(hf_file_write(path, HF_BYTES_LIT("content"), 0600, &err));
	hf_buf_init(&in, 100);
	assert_ok(hf_file_read(path, &in, &err));
	assert_true(hf_bytes_equal(hf_buf_bytes(&in), HF_BYTES_LIT("content")));
	hf_buf_clear(&in);
	hf_buf_init(&in, 6);
	assert_refused(hf_file_read(path, &in, &err), HF_E_LIMIT, "6");
	hf_buf_clear(&in);
	unlink(path);
	assert_refused(hf_file_read(path, &in, &err), HF_E_MISSING, path);
	assert_refused(hf_file_write("/nowhere/file", HF_BYTES_LIT("x"), 0600, &err), HF_E_STORE, "/nowhere");
}

struct settings {
	char name[8];
	int64_t port;
	bool quiet;
};

static bool read_settings(const char *text, struct settings *out, struct hf_err *err)
{
	static const struct hf_conf_key keys[] = {
		{"a", "name", HF_CONF_STR, offsetof(struct settings, name), sizeof(((struct settings *)0)->name), 0, 0,
			true},
		{"a", "port", HF_CONF_INT, offsetof(struct settings, port), 0, 1, 65535, false},
		{"b", "quiet", HF_CONF_BOOL, offsetof(struct settings, quiet), 0, 0, 0, false},
	};
	char path[] = "/tmp/hufu-test-XXXXXX";
	int fd = mkstemp(path);
	bool ok;

	assert_true(hf_write_all(fd, hf_bytes_str(text)));
	close(fd);
	ok = hf_conf_read(path, keys, 3, out, err);
	unlink(path);
	return ok;
}

static void settings_are_known_in_advance(void **state)
{
	struct settings s = {.port = 7};
	struct hf_err err;

	(void)state;
	assert_ok(read_settings("[a]\nname = x\n[b]\nquiet = yes\n", &s, &err));
	assert_true(s.quiet && s.port == 7);
	assert_refused(read_settings("[a]\nnam = x\n", &s, &err), HF_E_INPUT, "no such setting");
	assert_refused(read_settings("[a]\nname = x\nname = y\n", &s, &err), HF_E_INPUT, "twice");
	assert_refused(read_settings("[a]\nport = 0\n", &s, &err), HF_E_INPUT, "65535");
	assert_refused(read_settings("[a]\nport = 1\n", &s, &err), HF_E_INPUT, "missing");
	assert_refused(read_settings("[a]\nname = 12345678\n", &s, &err), HF_E_INPUT, "longer");
	assert_refused(read_settings("[b]\nquiet = 1\n", &s, &err), HF_E_INPUT, "yes or no");
	assert_refused(read_settings("nonsense\n", &s, &err), HF_E_INPUT, ":1:");
}

static const struct hf_named door_states[] = {{"open", "开"}, {"shut", "关"}};
static const struct hf_named door_events[] = {{"close", "关门"}, {"open", "开门"}};

static void life_cycles_without_holes(void **state)
{
	struct hf_move moves[] = {{0, 0, 1, "anyone", "closed"}, {1, 1, 0, "anyone", "opened"}};
	struct hf_lifecycle door = {"door", "门", door_states, 2, door_events, 2, moves, 2, 0};
	struct hf_err err;
	int next;

	(void)state;
	assert_ok(hf_lifecycle_check(&door, &err));
	assert_ok(hf_lifecycle_next(&door, 0, 0, &next, &err));
	assert_int_equal(next, 1);
	assert_refused(hf_lifecycle_next(&door, 0, 1, &next, &err), HF_E_STATE, "takes no \"open\"");
	moves[0].next = 0;
	assert_refused(hf_lifecycle_check(&door, &err), HF_E_INTERNAL, "cannot be reached");
	moves[0] = (struct hf_move){1, 1, 1, "x", "x"};
	assert_refused(hf_lifecycle_check(&door, &err), HF_E_INTERNAL, "two moves");
}

static void errors_are_cut_between_characters(void **state)
{
	char big[2000];
	struct hf_err err;

	(void)state;
	for (size_t i = 0; i + 3 < sizeof(big); i += 3)
		memcpy(big + i, "张", 4);
	hf_fail(&err, HF_E_INPUT, "%s", big);
	assert_true(hf_utf8_valid(hf_bytes_str(err.text)));
	hf_fail_in(&err, "row %d", 7);
	assert_true(strncmp(err.text, "row 7: 张", 10) == 0);
	assert_true(hf_utf8_valid(hf_bytes_str(err.text)));
	for (unsigned c = 0; c < HF_NUM_CODES; c++)
		assert_int_equal(hf_code_named(hf_code_name((enum hf_code)c)), c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buf_refuses_to_pass_its_maximum),
		cmocka_unit_test(numbers_are_read_whole_or_not_at_all),
		cmocka_unit_test(utf8_knows_what_a_line_of_text_is),
		cmocka_unit_test(civil_time_and_back),
		cmocka_unit_test(base64_is_strict),
		cmocka_unit_test(pem_blocks_in_a_row),
		cmocka_unit_test(files_are_replaced_whole),
		cmocka_unit_test(settings_are_known_in_advance),
		cmocka_unit_test(life_cycles_without_holes),
		cmocka_unit_test(errors_are_cut_between_characters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
