// Files on Windows: CreateFileW, file mappings.
#ifdef _WIN32
#ifndef NOMINMAX
#define NOMINMAX
#endif
#define WIN32_LEAN_AND_MEAN
#undef _WIN32_WINNT
#define _WIN32_WINNT 0x0602  // Windows 8: PrefetchVirtualMemory
// clang-format off
#include <windows.h>
#include <io.h>
// clang-format on

#include <algorithm>
#include <atomic>
#include <system_error>

#include "base/checked.h"
#include "base/file.h"
#include "base/wide_win32.h"

namespace infer {
namespace {

constexpr const char* kPathHint = "check the path; the folders in it must exist";

std::string reason(DWORD error) { return std::system_category().message(static_cast<int>(error)); }

class Handle {
 public:
  explicit Handle(HANDLE h) : h_(h == INVALID_HANDLE_VALUE ? nullptr : h) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    if (h_) CloseHandle(h_);
  }
  HANDLE get() const { return h_; }

 private:
  HANDLE h_;  // null: none
};

class MappedFile final : public File {
 public:
  MappedFile(std::string name, std::string stamp, std::byte* base, size_t skip, size_t length) : base_(base) {
    bytes_ = {base + skip, length};
    name_ = std::move(name);
    stamp_ = std::move(stamp);
  }
  ~MappedFile() override { UnmapViewOfFile(base_); }

  void will_need(std::span<const std::byte> range) const override {
    if (range.empty() || range.data() < bytes_.data() || range.data() + range.size() > bytes_.data() + bytes_.size())
      return;
    WIN32_MEMORY_RANGE_ENTRY entry{const_cast<std::byte*>(range.data()), range.size()};
    PrefetchVirtualMemory(GetCurrentProcess(), 1, &entry, 0);
  }

 private:
  std::byte* base_;  // start of the view, at an allocation boundary
};

Status cannot_open(const std::string& path, DWORD error) {
  const std::string what = str("cannot open '", path, "': ");
  switch (error) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
      return Status::not_found(what + "no such file", kPathHint);
    case ERROR_INVALID_NAME:
    case ERROR_BAD_PATHNAME:
      return Status::invalid(what + "this is not a path", kPathHint);
    case ERROR_ACCESS_DENIED:
      return Status::io(what + "no permission", "let this user read the file");
    case ERROR_SHARING_VIOLATION:
      return Status::io(what + "another program holds it", "close that program");
    default:
      return Status::io(what + reason(error));
  }
}

}  // namespace

Result<std::shared_ptr<const File>> map_file(void* file, const std::string& name, int64_t offset, int64_t length) {
  if (GetFileType(file) != FILE_TYPE_DISK)
    return Status::invalid(str("'", name, "' is not a regular file (a pipe or device cannot be mapped)"),
                           "copy the data to a file first");
  LARGE_INTEGER big{};
  if (!GetFileSizeEx(file, &big)) return Status::io(str("cannot examine '", name, "': ", reason(GetLastError())));
  const int64_t size = big.QuadPart;
  if (size == 0) return Status::corrupt(str("'", name, "' is empty"), "fetch or copy the file again");
  if (offset < 0 || offset > size)
    return Status::invalid(str("offset ", offset, " lies outside '", name, "', which has ", size, " bytes"));
  if (length < 0) length = size - offset;
  if (length > size - offset)
    return Status::invalid(str("'", name, "' has ", size, " bytes: too few for ", length, " bytes at offset ", offset));
  if (length == 0) return Status::corrupt(str("the window at offset ", offset, " of '", name, "' is empty"));

  FILETIME changed{};
  if (!GetFileTime(file, nullptr, nullptr, &changed))
    return Status::io(str("cannot examine '", name, "': ", reason(GetLastError())));
  SYSTEM_INFO system{};
  GetSystemInfo(&system);
  const int64_t start = offset / system.dwAllocationGranularity * system.dwAllocationGranularity;
  const auto n = narrow<size_t>(offset - start + length);
  if (!n) return Status::no_memory(str("'", name, "' (", length, " bytes) does not fit this process's address space"));
  const Handle mapping(CreateFileMappingW(file, nullptr, PAGE_READONLY, 0, 0, nullptr));
  void* base = mapping.get() ? MapViewOfFile(mapping.get(), FILE_MAP_READ, static_cast<DWORD>(start >> 32),
                                             static_cast<DWORD>(start & 0xffffffff), *n)
                             : nullptr;
  if (!base) return Status::io(str("cannot map ", length, " bytes of '", name, "': ", reason(GetLastError())));
  try {
    std::string stamp = str(size, " ", changed.dwHighDateTime, ".", changed.dwLowDateTime, " ", offset);
    return {std::make_shared<const MappedFile>(name, std::move(stamp), static_cast<std::byte*>(base),
                                               static_cast<size_t>(offset - start), static_cast<size_t>(length))};
  } catch (...) {
    UnmapViewOfFile(base);
    throw;
  }
}

namespace {

Status write_new(const std::wstring& path, std::span<const std::span<const std::byte>> pieces) {
  const Handle file(CreateFileW(path.c_str(), GENERIC_WRITE, 0, nullptr, CREATE_NEW, FILE_ATTRIBUTE_NORMAL, nullptr));
  if (!file.get()) {
    const DWORD error = GetLastError();
    return error == ERROR_PATH_NOT_FOUND ? Status::not_found(reason(error)) : Status::io(reason(error));
  }
  for (std::span<const std::byte> bytes : pieces) {
    while (!bytes.empty()) {
      DWORD n = 0;
      if (!WriteFile(file.get(), bytes.data(), static_cast<DWORD>(std::min<size_t>(bytes.size(), 1u << 30)), &n,
                     nullptr))
        return Status::io(reason(GetLastError()));
      bytes = bytes.subspan(n);
    }
  }
  if (!FlushFileBuffers(file.get())) return Status::io(reason(GetLastError()));
  return {};
}

}  // namespace

Result<std::shared_ptr<const File>> File::open(const std::string& path, Links links) {
  TRY_SET(const std::wstring w, wide(path));
  const DWORD flags = FILE_ATTRIBUTE_NORMAL | (links == Links::kRefuse ? FILE_FLAG_OPEN_REPARSE_POINT : 0);
  const DWORD attributes =
      GetFileAttributesW(w.c_str());  // only for the message: CreateFileW says "access denied" of a directory
  if (attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY))
    return Status::invalid(str("'", path, "' is a directory, not a file"), "name the file in it");
  const Handle file(CreateFileW(w.c_str(), GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, nullptr, OPEN_EXISTING,
                                flags, nullptr));
  if (!file.get()) return cannot_open(path, GetLastError());
  if (links == Links::kRefuse) {
    FILE_ATTRIBUTE_TAG_INFO tag{};
    if (!GetFileInformationByHandleEx(file.get(), FileAttributeTagInfo, &tag, sizeof tag))
      return Status::io(str("cannot examine '", path, "': ", reason(GetLastError())));
    if ((tag.FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) && tag.ReparseTag == IO_REPARSE_TAG_SYMLINK)
      return Status::io(str("cannot open '", path, "': it is a symbolic link, and links are not followed here"),
                        "put the file itself there");
  }
  return map_file(file.get(), path, 0, -1);
}

Result<std::shared_ptr<const File>> File::open_fd(int fd, int64_t offset, int64_t length) {
  if (fd < 0) return Status::invalid(str("descriptor ", fd, " is not an open file"));
  const auto handle = reinterpret_cast<HANDLE>(_get_osfhandle(fd));
  if (handle == INVALID_HANDLE_VALUE) return Status::invalid(str("descriptor ", fd, " is not an open file"));
  return map_file(handle, str("fd ", fd), offset, length);
}

Status write_file(const std::string& path, std::span<const std::span<const std::byte>> pieces) {
  static std::atomic<uint32_t> serial{0};
  const std::string what = str("cannot write '", path, "'");
  TRY_SET(const std::wstring target, wide(path));
  TRY_SET(const std::wstring temporary, wide(str(path, ".", GetCurrentProcessId(), "-", serial.fetch_add(1), ".tmp")));
  Status written = write_new(temporary, pieces);
  if (written.ok() &&
      !MoveFileExW(temporary.c_str(), target.c_str(), MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH))
    written = Status::io(reason(GetLastError()));
  if (!written.ok()) DeleteFileW(temporary.c_str());
  return written.in(what);
}

}  // namespace infer
#endif
