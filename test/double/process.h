/* A program that really runs, behind one interface for both hosts. */
#ifndef PROCESS_H
#define PROCESS_H
#include "double.h"

struct program {
    uint32_t pid;
    HANDLE process; /* Windows only */
    HANDLE pipes[3];
};

/* Starts the command line; `pipes` says which streams get a pipe, whose other ends are in the program.
 * Gives an HRESULT. */
HRESULT start_program(const json *parameters, const int pipes[3], struct program *program);
/* Blocks until the program has ended. */
void wait_program(struct program *program);
/* Lets the program go after its end. Gives its exit code. */
uint32_t end_program(struct program *program);
void kill_program(struct program *program, int signal);
#endif
