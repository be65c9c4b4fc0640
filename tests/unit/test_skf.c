/* GM/T 0016 of the software token, call by call, with its refusals; linked statically, so that syncs can be counted. */
#include "test.h"

#include "base/file.h"
#include "base/hex.h"
#include "base/str.h"
#include "crypto/sm2.h"
#include "crypto/sm4.h"
#include "skfx.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ADMIN "admin-pin-1"
#define USER  "user-pin-1"

static char home[] = "/tmp/hufu-skf-XXXXXX";
static BYTE auth_key[16] = "0123456789abcde";

/*
 * Death by countdown: the calls by which the token makes things durable are ours here, and the n-th one is the
 * process's last, before or after it has done its work. 0: no countdown.
 */
static int death;
static bool death_after;
static unsigned syncs;

static void die_here(bool after)
{
	if (death > 0 && after == death_after && --death == 0)
		_exit(9);
}

#define MORTAL(call)                                                                                                   \
	die_here(false);                                                                                               \
	int rv = (int)(call);                                                                                          \
	die_here(true);                                                                                                \
	return rv

int fsync(int fd)
{
	syncs++;
	MORTAL(syscall(SYS_fsync, fd));
}

int fdatasync(int fd)
{
	syncs++;
	MORTAL(syscall(SYS_fdatasync, fd));
}

/* Dies with half of it written. */
ssize_t write(int fd, const void *data, size_t len)
{
	if (death == 1 && !death_after)
		(void)!syscall(SYS_write, fd, data, len / 2);
	MORTAL(syscall(SYS_write, fd, data, len));
}

int renameat(int old_dir, const char *old_name, int new_dir, const char *new_name)
{
	MORTAL(syscall(SYS_renameat2, old_dir, old_name, new_dir, new_name, 0));
}

int unlinkat(int dir, const char *name, int flags)
{
	MORTAL(syscall(SYS_unlinkat, dir, name, flags));
}

#define assert_sar(call, want) assert_int_equal((call), (want))

static int setup(void **state)
{
	(void)state;
	return mkdtemp(home) && setenv("HUFU_SKF_HOME", home, 1) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	hf_fmt_cut(command, sizeof(command), "rm -rf '%s'", home);
	return system(command) == 0 ? 0 : -1;
}

/* As the caller of an interface without const must. */
static LPSTR text(const char *s)
{
	return (LPSTR)(uintptr_t)s;
}

static ULONG dev_auth(DEVHANDLE dev, const BYTE key[16])
{
	BYTE block[16] = {0};

	ULONG rv = SKF_GenRandom(dev, block, 8);
	if (rv != SAR_OK)
		return rv;
	hf_sm4_ecb_encrypt(key, block, block, sizeof(block));
	return SKF_DevAuth(dev, block, sizeof(block));
}

struct open_token {
	DEVHANDLE dev;
	HAPPLICATION app;
	HCONTAINER con;
};

/* A device with an application (4 user tries, 3 of the administrator), logged in, with a container and a signing pair.
 */
static struct open_token fresh(const char *name)
{
	struct open_token t;
	ECCPUBLICKEYBLOB pub;
	ULONG left;

	assert_sar(SKFX_CreateDevice(text(name), text("label"), auth_key, 1000), SAR_OK);
	assert_sar(SKF_ConnectDev(text(name), &t.dev), SAR_OK);
	assert_sar(dev_auth(t.dev, auth_key), SAR_OK);
	assert_sar(SKF_CreateApplication(
			   t.dev, text("APP"), text(ADMIN), 3, text(USER), 4, SKF_RIGHT_ADMIN | SKF_RIGHT_USER, &t.app),
		SAR_OK);
	assert_sar(SKF_VerifyPIN(t.app, SKF_USER_TYPE, text(USER), &left), SAR_OK);
	assert_int_equal(left, 4);
	assert_sar(SKF_CreateContainer(t.app, text("con"), &t.con), SAR_OK);
	assert_sar(SKF_GenECCKeyPair(t.con, SGD_SM2_1, &pub), SAR_OK);
	return t;
}

static void done(struct open_token *t)
{
	assert_sar(SKF_DisConnectDev(t->dev), SAR_OK);
}

static ULONG tries_left(HAPPLICATION app, ULONG type)
{
	ULONG max, left = 99;

	assert_sar(SKF_GetPINInfo(app, type, &max, &left, NULL), SAR_OK);
	return left;
}

static void device_permission_comes_from_the_device_key(void **state)
{
	DEVHANDLE dev;
	HAPPLICATION app;
	BYTE other[16] = {7}, block[16] = {0};
	DEVINFO info;
	ULONG is;

	(void)state;
	assert_sar(SKFX_CreateDevice(text("dev"), text("my label"), auth_key, 1000), SAR_OK);
	assert_sar(SKFX_CreateDevice(text("dev"), text("x"), auth_key, 1000), SAR_FILE_ALREADY_EXIST);
	assert_sar(SKFX_CreateDevice(text("../dev"), text("x"), auth_key, 1000), SAR_NAMELENERR);
	assert_sar(SKFX_CreateDevice(text(".dev"), text("x"), auth_key, 1000), SAR_NAMELENERR);
	assert_sar(SKFX_CreateDevice(text("dev2"), text("x"), auth_key, 999), SAR_INVALIDPARAMERR);
	assert_sar(SKF_ConnectDev(text("none"), &dev), SAR_DEVICE_REMOVED);
	assert_sar(SKF_GetDevState(text("none"), &is), SAR_OK);
	assert_int_equal(is, SKF_DEV_ABSENT);
	assert_sar(SKF_GetDevState(text("dev"), &is), SAR_OK);
	assert_int_equal(is, SKF_DEV_PRESENT);
	assert_sar(SKF_ConnectDev(text("dev"), &dev), SAR_OK);
	assert_sar(SKF_GetDevInfo(dev, &info), SAR_OK);
	assert_string_equal(info.Label, "my label");
	assert_int_equal(info.DevAuthAlgId, SGD_SM4_ECB);
	assert_sar(SKF_SetLabel(dev, text("another")), SAR_OK);
	assert_sar(SKF_GetDevInfo(dev, &info), SAR_OK);
	assert_string_equal(info.Label, "another");

	assert_sar(
		SKF_CreateApplication(dev, text("A"), text(ADMIN), 3, text(USER), 3, 0, &app), SAR_USER_NOT_LOGGED_IN);
	assert_sar(dev_auth(dev, other), SAR_FAIL);
	assert_sar(SKF_ChangeDevAuthKey(dev, other, 16), SAR_USER_NOT_LOGGED_IN);
	assert_sar(SKF_DevAuth(dev, block, sizeof(block)), SAR_FAIL); /* the challenge was used up */
	assert_sar(dev_auth(dev, auth_key), SAR_OK);
	assert_sar(SKF_ChangeDevAuthKey(dev, other, 16), SAR_OK);
	assert_sar(dev_auth(dev, auth_key), SAR_FAIL);
	assert_sar(SKF_DeleteApplication(dev, text("A")), SAR_USER_NOT_LOGGED_IN);
	assert_sar(dev_auth(dev, other), SAR_OK);
	assert_sar(SKF_CreateApplication(dev, text("A"), text("short"), 3, text(USER), 3, 0, &app), SAR_PIN_LEN_RANGE);
	assert_sar(SKF_CreateApplication(dev, text("A"), text(ADMIN), 0, text(USER), 3, 0, &app), SAR_INVALIDPARAMERR);
	assert_sar(SKF_CreateApplication(dev, text("A"), text(ADMIN), 3, text(USER), 3, 0, &app), SAR_OK);
	assert_sar(
		SKF_CreateApplication(dev, text("A"), text(ADMIN), 3, text(USER), 3, 0, &app), SAR_APPLICATION_EXISTS);
	assert_sar(SKF_DeleteApplication(dev, text("A")), SAR_OK);
	assert_sar(SKF_OpenApplication(dev, text("A"), &app), SAR_APPLICATION_NOT_EXISTS);
	assert_sar(SKF_DisConnectDev(dev), SAR_OK);
}

static void wrong_pins_count_down_lock_and_stay_so(void **state)
{
	struct open_token t = fresh("pin");
	ULONG left;

	(void)state;
	for (ULONG want = 3; want + 1 > 0; want--) {
		assert_sar(SKF_VerifyPIN(t.app, SKF_USER_TYPE, text("wrong-pin"), &left), SAR_PIN_INCORRECT);
		assert_int_equal(left, want);
		assert_sar(SKF_DisConnectDev(t.dev), SAR_OK); /* pulled and put in again */
		assert_sar(SKF_ConnectDev(text("pin"), &t.dev), SAR_OK);
		assert_sar(SKF_OpenApplication(t.dev, text("APP"), &t.app), SAR_OK);
		assert_int_equal(tries_left(t.app, SKF_USER_TYPE), want);
	}
	assert_sar(SKF_VerifyPIN(t.app, SKF_USER_TYPE, text(USER), &left), SAR_PIN_LOCKED);
	assert_sar(SKF_ChangePIN(t.app, SKF_USER_TYPE, text(USER), text("new-pin-1"), &left), SAR_PIN_LOCKED);
	assert_sar(SKF_OpenContainer(t.app, text("con"), &t.con), SAR_OK);
	assert_sar(SKF_UnblockPIN(t.app, text("not-admin"), text("new-pin-1"), &left), SAR_PIN_INCORRECT);
	assert_int_equal(left, 2);
	assert_sar(SKF_UnblockPIN(t.app, text(ADMIN), text("new-pin-1"), &left), SAR_OK);
	assert_int_equal(left, 3);
	assert_int_equal(tries_left(t.app, SKF_USER_TYPE), 4);
	assert_sar(SKF_VerifyPIN(t.app, SKF_USER_TYPE, text("new-pin-1"), &left), SAR_OK);
	assert_sar(SKF_VerifyPIN(t.app, 2, text("new-pin-1"), &left), SAR_USER_TYPE_INVALID);

	/* The keys are still the same ones: the master key has moved under the new PIN. */
	BYTE digest[32] = {1};
	ECCSIGNATUREBLOB sig;
	assert_sar(SKF_ECCSignData(t.con, digest, sizeof(digest), &sig), SAR_OK);
	done(&t);
}

static void nothing_private_works_without_the_user_pin(void **state)
{
	struct open_token t = fresh("login");
	BYTE digest[32] = {1}, cert[8] = {0}, blob[400] = {0};
	ECCSIGNATUREBLOB sig;
	ECCPUBLICKEYBLOB pub;
	HCONTAINER con;
	HANDLE key;
	ULONG left, len = sizeof(pub);

	(void)state;
	assert_sar(SKF_ClearSecureState(t.app), SAR_OK);
	for (int round = 0; round < 2; round++) {
		assert_sar(SKF_ECCSignData(t.con, digest, 32, &sig), SAR_USER_NOT_LOGGED_IN);
		assert_sar(SKF_GenECCKeyPair(t.con, SGD_SM2_1, &pub), SAR_USER_NOT_LOGGED_IN);
		assert_sar(SKF_ImportCertificate(t.con, TRUE, cert, sizeof(cert)), SAR_USER_NOT_LOGGED_IN);
		assert_sar(SKF_CreateContainer(t.app, text("b"), &con), SAR_USER_NOT_LOGGED_IN);
		assert_sar(SKF_DeleteContainer(t.app, text("con")), SAR_USER_NOT_LOGGED_IN);
		ENVELOPEDKEYBLOB *env = (ENVELOPEDKEYBLOB *)blob;
		memset(blob, 0, sizeof(blob));
		env->Version = 1;
		env->ulSymmAlgID = SGD_SM4_ECB;
		env->ulBits = 256;
		env->ECCCipherBlob.CipherLen = 16;
		assert_sar(SKF_ImportECCKeyPair(t.con, env), SAR_USER_NOT_LOGGED_IN);
		memset(blob, 0, sizeof(blob));
		((ECCCIPHERBLOB *)blob)->CipherLen = 16;
		assert_sar(SKF_ImportSessionKey(t.con, SGD_SM4_CBC, blob, sizeof(blob), &key), SAR_USER_NOT_LOGGED_IN);
		left = 100;
		assert_sar(SKF_ECCPrvKeyDecrypt(t.con, FALSE, (ECCCIPHERBLOB *)blob, digest, &left),
			SAR_USER_NOT_LOGGED_IN);
		/* The administrator's PIN is not the user's. */
		assert_sar(SKF_VerifyPIN(t.app, SKF_ADMIN_TYPE, text(ADMIN), &left), SAR_OK);
	}
	assert_sar(SKF_ExportPublicKey(t.con, TRUE, (BYTE *)&pub, &len), SAR_OK); /* public */
	assert_sar(SKF_VerifyPIN(t.app, SKF_USER_TYPE, text(USER), &left), SAR_OK);
	assert_sar(SKF_ECCSignData(t.con, digest, 31, &sig), SAR_INDATALENERR);
	assert_sar(SKF_GenECCKeyPair(t.con, SGD_SM2_3, &pub), SAR_NOTSUPPORTYETERR);
	((ECCCIPHERBLOB *)blob)->CipherLen = 16;
	assert_sar(SKF_ECCPrvKeyDecrypt(t.con, TRUE, (ECCCIPHERBLOB *)blob, digest, &left), SAR_KEYUSAGEERR);
	done(&t);
}

static void only_live_handles_of_the_right_kind_are_taken(void **state)
{
	struct open_token t = fresh("handle");
	BYTE digest[32] = {1}, rnd[8];
	ECCSIGNATUREBLOB sig;
	ULONG left;
	HANDLE hash;

	(void)state;
	assert_sar(SKF_ECCSignData(t.app, digest, 32, &sig), SAR_INVALIDHANDLEERR);
	assert_sar(SKF_GenRandom(t.con, rnd, 8), SAR_INVALIDHANDLEERR);
	assert_sar(SKF_GenRandom(NULL, rnd, 8), SAR_INVALIDHANDLEERR);
	assert_sar(SKF_GenRandom(&t, rnd, 8), SAR_INVALIDHANDLEERR);
	assert_sar(SKF_VerifyPIN((HANDLE)((uintptr_t)t.app + 1), 1, text(USER), &left), SAR_INVALIDHANDLEERR);
	assert_sar(SKF_CloseHandle(t.con), SAR_INVALIDHANDLEERR);
	assert_sar(SKF_CloseContainer(t.con), SAR_OK);
	assert_sar(SKF_CloseContainer(t.con), SAR_INVALIDHANDLEERR);
	assert_sar(SKF_ECCSignData(t.con, digest, 32, &sig), SAR_INVALIDHANDLEERR);
	HCONTAINER old = t.con;
	for (int i = 0; i < 200; i++) { /* the old handle's row of the table is used again meanwhile */
		assert_sar(SKF_OpenContainer(t.app, text("con"), &t.con), SAR_OK);
		assert_sar(SKF_GetContainerType(old, &left), SAR_INVALIDHANDLEERR);
		if (i < 199)
			assert_sar(SKF_CloseContainer(t.con), SAR_OK);
	}
	assert_sar(SKF_DigestInit(t.dev, SGD_SM3, NULL, NULL, 0, &hash), SAR_OK);
	assert_sar(SKF_DisConnectDev(t.dev), SAR_OK); /* takes all with it */
	assert_sar(SKF_ECCSignData(t.con, digest, 32, &sig), SAR_INVALIDHANDLEERR);
	assert_sar(SKF_ClearSecureState(t.app), SAR_INVALIDHANDLEERR);
	assert_sar(SKF_DigestUpdate(hash, digest, 32), SAR_INVALIDHANDLEERR);
	assert_sar(SKF_GenRandom(t.dev, rnd, 8), SAR_INVALIDHANDLEERR);
}

/* The one entry of the device's folder that starts with this letter. */
static void entry_path(const char *device, char kind, char out[HF_PATH_MAX])
{
	char command[HF_PATH_MAX];

	hf_fmt_cut(command, sizeof(command), "ls '%s/%s/%c-'*", home, device, kind);
	FILE *p = popen(command, "r");
	assert_non_null(p);
	assert_non_null(fgets(out, HF_PATH_MAX, p));
	pclose(p);
	out[strcspn(out, "\n")] = '\0';
}

static void flip(const char *path, off_t at)
{
	uint8_t octet;
	int fd = open(path, O_RDWR);

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &octet, 1, at), 1);
	octet ^= 0x10;
	assert_int_equal(pwrite(fd, &octet, 1, at), 1);
	close(fd);
}

static void changed_files_are_found_out(void **state)
{
	struct open_token t = fresh("tamper");
	char path[HF_PATH_MAX];
	BYTE digest[32] = {1}, cert[100] = {1};
	ECCSIGNATUREBLOB sig;
	ULONG left;

	(void)state;
	assert_sar(SKF_ImportCertificate(t.con, TRUE, cert, sizeof(cert)), SAR_OK);
	entry_path("tamper", 'c', path);
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	for (off_t at = 0; at < st.st_size; at += 5) {
		flip(path, at);
		assert_sar(SKF_ECCSignData(t.con, digest, 32, &sig), SAR_FILEERR);
		flip(path, at);
	}
	assert_sar(SKF_ECCSignData(t.con, digest, 32, &sig), SAR_OK);
	assert_int_equal(truncate(path, st.st_size - 1), 0);
	assert_sar(SKF_ECCSignData(t.con, digest, 32, &sig), SAR_FILEERR);

	entry_path("tamper", 'a', path);
	flip(path, 8 + 64 + 16 + 3); /* the right to create files */
	assert_sar(SKF_VerifyPIN(t.app, SKF_USER_TYPE, text(USER), &left), SAR_FILEERR);
	flip(path, 8 + 64 + 16 + 3);
	flip(path, 512); /* both counts: nothing may be tried at all */
	flip(path, 1024);
	assert_sar(SKF_VerifyPIN(t.app, SKF_USER_TYPE, text(USER), &left), SAR_FILEERR);
	done(&t);
}

static void a_pulled_token_says_so(void **state)
{
	struct open_token t = fresh("pull");
	char here[HF_PATH_MAX], there[HF_PATH_MAX];
	BYTE digest[32] = {1}, rnd[8];
	ECCSIGNATUREBLOB sig;
	ULONG left;

	(void)state;
	hf_fmt_cut(here, sizeof(here), "%s/pull", home);
	hf_fmt_cut(there, sizeof(there), "%s/.pocket", home);
	assert_int_equal(rename(here, there), 0);
	assert_sar(SKF_ECCSignData(t.con, digest, 32, &sig), SAR_DEVICE_REMOVED);
	assert_sar(SKF_GenRandom(t.dev, rnd, 8), SAR_DEVICE_REMOVED);
	assert_sar(SKF_VerifyPIN(t.app, SKF_USER_TYPE, text(USER), &left), SAR_DEVICE_REMOVED);
	assert_sar(SKF_DisConnectDev(t.dev), SAR_OK);
	assert_int_equal(rename(there, here), 0);
	assert_sar(SKF_ConnectDev(text("pull"), &t.dev), SAR_OK);
	done(&t);
}

static void a_locked_device_is_for_one_handle(void **state)
{
	struct open_token t = fresh("lock");
	DEVHANDLE other;

	(void)state;
	assert_sar(SKF_ConnectDev(text("lock"), &other), SAR_OK);
	assert_sar(SKF_LockDev(t.dev, 0), SAR_OK);
	assert_sar(SKF_LockDev(other, 20), SAR_TIMEOUTERR);
	assert_int_equal(tries_left(t.app, SKF_USER_TYPE), 4); /* its holder goes on */
	assert_sar(SKF_UnlockDev(t.dev), SAR_OK);
	assert_sar(SKF_LockDev(other, 20), SAR_OK);
	assert_sar(SKF_DisConnectDev(other), SAR_OK); /* gives it back */
	done(&t);
}

static void files_keep_their_rights(void **state)
{
	struct open_token t = fresh("file");
	BYTE out[16];
	ULONG len, left;
	FILEATTRIBUTE info;
	char list[100], path[HF_PATH_MAX];

	(void)state;
	assert_sar(SKF_CreateFile(t.app, text("mine"), 10, SKF_RIGHT_USER, SKF_RIGHT_USER), SAR_OK);
	assert_sar(SKF_CreateFile(t.app, text("mine"), 10, SKF_RIGHT_USER, SKF_RIGHT_USER), SAR_FILE_ALREADY_EXIST);
	assert_sar(SKF_CreateFile(t.app, text("bad"), 10, SKF_RIGHT_USER, SKF_RIGHT_ANYONE), SAR_INVALIDPARAMERR);
	assert_sar(SKF_CreateFile(t.app, text("a name of thirty-two characters.."), 10, 0xFF, 0xFF), SAR_NAMELENERR);
	assert_sar(SKF_CreateFile(t.app, text("all"), 4, SKF_RIGHT_ANYONE, SKF_RIGHT_NEVER), SAR_OK);
	assert_sar(SKF_WriteFile(t.app, text("mine"), 2, (BYTE *)"secret", 6), SAR_OK);
	assert_sar(SKF_WriteFile(t.app, text("mine"), 5, (BYTE *)"secret", 6), SAR_NO_ROOM);
	assert_sar(SKF_WriteFile(t.app, text("all"), 0, (BYTE *)"x", 1), SAR_USER_NOT_LOGGED_IN);
	len = sizeof(out);
	assert_sar(SKF_ReadFile(t.app, text("mine"), 2, 16, out, &len), SAR_OK);
	assert_int_equal(len, 8);
	assert_memory_equal(out, "secret\0", 8);
	len = 1;
	assert_sar(SKF_ReadFile(t.app, text("mine"), 2, 16, out, &len), SAR_BUFFER_TOO_SMALL);
	len = sizeof(out);
	assert_sar(SKF_ReadFile(t.app, text("mine"), 11, 1, out, &len), SAR_INVALIDPARAMERR);
	assert_sar(SKF_VerifyPIN(t.app, SKF_ADMIN_TYPE, text(ADMIN), &left), SAR_OK);
	assert_sar(SKF_ReadFile(t.app, text("mine"), 0, 10, out, &len), SAR_USER_NOT_LOGGED_IN);
	assert_sar(SKF_ClearSecureState(t.app), SAR_OK);
	assert_sar(SKF_ReadFile(t.app, text("mine"), 0, 10, out, &len), SAR_USER_NOT_LOGGED_IN);
	assert_sar(SKF_DeleteFile(t.app, text("mine")), SAR_USER_NOT_LOGGED_IN);
	len = sizeof(out);
	assert_sar(SKF_ReadFile(t.app, text("all"), 0, 4, out, &len), SAR_OK);
	assert_sar(SKF_GetFileInfo(t.app, text("mine"), &info), SAR_OK);
	assert_int_equal(info.FileSize, 10);
	len = sizeof(list);
	assert_sar(SKF_EnumFiles(t.app, list, &len), SAR_OK);
	assert_int_equal(len, 5 + 4 + 1);
	/* What is written is not on the disk in clear. */
	hf_fmt_cut(path, sizeof(path), "grep -rq secret '%s/file'", home);
	assert_int_not_equal(system(path), 0);
	assert_sar(SKF_VerifyPIN(t.app, SKF_USER_TYPE, text(USER), &left), SAR_OK);
	assert_sar(SKF_DeleteFile(t.app, text("mine")), SAR_OK);
	done(&t);
}

/* Gives the container an encryption pair, as a KM does, and tells its public key. */
static void give_encryption_pair(const struct open_token *t, ECCPUBLICKEYBLOB *pub)
{
	BYTE room[sizeof(ENVELOPEDKEYBLOB) + 16] = {0}, sm4[16] = {9};
	ENVELOPEDKEYBLOB *env = (ENVELOPEDKEYBLOB *)room;
	ECCPUBLICKEYBLOB sign_pub;
	struct hf_sm2_key pair;
	struct hf_err err;
	ULONG type, len = sizeof(sign_pub);

	assert_sar(SKF_ExportPublicKey(t->con, TRUE, (BYTE *)&sign_pub, &len), SAR_OK);
	assert_ok(hf_sm2_generate(&pair, &err));
	env->Version = 1;
	env->ulBits = 256;
	hf_sm4_ecb_encrypt(sm4, pair.d, env->cbEncryptedPriKey + 32, 32);
	env->PubKey.BitLen = 256;
	memcpy(env->PubKey.XCoordinate + 32, pair.pub, 32);
	memcpy(env->PubKey.YCoordinate + 32, pair.pub + 32, 32);
	assert_sar(SKF_ExtECCEncrypt(t->dev, &sign_pub, sm4, 16, &env->ECCCipherBlob), SAR_OK);
	env->ulSymmAlgID = SGD_SM4_CBC;
	assert_sar(SKF_ImportECCKeyPair(t->con, env), SAR_NOTSUPPORTYETERR);
	env->ulSymmAlgID = SGD_SM4_ECB;
	assert_sar(SKF_ImportECCKeyPair(t->con, env), SAR_OK);
	assert_sar(SKF_GetContainerType(t->con, &type), SAR_OK);
	assert_int_equal(type, SKF_CONTAINER_ECC);
	*pub = env->PubKey;
}

/* in through update in pieces, then final; returns the octets that came out. */
static ULONG in_pieces(HANDLE key, ULONG (*update)(HANDLE, BYTE *, ULONG, BYTE *, ULONG *),
	ULONG (*final)(HANDLE, BYTE *, ULONG *), struct hf_bytes in, ULONG piece, BYTE out[128])
{
	ULONG total = 0, len;

	for (ULONG at = 0; at < in.len; at += piece) {
		ULONG n = in.len - at < piece ? (ULONG)in.len - at : piece;
		len = 128 - total;
		assert_sar(update(key, (BYTE *)(uintptr_t)in.p + at, n, out + total, &len), SAR_OK);
		total += len;
	}
	len = 128 - total;
	assert_sar(final(key, out + total, &len), SAR_OK);
	return total + len;
}

static void session_keys_pass_between_two_tokens(void **state)
{
	struct open_token a = fresh("sess-a"), b = fresh("sess-b");
	BYTE wrapped[sizeof(ECCCIPHERBLOB) + 15] = {0}, plain[100], c[128], p[128];
	BLOCKCIPHERPARAM param = {.IVLen = 16, .PaddingType = SKF_PADDING_PKCS5};
	ECCPUBLICKEYBLOB pub;
	HANDLE ka, kb;
	ULONG len = sizeof(p);

	(void)state;
	give_encryption_pair(&b, &pub);
	assert_sar(SKF_ECCExportSessionKey(a.con, SGD_SM4_CBC, &pub, (ECCCIPHERBLOB *)wrapped, &ka), SAR_OK);
	assert_sar(SKF_ImportSessionKey(b.con, SGD_SM4_CBC, wrapped, sizeof(wrapped), &kb), SAR_OK);
	assert_sar(SKF_ImportSessionKey(b.con, SGD_SM4_CBC, wrapped, sizeof(wrapped) - 1, &kb), SAR_INDATALENERR);
	memset(plain, 'p', sizeof(plain));
	for (ULONG piece = 1; piece <= 40; piece += 3) {
		assert_sar(SKF_EncryptInit(ka, param), SAR_OK);
		assert_int_equal(in_pieces(ka, SKF_EncryptUpdate, SKF_EncryptFinal, HF_BYTES_OF(plain), piece, c), 112);
		assert_sar(SKF_DecryptInit(kb, param), SAR_OK);
		assert_int_equal(
			in_pieces(kb, SKF_DecryptUpdate, SKF_DecryptFinal, (struct hf_bytes){c, 112}, 41 - piece, p),
			100);
		assert_memory_equal(p, plain, 100);
	}
	assert_sar(SKF_DecryptInit(kb, param), SAR_OK);
	assert_sar(SKF_Decrypt(kb, c, 112, p, &len), SAR_OK);
	assert_int_equal(len, 100);
	assert_sar(SKF_Decrypt(kb, c, 112, p, &len), SAR_NOTINITIALIZEERR);
	param.PaddingType = SKF_PADDING_NONE;
	assert_sar(SKF_EncryptInit(ka, param), SAR_OK);
	assert_sar(SKF_Encrypt(ka, plain, 100, c, &len), SAR_INDATALENERR);
	param.IVLen = 0;
	assert_sar(SKF_EncryptInit(ka, param), SAR_INVALIDPARAMERR);
	assert_sar(SKF_CloseHandle(kb), SAR_OK);
	assert_sar(SKF_DecryptInit(kb, param), SAR_INVALIDHANDLEERR);
	done(&a);
	done(&b);
}

static void digests_with_z_are_what_signatures_are_made_over(void **state)
{
	struct open_token t = fresh("digest");
	ECCPUBLICKEYBLOB pub;
	ECCSIGNATUREBLOB sig;
	BYTE e[32], z[32], want[32], point[64];
	BYTE id[] = "1234567812345678";
	HANDLE hash;
	ULONG len = sizeof(pub);

	(void)state;
	assert_sar(SKF_ExportPublicKey(t.con, TRUE, (BYTE *)&pub, &len), SAR_OK);
	assert_sar(SKF_DigestInit(t.dev, SGD_SM3, &pub, id, 16, &hash), SAR_OK);
	assert_sar(SKF_DigestUpdate(hash, (BYTE *)"mess", 4), SAR_OK);
	len = 31;
	assert_sar(SKF_DigestFinal(hash, e, &len), SAR_BUFFER_TOO_SMALL);
	assert_sar(SKF_DigestUpdate(hash, (BYTE *)"age", 3), SAR_OK);
	len = sizeof(e);
	assert_sar(SKF_DigestFinal(hash, e, &len), SAR_OK);
	assert_sar(SKF_DigestUpdate(hash, e, 1), SAR_HASHOBJERR);
	assert_sar(SKF_CloseHandle(hash), SAR_OK);
	memcpy(point, pub.XCoordinate + 32, 32);
	memcpy(point + 32, pub.YCoordinate + 32, 32);
	hf_sm2_z(point, HF_SM2_DEFAULT_ID, z);
	hf_sm2_digest(z, HF_BYTES_LIT("message"), want);
	assert_memory_equal(e, want, 32);

	assert_sar(SKF_ECCSignData(t.con, e, 32, &sig), SAR_OK);
	assert_sar(SKF_ECCVerify(t.dev, &pub, e, 32, &sig), SAR_OK);
	e[0] ^= 1;
	assert_sar(SKF_ECCVerify(t.dev, &pub, e, 32, &sig), SAR_HASHNOTEQUALERR);
	e[0] ^= 1;
	sig.r[0] = 1;
	assert_sar(SKF_ECCVerify(t.dev, &pub, e, 32, &sig), SAR_INDATAERR);
	pub.YCoordinate[63] ^= 1;
	assert_sar(SKF_ECCVerify(t.dev, &pub, e, 32, &sig), SAR_INDATAERR);
	done(&t);
}

/* One life, going on from whatever is there; true when all of it went well. What is there must work. */
static bool live(const char *name)
{
	DEVHANDLE dev;
	HAPPLICATION app;
	HCONTAINER con;
	ECCPUBLICKEYBLOB pub;
	ECCSIGNATUREBLOB sig;
	BYTE digest[32] = {1}, cert[50] = {2}, back[60];
	ULONG left, len = sizeof(pub);

	ULONG rv = SKFX_CreateDevice(text(name), text(""), auth_key, 1000);
	if ((rv != SAR_OK && rv != SAR_FILE_ALREADY_EXIST) || SKF_ConnectDev(text(name), &dev) != SAR_OK ||
		dev_auth(dev, auth_key) != SAR_OK)
		return false;
	rv = SKF_OpenApplication(dev, text("A"), &app);
	if (rv == SAR_APPLICATION_NOT_EXISTS)
		rv = SKF_CreateApplication(dev, text("A"), text(ADMIN), 3, text(USER), 3, 0, &app);
	/* The PIN is changed to and fro: whichever it is, it takes at most two tries, so the count never runs out. */
	if (rv == SAR_OK && SKF_VerifyPIN(app, 1, text(USER), &left) != SAR_OK)
		rv = SKF_ChangePIN(app, 1, text("other-pin"), text(USER), &left);
	if (rv == SAR_OK)
		rv = SKF_VerifyPIN(app, 1, text(USER), &left);
	if (rv == SAR_OK && SKF_OpenContainer(app, text("c"), &con) != SAR_OK)
		rv = SKF_CreateContainer(app, text("c"), &con);
	if (rv == SAR_OK && SKF_ExportPublicKey(con, TRUE, (BYTE *)&pub, &len) != SAR_OK)
		rv = SKF_GenECCKeyPair(con, SGD_SM2_1, &pub);
	if (rv == SAR_OK)
		rv = SKF_ECCSignData(con, digest, 32, &sig);
	if (rv == SAR_OK)
		rv = SKF_ECCVerify(dev, &pub, digest, 32, &sig);
	if (rv == SAR_OK)
		rv = SKF_ImportCertificate(con, TRUE, cert, sizeof(cert));
	len = sizeof(back);
	if (rv == SAR_OK)
		rv = SKF_ExportCertificate(con, TRUE, back, &len);
	if (rv == SAR_OK)
		rv = SKF_ChangePIN(app, 1, text(USER), text("other-pin"), &left);
	SKF_DisConnectDev(dev);
	return rv == SAR_OK && len == sizeof(cert);
}

/* Runs act in a process that dies at the n-th point. Returns true when it got through alive. */
static bool lives_through(bool (*act)(const char *), const char *name, int n, bool after)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		death = n;
		death_after = after;
		_exit(act(name) ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_not_equal(WEXITSTATUS(status), 1);
	return WEXITSTATUS(status) == 0;
}

static void death_at_any_moment_leaves_the_old_or_the_new(void **state)
{
	int points = 0;

	(void)state;
	for (int after = 0; after < 2; after++) {
		for (int n = 1;; n++) {
			char name[32];
			hf_fmt_cut(name, sizeof(name), "death-%d-%d", after, n);
			bool alive = lives_through(live, name, n, after);
			/* Whoever comes next finds something whole, and goes on. */
			if (!live(name))
				fail_msg("broken by a death at point %d (after: %d)", n, after);
			if (alive)
				break;
			points++;
		}
	}
	assert_true(points > 20);
}

static bool guess(const char *name)
{
	DEVHANDLE dev;
	HAPPLICATION app;
	ULONG left;

	return SKF_ConnectDev(text(name), &dev) == SAR_OK && SKF_OpenApplication(dev, text("APP"), &app) == SAR_OK &&
	       SKF_VerifyPIN(app, SKF_USER_TYPE, text("a-guess"), &left) == SAR_PIN_INCORRECT;
}

static void a_kill_gives_no_free_guess(void **state)
{
	struct open_token t = fresh("guess");
	ULONG left;

	(void)state;
	for (int round = 0; round < 4; round++) {
		/* Killed around the sync that comes before the PIN is looked at; the last round lives. */
		assert_int_equal(lives_through(guess, "guess", round < 3 ? 1 : 0, round == 1), round == 3);
		assert_int_equal(tries_left(t.app, SKF_USER_TYPE), 3 - round);
	}
	assert_sar(SKF_VerifyPIN(t.app, SKF_USER_TYPE, text(USER), &left), SAR_PIN_LOCKED);
	done(&t);
}

static void a_life_syncs_little(void **state)
{
	(void)state;
	unsigned before = syncs;
	assert_true(live("syncs"));
	print_message("a life with one certificate and a changed PIN: %u syncs\n", syncs - before);
	/* device 3, application 2, two logins 2, key 2, certificate 2, old PIN 1, new PIN 2 */
	assert_true(syncs - before <= 14);
}

static void *signer(void *arg)
{
	struct open_token *t = arg;
	BYTE digest[32] = {3};
	ECCSIGNATUREBLOB sig;
	ECCPUBLICKEYBLOB pub;
	HCONTAINER con = NULL;
	uintptr_t bad = 0;

	for (int i = 0; i < 20; i++) {
		ULONG len = sizeof(pub);
		bad += SKF_OpenContainer(t->app, text("con"), &con) != SAR_OK;
		bad += SKF_ECCSignData(con, digest, 32, &sig) != SAR_OK;
		bad += SKF_ExportPublicKey(con, TRUE, (BYTE *)&pub, &len) != SAR_OK;
		bad += SKF_ECCVerify(t->dev, &pub, digest, 32, &sig) != SAR_OK;
		bad += SKF_CloseContainer(con) != SAR_OK;
	}
	return (void *)bad;
}

static void four_threads_share_one_token(void **state)
{
	struct open_token t = fresh("threads");
	pthread_t threads[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, signer, &t), 0);
	for (int i = 0; i < 4; i++) {
		void *bad = NULL;
		assert_int_equal(pthread_join(threads[i], &bad), 0);
		assert_null(bad);
	}
	done(&t);
}

static void *disconnector(void *arg)
{
	struct open_token *t = arg;

	usleep(3000);
	SKF_DisConnectDev(t->dev);
	return NULL;
}

static void closing_while_others_work_ends_them_in_order(void **state)
{
	struct open_token t = fresh("race");
	pthread_t threads[4];

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, signer, &t), 0);
	assert_int_equal(pthread_create(&threads[3], NULL, disconnector, &t), 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	BYTE rnd[8];
	assert_sar(SKF_GenRandom(t.dev, rnd, 8), SAR_INVALIDHANDLEERR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(device_permission_comes_from_the_device_key),
		cmocka_unit_test(wrong_pins_count_down_lock_and_stay_so),
		cmocka_unit_test(nothing_private_works_without_the_user_pin),
		cmocka_unit_test(only_live_handles_of_the_right_kind_are_taken),
		cmocka_unit_test(changed_files_are_found_out),
		cmocka_unit_test(a_pulled_token_says_so),
		cmocka_unit_test(a_locked_device_is_for_one_handle),
		cmocka_unit_test(files_keep_their_rights),
		cmocka_unit_test(session_keys_pass_between_two_tokens),
		cmocka_unit_test(digests_with_z_are_what_signatures_are_made_over),
		cmocka_unit_test(death_at_any_moment_leaves_the_old_or_the_new),
		cmocka_unit_test(a_kill_gives_no_free_guess),
		cmocka_unit_test(a_life_syncs_little),
		cmocka_unit_test(four_threads_share_one_token),
		cmocka_unit_test(closing_while_others_work_ends_them_in_order),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
