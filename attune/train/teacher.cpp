#include "attune/train/teacher.h"

#include <cmath>

#include "attune/base/suggest.h"
#include "attune/report/format.h"
#include "attune/train/clock.h"
#include "attune/train/predictor.h"

namespace attune::train {
namespace {

constexpr size_t kRowsAtOnce = 256;

// For each of the student's labels, the teacher's number of it.
std::vector<size_t> columns_of(const tasks::ModelBundle& teacher, const tasks::ModelBundle& student,
                               const std::string& folder) {
  std::vector<size_t> columns;
  for (const std::string& label : student.labels.names()) {
    const int at = teacher.labels.find(label);
    if (at < 0)
      fail(ErrorKind::usage, "--teacher {}: it has no label '{}'{}; a teacher knows all labels of the training data",
           folder, label, did_you_mean(label, teacher.labels.names()));
    columns.push_back(static_cast<size_t>(at));
  }
  return columns;
}

}  // namespace

std::shared_ptr<const TeacherAnswers> TeacherAnswers::ask(const std::string& folder, const tasks::ModelBundle& student,
                                                          kernels::Kernels& kernels, const data::Dataset& rows,
                                                          const std::filesystem::path& scratch, Observer& observer) {
  const auto start = Clock::now();
  const tasks::ModelBundle teacher =
      with_context([] { return "of --teacher"; },
                   [&] { return tasks::open_for_inference(folder, student.model->compute(), {}, student.device); });
  if (teacher.task->kind != student.task->kind)
    fail(ErrorKind::usage, "--teacher {} is a model of the task '{}'; this run's is '{}'", folder, teacher.task->name,
         student.task->name);
  const std::vector<size_t> columns = columns_of(teacher, student, folder);
  const bool tagging = student.task->kind == tasks::TaskKind::tag;
  const auto k = static_cast<size_t>(teacher.logit_count());
  auto answers = std::make_shared<TeacherAnswers>();
  answers->width_ = static_cast<int64_t>(columns.size());
  answers->logits_ = Column<float>(scratch), answers->first_ = Column<int64_t>(scratch);
  Predictor predictor(teacher, kernels);
  std::vector<data::Example> some;
  int64_t first = 0;
  std::vector<float> row;
  for (size_t i = 0; i < rows.examples.size(); ++i) {
    some.push_back(rows.examples[i]);
    if (some.size() < kRowsAtOnce && i + 1 < rows.examples.size()) continue;
    if (observer.stop_requested()) return nullptr;
    const std::vector<RowLogits> said = predictor.logits(some);
    for (size_t r = 0; r < some.size(); ++r) {
      const size_t items = tagging ? some[r].words.size() : 1;
      row.assign(items * columns.size(), std::nanf(""));
      const size_t reads = said[r].logits.size() / k;
      for (size_t read = 0; read < reads; ++read) {
        const size_t item = tagging ? static_cast<size_t>(said[r].places[read].word) : 0;
        for (size_t c = 0; c < columns.size(); ++c)
          row[item * columns.size() + c] = said[r].logits[read * k + columns[c]];
      }
      answers->first_.push_back(first);
      answers->logits_.append(row);
      first += static_cast<int64_t>(items);
    }
    some.clear();
  }
  answers->logits_.seal(), answers->first_.seal();
  observer.note(fmt::format("asked the teacher {} about {} rows, {}", folder, report::count(rows.examples.size()),
                            report::seconds(seconds_since(start))));
  return answers;
}

void TeacherAnswers::append(losses::Targets& targets, int32_t row, const data::Encoded& sequence, bool tagging) const {
  const auto add = [&](int64_t item) {
    const auto values = logits_.values().subspan(static_cast<size_t>(item * width_), static_cast<size_t>(width_));
    targets.teacher.insert(targets.teacher.end(), values.begin(), values.end());
  };
  if (!tagging) return add(first_[row]);
  for (const data::LabelPlace& place : sequence.places) add(first_[row] + place.word);
}

}  // namespace attune::train
