#include "harness/engines/kit/standalone_run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dearth::hooks {
namespace {

struct Source {
    const char* text;
    size_t bytes;
};

bool read_source(const char* path, Source& source) {
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat facts;
    if (fd < 0 || fstat(fd, &facts) != 0)
        return false;
    if (!S_ISREG(facts.st_mode)) {
        errno = EINVAL;
        close(fd);
        return false;
    }
    source = {"", static_cast<size_t>(facts.st_size)};
    if (source.bytes > 0) {
        void* mapping = mmap(nullptr, source.bytes, PROT_READ, MAP_PRIVATE, fd, 0);
        if (mapping == MAP_FAILED)
            return false;
        source.text = static_cast<const char*>(mapping);
    }
    close(fd);
    return true;
}

bool read_schedule(dearth_schedule& schedule) {
    const char* text = getenv("DEARTH_SCHEDULE");
    if (text == nullptr || *text == '\0')
        return true;
    char error[256];
    size_t offset = 0;
    if (dearth_schedule_parse(text, &schedule, error, sizeof error, &offset) == 0)
        return true;
    fprintf(stderr, "dearth: DEARTH_SCHEDULE, character %zu: %s\n  %s\n  %*s\n", offset + 1, error,
            text, static_cast<int>(offset) + 1, "^");
    return false;
}

bool has_failed(const char* step, const dearth_outcome& outcome) {
    if (outcome.status == DEARTH_STATUS_OK)
        return false;
    fprintf(stderr, "dearth: %s: %s: %s\n", step, outcome.kind[0] != '\0' ? outcome.kind : "error",
            outcome.status == DEARTH_STATUS_ERROR_UNSET ? "an error was returned but none is set"
                                                        : outcome.message);
    return true;
}

}  // namespace

int run_standalone(int argc, char** argv, const dearth_engine& engine) {
    Source source = {};
    if (argc != 2) {
        fprintf(
            stderr,
            "usage: %s SCRIPT\nRuns SCRIPT in %s; DEARTH_SCHEDULE names the faults, for instance "
            "'nth=17;once'.\nTo sweep every allocation failure: dearth run SCRIPT\n",
            argv[0], engine.version);
        return 2;
    }
    if (!read_source(argv[1], source)) {
        fprintf(stderr, "dearth: cannot read %s: %s\n", argv[1], strerror(errno));
        return 2;
    }
    static constinit dearth_schedule schedule = {};
    if (!read_schedule(schedule))
        return 2;
    dearth_layer_options options = {};
    options.layers = DEARTH_LAYER_FAULT | DEARTH_LAYER_LEDGER | DEARTH_LAYER_GUARD;
    options.guard_before_bytes = 16;
    options.guard_after_bytes = 16;
    options.clean_byte = 0xCD;
    options.dead_byte = 0xDD;
    options.forbidden_byte = 0xFD;
    if (dearth_start(&options, &schedule) != 0) {
        fprintf(stderr, "dearth: the layers cannot start: %s\n", strerror(errno));
        return 2;
    }
    dearth_outcome outcome = {};
    if (engine.install != nullptr && engine.install(engine.self, &outcome) != 0) {
        fprintf(stderr, "dearth: install: %s\n", outcome.message);
        return 2;
    }
    dearth_enter_phase(DEARTH_PHASE_OPEN);
    outcome = {};
    engine.open(engine.self, &outcome);
    if (has_failed("open", outcome))
        return 1;
    dearth_enter_phase(DEARTH_PHASE_RUN);
    outcome = {};
    engine.run(engine.self, source.text, source.bytes, argv[1], &outcome);
    bool failed = has_failed("run", outcome);
    dearth_enter_phase(DEARTH_PHASE_CLOSE);
    outcome = {};
    engine.close(engine.self, &outcome);
    failed |= has_failed("close", outcome);
    dearth_disarm();
    dearth_check_blocks();
    dearth_counters counters;
    dearth_read_counters(&counters);
    fflush(stdout);
    fprintf(stderr, "dearth: %llu requests, %llu faults injected, %llu misuses, %llu blocks left\n",
            static_cast<unsigned long long>(counters.requests),
            static_cast<unsigned long long>(counters.injected),
            static_cast<unsigned long long>(counters.misuses),
            static_cast<unsigned long long>(counters.live_blocks));
    return failed || counters.misuses > 0 ? 1 : 0;
}

}  // namespace dearth::hooks
