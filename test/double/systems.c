/* Compute systems and processes: handles, states, pending results, and notifications on threads of the service. */
#include "guest.h"
#include "process.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum state { CREATED, RUNNING, PAUSED, SAVED, STOPPED };
static const char *const state_names[] = {"Created", "Running", "Paused", "SavedAsTemplate", "Stopped"};

struct callback {
    struct callback *next;
    notification_callback call;
    void *context;
    int running, gone;
    HANDLE handle;
};

struct notification {
    struct notification *next;
    struct process *process;
    struct callback *only; /* for one that was registered late */
    DWORD type;
    HRESULT status;
    int delay, waits; /* waits for the first callback */
    char *data;
};

struct process {
    struct process *next;
    struct system *system;
    struct program program;
    struct callback *callbacks;
    int exited, handles, lost, console, width, height, wait_result;
    uint32_t exit_code;
};

struct system {
    struct system *next;
    char *id;
    unsigned number; /* of all that were made, for the GUID of its own */
    json *document;
    enum state state;
    int handles, live, ending, exited, delivering;
    struct process *processes;
    struct callback *callbacks;
    struct notification *queue;
    struct device *devices;
};

/* Everything below is guarded by `lock`. */
static struct system *systems;

/* ---- Handles: a slot and its generation, so that a closed handle is known as such ---- */

enum kind { FREE, SYSTEM, PROCESS, SYSTEM_CALLBACK, PROCESS_CALLBACK };

static struct slot {
    enum kind kind;
    uint32_t generation;
    void *owner, *object;
} *slots;
static uint32_t slot_count, first_free;

static HANDLE new_handle(enum kind kind, void *owner, void *object) {
    uint32_t at = first_free;
    while (at < slot_count && slots[at].kind) at++;
    if (at == slot_count) {
        slot_count = slot_count ? slot_count * 2 : 64;
        slots = realloc(slots, slot_count * sizeof *slots);
        memset(slots + at, 0, (slot_count - at) * sizeof *slots);
    }
    first_free = at + 1;
    slots[at].kind = kind;
    slots[at].owner = owner;
    slots[at].object = object;
    counts.handles++;
    return (HANDLE)((uintptr_t)(at + 1) << 4 | (uintptr_t)(slots[at].generation & 0xffffff) << 32);
}

static struct slot *slot_of(HANDLE handle, enum kind kind) {
    uint64_t value = (uint64_t)(uintptr_t)handle;
    uint32_t at = (uint32_t)((value & 0xffffffff) >> 4) - 1;
    if (at < slot_count && slots[at].kind == kind && (slots[at].generation & 0xffffff) == value >> 32)
        return &slots[at];
    counts.bad_handles++;
    counts.bad_call = current_call;
    return NULL;
}

static void *find(HANDLE handle, enum kind kind) {
    struct slot *slot = slot_of(handle, kind);
    return slot ? slot->object : NULL;
}

static void drop_handle(struct slot *slot) {
    slot->kind = FREE;
    slot->generation++;
    if ((uint32_t)(slot - slots) < first_free) first_free = (uint32_t)(slot - slots);
    counts.handles--;
}

/* ---- Notifications ---- */

static void *deliver(void *argument);

static void notify(struct system *system, struct notification what) {
    struct notification *entry = malloc(sizeof *entry), **end = &system->queue;
    *entry = what;
    entry->next = NULL;
    while (*end) end = &(*end)->next;
    *end = entry;
    pthread_cond_broadcast(&changed);
    if (system->delivering) return;
    pthread_t thread;
    pthread_attr_t detached;
    system->delivering = 1;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    pthread_create(&thread, &detached, deliver, system);
    pthread_attr_destroy(&detached);
}

static void free_callback(struct callback *callback) {
    free(callback);
    counts.callbacks--;
}

/* Calls one callback without the lock; whoever unregisters it waits meanwhile. Gives the next of the list. */
static struct callback *call_back(struct callback *callback, const struct notification *entry) {
    callback->running++;
    pthread_mutex_unlock(&lock);
    char16 *data = entry->data ? utf16_of(entry->data) : NULL;
    callback->call(entry->type, callback->context, entry->status, data);
    free(data);
    pthread_mutex_lock(&lock);
    callback->running--;
    pthread_cond_broadcast(&changed);
    return callback->next;
}

static void call_all(struct callback **list, const struct notification *entry) {
    for (struct callback *at = *list; at;)
        at = at->gone || (entry->only && at != entry->only) ? at->next : call_back(at, entry);
}

static void free_system_if_unused(struct system *system);

static void *deliver(void *argument) {
    struct system *system = argument;
    pthread_mutex_lock(&lock);
    while (system->queue) {
        struct notification *entry = system->queue;
        if (entry->waits && !system->callbacks && system->handles && !system->ending) {
            pthread_cond_wait(&changed, &lock);
            continue;
        }
        if (entry->delay) {
            int delay = entry->delay;
            entry->delay = 0;
            pthread_mutex_unlock(&lock);
            sleep_ms(delay);
            pthread_mutex_lock(&lock);
            continue;
        }
        system->queue = entry->next;
        call_all(entry->process ? &entry->process->callbacks : &system->callbacks, entry);
        if (entry->type == SERVICE_DISCONNECT)
            for (struct process *at = system->processes; at; at = at->next) call_all(&at->callbacks, entry);
        free(entry->data);
        free(entry);
    }
    system->delivering = 0;
    free_system_if_unused(system);
    pthread_mutex_unlock(&lock);
    return NULL;
}

static void free_system_if_unused(struct system *system) {
    struct process **link = &system->processes;
    if (system->delivering) return;
    while (*link) {
        struct process *process = *link;
        if (!process->exited || process->handles) {
            link = &process->next;
            continue;
        }
        *link = process->next;
        free(process);
        counts.processes--;
    }
    if (!system->exited || system->handles || system->processes) return;
    struct system **at = &systems;
    while (*at && *at != system) at = &(*at)->next;
    if (*at) *at = system->next;
    json_free(system->document);
    free(system->id);
    free(system);
    counts.systems--;
}

void disconnect_all(void) {
    pthread_mutex_lock(&lock);
    for (struct system *system = systems; system && !is_lost("Disconnect"); system = system->next)
        notify(system, (struct notification){.type = SERVICE_DISCONNECT});
    pthread_mutex_unlock(&lock);
}

void storm(int count) {
    pthread_mutex_lock(&lock);
    for (struct system *system = systems; system; system = system->next)
        for (int i = 0; i < count; i++) {
            text data = {0};
            text_add(&data, "{\"Number\":%d}", i);
            notify(system, (struct notification){.type = CRASH_REPORT, .data = text_take(&data)});
        }
    pthread_mutex_unlock(&lock);
}

/* ---- Documents ---- */

struct rule {
    const char *path;
    enum json_type type;
};

static const struct rule rules[] = {
    {"Owner", JSON_STRING},
    {"SchemaVersion", JSON_OBJECT},
    {"SchemaVersion.Major", JSON_NUMBER},
    {"Container", JSON_OBJECT},
    {"Container.Storage", JSON_OBJECT},
    {"Container.Storage.Layers", JSON_ARRAY},
    {"Container.Storage.Path", JSON_STRING},
    {"Container.Memory.SizeInMB", JSON_NUMBER},
    {"Container.Processor.Count", JSON_NUMBER},
    {"Container.GuestOs.HostName", JSON_STRING},
    {"Container.MappedDirectories", JSON_ARRAY},
    {"VirtualMachine", JSON_OBJECT},
    {"VirtualMachine.ComputeTopology", JSON_OBJECT},
    {"HostedSystem", JSON_OBJECT},
    {"ShouldTerminateOnLastHandleClosed", JSON_TRUE},
};

static const char *const known[] = {"Owner", "SchemaVersion", "Container", "VirtualMachine", "HostedSystem",
                                    "HostingSystemId", "ShouldTerminateOnLastHandleClosed", "Fault",
                                    /* schema 1 */ "SystemType", "Name", "VolumePath", "LayerFolderPath", "Layers"};

static json *follow(const json *from, const char *path) {
    char key[64];
    while (from && *path) {
        size_t length = strcspn(path, ".");
        snprintf(key, sizeof key, "%.*s", (int)length, path);
        from = json_get(from, key);
        path += length + (path[length] == '.');
    }
    return (json *)from;
}

static int is_of(const json *value, enum json_type type) {
    return value->type == type || (type == JSON_TRUE && value->type == JSON_FALSE);
}

/* Gives the path of the first fault, or NULL. */
static char *fault_of(const json *document) {
    text path = {0};
    for (const json *member = document->first; member; member = member->next) {
        size_t i = 0, count = sizeof known / sizeof *known;
        while (i < count && strcmp(known[i], member->key)) i++;
        if (i < count) continue;
        text_add(&path, "$.%s", member->key);
        return text_take(&path);
    }
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        const json *value = follow(document, rules[i].path);
        if (!value || is_of(value, rules[i].type)) continue;
        text_add(&path, "$.%s", rules[i].path);
        return text_take(&path);
    }
    const json *layers = follow(document, "Container.Storage.Layers");
    int number = 0;
    for (const json *layer = layers ? layers->first : NULL; layer; layer = layer->next, number++) {
        if (json_text(layer, "Path", NULL)) continue;
        text_add(&path, "$.Container.Storage.Layers[%d].Path", number);
        return text_take(&path);
    }
    int bodies = !!json_get(document, "Container") + !!json_get(document, "VirtualMachine") +
                 !!json_get(document, "HostedSystem") + !!json_get(document, "SystemType");
    if (bodies == 1) return NULL;
    text_add(&path, "$.Container");
    return text_take(&path);
}

/* Parses a document that a call is given. Gives NULL, and the result in *result, if it is no JSON object. */
static json *parse(const char16 *wide, char16 **document, HRESULT *result) {
    size_t offset = 0;
    char *source = utf8_of(wide);
    json *value = json_parse(*source ? source : "{}", &offset);
    free(source);
    if (value && value->type == JSON_OBJECT) return value;
    char message[96];
    snprintf(message, sizeof message, "The document is not valid JSON at character %zu.", offset);
    json_free(value);
    *result = fail(document, HCS_INVALID_JSON, message, "$.");
    return NULL;
}

static HRESULT refuse_document(char16 **document, char *path) {
    HRESULT result = fail(document, HCS_INVALID_JSON, "The compute system document is invalid.", path);
    free(path);
    return result;
}

/* What the document orders for one of the system's operations: {Status, DelayMs, Lost, Sync, Exits}. */
static json *plan(const struct system *system, const char *operation) {
    return json_get(json_get(system->document, "Fault"), operation);
}

/* ---- Credentials, which the service guards until it is told to stop ---- */

static struct instance {
    struct instance *next;
    char *id, *spec, *transport;
    unsigned number;
} *instances;

/* Whether a container's document names the guard of its credentials, and no other. */
static int fits_guard(const char *id, const json *document) {
    const struct instance *instance = instances;
    const json *guard = follow(document, "Container.ContainerCredentialGuard");
    if (!guard) guard = follow(document, "HostedSystem.Container.ContainerCredentialGuard");
    const char *endpoint = json_text(guard, "RpcEndpoint", "");
    while (instance && strcmp(instance->id, id)) instance = instance->next;
    return !strcmp(endpoint, instance ? id : "");
}

/* ---- Systems ---- */

static struct system *find_system(const char *id) {
    for (struct system *system = systems; system; system = system->next)
        if (!strcmp(system->id, id) && !system->exited) return system;
    return NULL;
}

static HANDLE open_system(struct system *system) {
    system->handles++;
    return new_handle(SYSTEM, system, system);
}

/* Ends the system once its last process has. */
static void end_if_empty(struct system *system) {
    if (!system->ending || system->live || system->exited) return;
    system->exited = 1;
    system->state = STOPPED;
    forget_devices(&system->devices);
    json *exit = plan(system, "Exit");
    if (!json_true(exit, "Lost") && !is_lost("Exit"))
        notify(system, (struct notification){.type = SYSTEM_EXITED,
                                             .status = (HRESULT)json_number(exit, "Status", 0),
                                             .delay = (int)json_number(exit, "DelayMs", 0),
                                             .data = strdup("{\"ExitType\":\"GracefulExit\"}")});
}

static void end_system(struct system *system) {
    system->ending = 1;
    pthread_cond_broadcast(&changed);
    for (struct process *at = system->processes; at; at = at->next)
        if (!at->exited) kill_program(&at->program, 9);
    /* A VM takes its containers with it. */
    for (struct system *at = systems; at; at = at->next)
        if (!at->ending && !strcmp(json_text(at->document, "HostingSystemId", ""), system->id)) end_system(at);
    end_if_empty(system);
}

/* Gives why a container cannot be made in the VM that its document names, or NULL. */
static const char *refuse_host(const json *document, HRESULT *result) {
    const char *id = json_text(document, "HostingSystemId", NULL);
    if (!id) return NULL;
    struct system *host = find_system(id);
    *result = host ? HCS_INVALID_STATE : HCS_NOT_FOUND;
    if (!host) return "The hosting system does not exist.";
    if (host->state != RUNNING || host->ending) return "The hosting system does not run.";
    *result = E_INVALID_ARGUMENT;
    return refuse_devices(host->devices, document);
}

EXPORT HRESULT WINAPI HcsCreateComputeSystem(const char16 *id, const char16 *configuration, HANDLE identity,
                                             HANDLE *handle, char16 **document) {
    ENTER("HcsCreateComputeSystem", "sshHS", id, configuration, identity, handle, document);
    HRESULT result = 0;
    json *parsed = parse(configuration, document, &result);
    if (!parsed) return result;
    char *name = utf8_of(id), *fault = *name ? fault_of(parsed) : NULL;
    HRESULT refused;
    const char *refusal;
    pthread_mutex_lock(&lock);
    if (!*name) result = fail(document, E_INVALID_ARGUMENT, "The id is empty.", NULL);
    else if (fault) result = refuse_document(document, fault);
    else if (find_system(name)) result = fail(document, HCS_EXISTS, "A compute system of this id exists.", NULL);
    else if (!fits_guard(name, parsed))
        result = fail(document, HCS_INVALID_JSON, "Its credentials are guarded otherwise.",
                      "$.Container.ContainerCredentialGuard");
    else if ((refusal = refuse_host(parsed, &refused))) result = fail(document, refused, refusal, NULL);
    if (result) {
        pthread_mutex_unlock(&lock);
        json_free(parsed);
        free(name);
        return result;
    }
    struct system *system = calloc(1, sizeof *system);
    static unsigned number;
    system->id = name;
    system->number = ++number;
    system->document = parsed;
    system->next = systems;
    systems = system;
    counts.systems++;
    *handle = open_system(system);
    json *plan_ = plan(system, "Create");
    if (json_true(plan_, "Exits")) end_system(system);
    else if (!json_true(plan_, "Sync") && !json_true(plan_, "Lost") && !is_lost("Create"))
        notify(system, (struct notification){.type = CREATE_COMPLETED,
                                             .waits = 1,
                                             .status = (HRESULT)json_number(plan_, "Status", 0),
                                             .delay = (int)json_number(plan_, "DelayMs", 0)});
    result = json_true(plan_, "Sync") ? 0 : family(HCS_PENDING);
    pthread_mutex_unlock(&lock);
    return result;
}

EXPORT HRESULT WINAPI HcsOpenComputeSystem(const char16 *id, HANDLE *handle, char16 **document) {
    ENTER("HcsOpenComputeSystem", "sHS", id, handle, document);
    char *name = utf8_of(id);
    pthread_mutex_lock(&lock);
    struct system *system = find_system(name);
    HRESULT result = system ? 0 : fail(document, HCS_NOT_FOUND, "No compute system has this id.", NULL);
    if (system) *handle = open_system(system);
    pthread_mutex_unlock(&lock);
    free(name);
    return result;
}

EXPORT HRESULT WINAPI HcsCloseComputeSystem(HANDLE handle) {
    ENTER_LAST("HcsCloseComputeSystem", "h", handle);
    pthread_mutex_lock(&lock);
    struct slot *slot = slot_of(handle, SYSTEM);
    if (slot) {
        struct system *system = slot->object;
        drop_handle(slot);
        system->handles--;
        pthread_cond_broadcast(&changed);
        if (!system->handles && json_true(system->document, "ShouldTerminateOnLastHandleClosed") &&
            !system->ending)
            end_system(system);
        free_system_if_unused(system);
    }
    pthread_mutex_unlock(&lock);
    return ordered ? ordered : slot ? 0 : E_INVALID_HANDLE;
}

/* The guest of Linux is the one that is reached by vsock. */
static int has_linux_guest(const struct system *system) {
    return json_true(follow(system->document, "VirtualMachine.GuestConnection"), "UseVsock");
}

static void describe(text *out, const struct system *system, const json *query) {
    text_add(out, "{\"Id\":");
    text_quote(out, system->id);
    int bare = json_true(plan(system, "Properties"), "Bare");
    text_add(out, ",\"SystemType\":\"%s\",\"RuntimeOsType\":\"%s\",\"State\":\"%s\",\"Stopped\":%s,\"Owner\":",
             bare ? "" : json_get(system->document, "VirtualMachine") ? "VirtualMachine" : "Container",
             bare ? "" : has_linux_guest(system) ? "Linux" : "Windows",
             state_names[system->state], system->exited ? "true" : "false");
    text_quote(out, json_text(system->document, "Owner", ""));
    /* Of some containers the service tells zeros. */
    int is_told = !json_true(plan(system, "Properties"), "NoRuntimeId");
    text_add(out, ",\"RuntimeId\":\"%s-0000-0000-0000-%012x\"", is_told ? "5e5a1fb0" : "00000000",
             is_told ? system->number : 0);
    if (json_true(json_get(system->document, "Fault"), "UpdatesPending"))
        text_add(out, ",\"AreUpdatesPending\":true");
    const json *types = json_get(query, "PropertyTypes");
    for (const json *type = types ? types->first : NULL; type; type = type->next) {
        if (!strcmp(type->text ? type->text : "", "Statistics"))
            text_add(out, ",\"Statistics\":{\"Timestamp\":\"2026-01-02T03:04:05.1234567Z\",\"Uptime100ns\":%ld,"
                          "\"Memory\":{\"MemoryUsageCommitBytes\":4096},"
                          "\"Processor\":{\"TotalRuntime100ns\":9007199254740993},"
                          "\"Storage\":{\"ReadSizeBytes\":1},\"Network\":[{\"BytesReceived\":7}]}",
                     counts.calls);
        if (!strcmp(type->text ? type->text : "", "ProcessList")) {
            text_add(out, ",\"ProcessList\":[");
            int first = 1;
            for (const struct process *at = system->processes; at; at = at->next)
                if (!at->exited) {
                    text_add(out, "%s{\"ProcessId\":%u,\"ImageName\":\"program\"}", first ? "" : ",",
                             at->program.pid);
                    first = 0;
                }
            text_add(out, "]");
        }
    }
    text_add(out, "}");
}

static int listed(const json *query, const char *key, const char *value) {
    const json *list = json_get(query, key);
    if (!list || !list->first) return 1;
    for (const json *at = list->first; at; at = at->next)
        if (at->text && !strcmp(at->text, value)) return 1;
    return 0;
}

EXPORT HRESULT WINAPI HcsEnumerateComputeSystems(const char16 *query, char16 **found, char16 **document) {
    ENTER("HcsEnumerateComputeSystems", "sSS", query, found, document);
    HRESULT result = 0;
    json *parsed = parse(query, document, &result);
    if (!parsed) return result;
    text out = {0};
    text_add(&out, "[");
    pthread_mutex_lock(&lock);
    for (struct system *system = systems; system; system = system->next) {
        if (system->exited || !listed(parsed, "Ids", system->id) ||
            !listed(parsed, "Owners", json_text(system->document, "Owner", "")))
            continue;
        if (out.length > 1) text_add(&out, ",");
        describe(&out, system, NULL);
    }
    pthread_mutex_unlock(&lock);
    text_add(&out, "]");
    *found = give_text(&out);
    json_free(parsed);
    return 0;
}

EXPORT HRESULT WINAPI HcsGetComputeSystemProperties(HANDLE handle, const char16 *query, char16 **properties,
                                                    char16 **document) {
    ENTER("HcsGetComputeSystemProperties", "hsSS", handle, query, properties, document);
    HRESULT result = 0;
    json *parsed = parse(query, document, &result);
    if (!parsed) return result;
    pthread_mutex_lock(&lock);
    struct system *system = find(handle, SYSTEM);
    text out = {0};
    if (!system) result = E_INVALID_HANDLE;
    else if (json_true(plan(system, "Properties"), "Garbage")) text_add(&out, "garbage");
    else describe(&out, system, parsed);
    pthread_mutex_unlock(&lock);
    if (!result) *properties = give_text(&out);
    json_free(parsed);
    return result;
}

/* An operation that takes a system from some states into another one, and completes with a notification. */
struct operation {
    const char *name;
    unsigned from; /* one bit per state */
    enum state to;
    DWORD completion;
};

static HRESULT operate(HANDLE handle, const char16 *options, char16 **document, const struct operation *operation) {
    HRESULT result = 0;
    json *parsed = parse(options, document, &result);
    if (!parsed) return result;
    json_free(parsed);
    pthread_mutex_lock(&lock);
    struct system *system = find(handle, SYSTEM);
    if (!system) result = E_INVALID_HANDLE;
    else if (system->exited) result = fail(document, HCS_ALREADY_STOPPED, "It has stopped.", NULL);
    else if (system->ending || !(operation->from & 1u << system->state))
        result = fail(document, HCS_INVALID_STATE, "The operation is not valid in this state.", NULL);
    if (!result) {
        json *order = plan(system, operation->name);
        HRESULT status = (HRESULT)json_number(order, "Status", 0);
        if (status >= 0) system->state = operation->to;
        if (json_true(order, "Exits")) end_system(system);
        else if (!json_true(order, "Sync") && !json_true(order, "Lost") && !is_lost(operation->name))
            notify(system, (struct notification){.type = operation->completion,
                                                 .status = status,
                                                 .delay = (int)json_number(order, "DelayMs", 0)});
        result = json_true(order, "Sync") ? 0 : family(HCS_PENDING);
    }
    pthread_mutex_unlock(&lock);
    return result;
}

#define OPERATION(function, name, from, to, completion)                                             \
    EXPORT HRESULT WINAPI function(HANDLE handle, const char16 *options, char16 **document) {         \
        static const struct operation operation = {name, from, to, completion};                      \
        ENTER(#function, "hsS", handle, options, document);                                          \
        return operate(handle, options, document, &operation);                                       \
    }

OPERATION(HcsStartComputeSystem, "Start", 1u << CREATED, RUNNING, START_COMPLETED)
OPERATION(HcsPauseComputeSystem, "Pause", 1u << RUNNING, PAUSED, PAUSE_COMPLETED)
OPERATION(HcsResumeComputeSystem, "Resume", 1u << PAUSED, RUNNING, RESUME_COMPLETED)
OPERATION(HcsSaveComputeSystem, "Save", 1u << PAUSED, SAVED, SAVE_COMPLETED)

static HRESULT stop(HANDLE handle, const char16 *options, char16 **document, unsigned from) {
    HRESULT result = 0;
    json *parsed = parse(options, document, &result);
    if (!parsed) return result;
    json_free(parsed);
    pthread_mutex_lock(&lock);
    struct system *system = find(handle, SYSTEM);
    if (!system) result = E_INVALID_HANDLE;
    else if (system->ending) result = fail(document, HCS_ALREADY_STOPPED, "It has stopped.", NULL);
    else if (!(from & 1u << system->state))
        result = fail(document, HCS_INVALID_STATE, "The operation is not valid in this state.", NULL);
    else {
        end_system(system);
        result = family(HCS_PENDING);
    }
    pthread_mutex_unlock(&lock);
    return result;
}

EXPORT HRESULT WINAPI HcsShutdownComputeSystem(HANDLE handle, const char16 *options, char16 **document) {
    ENTER("HcsShutdownComputeSystem", "hsS", handle, options, document);
    return stop(handle, options, document, 1u << RUNNING);
}

EXPORT HRESULT WINAPI HcsTerminateComputeSystem(HANDLE handle, const char16 *options, char16 **document) {
    ENTER("HcsTerminateComputeSystem", "hsS", handle, options, document);
    return stop(handle, options, document, ~0u);
}

EXPORT HRESULT WINAPI HcsModifyComputeSystem(HANDLE handle, const char16 *configuration, char16 **document) {
    ENTER("HcsModifyComputeSystem", "hsS", handle, configuration, document);
    HRESULT result = 0;
    json *parsed = parse(configuration, document, &result);
    if (!parsed) return result;
    pthread_mutex_lock(&lock);
    struct system *system = find(handle, SYSTEM);
    if (!system) result = E_INVALID_HANDLE;
    else if (system->ending) result = fail(document, HCS_ALREADY_STOPPED, "It has stopped.", NULL);
    else if (!json_text(parsed, "ResourcePath", NULL) && !json_text(parsed, "ResourceUri", NULL) &&
             !json_get(parsed, "GuestRequest"))
        result = fail(document, HCS_INVALID_JSON, "The request is invalid.", "$.ResourcePath");
    const char *refusal = result ? NULL : change_device(&system->devices, parsed);
    if (refusal) result = fail(document, E_INVALID_ARGUMENT, refusal, NULL);
    pthread_mutex_unlock(&lock);
    json_free(parsed);
    return result;
}

/* ---- The service as a whole ---- */

static void describe_instances(text *out) {
    text_add(out, "{\"Instances\":[");
    for (const struct instance *at = instances; at; at = at->next) {
        text_add(out, at == instances ? "{\"Id\":" : ",{\"Id\":");
        text_quote(out, at->id);
        text_add(out, ",\"CredentialGuard\":{\"Cookie\":\"Y29va2ll\",\"RpcEndpoint\":");
        text_quote(out, at->id);
        text_add(out, ",\"Transport\":\"%s\",\"CredentialSpec\":", at->transport);
        text_quote(out, at->spec);
        text_add(out, "}");
        /* The service in the VM's table of sockets by which its guest reaches the guard. */
        if (!strcmp(at->transport, "HvSocket"))
            text_add(out, ",\"HvSocketConfig\":{\"ServiceId\":\"6a5a1fb0-0000-4000-8000-%012x\","
                          "\"ServiceConfig\":{\"AllowWildcardBinds\":true}}", at->number);
        text_add(out, "}");
    }
    text_add(out, "]}");
}

EXPORT HRESULT WINAPI HcsGetServiceProperties(const char16 *query, char16 **properties, char16 **document) {
    ENTER("HcsGetServiceProperties", "sSS", query, properties, document);
    HRESULT result = 0;
    json *parsed = parse(query, document, &result);
    if (!parsed) return result;
    text out = {0};
    text_add(&out, "{\"Properties\":[");
    const json *types = json_get(parsed, "PropertyTypes");
    pthread_mutex_lock(&lock);
    for (const json *type = types ? types->first : NULL; type; type = type->next) {
        if (type != types->first) text_add(&out, ",");
        if (!strcmp(type->text ? type->text : "", "ContainerCredentialGuard")) describe_instances(&out);
        else text_add(&out, "{\"SupportedSchemaVersions\":[{\"Major\":2,\"Minor\":1}]}");
    }
    pthread_mutex_unlock(&lock);
    text_add(&out, "]}");
    *properties = give_text(&out);
    json_free(parsed);
    return 0;
}

static HRESULT add_instance(const json *details, char16 **document) {
    const char *id = json_text(details, "Id", ""), *spec = json_text(details, "CredentialSpec", "");
    const char *transport = json_text(details, "Transport", "");
    if (!*id || !*spec || (strcmp(transport, "LRPC") && strcmp(transport, "HvSocket")))
        return fail(document, HCS_INVALID_JSON, "The instance is invalid.", "$.Settings.OperationDetails");
    for (const struct instance *at = instances; at; at = at->next)
        if (!strcmp(at->id, id)) return fail(document, HCS_EXISTS, "An instance of this id exists.", NULL);
    struct instance *instance = calloc(1, sizeof *instance);
    static unsigned number;
    *instance = (struct instance){instances, strdup(id), strdup(spec), strdup(transport), ++number};
    instances = instance;
    counts.credentials++;
    return 0;
}

static HRESULT remove_instance(const json *details, char16 **document) {
    const char *id = json_text(details, "Id", "");
    struct instance **at = &instances;
    while (*at && strcmp((*at)->id, id)) at = &(*at)->next;
    if (!*at) return fail(document, E_NOT_FOUND, "No instance has this id.", NULL);
    struct instance *gone = *at;
    *at = gone->next;
    free(gone->id);
    free(gone->spec);
    free(gone->transport);
    free(gone);
    counts.credentials--;
    return 0;
}

EXPORT HRESULT WINAPI HcsModifyServiceSettings(const char16 *settings, char16 **document) {
    ENTER("HcsModifyServiceSettings", "sS", settings, document);
    HRESULT result = 0;
    json *parsed = parse(settings, document, &result);
    if (!parsed) return result;
    if (!strcmp(json_text(parsed, "PropertyType", ""), "ContainerCredentialGuard")) {
        const json *request = json_get(parsed, "Settings"), *details = json_get(request, "OperationDetails");
        const char *operation = json_text(request, "Operation", "");
        pthread_mutex_lock(&lock);
        if (!strcmp(operation, "AddInstance")) result = add_instance(details, document);
        else if (!strcmp(operation, "RemoveInstance")) result = remove_instance(details, document);
        else result = fail(document, HCS_INVALID_JSON, "The operation is unknown.", "$.Settings.Operation");
        pthread_mutex_unlock(&lock);
    }
    json_free(parsed);
    return result;
}

/* ---- Callbacks ---- */

static HANDLE add_callback(struct callback **list, notification_callback call, void *context, enum kind kind,
                           void *owner) {
    struct callback *callback = calloc(1, sizeof *callback), **end = list;
    callback->call = call;
    callback->context = context;
    while (*end) end = &(*end)->next;
    *end = callback;
    counts.callbacks++;
    pthread_cond_broadcast(&changed);
    return callback->handle = new_handle(kind, owner, callback);
}

static struct callback *last_of(struct callback *list) {
    while (list && list->next) list = list->next;
    return list;
}

EXPORT HRESULT WINAPI HcsRegisterComputeSystemCallback(HANDLE handle, notification_callback call, void *context,
                                                       HANDLE *callback) {
    ENTER("HcsRegisterComputeSystemCallback", "hcqH", handle, call, (unsigned long long)(uintptr_t)context,
          callback);
    pthread_mutex_lock(&lock);
    struct system *system = find(handle, SYSTEM);
    if (system) {
        *callback = add_callback(&system->callbacks, call, context, SYSTEM_CALLBACK, system);
        system->handles++;
        if (system->exited && !system->delivering && !is_lost("Exit"))
            notify(system, (struct notification){.type = SYSTEM_EXITED, .only = last_of(system->callbacks)});
    }
    pthread_mutex_unlock(&lock);
    return system ? 0 : E_INVALID_HANDLE;
}

/* Takes a callback out of its list, after the calls that are under way. */
static void remove_callback(struct callback **list, struct callback *callback) {
    callback->gone = 1;
    while (callback->running) pthread_cond_wait(&changed, &lock);
    while (*list && *list != callback) list = &(*list)->next;
    if (*list) *list = callback->next;
    free_callback(callback);
}

EXPORT HRESULT WINAPI HcsUnregisterComputeSystemCallback(HANDLE handle) {
    ENTER_LAST("HcsUnregisterComputeSystemCallback", "h", handle);
    pthread_mutex_lock(&lock);
    struct slot *slot = slot_of(handle, SYSTEM_CALLBACK);
    if (slot) {
        struct system *system = slot->owner;
        struct callback *callback = slot->object;
        drop_handle(slot);
        remove_callback(&system->callbacks, callback);
        system->handles--;
        free_system_if_unused(system);
    }
    pthread_mutex_unlock(&lock);
    return ordered ? ordered : slot ? 0 : E_INVALID_HANDLE;
}

EXPORT HRESULT WINAPI HcsRegisterProcessCallback(HANDLE handle, notification_callback call, void *context,
                                                 HANDLE *callback) {
    ENTER("HcsRegisterProcessCallback", "hcqH", handle, call, (unsigned long long)(uintptr_t)context, callback);
    pthread_mutex_lock(&lock);
    struct process *process = find(handle, PROCESS);
    if (process) {
        *callback = add_callback(&process->callbacks, call, context, PROCESS_CALLBACK, process);
        process->handles++;
        if (process->exited && !process->lost)
            notify(process->system, (struct notification){
                                        .type = PROCESS_EXITED, .process = process, .only = last_of(process->callbacks)});
    }
    pthread_mutex_unlock(&lock);
    return process ? 0 : E_INVALID_HANDLE;
}

EXPORT HRESULT WINAPI HcsUnregisterProcessCallback(HANDLE handle) {
    ENTER_LAST("HcsUnregisterProcessCallback", "h", handle);
    pthread_mutex_lock(&lock);
    struct slot *slot = slot_of(handle, PROCESS_CALLBACK);
    if (slot) {
        struct process *process = slot->owner;
        struct callback *callback = slot->object;
        drop_handle(slot);
        remove_callback(&process->callbacks, callback);
        process->handles--;
        free_system_if_unused(process->system);
    }
    pthread_mutex_unlock(&lock);
    return ordered ? ordered : slot ? 0 : E_INVALID_HANDLE;
}

/* ---- Processes ---- */

static void *reap(void *argument) {
    struct process *process = argument;
    wait_program(&process->program);
    pthread_mutex_lock(&lock);
    struct system *system = process->system;
    process->exited = 1;
    process->lost |= is_lost("ProcessExit");
    process->exit_code = end_program(&process->program);
    system->live--;
    if (!process->lost) notify(system, (struct notification){.type = PROCESS_EXITED, .process = process});
    end_if_empty(system);
    free_system_if_unused(system);
    pthread_mutex_unlock(&lock);
    return NULL;
}

static HANDLE open_process(struct process *process) {
    process->handles++;
    return new_handle(PROCESS, process->system, process);
}

/* What is started for a process where the document does not say it: NULL if it does. */
static json *own_parameters(const struct system *system, const json *parameters) {
    if (json_get(system->document, "VirtualMachine")) return windows_guest_parameters(parameters, system->devices);
    if (json_text(parameters, "CommandLine", NULL)) return NULL;
    return process_parameters(parameters, system->document);
}

EXPORT HRESULT WINAPI HcsCreateProcess(HANDLE handle, const char16 *parameters, process_information *information,
                                       HANDLE *process_handle, char16 **document) {
    ENTER("HcsCreateProcess", "hsPHS", handle, parameters, information, process_handle, document);
    HRESULT result = 0;
    json *parsed = parse(parameters, document, &result);
    if (!parsed) return result;
    pthread_mutex_lock(&lock);
    struct system *system = find(handle, SYSTEM);
    struct process *process = NULL;
    json *guest = NULL;
    if (!system) result = E_INVALID_HANDLE;
    else if (system->ending) result = fail(document, HCS_ALREADY_STOPPED, "It has stopped.", NULL);
    else if (system->state != RUNNING) result = fail(document, HCS_INVALID_STATE, "It does not run.", NULL);
    else if (has_linux_guest(system) ? !(guest = guest_parameters(parsed, system->devices))
                                     : !(guest = own_parameters(system, parsed)) &&
                                           !json_text(parsed, "CommandLine", NULL))
        result = fail(document, HCS_INVALID_JSON, "The process document is invalid.", "$.CommandLine");
    else {
        int pipes[3] = {json_true(parsed, "CreateStdInPipe"), json_true(parsed, "CreateStdOutPipe"),
                        json_true(parsed, "CreateStdErrPipe")};
        process = calloc(1, sizeof *process);
        result = start_program(guest ? guest : parsed, pipes, &process->program);
        if (result) {
            free(process);
            process = NULL;
            fail(document, result, "The program cannot be started.", NULL);
        }
    }
    if (process) {
        pthread_t thread;
        process->system = system;
        process->next = system->processes;
        process->console = json_true(parsed, "EmulateConsole");
        const json *exit = json_get(json_get(parsed, "Fault"), "Exit");
        process->lost = json_true(exit, "Lost");
        process->wait_result = (int)json_number(exit, "LastWaitResult", 0);
        system->processes = process;
        system->live++;
        counts.processes++;
        HANDLE *pipes = process->program.pipes;
        *information = (process_information){process->program.pid, 0, pipes[0], pipes[1], pipes[2]};
        *process_handle = open_process(process);
        pthread_create(&thread, NULL, reap, process);
        pthread_detach(thread);
    }
    pthread_mutex_unlock(&lock);
    json_free(guest);
    json_free(parsed);
    return result;
}

EXPORT HRESULT WINAPI HcsOpenProcess(HANDLE handle, DWORD pid, HANDLE *process_handle, char16 **document) {
    ENTER("HcsOpenProcess", "huHS", handle, (uint32_t)pid, process_handle, document);
    pthread_mutex_lock(&lock);
    struct system *system = find(handle, SYSTEM);
    struct process *process = system ? system->processes : NULL;
    while (process && (process->program.pid != pid || process->exited)) process = process->next;
    if (process) *process_handle = open_process(process);
    pthread_mutex_unlock(&lock);
    if (!system) return E_INVALID_HANDLE;
    return process ? 0 : fail(document, E_NOT_FOUND, "No process has this id.", NULL);
}

EXPORT HRESULT WINAPI HcsCloseProcess(HANDLE handle) {
    ENTER_LAST("HcsCloseProcess", "h", handle);
    pthread_mutex_lock(&lock);
    struct slot *slot = slot_of(handle, PROCESS);
    if (slot) {
        struct process *process = slot->object;
        drop_handle(slot);
        process->handles--;
        free_system_if_unused(process->system);
    }
    pthread_mutex_unlock(&lock);
    return ordered ? ordered : slot ? 0 : E_INVALID_HANDLE;
}

static HRESULT signal_process(HANDLE handle, int signal, char16 **document) {
    pthread_mutex_lock(&lock);
    struct process *process = find(handle, PROCESS);
    HRESULT result = !process ? E_INVALID_HANDLE : 0;
    if (process && process->exited) result = fail(document, HCS_PROCESS_STOPPED, "It has ended.", NULL);
    else if (process) kill_program(&process->program, signal);
    pthread_mutex_unlock(&lock);
    return result;
}

EXPORT HRESULT WINAPI HcsTerminateProcess(HANDLE handle, char16 **document) {
    ENTER("HcsTerminateProcess", "hS", handle, document);
    return signal_process(handle, 9, document);
}

EXPORT HRESULT WINAPI HcsSignalProcess(HANDLE handle, const char16 *options, char16 **document) {
    ENTER("HcsSignalProcess", "hsS", handle, options, document);
    HRESULT result = 0;
    json *parsed = parse(options, document, &result);
    if (!parsed) return result;
    int signal = json_text(parsed, "Signal", NULL) ? 15 : (int)json_number(parsed, "Signal", 0);
    json_free(parsed);
    if (!signal) return fail(document, HCS_INVALID_JSON, "The signal is invalid.", "$.Signal");
    return signal_process(handle, signal, document);
}

EXPORT HRESULT WINAPI HcsGetProcessInfo(HANDLE handle, process_information *information, char16 **document) {
    ENTER("HcsGetProcessInfo", "hPS", handle, information, document);
    pthread_mutex_lock(&lock);
    struct process *process = find(handle, PROCESS);
    if (process) *information = (process_information){.ProcessId = process->program.pid};
    pthread_mutex_unlock(&lock);
    return process ? 0 : E_INVALID_HANDLE;
}

EXPORT HRESULT WINAPI HcsGetProcessProperties(HANDLE handle, char16 **properties, char16 **document) {
    ENTER("HcsGetProcessProperties", "hSS", handle, properties, document);
    text out = {0};
    pthread_mutex_lock(&lock);
    struct process *process = find(handle, PROCESS);
    if (process)
        text_add(&out, "{\"ProcessId\":%u,\"Exited\":%s,\"ExitCode\":%u,\"LastWaitResult\":%d", process->program.pid,
                 process->exited ? "true" : "false", process->exit_code, process->wait_result);
    if (process && process->width)
        text_add(&out, ",\"ConsoleSize\":[%d,%d]", process->width, process->height);
    text_add(&out, "}");
    pthread_mutex_unlock(&lock);
    if (process) *properties = give_text(&out);
    else free(text_take(&out));
    return process ? 0 : E_INVALID_HANDLE;
}

EXPORT HRESULT WINAPI HcsModifyProcess(HANDLE handle, const char16 *settings, char16 **document) {
    ENTER("HcsModifyProcess", "hsS", handle, settings, document);
    HRESULT result = 0;
    json *parsed = parse(settings, document, &result);
    if (!parsed) return result;
    const char *operation = json_text(parsed, "Operation", "");
    const json *size = json_get(parsed, "ConsoleSize");
    pthread_mutex_lock(&lock);
    struct process *process = find(handle, PROCESS);
    if (!process) result = E_INVALID_HANDLE;
    else if (process->exited) result = fail(document, HCS_PROCESS_STOPPED, "It has ended.", NULL);
    else if (!strcmp(operation, "ConsoleSize") && size) {
        if (!process->console) result = fail(document, HCS_INVALID_STATE, "It has no console.", NULL);
        process->width = (int)json_number(size, "Width", 0);
        process->height = (int)json_number(size, "Height", 0);
    } else if (strcmp(operation, "CloseHandle"))
        result = fail(document, HCS_INVALID_JSON, "The operation is unknown.", "$.Operation");
    pthread_mutex_unlock(&lock);
    json_free(parsed);
    return result;
}
