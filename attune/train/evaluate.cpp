#include "attune/train/evaluate.h"

#include <algorithm>
#include <cmath>

#include "attune/train/clock.h"
#include "attune/train/strategy.h"

namespace attune::train {
namespace {

constexpr int64_t kRowsTogether = 32;

void check_finite(std::span<const float> logits, const Split& split, int32_t row) {
  for (const float logit : logits)
    if (!std::isfinite(logit))
      fail(ErrorKind::numeric,
           "{}: the model's answer is {}: its weights grew beyond all bounds in training (a lower --lr, more --warmup, "
           "or --clip helps) or are damaged",
           split.data.describe(split.data.examples.view(static_cast<size_t>(row)).origin),
           std::isnan(logit) ? "not a number" : "infinite");
}

// Hands each row of the data set its own rows of logits.
void score_batch(tasks::Scorer& scorer, const tasks::Batch& batch, const Split& split, std::span<const int32_t> rows,
                 bool tagging, std::span<const float> logits, size_t outputs, const SeeRow& see) {
  size_t at = 0;
  std::vector<data::LabelPlace> places;
  for (const int32_t row : rows) {
    places.clear();
    for (int64_t s = split.encoded.first_sequence(row); s < split.encoded.first_sequence(row + 1); ++s) {
      const auto own = split.encoded.at(s).places;
      places.insert(places.end(), own.begin(), own.end());
    }
    const auto reads = static_cast<size_t>(reads_of(split, row, tagging));
    const auto own = logits.subspan(at * outputs, reads * outputs);
    check_finite(own, split, row);
    scorer.add(row, places, own);
    if (see) see(row, places, own);
    at += reads;
  }
  ATTUNE_CHECK(static_cast<int64_t>(at) == batch.read_count, "{} of {} rows scored", at, batch.read_count);
}

// Runs a batch and returns the last layer's outputs [read_count, P].
std::vector<float> run_batch(const models::Model& model, kernels::Kernels& kernels, tensor::Arena& arena,
                             const tasks::Batch& batch) {
  arena.reset();
  autograd::Context context{.kernels = kernels, .arena = arena, .compute = model.compute()};
  const tensor::Tensor outputs = model.forward(context, batch.rows, batch.head()).logits;
  const tensor::OnHost<float> values(arena.memory(), outputs, batch.read_count * outputs.cols());
  return {values.values().begin(), values.values().end()};
}

// Hands over the documents' vectors; false: stopped.
bool score_corpus(tasks::Scorer& scorer, const tasks::ModelBundle& bundle, kernels::Kernels& kernels,
                  tensor::Arena& arena, const data::EncodedSet& corpus, const EvaluateOptions& options) {
  tasks::Batch batch;
  const auto width = static_cast<size_t>(bundle.logit_count());
  for (int64_t first = 0; first < corpus.size(); first += options.batch_size) {
    if (options.stop && options.stop()) return false;
    batch.clear();
    for (int64_t s = first; s < std::min(corpus.size(), first + options.batch_size); ++s)
      batch.add(corpus.at(s), /*tagging=*/false, 0);
    batch.finish();
    const std::vector<float> vectors = bundle.logits(run_batch(*bundle.model, kernels, arena, batch));
    for (size_t at = 0; at < vectors.size(); at += width) scorer.add_document(std::span(vectors).subspan(at, width));
  }
  return true;
}

}  // namespace

std::optional<tasks::Evaluation> evaluate(const tasks::ModelBundle& bundle, kernels::Kernels& kernels,
                                          const Split& split, const EvaluateOptions& options) {
  const auto start = Clock::now();
  const bool tagging = bundle.task->kind == tasks::TaskKind::tag;
  const losses::Objective& loss = bundle.loss;
  tasks::ScorerOptions scoring = options.scorer;
  scoring.chain = loss.chain();
  scoring.ordered = loss.reads_order();
  scoring.width = bundle.logit_count();
  scoring.kernels = &kernels;
  scoring.scratch = split.data.examples.folder();
  const auto scorer = tasks::make_scorer(*bundle.task, bundle.labels, split.targets, scoring);
  tensor::Arena arena(kernels.memory());
  tasks::Batch batch;
  if (split.corpus && !score_corpus(*scorer, bundle, kernels, arena, *split.corpus, options)) return std::nullopt;
  std::vector<int32_t> rows;
  losses::PerTerm<double> sums(loss.terms().size()), denominators(sums.size());
  int64_t tokens = 0;
  // A model trained on one kind of texts can be judged on another; its loss cannot.
  const bool has_loss = tasks::text_rows(split.targets.shape()) == loss.facts().texts;
  // A loss whose items depend on their company is always given the same company.
  const int64_t at_once = has_loss && loss.depends_on_batch() ? kRowsTogether : options.batch_size;
  for (int64_t first = 0; first < split.rows(); first += at_once) {
    if (options.stop && options.stop()) return std::nullopt;
    rows.clear();
    for (int64_t row = first; row < std::min(split.rows(), first + at_once); ++row)
      rows.push_back(static_cast<int32_t>(row));
    fill_batch(batch, split, rows, tagging);
    if (batch.read_count == 0) continue;
    arena.reset();
    autograd::Context context{.kernels = kernels, .arena = arena, .compute = bundle.model->compute()};
    const models::ModelOutput output = bundle.model->forward(context, batch.rows, batch.head(), hidden_for(loss));
    const tensor::OnHost<float> outputs(arena.memory(), output.logits, batch.read_count * output.logits.cols());
    score_batch(*scorer, batch, split, rows, tagging, bundle.logits(outputs.values()),
                static_cast<size_t>(bundle.logit_count()), options.see);
    tokens += batch.rows.tokens();
    if (!has_loss) continue;
    // As it stands at the end of training, whenever that is: so that values of one run compare.
    const losses::ObjectiveValue value = loss.evaluate(context, {.logits = output.logits,
                                                                 .hidden = output.hidden,
                                                                 .features = output.features,
                                                                 .targets = batch.targets,
                                                                 .progress = 1});
    losses::add_sums(sums, value);
    for (size_t t = 0; t < sums.size(); ++t) denominators[t] += value.terms[t].denominator;
  }
  const bool any = std::any_of(denominators.begin(), denominators.end(), [](double d) { return d > 0; });
  tasks::Evaluation evaluation = scorer->finish(options.bootstrap);
  evaluation.scores.set("loss", any ? loss.total(sums, denominators) : metrics::kUndefined);
  evaluation.seconds = seconds_since(start);
  evaluation.tokens = tokens;
  return evaluation;
}

}  // namespace attune::train
