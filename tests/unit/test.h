/*
 * What every cmocka program of ours includes: cmocka in its required order, and assertions that print our errors.
 */
#ifndef HUFU_TESTS_UNIT_TEST_H
#define HUFU_TESTS_UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"

#include <string.h>

/* The call must succeed; otherwise its error text is printed. Use with a local `struct hf_err err`. */
#define assert_ok(call)                                                                                                \
	do {                                                                                                           \
		if (!(call))                                                                                           \
			fail_msg("%s: %s", hf_code_name(err.code), err.text);                                          \
	} while (0)

/* The call must be refused with this code, and its text must contain this word. */
#define assert_refused(call, want_code, word)                                                                          \
	do {                                                                                                           \
		err = (struct hf_err){0};                                                                              \
		if (call)                                                                                              \
			fail_msg("accepted: %s", #call);                                                               \
		assert_string_equal(hf_code_name(err.code), hf_code_name(want_code));                                  \
		if (!strstr(err.text, word))                                                                           \
			fail_msg("the refusal \"%s\" does not say \"%s\"", err.text, word);                            \
	} while (0)

#endif
