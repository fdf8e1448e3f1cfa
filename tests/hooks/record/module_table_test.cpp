#include "hooks/record/module_table.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <cstring>
#include <string>
#include <vector>

#include "tests/support/forked_child.h"

namespace dearth::hooks {
namespace {

const void* address_of_test() {
    return reinterpret_cast<const void*>(&address_of_test);
}

const void* address_in_libc() {
    return dlsym(RTLD_DEFAULT, "gnu_get_libc_version");
}

struct Region {
    explicit Region(size_t capacity) : modules(capacity + 1) {
        region.capacity = capacity;
        std::memset(&modules.back(), 0xEE, sizeof(dearth_module));
    }
    std::vector<dearth_module> modules;
    dearth_region region = {};
};

TEST(ModuleTable, NamesTheFileOfAnAddress) {
    EXPECT_STREQ(module_name_at(address_of_test()), "hooks_record_test");
    EXPECT_STREQ(module_name_at(address_in_libc()), "libc.so.6");
    EXPECT_EQ(module_name_at(nullptr), nullptr);
    int local = 0;
    EXPECT_EQ(module_name_at(&local), nullptr);
    EXPECT_EQ(module_path_at(address_of_test())[0], '/');
}

TEST(ModuleTable, PlaceIsRelativeToTheLoadBias) {
    Dl_info info = {};
    ASSERT_NE(dladdr(address_in_libc(), &info), 0);
    const ModulePlace place = module_place_at(address_in_libc());
    EXPECT_EQ(place.offset, static_cast<uint64_t>(static_cast<const char*>(address_in_libc()) -
                                                  static_cast<const char*>(info.dli_fbase)));
    EXPECT_NE(place.name_hash, module_place_at(address_of_test()).name_hash);
    EXPECT_EQ(module_place_at(nullptr).name_hash, 0u);
}

TEST(ModuleTable, UnpublishedFramesKeepTheirAddress) {
    attach_module_region(nullptr, nullptr);
    const uint64_t frame = encode_frame(address_of_test());
    EXPECT_EQ(frame >> DEARTH_MODULE_SHIFT, DEARTH_MODULE_UNKNOWN);
    EXPECT_EQ(decode_frame(frame), address_of_test());
}

TEST(ModuleTable, PublishedFramesNameTheirModule) {
    tests::run_in_child([] {
        Region page(64);
        attach_module_region(page.modules.data(), &page.region);
        const uint64_t frame = encode_frame(address_in_libc());
        const uint64_t index = frame >> DEARTH_MODULE_SHIFT;
        ASSERT_LT(index, page.region.count);
        const dearth_module& module = page.modules[index];
        EXPECT_EQ(module.is_ready, 1u);
        EXPECT_NE(std::string(module.path).find("libc.so.6"), std::string::npos);
        EXPECT_GT(module.build_id_bytes, 0u);
        EXPECT_GT(module.end, module.base);
        EXPECT_EQ(decode_frame(frame), address_in_libc());
        const uint64_t unknown = encode_frame(reinterpret_cast<void*>(16));
        EXPECT_EQ(unknown >> DEARTH_MODULE_SHIFT, DEARTH_MODULE_UNKNOWN);
    });
}

TEST(ModuleTable, EqualModulesShareAnEntryInTheRegion) {
    tests::run_in_child([] {
        Region page(64);
        attach_module_region(page.modules.data(), &page.region);
        const uint64_t count = page.region.count;
        const uint64_t frame = encode_frame(address_in_libc());
        // Another process with the same files at the same places: a child of one parent.
        attach_module_region(page.modules.data(), &page.region);
        EXPECT_EQ(page.region.count, count);
        EXPECT_EQ(encode_frame(address_in_libc()), frame);
    });
}

TEST(ModuleTable, FullRegionCountsWhatItLost) {
    tests::run_in_child([] {
        Region page(1);
        attach_module_region(page.modules.data(), &page.region);
        EXPECT_EQ(page.region.count, 1u);
        EXPECT_GT(page.region.lost, 0u);
        dearth_module untouched;
        std::memset(&untouched, 0xEE, sizeof(untouched));
        EXPECT_EQ(std::memcmp(&page.modules[1], &untouched, sizeof(untouched)), 0);
    });
}

TEST(ModuleTable, FindsWhatWasLoadedLater) {
    tests::run_in_child([] {
        module_table_prepare();
        void* library = dlopen("libz.so.1", RTLD_NOW | RTLD_LOCAL);
        if (library == nullptr) {
            library = dlopen("libm.so.6", RTLD_NOW | RTLD_LOCAL);
        }
        ASSERT_NE(library, nullptr);
        void* symbol = dlsym(library, "crc32");
        symbol = symbol == nullptr ? dlsym(library, "cos") : symbol;
        const char* name = module_name_at(symbol);
        ASSERT_NE(name, nullptr);
        EXPECT_EQ(std::strncmp(name, "lib", 3), 0);
    });
}

}  // namespace
}  // namespace dearth::hooks
