#include "attune/losses/formula/graph.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "attune/base/error.h"
#include "attune/losses/language/expression.h"

namespace attune::losses::formula {
namespace {

constexpr int kMostNodes = 20'000;
constexpr int kDeepestProduct = 8;  // factors looked through for onehot

}  // namespace

int Graph::make(Node node) {
  const auto key = std::make_tuple(node.op, node.a, node.b, node.c, std::bit_cast<uint64_t>(node.number));
  if (const auto found = known_.find(key); found != known_.end()) return found->second;
  if (size() >= kMostNodes) fail_at(text_, at_, "the formula is too long");
  for (const int of : {node.a, node.b, node.c}) {
    if (of < 0) continue;
    const Node& argument = (*this)[of];
    node.vector = node.vector || argument.vector;
    node.active = node.active || argument.active;
    node.varies = std::max(node.varies, argument.varies);
  }
  if (node.op == Op::at_y || is_reduction(node.op)) node.vector = false;
  if (node.op == Op::at_y) node.varies = Varies::row;
  // A label that is not known is left out of sums, and that is the row's.
  if (is_reduction(node.op) && kind_ == TargetKind::labels) node.varies = Varies::row;
  if (node.op == Op::stopgrad || is_comparison(node.op)) node.active = false;
  node.at = at_;
  nodes_.push_back(node);
  return known_[key] = size() - 1;
}

int Graph::number(double value) {
  return make({.op = Op::number, .number = value});
}

int Graph::folded(double value, const char* what) {
  if (!std::isfinite(value)) fail_at(text_, at_, fmt::format("{} is not a finite number here", what));
  return number(value);
}

int Graph::leaf(Op op) {
  const bool one = kind_ == TargetKind::scores || op == Op::progress;
  const bool logits = op == Op::z || op == Op::log_p || op == Op::log_rest;
  const Varies varies = op == Op::progress                    ? Varies::progress
                        : op == Op::counts || op == Op::prior ? Varies::never
                                                              : Varies::row;
  return make({.op = op, .vector = !one, .active = logits, .varies = varies});
}

bool Graph::is_log_p(int id) const {
  return is(id, Op::log_p) || (is(id, Op::at_y) && is((*this)[id].a, Op::log_p));
}

bool Graph::is_logsumexp_of_z(int id) const {
  return kind_ == TargetKind::classes && is(id, Op::logsumexp) && is((*this)[id].a, Op::z);
}

int Graph::log_p_of(int z) {
  if (is(z, Op::z)) return leaf(Op::log_p);
  if (is(z, Op::at_y) && is((*this)[z].a, Op::z)) return at_y(leaf(Op::log_p));
  return -1;
}

std::optional<int> Graph::complement_of_exp(int id) const {
  if (!is(id, Op::negative) || !is((*this)[id].a, Op::expm1)) return std::nullopt;
  return (*this)[(*this)[id].a].a;
}

int Graph::unary(Op op, int x) {
  const Node node = (*this)[x];
  if (node.op == Op::number) return op == Op::stopgrad ? x : folded(value_of(op, node.number), "the result");
  if (op == Op::stopgrad) return node.active ? make({.op = op, .a = x}) : x;
  if (node.op == Op::stopgrad) return unary(Op::stopgrad, unary(op, node.a));
  switch (op) {
    case Op::negative:
      if (node.op == Op::negative) return node.a;
      if (node.op == Op::subtract) return subtract(node.b, node.a);
      break;
    case Op::log:
      if (const auto log = log_of(x)) return log->id;
      if (node.op == Op::add && is_number(node.a, 1)) return unary(Op::log1p, node.b);
      break;
    case Op::sqrt:
      if (const auto log = log_of(x); log && log->finite) return unary(Op::exp, multiply(number(0.5), log->id));
      break;
    case Op::log1p:
      if (const auto log = log_of(x)) return unary(Op::softplus, log->id);
      if (node.op == Op::negative)
        if (const auto log = log_of(one_minus(node.a))) return log->id;
      break;
    case Op::abs:
      if (node.op == Op::negative) return unary(Op::abs, node.a);
      if (nonnegative(x)) return x;
      break;
    default:
      break;
  }
  return make({.op = op, .a = x});
}

// What no gradient passes through anyway is one such thing: patterns inside it are still found.
std::optional<int> Graph::without_gradient(Op op, int x, int y) {
  const bool stops = is(x, Op::stopgrad) || is(y, Op::stopgrad);
  if (!stops || (*this)[x].active || (*this)[y].active) return std::nullopt;
  const auto inside = [&](int id) { return is(id, Op::stopgrad) ? (*this)[id].a : id; };
  const int result = binary(op, inside(x), inside(y));
  return unary(Op::stopgrad, result);
}

int Graph::binary(Op op, int x, int y) {
  if (is(x, Op::number) && is(y, Op::number)) {
    const double a = (*this)[x].number, b = (*this)[y].number;
    return folded(value_of(op, a, b), op == Op::divide && b == 0 ? "division by 0:" : "the result");
  }
  if (const auto result = without_gradient(op, x, y)) return *result;
  switch (op) {
    case Op::add:
      return add(x, y);
    case Op::subtract:
      return subtract(x, y);
    case Op::multiply:
      return multiply(x, y);
    case Op::divide:
      return divide(x, y);
    case Op::power:
      return power(x, y);
    default:
      return make({.op = op, .a = x, .b = y});
  }
}

int Graph::add(int x, int y) {
  if (is(y, Op::number) || (x > y && !is(x, Op::number))) std::swap(x, y);  // numbers first
  if (is_number(x, 0)) return y;
  const Node a = (*this)[x], b = (*this)[y];
  if (a.op == Op::negative && b.op == Op::negative) return unary(Op::negative, add(a.a, b.a));
  if (a.op == Op::negative) return subtract(y, a.a);
  if (b.op == Op::negative) return subtract(x, b.a);
  if (is_number(x, 1) && b.op == Op::expm1) return unary(Op::exp, b.a);
  if (is_number(x, -1)) return subtract(y, number(1));
  return make({.op = Op::add, .a = x, .b = y});
}

int Graph::one_minus(int x) {
  const Node node = (*this)[x];
  if (node.op == Op::number) return number(1 - node.number);
  if (node.op == Op::exp) return unary(Op::negative, unary(Op::expm1, node.a));
  if (node.op == Op::sigmoid) return unary(Op::sigmoid, unary(Op::negative, node.a));
  if (const auto a = complement_of_exp(x)) return unary(Op::exp, *a);
  if (node.op == Op::negative) return add(number(1), node.a);
  if (node.op == Op::subtract && is_number(node.a, 1)) return node.b;
  if (node.op == Op::multiply && node.a == node.b && (is(node.a, Op::exp) || is(node.a, Op::sigmoid)))
    return multiply(one_minus(node.a), add(number(1), node.a));
  return make({.op = Op::subtract, .a = number(1), .b = x});
}

int Graph::subtract(int x, int y) {
  if (is_number(y, 0)) return x;
  if (is_number(x, 0)) return unary(Op::negative, y);
  if (is_number(x, 1)) return one_minus(y);
  const Node a = (*this)[x], b = (*this)[y];
  if (b.op == Op::negative) return add(x, b.a);
  if (is_number(y, 1) && a.op == Op::exp) return unary(Op::expm1, a.a);
  if (is_number(y, 1) && a.op == Op::sigmoid) return unary(Op::negative, one_minus(x));
  if (is_logsumexp_of_z(y))
    if (const int log_p = log_p_of(x); log_p >= 0) return log_p;
  if (is_logsumexp_of_z(x))
    if (const int log_p = log_p_of(y); log_p >= 0) return unary(Op::negative, log_p);
  return make({.op = Op::subtract, .a = x, .b = y});
}

int Graph::multiply(int x, int y) {
  if (is(y, Op::number) || (x > y && !is(x, Op::number))) std::swap(x, y);
  if (is_number(x, 1)) return y;
  if (is_number(x, -1)) return unary(Op::negative, y);
  const Node a = (*this)[x], b = (*this)[y];
  if (is_number(x, 0) && !b.vector) return x;
  if (a.op == Op::number && a.number < 0) return unary(Op::negative, multiply(number(-a.number), y));
  if (a.op == Op::negative) return unary(Op::negative, multiply(a.a, y));
  if (b.op == Op::negative) return unary(Op::negative, multiply(x, b.a));
  // p * p is a product of what is there already, not another exponential.
  if (a.op == Op::exp && b.op == Op::exp && !is_log_p(a.a) && !is_log_p(b.a)) return unary(Op::exp, add(a.a, b.a));
  return make({.op = Op::multiply, .a = x, .b = y});
}

int Graph::divide(int x, int y) {
  if (is_number(y, 1)) return x;
  if (is_number(y, 0)) fail_at(text_, at_, "division by 0");
  const Node a = (*this)[x], b = (*this)[y];
  if (is_number(x, 0) && !b.vector) return x;
  if (a.op == Op::negative) return unary(Op::negative, divide(a.a, y));
  if (b.op == Op::negative) return unary(Op::negative, divide(x, b.a));
  if (is_number(x, 1) && b.op == Op::exp) return unary(Op::exp, unary(Op::negative, b.a));
  if (is_number(x, 1) && b.op == Op::add && is_number(b.a, 1) && is(b.b, Op::exp))
    return unary(Op::sigmoid, unary(Op::negative, (*this)[b.b].a));
  if (a.op == Op::exp && (b.op == Op::exp || b.op == Op::sum || b.op == Op::add))
    if (const auto below = log_of(y); below && below->finite) return unary(Op::exp, subtract(a.a, below->id));
  return make({.op = Op::divide, .a = x, .b = y});
}

int Graph::power(int x, int y) {
  const bool told = is(y, Op::number);
  const double c = (*this)[y].number;
  if (told && c == 0 && !(*this)[x].vector) return number(1);
  if (told && c == 1) return x;
  const auto log = log_of(x);
  const bool base_is_exp = is(x, Op::exp) && !is_log_p((*this)[x].a);
  if (told && c == 2 && !base_is_exp) return multiply(x, x);
  // (1 - p)^c: from 1 on its slope is finite, and a power is cheaper than a logarithm of the other probabilities.
  const bool plain = told && c >= 1 && complement_of_exp(x).has_value();
  if (log && !plain && (log->finite || (told && c > 0))) return unary(Op::exp, multiply(y, log->id));
  if (is(x, Op::number) && (*this)[x].number > 0)
    return unary(Op::exp, multiply(y, number(std::log((*this)[x].number))));
  return make({.op = Op::power, .a = x, .b = y});
}

int Graph::where(int condition, int yes, int no) {
  if (yes == no && (*this)[yes].vector >= (*this)[condition].vector) return yes;
  if (is(condition, Op::number)) {
    const int chosen = (*this)[condition].number != 0 ? yes : no;
    if ((*this)[chosen].vector || !((*this)[yes].vector || (*this)[no].vector)) return chosen;
  }
  return make({.op = Op::where, .a = condition, .b = yes, .c = no});
}

// v without a factor onehot; nothing if it has none.
std::optional<int> Graph::without_onehot(int v, int depth) {
  if (is(v, Op::onehot)) return number(1);
  if (depth == 0) return std::nullopt;
  const Node node = (*this)[v];
  if (node.op == Op::multiply) {
    if (const auto rest = without_onehot(node.a, depth - 1)) return binary(Op::multiply, *rest, node.b);
    if (const auto rest = without_onehot(node.b, depth - 1)) return binary(Op::multiply, node.a, *rest);
  }
  return std::nullopt;
}

int Graph::reduce(Op op, int v) {
  const Node node = (*this)[v];
  if (node.op == Op::stopgrad) return unary(Op::stopgrad, reduce(op, node.a));
  if (op == Op::sum || op == Op::mean) {
    if (node.op == Op::negative) return unary(Op::negative, reduce(op, node.a));
    if (op == Op::sum)
      if (const auto rest = without_onehot(v, kDeepestProduct)) return at_y(*rest);
  }
  return make({.op = op, .a = v});
}

int Graph::at_y(int v) {
  const Node node = (*this)[v];
  if (!node.vector) return v;
  if (const auto found = rows_.find(v); found != rows_.end()) return found->second;
  const bool looked_up = node.varies == Varies::never;  // worked out once for all classes
  int row = -1;
  if (node.op == Op::onehot)
    row = number(1);
  else if (is_unary(node.op) && !looked_up)
    row = unary(node.op, at_y(node.a));
  else if (is_binary(node.op) && !looked_up)
    row = binary(node.op, at_y(node.a), at_y(node.b));
  else if (node.op == Op::where && !looked_up)
    row = where(at_y(node.a), at_y(node.b), at_y(node.c));
  else
    row = make({.op = Op::at_y, .a = v});
  return rows_[v] = row;
}

}  // namespace attune::losses::formula
