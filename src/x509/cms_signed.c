#include "x509/cms_int.h"

#include "base/clock.h"

/* ---- writing ---- */

static bool put_attribute(struct hf_buf *content, enum hf_oid type, const struct hf_der_type *value_type,
	const void *value, struct hf_err *err)
{
	struct hf_buf values;

	bool ok = hf_cms_set_of(&values, value_type, value, err);
	struct hf_attribute attribute = {.type = hf_oid_bytes(type), .values = hf_der_list_of(&values)};
	ok = ok && hf_der_list_add(content, &hf_Attribute, &attribute, err);
	hf_buf_clear(&values);
	return ok;
}

/* The authenticated attributes' elements, in order. */
static bool make_attributes(const struct hf_cms_signing *signing, struct hf_buf *content, struct hf_err *err)
{
	uint8_t digest[HF_SM3_LEN];
	struct hf_bytes type = hf_oid_bytes(HF_OID_GM_DATA), digest_view = HF_BYTES_OF(digest);
	int64_t at = signing->signing_at - signing->signing_at % HF_SECOND;

	hf_sm3(signing->content, digest);
	if (!put_attribute(content, HF_OID_CONTENT_TYPE, &hf_der_Oid, &type, err) ||
		!put_attribute(content, HF_OID_MESSAGE_DIGEST, &hf_der_OctetString, &digest_view, err) ||
		!put_attribute(content, HF_OID_SIGNING_TIME, &hf_der_Time, &at, err))
		return false;
	hf_der_set_sort(content);
	return true;
}

/* What is signed when there are attributes: them as a SET OF, not under their context tag (RFC 2315 9.3). */
static void put_as_set(struct hf_buf *out, struct hf_bytes attributes)
{
	hf_der_put(out, 0x31, attributes);
}

bool hf_cms_signed_tbs(const struct hf_cms_signing *signing, struct hf_buf *out, struct hf_err *err)
{
	struct hf_buf attributes;
	bool ok = true;

	if (!signing->attributes) {
		hf_buf_put_bytes(out, signing->content);
	} else {
		hf_buf_init(&attributes, HF_CMS_MAX);
		ok = make_attributes(signing, &attributes, err);
		put_as_set(out, hf_buf_bytes(&attributes));
		hf_buf_clear(&attributes);
	}
	if (ok && !hf_buf_ok(out))
		return hf_fail(err, HF_E_LIMIT, "SignedData: more than %zu octets to be signed", out->max);
	return ok;
}

/* The buffers that the lists of one SignedData lie in. */
struct parts {
	struct hf_buf content, digests, certificates, attributes, signature, signers;
};

static bool make_signer_info(const struct hf_cms_signing *signing, const uint8_t signature[HF_SM2_SIG],
	struct parts *parts, struct hf_err *err)
{
	struct hf_signer_info info = {
		.version = 1,
		.issuerAndSerialNumber = hf_cms_id_of(signing->signer),
		.digestAlgorithm = hf_alg_of(HF_OID_SM3),
		.digestEncryptionAlgorithm = hf_alg_of(HF_OID_SM2_SIGN),
	};

	if (signing->attributes) {
		if (!make_attributes(signing, &parts->attributes, err))
			return false;
		info.authenticatedAttributes = hf_der_list_of(&parts->attributes);
	}
	if (!hf_sm2sig_encode(signature, &parts->signature, err))
		return false;
	info.encryptedDigest = hf_buf_bytes(&parts->signature);
	return hf_der_list_add(&parts->signers, &hf_SignerInfo, &info, err);
}

static bool make_parts(const struct hf_cms_signing *signing, const uint8_t signature[HF_SM2_SIG], struct parts *parts,
	struct hf_err *err)
{
	struct hf_alg sm3 = hf_alg_of(HF_OID_SM3);

	if (!hf_der_list_add(&parts->digests, &hf_AlgorithmIdentifier, &sm3, err))
		return false;
	for (size_t i = 0; i < signing->num_certs; i++)
		if (!hf_der_list_add(&parts->certificates, &hf_der_Any, &signing->certs[i], err))
			return hf_fail_in(err, "certificates");
	hf_der_set_sort(&parts->certificates);
	if (!signing->detached && !hf_der_encode(&hf_der_OctetString, &signing->content, &parts->content, err))
		return false;
	return make_signer_info(signing, signature, parts, err);
}

bool hf_cms_signed_encode(const struct hf_cms_signing *signing, const uint8_t signature[HF_SM2_SIG], struct hf_buf *out,
	struct hf_err *err)
{
	struct parts parts;
	struct hf_buf *all[] = {&parts.content, &parts.digests, &parts.certificates, &parts.attributes,
		&parts.signature, &parts.signers};
	const size_t num = sizeof(all) / sizeof(all[0]);

	for (size_t i = 0; i < num; i++)
		hf_buf_init(all[i], HF_CMS_MAX);
	bool ok = make_parts(signing, signature, &parts, err);
	if (ok) {
		struct hf_signed_data data = {
			.version = 1,
			.digestAlgorithms = hf_der_list_of(&parts.digests),
			.contentInfo.contentType = hf_oid_bytes(HF_OID_GM_DATA),
			.contentInfo.content = hf_buf_bytes(&parts.content),
			.signerInfos = hf_der_list_of(&parts.signers),
		};
		if (signing->num_certs > 0)
			data.certificates = hf_der_list_of(&parts.certificates);
		ok = hf_cms_wrap(HF_CMS_SIGNED_DATA, &hf_SignedData, &data, out, err);
	}
	for (size_t i = 0; i < num; i++)
		hf_buf_clear(all[i]);
	return ok;
}

bool hf_cms_sign(
	const struct hf_cms_signing *signing, const struct hf_signer *signer, struct hf_buf *out, struct hf_err *err)
{
	uint8_t signature[1][HF_SM2_SIG];
	struct hf_buf tbs, der;

	hf_buf_init(&tbs, HF_CMS_MAX);
	hf_buf_init(&der, HF_SM2SIG_DER_MAX);
	bool ok = hf_cms_signed_tbs(signing, &tbs, err);
	struct hf_bytes view = hf_buf_bytes(&tbs);
	ok = ok && signer->sign(signer->ctx, &view, 1, signature, err);
	if (ok && signer->check)
		ok = hf_sm2sig_encode(signature[0], &der, err) &&
		     hf_signed_verify(signer->pub, view, hf_buf_bytes(&der), err);
	ok = ok && hf_cms_signed_encode(signing, signature[0], out, err);
	hf_buf_clear(&der);
	hf_buf_clear(&tbs);
	return ok;
}

/* ---- reading ---- */

/* Each of the three has one value and occurs once (RFC 2985 5.3). */
static bool read_attribute(const struct hf_attribute *attribute, struct hf_cms_signer *signer, struct hf_err *err)
{
	struct hf_der_list values = attribute->values;
	const struct hf_der_type *type;
	struct hf_bytes value;
	void *member;
	bool there;

	switch (hf_oid_of(attribute->type)) {
	case HF_OID_CONTENT_TYPE:
		type = &hf_der_Oid;
		member = &signer->contentType;
		there = signer->contentType.p != NULL;
		break;
	case HF_OID_MESSAGE_DIGEST:
		type = &hf_der_OctetString;
		member = &signer->message_digest;
		there = signer->message_digest.p != NULL;
		break;
	case HF_OID_SIGNING_TIME:
		type = &hf_der_Time;
		member = &signer->signing_at;
		there = signer->has_signing_at;
		signer->has_signing_at = true;
		break;
	default:
		return true;
	}
	if (there || values.num != 1 || !hf_der_list_next_raw(&values, &value))
		return hf_fail(err, HF_E_INPUT, "twice, or not one value");
	return hf_der_decode(type, value, member, err);
}

//= RFC 2315 9.2
static bool read_attributes(struct hf_cms_signer *signer, struct hf_err *err)
{
	struct hf_der_list rest = signer->attributes;
	struct hf_attribute attribute;

	while (hf_der_list_next(&rest, &hf_Attribute, &attribute))
		if (!read_attribute(&attribute, signer, err))
			return hf_fail_in(err, "authenticatedAttributes: %s", hf_oid_name(attribute.type));
	if (!signer->contentType.p || !signer->message_digest.p)
		return hf_fail(err, HF_E_INPUT,
			"authenticatedAttributes: contentType or messageDigest is missing (RFC 2315 9.2)");
	if (signer->message_digest.len != HF_SM3_LEN)
		return hf_fail(err, HF_E_INPUT, "authenticatedAttributes: messageDigest has not 32 octets");
	return true;
}

static bool read_signer(const struct hf_signer_info *info, struct hf_cms_signer *signer, struct hf_err *err)
{
	*signer = (struct hf_cms_signer){
		.id = info->issuerAndSerialNumber,
		.attributes = info->authenticatedAttributes,
		.signature = info->encryptedDigest,
	};
	if (info->issuerAndSerialNumber.serialNumber.len > HF_SERIAL_MAX)
		return hf_fail(err, HF_E_INPUT, "SignerInfo: serialNumber is longer than 20 octets (RFC 5280 4.1.2.2)");
	return hf_cms_check_signer(info, err) && (!signer->attributes.content.p || read_attributes(signer, err));
}

static bool read_content(const struct hf_content_info *info, struct hf_cms_signed *message, struct hf_err *err)
{
	message->contentType = info->contentType;
	if (!hf_cms_is(info->contentType, HF_CMS_DATA))
		return hf_fail(err, HF_E_INPUT, "contentInfo: contentType is not data; others are not read");
	if (!info->content.p)
		return true;
	return hf_der_decode(&hf_der_OctetString, info->content, &message->content, err) ||
	       hf_fail_in(err, "contentInfo");
}

static bool read_signed(const struct hf_signed_data *data, struct hf_cms_signed *message, struct hf_err *err)
{
	struct hf_signer_info info;
	struct hf_cms_signer signer;

	if (data->version != 1)
		return hf_fail(err, HF_E_INPUT, "version is not 1 (GM/T 0010)");
	if (data->signerInfos.num > HF_CMS_SIGNERS_MAX)
		return hf_fail(err, HF_E_LIMIT, "%zu signers, at most %d", data->signerInfos.num, HF_CMS_SIGNERS_MAX);
	*message = (struct hf_cms_signed){.certificates = data->certificates, .signerInfos = data->signerInfos};
	if (!hf_cms_check_digests(&data->digestAlgorithms, err) || !read_content(&data->contentInfo, message, err))
		return false;
	for (struct hf_der_list rest = data->signerInfos; hf_der_list_next(&rest, &hf_SignerInfo, &info);) {
		if (!read_signer(&info, &signer, err))
			return false;
		if (signer.contentType.p && !hf_bytes_equal(signer.contentType, message->contentType))
			return hf_fail(err, HF_E_INPUT, "authenticatedAttributes: contentType is not the content's");
	}
	return true;
}

bool hf_cms_signed_parse(struct hf_bytes der, struct hf_cms_signed *message, struct hf_err *err)
{
	struct hf_signed_data data;

	if (!hf_cms_unwrap(der, HF_CMS_SIGNED_DATA, &hf_SignedData, &data, err))
		return false;
	return read_signed(&data, message, err) || hf_fail_in(err, "SignedData");
}

bool hf_cms_signer_next(struct hf_der_list *rest, struct hf_cms_signer *signer)
{
	struct hf_signer_info info;

	if (!hf_der_list_next(rest, &hf_SignerInfo, &info))
		return false;
	if (!read_signer(&info, signer, NULL))
		hf_bug(__FILE__, __LINE__, "a signer that was not parsed");
	return true;
}

static bool verify_signer(
	const struct hf_cms_signer *signer, struct hf_bytes content, const struct hf_cert *cert, struct hf_err *err)
{
	uint8_t digest[HF_SM3_LEN];
	struct hf_buf set;

	if (!cert->is_sm2)
		return hf_fail(err, HF_E_VERIFY, "the signer's key is not SM2");
	if (cert->has_key_usage && !(cert->key_usage & (HF_KU_DIGITAL_SIGNATURE | HF_KU_NON_REPUDIATION)))
		return hf_fail(err, HF_E_VERIFY, "the signer's certificate may not sign (keyUsage)");
	if (!signer->attributes.content.p)
		return hf_signed_verify(cert->pub, content, signer->signature, err);
	hf_sm3(content, digest);
	if (!hf_bytes_equal(signer->message_digest, HF_BYTES_OF(digest)))
		return hf_fail(err, HF_E_VERIFY, "messageDigest is not that of the content (RFC 2315 9.2)");
	hf_buf_init(&set, HF_CMS_MAX);
	put_as_set(&set, signer->attributes.content);
	bool ok = hf_signed_verify(cert->pub, hf_buf_bytes(&set), signer->signature, err);
	hf_buf_clear(&set);
	return ok;
}

static const struct hf_cert *find_cert(const struct hf_issuer_serial *id, const struct hf_cert *certs, size_t num_certs)
{
	for (size_t i = 0; i < num_certs; i++)
		if (hf_cms_id_is(id, &certs[i]))
			return &certs[i];
	return NULL;
}

static bool choose_content(const struct hf_cms_signed *message, struct hf_bytes *content, struct hf_err *err)
{
	if (!content->p && !message->content.p)
		return hf_fail(err, HF_E_MISSING, "SignedData: the content is detached and was not given");
	if (content->p && message->content.p && !hf_bytes_equal(*content, message->content))
		return hf_fail(err, HF_E_VERIFY, "SignedData: the content inside is not the one that was given");
	if (!content->p)
		*content = message->content;
	return true;
}

bool hf_cms_signed_verify(const struct hf_cms_signed *message, struct hf_bytes content, const struct hf_cert *certs,
	size_t num_certs, struct hf_err *err)
{
	struct hf_der_list rest = message->signerInfos;
	struct hf_cms_signer signer;
	char serial[HF_SERIAL_TEXT_MAX];

	if (!choose_content(message, &content, err))
		return false;
	while (hf_cms_signer_next(&rest, &signer)) {
		hf_serial_text(signer.id.serialNumber, serial);
		const struct hf_cert *cert = find_cert(&signer.id, certs, num_certs);
		if (!cert)
			return hf_fail(err, HF_E_MISSING, "SignedData: no certificate of the signer %s", serial);
		if (!verify_signer(&signer, content, cert, err))
			return hf_fail_in(err, "SignedData: signer %s", serial);
	}
	return true;
}
