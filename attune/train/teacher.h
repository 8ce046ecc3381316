// What a teacher makes of the training rows: a fine-tuned model, often a larger one, that is asked once before the
// first step. Its tokenizer may be another, and so may its width; where its answers are read, its labels must hold all
// of the student's, in any order.
#pragma once
#include <memory>
#include <string>

#include "attune/base/column.h"
#include "attune/tasks/model_bundle.h"
#include "attune/train/observer.h"
#include "attune/train/predictor.h"

namespace attune::train {

class TeacherAnswers {
 public:
  // Runs the teacher over all rows and keeps what the student's loss reads of it, in `scratch` like the rows. Errors:
  // those of open_for_inference; usage: another task, a label of the student's that it lacks. Nothing where the
  // observer asked to stop.
  static std::shared_ptr<const TeacherAnswers> ask(const std::string& folder, const tasks::ModelBundle& student,
                                                   kernels::Kernels& kernels, const data::Dataset& rows,
                                                   const std::filesystem::path& scratch, Observer& observer);

  // Adds what it has of one sequence of the row, its `number`-th: for tagging, of the sequence's words. Of a word that
  // the teacher has no piece of it has nothing.
  void append(losses::Targets& targets, int32_t row, const data::Encoded& sequence, int64_t number, bool tagging) const;

 private:
  struct Numbers {
    int64_t width = 0;     // 0: not asked for
    Column<float> values;  // [items, width], an item being a row, a text of a row, or a word; NaN: none

    void append(std::vector<float>& to, int64_t item) const;
  };
  void keep(std::span<const data::Example> rows, std::span<const RowLogits> said, std::span<const size_t> columns,
            size_t outputs, bool tagging);

  Numbers answers_;        // K wide
  Numbers hidden_;         // as wide as the teacher
  Column<int64_t> first_;  // [rows] where a row's items begin
  int64_t items_ = 0;
};

}  // namespace attune::train
