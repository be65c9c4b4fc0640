/*
 * Names (X.501, RFC 5280 4.1.2.4) and what is made of them.
 *
 *     Name ::= RDNSequence ::= SEQUENCE OF RelativeDistinguishedName
 *     RelativeDistinguishedName ::= SET SIZE (1..MAX) OF AttributeTypeAndValue { type OID, value ANY }
 *     IssuerAndSerialNumber ::= SEQUENCE { issuer Name, serialNumber INTEGER }
 *
 * Everywhere in Hufu a name is a view of its whole DER (the type hf_Name: the decoder checks it strictly and keeps the
 * TLV), because a name is compared, copied and hashed as octets and taken apart only to show it.
 *
 * Names that we make follow GM/T 0043-2015 6.1 and GM/T 0034 5.4: RDNs from large to small, C, ST, L, O, OU, CN, one
 * attribute each; C PrintableString, E IA5String, everything else UTF8String. They show as
 * "CN=…,OU=…,O=…,L=…,ST=…,C=CN", as Windows shows them.
 *
 * Equal means byte-equal (GM/T 0043 asks no less of issuer and subject) in everything that we issue. Others' chains are
 * matched by RFC 5280 7.1, which folds string types, case and space (hf_name_match).
 */
#ifndef HUFU_X509_NAME_H
#define HUFU_X509_NAME_H

#include "der/der.h"
#include "der/oid.h"

#define HF_NAME_MAX 4096 /* octets of DER of a name that we make */

struct hf_name_attribute {
	struct hf_bytes type;  /* OID content */
	struct hf_bytes value; /* a TLV */
};
extern const struct hf_der_type hf_AttributeTypeAndValue, hf_RelativeDistinguishedName, hf_RDNSequence;
/* struct hf_bytes: the whole TLV, checked to be an RDNSequence. */
extern const struct hf_der_type hf_Name;

/* Parts in UTF-8; NULL or "" = absent. */
#define HF_NAME_OU_MAX 4
struct hf_name_parts {
	const char *C;  /* two capital letters */
	const char *ST; /* state or province; at most 128 characters, as L */
	const char *L;
	const char *O; /* at most 64 characters, as OU and CN */
	const char *OU[HF_NAME_OU_MAX];
	const char *CN;
	const char *serialNumber; /* at most 64 */
	const char *E;            /* at most 255, behind CN */
};

/*
 * Appends the Name. Errors: HF_E_INPUT with the part's name and the rule (length ub-*, alphabet, control characters,
 * C not two capital letters, no part at all).
 */
HF_MUST_USE bool hf_name_build(const struct hf_name_parts *parts, struct hf_buf *out, struct hf_err *err);
/* Is it a well-formed Name, whole? Errors: HF_E_INPUT. */
HF_MUST_USE bool hf_name_check(struct hf_bytes name, struct hf_err *err);
/* The rules above for names that we sign: order, string types, lengths. Errors: HF_E_INPUT with the rule. */
HF_MUST_USE bool hf_name_check_rules(struct hf_bytes name, struct hf_err *err);
bool hf_name_equal(struct hf_bytes a, struct hf_bytes b);
/*
 * RFC 5280 7.1: the same RDNs in the same order, the attributes of one RDN in any order, values compared as text of any
 * string type (T61String as Latin-1) without regard to case, to spaces around, or to how many stand between. Case is
 * folded for Latin, Greek and Cyrillic, and full-width forms for ASCII; other NFKC forms are not made: such names
 * differ.
 */
bool hf_name_match(struct hf_bytes a, struct hf_bytes b);
/* name begins with the RDNs of base: the directoryName constraints of RFC 5280 4.2.1.10. */
bool hf_name_within(struct hf_bytes name, struct hf_bytes base);
/* No RDN in it. */
bool hf_name_is_empty(struct hf_bytes name);
/* The content octets of the first attribute of this type; false when there is none. */
bool hf_name_get(struct hf_bytes name, enum hf_oid type, struct hf_bytes *text);

enum hf_name_order {
	HF_NAME_SMALL_FIRST, /* "CN=…,OU=…,O=…,C=CN": RFC 4514 and Windows; the one to show */
	HF_NAME_DER_ORDER,   /* "C=CN,O=…,OU=…,CN=…": as it is written in the certificate */
};
/*
 * Appends the name as text with the escapes of RFC 4514 2.4. Control characters and bytes that are not UTF-8 are
 * escaped as \XX, an unknown type is shown dotted, a value that is no string as #hex. A name that does not parse is
 * shown as #hex.
 */
void hf_name_text(struct hf_bytes name, enum hf_name_order order, struct hf_buf *out);

struct hf_issuer_serial {
	struct hf_bytes issuer;       /* Name */
	struct hf_bytes serialNumber; /* INTEGER content */
};
extern const struct hf_der_type hf_IssuerAndSerialNumber;

/* GeneralName (RFC 5280 4.2.1.6). which is the number of the context tag. */
enum hf_general_name_kind {
	HF_GN_OTHER_NAME,
	HF_GN_RFC822_NAME,
	HF_GN_DNS_NAME,
	HF_GN_X400_ADDRESS,
	HF_GN_DIRECTORY_NAME,
	HF_GN_EDI_PARTY_NAME,
	HF_GN_URI,
	HF_GN_IP_ADDRESS,
	HF_GN_REGISTERED_ID,
};
struct hf_general_name {
	int which;
	struct hf_bytes value; /* directoryName: the Name's TLV; others: content octets */
};
extern const struct hf_der_type hf_GeneralName, hf_GeneralNames;

/* "URI:http://…", "dirName:CN=…", "DNS:…", "email:…", "IP:…". Appended. */
void hf_general_name_text(const struct hf_general_name *name, struct hf_buf *out);

#endif
