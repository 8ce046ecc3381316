#include "attune/tasks/search_scorer.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "attune/base/rng.h"
#include "attune/kernels/kernels.h"
#include "attune/metrics/ranks.h"

namespace attune::tasks {
namespace {

constexpr size_t kMostMistakes = 20;
constexpr int64_t kScoresAtOnce = int64_t{1} << 22;  // 16 MiB

// Vectors of length 1, each once, where they are; what asked for or held them.
class VectorTable {
 public:
  explicit VectorTable(const std::filesystem::path& scratch) : values_(scratch) {}

  // The number of the vector; `place` is kept where it is new. With `merge` equal ones are one.
  int64_t add(std::span<const float> vector, TextPlace place, bool merge) {
    width_ = static_cast<int64_t>(vector.size());
    if (merge) {
      const auto [found, fresh] = numbers_.try_emplace(key_of(vector), size());
      if (!fresh) return found->second;
    }
    double squares = 0;
    for (const float x : vector) squares += static_cast<double>(x) * static_cast<double>(x);
    const double scale = squares > 0 ? 1 / std::sqrt(squares) : 0;
    row_.clear();
    for (const float x : vector) row_.push_back(static_cast<float>(static_cast<double>(x) * scale));
    values_.append(row_);
    places_.push_back(place);
    return size() - 1;
  }
  void seal() { values_.seal(); }

  int64_t size() const { return std::ssize(places_); }
  int64_t width() const { return width_; }
  TextPlace place(int64_t i) const { return places_[static_cast<size_t>(i)]; }
  std::span<const float> rows(int64_t first, int64_t count) const {
    return values_.values().subspan(static_cast<size_t>(first * width_), static_cast<size_t>(count * width_));
  }

 private:
  static uint64_t key_of(std::span<const float> vector) {
    uint64_t key = vector.size();
    for (const float x : vector) key = mix_key(key, std::bit_cast<uint32_t>(x));
    return key;
  }
  int64_t width_ = 0;
  Column<float> values_;
  std::vector<TextPlace> places_;
  std::vector<float> row_;
  std::unordered_map<uint64_t, int64_t> numbers_;
};

tensor::Tensor on_device(tensor::Arena& arena, std::span<const float> values, int64_t rows) {
  const tensor::Tensor to = arena.tensor({rows, static_cast<int64_t>(values.size()) / rows}, tensor::DType::f32);
  tensor::write_from_host<float>(arena.memory(), to,
                                 [&](std::span<float> out) { std::copy(values.begin(), values.end(), out.begin()); });
  return to;
}

class SearchScorer final : public Scorer {
 public:
  SearchScorer(const TargetTable& targets, const ScorerOptions& options)
      : targets_(targets),
        labelled_(targets.shape() == data::TextShape::labelled),
        width_(static_cast<size_t>(options.width)),
        kernels_(options.kernels),
        queries_(options.scratch),
        documents_(options.scratch) {}

  void add(int32_t row, std::span<const data::LabelPlace>, std::span<const float> vectors) override {
    if (labelled_) {
      queries_.add(vectors, {row, 0}, /*merge=*/false);
      return;
    }
    const size_t width = width_, texts = vectors.size() / width;
    const int64_t query = queries_.add(vectors.first(width), {row, 0}, true);
    if (query == std::ssize(relevant_)) relevant_.emplace_back();
    for (size_t t = 1; t < texts; ++t) {
      const int64_t document = documents_.add(vectors.subspan(t * width, width), {row, static_cast<int32_t>(t)}, true);
      if (t == 1) judge(query, document, static_cast<double>(targets_.score(row)));
    }
  }

  void add_document(std::span<const float> vector) override { documents_.add(vector, {corpus_++, -1}, true); }

  Evaluation finish(const metrics::BootstrapOptions& bootstrap) override {
    queries_.seal(), documents_.seal();
    if (labelled_) group_by_label();
    const auto own = kernels_ ? nullptr : kernels::cpu::make_kernels(1);
    kernels::Kernels& kernels = kernels_ ? *kernels_ : *own;
    const VectorTable& searched = labelled_ ? queries_ : documents_;
    std::vector<metrics::RetrievalRecord> records;
    tensor::Arena arena(kernels.memory());
    const tensor::Tensor all = on_device(arena, searched.rows(0, searched.size()), searched.size());
    const auto mark = arena.mark();
    const int64_t block = std::clamp<int64_t>(kScoresAtOnce / std::max<int64_t>(1, searched.size()), 1, 256);
    for (int64_t first = 0; first < queries_.size(); first += block) {
      const int64_t count = std::min(block, queries_.size() - first);
      arena.rewind(mark);
      const tensor::Tensor scores = arena.tensor({count, searched.size()}, tensor::DType::f32);
      kernels.matmul(
          {.a = on_device(arena, queries_.rows(first, count), count), .b = all, .c = scores, .transpose_b = true});
      const tensor::OnHost<float> read(arena.memory(), scores);
      for (int64_t q = 0; q < count; ++q)
        rank(first + q,
             read.values().subspan(static_cast<size_t>(q * searched.size()), static_cast<size_t>(searched.size())),
             searched, records);
    }
    return judged(records, searched.size(), bootstrap);
  }

 private:
  struct Answer {
    int64_t document;
    double gain;
  };

  // A document that answers twice keeps its larger gain.
  void judge(int64_t query, int64_t document, double gain) {
    auto& answers = relevant_[static_cast<size_t>(query)];
    const auto found =
        std::find_if(answers.begin(), answers.end(), [&](const Answer& a) { return a.document == document; });
    if (found == answers.end())
      answers.push_back({document, gain});
    else
      found->gain = std::max(found->gain, gain);
  }

  void group_by_label() {
    for (int64_t i = 0; i < queries_.size(); ++i) of_label_[label_of(i)].push_back(i);
  }
  int32_t label_of(int64_t text) const { return targets_.labels(queries_.place(text).row)[0]; }

  // What answers a query, the smallest gain first.
  std::vector<Answer> answers_to(int64_t query) const {
    std::vector<Answer> answers;
    if (labelled_) {
      for (const int64_t other : of_label_.at(label_of(query)))
        if (other != query) answers.push_back({other, 1});
      return answers;
    }
    answers = relevant_[static_cast<size_t>(query)];
    std::stable_sort(answers.begin(), answers.end(), [](const Answer& a, const Answer& b) { return a.gain < b.gain; });
    return answers;
  }

  void rank(int64_t query, std::span<const float> scores, const VectorTable& searched,
            std::vector<metrics::RetrievalRecord>& records) {
    const std::vector<Answer> answers = answers_to(query);
    if (answers.empty()) return;  // the only text of its label
    std::vector<int64_t> right;
    for (const Answer& answer : answers) right.push_back(answer.document);
    const std::vector<int64_t> left_out = labelled_ ? std::vector<int64_t>{query} : std::vector<int64_t>{};
    const auto ranks = metrics::ranks_of_relevant(scores, right, left_out);
    metrics::RetrievalRecord record;
    for (size_t i = 0; i < ranks.size(); ++i) record.relevant.push_back({ranks[i], answers[i].gain});
    records.push_back(std::move(record));
    const auto best = std::min_element(ranks.begin(), ranks.end()) - ranks.begin();
    int64_t top = -1;
    for (int64_t d = 0; d < searched.size(); ++d)
      if (!(labelled_ && d == query) && (top < 0 || scores[static_cast<size_t>(d)] > scores[static_cast<size_t>(top)]))
        top = d;
    asked_.push_back({.row = queries_.place(query).row,
                      .rank = ranks[static_cast<size_t>(best)],
                      .right = searched.place(right[static_cast<size_t>(best)]),
                      .first = searched.place(top)});
  }

  Evaluation judged(const std::vector<metrics::RetrievalRecord>& records, int64_t documents,
                    const metrics::BootstrapOptions& bootstrap) {
    Evaluation evaluation;
    auto result = metrics::summarize(records, documents, bootstrap);
    evaluation.scores = result.scores;
    evaluation.detail = std::move(result);
    for (const int64_t query : metrics::worst_queries(records, kMostMistakes))
      if (const SearchMistake& mistake = asked_[static_cast<size_t>(query)]; mistake.rank > 1)
        evaluation.search_mistakes.push_back(mistake);
    return evaluation;
  }

  const TargetTable& targets_;
  bool labelled_;
  size_t width_;
  kernels::Kernels* kernels_;
  VectorTable queries_, documents_;
  std::vector<std::vector<Answer>> relevant_;                   // by query; not of labelled texts
  std::unordered_map<int32_t, std::vector<int64_t>> of_label_;  // labelled texts
  std::vector<SearchMistake> asked_;                            // by query that has an answer
  int64_t corpus_ = 0;
};

}  // namespace

std::unique_ptr<Scorer> make_search_scorer(const TargetTable& targets, const ScorerOptions& options) {
  return std::make_unique<SearchScorer>(targets, options);
}

}  // namespace attune::tasks
