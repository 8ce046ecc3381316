#include "attune/train/strategies/make_strategy.h"

#include "attune/train/strategies/fgm.h"
#include "attune/train/strategies/flooding.h"
#include "attune/train/strategies/l2_sp.h"
#include "attune/train/strategies/r_drop.h"

namespace attune::train {
namespace {

struct Make {
  std::unique_ptr<Strategy> operator()(std::monostate) const { return std::make_unique<OnePass>(); }
  std::unique_ptr<Strategy> operator()(const losses::FgmOptions& told) const { return std::make_unique<Fgm>(told); }
  std::unique_ptr<Strategy> operator()(const losses::L2SpOptions& told) const { return std::make_unique<L2Sp>(told); }
  std::unique_ptr<Strategy> operator()(const losses::RDropOptions& told) const { return std::make_unique<RDrop>(told); }
  std::unique_ptr<Strategy> operator()(const losses::FloodingOptions& told) const {
    return std::make_unique<Flooding>(told);
  }
};

}  // namespace

std::unique_ptr<Strategy> make_strategy(const losses::StrategyOptions& options) {
  return std::visit(Make{}, options);
}

}  // namespace attune::train
