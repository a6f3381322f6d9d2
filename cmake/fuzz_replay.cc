// Runs a fuzzer's entry point over files and folders of seeds, and over one empty input, without libFuzzer.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

bool replay(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (in.bad() || !in.is_open()) {
    std::cerr << "cannot read " << path << '\n';
    return false;
  }
  std::cout << "replaying " << path << std::endl;  // flushed: the last line names the input that crashed
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  namespace fs = std::filesystem;
  const std::uint8_t nothing = 0;
  LLVMFuzzerTestOneInput(&nothing, 0);
  std::size_t count = 1;
  for (int i = 1; i < argc; ++i) {
    const fs::path path = argv[i];
    if (fs::is_directory(path)) {
      for (const auto& entry : fs::recursive_directory_iterator(path)) {
        if (!entry.is_regular_file()) continue;
        if (!replay(entry.path())) return EXIT_FAILURE;
        ++count;
      }
    } else if (fs::exists(path)) {
      if (!replay(path)) return EXIT_FAILURE;
      ++count;
    } else {
      std::cout << "no seeds at " << path << '\n';
    }
  }
  std::cout << count << " inputs\n";
  return EXIT_SUCCESS;
}
