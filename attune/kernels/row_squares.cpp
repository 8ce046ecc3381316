#include "attune/kernels/row_squares.h"

#include "attune/tensor/quantized.h"

namespace attune::kernels {
namespace {

using tensor::ByteWeight;
using tensor::DType;
using tensor::QuantizedWeight;

// value(o, i) is W[o, i].
template <class Value>
std::vector<double> sums(const tensor::Tensor& weight, const Value& value) {
  std::vector<double> squares;
  for (int64_t o = 0; o < weight.rows(); ++o) {
    double sum = 0;
    for (int64_t i = 0; i < weight.cols(); ++i) {
      const double w = static_cast<double>(value(o, i));
      sum += w * w;
    }
    squares.push_back(sum);
  }
  return squares;
}

}  // namespace

std::vector<double> row_squares(const tensor::Tensor& weight) {
  const int64_t in = weight.cols();
  if (const ByteWeight* bytes = weight.byte_weight)
    return sums(weight, [&](int64_t o, int64_t i) {
      return bytes->scale[o] * static_cast<float>(bytes->values[ByteWeight::place(o, i, in)]);
    });
  if (const QuantizedWeight* bytes = weight.quantized)
    return sums(weight, [&](int64_t o, int64_t i) {
      return bytes->scale[o] * static_cast<float>(bytes->values[QuantizedWeight::place(o, i, in)]);
    });
  if (weight.defined() && weight.dtype == DType::f64)
    return sums(weight, [w = weight.as<double>(), in](int64_t o, int64_t i) { return w[o * in + i]; });
  if (weight.defined())
    return sums(weight, [w = weight.as<float>(), in](int64_t o, int64_t i) { return w[o * in + i]; });
  ATTUNE_CHECK(weight.packed && weight.packed->forward, "a weight that is held in no form");
  // Pairs in blocks of 64 rows, as a ByteWeight's bytes lie; both axes are whole blocks.
  return sums(weight, [w = weight.packed->forward, in](int64_t o, int64_t i) {
    return static_cast<float>(w[ByteWeight::place(o, i, in)]);
  });
}

}  // namespace attune::kernels
