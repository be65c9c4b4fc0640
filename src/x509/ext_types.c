/* The tables of the typed extension values (RFC 5280 4.2, 5.2, 5.3; GM/T 0015). */
#include "x509/ext.h"

static const struct hf_der_field extension_fields[] = {
	HF_DER_FIELD(struct hf_extension, extnID, &hf_der_Oid),
	HF_DER_FIELD(struct hf_extension, critical, &hf_der_Boolean, .flags = HF_DER_DEFAULT),
	HF_DER_FIELD(struct hf_extension, extnValue, &hf_der_OctetString),
};
const struct hf_der_type hf_Extension = HF_DER_SEQUENCE_TYPE("Extension", struct hf_extension, extension_fields);
const struct hf_der_type hf_Extensions = HF_DER_OF_TYPE("Extensions", HF_DER_SEQUENCE_OF, &hf_Extension, 1);

static const struct hf_der_field aki_fields[] = {
	HF_DER_FIELD(struct hf_aki, keyIdentifier, &hf_der_OctetString, .tag = HF_DER_CTX(0), .flags = HF_DER_OPTIONAL),
	HF_DER_FIELD(
		struct hf_aki, authorityCertIssuer, &hf_GeneralNames, .tag = HF_DER_CTX(1), .flags = HF_DER_OPTIONAL),
	HF_DER_FIELD(struct hf_aki, authorityCertSerialNumber, &hf_der_Integer, .tag = HF_DER_CTX(2),
		.flags = HF_DER_OPTIONAL),
};
const struct hf_der_type hf_AuthorityKeyIdentifier =
	HF_DER_SEQUENCE_TYPE("AuthorityKeyIdentifier", struct hf_aki, aki_fields);
const struct hf_der_type hf_SubjectKeyIdentifier = {
	.name = "SubjectKeyIdentifier", .kind = HF_DER_OCTET_STRING, .size = sizeof(struct hf_bytes)};
const struct hf_der_type hf_KeyUsage = {
	.name = "KeyUsage", .kind = HF_DER_BIT_STRING, .size = sizeof(struct hf_der_bits)};

static const struct hf_der_field constraints_fields[] = {
	HF_DER_FIELD(struct hf_basic_constraints, cA, &hf_der_Boolean, .flags = HF_DER_DEFAULT),
	HF_DER_FIELD(struct hf_basic_constraints, pathLenConstraint, &hf_der_Small, .flags = HF_DER_OPTIONAL,
		.has = HF_DER_HAS(struct hf_basic_constraints, has_path_len)),
};
const struct hf_der_type hf_BasicConstraints =
	HF_DER_SEQUENCE_TYPE("BasicConstraints", struct hf_basic_constraints, constraints_fields);

static const struct hf_der_field usage_period_fields[] = {
	HF_DER_FIELD(struct hf_private_key_usage_period, notBefore, &hf_der_GeneralizedTime, .tag = HF_DER_CTX(0),
		.flags = HF_DER_OPTIONAL, .has = HF_DER_HAS(struct hf_private_key_usage_period, has_not_before)),
	HF_DER_FIELD(struct hf_private_key_usage_period, notAfter, &hf_der_GeneralizedTime, .tag = HF_DER_CTX(1),
		.flags = HF_DER_OPTIONAL, .has = HF_DER_HAS(struct hf_private_key_usage_period, has_not_after)),
};
const struct hf_der_type hf_PrivateKeyUsagePeriod =
	HF_DER_SEQUENCE_TYPE("PrivateKeyUsagePeriod", struct hf_private_key_usage_period, usage_period_fields);

const struct hf_der_type hf_ExtKeyUsage = HF_DER_OF_TYPE("ExtKeyUsage", HF_DER_SEQUENCE_OF, &hf_der_Oid, 1);

static const struct hf_der_field point_name_fields[] = {
	{.name = "fullName",
		.type = &hf_GeneralNames,
		.offset = offsetof(struct hf_distribution_point_name, name),
		.tag = HF_DER_CTX(0)},
	{.name = "nameRelativeToCRLIssuer",
		.type = &hf_RelativeDistinguishedName,
		.offset = offsetof(struct hf_distribution_point_name, name),
		.tag = HF_DER_CTX(1)},
};
static const struct hf_der_type point_name =
	HF_DER_CHOICE_TYPE("DistributionPointName", struct hf_distribution_point_name, point_name_fields);

static const struct hf_der_field point_fields[] = {
	HF_DER_FIELD(struct hf_distribution_point, distributionPoint, &point_name, .tag = HF_DER_CTX(0),
		.flags = HF_DER_OPTIONAL | HF_DER_EXPLICIT, .has = HF_DER_HAS(struct hf_distribution_point, has_name)),
	HF_DER_FIELD(struct hf_distribution_point, reasons, &hf_der_BitString, .tag = HF_DER_CTX(1),
		.flags = HF_DER_OPTIONAL),
	HF_DER_FIELD(struct hf_distribution_point, cRLIssuer, &hf_GeneralNames, .tag = HF_DER_CTX(2),
		.flags = HF_DER_OPTIONAL),
};
const struct hf_der_type hf_DistributionPoint =
	HF_DER_SEQUENCE_TYPE("DistributionPoint", struct hf_distribution_point, point_fields);
const struct hf_der_type hf_CRLDistributionPoints =
	HF_DER_OF_TYPE("CRLDistributionPoints", HF_DER_SEQUENCE_OF, &hf_DistributionPoint, 1);

static const struct hf_der_field access_fields[] = {
	HF_DER_FIELD(struct hf_access_description, accessMethod, &hf_der_Oid),
	HF_DER_FIELD(struct hf_access_description, accessLocation, &hf_GeneralName),
};
const struct hf_der_type hf_AccessDescription =
	HF_DER_SEQUENCE_TYPE("AccessDescription", struct hf_access_description, access_fields);
const struct hf_der_type hf_AuthorityInfoAccess =
	HF_DER_OF_TYPE("AuthorityInfoAccess", HF_DER_SEQUENCE_OF, &hf_AccessDescription, 1);

static const struct hf_der_field qualifier_fields[] = {
	HF_DER_FIELD(struct hf_policy_qualifier, policyQualifierId, &hf_der_Oid),
	HF_DER_FIELD(struct hf_policy_qualifier, qualifier, &hf_der_Any),
};
const struct hf_der_type hf_PolicyQualifierInfo =
	HF_DER_SEQUENCE_TYPE("PolicyQualifierInfo", struct hf_policy_qualifier, qualifier_fields);
static const struct hf_der_type qualifiers =
	HF_DER_OF_TYPE("policyQualifiers", HF_DER_SEQUENCE_OF, &hf_PolicyQualifierInfo, 1);

static const struct hf_der_field policy_fields[] = {
	HF_DER_FIELD(struct hf_policy_information, policyIdentifier, &hf_der_Oid),
	HF_DER_FIELD(struct hf_policy_information, policyQualifiers, &qualifiers, .flags = HF_DER_OPTIONAL),
};
const struct hf_der_type hf_PolicyInformation =
	HF_DER_SEQUENCE_TYPE("PolicyInformation", struct hf_policy_information, policy_fields);
const struct hf_der_type hf_CertificatePolicies =
	HF_DER_OF_TYPE("CertificatePolicies", HF_DER_SEQUENCE_OF, &hf_PolicyInformation, 1);

static const struct hf_der_field mapping_fields[] = {
	HF_DER_FIELD(struct hf_policy_mapping, issuerDomainPolicy, &hf_der_Oid),
	HF_DER_FIELD(struct hf_policy_mapping, subjectDomainPolicy, &hf_der_Oid),
};
const struct hf_der_type hf_PolicyMapping =
	HF_DER_SEQUENCE_TYPE("PolicyMapping", struct hf_policy_mapping, mapping_fields);
const struct hf_der_type hf_PolicyMappings = HF_DER_OF_TYPE("PolicyMappings", HF_DER_SEQUENCE_OF, &hf_PolicyMapping, 1);

static const struct hf_der_field policy_constraints_fields[] = {
	HF_DER_FIELD(struct hf_policy_constraints, requireExplicitPolicy, &hf_der_Small, .tag = HF_DER_CTX(0),
		.flags = HF_DER_OPTIONAL, .has = HF_DER_HAS(struct hf_policy_constraints, has_require)),
	HF_DER_FIELD(struct hf_policy_constraints, inhibitPolicyMapping, &hf_der_Small, .tag = HF_DER_CTX(1),
		.flags = HF_DER_OPTIONAL, .has = HF_DER_HAS(struct hf_policy_constraints, has_inhibit)),
};
const struct hf_der_type hf_PolicyConstraints =
	HF_DER_SEQUENCE_TYPE("PolicyConstraints", struct hf_policy_constraints, policy_constraints_fields);
const struct hf_der_type hf_InhibitAnyPolicy = {
	.name = "InhibitAnyPolicy", .kind = HF_DER_SMALL, .size = sizeof(int64_t)};

static const struct hf_der_field subtree_fields[] = {
	HF_DER_FIELD(struct hf_general_subtree, base, &hf_GeneralName),
	HF_DER_FIELD(struct hf_general_subtree, minimum, &hf_der_Small, .tag = HF_DER_CTX(0), .flags = HF_DER_DEFAULT),
	HF_DER_FIELD(struct hf_general_subtree, maximum, &hf_der_Small, .tag = HF_DER_CTX(1), .flags = HF_DER_OPTIONAL,
		.has = HF_DER_HAS(struct hf_general_subtree, has_maximum)),
};
const struct hf_der_type hf_GeneralSubtree =
	HF_DER_SEQUENCE_TYPE("GeneralSubtree", struct hf_general_subtree, subtree_fields);
static const struct hf_der_type subtrees = HF_DER_OF_TYPE("GeneralSubtrees", HF_DER_SEQUENCE_OF, &hf_GeneralSubtree, 1);
static const struct hf_der_field name_constraints_fields[] = {
	HF_DER_FIELD(struct hf_name_constraints, permittedSubtrees, &subtrees, .tag = HF_DER_CTX(0),
		.flags = HF_DER_OPTIONAL),
	HF_DER_FIELD(struct hf_name_constraints, excludedSubtrees, &subtrees, .tag = HF_DER_CTX(1),
		.flags = HF_DER_OPTIONAL),
};
const struct hf_der_type hf_NameConstraints =
	HF_DER_SEQUENCE_TYPE("NameConstraints", struct hf_name_constraints, name_constraints_fields);

const struct hf_der_type hf_SubjectAltName = HF_DER_OF_TYPE("SubjectAltName", HF_DER_SEQUENCE_OF, &hf_GeneralName, 1);
const struct hf_der_type hf_CRLNumber = {.name = "CRLNumber", .kind = HF_DER_INTEGER, .size = sizeof(struct hf_bytes)};
const struct hf_der_type hf_CRLReason = {.name = "CRLReason", .kind = HF_DER_ENUMERATED, .size = sizeof(int64_t)};
const struct hf_der_type hf_InvalidityDate = {
	.name = "InvalidityDate", .kind = HF_DER_GENERALIZED_TIME, .size = sizeof(int64_t)};
const struct hf_der_type hf_OcspNoCheck = {.name = "OCSPNoCheck", .kind = HF_DER_NULL, .size = sizeof(char)};

static const struct hf_der_field idp_fields[] = {
	HF_DER_FIELD(struct hf_issuing_distribution_point, distributionPoint, &point_name, .tag = HF_DER_CTX(0),
		.flags = HF_DER_OPTIONAL | HF_DER_EXPLICIT,
		.has = HF_DER_HAS(struct hf_issuing_distribution_point, has_name)),
	HF_DER_FIELD(struct hf_issuing_distribution_point, onlyContainsUserCerts, &hf_der_Boolean, .tag = HF_DER_CTX(1),
		.flags = HF_DER_DEFAULT),
	HF_DER_FIELD(struct hf_issuing_distribution_point, onlyContainsCACerts, &hf_der_Boolean, .tag = HF_DER_CTX(2),
		.flags = HF_DER_DEFAULT),
	HF_DER_FIELD(struct hf_issuing_distribution_point, onlySomeReasons, &hf_der_BitString, .tag = HF_DER_CTX(3),
		.flags = HF_DER_OPTIONAL),
	HF_DER_FIELD(struct hf_issuing_distribution_point, indirectCRL, &hf_der_Boolean, .tag = HF_DER_CTX(4),
		.flags = HF_DER_DEFAULT),
	HF_DER_FIELD(struct hf_issuing_distribution_point, onlyContainsAttributeCerts, &hf_der_Boolean,
		.tag = HF_DER_CTX(5), .flags = HF_DER_DEFAULT),
};
const struct hf_der_type hf_IssuingDistributionPoint =
	HF_DER_SEQUENCE_TYPE("IssuingDistributionPoint", struct hf_issuing_distribution_point, idp_fields);

static const struct hf_der_field identify_fields[] = {
	{.name = "residenterCardNumber",
		.type = &hf_der_PrintableString,
		.offset = offsetof(struct hf_identify_code, number),
		.tag = HF_DER_CTX(0)},
	{.name = "militaryOfficerCardNumber",
		.type = &hf_der_Utf8String,
		.offset = offsetof(struct hf_identify_code, number),
		.tag = HF_DER_CTX(1)},
	{.name = "passportNumber",
		.type = &hf_der_PrintableString,
		.offset = offsetof(struct hf_identify_code, number),
		.tag = HF_DER_CTX(2)},
};
const struct hf_der_type hf_IdentifyCode = HF_DER_CHOICE_TYPE("IdentifyCode", struct hf_identify_code, identify_fields);
