#include "sdf_rig.h"

#include "crypto/sm2.h"
#include "crypto/sm3.h"

#include <sys/stat.h>
#include <sys/wait.h>

static unsigned char wrong[] = "access code 2";

/* --- Device --- */

static void init_refuses_short_passwords_bad_costs_and_full_folders(void **state)
{
	struct rig rig = {0}, *full = *state;

	make_folder(&rig);
	assert_sdr(SDFX_InitDevice(rig.folder, password, 7, ITERATIONS), SDR_INARGERR);
	assert_sdr(SDFX_InitDevice(rig.folder, NULL, 8, ITERATIONS), SDR_INARGERR);
	assert_sdr(SDFX_InitDevice(NULL, password, 8, ITERATIONS), SDR_INARGERR);
	assert_sdr(SDFX_InitDevice(rig.folder, password, 8, 0), SDR_INARGERR);
	assert_sdr(SDFX_InitDevice(rig.folder, password, 8, SDFX_ITERATIONS_MAX + 1), SDR_INARGERR);
	assert_sdr(SDFX_OpenDevice(rig.folder, &rig.device), SDR_OPENDEVICE);
	assert_sdr(SDFX_OpenDevice("/no such folder", &rig.device), SDR_OPENDEVICE);
	assert_sdr(SDFX_OpenDevice(NULL, &rig.device), SDR_INARGERR);
	assert_sdr(SDFX_OpenDevice(rig.folder, NULL), SDR_OUTARGERR);
	remove_folder(rig.folder);
	assert_sdr(SDFX_InitDevice(full->folder, password, LEN(password), ITERATIONS), SDR_OPENDEVICE);
	close_device(full);
	assert_sdr(SDFX_InitDevice(full->folder, password, LEN(password), ITERATIONS), SDR_FILEEXISTS);
}

static void the_environment_names_the_default_device(void **state)
{
	struct rig *rig = *state;
	void *device;

	close_device(rig);
	unsetenv("HUFU_SDF_HOME");
	assert_sdr(SDF_OpenDevice(&device), SDR_OPENDEVICE);
	setenv("HUFU_SDF_HOME", rig->folder, 1);
	assert_sdr(SDF_OpenDevice(&device), SDR_OK);
	assert_sdr(SDF_CloseDevice(device), SDR_OK);
	unsetenv("HUFU_SDF_HOME");
}

static void a_device_is_open_once_only(void **state)
{
	struct rig *rig = *state;
	void *second;
	int status;

	assert_sdr(SDFX_OpenDevice(rig->folder, &second), SDR_OPENDEVICE);
	pid_t pid = fork();
	if (pid == 0)
		_exit(SDFX_OpenDevice(rig->folder, &second) == SDR_OPENDEVICE ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	reopen(rig);
}

static void the_device_tells_who_it_is(void **state)
{
	struct rig *rig = *state;
	DEVICEINFO info, again;
	unsigned char random[64] = {0}, zeros[64] = {0};

	assert_sdr(SDF_GetDeviceInfo(rig->session, &info), SDR_OK);
	assert_memory_equal(info.DeviceSerial + 8, "001", 3);
	assert_int_equal(info.SymAlgAbility & SGD_SM4_CBC, SGD_SM4_CBC);
	assert_sdr(SDF_GenerateRandom(rig->session, 64, random), SDR_OK);
	assert_memory_not_equal(random, zeros, 64);
	assert_sdr(SDF_GetDeviceInfo(rig->session, NULL), SDR_OUTARGERR);
	assert_sdr(SDF_GenerateRandom(rig->session, 8, NULL), SDR_OUTARGERR);
	reopen(rig);
	assert_sdr(SDF_GetDeviceInfo(rig->session, &again), SDR_OK);
	assert_memory_equal(&info, &again, sizeof(info));
}

static void key_files_are_the_owners_only(void **state)
{
	struct rig *rig = *state;
	char path[512];
	struct stat st;

	assert_true(hf_fmt(path, sizeof(path), "%s/sign-00001.key", rig->folder));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_size, 200);
}

/* --- Handles --- */

/* Those of the 2023 edition, RSA, files and debugging. */
static void assert_no_session_either(void *h)
{
	unsigned char data[256] = {0}, iv[16] = {0};
	ECCrefPublicKey pub = {.bits = 256}, tmp;
	ECCrefPrivateKey ecc = {.bits = 256};
	RSArefPrivateKey private = {0};
	RSArefPublicKey rsa = {0};
	ECCCipher c = {.L = 1};
	unsigned int len = 1, tag_len;
	ECCSignature sig;
	SDFX_REWRAP_OUT out = {0};
	void *key;

	assert_sdr(SDF_GenerateAgreementDataWithECC(h, 1, 128, data, 3, &pub, &tmp, &key), SDR_INARGERR);
	assert_sdr(SDF_GenerateKeyWithECC(h, data, 3, &pub, &pub, h, &key), SDR_INARGERR);
	assert_sdr(SDF_GenerateAgreementDataAndKeyWithECC(h, 1, 128, data, 3, data, 3, &pub, &pub, &pub, &tmp, &key),
		SDR_INARGERR);
	assert_sdr(SDF_ExchangeDigitEnvelopeBaseOnECC(h, 1, SGD_SM2_3, &pub, &c, &c), SDR_INARGERR);
	assert_sdr(SDF_EncryptInit(h, h, SGD_SM4_CBC, iv, 16), SDR_INARGERR);
	assert_sdr(SDF_EncryptUpdate(h, data, 16, data, &len), SDR_INARGERR);
	assert_sdr(SDF_EncryptFinal(h, data, &len), SDR_INARGERR);
	assert_sdr(SDF_DecryptInit(h, h, SGD_SM4_CBC, iv, 16), SDR_INARGERR);
	assert_sdr(SDF_DecryptUpdate(h, data, 16, data, &len), SDR_INARGERR);
	assert_sdr(SDF_DecryptFinal(h, data, &len), SDR_INARGERR);
	assert_sdr(SDF_CalculateMACInit(h, h, SGD_SM4_MAC, iv, 16), SDR_INARGERR);
	assert_sdr(SDF_CalculateMACUpdate(h, data, 16), SDR_INARGERR);
	assert_sdr(SDF_CalculateMACFinal(h, data, &len), SDR_INARGERR);
	assert_sdr(SDF_AuthEnc(h, h, SGD_SM4_GCM, iv, 12, NULL, 0, data, 16, data, &len, iv, &tag_len), SDR_INARGERR);
	assert_sdr(SDF_AuthDec(h, h, SGD_SM4_GCM, iv, 12, NULL, 0, iv, 16, data, 16, data, &len), SDR_INARGERR);
	assert_sdr(SDF_AuthEncInit(h, h, SGD_SM4_GCM, iv, 12, NULL, 0, 16), SDR_INARGERR);
	assert_sdr(SDF_AuthEncUpdate(h, data, 16, data, &len), SDR_INARGERR);
	assert_sdr(SDF_AuthEncFinal(h, data, &len, iv, &tag_len), SDR_INARGERR);
	assert_sdr(SDF_AuthDecInit(h, h, SGD_SM4_GCM, iv, 12, NULL, 0, iv, 16, 16), SDR_INARGERR);
	assert_sdr(SDF_AuthDecUpdate(h, data, 16, data, &len), SDR_INARGERR);
	assert_sdr(SDF_AuthDecFinal(h, data, &len), SDR_INARGERR);
	assert_sdr(SDF_HMACInit(h, h, SGD_SM3), SDR_INARGERR);
	assert_sdr(SDF_HMACUpdate(h, data, 16), SDR_INARGERR);
	assert_sdr(SDF_HMACFinal(h, data, &len), SDR_INARGERR);
	assert_sdr(SDF_ExportSignPublicKey_RSA(h, 1, &rsa), SDR_INARGERR);
	assert_sdr(SDF_ExportEncPublicKey_RSA(h, 1, &rsa), SDR_INARGERR);
	assert_sdr(SDF_GenerateKeyWithIPK_RSA(h, 1, 128, data, &len, &key), SDR_INARGERR);
	assert_sdr(SDF_GenerateKeyWithEPK_RSA(h, 128, &rsa, data, &len, &key), SDR_INARGERR);
	assert_sdr(SDF_ImportKeyWithISK_RSA(h, 1, data, 256, &key), SDR_INARGERR);
	assert_sdr(SDF_ExchangeDigitEnvelopeBaseOnRSA(h, 1, &rsa, data, 256, data, &len), SDR_INARGERR);
	assert_sdr(SDF_ExternalPublicKeyOperation_RSA(h, &rsa, data, 256, data, &len), SDR_INARGERR);
	assert_sdr(SDF_InternalPublicKeyOperation_RSA(h, 1, data, 256, data, &len), SDR_INARGERR);
	assert_sdr(SDF_InternalPrivateKeyOperation_RSA(h, 1, data, 256, data, &len), SDR_INARGERR);
	assert_sdr(SDF_CreateFile(h, data, 1, 1), SDR_INARGERR);
	assert_sdr(SDF_ReadFile(h, data, 1, 0, &len, data), SDR_INARGERR);
	assert_sdr(SDF_WriteFile(h, data, 1, 0, 1, data), SDR_INARGERR);
	assert_sdr(SDF_DeleteFile(h, data, 1), SDR_INARGERR);
	assert_sdr(SDF_GenerateKeyPair_ECC(h, SGD_SM2, 256, &pub, &ecc), SDR_INARGERR);
	assert_sdr(SDF_ExternalSign_ECC(h, SGD_SM2_1, &ecc, data, 32, &sig), SDR_INARGERR);
	assert_sdr(SDF_ExternalDecrypt_ECC(h, SGD_SM2_3, &ecc, &c, data, &len), SDR_INARGERR);
	assert_sdr(SDF_ExternalKeyEncrypt(h, SGD_SM4_CBC, data, 16, iv, 16, data, 16, data, &len), SDR_INARGERR);
	assert_sdr(SDF_ExternalKeyDecrypt(h, SGD_SM4_CBC, data, 16, iv, 16, data, 16, data, &len), SDR_INARGERR);
	assert_sdr(SDF_ExternalKeyEncryptInit(h, SGD_SM4_CBC, data, 16, iv, 16), SDR_INARGERR);
	assert_sdr(SDF_ExternalKeyDecryptInit(h, SGD_SM4_CBC, data, 16, iv, 16), SDR_INARGERR);
	assert_sdr(SDF_ExternalKeyHMACInit(h, SGD_SM3, data, 16), SDR_INARGERR);
	assert_sdr(SDF_GenerateKeyPair_RSA(h, 2048, &rsa, &private), SDR_INARGERR);
	assert_sdr(SDF_ExternalPrivateKeyOperation_RSA(h, &private, data, 256, data, &len), SDR_INARGERR);
	assert_sdr(SDFX_GenerateInternalKeyPair_RSA(h, 9, 1, 2048, code, LEN(code), &rsa), SDR_INARGERR);
	assert_sdr(SDFX_ImportWrappedKeyPair_ECC(h, 1, &pub, data, SDFX_WRAPPED_SIZE, 9, 1, code, LEN(code)),
		SDR_INARGERR);
	assert_sdr(SDFX_ImportReleasedKeyPair_ECC(h, 9, code, LEN(code), &out, &pub), SDR_INARGERR);
}

/* Every function, asked with this handle as a session. */
static void assert_no_session(void *h)
{
	union {
		ECCCipher cipher;
		unsigned char room[sizeof(ECCCipher) + 64];
	} c = {.room = {0}};
	ECCrefPublicKey pub = {.bits = 256};
	SDFX_REWRAP_IN in = {0};
	SDFX_REWRAP_OUT out;
	unsigned char data[SDFX_WRAPPED_SIZE] = {0};
	unsigned int len;
	ECCSignature sig = {0};
	DEVICEINFO info;
	void *key;

	c.cipher.L = 16;
	assert_sdr(SDF_CloseSession(h), SDR_INARGERR);
	assert_sdr(SDF_GetDeviceInfo(h, &info), SDR_INARGERR);
	assert_sdr(SDF_GenerateRandom(h, 1, data), SDR_INARGERR);
	assert_sdr(SDF_GetPrivateKeyAccessRight(h, 1, code, LEN(code)), SDR_INARGERR);
	assert_sdr(SDF_ReleasePrivateKeyAccessRight(h, 1), SDR_INARGERR);
	assert_sdr(SDF_ExportSignPublicKey_ECC(h, 1, &pub), SDR_INARGERR);
	assert_sdr(SDF_ExportEncPublicKey_ECC(h, 1, &pub), SDR_INARGERR);
	assert_sdr(SDF_GenerateKeyWithIPK_ECC(h, 1, 128, &c.cipher, &key), SDR_INARGERR);
	assert_sdr(SDF_GenerateKeyWithEPK_ECC(h, 128, SGD_SM2_3, &pub, &c.cipher, &key), SDR_INARGERR);
	assert_sdr(SDF_ImportKeyWithISK_ECC(h, 1, &c.cipher, &key), SDR_INARGERR);
	assert_sdr(SDF_GenerateKeyWithKEK(h, 128, SGD_SM4_ECB, 1, data, &len, &key), SDR_INARGERR);
	assert_sdr(SDF_ImportKeyWithKEK(h, SGD_SM4_ECB, 1, data, 16, &key), SDR_INARGERR);
	assert_sdr(SDF_DestroyKey(h, h), SDR_INARGERR);
	assert_sdr(SDF_ExternalVerify_ECC(h, SGD_SM2_1, &pub, data, 32, &sig), SDR_INARGERR);
	assert_sdr(SDF_InternalSign_ECC(h, 1, data, 32, &sig), SDR_INARGERR);
	assert_sdr(SDF_InternalVerify_ECC(h, 1, data, 32, &sig), SDR_INARGERR);
	assert_sdr(SDF_ExternalEncrypt_ECC(h, SGD_SM2_3, &pub, data, 16, &c.cipher), SDR_INARGERR);
	assert_sdr(SDF_InternalEncrypt_ECC(h, 1, SGD_SM2_3, data, 16, &c.cipher), SDR_INARGERR);
	assert_sdr(SDF_InternalDecrypt_ECC(h, 1, SGD_SM2_3, &c.cipher, data, &len), SDR_INARGERR);
	assert_sdr(SDF_Encrypt(h, h, SGD_SM4_ECB, NULL, data, 16, data, &len), SDR_INARGERR);
	assert_sdr(SDF_Decrypt(h, h, SGD_SM4_ECB, NULL, data, 16, data, &len), SDR_INARGERR);
	assert_sdr(SDF_CalculateMAC(h, h, SGD_SM4_MAC, data, data, 16, data, &len), SDR_INARGERR);
	assert_sdr(SDF_HashInit(h, SGD_SM3, NULL, NULL, 0), SDR_INARGERR);
	assert_sdr(SDF_HashUpdate(h, data, 1), SDR_INARGERR);
	assert_sdr(SDF_HashFinal(h, data, &len), SDR_INARGERR);
	assert_no_session_either(h);
	assert_sdr(SDFX_GenerateInternalKeyPair_ECC(h, 9, 1, code, LEN(code), &pub), SDR_INARGERR);
	assert_sdr(SDFX_GenerateKEK(h, 9), SDR_INARGERR);
	assert_sdr(SDFX_DestroyInternalKey(h, 1, 1), SDR_INARGERR);
	assert_sdr(SDFX_InternalSignBatch_ECC(h, 1, 1, data, &sig), SDR_INARGERR);
	assert_sdr(SDFX_GenerateWrappedKeyPairs_ECC(h, 1, 1, &pub, data, sizeof(data)), SDR_INARGERR);
	assert_sdr(SDFX_RewrapKeyPairs_ECC(h, 1, 1, 1, &in, &out), SDR_INARGERR);
}

static void foreign_and_stale_handles_are_refused_everywhere(void **state)
{
	struct rig *rig = *state;
	unsigned char data[16] = {0};
	unsigned int len;
	void *second, *key, *none;
	int on_stack;

	assert_sdr(SDF_OpenSession(rig->device, &second), SDR_OK);
	assert_sdr(SDF_GenerateKeyWithKEK(second, 128, SGD_SM4_ECB, 1, data, &len, &key), SDR_OK);
	assert_no_session(NULL);
	assert_no_session(&on_stack);
	assert_no_session((void *)(uintptr_t)-1);
	assert_no_session(rig->device);
	assert_no_session(key);
	assert_sdr(SDF_CloseDevice(rig->session), SDR_INARGERR);
	assert_sdr(SDF_OpenSession(rig->session, &none), SDR_INARGERR);
	assert_sdr(SDF_OpenSession(NULL, &none), SDR_INARGERR);
	assert_sdr(SDFX_UnlockDevice(rig->session, password, LEN(password)), SDR_INARGERR);
	/* one session's key is not another's */
	assert_sdr(SDF_Encrypt(rig->session, key, SGD_SM4_ECB, NULL, data, 16, data, &len), SDR_INARGERR);
	assert_sdr(SDF_DestroyKey(rig->session, key), SDR_INARGERR);
	assert_sdr(SDF_Encrypt(second, key, SGD_SM4_ECB, NULL, data, 16, data, &len), SDR_OK);
	assert_sdr(SDF_DestroyKey(second, key), SDR_OK);
	assert_sdr(SDF_DestroyKey(second, key), SDR_INARGERR);
	assert_sdr(SDF_CloseSession(second), SDR_OK);
	assert_no_session(second);
	void *old_device = rig->device, *old_session = rig->session;
	reopen(rig);
	assert_true(old_device != rig->device && old_session != rig->session);
	assert_no_session(old_session);
	assert_sdr(SDF_CloseDevice(old_device), SDR_INARGERR);
	assert_sdr(SDF_OpenSession(old_device, &none), SDR_INARGERR);
}

static void a_stale_handle_stays_stale_when_its_place_is_used_again(void **state)
{
	struct rig *rig = *state;
	DEVICEINFO info;
	void *first, *later;

	assert_sdr(SDF_OpenSession(rig->device, &first), SDR_OK);
	assert_sdr(SDF_CloseSession(first), SDR_OK);
	for (int i = 0; i < 1000; i++) {
		assert_sdr(SDF_OpenSession(rig->device, &later), SDR_OK);
		assert_sdr(SDF_GetDeviceInfo(first, &info), SDR_INARGERR);
		assert_sdr(SDF_CloseSession(first), SDR_INARGERR);
		assert_sdr(SDF_CloseSession(later), SDR_OK);
	}
}

/* --- Access rights --- */

static void a_private_key_needs_its_access_code(void **state)
{
	struct rig *rig = *state;
	unsigned char e[32] = {1};
	ECCSignature sig;

	reopen(rig);
	assert_sdr(SDF_InternalSign_ECC(rig->session, 1, e, 32, &sig), SDR_PRKRERR);
	assert_sdr(SDF_GetPrivateKeyAccessRight(rig->session, 1, wrong, LEN(wrong)), SDR_PRKRERR);
	assert_sdr(SDF_GetPrivateKeyAccessRight(rig->session, 1, code, 7), SDR_PRKRERR);
	assert_sdr(SDF_GetPrivateKeyAccessRight(rig->session, 1, NULL, 8), SDR_INARGERR);
	assert_sdr(SDF_GetPrivateKeyAccessRight(rig->session, 2, code, LEN(code)), SDR_KEYNOTEXIST);
	assert_sdr(SDF_InternalSign_ECC(rig->session, 1, e, 32, &sig), SDR_PRKRERR);
	assert_sdr(SDF_GetPrivateKeyAccessRight(rig->session, 1, code, LEN(code)), SDR_OK);
	assert_sdr(SDF_InternalSign_ECC(rig->session, 1, e, 32, &sig), SDR_OK);
	assert_sdr(SDF_InternalVerify_ECC(rig->session, 1, e, 32, &sig), SDR_OK);
	assert_sdr(SDF_ReleasePrivateKeyAccessRight(rig->session, 1), SDR_OK);
	assert_sdr(SDF_ReleasePrivateKeyAccessRight(rig->session, 2), SDR_KEYNOTEXIST);
	assert_sdr(SDF_InternalSign_ECC(rig->session, 1, e, 32, &sig), SDR_PRKRERR);
}

static void a_wrong_code_ends_the_right_and_other_sessions_have_none(void **state)
{
	struct rig *rig = *state;
	unsigned char e[32] = {1};
	ECCSignature sig;
	void *other;

	assert_sdr(SDF_OpenSession(rig->device, &other), SDR_OK);
	assert_sdr(SDF_InternalSign_ECC(other, 1, e, 32, &sig), SDR_PRKRERR);
	assert_sdr(SDF_InternalSign_ECC(rig->session, 1, e, 32, &sig), SDR_OK);
	assert_sdr(SDF_GetPrivateKeyAccessRight(rig->session, 1, wrong, LEN(wrong)), SDR_PRKRERR);
	assert_sdr(SDF_InternalSign_ECC(rig->session, 1, e, 32, &sig), SDR_PRKRERR);
}

static void keys_are_made_once_under_one_code_an_index(void **state)
{
	struct rig *rig = *state;
	ECCrefPublicKey pub;
	void *s = rig->session;

	assert_sdr(SDFX_GenerateInternalKeyPair_ECC(s, 1, SDFX_USE_SIGN, code, LEN(code), &pub), SDR_KEYERR);
	assert_sdr(SDFX_GenerateKEK(s, 1), SDR_KEYERR);
	assert_sdr(SDFX_GenerateInternalKeyPair_ECC(s, 2, SDFX_USE_ENC, code, LEN(code), &pub), SDR_OK);
	assert_sdr(SDFX_GenerateInternalKeyPair_ECC(s, 2, SDFX_USE_SIGN, wrong, LEN(wrong), &pub), SDR_PRKRERR);
	assert_sdr(SDFX_GenerateInternalKeyPair_ECC(s, 3, SDFX_USE_SIGN, code, 7, &pub), SDR_INARGERR);
	assert_sdr(SDFX_GenerateInternalKeyPair_ECC(s, 0, SDFX_USE_SIGN, code, LEN(code), &pub), SDR_INARGERR);
	assert_sdr(SDFX_GenerateInternalKeyPair_ECC(s, 65536, SDFX_USE_SIGN, code, LEN(code), &pub), SDR_INARGERR);
	assert_sdr(SDFX_GenerateInternalKeyPair_ECC(s, 3, SDFX_USE_KEK, code, LEN(code), &pub), SDR_INARGERR);
	assert_sdr(SDFX_GenerateInternalKeyPair_ECC(s, 3, SDFX_USE_SIGN, code, LEN(code), NULL), SDR_OUTARGERR);
	assert_sdr(SDFX_GenerateKEK(s, 0), SDR_INARGERR);
	assert_sdr(SDF_ExportSignPublicKey_ECC(s, 2, &pub), SDR_KEYNOTEXIST);
	assert_sdr(SDF_ExportSignPublicKey_ECC(s, 1, NULL), SDR_OUTARGERR);
	reopen(rig);
	assert_sdr(SDF_ExportSignPublicKey_ECC(rig->session, 1, &pub), SDR_OK);
	assert_memory_equal(&pub, &rig->sign, sizeof(pub));
	assert_sdr(SDF_ExportEncPublicKey_ECC(rig->session, 1, &pub), SDR_OK);
	assert_memory_equal(&pub, &rig->enc, sizeof(pub));
}

static void a_destroyed_key_is_gone_and_rights_to_it_open_no_later_one(void **state)
{
	struct rig *rig = *state;
	unsigned char e[32] = {1}, wrapped[16];
	unsigned int len;
	ECCSignature sig;
	ECCrefPublicKey pub;
	void *other, *key;

	assert_sdr(SDF_OpenSession(rig->device, &other), SDR_OK);
	assert_sdr(SDFX_DestroyInternalKey(other, 1, SDFX_USE_SIGN), SDR_PRKRERR);
	assert_sdr(SDFX_DestroyInternalKey(rig->session, 1, 0), SDR_INARGERR);
	assert_sdr(SDFX_DestroyInternalKey(rig->session, 7, SDFX_USE_ENC), SDR_KEYNOTEXIST);
	assert_sdr(SDFX_DestroyInternalKey(rig->session, 1, SDFX_USE_SIGN), SDR_OK);
	assert_sdr(SDF_InternalSign_ECC(rig->session, 1, e, 32, &sig), SDR_KEYNOTEXIST);
	assert_sdr(SDFX_GenerateInternalKeyPair_ECC(other, 1, SDFX_USE_SIGN, code, LEN(code), &pub), SDR_OK);
	assert_sdr(SDF_InternalSign_ECC(rig->session, 1, e, 32, &sig), SDR_PRKRERR);
	assert_sdr(SDFX_DestroyInternalKey(rig->session, 1, SDFX_USE_KEK), SDR_OK);
	assert_sdr(SDF_GenerateKeyWithKEK(rig->session, 128, SGD_SM4_ECB, 1, wrapped, &len, &key), SDR_KEYNOTEXIST);
	reopen(rig);
	assert_sdr(SDFX_UnlockDevice(rig->device, password, LEN(password)), SDR_OK);
	assert_sdr(SDFX_DestroyInternalKey(rig->session, 1, SDFX_USE_KEK), SDR_KEYNOTEXIST);
	assert_sdr(SDF_ExportSignPublicKey_ECC(rig->session, 1, &rig->sign), SDR_OK);
	assert_memory_equal(&pub, &rig->sign, sizeof(pub));
}

/* --- SM2 --- */

static void signatures_are_right_and_wrong_ones_refused(void **state)
{
	struct rig *rig = *state;
	unsigned char e[3 * 32] = {1, 2, 3}, zeros[sizeof(ECCSignature)] = {0};
	ECCSignature sig[3], bad;
	ECCrefPublicKey key;
	void *s = rig->session;

	e[40] = 9;
	assert_sdr(SDF_InternalSign_ECC(s, 1, e, 32, &sig[0]), SDR_OK);
	assert_sdr(SDF_ExternalVerify_ECC(s, SGD_SM2_1, &rig->sign, e, 32, &sig[0]), SDR_OK);
	assert_sdr(SDF_ExternalVerify_ECC(s, SGD_SM2_1, &rig->enc, e, 32, &sig[0]), SDR_VERIFYERR);
	assert_sdr(SDF_ExternalVerify_ECC(s, SGD_SM2_3, &rig->sign, e, 32, &sig[0]), SDR_ALGNOTSUPPORT);
	assert_sdr(SDF_ExternalVerify_ECC(s, SGD_SM2_1, &rig->sign, e, 31, &sig[0]), SDR_INARGERR);
	assert_sdr(SDF_InternalVerify_ECC(s, 1, e + 32, 32, &sig[0]), SDR_VERIFYERR);
	assert_sdr(SDF_InternalVerify_ECC(s, 9, e, 32, &sig[0]), SDR_KEYNOTEXIST);
	for (size_t i = 0; i < sizeof(bad); i++) {
		bad = sig[0];
		((unsigned char *)&bad)[i] ^= 1;
		assert_sdr(SDF_InternalVerify_ECC(s, 1, e, 32, &bad), SDR_VERIFYERR);
	}
	for (size_t i = 0; i < sizeof(key); i++) {
		key = rig->sign;
		((unsigned char *)&key)[i] ^= 1;
		assert_sdr(SDF_ExternalVerify_ECC(s, SGD_SM2_1, &key, e, 32, &sig[0]), SDR_KEYERR);
	}
	assert_sdr(SDF_InternalSign_ECC(s, 1, e, 33, &sig[0]), SDR_INARGERR);
	assert_sdr(SDF_InternalSign_ECC(s, 1, e, 32, NULL), SDR_OUTARGERR);
	assert_sdr(SDF_InternalSign_ECC(s, 9, e, 32, &sig[0]), SDR_KEYNOTEXIST);
	assert_sdr(SDFX_InternalSignBatch_ECC(s, 1, 3, e, sig), SDR_OK);
	for (size_t i = 0; i < 3; i++)
		assert_sdr(SDF_InternalVerify_ECC(s, 1, e + 32 * i, 32, &sig[i]), SDR_OK);
	assert_sdr(SDFX_InternalSignBatch_ECC(s, 1, 0, e, sig), SDR_INARGERR);
	assert_sdr(SDFX_InternalSignBatch_ECC(s, 9, 3, e, sig), SDR_KEYNOTEXIST);
	for (size_t i = 0; i < 3; i++)
		assert_memory_equal(&sig[i], zeros, sizeof(zeros));
}

static void encryption_goes_there_and_back(void **state)
{
	static union {
		ECCCipher cipher;
		unsigned char room[sizeof(ECCCipher) + HF_SM2_PLAIN_MAX];
	} c;
	static unsigned char plain[HF_SM2_PLAIN_MAX], back[HF_SM2_PLAIN_MAX];
	static const unsigned int lens[] = {1, 16, 33, HF_SM2_PLAIN_MAX};
	struct rig *rig = *state;
	void *s = rig->session;
	unsigned int len;

	assert_sdr(SDF_GenerateRandom(s, sizeof(plain), plain), SDR_OK);
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		assert_sdr(SDF_ExternalEncrypt_ECC(s, SGD_SM2_3, &rig->enc, plain, lens[i], &c.cipher), SDR_OK);
		assert_sdr(SDF_InternalDecrypt_ECC(s, 1, SGD_SM2_3, &c.cipher, back, &len), SDR_OK);
		assert_int_equal(len, lens[i]);
		assert_memory_equal(plain, back, len);
	}
	assert_sdr(SDF_InternalEncrypt_ECC(s, 1, SGD_SM2_3, plain, 20, &c.cipher), SDR_OK);
	assert_sdr(SDF_InternalDecrypt_ECC(s, 1, SGD_SM2_3, &c.cipher, back, &len), SDR_OK);
	assert_sdr(SDF_InternalDecrypt_ECC(s, 1, SGD_SM2_1, &c.cipher, back, &len), SDR_ALGNOTSUPPORT);
	assert_sdr(SDF_InternalDecrypt_ECC(s, 5, SGD_SM2_3, &c.cipher, back, &len), SDR_KEYNOTEXIST);
	c.cipher.M[3] ^= 1;
	assert_sdr(SDF_InternalDecrypt_ECC(s, 1, SGD_SM2_3, &c.cipher, back, &len), SDR_SKOPERR);
	c.cipher.M[3] ^= 1;
	c.cipher.x[63] ^= 1;
	assert_sdr(SDF_InternalDecrypt_ECC(s, 1, SGD_SM2_3, &c.cipher, back, &len), SDR_SKOPERR);
	c.cipher.x[0] ^= 1;
	assert_sdr(SDF_InternalDecrypt_ECC(s, 1, SGD_SM2_3, &c.cipher, back, &len), SDR_ENCDATAERR);
	c.cipher.L = HF_SM2_PLAIN_MAX + 1;
	assert_sdr(SDF_InternalDecrypt_ECC(s, 1, SGD_SM2_3, &c.cipher, back, &len), SDR_ENCDATAERR);
	assert_sdr(SDF_ExternalEncrypt_ECC(s, SGD_SM2_3, &rig->enc, plain, 0, &c.cipher), SDR_INARGERR);
	assert_sdr(SDF_ExternalEncrypt_ECC(s, SGD_SM2_3, &rig->enc, plain, 4097, &c.cipher), SDR_INARGERR);
	assert_sdr(SDF_ExternalEncrypt_ECC(s, SGD_SM2_1, &rig->enc, plain, 16, &c.cipher), SDR_ALGNOTSUPPORT);
	assert_sdr(SDF_InternalEncrypt_ECC(s, 5, SGD_SM2_3, plain, 16, &c.cipher), SDR_KEYNOTEXIST);
	rig->enc.y[63] ^= 1;
	assert_sdr(SDF_ExternalEncrypt_ECC(s, SGD_SM2_3, &rig->enc, plain, 16, &c.cipher), SDR_KEYERR);
	assert_sdr(SDF_ReleasePrivateKeyAccessRight(s, 1), SDR_OK);
	c.cipher.L = 16;
	c.cipher.x[0] = 0;
	assert_sdr(SDF_InternalDecrypt_ECC(s, 1, SGD_SM2_3, &c.cipher, back, &len), SDR_PRKRERR);
}

/* --- Session keys, SM4, SM3 --- */

static void assert_same_key(void *session, void *a, void *b)
{
	unsigned char in[32] = "thirty-two octets of plain text", x[32], y[32];
	unsigned int len;

	assert_sdr(SDF_Encrypt(session, a, SGD_SM4_ECB, NULL, in, 32, x, &len), SDR_OK);
	assert_int_equal(len, 32);
	assert_sdr(SDF_Encrypt(session, b, SGD_SM4_ECB, NULL, in, 32, y, &len), SDR_OK);
	assert_memory_equal(x, y, 32);
	assert_memory_not_equal(x, in, 32);
}

static void session_keys_come_and_go_encrypted(void **state)
{
	union {
		ECCCipher cipher;
		unsigned char room[sizeof(ECCCipher) + 16];
	} c;
	struct rig *rig = *state;
	void *s = rig->session, *a, *b;

	assert_sdr(SDF_GenerateKeyWithIPK_ECC(s, 1, 128, &c.cipher, &a), SDR_OK);
	assert_sdr(SDF_ImportKeyWithISK_ECC(s, 1, &c.cipher, &b), SDR_OK);
	assert_same_key(s, a, b);
	assert_sdr(SDF_GenerateKeyWithEPK_ECC(s, 128, SGD_SM2_3, &rig->enc, &c.cipher, &a), SDR_OK);
	assert_sdr(SDF_ImportKeyWithISK_ECC(s, 1, &c.cipher, &b), SDR_OK);
	assert_same_key(s, a, b);
	assert_sdr(SDF_GenerateKeyWithIPK_ECC(s, 1, 256, &c.cipher, &a), SDR_INARGERR);
	assert_sdr(SDF_GenerateKeyWithIPK_ECC(s, 8, 128, &c.cipher, &a), SDR_KEYNOTEXIST);
	assert_sdr(SDF_GenerateKeyWithEPK_ECC(s, 128, SGD_SM2_1, &rig->enc, &c.cipher, &a), SDR_ALGNOTSUPPORT);
	c.cipher.L = 17;
	assert_sdr(SDF_ImportKeyWithISK_ECC(s, 1, &c.cipher, &b), SDR_ENCDATAERR);
	c.cipher.L = 16;
	c.cipher.C[0] ^= 1;
	assert_sdr(SDF_ImportKeyWithISK_ECC(s, 1, &c.cipher, &b), SDR_SKOPERR);
	assert_sdr(SDF_ReleasePrivateKeyAccessRight(s, 1), SDR_OK);
	assert_sdr(SDF_ImportKeyWithISK_ECC(s, 1, &c.cipher, &b), SDR_PRKRERR);
}

static void keks_work_only_in_an_unlocked_device(void **state)
{
	struct rig *rig = *state;
	unsigned char wrapped[16], in[16] = {0}, before[16], after[16];
	ECCrefPublicKey pub;
	unsigned char pair[SDFX_WRAPPED_SIZE];
	unsigned int len;
	void *a, *b;

	assert_sdr(SDF_GenerateKeyWithKEK(rig->session, 128, SGD_SM4_ECB, 1, wrapped, &len, &a), SDR_OK);
	assert_int_equal(len, 16);
	assert_sdr(SDF_ImportKeyWithKEK(rig->session, SGD_SM4_ECB, 1, wrapped, 16, &b), SDR_OK);
	assert_same_key(rig->session, a, b);
	assert_sdr(SDF_Encrypt(rig->session, a, SGD_SM4_ECB, NULL, in, 16, before, &len), SDR_OK);
	assert_sdr(SDF_GenerateKeyWithKEK(rig->session, 128, SGD_SM4_CBC, 1, wrapped, &len, &a), SDR_ALGNOTSUPPORT);
	assert_sdr(SDF_ImportKeyWithKEK(rig->session, SGD_SM4_ECB, 2, wrapped, 16, &b), SDR_KEYNOTEXIST);
	assert_sdr(SDF_ImportKeyWithKEK(rig->session, SGD_SM4_ECB, 1, wrapped, 15, &b), SDR_INARGERR);
	reopen(rig);
	assert_sdr(SDF_ImportKeyWithKEK(rig->session, SGD_SM4_ECB, 1, wrapped, 16, &b), SDR_PRKRERR);
	assert_sdr(SDF_ImportKeyWithKEK(rig->session, SGD_SM4_ECB, 2, wrapped, 16, &b), SDR_PRKRERR);
	assert_sdr(SDFX_GenerateKEK(rig->session, 2), SDR_PRKRERR);
	assert_sdr(SDFX_DestroyInternalKey(rig->session, 1, SDFX_USE_KEK), SDR_PRKRERR);
	assert_sdr(SDFX_GenerateWrappedKeyPairs_ECC(rig->session, 1, 1, &pub, pair, sizeof(pair)), SDR_PRKRERR);
	assert_sdr(SDFX_UnlockDevice(rig->device, wrong, LEN(wrong)), SDR_PRKRERR);
	assert_sdr(SDFX_UnlockDevice(rig->device, password, 3), SDR_PRKRERR);
	assert_sdr(SDFX_GenerateKEK(rig->session, 2), SDR_PRKRERR);
	assert_sdr(SDFX_UnlockDevice(rig->device, password, LEN(password)), SDR_OK);
	assert_sdr(SDFX_UnlockDevice(rig->device, password, LEN(password)), SDR_OK);
	assert_sdr(SDF_ImportKeyWithKEK(rig->session, SGD_SM4_ECB, 1, wrapped, 16, &b), SDR_OK);
	assert_sdr(SDF_Encrypt(rig->session, b, SGD_SM4_ECB, NULL, in, 16, after, &len), SDR_OK);
	assert_memory_equal(before, after, 16);
}

static void sm4_takes_whole_blocks_and_moves_the_iv_on(void **state)
{
	struct rig *rig = *state;
	unsigned char in[48] = "a message of forty-eight octets, three blocks..", one[48], parts[48], mac[16];
	unsigned char iv[16] = {7}, wrapped[16];
	unsigned int len;
	void *s = rig->session, *key;

	assert_sdr(SDF_GenerateKeyWithKEK(s, 128, SGD_SM4_ECB, 1, wrapped, &len, &key), SDR_OK);
	assert_sdr(SDF_Encrypt(s, key, SGD_SM4_CBC, iv, in, 48, one, &len), SDR_OK);
	assert_int_equal(len, 48);
	assert_memory_equal(iv, one + 32, 16);
	memset(iv, 0, 16);
	iv[0] = 7;
	assert_sdr(SDF_Encrypt(s, key, SGD_SM4_CBC, iv, in, 16, parts, &len), SDR_OK);
	assert_sdr(SDF_Encrypt(s, key, SGD_SM4_CBC, iv, in + 16, 32, parts + 16, &len), SDR_OK);
	assert_memory_equal(one, parts, 48);
	memset(iv, 0, 16);
	iv[0] = 7;
	assert_sdr(SDF_CalculateMAC(s, key, SGD_SM4_MAC, iv, in, 48, mac, &len), SDR_OK);
	assert_int_equal(len, 16);
	assert_memory_equal(mac, one + 32, 16);
	memset(iv, 0, 16);
	iv[0] = 7;
	assert_sdr(SDF_Decrypt(s, key, SGD_SM4_CBC, iv, parts, 48, parts, &len), SDR_OK);
	assert_memory_equal(in, parts, 48);
	assert_sdr(SDF_Encrypt(s, key, SGD_SM4_ECB, NULL, in, 48, one, &len), SDR_OK);
	assert_sdr(SDF_Decrypt(s, key, SGD_SM4_ECB, NULL, one, 48, one, &len), SDR_OK);
	assert_memory_equal(in, one, 48);
	assert_sdr(SDF_Encrypt(s, key, SGD_SM4_ECB, NULL, in, 47, one, &len), SDR_INARGERR);
	assert_sdr(SDF_Encrypt(s, key, SGD_SM4_ECB, NULL, in, 0, one, &len), SDR_INARGERR);
	assert_sdr(SDF_Encrypt(s, key, SGD_SM4_CBC, NULL, in, 48, one, &len), SDR_INARGERR);
	assert_sdr(SDF_Encrypt(s, key, SGD_SM1_CBC, iv, in, 48, one, &len), SDR_ALGNOTSUPPORT);
	assert_sdr(SDF_Encrypt(s, key, SGD_SM4_ECB, NULL, in, 48, NULL, &len), SDR_OUTARGERR);
	assert_sdr(SDF_CalculateMAC(s, key, SGD_SM4_CBC, iv, in, 48, mac, &len), SDR_ALGMODNOTSUPPORT);
	assert_sdr(SDF_CalculateMAC(s, key, SGD_SM4_MAC, iv, in, 40, mac, &len), SDR_INARGERR);
}

static void hashing_goes_step_by_step_with_and_without_z(void **state)
{
	struct rig *rig = *state;
	unsigned char id[] = "1234567812345678", message[] = "message", got[32];
	uint8_t pub[64], z[32], want[32];
	unsigned int len;
	void *s = rig->session;

	assert_sdr(SDF_HashUpdate(s, message, 7), SDR_STEPERR);
	assert_sdr(SDF_HashFinal(s, got, &len), SDR_STEPERR);
	assert_sdr(SDF_HashInit(s, SGD_SHA1, NULL, NULL, 0), SDR_ALGNOTSUPPORT);
	assert_sdr(SDF_HashInit(s, SGD_SM3, NULL, id, 16), SDR_INARGERR);
	assert_sdr(SDF_HashInit(s, SGD_SM3, NULL, NULL, 0), SDR_OK);
	assert_sdr(SDF_HashUpdate(s, message, 3), SDR_OK);
	assert_sdr(SDF_HashUpdate(s, message + 3, 4), SDR_OK);
	assert_sdr(SDF_HashFinal(s, got, &len), SDR_OK);
	hf_sm3(HF_BYTES_LIT("message"), want);
	assert_int_equal(len, 32);
	assert_memory_equal(got, want, 32);
	assert_sdr(SDF_HashFinal(s, got, &len), SDR_STEPERR);
	assert_sdr(SDF_HashInit(s, SGD_SM3, &rig->sign, id, 16), SDR_OK);
	assert_sdr(SDF_HashUpdate(s, message, 7), SDR_OK);
	assert_sdr(SDF_HashFinal(s, got, &len), SDR_OK);
	flat(&rig->sign, pub);
	hf_sm2_z(pub, HF_SM2_DEFAULT_ID, z);
	hf_sm2_digest(z, HF_BYTES_LIT("message"), want);
	assert_memory_equal(got, want, 32);
	rig->sign.x[63] ^= 1;
	assert_sdr(SDF_HashInit(s, SGD_SM3, &rig->sign, id, 16), SDR_KEYERR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_rig(init_refuses_short_passwords_bad_costs_and_full_folders),
		with_rig(the_environment_names_the_default_device),
		with_rig(a_device_is_open_once_only),
		with_rig(the_device_tells_who_it_is),
		with_rig(key_files_are_the_owners_only),
		with_rig(foreign_and_stale_handles_are_refused_everywhere),
		with_rig(a_stale_handle_stays_stale_when_its_place_is_used_again),
		with_rig(a_private_key_needs_its_access_code),
		with_rig(a_wrong_code_ends_the_right_and_other_sessions_have_none),
		with_rig(keys_are_made_once_under_one_code_an_index),
		with_rig(a_destroyed_key_is_gone_and_rights_to_it_open_no_later_one),
		with_rig(signatures_are_right_and_wrong_ones_refused),
		with_rig(encryption_goes_there_and_back),
		with_rig(session_keys_come_and_go_encrypted),
		with_rig(keks_work_only_in_an_unlocked_device),
		with_rig(sm4_takes_whole_blocks_and_moves_the_iv_on),
		with_rig(hashing_goes_step_by_step_with_and_without_z),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
