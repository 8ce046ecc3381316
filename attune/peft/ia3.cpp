#include "attune/peft/ia3.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "attune/base/error.h"
#include "attune/ops/low_rank.h"
#include "attune/peft/adapter.h"
#include "attune/peft/peft_fields.h"

namespace attune::peft {
namespace {

using nlohmann::json;

class Ia3Change final : public ProductChange {
 public:
  Ia3Change(nn::Parameter* scales, const kernels::LowRankParts& parts, bool feedforward)
      : scales_(scales), parts_(parts), feedforward_(feedforward) {}

  Tensor before(Context& context, const Tensor& x) const override {
    if (!feedforward_) return x;
    return ops::scale_columns(context, x, scales_->value, {.parts = ops::all_columns(x.cols()), .keep_input = true});
  }
  Tensor after(Context& context, const Tensor& y, const Tensor&, const nn::Linear&) const override {
    return feedforward_ ? y : ops::scale_columns(context, y, scales_->value, {.parts = parts_});
  }

  bool reads_input() const override { return feedforward_; }
  bool reads_output() const override { return !feedforward_; }
  bool merges() const override { return true; }
  void merge(std::span<float> weight, std::span<float> bias, bool undo) const override {
    const auto in = static_cast<int64_t>(weight.size() / bias.size());
    const auto scaled = [&](float& value, int64_t at) {
      const float l = scales_->value.as<float>()[at];
      value = undo ? value / l : value * l;
    };
    if (feedforward_) {
      for (size_t i = 0; i < weight.size(); ++i) scaled(weight[i], static_cast<int64_t>(i) % in);
      return;
    }
    parts_.for_columns([&](int, int64_t at, int64_t j) {
      for (int64_t i = 0; i < in; ++i) scaled(weight[static_cast<size_t>(j * in + i)], at);
      scaled(bias[static_cast<size_t>(j)], at);
    });
  }

 private:
  nn::Parameter* scales_;  // [columns of the parts, 1], or [1, in]
  kernels::LowRankParts parts_;
  bool feedforward_;
};

class Ia3 final : public Method {
 public:
  const char* name() const override { return "ia3"; }

  void visit(OptionList& list) override {
    list.add("targets", targets_, {.help = "modules that are scaled, parted by '|'", .placeholder = "NAMES"});
    list.add("feedforward", feedforward_,
             {.help = "those of them of which the input is scaled, not the output", .placeholder = "NAMES"});
  }
  double learning_rate(int64_t) const override { return 5e-3; }

  void attach(Adapter& adapter, nn::Parameters& parameters) const override {
    const std::vector<Module> all = modules_of(adapter.shape());
    const std::vector<Module> chosen = modules_named(all, targets_, "--adapter ia3: targets");
    std::set<std::string> inner;
    if (!feedforward_.empty())
      for (const Module& module : modules_named(chosen, feedforward_, "--adapter ia3: feedforward"))
        inner.insert(module.name);
    for (const auto modules : by_product(chosen))
      adapter.layer(modules[0].layer).products[static_cast<size_t>(modules[0].place)] =
          change_of(modules, inner, parameters);
  }

  json peft_config(const EncoderShape&) const override {
    return {{"peft_type", "IA3"},
            {"target_modules", peft_targets(targets_)},
            {"feedforward_modules", feedforward_.empty() ? json::array() : peft_targets(feedforward_)},
            {"fan_in_fan_out", false},
            {"init_ia3_weights", true}};
  }
  void read_peft_config(const json& config, const std::string& where) override {
    const PeftFields fields(config, where);
    targets_ = fields.targets("key|value|output.dense");
    const json* inner = config.contains("feedforward_modules") ? &config["feedforward_modules"] : nullptr;
    feedforward_ =
        inner && !inner->is_null() && inner->empty() ? "" : fields.targets("output.dense", "feedforward_modules");
    fields.refuse_unless("fan_in_fan_out", false);
    fields.refuse_filled("exclude_modules");
  }

 private:
  static std::unique_ptr<ProductChange> change_of(std::span<const Module> modules, const std::set<std::string>& inner,
                                                  nn::Parameters& parameters) {
    const bool feedforward = inner.contains(modules[0].name);
    for (const Module& module : modules)
      if (module.place == Place::query_key_value && inner.contains(module.name))
        fail(ErrorKind::usage,
             "--adapter ia3: {} shares its input with others of its layer; it is no feed-forward module", module.name);
    const kernels::LowRankParts parts = parts_of(modules);
    const auto pieces = pieces_of(modules, ".ia3_l", feedforward ? 1 : 0);
    nn::Parameter* scales = parameters.add(
        pieces[0].name, feedforward ? tensor::Shape{1, modules[0].in} : tensor::Shape{parts.columns(), 1},
        {.init = nn::Init::ones, .decays = false, .adapter = true, .depth = modules[0].layer + 1, .pieces = pieces});
    return std::make_unique<Ia3Change>(scales, parts, feedforward);
  }

  std::string targets_ = "key|value|output.dense", feedforward_ = "output.dense";
};

}  // namespace

MethodEntry ia3_entry() {
  return {"ia3", "what keys, values and the feed-forward product carry is scaled column by column",
          "Liu et al. 2022, arXiv 2205.05638", [] { return std::unique_ptr<Method>(std::make_unique<Ia3>()); }};
}

}  // namespace attune::peft
