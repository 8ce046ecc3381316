#include "attune/metrics/tagging.h"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "attune/base/error.h"

namespace attune::metrics {
namespace {

using SlotCount = TaggingMeter::SlotCount;

// The counts of one sentence, built slot by slot; sentences touch few slots, so a linear search is quick.
SlotCount& at_slot(TaggingMeter::Sentence& sentence, int32_t slot) {
  for (SlotCount& count : sentence) {
    if (count.slot == slot) return count;
  }
  return sentence.emplace_back(SlotCount{.slot = slot});
}

void count_entities(TaggingMeter::Sentence& sentence, int32_t first_slot, std::vector<Entity> gold,
                    std::vector<Entity> predicted) {
  std::sort(gold.begin(), gold.end());
  std::sort(predicted.begin(), predicted.end());
  std::vector<Entity> both;
  std::set_intersection(gold.begin(), gold.end(), predicted.begin(), predicted.end(), std::back_inserter(both));
  for (const Entity& entity : gold) ++at_slot(sentence, first_slot + entity.type).gold;
  for (const Entity& entity : predicted) ++at_slot(sentence, first_slot + entity.type).predicted;
  for (const Entity& entity : both) ++at_slot(sentence, first_slot + entity.type).correct;
}

bool more_confident(const WordMistake& a, const WordMistake& b) {
  return std::make_tuple(-a.probability, a.row, a.word) < std::make_tuple(-b.probability, b.row, b.word);
}

}  // namespace

TaggingMeter::TaggingMeter(std::vector<std::string> labels, int64_t sentences, size_t most_mistakes)
    : labels_(std::move(labels)), scheme_(labels_), sentences_(sentences), most_mistakes_(most_mistakes) {}

void TaggingMeter::add(int64_t row, std::span<const int32_t> gold, std::span<const int32_t> predicted,
                       std::span<const float> probabilities) {
  ATTUNE_CHECK(gold.size() == predicted.size(), "{} gold labels, {} predicted", gold.size(), predicted.size());
  ATTUNE_CHECK(probabilities.empty() || probabilities.size() == gold.size(), "{} probabilities for {} words",
               probabilities.size(), gold.size());
  const int32_t labels = scheme_.labels(), types = static_cast<int32_t>(scheme_.types().size());
  Sentence sentence;
  std::vector<int32_t> said(predicted.begin(), predicted.end());
  for (size_t word = 0; word < gold.size(); ++word) {
    ATTUNE_CHECK(gold[word] >= 0 && gold[word] < labels && said[word] >= -1 && said[word] < labels,
                 "labels {} and {} of {}", gold[word], said[word], labels);
    cut_off_ += said[word] < 0;
    if (said[word] < 0) said[word] = scheme_.outside();
    ++at_slot(sentence, gold[word]).gold;
    if (said[word] >= 0) ++at_slot(sentence, said[word]).predicted;
    if (said[word] == gold[word]) ++at_slot(sentence, gold[word]).correct;
    confusion_.add(gold[word], said[word]);
    if (said[word] != gold[word] && !probabilities.empty() && predicted[word] >= 0) {
      note_mistake({row, static_cast<int32_t>(word), gold[word], said[word], probabilities[word]});
    }
  }
  words_ += static_cast<int64_t>(gold.size());
  if (scheme_.has_entities()) {
    count_entities(sentence, labels, entities(scheme_, gold), entities(scheme_, said));
    count_entities(sentence, labels + types, strict_entities(scheme_, gold), strict_entities(scheme_, said));
  }
  sentence.shrink_to_fit();
  sentences_.put(row, std::move(sentence));
}

void TaggingMeter::note_mistake(const WordMistake& mistake) {
  if (most_mistakes_ == 0) return;
  const auto place = std::upper_bound(mistakes_.begin(), mistakes_.end(), mistake, more_confident);
  if (place == mistakes_.end() && mistakes_.size() >= most_mistakes_) return;
  mistakes_.insert(place, mistake);
  if (mistakes_.size() > most_mistakes_) mistakes_.pop_back();
}

TaggingStatistics::TaggingStatistics(const TaggingMeter& meter)
    : scheme_(meter.scheme()),
      sentences_(meter.sentences()),
      names_({"entity_f1", "entity_f1_strict", "entity_precision", "entity_recall", "entity_macro_f1", "token_accuracy",
              "token_macro_f1", "token_weighted_f1"}) {}

std::vector<ClassCount> TaggingStatistics::counts(std::span<const uint32_t> weights) const {
  std::vector<ClassCount> counts(static_cast<size_t>(scheme_.labels()) + 2 * scheme_.types().size());
  for (size_t row = 0; row < sentences_.size(); ++row) {
    const int64_t weight = weights[row];
    if (weight == 0) continue;
    for (const SlotCount& slot : sentences_[row]) {
      counts[slot.slot].correct += weight * slot.correct;
      counts[slot.slot].predicted += weight * slot.predicted;
      counts[slot.slot].gold += weight * slot.gold;
    }
  }
  return counts;
}

namespace {

// The three tables that lie in one vector of slots.
struct Tables {
  Tables(std::span<const ClassCount> counts, const TagScheme& scheme)
      : tokens(class_table(counts.first(labels(scheme)), MacroOver::present)),
        entities(class_table(counts.subspan(labels(scheme), scheme.types().size()), MacroOver::present)),
        strict(class_table(counts.last(scheme.types().size()), MacroOver::present)) {
    int64_t correct = 0;
    for (const ClassRow& row : tokens.rows) correct += row.count.correct;
    if (tokens.support > 0) accuracy = static_cast<double>(correct) / static_cast<double>(tokens.support);
  }
  static size_t labels(const TagScheme& scheme) { return static_cast<size_t>(scheme.labels()); }
  ClassTable tokens, entities, strict;
  double accuracy = kUndefined;
};

}  // namespace

void TaggingStatistics::evaluate(std::span<const uint32_t> weights, std::span<double> values) const {
  std::fill(values.begin(), values.end(), kUndefined);
  const Tables tables(counts(weights), scheme_);
  if (tables.tokens.support == 0) return;
  if (scheme_.has_entities()) {
    values[0] = tables.entities.micro.f1;
    values[1] = tables.strict.micro.f1;
    values[2] = tables.entities.micro.precision;
    values[3] = tables.entities.micro.recall;
    values[4] = tables.entities.macro.f1;
  }
  values[5] = tables.accuracy;
  values[6] = tables.tokens.macro.f1;
  values[7] = tables.tokens.weighted.f1;
}

TaggingResult summarize(const TaggingMeter& meter, const BootstrapOptions& options) {
  const TaggingStatistics statistics(meter);
  const std::vector<uint32_t> ones(static_cast<size_t>(statistics.units()), 1);
  Tables tables(statistics.counts(ones), meter.scheme());
  TaggingResult result;
  result.scores = evaluate(statistics, options);
  result.tokens = std::move(tables.tokens);
  result.token_accuracy = tables.accuracy;
  result.entities = std::move(tables.entities);
  result.strict_entities = std::move(tables.strict);
  result.confusion = meter.confusion();
  result.sentences = statistics.units();
  result.words = meter.words();
  result.cut_off_words = meter.cut_off_words();
  return result;
}

}  // namespace attune::metrics
