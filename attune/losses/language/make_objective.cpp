#include "attune/losses/language/make_objective.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "attune/base/error.h"
#include "attune/losses/formula/formula.h"
#include "attune/losses/language/told.h"
#include "attune/losses/loss_list.h"

namespace attune::losses {
namespace {

// One memory of the training rows for all that stand in a term's place.
void share_state(Loss& term, Loss* other) {
  if (other && other->state()) *other->state() = *term.state();
}

std::string text_of(const TermExpression& term, const Told& told) {
  std::string text = term.first_weight  ? fmt::format("({}..{})*", *term.first_weight, term.weight)
                     : term.weight == 1 ? ""
                                        : fmt::format("{}*", term.weight);
  text += told.entry->name;
  if (!told.options.empty()) text += "(" + options_text(told.options) + ")";
  const double begin = 100 * term.begin, end = 100 * term.end;
  if (begin > 0 && end < 100) return text + fmt::format(" from {:g}% to {:g}%", begin, end);
  if (begin > 0) return text + fmt::format(" after {:g}%", begin);
  return end < 100 ? text + fmt::format(" until {:g}%", end) : text;
}

// Calls body(options) with each strategy's, as they are without being told anything.
template <size_t at = 1, class Body>
void for_each_strategy(const Body& body) {
  if constexpr (at < std::variant_size_v<StrategyOptions>) {
    body(std::variant_alternative_t<at, StrategyOptions>{});
    for_each_strategy<at + 1>(body);
  }
}

StrategyOptions strategy_of(const LossExpression& loss, TargetKind kind) {
  StrategyOptions strategy;
  for_each_strategy([&](auto options) {
    if (loss.strategy.name != options.kName) return;
    if (kind == TargetKind::embeddings && options.kComparesAnswers)
      fail_at(loss.text, loss.strategy.at,
              fmt::format("{} compares the answers of two passes (probabilities or scores), and an embedding task has "
                          "vectors; leave it out",
                          options.kName));
    OptionList list{""};
    options.visit(list);
    for (const OptionExpression& option : loss.strategy.options) {
      if (!option.last.empty()) fail_at(loss.text, option.value_at, "a strategy's options cannot change");
      set_option(loss, loss.strategy, list, option);
    }
    strategy = options;
  });
  return strategy;
}

// A last layer that no term reads would learn nothing.
void check_last_layer(const LossExpression& loss, const std::vector<Told>& all, TargetKind kind) {
  if (std::none_of(all.begin(), all.end(), [&](const Told& told) { return told.entry->fits == kind; }))
    fail_at(
        loss.text, loss.terms[0].call.at,
        fmt::format("{} reads what the last layer reads and teaches that layer nothing; add a term that does, as in "
                    "'{} + 0.3*{}'",
                    all[0].entry->name, default_loss(kind), all[0].entry->name));
}

// Something must be minimised at every step.
void check_covered(const LossExpression& loss, const std::vector<ObjectiveTerm>& terms) {
  std::vector<double> changes{0};
  for (const auto& term : terms) changes.push_back(term.begin), changes.push_back(term.end);
  for (const double at : changes) {
    const auto holds = [&](const ObjectiveTerm& term) { return term.at(at) != nullptr; };
    if (at < 1 && std::none_of(terms.begin(), terms.end(), holds))
      fail_at(loss.text, loss.terms[0].when_at,
              fmt::format("nothing is minimised from {:g}% of the training on; add a term that holds there, as in "
                          "'cross_entropy until 60% + focal after 60%'",
                          100 * at));
  }
}

// A loss's own parameters are made once, and must be reached from the first step on.
void check_own_parameters(const LossExpression& loss, const std::vector<Told>& all) {
  const Told* first = nullptr;
  for (size_t t = 0; t < all.size(); ++t) {
    if (!all[t].entry->own) continue;
    const char* name = all[t].entry->name;
    if (loss.terms[t].begin > 0)
      fail_at(
          loss.text, loss.terms[t].when_at,
          fmt::format("{} has parameters of its own, which learn from the first step on; it cannot begin later", name));
    if (first)
      fail_at(loss.text, loss.terms[t].call.at,
              fmt::format("{} has parameters of its own, and so has {} before it; one term alone may", name,
                          first->entry->name));
    first = &all[t];
  }
}

// One way to read the last layer, of all terms that read it.
void check_same_link(const LossExpression& loss, const std::vector<ObjectiveTerm>& terms, const std::vector<Told>& all,
                     TargetKind kind) {
  const auto told = [](const ObjectiveTerm& term) {
    const Link* link = term.loss->link();
    return link ? link->told() : "";
  };
  std::optional<size_t> first;
  for (size_t t = 0; t < terms.size(); ++t) {
    const LossEntry *entry = all[t].entry, *before = first ? all[*first].entry : nullptr;
    if (entry->fits != kind) continue;
    if (first && (entry->outputs != before->outputs || (terms[t].loss->link() && entry != before) ||
                  told(terms[t]) != told(terms[*first])))
      fail_at(loss.text, loss.terms[t].call.at,
              fmt::format("{} reads the last layer in another way than {}; they cannot stand in one loss", entry->name,
                          before->name));
    if (!first) first = t;
  }
}

// And one last layer: a plain one, or of cosines times one scale.
void check_same_head(const LossExpression& loss, const std::vector<ObjectiveTerm>& terms, const std::vector<Told>& all,
                     TargetKind kind) {
  const auto head = [](double scale) {
    return scale > 0 ? fmt::format("{} times cosines", scale) : std::string("an ordinary last layer");
  };
  const ObjectiveTerm* first = nullptr;
  for (size_t t = 0; t < terms.size(); ++t) {
    if (all[t].entry->fits != kind) continue;
    if (!first) first = &terms[t];
    const double scale = terms[t].loss->cosine_head(), had = first->loss->cosine_head();
    if (scale != had)
      fail_at(loss.text, loss.terms[t].call.at,
              fmt::format("{} reads {}, and {} before it {}; they cannot stand in one loss (ldam has head=linear)",
                          all[t].entry->name, head(scale), first->loss->name(), head(had)));
  }
}

void set_common(std::vector<Told>& all, const CommonOption& option) {
  bool known = false;
  for (Told& told : all) {
    if (!told.maker->options.has(option.name)) continue;
    known = true;
    if (told.was_told(option.name)) continue;
    try {
      told.set(option.name, option.value);
    } catch (const Error& error) {
      fail_at_flag(error.message(), {option});
      fail(ErrorKind::usage, "{}: {}", option.flag, error.message());
    }
  }
  if (!known)
    fail(ErrorKind::usage, "{} has no meaning for the loss '{}'; leave it out", option.flag, all[0].entry->name);
}

// A formula is a single term; common options that it was not told are written behind it.
Objective formula_objective(const std::string& text, TargetKind kind, const LossFacts& facts,
                            const std::vector<CommonOption>& common) {
  std::string whole = text;
  std::vector<CommonOption> added;
  for (const CommonOption& option : common) {
    if (!formula_has_option(kind, option.name))
      fail(ErrorKind::usage, "{} has no meaning for a formula of {}; leave it out", option.flag, name(kind));
    if (formula_tells(text, option.name)) continue;
    whole += fmt::format("; {}={}", option.name, value_text(option.value));
    added.push_back(option);
  }
  std::vector<ObjectiveTerm> terms(1);
  try {
    terms[0].loss = make_formula(whole, kind, facts);
  } catch (const Error& error) {
    const std::string& message = error.message();
    fail_at_flag(message.substr(0, message.find('\n')), added);  // what was added is nothing to point at
    throw;
  }
  return {normalized_formula(whole), facts, std::move(terms)};
}

}  // namespace

std::vector<std::string> strategy_names() {
  std::vector<std::string> names;
  for_each_strategy([&](const auto& options) { names.emplace_back(options.kName); });
  return names;
}

Objective make_objective(const std::string& text, TargetKind kind, const LossFacts& facts,
                         const std::vector<CommonOption>& common) {
  if (is_formula(text)) return formula_objective(text, kind, facts, common);
  const LossExpression loss = parse_loss(text, strategy_names());
  if (loss.terms.size() > kMostTerms)
    fail_at(text, loss.terms[kMostTerms].at, fmt::format("a loss has at most {} terms", kMostTerms));
  std::vector<Told> all;
  for (const TermExpression& term : loss.terms) all.push_back(told(loss, term.call, kind, facts));
  for (const CommonOption& option : common) set_common(all, option);
  check_last_layer(loss, all, kind);
  check_own_parameters(loss, all);
  std::vector<ObjectiveTerm> terms;
  std::string in_order;
  for (size_t t = 0; t < all.size(); ++t) {
    const TermExpression& term = loss.terms[t];
    terms.push_back({.weight = term.weight,
                     .loss = made(loss, term, all[t], facts, common),
                     .begin = term.begin,
                     .end = term.end,
                     .ordered = all[t].entry->ordered,
                     .reads_teacher = all[t].entry->reads_teacher,
                     .before = term.begin > 0 ? without_weights(loss, term, all[t], facts) : nullptr,
                     .first_weight = term.first_weight});
    ObjectiveTerm& made = terms.back();
    made.stages = stages_of(loss, term, all[t], facts, *made.loss);
    share_state(*made.loss, made.before.get());
    for (const auto& stage : made.stages) share_state(*made.loss, stage.get());
    in_order += (t ? " + " : "") + text_of(term, all[t]);
  }
  check_covered(loss, terms);
  check_same_link(loss, terms, all, kind);
  check_same_head(loss, terms, all, kind);
  const StrategyOptions strategy = strategy_of(loss, kind);
  if (!loss.strategy.name.empty()) {
    std::vector<ToldOption> options;
    for (const auto& option : loss.strategy.options) options.push_back({option.name, option.value});
    in_order =
        fmt::format("{}({}{}{})", loss.strategy.name, in_order, options.empty() ? "" : ", ", options_text(options));
  }
  return {in_order, facts, std::move(terms), strategy};
}

std::unique_ptr<Loss> make_loss(const std::string& text, TargetKind kind, const LossFacts& facts) {
  if (is_formula(text)) return make_formula(text, kind, facts);
  const LossExpression loss = parse_loss(text);
  const TermExpression& term = loss.terms[0];
  if (loss.terms.size() > 1) fail_at(text, loss.terms[1].at, "a single loss is expected here");
  if (term.weight != 1 || term.first_weight || term.begin > 0 || term.end < 1)
    fail_at(text, term.at, "a loss without weight or share of the training is expected here");
  const Told options = told(loss, term.call, kind, facts);
  if (options.changes()) fail_at(text, term.call.at, "a loss whose options do not change is expected here");
  return made(loss, term, options, facts);
}

}  // namespace attune::losses
