// The ELF reader on files made here, whole, damaged in every field, and cut at every length.
#include "harness/process/elf_image.h"

#include <elf.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstring>
#include <string>
#include <vector>

namespace dearth::harness {
namespace {

using Bytes = std::vector<std::byte>;

// A 64-bit program: one PT_LOAD over the whole file at address 0, PT_INTERP, PT_DYNAMIC with one
// DT_NEEDED, a .dynsym and a .symtab with one function each.
struct TinyElf {
    Elf64_Ehdr header = {};
    Elf64_Phdr segments[3] = {};
    Elf64_Dyn dynamic[3] = {};
    Elf64_Sym dynamic_symbols[2] = {};
    Elf64_Sym all_symbols[2] = {};
    Elf64_Shdr sections[4] = {};
    char loader[32] = "/lib64/ld-linux-x86-64.so.2";
    char names[64] = "\0libc.so.6\0main\0malloc\0__asan_init\0libasan.so.8";

    TinyElf() {
        std::memcpy(header.e_ident, ELFMAG, SELFMAG);
        header.e_ident[EI_CLASS] = ELFCLASS64;
        header.e_ident[EI_DATA] = ELFDATA2LSB;
        header.e_type = ET_DYN;
        header.e_machine = EM_X86_64;
        header.e_phoff = offsetof(TinyElf, segments);
        header.e_phentsize = sizeof(Elf64_Phdr);
        header.e_phnum = 3;
        header.e_shoff = offsetof(TinyElf, sections);
        header.e_shentsize = sizeof(Elf64_Shdr);
        header.e_shnum = 4;
        segments[0] = {PT_LOAD, 0, 0, 0, 0, sizeof(TinyElf), sizeof(TinyElf), 0};
        segments[1] = {PT_INTERP, 0, offsetof(TinyElf, loader), 0, 0, 28, 28, 0};
        segments[2] = {PT_DYNAMIC,     0, offsetof(TinyElf, dynamic), 0, 0, sizeof dynamic,
                       sizeof dynamic, 0};
        dynamic[0].d_tag = DT_STRTAB;
        dynamic[0].d_un.d_ptr = offsetof(TinyElf, names);
        dynamic[1].d_tag = DT_NEEDED;
        dynamic[1].d_un.d_val = name_at("libc.so.6");
        dynamic_symbols[1] = function("main");
        all_symbols[1] = function("main");
        sections[1] = section(SHT_STRTAB, offsetof(TinyElf, names), sizeof names, 0, 0);
        sections[2] = section(SHT_DYNSYM, offsetof(TinyElf, dynamic_symbols),
                              sizeof dynamic_symbols, 1, sizeof(Elf64_Sym));
        sections[3] = section(SHT_SYMTAB, offsetof(TinyElf, all_symbols), sizeof all_symbols, 1,
                              sizeof(Elf64_Sym));
    }

    uint32_t name_at(const std::string& name) const {
        const std::string all(names, sizeof names);
        return static_cast<uint32_t>(all.find(name));
    }
    Elf64_Sym function(const std::string& name) const {
        Elf64_Sym symbol = {};
        symbol.st_name = name_at(name);
        symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
        symbol.st_shndx = 1;
        return symbol;
    }
    static Elf64_Shdr section(uint32_t type, uint64_t offset, uint64_t size, uint32_t link,
                              uint64_t entry) {
        Elf64_Shdr result = {};
        result.sh_type = type;
        result.sh_offset = offset;
        result.sh_size = size;
        result.sh_link = link;
        result.sh_entsize = entry;
        return result;
    }
    Bytes bytes() const {
        Bytes result(sizeof(TinyElf));
        std::memcpy(result.data(), this, sizeof(TinyElf));
        return result;
    }
};

Result<ElfImage> read_image(const Bytes& file) {
    const ReadAt read = [&](uint64_t offset, std::span<std::byte> into) {
        // What the reader asks for was checked before: asking beyond the end is its bug.
        EXPECT_LE(offset, file.size());
        EXPECT_LE(into.size(), file.size() - std::min<uint64_t>(offset, file.size()));
        if (offset > file.size() || into.size() > file.size() - offset)
            return false;
        std::copy_n(file.begin() + static_cast<std::ptrdiff_t>(offset), into.size(), into.begin());
        return true;
    };
    return read_elf_image(read, file.size());
}

std::string problem_of(const TinyElf& elf) {
    const auto image = read_image(elf.bytes());
    return image ? "" : image.error().message;
}

TEST(ElfImage, ReadsWhatDecides) {
    const auto image = read_image(TinyElf().bytes());
    ASSERT_TRUE(image.ok());
    EXPECT_TRUE(image.value().is_64_bit);
    EXPECT_EQ(image.value().machine, EM_X86_64);
    EXPECT_EQ(image.value().type, ET_DYN);
    EXPECT_EQ(image.value().loader, "/lib64/ld-linux-x86-64.so.2");
    EXPECT_EQ(image.value().needed, std::vector<std::string>{"libc.so.6"});
    EXPECT_FALSE(image.value().exports_malloc);
    EXPECT_FALSE(image.value().hides_malloc);
    EXPECT_EQ(image.value().sanitizer, "");
}

TEST(ElfImage, SeesAllocatorsAndSanitizers) {
    TinyElf exported;
    exported.dynamic_symbols[1] = exported.function("malloc");
    EXPECT_TRUE(read_image(exported.bytes()).value().exports_malloc);
    TinyElf hidden;
    hidden.all_symbols[1] = hidden.function("malloc");
    EXPECT_TRUE(read_image(hidden.bytes()).value().hides_malloc);
    EXPECT_FALSE(read_image(hidden.bytes()).value().exports_malloc);
    TinyElf imported = exported;
    imported.dynamic_symbols[1].st_shndx = SHN_UNDEF;
    EXPECT_FALSE(read_image(imported.bytes()).value().exports_malloc);
    TinyElf local = hidden;
    local.all_symbols[1].st_info = ELF64_ST_INFO(STB_LOCAL, STT_FUNC);
    EXPECT_FALSE(read_image(local.bytes()).value().hides_malloc);
    TinyElf linked_in;
    linked_in.all_symbols[1] = linked_in.function("__asan_init");
    EXPECT_EQ(read_image(linked_in.bytes()).value().sanitizer, "AddressSanitizer");
    TinyElf needed;
    needed.dynamic[1].d_un.d_val = needed.name_at("libasan.so.8");
    EXPECT_EQ(read_image(needed.bytes()).value().sanitizer, "AddressSanitizer");
}

TEST(ElfImage, OtherMachinesAreReadAsFarAsTheyAreNamed) {
    TinyElf small;
    small.header.e_ident[EI_CLASS] = ELFCLASS32;
    small.header.e_machine = EM_386;
    const auto image = read_image(small.bytes());
    ASSERT_TRUE(image.ok());
    EXPECT_FALSE(image.value().is_64_bit);
    EXPECT_EQ(image.value().machine, EM_386);
    TinyElf arm;
    arm.header.e_machine = EM_AARCH64;
    arm.header.e_phoff = 1u << 30;
    EXPECT_EQ(read_image(arm.bytes()).value().machine, EM_AARCH64);
}

TEST(ElfImage, StaticallyLinkedHasNoLoader) {
    TinyElf elf;
    elf.segments[1].p_type = PT_NOTE;
    EXPECT_EQ(read_image(elf.bytes()).value().loader, "");
}

TEST(ElfImage, EachDamageIsNamed) {
    TinyElf segments;
    segments.header.e_phoff = UINT64_MAX - 8;
    EXPECT_EQ(problem_of(segments), "its program headers lie outside the file");
    TinyElf none;
    none.header.e_phnum = 0;
    EXPECT_EQ(problem_of(none), "it has no program headers that can be used");
    TinyElf loader;
    loader.segments[1].p_offset = sizeof(TinyElf) - 1;
    EXPECT_EQ(problem_of(loader), "the path of its loader lies outside the file");
    TinyElf endless;
    endless.segments[1].p_filesz = 10;
    EXPECT_EQ(problem_of(endless), "the path of its loader has no end");
    TinyElf dynamic;
    dynamic.segments[2].p_filesz = 1u << 30;
    EXPECT_EQ(problem_of(dynamic), "its dynamic section lies outside the file");
    TinyElf name;
    name.dynamic[1].d_un.d_val = 1u << 30;
    EXPECT_EQ(problem_of(name), "the name of a library that it needs lies outside the file");
    EXPECT_EQ(read_image(Bytes(16)).error().message, "it is no ELF file");
    Bytes head = TinyElf().bytes();
    head.resize(40);
    EXPECT_EQ(read_image(head).error().message, "its ELF header is cut short");
}

TEST(ElfImage, DamagedSectionsOnlyHideSymbols) {
    TinyElf elf;
    elf.dynamic_symbols[1] = elf.function("malloc");
    elf.sections[2].sh_link = 77;
    EXPECT_FALSE(read_image(elf.bytes()).value().exports_malloc);
    elf.sections[2].sh_link = 1;
    elf.sections[1].sh_size = UINT64_MAX;
    EXPECT_TRUE(read_image(elf.bytes()).ok());
    elf.header.e_shoff = UINT64_MAX - 1;
    EXPECT_TRUE(read_image(elf.bytes()).ok());
}

TEST(ElfImage, EveryLengthIsReadWithinTheFile) {
    const Bytes whole = TinyElf().bytes();
    for (size_t length = 0; length < whole.size(); ++length)
        static_cast<void>(
            read_image(Bytes(whole.begin(), whole.begin() + static_cast<long>(length))));
}

RC_GTEST_PROP(ElfImage, AnyDamageIsReadWithinTheFile, ()) {
    Bytes file = TinyElf().bytes();
    const auto places = *rc::gen::container<std::vector<size_t>>(
        rc::gen::inRange<size_t>(SELFMAG, sizeof(TinyElf)));
    for (const size_t place : places)
        file[place] = std::byte{*rc::gen::arbitrary<uint8_t>()};
    const auto image = read_image(file);
    RC_ASSERT((image.ok() || !image.error().message.empty()));
}

}  // namespace
}  // namespace dearth::harness
