#include "attune/kernels/cpu/matmul_products.h"

#include <array>
#include <dnnl.hpp>
#include <string_view>

#include "attune/base/error.h"

namespace attune::kernels::cpu {
namespace {

using dnnl::memory;
using tensor::DType;

const dnnl::engine& engine() {
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

const dnnl::stream& stream() {
  static const dnnl::stream in_order(engine());
  return in_order;
}

memory::data_type data_type(DType dtype) {
  return dtype == DType::bf16 ? memory::data_type::bf16 : memory::data_type::f32;
}

// A matrix whose rows, as stored, are `ld` apart; `transposed` shows its columns as rows.
memory::desc matrix(int64_t rows, int64_t cols, int64_t ld, bool transposed, DType dtype) {
  const memory::dims strides = transposed ? memory::dims{1, ld} : memory::dims{ld, 1};
  return {{rows, cols}, data_type(dtype), strides};
}

dnnl::matmul::primitive_desc describe(const Product& p) {
  const auto a = matrix(p.m, p.k, p.lda, p.transpose_a, p.operands);
  const auto b = matrix(p.k, p.n, p.ldb, p.transpose_b, p.operands);
  const auto c = matrix(p.m, p.n, p.n, false, p.result);
  const auto bias = p.bias ? matrix(1, p.n, p.n, false, DType::f32) : memory::desc();
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (p.accumulate) {
    dnnl::post_ops post;
    post.append_sum(1.0f);
    attr.set_post_ops(post);
  }
#if DNNL_VERSION_MAJOR >= 3
  return p.bias ? dnnl::matmul::primitive_desc(engine(), a, b, bias, c, attr, true)
                : dnnl::matmul::primitive_desc(engine(), a, b, c, attr, true);
#else
  const auto desc = p.bias ? dnnl::matmul::desc(a, b, bias, c) : dnnl::matmul::desc(a, b, c);
  return {desc, attr, engine(), true};
#endif
}

// Each instruction set's value holds the bits of all that it includes.
bool has(dnnl::cpu_isa wanted) {
  const auto bits = static_cast<unsigned>(wanted);
  return (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) & bits) == bits;
}

memory empty_memory(const memory::desc& desc) {
  return {desc, engine(), nullptr};
}

}  // namespace

// A primitive with its memory objects, whose addresses are set before each run; `matmul` is empty where oneDNN has
// nothing but its reference loops.
struct Products::Entry {
  explicit Entry(const Product& p) : product(p) {
    const auto pd = describe(p);
    if (!pd || std::string_view(pd.impl_info_str()).find("ref") != std::string_view::npos) return;
    matmul = dnnl::matmul(pd);
    a = empty_memory(pd.src_desc());
    b = empty_memory(pd.weights_desc());
    c = empty_memory(pd.dst_desc());
    scratch = empty_memory(pd.scratchpad_desc());
    scratch_bytes = static_cast<int64_t>(pd.scratchpad_desc().get_size());
    arguments = {{{DNNL_ARG_SRC, a.get()},
                  {DNNL_ARG_WEIGHTS, b.get()},
                  {DNNL_ARG_DST, c.get()},
                  {DNNL_ARG_SCRATCHPAD, scratch.get()}}};
    count = 4;
    if (!p.bias) return;
    bias = empty_memory(pd.bias_desc());
    arguments[count++] = {DNNL_ARG_BIAS, bias.get()};
  }

  Product product;
  dnnl::matmul matmul;
  memory a, b, bias, c, scratch;
  int64_t scratch_bytes = 0;
  std::array<dnnl_exec_arg_t, 5> arguments{};
  int count = 0;
};

size_t ProductHash::operator()(const Product& p) const {
  uint64_t hash = 0;
  const auto add = [&hash](int64_t part) {
    hash = (hash ^ static_cast<uint64_t>(part)) * 0x9e3779b97f4a7c15ULL;
    hash ^= hash >> 29;
  };
  for (const int64_t part : {p.m, p.k, p.n, p.lda, p.ldb, int64_t{p.threads}}) add(part);
  add(static_cast<int64_t>(p.operands) << 8 | static_cast<int64_t>(p.result) << 4 | int64_t{p.transpose_a} << 3 |
      int64_t{p.transpose_b} << 2 | int64_t{p.accumulate} << 1 | int64_t{p.bias});
  return hash;
}

Products::Products(size_t limit) : limit_(limit) {}
Products::~Products() = default;

Products::Entry& Products::find_or_make(const Product& product) {
  if (const auto place = places_.find(product); place != places_.end()) {
    order_.splice(order_.begin(), order_, place->second);
    return *order_.front();
  }
  try {
    order_.push_front(std::make_unique<Entry>(product));
  } catch (const dnnl::error& error) {
    fail(ErrorKind::internal, "oneDNN cannot make the product [{}, {}] x [{}, {}]: {} (status {})", product.m,
         product.k, product.k, product.n, error.message, static_cast<int>(error.status));
  }
  places_[product] = order_.begin();
  if (order_.size() > limit_) {
    places_.erase(order_.back()->product);
    order_.pop_back();
  }
  return *order_.front();
}

bool Products::supports(const Product& product) {
  return static_cast<bool>(find_or_make(product).matmul);
}

void Products::run(const Product& product, const ProductData& data) {
  Entry& entry = find_or_make(product);
  ATTUNE_CHECK(entry.matmul, "oneDNN has no kernel for the product [{}, {}] x [{}, {}]", product.m, product.k,
               product.k, product.n);
  entry.a.set_data_handle(const_cast<void*>(data.a));
  entry.b.set_data_handle(const_cast<void*>(data.b));
  entry.c.set_data_handle(data.c);
  entry.scratch.set_data_handle(scratch_.get<char>(entry.scratch_bytes));
  if (product.bias) entry.bias.set_data_handle(const_cast<void*>(data.bias));
  // The C call, because the C++ one builds a map for each run.
  const auto status = dnnl_primitive_execute(entry.matmul.get(), stream().get(), entry.count, entry.arguments.data());
  if (status != dnnl_success)
    fail(ErrorKind::internal, "oneDNN could not run the product [{}, {}] x [{}, {}]: status {}", product.m, product.k,
         product.k, product.n, static_cast<int>(status));
}

bool onednn_has_avx512() {
  return has(dnnl::cpu_isa::avx512_core);
}

bool onednn_has_amx() {
  return has(dnnl::cpu_isa::avx512_core_amx);
}

bool onednn_has_fast_bf16() {
  return has(dnnl::cpu_isa::avx512_core_bf16);
}

bool onednn_has_vnni() {
  return has(dnnl::cpu_isa::avx512_core_vnni);
}

bool limit_onednn(OneDnnLimit limit) {
  const auto isa = limit == OneDnnLimit::avx512_with_bf16      ? dnnl::cpu_isa::avx512_core_bf16
                   : limit == OneDnnLimit::avx512_without_bf16 ? dnnl::cpu_isa::avx512_core_vnni
                   : limit == OneDnnLimit::avx2                ? dnnl::cpu_isa::avx2
                                                               : dnnl::cpu_isa::sse41;
  return dnnl::set_max_cpu_isa(isa) == dnnl::status::success;
}

}  // namespace attune::kernels::cpu
