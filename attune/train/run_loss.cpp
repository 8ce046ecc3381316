#include "attune/train/run_loss.h"

#include <algorithm>

#include "attune/losses/language/make_objective.h"
#include "attune/losses/loss_list.h"
#include "attune/losses/shared/class_weights.h"

namespace attune::train {

namespace {

void add_text_facts(const data::Dataset& train, losses::LossFacts& facts) {
  for (size_t i = 0; i < train.examples.size(); ++i) {
    const data::ExampleView row = train.examples.view(i);
    facts.negatives |= row.negative_count > 0;
    facts.score_low = i ? std::min(facts.score_low, row.score) : row.score;
    facts.score_high = i ? std::max(facts.score_high, row.score) : row.score;
  }
}

}  // namespace

losses::LossFacts loss_facts(const data::Dataset& train, const data::Labels& labels) {
  losses::LossFacts facts{.labels = std::max(1, labels.size()), .names = labels.names()};
  facts.texts = tasks::text_rows(train.shape);
  if (train.shape != data::TextShape::none) add_text_facts(train, facts);
  if (labels.size() == 0) return facts;
  facts.counts.assign(static_cast<size_t>(labels.size()), 0.0);
  std::vector<int> ids;  // by the data's own numbers
  for (const std::string& label : train.examples.label_names()) ids.push_back(labels.find(label));
  for (size_t i = 0; i < train.examples.size(); ++i) {
    const data::ExampleView row = train.examples.view(i);
    ++facts.items;
    for (int32_t l = 0; l < row.label_count; ++l) {
      const int id = ids[static_cast<size_t>(row.label(l))];
      if (id >= 0) ++facts.counts[static_cast<size_t>(id)];  // others: reported when the targets are numbered
    }
  }
  return facts;
}

losses::Objective make_run_loss(const TrainOptions& o, const tasks::Task& task, const data::Dataset& train,
                                const data::Labels& labels) {
  std::vector<losses::CommonOption> common;
  if (o.class_weights != "none")
    common.push_back({.flag = "--class-weights", .name = "weights", .value = o.class_weights});
  if (o.label_smoothing != 0)
    common.push_back(
        {.flag = "--label-smoothing", .name = "label_smoothing", .value = fmt::format("{}", o.label_smoothing)});
  if (!o.pos_weight.empty())
    common.push_back(
        {.flag = "--pos-weight", .name = "pos_weight", .value = fmt::format("{}", fmt::join(o.pos_weight, ","))});
  losses::LossFacts facts = loss_facts(train, labels);
  facts.sequences = task.kind == tasks::TaskKind::tag;
  return with_context([] { return "in --loss"; },
                      [&] {
                        return losses::make_objective(
                            o.loss.empty() ? losses::default_loss(task.loss, facts.texts) : o.loss, task.loss, facts,
                            common);
                      });
}

std::string class_weights_note(const TrainOptions& options, const losses::LossFacts& facts) {
  constexpr size_t kMost = 10;
  if (options.class_weights == "none") return "";
  const std::vector<double> weights = losses::class_weights(options.class_weights, facts);
  std::string note = "class weights: ";
  for (size_t c = 0; c < std::min(kMost, weights.size()); ++c)
    note += fmt::format("{}{} {:.3g}", c ? ", " : "", facts.names[c], weights[c]);
  if (weights.size() > kMost) note += ", ...";
  const auto absent = std::count(weights.begin(), weights.end(), 0.0);
  return absent == 0 ? note : fmt::format("{}; {} of {} labels never occur and get 0", note, absent, weights.size());
}

}  // namespace attune::train
