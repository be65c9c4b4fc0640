/*
 * What a certificate authority needs of its device and GM/T 0018 leaves out. libhufusdf.so exports these; a vendor may
 * implement any of them. A caller finds out with dlsym() and does without (a batch becomes a loop) or refuses to start
 * (a key management system without generate-and-wrap and re-wrap would see users' private keys in clear: GM/T 0018-2023
 * allows that for debugging only).
 *
 * Conventions are those of sdf.h: SDR_ codes, octets, out parameters written on success only. Functions that take many
 * do all or nothing: when one item fails, every out array is zero.
 *
 * For the vendor of a device, in the order of their use to a CA:
 *
 *     function                             without it
 *     SDFX_InternalSignBatch_ECC           a loop over SDF_InternalSign_ECC
 *     SDFX_GenerateWrappedKeyPairs_ECC     no key management system on this device
 *     SDFX_RewrapKeyPairs_ECC              likewise
 *     SDFX_GenerateInternalKeyPair_ECC,    keys are made with the vendor's own tools
 *     SDFX_GenerateKEK
 *     SDFX_OpenDevice, SDFX_InitDevice,    one device, which the vendor's configuration names and opens
 *     SDFX_UnlockDevice
 *     the others                           the vendor's own tools
 *
 * A device with several keys of one kind must keep two promises that no caller can check. (1) A private key that
 * SDFX_GenerateWrappedKeyPairs_ECC made, or SDFX_RewrapKeyPairs_ECC opened, exists in clear only inside, and is wiped
 * before the call returns. (2) SDFX_RewrapKeyPairs_ECC releases a pair only to the key given as recipient: whoever may
 * call it decides who that is, so the access right to uiISKIndex is the right to release. The form in which a wrapped
 * key is stored is the device's own; what is said of it here is what libhufusdf does, and a device that keeps to it can
 * open what libhufusdf wrapped, given the KEK. Everything that leaves in an SDFX_REWRAP_OUT is fixed: it goes to
 * tokens.
 *
 *     the life of a user's encryption pair
 *
 *     KM's device            KM's database          user's token or device
 *     GenerateWrapped  ───►  wrapped ‖ public key
 *                            (years)
 *     Rewrap           ◄───  wrapped ‖ public key ‖ the user's signing key
 *           └──────────────────────────────────────►  ImportReleased, or SKF_ImportECCKeyPair
 */
#ifndef HUFU_SDFX_H
#define HUFU_SDFX_H

#include "sdf.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SDFX_USE_SIGN     1
#define SDFX_USE_ENC      2
/* SDFX_DestroyInternalKey only */
#define SDFX_USE_KEK      3
#define SDFX_USE_SIGN_RSA 4
#define SDFX_USE_ENC_RSA  5

#define SDFX_INDEX_MAX      65535 /* keys are numbered from 1 */
#define SDFX_CODE_MIN       8     /* octets of a password or access code (GM/T 0018) */
#define SDFX_CODE_MAX       1024
#define SDFX_ITERATIONS_MAX 10000000

/* --- The device itself --- */

/*
 * Makes a device in the folder path, which must be empty or not exist yet. password protects the management key, under
 * which KEKs are kept; iterations (1 to SDFX_ITERATIONS_MAX) is the cost of PBKDF2-HMAC-SM3 for it and for every access
 * code of the device. SDR_FILEEXISTS: the folder is not empty; SDR_FILEWERR.
 */
int SDFX_InitDevice(
	const char *path, const unsigned char *pucPassword, unsigned int uiPwdLength, unsigned int uiIterations);
/* SDF_OpenDevice with the folder named. */
int SDFX_OpenDevice(const char *path, void **phDeviceHandle);
/* Opens the management key, for all sessions until the device is closed. SDR_PRKRERR: wrong password. */
int SDFX_UnlockDevice(void *hDeviceHandle, const unsigned char *pucPassword, unsigned int uiPwdLength);

/*
 * A device's states (GM/T 0006; the values are its): initial, when there is no management key yet and only
 * SDF_GetDeviceInfo, SDFX_GetDeviceState, SDFX_StartDevice and SDFX_RestoreDevice work (the rest says SDR_STEPERR);
 * ready; and stopped after a failed self-test (everything says SDR_HARDFAIL until the device is opened anew).
 */
#define SDFX_STATE_INITIAL 0x201
#define SDFX_STATE_READY   0x202
#define SDFX_STATE_STOPPED 0x203
int SDFX_GetDeviceState(void *hDeviceHandle, unsigned int *puiState);
/* As SDFX_InitDevice, but the device is left in its initial state. */
int SDFX_MakeBlankDevice(const char *path);
/* Gives a device in its initial state its management key: it is ready then, and locked. SDR_STEPERR: it has one. */
int SDFX_StartDevice(
	void *hDeviceHandle, const unsigned char *pucPassword, unsigned int uiPwdLength, unsigned int uiIterations);

/*
 * GM/T 0030 5.8, on command: known answers of SM2, SM3 and SM4, the light set of GM/T 0005 over fresh random
 * octets, and every stored key and file against damage. On SDR_HARDFAIL or SDR_RANDERR the device stops, for all
 * sessions, until it is opened anew (which tests it again). SDR_NOBUFFER: not tested. Takes well under a second.
 */
int SDFX_SelfTest(void *hDeviceHandle);
/*
 * All of a device (its management key, pairs, KEKs, users' files) into one file, encrypted under a password of its own:
 * docs/device-format.md. What is under access codes stays under them inside. The device must be unlocked (SDR_PRKRERR);
 * SDR_FILEWERR; SDR_HARDFAIL: a file of the device is damaged.
 */
int SDFX_BackupDevice(
	void *hDeviceHandle, const char *path, const unsigned char *pucPassword, unsigned int uiPwdLength);
/*
 * A backup into a device in its initial state (SDR_STEPERR otherwise), which is then ready, locked, and in all the
 * device that was backed up, its serial number, password and access codes included. All or nothing.
 * SDR_FILENOEXIST; SDR_ENCDATAERR: no backup; SDR_PRKRERR: the password is wrong, or the file was changed;
 * SDR_FILEWERR.
 */
int SDFX_RestoreDevice(
	void *hDeviceHandle, const char *path, const unsigned char *pucPassword, unsigned int uiPwdLength);
/*
 * Allows (1) or forbids (0, as at first) the functions for debugging of sdf.h, which take and give keys in clear; a
 * device in service forbids them. The setting stays. SDR_PRKRERR: wrong password.
 */
int SDFX_AllowDebug(
	void *hDeviceHandle, const unsigned char *pucPassword, unsigned int uiPwdLength, unsigned int uiAllow);

/* --- Keys kept inside --- */

/*
 * A new SM2 pair at uiKeyIndex for uiUse (SDFX_USE_SIGN, SDFX_USE_ENC). An index has one access code: the second pair
 * needs the code of the first. The session gets no right by this. SDR_KEYERR: the place is taken; SDR_PRKRERR: the code
 * is not that of the other pair.
 */
int SDFX_GenerateInternalKeyPair_ECC(void *hSessionHandle, unsigned int uiKeyIndex, unsigned int uiUse,
	const unsigned char *pucAccessCode, unsigned int uiCodeLength, ECCrefPublicKey *pucPublicKey);
/* The same with RSA; uiKeyBits is 2048. RSA pairs have indexes of their own, but the access code is the index's. */
int SDFX_GenerateInternalKeyPair_RSA(void *hSessionHandle, unsigned int uiKeyIndex, unsigned int uiUse,
	unsigned int uiKeyBits, const unsigned char *pucAccessCode, unsigned int uiCodeLength,
	RSArefPublicKey *pucPublicKey);
/* A new 128-bit key-encrypting key. SDR_PRKRERR: the device is not unlocked; SDR_KEYERR: the place is taken. */
int SDFX_GenerateKEK(void *hSessionHandle, unsigned int uiKEKIndex);
/*
 * Destroys a key for good, its file included; rights to it end. Needs the session's access right, for a KEK the
 * unlocked device (SDR_PRKRERR).
 */
int SDFX_DestroyInternalKey(void *hSessionHandle, unsigned int uiKeyIndex, unsigned int uiUse);

/* --- Work in batches --- */

#define SDFX_BATCH_MAX 65536

/* SDF_InternalSign_ECC over uiCount digests of 32 octets, one behind the other. */
int SDFX_InternalSignBatch_ECC(void *hSessionHandle, unsigned int uiISKIndex, unsigned int uiCount,
	const unsigned char *pucDigests, ECCSignature *pucSignatures);

/*
 * uiCount new SM2 pairs, whose private keys leave wrapped only: SDFX_WRAPPED_SIZE octets each,
 *     version (1: 0x01) ‖ nonce (16) ‖ SM4-CTR(d) (32) ‖ HMAC-SM3 tag (32),
 * the two keys being SM3-KDF(KEK ‖ nonce ‖ "hufu sdfx wrap 1"), 16 and 32 octets, the counter starting at zero, the tag
 * over version ‖ nonce ‖ x ‖ y (32 octets each) ‖ ciphertext: beside another public key it is refused.
 * uiWrappedSize is that of pucWrapped, at least uiCount * SDFX_WRAPPED_SIZE (SDR_INARGERR).
 * SDR_PRKRERR: the device is not unlocked; SDR_KEYNOTEXIST: no such KEK.
 */
#define SDFX_WRAPPED_SIZE 81
int SDFX_GenerateWrappedKeyPairs_ECC(void *hSessionHandle, unsigned int uiKEKIndex, unsigned int uiCount,
	ECCrefPublicKey *pucPublicKeys, unsigned char *pucWrapped, unsigned int uiWrappedSize);

typedef struct SDFX_RewrapIn_st {
	ECCrefPublicKey pub; /* of the wrapped pair */
	unsigned char wrapped[SDFX_WRAPPED_SIZE];
	ECCrefPublicKey recipient; /* whom the pair is released to: the user's signing key */
} SDFX_REWRAP_IN;

/* An ECCCipher of a 16-octet key. */
typedef struct SDFX_KeyCipher_st {
	unsigned char x[ECCref_MAX_LEN];
	unsigned char y[ECCref_MAX_LEN];
	unsigned char M[32];
	unsigned int L; /* 16 */
	unsigned char C[16];
} SDFX_KEYCIPHER;

typedef struct SDFX_RewrapOut_st {
	unsigned char encPriv[32]; /* SM4-ECB of d (32 octets) under a fresh key */
	SDFX_KEYCIPHER keyCipher;  /* that key, encrypted by SM2 to recipient */
	ECCSignature signature;    /* of uiISKIndex over d (32 octets), with the id "1234567812345678" */
	ECCrefPublicKey pub;       /* of the pair, computed from d */
} SDFX_REWRAP_OUT;

/*
 * Opens wrapped pairs, proves that each private key belongs to its public key, and re-wraps each for its recipient: the
 * parts of GM/T 0010 SignedAndEnvelopedData (as GM/T 0014 5.2 sends it) and of the GM/T 0016 ENVELOPEDKEYBLOB. Needs
 * the KEK (unlocked device) and the access right to uiISKIndex.
 * SDR_PRKRERR, SDR_KEYNOTEXIST; SDR_ENCDATAERR: a wrapped key is damaged, of another KEK, or of another public key;
 * SDR_KEYERR: a public key is not a point of the curve.
 */
int SDFX_RewrapKeyPairs_ECC(void *hSessionHandle, unsigned int uiKEKIndex, unsigned int uiISKIndex,
	unsigned int uiCount, const SDFX_REWRAP_IN *pIn, SDFX_REWRAP_OUT *pOut);

/* --- Bringing pairs in --- */

/*
 * Takes a pair that SDFX_GenerateWrappedKeyPairs_ECC gave (uiWrappedSize is SDFX_WRAPPED_SIZE) into the device, at
 * uiKeyIndex for uiUse under an access code, as SDFX_GenerateInternalKeyPair_ECC does with a new one.
 * SDR_PRKRERR: the device is locked, or the code is not that of the index; SDR_KEYNOTEXIST: no such KEK; SDR_KEYERR:
 * the place is taken, or no point; SDR_ENCDATAERR: damaged, of another KEK, or of another public key.
 */
int SDFX_ImportWrappedKeyPair_ECC(void *hSessionHandle, unsigned int uiKEKIndex, const ECCrefPublicKey *pucPublicKey,
	const unsigned char *pucWrapped, unsigned int uiWrappedSize, unsigned int uiKeyIndex, unsigned int uiUse,
	const unsigned char *pucAccessCode, unsigned int uiCodeLength);
/*
 * Takes a pair that another device's SDFX_RewrapKeyPairs_ECC released to the signing pair of uiKeyIndex, which needs
 * the access right, and keeps it as the encryption pair of the same index (GM/T 0030: the encryption pair comes from
 * the KM). pucSigner is the public key of whoever released it. GM/T 0018's own EnvelopedKeyBlob has room for one octet
 * of the encrypted key only; hence this form. SDR_PRKRERR, SDR_KEYNOTEXIST; SDR_SKOPERR: released to another key;
 * SDR_VERIFYERR: not signed by pucSigner; SDR_ENCDATAERR: of another public key; SDR_KEYERR: the place is taken, or no
 * point.
 */
int SDFX_ImportReleasedKeyPair_ECC(void *hSessionHandle, unsigned int uiKeyIndex, const unsigned char *pucAccessCode,
	unsigned int uiCodeLength, const SDFX_REWRAP_OUT *pIn, const ECCrefPublicKey *pucSigner);

#ifdef __cplusplus
}
#endif

#endif
