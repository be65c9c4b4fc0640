/* The KM: what it gives, what it refuses, and what it does after a crash (km/km.h). */
#include "km_rig.h"

#include "base/alloc.h"

#include <stdlib.h>

static const struct hf_schema *const schemas[] = {&hf_journal_schema, &hf_km_schema};

static struct km_rig *rig;

static int set_up(void **state)
{
	(void)state;
	rig = calloc(1, sizeof(*rig));
	km_rig_set_up(rig, schemas, 2);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	km_rig_tear_down(rig);
	free(rig);
	return 0;
}

/* Gives a key to rig->user under this task and serial. */
static void give(struct rig_cert *ca, int64_t task, const struct serial *serial, struct hf_km_job *job)
{
	const struct hf_km_ask ask = ask_for(HF_KM_APPLY, serial, &rig->user);

	ask_km(rig, ca, task, &ask, 1, job);
}

static enum hf_km_error error_of(const struct hf_km_job *job, size_t n)
{
	struct hf_km_answer answer;

	answer_of(rig, job, n, &answer);
	return answer.verb == HF_KM_ERROR ? (enum hf_km_error)answer.errNo : HF_KM_ERR_NONE;
}

static enum hf_km_error ask_once(struct rig_cert *ca, int64_t task, const struct hf_km_ask *ask)
{
	struct hf_km_job job;

	ask_km(rig, ca, task, ask, 1, &job);
	enum hf_km_error error = error_of(&job, 0);
	hf_km_job_clear(&job);
	return error;
}

static void the_life_cycle_has_no_holes(void **state)
{
	struct hf_err err;

	(void)state;
	assert_ok(hf_lifecycle_check(&hf_escrow_lifecycle, &err));
	assert_null(hf_lifecycle_move(&hf_escrow_lifecycle, HF_ESCROW_HISTORY, HF_ESCROW_GIVE));
}

static void an_applied_key_opens_with_the_users_signing_key_only(void **state)
{
	struct serial serial = serial_of(1);
	struct hf_km_answer answer;
	struct hf_km_job job;
	struct hf_err err;
	uint8_t d[HF_SM2_SCALAR], sm4[HF_SM4_KEY];

	(void)state;
	assert_ok(hf_km_refill(&rig->km, 20, &err));
	give(&rig->ca, 7, &serial, &job);
	answer_of(rig, &job, 0, &answer);
	assert_int_equal(answer.verb, HF_KM_APPLY);
	assert_true(hf_bytes_equal(answer.userCertNo, HF_BYTES_OF(serial.octets)));
	open_key(rig, &answer, &rig->user, d);
	assert_refused(
		hf_sm2_decrypt(rig->user2.d, HF_BYTES_OF(answer.retPriKey.sym_cipher), sm4, &err), HF_E_VERIFY, "");
	assert_true(hf_name_equal(answer.retPriKey.recipient.issuer, rig->root.cert.tbs.subject));
	assert_true(hf_bytes_equal(answer.retPriKey.recipient.serialNumber, HF_BYTES_OF(serial.octets)));
	assert_true(hf_bytes_equal(answer.retPriKey.signer.serialNumber, rig->km_cert.cert.tbs.serialNumber));
	assert_int_equal(job.applied, 1);
	assert_counts(rig, 19, 1, 0);
	assert_int_equal(audited(rig, "key.apply", "ok"), 1);
	hf_km_job_clear(&job);
}

static bool holds(const char *path, const uint8_t *secret, size_t len)
{
	struct hf_err err;
	struct hf_buf file;
	bool found = false;

	hf_buf_init(&file, (size_t)64 << 20);
	assert_ok(hf_file_read(path, &file, &err));
	found = memmem(file.p, file.len, secret, len) != NULL;
	hf_buf_clear(&file);
	return found;
}

static void no_private_key_lies_in_the_database(void **state)
{
	struct serial serial = serial_of(1);
	struct hf_km_answer answer;
	struct hf_km_job job;
	uint8_t d[HF_SM2_SCALAR], hidden[HF_SM2_SCALAR];
	char log[400];

	(void)state;
	give(&rig->ca, 7, &serial, &job);
	answer_of(rig, &job, 0, &answer);
	open_key(rig, &answer, &rig->user, d);
	hf_sm4_ecb_encrypt(rig->soft.kek, d, hidden, sizeof(d));
	hf_fmt_cut(log, sizeof(log), "%s-wal", rig->scratch.path);
	/* what it should hold proves that the search works */
	assert_true(holds(rig->scratch.path, hidden, sizeof(hidden)) || holds(log, hidden, sizeof(hidden)));
	assert_false(holds(rig->scratch.path, d, sizeof(d)));
	assert_false(hf_file_there(log) && holds(log, d, sizeof(d)));
	hf_km_job_clear(&job);
}

static void the_same_question_gets_the_same_octets(void **state)
{
	struct serial serial = serial_of(1);
	const struct hf_km_ask ask = ask_for(HF_KM_APPLY, &serial, &rig->user);
	struct hf_km_job first, again, resigned;
	struct hf_buf tbs, request, other;

	(void)state;
	tbs_of(rig, &rig->ca, 7, &ask, 1, &tbs);
	sign_request(&rig->ca, &tbs, &request);
	sign_request(&rig->ca, &tbs, &other);
	serve(rig, &request, &first);
	serve(rig, &request, &again);
	serve(rig, &other, &resigned);
	assert_true(first.done && again.done && resigned.done);
	assert_true(hf_bytes_equal(hf_buf_bytes(&first.respond), hf_buf_bytes(&again.respond)));
	assert_true(hf_bytes_equal(hf_buf_bytes(&first.respond), hf_buf_bytes(&resigned.respond)));
	assert_int_equal(again.applied, 0);
	assert_int_equal(counts_of(rig).in_use, 1);
	assert_int_equal(audited(rig, "key.apply", "ok"), 1);
	assert_int_equal(audited(rig, "km.answer", "ok"), 1);
	hf_km_job_clear(&first);
	hf_km_job_clear(&again);
	hf_km_job_clear(&resigned);
	hf_buf_clear(&tbs);
	hf_buf_clear(&request);
	hf_buf_clear(&other);
}

static void another_body_under_a_known_task_is_refused_and_audited(void **state)
{
	struct serial serial = serial_of(1), other = serial_of(2);
	struct hf_km_job job, conflict, elsewhere;

	(void)state;
	give(&rig->ca, 7, &serial, &job);
	assert_true(job.done);
	give(&rig->ca, 7, &other, &conflict);
	assert_false(conflict.done);
	assert_int_equal(conflict.err.code, HF_E_CONFLICT);
	assert_int_equal(conflict.respond.len, 0);
	assert_int_equal(counts_of(rig).in_use, 1);
	assert_int_equal(audited(rig, "km.answer", "conflict"), 1);
	/* the task numbers of another CA are its own */
	give(&rig->ca2, 7, &other, &elsewhere);
	assert_true(elsewhere.done);
	hf_km_job_clear(&job);
	hf_km_job_clear(&conflict);
	hf_km_job_clear(&elsewhere);
}

static void a_serial_has_one_key_in_its_ca(void **state)
{
	struct serial serial = serial_of(1), fresh = serial_of(2);
	const struct hf_km_ask asks[] = {
		ask_for(HF_KM_APPLY, &serial, &rig->user),
		ask_for(HF_KM_APPLY, &fresh, &rig->user),
		ask_for(HF_KM_APPLY, &fresh, &rig->user),
	};
	struct hf_km_answer here, there;
	struct hf_km_job job, many, elsewhere;

	(void)state;
	give(&rig->ca, 7, &serial, &job);
	ask_km(rig, &rig->ca, 8, asks, 3, &many);
	assert_int_equal(error_of(&many, 0), HF_KM_ERR_CERT_NO_USED);
	assert_int_equal(error_of(&many, 1), HF_KM_ERR_NONE);
	assert_int_equal(error_of(&many, 2), HF_KM_ERR_CERT_NO_USED);
	assert_int_equal(many.refused, 2);
	assert_int_equal(audited(rig, "key.apply", "denied"), 2);
	give(&rig->ca2, 7, &serial, &elsewhere);
	answer_of(rig, &job, 0, &here);
	answer_of(rig, &elsewhere, 0, &there);
	assert_int_equal(there.verb, HF_KM_APPLY);
	assert_memory_not_equal(here.retPubKey, there.retPubKey, HF_SM2_POINT);
	assert_int_equal(counts_of(rig).in_use, 3);
	hf_km_job_clear(&job);
	hf_km_job_clear(&many);
	hf_km_job_clear(&elsewhere);
}

static void a_flipped_bit_anywhere_is_refused(void **state)
{
	struct serial serial = serial_of(1);
	const struct hf_km_ask ask = ask_for(HF_KM_APPLY, &serial, &rig->user);
	struct hf_km_job jobs[HF_KM_JOBS_MAX];
	struct hf_buf request;

	(void)state;
	make_request(rig, &rig->ca, 7, &ask, 1, &request);
	uint8_t *copies = hf_alloc(HF_KM_JOBS_MAX, request.len);
	for (size_t at = 0; at < request.len; at += HF_KM_JOBS_MAX) {
		size_t num = request.len - at < HF_KM_JOBS_MAX ? request.len - at : HF_KM_JOBS_MAX;
		for (size_t i = 0; i < num; i++) {
			uint8_t *copy = copies + i * request.len;
			memcpy(copy, request.p, request.len);
			copy[at + i] ^= (uint8_t)(1u << ((at + i) % 8));
			hf_km_job_init(&jobs[i]);
			jobs[i].request = (struct hf_bytes){copy, request.len};
		}
		hf_km_serve(&rig->km, jobs, num);
		for (size_t i = 0; i < num; i++) {
			if (jobs[i].done)
				fail_msg("accepted with octet %zu changed", at + i);
			hf_km_job_clear(&jobs[i]);
		}
	}
	assert_counts(rig, 0, 0, 0);
	assert_int_equal(audited(rig, "km.answer", "ok"), 0);
	assert_int_equal(audited(rig, "km.answer", NULL), request.len);
	serve(rig, &request, &jobs[0]);
	assert_true(jobs[0].done);
	hf_km_job_clear(&jobs[0]);
	hf_buf_clear(&request);
	free(copies);
}

static void refuse_job(struct hf_km_job *job, enum hf_code code, const char *word)
{
	assert_false(job->done);
	assert_string_equal(hf_code_name(job->err.code), hf_code_name(code));
	if (!strstr(job->err.text, word))
		fail_msg("\"%s\" does not say \"%s\"", job->err.text, word);
	hf_km_job_clear(job);
}

static void only_registered_cas_are_served(void **state)
{
	struct serial serial = serial_of(1);
	const struct hf_km_ask ask = ask_for(HF_KM_APPLY, &serial, &rig->user);
	struct hf_buf tbs, forged;
	struct hf_km_job job;

	(void)state;
	give(&rig->stranger, 7, &serial, &job);
	refuse_job(&job, HF_E_DENIED, "registered");
	tbs_of(rig, &rig->ca, 7, &ask, 1, &tbs);
	sign_request(&rig->ca2, &tbs, &forged);
	serve(rig, &forged, &job);
	refuse_job(&job, HF_E_VERIFY, "CA ca");
	rig->now += 31 * HF_DAY;
	give(&rig->ca2, 8, &serial, &job);
	refuse_job(&job, HF_E_VERIFY, "CA ca2");
	assert_int_equal(counts_of(rig).in_use, 0);
	hf_buf_clear(&tbs);
	hf_buf_clear(&forged);
}

static void a_request_from_the_future_is_refused(void **state)
{
	struct serial serial = serial_of(1);
	const struct hf_km_ask ask = ask_for(HF_KM_APPLY, &serial, &rig->user);
	struct hf_buf request;
	struct hf_km_job job;

	(void)state;
	rig->now += HF_HOUR;
	make_request(rig, &rig->ca, 7, &ask, 1, &request);
	rig->now -= HF_HOUR;
	serve(rig, &request, &job);
	refuse_job(&job, HF_E_CLOCK, "requestTime");
	rig->now += HF_DAY; /* but an old one is answered: a CA asks until it has its answer */
	serve(rig, &request, &job);
	assert_true(job.done);
	hf_km_job_clear(&job);
	hf_buf_clear(&request);
}

static void a_restored_key_is_the_same_scalar_for_another_key(void **state)
{
	struct serial serial = serial_of(1);
	const struct hf_km_ask ask = ask_for(HF_KM_RESTORE, &serial, &rig->user2);
	struct hf_km_answer first, second;
	struct hf_km_job job, restored;
	uint8_t d1[HF_SM2_SCALAR], d2[HF_SM2_SCALAR];

	(void)state;
	assert_int_equal(ask_once(&rig->ca, 6, &ask), HF_KM_ERR_NO_SUCH_KEY);
	give(&rig->ca, 7, &serial, &job);
	ask_km(rig, &rig->ca, 8, &ask, 1, &restored);
	answer_of(rig, &job, 0, &first);
	answer_of(rig, &restored, 0, &second);
	assert_int_equal(second.verb, HF_KM_RESTORE);
	open_key(rig, &first, &rig->user, d1);
	open_key(rig, &second, &rig->user2, d2);
	assert_memory_equal(d1, d2, sizeof(d1));
	assert_int_equal(counts_of(rig).in_use, 1);
	assert_int_equal(audited(rig, "key.restore", "ok"), 1);
	assert_int_equal(ask_once(&rig->ca2, 8, &ask), HF_KM_ERR_NO_SUCH_KEY);
	hf_km_job_clear(&job);
	hf_km_job_clear(&restored);
}

static void a_revoked_key_goes_to_the_history_and_stays(void **state)
{
	struct serial serial = serial_of(1);
	const struct hf_km_ask revoke = ask_for(HF_KM_REVOKE, &serial, NULL);
	const struct hf_km_ask restore = ask_for(HF_KM_RESTORE, &serial, &rig->user2);
	const struct hf_km_ask apply = ask_for(HF_KM_APPLY, &serial, &rig->user2);
	struct hf_err err;
	struct hf_km_job job;

	(void)state;
	assert_ok(hf_km_refill(&rig->km, 5, &err));
	give(&rig->ca, 7, &serial, &job);
	assert_counts(rig, 4, 1, 0);
	assert_int_equal(ask_once(&rig->ca2, 9, &revoke), HF_KM_ERR_NO_SUCH_KEY);
	assert_counts(rig, 4, 1, 0);
	assert_int_equal(ask_once(&rig->ca, 9, &revoke), HF_KM_ERR_NONE);
	assert_counts(rig, 4, 0, 1);
	assert_int_equal(audited(rig, "key.revoke", "ok"), 1);
	assert_int_equal(ask_once(&rig->ca, 10, &revoke), HF_KM_ERR_KEY_STATE);
	assert_int_equal(ask_once(&rig->ca, 11, &restore), HF_KM_ERR_KEY_STATE);
	assert_int_equal(ask_once(&rig->ca, 12, &apply), HF_KM_ERR_CERT_NO_USED);
	assert_counts(rig, 4, 0, 1);
	hf_km_job_clear(&job);
}

static void an_expired_key_goes_to_the_history(void **state)
{
	struct serial serial = serial_of(1);
	struct hf_err err;
	struct hf_km_job job;
	size_t moved = 9;

	(void)state;
	give(&rig->ca, 7, &serial, &job);
	rig->now = RIG_NOW + 365 * HF_DAY;
	assert_ok(hf_km_expire_due(&rig->km, &moved, &err));
	assert_int_equal(moved, 0);
	rig->now += 1;
	assert_ok(hf_km_expire_due(&rig->km, &moved, &err));
	assert_int_equal(moved, 1);
	assert_counts(rig, 0, 0, 1);
	assert_int_equal(audited(rig, "key.expire", "ok"), 1);
	hf_km_job_clear(&job);
}

/* Replaces the only occurrence of an octet string, then signs. */
static void ask_patched(
	int64_t task, const struct hf_km_ask *ask, const char *from, const char *to, size_t len, struct hf_km_job *job)
{
	struct hf_buf tbs, request;

	tbs_of(rig, &rig->ca, task, ask, 1, &tbs);
	uint8_t *at = memmem(tbs.p, tbs.len, from, len);
	assert_non_null(at);
	memcpy(at, to, len);
	sign_request(&rig->ca, &tbs, &request);
	serve(rig, &request, job);
	job->request = HF_BYTES_NONE;
	hf_buf_clear(&tbs);
	hf_buf_clear(&request);
}

static void what_the_km_does_not_serve_gets_an_error_packet(void **state)
{
	struct serial serial = serial_of(1);
	struct hf_km_ask ask = ask_for(HF_KM_APPLY, &serial, &rig->user);
	struct hf_km_job job;

	(void)state;
	/* retSymAlg SM1 (.102) for SM4 (.104) */
	ask_patched(20, &ask, "\x2a\x81\x1c\xcf\x55\x01\x68", "\x2a\x81\x1c\xcf\x55\x01\x66", 7, &job);
	assert_int_equal(error_of(&job, 0), HF_KM_ERR_ALGORITHM);
	hf_km_job_clear(&job);
	ask.userPubKey[63] ^= 1;
	assert_int_equal(ask_once(&rig->ca, 21, &ask), HF_KM_ERR_USER_KEY);
	ask = ask_for(HF_KM_APPLY, &serial, &rig->km_cert.key);
	assert_int_equal(ask_once(&rig->ca, 22, &ask), HF_KM_ERR_USER_KEY);
	ask = ask_for(HF_KM_APPLY, &serial, &rig->user);
	ask.notAfter = ask.notBefore;
	assert_int_equal(ask_once(&rig->ca, 23, &ask), HF_KM_ERR_VALIDITY);
	ask = ask_for(HF_KM_APPLY, &serial, &rig->user);
	ask.notBefore -= 30 * HF_DAY;
	ask.notAfter = RIG_NOW - HF_DAY;
	assert_int_equal(ask_once(&rig->ca, 24, &ask), HF_KM_ERR_VALIDITY);
	assert_int_equal(counts_of(rig).in_use, 0);
	assert_int_equal(audited(rig, "key.apply", "denied"), 5);
}

static void an_escrowed_key_is_no_recipient(void **state)
{
	struct serial serial = serial_of(1), other = serial_of(2);
	struct hf_km_ask ask = ask_for(HF_KM_APPLY, &other, &rig->user);
	struct hf_km_answer answer;
	struct hf_km_job job;

	(void)state;
	give(&rig->ca, 7, &serial, &job);
	answer_of(rig, &job, 0, &answer);
	memcpy(ask.userPubKey, answer.retPubKey, sizeof(ask.userPubKey));
	assert_int_equal(ask_once(&rig->ca, 8, &ask), HF_KM_ERR_USER_KEY);
	hf_km_job_clear(&job);
}

/* KSRequest ::= SEQUENCE { version INTEGER (1), … }: the first element. */
static void another_version_is_refused(void **state)
{
	struct serial serial = serial_of(1);
	struct hf_km_ask ask = ask_for(HF_KM_APPLY, &serial, &rig->user);
	struct hf_km_job job;

	(void)state;
	ask_patched(7, &ask, "\x02\x01\x01", "\x02\x01\x02", 3, &job);
	refuse_job(&job, HF_E_INPUT, "version");
}

static void an_empty_spare_library_is_filled_at_once(void **state)
{
	struct serial serials[60];
	struct hf_km_ask asks[60];
	struct hf_km_job job;

	(void)state;
	for (size_t i = 0; i < 60; i++) {
		serials[i] = serial_of(i);
		asks[i] = ask_for(HF_KM_APPLY, &serials[i], &rig->user);
	}
	ask_km(rig, &rig->ca, 7, asks, 60, &job);
	assert_true(job.done);
	assert_int_equal(job.applied, 60);
	assert_int_equal(counts_of(rig).in_use, 60);
	hf_km_job_clear(&job);
}

static void a_refill_begins_below_low_and_ends_at_target(void **state)
{
	struct serial serial;
	struct hf_err err;
	struct hf_km_job job;
	size_t made = 9;

	(void)state;
	assert_ok(hf_km_refill_due(&rig->km, &made, &err));
	assert_int_equal(made, 20);
	for (unsigned i = 0; i < 10; i++) {
		serial = serial_of(i);
		give(&rig->ca, 100 + i, &serial, &job);
		hf_km_job_clear(&job);
		assert_ok(hf_km_refill_due(&rig->km, &made, &err));
		assert_int_equal(made, 0);
	}
	serial = serial_of(99);
	give(&rig->ca, 200, &serial, &job);
	hf_km_job_clear(&job);
	assert_ok(hf_km_refill_due(&rig->km, &made, &err));
	assert_int_equal(made, 11);
	assert_counts(rig, 20, 11, 0);
}

static void a_wrong_signature_of_the_device_never_leaves(void **state)
{
	struct serial serial = serial_of(1);
	struct hf_km_job job, again;

	(void)state;
	rig->soft.lies = true;
	give(&rig->ca, 7, &serial, &job);
	refuse_job(&job, HF_E_VERIFY, "");
	rig->soft.lies = false;
	give(&rig->ca, 7, &serial, &again);
	assert_true(again.done);
	hf_km_job_clear(&again);
}

static void what_a_broken_device_kept_back_is_not_given_to_others(void **state)
{
	struct serial serial = serial_of(1), other = serial_of(2);
	struct hf_km_answer mine, others;
	struct hf_km_job job, second;
	struct hf_err err;

	(void)state;
	assert_ok(hf_km_refill(&rig->km, 2, &err));
	rig->soft.broken = true;
	give(&rig->ca, 7, &serial, &job);
	refuse_job(&job, HF_E_DEVICE, "broken");
	assert_counts(rig, 1, 1, 0);
	rig->soft.broken = false;
	give(&rig->ca, 8, &other, &second);
	give(&rig->ca, 7, &serial, &job);
	answer_of(rig, &job, 0, &mine);
	answer_of(rig, &second, 0, &others);
	assert_memory_not_equal(mine.retPubKey, others.retPubKey, HF_SM2_POINT);
	assert_counts(rig, 0, 2, 0);
	assert_int_equal(audited(rig, "key.apply", "ok"), 2);
	hf_km_job_clear(&job);
	hf_km_job_clear(&second);
}

static bool damage_spare(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	static const uint8_t zero[HF_DEV_WRAPPED];
	struct hf_query *q = hf_query(tx, "UPDATE escrow_key SET wrapped = ? WHERE serial = ?");
	const struct serial *serial = ctx;

	hf_query_bytes(q, HF_BYTES_OF(zero));
	hf_query_bytes(q, HF_BYTES_OF(serial->octets));
	return hf_query_run_one(q, "key", err);
}

static void one_damaged_row_does_not_hold_up_the_others(void **state)
{
	struct serial serial = serial_of(1), other = serial_of(2);
	const struct hf_km_ask restore = ask_for(HF_KM_RESTORE, &serial, &rig->user);
	const struct hf_km_ask apply = ask_for(HF_KM_APPLY, &other, &rig->user);
	struct hf_km_job first, jobs[2];
	struct hf_buf requests[2];
	struct hf_err err;

	(void)state;
	give(&rig->ca, 7, &serial, &first);
	assert_ok(hf_store_write(rig->km.store, damage_spare, &serial, &err));
	make_request(rig, &rig->ca, 8, &restore, 1, &requests[0]);
	make_request(rig, &rig->ca, 9, &apply, 1, &requests[1]);
	for (size_t i = 0; i < 2; i++) {
		hf_km_job_init(&jobs[i]);
		jobs[i].request = hf_buf_bytes(&requests[i]);
	}
	hf_km_serve(&rig->km, jobs, 2);
	assert_false(jobs[0].done);
	assert_int_equal(jobs[0].err.code, HF_E_DEVICE);
	assert_true(jobs[1].done);
	for (size_t i = 0; i < 2; i++) {
		hf_km_job_clear(&jobs[i]);
		hf_buf_clear(&requests[i]);
	}
	hf_km_job_clear(&first);
}

static void the_same_task_twice_in_one_batch_has_one_answer(void **state)
{
	struct serial serial = serial_of(1);
	const struct hf_km_ask ask = ask_for(HF_KM_APPLY, &serial, &rig->user);
	struct hf_km_job jobs[2];
	struct hf_buf request;

	(void)state;
	make_request(rig, &rig->ca, 7, &ask, 1, &request);
	for (size_t i = 0; i < 2; i++) {
		hf_km_job_init(&jobs[i]);
		jobs[i].request = hf_buf_bytes(&request);
	}
	hf_km_serve(&rig->km, jobs, 2);
	assert_true(jobs[0].done && jobs[1].done);
	assert_true(hf_bytes_equal(hf_buf_bytes(&jobs[0].respond), hf_buf_bytes(&jobs[1].respond)));
	assert_int_equal(jobs[0].applied + jobs[1].applied, 1);
	assert_int_equal(counts_of(rig).in_use, 1);
	hf_km_job_clear(&jobs[0]);
	hf_km_job_clear(&jobs[1]);
	hf_buf_clear(&request);
}

/* ---- many at once ----------------------------------------------------------------------------------------------- */

#define THREADS  4
#define PER_HEAD 10

struct head {
	unsigned n;
	struct hf_buf requests[PER_HEAD + 1];
	struct hf_km_job jobs[PER_HEAD + 1];
};

static void *ask_all(void *ctx)
{
	struct head *head = ctx;

	for (size_t i = 0; i <= PER_HEAD; i++)
		hf_km_serve(&rig->km, &head->jobs[i], 1);
	return NULL;
}

static void prepare(struct head *head, unsigned n)
{
	head->n = n;
	for (unsigned i = 0; i <= PER_HEAD; i++) {
		/* the last one is the same task in all threads */
		unsigned id = i == PER_HEAD ? 9999 : n * PER_HEAD + i;
		struct serial serial = serial_of(id);
		const struct hf_km_ask ask = ask_for(HF_KM_APPLY, &serial, &rig->user);

		make_request(rig, &rig->ca, 1 + id, &ask, 1, &head->requests[i]);
		hf_km_job_init(&head->jobs[i]);
		head->jobs[i].request = hf_buf_bytes(&head->requests[i]);
	}
}

static void concurrent_answers_never_share_a_pair(void **state)
{
	struct head *heads = hf_alloc(THREADS, sizeof(*heads));
	uint8_t pubs[THREADS * PER_HEAD + 1][HF_SM2_POINT];
	pthread_t threads[THREADS];
	struct hf_km_answer answer;
	size_t num = 0;

	(void)state;
	for (unsigned i = 0; i < THREADS; i++)
		prepare(&heads[i], i);
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask_all, &heads[i]), 0);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (unsigned i = 0; i < THREADS; i++)
		for (size_t j = 0; j < PER_HEAD + (i == 0); j++) {
			answer_of(rig, &heads[i].jobs[j], 0, &answer);
			memcpy(pubs[num++], answer.retPubKey, HF_SM2_POINT);
		}
	for (size_t i = 0; i < num; i++)
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(pubs[i], pubs[j], HF_SM2_POINT);
	assert_int_equal(counts_of(rig).in_use, num);
	for (unsigned i = 0; i < THREADS; i++)
		assert_true(hf_bytes_equal(hf_buf_bytes(&heads[0].jobs[PER_HEAD].respond),
			hf_buf_bytes(&heads[i].jobs[PER_HEAD].respond)));
	for (unsigned i = 0; i < THREADS; i++)
		for (size_t j = 0; j <= PER_HEAD; j++) {
			hf_km_job_clear(&heads[i].jobs[j]);
			hf_buf_clear(&heads[i].requests[j]);
		}
	free(heads);
}

/* ---- crashes ---------------------------------------------------------------------------------------------------- */

#define NUM_KEYS  200
#define NUM_TASKS 50
#define PER_TASK  (NUM_KEYS / NUM_TASKS)

struct kill {
	unsigned points_left; /* the process dies at this one, counted over all points of all transactions */
};

static bool die(void *ctx, const char *point)
{
	struct kill *kill = ctx;

	(void)point;
	if (kill->points_left == 0)
		_exit(9);
	kill->points_left--;
	return true;
}

struct dying {
	const struct hf_buf *request;
	struct kill kill;
};

static void serve_and_die(void *ctx)
{
	struct dying *dying = ctx;
	struct hf_km_job job;

	rig->scratch.fault = die;
	rig->scratch.fault_ctx = &dying->kill;
	km_rig_open(rig);
	serve(rig, dying->request, &job);
	_exit(job.done ? 0 : 1);
}

static void make_task(unsigned n, struct serial serials[PER_TASK], struct hf_buf *request)
{
	struct hf_km_ask asks[PER_TASK];

	for (unsigned i = 0; i < PER_TASK; i++) {
		serials[i] = serial_of(n * PER_TASK + i);
		asks[i] = ask_for(HF_KM_APPLY, &serials[i], n % 2 ? &rig->user : &rig->user2);
	}
	make_request(rig, n % 3 ? &rig->ca : &rig->ca2, 1 + n, asks, PER_TASK, request);
}

/* A deterministic shuffle: tasks come in any order, some again and again. */
static unsigned next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static void keep_pubs(const struct hf_km_job *job, uint8_t (*pubs)[HF_SM2_POINT])
{
	struct hf_km_answer answer;

	for (size_t i = 0; i < PER_TASK; i++) {
		answer_of(rig, job, i, &answer);
		assert_int_equal(answer.verb, HF_KM_APPLY);
		memcpy(pubs[i], answer.retPubKey, HF_SM2_POINT);
	}
}

static void no_key_is_given_twice_whatever_breaks(void **state)
{
	static uint8_t pubs[NUM_KEYS][HF_SM2_POINT];
	struct hf_buf requests[NUM_TASKS], responds[NUM_TASKS];
	struct serial serials[PER_TASK];
	uint32_t seed = 1;
	int killed = 0;

	(void)state;
	for (unsigned i = 0; i < NUM_TASKS; i++) {
		make_task(i, serials, &requests[i]);
		hf_buf_init(&responds[i], HF_KM_MESSAGE_MAX + 200);
	}
	km_rig_close(rig);
	for (unsigned step = 0; step < 2 * NUM_TASKS; step++) {
		unsigned n = step < NUM_TASKS ? (step * 37) % NUM_TASKS : next_random(&seed) % NUM_TASKS;
		struct dying dying = {&requests[n], {next_random(&seed) % 14}};
		struct hf_km_job job;

		killed += in_child(serve_and_die, &dying) == 9;
		if (next_random(&seed) % 2 && step < NUM_TASKS)
			continue; /* its answer is fetched later, when others have taken theirs */
		km_rig_open(rig);
		serve(rig, &requests[n], &job);
		assert_true(job.done);
		if (responds[n].len == 0)
			hf_buf_put_bytes(&responds[n], hf_buf_bytes(&job.respond));
		assert_true(hf_bytes_equal(hf_buf_bytes(&responds[n]), hf_buf_bytes(&job.respond)));
		hf_km_job_clear(&job);
		km_rig_close(rig);
	}
	assert_true(killed > NUM_TASKS / 2);
	km_rig_open(rig);
	for (unsigned n = 0; n < NUM_TASKS; n++) {
		struct hf_km_job job;

		serve(rig, &requests[n], &job);
		keep_pubs(&job, &pubs[(size_t)n * PER_TASK]);
		hf_km_job_clear(&job);
		hf_buf_clear(&requests[n]);
		hf_buf_clear(&responds[n]);
	}
	for (size_t i = 0; i < NUM_KEYS; i++)
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(pubs[i], pubs[j], HF_SM2_POINT);
	assert_int_equal(counts_of(rig).in_use, NUM_KEYS);
	assert_int_equal(audited(rig, "key.apply", "ok"), NUM_KEYS);
	assert_int_equal(audited(rig, "km.answer", "ok"), NUM_TASKS);
}

/* Every point of one apply-and-revoke message, one after the other. */
static void a_task_broken_at_any_point_goes_on_with_its_pairs(void **state)
{
	struct serial serial = serial_of(1);
	const struct hf_km_ask asks[] = {
		ask_for(HF_KM_APPLY, &serial, &rig->user), ask_for(HF_KM_REVOKE, &serial, NULL)};
	struct dying dying;
	struct hf_buf request;
	struct hf_km_job job;
	int deaths = 0;

	(void)state;
	make_request(rig, &rig->ca, 7, asks, 2, &request);
	km_rig_close(rig);
	for (unsigned point = 0; point < 14; point++) {
		dying = (struct dying){&request, {point}};
		deaths += in_child(serve_and_die, &dying) == 9;
	}
	km_rig_open(rig);
	serve(rig, &request, &job);
	assert_int_equal(error_of(&job, 0), HF_KM_ERR_NONE);
	assert_int_equal(error_of(&job, 1), HF_KM_ERR_NONE);
	assert_true(deaths >= 6);
	assert_int_equal(counts_of(rig).in_use, 0);
	assert_int_equal(counts_of(rig).history, 1);
	assert_int_equal(audited(rig, "key.apply", "ok"), 1);
	assert_int_equal(audited(rig, "key.revoke", "ok"), 1);
	hf_km_job_clear(&job);
	hf_buf_clear(&request);
}

/* ---- what is kept ----------------------------------------------------------------------------------------------- */

struct kept {
	struct hf_buf request, respond;
	int num;
};

static bool keep_task(void *ctx, const struct hf_km_task *task, struct hf_err *err)
{
	struct kept *kept = ctx;

	(void)err;
	hf_buf_put_bytes(&kept->request, task->request);
	hf_buf_put_bytes(&kept->respond, task->respond);
	kept->num++;
	return true;
}

static bool get_task(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	uint8_t octets[HF_SERIAL_MAX];
	struct hf_bytes number;

	assert_true(hf_km_task_read("7", octets, &number));
	return hf_km_task_get(tx, NULL, number, keep_task, ctx, err);
}

static void a_task_is_kept_octet_for_octet(void **state)
{
	struct serial serial = serial_of(1);
	const struct hf_km_ask ask = ask_for(HF_KM_APPLY, &serial, &rig->user);
	struct kept kept = {.num = 0};
	struct hf_buf request;
	struct hf_km_job job;
	struct hf_err err;

	(void)state;
	hf_buf_init(&kept.request, HF_KM_MESSAGE_MAX);
	hf_buf_init(&kept.respond, HF_KM_MESSAGE_MAX);
	make_request(rig, &rig->ca, 7, &ask, 1, &request);
	serve(rig, &request, &job);
	assert_ok(hf_store_read(rig->km.store, get_task, &kept, &err));
	assert_int_equal(kept.num, 1);
	assert_true(hf_bytes_equal(hf_buf_bytes(&kept.request), hf_buf_bytes(&request)));
	assert_true(hf_bytes_equal(hf_buf_bytes(&kept.respond), hf_buf_bytes(&job.respond)));
	hf_buf_clear(&kept.request);
	hf_buf_clear(&kept.respond);
	hf_buf_clear(&request);
	hf_km_job_clear(&job);
}

static void task_numbers_read_as_they_are_shown(void **state)
{
	static const char *const texts[] = {"0", "7", "255", "9223372036854775807", "0x00ffffffffffffffff",
		"0x0102030405060708090a0b0c0d0e0f1011121314"};
	char shown[HF_KM_TASK_TEXT_MAX];
	uint8_t octets[HF_SERIAL_MAX];
	struct hf_bytes number;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_true(hf_km_task_read(texts[i], octets, &number));
		hf_km_task_text(number, shown);
		assert_string_equal(shown, texts[i]);
	}
	assert_false(hf_km_task_read("-1", octets, &number));
	assert_false(hf_km_task_read("0x", octets, &number));
	assert_false(hf_km_task_read("0x1", octets, &number));
	assert_false(hf_km_task_read("", octets, &number));
}

static void a_certificate_of_another_key_stops_the_start(void **state)
{
	struct hf_err err;

	(void)state;
	assert_ok(hf_km_check_key(&rig->km, &err));
	rig->soft.km = &rig->ca.key;
	assert_refused(hf_km_check_key(&rig->km, &err), HF_E_STATE, "km.crt");
	rig->soft.km = &rig->km_cert.key;
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_life_cycle_has_no_holes),
		test(an_applied_key_opens_with_the_users_signing_key_only),
		test(no_private_key_lies_in_the_database),
		test(the_same_question_gets_the_same_octets),
		test(another_body_under_a_known_task_is_refused_and_audited),
		test(a_serial_has_one_key_in_its_ca),
		test(a_flipped_bit_anywhere_is_refused),
		test(only_registered_cas_are_served),
		test(a_request_from_the_future_is_refused),
		test(a_restored_key_is_the_same_scalar_for_another_key),
		test(a_revoked_key_goes_to_the_history_and_stays),
		test(an_expired_key_goes_to_the_history),
		test(what_the_km_does_not_serve_gets_an_error_packet),
		test(an_escrowed_key_is_no_recipient),
		test(another_version_is_refused),
		test(an_empty_spare_library_is_filled_at_once),
		test(a_refill_begins_below_low_and_ends_at_target),
		test(a_wrong_signature_of_the_device_never_leaves),
		test(what_a_broken_device_kept_back_is_not_given_to_others),
		test(one_damaged_row_does_not_hold_up_the_others),
		test(the_same_task_twice_in_one_batch_has_one_answer),
		test(concurrent_answers_never_share_a_pair),
		test(no_key_is_given_twice_whatever_breaks),
		test(a_task_broken_at_any_point_goes_on_with_its_pairs),
		test(a_task_is_kept_octet_for_octet),
		cmocka_unit_test(task_numbers_read_as_they_are_shown),
		test(a_certificate_of_another_key_stops_the_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
