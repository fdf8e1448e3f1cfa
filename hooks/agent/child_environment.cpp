#include "hooks/agent/child_environment.h"

#include <stdlib.h>
#include <string.h>

#include "dearth/control_page.h"

namespace dearth::hooks {
namespace {

bool is_separator(char letter) {
    return letter == ':' || letter == ' ' || letter == '\0';
}

const char* file_name(const char* path) {
    const char* slash = strrchr(path, '/');
    return slash == nullptr ? path : slash + 1;
}

// Whether the entry of `length` letters names that file, by whatever path.
bool names_file(const char* entry, size_t length, const char* name) {
    const size_t name_length = strlen(name);
    return length >= name_length && memcmp(entry + length - name_length, name, name_length) == 0 &&
           (length == name_length || entry[length - name_length - 1] == '/');
}

void remove_entries(char* list, const char* name) {
    char* kept = list;
    for (char* entry = list; *entry != '\0';) {
        size_t length = 0;
        while (!is_separator(entry[length]))
            ++length;
        char* next = entry[length] == '\0' ? entry + length : entry + length + 1;
        if (length > 0 && !names_file(entry, length, name)) {
            if (kept != list)
                *kept++ = ':';
            memmove(kept, entry, length);
            kept += length;
        }
        entry = next;
    }
    *kept = '\0';
}

}  // namespace

void hide_from_children(const char* library) {
    if (char* fd = getenv(DEARTH_CONTROL_FD_VARIABLE); fd != nullptr)
        *fd = '\0';
    if (char* list = getenv("LD_PRELOAD"); list != nullptr)
        remove_entries(list, file_name(library));
}

}  // namespace dearth::hooks
