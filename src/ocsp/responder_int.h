/*
 * What the responder's files share.
 */
#ifndef HUFU_OCSP_RESPONDER_INT_H
#define HUFU_OCSP_RESPONDER_INT_H

#include "ocsp/lifecycle.h"
#include "ocsp/responder.h"
#include "x509/cert.h"

#include <pthread.h>
#include <stdatomic.h>

/* Whom we answer for: made from the feed's authority records. */
struct issuers {
	bool has_ca, has_root; /* has_ca: known, and our certificate is its delegation */
	struct hf_ocsp_issuer ca, root;
};

/* What one batch needs, kept from batch to batch so that no memory is asked for. */
struct work {
	struct hf_ocsp_single *singles;
	size_t num_singles, size_singles;
	struct hf_buf tbs; /* all ResponseData, one behind another */
	struct hf_bytes messages[HF_DEV_BATCH_MAX];
	uint8_t sigs[HF_DEV_BATCH_MAX][HF_SM2_SIG];
	struct hf_ocsp_job *signing[HF_DEV_BATCH_MAX];
};

/* The last complaint, so that one that lasts is logged once a minute and not once a request. */
struct said {
	char text[HF_ERR_TEXT_MAX];
	int64_t at;
};

struct hf_ocsp {
	struct hf_ocsp_options options;
	uint8_t feed_pub[HF_SM2_POINT];
	struct hf_buf cert_der;
	struct hf_cert cert;         /* the responder's; views into cert_der */
	uint8_t key_id[HF_SHA1_LEN]; /* responderID byKey */
	uint8_t key_z[HF_SM3_LEN];   /* Z of the responder's key */
	_Atomic int64_t fresh_at;    /* 0: never */
	struct hf_buf page;          /* the poll's, with what it said last */
	struct said poll_said;
	struct said disk_said;
	struct said answer_said;
	pthread_mutex_t lock; /* of issuers */
	struct issuers issuers;
	bool reload; /* the issuers may be older than the snapshot */
	struct work work;
};

/* Reads the CA certificates from the snapshot. A CA that does not fit our certificate is logged and not served. */
HF_MUST_USE bool hf_ocsp_issuers_load(struct hf_ocsp *ocsp, struct hf_err *err);
/* Can answers be given at now? *fresh is then the thisUpdate. Errors: HF_E_STATE. */
HF_MUST_USE bool hf_ocsp_ready(struct hf_ocsp *ocsp, int64_t *fresh, int64_t *now, struct hf_err *err);
/* Logs err, unless the same was said within the last minute. */
void hf_ocsp_complain(struct hf_ocsp *ocsp, struct said *said, enum hf_log_level level, const struct hf_err *err);
void hf_ocsp_count(const struct hf_ocsp *ocsp, enum hf_ocsp_metric metric, uint64_t n);

/* The feed's position; zero when nothing was taken. ctx is this struct. */
struct position {
	int64_t number;
	uint8_t hash[HF_SM3_LEN];
	int64_t fresh_at;
};
bool hf_ocsp_position_get(struct hf_tx *tx, void *ctx, struct hf_err *err);

#endif
