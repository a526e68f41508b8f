/* What the broker answers for, pinned before the workload starts: src/broker/roots.ts without JavaScript. */
#ifndef LL_FRONT_PIN_H
#define LL_FRONT_PIN_H

#include "front/handoff.h"
#include "plan/plan.h"

#include <stdbool.h>

/*
 * Pins what the `listed` ops of a plan name, one pin for each, in their order.
 * False, with nothing left open, where there are more than LL_MAX_PINS or
 * anything is unusual: a file that is a symbolic link or isn't there, a folder
 * that overlaps another. Bun does it then, and knows the words.
 */
bool ll_front_pin(const struct ll_plan *plan, struct ll_handoff *handoff);

void ll_front_unpin(struct ll_handoff *handoff);

#endif
