#include "attune/kernels/cpu/normalize.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "attune/kernels/cpu/normalize.cpp"
#include <hwy/foreach_target.h>

#include "attune/kernels/cpu/dispatch.h"
#include "attune/kernels/cpu/lanes-inl.h"
#include "attune/kernels/cpu/parallel.h"

HWY_BEFORE_NAMESPACE();
namespace attune::kernels::cpu::HWY_NAMESPACE {
namespace {

float dot(const float* a, const float* b, int64_t n) {
  Float sum = hn::Zero(Floats());
  for_lanes(0, n, [&](int64_t c, auto part) HWY_ATTR { sum = hn::MulAdd(load(a + c, part), load(b + c, part), sum); });
  return sum_of(sum);
}

void forward_rows(const NormalizeRows& p, int64_t begin, int64_t end) {
  const int64_t n = p.x.cols();
  for (int64_t r = begin; r < end; ++r) {
    const float* x = p.x.as<float>() + r * n;
    float* y = p.y.as<float>() + r * n;
    const float length = std::sqrt(dot(x, x, n));
    const float inverse = length < static_cast<float>(kShortestRow) ? 0.0f : 1 / length;
    p.inverse.as<float>()[r] = inverse;
    const Float scale = hn::Set(Floats(), inverse);
    for_lanes(0, n, [&](int64_t c, auto part) HWY_ATTR { store(y + c, part, hn::Mul(load(x + c, part), scale)); });
  }
}

void backward_rows(const NormalizeRowsBackward& p, int64_t begin, int64_t end) {
  const int64_t n = p.dy.cols();
  for (int64_t r = begin; r < end; ++r) {
    const float *dy = p.dy.as<float>() + r * n, *y = p.y.as<float>() + r * n;
    float* dx = p.dx.as<float>() + r * n;
    const Float along = hn::Set(Floats(), dot(dy, y, n)), scale = hn::Set(Floats(), p.inverse.as<float>()[r]);
    for_lanes(0, n, [&](int64_t c, auto part) HWY_ATTR {
      store(dx + c, part, hn::Mul(scale, hn::NegMulAdd(load(y + c, part), along, load(dy + c, part))));
    });
  }
}

}  // namespace
}  // namespace attune::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace attune::kernels::cpu {

HWY_EXPORT(forward_rows);
HWY_EXPORT(backward_rows);

void normalize_rows(int threads, const NormalizeRows& p) {
  ATTUNE_CHECK(p.x.dtype == DType::f32, "rows of {} are not normalised on the CPU", tensor::name(p.x.dtype));
  parallel_chunks(threads, p.x.rows(), chunk_rows(p.x.cols()), [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(forward_rows)(p, begin, end);
  });
}

void normalize_rows_backward(int threads, const NormalizeRowsBackward& p) {
  parallel_chunks(threads, p.dy.rows(), chunk_rows(p.dy.cols()), [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(backward_rows)(p, begin, end);
  });
}

}  // namespace attune::kernels::cpu
#endif
