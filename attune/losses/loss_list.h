// The losses by name: one line each in loss_list.cpp.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "attune/losses/entry.h"

namespace attune::losses {

// Sorted by what they fit, then by name.
const std::vector<const LossEntry*>& loss_list();

// Errors (usage): unknown name; suggests the nearest.
const LossEntry& loss_named(std::string_view name);

// "cross_entropy", "bce" or "mse".
const char* default_loss(TargetKind kind);

// What an item's answer is, and for which tasks: "one label (classify, tag)".
const char* answers_of(const LossEntry& entry);

// "bce, focal_bce, ...".
std::string losses_that_fit(TargetKind kind);

}  // namespace attune::losses
