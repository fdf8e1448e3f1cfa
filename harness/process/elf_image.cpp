// Structures are copied out of the file piece by piece; nothing points into it. Program headers
// say what the kernel and the loader use, section headers only where the symbol tables are.
#include "harness/process/elf_image.h"

#include <elf.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include <fmt/format.h>

namespace dearth::harness {
namespace {

constexpr uint64_t kPathBytesMax = 4096;
constexpr uint64_t kDynamicBytesMax = 1u << 20;
constexpr uint64_t kTableBytesMax = 256u << 20;
constexpr uint64_t kSymbolsAtOnce = 1024;

struct Sanitizer {
    std::string_view name;
    std::string_view library;  // beginning of the name of its runtime
    std::string_view symbol;   // defined where the runtime is linked in
};
constexpr std::array<Sanitizer, 5> kSanitizers = {{
    {"AddressSanitizer", "libasan.so", "__asan_init"},
    {"ThreadSanitizer", "libtsan.so", "__tsan_init"},
    {"LeakSanitizer", "liblsan.so", "__lsan_init"},
    {"HWAddressSanitizer", "libhwasan.so", "__hwasan_init"},
    {"MemorySanitizer", "libmsan.so", "__msan_init"},
}};

Error reason(std::string text) {
    return {ErrorClass::kBaseline, std::move(text), ""};
}

class ElfReader {
public:
    ElfReader(const ReadAt& read_at, uint64_t file_bytes)
        : read_at_(read_at), file_bytes_(file_bytes) {}

    Result<ElfImage> read();

private:
    template <typename T>
    bool copy(uint64_t offset, T& value) const {
        return fits(offset, sizeof value) &&
               read_at_(offset, std::as_writable_bytes(std::span<T, 1>(&value, 1)));
    }
    bool fits(uint64_t offset, uint64_t bytes) const {
        return offset <= file_bytes_ && bytes <= file_bytes_ - offset;
    }
    Status read_segments();
    Status read_loader(const Elf64_Phdr& segment);
    Status read_dynamic(const Elf64_Phdr& segment);
    std::optional<uint64_t> offset_of_address(uint64_t address) const;
    std::optional<std::string> text_at(uint64_t offset, uint64_t bytes_max) const;
    void read_symbol_tables();
    void read_symbols(const Elf64_Shdr& table, const Elf64_Shdr& names);
    void note_symbol(std::string_view name, bool is_exported);

    const ReadAt& read_at_;
    uint64_t file_bytes_;
    Elf64_Ehdr header_ = {};
    std::vector<Elf64_Phdr> segments_;
    ElfImage image_;
};

Result<ElfImage> ElfReader::read() {
    std::array<unsigned char, EI_NIDENT> ident = {};
    if (!copy(0, ident) || !is_elf(std::as_bytes(std::span(ident))))
        return reason("it is no ELF file");
    image_.is_64_bit = ident[EI_CLASS] == ELFCLASS64;
    if (!image_.is_64_bit || ident[EI_DATA] != ELFDATA2LSB) {
        // The fields up to e_machine have the same place in both word sizes.
        Elf32_Ehdr small = {};
        if (!copy(0, small))
            return reason("its ELF header is cut short");
        image_.type = small.e_type;
        image_.machine = ident[EI_DATA] == ELFDATA2LSB ? small.e_machine : EM_NONE;
        return image_;
    }
    if (!copy(0, header_))
        return reason("its ELF header is cut short");
    image_.type = header_.e_type;
    image_.machine = header_.e_machine;
    if (image_.machine != EM_X86_64)
        return image_;
    if (Status status = read_segments(); !status)
        return status.error();
    read_symbol_tables();
    return image_;
}

Status ElfReader::read_segments() {
    if (header_.e_phentsize != sizeof(Elf64_Phdr) || header_.e_phnum == 0)
        return reason("it has no program headers that can be used");
    segments_.resize(header_.e_phnum);
    const std::span<Elf64_Phdr> span(segments_);
    if (!fits(header_.e_phoff, span.size_bytes()) ||
        !read_at_(header_.e_phoff, std::as_writable_bytes(span)))
        return reason("its program headers lie outside the file");
    for (const Elf64_Phdr& segment : segments_) {
        if (segment.p_type == PT_INTERP) {
            if (Status status = read_loader(segment); !status)
                return status;
        }
    }
    for (const Elf64_Phdr& segment : segments_) {
        if (segment.p_type == PT_DYNAMIC) {
            if (Status status = read_dynamic(segment); !status)
                return status;
        }
    }
    return Done{};
}

Status ElfReader::read_loader(const Elf64_Phdr& segment) {
    if (segment.p_filesz < 2 || segment.p_filesz > kPathBytesMax ||
        !fits(segment.p_offset, segment.p_filesz))
        return reason("the path of its loader lies outside the file");
    std::string path(segment.p_filesz, '\0');
    if (!read_at_(segment.p_offset, std::as_writable_bytes(std::span(path))))
        return reason("the path of its loader cannot be read");
    if (path.back() != '\0')
        return reason("the path of its loader has no end");
    image_.loader = path.c_str();
    return Done{};
}

std::optional<uint64_t> ElfReader::offset_of_address(uint64_t address) const {
    for (const Elf64_Phdr& segment : segments_) {
        if (segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
            address - segment.p_vaddr < segment.p_filesz) {
            const uint64_t into = address - segment.p_vaddr;
            if (into <= file_bytes_ && segment.p_offset <= file_bytes_ - into)
                return segment.p_offset + into;
        }
    }
    return std::nullopt;
}

std::optional<std::string> ElfReader::text_at(uint64_t offset, uint64_t bytes_max) const {
    if (offset >= file_bytes_)
        return std::nullopt;
    std::string text(std::min(bytes_max, file_bytes_ - offset), '\0');
    if (!read_at_(offset, std::as_writable_bytes(std::span(text))))
        return std::nullopt;
    const size_t end = text.find('\0');
    if (end == std::string::npos)
        return std::nullopt;
    text.resize(end);
    return text;
}

Status ElfReader::read_dynamic(const Elf64_Phdr& segment) {
    if (segment.p_filesz > kDynamicBytesMax || !fits(segment.p_offset, segment.p_filesz))
        return reason("its dynamic section lies outside the file");
    std::vector<Elf64_Dyn> entries(segment.p_filesz / sizeof(Elf64_Dyn));
    if (!read_at_(segment.p_offset, std::as_writable_bytes(std::span(entries))))
        return reason("its dynamic section cannot be read");
    const auto end = std::ranges::find_if(
        entries, [](const Elf64_Dyn& entry) { return entry.d_tag == DT_NULL; });
    entries.erase(end, entries.end());
    std::optional<uint64_t> names;
    for (const Elf64_Dyn& entry : entries) {
        if (entry.d_tag == DT_STRTAB)
            names = offset_of_address(entry.d_un.d_ptr);
    }
    for (const Elf64_Dyn& entry : entries) {
        if (entry.d_tag != DT_NEEDED)
            continue;
        std::optional<std::string> name;
        if (names && entry.d_un.d_val < file_bytes_ - *names)
            name = text_at(*names + entry.d_un.d_val, kPathBytesMax);
        if (!name)
            return reason("the name of a library that it needs lies outside the file");
        for (const Sanitizer& sanitizer : kSanitizers) {
            if (name->starts_with(sanitizer.library))
                image_.sanitizer = sanitizer.name;
        }
        image_.needed.push_back(std::move(*name));
    }
    return Done{};
}

void ElfReader::read_symbol_tables() {
    if (header_.e_shentsize != sizeof(Elf64_Shdr) || header_.e_shnum == 0)
        return;
    std::vector<Elf64_Shdr> sections(header_.e_shnum);
    const std::span<Elf64_Shdr> span(sections);
    if (!fits(header_.e_shoff, span.size_bytes()) ||
        !read_at_(header_.e_shoff, std::as_writable_bytes(span)))
        return;
    for (const Elf64_Shdr& section : sections) {
        const bool is_table = section.sh_type == SHT_DYNSYM || section.sh_type == SHT_SYMTAB;
        if (is_table && section.sh_link < sections.size())
            read_symbols(section, sections[section.sh_link]);
    }
}

void ElfReader::read_symbols(const Elf64_Shdr& table, const Elf64_Shdr& names) {
    if (table.sh_entsize != sizeof(Elf64_Sym) || names.sh_type != SHT_STRTAB ||
        !fits(table.sh_offset, table.sh_size) || !fits(names.sh_offset, names.sh_size) ||
        names.sh_size > kTableBytesMax)
        return;
    std::string texts(names.sh_size, '\0');
    if (!read_at_(names.sh_offset, std::as_writable_bytes(std::span(texts))))
        return;
    const uint64_t count = table.sh_size / sizeof(Elf64_Sym);
    std::vector<Elf64_Sym> symbols;
    for (uint64_t first = 0; first < count; first += symbols.size()) {
        symbols.resize(std::min(kSymbolsAtOnce, count - first));
        if (!read_at_(table.sh_offset + first * sizeof(Elf64_Sym),
                      std::as_writable_bytes(std::span(symbols))))
            return;
        for (const Elf64_Sym& symbol : symbols) {
            if (symbol.st_shndx == SHN_UNDEF || symbol.st_name >= texts.size() ||
                ELF64_ST_BIND(symbol.st_info) == STB_LOCAL)
                continue;
            const auto begin = texts.begin() + static_cast<std::ptrdiff_t>(symbol.st_name);
            note_symbol(std::string_view(begin, std::find(begin, texts.end(), '\0')),
                        table.sh_type == SHT_DYNSYM);
        }
    }
}

void ElfReader::note_symbol(std::string_view name, bool is_exported) {
    if (name == "malloc")
        (is_exported ? image_.exports_malloc : image_.hides_malloc) = true;
    for (const Sanitizer& sanitizer : kSanitizers) {
        if (name == sanitizer.symbol)
            image_.sanitizer = sanitizer.name;
    }
}

}  // namespace

bool is_elf(std::span<const std::byte> head) {
    return head.size() >= SELFMAG && std::memcmp(head.data(), ELFMAG, SELFMAG) == 0;
}

Result<ElfImage> read_elf_image(const ReadAt& read_at, uint64_t file_bytes) {
    return ElfReader(read_at, file_bytes).read();
}

}  // namespace dearth::harness
