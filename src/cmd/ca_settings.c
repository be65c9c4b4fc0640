#include "cmd/ca_settings.h"

#include "base/str.h"

void hf_ca_settings_from(const struct hf_settings *settings, struct hf_ca_settings *ca)
{
	*ca = (struct hf_ca_settings){.crl_hours = settings->crl_hours, .max_days = settings->max_days};
	hf_fmt_cut(ca->crl_uri, sizeof(ca->crl_uri), "%s/crl", settings->url);
	hf_fmt_cut(ca->ocsp_uri, sizeof(ca->ocsp_uri), "%s/ocsp", settings->url);
	hf_fmt_cut(ca->issuer_uri, sizeof(ca->issuer_uri), "%s/ca", settings->url);
}
