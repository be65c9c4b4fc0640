/*
 * Extensions (RFC 5280 4.2, 5.2, 5.3; GM/T 0015): the list, and each typed value as one table of the codec.
 *
 *     Extension ::= SEQUENCE { extnID OID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING }
 *
 *     struct hf_basic_constraints bc;
 *     bool there;
 *     hf_ext_get(&cert->extensions, HF_OID_BASIC_CONSTRAINTS, &hf_BasicConstraints, &bc, &there, err)
 */
#ifndef HUFU_X509_EXT_H
#define HUFU_X509_EXT_H

#include "x509/name.h"

struct hf_extension {
	struct hf_bytes extnID;
	bool critical;
	struct hf_bytes extnValue; /* the DER of the value */
};
extern const struct hf_der_type hf_Extension, hf_Extensions;

/* The typed values and the types that decode them. */
struct hf_aki {
	struct hf_bytes keyIdentifier; /* NULL when absent */
	struct hf_der_list authorityCertIssuer;
	struct hf_bytes authorityCertSerialNumber;
};
struct hf_basic_constraints {
	bool cA;
	bool has_path_len;
	int64_t pathLenConstraint;
};
struct hf_private_key_usage_period {
	bool has_not_before, has_not_after;
	int64_t notBefore, notAfter;
};
struct hf_access_description {
	struct hf_bytes accessMethod; /* OID */
	struct hf_general_name accessLocation;
};
struct hf_policy_information {
	struct hf_bytes policyIdentifier;    /* OID */
	struct hf_der_list policyQualifiers; /* of PolicyQualifierInfo */
};
struct hf_policy_qualifier {
	struct hf_bytes policyQualifierId; /* OID */
	struct hf_bytes qualifier;         /* TLV */
};
struct hf_policy_mapping {
	struct hf_bytes issuerDomainPolicy, subjectDomainPolicy; /* OIDs */
};
struct hf_policy_constraints {
	bool has_require, has_inhibit;
	int64_t requireExplicitPolicy, inhibitPolicyMapping;
};
struct hf_general_subtree {
	struct hf_general_name base;
	int64_t minimum; /* 0, or nobody knows what it means (RFC 5280 4.2.1.10) */
	bool has_maximum;
	int64_t maximum;
};
struct hf_name_constraints {
	struct hf_der_list permittedSubtrees, excludedSubtrees; /* of hf_GeneralSubtree */
};
enum { HF_DPN_FULL_NAME, HF_DPN_RELATIVE };
struct hf_distribution_point_name {
	int which;
	struct hf_der_list name; /* GeneralNames, or the RDN's attributes */
};
struct hf_distribution_point {
	bool has_name;
	struct hf_distribution_point_name distributionPoint;
	struct hf_der_bits reasons;
	struct hf_der_list cRLIssuer; /* GeneralNames */
};
struct hf_issuing_distribution_point {
	bool has_name;
	struct hf_distribution_point_name distributionPoint;
	bool onlyContainsUserCerts, onlyContainsCACerts;
	struct hf_der_bits onlySomeReasons;
	bool indirectCRL, onlyContainsAttributeCerts;
};
/* The IdentifyCode of GM/T 0015-2012; which is an enum below. */
enum { HF_IDENTIFY_RESIDENT, HF_IDENTIFY_MILITARY, HF_IDENTIFY_PASSPORT };
struct hf_identify_code {
	int which;
	struct hf_bytes number;
};

extern const struct hf_der_type hf_AuthorityKeyIdentifier; /* struct hf_aki */
extern const struct hf_der_type hf_SubjectKeyIdentifier;   /* struct hf_bytes */
extern const struct hf_der_type hf_KeyUsage;               /* struct hf_der_bits; see hf_key_usage_of */
extern const struct hf_der_type hf_BasicConstraints;
extern const struct hf_der_type hf_PrivateKeyUsagePeriod;
extern const struct hf_der_type hf_ExtKeyUsage;           /* struct hf_der_list of OID (hf_der_Oid) */
extern const struct hf_der_type hf_CRLDistributionPoints; /* struct hf_der_list of hf_DistributionPoint */
extern const struct hf_der_type hf_DistributionPoint;
extern const struct hf_der_type hf_AuthorityInfoAccess; /* struct hf_der_list of hf_AccessDescription */
extern const struct hf_der_type hf_AccessDescription;
extern const struct hf_der_type hf_CertificatePolicies; /* struct hf_der_list of hf_PolicyInformation */
extern const struct hf_der_type hf_PolicyInformation, hf_PolicyQualifierInfo;
extern const struct hf_der_type hf_PolicyMappings; /* struct hf_der_list of hf_PolicyMapping */
extern const struct hf_der_type hf_PolicyMapping, hf_PolicyConstraints;
extern const struct hf_der_type hf_InhibitAnyPolicy; /* int64_t */
extern const struct hf_der_type hf_NameConstraints, hf_GeneralSubtree;
extern const struct hf_der_type hf_SubjectAltName; /* struct hf_der_list of hf_GeneralName */
extern const struct hf_der_type hf_CRLNumber;      /* struct hf_bytes: INTEGER content */
extern const struct hf_der_type hf_CRLReason;      /* int64_t: enum hf_reason */
extern const struct hf_der_type hf_InvalidityDate; /* int64_t */
extern const struct hf_der_type hf_IssuingDistributionPoint;
extern const struct hf_der_type hf_OcspNoCheck;  /* NULL: nothing is stored */
extern const struct hf_der_type hf_IdentifyCode; /* struct hf_identify_code, tags IMPLICIT */

/* keyUsage (RFC 5280 4.2.1.3); bit n of the BIT STRING is 1 << n here. */
enum hf_key_usage {
	HF_KU_DIGITAL_SIGNATURE = 1 << 0,
	HF_KU_NON_REPUDIATION = 1 << 1,
	HF_KU_KEY_ENCIPHERMENT = 1 << 2,
	HF_KU_DATA_ENCIPHERMENT = 1 << 3,
	HF_KU_KEY_AGREEMENT = 1 << 4,
	HF_KU_KEY_CERT_SIGN = 1 << 5,
	HF_KU_CRL_SIGN = 1 << 6,
	HF_KU_ENCIPHER_ONLY = 1 << 7,
	HF_KU_DECIPHER_ONLY = 1 << 8,
	/* GM/T 0043 6.3: exactly these */
	HF_KU_SIGN = HF_KU_DIGITAL_SIGNATURE | HF_KU_NON_REPUDIATION,
	HF_KU_ENCRYPT = HF_KU_KEY_ENCIPHERMENT | HF_KU_DATA_ENCIPHERMENT | HF_KU_KEY_AGREEMENT,
	HF_KU_CA = HF_KU_KEY_CERT_SIGN | HF_KU_CRL_SIGN,
};
/* A named bit list must end with a one bit (X.690 11.2.2). Errors: HF_E_INPUT. */
HF_MUST_USE bool hf_key_usage_of(const struct hf_der_bits *bits, unsigned *usage, struct hf_err *err);
/* octets is filled and must outlive the result. */
struct hf_der_bits hf_key_usage_bits(unsigned usage, uint8_t octets[2]);

/* RFC 5280 5.3.1 */
enum hf_reason {
	HF_REASON_UNSPECIFIED = 0, /* not written */
	HF_REASON_KEY_COMPROMISE = 1,
	HF_REASON_CA_COMPROMISE = 2,
	HF_REASON_AFFILIATION_CHANGED = 3,
	HF_REASON_SUPERSEDED = 4,
	HF_REASON_CESSATION_OF_OPERATION = 5,
	HF_REASON_CERTIFICATE_HOLD = 6,
	HF_REASON_REMOVE_FROM_CRL = 8,
	HF_REASON_PRIVILEGE_WITHDRAWN = 9,
	HF_REASON_AA_COMPROMISE = 10,
	HF_REASON_MAX = 10,
};
/* "keyCompromise", …; NULL for 7 and others. */
const char *hf_reason_name(int64_t reason);
/* The reason of this name, or -1. */
int hf_reason_named(const char *name);

/* The type of an extension's value, or NULL when we do not know the extension. */
const struct hf_der_type *hf_ext_type(struct hf_bytes oid);
/* Finds the extension; false when it is not there. */
bool hf_ext_find(const struct hf_der_list *extensions, enum hf_oid oid, struct hf_extension *out);
/* Decodes it into value (type->size octets) if it is there. Errors: HF_E_INPUT with the extension's name. */
HF_MUST_USE bool hf_ext_get(const struct hf_der_list *extensions, enum hf_oid oid, const struct hf_der_type *type,
	void *value, bool *there, struct hf_err *err);
/* extKeyUsage names this purpose. */
bool hf_ext_has_purpose(const struct hf_der_list *extensions, enum hf_oid purpose);
/* The first fullName URI of CRLDP; the first URI of AIA for this method. False when there is none. */
bool hf_ext_crl_uri(const struct hf_der_list *extensions, struct hf_bytes *uri);
bool hf_ext_access_uri(const struct hf_der_list *extensions, enum hf_oid method, struct hf_bytes *uri);

/*
 * Every known extension must decode strictly as its type, none may occur twice (RFC 5280 4.2). *unknown_critical tells
 * that one is critical and we do not know it: whoever relies on the object must then refuse it. Errors: HF_E_INPUT.
 * What only path validation obeys (constraints, mappings, deltas, indirect entries) counts as unknown here, since a
 * reader who does not obey it must refuse too; path.h asks hf_ext_unknown_to_path of the checked list.
 */
HF_MUST_USE bool hf_ext_check(const struct hf_der_list *extensions, bool *unknown_critical, struct hf_err *err);
bool hf_ext_unknown_to_path(const struct hf_der_list *extensions);

/* Appends an Extension to the content of a list that is being made. */
HF_MUST_USE bool hf_ext_put(struct hf_buf *content, enum hf_oid oid, bool critical, const struct hf_der_type *type,
	const void *value, struct hf_err *err);
/* The common ones. uris: num of them, each a URI. */
HF_MUST_USE bool hf_ext_put_aki(struct hf_buf *content, struct hf_bytes key_id, struct hf_err *err);
HF_MUST_USE bool hf_ext_put_ski(struct hf_buf *content, struct hf_bytes key_id, struct hf_err *err);
HF_MUST_USE bool hf_ext_put_key_usage(struct hf_buf *content, unsigned usage, struct hf_err *err);
HF_MUST_USE bool hf_ext_put_crldp(struct hf_buf *content, const char *uri, struct hf_err *err);
/* Either may be NULL, not both. */
HF_MUST_USE bool hf_ext_put_aia(struct hf_buf *content, const char *ocsp, const char *ca_issuers, struct hf_err *err);
HF_MUST_USE bool hf_ext_put_purposes(
	struct hf_buf *content, const enum hf_oid *purposes, size_t num, struct hf_err *err);
/* An INTEGER from a number: CRLNumber. */
HF_MUST_USE bool hf_ext_put_number(struct hf_buf *content, enum hf_oid oid, uint64_t number, struct hf_err *err);

#define HF_KEY_ID_LEN 20
/* SHA-1 over the subjectPublicKey bits (RFC 5280 4.2.1.2 method 1): what all operating Chinese CAs write. */
HF_MUST_USE bool hf_key_id(const uint8_t pub[64], uint8_t id[HF_KEY_ID_LEN], struct hf_err *err);

/* For people, one extension (x509_print.c). */
void hf_ext_print(const struct hf_extension *extension, struct hf_buf *out, unsigned indent);

/*
 * The identity extensions of GM/T 0015, in both editions; docs/decisions/0002-identity-extensions.md says what is known
 * and what was chosen. All non-critical.
 */
enum hf_identity_kind {
	HF_IDENTITY_RESIDENT,     /* 居民身份证 */
	HF_IDENTITY_MILITARY,     /* 军官证; 2012 only */
	HF_IDENTITY_PASSPORT,     /* 护照 */
	HF_IDENTITY_INSURANCE,    /* 社会保险号 */
	HF_IDENTITY_REGISTRATION, /* 工商注册号 */
	HF_IDENTITY_ORGANIZATION, /* 组织机构代码 */
	HF_IDENTITY_TAXATION,     /* 税号 */
	HF_IDENTITY_USCC,         /* 统一社会信用代码 */
	HF_NUM_IDENTITIES
};
enum hf_identity_edition { HF_IDENTITY_2012, HF_IDENTITY_2023, HF_NUM_IDENTITY_EDITIONS };
/* Errors: HF_E_INPUT (this edition has no such kind, or the value's alphabet or length). */
HF_MUST_USE bool hf_identity_put(struct hf_buf *content, enum hf_identity_edition edition, enum hf_identity_kind kind,
	const char *value, struct hf_err *err);
/* Reads a number of this kind in whichever form it is there: IMPLICIT or EXPLICIT CHOICE, a bare string. */
bool hf_identity_get(const struct hf_der_list *extensions, enum hf_identity_kind kind, struct hf_bytes *value);
/* "resident", "passport", "uscc", …: stable, in configuration and JSON. */
const char *hf_identity_name(enum hf_identity_kind kind);

#endif
