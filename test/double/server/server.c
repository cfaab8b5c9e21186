/* server.exe LIBRARY PIPE: holds one double for several processes. It ends with its standard input. */
#include <stdint.h>
#include <windows.h>

static DWORD WINAPI end_with_input(void *unused) {
    char byte;
    DWORD count;
    while (ReadFile(GetStdHandle(STD_INPUT_HANDLE), &byte, 1, &count, NULL) && count) {}
    ExitProcess(0);
}

int wmain(int argc, wchar_t **argv) {
    if (argc != 3) return 2;
    HMODULE library = LoadLibraryW(argv[1]);
    int32_t(WINAPI *serve)(const wchar_t *) = (void *)GetProcAddress(library, "DoubleServe");
    if (!serve) return 3;
    CreateThread(NULL, 0, end_with_input, NULL, 0, NULL);
    return serve(argv[2]);
}
