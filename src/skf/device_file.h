/*
 * The file "device" of a device folder (docs/token-format.md), and making and removing such folders.
 */
#ifndef HUFU_SKF_DEVICE_FILE_H
#define HUFU_SKF_DEVICE_FILE_H

#include "skf_int.h"

#define SKF_SPACE (16u << 20) /* what a device says it holds */

struct skf_device_file {
	char label[SKF_LABEL_MAX + 1];
	char serial[32]; /* 30 hex digits and NULs */
	uint8_t auth_key[SKFX_DEV_AUTH_KEY_LEN];
	uint32_t iterations;
};

/* Wipe the struct after use. SAR_DEVICE_REMOVED (not a device), SAR_FILEERR. */
ULONG skf_device_file_read(int dir, struct skf_device_file *file);
ULONG skf_device_file_write(int dir, const struct skf_device_file *file);
bool skf_device_name_ok(const char *name);

#endif
