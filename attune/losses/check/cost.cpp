#include "attune/losses/check/cost.h"

#include <algorithm>
#include <chrono>

#include "attune/kernels/kernels.h"
#include "attune/tensor/packed_rows.h"

namespace attune::losses {
namespace {

constexpr int64_t kItems = 16;
constexpr int64_t kWords = 15;
constexpr int64_t kDimensions = 384;  // of embeddings

LossFacts facts_of(const LossEntry& entry) {
  int64_t labels = entry.fits == TargetKind::classes ? 77 : entry.fits == TargetKind::labels ? 28 : 1;
  if (entry.sequential) labels = 9;
  if (entry.ordered) labels = 5;
  LossFacts facts{.labels = labels, .sequences = entry.sequential, .texts = entry.needs, .negatives = true};
  for (int64_t c = 0; c < labels; ++c) facts.counts.push_back(static_cast<double>(10 + c));
  for (const double n : facts.counts) facts.items += n;
  for (int64_t c = 0; c < labels; ++c) facts.names.push_back(fmt::format("{}-{}", c % 2 ? "I" : "B", c / 2));
  if (!entry.sequential) facts.names.back() = "oos";
  return facts;
}

// Rows of two texts; labelled ones of one, and triplets.
Targets targets_of_texts(const LossEntry& entry) {
  Targets targets;
  const bool labelled = entry.needs == TextRows::labelled, scored = entry.needs == TextRows::scored;
  const int64_t texts = labelled ? 1 : std::string_view(entry.name) == "triplet" ? 3 : 2;
  for (int64_t i = 0; i < kItems; ++i) {
    if (labelled) targets.classes.push_back(static_cast<int32_t>(i % 4));
    if (scored) targets.values.push_back(static_cast<float>(i % 5) / 4);
  }
  for (int64_t i = 0; i <= kItems; ++i) targets.sequences.push_back(static_cast<int32_t>(i * texts));
  for (int64_t t = 0; t < kItems * texts; ++t) targets.texts.push_back(static_cast<uint64_t>(t));
  if (entry.reads_teacher == Teacher::hidden)
    for (int64_t t = 0; t < kItems * texts * kDimensions; ++t)
      targets.teacher_hidden.push_back(static_cast<float>(t * 31 % 89) * 0.05F - 2.0F);
  return targets;
}

Targets targets_of(const LossEntry& entry, int64_t labels) {
  if (entry.fits == TargetKind::embeddings) return targets_of_texts(entry);
  Targets targets;
  targets.width = labels;
  const int64_t items = entry.sequential ? kItems * kWords : kItems;
  for (int64_t i = 0; i < items; ++i) {
    if (entry.fits == TargetKind::classes) targets.classes.push_back(static_cast<int32_t>((5 * i) % labels));
    for (int64_t c = 0; entry.reads_teacher == Teacher::answers && c < labels; ++c)
      targets.teacher.push_back(static_cast<float>((i + c) % 7));
    for (int64_t c = 0; entry.fits != TargetKind::classes && c < labels; ++c)
      targets.values.push_back((i + c) % 9 == 0 ? 1.0F : 0.0F);
  }
  for (int64_t i = 0; entry.sequential && i <= kItems; ++i)
    targets.sequences.push_back(static_cast<int32_t>(i * kWords));
  return targets;
}

}  // namespace

double microseconds_a_batch(const LossEntry& entry) {
  using Clock = std::chrono::steady_clock;
  const LossFacts facts = facts_of(entry);
  const auto loss = entry.maker()->make(facts);
  const Targets targets = targets_of(entry, facts.labels);
  const bool embeddings = entry.fits == TargetKind::embeddings;
  const int64_t columns = embeddings ? kDimensions : loss->link() ? loss->link()->outputs(facts.labels) : facts.labels;
  const int64_t rows = embeddings ? targets.sequences.back() : targets.items();
  const auto kernels = kernels::cpu::make_kernels(1);
  nn::Parameters parameters;
  loss->add_parameters(parameters);
  if (!parameters.all().empty()) parameters.allocate(tensor::DType::f32), parameters.prepare_gradients();
  tensor::Arena arena;
  autograd::Tape tape(arena, *kernels);
  double least = 1e30;
  for (int turn = 0; turn < 60; ++turn) {
    arena.reset(), tape.clear(), parameters.begin_step(), parameters.attach(tape);
    autograd::Context context{.kernels = *kernels, .arena = arena, .tape = &tape, .training = true};
    Tensor logits = arena.tensor({tensor::rounded_rows(rows), columns}, tensor::DType::f32);
    for (int64_t i = 0; i < logits.count(); ++i)
      logits.as<float>()[i] = static_cast<float>((i * 37 + turn) % 101) * 0.05F - 2.5F;
    logits = tape.variable(logits);
    const auto begin = Clock::now();
    const LossTerm term =
        loss->evaluate(context, {.logits = logits, .hidden = {}, .features = logits, .targets = targets});
    seed_backward(context, term, 1);
    tape.backward();
    least = std::min(least, std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
  }
  return least;
}

}  // namespace attune::losses
