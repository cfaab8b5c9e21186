/* A double of vmcompute.dll, computestorage.dll, virtdisk.dll and ole32.dll's CoTaskMemFree.
 *
 * It keeps the contract of the Host Compute Service: handles, states, pending results with later notifications on
 * threads of its own, real processes with real pipes, documents that are checked, layers that are folders, and a
 * store of networks. DoubleControl makes it fail on demand, DoubleCounts tells what it holds.
 *
 * The same sources build as vmcompute.dll (mingw-w64) and as a shared library of Linux (gcc). */
#ifndef DOUBLE_H
#define DOUBLE_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#ifdef _WIN32
#define WIN32_LEAN_AND_MEAN
/* virtdisk.h declares what is defined here, with types of its own. */
#define _INC_VIRTDISK
#include <windows.h>
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#define WINAPI
#define CALLBACK
typedef int32_t HRESULT;
typedef void *HANDLE;
typedef uint32_t DWORD;
typedef int32_t BOOL;
typedef struct {
    uint32_t Data1;
    uint16_t Data2, Data3;
    uint8_t Data4[8];
} GUID;
#endif

/* Strings of the interface are UTF-16, inside they are UTF-8. */
typedef uint16_t char16;

/* ---- Layouts, as 64-bit Windows has them ---- */

typedef struct {
    uint32_t ProcessId, Reserved;
    HANDLE StdInput, StdOutput, StdError;
} process_information;

typedef struct {
    int32_t Flavour;
    const char16 *HomeDir;
} driver_info;

typedef struct {
    GUID LayerId;
    uint32_t Flags;
    const char16 *Path;
} layer_descriptor;

typedef struct {
    uint32_t DeviceId;
    GUID VendorId;
} storage_type;

typedef struct {
    uint32_t Version;
    int32_t GetInfoOnly, ReadOnly;
    GUID ResiliencyGuid;
} open_disk_parameters;

#define PIN(type, size, align) \
    _Static_assert(sizeof(type) == (size) && _Alignof(type) == (align), #type " has another size")
#define PIN_FIELD(type, field, offset) \
    _Static_assert(offsetof(type, field) == (offset), #type "." #field " is elsewhere")

PIN(GUID, 16, 4);
PIN_FIELD(GUID, Data2, 4);
PIN_FIELD(GUID, Data3, 6);
PIN_FIELD(GUID, Data4, 8);
PIN(process_information, 32, 8);
PIN_FIELD(process_information, ProcessId, 0);
PIN_FIELD(process_information, Reserved, 4);
PIN_FIELD(process_information, StdInput, 8);
PIN_FIELD(process_information, StdOutput, 16);
PIN_FIELD(process_information, StdError, 24);
PIN(driver_info, 16, 8);
PIN_FIELD(driver_info, Flavour, 0);
PIN_FIELD(driver_info, HomeDir, 8);
PIN(layer_descriptor, 32, 8);
PIN_FIELD(layer_descriptor, LayerId, 0);
PIN_FIELD(layer_descriptor, Flags, 16);
PIN_FIELD(layer_descriptor, Path, 24);
PIN(storage_type, 20, 4);
PIN_FIELD(storage_type, DeviceId, 0);
PIN_FIELD(storage_type, VendorId, 4);
PIN(open_disk_parameters, 28, 4);
PIN_FIELD(open_disk_parameters, Version, 0);
PIN_FIELD(open_disk_parameters, GetInfoOnly, 4);
PIN_FIELD(open_disk_parameters, ReadOnly, 8);
PIN_FIELD(open_disk_parameters, ResiliencyGuid, 12);

typedef void(CALLBACK *notification_callback)(DWORD type, void *context, HRESULT status, const char16 *data);

/* ---- Results ---- */

#define S_OK_ ((HRESULT)0)
#define E_INVALID_HANDLE ((HRESULT)0x80070006)
#define E_INVALID_ARGUMENT ((HRESULT)0x80070057)
#define E_NOT_FOUND ((HRESULT)0x80070490)
#define E_PATH_NOT_FOUND ((HRESULT)0x80070003)
#define E_FILE_EXISTS ((HRESULT)0x80070050)
#define E_SERVER_UNAVAILABLE ((HRESULT)0x800706ba)
#define HCS_PENDING ((HRESULT)0xc0370103)
#define HCS_INVALID_STATE ((HRESULT)0xc0370105)
#define HCS_UNEXPECTED_EXIT ((HRESULT)0xc0370106)
#define HCS_INVALID_JSON ((HRESULT)0xc037010d)
#define HCS_NOT_FOUND ((HRESULT)0xc037010e)
#define HCS_EXISTS ((HRESULT)0xc037010f)
#define HCS_ALREADY_STOPPED ((HRESULT)0xc0370110)
#define HCS_PROCESS_STOPPED ((HRESULT)0x8037011f)

/* ---- Notifications ---- */

enum {
    SYSTEM_EXITED = 1,
    CREATE_COMPLETED = 2,
    START_COMPLETED = 3,
    PAUSE_COMPLETED = 4,
    RESUME_COMPLETED = 5,
    CRASH_REPORT = 6,
    SAVE_COMPLETED = 8,
    PROCESS_EXITED = 0x10000,
    SERVICE_DISCONNECT = 0x1000000
};

/* ---- JSON (json.c) ---- */

enum json_type { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

typedef struct json {
    enum json_type type;
    char *key;  /* in an object */
    char *text; /* of a string, or a number as written */
    struct json *first, *next;
} json;

/* Gives NULL, and in *offset the place, if the text is not JSON. */
json *json_parse(const char *text, size_t *offset);
void json_free(json *value);
json *json_get(const json *object, const char *key);
const char *json_text(const json *object, const char *key, const char *absent);
long long json_number(const json *object, const char *key, long long absent);
int json_true(const json *object, const char *key);
/* Sets a string member; takes nothing over. */
void json_set(json *object, const char *key, const char *text);

/* ---- Text (text.c) ---- */

typedef struct {
    char *bytes;
    size_t length, size;
} text;

void text_add(text *to, const char *format, ...);
/* Adds a JSON string with its quotes. */
void text_quote(text *to, const char *utf8);
void text_json(text *to, const json *value);
/* Gives the bytes away; the text is empty after it. */
char *text_take(text *from);

char *utf8_of(const char16 *wide);
char16 *utf16_of(const char *utf8);
/* A string of the interface: counted, freed by the caller with CoTaskMemFree. */
char16 *give(const char *utf8);
/* As give, but takes the text. */
char16 *give_text(text *from);
EXPORT void WINAPI CoTaskMemFree(void *memory);
void sleep_ms(int ms);

/* ---- Every call (trace.c) ---- */

extern pthread_mutex_t lock;
extern pthread_cond_t changed;

/* What the counts tell. */
extern struct counts {
    long allocations, bad_frees, bad_handles, handles, systems, processes, callbacks, calls, running, most_running;
    long credentials; /* instances that are guarded */
    long devices; /* of VMs, each side */
    long layers;  /* mounted */
    long delayed; /* calls that wait because they were ordered to */
    const char *bad_call; /* the last that was given a bad handle */
} counts;

/* The function that this thread is in. */
extern __thread const char *current_call;

/* Whether another process holds everything (remote.c). */
int is_remote(void);

/* Whether notifications of this name are dropped; to be asked under the lock. */
int is_lost(const char *name);

/* Notes the call and applies what DoubleControl has ordered. The format has one letter per parameter:
 * s string, h handle, u UINT32, q UINT64, b buffer, c callback, d driver info, l layers (two parameters),
 * t storage type, o open parameters; S H U G P: string, handle, UINT32, GUID, process information out;
 * V Q: UINT32, UINT64 in and out. Gives 1 if the function has to return *result at once. */
int enter(HRESULT *result, const char *name, const char *format, ...);

/* Returns at once if something is ordered for this function. */
#define ENTER(...)                             \
    HRESULT ordered;                           \
    if (enter(&ordered, __VA_ARGS__)) return ordered

/* As ENTER, for what lets something go: that is done even if the call is ordered to fail. */
#define ENTER_LAST(...)                                  \
    HRESULT ordered;                                     \
    if (enter(&ordered, __VA_ARGS__) && (!ordered || is_remote())) return ordered

/* Writes a result document with the message, and an event with the path if there is one. Gives the result. */
HRESULT fail(char16 **document, HRESULT result, const char *message, const char *path);

/* Turns a result into the family that DoubleControl has chosen. */
HRESULT family(HRESULT result);

/* Ends the service: every callback gets SERVICE_DISCONNECT (systems.c). */
void disconnect_all(void);
/* Sends count notifications at once to every system (systems.c). */
void storm(int count);

#endif
