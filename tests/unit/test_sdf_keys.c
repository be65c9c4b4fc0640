/* States, many keys, key agreement, envelopes: what device.c, kept.c and sdf_agree.c promise. */
#include "sdf_rig.h"

#include "base/clock.h"

/* --- States --- */

static void a_blank_device_tells_who_it_is_and_refuses_everything_else(void **state)
{
	struct rig *rig = *state;
	struct rig blank = {0};
	unsigned char random[16];
	unsigned int value;
	DEVICEINFO info, later;

	make_folder(&blank);
	assert_sdr(SDFX_MakeBlankDevice(NULL), SDR_INARGERR);
	assert_sdr(SDFX_MakeBlankDevice(blank.folder), SDR_OK);
	assert_sdr(SDFX_MakeBlankDevice(blank.folder), SDR_FILEEXISTS);
	reopen(&blank);
	assert_sdr(SDFX_GetDeviceState(blank.device, &value), SDR_OK);
	assert_int_equal(value, SDFX_STATE_INITIAL);
	assert_sdr(SDF_GetDeviceInfo(blank.session, &info), SDR_OK);
	assert_sdr(SDF_GenerateRandom(blank.session, 16, random), SDR_STEPERR);
	assert_sdr(SDFX_UnlockDevice(blank.device, password, LEN(password)), SDR_STEPERR);
	assert_sdr(SDFX_GenerateKEK(blank.session, 1), SDR_STEPERR);
	assert_sdr(SDFX_StartDevice(blank.device, password, 7, ITERATIONS), SDR_INARGERR);
	assert_sdr(SDFX_StartDevice(blank.device, password, LEN(password), 0), SDR_INARGERR);
	assert_sdr(SDFX_StartDevice(blank.device, password, LEN(password), ITERATIONS), SDR_OK);
	assert_sdr(SDFX_StartDevice(blank.device, password, LEN(password), ITERATIONS), SDR_STEPERR);
	assert_sdr(SDFX_GetDeviceState(blank.device, &value), SDR_OK);
	assert_int_equal(value, SDFX_STATE_READY);
	assert_sdr(SDFX_GenerateKEK(blank.session, 1), SDR_PRKRERR);
	assert_sdr(SDFX_UnlockDevice(blank.device, password, LEN(password)), SDR_OK);
	reopen(&blank);
	assert_sdr(SDF_GetDeviceInfo(blank.session, &later), SDR_OK);
	assert_memory_equal(&info, &later, sizeof(info));
	assert_sdr(SDF_GenerateRandom(blank.session, 16, random), SDR_OK);
	close_device(&blank);
	remove_folder(blank.folder);
	assert_sdr(SDFX_GetDeviceState(rig->device, &value), SDR_OK);
	assert_int_equal(value, SDFX_STATE_READY);
	assert_sdr(SDFX_GetDeviceState(rig->device, NULL), SDR_OUTARGERR);
	assert_sdr(SDFX_GetDeviceState(rig->session, &value), SDR_INARGERR);
	assert_sdr(SDFX_StartDevice(rig->session, password, LEN(password), ITERATIONS), SDR_INARGERR);
}

/* --- Many keys --- */

#define MANY_PAIRS 1500
#define MANY_KEKS  120

static void thousands_of_keys_are_kept_and_found(void **state)
{
	struct rig *rig = *state;
	unsigned char wrapped[16], e[32] = {1};
	ECCrefPublicKey pub, first;
	ECCSignature sig;
	unsigned int len;
	void *key;

	for (unsigned int i = 0; i < MANY_PAIRS; i++) {
		assert_sdr(SDFX_GenerateInternalKeyPair_ECC(
				   rig->session, 100 + i, SDFX_USE_SIGN, code, LEN(code), i == 7 ? &first : &pub),
			SDR_OK);
	}
	for (unsigned int i = 2; i < MANY_KEKS; i++)
		assert_sdr(SDFX_GenerateKEK(rig->session, i), SDR_OK);
	close_device(rig);
	int64_t start = hf_now(&hf_clock_system);
	reopen(rig);
	int64_t took = hf_now(&hf_clock_system) - start;
	print_message("%u pairs and %u KEKs open in %lld us\n", MANY_PAIRS + 2, MANY_KEKS - 1, (long long)took);
	assert_true(took < 5000000);
	assert_sdr(SDF_ExportSignPublicKey_ECC(rig->session, 107, &pub), SDR_OK);
	assert_memory_equal(&pub, &first, sizeof(pub));
	assert_sdr(SDF_GetPrivateKeyAccessRight(rig->session, 100 + MANY_PAIRS - 1, code, LEN(code)), SDR_OK);
	assert_sdr(SDF_InternalSign_ECC(rig->session, 100 + MANY_PAIRS - 1, e, 32, &sig), SDR_OK);
	assert_sdr(SDF_InternalVerify_ECC(rig->session, 100 + MANY_PAIRS - 1, e, 32, &sig), SDR_OK);
	assert_sdr(SDFX_UnlockDevice(rig->device, password, LEN(password)), SDR_OK);
	for (unsigned int i = 1; i < MANY_KEKS; i++)
		assert_sdr(SDF_GenerateKeyWithKEK(rig->session, 128, SGD_SM4_ECB, i, wrapped, &len, &key), SDR_OK);
	assert_sdr(SDFX_DestroyInternalKey(rig->session, 50, SDFX_USE_KEK), SDR_OK);
	assert_sdr(SDF_GenerateKeyWithKEK(rig->session, 128, SGD_SM4_ECB, 50, wrapped, &len, &key), SDR_KEYNOTEXIST);
	assert_sdr(SDF_GenerateKeyWithKEK(rig->session, 128, SGD_SM4_ECB, 51, wrapped, &len, &key), SDR_OK);
}

/* --- Agreement --- */

static unsigned char alice[] = "alice@example.cn", bob[] = "bob";

static void assert_same_key(void *s, void *a, void *b, bool same)
{
	unsigned char in[16] = {0}, x[16], y[16];
	unsigned int len;

	assert_sdr(SDF_Encrypt(s, a, SGD_SM4_ECB, NULL, in, 16, x, &len), SDR_OK);
	assert_sdr(SDF_Encrypt(s, b, SGD_SM4_ECB, NULL, in, 16, y, &len), SDR_OK);
	assert_int_equal(memcmp(x, y, 16) == 0, same);
}

static void two_sides_agree_on_a_key_once(void **state)
{
	struct rig *rig = *state;
	ECCrefPublicKey a, a_tmp, b, b_tmp, bad;
	void *s = rig->session, *agreement, *theirs, *mine, *other;

	assert_sdr(SDFX_GenerateInternalKeyPair_ECC(s, 2, SDFX_USE_ENC, code, LEN(code), &b), SDR_OK);
	assert_sdr(SDF_GenerateAgreementDataWithECC(s, 2, 128, alice, LEN(alice), &a, &a_tmp, &agreement), SDR_PRKRERR);
	assert_sdr(SDF_GetPrivateKeyAccessRight(s, 2, code, LEN(code)), SDR_OK);
	assert_sdr(SDF_GenerateAgreementDataWithECC(s, 1, 128, alice, LEN(alice), &a, &a_tmp, &agreement), SDR_OK);
	assert_memory_equal(&a, &rig->enc, sizeof(a));
	assert_sdr(SDF_GenerateAgreementDataAndKeyWithECC(
			   s, 2, 128, bob, LEN(bob), alice, LEN(alice), &a, &a_tmp, &b, &b_tmp, &theirs),
		SDR_OK);
	bad = b_tmp;
	bad.y[63] ^= 1;
	assert_sdr(SDF_GenerateKeyWithECC(s, bob, LEN(bob), &b, &bad, agreement, &mine), SDR_KEYERR);
	assert_sdr(SDF_GenerateKeyWithECC(s, bob, LEN(bob), &b, &b_tmp, agreement, &mine), SDR_OK);
	assert_same_key(s, mine, theirs, true);
	assert_sdr(SDF_GenerateKeyWithECC(s, bob, LEN(bob), &b, &b_tmp, agreement, &mine), SDR_INARGERR);
	/* another name: another key */
	assert_sdr(SDF_GenerateAgreementDataWithECC(s, 1, 128, alice, LEN(alice), &a, &a_tmp, &agreement), SDR_OK);
	assert_sdr(SDF_GenerateAgreementDataAndKeyWithECC(
			   s, 2, 128, bob, LEN(bob), bob, LEN(bob), &a, &a_tmp, &b, &b_tmp, &theirs),
		SDR_OK);
	assert_sdr(SDF_GenerateKeyWithECC(s, bob, LEN(bob), &b, &b_tmp, agreement, &mine), SDR_OK);
	assert_same_key(s, mine, theirs, false);
	/* an agreement of another session, of a closed one, of a key that is gone */
	assert_sdr(SDF_GenerateAgreementDataWithECC(s, 2, 128, alice, LEN(alice), &a, &a_tmp, &agreement), SDR_OK);
	assert_sdr(SDF_OpenSession(rig->device, &other), SDR_OK);
	assert_sdr(SDF_GenerateKeyWithECC(other, bob, LEN(bob), &b, &b_tmp, agreement, &mine), SDR_INARGERR);
	assert_sdr(SDFX_DestroyInternalKey(s, 2, SDFX_USE_ENC), SDR_OK);
	assert_sdr(SDF_GenerateKeyWithECC(s, bob, LEN(bob), &a, &b_tmp, agreement, &mine), SDR_KEYNOTEXIST);
	assert_sdr(SDFX_GenerateInternalKeyPair_ECC(s, 2, SDFX_USE_ENC, code, LEN(code), &b), SDR_OK);
	assert_sdr(SDF_GetPrivateKeyAccessRight(s, 2, code, LEN(code)), SDR_OK);
	assert_sdr(SDF_GenerateKeyWithECC(s, bob, LEN(bob), &a, &b_tmp, agreement, &mine), SDR_KEYNOTEXIST);
}

static void agreement_checks_what_it_is_given(void **state)
{
	struct rig *rig = *state;
	ECCrefPublicKey a, t;
	void *s = rig->session, *h;

	assert_sdr(SDF_GenerateAgreementDataWithECC(s, 1, 256, alice, LEN(alice), &a, &t, &h), SDR_INARGERR);
	assert_sdr(SDF_GenerateAgreementDataWithECC(s, 1, 128, alice, 0, &a, &t, &h), SDR_INARGERR);
	assert_sdr(SDF_GenerateAgreementDataWithECC(s, 1, 128, alice, 8192, &a, &t, &h), SDR_INARGERR);
	assert_sdr(SDF_GenerateAgreementDataWithECC(s, 1, 128, NULL, 3, &a, &t, &h), SDR_INARGERR);
	assert_sdr(SDF_GenerateAgreementDataWithECC(s, 1, 128, alice, LEN(alice), &a, &t, NULL), SDR_OUTARGERR);
	assert_sdr(SDF_GenerateAgreementDataWithECC(s, 7, 128, alice, LEN(alice), &a, &t, &h), SDR_KEYNOTEXIST);
	assert_sdr(SDF_GenerateKeyWithECC(s, bob, LEN(bob), &rig->enc, &rig->enc, s, &h), SDR_INARGERR);
	assert_sdr(SDF_GenerateAgreementDataAndKeyWithECC(
			   s, 1, 128, bob, LEN(bob), alice, LEN(alice), NULL, &t, &a, &t, &h),
		SDR_INARGERR);
}

static void envelopes_go_from_key_to_key(void **state)
{
	union {
		ECCCipher cipher;
		unsigned char room[sizeof(ECCCipher) + 64];
	} in = {.room = {0}}, out = {.room = {0}};
	struct rig *rig = *state;
	unsigned char text[] = "what was sent to one", got[32];
	ECCrefPublicKey other;
	unsigned int len;
	void *s = rig->session;

	assert_sdr(SDFX_GenerateInternalKeyPair_ECC(s, 2, SDFX_USE_ENC, code, LEN(code), &other), SDR_OK);
	assert_sdr(SDF_GetPrivateKeyAccessRight(s, 2, code, LEN(code)), SDR_OK);
	assert_sdr(SDF_ExternalEncrypt_ECC(s, SGD_SM2_3, &rig->enc, text, LEN(text), &in.cipher), SDR_OK);
	assert_sdr(SDF_ExchangeDigitEnvelopeBaseOnECC(s, 1, SGD_SM2_3, &other, &in.cipher, &out.cipher), SDR_OK);
	assert_int_equal(out.cipher.L, LEN(text));
	assert_sdr(SDF_InternalDecrypt_ECC(s, 2, SGD_SM2_3, &out.cipher, got, &len), SDR_OK);
	assert_memory_equal(got, text, LEN(text));
	assert_sdr(SDF_ExchangeDigitEnvelopeBaseOnECC(s, 2, SGD_SM2_3, &other, &in.cipher, &out.cipher), SDR_SKOPERR);
	assert_sdr(SDF_ExchangeDigitEnvelopeBaseOnECC(s, 1, SGD_SM2_1, &other, &in.cipher, &out.cipher),
		SDR_ALGNOTSUPPORT);
	in.cipher.L = 0;
	assert_sdr(
		SDF_ExchangeDigitEnvelopeBaseOnECC(s, 1, SGD_SM2_3, &other, &in.cipher, &out.cipher), SDR_ENCDATAERR);
	in.cipher.L = 0xFFFFFFFF;
	assert_sdr(
		SDF_ExchangeDigitEnvelopeBaseOnECC(s, 1, SGD_SM2_3, &other, &in.cipher, &out.cipher), SDR_ENCDATAERR);
	in.cipher.L = LEN(text);
	assert_sdr(SDF_ReleasePrivateKeyAccessRight(s, 1), SDR_OK);
	assert_sdr(SDF_ExchangeDigitEnvelopeBaseOnECC(s, 1, SGD_SM2_3, &other, &in.cipher, &out.cipher), SDR_PRKRERR);
	other.x[0] = 1;
	assert_sdr(SDF_ExchangeDigitEnvelopeBaseOnECC(s, 1, SGD_SM2_3, &other, &in.cipher, &out.cipher), SDR_KEYERR);
	assert_sdr(SDF_ExchangeDigitEnvelopeBaseOnECC(s, 1, SGD_SM2_3, NULL, &in.cipher, &out.cipher), SDR_INARGERR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_rig(a_blank_device_tells_who_it_is_and_refuses_everything_else),
		with_rig(thousands_of_keys_are_kept_and_found),
		with_rig(two_sides_agree_on_a_key_once),
		with_rig(agreement_checks_what_it_is_given),
		with_rig(envelopes_go_from_key_to_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
