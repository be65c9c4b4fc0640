#include "x509/name.h"

#include "base/str.h"

#include <string.h>

static const struct hf_der_field attribute_fields[] = {
	HF_DER_FIELD(struct hf_name_attribute, type, &hf_der_Oid),
	HF_DER_FIELD(struct hf_name_attribute, value, &hf_der_Any),
};
const struct hf_der_type hf_AttributeTypeAndValue =
	HF_DER_SEQUENCE_TYPE("AttributeTypeAndValue", struct hf_name_attribute, attribute_fields);
const struct hf_der_type hf_RelativeDistinguishedName =
	HF_DER_OF_TYPE("RelativeDistinguishedName", HF_DER_SET_OF, &hf_AttributeTypeAndValue, 1);
const struct hf_der_type hf_RDNSequence =
	HF_DER_OF_TYPE("RDNSequence", HF_DER_SEQUENCE_OF, &hf_RelativeDistinguishedName, 0);
const struct hf_der_type hf_Name = {
	.name = "Name", .kind = HF_DER_ANY, .size = sizeof(struct hf_bytes), .element = &hf_RDNSequence};

static const struct hf_der_field issuer_serial_fields[] = {
	HF_DER_FIELD(struct hf_issuer_serial, issuer, &hf_Name),
	HF_DER_FIELD(struct hf_issuer_serial, serialNumber, &hf_der_Integer),
};
const struct hf_der_type hf_IssuerAndSerialNumber =
	HF_DER_SEQUENCE_TYPE("IssuerAndSerialNumber", struct hf_issuer_serial, issuer_serial_fields);

/* The three that are SEQUENCEs of their own keep their content as it stands: tag 0x20 makes it constructed. */
#define ALTERNATIVE(n, label, ...)                                                                                     \
	{                                                                                                              \
		.name = (label), .offset = offsetof(struct hf_general_name, value), .tag = HF_DER_CTX(n),              \
		.type = __VA_ARGS__                                                                                    \
	}
static const struct hf_der_field general_name_fields[] = {
	ALTERNATIVE(0x20 | 0, "otherName", &hf_der_OctetString),
	ALTERNATIVE(1, "rfc822Name", &hf_der_Ia5String),
	ALTERNATIVE(2, "dNSName", &hf_der_Ia5String),
	ALTERNATIVE(0x20 | 3, "x400Address", &hf_der_OctetString),
	ALTERNATIVE(4, "directoryName", &hf_Name, .flags = HF_DER_EXPLICIT),
	ALTERNATIVE(0x20 | 5, "ediPartyName", &hf_der_OctetString),
	ALTERNATIVE(6, "uniformResourceIdentifier", &hf_der_Ia5String),
	ALTERNATIVE(7, "iPAddress", &hf_der_OctetString),
	ALTERNATIVE(8, "registeredID", &hf_der_Oid),
};
const struct hf_der_type hf_GeneralName =
	HF_DER_CHOICE_TYPE("GeneralName", struct hf_general_name, general_name_fields);
const struct hf_der_type hf_GeneralNames = HF_DER_OF_TYPE("GeneralNames", HF_DER_SEQUENCE_OF, &hf_GeneralName, 1);

#define TAG_UTF8      0x0C
#define TAG_PRINTABLE 0x13
#define TAG_IA5       0x16

/* The attributes of names that we make, in the order in which they are written (GM/T 0043-2015 6.1). */
struct rule {
	enum hf_oid type;
	const char *label;
	size_t max; /* characters: ub-* of RFC 5280 Appendix A */
	uint8_t tag;
	size_t offset;
	size_t num; /* how many of them parts may hold */
};
#define RULE(oid, member, limit, string_tag, count)                                                                    \
	{                                                                                                              \
		HF_OID_##oid, #member, (limit), (string_tag), offsetof(struct hf_name_parts, member), (count)          \
	}
static const struct rule rules[] = {
	RULE(COUNTRY_NAME, C, 2, TAG_PRINTABLE, 1),
	RULE(STATE_OR_PROVINCE_NAME, ST, 128, TAG_UTF8, 1),
	RULE(LOCALITY_NAME, L, 128, TAG_UTF8, 1),
	RULE(ORGANIZATION_NAME, O, 64, TAG_UTF8, 1),
	RULE(ORGANIZATIONAL_UNIT_NAME, OU, 64, TAG_UTF8, HF_NAME_OU_MAX),
	RULE(COMMON_NAME, CN, 64, TAG_UTF8, 1),
	RULE(SERIAL_NUMBER, serialNumber, 64, TAG_UTF8, 1),
	RULE(EMAIL_ADDRESS, E, 255, TAG_IA5, 1),
};
#define NUM_RULES (sizeof(rules) / sizeof(rules[0]))

static bool check_value(const struct rule *rule, struct hf_bytes text, struct hf_err *err)
{
	if (!hf_utf8_is_line(text))
		return hf_fail(err, HF_E_INPUT, "%s: not UTF-8 text without control characters", rule->label);
	if (text.len == 0 || hf_utf8_len(text) > rule->max)
		return hf_fail(err, HF_E_INPUT, "%s: %zu characters, 1 to %zu are allowed (RFC 5280 Appendix A)",
			rule->label, hf_utf8_len(text), rule->max);
	if (rule->tag == TAG_PRINTABLE)
		for (size_t i = 0; i < text.len; i++)
			if (text.len != 2 || text.p[i] < 'A' || text.p[i] > 'Z')
				return hf_fail(err, HF_E_INPUT, "%s: not two capital letters (ISO 3166)", rule->label);
	for (size_t i = 0; rule->tag == TAG_IA5 && i < text.len; i++)
		if (text.p[i] & 0x80)
			return hf_fail(err, HF_E_INPUT, "%s: IA5String takes ASCII only (GM/T 0043 6.1)", rule->label);
	return true;
}

static bool put_rdn(const struct rule *rule, struct hf_bytes text, struct hf_buf *rdns, struct hf_err *err)
{
	struct hf_buf value, set;
	bool ok = false;

	hf_buf_init(&value, HF_NAME_MAX);
	hf_buf_init(&set, HF_NAME_MAX);
	if (!check_value(rule, text, err))
		goto out;
	hf_der_put(&value, rule->tag, text);
	struct hf_name_attribute attribute = {.type = hf_oid_bytes(rule->type), .value = hf_buf_bytes(&value)};
	if (!hf_der_list_add(&set, &hf_AttributeTypeAndValue, &attribute, err))
		goto out;
	struct hf_der_list list = hf_der_list_of(&set);
	ok = hf_der_list_add(rdns, &hf_RelativeDistinguishedName, &list, err);
out:
	hf_buf_clear(&set);
	hf_buf_clear(&value);
	return ok;
}

bool hf_name_build(const struct hf_name_parts *parts, struct hf_buf *out, struct hf_err *err)
{
	struct hf_buf rdns;
	bool ok = false;

	hf_buf_init(&rdns, HF_NAME_MAX);
	for (size_t i = 0; i < NUM_RULES; i++) {
		for (size_t n = 0; n < rules[i].num; n++) {
			const char *const *members =
				(const char *const *)(const void *)((const char *)parts + rules[i].offset);
			if (!members[n] || members[n][0] == '\0')
				continue;
			if (!put_rdn(&rules[i], hf_bytes_str(members[n]), &rdns, err)) {
				hf_fail_in(err, "name");
				goto out;
			}
		}
	}
	if (rdns.len == 0) {
		hf_fail(err, HF_E_INPUT, "name: no part is given; CN at least is needed");
		goto out;
	}
	struct hf_der_list list = hf_der_list_of(&rdns);
	ok = hf_der_encode(&hf_RDNSequence, &list, out, err);
out:
	hf_buf_clear(&rdns);
	return ok;
}

bool hf_name_check(struct hf_bytes name, struct hf_err *err)
{
	struct hf_bytes whole;

	return hf_der_decode(&hf_Name, name, &whole, err);
}

/* Takes the next attribute that an RDN of one attribute holds; *alone is false when it holds more. */
static bool next_attribute(struct hf_der_list *rdns, struct hf_name_attribute *attribute, bool *alone)
{
	struct hf_der_list rdn;

	if (!hf_der_list_next(rdns, &hf_RelativeDistinguishedName, &rdn))
		return false;
	*alone = rdn.num == 1;
	return hf_der_list_next(&rdn, &hf_AttributeTypeAndValue, attribute);
}

static struct hf_der_tlv open_tlv(struct hf_bytes tlv_octets)
{
	struct hf_der_tlv tlv = {0};

	(void)!hf_der_next(&tlv_octets, &tlv, NULL);
	return tlv;
}

/* The row of this type at or behind the one before, so that the order is kept. */
static const struct rule *find_rule(struct hf_bytes type, size_t *from)
{
	for (size_t i = *from; i < NUM_RULES; i++) {
		if (!hf_oid_is(type, rules[i].type))
			continue;
		*from = rules[i].num > 1 ? i : i + 1;
		return &rules[i];
	}
	return NULL;
}

bool hf_name_check_rules(struct hf_bytes name, struct hf_err *err)
{
	struct hf_name_attribute attribute;
	struct hf_der_list rdns;
	char type[HF_OID_TEXT_MAX];
	size_t from = 0;
	bool alone = true;

	if (!hf_der_decode(&hf_RDNSequence, name, &rdns, err))
		return false;
	if (rdns.num == 0)
		return hf_fail(err, HF_E_INPUT, "name is empty");
	while (next_attribute(&rdns, &attribute, &alone)) {
		const struct rule *rule = find_rule(attribute.type, &from);
		struct hf_der_tlv value = open_tlv(attribute.value);
		hf_oid_text(attribute.type, type);
		if (!alone)
			return hf_fail(err, HF_E_INPUT, "name: more than one attribute in an RDN");
		if (!rule)
			return hf_fail(err, HF_E_INPUT,
				"name: attribute %s is out of the order C, ST, L, O, OU, CN, or none of ours "
				"(GM/T 0043-2015 6.1)",
				type);
		if (value.tag != rule->tag)
			return hf_fail(err, HF_E_INPUT,
				"name: %s has string type %02x, must be %02x: C PrintableString, E IA5String, the "
				"rest UTF8String (GM/T 0043-2015 6.1)",
				rule->label, value.tag, rule->tag);
		if (!check_value(rule, value.content, err))
			return hf_fail_in(err, "name");
	}
	return true;
}

bool hf_name_equal(struct hf_bytes a, struct hf_bytes b)
{
	return hf_bytes_equal(a, b);
}

bool hf_name_is_empty(struct hf_bytes name)
{
	return name.len == 0 || (name.len == 2 && name.p[1] == 0);
}

bool hf_name_get(struct hf_bytes name, enum hf_oid type, struct hf_bytes *text)
{
	struct hf_name_attribute attribute;
	struct hf_der_list rdns, rdn;

	if (!hf_der_decode(&hf_RDNSequence, name, &rdns, NULL))
		return false;
	while (hf_der_list_next(&rdns, &hf_RelativeDistinguishedName, &rdn))
		while (hf_der_list_next(&rdn, &hf_AttributeTypeAndValue, &attribute))
			if (hf_oid_is(attribute.type, type)) {
				*text = open_tlv(attribute.value).content;
				return true;
			}
	return false;
}
