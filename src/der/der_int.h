/*
 * What the decoder, the encoder and the printer share.
 */
#ifndef HUFU_DER_DER_INT_H
#define HUFU_DER_DER_INT_H

#include "der/der.h"

#define TAG_BOOLEAN          0x01
#define TAG_INTEGER          0x02
#define TAG_BIT_STRING       0x03
#define TAG_OCTET_STRING     0x04
#define TAG_NULL             0x05
#define TAG_OID              0x06
#define TAG_ENUMERATED       0x0A
#define TAG_UTF8_STRING      0x0C
#define TAG_PRINTABLE_STRING 0x13
#define TAG_IA5_STRING       0x16
#define TAG_UTC_TIME         0x17
#define TAG_GENERALIZED_TIME 0x18
#define TAG_SEQUENCE         0x30
#define TAG_SET              0x31
#define TAG_CONSTRUCTED      0x20

/* The universal identifier octet of a kind; 0 for those without one of their own (Time, ANY, CHOICE). */
uint8_t hf_der_kind_tag(enum hf_der_kind kind);
/* The identifier octet that a field carries on its outside, explicit tags included; 0 if the value decides. */
uint8_t hf_der_field_tag(const struct hf_der_field *field);
/* The same of a type by itself. */
uint8_t hf_der_type_tag(const struct hf_der_type *type);
/* Is the optional member there? */
bool hf_der_field_there(const struct hf_der_field *field, const void *object);
bool hf_der_is_default(const struct hf_der_field *field, const void *member);

/* Checks of content octets that decoder and encoder both make. */
HF_MUST_USE bool hf_der_check_content(enum hf_der_kind kind, struct hf_bytes content, struct hf_err *err);

#endif
