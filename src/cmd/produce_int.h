/*
 * One production between one token and the RA (produce.h); produce.c drives many of these.
 *
 *     open token → hf_made_ask (PKCS#10, POST csr, check) → hf_made_import → hf_made_confirm (receipt)
 */
#ifndef HUFU_CMD_PRODUCE_INT_H
#define HUFU_CMD_PRODUCE_INT_H

#include "cmd/produce.h"

#define HF_MADE_CHAIN 4 /* certificates above the subject's */

struct hf_made {
	/* given */
	const struct hf_client *client;
	struct hf_http_client *http;
	const char *id, *ticket, *container;
	struct hf_bytes subject;   /* of the claim: Name */
	const struct hf_cert *ca;  /* that must have issued */
	struct hf_token *token;    /* logged in */
	uint8_t pub[HF_SM2_POINT]; /* of its signing pair */

	/* made */
	struct hf_buf csr, sign_der, enc_der, envelope, chain[HF_MADE_CHAIN];
	size_t num_chain;
	uint8_t enc_public[HF_SM2_POINT];
	struct hf_cert sign_cert, enc_cert; /* views into the buffers */
	int64_t issue_us;
};

void hf_made_init(struct hf_made *made);
void hf_made_clear(struct hf_made *made);
/* The certification request, its answer, and whether it is what was asked for. Errors: HF_E_VERIFY, … */
HF_MUST_USE bool hf_made_ask(struct hf_made *made, struct hf_err *err);
/* Both certificates and the pair into the token. */
HF_MUST_USE bool hf_made_import(struct hf_made *made, struct hf_err *err);
/* The receipt. */
HF_MUST_USE bool hf_made_confirm(struct hf_made *made, struct hf_err *err);

/* Are these two what the CA was asked for? (For tests.) Errors: HF_E_VERIFY. */
HF_MUST_USE bool hf_made_check(const struct hf_made *made, struct hf_err *err);
/* What the receipt signs (the protocol's HUFU-RECEIPT-1). */
HF_MUST_USE bool hf_receipt_text(
	const struct hf_made *made, const char *token, const char *at, struct hf_buf *out, struct hf_err *err);

#endif
