/* Devices of utility VMs, and processes of Linux containers. */
#include "hosted.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct device {
    struct device *next;
    char *key;
    /* Of a disk, a share or a PCI device: what of the host it is. */
    char *path;
};

static const char pci_place[] = "VirtualMachine/Devices/VirtualPci/";

/* PCI devices of the host that a VM has: no other VM, and no other place in that one, can have them too. */
static struct assigned {
    struct assigned *next;
    char name[];
} *assignments;

static struct assigned **find_assignment(const char *name) {
    struct assigned **at = &assignments;
    while (*at && strcmp((*at)->name, name)) at = &(*at)->next;
    return at;
}

static void assign(const char *name) {
    struct assigned *assigned = malloc(sizeof *assigned + strlen(name) + 1);
    assigned->next = assignments;
    strcpy(assigned->name, name);
    assignments = assigned;
}

static void unassign(const char *name) {
    struct assigned **at = find_assignment(name), *found = *at;
    if (!found) return;
    *at = found->next;
    free(found);
}

static int is_guid(const char *word) {
    for (int i = 0; i < 36; i++)
        if (i == 8 || i == 13 || i == 18 || i == 23 ? word[i] != '-' : !isxdigit((unsigned char)word[i])) return 0;
    return !word[36];
}

/* Names the one function of a PCI device that the settings ask for, in one spelling; NULL if they are not valid. */
static char *pci_name(const char *guid, const json *settings) {
    const json *functions = json_get(settings, "Functions"), *function = functions ? functions->first : NULL;
    const char *path = function ? json_text(function, "DeviceInstancePath", "") : "";
    if (!is_guid(guid) || !*path || function->next) return NULL;
    text name = {0};
    text_add(&name, "%s/%d", path, (int)json_number(function, "VirtualFunction", 0));
    for (char *at = name.bytes; *at; at++) *at = (char)toupper((unsigned char)*at);
    return text_take(&name);
}

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
    if (!strncmp(found->key, pci_place, sizeof pci_place - 1)) unassign(found->path);
    free(found->key);
    free(found->path);
    free(found);
    counts.devices--;
    return NULL;
}

static const char *add_pci(struct device **devices, char *key, const json *settings) {
    char *name = pci_name(key + sizeof pci_place - 1, settings);
    const char *refusal = !name                     ? "The PCI device is not valid."
                          : *find_assignment(name)  ? "The PCI device is assigned already."
                                                    : add(devices, strdup(key), name);
    if (!refusal) assign(name);
    free(name);
    free(key);
    return refusal;
}

/* A Linux guest waits for a PCI device that its host has given it, and knows no other request for it. */
static const char *ask_for_pci(const struct device *devices, const json *guest) {
    if (strcmp(json_text(guest, "RequestType", ""), "Add")) return "The request type is not supported.";
    text key = {0};
    text_add(&key, "%s%s", pci_place, json_text(json_get(guest, "Settings"), "VMBusGUID", ""));
    while (devices && strcmp(devices->key, key.bytes)) devices = devices->next;
    free(key.bytes);
    return devices ? NULL : "The guest does not see the device.";
}

const char *change_device(struct device **devices, const json *request) {
    const json *guest = json_get(request, "GuestRequest"), *settings = json_get(request, "Settings");
    const char *type = json_text(guest ? guest : request, "RequestType", "");
    if (guest && !strcmp(json_text(guest, "ResourceType", ""), "VPCIDevice")) return ask_for_pci(*devices, guest);
    char *key = guest ? guest_key(guest) : host_key(request);
    int is_pci = key && !strncmp(key, pci_place, sizeof pci_place - 1);
    if (is_pci && !strcmp(type, "Add")) return add_pci(devices, key, settings);
    if (key && !strcmp(type, "Add")) return add(devices, key, json_text(settings, "Path", ""));
    if (key && !strcmp(type, "Remove")) return take_out(devices, key);
    free(key);
    return NULL;
}

/* Whether the VM has a PCI device that its guest knows by a GUID, or by the location path of device-util.exe. */
static int has_pci(const struct device *devices, const char *guid, const char *location) {
    for (; devices; devices = devices->next) {
        if (strncmp(devices->key, pci_place, sizeof pci_place - 1)) continue;
        size_t length = strlen(devices->path);
        if (guid && !strcmp(devices->key + sizeof pci_place - 1, guid)) return 1;
        if (location && !strncmp(location, "VPCI(", 5) && !strncmp(location + 5, devices->path, length) &&
            !strcmp(location + 5 + length, ")"))
            return 1;
    }
    return 0;
}

const char *refuse_devices(const struct device *devices, const json *document) {
    const json *hosted = json_get(document, "HostedSystem");
    const json *linux_list = json_get(json_get(json_get(hosted, "OciSpecification"), "windows"), "devices");
    const json *windows_list = json_get(json_get(hosted, "Container"), "AssignedDevices");
    for (const json *at = linux_list ? linux_list->first : NULL; at; at = at->next)
        if (!has_pci(devices, json_text(at, "id", ""), NULL)) return "The guest has no such device.";
    for (const json *at = windows_list ? windows_list->first : NULL; at; at = at->next)
        if (!has_pci(devices, NULL, json_text(at, "LocationPath", ""))) return "The guest has no device at this place.";
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

static void list_below(const struct device *devices, const char *place, text *to) {
    size_t length = strlen(place);
    text_add(to, "%s", "");
    for (; devices; devices = devices->next)
        if (!strncmp(devices->key, place, length)) text_add(to, "%s=%s|", devices->key + length, devices->path);
}

void list_pci(const struct device *devices, text *to) {
    list_below(devices, pci_place, to);
}

void list_shares(const struct device *devices, text *to) {
    list_below(devices, "VirtualMachine/Devices/VirtualSmb/Shares ", to);
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
