#include "x509/profile.h"

#include "base/clock.h"
#include "base/str.h"

#include <string.h>

static const struct hf_profile_row profiles[HF_NUM_PROFILES] = {
	[HF_PROFILE_ROOT] = {.name = "root", .is_ca = true, .is_root = true, .key_usage = HF_KU_CA},
	[HF_PROFILE_SUB_CA] = {.name = "sub_ca", .is_ca = true, .key_usage = HF_KU_CA},
	[HF_PROFILE_USER_SIGN] = {.name = "user_sign", .key_usage = HF_KU_SIGN},
	[HF_PROFILE_USER_ENC] = {.name = "user_enc", .key_usage = HF_KU_ENCRYPT},
	[HF_PROFILE_DEVICE_SIGN] = {.name = "device_sign",
		.key_usage = HF_KU_SIGN,
		.purposes = {HF_OID_KP_SERVER_AUTH, HF_OID_KP_CLIENT_AUTH}},
	[HF_PROFILE_DEVICE_ENC] = {.name = "device_enc",
		.key_usage = HF_KU_ENCRYPT,
		.purposes = {HF_OID_KP_SERVER_AUTH, HF_OID_KP_CLIENT_AUTH}},
	[HF_PROFILE_OCSP] = {.name = "ocsp",
		.key_usage = HF_KU_SIGN,
		.purposes = {HF_OID_KP_OCSP_SIGNING},
		.nocheck = true},
	[HF_PROFILE_SERVICE] = {.name = "service", .key_usage = HF_KU_SIGN},
	[HF_PROFILE_SERVICE_ENC] = {.name = "service_enc", .key_usage = HF_KU_ENCRYPT},
	[HF_PROFILE_OPERATOR] = {.name = "operator", .key_usage = HF_KU_SIGN, .purposes = {HF_OID_KP_CLIENT_AUTH}},
};

const struct hf_profile_row *hf_profile_row(enum hf_profile profile)
{
	HF_ASSERT((unsigned)profile < HF_NUM_PROFILES);
	return &profiles[profile];
}

bool hf_profile_named(const char *name, enum hf_profile *profile)
{
	for (unsigned i = 0; i < HF_NUM_PROFILES; i++)
		if (hf_str_equal(profiles[i].name, name)) {
			*profile = (enum hf_profile)i;
			return true;
		}
	return false;
}

/* What the parts of one certificate's extensions share. */
struct build {
	const struct hf_tbs_params *params;
	const struct hf_profile_row *row;
	struct hf_bytes own_key_id;
	struct hf_buf *out; /* the content of the list */
};

static bool put_aia(const struct build *build, struct hf_err *err)
{
	const struct hf_tbs_params *params = build->params;

	if (!params->ocsp_uri && !params->ca_issuers_uri)
		return true;
	return hf_ext_put_aia(build->out, params->ocsp_uri, params->ca_issuers_uri, err);
}

static bool put_aki(const struct build *build, struct hf_err *err)
{
	//= GM/T 0043-2015 6.3: mandatory, and equal to the issuer's subjectKeyIdentifier; a root's is its own
	struct hf_bytes key_id = build->row->is_root ? build->own_key_id : build->params->issuer_key_id;

	if (key_id.len == 0)
		return hf_fail(err, HF_E_INPUT, "the issuer's key identifier is missing (GM/T 0043-2015 6.3)");
	return hf_ext_put_aki(build->out, key_id, err);
}

static bool put_constraints(const struct build *build, struct hf_err *err)
{
	struct hf_basic_constraints constraints = {
		.cA = true,
		.has_path_len = build->params->path_len >= 0,
		.pathLenConstraint = build->params->path_len,
	};

	if (!build->row->is_ca)
		return true;
	return hf_ext_put(build->out, HF_OID_BASIC_CONSTRAINTS, true, &hf_BasicConstraints, &constraints, err);
}

static bool put_policy(const struct build *build, struct hf_err *err)
{
	struct hf_buf oid, list;
	bool ok = false;

	if (!build->params->policy)
		return true;
	hf_buf_init(&oid, 64);
	hf_buf_init(&list, 128);
	if (!hf_oid_parse(build->params->policy, &oid, err))
		goto out;
	struct hf_policy_information policy = {.policyIdentifier = hf_buf_bytes(&oid)};
	if (!hf_der_list_add(&list, &hf_PolicyInformation, &policy, err))
		goto out;
	struct hf_der_list value = hf_der_list_of(&list);
	ok = hf_ext_put(build->out, HF_OID_CERTIFICATE_POLICIES, false, &hf_CertificatePolicies, &value, err);
out:
	hf_buf_clear(&list);
	hf_buf_clear(&oid);
	return ok;
}

static bool put_crldp(const struct build *build, struct hf_err *err)
{
	return !build->params->crl_uri || hf_ext_put_crldp(build->out, build->params->crl_uri, err);
}

static bool put_alt_name(const struct build *build, struct hf_err *err)
{
	const struct hf_tbs_params *params = build->params;
	const struct hf_general_name email = {
		.which = HF_GN_RFC822_NAME, .value = hf_bytes_str(params->email ? params->email : "")};
	const struct hf_general_name dns = {
		.which = HF_GN_DNS_NAME, .value = hf_bytes_str(params->dns ? params->dns : "")};
	struct hf_buf names;
	bool ok;

	if (!params->email && !params->dns)
		return true;
	hf_buf_init(&names, HF_TBS_MAX);
	ok = (!params->email || hf_der_list_add(&names, &hf_GeneralName, &email, err)) &&
	     (!params->dns || hf_der_list_add(&names, &hf_GeneralName, &dns, err));
	struct hf_der_list value = hf_der_list_of(&names);
	ok = ok && hf_ext_put(build->out, HF_OID_SUBJECT_ALT_NAME, false, &hf_SubjectAltName, &value, err);
	hf_buf_clear(&names);
	return ok;
}

static bool put_key_usage(const struct build *build, struct hf_err *err)
{
	return hf_ext_put_key_usage(build->out, build->row->key_usage, err);
}

static bool put_ski(const struct build *build, struct hf_err *err)
{
	return hf_ext_put_ski(build->out, build->own_key_id, err);
}

static bool put_purposes(const struct build *build, struct hf_err *err)
{
	const enum hf_oid *purposes = build->row->purposes;
	size_t num = purposes[0] == HF_OID_UNKNOWN ? 0 : purposes[1] == HF_OID_UNKNOWN ? 1 : 2;

	return num == 0 || hf_ext_put_purposes(build->out, purposes, num, err);
}

static bool put_nocheck(const struct build *build, struct hf_err *err)
{
	char nothing = 0;

	return !build->row->nocheck ||
	       hf_ext_put(build->out, HF_OID_OCSP_NOCHECK, false, &hf_OcspNoCheck, &nothing, err);
}

static bool put_identities(const struct build *build, struct hf_err *err)
{
	const struct hf_tbs_params *params = build->params;

	if (params->num_identities > HF_IDENTITIES_MAX)
		return hf_fail(
			err, HF_E_LIMIT, "%zu identities, at most %d", params->num_identities, HF_IDENTITIES_MAX);
	for (size_t i = 0; i < params->num_identities; i++)
		if (!hf_identity_put(
			    build->out, params->edition, params->identities[i].kind, params->identities[i].value, err))
			return false;
	return true;
}

/* The order in which operating CAs write them. */
static bool (*const parts[])(const struct build *build, struct hf_err *err) = {
	put_aia,
	put_aki,
	put_constraints,
	put_policy,
	put_crldp,
	put_alt_name,
	put_key_usage,
	put_ski,
	put_purposes,
	put_nocheck,
	put_identities,
};

static bool put_extensions(const struct hf_tbs_params *params, struct hf_buf *out, struct hf_err *err)
{
	uint8_t key_id[HF_KEY_ID_LEN];
	struct build build = {
		.params = params,
		.row = hf_profile_row(params->profile),
		.own_key_id = HF_BYTES_OF(key_id),
		.out = out,
	};

	if (!hf_key_id(params->pub, key_id, err))
		return false;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!parts[i](&build, err))
			return false;
	return true;
}

static int64_t whole_second(int64_t at)
{
	return at - at % HF_SECOND;
}

bool hf_tbs_build(const struct hf_tbs_params *params, struct hf_buf *out, struct hf_err *err)
{
	const struct hf_profile_row *row = hf_profile_row(params->profile);
	uint8_t point[HF_SM2_POINT_DER];
	struct hf_buf extensions;
	bool ok = false;

	hf_buf_init(&extensions, HF_TBS_MAX);
	if (!hf_sm2_point_check(params->pub, err) || !put_extensions(params, &extensions, err)) {
		hf_fail_in(err, "certificate of profile %s", row->name);
		goto out;
	}
	struct hf_tbs_cert tbs = {
		.version = 2,
		.serialNumber = params->serial,
		.signature = hf_alg_of(HF_OID_SM2_SM3),
		.issuer = row->is_root ? params->subject : params->issuer,
		.validity = {whole_second(params->not_before), whole_second(params->not_after)},
		.subject = params->subject,
		.subjectPublicKeyInfo = hf_spki_of(params->pub, point),
		.extensions = hf_der_list_of(&extensions),
	};
	ok = hf_der_encode(&hf_TBSCertificate, &tbs, out, err) ||
	     hf_fail_in(err, "certificate of profile %s", row->name);
out:
	hf_buf_clear(&extensions);
	return ok;
}

#define MILLISECOND (HF_SECOND / 1000)

bool hf_serial_make(int64_t at, uint16_t shard, const uint8_t random[HF_SERIAL_RANDOM], uint8_t out[HF_SERIAL_LEN],
	struct hf_err *err)
{
	uint8_t ms[8];

	hf_put_u64(ms, (uint64_t)(at / MILLISECOND));
	/* The first octet of the 48 bits must be 01 to 7F: positive, and no zero octet in front. */
	if (at < 0 || ms[0] != 0 || ms[1] != 0 || ms[2] < 0x01 || ms[2] > 0x7F)
		return hf_fail(err, HF_E_CLOCK, "serial number: the clock is before 2004-11-03 or after 6429");
	memcpy(out, ms + 2, 6);
	hf_put_u16(out + 6, shard);
	memcpy(out + 8, random, HF_SERIAL_RANDOM);
	return true;
}

bool hf_serial_read(struct hf_bytes serial, int64_t *at, uint16_t *shard)
{
	uint8_t ms[8] = {0};

	if (serial.len != HF_SERIAL_LEN || serial.p[0] < 0x01 || serial.p[0] > 0x7F)
		return false;
	memcpy(ms + 2, serial.p, 6);
	if (at)
		*at = (int64_t)hf_get_u64(ms) * MILLISECOND;
	if (shard)
		*shard = hf_get_u16(serial.p + 6);
	return true;
}
