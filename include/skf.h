/*
 * SKF: the application interface of smart tokens (GM/T 0016), in our own wording.
 *
 * What is there, from the outside in:
 *
 *     device ── device authentication key: allows making and deleting applications
 *       └─ application ── administrator PIN, user PIN, each with a retry count
 *            ├─ file             read and write rights of its own
 *            └─ container ── at most one signing pair (made inside) and one encryption pair (comes enveloped), and
 * their two certificates
 *
 * Every call returns SAR_OK or one SAR_* code. Strings are NUL-terminated; lists of names are "a\0b\0\0". A call that
 * fills a buffer takes its room in *len and leaves the length there; with a NULL buffer it only tells the length.
 * Numbers of SM2 stand big-endian at the end of their 64-octet fields, zeros in front.
 *
 * Only what libhufuskf.so exports is declared; a vendor's library has more. Structures are packed to one octet.
 */
#ifndef HUFU_SKF_H
#define HUFU_SKF_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef uint8_t BYTE;
typedef char CHAR;
typedef uint32_t ULONG;
typedef uint32_t DWORD;
typedef int32_t BOOL;
typedef CHAR *LPSTR;
typedef void *HANDLE;
typedef HANDLE DEVHANDLE;
typedef HANDLE HAPPLICATION;
typedef HANDLE HCONTAINER;

#ifndef TRUE
#define TRUE 1
#endif
#ifndef FALSE
#define FALSE 0
#endif

#if defined(_WIN32)
#define DEVAPI __stdcall
#else
#define DEVAPI
#endif
#if defined(__GNUC__)
#define SKF_API __attribute__((visibility("default")))
#else
#define SKF_API
#endif

/* Algorithm identifiers (GM/T 0006). */
#ifndef SGD_SM4_ECB
#define SGD_SM4_ECB 0x00000401
#endif
#ifndef SGD_SM4_CBC
#define SGD_SM4_CBC 0x00000402
#endif
#ifndef SGD_SM2_1
#define SGD_SM2_1 0x00020200 /* signature */
#endif
#ifndef SGD_SM2_3
#define SGD_SM2_3 0x00020800 /* encryption */
#endif
#ifndef SGD_SM3
#define SGD_SM3 0x00000001
#endif

//= GM/T 0016 6.4 data types
#define SKF_ADMIN_TYPE 0 /* PIN types */
#define SKF_USER_TYPE  1

#define SKF_DEV_ABSENT  0 /* device states */
#define SKF_DEV_PRESENT 1
#define SKF_DEV_UNKNOWN 2

#define SKF_RIGHT_NEVER  0x00 /* rights over files */
#define SKF_RIGHT_ADMIN  0x01
#define SKF_RIGHT_USER   0x10
#define SKF_RIGHT_ANYONE 0xFF

#define SKF_CONTAINER_EMPTY 0 /* container types */
#define SKF_CONTAINER_RSA   1
#define SKF_CONTAINER_ECC   2

#define SKF_PADDING_NONE  0
#define SKF_PADDING_PKCS5 1

#define SKF_ECC_MAX_XCOORDINATE 64
#define SKF_ECC_MAX_YCOORDINATE 64
#define SKF_ECC_MAX_MODULUS     64
#define SKF_MAX_IV              32

#pragma pack(push, 1)

typedef struct {
	BYTE major, minor;
} VERSION;

typedef struct {
	VERSION Version; /* of this structure: 1.0 */
	CHAR Manufacturer[64];
	CHAR Issuer[64];
	CHAR Label[32];
	CHAR SerialNumber[32];
	VERSION HWVersion;
	VERSION FirmwareVersion;
	ULONG AlgSymCap;
	ULONG AlgAsymCap;
	ULONG AlgHashCap;
	ULONG DevAuthAlgId;
	ULONG TotalSpace;
	ULONG FreeSpace;
	ULONG MaxECCBufferSize;
	ULONG MaxBufferSize;
	BYTE Reserved[64];
} DEVINFO;

typedef struct {
	ULONG BitLen; /* 256 */
	BYTE XCoordinate[SKF_ECC_MAX_XCOORDINATE];
	BYTE YCoordinate[SKF_ECC_MAX_YCOORDINATE];
} ECCPUBLICKEYBLOB;

typedef struct {
	ULONG BitLen;
	BYTE PrivateKey[SKF_ECC_MAX_MODULUS];
} ECCPRIVATEKEYBLOB;

/* C1 = (XCoordinate, YCoordinate), C3 = HASH, C2 = Cipher, which runs on for CipherLen octets. */
typedef struct {
	BYTE XCoordinate[SKF_ECC_MAX_XCOORDINATE];
	BYTE YCoordinate[SKF_ECC_MAX_YCOORDINATE];
	BYTE HASH[32];
	ULONG CipherLen;
	BYTE Cipher[1];
} ECCCIPHERBLOB;

typedef struct {
	BYTE r[SKF_ECC_MAX_MODULUS];
	BYTE s[SKF_ECC_MAX_MODULUS];
} ECCSIGNATUREBLOB;

typedef struct {
	BYTE IV[SKF_MAX_IV];
	ULONG IVLen;
	ULONG PaddingType; /* SKF_PADDING_* */
	ULONG FeedBitLen;
} BLOCKCIPHERPARAM;

/*
 * An encryption pair on its way into a container.
 //= GM/T 0016 6.4.10
 * cbEncryptedPriKey is the private scalar under a symmetric key (ulSymmAlgID, ECB); ECCCipherBlob is that key under the
 * container's signing public key, and runs on past the end of the structure.
 */
typedef struct {
	ULONG Version; /* 1 */
	ULONG ulSymmAlgID;
	ULONG ulBits; /* 256 */
	BYTE cbEncryptedPriKey[64];
	ECCPUBLICKEYBLOB PubKey;
	ECCCIPHERBLOB ECCCipherBlob;
} ENVELOPEDKEYBLOB;

typedef struct {
	CHAR FileName[32];
	ULONG FileSize;
	ULONG ReadRights;
	ULONG WriteRights;
} FILEATTRIBUTE;

#pragma pack(pop)

//= GM/T 0016 annex A error codes
#define SAR_OK                        0x00000000
#define SAR_FAIL                      0x0A000001
#define SAR_UNKNOWNERR                0x0A000002
#define SAR_NOTSUPPORTYETERR          0x0A000003
#define SAR_FILEERR                   0x0A000004
#define SAR_INVALIDHANDLEERR          0x0A000005
#define SAR_INVALIDPARAMERR           0x0A000006
#define SAR_READFILEERR               0x0A000007
#define SAR_WRITEFILEERR              0x0A000008
#define SAR_NAMELENERR                0x0A000009
#define SAR_KEYUSAGEERR               0x0A00000A
#define SAR_MODULUSLENERR             0x0A00000B
#define SAR_NOTINITIALIZEERR          0x0A00000C
#define SAR_OBJERR                    0x0A00000D
#define SAR_MEMORYERR                 0x0A00000E
#define SAR_TIMEOUTERR                0x0A00000F
#define SAR_INDATALENERR              0x0A000010
#define SAR_INDATAERR                 0x0A000011
#define SAR_GENRANDERR                0x0A000012
#define SAR_HASHOBJERR                0x0A000013
#define SAR_HASHERR                   0x0A000014
#define SAR_GENRSAKEYERR              0x0A000015
#define SAR_RSAMODULUSLENERR          0x0A000016
#define SAR_CSPIMPRTPUBKEYERR         0x0A000017
#define SAR_RSAENCERR                 0x0A000018
#define SAR_RSADECERR                 0x0A000019
#define SAR_HASHNOTEQUALERR           0x0A00001A
#define SAR_KEYNOTFOUNTERR            0x0A00001B
#define SAR_CERTNOTFOUNTERR           0x0A00001C
#define SAR_NOTEXPORTERR              0x0A00001D
#define SAR_DECRYPTPADERR             0x0A00001E
#define SAR_MACLENERR                 0x0A00001F
#define SAR_BUFFER_TOO_SMALL          0x0A000020
#define SAR_KEYINFOTYPEERR            0x0A000021
#define SAR_NOT_EVENTERR              0x0A000022
#define SAR_DEVICE_REMOVED            0x0A000023
#define SAR_PIN_INCORRECT             0x0A000024
#define SAR_PIN_LOCKED                0x0A000025
#define SAR_PIN_INVALID               0x0A000026
#define SAR_PIN_LEN_RANGE             0x0A000027
#define SAR_USER_ALREADY_LOGGED_IN    0x0A000028
#define SAR_USER_PIN_NOT_INITIALIZED  0x0A000029
#define SAR_USER_TYPE_INVALID         0x0A00002A
#define SAR_APPLICATION_NAME_INVALID  0x0A00002B
#define SAR_APPLICATION_EXISTS        0x0A00002C
#define SAR_USER_NOT_LOGGED_IN        0x0A00002D
#define SAR_APPLICATION_NOT_EXISTS    0x0A00002E
#define SAR_FILE_ALREADY_EXIST        0x0A00002F
#define SAR_NO_ROOM                   0x0A000030
#define SAR_FILE_NOT_EXIST            0x0A000031
#define SAR_REACH_MAX_CONTAINER_COUNT 0x0A000032

/* Devices (7.1). Names as SKF_EnumDev gives them. */
SKF_API ULONG DEVAPI SKF_EnumDev(BOOL bPresent, LPSTR szNameList, ULONG *pulSize);
SKF_API ULONG DEVAPI SKF_ConnectDev(LPSTR szName, DEVHANDLE *phDev);
/* Closes every handle that came from this one. */
SKF_API ULONG DEVAPI SKF_DisConnectDev(DEVHANDLE hDev);
SKF_API ULONG DEVAPI SKF_GetDevState(LPSTR szDevName, ULONG *pulDevState);
/* Up to 31 octets. */
SKF_API ULONG DEVAPI SKF_SetLabel(DEVHANDLE hDev, LPSTR szLabel);
SKF_API ULONG DEVAPI SKF_GetDevInfo(DEVHANDLE hDev, DEVINFO *pDevInfo);
/* The device alone for this handle; ulTimeOut in ms, 0xFFFFFFFF waits without end. SAR_TIMEOUTERR. */
SKF_API ULONG DEVAPI SKF_LockDev(DEVHANDLE hDev, ULONG ulTimeOut);
SKF_API ULONG DEVAPI SKF_UnlockDev(DEVHANDLE hDev);

/*
 * Access (7.2). Device authentication: take 8 octets with SKF_GenRandom, put 8 zeros behind, encrypt the block under
 * the device authentication key (SM4-ECB), hand the 16 octets to SKF_DevAuth. A challenge serves once.
 */
SKF_API ULONG DEVAPI SKF_DevAuth(DEVHANDLE hDev, BYTE *pbAuthData, ULONG ulLen);
/* Needs device permission. ulKeyLen is 16. */
SKF_API ULONG DEVAPI SKF_ChangeDevAuthKey(DEVHANDLE hDev, BYTE *pbKeyValue, ULONG ulKeyLen);
/* *pulRetryCount gets the tries that are left. SAR_PIN_INCORRECT, SAR_PIN_LOCKED, SAR_PIN_LEN_RANGE (6 to 64 octets).
 */
SKF_API ULONG DEVAPI SKF_VerifyPIN(HAPPLICATION hApplication, ULONG ulPINType, LPSTR szPIN, ULONG *pulRetryCount);
SKF_API ULONG DEVAPI SKF_ChangePIN(
	HAPPLICATION hApplication, ULONG ulPINType, LPSTR szOldPin, LPSTR szNewPin, ULONG *pulRetryCount);
SKF_API ULONG DEVAPI SKF_GetPINInfo(HAPPLICATION hApplication, ULONG ulPINType, ULONG *pulMaxRetryCount,
	ULONG *pulRemainRetryCount, BOOL *pbDefaultPin);
/* A new user PIN by the administrator's; *pulRetryCount are the administrator's tries left. */
SKF_API ULONG DEVAPI SKF_UnblockPIN(
	HAPPLICATION hApplication, LPSTR szAdminPIN, LPSTR szNewUserPIN, ULONG *pulRetryCount);
/* Logs out. */
SKF_API ULONG DEVAPI SKF_ClearSecureState(HAPPLICATION hApplication);

/* Applications (7.3). Making and deleting need device permission. */
SKF_API ULONG DEVAPI SKF_CreateApplication(DEVHANDLE hDev, LPSTR szAppName, LPSTR szAdminPin,
	DWORD dwAdminPinRetryCount, LPSTR szUserPin, DWORD dwUserPinRetryCount, DWORD dwCreateFileRights,
	HAPPLICATION *phApplication);
SKF_API ULONG DEVAPI SKF_EnumApplication(DEVHANDLE hDev, LPSTR szAppName, ULONG *pulSize);
SKF_API ULONG DEVAPI SKF_DeleteApplication(DEVHANDLE hDev, LPSTR szAppName);
SKF_API ULONG DEVAPI SKF_OpenApplication(DEVHANDLE hDev, LPSTR szAppName, HAPPLICATION *phApplication);
SKF_API ULONG DEVAPI SKF_CloseApplication(HAPPLICATION hApplication);

/* Files (7.4). A file has its size from the start and is zeros; a write replaces a part of it. */
SKF_API ULONG DEVAPI SKF_CreateFile(
	HAPPLICATION hApplication, LPSTR szFileName, ULONG ulFileSize, ULONG ulReadRights, ULONG ulWriteRights);
SKF_API ULONG DEVAPI SKF_DeleteFile(HAPPLICATION hApplication, LPSTR szFileName);
SKF_API ULONG DEVAPI SKF_EnumFiles(HAPPLICATION hApplication, LPSTR szFileList, ULONG *pulSize);
SKF_API ULONG DEVAPI SKF_GetFileInfo(HAPPLICATION hApplication, LPSTR szFileName, FILEATTRIBUTE *pFileInfo);
/* *pulOutLen: the room on entry, the octets read on return (fewer than ulSize at the end of the file). */
SKF_API ULONG DEVAPI SKF_ReadFile(
	HAPPLICATION hApplication, LPSTR szFileName, ULONG ulOffset, ULONG ulSize, BYTE *pbOutData, ULONG *pulOutLen);
SKF_API ULONG DEVAPI SKF_WriteFile(
	HAPPLICATION hApplication, LPSTR szFileName, ULONG ulOffset, BYTE *pbData, ULONG ulSize);

/* Containers (7.5). Making, deleting and filling need user permission; certificates and public keys may be read by all.
 */
SKF_API ULONG DEVAPI SKF_CreateContainer(HAPPLICATION hApplication, LPSTR szContainerName, HCONTAINER *phContainer);
/* Its keys are gone for good. */
SKF_API ULONG DEVAPI SKF_DeleteContainer(HAPPLICATION hApplication, LPSTR szContainerName);
SKF_API ULONG DEVAPI SKF_OpenContainer(HAPPLICATION hApplication, LPSTR szContainerName, HCONTAINER *phContainer);
SKF_API ULONG DEVAPI SKF_CloseContainer(HCONTAINER hContainer);
SKF_API ULONG DEVAPI SKF_EnumContainer(HAPPLICATION hApplication, LPSTR szContainerName, ULONG *pulSize);
SKF_API ULONG DEVAPI SKF_GetContainerType(HCONTAINER hContainer, ULONG *pulContainerType);
/* DER; the flag is TRUE for the signing certificate, FALSE for the encryption certificate. */
SKF_API ULONG DEVAPI SKF_ImportCertificate(HCONTAINER hContainer, BOOL bSignFlag, BYTE *pbCert, ULONG ulCertLen);
SKF_API ULONG DEVAPI SKF_ExportCertificate(HCONTAINER hContainer, BOOL bSignFlag, BYTE *pbCert, ULONG *pulCertLen);

/* Cryptography (7.6). */
SKF_API ULONG DEVAPI SKF_GenRandom(DEVHANDLE hDev, BYTE *pbRandom, ULONG ulRandomLen);
/* A new signing pair; ulAlgId is SGD_SM2_1 only. One that was there, and its certificate, are replaced. */
SKF_API ULONG DEVAPI SKF_GenECCKeyPair(HCONTAINER hContainer, ULONG ulAlgId, ECCPUBLICKEYBLOB *pBlob);
/*
 * The encryption pair, under the container's signing public key. The 32 octets of cbEncryptedPriKey may stand at the
 * end of the field or at its start: the one that gives PubKey is taken, SAR_INDATAERR when neither does.
 */
SKF_API ULONG DEVAPI SKF_ImportECCKeyPair(HCONTAINER hContainer, ENVELOPEDKEYBLOB *pEnvelopedKeyBlob);
/* pbDigest is e = SM3(Z || M), ulDigestLen 32. */
SKF_API ULONG DEVAPI SKF_ECCSignData(
	HCONTAINER hContainer, BYTE *pbDigest, ULONG ulDigestLen, ECCSIGNATUREBLOB *pSignature);
/* SAR_HASHNOTEQUALERR: the signature is wrong. */
SKF_API ULONG DEVAPI SKF_ECCVerify(
	DEVHANDLE hDev, ECCPUBLICKEYBLOB *pECCPubKeyBlob, BYTE *pbData, ULONG ulDataLen, ECCSIGNATUREBLOB *pSignature);
/* pCipherText has room for sizeof(ECCCIPHERBLOB) - 1 + ulPlainTextLen octets. */
SKF_API ULONG DEVAPI SKF_ExtECCEncrypt(DEVHANDLE hDev, ECCPUBLICKEYBLOB *pECCPubKeyBlob, BYTE *pbPlainText,
	ULONG ulPlainTextLen, ECCCIPHERBLOB *pCipherText);
/* Makes an SM4 key, gives it encrypted to pPubKey (16 octets of Cipher) and as a handle. */
SKF_API ULONG DEVAPI SKF_ECCExportSessionKey(
	HCONTAINER hContainer, ULONG ulAlgId, ECCPUBLICKEYBLOB *pPubKey, ECCCIPHERBLOB *pData, HANDLE *phSessionKey);
/* pbWrapedData is an ECCCIPHERBLOB of an SM4 key under the container's encryption public key. */
SKF_API ULONG DEVAPI SKF_ImportSessionKey(
	HCONTAINER hContainer, ULONG ulAlgId, BYTE *pbWrapedData, ULONG ulWrapedLen, HANDLE *phKey);
/* An ECCPUBLICKEYBLOB; the flag is TRUE for the signing key. */
SKF_API ULONG DEVAPI SKF_ExportPublicKey(HCONTAINER hContainer, BOOL bSignFlag, BYTE *pbBlob, ULONG *pulBlobLen);

SKF_API ULONG DEVAPI SKF_EncryptInit(HANDLE hKey, BLOCKCIPHERPARAM EncryptParam);
SKF_API ULONG DEVAPI SKF_Encrypt(
	HANDLE hKey, BYTE *pbData, ULONG ulDataLen, BYTE *pbEncryptedData, ULONG *pulEncryptedLen);
SKF_API ULONG DEVAPI SKF_EncryptUpdate(
	HANDLE hKey, BYTE *pbData, ULONG ulDataLen, BYTE *pbEncryptedData, ULONG *pulEncryptedLen);
SKF_API ULONG DEVAPI SKF_EncryptFinal(HANDLE hKey, BYTE *pbEncryptedData, ULONG *pulEncryptedDataLen);
SKF_API ULONG DEVAPI SKF_DecryptInit(HANDLE hKey, BLOCKCIPHERPARAM DecryptParam);
SKF_API ULONG DEVAPI SKF_Decrypt(
	HANDLE hKey, BYTE *pbEncryptedData, ULONG ulEncryptedLen, BYTE *pbData, ULONG *pulDataLen);
SKF_API ULONG DEVAPI SKF_DecryptUpdate(
	HANDLE hKey, BYTE *pbEncryptedData, ULONG ulEncryptedLen, BYTE *pbData, ULONG *pulDataLen);
SKF_API ULONG DEVAPI SKF_DecryptFinal(HANDLE hKey, BYTE *pbDecryptedData, ULONG *pulDecryptedDataLen);

/* SGD_SM3; with pPubKey and pucID (ulIDLen > 0) the digest starts with Z. */
SKF_API ULONG DEVAPI SKF_DigestInit(
	DEVHANDLE hDev, ULONG ulAlgID, ECCPUBLICKEYBLOB *pPubKey, BYTE *pucID, ULONG ulIDLen, HANDLE *phHash);
SKF_API ULONG DEVAPI SKF_Digest(HANDLE hHash, BYTE *pbData, ULONG ulDataLen, BYTE *pbHashData, ULONG *pulHashLen);
SKF_API ULONG DEVAPI SKF_DigestUpdate(HANDLE hHash, BYTE *pbData, ULONG ulDataLen);
SKF_API ULONG DEVAPI SKF_DigestFinal(HANDLE hHash, BYTE *pHashData, ULONG *pulHashLen);
/* Session keys and digests. */
SKF_API ULONG DEVAPI SKF_CloseHandle(HANDLE hHandle);

#ifdef __cplusplus
}
#endif
#endif
