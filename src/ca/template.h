/*
 * Certificate templates: one row a kind of dual certificate. What an order may ask for is here and nowhere else; the
 * profiles (x509/profile.h) say how the two certificates look.
 */
#ifndef HUFU_CA_TEMPLATE_H
#define HUFU_CA_TEMPLATE_H

#include "x509/profile.h"

struct hf_template {
	const char *name, *zh; /* "person": stable */
	enum hf_profile sign, enc;
	int64_t max_days;
	unsigned identities; /* bits 1 << enum hf_identity_kind that its orders may carry */
	bool email;          /* an order's e-mail address is certified (SAN); otherwise it is left out */
	bool dns_name;       /* the common name is a DNS name, and written as SAN, too */
};

extern const struct hf_template hf_templates[];
extern const size_t hf_num_templates;
/* NULL when there is none of this name. */
const struct hf_template *hf_template_find(const char *name);

#endif
