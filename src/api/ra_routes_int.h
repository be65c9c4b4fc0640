/*
 * What the files of the RA's routes share.
 */
#ifndef HUFU_API_RA_ROUTES_INT_H
#define HUFU_API_RA_ROUTES_INT_H

#include "api/json.h"
#include "api/ra_routes.h"
#include "ra/ra.h"

/* The signed call as the RA's logic sees it. Borrows from c and done. */
struct hf_ra_actor hf_ra_actor_of(const struct hf_api_call *c, const struct hf_api_done *done);

void hf_ra_serve_batch(void *api, struct hf_exchange *const *list, size_t num);
void hf_ra_serve_enter(void *api, struct hf_exchange *const *list, size_t num);
void hf_ra_serve_list(void *api, struct hf_exchange *const *list, size_t num);
void hf_ra_serve_show(void *api, struct hf_exchange *const *list, size_t num);
void hf_ra_serve_review(void *api, struct hf_exchange *const *list, size_t num);
void hf_ra_serve_claim(void *api, struct hf_exchange *const *list, size_t num);
void hf_ra_serve_csr(void *api, struct hf_exchange *const *list, size_t num);
void hf_ra_serve_receipt(void *api, struct hf_exchange *const *list, size_t num);

#endif
