/*
 * What supervisor and child say over the control channel: packets of a u8 and fields (ipc/ipc.h).
 */
#ifndef HUFU_PROC_CONTROL_INT_H
#define HUFU_PROC_CONTROL_INT_H

#include "ipc/ipc.h"

#define HF_CONTROL_WORDS_MAX 256

enum hf_control {
	HF_CONTROL_PEER = 1, /* to the child, with a descriptor: channel str, process str, serve bool */
	HF_CONTROL_SHUTDOWN, /* to the child */
	HF_CONTROL_READY,    /* to the supervisor: words str (the jail's report) */
	HF_CONTROL_STATUS,   /* to the supervisor: words str */
};

#endif
