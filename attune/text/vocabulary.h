// The pieces of a vocabulary by id, end to end in memory.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace attune::text {

class Vocabulary {
 public:
  Vocabulary() = default;
  // pieces[id] is the piece with that id; empty where the id has none.
  explicit Vocabulary(std::span<const std::string_view> pieces) {
    size_t bytes = 0;
    for (const std::string_view piece : pieces) bytes += piece.size();
    bytes_.reserve(bytes);
    ends_.reserve(pieces.size() + 1);
    for (const std::string_view piece : pieces) {
      bytes_ += piece;
      ends_.push_back(bytes_.size());
    }
  }

  size_t size() const { return ends_.size() - 1; }
  // Valid as long as the vocabulary. id < size().
  std::string_view operator[](size_t id) const {
    return std::string_view(bytes_).substr(ends_[id], ends_[id + 1] - ends_[id]);
  }

 private:
  std::string bytes_;
  std::vector<size_t> ends_{0};  // of the pieces; the first entry is where they begin
};

}  // namespace attune::text
