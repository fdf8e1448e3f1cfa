// Runs a fuzzer over stored inputs as an ordinary test, with any compiler: files, and folders of
// files, are handed to LLVMFuzzerTestOneInput in the order of their names. Invents no inputs.
// Exit: 0 all inputs ran, 1 nothing to run, or an input could not be read.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size_bytes);

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> inputs_below(const fs::path& path) {
    if (!fs::is_directory(path))
        return {path};
    std::vector<fs::path> inputs;
    for (const auto& entry : fs::directory_iterator(path))
        if (entry.is_regular_file())
            inputs.push_back(entry.path());
    std::sort(inputs.begin(), inputs.end());
    return inputs;
}

std::vector<uint8_t> bytes_of(const fs::path& path) {
    std::vector<uint8_t> bytes(fs::file_size(path));  // throws with the path in its text
    std::ifstream file(path, std::ios::binary);
    file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (!file || file.gcount() != static_cast<std::streamsize>(bytes.size()))
        throw std::runtime_error("cannot read " + path.string());
    return bytes;
}

void replay(const fs::path& path) {
    // Named before it runs: a crash then says which input it was.
    std::printf("replay %s\n", path.c_str());
    std::fflush(stdout);
    const auto bytes = bytes_of(path);
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

}  // namespace

int main(int argc, char** argv) {
    size_t count = 0;
    try {
        for (int i = 1; i < argc; ++i) {
            for (const auto& input : inputs_below(argv[i])) {
                replay(input);
                ++count;
            }
        }
    } catch (const std::exception& error) {
        std::fprintf(stderr, "replay: %s\n", error.what());
        return 1;
    }
    std::printf("%zu inputs\n", count);
    return count == 0 ? 1 : 0;
}
