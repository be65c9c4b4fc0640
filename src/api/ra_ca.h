/*
 * The RA's port to the CA (ra/ra.h) over HTTP: POST /v1/issue and POST /v1/status, signed by the RA service.
 */
#ifndef HUFU_API_RA_CA_H
#define HUFU_API_RA_CA_H

#include "api/caller.h"
#include "ra/ra.h"

/* caller is used by whoever uses the port: one thread. */
struct hf_ca_port hf_ra_ca(struct hf_caller *caller);

#endif
