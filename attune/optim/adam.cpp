#include "attune/optim/adam.h"

namespace attune::optim {
namespace {

class Adam final : public Optimizer {
 public:
  Adam(nn::Parameters& parameters, const OptimizerOptions& options, bool coupled_decay)
      : options_(options),
        coupled_decay_(coupled_decay),
        members_(members(parameters, options)),
        first_(parameters, members_),
        second_(parameters, members_) {}

  void step(kernels::Kernels& kernels, double rate, double clip, int64_t step) override {
    for (size_t i = 0; i < members_.size(); ++i) {
      const Member& member = members_[i];
      kernels.adam_update({.w = member.parameter->value,
                           .g = member.parameter->gradient,
                           .m = first_[i],
                           .v = second_[i],
                           .low = twin_of(*member.parameter),
                           .rate = rate * member.rate_factor,
                           .beta1 = options_.beta1,
                           .beta2 = options_.beta2,
                           .eps = options_.eps,
                           .decay = member.decay,
                           .clip = clip,
                           .step = step,
                           .coupled_decay = coupled_decay_,
                           .bias_correction = options_.bias_correction});
    }
  }

  std::vector<StateTensor> state() const override {
    std::vector<StateTensor> state;
    for (size_t i = 0; i < members_.size(); ++i) {
      state.push_back({members_[i].parameter->name + "/m", first_[i]});
      state.push_back({members_[i].parameter->name + "/v", second_[i]});
    }
    return state;
  }

 private:
  OptimizerOptions options_;
  bool coupled_decay_;
  std::vector<Member> members_;
  MomentBuffer first_, second_;
};

}  // namespace

std::unique_ptr<Optimizer> make_adam(nn::Parameters& parameters, const OptimizerOptions& options, bool coupled_decay) {
  return std::make_unique<Adam>(parameters, options, coupled_decay);
}

}  // namespace attune::optim
