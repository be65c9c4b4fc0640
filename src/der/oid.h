/*
 * Object identifiers: the ones that we know, as content octets, and the dotted form of any.
 */
#ifndef HUFU_DER_OID_H
#define HUFU_DER_OID_H

#include "base/buf.h"

enum hf_oid {
	HF_OID_UNKNOWN,
#define HF_OID(id, dotted, name) HF_OID_##id,
#include "der/oid_table.h"
#undef HF_OID
	HF_NUM_OIDS
};

/* Content octets (static memory). HF_OID_UNKNOWN gives none. */
struct hf_bytes hf_oid_bytes(enum hf_oid oid);
/* Which one it is, or HF_OID_UNKNOWN. */
enum hf_oid hf_oid_of(struct hf_bytes content);
bool hf_oid_is(struct hf_bytes content, enum hf_oid oid);
/* A short name ("SM2-with-SM3"), or NULL when it is not known. */
const char *hf_oid_name(struct hf_bytes content);

#define HF_OID_TEXT_MAX 200
/* "1.2.156.10197.1.501"; parts above 64 bits are written as "?". */
void hf_oid_text(struct hf_bytes content, char out[HF_OID_TEXT_MAX]);
/* Appends the content octets of dotted text. Errors: HF_E_INPUT. */
HF_MUST_USE bool hf_oid_parse(const char *text, struct hf_buf *out, struct hf_err *err);

#endif
