/* As sm2_point_adx.c; tables are read 64 octets at a time, which makes k·G a few per cent faster. */
#include "crypto/sm2_field_adx.h"

#define CURVE      hf_sm2_curve_avx512
#define CURVE_NAME "avx512"
#define LANE_BYTES 64

#include "crypto/sm2_point_body.h"
