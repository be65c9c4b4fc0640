/*
 * hufu-kmd(8): the key management system
 *
 *     hufu-kmd --home DIR [--probe-jail[=ACT]]
 *
 * Started by the supervisor. Keeps encryption key pairs in three libraries (spare, in use, history), gives them to the
 * CAs that are registered here over GM/T 0014 (POST /gmt0014), restores and revokes them, and refills the spare library
 * by itself. Its routes are in api/km_routes.c, its work in km/.
 *
 * SETTINGS (DIR/hufu.conf)
 *     [km] spare_low, spare_target    a refill begins below the first and ends at the second
 *
 * FILES (in DIR/km)
 *     db.sqlite     wrapped pairs, tasks with request and respond, registered CAs, audit trail
 *     km.crt        certificate of the device's key "km", which signs the answers
 *
 * SECURITY
 *     A user's private key is made, re-wrapped and signed inside the device behind keyd; this process sees only octets
 *     that the device alone, or the user's token, can open. An answer leaves after it and its audit record are durable.
 *     The authority of a request is the CA's SM2 signature in it; operators read statistics and tasks, no more. Opens
 *     only its own folder, connects to nobody, cannot execute anything. A device that cannot generate and re-wrap
 *     inside (include/sdfx.h) is refused at the start.
 */
#include "api/km_routes.h"
#include "base/alloc.h"
#include "cmd/service.h"

#include <stdlib.h>

enum { FIRST = HF_SERVICE_NUM_METRICS, NUM_METRICS = FIRST + HF_KM_NUM_METRICS };

static const struct hf_metric metrics[NUM_METRICS] = {HF_SERVICE_METRICS, HF_KM_METRICS(FIRST)};

static bool open_kmd(struct hf_service *service, struct hf_err *err)
{
	struct hf_km_role *role = hf_alloc(1, sizeof(*role));

	service->api.role = role;
	role->metrics = FIRST;
	role->km.store = service->store;
	role->km.dev = &service->dev;
	role->km.clock = service->daemon.clock;
	role->km.log = &service->daemon.log;
	role->km.spare_low = service->settings.spare_low;
	role->km.spare_target = service->settings.spare_target;
	return hf_km_open(&role->km, service->daemon.folder, err);
}

static bool start_kmd(struct hf_service *service, struct hf_err *err)
{
	struct hf_km_role *role = service->api.role;

	return hf_km_check_key(&role->km, err);
}

static bool healthy(void *ctx, struct hf_err *err)
{
	const struct hf_km_role *role = ctx;

	return hf_cert_valid_at(&role->km.cert, hf_now(role->km.clock), err) || hf_fail_in(err, HF_KM_FILE);
}

static bool read_spare(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	return hf_km_count_spare(tx, ctx, err);
}

static void refill(struct hf_service *service)
{
	struct hf_km_role *role = service->api.role;
	struct hf_err err = {0};
	size_t made = 0;
	int64_t spare = 0;

	if (!hf_km_refill_due(&role->km, &made, &err) || !hf_store_read(service->store, read_spare, &spare, &err)) {
		hf_log(&service->daemon.log, HF_LOG_WARN, "spare library: %s", err.text);
		return;
	}
	hf_metrics_add(service->daemon.metrics, FIRST + HF_KM_M_MADE, made);
	hf_metrics_set(service->daemon.metrics, FIRST + HF_KM_M_SPARE, spare);
}

static void expire(struct hf_service *service)
{
	struct hf_km_role *role = service->api.role;
	struct hf_err err = {0};
	size_t moved = 0;

	if (!hf_km_expire_due(&role->km, &moved, &err))
		hf_log(&service->daemon.log, HF_LOG_WARN, "expired keys: %s", err.text);
	else if (moved > 0)
		hf_log(&service->daemon.log, HF_LOG_INFO, "%zu expired keys went to the history", moved);
}

static void stop_kmd(struct hf_service *service)
{
	struct hf_km_role *role = service->api.role;

	if (!role)
		return;
	hf_km_close(&role->km);
	free(role);
}

static const struct hf_schema *const schemas[] = {&hf_km_schema};

static const char manual[] =
	"hufu-kmd --home DIR [--probe-jail[=ACT]]\n\n"
	"The key management system: keeps spare, used and historical encryption keys, gives them to CAs over\n"
	"GM/T 0014 (POST /gmt0014). Started by `hufu up`.\n\n"
	"SECURITY: private keys are here only as the device wrapped them; an answer leaves after it and its audit\n"
	"record are durable; a request's authority is the CA's SM2 signature in it.\n";

int main(int argc, char **argv)
{
	const struct hf_service_spec spec = {
		.name = "kmd",
		.service = "km",
		.program = "hufu-kmd",
		.manual = manual,
		.port = offsetof(struct hf_settings, km_port),
		.schemas = schemas,
		.num_schemas = 1,
		.routes = hf_km_routes,
		.num_routes = hf_num_km_routes,
		.lanes = {{"gmt0014", 1024, HF_KM_JOBS_MAX}, {"read", 256, 64}},
		.metrics = metrics,
		.num_metrics = NUM_METRICS,
		.journals = {{"audit", "audit"}},
		.timers = {{"refill", 1000, refill}, {"expire", 60000, expire}},
		.open = open_kmd,
		.start = start_kmd,
		.healthy = healthy,
		.stop = stop_kmd,
	};

	return hf_service_main(argc, argv, &spec);
}
