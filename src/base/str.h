/*
 * Text: bounded formatting, whole-string number parsing, UTF-8.
 */
#ifndef HUFU_BASE_STR_H
#define HUFU_BASE_STR_H

#include "base/bytes.h"
#include "base/err.h"

/* snprintf that says whether all of it fitted; out is always terminated (size > 0). */
HF_MUST_USE bool hf_fmt(char *out, size_t size, const char *fmt, ...) HF_PRINTF(3, 4);
/* The same where a cut is harmless or cannot happen. */
void hf_fmt_cut(char *out, size_t size, const char *fmt, ...) HF_PRINTF(3, 4);

/* The whole of text as a decimal number in [min, max]: no blanks, no plus, no leading zeros but "0". */
HF_MUST_USE bool hf_parse_i64(const char *text, int64_t min, int64_t max, int64_t *out);

bool hf_str_equal(const char *a, const char *b);           /* either may be NULL; NULL equals NULL only */
bool hf_str_in(const char *text, const char *const *list); /* list ends with NULL */

/* Well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms, at most U+10FFFF). */
bool hf_utf8_valid(struct hf_bytes text);
/* The number of characters of well-formed text. */
size_t hf_utf8_len(struct hf_bytes text);
/* Well-formed and free of C0/C1 control characters, NUL, line and paragraph separators, and bidirectional overrides. */
bool hf_utf8_is_line(struct hf_bytes text);

#endif
