/* What the tests run, in a system or as a hook: program MODE [ARGUMENT [CODE]]. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef _WIN32
#include <fcntl.h>
#include <io.h>
#include <windows.h>
#define end(code) ExitProcess(code)
#define rest() Sleep(INFINITE)
#else
#include <unistd.h>
#define end(code) _exit((int)(code))
#define rest() pause()
#endif

static char bytes[65536];

/* Copies standard input to standard output until its end, if `copy` is 1. Gives the number of bytes. */
static long long copy_input(int copy) {
    long long total = 0;
    for (size_t count; (count = fread(bytes, 1, copy ? 1 : sizeof bytes, stdin)) > 0; total += (long long)count)
        if (copy) {
            fwrite(bytes, 1, count, stdout);
            if (bytes[0] == '\n') fflush(stdout);
        }
    return total;
}

static void spew(long long count) {
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (char)(i % 251);
    for (; count > 0; count -= (long long)sizeof bytes)
        if (!fwrite(bytes, 1, count < (long long)sizeof bytes ? (size_t)count : sizeof bytes, stdout)) end(3);
}

/* Adds the variable NOTE and the standard input to a file, as one line. */
static int note(const char *path) {
    FILE *file = fopen(path, "ab");
    if (!file) return 5;
    fprintf(file, "%s ", getenv("NOTE") ? getenv("NOTE") : "");
    for (size_t count; (count = fread(bytes, 1, sizeof bytes, stdin)) > 0;) fwrite(bytes, 1, count, file);
    return fprintf(file, "\n") < 0 || fclose(file) ? 5 : 0;
}

int main(int argc, char **argv) {
    const char *mode = argc > 1 ? argv[1] : "", *argument = argc > 2 ? argv[2] : "";
#ifdef _WIN32
    _setmode(0, _O_BINARY);
    _setmode(1, _O_BINARY);
    _setmode(2, _O_BINARY);
#endif
    if (!strcmp(mode, "exit")) end((uint32_t)strtoul(argument, NULL, 10));
    if (!strcmp(mode, "note")) {
        int failed = note(argument);
        fprintf(stderr, "noted\n");
        fflush(stderr);
        end(failed ? failed : argc > 3 ? atoi(argv[3]) : 0);
    }
    if (!strcmp(mode, "silent")) rest();
    if (!strcmp(mode, "cat")) copy_input(1);
    if (!strcmp(mode, "count")) printf("%lld", copy_input(0));
    if (!strcmp(mode, "spew")) spew(strtoll(argument, NULL, 10));
    if (!strcmp(mode, "variable")) printf("%s", getenv(argument) ? getenv(argument) : "");
    if (!strcmp(mode, "both")) {
        fprintf(stdout, "to stdout");
        fprintf(stderr, "to stderr");
    }
    return fflush(stdout) ? 4 : 0;
}
