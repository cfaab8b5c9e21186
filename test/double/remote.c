/* Both sides of one double for several processes, see remote.h.
 *
 * Each call is one connection: the client writes a request, the server answers. A connection whose function is "events"
 * stays open and carries notifications, each of which the client answers when its callback has returned. When a client
 * ends, however it does, the server closes the handles that it had opened, as the service does. */
#include "remote.h"
#include <stdlib.h>
#include <string.h>

int serves;

#ifndef _WIN32

int is_remote(void) {
    return 0;
}

HRESULT call_remote(const char *name, const char *format, va_list *list) {
    return E_SERVER_UNAVAILABLE;
}

void *task_memory(size_t size) {
    return malloc(size);
}

#else

/* ---- Messages: values one after the other ---- */

struct message {
    uint8_t *bytes;
    uint32_t length, size, at;
};

static void put(struct message *to, const void *from, size_t count) {
    if (to->length + count > to->size) {
        to->size = (uint32_t)(to->length + count) * 2 + 256;
        to->bytes = realloc(to->bytes, to->size);
    }
    memcpy(to->bytes + to->length, from, count);
    to->length += (uint32_t)count;
}

static void put_number(struct message *to, uint64_t value) {
    put(to, &value, sizeof value);
}

/* Bytes with their count; NULL has none of them. */
static void put_bytes(struct message *to, const void *bytes, uint64_t count) {
    put_number(to, bytes ? count + 1 : 0);
    if (bytes) put(to, bytes, count);
}

static void put_wide(struct message *to, const char16 *wide) {
    uint64_t length = 0;
    while (wide && wide[length]) length++;
    put_bytes(to, wide, wide ? (length + 1) * sizeof *wide : 0);
}

static uint64_t take_number(struct message *from) {
    uint64_t value = 0;
    if (from->at + sizeof value <= from->length) memcpy(&value, from->bytes + from->at, sizeof value);
    from->at += sizeof value;
    return value;
}

/* Bytes in the message itself, aligned by a copy that is never freed before the process ends: tests are short. */
static void *take_bytes(struct message *from, uint64_t *count) {
    uint64_t length = take_number(from);
    if (count) *count = length ? length - 1 : 0;
    if (!length) return NULL;
    void *copy = malloc(length + 1);
    memcpy(copy, from->bytes + from->at, length - 1);
    from->at += (uint32_t)(length - 1);
    return copy;
}

/* Each operation waits for an event of its own: Wine sometimes misses the end of one that waits for the pipe itself. */
static int finish(HANDLE pipe, OVERLAPPED *operation, BOOL started, DWORD *count) {
    int done = (started || GetLastError() == ERROR_IO_PENDING) && GetOverlappedResult(pipe, operation, count, TRUE);
    CloseHandle(operation->hEvent);
    return done;
}

static OVERLAPPED operation(void) {
    return (OVERLAPPED){.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
}

static int write_all(HANDLE pipe, const void *bytes, uint32_t count) {
    DWORD written = 0;
    for (uint32_t at = 0; at < count; at += written) {
        OVERLAPPED write = operation();
        BOOL started = WriteFile(pipe, (const uint8_t *)bytes + at, count - at, NULL, &write);
        if (!finish(pipe, &write, started, &written)) return 0;
    }
    return 1;
}

static int read_all(HANDLE pipe, void *bytes, uint32_t count) {
    DWORD got = 0;
    for (uint32_t at = 0; at < count; at += got) {
        OVERLAPPED read = operation();
        BOOL started = ReadFile(pipe, (uint8_t *)bytes + at, count - at, NULL, &read);
        if (!finish(pipe, &read, started, &got) || !got) return 0;
    }
    return 1;
}

static int send(HANDLE pipe, const struct message *message) {
    return write_all(pipe, &message->length, sizeof message->length) &&
           write_all(pipe, message->bytes, message->length);
}

static int receive(HANDLE pipe, struct message *message) {
    memset(message, 0, sizeof *message);
    if (!read_all(pipe, &message->length, sizeof message->length)) return 0;
    message->bytes = malloc(message->length + 1);
    return read_all(pipe, message->bytes, message->length);
}

/* ---- The client ---- */

static wchar_t server_name[128];
/* Tells clients apart whose process id is the same, as ids are used again. */
static uint64_t own_token;
static pthread_once_t listening = PTHREAD_ONCE_INIT;

__attribute__((constructor)) static void find_server(void) {
    LARGE_INTEGER count;
    QueryPerformanceCounter(&count);
    own_token = (uint64_t)count.QuadPart << 20 ^ GetCurrentProcessId();
    GetEnvironmentVariableW(L"RUNHCS_DOUBLE", server_name, 128);
}

EXPORT int32_t WINAPI DoubleConnect(const char16 *name) {
    wcsncpy(server_name, (const wchar_t *)name, 127);
    return 0;
}

int is_remote(void) {
    return server_name[0] != 0;
}

void *task_memory(size_t size) {
    static void *(WINAPI *allocate)(SIZE_T);
    if (!allocate) allocate = (void *)GetProcAddress(LoadLibraryA("ole32.dll"), "CoTaskMemAlloc");
    return allocate(size);
}

static HANDLE connect_server(void) {
    for (int tries = 0; tries < 5000; tries++) {
        HANDLE pipe = CreateFileW(server_name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                                  FILE_FLAG_OVERLAPPED, NULL);
        if (pipe != INVALID_HANDLE_VALUE) return pipe;
        if (GetLastError() != ERROR_PIPE_BUSY) break;
        Sleep(1);
    }
    return INVALID_HANDLE_VALUE;
}

/* Calls back what the server tells, one notification at a time. */
static void *hear(void *argument) {
    HANDLE pipe = argument;
    struct message event;
    while (receive(pipe, &event)) {
        notification_callback call = (notification_callback)(uintptr_t)take_number(&event);
        void *context = (void *)(uintptr_t)take_number(&event);
        DWORD type = (DWORD)take_number(&event);
        HRESULT status = (HRESULT)take_number(&event);
        char16 *data = take_bytes(&event, NULL);
        call(type, context, status, data);
        free(data);
        free(event.bytes);
        if (!write_all(pipe, "!", 1)) break;
    }
    CloseHandle(pipe);
    return NULL;
}

static void listen(void) {
    struct message hello = {0};
    pthread_t thread;
    HANDLE pipe = connect_server();
    put_number(&hello, GetCurrentProcessId());
    put_number(&hello, own_token);
    put_bytes(&hello, "events", sizeof "events");
    put_bytes(&hello, "", 1);
    send(pipe, &hello);
    free(hello.bytes);
    pthread_create(&thread, NULL, hear, pipe);
    pthread_detach(thread);
}

static void put_argument(struct message *to, char letter, va_list *list, uint64_t *room) {
    const void *pointer;
    switch (letter) {
    case 's': put_wide(to, va_arg(*list, const char16 *)); break;
    case 'u': put_number(to, va_arg(*list, uint32_t)); break;
    case 'q': put_number(to, va_arg(*list, unsigned long long)); break;
    case 'h':
    case 'c': put_number(to, (uint64_t)(uintptr_t)va_arg(*list, void *)); break;
    case 'd':
        pointer = va_arg(*list, void *);
        put_number(to, (uint64_t)((const driver_info *)pointer)->Flavour);
        put_wide(to, ((const driver_info *)pointer)->HomeDir);
        break;
    case 'l': {
        const layer_descriptor *layers = va_arg(*list, void *);
        uint32_t count = va_arg(*list, uint32_t);
        put_number(to, count);
        for (uint32_t i = 0; i < count; i++) {
            put(to, &layers[i].LayerId, sizeof(GUID));
            put_number(to, layers[i].Flags);
            put_wide(to, layers[i].Path);
        }
        break;
    }
    case 't': put_bytes(to, va_arg(*list, void *), sizeof(storage_type)); break;
    case 'o': put_bytes(to, va_arg(*list, void *), sizeof(open_disk_parameters)); break;
    case 'V':
        *room = *va_arg(*list, uint32_t *);
        put_number(to, *room);
        break;
    case 'Q':
        *room = *va_arg(*list, uint64_t *) * sizeof(char16);
        put_number(to, *room / sizeof(char16));
        break;
    /* Only a buffer behind its size is filled; the others hold what the double does not look at. */
    case 'b':
        pointer = va_arg(*list, void *);
        put_number(to, pointer && *room ? *room : 0);
        break;
    default: put_number(to, va_arg(*list, void *) != NULL);
    }
}

static void take_result(struct message *from, char letter, va_list *list) {
    void *out;
    uint64_t count;
    switch (letter) {
    case 'u': (void)va_arg(*list, uint32_t); return;
    case 'q': (void)va_arg(*list, unsigned long long); return;
    case 'l': (void)va_arg(*list, void *); (void)va_arg(*list, uint32_t); return;
    default: out = va_arg(*list, void *);
    }
    if (!strchr("SHUGPVQb", letter)) return;
    void *bytes = take_bytes(from, &count);
    if (!out || !bytes) return;
    if (letter == 'S') {
        char16 *given = task_memory(count);
        memcpy(given, bytes, count);
        *(char16 **)out = given;
    } else memcpy(out, bytes, count);
    free(bytes);
}

HRESULT call_remote(const char *name, const char *format, va_list *list) {
    struct message request = {0}, answer;
    HRESULT result = E_SERVER_UNAVAILABLE;
    uint64_t room = 0;
    va_list again;
    if (strchr(format, 'c')) pthread_once(&listening, listen);
    va_copy(again, *list);
    put_number(&request, GetCurrentProcessId());
    put_number(&request, own_token);
    put_bytes(&request, name, strlen(name) + 1);
    put_bytes(&request, format, strlen(format) + 1);
    for (const char *letter = format; *letter; letter++) put_argument(&request, *letter, list, &room);
    HANDLE pipe = connect_server();
    if (pipe != INVALID_HANDLE_VALUE && send(pipe, &request) && receive(pipe, &answer)) {
        result = (HRESULT)take_number(&answer);
        for (const char *letter = format; *letter; letter++) take_result(&answer, *letter, &again);
        free(answer.bytes);
    }
    if (pipe != INVALID_HANDLE_VALUE) CloseHandle(pipe);
    free(request.bytes);
    va_end(again);
    return result;
}

/* ---- The server ---- */

struct held {
    struct held *next;
    HANDLE handle;
    const char *close; /* the function that closes it */
};

struct relay {
    struct client *client;
    uint64_t call, context;
};

static struct client {
    struct client *next;
    uint64_t token;
    HANDLE process, events;
    pthread_mutex_t talking;
    struct held *held;
    int calls; /* under way */
} *clients;

static pthread_mutex_t serving = PTHREAD_MUTEX_INITIALIZER;

typedef HRESULT(WINAPI *function)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                                  uint64_t, uint64_t);

static function find_function(const char *name) {
    HMODULE own = NULL;
    GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                       (const char *)(void *)find_function, &own);
    return (function)(void *)GetProcAddress(own, name);
}

static HRESULT close_held(const char *close, HANDLE handle) {
    return find_function(close)((uint64_t)(uintptr_t)handle, 0, 0, 0, 0, 0, 0, 0, 0, 0);
}

/* Callbacks are kept in front, so that they are taken back before what they belong to. */
static void hold(struct client *client, HANDLE handle, const char *close) {
    struct held *held = malloc(sizeof *held);
    pthread_mutex_lock(&serving);
    *held = (struct held){client->held, handle, close};
    client->held = held;
    pthread_mutex_unlock(&serving);
}

static void let_go(struct client *client, HANDLE handle) {
    pthread_mutex_lock(&serving);
    for (struct held **at = &client->held; *at; at = &(*at)->next) {
        struct held *held = *at;
        if (held->handle != handle) continue;
        *at = held->next;
        free(held);
        break;
    }
    pthread_mutex_unlock(&serving);
}

/* Waits until a client has ended and its last calls have returned, and closes what it has left open. */
static void *outlive(void *argument) {
    struct client *client = argument;
    WaitForSingleObject(client->process, INFINITE);
    pthread_mutex_lock(&serving);
    while (client->calls) {
        pthread_mutex_unlock(&serving);
        Sleep(5);
        pthread_mutex_lock(&serving);
    }
    CloseHandle(client->process);
    struct held *held = client->held;
    client->held = NULL;
    client->token = 0;
    pthread_mutex_unlock(&serving);
    for (struct held *next; held; held = next) {
        next = held->next;
        close_held(held->close, held->handle);
        free(held);
    }
    return NULL;
}

/* Counts a call as under way. Gives NULL for a client that has ended, whose handles are closed already. */
static struct client *client_of(DWORD pid, uint64_t token) {
    pthread_mutex_lock(&serving);
    struct client *client = clients;
    while (client && client->token != token) client = client->next;
    if (!client) {
        pthread_t thread;
        HANDLE process = OpenProcess(SYNCHRONIZE | PROCESS_DUP_HANDLE, FALSE, pid);
        if (WaitForSingleObject(process, 0) != WAIT_TIMEOUT) {
            CloseHandle(process);
            pthread_mutex_unlock(&serving);
            return NULL;
        }
        client = calloc(1, sizeof *client);
        client->token = token;
        client->process = process;
        client->events = INVALID_HANDLE_VALUE;
        pthread_mutex_init(&client->talking, NULL);
        client->next = clients;
        clients = client;
        pthread_create(&thread, NULL, outlive, client);
        pthread_detach(thread);
    }
    client->calls++;
    pthread_mutex_unlock(&serving);
    return client;
}

/* Tells a client of a notification, and waits until its callback has returned, or it has ended. */
static void CALLBACK relay(DWORD type, void *context, HRESULT status, const char16 *data) {
    struct relay *to = context;
    struct message event = {0};
    char answer;
    put_number(&event, to->call);
    put_number(&event, to->context);
    put_number(&event, type);
    put_number(&event, (uint64_t)(int64_t)status);
    put_wide(&event, data);
    pthread_mutex_lock(&to->client->talking);
    for (int tries = 0; to->client->events == INVALID_HANDLE_VALUE && tries < 1000; tries++) Sleep(1);
    if (send(to->client->events, &event)) read_all(to->client->events, &answer, 1);
    pthread_mutex_unlock(&to->client->talking);
    free(event.bytes);
}

/* One argument of a call, and where its results are. */
struct slot {
    uint64_t value;
    union {
        uint64_t number;
        char16 *string;
        GUID guid;
        process_information process;
        driver_info driver;
    } room;
    void *memory;
    uint64_t size;
};

/* Fills one slot, or two for a list. Gives the number of slots. */
static int take_argument(struct message *from, char letter, struct slot *slot, struct client *client,
                         uint64_t *room) {
    switch (letter) {
    case 's':
    case 't':
    case 'o': slot->value = (uint64_t)(uintptr_t)(slot->memory = take_bytes(from, NULL)); return 1;
    case 'd':
        slot->room.driver.Flavour = (int32_t)take_number(from);
        slot->room.driver.HomeDir = slot->memory = take_bytes(from, NULL);
        slot->value = (uint64_t)(uintptr_t)&slot->room;
        return 1;
    case 'l': {
        uint64_t count = take_number(from);
        layer_descriptor *layers = calloc(count + 1, sizeof *layers);
        for (uint64_t i = 0; i < count; i++) {
            memcpy(&layers[i].LayerId, from->bytes + from->at, sizeof(GUID));
            from->at += sizeof(GUID);
            layers[i].Flags = (uint32_t)take_number(from);
            layers[i].Path = take_bytes(from, NULL);
        }
        slot->value = (uint64_t)(uintptr_t)(slot->memory = layers);
        slot[1].value = count;
        return 2;
    }
    case 'c': {
        struct relay *to = malloc(sizeof *to);
        *to = (struct relay){client, take_number(from), 0};
        slot->memory = NULL;
        slot->value = (uint64_t)(uintptr_t)relay;
        slot[1].value = (uint64_t)(uintptr_t)to;
        return 1;
    }
    case 'q': {
        uint64_t number = take_number(from);
        /* The context behind a callback is the relay, which keeps the client's own. */
        if (slot->value) ((struct relay *)(uintptr_t)slot->value)->context = number;
        else slot->value = number;
        return 1;
    }
    case 'h':
    case 'u': slot->value = take_number(from); return 1;
    case 'V':
    case 'Q':
        slot->room.number = take_number(from);
        *room = slot->room.number;
        slot->value = (uint64_t)(uintptr_t)&slot->room;
        return 1;
    case 'b':
        slot->size = take_number(from);
        if (slot->size) slot->value = (uint64_t)(uintptr_t)(slot->memory = calloc(1, slot->size));
        return 1;
    default: slot->value = take_number(from) ? (uint64_t)(uintptr_t)&slot->room : 0; return 1;
    }
}

static void give_pipes(struct client *client, process_information *information) {
    HANDLE *pipes[] = {&information->StdInput, &information->StdOutput, &information->StdError};
    for (int i = 0; i < 3; i++)
        if (*pipes[i] && !DuplicateHandle(GetCurrentProcess(), *pipes[i], client->process, pipes[i], 0, FALSE,
                                          DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE))
            *pipes[i] = NULL;
}

static void put_result(struct message *to, char letter, struct slot *slot, struct client *client) {
    const void *bytes = slot->value ? &slot->room : NULL;
    switch (letter) {
    case 'S':
        put_wide(to, bytes ? slot->room.string : NULL);
        if (bytes) CoTaskMemFree(slot->room.string);
        break;
    case 'P':
        if (bytes) give_pipes(client, &slot->room.process);
        put_bytes(to, bytes, sizeof slot->room.process);
        break;
    case 'G': put_bytes(to, bytes, sizeof slot->room.guid); break;
    case 'U':
    case 'V': put_bytes(to, bytes, sizeof(uint32_t)); break;
    case 'H':
    case 'Q': put_bytes(to, bytes, sizeof(uint64_t)); break;
    case 'b': put_bytes(to, slot->memory, slot->size); break;
    default: return;
    }
}

/* The function that closes a handle which a call has given out. */
static const char *closing(const char *name) {
    if (!strcmp(name, "HcsRegisterComputeSystemCallback")) return "HcsUnregisterComputeSystemCallback";
    if (!strcmp(name, "HcsRegisterProcessCallback")) return "HcsUnregisterProcessCallback";
    if (strstr(name, "Process")) return "HcsCloseProcess";
    return strstr(name, "ComputeSystem") ? "HcsCloseComputeSystem" : NULL;
}

static void answer(HANDLE pipe, struct client *client, const char *name, const char *format,
                   struct message *request) {
    struct slot slots[12] = {0};
    struct message out = {0};
    uint64_t room = 0;
    int at = 0;
    for (const char *letter = format; *letter; letter++)
        at += take_argument(request, *letter, &slots[at], client, &room);
    function call = find_function(name);
    HRESULT result = call(slots[0].value, slots[1].value, slots[2].value, slots[3].value, slots[4].value,
                          slots[5].value, slots[6].value, slots[7].value, slots[8].value, slots[9].value);
    const char *close = closing(name);
    put_number(&out, (uint64_t)(int64_t)result);
    at = 0;
    for (const char *letter = format; *letter; letter++) {
        put_result(&out, *letter, &slots[at], client);
        if (*letter == 'H' && close && slots[at].room.number)
            hold(client, (HANDLE)(uintptr_t)slots[at].room.number, close);
        at += *letter == 'l' ? 2 : 1;
    }
    if (strstr(name, "Close") || strstr(name, "Unregister")) let_go(client, (HANDLE)(uintptr_t)slots[0].value);
    send(pipe, &out);
    free(out.bytes);
    for (at = 0; at < 12; at++) free(slots[at].memory);
}

/* Gives whether the connection has been served; one that carries notifications stays open. */
static int serve(HANDLE pipe) {
    struct message request;
    int is_done = 1;
    if (receive(pipe, &request)) {
        DWORD pid = (DWORD)take_number(&request);
        uint64_t token = take_number(&request);
        struct client *client = client_of(pid, token);
        if (!client) {
            free(request.bytes);
            return is_done;
        }
        char *name = take_bytes(&request, NULL), *format = take_bytes(&request, NULL);
        if (!strcmp(name, "events")) {
            client->events = pipe;
            is_done = 0;
        } else answer(pipe, client, name, format, &request);
        free(name);
        free(format);
        pthread_mutex_lock(&serving);
        client->calls--;
        pthread_mutex_unlock(&serving);
    }
    free(request.bytes);
    return is_done;
}

static HANDLE new_pipe(const char16 *name) {
    return CreateNamedPipeW((const wchar_t *)name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED, PIPE_TYPE_BYTE,
                            PIPE_UNLIMITED_INSTANCES, 65536, 65536, 0, NULL);
}

static int await_client(HANDLE pipe) {
    OVERLAPPED wait = operation();
    DWORD unused;
    BOOL started = ConnectNamedPipe(pipe, &wait);
    if (started || GetLastError() != ERROR_PIPE_CONNECTED) return finish(pipe, &wait, started, &unused);
    CloseHandle(wait.hEvent);
    return 1;
}

static DWORD WINAPI serve_all(void *name) {
    for (;;) {
        HANDLE pipe = new_pipe(name);
        if (pipe == INVALID_HANDLE_VALUE) return 1;
        if (await_client(pipe) && !serve(pipe)) continue;
        FlushFileBuffers(pipe);
        DisconnectNamedPipe(pipe);
        CloseHandle(pipe);
    }
}

/* Calls that can be under way at once. Each has a thread that waits for it, so that no client finds nobody. */
#define SERVERS 64

/* Serves until the process ends. */
EXPORT int32_t WINAPI DoubleServe(const char16 *name) {
    server_name[0] = 0;
    serves = 1;
    for (int i = 1; i < SERVERS; i++) CloseHandle(CreateThread(NULL, 0, serve_all, (void *)name, 0, NULL));
    return (int32_t)serve_all((void *)name);
}
#endif
