#include "backends/common/host_buffer.h"

#include <doctest/doctest.h>

#include <cstring>

using infer::backend::HostBuffer;

TEST_CASE("a new buffer is zeroed, aligned to 64 and holds what is written") {
  auto b = HostBuffer::make(1000);
  REQUIRE(b.ok());
  CHECK(reinterpret_cast<uintptr_t>((*b)->data) % 64 == 0);
  for (int i = 0; i < 1000; ++i) REQUIRE((*b)->data[i] == std::byte{0});
  char out[3] = {};
  CHECK((*b)->write(997, "abc", 3).ok());
  CHECK((*b)->read(997, out, 3).ok());
  CHECK(std::memcmp(out, "abc", 3) == 0);
  CHECK(HostBuffer::make(0).ok());
}

TEST_CASE("reads and writes outside are refused, however the numbers wrap") {
  auto b = HostBuffer::make(100);
  char bytes[101] = {};
  for (int64_t at : {int64_t(1), int64_t(100), int64_t(101), int64_t(-1), INT64_MAX, INT64_MIN}) {
    CHECK(!(*b)->write(at, bytes, 100).ok());
    CHECK(!(*b)->read(at, bytes, 100).ok());
  }
  for (int64_t n : {int64_t(101), int64_t(-1), INT64_MAX, INT64_MIN}) CHECK(!(*b)->read(0, bytes, n).ok());
  CHECK((*b)->read(100, bytes, 0).ok());
}

TEST_CASE("sizes that cannot be are answered") {
  CHECK(HostBuffer::make(-1).status().code() == INFER_E_INVALID);
  CHECK(HostBuffer::make(INT64_MAX).status().code() == INFER_E_NO_MEMORY);
}

TEST_CASE("an imported read-only buffer is used in place and not written") {
  char bytes[10] = "123456789";
  auto b = HostBuffer::import(bytes, 10, true);
  REQUIRE(b.ok());
  CHECK(reinterpret_cast<char*>((*b)->data) == bytes);
  CHECK((*b)->write(0, "x", 1).code() == INFER_E_INVALID);
  CHECK(!HostBuffer::import(nullptr, 10, true).ok());
}

TEST_CASE("an imported read-only buffer is told its source, whole, and no other buffer is") {
  char bytes[10] = "123456789";
  const infer_source source{
      {sizeof source, INFER_BACKEND_MAJOR, INFER_BACKEND_MINOR}, "id", 3, bytes, [](const void*) { return 1; }};
  auto b = HostBuffer::import(bytes, 10, true);
  CHECK((*b)->source.id.empty());
  REQUIRE((*b)->tell(source).ok());
  CHECK((*b)->source.id == "id");
  CHECK((*b)->source.offset == 3);
  CHECK((*b)->source.file == bytes);
  CHECK((*b)->source.intact(bytes) == 1);
  const auto refused = [&](auto change) {
    infer_source other = source;
    change(other);
    return (*b)->tell(other).code() == INFER_E_INVALID;
  };
  CHECK(refused([](infer_source& s) { s.abi.struct_size--; }));
  CHECK(refused([](infer_source& s) { s.id = nullptr; }));
  CHECK(refused([](infer_source& s) { s.offset = -1; }));
  CHECK(refused([](infer_source& s) { s.intact = nullptr; }));
  CHECK(!(*HostBuffer::make(10))->tell(source).ok());
  CHECK(!(*HostBuffer::import(bytes, 10, false))->tell(source).ok());
}
