/*
 * The CA's REST routes. struct hf_api.role is the struct hf_ca. Lanes: 1 issuing, 2 status changes and CRLs, 3 audit.
 */
#ifndef HUFU_API_CA_ROUTES_H
#define HUFU_API_CA_ROUTES_H

#include "api/call.h"

#define HF_CA_LANE_ISSUE  1
#define HF_CA_LANE_STATUS 2
#define HF_CA_LANE_AUDIT  3

extern const struct hf_route hf_ca_routes[];
extern const size_t hf_num_ca_routes;

#endif
