// Decimal numbers as the reference reads them.
#pragma once
#include <cstdint>

namespace attune::text {

// The reference's JSON reader (serde_json without exact floats) takes the digits as one whole number and divides it by
// a power of ten: two roundings, so the last bit is often another than the nearest one. Where two cuts of a word have
// equal sums, that bit decides. Returns what it would read where `value` was written with the fewest digits that tell
// it apart, as Python and the reference itself write it.
double as_reference_reads(double value);

// What it reads where the digits, taken as one whole number, and the power of ten they are to be multiplied with are
// known: digits * 10^exponent, negated if `negative`.
double reference_number(bool negative, uint64_t digits, int exponent);

}  // namespace attune::text
