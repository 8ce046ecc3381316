#include "attune/tasks/base_precision.h"

#include "attune/base/error.h"
#include "attune/kernels/kernels.h"

namespace attune::tasks {
namespace {

[[noreturn]] void refuse(const std::string& asked, const char* why, const char* remedy) {
  fail(ErrorKind::usage, "--base-precision {}: {}; {}", asked, why, remedy);
}

}  // namespace

nn::Precision precision_to_train(tensor::DType compute, const std::string& asked, bool has_adapter) {
  nn::Precision precision = compute;
  const bool free = asked == "auto";
  if (!has_adapter && free) return precision;
  if (!has_adapter)
    refuse(asked, "without an adapter all weights train, in f32",
           "add --adapter lora (`attune adapter list` shows others), or leave the option out");
  if (asked == "int8") {
    precision.frozen = nn::Frozen::bytes;
    return precision;
  }
  if (!free && compute != tensor::DType::bf16)
    refuse(asked, "this run's products are made of f32", "give --precision bf16 too, or leave it out");
  if (!free && !kernels::cpu::has_fast_bf16())
    refuse(asked, "this processor has no products of bf16", "give int8, or leave it out");
  precision.frozen = nn::Frozen::bf16;
  return precision;
}

const char* base_held_in(const nn::Precision& precision) {
  if (precision.frozen == nn::Frozen::bytes) return "int8";
  const bool bf16 =
      precision.frozen == nn::Frozen::bf16 && precision.compute == tensor::DType::bf16 && kernels::cpu::has_fast_bf16();
  return bf16 ? "bf16" : "f32";
}

}  // namespace attune::tasks
