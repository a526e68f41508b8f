/* The record of a run that the front starts. */
#ifndef LL_FRONT_AUDIT_H
#define LL_FRONT_AUDIT_H

#include "audit/audit.h"
#include "front/run.h"

/*
 * Opens what --audit names, for a policy's file (empty where it is built in).
 * NULL where Bun has to write the record, or to tell why there can't be one.
 */
struct ll_audit *ll_front_audit(const struct ll_stack *stack, const struct ll_request *request, const char *policy);

/* Writes what the sink hasn't taken, and tells on stderr how many events it didn't take at all, if any. */
void ll_front_end_audit(struct ll_audit *audit);

#endif
