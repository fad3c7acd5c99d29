// The folder where packed weights are kept. Several processes may use it at once: files come and go by their names
// alone, and whoever has one mapped keeps its bytes.
//
// Only names of ours are ever removed: *.pack when room is needed, those used longest ago first (a file's time of
// modification is when it was used last); *.packing, files in the making, when nobody has written to them for a day.
#pragma once
#include <memory>
#include <string>

#include "base/file.h"
#include "base/new_file.h"

namespace infer::cpu {

class PackFolder {
 public:
  PackFolder(std::string path, int64_t limit) : path_(std::move(path)), limit_(limit) {}
  const std::string& path() const { return path_; }

  // E_NOT_FOUND: there is none.
  Result<std::shared_ptr<const File>> open(const std::string& name) const;
  // Out of the sight of others, to be finished: one of several processes gets it.
  Result<std::unique_ptr<NewFile>> take(const std::string& name) const;
  // A new file of so many zeros, after making room for it. Refuses what is above the limit, and when the disk is full.
  Result<std::unique_ptr<NewFile>> make(const std::string& name, int64_t bytes) const;
  Status keep(NewFile& file, const std::string& name) const { return file.rename(at(name)); }

 private:
  std::string at(const std::string& name) const { return path_ + "/" + name; }
  std::string fresh_name(const std::string& name) const;
  Status make_room(const std::string& for_name, int64_t bytes) const;
  std::string path_;
  int64_t limit_;  // bytes
};

}  // namespace infer::cpu
