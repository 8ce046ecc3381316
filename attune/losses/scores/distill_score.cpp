#include "attune/losses/scores/distill_score.h"

#include "attune/losses/shared/taught_loss.h"

namespace attune::losses {
namespace {

class DistillScore final : public TaughtLoss {
 public:
  DistillScore(const NoOptions&, const NoOptions&, const LossFacts&) {}
  std::string name() const override { return "distill_score"; }

 protected:
  double cost(const Row& row, std::span<double> gradient) const override {
    const double off = row.z[0] - row.v[0];
    if (!gradient.empty()) gradient[0] = 2 * off;
    return off * off;
  }
};

long double distill_score_reference(const NaiveItem& item) {
  return is_taught(item) ? (item.z[0] - item.teacher[0]) * (item.z[0] - item.teacher[0]) : 0;
}

}  // namespace

const LossEntry kDistillScore{
    .name = "distill_score",
    .fits = TargetKind::scores,
    .summary = "squared distance from a teacher's score (--teacher FOLDER)",
    .formula = "(z - teacher)^2",
    .denominator = "items that the teacher answers",
    .source = "Ba & Caruana 2014, arXiv 1312.6184, eq. 1",
    .notes =
        "A term beside the score's own: 0.5*mse + 0.5*distill_score. Evaluations have no teacher: it counts for "
        "nothing there.",
    .maker = maker_of<DistillScore, NoOptions, NoOptions>,
    .reference = distill_score_reference,
    .reference_denominator = taught_items,
    .reads_teacher = Teacher::answers};

}  // namespace attune::losses
