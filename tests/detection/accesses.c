/// Ways to touch memory, each by what real programs use. Nothing here is optimized or inlined.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "tests/detection/variant.h"

enum { SOURCE_BYTES = 1 << 18 };

static char source[SOURCE_BYTES];
static volatile unsigned long sink;

/// A string of `count` bytes, its end included.
static const char* text_of(size_t count) {
    memset(source, 'A', count);
    source[count - 1] = '\0';
    return source;
}

static void write_bytes(unsigned char* start, size_t count) {
    for (size_t index = 0; index < count; ++index) {
        start[index] = 'A';
    }
}

static void write_word(unsigned char* start, size_t count) {
    (void)count;
    *(unsigned int*)start = 0x41414141u;
}

static void write_long(unsigned char* start, size_t count) {
    (void)count;
    *(unsigned long*)start = 0x4141414141414141ul;
}

static void write_zero(unsigned char* start, size_t count) {
    (void)count;
    *start = 0;
}

static void write_memset(unsigned char* start, size_t count) {
    memset(start, 'A', count);
}

static void write_memcpy(unsigned char* start, size_t count) {
    memcpy(start, text_of(count + 1), count);
}

static void write_memmove(unsigned char* start, size_t count) {
    memmove(start, text_of(count + 1), count);
}

static void write_strcpy(unsigned char* start, size_t count) {
    if (count != 0) {
        strcpy((char*)start, text_of(count));
    }
}

static void write_strncpy(unsigned char* start, size_t count) {
    strncpy((char*)start, text_of(2), count);
}

static void write_strcat(unsigned char* start, size_t count) {
    if (count != 0) {
        *start = '\0';
        strcat((char*)start, text_of(count));
    }
}

static void write_sprintf(unsigned char* start, size_t count) {
    if (count != 0) {
        sprintf((char*)start, "%s", text_of(count));
    }
}

static void write_wcscpy(unsigned char* start, size_t count) {
    static wchar_t wide[SOURCE_BYTES / sizeof(wchar_t)];
    const size_t letters = (count + sizeof(wchar_t) - 1) / sizeof(wchar_t);
    if (letters != 0) {
        wmemset(wide, L'A', letters);
        wide[letters - 1] = L'\0';
        wcscpy((wchar_t*)start, wide);
    }
}

static void read_bytes(unsigned char* start, size_t count) {
    for (size_t index = 0; index < count; ++index) {
        sink += start[index];
        if (start[index] == 0x7F) {  // what is read decides: Valgrind looks at uses
            ++sink;
        }
    }
}

static void read_word(unsigned char* start, size_t count) {
    (void)count;
    sink += *(unsigned int*)start;
}

static void read_long(unsigned char* start, size_t count) {
    (void)count;
    sink += *(unsigned long*)start;
}

static void read_memcpy(unsigned char* start, size_t count) {
    memcpy(source, start, count);
}

static void read_memchr(unsigned char* start, size_t count) {
    sink += memchr(start, 0x7F, count) != NULL;
}

static void read_strnlen(unsigned char* start, size_t count) {
    sink += strnlen((char*)start, count);
}

static void read_snprintf(unsigned char* start, size_t count) {
    static char text[SOURCE_BYTES];
    sink += (unsigned long)snprintf(text, sizeof text, "%.*s", (int)count, (char*)start);
}

/// The kernel touches the memory: what it may not touch is an error of the call.
static void write_by_kernel(unsigned char* start, size_t count) {
    int ends[2];
    if (pipe(ends) == 0) {
        sink += (unsigned long)write(ends[1], text_of(count + 1), count);
        sink += (unsigned long)read(ends[0], start, count);
        close(ends[0]);
        close(ends[1]);
    }
}

static void read_by_kernel(unsigned char* start, size_t count) {
    int ends[2];
    if (pipe(ends) == 0) {
        sink += (unsigned long)write(ends[1], start, count);
        close(ends[0]);
        close(ends[1]);
    }
}

const struct access* find_access(const char* name, int is_read) {
    for (size_t index = 0; index < access_count; ++index) {
        if (accesses[index].is_read == is_read && strcmp(accesses[index].name, name) == 0) {
            return &accesses[index];
        }
    }
    abort();
}

const struct access accesses[] = {
    {"byte", 0, 1, write_bytes},         {"word", 0, 4, write_word},
    {"long", 0, 8, write_long},          {"zero", 0, 1, write_zero},
    {"loop", 0, 0, write_bytes},         {"memset", 0, 0, write_memset},
    {"memcpy", 0, 0, write_memcpy},      {"memmove", 0, 0, write_memmove},
    {"strcpy", 0, 0, write_strcpy},      {"strncpy", 0, 0, write_strncpy},
    {"strcat", 0, 0, write_strcat},      {"sprintf", 0, 0, write_sprintf},
    {"wcscpy", 0, 0, write_wcscpy},      {"readcall", 0, 0, write_by_kernel},
    {"writecall", 1, 0, read_by_kernel}, {"byte", 1, 1, read_bytes},
    {"word", 1, 4, read_word},           {"long", 1, 8, read_long},
    {"loop", 1, 0, read_bytes},          {"memcpy", 1, 0, read_memcpy},
    {"memchr", 1, 0, read_memchr},       {"strnlen", 1, 0, read_strnlen},
    {"snprintf", 1, 0, read_snprintf},
};
const size_t access_count = sizeof accesses / sizeof accesses[0];
