/* Users' files, and the functions for debugging: file.c, sdf_file.c, sdf_debug.c. */
#include "sdf_rig.h"

#include "base/file.h"
#include "crypto/sm3.h"

#include <fcntl.h>

static unsigned char name[] = "设置/one", other[] = "two";

/* The only file on disk whose name starts and ends like this; its octets. */
static size_t find_file(const struct rig *rig, char path[512], uint8_t *out, size_t room)
{
	DIR *dir = opendir(rig->folder);
	struct dirent *entry;
	size_t len = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, "file-", 5) == 0)
			assert_true(hf_fmt(path, 512, "%s/%s", rig->folder, entry->d_name));
	}
	closedir(dir);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	ssize_t got;
	while ((got = read(fd, out + len, room - len)) > 0)
		len += (size_t)got;
	close(fd);
	return len;
}

static void files_are_made_written_read_and_deleted(void **state)
{
	struct rig *rig = *state;
	unsigned char data[] = "what the user keeps here", got[100];
	void *s = rig->session;
	unsigned int len = sizeof(got);

	assert_sdr(SDF_ReadFile(s, name, LEN(name), 0, &len, got), SDR_FILENOEXIST);
	assert_sdr(SDF_WriteFile(s, name, LEN(name), 0, 5, data), SDR_FILENOEXIST);
	assert_sdr(SDF_CreateFile(s, name, LEN(name), 40), SDR_OK);
	assert_sdr(SDF_CreateFile(s, name, LEN(name), 40), SDR_FILEEXISTS);
	assert_sdr(SDF_CreateFile(s, other, LEN(other), 0), SDR_OK);
	assert_sdr(SDF_WriteFile(s, name, LEN(name), 10, LEN(data), data), SDR_OK);
	reopen(rig);
	s = rig->session;
	assert_sdr(SDF_ReadFile(s, name, LEN(name), 0, &len, got), SDR_PARDENY);
	assert_sdr(SDF_CreateFile(s, name, LEN(name), 40), SDR_PARDENY);
	assert_sdr(SDFX_UnlockDevice(rig->device, password, LEN(password)), SDR_OK);
	assert_sdr(SDF_ReadFile(s, name, LEN(name), 0, &len, got), SDR_OK);
	assert_int_equal(len, 40);
	assert_memory_equal(got + 10, data, LEN(data));
	assert_int_equal(got[9], 0);
	len = 5;
	assert_sdr(SDF_ReadFile(s, name, LEN(name), 15, &len, got), SDR_OK);
	assert_int_equal(len, 5);
	assert_memory_equal(got, data + 5, 5);
	assert_sdr(SDF_ReadFile(s, name, LEN(name), 40, &len, got), SDR_OK);
	assert_int_equal(len, 0);
	assert_sdr(SDF_ReadFile(s, name, LEN(name), 41, &len, got), SDR_FILEOFSERR);
	assert_sdr(SDF_WriteFile(s, name, LEN(name), 41, 0, data), SDR_FILEOFSERR);
	assert_sdr(SDF_WriteFile(s, name, LEN(name), 30, 11, data), SDR_FILESIZEERR);
	assert_sdr(SDF_WriteFile(s, name, LEN(name), 30, 0xFFFFFFFF, data), SDR_FILESIZEERR);
	assert_sdr(SDF_DeleteFile(s, name, LEN(name)), SDR_OK);
	assert_sdr(SDF_DeleteFile(s, name, LEN(name)), SDR_FILENOEXIST);
	assert_sdr(SDF_ReadFile(s, other, LEN(other), 0, &len, got), SDR_OK);
	assert_sdr(SDF_DeleteFile(s, other, LEN(other)), SDR_OK);
}

static void names_and_sizes_have_limits(void **state)
{
	struct rig *rig = *state;
	unsigned char longest[129], number[4], one[1] = {1};
	void *s = rig->session;
	unsigned int len = 1;

	memset(longest, 'n', sizeof(longest));
	assert_sdr(SDF_CreateFile(s, longest, 129, 1), SDR_INARGERR);
	assert_sdr(SDF_CreateFile(s, longest, 0, 1), SDR_INARGERR);
	assert_sdr(SDF_CreateFile(s, NULL, 3, 1), SDR_INARGERR);
	assert_sdr(SDF_CreateFile(s, longest, 128, 65537), SDR_FILESIZEERR);
	assert_sdr(SDF_CreateFile(s, longest, 128, 65536), SDR_OK);
	assert_sdr(SDF_WriteFile(s, longest, 128, 65535, 1, one), SDR_OK);
	assert_sdr(SDF_WriteFile(s, longest, 128, 65535, 1, NULL), SDR_INARGERR);
	assert_sdr(SDF_ReadFile(s, longest, 128, 65535, &len, number), SDR_OK);
	assert_int_equal(number[0], 1);
	assert_sdr(SDF_ReadFile(s, longest, 128, 0, NULL, number), SDR_OUTARGERR);
	assert_sdr(SDF_ReadFile(s, longest, 128, 0, &len, NULL), SDR_OUTARGERR);
	for (unsigned int i = 1; i < 256; i++) {
		number[0] = (unsigned char)i;
		assert_sdr(SDF_CreateFile(s, number, 1, 1), SDR_OK);
	}
	assert_sdr(SDF_CreateFile(s, name, LEN(name), 1), SDR_FILESIZEERR);
	assert_sdr(SDF_DeleteFile(s, number, 1), SDR_OK);
	assert_sdr(SDF_CreateFile(s, name, LEN(name), 1), SDR_OK);
}

static void files_lie_encrypted_and_damage_is_found(void **state)
{
	struct rig *rig = *state;
	unsigned char data[] = "a text that nobody shall find", got[64];
	uint8_t file[512], changed[512];
	void *s = rig->session;
	unsigned int len = 64;
	char path[512];

	assert_sdr(SDF_CreateFile(s, name, LEN(name), LEN(data)), SDR_OK);
	assert_sdr(SDF_WriteFile(s, name, LEN(name), 0, LEN(data), data), SDR_OK);
	size_t size = find_file(rig, path, file, sizeof(file));
	assert_int_equal(size, 200 + 130 + LEN(data));
	assert_null(memmem(file, size, "nobody", 6));
	assert_null(memmem(file, size, name, LEN(name)));
	for (size_t i = 0; i < size; i++) {
		memcpy(changed, file, size);
		changed[i] ^= 0x10;
		assert_true(hf_file_write(path, (struct hf_bytes){changed, size}, 0600, NULL));
		assert_sdr(SDF_ReadFile(s, name, LEN(name), 0, &len, got), SDR_HARDFAIL);
	}
	assert_true(hf_file_write(path, (struct hf_bytes){file, size - 1}, 0600, NULL));
	assert_sdr(SDF_ReadFile(s, name, LEN(name), 0, &len, got), SDR_HARDFAIL);
	/* damage with the checksums mended is found by the MAC */
	memcpy(changed, file, size);
	changed[size - 1] ^= 1;
	hf_sm3((struct hf_bytes){changed + 200, size - 200}, changed + 40);
	hf_sm3((struct hf_bytes){changed, 168}, changed + 168);
	assert_true(hf_file_write(path, (struct hf_bytes){changed, size}, 0600, NULL));
	assert_sdr(SDF_ReadFile(s, name, LEN(name), 0, &len, got), SDR_HARDFAIL);
	assert_sdr(SDF_WriteFile(s, name, LEN(name), 0, 1, got), SDR_HARDFAIL);
	assert_true(hf_file_write(path, (struct hf_bytes){file, size}, 0600, NULL));
	assert_sdr(SDF_ReadFile(s, name, LEN(name), 0, &len, got), SDR_OK);
	assert_memory_equal(got, data, LEN(data));
}

/* --- Debugging --- */

static unsigned char ext_key[16] = "sixteen octets.", iv[16] = {1};

static void assert_debug(void *s, int want)
{
	ECCrefPrivateKey private = {.bits = 256, .K[63] = 5};
	ECCrefPublicKey pub;
	unsigned char data[32] = {1}, out[64];
	ECCSignature sig;
	unsigned int len;

	assert_sdr(SDF_GenerateKeyPair_ECC(s, SGD_SM2, 256, &pub, &private), want);
	assert_sdr(SDF_ExternalSign_ECC(s, SGD_SM2_1, &private, data, 32, &sig), want);
	assert_sdr(SDF_ExternalKeyEncrypt(s, SGD_SM4_CBC, ext_key, 16, iv, 16, data, 32, out, &len), want);
	assert_sdr(SDF_ExternalKeyDecrypt(s, SGD_SM4_CBC, ext_key, 16, iv, 16, data, 32, out, &len), want);
	assert_sdr(SDF_ExternalKeyEncryptInit(s, SGD_SM4_CBC, ext_key, 16, iv, 16), want);
	assert_sdr(SDF_ExternalKeyDecryptInit(s, SGD_SM4_CBC, ext_key, 16, iv, 16), want);
	assert_sdr(SDF_ExternalKeyHMACInit(s, SGD_SM3, ext_key, 3), want);
}

static void debugging_is_off_until_the_keeper_allows_it(void **state)
{
	struct rig *rig = *state;
	unsigned char wrong[] = "not the keeper";

	assert_debug(rig->session, SDR_NOTSUPPORT);
	assert_sdr(SDFX_AllowDebug(rig->device, wrong, LEN(wrong), 1), SDR_PRKRERR);
	assert_sdr(SDFX_AllowDebug(rig->device, password, LEN(password), 2), SDR_INARGERR);
	assert_debug(rig->session, SDR_NOTSUPPORT);
	assert_sdr(SDFX_AllowDebug(rig->device, password, LEN(password), 1), SDR_OK);
	assert_debug(rig->session, SDR_OK);
	reopen(rig);
	assert_debug(rig->session, SDR_OK);
	assert_sdr(SDFX_UnlockDevice(rig->device, password, LEN(password)), SDR_OK);
	assert_sdr(SDFX_AllowDebug(rig->device, password, LEN(password), 0), SDR_OK);
	assert_debug(rig->session, SDR_NOTSUPPORT);
	reopen(rig);
	assert_debug(rig->session, SDR_NOTSUPPORT);
	assert_sdr(SDFX_UnlockDevice(rig->device, password, LEN(password)), SDR_OK);
}

static void external_keys_do_what_internal_ones_do(void **state)
{
	union {
		ECCCipher cipher;
		unsigned char room[sizeof(ECCCipher) + 32];
	} c;
	struct rig *rig = *state;
	ECCrefPrivateKey private, bad;
	ECCrefPublicKey pub;
	unsigned char data[32] = {7}, out[32], parts[32], mac[32], want[32];
	ECCSignature sig;
	unsigned int len;
	void *s = rig->session;

	assert_sdr(SDFX_AllowDebug(rig->device, password, LEN(password), 1), SDR_OK);
	assert_sdr(SDF_GenerateKeyPair_ECC(s, SGD_RSA, 256, &pub, &private), SDR_ALGNOTSUPPORT);
	assert_sdr(SDF_GenerateKeyPair_ECC(s, SGD_SM2_1, 255, &pub, &private), SDR_INARGERR);
	assert_sdr(SDF_GenerateKeyPair_ECC(s, SGD_SM2_1, 256, &pub, &private), SDR_OK);
	assert_sdr(SDF_ExternalSign_ECC(s, SGD_SM2_1, &private, data, 32, &sig), SDR_OK);
	assert_sdr(SDF_ExternalVerify_ECC(s, SGD_SM2_1, &pub, data, 32, &sig), SDR_OK);
	assert_sdr(SDF_ExternalEncrypt_ECC(s, SGD_SM2_3, &pub, data, 32, &c.cipher), SDR_OK);
	assert_sdr(SDF_ExternalDecrypt_ECC(s, SGD_SM2_3, &private, &c.cipher, out, &len), SDR_OK);
	assert_int_equal(len, 32);
	assert_memory_equal(out, data, 32);
	c.cipher.M[0] ^= 1;
	assert_sdr(SDF_ExternalDecrypt_ECC(s, SGD_SM2_3, &private, &c.cipher, out, &len), SDR_SKOPERR);
	bad = private;
	bad.K[0] = 1;
	assert_sdr(SDF_ExternalSign_ECC(s, SGD_SM2_1, &bad, data, 32, &sig), SDR_KEYERR);
	memset(bad.K, 0, sizeof(bad.K));
	assert_sdr(SDF_ExternalSign_ECC(s, SGD_SM2_1, &bad, data, 32, &sig), SDR_KEYERR);
	assert_sdr(SDF_ExternalKeyEncrypt(s, SGD_SM4_CBC, ext_key, 15, iv, 16, data, 32, out, &len), SDR_INARGERR);
	assert_sdr(SDF_ExternalKeyEncrypt(s, SGD_SM4_CBC, ext_key, 16, iv, 16, data, 32, out, &len), SDR_OK);
	assert_int_equal(iv[0], 1);
	assert_sdr(SDF_ExternalKeyEncryptInit(s, SGD_SM4_CBC, ext_key, 16, iv, 16), SDR_OK);
	assert_sdr(SDF_EncryptUpdate(s, data, 32, parts, &len), SDR_OK);
	assert_sdr(SDF_EncryptFinal(s, NULL, &len), SDR_OK);
	assert_memory_equal(parts, out, 32);
	assert_sdr(SDF_ExternalKeyDecrypt(s, SGD_SM4_CBC, ext_key, 16, iv, 16, out, 32, out, &len), SDR_OK);
	assert_memory_equal(out, data, 32);
	assert_sdr(SDF_ExternalKeyHMACInit(s, SGD_SM3, ext_key, 3), SDR_OK);
	assert_sdr(SDF_HMACUpdate(s, data, 32), SDR_OK);
	assert_sdr(SDF_HMACFinal(s, mac, &len), SDR_OK);
	hf_hmac_sm3((struct hf_bytes){ext_key, 3}, HF_BYTES_OF(data), want);
	assert_memory_equal(mac, want, 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_rig(files_are_made_written_read_and_deleted),
		with_rig(names_and_sizes_have_limits),
		with_rig(files_lie_encrypted_and_damage_is_found),
		with_rig(debugging_is_off_until_the_keeper_allows_it),
		with_rig(external_keys_do_what_internal_ones_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
