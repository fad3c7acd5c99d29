// References: python3 -c "import xxhash; print(xxhash.xxh3_64_hexdigest(b'libinfer'),
// xxhash.xxh3_128_hexdigest(b'libinfer'))"
#include "base/hash.h"

#include <doctest/doctest.h>

#include <vector>

namespace infer {

TEST_CASE("the hashes are XXH3's") {
  const std::string text = "libinfer";
  CHECK(hash64(std::as_bytes(std::span(text))) == 0xad8820ce4a02e3fa);
  CHECK(hash128(text).hex() == "a5c8ccfefdef60cea7c2823ed9feaca6");
  CHECK(hash64({}) == 0x2d06800538d394c2);
}

TEST_CASE("a hash of pieces is that of the whole, wherever it is cut") {
  std::vector<std::byte> bytes(5000);
  for (size_t i = 0; i < bytes.size(); i++) bytes[i] = static_cast<std::byte>(i * i >> 3);
  const std::span<const std::byte> all(bytes);
  for (size_t cut = 0; cut < bytes.size(); cut += 7) {
    Hash hash;
    hash.add(all.first(cut));
    hash.add(all.subspan(cut));
    REQUIRE(hash.value() == hash64(all));
  }
  bytes[4321] ^= std::byte{1};
  Hash other;
  other.add(all);
  bytes[4321] ^= std::byte{1};
  CHECK(other.value() != hash64(all));
}

}  // namespace infer
