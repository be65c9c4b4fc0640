/*
 * keyd's end of the channel of dev/remote.h.
 */
#ifndef HUFU_KEYD_SERVE_H
#define HUFU_KEYD_SERVE_H

#include "dev/dev.h"
#include "base/log.h"
#include "ipc/ipc.h"

struct hf_keyd_serve {
	const struct hf_dev *dev;
	const struct hf_log *log;
	uint64_t num_signed, num_refused; /* for the status line */
};

/* The handler for hf_ipc_server_new; serve must outlive it. */
struct hf_ipc_handler hf_keyd_handler(struct hf_keyd_serve *serve);

#endif
