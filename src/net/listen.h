/*
 * A listening TCP socket, and the text of addresses.
 */
#ifndef HUFU_NET_LISTEN_H
#define HUFU_NET_LISTEN_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/*
 * Listens (non-blocking, close-on-exec, SO_REUSEADDR; IPv6 alone, not dual) on a numeric address. port 0: any free one,
 * told in *bound. Errors: HF_E_INPUT (not a numeric address), HF_E_EXISTS (in use), HF_E_DENIED, HF_E_STATE.
 */
HF_MUST_USE bool hf_listen_tcp(
	const char *address, uint16_t port, int backlog, int *fd, uint16_t *bound, struct hf_err *err);

/* "127.0.0.1:4711", "[::1]:4711"; "unknown" for other families. */
void hf_address_text(const struct sockaddr *address, char *out, size_t size);

#endif
