/*
 * JSON (RFC 8259): the only door to the JSON library.
 *
 * Reading is strict: UTF-8, one value, nothing left over, no member twice, at most 32 levels, a cap on the size. A
 * struct hf_json is a place in a document; it knows the way to itself, so that a refusal can say "items[3].subject: …".
 * Places point to their parents: keep a parent alive (and unmoved) while its children are used.
 *
 *     struct hf_json doc, items, item;
 *     if (!hf_json_parse(body, &doc, err)) return false;
 *     ok = hf_json_array(&doc, "items", 256, &items, &num, err);
 *     for (size_t i = 0; ok && i < num; i++) {
 *             hf_json_at(&items, i, &item);
 *             ok = hf_json_str(&item, "request_id", 64, &id, err);
 *     }
 *     hf_json_free(&doc);
 *
 * Every getter refuses with HF_E_INPUT (a wrong type or value, or not there) or HF_E_LIMIT (too long, too many).
 *
 * Writing makes compact JSON into a buffer; check hf_buf_ok() (or let hf_exchange_done do it) at the end.
 */
#ifndef HUFU_API_JSON_H
#define HUFU_API_JSON_H

#include "base/buf.h"

#define HF_JSON_DEPTH_MAX 32

struct hf_json {
	void *value; /* the library's; NULL after hf_json_free */
	const struct hf_json *parent;
	const char *name; /* the member's, or NULL for element index of an array */
	size_t index;
};

/* ---- reading --------------------------------------------------------------------------------------------------- */

/* The whole of text, whose length the caller has capped (a route's body_max). Must be an object or an array. */
HF_MUST_USE bool hf_json_parse(struct hf_bytes text, struct hf_json *doc, struct hf_err *err);
/* Gives the document back; doc is the one that hf_json_parse filled, or all zero. */
void hf_json_free(struct hf_json *doc);

/* The place must be an object; any member outside the list (NULL at its end) is refused: nothing is ignored silently.
 */
HF_MUST_USE bool hf_json_only(const struct hf_json *object, const char *const *names, struct hf_err *err);
bool hf_json_has(const struct hf_json *object, const char *name);

/*
 * Members of an object. Texts are borrowed from the document, end with NUL and hold none. A _str is a line
 * (hf_utf8_is_line) of 1 to max characters; a _text may hold any character but NUL. The _opt forms give NULL (or leave
 * *out as it is, for numbers) when the member is missing or null.
 */
HF_MUST_USE bool hf_json_str(
	const struct hf_json *object, const char *name, size_t max, const char **out, struct hf_err *err);
HF_MUST_USE bool hf_json_str_opt(
	const struct hf_json *object, const char *name, size_t max, const char **out, struct hf_err *err);
HF_MUST_USE bool hf_json_text_opt(
	const struct hf_json *object, const char *name, size_t max, const char **out, struct hf_err *err);
HF_MUST_USE bool hf_json_i64(
	const struct hf_json *object, const char *name, int64_t min, int64_t max, int64_t *out, struct hf_err *err);
HF_MUST_USE bool hf_json_i64_opt(
	const struct hf_json *object, const char *name, int64_t min, int64_t max, int64_t *out, struct hf_err *err);
HF_MUST_USE bool hf_json_bool(const struct hf_json *object, const char *name, bool *out, struct hf_err *err);
/* Replaces the content of out; its maximum is the cap. */
HF_MUST_USE bool hf_json_base64(const struct hf_json *object, const char *name, struct hf_buf *out, struct hf_err *err);
/* Exactly len octets as hex digits of either case. */
HF_MUST_USE bool hf_json_hex(
	const struct hf_json *object, const char *name, uint8_t *out, size_t len, struct hf_err *err);
HF_MUST_USE bool hf_json_object(
	const struct hf_json *object, const char *name, struct hf_json *out, struct hf_err *err);
/* An array of 1 to max elements. */
HF_MUST_USE bool hf_json_array(const struct hf_json *object, const char *name, size_t max, struct hf_json *out,
	size_t *num, struct hf_err *err);

/* The same, but it may be empty, null or missing (*num is 0). */
HF_MUST_USE bool hf_json_array_opt(const struct hf_json *object, const char *name, size_t max, struct hf_json *out,
	size_t *num, struct hf_err *err);

/* Element i (below num) of an array: use it as an object, … */
void hf_json_at(const struct hf_json *array, size_t i, struct hf_json *out);
/* … or read it as a line, base64. */
HF_MUST_USE bool hf_json_item_str(
	const struct hf_json *array, size_t i, size_t max, const char **out, struct hf_err *err);
HF_MUST_USE bool hf_json_item_base64(const struct hf_json *array, size_t i, struct hf_buf *out, struct hf_err *err);

/* Fills err with "place.name: …" and returns false: for checks that only the caller can make. */
bool hf_json_refuse(const struct hf_json *object, const char *name, struct hf_err *err, enum hf_code code,
	const char *fmt, ...) HF_PRINTF(5, 6);

/* ---- writing --------------------------------------------------------------------------------------------------- */

struct hf_json_writer {
	struct hf_buf *out;
	unsigned depth;
	bool more; /* something stands before the next value: write a comma */
	char close[HF_JSON_DEPTH_MAX];
};

/* Appends to out. */
void hf_json_writer_init(struct hf_json_writer *w, struct hf_buf *out);
/* name is the member's inside an object, NULL inside an array and at the top. A nesting too deep or unbalanced is a
 * bug. */
void hf_json_write_object(struct hf_json_writer *w, const char *name);
void hf_json_write_array(struct hf_json_writer *w, const char *name);
/* Closes what was opened last. */
void hf_json_write_end(struct hf_json_writer *w);
/* NULL text is written as null. Octets that are not UTF-8 become '?'. */
void hf_json_write_str(struct hf_json_writer *w, const char *name, const char *text);
void hf_json_write_text(struct hf_json_writer *w, const char *name, struct hf_bytes text);
void hf_json_write_i64(struct hf_json_writer *w, const char *name, int64_t v);
void hf_json_write_bool(struct hf_json_writer *w, const char *name, bool v);
void hf_json_write_null(struct hf_json_writer *w, const char *name);
void hf_json_write_base64(struct hf_json_writer *w, const char *name, struct hf_bytes v);
void hf_json_write_hex(struct hf_json_writer *w, const char *name, struct hf_bytes v);
/* "2026-11-22T10:31:09.123456Z" */
void hf_json_write_time(struct hf_json_writer *w, const char *name, int64_t at);

#endif
