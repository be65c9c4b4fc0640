/*
 * The DER codec (X.690). Each ASN.1 type is one const table of fields; one strict decoder, one encoder and one printer
 * walk it. Nothing is allocated while decoding: objects hold views into the input.
 *
 *     Validity ::= SEQUENCE { notBefore Time, notAfter Time }
 *
 *     struct hf_validity { int64_t notBefore, notAfter; };
 *     static const struct hf_der_field validity_fields[] = {
 *         HF_DER_FIELD(struct hf_validity, notBefore, &hf_der_Time),
 *         HF_DER_FIELD(struct hf_validity, notAfter, &hf_der_Time),
 *     };
 *     const struct hf_der_type hf_Validity = HF_DER_SEQUENCE_TYPE("Validity", struct hf_validity, validity_fields);
 *
 * C members are spelt as in the standard, since their names are what errors and the printer say. What a member must be:
 *
 *     BOOLEAN                     bool                       INTEGER              struct hf_bytes (content octets)
 *     Small (INTEGER), ENUMERATED int64_t                    BIT STRING           struct hf_der_bits
 *     OCTET STRING, strings, OID  struct hf_bytes (content)  times                int64_t (base/clock.h), whole seconds
 *     ANY                         struct hf_bytes (the TLV)  NULL                 nothing is stored; offset may be any
 *     ANY with .element           struct hf_bytes (the TLV, checked to be one; a Name is kept like that)
 *     SEQUENCE                    the struct itself          CHOICE               a struct that begins with `int which`
 *     SEQUENCE OF, SET OF         struct hf_der_list
 *
 * Strict means: definite and minimal lengths, minimal INTEGERs, BOOLEAN 00/FF, zero unused bits, no constructed
 * strings, SET OF in order, a DEFAULT value never written, GeneralizedTime without fraction and UTCTime with seconds,
 * both with Z, string alphabets, nothing left over, one-octet tags (numbers to 30). All elements of a SEQUENCE OF are
 * decoded once when the list is met, so that walking it later cannot fail.
 */
#ifndef HUFU_DER_DER_H
#define HUFU_DER_DER_H

#include "base/buf.h"

enum hf_der_kind {
	HF_DER_BOOLEAN,
	HF_DER_INTEGER,
	HF_DER_SMALL,
	HF_DER_ENUMERATED,
	HF_DER_BIT_STRING,
	HF_DER_OCTET_STRING,
	HF_DER_NULL,
	HF_DER_OID,
	HF_DER_UTF8_STRING,
	HF_DER_PRINTABLE_STRING,
	HF_DER_IA5_STRING,
	HF_DER_UTC_TIME,
	HF_DER_GENERALIZED_TIME,
	HF_DER_TIME, /* Time ::= CHOICE { UTCTime, GeneralizedTime }; written by RFC 5280 4.1.2.5: UTCTime through 2049
		      */
	HF_DER_ANY,
	HF_DER_SEQUENCE,
	HF_DER_CHOICE,
	HF_DER_SEQUENCE_OF,
	HF_DER_SET_OF,
};

struct hf_der_bits {
	struct hf_bytes bytes; /* NULL when absent */
	uint8_t unused;        /* 0..7 bits of the last octet, all zero */
};

struct hf_der_list {
	struct hf_bytes content; /* the elements' TLVs, one after another; NULL when absent */
	size_t num;              /* set by the decoder; the encoder looks at content only */
};

struct hf_der_type;

enum {
	HF_DER_OPTIONAL = 1, /* absent: a view is NULL; other members need .has */
	HF_DER_DEFAULT = 2,  /* absent means .dflt (BOOLEAN, Small, ENUMERATED) */
	HF_DER_EXPLICIT = 4, /* the context tag wraps the type's own tag; without it, it replaces it */
};

struct hf_der_field {
	const char *name;
	const struct hf_der_type *type;
	size_t offset;
	uint8_t tag; /* HF_DER_CTX(n), or 0 for the type's own tag */
	uint8_t flags;
	size_t has; /* HF_DER_HAS(): where a bool says that an OPTIONAL is there; 0 = none */
	int64_t dflt;
};

struct hf_der_type {
	const char *name; /* the standard's spelling */
	enum hf_der_kind kind;
	size_t size;                       /* of the C object */
	const struct hf_der_field *fields; /* SEQUENCE: members; CHOICE: alternatives, `which` is the index */
	size_t num_fields;
	const struct hf_der_type *element; /* SEQUENCE OF, SET OF; ANY: the one type that may be there */
	size_t min_elements;
	uint8_t tag; /* SEQUENCE and OF types only: a context tag instead of the universal one (IMPLICIT at its top) */
};

#define HF_DER_CTX(n)              ((uint8_t)(0x80 | (n)))
#define HF_DER_HAS(Struct, member) (offsetof(Struct, member) + 1)
/* HF_DER_FIELD(struct hf_x, member, &type, .flags = …): the type comes first, then what else is to be set. */
#define HF_DER_FIELD(Struct, member, ...)                                                                              \
	{                                                                                                              \
		.name = #member, .offset = offsetof(Struct, member), .type = __VA_ARGS__                               \
	}
#define HF_DER_SEQUENCE_TYPE(Name, Struct, Fields)                                                                     \
	{                                                                                                              \
		.name = (Name), .kind = HF_DER_SEQUENCE, .size = sizeof(Struct), .fields = (Fields),                   \
		.num_fields = sizeof(Fields) / sizeof((Fields)[0])                                                     \
	}
#define HF_DER_CHOICE_TYPE(Name, Struct, Fields)                                                                       \
	{                                                                                                              \
		.name = (Name), .kind = HF_DER_CHOICE, .size = sizeof(Struct), .fields = (Fields),                     \
		.num_fields = sizeof(Fields) / sizeof((Fields)[0])                                                     \
	}
#define HF_DER_OF_TYPE(Name, Kind, Element, Least)                                                                     \
	{                                                                                                              \
		.name = (Name), .kind = (Kind), .size = sizeof(struct hf_der_list), .element = (Element),              \
		.min_elements = (Least)                                                                                \
	}

/* The built-in types. */
extern const struct hf_der_type hf_der_Boolean, hf_der_Integer, hf_der_Small, hf_der_Enumerated, hf_der_BitString,
	hf_der_OctetString, hf_der_Null, hf_der_Oid, hf_der_Utf8String, hf_der_PrintableString, hf_der_Ia5String,
	hf_der_UtcTime, hf_der_GeneralizedTime, hf_der_Time, hf_der_Any;

/* Deeper nesting than this is refused (HF_E_LIMIT); so are list elements larger than this as C objects (a bug). */
#define HF_DER_DEPTH_MAX   16
#define HF_DER_ELEMENT_MAX 1024

/*
 * The whole of in as one object; out (type->size octets) is set whole, and holds views into in. On failure out is not
 * to be used. Errors: HF_E_INPUT and HF_E_LIMIT, whose text is the path to the field and the rule.
 */
HF_MUST_USE bool hf_der_decode(const struct hf_der_type *type, struct hf_bytes in, void *out, struct hf_err *err);
/* The same for an object at the start of *in, which moves behind it. */
HF_MUST_USE bool hf_der_decode_first(
	const struct hf_der_type *type, struct hf_bytes *in, void *out, struct hf_err *err);

/* Appends the object. Errors: HF_E_INPUT (a value that its type does not allow), HF_E_LIMIT (the buffer is full). */
HF_MUST_USE bool hf_der_encode(
	const struct hf_der_type *type, const void *object, struct hf_buf *out, struct hf_err *err);

/* For people: one line a field, indented. */
void hf_der_print(const struct hf_der_type *type, const void *object, struct hf_buf *out, unsigned indent);

/* Takes the next element off *rest (a copy of a decoded list). False when none is left. */
bool hf_der_list_next(struct hf_der_list *rest, const struct hf_der_type *element, void *out);
/* The next element's TLV as it stands. */
bool hf_der_list_next_raw(struct hf_der_list *rest, struct hf_bytes *tlv);
/* Appends an element to the content of a list that is being made. */
HF_MUST_USE bool hf_der_list_add(
	struct hf_buf *content, const struct hf_der_type *element, const void *object, struct hf_err *err);
struct hf_der_list hf_der_list_of(const struct hf_buf *content);
/* Puts the elements of a SET OF in the order of X.690 11.6. */
void hf_der_set_sort(struct hf_buf *content);

/* One TLV. tag is the identifier octet. */
struct hf_der_tlv {
	uint8_t tag;
	struct hf_bytes content;
	struct hf_bytes whole;
};

/* Takes a TLV off *in, by the strict rules above. Errors: HF_E_INPUT. */
HF_MUST_USE bool hf_der_next(struct hf_bytes *in, struct hf_der_tlv *tlv, struct hf_err *err);
/* Appends a TLV. */
bool hf_der_put(struct hf_buf *out, uint8_t tag, struct hf_bytes content);

/* INTEGER content of a positive number given as big-endian octets (a zero octet is put in front where the top bit is
 * set; leading zeros are dropped). scratch holds len + 1 octets and must outlive the result. */
struct hf_bytes hf_der_positive(const uint8_t *number, size_t len, uint8_t *scratch);
/* The reverse: right-aligned in out. False when it is negative or longer than len. */
HF_MUST_USE bool hf_der_unsigned(struct hf_bytes integer, uint8_t *out, size_t len);

#endif
