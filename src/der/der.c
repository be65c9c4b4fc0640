#include "der/der.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"
#include "der/der_int.h"

#include <stdlib.h>
#include <string.h>

#define PRIMITIVE(c_name, asn1_name, k, c_type)                                                                        \
	const struct hf_der_type hf_der_##c_name = {.name = (asn1_name), .kind = (k), .size = sizeof(c_type)}

PRIMITIVE(Boolean, "BOOLEAN", HF_DER_BOOLEAN, bool);
PRIMITIVE(Integer, "INTEGER", HF_DER_INTEGER, struct hf_bytes);
PRIMITIVE(Small, "INTEGER", HF_DER_SMALL, int64_t);
PRIMITIVE(Enumerated, "ENUMERATED", HF_DER_ENUMERATED, int64_t);
PRIMITIVE(BitString, "BIT STRING", HF_DER_BIT_STRING, struct hf_der_bits);
PRIMITIVE(OctetString, "OCTET STRING", HF_DER_OCTET_STRING, struct hf_bytes);
PRIMITIVE(Null, "NULL", HF_DER_NULL, char);
PRIMITIVE(Oid, "OBJECT IDENTIFIER", HF_DER_OID, struct hf_bytes);
PRIMITIVE(Utf8String, "UTF8String", HF_DER_UTF8_STRING, struct hf_bytes);
PRIMITIVE(PrintableString, "PrintableString", HF_DER_PRINTABLE_STRING, struct hf_bytes);
PRIMITIVE(Ia5String, "IA5String", HF_DER_IA5_STRING, struct hf_bytes);
PRIMITIVE(UtcTime, "UTCTime", HF_DER_UTC_TIME, int64_t);
PRIMITIVE(GeneralizedTime, "GeneralizedTime", HF_DER_GENERALIZED_TIME, int64_t);
PRIMITIVE(Time, "Time", HF_DER_TIME, int64_t);
PRIMITIVE(Any, "ANY", HF_DER_ANY, struct hf_bytes);

uint8_t hf_der_kind_tag(enum hf_der_kind kind)
{
	static const uint8_t tags[] = {
		[HF_DER_BOOLEAN] = TAG_BOOLEAN,
		[HF_DER_INTEGER] = TAG_INTEGER,
		[HF_DER_SMALL] = TAG_INTEGER,
		[HF_DER_ENUMERATED] = TAG_ENUMERATED,
		[HF_DER_BIT_STRING] = TAG_BIT_STRING,
		[HF_DER_OCTET_STRING] = TAG_OCTET_STRING,
		[HF_DER_NULL] = TAG_NULL,
		[HF_DER_OID] = TAG_OID,
		[HF_DER_UTF8_STRING] = TAG_UTF8_STRING,
		[HF_DER_PRINTABLE_STRING] = TAG_PRINTABLE_STRING,
		[HF_DER_IA5_STRING] = TAG_IA5_STRING,
		[HF_DER_UTC_TIME] = TAG_UTC_TIME,
		[HF_DER_GENERALIZED_TIME] = TAG_GENERALIZED_TIME,
		[HF_DER_SEQUENCE] = TAG_SEQUENCE,
		[HF_DER_SEQUENCE_OF] = TAG_SEQUENCE,
		[HF_DER_SET_OF] = TAG_SET,
	};

	return tags[kind];
}

uint8_t hf_der_type_tag(const struct hf_der_type *type)
{
	uint8_t tag = hf_der_kind_tag(type->kind);

	return type->tag ? (uint8_t)(type->tag | (tag & TAG_CONSTRUCTED)) : tag;
}

uint8_t hf_der_field_tag(const struct hf_der_field *field)
{
	uint8_t own = hf_der_type_tag(field->type);

	if (!field->tag)
		return own;
	if (field->flags & HF_DER_EXPLICIT)
		return field->tag | TAG_CONSTRUCTED;
	HF_ASSERT(own != 0); /* ANY, Time and CHOICE cannot be tagged IMPLICIT (X.680 31.2.7) */
	return (uint8_t)(field->tag | (own & TAG_CONSTRUCTED));
}

bool hf_der_is_default(const struct hf_der_field *field, const void *member)
{
	if (field->type->kind == HF_DER_BOOLEAN)
		return *(const bool *)member == (field->dflt != 0);
	return *(const int64_t *)member == field->dflt;
}

bool hf_der_field_there(const struct hf_der_field *field, const void *object)
{
	const char *member = (const char *)object + field->offset;

	if (field->flags & HF_DER_DEFAULT)
		return !hf_der_is_default(field, member);
	if (!(field->flags & HF_DER_OPTIONAL))
		return true;
	if (field->has)
		return *((const bool *)object + field->has - 1);
	return ((const struct hf_bytes *)(const void *)member)->p != NULL;
}

static bool printable(struct hf_bytes text)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (!letter && (c == 0 || !strchr(" '()+,-./:=?", c)))
			return false;
	}
	return true;
}

static bool check_oid(struct hf_bytes oid, struct hf_err *err)
{
	if (oid.len == 0 || oid.len > 64 || (oid.p[oid.len - 1] & 0x80))
		return hf_fail(err, HF_E_INPUT, "OBJECT IDENTIFIER is empty, too long or cut (X.690 8.19)");
	for (size_t i = 0; i < oid.len; i++)
		if (oid.p[i] == 0x80 && (i == 0 || !(oid.p[i - 1] & 0x80)))
			return hf_fail(err, HF_E_INPUT, "OBJECT IDENTIFIER has a leading 80 (X.690 8.19.2)");
	return true;
}

static bool check_integer(struct hf_bytes n, struct hf_err *err)
{
	if (n.len == 0)
		return hf_fail(err, HF_E_INPUT, "INTEGER is empty (X.690 8.3.1)");
	if (n.len > 1 && ((n.p[0] == 0x00 && !(n.p[1] & 0x80)) || (n.p[0] == 0xFF && (n.p[1] & 0x80))))
		return hf_fail(err, HF_E_INPUT, "INTEGER is not minimal (X.690 8.3.2)");
	return true;
}

bool hf_der_check_content(enum hf_der_kind kind, struct hf_bytes content, struct hf_err *err)
{
	switch (kind) {
	case HF_DER_INTEGER:
	case HF_DER_SMALL:
	case HF_DER_ENUMERATED:
		return check_integer(content, err);
	case HF_DER_OID:
		return check_oid(content, err);
	case HF_DER_NULL:
		return content.len == 0 || hf_fail(err, HF_E_INPUT, "NULL is not empty (X.690 8.8.2)");
	case HF_DER_UTF8_STRING:
		return hf_utf8_valid(content) || hf_fail(err, HF_E_INPUT, "UTF8String is not UTF-8 (RFC 3629)");
	case HF_DER_PRINTABLE_STRING:
		return printable(content) ||
		       hf_fail(err, HF_E_INPUT, "PrintableString has a character outside its alphabet");
	case HF_DER_IA5_STRING:
		for (size_t i = 0; i < content.len; i++)
			if (content.p[i] & 0x80)
				return hf_fail(err, HF_E_INPUT, "IA5String has an octet above 7F");
		return true;
	default:
		return true;
	}
}

bool hf_der_next(struct hf_bytes *in, struct hf_der_tlv *tlv, struct hf_err *err)
{
	const uint8_t *p = in->p;
	size_t left = in->len;

	if (left < 2)
		return hf_fail(err, HF_E_INPUT, "cut after %zu octets of a tag and length", left);
	if ((p[0] & 0x1F) == 0x1F)
		return hf_fail(err, HF_E_INPUT, "tag %02x: numbers above 30 do not occur here", p[0]);
	size_t len = p[1];
	size_t head = 2;
	if (len >= 0x80) {
		size_t num = len & 0x7F;
		if (num == 0 || num > 4)
			return hf_fail(err, HF_E_INPUT, "indefinite or too long a length (X.690 10.1)");
		if (left < 2 + num)
			return hf_fail(err, HF_E_INPUT, "cut inside a length");
		len = 0;
		for (size_t i = 0; i < num; i++)
			len = len << 8 | p[2 + i];
		if (len < 0x80 || p[2] == 0)
			return hf_fail(err, HF_E_INPUT, "length is not minimal (X.690 10.1)");
		head += num;
	}
	if (len > left - head)
		return hf_fail(err, HF_E_INPUT, "tag %02x: length %zu but %zu octets are left", p[0], len, left - head);
	*tlv = (struct hf_der_tlv){.tag = p[0], .content = {p + head, len}, .whole = {p, head + len}};
	*in = (struct hf_bytes){p + head + len, left - head - len};
	return true;
}

bool hf_der_list_next_raw(struct hf_der_list *rest, struct hf_bytes *out)
{
	struct hf_der_tlv tlv;

	if (rest->content.len == 0)
		return false;
	if (!hf_der_next(&rest->content, &tlv, NULL))
		hf_bug(__FILE__, __LINE__, "a list that no decoder has seen");
	*out = tlv.whole;
	return true;
}

bool hf_der_list_next(struct hf_der_list *rest, const struct hf_der_type *element, void *out)
{
	if (rest->content.len == 0)
		return false;
	if (!hf_der_decode_first(element, &rest->content, out, NULL))
		hf_bug(__FILE__, __LINE__, "a list that no decoder has seen");
	return true;
}

struct hf_der_list hf_der_list_of(const struct hf_buf *content)
{
	struct hf_bytes rest = content->len > 0 ? hf_buf_bytes(content) : HF_BYTES_LIT("");
	struct hf_der_list list = {.content = rest};
	struct hf_der_tlv tlv;

	for (; rest.len > 0 && hf_der_next(&rest, &tlv, NULL); list.num++)
		;
	return list;
}

struct hf_bytes hf_der_positive(const uint8_t *number, size_t len, uint8_t *scratch)
{
	while (len > 1 && number[0] == 0) {
		number++;
		len--;
	}
	scratch[0] = 0;
	memcpy(scratch + 1, number, len);
	return number[0] & 0x80 ? (struct hf_bytes){scratch, len + 1} : (struct hf_bytes){scratch + 1, len};
}

bool hf_der_unsigned(struct hf_bytes n, uint8_t *out, size_t len)
{
	if (n.len == 0 || (n.p[0] & 0x80))
		return false;
	if (n.len > 1 && n.p[0] == 0)
		n = (struct hf_bytes){n.p + 1, n.len - 1};
	if (n.len > len)
		return false;
	memset(out, 0, len - n.len);
	memcpy(out + len - n.len, n.p, n.len);
	return true;
}
