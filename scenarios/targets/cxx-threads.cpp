// Threads that allocate, and hand their exceptions to main. Such a process cannot be split at a
// failure point: dearth takes exec for it.
#include <cstdio>
#include <exception>
#include <future>
#include <new>
#include <numeric>
#include <string>
#include <system_error>
#include <vector>

namespace {

size_t letters_of(int worker) {
    std::vector<std::string> words;
    for (int i = 0; i < 10; ++i)
        words.push_back("word " + std::to_string(i) + " of worker " + std::to_string(worker));
    return std::accumulate(words.begin(), words.end(), size_t{0},
                           [](size_t sum, const std::string& word) { return sum + word.size(); });
}

}  // namespace

int main() {
    try {
        std::vector<std::future<size_t>> workers;
        for (int worker = 0; worker < 3; ++worker)
            workers.push_back(std::async(std::launch::async, letters_of, worker));
        size_t total = 0;
        for (auto& worker : workers)
            total += worker.get();
        std::printf("%zu\n", total);
    } catch (const std::bad_alloc&) {
        std::fputs("out of memory\n", stderr);
        return 1;
    } catch (const std::system_error& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 2;
    }
    return 0;
}
