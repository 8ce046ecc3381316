#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "attune/kernels/reference/dispatch.h"
#include "attune/kernels/reference/reference.h"

namespace attune::kernels::reference {
namespace {

// One head of one sequence: T rows of D columns of a [N, 3C] (or [N, C]) matrix.
template <class T>
struct Block {
  T* first;
  int64_t stride;
  T* row(int64_t i) const { return first + i * stride; }
};

template <class T>
struct Head {
  int64_t begin, length, width, index;
  int64_t first_query, queries;  // in out
  const int32_t* query_rows;     // or nullptr

  Block<T> part(const Tensor& matrix, int64_t block, int64_t c) const {
    return {matrix.as<T>() + begin * matrix.cols() + block * c + index * width, matrix.cols()};
  }
  Block<T> answers(const Tensor& matrix) const {
    return {matrix.as<T>() + first_query * matrix.cols() + index * width, matrix.cols()};
  }
  // The row in the sequence of its i-th query.
  int64_t query(int64_t i) const { return query_rows ? query_rows[first_query + i] - begin : i; }
};

// Calls body(head) for every head of every sequence.
template <class T, class Body>
void for_each_head(const Attention& p, const Body& body) {
  for (int64_t b = 0; b < p.sequences; ++b)
    for (int64_t h = 0; h < p.heads; ++h) {
      const int32_t* asking = p.query_rows ? p.query_offsets : p.offsets;
      body(Head<T>{p.offsets[b], p.offsets[b + 1] - p.offsets[b], p.out.cols() / p.heads, h, asking[b],
                   asking[b + 1] - asking[b], p.query_rows});
    }
}

template <class T>
T dot(const T* a, const T* b, int64_t n) {
  T sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

// 0 or 1 / (1 - p) for query row `i` and key `j` of the head.
template <class T>
T kept(const DropoutKeys& keys, const Head<T>& head, int64_t i, int64_t j) {
  if (!keys.active()) return 1;
  const uint64_t key = mix_key(mix_key(keys.site, keys.row_keys[head.begin + i]), static_cast<uint64_t>(head.index));
  return random_bits(key, static_cast<uint32_t>(j)) >= keys.threshold() ? static_cast<T>(keys.scale()) : T{0};
}

template <class T>
void clear_padding(const Attention& p, const Tensor& matrix, const int32_t* offsets) {
  const int64_t used = p.sequences > 0 ? offsets[p.sequences] : 0;
  std::fill(matrix.as<T>() + used * matrix.cols(), matrix.as<T>() + matrix.count(), T{0});
}

template <class T>
void forward_head(const Attention& p, const Head<T>& head) {
  const int64_t c = p.out.cols();
  const auto q = head.part(p.qkv, 0, c), k = head.part(p.qkv, 1, c), v = head.part(p.qkv, 2, c);
  const auto out = head.answers(p.out);
  std::vector<T> s(static_cast<size_t>(head.length));
  for (int64_t i = 0; i < head.queries; ++i) {
    const int64_t at = head.query(i);
    T most = -std::numeric_limits<T>::infinity();
    for (int64_t j = 0; j < head.length; ++j) {
      s[j] = static_cast<T>(p.scale) * dot(q.row(at), k.row(j), head.width);
      most = std::max(most, s[j]);
    }
    T denominator = 0;
    for (const T score : s) denominator += std::exp(score - most);
    if (p.log_sum.defined())
      p.log_sum.as<T>()[(head.first_query + i) * p.heads + head.index] = most + std::log(denominator);
    std::fill(out.row(i), out.row(i) + head.width, T{0});
    for (int64_t j = 0; j < head.length; ++j) {
      const T weight = std::exp(s[j] - most) / denominator * kept(p.dropout, head, at, j);
      for (int64_t d = 0; d < head.width; ++d) out.row(i)[d] += weight * v.row(j)[d];
    }
  }
}

template <class T>
void backward_head(const AttentionBackward& b, const Head<T>& head) {
  const Attention& p = b.forward;
  const int64_t c = p.out.cols(), width = head.width;
  const auto q = head.part(p.qkv, 0, c), k = head.part(p.qkv, 1, c), v = head.part(p.qkv, 2, c);
  const auto dq = head.part(b.d_qkv, 0, c), dk = head.part(b.d_qkv, 1, c), dv = head.part(b.d_qkv, 2, c);
  const auto out = head.answers(p.out), d_out = head.answers(b.d_out);
  for (const auto& part : {dq, dk, dv})
    for (int64_t i = 0; i < head.length; ++i) std::fill(part.row(i), part.row(i) + width, T{0});
  for (int64_t i = 0; i < head.queries; ++i) {
    const int64_t at = head.query(i);
    const T log_sum = p.log_sum.as<T>()[(head.first_query + i) * p.heads + head.index];
    const T e = dot(d_out.row(i), out.row(i), width);
    for (int64_t j = 0; j < head.length; ++j) {
      const T weight = std::exp(static_cast<T>(p.scale) * dot(q.row(at), k.row(j), width) - log_sum);
      const T keep = kept(p.dropout, head, at, j);
      const T ds = weight * (keep * dot(d_out.row(i), v.row(j), width) - e);
      for (int64_t d = 0; d < width; ++d) {
        dq.row(at)[d] += static_cast<T>(p.scale) * ds * k.row(j)[d];
        dk.row(j)[d] += static_cast<T>(p.scale) * ds * q.row(at)[d];
        dv.row(j)[d] += weight * keep * d_out.row(i)[d];
      }
    }
  }
}

}  // namespace

void attention(const Attention& p) {
  with_float(p.qkv.dtype, [&]<class T>(T) {
    clear_padding<T>(p, p.out, p.query_rows ? p.query_offsets : p.offsets);
    for_each_head<T>(p, [&](const Head<T>& head) { forward_head(p, head); });
  });
}

void attention_backward(const AttentionBackward& p) {
  with_float(p.d_out.dtype, [&]<class T>(T) {
    clear_padding<T>(p.forward, p.d_qkv, p.forward.offsets);
    for_each_head<T>(p.forward, [&](const Head<T>& head) { backward_head(p, head); });
  });
}

}  // namespace attune::kernels::reference
