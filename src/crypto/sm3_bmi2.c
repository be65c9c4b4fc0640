/* SM3 with three-operand turns and and-not (BMI1, BMI2): the body is the portable one. */
#include "crypto/sm3_int.h"

#if defined(__x86_64__)

#define SM3_TARGET __attribute__((target("bmi,bmi2")))
#include "crypto/sm3_body.h"

const struct hf_sm3_kernel hf_sm3_bmi2 = {"bmi2", HF_CPU_BMI2, take_blocks};

#endif
