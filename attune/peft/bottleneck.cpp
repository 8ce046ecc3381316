#include "attune/peft/bottleneck.h"

#include <algorithm>

#include "attune/base/error.h"
#include "attune/ops/activation.h"
#include "attune/ops/low_rank.h"
#include "attune/peft/adapter.h"
#include "attune/peft/peft_fields.h"

namespace attune::peft {
namespace {

using kernels::ActivationKind;
using nlohmann::json;

const std::vector<std::pair<const char*, ActivationKind>>& activations() {
  static const std::vector<std::pair<const char*, ActivationKind>> all{{"relu", ActivationKind::relu},
                                                                       {"gelu", ActivationKind::gelu},
                                                                       {"tanh", ActivationKind::tanh},
                                                                       {"silu", ActivationKind::silu}};
  return all;
}

// AdapterHub calls them alike, but for one.
constexpr const char *kSilu = "silu", *kHubSilu = "swish";

struct Bottleneck {
  nn::Parameter *down, *down_bias, *up, *up_bias;
  ActivationKind activation;
  double scale;

  // y + scale (f(z D^T + d) U^T + u), in new memory where y is z and is recorded.
  Tensor apply(Context& context, const Tensor& y, const Tensor& z) const {
    const Tensor inner = ops::activation(
        context, activation, ops::low_rank_down(context, z, down->value, down_bias->value), /*last_use=*/true);
    return ops::low_rank_up(
        context, y, inner, up->value,
        {.scale = scale, .parts = ops::all_columns(y.cols()), .keep_input = context.tape != nullptr}, up_bias->value);
  }
};

class HoulsbyChange final : public ProductChange {
 public:
  explicit HoulsbyChange(const Bottleneck& bottleneck) : bottleneck_(bottleneck) {}
  Tensor after(Context& context, const Tensor& y, const Tensor&, const nn::Linear&) const override {
    return bottleneck_.apply(context, y, y);
  }
  bool reads_input() const override { return false; }

 private:
  Bottleneck bottleneck_;
};

class PfeifferChange final : public ClosingChange {
 public:
  explicit PfeifferChange(const Bottleneck& bottleneck) : bottleneck_(bottleneck) {}
  Tensor apply(Context& context, const Tensor& y, const Tensor& z) const override {
    return bottleneck_.apply(context, y, z);
  }

 private:
  Bottleneck bottleneck_;
};

class BottleneckMethod final : public Method {
 public:
  const char* name() const override { return "bottleneck"; }

  void visit(OptionList& list) override {
    list.add("placement", placement_,
             {.help = "houlsby: after both halves of a layer; pfeiffer: in the second half alone",
              .choices = {"houlsby", "pfeiffer"}});
    list.add("reduction", reduction_, {.help = "hidden size over the bottleneck's", .min = 1});
    std::vector<std::string> names;
    for (const auto& [name, unused] : activations()) names.emplace_back(name);
    list.add("activation", activation_, {.help = "within the bottleneck", .choices = names});
    list.add("scale", scale_, {.help = "what the adapter adds counts so many times", .min = 0});
  }
  double learning_rate(int64_t hidden) const override { return rate_at_width(1e-3, hidden); }

  // BnConfig of the package `adapters` 1.x: SeqBnConfig is Pfeiffer's, DoubleSeqBnConfig Houlsby's.
  json hub_config() const override {
    const bool houlsby = placement_ == "houlsby";
    return {{"mh_adapter", houlsby},
            {"output_adapter", true},
            {"reduction_factor", reduction_},
            {"non_linearity", activation_ == kSilu ? kHubSilu : activation_},
            {"scaling", scale_},
            {"original_ln_before", !houlsby},
            {"original_ln_after", true},
            {"ln_before", false},
            {"ln_after", false},
            {"residual_before_ln", true},
            {"adapter_residual_before_ln", false},
            {"init_weights", "bert"},
            {"is_parallel", false},
            {"use_gating", false},
            {"phm_layer", false},
            {"cross_adapter", false},
            {"leave_out", json::array()},
            {"inv_adapter", nullptr},
            {"dropout", 0.0},
            {"stochastic_depth", 0.0}};
  }
  void read_hub_config(const json& config, const std::string& where) override {
    const PeftFields fields(config, where);
    for (const char* never : {"ln_before", "ln_after", "adapter_residual_before_ln", "is_parallel", "use_gating",
                              "phm_layer", "cross_adapter"})
      fields.refuse_unless(never, false);
    for (const char* always : {"output_adapter", "original_ln_after", "residual_before_ln"})
      fields.refuse_unless(always, true);
    for (const char* none : {"leave_out", "inv_adapter"}) fields.refuse_filled(none);
    placement_ = fields.flag("mh_adapter") ? "houlsby" : "pfeiffer";
    fields.refuse_unless("original_ln_before", placement_ == "pfeiffer");
    reduction_ = fields.whole("reduction_factor", 16);
    scale_ = fields.number("scaling", 1);
    activation_ = fields.name("non_linearity", "relu");
    if (activation_ == kHubSilu) activation_ = kSilu;
    if (const auto& all = activations();
        std::none_of(all.begin(), all.end(), [&](const auto& each) { return activation_ == each.first; }))
      fail(ErrorKind::model, "{}: non_linearity is '{}'; attune has relu, gelu, tanh, swish", where, activation_);
  }

  void attach(Adapter& adapter, nn::Parameters& parameters) const override {
    const int64_t size = adapter.shape().hidden / reduction_;
    if (size < 1)
      fail(ErrorKind::usage, "--adapter bottleneck: reduction is {}, more than the hidden size {}", reduction_,
           adapter.shape().hidden);
    for (int64_t i = 0; i < adapter.shape().layers; ++i) {
      const std::string layer = "encoder.layer." + std::to_string(i) + ".";
      LayerChanges& changes = adapter.layer(i);
      if (placement_ == "pfeiffer") {
        changes.closing = std::make_unique<PfeifferChange>(
            make(parameters, layer + "output", adapter.shape().hidden, size, static_cast<int>(i) + 1));
        continue;
      }
      for (const auto& [part, place] :
           {std::pair{"attention.output", Place::attention_output}, std::pair{"output", Place::output}})
        changes.products[static_cast<size_t>(place)] = std::make_unique<HoulsbyChange>(
            make(parameters, layer + part, adapter.shape().hidden, size, static_cast<int>(i) + 1));
    }
  }

 private:
  Bottleneck make(nn::Parameters& parameters, const std::string& part, int64_t hidden, int64_t size, int depth) const {
    const std::string name = part + ".adapters.attune.";
    const auto weight = [&](const char* end, tensor::Shape shape, nn::Init init) {
      return parameters.add(name + end, shape, {.init = init, .spread = 0.02, .adapter = true, .depth = depth});
    };
    const auto bias = [&](const char* end, int64_t count) {
      return parameters.add(name + end, {count},
                            {.init = nn::Init::zeros, .decays = false, .adapter = true, .depth = depth});
    };
    Bottleneck made{};
    made.down = weight("adapter_down.0.weight", {size, hidden}, nn::Init::normal);
    made.down_bias = bias("adapter_down.0.bias", size);
    made.up = weight("adapter_up.weight", {hidden, size}, nn::Init::zeros);
    made.up_bias = bias("adapter_up.bias", hidden);
    for (const auto& [known, kind] : activations())
      if (activation_ == known) made.activation = kind;
    made.scale = scale_;
    return made;
  }

  std::string placement_ = "houlsby", activation_ = "relu";
  int64_t reduction_ = 16;
  double scale_ = 1;
};

}  // namespace

MethodEntry bottleneck_entry() {
  return {"bottleneck", "a small network after each half of a layer (houlsby) or its end (pfeiffer)",
          "Houlsby et al. 2019, arXiv 1902.00751; Pfeiffer et al. 2020, arXiv 2005.00247",
          [] { return std::unique_ptr<Method>(std::make_unique<BottleneckMethod>()); }};
}

}  // namespace attune::peft
