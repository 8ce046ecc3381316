#include "skeleton.h"

#include <algorithm>
#include <dnnl.hpp>
#include <unordered_map>
#include <vector>

#include "attune/base/error.h"
#include "attune/tensor/memory.h"

namespace attune::bench {
namespace {

using dnnl::memory;

struct Product {
  dnnl::matmul primitive;
  std::unordered_map<int, memory> arguments;
  double flop = 0;
};

// Makes products, and keeps their memory.
struct Products {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  std::vector<tensor::Buffer> buffers;

  memory filled(const memory::desc& desc) {
    buffers.emplace_back(std::max<size_t>(desc.get_size(), 1));
    // A small number in either type, so that nothing is denormal: 0x3c3c is 0.0115 in bf16, 0x3c3c3c3c the same in f32.
    std::fill_n(static_cast<unsigned char*>(buffers.back().data()), desc.get_size(), static_cast<unsigned char>(0x3c));
    return {desc, engine, buffers.back().data()};
  }

  // [m, k] x [k, n]; `of_weights`: B is packed beforehand. Otherwise a weight gradient: A is read transposed, C is f32.
  Product make(int64_t m, int64_t k, int64_t n, memory::data_type type, bool of_weights) {
    const memory::desc a({m, k}, type, of_weights ? memory::dims{k, 1} : memory::dims{1, m});
    const memory::desc b = of_weights ? memory::desc({k, n}, type, memory::format_tag::any)
                                      : memory::desc({k, n}, type, memory::dims{n, 1});
    const memory::desc c({m, n}, of_weights ? type : memory::data_type::f32, memory::dims{n, 1});
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
#if DNNL_VERSION_MAJOR >= 3
    const dnnl::matmul::primitive_desc description(engine, a, b, c, attributes);
#else
    const dnnl::matmul::primitive_desc description(dnnl::matmul::desc(a, b, c), attributes, engine);
#endif
    return {.primitive = dnnl::matmul(description),
            .arguments = {{DNNL_ARG_SRC, filled(description.src_desc())},
                          {DNNL_ARG_WEIGHTS, filled(description.weights_desc())},
                          {DNNL_ARG_DST, filled(description.dst_desc())},
                          {DNNL_ARG_SCRATCHPAD, filled(description.scratchpad_desc())}},
            .flop = 2.0 * static_cast<double>(m) * static_cast<double>(k) * static_cast<double>(n)};
  }

  void run(const std::vector<Product>& products) {
    for (const Product& product : products) product.primitive.execute(stream, product.arguments);
  }
};

memory::data_type type_of(tensor::DType compute) {
  return compute == tensor::DType::bf16 ? memory::data_type::bf16 : memory::data_type::f32;
}

}  // namespace

struct Skeleton::State : Products {
  std::vector<Product> forward, backward;
};

Skeleton::Skeleton(const models::BertConfig& c, int64_t rows, tensor::DType compute)
    : state_(std::make_unique<State>()) {
  const auto type = type_of(compute);
  for (int64_t layer = 0; layer < c.layers; ++layer)
    for (const auto& [in, out] : {std::pair{c.hidden, 3 * c.hidden},
                                  {c.hidden, c.hidden},
                                  {c.hidden, c.intermediate},
                                  {c.intermediate, c.hidden}}) {
      state_->forward.push_back(state_->make(rows, in, out, type, true));
      state_->backward.push_back(state_->make(rows, out, in, type, true));
      state_->backward.push_back(state_->make(out, rows, in, type, false));
    }
}

Skeleton::~Skeleton() = default;

void Skeleton::run() {
  state_->run(state_->forward);
  state_->run(state_->backward);
}

double Skeleton::gflop() const {
  double flop = 0;
  for (const auto* products : {&state_->forward, &state_->backward})
    for (const Product& product : *products) flop += product.flop;
  return flop * 1e-9;
}

struct PackedProduct::State : Products {
  std::vector<Product> one;
};

PackedProduct::PackedProduct(int64_t size, tensor::DType compute) : state_(std::make_unique<State>()) {
  state_->one.push_back(state_->make(size, size, size, type_of(compute), true));
}

PackedProduct::~PackedProduct() = default;

void PackedProduct::run() {
  state_->run(state_->one);
}

}  // namespace attune::bench
