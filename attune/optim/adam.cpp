#include "attune/optim/adam.h"

#include "attune/optim/row_history.h"
#include "attune/tensor/transfer.h"

namespace attune::optim {
namespace {

class Adam final : public Optimizer {
 public:
  Adam(nn::Parameters& parameters, const OptimizerOptions& options, bool coupled_decay)
      : options_(options),
        coupled_decay_(coupled_decay),
        parameters_(parameters),
        members_(members(parameters, options)),
        first_(parameters, members_),
        second_(parameters, members_),
        uploads_(parameters.memory()) {
    for (size_t i = 0; i < members_.size(); ++i)
      if (members_[i].parameter->by_rows) tables_.push_back({i, RowHistory(members_[i].parameter->shape.rows())});
  }

  void catch_up(kernels::Kernels& kernels) override {
    uploads_.reset();
    for (Table& table : tables_) {
      if (table.history.full()) replay_all(kernels, table);
      const auto& rows = members_[table.member].parameter->touched;
      replay(kernels, table, rows, table.history.take(rows));
    }
  }

  void settle(kernels::Kernels& kernels) override {
    uploads_.reset();
    for (Table& table : tables_) replay_all(kernels, table);
    parameters_.set_settled(true);
  }

  void step(kernels::Kernels& kernels, double rate, double clip, int64_t step) override {
    uploads_.reset();
    auto table = tables_.begin();
    for (size_t i = 0; i < members_.size(); ++i) {
      kernels::AdamUpdate update = update_of(i, rate, clip, step);
      if (members_[i].parameter->by_rows) {
        const std::vector<int32_t>& rows = members_[i].parameter->touched;
        update.rows = tensor::to_device(uploads_, std::span(rows));
        table++->history.add(kernels::adam_factors(update), rows);
        parameters_.set_settled(false);
      }
      kernels.adam_update(update);
    }
  }

  std::vector<StateTensor> state() const override {
    std::vector<StateTensor> state;
    for (size_t i = 0; i < members_.size(); ++i) {
      state.push_back({members_[i].parameter->name + "/m", first_[i]});
      state.push_back({members_[i].parameter->name + "/v", second_[i]});
    }
    return state;
  }

 private:
  // A table that is updated by touched rows.
  struct Table {
    size_t member;
    RowHistory history;
  };

  kernels::AdamUpdate update_of(size_t i, double rate, double clip, int64_t step) const {
    const Member& member = members_[i];
    return {.w = member.parameter->value,
            .g = member.parameter->gradient,
            .m = first_[i],
            .v = second_[i],
            .low = twin_of(*member.parameter),
            .rate = rate * member.rate_factor,
            .beta1 = options_.beta1,
            .beta2 = options_.beta2,
            .eps = options_.eps,
            .decay = member.decay,
            .clip = clip,
            .step = step,
            .coupled_decay = coupled_decay_,
            .bias_correction = options_.bias_correction};
  }

  void replay_all(kernels::Kernels& kernels, Table& table) {
    const RowHistory::Behind behind = table.history.behind();
    replay(kernels, table, behind.rows, behind.done);
    table.history.clear();
  }

  void replay(kernels::Kernels& kernels, const Table& table, std::span<const int32_t> rows,
              std::span<const int32_t> done) {
    const Member& member = members_[table.member];
    const auto& updates = table.history.updates();
    if (rows.empty() || updates.empty()) return;
    kernels.adam_replay({.w = member.parameter->value,
                         .m = first_[table.member],
                         .v = second_[table.member],
                         .rows = tensor::to_device(uploads_, rows),
                         .done = tensor::to_device(uploads_, done),
                         .count = std::ssize(rows),
                         .updates = tensor::to_device(uploads_, std::span(updates)),
                         .updates_count = std::ssize(updates),
                         .beta1 = options_.beta1,
                         .beta2 = options_.beta2,
                         .eps = options_.eps,
                         .coupled_decay = coupled_decay_ ? member.decay : 0});
  }

  OptimizerOptions options_;
  bool coupled_decay_;
  nn::Parameters& parameters_;
  std::vector<Member> members_;
  MomentBuffer first_, second_;
  std::vector<Table> tables_;
  tensor::Arena uploads_;  // rows and what they missed, as a device reads them
};

}  // namespace

std::unique_ptr<Optimizer> make_adam(nn::Parameters& parameters, const OptimizerOptions& options, bool coupled_decay) {
  return std::make_unique<Adam>(parameters, options, coupled_decay);
}

}  // namespace attune::optim
