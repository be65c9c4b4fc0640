/*
 * The event loop of a process: one thread, epoll, callbacks.
 *
 *     fds      hf_loop_watch()            level-triggered; signals come in as a signalfd
 *     timers   hf_timer_new(), _set()     microseconds of the monotonic clock (fires at most 1 ms late when idle)
 *     posts    hf_loop_post()             from any thread: runs fn in the loop's thread, in order
 *
 * All but hf_loop_post and hf_loop_stop belong to the loop's thread (or to the time before it runs). A callback may
 * close its own or another watch or timer: nothing that was closed is called again, even in the same turn.
 */
#ifndef HUFU_NET_LOOP_H
#define HUFU_NET_LOOP_H

#include "base/err.h"

#include <stdint.h>

struct hf_loop;
struct hf_watch;
struct hf_timer;

#define HF_LOOP_READ  1U
#define HF_LOOP_WRITE 2U
#define HF_LOOP_GONE  4U /* reported only: the peer hung up or the fd has an error */

/* Opens the epoll and event fds (so: before the jail). Errors: HF_E_LIMIT (no fds left). */
HF_MUST_USE bool hf_loop_new(struct hf_loop **loop, struct hf_err *err);
/* Closes its fds and the watches and timers that are left; what was posted and has not run is dropped. */
void hf_loop_free(struct hf_loop *loop);

/* Turns until hf_loop_stop. A stop before the run counts: then one turn is made without waiting. */
void hf_loop_run(struct hf_loop *loop);
/* One turn: waits at most max_wait_us (< 0: as long as it takes), then calls all that is ready. */
void hf_loop_turn(struct hf_loop *loop, int64_t max_wait_us);
/* From any thread, or a signal handler. */
void hf_loop_stop(struct hf_loop *loop);

/* From any thread: fn(ctx) runs in the loop's thread. */
void hf_loop_post(struct hf_loop *loop, void (*fn)(void *ctx), void *ctx);
/* Drops what is posted with this fn and ctx: before ctx is freed, when nobody posts any more. */
void hf_loop_unpost(struct hf_loop *loop, void (*fn)(void *ctx), void *ctx);

/* Calls fn(ctx, events) while one of events (READ, WRITE) is there. fd stays the caller's, open until the close. */
HF_MUST_USE bool hf_loop_watch(struct hf_loop *loop, int fd, unsigned events, void (*fn)(void *ctx, unsigned events),
	void *ctx, struct hf_watch **watch, struct hf_err *err);
/* NULL is fine. Before the fd is closed. */
void hf_watch_close(struct hf_watch *watch);

/* A timer that is not set. Free it with hf_timer_free (NULL is fine). */
struct hf_timer *hf_timer_new(struct hf_loop *loop, void (*fn)(void *ctx), void *ctx);
/* Fires after delay_us (>= 0), then every period_us (0: once). Setting it again forgets the old setting. */
void hf_timer_set(struct hf_timer *timer, int64_t delay_us, int64_t period_us);
void hf_timer_stop(struct hf_timer *timer);
void hf_timer_free(struct hf_timer *timer);

#endif
