/*
 * What the files of the CA's routes share.
 */
#ifndef HUFU_API_CA_INT_H
#define HUFU_API_CA_INT_H

#include "api/call.h"

void hf_ca_serve_issue(void *service, struct hf_exchange *const *list, size_t num);
void hf_ca_serve_status(void *service, struct hf_exchange *const *list, size_t num);
void hf_ca_serve_crl_issue(void *service, struct hf_exchange *const *list, size_t num);
void hf_ca_serve_crl(void *service, struct hf_exchange *const *list, size_t num);
void hf_ca_serve_certs(void *service, struct hf_exchange *const *list, size_t num);
void hf_ca_serve_cert(void *service, struct hf_exchange *const *list, size_t num);
void hf_ca_serve_feed(void *service, struct hf_exchange *const *list, size_t num);

#endif
