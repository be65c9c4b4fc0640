/*
 * A device to try things on: fresh in a folder of its own, unlocked, with a signing and an encryption pair at 1 and a
 * KEK at 1, and a session that has the right to 1.
 */
#ifndef HUFU_TESTS_UNIT_SDF_RIG_H
#define HUFU_TESTS_UNIT_SDF_RIG_H

#include "test.h"

#include "base/str.h"
#include "sdf.h"
#include "sdfx.h"

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#define ITERATIONS 10

#define assert_sdr(call, want) assert_int_equal((call), (want))

static unsigned char password[] = "the keeper's words", code[] = "access code 1";
#define LEN(text) ((unsigned int)sizeof(text) - 1)

struct rig {
	char folder[256];
	void *device, *session;
	ECCrefPublicKey sign, enc;
};

static void make_folder(struct rig *rig)
{
	const char *temp = getenv("TMPDIR");

	assert_true(hf_fmt(rig->folder, sizeof(rig->folder), "%s/hufu-sdf-XXXXXX", temp ? temp : "/tmp"));
	assert_non_null(mkdtemp(rig->folder));
}

static void remove_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL)
		unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
	assert_int_equal(rmdir(folder), 0);
}

static int set_up(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	make_folder(rig);
	assert_sdr(SDFX_InitDevice(rig->folder, password, LEN(password), ITERATIONS), SDR_OK);
	assert_sdr(SDFX_OpenDevice(rig->folder, &rig->device), SDR_OK);
	assert_sdr(SDFX_UnlockDevice(rig->device, password, LEN(password)), SDR_OK);
	assert_sdr(SDF_OpenSession(rig->device, &rig->session), SDR_OK);
	assert_sdr(SDFX_GenerateInternalKeyPair_ECC(rig->session, 1, SDFX_USE_SIGN, code, LEN(code), &rig->sign), 0);
	assert_sdr(SDFX_GenerateInternalKeyPair_ECC(rig->session, 1, SDFX_USE_ENC, code, LEN(code), &rig->enc), 0);
	assert_sdr(SDFX_GenerateKEK(rig->session, 1), SDR_OK);
	assert_sdr(SDF_GetPrivateKeyAccessRight(rig->session, 1, code, LEN(code)), SDR_OK);
	*state = rig;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *rig = *state;

	if (rig->device)
		assert_sdr(SDF_CloseDevice(rig->device), SDR_OK);
	remove_folder(rig->folder);
	free(rig);
	return 0;
}

static void close_device(struct rig *rig)
{
	assert_sdr(SDF_CloseDevice(rig->device), SDR_OK);
	rig->device = NULL;
}

static inline void reopen(struct rig *rig)
{
	if (rig->device)
		close_device(rig);
	assert_sdr(SDFX_OpenDevice(rig->folder, &rig->device), SDR_OK);
	assert_sdr(SDF_OpenSession(rig->device, &rig->session), SDR_OK);
}

static inline void flat(const ECCrefPublicKey *pub, uint8_t out[64])
{
	memcpy(out, pub->x + 32, 32);
	memcpy(out + 32, pub->y + 32, 32);
}

#define with_rig(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
