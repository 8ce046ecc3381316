// A batch's sum and denominator by definition: the entry's reference item by item, shared parts written out, in long
// double.
#pragma once
#include "attune/losses/check/samples.h"

namespace attune::losses {

struct NaiveOutcome {
  long double sum = 0, denominator = 0;
};

// `held`: the batch that constants are made of (LossEntry::holds_constants); nullptr: this one.
NaiveOutcome naive(const Setting& setting, const Batch& batch, const Batch* held = nullptr);

}  // namespace attune::losses
