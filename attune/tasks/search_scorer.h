// Texts searched by their vectors: what an embedding model is judged by.
//
// Pairs: the first text of a row asks, its second one answers; all second texts (and negatives) of the data set, and
// the documents of its corpus, are searched. Rows whose first texts are equal ask one question with several answers;
// equal documents are one. Texts are equal where their vectors are, bit for bit: an answer of attune's has the same
// bits in any company. Labelled texts: every text asks for the others of its label (where classes are large, an even
// part of them asks).
//
// Texts are compared by cosine: by the dot product of vectors scaled to length 1 (in f32).
#pragma once
#include <memory>

#include "attune/tasks/scorer.h"

namespace attune::tasks {

// `targets` must outlive the scorer.
std::unique_ptr<Scorer> make_search_scorer(const TargetTable& targets, const ScorerOptions& options);

}  // namespace attune::tasks
