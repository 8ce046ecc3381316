// For tools/tokenizer_golden.py: reads texts from standard input (each: length as uint32, bytes) and writes the pieces
// of each (count as uint32, then id, begin, end as int32). With a number as second argument it only measures time.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <iterator>

#include "attune/base/error.h"
#include "attune/text/tokenizer.h"

namespace {

std::vector<std::string_view> split(std::string_view input) {
  std::vector<std::string_view> texts;
  for (uint32_t length = 0; input.size() >= sizeof length; input.remove_prefix(sizeof length + length)) {
    input.copy(reinterpret_cast<char*>(&length), sizeof length);
    texts.push_back(input.substr(sizeof length, length));
  }
  return texts;
}

void write(const std::vector<attune::text::Piece>& pieces) {
  const auto count = static_cast<uint32_t>(pieces.size());
  std::fwrite(&count, sizeof count, 1, stdout);
  std::fwrite(pieces.data(), sizeof(attune::text::Piece), pieces.size(), stdout);
}

void measure(const attune::text::Tokenizer& tokenizer, const std::vector<std::string_view>& texts, int rounds) {
  std::vector<attune::text::Piece> pieces;
  for (int round = 0; round < rounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    size_t count = 0, bytes = 0;
    for (const std::string_view text : texts) {
      pieces.clear();
      tokenizer.encode(text, pieces);
      count += pieces.size();
      bytes += text.size();
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    std::printf("%zu pieces, %.6f s, %.1f ns a piece, %.1f MB/s\n", count, seconds.count(),
                seconds.count() * 1e9 / static_cast<double>(count), static_cast<double>(bytes) / seconds.count() / 1e6);
  }
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 2) return std::fprintf(stderr, "usage: %s FOLDER [ROUNDS] < texts\n", argv[0]), 2;
  const auto start = std::chrono::steady_clock::now();
  const auto tokenizer = attune::text::Tokenizer::load(argv[1]);
  const std::chrono::duration<double> loading = std::chrono::steady_clock::now() - start;
  const std::string input(std::istreambuf_iterator<char>(std::cin), {});
  const std::vector<std::string_view> texts = split(input);
  if (argc > 2) {
    std::printf("loaded in %.4f s\n", loading.count());
    measure(*tokenizer, texts, std::atoi(argv[2]));
    return 0;
  }
  std::vector<attune::text::Piece> pieces;
  for (const std::string_view text : texts) {
    pieces.clear();
    tokenizer->encode(text, pieces);
    write(pieces);
  }
  return 0;
} catch (const attune::Error& error) {
  return std::fprintf(stderr, "%s\n", error.what()), 2;
}
