// The CPU's attention against f64 loops that follow the contract word for word, and central differences of those.
#include "attune/kernels/cpu/attention.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "attune/kernels/kernels.h"

namespace attune::kernels {
namespace {

using tensor::BFloat16;
using tensor::DType;

struct Case {
  std::vector<int32_t> lengths;
  int64_t heads, head_size;
  DType dtype = DType::f32;
  float p = 0;
  int64_t padding = 0;  // rows beyond the last sequence
  float spread = 1;     // of the inputs
};

// Elements of either dtype, seen as numbers.
class Values {
 public:
  Values(int64_t rows, int64_t cols, DType dtype)
      : shape_{rows, cols}, dtype_(dtype), bytes_(static_cast<size_t>(rows * cols) * size_of(dtype) + 1, 0x5a) {}
  Tensor tensor() { return {.data = bytes_.data(), .shape = shape_, .dtype = dtype_}; }
  double operator[](int64_t i) const {
    if (dtype_ == DType::f32) return reinterpret_cast<const float*>(bytes_.data())[i];
    return static_cast<float>(reinterpret_cast<const BFloat16*>(bytes_.data())[i]);
  }
  void set(int64_t i, float value) {
    if (dtype_ == DType::f32)
      reinterpret_cast<float*>(bytes_.data())[i] = value;
    else
      reinterpret_cast<BFloat16*>(bytes_.data())[i] = BFloat16(value);
  }
  void random(uint32_t seed, float spread) {
    std::mt19937 generator(seed);
    std::normal_distribution<float> normal(0, spread);
    for (int64_t i = 0; i < shape_.count(); ++i) set(i, normal(generator));
  }
  void clear() { std::fill(bytes_.begin(), bytes_.end(), 0); }
  std::vector<double> numbers() const {
    std::vector<double> all(static_cast<size_t>(shape_.count()));
    for (size_t i = 0; i < all.size(); ++i) all[i] = (*this)[static_cast<int64_t>(i)];
    return all;
  }
  bool same_bits(const Values& other) const { return bytes_ == other.bytes_; }
  // Rows [begin, begin + rows) here and [other_begin, ...) there.
  bool same_rows(int64_t begin, const Values& other, int64_t other_begin, int64_t rows) const {
    const size_t row = static_cast<size_t>(shape_[1]) * size_of(dtype_);
    return 0 == std::memcmp(bytes_.data() + static_cast<size_t>(begin) * row,
                            other.bytes_.data() + static_cast<size_t>(other_begin) * row,
                            static_cast<size_t>(rows) * row);
  }

 private:
  tensor::Shape shape_;
  DType dtype_;
  std::vector<char> bytes_;
};

std::vector<int32_t> offsets_of(const std::vector<int32_t>& lengths) {
  std::vector<int32_t> offsets{0};
  for (const int32_t length : lengths) offsets.push_back(offsets.back() + length);
  return offsets;
}

struct Trial {
  explicit Trial(const Case& c)
      : which(c),
        offsets(offsets_of(c.lengths)),
        rows(offsets.back() + c.padding),
        width(c.heads * c.head_size),
        qkv(rows, 3 * width, c.dtype),
        out(rows, width, c.dtype),
        log_sum(rows, c.heads, DType::f32),
        d_out(rows, width, c.dtype),
        d_qkv(rows, 3 * width, c.dtype) {
    qkv.random(1, c.spread);
    d_out.random(2, 1);
    for (int64_t i = 0; i < rows; ++i) keys.push_back(mix_key(77, static_cast<uint64_t>(i)));
  }
  Attention args(bool keep_log_sum = true) {
    return {.qkv = qkv.tensor(),
            .offsets = offsets.data(),
            .sequences = static_cast<int64_t>(which.lengths.size()),
            .heads = which.heads,
            .scale = scale(),
            .dropout = {which.p, 4711, keys.data()},
            .out = out.tensor(),
            .log_sum = keep_log_sum ? log_sum.tensor() : Tensor{}};
  }
  void forward(int threads) { cpu::attention(threads, args()); }
  void backward(int threads) {
    cpu::attention_backward(threads, {.forward = args(), .d_out = d_out.tensor(), .d_qkv = d_qkv.tensor()});
  }
  double scale() const { return 1.0 / std::sqrt(static_cast<double>(which.head_size)); }

  Case which;
  std::vector<int32_t> offsets;
  int64_t rows, width;
  Values qkv, out, log_sum, d_out, d_qkv;
  std::vector<uint64_t> keys;
};

struct Naive {
  std::vector<double> out, log_sum;
};

Naive naive_forward(const Trial& r, const std::vector<double>& qkv) {
  const int64_t W = r.width, D = r.which.head_size, H = r.which.heads;
  Naive n{std::vector<double>(static_cast<size_t>(r.rows * W)), std::vector<double>(static_cast<size_t>(r.rows * H))};
  const DropoutKeys drop{r.which.p, 4711, r.keys.data()};
  const auto at = [&](int64_t row, int64_t part, int64_t col) {
    return qkv[static_cast<size_t>(row * 3 * W + part * W + col)];
  };
  for (size_t b = 0; b + 1 < r.offsets.size(); ++b)
    for (int64_t h = 0; h < H; ++h)
      for (int64_t i = r.offsets[b]; i < r.offsets[b + 1]; ++i) {
        std::vector<double> s;
        double most = -1e300, sum = 0;
        for (int64_t j = r.offsets[b]; j < r.offsets[b + 1]; ++j) {
          double product = 0;
          for (int64_t c = h * D; c < (h + 1) * D; ++c) product += at(i, 0, c) * at(j, 1, c);
          s.push_back(product * r.scale());
          most = std::max(most, s.back());
        }
        for (const double x : s) sum += std::exp(x - most);
        n.log_sum[static_cast<size_t>(i * H + h)] = most + std::log(sum);
        for (size_t j = 0; j < s.size(); ++j) {
          double p = std::exp(s[j] - most) / sum;
          if (r.which.p > 0) {
            const uint64_t key = mix_key(mix_key(drop.site, r.keys[static_cast<size_t>(i)]), static_cast<uint64_t>(h));
            p = random_bits(key, static_cast<uint32_t>(j)) >= drop.threshold() ? p / (1.0 - r.which.p) : 0;
          }
          for (int64_t c = h * D; c < (h + 1) * D; ++c)
            n.out[static_cast<size_t>(i * W + c)] += p * at(r.offsets[b] + static_cast<int64_t>(j), 2, c);
        }
      }
  return n;
}

// d/d qkv of sum(d_out * out), by central differences in f64.
std::vector<double> naive_backward(const Trial& r) {
  std::vector<double> qkv = r.qkv.numbers(), d_out = r.d_out.numbers(), gradient(qkv.size());
  const auto total = [&] {
    const Naive n = naive_forward(r, qkv);
    double sum = 0;
    for (size_t i = 0; i < n.out.size(); ++i) sum += n.out[i] * d_out[i];
    return sum;
  };
  for (size_t i = 0; i < qkv.size(); ++i) {
    const double was = qkv[i], step = 1e-5;
    qkv[i] = was + step;
    const double above = total();
    qkv[i] = was - step;
    gradient[i] = (above - total()) / (2 * step);
    qkv[i] = was;
  }
  return gradient;
}

std::string text(const Case& c) {
  return fmt::format("{} heads of {}, {}, dropout {}, spread {}", c.heads, c.head_size, name(c.dtype), c.p, c.spread);
}

void expect_near(const std::vector<double>& wanted, const Values& got, double tolerance, const std::string& what) {
  for (size_t i = 0; i < wanted.size(); ++i)
    ASSERT_NEAR(got[static_cast<int64_t>(i)], wanted[i], tolerance * (1 + std::abs(wanted[i]))) << what << " at " << i;
}

std::vector<Case> forward_cases() {
  std::vector<Case> cases;
  for (const DType dtype : {DType::f32, DType::bf16})
    for (const float p : {0.0f, 0.1f, 0.7f})
      for (const int64_t head_size : {8, 32, 64, 33, 1, 5})
        cases.push_back({{7, 1, 25, 0, 16, 40, 3, 97}, head_size == 1 ? 3 : 2, head_size, dtype, p, 3, 1.0f});
  cases.push_back({{700, 33}, 1, 64, DType::f32, 0.1f});
  cases.push_back({{512}, 2, 32, DType::bf16, 0.0f});
  return cases;
}

TEST(Attention, ForwardValues) {
  for (const Case& c : forward_cases()) {
    Trial r(c);
    r.forward(2);
    const Naive n = naive_forward(r, r.qkv.numbers());
    expect_near(n.out, r.out, c.dtype == DType::f32 ? 3e-6 : 5e-3, "out of " + text(c));
    for (int64_t i = 0; i < r.offsets.back() * c.heads; ++i)
      ASSERT_NEAR(r.log_sum[i], n.log_sum[static_cast<size_t>(i)], 1e-5) << "log_sum of " << text(c);
  }
}

TEST(Attention, PeakedScoresStayExact) {
  const Case c{{25, 60}, 2, 32, DType::f32, 0.1f, 0, 12.0f};  // scores of some hundreds
  Trial r(c);
  r.forward(1);
  const Naive n = naive_forward(r, r.qkv.numbers());
  expect_near(n.out, r.out, 3e-4, "out");
  expect_near(n.log_sum, r.log_sum, 1e-6, "log_sum");
}

TEST(Attention, WithoutLogSum) {
  Trial kept({{25, 3}, 2, 32}), r({{25, 3}, 2, 32});
  kept.forward(1);
  cpu::attention(1, r.args(false));
  EXPECT_TRUE(r.out.same_bits(kept.out));
}

TEST(Attention, BackwardValues) {
  for (const DType dtype : {DType::f32, DType::bf16})
    for (const float p : {0.0f, 0.3f})
      for (const int64_t head_size : {3, 8}) {
        const Case c{{5, 1, 0, 9}, 2, head_size, dtype, p, 1, 1.0f};
        Trial r(c);
        r.forward(2);
        r.backward(2);
        expect_near(naive_backward(r), r.d_qkv, dtype == DType::f32 ? 5e-6 : 1e-2, "d_qkv of " + text(c));
      }
}

// The formulas of the contract in f64, for lengths that central differences cannot reach.
std::vector<double> formula_backward(const Trial& r) {
  const int64_t W = r.width, D = r.which.head_size, H = r.which.heads;
  const std::vector<double> x = r.qkv.numbers(), dy = r.d_out.numbers();
  const Naive n = naive_forward(r, x);
  const DropoutKeys drop{r.which.p, 4711, r.keys.data()};
  std::vector<double> dx(x.size());
  for (size_t b = 0; b + 1 < r.offsets.size(); ++b)
    for (int64_t h = 0; h < H; ++h)
      for (int64_t i = r.offsets[b]; i < r.offsets[b + 1]; ++i) {
        const uint64_t key = mix_key(mix_key(drop.site, r.keys[static_cast<size_t>(i)]), static_cast<uint64_t>(h));
        double e = 0;
        for (int64_t c = h * D; c < (h + 1) * D; ++c)
          e += dy[static_cast<size_t>(i * W + c)] * n.out[static_cast<size_t>(i * W + c)];
        for (int64_t j = r.offsets[b]; j < r.offsets[b + 1]; ++j) {
          const auto place = [&](int64_t row, int64_t part, int64_t c) {
            return static_cast<size_t>(row * 3 * W + part * W + c);
          };
          double s = 0, dp = 0;
          for (int64_t c = h * D; c < (h + 1) * D; ++c) {
            s += r.scale() * x[place(i, 0, c)] * x[place(j, 1, c)];
            dp += dy[static_cast<size_t>(i * W + c)] * x[place(j, 2, c)];
          }
          const bool keep =
              r.which.p == 0 || random_bits(key, static_cast<uint32_t>(j - r.offsets[b])) >= drop.threshold();
          const double p = std::exp(s - n.log_sum[static_cast<size_t>(i * H + h)]),
                       factor = keep ? 1 / (1.0 - r.which.p) : 0;
          const double ds = p * (factor * dp - e) * r.scale();
          for (int64_t c = h * D; c < (h + 1) * D; ++c) {
            dx[place(i, 0, c)] += ds * x[place(j, 1, c)];
            dx[place(j, 1, c)] += ds * x[place(i, 0, c)];
            dx[place(j, 2, c)] += factor * p * dy[static_cast<size_t>(i * W + c)];
          }
        }
      }
  return dx;
}

TEST(Attention, BackwardOfRealLengths) {
  for (const DType dtype : {DType::f32, DType::bf16})
    for (const float p : {0.0f, 0.1f})
      for (const int64_t head_size : {32, 64, 33}) {
        const Case c{{25, 1, 70, 33, 16}, 2, head_size, dtype, p, 2, 1.0f};
        Trial r(c);
        r.forward(2);
        r.backward(2);
        expect_near(formula_backward(r), r.d_qkv, dtype == DType::f32 ? 1e-5 : 2e-2, "d_qkv of " + text(c));
      }
  const Case longest{{600}, 1, 64, DType::f32, 0.1f};
  Trial r(longest);
  r.forward(2);
  r.backward(2);
  expect_near(formula_backward(r), r.d_qkv, 1e-5, "d_qkv of " + text(longest));
}

TEST(Attention, RowsBeyondTheSequencesAreZero) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    Trial r({{3, 4}, 2, 8, dtype, 0.1f, 9});
    r.forward(2);
    r.backward(2);
    for (int64_t i = 7 * r.width; i < r.rows * r.width; ++i) ASSERT_EQ(r.out[i], 0.0);
    for (int64_t i = 7 * 3 * r.width; i < r.rows * 3 * r.width; ++i) ASSERT_EQ(r.d_qkv[i], 0.0);
  }
}

TEST(Attention, EmptyBatches) {
  for (const std::vector<int32_t>& lengths : {std::vector<int32_t>{}, std::vector<int32_t>{0, 0}}) {
    Trial r({lengths, 2, 8, DType::f32, 0.0f, 4});
    r.forward(2);
    r.backward(2);
    for (int64_t i = 0; i < r.rows * r.width; ++i) ASSERT_EQ(r.out[i], 0.0);
    for (int64_t i = 0; i < r.rows * 3 * r.width; ++i) ASSERT_EQ(r.d_qkv[i], 0.0);
  }
}

TEST(Attention, OneTokenAttendsToItself) {
  Trial r({{1}, 1, 4});
  r.forward(1);
  for (int64_t c = 0; c < 4; ++c) EXPECT_FLOAT_EQ(static_cast<float>(r.out[c]), static_cast<float>(r.qkv[8 + c]));
}

TEST(Attention, NanStaysInItsSequence) {
  Trial r({{4, 5}, 1, 8});
  r.qkv.set(2 * 24 + 9, std::numeric_limits<float>::quiet_NaN());  // a key of the first sequence
  r.forward(1);
  for (int64_t i = 0; i < 9 * 8; ++i) ASSERT_EQ(std::isnan(r.out[i]), i < 4 * 8) << i;
}

TEST(Attention, RefusesWhatDoesNotFit) {
  Trial r({{4}, 2, 8});
  Attention args = r.args();
  args.heads = 3;
  try {
    cpu::attention(1, args);
    FAIL() << "16 columns went into 3 heads";
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("attention of 3 heads takes qkv [N, 3C]"), std::string::npos) << error.message();
  }
  args = r.args();
  const std::vector<int32_t> beyond{0, 5};
  args.offsets = beyond.data();
  EXPECT_THROW(cpu::attention(1, args), Error);
  args = r.args();
  args.dropout = {0.5f, 1, nullptr};
  EXPECT_THROW(cpu::attention(1, args), Error);
  args = r.args(false);
  EXPECT_THROW(cpu::attention_backward(1, {.forward = args, .d_out = r.d_out.tensor(), .d_qkv = r.d_qkv.tensor()}),
               Error);
  EXPECT_THROW(cpu::attention_backward(1, {.forward = r.args(), .d_out = r.qkv.tensor(), .d_qkv = r.d_qkv.tensor()}),
               Error);
}

TEST(AttentionBits, OfAnyThreadCount) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    const Case c{{25, 1, 130, 33, 16, 9}, 3, 32, dtype, 0.1f, 2, 1.0f};
    Trial one(c);
    one.forward(1);
    one.backward(1);
    for (int threads = 2; threads <= 4; ++threads) {
      Trial r(c);
      r.forward(threads);
      r.backward(threads);
      EXPECT_TRUE(r.out.same_bits(one.out)) << threads;
      EXPECT_TRUE(r.d_qkv.same_bits(one.d_qkv)) << threads;
    }
  }
}

TEST(AttentionBits, OfAnyCompany) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    const Case together{{200, 25, 1, 40}, 2, 33, dtype, 0.2f, 1, 1.0f};
    Trial all(together);
    all.forward(2);
    all.backward(2);
    for (size_t b = 0; b < together.lengths.size(); ++b) {
      Case c = together;
      c.lengths = {together.lengths[b]};
      c.padding = 0;
      Trial alone(c);
      const int64_t begin = all.offsets[b], rows = c.lengths[0];
      for (int64_t i = 0; i < rows * 3 * all.width; ++i)
        alone.qkv.set(i, static_cast<float>(all.qkv[begin * 3 * all.width + i]));
      for (int64_t i = 0; i < rows * all.width; ++i)
        alone.d_out.set(i, static_cast<float>(all.d_out[begin * all.width + i]));
      alone.keys.assign(all.keys.begin() + begin, all.keys.begin() + begin + rows);
      alone.forward(1);
      alone.backward(1);
      EXPECT_TRUE(alone.out.same_rows(0, all.out, begin, rows)) << b;
      EXPECT_TRUE(alone.d_qkv.same_rows(0, all.d_qkv, begin, rows)) << b;
    }
  }
}

// A row asks alone or among all, here or on the reference device: the same answer, and the gradients that all would get
// if nobody else's answer mattered.
TEST(Attention, SomeRowsAsk) {
  for (const DType dtype : {DType::f32, DType::bf16})
    for (const float p : {0.0f, 0.3f}) {
      Trial all({.lengths = {5, 40, 1, 0, 33}, .heads = 2, .head_size = 16, .dtype = dtype, .p = p, .padding = 3});
      Trial some(all.which);
      const std::vector<int32_t> rows{0, 4, 5, 6, 30, 44, 46, 60}, asking{0, 2, 6, 6, 6, 8};  // sequence 2 asks nothing
      const int64_t width = all.width, n = 16;
      Values out(n, width, dtype), log_sum(n, 2, DType::f32), d_out(n, width, dtype), wanted(all.rows, width, dtype);
      d_out.clear(), wanted.clear();
      for (size_t i = 0; i < rows.size(); ++i)
        for (int64_t c = 0; c < width; ++c) {
          const int64_t at = rows[i] * width + c;
          d_out.set(static_cast<int64_t>(i) * width + c, static_cast<float>(all.d_out[at]));
          wanted.set(at, static_cast<float>(all.d_out[at]));
        }
      const auto narrowed = [&] {
        Attention args = some.args();
        args.query_rows = rows.data(), args.query_offsets = asking.data();
        args.out = out.tensor(), args.log_sum = log_sum.tensor();
        return args;
      };
      all.forward(1);
      cpu::attention(2, narrowed());
      cpu::attention_backward(1, {.forward = all.args(), .d_out = wanted.tensor(), .d_qkv = all.d_qkv.tensor()});
      cpu::attention_backward(2, {.forward = narrowed(), .d_out = d_out.tensor(), .d_qkv = some.d_qkv.tensor()});
      for (size_t i = 0; i < rows.size(); ++i)
        for (int64_t c = 0; c < width; ++c)
          ASSERT_EQ(out[static_cast<int64_t>(i) * width + c], all.out[rows[i] * width + c]) << "query " << i;
      for (int64_t i = 0; i < static_cast<int64_t>(rows.size()) * 2; ++i)
        ASSERT_EQ(log_sum[i], all.log_sum[rows[static_cast<size_t>(i / 2)] * 2 + i % 2]);
      for (int64_t i = static_cast<int64_t>(rows.size()) * width; i < n * width; ++i) ASSERT_EQ(out[i], 0) << i;
      for (int64_t i = 0; i < all.rows * 3 * width; ++i) ASSERT_EQ(some.d_qkv[i], all.d_qkv[i]) << "d_qkv " << i;
      if (dtype != DType::f32) continue;
      const auto plain = reference::make_kernels();
      Trial there(all.which);
      Values plain_out(n, width, dtype), plain_log_sum(n, 2, DType::f32);
      Attention args = narrowed();
      args.out = plain_out.tensor(), args.log_sum = plain_log_sum.tensor();
      plain->attention(args);
      plain->attention_backward({.forward = args, .d_out = d_out.tensor(), .d_qkv = there.d_qkv.tensor()});
      expect_near(plain_out.numbers(), out, 1e-5, "out");
      expect_near(there.d_qkv.numbers(), some.d_qkv, 1e-5, "d_qkv");
    }
}

}  // namespace
}  // namespace attune::kernels
