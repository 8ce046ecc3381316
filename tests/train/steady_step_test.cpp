// A steady step asks the system for no memory: every operator new called from attune's own code is counted. (oneDNN
// keeps a few small objects for each run of a product; they are its own and do not count.)
#include <array>
#include <atomic>
#include <cstdlib>
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <new>
#include <nlohmann/json.hpp>

#include "attune/base/files.h"
#include "attune/losses/language/make_objective.h"
#include "attune/losses/loss_list.h"
#include "attune/train/train_step.h"

namespace {

std::atomic<bool> counting{false};
std::atomic<int> counted{0};
std::array<void*, 64> callers;  // of the first ones, for the message

const void* program() {
  static Dl_info self{};
  static const bool known = ::dladdr(reinterpret_cast<void*>(&program), &self) != 0;
  return known ? self.dli_fbase : nullptr;
}

[[maybe_unused]] void* allocate(size_t bytes, void* caller) {
  if (counting) {
    Dl_info from{};
    if (::dladdr(caller, &from) != 0 && from.dli_fbase == program()) {
      const int n = counted++;
      if (n < static_cast<int>(callers.size())) callers[static_cast<size_t>(n)] = caller;
    }
  }
  if (void* block = std::malloc(bytes > 0 ? bytes : 1)) return block;
  throw std::bad_alloc();
}

}  // namespace

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ATTUNE_COUNTS_NEW 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define ATTUNE_COUNTS_NEW 0
#endif
#endif
#ifndef ATTUNE_COUNTS_NEW
#define ATTUNE_COUNTS_NEW 1
#endif

#if ATTUNE_COUNTS_NEW
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"  // allocate() is malloc: this is the match
void* operator new(size_t bytes) {
  return allocate(bytes, __builtin_return_address(0));
}
void* operator new[](size_t bytes) {
  return allocate(bytes, __builtin_return_address(0));
}
void operator delete(void* block) noexcept {
  std::free(block);
}
void operator delete[](void* block) noexcept {
  std::free(block);
}
void operator delete(void* block, size_t) noexcept {
  std::free(block);
}
void operator delete[](void* block, size_t) noexcept {
  std::free(block);
}
#endif

namespace attune {
namespace {

struct Case {
  const char* golden;
  models::HeadKind head;
  losses::TargetKind target;
  int64_t outputs;
};

class SteadyStep : public testing::TestWithParam<std::tuple<Case, tensor::DType>> {};

TEST_P(SteadyStep, AllocatesNothing) {
  if (!ATTUNE_COUNTS_NEW) GTEST_SKIP() << "a sanitizer has an operator new of its own";
  const auto& [what, compute] = GetParam();
  const fs::path folder = fs::path(ATTUNE_TEST_DATA) / "models/golden" / what.golden;
  const auto config = models::BertConfig::from_json(nlohmann::json::parse(read_file(folder / "config.json")), "golden");
  const auto kernels = kernels::cpu::make_kernels(2);
  models::Model model(config, {.kind = what.head, .outputs = what.outputs}, compute);
  for (const auto& p : model.parameters().all()) model.parameters().initialise(*p, 1, 0.1);
  model.parameters().refresh_twins();
  model.parameters().prepare_gradients(nn::TableGradients::touched_rows);
  const auto optimizer = optim::make_optimizer(model.parameters(), {});
  const losses::Objective loss =
      losses::make_objective(losses::default_loss(what.target), what.target, {.labels = what.outputs});
  train::TrainStep step(model, loss, *optimizer, *kernels, {.peak_rate = 1e-3});

  tasks::Batch batch;
  batch.clear();
  const std::vector<std::vector<int32_t>> texts{{2, 7, 9, 11, 3}, {2, 9, 11, 3}, {2, 5, 6, 8, 9, 12, 14, 3}};
  for (int32_t s = 0; s < 3; ++s) {
    const auto& ids = texts[static_cast<size_t>(s)];
    const std::vector<uint8_t> segments(ids.size(), 0);
    const std::vector<data::LabelPlace> places{{1, 0}, {2, 1}};
    batch.add({.ids = ids, .segments = segments, .places = places, .example = s}, what.head == models::HeadKind::token,
              0);
    const size_t items = what.head == models::HeadKind::token ? places.size() : 1;
    for (size_t i = 0; i < items; ++i) {
      if (what.target == losses::TargetKind::classes)
        batch.targets.classes.push_back(s % 2);
      else
        batch.targets.values.insert(batch.targets.values.end(), static_cast<size_t>(what.outputs), 1.0f);
      batch.targets.examples.push_back(s);
    }
    batch.targets.sequences.push_back(static_cast<int32_t>(batch.targets.classes.size()));
  }
  batch.targets.width = what.target == losses::TargetKind::classes ? 1 : what.outputs;
  batch.finish();

  int64_t number = 0;
  for (; number < 4; ++number) step.run({&batch, 1}, number);
  counted = 0;
  counting = true;
  for (; number < 8; ++number) step.run({&batch, 1}, number);
  counting = false;
  EXPECT_EQ(counted, 0);
  for (int i = 0; i < std::min<int>(counted, 8); ++i) {
    const auto offset = static_cast<char*>(callers[static_cast<size_t>(i)]) - static_cast<const char*>(program());
    ADD_FAILURE() << "allocated at " << std::hex << offset << "; addr2line -Cfe PROGRAM names the line";
  }
}

INSTANTIATE_TEST_SUITE_P(
    EachTask, SteadyStep,
    testing::Combine(
        testing::Values(Case{"sequence_classification", models::HeadKind::sequence, losses::TargetKind::classes, 3},
                        Case{"multi_label", models::HeadKind::sequence, losses::TargetKind::labels, 4},
                        Case{"regression", models::HeadKind::sequence, losses::TargetKind::scores, 1},
                        Case{"token_classification", models::HeadKind::token, losses::TargetKind::classes, 5}),
        testing::Values(tensor::DType::f32, tensor::DType::bf16)),
    [](const auto& each) {
      return std::string(std::get<0>(each.param).golden) + "_" + tensor::name(std::get<1>(each.param));
    });

}  // namespace
}  // namespace attune
