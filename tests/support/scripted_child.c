/* A child that does on request what targets do: the tests of process handling drive it.
   scripted_child exit N | signal N | sleep | ignore-term | write FD TEXT | env NAME | fds |
   spawn-sleeper */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <unistd.h>

static void sleep_for_ever(void) {
    for (;;)
        pause();
}

static int print_descriptors(void) {
    DIR* folder = opendir("/proc/self/fd");
    if (folder == NULL)
        return 1;
    for (struct dirent* entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(folder))
            printf("%s\n", entry->d_name);
    }
    closedir(folder);
    return 0;
}

int main(int argc, char** argv) {
    if (argc < 2)
        return 2;
    if (strcmp(argv[1], "exit") == 0 && argc == 3)
        return atoi(argv[2]);
    if (strcmp(argv[1], "signal") == 0 && argc == 3) {
        signal(atoi(argv[2]), SIG_DFL);
        raise(atoi(argv[2]));
        return 2;
    }
    if (strcmp(argv[1], "write") == 0 && argc == 4)
        return write(atoi(argv[2]), argv[3], strlen(argv[3])) == (ssize_t)strlen(argv[3]) ? 0 : 1;
    if (strcmp(argv[1], "env") == 0 && argc == 3) {
        const char* value = getenv(argv[2]);
        printf("%s\n", value == NULL ? "(unset)" : value);
        return 0;
    }
    if (strcmp(argv[1], "fds") == 0)
        return print_descriptors();
    if (strcmp(argv[1], "layout") == 0) {
        printf("%d\n", (personality(0xFFFFFFFFul) & ADDR_NO_RANDOMIZE) != 0);
        return 0;
    }
    if (strcmp(argv[1], "burn") == 0) {
        volatile unsigned long turns = 0;
        while (turns < 50000000ul)
            turns = turns + 1;
        return 0;
    }
    if (strcmp(argv[1], "spawn-sleeper") == 0) {
        /* A grandchild that outlives us unless the group is killed; tells its pid. */
        const pid_t pid = fork();
        if (pid == 0)
            sleep_for_ever();
        printf("%d\n", (int)pid);
        fflush(stdout);
        sleep_for_ever();
    }
    if (strcmp(argv[1], "sleep") == 0)
        sleep_for_ever();
    return 2;
}
