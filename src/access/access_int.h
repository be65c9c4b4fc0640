#ifndef HUFU_ACCESS_ACCESS_INT_H
#define HUFU_ACCESS_ACCESS_INT_H

#include <stdbool.h>
#include <stddef.h>

/* min to max octets of [A-Za-z0-9._-] */
bool hf_access_id_ok(const char *id, size_t min, size_t max);

#endif
