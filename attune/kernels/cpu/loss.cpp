#include "attune/kernels/cpu/loss.h"

#include <cmath>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "attune/kernels/cpu/loss.cpp"
#include <hwy/foreach_target.h>

#include "attune/kernels/cpu/dispatch.h"
#include "attune/kernels/cpu/exp-inl.h"
#include "attune/kernels/cpu/lanes-inl.h"
#include "attune/kernels/cpu/parallel.h"

HWY_BEFORE_NAMESPACE();
namespace attune::kernels::cpu::HWY_NAMESPACE {
namespace {

HWY_INLINE float item_weight(const LossItems& p, int64_t i) {
  return p.item_weights.defined() ? p.item_weights.as<float>()[i] : 1.0f;
}

// Optional weights of columns: 1 where there are none.
template <class Extent>
HWY_INLINE Float weights_at(const float* weights, int64_t c, Extent part) {
  return weights ? load(weights + c, part) : set(1);
}

// The row's maximum and the log of the sum of exp(z - maximum): L = most + log.
struct LogSum {
  float most, log;

  HWY_INLINE LogSum(const float* z, int64_t classes) {
    const Float lowest = set(-std::numeric_limits<float>::infinity());
    Float top = lowest, sum = hn::Zero(Floats());
    for_lanes(0, classes,
              [&](int64_t c, auto part) HWY_ATTR { top = hn::Max(top, select(part, load(z + c, part), lowest)); });
    most = hn::GetLane(hn::MaxOfLanes(Floats(), top));
    for_lanes(0, classes, [&](int64_t c, auto part) HWY_ATTR {
      const Float term = exp_of_negative(hn::Sub(load(z + c, part), set(most)));
      sum = hn::Add(sum, select(part, term, hn::Zero(Floats())));
    });
    log = std::log(sum_of(sum));
  }
  // L - z without the maximum's cancellation.
  HWY_INLINE Float minus(Float z) const { return hn::Add(hn::Sub(set(most), z), set(log)); }
};

void softmax_items(const SoftmaxCrossEntropy& p, int64_t begin, int64_t end) {
  const int64_t classes = p.logits.cols();
  const float* weights = optional<float>(p.class_weights);
  const float smoothing = static_cast<float>(p.smoothing);
  for (int64_t i = begin; i < end; ++i) {
    float& item = p.items.as<float>()[i];
    const int32_t y = p.targets[i];
    if (y == p.ignored) {
      item = 0;
      continue;
    }
    const float* z = p.logits.as<float>() + i * classes;
    const LogSum sum(z, classes);
    Float smooth = hn::Zero(Floats());  // summed even where nothing is smoothed: 0 * infinity shows an infinite logit
    for_lanes(0, classes, [&](int64_t c, auto part) HWY_ATTR {
      const Float term = hn::Mul(weights_at(weights, c, part), sum.minus(load(z + c, part)));
      smooth = hn::Add(smooth,
                       select(part, hn::Mul(term, set(smoothing / static_cast<float>(classes))), hn::Zero(Floats())));
    });
    const float hard = (1 - smoothing) * (weights ? weights[y] : 1.0f);
    item = item_weight(p, i) * (hard * (sum.log + (sum.most - z[y])) + sum_of(smooth));
  }
}

void softmax_slopes(const SoftmaxCrossEntropy& p, float total_weight, int64_t begin, int64_t end) {
  const int64_t classes = p.logits.cols();
  const float* weights = optional<float>(p.class_weights);
  const float smoothing = static_cast<float>(p.smoothing), each = smoothing / static_cast<float>(classes);
  for (int64_t i = begin; i < end; ++i) {
    float* dz = p.d_logits.as<float>() + i * classes;
    const int32_t y = p.targets[i];
    if (y == p.ignored) {
      std::fill(dz, dz + classes, 0.0f);
      continue;
    }
    const float* z = p.logits.as<float>() + i * classes;
    const LogSum sum(z, classes);
    const float seed = static_cast<float>(p.seed) * item_weight(p, i);
    const float hard = (1 - smoothing) * (weights ? weights[y] : 1.0f);
    const float target = z[y];  // dz may be z
    for_lanes(0, classes, [&](int64_t c, auto part) HWY_ATTR {
      const Float share = exp_of_negative(hn::Neg(sum.minus(load(z + c, part))));
      const Float soft = hn::Mul(weights_at(weights, c, part), set(each));
      store(dz + c, part, hn::Mul(set(seed), hn::MulSub(share, set(hard + each * total_weight), soft)));
    });
    const float share = std::exp(target - sum.most - sum.log);
    const float soft = each * (weights ? weights[y] : 1.0f);
    dz[y] = seed * (share * (hard + each * total_weight) - hard - soft);
  }
}

HWY_INLINE Float softplus(Float x) {
  const Float tail = hn::Log1p(Floats(), exp_of_negative(hn::Neg(hn::Abs(x))));
  return hn::Add(hn::IfThenZeroElse(hn::Lt(x, hn::Zero(Floats())), x), tail);
}

HWY_INLINE Float sigmoid(Float x) {
  const Float e = exp_of_negative(hn::Neg(hn::Abs(x)));
  return hn::Div(hn::IfThenElse(hn::Lt(x, hn::Zero(Floats())), e, set(1)), hn::Add(set(1), e));
}

void sigmoid_items(const SigmoidCrossEntropy& p, int64_t begin, int64_t end) {
  const int64_t labels = p.logits.cols();
  const float* positive = optional<float>(p.positive_weights);
  for (int64_t i = begin; i < end; ++i) {
    const float *z = p.logits.as<float>() + i * labels, *y = p.targets.as<float>() + i * labels;
    Float sum = hn::Zero(Floats());
    for_lanes(0, labels, [&](int64_t c, auto part) HWY_ATTR {
      const Float logit = load(z + c, part), target = load(y + c, part);
      const Float yes = hn::Mul(hn::Mul(weights_at(positive, c, part), target), softplus(hn::Neg(logit)));
      const Float item = hn::MulAdd(hn::Sub(set(1), target), softplus(logit), yes);
      const Float known = hn::IfThenZeroElse(hn::Lt(target, hn::Zero(Floats())), item);
      sum = hn::Add(sum, select(part, known, hn::Zero(Floats())));
    });
    p.items.as<float>()[i] = item_weight(p, i) * sum_of(sum);
  }
}

void sigmoid_slopes(const SigmoidCrossEntropy& p, int64_t begin, int64_t end) {
  const int64_t labels = p.logits.cols();
  const float* positive = optional<float>(p.positive_weights);
  for (int64_t i = begin; i < end; ++i) {
    const float *z = p.logits.as<float>() + i * labels, *y = p.targets.as<float>() + i * labels;
    const Float seed = set(p.seed * static_cast<double>(item_weight(p, i)));
    for_lanes(0, labels, [&](int64_t c, auto part) HWY_ATTR {
      const Float logit = load(z + c, part), target = load(y + c, part);
      const Float yes = hn::Mul(hn::Mul(weights_at(positive, c, part), target), sigmoid(hn::Neg(logit)));
      const Float slope = hn::MulSub(hn::Sub(set(1), target), sigmoid(logit), yes);
      const Float known = hn::IfThenZeroElse(hn::Lt(target, hn::Zero(Floats())), hn::Mul(seed, slope));
      store(p.d_logits.as<float>() + i * labels + c, part, known);
    });
  }
}

void squared_items(const SquaredError& p, int64_t begin, int64_t end) {
  const int64_t outputs = p.logits.cols();
  for (int64_t i = begin; i < end; ++i) {
    const float *z = p.logits.as<float>() + i * outputs, *y = p.targets.as<float>() + i * outputs;
    Float sum = hn::Zero(Floats());
    for_lanes(0, outputs, [&](int64_t c, auto part) HWY_ATTR {
      const Float error = hn::Sub(load(z + c, part), load(y + c, part));
      sum = hn::MulAdd(error, error, sum);
    });
    p.items.as<float>()[i] = item_weight(p, i) * sum_of(sum);
  }
}

void squared_slopes(const SquaredError& p, int64_t begin, int64_t end) {
  const int64_t outputs = p.logits.cols();
  for (int64_t i = begin; i < end; ++i) {
    const float *z = p.logits.as<float>() + i * outputs, *y = p.targets.as<float>() + i * outputs;
    const Float seed = set(2 * p.seed * static_cast<double>(item_weight(p, i)));
    for_lanes(0, outputs, [&](int64_t c, auto part) HWY_ATTR {
      store(p.d_logits.as<float>() + i * outputs + c, part,
            hn::Mul(seed, hn::Sub(load(z + c, part), load(y + c, part))));
    });
  }
}

}  // namespace
}  // namespace attune::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace attune::kernels::cpu {
namespace {

// An exponential costs about as much as a dozen plain elements.
int64_t chunk_items(const LossItems& p) {
  return chunk_rows(12 * p.logits.cols());
}

void check_targets(const SoftmaxCrossEntropy& p) {
  const int64_t classes = p.logits.cols();
  for (int64_t i = 0; i < p.logits.rows(); ++i)
    ATTUNE_CHECK(p.targets[i] == p.ignored || (p.targets[i] >= 0 && p.targets[i] < classes),
                 "target {} of item {}, of {} classes", p.targets[i], i, classes);
}

float total_class_weight(const SoftmaxCrossEntropy& p) {
  if (!p.class_weights.defined()) return static_cast<float>(p.logits.cols());
  float total = 0;
  for (int64_t c = 0; c < p.logits.cols(); ++c) total += p.class_weights.as<float>()[c];
  return total;
}

}  // namespace

HWY_EXPORT(softmax_items);
HWY_EXPORT(softmax_slopes);
HWY_EXPORT(sigmoid_items);
HWY_EXPORT(sigmoid_slopes);
HWY_EXPORT(squared_items);
HWY_EXPORT(squared_slopes);

void softmax_cross_entropy(int threads, const SoftmaxCrossEntropy& p) {
  check_targets(p);
  parallel_chunks(threads, p.logits.rows(), chunk_items(p), [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(softmax_items)(p, begin, end);
  });
}

void softmax_cross_entropy_backward(int threads, const SoftmaxCrossEntropy& p) {
  check_targets(p);
  const float total = total_class_weight(p);
  parallel_chunks(threads, p.logits.rows(), chunk_items(p), [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(softmax_slopes)(p, total, begin, end);
  });
}

void sigmoid_cross_entropy(int threads, const SigmoidCrossEntropy& p) {
  parallel_chunks(threads, p.logits.rows(), chunk_items(p), [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(sigmoid_items)(p, begin, end);
  });
}

void sigmoid_cross_entropy_backward(int threads, const SigmoidCrossEntropy& p) {
  parallel_chunks(threads, p.logits.rows(), chunk_items(p), [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(sigmoid_slopes)(p, begin, end);
  });
}

void squared_error(int threads, const SquaredError& p) {
  parallel_chunks(threads, p.logits.rows(), chunk_items(p), [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(squared_items)(p, begin, end);
  });
}

void squared_error_backward(int threads, const SquaredError& p) {
  parallel_chunks(threads, p.logits.rows(), chunk_items(p), [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(squared_slopes)(p, begin, end);
  });
}

}  // namespace attune::kernels::cpu
#endif
