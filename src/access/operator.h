/*
 * Operators as one service knows them: id, role, certificate and public key. Each service keeps its own table; another
 * service is an operator with the role "service" and its message key.
 */
#ifndef HUFU_ACCESS_OPERATOR_H
#define HUFU_ACCESS_OPERATOR_H

#include "access/role.h"
#include "base/buf.h"
#include "crypto/sm2.h"
#include "crypto/sm3.h"
#include "store/store.h"

#define HF_OPERATOR_ID_MAX   64  /* octets: [A-Za-z0-9._-] */
#define HF_OPERATOR_NAME_MAX 128 /* octets: a line of UTF-8 */
#define HF_OPERATOR_CERT_MAX 8192

extern const struct hf_schema hf_access_schema;

struct hf_operator {
	char id[HF_OPERATOR_ID_MAX + 1];
	char name[HF_OPERATOR_NAME_MAX + 1];
	enum hf_role role;
	bool active; /* false: stopped for good or for a while */
	uint8_t pub[HF_SM2_POINT];
	uint8_t cert_hash[HF_SM3_LEN]; /* SM3 of the certificate; all zero without one */
	int64_t not_before, not_after; /* the certificate's validity */
};

/*
 * A new operator. certificate is the DER, which is only kept; pub, not_before and not_after are what the caller read
 * out of it after he had verified it. cert_hash is set by this call. HF_BYTES_NONE: a key without certificate yet.
 * Errors: HF_E_INPUT, HF_E_EXISTS (the id; the key of another operator: one person, one role), HF_E_STORE.
 */
HF_MUST_USE bool hf_operator_add(
	struct hf_tx *tx, const struct hf_operator *op, struct hf_bytes certificate, struct hf_err *err);
/* Errors: HF_E_MISSING, HF_E_STORE. */
HF_MUST_USE bool hf_operator_load(struct hf_tx *tx, const char *id, struct hf_operator *op, struct hf_err *err);
HF_MUST_USE bool hf_operator_certificate(struct hf_tx *tx, const char *id, struct hf_buf *der, struct hf_err *err);
/* Stops or starts. Errors: HF_E_MISSING, HF_E_STATE (it is so already). */
HF_MUST_USE bool hf_operator_set_active(struct hf_tx *tx, const char *id, bool active, struct hf_err *err);
/* By id. fn fails to stop. */
HF_MUST_USE bool hf_operator_list(struct hf_tx *tx,
	bool (*fn)(void *ctx, const struct hf_operator *op, struct hf_err *err), void *ctx, struct hf_err *err);

#endif
