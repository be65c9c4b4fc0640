#include "api/ca_routes.h"

#include "api/ca_int.h"

#define OPERATOR HF_ROLES(HF_ROLE_CA_OPERATOR)
#define SERVICE  HF_ROLES(HF_ROLE_SERVICE)
#define AUDITOR  HF_ROLES(HF_ROLE_AUDITOR)

static const struct hf_api_rule issue = {HF_API_WRITE, SERVICE, "cert.issue", HF_AUDIT_CREATE};
static const struct hf_api_rule status = {HF_API_WRITE, OPERATOR | SERVICE, "cert.status", HF_AUDIT_MODIFY};
static const struct hf_api_rule crl_issue = {HF_API_WRITE, OPERATOR, "crl.issue", HF_AUDIT_CREATE};
static const struct hf_api_rule certs = {HF_API_READ, OPERATOR | SERVICE | AUDITOR, "cert.list", HF_AUDIT_SYSTEM_QUERY};
static const struct hf_api_rule open = {HF_API_OPEN, 0, "read", 0};

const struct hf_route hf_ca_routes[] = {
	{"POST", "/v1/issue", 8U << 20, HF_CA_LANE_ISSUE, hf_ca_serve_issue, "Issue dual certificates", &issue},
	{"POST", "/v1/status", 64U << 10, HF_CA_LANE_STATUS, hf_ca_serve_status, "Revoke, freeze, unfreeze", &status},
	{"POST", "/v1/crl", 1024, HF_CA_LANE_STATUS, hf_ca_serve_crl_issue, "Issue a CRL now", &crl_issue},
	{"GET", "/v1/certs", 0, HF_CA_LANE_AUDIT, hf_ca_serve_certs, "Certificates, by filter and page", &certs},
	{"GET", "/v1/certs/{serial}", 0, HF_CA_LANE_AUDIT, hf_ca_serve_cert, "One certificate", &certs},
	{"GET", "/v1/crl/{id}", 0, 0, hf_ca_serve_crl, "The current CRL (DER)", &open},
	{"GET", "/v1/feed", 0, HF_CA_LANE_AUDIT, hf_ca_serve_feed, "The signed journal behind a number (DER FeedPage)",
		&open},
	HF_API_COMMON_ROUTES(HF_CA_LANE_AUDIT),
};
const size_t hf_num_ca_routes = sizeof(hf_ca_routes) / sizeof(hf_ca_routes[0]);
