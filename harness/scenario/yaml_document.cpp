// YAML events to our tree. The library's event interface rather than its node tree, because events
// show what the tree hides: duplicate keys, several documents, the place of every alias. Three
// things the library lets pass are found here: control characters, quotes that never close, and
// the true place of a bracket that never closes.
#include "harness/scenario/yaml_document.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <yaml-cpp/eventhandler.h>

#include <algorithm>
#include <array>
#include <map>
#include <sstream>
#include <unordered_map>

#include "harness/base/text.h"

namespace dearth::harness {
namespace {

// Thrown by the tree builder, caught in parse_yaml: the one way out of the library's callbacks.
// What is wrong has been reported by then.
struct StopParsing {};

struct Opened {
    YamlNode node;
    YAML::anchor_t anchor = 0;
    bool is_flow = false;
    size_t offset = 0;
    bool expects_value = false;  // of a map: a key has been read
    std::string key;
    Place key_place;
    std::unordered_map<std::string, Place> keys;
};

class TreeBuilder : public YAML::EventHandler {
public:
    TreeBuilder(const SourceText& source, DiagnosticSink& sink) : source_(source), sink_(sink) {}

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (++documents_ > 1) {
            stop(place_at(mark), "several-documents",
                 "a second document starts here; a scenario file holds one",
                 "put it in its own file");
        }
    }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        YamlNode node;
        // The library gives the place of whatever comes next; the key is what people look for.
        const bool is_value = !open_.empty() && open_.back().expects_value;
        node.place = is_value ? open_.back().key_place : place_at(mark);
        finish(std::move(node), anchor);
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override;
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value style) override {
        open(YamlNode::Kind::kList, mark, tag, anchor, style);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value style) override {
        open(YamlNode::Kind::kMap, mark, tag, anchor, style);
    }
    void OnMapEnd() override { close(); }

    std::optional<YamlNode> take_root() { return std::move(root_); }
    // Where the innermost bracket that is still open stands.
    std::optional<size_t> open_bracket() const {
        if (open_.empty() || !open_.back().is_flow) {
            return std::nullopt;
        }
        return open_.back().offset;
    }

private:
    [[noreturn]] void stop(const Place& place, std::string_view code, std::string message,
                           std::string hint = {}) {
        sink_.report(place, code, std::move(message), std::move(hint));
        throw StopParsing{};
    }
    Place place_at(const YAML::Mark& mark, size_t length = 1) const {
        return source_.place_of(static_cast<size_t>(std::max(0, mark.pos)), length);
    }
    void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
        if (!tag.empty() && tag != "?" && tag != "!") {
            sink_.report(place_at(mark), "yaml-tag",
                         fmt::format("the tag `{}` has no meaning in a scenario", tag),
                         "leave it out");
        }
    }
    void count_nodes(size_t count, const Place& place, std::string_view hint = {}) {
        nodes_ += count;
        if (nodes_ > kYamlNodesMax) {
            stop(place, "too-many-values",
                 fmt::format("more than {} values; a scenario is smaller than that", kYamlNodesMax),
                 std::string(hint));
        }
    }
    void open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag,
              YAML::anchor_t anchor, YAML::EmitterStyle::value style);
    void close();
    void finish(YamlNode node, YAML::anchor_t anchor);
    void take_key(const YamlNode& node);

    const SourceText& source_;
    DiagnosticSink& sink_;
    std::vector<Opened> open_;
    std::map<YAML::anchor_t, YamlNode> anchors_;
    std::optional<YamlNode> root_;
    size_t nodes_ = 0;
    size_t documents_ = 0;
};

size_t node_count(const YamlNode& node) {
    size_t count = 1;
    for (const YamlNode& item : node.items) {
        count += node_count(item);
    }
    for (const YamlEntry& entry : node.entries) {
        count += node_count(entry.value);
    }
    return count;
}

// Where a scalar's own text starts: behind an anchor or a tag, which may stand a line before it.
size_t scalar_offset(std::string_view text, size_t offset) {
    while (offset < text.size() && (text[offset] == '&' || text[offset] == '!')) {
        offset = std::min(text.find_first_of(" \t\r\n", offset), text.size());
        offset = std::min(text.find_first_not_of(" \t\r\n", offset), text.size());
    }
    return offset;
}

// Length of a quoted scalar with its quotes; nullopt when they never close.
std::optional<size_t> quoted_length(std::string_view text) {
    const char quote = text.front();
    for (size_t index = 1; index < text.size(); ++index) {
        if (quote == '"' && text[index] == '\\') {
            ++index;
        } else if (text[index] == quote) {
            if (quote == '\'' && index + 1 < text.size() && text[index + 1] == quote) {
                ++index;
            } else {
                return index + 1;
            }
        }
    }
    return std::nullopt;
}

void TreeBuilder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
        stop(place_at(mark), "yaml-alias", "an alias inside the value it names",
             "it would never end");
    }
    count_nodes(node_count(found->second), place_at(mark),
                "aliases count as often as they are used");
    finish(YamlNode(found->second), 0);
}

void TreeBuilder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                           const std::string& value) {
    refuse_tag(mark, tag);
    const std::string_view text = source_.text();
    const size_t offset = scalar_offset(text, static_cast<size_t>(std::max(0, mark.pos)));
    const char first = offset < text.size() ? text[offset] : ' ';
    YamlNode node;
    node.kind = YamlNode::Kind::kScalar;
    node.text = value;
    size_t length = std::max<size_t>(1, value.size());
    // The library tells plain scalars ("?") from all others ("!"), the text tells those apart.
    if (tag == "?" || tag.empty()) {
        node.style = YamlNode::Style::kPlain;
    } else if (first == '|' || first == '>') {
        node.style = first == '|' ? YamlNode::Style::kLiteral : YamlNode::Style::kFolded;
        length = 1;
    } else if (first == '"' || first == '\'') {
        node.style = YamlNode::Style::kQuoted;
        const auto quoted = quoted_length(text.substr(offset));
        if (!quoted) {
            stop(source_.place_of(offset), "yaml-syntax", "this quote is never closed");
        }
        length = *quoted;
    }
    const size_t line_end = std::min(text.find_first_of("\r\n", offset), text.size());
    node.place = source_.place_of(offset, std::max<size_t>(1, std::min(length, line_end - offset)));
    node.spans_lines = length > line_end - offset;
    count_nodes(1, node.place);
    finish(std::move(node), anchor);
}

void TreeBuilder::open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag,
                       YAML::anchor_t anchor, YAML::EmitterStyle::value style) {
    refuse_tag(mark, tag);
    Opened opened;
    opened.node.kind = kind;
    opened.node.place = place_at(mark);
    opened.anchor = anchor;
    opened.is_flow = style == YAML::EmitterStyle::Flow;
    opened.offset = static_cast<size_t>(std::max(0, mark.pos));
    if (open_.size() >= kYamlDepthMax) {
        stop(opened.node.place, "too-deep",
             fmt::format("values are nested more than {} deep", kYamlDepthMax));
    }
    count_nodes(1, opened.node.place);
    open_.push_back(std::move(opened));
}

void TreeBuilder::close() {
    Opened opened = std::move(open_.back());
    open_.pop_back();
    finish(std::move(opened.node), opened.anchor);
}

void TreeBuilder::finish(YamlNode node, YAML::anchor_t anchor) {
    if (anchor != 0) {
        anchors_[anchor] = node;
    }
    if (open_.empty()) {
        root_ = std::move(node);
        return;
    }
    Opened& parent = open_.back();
    if (parent.node.is_list()) {
        parent.node.items.push_back(std::move(node));
    } else if (!parent.expects_value) {
        take_key(node);
    } else {
        parent.expects_value = false;
        const auto [first, is_new] = parent.keys.emplace(parent.key, parent.key_place);
        if (is_new) {
            parent.node.entries.push_back(
                {std::move(parent.key), parent.key_place, std::move(node)});
        } else {
            sink_.report(parent.key_place, "duplicate-key",
                         fmt::format("the key `{}` stands here a second time", parent.key),
                         fmt::format("first in line {}", first->second.line));
        }
    }
}

void TreeBuilder::take_key(const YamlNode& node) {
    if (!node.is_scalar()) {
        stop(node.place, "yaml-key", "a key has to be a word", "quote it when it is meant so");
    }
    open_.back().key = node.text;
    open_.back().key_place = node.place;
    open_.back().expects_value = true;
}

struct Wording {
    std::string_view library;  // part of the library's message
    std::string_view message;
    std::string_view hint;
};

constexpr std::array<Wording, 12> kWordings = {{
    {"illegal tab", "a tab indents this line", "YAML is indented with spaces"},
    {"illegal map value", "this `:` starts no value here",
     "quote text that contains `: `, and check the indentation of this line and the one before"},
    {"illegal block entry", "this `-` starts no list here", "check the indentation"},
    {"illegal map key", "no key may start here", "check the indentation"},
    {"illegal flow end", "this bracket closes nothing", ""},
    {"end of map not found", "this does not belong to the mapping above",
     "check the indentation, and quote text that contains quotes"},
    {"end of sequence not found", "this does not belong to the list above",
     "check the indentation"},
    {"unknown token", "no value may start with this character", "quote the text"},
    {"referenced anchor is not defined", "this alias names no anchor", ""},
    {"unknown escape", "unknown escape in double quotes", "use single quotes, or write `\\\\`"},
    {"illegal EOF", "the file ends inside a value", ""},
    {"recursion", "values are nested too deep", ""},
}};

void report_exception(const YAML::Exception& exception, const TreeBuilder& builder,
                      const SourceText& source, DiagnosticSink& sink) {
    if (exception.msg.find("flow not found") != std::string::npos) {
        // The library says where it gave up, which is a line or a hundred later.
        if (const auto bracket = builder.open_bracket()) {
            sink.report(source.place_of(*bracket), "yaml-syntax",
                        "this bracket is never closed, or a comma is missing behind it");
            return;
        }
    }
    const size_t offset = exception.mark.is_null() || exception.mark.pos < 0
                              ? 0
                              : static_cast<size_t>(exception.mark.pos);
    Place place = source.place_of(offset);
    const std::string_view line = source.line(place.line);
    const size_t indent = std::min(line.find_first_not_of(" \t"), line.size());
    const size_t tab = line.substr(0, indent).find('\t');
    if (tab != std::string_view::npos) {
        place.column = tab + 1;
        sink.report(place, "yaml-syntax", std::string(kWordings[0].message),
                    std::string(kWordings[0].hint));
        return;
    }
    for (const Wording& wording : kWordings) {
        if (exception.msg.find(wording.library) != std::string::npos) {
            sink.report(place, "yaml-syntax", std::string(wording.message),
                        std::string(wording.hint));
            return;
        }
    }
    sink.report(place, "yaml-syntax", fmt::format("not YAML: {}", exception.msg));
}

// What no YAML text may contain, and what the library would misread.
bool is_clean_text(const SourceText& source, DiagnosticSink& sink) {
    const std::string_view text = source.text();
    if (const auto bad = first_invalid_utf8(text)) {
        sink.report(source.place_of(*bad), "not-utf8",
                    fmt::format("the byte 0x{:02X} is not UTF-8 text",
                                static_cast<unsigned char>(text[*bad])),
                    "save the file as UTF-8");
        return false;
    }
    for (size_t offset = 0; offset < text.size(); ++offset) {
        const auto byte = static_cast<unsigned char>(text[offset]);
        if ((byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7F) {
            sink.report(source.place_of(offset), "control-character",
                        fmt::format("the control character 0x{:02X} does not belong here", byte),
                        "in double quotes write it as \\x..");
            return false;
        }
    }
    return true;
}

}  // namespace

const YamlEntry* YamlNode::find_entry(std::string_view key) const {
    const auto found = std::find_if(entries.begin(), entries.end(),
                                    [&](const YamlEntry& entry) { return entry.key == key; });
    return found == entries.end() ? nullptr : &*found;
}

const YamlNode* YamlNode::find(std::string_view key) const {
    const YamlEntry* entry = find_entry(key);
    return entry == nullptr ? nullptr : &entry->value;
}

const YamlNode* YamlNode::scalar(std::string_view key) const {
    const YamlNode* node = find(key);
    return node != nullptr && node->is_scalar() ? node : nullptr;
}

std::vector<const YamlNode*> YamlNode::scalars(std::string_view key) const {
    std::vector<const YamlNode*> found;
    const YamlNode* node = find(key);
    if (node != nullptr && node->is_scalar()) {
        found.push_back(node);
    } else if (node != nullptr) {
        for (const YamlNode& item : node->items) {
            if (item.is_scalar()) {
                found.push_back(&item);
            }
        }
    }
    return found;
}

std::optional<YamlNode> parse_yaml(const SourceText& source, DiagnosticSink& sink) {
    if (!is_clean_text(source, sink)) {
        return std::nullopt;
    }
    TreeBuilder builder(source, sink);
    try {
        std::istringstream stream{std::string(source.text())};
        YAML::Parser parser(stream);
        while (parser.HandleNextDocument(builder)) {
        }
    } catch (const StopParsing&) {
        return std::nullopt;
    } catch (const YAML::Exception& exception) {
        report_exception(exception, builder, source, sink);
        return std::nullopt;
    }
    std::optional<YamlNode> root = builder.take_root();
    if (!root || root->is_null()) {
        sink.report({1, 1, 1}, "empty-file", "the file holds no scenario",
                    "a scenario starts with `version: 1`");
        return std::nullopt;
    }
    if (!root->is_map()) {
        sink.report(root->place, "wrong-type", "a scenario is a mapping of keys to values",
                    "a scenario starts with `version: 1`");
        return std::nullopt;
    }
    return root;
}

}  // namespace dearth::harness
