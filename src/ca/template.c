#include "ca/template.h"

#include <string.h>

#define ID(kind) (1u << HF_IDENTITY_##kind)

const struct hf_template hf_templates[] = {
	{.name = "person",
		.zh = "个人",
		.sign = HF_PROFILE_USER_SIGN,
		.enc = HF_PROFILE_USER_ENC,
		.max_days = 1827,
		.identities = ID(RESIDENT) | ID(MILITARY) | ID(PASSPORT) | ID(INSURANCE) | ID(USCC),
		.email = true},
	{.name = "organization",
		.zh = "机构",
		.sign = HF_PROFILE_USER_SIGN,
		.enc = HF_PROFILE_USER_ENC,
		.max_days = 1827,
		.identities = ID(USCC) | ID(REGISTRATION) | ID(ORGANIZATION) | ID(TAXATION),
		.email = true},
	{.name = "device",
		.zh = "设备",
		.sign = HF_PROFILE_DEVICE_SIGN,
		.enc = HF_PROFILE_DEVICE_ENC,
		.max_days = 1827,
		.identities = ID(USCC) | ID(ORGANIZATION),
		.dns_name = true},
};
const size_t hf_num_templates = sizeof(hf_templates) / sizeof(hf_templates[0]);

const struct hf_template *hf_template_find(const char *name)
{
	for (size_t i = 0; i < hf_num_templates; i++)
		if (strcmp(hf_templates[i].name, name) == 0)
			return &hf_templates[i];
	return NULL;
}
