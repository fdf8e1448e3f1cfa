// Names of functions, reduced to what people and signatures need. A demangled name is
// `[return type] qualified::name<arguments>[(parameters)][ const]`, where the name itself may be
// `operator()`, `operator<`, `(anonymous namespace)` or `{lambda(int)#1}`.
#include "harness/triage/function_name.h"

#include <cxxabi.h>

#include <cctype>
#include <cstdlib>
#include <memory>

namespace dearth::harness {
namespace {

constexpr std::string_view kOperator = "operator";
constexpr std::string_view kAnonymous = "(anonymous namespace)";

std::string demangled(const std::string& symbol) {
    if (!symbol.starts_with("_Z")) {
        return symbol;
    }
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> name(
        abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status), &std::free);
    return status == 0 && name ? std::string(name.get()) : symbol;
}

// Clone suffixes and symbol versions; a dot never stands in a name that a compiler was given.
std::string_view without_suffixes(std::string_view symbol) {
    const size_t version = symbol.find('@');
    if (version != std::string_view::npos && version != 0) {
        symbol = symbol.substr(0, version);
    }
    const size_t dot = symbol.find('.');
    return dot == std::string_view::npos || dot == 0 ? symbol : symbol.substr(0, dot);
}

// Length of an operator's name at the start of `text` ("operator<<", "operator()"), 0 if none.
// A conversion ("operator int") counts as the word alone: a type is no bracket.
size_t operator_length(std::string_view text) {
    if (!text.starts_with(kOperator)) {
        return 0;
    }
    size_t end = kOperator.size();
    if (end < text.size() &&
        (std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '_')) {
        return 0;  // a longer word
    }
    if (text.substr(end).starts_with("()") || text.substr(end).starts_with("[]")) {
        return end + 2;
    }
    if (text.substr(end).starts_with("<=>")) {
        return end + 3;
    }
    for (int count = 0; count < 3 && end < text.size(); ++count) {
        if (std::string_view("<>-=+*/%&|^!~,").find(text[end]) == std::string_view::npos) {
            break;
        }
        ++end;
    }
    return end;
}

bool begins_word(std::string_view text, size_t at) {
    return at == 0 ||
           (std::isalnum(static_cast<unsigned char>(text[at - 1])) == 0 && text[at - 1] != '_');
}

// `text` begins with parameters. Those of an enclosing function ("f(int)::g(char)") are followed by
// a scope: their length; 0 for the last ones.
size_t parameters_of_enclosing(std::string_view text) {
    int depth = 0;
    size_t end = 0;
    do {
        depth += text[end] == '(' ? 1 : text[end] == ')' ? -1 : 0;
        ++end;
    } while (end < text.size() && depth > 0);
    const size_t scope = text.find("::", end);
    return scope == std::string_view::npos || text.find('(', end) < scope ? 0 : scope;
}

// Drops parameters, what follows them, the return type and, where asked, template arguments.
std::string reduced(std::string_view text, bool keeps_template_arguments) {
    std::string out;
    int angle_depth = 0;
    int brace_depth = 0;
    for (size_t at = 0; at < text.size();) {
        const std::string_view rest = text.substr(at);
        const size_t operator_bytes = begins_word(text, at) ? operator_length(rest) : 0;
        size_t taken = 1;
        bool is_kept = angle_depth == 0 || keeps_template_arguments;
        if (operator_bytes != 0) {
            taken = operator_bytes;
            if (taken == kOperator.size()) {
                // `operator new[]`, `operator int`: the rest of the name up to its parameters.
                taken = std::min(rest.find('('), rest.size());
            } else if (rest.substr(taken).starts_with(" <")) {
                // `operator< <int>`: the blank is no return type's.
                out += rest.substr(0, taken);
                at += taken + 1;
                continue;
            }
        } else if (rest.starts_with(kAnonymous)) {
            taken = kAnonymous.size();
        } else if (rest[0] == '<') {
            is_kept = keeps_template_arguments;
            ++angle_depth;
        } else if (rest[0] == '>' && angle_depth > 0) {
            --angle_depth;
        } else if (rest[0] == '{') {
            ++brace_depth;
        } else if (rest[0] == '}') {
            --brace_depth;
        } else if (angle_depth == 0 && brace_depth == 0) {
            if (rest[0] == '(' && !out.empty()) {
                const size_t skipped = parameters_of_enclosing(rest);
                if (skipped == 0) {
                    break;
                }
                at += skipped;
                continue;
            }
            if (rest[0] == ' ') {
                out.clear();  // what stood before was the return type
                is_kept = false;
            }
        }
        if (is_kept) {
            out += rest.substr(0, taken);
        }
        at += taken;
    }
    return out.empty() ? std::string(text) : out;
}

}  // namespace

std::string readable_function_name(std::string_view symbol) {
    const std::string name = demangled(std::string(without_suffixes(symbol)));
    return name == symbol || !symbol.starts_with("_Z") ? name : reduced(name, true);
}

std::string bare_function_name(std::string_view name) {
    const bool is_plain = name.find_first_of("<( ") == std::string_view::npos;
    return is_plain ? std::string(without_suffixes(name)) : reduced(name, false);
}

}  // namespace dearth::harness
