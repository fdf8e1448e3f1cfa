// Leaves one or more blocks in the way its argument says, and ends. Built twice: as it is, and with
// LeakSanitizer, whose verdict the first one's is held against.
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct node {
    struct node* next;
    char rest[200];
};

static void* kept;
static char unaligned[64];
static __thread void* of_thread;
static pthread_barrier_t both;

__attribute__((noinline)) static struct node* make(struct node* next) {
    struct node* made = malloc(sizeof *made);
    made->next = next;
    return made;
}

__attribute__((noinline)) static void global(void) {
    kept = malloc(1008);
}
__attribute__((noinline)) static void lost(void) {
    kept = malloc(1008);
    kept = NULL;
}
__attribute__((noinline)) static void interior(void) {
    kept = (char*)malloc(1008) + 1007;
}
__attribute__((noinline)) static void past_the_end(void) {
    kept = (char*)malloc(1024) + 1024;
}
__attribute__((noinline)) static void tagged(void) {
    kept = (char*)malloc(1008) + 3;
}
__attribute__((noinline)) static void cookie(void) {
    size_t* block = malloc(sizeof *block);
    *block = 0;
    kept = block + 1;
}
__attribute__((noinline)) static void thread_local_data(void) {
    of_thread = malloc(1008);
}
__attribute__((noinline)) static void chain(void) {
    kept = make(make(make(NULL)));
}
__attribute__((noinline)) static void lost_chain(void) {
    kept = make(make(make(NULL)));
    kept = NULL;
}
__attribute__((noinline)) static void lost_rest(void) {
    struct node* first = make(make(make(NULL)));
    kept = first;
    first->next = NULL;
}
__attribute__((noinline)) static void lost_cycle(void) {
    struct node* last = make(NULL);
    last->next = make(make(last));
}
__attribute__((noinline)) static void in_freed_block(void) {
    void** holder = malloc(400);
    holder[20] = malloc(1008);
    kept = holder;
    free(holder);
}
__attribute__((noinline)) static void at_odd_address(void) {
    void* block = malloc(1008);
    memcpy(unaligned + 1, &block, sizeof block);
}
__attribute__((noinline)) static void specific(void) {
    pthread_key_t key;
    pthread_key_create(&key, NULL);
    pthread_setspecific(key, malloc(1008));
}
__attribute__((noinline)) static void environment(void) {
    char* text = malloc(1008);
    strcpy(text, "LEFT=1");
    putenv(text);
}
__attribute__((noinline)) static void large(void) {
    void** block = calloc(1, 20u << 20);
    block[(20u << 20) / sizeof *block - 1] = malloc(1008);
    kept = block;
}
__attribute__((noinline)) static void aligned(void) {
    kept = aligned_alloc(4096, 8192);
}
__attribute__((noinline)) static void in_shared_mapping(void) {
    void** page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    page[7] = malloc(1008);
}
__attribute__((noinline)) static void in_private_mapping(void) {
    void** page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    page[7] = malloc(1008);
}
__attribute__((noinline)) static void behind_unreadable_page(void) {
    char* block = aligned_alloc(4096, 3 * 4096);
    *(void**)(block + 2 * 4096) = malloc(1008);
    mprotect(block + 4096, 4096, PROT_NONE);
    kept = block;
}
__attribute__((noinline)) static void on_stack(void) {
    void* volatile block = malloc(1008);
    exit(block == NULL);
}
__attribute__((noinline)) static void in_register(void) {
    register void* block __asm__("rbx") = malloc(1008);
    __asm__ volatile("" : "+r"(block));
    exit(0);
}

static void* wait_with_block(void* unused) {
    void* volatile block = malloc(1008);
    pthread_barrier_wait(&both);
    for (;;)
        pause();
    return block;
}
static void* leave_with_block(void* unused) {
    of_thread = malloc(1008);
    return NULL;
}
__attribute__((noinline)) static void on_other_stack(void) {
    pthread_t thread;
    pthread_barrier_init(&both, NULL, 2);
    pthread_create(&thread, NULL, wait_with_block, NULL);
    pthread_barrier_wait(&both);
}
__attribute__((noinline)) static void of_ended_thread(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, leave_with_block, NULL);
    pthread_join(thread, NULL);
}

struct way {
    const char* name;
    void (*leave)(void);
};
static const struct way kWays[] = {
    {"global", global},
    {"lost", lost},
    {"interior", interior},
    {"past-the-end", past_the_end},
    {"tagged", tagged},
    {"cookie", cookie},
    {"thread-local", thread_local_data},
    {"chain", chain},
    {"lost-chain", lost_chain},
    {"lost-rest", lost_rest},
    {"lost-cycle", lost_cycle},
    {"in-freed-block", in_freed_block},
    {"at-odd-address", at_odd_address},
    {"specific", specific},
    {"environment", environment},
    {"large", large},
    {"aligned", aligned},
    {"in-shared-mapping", in_shared_mapping},
    {"in-private-mapping", in_private_mapping},
    {"behind-unreadable-page", behind_unreadable_page},
    {"on-stack", on_stack},
    {"in-register", in_register},
    {"on-other-stack", on_other_stack},
    {"of-ended-thread", of_ended_thread},
};

// What earlier calls left where later frames will lie is nobody's pointer.
__attribute__((noinline)) static void wipe_stack(void) {
    volatile char frame[16384];
    for (size_t index = 0; index < sizeof frame; ++index)
        frame[index] = 0;
}

int main(int count, char** arguments) {
    for (size_t way = 0; count > 1 && way < sizeof kWays / sizeof kWays[0]; ++way) {
        if (strcmp(arguments[1], kWays[way].name) == 0) {
            kWays[way].leave();
            wipe_stack();
            return 0;
        }
    }
    return 2;
}
