#include "attune/train/teacher.h"

#include <cmath>

#include "attune/base/suggest.h"
#include "attune/report/format.h"
#include "attune/train/clock.h"

namespace attune::train {
namespace {

constexpr size_t kRowsTaught = 256;

// For each of the student's labels, the teacher's number of it; a score has the one.
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
  if (columns.empty()) columns.push_back(0);
  return columns;
}

}  // namespace

std::shared_ptr<const TeacherAnswers> TeacherAnswers::ask(const std::string& folder, const tasks::ModelBundle& student,
                                                          kernels::Kernels& kernels, const data::Dataset& rows,
                                                          const std::filesystem::path& scratch, Observer& observer) {
  const auto start = Clock::now();
  const tasks::ModelBundle teacher = with_context(
      [] { return "of --teacher"; },
      [&] {
        return tasks::open_for_inference(folder, {.precision = student.model->compute(), .device = student.device});
      });
  if (teacher.task->kind != student.task->kind)
    fail(ErrorKind::usage, "--teacher {} is a model of the task '{}'; this run's is '{}'", folder, teacher.task->name,
         student.task->name);
  std::vector<size_t> columns;
  Predictor predictor(teacher, kernels);
  auto answers = std::make_shared<TeacherAnswers>();
  if (student.loss.reads_teacher(losses::Teacher::answers)) columns = columns_of(teacher, student, folder);
  if (student.loss.reads_teacher(losses::Teacher::hidden)) {
    answers->hidden_.width = teacher.model->config().hidden;
    predictor.want_features();
  }
  answers->answers_.width = std::ssize(columns);
  answers->answers_.values = Column<float>(scratch), answers->hidden_.values = Column<float>(scratch);
  answers->first_ = Column<int64_t>(scratch);
  std::vector<data::Example> some;
  for (size_t i = 0; i < rows.examples.size(); ++i) {
    some.push_back(rows.examples[i]);
    if (some.size() < kRowsTaught && i + 1 < rows.examples.size()) continue;
    if (observer.stop_requested()) return nullptr;
    answers->keep(some, predictor.logits(some), columns, static_cast<size_t>(teacher.logit_count()),
                  student.task->kind == tasks::TaskKind::tag);
    some.clear();
  }
  answers->answers_.values.seal(), answers->hidden_.values.seal(), answers->first_.seal();
  observer.note(fmt::format("asked the teacher {} about {} rows, {}", folder, report::count(rows.examples.size()),
                            report::seconds(seconds_since(start))));
  return answers;
}

void TeacherAnswers::keep(std::span<const data::Example> rows, std::span<const RowLogits> said,
                          std::span<const size_t> columns, size_t outputs, bool tagging) {
  const auto width = static_cast<size_t>(hidden_.width);
  std::vector<float> answers, hidden;
  for (size_t r = 0; r < rows.size(); ++r) {
    const size_t reads = said[r].logits.size() / outputs, items = tagging ? rows[r].words.size() : reads;
    answers.assign(items * columns.size(), std::nanf("")), hidden.assign(items * width, std::nanf(""));
    for (size_t read = 0; read < reads; ++read) {
      const size_t item = tagging ? static_cast<size_t>(said[r].places[read].word) : read;
      for (size_t c = 0; c < columns.size(); ++c)
        answers[item * columns.size() + c] = said[r].logits[read * outputs + columns[c]];
      for (size_t c = 0; c < width; ++c) hidden[item * width + c] = said[r].features[read * width + c];
    }
    first_.push_back(items_);
    items_ += static_cast<int64_t>(items);
    answers_.values.append(answers), hidden_.values.append(hidden);
  }
}

void TeacherAnswers::Numbers::append(std::vector<float>& to, int64_t item) const {
  if (width == 0) return;
  const auto own = values.values().subspan(static_cast<size_t>(item * width), static_cast<size_t>(width));
  to.insert(to.end(), own.begin(), own.end());
}

void TeacherAnswers::append(losses::Targets& targets, int32_t row, const data::Encoded& sequence, int64_t number,
                            bool tagging) const {
  const auto add = [&](int64_t item) {
    answers_.append(targets.teacher, item);
    hidden_.append(targets.teacher_hidden, item);
  };
  if (!tagging) return add(first_[row] + number);
  for (const data::LabelPlace& place : sequence.places) add(first_[row] + place.word);
}

}  // namespace attune::train
