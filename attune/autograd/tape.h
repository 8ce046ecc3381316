// Reverse-mode differentiation, coarse-grained: one node an op. Running the model writes nodes on the tape; backward()
// walks them in reverse, each node reading the gradient of its output and adding to the gradients of its inputs.
//
// Gradients of activations live in the step's arena, those of parameters where the parameter keeps them; the nodes
// themselves are the host's, wherever the tensors are. A node's backward is a lambda that captures views only
// (trivially copyable), so a step allocates nothing. Once a node has run, the gradient of its output is read by nobody:
// its memory, still in the caches, becomes the next gradient of that size. Griewank & Walther 2008, ch. 3.
#pragma once
#include <cstdint>
#include <new>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "attune/kernels/kernels.h"
#include "attune/tensor/memory.h"

namespace attune::autograd {

using tensor::Tensor;

// What the owner of a leaf knows of its gradient.
struct LeafState {
  bool started = false;  // a part of it has arrived
  bool squared = false;  // the sum of its squares, as it stands, is known
};

// Where an op's backward writes a gradient.
struct GradientSlot {
  Tensor tensor;            // undefined: nobody wants this gradient
  bool accumulate = false;  // add to what is there (otherwise contents are undefined and must be overwritten)
  Tensor squares = {};      // room for the sum of squares of what then stands in `tensor`; undefined: nobody wants it
  LeafState* leaf = nullptr;

  bool wanted() const { return tensor.defined(); }
  // The op says that it has filled `squares`.
  void has_squares() const {
    if (leaf && squares.defined()) leaf->squared = true;
  }
};

class Tape {
 public:
  Tape(tensor::Arena& arena, kernels::Kernels& kernels) : arena_(arena), scratch_(arena.memory()), kernels_(kernels) {}

  // Begins a new recording. Everything recorded before is forgotten; call together with Arena::reset().
  void clear();

  // Makes `value` a variable whose gradient lives in the arena.
  Tensor variable(Tensor value);

  // Makes `value` a variable whose gradient is written to `gradient`, shape and kind as the value (of a table of which
  // a step reads a few rows: only those rows, and the op that reads them knows which). state->started: the gradient
  // already holds a part (an earlier micro-batch), so add to it; becomes true when something arrives. `squares` (f64
  // [1, 1]) may be filled by the op that writes last, which then sets state->squared; whatever is written makes it
  // false.
  Tensor leaf(Tensor value, Tensor gradient, LeafState* state, Tensor squares = {});

  // Adds a node. `backward(Tape&, Tensor d_output)` runs only if a gradient reached `output`.
  template <class Backward>
  void record(const char* op, const Tensor& output, Backward backward) {
    static_assert(std::is_trivially_copyable_v<Backward>, "a backward captures views only; see tape.h");
    void* at = closures_.allocate(sizeof(Backward));
    ::new (at) Backward(std::move(backward));
    nodes_.push_back({op, output.var, at, [](void* self, Tape& tape, Tensor d_output) {
                        (*static_cast<Backward*>(self))(tape, d_output);
                      }});
  }

  // Starts backward at `root` with d(total)/d(root) = gradient (same shape); several roots add up.
  void seed(const Tensor& root, const Tensor& gradient);
  // Runs all nodes in reverse. May be called once per recording.
  void backward();

  // For ops. The slot to write x's gradient to; taking it counts as writing. An undefined x, or one that is no
  // variable, gives an unwanted slot.
  GradientSlot gradient_slot(const Tensor& x);
  // Like gradient_slot, but the tensor is zero-filled if nothing was there: for ops that only add.
  Tensor gradient_to_add_to(const Tensor& x);
  // Adds to x's gradient what write(target) puts into a tensor of x's shape and type: in place where nothing was there,
  // else through a buffer. Does not run where nobody wants it. For kernels that only write.
  template <class Write>
  void add_gradient(const Tensor& x, Write write) {
    const GradientSlot slot = gradient_slot(x);
    if (!slot.wanted()) return;
    const Tensor target = slot.accumulate ? scratch_.tensor(x.shape, x.dtype) : slot.tensor;
    write(target);
    if (slot.accumulate) kernels_.convert({.x = target, .y = slot.tensor, .scale = 1, .accumulate = true});
  }
  // For an op's backward: the gradient of its output, as it stands by then, is x's (y = x + ..., or it was turned into
  // x's in place). It is handed over where x has none yet, else added.
  void pass_on(const Tensor& x);
  static bool wants(const Tensor& x) { return x.defined() && x.var >= 0; }
  // The gradient that reached x, or an undefined tensor. After backward() only what no node made still has one.
  Tensor gradient(const Tensor& x) const;

  // For ops: what is needed until the end of a node's backward.
  tensor::Arena& scratch() { return scratch_; }
  size_t scratch_peak() const { return scratch_.peak(); }
  kernels::Kernels& kernels() { return kernels_; }
  size_t nodes() const { return nodes_.size(); }

 private:
  struct Node {
    const char* op;
    int32_t output;
    void* backward;
    void (*run)(void*, Tape&, Tensor);
  };
  struct Variable {
    Tensor gradient;  // undefined until something arrives (leaf: defined from the start)
    bool arrived;     // gradient holds something
    LeafState* leaf;  // leaf only, as is the next
    Tensor squares = {};
  };
  // Memory of a gradient that is read no more.
  struct Room {
    size_t bytes;
    void* at;
  };
  int32_t add(Variable variable);
  Tensor room_for(const Tensor& x);
  void release(Variable& variable);

  tensor::Arena& arena_;
  tensor::Arena scratch_;
  kernels::Kernels& kernels_;
  tensor::Arena closures_;
  std::vector<Node> nodes_;
  std::vector<Variable> variables_;
  std::vector<Room> free_;
  int32_t running_ = -1;  // the output of the node whose backward runs
};

}  // namespace attune::autograd
