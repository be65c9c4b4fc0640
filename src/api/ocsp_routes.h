/*
 * The responder's REST routes: OCSP over HTTP (RFC 6960 Annex A, RFC 5019 5 and 6), CRLs and CA certificates as the
 * certificates' extensions name them, and how far the feed was taken. struct hf_api.role is the struct hf_ocsp.
 *
 * All are unsigned: what is served is public and signed in itself. Lanes: 1 OCSP (requests that wait together share a
 * signing batch), 2 all else.
 *
 * An answer by GET without a nonce, about known certificates only, may be kept by caches for a minute, and never beyond
 * its nextUpdate (RFC 5019 6.2); so a revocation is seen through them within a minute. All other answers: no-store.
 */
#ifndef HUFU_API_OCSP_ROUTES_H
#define HUFU_API_OCSP_ROUTES_H

#include "api/call.h"

#define HF_OCSP_LANE_ANSWER 1
#define HF_OCSP_LANE_READ   2
#define HF_OCSP_GROUP_MAX   256 /* requests answered together: the lane's batch_max */

extern const struct hf_route hf_ocsp_routes[];
extern const size_t hf_num_ocsp_routes;

#endif
