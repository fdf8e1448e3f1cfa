/// Canary: a wild write of the failure path lands in the control page, so that what the target
/// testifies can no longer be read. Must be found: inconclusive, never clean and never a guess.
/// The twin writes nowhere. The page is found by its first eight bytes, among the shared mappings.
#include "canary_target.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

static char maps[256 * 1024];  ///< /proc/self/maps; stdio would do, but it allocates

static void read_maps(void) {
    const int descriptor = open("/proc/self/maps", O_RDONLY);
    size_t length = 0;
    ssize_t got = 0;
    while (descriptor >= 0 && length < sizeof maps - 1 &&
           (got = read(descriptor, maps + length, sizeof maps - 1 - length)) > 0) {
        length += (size_t)got;
    }
    maps[length] = '\0';
    if (descriptor >= 0) {
        close(descriptor);
    }
}

/// Overwrites the head of every control page mapped here, magic and version included.
static void scribble(void) {
    read_maps();
    for (char* line = maps; *line != '\0';) {
        char* end = line;
        const uintptr_t begin = (uintptr_t)strtoull(line, &end, 16);
        char* permissions = strchr(end, ' ');
        if (permissions != NULL && strncmp(permissions, " rw-s", 5) == 0) {
            struct dearth_control_header* page = (struct dearth_control_header*)begin;
            if (page->magic == DEARTH_CONTROL_MAGIC) {
                memset(page, 0xA5, offsetof(struct dearth_control_header, run_state));
            }
        }
        line = strchr(line, '\n');
        if (line == NULL) {
            break;
        }
        line++;
    }
}

static void work(struct dearth_outcome* outcome) {
    char* line = dearth_mem_malloc(32);
    if (line == NULL) {
        if (!CLEAN) {
            scribble();  // The defect.
        }
        canary_no_memory(outcome);
        return;
    }
    snprintf(line, 32, "the page is whole");
    canary_answer(outcome, line);
    dearth_mem_free(line);
}

CANARY_MAIN("inconclusive", work)
