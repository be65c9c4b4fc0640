#include "api/ocsp_routes.h"

#include "api/json.h"
#include "base/hex.h"
#include "base/str.h"
#include "ocsp/responder.h"

#include <string.h>

#define CACHE_S 60

/* ---- OCSP ---------------------------------------------------------------------------------------------------------
 */

/* "Sun, 22 Nov 2026 10:31:09 GMT" (RFC 9110 5.6.7). */
static void http_date(int64_t at, char out[HF_TIME_TEXT_MAX])
{
	static const char *const days[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
	static const char *const months[] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	const struct hf_civil c = hf_civil_from(at);

	hf_fmt_cut(out, HF_TIME_TEXT_MAX, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[at / HF_DAY % 7], c.day,
		months[c.month - 1], c.year, c.hour, c.minute, c.second);
}

//= RFC 5019 6.2
static void let_cache(struct hf_exchange *ex, const struct hf_ocsp_job *job, int64_t now)
{
	int64_t seconds = (job->next_update - now) / HF_SECOND;
	char text[80], date[HF_TIME_TEXT_MAX];

	if (seconds > CACHE_S)
		seconds = CACHE_S;
	hf_fmt_cut(text, sizeof(text), "max-age=%lld, public, no-transform, must-revalidate", (long long)seconds);
	hf_exchange_answer_header(ex, "Cache-Control", text);
	http_date(now + seconds * HF_SECOND, date);
	hf_exchange_answer_header(ex, "Expires", date);
	http_date(job->this_update, date);
	hf_exchange_answer_header(ex, "Last-Modified", date);
}

static void give(struct hf_api *api, struct hf_exchange *ex, const struct hf_ocsp_job *job)
{
	const int64_t now = hf_now(api->clock);
	const bool is_get = strcmp(ex->method, "POST") != 0;

	if (is_get && job->status == HF_OCSP_SUCCESSFUL && !job->has_nonce && job->all_known && job->next_update > now)
		let_cache(ex, job, now);
	else
		hf_exchange_answer_header(ex, "Cache-Control", "no-store");
	//= RFC 6960 A.2: an error status is an answer too, so HTTP says 200
	hf_exchange_done(ex, 200, "application/ocsp-response");
}

/* requests[i] is what list[i] asks. */
static void answer_group(
	struct hf_api *api, struct hf_exchange *const *list, const struct hf_bytes *requests, size_t num)
{
	struct hf_ocsp_job jobs[HF_OCSP_GROUP_MAX];

	for (size_t i = 0; i < num; i++)
		jobs[i] = (struct hf_ocsp_job){.request = requests[i], .answer = &list[i]->answer};
	hf_ocsp_answer_batch(api->role, jobs, num);
	for (size_t i = 0; i < num; i++)
		give(api, list[i], &jobs[i]);
}

static size_t group_of(size_t num)
{
	return num < HF_OCSP_GROUP_MAX ? num : HF_OCSP_GROUP_MAX;
}

static void serve_post_group(struct hf_api *api, struct hf_exchange *const *list, size_t num)
{
	struct hf_bytes requests[HF_OCSP_GROUP_MAX];
	struct hf_exchange *asked[HF_OCSP_GROUP_MAX];
	size_t num_asked = 0;

	for (size_t i = 0; i < num; i++) {
		//= RFC 6960 A.1
		if (!hf_exchange_is_type(list[i], "application/ocsp-request")) {
			hf_exchange_refuse(list[i], 415, "input",
				"the body's Content-Type must be application/ocsp-request (RFC 6960 A.1)");
			continue;
		}
		requests[num_asked] = hf_buf_bytes(&list[i]->body);
		asked[num_asked++] = list[i];
	}
	answer_group(api, asked, requests, num_asked);
}

static void serve_post(void *api, struct hf_exchange *const *list, size_t num)
{
	for (size_t i = 0; i < num; i += HF_OCSP_GROUP_MAX)
		serve_post_group(api, list + i, group_of(num - i));
}

/* The router has undone the percent signs; base64 that is none is a request that is none. */
static void serve_get_group(struct hf_api *api, struct hf_exchange *const *list, size_t num)
{
	struct hf_bytes requests[HF_OCSP_GROUP_MAX];
	struct hf_buf octets[HF_OCSP_GROUP_MAX];

	for (size_t i = 0; i < num; i++) {
		hf_buf_init(&octets[i], HF_OCSP_REQUEST_MAX);
		if (hf_base64_get(&octets[i], hf_bytes_str(hf_exchange_param(list[i], "request")), false))
			requests[i] = hf_buf_bytes(&octets[i]);
		else
			requests[i] = HF_BYTES_NONE;
	}
	answer_group(api, list, requests, num);
	for (size_t i = 0; i < num; i++)
		hf_buf_clear(&octets[i]);
}

static void serve_get(void *api, struct hf_exchange *const *list, size_t num)
{
	for (size_t i = 0; i < num; i += HF_OCSP_GROUP_MAX)
		serve_get_group(api, list + i, group_of(num - i));
}

/* ---- files --------------------------------------------------------------------------------------------------------
 */

struct file_kind {
	const char *ending, *type;
	bool (*get)(struct hf_ocsp *ocsp, const char *ca, struct hf_buf *der, struct hf_err *err);
};

static const struct file_kind crl_file = {".crl", "application/pkix-crl", hf_ocsp_crl_get};
static const struct file_kind cert_file = {".crt", "application/pkix-cert", hf_ocsp_cert_get};

/* "ca.crl" → "ca" */
static bool stem(const char *name, const char *ending, char ca[HF_DEV_NAME_MAX])
{
	const size_t len = strlen(name), end = strlen(ending);

	if (len <= end || len - end >= HF_DEV_NAME_MAX || strcmp(name + len - end, ending) != 0)
		return false;
	hf_fmt_cut(ca, HF_DEV_NAME_MAX, "%.*s", (int)(len - end), name);
	return true;
}

static void serve_file(struct hf_api *api, struct hf_exchange *ex, const struct file_kind *kind)
{
	const char *name = hf_exchange_param(ex, "name");
	char ca[HF_DEV_NAME_MAX];
	struct hf_err err = {0};

	if (!stem(name, kind->ending, ca))
		hf_exchange_refuse(ex, 404, "missing", "expected the name of a CA, then %s", kind->ending);
	else if (!kind->get(api->role, ca, &ex->answer, &err))
		hf_exchange_refuse_err(ex, &err);
	else
		hf_exchange_done(ex, 200, kind->type);
}

static void serve_crl(void *api, struct hf_exchange *const *list, size_t num)
{
	for (size_t i = 0; i < num; i++)
		serve_file(api, list[i], &crl_file);
}

static void serve_cert(void *api, struct hf_exchange *const *list, size_t num)
{
	for (size_t i = 0; i < num; i++)
		serve_file(api, list[i], &cert_file);
}

/* ---- status -------------------------------------------------------------------------------------------------------
 */

static void write_info(const struct hf_ocsp_state_info *info, struct hf_buf *out)
{
	struct hf_json_writer w;

	hf_json_writer_init(&w, out);
	hf_json_write_object(&w, NULL);
	hf_json_write_i64(&w, "feed_number", info->feed_number);
	if (info->fresh_at != 0)
		hf_json_write_time(&w, "fresh_at", info->fresh_at);
	else
		hf_json_write_null(&w, "fresh_at");
	hf_json_write_array(&w, "crls");
	for (size_t i = 0; i < info->num_crls; i++) {
		hf_json_write_object(&w, NULL);
		hf_json_write_str(&w, "ca", info->crls[i].ca);
		hf_json_write_i64(&w, "number", info->crls[i].number);
		hf_json_write_end(&w);
	}
	hf_json_write_end(&w);
	hf_json_write_end(&w);
}

static void serve_status(void *service, struct hf_exchange *const *list, size_t num)
{
	struct hf_api *api = service;

	for (size_t i = 0; i < num; i++) {
		struct hf_ocsp_state_info info;
		struct hf_err err = {0};
		if (hf_ocsp_info(api->role, &info, &err)) {
			write_info(&info, &list[i]->answer);
			hf_exchange_done(list[i], 200, "application/json");
		} else {
			hf_exchange_refuse_err(list[i], &err);
		}
	}
}

static const struct hf_api_rule open_rule = {HF_API_OPEN, 0, "read", 0};

const struct hf_route hf_ocsp_routes[] = {
	{"POST", "/ocsp", HF_OCSP_REQUEST_MAX, HF_OCSP_LANE_ANSWER, serve_post, "OCSPRequest in, OCSPResponse out",
		&open_rule},
	{"GET", "/ocsp/{request...}", 0, HF_OCSP_LANE_ANSWER, serve_get, "The same, the request in base64", &open_rule},
	{"GET", "/crl/{name}", 0, HF_OCSP_LANE_READ, serve_crl, "ca.crl, root.crl: the newest CRL (DER)", &open_rule},
	{"GET", "/ca/{name}", 0, HF_OCSP_LANE_READ, serve_cert, "ca.crt, root.crt: a CA's certificate (DER)",
		&open_rule},
	{"GET", "/v1/status", 0, HF_OCSP_LANE_READ, serve_status, "How far the CA's feed was taken", &open_rule},
	HF_API_COMMON_ROUTES(HF_OCSP_LANE_READ),
};
const size_t hf_num_ocsp_routes = sizeof(hf_ocsp_routes) / sizeof(hf_ocsp_routes[0]);
