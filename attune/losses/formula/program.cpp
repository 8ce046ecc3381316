#include "attune/losses/formula/program.h"

#include <algorithm>
#include <cmath>

#include "attune/base/error.h"
#include "attune/losses/formula/parse.h"

namespace attune::losses::formula {
namespace {

constexpr size_t kNone = static_cast<size_t>(-1);

// What element k counts in a reduction.
double share(const Row& row, size_t k) {
  return row.weights.empty() ? 1 : row.weights[k];
}

}  // namespace

double log_rest(const Row& row, size_t k) {
  if (row.p[k] < 0.5) return std::log1p(-row.p[k]);
  double most = -INFINITY, sum = 0;
  for (size_t c = 0; c < row.z.size(); ++c)
    if (c != k) most = std::max(most, row.z[c]);
  for (size_t c = 0; c < row.z.size(); ++c)
    if (c != k) sum += std::exp(row.z[c] - most);
  return (most - row.z[k]) + row.log_p[k] + std::log(sum);
}

Program::Program(const Graph& graph, int root, TargetKind kind, const LossFacts& facts)
    : k_(kind == TargetKind::scores ? 1 : static_cast<size_t>(facts.labels)), counts_(facts.counts) {
  if (!counts_.empty()) priors_ = priors(facts);
  take_nodes(graph, root);
  place_nodes();
  work_out_constants();
}

// Those that the root is made of; an argument stands before what reads it, as in the graph.
void Program::take_nodes(const Graph& graph, int root) {
  std::vector<char> used(static_cast<size_t>(root) + 1);
  used.back() = 1;
  for (int id = root; id >= 0; --id)
    for (const int of : {graph[id].a, graph[id].b, graph[id].c})
      if (used[static_cast<size_t>(id)] && of >= 0) used[static_cast<size_t>(of)] = 1;
  std::vector<int> steps(used.size(), -1);
  for (int id = 0; id <= root; ++id) {
    if (!used[static_cast<size_t>(id)]) continue;
    steps[static_cast<size_t>(id)] = static_cast<int>(nodes_.size());
    Node node = graph[id];
    for (int* of : {&node.a, &node.b, &node.c})
      if (*of >= 0) *of = steps[static_cast<size_t>(*of)];
    nodes_.push_back(node);
  }
}

void Program::place_nodes() {
  whole_.assign(nodes_.size(), 1);
  for (size_t s = 0; s < nodes_.size(); ++s) whole_[s] = nodes_[s].op != Op::log_p && nodes_[s].op != Op::log_rest;
  for (const Node& node : nodes_)
    for (const int of : {node.a, node.b, node.c})
      if (of >= 0 && node.op != Op::at_y) whole_[static_cast<size_t>(of)] = 1;
  for (size_t s = 0; s < nodes_.size(); ++s) {
    offsets_.push_back(size_);
    if (whole_[s]) size_ += width(nodes_[s]);
  }
}

void Program::work_out_constants() {
  constant_at_.assign(nodes_.size(), kNone);
  Workspace workspace;
  workspace.values.resize(size_), workspace.at.resize(nodes_.size());
  for (size_t s = 0; s < nodes_.size(); ++s) {
    if (nodes_[s].varies != Varies::never) continue;
    run_step(s, {}, workspace);  // its arguments never vary either, and lie in the workspace
    constant_at_[s] = constants_.size();
    const auto value = this->value(workspace, s);
    constants_.insert(constants_.end(), value.begin(), value.end());
  }
}

bool Program::reads(Op op) const {
  return std::any_of(nodes_.begin(), nodes_.end(), [&](const Node& node) { return node.op == op; });
}

double Program::forward(const Row& row, Workspace& workspace) const {
  ATTUNE_CHECK(row.z.size() == k_, "{} logits for a formula over {}", row.z.size(), k_);
  if (workspace.values.size() < size_) workspace.values.resize(size_), workspace.adjoints.resize(size_);
  if (workspace.at.size() < nodes_.size()) workspace.at.resize(nodes_.size());
  for (size_t s = 0; s < nodes_.size(); ++s) {
    if (constant_at_[s] != kNone)
      workspace.at[s] = constants_.data() + constant_at_[s];
    else
      run_step(s, row, workspace);
  }
  return *workspace.at[nodes_.size() - 1];
}

// Leaves that lie somewhere already; nullptr: to be worked out.
const double* Program::leaf(const Node& node, const Row& row) const {
  switch (node.op) {
    case Op::number:
      return &node.number;
    case Op::z:
      return row.z.data();
    case Op::target:
      return row.targets.data();
    case Op::counts:
      return counts_.data();
    case Op::prior:
      return priors_.data();
    case Op::progress:
      return &row.progress;
    case Op::log_p:
      return row.log_p.data();
    default:
      return nullptr;
  }
}

void Program::run_step(size_t s, const Row& row, Workspace& workspace) const {
  const Node& node = nodes_[s];
  workspace.at[s] = leaf(node, row);
  if (workspace.at[s] != nullptr || !whole_[s]) return;
  double* out = workspace.values.data() + offsets_[s];
  workspace.at[s] = out;
  const auto argument = [&](int of) { return workspace.at[static_cast<size_t>(of)]; };
  const auto stride = [&](int of) { return nodes_[static_cast<size_t>(of)].vector ? size_t{1} : size_t{0}; };
  const auto op_of = [&](int of) { return nodes_[static_cast<size_t>(of)].op; };
  const auto is_log_p = [&](int of) { return op_of(of) == Op::log_p; };
  const size_t n = width(node);
  if (is_unary(node.op)) {
    const double* a = argument(node.a);
    // p is there already
    if (node.op == Op::exp && is_log_p(node.a)) {
      workspace.at[s] = row.p.data();
    } else if (node.op == Op::exp && op_of(node.a) == Op::at_y && is_log_p(nodes_[static_cast<size_t>(node.a)].a)) {
      workspace.at[s] = row.p.data() + row.y;
    } else if (node.op == Op::expm1 && is_log_p(node.a)) {
      for (size_t k = 0; k < n; ++k) out[k] = row.p[k] < 0.5 ? row.p[k] - 1 : std::expm1(a[k]);
    } else {
      for (size_t k = 0; k < n; ++k) out[k] = value_of(node.op, a[k]);
    }
  } else if (is_binary(node.op)) {
    const double *a = argument(node.a), *b = argument(node.b);
    const size_t step_a = stride(node.a), step_b = stride(node.b);
    for (size_t k = 0; k < n; ++k) out[k] = value_of(node.op, a[k * step_a], b[k * step_b]);
  } else if (node.op == Op::where) {
    const double *which = argument(node.a), *yes = argument(node.b), *no = argument(node.c);
    const size_t step = stride(node.a), step_yes = stride(node.b), step_no = stride(node.c);
    for (size_t k = 0; k < n; ++k) out[k] = which[k * step] != 0 ? yes[k * step_yes] : no[k * step_no];
  } else if (node.op == Op::onehot) {
    for (size_t k = 0; k < n; ++k) out[k] = k == row.y ? 1 : 0;
  } else if (node.op == Op::log_rest) {
    for (size_t k = 0; k < n; ++k) out[k] = log_rest(row, k);
  } else if (node.op == Op::at_y) {
    *out = op_of(node.a) == Op::log_rest ? log_rest(row, row.y) : argument(node.a)[row.y];
  } else {
    *out = reduced(node, row, workspace);
  }
}

double Program::reduced(const Node& node, const Row& row, const Workspace& workspace) const {
  const double* a = workspace.at[static_cast<size_t>(node.a)];
  const bool weighted = node.op == Op::weighted_logsumexp;
  const double* exponents = weighted ? workspace.at[static_cast<size_t>(node.b)] : a;
  const size_t step = weighted && !nodes_[static_cast<size_t>(node.a)].vector ? 0 : 1;
  const auto factor = [&](size_t k) { return share(row, k) * (weighted ? a[k * step] : 1); };
  double sum = 0, shares = 0, most = -INFINITY;
  switch (node.op) {
    case Op::sum:
    case Op::mean:
      for (size_t k = 0; k < k_; ++k) {
        const double w = share(row, k);
        if (w != 0) sum += w * a[k], shares += w;
      }
      return node.op == Op::sum ? sum : sum / shares;
    case Op::largest:
      for (size_t k = 0; k < k_; ++k)
        if (share(row, k) != 0 && !(a[k] <= most)) most = a[k];
      return most;
    default:
      for (size_t k = 0; k < k_; ++k)
        if (factor(k) != 0) most = std::max(most, exponents[k]);
      if (!std::isfinite(most)) return most;
      for (size_t k = 0; k < k_; ++k)
        if (const double w = factor(k); w != 0) sum += w * std::exp(exponents[k] - most);
      return most + std::log(sum);
  }
}

std::vector<int> Program::branches(const Workspace& workspace) const {
  std::vector<int> taken;
  for (const Node& node : nodes_) {
    const auto value = [&](int of, size_t k) {
      const auto s = static_cast<size_t>(of);
      return workspace.at[s][nodes_[s].vector ? k : 0];
    };
    for (size_t k = 0; k < width(node); ++k) {
      if (node.op == Op::abs) taken.push_back(value(node.a, k) > 0 ? 1 : value(node.a, k) < 0 ? -1 : 0);
      if (node.op == Op::least || node.op == Op::most || is_comparison(node.op))
        taken.push_back(value(node.a, k) < value(node.b, k) ? -1 : value(node.a, k) > value(node.b, k) ? 1 : 0);
    }
    if (node.op == Op::largest) {
      const double* a = workspace.at[static_cast<size_t>(node.a)];
      taken.push_back(static_cast<int>(std::max_element(a, a + k_) - a));
    }
  }
  return taken;
}

}  // namespace attune::losses::formula
