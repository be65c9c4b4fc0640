#include "api/ra_routes_int.h"

#include "ra/batch.h"

#define READERS                                                                                                        \
	(HF_ROLES(HF_ROLE_RA_ENTRY) | HF_ROLES(HF_ROLE_RA_REVIEW) | HF_ROLES(HF_ROLE_RA_PRODUCE) |                     \
		HF_ROLES(HF_ROLE_AUDITOR))

static const struct hf_api_rule batch = {HF_API_WRITE, HF_ROLES(HF_ROLE_RA_ENTRY), "batch.enter", HF_AUDIT_CREATE};
static const struct hf_api_rule enter = {HF_API_WRITE, HF_ROLES(HF_ROLE_RA_ENTRY), "request.add", HF_AUDIT_CREATE};
static const struct hf_api_rule list = {HF_API_READ, READERS, "request.list", HF_AUDIT_SYSTEM_QUERY};
static const struct hf_api_rule show = {HF_API_READ, READERS, "request.show", HF_AUDIT_SYSTEM_QUERY};
static const struct hf_api_rule review = {
	HF_API_WRITE, HF_ROLES(HF_ROLE_RA_REVIEW), "request.review", HF_AUDIT_AUTHORIZE};
static const struct hf_api_rule claim = {
	HF_API_WRITE, HF_ROLES(HF_ROLE_RA_PRODUCE), "request.produce", HF_AUDIT_KEY_DISPENSE};
static const struct hf_api_rule csr = {HF_API_OPEN, 0, "request.csr", HF_AUDIT_KEY_DISPENSE};
static const struct hf_api_rule receipt = {HF_API_OPEN, 0, "request.receipt", HF_AUDIT_MODIFY};

#define LIST_BODY ((size_t)1 << 20)

/* clang-format off */
const struct hf_route hf_ra_routes[] = {
	{"POST", "/v1/batches/{batch}", HF_BATCH_FILE_MAX, HF_RA_LANE_ENTRY, hf_ra_serve_batch,
		"Enter a CSV file of applicants", &batch},
	{"POST", "/v1/requests", 16384, HF_RA_LANE_ENTRY, hf_ra_serve_enter, "Enter one applicant", &enter},
	{"GET", "/v1/requests", 0, HF_RA_LANE_ACT, hf_ra_serve_list, "Applications by state or batch, in pages", &list},
	{"GET", "/v1/requests/{id}", 0, HF_RA_LANE_ACT, hf_ra_serve_show, "One application", &show},
	{"POST", "/v1/review", LIST_BODY, HF_RA_LANE_ACT, hf_ra_serve_review, "Approve or reject applications", &review},
	{"POST", "/v1/produce/claim", LIST_BODY, HF_RA_LANE_ACT, hf_ra_serve_claim,
		"Claim applications for production: gives tickets", &claim},
	{"POST", "/v1/produce/{id}/csr", 131072, HF_RA_LANE_CSR, hf_ra_serve_csr,
		"By ticket: certification request to certificates and envelope", &csr},
	{"POST", "/v1/produce/{id}/receipt", 16384, HF_RA_LANE_RECEIPT, hf_ra_serve_receipt,
		"By ticket: what was installed, signed by the new key", &receipt},
	HF_API_COMMON_ROUTES(HF_RA_LANE_AUDIT),
};
/* clang-format on */
const size_t hf_num_ra_routes = sizeof(hf_ra_routes) / sizeof(hf_ra_routes[0]);

struct hf_ra_actor hf_ra_actor_of(const struct hf_api_call *c, const struct hf_api_done *done)
{
	return (struct hf_ra_actor){.operator_id = c->call.operator_id,
		.role = hf_role_info(c->op.role)->name,
		.operation_id = c->call.operation_id,
		.at = c->at,
		.call = hf_call_canonical(&c->call),
		.signature = HF_BYTES_OF(c->call.signature),
		.body = c->call.body.p ? c->call.body : HF_BYTES_LIT(""),
		.audit = done->audit};
}
