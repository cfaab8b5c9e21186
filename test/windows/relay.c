/* relay.exe PROGRAM ARGUMENT...: runs a program with pipes of Windows as its standard streams, and copies these from
 * and to our own. Node's libuv does not take the pipes of the host system, which Wine hands on as they are. */
#include <wchar.h>
#include <windows.h>

struct pair {
    HANDLE from, to;
    int closes;
};

static DWORD WINAPI copy(void *argument) {
    struct pair *pair = argument;
    static __thread char bytes[65536];
    DWORD count, written;
    while (ReadFile(pair->from, bytes, sizeof bytes, &count, NULL) && count)
        for (DWORD at = 0; at < count; at += written)
            if (!WriteFile(pair->to, bytes + at, count - at, &written, NULL)) return 1;
    if (pair->closes) CloseHandle(pair->to);
    return 0;
}

/* The command line without our own name, so that all quotes stay as they are. */
static wchar_t *arguments(void) {
    wchar_t *at = GetCommandLineW();
    wchar_t end = *at == L'"' ? *at++ : L' ';
    while (*at && *at != end) at++;
    while (*at == L'"' || *at == L' ') at++;
    return at;
}

int wmain(void) {
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    STARTUPINFOW startup = {.cb = sizeof startup, .dwFlags = STARTF_USESTDHANDLES};
    PROCESS_INFORMATION process;
    HANDLE ours[3], threads[2];
    DWORD code = 127;
    CreatePipe(&startup.hStdInput, &ours[0], &inherited, 0);
    CreatePipe(&ours[1], &startup.hStdOutput, &inherited, 0);
    CreatePipe(&ours[2], &startup.hStdError, &inherited, 0);
    for (int i = 0; i < 3; i++) SetHandleInformation(ours[i], HANDLE_FLAG_INHERIT, 0);
    if (!CreateProcessW(NULL, arguments(), NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process)) return (int)code;
    CloseHandle(startup.hStdInput);
    CloseHandle(startup.hStdOutput);
    CloseHandle(startup.hStdError);
    struct pair in = {GetStdHandle(STD_INPUT_HANDLE), ours[0], 1};
    struct pair out = {ours[1], GetStdHandle(STD_OUTPUT_HANDLE), 0};
    struct pair error = {ours[2], GetStdHandle(STD_ERROR_HANDLE), 0};
    CreateThread(NULL, 0, copy, &in, 0, NULL);
    threads[0] = CreateThread(NULL, 0, copy, &out, 0, NULL);
    threads[1] = CreateThread(NULL, 0, copy, &error, 0, NULL);
    WaitForSingleObject(process.hProcess, INFINITE);
    WaitForMultipleObjects(2, threads, TRUE, 2000);
    GetExitCodeProcess(process.hProcess, &code);
    ExitProcess(code);
}
