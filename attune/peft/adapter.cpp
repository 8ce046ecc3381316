#include "attune/peft/adapter.h"

#include <algorithm>

#include "attune/peft/method.h"

namespace attune::peft {
namespace {

const ProductChange* change_of(const AdapterRows& rows, int64_t layer, Place place) {
  return rows.adapter ? rows.adapter->layer(layer).at(place) : nullptr;
}

struct RowRange {
  int64_t begin, end;
};

RowRange range_of(const AdapterRows& rows, bool kept, int64_t count) {
  if (rows.all) return {0, count};
  return kept ? RowRange{rows.kept_begin, rows.kept_end} : RowRange{rows.begin, rows.end};
}

Tensor rows_of(const Tensor& x, RowRange range) {
  if (range.begin == 0 && range.end == x.rows()) return x;
  Tensor part = x.slice_rows(range.begin, range.end);
  part.bytes_twin = nullptr;  // scales of rows lie behind all of them
  return part;
}

// x with the rows of those adapters changed that change what the product reads.
Tensor changed_input(Context& context, const Tensor& x, std::span<const AdapterRows> adapters,
                     const ProductSite& site) {
  if (adapters.size() == 1 && adapters[0].all) {
    const ProductChange* change = change_of(adapters[0], site.layer, site.place);
    return change ? change->before(context, x) : x;
  }
  Tensor whole = x;
  for (const AdapterRows& rows : adapters) {
    const ProductChange* change = change_of(rows, site.layer, site.place);
    if (!change) continue;
    const RowRange range = range_of(rows, site.kept, x.rows());
    if (range.begin == range.end) continue;
    const Tensor part = rows_of(x, range), changed = change->before(context, part);
    if (changed.data == part.data) continue;
    if (whole.data == x.data) {
      whole = context.make(x.shape, x.dtype);
      context.kernels.convert({.x = x, .y = whole});
    }
    context.kernels.convert({.x = changed, .y = whole.slice_rows(range.begin, range.end)});
  }
  return whole;
}

}  // namespace

Adapter::Adapter(std::shared_ptr<const Method> method, nn::Parameters& parameters, const EncoderShape& shape)
    : method_(std::move(method)), shape_(shape), layers_(static_cast<size_t>(shape.layers)) {
  method_->attach(*this, parameters);
}

kernels::LowRankParts parts_of(std::span<const Module> modules) {
  kernels::LowRankParts parts;
  for (const Module& module : modules) parts.add(module.begin, module.end);
  return parts;
}

std::vector<nn::Piece> pieces_of(std::span<const Module> modules, const char* end, int64_t rows) {
  std::vector<nn::Piece> pieces;
  int64_t at = 0;
  for (const Module& module : modules) {
    const int64_t own = rows > 0 ? rows : module.end - module.begin;
    pieces.push_back({module.name + end, at, at + own});
    at += own;
  }
  return pieces;
}

bool changes(std::span<const AdapterRows> adapters, int64_t layer, Place place) {
  return std::any_of(adapters.begin(), adapters.end(),
                     [&](const AdapterRows& rows) { return change_of(rows, layer, place) != nullptr; });
}

bool reads_input(std::span<const AdapterRows> adapters, int64_t layer, Place place) {
  return std::any_of(adapters.begin(), adapters.end(), [&](const AdapterRows& rows) {
    const ProductChange* change = change_of(rows, layer, place);
    return change && change->reads_input();
  });
}

bool reads_output(std::span<const AdapterRows> adapters, int64_t layer, Place place) {
  return std::any_of(adapters.begin(), adapters.end(), [&](const AdapterRows& rows) {
    const ProductChange* change = change_of(rows, layer, place);
    return change && change->reads_output();
  });
}

Tensor adapted_product(Context& context, Context& made_in, const nn::Linear& product, const Tensor& x,
                       std::span<const AdapterRows> adapters, const ProductSite& site) {
  if (!changes(adapters, site.layer, site.place)) return product.forward(made_in, x);
  ATTUNE_CHECK(context.tape == nullptr || (adapters.size() == 1 && adapters[0].all),
               "one adapter trains at a time, on all rows");
  const Tensor read = changed_input(context, x, adapters, site);
  std::vector<Tensor> beside(adapters.size());
  for (size_t i = 0; i < adapters.size(); ++i)
    if (const ProductChange* change = change_of(adapters[i], site.layer, site.place))
      beside[i] = change->beside(context, rows_of(read, range_of(adapters[i], site.kept, read.rows())), site.draws);
  Tensor y = product.forward(made_in, read);
  for (size_t i = 0; i < adapters.size(); ++i) {
    const ProductChange* change = change_of(adapters[i], site.layer, site.place);
    if (!change) continue;
    if (adapters[i].all) {
      y = change->after(context, y, beside[i], product);
      continue;
    }
    const RowRange range = range_of(adapters[i], site.kept, y.rows());
    if (range.begin == range.end) continue;
    const Tensor part = rows_of(y, range), changed = change->after(context, part, beside[i], product);
    ATTUNE_CHECK(changed.data == part.data, "an adapter's rows are changed where they lie");
  }
  return y;
}

bool changes_closing(std::span<const AdapterRows> adapters, int64_t layer) {
  return std::any_of(adapters.begin(), adapters.end(), [&](const AdapterRows& rows) {
    return rows.adapter && rows.adapter->layer(layer).closing != nullptr;
  });
}

Tensor adapted_closing(Context& context, const Tensor& y, const Tensor& z, std::span<const AdapterRows> adapters,
                       int64_t layer, bool kept) {
  Tensor whole = y;
  for (const AdapterRows& rows : adapters) {
    const ClosingChange* change = rows.adapter ? rows.adapter->layer(layer).closing.get() : nullptr;
    if (!change) continue;
    if (rows.all) {
      whole = change->apply(context, y, z);
      continue;
    }
    const RowRange range = range_of(rows, kept, y.rows());
    if (range.begin < range.end) change->apply(context, rows_of(y, range), rows_of(z, range));
  }
  return whole;
}

}  // namespace attune::peft
