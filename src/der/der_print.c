#include "der/der.h"

#include "base/clock.h"
#include "base/hex.h"
#include "base/str.h"
#include "der/der_int.h"
#include "der/oid.h"

#include <stdalign.h>
#include <string.h>

static void print_value(const struct hf_der_type *type, const void *object, struct hf_buf *out, unsigned indent);

static void pad(struct hf_buf *out, unsigned indent)
{
	for (unsigned i = 0; i < indent; i++)
		hf_buf_put_str(out, "    ");
}

static void print_octets(struct hf_bytes octets, struct hf_buf *out)
{
	hf_hex_put(out, octets);
	hf_buf_printf(out, " (%zu)\n", octets.len);
}

static void print_oid(struct hf_bytes oid, struct hf_buf *out)
{
	char text[HF_OID_TEXT_MAX];
	const char *name = hf_oid_name(oid);

	hf_oid_text(oid, text);
	hf_buf_printf(out, name ? "%s (%s)\n" : "%s\n", text, name);
}

/* Text from outside: what is not a plain line is shown as hex, so that a terminal is never told what to do. */
static void print_text(struct hf_bytes text, struct hf_buf *out)
{
	if (!hf_utf8_is_line(text)) {
		print_octets(text, out);
		return;
	}
	hf_buf_put_u8(out, '"');
	hf_buf_put_bytes(out, text);
	hf_buf_put_str(out, "\"\n");
}

static void print_any(const struct hf_der_type *type, struct hf_bytes any, struct hf_buf *out, unsigned indent)
{
	alignas(max_align_t) uint8_t element[HF_DER_ELEMENT_MAX];
	struct hf_bytes rest = any;
	struct hf_der_tlv tlv;

	if (type->element && hf_der_decode(type->element, any, element, NULL))
		print_value(type->element, element, out, indent);
	else if (!hf_der_next(&rest, &tlv, NULL) || rest.len > 0)
		print_octets(any, out);
	else if (tlv.tag == TAG_UTF8_STRING || tlv.tag == TAG_PRINTABLE_STRING || tlv.tag == TAG_IA5_STRING)
		print_text(tlv.content, out);
	else if (tlv.tag == TAG_OID)
		print_oid(tlv.content, out);
	else if (tlv.tag == TAG_NULL)
		hf_buf_put_str(out, "NULL\n");
	else
		print_octets(any, out);
}

static void print_list(
	const struct hf_der_type *type, const struct hf_der_list *list, struct hf_buf *out, unsigned indent)
{
	alignas(max_align_t) uint8_t element[HF_DER_ELEMENT_MAX];
	struct hf_der_list rest = *list;

	hf_buf_printf(out, "%zu element%s\n", list->num, list->num == 1 ? "" : "s");
	while (hf_der_list_next(&rest, type->element, element)) {
		pad(out, indent);
		hf_buf_put_str(out, "- ");
		print_value(type->element, element, out, indent + 1);
	}
}

static void print_fields(const struct hf_der_type *type, const void *object, struct hf_buf *out, unsigned indent)
{
	hf_buf_printf(out, "%s\n", type->name);
	for (size_t i = 0; i < type->num_fields; i++) {
		const struct hf_der_field *field = &type->fields[i];
		bool chosen = type->kind != HF_DER_CHOICE || *(const int *)object == (int)i;
		if (!chosen || !hf_der_field_there(field, object))
			continue;
		pad(out, indent);
		hf_buf_printf(out, "%s: ", field->name);
		print_value(field->type, (const char *)object + field->offset, out, indent + 1);
	}
}

static void print_value(const struct hf_der_type *type, const void *object, struct hf_buf *out, unsigned indent)
{
	char when[HF_TIME_TEXT_MAX];

	switch (type->kind) {
	case HF_DER_BOOLEAN:
		hf_buf_put_str(out, *(const bool *)object ? "TRUE\n" : "FALSE\n");
		break;
	case HF_DER_SMALL:
	case HF_DER_ENUMERATED:
		hf_buf_printf(out, "%lld\n", (long long)*(const int64_t *)object);
		break;
	case HF_DER_BIT_STRING:
		hf_hex_put(out, ((const struct hf_der_bits *)object)->bytes);
		hf_buf_printf(out, " (%zu bits)\n",
			((const struct hf_der_bits *)object)->bytes.len * 8 -
				((const struct hf_der_bits *)object)->unused);
		break;
	case HF_DER_NULL:
		hf_buf_put_str(out, "NULL\n");
		break;
	case HF_DER_OID:
		print_oid(*(const struct hf_bytes *)object, out);
		break;
	case HF_DER_UTF8_STRING:
	case HF_DER_PRINTABLE_STRING:
	case HF_DER_IA5_STRING:
		print_text(*(const struct hf_bytes *)object, out);
		break;
	case HF_DER_UTC_TIME:
	case HF_DER_GENERALIZED_TIME:
	case HF_DER_TIME:
		hf_time_text(*(const int64_t *)object, false, when);
		hf_buf_printf(out, "%s\n", when);
		break;
	case HF_DER_ANY:
		print_any(type, *(const struct hf_bytes *)object, out, indent);
		break;
	case HF_DER_SEQUENCE:
	case HF_DER_CHOICE:
		print_fields(type, object, out, indent);
		break;
	case HF_DER_SEQUENCE_OF:
	case HF_DER_SET_OF:
		print_list(type, object, out, indent);
		break;
	default:
		print_octets(*(const struct hf_bytes *)object, out);
	}
}

void hf_der_print(const struct hf_der_type *type, const void *object, struct hf_buf *out, unsigned indent)
{
	pad(out, indent);
	print_value(type, object, out, indent + 1);
}
