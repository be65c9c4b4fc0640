#!/usr/bin/env python3
"""
sm2_table: writes the multiples of SM2's base point that hf_sm2_base_multiply adds up, as C.

    sm2_table.py [--lanes] OUT

Row i, column j - 1 holds j·2^(7·i)·G for j = 1 … 64 as affine coordinates in Montgomery form (times 2^256 mod p): x, then
y, four 64-bit limbs each, least first. With --lanes it is the table of sm2_ifma.h: the same rows, limb by limb.
"""
import sys

P = 2**256 - 2**224 - 2**96 + 2**64 - 1
A = P - 3
G = (0x32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7,
     0xbc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0)
ROWS, COLUMNS, WIDTH = 37, 64, 7


def add(a, b):
    if a == b:
        slope = (3 * a[0] * a[0] + A) * pow(2 * a[1], -1, P) % P
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P) % P
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def limbs(x):
    x = (x << 256) % P
    return ["0x%x" % (x >> 64 * i & (1 << 64) - 1) for i in range(4)]


def rows():
    base = G
    for _ in range(ROWS):
        point = base
        row = [point]
        for _ in range(COLUMNS - 1):
            point = add(point, base)
            row.append(point)
        yield row
        base = add(point, point)  # 2·64 = 2^7 times


def points(out):
    out.write('#include "crypto/sm2_point.h"\n\n')
    out.write("const struct hf_sm2_affine hf_sm2_base_table[HF_SM2_BASE_ROWS][HF_SM2_BASE_COLUMNS] = {\n")
    for row in rows():
        out.write("{\n")
        for x, y in row:
            out.write("{{{%s}}, {{%s}}},\n" % (", ".join(limbs(x)), ", ".join(limbs(y))))
        out.write("},\n")
    out.write("};\n")


def lanes(out):
    out.write('#include "crypto/sm2_ifma.h"\n\n')
    out.write("const uint64_t hf_sm2_lanes_table[HF_SM2_BASE_ROWS][8][HF_SM2_BASE_COLUMNS]\n")
    out.write("\t__attribute__((aligned(64))) = {\n")
    for row in rows():
        columns = zip(*(limbs(x) + limbs(y) for x, y in row))
        out.write("{\n" + "".join("{%s},\n" % ", ".join(column) for column in columns) + "},\n")
    out.write("};\n")


def main():
    assert 2 * COLUMNS == 1 << WIDTH and ROWS * WIDTH > 256
    with open(sys.argv[-1], "w", encoding="ascii") as out:
        out.write("/* Made by sm2_table.py. */\n")
        (lanes if "--lanes" in sys.argv[1:-1] else points)(out)


main()
