#define _GNU_SOURCE
#include "guest.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifndef _WIN32
#include <dlfcn.h>
#endif

#ifdef _WIN32
static const char ending[] = "\\program.exe", separator = '\\';

static char *own_path(void) {
    wchar_t path[MAX_PATH] = L"";
    HMODULE module = NULL;
    GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                       (LPCWSTR)(void *)own_path, &module);
    GetModuleFileNameW(module, path, MAX_PATH);
    return utf8_of((char16 *)path);
}

static void add_word(text *line, const char *word) {
    size_t length = strlen(word);
    text_add(line, "%s\"%s%s\"", line->length ? " " : "", word, length && word[length - 1] == '\\' ? "\\" : "");
}
#else
static const char ending[] = "/program", separator = '/';

static char *own_path(void) {
    Dl_info info = {0};
    dladdr((void *)guest_parameters, &info);
    return strdup(info.dli_fname);
}

static void add_word(text *line, const char *word) {
    text_add(line, "%s'", line->length ? " " : "");
    for (; *word; word++) text_add(line, *word == '\'' ? "'\\''" : "%c", *word);
    text_add(line, "'");
}
#endif

/* The test program lies beside this library. */
static void add_program(text *line) {
    text path = {0};
    char *own = own_path(), *end = strrchr(own, separator);
    text_add(&path, "%.*s%s", (int)(end ? end - own : 0), own, ending);
    add_word(line, path.bytes);
    free(path.bytes);
    free(own);
}

/* What the test program knows of the devices: a variable, and what lists them. */
struct known {
    const char *variable;
    void (*list)(const struct device *devices, text *to);
};

static void add_variable(text *source, const char *name, const char *value) {
    text_quote(source, name);
    text_add(source, ":");
    text_quote(source, value);
}

static json *parameters_of(text *line, const json *parameters, const struct known *known,
                           const struct device *devices) {
    const json *variables = json_get(parameters, "Environment");
    text source = {0};
    text_add(&source, "{");
    add_variable(&source, "CommandLine", line->bytes);
    text_add(&source, ",\"Environment\":{");
    for (int i = 0; known[i].variable; i++) {
        text list = {0};
        known[i].list(devices, &list);
        if (i) text_add(&source, ",");
        add_variable(&source, known[i].variable, list.bytes);
        free(list.bytes);
    }
    for (const json *at = variables ? variables->first : NULL; at; at = at->next) {
        text_add(&source, ",");
        add_variable(&source, at->key, at->text ? at->text : "");
    }
    text_add(&source, "}}");
    json *made = json_parse(source.bytes, NULL);
    free(line->bytes);
    free(source.bytes);
    return made;
}

json *guest_parameters(const json *parameters, const struct device *devices) {
    const json *words = json_get(parameters, "CommandArgs");
    if (!json_true(parameters, "CreateInUtilityVm") || !words || !words->first || !words->first->text) return NULL;
    text line = {0};
    if (!strpbrk(words->first->text, "/\\")) add_program(&line);
    for (const json *word = words->first; word; word = word->next) add_word(&line, word->text ? word->text : "");
    return parameters_of(&line, parameters, (const struct known[]){{"GUEST_DISKS", list_disks}, {0}}, devices);
}

/* The first word of a command line, without its quotes, is a program of the guest. */
static int is_played(const char *line) {
    static const char shares[] = "\\\\?\\VMSMB\\";
    if (*line == '"') line++;
    return !strncmp(line, shares, sizeof shares - 1) || strcspn(line, "/\\") > strcspn(line, " \"");
}

json *windows_guest_parameters(const json *parameters, const struct device *devices) {
    const char *given = json_text(parameters, "CommandLine", "");
    if (!*given || !is_played(given)) return NULL;
    text line = {0};
    add_program(&line);
    text_add(&line, " %s", given);
    return parameters_of(&line, parameters,
                         (const struct known[]){{"GUEST_PCI", list_pci}, {"GUEST_SHARES", list_shares}, {0}}, devices);
}
