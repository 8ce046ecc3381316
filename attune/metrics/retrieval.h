// Metrics of retrieval: a query is put to a corpus, and what counts is where its relevant documents come to stand. A
// query leaves their ranks (metrics/ranks.h) and gains; nothing else of its order over the corpus is kept.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "attune/metrics/row_records.h"
#include "attune/metrics/statistics.h"

namespace attune::metrics {

struct RelevantDocument {
  int64_t rank = 0;  // 1: at the top
  double gain = 1;   // its relevance, above 0
};

struct RetrievalRecord {
  std::vector<RelevantDocument> relevant;  // all that the corpus has for the query, in any order
};

class RetrievalMeter {
 public:
  explicit RetrievalMeter(int64_t queries) : records_(queries) {}
  // Errors (internal): no relevant document (such a query says nothing: leave it out and say so); a rank below 1 or
  // given twice; a gain that is not above 0 and finite; query given twice or out of range.
  void add(int64_t query, RetrievalRecord record);
  // By query. Errors (internal): a query is missing.
  const std::vector<RetrievalRecord>& records() const { return records_.all(); }

 private:
  RowRecords<RetrievalRecord> records_;
};

// Means over queries, of a query with relevant documents r = 1..R at ranks k_1 < ... < k_R with gains g_r:
//   ndcg_10    sum over k_r <= 10 of g_r / log2(k_r + 1), divided by the same sum with the query's gains in falling
//              order at ranks 1, 2, ... (K. Jarvelin & J. Kekalainen 2002). The gain is linear, as in trec_eval; the
//              other custom, 2^g - 1, is the same where every gain is 1.
//   mrr        1 / k_1
//   mrr_10     1 / k_1, or 0 where k_1 > 10
//   recall_N   share of the R with k_r <= N, for N = 1, 5, 10. With one relevant document this is what
//              sentence-transformers calls accuracy@N.
//   map        average precision, (1 / R) * sum over r of r / k_r
// mrr and map look at the whole order. All are undefined without queries.
class RetrievalStatistics : public Statistics {
 public:
  // Judges each query once; does not keep `records`, whose contract is that of RetrievalMeter::add.
  explicit RetrievalStatistics(std::span<const RetrievalRecord> records);
  const std::vector<std::string>& names() const override { return names_; }
  int64_t units() const override { return queries_; }  // queries
  void evaluate(std::span<const uint32_t> weights, std::span<double> values) const override;

 private:
  int64_t queries_;
  std::vector<std::string> names_;
  std::vector<double> of_query_;  // [queries, names]
};

struct RetrievalResult {
  Scores scores;
  int64_t queries = 0;
  int64_t documents = 0;  // in the corpus
};
RetrievalResult summarize(std::span<const RetrievalRecord> records, int64_t documents,
                          const BootstrapOptions& options = {});

// Queries whose first relevant document stands lowest come first (ties: by query), at most `most`.
std::vector<int64_t> worst_queries(std::span<const RetrievalRecord> records, size_t most);

}  // namespace attune::metrics
