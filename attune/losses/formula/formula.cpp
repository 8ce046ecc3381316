#include "attune/losses/formula/formula.h"

#include <algorithm>

#include "attune/base/error.h"
#include "attune/losses/formula/parse.h"
#include "attune/losses/formula/program.h"
#include "attune/losses/formula/rehearsal.h"
#include "attune/losses/language/expression.h"
#include "attune/losses/loss_list.h"
#include "attune/losses/shared/class_loss.h"
#include "attune/losses/shared/label_loss.h"
#include "attune/losses/shared/score_loss.h"

namespace attune::losses {
namespace {

using formula::Program;
using formula::Setting;
using formula::Text;
using formula::Workspace;

// One a thread, for all formulas and rows: a row allocates nothing.
Workspace& workspace() {
  static thread_local Workspace shared;
  return shared;
}

class ClassFormula final : public ClassLoss {
 public:
  ClassFormula(Program program, const ClassOptions& shared, const LossFacts& facts)
      : ClassLoss(shared, facts), program_(std::move(program)) {}
  std::string name() const override { return "formula"; }

 protected:
  double cost(const ClassRow& row, size_t y, double share, std::span<double> gradient) const override {
    double slope = 0;
    const double value = one(row, y, share, gradient, slope);
    for (size_t k = 0; k < gradient.size(); ++k) gradient[k] -= slope * row.p[k];
    return value;
  }
  // What goes by log p of the classes needs one pass over the row for all of them together.
  double expected(const ClassRow& row, std::span<const double> q, std::span<double> gradient) const override {
    double sum = 0, slopes = 0;
    for (size_t c = 0; c < q.size(); ++c)
      if (q[c] != 0) sum += q[c] * one(row, c, q[c], gradient, slopes);
    for (size_t k = 0; k < gradient.size(); ++k) gradient[k] -= slopes * row.p[k];
    return sum;
  }

 private:
  // All of the gradient but -slope * p, which is added to `slopes`.
  double one(const ClassRow& row, size_t y, double share, std::span<double> gradient, double& slopes) const {
    Workspace& space = workspace();
    const formula::Row of{.z = row.z, .log_p = row.log_p, .p = row.p, .targets = {}, .y = y, .progress = row.progress};
    const double value = program_.forward(of, space);
    if (gradient.empty()) return value;
    const double slope = program_.backward(of, space, share, gradient);
    gradient[y] += slope;
    slopes += slope;
    return value;
  }
  Program program_;
};

class LabelFormula final : public LabelLoss {
 public:
  LabelFormula(Program program, const LabelOptions& shared, bool by_items, const LossFacts& facts)
      : LabelLoss(shared, facts), program_(std::move(program)), by_items_(by_items) {
    for (size_t c = 0; c < labels(); ++c) weights_.push_back(weight(c));
    plain_ = std::all_of(weights_.begin(), weights_.end(), [](double w) { return w == 1; });
  }
  std::string name() const override { return "formula"; }

 protected:
  bool divides_by_items() const override { return by_items_; }
  double cost(const LabelRow& row, std::span<double> gradient) const override {
    static thread_local std::vector<double> counted;
    const bool all = std::all_of(row.y.begin(), row.y.end(), [](double y) { return y >= 0; });
    if (!all) {
      counted.assign(weights_.begin(), weights_.end());
      for (size_t c = 0; c < counted.size(); ++c)
        if (row.y[c] < 0) counted[c] = 0;
    }
    Workspace& space = workspace();
    const std::span<const double> weights = all ? std::span<const double>(weights_) : counted;
    const formula::Row of{.z = row.z,
                          .log_p = {},
                          .p = {},
                          .targets = row.y,
                          .weights = all && plain_ ? std::span<const double>() : weights,
                          .progress = row.progress};
    const double value = program_.forward(of, space);
    if (!gradient.empty()) program_.backward(of, space, 1, gradient);
    return value;
  }

 private:
  Program program_;
  bool by_items_;
  std::vector<double> weights_;  // [K]
  bool plain_;                   // all of them 1
};

class ScoreFormula final : public ScoreLoss {
 public:
  explicit ScoreFormula(Program program) : program_(std::move(program)) {}
  std::string name() const override { return "formula"; }

 protected:
  double cost(const ScoreRow& row, std::span<double> gradient) const override {
    Workspace& space = workspace();
    const formula::Row of{.z = row.z, .log_p = {}, .p = {}, .targets = std::span(&row.y, 1), .progress = row.progress};
    const double value = program_.forward(of, space);
    if (!gradient.empty()) program_.backward(of, space, 1, gradient);
    return value;
  }

 private:
  Program program_;
};

struct LabelFormulaOptions {
  LabelOptions shared;
  std::string divide_by = "labels";

  void visit(OptionList& list) {
    shared.visit(list);
    list.add("divide-by", divide_by, {.help = "what the sum is divided by", .choices = {"labels", "items"}});
  }
};

std::vector<std::string> option_names(TargetKind kind) {
  switch (kind) {
    case TargetKind::classes:
      return {"weights", "label_smoothing", "temperature"};
    case TargetKind::labels:
      return {"weights", "label_smoothing", "temperature", "divide_by"};
    case TargetKind::scores:
    case TargetKind::embeddings:
      return {};
  }
  return {};
}

template <class Options>
Options told(const Text& text, TargetKind kind) {
  Options options;
  OptionList list("");
  options.visit(list);
  for (const std::string& name : option_names(kind)) {
    const Setting* setting = text.setting(name);
    if (setting == nullptr) continue;
    try {
      list.set(name, setting->value);
    } catch (const Error& error) {
      fail_at(text.text, setting->value_at, error.message());
    }
  }
  return options;
}

// What the shared parts find wrong is wrong in an option: weights are all that they look into.
template <class Make>
std::unique_ptr<Loss> made(const Text& text, const Make& make) {
  const Setting* weights = text.setting("weights");
  if (weights == nullptr) return make();
  try {
    return make();
  } catch (const Error& error) {
    fail_at(text.text, weights->value_at, error.message());
  }
}

}  // namespace

bool is_formula(std::string_view text) {
  return formula::is_formula(text);
}

std::string normalized_formula(const std::string& text) {
  return formula::split(text).normalized();
}

bool formula_has_option(TargetKind kind, std::string_view name) {
  const auto names = option_names(kind);
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool formula_tells(const std::string& text, std::string_view name) {
  return formula::split(text).setting(name) != nullptr;
}

std::unique_ptr<Loss> make_formula(const std::string& told_text, TargetKind kind, const LossFacts& facts) {
  const Text text = formula::split(told_text);
  if (kind == TargetKind::embeddings)
    fail_at(
        text.text, text.begin,
        fmt::format("a formula says what one item costs by its own logits, and an embedding task compares vectors of "
                    "several texts; losses that do: {}",
                    losses_that_fit(kind, facts)));
  const formula::Parsed parsed = formula::parse(text, kind, facts, option_names(kind));
  if (!parsed.graph[parsed.root].active)
    fail_at(text.text, text.begin,
            "the formula does not depend on the model's outputs (z or p): nothing would be learned");
  Program program(parsed.graph, parsed.root, kind, facts);
  formula::rehearse(program, text, kind, facts);
  if (kind == TargetKind::classes) {
    const auto options = told<ClassOptions>(text, kind);
    return made(text, [&] { return std::make_unique<ClassFormula>(std::move(program), options, facts); });
  }
  if (kind == TargetKind::labels) {
    const auto options = told<LabelFormulaOptions>(text, kind);
    return made(text, [&] {
      return std::make_unique<LabelFormula>(std::move(program), options.shared, options.divide_by == "items", facts);
    });
  }
  return std::make_unique<ScoreFormula>(std::move(program));
}

}  // namespace attune::losses
