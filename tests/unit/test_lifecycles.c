/*
 * The life cycles: no holes, and docs/life-cycles.md is what the tables print. HUFU_GOLDEN_WRITE=1 writes it anew.
 */
#include "test.h"

#include "base/file.h"
#include "base/lifecycle.h"
#include "base/str.h"
#include "ca/lifecycle.h"
#include "km/lifecycle.h"
#include "ra/application.h"

#include <stdlib.h>

static const struct hf_lifecycle *const cycles[] = {
	&hf_application_lifecycle, &hf_cert_lifecycle, &hf_escrow_lifecycle};
#define NUM_CYCLES (sizeof(cycles) / sizeof(cycles[0]))

static void no_life_cycle_has_a_hole(void **state)
{
	struct hf_err err;

	(void)state;
	for (size_t i = 0; i < NUM_CYCLES; i++)
		assert_ok(hf_lifecycle_check(cycles[i], &err));
}

static void the_document_is_what_the_tables_print(void **state)
{
	const char *root = getenv("HUFU_SOURCE_ROOT");
	char path[HF_PATH_MAX];
	struct hf_buf want, have;
	struct hf_err err;

	(void)state;
	if (!root)
		skip();
	assert_true(hf_fmt(path, sizeof(path), "%s/docs/life-cycles.md", root));
	hf_buf_init(&want, 1U << 20);
	hf_buf_init(&have, 1U << 20);
	hf_buf_put_str(&want, "# 生命周期 Life cycles\n\n"
			      "Printed from the tables that the code walks; `tests/unit/test_lifecycles.c` keeps this "
			      "page true.\n\n");
	for (size_t i = 0; i < NUM_CYCLES; i++)
		hf_lifecycle_print(cycles[i], &want);
	if (getenv("HUFU_GOLDEN_WRITE"))
		assert_ok(hf_file_write(path, hf_buf_bytes(&want), 0644, &err));
	assert_ok(hf_file_read(path, &have, &err));
	assert_string_equal(hf_buf_cstr(&have), hf_buf_cstr(&want));
	hf_buf_clear(&want);
	hf_buf_clear(&have);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_life_cycle_has_a_hole),
		cmocka_unit_test(the_document_is_what_the_tables_print),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
