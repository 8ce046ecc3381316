// A formula as a graph: every subexpression once (hash-consed), put in stable form as it is built.
//
// Forms that are known, x and a any expressions, L(x) what is known of log x:
//
//   log(exp(a))                 a                       exp(a) - 1, 1 - exp(a)      expm1(a), -expm1(a)
//   log(1 + x)                  log1p(x)                log(1 - exp(a))             log1mexp(a); of p: log_rest
//   log(1 + exp(a))             softplus(a)             log(sum(exp(a)))            logsumexp(a)
//   log(sum(c * exp(a)))        weighted logsumexp, c >= 0 free of z; c may be where(.., 1, 0)
//   z - logsumexp(z)            log_p                   exp(a) / exp(b)             exp(a - b), also of sums of exp
//   log(x * y), log(x / y)      L(x) + log y, ...       log(x ^ c), log(sqrt(x))    c L(x)
//   log(x + y)                  L(y) + softplus(L(x) - L(y))
//   log(where(c, x, y))         where(c, L(x), L(y)), and so min, max, stopgrad
//   log(sigmoid(a))             -softplus(-a)           1 - sigmoid(a)              sigmoid(-a)
//   1 - p^2                     (1 - p) (1 + p)
//   x ^ c                       exp(c L(x)), but (1 - p)^c as a power for c >= 1, and x^2 as a product
//   sum(onehot * v)             v[y]                    f(u, v)[y]                  f(u[y], v[y])
//
// p is exp(log_p) for classes, sigmoid(z) for labels. Numbers are folded.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "attune/losses/entry.h"
#include "attune/losses/formula/op.h"

namespace attune::losses::formula {

// When a value changes: never, with the share of the training done, with the row.
enum class Varies : uint8_t { never, progress, row };

struct Node {
  Op op;
  int a = -1, b = -1, c = -1;  // arguments, made before it
  double number = 0;
  bool vector = false;
  bool active = false;  // a gradient by z passes through it
  Varies varies = Varies::never;
  size_t at = 0;  // byte of the text that it was made of first
};

class Graph {
 public:
  // Text: for errors.
  Graph(std::string text, TargetKind kind) : text_(std::move(text)), kind_(kind) {}

  const Node& operator[](int id) const { return nodes_[static_cast<size_t>(id)]; }
  int size() const { return static_cast<int>(nodes_.size()); }
  const std::string& text() const { return text_; }

  // Where the nodes made from here on stand in the text.
  void set_at(size_t at) { at_ = at; }

  // Errors (usage) of all: numbers that are folded to one that is not finite; more than 20,000 nodes.
  int number(double value);
  int leaf(Op op);
  int unary(Op op, int x);
  int binary(Op op, int x, int y);
  int where(int condition, int yes, int no);
  int reduce(Op op, int v);
  int at_y(int v);
  // v - logsumexp(v).
  int log_softmax(int v) { return binary(Op::subtract, v, reduce(Op::logsumexp, v)); }

 private:
  // What is known of log x. finite: for every finite logit.
  struct Log {
    int id;
    bool finite;
  };
  bool is(int id, Op op) const { return (*this)[id].op == op; }
  bool is_number(int id, double value) const { return is(id, Op::number) && (*this)[id].number == value; }
  bool is_log_p(int id) const;  // log_p or log_p[y]
  bool is_logsumexp_of_z(int id) const;
  int log_p_of(int z);                                 // of z or z[y]; else -1
  std::optional<int> complement_of_exp(int id) const;  // a of -expm1(a)

  int make(Node node);
  int folded(double value, const char* what);
  int add(int x, int y);
  int subtract(int x, int y);
  int multiply(int x, int y);
  int divide(int x, int y);
  int power(int x, int y);
  int one_minus(int x);
  std::optional<int> without_gradient(Op op, int x, int y);
  std::optional<int> without_onehot(int v, int depth);

  std::optional<Log> log_of(int x);
  std::optional<Log> find_log(int x);
  std::optional<Log> log_of_sum(int v);
  std::optional<Log> log_of_two(const Node& node);
  bool nonnegative(int x);
  bool find_nonnegative(int x);

  std::string text_;
  TargetKind kind_;
  size_t at_ = 0;
  std::vector<Node> nodes_;
  std::map<std::tuple<Op, int, int, int, uint64_t>, int> known_;
  std::map<int, std::optional<Log>> logs_;
  std::map<int, bool> signs_;
  std::map<int, int> rows_;  // at_y
};

}  // namespace attune::losses::formula
