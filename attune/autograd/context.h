// What an op needs besides its operands: the device's kernels, the step's memory, the tape (or none: inference), and
// the names under which random draws are made.
#pragma once
#include <array>
#include <span>
#include <vector>

#include "attune/autograd/tape.h"
#include "attune/tensor/transfer.h"

namespace attune::autograd {

// Names the draws of one pass through a model; a site adds its own stream (layer and place).
struct RandomPass {
  uint64_t seed = 0;
  uint64_t step = 0;  // optimizer step, 0-based
  uint64_t pass = 0;  // second and later passes over the same rows (R-Drop, gradient caching)

  uint64_t site(uint64_t stream) const { return mix_key(mix_key(mix_key(mix64(seed), step), pass), stream); }
};

// What a strategy does to the sums of embeddings of a pass: reads their gradient, moves them.
struct EmbeddingNudge {
  bool wants_gradient = false;
  std::vector<double> gradient = {};  // [N, C], once a backward pass has reached them
  std::vector<double> added = {};     // [N, C], or empty
};

// Where a layer's values lie that no backward reads.
struct Passing {
  explicit Passing(tensor::Memory& memory)
      : brief(memory), half(memory), results{tensor::Arena(memory), tensor::Arena(memory)} {}

  tensor::Arena brief;                   // gone within the layer
  tensor::Arena half;                    // the first half's result: until the layer ends
  std::array<tensor::Arena, 2> results;  // the layer's: until the next but one begins

  size_t peak() const { return brief.peak() + half.peak() + results[0].peak() + results[1].peak(); }
};

struct Context {
  kernels::Kernels& kernels;
  tensor::Arena& arena;
  Tape* tape = nullptr;                        // nullptr: nothing is recorded
  tensor::DType compute = tensor::DType::f32;  // of products and saved activations: f32, bf16 or f64
  bool training = false;                       // dropout is active
  RandomPass random = {};
  // [rows of the batch] for tables whose gradients are held by touched rows: the slot of the row that each reads.
  const int32_t* slots = nullptr;
  EmbeddingNudge* nudge = nullptr;  // outlives the pass; nullptr: nothing is done
  Passing* passing = nullptr;       // of a recording; nullptr: everything lies in `arena`

  // The same, with results in other memory.
  Context in(tensor::Arena& other) const {
    return {kernels, other, tape, compute, training, random, slots, nudge, passing};
  }
  // What is summed: f64 only in gradient checks.
  tensor::DType sums() const { return compute == tensor::DType::f64 ? compute : tensor::DType::f32; }
  // Whether an op on these inputs goes on the tape: only if one of them leads back to something trainable.
  template <class... Inputs>
  bool records(const Inputs&... inputs) const {
    return tape != nullptr && (Tape::wants(inputs) || ...);
  }
  Tensor make(tensor::Shape shape, tensor::DType dtype) { return arena.tensor(shape, dtype); }
  // Host values where kernels read them; on the CPU the very array, which must live as long as the step.
  template <class T>
  const T* on_device(std::span<const T> values) {
    return tensor::to_device(arena, values);
  }
};

}  // namespace attune::autograd
