/*
 * The device driver that asks keyd over its channel (ipc/ipc.h), and the protocol of that channel. keyd/serve.c is the
 * other end. Payloads; octets of a fixed number are `bytes` of that length on the wire:
 *
 *     PUBLIC_KEY    str key                                         → 64 octets
 *     SIGN          str key, u32 num, num × bytes tbs               → num × 64 octets
 *     GENERATE      u32 num                                         → num × (64 + 81 octets)
 *     REWRAP        str key, u32 num, num × (64 + 81 + 64 octets)   → num × (32 + 112 + 64 octets)
 *     LEDGER_STATE  –                                               → 16 octets id, u64 epoch, u64 number,
 *                                                                     32 octets chain
 *     LEDGER_READ   u64 after, u32 max                              → u32 num, num × entry
 *
 * Nothing of an earlier connection is worked on once LEDGER_STATE was answered on a new one: keyd is single-threaded
 * and drops the old connection before it takes the new.
 */
#ifndef HUFU_DEV_REMOTE_H
#define HUFU_DEV_REMOTE_H

#include "dev/dev.h"
#include "ipc/ipc.h"

enum hf_remote_type {
	HF_REMOTE_PUBLIC_KEY = 1,
	HF_REMOTE_SIGN,
	HF_REMOTE_GENERATE,
	HF_REMOTE_REWRAP,
	HF_REMOTE_LEDGER_STATE,
	HF_REMOTE_LEDGER_READ,
};

#define HF_REMOTE_PAYLOAD_MAX (HF_DEV_TBS_MAX + (1U << 20))
#define HF_REMOTE_TIMEOUT_MS  20000

void hf_remote_put_entry(struct hf_buf *out, const struct hf_ledger_entry *entry);
void hf_remote_get_entry(struct hf_ipc_reader *in, struct hf_ledger_entry *entry);

/* The driver over conn, which must outlive it. */
struct hf_dev hf_dev_remote(struct hf_ipc_conn *conn);

#endif
