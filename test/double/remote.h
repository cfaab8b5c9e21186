/* One double for several processes: a server holds everything, and the libraries of the others ask it.
 *
 * A library asks the server whose pipe RUNHCS_DOUBLE names when it is loaded, or that DoubleConnect names. */
#ifndef REMOTE_H
#define REMOTE_H
#include "double.h"
#include <stdarg.h>

/* Whether this library is that of a server. */
extern int serves;
/* Whether this library asks a server. */
int is_remote(void);
/* Lets the server call a function with arguments of enter()'s format, and fills what comes out. */
HRESULT call_remote(const char *name, const char *format, va_list *list);
/* Memory that the real CoTaskMemFree frees. */
void *task_memory(size_t size);
#endif
