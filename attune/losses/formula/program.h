// A formula's graph, run: the value of one row, and its gradient by reverse-mode differentiation, in f64.
//
// What never varies (log(prior), say) is worked out once, when the program is made. An adjoint that is 0 passes nothing
// on, whatever the slope: 0 times an infinite slope is 0, as in a probability's power that is multiplied by its
// logarithm at p = 1.
#pragma once
#include <span>
#include <vector>

#include "attune/losses/facts.h"
#include "attune/losses/formula/graph.h"

namespace attune::losses::formula {

// One row as a formula reads it.
struct Row {
  std::span<const double> z;             // [K] logits over the temperature, or the score
  std::span<const double> log_p, p;      // [K] classes
  std::span<const double> targets;       // [K] labels (negative: unknown), or the score's
  std::span<const double> weights = {};  // [K] labels: what counts how much in sums, 0 where unknown; empty: all 1
  size_t y = 0;                          // classes
  double progress = 0;
};

// What a run writes to. It grows to what the largest program needs and is used again.
struct Workspace {
  std::vector<double> values, adjoints;
  std::vector<const double*> at;  // of each step's value
};

class Program {
 public:
  Program(const Graph& graph, int root, TargetKind kind, const LossFacts& facts);

  double forward(const Row& row, Workspace& workspace) const;
  // Of the row that went forward last. Adds share * d(value)/dz to `gradient` [K], all but what goes by log_p[y], and
  // returns that one's: share * d(value)/d(log_p[y]) (d log_p[y] / dz_k = onehot_k - p_k).
  double backward(const Row& row, Workspace& workspace, double share, std::span<double> gradient) const;

  // In order: arguments first. For messages and for the check.
  const std::vector<Node>& nodes() const { return nodes_; }
  // Of node s of the row that went forward last; empty: only the class's element was needed.
  std::span<const double> value(const Workspace& workspace, size_t s) const {
    if (!whole_[s]) return {};
    return {workspace.at[s], width(nodes_[s])};
  }
  // Of node s after backward; empty: it has none.
  std::span<const double> adjoint(const Workspace& workspace, size_t s) const {
    if (!nodes_[s].active || !whole_[s]) return {};
    return std::span(workspace.adjoints).subspan(offsets_[s], width(nodes_[s]));
  }
  bool reads(Op op) const;
  // Which way each kink was taken (abs, min, max, comparisons) by the row that went forward last.
  std::vector<int> branches(const Workspace& workspace) const;

 private:
  void take_nodes(const Graph& graph, int root);
  void place_nodes();
  void work_out_constants();
  size_t width(const Node& node) const { return node.vector ? k_ : 1; }
  void run_step(size_t s, const Row& row, Workspace& workspace) const;
  const double* leaf(const Node& node, const Row& row) const;
  double reduced(const Node& node, const Row& row, const Workspace& workspace) const;

  void pull(size_t s, Workspace& workspace) const;
  void pull_reduction(size_t s, const Row& row, Workspace& workspace) const;
  double pull_leaf(size_t s, const Row& row, Workspace& workspace, std::span<double> gradient) const;
  double* adjoint_of(int s, Workspace& workspace) const {
    return nodes_[static_cast<size_t>(s)].active ? workspace.adjoints.data() + offsets_[static_cast<size_t>(s)]
                                                 : nullptr;
  }

  size_t k_;
  std::vector<Node> nodes_;
  std::vector<size_t> offsets_;  // of each node in values and adjoints
  std::vector<char> whole_;      // 0: a log_p or log_rest of which only the class's element is read
  size_t size_ = 0;              // of both
  std::vector<double> counts_, priors_;
  std::vector<double> constants_;    // values of nodes that never vary, one after the other
  std::vector<size_t> constant_at_;  // of node s in constants_
};

// log(1 - p_k): the others' share, exact where p_k is nearly 1.
double log_rest(const Row& row, size_t k);

}  // namespace attune::losses::formula
