#include "ra/identity.h"

#include "base/clock.h"
#include "base/str.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_letter(char c)
{
	return is_upper(c) || (c >= 'a' && c <= 'z');
}

static bool all_digits(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!is_digit(text[i]))
			return false;
	return true;
}

/* ---- GB 11643 -------------------------------------------------------------------------------------------------- */

static int number(const char *digits, size_t len)
{
	int v = 0;

	for (size_t i = 0; i < len; i++)
		v = v * 10 + (digits[i] - '0');
	return v;
}

static const char *birth_check(const char *digits, int64_t now)
{
	const struct hf_civil birth = {
		.year = number(digits, 4), .month = number(digits + 4, 2), .day = number(digits + 6, 2)};
	int64_t at;

	if (birth.year < 1850 || !hf_civil_to(&birth, &at))
		return "its birth date is no date (GB 11643 4.2)";
	/* a day's grace: UTC is behind the calendar of the east */
	return at > now + HF_DAY ? "its birth date is in the future" : NULL;
}

const char *hf_resident_check(const char *text, int64_t now)
{
	static const int weight[17] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
	const char *why;
	int sum = 0;

	if (strlen(text) != 18)
		return "a resident identity number has 18 characters (GB 11643)";
	if (!all_digits(text, 17) || text[0] == '0' || !(is_digit(text[17]) || text[17] == 'X'))
		return "a resident identity number is 17 digits and a digit or X (GB 11643)";
	why = birth_check(text + 6, now);
	if (why)
		return why;
	for (size_t i = 0; i < 17; i++)
		sum += weight[i] * (text[i] - '0');
	return text[17] == "10X98765432"[sum % 11] ? NULL : "its check digit is wrong (GB 11643, MOD 11-2)";
}

/* ---- GB 32100 -------------------------------------------------------------------------------------------------- */

const char *hf_uscc_check(const char *text)
{
	static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
	int sum = 0, weight = 1;

	if (strlen(text) != 18)
		return "a unified social credit code has 18 characters (GB 32100)";
	for (size_t i = 0; i < 18; i++) {
		const char *at = strchr(alphabet, text[i]);

		if (!at)
			return "a character is not of its alphabet: 0-9 and A-Z without I O S V Z (GB 32100)";
		if (i < 17)
			sum += weight * (int)(at - alphabet);
		weight = weight * 3 % 31;
	}
	return text[17] == alphabet[(31 - sum % 31) % 31] ? NULL : "its check character is wrong (GB 32100, MOD 31-3)";
}

const char *hf_passport_check(const char *text)
{
	const size_t len = strlen(text);
	bool digit = false;

	if (len < 5 || len > 20)
		return "a passport number has 5 to 20 characters";
	for (size_t i = 0; i < len; i++) {
		if (!is_digit(text[i]) && !is_upper(text[i]))
			return "a passport number is capital letters and digits";
		digit = digit || is_digit(text[i]);
	}
	return digit ? NULL : "a passport number has digits";
}

/* ---- names in the net ------------------------------------------------------------------------------------------ */

static const char *label_check(const char *label, size_t len)
{
	if (len == 0)
		return "an empty DNS label (RFC 1123 2.1)";
	if (len > 63)
		return "a DNS label longer than 63 characters (RFC 1035 2.3.4)";
	for (size_t i = 0; i < len; i++)
		if (!is_letter(label[i]) && !is_digit(label[i]) && label[i] != '-')
			return "a character that no host name has: letters, digits and hyphens only (RFC 1123 2.1)";
	if (label[0] == '-' || label[len - 1] == '-')
		return "a DNS label that begins or ends with a hyphen (RFC 1123 2.1)";
	return NULL;
}

static const char *labels_check(const char *text, size_t *num)
{
	const char *at = text;
	const char *why = NULL;
	size_t len = 0;

	for (*num = 0; !why; at += len + 1) {
		len = strcspn(at, ".");
		why = label_check(at, len);
		(*num)++;
		if (!at[len])
			break;
	}
	if (!why && all_digits(at, len))
		why = "its last label is a number: this is no host name";
	return why;
}

/* Not the whole public suffix list: the ones of two labels under cn, and the usual second levels elsewhere. */
static bool is_public_suffix(const char *text)
{
	static const char *const second[] = {
		"ac", "co", "com", "edu", "gov", "mil", "net", "or", "org", "ne", "go", "info", "nom", NULL};
	static const char *const regions[] = {"ah", "bj", "cq", "fj", "gd", "gs", "gx", "gz", "ha", "hb", "he", "hi",
		"hk", "hl", "hn", "jl", "js", "jx", "ln", "mo", "nm", "nx", "qh", "sc", "sd", "sh", "sn", "sx", "tj",
		"tw", "xj", "xz", "yn", "zj", NULL};
	const char *dot = strchr(text, '.');
	char label[16];

	if (!dot)
		return true;
	if (strchr(dot + 1, '.') || strlen(dot + 1) != 2 ||
		!hf_fmt(label, sizeof(label), "%.*s", (int)(dot - text), text))
		return false;
	for (char *p = label; *p; p++)
		*p = (char)(is_upper(*p) ? *p + 32 : *p);
	return hf_str_in(label, second) || (!strcasecmp(dot + 1, "cn") && hf_str_in(label, regions));
}

const char *hf_dns_check(const char *text)
{
	const bool wildcard = !strncmp(text, "*.", 2);
	const char *rest = wildcard ? text + 2 : text;
	const char *why;
	size_t num;

	if (strlen(text) > 253)
		return "a host name longer than 253 characters (RFC 1035 2.3.4)";
	why = labels_check(rest, &num);
	if (why)
		return why;
	if (wildcard && (num < 2 || is_public_suffix(rest)))
		return "a wildcard over a public suffix";
	return num < 2 ? "a host name of one label is not unique" : NULL;
}

const char *hf_email_check(const char *text)
{
	static const char marks[] = "!#$%&'*+-/=?^_`{|}~.";
	const char *sign = strchr(text, '@');
	const char *why;
	size_t len, num;

	for (const char *p = text; *p; p++)
		if ((unsigned char)*p <= 0x20 || (unsigned char)*p >= 0x7F)
			return "a character outside IA5String (RFC 5280 4.2.1.6)";
	if (!sign || strchr(sign + 1, '@'))
		return "it needs exactly one @ (RFC 5321 4.1.2)";
	len = (size_t)(sign - text);
	if (len < 1 || len > 64 || strlen(text) > 255)
		return "its local part has 1 to 64 characters, the whole at most 255 (RFC 5321 4.5.3.1)";
	for (size_t i = 0; i < len; i++)
		if (!is_letter(text[i]) && !is_digit(text[i]) && !strchr(marks, text[i]))
			return "a character that a mailbox cannot have unquoted (RFC 5321 4.1.2)";
	if (text[0] == '.' || text[len - 1] == '.' || strstr(text, ".."))
		return "an empty part between dots (RFC 5321 4.1.2)";
	why = labels_check(sign + 1, &num);
	return why ? why : num < 2 ? "its domain has one label only" : NULL;
}

const char *hf_phone_check(const char *text)
{
	const char *p = *text == '+' ? text + 1 : text;
	size_t num = 0;
	bool digit = false;

	for (; *p; p++) {
		if (!is_digit(*p) && !((*p == '-' || *p == ' ') && digit))
			return "a phone number is digits, a + in front, single hyphens or blanks between";
		digit = is_digit(*p);
		num += digit ? 1 : 0;
	}
	if (num < 7 || num > 20)
		return "a phone number has 7 to 20 digits";
	return digit ? NULL : "it ends with a hyphen or blank";
}
