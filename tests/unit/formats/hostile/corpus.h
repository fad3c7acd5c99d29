// The hostile corpus: bytes, or files on disk, each with what must come of it.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "formats/model_file.h"

namespace infer::formats {

struct Case {
  std::string name;
  // What must come of it:
  //   "ok"          loads
  //   an id         refused by that line of refusals.def
  //   "refused"     refused by some line of it
  //   "any"         loads, or refused by some line of it
  //   "file: TEXT"  refused by base/file.h with TEXT in the message
  std::string expected;
  std::string bytes;                                                    // opened from memory, or
  std::function<Result<std::shared_ptr<const ModelFile>>()> open = {};  // opened by this
};

// Calls visit with every case, one at a time: some are tens of megabytes.
using Visit = std::function<void(const Case&)>;
void containers(const Visit& visit);    // header, metadata, tensors: one case per known cause
void vocabularies(const Visit& visit);  // tokenizer keys
void mutations(const Visit& visit);     // of one valid file: each field, each bit, each length
void split_sets(const Visit& visit);    // on disk

// A valid file with every kind of value, and a vocabulary.
std::string valid_file();

}  // namespace infer::formats
