/*
 * hufu-cad(8): the certification authority
 *
 *     hufu-cad --home DIR [--probe-jail[=ACT]]
 *
 * Started by the supervisor. Issues dual certificates for the RA, revokes, freezes and unfreezes them, signs CRLs, and
 * tells what happened through the feed (GET /v1/feed), the only way out of the CA. Its routes are in api/ca_routes.c,
 * its work in ca/.
 *
 * FILES (in DIR/ca)
 *     db.sqlite     certificates, issuances, CRLs, audit trail, feed
 *     service.crt   who we are to the KM           km.crt   the KM, whose answers we believe
 *
 * SECURITY
 *     It sees no private key: keyd signs what it has read and allowed by itself, and remembers it before (its ledger).
 *     Every call is signed by an operator or by the RA. Asks the KM's address only, opens only its own folder, cannot
 *     execute anything. A database that does not account for every ledger entry issues nothing.
 */
#include "api/ca_routes.h"
#include "base/alloc.h"
#include "base/str.h"
#include "ca/ca.h"
#include "cmd/ca_settings.h"
#include "cmd/service.h"
#include "net/http_client.h"

#include <stdlib.h>

#define KM_ANSWER_MAX (8U << 20)

enum { M_KM_EXCHANGES = HF_SERVICE_NUM_METRICS, NUM_METRICS };

static const struct hf_metric metrics[NUM_METRICS] = {
	HF_SERVICE_METRICS,
	[M_KM_EXCHANGES] = {"hufu_ca_km_exchanges_total", "Messages exchanged with the KM", HF_METRIC_COUNTER, NULL},
};

struct cad {
	struct hf_ca ca;
	struct hf_http_client *km; /* under km_lock */
	pthread_mutex_t km_lock;
	char km_url[160];
	struct hf_service *service;
};

static bool exchange(void *ctx, struct hf_bytes request, struct hf_buf *respond, struct hf_err *err)
{
	struct cad *cad = ctx;
	struct hf_http_answer answer;
	const struct hf_http_request http = {
		.method = "POST", .url = cad->km_url, .type = "application/octet-stream", .body = request};

	/* One connection for all: the issuing lane and the clerk take turns. */
	pthread_mutex_lock(&cad->km_lock);
	bool ok = hf_http_call(cad->km, &http, &answer, respond, err);
	pthread_mutex_unlock(&cad->km_lock);
	hf_metrics_add(cad->service->daemon.metrics, M_KM_EXCHANGES, 1);
	if (ok && answer.status != 200)
		return hf_fail(err, HF_E_PEER, "the KM answers %u", answer.status);
	return ok;
}

static size_t connects(const struct hf_settings *settings, uint16_t ports[HF_SERVICE_PORTS_MAX])
{
	ports[0] = hf_url_port(settings->km_url);
	return 1;
}

static bool open_cad(struct hf_service *service, struct hf_err *err)
{
	struct cad *cad = hf_alloc(1, sizeof(*cad));
	const struct hf_settings *settings = &service->settings;
	struct hf_ca *ca = &cad->ca;

	service->api.role = ca;
	cad->service = service;
	pthread_mutex_init(&cad->km_lock, NULL);
	hf_fmt_cut(cad->km_url, sizeof(cad->km_url), "%s/gmt0014", settings->km_url);
	*ca = (struct hf_ca){.store = service->store,
		.dev = &service->dev,
		.clock = service->daemon.clock,
		.log = &service->daemon.log,
		.km = {exchange, cad}};
	hf_ca_settings_from(settings, &ca->settings);
	return hf_http_client_new(&cad->km, NULL, err) && hf_ca_open(ca, service->daemon.folder, err);
}

/* A ledger that does not agree must not keep the reading side from going on: issuing says so each time. */
static bool start_cad(struct hf_service *service, struct hf_err *err)
{
	struct hf_err why = {0};

	(void)err;
	if (!hf_ca_reconcile(service->api.role, &why))
		hf_log(&service->daemon.log, HF_LOG_ERROR, "nothing is issued: %s", why.text);
	return true;
}

static void on_keyd(struct hf_service *service)
{
	struct hf_err err = {0};

	hf_ca_keyd_changed(service->api.role);
	if (!hf_ca_reconcile(service->api.role, &err))
		hf_log(&service->daemon.log, HF_LOG_ERROR, "nothing is issued: %s", err.text);
}

static bool healthy(void *role, struct hf_err *err)
{
	return hf_ca_able(role, err);
}

static void crl_timer(struct hf_service *service)
{
	struct hf_err err = {0};

	if (!hf_ca_crl_due(service->api.role, &err))
		hf_log(&service->daemon.log, HF_LOG_WARN, "CRL: %s", err.text);
}

static void km_timer(struct hf_service *service)
{
	struct hf_err err = {0};

	if (!hf_ca_km_revoke_due(service->api.role, &err))
		hf_log(&service->daemon.log, HF_LOG_WARN, "KM: %s", err.text);
}

static void stop_cad(struct hf_service *service)
{
	struct cad *cad = service->api.role; /* the CA is its first member */

	if (!cad)
		return;
	hf_http_client_free(cad->km);
	hf_ca_close(&cad->ca);
	pthread_mutex_destroy(&cad->km_lock);
	free(cad);
}

static const struct hf_schema *const schemas[] = {&hf_ca_schema};

static const char manual[] =
	"hufu-cad --home DIR [--probe-jail[=ACT]]\n\n"
	"The certification authority: issues, revokes, signs CRLs, tells through the feed. Started by `hufu up`.\n";

int main(int argc, char **argv)
{
	const struct hf_service_spec spec = {
		.name = "cad",
		.service = "ca",
		.program = "hufu-cad",
		.manual = manual,
		.port = offsetof(struct hf_settings, ca_port),
		.schemas = schemas,
		.num_schemas = 1,
		.routes = hf_ca_routes,
		.num_routes = hf_num_ca_routes,
		.lanes = {{"issue", 1024, 64}, {"status", 1024, 64}, {"audit", 256, 64}},
		.metrics = metrics,
		.num_metrics = NUM_METRICS,
		.journals = {{"audit", "audit"}, {"feed", "audit"}},
		.timers = {{"crl", 1000, crl_timer}, {"km", 1000, km_timer}},
		.connects = connects,
		.open = open_cad,
		.start = start_cad,
		.on_keyd = on_keyd,
		.healthy = healthy,
		.stop = stop_cad,
	};

	return hf_service_main(argc, argv, &spec);
}
