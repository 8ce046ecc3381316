#include "attune/losses/loss_list.h"

#include <algorithm>

#include "attune/base/suggest.h"
#include "attune/losses/binary_cross_entropy.h"
#include "attune/losses/cross_entropy.h"
#include "attune/losses/mean_squared_error.h"

namespace attune::losses {
namespace {

void refuse(bool set, const char* option, const char* loss) {
  if (set) fail(ErrorKind::usage, "--{} has no meaning for the loss '{}'; leave it out", option, loss);
}

std::unique_ptr<Loss> binary_cross_entropy(const LossOptions& o) {
  refuse(!o.class_weights.empty(), "class-weights", "bce (use --pos-weight)");
  refuse(o.label_smoothing != 0, "label-smoothing", "bce");
  return make_binary_cross_entropy({.positive_weights = o.positive_weights});
}
std::unique_ptr<Loss> cross_entropy(const LossOptions& o) {
  refuse(!o.positive_weights.empty(), "pos-weight", "cross_entropy (use --class-weights)");
  if (!(o.label_smoothing >= 0 && o.label_smoothing < 1))
    fail(ErrorKind::usage, "--label-smoothing is {}; expected a number in [0, 1)", o.label_smoothing);
  return make_cross_entropy({.class_weights = o.class_weights, .label_smoothing = o.label_smoothing});
}
std::unique_ptr<Loss> mean_squared_error(const LossOptions& o) {
  refuse(!o.class_weights.empty(), "class-weights", "mse");
  refuse(!o.positive_weights.empty(), "pos-weight", "mse");
  refuse(o.label_smoothing != 0, "label-smoothing", "mse");
  return make_mean_squared_error();
}

std::string names_that_fit(TargetKind kind) {
  std::string names;
  for (const auto& entry : loss_list())
    if (entry.fits == kind) names += (names.empty() ? "" : ", ") + std::string(entry.name);
  return names;
}

}  // namespace

const std::vector<LossEntry>& loss_list() {
  static const std::vector<LossEntry> list{
      {"bce", TargetKind::labels, "binary cross-entropy on logits, label by label", binary_cross_entropy},
      {"cross_entropy", TargetKind::classes, "soft-max cross-entropy; class weights, label smoothing", cross_entropy},
      {"mse", TargetKind::scores, "mean squared error", mean_squared_error},
  };
  return list;
}

std::unique_ptr<Loss> make_loss(const std::string& name, TargetKind kind, const LossOptions& options) {
  std::vector<std::string> names;
  for (const auto& entry : loss_list()) {
    names.emplace_back(entry.name);
    if (name != entry.name) continue;
    if (entry.fits != kind)
      fail(ErrorKind::usage, "the loss '{}' does not fit this task; those that do: {}", name, names_that_fit(kind));
    return entry.make(options);
  }
  fail(ErrorKind::usage, "unknown loss '{}'; losses for this task: {}{}", name, names_that_fit(kind),
       did_you_mean(name, names));
}

const char* default_loss(TargetKind kind) {
  switch (kind) {
    case TargetKind::classes:
      return "cross_entropy";
    case TargetKind::labels:
      return "bce";
    case TargetKind::scores:
      return "mse";
  }
  return "";
}

}  // namespace attune::losses
