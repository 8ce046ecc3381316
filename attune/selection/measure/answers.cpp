#include "attune/selection/measure/answers.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <map>

#include "attune/data/labels.h"
#include "attune/data/tag_scheme.h"
#include "attune/selection/measure/order.h"
#include "attune/selection/measure/statistics.h"

namespace attune::selection {
namespace {

constexpr int32_t kFewGrades = 5;

// A row's answer and how sure it is; nothing for the probability where the file has none.
struct Answer {
  const compare::PredictionRow* row = nullptr;
  std::string label = {};
  double probability = metrics::kUndefined;
  bool right() const { return label == row->gold[0]; }
};

Answer sure_answer_of(const compare::PredictionRow& row) {
  Answer answer{.row = &row};
  const auto best = std::max_element(row.logits.begin(), row.logits.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  if (!row.predicted.empty() || best != row.logits.end()) answer.label = compare::answer_of(row);
  const auto own = std::find_if(row.logits.begin(), row.logits.end(),
                                [&](const auto& logit) { return logit.first == answer.label; });
  if (own == row.logits.end() || !std::isfinite(best->second)) return answer;
  double sum = 0;
  for (const auto& [label, logit] : row.logits) sum += std::exp(logit - best->second);
  // Probabilities that do not sum to 1 (the first few alone, say) stay what they are.
  answer.probability = std::exp(own->second - best->second) / sum * row.probability_sum;
  return answer;
}

// Rows with what is right and an answer.
std::vector<Answer> answers_of(const compare::PredictionFile& file) {
  std::vector<Answer> answers;
  for (const compare::PredictionRow& row : file.rows) {
    if (!row.has_gold || row.gold.size() != 1 || !row.has_prediction) continue;
    answers.push_back(sure_answer_of(row));
  }
  return answers;
}

std::string answer_place(const compare::PredictionFile& file, const compare::PredictionRow& row) {
  return file.has_ids || file.path.empty() ? row.id : file.where(row);
}

void measure_noise(const compare::PredictionFile& file, const std::vector<Answer>& answers, Profile& profile) {
  std::map<std::string_view, std::vector<const Answer*>> by_answer;
  for (const Answer& answer : answers)
    if (!std::isnan(answer.probability)) by_answer[answer.label].push_back(&answer);
  int64_t confident = 0;
  std::vector<SuspiciousRow> suspicious;
  for (auto& [label, rows] : by_answer) {
    std::stable_sort(rows.begin(), rows.end(),
                     [](const Answer* a, const Answer* b) { return a->probability > b->probability; });
    rows.resize((rows.size() + 2) / 5);  // a fifth, rounded
    confident += std::ssize(rows);
    for (const Answer* answer : rows) {
      if (answer->right()) continue;
      suspicious.push_back({.place = answer_place(file, *answer->row),
                            .reason = fmt::format("a trained model that has not seen it answers '{}' ({:.2f})", label,
                                                  answer->probability),
                            .suspicion = std::clamp(answer->probability, 0.0, 1.0),
                            .label = answer->row->gold[0],
                            .expected = std::string(label)});
    }
  }
  Figure figure =
      share_figure("noise_ceiling", "confident answers that the label contradicts", std::ssize(suspicious), confident);
  figure.note = by_answer.empty() ? "no row has a label and a probability"
                : confident == 0  ? "too few rows: no answer has three"
                                  : "of the fifth of each answer's rows that is most confident; wrong labels of hard "
                                    "rows do not show";
  profile.set(std::move(figure));
  add_suspicious(profile, std::move(suspicious));
}

void measure_order(const std::vector<Answer>& answers, Profile& profile) {
  std::vector<std::string> names;
  for (const Answer& answer : answers) {
    names.push_back(answer.row->gold[0]), names.push_back(answer.label);
    for (const auto& [label, logit] : answer.row->logits) names.push_back(label);
  }
  names.erase(std::remove(names.begin(), names.end(), ""), names.end());
  const data::Labels labels = data::Labels::sorted(std::move(names));
  const bool declared = profile.value("grades") == 1;
  if (!labels.are_grades() && !declared) return;
  Figure figure{.name = "order_veto", .title = "chance that confusions are as near by the labels' order (p)"};
  if (labels.are_grades()) {
    std::vector<std::pair<int32_t, int32_t>> confusions;
    for (const Answer& answer : answers)
      if (!answer.right()) confusions.emplace_back(labels.find(answer.row->gold[0]), labels.find(answer.label));
    figure.n = std::ssize(confusions);
    figure.value = order_p_value(confusions, labels.size());
    figure.note = confusions.empty()           ? "no row is answered wrongly"
                  : labels.size() < kFewGrades ? "below 5 classes it can prove little"
                                               : "large: the order says nothing of the confusions";
  } else {
    figure.note = "the labels are no numbers, so their order does not stand in the answers";
  }
  profile.set(std::move(figure));
}

void measure_classes_answered(const compare::PredictionFile& file, Profile& profile) {
  const std::vector<Answer> answers = answers_of(file);
  measure_noise(file, answers, profile);
  const auto wrong = std::count_if(answers.begin(), answers.end(), [](const Answer& a) { return !a.right(); });
  Figure error = share_figure("error", "rows answered wrongly", wrong, std::ssize(answers));
  if (answers.empty()) error.note = "no row has a label and an answer";
  profile.set(std::move(error));
  measure_order(answers, profile);
}

// Answers I-X that continue neither B-X nor I-X.
int64_t count_illegal(const std::vector<std::string>& tags) {
  int64_t illegal = 0;
  data::SplitTag before{0, {}};
  for (const std::string& text : tags) {
    const data::SplitTag tag = data::split_tag(text);
    const bool continues = (before.prefix == 'B' || before.prefix == 'I') && before.type == tag.type;
    illegal += tag.prefix == 'I' && !continues;
    before = tag;
  }
  return illegal;
}

void measure_tags_answered(const compare::PredictionFile& file, Profile& profile) {
  int64_t words = 0, illegal = 0, sentences = 0, wrong = 0, answered = 0;
  for (const compare::PredictionRow& row : file.rows) {
    if (!row.has_prediction || row.has_places) continue;
    ++answered;
    words += std::ssize(row.predicted);
    illegal += count_illegal(row.predicted);
    if (!row.has_gold) continue;
    ++sentences;
    wrong += row.predicted != row.gold;
  }
  Figure error = share_figure("error", "sentences with a wrong tag", wrong, sentences);
  if (sentences == 0) error.note = "no sentence has tags that are right and tags that are answered";
  profile.set(std::move(error));
  Figure figure = share_figure("illegal_tags", "words whose answer is an I- that continues nothing", illegal, words);
  if (words == 0) figure.note = answered > 0 ? "the sentences have no words" : "the answers are entities, not tags";
  profile.set(std::move(figure));
}

}  // namespace

void measure_answers(const compare::PredictionFile& answers, Profile& profile) {
  if (answers.kind == data::TargetKind::label) return measure_classes_answered(answers, profile);
  if (answers.kind == data::TargetKind::tags) return measure_tags_answered(answers, profile);
}

}  // namespace attune::selection
