/*
 * The loaded library as a table of functions, and what token*.c share.
 */
#ifndef HUFU_SKF_TOKEN_INT_H
#define HUFU_SKF_TOKEN_INT_H

#include "sar.h"
#include "skfx.h"
#include "token.h"

/* One line a function: name, and whether a library must have it. */
#define HF_SKF_FUNCTIONS(F)                                                                                            \
	F(SKF_EnumDev, true)                                                                                           \
	F(SKF_ConnectDev, true)                                                                                        \
	F(SKF_DisConnectDev, true)                                                                                     \
	F(SKF_GetDevInfo, true)                                                                                        \
	F(SKF_GenRandom, true)                                                                                         \
	F(SKF_DevAuth, true)                                                                                           \
	F(SKF_CreateApplication, true)                                                                                 \
	F(SKF_OpenApplication, true)                                                                                   \
	F(SKF_CloseApplication, true)                                                                                  \
	F(SKF_VerifyPIN, true)                                                                                         \
	F(SKF_ChangePIN, true)                                                                                         \
	F(SKF_GetPINInfo, true)                                                                                        \
	F(SKF_UnblockPIN, true)                                                                                        \
	F(SKF_CreateFile, true)                                                                                        \
	F(SKF_DeleteFile, true)                                                                                        \
	F(SKF_GetFileInfo, true)                                                                                       \
	F(SKF_ReadFile, true)                                                                                          \
	F(SKF_WriteFile, true)                                                                                         \
	F(SKF_CreateContainer, true)                                                                                   \
	F(SKF_DeleteContainer, true)                                                                                   \
	F(SKF_OpenContainer, true)                                                                                     \
	F(SKF_CloseContainer, true)                                                                                    \
	F(SKF_EnumContainer, true)                                                                                     \
	F(SKF_ImportCertificate, true)                                                                                 \
	F(SKF_ExportCertificate, true)                                                                                 \
	F(SKF_ExportPublicKey, true)                                                                                   \
	F(SKF_GenECCKeyPair, true)                                                                                     \
	F(SKF_ImportECCKeyPair, true)                                                                                  \
	F(SKF_ECCSignData, true)                                                                                       \
	F(SKF_ImportSessionKey, true)                                                                                  \
	F(SKF_DecryptInit, true)                                                                                       \
	F(SKF_Decrypt, true)                                                                                           \
	F(SKF_CloseHandle, true)                                                                                       \
	F(SKF_ECCPrvKeyDecrypt, false)                                                                                 \
	F(SKFX_CreateDevice, false)                                                                                    \
	F(SKFX_DeleteDevice, false)

struct hf_token_lib {
	void *handle;
#define HF_SKF_MEMBER(name, needed) __typeof__(&name) name;
	HF_SKF_FUNCTIONS(HF_SKF_MEMBER)
#undef HF_SKF_MEMBER
};

struct hf_token {
	const struct hf_token_lib *lib;
	DEVHANDLE dev;
	HAPPLICATION app;
	char where[160]; /* "token NAME", for error texts */
	/* The container used last stays open: signing again and again opens it once. */
	HCONTAINER con;
	char con_name[65];
};

/* Texts go to the library as char *, which it does not change (the standard's prototypes lack const). */
LPSTR hf_skf_text(const char *text);
BYTE *hf_skf_bytes(const void *p);

#define HF_TOKEN_PIN_MAX 128

/* A NUL-terminated copy of a PIN, which the caller wipes. HF_E_INPUT. */
HF_MUST_USE bool hf_token_pin_copy(struct hf_bytes pin, char out[HF_TOKEN_PIN_MAX], struct hf_err *err);

#endif
