#include "der/der.h"

#include "base/clock.h"
#include "der/der_int.h"

#include <stdalign.h>
#include <string.h>

static bool decode_content(
	const struct hf_der_type *type, const struct hf_der_tlv *tlv, void *out, unsigned depth, struct hf_err *err);

static bool two_digits(const uint8_t *p, int *out)
{
	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return false;
	*out = (p[0] - '0') * 10 + (p[1] - '0');
	return true;
}

/* YYMMDDHHMMSSZ (X.690 11.8) or YYYYMMDDHHMMSSZ (11.7, and RFC 5280 4.1.2.5.2: no fraction). */
static bool decode_time(struct hf_bytes text, bool generalized, int64_t *out, struct hf_err *err)
{
	struct hf_civil c;
	int century = 0;
	size_t skip = generalized ? 2 : 0;

	if (text.len != 13 + skip || text.p[text.len - 1] != 'Z')
		return hf_fail(
			err, HF_E_INPUT, "time is not %sYYMMDDHHMMSSZ (X.690 11.7, 11.8)", generalized ? "YY" : "");
	const uint8_t *p = text.p + skip;
	if ((generalized && !two_digits(text.p, &century)) || !two_digits(p, &c.year) || !two_digits(p + 2, &c.month) ||
		!two_digits(p + 4, &c.day) || !two_digits(p + 6, &c.hour) || !two_digits(p + 8, &c.minute) ||
		!two_digits(p + 10, &c.second))
		return hf_fail(err, HF_E_INPUT, "time has an octet that is not a digit");
	c.year += generalized ? century * 100 : c.year < 50 ? 2000 : 1900;
	if (!hf_civil_to(&c, out))
		return hf_fail(err, HF_E_INPUT, "no such date or time");
	return true;
}

static bool decode_small(struct hf_bytes n, int64_t *out, struct hf_err *err)
{
	if (n.len > 8)
		return hf_fail(err, HF_E_LIMIT, "INTEGER does not fit 64 bits");
	uint64_t v = n.p[0] & 0x80 ? UINT64_MAX : 0;
	for (size_t i = 0; i < n.len; i++)
		v = v << 8 | n.p[i];
	*out = (int64_t)v;
	return true;
}

static bool decode_bits(struct hf_bytes content, struct hf_der_bits *out, struct hf_err *err)
{
	if (content.len == 0 || content.p[0] > 7 || (content.len == 1 && content.p[0] != 0))
		return hf_fail(err, HF_E_INPUT, "BIT STRING has no right count of unused bits (X.690 8.6.2)");
	uint8_t unused = content.p[0];
	if (content.p[content.len - 1] & ((1u << unused) - 1) && content.len > 1)
		return hf_fail(err, HF_E_INPUT, "BIT STRING has unused bits that are not zero (X.690 11.2.1)");
	*out = (struct hf_der_bits){.bytes = {content.p + 1, content.len - 1}, .unused = unused};
	return true;
}

static bool decode_boolean(struct hf_bytes content, bool *out, struct hf_err *err)
{
	if (content.len != 1 || (content.p[0] != 0x00 && content.p[0] != 0xFF))
		return hf_fail(err, HF_E_INPUT, "BOOLEAN is neither 00 nor FF (X.690 11.1)");
	*out = content.p[0] != 0;
	return true;
}

static bool choice_takes(const struct hf_der_type *choice, uint8_t tag);

/* Could a value of this field begin with this identifier octet? */
static bool field_takes(const struct hf_der_field *field, uint8_t tag)
{
	uint8_t want = hf_der_field_tag(field);

	if (want)
		return tag == want;
	switch (field->type->kind) {
	case HF_DER_TIME:
		return tag == TAG_UTC_TIME || tag == TAG_GENERALIZED_TIME;
	case HF_DER_CHOICE:
		return choice_takes(field->type, tag);
	case HF_DER_ANY:
		return !field->type->element || tag == hf_der_type_tag(field->type->element);
	default:
		return true;
	}
}

static bool choice_takes(const struct hf_der_type *choice, uint8_t tag)
{
	for (size_t i = 0; i < choice->num_fields; i++)
		if (field_takes(&choice->fields[i], tag))
			return true;
	return false;
}

static bool decode_field(const struct hf_der_field *field, const struct hf_der_tlv *tlv, void *object, unsigned depth,
	struct hf_err *err)
{
	void *member = (char *)object + field->offset;
	struct hf_der_tlv inner = *tlv;

	if (field->tag && (field->flags & HF_DER_EXPLICIT)) {
		struct hf_bytes rest = tlv->content;
		if (!hf_der_next(&rest, &inner, err))
			return hf_fail_in(err, "%s", field->name);
		if (rest.len > 0)
			return hf_fail(
				err, HF_E_INPUT, "%s: %zu octets left over in the explicit tag", field->name, rest.len);
		const struct hf_der_field bare = {.name = field->name, .type = field->type};
		if (!field_takes(&bare, inner.tag))
			return hf_fail(
				err, HF_E_INPUT, "%s: tag %02x is no %s", field->name, inner.tag, field->type->name);
	}
	if (!decode_content(field->type, &inner, member, depth, err))
		return hf_fail_in(err, "%s", field->name);
	if (field->has)
		*((bool *)object + field->has - 1) = true;
	if ((field->flags & HF_DER_DEFAULT) && hf_der_is_default(field, member))
		return hf_fail(err, HF_E_INPUT, "%s: the default value is written (X.690 11.5)", field->name);
	return true;
}

static void set_absent(const struct hf_der_field *field, void *object)
{
	if (!(field->flags & HF_DER_DEFAULT))
		return; /* the object was zeroed */
	void *member = (char *)object + field->offset;
	if (field->type->kind == HF_DER_BOOLEAN)
		*(bool *)member = field->dflt != 0;
	else
		*(int64_t *)member = field->dflt;
}

static bool decode_sequence(
	const struct hf_der_type *type, struct hf_bytes rest, void *out, unsigned depth, struct hf_err *err)
{
	struct hf_der_tlv tlv = {0};
	bool pending = false;

	for (size_t i = 0; i < type->num_fields; i++) {
		const struct hf_der_field *field = &type->fields[i];
		if (!pending && rest.len > 0) {
			if (!hf_der_next(&rest, &tlv, err))
				return hf_fail_in(err, "%s", field->name);
			pending = true;
		}
		if (pending && field_takes(field, tlv.tag)) {
			if (!decode_field(field, &tlv, out, depth, err))
				return false;
			pending = false;
			continue;
		}
		if (!(field->flags & (HF_DER_OPTIONAL | HF_DER_DEFAULT))) {
			if (!pending)
				return hf_fail(err, HF_E_INPUT, "%s: missing", field->name);
			return hf_fail(err, HF_E_INPUT, "%s: expected tag %02x (%s), got %02x", field->name,
				hf_der_field_tag(field), field->type->name, tlv.tag);
		}
		set_absent(field, out);
	}
	if (pending || rest.len > 0)
		return hf_fail(err, HF_E_INPUT, "something is left over in %s", type->name);
	return true;
}

static bool decode_choice(
	const struct hf_der_type *type, const struct hf_der_tlv *tlv, void *out, unsigned depth, struct hf_err *err)
{
	for (size_t i = 0; i < type->num_fields; i++) {
		if (!field_takes(&type->fields[i], tlv->tag))
			continue;
		*(int *)out = (int)i;
		return decode_field(&type->fields[i], tlv, out, depth, err);
	}
	return hf_fail(err, HF_E_INPUT, "tag %02x is no alternative of %s", tlv->tag, type->name);
}

/* Decodes every element once into scratch, so that the list can be walked later without an error path. */
static bool decode_list(const struct hf_der_type *type, struct hf_bytes content, struct hf_der_list *out,
	unsigned depth, struct hf_err *err)
{
	alignas(max_align_t) uint8_t scratch[HF_DER_ELEMENT_MAX];
	struct hf_bytes before = {NULL, 0};
	struct hf_bytes rest = content;
	const struct hf_der_field as_field = {.name = type->element->name, .type = type->element};
	struct hf_der_tlv tlv;
	size_t num = 0;

	HF_ASSERT(type->element->size <= sizeof(scratch));
	for (; rest.len > 0; num++) {
		if (!hf_der_next(&rest, &tlv, err))
			return hf_fail_in(err, "element %zu", num);
		if (!field_takes(&as_field, tlv.tag))
			return hf_fail(
				err, HF_E_INPUT, "element %zu: tag %02x is no %s", num, tlv.tag, type->element->name);
		memset(scratch, 0, type->element->size);
		if (!decode_content(type->element, &tlv, scratch, depth, err))
			return hf_fail_in(err, "element %zu", num);
		if (type->kind == HF_DER_SET_OF && before.p && hf_bytes_order(before, tlv.whole) > 0)
			return hf_fail(err, HF_E_INPUT, "element %zu: SET OF is not in order (X.690 11.6)", num);
		before = tlv.whole;
	}
	if (num < type->min_elements)
		return hf_fail(err, HF_E_INPUT, "%zu elements, at least %zu are needed", num, type->min_elements);
	*out = (struct hf_der_list){.content = content, .num = num};
	return true;
}

static bool decode_primitive(
	const struct hf_der_type *type, const struct hf_der_tlv *tlv, void *out, struct hf_err *err)
{
	if (!hf_der_check_content(type->kind, tlv->content, err))
		return false;
	switch (type->kind) {
	case HF_DER_BOOLEAN:
		return decode_boolean(tlv->content, out, err);
	case HF_DER_SMALL:
	case HF_DER_ENUMERATED:
		return decode_small(tlv->content, out, err);
	case HF_DER_BIT_STRING:
		return decode_bits(tlv->content, out, err);
	case HF_DER_UTC_TIME:
		return decode_time(tlv->content, false, out, err);
	case HF_DER_GENERALIZED_TIME:
		return decode_time(tlv->content, true, out, err);
	case HF_DER_TIME:
		return decode_time(tlv->content, tlv->tag == TAG_GENERALIZED_TIME, out, err);
	case HF_DER_NULL:
		return true;
	case HF_DER_ANY:
		*(struct hf_bytes *)out = tlv->whole;
		return true;
	default:
		*(struct hf_bytes *)out = tlv->content;
		return true;
	}
}

/* The value is decoded to see that it is what it must be; what is kept is its TLV. */
static bool decode_checked(const struct hf_der_type *type, const struct hf_der_tlv *tlv, struct hf_bytes *out,
	unsigned depth, struct hf_err *err)
{
	alignas(max_align_t) uint8_t scratch[HF_DER_ELEMENT_MAX];

	HF_ASSERT(type->element->size <= sizeof(scratch));
	memset(scratch, 0, type->element->size);
	if (!decode_content(type->element, tlv, scratch, depth, err))
		return false;
	*out = tlv->whole;
	return true;
}

/* The tag has been matched by the caller. */
static bool decode_content(
	const struct hf_der_type *type, const struct hf_der_tlv *tlv, void *out, unsigned depth, struct hf_err *err)
{
	if (depth >= HF_DER_DEPTH_MAX)
		return hf_fail(err, HF_E_LIMIT, "%s: nested deeper than %d", type->name, HF_DER_DEPTH_MAX);
	switch (type->kind) {
	case HF_DER_SEQUENCE:
		return decode_sequence(type, tlv->content, out, depth + 1, err);
	case HF_DER_CHOICE:
		return decode_choice(type, tlv, out, depth + 1, err);
	case HF_DER_SEQUENCE_OF:
	case HF_DER_SET_OF:
		return decode_list(type, tlv->content, out, depth + 1, err);
	case HF_DER_ANY:
		if (type->element)
			return decode_checked(type, tlv, out, depth, err);
		return decode_primitive(type, tlv, out, err);
	default:
		return decode_primitive(type, tlv, out, err);
	}
}

bool hf_der_decode_first(const struct hf_der_type *type, struct hf_bytes *in, void *out, struct hf_err *err)
{
	const struct hf_der_field as_field = {.name = type->name, .type = type};
	struct hf_der_tlv tlv;

	memset(out, 0, type->size);
	if (!hf_der_next(in, &tlv, err))
		return hf_fail_in(err, "%s", type->name);
	if (!field_takes(&as_field, tlv.tag))
		return hf_fail(
			err, HF_E_INPUT, "%s: expected tag %02x, got %02x", type->name, hf_der_type_tag(type), tlv.tag);
	if (!decode_content(type, &tlv, out, 0, err))
		return hf_fail_in(err, "%s", type->name);
	return true;
}

bool hf_der_decode(const struct hf_der_type *type, struct hf_bytes in, void *out, struct hf_err *err)
{
	struct hf_bytes rest = in;

	if (!hf_der_decode_first(type, &rest, out, err))
		return false;
	if (rest.len > 0)
		return hf_fail(err, HF_E_INPUT, "%s: %zu octets are left over behind it", type->name, rest.len);
	return true;
}
