/* Heap defects by name, for the tests of `dearth memcheck`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
volatile char sink;
static void* make(size_t n) {
    return malloc(n);
}
int main(int argc, char** argv) {
    const char* what = argc > 1 ? argv[1] : "";
    if (!strcmp(what, "over")) {
        volatile char* p = make(24);
        p[24] = 1;
        p[25] = 2;
        free((void*)p);
    }
    if (!strcmp(what, "under")) {
        volatile char* p = make(24);
        p[-1] = 1;
        free((void*)p);
    }
    if (!strcmp(what, "overread")) {
        volatile char* p = make(10);
        sink = p[10];
        free((void*)p);
    }
    if (!strcmp(what, "underread")) {
        volatile char* p = make(10);
        sink = p[-1];
        free((void*)p);
    }
    if (!strcmp(what, "double")) {
        void* p = make(10);
        free(p);
        free(p);
    }
    if (!strcmp(what, "interior")) {
        char* p = make(10);
        free(p + 4);
    }
    if (!strcmp(what, "uaf")) {
        volatile char* p = make(10);
        free((void*)p);
        p[3] = 1;
    }
    if (!strcmp(what, "leak")) {
        make(100);
    }
    if (!strcmp(what, "crash")) {
        *(volatile int*)0 = 1;
    }
    if (!strcmp(what, "cat")) {
        int c;
        while ((c = getchar()) != EOF)
            putchar(c);
    }
    if (!strcmp(what, "three"))
        return 3;
    puts("done");
    return 0;
}
