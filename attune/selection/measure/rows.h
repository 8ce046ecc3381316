// Figures that rows and a tokenizer give without any model. Names, in this order, as far as the task has them:
//
//   rows, classes (labels), smallest_class (its rows), imbalance_ratio (largest / smallest), rare_classes (classes
//   under 20 rows, count), rare_rows (share of rows in them), evenness (exp(entropy) / K), rarest_share (smallest share
//   * K) cardinality, density (multi-label: mean labels a row; / K), smallest_label (positives), imbalance_ratio (over
//     labels' positives), label_sets (different sets), lone_sets (share of rows whose set of labels no other row has),
//     pairs_together (label pairs that occur together more often than by chance: Fisher's exact test, Holm over pairs,
//     0.05)
//   grades (1 where labels are three numbers or more in rising order, or `ordered`; else 0)
//   score_low, score_high, score_deviation (regression)
//   words, entity_words (share of words that are no O; undefined for tags that are no entities), and classes: the tags
//     (tagging; illegal_tags is measure_answers')
//   tokens_median, tokens_p95, truncated (share of rows that lose tokens), unknown_tokens (share of tokens),
//     tokens_a_word (words: blank-separated; Chinese, Japanese: each character one)
//   exact_duplicates (share), near_duplicates (share), contradictions (share of pairs of the same text that differ in
//     their target), clusters (count), overlap (share of dev rows that stand in train, exactly or nearly; with dev
//     rows)
//   drift (AUC of a linear model on hashed n-grams that tells the first third from the last third, two-fold;
//     only with `in_time`; at most 6,000 rows of a third, spread), drift_labels (p of a
//     chi-square test of the labels of both thirds, rare ones taken together; one label a row or many)
//
// Of dev rows contradictions and overlap alone are measured: all else is of the training rows. Rows without a label
// count as rows, and in no figure of labels.
//
// Shares carry Wilson's interval, the AUC Hanley and McNeil's. Warnings name what needs a person: contradictions,
// truncation above 5%, more than 2% unknown tokens, more than 2.5 tokens a word, overlap, classes under 5 rows.
#pragma once
#include <span>

#include "attune/data/encode.h"
#include "attune/selection/measure/clusters.h"
#include "attune/selection/profile.h"
#include "attune/tasks/task.h"
#include "attune/text/tokenizer.h"

namespace attune::selection {

struct RowsToMeasure {
  const data::Dataset& rows;
  int64_t dev_from = 0;  // rows from here on are of a dev file of their own; 0 or as many as there are rows: none
  const tasks::Task& task;
  const text::Tokenizer& tokenizer;
  data::EncodeOptions encode = {};
  const Clusters& clusters;
  bool ordered = false;                   // the user says that labels are grades
  std::span<const int32_t> in_time = {};  // training rows in the order of time; empty: it is not known
};

// Sets the figures, and adds to profile.suspicious the rows of contradictions (suspicion 0.5 where two rows differ;
// with more, the share of the cluster's rows that disagree with it) and to profile.warnings.
void measure_rows(const RowsToMeasure& what, Profile& profile);

}  // namespace attune::selection
