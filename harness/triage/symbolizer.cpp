// Names by libdwfl, one offline session a module. The module is laid out at its own addresses, so
// an offset from the load bias is the address to ask for. Inlined calls come from the debug
// information's tree of scopes; the physical nesting is found with dwarf_getscopes_die, because
// dwarf_getscopes goes on into the place where an inlined function was written.
#include "harness/triage/symbolizer.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "harness/triage/function_name.h"

namespace dearth::harness {
namespace {

constexpr size_t kCachedMax = 100'000;  // addresses; some 30 MB with usual names

const Dwfl_Callbacks kCallbacks = {
    .find_elf = dwfl_build_id_find_elf,
    .find_debuginfo = dwfl_standard_find_debuginfo,
    .section_address = dwfl_offline_section_address,
    .debuginfo_path = nullptr,  // libdwfl's default: beside the file, .debug, /usr/lib/debug
};

using ScopeArray = std::unique_ptr<Dwarf_Die[], decltype(&std::free)>;

std::string file_name_of(const std::string& path) {
    const size_t slash = path.rfind('/');
    return slash == std::string::npos ? path : path.substr(slash + 1);
}

std::string source_path(const char* path) {
    return path == nullptr ? "" : std::filesystem::path(path).lexically_normal().string();
}

std::string hex_of(const unsigned char* bytes, int count) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (int i = 0; i < count; ++i) {
        text += kDigits[bytes[i] >> 4];
        text += kDigits[bytes[i] & 15];
    }
    return text;
}

// "a::(anonymous namespace)::" for what is declared there, as far as the scopes are described.
std::string enclosing_scopes(Dwarf_Die* scope) {
    Dwarf_Attribute attribute;
    Dwarf_Die origin = *scope;
    for (const unsigned reference :
         {unsigned{DW_AT_abstract_origin}, unsigned{DW_AT_specification}}) {
        Dwarf_Die next;
        if (dwarf_formref_die(dwarf_attr(&origin, reference, &attribute), &next) != nullptr) {
            origin = next;
        }
    }
    Dwarf_Die* found = nullptr;
    const int count = dwarf_getscopes_die(&origin, &found);
    if (count <= 0) {
        return "";
    }
    const ScopeArray scopes(found, &std::free);
    std::string text;
    for (int i = 1; i < count; ++i) {
        const char* name = dwarf_diename(&scopes[i]);
        switch (dwarf_tag(&scopes[i])) {
            case DW_TAG_namespace:
                text.insert(0,
                            std::string(name != nullptr ? name : "(anonymous namespace)") + "::");
                break;
            case DW_TAG_structure_type:
            case DW_TAG_class_type:
            case DW_TAG_union_type:
                text.insert(0, std::string(name != nullptr ? name : "{unnamed}") + "::");
                break;
            default:
                break;
        }
    }
    return text;
}

std::string name_of(Dwarf_Die* scope) {
    Dwarf_Attribute attribute;
    for (const unsigned name : {unsigned{DW_AT_linkage_name}, unsigned{DW_AT_MIPS_linkage_name}}) {
        const char* linkage = dwarf_formstring(dwarf_attr_integrate(scope, name, &attribute));
        if (linkage != nullptr) {
            return readable_function_name(linkage);
        }
    }
    // Compilers leave the linkage name out for functions that other files cannot see.
    const char* plain = dwarf_diename(scope);
    return plain == nullptr ? "" : enclosing_scopes(scope) + plain;
}

bool is_function(Dwarf_Die* scope) {
    const int tag = dwarf_tag(scope);
    return tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine ||
           tag == DW_TAG_entry_point;
}

// The file and line of the call that was inlined as `scope`.
void set_call_place(Dwarf_Die* scope, Dwarf_Die* unit, SymbolFrame& caller) {
    Dwarf_Attribute attribute;
    Dwarf_Word number = 0;
    Dwarf_Word line = 0;
    Dwarf_Files* files = nullptr;
    size_t count = 0;
    const bool has_place =
        dwarf_formudata(dwarf_attr(scope, DW_AT_call_file, &attribute), &number) == 0 &&
        dwarf_formudata(dwarf_attr(scope, DW_AT_call_line, &attribute), &line) == 0 &&
        dwarf_getsrcfiles(unit, &files, &count) == 0 && number < count;
    caller.file = has_place ? source_path(dwarf_filesrc(files, number, nullptr, nullptr)) : "";
    caller.line = has_place ? static_cast<int>(line) : 0;
}

}  // namespace

class Symbolizer::LoadedModule {
public:
    explicit LoadedModule(const Module& module) : file_name_(file_name_of(module.path)) {
        // No name leads out of the file system: a path that is relative or in brackets ("[vdso]")
        // is not a file of the target's.
        if (!module.path.starts_with('/') || access(module.path.c_str(), R_OK) != 0) {
            return;
        }
        session_.reset(dwfl_begin(&kCallbacks));
        if (!session_) {
            return;
        }
        dwfl_report_begin(session_.get());
        module_ =
            dwfl_report_elf(session_.get(), file_name_.c_str(), module.path.c_str(), -1, 0, true);
        if (dwfl_report_end(session_.get(), nullptr, nullptr) != 0 || module_ == nullptr ||
            !is_the_one_that_ran(module)) {
            module_ = nullptr;
            session_.reset();
        }
    }

    std::vector<SymbolFrame> frames(uint64_t offset, bool is_return_address) {
        SymbolFrame plain{file_name_, offset, "", "", 0};
        if (module_ == nullptr) {
            return {plain};
        }
        const Dwarf_Addr address = offset - (is_return_address && offset != 0 ? 1 : 0);
        set_line(address, plain);
        std::vector<SymbolFrame> frames = frames_of_scopes(address, plain);
        if (frames.empty()) {
            plain.function = symbol_at(address);
            frames.push_back(plain);
        } else {
            prefer_qualified(symbol_at(address), frames.back().function);
        }
        return frames;
    }

private:
    // Short debug information (-g1) describes no namespaces, the symbol's name has them. A symbol
    // of another name is a label inside the function, or a clone's.
    static void prefer_qualified(std::string symbol, std::string& function) {
        if (function.empty() || (symbol.ends_with("::" + function))) {
            function = std::move(symbol);
        }
    }

    bool is_the_one_that_ran(const Module& module) {
        GElf_Addr main_bias = 0;
        if (dwfl_module_getelf(module_, &main_bias) == nullptr) {
            return false;
        }
        if (module.build_id.empty()) {
            return true;
        }
        const unsigned char* bits = nullptr;
        GElf_Addr place = 0;
        const int count = dwfl_module_build_id(module_, &bits, &place);
        return count > 0 && hex_of(bits, count) == module.build_id;
    }

    void set_line(Dwarf_Addr address, SymbolFrame& frame) {
        Dwfl_Line* line = dwfl_module_getsrc(module_, address);
        if (line != nullptr) {
            frame.file =
                source_path(dwfl_lineinfo(line, nullptr, &frame.line, nullptr, nullptr, nullptr));
        }
    }

    // A symbol that covers the address; the nearest one before it would be a wrong name in a
    // stripped module.
    std::string symbol_at(Dwarf_Addr address) {
        GElf_Off distance = 0;
        GElf_Sym symbol;
        const char* name =
            dwfl_module_addrinfo(module_, address, &distance, &symbol, nullptr, nullptr, nullptr);
        const bool covers = name != nullptr && distance < symbol.st_size;
        return covers ? readable_function_name(name) : "";
    }

    std::vector<SymbolFrame> frames_of_scopes(Dwarf_Addr address, const SymbolFrame& plain) {
        Dwarf_Addr bias = 0;
        Dwarf_Die* unit = dwfl_module_addrdie(module_, address, &bias);
        Dwarf_Die* found = nullptr;
        if (unit == nullptr || dwarf_getscopes(unit, address - bias, &found) <= 0) {
            return {};
        }
        const ScopeArray innermost(found, &std::free);
        Dwarf_Die* nested = nullptr;
        const int count = dwarf_getscopes_die(&innermost[0], &nested);
        if (count <= 0) {
            return {};
        }
        const ScopeArray scopes(nested, &std::free);
        std::vector<SymbolFrame> frames;
        SymbolFrame frame = plain;
        for (int i = 0; i < count; ++i) {
            if (!is_function(&scopes[i])) {
                continue;
            }
            frame.function = name_of(&scopes[i]);
            frames.push_back(frame);
            if (dwarf_tag(&scopes[i]) != DW_TAG_inlined_subroutine) {
                break;
            }
            set_call_place(&scopes[i], unit, frame);
        }
        return frames;
    }

    struct SessionEnd {
        void operator()(Dwfl* session) const { dwfl_end(session); }
    };

    std::string file_name_;
    std::unique_ptr<Dwfl, SessionEnd> session_;
    Dwfl_Module* module_ = nullptr;  // owned by the session
};

Symbolizer::Symbolizer() = default;
Symbolizer::~Symbolizer() = default;

std::vector<SymbolFrame> Symbolizer::resolve(const Module& module, uint64_t offset,
                                             bool is_return_address) {
    if (cached_count_ >= kCachedMax) {
        for (auto& [path, entry] : entries_) {
            entry.frames.clear();
        }
        cached_count_ = 0;
    }
    Entry& entry = entries_[module.path + '\n' + module.build_id];
    if (!entry.loaded) {
        entry.loaded = std::make_unique<LoadedModule>(module);
    }
    const uint64_t key = offset << 1 | (is_return_address ? 1 : 0);
    const auto [place, is_new] = entry.frames.try_emplace(key);
    if (is_new) {
        place->second = entry.loaded->frames(offset, is_return_address);
        ++cached_count_;
    }
    return place->second;
}

}  // namespace dearth::harness
