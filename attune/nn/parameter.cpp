#include "attune/nn/parameter.h"

#include <algorithm>
#include <utility>

#include "attune/kernels/packed_weight.h"
#include "attune/kernels/quantized.h"

namespace attune::nn {
namespace {

using tensor::aligned;

uint64_t hash_name(std::string_view name) {
  uint64_t key = 0;
  for (const char c : name) key = mix_key(key, static_cast<unsigned char>(c));
  return key;
}

size_t bf16_bytes(const Parameter& p) {
  return aligned(static_cast<size_t>(p.shape.count()) * tensor::size_of(DType::bf16));
}

template <class T>
void draw_normal(std::span<T> out, uint64_t key, double deviation) {
  for (size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<T>(deviation * random_normal(mix_key(key, i >> 30), static_cast<uint32_t>(i & 0x3fffffff)));
}

template <class T>
void draw_uniform(std::span<T> out, uint64_t key, double bound) {
  for (size_t i = 0; i < out.size(); ++i) {
    const uint32_t bits = random_bits(mix_key(key, i >> 30), static_cast<uint32_t>(i & 0x3fffffff));
    out[i] = static_cast<T>(bound * (static_cast<double>(bits) * 0x1p-31 - 1));
  }
}

}  // namespace

Parameter* Parameters::add(std::string name, Shape shape, ParameterOptions options) {
  ATTUNE_CHECK(!find(name), "two parameters named {}", name);
  if (options.pieces.empty()) options.pieces = {{name, 0, shape.rank() == 1 ? shape[0] : shape.rows()}};
  all_.push_back(std::make_unique<Parameter>(
      Parameter{.name = std::move(name), .shape = shape, .options = std::move(options), .value = {}, .gradient = {}}));
  return all_.back().get();
}

// Weights that products read in bf16 have packed forms where the CPU multiplies from them, else a rounded twin.
bool Parameters::is_packed(const Parameter& p) const {
  return precision_.compute == DType::bf16 && p.options.product_weight && !holds_bytes(p) && memory().is_host() &&
         kernels::cpu::packs_weight(p.shape);
}

bool Parameters::has_twin(const Parameter& p) const {
  return precision_.compute == DType::bf16 && p.options.product_weight && !holds_bytes(p) && !is_packed(p);
}

// Where the values of those that have some lie, one after the other from `at` on (nullptr: nowhere yet); returns the
// bytes they take.
size_t Parameters::place_values(char* at, DType type) {
  size_t bytes = 0;
  for (const auto& p : all_) {
    if (holds_bytes(*p)) continue;
    if (holds_narrow(*p) || stays_in_file(*p)) {
      p->value = {.data = nullptr, .shape = p->shape, .dtype = holds_narrow(*p) ? DType::bf16 : DType::f32};
      continue;
    }
    if (at) p->value = {.data = at + bytes, .shape = p->shape, .dtype = type};
    bytes += aligned(static_cast<size_t>(p->shape.count()) * tensor::size_of(type));
  }
  return bytes;
}

bool Parameters::narrows(const Parameter& p) const {
  return precision_.frozen == Frozen::bf16 && precision_.compute == DType::bf16 && !p.trainable && !p.options.adapter &&
         !holds_bytes(p) && memory().is_host();
}

bool Parameters::holds_narrow(const Parameter& p) const {
  return narrows(p) &&
         (p.options.product_weight ? is_packed(p) : p.options.read_by_rows && kernels::cpu::has_fast_bf16());
}

bool Parameters::stays_in_file(const Parameter& p) const {
  return precision_.frozen == Frozen::in_file && !p.trainable && !p.options.adapter && memory().is_host() &&
         (p.options.product_weight || p.options.read_by_rows);
}

// Room for every row, of which few will be read: the others take no memory.
void Parameters::place_file_tables() {
  for (const auto& p : all_) {
    if (!stays_in_file(*p) || p->options.product_weight) continue;
    file_tables_.emplace_back(static_cast<size_t>(p->shape.count()) * sizeof(float), memory(),
                              tensor::Writes::few_places);
    p->value = file_tables_.back().view(p->shape, DType::f32);
  }
}

void Parameters::read_from_file(FileValues::Read read) {
  file_values_ = std::make_unique<FileValues>(std::move(read));
  for (const auto& p : all_)
    if (stays_in_file(*p)) p->in_file = file_values_.get();
}

// Tables that are held in bf16 alone.
size_t Parameters::place_narrow_tables(char* at) {
  size_t bytes = 0;
  for (const auto& p : all_) {
    if (!holds_narrow(*p) || p->options.product_weight) continue;
    if (at) p->value = {.data = at + bytes, .shape = p->shape, .dtype = DType::bf16};
    bytes += bf16_bytes(*p);
  }
  return bytes;
}

void Parameters::begin_fill(Parameter& p) {
  if (!holds_narrow(p) || takes_rows(p)) return;
  filling_ = tensor::Buffer(static_cast<size_t>(p.shape.count()) * sizeof(float));
  p.value.data = filling_.data(), p.value.dtype = DType::f32;
}

void Parameters::end_fill(Parameter& p) {
  if (!holds_narrow(p) || takes_rows(p)) return;
  kernels::cpu::pack_weight(p.value, p.packed);
  p.value.data = nullptr, p.value.dtype = DType::bf16;
  filling_ = {};
}

// The same of those that are held as bytes.
size_t Parameters::place_bytes(char* at) {
  size_t bytes = 0;
  for (const auto& p : all_) {
    if (!holds_bytes(*p)) continue;
    const int64_t rows = p->shape.rows(), cols = p->shape.cols();
    const bool table = !p->options.product_weight;
    if (at && table) p->value = {.data = at + bytes, .shape = p->shape, .dtype = DType::i8};
    if (at && !table && precision_.int8) {
      p->quantized = tensor::QuantizedWeight::in_block(at + bytes, rows, cols);
      p->value = {.shape = p->shape, .quantized = &p->quantized};
    }
    if (at && !table && !precision_.int8) {
      p->byte_weight = tensor::ByteWeight::in_block(at + bytes, rows, cols);
      p->value = {.shape = p->shape, .byte_weight = &p->byte_weight};
    }
    bytes += aligned(table             ? tensor::quantized_table_bytes(rows, cols)
                     : precision_.int8 ? tensor::QuantizedWeight::bytes_of(rows, cols)
                                       : tensor::ByteWeight::bytes_of(rows, cols));
  }
  return bytes;
}

void Parameters::put_rows(Parameter& p, int64_t first, const Tensor& rows) {
  if (takes_rows(p) && !holds_bytes(p)) {
    const float* from = rows.as<float>();
    std::transform(from, from + rows.count(), p.value.as<tensor::BFloat16>() + first * p.shape.cols(),
                   [](float value) { return tensor::BFloat16(value); });
    return;
  }
  ATTUNE_CHECK(holds_bytes(p), "{} holds f32 values", p.name);
  if (!p.options.product_weight)
    kernels::quantize_table_rows(rows, first, p.value);
  else if (p.value.quantized)
    kernels::quantize_weight_rows(rows, first, p.quantized);
  else
    kernels::quantize_weight_rows(rows, first, p.byte_weight);
}

void Parameters::allocate(const Precision& precision, tensor::Memory& memory) {
  precision_ = precision, memory_ = &memory;
  if (precision.int8 && !memory.is_host())
    fail(ErrorKind::usage, "--precision int8 runs on the CPU alone; use bf16 or f32 on this device");
  if (precision.frozen == Frozen::bytes && !memory.is_host())
    fail(ErrorKind::usage, "--base-precision int8 runs on the CPU alone; leave it out on this device");
  ATTUNE_CHECK(!(precision.int8 && precision.frozen == Frozen::bytes) &&
                   (precision.frozen == Frozen::as_others || precision.compute != DType::f64),
               "a frozen base of bytes in an int8 model, or beside f64");
  ATTUNE_CHECK(precision.frozen != Frozen::in_file || precision.compute == DType::f32, "a file is read in f32");
  const DType type = precision.compute == DType::f64 ? DType::f64 : DType::f32;
  size_t twin_bytes = 0;
  values_ = tensor::Buffer(place_values(nullptr, type), memory);
  place_values(static_cast<char*>(values_.data()), type);
  if (const size_t bytes = place_bytes(nullptr); bytes > 0) {
    bytes_ = tensor::Buffer(bytes, memory);
    place_bytes(static_cast<char*>(bytes_.data()));
  }
  if (const size_t bytes = place_narrow_tables(nullptr); bytes > 0) {
    narrow_tables_ = tensor::Buffer(bytes);
    place_narrow_tables(static_cast<char*>(narrow_tables_.data()));
  }
  place_file_tables();
  for (const auto& p : all_) twin_bytes += has_twin(*p) ? bf16_bytes(*p) : 0;
  if (twin_bytes > 0) twins_ = tensor::Buffer(twin_bytes, memory);
  char* twin = static_cast<char*>(twins_.data());
  for (const auto& p : all_) {
    if (!has_twin(*p)) continue;
    p->value.twin = reinterpret_cast<tensor::BFloat16*>(twin);
    twin += bf16_bytes(*p);
  }
  give_packed_forms(&tensor::PackedWeight::forward, forward_forms_);
  if (precision.frozen == Frozen::bf16) give_packed_forms(&tensor::PackedWeight::backward, backward_forms_);
}

void Parameters::give_packed_forms(tensor::BFloat16* tensor::PackedWeight::*form, tensor::Buffer& buffer) {
  size_t bytes = 0;
  for (const auto& p : all_) bytes += is_packed(*p) ? bf16_bytes(*p) : 0;
  if (bytes == 0) return;
  buffer = tensor::Buffer(bytes);
  char* at = static_cast<char*>(buffer.data());
  for (const auto& p : all_) {
    if (!is_packed(*p)) continue;
    p->packed.*form = reinterpret_cast<tensor::BFloat16*>(at);
    p->value.packed = &p->packed;
    at += bf16_bytes(*p);
  }
}

void Parameters::initialise(Parameter& p, uint64_t seed, double deviation) {
  ATTUNE_CHECK(!holds_bytes(p), "{} is held as bytes: it has no initial values", p.name);
  const uint64_t key = mix_key(mix64(seed), hash_name(p.name));
  const auto fill = [&](auto out) {
    using T = typename decltype(out)::value_type;
    if (p.options.init == Init::normal)
      return draw_normal(out, key, p.options.spread > 0 ? p.options.spread : deviation);
    if (p.options.init == Init::uniform) return draw_uniform(out, key, p.options.spread);
    std::fill(out.begin(), out.end(), static_cast<T>(p.options.init == Init::ones ? 1 : 0));
  };
  tensor::write_either_from_host(memory(), p.value, fill);
}

void Parameters::refresh_twins() {
  for (const auto& p : all_) {
    if (holds_narrow(*p)) continue;
    if (p->value.packed) kernels::cpu::pack_weight(p->value, p->packed);
    if (!p->value.twin) continue;
    const tensor::OnHost<float> from(memory(), p->value);
    const Tensor twin{.data = p->value.twin, .shape = p->shape, .dtype = DType::bf16};
    tensor::write_from_host<tensor::BFloat16>(memory(), twin, [&](std::span<tensor::BFloat16> to) {
      std::transform(from.values().begin(), from.values().end(), to.begin(),
                     [](float value) { return tensor::BFloat16(value); });
    });
  }
}

void Parameters::prepare_gradients(TableGradients tables) {
  ATTUNE_CHECK(!precision_.int8, "an int8 model cannot be trained: its weights are bytes alone");
  if (precision_.frozen != Frozen::bf16) give_packed_forms(&tensor::PackedWeight::backward, backward_forms_);
  for (const auto& p : all_)
    if (is_packed(*p) && !holds_narrow(*p)) kernels::cpu::pack_weight(p->value, {.backward = p->packed.backward});
  size_t bytes = 0;
  for (const auto& p : all_) {
    p->by_rows = p->trainable && p->options.read_by_rows && tables == TableGradients::touched_rows;
    if (p->trainable && !p->by_rows) bytes += aligned(p->value.bytes());
  }
  row_gradients_.clear();
  tables_by_rows_.clear();
  gradients_ = tensor::Buffer(bytes, memory());
  char* at = static_cast<char*>(gradients_.data());
  for (const auto& p : all_) {
    p->gradient = {};
    if (p->by_rows) {
      tables_by_rows_.push_back(p.get());
      touch(*p, {});
    }
    if (!p->trainable || p->by_rows) continue;
    p->gradient = {.data = at, .shape = p->shape, .dtype = p->value.dtype};
    at += aligned(p->value.bytes());
  }
  squares_ = tensor::Buffer(std::max<size_t>(1, all_.size()) * sizeof(double), memory());
  for (size_t i = 0; i < all_.size(); ++i)
    all_[i]->squares = squares().slice_rows(static_cast<int64_t>(i), static_cast<int64_t>(i) + 1);
}

Tensor Parameters::squares() const {
  return squares_.view({std::ssize(all_), 1}, DType::f64);
}

void Parameters::touch(Parameter& table, std::span<const int32_t> rows) {
  ATTUNE_CHECK(table.by_rows, "{} has a gradient for each row", table.name);
  table.touched.assign(rows.begin(), rows.end());
  const Tensor wanted{.shape = {std::ssize(rows), table.shape.cols()}, .dtype = table.value.dtype};
  tensor::Buffer& room = row_gradients_[&table];
  if (wanted.bytes() > room.bytes() || room.bytes() == 0)
    room = tensor::Buffer(std::max<size_t>(tensor::kAlignment, wanted.bytes() + wanted.bytes() / 2), memory());
  table.gradient = room.view(wanted.shape, wanted.dtype);
}

void Parameters::begin_step() {
  for (const auto& p : all_) p->state = {};
}

void Parameters::detach() {
  for (const auto& p : all_) p->value.var = -1;
}

void Parameters::attach(autograd::Tape& tape) {
  for (const auto& p : all_) {
    p->value.var = -1;
    if (p->trainable) p->value = tape.leaf(p->value, p->gradient, &p->state, p->squares);
  }
}

void Parameters::check_gradients_arrived() const {
  std::string missing;
  for (const auto& p : all_)
    if (p->trainable && !p->state.started) missing += (missing.empty() ? "" : ", ") + p->name;
  if (!missing.empty())
    fail(ErrorKind::internal,
         "after the first step no gradient had reached: {}. Freeze them, or connect them to the loss", missing);
}

Parameter* Parameters::find(std::string_view name) const {
  for (const auto& p : all_)
    if (p->name == name) return p.get();
  return nullptr;
}

int64_t Parameters::count() const {
  int64_t count = 0;
  for (const auto& p : all_) count += p->shape.count();
  return count;
}

int64_t Parameters::trainable_count() const {
  int64_t count = 0;
  for (const auto& p : all_) count += p->trainable ? p->shape.count() : 0;
  return count;
}

}  // namespace attune::nn
