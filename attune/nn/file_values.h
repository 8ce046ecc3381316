// Values that stay in their file until they are read (Frozen::in_file). On the host; one reader at a time.
#pragma once
#include <functional>
#include <span>

#include "attune/tensor/memory.h"

namespace attune::nn {

struct Parameter;

class FileValues {
 public:
  // Fills `rows` with the parameter's rows from `first` on, in f32.
  using Read = std::function<void(const Parameter& parameter, int64_t first, const tensor::Tensor& rows)>;

  explicit FileValues(Read read) : read_(std::move(read)) {}

  // All of a parameter; it lies there until the next call.
  tensor::Tensor whole(const Parameter& parameter) const;
  // Puts these rows of a table where `parameter.value` has room for all of them.
  void put_rows(const Parameter& parameter, std::span<const int32_t> rows) const;

 private:
  Read read_;
  mutable tensor::Buffer room_;
};

}  // namespace attune::nn
