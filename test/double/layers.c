/* Layer functions of vmcompute.dll and computestorage.dll, acting on folders, and disks that are files. */
#include "remote.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef _WIN32
#include <io.h>
#define make_folder(path) mkdir(path)
#define BINARY O_BINARY
#define set_length(file, size) _chsize_s(file, (long long)(size))
#else
#define make_folder(path) mkdir(path, 0777)
#define BINARY 0
#define set_length(file, size) ftruncate(file, (off_t)(size))
#endif

/* Names are ASCII in the tests, so the narrow calls do on both hosts. */
static int exists(const char *path) {
    struct stat status;
    return stat(path, &status) == 0;
}

static char *join(const char *folder, const char *name) {
    text out = {0};
    text_add(&out, "%s/%s", folder, name);
    return text_take(&out);
}

static int each_entry(const char *folder, int (*act)(const char *path, const char *name, void *data), void *data) {
    DIR *stream = opendir(folder);
    if (!stream) return -1;
    int failed = 0;
    for (struct dirent *entry; !failed && (entry = readdir(stream));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        char *path = join(folder, entry->d_name);
        failed = act(path, entry->d_name, data);
        free(path);
    }
    closedir(stream);
    return failed;
}

static int remove_tree(const char *path, const char *name, void *data) {
    struct stat status;
    if (stat(path, &status)) return -1;
    if (!S_ISDIR(status.st_mode)) return unlink(path);
    return each_entry(path, remove_tree, data) || rmdir(path);
    (void)name;
}

static int copy_file(const char *from, const char *to) {
    char bytes[65536];
    int in = open(from, O_RDONLY | BINARY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC | BINARY, 0666);
    int count = in < 0 || out < 0 ? -1 : 1;
    while (count > 0 && (count = (int)read(in, bytes, sizeof bytes)) > 0)
        if (write(out, bytes, (unsigned)count) != count) count = -1;
    if (in >= 0) close(in);
    if (out >= 0) close(out);
    return count;
}

static int copy_tree(const char *from, const char *name, void *folder) {
    char *to = join(folder, name);
    struct stat status;
    int failed = stat(from, &status);
    if (!failed && S_ISDIR(status.st_mode)) {
        make_folder(to);
        failed = each_entry(from, copy_tree, to);
    } else if (!failed) failed = copy_file(from, to);
    free(to);
    return failed;
}

static HRESULT copy_folder(const char16 *from, const char16 *to) {
    char *source = utf8_of(from), *target = utf8_of(to);
    HRESULT result = !exists(source) ? E_PATH_NOT_FOUND : 0;
    if (!result) {
        make_folder(target);
        if (each_entry(source, copy_tree, target)) result = E_PATH_NOT_FOUND;
    }
    free(source);
    free(target);
    return result;
}

/* ---- What is mounted: the state of the host, kept by path ---- */

enum layer_state { IDLE, ACTIVE, PREPARED };

static struct layer {
    struct layer *next;
    char *path;
    enum layer_state state;
} *layers;

static HRESULT change(const char16 *id, enum layer_state from, enum layer_state to) {
    char *path = utf8_of(id);
    HRESULT result = exists(path) ? 0 : E_PATH_NOT_FOUND;
    pthread_mutex_lock(&lock);
    struct layer *layer = layers;
    while (layer && strcmp(layer->path, path)) layer = layer->next;
    if (!result && (layer ? layer->state : IDLE) != from) result = family(HCS_INVALID_STATE);
    if (!result && !layer) {
        layer = calloc(1, sizeof *layer);
        layer->path = strdup(path);
        layer->next = layers;
        layers = layer;
    }
    if (!result) {
        counts.layers += (to != IDLE) - (layer->state != IDLE);
        layer->state = to;
    }
    pthread_mutex_unlock(&lock);
    free(path);
    return result;
}

static HRESULT require(const char16 *path) {
    char *name = utf8_of(path);
    HRESULT result = exists(name) ? 0 : E_PATH_NOT_FOUND;
    free(name);
    return result;
}

static HRESULT require_layers(const layer_descriptor *list, uint32_t count) {
    HRESULT result = 0;
    for (uint32_t i = 0; !result && i < count; i++) result = require(list[i].Path);
    return result;
}

static HRESULT make_layer(const char16 *id, const char *file) {
    char *path = utf8_of(id);
    HRESULT result = exists(path) ? E_FILE_EXISTS : make_folder(path) ? E_PATH_NOT_FOUND : 0;
    if (!result && file) {
        char *disk = join(path, file);
        FILE *stream = fopen(disk, "wb");
        fputs("vhdxfile", stream);
        fclose(stream);
        free(disk);
    }
    free(path);
    return result;
}

static HRESULT destroy(const char16 *id) {
    char *path = utf8_of(id);
    HRESULT result = !exists(path) ? E_PATH_NOT_FOUND : remove_tree(path, NULL, NULL) ? E_INVALID_ARGUMENT : 0;
    free(path);
    return result;
}

EXPORT HRESULT WINAPI ActivateLayer(const driver_info *info, const char16 *id) {
    ENTER("ActivateLayer", "ds", info, id);
    return change(id, IDLE, ACTIVE);
}

EXPORT HRESULT WINAPI DeactivateLayer(const driver_info *info, const char16 *id) {
    ENTER("DeactivateLayer", "ds", info, id);
    return change(id, ACTIVE, IDLE);
}

EXPORT HRESULT WINAPI PrepareLayer(const driver_info *info, const char16 *id, const layer_descriptor *list,
                                   uint32_t count) {
    ENTER("PrepareLayer", "dsl", info, id, list, count);
    HRESULT result = require_layers(list, count);
    return result ? result : change(id, ACTIVE, PREPARED);
}

EXPORT HRESULT WINAPI UnprepareLayer(const driver_info *info, const char16 *id) {
    ENTER("UnprepareLayer", "ds", info, id);
    return change(id, PREPARED, ACTIVE);
}

EXPORT HRESULT WINAPI CreateLayer(const driver_info *info, const char16 *id, const char16 *parent) {
    ENTER("CreateLayer", "dss", info, id, parent);
    return make_layer(id, NULL);
}

EXPORT HRESULT WINAPI DestroyLayer(const driver_info *info, const char16 *id) {
    ENTER("DestroyLayer", "ds", info, id);
    return destroy(id);
}

EXPORT HRESULT WINAPI CreateSandboxLayer(const driver_info *info, const char16 *id, uint64_t parent,
                                         const layer_descriptor *list, uint32_t count) {
    ENTER("CreateSandboxLayer", "dsql", info, id, (unsigned long long)parent, list, count);
    HRESULT result = require_layers(list, count);
    return result ? result : make_layer(id, "sandbox.vhdx");
}

EXPORT HRESULT WINAPI ExpandSandboxSize(const driver_info *info, const char16 *id, uint64_t size) {
    ENTER("ExpandSandboxSize", "dsq", info, id, (unsigned long long)size);
    char *path = utf8_of(id), *disk = join(path, "sandbox.vhdx");
    struct stat status;
    HRESULT result = stat(disk, &status) ? E_PATH_NOT_FOUND : 0;
    if (!result && (uint64_t)status.st_size < size) {
        int file = open(disk, O_RDWR | BINARY);
        if (file < 0 || set_length(file, size)) result = E_INVALID_ARGUMENT;
        if (file >= 0) close(file);
    }
    free(disk);
    free(path);
    return result;
}

EXPORT HRESULT WINAPI CopyLayer(const driver_info *info, const char16 *from, const char16 *to,
                                const layer_descriptor *list, uint32_t count) {
    ENTER("CopyLayer", "dssl", info, from, to, list, count);
    return copy_folder(from, to);
}

EXPORT HRESULT WINAPI ExportLayer(const driver_info *info, const char16 *id, const char16 *folder,
                                  const layer_descriptor *list, uint32_t count) {
    ENTER("ExportLayer", "dssl", info, id, folder, list, count);
    HRESULT result = require_layers(list, count);
    return result ? result : copy_folder(id, folder);
}

EXPORT HRESULT WINAPI ImportLayer(const driver_info *info, const char16 *id, const char16 *folder,
                                  const layer_descriptor *list, uint32_t count) {
    ENTER("ImportLayer", "dssl", info, id, folder, list, count);
    HRESULT result = require_layers(list, count);
    return result ? result : copy_folder(folder, id);
}

EXPORT HRESULT WINAPI GetLayerMountPath(const driver_info *info, const char16 *id, uint64_t *length, char16 *path) {
    ENTER("GetLayerMountPath", "dsQb", info, id, length, path);
    uint64_t needed = 1;
    /* Containers of the program itself get a volume, as from Windows; else the folder can be looked into. */
    char16 *volume = serves ? utf16_of("\\\\?\\Volume{0a1b2c3d-1111-2222-3333-445566778899}\\") : NULL;
    const char16 *shown = volume ? volume : id;
    while (shown[needed - 1]) needed++;
    HRESULT result = require(id);
    if (!result && path && *length < needed) result = (HRESULT)0x8007007a;
    else if (!result && path) memcpy(path, shown, needed * sizeof *id);
    free(volume);
    *length = needed;
    return result;
}

EXPORT HRESULT WINAPI LayerExists(const driver_info *info, const char16 *id, uint32_t *found) {
    ENTER("LayerExists", "dsU", info, id, found);
    *found = require(id) == 0;
    return 0;
}

EXPORT HRESULT WINAPI GetBaseImages(char16 **images) {
    ENTER("GetBaseImages", "S", images);
    *images = give("{\"Images\":[]}");
    return 0;
}

/* Any function of the name will do, as long as it is always the same one: here FNV-1a, twice. */
EXPORT HRESULT WINAPI NameToGuid(const char16 *name, GUID *guid) {
    ENTER("NameToGuid", "sG", name, guid);
    uint64_t hash = 0xcbf29ce484222325u;
    for (int half = 0; half < 2; half++) {
        for (const char16 *at = name; *at; at++) hash = (hash ^ *at) * 0x100000001b3u;
        memcpy((char *)guid + half * 8, &hash, 8);
    }
    guid->Data3 = (uint16_t)((guid->Data3 & 0xfff) | 0x5000);
    guid->Data4[0] = (uint8_t)((guid->Data4[0] & 0x3f) | 0x80);
    return 0;
}

EXPORT HRESULT WINAPI ProcessBaseImage(const char16 *path) {
    ENTER("ProcessBaseImage", "s", path);
    return require(path);
}

EXPORT HRESULT WINAPI ProcessUtilityImage(const char16 *path) {
    ENTER("ProcessUtilityImage", "s", path);
    return require(path);
}

EXPORT HRESULT WINAPI GrantVmAccess(const char16 *vm, const char16 *path) {
    ENTER("GrantVmAccess", "ss", vm, path);
    return require(path);
}

/* ---- computestorage.dll ---- */

static HRESULT require_json(const char16 *document) {
    char *source = utf8_of(document);
    json *parsed = json_parse(source, NULL);
    HRESULT result = parsed ? 0 : family(HCS_INVALID_JSON);
    json_free(parsed);
    free(source);
    return result;
}

EXPORT HRESULT WINAPI HcsImportLayer(const char16 *layer, const char16 *folder, const char16 *data) {
    ENTER("HcsImportLayer", "sss", layer, folder, data);
    HRESULT result = require_json(data);
    return result ? result : copy_folder(folder, layer);
}

EXPORT HRESULT WINAPI HcsExportLayer(const char16 *layer, const char16 *folder, const char16 *data,
                                     const char16 *options) {
    ENTER("HcsExportLayer", "ssss", layer, folder, data, options);
    HRESULT result = require_json(data);
    if (!result) result = require_json(options);
    return result ? result : copy_folder(layer, folder);
}

EXPORT HRESULT WINAPI HcsDestroyLayer(const char16 *layer) {
    ENTER("HcsDestroyLayer", "s", layer);
    return destroy(layer);
}

EXPORT HRESULT WINAPI HcsSetupBaseOSLayer(const char16 *layer, HANDLE disk, const char16 *options) {
    ENTER("HcsSetupBaseOSLayer", "shs", layer, disk, options);
    HRESULT result = require_json(options);
    return result ? result : require(layer);
}

EXPORT HRESULT WINAPI HcsSetupBaseOSVolume(const char16 *layer, const char16 *volume, const char16 *options) {
    ENTER("HcsSetupBaseOSVolume", "sss", layer, volume, options);
    HRESULT result = require_json(options);
    return result ? result : require(layer);
}

EXPORT HRESULT WINAPI HcsInitializeWritableLayer(const char16 *layer, const char16 *data, const char16 *options) {
    ENTER("HcsInitializeWritableLayer", "sss", layer, data, options);
    HRESULT result = require_json(data);
    return result ? result : make_layer(layer, "sandbox.vhdx");
}

EXPORT HRESULT WINAPI HcsAttachLayerStorageFilter(const char16 *layer, const char16 *data) {
    ENTER("HcsAttachLayerStorageFilter", "ss", layer, data);
    HRESULT result = require_json(data);
    return result ? result : change(layer, IDLE, PREPARED);
}

EXPORT HRESULT WINAPI HcsDetachLayerStorageFilter(const char16 *layer) {
    ENTER("HcsDetachLayerStorageFilter", "s", layer);
    return change(layer, PREPARED, IDLE);
}

EXPORT HRESULT WINAPI HcsAttachOverlayFilter(const char16 *volume, const char16 *data) {
    ENTER("HcsAttachOverlayFilter", "ss", volume, data);
    HRESULT result = require_json(data);
    return result ? result : change(volume, IDLE, PREPARED);
}

EXPORT HRESULT WINAPI HcsDetachOverlayFilter(const char16 *volume, const char16 *data) {
    ENTER("HcsDetachOverlayFilter", "ss", volume, data);
    HRESULT result = require_json(data);
    return result ? result : change(volume, PREPARED, IDLE);
}

EXPORT HRESULT WINAPI HcsFormatWritableLayerVhd(HANDLE disk) {
    ENTER("HcsFormatWritableLayerVhd", "h", disk);
    return disk ? 0 : E_INVALID_HANDLE;
}

EXPORT HRESULT WINAPI HcsGetLayerVhdMountPath(HANDLE disk, char16 **path) {
    ENTER("HcsGetLayerVhdMountPath", "hS", disk, path);
    if (!disk) return E_INVALID_HANDLE;
    *path = give("\\\\?\\Volume{01020304-0506-0708-090a-0b0c0d0e0f10}\\");
    return 0;
}

/* ---- virtdisk.dll: disks are files, and their handles those of the host ---- */

static DWORD open_disk(const char16 *path, int is_new, HANDLE *handle) {
#ifdef _WIN32
    HANDLE file = CreateFileW((const wchar_t *)path, GENERIC_READ | GENERIC_WRITE, 0, NULL,
                              is_new ? CREATE_NEW : OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE) return GetLastError();
    *handle = file;
#else
    char *name = utf8_of(path);
    int file = open(name, O_RDWR | O_CLOEXEC | (is_new ? O_CREAT | O_EXCL : 0), 0666);
    free(name);
    if (file < 0) return 2;
    *handle = (HANDLE)(intptr_t)file;
#endif
    return 0;
}

EXPORT DWORD WINAPI CreateVirtualDisk(const storage_type *type, const char16 *path, DWORD access, void *security,
                                      DWORD flags, DWORD provider, void *parameters, void *overlapped,
                                      HANDLE *handle) {
    ENTER("CreateVirtualDisk", "tsubuubbH", type, path, (uint32_t)access, security, (uint32_t)flags,
          (uint32_t)provider, parameters, overlapped, handle);
    return open_disk(path, 1, handle);
}

EXPORT DWORD WINAPI OpenVirtualDisk(const storage_type *type, const char16 *path, DWORD access, DWORD flags,
                                    const open_disk_parameters *parameters, HANDLE *handle) {
    ENTER("OpenVirtualDisk", "tsuuoH", type, path, (uint32_t)access, (uint32_t)flags, parameters, handle);
    return open_disk(path, 0, handle);
}

EXPORT DWORD WINAPI AttachVirtualDisk(HANDLE disk, void *security, DWORD flags, DWORD provider, void *parameters,
                                      void *overlapped) {
    ENTER("AttachVirtualDisk", "hbuubb", disk, security, (uint32_t)flags, (uint32_t)provider, parameters,
          overlapped);
    return disk ? 0 : 6;
}

EXPORT DWORD WINAPI DetachVirtualDisk(HANDLE disk, DWORD flags, DWORD provider) {
    ENTER("DetachVirtualDisk", "huu", disk, (uint32_t)flags, (uint32_t)provider);
    return disk ? 0 : 6;
}

EXPORT DWORD WINAPI GetVirtualDiskPhysicalPath(HANDLE disk, uint32_t *size, char16 *path) {
    ENTER("GetVirtualDiskPhysicalPath", "hVb", disk, size, path);
    char16 *name = utf16_of("\\\\.\\PhysicalDrive7");
    uint32_t needed = (uint32_t)(strlen("\\\\.\\PhysicalDrive7") + 1) * 2, room = *size;
    *size = needed;
    if (room >= needed && path) memcpy(path, name, needed);
    free(name);
    return room < needed ? 122 : 0;
}
