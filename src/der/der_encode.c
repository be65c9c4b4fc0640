#include "der/der.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"
#include "der/der_int.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

static bool encode_as(uint8_t tag, const struct hf_der_type *type, const void *object, struct hf_buf *out,
	unsigned depth, struct hf_err *err);

/* Identifier and length octets of a TLV; the number of octets. */
static size_t make_head(uint8_t tag, size_t len, uint8_t head[6])
{
	size_t num = 0;

	head[0] = tag;
	if (len < 0x80) {
		head[1] = (uint8_t)len;
		return 2;
	}
	for (size_t rest = len; rest > 0; rest >>= 8)
		num++;
	HF_ASSERT(num <= 4);
	head[1] = (uint8_t)(0x80 | num);
	for (size_t i = 0; i < num; i++)
		head[2 + i] = (uint8_t)(len >> 8 * (num - 1 - i));
	return 2 + num;
}

bool hf_der_put(struct hf_buf *out, uint8_t tag, struct hf_bytes content)
{
	uint8_t head[6];

	hf_buf_put(out, head, make_head(tag, content.len, head));
	return hf_buf_put_bytes(out, content);
}

/* Constructed values are written first and their head is put in front: one pass, no lengths to compute in advance. */
static bool close_value(struct hf_buf *out, size_t start, uint8_t tag)
{
	uint8_t head[6];
	size_t len = out->len - start;
	size_t head_len = make_head(tag, len, head);

	if (!hf_buf_extend(out, head_len))
		return false;
	memmove(out->p + start + head_len, out->p + start, len);
	memcpy(out->p + start, head, head_len);
	return true;
}

static bool put_small(struct hf_buf *out, uint8_t tag, int64_t v)
{
	uint8_t octets[8];
	size_t skip = 0;

	hf_put_u64(octets, (uint64_t)v);
	while (skip < 7 && ((octets[skip] == 0x00 && !(octets[skip + 1] & 0x80)) ||
				   (octets[skip] == 0xFF && (octets[skip + 1] & 0x80))))
		skip++;
	return hf_der_put(out, tag, (struct hf_bytes){octets + skip, 8 - skip});
}

static bool put_time(struct hf_buf *out, uint8_t tag, bool generalized, int64_t at, struct hf_err *err)
{
	char text[32];
	struct hf_civil c = hf_civil_from(at);

	if (at % HF_SECOND != 0 || c.year < 1 || c.year > 9999 || (!generalized && (c.year < 1950 || c.year > 2049)))
		return hf_fail(err, HF_E_INPUT, "time is not a whole second of a year that the type can hold");
	hf_fmt_cut(text, sizeof(text), "%04d%02d%02d%02d%02d%02dZ", c.year, c.month, c.day, c.hour, c.minute, c.second);
	hf_der_put(out, tag, hf_bytes_str(generalized ? text : text + 2));
	return true;
}

static bool put_bits(struct hf_buf *out, uint8_t tag, const struct hf_der_bits *bits, struct hf_err *err)
{
	uint8_t head[6];
	size_t len = bits->bytes.len;

	if (bits->unused > 7 || (len == 0 && bits->unused != 0) ||
		(len > 0 && (bits->bytes.p[len - 1] & ((1u << bits->unused) - 1))))
		return hf_fail(err, HF_E_INPUT, "BIT STRING has unused bits that are not zero (X.690 11.2.1)");
	hf_buf_put(out, head, make_head(tag, len + 1, head));
	hf_buf_put_u8(out, bits->unused);
	hf_buf_put_bytes(out, bits->bytes);
	return true;
}

static bool encode_fields(
	const struct hf_der_type *type, const void *object, struct hf_buf *out, unsigned depth, struct hf_err *err)
{
	for (size_t i = 0; i < type->num_fields; i++) {
		const struct hf_der_field *field = &type->fields[i];
		const void *member = (const char *)object + field->offset;
		bool is_explicit = field->tag && (field->flags & HF_DER_EXPLICIT);
		uint8_t tag = is_explicit ? hf_der_type_tag(field->type) : hf_der_field_tag(field);
		size_t start = out->len;

		if (type->kind == HF_DER_CHOICE && *(const int *)object != (int)i)
			continue;
		if (!hf_der_field_there(field, object))
			continue;
		if (!encode_as(tag, field->type, member, out, depth, err))
			return hf_fail_in(err, "%s", field->name);
		if (is_explicit)
			close_value(out, start, field->tag | TAG_CONSTRUCTED);
	}
	return true;
}

static bool encode_any(
	const struct hf_der_type *type, const struct hf_bytes *any, struct hf_buf *out, struct hf_err *err)
{
	alignas(max_align_t) uint8_t scratch[HF_DER_ELEMENT_MAX];
	struct hf_bytes rest = *any;
	struct hf_der_tlv tlv;

	if (type->element) {
		HF_ASSERT(type->element->size <= sizeof(scratch));
		if (!hf_der_decode(type->element, *any, scratch, err))
			return false;
		hf_buf_put_bytes(out, *any);
		return true;
	}
	if (!hf_der_next(&rest, &tlv, err))
		return false;
	if (rest.len > 0)
		return hf_fail(err, HF_E_INPUT, "more than one value where one belongs");
	hf_buf_put_bytes(out, *any);
	return true;
}

static bool encode_list(uint8_t tag, const struct hf_der_type *type, const struct hf_der_list *list, struct hf_buf *out,
	struct hf_err *err)
{
	size_t num = 0;

	for (struct hf_bytes rest = list->content; rest.len > 0; num++) {
		struct hf_der_tlv tlv;
		if (!hf_der_next(&rest, &tlv, err))
			return hf_fail_in(err, "element %zu", num);
	}
	if (num < type->min_elements)
		return hf_fail(err, HF_E_INPUT, "%zu elements, at least %zu are needed", num, type->min_elements);
	hf_der_put(out, tag, list->content);
	return true;
}

static bool encode_primitive(
	uint8_t tag, const struct hf_der_type *type, const void *object, struct hf_buf *out, struct hf_err *err)
{
	struct hf_civil c;
	uint8_t boolean;

	switch (type->kind) {
	case HF_DER_BOOLEAN:
		boolean = *(const bool *)object ? 0xFF : 0x00;
		hf_der_put(out, tag, (struct hf_bytes){&boolean, 1});
		return true;
	case HF_DER_SMALL:
	case HF_DER_ENUMERATED:
		put_small(out, tag, *(const int64_t *)object);
		return true;
	case HF_DER_BIT_STRING:
		return put_bits(out, tag, object, err);
	case HF_DER_NULL:
		hf_der_put(out, tag, HF_BYTES_NONE);
		return true;
	case HF_DER_UTC_TIME:
		return put_time(out, tag, false, *(const int64_t *)object, err);
	case HF_DER_GENERALIZED_TIME:
		return put_time(out, tag, true, *(const int64_t *)object, err);
	case HF_DER_TIME:
		c = hf_civil_from(*(const int64_t *)object);
		return put_time(out, c.year < 2050 ? TAG_UTC_TIME : TAG_GENERALIZED_TIME, c.year >= 2050,
			*(const int64_t *)object, err);
	default:
		if (!hf_der_check_content(type->kind, *(const struct hf_bytes *)object, err))
			return false;
		hf_der_put(out, tag, *(const struct hf_bytes *)object);
		return true;
	}
}

static bool encode_as(uint8_t tag, const struct hf_der_type *type, const void *object, struct hf_buf *out,
	unsigned depth, struct hf_err *err)
{
	size_t start = out->len;

	if (depth >= HF_DER_DEPTH_MAX)
		return hf_fail(err, HF_E_LIMIT, "%s: nested deeper than %d", type->name, HF_DER_DEPTH_MAX);
	switch (type->kind) {
	case HF_DER_SEQUENCE:
		if (!encode_fields(type, object, out, depth + 1, err))
			return false;
		close_value(out, start, tag);
		return true;
	case HF_DER_CHOICE:
		if (*(const int *)object < 0 || (size_t) * (const int *)object >= type->num_fields)
			return hf_fail(err, HF_E_INPUT, "%s: no such alternative", type->name);
		return encode_fields(type, object, out, depth + 1, err);
	case HF_DER_SEQUENCE_OF:
	case HF_DER_SET_OF:
		return encode_list(tag, type, object, out, err);
	case HF_DER_ANY:
		return encode_any(type, object, out, err);
	default:
		return encode_primitive(tag, type, object, out, err);
	}
}

bool hf_der_encode(const struct hf_der_type *type, const void *object, struct hf_buf *out, struct hf_err *err)
{
	size_t start = out->len;

	if (!encode_as(hf_der_type_tag(type), type, object, out, 0, err)) {
		out->len = start;
		return hf_fail_in(err, "%s", type->name);
	}
	if (!hf_buf_ok(out))
		return hf_fail(err, HF_E_LIMIT, "%s: larger than %zu octets", type->name, out->max);
	return true;
}

bool hf_der_list_add(struct hf_buf *content, const struct hf_der_type *element, const void *object, struct hf_err *err)
{
	return hf_der_encode(element, object, content, err);
}

static int order_elements(const void *a, const void *b)
{
	return hf_bytes_order(*(const struct hf_bytes *)a, *(const struct hf_bytes *)b);
}

void hf_der_set_sort(struct hf_buf *content)
{
	struct hf_der_list list = hf_der_list_of(content);
	struct hf_bytes *elements = hf_alloc(list.num, sizeof(*elements));
	struct hf_buf sorted;

	for (struct hf_bytes *element = elements; hf_der_list_next_raw(&list, element); element++)
		;
	qsort(elements, list.num, sizeof(*elements), order_elements);
	hf_buf_init(&sorted, content->len);
	for (size_t i = 0; i < list.num; i++)
		hf_buf_put_bytes(&sorted, elements[i]);
	if (content->len > 0)
		memcpy(content->p, sorted.p, content->len);
	hf_buf_clear(&sorted);
	free(elements);
}
