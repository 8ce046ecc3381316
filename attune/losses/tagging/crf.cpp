#include "attune/losses/tagging/crf.h"

#include <algorithm>
#include <cmath>

#include "attune/losses/shared/host_items.h"
#include "attune/losses/tagging/chain_sums.h"
#include "attune/losses/targets.h"

namespace attune::losses {
namespace {

// A sentence of a batch: rows [first, last) of the logits.
struct Sentence {
  int32_t first, last;
};

// Sentences with a known tag.
std::vector<Sentence> sentences_of(const Targets& targets) {
  std::vector<Sentence> sentences;
  for (size_t s = 0; s + 1 < targets.sequences.size(); ++s) {
    const Sentence sentence{targets.sequences[s], targets.sequences[s + 1]};
    const auto begin = targets.classes.begin();
    if (std::any_of(begin + sentence.first, begin + sentence.last, [](int32_t y) { return y >= 0; }))
      sentences.push_back(sentence);
  }
  return sentences;
}

bool keeps(const Iob2Rule& rule, std::span<const int32_t> tags) {
  for (size_t t = 0; t < tags.size(); ++t) {
    if (tags[t] < 0) continue;
    const auto tag = static_cast<size_t>(tags[t]);
    if (t == 0 ? !rule.may_begin(tag) : tags[t - 1] >= 0 && !rule.may_follow(static_cast<size_t>(tags[t - 1]), tag))
      return false;
  }
  return true;
}

class Crf final : public Loss {
 public:
  Crf(const CrfOptions& own, const NoOptions&, const LossFacts& facts)
      : rate_(own.rate),
        labels_(facts.labels),
        rule_(facts.names, static_cast<size_t>(facts.labels)),
        constrained_(own.constrained && !rule_.allows_all()) {
    if (!facts.sequences) fail(ErrorKind::usage, "it is for tags of words in sentences (--task tag)");
  }
  std::string name() const override { return "crf"; }

  void add_parameters(nn::Parameters& parameters) override {
    const nn::ParameterOptions options{.init = nn::Init::zeros, .decays = false, .rate = rate_};
    transitions_ = parameters.add("crf.transitions", {labels_, labels_}, options);
    ends_ = parameters.add("crf.ends", {2, labels_}, options);
    parameters_ = &parameters;
  }

  LabelChain chain() const override {
    const tensor::OnHost<float> transitions(parameters_->memory(), transitions_->value),
        ends(parameters_->memory(), ends_->value);
    const auto begin = ends.values().begin(), middle = begin + labels_;
    return {.begin = {begin, middle},
            .end = {middle, ends.values().end()},
            .transitions = {transitions.values().begin(), transitions.values().end()}};
  }

  std::vector<int32_t> first_items(const Targets& targets) const override {
    std::vector<int32_t> first;
    for (const Sentence& sentence : sentences_of(targets)) first.push_back(sentence.first);
    return first;
  }

  double denominator(const Targets& targets) const override {
    double words = 0;
    for (const Sentence& sentence : sentences_of(targets))
      words += targets.weight(sentence.first) * (sentence.last - sentence.first);
    return words;
  }

  LossTerm evaluate(Context& context, const LossInput& input) const override {
    const Targets& targets = input.targets;
    const auto k = static_cast<size_t>(labels_);
    const auto sentences = sentences_of(targets);
    const std::vector<double> z = rows_on_host(context, input.logits, targets.items());
    const std::vector<double> transitions = rows_on_host(context, transitions_->value, labels_);
    const std::vector<double> ends = rows_on_host(context, ends_->value, 2);
    ItemsOfGroups out{.items = std::vector<double>(sentences.size()),
                      .item_of_row = std::vector<int32_t>(static_cast<size_t>(targets.items()), -1),
                      .d_rows = std::vector<double>(z.size())};
    std::vector<double> d_transitions(sentences.size() * k * k), d_ends(sentences.size() * 2 * k), u;
    ChainSums sums;
    for (size_t s = 0; s < sentences.size(); ++s) {
      const auto [first, last] = sentences[s];
      std::fill(out.item_of_row.begin() + first, out.item_of_row.begin() + last, static_cast<int32_t>(s));
      const auto from = static_cast<size_t>(first), count = static_cast<size_t>(last - first);
      const ChainScores scores{std::span(z).subspan(from * k, count * k), transitions, ends, k};
      const auto tags = std::span(targets.classes).subspan(from, count);
      const Iob2Rule* rule = constrained_ && keeps(rule_, tags) ? &rule_ : nullptr;
      // log sum of all, less that of what is known: their gradients with their signs
      for (const double sign : {1.0, -1.0}) {
        const ChainPaths paths{rule, sign > 0 ? std::span<const int32_t>() : tags};
        out.items[s] += sign * sums.log_sum(scores, paths);
        sums.add_expected(scores, paths, sign, std::span(out.d_rows).subspan(from * k, count * k),
                          std::span(d_transitions).subspan(s * k * k, k * k),
                          std::span(d_ends).subspan(s * 2 * k, 2 * k));
      }
      u.push_back(targets.weight(first));
    }
    out.own = {OwnGradient{transitions_->value, d_transitions}, OwnGradient{ends_->value, d_ends}};
    LossTerm term;
    term.items = put_group_items(context, "crf", input.logits, out);
    term.weights = numbers(context, u);
    term.sum = weighted_sum(context, term.items, term.weights, std::ssize(sentences));
    term.denominator = denominator(targets);
    return term;
  }

 private:
  double rate_;
  int64_t labels_;
  Iob2Rule rule_;
  bool constrained_;
  nn::Parameters* parameters_ = nullptr;
  nn::Parameter *transitions_ = nullptr, *ends_ = nullptr;
};

// Every tag sequence, one by one. A batch's sum.
long double crf_reference(const NaiveBatch& batch) {
  if (batch.items.empty()) return 0;
  const Iob2Rule rule(batch.names, batch.items[0].z.size());
  const bool constrained = batch.items[0].text("constrained") == "true";
  long double total = 0;
  for (size_t s = 0; s + 1 < batch.sequences.size(); ++s) {
    const size_t first = batch.sequences[s], n = batch.sequences[s + 1] - first, k = batch.items[0].z.size();
    const auto& own = batch.items[0].own;  // transitions, then ends
    const auto gold = [&](size_t t) {
      return batch.ignored[first + t] ? -1 : static_cast<int>(batch.items[first + t].y);
    };
    bool legal = true, known = false;
    for (size_t t = 0; t < n; ++t) {
      known = known || gold(t) >= 0;
      if (gold(t) < 0) continue;
      if (t == 0) legal = legal && rule.may_begin(static_cast<size_t>(gold(0)));
      if (t > 0 && gold(t - 1) >= 0)
        legal = legal && rule.may_follow(static_cast<size_t>(gold(t - 1)), static_cast<size_t>(gold(t)));
    }
    if (!known) continue;
    long double all = 0, right = 0;
    std::vector<size_t> path(n, 0);
    for (bool more = true; more;) {
      bool counts = true, agrees = true;
      long double score = own[k * k + path[0]] + own[k * k + k + path[n - 1]];
      for (size_t t = 0; t < n; ++t) {
        score += batch.items[first + t].z[path[t]] + (t > 0 ? own[path[t - 1] * k + path[t]] : 0);
        if (constrained && legal)
          counts = counts && (t == 0 ? rule.may_begin(path[0]) : rule.may_follow(path[t - 1], path[t]));
        agrees = agrees && (gold(t) < 0 || static_cast<size_t>(gold(t)) == path[t]);
      }
      if (counts) all += std::exp(score), right += agrees ? std::exp(score) : 0;
      size_t at = 0;
      while (at < n && ++path[at] == k) path[at++] = 0;
      more = at < n;
    }
    total += batch.u[first] * (std::log(all) - std::log(right));
  }
  return total;
}

long double words(const NaiveBatch& batch) {
  long double total = 0;
  for (size_t s = 0; s + 1 < batch.sequences.size(); ++s) {
    bool known = false;
    for (size_t i = batch.sequences[s]; i < batch.sequences[s + 1]; ++i) known = known || !batch.ignored[i];
    if (known)
      total += batch.u[batch.sequences[s]] * static_cast<long double>(batch.sequences[s + 1] - batch.sequences[s]);
  }
  return total;
}

}  // namespace

void CrfOptions::visit(OptionList& list) {
  list.add("constrained", constrained, {.help = "tag sequences that break IOB2 are no part of the sum"});
  list.add("rate", rate, {.help = "how much faster than the model its own scores learn", .min = 1e-3, .max = 1e5});
}

const LossEntry kCrf{
    .name = "crf",
    .fits = TargetKind::classes,
    .summary = "linear-chain conditional random field: a sentence's tags are scored together",
    .formula =
        "log sum_{tags'} exp score(tags') - score(tags),  score = begin + sum_t z[t,tag] + sum_t transition + end",
    .denominator = "words of the sentences",
    .source = "Lafferty, McCallum & Pereira 2001; Lample et al. 2016, arXiv 1603.01360, eq. 1-3",
    .notes =
        "Own parameters (K*K + 2K) that begin at 0 and learn `rate` times as fast. transformers reads the logits "
        "alone. Libraries divide by sentences.",
    .maker = maker_of<Crf, CrfOptions, NoOptions>,
    .batch_reference = crf_reference,
    .batch_denominator = words,
    .sequential = true,
    .own = [](int64_t labels) { return labels * labels + 2 * labels; }};

}  // namespace attune::losses
