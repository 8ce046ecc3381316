// Which tags may follow which, in IOB2 (Ramshaw & Marcus 1995; Tjong Kim Sang & Veenstra 1999): I-X only after B-X or
// I-X. The rule holds for types X that have both labels; label sets without B- (IOB1, parts of speech) have none.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace attune::losses {

class Iob2Rule {
 public:
  // `names` of K labels; empty: every label may follow every other of `labels`.
  explicit Iob2Rule(std::span<const std::string> names, size_t labels);

  bool may_begin(size_t label) const { return may_begin_[label]; }  // a sentence, or after a word that is O
  bool may_follow(size_t before, size_t label) const { return follows_[before * may_begin_.size() + label]; }
  bool allows_all() const { return allows_all_; }

 private:
  std::vector<bool> may_begin_;  // [K]
  std::vector<bool> follows_;    // [K, K] from, to
  bool allows_all_ = true;
};

}  // namespace attune::losses
