// An array that grows at its end and may be larger than memory: in memory, or in a scratch file that is read through a
// map. One path for both: append, seal, read.
#pragma once
#include <algorithm>
#include <limits>
#include <memory>
#include <type_traits>
#include <vector>

#include "attune/base/scratch_file.h"

namespace attune {

template <class T>
class Column {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  // In memory.
  Column() = default;
  // In a scratch file in `folder` as soon as it has more than 64 KiB; in memory where the folder is empty.
  explicit Column(std::filesystem::path folder)
      : folder_(std::move(folder)), most_in_memory_(folder_.empty() ? std::numeric_limits<size_t>::max() : kTail) {}

  int64_t size() const { return sealed_ + static_cast<int64_t>(tail_.size()); }
  void push_back(const T& value) {
    tail_.push_back(value);
    if (tail_.size() >= most_in_memory_) flush();
  }
  void append(std::span<const T> values) {
    tail_.insert(tail_.end(), values.begin(), values.end());
    if (tail_.size() >= most_in_memory_) flush();
  }
  // Makes all that was appended readable (in memory it always is); more may be appended, and sealed again.
  void seal() {
    if (!file_) return;
    flush();
    tail_ = {};
    sealed_data_ = reinterpret_cast<const T*>(file_->map().data());
  }
  // Valid until the next change.
  std::span<const T> values() const {
    return file_ ? std::span<const T>(sealed_data_, file_->mapped().size() / sizeof(T)) : std::span<const T>(tail_);
  }
  const T& operator[](int64_t at) const { return (file_ ? sealed_data_ : tail_.data())[at]; }
  // See ScratchFile.
  void let_go() const {
    if (file_) file_->let_go();
  }

 private:
  static constexpr size_t kTail = std::max<size_t>(1, (size_t{64} << 10) / sizeof(T));  // values, written together

  void flush() {
    if (!file_) file_ = std::make_unique<ScratchFile>(folder_);
    file_->append(std::as_bytes(std::span(tail_)));
    sealed_ += static_cast<int64_t>(tail_.size());
    tail_.clear();
  }

  std::filesystem::path folder_;
  size_t most_in_memory_ = std::numeric_limits<size_t>::max();
  std::unique_ptr<ScratchFile> file_;
  std::vector<T> tail_;  // what the file does not have yet
  int64_t sealed_ = 0;   // values in the file
  const T* sealed_data_ = nullptr;
};

}  // namespace attune
