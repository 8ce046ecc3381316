// Adapters on a small encoder: gradients of every kind, that a new one changes nothing, that merging changes nothing,
// and that rows of several adapters in one pass have the bits that they have alone.
#include "attune/peft/adapter.h"

#include <cmath>
#include <gtest/gtest.h>

#include "attune/models/load.h"
#include "attune/models/model.h"

namespace attune::models {
namespace {

using tensor::DType;

BertConfig small_config() {
  BertConfig config;
  config.vocabulary = 13, config.hidden = 16, config.layers = 2, config.heads = 2, config.intermediate = 24;
  config.positions = 24, config.initializer_range = 0.3;
  config.hidden_dropout = config.attention_dropout = config.classifier_dropout = 0;
  return config;
}

// Three texts of 4, 1 and 6 pieces.
tensor::PackedRows three_texts() {
  tensor::PackedRows rows;
  rows.offsets = {0, 4, 5, 11};
  for (int r = 0; r < 16; ++r) {
    rows.ids.push_back(r < 11 ? (r * 5 + 3) % 13 : 0);
    rows.positions.push_back(r < 4 ? r : r < 5 ? 0 : r < 11 ? r - 5 : 0);
    rows.segments.push_back(r % 3 == 0);
    rows.keys.push_back(mix64(static_cast<uint64_t>(r)));
  }
  return rows;
}

class Adapters : public ::testing::TestWithParam<const char*> {
 protected:
  std::unique_ptr<Model> make(DType compute, const char* adapter, HeadKind head = HeadKind::sequence,
                              bool new_adapter = false) const {
    ModelExtras extras;
    if (adapter) extras.adapter = peft::make_method(adapter);
    auto model = std::make_unique<Model>(small_config(), HeadOptions{.kind = head, .outputs = 3}, compute, extras);
    for (const auto& p : model->parameters().all()) {
      model->parameters().initialise(*p, 5, 0.3);
      if (p->options.adapter && !p->options.state && !new_adapter) disturb(*p);
    }
    if (new_adapter) model->begin_adapter();
    model->parameters().refresh_twins();
    return model;
  }
  // Away from the values that an adapter begins with, where many gradients are 0.
  static void disturb(nn::Parameter& p) {
    for (int64_t i = 0; i < p.shape.count(); ++i) {
      const double more = 0.3 * random_normal(mix64(p.name.size()), static_cast<uint32_t>(i));
      if (p.value.dtype == DType::f64)
        p.value.as<double>()[i] += more;
      else
        p.value.as<float>()[i] += static_cast<float>(more);
    }
  }
  // The logits that count, weighted by fixed numbers.
  std::vector<double> logits(const Model& model, kernels::Kernels& kernels, bool all_rows = false) {
    arena_.reset();
    Context context{.kernels = kernels, .arena = arena_, .compute = model.compute()};
    const auto out = forward(context, model, all_rows);
    return tensor::doubles_on_host(tensor::host_memory(), out, count_ * 3);
  }
  Tensor forward(Context& context, const Model& model, bool all_rows = false) {
    rows_ = three_texts();
    read_ = model.head().kind == HeadKind::token ? std::vector<int32_t>{1, 4, 9, 10} : std::vector<int32_t>{0, 4, 5};
    count_ = std::ssize(read_);
    places_.assign(16, -1), keys_.assign(16, 1), kept_ = {};
    kept_.offsets = {0};
    for (int64_t i = 0; i < count_; ++i) places_[static_cast<size_t>(i)] = static_cast<int32_t>(i);
    kept_.rows.assign(16, -1), kept_.keys.assign(16, 0);
    for (size_t i = 0; i < read_.size(); ++i)
      kept_.rows[i] = read_[i], kept_.keys[i] = rows_.keys[static_cast<size_t>(read_[i])];
    for (int b = 0; b < 3; ++b)
      kept_.offsets.push_back(static_cast<int32_t>(std::count_if(
          read_.begin(), read_.end(), [&](int32_t r) { return r < rows_.offsets[static_cast<size_t>(b + 1)]; })));
    read_.resize(16, -1);
    // More pieces than are kept, so that the last layer makes those alone.
    return model
        .forward(context, rows_, {.rows = read_, .keys = keys_, .count = count_, .kept = &kept_, .places = places_},
                 all_rows ? Model::Hidden::all_rows : Model::Hidden::read_rows)
        .logits;
  }
  static double weighted(const std::vector<double>& logits) {
    double sum = 0;
    for (size_t i = 0; i < logits.size(); ++i) sum += logits[i] * random_normal(mix64(99), static_cast<uint32_t>(i));
    return sum;
  }

  tensor::Arena arena_;
  tensor::PackedRows rows_;
  std::vector<int32_t> read_, places_;
  std::vector<uint64_t> keys_;
  tensor::KeptRows kept_;
  int64_t count_ = 0;
};

TEST_P(Adapters, Gradients) {
  const auto kernels = kernels::reference::make_kernels();
  for (const HeadKind head : {HeadKind::sequence, HeadKind::token}) {
    const auto model = make(DType::f64, GetParam(), head);
    model->train_adapter();
    model->parameters().prepare_gradients();
    arena_.reset();
    autograd::Tape tape(arena_, *kernels);
    model->parameters().begin_step();
    model->parameters().attach(tape);
    Context context{.kernels = *kernels, .arena = arena_, .tape = &tape, .compute = DType::f64};
    const Tensor out = forward(context, *model);
    const Tensor seed = arena_.tensor(out.shape, DType::f64);
    for (int64_t i = 0; i < seed.count(); ++i)
      seed.as<double>()[i] = i < count_ * 3 ? random_normal(mix64(99), static_cast<uint32_t>(i)) : 0;
    tape.seed(out, seed);
    tape.backward();
    model->parameters().check_gradients_arrived();
    int checked = 0;
    for (const auto& p : model->parameters().all()) {
      EXPECT_EQ(p->gradient.defined(), p->trainable) << p->name;
      if (!p->trainable) continue;
      const std::vector<double> gradient =
          tensor::doubles_on_host(tensor::host_memory(), p->gradient, p->shape.count());
      for (int64_t i = 0; i < p->shape.count(); i += std::max<int64_t>(1, p->shape.count() / 7)) {
        double& at = p->value.as<double>()[i];
        const double before = at;
        constexpr double kStep = 1e-5;
        at = before + kStep;
        const double above = weighted(logits(*model, *kernels));
        at = before - kStep;
        const double below = weighted(logits(*model, *kernels));
        at = before;
        const double got = gradient[static_cast<size_t>(i)];
        // DoRA's lengths count as constants: its A and B have another gradient than the function.
        if (std::string(GetParam()).find("dora=true") != std::string::npos &&
            p->name.find("lora_magnitude") == p->name.npos && p->options.adapter)
          continue;
        // The function is the kept one's: its gradients were forgotten by then, so nothing else may have moved.
        EXPECT_NEAR(got, (above - below) / (2 * kStep), 2e-7 * (1 + std::abs(got))) << p->name << " " << i;
        ++checked;
      }
    }
    EXPECT_GT(checked, 10);
  }
}

TEST_P(Adapters, KeptRowsAloneGiveTheSame) {
  const auto kernels = kernels::reference::make_kernels();
  for (const HeadKind head : {HeadKind::sequence, HeadKind::token}) {
    const auto model = make(DType::f64, GetParam(), head);
    const auto some = logits(*model, *kernels), all = logits(*model, *kernels, /*all_rows=*/true);
    for (size_t i = 0; i < some.size(); ++i) EXPECT_NEAR(some[i], all[i], 1e-12);
  }
}

TEST_P(Adapters, DisturbedOnesChangeTheAnswer) {
  const auto kernels = kernels::reference::make_kernels();
  const std::string name = GetParam();
  if (name == "bitfit" || name.starts_with("last_layers")) GTEST_SKIP() << "adds nothing";
  const auto base = logits(*make(DType::f64, nullptr), *kernels),
             adapted = logits(*make(DType::f64, GetParam()), *kernels);
  double most = 0;
  for (size_t i = 0; i < base.size(); ++i) most = std::max(most, std::abs(base[i] - adapted[i]));
  EXPECT_GT(most, 1e-3);
}

TEST_P(Adapters, NewOnesChangeNothing) {
  const std::string name = GetParam();
  if (name.starts_with("prefix") || name.starts_with("prompt"))
    GTEST_SKIP() << "virtual tokens are read from the start";
  const auto kernels = kernels::reference::make_kernels();
  const auto base = logits(*make(DType::f64, nullptr), *kernels),
             adapted = logits(*make(DType::f64, GetParam(), HeadKind::sequence, /*new_adapter=*/true), *kernels);
  for (size_t i = 0; i < base.size(); ++i) EXPECT_NEAR(base[i], adapted[i], 1e-6);
}

TEST_P(Adapters, MergedAndTakenOutAgain) {
  const auto kernels = kernels::cpu::make_kernels(1);
  const auto model = make(DType::f32, GetParam());
  const auto before = logits(*model, *kernels);
  const std::string name = GetParam();
  if (name.starts_with("prefix") || name.starts_with("prompt") || name.starts_with("bottleneck")) {
    EXPECT_THROW(model->merge_adapter(), Error);
    const auto same = logits(*model, *kernels);
    EXPECT_EQ(before, same);
    return;
  }
  model->merge_adapter();
  const auto merged = logits(*model, *kernels);
  for (size_t i = 0; i < before.size(); ++i) EXPECT_NEAR(before[i], merged[i], 1e-5);
  if (name.find("dora=true") != std::string::npos) {
    EXPECT_THROW(model->merge_adapter(/*undo=*/true), Error);
    return;
  }
  model->merge_adapter(/*undo=*/true);
  const auto after = logits(*model, *kernels);
  for (size_t i = 0; i < before.size(); ++i) EXPECT_NEAR(before[i], after[i], 1e-5);
}

INSTANTIATE_TEST_SUITE_P(All, Adapters,
                         ::testing::Values("lora(r=3)", "lora(r=2, targets=all-linear, rank_stabilised=true)",
                                           "lora(r=3, dora=true, targets=query|key|output.dense)",
                                           "adalora(init_r=3, target_r=2, targets=query|intermediate.dense)", "ia3",
                                           "ia3(targets=query|value, feedforward=)",
                                           "bottleneck(reduction=4, activation=tanh)",
                                           "bottleneck(reduction=4, placement=pfeiffer, activation=gelu, scale=2)",
                                           "prefix(length=3)", "prefix(length=2, projection=5, init=0.3)",
                                           "prompt(length=3)", "bitfit", "last_layers(k=1)"));

// Two adapters and none, over three texts in one pass: each text's rows have the bits of a pass of its own kind.
TEST(AdapterRows, HaveTheBitsThatTheyHaveAlone) {
  const BertConfig config = small_config();
  const auto kernels = kernels::cpu::make_kernels(2);
  for (const DType compute : {DType::f32, DType::bf16}) {
    nn::Parameters encoders;
    const BertEncoder encoder(encoders, config);
    encoders.allocate(compute);
    for (const auto& p : encoders.all()) encoders.initialise(*p, 5, 0.3);
    encoders.refresh_twins();
    const peft::EncoderShape shape{.layers = 2, .hidden = 16, .intermediate = 24, .heads = 2};
    std::vector<std::unique_ptr<nn::Parameters>> parameters;
    std::vector<std::unique_ptr<peft::Adapter>> adapters;
    for (const char* text : {"lora(r=3, targets=all-linear)", "ia3", "lora(r=2, dora=true)",
                             "bottleneck(placement=pfeiffer, reduction=4)", "bottleneck(reduction=2)"}) {
      parameters.push_back(std::make_unique<nn::Parameters>());
      adapters.push_back(std::make_unique<peft::Adapter>(peft::make_method(text), *parameters.back(), shape));
      parameters.back()->allocate(compute);
      for (const auto& p : parameters.back()->all()) {
        parameters.back()->initialise(*p, 7, 0.3);
        for (int64_t i = 0; i < p->shape.count(); ++i)
          p->value.as<float>()[i] +=
              static_cast<float>(0.2 * random_normal(mix64(p->name.size()), static_cast<uint32_t>(i)));
      }
    }
    const tensor::PackedRows rows = three_texts();
    tensor::Arena arena;
    Context context{.kernels = *kernels, .arena = arena, .compute = compute};
    const tensor::PackedView view = tensor::packed_view(arena, rows);
    const auto states = [&](std::span<const peft::AdapterRows> of) {
      const Tensor hidden = encoder.forward(context, view, nullptr, peft::Pass{.adapters = of});
      return std::vector<float>(hidden.as<float>(), hidden.as<float>() + 11 * 16);
    };
    const std::vector<float> none = states({});
    for (size_t first = 0; first < adapters.size(); ++first)
      for (size_t second = 0; second < adapters.size(); ++second) {
        const peft::AdapterRows one{.adapter = adapters[first].get()}, other{.adapter = adapters[second].get()};
        const std::vector<float> a = states({&one, 1}), b = states({&other, 1});
        const std::vector<peft::AdapterRows> both{
            {.adapter = adapters[first].get(), .all = false, .begin = 0, .end = 4},
            {.adapter = adapters[second].get(), .all = false, .begin = 5, .end = 11}};
        const std::vector<float> mixed = states(both);
        for (int64_t i = 0; i < 11 * 16; ++i) {
          const std::vector<float>& want = i < 4 * 16 ? a : i < 5 * 16 ? none : b;
          ASSERT_EQ(mixed[static_cast<size_t>(i)], want[static_cast<size_t>(i)])
              << first << " and " << second << ", row " << i / 16 << " in " << tensor::name(compute);
        }
      }
  }
}

}  // namespace
}  // namespace attune::models
