// What a formula's graph knows of logarithms and of signs.
#include <algorithm>
#include <cmath>

#include "attune/losses/formula/graph.h"

namespace attune::losses::formula {

// Looked for once a node: a node may stand in many places.
std::optional<Graph::Log> Graph::log_of(int x) {
  if (const auto found = logs_.find(x); found != logs_.end()) return found->second;
  const auto log = find_log(x);
  return logs_[x] = log;
}

std::optional<Graph::Log> Graph::find_log(int x) {
  const Node node = (*this)[x];
  switch (node.op) {
    case Op::exp:
      return Log{node.a, true};
    case Op::sigmoid:
      return Log{unary(Op::negative, unary(Op::softplus, unary(Op::negative, node.a))), true};
    case Op::sqrt:
      if (const auto log = log_of(node.a)) return Log{multiply(number(0.5), log->id), log->finite};
      return std::nullopt;
    case Op::power:
      if (const auto log = log_of(node.a)) return Log{multiply(node.b, log->id), log->finite};
      return std::nullopt;
    case Op::negative:
      if (const auto a = complement_of_exp(x)) {
        if (!is_log_p(*a)) return Log{unary(Op::log1mexp, *a), false};
        const int rest = leaf(Op::log_rest);
        return Log{is(*a, Op::log_p) ? rest : at_y(rest), true};
      }
      return std::nullopt;
    case Op::stopgrad:
      if (const auto log = log_of(node.a)) return Log{unary(Op::stopgrad, log->id), log->finite};
      return std::nullopt;
    case Op::sum:
      return log_of_sum(node.a);
    case Op::add:
    case Op::multiply:
    case Op::divide:
    case Op::least:
    case Op::most:
    case Op::where:
      return log_of_two(node);
    default:
      return std::nullopt;
  }
}

// log sum v, where v is exp(a), c exp(a) or where(.., exp(a), 0).
std::optional<Graph::Log> Graph::log_of_sum(int v) {
  if (const auto log = log_of(v); log && log->finite) return Log{reduce(Op::logsumexp, log->id), true};
  const auto weighted = [&](int share, int exponent) -> std::optional<Log> {
    const auto log = log_of(exponent);
    if (!log || !log->finite || !(*this)[exponent].vector || (*this)[share].active || !nonnegative(share))
      return std::nullopt;
    return Log{make({.op = Op::weighted_logsumexp, .a = share, .b = log->id}), false};
  };
  const Node node = (*this)[v];
  if (node.op == Op::multiply) {
    if (const auto log = weighted(node.a, node.b)) return log;
    return weighted(node.b, node.a);
  }
  if (node.op == Op::where && is_number(node.c, 0)) return weighted(where(node.a, number(1), number(0)), node.b);
  if (node.op == Op::where && is_number(node.b, 0)) return weighted(where(node.a, number(0), number(1)), node.c);
  return std::nullopt;
}

std::optional<Graph::Log> Graph::log_of_two(const Node& node) {
  const bool chooses = node.op == Op::where;
  const int x = chooses ? node.b : node.a, y = chooses ? node.c : node.b;
  const auto either = [&](int id) -> std::optional<Log> {
    if (is(id, Op::number) && (*this)[id].number > 0) return Log{number(std::log((*this)[id].number)), true};
    return log_of(id);
  };
  const bool some = (!is(x, Op::number) && log_of(x)) || (!is(y, Op::number) && log_of(y));
  if (!some) return std::nullopt;
  const auto a = either(x), b = either(y);
  if (node.op == Op::multiply || node.op == Op::divide) {
    if (!nonnegative(x) || !nonnegative(y) || is_number(x, 0)) return std::nullopt;
    const int log_x = a ? a->id : unary(Op::log, x), log_y = b ? b->id : unary(Op::log, y);
    return Log{binary(node.op == Op::multiply ? Op::add : Op::subtract, log_x, log_y),
               a && b && a->finite && b->finite};
  }
  if (!a || !b) return std::nullopt;
  if (chooses) return Log{where(node.a, a->id, b->id), a->finite && b->finite};
  if (node.op == Op::least || node.op == Op::most) return Log{binary(node.op, a->id, b->id), a->finite && b->finite};
  // log(x + y): minus infinity less minus infinity is nothing, so the first of the two must be finite.
  if (!a->finite && !b->finite) return std::nullopt;
  const int sure = a->finite ? a->id : b->id, other = a->finite ? b->id : a->id;
  return Log{binary(Op::add, sure, unary(Op::softplus, binary(Op::subtract, other, sure))), true};
}

bool Graph::nonnegative(int x) {
  if (const auto found = signs_.find(x); found != signs_.end()) return found->second;
  return signs_[x] = find_nonnegative(x);
}

bool Graph::find_nonnegative(int x) {
  const Node node = (*this)[x];
  const auto both = [&](int a, int b) { return nonnegative(a) && nonnegative(b); };
  switch (node.op) {
    case Op::number:
      return node.number >= 0;
    case Op::target:
      return kind_ == TargetKind::labels;
    case Op::onehot:
    case Op::counts:
    case Op::prior:
    case Op::progress:
    case Op::exp:
    case Op::sqrt:
    case Op::abs:
    case Op::sigmoid:
    case Op::softplus:
      return true;
    case Op::negative: {
      const auto a = complement_of_exp(x);
      return a && is_log_p(*a);
    }
    case Op::subtract:  // from 1 what is a share
      return is_number(node.a, 1) && (is(node.b, Op::onehot) || is(node.b, Op::prior) || is(node.b, Op::progress) ||
                                      (is(node.b, Op::target) && kind_ == TargetKind::labels));
    case Op::multiply:
      return node.a == node.b || both(node.a, node.b);
    case Op::add:
    case Op::divide:
    case Op::least:
      return both(node.a, node.b);
    case Op::most:
      return nonnegative(node.a) || nonnegative(node.b);
    case Op::power:
    case Op::stopgrad:
    case Op::at_y:
    case Op::sum:
    case Op::mean:
    case Op::largest:
      return nonnegative(node.a);
    case Op::where:
      return both(node.b, node.c);
    default:
      return false;
  }
}

}  // namespace attune::losses::formula
