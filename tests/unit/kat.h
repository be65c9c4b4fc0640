/*
 * Known answers in JSON: those of the project in tests/data, other people's beside the checkout or at HUFU_VECTORS.
 */
#ifndef HUFU_TESTS_UNIT_KAT_H
#define HUFU_TESTS_UNIT_KAT_H

#include "test.h"

#include "base/hex.h"
#include "base/str.h"

#include <jansson.h>
#include <stdlib.h>

/* NULL, with the reason printed, when it is nowhere. */
static inline json_t *kat_load(const char *name)
{
	const char *root = getenv("HUFU_SOURCE_ROOT"), *given = getenv("HUFU_VECTORS");
	char paths[2][1024];

	assert_true(hf_fmt(paths[0], sizeof(paths[0]), "%s/tests/data/%s", root ? root : ".", name));
	if (given)
		assert_true(hf_fmt(paths[1], sizeof(paths[1]), "%s/%s", given, name));
	else
		assert_true(hf_fmt(paths[1], sizeof(paths[1]), "%s/../shared/vectors/%s", root ? root : ".", name));
	for (size_t i = 0; i < 2; i++) {
		json_t *file = json_load_file(paths[i], 0, NULL);
		if (file)
			return file;
	}
	print_message("skipped: no %s (set HUFU_VECTORS)\n", paths[1]);
	return NULL;
}

static inline const char *kat_text(const json_t *vector, const char *name)
{
	const char *text = json_string_value(json_object_get(vector, name));

	if (!text)
		fail_msg("the vector has no %s", name);
	return text;
}

/* The octets of a member; the caller clears buf. */
static inline struct hf_bytes kat_bytes(const json_t *vector, const char *name, struct hf_buf *buf)
{
	hf_buf_init(buf, 1 << 24);
	assert_true(hf_unhex_buf(hf_bytes_str(kat_text(vector, name)), buf));
	return hf_buf_bytes(buf);
}

#endif
