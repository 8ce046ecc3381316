#include "attune/peft/own_parameters.h"

#include "attune/base/error.h"
#include "attune/peft/adapter.h"

namespace attune::peft {
namespace {

class BitFit final : public Method {
 public:
  const char* name() const override { return "bitfit"; }
  void visit(OptionList&) override {}
  double learning_rate(int64_t hidden) const override { return rate_at_width(1e-3, hidden); }
  void attach(Adapter&, nn::Parameters&) const override {}
  bool trains(const nn::Parameter& parameter, const EncoderShape&) const override {
    return parameter.name.ends_with(".bias");
  }
};

class LastLayers final : public Method {
 public:
  const char* name() const override { return "last_layers"; }
  void visit(OptionList& list) override {
    list.add("k", layers_, {.help = "how many of the upper layers train", .min = 1});
  }
  double learning_rate(int64_t) const override { return 5e-5; }
  void attach(Adapter& adapter, nn::Parameters&) const override {
    if (layers_ > adapter.shape().layers)
      fail(ErrorKind::usage, "--adapter last_layers: k is {}; the encoder has {} layers", layers_,
           adapter.shape().layers);
  }
  bool trains(const nn::Parameter& parameter, const EncoderShape& shape) const override {
    return parameter.options.depth > shape.layers - layers_;
  }

 private:
  int64_t layers_ = 2;
};

}  // namespace

MethodEntry bitfit_entry() {
  return {"bitfit", "the encoder's own biases, and nothing else of it",
          "Ben Zaken, Goldberg, Ravfogel 2021, arXiv 2106.10199",
          [] { return std::unique_ptr<Method>(std::make_unique<BitFit>()); }};
}

MethodEntry last_layers_entry() {
  return {"last_layers", "the encoder's upper k layers, as they are", "Lee, Tang, Lin 2019, arXiv 1911.03090",
          [] { return std::unique_ptr<Method>(std::make_unique<LastLayers>()); }};
}

}  // namespace attune::peft
