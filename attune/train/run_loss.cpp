#include "attune/train/run_loss.h"

#include <algorithm>
#include <cmath>

#include "attune/losses/loss_list.h"

namespace attune::train {
namespace {

std::vector<double> balanced_weights(const data::Dataset& train, const data::Labels& labels) {
  std::vector<double> counts(static_cast<size_t>(labels.size()), 0.0);
  double total = 0;
  std::vector<int> ids;  // by the data's own numbers
  for (const std::string& label : train.examples.label_names()) ids.push_back(labels.find(label));
  for (size_t i = 0; i < train.examples.size(); ++i) {
    const data::ExampleView row = train.examples.view(i);
    for (int32_t l = 0; l < row.label_count; ++l) {
      const int id = ids[static_cast<size_t>(row.label(l))];
      if (id < 0) continue;  // reported with file and line when the targets are numbered
      ++counts[static_cast<size_t>(id)];
      ++total;
    }
  }
  // A class that never occurs has nothing to balance: it gets no weight, and counts for no class.
  const auto present = static_cast<double>(std::count_if(counts.begin(), counts.end(), [](double n) { return n > 0; }));
  std::vector<double> weights;
  for (const double count : counts) weights.push_back(count > 0 ? total / (present * count) : 0);
  return weights;
}

// The number between commas, or an error that shows it.
double weight_number(const std::string& number, int labels) {
  size_t read = 0;
  double weight = -1;
  try {
    weight = std::stod(number, &read);
  } catch (const std::exception&) {
    read = 0;
  }
  const bool plain = number.find_first_not_of("0123456789.eE+-") == std::string::npos;
  if (read == 0 || read != number.size() || !plain || !(weight >= 0) || !std::isfinite(weight))
    fail(ErrorKind::usage, "--class-weights: '{}' is no weight; expected none, auto, or {} numbers separated by commas",
         number, labels);
  return weight;
}

}  // namespace

std::vector<double> class_weights(const TrainOptions& options, const data::Dataset& train, const data::Labels& labels) {
  const std::string& text = options.class_weights;
  if (text == "none") return {};
  if (text == "auto") return balanced_weights(train, labels);
  std::vector<double> weights;
  for (size_t at = 0; at <= text.size();) {
    const size_t comma = std::min(text.find(',', at), text.size());
    weights.push_back(weight_number(text.substr(at, comma - at), labels.size()));
    at = comma + 1;
  }
  if (static_cast<int>(weights.size()) != labels.size())
    fail(ErrorKind::usage, "--class-weights has {} numbers; the model has {} labels ({}, ...)", weights.size(),
         labels.size(), labels.name(0));
  return weights;
}

std::unique_ptr<losses::Loss> make_run_loss(const TrainOptions& o, const tasks::Task& task, const data::Dataset& train,
                                            const data::Labels& labels) {
  losses::LossOptions options{
      .class_weights = {}, .positive_weights = o.pos_weight, .label_smoothing = o.label_smoothing};
  // Where the task has no classes the loss refuses the option by its name.
  if (o.class_weights != "none")
    options.class_weights = labels.size() > 0 ? class_weights(o, train, labels) : std::vector<double>{1};
  const auto outputs = static_cast<size_t>(std::max(1, labels.size()));
  if (options.positive_weights.size() == 1) options.positive_weights.assign(outputs, options.positive_weights[0]);
  if (!options.positive_weights.empty() && options.positive_weights.size() != outputs)
    fail(ErrorKind::usage, "--pos-weight has {} numbers; expected 1 or {} (one a label)",
         options.positive_weights.size(), outputs);
  return losses::make_loss(o.loss.empty() ? losses::default_loss(task.loss) : o.loss, task.loss, options);
}

std::string class_weights_note(const TrainOptions& options, const data::Dataset& train, const data::Labels& labels) {
  constexpr size_t kMost = 10;
  if (options.class_weights != "auto") return "";
  const std::vector<double> weights = class_weights(options, train, labels);
  std::string note = "class weights: ";
  for (size_t c = 0; c < std::min(kMost, weights.size()); ++c)
    note += fmt::format("{}{} {:.3g}", c ? ", " : "", labels.name(static_cast<int>(c)), weights[c]);
  if (weights.size() > kMost) note += ", ...";
  const auto absent = std::count(weights.begin(), weights.end(), 0.0);
  return absent == 0 ? note : fmt::format("{}; {} of {} labels never occur and get 0", note, absent, weights.size());
}

}  // namespace attune::train
