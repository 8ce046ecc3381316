// Reverse-mode differentiation of a formula's program.
#include <algorithm>
#include <cmath>

#include "attune/losses/formula/program.h"

namespace attune::losses::formula {
namespace {

// gradient += arrived * d log(1 - p_k) / dz: where p_k is small by p_j p_k / (1 - p_k), else by the others' softmax.
void pull_log_rest(const Row& row, size_t k, double arrived, std::span<double> gradient) {
  const bool small = row.p[k] < 0.5;
  const double ratio = small ? row.p[k] / (1 - row.p[k]) : 0;
  const double others = small ? 0 : log_rest(row, k) - row.log_p[k] + row.z[k];  // log sum exp of the other logits
  for (size_t c = 0; c < gradient.size(); ++c) {
    if (c == k) continue;
    gradient[c] += arrived * (small ? row.p[c] * ratio : std::exp(row.z[c] - others) - row.p[c]);
  }
  gradient[k] -= arrived * row.p[k];
}

// All k at once, in two passes where none is above 1/2.
void pull_all_log_rest(const Row& row, const double* arrived, std::span<double> gradient) {
  double sum = 0;
  for (size_t k = 0; k < gradient.size(); ++k) {
    if (arrived[k] == 0) continue;
    if (row.p[k] < 0.5)
      sum += arrived[k] * row.p[k] / (1 - row.p[k]);
    else
      pull_log_rest(row, k, arrived[k], gradient);
  }
  for (size_t c = 0; c < gradient.size(); ++c) {
    const double own = row.p[c] < 0.5 ? arrived[c] : 0;
    gradient[c] += row.p[c] * (sum - (own == 0 ? 0 : own * row.p[c] / (1 - row.p[c]) + own));
  }
}

}  // namespace

double Program::backward(const Row& row, Workspace& workspace, double share, std::span<double> gradient) const {
  const size_t last = nodes_.size() - 1;
  if (!nodes_[last].active) return 0;
  std::fill_n(workspace.adjoints.begin(), size_, 0.0);
  workspace.adjoints[offsets_[last]] = share;
  double by_log_p = 0;
  for (size_t s = nodes_.size(); s-- > 0;) {
    if (!nodes_[s].active || !whole_[s]) continue;
    if (nodes_[s].op == Op::at_y || nodes_[s].op <= Op::log_rest)
      by_log_p += pull_leaf(s, row, workspace, gradient);
    else if (is_reduction(nodes_[s].op))
      pull_reduction(s, row, workspace);
    else
      pull(s, workspace);
  }
  return by_log_p;
}

// Leaves that depend on z, and the class's element of one.
double Program::pull_leaf(size_t s, const Row& row, Workspace& workspace, std::span<double> gradient) const {
  const Node& node = nodes_[s];
  const double* arrived = workspace.adjoints.data() + offsets_[s];
  if (node.op == Op::at_y) {
    if (*arrived == 0) return 0;
    const Op of = nodes_[static_cast<size_t>(node.a)].op;
    if (of == Op::log_p) return *arrived;
    if (of == Op::log_rest)
      pull_log_rest(row, row.y, *arrived, gradient);
    else
      adjoint_of(node.a, workspace)[row.y] += *arrived;
    return 0;
  }
  double sum = 0;
  switch (node.op) {
    case Op::z:
      for (size_t k = 0; k < gradient.size(); ++k) gradient[k] += arrived[k];
      break;
    case Op::log_p:
      for (size_t k = 0; k < gradient.size(); ++k) sum += arrived[k];
      for (size_t k = 0; k < gradient.size(); ++k) gradient[k] += arrived[k] - row.p[k] * sum;
      break;
    default:
      pull_all_log_rest(row, arrived, gradient);
  }
  return 0;
}

void Program::pull(size_t s, Workspace& workspace) const {
  const Node& node = nodes_[s];
  const double *arrived = workspace.adjoints.data() + offsets_[s], *value = workspace.at[s];
  const auto stride = [&](int of) { return nodes_[static_cast<size_t>(of)].vector ? size_t{1} : size_t{0}; };
  const auto argument = [&](int of) { return workspace.at[static_cast<size_t>(of)]; };
  const size_t n = width(node), step_a = stride(node.a);
  const double* a = argument(node.a);
  double* d_a = adjoint_of(node.a, workspace);
  if (is_unary(node.op)) {
    for (size_t k = 0; k < n; ++k)
      if (arrived[k] != 0) d_a[k] += arrived[k] * slope_of(node.op, a[k], value[k]);
    return;
  }
  const double* b = argument(node.b);
  double* d_b = adjoint_of(node.b, workspace);
  const size_t step_b = stride(node.b);
  if (node.op == Op::where) {
    double* d_c = adjoint_of(node.c, workspace);
    const size_t step_c = stride(node.c);
    for (size_t k = 0; k < n; ++k) {
      double* to = a[k * step_a] != 0 ? (d_b ? d_b + k * step_b : nullptr) : (d_c ? d_c + k * step_c : nullptr);
      if (to) *to += arrived[k];
    }
    return;
  }
  for (size_t k = 0; k < n; ++k) {
    if (arrived[k] == 0) continue;
    const Slopes slopes = slopes_of(node.op, a[k * step_a], b[k * step_b], value[k]);
    if (d_a) d_a[k * step_a] += arrived[k] * slopes.x;
    if (d_b) d_b[k * step_b] += arrived[k] * slopes.y;
  }
}

void Program::pull_reduction(size_t s, const Row& row, Workspace& workspace) const {
  const Node& node = nodes_[s];
  const double arrived = workspace.adjoints[offsets_[s]], value = *workspace.at[s];
  if (arrived == 0) return;
  const auto share = [&](size_t k) { return row.weights.empty() ? 1 : row.weights[k]; };
  const double* a = workspace.at[static_cast<size_t>(node.a)];
  if (node.op == Op::weighted_logsumexp) {
    const size_t step = nodes_[static_cast<size_t>(node.a)].vector ? 1 : 0;
    const double* b = workspace.at[static_cast<size_t>(node.b)];
    double* d_b = adjoint_of(node.b, workspace);
    for (size_t k = 0; k < k_; ++k)
      if (const double w = share(k) * a[k * step]; w != 0) d_b[k] += arrived * w * std::exp(b[k] - value);
    return;
  }
  double* d_a = adjoint_of(node.a, workspace);
  double shares = 0;
  switch (node.op) {
    case Op::sum:
      for (size_t k = 0; k < k_; ++k) d_a[k] += arrived * share(k);
      break;
    case Op::mean:
      for (size_t k = 0; k < k_; ++k) shares += share(k);
      for (size_t k = 0; k < k_; ++k) d_a[k] += arrived * share(k) / shares;
      break;
    case Op::largest:
      for (size_t k = 0; k < k_; ++k)
        if (share(k) != 0 && a[k] == value) {
          d_a[k] += arrived;
          break;
        }
      break;
    default:
      for (size_t k = 0; k < k_; ++k)
        if (share(k) != 0) d_a[k] += arrived * share(k) * std::exp(a[k] - value);
  }
}

}  // namespace attune::losses::formula
