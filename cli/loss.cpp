// attune loss: the catalogue of losses, its evidence, and losses on numbers out of files.
#include <algorithm>

#include "attune/base/error.h"
#include "attune/base/files.h"
#include "attune/base/suggest.h"
#include "attune/losses/check/check.h"
#include "attune/losses/loss_list.h"

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/loss_eval.h"
#include "cli/loss_table.h"
#include "cli/output.h"

namespace attune::cli {
namespace {

using losses::LossEntry;

constexpr const char* kLossUsage =
    "attune loss list | show NAME | check NAME|all | eval LOSS --logits FILE --targets FILE";

void list_losses() {
  const char* heading = "";
  for (const LossEntry* entry : losses::loss_list()) {
    const char* of = losses::answers_of(*entry);
    if (std::string(heading) != of) put(fmt::format("{}{}\n", *heading ? "\n" : "", of));
    heading = of;
    put(fmt::format("  {:<22} {}\n", entry->name, entry->summary));
  }
  put("\n`attune loss show NAME` has formula, options and source; --loss takes them in sums: "
      "\"0.7*focal(gamma=2) + 0.3*poly1\",\n"
      "and a formula of your own: \"formula: -(1-p[y])^g * log(p[y]); g=2\"\n");
}

// "from 0 to 20", "at least 0", or "".
std::string range_of(const OptionInfo& info) {
  if (std::isinf(info.min) && std::isinf(info.max)) return "";
  if (std::isinf(info.max)) return fmt::format(" (at least {})", info.min);
  return fmt::format(" ({} to {})", info.min, info.max);
}

// Not a loss of the list: what the user writes.
void show_formula() {
  put("formula: EXPRESSION; NAME=NUMBER; ...\n  what one item costs, in your own words; a whole loss, in no sum\n\n"
      "classes      z, p (logits, soft-max), onehot, n, prior (vectors [K]); y, an index: p[y]; K, N, t\n"
      "labels       z, p (sigmoid), y (targets 0 to 1), n, prior (vectors [K]); K, N, t\n"
      "scores       z, y, t\n"
      "functions    + - * / ^, log exp sqrt abs tanh sigmoid softplus log1p expm1 min max where(a < b, c, d) "
      "stopgrad;\n"
      "             over classes: sum mean min max logsumexp softmax log_softmax\n"
      "options      weights=..., label_smoothing=..., temperature=... (classes, labels), divide_by=labels|items "
      "(labels)\n"
      "example      formula: -(1-p[y])^g * log(p[y]); g=2\n\n"
      "Differentiated exactly, in stable form where that is known, and tried at extremes before it is used.\n");
}

void show(const LossEntry& entry) {
  put(fmt::format("{}\n  {}\n\n", entry.name, entry.summary));
  put(fmt::format("formula      {}\n", entry.formula));
  put(fmt::format("divided by   {}\n", entry.denominator));
  put(fmt::format("source       {}\n", entry.source));
  put(fmt::format("fits         {}\n", losses::answers_of(entry)));
  if (entry.needs != losses::TextRows::none) put(fmt::format("rows         {}\n", losses::name(entry.needs)));
  put(fmt::format("notes        {}\n", entry.notes));
  if (entry.needs_counts) put("             Reads the training items by label.\n");
  if (entry.ordered) put("             The order is that of --labels.\n");
  const auto maker = entry.maker();
  std::string group = "-";
  for (const Option& option : maker->options.options()) {
    if (option.group != group) put(fmt::format("\noptions{}{}\n", option.group.empty() ? "" : ", ", option.group));
    group = option.group;
    std::string name = option.name;
    std::replace(name.begin(), name.end(), '-', '_');
    const std::string given = option.default_text.empty() ? "none" : option.default_text;
    put(fmt::format("  {:<22} {}{}\n", fmt::format("{}={}", name, given), option.info.help, range_of(option.info)));
  }
}

// One line a loss; where a check fails, its worst case.
void put_report(const losses::LossReport& report) {
  std::string line = fmt::format("{:<22}", report.name);
  for (const auto& result : report.results)
    if (!result.passed()) line += fmt::format(" {} FAILED", result.check);
  if (report.passed())
    line += fmt::format(" ok   value {:.0e}  f32 {:.0e}  gradient {:.0e}", report.error_of("value"),
                        report.error_of("f32"), report.error_of("gradient"));
  put(line + "\n");
  for (const auto& result : report.results)
    if (!result.passed())
      put(fmt::format("  {}: error {:.3g}, allowed {:.3g}; {}\n", result.check, result.error, result.allowed,
                      result.where));
}

int check_named(const std::string& name, const std::string& table) {
  if (!table.empty() && name != "all") fail(ErrorKind::usage, "--table is for `attune loss check all`");
  std::vector<const LossEntry*> entries = losses::loss_list();
  if (name != "all") entries = {&losses::loss_named(name)};
  std::vector<losses::LossReport> reports;
  for (const LossEntry* entry : entries) put_report(reports.emplace_back(losses::check_loss(*entry)));
  if (!table.empty()) write_file_atomically(table, loss_table(reports));
  return std::all_of(reports.begin(), reports.end(), [](const auto& report) { return report.passed(); }) ? 0 : 1;
}

}  // namespace

int run_loss(const ArgumentList& arguments) {
  LossEvalOptions options;
  OptionList list;
  options.visit(list);
  const Arguments parsed = parse_arguments(arguments, list, 2);
  if (parsed.help) {
    put(help_text(
        kLossUsage,
        "The catalogue of losses. `list` names them, `show` has one's formula, options, source and traps, "
        "`check` compares it\n"
        "with its formula, its gradient with differences, and tries the edges (exit code 1 where something is "
        "off), `eval` computes\n"
        "a loss (as --loss of `attune train` takes it) on logits (or vectors) and targets from .npy files.",
        list));
    return 0;
  }
  const auto& words = parsed.positional;
  const std::vector<std::string> verbs{"list", "show", "check", "eval"};
  if (words.empty()) fail(ErrorKind::usage, "expected list, show, check or eval; usage: {}", kLossUsage);
  if (std::find(verbs.begin(), verbs.end(), words[0]) == verbs.end())
    fail(ErrorKind::usage, "expected list, show, check or eval, got '{}'{}; usage: {}", words[0],
         did_you_mean(words[0], verbs), kLossUsage);
  if (words[0] == "list") {
    if (words.size() > 1) fail(ErrorKind::usage, "`attune loss list` takes nothing more; usage: {}", kLossUsage);
    list_losses();
    return 0;
  }
  if (words.size() < 2) fail(ErrorKind::usage, "`attune loss {}` of which loss? usage: {}", words[0], kLossUsage);
  if (words[0] == "check") return check_named(words[1], options.table);
  if (words[0] == "show" && words[1] == "formula")
    show_formula();
  else if (words[0] == "show")
    show(losses::loss_named(words[1]));
  else
    evaluate_loss(words[1], options);
  return 0;
}

}  // namespace attune::cli
