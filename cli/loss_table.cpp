#include "cli/loss_table.h"

#include "attune/losses/check/check.h"
#include "attune/losses/check/cost.h"
#include "attune/losses/loss_list.h"

namespace attune::cli {
namespace {

using losses::CheckResult;
using losses::LossEntry;
using losses::TargetKind;

// A bar ends a cell.
std::string cell(std::string text) {
  for (size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2)) text.replace(at, 1, "\\|");
  return text;
}

const char* heading(const LossEntry& entry) {
  if (entry.sequential) return "A sentence's tags together (tag)";
  if (entry.ordered) return "One label, in order (classify, tag)";
  switch (entry.fits) {
    case TargetKind::classes:
      return "One label (classify, tag)";
    case TargetKind::labels:
      return "Any number of labels (multilabel)";
    case TargetKind::scores:
      return "A score (regress)";
  }
  return "";
}

double error_of(const losses::LossReport& report, const char* check) {
  for (const CheckResult& result : report.results)
    if (std::string(check) == result.check) return result.error;
  return 0;
}

std::string failed(const losses::LossReport& report) {
  std::string names;
  for (const CheckResult& result : report.results)
    if (!result.passed()) names += std::string(names.empty() ? "" : ", ") + result.check;
  return names.empty() ? "held" : "**" + names + "**";
}

}  // namespace

std::string loss_table() {
  std::string page =
      "# The losses, and how far each was found off\n\n"
      "Written by `attune loss check all --table docs/losses-table.md`; what is checked and how: "
      "[losses.md](losses.md#checked-by-machine).\n"
      "Errors are the largest found, relative to the larger of 1 and the value: against the formula as it is written "
      "(in long "
      "double), in f32\n"
      "against f64, and of the gradient against differences. Cost: microseconds for 16 items, forward and backward, "
      "one thread, least "
      "of 60\n(77 labels; 5 in order; 16 sentences of 15 words with 9 tags; 28 labels of any number; one score). A "
      "training step of MiniLM "
      "takes about 70,000.\n";
  const char* open = "";
  for (const LossEntry* entry : losses::loss_list()) {
    if (std::string(open) != heading(*entry)) {
      open = heading(*entry);
      page += fmt::format(
          "\n## {}\n\n| loss | what one item costs | divided by | source | value | f32 | gradient | edges | cost |\n"
          "|---|---|---|---|---:|---:|---:|---|---:|\n",
          open);
    }
    const losses::LossReport report = losses::check_loss(*entry);
    page += fmt::format("| `{}` | `{}` | {} | {} | {:.0e} | {:.0e} | {:.0e} | {} | {:.0f} |\n", entry->name,
                        cell(entry->formula), cell(entry->denominator), cell(entry->source), error_of(report, "value"),
                        error_of(report, "f32"), error_of(report, "gradient"), failed(report),
                        losses::microseconds_a_batch(*entry));
  }
  return page;
}

}  // namespace attune::cli
