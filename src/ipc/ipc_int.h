/*
 * What client and server share: the head of a frame, and the body of a refusal.
 */
#ifndef HUFU_IPC_IPC_INT_H
#define HUFU_IPC_IPC_INT_H

#include "ipc/ipc.h"

struct hf_ipc_head {
	uint32_t len;
	uint16_t type;
	uint64_t call;
};

void hf_ipc_head_put(struct hf_buf *out, const struct hf_ipc_head *head);
struct hf_ipc_head hf_ipc_head_get(const uint8_t p[HF_IPC_HEAD_LEN]);

/* A refusal is the code's name and the text, as two str. It fits in HF_IPC_REFUSAL_MAX whatever a connection's max is.
 */
#define HF_IPC_REFUSAL_MAX (HF_ERR_TEXT_MAX + 64)
void hf_ipc_refusal_put(struct hf_buf *out, const struct hf_err *err);
/* Fills err with the peer's refusal. False if the payload is not one. */
HF_MUST_USE bool hf_ipc_refusal_get(struct hf_bytes payload, struct hf_err *err);

HF_MUST_USE bool hf_ipc_set_nonblocking(int fd);

#endif
