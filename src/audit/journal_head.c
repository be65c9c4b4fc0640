#include "audit/journal.h"

#include <string.h>

#define VERSION 1

/* The number of the newest head; 0: none. */
static bool head_last(struct hf_tx *tx, const struct hf_journal *journal, int64_t *number, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "SELECT MAX(number) FROM journal_head WHERE name = ?");
	bool row, ok;

	hf_query_text(q, journal->name);
	ok = hf_query_next(q, &row, err);
	*number = ok && row ? hf_query_col_i64(q, 0) : 0;
	hf_query_done(q);
	return ok;
}

bool hf_journal_head_due(struct hf_tx *tx, const struct hf_journal *journal, int64_t at, bool *due, struct hf_buf *der,
	struct hf_err *err)
{
	struct hf_journal_head head = {.version = VERSION, .at = at};
	uint8_t hash[HF_SM3_LEN];
	int64_t last;

	*due = false;
	if (!hf_journal_last(tx, journal, &head.number, hash, err) || !head_last(tx, journal, &last, err))
		return false;
	if (head.number <= last)
		return true;
	head.service = hf_bytes_str(journal->service);
	head.name = hf_bytes_str(journal->name);
	head.hash = HF_BYTES_OF(hash);
	*due = hf_der_encode(&hf_JournalHead, &head, der, err);
	return *due;
}

static bool head_decode(
	const struct hf_journal *journal, struct hf_bytes der, struct hf_journal_head *head, struct hf_err *err)
{
	if (!hf_der_decode(&hf_JournalHead, der, head, err))
		return false;
	if (head->version != VERSION || head->number < 1 || head->hash.len != HF_SM3_LEN)
		return hf_fail(err, HF_E_INPUT, "JournalHead: version %lld, number %lld, hash of %zu octets",
			(long long)head->version, (long long)head->number, head->hash.len);
	if (!hf_bytes_equal(head->service, hf_bytes_str(journal->service)) ||
		!hf_bytes_equal(head->name, hf_bytes_str(journal->name)))
		return hf_fail(err, HF_E_INPUT, "JournalHead: it belongs to another journal than %s of %s",
			journal->name, journal->service);
	return true;
}

static bool signature_verify(
	struct hf_bytes der, const uint8_t signature[HF_SM2_SIG], const uint8_t pub[HF_SM2_POINT], struct hf_err *err)
{
	uint8_t z[HF_SM3_LEN], e[HF_SM3_LEN];
	struct hf_err local = {.code = HF_OK};

	hf_sm2_z(pub, HF_SM2_DEFAULT_ID, z);
	hf_sm2_digest(z, der, e);
	/* r or s out of range is a wrong signature like any other to who looks at a journal. */
	if (!hf_sm2_verify(pub, e, signature, &local))
		return hf_fail(err, HF_E_VERIFY, "the signature of the head is wrong: %s", local.text);
	return true;
}

bool hf_journal_head_verify(const struct hf_journal *journal, struct hf_bytes der, const uint8_t pub[HF_SM2_POINT],
	struct hf_journal_head *head, struct hf_err *err)
{
	struct hf_signed_head signed_head;
	uint8_t signer[HF_SM3_LEN];

	if (!hf_der_decode(&hf_SignedHead, der, &signed_head, err) ||
		!head_decode(journal, signed_head.head, head, err))
		return false;
	if (signed_head.signature.len != HF_SM2_SIG)
		return hf_fail(err, HF_E_INPUT, "SignedHead.signature: expected %d octets, got %zu", HF_SM2_SIG,
			signed_head.signature.len);
	hf_sm3((struct hf_bytes){pub, HF_SM2_POINT}, signer);
	if (!hf_bytes_equal(signed_head.signer, HF_BYTES_OF(signer)))
		return hf_fail(err, HF_E_VERIFY, "the head is signed with another key than %s's", journal->service);
	return signature_verify(signed_head.head, signed_head.signature.p, pub, err);
}

/* The head must say what the frame's row says. */
static bool head_matches(
	struct hf_tx *tx, const struct hf_journal *journal, const struct hf_journal_head *head, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "SELECT hash FROM journal WHERE name = ? AND number = ?");
	bool row, ok;

	hf_query_text(q, journal->name);
	hf_query_i64(q, head->number);
	ok = hf_query_next(q, &row, err);
	if (ok && (!row || !hf_bytes_equal(hf_query_col_bytes(q, 0), head->hash)))
		ok = hf_fail(err, HF_E_VERIFY, "journal %s: frame %lld is not what the head names", journal->name,
			(long long)head->number);
	hf_query_done(q);
	return ok;
}

static bool head_there(
	struct hf_tx *tx, const struct hf_journal *journal, int64_t number, bool *there, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "SELECT number FROM journal_head WHERE name = ? AND number = ?");
	bool ok;

	hf_query_text(q, journal->name);
	hf_query_i64(q, number);
	ok = hf_query_next(q, there, err);
	hf_query_done(q);
	return ok;
}

static bool head_insert(struct hf_tx *tx, const struct hf_journal *journal, int64_t number,
	const struct hf_signed_head *head, struct hf_err *err)
{
	struct hf_query *q;
	struct hf_buf der;
	bool ok;

	hf_buf_init(&der, HF_JOURNAL_HEAD_MAX);
	ok = hf_der_encode(&hf_SignedHead, head, &der, err);
	if (ok) {
		q = hf_query(tx, "INSERT INTO journal_head (name, number, head) VALUES (?, ?, ?)");
		hf_query_text(q, journal->name);
		hf_query_i64(q, number);
		hf_query_bytes(q, hf_buf_bytes(&der));
		ok = hf_query_run(q, NULL, err);
	}
	hf_buf_clear(&der);
	return ok;
}

bool hf_journal_head_put(struct hf_tx *tx, const struct hf_journal *journal, struct hf_bytes der,
	const uint8_t signature[HF_SM2_SIG], const uint8_t pub[HF_SM2_POINT], struct hf_err *err)
{
	struct hf_journal_head head;
	uint8_t signer[HF_SM3_LEN];
	bool there;

	if (!head_decode(journal, der, &head, err) || !signature_verify(der, signature, pub, err) ||
		!head_matches(tx, journal, &head, err) || !head_there(tx, journal, head.number, &there, err))
		return false;
	if (there)
		return true;
	hf_sm3((struct hf_bytes){pub, HF_SM2_POINT}, signer);
	return head_insert(tx, journal, head.number,
		&(struct hf_signed_head){der, HF_BYTES_OF(signer), {signature, HF_SM2_SIG}}, err);
}

bool hf_journal_head_get(struct hf_tx *tx, const struct hf_journal *journal, int64_t after, bool newest,
	int64_t *number, struct hf_buf *der, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx,
		newest ? "SELECT number, head FROM journal_head WHERE name = ? AND number > ? "
			 "ORDER BY number DESC LIMIT 1"
		       : "SELECT number, head FROM journal_head WHERE name = ? AND number > ? ORDER BY number LIMIT 1");
	bool row, ok;

	*number = 0;
	hf_query_text(q, journal->name);
	hf_query_i64(q, after);
	ok = hf_query_next(q, &row, err);
	if (ok && row) {
		*number = hf_query_col_i64(q, 0);
		ok = hf_buf_put_bytes(der, hf_query_col_bytes(q, 1)) ||
		     hf_fail(err, HF_E_LIMIT, "journal %s: a head of %zu octets does not fit", journal->name,
			     hf_query_col_bytes(q, 1).len);
	}
	hf_query_done(q);
	return ok;
}
