// Does to its process what real programs do: closes every descriptor, changes directory, blocks all
// signals, takes the signals of a crash for itself, starts over under another name.
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static void on_crash(int number) {
    (void)number;
    _exit(44);
}

int main(int argc, char** argv) {
    const char* what = argc > 1 ? argv[1] : "";
    void* block = malloc(100);
    if (strcmp(what, "close-all") == 0)
        closefrom(0);
    if (strcmp(what, "chdir") == 0 && chdir("/") != 0)
        return 2;
    if (strcmp(what, "block-signals-in-trial") == 0 && block == NULL) {
        sigset_t all;
        sigfillset(&all);
        sigprocmask(SIG_SETMASK, &all, NULL);
        for (;;)
            pause();
    }
    if (strcmp(what, "own-handler") == 0) {
        signal(SIGSEGV, on_crash);
        raise(SIGSEGV);
    }
    if (strcmp(what, "clear-environment") == 0)
        clearenv();
    free(block);
    void* later = malloc(200);
    free(later);
    return 0;
}
