#include <algorithm>
#include <cmath>

#include "attune/kernels/reference/dispatch.h"
#include "attune/kernels/reference/reference.h"

namespace attune::kernels::reference {
namespace {

// An optional weight: 1 where there is none.
template <class T>
T weight(const Tensor& weights, int64_t i) {
  return weights.defined() ? weights.as<T>()[i] : T{1};
}

template <class T>
T softplus(T x) {
  return std::max(x, T{0}) + std::log1p(std::exp(-std::abs(x)));
}

template <class T>
T sigmoid(T x) {
  const T e = std::exp(-std::abs(x));
  return x < 0 ? e / (1 + e) : 1 / (1 + e);
}

// The maximum, and the log of the sum of exp(z - maximum).
template <class T>
struct LogSum {
  T most, log;

  LogSum(const T* z, int64_t classes) : most(*std::max_element(z, z + classes)), log(0) {
    T sum = 0;
    for (int64_t c = 0; c < classes; ++c) sum += std::exp(z[c] - most);
    log = std::log(sum);
  }
  // L - z, the surprise at a logit, without the maximum's cancellation.
  T minus(T z) const { return log + (most - z); }
};

}  // namespace

void softmax_cross_entropy(const SoftmaxCrossEntropy& p) {
  with_float(p.logits.dtype, [&]<class T>(T) {
    const int64_t classes = p.logits.cols();
    const T e = static_cast<T>(p.smoothing);
    for (int64_t i = 0; i < p.logits.rows(); ++i) {
      T& item = p.items.as<T>()[i] = 0;
      const int64_t y = p.targets[i];
      if (y == p.ignored) continue;
      const T* z = p.logits.as<T>() + i * classes;
      const LogSum<T> sum(z, classes);
      T smooth = 0;
      for (int64_t c = 0; c < classes; ++c) smooth += weight<T>(p.class_weights, c) * sum.minus(z[c]);
      item = weight<T>(p.item_weights, i) *
             ((1 - e) * weight<T>(p.class_weights, y) * sum.minus(z[y]) + e / static_cast<T>(classes) * smooth);
    }
  });
}

void softmax_cross_entropy_backward(const SoftmaxCrossEntropy& p) {
  with_float(p.logits.dtype, [&]<class T>(T) {
    const int64_t classes = p.logits.cols();
    const T e = static_cast<T>(p.smoothing), smooth = e / static_cast<T>(classes);
    T total = 0;
    for (int64_t c = 0; c < classes; ++c) total += weight<T>(p.class_weights, c);
    for (int64_t i = 0; i < p.logits.rows(); ++i) {
      T* dz = p.d_logits.as<T>() + i * classes;
      std::fill(dz, dz + classes, T{0});
      const int64_t y = p.targets[i];
      if (y == p.ignored) continue;
      const T* z = p.logits.as<T>() + i * classes;
      const LogSum<T> sum(z, classes);
      const T seed = static_cast<T>(p.seed) * weight<T>(p.item_weights, i);
      const T hard = (1 - e) * weight<T>(p.class_weights, y);
      for (int64_t c = 0; c < classes; ++c)
        dz[c] = seed * (std::exp(-sum.minus(z[c])) * (hard + smooth * total) - (c == y ? hard : T{0}) -
                        smooth * weight<T>(p.class_weights, c));
    }
  });
}

void sigmoid_cross_entropy(const SigmoidCrossEntropy& p) {
  with_float(p.logits.dtype, [&]<class T>(T) {
    const int64_t labels = p.logits.cols();
    for (int64_t i = 0; i < p.logits.rows(); ++i) {
      T sum = 0;
      for (int64_t c = 0; c < labels; ++c) {
        const T z = p.logits.as<T>()[i * labels + c], y = p.targets.as<T>()[i * labels + c];
        if (y < 0) continue;
        sum += weight<T>(p.positive_weights, c) * y * softplus(-z) + (1 - y) * softplus(z);
      }
      p.items.as<T>()[i] = weight<T>(p.item_weights, i) * sum;
    }
  });
}

void sigmoid_cross_entropy_backward(const SigmoidCrossEntropy& p) {
  with_float(p.logits.dtype, [&]<class T>(T) {
    const int64_t labels = p.logits.cols();
    for (int64_t i = 0; i < p.logits.rows(); ++i)
      for (int64_t c = 0; c < labels; ++c) {
        const int64_t at = i * labels + c;
        const T z = p.logits.as<T>()[at], y = p.targets.as<T>()[at];
        const T slope = sigmoid(z) * (1 - y) - weight<T>(p.positive_weights, c) * y * sigmoid(-z);
        p.d_logits.as<T>()[at] = y < 0 ? T{0} : static_cast<T>(p.seed) * weight<T>(p.item_weights, i) * slope;
      }
  });
}

void squared_error(const SquaredError& p) {
  with_float(p.logits.dtype, [&]<class T>(T) {
    const int64_t outputs = p.logits.cols();
    for (int64_t i = 0; i < p.logits.rows(); ++i) {
      T sum = 0;
      for (int64_t c = 0; c < outputs; ++c) {
        const T error = p.logits.as<T>()[i * outputs + c] - p.targets.as<T>()[i * outputs + c];
        sum += error * error;
      }
      p.items.as<T>()[i] = weight<T>(p.item_weights, i) * sum;
    }
  });
}

void squared_error_backward(const SquaredError& p) {
  with_float(p.logits.dtype, [&]<class T>(T) {
    const int64_t outputs = p.logits.cols();
    for (int64_t at = 0; at < p.logits.count(); ++at)
      p.d_logits.as<T>()[at] = static_cast<T>(p.seed) * weight<T>(p.item_weights, at / outputs) * 2 *
                               (p.logits.as<T>()[at] - p.targets.as<T>()[at]);
  });
}

}  // namespace attune::kernels::reference
