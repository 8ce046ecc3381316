#include "attune/selection/run_book.h"

#include <cmath>

#include "attune/base/error.h"
#include "attune/metrics/catalog.h"

namespace attune::selection {
namespace {

constexpr uint64_t kAgain = 500;  // later seeds, of runs made again

}  // namespace

const Answers& RunBook::answers(const Job& job) {
  const auto known = done_.find(job.name);
  if (known != done_.end()) {
    ATTUNE_CHECK(known->second.loss == job.loss, "two losses share the run {}: '{}' and '{}'", job.name,
                 known->second.loss, job.loss);
    return known->second.answers;
  }
  std::optional<Answers> got = runner_.run(job);
  if (!got) throw Stopped{};
  Answers& answers = done_.emplace(job.name, Done{job.loss, std::move(*got)}).first->second.answers;
  if (!answers.failed && has_collapsed(answers.judged))
    answers.failed = true, answers.failure = "one answer for every row";
  choice_.seconds += answers.seconds;
  RunFigures figures{.name = job.name,
                     .loss = job.loss,
                     .purpose = job.purpose,
                     .rate = plan_.options.train.lr * job.rate_times,
                     .epochs = plan_.options.train.epochs * job.schedule,
                     .seed = job.seed,
                     .plain = metrics::kUndefined,
                     .corrected = metrics::kUndefined,
                     .seconds = answers.seconds};
  if (!answers.judged.rows.empty()) {
    if (!answers.correction) answers.correction = fit(answers, facts_of(plan_, job.block), plan_.metric);
    figures.correction = answers.correction->text;
    figures.plain = value_of(plain(answers.judged), plan_.metric);
    figures.corrected =
        value_of(corrected(answers.judged, *answers.correction, facts_of(plan_, job.block)), plan_.metric);
    answers.judged.path = job.name;
    if (!answers.failed && (std::isnan(figures.plain) || std::isnan(figures.corrected))) undefined(job, answers);
  }
  figures.failed = answers.failed, figures.failure = answers.failure;
  choice_.runs.push_back(std::move(figures));
  return answers;
}

// Where the metric has no value: of the plain loss nothing can be judged by it, any other loss has failed.
void RunBook::undefined(const Job& job, Answers& answers) const {
  const metrics::MetricInfo& metric = metrics::metric_info(plan_.metric);
  if (job.loss == plan_.plain_loss)
    fail(ErrorKind::input,
         "{} ({}) has no value on the {} rows that judge {}, so nothing can be decided by it: it is undefined where "
         "{}{}. Choose another --metric",
         metric.name, metric.help, answers.judged.rows.size(), job.name, metric.undefined,
         plan_.labels.empty() ? "" : fmt::format("; there are {} labels", plan_.labels.size()));
  answers.failed = true, answers.failure = fmt::format("{} is undefined: {}", metric.name, metric.undefined);
}

const Answers& RunBook::answers_or_again(Job job) {
  const Answers& first = answers(job);
  if (!first.failed) return first;
  job.name += "-again", job.seed += kAgain;
  return answers(job);
}

LabelFacts facts_of(const Plan& plan, size_t block) {
  return {.labels = data::Labels(plan.labels), .ordered = plan.ordered, .counts = plan.blocks[block].counts};
}

compare::PredictionFile RunBook::after(const Answers& answers, size_t block) const {
  return corrected(answers.judged, *answers.correction, facts_of(plan_, block));
}

}  // namespace attune::selection
