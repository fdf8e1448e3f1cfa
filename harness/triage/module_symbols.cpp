// The names in one module, by elfutils' libdwfl and libdw.
#include "harness/triage/module_symbols.h"

#include <dwarf.h>
#include <unistd.h>

#include <algorithm>

#include "harness/triage/function_name.h"
#include "harness/triage/scope_names.h"

namespace dearth::harness {
namespace {

const Dwfl_Callbacks kCallbacks = {
    .find_elf = dwfl_build_id_find_elf,
    .find_debuginfo = dwfl_standard_find_debuginfo,
    .section_address = dwfl_offline_section_address,
    .debuginfo_path = nullptr,  // libdwfl's default: beside the file, .debug, /usr/lib/debug
};

std::string file_name_of(const std::string& path) {
    const size_t slash = path.rfind('/');
    return slash == std::string::npos ? path : path.substr(slash + 1);
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

void set_line(Dwarf_Die* unit, Dwarf_Addr address, SymbolFrame& frame) {
    Dwarf_Line* line = dwarf_getsrc_die(unit, address);
    if (line != nullptr) {
        frame.file = source_path(dwarf_linesrc(line, nullptr, nullptr));
        dwarf_lineno(line, &frame.line);
    }
}

// The inlined calls around `address` inside `scope`, outermost first.
void append_inlined(Dwarf_Die scope, Dwarf_Addr address, std::vector<Dwarf_Die>& calls) {
    Dwarf_Die child;
    if (dwarf_child(&scope, &child) != 0) {
        return;
    }
    do {
        const int tag = dwarf_tag(&child);
        const bool is_scope = tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block;
        if (is_scope && dwarf_haspc(&child, address) > 0) {
            if (tag == DW_TAG_inlined_subroutine) {
                calls.push_back(child);
            }
            append_inlined(child, address, calls);
            return;
        }
    } while (dwarf_siblingof(&child, &child) == 0);
}

// Short debug information (-g1) describes no namespaces, the symbol's name has them. A symbol of
// another name is a label inside the function, or a clone's.
void prefer_qualified(std::string symbol, std::string& function) {
    if (function.empty() || symbol.ends_with("::" + function)) {
        function = std::move(symbol);
    }
}

}  // namespace

ModuleSymbols::ModuleSymbols(const Module& module) : file_name_(file_name_of(module.path)) {
    // A path that is relative or in brackets ("[vdso]") is no file of the target's.
    if (!module.path.starts_with('/') || access(module.path.c_str(), R_OK) != 0) {
        return;
    }
    session_.reset(dwfl_begin(&kCallbacks));
    if (!session_) {
        return;
    }
    dwfl_report_begin(session_.get());
    module_ = dwfl_report_elf(session_.get(), file_name_.c_str(), module.path.c_str(), -1, 0, true);
    if (dwfl_report_end(session_.get(), nullptr, nullptr) != 0 || module_ == nullptr ||
        !is_the_one_that_ran(module)) {
        module_ = nullptr;
        session_.reset();
    }
}

std::vector<SymbolFrame> ModuleSymbols::frames(uint64_t offset, bool is_return_address) {
    SymbolFrame plain{file_name_, offset, "", "", 0};
    if (module_ == nullptr) {
        return {plain};
    }
    const Dwarf_Addr address = offset - (is_return_address && offset != 0 ? 1 : 0);
    std::vector<SymbolFrame> frames;
    if (const Range* unit = unit_at(address); unit != nullptr) {
        Dwarf_Die die = unit->die;
        set_line(&die, address - unit->bias, plain);
        frames = frames_in_unit(&die, address - unit->bias, plain);
    }
    if (frames.empty()) {
        plain.function = symbol_at(address);
        frames.push_back(plain);
    } else {
        prefer_qualified(symbol_at(address), frames.back().function);
    }
    return frames;
}

bool ModuleSymbols::is_the_one_that_ran(const Module& module) {
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

void ModuleSymbols::add_ranges(Dwarf_Die* die, Dwarf_Addr bias, Ranges& ranges) {
    Dwarf_Addr base = 0;
    Dwarf_Addr begin = 0;
    Dwarf_Addr end = 0;
    ptrdiff_t at = 0;
    while ((at = dwarf_ranges(die, at, &base, &begin, &end)) > 0) {
        ranges.push_back({begin + bias, end + bias, bias, *die});
    }
}

// Functions stand in units and in their namespaces and types, to any depth.
void ModuleSymbols::add_functions(Dwarf_Die* parent, Ranges& ranges) {
    Dwarf_Die child;
    if (dwarf_child(parent, &child) != 0) {
        return;
    }
    do {
        switch (dwarf_tag(&child)) {
            case DW_TAG_subprogram:
                add_ranges(&child, 0, ranges);
                break;
            case DW_TAG_namespace:
            case DW_TAG_structure_type:
            case DW_TAG_class_type:
            case DW_TAG_union_type:
                add_functions(&child, ranges);
                break;
            default:
                break;
        }
    } while (dwarf_siblingof(&child, &child) == 0);
}

const ModuleSymbols::Range* ModuleSymbols::range_at(const Ranges& ranges, Dwarf_Addr address) {
    auto next =
        std::upper_bound(ranges.begin(), ranges.end(), address,
                         [](Dwarf_Addr place, const Range& range) { return place < range.begin; });
    const bool is_inside = next != ranges.begin() && address < (--next)->end;
    return is_inside ? &*next : nullptr;
}

const ModuleSymbols::Range* ModuleSymbols::unit_at(Dwarf_Addr address) {
    if (!has_units_) {
        has_units_ = true;
        Dwarf_Addr bias = 0;
        Dwarf_Die* unit = nullptr;
        while ((unit = dwfl_module_nextcu(module_, unit, &bias)) != nullptr) {
            add_ranges(unit, bias, units_);
        }
        std::sort(units_.begin(), units_.end(),
                  [](const Range& a, const Range& b) { return a.begin < b.begin; });
    }
    return range_at(units_, address);
}

const ModuleSymbols::Range* ModuleSymbols::function_at(Dwarf_Die* unit, Dwarf_Addr address) {
    const auto [place, is_new] = functions_.try_emplace(dwarf_dieoffset(unit));
    Ranges& ranges = place->second;
    if (is_new) {
        add_functions(unit, ranges);
        std::sort(ranges.begin(), ranges.end(),
                  [](const Range& a, const Range& b) { return a.begin < b.begin; });
    }
    return range_at(ranges, address);
}

std::vector<SymbolFrame> ModuleSymbols::frames_in_unit(Dwarf_Die* unit, Dwarf_Addr address,
                                                       const SymbolFrame& plain) {
    const Range* function = function_at(unit, address);
    if (function == nullptr) {
        return {};
    }
    std::vector<Dwarf_Die> scopes = {function->die};
    append_inlined(function->die, address, scopes);
    std::vector<SymbolFrame> frames;
    SymbolFrame frame = plain;
    for (auto scope = scopes.rbegin(); scope != scopes.rend(); ++scope) {
        frame.function = scope_name(&*scope);
        frames.push_back(frame);
        if (dwarf_tag(&*scope) == DW_TAG_inlined_subroutine) {
            set_call_place(&*scope, unit, frame);
        }
    }
    return frames;
}

// A symbol that covers the address; the nearest one before it would be a wrong name in a
// stripped module.
std::string ModuleSymbols::symbol_at(Dwarf_Addr address) {
    GElf_Off distance = 0;
    GElf_Sym symbol;
    const char* name =
        dwfl_module_addrinfo(module_, address, &distance, &symbol, nullptr, nullptr, nullptr);
    const bool covers = name != nullptr && distance < symbol.st_size;
    return covers ? readable_function_name(name) : "";
}

}  // namespace dearth::harness
