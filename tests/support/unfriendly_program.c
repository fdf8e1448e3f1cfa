// Does one thing that makes a watcher's life hard, then a little work of its own whose failures it
// reports: `unfriendly_program close|chdir|chroot|shrink|limit|null|quiet|status`.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

// Cuts every file of the process that is open for writing and beyond the standard ones.
static void shrink_all(void) {
    for (int fd = 3; fd < 1024; ++fd) {
        struct stat facts;
        if (fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode) && ftruncate(fd, 0) != 0)
            continue;
    }
}

static int be_unfriendly(const char* how) {
    const struct rlimit few = {3, 3};
    if (strcmp(how, "close") == 0)
        closefrom(3);
    else if (strcmp(how, "chdir") == 0)
        return chdir("/");
    else if (strcmp(how, "chroot") == 0)
        return chroot("/proc/self/fdinfo") != 0 ? 0 : chdir("/");
    else if (strcmp(how, "shrink") == 0)
        shrink_all();
    else if (strcmp(how, "limit") == 0)
        return setrlimit(RLIMIT_NOFILE, &few);
    return 0;
}

// Eight requests, each answered.
static int work(int is_careful) {
    char* blocks[8] = {0};
    int failed = 0;
    for (int i = 0; i < 8; ++i) {
        blocks[i] = malloc(100 + (size_t)i);
        if (blocks[i] == NULL && is_careful)
            failed = 1;
        else
            *(volatile char*)blocks[i] = 'x';
    }
    for (int i = 0; i < 8; ++i)
        free(blocks[i]);
    return failed;
}

int main(int argc, char** argv) {
    static char buffer[256];
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    const char* how = argc > 1 ? argv[1] : "";
    if (strcmp(how, "quiet") == 0)
        return 0;
    if (be_unfriendly(how) != 0)
        return 9;
    if (work(strcmp(how, "null") != 0) != 0)
        return 1;
    puts("eight blocks");
    return strcmp(how, "status") == 0 ? 7 : 0;
}
