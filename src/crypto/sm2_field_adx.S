/*
 * Products modulo SM2's p in Montgomery form (sm2_field.h), with mulx and the two carry chains of adcx and adox:
 *
 *     void hf_sm2_fe_mul_adx(struct hf_sm2_fe *r, const struct hf_sm2_fe *a, const struct hf_sm2_fe *b);
 *     void hf_sm2_fe_sqr_adx(struct hf_sm2_fe *r, const struct hf_sm2_fe *a);
 *
 * r may be an operand; operands are below p, and so is r. No branch; the time depends on nothing. System V ABI.
 */
#if defined(__x86_64__)

	.text

/* (t1, t2, t3, t0) = (t0 + t1·2^64 + …)/2^64: adds t0·p, where t0·(p + 1) = t0·(2^256 - 2^224 - 2^96 + 2^64). */
.macro	REDUCE	t0, t1, t2, t3
	mov	\t0, %rax
	mov	\t0, %rdx
	shl	$32, %rax
	shr	$32, %rdx
	add	\t0, \t1
	adc	$0, \t2
	adc	$0, \t3
	adc	$0, \t0
	sub	%rax, \t1
	sbb	%rdx, \t2
	sbb	%rax, \t3
	sbb	%rdx, \t0
.endm

/* t[1..4] += a·b[i], t[5] and both carries: a is at (%rsi), b[i] in %rdx. */
.macro	ROW	t1, t2, t3, t4, t5
	xor	%ebp, %ebp
	mulx	0(%rsi), %rax, %rcx
	adcx	%rax, \t1
	adox	%rcx, \t2
	mulx	8(%rsi), %rax, %rcx
	adcx	%rax, \t2
	adox	%rcx, \t3
	mulx	16(%rsi), %rax, %rcx
	adcx	%rax, \t3
	adox	%rcx, \t4
	mulx	24(%rsi), %rax, \t5
	adcx	%rax, \t4
	adox	%rbp, \t5
	adcx	%rbp, \t5
.endm

.macro	ENTER
	.cfi_startproc
	push	%rbx
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %rbx, 0
	push	%rbp
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %rbp, 0
	push	%r12
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r12, 0
	push	%r13
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r13, 0
	push	%r14
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r14, 0
	push	%r15
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r15, 0
.endm

/* r = (%r8 … %r15)/2^256 mod p, and return. */
.macro	REDUCE_AND_LEAVE
	REDUCE	%r8, %r9, %r10, %r11
	REDUCE	%r9, %r10, %r11, %r8
	REDUCE	%r10, %r11, %r8, %r9
	REDUCE	%r11, %r8, %r9, %r10
	xor	%ecx, %ecx
	add	%r8, %r12
	adc	%r9, %r13
	adc	%r10, %r14
	adc	%r11, %r15
	adc	$0, %rcx
	mov	$0xffffffff00000000, %rax
	mov	$0xfffffffeffffffff, %rdx
	mov	%r12, %r8
	mov	%r13, %r9
	mov	%r14, %r10
	mov	%r15, %r11
	sub	$-1, %r8
	sbb	%rax, %r9
	sbb	$-1, %r10
	sbb	%rdx, %r11
	sbb	$0, %rcx
	cmovc	%r12, %r8
	cmovc	%r13, %r9
	cmovc	%r14, %r10
	cmovc	%r15, %r11
	mov	%r8, 0(%rdi)
	mov	%r9, 8(%rdi)
	mov	%r10, 16(%rdi)
	mov	%r11, 24(%rdi)
	pop	%r15
	.cfi_adjust_cfa_offset -8
	pop	%r14
	.cfi_adjust_cfa_offset -8
	pop	%r13
	.cfi_adjust_cfa_offset -8
	pop	%r12
	.cfi_adjust_cfa_offset -8
	pop	%rbp
	.cfi_adjust_cfa_offset -8
	pop	%rbx
	.cfi_adjust_cfa_offset -8
	ret
	.cfi_endproc
.endm

	.globl	hf_sm2_fe_mul_adx
	.hidden	hf_sm2_fe_mul_adx
	.type	hf_sm2_fe_mul_adx, @function
	.balign	64
hf_sm2_fe_mul_adx:
	ENTER
	mov	%rdx, %rbx
	mov	0(%rbx), %rdx
	mulx	0(%rsi), %r8, %r9
	mulx	8(%rsi), %rax, %r10
	add	%rax, %r9
	mulx	16(%rsi), %rax, %r11
	adc	%rax, %r10
	mulx	24(%rsi), %rax, %r12
	adc	%rax, %r11
	adc	$0, %r12
	mov	8(%rbx), %rdx
	ROW	%r9, %r10, %r11, %r12, %r13
	mov	16(%rbx), %rdx
	ROW	%r10, %r11, %r12, %r13, %r14
	mov	24(%rbx), %rdx
	ROW	%r11, %r12, %r13, %r14, %r15
	REDUCE_AND_LEAVE
	.size	hf_sm2_fe_mul_adx, . - hf_sm2_fe_mul_adx

	.globl	hf_sm2_fe_sqr_adx
	.hidden	hf_sm2_fe_sqr_adx
	.type	hf_sm2_fe_sqr_adx, @function
	.balign	64
hf_sm2_fe_sqr_adx:
	ENTER
	/* products of different limbs */
	mov	0(%rsi), %rdx
	mulx	8(%rsi), %r9, %r10
	mulx	16(%rsi), %rax, %r11
	add	%rax, %r10
	mulx	24(%rsi), %rax, %r12
	adc	%rax, %r11
	adc	$0, %r12
	mov	8(%rsi), %rdx
	xor	%ebp, %ebp
	mulx	16(%rsi), %rax, %rcx
	adcx	%rax, %r11
	adox	%rcx, %r12
	mulx	24(%rsi), %rax, %r13
	adcx	%rax, %r12
	adox	%rbp, %r13
	adcx	%rbp, %r13
	mov	16(%rsi), %rdx
	mulx	24(%rsi), %rax, %r14
	add	%rax, %r13
	adc	$0, %r14
	/* twice, and the squares */
	mov	0(%rsi), %rdx
	xor	%r15d, %r15d
	mulx	%rdx, %r8, %rcx
	adcx	%r9, %r9
	adox	%rcx, %r9
	mov	8(%rsi), %rdx
	mulx	%rdx, %rax, %rcx
	adcx	%r10, %r10
	adox	%rax, %r10
	adcx	%r11, %r11
	adox	%rcx, %r11
	mov	16(%rsi), %rdx
	mulx	%rdx, %rax, %rcx
	adcx	%r12, %r12
	adox	%rax, %r12
	adcx	%r13, %r13
	adox	%rcx, %r13
	mov	24(%rsi), %rdx
	mulx	%rdx, %rax, %rcx
	adcx	%r14, %r14
	adox	%rax, %r14
	adcx	%rbp, %r15
	adox	%rcx, %r15
	REDUCE_AND_LEAVE
	.size	hf_sm2_fe_sqr_adx, . - hf_sm2_fe_sqr_adx

#endif
	.section .note.GNU-stack, "", @progbits
