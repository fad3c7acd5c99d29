#ifdef _WIN32
#ifndef NOMINMAX
#define NOMINMAX
#endif
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include <algorithm>
#include <system_error>

#include "base/new_file.h"
#include "base/wide_win32.h"

namespace infer {
namespace {

Status last_error(const std::string& what) {
  const DWORD error = GetLastError();
  return Status::io(str(what, ": ", std::system_category().message(static_cast<int>(error))),
                    error == ERROR_DISK_FULL ? "free some disk space" : "");
}

// A mapped file cannot be deleted, but renamed: everyone here opens with FILE_SHARE_DELETE.
class Win32NewFile final : public NewFile {
 public:
  // from: null, or what is renamed to path first.
  static Result<std::unique_ptr<Win32NewFile>> open(const std::string& path, DWORD disposition, const wchar_t* from) {
    TRY_SET(std::wstring w, wide(path));
    std::unique_ptr<Win32NewFile> file(new Win32NewFile(path, std::move(w)));  // before there is something to lose
    if (from && !MoveFileExW(from, file->wide_.c_str(), MOVEFILE_REPLACE_EXISTING)) {
      file->wide_.clear();  // not ours to remove
      return last_error(str("cannot take a file as '", path, "'"));
    }
    file->handle_ = CreateFileW(file->wide_.c_str(), GENERIC_READ | GENERIC_WRITE | DELETE,
                                FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, nullptr, disposition,
                                FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OPEN_REPARSE_POINT, nullptr);
    if (file->handle_ != INVALID_HANDLE_VALUE) return {std::move(file)};
    const DWORD error = GetLastError();
    if (!from) file->wide_.clear();
    if (error == ERROR_FILE_EXISTS) return Status::invalid(str("'", path, "' exists already"));
    SetLastError(error);
    return last_error(str("cannot open '", path, "'"));
  }
  ~Win32NewFile() override {
    if (handle_ != INVALID_HANDLE_VALUE) CloseHandle(handle_);
    if (!wide_.empty()) DeleteFileW(wide_.c_str());
  }
  Status reserve(int64_t bytes) {
    LARGE_INTEGER end{};
    end.QuadPart = bytes;
    if (SetFilePointerEx(handle_, end, nullptr, FILE_BEGIN) && SetEndOfFile(handle_)) return {};
    return last_error(str("cannot make '", path_, "' with ", bytes, " bytes"));
  }
  Status write(int64_t at, std::span<const std::byte> bytes) override {
    while (!bytes.empty()) {
      OVERLAPPED place{};
      place.Offset = static_cast<DWORD>(at & 0xffffffff);
      place.OffsetHigh = static_cast<DWORD>(at >> 32);
      DWORD n = 0;
      if (!WriteFile(handle_, bytes.data(), static_cast<DWORD>(std::min<size_t>(bytes.size(), 1u << 30)), &n, &place))
        return last_error(str("cannot write '", path_, "'"));
      bytes = bytes.subspan(n);
      at += n;
    }
    return {};
  }
  Result<std::shared_ptr<const File>> map() const override { return map_file(handle_, path_, 0, -1); }
  Status rename(const std::string& path) override {
    TRY_SET(const std::wstring target, wide(path));
    if (!MoveFileExW(wide_.c_str(), target.c_str(), MOVEFILE_REPLACE_EXISTING))
      return last_error(str("cannot rename '", path_, "' to '", path, "'"));
    wide_.clear();
    return {};
  }

 private:
  Win32NewFile(std::string path, std::wstring w) : path_(std::move(path)), wide_(std::move(w)) {}
  HANDLE handle_ = INVALID_HANDLE_VALUE;
  std::string path_;
  std::wstring wide_;  // empty: it has its name
};

}  // namespace

Result<std::unique_ptr<NewFile>> NewFile::make(const std::string& path, int64_t bytes) {
  if (bytes < 0) return Status::invalid(str("a file of ", bytes, " bytes"));
  TRY_SET(auto file, Win32NewFile::open(path, CREATE_NEW, nullptr));
  TRY(file->reserve(bytes));
  return std::unique_ptr<NewFile>(std::move(file));
}

Result<std::unique_ptr<NewFile>> NewFile::take(const std::string& path, const std::string& own) {
  TRY_SET(const std::wstring from, wide(path));
  TRY_SET(auto file, Win32NewFile::open(own, OPEN_EXISTING, from.c_str()));
  return std::unique_ptr<NewFile>(std::move(file));
}

}  // namespace infer
#endif
