/* What the keeper tells its supervisor, and what that makes of it. */
#ifndef LL_CHANNEL_H
#define LL_CHANNEL_H

#include "plan/layout.gen.h"

/* Takes one message, if there is one: what follows from it is in own, and events that are untold. */
void ll_channel_take(struct ll_supervisor *own);

#endif
