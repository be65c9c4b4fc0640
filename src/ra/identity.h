/*
 * The numbers by which people and organisations are known, and how each can be told from a typing mistake. Every check
 * gives NULL when the text is right, and otherwise the reason, in words for the operator.
 */
#ifndef HUFU_RA_IDENTITY_H
#define HUFU_RA_IDENTITY_H

#include <stdint.h>

/*
 * GB 11643: 17 digits and a check character (ISO 7064 MOD 11-2): address 6, birth date YYYYMMDD, sequence 3. now
 * (microseconds UTC) refuses a birth date that is to come.
 */
const char *hf_resident_check(const char *text, int64_t now);
/* GB 32100: 18 of 0-9 A-Z without I O S V Z, the last of them the check character (MOD 31-3). */
const char *hf_uscc_check(const char *text);
/* ICAO 9303 allows 9 characters of capitals and digits; national numbers of 5 to 20 are taken. */
const char *hf_passport_check(const char *text);
/* RFC 5321 4.1.2 without quoted local parts: IA5, one @, dot-atom, DNS labels; 255 characters. */
const char *hf_email_check(const char *text);
/* 7 to 20 digits, with an optional + in front and single hyphens or blanks between digits. */
const char *hf_phone_check(const char *text);
/*
 * A host's name (RFC 1123): labels of letters, digits and inner hyphens, 1 to 63, at least two of them, the last not
 * all digits; in all 253. A wildcard (RFC 6125) is the whole first label, over at least two more labels that are not a
 * public suffix.
 */
const char *hf_dns_check(const char *text);

#endif
