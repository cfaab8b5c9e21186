/* The store of the network service: networks, endpoints and namespaces, each a JSON object by its id. */
#include "double.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = {"networks", "endpoints", "namespaces", "policylists"};

static struct entry {
    struct entry *next;
    int kind;
    char id[40];
    json *object;
} *entries;

static long number;

static struct entry *find_entry(int kind, const char *id) {
    struct entry *entry = entries;
    while (entry && (entry->kind != kind || strcmp(entry->id, id))) entry = entry->next;
    return entry;
}

static void answer(text *out, const char *error, const json *value) {
    if (error) {
        text_add(out, "{\"Success\":false,\"Error\":\"%s\"}", error);
        return;
    }
    text_add(out, "{\"Success\":true,\"Output\":");
    if (value) text_json(out, value);
    else text_add(out, "null");
    text_add(out, "}");
}

static void add_entry(text *out, int kind, json *object) {
    struct entry *entry = calloc(1, sizeof *entry);
    snprintf(entry->id, sizeof entry->id, "%08lx-0000-4000-8000-%012x", ++number, kind);
    entry->kind = kind;
    entry->object = object;
    entry->next = entries;
    entries = entry;
    json_set(object, "ID", entry->id);
    /* Of a new namespace the service tells no more than its id, which it writes in another way then. */
    if (strcmp(kinds[kind], "namespaces")) answer(out, NULL, object);
    else text_add(out, "{\"Success\":true,\"Output\":{\"Id\":\"%s\"}}", entry->id);
}

static void list_entries(text *out, int kind) {
    int first = 1;
    text_add(out, "{\"Success\":true,\"Output\":[");
    for (struct entry *entry = entries; entry; entry = entry->next) {
        if (entry->kind != kind) continue;
        if (!first) text_add(out, ",");
        first = 0;
        text_json(out, entry->object);
    }
    text_add(out, "]}");
}

static void remove_entry(text *out, struct entry *entry) {
    struct entry **at = &entries;
    while (*at != entry) at = &(*at)->next;
    *at = entry->next;
    answer(out, NULL, NULL);
    json_free(entry->object);
    free(entry);
}

/* The place of a member in its object or array; that of the end if there is none. */
static json **find_member(json *parent, const char *key, const char *endpoint) {
    json **at = &parent->first;
    while (*at && (key ? strcmp((*at)->key, key) : strcmp(json_text(json_get(*at, "Data"), "Id", ""), endpoint)))
        at = &(*at)->next;
    return at;
}

/* Puts an endpoint into the list of a namespace, or takes it out. */
static void change_resources(json *space, const char *endpoint, int add) {
    json **list = find_member(space, "ResourceList", NULL);
    if (!*list) {
        *list = json_parse("[]", NULL);
        (*list)->key = strdup("ResourceList");
    }
    json **at = find_member(*list, NULL, endpoint);
    if (add && !*at) {
        text item = {0};
        text_add(&item, "{\"Type\":\"Endpoint\",\"Data\":{\"Id\":\"%s\"}}", endpoint);
        *at = json_parse(item.bytes, NULL);
        free(item.bytes);
    } else if (!add && *at) {
        json *gone = *at;
        *at = gone->next;
        gone->next = NULL;
        json_free(gone);
    }
}

/* /namespaces/ID/addresource and /removeresource, /endpoints/ID/attach and /detach. */
static void act(text *out, struct entry *entry, const char *action, const json *object) {
    const char *endpoint = json_text(json_get(object, "Data"), "Id", "");
    int adds = !strcmp(action, "addresource");
    if (adds || !strcmp(action, "removeresource")) {
        if (!find_entry(1, endpoint)) {
            answer(out, "Element not found.", NULL);
            return;
        }
        json_set(entry->object, "Endpoint", adds ? endpoint : "");
        change_resources(entry->object, endpoint, adds);
    }
    else if (!strcmp(action, "attach")) json_set(entry->object, "State", "Attached");
    else if (!strcmp(action, "detach")) json_set(entry->object, "State", "Detached");
    else {
        answer(out, "The request is unsupported.", NULL);
        return;
    }
    answer(out, NULL, entry->object);
}

/* Takes the object over, or frees it. */
static void serve(text *out, const char *method, const char *path, json *object) {
    char kind[32] = "", id[40] = "", action[32] = "";
    int at = 0, known = (int)(sizeof kinds / sizeof *kinds);
    int asks_usage = !strncmp(path, "/endpointstats/", 15);
    sscanf(path, "/%31[^/]/%39[^/]/%31s", kind, id, action);
    if (asks_usage) strcpy(kind, "endpoints");
    while (at < known && strcmp(kinds[at], kind)) at++;
    struct entry *entry = at < known && *id ? find_entry(at, id) : NULL;
    if (!strcmp(path, "/globals/version")) text_add(out, "{\"Success\":true,\"Output\":{\"Major\":9,\"Minor\":2}}");
    else if (at == known) answer(out, "The request is unsupported.", NULL);
    else if (*id && !entry) answer(out, "Element not found.", NULL);
    else if (entry && asks_usage)
        text_add(out, "{\"Success\":true,\"Output\":{\"EndpointId\":\"%s\",\"BytesSent\":18446744073709551615}}",
                 id);
    else if (!entry && !strcmp(method, "GET")) list_entries(out, at);
    else if (!entry && object && !strcmp(method, "POST")) {
        add_entry(out, at, object);
        return;
    } else if (!entry) answer(out, "The parameter is incorrect.", NULL);
    else if (*action) act(out, entry, action, object);
    else if (object && !strcmp(method, "POST")) {
        json_free(entry->object);
        entry->object = object;
        json_set(object, "ID", entry->id);
        answer(out, NULL, object);
        return;
    }
    else if (!strcmp(method, "DELETE")) remove_entry(out, entry);
    else answer(out, NULL, entry->object);
    json_free(object);
}

EXPORT HRESULT WINAPI HNSCall(const char16 *method, const char16 *path, const char16 *object, char16 **response) {
    ENTER("HNSCall", "sssS", method, path, object, response);
    char *verb = utf8_of(method), *place = utf8_of(path), *source = utf8_of(object);
    text out = {0};
    json *parsed = *source ? json_parse(source, NULL) : NULL;
    pthread_mutex_lock(&lock);
    if (*source && !parsed) answer(&out, "Invalid JSON document string.", NULL);
    else serve(&out, verb, place, parsed);
    pthread_mutex_unlock(&lock);
    *response = give_text(&out);
    free(verb);
    free(place);
    free(source);
    return 0;
}
