/*
 * The feed: the CA's numbered, signed journal of what happened to certificates, and the only way out of the CA. It is
 * the journal "feed" of the service "ca" (audit/journal.h), written in the transaction of the act; OCSP, directory and
 * replicas read it in pages and can prove that they have all of it.
 *
 *     FeedRecord ::= CHOICE { issued [0] FeedIssued, status [1] FeedStatus, voided [2] FeedVoided,
 *                             crl [3] FeedCrl, authority [4] FeedAuthority }           (all IMPLICIT)
 *     FeedIssued ::= SEQUENCE { ca UTF8String, serial INTEGER, notBefore INTEGER, notAfter INTEGER,
 *                               certificate OCTET STRING }
 *     FeedStatus ::= SEQUENCE { ca UTF8String, serial INTEGER, state ENUMERATED { good(0), revoked(1), held(2) },
 *                               reason INTEGER, at INTEGER, invalidityDate INTEGER OPTIONAL }
 *     FeedVoided ::= SEQUENCE { ca UTF8String, serial INTEGER, at INTEGER }
 *     FeedCrl ::= SEQUENCE { ca UTF8String, shard UTF8String, number INTEGER, crl OCTET STRING }
 *     FeedAuthority ::= SEQUENCE { ca UTF8String, use UTF8String, certificate OCTET STRING }
 *
 *     FeedPage ::= SEQUENCE { frames SEQUENCE OF JournalFrame, head SignedHead OPTIONAL }
 *
 * ca is the CA's id ("root", "ca"). Times are microseconds UTC. A serial is the INTEGER of the certificate.
 *
 * A page ends at a signed head that covers its last frame, so everything in it is proven before any record is believed;
 * frames that have no head yet are not given out. A page without frames says that there is nothing newer; it carries
 * the newest head, if there is one, so that a feed that went back or forked shows.
 */
#ifndef HUFU_FEED_FEED_H
#define HUFU_FEED_FEED_H

#include "audit/journal.h"

#define HF_FEED_NAME     "feed"             /* of the journal */
#define HF_FEED_PAGE_MAX ((size_t)64 << 20) /* octets; a reader refuses more */

enum hf_feed_kind { HF_FEED_ISSUED, HF_FEED_STATUS, HF_FEED_VOIDED, HF_FEED_CRL, HF_FEED_AUTHORITY };

enum hf_feed_state { HF_FEED_GOOD, HF_FEED_REVOKED, HF_FEED_HELD };

struct hf_feed_issued {
	struct hf_bytes ca, serial;
	int64_t notBefore, notAfter;
	struct hf_bytes certificate;
};

struct hf_feed_status {
	struct hf_bytes ca, serial;
	int64_t state;  /* enum hf_feed_state */
	int64_t reason; /* CRLReason, RFC 5280 5.3.1 */
	int64_t at;
	int64_t invalidityDate;
	bool has_invalidityDate;
};

/* A serial that was used up without a certificate: never valid. */
struct hf_feed_voided {
	struct hf_bytes ca, serial;
	int64_t at;
};

struct hf_feed_crl {
	struct hf_bytes ca;
	struct hf_bytes shard; /* which of the CA's CRLs; "" for the whole */
	int64_t number;
	struct hf_bytes crl;
};

/* A certificate that readers need: use is "ca" (the CA's own), "responder" (OCSP), "feed" (who signs heads). */
struct hf_feed_authority {
	struct hf_bytes ca, use, certificate;
};

struct hf_feed_record {
	int which; /* enum hf_feed_kind */
	union {
		struct hf_feed_issued issued;
		struct hf_feed_status status;
		struct hf_feed_voided voided;
		struct hf_feed_crl crl;
		struct hf_feed_authority authority;
	};
};

struct hf_feed_page {
	struct hf_der_list frames; /* of JournalFrame */
	struct hf_bytes head;      /* a SignedHead; NULL: none */
};

extern const struct hf_der_type hf_FeedRecord, hf_FeedPage;

/* --- The CA's side ------------------------------------------------------------------------------------------------ */

/* "issued", "status", …, and "good", "revoked", "held"; "unknown" for anything else. */
const char *hf_feed_kind_name(int kind);
const char *hf_feed_state_name(int64_t state);

/* Adds a record to the feed batch of a commit, which hf_journal_append then writes with {"ca", HF_FEED_NAME}. */
HF_MUST_USE bool hf_feed_add(struct hf_journal_batch *batch, const struct hf_feed_record *record, struct hf_err *err);

/*
 * Appends to out the page of frames above after: about max_frames of them, fewer when they are large, more when no
 * signed head comes earlier. out's maximum should be HF_FEED_PAGE_MAX. Errors: HF_E_LIMIT, HF_E_STORE.
 */
HF_MUST_USE bool hf_feed_page(struct hf_tx *tx, const char *service, int64_t after, int64_t max_frames,
	struct hf_buf *out, struct hf_err *err);

/* --- The readers' side -------------------------------------------------------------------------------------------- */

/* Where a reader stands, and what it believes. Keep number and hash durably with what was built from the frames. */
struct hf_feed_reader {
	struct hf_journal journal;
	uint8_t pub[HF_SM2_POINT]; /* the CA's feed key */
	int64_t number;            /* the last frame taken; 0: none */
	uint8_t hash[HF_SM3_LEN];
};

/* service is borrowed ("ca"). hash may be NULL when number is 0. */
void hf_feed_reader_init(struct hf_feed_reader *reader, const char *service, const uint8_t pub[HF_SM2_POINT],
	int64_t number, const uint8_t *hash);

struct hf_feed_events {
	/* Each record in order; at is the frame's date. False stops the page there. */
	bool (*record)(void *ctx, int64_t number, int64_t at, const struct hf_feed_record *record, struct hf_err *err);
	/* Behind the records of each frame; may be NULL. The reader has moved to it when this is called. */
	bool (*frame)(void *ctx, int64_t number, const uint8_t hash[HF_SM3_LEN], struct hf_err *err);
	void *ctx;
};

/*
 * Takes a page. First the whole page is proven: numbers without a gap from the reader's, links, the head's signature,
 * every record's form; nothing is called if any of it is wrong. Then the events. *num (may be NULL) counts the frames
 * taken; 0 says that there is nothing newer. When an event fails, the reader stands behind the last whole frame.
 * Errors: HF_E_INPUT, HF_E_LIMIT, HF_E_VERIFY (naming the frame), and the events' own.
 */
HF_MUST_USE bool hf_feed_reader_take(struct hf_feed_reader *reader, struct hf_bytes page,
	const struct hf_feed_events *events, int64_t *num, struct hf_err *err);

#endif
