/*
 * The device as a service sees it: keys have names, and a name stands for a policy. A service hands over what it wants
 * signed, whole; it never hands over a digest. Behind the table stands keyd, in this process (at initialisation, in
 * tests) or in its own (dev/remote.h). keyd re-parses each message, checks it against the key's policy, remembers
 * certificates and CRLs in its ledger, and asks the SDF library.
 */
#ifndef HUFU_DEV_DEV_H
#define HUFU_DEV_DEV_H

#include "base/bytes.h"
#include "base/err.h"

#define HF_DEV_NAME_MAX  16          /* a key's name, NUL included: "ca", "root", "service", "audit", "km", "ocsp" */
#define HF_DEV_TBS_MAX   (64U << 20) /* octets of one message: a CRL of a million entries fits */
#define HF_DEV_BATCH_MAX 1024        /* messages, pairs or re-wraps of one call */

/* A key pair from the device; the private half only wrapped under the device's KEK. */
#define HF_DEV_WRAPPED 81
struct hf_dev_pair {
	uint8_t pub[64];
	uint8_t wrapped[HF_DEV_WRAPPED];
};

/* What the KM gives a user (GM/T 0010 SignedAndEnvelopedData, GM/T 0016 ENVELOPEDKEYBLOB), all made in the device. */
struct hf_dev_rewrap {
	struct hf_dev_pair pair;
	uint8_t recipient[64]; /* the user's signing public key */
};

struct hf_dev_envelope {
	uint8_t encrypted_key[32]; /* SM4-ECB of the private scalar, under a fresh SM4 key */
	uint8_t cipher[112];       /* SM2 of that SM4 key to the recipient: C1 (64) ‖ C3 (32) ‖ C2 (16) */
	uint8_t signature[64];     /* r ‖ s over the scalar by the naming key, default id */
};

/* One row of the ledger (design rule 5): what was about to be signed with a certificate or CRL key. */
struct hf_ledger_entry {
	uint64_t number; /* from 1, no gaps */
	int64_t at;
	bool is_crl;
	char key[HF_DEV_NAME_MAX];
	uint8_t serial[20]; /* right-aligned: the certificate's serial, or the CRL's number */
	uint8_t tbs_hash[32];
	uint8_t chain[32]; /* SM3(chain of the entry before ‖ this entry) */
};

struct hf_ledger_state {
	uint8_t id[16];
	uint64_t epoch;
	uint64_t number; /* of the last entry; 0 when there is none */
	uint8_t chain[32];
};

struct hf_dev_ops {
	bool (*public_key)(void *ctx, const char *key, uint8_t pub[64], struct hf_err *err);
	bool (*sign)(void *ctx, const char *key, const struct hf_bytes *tbs, size_t num, uint8_t (*sigs)[64],
		struct hf_err *err);
	bool (*generate)(void *ctx, size_t num, struct hf_dev_pair *pairs, struct hf_err *err);
	bool (*rewrap)(void *ctx, const char *key, const struct hf_dev_rewrap *in, size_t num,
		struct hf_dev_envelope *out, struct hf_err *err);
	bool (*ledger_state)(void *ctx, struct hf_ledger_state *state, struct hf_err *err);
	bool (*ledger_read)(void *ctx, uint64_t after, struct hf_ledger_entry *entries, size_t max, size_t *num,
		struct hf_err *err);
};

struct hf_dev {
	const struct hf_dev_ops *ops;
	void *ctx;
};

/* Errors of all: HF_E_DENIED (the policy says no; its text names the rule), HF_E_DEVICE, HF_E_PEER (keyd is away),
 * HF_E_STORE (the ledger cannot be written), HF_E_CLOCK, HF_E_MISSING (no such key), HF_E_LIMIT (num >
 * HF_DEV_BATCH_MAX). */
HF_MUST_USE bool hf_dev_public_key(const struct hf_dev *dev, const char *key, uint8_t pub[64], struct hf_err *err);
/* All or nothing: sigs is r ‖ s for each message. What is ledgered stays ledgered even if this fails. */
HF_MUST_USE bool hf_dev_sign(const struct hf_dev *dev, const char *key, const struct hf_bytes *tbs, size_t num,
	uint8_t (*sigs)[64], struct hf_err *err);
HF_MUST_USE bool hf_dev_generate(const struct hf_dev *dev, size_t num, struct hf_dev_pair *pairs, struct hf_err *err);
HF_MUST_USE bool hf_dev_rewrap(const struct hf_dev *dev, const char *key, const struct hf_dev_rewrap *in, size_t num,
	struct hf_dev_envelope *out, struct hf_err *err);
HF_MUST_USE bool hf_dev_ledger_state(const struct hf_dev *dev, struct hf_ledger_state *state, struct hf_err *err);
/* The entries behind number `after`, in order; *num < max means that no more are there. */
HF_MUST_USE bool hf_dev_ledger_read(const struct hf_dev *dev, uint64_t after, struct hf_ledger_entry *entries,
	size_t max, size_t *num, struct hf_err *err);

#endif
