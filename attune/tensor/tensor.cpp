#include "attune/tensor/tensor.h"

namespace attune::tensor {

Shape::Shape(std::initializer_list<int64_t> axes) {
  ATTUNE_CHECK(axes.size() <= axes_.size(), "a shape has at most {} axes, got {}", axes_.size(), axes.size());
  for (const int64_t axis : axes) axes_[rank_++] = axis;
}

int64_t Shape::count() const {
  int64_t count = 1;
  for (int i = 0; i < rank_; ++i) count *= axes_[i];
  return count;
}

std::string Shape::text() const {
  std::string text = "[";
  for (int i = 0; i < rank_; ++i) text += (i ? ", " : "") + std::to_string(axes_[i]);
  return text + "]";
}

Tensor Tensor::slice_rows(int64_t begin, int64_t end) const {
  ATTUNE_CHECK(0 <= begin && begin <= end && end <= rows(), "rows {}..{} of {}", begin, end, shape.text());
  Tensor part = *this;
  part.data = static_cast<char*>(data) + static_cast<size_t>(begin * cols()) * size_of(dtype);
  if (twin) part.twin = twin + begin * cols();
  part.shape = Shape{end - begin, cols()};
  part.packed = nullptr;
  part.quantized = nullptr;
  part.bytes_twin = nullptr;
  part.var = -1;
  return part;
}

Tensor Tensor::reshaped(Shape to) const {
  ATTUNE_CHECK(to.count() == count(), "{} cannot become {}", shape.text(), to.text());
  Tensor other = *this;
  other.shape = to;
  return other;
}

}  // namespace attune::tensor
