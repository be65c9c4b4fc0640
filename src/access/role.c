#include "access/role.h"

#include "base/str.h"

/* The codes of GM/T 0006: OPERATOR 5, AUDITOR 4. */
static const struct hf_role_info roles[HF_NUM_ROLES] = {
	[HF_ROLE_RA_ENTRY] = {"ra-entry", "录入员", "RA entry operator", 5},
	[HF_ROLE_RA_REVIEW] = {"ra-review", "审核员", "RA review operator", 5},
	[HF_ROLE_RA_PRODUCE] = {"ra-produce", "制证员", "RA production operator", 5},
	[HF_ROLE_CA_OPERATOR] = {"ca-operator", "CA业务操作员", "CA operator", 5},
	[HF_ROLE_KM_OPERATOR] = {"km-operator", "KM业务操作员", "KM operator", 5},
	[HF_ROLE_AUDITOR] = {"auditor", "审计员", "auditor", 4},
	[HF_ROLE_SERVICE] = {"service", "服务", "another service", 0},
};

const struct hf_role_info *hf_role_info(enum hf_role role)
{
	HF_ASSERT((unsigned)role < HF_NUM_ROLES);
	return &roles[role];
}

bool hf_role_named(const char *name, enum hf_role *role, struct hf_err *err)
{
	for (int i = 0; i < HF_NUM_ROLES; i++)
		if (hf_str_equal(roles[i].name, name)) {
			*role = (enum hf_role)i;
			return true;
		}
	return hf_fail(err, HF_E_INPUT, "there is no role \"%s\"", name ? name : "");
}
