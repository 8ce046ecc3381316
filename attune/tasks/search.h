// Queries put to documents: which documents answer which query, and what an order of them is worth. Who orders them
// (vectors, the words in common) comes from outside.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "attune/tasks/scorer.h"

namespace attune::tasks {

class Search {
 public:
  // The number of a query or document; `key` says which are the same, the first one's place stays. No key: a new one.
  int64_t query(std::optional<uint64_t> key, TextPlace place) { return queries_.add(key, place); }
  int64_t document(std::optional<uint64_t> key, TextPlace place) { return documents_.add(key, place); }
  int64_t queries() const { return queries_.size(); }
  int64_t documents() const { return documents_.size(); }
  TextPlace query_place(int64_t query) const { return queries_.places[static_cast<size_t>(query)]; }
  TextPlace document_place(int64_t document) const { return documents_.places[static_cast<size_t>(document)]; }

  struct Answer {
    int64_t document;
    double gain;  // above 0
  };
  // The document answers the query; of two gains the larger counts.
  void answer(int64_t query, Answer answer);

  // scores [documents], higher is nearer. A query without an answer is passed over.
  void rank(int64_t query, std::span<const float> scores);
  // With answers that are not kept here; `left_out`: a document that is not searched, below 0: none.
  void rank(int64_t query, std::span<const float> scores, std::vector<Answer> answers, int64_t left_out);
  // What the ranked queries come to.
  Evaluation judged(const metrics::BootstrapOptions& bootstrap) const;

 private:
  struct Numbered {
    int64_t add(std::optional<uint64_t> key, TextPlace place);
    int64_t size() const { return std::ssize(places); }
    std::vector<TextPlace> places;
    std::unordered_map<uint64_t, int64_t> numbers;
  };
  Numbered queries_, documents_;
  std::vector<std::vector<Answer>> answers_;  // by query; may be shorter
  std::vector<metrics::RetrievalRecord> records_;
  std::vector<SearchMistake> asked_;  // by record
};

}  // namespace attune::tasks
