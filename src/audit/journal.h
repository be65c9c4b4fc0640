/*
 * A journal: what a service did, one numbered frame a commit, each frame chained to the one before it by SM3, written
 * inside the transaction whose acts it tells. So: no act without its record, no record of an act that did not happen.
 *
 *     frame 1            frame 2            frame 3
 *     previous 00…00  ┌─ previous        ┌─ previous
 *     records…        │  records…        │  records…
 *     SM3(frame) ─────┘  SM3(frame) ─────┘  SM3(frame) ── head, signed after the commit by the service's timer
 *
 *     JournalFrame ::= SEQUENCE { version INTEGER (1), service UTF8String, name UTF8String, number INTEGER, at INTEGER,
 *                                 previous OCTET STRING, records SEQUENCE OF ANY }
 *     JournalHead ::= SEQUENCE { version INTEGER (1), service UTF8String, name UTF8String, number INTEGER,
 *                                hash OCTET STRING, at INTEGER }
 *     SignedHead ::= SEQUENCE { head JournalHead, signer OCTET STRING, signature OCTET STRING }
 *
 * number counts from 1 without holes; at is microseconds UTC; hash = SM3 of the DER of the frame; signature is SM2 over
 * the DER of the head with the default id (GM/T 0009 10), r ‖ s; signer is SM3 of the 64-octet public key. One database
 * holds several journals, told apart by their names: "audit" (audit.h), "feed" (feed/feed.h).
 */
#ifndef HUFU_AUDIT_JOURNAL_H
#define HUFU_AUDIT_JOURNAL_H

#include "crypto/sm2.h"
#include "crypto/sm3.h"
#include "der/der.h"
#include "store/store.h"

#define HF_JOURNAL_BATCH_MAX ((size_t)16 << 20) /* octets of the records of one frame */
#define HF_JOURNAL_HEAD_MAX  512                /* octets of a signed head */

extern const struct hf_schema hf_journal_schema;

/* Which journal. Both texts are borrowed. */
struct hf_journal {
	const char *service; /* "ca", "ra", "km", "ocsp" */
	const char *name;    /* "audit", "feed" */
};

struct hf_journal_frame {
	int64_t version;
	struct hf_bytes service, name;
	int64_t number, at;
	struct hf_bytes previous;
	struct hf_der_list records; /* of hf_der_Any */
};

struct hf_journal_head {
	int64_t version;
	struct hf_bytes service, name;
	int64_t number;
	struct hf_bytes hash;
	int64_t at;
};

struct hf_signed_head {
	struct hf_bytes head; /* the DER of the JournalHead */
	struct hf_bytes signer, signature;
};

extern const struct hf_der_type hf_JournalFrame, hf_JournalHead, hf_SignedHead;

/* --- Writing ---------------------------------------------------------------------------------------------------- */

/*
 * The records of one commit, collected before it. An _add that fails marks the batch: it can then not be appended, and
 * so the transaction that needs it cannot commit (fail closed).
 */
struct hf_journal_batch {
	struct hf_buf content;
	size_t num;
};

void hf_journal_batch_init(struct hf_journal_batch *batch);
void hf_journal_batch_clear(struct hf_journal_batch *batch);
/* Empties it for the next commit (or the next run of the same transaction). */
void hf_journal_batch_reset(struct hf_journal_batch *batch);
HF_MUST_USE bool hf_journal_batch_add(
	struct hf_journal_batch *batch, const struct hf_der_type *type, const void *record, struct hf_err *err);

/*
 * Appends the batch as one frame; number (may be NULL) is set to the frame's. The frame is there when the transaction
 * is. Errors: HF_E_INTERNAL (an empty or failed batch), HF_E_STORE.
 */
HF_MUST_USE bool hf_journal_append(struct hf_tx *tx, const struct hf_journal *journal, int64_t at,
	const struct hf_journal_batch *batch, int64_t *number, struct hf_err *err);

/*
 * Has the last frame no signed head yet? Then *due is true and der gets the JournalHead to sign, dated at. The service
 * asks within a second after a commit, signs der outside any transaction with its audit (feed) key, and puts it.
 */
HF_MUST_USE bool hf_journal_head_due(struct hf_tx *tx, const struct hf_journal *journal, int64_t at, bool *due,
	struct hf_buf *der, struct hf_err *err);
/*
 * Keeps the signed head. The signature is verified first; the head must be this journal's and match its frame. A head
 * whose number has one already is accepted and changes nothing.
 * Errors: HF_E_VERIFY, HF_E_INPUT, HF_E_STORE.
 */
HF_MUST_USE bool hf_journal_head_put(struct hf_tx *tx, const struct hf_journal *journal, struct hf_bytes der,
	const uint8_t signature[HF_SM2_SIG], const uint8_t pub[HF_SM2_POINT], struct hf_err *err);

/* --- Reading ---------------------------------------------------------------------------------------------------- */

/* A frame as it is stored; views last as long as the callback that gets it. */
struct hf_journal_row {
	int64_t number, at;
	struct hf_bytes previous, hash, frame;
};

/* number is 0 and hash all zero when there is no frame yet. */
HF_MUST_USE bool hf_journal_last(struct hf_tx *tx, const struct hf_journal *journal, int64_t *number,
	uint8_t hash[HF_SM3_LEN], struct hf_err *err);

/*
 * Calls fn for each frame with a number above after, in order, at most max of them. fn returns false to stop: with err
 * filled to fail, with err->code HF_OK to have had enough.
 */
HF_MUST_USE bool hf_journal_read(struct hf_tx *tx, const struct hf_journal *journal, int64_t after, int64_t max,
	bool (*fn)(void *ctx, const struct hf_journal_row *row, struct hf_err *err), void *ctx, struct hf_err *err);

/* Decodes a frame and checks that it is this journal's. Errors: HF_E_INPUT. */
HF_MUST_USE bool hf_journal_frame_decode(
	const struct hf_journal *journal, struct hf_bytes der, struct hf_journal_frame *frame, struct hf_err *err);

/*
 * The first (newest false) or last (newest true) signed head with a number above after, as the DER of a SignedHead;
 * *number is 0 when there is none.
 */
HF_MUST_USE bool hf_journal_head_get(struct hf_tx *tx, const struct hf_journal *journal, int64_t after, bool newest,
	int64_t *number, struct hf_buf *der, struct hf_err *err);

/* Decodes a SignedHead, checks that it is this journal's and that pub signed it. Errors: HF_E_INPUT, HF_E_VERIFY. */
HF_MUST_USE bool hf_journal_head_verify(const struct hf_journal *journal, struct hf_bytes der,
	const uint8_t pub[HF_SM2_POINT], struct hf_journal_head *head, struct hf_err *err);

#endif
