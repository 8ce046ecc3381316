#include "attune/losses/loss_list.h"

#include "attune/base/error.h"
#include "attune/base/suggest.h"
#include "attune/losses/classes/bi_tempered.h"
#include "attune/losses/classes/confidence_penalty.h"
#include "attune/losses/classes/cost_sensitive.h"
#include "attune/losses/classes/cross_entropy.h"
#include "attune/losses/classes/distill.h"
#include "attune/losses/classes/early_learning.h"
#include "attune/losses/classes/focal.h"
#include "attune/losses/classes/generalized_ce.h"
#include "attune/losses/classes/ldam.h"
#include "attune/losses/classes/logit_adjusted.h"
#include "attune/losses/classes/open_set.h"
#include "attune/losses/classes/poly1.h"
#include "attune/losses/classes/square.h"
#include "attune/losses/classes/symmetric_ce.h"
#include "attune/losses/classes/z_loss.h"
#include "attune/losses/embeddings/batch_triplet.h"
#include "attune/losses/embeddings/cosent.h"
#include "attune/losses/embeddings/cosine_mse.h"
#include "attune/losses/embeddings/distill_hidden.h"
#include "attune/losses/embeddings/info_nce.h"
#include "attune/losses/embeddings/supcon.h"
#include "attune/losses/embeddings/triplet.h"
#include "attune/losses/labels/asymmetric.h"
#include "attune/losses/labels/bce.h"
#include "attune/losses/labels/distill_labels.h"
#include "attune/losses/labels/distribution_balanced.h"
#include "attune/losses/labels/focal_bce.h"
#include "attune/losses/labels/tversky.h"
#include "attune/losses/labels/zlpr.h"
#include "attune/losses/ordinal/emd.h"
#include "attune/losses/ordinal/levels.h"
#include "attune/losses/ordinal/oll.h"
#include "attune/losses/scores/distill_score.h"
#include "attune/losses/scores/gaussian_nll.h"
#include "attune/losses/scores/mse.h"
#include "attune/losses/scores/residuals.h"
#include "attune/losses/tagging/crf.h"

namespace attune::losses {

const char* name(TargetKind kind) {
  switch (kind) {
    case TargetKind::classes:
      return "classes";
    case TargetKind::labels:
      return "labels";
    case TargetKind::scores:
      return "scores";
    case TargetKind::embeddings:
      return "embeddings";
  }
  return "";
}

const char* name(TextRows texts) {
  switch (texts) {
    case TextRows::none:
      return "no texts";
    case TextRows::pairs:
      return "pairs of texts that belong together";
    case TextRows::scored:
      return "pairs of texts with a score";
    case TextRows::labelled:
      return "texts with a label";
  }
  return "";
}

const std::vector<const LossEntry*>& loss_list() {
  static const std::vector<const LossEntry*> list{
      // one class an item (classify, tag)
      &kBalancedSoftmax,
      &kBiTempered,
      &kConfidencePenalty,
      &kCostSensitive,
      &kCrossEntropy,
      &kDistill,
      &kEarlyLearning,
      &kFocal,
      &kGeneralizedCe,
      &kLdam,
      &kLogitAdjusted,
      &kOpenSet,
      &kPoly1,
      &kSquare,
      &kSymmetricCe,
      &kZLoss,
      // one class an item, in order
      &kCoral,
      &kCorn,
      &kEmd,
      &kOll,
      // a sentence's tags together (tag)
      &kCrf,
      // any number of labels an item (multilabel)
      &kAsymmetric,
      &kBce,
      &kDice,
      &kDistillLabels,
      &kDistributionBalanced,
      &kFocalBce,
      &kTversky,
      &kZlpr,
      // a score (regress)
      &kDistillScore,
      &kGaussianNll,
      &kHuber,
      &kLogCosh,
      &kMae,
      &kMse,
      &kQuantile,
      // a vector (embed)
      &kBatchTriplet,
      &kCosent,
      &kCosineMse,
      &kDistillHidden,
      &kInfoNce,
      &kSupCon,
      &kTriplet,
  };
  return list;
}

const LossEntry& loss_named(std::string_view name) {
  std::vector<std::string> names;
  for (const LossEntry* entry : loss_list()) {
    if (name == entry->name) return *entry;
    names.emplace_back(entry->name);
  }
  fail(ErrorKind::usage, "unknown loss '{}'{}; `attune loss list` shows all", name, did_you_mean(name, names));
}

const char* answers_of(const LossEntry& entry) {
  if (entry.beside_any) return "a teacher's states (any task)";
  if (entry.sequential) return "a sentence's tags together (tag)";
  if (entry.ordered) return "one label, in order (classify, tag)";
  switch (entry.fits) {
    case TargetKind::classes:
      return "one label (classify, tag)";
    case TargetKind::labels:
      return "any number of labels (multilabel)";
    case TargetKind::scores:
      return "a score (regress)";
    case TargetKind::embeddings:
      return "a vector (embed)";
  }
  return "";
}

std::string losses_that_fit(TargetKind kind, const LossFacts& facts) {
  const TextRows texts = facts.texts;
  std::string names;
  for (const LossEntry* entry : loss_list())
    if (entry->fits == kind && (!entry->sequential || facts.sequences) &&
        (texts == TextRows::none || entry->needs == TextRows::none || entry->needs == texts))
      names += (names.empty() ? "" : ", ") + std::string(entry->name);
  return names;
}

std::string why_unfit(const LossEntry& entry, TargetKind kind, const LossFacts& facts) {
  const bool beside_classes = entry.needs == TextRows::labelled && kind == TargetKind::classes && !facts.sequences;
  if (beside_classes || entry.beside_any) return "";
  if (entry.fits != kind)
    return fmt::format("it is for {}, this task has {}; those that fit: {}", name(entry.fits), name(kind),
                       losses_that_fit(kind, facts));
  if (kind == TargetKind::embeddings && facts.texts != TextRows::none && entry.needs != facts.texts)
    return fmt::format("it is for {}, these rows are {}; those that fit: {}", name(entry.needs), name(facts.texts),
                       losses_that_fit(kind, facts));
  return "";
}

const char* default_loss(TargetKind kind, TextRows texts) {
  switch (kind) {
    case TargetKind::classes:
      return "cross_entropy";
    case TargetKind::labels:
      return "bce";
    case TargetKind::scores:
      return "mse";
    case TargetKind::embeddings:
      return texts == TextRows::scored ? "cosent" : texts == TextRows::labelled ? "supcon" : "info_nce";
  }
  return "";
}

}  // namespace attune::losses
