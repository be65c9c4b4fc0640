/*
 * Is a journal whole? The verifier is fed with the frames in order and with the signed heads behind the frames they
 * name, and tells each thing that is wrong, by frame. What it cannot see by itself (the newest frames cut off together
 * with their heads) shows against a head that somebody else kept: known.
 */
#ifndef HUFU_AUDIT_JOURNAL_VERIFY_H
#define HUFU_AUDIT_JOURNAL_VERIFY_H

#include "audit/journal.h"

enum hf_journal_fault_kind {
	HF_JOURNAL_GAP,          /* frames before this one are missing */
	HF_JOURNAL_ALTERED,      /* the frame does not have the hash that is stored with it */
	HF_JOURNAL_UNREADABLE,   /* the frame is not a JournalFrame of this journal */
	HF_JOURNAL_MISPLACED,    /* the frame carries another number: moved, inserted or copied */
	HF_JOURNAL_BROKEN_LINK,  /* the frame does not follow the one before it */
	HF_JOURNAL_BAD_RECORD,   /* a record does not parse */
	HF_JOURNAL_BAD_HEAD,     /* a head does not parse, or its signature is wrong, or another key made it */
	HF_JOURNAL_HEAD_DIFFERS, /* what was signed is not what is there: the chain was rewritten up to here */
	HF_JOURNAL_TRUNCATED,    /* a signed head names a frame behind the last one */
	HF_JOURNAL_UNSIGNED,     /* frames behind the last signed head, older than they may be */
	HF_JOURNAL_NUM_FAULTS
};

/* Stable, lower case, for JSON: "gap", "altered", … */
const char *hf_journal_fault_name(enum hf_journal_fault_kind kind);

struct hf_journal_fault {
	enum hf_journal_fault_kind kind;
	int64_t number;   /* of the frame (or head) */
	const char *text; /* what was expected and what is there */
};

struct hf_journal_verify_options {
	const struct hf_journal *journal;
	const uint8_t *pub; /* 64 octets: whose heads count */
	/* Frames dated later than this may still be without a head (now - 1 s for a live service). */
	int64_t unsigned_since;
	int64_t known_number; /* a head that was kept elsewhere; 0: none */
	uint8_t known_hash[HF_SM3_LEN];
	/* May be NULL: looks into each record. */
	bool (*record)(void *ctx, struct hf_bytes record, struct hf_err *err);
	void (*report)(void *ctx, const struct hf_journal_fault *fault);
	void *ctx;
};

struct hf_journal_verifier {
	const struct hf_journal_verify_options *options;
	int64_t number, at;       /* of the last frame; 0: none yet */
	uint8_t hash[HF_SM3_LEN]; /* that the next frame must name */
	bool hash_known;          /* false behind a frame that is itself reported: one fault, one report */
	int64_t signed_number;    /* the last frame under a good head */
	int64_t unsigned_at;      /* the date of the first frame behind it */
	int64_t truncated_at;     /* the highest head behind the last frame */
	uint64_t num_records, num_heads, num_faults;
};

void hf_journal_verifier_init(struct hf_journal_verifier *v, const struct hf_journal_verify_options *options);
void hf_journal_verifier_frame(struct hf_journal_verifier *v, const struct hf_journal_row *row);
/* der: a SignedHead, for a frame that has been given; number: where it was stored. */
void hf_journal_verifier_head(struct hf_journal_verifier *v, int64_t number, struct hf_bytes der);
/* Behind the last frame and head. True when nothing was wrong; otherwise HF_E_VERIFY with the count. */
HF_MUST_USE bool hf_journal_verifier_end(struct hf_journal_verifier *v, struct hf_err *err);

/*
 * The whole journal of a store, page by page, so that the service goes on meanwhile. v is left as the verifier ended.
 * Errors: HF_E_VERIFY (faults were reported), HF_E_STORE (it could not be read).
 */
HF_MUST_USE bool hf_journal_verify(struct hf_store *store, const struct hf_journal_verify_options *options,
	struct hf_journal_verifier *v, struct hf_err *err);

#endif
