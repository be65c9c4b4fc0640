/*
 * The workstation's side of a token: any GM/T 0016 library, loaded by path, in our own types.
 *
 *     hf_token_lib_open ── hf_token_list
 *            │             hf_token_create (software tokens only)
 *            └─ hf_token_open (device, application, user PIN) ── pairs, signatures, certificates, session keys, files
 *
 * Points are x ‖ y, signatures r ‖ s, ciphertexts C1 ‖ C3 ‖ C2 (crypto/sm2.h); certificates are DER. PINs are views:
 * the copies made here for the library are wiped. A library that lacks a needed function is refused at loading; what is
 * optional (the maker's SKFX_*, SKF_ECCPrvKeyDecrypt) is refused when asked for. One hf_token is for one thread; a lib
 * may be shared when the library itself is thread-safe (ours is).
 *
 * Errors name the call, the device, the SAR code by name, and what to do. Codes: HF_E_DENIED (PIN, permission),
 * HF_E_MISSING (device, application, container, key, certificate, file), HF_E_EXISTS, HF_E_INPUT (what was given to the
 * token is not what it must be), HF_E_LIMIT (no room), HF_E_DEVICE (all else, a removed token included).
 */
#ifndef HUFU_SKF_TOKEN_H
#define HUFU_SKF_TOKEN_H

#include "base/buf.h"
#include "crypto/sm2.h"

struct hf_token_lib;
struct hf_token;

/* path as dlopen(3) takes it. Errors: HF_E_DEVICE (no such library, or a function of GM/T 0016 is missing in it). */
HF_MUST_USE bool hf_token_lib_open(const char *path, struct hf_token_lib **out, struct hf_err *err);
/* After all its tokens are closed. NULL is fine. */
void hf_token_lib_close(struct hf_token_lib *lib);
/* Can this library make tokens (hf_token_create), open ciphertexts directly (hf_token_decrypt)? */
bool hf_token_lib_makes(const struct hf_token_lib *lib);
bool hf_token_lib_decrypts(const struct hf_token_lib *lib);

/* Appends each device's name and a NUL. */
HF_MUST_USE bool hf_token_list(const struct hf_token_lib *lib, struct hf_buf *names, struct hf_err *err);

struct hf_token_new {
	const char *device; /* also its folder */
	const char *label;
	uint8_t auth_key[16]; /* of the device: whoever has it may make and delete applications */
	uint32_t iterations;  /* of PBKDF2; 0: the library's default */
	const char *application;
	struct hf_bytes admin_pin, user_pin;
	uint32_t admin_tries, user_tries; /* 0: 10 */
};

/*
 * A new software token with one application. Repeating it after a crash finishes what was begun; HF_E_EXISTS when the
 * application is there. HF_E_DEVICE "this library cannot make tokens" for all libraries without SKFX_CreateDevice.
 */
HF_MUST_USE bool hf_token_create(const struct hf_token_lib *lib, const struct hf_token_new *what, struct hf_err *err);
/* Deletes a software token with all its keys. */
HF_MUST_USE bool hf_token_destroy(
	const struct hf_token_lib *lib, const char *device, const uint8_t auth_key[16], struct hf_err *err);

/*
 * Connects, opens the application, and gives the user PIN (none when pin.len is 0: public things only). lib is
 * borrowed. Errors: HF_E_DENIED with the tries left; the token is not opened.
 */
HF_MUST_USE bool hf_token_open(const struct hf_token_lib *lib, const char *device, const char *application,
	struct hf_bytes pin, struct hf_token **out, struct hf_err *err);
/* Logs out and disconnects. NULL is fine. */
void hf_token_close(struct hf_token *token);

struct hf_token_info {
	char label[33], serial[33], manufacturer[65];
	int hardware_major, hardware_minor, firmware_major, firmware_minor;
	uint32_t user_tries, user_tries_max, admin_tries, admin_tries_max;
	bool first_user_pin; /* not changed since the token was made */
};

HF_MUST_USE bool hf_token_info(struct hf_token *token, struct hf_token_info *out, struct hf_err *err);
/* Either PIN; the right old one is needed. */
HF_MUST_USE bool hf_token_change_pin(
	struct hf_token *token, bool admin, struct hf_bytes old_pin, struct hf_bytes new_pin, struct hf_err *err);
/* A new user PIN, by the administrator's. */
HF_MUST_USE bool hf_token_unblock(
	struct hf_token *token, struct hf_bytes admin_pin, struct hf_bytes new_pin, struct hf_err *err);
HF_MUST_USE bool hf_token_random(struct hf_token *token, void *out, size_t len, struct hf_err *err);

/* --- containers --- */

enum hf_token_use { HF_TOKEN_SIGN, HF_TOKEN_ENC };

/* Appends each container's name and a NUL. */
HF_MUST_USE bool hf_token_containers(struct hf_token *token, struct hf_buf *names, struct hf_err *err);
/*
 * A signing pair in a container, which is made unless it is there without one. HF_E_EXISTS: it has a signing pair,
 * which is not touched (ask hf_token_public: a caller that was interrupted goes on with that).
 */
HF_MUST_USE bool hf_token_make_pair(
	struct hf_token *token, const char *container, uint8_t pub[HF_SM2_POINT], struct hf_err *err);
/* HF_E_MISSING: no such container, or no such key in it. */
HF_MUST_USE bool hf_token_public(struct hf_token *token, const char *container, enum hf_token_use use,
	uint8_t pub[HF_SM2_POINT], struct hf_err *err);
HF_MUST_USE bool hf_token_delete_container(struct hf_token *token, const char *container, struct hf_err *err);

/* Over e = SM3(Z ‖ message) with the default distinguishing id (GM/T 0009 clause 10), then over a given e. */
HF_MUST_USE bool hf_token_sign_message(struct hf_token *token, const char *container, struct hf_bytes message,
	uint8_t sig[HF_SM2_SIG], struct hf_err *err);
HF_MUST_USE bool hf_token_sign_digest(struct hf_token *token, const char *container, const uint8_t e[HF_SM3_LEN],
	uint8_t sig[HF_SM2_SIG], struct hf_err *err);

/* HF_E_INPUT: the certificate does not hold the public key of the container's pair for this use. */
HF_MUST_USE bool hf_token_import_cert(
	struct hf_token *token, const char *container, enum hf_token_use use, struct hf_bytes der, struct hf_err *err);
/* Appends. HF_E_MISSING: none is there. */
HF_MUST_USE bool hf_token_export_cert(
	struct hf_token *token, const char *container, enum hf_token_use use, struct hf_buf *der, struct hf_err *err);

/* Where a vendor's token looks for the 32 encrypted octets in the envelope's 64-octet field (GM/T 0016 6.4.10). */
enum hf_token_place {
	HF_TOKEN_PLACE_END,   /* as ECCPRIVATEKEYBLOB holds the scalar: zeros in front. Ours takes either */
	HF_TOKEN_PLACE_START, /* zeros behind */
};

#define HF_TOKEN_KEY_CIPHER (HF_SM2_CIPHER_EXTRA + 16)

struct hf_token_envelope {
	uint8_t enc_priv[HF_SM2_SCALAR];         /* the scalar under the SM4 key, ECB, no padding */
	uint8_t key_cipher[HF_TOKEN_KEY_CIPHER]; /* the SM4 key under the container's signing public key */
	uint8_t pub[HF_SM2_POINT];               /* of the pair that comes */
	enum hf_token_place place;
};

/* The encryption pair. HF_E_INPUT: not for this container's signing key, or not the private key of pub. */
HF_MUST_USE bool hf_token_import_pair(
	struct hf_token *token, const char *container, const struct hf_token_envelope *envelope, struct hf_err *err);

enum hf_token_cipher { HF_TOKEN_SM4_ECB, HF_TOKEN_SM4_CBC };

struct hf_token_sealed {
	uint8_t key_cipher[HF_TOKEN_KEY_CIPHER]; /* the SM4 key under the container's encryption public key */
	enum hf_token_cipher cipher;
	uint8_t iv[16]; /* CBC */
	bool padded;    /* PKCS#5 */
	struct hf_bytes data;
};

/*
 * Opens what was encrypted to the container: the key is imported as a session key, the data are decrypted in the token.
 * Appends to plain. HF_E_INPUT: not for this key, or changed.
 */
HF_MUST_USE bool hf_token_open_sealed(struct hf_token *token, const char *container,
	const struct hf_token_sealed *sealed, struct hf_buf *plain, struct hf_err *err);
/* SM2 decryption with the encryption key, where the library has SKF_ECCPrvKeyDecrypt. in is C1 ‖ C3 ‖ C2. Appends. */
HF_MUST_USE bool hf_token_decrypt(
	struct hf_token *token, const char *container, struct hf_bytes in, struct hf_buf *plain, struct hf_err *err);

/* --- files --- */

/* Makes the file (the holder reads and writes it), or replaces one of the same size; another size is made anew. */
HF_MUST_USE bool hf_token_file_put(
	struct hf_token *token, const char *name, struct hf_bytes content, struct hf_err *err);
/* Appends. */
HF_MUST_USE bool hf_token_file_get(struct hf_token *token, const char *name, struct hf_buf *out, struct hf_err *err);

#endif
