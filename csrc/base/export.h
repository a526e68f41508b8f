/* What libsandbox.so offers to TypeScript: src/native/library.ts. */
#ifndef LL_EXPORT_H
#define LL_EXPORT_H

#define LL_EXPORT __attribute__((visibility("default")))

#endif
