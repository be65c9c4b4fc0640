/*
 * Production (制证) at the workstation: where an approved application becomes two certificates in a token.
 *
 *     claim (signed by 制证员) ─► ticket, subject                    for all that are given, in groups
 *     then, many at a time, each with its own token and connection:
 *        token: make or open ─► signing pair ─► PKCS#10, signed by the token
 *        POST csr ─► both certificates, chain, envelope               the CA and the KM work behind this one answer
 *        verify: keys ours, issuer = <home>/ca.crt, subject = the claim's, keyUsage of each kind
 *        token: import signing certificate ─► import pair from the envelope ─► import encryption certificate
 *        POST receipt, signed by the new key ─► installed
 *
 * Each step may be repeated: whoever was killed runs the same again, gets new tickets, and finds the same keys in the
 * tokens and the same certificates at the RA.
 */
#ifndef HUFU_CMD_PRODUCE_H
#define HUFU_CMD_PRODUCE_H

#include "cmd/client.h"
#include "x509/decode.h"

#define HF_PRODUCE_ID_MAX      65
#define HF_PRODUCE_JOBS        16
#define HF_PRODUCE_JOBS_MAX    256
#define HF_PRODUCE_PATIENCE_MS 60000 /* how long a service may stay away */
#define HF_PRODUCE_ANSWER_MS   60000 /* how long one answer may take */

/* What there is of one production while its files may be kept. Views, for the time of the callback. */
struct hf_produced {
	const char *id;
	struct hf_bytes csr, sign_cert, enc_cert, envelope; /* DER */
	const struct hf_bytes *chain;                       /* DER: CA first */
	size_t num_chain;
	uint8_t enc_public[HF_SM2_POINT];
};

struct hf_produce_result {
	char id[HF_PRODUCE_ID_MAX];
	bool issued;       /* the certificates are here */
	bool installed;    /* and in the token, and the RA has the receipt */
	struct hf_err err; /* why it is not installed */
	char sign_serial[HF_SERIAL_TEXT_MAX], enc_serial[HF_SERIAL_TEXT_MAX]; /* "" before issuing */
	char device[HF_DESK_DEVICE_MAX];
	int64_t issue_us; /* from sending the request to its answer */
};

struct hf_produce {
	size_t jobs; /* 0: HF_PRODUCE_JOBS */
	/* May be NULL. Called after each one, one call at a time. */
	void (*progress)(void *ctx, size_t done, size_t total, int64_t elapsed_us);
	/* May be NULL. Called when the token has everything, before the receipt, one call at a time. */
	bool (*keep)(void *ctx, const struct hf_produced *produced, struct hf_err *err);
	void *ctx;
	/* A token that is at hand already instead of software tokens, for one id; logged in. NULL: software tokens. */
	struct hf_token *token;
	const char *token_device, *container;
};

struct hf_produce_sum {
	size_t issued, installed, failed;
	int64_t elapsed_us; /* from the first claim to the last receipt */
};

/*
 * Produces num applications; results[i] belongs to ids[i]. client's operator (a 制证员) signs the claims. False only
 * when nothing could be tried at all (home's ca.crt, the token library, no claim was answered); otherwise each result
 * says how it ended. An application that is installed already is an error of its own (HF_E_STATE).
 */
HF_MUST_USE bool hf_produce(struct hf_client *client, const struct hf_produce *how, const char *const *ids, size_t num,
	struct hf_produce_result *results, struct hf_produce_sum *sum, struct hf_err *err);

#endif
