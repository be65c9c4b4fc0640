#include "test.h"

#include "base/clock.h"
#include "base/hex.h"
#include "base/str.h"
#include "der/der.h"
#include "der/oid.h"

/* One type with a bit of everything, so that each rule has a place where it can be broken. */
struct sample {
	struct hf_bytes number;
	bool flag;
	bool has_level;
	int64_t level;
	struct hf_bytes text;
	bool has_when;
	int64_t when;
	struct hf_der_list set;
};
static const struct hf_der_type int_set = HF_DER_OF_TYPE("IntSet", HF_DER_SET_OF, &hf_der_Integer, 1);
static const struct hf_der_field sample_fields[] = {
	HF_DER_FIELD(struct sample, number, &hf_der_Integer),
	HF_DER_FIELD(struct sample, flag, &hf_der_Boolean, .flags = HF_DER_DEFAULT),
	HF_DER_FIELD(struct sample, level, &hf_der_Enumerated, .flags = HF_DER_OPTIONAL,
		.has = HF_DER_HAS(struct sample, has_level)),
	HF_DER_FIELD(struct sample, text, &hf_der_Utf8String, .tag = HF_DER_CTX(0),
		.flags = HF_DER_OPTIONAL | HF_DER_EXPLICIT),
	HF_DER_FIELD(struct sample, when, &hf_der_Time, .tag = HF_DER_CTX(1),
		.flags = HF_DER_OPTIONAL | HF_DER_EXPLICIT, .has = HF_DER_HAS(struct sample, has_when)),
	HF_DER_FIELD(struct sample, set, &int_set, .tag = HF_DER_CTX(2), .flags = HF_DER_OPTIONAL),
};
static const struct hf_der_type sample = HF_DER_SEQUENCE_TYPE("Sample", struct sample, sample_fields);

struct pick {
	int which;
	struct hf_bytes value;
};
static const struct hf_der_field pick_fields[] = {
	{.name = "octets", .type = &hf_der_OctetString, .offset = offsetof(struct pick, value)},
	{.name = "tagged", .type = &hf_der_Ia5String, .offset = offsetof(struct pick, value), .tag = HF_DER_CTX(3)},
};
static const struct hf_der_type pick = HF_DER_CHOICE_TYPE("Pick", struct pick, pick_fields);

static const struct hf_der_type nest = HF_DER_OF_TYPE("Nest", HF_DER_SEQUENCE_OF, &nest, 0);
static const struct hf_der_type checked = {
	.name = "Checked", .kind = HF_DER_ANY, .size = sizeof(struct hf_bytes), .element = &int_set};

union any_value {
	struct sample sample;
	struct pick pick;
	struct hf_der_bits bits;
	struct hf_der_list list;
	struct hf_bytes bytes;
	int64_t number;
	bool flag;
};

static struct hf_bytes unhex(const char *hex, uint8_t *out, size_t size)
{
	size_t len = strlen(hex) / 2;

	assert_true(len <= size && hf_unhex(hex, out, len));
	return (struct hf_bytes){out, len};
}

static void what_breaks_a_rule_is_refused(void **state)
{
	static const struct {
		const struct hf_der_type *type;
		const char *hex;
		const char *says;
	} cases[] = {
		/* lengths and tags, X.690 8.1, 10.1 */
		{&hf_der_Integer, "", "cut after 0"},
		{&hf_der_Integer, "02", "cut after 1"},
		{&hf_der_Integer, "02810105", "not minimal"},
		{&hf_der_OctetString, "0482007f", "not minimal"},
		{&hf_der_OctetString, "04820001aa", "not minimal"},
		{&hf_der_OctetString, "0485000000000100", "indefinite or too long"},
		{&sample, "30800201050000", "indefinite"},
		{&hf_der_OctetString, "0482ff", "cut inside"},
		{&hf_der_OctetString, "0403aabb", "2 octets are left"},
		{&hf_der_OctetString, "0484ffffffff", "are left"},
		{&hf_der_OctetString, "1f810100", "above 30"},
		{&hf_der_OctetString, "24030401aa", "expected tag 04, got 24"},
		{&hf_der_OctetString, "0401aa00", "left over"},
		{&hf_der_OctetString, "0201aa", "expected tag 04"},
		/* values */
		{&hf_der_Boolean, "010101", "neither 00 nor FF"},
		{&hf_der_Boolean, "0100", "neither 00 nor FF"},
		{&hf_der_Boolean, "0102ffff", "neither 00 nor FF"},
		{&hf_der_Integer, "0200", "empty"},
		{&hf_der_Integer, "02020001", "not minimal"},
		{&hf_der_Integer, "0202ff80", "not minimal"},
		{&hf_der_Small, "0209010000000000000000", "64 bits"},
		{&hf_der_BitString, "0300", "unused bits"},
		{&hf_der_BitString, "030101", "unused bits"},
		{&hf_der_BitString, "03020800", "unused bits"},
		{&hf_der_BitString, "03020101", "not zero"},
		{&hf_der_Null, "050100", "not empty"},
		{&hf_der_Oid, "0600", "empty"},
		{&hf_der_Oid, "06022a81", "cut"},
		{&hf_der_Oid, "06032a8001", "leading 80"},
		{&hf_der_Utf8String, "0c02c080", "not UTF-8"},
		{&hf_der_Utf8String, "0c03eda080", "not UTF-8"},
		{&hf_der_PrintableString, "13012a", "alphabet"},
		{&hf_der_PrintableString, "130100", "alphabet"},
		{&hf_der_Ia5String, "160180", "above 7F"},
		/* times, RFC 5280 4.1.2.5 */
		{&hf_der_UtcTime, "170b323631313232313033315a", "YYMMDDHHMMSSZ"},
		{&hf_der_UtcTime, "17113236313132323130333130392b30383030", "YYMMDDHHMMSSZ"},
		{&hf_der_UtcTime, "170d3236303233303130333130395a", "no such date"},
		{&hf_der_UtcTime, "170d3236313132323234303030305a", "no such date"},
		{&hf_der_UtcTime, "170d323631313232313033312f395a", "not a digit"},
		{&hf_der_GeneralizedTime, "181132303236313132323130333130392e355a", "YYYYMMDDHHMMSSZ"},
		{&hf_der_Time, "0401aa", "expected tag 00, got 04"},
		/* SEQUENCE, OF, CHOICE */
		{&sample, "3000", "number: missing"},
		{&sample, "3003010100", "number: expected tag 02"},
		{&sample, "3006020105010100", "default value is written"},
		{&sample, "30080201050a01010500", "left over"},
		{&sample, "3009020105020106020107", "left over in Sample"},
		{&sample, "3006020105020106", "left over in Sample"},
		{&sample, "30080201050a01010101", "length"},
		{&sample, "30090201050a01010101ff", "left over in Sample"},
		{&sample, "300a020105a0050c01780500", "left over in the explicit tag"},
		{&sample, "3008020105a003130178", "tag 13 is no UTF8String"},
		{&sample, "3008020105a103040178", "tag 04 is no Time"},
		{&sample, "3006020105800178", "left over in Sample"},
		{&sample, "3005020105a200", "at least 1"},
		{&sample, "300b020105a206020102020101", "not in order"},
		{&sample, "300b020105a206020101040102", "is no INTEGER"},
		{&int_set, "3100", "at least 1"},
		{&pick, "0201aa", "expected tag"},
		{&pick, "a30316017a", "expected tag"},
		{&pick, "830180", "above 7F"},
		{&checked, "3003020101", "got 30"},
		{&checked, "3106020102020101", "not in order"},
	};
	union any_value value;
	uint8_t octets[64];
	struct hf_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		err = (struct hf_err){0};
		if (hf_der_decode(cases[i].type, unhex(cases[i].hex, octets, sizeof(octets)), &value, &err))
			fail_msg("accepted %s", cases[i].hex);
		if (!strstr(err.text, cases[i].says))
			fail_msg("%s: \"%s\" does not say \"%s\"", cases[i].hex, err.text, cases[i].says);
	}
}

static void what_decodes_encodes_back(void **state)
{
	static const struct {
		const struct hf_der_type *type;
		const char *hex;
	} cases[] = {
		{&hf_der_Integer, "020100"},
		{&hf_der_Integer, "020200ff"},
		{&hf_der_Integer, "0201ff"},
		{&hf_der_Small, "020100"},
		{&hf_der_Small, "02020080"},
		{&hf_der_Small, "020180"},
		{&hf_der_Small, "0202ff7f"},
		{&hf_der_Small, "02087fffffffffffffff"},
		{&hf_der_Small, "02088000000000000000"},
		{&hf_der_Boolean, "0101ff"},
		{&hf_der_Boolean, "010100"},
		{&hf_der_BitString, "030100"},
		{&hf_der_BitString, "03020780"},
		{&hf_der_OctetString, "0400"},
		{&hf_der_Null, "0500"},
		{&hf_der_Oid, "06082a811ccf5501822d"},
		{&hf_der_Time, "170d3439313233313233353935395a"},
		{&hf_der_Time, "180f32303530303130313030303030305a"},
		{&hf_der_UtcTime, "170d3530303130313030303030305a"},
		{&hf_der_Any, "3003020105"},
		{&sample, "3003020105"},
		{&sample, "30260201050101ff0a0101a0050c03e5bca0a10f170d3236313132323130333130395aa203020105"},
		{&pick, "0401aa"},
		{&pick, "83017a"},
		{&nest, "300430003000"},
		{&checked, "3103020101"},
	};
	union any_value value;
	uint8_t octets[64];
	struct hf_buf buf;
	struct hf_err err;

	(void)state;
	hf_buf_init(&buf, 64);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hf_bytes in = unhex(cases[i].hex, octets, sizeof(octets));
		hf_buf_reset(&buf);
		assert_ok(hf_der_decode(cases[i].type, in, &value, &err));
		assert_ok(hf_der_encode(cases[i].type, &value, &buf, &err));
		if (!hf_bytes_equal(hf_buf_bytes(&buf), in))
			fail_msg("%s does not come back", cases[i].hex);
	}
	hf_buf_clear(&buf);
}

static void lengths_take_as_many_octets_as_they_need(void **state)
{
	static const struct {
		size_t len;
		const char *head;
	} cases[] = {{0, "0400"}, {127, "047f"}, {128, "048180"}, {255, "0481ff"}, {256, "04820100"},
		{65535, "0482ffff"}, {65536, "0483010000"}};
	static uint8_t big[65536];
	struct hf_buf buf;
	struct hf_err err;

	(void)state;
	hf_buf_init(&buf, sizeof(big) + 16);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hf_bytes in = {big, cases[i].len}, out;
		uint8_t head[8];
		hf_buf_reset(&buf);
		assert_ok(hf_der_encode(&hf_der_OctetString, &in, &buf, &err));
		assert_true(hf_bytes_start_with(hf_buf_bytes(&buf), unhex(cases[i].head, head, sizeof(head))));
		assert_ok(hf_der_decode(&hf_der_OctetString, hf_buf_bytes(&buf), &out, &err));
		assert_int_equal(out.len, in.len);
	}
	hf_buf_clear(&buf);
}

static void nesting_has_a_bottom(void **state)
{
	uint8_t octets[2 * 40];
	struct hf_der_list list;
	struct hf_err err;

	(void)state;
	for (unsigned depth = 1; depth <= 40; depth++) {
		for (unsigned i = 0; i < depth; i++) {
			octets[2 * i] = 0x30;
			octets[2 * i + 1] = (uint8_t)(2 * (depth - 1 - i));
		}
		struct hf_bytes in = {octets, 2 * depth};
		if (depth <= HF_DER_DEPTH_MAX)
			assert_ok(hf_der_decode(&nest, in, &list, &err));
		else
			assert_refused(hf_der_decode(&nest, in, &list, &err), HF_E_LIMIT, "nested deeper");
	}
}

static void members_are_set_whether_they_are_there_or_not(void **state)
{
	uint8_t octets[64];
	struct sample value;
	struct hf_err err;

	(void)state;
	memset(&value, 0xAA, sizeof(value));
	assert_ok(hf_der_decode(&sample, unhex("3003020105", octets, sizeof(octets)), &value, &err));
	assert_false(value.flag || value.has_level || value.has_when);
	assert_null(value.text.p);
	assert_null(value.set.content.p);
	assert_ok(hf_der_decode(
		&sample, unhex("3013020105a00e0c0c616161616161616161616161", octets, sizeof(octets)), &value, &err));
	assert_int_equal(value.text.len, 12);
}

static void the_encoder_refuses_what_a_type_cannot_hold(void **state)
{
	static const uint8_t two[] = {0x05, 0x00, 0x05, 0x00};
	static const uint8_t one_bit[] = {0x01};
	struct hf_der_bits bits = {.bytes = HF_BYTES_OF(one_bit), .unused = 1};
	struct hf_bytes any = HF_BYTES_OF(two), star = HF_BYTES_LIT("*"), bad_set = HF_BYTES_LIT("\x31\x00");
	int64_t with_micros = 1, year_2050 = 2524608000 * HF_SECOND;
	struct hf_buf buf;
	struct hf_err err;

	(void)state;
	hf_buf_init(&buf, 64);
	assert_refused(hf_der_encode(&hf_der_Time, &with_micros, &buf, &err), HF_E_INPUT, "whole second");
	assert_refused(hf_der_encode(&hf_der_UtcTime, &year_2050, &buf, &err), HF_E_INPUT, "year");
	assert_refused(hf_der_encode(&hf_der_BitString, &bits, &buf, &err), HF_E_INPUT, "not zero");
	assert_refused(hf_der_encode(&hf_der_Any, &any, &buf, &err), HF_E_INPUT, "more than one");
	assert_refused(hf_der_encode(&hf_der_PrintableString, &star, &buf, &err), HF_E_INPUT, "alphabet");
	assert_refused(hf_der_encode(&checked, &bad_set, &buf, &err), HF_E_INPUT, "at least 1");
	assert_int_equal(buf.len, 0);
	hf_buf_clear(&buf);
	hf_buf_init(&buf, 2);
	assert_refused(hf_der_encode(&hf_der_Ia5String, &star, &buf, &err), HF_E_LIMIT, "larger than 2");
	hf_buf_clear(&buf);
}

static void sets_are_sorted_as_x690_asks(void **state)
{
	static const int64_t numbers[] = {300, 5, 200, 1};
	struct hf_der_list list;
	struct hf_buf content;
	struct hf_err err;
	char hex[64];

	(void)state;
	hf_buf_init(&content, 64);
	for (size_t i = 0; i < 4; i++)
		assert_ok(hf_der_list_add(&content, &hf_der_Small, &numbers[i], &err));
	hf_der_set_sort(&content);
	hf_hex(hf_buf_bytes(&content), hex);
	assert_string_equal(hex, "02010102010502020"
				 "0c80202012c");
	list = hf_der_list_of(&content);
	assert_int_equal(list.num, 4);
	hf_buf_clear(&content);
}

static void numbers_of_a_fixed_length(void **state)
{
	static const uint8_t high[] = {0x00, 0x80, 0x01}, small[] = {0x00, 0x00, 0x07}, zero[] = {0, 0};
	uint8_t scratch[8], out[3];
	struct hf_bytes n;

	(void)state;
	n = hf_der_positive(high, 3, scratch);
	assert_true(hf_bytes_equal(n, (struct hf_bytes){high, 3}));
	assert_true(hf_der_unsigned(n, out, 3) && memcmp(out, high, 3) == 0);
	assert_true(hf_der_unsigned(n, out, 2) && out[0] == 0x80);
	assert_false(hf_der_unsigned(n, out, 1));
	n = hf_der_positive(small, 3, scratch);
	assert_int_equal(n.len, 1);
	assert_true(hf_der_unsigned(n, out, 3) && memcmp(out, small, 3) == 0);
	n = hf_der_positive(zero, 2, scratch);
	assert_true(n.len == 1 && n.p[0] == 0);
	assert_false(hf_der_unsigned((struct hf_bytes){high + 1, 1}, out, 3));
}

static void object_identifiers_and_their_text(void **state)
{
	static const char *const bad[] = {"", "1", "3.1", "1.40", "1..2", "1.2.", "01.2", "1.02", "1.2.x", "1.2 ",
		"1.2.99999999999999999999", NULL};
	char text[HF_OID_TEXT_MAX];
	struct hf_buf buf;
	struct hf_err err;

	(void)state;
	hf_buf_init(&buf, 64);
	for (size_t i = 0; bad[i]; i++) {
		hf_buf_reset(&buf);
		assert_false(hf_oid_parse(bad[i], &buf, &err));
	}
	for (unsigned i = 1; i < HF_NUM_OIDS; i++) {
		struct hf_bytes oid = hf_oid_bytes((enum hf_oid)i);
		hf_oid_text(oid, text);
		hf_buf_reset(&buf);
		assert_ok(hf_oid_parse(text, &buf, &err));
		assert_true(hf_bytes_equal(hf_buf_bytes(&buf), oid));
		assert_int_equal(hf_oid_of(oid), i); /* none is there twice */
		assert_non_null(hf_oid_name(oid));
	}
	hf_oid_text(hf_oid_bytes(HF_OID_SM2_SM3), text);
	assert_string_equal(text, "1.2.156.10197.1.501");
	assert_int_equal(hf_oid_of(HF_BYTES_LIT("\x2a\x03")), HF_OID_UNKNOWN);
	hf_buf_clear(&buf);
}

static void the_printer_shows_no_control_characters(void **state)
{
	uint8_t octets[64];
	struct sample value;
	struct hf_buf buf;
	struct hf_err err;

	(void)state;
	hf_buf_init(&buf, 4096);
	assert_ok(hf_der_decode(&sample, unhex("300b020105a0060c04611b5b32", octets, sizeof(octets)), &value, &err));
	hf_der_print(&sample, &value, &buf, 0);
	assert_null(memchr(buf.p, 0x1B, buf.len));
	assert_string_equal(hf_buf_cstr(&buf), "Sample\n    number: 05 (1)\n    text: 611b5b32 (4)\n");
	hf_buf_clear(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_breaks_a_rule_is_refused),
		cmocka_unit_test(what_decodes_encodes_back),
		cmocka_unit_test(lengths_take_as_many_octets_as_they_need),
		cmocka_unit_test(nesting_has_a_bottom),
		cmocka_unit_test(members_are_set_whether_they_are_there_or_not),
		cmocka_unit_test(the_encoder_refuses_what_a_type_cannot_hold),
		cmocka_unit_test(sets_are_sorted_as_x690_asks),
		cmocka_unit_test(numbers_of_a_fixed_length),
		cmocka_unit_test(object_identifiers_and_their_text),
		cmocka_unit_test(the_printer_shows_no_control_characters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
