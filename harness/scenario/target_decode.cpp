// `target` to Target; see target_decode.h.
#include "harness/scenario/target_decode.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "dearth/allocator.h"
#include "harness/model/run_facts.h"
#include "harness/scenario/scenario_files.h"

namespace dearth::harness {
namespace {

class TargetDecoder {
public:
    TargetDecoder(const YamlEntry& target, DiagnosticSink& sink) : target_(target), sink_(sink) {}

    Target decode();

private:
    // Nothing: with a wrong engine nobody can say which keys belong to it.
    std::optional<Engine> decode_engine() const;
    void check_keys(Engine engine);
    std::optional<Script> decode_script(std::string_view key);
    Script inline_script(const YamlNode& node);
    std::optional<Script> script_from_file(const YamlNode& file);
    void decode_env(Target& target);
    void decode_run(Target& target);
    void decode_input(Target& target);
    std::string path_beside(const YamlNode& file) const;
    void decode_domains(Target& target);
    void refuse(std::string_view key, std::string_view engines);

    const YamlEntry& target_;
    DiagnosticSink& sink_;
};

std::optional<Engine> TargetDecoder::decode_engine() const {
    const YamlNode* engine = target_.value.scalar("engine");
    return engine != nullptr ? engine_from_word(engine->text) : std::nullopt;
}

void TargetDecoder::check_keys(Engine engine) {
    if (engine == Engine::kCApi || engine == Engine::kExec) {
        refuse("script", "lua and python");
        refuse("warmup", "lua and python");
        if (target_.value.find("run") == nullptr) {
            sink_.report(target_.key_place, "missing-key",
                         fmt::format("engine `{}` needs the program to start", engine_word(engine)),
                         "`run: [./program]`");
        }
    } else {
        refuse("run", "c-api and exec");
        if (target_.value.find("script") == nullptr) {
            sink_.report(target_.key_place, "missing-key",
                         fmt::format("engine `{}` needs a `script`", engine_word(engine)),
                         "text in a `|` block, or `{ file: path }`");
        }
    }
    if (engine == Engine::kLua || engine == Engine::kExec) {
        refuse("domains", "python and c-api");
    }
    if (engine != Engine::kExec) {
        refuse("stdin", "exec");
        refuse("cwd", "exec");
    }
}

Target TargetDecoder::decode() {
    Target target;
    if (const std::optional<Engine> engine = decode_engine()) {
        target.engine = *engine;
        check_keys(*engine);
    }
    target.script = decode_script("script").value_or(Script{});
    target.warmup = decode_script("warmup");
    decode_run(target);
    decode_input(target);
    const YamlNode* folder = target_.value.scalar("cwd");
    target.has_private_folder = folder != nullptr && folder->text == "private";
    decode_env(target);
    decode_domains(target);
    return target;
}

void TargetDecoder::refuse(std::string_view key, std::string_view engines) {
    if (const YamlEntry* entry = target_.value.find_entry(key)) {
        sink_.report(entry->key_place, "conflict",
                     fmt::format("`{}` is for engine {}", key, engines), "leave it out");
    }
}

std::optional<Script> TargetDecoder::decode_script(std::string_view key) {
    const YamlNode* node = target_.value.find(key);
    if (node == nullptr) {
        return std::nullopt;
    }
    if (node->is_scalar()) {
        return inline_script(*node);
    }
    const YamlNode* file = node->scalar("file");
    return file != nullptr ? script_from_file(*file) : std::nullopt;
}

// The interpreter counts lines from the start of its text; line feeds before it make its numbers
// those of the YAML file. The text of a `|` block starts in the line after the bar.
Script TargetDecoder::inline_script(const YamlNode& node) {
    const bool is_block = node.style == YamlNode::Style::kLiteral;
    if (node.style == YamlNode::Style::kFolded || node.spans_lines) {
        sink_.report(node.place, "folded-script",
                     "the lines of this script are joined, so its line numbers are lost",
                     "use a `|` block");
    }
    const size_t lines_before = is_block ? node.place.line : node.place.line - 1;
    return Script{std::string(lines_before, '\n') + node.text, sink_.source().path()};
}

std::string TargetDecoder::path_beside(const YamlNode& file) const {
    namespace fs = std::filesystem;
    const fs::path folder = fs::path(sink_.source().path()).parent_path();
    return (folder / file.text).lexically_normal().string();
}

std::optional<Script> TargetDecoder::script_from_file(const YamlNode& file) {
    const std::string path = path_beside(file);
    Result<std::string> text = read_text_file(path, kScriptBytesMax);
    if (!text) {
        sink_.report(file.place, "unreadable-script",
                     fmt::format("the script `{}` cannot be read: {}", path, text.error().message),
                     "paths are relative to this file");
        return std::nullopt;
    }
    return Script{text.take(), path};
}

void TargetDecoder::decode_run(Target& target) {
    const YamlEntry* run = target_.value.find_entry("run");
    if (run == nullptr) {
        return;
    }
    for (const YamlNode* argument : target_.value.scalars("run")) {
        target.run.push_back(argument->text);
    }
    if (run->value.is_list() && (target.run.empty() || target.run.front().empty())) {
        sink_.report(run->value.place, "bad-value", "`run` names no program");
    }
}

void TargetDecoder::decode_input(Target& target) {
    const YamlNode* input = target_.value.find("stdin");
    if (input == nullptr) {
        return;
    }
    if (input->is_scalar()) {
        target.input = StandardInput{input->text, ""};
    } else if (const YamlNode* file = input->scalar("file")) {
        target.input = StandardInput{"", path_beside(*file)};
        if (access(target.input->path.c_str(), R_OK) != 0) {
            sink_.report(file->place, "unreadable-input",
                         fmt::format("the input `{}` cannot be read: {}", target.input->path,
                                     std::strerror(errno)),
                         "paths are relative to this file");
        }
    }
}

void TargetDecoder::decode_env(Target& target) {
    const YamlNode* env = target_.value.find("env");
    if (env == nullptr) {
        return;
    }
    const auto is_name_letter = [](char letter) {
        return letter == '_' || (letter >= '0' && letter <= '9') ||
               (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z');
    };
    for (const YamlEntry& entry : env->entries) {
        const bool is_name = !entry.key.empty() && !(entry.key[0] >= '0' && entry.key[0] <= '9') &&
                             std::all_of(entry.key.begin(), entry.key.end(), is_name_letter);
        if (!is_name) {
            sink_.report(entry.key_place, "bad-value",
                         fmt::format("`{}` is no name of an environment variable", entry.key),
                         "letters, digits and `_`");
        } else if (entry.key.starts_with("DEARTH_")) {
            sink_.report(entry.key_place, "bad-value",
                         fmt::format("`{}` is dearth's own", entry.key),
                         "names with DEARTH_ are set by the harness");
        }
        target.env[entry.key] = entry.value.text;
    }
}

void TargetDecoder::decode_domains(Target& target) {
    const YamlNode* domains = target_.value.find("domains");
    if (domains == nullptr) {
        return;
    }
    for (const YamlNode* word : target_.value.scalars("domains")) {
        for (uint32_t domain = 0; domain < DEARTH_DOMAIN_COUNT; ++domain) {
            if (word->text == dearth_domain_name(domain)) {
                target.domain_mask |= 1u << domain;
            }
        }
    }
    if (domains->is_list() && domains->items.empty()) {
        sink_.report(domains->place, "bad-value", "`domains` names none", "leave it out for all");
    }
}

}  // namespace

Target decode_target(const YamlEntry& target, DiagnosticSink& sink) {
    return target.value.is_map() ? TargetDecoder(target, sink).decode() : Target{};
}

}  // namespace dearth::harness
