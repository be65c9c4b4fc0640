/*
 * The KM's REST routes. struct hf_api.role is a struct hf_km_role. Lanes: 1 GM/T 0014, 2 reading.
 *
 * POST /gmt0014 needs no operator: its authority is the CA's signature inside the CARequest. What it refuses as a whole
 * is answered as all refusals are, {"error","text"}; a KMRespond is only ever a signed and durable one.
 */
#ifndef HUFU_API_KM_ROUTES_H
#define HUFU_API_KM_ROUTES_H

#include "api/call.h"
#include "km/km.h"

#define HF_KM_LANE_ASK  1
#define HF_KM_LANE_READ 2

extern const struct hf_route hf_km_routes[];
extern const size_t hf_num_km_routes;

struct hf_km_role {
	struct hf_km km;
	size_t metrics; /* row of HF_KM_M_APPLIED in the service's table */
};

enum hf_km_metric {
	HF_KM_M_APPLIED,
	HF_KM_M_RESTORED,
	HF_KM_M_REVOKED,
	HF_KM_M_REFUSED,
	HF_KM_M_REFUSED_MESSAGES,
	HF_KM_M_MADE,
	HF_KM_M_SPARE,
	HF_KM_NUM_METRICS
};
/* clang-format off */
#define HF_KM_METRICS(first) \
	[(first) + HF_KM_M_APPLIED] = {"hufu_km_keys_total", "Keys by what was done", HF_METRIC_COUNTER, \
		"act=\"apply\""}, \
	[(first) + HF_KM_M_RESTORED] = {"hufu_km_keys_total", "Keys by what was done", HF_METRIC_COUNTER, \
		"act=\"restore\""}, \
	[(first) + HF_KM_M_REVOKED] = {"hufu_km_keys_total", "Keys by what was done", HF_METRIC_COUNTER, \
		"act=\"revoke\""}, \
	[(first) + HF_KM_M_REFUSED] = {"hufu_km_keys_total", "Keys by what was done", HF_METRIC_COUNTER, \
		"act=\"refuse\""}, \
	[(first) + HF_KM_M_REFUSED_MESSAGES] = {"hufu_km_refused_messages_total", "Messages refused as a whole", \
		HF_METRIC_COUNTER, NULL}, \
	[(first) + HF_KM_M_MADE] = {"hufu_km_pairs_made_total", "Spare pairs made by refills", HF_METRIC_COUNTER, \
		NULL}, \
	[(first) + HF_KM_M_SPARE] = {"hufu_km_spare_pairs", "Pairs in the spare library", HF_METRIC_GAUGE, NULL}
/* clang-format on */

#endif
