/*
 * The OCSP responder's work, without network and without keys (RFC 6960, RFC 5019).
 *
 *     cad ── FeedPage ──► hf_ocsp_feed_take ──► snapshot (one transaction: records + position)
 *                                                   │
 *     requests that wait together ──► hf_ocsp_answer_batch: parse ─► one read ─► ResponseData ─► one signing batch
 *
 * The feed is the only source (design rule 9). Its signer's public key is <folder>/feed.pub, written at initialisation:
 * 128 hex digits and a line feed; it is never learnt from the network. A page with a gap, a wrong link, a wrong
 * signature or a record that contradicts the snapshot is not taken, not even in part.
 *
 * How old may an answer be (design rule 15)? The snapshot is known to be complete as of fresh_at: the time of the
 * signed head of the last page that brought frames, or the time at which the question was sent that was answered with
 * "nothing newer". Answers say thisUpdate = fresh_at and nextUpdate = fresh_at + minutes, in whole seconds, and from
 * then on the responder says tryLater until it hears from the CA again. fresh_at survives a restart. Note: "nothing
 * newer" carries the newest signed head, but nothing signed says that there is no newer one; that is only as good as
 * the transport, which until the gate processes stand is plain HTTP on one machine.
 *
 * What is said about a serial of the CA "ca", asked by SHA-1 or SM3:
 *
 *     issued                    good
 *     frozen                    revoked, certificateHold          (RFC 6960 2.2: revoked may be temporary)
 *     revoked                   revoked, with its reason
 *     void                      revoked, cessationOfOperation     (used up without a certificate: never valid)
 *     not in the snapshot       unknown
 *     of an issuer that is not ours (also by another hash): unknown, since RFC 6960 2.2 defines it so, and one foreign
 *     CertID must not spoil the answers beside it
 *     of the root: the whole response is unauthorized (RFC 5019 2.2.3). Our certificate is a delegation by "ca" alone;
 *     what the root issued is read from the root's CRL, and a signed "unknown" about a CA certificate that is in use
 *     would be believed by somebody.
 *
 * Also: malformedRequest; tryLater when the snapshot is too old or empty, our certificate is not valid now, or keyd is
 * away; internalError when the database fails or a signature does not verify. The first signature of each batch is
 * verified (design rule 5).
 *
 * hf_ocsp_answer_batch is called by one thread at a time, hf_ocsp_poll and hf_ocsp_feed_take by one (another) at a
 * time, all else by any.
 */
#ifndef HUFU_OCSP_RESPONDER_H
#define HUFU_OCSP_RESPONDER_H

#include "base/log.h"
#include "dev/dev.h"
#include "feed/feed.h"
#include "proc/metrics.h"
#include "x509/ocsp.h"

#define HF_OCSP_KEY "ocsp" /* of keyd: signs the answers */

extern const struct hf_schema hf_ocsp_schema;

struct hf_ocsp;

/* How the CA's feed is reached: the page of frames above after. Errors: HF_E_PEER. */
struct hf_feed_port {
	bool (*fetch)(void *ctx, int64_t after, struct hf_buf *page, struct hf_err *err);
	void (*close)(void *ctx); /* called by hf_ocsp_close; may be NULL */
	void *ctx;
};

/* What is counted, in rows of the process's table from first_metric on. */
enum hf_ocsp_metric {
	HF_OCSP_M_GOOD,
	HF_OCSP_M_REVOKED,
	HF_OCSP_M_UNKNOWN,
	HF_OCSP_M_REFUSED,
	HF_OCSP_M_BATCHES,
	HF_OCSP_M_BATCHED,
	HF_OCSP_M_FEED_FRAMES,
	HF_OCSP_M_FEED_REFUSED,
	HF_OCSP_M_FEED_NUMBER,
	HF_OCSP_M_FEED_AGE,
	HF_OCSP_NUM_METRICS
};
/* clang-format off */
#define HF_OCSP_METRICS(first) \
	[(first) + HF_OCSP_M_GOOD] = {"hufu_ocsp_answers_total", "Certificates answered about, by state", \
		HF_METRIC_COUNTER, "state=\"good\""}, \
	[(first) + HF_OCSP_M_REVOKED] = {"hufu_ocsp_answers_total", "Certificates answered about, by state", \
		HF_METRIC_COUNTER, "state=\"revoked\""}, \
	[(first) + HF_OCSP_M_UNKNOWN] = {"hufu_ocsp_answers_total", "Certificates answered about, by state", \
		HF_METRIC_COUNTER, "state=\"unknown\""}, \
	[(first) + HF_OCSP_M_REFUSED] = {"hufu_ocsp_refused_total", "Requests answered with an error status", \
		HF_METRIC_COUNTER, NULL}, \
	[(first) + HF_OCSP_M_BATCHES] = {"hufu_ocsp_signing_batches_total", "Calls of the device", \
		HF_METRIC_COUNTER, NULL}, \
	[(first) + HF_OCSP_M_BATCHED] = {"hufu_ocsp_signatures_total", "Answers signed in them", \
		HF_METRIC_COUNTER, NULL}, \
	[(first) + HF_OCSP_M_FEED_FRAMES] = {"hufu_ocsp_feed_frames_total", "Frames of the feed taken", \
		HF_METRIC_COUNTER, NULL}, \
	[(first) + HF_OCSP_M_FEED_REFUSED] = {"hufu_ocsp_feed_refused_total", "Pages of the feed refused", \
		HF_METRIC_COUNTER, NULL}, \
	[(first) + HF_OCSP_M_FEED_NUMBER] = {"hufu_ocsp_feed_number", "The last frame taken", \
		HF_METRIC_GAUGE, NULL}, \
	[(first) + HF_OCSP_M_FEED_AGE] = {"hufu_ocsp_feed_age_milliseconds", \
		"Since the snapshot was known to be complete", HF_METRIC_GAUGE, NULL}
/* clang-format on */

/* All borrowed; folder only while it opens. */
struct hf_ocsp_options {
	struct hf_store *store;
	const struct hf_dev *dev; /* used from hf_ocsp_start on */
	const struct hf_clock *clock;
	const struct hf_log *log;
	const char *folder;         /* ocsp.crt (PEM or DER) and feed.pub are there */
	int64_t minutes;            /* from thisUpdate to nextUpdate */
	struct hf_feed_port feed;   /* for hf_ocsp_poll; closed by hf_ocsp_close */
	struct hf_metrics *metrics; /* may be NULL */
	size_t first_metric;
};

/*
 * Reads the two files and the snapshot. On failure the feed port is the caller's still.
 * Errors: HF_E_MISSING (not initialised), HF_E_INPUT (a file is not what it should be), HF_E_STORE.
 */
HF_MUST_USE bool hf_ocsp_open(struct hf_ocsp **ocsp, const struct hf_ocsp_options *options, struct hf_err *err);
void hf_ocsp_close(struct hf_ocsp *ocsp); /* NULL is fine */
/* Is the device's key the one of ocsp.crt? Errors: HF_E_STATE, the device's. */
HF_MUST_USE bool hf_ocsp_start(struct hf_ocsp *ocsp, struct hf_err *err);

/* ---- the feed (feed_take.c) ------------------------------------------------------------------------------------- */

/*
 * Takes a page that was asked for at asked_at: all of it durably, or nothing. *num (may be NULL) counts its frames.
 * Errors: HF_E_INPUT, HF_E_LIMIT, HF_E_VERIFY (feed/feed.h), HF_E_STATE (a record contradicts what is known),
 * HF_E_STORE. The snapshot stands as it was.
 */
HF_MUST_USE bool hf_ocsp_feed_take(
	struct hf_ocsp *ocsp, struct hf_bytes page, int64_t asked_at, int64_t *num, struct hf_err *err);
/* Asks the port and takes, until there is nothing newer. The timer's call. Errors: the port's, those of feed_take. */
HF_MUST_USE bool hf_ocsp_poll(struct hf_ocsp *ocsp, struct hf_err *err);

/* ---- answers (answer.c) ----------------------------------------------------------------------------------------- */

/* One request and its answer. */
struct hf_ocsp_job {
	struct hf_bytes request; /* in, borrowed: OCSPRequest, or whatever came */
	struct hf_buf *answer;   /* in: the OCSPResponse is appended; its maximum at least HF_OCSP_RESPONSE_MAX */

	/* out: what a cache may know */
	enum hf_ocsp_status status;
	bool has_nonce;
	bool all_known; /* no certificate was unknown */
	int64_t this_update, next_update;

	/* while it is worked on */
	struct hf_ocsp_request parsed;
	size_t first, num;      /* its part of the batch's singles */
	size_t tbs_at, tbs_len; /* its part of the batch's ResponseData */
};

/* Answers every one: what goes wrong is an error status in its answer, and in the log. */
void hf_ocsp_answer_batch(struct hf_ocsp *ocsp, struct hf_ocsp_job *jobs, size_t num);

/* ---- what else is served (responder.c) -------------------------------------------------------------------------- */

/* Appends the newest whole CRL of this CA, its certificate. Errors: HF_E_MISSING, HF_E_LIMIT, HF_E_STORE. */
HF_MUST_USE bool hf_ocsp_crl_get(struct hf_ocsp *ocsp, const char *ca, struct hf_buf *der, struct hf_err *err);
HF_MUST_USE bool hf_ocsp_cert_get(struct hf_ocsp *ocsp, const char *ca, struct hf_buf *der, struct hf_err *err);

struct hf_ocsp_crl_info {
	char ca[HF_DEV_NAME_MAX];
	int64_t number;
};
#define HF_OCSP_CRLS_MAX 16
struct hf_ocsp_state_info {
	int64_t feed_number;
	int64_t fresh_at; /* 0: never */
	struct hf_ocsp_crl_info crls[HF_OCSP_CRLS_MAX];
	size_t num_crls;
};
HF_MUST_USE bool hf_ocsp_info(struct hf_ocsp *ocsp, struct hf_ocsp_state_info *info, struct hf_err *err);

/* Would good and revoked be answered now? Does not block. Errors: HF_E_STATE, saying what is in the way. */
HF_MUST_USE bool hf_ocsp_healthy(struct hf_ocsp *ocsp, struct hf_err *err);

#endif
