/*
 * SM2 key exchange (GM/T 0003.3, GB/T 32918.3). Each side has a long-term pair (d, P), a pair made for this exchange
 * (r, R), and a Z (sm2.h); the sponsor (A) speaks first, the responder (B) answers.
 *
 *     A  -- R_A -->  B
 *     A  <-- R_B --  B     U = [t_A](P_B + [x̄_B]R_B) = [t_B](P_A + [x̄_A]R_A)
 *                          key = KDF(x_U ‖ y_U ‖ Z_A ‖ Z_B, len)
 *
 * x̄ = 2^127 + (x mod 2^127), t = d + x̄·r mod n. The private numbers are touched in constant time only.
 */
#ifndef HUFU_CRYPTO_SM2_EXCHANGE_H
#define HUFU_CRYPTO_SM2_EXCHANGE_H

#include "crypto/sm2.h"

/* What both sides know of one. */
struct hf_sm2_side {
	uint8_t z[HF_SM3_LEN];
	uint8_t pub[HF_SM2_POINT]; /* P */
	uint8_t tmp[HF_SM2_POINT]; /* R */
};

/* The optional proofs that the key is the same: B sends s_responder (S_B = S_1), A sends s_sponsor (S_A = S_2). */
struct hf_sm2_confirm {
	uint8_t s_responder[HF_SM3_LEN], s_sponsor[HF_SM3_LEN];
};

/*
 * The key of one exchange, seen by the sponsor (as_sponsor) or by the responder; d and r are the caller's private
 * numbers, its own points in its side must be theirs (not checked). The other side's points are checked to be on the
 * curve. confirm may be NULL. key has room for key_len octets, at least 1.
 *
 * Errors: HF_E_INPUT (a point or a number is out of range, or U is at infinity: draw r anew). On errors
 * key and confirm are untouched. The caller wipes key.
 */
//= GM/T 0003.3 6.1
HF_MUST_USE bool hf_sm2_exchange(const struct hf_sm2_side *sponsor, const struct hf_sm2_side *responder,
	bool as_sponsor, const uint8_t d[HF_SM2_SCALAR], const uint8_t r[HF_SM2_SCALAR], uint8_t *key, size_t key_len,
	struct hf_sm2_confirm *confirm, struct hf_err *err);

#endif
