/* The command without servers: its line, its words in two languages, its tables, its file of PINs, its objects. */
#include "test.h"

#include "base/hex.h"
#include "cmd/cmd.h"
#include "cmd/object.h"
#include "cmd/pinbook.h"
#include "cmd/request_int.h"
#include "cmd/show.h"
#include "ra/applicant.h"
#include "scratch.h"
#include "pki_rig.h"

#include <fcntl.h>
#include <sys/stat.h>

#define NUM(array) (sizeof(array) / sizeof((array)[0]))

/* ---- the command line ------------------------------------------------------------------------------------------- */

static int nothing(struct hf_cmd *cmd, int argc, char **argv)
{
	(void)cmd, (void)argc, (void)argv;
	return HF_EXIT_OK;
}

static const struct hf_option options[] = {
	{"state", "STATE", HF_MSG_OPT_STATE},
	{"only", NULL, HF_MSG_OPT_ONLY},
	{"out", "FILE", HF_MSG_OPT_OUT},
	{"crl", "FILE", HF_MSG_OPT_CRL},
	{NULL, NULL, HF_MSG_OPT_HELP},
};

static const struct hf_verb verbs[] = {
	{NULL, "up", "", 0, 0, HF_MSG_DO_UP, NULL, nothing},
	{"cert", "show", "SERIAL", 1, 1, HF_MSG_DO_CERT_SHOW, options, nothing},
	{"cert", "revoke", "SERIAL…", 1, -1, HF_MSG_DO_CERT_REVOKE, NULL, nothing},
};

struct line {
	struct hf_cmd cmd;
	char *args[16];
	int num;
	bool help;
};

static bool parse(struct line *line, const char *text, struct hf_err *err)
{
	static char words[512];
	char *argv[16] = {words};
	int argc = 0;

	hf_fmt_cut(words, sizeof(words), "hufu %s", text);
	for (char *p = words; *p && argc < 16; p++) {
		argv[argc++] = p;
		p += strcspn(p, " ");
		if (!*p)
			break;
		*p = '\0';
	}
	*err = (struct hf_err){0};
	return hf_cmd_parse(&line->cmd, verbs, NUM(verbs), argc, argv, line->args, &line->num, &line->help, err);
}

static void a_line_is_read_whole(void **state)
{
	struct line line;
	struct hf_err err;
	int64_t limit;

	(void)state;
	assert_ok(parse(&line, "--home x cert show 01 --state=good --only --crl a --crl b -o f --json", &err));
	assert_ptr_equal(line.cmd.verb, &verbs[1]);
	assert_int_equal(line.num, 1);
	assert_string_equal(line.args[0], "01");
	assert_string_equal(line.cmd.home, "x");
	assert_true(line.cmd.json);
	assert_string_equal(hf_cmd_opt(&line.cmd, "state"), "good");
	assert_string_equal(hf_cmd_opt(&line.cmd, "only"), "");
	assert_string_equal(hf_cmd_opt(&line.cmd, "out"), "f");
	assert_string_equal(hf_cmd_opt_nth(&line.cmd, "crl", 0), "a");
	assert_string_equal(hf_cmd_opt_nth(&line.cmd, "crl", 1), "b");
	assert_null(hf_cmd_opt_nth(&line.cmd, "crl", 2));
	assert_null(hf_cmd_opt(&line.cmd, "skf"));
	assert_ok(parse(&line, "up", &err));
	assert_string_equal(line.cmd.home, "var");
	assert_ok(parse(&line, "cert show -- --only", &err));
	assert_string_equal(line.args[0], "--only");
	assert_null(hf_cmd_opt(&line.cmd, "only"));
	assert_ok(parse(&line, "cert show 01 --state 12", &err));
	assert_ok(hf_cmd_opt_i64(&line.cmd, "state", 1, 12, 3, &limit, &err));
	assert_int_equal(limit, 12);
	assert_refused(hf_cmd_opt_i64(&line.cmd, "state", 1, 11, 3, &limit, &err), HF_E_INPUT, "from 1 to 11");
	assert_ok(parse(&line, "cert show --help", &err));
	assert_true(line.help && line.cmd.verb == &verbs[1]);
}

static void a_wrong_line_is_refused(void **state)
{
	static const struct {
		const char *line, *word;
	} cases[] = {
		{"frob", "no such verb"},
		{"cert", "no such verb: show, revoke"},
		{"cert frob", "no such verb"},
		{"show", "no such verb"},
		{"cert show", "0 arguments"},
		{"cert show 1 2", "2 arguments"},
		{"cert revoke", "0 arguments"},
		{"up x", "1 arguments"},
		{"up --state good", "no such option"},
		{"cert show 01 --stat good", "no such option"},
		{"cert show 01 --states good", "no such option"},
		{"cert show 01 --only=1", "takes no value"},
		{"cert show 01 --state", "needs a value"},
		{"cert show 01 -x", "two hyphens"},
	};
	struct line line;
	struct hf_err err;

	(void)state;
	for (size_t i = 0; i < NUM(cases); i++)
		assert_refused(parse(&line, cases[i].line, &err), HF_E_INPUT, cases[i].word);
}

/* ---- words ------------------------------------------------------------------------------------------------------ */

/* The conversions of a format, one after the other: "%zu %s" is "zu,s,". */
static void conversions(const char *format, char out[128])
{
	size_t len = 0;

	for (const char *p = format; *p; p++) {
		if (*p != '%')
			continue;
		if (p[1] == '%') {
			p++;
			continue;
		}
		for (p++; len < 120 && *p; p++) {
			out[len++] = *p;
			if (strchr("sdufcxX", *p))
				break;
		}
		out[len++] = ',';
	}
	out[len] = '\0';
}

static void every_message_is_there_in_both_languages(void **state)
{
	char en[128], zh[128];

	(void)state;
	for (int i = 0; i < HF_NUM_MESSAGES; i++) {
		const char *a = hf_message(HF_LANG_EN, (enum hf_message)i);
		const char *b = hf_message(HF_LANG_ZH, (enum hf_message)i);

		assert_true(a[0] && b[0]);
		assert_true(hf_utf8_valid(hf_bytes_str(a)) && hf_utf8_valid(hf_bytes_str(b)));
		conversions(a, en);
		conversions(b, zh);
		if (strcmp(en, zh) != 0)
			fail_msg("\"%s\" takes %s, \"%s\" takes %s", a, en, b, zh);
	}
	assert_int_equal(hf_lang_of("zh_CN.UTF-8"), HF_LANG_ZH);
	assert_int_equal(hf_lang_of("zh"), HF_LANG_ZH);
	assert_int_equal(hf_lang_of("en_US.UTF-8"), HF_LANG_EN);
	assert_int_equal(hf_lang_of(NULL), HF_LANG_EN);
}

static void each_field_of_an_applicant_is_an_option(void **state)
{
	char name[HF_REQUEST_FIELD_MAX];
	size_t num = 0;

	(void)state;
	for (const struct hf_option *o = hf_request_add_options; strcmp(o->name, "from") != 0; o++, num++) {
		hf_request_field_name(o->name, name);
		assert_true(hf_applicant_field_named(hf_bytes_str(name)) >= 0);
	}
	assert_int_equal(num, HF_APPLICANT_NUM_FIELDS);
}

/* ---- tables ----------------------------------------------------------------------------------------------------- */

static void a_hostile_text_cannot_drive_the_terminal(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"plain 虎符", "plain 虎符"},
		{"a\x1b[2Jb\nc\td", "a?[2Jb?c?d"},
		{"\xE8\x99", "??"},
		{"\xff虎", "?虎"},
		{"a\xE2\x80\xAE"
		 "b",
			"a???b"}, /* right-to-left override */
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < NUM(cases); i++) {
		char text[64];

		hf_fmt_cut(text, sizeof(text), "%s", cases[i].in);
		hf_show_safe(text);
		assert_string_equal(text, cases[i].out);
	}
}

static void columns_line_up_beside_chinese(void **state)
{
	struct hf_table *table = hf_table_new(2);
	struct hf_buf out;

	(void)state;
	hf_buf_init(&out, 4096);
	hf_table_cell(table, "名称");
	hf_table_cell(table, "x");
	hf_table_cell(table, "abcdef");
	hf_table_cell(table, NULL);
	hf_table_print(table, &out);
	assert_string_equal(hf_buf_cstr(&out), "名称    x\nabcdef  \n");
	assert_int_equal(hf_show_width("虎a"), 3);
	hf_buf_clear(&out);
	hf_table_free(table);
}

static void a_query_is_encoded(void **state)
{
	struct hf_buf path;

	(void)state;
	hf_buf_init(&path, 256);
	(void)hf_buf_put_str(&path, "/v1/x");
	hf_query_add(&path, "a", "b&c=虎 +");
	hf_query_add(&path, "none", NULL);
	hf_query_add(&path, "d", "e-1.2_3~");
	assert_string_equal(hf_buf_cstr(&path), "/v1/x?a=b%26c%3D%E8%99%8E%20%2B&d=e-1.2_3~");
	hf_buf_clear(&path);
}

/* ---- PINs ------------------------------------------------------------------------------------------------------- */

static void write_text(const char *path, const char *text, int flags)
{
	const int fd = open(path, O_WRONLY | O_CREAT | flags, 0600);

	assert_true(fd >= 0);
	assert_true(hf_write_all(fd, hf_bytes_str(text)));
	close(fd);
}

static void a_pin_is_on_the_disk_before_it_is_used(void **state)
{
	const char *names[] = {"operator-a", "operator-b"}, *more[] = {"operator-b", "operator-c"};
	struct hf_pin_pair first, again;
	struct hf_pinbook *book, *other;
	struct scratch scratch;
	char path[320];
	struct hf_err err;
	struct stat st;

	(void)state;
	scratch_init(&scratch, NULL, 0);
	hf_fmt_cut(path, sizeof(path), "%s/pins", scratch.dir);
	book = hf_pinbook_new(path);
	other = hf_pinbook_new(path);
	assert_refused(hf_pinbook_find(book, "operator-a", &first, &err), HF_E_MISSING, "operator-a");
	assert_ok(hf_pinbook_ensure(book, names, 2, &err));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* Another process, and this one again, read the same; a known name keeps its PIN. */
	assert_ok(hf_pinbook_find(other, "operator-b", &first, &err));
	assert_int_equal(strlen(first.user), 32);
	assert_string_not_equal(first.user, first.admin);
	assert_ok(hf_pinbook_ensure(other, more, 2, &err));
	assert_ok(hf_pinbook_find(book, "operator-c", &again, &err));
	assert_ok(hf_pinbook_find(book, "operator-b", &again, &err));
	assert_string_equal(first.user, again.user);
	assert_string_equal(first.admin, again.admin);
	hf_pinbook_free(book);
	hf_pinbook_free(other);
	/* A crash left half a line: it is cut off, not glued to the next one. */
	write_text(path, "operator-d 1234", O_APPEND);
	book = hf_pinbook_new(path);
	assert_refused(hf_pinbook_find(book, "operator-d", &first, &err), HF_E_MISSING, "operator-d");
	names[0] = "operator-d";
	assert_ok(hf_pinbook_ensure(book, names, 1, &err));
	hf_pinbook_free(book);
	book = hf_pinbook_new(path);
	assert_ok(hf_pinbook_find(book, "operator-d", &first, &err));
	assert_int_equal(strlen(first.user), 32);
	assert_ok(hf_pinbook_find(book, "operator-a", &first, &err));
	hf_pinbook_free(book);
	scratch_clear(&scratch);
}

static void a_broken_file_of_pins_is_refused(void **state)
{
	static const char *const cases[] = {"one\n", "one two\n", "one 123456 12345\n", "one 123456 123456 7\n", "\n"};
	const char *blank[] = {"a b"};
	struct hf_pin_pair pins;
	struct scratch scratch;
	char path[320];
	struct hf_err err;

	(void)state;
	scratch_init(&scratch, NULL, 0);
	hf_fmt_cut(path, sizeof(path), "%s/pins", scratch.dir);
	for (size_t i = 0; i < NUM(cases); i++) {
		struct hf_pinbook *book = hf_pinbook_new(path);

		write_text(path, cases[i], O_TRUNC);
		assert_refused(hf_pinbook_find(book, "one", &pins, &err), HF_E_INPUT, "NAME PIN ADMINPIN");
		hf_pinbook_free(book);
	}
	write_text(path, "", O_TRUNC);
	struct hf_pinbook *book = hf_pinbook_new(path);
	assert_refused(hf_pinbook_ensure(book, blank, 1, &err), HF_E_INPUT, "blanks");
	hf_pinbook_free(book);
	scratch_clear(&scratch);
}

/* ---- objects ---------------------------------------------------------------------------------------------------- */

static void a_file_gives_its_objects_one_by_one(void **state)
{
	struct rig_cert root;
	struct hf_buf file, der;
	struct hf_bytes rest;
	enum hf_object_kind kind;
	struct hf_err err;

	(void)state;
	rig_issue(&root, HF_PROFILE_ROOT, "a root", NULL, -HF_DAY, HF_DAY);
	hf_buf_init(&file, 65536);
	hf_buf_init(&der, 65536);
	(void)hf_buf_put_str(&file, "a word before\n");
	(void)hf_pem_put(&file, "CERTIFICATE", root.cert.der);
	(void)hf_pem_put(&file, "CERTIFICATE", root.cert.der);
	rest = hf_buf_bytes(&file);
	for (int i = 0; i < 2; i++) {
		assert_ok(hf_object_next(&rest, &der, &err));
		assert_true(hf_bytes_equal(hf_buf_bytes(&der), root.cert.der));
		assert_ok(hf_object_kind_of(hf_buf_bytes(&der), &kind, &err));
		assert_int_equal(kind, HF_OBJECT_CERT);
	}
	assert_refused(hf_object_next(&rest, &der, &err), HF_E_MISSING, "PEM");
	rest = root.cert.der;
	assert_ok(hf_object_next(&rest, &der, &err));
	assert_refused(hf_object_next(&rest, &der, &err), HF_E_MISSING, "left");
	rest = HF_BYTES_LIT("-----BEGIN EC PRIVATE KEY-----\nMAA=\n-----END EC PRIVATE KEY-----\n");
	assert_refused(hf_object_next(&rest, &der, &err), HF_E_INPUT, "private key");
	rest = HF_BYTES_LIT("\x30\x03\x02\x01\x01");
	assert_ok(hf_object_next(&rest, &der, &err));
	assert_refused(hf_object_kind_of(hf_buf_bytes(&der), &kind, &err), HF_E_INPUT, "neither");
	hf_buf_clear(&der);
	hf_buf_clear(&file);
	rig_clear(&root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_read_whole),
		cmocka_unit_test(a_wrong_line_is_refused),
		cmocka_unit_test(every_message_is_there_in_both_languages),
		cmocka_unit_test(each_field_of_an_applicant_is_an_option),
		cmocka_unit_test(a_hostile_text_cannot_drive_the_terminal),
		cmocka_unit_test(columns_line_up_beside_chinese),
		cmocka_unit_test(a_query_is_encoded),
		cmocka_unit_test(a_pin_is_on_the_disk_before_it_is_used),
		cmocka_unit_test(a_broken_file_of_pins_is_refused),
		cmocka_unit_test(a_file_gives_its_objects_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
