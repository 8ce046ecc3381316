// The losses by name: one line each in loss_list.cpp.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "attune/losses/loss.h"

namespace attune::losses {

// What a head's outputs mean, which decides the losses that fit it.
enum class TargetKind { classes, labels, scores };

struct LossEntry {
  const char* name;
  TargetKind fits;
  const char* summary;
  std::unique_ptr<Loss> (*make)(const LossOptions&);
};

const std::vector<LossEntry>& loss_list();

// Errors (usage): unknown name (suggests the nearest), a loss that does not fit the targets (names those that do), an
// option out of range or unknown to this loss.
std::unique_ptr<Loss> make_loss(const std::string& name, TargetKind kind, const LossOptions& options);

// "cross_entropy", "bce" or "mse".
const char* default_loss(TargetKind kind);

}  // namespace attune::losses
