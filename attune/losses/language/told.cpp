#include "attune/losses/language/told.h"

#include <algorithm>
#include <charconv>

#include "attune/base/error.h"
#include "attune/base/suggest.h"
#include "attune/losses/loss_list.h"

namespace attune::losses {
namespace {

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

}  // namespace

std::string unquoted(const std::string& value) {
  return value.starts_with('"') ? value.substr(1, value.size() - 2) : value;
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

void fail_at_flag(const std::string& message, const std::vector<CommonOption>& common) {
  for (const CommonOption& option : common) {
    std::string begin = message.substr(0, option.name.size() + 1);
    std::replace(begin.begin(), begin.end(), '-', '_');
    if (begin == option.name + ":") fail(ErrorKind::usage, "{}{}", option.flag, message.substr(option.name.size()));
  }
}

std::unique_ptr<Loss> made(const LossExpression& loss, const TermExpression& term, const Told& told,
                           const LossFacts& facts, const std::vector<CommonOption>& common) {
  try {
    return told.maker->make(facts);
  } catch (const Error& error) {
    fail_at_flag(error.message(), common);
    fail_at(loss.text, term.call.at, fmt::format("{}: {}", told.entry->name, error.message()));
  }
}

std::unique_ptr<Loss> without_weights(const LossExpression& loss, const TermExpression& term, const Told& told,
                                      const LossFacts& facts) {
  Told plain{.entry = told.entry, .maker = told.entry->maker(), .options = {}};
  for (const auto& [name, value, last] : told.options)
    if (name != "weights") plain.set(name, value);
  return plain.options.size() < told.options.size() ? made(loss, term, plain, facts) : nullptr;
}

namespace {

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

}  // namespace

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

std::string value_text(const std::string& value) {
  if (value.starts_with('"')) return value;
  if (value.find(';') != std::string::npos) {
    std::string rows = "[[" + value + "]]";
    for (size_t at = rows.find(';'); at != std::string::npos; at = rows.find(';')) rows.replace(at, 1, "],[");
    return rows;
  }
  return value.find(',') != std::string::npos ? "[" + value + "]" : value;
}

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

}  // namespace attune::losses
