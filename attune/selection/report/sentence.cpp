#include "attune/selection/report/sentence.h"

#include <algorithm>
#include <limits>

#include "attune/metrics/correction.h"
#include "attune/metrics/costs.h"
#include "attune/report/format.h"
#include "attune/selection/report/text.h"

namespace attune::selection {
namespace {

// How small an advantage could have shown; with fewer than three blocks, that hardly any could.
std::string what_would_show(const Choice& choice) {
  double visible = 0;
  size_t least = std::numeric_limits<size_t>::max();
  for (const Judgement& judgement : choice.judgements) {
    if (judgement.same_runs) continue;
    visible = std::max(visible, judgement.verdict.visible);
    least = std::min(least, judgement.seen.blocks.size());
  }
  if (least < 3) return fmt::format("{} too few to show much", least == 1 ? "one block is" : "two blocks are");
  // A win must reach what matters; of --strict, with its whole interval.
  visible = choice.strict ? visible + choice.worth : std::max(visible, choice.worth);
  return fmt::format("an advantage above {} would have been seen in 4 of 5 cases", amount(choice.metric, visible));
}

bool has_corrections(const Choice& choice) {
  if (choice.metric == "label_mae" || choice.metric == "quadratic_kappa") return true;
  return metrics::is_cost(choice.metric) || metrics::is_corrected(choice.metric, choice.task);
}

}  // namespace

std::string sentence(const Choice& choice, const Judgement* corrections, const Judgement* winner) {
  const std::string& metric = choice.metric;
  std::string text;
  if (winner) {
    const auto& v = winner->verdict;
    text = fmt::format("{} is better than {} by {} of {} ({:g}% interval {} to {}).", winner->first, choice.plain_loss,
                       amount(metric, v.difference), report::metric_title(metric), 100 * choice.level,
                       signed_amount(metric, v.low), signed_amount(metric, v.high));
  } else if (choice.judgements.size() > 1) {
    text = fmt::format("No loss was shown to be better than {}; {}.", choice.plain_loss, what_would_show(choice));
  } else if (!choice.race.empty()) {
    text = fmt::format("No loss was shown to be better than {}: of none that raced is there a run to judge.",
                       choice.plain_loss);
  } else {
    text = fmt::format("{} stays: no other loss was tried.", choice.plain_loss);
  }
  if (!corrections) return text;
  const auto& v = corrections->verdict;
  if (choice.corrections_pay)
    return text + fmt::format(" Corrections after training pay{}: {} of {} ({:g}% interval {} to {}).",
                              corrections->seen.blocks.size() == 1 ? " for the one model that was trained" : "",
                              signed_amount(metric, v.difference), report::metric_title(metric), 100 * choice.level,
                              signed_amount(metric, v.low), signed_amount(metric, v.high));
  if (!has_corrections(choice)) return text + " No correction after training serves this metric here.";
  if (choice.correction.empty()) return text + " No correction after training holds on rows that it was not fitted on.";
  if (v.state == compare::State::no_difference)
    return text + " Corrections after training make no difference that matters.";
  if (v.difference < 0 && v.high < 0) return text + " Corrections after training do harm here.";
  text += " Whether corrections after training pay is not decided";
  return text + (choice.corrections_taken ? "; they lead and cost nothing, so they are taken." : ".");
}

}  // namespace attune::selection
