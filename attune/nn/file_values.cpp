#include "attune/nn/file_values.h"

#include "attune/nn/parameter.h"

namespace attune::nn {

Tensor FileValues::whole(const Parameter& p) const {
  const Tensor wanted{.data = nullptr, .shape = p.shape, .dtype = DType::f32};
  if (room_.bytes() < wanted.bytes()) room_ = {}, room_ = tensor::Buffer(wanted.bytes());
  const Tensor values = room_.view(wanted.shape, wanted.dtype);
  read_(p, 0, values);
  return values;
}

void FileValues::put_rows(const Parameter& p, std::span<const int32_t> rows) const {
  for (const int32_t row : rows) read_(p, row, p.value.slice_rows(row, row + 1));
}

}  // namespace attune::nn
