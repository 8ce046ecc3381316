#include "attune/ops/activation.h"

#include "gradient_check.h"

namespace attune::ops {
namespace {

class Activation : public test::GradientCheck {};

TEST_F(Activation, ValuesAndGradients) {
  const std::vector<std::pair<ActivationKind, double>> at_one{{ActivationKind::gelu, 0.841344746068543},
                                                              {ActivationKind::gelu_tanh, 0.841191990608277},
                                                              {ActivationKind::relu, 1},
                                                              {ActivationKind::tanh, 0.761594155955765},
                                                              {ActivationKind::silu, 0.731058578630005}};
  for (const auto& [kind, want] : at_one) {
    Context run = context();
    EXPECT_NEAR(activation(run, kind, values({1, 1}, {1})).as<double>()[0], want, 1e-12);
    check({normal({4, 5}, 1, 2)}, [kind = kind](Context& recording, const Inputs& in) {
      return std::vector{activation(recording, kind, in[0])};
    });
  }
}

}  // namespace
}  // namespace attune::ops
