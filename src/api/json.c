#include "api/json.h"

#include "base/clock.h"
#include "base/hex.h"
#include "base/str.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- where we are ---------------------------------------------------------------------------------------------- */

static void path_put(struct hf_buf *out, const struct hf_json *place)
{
	if (!place->parent)
		return;
	path_put(out, place->parent);
	if (!place->name)
		(void)hf_buf_printf(out, "[%zu]", place->index);
	else
		(void)hf_buf_printf(out, "%s%s", out->len > 0 ? "." : "", place->name);
}

static bool refuse_at(const struct hf_json *place, struct hf_err *err, enum hf_code code, const char *fmt, ...)
	HF_PRINTF(4, 5);
static bool refuse_at(const struct hf_json *place, struct hf_err *err, enum hf_code code, const char *fmt, ...)
{
	char why[256];
	const char *path;
	struct hf_buf at;
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	hf_buf_init(&at, 512);
	path_put(&at, place);
	path = hf_buf_cstr(&at);
	(void)hf_fail(err, code, "%s: %s", path && *path ? path : "the JSON body", why);
	hf_buf_clear(&at);
	return false;
}

bool hf_json_refuse(
	const struct hf_json *object, const char *name, struct hf_err *err, enum hf_code code, const char *fmt, ...)
{
	const struct hf_json place = {NULL, object, name, 0};
	char why[256];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	return refuse_at(&place, err, code, "%s", why);
}

static const char *type_name(const json_t *value)
{
	switch (value ? json_typeof(value) : JSON_NULL) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "an array";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
		return "a whole number";
	case JSON_REAL:
		return "a number with a fraction or exponent";
	case JSON_TRUE:
	case JSON_FALSE:
		return "true or false";
	case JSON_NULL:
		break;
	}
	return "null or missing";
}

/* ---- the document ---------------------------------------------------------------------------------------------- */

/* The library recurses 2048 levels deep; we look first. Brackets inside strings do not count. */
static bool depth_ok(struct hf_bytes text, struct hf_err *err)
{
	unsigned depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < text.len; i++) {
		const uint8_t c = text.p[i];

		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == '{' || c == '['))
			depth++;
		else if (!quoted && (c == '}' || c == ']') && depth > 0)
			depth--;
		if (depth > HF_JSON_DEPTH_MAX)
			return hf_fail(err, HF_E_LIMIT, "JSON body: deeper than %d levels", HF_JSON_DEPTH_MAX);
	}
	return true;
}

bool hf_json_parse(struct hf_bytes text, struct hf_json *doc, struct hf_err *err)
{
	json_error_t why;

	*doc = (struct hf_json){0};
	if (text.len == 0)
		return hf_fail(err, HF_E_INPUT, "JSON body: it is empty");
	if (!depth_ok(text, err))
		return false;
	doc->value = json_loadb((const char *)text.p, text.len, JSON_REJECT_DUPLICATES, &why);
	if (!doc->value) {
		/* what follows "near" is the input itself: it may be personal data, and errors go to the trail */
		const char *near = strstr(why.text, " near ");

		return hf_fail(err, HF_E_INPUT, "JSON body (RFC 8259), line %d, column %d: %.*s", why.line, why.column,
			near ? (int)(near - why.text) : (int)strlen(why.text), why.text);
	}
	return true;
}

void hf_json_free(struct hf_json *doc)
{
	json_decref(doc->value);
	doc->value = NULL;
}

static bool is_object(const struct hf_json *object, struct hf_err *err)
{
	return json_is_object((const json_t *)object->value) ||
	       refuse_at(object, err, HF_E_INPUT, "expected an object, got %s", type_name(object->value));
}

bool hf_json_only(const struct hf_json *object, const char *const *names, struct hf_err *err)
{
	if (!is_object(object, err))
		return false;
	for (void *it = json_object_iter(object->value); it; it = json_object_iter_next(object->value, it)) {
		const char *name = json_object_iter_key(it);

		if (!hf_str_in(name, names))
			return hf_json_refuse(object, hf_utf8_is_line(hf_bytes_str(name)) ? name : "?", err, HF_E_INPUT,
				"no such member is known here");
	}
	return true;
}

bool hf_json_has(const struct hf_json *object, const char *name)
{
	const json_t *value = json_object_get(object->value, name);

	return value && !json_is_null(value);
}

static struct hf_json member(const struct hf_json *object, const char *name)
{
	return (struct hf_json){json_object_get(object->value, name), object, name, 0};
}

/* ---- texts ----------------------------------------------------------------------------------------------------- */

static bool is_string(const struct hf_json *place, struct hf_err *err)
{
	return json_is_string((const json_t *)place->value) ||
	       refuse_at(place, err, HF_E_INPUT, "expected a string, got %s", type_name(place->value));
}

static struct hf_bytes string_bytes(const struct hf_json *place)
{
	return (struct hf_bytes){(const uint8_t *)json_string_value(place->value), json_string_length(place->value)};
}

static bool take_text(const struct hf_json *place, size_t max, bool line, const char **out, struct hf_err *err)
{
	struct hf_bytes text;

	if (!is_string(place, err))
		return false;
	text = string_bytes(place);
	if (hf_utf8_len(text) > max)
		return refuse_at(
			place, err, HF_E_LIMIT, "%zu characters, at most %zu are taken", hf_utf8_len(text), max);
	if (line && text.len == 0)
		return refuse_at(place, err, HF_E_INPUT, "it is empty");
	if (line && !hf_utf8_is_line(text))
		return refuse_at(place, err, HF_E_INPUT, "it holds a control, line-break or direction character");
	*out = (const char *)text.p;
	return true;
}

bool hf_json_str(const struct hf_json *object, const char *name, size_t max, const char **out, struct hf_err *err)
{
	const struct hf_json place = member(object, name);

	return is_object(object, err) && take_text(&place, max, true, out, err);
}

bool hf_json_str_opt(const struct hf_json *object, const char *name, size_t max, const char **out, struct hf_err *err)
{
	*out = NULL;
	return is_object(object, err) && (!hf_json_has(object, name) || hf_json_str(object, name, max, out, err));
}

bool hf_json_text_opt(const struct hf_json *object, const char *name, size_t max, const char **out, struct hf_err *err)
{
	const struct hf_json place = member(object, name);

	*out = NULL;
	return is_object(object, err) && (!hf_json_has(object, name) || take_text(&place, max, false, out, err));
}

/* ---- numbers --------------------------------------------------------------------------------------------------- */

bool hf_json_i64(
	const struct hf_json *object, const char *name, int64_t min, int64_t max, int64_t *out, struct hf_err *err)
{
	const struct hf_json place = member(object, name);
	int64_t v;

	if (!is_object(object, err))
		return false;
	if (!json_is_integer((const json_t *)place.value))
		return refuse_at(&place, err, HF_E_INPUT, "expected a whole number, got %s", type_name(place.value));
	v = json_integer_value(place.value);
	if (v < min || v > max)
		return refuse_at(&place, err, HF_E_INPUT, "%lld is not in %lld to %lld", (long long)v, (long long)min,
			(long long)max);
	*out = v;
	return true;
}

bool hf_json_i64_opt(
	const struct hf_json *object, const char *name, int64_t min, int64_t max, int64_t *out, struct hf_err *err)
{
	return is_object(object, err) && (!hf_json_has(object, name) || hf_json_i64(object, name, min, max, out, err));
}

bool hf_json_bool(const struct hf_json *object, const char *name, bool *out, struct hf_err *err)
{
	const struct hf_json place = member(object, name);

	if (!is_object(object, err))
		return false;
	if (!json_is_boolean((const json_t *)place.value))
		return refuse_at(&place, err, HF_E_INPUT, "expected true or false, got %s", type_name(place.value));
	*out = json_is_true((const json_t *)place.value);
	return true;
}

/* ---- octets ---------------------------------------------------------------------------------------------------- */

static bool take_base64(const struct hf_json *place, struct hf_buf *out, struct hf_err *err)
{
	hf_buf_reset(out);
	if (!is_string(place, err))
		return false;
	if (string_bytes(place).len / 4 * 3 > out->max + 2)
		return refuse_at(place, err, HF_E_LIMIT, "more than %zu octets", out->max);
	if (!hf_base64_get(out, string_bytes(place), false) || out->len == 0)
		return refuse_at(
			place, err, HF_E_INPUT, "not base64 (RFC 4648 4, with padding) of 1 to %zu octets", out->max);
	return true;
}

bool hf_json_base64(const struct hf_json *object, const char *name, struct hf_buf *out, struct hf_err *err)
{
	const struct hf_json place = member(object, name);

	return is_object(object, err) && take_base64(&place, out, err);
}

bool hf_json_hex(const struct hf_json *object, const char *name, uint8_t *out, size_t len, struct hf_err *err)
{
	const struct hf_json place = member(object, name);

	if (!is_object(object, err) || !is_string(&place, err))
		return false;
	return (string_bytes(&place).len == 2 * len && hf_unhex(json_string_value(place.value), out, len)) ||
	       refuse_at(&place, err, HF_E_INPUT, "expected %zu hex digits", 2 * len);
}

/* ---- containers ------------------------------------------------------------------------------------------------ */

bool hf_json_object(const struct hf_json *object, const char *name, struct hf_json *out, struct hf_err *err)
{
	*out = member(object, name);
	return is_object(object, err) && is_object(out, err);
}

static bool take_array(struct hf_json *place, size_t min, size_t max, size_t *num, struct hf_err *err)
{
	if (!json_is_array((const json_t *)place->value))
		return refuse_at(place, err, HF_E_INPUT, "expected an array, got %s", type_name(place->value));
	*num = json_array_size(place->value);
	if (*num < min)
		return refuse_at(place, err, HF_E_INPUT, "it is empty");
	if (*num > max)
		return refuse_at(place, err, HF_E_LIMIT, "%zu elements, at most %zu are taken", *num, max);
	return true;
}

bool hf_json_array(const struct hf_json *object, const char *name, size_t max, struct hf_json *out, size_t *num,
	struct hf_err *err)
{
	*out = member(object, name);
	*num = 0;
	return is_object(object, err) && take_array(out, 1, max, num, err);
}

bool hf_json_array_opt(const struct hf_json *object, const char *name, size_t max, struct hf_json *out, size_t *num,
	struct hf_err *err)
{
	*out = member(object, name);
	*num = 0;
	return is_object(object, err) && (!hf_json_has(object, name) || take_array(out, 0, max, num, err));
}

void hf_json_at(const struct hf_json *array, size_t i, struct hf_json *out)
{
	*out = (struct hf_json){json_array_get(array->value, i), array, NULL, i};
}

bool hf_json_item_str(const struct hf_json *array, size_t i, size_t max, const char **out, struct hf_err *err)
{
	struct hf_json item;

	hf_json_at(array, i, &item);
	return take_text(&item, max, true, out, err);
}

bool hf_json_item_base64(const struct hf_json *array, size_t i, struct hf_buf *out, struct hf_err *err)
{
	struct hf_json item;

	hf_json_at(array, i, &item);
	return take_base64(&item, out, err);
}
