#include "attune/io/zip_reader.h"

#include <array>
#include <zip.h>

#include "attune/base/error.h"
#include "attune/base/files.h"
#include "attune/base/suggest.h"

namespace attune::io {

// The mapped file, where there is one, must go after the archive that reads from it.
struct ZipReader::Archive {
  std::unique_ptr<MappedFile> map;
  zip_t* zip = nullptr;
  ~Archive() {
    if (zip != nullptr) zip_discard(zip);
  }
};

namespace {

zip_t* open(std::span<const std::byte> bytes, const std::string& where) {
  // The library takes no bytes at all for an archive without entries.
  if (bytes.empty()) fail(ErrorKind::io, "{} is not a whole zip archive: it is empty; download it again", where);
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  zip_t* zip = source == nullptr ? nullptr : zip_open_from_source(source, ZIP_RDONLY, &error);
  const std::string reason = zip == nullptr ? zip_error_strerror(&error) : "";
  zip_error_fini(&error);
  if (zip != nullptr) return zip;
  if (source != nullptr) zip_source_free(source);
  fail(ErrorKind::io, "{} is not a whole zip archive: {}; download it again", where, reason);
}

}  // namespace

ZipReader::ZipReader(const std::filesystem::path& path) : where_(path.string()), archive_(std::make_unique<Archive>()) {
  archive_->map = std::make_unique<MappedFile>(path);
  archive_->zip = open(archive_->map->bytes(), where_);
}

ZipReader::ZipReader(std::span<const std::byte> bytes, std::string where)
    : where_(std::move(where)), archive_(std::make_unique<Archive>()) {
  archive_->zip = open(bytes, where_);
}

ZipReader::~ZipReader() = default;

std::vector<std::string> ZipReader::names() const {
  std::vector<std::string> names;
  const zip_int64_t count = zip_get_num_entries(archive_->zip, 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    const char* name = zip_get_name(archive_->zip, static_cast<zip_uint64_t>(i), 0);
    names.emplace_back(name == nullptr ? "" : name);
  }
  return names;
}

bool ZipReader::has(std::string_view name) const {
  return zip_name_locate(archive_->zip, std::string(name).c_str(), 0) >= 0;
}

template <class Take>
void ZipReader::stream(std::string_view name, uint64_t most, Take take) const {
  if (!has(name)) fail(ErrorKind::io, "{} has no entry '{}'{}", where_, name, did_you_mean(name, names()));
  const std::unique_ptr<zip_file_t, decltype(&zip_fclose)> file(zip_fopen(archive_->zip, std::string(name).c_str(), 0),
                                                                zip_fclose);
  if (!file) fail(ErrorKind::io, "{}: entry '{}' cannot be read: {}", where_, name, zip_strerror(archive_->zip));
  std::array<char, 1 << 16> buffer{};
  for (uint64_t total = 0;;) {
    const zip_int64_t got = zip_fread(file.get(), buffer.data(), buffer.size());
    if (got < 0)
      fail(ErrorKind::io, "{}: entry '{}' is damaged: {}; download it again", where_, name,
           zip_file_strerror(file.get()));
    if (got == 0) return;
    total += static_cast<uint64_t>(got);
    if (total > most)
      fail(ErrorKind::io, "{}: entry '{}' is larger than the {} bytes expected at most", where_, name, most);
    take(std::string_view(buffer.data(), static_cast<size_t>(got)));
  }
}

std::string ZipReader::read(std::string_view name, uint64_t most) const {
  std::string bytes;
  stream(name, most, [&](std::string_view piece) { bytes += piece; });
  return bytes;
}

void ZipReader::extract(std::string_view name, const std::filesystem::path& to, uint64_t most) const {
  AtomicFile file(to);
  stream(name, most, [&](std::string_view piece) { file.write(piece); });
  file.commit();
}

}  // namespace attune::io
