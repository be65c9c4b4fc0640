/*
 * GM/T 0018 cryptographic device application interface (SDF), in our own wording: what libhufusdf.so exports and what
 * Hufu asks of any vendor's library (src/dev/sdf_functions.h lists the few that it cannot do without). The functions
 * are those of the 2023 edition but for the two of SM9, and the four of 2012 that it drops. Extensions are in sdfx.h.
 *
 *     device ── session ── session keys, agreements (handles), one work in pieces of each kind
 *        ├── internal pairs: an index 1…65535 has SM2 and RSA pairs to sign and to encrypt, under one access code
 *        ├── KEKs 1…65535
 *        └── users' files
 *
 * Every function returns SDR_OK (0) or an SDR_ code. Sizes are octets unless named bits. Out parameters are written on
 * success only, unless said otherwise. Handles are opaque; libhufusdf answers SDR_INARGERR for one that it did not give
 * or that is closed. Functions may be called from many threads, on one session too.
 *
 * What all functions may answer: SDR_INARGERR (a handle, a NULL, a length), SDR_OUTARGERR (a NULL to write to),
 * SDR_NOBUFFER (memory, of which keys need some that may be locked: RLIMIT_MEMLOCK), SDR_STEPERR (the device has no
 * management key yet), SDR_HARDFAIL (its self-test failed). Comments name what else a function answers.
 *
 * Coordinates, numbers of signatures and private keys of 256 bits stand right-aligned in fields of 64 octets, the first
 * 32 being zero; libhufusdf refuses others.
 */
#ifndef HUFU_SDF_H
#define HUFU_SDF_H

#ifdef __cplusplus
extern "C" {
#endif

#define RSAref_MAX_BITS  2048
#define RSAref_MAX_LEN   ((RSAref_MAX_BITS + 7) / 8)
#define RSAref_MAX_PBITS ((RSAref_MAX_BITS + 1) / 2)
#define RSAref_MAX_PLEN  ((RSAref_MAX_PBITS + 7) / 8)
#define ECCref_MAX_BITS  512
#define ECCref_MAX_LEN   ((ECCref_MAX_BITS + 7) / 8)

#pragma pack(push, 1)

//= GM/T 0018 5.3
typedef struct DeviceInfo_st {
	unsigned char IssuerName[40];
	unsigned char DeviceName[16];
	unsigned char DeviceSerial[16]; /* date (8 digits), batch (3), number (5) */
	unsigned int DeviceVersion;
	unsigned int StandardVersion;
	unsigned int AsymAlgAbility[2]; /* [0] algorithms, or-ed; [1] longest modulus, bits */
	unsigned int SymAlgAbility;
	unsigned int HashAlgAbility;
	unsigned int BufferSize; /* room for files, octets */
} DEVICEINFO;

typedef struct RSArefPublicKey_st {
	unsigned int bits;
	unsigned char m[RSAref_MAX_LEN];
	unsigned char e[RSAref_MAX_LEN];
} RSArefPublicKey;

typedef struct RSArefPrivateKey_st {
	unsigned int bits;
	unsigned char m[RSAref_MAX_LEN];
	unsigned char e[RSAref_MAX_LEN];
	unsigned char d[RSAref_MAX_LEN];
	unsigned char prime[2][RSAref_MAX_PLEN];
	unsigned char pexp[2][RSAref_MAX_PLEN];
	unsigned char coef[RSAref_MAX_PLEN];
} RSArefPrivateKey;

typedef struct ECCrefPublicKey_st {
	unsigned int bits; /* 256 */
	unsigned char x[ECCref_MAX_LEN];
	unsigned char y[ECCref_MAX_LEN];
} ECCrefPublicKey;

typedef struct ECCrefPrivateKey_st {
	unsigned int bits; /* 256 */
	unsigned char K[ECCref_MAX_LEN];
} ECCrefPrivateKey;

/* C1 = (x, y), C3 = M, C2 = C[0 … L-1]; the caller makes room for L octets behind the struct's fixed part. */
typedef struct ECCCipher_st {
	unsigned char x[ECCref_MAX_LEN];
	unsigned char y[ECCref_MAX_LEN];
	unsigned char M[32];
	unsigned int L;
	unsigned char C[1];
} ECCCipher;

typedef struct ECCSignature_st {
	unsigned char r[ECCref_MAX_LEN];
	unsigned char s[ECCref_MAX_LEN];
} ECCSignature;

/* How an encryption pair made outside comes to a device; ECCCipehrBlob is the standard's own spelling. */
typedef struct SDF_ENVELOPEDKEYBLOB {
	unsigned long Version;
	unsigned long ulSymmAlgID;
	ECCCipher ECCCipehrBlob;
	ECCrefPublicKey PubKey;
	unsigned char cbEncryptedPrivKey[64];
} EnvelopedKeyBlob;

#pragma pack(pop)

/* Algorithms, GM/T 0006. */
#define SGD_SM1_ECB   0x00000101
#define SGD_SM1_CBC   0x00000102
#define SGD_SM1_CFB   0x00000104
#define SGD_SM1_OFB   0x00000108
#define SGD_SM1_MAC   0x00000110
#define SGD_SSF33_ECB 0x00000201
#define SGD_SSF33_CBC 0x00000202
#define SGD_SSF33_CFB 0x00000204
#define SGD_SSF33_OFB 0x00000208
#define SGD_SSF33_MAC 0x00000210
#define SGD_SM4_ECB   0x00000401
#define SGD_SM4_CBC   0x00000402
#define SGD_SM4_CFB   0x00000404
#define SGD_SM4_OFB   0x00000408
#define SGD_SM4_MAC   0x00000410
#define SGD_SM4_CTR   0x00000420
#define SGD_SM4_GCM   0x02000400 /* of the 2023 edition, as vendors' headers have it */
#define SGD_SM4_CCM   0x04000400
#define SGD_ZUC_EEA3  0x00000801
#define SGD_ZUC_EIA3  0x00000802
#define SGD_RSA       0x00010000
#define SGD_SM2       0x00020100
#define SGD_SM2_1     0x00020200 /* signature */
#define SGD_SM2_2     0x00020400 /* key agreement */
#define SGD_SM2_3     0x00020800 /* encryption */
#define SGD_SM3       0x00000001
#define SGD_SHA1      0x00000002
#define SGD_SHA256    0x00000004
#define SGD_SM3_RSA   0x00010001
#define SGD_SHA1_RSA  0x00010002
#define SGD_SM3_SM2   0x00020201

/* Return codes, GM/T 0018 annex A. */
#define SDR_OK               0x00000000
#define SDR_BASE             0x01000000
#define SDR_UNKNOWERR        (SDR_BASE + 0x01)
#define SDR_NOTSUPPORT       (SDR_BASE + 0x02)
#define SDR_COMMFAIL         (SDR_BASE + 0x03)
#define SDR_HARDFAIL         (SDR_BASE + 0x04) /* self-test, or a stored key that is damaged */
#define SDR_OPENDEVICE       (SDR_BASE + 0x05)
#define SDR_OPENSESSION      (SDR_BASE + 0x06)
#define SDR_PARDENY          (SDR_BASE + 0x07)
#define SDR_KEYNOTEXIST      (SDR_BASE + 0x08)
#define SDR_ALGNOTSUPPORT    (SDR_BASE + 0x09)
#define SDR_ALGMODNOTSUPPORT (SDR_BASE + 0x0A)
#define SDR_PKOPERR          (SDR_BASE + 0x0B)
#define SDR_SKOPERR          (SDR_BASE + 0x0C)
#define SDR_SIGNERR          (SDR_BASE + 0x0D)
#define SDR_VERIFYERR        (SDR_BASE + 0x0E)
#define SDR_SYMOPERR         (SDR_BASE + 0x0F)
#define SDR_STEPERR          (SDR_BASE + 0x10)
#define SDR_FILESIZEERR      (SDR_BASE + 0x11)
#define SDR_FILENOEXIST      (SDR_BASE + 0x12)
#define SDR_FILEOFSERR       (SDR_BASE + 0x13)
#define SDR_KEYTYPEERR       (SDR_BASE + 0x14)
#define SDR_KEYERR           (SDR_BASE + 0x15)
#define SDR_ENCDATAERR       (SDR_BASE + 0x16)
#define SDR_RANDERR          (SDR_BASE + 0x17)
#define SDR_PRKRERR          (SDR_BASE + 0x18) /* no right to this private key; the access code is wrong */
#define SDR_MACERR           (SDR_BASE + 0x19)
#define SDR_FILEEXISTS       (SDR_BASE + 0x1A)
#define SDR_FILEWERR         (SDR_BASE + 0x1B)
#define SDR_NOBUFFER         (SDR_BASE + 0x1C) /* memory, locked memory included */
#define SDR_INARGERR         (SDR_BASE + 0x1D)
#define SDR_OUTARGERR        (SDR_BASE + 0x1E)

/* --- Device (6.2) --- */

/* Opens the device in the folder that HUFU_SDF_HOME names, after its self-test. SDR_OPENDEVICE: none, or in use. */
int SDF_OpenDevice(void **phDeviceHandle);
/* Ends its sessions and wipes what they held. */
int SDF_CloseDevice(void *hDeviceHandle);
int SDF_OpenSession(void *hDeviceHandle, void **phSessionHandle);
/* Gives back its private key rights and destroys its session keys. */
int SDF_CloseSession(void *hSessionHandle);
int SDF_GetDeviceInfo(void *hSessionHandle, DEVICEINFO *pstDeviceInfo);
/* SDR_RANDERR when the generator fails. */
int SDF_GenerateRandom(void *hSessionHandle, unsigned int uiLength, unsigned char *pucRandom);
/*
 * The right of this session to the private keys of an index, both uses; the access code has at least 8 octets.
 * SDR_KEYNOTEXIST, SDR_PRKRERR (wrong code; slow by intention).
 */
int SDF_GetPrivateKeyAccessRight(
	void *hSessionHandle, unsigned int uiKeyIndex, unsigned char *pucPassword, unsigned int uiPwdLength);
/* Fine without a right too. SDR_KEYNOTEXIST. */
int SDF_ReleasePrivateKeyAccessRight(void *hSessionHandle, unsigned int uiKeyIndex);

/* --- Keys (6.3) --- */

/* SDR_KEYNOTEXIST. */
int SDF_ExportSignPublicKey_ECC(void *hSessionHandle, unsigned int uiKeyIndex, ECCrefPublicKey *pucPublicKey);
int SDF_ExportEncPublicKey_ECC(void *hSessionHandle, unsigned int uiKeyIndex, ECCrefPublicKey *pucPublicKey);
/* A session key of uiKeyBits (128), as a handle and encrypted to an internal encryption key; pucKey->C has 16 octets.
 */
int SDF_GenerateKeyWithIPK_ECC(
	void *hSessionHandle, unsigned int uiIPKIndex, unsigned int uiKeyBits, ECCCipher *pucKey, void **phKeyHandle);
/* The same, encrypted to a key from outside; uiAlgID is SGD_SM2_3. SDR_KEYERR: not a point of the curve. */
int SDF_GenerateKeyWithEPK_ECC(void *hSessionHandle, unsigned int uiKeyBits, unsigned int uiAlgID,
	ECCrefPublicKey *pucPublicKey, ECCCipher *pucKey, void **phKeyHandle);
/* Opens such a key with the internal encryption key; needs the access right. SDR_PRKRERR, SDR_SKOPERR. */
int SDF_ImportKeyWithISK_ECC(void *hSessionHandle, unsigned int uiISKIndex, ECCCipher *pucKey, void **phKeyHandle);
/*
 * Key agreement (GM/T 0003.3) for a session key of uiKeyBits (128) with the encryption pair of an internal index, which
 * needs the access right. Ids have 1 to 8191 octets. The sponsor opens with GenerateAgreementDataWithECC and sends both
 * public keys and its id; the responder answers with GenerateAgreementDataAndKeyWithECC and has its key; the sponsor
 * ends with GenerateKeyWithECC, which works once for an agreement and closes its handle. Both keys are equal if and
 * only if both sides are who they say: prove it by using them. SDR_PRKRERR, SDR_KEYNOTEXIST; SDR_KEYERR: a key of the
 * other side is no point of the curve; SDR_STEPERR: used before.
 */
int SDF_GenerateAgreementDataWithECC(void *hSessionHandle, unsigned int uiISKIndex, unsigned int uiKeyBits,
	unsigned char *pucSponsorID, unsigned int uiSponsorIDLength, ECCrefPublicKey *pucSponsorPublicKey,
	ECCrefPublicKey *pucSponsorTmpPublicKey, void **phAgreementHandle);
int SDF_GenerateKeyWithECC(void *hSessionHandle, unsigned char *pucResponseID, unsigned int uiResponseIDLength,
	ECCrefPublicKey *pucResponsePublicKey, ECCrefPublicKey *pucResponseTmpPublicKey, void *hAgreementHandle,
	void **phKeyHandle);
int SDF_GenerateAgreementDataAndKeyWithECC(void *hSessionHandle, unsigned int uiISKIndex, unsigned int uiKeyBits,
	unsigned char *pucResponseID, unsigned int uiResponseIDLength, unsigned char *pucSponsorID,
	unsigned int uiSponsorIDLength, ECCrefPublicKey *pucSponsorPublicKey, ECCrefPublicKey *pucSponsorTmpPublicKey,
	ECCrefPublicKey *pucResponsePublicKey, ECCrefPublicKey *pucResponseTmpPublicKey, void **phKeyHandle);
/*
 * 2012 edition. What is encrypted to the internal encryption key (1 to 4096 octets) becomes encrypted to pucPublicKey,
 * without leaving the device in clear; uiAlgID is SGD_SM2_3; pucEncDataOut->C has room for pucEncDataIn->L.
 */
int SDF_ExchangeDigitEnvelopeBaseOnECC(void *hSessionHandle, unsigned int uiKeyIndex, unsigned int uiAlgID,
	ECCrefPublicKey *pucPublicKey, ECCCipher *pucEncDataIn, ECCCipher *pucEncDataOut);
/* A session key as a handle and under a KEK; uiAlgID is SGD_SM4_ECB; pucKey has room for 16 octets. */
int SDF_GenerateKeyWithKEK(void *hSessionHandle, unsigned int uiKeyBits, unsigned int uiAlgID, unsigned int uiKEKIndex,
	unsigned char *pucKey, unsigned int *puiKeyLength, void **phKeyHandle);
int SDF_ImportKeyWithKEK(void *hSessionHandle, unsigned int uiAlgID, unsigned int uiKEKIndex, unsigned char *pucKey,
	unsigned int uiKeyLength, void **phKeyHandle);
/* The key must be this session's. */
int SDF_DestroyKey(void *hSessionHandle, void *hKeyHandle);

/*
 * RSA of 2048 bits. Session keys of 128 bits under PKCS #1 v1.5, 256 octets: pucKey has room for them. Importing needs
 * the access right. A ciphertext with wrong padding is not told apart: it gives a key that nobody else has, as an
 * answer would let strangers decrypt by asking often (SDR_ENCDATAERR only for a number beyond the modulus).
 */
int SDF_ExportSignPublicKey_RSA(void *hSessionHandle, unsigned int uiKeyIndex, RSArefPublicKey *pucPublicKey);
int SDF_ExportEncPublicKey_RSA(void *hSessionHandle, unsigned int uiKeyIndex, RSArefPublicKey *pucPublicKey);
int SDF_GenerateKeyWithIPK_RSA(void *hSessionHandle, unsigned int uiIPKIndex, unsigned int uiKeyBits,
	unsigned char *pucKey, unsigned int *puiKeyLength, void **phKeyHandle);
/* SDR_KEYERR: not an odd modulus of 2048 bits, or a public exponent that is even, 1, or longer than 256 bits. */
int SDF_GenerateKeyWithEPK_RSA(void *hSessionHandle, unsigned int uiKeyBits, RSArefPublicKey *pucPublicKey,
	unsigned char *pucKey, unsigned int *puiKeyLength, void **phKeyHandle);
int SDF_ImportKeyWithISK_RSA(void *hSessionHandle, unsigned int uiISKIndex, unsigned char *pucKey,
	unsigned int uiKeyLength, void **phKeyHandle);
/* 2012 edition. A session key so encrypted, from the internal encryption key to pucPublicKey. */
int SDF_ExchangeDigitEnvelopeBaseOnRSA(void *hSessionHandle, unsigned int uiKeyIndex, RSArefPublicKey *pucPublicKey,
	unsigned char *pucDEInput, unsigned int uiDELength, unsigned char *pucDEOutput, unsigned int *puiDELength);

/* --- RSA (6.4) --- */

/*
 * Raw: 256 octets, a number below the modulus (SDR_INARGERR), to 256 octets; padding is the caller's. The internal key
 * is the signing pair of the index; the private operation needs the access right.
 */
int SDF_ExternalPublicKeyOperation_RSA(void *hSessionHandle, RSArefPublicKey *pucPublicKey, unsigned char *pucDataInput,
	unsigned int uiInputLength, unsigned char *pucDataOutput, unsigned int *puiOutputLength);
int SDF_InternalPublicKeyOperation_RSA(void *hSessionHandle, unsigned int uiKeyIndex, unsigned char *pucDataInput,
	unsigned int uiInputLength, unsigned char *pucDataOutput, unsigned int *puiOutputLength);
int SDF_InternalPrivateKeyOperation_RSA(void *hSessionHandle, unsigned int uiKeyIndex, unsigned char *pucDataInput,
	unsigned int uiInputLength, unsigned char *pucDataOutput, unsigned int *puiOutputLength);

/* --- SM2 (6.4) --- */

/* pucDataInput is e = SM3(Z ‖ message), 32 octets; uiAlgID is SGD_SM2_1. SDR_VERIFYERR, SDR_KEYERR. */
int SDF_ExternalVerify_ECC(void *hSessionHandle, unsigned int uiAlgID, ECCrefPublicKey *pucPublicKey,
	unsigned char *pucDataInput, unsigned int uiInputLength, ECCSignature *pucSignature);
/* Signs e with an internal signing key; needs the access right. SDR_KEYNOTEXIST, SDR_PRKRERR. */
int SDF_InternalSign_ECC(void *hSessionHandle, unsigned int uiISKIndex, unsigned char *pucData,
	unsigned int uiDataLength, ECCSignature *pucSignature);
int SDF_InternalVerify_ECC(void *hSessionHandle, unsigned int uiIPKIndex, unsigned char *pucData,
	unsigned int uiDataLength, ECCSignature *pucSignature);
/* uiAlgID is SGD_SM2_3; 1 to 4096 octets; pucEncData->C has room for uiDataLength. SDR_KEYERR. */
int SDF_ExternalEncrypt_ECC(void *hSessionHandle, unsigned int uiAlgID, ECCrefPublicKey *pucPublicKey,
	unsigned char *pucData, unsigned int uiDataLength, ECCCipher *pucEncData);
/* 2012 edition. */
int SDF_InternalEncrypt_ECC(void *hSessionHandle, unsigned int uiIPKIndex, unsigned int uiAlgID, unsigned char *pucData,
	unsigned int uiDataLength, ECCCipher *pucEncData);
/* 2012 edition. pucData has room for pucEncData->L. SDR_PRKRERR, SDR_SKOPERR (not a ciphertext for this key). */
int SDF_InternalDecrypt_ECC(void *hSessionHandle, unsigned int uiISKIndex, unsigned int uiAlgID, ECCCipher *pucEncData,
	unsigned char *pucData, unsigned int *puiDataLength);

/* --- SM4 (6.5) --- */

/*
 * SGD_SM4_ECB, _CBC: whole blocks, no padding; _CFB (128 bits of feedback), _OFB, _CTR (a big-endian counter of 128
 * bits): any length. in and out are the same, or share nothing. pucIV (16 octets; unused by ECB) is moved on, so that a
 * message may come in calls of whole blocks.
 * SDR_INARGERR: length, IV or memory; SDR_ALGMODNOTSUPPORT: another mode of SM4; SDR_ALGNOTSUPPORT: not SM4.
 */
int SDF_Encrypt(void *hSessionHandle, void *hKeyHandle, unsigned int uiAlgID, unsigned char *pucIV,
	unsigned char *pucData, unsigned int uiDataLength, unsigned char *pucEncData, unsigned int *puiEncDataLength);
int SDF_Decrypt(void *hSessionHandle, void *hKeyHandle, unsigned int uiAlgID, unsigned char *pucIV,
	unsigned char *pucEncData, unsigned int uiEncDataLength, unsigned char *pucData, unsigned int *puiDataLength);
/* SGD_SM4_MAC: CBC-MAC of whole blocks, 16 octets; pucIV is moved on. For messages of one length only. */
int SDF_CalculateMAC(void *hSessionHandle, void *hKeyHandle, unsigned int uiAlgID, unsigned char *pucIV,
	unsigned char *pucData, unsigned int uiDataLength, unsigned char *pucMAC, unsigned int *puiMACLength);
/*
 * Authenticated: SGD_SM4_GCM (start variable of 1 octet or more, 12 is usual), SGD_SM4_CCM (7 to 13). The start
 * variable must never come twice under a key. pucEncData has room for uiDataLength octets, pucAuthData for 16, which is
 * the length of the tag made; tags of 12 to 16 octets are taken (GCM any, CCM even). uiDataLength and uiAadLength may
 * be 0. SDR_MACERR: the tag is wrong; pucData holds zeros then.
 */
int SDF_AuthEnc(void *hSessionHandle, void *hKeyHandle, unsigned int uiAlgID, unsigned char *pucStartVar,
	unsigned int uiStartVarLength, unsigned char *pucAad, unsigned int uiAadLength, unsigned char *pucData,
	unsigned int uiDataLength, unsigned char *pucEncData, unsigned int *puiEncDataLength,
	unsigned char *pucAuthData, unsigned int *puiAuthDataLength);
int SDF_AuthDec(void *hSessionHandle, void *hKeyHandle, unsigned int uiAlgID, unsigned char *pucStartVar,
	unsigned int uiStartVarLength, unsigned char *pucAad, unsigned int uiAadLength, unsigned char *pucAuthData,
	unsigned int uiAuthDataLength, unsigned char *pucEncData, unsigned int uiEncDataLength, unsigned char *pucData,
	unsigned int *puiDataLength);
/*
 * The same in pieces of any length: Init, Update any number of times, Final. A session has one of each kind at a time
 * (encryption, decryption, MAC, authenticated encryption, authenticated decryption, HMAC, hash); an Init throws away
 * what was begun, a Final ends it also when it fails. The key may be destroyed after Init. SDR_STEPERR without Init.
 *
 * The modes are those of SDF_Encrypt. Update of ECB and CBC gives whole blocks as they become whole, up to 15 octets
 * more than came in; while octets wait, in and out share nothing. Final gives 0 octets, as nothing is padded;
 * SDR_SYMOPERR: the data of ECB, CBC or MAC were not whole blocks. pucLast… may be NULL.
 */
int SDF_EncryptInit(
	void *hSessionHandle, void *hKeyHandle, unsigned int uiAlgID, unsigned char *pucIV, unsigned int uiIVLength);
int SDF_EncryptUpdate(void *hSessionHandle, unsigned char *pucData, unsigned int uiDataLength,
	unsigned char *pucEncData, unsigned int *puiEncDataLength);
int SDF_EncryptFinal(void *hSessionHandle, unsigned char *pucLastEncData, unsigned int *puiLastEncDataLength);
int SDF_DecryptInit(
	void *hSessionHandle, void *hKeyHandle, unsigned int uiAlgID, unsigned char *pucIV, unsigned int uiIVLength);
int SDF_DecryptUpdate(void *hSessionHandle, unsigned char *pucEncData, unsigned int uiEncDataLength,
	unsigned char *pucData, unsigned int *puiDataLength);
int SDF_DecryptFinal(void *hSessionHandle, unsigned char *pucLastData, unsigned int *puiLastDataLength);
int SDF_CalculateMACInit(
	void *hSessionHandle, void *hKeyHandle, unsigned int uiAlgID, unsigned char *pucIV, unsigned int uiIVLength);
int SDF_CalculateMACUpdate(void *hSessionHandle, unsigned char *pucData, unsigned int uiDataLength);
int SDF_CalculateMACFinal(void *hSessionHandle, unsigned char *pucMac, unsigned int *puiMacLength);
/*
 * uiDataLength is that of the whole message; Update takes no more (SDR_INARGERR), Final no less (SDR_SYMOPERR). What
 * SDF_AuthDecUpdate gives is not vouched for: use none of it before SDF_AuthDecFinal says SDR_OK (SDR_MACERR: wrong).
 */
int SDF_AuthEncInit(void *hSessionHandle, void *hKeyHandle, unsigned int uiAlgID, unsigned char *pucStartVar,
	unsigned int uiStartVarLength, unsigned char *pucAad, unsigned int uiAadLength, unsigned int uiDataLength);
int SDF_AuthEncUpdate(void *hSessionHandle, unsigned char *pucData, unsigned int uiDataLength,
	unsigned char *pucEncData, unsigned int *puiEncDataLength);
int SDF_AuthEncFinal(void *hSessionHandle, unsigned char *pucLastEncData, unsigned int *puiLastEncDataLength,
	unsigned char *pucAuthData, unsigned int *puiAuthDataLength);
int SDF_AuthDecInit(void *hSessionHandle, void *hKeyHandle, unsigned int uiAlgID, unsigned char *pucStartVar,
	unsigned int uiStartVarLength, unsigned char *pucAad, unsigned int uiAadLength, unsigned char *pucAuthData,
	unsigned int uiAuthDataLength, unsigned int uiDataLength);
int SDF_AuthDecUpdate(void *hSessionHandle, unsigned char *pucEncData, unsigned int uiEncDataLength,
	unsigned char *pucData, unsigned int *puiDataLength);
int SDF_AuthDecFinal(void *hSessionHandle, unsigned char *pucLastData, unsigned int *puiLastDataLength);

/* --- SM3 (6.6) --- */

/* SGD_SM3; one hash a session at a time. With an id and the signer's public key it starts from Z (GM/T 0009 8.1). */
int SDF_HashInit(void *hSessionHandle, unsigned int uiAlgID, ECCrefPublicKey *pucPublicKey, unsigned char *pucID,
	unsigned int uiIDLength);
/* SDR_STEPERR without HashInit. */
int SDF_HashUpdate(void *hSessionHandle, unsigned char *pucData, unsigned int uiDataLength);
/* 32 octets. */
int SDF_HashFinal(void *hSessionHandle, unsigned char *pucHash, unsigned int *puiHashLength);
/* HMAC-SM3 (uiAlgID is SGD_SM3) under a session key; 32 octets. */
int SDF_HMACInit(void *hSessionHandle, void *hKeyHandle, unsigned int uiAlgID);
int SDF_HMACUpdate(void *hSessionHandle, unsigned char *pucData, unsigned int uiDataLength);
int SDF_HMACFinal(void *hSessionHandle, unsigned char *pucHMac, unsigned int *puiHMacLength);

/* --- Files (6.7) --- */

/*
 * A name has 1 to 128 octets of any kind, a size is fixed when the file is made (all zeros): libhufusdf keeps 256 files
 * of up to 65,536 octets, encrypted under the device's management key, so the device must be unlocked (SDR_PARDENY).
 * SDR_FILEEXISTS; SDR_FILESIZEERR: too large, or too many; SDR_FILEWERR: the disk; SDR_HARDFAIL: the file is damaged.
 */
int SDF_CreateFile(void *hSessionHandle, unsigned char *pucFileName, unsigned int uiNameLen, unsigned int uiFileSize);
/*
 * *puiReadLength is what pucBuffer has room for, and afterwards what was read: less at the end of the file.
 * SDR_FILENOEXIST; SDR_FILEOFSERR: uiOffset is beyond the end.
 */
int SDF_ReadFile(void *hSessionHandle, unsigned char *pucFileName, unsigned int uiNameLen, unsigned int uiOffset,
	unsigned int *puiReadLength, unsigned char *pucBuffer);
/* All or nothing, also when the power fails. SDR_FILESIZEERR: it would pass the end of the file. */
int SDF_WriteFile(void *hSessionHandle, unsigned char *pucFileName, unsigned int uiNameLen, unsigned int uiOffset,
	unsigned int uiWriteLength, unsigned char *pucBuffer);
int SDF_DeleteFile(void *hSessionHandle, unsigned char *pucFileName, unsigned int uiNameLen);

/* --- For debugging, testing and inspection only (6.8) --- */

/*
 * Not for service: keys stand in the caller's memory. libhufusdf says SDR_NOTSUPPORT unless the device's keeper has
 * allowed them (SDFX_AllowDebug). The two of SM9 do not exist here. The printed standard gives most of them no session;
 * as in the libraries in use they have one.
 * SDR_KEYERR: the key is out of range, or not right-aligned; otherwise as the functions that they resemble.
 */
/* uiAlgID is SGD_SM2, or its parts; uiKeyBits 256. */
int SDF_GenerateKeyPair_ECC(void *hSessionHandle, unsigned int uiAlgID, unsigned int uiKeyBits,
	ECCrefPublicKey *pucPublicKey, ECCrefPrivateKey *pucPrivateKey);
int SDF_ExternalSign_ECC(void *hSessionHandle, unsigned int uiAlgID, ECCrefPrivateKey *pucPrivateKey,
	unsigned char *pucData, unsigned int uiDataLength, ECCSignature *pucSignature);
int SDF_ExternalDecrypt_ECC(void *hSessionHandle, unsigned int uiAlgID, ECCrefPrivateKey *pucPrivateKey,
	ECCCipher *pucEncData, unsigned char *pucData, unsigned int *puiDataLength);
/* uiKeyBits is 2048. */
int SDF_GenerateKeyPair_RSA(
	void *hSessionHandle, unsigned int uiKeyBits, RSArefPublicKey *pucPublicKey, RSArefPrivateKey *pucPrivateKey);
int SDF_ExternalPrivateKeyOperation_RSA(void *hSessionHandle, RSArefPrivateKey *pucPrivateKey,
	unsigned char *pucDataInput, unsigned int uiInputLength, unsigned char *pucDataOutput,
	unsigned int *puiOutputLength);
/* Keys of 16 octets; the modes of SDF_Encrypt; pucIV is left alone. */
int SDF_ExternalKeyEncrypt(void *hSessionHandle, unsigned int uiAlgID, unsigned char *pucKey, unsigned int uiKeyLength,
	unsigned char *pucIV, unsigned int uiIVLength, unsigned char *pucData, unsigned int uiDataLength,
	unsigned char *pucEncData, unsigned int *puiEncDataLength);
int SDF_ExternalKeyDecrypt(void *hSessionHandle, unsigned int uiAlgID, unsigned char *pucKey, unsigned int uiKeyLength,
	unsigned char *pucIV, unsigned int uiIVLength, unsigned char *pucEncData, unsigned int uiEncDataLength,
	unsigned char *pucData, unsigned int *puiDataLength);
/* These begin what SDF_EncryptUpdate, SDF_DecryptUpdate and SDF_HMACUpdate go on with. */
int SDF_ExternalKeyEncryptInit(void *hSessionHandle, unsigned int uiAlgID, unsigned char *pucKey,
	unsigned int uiKeyLength, unsigned char *pucIV, unsigned int uiIVLength);
int SDF_ExternalKeyDecryptInit(void *hSessionHandle, unsigned int uiAlgID, unsigned char *pucKey,
	unsigned int uiKeyLength, unsigned char *pucIV, unsigned int uiIVLength);
int SDF_ExternalKeyHMACInit(
	void *hSessionHandle, unsigned int uiAlgID, unsigned char *pucKey, unsigned int uiKeyLength);

#ifdef __cplusplus
}
#endif

#endif
