// The places that relevant documents get when a corpus is ordered by its scores.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace attune::metrics {

// scores [D]: of one query with each document, higher is nearer. `relevant`, `left_out`: indices of documents. Returns
// the rank of each relevant document, in the order of `relevant`, 1-based, among the documents that are not left out
// (the query itself, say):
//   rank(d) = 1 + irrelevant documents with a score >= that of d
//               + relevant ones with a higher score, or with the same score and before d in `relevant`
// So ties count against the model, whose scores must tell documents apart to be credited, no two ranks are equal, and
// the order of the corpus decides nothing. Where gains differ, give `relevant` by rising gain: ties then count against
// it there too. Infinite scores are as good as others. One pass over the scores, O(D log R).
// Errors (numeric): a score is NaN, names the document; (internal): an index out of range, or given twice.
std::vector<int64_t> ranks_of_relevant(std::span<const float> scores, std::span<const int64_t> relevant,
                                       std::span<const int64_t> left_out = {});

}  // namespace attune::metrics
