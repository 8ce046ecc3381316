#include "attune/kernels/cpu/update.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "attune/kernels/cpu/update.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>

#include "attune/kernels/cpu/dispatch.h"
#include "attune/kernels/cpu/lanes-inl.h"
#include "attune/kernels/cpu/pack-inl.h"
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

// A weight with its moments, and one update of them.
struct AdamState {
  Float weight, mean, square;
};

class AdamStep {
 public:
  HWY_INLINE AdamStep(double beta1, double beta2, double eps, double coupled)
      : beta1_(set(beta1)),
        beta2_(set(beta2)),
        rest1_(set(1 - beta1)),
        rest2_(set(1 - beta2)),
        eps_(set(eps)),
        coupled_(set(coupled)) {}

  // `slope`: the clipped gradient, without the coupled decay.
  HWY_INLINE void operator()(const AdamFactors& factors, Float slope, AdamState& x) const {
    slope = hn::MulAdd(x.weight, coupled_, slope);
    x.mean = hn::MulAdd(beta1_, x.mean, hn::Mul(rest1_, slope));
    x.square = hn::MulAdd(beta2_, x.square, hn::Mul(rest2_, hn::Mul(slope, slope)));
    const Float step =
        hn::Div(hn::Mul(set(factors.rate), x.mean), hn::MulAdd(hn::Sqrt(x.square), set(factors.unbias), eps_));
    x.weight = hn::Sub(hn::Mul(x.weight, set(factors.shrink)), step);
  }

 private:
  Float beta1_, beta2_, rest1_, rest2_, eps_, coupled_;
};

// Where the gradient's element i belongs: weights and moments from i + `ahead` on, their bf16 copy at low[i +
// `low_ahead`].
struct Places {
  int64_t ahead = 0;
  BFloat16* low = nullptr;
  int64_t low_ahead = 0;
};

void adam_run(const AdamUpdate& p, const AdamFactors& factors, int64_t begin, int64_t end, const Places& at) {
  float *w = p.w.as<float>() + at.ahead, *m = p.m.as<float>() + at.ahead, *v = p.v.as<float>() + at.ahead;
  const float* g = p.g.as<float>();
  BFloat16* low = at.low ? at.low + at.low_ahead : nullptr;
  const AdamStep update(p.beta1, p.beta2, p.eps, p.coupled_decay ? p.decay : 0);
  const Float clip = set(p.clip);
  for_lanes(begin, end, [&](int64_t i, auto part) HWY_ATTR {
    constexpr int64_t kAhead = 512;
    hwy::Prefetch(w + i + kAhead), hwy::Prefetch(m + i + kAhead), hwy::Prefetch(v + i + kAhead),
        hwy::Prefetch(g + i + kAhead);
    AdamState x{load(w + i, part), load(m + i, part), load(v + i, part)};
    update(factors, hn::Mul(load(g + i, part), clip), x);
    store(m + i, part, x.mean);
    store(v + i, part, x.square);
    store_weight(w + i, low ? low + i : nullptr, part, x.weight);
  });
}

// `begin`, `end`: elements, or rows of the gradient where rows are listed.
void adam_chunk(const AdamUpdate& p, int64_t begin, int64_t end) {
  const AdamFactors factors = adam_factors(p);
  if (p.rows == nullptr) return adam_run(p, factors, begin, end, {.low = optional<BFloat16>(p.low)});
  const int64_t n = p.g.cols();
  for (int64_t i = begin; i < end; ++i)
    adam_run(p, factors, i * n, (i + 1) * n,
             {.ahead = (p.rows[i] - i) * n, .low = optional<BFloat16>(p.low), .low_ahead = (p.rows[i] - i) * n});
}

// Rows [row, row + kPackRows) of a weight with packed forms: update(begin, end, places) of each stretch of a row, its
// bf16 values going through a tile.
template <class Update>
void update_packed_rows(const Tensor& w, int64_t row, const Update& update) {
  const int64_t in = w.cols();
  pack_rows(row, w.rows(), in, *w.packed, [&](BFloat16* tile, int64_t col, int64_t cols) HWY_ATTR {
    for (int64_t r = 0; r < kPackRows; ++r) {
      const int64_t begin = (row + r) * in + col;
      update(begin, begin + cols, Places{.low = tile, .low_ahead = r * cols - begin});
    }
  });
}

void adam_packed_rows(const AdamUpdate& p, int64_t begin, int64_t end) {
  const AdamFactors factors = adam_factors(p);
  for (int64_t row = begin; row < end; row += kPackRows)
    update_packed_rows(
        p.w, row, [&](int64_t from, int64_t to, const Places& at) HWY_ATTR { adam_run(p, factors, from, to, at); });
}

// The updates `first` and later of kVectors vectors at once, so that the processor has several chains to work on.
template <int kVectors, class Extent>
HWY_INLINE void replay(const AdamReplay& p, int64_t first, int64_t at, Extent part) {
  float *w = p.w.as<float>() + at, *m = p.m.as<float>() + at, *v = p.v.as<float>() + at;
  AdamState x[kVectors];
  auto moved = hn::Zero(Floats());
#pragma GCC unroll 4
  for (int j = 0; j < kVectors; ++j) {
    x[j] = {load(w + j * lanes(), part), load(m + j * lanes(), part), load(v + j * lanes(), part)};
    moved = hn::Or(moved, hn::Or(x[j].mean, x[j].square));
  }
  // What never had a gradient only decays.
  const bool still = p.coupled_decay == 0 && p.eps > 0 && hn::AllTrue(Floats(), hn::Eq(moved, hn::Zero(Floats())));
  const AdamStep update(p.beta1, p.beta2, p.eps, p.coupled_decay);
  for (int64_t s = first; s < p.updates_count; ++s)
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) {
      if (still)
        x[j].weight = hn::Mul(x[j].weight, set(p.updates[s].shrink));
      else
        update(p.updates[s], hn::Zero(Floats()), x[j]);
    }
#pragma GCC unroll 4
  for (int j = 0; j < kVectors; ++j) {
    store(w + j * lanes(), part, x[j].weight);
    if (still) continue;
    store(m + j * lanes(), part, x[j].mean);
    store(v + j * lanes(), part, x[j].square);
  }
}

void replay_rows(const AdamReplay& p, int64_t begin, int64_t end) {
  constexpr int kTogether = 4;
  const int64_t n = p.w.cols();
  for (int64_t i = begin; i < end; ++i) {
    if (p.done[i] >= p.updates_count) continue;
    const int64_t row = p.rows[i] * n;
    int64_t c = 0;
    for (; c + kTogether * lanes() <= n; c += kTogether * lanes()) replay<kTogether>(p, p.done[i], row + c, Whole{});
    for_lanes(c, n, [&](int64_t at, auto part) HWY_ATTR { replay<1>(p, p.done[i], row + at, part); });
  }
}

void sgd_run(const SgdUpdate& p, int64_t begin, int64_t end, const Places& at) {
  float *w = p.w.as<float>(), *m = p.momentum > 0 ? p.m.as<float>() : nullptr;
  const float* g = p.g.as<float>();
  BFloat16* low = at.low ? at.low + at.low_ahead : nullptr;
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

void sgd_chunk(const SgdUpdate& p, int64_t begin, int64_t end) {
  sgd_run(p, begin, end, {.low = optional<BFloat16>(p.low)});
}

void sgd_packed_rows(const SgdUpdate& p, int64_t begin, int64_t end) {
  for (int64_t row = begin; row < end; row += kPackRows)
    update_packed_rows(p.w, row,
                       [&](int64_t from, int64_t to, const Places& at) HWY_ATTR { sgd_run(p, from, to, at); });
}

}  // namespace
}  // namespace attune::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace attune::kernels::cpu {

HWY_EXPORT(adam_chunk);
HWY_EXPORT(adam_packed_rows);
HWY_EXPORT(replay_rows);
HWY_EXPORT(sgd_chunk);
HWY_EXPORT(sgd_packed_rows);

namespace {

// About a chunk's elements, in whole tiles.
int64_t packed_chunk_rows(const Tensor& w) {
  return std::max<int64_t>(1, chunk_rows(w.cols()) / kPackRows) * kPackRows;
}

}  // namespace

void adam_update(int threads, const AdamUpdate& p) {
  if (p.w.packed)
    return parallel_chunks(threads, p.w.rows(), packed_chunk_rows(p.w), [&](int64_t begin, int64_t end) {
      HWY_DYNAMIC_DISPATCH(adam_packed_rows)(p, begin, end);
    });
  const int64_t count = p.rows ? p.g.rows() : p.g.count(), chunk = p.rows ? chunk_rows(p.g.cols()) : kChunkElements;
  parallel_chunks(threads, count, chunk, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(adam_chunk)(p, begin, end);
  });
}

void adam_replay(int threads, const AdamReplay& p) {
  parallel_chunks(threads, p.count, chunk_rows(p.w.cols()), [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(replay_rows)(p, begin, end);
  });
}

void sgd_update(int threads, const SgdUpdate& p) {
  if (p.w.packed)
    return parallel_chunks(threads, p.w.rows(), packed_chunk_rows(p.w), [&](int64_t begin, int64_t end) {
      HWY_DYNAMIC_DISPATCH(sgd_packed_rows)(p, begin, end);
    });
  parallel_chunks(threads, p.w.count(), kChunkElements, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(sgd_chunk)(p, begin, end);
  });
}

}  // namespace attune::kernels::cpu
#endif
