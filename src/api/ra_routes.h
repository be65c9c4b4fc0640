/*
 * The RA's REST routes. struct hf_api.role is the struct hf_ra.
 *
 * Lanes: entering and its reading of files, the other acts and listings, certification requests (all that wait together
 * go to the CA as one), receipts (one commit for all), audit.
 */
#ifndef HUFU_API_RA_ROUTES_H
#define HUFU_API_RA_ROUTES_H

#include "api/call.h"

enum { HF_RA_LANE_ENTRY = 1, HF_RA_LANE_ACT, HF_RA_LANE_CSR, HF_RA_LANE_RECEIPT, HF_RA_LANE_AUDIT };
#define HF_RA_CSR_BATCH 64 /* certification requests in one question to the CA */

extern const struct hf_route hf_ra_routes[];
extern const size_t hf_num_ra_routes;

#endif
