#include "api/ra_routes_int.h"

#include "base/alloc.h"
#include "base/str.h"
#include "der/der.h"
#include "ra/produce.h"

#include <stdlib.h>
#include <string.h>

/* A message by ticket on its way: what was read of it must live as long as its job. */
struct ticketed {
	struct hf_api_call c;
	struct hf_json doc;
	struct hf_buf octets; /* pkcs10, or the receipt's signature */
	const char *ticket, *at, *token;
};

static struct ticketed *ticketed_new(size_t max)
{
	struct ticketed *t = hf_alloc(1, sizeof(*t));

	hf_buf_init(&t->octets, max);
	return t;
}

static void ticketed_free(struct ticketed *t)
{
	hf_json_free(&t->doc);
	hf_buf_clear(&t->octets);
	free(t);
}

static void refuse(struct ticketed *t, const struct hf_err *why)
{
	char object[64];

	hf_fmt_cut(object, sizeof(object), "request/%s", hf_exchange_param(t->c.ex, "id"));
	hf_api_refuse(&t->c, object, why);
}

/* ---- certification requests ------------------------------------------------------------------------------------ */

static bool read_csr(struct ticketed *t, struct hf_err *err)
{
	static const char *const names[] = {"ticket", "pkcs10", NULL};

	return hf_json_parse(hf_buf_bytes(&t->c.ex->body), &t->doc, err) && hf_json_only(&t->doc, names, err) &&
	       hf_json_str(&t->doc, "ticket", HF_RA_TICKET_LEN, &t->ticket, err) &&
	       hf_json_base64(&t->doc, "pkcs10", &t->octets, err);
}

static void answer_csr(struct hf_exchange *ex, const struct hf_ra_issued *issued)
{
	struct hf_bytes chain = hf_buf_bytes(&issued->chain);
	struct hf_json_writer w;
	struct hf_der_tlv cert;

	hf_json_writer_init(&w, &ex->answer);
	hf_json_write_object(&w, NULL);
	hf_json_write_base64(&w, "sign_cert", hf_buf_bytes(&issued->sign_cert));
	hf_json_write_base64(&w, "enc_cert", hf_buf_bytes(&issued->enc_cert));
	hf_json_write_array(&w, "chain");
	while (chain.len > 0 && hf_der_next(&chain, &cert, NULL))
		hf_json_write_base64(&w, NULL, cert.whole);
	hf_json_write_end(&w);
	hf_json_write_base64(&w, "envelope", hf_buf_bytes(&issued->envelope));
	hf_json_write_hex(&w, "enc_public", HF_BYTES_OF(issued->enc_public));
	hf_json_write_end(&w);
	hf_exchange_done(ex, 200, "application/json");
}

void hf_ra_serve_csr(void *api, struct hf_exchange *const *list, size_t num)
{
	struct hf_ra_csr_job *jobs = hf_alloc(num, sizeof(*jobs));
	struct ticketed **calls = hf_alloc(num, sizeof(*calls));
	size_t num_jobs = 0;

	for (size_t i = 0; i < num; i++) {
		struct ticketed *t = ticketed_new(65536);
		struct hf_err err = {0};

		if (hf_api_check(&t->c, api, list[i]) && read_csr(t, &err)) {
			calls[num_jobs] = t;
			hf_ra_csr_job_init(&jobs[num_jobs++], hf_exchange_param(list[i], "id"), t->ticket,
				hf_buf_bytes(&t->octets));
			continue;
		}
		if (err.code != HF_OK)
			refuse(t, &err);
		ticketed_free(t);
	}
	if (num_jobs > 0)
		hf_ra_csr(((struct hf_api *)api)->role, jobs, num_jobs);
	for (size_t i = 0; i < num_jobs; i++) {
		if (jobs[i].ok)
			answer_csr(calls[i]->c.ex, &jobs[i].issued);
		else
			refuse(calls[i], &jobs[i].err);
		hf_ra_csr_job_clear(&jobs[i]);
		ticketed_free(calls[i]);
	}
	free(calls);
	free(jobs);
}

/* ---- receipts -------------------------------------------------------------------------------------------------- */

static bool read_receipt(struct ticketed *t, struct hf_err *err)
{
	static const char *const names[] = {"ticket", "at", "token", "signature", NULL};

	return hf_json_parse(hf_buf_bytes(&t->c.ex->body), &t->doc, err) && hf_json_only(&t->doc, names, err) &&
	       hf_json_str(&t->doc, "ticket", HF_RA_TICKET_LEN, &t->ticket, err) &&
	       hf_json_str(&t->doc, "at", HF_TIME_TEXT_MAX, &t->at, err) &&
	       hf_json_str(&t->doc, "token", HF_APP_TOKEN_MAX, &t->token, err) &&
	       hf_json_base64(&t->doc, "signature", &t->octets, err);
}

static void answer_receipt(struct hf_exchange *ex)
{
	struct hf_json_writer w;

	hf_json_writer_init(&w, &ex->answer);
	hf_json_write_object(&w, NULL);
	hf_json_write_str(&w, "state", hf_application_state_name(HF_APP_INSTALLED));
	hf_json_write_end(&w);
	hf_exchange_done(ex, 200, "application/json");
}

void hf_ra_serve_receipt(void *api, struct hf_exchange *const *list, size_t num)
{
	struct hf_ra_receipt_job *jobs = hf_alloc(num, sizeof(*jobs));
	struct ticketed **calls = hf_alloc(num, sizeof(*calls));
	size_t num_jobs = 0;

	for (size_t i = 0; i < num; i++) {
		struct ticketed *t = ticketed_new(256);
		struct hf_err err = {0};

		if (hf_api_check(&t->c, api, list[i]) && read_receipt(t, &err)) {
			calls[num_jobs] = t;
			hf_ra_receipt_job_init(&jobs[num_jobs++], hf_exchange_param(list[i], "id"), t->ticket, t->at,
				t->token, hf_buf_bytes(&t->octets));
			continue;
		}
		if (err.code != HF_OK)
			refuse(t, &err);
		ticketed_free(t);
	}
	if (num_jobs > 0)
		hf_ra_receipts(((struct hf_api *)api)->role, jobs, num_jobs);
	for (size_t i = 0; i < num_jobs; i++) {
		if (jobs[i].ok)
			answer_receipt(calls[i]->c.ex);
		else
			refuse(calls[i], &jobs[i].err);
		hf_ra_receipt_job_clear(&jobs[i]);
		ticketed_free(calls[i]);
	}
	free(calls);
	free(jobs);
}
