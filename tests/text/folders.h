// Tokenizer folders made for one test and removed after it.
#pragma once
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <unistd.h>
#include <vector>

#include "attune/text/tokenizer.h"

namespace attune::text {

inline std::filesystem::path golden() {
  return std::filesystem::path(ATTUNE_TEST_DATA) / "text" / "golden";
}

using Files = std::map<std::string, std::string>;  // name to content

class Folder {
 public:
  explicit Folder(const Files& files) {
    static int count = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("attune-text-" + std::to_string(::getpid()) + "-" + std::to_string(count++));
    std::filesystem::create_directories(path_);
    for (const auto& [name, content] : files) std::ofstream(path_ / name, std::ios::binary) << content;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  void copy(const std::filesystem::path& file) const { std::filesystem::copy(file, path_ / file.filename()); }

 private:
  std::filesystem::path path_;
};

// {id, begin, end} of each piece, end to end.
inline std::vector<int32_t> numbers(const Tokenizer& tokenizer, std::string_view text) {
  std::vector<Piece> pieces;
  tokenizer.encode(text, pieces);
  std::vector<int32_t> flat;
  for (const Piece& piece : pieces) flat.insert(flat.end(), {piece.id, piece.begin, piece.end});
  return flat;
}

}  // namespace attune::text
