// Weights as bytes: once a model is opened, so plain loops.
#include "attune/kernels/quantized.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace attune::kernels {
namespace {

// The scale of a row of weights: NaN where one of them is not finite, 0 where all are nothing.
float scale_of(const float* w, int64_t count) {
  float most = 0, poison = 0;
  for (int64_t i = 0; i < count; ++i) {
    most = std::max(most, std::abs(w[i]));
    poison += w[i] * 0.0f;
  }
  if (!(poison == 0.0f)) return poison;
  return most > 0x1p-100f ? most / 127.0f : 0.0f;
}

// q[i], and their sum.
int32_t round_row(const float* w, int64_t count, float scale, int8_t* q) {
  const float inverse = scale > 0 ? 1.0f / scale : 0.0f;
  int32_t sum = 0;
  for (int64_t i = 0; i < count; ++i) {
    q[i] = scale > 0 ? static_cast<int8_t>(std::lrint(std::clamp(w[i] * inverse, -127.0f, 127.0f))) : int8_t{0};
    sum += q[i];
  }
  return sum;
}

}  // namespace

void quantize_weight_rows(const Tensor& w, int64_t first, const QuantizedWeight& to) {
  using Q = QuantizedWeight;
  const int64_t in = w.cols(), groups = Q::groups_of(in);
  ATTUNE_CHECK(in <= QuantizedMatmul::kMostDepth, "an int8 product over {} inputs", in);
  std::vector<int8_t> row(static_cast<size_t>(groups * Q::kGroup));
  for (int64_t o = first; o < first + w.rows(); ++o) {
    const float* const from = w.as<float>() + (o - first) * in;
    to.scale[o] = scale_of(from, in);
    to.sums[o] = round_row(from, in, to.scale[o], row.data());
    int8_t* const at = to.values + o / Q::kBlock * groups * Q::kBlock * Q::kGroup + o % Q::kBlock * Q::kGroup;
    for (int64_t g = 0; g < groups; ++g)
      std::memcpy(at + g * Q::kBlock * Q::kGroup, row.data() + g * Q::kGroup, static_cast<size_t>(Q::kGroup));
  }
}

void quantize_weight_rows(const Tensor& w, int64_t first, const ByteWeight& to) {
  const int64_t in = w.cols();
  std::vector<int8_t> row(static_cast<size_t>(in));
  for (int64_t o = first; o < first + w.rows(); ++o) {
    const float* const from = w.as<float>() + (o - first) * in;
    to.scale[o] = scale_of(from, in);
    round_row(from, in, to.scale[o], row.data());
    for (int64_t i = 0; i < in; ++i) to.values[ByteWeight::place(o, i, in)] = row[static_cast<size_t>(i)];
  }
}

void quantize_table_rows(const Tensor& w, int64_t first, const Tensor& table) {
  ATTUNE_CHECK(table.cols() == w.cols() && first + w.rows() <= table.rows(), "rows {} from {} on of a table {}",
               w.shape.text(), first, table.shape.text());
  const int64_t cols = w.cols();
  float* const scales = tensor::quantized_table_scales(table);
  for (int64_t r = 0; r < w.rows(); ++r) {
    const float* const from = w.as<float>() + r * cols;
    const float scale = scales[first + r] = scale_of(from, cols);
    round_row(from, cols, scale, table.as<int8_t>() + (first + r) * cols);
  }
}

}  // namespace attune::kernels
