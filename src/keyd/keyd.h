/*
 * keyd: one service's device process, without its process. It has the SDF library, the keys' access codes, the policy
 * and the ledger, and offers struct hf_dev. The daemon (cmd/keyd.c) puts it behind a channel (serve.h); the
 * initialisation and tests use it in process.
 *
 *     sign: policy of every message ─► ledger (one durable write) ─► SDF, as one batch
 *
 * A folder (<home>/keyd-SERVICE) holds: device/ (libhufusdf.so's), pins (access codes, 0600), policy.der, ledger.
 * A KM's device must generate and re-wrap inside (sdfx.h); with a library that lacks it, opening is refused.
 */
#ifndef HUFU_KEYD_KEYD_H
#define HUFU_KEYD_KEYD_H

#include "keyd/ledger.h"
#include "keyd/policy.h"

#define HF_KEYD_KEYS_MAX 8

struct hf_keyd;

struct hf_keyd_options {
	const char *folder;
	const char *library; /* path of the SDF library */
	const struct hf_clock *clock;
};

/*
 * Errors: HF_E_DEVICE, HF_E_STORE, HF_E_VERIFY (ledger), HF_E_CLOCK, HF_E_INPUT (policy.der, pins). The caller frees
 * *keyd with hf_keyd_close.
 */
HF_MUST_USE bool hf_keyd_open(const struct hf_keyd_options *options, struct hf_keyd **keyd, struct hf_err *err);
void hf_keyd_close(struct hf_keyd *keyd);
/* The table of dev.h over this keyd; valid until it is closed. One thread at a time. */
struct hf_dev hf_keyd_dev(struct hf_keyd *keyd);
/* "4 keys, ledger 12", for the status line. */
void hf_keyd_status(const struct hf_keyd *keyd, char *out, size_t size);

/* How a folder is made. */
struct hf_keyd_init {
	const char *folder, *library, *service;
	unsigned iterations; /* of PBKDF2 in the software device */
	bool kek;            /* make a KEK at index 1: a KM */
	struct {
		const char *name;
		unsigned index;
		uint8_t pub[64]; /* out */
	} keys[HF_KEYD_KEYS_MAX];
	size_t num_keys;
};
/*
 * Makes the device, random access codes and the keys; fills pub. policy.der and the ledger come later, since policies
 * name certificates that need the public keys first. Errors: HF_E_DEVICE (also: the library cannot make keys: then they
 * are made with the vendor's tools), HF_E_STORE, HF_E_EXISTS.
 */
HF_MUST_USE bool hf_keyd_make(struct hf_keyd_init *init, struct hf_err *err);
/* Writes policy.der. */
HF_MUST_USE bool hf_keyd_write_policy(const char *folder, const char *service, int64_t kek,
	const struct hf_key_policy *keys, size_t num, struct hf_err *err);

#endif
