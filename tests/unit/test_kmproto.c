/* The CA-KM protocol of GM/T 0014 (x509/kmproto.h). */
#include "pki_rig.h"

#include "base/alloc.h"
#include "x509/kmproto.h"
#include "x509/kmproto_int.h"

#include <stdlib.h>

static const uint8_t task_bytes[] = {0x01, 0x02, 0x03};
static const uint8_t serial_bytes[][2] = {{0x11, 0x01}, {0x11, 0x02}, {0x11, 0x03}};
#define TASK HF_BYTES_OF(task_bytes)

struct rig {
	struct rig_cert ca, km, other, user;
	struct hf_sm2_key pair; /* of an encryption certificate */
};
static struct rig *rig;

static int set_up(void **state)
{
	static struct rig the_rig;
	struct hf_err err;

	(void)state;
	rig = &the_rig;
	rig_issue(&rig->ca, HF_PROFILE_ROOT, "ca", NULL, -HF_DAY, 365 * HF_DAY);
	rig_issue(&rig->km, HF_PROFILE_SERVICE, "km", &rig->ca, -HF_DAY, 30 * HF_DAY);
	rig_issue(&rig->other, HF_PROFILE_SERVICE, "other", &rig->ca, -HF_DAY, 30 * HF_DAY);
	rig_issue(&rig->user, HF_PROFILE_USER_SIGN, "user", &rig->ca, -HF_DAY, 30 * HF_DAY);
	assert_ok(hf_sm2_generate(&rig->pair, &err));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rig_clear(&rig->ca);
	rig_clear(&rig->km);
	rig_clear(&rig->other);
	rig_clear(&rig->user);
	return 0;
}

static struct hf_km_ask ask(enum hf_km_verb verb)
{
	struct hf_km_ask ask = {
		.verb = verb,
		.userCertNo = HF_BYTES_OF(serial_bytes[verb]),
		.notBefore = RIG_NOW,
		.notAfter = RIG_NOW + 365 * HF_DAY,
		.userName = HF_BYTES_LIT("张三"),
		.dsCode = HF_BYTES_LIT("310000"),
	};

	memcpy(ask.userPubKey, rig->user.key.pub, sizeof(ask.userPubKey));
	return ask;
}

static struct hf_km_answer answer_to(enum hf_km_verb verb)
{
	struct hf_err err;
	uint8_t sm4[HF_SM4_KEY];
	struct hf_km_answer answer = {
		.verb = verb,
		.userCertNo = HF_BYTES_OF(serial_bytes[verb % 3]),
		.errNo = verb == HF_KM_ERROR ? HF_KM_ERR_NO_SPARE_KEY : 0,
	};

	assert_ok(hf_rand(sm4, sizeof(sm4), &err));
	memcpy(answer.retPubKey, rig->pair.pub, sizeof(answer.retPubKey));
	answer.retPriKey.recipient = (struct hf_issuer_serial){rig->ca.cert.tbs.issuer, rig->ca.cert.tbs.serialNumber};
	answer.retPriKey.signer = (struct hf_issuer_serial){rig->km.cert.tbs.issuer, rig->km.cert.tbs.serialNumber};
	hf_sm4_ecb_encrypt(sm4, rig->pair.d, answer.retPriKey.enc_private, HF_SM2_SCALAR);
	assert_ok(hf_sm2_encrypt(rig->user.key.pub, HF_BYTES_OF(sm4), answer.retPriKey.sym_cipher, &err));
	rig_sign_one(&rig->km.key, HF_BYTES_OF(rig->pair.d), answer.retPriKey.signature);
	return answer;
}

static void sign(struct rig_cert *who, struct hf_buf *tbs, struct hf_buf *der)
{
	struct hf_err err;
	struct hf_signer signer = rig_signer(&who->key);
	struct hf_bytes view = hf_buf_bytes(tbs);

	hf_buf_init(der, HF_KM_MESSAGE_MAX);
	assert_ok(hf_signed_make_octets(&signer, &view, 1, der, &err));
	hf_buf_clear(tbs);
}

/* All three kinds in one message. */
static void make_request(struct hf_buf *der)
{
	struct hf_err err;
	struct hf_buf tbs;
	struct hf_km_ask asks[] = {ask(HF_KM_APPLY), ask(HF_KM_RESTORE), ask(HF_KM_REVOKE)};

	hf_buf_init(&tbs, HF_KM_MESSAGE_MAX);
	assert_ok(hf_km_request_tbs(&rig->ca.cert, TASK, RIG_NOW + 5, asks, 3, &tbs, &err));
	sign(&rig->ca, &tbs, der);
}

static void make_respond(struct hf_buf *der)
{
	struct hf_err err;
	struct hf_buf tbs;
	struct hf_km_answer answers[] = {
		answer_to(HF_KM_APPLY), answer_to(HF_KM_RESTORE), answer_to(HF_KM_REVOKE), answer_to(HF_KM_ERROR)};

	hf_buf_init(&tbs, HF_KM_MESSAGE_MAX);
	assert_ok(hf_km_respond_tbs(&rig->km.cert, TASK, RIG_NOW + 5, answers, 4, &tbs, &err));
	sign(&rig->km, &tbs, der);
}

static void a_request_is_read_as_it_was_asked(void **state)
{
	struct hf_err err;
	struct hf_buf der;
	struct hf_km_message message;
	struct hf_km_ask got;

	(void)state;
	make_request(&der);
	assert_ok(hf_km_request_parse(hf_buf_bytes(&der), &message, &err));
	assert_ok(hf_km_message_verify(&message, &rig->ca.cert, &err));
	assert_true(hf_bytes_equal(message.taskNO, TASK));
	assert_int_equal(message.at, RIG_NOW);
	assert_int_equal(message.list.num, 3);
	for (int verb = HF_KM_APPLY; verb <= HF_KM_REVOKE; verb++) {
		struct hf_km_ask want = ask((enum hf_km_verb)verb);
		assert_true(hf_km_ask_next(&message.list, &got));
		assert_int_equal(got.verb, verb);
		assert_int_equal(got.error, HF_KM_ERR_NONE);
		assert_true(hf_bytes_equal(got.userCertNo, want.userCertNo));
		if (verb != HF_KM_REVOKE)
			assert_memory_equal(got.userPubKey, want.userPubKey, sizeof(got.userPubKey));
		if (verb != HF_KM_APPLY)
			continue;
		assert_int_equal(got.notBefore, want.notBefore);
		assert_int_equal(got.notAfter, want.notAfter);
		assert_true(hf_bytes_equal(got.userName, want.userName));
		assert_true(hf_bytes_equal(got.dsCode, want.dsCode));
		assert_null(got.extendInfo.p);
	}
	assert_false(hf_km_ask_next(&message.list, &got));
	assert_true(rig_openssl_verifies(rig->ca.key.pub, message.tbs, message.signature));
	hf_buf_clear(&der);
}

static void the_ca_gets_the_key_that_only_its_user_opens(void **state)
{
	struct hf_err err;
	struct hf_buf der;
	struct hf_km_message message;
	struct hf_km_answer got;
	struct hf_wrapped_key key;
	uint8_t sm4[HF_SM4_KEY], d[HF_SM2_SCALAR];

	(void)state;
	make_respond(&der);
	assert_ok(hf_km_respond_parse(hf_buf_bytes(&der), &message, &err));
	assert_ok(hf_km_message_verify(&message, &rig->km.cert, &err));
	assert_true(rig_openssl_verifies(rig->km.key.pub, message.tbs, message.signature));
	for (int verb = HF_KM_APPLY; verb <= HF_KM_REVOKE; verb++) {
		struct hf_km_ask asked = ask((enum hf_km_verb)verb), wrong = ask((enum hf_km_verb)((verb + 1) % 3));
		assert_true(hf_km_answer_next(&message.list, &got));
		assert_ok(hf_km_answer_fits(&got, &asked, &err));
		assert_refused(hf_km_answer_fits(&got, &wrong, &err), HF_E_VERIFY, "not to this request");
		wrong = asked;
		wrong.userCertNo = TASK;
		assert_refused(hf_km_answer_fits(&got, &wrong, &err), HF_E_VERIFY, "not to this request");
		if (verb == HF_KM_REVOKE)
			continue;
		hf_km_answer_key(&got, &key);
		assert_memory_equal(key.pub, rig->pair.pub, sizeof(key.pub));
		assert_ok(hf_sm2_decrypt(rig->user.key.d, HF_BYTES_OF(key.sym_cipher), sm4, &err));
		hf_sm4_ecb_decrypt(sm4, key.enc_private, d, sizeof(d));
		assert_memory_equal(d, rig->pair.d, sizeof(d));
		assert_ok(hf_sealed_key_verify(&got.retPriKey, d, rig->km.key.pub, &err));
	}
	struct hf_km_ask asked = ask(HF_KM_APPLY);
	assert_true(hf_km_answer_next(&message.list, &got));
	assert_refused(hf_km_answer_fits(&got, &asked, &err), HF_E_PEER, "28 (no-spare-key): the spare library");
	assert_false(hf_km_answer_next(&message.list, &got));
	hf_buf_clear(&der);
}

static void decoding_and_encoding_again_gives_the_same_octets(void **state)
{
	struct hf_err err;
	struct hf_buf der, again;
	struct hf_km_signed outer;
	struct hf_ks_message ks;
	struct hf_bytes element;

	(void)state;
	hf_buf_init(&again, HF_KM_MESSAGE_MAX);
	for (unsigned i = 0; i < 2; i++) {
		const struct hf_der_type *type = i ? &hf_km_KSRespond : &hf_km_KSRequest;
		const struct hf_der_type *choice = i ? &hf_km_Respond : &hf_km_Request;
		union {
			struct hf_km_request_der request;
			struct hf_km_respond_der respond;
		} object;
		(i ? make_respond : make_request)(&der);
		assert_ok(hf_der_decode(&hf_km_Signed, hf_buf_bytes(&der), &outer, &err));
		hf_buf_reset(&again);
		assert_ok(hf_der_encode(&hf_km_Signed, &outer, &again, &err));
		assert_true(hf_bytes_equal(hf_buf_bytes(&again), hf_buf_bytes(&der)));
		assert_ok(hf_der_decode(type, outer.tbs, &ks, &err));
		hf_buf_reset(&again);
		assert_ok(hf_der_encode(type, &ks, &again, &err));
		assert_true(hf_bytes_equal(hf_buf_bytes(&again), outer.tbs));
		while (hf_der_list_next_raw(&ks.list, &element)) {
			assert_ok(hf_der_decode(choice, element, &object, &err));
			hf_buf_reset(&again);
			assert_ok(hf_der_encode(choice, &object, &again, &err));
			assert_true(hf_bytes_equal(hf_buf_bytes(&again), element));
		}
		hf_buf_clear(&der);
	}
	hf_buf_clear(&again);
}

/* Writes the tbs of a message again with each element under EXPLICIT tags. */
static void make_explicit(struct hf_buf *der, const struct hf_der_type *type, const struct hf_der_type *from,
	const struct hf_der_type *to, struct rig_cert *who)
{
	struct hf_err err;
	struct hf_km_signed outer;
	struct hf_ks_message ks;
	struct hf_buf list, tbs;
	struct hf_bytes element;
	union {
		struct hf_km_request_der request;
		struct hf_km_respond_der respond;
	} object;

	hf_buf_init(&list, HF_KM_MESSAGE_MAX);
	hf_buf_init(&tbs, HF_KM_MESSAGE_MAX);
	assert_ok(hf_der_decode(&hf_km_Signed, hf_buf_bytes(der), &outer, &err));
	assert_ok(hf_der_decode(type, outer.tbs, &ks, &err));
	while (hf_der_list_next_raw(&ks.list, &element)) {
		assert_ok(hf_der_decode(from, element, &object, &err));
		assert_ok(hf_der_list_add(&list, to, &object, &err));
	}
	ks.list = hf_der_list_of(&list);
	assert_ok(hf_der_encode(type, &ks, &tbs, &err));
	hf_buf_clear(der);
	sign(who, &tbs, der);
	hf_buf_clear(&list);
}

static void explicit_tags_are_read_too(void **state)
{
	struct hf_err err;
	struct hf_buf der;
	struct hf_km_message message;
	struct hf_km_ask got;
	struct hf_km_answer answer;

	(void)state;
	make_request(&der);
	make_explicit(&der, &hf_km_KSRequest, &hf_km_Request, &hf_km_RequestExplicit, &rig->ca);
	assert_ok(hf_km_request_parse(hf_buf_bytes(&der), &message, &err));
	assert_ok(hf_km_message_verify(&message, &rig->ca.cert, &err));
	for (int verb = HF_KM_APPLY; verb <= HF_KM_REVOKE; verb++) {
		assert_true(hf_km_ask_next(&message.list, &got));
		assert_int_equal(got.verb, verb);
		assert_int_equal(got.error, HF_KM_ERR_NONE);
		assert_true(hf_bytes_equal(got.userCertNo, HF_BYTES_OF(serial_bytes[verb])));
	}
	hf_buf_clear(&der);
	make_respond(&der);
	make_explicit(&der, &hf_km_KSRespond, &hf_km_Respond, &hf_km_RespondExplicit, &rig->km);
	assert_ok(hf_km_respond_parse(hf_buf_bytes(&der), &message, &err));
	for (int verb = HF_KM_APPLY; verb <= HF_KM_ERROR; verb++) {
		assert_true(hf_km_answer_next(&message.list, &answer));
		assert_int_equal(answer.verb, verb);
	}
	hf_buf_clear(&der);
}

/* One request, changed by the test before it is written. */
static enum hf_km_error error_of(struct hf_km_request_der *object)
{
	struct hf_err err;
	struct hf_buf list, tbs, der;
	struct hf_km_message message;
	struct hf_km_ask got;

	hf_buf_init(&list, HF_KM_MESSAGE_MAX);
	hf_buf_init(&tbs, HF_KM_MESSAGE_MAX);
	assert_ok(hf_der_list_add(&list, &hf_km_Request, object, &err));
	assert_ok(hf_km_message_tbs(&hf_km_KSRequest, &rig->ca.cert, TASK, RIG_NOW, &list, &tbs, &err));
	sign(&rig->ca, &tbs, &der);
	assert_ok(hf_km_request_parse(hf_buf_bytes(&der), &message, &err));
	assert_true(hf_km_ask_next(&message.list, &got));
	hf_buf_clear(&der);
	hf_buf_clear(&list);
	return got.error;
}

static void a_request_that_cannot_be_served_gets_its_own_error(void **state)
{
	struct hf_err err;
	struct hf_buf tbs;
	struct hf_km_message message;
	struct hf_bytes element;
	struct hf_km_ask asked = ask(HF_KM_APPLY);
	struct hf_km_request_der whole, changed;
	static const uint8_t negative[] = {0x80}, off_curve[65] = {0x04, 1}, long_len[] = {0x02, 0x00};
	static const uint8_t integer[] = {0x02, 0x01, 0x05}, implicit[] = {'x'};
	struct hf_bytes bare = HF_BYTES_OF(serial_bytes[2]);

	(void)state;
	hf_buf_init(&tbs, HF_KM_MESSAGE_MAX);
	assert_ok(hf_km_request_tbs(&rig->ca.cert, TASK, RIG_NOW, &asked, 1, &tbs, &err));
	assert_ok(hf_km_request_tbs_parse(hf_buf_bytes(&tbs), &message, &err));
	assert_true(hf_der_list_next_raw(&message.list, &element));
	assert_ok(hf_der_decode(&hf_km_Request, element, &whole, &err));
#define ERROR_IS(want, change)                                                                                         \
	do {                                                                                                           \
		changed = whole;                                                                                       \
		struct hf_apply_key_req *apply = &changed.applykeyreq;                                                 \
		change;                                                                                                \
		assert_int_equal(error_of(&changed), want);                                                            \
	} while (0)
	ERROR_IS(HF_KM_ERR_NONE, (void)apply);
	ERROR_IS(HF_KM_ERR_NONE, apply->retSymAlg = hf_alg_null(HF_OID_SM4_ECB));
	ERROR_IS(HF_KM_ERR_NONE, apply->appUserInfo.extendInfo.implicit = HF_BYTES_OF(implicit));
	ERROR_IS(HF_KM_ERR_ALGORITHM, apply->appKeyType = hf_alg_of(HF_OID_RSA_ENCRYPTION));
	ERROR_IS(HF_KM_ERR_ALGORITHM, apply->appKeyLen = HF_BYTES_OF(long_len));
	ERROR_IS(HF_KM_ERR_ALGORITHM, apply->retSymAlg = hf_alg_of(HF_OID_SM4_CBC));
	ERROR_IS(HF_KM_ERR_ALGORITHM, apply->retHashAlg = hf_alg_of(HF_OID_SHA256));
	ERROR_IS(HF_KM_ERR_VALIDITY, apply->appUserInfo.notAfter = apply->appUserInfo.notBefore);
	ERROR_IS(HF_KM_ERR_USER_KEY, apply->appUserInfo.userPubKey.subjectPublicKey.bytes = HF_BYTES_OF(off_curve));
	ERROR_IS(HF_KM_ERR_CERT_NO, apply->appUserInfo.userCertNo = HF_BYTES_OF(negative));
	ERROR_IS(HF_KM_ERR_USER_INFO, apply->appUserInfo.userName.any = HF_BYTES_OF(integer));
	ERROR_IS(HF_KM_ERR_USER_INFO, apply->appUserInfo.userName.implicit = HF_BYTES_OF(implicit));
#undef ERROR_IS
	changed = (struct hf_km_request_der){.which = 3, .revokekeyreq.userCertNo = bare};
	assert_int_equal(error_of(&changed), HF_KM_ERR_NONE);
	hf_buf_clear(&tbs);
}

static void a_message_of_another_sender_is_refused(void **state)
{
	struct hf_err err;
	struct hf_buf der, spki;
	struct hf_km_message message;
	struct hf_cert changed = rig->ca.cert;
	uint8_t hash[HF_SM3_LEN];

	(void)state;
	make_request(&der);
	assert_ok(hf_km_request_parse(hf_buf_bytes(&der), &message, &err));
	assert_refused(hf_km_message_verify(&message, &rig->other.cert, &err), HF_E_DENIED, "entName");
	changed.tbs.serialNumber = TASK;
	assert_refused(hf_km_message_verify(&message, &changed, &err), HF_E_DENIED, "serialNumber");
	changed = rig->ca.cert;
	changed.tbs.subjectPublicKeyInfo = rig->other.cert.tbs.subjectPublicKeyInfo;
	assert_refused(hf_km_message_verify(&message, &changed, &err), HF_E_DENIED, "entPubKeyHash");
	changed = rig->ca.cert;
	memcpy(changed.pub, rig->other.cert.pub, sizeof(changed.pub));
	assert_refused(hf_km_message_verify(&message, &changed, &err), HF_E_VERIFY, "");

	/* the hash of the whole SubjectPublicKeyInfo is taken */
	hf_buf_init(&spki, 256);
	assert_ok(hf_der_encode(&hf_SubjectPublicKeyInfo, &rig->ca.cert.tbs.subjectPublicKeyInfo, &spki, &err));
	hf_sm3(hf_buf_bytes(&spki), hash);
	message.sender.entPubKeyHash = HF_BYTES_OF(hash);
	assert_ok(hf_ent_name_check(&message.sender, &rig->ca.cert, &err));
	hash[0] ^= 1;
	assert_refused(hf_ent_name_check(&message.sender, &rig->ca.cert, &err), HF_E_DENIED, "entPubKeyHash");
	hf_buf_clear(&spki);
	hf_buf_clear(&der);
}

static void no_flipped_bit_is_accepted(void **state)
{
	struct hf_err err;
	struct hf_buf der;
	struct hf_km_message message;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		(i ? make_respond : make_request)(&der);
		for (size_t at = 0; at < der.len; at++) {
			uint8_t was = der.p[at];
			der.p[at] ^= (uint8_t)(1 << at % 8);
			bool parsed = i ? hf_km_respond_parse(hf_buf_bytes(&der), &message, &err)
					: hf_km_request_parse(hf_buf_bytes(&der), &message, &err);
			if (parsed && hf_km_message_verify(&message, i ? &rig->km.cert : &rig->ca.cert, &err))
				fail_msg("octet %zu of %zu", at, der.len);
			der.p[at] = was;
		}
		hf_buf_clear(&der);
	}
}

static void a_thousand_fit_in_a_message_and_no_more(void **state)
{
	struct hf_err err;
	struct hf_buf tbs;
	const size_t num = HF_KM_REQUESTS_MAX;
	struct hf_km_ask *asks = hf_alloc(num + 1, sizeof(*asks));
	struct hf_km_answer *answers = hf_alloc(num + 1, sizeof(*answers)), got;
	struct hf_km_answer one = answer_to(HF_KM_APPLY);
	struct hf_km_message message;
	uint8_t long_serial[HF_SERIAL_MAX];

	(void)state;
	memset(long_serial, 0x7F, sizeof(long_serial));
	one.userCertNo = HF_BYTES_OF(long_serial);
	for (size_t i = 0; i <= num; i++) {
		asks[i] = ask(HF_KM_APPLY);
		asks[i].userCertNo = one.userCertNo;
		answers[i] = one;
	}
	hf_buf_init(&tbs, 2 * HF_KM_MESSAGE_MAX);
	assert_refused(hf_km_request_tbs(&rig->ca.cert, TASK, RIG_NOW, asks, num + 1, &tbs, &err), HF_E_LIMIT, "1000");
	assert_refused(
		hf_km_respond_tbs(&rig->km.cert, TASK, RIG_NOW, answers, num + 1, &tbs, &err), HF_E_LIMIT, "1000");
	assert_ok(hf_km_request_tbs(&rig->ca.cert, TASK, RIG_NOW, asks, num, &tbs, &err));
	assert_ok(hf_km_request_tbs_parse(hf_buf_bytes(&tbs), &message, &err));
	hf_buf_reset(&tbs);
	assert_ok(hf_km_respond_tbs(&rig->km.cert, TASK, RIG_NOW, answers, num, &tbs, &err));
	assert_ok(hf_km_respond_tbs_parse(hf_buf_bytes(&tbs), &message, &err));
	size_t read = 0;
	while (hf_km_answer_next(&message.list, &got))
		read++;
	assert_int_equal(read, num);
	hf_buf_clear(&tbs);
	free(answers);
	free(asks);
}

static void malformed_messages_are_refused(void **state)
{
	struct hf_err err;
	struct hf_buf der, changed;
	struct hf_km_message message;
	struct hf_km_signed outer;
	struct hf_ks_message ks, bad;
	static uint8_t large[HF_KM_MESSAGE_MAX + 1], long_task[21] = {1}, negative[] = {0xFF};
	static const uint8_t twice[] = {0xA2, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01};

	(void)state;
	make_request(&der);
	for (size_t len = 0; len < der.len; len++)
		assert_false(hf_km_request_parse((struct hf_bytes){der.p, len}, &message, &err));
	assert_refused(hf_km_request_parse(HF_BYTES_OF(large), &message, &err), HF_E_LIMIT, "1048576");
	assert_refused(hf_km_respond_parse(hf_buf_bytes(&der), &message, &err), HF_E_INPUT, "respond 1");
	assert_ok(hf_der_decode(&hf_km_Signed, hf_buf_bytes(&der), &outer, &err));
	assert_ok(hf_der_decode(&hf_km_KSRequest, outer.tbs, &ks, &err));
	hf_buf_init(&changed, HF_KM_MESSAGE_MAX);
#define REFUSED(change, word)                                                                                          \
	do {                                                                                                           \
		bad = ks;                                                                                              \
		change;                                                                                                \
		hf_buf_reset(&changed);                                                                                \
		assert_ok(hf_der_encode(&hf_km_KSRequest, &bad, &changed, &err));                                      \
		assert_refused(hf_km_request_tbs_parse(hf_buf_bytes(&changed), &message, &err), HF_E_INPUT, word);     \
	} while (0)
	REFUSED(bad.version = 0, "version");
	REFUSED(bad.taskNO = HF_BYTES_OF(long_task), "taskNO");
	REFUSED(bad.taskNO = HF_BYTES_OF(negative), "taskNO");
	REFUSED(bad.list.content = HF_BYTES_OF(twice), "request 1");
#undef REFUSED
	hf_buf_clear(&changed);
	hf_buf_clear(&der);
}

static void every_error_has_a_number_of_its_own_and_two_texts(void **state)
{
	struct hf_err err;
	struct hf_buf tbs;
	struct hf_km_message message;
	struct hf_km_answer got, answer = {.verb = HF_KM_ERROR};

	(void)state;
	hf_buf_init(&tbs, HF_KM_MESSAGE_MAX);
	for (const struct hf_km_error_text *text = hf_km_errors; text->name; text++) {
		assert_ptr_equal(hf_km_error_find(text->number), text);
		assert_true(strlen(text->en) > 0 && strlen(text->zh) > 0 && strlen(text->en) <= HF_KM_TEXT_MAX);
		answer.errNo = text->number;
		hf_buf_reset(&tbs);
		assert_ok(hf_km_respond_tbs(&rig->km.cert, TASK, RIG_NOW, &answer, 1, &tbs, &err));
		assert_ok(hf_km_respond_tbs_parse(hf_buf_bytes(&tbs), &message, &err));
		assert_true(hf_km_answer_next(&message.list, &got));
		assert_int_equal(got.errNo, text->number);
		assert_memory_equal(got.errDesc.p, text->en, got.errDesc.len);
	}
	assert_null(hf_km_error_find(9999));
	answer.errNo = 9999;
	hf_buf_reset(&tbs);
	assert_ok(hf_km_respond_tbs(&rig->km.cert, TASK, RIG_NOW, &answer, 1, &tbs, &err));
	assert_ok(hf_km_respond_tbs_parse(hf_buf_bytes(&tbs), &message, &err));
	assert_true(hf_km_answer_next(&message.list, &got));
	assert_null(got.errDesc.p);
	answer.errNo = 0;
	assert_refused(hf_km_respond_tbs(&rig->km.cert, TASK, RIG_NOW, &answer, 1, &tbs, &err), HF_E_INPUT, "errNo");
	hf_buf_clear(&tbs);
}

static void both_messages_can_be_read_by_people(void **state)
{
	struct hf_err err;
	struct hf_buf der, text;

	(void)state;
	hf_buf_init(&text, 262144);
	make_request(&der);
	assert_ok(hf_km_print(hf_buf_bytes(&der), &text, &err));
	assert_non_null(strstr(hf_buf_cstr(&text), "taskNO: 010203"));
	assert_non_null(strstr(hf_buf_cstr(&text), "applykeyreq: ApplyKeyReq"));
	assert_non_null(strstr(hf_buf_cstr(&text), "dsCode: \"310000\""));
	hf_buf_clear(&der);
	hf_buf_reset(&text);
	make_respond(&der);
	assert_ok(hf_km_print(hf_buf_bytes(&der), &text, &err));
	assert_non_null(strstr(hf_buf_cstr(&text), "errorPkgRespond"));
	hf_buf_clear(&der);
	hf_buf_clear(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_read_as_it_was_asked),
		cmocka_unit_test(the_ca_gets_the_key_that_only_its_user_opens),
		cmocka_unit_test(decoding_and_encoding_again_gives_the_same_octets),
		cmocka_unit_test(explicit_tags_are_read_too),
		cmocka_unit_test(a_request_that_cannot_be_served_gets_its_own_error),
		cmocka_unit_test(a_message_of_another_sender_is_refused),
		cmocka_unit_test(no_flipped_bit_is_accepted),
		cmocka_unit_test(a_thousand_fit_in_a_message_and_no_more),
		cmocka_unit_test(malformed_messages_are_refused),
		cmocka_unit_test(every_error_has_a_number_of_its_own_and_two_texts),
		cmocka_unit_test(both_messages_can_be_read_by_people),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
