#include "net/loop.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define EVENTS_PER_TURN 64

struct hf_watch {
	struct hf_watch *next;
	struct hf_loop *loop;
	int fd;
	bool closed; /* taken out; freed when no turn can hold it any more */
	void (*fn)(void *ctx, unsigned events);
	void *ctx;
};

struct hf_timer {
	struct hf_timer *next; /* in order of at */
	struct hf_loop *loop;
	bool set;
	int64_t at, period_us;
	void (*fn)(void *ctx);
	void *ctx;
};

struct post {
	struct post *next;
	void (*fn)(void *ctx);
	void *ctx;
};

struct hf_loop {
	int epoll_fd, wake_fd;
	unsigned depth; /* turns within turns */
	bool any_closed;
	struct hf_watch *watches;
	struct hf_timer *timers;
	struct post *running; /* taken from the queue, not yet run */
	atomic_bool stop;
	pthread_mutex_t lock; /* over what follows */
	struct post *posted, **posted_end;
};

bool hf_loop_new(struct hf_loop **out, struct hf_err *err)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
	struct hf_loop *loop = hf_alloc(1, sizeof(*loop));

	loop->posted_end = &loop->posted;
	(void)pthread_mutex_init(&loop->lock, NULL);
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loop->epoll_fd < 0 || loop->wake_fd < 0 ||
		epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->wake_fd, &event)) {
		hf_fail(err, HF_E_LIMIT, "event loop: cannot open its descriptors: %s", strerror(errno));
		hf_loop_free(loop);
		return false;
	}
	*out = loop;
	return true;
}

static void free_closed(struct hf_loop *loop)
{
	struct hf_watch **at = &loop->watches;

	loop->any_closed = false;
	while (*at) {
		struct hf_watch *watch = *at;

		if (!watch->closed) {
			at = &watch->next;
			continue;
		}
		*at = watch->next;
		free(watch);
	}
}

static void drop_posts(struct post *post)
{
	while (post) {
		struct post *next = post->next;

		free(post);
		post = next;
	}
}

void hf_loop_free(struct hf_loop *loop)
{
	if (!loop)
		return;
	for (struct hf_watch *watch = loop->watches; watch; watch = watch->next)
		watch->closed = true;
	free_closed(loop);
	while (loop->timers) {
		struct hf_timer *timer = loop->timers;

		loop->timers = timer->next;
		free(timer);
	}
	drop_posts(loop->running);
	drop_posts(loop->posted);
	if (loop->wake_fd >= 0)
		(void)close(loop->wake_fd);
	if (loop->epoll_fd >= 0)
		(void)close(loop->epoll_fd);
	(void)pthread_mutex_destroy(&loop->lock);
	free(loop);
}

static void wake(struct hf_loop *loop)
{
	const uint64_t one = 1;
	const int saved = errno;

	/* A full counter is as good: the loop wakes. */
	if (write(loop->wake_fd, &one, sizeof(one)) < 0)
		errno = saved;
}

void hf_loop_stop(struct hf_loop *loop)
{
	atomic_store(&loop->stop, true);
	wake(loop);
}

void hf_loop_post(struct hf_loop *loop, void (*fn)(void *ctx), void *ctx)
{
	struct post *post = hf_alloc(1, sizeof(*post));

	post->fn = fn;
	post->ctx = ctx;
	(void)pthread_mutex_lock(&loop->lock);
	const bool first = !loop->posted;
	*loop->posted_end = post;
	loop->posted_end = &post->next;
	(void)pthread_mutex_unlock(&loop->lock);
	if (first)
		wake(loop);
}

static void unlink_posts(struct post **at, void (*fn)(void *ctx), const void *ctx)
{
	while (*at) {
		struct post *post = *at;

		if (post->fn != fn || post->ctx != ctx) {
			at = &post->next;
			continue;
		}
		*at = post->next;
		free(post);
	}
}

void hf_loop_unpost(struct hf_loop *loop, void (*fn)(void *ctx), void *ctx)
{
	(void)pthread_mutex_lock(&loop->lock);
	unlink_posts(&loop->running, fn, ctx);
	unlink_posts(&loop->posted, fn, ctx);
	loop->posted_end = &loop->posted;
	while (*loop->posted_end)
		loop->posted_end = &(*loop->posted_end)->next;
	(void)pthread_mutex_unlock(&loop->lock);
}

static void run_posts(struct hf_loop *loop)
{
	struct post **end = &loop->running;

	while (*end)
		end = &(*end)->next;
	(void)pthread_mutex_lock(&loop->lock);
	*end = loop->posted;
	loop->posted = NULL;
	loop->posted_end = &loop->posted;
	(void)pthread_mutex_unlock(&loop->lock);
	while (loop->running) {
		struct post *post = loop->running;

		loop->running = post->next;
		post->fn(post->ctx);
		free(post);
	}
}

static uint32_t epoll_bits(unsigned events)
{
	return ((events & HF_LOOP_READ) ? (uint32_t)EPOLLIN : 0U) |
	       ((events & HF_LOOP_WRITE) ? (uint32_t)EPOLLOUT : 0U);
}

bool hf_loop_watch(struct hf_loop *loop, int fd, unsigned events, void (*fn)(void *ctx, unsigned events), void *ctx,
	struct hf_watch **out, struct hf_err *err)
{
	struct hf_watch *watch = hf_alloc(1, sizeof(*watch));
	struct epoll_event event = {.events = epoll_bits(events), .data.ptr = watch};

	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event)) {
		free(watch);
		return hf_fail(err, HF_E_LIMIT, "event loop: cannot watch descriptor %d: %s", fd, strerror(errno));
	}
	watch->loop = loop;
	watch->fd = fd;
	watch->fn = fn;
	watch->ctx = ctx;
	watch->next = loop->watches;
	loop->watches = watch;
	*out = watch;
	return true;
}

void hf_watch_close(struct hf_watch *watch)
{
	struct hf_loop *loop;

	if (!watch)
		return;
	loop = watch->loop;
	(void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
	watch->closed = true;
	loop->any_closed = true;
	if (!loop->depth)
		free_closed(loop);
}

struct hf_timer *hf_timer_new(struct hf_loop *loop, void (*fn)(void *ctx), void *ctx)
{
	struct hf_timer *timer = hf_alloc(1, sizeof(*timer));

	timer->loop = loop;
	timer->fn = fn;
	timer->ctx = ctx;
	return timer;
}

void hf_timer_stop(struct hf_timer *timer)
{
	struct hf_timer **at = &timer->loop->timers;

	if (!timer->set)
		return;
	while (*at != timer)
		at = &(*at)->next;
	*at = timer->next;
	timer->set = false;
}

static void insert_timer(struct hf_timer *timer, int64_t fire_at)
{
	struct hf_timer **at = &timer->loop->timers;

	timer->at = fire_at;
	while (*at && (*at)->at <= fire_at)
		at = &(*at)->next;
	timer->next = *at;
	*at = timer;
	timer->set = true;
}

void hf_timer_set(struct hf_timer *timer, int64_t delay_us, int64_t period_us)
{
	HF_ASSERT(delay_us >= 0 && period_us >= 0);
	hf_timer_stop(timer);
	timer->period_us = period_us;
	insert_timer(timer, hf_ticks() + delay_us);
}

void hf_timer_free(struct hf_timer *timer)
{
	if (!timer)
		return;
	hf_timer_stop(timer);
	free(timer);
}

static void fire_timers(struct hf_loop *loop)
{
	const int64_t now = hf_ticks();

	while (loop->timers && loop->timers->at <= now) {
		struct hf_timer *timer = loop->timers;

		hf_timer_stop(timer);
		if (timer->period_us) {
			/* Turns that were missed are not made up for. */
			const int64_t next = timer->at + timer->period_us;
			insert_timer(timer, next > now ? next : now + timer->period_us);
		}
		timer->fn(timer->ctx);
	}
}

static int wait_ms(const struct hf_loop *loop, int64_t max_wait_us)
{
	int64_t us = max_wait_us;

	if (loop->running)
		return 0;
	if (loop->timers) {
		const int64_t left = loop->timers->at - hf_ticks();

		if (us < 0 || left < us)
			us = left > 0 ? left : 0;
	}
	if (us < 0)
		return -1;
	return us > INT64_C(1000) * INT_MAX ? INT_MAX : (int)((us + 999) / 1000);
}

static void call_watch(struct hf_loop *loop, const struct epoll_event *event)
{
	struct hf_watch *watch = event->data.ptr;
	unsigned events = 0;
	uint64_t count;

	if (!watch) {
		/* Empties the counter; that it was empty already is fine. */
		if (read(loop->wake_fd, &count, sizeof(count)) < 0)
			return;
		return;
	}
	if (watch->closed)
		return;
	if (event->events & (uint32_t)EPOLLIN)
		events |= HF_LOOP_READ;
	if (event->events & (uint32_t)EPOLLOUT)
		events |= HF_LOOP_WRITE;
	if (event->events & (uint32_t)(EPOLLHUP | EPOLLERR))
		events |= HF_LOOP_GONE;
	watch->fn(watch->ctx, events);
}

void hf_loop_turn(struct hf_loop *loop, int64_t max_wait_us)
{
	struct epoll_event events[EVENTS_PER_TURN];
	const int num = epoll_wait(loop->epoll_fd, events, EVENTS_PER_TURN, wait_ms(loop, max_wait_us));

	HF_ASSERT(num >= 0 || errno == EINTR);
	loop->depth++;
	for (int i = 0; i < num; i++)
		call_watch(loop, &events[i]);
	fire_timers(loop);
	run_posts(loop);
	loop->depth--;
	if (!loop->depth && loop->any_closed)
		free_closed(loop);
}

void hf_loop_run(struct hf_loop *loop)
{
	do
		hf_loop_turn(loop, atomic_load(&loop->stop) ? 0 : -1);
	while (!atomic_load(&loop->stop));
	atomic_store(&loop->stop, false);
}
