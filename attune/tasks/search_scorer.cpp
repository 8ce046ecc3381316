#include "attune/tasks/search_scorer.h"

#include <algorithm>

#include "attune/base/rng.h"
#include "attune/kernels/kernels.h"
#include "attune/tasks/search.h"
#include "attune/tasks/vectors.h"

namespace attune::tasks {
namespace {

constexpr int64_t kMostRanks = 1 << 22;              // 64 MiB
constexpr int64_t kScoresAtOnce = int64_t{1} << 22;  // 16 MiB

// Vectors of length 1, one behind another.
class UnitRows {
 public:
  explicit UnitRows(const std::filesystem::path& scratch) : values_(scratch) {}
  void add(std::span<const float> vector) {
    row_.assign(vector.begin(), vector.end());
    scale_to_unit_rows(row_, row_.size());
    values_.append(row_);
    ++size_;
  }
  void seal() { values_.seal(); }
  int64_t size() const { return size_; }
  // Rows [first, first + count) where the kernels read them.
  tensor::Tensor on_device(tensor::Arena& arena, int64_t first, int64_t count) const {
    const int64_t width = values_.size() / size_;
    const tensor::Tensor to = arena.tensor({count, width}, tensor::DType::f32);
    tensor::write_from_host<float>(arena.memory(), to, [&](std::span<float> out) {
      std::copy_n(values_.values().begin() + first * width, count * width, out.begin());
    });
    return to;
  }

 private:
  int64_t size_ = 0;
  Column<float> values_;
  std::vector<float> row_;
};

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
    if (labelled_) return add_labelled(row, vectors);
    const int64_t query = search_.query(key_of_values(vectors.first(width_)), {row, 0});
    if (query == queries_.size()) queries_.add(vectors.first(width_));
    for (size_t t = 1; t < vectors.size() / width_; ++t) {
      const int64_t document = add_document(vectors.subspan(t * width_, width_), {row, static_cast<int32_t>(t)});
      if (t == 1) search_.answer(query, {document, static_cast<double>(targets_.score(row))});
    }
  }

  void add_document(std::span<const float> vector) override { add_document(vector, {corpus_++, -1}); }

  Evaluation finish(const metrics::BootstrapOptions& bootstrap) override {
    queries_.seal(), documents_.seal();
    choose_stride();
    const auto own = kernels_ ? nullptr : kernels::cpu::make_kernels(1);
    kernels::Kernels& kernels = kernels_ ? *kernels_ : *own;
    const UnitRows& searched = labelled_ ? queries_ : documents_;
    const int64_t documents = searched.size();
    tensor::Arena arena(kernels.memory());
    const tensor::Tensor all = documents > 0 ? searched.on_device(arena, 0, documents) : tensor::Tensor();
    const auto mark = arena.mark();
    const int64_t block = std::clamp<int64_t>(kScoresAtOnce / std::max<int64_t>(1, documents), 1, 256);
    for (int64_t first = 0; first < queries_.size(); first += block) {
      const int64_t count = std::min(block, queries_.size() - first);
      arena.rewind(mark);
      const tensor::Tensor scores = arena.tensor({count, documents}, tensor::DType::f32);
      kernels.matmul({.a = queries_.on_device(arena, first, count), .b = all, .c = scores, .transpose_b = true});
      const tensor::OnHost<float> read(arena.memory(), scores);
      for (int64_t q = 0; q < count; ++q)
        rank(first + q, read.values().subspan(static_cast<size_t>(q * documents), static_cast<size_t>(documents)));
    }
    return search_.judged(bootstrap);
  }

 private:
  // Every text asks and answers: its number is that of both.
  void add_labelled(int32_t row, std::span<const float> vector) {
    by_label_[targets_.labels(row)[0]].push_back(search_.query(std::nullopt, {row, 0}));
    search_.document(std::nullopt, {row, 0});
    queries_.add(vector);
  }

  void rank(int64_t query, std::span<const float> scores) {
    if (!labelled_) return search_.rank(query, scores);
    if (query % stride_ != 0) return;
    std::vector<Search::Answer> alike;
    for (const int64_t other : by_label_[targets_.labels(search_.query_place(query).row)[0]])
      if (other != query) alike.push_back({other, 1});
    search_.rank(query, scores, std::move(alike), query);
  }

  // So that the ranks of large classes, which are kept, stay within bounds: every stride-th text asks.
  void choose_stride() {
    int64_t answers = 0;
    for (const auto& [label, texts] : by_label_) answers += std::ssize(texts) * std::ssize(texts);
    stride_ = 1 + answers / kMostRanks;
  }

  int64_t add_document(std::span<const float> vector, TextPlace place) {
    const int64_t document = search_.document(key_of_values(vector), place);
    if (document == documents_.size()) documents_.add(vector);
    return document;
  }

  const TargetTable& targets_;
  bool labelled_;
  size_t width_;
  kernels::Kernels* kernels_;
  Search search_;
  UnitRows queries_, documents_;
  std::unordered_map<int32_t, std::vector<int64_t>> by_label_;
  int64_t corpus_ = 0, stride_ = 1;
};

}  // namespace

std::unique_ptr<Scorer> make_search_scorer(const TargetTable& targets, const ScorerOptions& options) {
  return std::make_unique<SearchScorer>(targets, options);
}

}  // namespace attune::tasks
