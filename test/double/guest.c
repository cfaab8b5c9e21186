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

json *guest_parameters(const json *parameters, const struct device *devices) {
    const json *words = json_get(parameters, "CommandArgs"), *variables = json_get(parameters, "Environment");
    if (!json_true(parameters, "CreateInUtilityVm") || !words || !words->first || !words->first->text) return NULL;
    text line = {0}, source = {0}, list = {0};
    if (!strpbrk(words->first->text, "/\\")) add_program(&line);
    for (const json *word = words->first; word; word = word->next) add_word(&line, word->text ? word->text : "");
    list_disks(devices, &list);
    text_add(&source, "{\"CommandLine\":");
    text_quote(&source, line.bytes);
    text_add(&source, ",\"Environment\":{\"GUEST_DISKS\":");
    text_quote(&source, list.bytes);
    for (const json *at = variables ? variables->first : NULL; at; at = at->next) {
        text_add(&source, ",");
        text_quote(&source, at->key);
        text_add(&source, ":");
        text_quote(&source, at->text ? at->text : "");
    }
    text_add(&source, "}}");
    json *made = json_parse(source.bytes, NULL);
    free(line.bytes);
    free(source.bytes);
    free(list.bytes);
    return made;
}
