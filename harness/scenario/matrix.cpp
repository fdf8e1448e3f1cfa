// Combinations and substitution; see matrix.h.
#include "harness/scenario/matrix.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "harness/base/text.h"

namespace dearth::harness {
namespace {

constexpr std::string_view kOpen = "${{";
constexpr std::string_view kClose = "}}";
constexpr std::string_view kPrefix = "matrix.";

std::string name_word(std::string_view value) {
    std::string word;
    for (const char letter : value) {
        const bool is_upper = letter >= 'A' && letter <= 'Z';
        const bool is_plain = (letter >= 'a' && letter <= 'z') ||
                              (letter >= '0' && letter <= '9') || letter == '_' || letter == '.';
        const char kept = is_upper ? static_cast<char>(letter - 'A' + 'a') : letter;
        if (is_upper || is_plain) {
            word += kept;
        } else if (!word.empty() && word.back() != '-') {
            word += '-';
        }
    }
    while (word.ends_with('-')) {
        word.pop_back();
    }
    return word.substr(0, 32);
}

// Values as parts of a name; one that is empty or taken gets its key and position instead.
std::vector<std::string> name_words(const YamlEntry& variable) {
    std::vector<std::string> words;
    for (const YamlNode& value : variable.value.items) {
        std::string word = name_word(value.text);
        if (word.empty() || std::find(words.begin(), words.end(), word) != words.end()) {
            word = fmt::format("{}-{}", name_word(variable.key), words.size() + 1);
        }
        words.push_back(std::move(word));
    }
    return words;
}

bool is_right_variable(const YamlEntry& variable, DiagnosticSink& sink) {
    const YamlNode& value = variable.value;
    if (!value.is_list()) {
        return false;  // the shape check says so
    }
    if (value.items.empty()) {
        sink.report(value.place, "empty-matrix",
                    fmt::format("`matrix.{}` has no values, so nothing would run", variable.key),
                    "name one at least");
        return false;
    }
    return std::all_of(value.items.begin(), value.items.end(),
                       [](const YamlNode& item) { return item.is_scalar(); });
}

class Substitution {
public:
    Substitution(const MatrixCombination& combination, DiagnosticSink& sink)
        : combination_(combination), sink_(sink) {}

    void apply(YamlNode& node) {
        if (node.is_scalar()) {
            apply_text(node);
        }
        for (YamlNode& item : node.items) {
            apply(item);
        }
        for (YamlEntry& entry : node.entries) {
            apply(entry.value);
        }
    }

private:
    void apply_text(YamlNode& node);
    // What stands for the expression between the braces; nullopt: reported.
    std::optional<std::string_view> value_of(std::string_view expression, const Place& place);

    const MatrixCombination& combination_;
    DiagnosticSink& sink_;
};

void Substitution::apply_text(YamlNode& node) {
    const std::string_view text = node.text;
    if (text.find(kOpen) == std::string_view::npos) {
        return;
    }
    std::string result;
    size_t from = 0;
    for (size_t at = text.find(kOpen); at != std::string_view::npos; at = text.find(kOpen, from)) {
        if (at > from && text[at - 1] == '$') {
            result += text.substr(from, at - 1 - from);
            result += kOpen;
            from = at + kOpen.size();
            continue;
        }
        const size_t close = text.find(kClose, at);
        if (close == std::string_view::npos) {
            sink_.report(node.place, "bad-variable", "`${{` is never closed by `}}`",
                         "write `$${{` for the text itself");
            return;
        }
        const size_t inside = at + kOpen.size();
        const auto value = value_of(trim(text.substr(inside, close - inside)), node.place);
        if (!value) {
            return;
        }
        result += text.substr(from, at - from);
        result += *value;
        from = close + kClose.size();
        node.is_substituted = true;
    }
    result += text.substr(from);
    node.text = std::move(result);
}

std::optional<std::string_view> Substitution::value_of(std::string_view expression,
                                                       const Place& place) {
    std::vector<std::string_view> names;
    for (const auto& [name, value] : combination_.values) {
        if (expression.starts_with(kPrefix) && expression.substr(kPrefix.size()) == name) {
            return value;
        }
        names.push_back(name);
    }
    if (!expression.starts_with(kPrefix)) {
        sink_.report(
            place, "bad-variable",
            fmt::format("`{}` is no variable: only `matrix.KEY` is", shortened(expression, 40)),
            "write `$${{` for the text itself");
        return std::nullopt;
    }
    const std::string_view name = expression.substr(kPrefix.size());
    const auto near = nearest_word(name, names);
    sink_.report(place, "unknown-variable",
                 fmt::format("`matrix` has no `{}`", shortened(name, 40)),
                 near ? fmt::format("did you mean `{}`?", *near) : "",
                 names.empty() ? "this file has no `matrix`" : "matrix keys: " + join(names, ", "));
    return std::nullopt;
}

}  // namespace

std::vector<MatrixCombination> matrix_combinations(const YamlNode& root, DiagnosticSink& sink) {
    std::vector<MatrixCombination> combinations(1);
    const YamlEntry* matrix = root.find_entry("matrix");
    if (matrix == nullptr || !matrix->value.is_map()) {
        return combinations;
    }
    if (matrix->value.entries.empty()) {
        sink.report(matrix->key_place, "empty-matrix", "`matrix` has no keys");
        return {};
    }
    bool is_right = true;
    for (const YamlEntry& variable : matrix->value.entries) {
        is_right = is_right_variable(variable, sink) && is_right;
    }
    if (!is_right) {
        return {};
    }
    for (const YamlEntry& variable : matrix->value.entries) {
        const std::vector<std::string> words = name_words(variable);
        if (words.size() * combinations.size() > kMatrixCombinationsMax) {
            sink.report(
                matrix->key_place, "matrix-too-large",
                fmt::format("`matrix` has more than {} combinations", kMatrixCombinationsMax),
                "split the file");
            return {};
        }
        std::vector<MatrixCombination> product;
        for (const MatrixCombination& so_far : combinations) {
            for (size_t index = 0; index < words.size(); ++index) {
                MatrixCombination next = so_far;
                next.values.emplace_back(variable.key, variable.value.items[index].text);
                next.words.push_back(words[index]);
                product.push_back(std::move(next));
            }
        }
        combinations = std::move(product);
    }
    return combinations;
}

YamlNode substituted(const YamlNode& root, const MatrixCombination& combination,
                     DiagnosticSink& sink) {
    YamlNode copy = root;
    Substitution substitution(combination, sink);
    for (YamlEntry& entry : copy.entries) {
        if (entry.key != "matrix") {
            substitution.apply(entry.value);
        }
    }
    return copy;
}

bool has_matrix_variable(std::string_view text) {
    for (size_t at = text.find(kOpen); at != std::string_view::npos;
         at = text.find(kOpen, at + 1)) {
        if (at == 0 || text[at - 1] != '$') {
            return true;
        }
    }
    return false;
}

}  // namespace dearth::harness
