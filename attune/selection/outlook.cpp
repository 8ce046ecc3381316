#include "attune/selection/outlook.h"

#include <cmath>

#include "attune/compare/judged_run.h"
#include "attune/compare/student.h"
#include "attune/metrics/bootstrap.h"
#include "attune/metrics/catalog.h"
#include "attune/metrics/moments.h"

namespace attune::selection {
namespace {

constexpr double kChurn = 0.8;

// The standard deviation of one run's true score, in shares: for planning only.
double planned_tau(int64_t rows) {
  return rows >= 20000 ? 0.003 : rows >= 2000 ? 0.0075 : 0.02;
}

// Of the metric, by bootstrap over rows.
double row_variance(const compare::PredictionFile& file, const std::string& metric, int draws) {
  const data::Labels labels = compare::labels_of({file}, {});
  const auto judged = compare::judged_run(file, labels, metric);
  const metrics::Statistics& statistics = judged->statistics();
  const auto& names = statistics.names();
  const auto at = static_cast<size_t>(std::find(names.begin(), names.end(), metric) - names.begin());
  std::vector<uint32_t> weights(static_cast<size_t>(statistics.units()));
  std::vector<double> values(names.size());
  metrics::Moments seen;
  for (int draw = 0; draw < draws; ++draw) {
    metrics::draw_weights(0, draw, weights);
    statistics.evaluate(weights, values);
    if (!std::isnan(values[at])) seen.see(values[at]);
  }
  return seen.count > 1 ? seen.variance() : metrics::kUndefined;
}

}  // namespace

Outlook look_out(const Choice& choice, const OutlookFacts& facts, double budget) {
  const Spending plan = spend(budget, facts.shape);
  Outlook out{.what = fmt::format("a race of {} losses and a verdict of {} blocks (--budget {:g})",
                                  plan.stages.at(0).arms, plan.blocks, budget),
              .runs = budget,
              .seconds = budget * facts.run_seconds};
  const double rows = kChurn * row_variance(facts.judged, choice.metric, facts.draws);
  // A metric with a unit has no planning tau: as much as rows bring.
  const double tau = planned_tau(facts.train_rows);
  const double runs = metrics::has_unit(choice.metric) ? rows : 2 * tau * tau;
  const double variance = (rows + runs) / plan.blocks, root = std::sqrt(variance);
  const double df = std::max(2.0, 2.0 * (plan.blocks - 1));
  const double wide = compare::student_quantile(1 - (1 - choice.level) / (2 * plan.finalists), df);
  out.visible = (wide + compare::student_quantile(0.8, df)) * root;
  // Decided: the difference seen is beyond both 0 with its interval and what matters; or within what matters.
  const double infinity = std::numeric_limits<double>::infinity();
  const double reach = std::max(wide * root, choice.worth);
  const double seen = 1 - compare::student_cdf((reach - choice.worth) / root, infinity);
  const double room = std::max(0.0, choice.worth - wide * root);
  const double within = compare::student_cdf((room - choice.worth) / root, infinity) -
                        compare::student_cdf((-room - choice.worth) / root, infinity);
  out.undecided = 1 - seen - (room > 0 ? within : 0);
  return out;
}

}  // namespace attune::selection
