#include "crypto/sm2_field_adx.h"

#define CURVE      hf_sm2_curve_adx
#define CURVE_NAME "adx"
#define LANE_BYTES 32

#include "crypto/sm2_point_body.h"
