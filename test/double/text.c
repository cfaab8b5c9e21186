#include "double.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void text_reserve(text *to, size_t more) {
    if (to->length + more + 1 <= to->size) return;
    to->size = (to->length + more + 1) * 2;
    to->bytes = realloc(to->bytes, to->size);
}

static void text_put(text *to, const char *bytes, size_t count) {
    text_reserve(to, count);
    memcpy(to->bytes + to->length, bytes, count);
    to->length += count;
    to->bytes[to->length] = 0;
}

void text_add(text *to, const char *format, ...) {
    va_list list;
    va_start(list, format);
    int length = vsnprintf(NULL, 0, format, list);
    va_end(list);
    text_reserve(to, (size_t)length);
    va_start(list, format);
    vsnprintf(to->bytes + to->length, (size_t)length + 1, format, list);
    va_end(list);
    to->length += (size_t)length;
}

void text_quote(text *to, const char *utf8) {
    text_put(to, "\"", 1);
    for (const char *at = utf8; *at; at++) {
        unsigned char byte = (unsigned char)*at;
        if (byte == '"' || byte == '\\') text_add(to, "\\%c", byte);
        else if (byte < 0x20) text_add(to, "\\u%04x", byte);
        else text_put(to, at, 1);
    }
    text_put(to, "\"", 1);
}

void text_json(text *to, const json *value) {
    static const char *const words[] = {"null", "false", "true"};
    switch (value->type) {
    case JSON_NUMBER: text_add(to, "%s", value->text); break;
    case JSON_STRING: text_quote(to, value->text); break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        text_add(to, value->type == JSON_ARRAY ? "[" : "{");
        for (const json *member = value->first; member; member = member->next) {
            if (member != value->first) text_add(to, ",");
            if (value->type == JSON_OBJECT) {
                text_quote(to, member->key);
                text_add(to, ":");
            }
            text_json(to, member);
        }
        text_add(to, value->type == JSON_ARRAY ? "]" : "}");
        break;
    default: text_add(to, "%s", words[value->type]);
    }
}

char *text_take(text *from) {
    char *bytes = from->bytes ? from->bytes : calloc(1, 1);
    memset(from, 0, sizeof *from);
    return bytes;
}

static uint32_t next_wide(const char16 **at) {
    uint32_t unit = *(*at)++;
    if (unit >= 0xd800 && unit < 0xdc00 && **at >= 0xdc00 && **at < 0xe000)
        return 0x10000 + ((unit - 0xd800) << 10) + (*(*at)++ - 0xdc00u);
    return unit;
}

char *utf8_of(const char16 *wide) {
    text out = {0};
    for (const char16 *at = wide; at && *at;) {
        uint32_t point = next_wide(&at);
        char bytes[4];
        size_t count = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
        static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
        for (size_t i = count; i-- > 1; point >>= 6) bytes[i] = (char)(0x80 | (point & 0x3f));
        bytes[0] = (char)(lead[count] | point);
        text_put(&out, bytes, count);
    }
    return text_take(&out);
}

/* Writes at most as many units as there are bytes, and the final NUL. */
static void widen(char16 *to, const char *utf8) {
    for (const unsigned char *at = (const unsigned char *)utf8; *at;) {
        int more = *at < 0x80 ? 0 : *at < 0xe0 ? 1 : *at < 0xf0 ? 2 : 3;
        uint32_t point = more ? *at & (0x3fu >> more) : *at;
        for (at++; more > 0 && *at; more--, at++) point = point << 6 | (*at & 0x3f);
        if (point >= 0x10000) {
            *to++ = (char16)(0xd7c0 + (point >> 10));
            point = 0xdc00 + (point & 0x3ff);
        }
        *to++ = (char16)point;
    }
    *to = 0;
}

char16 *utf16_of(const char *utf8) {
    char16 *wide = malloc((strlen(utf8) + 1) * sizeof *wide);
    widen(wide, utf8);
    return wide;
}

/* ---- Memory that is given to the caller ---- */

#define LIVE 0x4c495645u
#define FREED 0x46524545u

struct block {
    uint32_t state, reserved;
    uint64_t padding;
    char16 wide[];
};

char16 *give(const char *utf8) {
    struct block *block = malloc(sizeof *block + (strlen(utf8) + 1) * sizeof(char16));
    block->state = LIVE;
    widen(block->wide, utf8);
    __sync_fetch_and_add(&counts.allocations, 1);
    return block->wide;
}

char16 *give_text(text *from) {
    char *utf8 = text_take(from);
    char16 *wide = give(utf8);
    free(utf8);
    return wide;
}

EXPORT void WINAPI CoTaskMemFree(void *memory) {
    if (!memory) return;
    struct block *block = (struct block *)((char *)memory - offsetof(struct block, wide));
    if (block->state != LIVE) {
        __sync_fetch_and_add(&counts.bad_frees, 1);
        return;
    }
    block->state = FREED;
    __sync_fetch_and_sub(&counts.allocations, 1);
    free(block);
}

void sleep_ms(int ms) {
#ifdef _WIN32
    Sleep((DWORD)ms);
#else
    struct timespec time = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&time, NULL);
#endif
}
