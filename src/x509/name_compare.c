/* The comparison of RFC 5280 7.1. Two names walk in step, one folded character at a time; nothing is copied. */
#include "x509/name.h"

#define END         UINT32_MAX
#define BAD         (UINT32_MAX - 1)
#define RDN_MATCHED 32 /* attributes of one RDN that are matched regardless of order */

enum {
	TAG_UTF8 = 0x0C,
	TAG_NUMERIC = 0x12,
	TAG_PRINTABLE = 0x13,
	TAG_T61 = 0x14,
	TAG_IA5 = 0x16,
	TAG_VISIBLE = 0x1A,
	TAG_UNIVERSAL = 0x1C,
	TAG_BMP = 0x1E,
};

struct text {
	struct hf_bytes rest;
	uint8_t tag;
	bool started; /* a character that is no space has been given out */
};

static uint32_t take_utf8(struct hf_bytes *in)
{
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
	uint32_t c = in->p[0];
	size_t more = c < 0x80 ? 0 : c < 0xC0 ? 4 : c < 0xE0 ? 1 : c < 0xF0 ? 2 : c < 0xF8 ? 3 : 4;

	if (more == 4 || in->len <= more)
		return BAD;
	c &= more == 0 ? 0x7F : 0x3Fu >> more;
	for (size_t i = 1; i <= more; i++) {
		if ((in->p[i] & 0xC0) != 0x80)
			return BAD;
		c = c << 6 | (in->p[i] & 0x3F);
	}
	in->p += more + 1;
	in->len -= more + 1;
	return c < least[more] || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000) ? BAD : c;
}

static uint32_t take_wide(struct hf_bytes *in, size_t width)
{
	uint32_t c = 0;

	if (in->len < width)
		return BAD;
	for (size_t i = 0; i < width; i++)
		c = c << 8 | in->p[i];
	in->p += width;
	in->len -= width;
	return c > 0x10FFFF || (c >= 0xD800 && c < 0xE000) ? BAD : c;
}

static uint32_t take(struct text *text)
{
	if (text->rest.len == 0)
		return END;
	switch (text->tag) {
	case TAG_UTF8:
		return take_utf8(&text->rest);
	case TAG_BMP:
		return take_wide(&text->rest, 2);
	case TAG_UNIVERSAL:
		return take_wide(&text->rest, 4);
	default:
		/* T61String as Latin-1: what old software wrote into it. */
		return take_wide(&text->rest, 1);
	}
}

static bool is_space(uint32_t c)
{
	return c == 0x20 || (c >= 0x09 && c <= 0x0D) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
	       (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

/* Full-width forms are what a Chinese keyboard writes for ASCII (their NFKC form). */
static uint32_t narrow(uint32_t c)
{
	return c >= 0xFF01 && c <= 0xFF5E ? c - 0xFF01 + 0x21 : c;
}

/* Simple case folding of the scripts that have case and occur: Latin, Greek, Cyrillic (RFC 4518 2.2). */
static uint32_t fold(uint32_t c)
{
	c = narrow(c);
	if ((c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE && c != 0xD7))
		return c + 0x20;
	if (((c >= 0x100 && c <= 0x137) || (c >= 0x14A && c <= 0x177)) && c != 0x130 && c != 0x131)
		return c | 1;
	if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E))
		return c % 2 ? c + 1 : c;
	if ((c >= 0x391 && c <= 0x3A9 && c != 0x3A2) || (c >= 0x410 && c <= 0x42F))
		return c + 0x20;
	return c >= 0x400 && c <= 0x40F ? c + 0x50 : c;
}

/* The next folded character; spaces at either end are dropped, and several in a row are one. */
static uint32_t next_folded(struct text *text)
{
	struct hf_bytes before;
	bool space = false;
	uint32_t c;

	do {
		before = text->rest;
		c = take(text);
		space |= is_space(c);
	} while (is_space(c));
	if (space && text->started && c != END) {
		text->rest = before;
		text->started = false;
		return ' ';
	}
	text->started = true;
	return c == END || c == BAD ? c : fold(c);
}

static bool open_text(struct hf_bytes octets, struct text *text)
{
	struct hf_der_tlv tlv;

	if (!hf_der_next(&octets, &tlv, NULL))
		return false;
	*text = (struct text){.rest = tlv.content, .tag = tlv.tag};
	return tlv.tag == TAG_UTF8 || tlv.tag == TAG_NUMERIC || tlv.tag == TAG_PRINTABLE || tlv.tag == TAG_T61 ||
	       tlv.tag == TAG_IA5 || tlv.tag == TAG_VISIBLE || tlv.tag == TAG_UNIVERSAL || tlv.tag == TAG_BMP;
}

static bool match_value(struct hf_bytes a, struct hf_bytes b)
{
	struct text left, right;
	uint32_t x, y;

	if (hf_bytes_equal(a, b))
		return true;
	if (!open_text(a, &left) || !open_text(b, &right))
		return false;
	do {
		x = next_folded(&left);
		y = next_folded(&right);
	} while (x == y && x != END && x != BAD);
	return x == END && y == END;
}

static bool match_attribute(const struct hf_name_attribute *a, struct hf_der_list rdn, uint32_t *used)
{
	struct hf_name_attribute b;

	for (unsigned i = 0; hf_der_list_next(&rdn, &hf_AttributeTypeAndValue, &b); i++)
		if (!(*used & 1u << i) && hf_bytes_equal(a->type, b.type) && match_value(a->value, b.value)) {
			*used |= 1u << i;
			return true;
		}
	return false;
}

static bool match_rdn(struct hf_der_list a, struct hf_der_list b)
{
	struct hf_name_attribute attribute;
	uint32_t used = 0;

	if (hf_bytes_equal(a.content, b.content))
		return true;
	if (a.num != b.num || a.num > RDN_MATCHED)
		return false;
	while (hf_der_list_next(&a, &hf_AttributeTypeAndValue, &attribute))
		if (!match_attribute(&attribute, b, &used))
			return false;
	return true;
}

bool hf_name_within(struct hf_bytes name, struct hf_bytes base)
{
	struct hf_der_list names, bases, a, b;

	if (!hf_der_decode(&hf_RDNSequence, name, &names, NULL) || !hf_der_decode(&hf_RDNSequence, base, &bases, NULL))
		return false;
	if (bases.num > names.num)
		return false;
	while (hf_der_list_next(&bases, &hf_RelativeDistinguishedName, &b))
		if (!hf_der_list_next(&names, &hf_RelativeDistinguishedName, &a) || !match_rdn(a, b))
			return false;
	return true;
}

bool hf_name_match(struct hf_bytes a, struct hf_bytes b)
{
	return hf_bytes_equal(a, b) || (hf_name_within(a, b) && hf_name_within(b, a));
}
