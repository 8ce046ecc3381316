// From a sentence's logits to a tag a word.
//
//   argmax  each word the largest of its logits: what Hugging Face's pipelines do
//   iob2    the tags t that make  sum over words w of logits[w, t_w]  largest among those in which every I-X stands
//   right
//           after a B-X or an I-X (found exactly, by Viterbi's algorithm: Viterbi 1967). Where the argmax tags keep
//           that rule, they are these.
//
// A loss that has learned of labels that follow each other (a CRF; losses::LabelChain) adds to that sum its scores of
// the first tag, the last one, and each two neighbours; its argmax is then the best of all ways too.
//
// The rule holds for types X that have both labels: label sets without B- (IOB1, parts of speech) are decoded alike by
// both.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "attune/data/encoded_set.h"
#include "attune/losses/link.h"
#include "attune/losses/tagging/iob2.h"

namespace attune::tasks {

enum class Decoding { argmax, iob2 };

// As --decoding and attune.json name them.
std::vector<std::string> decoding_names();
const char* name(Decoding decoding);
// Errors (usage): another name.
Decoding decoding_named(const std::string& name);

// By word of the sentence.
struct WordTags {
  std::vector<int32_t> labels;       // -1: no piece answers for the word; it counts as O
  std::vector<float> probabilities;  // of the label, by soft-max over the word's own logits; 0 where there is none
};

class TagDecoder {
 public:
  TagDecoder(std::span<const std::string> labels, Decoding decoding, losses::LabelChain chain = {});

  // `places`: those of all of the sentence's windows, in the order of its words; logits [places, K]. Characters that
  // share a piece go on with what their first one is: I-X after B-X. A word that nothing answers for counts as O, so no
  // I- follows it.
  WordTags decode(size_t words, std::span<const data::LabelPlace> places, std::span<const float> logits) const;

 private:
  bool keeps_rule(std::span<const int32_t> path) const;
  std::vector<int32_t> path(std::span<const data::LabelPlace> places, std::span<const float> logits) const;
  void best_path(std::span<const float> logits, const std::vector<bool>& parted, std::span<int32_t> path) const;

  size_t outputs_;
  bool chained_;                     // neighbours count in every sentence
  losses::LabelChain chain_;         // zeros where there is none
  std::vector<int32_t> goes_on_as_;  // [K] the label of a further character of the same piece
  losses::Iob2Rule rule_;            // for argmax: all may follow all
};

}  // namespace attune::tasks
