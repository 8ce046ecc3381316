// What losses are tried on: settings of their options, and batches of rows with everything that may stand in them.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "attune/losses/check/trial.h"
#include "attune/losses/entry.h"

namespace attune::losses {

// A loss with some of its options set, for K labels.
struct Setting {
  const LossEntry* entry;
  LossFacts facts;
  std::vector<std::pair<std::string, std::string>> options = {};

  std::unique_ptr<Loss> make() const;
  std::string text() const;  // "focal(gamma=0.5), 3 labels"
  int64_t outputs() const;   // of the last layer
  int64_t own() const;       // parameters of the loss's own
};

// The defaults for 2, 3 and 5 labels (one more each for a loss that is made for three); each numeric option at its ends
// and beside its default; class weights, label smoothing and temperature where the loss has them.
std::vector<Setting> settings_of(const LossEntry& entry);

// `rows` rows, or for a sequential loss as many sentences of one to three. Classes: some ignored if `some_ignored`;
// labels: some unknown, some between 0 and 1; weights of rows (sentences) 1, 1/2 and 2. Embeddings: rows of texts,
// equal ones among them; the logits are their vectors.
Batch sample(const Setting& setting, int64_t rows, uint64_t seed, bool some_ignored = true);

// The rows (sentences) named, in this order; one may come twice.
Batch rows_of(const Batch& batch, const std::vector<int64_t>& rows);

// Gives row (sentence) i the i-th weight.
void set_weights(Batch& batch, const std::vector<float>& weights);

// Its first row in the batch; of the row behind the last, the end.
int64_t first_row(const Batch& batch, int64_t row);

}  // namespace attune::losses
