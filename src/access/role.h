/*
 * The roles: one table. A role is one person's only role (GM/T 0034: the same person must not both enter and review).
 */
#ifndef HUFU_ACCESS_ROLE_H
#define HUFU_ACCESS_ROLE_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum hf_role {
	HF_ROLE_RA_ENTRY,
	HF_ROLE_RA_REVIEW,
	HF_ROLE_RA_PRODUCE,
	HF_ROLE_CA_OPERATOR,
	HF_ROLE_KM_OPERATOR,
	HF_ROLE_AUDITOR,
	HF_ROLE_SERVICE,
	HF_NUM_ROLES
};

/* For a route's list of roles: HF_ROLES(HF_ROLE_RA_REVIEW) | HF_ROLES(HF_ROLE_AUDITOR). */
#define HF_ROLES(role) (UINT32_C(1) << (role))
#define HF_ROLES_ALL   (HF_ROLES(HF_NUM_ROLES) - 1)

struct hf_role_info {
	const char *name; /* stable: in databases, JSON, audit records */
	const char *zh, *en;
	int code; /* role code of GM/T 0006; 0 for other services */
};

const struct hf_role_info *hf_role_info(enum hf_role role);
/* Errors: HF_E_INPUT naming the text. */
HF_MUST_USE bool hf_role_named(const char *name, enum hf_role *role, struct hf_err *err);

#endif
