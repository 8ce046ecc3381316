#include "attune/models/virtual_rows.h"

#include <algorithm>
#include <cstring>

#include "attune/base/rng.h"

namespace attune::models {
namespace {

template <class T>
const T* kept_in_arena(autograd::Context& context, const std::vector<T>& values) {
  void* const copy = context.arena.allocate(std::max<size_t>(1, values.size() * sizeof(T)));
  if (context.arena.memory().is_host())
    std::memcpy(copy, values.data(), values.size() * sizeof(T));
  else
    context.arena.memory().copy_in(copy, values.data(), values.size() * sizeof(T));
  return static_cast<const T*>(copy);
}

int32_t place_of(const VirtualRows& rows, int32_t row, const tensor::PackedRows& batch, bool firsts) {
  if (row < 0) return -1;
  if (!firsts) return rows.place[static_cast<size_t>(row)];
  const auto sequence = std::upper_bound(batch.offsets.begin(), batch.offsets.end(), row) - batch.offsets.begin() - 1;
  ATTUNE_CHECK(batch.offsets[static_cast<size_t>(sequence)] == row, "row {} begins no sequence", row);
  return rows.first[static_cast<size_t>(sequence)];
}

}  // namespace

VirtualRows with_virtual_rows(autograd::Context& context, const tensor::PackedRows& batch, int64_t virtual_tokens) {
  const auto p = static_cast<int32_t>(virtual_tokens);
  const int64_t sequences = batch.sequences(), tokens = batch.tokens() + sequences * virtual_tokens;
  const auto n = static_cast<size_t>(tensor::rounded_rows(tokens));
  tensor::PackedRows whole;
  whole.ids.resize(n, 0), whole.positions.resize(n, 0), whole.segments.resize(n, 0), whole.keys.resize(n, 0);
  std::vector<int32_t> index(n, -1), rows, of, positions, shifted = batch.positions;
  VirtualRows made;
  made.place.assign(static_cast<size_t>(batch.rows()), -1);
  whole.offsets.push_back(0);
  int32_t at = 0;
  for (int64_t b = 0; b < sequences; ++b) {
    const int32_t begin = batch.offsets[static_cast<size_t>(b)], end = batch.offsets[static_cast<size_t>(b + 1)];
    made.first.push_back(at);
    const uint64_t key = begin < end ? batch.keys[static_cast<size_t>(begin)] : 0;
    for (int32_t v = 0; v < p; ++v, ++at) {
      index[static_cast<size_t>(at)] = -1 - v;
      whole.positions[static_cast<size_t>(at)] = v;
      whole.keys[static_cast<size_t>(at)] = mix_key(key, 1 + static_cast<uint64_t>(v));
      rows.push_back(at), of.push_back(v), positions.push_back(v);
    }
    for (int32_t r = begin; r < end; ++r, ++at) {
      const auto from = static_cast<size_t>(r), to = static_cast<size_t>(at);
      made.place[from] = at, index[to] = r;
      shifted[from] += p;
      whole.ids[to] = batch.ids[from], whole.positions[to] = shifted[from];
      whole.segments[to] = batch.segments[from], whole.keys[to] = batch.keys[from];
    }
    whole.offsets.push_back(at);
  }
  const auto place = [&](const auto& values) { return kept_in_arena(context, values); };
  made.whole = {.ids = place(whole.ids),
                .positions = place(whole.positions),
                .segments = place(whole.segments),
                .keys = place(whole.keys),
                .offsets = place(whole.offsets),
                .rows = static_cast<int64_t>(n),
                .tokens = tokens,
                .sequences = sequences};
  made.own = tensor::packed_view(context.arena, batch);
  made.own.positions = place(shifted);
  made.index = place(index), made.rows = place(rows), made.of = place(of), made.positions = place(positions);
  made.count = std::ssize(rows);
  made.segments = place(std::vector<int32_t>(rows.size(), 0));
  return made;
}

const int32_t* rows_in(autograd::Context& context, const VirtualRows& rows, std::span<const int32_t> of_batch,
                       const tensor::PackedRows& batch, bool firsts) {
  std::vector<int32_t> places;
  for (const int32_t row : of_batch) places.push_back(place_of(rows, row, batch, firsts));
  return kept_in_arena(context, places);
}

tensor::KeptView kept_in(autograd::Context& context, const VirtualRows& rows, const tensor::KeptRows& kept,
                         const tensor::PackedRows& batch, bool firsts) {
  tensor::KeptView view = tensor::kept_view(context.arena, kept);
  view.rows = rows_in(context, rows, kept.rows, batch, firsts);
  return view;
}

tensor::KeptView all_in(autograd::Context& context, const VirtualRows& rows, const tensor::PackedRows& batch) {
  return {.rows = kept_in_arena(context, rows.place),
          .keys = rows.own.keys,
          .offsets = rows.own.offsets,
          .count = batch.rows()};
}

}  // namespace attune::models
