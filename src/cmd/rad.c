/*
 * hufu-rad: see the manual below.
 */
#include "api/ra_ca.h"
#include "api/ra_routes.h"
#include "base/alloc.h"
#include "cmd/service.h"
#include "ra/ra.h"
#include "ra/sweep.h"

#include <stdlib.h>
#include <string.h>

static const char manual[] =
	"hufu-rad - the registration authority\n"
	"\n"
	"SYNOPSIS\n"
	"    hufu-rad --home DIR\n"
	"\n"
	"DESCRIPTION\n"
	"    Takes applications (one, or a CSV file), their review, and their production: a certification request from "
	"the\n"
	"    token against both certificates and the enveloped encryption key from the CA, and the receipt signed by "
	"the\n"
	"    new key. Every act is signed by its operator's own token. It is started by the supervisor of `hufu up`.\n"
	"\n"
	"FILES\n"
	"    DIR/hufu.conf      settings: [network] ra_port, ca_url; [ra] receipt_days; [ca] max_days\n"
	"    DIR/ra/db.sqlite   applications, signed acts, audit trail\n"
	"\n"
	"OPTIONS\n"
	"    --home DIR         the system's folder\n"
	"    --probe-jail[=ACT] open, enter the jail, try what is forbidden there, say what happened\n"
	"    --help             this page\n"
	"\n"
	"SECURITY\n"
	"    It listens on [network] address, ra_port; it connects to the CA's port and nothing else. It sees "
	"applicants'\n"
	"    personal data, and no private key: users' keys are made in their tokens, its own key (\"service\", "
	"\"audit\") is\n"
	"    in keyd-ra. Jailed: its own folder, no programs, no other files. An operator's call is refused when "
	"signature,\n"
	"    role, certificate or time is wrong, and the refusal is audited.\n";

/* The logic twice: the lane of certification requests and the sweep's clerk each have their connection to the CA. */
struct rad {
	struct hf_ra ra, clerk;
	struct hf_caller ca, clerk_ca;
};

enum {
	M_ENTERED = HF_SERVICE_NUM_METRICS,
	M_APPROVED,
	M_CLAIMED,
	M_ISSUED,
	M_INSTALLED,
	M_REVOKED,
	NUM_M,
};

#define APPLICATIONS(state)                                                                                            \
	{                                                                                                              \
		"hufu_ra_applications", "Applications by state", HF_METRIC_GAUGE, "state=\"" state "\""                \
	}
static const struct hf_metric metrics[NUM_M] = {
	HF_SERVICE_METRICS,
	[M_ENTERED] = APPLICATIONS("entered"),
	[M_APPROVED] = APPLICATIONS("approved"),
	[M_CLAIMED] = APPLICATIONS("claimed"),
	[M_ISSUED] = APPLICATIONS("issued"),
	[M_INSTALLED] = APPLICATIONS("installed"),
	[M_REVOKED] = APPLICATIONS("revoked"),
};

static size_t connects(const struct hf_settings *settings, uint16_t ports[HF_SERVICE_PORTS_MAX])
{
	ports[0] = hf_url_port(settings->ca_url);
	return 1;
}

static bool open_caller(struct hf_service *s, struct hf_caller *caller, struct hf_err *err)
{
	*caller = (struct hf_caller){.dev = &s->dev,
		.clock = s->daemon.clock,
		.operator_id = "ra",
		.key = "service",
		.service = "ca",
		.url = s->settings.ca_url};
	return hf_caller_open(caller, err);
}

static bool open_rad(struct hf_service *s, struct hf_err *err)
{
	struct rad *rad = hf_alloc(1, sizeof(*rad));

	s->api.role = &rad->ra;
	rad->ra = (struct hf_ra){.store = s->store,
		.clock = s->daemon.clock,
		.log = &s->daemon.log,
		.max_days = s->settings.max_days,
		.receipt_days = s->settings.receipt_days};
	if (!hf_gb18030_new(&rad->ra.gb, err) || !open_caller(s, &rad->ca, err) || !open_caller(s, &rad->clerk_ca, err))
		return false;
	rad->ra.ca = hf_ra_ca(&rad->ca);
	rad->clerk = rad->ra;
	rad->clerk.ca = hf_ra_ca(&rad->clerk_ca);
	return true;
}

static void stop_rad(struct hf_service *s)
{
	struct rad *rad = s->api.role;

	if (!rad)
		return;
	hf_caller_close(&rad->ca);
	hf_caller_close(&rad->clerk_ca);
	hf_gb18030_free(rad->ra.gb);
	free(rad);
}

static void sweep(struct hf_service *s)
{
	const struct rad *rad = s->api.role;
	struct hf_err err = {0};
	size_t num;

	if (!hf_ra_sweep(&rad->clerk, &num, &err))
		hf_log(&s->daemon.log, HF_LOG_WARN, "sweep: %s", err.text);
	else if (num > 0)
		hf_log(&s->daemon.log, HF_LOG_INFO, "sweep: %zu revoked that were never installed", num);
}

static bool count_tx(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	static const struct {
		size_t metric;
		enum hf_application_state state;
	} rows[] = {
		{M_ENTERED, HF_APP_ENTERED},
		{M_APPROVED, HF_APP_APPROVED},
		{M_CLAIMED, HF_APP_CLAIMED},
		{M_ISSUED, HF_APP_ISSUED},
		{M_INSTALLED, HF_APP_INSTALLED},
		{M_REVOKED, HF_APP_REVOKED},
	};
	int64_t num;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!hf_application_count(tx, rows[i].state, &num, err))
			return false;
		hf_metrics_set(ctx, rows[i].metric, num);
	}
	return true;
}

static void count(struct hf_service *s)
{
	struct hf_err err = {0};

	if (!hf_store_read(s->store, count_tx, s->daemon.metrics, &err))
		hf_log(&s->daemon.log, HF_LOG_WARN, "applications could not be counted: %s", err.text);
}

int main(int argc, char **argv)
{
	static const struct hf_schema *const schemas[] = {&hf_ra_schema};
	const struct hf_service_spec spec = {
		.name = "rad",
		.service = HF_RA_SERVICE,
		.program = "hufu-rad",
		.manual = manual,
		.port = offsetof(struct hf_settings, ra_port),
		.schemas = schemas,
		.num_schemas = 1,
		.routes = hf_ra_routes,
		.num_routes = hf_num_ra_routes,
		.lanes = {[HF_RA_LANE_ENTRY - 1] = {.name = "entry"},
			[HF_RA_LANE_ACT - 1] = {.name = "act"},
			[HF_RA_LANE_CSR - 1] = {.name = "csr", .batch_max = HF_RA_CSR_BATCH},
			[HF_RA_LANE_RECEIPT - 1] = {.name = "receipt"},
			[HF_RA_LANE_AUDIT - 1] = {.name = "audit"}},
		.metrics = metrics,
		.num_metrics = NUM_M,
		.journals = {{HF_AUDIT_NAME, "audit"}},
		.timers = {{"sweep", 60000, sweep}, {"count", 5000, count}},
		.connects = connects,
		.open = open_rad,
		.stop = stop_rad,
	};

	return hf_service_main(argc, argv, &spec);
}
