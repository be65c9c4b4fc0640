/*
 * A page of a journal as it stands in the database, for whoever wants to verify it elsewhere (GET /v1/audit/journal):
 *
 *     JournalPage ::= SEQUENCE OF JournalPageRow
 *     JournalPageRow ::= SEQUENCE { number INTEGER, at INTEGER, previous OCTET STRING, hash OCTET STRING,
 *                                   frame OCTET STRING, head OCTET STRING OPTIONAL }      -- frame, head: DER within
 *
 * Rows are in order; head is the SignedHead stored for this frame.
 */
#ifndef HUFU_API_JOURNAL_PAGE_H
#define HUFU_API_JOURNAL_PAGE_H

#include "audit/journal_verify.h"

#define HF_JOURNAL_PAGE_MAX ((size_t)48 << 20)

/* Appends the page of at most max frames above after; it ends early behind the row that passes 8 MiB. */
HF_MUST_USE bool hf_journal_page(struct hf_tx *tx, const struct hf_journal *journal, int64_t after, int64_t max,
	struct hf_buf *out, struct hf_err *err);
/*
 * Feeds a page to a verifier. *last is the number of its last row, unchanged when the page is empty: the end.
 * Errors: HF_E_INPUT (not a page). What the verifier finds it reports itself.
 */
HF_MUST_USE bool hf_journal_page_verify(
	struct hf_bytes page, struct hf_journal_verifier *verifier, int64_t *last, struct hf_err *err);

#endif
