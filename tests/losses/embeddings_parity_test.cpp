// Losses of embeddings against sentence-transformers and pytorch-metric-learning (in words: docs/loss-parity.md).
#include "tests/losses/parity.h"

namespace attune {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace): the room's own helpers
using losses::TextRows;

constexpr auto kEmbeddings = losses::TargetKind::embeddings;
constexpr double kTolerance = 1e-12;

Outcome outcome(const std::string& text, const LossFacts& facts, const losses::Batch& batch) {
  return losses::try_loss(*losses::make_loss(text, kEmbeddings, facts), batch, losses::Precision::f64);
}

// Theirs has a matrix for anchors, one for positives, ...; ours a row's texts one after the other.
losses::Batch rows_of_texts(const json& row) {
  const json& columns = row["embeddings"];
  losses::Batch batch{.columns = static_cast<int64_t>(columns[0][0].size()), .logits = {}, .targets = {}};
  for (size_t i = 0; i < columns[0].size(); ++i) {
    batch.targets.sequences.push_back(static_cast<int32_t>(batch.rows()));
    for (const json& column : columns)
      for (const double x : flat(column[i])) batch.logits.push_back(x);
  }
  batch.targets.sequences.push_back(static_cast<int32_t>(batch.rows()));
  if (row.contains("labels") && columns.size() == 2)
    for (const double y : flat(row["labels"])) batch.targets.values.push_back(static_cast<float>(y));
  if (row.contains("labels") && columns.size() == 1) batch.targets.classes = row["labels"].get<std::vector<int32_t>>();
  return batch;
}

// Their gradient in our order.
std::vector<double> gradient_of(const json& row) {
  losses::Batch of = rows_of_texts({{"embeddings", row["d_embeddings"]}});
  return of.logits;
}

// theirs = ours / divided_by
void compare_texts(const json& row, const Outcome& got, double divided_by) {
  near(got.sum / divided_by, row["loss"].get<double>(), kTolerance, "loss");
  const std::vector<double> want = gradient_of(row);
  ASSERT_EQ(got.d_logits.size(), want.size());
  for (size_t i = 0; i < want.size(); ++i)
    EXPECT_NEAR(got.d_logits[i] / divided_by, want[i], kTolerance * std::max(1.0, std::abs(want[i]))) << i;
}

TEST(EmbeddingsParity, InfoNceIsSentenceTransformersMultipleNegatives) {
  each_case("st_mnrl", 4, [](const json& row) {
    const std::string text = fmt::format("info_nce(temperature={})", 1 / number(row, "scale", 20));
    const Outcome got = outcome(text, {.texts = TextRows::pairs}, rows_of_texts(row));
    compare_texts(row, got, got.denominator);
  });
}

TEST(EmbeddingsParity, CosentIsSentenceTransformers) {
  each_case("st_cosent", 2, [](const json& row) {
    const Outcome got = outcome("cosent", {.texts = TextRows::scored}, rows_of_texts(row));
    EXPECT_EQ(got.denominator, got.sum == 0 ? 0 : 1);  // equal scores: 0 of 0
    compare_texts(row, got, 1);
  });
}

TEST(EmbeddingsParity, CosineMseIsSentenceTransformers) {
  each_case("st_cosine", 2, [](const json& row) {
    const Outcome got = outcome("cosine_mse", {.texts = TextRows::scored}, rows_of_texts(row));
    compare_texts(row, got, got.denominator);
  });
}

TEST(EmbeddingsParity, SupConIsMetricLearnings) {
  each_case("pml_supcon", 4, [](const json& row) {
    const std::string text = fmt::format("supcon(temperature={})", number(row, "temperature", 0.1));
    const Outcome got = outcome(text, {.texts = TextRows::labelled}, rows_of_texts(row));
    compare_texts(row, got, got.denominator);
  });
}

// The pairs of indices i != j whose classes are equal, or are not.
std::vector<std::pair<size_t, size_t>> pairs_of(const std::vector<int32_t>& classes, bool equal) {
  std::vector<std::pair<size_t, size_t>> all;
  for (size_t i = 0; i < classes.size(); ++i)
    for (size_t j = 0; j < classes.size(); ++j)
      if (i != j && (classes[i] == classes[j]) == equal) all.emplace_back(i, j);
  return all;
}

// Theirs divides the sum of all triplets by those that cost something, ours is a mean for each anchor: weights that are
// the anchor's triplets make one of the other.
TEST(EmbeddingsParity, BatchTripletOfAllIsMetricLearnings) {
  each_case("pml_triplet", 4, [](const json& row) {
    losses::Batch batch = rows_of_texts(row);
    const auto& classes = batch.targets.classes;
    const double margin = number(row, "margin", 0.05);
    const auto distance = [&](size_t a, size_t b) {
      double square = 0, of_a = 0, of_b = 0;
      for (size_t c = 0; c < 3; ++c)
        of_a += std::pow(batch.logits[a * 3 + c], 2), of_b += std::pow(batch.logits[b * 3 + c], 2);
      for (size_t c = 0; c < 3; ++c)
        square += std::pow(batch.logits[a * 3 + c] / std::sqrt(of_a) - batch.logits[b * 3 + c] / std::sqrt(of_b), 2);
      return std::sqrt(square);
    };
    std::vector<float> triplets(classes.size());
    double costly = 0;
    for (const auto& [a, p] : pairs_of(classes, true))
      for (const auto& [of, n] : pairs_of(classes, false)) {
        if (of != a) continue;
        ++triplets[a], costly += distance(a, p) - distance(a, n) + margin > 0;
      }
    for (float& each : triplets) each = std::max(each, 1e-30F);  // of weight 0 they would not be there at all
    batch.targets.weights = triplets;
    const std::string text = fmt::format("batch_triplet(mining=all, distance=chord, margin={})", margin);
    compare_texts(row, outcome(text, {.texts = TextRows::labelled}, batch), costly);
  });
}

// Theirs is a mean over pairs of a class, each with the texts of other classes alone: info_nce of one row that brings
// these as its own negatives.
TEST(EmbeddingsParity, InfoNceOfARowWithItsNegativesIsMetricLearningsNtXent) {
  each_case("pml_ntxent", 4, [](const json& row) {
    const losses::Batch all = rows_of_texts(row);
    const auto positives = pairs_of(all.targets.classes, true), others = pairs_of(all.targets.classes, false);
    const std::string text = fmt::format("info_nce(temperature={})", number(row, "temperature", 0.07));
    Outcome sum{.items = {}, .d_logits = std::vector<double>(all.logits.size()), .d_own = {}};
    for (const auto& [a, p] : positives) {
      std::vector<size_t> texts{a, p};
      for (const auto& [of, n] : others)
        if (of == a) texts.push_back(n);
      losses::Batch one{.columns = 3, .logits = {}, .targets = {}};
      for (const size_t t : texts) one.logits.insert(one.logits.end(), &all.logits[3 * t], &all.logits[3 * t] + 3);
      one.targets.sequences = {0, static_cast<int32_t>(texts.size())};
      const Outcome got = outcome(text, {.texts = TextRows::pairs, .negatives = true}, one);
      sum.sum += got.sum;
      for (size_t i = 0; i < got.d_logits.size(); ++i) sum.d_logits[3 * texts[i / 3] + i % 3] += got.d_logits[i];
    }
    compare_texts(row, sum, static_cast<double>(positives.size()));
  });
}

// pml_contrastive: attune has no loss of single pairs that are equal or not; nothing to compare.

}  // namespace
}  // namespace attune
