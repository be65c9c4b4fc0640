/* The RSA calls: rsa.c, rsa_key.c, sdf_rsa.c. */
#include "sdf_rig.h"

#include "base/file.h"
#include "crypto/sm3.h"

#include <fcntl.h>

struct pairs {
	RSArefPublicKey sign, enc;
};

static void make_pairs(struct rig *rig, struct pairs *pairs)
{
	assert_sdr(
		SDFX_GenerateInternalKeyPair_RSA(rig->session, 1, SDFX_USE_SIGN, 2048, code, LEN(code), &pairs->sign),
		0);
	assert_sdr(
		SDFX_GenerateInternalKeyPair_RSA(rig->session, 1, SDFX_USE_ENC, 2048, code, LEN(code), &pairs->enc), 0);
	assert_sdr(SDF_GetPrivateKeyAccessRight(rig->session, 1, code, LEN(code)), SDR_OK);
}

static void pairs_are_kept_under_the_code_of_their_index(void **state)
{
	struct rig *rig = *state;
	unsigned char wrong[] = "another code", in[256] = {0, 1}, out[256], back[256];
	struct pairs pairs;
	RSArefPublicKey pub;
	ECCrefPublicKey ecc;
	unsigned int len;
	void *s = rig->session;

	assert_sdr(SDFX_GenerateInternalKeyPair_RSA(s, 1, SDFX_USE_SIGN, 2048, wrong, LEN(wrong), &pub), SDR_PRKRERR);
	assert_sdr(SDFX_GenerateInternalKeyPair_RSA(s, 1, SDFX_USE_SIGN, 1024, code, LEN(code), &pub), SDR_INARGERR);
	assert_sdr(SDFX_GenerateInternalKeyPair_RSA(s, 1, SDFX_USE_KEK, 2048, code, LEN(code), &pub), SDR_INARGERR);
	make_pairs(rig, &pairs);
	assert_sdr(SDFX_GenerateInternalKeyPair_RSA(s, 1, SDFX_USE_SIGN, 2048, code, LEN(code), &pub), SDR_KEYERR);
	reopen(rig);
	s = rig->session;
	assert_sdr(SDF_ExportSignPublicKey_RSA(s, 1, &pub), SDR_OK);
	assert_memory_equal(&pub, &pairs.sign, sizeof(pub));
	assert_sdr(SDF_ExportEncPublicKey_RSA(s, 1, &pub), SDR_OK);
	assert_memory_equal(&pub, &pairs.enc, sizeof(pub));
	assert_sdr(SDF_ExportEncPublicKey_RSA(s, 2, &pub), SDR_KEYNOTEXIST);
	assert_sdr(SDF_InternalPrivateKeyOperation_RSA(s, 1, in, 256, out, &len), SDR_PRKRERR);
	assert_sdr(SDF_GetPrivateKeyAccessRight(s, 1, code, LEN(code)), SDR_OK);
	assert_sdr(SDF_InternalPrivateKeyOperation_RSA(s, 1, in, 256, out, &len), SDR_OK);
	assert_int_equal(len, 256);
	assert_sdr(SDF_InternalPublicKeyOperation_RSA(s, 1, out, 256, back, &len), SDR_OK);
	assert_memory_equal(back, in, 256);
	assert_sdr(SDF_ExternalPublicKeyOperation_RSA(s, &pairs.sign, out, 256, back, &len), SDR_OK);
	assert_memory_equal(back, in, 256);
	/* an index of RSA pairs only, and the end of one */
	assert_sdr(SDFX_GenerateInternalKeyPair_RSA(s, 7, SDFX_USE_SIGN, 2048, wrong, LEN(wrong), &pub), SDR_OK);
	assert_sdr(SDFX_GenerateInternalKeyPair_ECC(s, 7, SDFX_USE_SIGN, code, LEN(code), &ecc), SDR_PRKRERR);
	assert_sdr(SDFX_DestroyInternalKey(s, 7, SDFX_USE_SIGN_RSA), SDR_PRKRERR);
	assert_sdr(SDF_GetPrivateKeyAccessRight(s, 7, wrong, LEN(wrong)), SDR_OK);
	assert_sdr(SDFX_DestroyInternalKey(s, 7, SDFX_USE_SIGN_RSA), SDR_OK);
	assert_sdr(SDF_ReleasePrivateKeyAccessRight(s, 7), SDR_KEYNOTEXIST);
	assert_sdr(SDFX_DestroyInternalKey(s, 1, 6), SDR_INARGERR);
}

static void raw_operations_refuse_what_is_no_number_or_no_key(void **state)
{
	struct rig *rig = *state;
	unsigned char in[256] = {0, 1}, high[256], out[256];
	struct pairs pairs;
	RSArefPublicKey bad;
	unsigned int len;
	void *s = rig->session;

	make_pairs(rig, &pairs);
	memset(high, 0xff, sizeof(high));
	assert_sdr(SDF_InternalPrivateKeyOperation_RSA(s, 1, high, 256, out, &len), SDR_INARGERR);
	assert_sdr(SDF_InternalPublicKeyOperation_RSA(s, 1, high, 256, out, &len), SDR_INARGERR);
	assert_sdr(SDF_InternalPublicKeyOperation_RSA(s, 1, in, 255, out, &len), SDR_INARGERR);
	assert_sdr(SDF_InternalPublicKeyOperation_RSA(s, 1, in, 256, NULL, &len), SDR_OUTARGERR);
	assert_sdr(SDF_InternalPublicKeyOperation_RSA(s, 2, in, 256, out, &len), SDR_KEYNOTEXIST);
	for (int i = 0; i < 6; i++) {
		bad = pairs.sign;
		switch (i) {
		case 0:
			bad.bits = 1024;
			break;
		case 1:
			bad.m[255] ^= 1;
			break;
		case 2:
			bad.m[0] = 0;
			break;
		case 3:
			bad.e[255] ^= 1;
			break;
		case 4:
			memset(bad.e, 0, 256);
			bad.e[255] = 1;
			break;
		default:
			bad.e[0] = 1;
			break;
		}
		assert_sdr(SDF_ExternalPublicKeyOperation_RSA(s, &bad, in, 256, out, &len), SDR_KEYERR);
	}
}

static void assert_same_key(void *s, void *a, void *b, bool same)
{
	unsigned char in[16] = {0}, x[16], y[16];
	unsigned int len;

	assert_sdr(SDF_Encrypt(s, a, SGD_SM4_ECB, NULL, in, 16, x, &len), SDR_OK);
	assert_sdr(SDF_Encrypt(s, b, SGD_SM4_ECB, NULL, in, 16, y, &len), SDR_OK);
	assert_int_equal(memcmp(x, y, 16) == 0, same);
}

static void session_keys_travel_and_bad_padding_tells_nothing(void **state)
{
	struct rig *rig = *state;
	unsigned char wrapped[256], bad[256], moved[256];
	struct pairs pairs;
	RSArefPublicKey two;
	unsigned int len;
	void *s = rig->session, *a, *b, *c;

	make_pairs(rig, &pairs);
	assert_sdr(SDF_GenerateKeyWithIPK_RSA(s, 1, 128, wrapped, &len, &a), SDR_OK);
	assert_int_equal(len, 256);
	assert_sdr(SDF_ImportKeyWithISK_RSA(s, 1, wrapped, 256, &b), SDR_OK);
	assert_same_key(s, a, b, true);
	assert_sdr(SDF_GenerateKeyWithEPK_RSA(s, 128, &pairs.enc, wrapped, &len, &a), SDR_OK);
	assert_sdr(SDF_ImportKeyWithISK_RSA(s, 1, wrapped, 256, &b), SDR_OK);
	assert_same_key(s, a, b, true);
	/* a ciphertext of noise: a key, the same each time, nobody's */
	memcpy(bad, wrapped, 256);
	bad[255] ^= 1;
	bad[0] &= 0x3f;
	assert_sdr(SDF_ImportKeyWithISK_RSA(s, 1, bad, 256, &b), SDR_OK);
	assert_sdr(SDF_ImportKeyWithISK_RSA(s, 1, bad, 256, &c), SDR_OK);
	assert_same_key(s, a, b, false);
	assert_same_key(s, b, c, true);
	memset(bad, 0xff, 256);
	assert_sdr(SDF_ImportKeyWithISK_RSA(s, 1, bad, 256, &b), SDR_ENCDATAERR);
	assert_sdr(SDF_ImportKeyWithISK_RSA(s, 1, wrapped, 255, &b), SDR_INARGERR);
	assert_sdr(SDF_GenerateKeyWithIPK_RSA(s, 1, 256, wrapped, &len, &b), SDR_INARGERR);
	/* from one key to another */
	assert_sdr(SDFX_GenerateInternalKeyPair_RSA(s, 2, SDFX_USE_ENC, 2048, code, LEN(code), &two), SDR_OK);
	assert_sdr(SDF_GetPrivateKeyAccessRight(s, 2, code, LEN(code)), SDR_OK);
	assert_sdr(SDF_ExchangeDigitEnvelopeBaseOnRSA(s, 1, &two, wrapped, 256, moved, &len), SDR_OK);
	assert_sdr(SDF_ImportKeyWithISK_RSA(s, 2, moved, 256, &b), SDR_OK);
	assert_same_key(s, a, b, true);
	assert_sdr(SDF_ReleasePrivateKeyAccessRight(s, 1), SDR_OK);
	assert_sdr(SDF_ImportKeyWithISK_RSA(s, 1, wrapped, 256, &b), SDR_PRKRERR);
	assert_sdr(SDF_ExchangeDigitEnvelopeBaseOnRSA(s, 1, &two, wrapped, 256, moved, &len), SDR_PRKRERR);
}

/* Blocks of the test's own under the internal encryption key, the key at their end being known. */
static void only_right_padding_lets_a_key_in(void **state)
{
	static const struct {
		size_t at;
		unsigned char value;
	} wrong[] = {{1, 1}, {1, 0}, {2, 0}, {100, 0}, {238, 0}, {239, 1}};
	struct rig *rig = *state;
	unsigned char block[256] = {0, 2}, bad[256], wrapped[256];
	struct pairs pairs;
	unsigned int len;
	void *s = rig->session, *a, *b;

	make_pairs(rig, &pairs);
	memset(block + 2, 0x55, 237);
	memset(block + 240, 0x77, 16);
	assert_sdr(SDF_ExternalPublicKeyOperation_RSA(s, &pairs.enc, block, 256, wrapped, &len), SDR_OK);
	assert_sdr(SDF_ImportKeyWithISK_RSA(s, 1, wrapped, 256, &a), SDR_OK);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		memcpy(bad, block, 256);
		bad[wrong[i].at] = wrong[i].value;
		assert_sdr(SDF_ExternalPublicKeyOperation_RSA(s, &pairs.enc, bad, 256, wrapped, &len), SDR_OK);
		assert_sdr(SDF_ImportKeyWithISK_RSA(s, 1, wrapped, 256, &b), SDR_OK);
		assert_same_key(s, a, b, false);
	}
	memset(block + 2, 0x66, 237);
	assert_sdr(SDF_ExternalPublicKeyOperation_RSA(s, &pairs.enc, block, 256, wrapped, &len), SDR_OK);
	assert_sdr(SDF_ImportKeyWithISK_RSA(s, 1, wrapped, 256, &b), SDR_OK);
	assert_same_key(s, a, b, true);
}

static void every_octet_of_an_rsa_file_is_guarded(void **state)
{
	struct rig *rig = *state;
	uint8_t file[200 + 1156], changed[sizeof(file)];
	struct pairs pairs;
	char path[512];

	make_pairs(rig, &pairs);
	close_device(rig);
	assert_true(hf_fmt(path, sizeof(path), "%s/rsasign-00001.key", rig->folder));
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0 && hf_read_all(fd, file, sizeof(file)));
	close(fd);
	for (size_t i = 0; i < sizeof(file); i += i < 200 ? 1 : 7) {
		memcpy(changed, file, sizeof(file));
		changed[i] ^= 0x20;
		assert_true(hf_file_write(path, HF_BYTES_OF(changed), 0600, NULL));
		assert_sdr(SDFX_OpenDevice(rig->folder, &rig->device), SDR_HARDFAIL);
	}
	assert_true(hf_file_write(path, (struct hf_bytes){file, sizeof(file) - 1}, 0600, NULL));
	assert_sdr(SDFX_OpenDevice(rig->folder, &rig->device), SDR_HARDFAIL);
	/* a forger who mends both checksums is found by the MAC */
	memcpy(changed, file, sizeof(file));
	changed[200 + 10] ^= 1;
	hf_sm3((struct hf_bytes){changed + 200, 1156}, changed + 40);
	hf_sm3((struct hf_bytes){changed, 168}, changed + 168);
	assert_true(hf_file_write(path, HF_BYTES_OF(changed), 0600, NULL));
	reopen(rig);
	assert_sdr(SDF_GetPrivateKeyAccessRight(rig->session, 1, code, LEN(code)), SDR_PRKRERR);
}

static void external_private_keys_are_for_debugging(void **state)
{
	struct rig *rig = *state;
	unsigned char in[256] = {0, 2}, out[256], back[256];
	RSArefPrivateKey private;
	RSArefPublicKey pub;
	unsigned int len;
	void *s = rig->session;

	assert_sdr(SDF_GenerateKeyPair_RSA(s, 2048, &pub, &private), SDR_NOTSUPPORT);
	assert_sdr(SDF_ExternalPrivateKeyOperation_RSA(s, &private, in, 256, out, &len), SDR_NOTSUPPORT);
	assert_sdr(SDFX_AllowDebug(rig->device, password, LEN(password), 1), SDR_OK);
	assert_sdr(SDF_GenerateKeyPair_RSA(s, 1024, &pub, &private), SDR_INARGERR);
	assert_sdr(SDF_GenerateKeyPair_RSA(s, 2048, &pub, &private), SDR_OK);
	assert_sdr(SDF_ExternalPrivateKeyOperation_RSA(s, &private, in, 256, out, &len), SDR_OK);
	assert_sdr(SDF_ExternalPublicKeyOperation_RSA(s, &pub, out, 256, back, &len), SDR_OK);
	assert_memory_equal(back, in, 256);
	/* OpenSSL mends one of them by the other */
	private.pexp[0][100] ^= 1;
	private.d[100] ^= 1;
	memset(out, 0, sizeof(out));
	assert_sdr(SDF_ExternalPrivateKeyOperation_RSA(s, &private, in, 256, out, &len), SDR_KEYERR);
	memset(back, 0, sizeof(back));
	assert_memory_equal(out, back, 256);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_rig(pairs_are_kept_under_the_code_of_their_index),
		with_rig(raw_operations_refuse_what_is_no_number_or_no_key),
		with_rig(session_keys_travel_and_bad_padding_tells_nothing),
		with_rig(only_right_padding_lets_a_key_in),
		with_rig(every_octet_of_an_rsa_file_is_guarded),
		with_rig(external_private_keys_are_for_debugging),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
