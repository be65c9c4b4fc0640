/*
 * Hexadecimal, base64 (RFC 4648 §4) and PEM armour (RFC 7468).
 */
#ifndef HUFU_BASE_HEX_H
#define HUFU_BASE_HEX_H

#include "base/buf.h"

/* Lower-case hex of in, NUL-terminated; out has room for 2 * in.len + 1. */
void hf_hex(struct hf_bytes in, char *out);
bool hf_hex_put(struct hf_buf *out, struct hf_bytes in);
/* Exactly len octets from 2 * len hex digits of either case. */
HF_MUST_USE bool hf_unhex(const char *text, uint8_t *out, size_t len);
/* All of text; an even number of digits. */
HF_MUST_USE bool hf_unhex_buf(struct hf_bytes text, struct hf_buf *out);

/* Base64 with padding, no line breaks. */
bool hf_base64_put(struct hf_buf *out, struct hf_bytes in);
/* Strict: whole text, right padding, zero trailing bits; url also takes the '-' '_' alphabet and missing padding. */
HF_MUST_USE bool hf_base64_get(struct hf_buf *out, struct hf_bytes text, bool url);

/* "-----BEGIN label-----", 64 columns. */
bool hf_pem_put(struct hf_buf *out, const char *label, struct hf_bytes der);
/*
 * Takes the next block with this label from *text (which moves behind it) and decodes it into out.
 * Errors: HF_E_MISSING (no such block is left), HF_E_INPUT (a broken block).
 */
HF_MUST_USE bool hf_pem_next(struct hf_bytes *text, const char *label, struct hf_buf *out, struct hf_err *err);

#endif
