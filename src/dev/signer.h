/*
 * A named key of a device as the signer that the door out (x509/signed.h) asks.
 */
#ifndef HUFU_DEV_SIGNER_H
#define HUFU_DEV_SIGNER_H

#include "dev/dev.h"
#include "x509/signed.h"

struct hf_dev_key {
	const struct hf_dev *dev;
	const char *name;
	uint8_t pub[64]; /* what its certificate says; with check, a device that has another key is found out */
};

/* key is borrowed. check: verify each signature before it is used. */
struct hf_signer hf_dev_signer(struct hf_dev_key *key, bool check);

#endif
