#include "attune/tensor/packed_rows.h"

#include "attune/tensor/transfer.h"

namespace attune::tensor {

PackedView packed_view(Arena& arena, const PackedRows& rows) {
  const auto place = [&](const auto& values) { return to_device(arena, std::span(values)); };
  return {.ids = place(rows.ids),
          .positions = place(rows.positions),
          .segments = place(rows.segments),
          .keys = place(rows.keys),
          .offsets = place(rows.offsets),
          .rows = rows.rows(),
          .tokens = rows.tokens(),
          .sequences = rows.sequences()};
}

KeptView kept_view(Arena& arena, const KeptRows& kept) {
  return {.rows = to_device(arena, std::span(kept.rows)),
          .keys = to_device(arena, std::span(kept.keys)),
          .offsets = to_device(arena, std::span(kept.offsets)),
          .count = std::ssize(kept.rows)};
}

}  // namespace attune::tensor
