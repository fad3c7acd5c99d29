// Names, of cache domains or of clients, as small numbers. A name is known while a sequence or a page is in it; then
// its number is free.
//
// All memory is taken at construction: a name comes in a pointer that the request made. Not thread-safe.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace infer::cache {

using DomainName = std::shared_ptr<const std::string>;  // null: the common one

class Domains {
 public:
  explicit Domains(int32_t most);  // names at a time
  int32_t enter(DomainName name);  // its number, held once more
  void hold(int32_t domain) { list_[static_cast<size_t>(domain)].holders++; }
  void leave(int32_t domain);  // held once less
  int32_t holders(int32_t domain) const { return list_[static_cast<size_t>(domain)].holders; }
  int32_t known() const { return static_cast<int32_t>(list_.size() - free_.size()); }

 private:
  struct Domain {
    DomainName name;
    int32_t holders = 0;
    int32_t next = -1;  // of the same bucket
  };
  size_t bucket(const DomainName& name) const;

  std::vector<Domain> list_;
  std::vector<int32_t> free_;   // stack of numbers
  std::vector<int32_t> heads_;  // chains of names; a power of two
};

}  // namespace infer::cache
