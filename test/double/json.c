#include "double.h"
#include <stdlib.h>
#include <string.h>

#define DEEPEST 64

struct reader {
    const char *start, *at;
    int depth;
};

static json *read_value(struct reader *in);

static void skip_space(struct reader *in) {
    while (*in->at && strchr(" \t\r\n", *in->at)) in->at++;
}

static json *new_value(enum json_type type) {
    json *value = calloc(1, sizeof *value);
    value->type = type;
    return value;
}

void json_free(json *value) {
    while (value) {
        json *next = value->next;
        json_free(value->first);
        free(value->key);
        free(value->text);
        free(value);
        value = next;
    }
}

static void add_point(text *out, unsigned point) {
    char16 wide[3] = {(char16)point, 0, 0};
    if (point >= 0x10000) {
        wide[0] = (char16)(0xd7c0 + (point >> 10));
        wide[1] = (char16)(0xdc00 + (point & 0x3ff));
    }
    char *utf8 = utf8_of(wide);
    text_add(out, "%s", utf8);
    free(utf8);
}

static int read_hex(struct reader *in, unsigned *value) {
    *value = 0;
    for (int i = 0; i < 4; i++, in->at++) {
        const char *digit = *in->at ? strchr("0123456789abcdef", *in->at | 0x20) : NULL;
        if (!digit) return 0;
        *value = *value << 4 | (unsigned)(digit - "0123456789abcdef");
    }
    return 1;
}

static int read_escape(struct reader *in, text *out) {
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    char name = *in->at++;
    if (name != 'u') {
        const char *found = name ? strchr(names, name) : NULL;
        if (found) text_add(out, "%c", values[found - names]);
        return found != NULL;
    }
    unsigned high, low;
    if (!read_hex(in, &high)) return 0;
    if (high >= 0xd800 && high < 0xdc00 && in->at[0] == '\\' && in->at[1] == 'u') {
        in->at += 2;
        if (!read_hex(in, &low)) return 0;
        high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    }
    add_point(out, high);
    return 1;
}

static char *read_string(struct reader *in) {
    text out = {0};
    if (*in->at != '"') return NULL;
    for (in->at++; *in->at != '"';) {
        if ((unsigned char)*in->at < 0x20) goto bad;
        if (*in->at != '\\') text_add(&out, "%c", *in->at++);
        else if (in->at++, !read_escape(in, &out)) goto bad;
    }
    in->at++;
    return text_take(&out);
bad:
    free(text_take(&out));
    return NULL;
}

/* Reads one member of an array or object into `value`. */
static int read_member(struct reader *in, json *value, json ***end) {
    char *key = NULL;
    skip_space(in);
    if (value->type == JSON_OBJECT) {
        if (!(key = read_string(in))) return 0;
        skip_space(in);
        if (*in->at != ':') {
            free(key);
            return 0;
        }
        in->at++;
    }
    json *member = read_value(in);
    if (!member) {
        free(key);
        return 0;
    }
    member->key = key;
    **end = member;
    *end = &member->next;
    return 1;
}

static json *read_members(struct reader *in) {
    json *value = new_value(*in->at == '[' ? JSON_ARRAY : JSON_OBJECT), **end = &value->first;
    char close = *in->at++ == '[' ? ']' : '}';
    skip_space(in);
    if (*in->at == close) {
        in->at++;
        return value;
    }
    if (++in->depth > DEEPEST) goto bad;
    do {
        if (!read_member(in, value, &end)) goto bad;
        skip_space(in);
    } while (*in->at == ',' && in->at++);
    in->depth--;
    if (*in->at == close) {
        in->at++;
        return value;
    }
bad:
    json_free(value);
    return NULL;
}

static json *read_value(struct reader *in) {
    static const char *const words[] = {"null", "false", "true"};
    skip_space(in);
    if (*in->at == '[' || *in->at == '{') return read_members(in);
    if (*in->at == '"') {
        char *string = read_string(in);
        json *value = string ? new_value(JSON_STRING) : NULL;
        if (value) value->text = string;
        return value;
    }
    for (int i = 0; i < 3; i++)
        if (!strncmp(in->at, words[i], strlen(words[i]))) {
            in->at += strlen(words[i]);
            return new_value((enum json_type)i);
        }
    char *end;
    if (!*in->at || !strchr("-0123456789", *in->at)) return NULL;
    strtod(in->at, &end);
    json *value = new_value(JSON_NUMBER);
    value->text = calloc(1, (size_t)(end - in->at) + 1);
    memcpy(value->text, in->at, (size_t)(end - in->at));
    in->at = end;
    return value;
}

json *json_parse(const char *source, size_t *offset) {
    struct reader in = {source, source, 0};
    json *value = read_value(&in);
    skip_space(&in);
    if (value && !*in.at) return value;
    if (offset) *offset = (size_t)(in.at - in.start);
    json_free(value);
    return NULL;
}

json *json_get(const json *object, const char *key) {
    if (!object || object->type != JSON_OBJECT) return NULL;
    for (json *member = object->first; member; member = member->next)
        if (!strcmp(member->key, key)) return member;
    return NULL;
}

const char *json_text(const json *object, const char *key, const char *absent) {
    const json *member = json_get(object, key);
    return member && member->type == JSON_STRING ? member->text : absent;
}

long long json_number(const json *object, const char *key, long long absent) {
    const json *member = json_get(object, key);
    return member && member->type == JSON_NUMBER ? strtoll(member->text, NULL, 10) : absent;
}

int json_true(const json *object, const char *key) {
    const json *member = json_get(object, key);
    return member && member->type == JSON_TRUE;
}

void json_set(json *object, const char *key, const char *value) {
    json *member = json_get(object, key);
    if (!member) {
        json **end = &object->first;
        while (*end) end = &(*end)->next;
        *end = member = new_value(JSON_STRING);
        member->key = strdup(key);
    }
    json_free(member->first);
    member->first = NULL;
    free(member->text);
    member->type = JSON_STRING;
    member->text = strdup(value);
}
