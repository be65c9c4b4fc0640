/* Backup and restore, self-test on command, pairs brought in: backup.c, sdfx_import.c. */
#include "sdf_rig.h"

#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>

static unsigned char words[] = "the backup's words", name[] = "a file", content[] = "its content";

static void backup_path(const struct rig *rig, char path[512])
{
	assert_true(hf_fmt(path, 512, "%s.backup", rig->folder));
}

static void make_blank(struct rig *blank)
{
	memset(blank, 0, sizeof(*blank));
	make_folder(blank);
	assert_sdr(SDFX_MakeBlankDevice(blank->folder), SDR_OK);
	reopen(blank);
}

static void remove_device(struct rig *rig)
{
	close_device(rig);
	remove_folder(rig->folder);
}

static void fill(struct rig *rig, RSArefPublicKey *rsa, unsigned char wrapped[16])
{
	unsigned int len;
	void *key;

	assert_sdr(
		SDFX_GenerateInternalKeyPair_RSA(rig->session, 1, SDFX_USE_SIGN, 2048, code, LEN(code), rsa), SDR_OK);
	assert_sdr(SDF_CreateFile(rig->session, name, LEN(name), LEN(content)), SDR_OK);
	assert_sdr(SDF_WriteFile(rig->session, name, LEN(name), 0, LEN(content), content), SDR_OK);
	assert_sdr(SDF_GenerateKeyWithKEK(rig->session, 128, SGD_SM4_ECB, 1, wrapped, &len, &key), SDR_OK);
}

/* The device in copy is the one in rig. */
static void assert_copy(struct rig *copy, const struct rig *rig, const RSArefPublicKey *rsa, unsigned char wrapped[16])
{
	unsigned char e[32] = {5}, got[32];
	unsigned int len = sizeof(got), state;
	RSArefPublicKey rsa_again;
	ECCrefPublicKey pub;
	ECCSignature sig;
	void *key;

	assert_sdr(SDFX_GetDeviceState(copy->device, &state), SDR_OK);
	assert_int_equal(state, SDFX_STATE_READY);
	assert_sdr(SDFX_GenerateKEK(copy->session, 9), SDR_PRKRERR);
	assert_sdr(SDFX_UnlockDevice(copy->device, password, LEN(password)), SDR_OK);
	assert_sdr(SDF_ExportSignPublicKey_ECC(copy->session, 1, &pub), SDR_OK);
	assert_memory_equal(&pub, &rig->sign, sizeof(pub));
	assert_sdr(SDF_ExportSignPublicKey_RSA(copy->session, 1, &rsa_again), SDR_OK);
	assert_memory_equal(&rsa_again, rsa, sizeof(rsa_again));
	assert_sdr(SDF_GetPrivateKeyAccessRight(copy->session, 1, code, LEN(code)), SDR_OK);
	assert_sdr(SDF_InternalSign_ECC(copy->session, 1, e, 32, &sig), SDR_OK);
	assert_sdr(SDF_ExternalVerify_ECC(copy->session, SGD_SM2_1, &pub, e, 32, &sig), SDR_OK);
	assert_sdr(SDF_ImportKeyWithKEK(copy->session, SGD_SM4_ECB, 1, wrapped, 16, &key), SDR_OK);
	assert_sdr(SDF_ReadFile(copy->session, name, LEN(name), 0, &len, got), SDR_OK);
	assert_memory_equal(got, content, LEN(content));
}

static void a_device_comes_back_whole_into_a_blank_one_only(void **state)
{
	struct rig *rig = *state, copy;
	unsigned char wrapped[16];
	RSArefPublicKey rsa;
	DEVICEINFO a, b;
	char path[512];
	struct stat st;

	fill(rig, &rsa, wrapped);
	backup_path(rig, path);
	assert_sdr(SDFX_BackupDevice(rig->device, path, words, 7), SDR_INARGERR);
	assert_sdr(SDFX_BackupDevice(rig->device, NULL, words, LEN(words)), SDR_INARGERR);
	assert_sdr(SDFX_BackupDevice(rig->device, "/no such folder/x", words, LEN(words)), SDR_FILEWERR);
	assert_sdr(SDFX_BackupDevice(rig->device, path, words, LEN(words)), SDR_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_size, 36 + 32 + 4 * 200 + (200 + 1156) + (200 + 130 + LEN(content)));
	assert_sdr(SDFX_RestoreDevice(rig->device, path, words, LEN(words)), SDR_STEPERR);
	make_blank(&copy);
	assert_sdr(SDFX_RestoreDevice(copy.device, path, password, LEN(password)), SDR_PRKRERR);
	assert_sdr(SDFX_RestoreDevice(copy.device, "/no such file", words, LEN(words)), SDR_FILENOEXIST);
	assert_sdr(SDFX_RestoreDevice(copy.device, copy.folder, words, LEN(words)), SDR_ENCDATAERR);
	assert_sdr(SDFX_RestoreDevice(copy.device, path, words, LEN(words)), SDR_OK);
	assert_copy(&copy, rig, &rsa, wrapped);
	reopen(&copy);
	assert_copy(&copy, rig, &rsa, wrapped);
	assert_sdr(SDF_GetDeviceInfo(rig->session, &a), SDR_OK);
	assert_sdr(SDF_GetDeviceInfo(copy.session, &b), SDR_OK);
	assert_memory_equal(&a, &b, sizeof(a));
	remove_device(&copy);
	reopen(rig);
	assert_sdr(SDFX_BackupDevice(rig->device, path, words, LEN(words)), SDR_PRKRERR);
	unlink(path);
}

static size_t read_file(const char *path, uint8_t *out, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = read(fd, out, room);

	assert_true(fd >= 0 && len > 0);
	close(fd);
	return (size_t)len;
}

static void every_octet_of_a_backup_is_guarded(void **state)
{
	struct rig *rig = *state, copy;
	uint8_t file[2048], changed[2048];
	unsigned int value;
	char path[512];

	backup_path(rig, path);
	assert_sdr(SDFX_BackupDevice(rig->device, path, words, LEN(words)), SDR_OK);
	size_t len = read_file(path, file, sizeof(file));
	assert_null(memmem(file, len, rig->sign.x + 32, 32));
	make_blank(&copy);
	for (size_t i = 0; i < len; i++) {
		memcpy(changed, file, len);
		changed[i] ^= 0x40;
		if (i == 8 || i == 9)
			continue; /* iterations in the millions: right, but slow */
		assert_true(hf_file_write(path, (struct hf_bytes){changed, len}, 0600, NULL));
		int rc = SDFX_RestoreDevice(copy.device, path, words, LEN(words));
		assert_true(rc == SDR_PRKRERR || rc == SDR_ENCDATAERR);
	}
	for (size_t cut = 0; cut < len; cut += 13) {
		assert_true(hf_file_write(path, (struct hf_bytes){file, cut}, 0600, NULL));
		assert_sdr(SDFX_RestoreDevice(copy.device, path, words, LEN(words)), SDR_ENCDATAERR);
	}
	assert_sdr(SDFX_GetDeviceState(copy.device, &value), SDR_OK);
	assert_int_equal(value, SDFX_STATE_INITIAL);
	assert_true(hf_file_write(path, (struct hf_bytes){file, len}, 0600, NULL));
	assert_sdr(SDFX_RestoreDevice(copy.device, path, words, LEN(words)), SDR_OK);
	remove_device(&copy);
	unlink(path);
}

static void a_restore_that_was_cut_short_is_done_again(void **state)
{
	struct rig *rig = *state, copy;
	uint8_t key[200];
	char path[512], from[512], to[512];
	ECCrefPublicKey pub;

	backup_path(rig, path);
	assert_sdr(SDFX_BackupDevice(rig->device, path, words, LEN(words)), SDR_OK);
	make_blank(&copy);
	close_device(&copy);
	/* as if another's restore had stopped before its device.key */
	assert_true(hf_fmt(from, sizeof(from), "%s/sign-00001.key", rig->folder));
	assert_int_equal(read_file(from, key, 200), 200);
	assert_true(hf_fmt(to, sizeof(to), "%s/sign-00001.key", copy.folder));
	assert_true(hf_file_write(to, HF_BYTES_OF(key), 0600, NULL));
	reopen(&copy);
	assert_sdr(SDFX_RestoreDevice(copy.device, path, words, LEN(words)), SDR_OK);
	assert_sdr(SDF_ExportSignPublicKey_ECC(copy.session, 1, &pub), SDR_OK);
	remove_device(&copy);
	unlink(path);
}

/* --- Self-test --- */

static void a_self_test_finds_damage_and_stops_the_device(void **state)
{
	static const char *const files[] = {"sign-00001.key", "kek-00001.key", NULL};
	struct rig *rig = *state;
	unsigned char random[8];
	unsigned int value;
	char path[512];
	uint8_t file[200];

	assert_sdr(SDFX_SelfTest(rig->session), SDR_INARGERR);
	assert_sdr(SDFX_SelfTest(rig->device), SDR_OK);
	for (size_t i = 0; files[i]; i++) {
		assert_true(hf_fmt(path, sizeof(path), "%s/%s", rig->folder, files[i]));
		assert_int_equal(read_file(path, file, sizeof(file)), 200);
		file[120] ^= 1;
		assert_true(hf_file_write(path, HF_BYTES_OF(file), 0600, NULL));
		assert_sdr(SDFX_SelfTest(rig->device), SDR_HARDFAIL);
		assert_sdr(SDFX_GetDeviceState(rig->device, &value), SDR_OK);
		assert_int_equal(value, SDFX_STATE_STOPPED);
		assert_sdr(SDF_GenerateRandom(rig->session, 8, random), SDR_HARDFAIL);
		assert_sdr(SDFX_UnlockDevice(rig->device, password, LEN(password)), SDR_HARDFAIL);
		file[120] ^= 1;
		assert_true(hf_file_write(path, HF_BYTES_OF(file), 0600, NULL));
		assert_sdr(SDFX_SelfTest(rig->device), SDR_HARDFAIL);
		reopen(rig);
		assert_sdr(SDFX_UnlockDevice(rig->device, password, LEN(password)), SDR_OK);
		assert_sdr(SDFX_SelfTest(rig->device), SDR_OK);
	}
	assert_int_equal(unlink(path), 0);
	assert_sdr(SDFX_SelfTest(rig->device), SDR_HARDFAIL);
}

/* --- Bringing in --- */

static void a_wrapped_pair_comes_in_where_it_belongs(void **state)
{
	struct rig *rig = *state;
	unsigned char wrapped[2][SDFX_WRAPPED_SIZE], e[32] = {9}, wrong[] = "another code";
	ECCrefPublicKey pubs[2], pub;
	ECCSignature sig;
	void *s = rig->session;
	const unsigned int size = SDFX_WRAPPED_SIZE;

	assert_sdr(SDFX_GenerateWrappedKeyPairs_ECC(s, 1, 2, pubs, wrapped[0], sizeof(wrapped)), SDR_OK);
	assert_sdr(
		SDFX_ImportWrappedKeyPair_ECC(s, 1, &pubs[0], wrapped[0], size, 3, SDFX_USE_SIGN, code, LEN(code)), 0);
	assert_sdr(SDF_ExportSignPublicKey_ECC(s, 3, &pub), SDR_OK);
	assert_memory_equal(&pub, &pubs[0], sizeof(pub));
	assert_sdr(SDF_GetPrivateKeyAccessRight(s, 3, code, LEN(code)), SDR_OK);
	assert_sdr(SDF_InternalSign_ECC(s, 3, e, 32, &sig), SDR_OK);
	assert_sdr(SDF_ExternalVerify_ECC(s, SGD_SM2_1, &pubs[0], e, 32, &sig), SDR_OK);
	assert_sdr(SDFX_ImportWrappedKeyPair_ECC(s, 1, &pubs[1], wrapped[1], size, 3, SDFX_USE_SIGN, code, LEN(code)),
		SDR_KEYERR);
	assert_sdr(SDFX_ImportWrappedKeyPair_ECC(s, 1, &pubs[1], wrapped[1], size, 3, SDFX_USE_ENC, wrong, LEN(wrong)),
		SDR_PRKRERR);
	assert_sdr(SDFX_ImportWrappedKeyPair_ECC(s, 1, &pubs[0], wrapped[1], size, 4, SDFX_USE_ENC, code, LEN(code)),
		SDR_ENCDATAERR);
	assert_sdr(SDFX_ImportWrappedKeyPair_ECC(s, 2, &pubs[1], wrapped[1], size, 4, SDFX_USE_ENC, code, LEN(code)),
		SDR_KEYNOTEXIST);
	assert_sdr(SDFX_ImportWrappedKeyPair_ECC(s, 1, &pubs[1], wrapped[1], 80, 4, SDFX_USE_ENC, code, LEN(code)),
		SDR_INARGERR);
	assert_sdr(SDFX_ImportWrappedKeyPair_ECC(s, 1, &pubs[1], wrapped[1], size, 0, SDFX_USE_ENC, code, LEN(code)),
		SDR_INARGERR);
}

static void a_released_pair_becomes_the_encryption_pair_of_its_recipient(void **state)
{
	union {
		ECCCipher cipher;
		unsigned char room[sizeof(ECCCipher) + 32];
	} c;
	struct rig *rig = *state;
	SDFX_REWRAP_IN in = {0};
	SDFX_REWRAP_OUT out, bad;
	ECCrefPublicKey user, got;
	unsigned char text[] = "for the user", plain[32];
	unsigned int len;
	void *s = rig->session;

	assert_sdr(SDFX_GenerateInternalKeyPair_ECC(s, 5, SDFX_USE_SIGN, code, LEN(code), &user), SDR_OK);
	assert_sdr(SDFX_GenerateWrappedKeyPairs_ECC(s, 1, 1, &in.pub, in.wrapped, SDFX_WRAPPED_SIZE), SDR_OK);
	in.recipient = user;
	assert_sdr(SDFX_RewrapKeyPairs_ECC(s, 1, 1, 1, &in, &out), SDR_OK);
	assert_sdr(SDFX_ImportReleasedKeyPair_ECC(s, 5, code, LEN(code), &out, &rig->sign), SDR_PRKRERR);
	assert_sdr(SDF_GetPrivateKeyAccessRight(s, 5, code, LEN(code)), SDR_OK);
	assert_sdr(SDFX_ImportReleasedKeyPair_ECC(s, 5, code, LEN(code), &out, &user), SDR_VERIFYERR);
	assert_sdr(SDFX_ImportReleasedKeyPair_ECC(s, 1, code, LEN(code), &out, &rig->sign), SDR_SKOPERR);
	assert_sdr(SDFX_ImportReleasedKeyPair_ECC(s, 6, code, LEN(code), &out, &rig->sign), SDR_KEYNOTEXIST);
	assert_sdr(SDFX_ImportReleasedKeyPair_ECC(s, 5, code, LEN(code), NULL, &rig->sign), SDR_INARGERR);
	bad = out;
	bad.encPriv[3] ^= 1;
	assert_sdr(SDFX_ImportReleasedKeyPair_ECC(s, 5, code, LEN(code), &bad, &rig->sign), SDR_VERIFYERR);
	bad = out;
	bad.pub = user;
	assert_sdr(SDFX_ImportReleasedKeyPair_ECC(s, 5, code, LEN(code), &bad, &rig->sign), SDR_ENCDATAERR);
	bad = out;
	bad.keyCipher.L = 17;
	assert_sdr(SDFX_ImportReleasedKeyPair_ECC(s, 5, code, LEN(code), &bad, &rig->sign), SDR_ENCDATAERR);
	assert_sdr(SDFX_ImportReleasedKeyPair_ECC(s, 5, code, LEN(code), &out, &rig->sign), SDR_OK);
	assert_sdr(SDFX_ImportReleasedKeyPair_ECC(s, 5, code, LEN(code), &out, &rig->sign), SDR_KEYERR);
	assert_sdr(SDF_ExportEncPublicKey_ECC(s, 5, &got), SDR_OK);
	assert_memory_equal(&got, &in.pub, sizeof(got));
	assert_sdr(SDF_GetPrivateKeyAccessRight(s, 5, code, LEN(code)), SDR_OK);
	assert_sdr(SDF_ExternalEncrypt_ECC(s, SGD_SM2_3, &in.pub, text, LEN(text), &c.cipher), SDR_OK);
	assert_sdr(SDF_InternalDecrypt_ECC(s, 5, SGD_SM2_3, &c.cipher, plain, &len), SDR_OK);
	assert_memory_equal(plain, text, LEN(text));
}

static void batches_of_every_size_are_right(void **state)
{
	static unsigned char digests[200][32], wrapped[200][SDFX_WRAPPED_SIZE];
	static const unsigned int sizes[] = {1, 2, 3, 63, 64, 65, 200};
	static ECCrefPublicKey pubs[200];
	static ECCSignature sigs[200];
	struct rig *rig = *state;
	void *s = rig->session;

	for (size_t i = 0; i < 200; i++)
		digests[i][0] = (unsigned char)i;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_sdr(SDFX_InternalSignBatch_ECC(s, 1, sizes[i], digests[0], sigs), SDR_OK);
		for (unsigned int j = 0; j < sizes[i]; j++)
			assert_sdr(SDF_InternalVerify_ECC(s, 1, digests[j], 32, &sigs[j]), SDR_OK);
		assert_sdr(SDFX_GenerateWrappedKeyPairs_ECC(s, 1, sizes[i], pubs, wrapped[0], sizeof(wrapped)), SDR_OK);
	}
	assert_sdr(SDFX_ImportWrappedKeyPair_ECC(
			   s, 1, &pubs[199], wrapped[199], SDFX_WRAPPED_SIZE, 8, SDFX_USE_SIGN, code, LEN(code)),
		SDR_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_rig(a_device_comes_back_whole_into_a_blank_one_only),
		with_rig(every_octet_of_a_backup_is_guarded),
		with_rig(a_restore_that_was_cut_short_is_done_again),
		with_rig(a_self_test_finds_damage_and_stops_the_device),
		with_rig(a_wrapped_pair_comes_in_where_it_belongs),
		with_rig(a_released_pair_becomes_the_encryption_pair_of_its_recipient),
		with_rig(batches_of_every_size_are_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
