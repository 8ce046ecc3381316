#include "attune/metrics/retrieval.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "attune/base/error.h"

namespace attune::metrics {
namespace {

constexpr std::array kNames = {"ndcg_10", "mrr", "mrr_10", "recall_1", "recall_5", "recall_10", "map"};
using QueryValues = std::array<double, kNames.size()>;

double discounted(double gain, int64_t rank) {
  return gain / std::log2(static_cast<double>(rank) + 1);
}

// `relevant` by rising rank.
double ndcg(std::span<const RelevantDocument> relevant, int64_t depth) {
  std::vector<double> gains;
  double reached = 0;
  for (const RelevantDocument& document : relevant) {
    gains.push_back(document.gain);
    if (document.rank <= depth) reached += discounted(document.gain, document.rank);
  }
  std::sort(gains.begin(), gains.end(), std::greater<>());
  double ideal = 0;
  for (size_t i = 0; i < gains.size() && static_cast<int64_t>(i) < depth; ++i) {
    ideal += discounted(gains[i], static_cast<int64_t>(i) + 1);
  }
  return reached / ideal;
}

double recall(std::span<const RelevantDocument> relevant, int64_t depth) {
  const auto found = std::count_if(relevant.begin(), relevant.end(), [&](const auto& d) { return d.rank <= depth; });
  return static_cast<double>(found) / static_cast<double>(relevant.size());
}

double average_precision(std::span<const RelevantDocument> relevant) {
  double sum = 0;
  for (size_t i = 0; i < relevant.size(); ++i)
    sum += static_cast<double>(i + 1) / static_cast<double>(relevant[i].rank);
  return sum / static_cast<double>(relevant.size());
}

QueryValues judge(const RetrievalRecord& record) {
  std::vector<RelevantDocument> relevant = record.relevant;
  ATTUNE_CHECK(!relevant.empty(), "a query without a relevant document is judged");
  std::sort(relevant.begin(), relevant.end(), [](const auto& a, const auto& b) { return a.rank < b.rank; });
  const double reciprocal = 1 / static_cast<double>(relevant.front().rank);
  return {ndcg(relevant, 10),         reciprocal,          relevant.front().rank <= 10 ? reciprocal : 0.0,
          recall(relevant, 1),        recall(relevant, 5), recall(relevant, 10),
          average_precision(relevant)};
}

}  // namespace

void RetrievalMeter::add(int64_t query, RetrievalRecord record) {
  ATTUNE_CHECK(!record.relevant.empty(), "query {} has no relevant document", query);
  std::vector<int64_t> ranks;
  for (const RelevantDocument& document : record.relevant) {
    ATTUNE_CHECK(document.rank >= 1, "query {} has a relevant document at rank {}", query, document.rank);
    ATTUNE_CHECK(document.gain > 0 && std::isfinite(document.gain), "query {} has a relevant document of gain {}",
                 query, document.gain);
    ranks.push_back(document.rank);
  }
  std::sort(ranks.begin(), ranks.end());
  const auto twice = std::adjacent_find(ranks.begin(), ranks.end());
  ATTUNE_CHECK(twice == ranks.end(), "query {} has two relevant documents at rank {}", query, *twice);
  records_.put(query, std::move(record));
}

RetrievalStatistics::RetrievalStatistics(std::span<const RetrievalRecord> records)
    : queries_(static_cast<int64_t>(records.size())), names_(kNames.begin(), kNames.end()) {
  of_query_.reserve(records.size() * kNames.size());
  for (const RetrievalRecord& record : records) {
    const QueryValues values = judge(record);
    of_query_.insert(of_query_.end(), values.begin(), values.end());
  }
}

void RetrievalStatistics::evaluate(std::span<const uint32_t> weights, std::span<double> values) const {
  QueryValues sums{};
  int64_t queries = 0;
  for (size_t query = 0; query < weights.size(); ++query) {
    if (weights[query] == 0) continue;
    queries += weights[query];
    const double* of_query = of_query_.data() + query * kNames.size();
    for (size_t i = 0; i < sums.size(); ++i) sums[i] += weights[query] * of_query[i];
  }
  for (size_t i = 0; i < sums.size(); ++i)
    values[i] = queries == 0 ? kUndefined : sums[i] / static_cast<double>(queries);
}

RetrievalResult summarize(std::span<const RetrievalRecord> records, int64_t documents,
                          const BootstrapOptions& options) {
  return {evaluate(RetrievalStatistics(records), options), static_cast<int64_t>(records.size()), documents};
}

std::vector<int64_t> worst_queries(std::span<const RetrievalRecord> records, size_t most) {
  std::vector<int64_t> first(records.size()), queries(records.size());
  for (size_t i = 0; i < queries.size(); ++i) {
    queries[i] = static_cast<int64_t>(i);
    const auto& relevant = records[i].relevant;
    ATTUNE_CHECK(!relevant.empty(), "query {} has no relevant document", i);
    first[i] = std::min_element(relevant.begin(), relevant.end(), [](const auto& a, const auto& b) {
                 return a.rank < b.rank;
               })->rank;
  }
  std::stable_sort(queries.begin(), queries.end(),
                   [&](int64_t a, int64_t b) { return first[static_cast<size_t>(a)] > first[static_cast<size_t>(b)]; });
  if (queries.size() > most) queries.resize(most);
  return queries;
}

}  // namespace attune::metrics
