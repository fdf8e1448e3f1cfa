// A C program that loads a C++ plugin, privately, and has it fail.
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char** argv) {
    (void)argc;
    void* plugin = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (plugin == NULL) {
        puts(dlerror());
        return 2;
    }
    int (*catches)(void) = NULL;
    void* symbol = dlsym(plugin, "dearth_plugin_catches");
    memcpy(&catches, &symbol, sizeof catches);
    printf("%s\n", catches() ? "caught" : "made");
    return 0;
}
