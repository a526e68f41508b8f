/* Where the front left its start record, for TypeScript. In the library only: the front needs no libc. */
#include "native/start.h"

#include "run/launch.h"

/* getauxval(3). Weak: a libc without it means no record, and landlockd says that no front ran. */
extern unsigned long getauxval(unsigned long type) __attribute__((weak));

const struct ll_start *ll_start_find(void)
{
	const struct ll_start *start = getauxval ? (const void *)getauxval(AT_LANDLOCKD) : NULL;

	if (start == NULL || start->magic != LL_START_MAGIC || start->version != LL_START_VERSION ||
	    start->size_bytes != sizeof(*start))
		return NULL;
	return start;
}

/* Address of the struct ll_start, 0 where no front ran. */
LL_EXPORT double ll_start_record(void);
LL_EXPORT double ll_start_record(void)
{
	return (double)(uintptr_t)ll_start_find();
}
