// What the debug information calls a function, by libdw.
#include "harness/triage/scope_names.h"

#include <dwarf.h>

#include <cstdlib>
#include <filesystem>
#include <memory>

#include "harness/triage/function_name.h"

namespace dearth::harness {
namespace {

using ScopeArray = std::unique_ptr<Dwarf_Die[], decltype(&std::free)>;

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

}  // namespace

std::string scope_name(Dwarf_Die* scope) {
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

std::string source_path(const char* path) {
    return path == nullptr ? "" : std::filesystem::path(path).lexically_normal().string();
}

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

}  // namespace dearth::harness
