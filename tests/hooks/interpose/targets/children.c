// Makes children in every way there is; each of them allocates, and none of them is the trial.
// Prints one line for each; exits with 0 when all went as they should.
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

static int failures = 0;

static void check(const char* name, pid_t child, int expected) {
    int status = -1;
    if (child <= 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) ||
        WEXITSTATUS(status) != expected) {
        ++failures;
        printf("%s: wrong end\n", name);
        return;
    }
    printf("%s: good\n", name);
}

static void by_fork(void) {
    char* before = malloc(100);
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        // A block of the parent's, and a hundred of its own; and a misuse that nobody is told of.
        free(before);
        for (int i = 0; i < 100; ++i)
            free(malloc((size_t)i));
        volatile char* wild = malloc(8);
        wild[8] = 1;
        free((void*)wild);
        exit(21);
    }
    check("fork", child, 21);
    free(before);
}

static void by_vfork(void) {
    fflush(stdout);
    const pid_t child = vfork();
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", "exit 22", (char*)NULL);
        _exit(99);
    }
    check("vfork", child, 22);
    const pid_t second = vfork();
    if (second == 0) {
        // Against the rules, and done by real programs between vfork and exec.
        void* block = malloc(7777);
        const int is_served = block != NULL;
        free(block);
        _exit(is_served ? 23 : 98);
    }
    check("vfork-exit", second, 23);
}

static void by_spawn(void) {
    pid_t child = -1;
    char* arguments[] = {"sh", "-c", "exit 24", NULL};
    fflush(stdout);
    if (posix_spawn(&child, "/bin/sh", NULL, NULL, arguments, environ) != 0)
        child = -1;
    check("spawn", child, 24);
    const int status = system("exit 25");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 25)
        ++failures;
    FILE* pipe = popen("echo out of a pipe", "r");
    char line[64] = "";
    if (pipe == NULL || fgets(line, sizeof line, pipe) == NULL || pclose(pipe) != 0)
        ++failures;
    printf("popen: %s", line);
}

static void* churn(void* rounds) {
    for (size_t i = 0; i < (size_t)rounds; ++i) {
        char* block = malloc(i % 300 + 1);
        if (block == NULL)
            return NULL;
        memset(block, 1, i % 300 + 1);
        block = realloc(block, i % 700 + 1);
        free(block);
    }
    return rounds;
}

// Forks while others allocate: a lock that one of them holds must not stay shut in the child.
static void by_threads(void) {
    pthread_t threads[3];
    for (int i = 0; i < 3; ++i)
        pthread_create(&threads[i], NULL, churn, (void*)(size_t)20000);
    for (int i = 0; i < 10; ++i) {
        fflush(stdout);
        const pid_t child = fork();
        if (child == 0)
            _exit(churn((void*)(size_t)100) != NULL ? 26 : 1);
        check("fork-beside-threads", child, 26);
    }
    for (int i = 0; i < 3; ++i)
        pthread_join(threads[i], NULL);
}

static volatile sig_atomic_t signals = 0;

// Against the rules, and done in real programs.
static void on_signal(int number) {
    (void)number;
    free(malloc(17));
    ++signals;
}

static void by_signals(void) {
    signal(SIGUSR1, on_signal);
    for (int i = 0; i < 20; ++i)
        raise(SIGUSR1);
    printf("signals: %s\n", signals == 20 ? "good" : "lost");
}

int main(int argc, char** argv) {
    const char* what = argc > 1 ? argv[1] : "all";
    const int all = strcmp(what, "all") == 0;
    if (all || strcmp(what, "fork") == 0)
        by_fork();
    if (all || strcmp(what, "vfork") == 0)
        by_vfork();
    if (all || strcmp(what, "spawn") == 0)
        by_spawn();
    if (all || strcmp(what, "signals") == 0)
        by_signals();
    if (strcmp(what, "threads") == 0)
        by_threads();
    return failures == 0 ? 0 : 1;
}
