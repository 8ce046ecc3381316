#include "attune/base/files.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <openssl/evp.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include "attune/base/descriptor.h"
#include "attune/base/error.h"

namespace attune {
namespace {

constexpr size_t kChunk = 1 << 20;

fs::path parent_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

fs::path beside(const fs::path& path, const char* word) {
  return path.string() + fmt::format(".{}-{}", word, ::getpid());
}

}  // namespace

std::string file_identity(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) fail(ErrorKind::io, "cannot read {}: {}", path.string(), reason_of(errno));
  const auto time = [](const timespec& t) { return fmt::format("{}.{:09}", t.tv_sec, t.tv_nsec); };
  return fmt::format("{}:{} {} {} {}", status.st_dev, status.st_ino, status.st_size, time(status.st_mtim),
                     time(status.st_ctim));
}

std::string read_file(const fs::path& path) {
  const Descriptor file(path);
  std::error_code unknown;
  const auto expected = fs::file_size(path, unknown);  // a pipe or a file of /proc has none: read to the end anyway
  std::string bytes;
  for (size_t filled = 0;;) {
    bytes.resize(filled + (filled == 0 && !unknown ? static_cast<size_t>(expected) + 1 : kChunk));
    const size_t got = file.read({bytes.data() + filled, bytes.size() - filled});
    filled += got;
    if (got == 0) {
      bytes.resize(filled);
      return bytes;
    }
  }
}

void write_file_atomically(const fs::path& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

AtomicFile::AtomicFile(fs::path final_path) : final_(std::move(final_path)), temporary_(beside(final_, "tmp")) {
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor_ < 0)
    fail(ErrorKind::io, "cannot write {}: {}; is its folder there, and may it be written to?", final_.string(),
         reason_of(errno));
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(temporary_.c_str());
}

void AtomicFile::fail_to_write() {
  const int code = errno;
  fail(ErrorKind::io, "cannot write {}: {}{}; nothing was changed", final_.string(), reason_of(code),
       code == ENOSPC || code == EDQUOT ? " (free some space, or choose another folder)" : "");
}

void AtomicFile::write(std::string_view bytes) {
  ATTUNE_CHECK(descriptor_ >= 0, "{} was committed already", final_.string());
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(descriptor_, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) fail_to_write();
    bytes.remove_prefix(static_cast<size_t>(wrote));
  }
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  write(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

void AtomicFile::write_at(uint64_t offset, std::span<const std::byte> bytes) {
  ATTUNE_CHECK(descriptor_ >= 0, "{} was committed already", final_.string());
  while (!bytes.empty()) {
    const ssize_t wrote = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) fail_to_write();
    offset += static_cast<uint64_t>(wrote);
    bytes = bytes.subspan(static_cast<size_t>(wrote));
  }
}

void AtomicFile::commit() {
  ATTUNE_CHECK(descriptor_ >= 0, "{} was committed already", final_.string());
  if (::fsync(descriptor_) != 0) fail_to_write();
  if (::rename(temporary_.c_str(), final_.c_str()) != 0) fail_to_write();
  ::close(std::exchange(descriptor_, -1));
  sync_path(parent_of(final_));
}

MappedFile::MappedFile(const fs::path& path) {
  const Descriptor file(path);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) fail(ErrorKind::io, "cannot read {}: {}", path.string(), reason_of(errno));
  if (!S_ISREG(status.st_mode)) fail(ErrorKind::io, "cannot read {}: it is not a regular file", path.string());
  size_ = static_cast<size_t>(status.st_size);
  if (size_ == 0) return;
  void* data = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (data == MAP_FAILED)
    fail(ErrorKind::io, "cannot map {} ({} bytes) into memory: {}", path.string(), size_, reason_of(errno));
  data_ = data;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<void*>(data_), size_);
}

void MappedFile::release(std::span<const std::byte> part) const {
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = (reinterpret_cast<uintptr_t>(part.data()) + page - 1) / page * page;
  const auto end = reinterpret_cast<uintptr_t>(part.data() + part.size()) / page * page;
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

AtomicFolder::AtomicFolder(fs::path final_path) : final_(fs::absolute(final_path).lexically_normal()) {
  if (!final_.has_filename()) final_ = final_.parent_path();  // "runs/a/" is "runs/a"
  temporary_ = beside(final_, "tmp");
  std::error_code error;
  fs::remove_all(temporary_, error);  // left by a killed process that had our number
  fs::create_directories(temporary_, error);
  if (error)
    fail(ErrorKind::io, "cannot make the folder {}: {}; is its parent there, and may it be written to?",
         final_.string(), error.message());
}

AtomicFolder::~AtomicFolder() {
  if (committed_) return;
  std::error_code ignored;
  fs::remove_all(temporary_, ignored);
}

void AtomicFolder::commit() {
  ATTUNE_CHECK(!committed_, "{} was committed already", final_.string());
  for (const auto& entry : fs::recursive_directory_iterator(temporary_)) sync_path(entry.path());
  sync_path(temporary_);
  const auto rename = [&](const fs::path& from, const fs::path& to, unsigned flags) {
    return ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags) == 0;
  };
  const auto refuse = [&] {
    fail(ErrorKind::io, "cannot put the folder {} in place: {}", final_.string(), reason_of(errno));
  };
  fs::path old;
  if (fs::exists(final_)) {
    old = temporary_;
    if (!rename(temporary_, final_, RENAME_EXCHANGE)) {
      old = beside(final_, "old");
      if (!rename(final_, old, 0)) refuse();
      if (!rename(temporary_, final_, 0)) {
        const int code = errno;
        rename(old, final_, 0);
        errno = code;
        refuse();
      }
    }
  } else if (!rename(temporary_, final_, 0)) {
    refuse();
  }
  committed_ = true;
  sync_path(parent_of(final_));
  std::error_code ignored;
  if (!old.empty()) fs::remove_all(old, ignored);
}

void sync_path(const fs::path& path) {
  const Descriptor file(path);
  // EINVAL: the file system keeps nothing that could be flushed.
  if (::fsync(file.get()) != 0 && errno != EINVAL)
    fail(ErrorKind::io, "cannot flush {} to the disk: {}", path.string(), reason_of(errno));
}

struct Sha256::State {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), EVP_MD_CTX_free};
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  ATTUNE_CHECK(state_->context && EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr) == 1,
               "OpenSSL has no SHA-256");
}
Sha256::~Sha256() = default;

void Sha256::add(std::string_view bytes) {
  ATTUNE_CHECK(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1, "SHA-256 over {}",
               bytes.size());
}

std::string Sha256::hex() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  ATTUNE_CHECK(EVP_DigestFinal_ex(state_->context.get(), digest.data(), &size) == 1, "SHA-256 of {} bytes", size);
  return fmt::format("{:02x}", fmt::join(digest.begin(), digest.begin() + size, ""));
}

std::string sha256_hex(std::string_view bytes) {
  Sha256 hash;
  hash.add(bytes);
  return hash.hex();
}

std::string sha256_file(const fs::path& path) {
  const Descriptor file(path);
  Sha256 hash;
  std::vector<char> buffer(kChunk);
  while (const size_t got = file.read(buffer)) hash.add({buffer.data(), got});
  return hash.hex();
}

}  // namespace attune
