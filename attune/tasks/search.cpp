#include "attune/tasks/search.h"

#include <algorithm>

#include "attune/metrics/ranks.h"

namespace attune::tasks {
namespace {

constexpr size_t kMostMistakes = 20;

}  // namespace

int64_t Search::Numbered::add(std::optional<uint64_t> key, TextPlace place) {
  if (key) {
    const auto [found, fresh] = numbers.try_emplace(*key, size());
    if (!fresh) return found->second;
  }
  places.push_back(place);
  return size() - 1;
}

void Search::answer(int64_t query, Answer answer) {
  if (std::ssize(answers_) <= query) answers_.resize(static_cast<size_t>(query) + 1);
  auto& answers = answers_[static_cast<size_t>(query)];
  const auto found =
      std::find_if(answers.begin(), answers.end(), [&](const Answer& a) { return a.document == answer.document; });
  if (found == answers.end())
    answers.push_back(answer);
  else
    found->gain = std::max(found->gain, answer.gain);
}

void Search::rank(int64_t query, std::span<const float> scores) {
  if (query < std::ssize(answers_)) rank(query, scores, answers_[static_cast<size_t>(query)], -1);
}

void Search::rank(int64_t query, std::span<const float> scores, std::vector<Answer> answers, int64_t left_out) {
  if (answers.empty()) return;
  // Ties count against the model where gains differ too (metrics/ranks.h).
  std::stable_sort(answers.begin(), answers.end(), [](const Answer& a, const Answer& b) { return a.gain < b.gain; });
  std::vector<int64_t> right, without;
  for (const Answer& answer : answers) right.push_back(answer.document);
  if (left_out >= 0) without.push_back(left_out);
  const auto ranks = metrics::ranks_of_relevant(scores, right, without);
  metrics::RetrievalRecord& record = records_.emplace_back();
  for (size_t i = 0; i < ranks.size(); ++i) record.relevant.push_back({ranks[i], answers[i].gain});
  const auto best = static_cast<size_t>(std::min_element(ranks.begin(), ranks.end()) - ranks.begin());
  int64_t first = -1;
  for (int64_t d = 0; d < documents(); ++d)
    if (d != left_out && (first < 0 || scores[static_cast<size_t>(d)] > scores[static_cast<size_t>(first)])) first = d;
  asked_.push_back({.row = query_place(query).row,
                    .rank = ranks[best],
                    .right = document_place(right[best]),
                    .first = document_place(first)});
}

Evaluation Search::judged(const metrics::BootstrapOptions& bootstrap) const {
  Evaluation evaluation;
  auto result = metrics::summarize(records_, documents(), bootstrap);
  evaluation.scores = result.scores;
  evaluation.detail = std::move(result);
  for (const int64_t record : metrics::worst_queries(records_, kMostMistakes))
    if (const SearchMistake& mistake = asked_[static_cast<size_t>(record)]; mistake.rank > 1)
      evaluation.search_mistakes.push_back(mistake);
  return evaluation;
}

}  // namespace attune::tasks
