#include "tests/train/strict_device.h"

#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

namespace attune::test {

using namespace kernels;

namespace {

size_t whole_pages(size_t bytes) {
  const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  return (std::max<size_t>(bytes, 1) + page - 1) / page * page;
}

// What a tensor argument covers. Kernels' arguments are plain structs of tensors, numbers and pointers: the list of
// each one's tensors stands below, its pointers are given where it is queued.
using Tensors = std::vector<Tensor>;
Tensors tensors_of(const Matmul& p) {
  return {p.a, p.b, p.c, p.bias, p.squares};
}
Tensors tensors_of(const ColumnSum& p) {
  return {p.x, p.out};
}
Tensors tensors_of(const LayerNorm& p) {
  return {p.x, p.residual, p.gamma, p.beta, p.z, p.y, p.twin, p.mean, p.rstd};
}
Tensors tensors_of(const LayerNormBackward& p) {
  return {p.dy, p.z, p.mean, p.rstd, p.gamma, p.dx, p.d_residual, p.d_gamma, p.d_beta};
}
Tensors tensors_of(const Activation& p) {
  return {p.x, p.y};
}
Tensors tensors_of(const ActivationBackward& p) {
  return {p.x, p.dy, p.dx};
}
Tensors tensors_of(const Attention& p) {
  return {p.qkv, p.out, p.log_sum};
}
Tensors tensors_of(const AttentionBackward& p) {
  return {p.forward.qkv, p.forward.out, p.forward.log_sum, p.d_out, p.d_qkv};
}
Tensors tensors_of(const Dropout& p) {
  return {p.x, p.y};
}
Tensors tensors_of(const EmbeddingSum& p) {
  return {p.table[0], p.table[1], p.table[2], p.y};
}
Tensors tensors_of(const GatherRows& p) {
  return {p.x, p.y};
}
Tensors tensors_of(const MeanRows& p) {
  return {p.x, p.y};
}
Tensors tensors_of(const NormalizeRows& p) {
  return {p.x, p.y, p.inverse};
}
Tensors tensors_of(const NormalizeRowsBackward& p) {
  return {p.dy, p.y, p.inverse, p.dx};
}
Tensors tensors_of(const Convert& p) {
  return {p.x, p.y};
}
Tensors tensors_of(const Fill& p) {
  return {p.y};
}
Tensors tensors_of(const SumSquares& p) {
  return {p.x, p.out};
}
Tensors with(const LossItems& p, const Tensors& own) {
  Tensors all{p.logits, p.item_weights, p.items, p.d_logits};
  all.insert(all.end(), own.begin(), own.end());
  return all;
}
Tensors tensors_of(const SoftmaxCrossEntropy& p) {
  return with(p, {p.class_weights});
}
Tensors tensors_of(const SigmoidCrossEntropy& p) {
  return with(p, {p.targets, p.positive_weights});
}
Tensors tensors_of(const SquaredError& p) {
  return with(p, {p.targets});
}
Tensors tensors_of(const AdamUpdate& p) {
  return {p.w, p.g, p.m, p.v, p.low};
}
Tensors tensors_of(const AdamReplay& p) {
  return {p.w, p.m, p.v};
}
Tensors tensors_of(const SgdUpdate& p) {
  return {p.w, p.g, p.m, p.low};
}

size_t ints(int64_t count) {
  return static_cast<size_t>(count) * sizeof(int32_t);
}
size_t keys(int64_t count) {
  return static_cast<size_t>(count) * sizeof(uint64_t);
}

}  // namespace

StrictMemory::~StrictMemory() {
  queue_.clear();
  for (const auto& [block, bytes] : blocks_) ::munmap(block, bytes);
}

void* StrictMemory::allocate(size_t bytes, tensor::Writes) {
  const size_t pages = whole_pages(bytes);
  void* block = ::mmap(nullptr, pages, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ATTUNE_CHECK(block != MAP_FAILED, "no memory for the strict device");
  blocks_[static_cast<char*>(block)] = pages;
  return block;
}

// Nothing may vanish under a kernel that still waits.
void StrictMemory::release(void* block, size_t) {
  finish();
  const auto found = blocks_.find(static_cast<char*>(block));
  ATTUNE_CHECK(found != blocks_.end(), "the strict device is to release what it never gave out");
  ::munmap(block, found->second);
  blocks_.erase(found);
}

void StrictMemory::copy_in(void* to, const void* from, size_t bytes) {
  ATTUNE_CHECK(owns(to, bytes), "a copy into memory that is not the strict device's");
  std::vector<char> taken(static_cast<const char*>(from), static_cast<const char*>(from) + bytes);
  later([to, taken = std::move(taken)] { std::memcpy(to, taken.data(), taken.size()); });
}

void StrictMemory::copy_out(void* to, const void* from, size_t bytes) {
  ATTUNE_CHECK(owns(from, bytes), "a copy out of memory that is not the strict device's");
  later([=] { std::memcpy(to, from, bytes); });
  finish();
}

void StrictMemory::finish() {
  if (queue_.empty()) return;
  protect(PROT_READ | PROT_WRITE);
  const auto work = std::exchange(queue_, {});
  for (const auto& one : work) one();
  protect(PROT_NONE);
}

void StrictMemory::protect(int protection) const {
  for (const auto& [block, bytes] : blocks_) ::mprotect(block, bytes, protection);
}

bool StrictMemory::owns(const void* at, size_t bytes) const {
  const char* first = static_cast<const char*>(at);
  for (const auto& [block, size] : blocks_)
    if (block <= first && first + bytes <= block + size) return true;
  return false;
}

template <class Arguments>
void StrictKernels::later(void (Kernels::*kernel)(const Arguments&), const Arguments& p,
                          const std::vector<Operand>& more) {
  for (const Tensor& t : tensors_of(p))
    ATTUNE_CHECK(!t.defined() || memory_.owns(t.data, t.bytes()),
                 "an operand {} {} that is not in the strict device's memory", tensor::name(t.dtype), t.shape.text());
  for (const Operand& array : more)
    ATTUNE_CHECK(array.at == nullptr || memory_.owns(array.at, array.bytes),
                 "an array of {} bytes that is not in the strict device's memory", array.bytes);
  memory_.later([this, kernel, p] { (plain_.get()->*kernel)(p); });
}

void StrictKernels::matmul(const Matmul& p) {
  later(&Kernels::matmul, p);
}
void StrictKernels::column_sum(const ColumnSum& p) {
  later(&Kernels::column_sum, p);
}
void StrictKernels::layer_norm(const LayerNorm& p) {
  later(&Kernels::layer_norm, p, {{p.dropout.row_keys, keys(p.x.rows())}});
}
void StrictKernels::layer_norm_backward(const LayerNormBackward& p) {
  later(&Kernels::layer_norm_backward, p, {{p.dropout.row_keys, keys(p.dy.rows())}});
}
void StrictKernels::activation(const Activation& p) {
  later(&Kernels::activation, p);
}
void StrictKernels::activation_backward(const ActivationBackward& p) {
  later(&Kernels::activation_backward, p);
}
std::vector<StrictKernels::Operand> StrictKernels::arrays_of(const Attention& p) {
  return {{p.offsets, ints(p.sequences + 1)},
          {p.query_rows, p.query_rows ? ints(p.out.rows()) : 0},
          {p.query_offsets, p.query_rows ? ints(p.sequences + 1) : 0},
          {p.dropout.row_keys, keys(p.qkv.rows())}};
}
void StrictKernels::attention(const Attention& p) {
  later(&Kernels::attention, p, arrays_of(p));
}
void StrictKernels::attention_backward(const AttentionBackward& p) {
  later(&Kernels::attention_backward, p, arrays_of(p.forward));
}
void StrictKernels::dropout(const Dropout& p) {
  later(&Kernels::dropout, p, {{p.keys.row_keys, keys(p.x.rows())}});
}
void StrictKernels::embedding_sum(const EmbeddingSum& p) {
  const size_t bytes = ints(p.y.rows());
  later(&Kernels::embedding_sum, p, {{p.index[0], bytes}, {p.index[1], bytes}, {p.index[2], bytes}});
}
void StrictKernels::embedding_sum_backward(const EmbeddingSum& p) {
  const size_t bytes = ints(p.rows);
  later(&Kernels::embedding_sum_backward, p, {{p.index[0], bytes}, {p.index[1], bytes}, {p.index[2], bytes}});
}
void StrictKernels::gather_rows(const GatherRows& p) {
  later(&Kernels::gather_rows, p, {{p.index, ints(p.y.rows())}});
}
void StrictKernels::gather_rows_backward(const GatherRows& p) {
  later(&Kernels::gather_rows_backward, p, {{p.index, ints(p.y.rows())}});
}
void StrictKernels::mean_rows(const MeanRows& p) {
  later(&Kernels::mean_rows, p, {{p.offsets, ints(p.sequences + 1)}});
}
void StrictKernels::mean_rows_backward(const MeanRows& p) {
  later(&Kernels::mean_rows_backward, p, {{p.offsets, ints(p.sequences + 1)}});
}
void StrictKernels::normalize_rows(const NormalizeRows& p) {
  later(&Kernels::normalize_rows, p);
}
void StrictKernels::normalize_rows_backward(const NormalizeRowsBackward& p) {
  later(&Kernels::normalize_rows_backward, p);
}
void StrictKernels::convert(const Convert& p) {
  later(&Kernels::convert, p);
}
void StrictKernels::fill(const Fill& p) {
  later(&Kernels::fill, p);
}
void StrictKernels::sum_squares(const SumSquares& p) {
  later(&Kernels::sum_squares, p);
}
void StrictKernels::softmax_cross_entropy(const SoftmaxCrossEntropy& p) {
  later(&Kernels::softmax_cross_entropy, p, {{p.targets, ints(p.logits.rows())}});
}
void StrictKernels::softmax_cross_entropy_backward(const SoftmaxCrossEntropy& p) {
  later(&Kernels::softmax_cross_entropy_backward, p, {{p.targets, ints(p.logits.rows())}});
}
void StrictKernels::sigmoid_cross_entropy(const SigmoidCrossEntropy& p) {
  later(&Kernels::sigmoid_cross_entropy, p);
}
void StrictKernels::sigmoid_cross_entropy_backward(const SigmoidCrossEntropy& p) {
  later(&Kernels::sigmoid_cross_entropy_backward, p);
}
void StrictKernels::squared_error(const SquaredError& p) {
  later(&Kernels::squared_error, p);
}
void StrictKernels::squared_error_backward(const SquaredError& p) {
  later(&Kernels::squared_error_backward, p);
}
void StrictKernels::adam_update(const AdamUpdate& p) {
  later(&Kernels::adam_update, p, {{p.rows, p.rows ? ints(p.g.rows()) : 0}});
}
void StrictKernels::adam_replay(const AdamReplay& p) {
  later(&Kernels::adam_replay, p,
        {{p.rows, ints(p.count)},
         {p.done, ints(p.count)},
         {p.updates, static_cast<size_t>(p.updates_count) * sizeof(AdamFactors)}});
}
void StrictKernels::sgd_update(const SgdUpdate& p) {
  later(&Kernels::sgd_update, p);
}

}  // namespace attune::test
