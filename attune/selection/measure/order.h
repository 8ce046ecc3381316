// Whether confusions agree with an order of the classes.
#pragma once
#include <cstdint>
#include <span>
#include <utility>

namespace attune::selection {

// p of a permutation test: the share of the orders of `classes` classes in which the mean distance |i - j| of the
// confusions (gold, answer; gold != answer) is no larger than in the order as it is. Small: classes that stand nearer
// are confused more often; large: the order says nothing of the confusions. All orders where there are at most 1,000,
// else 1,000 that are drawn and this one. NaN without a confusion or with fewer than two classes.
double order_p_value(std::span<const std::pair<int32_t, int32_t>> confusions, int32_t classes);

}  // namespace attune::selection
