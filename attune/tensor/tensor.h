// A tensor is a view: an address, a shape and an element type. It owns nothing and is copied freely. Memory belongs to
// an Arena (everything that lives for one step) or to a Buffer (parameters, optimizer state); see memory.h.
#pragma once
#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <type_traits>

#include "attune/base/error.h"
#include "attune/tensor/dtype.h"

namespace attune::tensor {

// Up to four axes, row major; the last axis is contiguous.
class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<int64_t> axes);

  int rank() const { return rank_; }
  int64_t operator[](int axis) const { return axes_[axis]; }
  int64_t count() const;
  // All axes but the last, multiplied; and the last. A vector [n] is one row of n columns.
  int64_t rows() const { return rank_ == 0 ? 1 : count() / (cols() == 0 ? 1 : cols()); }
  int64_t cols() const { return rank_ == 0 ? 1 : axes_[rank_ - 1]; }
  bool operator==(const Shape&) const = default;
  std::string text() const;  // "[400, 384]"

 private:
  std::array<int64_t, 4> axes_{};
  int rank_ = 0;
};

// A weight W [out, in] rounded to bf16 as matrix products read it fastest (kernels/packed_weight.h says how it lies):
// once for y = x W^T, and once for dx = dy W, which only training needs.
struct PackedWeight {
  BFloat16* forward = nullptr;
  BFloat16* backward = nullptr;
};

struct QuantizedWeight;  // quantized.h
struct ByteWeight;       // quantized.h

struct Tensor {
  void* data = nullptr;
  Shape shape = {};
  DType dtype = DType::f32;
  // Which variable of the tape this is; -1 for what needs no gradient. Set by autograd only.
  int32_t var = -1;
  // The same values rounded to bf16, if someone already made them: matrix products read these in a bf16 run, while
  // sums go on in f32. It has no gradient of its own.
  BFloat16* twin = nullptr;
  // The same of a whole weight, in place of a twin: whoever changes the weight keeps it in step.
  const PackedWeight* packed = nullptr;
  // A weight of an int8 model: products read this alone, and there are no other values.
  const QuantizedWeight* quantized = nullptr;
  // A frozen weight that is held as bytes and multiplied as the floats they stand for: there are no other values.
  const ByteWeight* byte_weight = nullptr;
  // The same values as bytes by row (QuantizedRows in one block), if someone already made them: products with int8
  // weights read these.
  uint8_t* bytes_twin = nullptr;

  bool defined() const { return data != nullptr; }
  int64_t count() const { return shape.count(); }
  int64_t rows() const { return shape.rows(); }
  int64_t cols() const { return shape.cols(); }
  size_t bytes() const { return static_cast<size_t>(count()) * size_of(dtype); }

  template <class T>
  T* as() const {
    ATTUNE_CHECK(dtype == DTypeOf<T>::value, "a tensor of {} is read as another type", name(dtype));
    return static_cast<T*>(data);
  }

  // Rows [begin, end) of a matrix, as a view.
  Tensor slice_rows(int64_t begin, int64_t end) const;
  // The same elements under another shape of equal count.
  Tensor reshaped(Shape to) const;
};
static_assert(std::is_trivially_copyable_v<Tensor>);

}  // namespace attune::tensor
