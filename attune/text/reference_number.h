// Decimal numbers as the reference reads them.
#pragma once

namespace attune::text {

// The reference's JSON reader (serde_json without exact floats) takes the digits as one whole number and divides it by
// a power of ten: two roundings, so the last bit is often another than the nearest one. Where two cuts of a word have
// equal sums, that bit decides. Returns what it would read where `value` was written with the fewest digits that tell
// it apart, as Python and the reference itself write it.
double as_reference_reads(double value);

}  // namespace attune::text
