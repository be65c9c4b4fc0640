/*
 * A lane is one worker thread with a queue, made so that work that waits at the same moment is done together:
 *
 *     put  a a b a ──► [ a a b a ] ──► the worker takes ALL that waits (up to batch_max)
 *                                      and serves neighbours of one kind as one group: (a a) (b) (a)
 *
 * A lonely job is taken at once, nobody waits for a batch to fill; while a batch is served the next one gathers. Order
 * is kept. The kind of a job is any pointer (for HTTP: its route).
 *
 * hf_lane_stop ends it: every job that was put is either served or given to refuse(), exactly once.
 */
#ifndef HUFU_NET_LANE_H
#define HUFU_NET_LANE_H

#include "base/err.h"

#include <stddef.h>

/* Put it into the caller's own struct. The lane owns neither; a job is in one lane at a time. */
struct hf_lane_job {
	struct hf_lane_job *next;
	const void *kind;
};

struct hf_lane_opts {
	const char *name; /* of the thread, at most 15 characters */
	size_t queue_max; /* jobs that may wait; 0: 1024 */
	size_t batch_max; /* jobs taken at once; 0: 256 */
	void *ctx;
	/* In the worker thread. From here on the jobs are the callee's. */
	void (*serve)(void *ctx, const void *kind, struct hf_lane_job *const *jobs, size_t num);
	/* In the thread that stops: a job that will not be served. */
	void (*refuse)(void *ctx, struct hf_lane_job *job);
};

struct hf_lane;

/* No thread yet: hf_lane_start makes it (after the jail), all signals blocked in it. */
struct hf_lane *hf_lane_new(const struct hf_lane_opts *opts);
HF_MUST_USE bool hf_lane_start(struct hf_lane *lane, struct hf_err *err);
/* From any thread. False when the queue is full or the lane stops: the job stays the caller's. */
HF_MUST_USE bool hf_lane_put(struct hf_lane *lane, struct hf_lane_job *job, const void *kind);
/* How many wait now (without the batch that is being served). */
size_t hf_lane_waiting(struct hf_lane *lane);
/* Takes no more; serves what waits (drain) or refuses it; returns when the worker has ended. Twice is fine. */
void hf_lane_stop(struct hf_lane *lane, bool drain);
/* Stops (without draining) if that has not happened. NULL is fine. */
void hf_lane_free(struct hf_lane *lane);

#endif
