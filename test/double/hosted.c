/* Devices of utility VMs, and processes of Linux containers. */
#include "hosted.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct device {
    struct device *next;
    char *key;
    /* Of a disk. */
    char *path;
};

/* Guest requests that bring about one thing, which one member of their settings names. */
static const struct {
    const char *type, *name;
} guest_devices[] = {
    {"CombinedLayers", "ContainerRootPath"},
    {"MappedDirectory", "MountPath"},
    {"NetworkNamespace", "ID"},
};

static char *host_key(const json *request) {
    text key = {0};
    text_add(&key, "%s", json_text(request, "ResourcePath", ""));
    const char *name = json_text(json_get(request, "Settings"), "Name", NULL);
    /* Shares are all at one place, each under its name. */
    if (name) text_add(&key, " %s", name);
    return text_take(&key);
}

static char *guest_key(const json *request) {
    const char *type = json_text(request, "ResourceType", "");
    for (size_t i = 0; i < sizeof guest_devices / sizeof *guest_devices; i++) {
        if (strcmp(guest_devices[i].type, type)) continue;
        text key = {0};
        text_add(&key, "guest %s %s", type, json_text(json_get(request, "Settings"), guest_devices[i].name, ""));
        return text_take(&key);
    }
    return NULL;
}

static const char *add(struct device **devices, char *key, const char *path) {
    for (struct device *at = *devices; at; at = at->next)
        if (!strcmp(at->key, key)) {
            free(key);
            return "The VM has this device.";
        }
    struct device *device = malloc(sizeof *device);
    *device = (struct device){*devices, key, strdup(path)};
    *devices = device;
    counts.devices++;
    return NULL;
}

static const char *take_out(struct device **devices, char *key) {
    struct device **at = devices, *found;
    while (*at && strcmp((*at)->key, key)) at = &(*at)->next;
    free(key);
    if (!(found = *at)) return "The VM has no such device.";
    *at = found->next;
    free(found->key);
    free(found->path);
    free(found);
    counts.devices--;
    return NULL;
}

const char *change_device(struct device **devices, const json *request) {
    const json *guest = json_get(request, "GuestRequest");
    const char *type = json_text(guest ? guest : request, "RequestType", "");
    char *key = guest ? guest_key(guest) : host_key(request);
    if (key && !strcmp(type, "Add")) return add(devices, key, json_text(json_get(request, "Settings"), "Path", ""));
    if (key && !strcmp(type, "Remove")) return take_out(devices, key);
    free(key);
    return NULL;
}

void forget_devices(struct device **devices) {
    while (*devices) take_out(devices, strdup((*devices)->key));
}

void list_disks(const struct device *devices, text *to) {
    int controller, lun;
    text_add(to, "%s", "");
    for (; devices; devices = devices->next)
        if (sscanf(devices->key, "VirtualMachine/Devices/Scsi/%d/Attachments/%d", &controller, &lun) == 2)
            text_add(to, "%d:%d=%s|", controller, lun, devices->path);
}

static void add_line(text *line, const json *arguments) {
    for (const json *at = arguments ? arguments->first : NULL; at; at = at->next)
        text_add(line, line->length ? " \"%s\"" : "\"%s\"", at->text ? at->text : "");
}

static void add_environment(text *out, const json *variables) {
    int first = 1;
    for (const json *at = variables ? variables->first : NULL; at; at = at->next) {
        char *name = strdup(at->text ? at->text : ""), *value = strchr(name, '=');
        if (value) {
            *value++ = 0;
            if (!first) text_add(out, ",");
            text_quote(out, name);
            text_add(out, ":");
            text_quote(out, value);
            first = 0;
        }
        free(name);
    }
}

json *process_parameters(const json *parameters, const json *system) {
    const json *process = json_get(parameters, "OciProcess");
    if (!process)
        process = json_get(json_get(json_get(system, "HostedSystem"), "OciSpecification"), "process");
    text line = {0}, out = {0};
    add_line(&line, json_get(process, "args"));
    if (!line.length) return NULL;
    text_add(&out, "{\"CommandLine\":");
    text_quote(&out, line.bytes);
    text_add(&out, ",\"Environment\":{");
    add_environment(&out, json_get(process, "env"));
    text_add(&out, "}}");
    size_t offset = 0;
    json *made = json_parse(out.bytes, &offset);
    free(line.bytes);
    free(out.bytes);
    return made;
}
