#include "sdf_rig.h"

#include "base/file.h"
#include "crypto/sm2.h"
#include "crypto/sm3.h"
#include "crypto/sm4.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

#define NUM_THREADS 8

/* --- Wrapping --- */

#define NUM_PAIRS 67 /* more than the kernel takes in one go */

struct wrapped {
	ECCrefPublicKey pubs[NUM_PAIRS];
	unsigned char wrapped[NUM_PAIRS][SDFX_WRAPPED_SIZE];
	SDFX_REWRAP_IN in[NUM_PAIRS];
	SDFX_REWRAP_OUT out[NUM_PAIRS];
	struct hf_sm2_key user; /* the recipient, in clear for the test */
};

static void wrap_some(struct rig *rig, struct wrapped *w)
{
	struct hf_err err;

	assert_ok(hf_sm2_generate(&w->user, &err));
	assert_sdr(SDFX_GenerateWrappedKeyPairs_ECC(
			   rig->session, 1, NUM_PAIRS, w->pubs, &w->wrapped[0][0], sizeof(w->wrapped)),
		SDR_OK);
	for (size_t i = 0; i < NUM_PAIRS; i++) {
		w->in[i] = (SDFX_REWRAP_IN){.pub = w->pubs[i], .recipient.bits = 256};
		memcpy(w->in[i].wrapped, w->wrapped[i], SDFX_WRAPPED_SIZE);
		memcpy(w->in[i].recipient.x + 32, w->user.pub, 32);
		memcpy(w->in[i].recipient.y + 32, w->user.pub + 32, 32);
	}
}

/* What a token does: opens the key, opens d, finds its public key; then the KM's signature over d. */
static void assert_whole(struct rig *rig, const struct wrapped *w, size_t i)
{
	uint8_t cipher[112], key[16], d[32], pub[64], want[64], z[32], e[32], sig[64];
	const SDFX_REWRAP_OUT *out = &w->out[i];
	struct hf_err err;

	assert_int_equal(out->keyCipher.L, 16);
	memcpy(cipher, out->keyCipher.x + 32, 32);
	memcpy(cipher + 32, out->keyCipher.y + 32, 32);
	memcpy(cipher + 64, out->keyCipher.M, 32);
	memcpy(cipher + 96, out->keyCipher.C, 16);
	assert_ok(hf_sm2_decrypt(w->user.d, HF_BYTES_OF(cipher), key, &err));
	hf_sm4_ecb_decrypt(key, out->encPriv, d, 32);
	assert_ok(hf_sm2_public(d, pub, &err));
	flat(&w->pubs[i], want);
	assert_memory_equal(pub, want, 64);
	assert_memory_equal(&out->pub, &w->pubs[i], sizeof(out->pub));
	flat(&rig->sign, pub);
	hf_sm2_z(pub, HF_SM2_DEFAULT_ID, z);
	hf_sm2_digest(z, HF_BYTES_OF(d), e);
	memcpy(sig, out->signature.r + 32, 32);
	memcpy(sig + 32, out->signature.s + 32, 32);
	assert_ok(hf_sm2_verify(pub, e, sig, &err));
}

static void rewrapped_pairs_open_for_their_user_and_carry_the_signature(void **state)
{
	struct rig *rig = *state;
	struct wrapped w = {0};

	wrap_some(rig, &w);
	assert_sdr(SDFX_RewrapKeyPairs_ECC(rig->session, 1, 1, NUM_PAIRS, w.in, w.out), SDR_OK);
	for (size_t i = 0; i < NUM_PAIRS; i++)
		assert_whole(rig, &w, i);
	/* and after a restart */
	reopen(rig);
	assert_sdr(SDFX_RewrapKeyPairs_ECC(rig->session, 1, 1, 1, w.in, w.out), SDR_PRKRERR);
	assert_sdr(SDFX_UnlockDevice(rig->device, password, LEN(password)), SDR_OK);
	assert_sdr(SDFX_RewrapKeyPairs_ECC(rig->session, 1, 1, 1, w.in, w.out), SDR_PRKRERR);
	assert_sdr(SDF_GetPrivateKeyAccessRight(rig->session, 1, code, LEN(code)), SDR_OK);
	assert_sdr(SDFX_RewrapKeyPairs_ECC(rig->session, 1, 1, 1, w.in, w.out), SDR_OK);
	assert_whole(rig, &w, 0);
}

static void assert_batch_refused(struct rig *rig, struct wrapped *w, int want)
{
	static const SDFX_REWRAP_OUT zeros[NUM_PAIRS];

	memset(w->out, 0xaa, sizeof(w->out));
	assert_sdr(SDFX_RewrapKeyPairs_ECC(rig->session, 1, 1, NUM_PAIRS, w->in, w->out), want);
	assert_memory_equal(w->out, zeros, sizeof(zeros));
}

/* The kernel takes 64 at a time: every pair and every signature about that border is proved by a call of its own. */
static void batches_of_any_length_are_whole(void **state)
{
	static const unsigned counts[] = {1, 2, 63, 64, 65, 130};
	static unsigned char e[130][32], wrapped[130][SDFX_WRAPPED_SIZE];
	static ECCrefPublicKey pubs[130];
	static ECCSignature sigs[130];
	struct rig *rig = *state;
	struct wrapped w = {0};
	void *s = rig->session;

	wrap_some(rig, &w);
	for (size_t i = 0; i < sizeof(e); i++)
		e[i / 32][i % 32] = (unsigned char)(i * 7 + i / 251);
	for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
		memset(sigs, 0, sizeof(sigs));
		assert_sdr(SDFX_InternalSignBatch_ECC(s, 1, counts[c], e[0], sigs), SDR_OK);
		assert_sdr(
			SDFX_GenerateWrappedKeyPairs_ECC(s, 1, counts[c], pubs, wrapped[0], sizeof(wrapped)), SDR_OK);
		for (size_t i = 0; i < counts[c]; i++) {
			assert_sdr(SDF_InternalVerify_ECC(s, 1, e[i], 32, &sigs[i]), SDR_OK);
			w.in[0].pub = pubs[i];
			memcpy(w.in[0].wrapped, wrapped[i], SDFX_WRAPPED_SIZE);
			assert_sdr(SDFX_RewrapKeyPairs_ECC(s, 1, 1, 1, w.in, w.out), SDR_OK);
		}
	}
}

static void one_bad_wrapped_pair_refuses_the_batch(void **state)
{
	struct rig *rig = *state;
	struct wrapped w = {0};
	void *s = rig->session;

	wrap_some(rig, &w);
	for (size_t i = 0; i < SDFX_WRAPPED_SIZE; i += 3) {
		w.in[2].wrapped[i] ^= 0x10;
		assert_batch_refused(rig, &w, SDR_ENCDATAERR);
		w.in[2].wrapped[i] ^= 0x10;
	}
	w.in[2].pub = w.pubs[1];
	assert_batch_refused(rig, &w, SDR_ENCDATAERR);
	w.in[2].pub = w.pubs[2];
	w.in[2].recipient.y[40] ^= 1;
	assert_batch_refused(rig, &w, SDR_KEYERR);
	w.in[2].recipient.y[40] ^= 1;
	w.in[2].pub.bits = 384;
	assert_batch_refused(rig, &w, SDR_KEYERR);
	w.in[2].pub.bits = 256;
	assert_sdr(SDFX_GenerateKEK(s, 2), SDR_OK);
	assert_sdr(SDFX_RewrapKeyPairs_ECC(s, 2, 1, 1, w.in, w.out), SDR_ENCDATAERR);
	assert_sdr(SDFX_RewrapKeyPairs_ECC(s, 3, 1, 1, w.in, w.out), SDR_KEYNOTEXIST);
	assert_sdr(SDFX_RewrapKeyPairs_ECC(s, 1, 3, 1, w.in, w.out), SDR_KEYNOTEXIST);
	assert_sdr(SDFX_RewrapKeyPairs_ECC(s, 1, 1, 0, w.in, w.out), SDR_INARGERR);
	assert_sdr(SDFX_GenerateWrappedKeyPairs_ECC(s, 1, 2, w.pubs, w.wrapped[0], 2 * SDFX_WRAPPED_SIZE - 1),
		SDR_INARGERR);
	assert_sdr(SDFX_GenerateWrappedKeyPairs_ECC(s, 1, SDFX_BATCH_MAX + 1, w.pubs, w.wrapped[0], UINT32_MAX),
		SDR_INARGERR);
	assert_sdr(SDFX_GenerateWrappedKeyPairs_ECC(s, 3, 1, w.pubs, w.wrapped[0], SDFX_WRAPPED_SIZE), SDR_KEYNOTEXIST);
}

/* --- Files --- */

static size_t read_key_file(const struct rig *rig, const char *name, uint8_t out[256])
{
	char path[512];
	struct hf_buf buf;
	struct hf_err err;

	hf_buf_init(&buf, 256);
	assert_true(hf_fmt(path, sizeof(path), "%s/%s", rig->folder, name));
	assert_ok(hf_file_read(path, &buf, &err));
	memcpy(out, buf.p, buf.len);
	size_t len = buf.len;
	hf_buf_clear(&buf);
	return len;
}

static void write_key_file(const struct rig *rig, const char *name, const uint8_t *file, size_t len)
{
	char path[512];
	FILE *f;

	assert_true(hf_fmt(path, sizeof(path), "%s/%s", rig->folder, name));
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(file, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void every_octet_of_every_key_file_is_guarded(void **state)
{
	static const char *const names[] = {"device.key", "sign-00001.key", "enc-00001.key", "kek-00001.key"};
	struct rig *rig = *state;
	uint8_t file[256];
	void *device;

	close_device(rig);
	for (size_t n = 0; n < 4; n++) {
		size_t len = read_key_file(rig, names[n], file);
		for (size_t i = 0; i < len; i += n == 1 ? 1 : 7) {
			file[i] ^= 0x04;
			write_key_file(rig, names[n], file, len);
			assert_sdr(SDFX_OpenDevice(rig->folder, &device), SDR_HARDFAIL);
			file[i] ^= 0x04;
		}
		write_key_file(rig, names[n], file, len - 1);
		assert_sdr(SDFX_OpenDevice(rig->folder, &device), SDR_HARDFAIL);
		write_key_file(rig, names[n], file, len + 1);
		assert_sdr(SDFX_OpenDevice(rig->folder, &device), SDR_HARDFAIL);
		write_key_file(rig, names[n], file, len);
	}
	reopen(rig);
	assert_sdr(SDF_GetPrivateKeyAccessRight(rig->session, 1, code, LEN(code)), SDR_OK);
}

/* One who can write the files makes the checksum right again; the MAC still knows. */
static void forge(uint8_t file[200])
{
	hf_sm3((struct hf_bytes){file, 168}, file + 168);
}

static void a_forger_who_mends_the_checksum_is_found_by_the_mac(void **state)
{
	static const size_t spots[] = {23, 24, 104, 135, 136, 167};
	struct rig *rig = *state;
	uint8_t file[256], kek[256], changed[256];

	close_device(rig);
	read_key_file(rig, "sign-00001.key", file);
	read_key_file(rig, "kek-00001.key", kek);
	for (size_t i = 0; i < sizeof(spots) / sizeof(spots[0]); i++) {
		memcpy(changed, file, 200);
		changed[spots[i]] ^= 1;
		forge(changed);
		write_key_file(rig, "sign-00001.key", changed, 200);
		reopen(rig);
		assert_sdr(SDF_GetPrivateKeyAccessRight(rig->session, 1, code, LEN(code)), SDR_PRKRERR);
		close_device(rig);
	}
	/* another public key beside the private one */
	memcpy(changed, file, 200);
	memcpy(changed + 40, rig->enc.x + 32, 32);
	memcpy(changed + 72, rig->enc.y + 32, 32);
	forge(changed);
	write_key_file(rig, "sign-00001.key", changed, 200);
	reopen(rig);
	assert_sdr(SDF_GetPrivateKeyAccessRight(rig->session, 1, code, LEN(code)), SDR_PRKRERR);
	close_device(rig);
	/* one key in another's place */
	write_key_file(rig, "sign-00001.key", file, 200);
	write_key_file(rig, "sign-00002.key", file, 200);
	assert_sdr(SDFX_OpenDevice(rig->folder, &rig->device), SDR_HARDFAIL);
	file[15] = 2;
	forge(file);
	write_key_file(rig, "sign-00002.key", file, 200);
	reopen(rig);
	assert_sdr(SDF_GetPrivateKeyAccessRight(rig->session, 2, code, LEN(code)), SDR_PRKRERR);
	close_device(rig);
	kek[110] ^= 1;
	forge(kek);
	write_key_file(rig, "kek-00001.key", kek, 200);
	reopen(rig);
	assert_sdr(SDFX_UnlockDevice(rig->device, password, LEN(password)), SDR_HARDFAIL);
	assert_sdr(SDFX_GenerateKEK(rig->session, 2), SDR_PRKRERR);
}

static void a_half_written_file_is_ignored(void **state)
{
	struct rig *rig = *state;
	uint8_t junk[200] = {0};

	write_key_file(rig, "sign-00009.key.123.new", junk, 100);
	reopen(rig);
	assert_sdr(SDF_ExportSignPublicKey_ECC(rig->session, 9, &rig->sign), SDR_KEYNOTEXIST);
}

/* --- Threads --- */

struct worker {
	struct rig *rig;
	unsigned int number;
	bool ok;
};

static bool work_once(struct worker *w, void *session)
{
	unsigned char e[64] = {(unsigned char)w->number}, in[16] = {0}, out[16], wrapped[16];
	ECCSignature sigs[2];
	unsigned int len;
	void *key;

	return SDFX_InternalSignBatch_ECC(session, 1, 2, e, sigs) == SDR_OK &&
	       SDF_InternalVerify_ECC(session, 1, e, 32, &sigs[0]) == SDR_OK &&
	       SDF_GenerateKeyWithKEK(session, 128, SGD_SM4_ECB, 1, wrapped, &len, &key) == SDR_OK &&
	       SDF_Encrypt(session, key, SGD_SM4_ECB, NULL, in, 16, out, &len) == SDR_OK &&
	       SDF_DestroyKey(session, key) == SDR_OK;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	ECCrefPublicKey pub;
	void *session;

	w->ok = true;
	for (int round = 0; w->ok && round < 4; round++) {
		w->ok = SDF_OpenSession(w->rig->device, &session) == SDR_OK &&
			SDF_GetPrivateKeyAccessRight(session, 1, code, LEN(code)) == SDR_OK && work_once(w, session) &&
			work_once(w, session);
		if (round == 1)
			w->ok = w->ok && SDFX_GenerateInternalKeyPair_ECC(session, 10 + w->number, SDFX_USE_SIGN, code,
						 LEN(code), &pub) == SDR_OK;
		w->ok = w->ok && SDF_CloseSession(session) == SDR_OK;
	}
	return NULL;
}

static void eight_threads_share_a_device(void **state)
{
	struct worker workers[NUM_THREADS];
	pthread_t threads[NUM_THREADS];
	struct rig *rig = *state;
	ECCrefPublicKey pub;

	for (unsigned int i = 0; i < NUM_THREADS; i++) {
		workers[i] = (struct worker){.rig = rig, .number = i};
		assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
	}
	for (size_t i = 0; i < NUM_THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_true(workers[i].ok);
	}
	reopen(rig);
	for (unsigned int i = 0; i < NUM_THREADS; i++)
		assert_sdr(SDF_ExportSignPublicKey_ECC(rig->session, 10 + i, &pub), SDR_OK);
}

static void *sign_until_closed(void *arg)
{
	unsigned char e[32] = {1};
	ECCSignature sig;
	int rc;

	do {
		rc = SDF_InternalSign_ECC(arg, 1, e, 32, &sig);
	} while (rc == SDR_OK);
	return rc == SDR_INARGERR ? arg : NULL;
}

static void closing_the_device_under_a_working_thread_is_safe(void **state)
{
	struct rig *rig = *state;
	pthread_t thread;
	void *result;

	assert_int_equal(pthread_create(&thread, NULL, sign_until_closed, rig->session), 0);
	usleep(20000);
	close_device(rig);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_ptr_equal(result, rig->session);
	reopen(rig);
}

/* --- The shared library --- */

/* GM/T 0018-2023 has 73 functions; the two of SM9 are missing. */
static const char *const functions_2023[] = {"SDF_OpenDevice", "SDF_CloseDevice", "SDF_OpenSession", "SDF_CloseSession",
	"SDF_GetDeviceInfo", "SDF_GenerateRandom", "SDF_GetPrivateKeyAccessRight", "SDF_ReleasePrivateKeyAccessRight",
	"SDF_ExportSignPublicKey_RSA", "SDF_ExportEncPublicKey_RSA", "SDF_GenerateKeyWithIPK_RSA",
	"SDF_GenerateKeyWithEPK_RSA", "SDF_ImportKeyWithISK_RSA", "SDF_ExportSignPublicKey_ECC",
	"SDF_ExportEncPublicKey_ECC", "SDF_GenerateKeyWithIPK_ECC", "SDF_GenerateKeyWithEPK_ECC",
	"SDF_ImportKeyWithISK_ECC", "SDF_GenerateAgreementDataWithECC", "SDF_GenerateKeyWithECC",
	"SDF_GenerateAgreementDataAndKeyWithECC", "SDF_GenerateKeyWithKEK", "SDF_ImportKeyWithKEK", "SDF_DestroyKey",
	"SDF_ExternalPublicKeyOperation_RSA", "SDF_InternalPublicKeyOperation_RSA",
	"SDF_InternalPrivateKeyOperation_RSA", "SDF_ExternalVerify_ECC", "SDF_InternalSign_ECC",
	"SDF_InternalVerify_ECC", "SDF_ExternalEncrypt_ECC", "SDF_Encrypt", "SDF_Decrypt", "SDF_CalculateMAC",
	"SDF_AuthEnc", "SDF_AuthDec", "SDF_EncryptInit", "SDF_EncryptUpdate", "SDF_EncryptFinal", "SDF_DecryptInit",
	"SDF_DecryptUpdate", "SDF_DecryptFinal", "SDF_CalculateMACInit", "SDF_CalculateMACUpdate",
	"SDF_CalculateMACFinal", "SDF_AuthEncInit", "SDF_AuthEncUpdate", "SDF_AuthEncFinal", "SDF_AuthDecInit",
	"SDF_AuthDecUpdate", "SDF_AuthDecFinal", "SDF_HMACInit", "SDF_HMACUpdate", "SDF_HMACFinal", "SDF_HashInit",
	"SDF_HashUpdate", "SDF_HashFinal", "SDF_CreateFile", "SDF_ReadFile", "SDF_WriteFile", "SDF_DeleteFile",
	"SDF_GenerateKeyPair_RSA", "SDF_GenerateKeyPair_ECC", "SDF_ExternalPrivateKeyOperation_RSA",
	"SDF_ExternalSign_ECC", "SDF_ExternalDecrypt_ECC", "SDF_ExternalKeyEncrypt", "SDF_ExternalKeyDecrypt",
	"SDF_ExternalKeyEncryptInit", "SDF_ExternalKeyDecryptInit", "SDF_ExternalKeyHMACInit"};

static const char *const functions_2012[] = {"SDF_InternalEncrypt_ECC", "SDF_InternalDecrypt_ECC",
	"SDF_ExchangeDigitEnvelopeBaseOnECC", "SDF_ExchangeDigitEnvelopeBaseOnRSA"};

_Static_assert(sizeof(functions_2023) / sizeof(functions_2023[0]) == 71, "73 but for SM9");

static void the_library_exports_the_interface_and_nothing_else(void **state)
{
	const char *root = getenv("HUFU_BUILD_ROOT");
	char path[1024];
	void *lib;

	(void)state;
	assert_true(hf_fmt(path, sizeof(path), "%s/src/sdf/libhufusdf.so", root ? root : "."));
	if (!hf_file_there(path))
		skip();
	lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!lib)
		fail_msg("%s", dlerror());
	for (size_t i = 0; i < sizeof(functions_2023) / sizeof(functions_2023[0]); i++) {
		if (!dlsym(lib, functions_2023[i]))
			fail_msg("%s is missing", functions_2023[i]);
	}
	for (size_t i = 0; i < sizeof(functions_2012) / sizeof(functions_2012[0]); i++) {
		if (!dlsym(lib, functions_2012[i]))
			fail_msg("%s is missing", functions_2012[i]);
	}
	assert_non_null(dlsym(lib, "SDFX_RewrapKeyPairs_ECC"));
	assert_null(dlsym(lib, "hf_sm3"));
	assert_null(dlsym(lib, "hf_sdf_device_open"));
	assert_null(dlsym(lib, "SDF_ExternalSign_SM9"));
	dlclose(lib);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_rig(rewrapped_pairs_open_for_their_user_and_carry_the_signature),
		with_rig(batches_of_any_length_are_whole),
		with_rig(one_bad_wrapped_pair_refuses_the_batch),
		with_rig(every_octet_of_every_key_file_is_guarded),
		with_rig(a_forger_who_mends_the_checksum_is_found_by_the_mac),
		with_rig(a_half_written_file_is_ignored),
		with_rig(eight_threads_share_a_device),
		with_rig(closing_the_device_under_a_working_thread_is_safe),
		cmocka_unit_test(the_library_exports_the_interface_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
