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

// "cross_entropy", "bce" or "mse"; for embeddings by what the rows are: "info_nce", "cosent" or "supcon".
const char* default_loss(TargetKind kind, TextRows texts = TextRows::none);

// What an item's answer is, and for which tasks: "one label (classify, tag)".
const char* answers_of(const LossEntry& entry);

// Why a task with such targets cannot be trained with this loss; empty: it can. A loss of labelled embeddings (supcon)
// may also stand beside one of classes: it reads what the last layer reads.
std::string why_unfit(const LossEntry& entry, TargetKind kind, const LossFacts& facts);

// "bce, focal_bce, ...": of those, the ones that a task can be trained with alone.
std::string losses_that_fit(TargetKind kind, const LossFacts& facts);

}  // namespace attune::losses
