// The key table as a JSON Schema; see scenario_schema.h. It accepts what the loader accepts and
// refuses unknown keys; what needs two keys to be judged is left to the loader. A matrix variable
// may stand for any value, so every value has that second form.
#include "harness/scenario/scenario_schema.h"

#include <fmt/format.h>

#include "harness/base/text.h"
#include "harness/scenario/scenario_keys.h"

namespace dearth::harness {
namespace {

constexpr std::string_view kVariable = "{\"$ref\": \"#/definitions/matrix-variable\"}";

std::string quoted(std::string_view text) {
    return fmt::format("\"{}\"", json_escaped(text));
}

std::string pattern(std::string_view regex) {
    return fmt::format("{{\"type\": \"string\", \"pattern\": {}}}", quoted(regex));
}

// A definition is named after the path whose keys several rows share.
bool is_shared(const ScenarioKey& row) {
    for (const ScenarioKey& other : scenario_keys()) {
        if (other.same_as == row.path) {
            return true;
        }
    }
    return false;
}

std::string words_schema(const ScenarioKey& row) {
    std::vector<std::string> words;
    for (const std::string_view word : words_of(row)) {
        words.push_back(quoted(word));
    }
    for (const std::string_view word : words_of(row)) {
        // YAML 1.1 readers make a boolean of `off`, and everybody a number of digits.
        if (word == "off") {
            words.emplace_back("false");
        } else if (whole_number_from_text(word)) {
            words.emplace_back(word);
        }
    }
    return fmt::format("{{\"enum\": [{}]}}", join(words, ", "));
}

std::string integer_schema(uint64_t minimum, uint64_t maximum) {
    const std::string upper =
        maximum == UINT64_MAX ? "" : fmt::format(", \"maximum\": {}", maximum);
    return fmt::format("{{\"type\": \"integer\", \"minimum\": {}{}}}", minimum, upper);
}

std::string any_of(const std::vector<std::string>& schemas) {
    return schemas.size() == 1 ? schemas.front()
                               : fmt::format("{{\"anyOf\": [{}]}}", join(schemas, ", "));
}

// What one scalar of the row may be, without the matrix variable.
std::string scalar_schema(const ScenarioKey& row) {
    switch (row.type) {
        case ValueType::kNone:
            return "{}";
        case ValueType::kVersion:
            return "{\"enum\": [1]}";
        case ValueType::kText:
        case ValueType::kRegex:
        case ValueType::kSchedule:
            return "{\"type\": \"string\"}";
        case ValueType::kAnyText:
            return "{\"type\": [\"string\", \"number\", \"boolean\"]}";
        case ValueType::kName:
            return any_of({pattern("^[a-z0-9._-]{1,64}$"), integer_schema(0, UINT64_MAX)});
        case ValueType::kWord:
            return words_schema(row);
        case ValueType::kInteger:
            return integer_schema(row.minimum, row.maximum);
        case ValueType::kByte:
            return integer_schema(0, 255);
        case ValueType::kSize:
            return pattern("^[0-9]+(B|KiB|MiB|GiB)$");
        case ValueType::kDuration:
            return pattern("^[0-9]+(ms|s|min|h)$");
        case ValueType::kOrdinals:
            return any_of({integer_schema(1, UINT64_MAX), pattern("^[0-9]+(\\.\\.[0-9]*)?$")});
        case ValueType::kSeeds:
            return any_of({integer_schema(0, UINT64_MAX), pattern("^[0-9]+(\\.\\.[0-9]+)?$")});
        case ValueType::kProbability:
            return any_of({"{\"type\": \"number\", \"exclusiveMinimum\": 0, \"maximum\": 1}",
                           pattern("^[0-9]+(\\.[0-9]+)?%?$")});
        case ValueType::kSizeFilter:
            return pattern(
                "^((>=|<=)[0-9]+(B|KiB|MiB|GiB)|[0-9]+(B|KiB|MiB|GiB)"
                "(\\.\\.[0-9]+(B|KiB|MiB|GiB))?)$");
        case ValueType::kAlignFilter:
            return pattern("^>=[0-9]+(B|KiB|MiB|GiB)$");
        case ValueType::kGlob:
            return "{\"type\": \"string\", \"minLength\": 1, \"maxLength\": 63}";
        case ValueType::kKind:
            return pattern("^(once|persistent|sticky|burst=[0-9]+)$");
        case ValueType::kPoints:
            return pattern("^(all|sites|sample:[0-9]+)$");
        case ValueType::kOutcome:
            return pattern("^(ok|error|exit:[0-9]+|signal:[A-Z0-9]+)$");
        case ValueType::kIdentifier:
            return pattern("^[A-Za-z_.][A-Za-z0-9_.]{0,30}$");
        case ValueType::kFindingId:
            return any_of({pattern("^[0-9A-Fa-f]{8,16}$"), integer_schema(0, UINT64_MAX)});
        case ValueType::kDate:
            return pattern("^[0-9]{4}-[0-9]{2}-[0-9]{2}$");
    }
    return "{}";
}

class SchemaWriter {
public:
    std::string write();

private:
    // The value of a row: `indent` is that of the line it starts in.
    std::string row_schema(const ScenarioKey& row, size_t indent);
    std::string one_schema(const ScenarioKey& row, size_t indent);
    std::string map_schema(const ScenarioKey* row, size_t indent);
    std::string exactly_one_schema(const ScenarioKey& row) const;
};

std::string blanks(size_t indent) {
    return std::string(indent, ' ');
}

// The map's schema, or where it stands.
std::string SchemaWriter::one_schema(const ScenarioKey& row, size_t indent) {
    std::vector<std::string> forms;
    if (row.type != ValueType::kNone) {
        forms.push_back(scalar_schema(row));
        forms.emplace_back(kVariable);
    }
    if (!row.same_as.empty() || is_shared(row)) {
        const std::string_view name = row.same_as.empty() ? row.path : row.same_as;
        forms.push_back(fmt::format("{{\"$ref\": \"#/definitions/{}\"}}", name));
    } else if (!keys_below(&row).empty()) {
        forms.push_back(map_schema(&row, indent));
    }
    return any_of(forms);
}

std::string SchemaWriter::row_schema(const ScenarioKey& row, size_t indent) {
    const std::string one = one_schema(row, indent);
    const std::string list = fmt::format("{{\"type\": \"array\", \"items\": {}}}", one);
    std::string value = one;
    if (row.shape == Shape::kMany) {
        value = list;
    } else if (row.shape == Shape::kOneOrMany) {
        value = fmt::format("{{\"anyOf\": [{}, {}]}}", one, list);
    }
    // draft-07 overlooks what stands beside a $ref, hence allOf.
    return fmt::format("{{\"description\": {}, \"allOf\": [{}]}}", quoted(row.doc), value);
}

std::string SchemaWriter::exactly_one_schema(const ScenarioKey& row) const {
    std::vector<std::string> choices;
    for (const std::string_view key : split(row.exactly_one_of, '|')) {
        choices.push_back(fmt::format("{{\"required\": [{}]}}", quoted(key)));
    }
    return fmt::format("\"oneOf\": [{}]", join(choices, ", "));
}

std::string SchemaWriter::map_schema(const ScenarioKey* row, size_t indent) {
    const std::string inner = blanks(indent + 2);
    std::vector<std::string> properties;
    std::vector<std::string> required;
    std::string additional = "false";
    for (const ScenarioKey* child : keys_below(row)) {
        if (child->presence == Presence::kReserved) {
            continue;
        }
        if (key_name(*child) == "*") {
            additional = row_schema(*child, indent + 2);
            continue;
        }
        properties.push_back(fmt::format("{}  {}: {}", inner, quoted(key_name(*child)),
                                         row_schema(*child, indent + 4)));
        if (child->presence == Presence::kRequired) {
            required.push_back(quoted(key_name(*child)));
        }
    }
    std::vector<std::string> members = {inner + "\"type\": \"object\""};
    if (!properties.empty()) {
        members.push_back(
            fmt::format("{0}\"properties\": {{\n{1}\n{0}}}", inner, join(properties, ",\n")));
    }
    if (!required.empty()) {
        members.push_back(fmt::format("{}\"required\": [{}]", inner, join(required, ", ")));
    }
    if (row != nullptr && !row->exactly_one_of.empty()) {
        members.push_back(inner + exactly_one_schema(*row));
    }
    members.push_back(fmt::format("{}\"additionalProperties\": {}", inner, additional));
    return fmt::format("{{\n{}\n{}}}", join(members, ",\n"), blanks(indent));
}

std::string SchemaWriter::write() {
    std::vector<std::string> definitions = {"    \"matrix-variable\": " +
                                            pattern("\\$\\{\\{\\s*matrix\\..*\\}\\}")};
    for (const ScenarioKey& row : scenario_keys()) {
        if (is_shared(row)) {
            definitions.push_back(fmt::format("    {}: {}", quoted(row.path), map_schema(&row, 4)));
        }
    }
    std::string top = map_schema(nullptr, 0);
    const std::string head = fmt::format(
        "{{\n"
        "  \"$schema\": \"http://json-schema.org/draft-07/schema#\",\n"
        "  \"title\": \"dearth scenario, version 1\",\n"
        "  \"definitions\": {{\n{}\n  }},",
        join(definitions, ",\n"));
    return head + top.substr(1) + "\n";
}

}  // namespace

std::string scenario_schema_text() {
    return SchemaWriter().write();
}

}  // namespace dearth::harness
