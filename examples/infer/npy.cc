#include "npy.h"

#include <bit>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "handles.h"

namespace infer::tool {

static_assert(std::endian::native == std::endian::little, "floats are written as they lie in memory");

void write_npy(const std::string& path, const std::vector<float>& values, int64_t rows, int64_t cols) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(rows) + ", " +
                       std::to_string(cols) + "), }";
  constexpr size_t kBefore = 10, kAlign = 64;  // magic, version, length of the header
  header.append(kAlign - 1 - (kBefore + header.size()) % kAlign, ' ');
  header += '\n';
  const char prefix[kBefore] = {'\x93',
                                'N',
                                'U',
                                'M',
                                'P',
                                'Y',
                                1,
                                0,
                                static_cast<char>(header.size() & 0xff),
                                static_cast<char>(header.size() >> 8)};
  std::FILE* file = std::fopen(path.c_str(), "wb");
  bool good = file != nullptr;
  good = good && std::fwrite(prefix, 1, kBefore, file) == kBefore;
  good = good && std::fwrite(header.data(), 1, header.size(), file) == header.size();
  good = good && std::fwrite(values.data(), sizeof(float), values.size(), file) == values.size();
  const int error = errno;
  good = (!file || std::fclose(file) == 0) && good;
  if (!good) {
    throw Failure{"cannot write '" + path + "': " + std::strerror(error ? error : errno),
                  "give a path in a folder that exists, on a disk with room"};
  }
}

}  // namespace infer::tool
