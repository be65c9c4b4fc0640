/*
 * hufu device test-random: the tests of GM/T 0005 on a file of octets, whatever made them. Exit status 0: passed; 1:
 * failed, or the file is too short to judge.
 *
 * The distribution of Q is judged where groups have 1,000,000 bits. In shorter ones some tests have few values (19
 * matrices of 32 x 32 in 20,000 bits), so that no source could pass: it is shown and not judged.
 */
#include "base/str.h"
#include "cmd/hufu_gm.h"
#include "cmd/show.h"
#include "crypto/randtest.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OUT_MAX      ((size_t)16 << 20)
#define GROUPS_LEAST 20
#define GROUPS_MOST  1000 /* the sample of GM/T 0005 */

static const struct hf_randtest_set *const sets[] = {&hf_randtest_periodic, &hf_randtest_power_on, &hf_randtest_light};
static const char *const set_names[] = {"periodic", "power-on", "light"};
#define NUM_SETS (sizeof(sets) / sizeof(sets[0]))

static bool draw(void *ctx, uint8_t *out, size_t len, struct hf_err *err)
{
	return hf_read_all(*(const int *)ctx, out, len) || hf_fail(err, HF_E_STORE, "the file ended while it was read");
}

static bool row_passed(const struct hf_randtest_report *r, size_t i)
{
	if (r->set->num_bits >= HF_RANDTEST_GROUP_MAX)
		return r->rows[i].passed;
	return r->num_groups - r->rows[i].num_failed >= hf_randtest_must_pass(r->num_groups);
}

static bool all_passed(const struct hf_randtest_report *r)
{
	bool passed = true;

	for (size_t i = 0; i < r->set->num_tests; i++)
		passed = passed && row_passed(r, i);
	return passed;
}

static void put_row(const struct hf_randtest_report *r, size_t i, struct hf_json_writer *w, struct hf_table *table,
	const struct hf_cmd *cmd)
{
	const struct hf_randtest *test = &r->set->tests[i];
	const struct hf_randtest_row *row = &r->rows[i];
	char groups[48], uniform[32] = "-", name[96];

	hf_fmt_cut(groups, sizeof(groups), "%zu/%zu", r->num_groups - row->num_failed, r->num_groups);
	if (r->num_groups >= 55)
		hf_fmt_cut(uniform, sizeof(uniform), "%.6f", row->uniform_p);
	hf_json_write_object(w, NULL);
	hf_json_write_str(w, "test", test->name);
	hf_json_write_i64(w, "groups_passed", (int64_t)(r->num_groups - row->num_failed));
	hf_json_write_str(w, "uniform_p", r->num_groups >= 55 ? uniform : NULL);
	hf_json_write_bool(w, "passed", row_passed(r, i));
	hf_json_write_end(w);
	if (cmd->lang == HF_LANG_ZH)
		hf_fmt_cut(name, sizeof(name), "%s %s", test->zh, test->name);
	hf_table_cell(table, cmd->lang == HF_LANG_ZH ? name : test->name);
	hf_table_cell(table, groups);
	hf_table_cell(table, uniform);
	hf_table_cell(table, hf_cmd_text(cmd, row_passed(r, i) ? HF_MSG_PASSED : HF_MSG_FAILED));
}

static bool print_report(const struct hf_cmd *cmd, const struct hf_randtest_report *r, struct hf_err *err)
{
	static const enum hf_message heads[] = {
		HF_MSG_COL_TEST, HF_MSG_COL_GROUPS, HF_MSG_COL_UNIFORM, HF_MSG_COL_RESULT};
	struct hf_table *table = hf_table_new(4);
	struct hf_json_writer w;
	struct hf_buf json, text;
	bool ok;

	hf_buf_init(&json, OUT_MAX);
	hf_buf_init(&text, OUT_MAX);
	hf_json_writer_init(&w, &json);
	hf_json_write_object(&w, NULL);
	hf_json_write_bool(&w, "passed", all_passed(r));
	hf_json_write_str(&w, "set", r->set->name);
	hf_json_write_i64(&w, "bits", (int64_t)r->set->num_bits);
	hf_json_write_i64(&w, "groups", (int64_t)r->num_groups);
	hf_json_write_i64(&w, "must_pass", (int64_t)hf_randtest_must_pass(r->num_groups));
	hf_json_write_array(&w, "tests");
	for (size_t i = 0; i < 4; i++)
		hf_table_cell(table, hf_cmd_text(cmd, heads[i]));
	for (size_t i = 0; i < r->set->num_tests; i++)
		put_row(r, i, &w, table, cmd);
	hf_json_write_end(&w);
	hf_json_write_end(&w);
	(void)hf_buf_put_u8(&json, '\n');
	hf_table_print(table, &text);
	hf_table_free(table);
	ok = hf_cmd_print(cmd->json ? &json : &text, err);
	hf_buf_clear(&json);
	hf_buf_clear(&text);
	return ok;
}

/* As many groups as the file holds. */
static bool count_groups(int fd, const struct hf_randtest_set *set, size_t *num, struct hf_err *err)
{
	const size_t octets = set->num_bits / 8;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return hf_fail(err, HF_E_STORE, "%s", strerror(errno));
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size < (uint64_t)octets * GROUPS_LEAST)
		return hf_fail(err, HF_E_INPUT, "not a file of at least %d groups of %zu octets", GROUPS_LEAST, octets);
	*num = (size_t)st.st_size / octets;
	if (*num > GROUPS_MOST)
		*num = GROUPS_MOST;
	return true;
}

int hf_cmd_device_test_random(struct hf_cmd *cmd, int argc, char **argv)
{
	const char *name = hf_cmd_opt(cmd, "set");
	struct hf_randtest_report report = {0};
	struct hf_err err = {0};
	size_t which = 0, num = 0;
	bool ok;
	int fd;

	(void)argc;
	while (name && which < NUM_SETS && strcmp(name, set_names[which]) != 0)
		which++;
	if (which == NUM_SETS) {
		hf_fail(&err, HF_E_INPUT, "--set %.20s: periodic, power-on or light", name);
		return hf_cmd_misuse(cmd, &err);
	}
	fd = open(argv[0], O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		hf_fail(&err, errno == ENOENT ? HF_E_MISSING : HF_E_STORE, "%s: %s", argv[0], strerror(errno));
		return hf_cmd_fail(cmd, &err);
	}
	ok = count_groups(fd, sets[which], &num, &err) &&
	     hf_randtest_sample(sets[which], num, &(struct hf_randtest_source){draw, &fd}, &report, &err);
	if (!ok)
		hf_fail_in(&err, "%.200s", argv[0]);
	close(fd);
	ok = ok && print_report(cmd, &report, &err);
	if (!ok)
		return hf_cmd_fail(cmd, &err);
	return all_passed(&report) ? HF_EXIT_OK : HF_EXIT_REFUSED;
}
