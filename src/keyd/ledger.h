/*
 * The ledger (design rule 5): before anything is signed with a certificate or CRL key, its (key, serial, SM3 of the
 * TBS) is durably here. It is keyd's own, append-only, and outlives its service's database: what the ledger has and the
 * database lacks was perhaps signed and never issued, and becomes void.
 *
 * One file of records of HF_LEDGER_RECORD octets, all numbers big-endian:
 *
 *     record 0   "HUFULDGR" | version u32 = 1 | id (16) | epoch u64 | created at i64 | zeros
 *                | SM3 of the octets before (32)
 *     record n   number u64 | at i64 | kind u8 (1 certificate, 2 CRL) | key name (15, zero padded) | serial (20)
 *                | SM3 of the TBS (32) | zeros (12) | chain (32) = SM3(chain of record n-1 ‖ the octets before)
 *
 * A batch is one write and one fdatasync. A file that ends inside a record, or whose last records do not chain, was cut
 * by a crash before the sync returned: nothing of that was signed, and it is cut off at the start. A break anywhere
 * before is damage, and nothing is signed any more.
 *
 * A (key, serial) is taken once and for ever: a second entry is refused (HF_E_EXISTS), whatever the TBS. One process
 * has the file at a time.
 */
#ifndef HUFU_KEYD_LEDGER_H
#define HUFU_KEYD_LEDGER_H

#include "base/clock.h"
#include "dev/dev.h"

#define HF_LEDGER_RECORD 128

struct hf_ledger;

/* What is about to be signed. */
struct hf_ledger_item {
	bool is_crl;
	uint8_t serial[20];
	uint8_t tbs_hash[32];
};

/*
 * Opens or makes the file. Errors: HF_E_STORE (disk, another process has it), HF_E_VERIFY (damage: the number of the
 * first bad record), HF_E_CLOCK (the last entry lies more than HF_LEDGER_DRIFT in the future).
 */
HF_MUST_USE bool hf_ledger_open(
	const char *path, const struct hf_clock *clock, struct hf_ledger **ledger, struct hf_err *err);
void hf_ledger_close(struct hf_ledger *ledger);

/* How far time may run backwards (design rule 14). */
#define HF_LEDGER_DRIFT (300 * HF_SECOND)
/* Time has not run back behind what the ledger has seen. Errors: HF_E_CLOCK. */
HF_MUST_USE bool hf_ledger_check_clock(const struct hf_ledger *ledger, struct hf_err *err);

/*
 * Appends all items durably, or none. Errors: HF_E_EXISTS (the serial was used), HF_E_CLOCK, HF_E_STORE (then the
 * ledger stays shut until it is opened again).
 */
HF_MUST_USE bool hf_ledger_append(
	struct hf_ledger *ledger, const char *key, const struct hf_ledger_item *items, size_t num, struct hf_err *err);

void hf_ledger_state_of(const struct hf_ledger *ledger, struct hf_ledger_state *state);
/* See hf_dev_ledger_read. */
HF_MUST_USE bool hf_ledger_entries(struct hf_ledger *ledger, uint64_t after, struct hf_ledger_entry *entries,
	size_t max, size_t *num, struct hf_err *err);

#endif
