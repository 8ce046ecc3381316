#include "attune/peft/adalora.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "attune/base/error.h"
#include "attune/ops/dropout.h"
#include "attune/ops/low_rank.h"
#include "attune/peft/adapter.h"
#include "attune/peft/peft_fields.h"
#include "attune/tensor/transfer.h"

namespace attune::peft {
namespace {

using nlohmann::json;

// One product's update, with what is remembered of its parameters' importance.
struct Triplets {
  nn::Parameter *a, *b, *e;            // [parts * r, in], [columns, r], [parts * r, 1]
  std::array<nn::Parameter*, 3> s, u;  // of a, b, e
  nn::Parameter* alive;                // [parts * r, 1] 1 or 0: chosen the last time
  kernels::LowRankParts parts;
  double scale;
  float dropout;

  int64_t rank() const { return b->shape.cols(); }
};

class AdaLoraChange final : public ProductChange {
 public:
  explicit AdaLoraChange(const Triplets& triplets) : t_(triplets) {}

  Tensor beside(Context& context, const Tensor& x, const Draws& draws) const override {
    const Tensor read = ops::dropout(context, x, {.p = t_.dropout, .stream = draws.stream, .row_keys = draws.row_keys});
    const Tensor u = ops::low_rank_down(context, read, t_.a->value);
    return ops::scale_columns(context, u, t_.e->value, {.parts = ops::all_columns(u.cols())});
  }
  Tensor after(Context& context, const Tensor& y, const Tensor& beside, const nn::Linear&) const override {
    return ops::low_rank_up(context, y, beside, t_.b->value, {.scale = t_.scale, .parts = t_.parts});
  }

  bool reads_output() const override { return false; }
  bool merges() const override { return true; }
  void merge(std::span<float> weight, std::span<float>, bool undo) const override {
    const int64_t in = t_.a->shape.cols(), r = t_.rank();
    const float *a = t_.a->value.as<float>(), *b = t_.b->value.as<float>(), *e = t_.e->value.as<float>();
    const double sign = undo ? -1 : 1;
    t_.parts.for_columns([&](int p, int64_t at, int64_t j) {
      for (int64_t i = 0; i < in; ++i) {
        double sum = 0;
        for (int64_t k = 0; k < r; ++k)
          sum += static_cast<double>(b[at * r + k]) * static_cast<double>(e[p * r + k]) *
                 static_cast<double>(a[(p * r + k) * in + i]);
        float& w = weight[static_cast<size_t>(j * in + i)];
        w = static_cast<float>(static_cast<double>(w) + sign * t_.scale * sum);
      }
    });
  }

 private:
  Triplets t_;
};

struct Budget {
  double init, target;  // triplets of a module
  double start, end;    // shares of the training
  int64_t interval;
  double beta1, beta2, orthogonality;
};

// A tensor's numbers on the host; write() brings them back.
class Numbers {
 public:
  Numbers(tensor::Memory& memory, const Tensor& tensor)
      : memory_(memory), tensor_(tensor), values_(tensor::doubles_on_host(memory, tensor, tensor.count())) {}
  double& operator[](int64_t i) { return values_[static_cast<size_t>(i)]; }
  int64_t count() const { return std::ssize(values_); }
  void write() {
    tensor::write_either_from_host(memory_, tensor_, [&](auto to) {
      for (size_t i = 0; i < to.size(); ++i) to[i] = static_cast<typename decltype(to)::value_type>(values_[i]);
    });
  }

 private:
  tensor::Memory& memory_;
  Tensor tensor_;
  std::vector<double> values_;
};

class RankSchedule final : public TrainingHook {
 public:
  RankSchedule(std::vector<Triplets> triplets, const Budget& budget) : all_(std::move(triplets)), budget_(budget) {}

  double add_gradients(tensor::Memory& memory) override {
    if (budget_.orthogonality == 0) return 0;
    int64_t matrices = 0;
    for (const Triplets& t : all_) matrices += 2 * t.parts.count;
    const double weight = budget_.orthogonality / static_cast<double>(matrices);
    double penalty = 0;
    for (const Triplets& t : all_) {
      const int64_t r = t.rank(), in = t.a->shape.cols();
      t.parts.for_each([&](int p, int64_t, int64_t width, int64_t row) {
        // Vectors of A lie in rows, those of B in columns.
        penalty += weight *
                   push(memory, *t.a, {.first = p * r * in, .count = r, .length = in, .stride = in, .step = 1}, weight);
        penalty += weight *
                   push(memory, *t.b, {.first = row * r, .count = r, .length = width, .stride = 1, .step = r}, weight);
      });
    }
    return penalty;
  }

  void after_update(tensor::Memory& memory, int64_t step, int64_t steps) override {
    const auto share = [&](double of) { return std::llround(of * static_cast<double>(steps)); };
    const int64_t start = share(budget_.start), end = share(budget_.end);
    if (step < end)
      for (const Triplets& t : all_) remember(memory, t);
    if (step < start) return;
    const bool due = step <= end && (step == end || (step - start) % budget_.interval == 0);
    if (due) choose(memory, kept_at(step, start, end));
    if (due || step > end) mask(memory);
  }

 private:
  // r vectors of a matrix.
  struct Vectors {
    int64_t first, count, length, stride, step;
  };

  // |M|_F of M = V V^T - I over the vectors, whose gradient 2 M V / |M|_F goes, `weight` times, to the parameter's.
  static double push(tensor::Memory& memory, nn::Parameter& p, const Vectors& v, double weight) {
    Numbers values(memory, p.value), gradient(memory, p.gradient);
    const auto at = [&](int64_t k, int64_t i) { return v.first + k * v.stride + i * v.step; };
    const auto vector = [&](std::vector<double>& all, int64_t k) { return all.data() + k * v.length; };
    std::vector<double> all(static_cast<size_t>(v.count * v.length)), more(all.size());
    for (int64_t k = 0; k < v.count; ++k)
      for (int64_t i = 0; i < v.length; ++i) vector(all, k)[i] = values[at(k, i)];
    double squares = 0;
    for (int64_t k = 0; k < v.count; ++k)
      for (int64_t l = 0; l <= k; ++l) {
        const double *a = vector(all, k), *b = vector(all, l);
        double m = k == l ? -1 : 0;
        for (int64_t i = 0; i < v.length; ++i) m += a[i] * b[i];
        squares += (k == l ? 1 : 2) * m * m;
        double *da = vector(more, k), *db = vector(more, l);
        for (int64_t i = 0; i < v.length; ++i) da[i] += m * b[i];
        for (int64_t i = 0; l < k && i < v.length; ++i) db[i] += m * a[i];
      }
    const double norm = std::sqrt(squares);
    if (norm == 0) return 0;
    for (int64_t k = 0; k < v.count; ++k)
      for (int64_t i = 0; i < v.length; ++i) gradient[at(k, i)] += weight * 2 * vector(more, k)[i] / norm;
    gradient.write();
    p.state.squared = false;
    return norm;
  }

  void remember(tensor::Memory& memory, const Triplets& t) const {
    const std::array<nn::Parameter*, 3> of{t.a, t.b, t.e};
    for (size_t which = 0; which < of.size(); ++which) {
      Numbers w(memory, of[which]->value), dw(memory, of[which]->gradient), s(memory, t.s[which]->value),
          u(memory, t.u[which]->value);
      for (int64_t i = 0; i < w.count(); ++i) {
        const double importance = std::abs(w[i] * dw[i]);
        s[i] = budget_.beta1 * s[i] + (1 - budget_.beta1) * importance;
        u[i] = budget_.beta2 * u[i] + (1 - budget_.beta2) * std::abs(importance - s[i]);
      }
      s.write(), u.write();
    }
  }

  // Triplets of all modules that stay.
  int64_t kept_at(int64_t step, int64_t start, int64_t end) const {
    int64_t modules = 0;
    for (const Triplets& t : all_) modules += t.parts.count;
    const double done = end > start ? static_cast<double>(step - start) / static_cast<double>(end - start) : 1;
    const double left = std::pow(1 - std::clamp(done, 0.0, 1.0), 3);
    return std::llround(static_cast<double>(modules) * (budget_.target + (budget_.init - budget_.target) * left));
  }

  void choose(tensor::Memory& memory, int64_t kept) {
    std::vector<double> scores;
    for (const Triplets& t : all_) add_scores(memory, t, scores);
    std::vector<size_t> order(scores.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return scores[a] > scores[b]; });
    std::vector<bool> stays(scores.size(), false);
    for (size_t i = 0; i < std::min<size_t>(order.size(), static_cast<size_t>(kept)); ++i) stays[order[i]] = true;
    size_t at = 0;
    for (const Triplets& t : all_) {
      Numbers alive(memory, t.alive->value);
      for (int64_t k = 0; k < alive.count(); ++k) alive[k] = stays[at++] ? 1 : 0;
      alive.write();
    }
  }

  void add_scores(tensor::Memory& memory, const Triplets& t, std::vector<double>& scores) const {
    const int64_t r = t.rank(), in = t.a->shape.cols();
    std::array<std::vector<double>, 3> score;
    for (size_t which = 0; which < 3; ++which) {
      Numbers s(memory, t.s[which]->value), u(memory, t.u[which]->value);
      for (int64_t i = 0; i < s.count(); ++i) score[which].push_back(s[i] * u[i]);
    }
    t.parts.for_each([&](int p, int64_t, int64_t width, int64_t row) {
      for (int64_t k = 0; k < r; ++k) {
        double a = 0, b = 0;
        for (int64_t i = 0; i < in; ++i) a += score[0][static_cast<size_t>((p * r + k) * in + i)];
        for (int64_t j = 0; j < width; ++j) b += score[1][static_cast<size_t>((row + j) * r + k)];
        scores.push_back(score[2][static_cast<size_t>(p * r + k)] + a / static_cast<double>(in) +
                         b / static_cast<double>(width));
      }
    });
  }

  void mask(tensor::Memory& memory) {
    for (const Triplets& t : all_) {
      Numbers alive(memory, t.alive->value), e(memory, t.e->value);
      for (int64_t k = 0; k < e.count(); ++k) e[k] *= alive[k];
      e.write();
    }
  }

  std::vector<Triplets> all_;
  Budget budget_;
};

class AdaLora final : public Method {
 public:
  const char* name() const override { return "adalora"; }
  void visit(OptionList& list) override {
    list.add("init-r", init_rank_, {.help = "rank of every module at the beginning", .min = 1, .max = 4096});
    list.add("target-r", target_rank_, {.help = "rank of a module at the end, on average", .min = 1, .max = 4096});
    list.add("alpha", alpha_, {.help = "the update counts alpha / init_r", .min = 0});
    list.add("targets", targets_, {.help = "modules it updates, parted by '|'", .placeholder = "NAMES"});
    list.add("dropout", dropout_, {.help = "of what the update reads", .min = 0, .max = 0.999});
    list.add("start", start_, {.help = "share of the training before ranks sink", .min = 0, .max = 1});
    list.add("end", end_, {.help = "share of the training after which they stay", .min = 0, .max = 1});
    list.add("interval", interval_, {.help = "steps between two choices", .unit = "steps", .min = 1});
    list.add("beta1", beta1_, {.help = "memory of the importance", .min = 0, .max = 1});
    list.add("beta2", beta2_, {.help = "memory of its uncertainty", .min = 0, .max = 1});
    list.add("orthogonality", orthogonality_, {.help = "weight of the penalty on A and B", .min = 0});
  }
  void check() const override {
    if (target_rank_ > init_rank_)
      fail(ErrorKind::usage, "--adapter adalora: target_r is {}, above init_r {}; ranks sink", target_rank_,
           init_rank_);
    if (start_ >= end_) fail(ErrorKind::usage, "--adapter adalora: start {} is not before end {}", start_, end_);
  }
  double learning_rate(int64_t hidden) const override { return rate_at_width(1e-3, hidden); }

  void attach(Adapter& adapter, nn::Parameters& parameters) const override {
    const std::vector<Module> all = modules_of(adapter.shape());
    const std::vector<Module> chosen = modules_named(all, targets_, "--adapter adalora: targets");
    std::vector<Triplets> triplets;
    for (const auto modules : by_product(chosen)) {
      triplets.push_back(make(modules, parameters));
      adapter.layer(modules[0].layer).products[static_cast<size_t>(modules[0].place)] =
          std::make_unique<AdaLoraChange>(triplets.back());
    }
    adapter.hook =
        std::make_unique<RankSchedule>(std::move(triplets), Budget{.init = static_cast<double>(init_rank_),
                                                                   .target = static_cast<double>(target_rank_),
                                                                   .start = start_,
                                                                   .end = end_,
                                                                   .interval = interval_,
                                                                   .beta1 = beta1_,
                                                                   .beta2 = beta2_,
                                                                   .orthogonality = orthogonality_});
  }

  json peft_config(const EncoderShape&) const override {
    return {{"peft_type", "ADALORA"},
            {"init_r", init_rank_},
            {"target_r", target_rank_},
            {"r", target_rank_},
            {"lora_alpha", peft_number(alpha_)},
            {"lora_dropout", dropout_},
            {"target_modules", peft_targets(targets_)},
            {"total_step", 1},  // of a training that is over
            {"beta1", beta1_},
            {"beta2", beta2_},
            {"deltaT", interval_},
            {"orth_reg_weight", orthogonality_},
            {"bias", "none"},
            {"fan_in_fan_out", false}};
  }
  void read_peft_config(const json& config, const std::string& where) override {
    const PeftFields fields(config, where);
    init_rank_ = fields.whole("init_r", 12);
    target_rank_ = std::min(init_rank_, fields.whole("target_r", 8));
    alpha_ = fields.number("lora_alpha", 8);
    dropout_ = fields.number("lora_dropout", 0);
    targets_ = fields.targets("query|value");
    interval_ = fields.whole("deltaT", interval_);
    beta1_ = fields.number("beta1", beta1_), beta2_ = fields.number("beta2", beta2_);
    orthogonality_ = fields.number("orth_reg_weight", orthogonality_);
    fields.refuse_unless("bias", "none");
    fields.refuse_unless("fan_in_fan_out", false);
    fields.refuse_unless("use_rslora", false);
    fields.refuse_unless("use_dora", false);
    for (const char* other : {"alpha_pattern", "layers_to_transform", "exclude_modules", "trainable_token_indices"})
      fields.refuse_filled(other);
    fields.refuse_unless("lora_bias", false);
  }
  // PEFT cuts away what has sunk.
  bool fits_peft_tensors(const json& config) const override {
    return config.contains("rank_pattern") && !config["rank_pattern"].empty();
  }
  void fit_peft_tensor(const json& config, const std::string& where, const std::string& name,
                       StoredMatrix& tensor) const override {
    const auto [module, part] = lora_name(name);
    const bool b = part == "lora_B";
    const std::vector<bool> left = ranks_left(config, module, where);
    if (left.empty() || (!b && part != "lora_A" && part != "lora_E")) return;
    std::vector<int64_t> places;
    for (size_t k = 0; k < left.size(); ++k)
      if (left[k]) places.push_back(static_cast<int64_t>(k));
    const auto all = static_cast<int64_t>(left.size());
    const int64_t has = tensor.shape.size() == 2 ? tensor.shape[b ? 1 : 0] : -1;
    if (all != init_rank_ || (has != std::ssize(places) && has != all))
      fail(ErrorKind::model, "{}: rank_pattern leaves {} of {} ranks of {}, but its {} has {}, and init_r is {}", where,
           places.size(), all, module, part, has, init_rank_);
    if (has == all) return;
    b ? tensor.spread_columns(places, all) : tensor.spread_rows(places, all);
  }

 private:
  Triplets make(std::span<const Module> modules, nn::Parameters& parameters) const {
    Triplets t{};
    t.parts = parts_of(modules);
    const int64_t columns = t.parts.columns();
    const int64_t all_ranks = t.parts.count * init_rank_;
    const int depth = modules[0].layer + 1;
    const auto add = [&](const std::vector<nn::Piece>& pieces, tensor::Shape shape, nn::Init init) {
      return parameters.add(pieces[0].name, shape,
                            {.init = init, .spread = 0.02, .adapter = true, .depth = depth, .pieces = pieces});
    };
    t.a = add(pieces_of(modules, ".lora_A", init_rank_), {all_ranks, modules[0].in}, nn::Init::normal);
    t.b = add(pieces_of(modules, ".lora_B"), {columns, init_rank_}, nn::Init::normal);
    t.e = add(pieces_of(modules, ".lora_E", init_rank_), {all_ranks, 1}, nn::Init::zeros);
    const auto state = [&](const nn::Parameter& of, const char* what, nn::Init init) {
      return parameters.add("adalora." + of.name + "." + what, of.shape,
                            {.init = init, .decays = false, .adapter = true, .state = true, .depth = depth});
    };
    const std::array<nn::Parameter*, 3> of{t.a, t.b, t.e};
    for (size_t i = 0; i < of.size(); ++i)
      t.s[i] = state(*of[i], "importance", nn::Init::zeros), t.u[i] = state(*of[i], "uncertainty", nn::Init::zeros);
    t.alive = state(*t.e, "alive", nn::Init::ones);
    // As PEFT divides: a hair more than r.
    t.scale = alpha_ / (static_cast<double>(init_rank_) + 1e-5);
    t.dropout = static_cast<float>(dropout_);
    return t;
  }

  int64_t init_rank_ = 12, target_rank_ = 8, interval_ = 10;
  double alpha_ = 24, dropout_ = 0, start_ = 0.1, end_ = 0.7, beta1_ = 0.85, beta2_ = 0.85, orthogonality_ = 0.5;
  std::string targets_ = "query|value";
};

}  // namespace

MethodEntry adalora_entry() {
  return {"adalora", "as lora, with ranks that sink where they matter least", "Zhang et al. 2023, arXiv 2303.10512",
          [] { return std::unique_ptr<Method>(std::make_unique<AdaLora>()); }};
}

}  // namespace attune::peft
