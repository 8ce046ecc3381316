#include "attune/peft/virtual_tokens.h"

#include <nlohmann/json.hpp>

#include "attune/base/error.h"
#include "attune/ops/activation.h"
#include "attune/ops/low_rank.h"
#include "attune/peft/adapter.h"
#include "attune/peft/peft_fields.h"

namespace attune::peft {
namespace {

using nlohmann::json;

constexpr const char* kTable = "prompt_embeddings";

json common_config(const char* type, int64_t length, const EncoderShape& shape) {
  return {{"peft_type", type},          {"num_virtual_tokens", length},       {"token_dim", shape.hidden},
          {"num_layers", shape.layers}, {"num_attention_heads", shape.heads}, {"num_transformer_submodules", 1}};
}

class Prompt final : public Method {
 public:
  const char* name() const override { return "prompt"; }
  void visit(OptionList& list) override {
    list.add("length", length_, {.help = "virtual tokens", .min = 1, .max = 4096});
    list.add("init", init_, {.help = "deviation that they begin with", .min = 0});
  }
  double learning_rate(int64_t) const override { return 1e-2; }
  bool is_prompt_learning() const override { return true; }

  void attach(Adapter& adapter, nn::Parameters& parameters) const override {
    adapter.tokens.length = length_;
    adapter.tokens.prompt = parameters.add(kTable, {length_, adapter.shape().hidden},
                                           {.init = nn::Init::normal, .spread = init_, .adapter = true, .depth = 1});
  }
  json peft_config(const EncoderShape& shape) const override {
    json config = common_config("PROMPT_TUNING", length_, shape);
    config["prompt_tuning_init"] = "RANDOM";
    return config;
  }
  void read_peft_config(const json& config, const std::string& where) override {
    length_ = PeftFields(config, where).whole("num_virtual_tokens", length_);
  }

 private:
  int64_t length_ = 20;
  double init_ = 0.02;
};

// The table of a prefix as a small network makes it.
class Projection final : public TableMaker {
 public:
  Projection(nn::Parameters& parameters, int64_t length, int64_t hidden, int64_t inner, int64_t columns, double init) {
    const auto add = [&](const char* name, tensor::Shape shape, double deviation) {
      const bool bias = shape.rank() == 1;
      return parameters.add(std::string("prefix.") + name, shape,
                            {.init = bias ? nn::Init::zeros : nn::Init::normal,
                             .spread = deviation,
                             .decays = !bias,
                             .adapter = true,
                             .scaffold = true,
                             .depth = 1});
    };
    embedding_ = add("embedding.weight", {length, hidden}, 1);
    down_ = add("transform.0.weight", {inner, hidden}, init);
    down_bias_ = add("transform.0.bias", {inner}, 0);
    up_ = add("transform.2.weight", {columns, inner}, init);
    up_bias_ = add("transform.2.bias", {columns}, 0);
  }
  Tensor make(Context& context) const override {
    // In f32 whatever the run's products are: it is little work, and its result is kept.
    Context plain = context;
    plain.compute = context.sums();
    const Tensor inner = ops::activation(plain, kernels::ActivationKind::tanh,
                                         ops::low_rank_down(plain, embedding_->value, down_->value, down_bias_->value),
                                         /*last_use=*/true);
    return ops::low_rank_down(plain, inner, up_->value, up_bias_->value);
  }

 private:
  nn::Parameter *embedding_, *down_, *down_bias_, *up_, *up_bias_;
};

class Prefix final : public Method {
 public:
  const char* name() const override { return "prefix"; }
  void visit(OptionList& list) override {
    list.add("length", length_, {.help = "virtual tokens", .min = 1, .max = 4096});
    list.add("projection", projection_,
             {.help = "inner size of a network that makes them while they train; 0: none", .min = 0});
    list.add("init", init_, {.help = "deviation that they begin with", .min = 0});
  }
  double learning_rate(int64_t) const override { return 1e-2; }
  bool is_prompt_learning() const override { return true; }
  void as_kept() override { projection_ = 0; }

  void attach(Adapter& adapter, nn::Parameters& parameters) const override {
    const int64_t hidden = adapter.shape().hidden, columns = adapter.shape().layers * 2 * hidden;
    adapter.tokens.length = length_;
    if (projection_ > 0)
      adapter.tokens.maker = std::make_unique<Projection>(parameters, length_, hidden, projection_, columns, init_);
    adapter.tokens.prefix = parameters.add(
        kTable, {length_, columns},
        {.init = nn::Init::normal, .spread = init_, .adapter = true, .made = projection_ > 0, .depth = 1});
  }
  json peft_config(const EncoderShape& shape) const override {
    json config = common_config("PREFIX_TUNING", length_, shape);
    config["prefix_projection"] = false;  // the table is kept, not what made it
    config["encoder_hidden_size"] = shape.hidden;
    return config;
  }
  void read_peft_config(const json& config, const std::string& where) override {
    length_ = PeftFields(config, where).whole("num_virtual_tokens", length_);
    projection_ = 0;
  }

 private:
  int64_t length_ = 20, projection_ = 0;
  double init_ = 0.02;
};

}  // namespace

MethodEntry prefix_entry() {
  return {"prefix", "keys and values of virtual tokens before every sequence, in every layer",
          "Li & Liang 2021, arXiv 2101.00190; Liu et al. 2021, arXiv 2110.07602",
          [] { return std::unique_ptr<Method>(std::make_unique<Prefix>()); }};
}

MethodEntry prompt_entry() {
  return {"prompt", "virtual tokens before every sequence", "Lester, Al-Rfou, Constant 2021, arXiv 2104.08691",
          [] { return std::unique_ptr<Method>(std::make_unique<Prompt>()); }};
}

}  // namespace attune::peft
