// Replaces the plain operator new and delete by ones over a pool of its own: the forms that are not
// replaced must come out there, never in libc.
#include <cstdio>
#include <cstdlib>
#include <new>

namespace {
alignas(16) char pool[1 << 16];
std::size_t used = 0;
int news = 0;
int deletes = 0;
}  // namespace

void* operator new(std::size_t size) {
    ++news;
    void* block = pool + used;
    used += (size + 15) / 16 * 16;
    return block;
}

void operator delete(void*) noexcept {
    ++deletes;
}

int main() {
    const int before = news;
    const int deleted_before = deletes;
    ::operator delete(::operator new(10));
    ::operator delete[](::operator new[](10));
    ::operator delete(::operator new(10, std::nothrow), std::nothrow);
    ::operator delete[](::operator new[](10, std::nothrow), std::nothrow);
    ::operator delete (::operator new(10), std::size_t{10});
    ::operator delete[](::operator new[](10), std::size_t{10});
    std::printf("%d news, %d deletes\n", news - before, deletes - deleted_before);
    return 0;
}
