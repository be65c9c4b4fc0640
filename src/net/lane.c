#include "net/lane.h"

#include "base/alloc.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE_MAX 1024
#define BATCH_MAX 256

struct hf_lane {
	struct hf_lane_opts opts;
	char name[16];
	struct hf_lane_job **batch; /* the worker's */
	bool started;
	pthread_t thread;
	pthread_mutex_t lock; /* over what follows */
	pthread_cond_t work;
	struct hf_lane_job *head, **end;
	size_t waiting;
	bool stopping;
};

struct hf_lane *hf_lane_new(const struct hf_lane_opts *opts)
{
	struct hf_lane *lane = hf_alloc(1, sizeof(*lane));

	lane->opts = *opts;
	if (!lane->opts.queue_max)
		lane->opts.queue_max = QUEUE_MAX;
	if (!lane->opts.batch_max)
		lane->opts.batch_max = BATCH_MAX;
	lane->end = &lane->head;
	lane->batch = hf_alloc(lane->opts.batch_max, sizeof(struct hf_lane_job *));
	for (size_t i = 0; opts->name && opts->name[i] && i < sizeof(lane->name) - 1; i++)
		lane->name[i] = opts->name[i];
	(void)pthread_mutex_init(&lane->lock, NULL);
	(void)pthread_cond_init(&lane->work, NULL);
	return lane;
}

/* With the lock held: up to max jobs, in order, into lane->batch. */
static size_t take(struct hf_lane *lane, size_t max)
{
	size_t num = 0;

	while (lane->head && num < max) {
		struct hf_lane_job *job = lane->head;

		lane->head = job->next;
		job->next = NULL;
		lane->batch[num++] = job;
	}
	if (!lane->head)
		lane->end = &lane->head;
	lane->waiting -= num;
	return num;
}

static void serve_groups(struct hf_lane *lane, size_t num)
{
	size_t from = 0;

	while (from < num) {
		/* Read before serve(): afterwards the job may be gone. */
		const void *kind = lane->batch[from]->kind;
		size_t to = from + 1;

		while (to < num && lane->batch[to]->kind == kind)
			to++;
		lane->opts.serve(lane->opts.ctx, kind, lane->batch + from, to - from);
		from = to;
	}
}

static void *work(void *arg)
{
	struct hf_lane *lane = arg;

	for (;;) {
		size_t num;

		(void)pthread_mutex_lock(&lane->lock);
		while (!lane->head && !lane->stopping)
			(void)pthread_cond_wait(&lane->work, &lane->lock);
		num = take(lane, lane->opts.batch_max);
		(void)pthread_mutex_unlock(&lane->lock);
		if (!num)
			return NULL;
		serve_groups(lane, num);
	}
}

bool hf_lane_start(struct hf_lane *lane, struct hf_err *err)
{
	sigset_t all, old;
	int rc;

	HF_ASSERT(!lane->started);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&lane->thread, NULL, work, lane);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc)
		return hf_fail(err, HF_E_LIMIT, "lane %s: cannot start its thread: %s", lane->name, strerror(rc));
	if (lane->name[0])
		(void)pthread_setname_np(lane->thread, lane->name);
	lane->started = true;
	return true;
}

bool hf_lane_put(struct hf_lane *lane, struct hf_lane_job *job, const void *kind)
{
	bool ok = false;

	job->next = NULL;
	job->kind = kind;
	(void)pthread_mutex_lock(&lane->lock);
	if (!lane->stopping && lane->waiting < lane->opts.queue_max) {
		*lane->end = job;
		lane->end = &job->next;
		lane->waiting++;
		ok = true;
		(void)pthread_cond_signal(&lane->work);
	}
	(void)pthread_mutex_unlock(&lane->lock);
	return ok;
}

size_t hf_lane_waiting(struct hf_lane *lane)
{
	size_t num;

	(void)pthread_mutex_lock(&lane->lock);
	num = lane->waiting;
	(void)pthread_mutex_unlock(&lane->lock);
	return num;
}

void hf_lane_stop(struct hf_lane *lane, bool drain)
{
	struct hf_lane_job *left = NULL;

	(void)pthread_mutex_lock(&lane->lock);
	lane->stopping = true;
	if (!drain || !lane->started) {
		left = lane->head;
		lane->head = NULL;
		lane->end = &lane->head;
		lane->waiting = 0;
	}
	(void)pthread_cond_signal(&lane->work);
	(void)pthread_mutex_unlock(&lane->lock);
	while (left) {
		struct hf_lane_job *job = left;

		left = job->next;
		job->next = NULL;
		lane->opts.refuse(lane->opts.ctx, job);
	}
	if (lane->started)
		(void)pthread_join(lane->thread, NULL);
	lane->started = false;
}

void hf_lane_free(struct hf_lane *lane)
{
	if (!lane)
		return;
	hf_lane_stop(lane, false);
	(void)pthread_cond_destroy(&lane->work);
	(void)pthread_mutex_destroy(&lane->lock);
	free(lane->batch);
	free(lane);
}
