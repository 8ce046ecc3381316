#include "attune/kernels/cpu/update.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "attune/kernels/cpu/update.cpp"
#include <hwy/foreach_target.h>

#include "attune/kernels/cpu/dispatch.h"
#include "attune/kernels/cpu/lanes-inl.h"
#include "attune/kernels/cpu/parallel.h"

HWY_BEFORE_NAMESPACE();
namespace attune::kernels::cpu::HWY_NAMESPACE {
namespace {

// How a new weight goes to memory: to the master copy, and to the bf16 copy where there is one.
template <class Extent>
HWY_INLINE void store_weight(float* w, BFloat16* low, Extent part, Float value) {
  store(w, part, value);
  if (low) store(low, part, value);
}

void adam_chunk(const AdamUpdate& p, int64_t begin, int64_t end) {
  float *w = p.w.as<float>(), *m = p.m.as<float>(), *v = p.v.as<float>();
  const float* g = p.g.as<float>();
  BFloat16* low = optional<BFloat16>(p.low);
  const double t = static_cast<double>(p.step);
  const double first = p.bias_correction ? 1 - std::pow(p.beta1, t) : 1;
  const double second = p.bias_correction ? 1 - std::pow(p.beta2, t) : 1;
  const Float clip = set(p.clip), eps = set(p.eps), rate = set(p.rate / first), unbias = set(1 / std::sqrt(second));
  const Float beta1 = set(p.beta1), beta2 = set(p.beta2), rest1 = set(1 - p.beta1), rest2 = set(1 - p.beta2);
  const Float coupled = set(p.coupled_decay ? p.decay : 0);
  const Float shrink = set(p.coupled_decay ? 1 : 1 - p.rate * p.decay);
  for_lanes(begin, end, [&](int64_t i, auto part) HWY_ATTR {
    const Float weight = load(w + i, part);
    const Float slope = hn::MulAdd(weight, coupled, hn::Mul(load(g + i, part), clip));
    const Float mean = hn::MulAdd(beta1, load(m + i, part), hn::Mul(rest1, slope));
    const Float square = hn::MulAdd(beta2, load(v + i, part), hn::Mul(rest2, hn::Mul(slope, slope)));
    const Float step = hn::Div(hn::Mul(rate, mean), hn::MulAdd(hn::Sqrt(square), unbias, eps));
    store(m + i, part, mean);
    store(v + i, part, square);
    store_weight(w + i, low ? low + i : nullptr, part, hn::Sub(hn::Mul(weight, shrink), step));
  });
}

void sgd_chunk(const SgdUpdate& p, int64_t begin, int64_t end) {
  float *w = p.w.as<float>(), *m = p.momentum > 0 ? p.m.as<float>() : nullptr;
  const float* g = p.g.as<float>();
  BFloat16* low = optional<BFloat16>(p.low);
  const Float clip = set(p.clip), rate = set(p.rate), decay = set(p.decay), momentum = set(p.momentum);
  for_lanes(begin, end, [&](int64_t i, auto part) HWY_ATTR {
    const Float weight = load(w + i, part);
    Float step = hn::MulAdd(weight, decay, hn::Mul(load(g + i, part), clip));
    if (m) {
      const Float mean = p.step == 1 ? step : hn::MulAdd(momentum, load(m + i, part), step);
      store(m + i, part, mean);
      step = p.nesterov ? hn::MulAdd(momentum, mean, step) : mean;
    }
    store_weight(w + i, low ? low + i : nullptr, part, hn::NegMulAdd(rate, step, weight));
  });
}

}  // namespace
}  // namespace attune::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace attune::kernels::cpu {

HWY_EXPORT(adam_chunk);
HWY_EXPORT(sgd_chunk);

void adam_update(int threads, const AdamUpdate& p) {
  parallel_chunks(threads, p.w.count(), kChunkElements, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(adam_chunk)(p, begin, end);
  });
}

void sgd_update(int threads, const SgdUpdate& p) {
  parallel_chunks(threads, p.w.count(), kChunkElements, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(sgd_chunk)(p, begin, end);
  });
}

}  // namespace attune::kernels::cpu
#endif
