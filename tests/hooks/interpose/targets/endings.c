// Ends in the way its argument says, after a request in each phase of its life.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void* kept[8];

__attribute__((constructor)) static void construct(void) {
    kept[0] = malloc(11);
}

__attribute__((destructor)) static void destruct(void) {
    free(kept[0]);
    kept[1] = malloc(22);
    free(kept[1]);
}

static void at_end(void) {
    void* block = malloc(33);
    free(block);
}

static int recurse(volatile char* before) {
    volatile char frame[4096];
    frame[0] = before[0];
    return recurse(frame) + frame[1];
}

static void overflow(void) {
    char* block = malloc(24);
    volatile size_t beyond = 24;
    block[beyond] = 'x';
    kept[2] = block;
}

static int leave_by(const char* way) {
    if (strcmp(way, "return") == 0)
        return 3;
    if (strcmp(way, "exit") == 0)
        exit(4);
    if (strcmp(way, "_exit") == 0)
        _exit(5);
    if (strcmp(way, "_Exit") == 0)
        _Exit(6);
    if (strcmp(way, "quick_exit") == 0)
        quick_exit(7);
    if (strcmp(way, "abort") == 0)
        abort();
    if (strcmp(way, "crash") == 0)
        raise(SIGSEGV);
    if (strcmp(way, "recurse") == 0) {
        char start[1] = {0};
        return recurse(start);
    }
    if (strcmp(way, "hang") == 0) {
        for (;;)
            pause();
    }
    if (strcmp(way, "exec") == 0)
        execl("/bin/sh", "sh", "-c", "echo after; exit 9", (char*)NULL);
    if (strcmp(way, "exec-fails") == 0) {
        char* arguments[] = {"nothing", NULL};
        execv("/nonexistent/program", arguments);
        return errno == ENOENT ? 0 : 1;
    }
    if (strcmp(way, "leak") == 0)
        kept[3] = malloc(1234);
    if (strcmp(way, "overflow") == 0)
        overflow();
    if (strcmp(way, "exhaust") == 0) {
        // More than the process may map: a real failure.
        return malloc((size_t)1 << 40) == NULL && errno == ENOMEM ? 0 : 1;
    }
    if (strcmp(way, "environment") == 0) {
        puts(getenv("DEARTH_CONTROL_FD"));
        puts(getenv("LD_PRELOAD"));
    }
    return 0;
}

int main(int argc, char** argv) {
    atexit(at_end);
    void* block = malloc(44);
    if (block == NULL)
        return 12;
    printf("in main\n");
    free(block);
    return leave_by(argc > 1 ? argv[1] : "return");
}
