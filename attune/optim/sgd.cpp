#include "attune/optim/sgd.h"

namespace attune::optim {
namespace {

class Sgd final : public Optimizer {
 public:
  Sgd(nn::Parameters& parameters, const OptimizerOptions& options)
      : options_(options),
        members_(members(parameters, options)),
        momentum_(parameters, options.momentum > 0 ? members_ : std::vector<Member>{}) {}

  void step(kernels::Kernels& kernels, double rate, double clip, int64_t step) override {
    for (size_t i = 0; i < members_.size(); ++i) {
      const Member& member = members_[i];
      kernels.sgd_update({.w = member.parameter->value,
                          .g = member.parameter->gradient,
                          .m = options_.momentum > 0 ? momentum_[i] : tensor::Tensor{},
                          .low = twin_of(*member.parameter),
                          .rate = rate * member.rate_factor,
                          .momentum = options_.momentum,
                          .decay = member.decay,
                          .clip = clip,
                          .step = step,
                          .nesterov = options_.nesterov});
    }
  }

  std::vector<StateTensor> state() const override {
    std::vector<StateTensor> state;
    for (size_t i = 0; options_.momentum > 0 && i < members_.size(); ++i)
      state.push_back({members_[i].parameter->name + "/momentum", momentum_[i]});
    return state;
  }

 private:
  OptimizerOptions options_;
  std::vector<Member> members_;
  MomentBuffer momentum_;
};

}  // namespace

std::unique_ptr<Optimizer> make_sgd(nn::Parameters& parameters, const OptimizerOptions& options) {
  return std::make_unique<Sgd>(parameters, options);
}

}  // namespace attune::optim
