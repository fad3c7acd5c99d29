// Names as small numbers, while somebody holds them: then a number is free for another name.
//
// All memory is taken at construction: a name comes in a pointer that its owner made. Not thread-safe.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"

namespace infer {

using Name = std::shared_ptr<const std::string>;  // null: a name, too, which equals no other

// Of what callers name: 1 to 256 bytes. what: "an adapter".
Status check_name(std::string_view what, const std::string& name);

class Names {
 public:
  explicit Names(int32_t most);  // names at a time
  int32_t enter(Name name);      // its number, held once more
  void hold(int32_t number) { list_[static_cast<size_t>(number)].holders++; }
  void leave(int32_t number);  // held once less
  int32_t holders(int32_t number) const { return list_[static_cast<size_t>(number)].holders; }
  int32_t known() const { return static_cast<int32_t>(list_.size() - free_.size()); }

 private:
  struct Entry {
    Name name;
    int32_t holders = 0;
    int32_t next = -1;  // of the same bucket
  };
  size_t bucket(const Name& name) const;

  std::vector<Entry> list_;
  std::vector<int32_t> free_;   // stack of numbers
  std::vector<int32_t> heads_;  // chains of names; a power of two
};

}  // namespace infer
