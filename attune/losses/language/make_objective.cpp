#include "attune/losses/language/make_objective.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "attune/base/error.h"
#include "attune/base/suggest.h"
#include "attune/losses/formula/formula.h"
#include "attune/losses/language/expression.h"
#include "attune/losses/loss_list.h"

namespace attune::losses {
namespace {

// Without its quotes.
std::string unquoted(const std::string& value) {
  return value.starts_with('"') ? value.substr(1, value.size() - 2) : value;
}

struct ToldOption {
  std::string name, value;
  std::string last = {};  // of a number that changes
};

// A term's loss with its options, not made yet. The maker has those of its end.
struct Told {
  const LossEntry* entry;
  std::unique_ptr<LossMaker> maker;
  std::vector<ToldOption> options;  // as told, in order

  bool was_told(const std::string& name) const { return maker->options.given(name); }
  void set(const std::string& name, const std::string& value) {
    maker->options.set(name, unquoted(value));
    options.push_back({name, value});
  }
  bool changes() const {
    return std::any_of(options.begin(), options.end(), [](const auto& option) { return !option.last.empty(); });
  }
};

const LossEntry& entry_of(const LossExpression& loss, const CallExpression& call, TargetKind kind,
                          const LossFacts& facts) {
  try {
    const LossEntry& entry = loss_named(call.name);
    if (const std::string why = why_unfit(entry, kind, facts); !why.empty())
      fail(ErrorKind::usage, "the loss '{}' does not fit: {}", call.name, why);
    return entry;
  } catch (const Error& error) {
    fail_at(loss.text, call.at, error.message());
  }
}

// Dashes are underscores.
bool is_same(std::string a, std::string b) {
  for (std::string* name : {&a, &b}) std::replace(name->begin(), name->end(), '-', '_');
  return a == b;
}

// As the language writes them.
std::string option_names(const OptionList& options) {
  std::string names = fmt::format("{}", fmt::join(options.names(), ", "));
  std::replace(names.begin(), names.end(), '-', '_');
  return names;
}

void set_option(const LossExpression& loss, const CallExpression& call, OptionList& known,
                const OptionExpression& option) {
  if (!known.has(option.name))
    fail_at(loss.text, option.name_at,
            fmt::format("{} has no option '{}' (it has {}){}", call.name, option.name, option_names(known),
                        did_you_mean(option.name, known.names())));
  if (known.given(option.name)) fail_at(loss.text, option.name_at, fmt::format("'{}' is given twice", option.name));
  const auto set = [&](const std::string& value, size_t at) {
    try {
      known.set(option.name, unquoted(value));
    } catch (const Error& error) {
      fail_at(loss.text, at, fmt::format("{}: {}", call.name, error.message()));
    }
  };
  set(option.value, option.value_at);
  if (option.last.empty()) return;
  const auto& options = known.options();
  const auto found = std::find_if(options.begin(), options.end(), [&](const Option& each) {
    return known.given(each.name) && is_same(each.name, option.name);
  });
  if (found == options.end() || (!std::holds_alternative<double*>(found->target) &&
                                 !std::holds_alternative<std::optional<double>*>(found->target)))
    fail_at(loss.text, option.value_at,
            fmt::format("{}: '{}' cannot change from a number to another", call.name, option.name));
  set(option.last, option.last_at);
}

Told told(const LossExpression& loss, const CallExpression& call, TargetKind kind, const LossFacts& facts) {
  Told told{.entry = &entry_of(loss, call, kind, facts), .maker = nullptr, .options = {}};
  told.maker = told.entry->maker();
  for (const OptionExpression& option : call.options) {
    set_option(loss, call, told.maker->options, option);
    told.options.push_back({option.name, option.value, option.last});
  }
  if (told.entry->own && told.changes())
    fail_at(loss.text, call.at,
            fmt::format("{} has parameters of its own, which its options belong to: they cannot change", call.name));
  return told;
}

// What the loss finds wrong in an option that came from a flag is the flag's.
void fail_at_flag(const std::string& message, const std::vector<CommonOption>& common) {
  for (const CommonOption& option : common) {
    std::string begin = message.substr(0, option.name.size() + 1);
    std::replace(begin.begin(), begin.end(), '-', '_');
    if (begin == option.name + ":") fail(ErrorKind::usage, "{}{}", option.flag, message.substr(option.name.size()));
  }
}

std::unique_ptr<Loss> made(const LossExpression& loss, const TermExpression& term, const Told& told,
                           const LossFacts& facts, const std::vector<CommonOption>& common = {}) {
  try {
    return told.maker->make(facts);
  } catch (const Error& error) {
    fail_at_flag(error.message(), common);
    fail_at(loss.text, term.call.at, fmt::format("{}: {}", told.entry->name, error.message()));
  }
}

// The same loss without class weights, if it was told some.
std::unique_ptr<Loss> without_weights(const LossExpression& loss, const TermExpression& term, const Told& told,
                                      const LossFacts& facts) {
  Told plain{.entry = told.entry, .maker = told.entry->maker(), .options = {}};
  for (const auto& [name, value, last] : told.options)
    if (name != "weights") plain.set(name, value);
  return plain.options.size() < told.options.size() ? made(loss, term, plain, facts) : nullptr;
}

// The loss as it is after `share` of its part, where options change.
std::unique_ptr<Loss> made_for(const LossExpression& loss, const TermExpression& term, const Told& told,
                               const LossFacts& facts, double share) {
  const auto number = [](const std::string& text) {
    double value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  };
  Told stage{.entry = told.entry, .maker = told.entry->maker(), .options = {}};
  for (const auto& [name, value, last] : told.options) {
    const double first = number(value);
    stage.set(name, last.empty() ? value : fmt::format("{}", first + share * (number(last) - first)));
  }
  return made(loss, term, stage, facts);
}

// What must stay while options change is what the model is made for.
std::vector<std::unique_ptr<Loss>> stages_of(const LossExpression& loss, const TermExpression& term, const Told& told,
                                             const LossFacts& facts, const Loss& last) {
  std::vector<std::unique_ptr<Loss>> stages;
  for (int i = 0; told.changes() && i < kStages; ++i) {
    stages.push_back(made_for(loss, term, told, facts, static_cast<double>(i) / kStages));
    if (stages.back()->cosine_head() != last.cosine_head())
      fail_at(loss.text, term.call.at,
              fmt::format("{}: the scale of the last layer is part of the model and cannot change", told.entry->name));
  }
  return stages;
}

// One memory of the training rows for all that stand in a term's place.
void share_state(Loss& term, Loss* other) {
  if (other && other->state()) *other->state() = *term.state();
}

std::string value_text(const std::string& value) {
  if (value.starts_with('"')) return value;
  if (value.find(';') != std::string::npos) {
    std::string rows = "[[" + value + "]]";
    for (size_t at = rows.find(';'); at != std::string::npos; at = rows.find(';')) rows.replace(at, 1, "],[");
    return rows;
  }
  return value.find(',') != std::string::npos ? "[" + value + "]" : value;
}

// "gamma=2, weights=[1,2]".
std::string options_text(const std::vector<ToldOption>& options) {
  std::string text;
  for (const auto& [given, value, last] : options) {
    std::string name = given;
    std::replace(name.begin(), name.end(), '-', '_');
    text +=
        fmt::format("{}{}={}{}{}", text.empty() ? "" : ", ", name, value_text(value), last.empty() ? "" : "..", last);
  }
  return text;
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
