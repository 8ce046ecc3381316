// What a teacher says of the training rows: a fine-tuned model, often a larger one, that is asked once before the first
// step. Its tokenizer may be another; its labels must hold all of the student's, in any order.
#pragma once
#include <memory>
#include <string>

#include "attune/base/column.h"
#include "attune/tasks/model_bundle.h"
#include "attune/train/observer.h"

namespace attune::train {

struct Split;

class TeacherAnswers {
 public:
  // Runs the teacher over all rows, in `scratch` like the rows. Errors: those of open_for_inference; usage: another
  // task, a label of the student's that it lacks, a model that gives vectors. Nothing where the observer asked to stop.
  static std::shared_ptr<const TeacherAnswers> ask(const std::string& folder, const tasks::ModelBundle& student,
                                                   kernels::Kernels& kernels, const data::Dataset& rows,
                                                   const std::filesystem::path& scratch, Observer& observer);

  // Adds the answers for one sequence of the row: for tagging, of its words. A word that the teacher has no piece of
  // has no answer.
  void append(losses::Targets& targets, int32_t row, const data::Encoded& sequence, bool tagging) const;

 private:
  int64_t width_ = 0;      // K
  Column<float> logits_;   // [rows or words, K]; NaN: none
  Column<int64_t> first_;  // [rows] where a row's answers begin
};

}  // namespace attune::train
