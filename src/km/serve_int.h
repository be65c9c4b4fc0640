/*
 * A batch of CARequests on its way through the stages of km.h's picture.
 */
#ifndef HUFU_KM_SERVE_INT_H
#define HUFU_KM_SERVE_INT_H

#include "km/km_int.h"

/* One Request of a message, and how it is answered. */
struct km_item {
	struct hf_km_ask ask;
	enum hf_km_error error; /* not HF_KM_ERR_NONE: refused */
	bool taken, revoked;    /* decided by this call, not by one before a crash: T1 audits it */
	struct hf_dev_pair pair;
	struct hf_dev_envelope envelope;
};

enum km_stage {
	KM_OPEN,    /* on its way */
	KM_KNOWN,   /* answered before: job->respond holds it */
	KM_REFUSED, /* job->err */
};

struct km_work {
	struct hf_km_job *job;
	enum km_stage stage;
	bool parsed;
	struct hf_km_message message;
	char number[HF_KM_TASK_TEXT_MAX]; /* taskNO, for people */
	uint8_t hash[HF_SM3_LEN];         /* of the KSRequest */
	struct km_peer peer;
	bool known_peer;
	struct km_item *items;
	size_t num;
	struct hf_buf tbs, respond;
};

struct km_batch {
	struct hf_km *km;
	int64_t now;
	struct km_work works[HF_KM_JOBS_MAX];
	size_t num;
	struct hf_journal_batch audit;
	bool short_of_pairs; /* T1 found too few */
};

/* Ends this message with the error. Returns false. */
bool hf_km_work_refuse(struct km_work *w, const struct hf_err *why);
/* Does this item carry a key in its answer? */
bool hf_km_item_gives(const struct km_item *item);

/* decide.c: T1 for one message. False: the transaction failed; what is wrong with the message is the message's. */
bool hf_km_decide(struct hf_tx *tx, struct km_batch *b, struct km_work *w, struct hf_err *err);
/* One audit record of an item. why NULL: done. */
bool hf_km_note_item(struct km_batch *b, const struct km_work *w, const struct km_item *item, const struct hf_err *why,
	struct hf_err *err);

/* respond.c: the device's part. Messages that it fails are refused. */
void hf_km_rewrap_all(struct km_batch *b);
void hf_km_sign_all(struct km_batch *b);

#endif
