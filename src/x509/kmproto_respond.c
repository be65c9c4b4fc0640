#include "x509/kmproto_int.h"

#include "base/str.h"

#include <string.h>

#define SEALED_MAX ((size_t)64 * 1024) /* octets of one SignedAndEnvelopedData */

static bool add_key(const struct hf_km_answer *answer, struct hf_buf *list, struct hf_err *err)
{
	uint8_t point[HF_SM2_POINT_DER];
	struct hf_buf sealed;
	struct hf_ret_key_respond ret = {
		.userCertNo = answer->userCertNo,
		.retPubKey = hf_spki_of(answer->retPubKey, point),
	};
	struct hf_km_respond_der object = {.which = (int)answer->verb};

	hf_buf_init(&sealed, SEALED_MAX);
	bool ok = hf_sealed_key_encode(&answer->retPriKey, &sealed, err);
	ret.retPriKey = hf_buf_bytes(&sealed);
	if (answer->verb == HF_KM_APPLY)
		object.applyKeyRespond = ret;
	else
		object.restoreKeyRespond = ret;
	ok = ok && hf_der_list_add(list, &hf_km_Respond, &object, err);
	hf_buf_clear(&sealed);
	return ok;
}

static bool add_revoked(const struct hf_km_answer *answer, struct hf_buf *list, struct hf_err *err)
{
	struct hf_km_respond_der object = {
		.which = HF_KM_REVOKE,
		.revokeKeyRespond.userCertNo = answer->userCertNo,
	};

	return hf_der_list_add(list, &hf_km_Respond, &object, err);
}

static bool add_error(const struct hf_km_answer *answer, struct hf_buf *list, struct hf_err *err)
{
	const struct hf_km_error_text *known = hf_km_error_find(answer->errNo);
	struct hf_bytes text = answer->errDesc;
	struct hf_buf desc;
	uint8_t octets[8], scratch[9];
	struct hf_km_respond_der object = {.which = HF_KM_ERROR};

	if (answer->errNo <= 0)
		return hf_fail(err, HF_E_INPUT, "errNo is not positive");
	hf_put_u64(octets, (uint64_t)answer->errNo);
	object.errorPkgRespond.errNo = hf_der_positive(octets, sizeof(octets), scratch);
	if (!text.p && known)
		text = hf_bytes_str(known->en);
	if (text.len > HF_KM_TEXT_MAX)
		return hf_fail(err, HF_E_INPUT, "errDesc: %zu octets, at most %d", text.len, HF_KM_TEXT_MAX);
	hf_buf_init(&desc, HF_KM_TEXT_MAX + 16);
	bool ok = !text.p || hf_der_encode(&hf_km_ErrDesc, &text, &desc, err);
	object.errorPkgRespond.errDesc.any = hf_buf_bytes(&desc);
	ok = ok && hf_der_list_add(list, &hf_km_Respond, &object, err);
	hf_buf_clear(&desc);
	return ok;
}

static bool add_answer(const struct hf_km_answer *answer, struct hf_buf *list, struct hf_err *err)
{
	if (answer->verb == HF_KM_ERROR)
		return add_error(answer, list, err);
	if (!hf_km_number_ok(answer->userCertNo))
		return hf_fail(err, HF_E_INPUT, "userCertNo is not a positive number of at most 20 octets");
	return answer->verb == HF_KM_REVOKE ? add_revoked(answer, list, err) : add_key(answer, list, err);
}

bool hf_km_respond_tbs(const struct hf_cert *km, struct hf_bytes taskNO, int64_t at, const struct hf_km_answer *answers,
	size_t num, struct hf_buf *out, struct hf_err *err)
{
	struct hf_buf list;
	bool ok = true;

	hf_buf_init(&list, HF_KM_MESSAGE_MAX);
	for (size_t i = 0; ok && i < num; i++)
		ok = add_answer(&answers[i], &list, err) || hf_fail_in(err, "Respond %zu", i + 1);
	ok = ok && hf_km_message_tbs(&hf_km_KSRespond, km, taskNO, at, &list, out, err);
	hf_buf_clear(&list);
	return ok;
}

/* ---- reading ---- */

static bool read_key(const struct hf_ret_key_respond *ret, struct hf_km_answer *answer, struct hf_err *err)
{
	answer->userCertNo = ret->userCertNo;
	if (!hf_spki_sm2(&ret->retPubKey, answer->retPubKey, err))
		return hf_fail_in(err, "retPubKey");
	return hf_sealed_key_parse(ret->retPriKey, &answer->retPriKey, err) || hf_fail_in(err, "retPriKey");
}

static bool read_error(const struct hf_error_pkg_respond *packet, struct hf_km_answer *answer, struct hf_err *err)
{
	uint8_t octets[8];

	if (!hf_der_unsigned(packet->errNo, octets, sizeof(octets)) || (octets[0] & 0x80))
		return hf_fail(err, HF_E_INPUT, "errNo is negative or above 63 bits");
	answer->errNo = (int64_t)hf_get_u64(octets);
	if (!hf_km_text_read(&packet->errDesc, &answer->errDesc, err))
		return hf_fail_in(err, "errDesc");
	if (answer->errDesc.len > HF_KM_TEXT_MAX)
		return hf_fail(err, HF_E_LIMIT, "errDesc: %zu octets, at most %d", answer->errDesc.len, HF_KM_TEXT_MAX);
	return true;
}

static bool read_answer(struct hf_bytes der, struct hf_km_answer *answer, struct hf_err *err)
{
	struct hf_km_respond_der object;

	*answer = (struct hf_km_answer){0};
	if (!hf_km_decode_either(&hf_km_Respond, &hf_km_RespondExplicit, der, &object, err))
		return false;
	answer->verb = (enum hf_km_verb)object.which;
	if (answer->verb == HF_KM_ERROR)
		return read_error(&object.errorPkgRespond, answer, err);
	if (answer->verb == HF_KM_REVOKE)
		answer->userCertNo = object.revokeKeyRespond.userCertNo;
	else if (!read_key(answer->verb == HF_KM_APPLY ? &object.applyKeyRespond : &object.restoreKeyRespond, answer,
			 err))
		return false;
	return hf_km_number_ok(answer->userCertNo) ||
	       hf_fail(err, HF_E_INPUT, "userCertNo is not a positive number of at most 20 octets");
}

bool hf_km_respond_tbs_parse(struct hf_bytes tbs, struct hf_km_message *message, struct hf_err *err)
{
	struct hf_km_answer answer;
	struct hf_bytes element;
	size_t at = 0;

	if (!hf_km_message_read(tbs, &hf_km_KSRespond, message, err))
		return false;
	for (struct hf_der_list rest = message->list; hf_der_list_next_raw(&rest, &element); at++)
		if (!read_answer(element, &answer, err))
			return hf_fail_in(err, "KSRespond: respond %zu", at + 1);
	return true;
}

bool hf_km_respond_parse(struct hf_bytes der, struct hf_km_message *message, struct hf_err *err)
{
	struct hf_bytes tbs, signature;

	if (!hf_km_message_open(der, &tbs, &signature, err) || !hf_km_respond_tbs_parse(tbs, message, err))
		return false;
	message->signature = signature;
	return true;
}

bool hf_km_answer_next(struct hf_der_list *rest, struct hf_km_answer *answer)
{
	struct hf_bytes element;

	if (!hf_der_list_next_raw(rest, &element))
		return false;
	if (!read_answer(element, answer, NULL))
		hf_bug(__FILE__, __LINE__, "a respond that was not parsed");
	return true;
}

bool hf_km_answer_fits(const struct hf_km_answer *answer, const struct hf_km_ask *ask, struct hf_err *err)
{
	const struct hf_km_error_text *known = hf_km_error_find(answer->errNo);
	bool plain = answer->errDesc.p && hf_utf8_is_line(answer->errDesc);

	if (answer->verb == HF_KM_ERROR)
		return hf_fail(err, HF_E_PEER, "the KM answers error %lld (%s): %.*s", (long long)answer->errNo,
			known ? known->name : "not one of ours", plain ? (int)answer->errDesc.len : 0,
			plain ? (const char *)answer->errDesc.p : "");
	if (answer->verb != ask->verb || !hf_bytes_equal(answer->userCertNo, ask->userCertNo))
		return hf_fail(err, HF_E_VERIFY, "the KM's answer is not to this request (userCertNo or kind differ)");
	return true;
}

void hf_km_answer_key(const struct hf_km_answer *answer, struct hf_wrapped_key *key)
{
	memcpy(key->pub, answer->retPubKey, sizeof(key->pub));
	memcpy(key->enc_private, answer->retPriKey.enc_private, sizeof(key->enc_private));
	memcpy(key->sym_cipher, answer->retPriKey.sym_cipher, sizeof(key->sym_cipher));
}

static void print_list(struct hf_der_list rest, const struct hf_der_type *implicit,
	const struct hf_der_type *with_explicit, struct hf_buf *out)
{
	union {
		struct hf_km_request_der request;
		struct hf_km_respond_der respond;
	} object;
	struct hf_bytes element;

	while (hf_der_list_next_raw(&rest, &element)) {
		if (hf_der_decode(implicit, element, &object, NULL))
			hf_der_print(implicit, &object, out, 1);
		else if (hf_der_decode(with_explicit, element, &object, NULL))
			hf_der_print(with_explicit, &object, out, 1);
	}
}

bool hf_km_print(struct hf_bytes der, struct hf_buf *out, struct hf_err *err)
{
	struct hf_km_message message;
	struct hf_ks_message ks;

	bool is_request = hf_km_request_parse(der, &message, err);
	if (!is_request && !hf_km_respond_parse(der, &message, err))
		return false;
	const struct hf_der_type *type = is_request ? &hf_km_KSRequest : &hf_km_KSRespond;
	if (!hf_der_decode(type, message.tbs, &ks, err))
		return false;
	hf_buf_put_str(out, is_request ? "CARequest\n" : "KMRespond\n");
	hf_der_print(type, &ks, out, 0);
	if (is_request)
		print_list(message.list, &hf_km_Request, &hf_km_RequestExplicit, out);
	else
		print_list(message.list, &hf_km_Respond, &hf_km_RespondExplicit, out);
	hf_buf_put_str(out, "signatureValue: ");
	hf_der_print(&hf_der_OctetString, &message.signature, out, 0);
	return true;
}
