#include "crypto/rand.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

bool hf_rand(void *out, size_t len, struct hf_err *err)
{
	uint8_t *p = out;

	while (len > 0) {
		ssize_t n = getrandom(p, len, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return hf_fail(err, HF_E_DEVICE, "getrandom: %s", strerror(errno));
		p += n;
		len -= (size_t)n;
	}
	return true;
}
