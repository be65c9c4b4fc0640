/* Names as text (RFC 4514). */
#include "x509/name.h"

#include "base/alloc.h"
#include "base/hex.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

static void put_hex(struct hf_bytes octets, struct hf_buf *out)
{
	hf_buf_put_u8(out, '#');
	hf_hex_put(out, octets);
}

static bool is_string(uint8_t tag)
{
	return tag == 0x0C || tag == 0x13 || tag == 0x16;
}

/* RFC 4514 2.4. Text that is no plain line is escaped octet by octet, so that no terminal is told what to do. */
static void put_escaped(struct hf_bytes text, struct hf_buf *out)
{
	bool line = hf_utf8_is_line(text);

	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.p[i];
		bool edge_space = c == ' ' && (i == 0 || i + 1 == text.len);
		if ((!line && (c < 0x20 || c >= 0x7F)) || c == 0)
			hf_buf_printf(out, "\\%02X", c);
		else if (strchr("\",+;<>\\", c) || edge_space || (c == '#' && i == 0))
			hf_buf_printf(out, "\\%c", c);
		else
			hf_buf_put_u8(out, c);
	}
}

static void put_attribute(const struct hf_name_attribute *attribute, struct hf_buf *out)
{
	char dotted[HF_OID_TEXT_MAX];
	const char *label = hf_oid_name(attribute->type);
	struct hf_bytes rest = attribute->value;
	struct hf_der_tlv value;

	if (hf_oid_is(attribute->type, HF_OID_EMAIL_ADDRESS))
		label = "E";
	hf_oid_text(attribute->type, dotted);
	hf_buf_printf(out, "%s=", label ? label : dotted);
	if (label && hf_der_next(&rest, &value, NULL) && is_string(value.tag))
		put_escaped(value.content, out);
	else
		put_hex(attribute->value, out);
}

static void put_rdn(struct hf_bytes rdn_der, struct hf_buf *out)
{
	struct hf_name_attribute attribute;
	struct hf_der_list rdn;
	bool first = true;

	if (!hf_der_decode(&hf_RelativeDistinguishedName, rdn_der, &rdn, NULL))
		return;
	for (; hf_der_list_next(&rdn, &hf_AttributeTypeAndValue, &attribute); first = false) {
		if (!first)
			hf_buf_put_u8(out, '+');
		put_attribute(&attribute, out);
	}
}

void hf_name_text(struct hf_bytes name, enum hf_name_order order, struct hf_buf *out)
{
	struct hf_der_list rdns;

	if (!hf_der_decode(&hf_RDNSequence, name, &rdns, NULL)) {
		put_hex(name, out);
		return;
	}
	size_t num = rdns.num;
	struct hf_bytes *parts = hf_alloc(num, sizeof(*parts));
	for (size_t i = 0; i < num && hf_der_list_next_raw(&rdns, &parts[i]); i++)
		;
	for (size_t i = 0; i < num; i++) {
		if (i > 0)
			hf_buf_put_u8(out, ',');
		put_rdn(parts[order == HF_NAME_DER_ORDER ? i : num - 1 - i], out);
	}
	free(parts);
}

void hf_general_name_text(const struct hf_general_name *name, struct hf_buf *out)
{
	static const char *const labels[] = {
		"otherName", "email", "DNS", "x400", "dirName", "ediParty", "URI", "IP", "registeredID"};
	char dotted[HF_OID_TEXT_MAX];
	struct hf_bytes v = name->value;

	hf_buf_printf(out, "%s:", labels[name->which]);
	if (name->which == HF_GN_DIRECTORY_NAME) {
		hf_name_text(v, HF_NAME_SMALL_FIRST, out);
	} else if (name->which == HF_GN_REGISTERED_ID) {
		hf_oid_text(v, dotted);
		hf_buf_put_str(out, dotted);
	} else if (name->which == HF_GN_IP_ADDRESS && v.len == 4) {
		hf_buf_printf(out, "%u.%u.%u.%u", v.p[0], v.p[1], v.p[2], v.p[3]);
	} else if (name->which == HF_GN_RFC822_NAME || name->which == HF_GN_DNS_NAME || name->which == HF_GN_URI) {
		if (hf_utf8_is_line(v))
			hf_buf_put_bytes(out, v);
		else
			put_hex(v, out);
	} else {
		put_hex(v, out);
	}
}
