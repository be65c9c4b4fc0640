/*
 * bench-issue(1)
 *
 * NAME
 *     bench-issue - how fast dual certificates are issued, by one client and by a crowd
 *
 * SYNOPSIS
 *     bench-issue --home DIR [--clients N,N…] [--num N] [--rounds N] [--json]
 *
 * DESCRIPTION
 *     Asks the running services of DIR (`hufu up`) for dual certificates: applicants are entered, reviewed and claimed
 *     by the demonstration's operators, keys and PKCS#10 are made; then the clock runs while each client sends one
 *     request after the other on its own connection and waits for its certificates:
 *
 *         PKCS#10 ─► rad ─► cad ─► kmd (GM/T 0014) ─► keyd: ledger, signatures ─► database ─► both certificates
 *
 *     --clients  crowds to measure; 1,8,64
 *     --num      certificates that each crowd asks for in a round; 128
 *     --rounds   crowds take turns; rates are medians of the rounds, times are of all; 3
 *
 * SECURITY
 *     For a home made to be measured only: its applicants are inventions, and their private keys are thrown away.
 */
#include "report.h"

#include "api/json.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/str.h"
#include "cmd/client.h"
#include "cmd/request_int.h"
#include "crypto/rand.h"
#include "crypto/sm2.h"
#include "x509/csr.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CROWDS_MAX 8
#define ROUNDS_MAX 32
#define NUM_MAX    500 /* one signed review, one signed claim */
#define TAG_DIGITS 16

struct crowd {
	size_t clients;
	double rates[ROUNDS_MAX];
	double *times_ms; /* rounds × num */
	size_t num_times;
};

struct ask {
	char id[65];
	struct hf_buf body; /* of POST …/csr */
};

struct bench {
	struct hf_bench out;
	const char *home;
	size_t num, rounds, num_crowds;
	struct crowd crowds[CROWDS_MAX];

	struct hf_client client;
	struct hf_buf answer;
	struct ask *asks;

	pthread_mutex_t lock; /* of what follows */
	struct crowd *running;
	size_t next;
	struct hf_err err; /* the first */
};

/* ---- the applicants --------------------------------------------------------------------------------------------- */

/* GB 11643: area, birth date, order, check digit. */
static void identity_number(size_t i, char out[19])
{
	static const int weights[17] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
	int sum = 0;

	hf_fmt_cut(out, 19, "110101%04zu%02zu%02zu%03zu", 1950 + i % 50, 1 + i % 12, 1 + i % 28, i % 1000);
	for (int k = 0; k < 17; k++)
		sum += (out[k] - '0') * weights[k];
	out[17] = "10X98765432"[sum % 11];
	out[18] = '\0';
}

static bool enter(struct bench *b, struct hf_err *err)
{
	char tag[TAG_DIGITS + 1], path[64], number[19];
	struct hf_client_ask ask = {.service = "ra", .method = "POST", .path = path, .type = "text/csv"};
	uint8_t random[TAG_DIGITS / 2];
	struct hf_buf csv;

	if (!hf_client_operator(&b->client, "luru", err) || !hf_rand(random, sizeof(random), err))
		return false;
	hf_hex(HF_BYTES_OF(random), tag);
	hf_fmt_cut(path, sizeof(path), "/v1/batches/bench-%s", tag);
	hf_buf_init(&csv, 1 << 20);
	hf_buf_put_str(&csv, "template,common_name,id_type,id_number,organization,organizational_unit,state,locality,"
			     "uscc,email,phone,validity_days,key_algorithm\n");
	for (size_t i = 0; i < b->num; i++) {
		identity_number(i, number);
		hf_buf_printf(&csv,
			"person,测试%s%zu,resident,%s,北京市数据局,信息中心,,北京市,,bench@gov.example.cn,18600000000,"
			"365,SM2\n",
			tag, i, number);
	}
	ask.body = hf_buf_bytes(&csv);
	const bool ok = hf_client_call(&b->client, &ask, &b->answer, err);
	hf_buf_clear(&csv);
	return ok;
}

static bool take_ids(struct bench *b, struct hf_err *err)
{
	struct hf_json doc, list;
	size_t num = 0;
	const char *id;

	if (!hf_json_parse(hf_buf_bytes(&b->answer), &doc, err))
		return false;
	bool ok = hf_json_array(&doc, "requests", NUM_MAX, &list, &num, err);
	if (ok && num != b->num)
		ok = hf_fail(err, HF_E_INPUT, "only %zu of %zu applicants were taken", num, b->num);
	for (size_t i = 0; ok && i < num; i++) {
		ok = hf_json_item_str(&list, i, sizeof(b->asks[i].id) - 1, &id, err);
		if (ok)
			hf_fmt_cut(b->asks[i].id, sizeof(b->asks[i].id), "%s", id);
	}
	hf_json_free(&doc);
	return ok;
}

static bool review(struct bench *b, struct hf_err *err)
{
	struct hf_request_review work = {0};
	const char *ids[NUM_MAX];

	for (size_t i = 0; i < b->num; i++)
		ids[i] = b->asks[i].id;
	return hf_client_operator(&b->client, "shenhe", err) &&
	       hf_request_review(&b->client, &work, ids, b->num, err) &&
	       (work.done == b->num || hf_fail(err, HF_E_STATE, "not all were approved"));
}

static bool ask_claims(struct bench *b, struct hf_err *err)
{
	struct hf_client_ask ask = {.service = "ra", .method = "POST", .path = "/v1/produce/claim"};
	struct hf_json_writer w;
	struct hf_buf body;

	hf_buf_init(&body, 1 << 20);
	hf_json_writer_init(&w, &body);
	hf_json_write_object(&w, NULL);
	hf_json_write_array(&w, "requests");
	for (size_t i = 0; i < b->num; i++)
		hf_json_write_str(&w, NULL, b->asks[i].id);
	hf_json_write_end(&w);
	hf_json_write_end(&w);
	ask.body = hf_buf_bytes(&body);
	const bool ok =
		hf_client_operator(&b->client, "zhizheng", err) && hf_client_call(&b->client, &ask, &b->answer, err);
	hf_buf_clear(&body);
	return ok;
}

/* ---- their requests --------------------------------------------------------------------------------------------- */

static bool sign_csr(void *ctx, const struct hf_bytes *tbs, size_t num, uint8_t (*sigs)[HF_SM2_SIG], struct hf_err *err)
{
	const struct hf_sm2_key *key = ctx;
	uint8_t z[HF_SM3_LEN], e[HF_SM3_LEN];

	hf_sm2_z(key->pub, HF_SM2_DEFAULT_ID, z);
	for (size_t i = 0; i < num; i++) {
		hf_sm2_digest(z, tbs[i], e);
		if (!hf_sm2_sign(key->d, e, sigs[i], err))
			return false;
	}
	return true;
}

static bool make_body(struct ask *ask, const char *ticket, struct hf_bytes subject, struct hf_err *err)
{
	struct hf_sm2_key key;
	struct hf_signer signer = {.sign = sign_csr, .ctx = &key};
	struct hf_json_writer w;
	struct hf_buf csr;

	hf_buf_init(&csr, HF_CSR_MAX);
	bool ok = hf_sm2_generate(&key, err);
	if (ok) {
		memcpy(signer.pub, key.pub, sizeof(signer.pub));
		ok = hf_csr_make(&signer, subject, &csr, err);
	}
	hf_wipe(&key, sizeof(key));
	hf_buf_reset(&ask->body);
	hf_json_writer_init(&w, &ask->body);
	hf_json_write_object(&w, NULL);
	hf_json_write_str(&w, "ticket", ticket);
	hf_json_write_base64(&w, "pkcs10", hf_buf_bytes(&csr));
	hf_json_write_end(&w);
	hf_buf_clear(&csr);
	return ok;
}

static bool take_claims(struct bench *b, struct hf_err *err)
{
	struct hf_json doc, list, one;
	const char *id, *ticket;
	struct hf_buf subject;
	size_t num = 0;

	if (!hf_json_parse(hf_buf_bytes(&b->answer), &doc, err))
		return false;
	hf_buf_init(&subject, 4096);
	bool ok = hf_json_array(&doc, "claims", NUM_MAX, &list, &num, err);
	if (ok && num != b->num)
		ok = hf_fail(err, HF_E_STATE, "only %zu of %zu were claimed", num, b->num);
	for (size_t i = 0; ok && i < num; i++) {
		hf_json_at(&list, i, &one);
		ok = hf_json_str(&one, "id", sizeof(b->asks[i].id) - 1, &id, err) &&
		     hf_json_str(&one, "ticket", 64, &ticket, err) && hf_json_base64(&one, "subject", &subject, err) &&
		     make_body(&b->asks[i], ticket, hf_buf_bytes(&subject), err);
		if (ok)
			hf_fmt_cut(b->asks[i].id, sizeof(b->asks[i].id), "%s", id);
	}
	hf_buf_clear(&subject);
	hf_json_free(&doc);
	return ok;
}

static bool prepare(struct bench *b, struct hf_err *err)
{
	return enter(b, err) && take_ids(b, err) && review(b, err) && ask_claims(b, err) && take_claims(b, err);
}

/* ---- the clock runs --------------------------------------------------------------------------------------------- */

static bool issue_one(struct bench *b, const struct ask *one, struct hf_http_client *http, struct hf_err *err)
{
	char path[160];
	const struct hf_client_ask ask = {.service = "ra",
		.method = "POST",
		.path = path,
		.body = hf_buf_bytes(&one->body),
		.unsigned_call = true};
	struct hf_buf answer;

	hf_fmt_cut(path, sizeof(path), "/v1/produce/%s/csr", one->id);
	hf_buf_init(&answer, 1 << 20);
	const bool ok = hf_client_call_on(&b->client, http, &ask, &answer, err);
	hf_buf_clear(&answer);
	return ok;
}

static bool work(void *ctx, size_t n, struct hf_http_client *http)
{
	struct bench *b = ctx;
	struct hf_err err = {0};

	(void)n;
	pthread_mutex_lock(&b->lock);
	const size_t i = b->err.code == HF_OK ? b->next++ : b->num;
	pthread_mutex_unlock(&b->lock);
	if (i >= b->num)
		return false;
	const int64_t from = hf_ticks();
	const bool ok = issue_one(b, &b->asks[i], http, &err);
	const double ms = (double)(hf_ticks() - from) / 1000;
	pthread_mutex_lock(&b->lock);
	if (ok)
		b->running->times_ms[b->running->num_times++] = ms;
	else if (b->err.code == HF_OK)
		b->err = err;
	pthread_mutex_unlock(&b->lock);
	return ok;
}

static bool run_crowd(struct bench *b, struct crowd *crowd, size_t round, struct hf_err *err)
{
	const struct hf_http_many many = {.num = crowd->clients, .client = {.total_ms = 60000}, .ctx = b, .work = work};

	if (!prepare(b, err))
		return hf_fail_in(err, "preparing the applications");
	b->running = crowd;
	b->next = 0;
	const int64_t from = hf_ticks();
	if (!hf_http_many_run(&many, err))
		return false;
	crowd->rates[round] = (double)b->num * 1e6 / (double)(hf_ticks() - from);
	*err = b->err;
	return err->code == HF_OK;
}

static bool run(struct bench *b, struct hf_err *err)
{
	for (size_t round = 0; round < b->rounds; round++)
		for (size_t i = 0; i < b->num_crowds; i++)
			if (!run_crowd(b, &b->crowds[i], round, err))
				return false;
	return true;
}

static void report(struct bench *b, double p256)
{
	double lonely_rate = 0, lonely_ms = 0;
	char name[64];

	for (size_t i = 0; i < b->num_crowds; i++) {
		struct crowd *c = &b->crowds[i];
		const double rate = hf_bench_quantile(c->rates, b->rounds, 0.5);
		const double p50 = hf_bench_quantile(c->times_ms, c->num_times, 0.5);
		const double p99 = hf_bench_quantile(c->times_ms, c->num_times, 0.99);

		if (i == 0) {
			lonely_rate = rate;
			lonely_ms = p50;
		}
		hf_fmt_cut(name, sizeof(name), "clients %zu rate", c->clients);
		hf_bench_print(&b->out, &(struct hf_bench_figure){name, rate, "1/s", p256, "P-256 signatures"});
		hf_fmt_cut(name, sizeof(name), "clients %zu gain", c->clients);
		hf_bench_print(&b->out, &(struct hf_bench_figure){name, rate, "1/s", lonely_rate, "the first crowd"});
		hf_fmt_cut(name, sizeof(name), "clients %zu p50", c->clients);
		hf_bench_print(&b->out, &(struct hf_bench_figure){name, p50, "ms", lonely_ms, "the first's p50"});
		hf_fmt_cut(name, sizeof(name), "clients %zu p99", c->clients);
		hf_bench_print(&b->out, &(struct hf_bench_figure){name, p99, "ms", lonely_ms, "the first's p50"});
	}
}

/* ---- main ------------------------------------------------------------------------------------------------------- */

static bool read_number(const char *text, size_t max, size_t *out, const char **end)
{
	char *rest = NULL;

	errno = 0;
	const unsigned long v = strtoul(text, &rest, 10);
	*out = v;
	*end = rest;
	return errno == 0 && rest != text && v >= 1 && v <= max;
}

static bool read_crowds(struct bench *b, const char *text)
{
	const char *end = text;

	for (b->num_crowds = 0; b->num_crowds < CROWDS_MAX; text = end + 1) {
		if (!read_number(text, 1024, &b->crowds[b->num_crowds++].clients, &end))
			return false;
		if (*end != ',')
			return *end == '\0';
	}
	return false;
}

static bool read_options(struct bench *b, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";
		const char *end = "";
		bool ok = true;

		if (strcmp(argv[i], "--json") == 0) {
			b->out.json = true;
			continue;
		}
		if (strcmp(argv[i], "--home") == 0)
			b->home = value;
		else if (strcmp(argv[i], "--num") == 0)
			ok = read_number(value, NUM_MAX, &b->num, &end);
		else if (strcmp(argv[i], "--rounds") == 0)
			ok = read_number(value, ROUNDS_MAX, &b->rounds, &end);
		else if (strcmp(argv[i], "--clients") == 0)
			ok = read_crowds(b, value);
		else
			ok = false;
		if (!ok || *end || !*value)
			return false;
		i++;
	}
	return b->home != NULL;
}

static bool measure(struct bench *b, struct hf_err *err)
{
	double p256;

	b->asks = hf_alloc(b->num, sizeof(*b->asks));
	for (size_t i = 0; i < b->num; i++)
		hf_buf_init(&b->asks[i].body, 65536);
	for (size_t i = 0; i < b->num_crowds; i++)
		b->crowds[i].times_ms = hf_alloc(b->rounds * b->num, sizeof(double));
	if (!hf_bench_p256(&p256, err) || !hf_client_open(&b->client, b->home, NULL, NULL, err))
		return false;
	hf_bench_head(&b->out, "dual certificates a second, from PKCS#10 to both certificates, durable, over HTTP",
		"entering, review, claim, key pairs, PKCS#10, tokens, receipts");
	if (!run(b, err))
		return false;
	report(b, p256);
	return true;
}

int main(int argc, char **argv)
{
	struct bench b = {.out = {.name = "issue"}, .num = 128, .rounds = 3};
	struct hf_err err = {0};

	(void)read_crowds(&b, "1,8,64");
	if (!read_options(&b, argc, argv)) {
		(void)fprintf(stderr,
			"bench-issue --home DIR [--clients N,N...] [--num N (at most %d)] [--rounds N] [--json]\n",
			NUM_MAX);
		return 2;
	}
	pthread_mutex_init(&b.lock, NULL);
	hf_buf_init(&b.answer, HF_CLIENT_ANSWER_MAX);
	const bool ok = measure(&b, &err);
	if (!ok)
		(void)fprintf(stderr, "bench-issue: %s: %s\n", hf_code_name(err.code), err.text);
	hf_client_close(&b.client);
	hf_buf_clear(&b.answer);
	for (size_t i = 0; i < b.num; i++)
		hf_buf_clear(&b.asks[i].body);
	for (size_t i = 0; i < b.num_crowds; i++)
		free(b.crowds[i].times_ms);
	free(b.asks);
	pthread_mutex_destroy(&b.lock);
	return ok ? 0 : 1;
}
