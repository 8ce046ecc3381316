// A data set made ready: read, its labels numbered, its texts encoded.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "attune/data/dataset.h"
#include "attune/data/encode.h"
#include "attune/tasks/batch.h"
#include "attune/tasks/model_bundle.h"
#include "attune/tasks/target_table.h"
#include "attune/train/teacher.h"

namespace attune::train {

struct Split {
  std::string name;   // train, dev, test
  std::string files;  // as the user named them
  data::Dataset data;
  data::EncodedSet encoded;
  tasks::TargetTable targets;
  std::shared_ptr<const data::EncodedSet> corpus =
      {};  // documents that are searched beside the rows' own; else nothing

  std::shared_ptr<const TeacherAnswers> teacher = {};  // for a loss that reads them

  // Lets go of the pages of scratch files that were read: see ScratchFile.
  void let_go() const { data.examples.let_go(), encoded.let_go(); }
  int64_t rows() const { return static_cast<int64_t>(data.examples.size()); }
};

// Numbers the labels and encodes the texts. Errors (input): a label that the model does not know.
// `corpus`: of encode_corpus, for a split that is judged.
Split make_split(std::string name, std::string files, data::Dataset data, const tasks::ModelBundle& bundle,
                 std::shared_ptr<const data::EncodedSet> corpus = {});

// The documents of judgements (data::Dataset::corpus), behind the passage's prefix; nothing where there are none.
std::shared_ptr<const data::EncodedSet> encode_corpus(const data::Dataset& data, const tasks::ModelBundle& bundle);

// Fills `batch` with all sequences (windows) of `rows` of the split, and their targets.
void fill_batch(tasks::Batch& batch, const Split& split, std::span<const int32_t> rows, bool tagging);

// At most `most` rows, evenly spread over the split: one of each stretch, drawn, so that an order which repeats itself
// (labels in turn) does not show.
std::vector<int32_t> spread_rows(const Split& split, int64_t most);

// What the model's head gives for a row: one output for each word that is read, or for each sequence.
int64_t reads_of(const Split& split, int64_t row, bool tagging);

// Tokens of one row, all its windows together; and of all rows.
int64_t tokens_of(const Split& split, int64_t row);
int64_t tokens_of(const Split& split);

}  // namespace attune::train
