/* What the broker answers for, pinned before the workload starts: src/broker/roots.ts without JavaScript. */
#ifndef LL_FRONT_PIN_H
#define LL_FRONT_PIN_H

#include "plan/plan.h"

#include <stdbool.h>

enum { LL_MAX_PINS = 256 };

/*
 * Pins what the `listed` ops of a plan name, one pin for each, in their order.
 * False, with nothing left open, where there are more than LL_MAX_PINS or
 * anything is unusual: a file that is a symbolic link or isn't there, a folder
 * that overlaps another. Bun does it then, and knows the words.
 */
bool ll_front_pin(const struct ll_plan *plan, struct ll_pin ret_pins[LL_MAX_PINS], uint32_t *ret_count);

void ll_front_unpin(const struct ll_pin pins[LL_MAX_PINS], uint32_t count);

#endif
