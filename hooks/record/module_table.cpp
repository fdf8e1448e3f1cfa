// The loader's list, kept; see the header. Entries are written once, before the count that
// publishes them, so readers take no lock. Lock order: the loader's lock, then ours; never the
// other way, because a thread inside dlopen may be inside an allocator too.
#include "hooks/record/module_table.h"

#include <elf.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

#include "hooks/base/errno_saver.h"
#include "hooks/base/fork_locks.h"
#include "hooks/base/mapped_pages.h"
#include "hooks/base/prng.h"
#include "hooks/base/raw_output.h"
#include "hooks/base/spin_lock.h"

namespace dearth::hooks {

namespace {

constexpr size_t kModulesMax = 1024;
constexpr uint32_t kUnpublished = DEARTH_MODULE_UNKNOWN;
constexpr uint64_t kOffsetMask = (UINT64_C(1) << DEARTH_MODULE_SHIFT) - 1;

struct LocalModule {
    dearth_module record;
    uint64_t start;  // lowest mapped address; the bias alone says nothing for fixed programs
    uint64_t name_hash;
    const char* name;     // the path's last part, inside record.path
    uint32_t page_index;  // in the published region
    uint32_t is_gone;     // unloaded: its addresses belong to others now
};

struct Table {
    LocalModule* modules;
    uint64_t count;
    uint64_t loader_changes;  // the loader's counters at the last scan
    dearth_module* published;
    dearth_region* region;
    SpinLock lock;  // guards growth and publication
};
constinit Table table = {};
constinit char program_path[DEARTH_NAME_BYTES] = {};

uint64_t hash_text(const char* text) noexcept {
    uint64_t hash = kGoldenStep;
    for (; *text != '\0'; ++text) {
        hash = mix_bits(hash ^ static_cast<unsigned char>(*text));
    }
    return hash;
}

uint32_t find_published(const dearth_module& record, uint64_t count) noexcept {
    for (uint64_t index = 0; index < count; ++index) {
        const dearth_module& other = table.published[index];
        if (__atomic_load_n(&other.is_ready, __ATOMIC_ACQUIRE) != 0 && other.base == record.base &&
            strncmp(other.path, record.path, sizeof(other.path)) == 0) {
            return static_cast<uint32_t>(index);
        }
    }
    return kUnpublished;
}

// Two children may publish the same module at once and get an entry each; both are right.
uint32_t publish(const dearth_module& record) noexcept {
    if (table.region == nullptr) {
        return kUnpublished;
    }
    dearth_region& region = *table.region;
    const uint64_t capacity =
        region.capacity < DEARTH_MODULE_UNKNOWN ? region.capacity : DEARTH_MODULE_UNKNOWN;
    uint64_t count = __atomic_load_n(&region.count, __ATOMIC_ACQUIRE);
    do {
        const uint32_t known = find_published(record, count < capacity ? count : capacity);
        if (known != kUnpublished) {
            return known;
        }
        if (count >= capacity) {
            __atomic_fetch_add(&region.lost, 1, __ATOMIC_RELAXED);
            return kUnpublished;
        }
    } while (!__atomic_compare_exchange_n(&region.count, &count, count + 1, false, __ATOMIC_ACQ_REL,
                                          __ATOMIC_ACQUIRE));
    dearth_module& entry = table.published[count];
    entry.base = record.base;
    entry.end = record.end;
    entry.build_id_bytes = record.build_id_bytes;
    memcpy(entry.build_id, record.build_id, sizeof(entry.build_id));
    memcpy(entry.path, record.path, sizeof(entry.path));
    __atomic_store_n(&entry.is_ready, 1, __ATOMIC_RELEASE);
    return static_cast<uint32_t>(count);
}

void read_build_id(dearth_module& record, const ElfW(Phdr) & header, uint64_t bias) noexcept {
    const auto* bytes = reinterpret_cast<const unsigned char*>(bias + header.p_vaddr);
    size_t left = header.p_memsz;
    while (left >= sizeof(ElfW(Nhdr))) {
        ElfW(Nhdr) note;
        memcpy(&note, bytes, sizeof(note));
        const size_t name_bytes = (size_t{note.n_namesz} + 3) & ~size_t{3};
        const size_t data_bytes = (size_t{note.n_descsz} + 3) & ~size_t{3};
        if (left - sizeof(note) < name_bytes || left - sizeof(note) - name_bytes < data_bytes) {
            return;
        }
        const unsigned char* name = bytes + sizeof(note);
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && memcmp(name, "GNU", 4) == 0) {
            const size_t kept =
                note.n_descsz < sizeof(record.build_id) ? note.n_descsz : sizeof(record.build_id);
            memcpy(record.build_id, name + name_bytes, kept);
            record.build_id_bytes = static_cast<uint32_t>(kept);
            return;
        }
        bytes = name + name_bytes + data_bytes;
        left -= sizeof(note) + name_bytes + data_bytes;
    }
}

// The loader leaves the program's own name empty, and the kernel's library has no file.
const char* path_of(const dl_phdr_info& info, bool is_program) noexcept {
    if (is_program) {
        if (program_path[0] == '\0') {
            const ssize_t length =
                readlink("/proc/self/exe", program_path, sizeof(program_path) - 1);
            program_path[length < 0 ? 0 : length] = '\0';
        }
        return program_path;
    }
    return info.dlpi_name == nullptr || info.dlpi_name[0] == '\0' ? "[vdso]" : info.dlpi_name;
}

void add_module(const dl_phdr_info& info, bool is_program) noexcept {
    if (table.count == kModulesMax) {
        return;
    }
    LocalModule& module = table.modules[table.count];
    memset(&module, 0, sizeof(module));
    module.record.base = info.dlpi_addr;
    module.start = UINT64_MAX;
    for (size_t index = 0; index < info.dlpi_phnum; ++index) {
        const ElfW(Phdr)& header = info.dlpi_phdr[index];
        const uint64_t start = info.dlpi_addr + header.p_vaddr;
        if (header.p_type == PT_LOAD) {
            module.start = start < module.start ? start : module.start;
            const uint64_t end = start + header.p_memsz;
            module.record.end = end > module.record.end ? end : module.record.end;
        } else if (header.p_type == PT_NOTE && module.record.build_id_bytes == 0) {
            read_build_id(module.record, header, info.dlpi_addr);
        }
    }
    copy_text(module.record.path, sizeof(module.record.path), path_of(info, is_program));
    const char* slash = strrchr(module.record.path, '/');
    module.name = slash == nullptr ? module.record.path : slash + 1;
    module.name_hash = hash_text(module.name);
    // Whatever was mapped there before is gone.
    for (uint64_t index = 0; index < table.count; ++index) {
        LocalModule& other = table.modules[index];
        if (other.start < module.record.end && module.start < other.record.end) {
            __atomic_store_n(&other.is_gone, 1, __ATOMIC_RELAXED);
        }
    }
    module.page_index = publish(module.record);
    __atomic_store_n(&table.count, table.count + 1, __ATOMIC_RELEASE);
}

bool is_known(const dl_phdr_info& info, const char* path) noexcept {
    for (uint64_t index = 0; index < table.count; ++index) {
        const LocalModule& module = table.modules[index];
        if (module.is_gone == 0 && module.record.base == info.dlpi_addr &&
            strncmp(module.record.path, path, sizeof(module.record.path) - 1) == 0) {
            return true;
        }
    }
    return false;
}

struct Scan {
    size_t visited;
    bool is_changed;
};

int visit_module(dl_phdr_info* info, size_t, void* context) noexcept {
    auto& scan = *static_cast<Scan*>(context);
    const bool is_program = scan.visited++ == 0;
    SpinLockScope scope(table.lock);
    if (is_program) {
        const uint64_t changes = info->dlpi_adds + info->dlpi_subs;
        if (table.count != 0 && changes == table.loader_changes) {
            return 1;
        }
        table.loader_changes = changes;
        scan.is_changed = true;
    }
    if (!is_known(*info, path_of(*info, is_program))) {
        add_module(*info, is_program);
    }
    return 0;
}

// True when something new was found.
bool rescan() noexcept {
    ErrnoSaver saver;
    add_fork_lock(table.lock, LockRank::kModules);
    {
        SpinLockScope scope(table.lock);
        if (table.modules == nullptr) {
            table.modules =
                static_cast<LocalModule*>(reserve_pages(kModulesMax * sizeof(LocalModule)));
            if (table.modules == nullptr) {
                return false;
            }
        }
    }
    Scan scan = {};
    dl_iterate_phdr(visit_module, &scan);
    return scan.is_changed;
}

const LocalModule* find_known(uint64_t address) noexcept {
    const uint64_t count = __atomic_load_n(&table.count, __ATOMIC_ACQUIRE);
    for (uint64_t index = 0; index < count; ++index) {
        const LocalModule& module = table.modules[index];
        if (address >= module.start && address < module.record.end &&
            __atomic_load_n(&module.is_gone, __ATOMIC_RELAXED) == 0) {
            return &module;
        }
    }
    return nullptr;
}

const LocalModule* find_module(const void* address) noexcept {
    const auto value = reinterpret_cast<uint64_t>(address);
    const LocalModule* module = find_known(value);
    if (module == nullptr && rescan()) {
        module = find_known(value);
    }
    return module;
}

}  // namespace

void module_table_prepare() noexcept {
    rescan();
}

void attach_module_region(dearth_module* modules, dearth_region* region) noexcept {
    rescan();
    SpinLockScope scope(table.lock);
    table.published = modules;
    table.region = modules == nullptr ? nullptr : region;
    for (uint64_t index = 0; index < table.count; ++index) {
        LocalModule& module = table.modules[index];
        __atomic_store_n(&module.page_index, publish(module.record), __ATOMIC_RELAXED);
    }
}

uint64_t encode_frame(const void* address) noexcept {
    const auto value = reinterpret_cast<uint64_t>(address);
    const LocalModule* module = find_module(address);
    const uint64_t index =
        module == nullptr ? kUnpublished : __atomic_load_n(&module->page_index, __ATOMIC_RELAXED);
    const uint64_t offset = index == kUnpublished ? value : value - module->record.base;
    return (index << DEARTH_MODULE_SHIFT) | (offset & kOffsetMask);
}

void* decode_frame(uint64_t frame) noexcept {
    const uint64_t index = frame >> DEARTH_MODULE_SHIFT;
    uint64_t base = 0;
    const uint64_t count = __atomic_load_n(&table.count, __ATOMIC_ACQUIRE);
    for (uint64_t local = 0; local < count && index != kUnpublished; ++local) {
        const LocalModule& module = table.modules[local];
        if (__atomic_load_n(&module.page_index, __ATOMIC_RELAXED) == index) {
            base = module.record.base;
        }
    }
    return reinterpret_cast<void*>(base + (frame & kOffsetMask));
}

ModulePlace module_place_at(const void* address) noexcept {
    const LocalModule* module = find_module(address);
    if (module == nullptr) {
        return ModulePlace{0, 0, false};
    }
    constexpr char kEnginePrefix[] = "dearth-engine-";
    return ModulePlace{module->name_hash, reinterpret_cast<uint64_t>(address) - module->record.base,
                       strncmp(module->name, kEnginePrefix, sizeof(kEnginePrefix) - 1) == 0};
}

const char* module_name_at(const void* address) noexcept {
    const LocalModule* module = find_module(address);
    return module == nullptr ? nullptr : module->name;
}

const char* module_path_at(const void* address) noexcept {
    const LocalModule* module = find_module(address);
    return module == nullptr ? nullptr : module->record.path;
}

}  // namespace dearth::hooks
