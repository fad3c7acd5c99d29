// NumPy's .npy files, version 1.0: a magic, a header of text padded to 64 bytes, then float32 in C order,
// little-endian.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace infer::tool {

// values [rows, cols]
void write_npy(const std::string& path, const std::vector<float>& values, int64_t rows, int64_t cols);

}  // namespace infer::tool
