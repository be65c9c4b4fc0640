/*
 * Single certificates that the CA issues outside the dual flow: its own, its sub-CAs', responders', services',
 * operators'. And its beginning: the root and the operating CA.
 */
#ifndef HUFU_CA_ENROL_H
#define HUFU_CA_ENROL_H

#include "ca/ca.h"

struct hf_enrol {
	const struct hf_authority *issuer; /* NULL: self-signed, a root */
	enum hf_profile profile;
	const char *id;          /* of the object in the audit record: "operator/luru", "service/ra" */
	struct hf_bytes subject; /* Name */
	uint8_t pub[64];
	int64_t days;
	int path_len; /* CAs; -1: no limit */
};

/*
 * Builds, lints, signs, and writes the certificate with its feed and audit records. Appends the DER to der.
 * For a root, key names the device's key and pub is its own. Errors: as hf_ca_issue.
 */
HF_MUST_USE bool hf_ca_enrol(struct hf_ca *ca, const struct hf_enrol *enrol, struct hf_buf *der, struct hf_err *err);

/* Makes this certificate the authority "root" or "ca": hf_ca_open finds it there. */
HF_MUST_USE bool hf_ca_authority_put(struct hf_ca *ca, const char *id, struct hf_bytes der, struct hf_err *err);
/* Tells the feed's readers of a certificate that they need: use is "ca", "responder", "feed" (feed/feed.h). */
HF_MUST_USE bool hf_ca_tell_authority(
	struct hf_ca *ca, const char *id, const char *use, struct hf_bytes der, struct hf_err *err);

#endif
