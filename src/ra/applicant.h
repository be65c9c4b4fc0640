/*
 * An applicant's data: the fields and their rules, one table. Field names are those of the CSV's header and of JSON.
 *
 *     field                person     organization  device     rule
 *     template             required   required      required   person, organization, device
 *     common_name          required   required      required   1..64 characters (ub-common-name); device: a host name
 *     id_type              required   required      required   person: resident, passport; others: uscc
 *     id_number            required   required      required   by id_type; uscc: equal to the field uscc
 *     organization         optional   required      required   64 (ub-organization-name)
 *     organizational_unit  optional   optional      optional   64 (ub-organizational-unit-name)
 *     state                optional   required      required   128 (ub-state-name)
 *     locality             optional   optional      optional   128 (ub-locality-name)
 *     uscc                 optional   required      required   GB 32100
 *     email                required   required      required   255 (ub-emailaddress-length), IA5
 *     phone                required   required      required   20 digits
 *     validity_days        required   required      required   1..max (1825: five years)
 *     key_algorithm        required   required      required   SM2
 *
 * Every text is UTF-8 without NUL, line breaks, other control and direction-changing characters, and has no blank at
 * its ends. Mark-up, formulas and SQL are plain data here and must stay plain wherever they are shown.
 */
#ifndef HUFU_RA_APPLICANT_H
#define HUFU_RA_APPLICANT_H

#include "base/bytes.h"
#include "base/err.h"

enum hf_applicant_field {
	HF_APPLICANT_TEMPLATE,
	HF_APPLICANT_COMMON_NAME,
	HF_APPLICANT_ID_TYPE,
	HF_APPLICANT_ID_NUMBER,
	HF_APPLICANT_ORGANIZATION,
	HF_APPLICANT_ORGANIZATIONAL_UNIT,
	HF_APPLICANT_STATE,
	HF_APPLICANT_LOCALITY,
	HF_APPLICANT_USCC,
	HF_APPLICANT_EMAIL,
	HF_APPLICANT_PHONE,
	HF_APPLICANT_VALIDITY_DAYS,
	HF_APPLICANT_KEY_ALGORITHM,
	HF_APPLICANT_NUM_FIELDS
};

/* Texts in UTF-8, "" when absent. */
struct hf_applicant {
	char template[16];
	char common_name[64 * 4 + 1];
	char id_type[16];
	char id_number[32];
	char organization[64 * 4 + 1];
	char organizational_unit[64 * 4 + 1];
	char state[128 * 4 + 1];
	char locality[128 * 4 + 1];
	char uscc[24];
	char email[256];
	char phone[32];
	char validity_days[16]; /* decimal */
	char key_algorithm[16];
	int64_t days; /* validity_days as a number, set by hf_applicant_check */
};

/* What is wrong with whom. field is "(row)" when it is none in particular. */
#define HF_PROBLEM_FIELD_MAX  32
#define HF_PROBLEM_REASON_MAX 192
struct hf_problem {
	char field[HF_PROBLEM_FIELD_MAX];
	char reason[HF_PROBLEM_REASON_MAX];
};

const char *hf_applicant_field_name(enum hf_applicant_field field);
/* The field of that name, or -1. */
int hf_applicant_field_named(struct hf_bytes name);

/* Every template requires it. */
bool hf_applicant_field_required(enum hf_applicant_field field);

/* The field's text, borrowed. */
const char *hf_applicant_get(const struct hf_applicant *a, enum hf_applicant_field field);
/* Takes a field's text by the rules for every text and its length. False: problem says why. */
HF_MUST_USE bool hf_applicant_set(
	struct hf_applicant *a, enum hf_applicant_field field, struct hf_bytes text, struct hf_problem *problem);
/* All that the table asks, in its order; the first that is broken goes into problem. max_days: of the template. */
HF_MUST_USE bool hf_applicant_check(struct hf_applicant *a, int64_t max_days, int64_t now, struct hf_problem *problem);

/* Who it is: SM3 over template, id_type, id_number and common_name. Equal for the same applicant, in hex. */
#define HF_APPLICANT_KEY_MAX 65
void hf_applicant_key(const struct hf_applicant *a, char out[HF_APPLICANT_KEY_MAX]);

/* The subject Name that the certificate will have (x509/name.h): C=CN, S, L, O, OU, CN. Appended to out. */
struct hf_buf;
HF_MUST_USE bool hf_applicant_subject(const struct hf_applicant *a, struct hf_buf *out, struct hf_err *err);

#endif
