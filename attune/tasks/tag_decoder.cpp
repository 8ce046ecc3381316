#include "attune/tasks/tag_decoder.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "attune/base/error.h"
#include "attune/base/suggest.h"
#include "attune/metrics/entities.h"

namespace attune::tasks {
namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();

int32_t find_tag(const metrics::TagScheme& scheme, char prefix, int32_t type) {
  for (int32_t label = 0; label < scheme.labels(); ++label)
    if (scheme.tag(label).prefix == prefix && scheme.tag(label).type == type) return label;
  return -1;
}

float probability(std::span<const float> logits, int32_t label) {
  double sum = 0;
  for (const float z : logits) sum += std::exp(static_cast<double>(z) - logits[label]);
  return static_cast<float>(1 / sum);
}

// Whether `place` does not go on right where `before` ends.
bool parted(const data::LabelPlace& before, const data::LabelPlace& place) {
  return place.word != before.word + before.words;
}

}  // namespace

std::vector<std::string> decoding_names() {
  return {"argmax", "iob2"};
}

const char* name(Decoding decoding) {
  return decoding == Decoding::argmax ? "argmax" : "iob2";
}

Decoding decoding_named(const std::string& name) {
  if (name == "argmax") return Decoding::argmax;
  if (name == "iob2") return Decoding::iob2;
  fail(ErrorKind::usage, "unknown decoding '{}'; known: argmax, iob2{}", name, did_you_mean(name, decoding_names()));
}

TagDecoder::TagDecoder(std::span<const std::string> labels, Decoding decoding, losses::LabelChain chain)
    : outputs_(labels.size()),
      chained_(!chain.empty()),
      chain_(std::move(chain)),
      rule_(decoding == Decoding::iob2 ? labels : std::span<const std::string>(), labels.size()) {
  if (!chained_) {
    chain_.begin.assign(outputs_, 0.0f), chain_.end.assign(outputs_, 0.0f);
    chain_.transitions.assign(outputs_ * outputs_, 0.0f);
  }
  ATTUNE_CHECK(chain_.begin.size() == outputs_ && chain_.end.size() == outputs_ &&
                   chain_.transitions.size() == outputs_ * outputs_,
               "a chain of other labels than these {}", outputs_);
  const metrics::TagScheme scheme(labels);
  for (int32_t label = 0; label < scheme.labels(); ++label) {
    const auto tag = scheme.tag(label);
    const int32_t inside = scheme.has_entities() && tag.prefix == 'B' ? find_tag(scheme, 'I', tag.type) : -1;
    goes_on_as_.push_back(inside < 0 ? label : inside);
  }
}

bool TagDecoder::keeps_rule(std::span<const int32_t> path) const {
  for (size_t i = 0; i < path.size(); ++i)
    if (i == 0 ? !rule_.may_begin(static_cast<size_t>(path[0]))
               : !rule_.may_follow(static_cast<size_t>(path[i - 1]), static_cast<size_t>(path[i])))
      return false;
  return true;
}

// Viterbi over logits [n, K]; ties go to the earlier label. `parted` [n]: a word stands between this one and the one
// before that nothing answers for and that counts as O.
void TagDecoder::best_path(std::span<const float> logits, const std::vector<bool>& parted,
                           std::span<int32_t> path) const {
  const size_t n = path.size();
  std::vector<double> score(outputs_), next(outputs_);
  std::vector<int32_t> from(n * outputs_);
  const auto add = [](float a, float b) { return static_cast<double>(a) + static_cast<double>(b); };
  for (size_t k = 0; k < outputs_; ++k) score[k] = rule_.may_begin(k) ? add(logits[k], chain_.begin[k]) : kNever;
  for (size_t i = 1; i < n; ++i) {
    for (size_t k = 0; k < outputs_; ++k) {
      int32_t best = -1;
      double best_score = kNever;
      for (size_t before = 0; before < outputs_; ++before) {
        if (parted[i] ? !rule_.may_begin(k) : !rule_.may_follow(before, k)) continue;
        const double through = score[before] + static_cast<double>(chain_.transitions[before * outputs_ + k]);
        if (best < 0 || through > best_score) best = static_cast<int32_t>(before), best_score = through;
      }
      from[i * outputs_ + k] = best;
      next[k] = best_score + static_cast<double>(logits[i * outputs_ + k]);
    }
    score.swap(next);
  }
  for (size_t k = 0; k < outputs_; ++k) score[k] += static_cast<double>(chain_.end[k]);
  path[n - 1] = static_cast<int32_t>(std::max_element(score.begin(), score.end()) - score.begin());
  for (size_t i = n - 1; i > 0; --i) path[i - 1] = from[i * outputs_ + static_cast<size_t>(path[i])];
}

// Each place's best label by itself; where such labels break the rule, or where neighbours count anyway, the best of
// all ways. Without a chain a word that nothing answers for parts a sentence into pieces that do not concern each
// other.
std::vector<int32_t> TagDecoder::path(std::span<const data::LabelPlace> places, std::span<const float> logits) const {
  std::vector<int32_t> path(places.size());
  std::vector<bool> apart(places.size(), false);
  for (size_t i = 0; i < places.size(); ++i) {
    const auto own = logits.subspan(i * outputs_, outputs_);
    path[i] = static_cast<int32_t>(std::max_element(own.begin(), own.end()) - own.begin());
    apart[i] = i > 0 && parted(places[i - 1], places[i]);
  }
  if (chained_ && !path.empty()) {
    best_path(logits, apart, path);
    return path;
  }
  const std::vector<bool> joined(places.size(), false);
  for (size_t first = 0, last = 1; first < places.size(); first = last++) {
    while (last < places.size() && !apart[last]) ++last;
    const auto run = std::span(path).subspan(first, last - first);
    if (!keeps_rule(run)) best_path(logits.subspan(first * outputs_, run.size() * outputs_), joined, run);
  }
  return path;
}

WordTags TagDecoder::decode(size_t words, std::span<const data::LabelPlace> places,
                            std::span<const float> logits) const {
  ATTUNE_CHECK(logits.size() == places.size() * outputs_, "{} logits for {} places of {} labels", logits.size(),
               places.size(), outputs_);
  const std::vector<int32_t> path = this->path(places, logits);
  WordTags tags{.labels = std::vector<int32_t>(words, -1), .probabilities = std::vector<float>(words, 0.0f)};
  for (size_t i = 0; i < places.size(); ++i) {
    const auto first = static_cast<size_t>(places[i].word), count = static_cast<size_t>(places[i].words);
    ATTUNE_CHECK(first + count <= words, "words {} to {} of {}", first, first + count, words);
    const float certain = probability(logits.subspan(i * outputs_, outputs_), path[i]);
    for (size_t w = first; w < first + count; ++w) {
      tags.labels[w] = w == first ? path[i] : goes_on_as_[path[i]];
      tags.probabilities[w] = certain;
    }
  }
  return tags;
}

}  // namespace attune::tasks
