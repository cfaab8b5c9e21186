#ifdef _WIN32
#include "process.h"
#include <stdlib.h>
#include <string.h>
#include <stdio.h>

static pthread_mutex_t starting = PTHREAD_MUTEX_INITIALIZER;
static long pipe_number;

/* As the service does it: our end is a named pipe that can be read and written without blocking a thread. */
static int make_pipe(int input, HANDLE *ours, HANDLE *theirs) {
    wchar_t name[96];
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    swprintf(name, 96, L"\\\\.\\pipe\\hcs-double-%lu-%ld", GetCurrentProcessId(), InterlockedIncrement(&pipe_number));
    *ours = CreateNamedPipeW(name, (input ? PIPE_ACCESS_OUTBOUND : PIPE_ACCESS_INBOUND) | FILE_FLAG_OVERLAPPED,
                             PIPE_TYPE_BYTE, 1, 65536, 65536, 0, NULL);
    *theirs = CreateFileW(name, (input ? GENERIC_READ : GENERIC_WRITE) | FILE_READ_ATTRIBUTES, 0, &inherited,
                          OPEN_EXISTING, 0, NULL);
    return *ours != INVALID_HANDLE_VALUE && *theirs != INVALID_HANDLE_VALUE;
}

static wchar_t *environment_of(const json *parameters) {
    const json *members = json_get(parameters, "Environment");
    wchar_t *own = GetEnvironmentStringsW(), *end = own;
    while (*end) end += wcslen(end) + 1;
    text out = {0};
    for (const json *at = members ? members->first : NULL; at; at = at->next)
        text_add(&out, "%s=%s\n", at->key, at->text ? at->text : "");
    char *added = text_take(&out);
    char16 *wide = utf16_of(added);
    size_t length = wcslen((wchar_t *)wide), own_length = (size_t)(end - own) + 1;
    wchar_t *block = malloc((length + own_length + 1) * sizeof *block);
    memcpy(block, wide, length * sizeof *block);
    for (size_t i = 0; i < length; i++)
        if (block[i] == L'\n') block[i] = 0;
    memcpy(block + length, own, own_length * sizeof *block);
    FreeEnvironmentStringsW(own);
    free(added);
    free(wide);
    return block;
}

HRESULT start_program(const json *parameters, const int pipes[3], struct program *program) {
    HANDLE theirs[3] = {0};
    STARTUPINFOW startup = {sizeof startup};
    PROCESS_INFORMATION made = {0};
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    memset(program, 0, sizeof *program);
    pthread_mutex_lock(&starting);
    for (int i = 0; i < 3; i++) {
        if (pipes[i]) make_pipe(i == 0, &program->pipes[i], &theirs[i]);
        else theirs[i] = CreateFileW(L"NUL", GENERIC_READ | GENERIC_WRITE, 3, &inherited, OPEN_EXISTING, 0, NULL);
    }
    char16 *line = utf16_of(json_text(parameters, "CommandLine", ""));
    const char *folder = json_text(parameters, "WorkingDirectory", "");
    char16 *directory = *folder ? utf16_of(folder) : NULL;
    wchar_t *environment = environment_of(parameters);
    startup.dwFlags = STARTF_USESTDHANDLES;
    startup.hStdInput = theirs[0];
    startup.hStdOutput = theirs[1];
    startup.hStdError = theirs[2];
    BOOL started = FALSE;
    /* Wine loses a process that starts now and then, and tells so. */
    for (int tries = 0; !started && tries < 3 && (!tries || GetLastError() == ERROR_INTERNAL_ERROR); tries++)
        started = CreateProcessW(NULL, (wchar_t *)line, NULL, NULL, TRUE, CREATE_UNICODE_ENVIRONMENT, environment,
                                 (wchar_t *)directory, &startup, &made);
    DWORD error = GetLastError();
    for (int i = 0; i < 3; i++) {
        CloseHandle(theirs[i]);
        if (!started && program->pipes[i]) CloseHandle(program->pipes[i]);
    }
    pthread_mutex_unlock(&starting);
    free(environment);
    free(directory);
    free(line);
    if (!started) return (HRESULT)(0x80070000 | error);
    CloseHandle(made.hThread);
    program->pid = made.dwProcessId;
    program->process = made.hProcess;
    return 0;
}

void wait_program(struct program *program) {
    WaitForSingleObject(program->process, INFINITE);
}

uint32_t end_program(struct program *program) {
    DWORD code = 0;
    GetExitCodeProcess(program->process, &code);
    CloseHandle(program->process);
    return code;
}

void kill_program(struct program *program, int signal) {
    TerminateProcess(program->process, signal == 9 ? 1067 : 0xc000013a);
}
#endif
