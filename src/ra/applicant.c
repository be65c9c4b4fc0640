#include "ra/applicant.h"

#include "base/buf.h"
#include "base/hex.h"
#include "base/str.h"
#include "crypto/sm3.h"
#include "ra/identity.h"
#include "x509/name.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { PERSON = 1, ORGANIZATION = 2, DEVICE = 4, UNITS = ORGANIZATION | DEVICE, ALL = PERSON | UNITS };

struct look {
	const struct hf_applicant *a;
	unsigned template;
	int64_t max_days, now;
};

struct field_row {
	const char *name;
	size_t offset, size;
	size_t max_chars;
	unsigned required; /* for which templates */
	/* NULL when the text (not empty) is right. */
	const char *(*check)(const struct look *look, const char *text);
};

static unsigned template_of(const char *text)
{
	return !strcmp(text, "person")         ? PERSON
	       : !strcmp(text, "organization") ? ORGANIZATION
	       : !strcmp(text, "device")       ? DEVICE
					       : 0;
}

static const char *check_template(const struct look *look, const char *text)
{
	(void)text;
	return look->template ? NULL : "no such template: person, organization or device";
}

static const char *check_common_name(const struct look *look, const char *text)
{
	return look->template == DEVICE ? hf_dns_check(text) : NULL;
}

static const char *check_id_type(const struct look *look, const char *text)
{
	const bool person = !strcmp(text, "resident") || !strcmp(text, "passport");
	const bool unit = !strcmp(text, "uscc");

	if (!person && !unit)
		return "no such kind of identity: resident, passport or uscc";
	if (look->template == PERSON)
		return person ? NULL : "a person is known by resident or passport";
	return unit ? NULL : "an organisation or its device is known by uscc";
}

static const char *check_id_number(const struct look *look, const char *text)
{
	if (!strcmp(look->a->id_type, "resident"))
		return hf_resident_check(text, look->now);
	if (!strcmp(look->a->id_type, "passport"))
		return hf_passport_check(text);
	return hf_uscc_check(text);
}

static const char *check_uscc(const struct look *look, const char *text)
{
	const char *why = hf_uscc_check(text);

	if (!why && !strcmp(look->a->id_type, "uscc") && strcmp(look->a->id_number, text) != 0)
		why = "it differs from id_number, which is a uscc too";
	return why;
}

static const char *check_email(const struct look *look, const char *text)
{
	(void)look;
	return hf_email_check(text);
}

static const char *check_phone(const struct look *look, const char *text)
{
	(void)look;
	return hf_phone_check(text);
}

static const char *check_days(const struct look *look, const char *text)
{
	int64_t days;

	if (!hf_parse_i64(text, INT64_MIN, INT64_MAX, &days))
		return "not a whole number of days";
	if (days < 1)
		return "not a positive number of days";
	return days > look->max_days ? "longer than the template and the issuing CA allow" : NULL;
}

static const char *check_algorithm(const struct look *look, const char *text)
{
	(void)look;
	return strcmp(text, "SM2") != 0 ? "algorithm not allowed: SM2 only" : NULL;
}

#define FIELD(member) #member, offsetof(struct hf_applicant, member), sizeof(((struct hf_applicant *)0)->member)

/* clang-format off */
static const struct field_row rows[HF_APPLICANT_NUM_FIELDS] = {
	[HF_APPLICANT_TEMPLATE] =            {FIELD(template),            15,  ALL,   check_template},
	[HF_APPLICANT_COMMON_NAME] =         {FIELD(common_name),         64,  ALL,   check_common_name},
	[HF_APPLICANT_ID_TYPE] =             {FIELD(id_type),             15,  ALL,   check_id_type},
	[HF_APPLICANT_ID_NUMBER] =           {FIELD(id_number),           31,  ALL,   check_id_number},
	[HF_APPLICANT_ORGANIZATION] =        {FIELD(organization),        64,  UNITS, NULL},
	[HF_APPLICANT_ORGANIZATIONAL_UNIT] = {FIELD(organizational_unit), 64,  0,     NULL},
	[HF_APPLICANT_STATE] =               {FIELD(state),               128, UNITS, NULL},
	[HF_APPLICANT_LOCALITY] =            {FIELD(locality),            128, 0,     NULL},
	[HF_APPLICANT_USCC] =                {FIELD(uscc),                23,  UNITS, check_uscc},
	[HF_APPLICANT_EMAIL] =               {FIELD(email),               255, ALL,   check_email},
	[HF_APPLICANT_PHONE] =               {FIELD(phone),               31,  ALL,   check_phone},
	[HF_APPLICANT_VALIDITY_DAYS] =       {FIELD(validity_days),       0,   ALL,   check_days},
	[HF_APPLICANT_KEY_ALGORITHM] =       {FIELD(key_algorithm),       15,  ALL,   check_algorithm},
};
/* clang-format on */

const char *hf_applicant_field_name(enum hf_applicant_field field)
{
	return rows[field].name;
}

int hf_applicant_field_named(struct hf_bytes name)
{
	for (int i = 0; i < HF_APPLICANT_NUM_FIELDS; i++)
		if (hf_bytes_equal(name, hf_bytes_str(rows[i].name)))
			return i;
	return -1;
}

bool hf_applicant_field_required(enum hf_applicant_field field)
{
	return rows[field].required == ALL;
}

const char *hf_applicant_get(const struct hf_applicant *a, enum hf_applicant_field field)
{
	return (const char *)a + rows[field].offset;
}

static bool problem_is(struct hf_problem *problem, const struct field_row *row, const char *fmt, ...) HF_PRINTF(3, 4);
static bool problem_is(struct hf_problem *problem, const struct field_row *row, const char *fmt, ...)
{
	va_list args;

	hf_fmt_cut(problem->field, sizeof(problem->field), "%s", row->name);
	va_start(args, fmt);
	(void)vsnprintf(problem->reason, sizeof(problem->reason), fmt, args);
	va_end(args);
	return false;
}

/* ---- one text -------------------------------------------------------------------------------------------------- */

static bool has_outer_blank(struct hf_bytes text)
{
	static const char wide[] = "\xE3\x80\x80"; /* U+3000, which Chinese keyboards make */

	if (text.len == 0)
		return false;
	if (text.p[0] == ' ' || text.p[text.len - 1] == ' ')
		return true;
	return text.len >= 3 && (!memcmp(text.p, wide, 3) || !memcmp(text.p + text.len - 3, wide, 3));
}

bool hf_applicant_set(
	struct hf_applicant *a, enum hf_applicant_field field, struct hf_bytes text, struct hf_problem *problem)
{
	const struct field_row *row = &rows[field];
	char *place = (char *)a + row->offset;

	place[0] = '\0';
	if (text.len == 0)
		return true;
	if (!hf_utf8_valid(text))
		return problem_is(problem, row, "not well-formed text");
	if (memchr(text.p, '\0', text.len))
		return problem_is(problem, row, "a NUL inside");
	if (memchr(text.p, '\n', text.len) || memchr(text.p, '\r', text.len))
		return problem_is(problem, row, "a line break inside");
	if (!hf_utf8_is_line(text))
		return problem_is(problem, row, "a control or direction-changing character inside");
	if (has_outer_blank(text))
		return problem_is(problem, row, "a blank at its beginning or end");
	if (row->max_chars > 0 && hf_utf8_len(text) > row->max_chars)
		return problem_is(problem, row, "%zu characters: longer than %zu (RFC 5280, upper bounds)",
			hf_utf8_len(text), row->max_chars);
	if (row->max_chars > 0 && text.len >= row->size)
		return problem_is(problem, row, "characters that this field cannot have");
	/* a number that is too long for its room is too large by far: said by its own check */
	hf_fmt_cut(
		place, row->size, "%.*s", (int)(text.len < row->size ? text.len : row->size - 1), (const char *)text.p);
	return true;
}

/* ---- all of them ----------------------------------------------------------------------------------------------- */

static bool check_field(const struct look *look, const struct field_row *row, struct hf_problem *problem)
{
	const char *text = (const char *)look->a + row->offset;
	const char *why;

	if (!*text)
		return !(row->required & (look->template ? look->template : ALL)) ||
		       problem_is(problem, row, "missing");
	why = row->check ? row->check(look, text) : NULL;
	return !why || problem_is(problem, row, "%s", why);
}

/* What is accepted here must not fail at the claim. */
static bool name_can_be_built(const struct hf_applicant *a, struct hf_problem *problem)
{
	struct hf_err err = {0};
	struct hf_buf name;
	bool ok;

	hf_buf_init(&name, HF_NAME_MAX);
	ok = hf_applicant_subject(a, &name, &err);
	hf_buf_clear(&name);
	if (!ok) {
		hf_fmt_cut(problem->field, sizeof(problem->field), "(row)");
		hf_fmt_cut(problem->reason, sizeof(problem->reason), "%s", err.text);
	}
	return ok;
}

bool hf_applicant_check(struct hf_applicant *a, int64_t max_days, int64_t now, struct hf_problem *problem)
{
	const struct look look = {a, template_of(a->template), max_days, now};

	for (size_t i = 0; i < HF_APPLICANT_NUM_FIELDS; i++)
		if (!check_field(&look, &rows[i], problem))
			return false;
	return hf_parse_i64(a->validity_days, 1, max_days, &a->days) && name_can_be_built(a, problem);
}

void hf_applicant_key(const struct hf_applicant *a, char out[HF_APPLICANT_KEY_MAX])
{
	const char *const parts[] = {a->template, a->id_type, a->id_number, a->common_name};
	uint8_t hash[HF_SM3_LEN];
	struct hf_sm3 ctx;

	hf_sm3_init(&ctx);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		hf_sm3_update(&ctx, parts[i], strlen(parts[i]) + 1);
	hf_sm3_final(&ctx, hash);
	hf_hex(HF_BYTES_OF(hash), out);
}

bool hf_applicant_subject(const struct hf_applicant *a, struct hf_buf *out, struct hf_err *err)
{
	const struct hf_name_parts parts = {.C = "CN",
		.ST = a->state,
		.L = a->locality,
		.O = a->organization,
		.OU = {a->organizational_unit},
		.CN = a->common_name};

	return hf_name_build(&parts, out, err);
}
