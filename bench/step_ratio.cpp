// The time of a training step over the time of its bare matrix products: a gauge that needs no peer.
//
//   step_ratio [minilm|bert-base] [threads] [precision]
//
// The skeleton multiplies, for every layer and all rows, what the step must multiply (query-key-value in one, attention
// output, two feed-forward; forward, data gradient, weight gradient) on distinct buffers: no attention core, no head.
// Rounds of both are interleaved; medians of the ratios.
#include <algorithm>
#include <chrono>
#include <fmt/core.h>
#include <string>
#include <vector>

#include "attune/losses/cross_entropy.h"
#include "attune/train/train_step.h"

namespace {

using namespace attune;
using Clock = std::chrono::steady_clock;
using tensor::DType;

double milliseconds(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}
double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// 16 sequences of mean 25 tokens, as SST-2's lengths spread.
tasks::Batch batch_of(int64_t vocabulary) {
  constexpr int kLengths[] = {9, 12, 14, 17, 19, 21, 22, 24, 26, 27, 29, 31, 33, 35, 38, 43};
  tasks::Batch batch;
  batch.clear();
  int32_t row = 0;
  for (const int length : kLengths) {
    std::vector<int32_t> ids;
    for (int t = 0; t < length; ++t)
      ids.push_back(static_cast<int32_t>(random_below(mix64(static_cast<uint64_t>(row)), static_cast<uint32_t>(t),
                                                      static_cast<uint32_t>(vocabulary))));
    const std::vector<uint8_t> segments(ids.size(), 0);
    batch.add({ids, segments, {}, row}, false, 0);
    batch.targets.classes.push_back(row++ % 2);
  }
  batch.finish();
  return batch;
}

class Skeleton {
 public:
  Skeleton(const models::BertConfig& c, int64_t rows, DType compute, kernels::Kernels& kernels) : kernels_(kernels) {
    for (int64_t layer = 0; layer < c.layers; ++layer)
      for (const auto& [in, out] : {std::pair{c.hidden, 3 * c.hidden},
                                    {c.hidden, c.hidden},
                                    {c.hidden, c.intermediate},
                                    {c.intermediate, c.hidden}}) {
        const auto make = [&](int64_t m, int64_t n, DType type) {
          const tensor::Tensor t = arena_.tensor({m, n}, type);
          kernels_.fill({.y = t, .value = 0.01});
          return t;
        };
        products_.push_back({make(rows, in, compute), make(out, in, compute), make(rows, out, compute),
                             make(rows, in, DType::f32), make(out, in, DType::f32)});
      }
  }
  void run() {
    for (const auto& p : products_) kernels_.matmul({.a = p.x, .b = p.w, .c = p.y, .transpose_b = true});
    for (const auto& p : products_) {
      kernels_.matmul({.a = p.y, .b = p.w, .c = p.dx});
      kernels_.matmul({.a = p.y, .b = p.x, .c = p.dw, .transpose_a = true});
    }
  }

 private:
  struct Product {
    tensor::Tensor x, w, y, dx, dw;
  };
  kernels::Kernels& kernels_;
  tensor::Arena arena_;
  std::vector<Product> products_;
};

}  // namespace

int main(int count, char** arguments) {
  const std::string size = count > 1 ? arguments[1] : "minilm";
  const int threads = count > 2 ? std::stoi(arguments[2]) : 2;
  const bool f32 = count > 3 && std::string(arguments[3]) == "f32";
  models::BertConfig config;
  if (size == "minilm") config.hidden = 384, config.layers = 6, config.intermediate = 1536;
  const DType compute = !f32 && kernels::cpu::has_fast_bf16() ? DType::bf16 : DType::f32;
  const auto kernels = kernels::cpu::make_kernels(threads);
  models::Model model(config, {.kind = models::HeadKind::sequence, .outputs = 2}, compute);
  for (const auto& p : model.parameters().all()) model.parameters().initialise(*p, 1, 0.02);
  model.parameters().refresh_twins();
  model.parameters().prepare_gradients(nn::TableGradients::touched_rows);
  const auto optimizer = optim::make_optimizer(model.parameters(), {});
  const auto loss = losses::make_cross_entropy({});
  train::TrainStep step(model, *loss, *optimizer, *kernels, {.peak_rate = 1e-5, .schedule = {.total = 1000000}});
  const std::vector<tasks::Batch> batch{batch_of(config.vocabulary)};
  Skeleton skeleton(config, batch[0].rows.rows(), compute, *kernels);
  for (int64_t t = 0; t < 3; ++t) step.run(batch, t), skeleton.run();

  constexpr int kRounds = 15;
  std::vector<double> steps, bare, ratios;
  for (int64_t round = 0; round < kRounds; ++round) {
    auto start = Clock::now();
    skeleton.run();
    bare.push_back(milliseconds(start));
    start = Clock::now();
    step.run(batch, 3 + round);
    steps.push_back(milliseconds(start));
    ratios.push_back(steps.back() / bare.back());
  }
  fmt::print(
      "{} {} {} threads, {} tokens: step {:.1f} ms, bare products {:.1f} ms, ratio {:.2f} (median of {} interleaved "
      "rounds, {:.2f} to {:.2f})\n",
      size, tensor::name(compute), threads, batch[0].rows.tokens(), median(steps), median(bare), median(ratios),
      kRounds, *std::min_element(ratios.begin(), ratios.end()), *std::max_element(ratios.begin(), ratios.end()));
}
