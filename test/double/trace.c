/* What happens before every function: the call is noted, and what the test has ordered is done. */
#include "remote.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
struct counts counts;
__thread const char *current_call = "";

/* An order: what the next calls of a function come to. */
struct order {
    struct order *next;
    char *function, *document;
    int times, delay, fails;
    HRESULT result;
};

static struct order *orders;
static int echoing, idle, documented, dead;
static char *last_call;
/* The order of what is lost. */
static json *lost;

int is_lost(const char *name) {
    const json *names = json_get(lost, "Lost");
    for (const json *at = names ? names->first : NULL; at; at = at->next)
        if (at->text && !strcmp(at->text, name)) return 1;
    return 0;
}

HRESULT family(HRESULT result) {
    if (!documented || ((uint32_t)result & 0xffff0000) != 0xc0370000) return result;
    return result == HCS_PENDING ? (HRESULT)0x80370117 : (HRESULT)((uint32_t)result & 0xbfffffff);
}

HRESULT fail(char16 **document, HRESULT result, const char *message, const char *path) {
    result = family(result);
    if (!document) return result;
    text out = {0}, event = {0};
    text_add(&out, "{\"Error\":%d,\"ErrorMessage\":", result);
    text_quote(&out, message);
    if (path) {
        text_add(&event, "%s Path: %s", message, path);
        text_add(&out, ",\"ErrorEvents\":[{\"Message\":");
        text_quote(&out, event.bytes);
        text_add(&out, ",\"Provider\":\"80ce50de-d264-4581-950d-abadeee0d340\",\"EventId\":16385,\"Flags\":0,"
                       "\"Source\":\"Double\"}]");
        free(event.bytes);
    }
    text_add(&out, "}");
    *document = give_text(&out);
    return result;
}

static void note_guid(text *to, const GUID *guid) {
    text_add(to, "\"%08x-%04x-%04x-", (unsigned)guid->Data1, guid->Data2, guid->Data3);
    for (int i = 0; i < 8; i++) text_add(to, i == 1 ? "%02x-" : "%02x", guid->Data4[i]);
    text_add(to, "\"");
}

static void note_string(text *to, const char16 *wide) {
    if (!wide) {
        text_add(to, "null");
        return;
    }
    char *utf8 = utf8_of(wide);
    text_quote(to, utf8);
    free(utf8);
}

static void note_layers(text *to, const layer_descriptor *layers, uint32_t count) {
    text_add(to, "[");
    for (uint32_t i = 0; i < count; i++) {
        text_add(to, i ? ",[" : "[");
        note_guid(to, &layers[i].LayerId);
        text_add(to, ",%u,", layers[i].Flags);
        note_string(to, layers[i].Path);
        text_add(to, "]");
    }
    text_add(to, "]");
}

/* Notes one parameter; those that only come out are noted as such. */
static void note(text *to, char letter, va_list *list) {
    const void *pointer;
    switch (letter) {
    case 's': note_string(to, va_arg(*list, const char16 *)); break;
    case 'h':
    case 'c': text_add(to, "\"%llx\"", (unsigned long long)(uintptr_t)va_arg(*list, void *)); break;
    case 'u': text_add(to, "%u", va_arg(*list, uint32_t)); break;
    case 'q': text_add(to, "%llu", va_arg(*list, unsigned long long)); break;
    case 'b':
        pointer = va_arg(*list, void *);
        text_add(to, pointer ? "%u" : "null", pointer ? *(const uint8_t *)pointer : 0);
        break;
    case 'd':
        pointer = va_arg(*list, void *);
        text_add(to, "[%d,", ((const driver_info *)pointer)->Flavour);
        note_string(to, ((const driver_info *)pointer)->HomeDir);
        text_add(to, "]");
        break;
    case 'l':
        pointer = va_arg(*list, void *);
        note_layers(to, pointer, va_arg(*list, uint32_t));
        break;
    case 't':
        pointer = va_arg(*list, void *);
        text_add(to, "[%u,", ((const storage_type *)pointer)->DeviceId);
        note_guid(to, &((const storage_type *)pointer)->VendorId);
        text_add(to, "]");
        break;
    case 'o': {
        const open_disk_parameters *open = va_arg(*list, void *);
        text_add(to, "[%u,%d,%d,", open->Version, open->GetInfoOnly, open->ReadOnly);
        note_guid(to, &open->ResiliencyGuid);
        text_add(to, "]");
        break;
    }
    case 'V': text_add(to, "%u", *va_arg(*list, uint32_t *)); break;
    case 'Q': text_add(to, "%llu", (unsigned long long)*va_arg(*list, uint64_t *)); break;
    default: (void)va_arg(*list, void *); text_add(to, "\"out\"");
    }
}

/* Fills or empties what comes out: with the parameter's number if the function is echoed, else with nothing. */
static void fill(char letter, va_list *list, int value, const char *document) {
    char name[32];
    void *out;
    if (!strchr("SHUGPVQ", letter)) {
        switch (letter) {
        case 'u': (void)va_arg(*list, uint32_t); break;
        case 'q': (void)va_arg(*list, unsigned long long); break;
        case 'l': (void)va_arg(*list, void *); (void)va_arg(*list, uint32_t); break;
        default: (void)va_arg(*list, void *);
        }
        return;
    }
    if (!(out = va_arg(*list, void *)) || (!value && strchr("VQ", letter))) return;
    snprintf(name, sizeof name, "string %d", value);
    switch (letter) {
    case 'S': *(char16 **)out = document ? give(document) : value ? give(name) : NULL; break;
    case 'H': *(void **)out = (void *)(uintptr_t)value; break;
    case 'U':
    case 'V': *(uint32_t *)out = (uint32_t)value; break;
    case 'Q': *(uint64_t *)out = (uint64_t)value; break;
    case 'G': memset(out, value, sizeof(GUID)); break;
    case 'P': {
        process_information *info = out;
        char *base = (char *)NULL + value;
        *info = (process_information){(uint32_t)value, 0, base + 1, base + 2, base + 3};
        if (!value) memset(info, 0, sizeof *info);
    }
    }
}

/* Takes the first order for the function, if there is one. */
static int take_order(const char *name, struct order *taken) {
    for (struct order **at = &orders; *at; at = &(*at)->next) {
        struct order *order = *at;
        if (strcmp(order->function, "*") && strcmp(order->function, name)) continue;
        *taken = *order;
        taken->document = order->document ? strdup(order->document) : NULL;
        if (order->times > 0 && --order->times == 0) {
            *at = order->next;
            free(order->function);
            free(order->document);
            free(order);
        }
        return 1;
    }
    return 0;
}

static void note_call(const char *name, const char *format, va_list *list) {
    text out = {0};
    text_add(&out, "{\"Function\":\"%s\",\"Arguments\":[", name);
    for (const char *letter = format; *letter; letter++) {
        if (letter != format) text_add(&out, ",");
        note(&out, *letter, list);
    }
    text_add(&out, "]}");
    free(last_call);
    last_call = text_take(&out);
}

static void fill_all(const char *format, va_list *list, int base, const char *document) {
    const char *last = strrchr(format, 'S');
    for (const char *letter = format; *letter; letter++)
        fill(*letter, list, base ? base + (int)(letter - format) : 0, letter == last ? document : NULL);
}

static int handles_only(const char *name) {
    return strstr(name, "Close") || strstr(name, "Unregister");
}

int enter(HRESULT *result, const char *name, const char *format, ...) {
    va_list list;
    struct order order = {0};
    int echo, found, gone;
    *result = 0;
    if (is_remote()) {
        va_start(list, format);
        *result = call_remote(name, format, &list);
        va_end(list);
        return 1;
    }
    if (idle) {
        va_start(list, format);
        fill_all(format, &list, 0, NULL);
        va_end(list);
        return 1;
    }
    current_call = name;
    pthread_mutex_lock(&lock);
    counts.calls++;
    if (++counts.running > counts.most_running) counts.most_running = counts.running;
    echo = echoing;
    found = !echo && take_order(name, &order);
    counts.delayed += order.delay > 0;
    if (echo) {
        va_start(list, format);
        note_call(name, format, &list);
        va_end(list);
    }
    pthread_mutex_unlock(&lock);
    if (order.delay) sleep_ms(order.delay);
    pthread_mutex_lock(&lock);
    counts.running--;
    counts.delayed -= order.delay > 0;
    /* A service that ends takes the calls with it that are under way. */
    gone = dead && !handles_only(name);
    pthread_mutex_unlock(&lock);
    va_start(list, format);
    if (echo) fill_all(format, &list, 0x1000, NULL);
    else fill_all(format, &list, 0, order.document);
    va_end(list);
    free(order.document);
    if (gone) *result = E_SERVER_UNAVAILABLE;
    else if (found && order.fails) *result = order.result;
    return echo || gone || (found && order.fails);
}

static int32_t ask_remote(const char *name, const char *format, ...) {
    va_list list;
    va_start(list, format);
    int32_t result = call_remote(name, format, &list);
    va_end(list);
    return result;
}

/* Takes an order as JSON: {Function, Result?, Document?, DelayMs?, Times?} for the next calls of a function, or
 * one of {Echo}, {Idle}, {Documented}, {Dead}: true or false; {Storm: count}; {Lost: names} drops notifications of
 * systems by the operation (Create, Start, Pause, Resume, Save, Exit), of processes (ProcessExit) and of the service
 * (Disconnect); {Forget: true} drops all orders, and loses nothing more. */
EXPORT int32_t WINAPI DoubleControl(const char16 *wide) {
    if (is_remote()) return ask_remote("DoubleControl", "s", wide);
    char *source = utf8_of(wide);
    json *control = json_parse(source, NULL);
    if (!control) {
        free(source);
        return E_INVALID_ARGUMENT;
    }
    pthread_mutex_lock(&lock);
    if (json_get(control, "Echo")) echoing = json_true(control, "Echo");
    if (json_get(control, "Idle")) idle = json_true(control, "Idle");
    if (json_get(control, "Documented")) documented = json_true(control, "Documented");
    if (json_get(control, "Dead")) dead = json_true(control, "Dead");
    int dies = json_true(control, "Dead");
    if (json_get(control, "Lost") || json_get(control, "Forget")) {
        json_free(lost);
        lost = json_get(control, "Lost") ? json_parse(source, NULL) : NULL;
    }
    if (json_get(control, "Forget"))
        for (struct order *next; orders; orders = next) {
            next = orders->next;
            free(orders->function);
            free(orders->document);
            free(orders);
        }
    if (json_get(control, "Function")) {
        struct order *order = calloc(1, sizeof *order), **end = &orders;
        order->function = strdup(json_text(control, "Function", "*"));
        order->fails = json_get(control, "Result") != NULL;
        order->result = (HRESULT)json_number(control, "Result", 0);
        order->delay = (int)json_number(control, "DelayMs", 0);
        order->times = (int)json_number(control, "Times", 1);
        if (json_text(control, "Document", NULL)) order->document = strdup(json_text(control, "Document", ""));
        while (*end) end = &(*end)->next;
        *end = order;
    }
    pthread_mutex_unlock(&lock);
    if (dies) disconnect_all();
    if (json_get(control, "Storm")) storm((int)json_number(control, "Storm", 0));
    json_free(control);
    free(source);
    return 0;
}

static int32_t copy_out(text *from, char16 *to, uint32_t size) {
    char *utf8 = text_take(from);
    char16 *wide = utf16_of(utf8);
    uint32_t length = 0;
    while (wide[length]) length++;
    if (length < size) memcpy(to, wide, (length + 1) * sizeof *wide);
    free(wide);
    free(utf8);
    return length < size ? (int32_t)length : -1;
}

EXPORT int32_t WINAPI DoubleLastCall(char16 *to, uint32_t size);
EXPORT int32_t WINAPI DoubleCounts(char16 *to, uint32_t size);

/* Gives what DoubleLastCall or, if `which` is 1, DoubleCounts writes. */
EXPORT int32_t WINAPI DoubleText(uint32_t which, char16 **out) {
    static char16 room[65536];
    int32_t length = which ? DoubleCounts(room, 65536) : DoubleLastCall(room, 65536);
    char *utf8 = utf8_of(room);
    *out = give(utf8);
    free(utf8);
    return length;
}

static int32_t copy_remote(uint32_t which, char16 *to, uint32_t size) {
    char16 *given = NULL;
    int32_t length = ask_remote("DoubleText", "uS", which, &given);
    if (given && length >= 0 && (uint32_t)length < size) memcpy(to, given, ((size_t)length + 1) * sizeof *to);
    return length;
}

/* Writes the call that was echoed last as {Function, Arguments}. Gives its length, or -1 if there is no room. */
EXPORT int32_t WINAPI DoubleLastCall(char16 *to, uint32_t size) {
    if (is_remote()) return copy_remote(0, to, size);
    text out = {0};
    pthread_mutex_lock(&lock);
    text_add(&out, "%s", last_call ? last_call : "null");
    pthread_mutex_unlock(&lock);
    return copy_out(&out, to, size);
}

/* Writes what the double holds, as JSON. */
EXPORT int32_t WINAPI DoubleCounts(char16 *to, uint32_t size) {
    if (is_remote()) return copy_remote(1, to, size);
    text out = {0};
    pthread_mutex_lock(&lock);
    text_add(&out,
             "{\"Allocations\":%ld,\"BadFrees\":%ld,\"BadHandles\":%ld,\"BadCall\":\"%s\",\"Handles\":%ld,\"Systems\":%ld,"
             "\"Processes\":%ld,\"Callbacks\":%ld,\"Credentials\":%ld,\"Devices\":%ld,\"Layers\":%ld,\"Delayed\":%ld,\"Calls\":%ld,\"MostRunning\":%ld}",
             counts.allocations, counts.bad_frees, counts.bad_handles, counts.bad_call ? counts.bad_call : "",
             counts.handles, counts.systems,
             counts.processes, counts.callbacks, counts.credentials, counts.devices, counts.layers, counts.delayed, counts.calls,
             counts.most_running);
    pthread_mutex_unlock(&lock);
    return copy_out(&out, to, size);
}
