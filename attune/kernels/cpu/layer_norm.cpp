#include "attune/kernels/cpu/layer_norm.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "attune/kernels/cpu/layer_norm.cpp"
#include <hwy/foreach_target.h>

#include "attune/kernels/cpu/dispatch.h"
#include "attune/kernels/cpu/lanes-inl.h"
#include "attune/kernels/cpu/parallel.h"
#include "attune/kernels/cpu/quantize-inl.h"
#include "attune/kernels/cpu/random-inl.h"

HWY_BEFORE_NAMESPACE();
namespace attune::kernels::cpu::HWY_NAMESPACE {
namespace {

// A row of the forward pass. The sum is kept in z, or in y until y itself is written: both stay in the first-level
// cache.
template <class X, class Drop>
void forward_row(const LayerNorm& p, int64_t r) {
  const int64_t n = p.x.cols();
  const Drop drop(p.dropout, r);
  const X* x = p.x.as<X>() + r * n;
  const float* residual = p.residual.defined() ? p.residual.as<float>() + r * n : nullptr;
  const float *gamma = p.gamma.as<float>(), *beta = p.beta.as<float>();
  float* y = p.y.as<float>() + r * n;
  float* z = p.z.defined() ? p.z.as<float>() + r * n : y;
  BFloat16* twin = p.twin.defined() ? p.twin.as<BFloat16>() + r * n : nullptr;

  Float total = hn::Zero(Floats());
  for_lanes(0, n, [&](int64_t c, auto part) HWY_ATTR {
    Float sum = drop.apply(load(x + c, part), c);
    if (residual) sum = hn::Add(sum, load(residual + c, part));
    store(z + c, part, sum);
    total = hn::Add(total, sum);
  });
  const float mean = sum_of(total) / static_cast<float>(n);
  const Float means = hn::Set(Floats(), mean);
  Float squares = hn::Zero(Floats());
  for_lanes(0, n, [&](int64_t c, auto part) HWY_ATTR {
    const Float off = select(part, hn::Sub(load(z + c, part), means), hn::Zero(Floats()));
    squares = hn::MulAdd(off, off, squares);
  });
  const float variance = sum_of(squares) / static_cast<float>(n);
  const float rstd = 1.0f / std::sqrt(variance + static_cast<float>(p.eps));
  const Float rstds = hn::Set(Floats(), rstd);
  for_lanes(0, n, [&](int64_t c, auto part) HWY_ATTR {
    const Float h = hn::Mul(hn::Sub(load(z + c, part), means), rstds);
    const Float value = hn::MulAdd(h, load(gamma + c, part), load(beta + c, part));
    store(y + c, part, value);
    if (twin) store(twin + c, part, value);
  });
  if (p.bytes.defined()) quantize_row(y, n, p.bytes, r);  // y is still in the first-level cache
  p.mean.as<float>()[r] = mean;
  p.rstd.as<float>()[r] = rstd;
}

void forward_rows(const LayerNorm& p, int64_t begin, int64_t end) {
  with_element(p.x.dtype, [&]<class X>(X) HWY_ATTR {
    for (int64_t r = begin; r < end; ++r)
      p.dropout.active() ? forward_row<X, RowDropout>(p, r) : forward_row<X, NoDropout>(p, r);
  });
}

// A row of the backward pass; adds dy * h to d_gamma and dy to d_beta where these are wanted.
template <class X, class Drop>
void backward_row(const LayerNormBackward& p, int64_t r, float* d_gamma, float* d_beta) {
  const int64_t n = p.dy.cols();
  const Drop drop(p.dropout, r);
  const float *dy = p.dy.as<float>() + r * n, *z = p.z.as<float>() + r * n, *gamma = p.gamma.as<float>();
  const Float mean = set(p.mean.as<float>()[r]), rstd = set(p.rstd.as<float>()[r]);
  X* dx = p.dx.defined() ? p.dx.as<X>() + r * n : nullptr;
  float* d_residual = p.d_residual.defined() ? p.d_residual.as<float>() + r * n : nullptr;

  Float sum_g = hn::Zero(Floats()), sum_gh = hn::Zero(Floats());
  for_lanes(0, n, [&](int64_t c, auto part) HWY_ATTR {
    const Float h = hn::Mul(hn::Sub(load(z + c, part), mean), rstd);
    const Float slope = load(dy + c, part), g = hn::Mul(slope, load(gamma + c, part));
    sum_g = hn::Add(sum_g, g);
    sum_gh = hn::MulAdd(g, h, sum_gh);
    if (d_gamma) store(d_gamma + c, part, hn::MulAdd(slope, h, load(d_gamma + c, part)));
    if (d_beta) store(d_beta + c, part, hn::Add(slope, load(d_beta + c, part)));
  });
  if (!dx && !d_residual) return;
  const float count = static_cast<float>(n);
  const Float mean_g = set(sum_of(sum_g) / count), mean_gh = set(sum_of(sum_gh) / count);
  for_lanes(0, n, [&](int64_t c, auto part) HWY_ATTR {
    const Float h = hn::Mul(hn::Sub(load(z + c, part), mean), rstd);
    const Float g = hn::Mul(load(dy + c, part), load(gamma + c, part));
    const Float dz = hn::Mul(rstd, hn::NegMulAdd(h, mean_gh, hn::Sub(g, mean_g)));
    if (dx) store(dx + c, part, drop.apply(dz, c));
    if (d_residual) store(d_residual + c, part, p.accumulate_residual ? hn::Add(load(d_residual + c, part), dz) : dz);
  });
}

// Rows [begin, end); their sums of d_gamma and d_beta are written to `sums` [2, C].
void backward_rows(const LayerNormBackward& p, int64_t begin, int64_t end, float* sums) {
  const int64_t n = p.dy.cols();
  float* d_gamma = p.d_gamma.defined() ? sums : nullptr;
  float* d_beta = p.d_beta.defined() ? sums + n : nullptr;
  std::memset(sums, 0, static_cast<size_t>(2 * n) * sizeof(float));
  with_element(p.dx.defined() ? p.dx.dtype : DType::f32, [&]<class X>(X) HWY_ATTR {
    for (int64_t r = begin; r < end; ++r)
      p.dropout.active() ? backward_row<X, RowDropout>(p, r, d_gamma, d_beta)
                         : backward_row<X, NoDropout>(p, r, d_gamma, d_beta);
  });
}

}  // namespace
}  // namespace attune::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace attune::kernels::cpu {
namespace {

constexpr int64_t kSumRows = 64;  // the contract's

// out[c] += the chunks' sums, one chunk after the other.
void add_chunks(const Tensor& out, const float* sums, int64_t chunks, int64_t stride) {
  if (!out.defined()) return;
  float* to = out.as<float>();
  for (int64_t chunk = 0; chunk < chunks; ++chunk)
    for (int64_t c = 0; c < out.count(); ++c) to[c] += sums[chunk * stride + c];
}

}  // namespace

HWY_EXPORT(forward_rows);
HWY_EXPORT(backward_rows);

void layer_norm(int threads, const LayerNorm& p) {
  parallel_chunks(threads, p.x.rows(), chunk_rows(p.x.cols()), [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(forward_rows)(p, begin, end);
  });
}

void layer_norm_backward(Workspace& workspace, int threads, const LayerNormBackward& p) {
  ATTUNE_CHECK(p.z.defined() && p.z.dtype == DType::f32, "layer_norm's backward needs the f32 sum z that forward kept");
  const int64_t n = p.dy.cols(), chunks = chunks_of(p.dy.rows(), kSumRows);
  float* sums = workspace.get<float>(std::max<int64_t>(1, chunks) * 2 * n);
  parallel_chunks(threads, p.dy.rows(), kSumRows, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(backward_rows)(p, begin, end, sums + begin / kSumRows * 2 * n);
  });
  add_chunks(p.d_gamma, sums, chunks, 2 * n);
  add_chunks(p.d_beta, sums + n, chunks, 2 * n);
}

}  // namespace attune::kernels::cpu
#endif
