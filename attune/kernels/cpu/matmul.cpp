#include "attune/kernels/cpu/matmul.h"

#include <algorithm>
#include <cstring>

#ifdef _OPENMP
#include <omp.h>
#endif

#include "attune/kernels/cpu/byte_weight.h"
#include "attune/kernels/cpu/elementwise.h"
#include "attune/kernels/cpu/instructions.h"
#include "attune/kernels/cpu/matmul_dot.h"
#include "attune/kernels/cpu/matmul_portable.h"
#include "attune/kernels/cpu/matmul_products.h"
#include "attune/kernels/cpu/matmul_tiles.h"
#include "attune/kernels/cpu/parallel.h"
#include "attune/kernels/packed_weight.h"

namespace attune::kernels::cpu {
namespace {

using tensor::BFloat16;
using tensor::DType;

constexpr size_t kProducts = 512;
// Rows of a batch that are summed in one product; beyond, oneDNN splits the sum among its threads.
constexpr int64_t kBatchRows = 1024;
// Up to so many threads each unpacks the bytes of a weight for itself (right_blocks.h); more share what they unpack.
constexpr int kFewThreads = 4;

// oneDNN asks OpenMP how many threads there are; the caller's setting returns on leaving.
class Team {
 public:
#ifdef _OPENMP
  explicit Team(int threads) : before_(omp_get_max_threads()) {
    if (threads != before_) omp_set_num_threads(threads);
    changed_ = threads != before_;
  }
  ~Team() {
    if (changed_) omp_set_num_threads(before_);
  }

 private:
  int before_;
  bool changed_ = false;
#else
  explicit Team(int) {}
  ~Team() {}

 public:
#endif
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;
};

// Rows of a matrix, which may have no columns.
int64_t rows_of(const Tensor& x) {
  return x.shape.rank() == 2 ? x.shape[0] : x.rows();
}

bool reads_packed(const Matmul& args) {
  return args.b.packed != nullptr && args.a.dtype == DType::bf16;
}

// Whether a weight held as bytes is read block by block.
bool reads_blocks(const Matmul& args) {
  return args.b.byte_weight != nullptr && args.a.dtype == DType::bf16 && packs_weight(args.b.shape);
}

const void* packed_form(const Matmul& args) {
  const BFloat16* form = args.transpose_b ? args.b.packed->forward : args.b.packed->backward;
  ATTUNE_CHECK(form != nullptr, "a weight {} without a packed form for this product", args.b.shape.text());
  return form;
}

Product describe(int threads, const Matmul& args) {
  const int64_t a_rows = rows_of(args.a), a_cols = args.a.cols(), b_rows = rows_of(args.b), b_cols = args.b.cols();
  Product p;
  p.m = args.transpose_a ? a_cols : a_rows;
  p.k = args.transpose_a ? a_rows : a_cols;
  p.n = args.transpose_b ? b_rows : b_cols;
  p.lda = a_cols;
  p.ldb = b_cols;
  p.threads = threads;
  p.operands = args.a.dtype;
  p.result = args.c.dtype;
  p.transpose_a = args.transpose_a;
  p.transpose_b = args.transpose_b;
  p.accumulate = args.accumulate;
  p.bias = args.bias.defined();
  p.packed = reads_packed(args) || reads_blocks(args);
  const int64_t b_inner = args.transpose_b ? b_cols : b_rows;
  ATTUNE_CHECK(p.k == b_inner && rows_of(args.c) == p.m && args.c.cols() == p.n,
               "the product of {}{} and {}{} into {} does not fit", args.a.shape.text(),
               args.transpose_a ? " transposed" : "", args.b.shape.text(), args.transpose_b ? " transposed" : "",
               args.c.shape.text());
  return p;
}

void check(int threads, const Matmul& args, const Product& p) {
  const auto known = [](DType t) { return t == DType::f32 || t == DType::bf16; };
  ATTUNE_CHECK((p.packed || args.a.dtype == args.b.dtype) && known(args.a.dtype) && known(args.c.dtype),
               "the CPU's products are f32 or bf16 with one dtype for both operands; these are {} x {} -> {}",
               name(args.a.dtype), name(args.b.dtype), name(args.c.dtype));
  ATTUNE_CHECK(!p.bias || (args.bias.dtype == DType::f32 && args.bias.count() == p.n),
               "the bias must be f32 with {} elements; it is {} {}", p.n, name(args.bias.dtype),
               args.bias.shape.text());
  ATTUNE_CHECK(!args.squares.defined() || args.c.dtype == DType::f32, "squares are summed of f32 results");
  ATTUNE_CHECK(!(p.bias && p.accumulate), "a product takes a bias or adds to its result, not both");
  ATTUNE_CHECK(threads >= 1, "{} threads", threads);
}

// Whether oneDNN both is fast for these operands and keeps the contract on bits: below AVX-512 its f32 sums, and on AMX
// those of bf16, follow the threads and the rows in company; and bf16 without instructions for it is slower than f32.
bool onednn_serves(DType operands) {
  static const bool f32 = onednn_has_avx512(), bf16 = onednn_has_fast_bf16() && !onednn_has_amx();
  return operands == DType::bf16 ? bf16 : f32;
}

const void* advance(const void* data, int64_t elements, DType dtype) {
  return static_cast<const char*>(data) + elements * static_cast<int64_t>(size_of(dtype));
}

// c = round(sum), or round(c + sum).
void round_into(const float* sum, int64_t count, bool accumulate, BFloat16* c) {
  for (int64_t i = 0; i < count; ++i) c[i] = BFloat16(accumulate ? static_cast<float>(c[i]) + sum[i] : sum[i]);
}

}  // namespace

struct MatmulCache::State {
  Products products{kProducts};
  Workspace panels;
  Workspace factors;   // of a weight gradient
  Workspace wide;      // an f32 result that becomes bf16 at the end
  Workspace unpacked;  // of a weight held as bytes
  Workspace squares;   // partial sums
};

MatmulCache::MatmulCache() : state_(std::make_unique<State>()) {}
MatmulCache::~MatmulCache() = default;
MatmulCache::MatmulCache(MatmulCache&&) noexcept = default;
MatmulCache& MatmulCache::operator=(MatmulCache&&) noexcept = default;

namespace {

// Weight gradients of whole blocks.
bool is_dot_gradient(const Product& p) {
  return p.operands == DType::bf16 && p.result == DType::f32 && p.transpose_a && !p.transpose_b && p.lda == p.m &&
         p.ldb == p.n && p.m % kPackBlock == 0 && p.n % kPackBlock == 0 && p.k % 2 == 0 && dots_bf16();
}

void run_dot_gradient(MatmulCache::State& state, const Product& p, const ProductData& data) {
  const DotGradient gradient{.k = p.k,
                             .m = p.m,
                             .n = p.n,
                             .dy = static_cast<const BFloat16*>(data.a),
                             .x = static_cast<const BFloat16*>(data.b),
                             .c = static_cast<float*>(data.c),
                             .squares = data.squares,
                             .accumulate = p.accumulate};
  (tiles_bf16() ? tile_gradient : dot_gradient)(state.factors, p.threads, gradient);
}

// The right factor, of bytes, where the product finds it.
void unpack_for(DotProduct& product, MatmulCache::State& state, int threads) {
  if (threads <= kFewThreads) {
    product.room = state.unpacked.get<BFloat16>(threads * product.k * kPackBlock);
    return;
  }
  auto* const all = state.unpacked.get<BFloat16>(product.k * product.n);
  parallel_chunks(threads, product.n / kPackBlock, 1, [&](int64_t block, int64_t) {
    unpack_block(product.bytes, block, all + block * product.k * kPackBlock);
  });
  product.b = all;
}

void run_dot_product(MatmulCache::State& state, const Product& p, const ProductData& data) {
  DotProduct product{.m = p.m,
                     .k = p.k,
                     .n = p.n,
                     .a = static_cast<const BFloat16*>(data.a),
                     .lda = p.lda,
                     .b = static_cast<const BFloat16*>(data.b),
                     .bytes = {.weight = data.bytes, .transposed = p.transpose_b, .k = p.k, .n = p.n},
                     .bias = p.bias ? static_cast<const float*>(data.bias) : nullptr,
                     .c = data.c,
                     .result = p.result,
                     .accumulate = p.accumulate};
  if (data.bytes) unpack_for(product, state, p.threads);
  (tiles_bf16() ? tile_product : dot_product)(p.threads, product);
}

void run_one(MatmulCache::State& state, const Product& product, const ProductData& data) {
  if (is_dot_gradient(product)) return run_dot_gradient(state, product, data);
  if (product.packed) return run_dot_product(state, product, data);
  if (onednn_serves(product.operands) && state.products.supports(product))
    state.products.run(product, data);
  else
    portable_product(state.panels, product, data);
}

// The blocks of the batch's rows, in order: the first writes (or adds, if asked), the others add.
void run_blocks(MatmulCache::State& state, const Product& whole, const ProductData& data) {
  const int64_t block = whole.transpose_a ? kBatchRows : whole.k;
  for (int64_t row = 0; row < whole.k; row += block) {
    Product part = whole;
    part.k = std::min(block, whole.k - row);
    part.accumulate = whole.accumulate || row > 0;
    part.bias = whole.bias && row == 0;
    ProductData at = data;
    if (whole.transpose_a) at.a = advance(data.a, row * whole.lda, whole.operands);
    at.b = advance(data.b, whole.transpose_b ? row : row * whole.ldb, whole.operands);
    if (row + block < whole.k) at.squares = nullptr;
    run_one(state, part, at);
  }
}

// A bf16 result that oneDNN cannot write, or would round more than once: the sum is made in f32 beside it.
void run_wide(MatmulCache::State& state, Product product, ProductData data) {
  const int64_t count = product.m * product.n;
  auto* const c = static_cast<BFloat16*>(data.c);
  const bool accumulate = product.accumulate;
  float* const sum = state.wide.get<float>(count);
  data.c = sum;
  product.result = DType::f32;
  product.accumulate = false;
  run_blocks(state, product, data);
  round_into(sum, count, accumulate, c);
}

// A sum of nothing: the bias, or zeros, or what was there.
void run_empty(const Product& p, const ProductData& data) {
  if (p.accumulate) return;
  const auto* bias = static_cast<const float*>(data.bias);
  for (int64_t i = 0; i < p.m * p.n; ++i) {
    const float value = bias != nullptr ? bias[i % p.n] : 0.0f;
    if (p.result == DType::f32)
      static_cast<float*>(data.c)[i] = value;
    else
      static_cast<BFloat16*>(data.c)[i] = BFloat16(value);
  }
}

// `squares`: where the sum of C's squares goes if the product makes it along the way.
void multiply(MatmulCache::State& state, const Product& product, const Matmul& args, double* squares) {
  const ProductData data{.a = args.a.data,
                         .b = reads_packed(args) ? packed_form(args) : args.b.data,
                         .bias = args.bias.data,
                         .c = args.c.data,
                         .squares = squares,
                         .bytes = args.b.byte_weight};
  if (product.k == 0) return run_empty(product, data);
  const Team team(product.threads);
  const bool direct = product.operands == DType::bf16 && !product.accumulate &&
                      (product.packed || onednn_serves(DType::bf16)) &&
                      !(product.transpose_a && product.k > kBatchRows);
  if (product.result == DType::bf16 && !direct) return run_wide(state, product, data);
  run_blocks(state, product, data);
}

// A weight held as bytes in place of which W' is written out.
Matmul with_floats(MatmulCache::State& state, int threads, Matmul args) {
  const DType type = args.a.dtype;
  ATTUNE_CHECK(type == DType::f32 || type == DType::bf16, "a product of {} and a weight of bytes", name(type));
  const int64_t count = args.b.count();
  void* const room = type == DType::f32 ? static_cast<void*>(state.unpacked.get<float>(count))
                                        : static_cast<void*>(state.unpacked.get<BFloat16>(count));
  const Tensor floats{.data = room, .shape = args.b.shape, .dtype = type};
  unpack_rows(threads, *args.b.byte_weight, floats);
  args.b = floats;
  return args;
}

}  // namespace

void matmul(MatmulCache& cache, int threads, const Matmul& args) {
  if (args.b.byte_weight && !reads_blocks(args))
    return matmul(cache, threads, with_floats(cache.state(), threads, args));
  const Product product = describe(threads, args);
  check(threads, args, product);
  const bool squares_along = args.squares.defined() && product.k > 0 && is_dot_gradient(product);
  if (product.m > 0 && product.n > 0)
    multiply(cache.state(), product, args, squares_along ? args.squares.as<double>() : nullptr);
  if (args.squares.defined() && !squares_along)
    sum_squares(cache.state().squares, threads, {.x = args.c, .out = args.squares});
}

bool has_fast_bf16() {
  limit_instructions();
  return onednn_has_fast_bf16();
}

bool prefers_bf16() {
  return has_fast_bf16() && (may_use_tiles() || !is_intel());
}

}  // namespace attune::kernels::cpu
