// How far a CPU kernel may be from the reference in f64: |got - want| <= absolute + relative * |want|.
#pragma once
#include "attune/tensor/dtype.h"

namespace attune::kernels::test {

struct Tolerance {
  double absolute, relative;
};

enum class Kind {
  copied,     // values move or are rounded once
  pointwise,  // a handful of operations per element, exponentials included
  row_sum,    // sums over a row of up to a few thousand elements of size about 1
  long_sum,   // sums over hundreds of rows of elements of size about 1
};

// bf16 has 8 significant binary digits: rounding to nearest is off by at most 2^-8 relative; the rest is what f32 adds
// before.
constexpr Tolerance tolerance(tensor::DType dtype, Kind kind) {
  const bool low = dtype == tensor::DType::bf16;
  const double rounding = low ? 0x1p-8 : 0;
  switch (kind) {
    case Kind::copied:
      return {0, low ? 0x1p-8 : 0x1p-24};
    case Kind::pointwise:
      return {low ? 1e-6 : 4e-7, rounding + 5e-7};
    case Kind::row_sum:
      return {low ? 1e-5 : 4e-6, rounding + 4e-6};
    case Kind::long_sum:
      return {2e-5, rounding + 1e-5};
  }
  return {0, 0};
}

}  // namespace attune::kernels::test
