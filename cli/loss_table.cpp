#include "cli/loss_table.h"

#include <cctype>

#include "attune/losses/check/cost.h"
#include "attune/losses/loss_list.h"

namespace attune::cli {
namespace {

using losses::CheckResult;
using losses::LossEntry;

// A bar ends a cell.
std::string cell(std::string text) {
  for (size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2)) text.replace(at, 1, "\\|");
  return text;
}

std::string capitalised(std::string text) {
  text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

std::string failed(const losses::LossReport& report) {
  std::string names;
  for (const CheckResult& result : report.results)
    if (!result.passed()) names += std::string(names.empty() ? "" : ", ") + result.check;
  return names.empty() ? "held" : "**" + names + "**";
}

}  // namespace

std::string loss_table(std::span<const losses::LossReport> reports) {
  std::string page =
      "# The losses, and how far each was found off\n\n"
      "Written by `attune loss check all --table docs/losses-table.md`; what is checked and how: "
      "[losses.md](losses.md#checked-by-machine).\n"
      "Errors are the largest found, relative to the larger of 1 and the value: against the formula as it is written "
      "(in long "
      "double), in f32\n"
      "against f64, and of the gradient against differences. Cost: microseconds for 16 items, forward and backward, "
      "one thread, least "
      "of 60\n(77 labels; 5 in order; 16 sentences of 15 words with 9 tags; 28 labels of any number; one score; 16 "
      "rows of "
      "two texts with\nvectors of 384, of one text where they have a class, of three for `triplet`). A training step "
      "of "
      "MiniLM takes about 70,000.\n";
  std::string open;
  for (const losses::LossReport& report : reports) {
    const LossEntry* entry = &losses::loss_named(report.name);
    if (open != capitalised(losses::answers_of(*entry))) {
      open = capitalised(losses::answers_of(*entry));
      page += fmt::format(
          "\n## {}\n\n| loss | what one item costs | divided by | source | value | f32 | gradient | edges | cost |\n"
          "|---|---|---|---|---:|---:|---:|---|---:|\n",
          open);
    }
    page += fmt::format("| `{}` | `{}` | {} | {} | {:.0e} | {:.0e} | {:.0e} | {} | {:.0f} |\n", entry->name,
                        cell(entry->formula), cell(entry->denominator), cell(entry->source), report.error_of("value"),
                        report.error_of("f32"), report.error_of("gradient"), failed(report),
                        losses::microseconds_a_batch(*entry));
  }
  return page;
}

}  // namespace attune::cli
