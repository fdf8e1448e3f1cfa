// The names in one module: debug information first, symbols second, nothing third. Offline, by
// libdwfl; the module is laid out at its own addresses, so that an offset from the load bias is
// the address to ask for.
//
// Two things libdw offers are not used, because they fail on real modules: dwfl_module_addrdie
// alone needs .debug_aranges, which clang leaves out; dwarf_getscopes gives up when an inlined
// function was written in another unit, which is the rule under link-time optimization. Both are
// replaced by tables of address ranges, made once a unit, and a walk from the function down.
#pragma once

#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "harness/model/finding.h"

namespace dearth::harness {

class ModuleSymbols {
public:
    explicit ModuleSymbols(const Module& module);

    // Innermost first, never empty; see frame_source.h.
    std::vector<SymbolFrame> frames(uint64_t offset, bool is_return_address);

private:
    // Addresses [begin, end) belong to `die`, a unit or a function.
    struct Range {
        Dwarf_Addr begin = 0;
        Dwarf_Addr end = 0;
        Dwarf_Addr bias = 0;  // of a unit: debug information's addresses + bias = the module's
        Dwarf_Die die = {};
    };
    using Ranges = std::vector<Range>;

    static void add_ranges(Dwarf_Die* die, Dwarf_Addr bias, Ranges& ranges);
    static void add_functions(Dwarf_Die* parent, Ranges& ranges);
    static const Range* range_at(const Ranges& ranges, Dwarf_Addr address);

    bool is_the_one_that_ran(const Module& module);
    const Range* unit_at(Dwarf_Addr address);
    const Range* function_at(Dwarf_Die* unit, Dwarf_Addr address);
    std::vector<SymbolFrame> frames_in_unit(Dwarf_Die* unit, Dwarf_Addr address,
                                            const SymbolFrame& plain);
    std::string symbol_at(Dwarf_Addr address);

    struct SessionEnd {
        void operator()(Dwfl* session) const { dwfl_end(session); }
    };

    std::string file_name_;
    std::unique_ptr<Dwfl, SessionEnd> session_;
    Dwfl_Module* module_ = nullptr;  // owned by the session; null: no names
    Ranges units_;
    bool has_units_ = false;
    std::unordered_map<Dwarf_Off, Ranges> functions_;  // of a unit, by its offset
};

}  // namespace dearth::harness
