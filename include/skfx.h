/*
 * SKFX: what GM/T 0016 leaves to the maker of a token. Found by dlsym, used when present.
 *
 * HUFU_SKF_HOME names the folder whose subfolders are libhufuskf.so's devices (docs/token-format.md).
 */
#ifndef HUFU_SKFX_H
#define HUFU_SKFX_H

#include "skf.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SKFX_DEV_AUTH_KEY_LEN   16
#define SKFX_DEFAULT_ITERATIONS 100000
#define SKFX_MIN_ITERATIONS     1000
#define SKFX_MAX_ITERATIONS     10000000

/*
 * A new software token: szName is its folder below HUFU_SKF_HOME (1 to 64 of A-Z a-z 0-9 . _ -, not starting with a
 * dot), szLabel up to 31 octets, iterations of PBKDF2-HMAC-SM3 for the PINs of its applications (0: the default).
 * After a crash at any moment the whole device is there, or none. SAR_FILE_ALREADY_EXIST, SAR_NAMELENERR,
 * SAR_INVALIDPARAMERR, SAR_FILEERR, SAR_NOTINITIALIZEERR (HUFU_SKF_HOME is not set).
 */
SKF_API ULONG DEVAPI SKFX_CreateDevice(
	LPSTR szName, LPSTR szLabel, BYTE pbDevAuthKey[SKFX_DEV_AUTH_KEY_LEN], ULONG ulIterations);
/* Deletes it with all keys. SAR_FAIL: the key is not the device's. SAR_DEVICE_REMOVED: no such device. */
SKF_API ULONG DEVAPI SKFX_DeleteDevice(LPSTR szName, BYTE pbDevAuthKey[SKFX_DEV_AUTH_KEY_LEN]);

/*
 * Decrypts with a private key of the container (TRUE: the signing pair's; FALSE: the encryption pair's). Vendors have
 * it under this name; the plaintext is one that was encrypted to the holder, never a key of the token. Needs user
 * permission.
 */
SKF_API ULONG DEVAPI SKF_ECCPrvKeyDecrypt(
	HCONTAINER hContainer, BOOL bSignFlag, ECCCIPHERBLOB *pCipherText, BYTE *pbPlainText, ULONG *pulPlainTextLen);

#ifdef __cplusplus
}
#endif
#endif
