#include "attune/peft/lora.h"

#include <algorithm>
#include <cmath>
#include <fmt/ranges.h>
#include <mutex>
#include <nlohmann/json.hpp>

#include "attune/base/error.h"
#include "attune/kernels/row_squares.h"
#include "attune/ops/dropout.h"
#include "attune/ops/linear.h"
#include "attune/ops/low_rank.h"
#include "attune/peft/adapter.h"
#include "attune/peft/peft_fields.h"
#include "attune/tensor/transfer.h"

namespace attune::peft {
namespace {

using nlohmann::json;

constexpr double kLeastSquares = 1e-30;  // of a row of DoRA's: one of zeros stays one

// One product's update; its modules are the parts.
struct Update {
  nn::Parameter* a;          // [parts * r, in]
  nn::Parameter* b;          // [columns of all parts, r]
  nn::Parameter* magnitude;  // [columns of all parts], or nullptr
  kernels::LowRankParts parts;
  double scale;
  float dropout;
};

class LoraChange final : public ProductChange {
 public:
  explicit LoraChange(const Update& update) : u_(update) {}

  Tensor beside(Context& context, const Tensor& x, const Draws& draws) const override {
    const Tensor read = ops::dropout(context, x, {.p = u_.dropout, .stream = draws.stream, .row_keys = draws.row_keys});
    return ops::low_rank_down(context, read, u_.a->value);
  }

  Tensor after(Context& context, const Tensor& y, const Tensor& beside, const nn::Linear& product) const override {
    const Tensor sum = ops::low_rank_up(context, y, beside, u_.b->value, {.scale = u_.scale, .parts = u_.parts});
    return u_.magnitude ? with_magnitude(context, sum, product) : sum;
  }

  bool reads_output() const override { return u_.magnitude != nullptr; }
  bool merges() const override { return true; }

  void merge(std::span<float> weight, std::span<float> bias, bool undo) const override {
    static_cast<void>(bias);
    const int64_t in = u_.a->shape.cols(), rank = u_.b->shape.cols();
    const std::span<const float> a{u_.a->value.as<float>(), static_cast<size_t>(u_.a->value.count())},
        b{u_.b->value.as<float>(), static_cast<size_t>(u_.b->value.count())};
    std::vector<double> row(static_cast<size_t>(in));
    u_.parts.for_columns([&](int p, int64_t at, int64_t j) {
      std::fill(row.begin(), row.end(), 0.0);
      for (int64_t k = 0; k < rank; ++k)
        for (int64_t i = 0; i < in; ++i)
          row[static_cast<size_t>(i)] += u_.scale * static_cast<double>(b[static_cast<size_t>(at * rank + k)]) *
                                         static_cast<double>(a[static_cast<size_t>((p * rank + k) * in + i)]);
      merge_row(weight.subspan(static_cast<size_t>(j * in), static_cast<size_t>(in)), row, at, undo);
    });
  }

  void begin_from(const nn::Linear& product) override {
    if (!u_.magnitude) return;
    const std::vector<double> squares = squares_of(product);
    tensor::write_either_from_host(tensor::host_memory(), u_.magnitude->value, [&](auto to) {
      std::transform(squares.begin(), squares.end(), to.begin(),
                     [](double square) { return static_cast<typename decltype(to)::value_type>(std::sqrt(square)); });
    });
  }

 private:
  // W + update, or with DoRA's lengths; and back.
  void merge_row(std::span<float> w, const std::vector<double>& update, int64_t at, bool undo) const {
    const double m = u_.magnitude ? static_cast<double>(u_.magnitude->value.as<float>()[at]) : 0;
    double squares = 0, factor = 1;
    if (u_.magnitude && !undo) {
      for (size_t i = 0; i < w.size(); ++i) squares += std::pow(static_cast<double>(w[i]) + update[i], 2);
      factor = m / std::sqrt(std::max(squares, kLeastSquares));
    }
    if (u_.magnitude && undo)
      fail(ErrorKind::usage, "DoRA's lengths are not in the merged weights any more: load the base again");
    for (size_t i = 0; i < w.size(); ++i)
      w[i] = static_cast<float>(undo ? static_cast<double>(w[i]) - update[i]
                                     : factor * (static_cast<double>(w[i]) + update[i]));
  }

  // DoRA's scaling of the parts' columns, (y - b) g + b with g = m / norm and norm = |W + scale B A|: [columns] each.
  struct Gains {
    Tensor norms, g, shift, center;  // shift = b (1 - g), center = b
  };

  // |W|^2 of the parts' rows.
  std::vector<double> squares_of(const nn::Linear& product) const {
    const std::vector<double> all = kernels::row_squares(product.held_weight());
    std::vector<double> squares;
    u_.parts.for_columns([&](int, int64_t, int64_t j) { squares.push_back(all[static_cast<size_t>(j)]); });
    return squares;
  }

  // While A and B train they are made in each pass, else once.
  Gains gains(Context& context, const nn::Linear& product) const;
  template <class T>
  void make_gains(Context& context, const nn::Linear& product, const Gains& to) const;
  Tensor with_magnitude(Context& context, const Tensor& sum, const nn::Linear& product) const;

  Update u_;
  mutable std::once_flag base_read_, settled_once_;
  mutable std::vector<double> squares_;  // |W|^2, once base_read_
  mutable tensor::Buffer settled_room_;
  mutable Gains settled_;
};

template <class T>
T* host(const Tensor& tensor) {
  return static_cast<T*>(tensor.data);
}

// |w + scale b A|^2 = |w|^2 + scale sum_k b_k (2 (A w)_k + scale (A A^T b)_k) for a row w of W and b of B. A w comes
// from the product itself, so that it does not matter how W is held.
template <class T>
void LoraChange::make_gains(Context& context, const nn::Linear& product, const Gains& to) const {
  std::call_once(base_read_, [&] { squares_ = squares_of(product); });
  const tensor::Arena::Mark mark = context.arena.mark();
  const Tensor a = u_.a->value, b = u_.b->value, m = u_.magnitude->value, bias = product.bias().value;
  // Of the values themselves where there are some, whatever this pass multiplies in: what is made once serves all.
  const Tensor weight = product.held_weight();
  Context plain{
      .kernels = context.kernels, .arena = context.arena, .compute = weight.defined() ? weight.dtype : context.compute};
  const Tensor aw = ops::linear(plain, a, weight, {}, m.dtype);  // [parts * r, out]
  const int64_t rank = b.cols(), out = aw.cols();
  u_.parts.for_each([&](int p, int64_t begin, int64_t width, int64_t at) {
    const Tensor part = a.slice_rows(p * rank, (p + 1) * rank), rows = b.slice_rows(at, at + width);
    const Tensor gram = ops::low_rank_down(plain, part, part), gram_b = ops::low_rank_down(plain, rows, gram);
    for (int64_t j = 0; j < width; ++j) {
      const T* const b_row = host<T>(rows) + j * rank;
      double more = 0;
      for (int64_t k = 0; k < rank; ++k)
        more +=
            static_cast<double>(b_row[k]) * (2 * static_cast<double>(host<T>(aw)[(p * rank + k) * out + begin + j]) +
                                             u_.scale * static_cast<double>(host<T>(gram_b)[j * rank + k]));
      const double squares = squares_[static_cast<size_t>(at + j)] + u_.scale * more;
      const double norm = std::sqrt(std::max(squares, kLeastSquares));
      const double g = static_cast<double>(host<T>(m)[at + j]) / norm,
                   shift = static_cast<double>(host<T>(bias)[begin + j]);
      host<T>(to.norms)[at + j] = static_cast<T>(norm);
      host<T>(to.g)[at + j] = static_cast<T>(g);
      host<T>(to.center)[at + j] = static_cast<T>(shift);
      host<T>(to.shift)[at + j] = static_cast<T>(shift * (1 - g));
    }
  });
  context.arena.rewind(mark);
}

LoraChange::Gains LoraChange::gains(Context& context, const nn::Linear& product) const {
  const Tensor m = u_.magnitude->value;
  const auto make = [&](const Gains& to) {
    m.dtype == DType::f64 ? make_gains<double>(context, product, to) : make_gains<float>(context, product, to);
    return to;
  };
  const bool trains = u_.a->gradient.defined();
  if (trains) {
    const auto vector = [&] { return context.make({m.count()}, m.dtype); };
    return make({vector(), vector(), vector(), vector()});
  }
  std::call_once(settled_once_, [&] {
    settled_room_ = tensor::Buffer(4 * m.bytes());
    const Tensor rows = settled_room_.view({4, m.count()}, m.dtype);
    const auto vector = [&](int64_t i) { return rows.slice_rows(i, i + 1).reshaped({m.count()}); };
    settled_ = make({vector(0), vector(1), vector(2), vector(3)});
  });
  return settled_;
}

Tensor LoraChange::with_magnitude(Context& context, const Tensor& sum, const nn::Linear& product) const {
  const Tensor m = u_.magnitude->value;
  const auto [norms, g, shift, center] = gains(context, product);
  const ops::ScaleColumnsOptions scaling{.parts = u_.parts, .shift = shift, .center = center};
  if (!context.records(sum, m)) return ops::scale_columns(context, sum, g, scaling);

  const Tensor gain = context.tape->variable(g);
  context.tape->record("dora_gain", gain, [m, norms = norms](autograd::Tape& tape, Tensor dg) {
    const auto slot = tape.gradient_slot(m);
    if (!slot.wanted()) return;
    const auto add = [&]<class T>(T) {
      for (int64_t i = 0; i < m.count(); ++i) {
        const T value = host<T>(dg)[i] / host<T>(norms)[i];
        host<T>(slot.tensor)[i] = slot.accumulate ? host<T>(slot.tensor)[i] + value : value;
      }
    };
    m.dtype == DType::f64 ? add(double{}) : add(float{});
  });
  return ops::scale_columns(context, sum, gain, scaling);
}

class Lora final : public Method {
 public:
  const char* name() const override { return "lora"; }

  void visit(OptionList& list) override {
    list.add("r", rank_, {.help = "rank of the update", .min = 1, .max = 4096});
    list.add("alpha", alpha_, {.help = "the update counts alpha / r", .min = 0});
    list.add("targets", targets_,
             {.help = "modules it updates, parted by '|': query, value, attention.output.dense, ... ; * stands for "
                      "anything, all-linear for all",
              .placeholder = "NAMES"});
    list.add("dropout", dropout_, {.help = "of what the update reads", .min = 0, .max = 0.999});
    list.add("rank-stabilised", rank_stabilised_, {.help = "the update counts alpha / sqrt(r)"});
    list.add("dora", dora_, {.help = "the length of each of the weight's rows is learned by itself"});
  }

  void check() const override {
    if (dora_ && dropout_ > 0)
      fail(ErrorKind::usage, "--adapter lora: dora and dropout do not go together; leave one of them out");
  }

  double learning_rate(int64_t hidden) const override { return rate_at_width(1e-3, hidden); }

  void attach(Adapter& adapter, nn::Parameters& parameters) const override {
    const std::vector<Module> all = modules_of(adapter.shape());
    const std::vector<Module> chosen = modules_named(all, targets_, "--adapter lora: targets");
    for (const auto modules : by_product(chosen))
      adapter.layer(modules[0].layer).products[static_cast<size_t>(modules[0].place)] =
          std::make_unique<LoraChange>(update_of(modules, parameters));
  }

  json peft_config(const EncoderShape&) const override {
    return {{"peft_type", "LORA"},
            {"r", rank_},
            {"lora_alpha", peft_number(alpha_)},
            {"lora_dropout", dropout_},
            {"target_modules", peft_targets(targets_)},
            {"use_rslora", rank_stabilised_},
            {"use_dora", dora_},
            {"bias", "none"},
            {"fan_in_fan_out", false},
            {"init_lora_weights", true}};
  }

  void read_peft_config(const json& config, const std::string& where) override {
    const PeftFields fields(config, where);
    rank_ = fields.whole("r", 8);
    alpha_ = fields.number("lora_alpha", 8);
    dropout_ = fields.number("lora_dropout", 0);
    rank_stabilised_ = fields.flag("use_rslora");
    dora_ = fields.flag("use_dora");
    targets_ = fields.targets("query|value");
    fields.refuse_unless("bias", "none");
    fields.refuse_unless("fan_in_fan_out", false);
    for (const char* other : {"layers_to_transform", "layer_replication", "target_parameters", "exclude_modules",
                              "trainable_token_indices", "alora_invocation_tokens", "kasa_config"})
      fields.refuse_filled(other);
    for (const char* other : {"lora_bias", "use_qalora"}) fields.refuse_unless(other, false);
    // Others change the base before the adapter comes (pissa, olora, corda, loftq, ...).
    fields.refuse_unless_one_of("init_lora_weights", {true, false, "gaussian", "eva", "orthogonal", "mica"});
    // One rank, the largest, and the weight that the file's own has; where that is 0 any, for modules with their own.
    const NumberPattern ranks(config, "rank_pattern", where, NumberPattern::ranks);
    const auto most = static_cast<int64_t>(ranks.most(static_cast<double>(rank_)));
    if (alpha_ == 0 && !NumberPattern(config, "alpha_pattern", where, NumberPattern::weights).empty()) alpha_ = 1;
    alpha_ *= divisor(static_cast<double>(most)) / divisor(static_cast<double>(rank_));
    rank_ = most;
  }

  bool fits_peft_tensors(const json& config) const override {
    const auto filled = [&](const char* key) { return config.contains(key) && !config[key].empty(); };
    return filled("rank_pattern") || filled("alpha_pattern");
  }
  void fit_peft_tensor(const json& config, const std::string& where, const std::string& name,
                       StoredMatrix& tensor) const override {
    const auto [module, part] = lora_name(name);
    const bool a = part == "lora_A.weight", b = part == "lora_B.weight";
    if (!a && !b) return;
    const PeftFields fields(config, where);
    const double r = NumberPattern(config, "rank_pattern", where, NumberPattern::ranks)
                         .of(module, static_cast<double>(fields.whole("r", 8)));
    const double alpha = NumberPattern(config, "alpha_pattern", where, NumberPattern::weights)
                             .of(module, fields.number("lora_alpha", 8));
    const auto rank = static_cast<int64_t>(r);
    if (tensor.shape.size() != 2 || tensor.shape[a ? 0 : 1] != rank)
      fail(ErrorKind::model, "{}: the rank of {} is {}, but its {} is {}", where, module, rank, part,
           fmt::join(tensor.shape, " x "));
    if (a) return tensor.spread_rows(StoredMatrix::first(rank), rank_);
    tensor.spread_columns(StoredMatrix::first(rank), rank_);
    const auto factor = static_cast<float>(alpha / divisor(r) / scale());
    for (float& value : tensor.values) value *= factor;
  }

 private:
  Update update_of(std::span<const Module> modules, nn::Parameters& parameters) const {
    const int64_t in = modules[0].in;
    Update update{.a = nullptr,
                  .b = nullptr,
                  .magnitude = nullptr,
                  .parts = parts_of(modules),
                  .scale = scale(),
                  .dropout = static_cast<float>(dropout_)};
    const auto a = pieces_of(modules, ".lora_A.weight", rank_), b = pieces_of(modules, ".lora_B.weight"),
               lengths = pieces_of(modules, ".lora_magnitude_vector");
    const int64_t columns = update.parts.columns();
    const int depth = modules[0].layer + 1;
    update.a = parameters.add(a[0].name, {std::ssize(modules) * rank_, in},
                              {.init = nn::Init::uniform,
                               .spread = 1 / std::sqrt(static_cast<double>(in)),
                               .adapter = true,
                               .depth = depth,
                               .pieces = a});
    update.b = parameters.add(b[0].name, {columns, rank_},
                              {.init = nn::Init::zeros, .adapter = true, .depth = depth, .pieces = b});
    if (dora_)
      update.magnitude =
          parameters.add(lengths[0].name, {columns},
                         {.init = nn::Init::ones, .decays = false, .adapter = true, .depth = depth, .pieces = lengths});
    return update;
  }

  double scale() const { return alpha_ / divisor(static_cast<double>(rank_)); }
  double divisor(double rank) const { return rank_stabilised_ ? std::sqrt(rank) : rank; }

  int64_t rank_ = 8;
  double alpha_ = 16, dropout_ = 0;
  std::string targets_ = "query|value";
  bool rank_stabilised_ = false, dora_ = false;
};

}  // namespace

MethodEntry lora_entry() {
  return {"lora", "an update of low rank beside chosen weights; dora=true learns their rows' lengths apart",
          "Hu et al. 2021, arXiv 2106.09685; Kalajdzievski 2023, arXiv 2312.03732; Liu et al. 2024, arXiv 2402.09353",
          [] { return std::unique_ptr<Method>(std::make_unique<Lora>()); }};
}

}  // namespace attune::peft
