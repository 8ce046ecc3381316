// Processors that are not x86-64: neither dot products of bf16 nor tiles.
#if !defined(__x86_64__)
#include "attune/base/error.h"
#include "attune/kernels/cpu/attention_scores.h"
#include "attune/kernels/cpu/matmul_tiles.h"

namespace attune::kernels::cpu {
namespace {

[[noreturn]] void missing() {
  fail(ErrorKind::internal, "this processor has no dot products of bf16");
}

}  // namespace

bool dots_bf16() {
  return false;
}
bool tiles_bf16() {
  return false;
}
void unpack_block(const ByteFactor&, int64_t, tensor::BFloat16*) {
  missing();
}
void dot_product(int, const DotProduct&) {
  missing();
}
void dot_gradient(Workspace&, int, const DotGradient&) {
  missing();
}
void tile_product(int, const DotProduct&) {
  missing();
}
void tile_gradient(Workspace&, int, const DotGradient&) {
  missing();
}
void dot_scores(const DotScores&) {
  missing();
}

}  // namespace attune::kernels::cpu
#endif
