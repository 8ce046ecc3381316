#include "attune/losses/objective.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace attune::losses {

Objective::Objective(std::unique_ptr<Loss> loss) {
  text_ = loss->name();
  terms_.emplace_back();
  terms_.back().loss = std::move(loss);
}

Objective::Objective(std::string text, LossFacts facts, std::vector<ObjectiveTerm> terms, StrategyOptions strategy)
    : text_(std::move(text)), facts_(std::move(facts)), terms_(std::move(terms)), strategy_(strategy) {}

Loss* ObjectiveTerm::at(double progress) const {
  if (progress < begin) return before.get();
  if (progress >= end) return end == 1 ? loss.get() : nullptr;
  const auto stage = static_cast<size_t>(std::lround(share(progress) * static_cast<double>(stages.size())));
  return stage < stages.size() ? stages[stage].get() : loss.get();
}

double ObjectiveTerm::weight_at(double progress) const {
  return first_weight ? *first_weight + (weight - *first_weight) * share(progress) : weight;
}

double ObjectiveTerm::share(double progress) const {
  return std::clamp((progress - begin) / (end - begin), 0.0, 1.0);
}

PerTerm<double> Objective::denominators(const Targets& targets, double progress) const {
  PerTerm<double> denominators(terms_.size());
  for (size_t t = 0; t < terms_.size(); ++t) {
    const Loss* loss = terms_[t].at(progress);
    if (loss) denominators[t] = loss->denominator(targets);
  }
  return denominators;
}

ObjectiveValue Objective::evaluate(Context& context, const LossInput& input) const {
  ObjectiveValue value{.terms = PerTerm<LossTerm>(terms_.size()), .weights = PerTerm<double>(terms_.size())};
  for (size_t t = 0; t < terms_.size(); ++t) {
    value.weights[t] = terms_[t].weight_at(input.progress);
    const Loss* loss = terms_[t].at(input.progress);
    if (loss) value.terms[t] = loss->evaluate(context, input);
  }
  return value;
}

namespace {

double weighed(const PerTerm<double>& weights, const PerTerm<double>& sums, const PerTerm<double>& denominators) {
  double total = 0;
  for (size_t t = 0; t < sums.size(); ++t)
    if (denominators[t] != 0) total += weights[t] * sums[t] / denominators[t];
  return total;
}

}  // namespace

double Objective::total(const PerTerm<double>& sums, const PerTerm<double>& denominators, double progress) const {
  PerTerm<double> weights(terms_.size());
  for (size_t t = 0; t < terms_.size(); ++t) weights[t] = terms_[t].weight_at(progress);
  return weighed(weights, sums, denominators);
}

double Objective::total(const ObjectiveValue& value, const PerTerm<double>& denominators) const {
  PerTerm<double> sums(terms_.size());
  add_sums(sums, value);
  return weighed(value.weights, sums, denominators);
}

void Objective::seed_backward(Context& context, const ObjectiveValue& value,
                              const PerTerm<double>& denominators) const {
  for (size_t t = 0; t < terms_.size(); ++t)
    if (value.terms[t].items.defined() && denominators[t] != 0)
      losses::seed_backward(context, value.terms[t], value.weights[t] / denominators[t]);
}

bool Objective::depends_on_batch() const {
  const auto whole = []<class Told>(const Told&) {
    if constexpr (std::is_same_v<Told, std::monostate>)
      return false;
    else
      return Told::kWholeBatch;
  };
  return std::visit(whole, strategy_) ||
         std::any_of(terms_.begin(), terms_.end(), [](const auto& term) { return term.loss->depends_on_batch(); });
}

bool Objective::reads_teacher(Teacher what) const {
  return std::any_of(terms_.begin(), terms_.end(), [&](const auto& term) { return term.reads_teacher == what; });
}

bool Objective::can_be_gathered() const {
  return !reads_hidden() && std::holds_alternative<std::monostate>(strategy_);
}

bool Objective::reads_hidden() const {
  return std::any_of(terms_.begin(), terms_.end(), [](const auto& term) { return term.loss->reads_hidden(); });
}

bool Objective::reads_order() const {
  return std::any_of(terms_.begin(), terms_.end(), [](const auto& term) { return term.ordered; });
}

const Link* Objective::link() const {
  for (const auto& term : terms_)
    if (const Link* link = term.loss->link()) return link;
  return nullptr;
}

std::string Objective::link_name() const {
  for (const auto& term : terms_)
    if (const Link* link = term.loss->link())
      return link->told().empty() ? term.loss->name() : fmt::format("{}({})", term.loss->name(), link->told());
  return "";
}

double Objective::cosine_head() const {
  for (const auto& term : terms_)
    if (const double scale = term.loss->cosine_head(); scale > 0) return scale;
  return 0;
}

LabelChain Objective::chain() const {
  for (const auto& term : terms_)
    if (LabelChain chain = term.loss->chain(); !chain.empty()) return chain;
  return {};
}

void Objective::add_parameters(nn::Parameters& parameters) {
  for (const auto& term : terms_) term.loss->add_parameters(parameters);
}

std::vector<std::pair<std::string, ExampleState*>> Objective::states() const {
  std::vector<std::pair<std::string, ExampleState*>> states;
  for (size_t t = 0; t < terms_.size(); ++t)
    if (const auto* state = terms_[t].loss->state())
      states.emplace_back(fmt::format("loss.{}.{}", t, terms_[t].loss->name()), state->get());
  return states;
}

void Objective::begin_step() const {
  for (const auto& term : terms_)
    if (const auto* state = term.loss->state()) (*state)->begin_step();
}

void Objective::commit() const {
  for (const auto& term : terms_)
    if (const auto* state = term.loss->state()) (*state)->commit();
}

void add_sums(PerTerm<double>& sums, const ObjectiveValue& value) {
  for (size_t t = 0; t < sums.size(); ++t) sums[t] += value.terms[t].sum;
}

}  // namespace attune::losses
