/*
 * Whole files: read with a cap, written so that after a crash either the old or the new content is there.
 */
#ifndef HUFU_BASE_FILE_H
#define HUFU_BASE_FILE_H

#include "base/buf.h"

#include <sys/types.h>

#define HF_PATH_MAX 1024

/* Appends the file to out, whose maximum is the cap. Errors: HF_E_MISSING, HF_E_LIMIT, HF_E_STORE. */
HF_MUST_USE bool hf_file_read(const char *path, struct hf_buf *out, struct hf_err *err);
/* Writes a new file beside path, syncs it, renames it over path and syncs the folder. */
HF_MUST_USE bool hf_file_write(const char *path, struct hf_bytes content, mode_t mode, struct hf_err *err);
/* write(2) until all is written. False leaves errno as write(2) set it. */
HF_MUST_USE bool hf_write_all(int fd, struct hf_bytes content);
/* read(2) until len octets are there. False at the end of the file or on an error (errno; 0 at the end). */
HF_MUST_USE bool hf_read_all(int fd, void *out, size_t len);
/* Makes the folder and those above it; one that is there is fine. */
HF_MUST_USE bool hf_dir_make(const char *path, mode_t mode, struct hf_err *err);
HF_MUST_USE bool hf_dir_sync(const char *path, struct hf_err *err);
bool hf_file_there(const char *path);

#endif
