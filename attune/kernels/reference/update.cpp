#include <cmath>

#include "attune/kernels/reference/dispatch.h"
#include "attune/kernels/reference/reference.h"

namespace attune::kernels::reference {
namespace {

template <class T>
void store(const Tensor& weights, const Tensor& low, int64_t i, double value) {
  weights.as<T>()[i] = static_cast<T>(value);
  if (low.defined()) low.as<BFloat16>()[i] = BFloat16(static_cast<float>(value));
}

}  // namespace

void adam_update(const AdamUpdate& p) {
  with_float(p.w.dtype, [&]<class T>(T) {
    const double t = static_cast<double>(p.step);
    const double first = p.bias_correction ? 1 - std::pow(p.beta1, t) : 1;
    const double second = p.bias_correction ? 1 - std::pow(p.beta2, t) : 1;
    for (int64_t e = 0; e < p.g.count(); ++e) {
      const int64_t i = p.rows ? p.rows[e / p.g.cols()] * p.g.cols() + e % p.g.cols() : e;
      T &m = p.m.as<T>()[i], &v = p.v.as<T>()[i];
      double w = static_cast<double>(p.w.as<T>()[i]), g = p.clip * static_cast<double>(p.g.as<T>()[e]);
      if (p.coupled_decay)
        g += p.decay * w;
      else
        w -= p.rate * p.decay * w;
      m = static_cast<T>(p.beta1 * static_cast<double>(m) + (1 - p.beta1) * g);
      v = static_cast<T>(p.beta2 * static_cast<double>(v) + (1 - p.beta2) * g * g);
      w -= p.rate / first * static_cast<double>(m) / (std::sqrt(static_cast<double>(v) / second) + p.eps);
      store<T>(p.w, p.low, i, w);
    }
  });
}

void adam_replay(const AdamReplay& p) {
  with_float(p.w.dtype, [&]<class T>(T) {
    const int64_t n = p.w.cols();
    for (int64_t r = 0; r < p.count; ++r)
      for (int64_t i = p.rows[r] * n; i < (p.rows[r] + 1) * n; ++i)
        for (int64_t s = p.done[r]; s < p.updates_count; ++s) {
          T &w = p.w.as<T>()[i], &m = p.m.as<T>()[i], &v = p.v.as<T>()[i];
          const double weight = static_cast<double>(w), g = p.coupled_decay * weight;
          m = static_cast<T>(p.beta1 * static_cast<double>(m) + (1 - p.beta1) * g);
          v = static_cast<T>(p.beta2 * static_cast<double>(v) + (1 - p.beta2) * g * g);
          const double step = p.updates[s].rate * static_cast<double>(m) /
                              (std::sqrt(static_cast<double>(v)) * p.updates[s].unbias + p.eps);
          w = static_cast<T>(p.updates[s].shrink * weight - step);
        }
  });
}

void sgd_update(const SgdUpdate& p) {
  with_float(p.w.dtype, [&]<class T>(T) {
    for (int64_t i = 0; i < p.w.count(); ++i) {
      double w = static_cast<double>(p.w.as<T>()[i]);
      double d = p.clip * static_cast<double>(p.g.as<T>()[i]) + p.decay * w;
      if (p.momentum > 0) {
        T& m = p.m.as<T>()[i];
        m = static_cast<T>(p.step == 1 ? d : p.momentum * static_cast<double>(m) + d);
        d = p.nesterov ? d + p.momentum * static_cast<double>(m) : static_cast<double>(m);
      }
      w -= p.rate * d;
      store<T>(p.w, p.low, i, w);
    }
  });
}

}  // namespace attune::kernels::reference
