// What answers must be, as requests of one model's vocabulary ask for it: compiled once, kept while it is asked for.
#pragma once
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "api/settings.h"
#include "text/constraint/constraint.h"
#include "text/tokenizer/tokenizer.h"

namespace infer::api {

class Constraints {
 public:
  // By the options response.*; null: none is set. Any thread.
  Result<std::shared_ptr<text::Constraint>> get(const Settings& settings, const text::Tokenizer* tokenizer);

 private:
  static constexpr size_t kMost = 4;  // that are kept, the last ones asked for
  struct Known {
    text::Constraint::Kind kind;
    std::vector<std::string> source;
    std::shared_ptr<text::Constraint> constraint;
  };
  std::mutex mutex_;
  std::shared_ptr<const text::TokenTrie> trie_;  // made when first asked for
  std::list<Known> known_;                       // the last one first
};

}  // namespace infer::api
