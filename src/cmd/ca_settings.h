/*
 * What the CA takes from the settings: cad and the initialisation write the same URLs into certificates.
 */
#ifndef HUFU_CMD_CA_SETTINGS_H
#define HUFU_CMD_CA_SETTINGS_H

#include "ca/ca.h"
#include "cmd/settings.h"

void hf_ca_settings_from(const struct hf_settings *settings, struct hf_ca_settings *ca);

#endif
