#include "attune/kernels/cpu/elementwise.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "attune/kernels/cpu/elementwise.cpp"
#include <hwy/foreach_target.h>

#include "attune/kernels/cpu/dispatch.h"
#include "attune/kernels/cpu/lanes-inl.h"
#include "attune/kernels/cpu/parallel.h"

HWY_BEFORE_NAMESPACE();
namespace attune::kernels::cpu::HWY_NAMESPACE {
namespace {

void convert_chunk(const Convert& p, int64_t begin, int64_t end) {
  const Float scale = set(p.scale);
  with_element(p.x.dtype, [&]<class X>(X) HWY_ATTR {
    with_element(p.y.dtype, [&]<class Y>(Y) HWY_ATTR {
      const X* x = p.x.as<X>();
      Y* y = p.y.as<Y>();
      for_lanes(begin, end, [&](int64_t i, auto part) HWY_ATTR {
        const Float value = load(x + i, part);
        store(y + i, part, p.accumulate ? hn::MulAdd(value, scale, load(y + i, part)) : hn::Mul(value, scale));
      });
    });
  });
}

// The sum of squares of up to one chunk, in f64 lanes.
double square_chunk(const float* x, int64_t begin, int64_t end) {
  const hn::ScalableTag<double> doubles;
  const hn::Rebind<float, hn::ScalableTag<double>> halves;
  const int64_t step = static_cast<int64_t>(hn::Lanes(doubles));
  auto even = hn::Zero(doubles), odd = hn::Zero(doubles);
  int64_t i = begin;
  for (; i + 2 * step <= end; i += 2 * step) {
    const auto a = hn::PromoteTo(doubles, hn::LoadU(halves, x + i));
    const auto b = hn::PromoteTo(doubles, hn::LoadU(halves, x + i + step));
    even = hn::MulAdd(a, a, even);
    odd = hn::MulAdd(b, b, odd);
  }
  double sum = hn::GetLane(hn::SumOfLanes(doubles, hn::Add(even, odd)));
  for (; i < end; ++i) sum += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  return sum;
}

}  // namespace
}  // namespace attune::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace attune::kernels::cpu {
namespace {

constexpr int64_t kSquareChunk = 4096;  // the contract's

template <class Body>
void with_any_element(DType dtype, const Body& body) {
  dtype == DType::f64 ? body(double{}) : with_element(dtype, body);
}

double as_double(BFloat16 value) {
  return static_cast<double>(static_cast<float>(value));
}
double as_double(double value) {
  return value;
}
double as_double(float value) {
  return static_cast<double>(value);
}

template <class T>
T from_double(double value) {
  if constexpr (std::is_same_v<T, BFloat16>)
    return BFloat16(static_cast<float>(value));
  else
    return static_cast<T>(value);
}

void convert_plainly(const Convert& p) {
  with_any_element(p.x.dtype, [&]<class X>(X) {
    with_any_element(p.y.dtype, [&]<class Y>(Y) {
      const X* x = p.x.as<X>();
      Y* y = p.y.as<Y>();
      for (int64_t i = 0; i < p.x.count(); ++i)
        y[i] = from_double<Y>(as_double(x[i]) * p.scale + (p.accumulate ? as_double(y[i]) : 0.0));
    });
  });
}

}  // namespace

HWY_EXPORT(convert_chunk);
HWY_EXPORT(square_chunk);

void convert(int threads, const Convert& p) {
  if (p.x.dtype == DType::f64 || p.y.dtype == DType::f64) return convert_plainly(p);
  parallel_chunks(threads, p.x.count(), kChunkElements, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(convert_chunk)(p, begin, end);
  });
}

void fill(int threads, const Fill& p) {
  with_any_element(p.y.dtype, [&]<class T>(T) {
    T* y = p.y.as<T>();
    const T value = from_double<T>(p.value);
    parallel_chunks(threads, p.y.count(), kChunkElements,
                    [&](int64_t begin, int64_t end) { std::fill(y + begin, y + end, value); });
  });
}

void sum_squares(Workspace& workspace, int threads, const SumSquares& p) {
  const float* x = p.x.as<float>();
  const int64_t count = p.x.count(), chunks = chunks_of(count, kSquareChunk);
  double* sums = workspace.get<double>(chunks);
  constexpr int64_t kTogether = kChunkElements / kSquareChunk;
  parallel_chunks(threads, chunks, kTogether, [&](int64_t begin, int64_t end) {
    for (int64_t chunk = begin; chunk < end; ++chunk)
      sums[chunk] =
          HWY_DYNAMIC_DISPATCH(square_chunk)(x, chunk * kSquareChunk, std::min(count, (chunk + 1) * kSquareChunk));
  });
  double sum = 0;
  for (int64_t chunk = 0; chunk < chunks; ++chunk) sum += sums[chunk];
  *p.out.as<double>() = sum;
}

}  // namespace attune::kernels::cpu
#endif
