/*
 * hufu-ocspd: see the manual below.
 */
#include "api/ocsp_routes.h"
#include "base/alloc.h"
#include "base/str.h"
#include "cmd/service.h"
#include "net/http_client.h"
#include "ocsp/responder.h"

#include <stdlib.h>
#include <string.h>

#define PAGE_FRAMES 256  /* about so many frames in one page */
#define FETCH_MS    5000 /* a stop waits for a fetch under way */

static const char manual[] =
	"hufu-ocspd - the OCSP responder\n"
	"\n"
	"SYNOPSIS\n"
	"    hufu-ocspd --home DIR\n"
	"\n"
	"DESCRIPTION\n"
	"    Answers OCSP (RFC 6960, RFC 5019) by GET and POST, and serves the CRLs and the CA certificates, for the\n"
	"    certificates of the operating CA. All that it knows comes from the CA's signed feed, which it asks for\n"
	"    every [ocsp] ocsp_poll_ms. When the CA is away it goes on for [ocsp] ocsp_minutes, then says tryLater.\n"
	"    It is started by the supervisor of `hufu up`.\n"
	"\n"
	"FILES\n"
	"    DIR/hufu.conf       settings: [network] ocsp_port, ca_url; [ocsp] all\n"
	"    DIR/ocsp/ocsp.crt   the responder's certificate, issued by the CA for its key \"ocsp\"\n"
	"    DIR/ocsp/feed.pub   the public key that signs the CA's feed: 128 hex digits; never learnt from the "
	"network\n"
	"    DIR/ocsp/db.sqlite  the snapshot made from the feed; its audit trail and auditor, too: restore it from\n"
	"                        the same backup as the CA's\n"
	"\n"
	"OPTIONS\n"
	"    --home DIR          the system's folder\n"
	"    --probe-jail[=ACT]  open, enter the jail, try what is forbidden there, say what happened\n"
	"    --help              this page\n"
	"\n"
	"SECURITY\n"
	"    It listens on [network] address, ocsp_port; it connects to the CA's port and nothing else. It writes "
	"nothing\n"
	"    to the CA and holds no personal data. A page of the feed with a gap, a wrong link or a wrong signature "
	"is\n"
	"    not taken, not even in part. Its key is in keyd-ocsp, which parses each answer before it signs. Jailed: "
	"its\n"
	"    own folder, no programs, no other files.\n";

enum { M_OCSP = HF_SERVICE_NUM_METRICS, NUM_M = M_OCSP + HF_OCSP_NUM_METRICS };
static const struct hf_metric metrics[NUM_M] = {HF_SERVICE_METRICS, HF_OCSP_METRICS(M_OCSP)};

/* ---- the way to the CA --------------------------------------------------------------------------------------------
 */

struct line {
	struct hf_http_client *http;
	const char *ca_url;
};

static bool fetch(void *ctx, int64_t after, struct hf_buf *page, struct hf_err *err)
{
	const struct line *line = ctx;
	char url[256];
	struct hf_http_request request = {.method = "GET", .url = url};
	struct hf_http_answer answer;

	if (!hf_fmt(url, sizeof(url), "%s/v1/feed?after=%lld&limit=%d", line->ca_url, (long long)after, PAGE_FRAMES))
		return hf_fail(err, HF_E_LIMIT, "[network] ca_url is too long");
	if (!hf_http_call(line->http, &request, &answer, page, err))
		return false;
	return answer.status == 200 ||
	       hf_fail(err, HF_E_PEER, "the CA answered %u when asked for its feed", answer.status);
}

static void close_line(void *ctx)
{
	struct line *line = ctx;

	hf_http_client_free(line->http);
	free(line);
}

static size_t connects(const struct hf_settings *settings, uint16_t ports[HF_SERVICE_PORTS_MAX])
{
	ports[0] = hf_url_port(settings->ca_url);
	return 1;
}

/* ---- the service --------------------------------------------------------------------------------------------------
 */

static bool open_ocspd(struct hf_service *s, struct hf_err *err)
{
	const struct hf_http_client_opts http = {.connect_ms = 1000, .total_ms = FETCH_MS};
	struct line *line = hf_alloc(1, sizeof(*line));
	struct hf_ocsp_options options = {.store = s->store,
		.dev = &s->dev,
		.clock = s->daemon.clock,
		.log = &s->daemon.log,
		.folder = s->daemon.folder,
		.minutes = s->settings.ocsp_minutes,
		.feed = {fetch, close_line, line},
		.metrics = s->daemon.metrics,
		.first_metric = M_OCSP};
	struct hf_ocsp *ocsp;

	line->ca_url = s->settings.ca_url;
	if (!hf_http_client_new(&line->http, &http, err) || !hf_ocsp_open(&ocsp, &options, err)) {
		close_line(line);
		return false;
	}
	s->api.role = ocsp;
	return true;
}

static bool start_ocspd(struct hf_service *s, struct hf_err *err)
{
	return hf_ocsp_start(s->api.role, err);
}

static void stop_ocspd(struct hf_service *s)
{
	hf_ocsp_close(s->api.role);
}

/* What goes wrong is in the log already, once a minute. */
static void poll_feed(struct hf_service *s)
{
	struct hf_err err = {0};

	(void)!hf_ocsp_poll(s->api.role, &err);
}

static bool healthy(void *role, struct hf_err *err)
{
	return hf_ocsp_healthy(role, err);
}

int main(int argc, char **argv)
{
	static const struct hf_schema *const schemas[] = {&hf_ocsp_schema};
	const struct hf_service_spec spec = {
		.name = "ocspd",
		.service = "ocsp",
		.program = "hufu-ocspd",
		.manual = manual,
		.port = offsetof(struct hf_settings, ocsp_port),
		.schemas = schemas,
		.num_schemas = 1,
		.routes = hf_ocsp_routes,
		.num_routes = hf_num_ocsp_routes,
		.lanes = {[HF_OCSP_LANE_ANSWER - 1] = {.name = "ocsp", .batch_max = HF_OCSP_GROUP_MAX},
			[HF_OCSP_LANE_READ - 1] = {.name = "read"}},
		.metrics = metrics,
		.num_metrics = NUM_M,
		.journals = {{HF_AUDIT_NAME, "audit"}},
		.timers = {{"feed", 0, poll_feed}},
		.timer_settings = {offsetof(struct hf_settings, ocsp_poll_ms)},
		.connects = connects,
		.open = open_ocspd,
		.start = start_ocspd,
		.healthy = healthy,
		.stop = stop_ocspd,
	};

	return hf_service_main(argc, argv, &spec);
}
