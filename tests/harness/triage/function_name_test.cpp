#include "harness/triage/function_name.h"

#include <gtest/gtest.h>

namespace dearth::harness {
namespace {

TEST(FunctionName, SymbolsAreReadAsPeopleWriteThem) {
    EXPECT_EQ(readable_function_name("luaM_malloc_"), "luaM_malloc_");
    EXPECT_EQ(readable_function_name("list_append.constprop.0"), "list_append");
    EXPECT_EQ(readable_function_name("parse.part.3.cold"), "parse");
    EXPECT_EQ(readable_function_name("memcpy@@GLIBC_2.14"), "memcpy");
    EXPECT_EQ(readable_function_name("_ZN6dearth7harness5judgeEi"), "dearth::harness::judge");
    EXPECT_EQ(readable_function_name("_Z3addIiET_S0_S0_"), "add<int>");
    EXPECT_EQ(readable_function_name("_Znotmangled"), "_Znotmangled");
    EXPECT_EQ(readable_function_name(""), "");
}

struct Case {
    const char* name;
    const char* bare;
};

const Case kCases[] = {
    {"std::vector<int, std::allocator<int> >::push_back", "std::vector::push_back"},
    {"int add<int>(int, int)", "add"},
    {"std::map<a, b<c> > make<d>()", "make"},
    {"f(int) const", "f"},
    {"(anonymous namespace)::f(int)", "(anonymous namespace)::f"},
    {"a::(anonymous namespace)::f(int)", "a::(anonymous namespace)::f"},
    {"A::operator()(int) const", "A::operator()"},
    {"A::operator<(A const&)", "A::operator<"},
    {"A::operator<< <int>(int)", "A::operator<<"},
    {"operator new(unsigned long)", "operator new"},
    {"operator new[](unsigned long)", "operator new[]"},
    {"A::operator bool() const", "A::operator bool"},
    {"f(int)::{lambda(char)#1}::operator()(char) const", "f::{lambda(char)#1}::operator()"},
    {"operators_of", "operators_of"},
    {"list_append.cold", "list_append"},
    {"_start", "_start"},
};

TEST(FunctionName, BareNamesHaveNoTypesOfAnyKind) {
    for (const Case& example : kCases) {
        EXPECT_EQ(bare_function_name(example.name), example.bare) << example.name;
    }
}

TEST(FunctionName, BrokenNamesComeBackWithoutHarm) {
    for (const char* name : {"<<<<", ">>>>", "((((", "f(", "a<b", "operator", " ", "{", "}}}"}) {
        EXPECT_FALSE(bare_function_name(name).empty()) << name;
    }
}

}  // namespace
}  // namespace dearth::harness
